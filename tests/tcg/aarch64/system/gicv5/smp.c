/*
 * GICv5 guest tests: several CPUs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lib.h"

static unsigned n_cpus;

/* Jobs */

static void job_open(void *unused)
{
    irq_open();
}

static void job_close(void *unused)
{
    irq_close();
}

static void job_setup(void *unused)
{
    iface_setup();
}

static void job_ack(void *result)
{
    *(uint64_t *)result = ack_once();
}

static void job_cdia(void *result)
{
    gic_sync();
    *(uint64_t *)result = gic_cdia();
}

static void job_eoi(void *unused)
{
    gic_cdeoi();
}

static void job_line(void *result)
{
    *(bool *)result = irq_line();
}

static bool line_of(unsigned cpu)
{
    bool line = false;

    if (cpu == 0) {
        return irq_line();
    }
    CHECK(cpu_call(cpu, job_line, &line));
    return line;
}

static uint64_t ack_on(unsigned cpu)
{
    uint64_t ia = 0;

    if (cpu == 0) {
        return ack_once();
    }
    CHECK(cpu_call(cpu, job_ack, &ia));
    return ia;
}

/* All CPUs run, masked, with clean interfaces, and an empty table is there. */
static bool setup(void)
{
    ist_setup();
    n_cpus = cpu_start_all();
    if (!CHECK_EQ(n_cpus, cpu_count())) {
        return false;
    }
    for (unsigned i = 1; i < n_cpus; i++) {
        if (!CHECK(cpu_call(i, job_setup, NULL))) {
            return false;
        }
        cpus[i].count = 0;
        cpus[i].spurious = 0;
    }
    if (n_cpus < 2) {
        test_skip("one CPU");
        return false;
    }
    return true;
}

static void open_all(void)
{
    for (unsigned i = 1; i < n_cpus; i++) {
        cpu_call(i, job_open, NULL);
    }
    irq_open();
}

static void close_all(void)
{
    irq_close();
    for (unsigned i = 1; i < n_cpus; i++) {
        cpu_call(i, job_close, NULL);
    }
}

static void test_start(void)
{
    n_cpus = cpu_start_all();
    CHECK_EQ(n_cpus, cpu_count());
    for (unsigned i = 0; i < n_cpus; i++) {
        CHECK(cpus[i].online);
    }
    if (n_cpus < 2) {
        test_skip("one CPU");
    }
}

static void test_ipi(void)
{
    if (!setup()) {
        return;
    }
    for (unsigned i = 0; i < n_cpus; i++) {
        lpi_setup(LPI(64 + i), 16, cpus[i].iaffid);
    }
    open_all();
    for (unsigned round = 1; round <= 100; round++) {
        for (unsigned i = 0; i < n_cpus; i++) {
            gic_cdpend(LPI(64 + i), true);
            if (!CHECK(wait_for(cpus[i].count == round))) {
                break;
            }
            CHECK_EQ(cpus[i].log[(round - 1) % LOG_SIZE], LPI(64 + i));
        }
    }
    close_all();
    for (unsigned i = 0; i < n_cpus; i++) {
        CHECK_EQ(cpus[i].count, 100);
        CHECK_EQ(cpus[i].spurious, 0);
    }
}

static void test_retarget(void)
{
    if (!setup()) {
        return;
    }
    lpi_setup(LPI(9), 16, cpus[0].iaffid);
    gic_cdpend(LPI(9), true);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned t = 0; t < n_cpus; t++) {
            gic_cdaff(LPI(9), cpus[t].iaffid);
            gsb_sys();
            for (unsigned i = 0; i < n_cpus; i++) {
                CHECK_EQ(line_of(i), i == t);
            }
        }
    }
    /* To nobody, and back */
    gic_cdaff(LPI(9), 0xfff1);
    for (unsigned i = 0; i < n_cpus; i++) {
        CHECK(!line_of(i));
    }
    CHECK_EQ(gic_rcfg(LPI(9)) & ICSR_PENDING, ICSR_PENDING);
    gic_cdaff(LPI(9), cpus[1].iaffid);
    CHECK_EQ(ack_on(0), 0);
    CHECK_EQ(ack_on(1), VLPI(9));
    CHECK_EQ(ack_on(1), 0);
}

