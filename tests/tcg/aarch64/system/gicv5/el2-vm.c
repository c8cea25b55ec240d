/*
 * GICv5 guest tests: VMs, residency, virtual LPIs and SPIs, doorbells
 *
 * A hypervisor in small: it makes VMs, runs their VPEs on several CPUs, and
 * lets some of them take turns on one.
 * "Inferred" marks what the architecture's published parts do not say.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "el2.h"

/* The physical LPI that is a VPE's doorbell */
#define DOORBELL 100

static unsigned n_cpus;
static uint64_t e2h;

#define VIRT (GUEST_HCR | e2h)
#define PHYS (PHYS_HCR | e2h)

static void job_setup(void *unused)
{
    iface_setup();
    virt_setup();
}

/* VM 0 and 1 with two VPEs each; physical LPIs; @cpus CPUs that run */
static bool setup(unsigned cpus)
{
    n_cpus = cpu_start_all();
    if (n_cpus < cpus) {
        test_skip("too few CPUs");
        return false;
    }
    for (unsigned i = 1; i < n_cpus; i++) {
        if (!CHECK(cpu_call(i, job_setup, NULL))) {
            return false;
        }
    }
    ist_setup();
    vms_setup();
    virt_setup();
    return true;
}

/* --- what runs at EL1 --- */

static uint64_t guest_cdia(uint64_t unused)
{
    gic_sync();
    return gic_cdia();
}

static uint64_t guest_ack(uint64_t unused)
{
    return ack_once();
}

static uint64_t guest_line(uint64_t unused)
{
    return irq_line();
}

static uint64_t guest_rcfg(uint64_t intid)
{
    return gic_rcfg(intid);
}

/* An enabled edge of priority 16 for VPE 0 */
static uint64_t guest_lpi(uint64_t intid)
{
    lpi_setup(intid, 16, 0);
    return gic_rcfg(intid);
}

static uint64_t guest_pend(uint64_t intid)
{
    gic_cdpend(intid, true);
    gic_sync();
    return rd(ICC_HPPIR_EL1);
}

/* Open until so many interrupts have been taken */
static uint64_t guest_take(uint64_t n)
{
    struct cpu *c = this_cpu();

    irq_open();
    CHECK(wait_for(c->count == n));
    irq_close();
    return c->count;
}

/* --- VMs and residency --- */

static void test_make(void)
{
    if (!setup(1)) {
        return;
    }
    CHECK(vpe_select(0, 0));
    CHECK(vpe_select(0, 1));
    CHECK(vpe_select(1, 1));
    CHECK(!vpe_select(0, 2));
    CHECK(!vpe_select(2, 0));
    vm_on(3, 3);
    CHECK(vpe_select(3, 2));
    CHECK(!vpe_select(3, 3));
    vm_off(3);
    CHECK(!vpe_select(3, 0));
}

static void test_contextr(void)
{
    if (!setup(1)) {
        return;
    }
    CHECK(vpe_enter(1, 1, 0));
    CHECK_EQ(rd(ICH_CONTEXTR_EL2),
             CONTEXTR_V | CONTEXTR_VPE(1) | CONTEXTR_VM(1));
    CHECK(vpe_enter(1, 1, CONTEXTR_IRICHPPIDIS));
    CHECK_EQ(rd(ICH_CONTEXTR_EL2), CONTEXTR_V | CONTEXTR_IRICHPPIDIS |
             CONTEXTR_VPE(1) | CONTEXTR_VM(1));
    /* Without leaving: inferred */
    CHECK(vpe_enter(0, 1, 0));
    CHECK_EQ(rd(ICH_CONTEXTR_EL2) & ~CONTEXTR_V,
             CONTEXTR_VPE(1) | CONTEXTR_VM(0));
    /* F is a result, not what was written */
    wr(ICH_CONTEXTR_EL2, CONTEXTR_F);
    isb();
    CHECK_EQ(rd(ICH_CONTEXTR_EL2), 0);
    CHECK(vpe_enter(0, 0, CONTEXTR_F));
    CHECK_EQ(rd(ICH_CONTEXTR_EL2), CONTEXTR_V);
    vpe_leave(0);
    CHECK_EQ(rd(ICH_CONTEXTR_EL2), 0);
}

/* What cannot be made resident, and then nothing is */
static void test_fail(void)
{
    static const uint32_t no[][2] = {
        { 2, 0 }, { 3, 1 }, { 0, 2 }, { 0, 3 }, { 0, 4 }, { 1, 0xffff },
        { 255, 0 }, { 256, 0 }, { 0xffff, 0 }, { 0xffff, 0xffff },
    };

    if (!setup(1)) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(no); i++) {
        CHECK(!vpe_enter(no[i][0], no[i][1], 0));
        CHECK_EQ(gic_vrcfg(LPI(1)) & ICSR_F, ICSR_F);
        CHECK(vpe_enter(0, 0, 0));
        CHECK_EQ(gic_vrcfg(LPI(1)) & ICSR_F, 0);
        CHECK(!vpe_enter(no[i][0], no[i][1], 0));
        CHECK_EQ(gic_vrcfg(LPI(1)) & ICSR_F, ICSR_F);
        vpe_leave(0);
        CHECK(!(rd(ICH_CONTEXTR_EL2) & CONTEXTR_F));
    }
    vmt_off();
    CHECK(!vpe_enter(0, 0, 0));
    vpe_leave(0);
}

/* The VM goes while a VPE of it is resident. */
static void test_vm_goes(void)
{
    if (!setup(1)) {
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        CHECK(vpe_enter(0, 0, 0));
        guest(VIRT, guest_lpi, LPI(5));
        CHECK_EQ(guest(VIRT, guest_pend, LPI(5)), VLPI(5));
        if (i == 0) {
            vm_off(0);
        } else {
            vmt_off();
        }
        isb();
        CHECK_EQ(ich_read(ICH_HPPIR), 0);
        CHECK(!guest(VIRT, guest_line, 0));
        CHECK_EQ(guest(VIRT, guest_cdia, 0), 0);
        CHECK_EQ(guest(VIRT, guest_rcfg, LPI(5)) & ICSR_F, ICSR_F);
        vpe_leave(0);
        CHECK(!(rd(ICH_CONTEXTR_EL2) & CONTEXTR_F));
        vms_setup();
    }
}

/* --- virtual LPIs and SPIs --- */

