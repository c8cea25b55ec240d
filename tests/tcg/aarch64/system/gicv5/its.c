/*
 * GICv5 guest tests: events and MSIs through the ITS
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "its.h"

/* Events 0 to 3 of the device are LPIs 40 to 43, which are enabled. */
#define FIRST 40

static bool setup(void)
{
    iface_setup();
    ist_setup();
    if (!edu_setup()) {
        test_skip("no device that sends MSIs");
        return false;
    }
    if (!CHECK(its_setup(EDU_DEVFN))) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        lpi_setup(LPI(FIRST + i), 16, this_cpu()->iaffid);
        its_itt[i] = ITTE_VALID | (FIRST + i);
    }
    edu_event(0);
    return true;
}

static bool sync(void)
{
    return its_sync(EDU_DEVFN);
}

/* Everything before has come; is @lpi all there is? */
static void check_only(unsigned lpi)
{
    CHECK(sync());
    CHECK_EQ(ack_once(), VALID | LPI(lpi));
    CHECK_EQ(ack_once(), 0);
}

static void check_none(void)
{
    CHECK(sync());
    CHECK_EQ(ack_once(), 0);
}

static void test_registers(void)
{
    if (!setup()) {
        return;
    }
    CHECK((its_r32(ITS_IDR1) & 0x3f) >= 16);
    CHECK((its_r32(ITS_IDR2) & 0x1f) >= 16);
    CHECK_EQ(its_r32(ITS_CR0), 3);
    CHECK_EQ(its_r32(ITS_DT_CFGR), DEVICE_BITS);
    CHECK_EQ(its_r32(ITS_STATUSR), 1);
    CHECK_EQ(its_r32(ITS_SYNC_STATUSR), 1);
    CHECK_EQ(its_r32(ITS_GEN_EVENT_STATUSR), 1);
    /* Nobody reads what is written to it. */
    CHECK_EQ(mmio_r32(ITS_TRANSLATE), 0);
}

static void test_msi(void)
{
    if (!setup()) {
        return;
    }
    check_none();
    for (unsigned i = 0; i < 4; i++) {
        edu_event(i);
        edu_raise();
        check_only(FIRST + i);
    }
    /* An edge, however often */
    for (unsigned i = 0; i < 3; i++) {
        edu_raise();
    }
    check_only(FIRST + 3);
}

static void test_taken(void)
{
    struct cpu *c = this_cpu();

    if (!setup()) {
        return;
    }
    log_clear();
    irq_open();
    for (unsigned i = 0; i < LOG_SIZE; i++) {
        edu_event(i & 3);
        edu_raise();
        CHECK(wait_for(c->count == i + 1));
        CHECK_EQ(c->log[i], LPI(FIRST + (i & 3)));
    }
    irq_close();
}

/* What is not mapped is lost; a mapping that becomes valid needs no INV. */
static void test_unmapped(void)
{
    if (!setup()) {
        return;
    }
    edu_event(9);
    edu_raise();
    check_none();
    its_itt[9] = ITTE_VALID | FIRST;
    dsb();
    edu_raise();
    check_only(FIRST);
    /* Beyond the ITT */
    edu_event(0xffff);
    edu_raise();
    check_none();
}

static void test_invalidate(void)
{
    if (!setup()) {
        return;
    }
    for (unsigned i = 0; i < 8; i++) {
        its_itt[0] = ITTE_VALID | (FIRST + (i & 3));
        CHECK(its_inv(EDU_DEVFN, 0));
        edu_raise();
        check_only(FIRST + (i & 3));
    }
    its_itt[0] = 0;
    CHECK(its_inv(EDU_DEVFN, 0));
    edu_raise();
    check_none();
    /* The whole device */
    edu_event(1);
    edu_raise();
    check_only(FIRST + 1);
    its_dt[EDU_DEVFN] = 0;
    its_w64(ITS_DIDR, EDU_DEVFN);
    its_w32(ITS_INV_DEVICER, ITS_GO | EVENT_BITS << 1);
    CHECK(its_idle(ITS_STATUSR));
    edu_raise();
    check_none();
}