static void test_retarget_active(void)
{
    uint64_t ia = 0;

    if (!setup()) {
        return;
    }
    /* Acknowledged on CPU 1, sent to CPU 0 meanwhile, deactivated here */
    lpi_setup(LPI(9), 16, cpus[1].iaffid);
    gic_cdpend(LPI(9), true);
    CHECK(cpu_call(1, job_cdia, &ia));
    CHECK_EQ(ia, VLPI(9));
    gic_cdaff(LPI(9), cpus[0].iaffid);
    gic_cdpend(LPI(9), true);
    CHECK(!irq_line());
    gic_cddi(LPI(9));
    CHECK(irq_line());
    CHECK_EQ(ack_once(), VLPI(9));
    CHECK(cpu_call(1, job_eoi, NULL));
    CHECK_EQ(gic_rcfg(LPI(9)), ICSR_IAFFID(cpus[0].iaffid) | ICSR_PRIO(16) |
             ICSR_ENABLED);
}

static void test_remote_ops(void)
{
    if (!setup()) {
        return;
    }
    /* Everything that this CPU does reaches the other's line */
    lpi_setup(LPI(9), 16, cpus[1].iaffid);
    CHECK(!line_of(1));
    gic_cdpend(LPI(9), true);
    gsb_sys();
    CHECK(line_of(1));
    CHECK(!line_of(0));
    gic_cddis(LPI(9));
    gsb_sys();
    CHECK(!line_of(1));
    gic_cden(LPI(9));
    gsb_sys();
    CHECK(line_of(1));
    gic_cdpend(LPI(9), false);
    gsb_sys();
    CHECK(!line_of(1));
    gic_cdpend(LPI(9), true);
    irs_enable(false);
    CHECK(!line_of(1));
    irs_enable(true);
    CHECK(line_of(1));
    irs_ist_off();
    CHECK(!line_of(1));
    CHECK_EQ(ack_on(1), 0);
}

static void test_spi(void)
{
    if (!setup()) {
        return;
    }
    lpi_setup(SPI(200), 16, cpus[n_cpus - 1].iaffid);
    gic_cdpend(SPI(200), true);
    CHECK(!line_of(0));
    CHECK_EQ(ack_on(n_cpus - 1), VSPI(200));
    gic_cddis(SPI(200));
}

/* PPIs of one CPU are not those of another */
static void job_ppi(void *arg)
{
    uint64_t *seen = arg;

    ppi_priority(PPI_SW, 3);
    ppi_enable(PPI_SW, true);
    ppi_pend(PPI_SW, true);
    gic_sync();
    seen[0] = gic_cdia();
    seen[1] = rd(ICC_APR_EL1);
    gic_cdeoi();
    gic_cddi(seen[0]);
}

static void test_banked(void)
{
    uint64_t seen[2];

    if (!setup()) {
        return;
    }
    ppi_priority(PPI_SW, 20);
    ppi_enable(PPI_SW, true);
    wr(ICC_APR_EL1, BIT(1));
    for (unsigned i = 1; i < n_cpus; i++) {
        CHECK(cpu_call(i, job_ppi, seen));
        CHECK_EQ(seen[0], VPPI(PPI_SW));
        CHECK_EQ(seen[1], BIT(3));
        CHECK(!ppi_pending(PPI_SW));
        CHECK(!ppi_active(PPI_SW));
        CHECK_EQ(rd(ICC_APR_EL1), BIT(1));
    }
    CHECK_EQ(read_priorityr(0) >> 24 & 0xff, 20);
}

/* Ping-pong */

#define ROUNDS 10000
#define PING LPI(1000)
#define PONG LPI(1001)

static shared unsigned pings, pongs, strays;
static shared bool timed_out;

static void ping_handler(void)
{
    uint64_t ia = gic_cdia();

    gsb_ack();
    isb();
    gic_cdeoi();
    gic_cddi(ia);
    if (ia == (VALID | PING)) {
        pings++;
        gic_cdpend(PONG, true);
    } else if (ia == (VALID | PONG)) {
        pongs++;
        if (pongs < ROUNDS) {
            gic_cdpend(PING, true);
        }
    } else if (ia == VPPI(PPI_CNTV)) {
        wr(cntv_ctl_el0, 0);
        isb();
        timed_out = true;
    } else {
        strays++;
    }
}