static uint64_t guest_life(uint64_t intid)
{
    struct cpu *c = this_cpu();
    uint64_t v = VALID | intid;

    CHECK_EQ(gic_rcfg(intid), 0);
    gic_cdpri(intid, 9);
    gic_cdaff(intid, 0);
    gic_cden(intid);
    CHECK_EQ(gic_rcfg(intid), ICSR_PRIO(9) | ICSR_ENABLED);
    CHECK(!irq_line());
    CHECK_EQ(rd(ICC_HPPIR_EL1), 0);
    gic_cdpend(intid, true);
    CHECK(irq_line());
    CHECK_EQ(rd(ICC_HPPIR_EL1), v);
    CHECK_EQ(gic_cdia(), v);
    gsb_ack();
    isb();
    CHECK(!irq_line());
    CHECK_EQ(rd(ICC_APR_EL1), BIT(9));
    CHECK_EQ(gic_rcfg(intid), ICSR_PRIO(9) | ICSR_ENABLED | ICSR_ACTIVE);
    gic_cdpend(intid, true);
    gic_cdeoi();
    CHECK(!irq_line());
    CHECK_EQ(gic_cdia(), 0);
    gic_cddi(intid);
    CHECK(irq_line());
    CHECK_EQ(rd(ICC_HPPIR_EL1), v);
    gic_cddis(intid);
    CHECK(!irq_line());
    gic_cden(intid);
    irq_window();
    CHECK_EQ(c->count, 1);
    CHECK_EQ(c->log[0], intid);
    /* A level stays pending */
    gic_cdhm(intid, true);
    gic_cdpend(intid, true);
    gic_sync();
    CHECK_EQ(gic_cdia(), v);
    CHECK_EQ(gic_rcfg(intid), ICSR_PRIO(9) | ICSR_ENABLED | ICSR_ACTIVE |
             ICSR_HM | ICSR_PENDING);
    gic_cdpend(intid, false);
    gic_cdeoi();
    gic_cddi(intid);
    CHECK(!irq_line());
    gic_cdhm(intid, false);
    /* To the other VPE, and back */
    gic_cdpend(intid, true);
    CHECK(irq_line());
    gic_cdaff(intid, 1);
    CHECK(!irq_line());
    CHECK_EQ(gic_rcfg(intid), ICSR_PRIO(9) | ICSR_ENABLED | ICSR_PENDING |
             ICSR_IAFFID(1));
    gic_cdaff(intid, 0);
    CHECK(irq_line());
    gic_cdpend(intid, false);
    CHECK(!irq_line());
    return 1;
}

static void test_life(uint32_t intid, uint32_t last)
{
    if (!setup(1)) {
        return;
    }
    CHECK(vpe_enter(0, 0, 0));
    CHECK_EQ(guest(VIRT, guest_life, intid), 1);
    CHECK_EQ(guest(VIRT, guest_life, last), 1);
    CHECK_EQ(guest(VIRT, guest_rcfg, last + 1) & ICSR_F, ICSR_F);
    CHECK_EQ(guest(VIRT, guest_rcfg, last + 0x10000) & ICSR_F, ICSR_F);
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    /* The physical interrupt of the number has seen nothing of it. */
    if (INTID_TYPE(intid) == 2) {
        CHECK_EQ(gic_rcfg(intid), 0);
    }
    CHECK_EQ(this_cpu()->count, 0);
    /* Nor has that of the other VM */
    CHECK(vpe_enter(1, 0, 0));
    CHECK_EQ(guest(VIRT, guest_rcfg, intid), 0);
}

static void test_lpi(void)
{
    test_life(LPI(5), LPI((1 << VM_LPI_BITS) - 1));
}

static void test_spi(void)
{
    test_life(SPI(0), SPI((1 << VM_SPI_BITS) - 1));
}

/* The guest's and EL2's ICC_ICSR_EL1 are one register. */
static void test_vpe_id(void)
{
    if (!setup(1)) {
        return;
    }
    CHECK(vpe_enter(0, 1, 0));
    guest(VIRT, guest_lpi, LPI(5));
    gic_vdaff(LPI(5), 1);
    CHECK_EQ(guest(VIRT, guest_rcfg, LPI(5)),
             ICSR_PRIO(16) | ICSR_ENABLED | ICSR_IAFFID(1));
    CHECK_EQ(rd(ICC_ICSR_EL1),
             ICSR_PRIO(16) | ICSR_ENABLED | ICSR_IAFFID(1));
    CHECK_EQ(guest(VIRT, guest_pend, LPI(5)), VLPI(5));
    /* A VPE that does not exist: it is delivered nowhere */
    gic_vdaff(LPI(5), 77);
    CHECK_EQ(guest(VIRT, guest_rcfg, LPI(5)), ICSR_PRIO(16) | ICSR_ENABLED |
             ICSR_PENDING | ICSR_IAFFID(77));
    CHECK_EQ(guest(VIRT, guest_cdia, 0), 0);
    gic_vdaff(LPI(5), 1);
    CHECK_EQ(guest(VIRT, guest_cdia, 0), VLPI(5));
}

static void vd_ops(uint32_t intid)
{
    CHECK_EQ(gic_vrcfg(intid), 0);
    gic_vden(intid);
    CHECK_EQ(gic_vrcfg(intid), ICSR_ENABLED);
    gic_vdpri(intid, 21);
    CHECK_EQ(gic_vrcfg(intid), ICSR_ENABLED | ICSR_PRIO(21));
    gic_vdaff(intid, 1);
    CHECK_EQ(gic_vrcfg(intid),
             ICSR_ENABLED | ICSR_PRIO(21) | ICSR_IAFFID(1));
    gic_vdhm(intid, true);
    CHECK_EQ(gic_vrcfg(intid), ICSR_ENABLED | ICSR_PRIO(21) |
             ICSR_IAFFID(1) | ICSR_HM);
    gic_vdhm(intid, false);
    gic_vdpend(0, intid, true);
    CHECK_EQ(gic_vrcfg(intid), ICSR_ENABLED | ICSR_PRIO(21) |
             ICSR_IAFFID(1) | ICSR_PENDING);
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    gic_vdaff(intid, 0);
    CHECK_EQ(ich_read(ICH_HPPIR), VALID | intid);
    gic_vddis(intid);
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    gic_vden(intid);
    CHECK_EQ(guest(VIRT, guest_cdia, 0), VALID | intid);
    ich_write(ICH_APR, 0);
    CHECK_EQ(gic_vrcfg(intid), ICSR_ENABLED | ICSR_PRIO(21) | ICSR_ACTIVE);
    gic_vdpend(0, intid, true);
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    gic_vddi(intid);
    CHECK_EQ(ich_read(ICH_HPPIR), VALID | intid);
    gic_vdpend(0, intid, false);
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    CHECK_EQ(guest(VIRT, guest_rcfg, intid), ICSR_ENABLED | ICSR_PRIO(21));
}

static void test_vd(void)
{
    if (!setup(1)) {
        return;
    }
    CHECK(vpe_enter(0, 0, 0));
    vd_ops(LPI(7));
    vd_ops(SPI(7));
    /* Nothing but errors, and no exception */
    CHECK_EQ(gic_vrcfg(PPI(3)) & ICSR_F, ICSR_F);
    CHECK_EQ(gic_vrcfg(LPI(1 << VM_LPI_BITS)) & ICSR_F, ICSR_F);
    CHECK_EQ(gic_vrcfg(SPI(1 << VM_SPI_BITS)) & ICSR_F, ICSR_F);
    CHECK_EQ(gic_vrcfg(0) & ICSR_F, ICSR_F);
    gic_vdpend(0, PPI(PPI_SW), true);
    CHECK_EQ(ich_read(ICH_PENDR0), 0);
    /* CD* at EL2 is physical, with a VPE resident as well */
    gic_cden(LPI(9));
    CHECK_EQ(gic_rcfg(LPI(9)), ICSR_ENABLED);
    CHECK_EQ(gic_vrcfg(LPI(9)), 0);
    CHECK_EQ(guest(PHYS, guest_rcfg, LPI(9)), ICSR_ENABLED);
    CHECK_EQ(guest(VIRT, guest_rcfg, LPI(9)), 0);
}

/* VDDI of a virtual PPI: in the virtual domain */
static void test_vddi_ppi(void)
{
    if (!setup(1)) {
        return;
    }
    ich_write(ICH_ACTIVER0, BIT(PPI_SW) | BIT(PPI_CNTV));
    wr(ICC_PPI_SACTIVER0_EL1, BIT(PPI_SW));
    isb();
    gic_vddi(PPI(PPI_SW));
    CHECK_EQ(ich_read(ICH_ACTIVER0), BIT(PPI_CNTV));
    CHECK(ppi_active(PPI_SW));
    gic_cddi(PPI(PPI_SW));
    CHECK(!ppi_active(PPI_SW));
    CHECK_EQ(ich_read(ICH_ACTIVER0), BIT(PPI_CNTV));
}