static void test_disabled(void)
{
    if (!setup()) {
        return;
    }
    CHECK(its_enable(false));
    edu_raise();
    check_none();
    CHECK(its_enable(true));
    check_none();
    edu_raise();
    check_only(FIRST);
}

static void test_generate(void)
{
    if (!setup()) {
        return;
    }
    for (unsigned i = 0; i < 5; i++) {
        its_w64(ITS_GEN_EVENT_DIDR, EDU_DEVFN);
        its_w32(ITS_GEN_EVENT_EIDR, i);
        /* TARGET_DOMAIN is checked against the frame's own. */
        its_w32(ITS_GEN_EVENTR, ITS_GO | 1);
        CHECK(its_idle(ITS_GEN_EVENT_STATUSR));
        if (i < 4) {
            check_only(FIRST + i);
        } else {
            check_none();
        }
    }
    /* A device that is not there */
    its_w64(ITS_GEN_EVENT_DIDR, EDU_DEVFN + 1);
    its_w32(ITS_GEN_EVENT_EIDR, 0);
    its_w32(ITS_GEN_EVENTR, ITS_GO | 1);
    CHECK(its_idle(ITS_GEN_EVENT_STATUSR));
    check_none();
}

static void test_read_event(void)
{
    if (!setup()) {
        return;
    }
    for (unsigned i = 0; i < 5; i++) {
        its_w64(ITS_DIDR, EDU_DEVFN);
        its_w32(ITS_EIDR, i);
        its_w32(ITS_READ_EVENTR, ITS_GO);
        CHECK(its_idle(ITS_STATUSR));
        CHECK_EQ(mmio_r64(ITS_BASE + ITS_READ_EVENT_DATAR),
                 i < 4 ? ITTE_VALID | (FIRST + i) : 0);
    }
}

/* A CPU is no device; its stores have DeviceID 0 (inferred). */
static void test_cpu_writes(void)
{
    if (!setup()) {
        return;
    }
    mmio_w32(ITS_TRANSLATE, 2);
    check_none();
    its_dt[0] = its_dt[EDU_DEVFN];
    dsb();
    mmio_w32(ITS_TRANSLATE, 2);
    check_only(FIRST + 2);
    mmio_w32(ITS_TRANSLATE, 9);
    check_none();
}

static void job_iface(void *unused)
{
    iface_setup();
}

static void job_ack(void *lpi)
{
    CHECK_EQ(ack_once(), VALID | *(uint32_t *)lpi);
}

/* An LPI that goes from CPU to CPU with its MSIs */
static void test_affinity(void)
{
    unsigned n = cpu_start_all();
    uint32_t lpi = LPI(FIRST);

    if (n < 2) {
        test_skip("one CPU");
        return;
    }
    if (!setup()) {
        return;
    }
    for (unsigned i = 1; i < n; i++) {
        CHECK(cpu_call(i, job_iface, NULL));
    }
    for (unsigned round = 0; round < 4 * n; round++) {
        unsigned to = round % n;

        gic_cdaff(lpi, cpus[to].iaffid);
        edu_raise();
        CHECK(sync());
        CHECK_EQ(gic_rcfg(lpi) & ICSR_PENDING, ICSR_PENDING);
        if (to == 0) {
            check_only(FIRST);
        } else {
            check_none();
            CHECK(cpu_call(to, job_ack, &lpi));
        }
        CHECK_EQ(gic_rcfg(lpi) & (ICSR_PENDING | ICSR_ACTIVE), 0);
    }
}

const struct test tests[] = {
    { "registers", test_registers, true },
    { "MSIs of a device", test_msi, true },
    { "MSIs are taken", test_taken, true },
    { "events without a mapping", test_unmapped, true },
    { "invalidation", test_invalidate, true },
    { "the ITS is off", test_disabled, true },
    { "GEN_EVENT", test_generate, true },
    { "READ_EVENT", test_read_event, true },
    { "writes of a CPU", test_cpu_writes, true },
    { "affinity", test_affinity, true },
    { }
};