/* On both sides the CPU sleeps between the IPIs, as long as it goes well. */
static void job_ping_pong(void *counter)
{
    shared unsigned *count = counter;

    ppi_enable(PPI_CNTV, true);
    wr(cntv_cval_el0, now() + ms_ticks(WAIT_MS));
    wr(cntv_ctl_el0, 1);
    sleep_until(timed_out || *count >= ROUNDS);
    wr(cntv_ctl_el0, 0);
    ppi_enable(PPI_CNTV, false);
}

static void ping_pong(unsigned a, unsigned b)
{
    pings = pongs = strays = 0;
    timed_out = false;
    lpi_setup(PING, 16, cpus[b].iaffid);
    lpi_setup(PONG, 16, cpus[a].iaffid);
    cpus[a].irq = ping_handler;
    cpus[b].irq = ping_handler;
    cpu_submit(b, job_ping_pong, (void *)&pings);
    gic_cdpend(PING, true);
    if (a) {
        cpu_submit(a, job_ping_pong, (void *)&pongs);
        CHECK(wait_for(cpu_idle(a)));
    } else {
        job_ping_pong((void *)&pongs);
    }
    CHECK(wait_for(cpu_idle(b)));
    CHECK_EQ(pings, ROUNDS);
    CHECK_EQ(pongs, ROUNDS);
    CHECK_EQ(strays, 0);
    CHECK(!timed_out);
    cpus[a].irq = NULL;
    cpus[b].irq = NULL;
}

static void test_ping_pong(void)
{
    if (!setup()) {
        return;
    }
    ping_pong(0, 1);
}

static void test_ping_pong_others(void)
{
    if (!setup() || n_cpus < 3) {
        test_skip("less than three CPUs");
        return;
    }
    ping_pong(1, n_cpus - 1);
}

static void test_self(void)
{
    struct cpu *c = this_cpu();

    if (!setup()) {
        return;
    }
    lpi_setup(LPI(5), 16, c->iaffid);
    irq_open();
    for (unsigned i = 1; i <= ROUNDS; i++) {
        gic_cdpend(LPI(5), true);
        if (!wait_for(c->count == i)) {
            CHECK_EQ(c->count, i);
            break;
        }
    }
    irq_close();
}

/* Everybody waits in WFI; an IPI ends it */
static shared bool wfi_done[MAX_CPUS];

static void job_wfi(void *arg)
{
    struct cpu *c = this_cpu();
    unsigned count = c->count;

    wfi_done[c->idx] = false;
    irq_close();
    while (c->count == count) {
        asm volatile("wfi" : : : "memory");
        irq_window();
    }
    wfi_done[c->idx] = true;
}

static void test_wfi(void)
{
    if (!setup()) {
        return;
    }
    for (unsigned i = 1; i < n_cpus; i++) {
        lpi_setup(LPI(64 + i), 16, cpus[i].iaffid);
    }
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 1; i < n_cpus; i++) {
            cpu_submit(i, job_wfi, NULL);
        }
        delay_us(round * 50);
        for (unsigned i = 1; i < n_cpus; i++) {
            gic_cdpend(LPI(64 + i), true);
        }
        for (unsigned i = 1; i < n_cpus; i++) {
            CHECK(cpu_wait_idle(i));
            CHECK(wfi_done[i]);
            CHECK_EQ(cpus[i].count, round + 1);
        }
    }
}

/* PSCI */

static void job_dirty(void *unused)
{
    wr(ICC_PCR_EL1, 0x11);
    wr(ICC_APR_EL1, BIT(5) | BIT(9));
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        write_priorityr(i, ~0ull);
    }
    wr(ICC_PPI_ENABLER0_EL1, ~0ull);
    wr(ICC_PPI_SPENDR0_EL1, ~0ull);
    wr(ICC_PPI_SACTIVER0_EL1, ~0ull);
    wr(ICC_ICSR_EL1, ICSR_ALL);
    /* The lines of the timers fall with the CPU's reset */
    cntv(true);
    cntp(true);
    wr(ICC_CR0_EL1, CR0_EN);
    isb();
}