/* VDPEND names the VM; no VPE need be resident. */
static void test_vdpend(void)
{
    if (!setup(1)) {
        return;
    }
    for (unsigned vm = 0; vm < 2; vm++) {
        CHECK(vpe_enter(vm, 0, 0));
        guest(VIRT, guest_lpi, LPI(20));
        guest(VIRT, guest_lpi, SPI(3));
    }
    vpe_leave(0);
    gic_vdpend(1, LPI(20), true);
    gic_vdpend(0, SPI(3), true);
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    /* One that is not there */
    gic_vdpend(2, LPI(20), true);
    gic_vdpend(0xffff, LPI(20), true);
    gic_vdpend(1, LPI(1 << VM_LPI_BITS), true);
    CHECK(vpe_enter(0, 0, 0));
    CHECK_EQ(ich_read(ICH_HPPIR), VSPI(3));
    CHECK_EQ(gic_vrcfg(LPI(20)) & ICSR_PENDING, 0);
    /* With a VPE of another VM resident */
    gic_vdpend(1, SPI(3), true);
    gic_vdpend(1, LPI(20), false);
    CHECK_EQ(ich_read(ICH_HPPIR), VSPI(3));
    CHECK_EQ(guest(VIRT, guest_ack, 0), VSPI(3));
    CHECK_EQ(guest(VIRT, guest_ack, 0), 0);
    CHECK(vpe_enter(1, 0, 0));
    CHECK_EQ(ich_read(ICH_HPPIR), VSPI(3));
    CHECK_EQ(guest(VIRT, guest_ack, 0), VSPI(3));
    CHECK_EQ(guest(VIRT, guest_ack, 0), 0);
}

/* No VPE is resident: requests fail, others do nothing (inferred). */
static uint64_t guest_homeless(uint64_t intid)
{
    CHECK_EQ(gic_rcfg(intid) & ICSR_F, ICSR_F);
    gic_cddis(intid);
    gic_cdpri(intid, 1);
    gic_cdaff(intid, 1);
    gic_cdhm(intid, true);
    gic_cdpend(intid, true);
    gic_cddi(intid);
    gic_cden(intid + 1);
    CHECK(!irq_line());
    /* PPIs are there */
    wr(ICC_PPI_ENABLER0_EL1, BIT(PPI_SW));
    ppi_pend(PPI_SW, true);
    CHECK_EQ(ack_once(), VPPI(PPI_SW));
    return 1;
}

static void homeless(uint32_t intid)
{
    CHECK(vpe_enter(0, 0, 0));
    guest(VIRT, guest_lpi, intid);
    guest(VIRT, guest_pend, intid);
    CHECK_EQ(guest(VIRT, guest_cdia, 0), VALID | intid);
    ich_write(ICH_APR, 0);
    for (unsigned i = 0; i < 2; i++) {
        if (i == 0) {
            vpe_leave(0);
        } else {
            CHECK(!vpe_enter(2, 0, 0));
        }
        CHECK_EQ(guest(VIRT, guest_homeless, intid), 1);
        CHECK_EQ(gic_vrcfg(intid) & ICSR_F, ICSR_F);
        gic_vddis(intid);
        gic_vdpri(intid, 1);
        gic_vdaff(intid, 1);
        gic_vdhm(intid, true);
        gic_vddi(intid);
        gic_vden(intid + 1);
        CHECK(vpe_enter(0, 0, 0));
        CHECK_EQ(gic_vrcfg(intid),
                 ICSR_PRIO(16) | ICSR_ENABLED | ICSR_ACTIVE);
        CHECK_EQ(gic_vrcfg(intid + 1), 0);
    }
    /* Nor was it physical */
    if (INTID_TYPE(intid) == 2) {
        CHECK_EQ(gic_rcfg(intid), 0);
    }
}

static void test_homeless(void)
{
    if (setup(1)) {
        homeless(LPI(5));
        homeless(SPI(5));
    }
}

static void test_irichppidis(void)
{
    if (!setup(1)) {
        return;
    }
    CHECK(vpe_enter(0, 0, 0));
    guest(VIRT, guest_lpi, LPI(5));
    CHECK_EQ(guest(VIRT, guest_pend, LPI(5)), VLPI(5));
    vpe_leave(0);
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    CHECK(vpe_enter(0, 0, CONTEXTR_IRICHPPIDIS));
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    CHECK_EQ(guest(VIRT, guest_cdia, 0), 0);
    /* Commands work, and virtual PPIs do. */
    CHECK_EQ(guest(VIRT, guest_rcfg, LPI(5)),
             ICSR_PRIO(16) | ICSR_ENABLED | ICSR_PENDING);
    CHECK_EQ(guest(VIRT, guest_lpi, LPI(6)), ICSR_PRIO(16) | ICSR_ENABLED);
    CHECK_EQ(guest(VIRT, guest_pend, LPI(6)), 0);
    vppi_priority(PPI_SW, 30);
    ich_write(ICH_ENABLER0, BIT(PPI_SW));
    ich_write(ICH_PENDR0, BIT(PPI_SW));
    CHECK_EQ(guest(VIRT, guest_ack, 0), VPPI(PPI_SW));
    CHECK_EQ(guest(VIRT, guest_ack, 0), 0);
    /* Each entry says it anew */
    CHECK(vpe_enter(0, 0, 0));
    CHECK(ich_read(ICH_HPPIR) & VALID);
    CHECK(vpe_enter(0, 0, CONTEXTR_IRICHPPIDIS));
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    vpe_leave(0);
    CHECK(vpe_enter(0, 0, 0));
    CHECK(guest(VIRT, guest_ack, 0) & VALID);
    CHECK(guest(VIRT, guest_ack, 0) & VALID);
    CHECK_EQ(guest(VIRT, guest_ack, 0), 0);
}

/* PPIs, LPIs and SPIs by priority */
static uint64_t guest_mixed(uint64_t unused)
{
    static const uint64_t order[] = {
        VSPI(2), VPPI(PPI_SW), VLPI(5), VPPI(PPI_CNTV), VLPI(6),
    };

    lpi_setup(LPI(5), 12, 0);
    lpi_setup(LPI(6), 20, 0);
    lpi_setup(SPI(2), 4, 0);
    gic_cdpend(LPI(6), true);
    gic_cdpend(LPI(5), true);
    gic_cdpend(SPI(2), true);
    gic_sync();
    for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
        CHECK_EQ(rd(ICC_HPPIR_EL1), order[i]);
        if (order[i] == VPPI(PPI_CNTV)) {
            gic_cdia();
        } else {
            CHECK_EQ(ack_once(), order[i]);
            continue;
        }
        gic_cdeoi();
        gic_sync();
    }
    return 1;
}

static void test_mixed(void)
{
    if (!setup(1)) {
        return;
    }
    CHECK(vpe_enter(0, 0, 0));
    vppi_priority(PPI_SW, 8);
    vppi_priority(PPI_CNTV, 16);
    ich_write(ICH_ENABLER0, BIT(PPI_SW) | BIT(PPI_CNTV));
    ich_write(ICH_PENDR0, BIT(PPI_SW) | BIT(PPI_CNTV));
    CHECK_EQ(guest(VIRT, guest_mixed, 0), 1);
}

/* Gates of the virtual CPU interface */
static void test_gates(void)
{
    if (!setup(1)) {
        return;
    }
    CHECK(vpe_enter(0, 0, 0));
    guest(VIRT, guest_lpi, LPI(5));
    ich_write(ICH_VCTLR, 0);
    CHECK_EQ(guest(VIRT, guest_pend, LPI(5)), 0);
    CHECK_EQ(guest(VIRT, guest_cdia, 0), 0);
    ich_write(ICH_VCTLR, VCTLR_EN);
    CHECK_EQ(ich_read(ICH_HPPIR), VLPI(5));
    ich_write(ICH_VMCR, VMCR_VPMR(15) | VMCR_EN);
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    ich_write(ICH_VMCR, VMCR_VPMR(16));
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    ich_write(ICH_VMCR, VMCR_VPMR(16) | VMCR_EN);
    CHECK_EQ(ich_read(ICH_HPPIR), VLPI(5));
    ich_write(ICH_APR, BIT(16));
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    ich_write(ICH_APR, BIT(17));
    CHECK_EQ(ich_read(ICH_HPPIR), VLPI(5));
    /* IMO=0: the line is not there */
    CHECK(!guest(PHYS, guest_line, 0));
    CHECK(guest(VIRT, guest_line, 0));
}

static uint64_t guest_nmi_lpi(uint64_t intid)
{
    wr(ALLINT, PSTATE_ALLINT);
    wr(sctlr_el1, rd(sctlr_el1) | SCTLR_NMI);
    isb();
    lpi_setup(intid, 0, 0);
    gic_cdpend(intid, true);
    gic_sync();
    CHECK_EQ(rd(isr_el1) & (ISR_I | ISR_IS), ISR_I | ISR_IS);
    CHECK_EQ(gic_cdia(), 0);
    CHECK_EQ(gic_cdnmia(), VALID | intid);
    gic_cdeoi();
    gic_cddi(intid);
    gic_sync();
    return rd(isr_el1) & (ISR_I | ISR_IS);
}

static void test_nmi(void)
{
    if (!setup(1)) {
        return;
    }
    CHECK(vpe_enter(0, 0, 0));
    CHECK_EQ(guest(VIRT, guest_nmi_lpi, LPI(5)), 0);
    CHECK_EQ(guest(VIRT, guest_nmi_lpi, SPI(5)), 0);
}

/* --- doorbells --- */

static bool rung(void)
{
    struct cpu *c = this_cpu();
    bool yes;

    irq_window();
    yes = c->count == 1 && c->log[0] == LPI(DOORBELL);
    CHECK(c->count <= 1);
    log_clear();
    return yes;
}

/* VPE 0 of VM 0 has a doorbell and LPIs 5 and 6, of priority 16 */
static bool db_setup(void)
{
    if (!setup(1)) {
        return false;
    }
    lpi_setup(LPI(DOORBELL), 8, this_cpu()->iaffid);
    vpe_doorbell(0, 0, VPE_DBR_DBV | DOORBELL);
    CHECK(vpe_enter(0, 0, 0));
    guest(VIRT, guest_lpi, LPI(5));
    guest(VIRT, guest_lpi, LPI(6));
    CHECK(!rung());
    return true;
}

static bool requested(void)
{
    CHECK(vpe_select(0, 0));
    return irs_r64(IRS_VPE_DBR) & VPE_DBR_REQ_DB;
}

static void test_doorbell(void)
{
    if (!db_setup()) {
        return;
    }
    /* Not while it is resident, nor without a request */
    gic_vdpend(0, LPI(5), true);
    CHECK(!rung());
    gic_vdpend(0, LPI(5), false);
    vpe_leave(0);
    CHECK(!requested());
    gic_vdpend(0, LPI(5), true);
    CHECK(!rung());
    gic_vdpend(0, LPI(5), false);
    CHECK(vpe_enter(0, 0, 0));

    for (unsigned i = 0; i < 3; i++) {
        vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(31));
        CHECK(requested());
        CHECK(!rung());
        gic_vdpend(0, LPI(5), true);
        CHECK(rung());
        CHECK(!requested());
        /* Once */
        gic_vdpend(0, LPI(6), true);
        gic_vdpend(0, LPI(5), false);
        gic_vdpend(0, LPI(5), true);
        CHECK(!rung());
        CHECK(vpe_enter(0, 0, 0));
        CHECK(!rung());
        CHECK(guest(VIRT, guest_ack, 0) & VALID);
        CHECK(guest(VIRT, guest_ack, 0) & VALID);
        CHECK_EQ(guest(VIRT, guest_ack, 0), 0);
    }
}

static void test_doorbell_now(void)
{
    if (!db_setup()) {
        return;
    }
    gic_vdpend(0, LPI(5), true);
    vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(31));
    CHECK(rung());
    CHECK(!requested());
    CHECK(vpe_enter(0, 0, 0));
    CHECK(!rung());
    /* VM and VPE of a write with V=0 are ignored. */
    vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(31) | CONTEXTR_VPE(1) |
              CONTEXTR_VM(1));
    CHECK(rung());
}

static void test_dbpm(void)
{
    if (!db_setup()) {
        return;
    }
    for (unsigned mask = 0; mask < 32; mask++) {
        /* Pending before, and after */
        gic_vdpend(0, LPI(5), true);
        vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(mask));
        CHECK_EQ(rung(), 16 <= mask);
        CHECK_EQ(requested(), 16 > mask);
        CHECK(vpe_enter(0, 0, 0));
        gic_vdpend(0, LPI(5), false);
        vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(mask));
        CHECK(!rung());
        gic_vdpend(0, LPI(5), true);
        CHECK_EQ(rung(), 16 <= mask);
        CHECK(vpe_enter(0, 0, 0));
    }
}

/* Entering ends a request: inferred */
static void test_doorbell_entry(void)
{
    if (!db_setup()) {
        return;
    }
    vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(31));
    CHECK(vpe_enter(0, 0, 0));
    CHECK(!requested());
    vpe_leave(0);
    gic_vdpend(0, LPI(5), true);
    CHECK(!rung());
}

static void test_doorbell_reg(void)
{
    uint64_t dbr = VPE_DBR_DBV | VPE_DBR_DBPM(20) | DOORBELL;

    if (!db_setup()) {
        return;
    }
    /* A request by IRS_VPE_DBR, and one without a doorbell */
    vpe_leave(0);
    vpe_doorbell(0, 0, dbr | VPE_DBR_REQ_DB);
    CHECK_EQ(irs_r64(IRS_VPE_DBR), dbr | VPE_DBR_REQ_DB);
    gic_vdpend(0, LPI(5), true);
    CHECK(rung());
    CHECK_EQ(irs_r64(IRS_VPE_DBR), dbr);
    vpe_doorbell(0, 0, dbr | VPE_DBR_REQ_DB);
    CHECK(rung());
    vpe_doorbell(0, 0, (dbr & ~VPE_DBR_DBV) | VPE_DBR_REQ_DB);
    CHECK(!rung());
    gic_vdpend(0, LPI(6), true);
    CHECK(!rung());
    CHECK(vpe_enter(0, 0, 0));
    vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(31));
    CHECK(!rung());
    /* Another LPI */
    lpi_setup(LPI(DOORBELL + 1), 8, this_cpu()->iaffid);
    vpe_doorbell(0, 0, VPE_DBR_DBV | VPE_DBR_REQ_DB | VPE_DBR_DBPM(31) |
                       (DOORBELL + 1));
    irq_window();
    CHECK_EQ(this_cpu()->count, 1);
    CHECK_EQ(this_cpu()->log[0], LPI(DOORBELL + 1));
}