static void test_cpu_off(void)
{
    if (!setup()) {
        return;
    }
    for (unsigned round = 0; round < 5; round++) {
        unsigned i = 1 + round % (n_cpus - 1);
        struct iface_state *st = &cpus[i].boot;

        CHECK(cpu_call(i, job_dirty, NULL));
        CHECK(cpu_stop(i));
        CHECK(cpu_start(i));
        CHECK_EQ(st->cr0, CR0_LINK | CR0_LINK_IDLE);
        CHECK_EQ(st->pcr, 0);
        CHECK_EQ(st->apr, 0);
        CHECK_EQ(st->hppir, 0);
        CHECK_EQ(st->icsr, 0);
        CHECK_EQ(st->enabler[0], 0);
        CHECK_EQ(st->pendr[0], 0);
        CHECK_EQ(st->activer[0], 0);
        for (unsigned n = 0; n < NUM_PRIO_REGS; n++) {
            CHECK_EQ(st->priorityr[n], 0);
        }
    }
}

static void test_pend_while_off(void)
{
    if (!setup()) {
        return;
    }
    /* What comes for a CPU that is off waits for it */
    lpi_setup(LPI(30), 16, cpus[1].iaffid);
    CHECK(cpu_stop(1));
    gic_cdpend(LPI(30), true);
    CHECK_EQ(gic_rcfg(LPI(30)) & (ICSR_PENDING | ICSR_ACTIVE), ICSR_PENDING);
    delay_us(1000);
    CHECK(cpu_start(1));
    CHECK(cpu_call(1, job_setup, NULL));
    CHECK(line_of(1));
    CHECK_EQ(ack_on(1), VLPI(30));
    CHECK_EQ(ack_on(1), 0);
    /* One that was pending before, too, and it can be moved away */
    gic_cdpend(LPI(30), true);
    CHECK(line_of(1));
    CHECK(cpu_stop(1));
    gic_cdaff(LPI(30), cpus[0].iaffid);
    CHECK_EQ(ack_once(), VLPI(30));
    CHECK(cpu_start(1));
    CHECK(cpu_call(1, job_setup, NULL));
    CHECK(!line_of(1));
}

static void test_active_while_off(void)
{
    uint64_t ia = 0;

    if (!setup()) {
        return;
    }
    /* An active LPI belongs to the IRS: the CPU's reset does not end it */
    lpi_setup(LPI(31), 16, cpus[1].iaffid);
    gic_cdpend(LPI(31), true);
    CHECK(cpu_call(1, job_cdia, &ia));
    CHECK_EQ(ia, VLPI(31));
    CHECK(cpu_stop(1));
    CHECK_EQ(gic_rcfg(LPI(31)) & ICSR_ACTIVE, ICSR_ACTIVE);
    CHECK(cpu_start(1));
    CHECK_EQ(gic_rcfg(LPI(31)) & ICSR_ACTIVE, ICSR_ACTIVE);
    CHECK(cpu_call(1, job_setup, NULL));
    gic_cdpend(LPI(31), true);
    CHECK(!line_of(1));
    gic_cddi(LPI(31));
    CHECK_EQ(ack_on(1), VLPI(31));
}

const struct test tests[] = {
    { "all CPUs start", test_start },
    { "100 IPIs to each CPU", test_ipi },
    { "CDAFF moves a pending LPI", test_retarget },
    { "CDAFF of an active LPI, CDDI elsewhere", test_retarget_active },
    { "every operation reaches another CPU's line", test_remote_ops },
    { "SPI to the last CPU", test_spi },
    { "PPIs are per CPU", test_banked },
    { "10000 IPIs to and fro", test_ping_pong },
    { "10000 IPIs between two others", test_ping_pong_others },
    { "10000 self IPIs", test_self },
    { "IPIs end WFI", test_wfi },
    { "CPU_OFF and CPU_ON: CPU interface reset", test_cpu_off },
    { "LPI for a CPU that is off", test_pend_while_off },
    { "active LPI of a CPU that was off", test_active_while_off },
    { }
};