/*
 * Whatever makes an interrupt deliverable rings; what is for another VPE, or
 * is a PPI, does not.
 */
static void test_doorbell_causes(void)
{
    if (!db_setup()) {
        return;
    }
    for (unsigned i = 0; i < 6; i++) {
        CHECK(vpe_enter(0, 0, 0));
        gic_vdpend(0, LPI(5), i != 0);
        switch (i) {
        case 1:
            gic_vddis(LPI(5));
            break;
        case 2:
            gic_vdpri(LPI(5), 25);
            break;
        case 3:
            gic_vdaff(LPI(5), 1);
            break;
        case 4:
            CHECK_EQ(guest(VIRT, guest_cdia, 0), VLPI(5));
            ich_write(ICH_APR, 0);
            gic_vdpend(0, LPI(5), true);
            break;
        case 5:
            gic_vdpend(0, LPI(5), false);
            break;
        }
        ich_write(ICH_ENABLER0, BIT(PPI_SW));
        ich_write(ICH_PENDR0, BIT(PPI_SW));
        vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(16));
        CHECK(!rung());
        /* The VM's other VPE makes the change. */
        CHECK(vpe_enter(0, 1, 0));
        gic_vdpend(0, LPI(9), true);
        CHECK(!rung());
        switch (i) {
        case 0:
            gic_vdpend(0, LPI(5), true);
            break;
        case 1:
            gic_vden(LPI(5));
            break;
        case 2:
            gic_vdpri(LPI(5), 16);
            break;
        case 3:
            gic_vdaff(LPI(5), 0);
            break;
        case 4:
            gic_vddi(LPI(5));
            break;
        case 5:
            ich_write(ICH_PENDR0, 0);
            guest(VIRT, guest_pend, LPI(5));
            break;
        }
        if (!CHECK(rung())) {
            print("# case %u\n", i);
        }
    }
}

/* --- several CPUs --- */

struct entry {
    unsigned vm, vpe;
    bool ok;
};

static void job_enter(void *arg)
{
    struct entry *e = arg;

    e->ok = vpe_enter(e->vm, e->vpe, 0);
}

static void job_leave(void *unused)
{
    vpe_leave(0);
}

static bool enter_on(unsigned cpu, unsigned vm, unsigned vpe)
{
    struct entry e = { .vm = vm, .vpe = vpe };

    CHECK(cpu_call(cpu, job_enter, &e));
    return e.ok;
}

static void test_two_pes(void)
{
    if (!setup(2)) {
        return;
    }
    CHECK(enter_on(1, 0, 0));
    CHECK(!vpe_enter(0, 0, 0));
    CHECK_EQ(gic_vrcfg(LPI(1)) & ICSR_F, ICSR_F);
    CHECK(vpe_enter(0, 1, 0));
    CHECK(!enter_on(1, 0, 1));
    /* So CPU 1 has none now (inferred), and this one keeps its own */
    CHECK_EQ(gic_vrcfg(LPI(1)) & ICSR_F, 0);
    CHECK(vpe_enter(0, 0, 0));
    CHECK(enter_on(1, 0, 1));
    CHECK(cpu_call(1, job_leave, NULL));
    vpe_leave(0);
    CHECK(vpe_enter(0, 1, 0));
}

/* A CPU that goes takes its VPE's residency with it: inferred */
static void test_cpu_goes(void)
{
    if (!setup(2)) {
        return;
    }
    CHECK(enter_on(1, 0, 0));
    CHECK(!vpe_enter(0, 0, 0));
    CHECK(cpu_stop(1));
    CHECK(vpe_enter(0, 0, 0));
    /* And when it comes back it has none. */
    CHECK(cpu_start(1));
    CHECK_EQ(ich_boot[1][ICH_CONTEXTR], 0);
    CHECK_EQ(gic_vrcfg(LPI(1)) & ICSR_F, 0);
}

/* An EL2 timer of a nested guest that would be pending by its own register */
static void job_nested(void *arg)
{
    virt_setup();
    vppi_priority(PPI_CNTHP, 5);
    ich_write(ICH_ENABLER0, BIT(PPI_CNTHP));
    host_hcr(HOST_HCR | HCR_NV);
    ich_write(ICH_PENDR0, BIT(PPI_CNTHP));
    isb();
    *(bool *)arg = ich_read(ICH_HPPIR);
}

static void job_line(void *arg)
{
    *(bool *)arg = guest(VIRT, guest_line, 0);
}

/* A reset undoes things one by one: none may leave a line that stays. */
static void test_cpu_resets(void)
{
    bool line = true;

    if (!setup(2)) {
        return;
    }
    CHECK(cpu_call(1, job_nested, &line));
    CHECK(!line);
    CHECK(cpu_stop(1));
    CHECK(cpu_start(1));
    line = true;
    CHECK(cpu_call(1, job_line, &line));
    CHECK(!line);
}

/* Jobs: a vCPU's function, on another CPU */
struct run {
    unsigned vm, vpe;
    guest_fn fn;
    uint64_t arg;
    uint64_t result;
};

static void job_run(void *arg)
{
    struct run *r = arg;

    if (CHECK(vpe_enter(r->vm, r->vpe, 0))) {
        r->result = guest(VIRT, r->fn, r->arg);
    }
    vpe_leave(0);
}

/* CPU 0 interrupts a guest of CPU 1: open, and in WFI */

static uint64_t guest_doze(uint64_t n)
{
    struct cpu *c = this_cpu();

    sleep_until(c->count == n);
    return c->count;
}

static void test_vdpend_remote(void)
{
    guest_fn fns[] = { guest_take, guest_doze };
    shared unsigned *count = &own_vcpus[1].cpu.count;

    if (!setup(2)) {
        return;
    }
    CHECK(vpe_enter(0, 0, 0));
    guest(VIRT, guest_lpi, LPI(5));
    vpe_leave(0);
    for (unsigned k = 0; k < 2; k++) {
        struct run r = { 0, 0, fns[k], 20, 0 };

        *count = 0;
        cpu_submit(1, job_run, &r);
        for (unsigned i = 1; i <= 20; i++) {
            gic_vdpend(0, LPI(5), true);
            if (!CHECK(wait_for(*count == i))) {
                break;
            }
        }
        CHECK(cpu_wait_idle(1));
        CHECK_EQ(r.result, 20);
        CHECK_EQ(own_vcpus[1].cpu.log[0], LPI(5));
        CHECK_EQ(own_vcpus[1].irqs, 0);
    }
    CHECK_EQ(this_cpu()->count, 0);
}

/*
 * A guest changes its mask, and the PE looks at what there is, while CPU 0
 * changes that: neither waits for the other.
 */
static shared unsigned masks;
static shared bool masks_end;

static uint64_t guest_masks(uint64_t unused)
{
    while (!masks_end) {
        wr(ICC_PCR_EL1, 8 + masks % 2);
        isb();
        masks++;
        /* Not relax(): a WFI takes the BQL, and hides who else does not. */
        asm volatile("yield");
    }
    wr(ICC_PCR_EL1, 31);
    gic_sync();
    return rd(ICC_HPPIR_EL1);
}

static void test_vdpend_masked(void)
{
    struct run r = { 0, 0, guest_masks, 0, 0 };

    if (!setup(2)) {
        return;
    }
    CHECK(vpe_enter(0, 0, 0));
    guest(VIRT, guest_lpi, LPI(5));
    vpe_leave(0);
    masks = 0;
    masks_end = false;
    cpu_submit(1, job_run, &r);
    for (unsigned i = 0; i < 100; i++) {
        unsigned before = masks;

        gic_vdpend(0, LPI(5), i % 2);
        if (!CHECK(wait_for(masks > before + 1))) {
            break;
        }
    }
    masks_end = true;
    CHECK(cpu_wait_idle(1));
    CHECK_EQ(r.result, VLPI(5));
    CHECK_EQ(own_vcpus[1].irqs, 0);
}

/* 1-of-N within a VM */

/* An enabled edge of priority 16 that any VPE may take */
static uint64_t guest_1ofn(uint64_t intid)
{
    guest_lpi(intid);
    asm volatile("sys #0, C12, C1, #3, %x0" : : "r"(intid | BIT(28))
                 : "memory");
    return gic_rcfg(intid);
}

static bool setup_1ofn(unsigned cpus)
{
    if (!setup(cpus)) {
        return false;
    }
    if (!(irs_r32(IRS_IDR0) & IRS_IDR0_VIRT_ONE_N)) {
        test_skip("no 1-of-N in VMs");
        return false;
    }
    CHECK(vpe_enter(0, 0, 0));
    CHECK_EQ(guest(VIRT, guest_1ofn, LPI(5)),
             ICSR_PRIO(16) | ICSR_ENABLED | BIT(3));
    return true;
}

/* What the resident VPE would take now decides, at each moment. */
static void test_1ofn_limit(void)
{
    uint64_t vmcr;

    if (!setup_1ofn(1)) {
        return;
    }
    vmcr = ich_read(ICH_VMCR);
    gic_vdpend(0, LPI(5), true);
    CHECK_EQ(ich_read(ICH_HPPIR), VLPI(5));
    for (unsigned i = 0; i < 2; i++) {
        /* Taken away, and offered again when it would be taken */
        ich_write(ICH_VMCR, i == 0 ? vmcr & ~VMCR_EN :
                                     VMCR_EN | VMCR_VPMR(15));
        CHECK_EQ(ich_read(ICH_HPPIR), 0);
        ich_write(ICH_VMCR, vmcr);
        CHECK_EQ(ich_read(ICH_HPPIR), VLPI(5));
    }
    ich_write(ICH_VCTLR, 0);
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    ich_write(ICH_VCTLR, VCTLR_EN);
    CHECK_EQ(ich_read(ICH_HPPIR), VLPI(5));
    ich_write(ICH_APR, BIT(10));
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    ich_write(ICH_APR, 0);
    CHECK_EQ(ich_read(ICH_HPPIR), VLPI(5));
    CHECK_EQ(guest(VIRT, guest_ack, 0), VLPI(5));
    CHECK_EQ(guest(VIRT, guest_ack, 0), 0);
    /* With DPS none of them */
    CHECK(vpe_select(0, 0));
    irs_w32(IRS_VPE_CR0, 1);
    gic_vdpend(0, LPI(5), true);
    CHECK_EQ(guest(VIRT, guest_cdia, 0), 0);
    irs_w32(IRS_VPE_CR0, 0);
    CHECK_EQ(guest(VIRT, guest_ack, 0), VLPI(5));
}

static shared bool serve_end;

static uint64_t guest_serve(uint64_t unused)
{
    irq_open();
    CHECK(wait_for(serve_end));
    irq_close();
    return this_cpu()->count;
}

/* Two VPEs on two CPUs: each is taken by one of them. */
static void test_1ofn_two(void)
{
    shared unsigned *a = &own_vcpus[1].cpu.count;
    shared unsigned *b = &own_vcpus[2].cpu.count;
    struct run r[2] = {
        { 0, 0, guest_serve, 0, 0 }, { 0, 1, guest_serve, 0, 0 },
    };

    if (!setup_1ofn(3)) {
        return;
    }
    vpe_leave(0);
    serve_end = false;
    *a = *b = 0;
    cpu_submit(1, job_run, &r[0]);
    cpu_submit(2, job_run, &r[1]);
    for (unsigned i = 1; i <= 100; i++) {
        gic_vdpend(0, LPI(5), true);
        if (!CHECK(wait_for(*a + *b == i))) {
            break;
        }
    }
    serve_end = true;
    CHECK(cpu_wait_idle(1));
    CHECK(cpu_wait_idle(2));
    CHECK_EQ(r[0].result + r[1].result, 100);
    CHECK_EQ(this_cpu()->count, 0);
}

/* IRS_VM_DBR: nobody is there to take it. */
static void test_1ofn_doorbell(void)
{
    if (!setup_1ofn(1)) {
        return;
    }
    lpi_setup(LPI(DOORBELL), 8, this_cpu()->iaffid);
    vpe_doorbell(0, 1, VPE_DBR_DBV | DOORBELL);
    irs_w32(IRS_VM_SELR, 0);
    irs_w64(IRS_VM_DBR, VM_DBR_EN | 1);
    for (unsigned i = 0; i < 2; i++) {
        /* VPE 1 asks, VPE 0 takes part: it is not needed. */
        CHECK(vpe_enter(0, 1, 0));
        vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(16));
        CHECK(vpe_enter(0, 0, 0));
        gic_vdpend(0, LPI(5), true);
        CHECK(!rung());
        vpe_leave(0);
        CHECK(rung());
        gic_vdpend(0, LPI(5), false);
        gic_vdpend(0, LPI(5), true);
        CHECK(!rung());
        CHECK(vpe_enter(0, 1, 0));
        CHECK_EQ(guest(VIRT, guest_ack, 0), VLPI(5));
        CHECK_EQ(guest(VIRT, guest_ack, 0), 0);
    }
    irs_w64(IRS_VM_DBR, 0);
    vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(16));
    gic_vdpend(0, LPI(5), true);
    CHECK(!rung());
}

/* Two VPEs on two CPUs send each other IPIs; LPI(40 + vpe) is a VPE's. */

#define IPI(vpe) LPI(40 + (vpe))
#define ROUNDS 200

static uint64_t guest_ipi_setup(uint64_t unused)
{
    for (unsigned i = 0; i < 2; i++) {
        lpi_setup(IPI(i), 16, i);
    }
    return 0;
}

static uint64_t guest_ping(uint64_t vpe)
{
    struct cpu *c = this_cpu();

    irq_open();
    for (unsigned i = 1; i <= ROUNDS; i++) {
        if (vpe == 0) {
            gic_cdpend(IPI(1), true);
        }
        if (!CHECK(wait_for(c->count == i))) {
            break;
        }
        CHECK_EQ(c->log[(i - 1) % LOG_SIZE], IPI(vpe));
        if (vpe == 1) {
            gic_cdpend(IPI(0), true);
        }
    }
    irq_close();
    CHECK_EQ(c->count, ROUNDS);
    return c->count;
}

static void test_ipi(void)
{
    struct run runs[] = {
        { 0, 0, guest_ping, 0, 0 }, { 0, 1, guest_ping, 1, 0 },
    };

    if (!setup(2)) {
        return;
    }
    CHECK(vpe_enter(0, 0, 0));
    guest(VIRT, guest_ipi_setup, 0);
    vpe_leave(0);
    cpu_submit(1, job_run, &runs[1]);
    job_run(&runs[0]);
    CHECK(cpu_wait_idle(1));
    CHECK_EQ(runs[0].result, ROUNDS);
    CHECK_EQ(runs[1].result, ROUNDS);
    CHECK_EQ(this_cpu()->count, 0);
}

/* An IPI to a VPE that is not resident rings its doorbell. */
static void test_ipi_doorbell(void)
{
    if (!setup(1)) {
        return;
    }
    lpi_setup(LPI(DOORBELL), 8, this_cpu()->iaffid);
    vpe_doorbell(0, 1, VPE_DBR_DBV | DOORBELL);
    CHECK(vpe_enter(0, 1, 0));
    guest(VIRT, guest_ipi_setup, 0);
    vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(31));
    CHECK(vpe_enter(0, 0, 0));
    CHECK_EQ(guest(VIRT, guest_pend, IPI(1)), 0);
    CHECK(rung());
    CHECK(vpe_enter(0, 1, 0));
    CHECK_EQ(guest(VIRT, guest_ack, 0), VALID | IPI(1));
}

/* Any VPE of the VM deactivates. */
static uint64_t guest_cdi(uint64_t intid)
{
    gic_cddi(intid);
    return gic_rcfg(intid);
}

static void test_di_remote(void)
{
    struct run r = { 0, 1, guest_cdi, LPI(5), 0 };

    if (!setup(2)) {
        return;
    }
    CHECK(vpe_enter(0, 0, 0));
    guest(VIRT, guest_lpi, LPI(5));
    guest(VIRT, guest_pend, LPI(5));
    CHECK_EQ(guest(VIRT, guest_cdia, 0), VLPI(5));
    gic_vdpend(0, LPI(5), true);
    ich_write(ICH_APR, 0);
    CHECK(!guest(VIRT, guest_line, 0));
    CHECK(cpu_call(1, job_run, &r));
    CHECK_EQ(r.result, ICSR_PRIO(16) | ICSR_ENABLED | ICSR_PENDING);
    CHECK(guest(VIRT, guest_line, 0));
}

/* --- taking turns --- */

/* What a VPE takes with it when it leaves a CPU */
struct turn {
    struct vcpu *v;
    unsigned vm, vpe;
    uint64_t apr, vmcr, icsr;
    bool done;
    unsigned turns;
};

static void end_of_turn(void)
{
    struct cpu *c = this_cpu();
    uint64_t ia = gic_cdia();

    if (ia == VPPI(PPI_CNTHP)) {
        wr(cnthp_ctl_el2, 0);
        isb();
    } else {
        c->spurious++;
    }
    c->count++;
    gic_cdeoi();
    gic_cddi(ia);
}

/* One that ends with its function, or by EL2's timer */
static void take_turn(struct turn *t, uint64_t ticks)
{
    wr(ICH_VMCR_EL2, t->vmcr);
    wr(ICH_APR_EL2, t->apr);
    CHECK(vpe_enter(t->vm, t->vpe, 0));
    wr(ICC_ICSR_EL1, t->icsr);
    wr(cnthp_cval_el2, now() + ticks);
    wr(cnthp_ctl_el2, 1);
    isb();
    t->done = vcpu_run(t->v) == VCPU_DONE;
    wr(cnthp_ctl_el2, 0);
    isb();
    t->icsr = rd(ICC_ICSR_EL1);
    t->apr = rd(ICH_APR_EL2);
    t->vmcr = rd(ICH_VMCR_EL2);
    vpe_leave(0);
    t->turns++;
}

/* Its request's result is its own, whoever has the CPU in between */
static uint64_t guest_turns(uint64_t vpe)
{
    struct cpu *c = this_cpu();

    gic_cdpri(LPI(60 + vpe), 3 + vpe);
    irq_open();
    for (unsigned i = 1; i <= 50; i++) {
        if (vpe == 0) {
            gic_cdpend(IPI(1), true);
        }
        if (!CHECK(wait_for(c->count == i))) {
            break;
        }
        if (vpe == 1) {
            gic_cdpend(IPI(0), true);
        }
        for (unsigned k = 0; k < 50; k++) {
            if (!CHECK_EQ(gic_rcfg(LPI(60 + vpe)), ICSR_PRIO(3 + vpe))) {
                break;
            }
        }
    }
    irq_close();
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    return c->count;
}

static void test_turns(void)
{
    struct turn turns[4];
    uint32_t seed = 1;
    unsigned left = ARRAY_SIZE(turns);

    if (!setup(1)) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(turns); i++) {
        struct turn *t = &turns[i];

        memset(t, 0, sizeof(*t));
        t->vm = i / 2;
        t->vpe = i % 2;
        t->vmcr = VMCR_VPMR(0x1f) | VMCR_EN;
        t->v = &more_vcpus[i];
        vcpu_init(t->v, VIRT, guest_turns, t->vpe);
        t->v->stop_on_irq = true;
        if (t->vpe == 0) {
            CHECK(vpe_enter(t->vm, 0, 0));
            guest(VIRT, guest_ipi_setup, 0);
            vpe_leave(0);
        }
    }
    this_cpu()->irq = end_of_turn;
    ppi_enable(PPI_CNTHP, true);
    for (unsigned i = 0; left && i < 1000000; i++) {
        struct turn *t = &turns[i % ARRAY_SIZE(turns)];

        if (!t->done) {
            /* Up to half a millisecond */
            take_turn(t, 1 + rnd(&seed) % (ms_ticks(1) / 2));
            left -= t->done;
        }
    }
    CHECK_EQ(left, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(turns); i++) {
        CHECK_EQ(turns[i].v->x[0], 50);
        CHECK_EQ(turns[i].v->cpu.spurious, 0);
        CHECK_EQ(turns[i].v->cpu.log[0], IPI(turns[i].vpe));
        CHECK(turns[i].turns > 1);
    }
    CHECK_EQ(this_cpu()->spurious, 0);
}

/* A physical LPI reaches EL2 while a virtual one waits for EL1. */
static uint64_t guest_beside(uint64_t unused)
{
    struct vcpu *v = this_vcpu();

    CHECK(wait_for(v->irqs == 1));
    irq_window();
    CHECK_EQ(v->cpu.count, 1);
    return v->cpu.log[0];
}

static void test_beside(void)
{
    struct cpu *c = this_cpu();

    if (!setup(1)) {
        return;
    }
    CHECK(vpe_enter(0, 0, 0));
    guest(VIRT, guest_lpi, LPI(5));
    gic_vdpend(0, LPI(5), true);
    lpi_setup(LPI(5), 30, c->iaffid);
    lpi_setup(LPI(6), 30, c->iaffid);
    gic_cdpend(LPI(6), true);
    CHECK_EQ(guest(VIRT, guest_beside, 0), LPI(5));
    CHECK_EQ(c->count, 1);
    CHECK_EQ(c->log[0], LPI(6));
    CHECK_EQ(gic_rcfg(LPI(5)),
             ICSR_PRIO(30) | ICSR_ENABLED | ICSR_IAFFID(c->iaffid));
}

/* IRS_VPE_HPPIR */
static void test_vpe_hppir(void)
{
    if (!setup(1)) {
        return;
    }
    CHECK(vpe_enter(0, 1, 0));
    guest(VIRT, guest_lpi, LPI(5));
    CHECK(vpe_select(0, 0));
    CHECK_EQ(irs_r64(IRS_VPE_HPPIR), 0);
    gic_vdpend(0, LPI(5), true);
    CHECK_EQ(irs_r64(IRS_VPE_HPPIR), VLPI(5));
    /* Resident or not; PPIs are not among them (inferred) */
    CHECK(vpe_enter(0, 0, 0));
    ich_write(ICH_ENABLER0, BIT(PPI_SW));
    vppi_priority(PPI_SW, 0);
    ich_write(ICH_PENDR0, BIT(PPI_SW));
    CHECK_EQ(irs_r64(IRS_VPE_HPPIR), VLPI(5));
    CHECK_EQ(ich_read(ICH_HPPIR), VPPI(PPI_SW));
    gic_vdpend(0, LPI(5), false);
    CHECK_EQ(irs_r64(IRS_VPE_HPPIR), 0);
}

/* --- a physical SPI that is a VM's --- */

#define SPI_UART 1
#define UART_BASE 0x09000000ul
#define UART_IMSC (UART_BASE + 0x38)
#define UART_RIS (UART_BASE + 0x3c)
#define UART_ICR (UART_BASE + 0x44)
#define UART_TX (1u << 5)

static void spi_vmr(uint64_t v)
{
    CHECK(spi_select(SPI_UART));
    irs_w64(IRS_SPI_VMR, v);
    CHECK(wait_for(irs_r32(IRS_SPI_STATUSR) & 1));
    CHECK_EQ(irs_r64(IRS_SPI_VMR), v);
}

static void uart_line(bool on)
{
    if (on) {
        mmio_w32(UART_IMSC, UART_TX);
        print("# UART interrupt\n");
        CHECK(wait_for(mmio_r32(UART_RIS) & UART_TX));
    } else {
        mmio_w32(UART_ICR, UART_TX);
        mmio_w32(UART_IMSC, 0);
    }
}

static void test_spi_vmr(void)
{
    uint64_t on = ICSR_PRIO(16) | ICSR_ENABLED | ICSR_HM;
    uint32_t i = SPI(SPI_UART);

    if (!setup(1)) {
        return;
    }
    mmio_w32(UART_ICR, 0x7ff);
    CHECK(spi_trigger(SPI_UART, true));
    lpi_setup(i, 16, this_cpu()->iaffid);
    CHECK(vpe_enter(0, 0, 0));
    guest(VIRT, guest_lpi, i);

    spi_vmr(IRS_SPI_VMR_VIRT);
    CHECK_EQ(gic_rcfg(i) & ICSR_F, ICSR_F);
    uart_line(true);
    CHECK(!irq_line());
    CHECK_EQ(ich_read(ICH_HPPIR), VALID | i);
    for (unsigned n = 0; n < 2; n++) {
        CHECK_EQ(guest(VIRT, guest_cdia, 0), VALID | i);
        CHECK_EQ(guest(VIRT, guest_rcfg, i),
                 on | ICSR_ACTIVE | ICSR_PENDING);
        ich_write(ICH_APR, 0);
        gic_vddi(i);
        /* The line is still high */
        CHECK_EQ(ich_read(ICH_HPPIR), VALID | i);
    }
    uart_line(false);
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    CHECK_EQ(guest(VIRT, guest_rcfg, i), on);
    /* The VPE need not be resident, nor the VM be this one */
    vpe_leave(0);
    uart_line(true);
    CHECK(vpe_enter(1, 0, 0));
    CHECK_EQ(guest(VIRT, guest_rcfg, i), 0);
    CHECK(vpe_enter(0, 0, 0));
    CHECK_EQ(ich_read(ICH_HPPIR), VALID | i);
    uart_line(false);
    /* A VM that is not there: events are lost */
    spi_vmr(IRS_SPI_VMR_VIRT | 3);
    uart_line(true);
    CHECK_EQ(ich_read(ICH_HPPIR), 0);
    CHECK(!irq_line());
    /* In its new place the level counts when it is sampled (inferred). */
    spi_vmr(IRS_SPI_VMR_VIRT);
    irs_w32(IRS_SPI_RESAMPLER, SPI_UART);
    CHECK(wait_for(irs_r32(IRS_SPI_STATUSR) & 1));
    CHECK_EQ(ich_read(ICH_HPPIR), VALID | i);
    /* Back: as it was, and the VM's has no line any more */
    spi_vmr(0);
    CHECK_EQ(gic_rcfg(i) & ~(ICSR_PENDING | ICSR_HM),
             ICSR_PRIO(16) | ICSR_ENABLED | ICSR_IAFFID(this_cpu()->iaffid));
    irs_w32(IRS_SPI_RESAMPLER, SPI_UART);
    CHECK(wait_for(irs_r32(IRS_SPI_STATUSR) & 1));
    CHECK(irq_line());
    CHECK_EQ(gic_cdia(), VALID | i);
    uart_line(false);
    gic_cdeoi();
    gic_cddi(i);
    CHECK(!irq_line());
    gic_cddis(i);
    CHECK(spi_trigger(SPI_UART, false));
}

/* With VHE, the same */

static void with_vhe(void (*fn)(void))
{
    host_hcr(VHE_HCR);
    e2h = HCR_E2H;
    fn();
    e2h = 0;
}

#define VHE_TEST(name)                                                  \
    static void vhe_##name(void)                                        \
    {                                                                   \
        with_vhe(test_##name);                                          \
    }

VHE_TEST(contextr)
VHE_TEST(lpi)
VHE_TEST(vd)
VHE_TEST(homeless)
VHE_TEST(doorbell)
VHE_TEST(ipi)
VHE_TEST(turns)
VHE_TEST(beside)

const struct test tests[] = {
    { "VM table, VMs, VPEs", test_make },
    { "ICH_CONTEXTR_EL2", test_contextr },
    { "what cannot be resident", test_fail },
    { "a VM that goes while it is resident", test_vm_goes },
    { "virtual LPIs", test_lpi },
    { "virtual SPIs", test_spi },
    { "affinity is a VPE ID", test_vpe_id },
    { "VD* on the resident VM", test_vd },
    { "VDDI of a PPI", test_vddi_ppi },
    { "VDPEND names its VM", test_vdpend },
    { "without a resident VPE", test_homeless },
    { "IRICHPPIDIS", test_irichppidis },
    { "PPIs, LPIs and SPIs by priority", test_mixed },
    { "gates of the virtual CPU interface", test_gates },
    { "priority 0", test_nmi },
    { "doorbell", test_doorbell },
    { "doorbell at once", test_doorbell_now },
    { "doorbell: DBPM", test_dbpm },
    { "doorbell: not after an entry", test_doorbell_entry },
    { "doorbell: IRS_VPE_DBR", test_doorbell_reg },
    { "doorbell: causes", test_doorbell_causes },
    { "doorbell of an IPI", test_ipi_doorbell },
    { "IRS_VPE_HPPIR", test_vpe_hppir },
    { "resident on one CPU only", test_two_pes },
    { "a CPU that goes", test_cpu_goes },
    { "a CPU that is reset", test_cpu_resets },
    { "VDPEND from another CPU", test_vdpend_remote },
    { "VDPEND while another CPU masks", test_vdpend_masked },
    { "1-of-N: what a VPE takes", test_1ofn_limit },
    { "1-of-N: one of two VPEs", test_1ofn_two },
    { "1-of-N: doorbell of the VM", test_1ofn_doorbell },
    { "IPIs between VPEs", test_ipi },
    { "deactivated by another VPE", test_di_remote },
    { "four VPEs take turns", test_turns },
    { "physical LPIs beside virtual ones", test_beside },
    { "IRS_SPI_VMR: the UART's SPI", test_spi_vmr },
    { "VHE: ICH_CONTEXTR_EL2", vhe_contextr },
    { "VHE: virtual LPIs", vhe_lpi },
    { "VHE: VD* on the resident VM", vhe_vd },
    { "VHE: without a resident VPE", vhe_homeless },
    { "VHE: doorbell", vhe_doorbell },
    { "VHE: IPIs between VPEs", vhe_ipi },
    { "VHE: four VPEs take turns", vhe_turns },
    { "VHE: physical LPIs beside virtual ones", vhe_beside },
    { }
};
