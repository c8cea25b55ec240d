/*
 * GICv5 guest tests: virtual PPIs, virtual interrupts, physical ones beside
 * them
 *
 * No VPE is resident; virtual PPIs do not need one.
 * "Inferred" marks what the architecture's published parts do not say.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "el2.h"

/* E2H of the vCPUs, by which the basic tests run with VHE as well */
static uint64_t e2h;

#define VIRT (GUEST_HCR | e2h)
#define PHYS (PHYS_HCR | e2h)

static void vppi_enable(uint64_t bits)
{
    ich_write(ICH_ENABLER0, bits);
}

static void vppi_pend(uint64_t bits)
{
    ich_write(ICH_PENDR0, bits);
}

/* One virtual PPI alone */
static void vppi_one(unsigned ppi, unsigned prio)
{
    virt_setup();
    vppi_priority(ppi, prio);
    vppi_enable(BIT(ppi));
    vppi_pend(BIT(ppi));
}

/* EL1's timers from EL2, where VHE gives their own names to EL2's */
static void guest_cntv(bool on)
{
    uint64_t hcr = rd(hcr_el2);

    host_hcr(HOST_HCR);
    cntv(on);
    host_hcr(hcr);
}

static void guest_cntp(bool on)
{
    uint64_t hcr = rd(hcr_el2);

    host_hcr(HOST_HCR);
    cntp(on);
    host_hcr(hcr);
}

/* The life of an interrupt */

static uint64_t guest_life(uint64_t unused)
{
    CHECK_EQ(rd(ICC_HPPIR_EL1), 0);
    CHECK(!irq_line());
    CHECK_EQ(gic_cdia(), 0);
    wr(ICC_PPI_SPENDR0_EL1, BIT(PPI_SW));
    CHECK(irq_line());
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_SW));
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_SW));
    CHECK_EQ(gic_cdnmia(), 0);

    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    gsb_ack();
    isb();
    CHECK_EQ(rd(ICC_APR_EL1), BIT(9));
    CHECK_EQ(rd(ICC_HPPIR_EL1), 0);
    CHECK(ppi_active(PPI_SW));
    CHECK(!ppi_pending(PPI_SW));
    CHECK(!irq_line());

    /* It stays active while it is pending again */
    ppi_pend(PPI_SW, true);
    gic_cdeoi();
    isb();
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    CHECK(ppi_active(PPI_SW));
    CHECK(!irq_line());
    CHECK_EQ(gic_cdia(), 0);
    gic_cddi(PPI(PPI_SW));
    CHECK(!ppi_active(PPI_SW));
    CHECK(irq_line());
    CHECK_EQ(ack_once(), VPPI(PPI_SW));
    CHECK(!irq_line());
    /* CDDI first */
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    gic_cddi(PPI(PPI_SW));
    CHECK(!ppi_active(PPI_SW));
    CHECK_EQ(rd(ICC_APR_EL1), BIT(9));
    gic_cdeoi();
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    gic_cdeoi();
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    CHECK_EQ(gic_cdia(), 0);
    return 1;
}

static void test_life(void)
{
    struct iface_state before, after;

    virt_setup();
    vppi_priority(PPI_SW, 9);
    vppi_enable(BIT(PPI_SW));
    /* The physical one is different in everything. */
    wr(ICC_APR_EL1, BIT(31));
    wr(ICC_PCR_EL1, 2);
    ppi_pend(PPI_SW, true);
    wr(ICC_PPI_SACTIVER0_EL1, BIT(PPI_SW));
    isb();
    iface_save(&before);
    CHECK_EQ(guest(VIRT, guest_life, 0), 1);
    iface_save(&after);
    CHECK_EQ(after.apr, before.apr);
    CHECK_EQ(after.pcr, before.pcr);
    CHECK_EQ(after.enabler[0], before.enabler[0]);
    CHECK_EQ(after.pendr[0], before.pendr[0]);
    CHECK_EQ(after.activer[0], before.activer[0]);
}

/* The same, watched from EL2 */
static uint64_t guest_steps(uint64_t unused)
{
    hvc(1);
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    hvc(2);
    gic_cdeoi();
    hvc(3);
    gic_cddi(PPI(PPI_SW));
    hvc(4);
    return 0;
}

static void test_watched(void)
{
    struct vcpu *v = guest_vcpu();
    static const struct {
        uint64_t hppir, apr, pendr, activer;
    } want[] = {
        { VPPI(PPI_SW), 0, BIT(PPI_SW), 0 },
        { 0, BIT(9), 0, BIT(PPI_SW) },
        { 0, 0, 0, BIT(PPI_SW) },
        { 0, 0, 0, 0 },
    };

    vppi_one(PPI_SW, 9);
    vcpu_init(v, VIRT, guest_steps, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
        CHECK_EQ(vcpu_run(v), VCPU_HVC);
        CHECK_EQ(v->hvc, i + 1);
        CHECK_EQ(ich_read(ICH_HPPIR), want[i].hppir);
        CHECK_EQ(ich_read(ICH_APR), want[i].apr);
        CHECK_EQ(ich_read(ICH_PENDR0), want[i].pendr);
        CHECK_EQ(ich_read(ICH_ACTIVER0), want[i].activer);
        CHECK_EQ(rd(ICC_HPPIR_EL1), 0);
        CHECK_EQ(rd(ICC_APR_EL1), 0);
    }
    CHECK_EQ(vcpu_run(v), VCPU_DONE);
}

static uint64_t guest_line(uint64_t unused)
{
    return irq_line();
}

static uint64_t guest_cdia(uint64_t unused)
{
    gic_sync();
    return gic_cdia();
}

/* Is a virtual interrupt signalled, and only then acknowledged? */
static bool signalled(void)
{
    bool line = guest(VIRT, guest_line, 0);
    uint64_t hppir = ich_read(ICH_HPPIR);
    uint64_t ia;

    /* ICH_HPPIR_EL2 has the test of CDIA: inferred */
    CHECK_EQ(!!(hppir & VALID), line);
    ia = guest(VIRT, guest_cdia, 0);
    CHECK_EQ(ia, hppir);
    return line;
}

/* Undo an acknowledge */
static void again(unsigned ppi, uint64_t apr)
{
    ich_write(ICH_ACTIVER0, 0);
    ich_write(ICH_APR, apr);
    vppi_pend(BIT(ppi));
}

static void test_gates(void)
{
    vppi_one(PPI_SW, 7);
    CHECK(signalled());
    again(PPI_SW, 0);
    ich_write(ICH_VCTLR, 0);
    CHECK(!signalled());
    ich_write(ICH_VCTLR, VCTLR_EN);
    CHECK(signalled());
    again(PPI_SW, 0);
    ich_write(ICH_VMCR, VMCR_VPMR(0x1f));
    CHECK(!signalled());
    ich_write(ICH_VMCR, VMCR_VPMR(0x1f) | VMCR_EN);
    CHECK(signalled());
    again(PPI_SW, 0);
    vppi_enable(~BIT(PPI_SW));
    CHECK(!signalled());
    vppi_enable(BIT(PPI_SW));
    ich_write(ICH_ACTIVER0, BIT(PPI_SW));
    CHECK(!signalled());
    ich_write(ICH_ACTIVER0, 0);
    vppi_pend(0);
    CHECK(!signalled());
    vppi_pend(BIT(PPI_SW));
    CHECK(signalled());
    /* The physical gates are others. */
    again(PPI_SW, 0);
    wr(ICC_CR0_EL1, 0);
    wr(ICC_PCR_EL1, 0);
    wr(ICC_APR_EL1, BIT(0));
    isb();
    CHECK(signalled());
}

/* VPMR: less than or equal; running priority: less than */
static void test_vpmr(void)
{
    for (unsigned prio = 0; prio < 32; prio++) {
        vppi_one(PPI_SW, prio);
        for (unsigned mask = 0; mask < 32; mask++) {
            ich_write(ICH_VMCR, VMCR_VPMR(mask) | VMCR_EN);
            CHECK_EQ(!!(ich_read(ICH_HPPIR) & VALID), prio <= mask);
        }
        ich_write(ICH_VMCR, VMCR_VPMR(prio) | VMCR_EN);
        CHECK(signalled());
        CHECK_EQ(ich_read(ICH_APR), BIT(prio));
        if (prio) {
            again(PPI_SW, 0);
            ich_write(ICH_VMCR, VMCR_VPMR(prio - 1) | VMCR_EN);
            CHECK(!signalled());
        }
    }
}

static void test_running(void)
{
    for (unsigned prio = 0; prio < 32; prio++) {
        vppi_one(PPI_SW, prio);
        for (unsigned run = 0; run < 32; run++) {
            ich_write(ICH_APR, BIT(run) | BIT(31));
            CHECK_EQ(!!(ich_read(ICH_HPPIR) & VALID), prio < run);
        }
    }
}

static uint64_t guest_acks(uint64_t n)
{
    static const unsigned order[] = { PPI_CNTV, PPI_PMU, PPI_SW, PPI_CNTP };

    /* Of one priority: the order is the implementation's */
    for (unsigned i = 0; i < n; i++) {
        gic_sync();
        CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(order[i]));
        CHECK_EQ(gic_cdia(), VPPI(order[i]));
        gic_cdeoi();
    }
    return gic_cdia();
}

static void test_order(void)
{
    virt_setup();
    vppi_priority(PPI_CNTV, 3);
    vppi_priority(PPI_PMU, 4);
    vppi_priority(PPI_SW, 20);
    vppi_priority(PPI_CNTP, 21);
    vppi_enable(~0ull);
    vppi_pend(BIT(PPI_CNTV) | BIT(PPI_PMU) | BIT(PPI_SW) | BIT(PPI_CNTP));
    CHECK_EQ(guest(VIRT, guest_acks, 4), 0);
    CHECK_EQ(ich_read(ICH_ACTIVER0),
             BIT(PPI_CNTV) | BIT(PPI_PMU) | BIT(PPI_SW) | BIT(PPI_CNTP));
    /* Levels stay pending */
    CHECK_EQ(ich_read(ICH_PENDR0),
             BIT(PPI_CNTV) | BIT(PPI_PMU) | BIT(PPI_CNTP));
}

/* Interrupts taken at EL1 */

static uint64_t guest_sw(uint64_t n)
{
    struct cpu *c = this_cpu();

    wr(ICC_PPI_ENABLER0_EL1, BIT(PPI_SW));
    for (unsigned i = 1; i <= n; i++) {
        ppi_pend(PPI_SW, true);
        CHECK_EQ(c->count, i - 1);
        irq_window();
        CHECK_EQ(c->count, i);
    }
    irq_open();
    ppi_pend(PPI_SW, true);
    CHECK(wait_for(c->count == n + 1));
    irq_close();
    CHECK_EQ(c->log[0], PPI(PPI_SW));
    CHECK_EQ(c->spurious, 0);
    return c->count;
}

static void test_sw(void)
{
    virt_setup();
    CHECK_EQ(guest(VIRT, guest_sw, 1000), 1001);
    CHECK_EQ(guest_vcpu()->irqs, 0);
    CHECK_EQ(this_cpu()->count, 0);
}

static uint64_t guest_open(uint64_t unused)
{
    irq_window();
    return this_cpu()->count;
}

/* EL2 makes it pending; the guest takes it */
static void test_inject(void)
{
    for (unsigned i = 0; i < 50; i++) {
        vppi_one(PPI_SW, 12);
        CHECK_EQ(guest(VIRT, guest_open, 0), 1);
        CHECK_EQ(guest_vcpu()->cpu.log[0], PPI(PPI_SW));
    }
}

/* Handlers that nest: each opens interrupts */
static void nesting(void)
{
    struct cpu *c = this_cpu();
    uint64_t ia = gic_cdia();

    if (!(ia & VALID)) {
        c->spurious++;
        return;
    }
    gsb_ack();
    isb();
    c->log[c->count++ % LOG_SIZE] = ia;
    switch ((uint32_t)ia) {
    case PPI(PPI_SW):
        CHECK_EQ(rd(ICC_APR_EL1), BIT(20));
        /* Lower, equal: they wait */
        hvc(1);
        irq_window();
        CHECK_EQ(c->count, 1);
        /* Higher */
        hvc(2);
        irq_open();
        CHECK(wait_for(c->count == 2));
        irq_close();
        CHECK_EQ(rd(ICC_APR_EL1), BIT(20));
        break;
    case PPI(PPI_PMU):
        CHECK_EQ(rd(ICC_APR_EL1), BIT(20) | BIT(10));
        irq_window();
        CHECK_EQ(c->count, 2);
        break;
    }
    /* The levels fall */
    hvc(3);
    gic_cdeoi();
    gic_cddi(ia);
    isb();
}

static uint64_t guest_nest(uint64_t unused)
{
    struct cpu *c = this_cpu();

    c->irq = nesting;
    ppi_pend(PPI_SW, true);
    irq_window();
    CHECK(wait_for(c->count == 4));
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    return c->count;
}

static void test_nesting(void)
{
    static const uint32_t order[] = {
        PPI(PPI_SW), PPI(PPI_PMU), PPI(PPI_CNTV), PPI(PPI_CNTP),
    };
    struct vcpu *v = guest_vcpu();
    enum vcpu_exit e;

    virt_setup();
    vppi_priority(PPI_SW, 20);
    vppi_priority(PPI_CNTV, 20);
    vppi_priority(PPI_CNTP, 25);
    vppi_priority(PPI_PMU, 10);
    vppi_enable(BIT(PPI_SW) | BIT(PPI_CNTV) | BIT(PPI_CNTP) | BIT(PPI_PMU));
    vcpu_init(v, VIRT, guest_nest, 0);
    while ((e = vcpu_run(v)) == VCPU_HVC) {
        uint64_t pend = ich_read(ICH_PENDR0);

        switch (v->hvc) {
        case 1:
            pend |= BIT(PPI_CNTV) | BIT(PPI_CNTP);
            break;
        case 2:
            pend |= BIT(PPI_PMU);
            break;
        case 3:
            pend &= ~BIT(INTID_ID(v->cpu.log[v->cpu.count - 1]));
            break;
        }
        vppi_pend(pend);
    }
    CHECK_EQ(e, VCPU_DONE);
    CHECK_EQ(v->cpu.count, 4);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(v->cpu.log[i], order[i]);
    }
}

/* Pending, of a level and of an edge, without DVI */

static uint64_t guest_pend_all(uint64_t pend)
{
    if (pend) {
        wr(ICC_PPI_SPENDR0_EL1, ~0ull);
    } else {
        wr(ICC_PPI_CPENDR0_EL1, ~0ull);
    }
    isb();
    return rd(ICC_PPI_CPENDR0_EL1);
}

static void test_pend(void)
{
    uint64_t levels = BIT(PPI_CNTV) | BIT(PPI_PMU);

    virt_setup();
    /* A guest's writes do not reach a level: inferred */
    CHECK_EQ(guest(VIRT, guest_pend_all, 1), BIT(PPI_SW));
    CHECK_EQ(ich_read(ICH_PENDR0), BIT(PPI_SW));
    CHECK_EQ(guest(VIRT, guest_pend_all, 0), 0);
    vppi_pend(levels | BIT(PPI_SW));
    CHECK_EQ(guest(VIRT, guest_pend_all, 0), levels);
    CHECK_EQ(ich_read(ICH_PENDR0), levels);
    /* The lines are something else. */
    guest_cntv(true);
    guest_cntp(true);
    CHECK_EQ(ich_read(ICH_PENDR0), levels);
    CHECK_EQ(guest(VIRT, guest_pend_all, 1), levels | BIT(PPI_SW));
    CHECK_EQ(rd(ICC_PPI_SPENDR0_EL1) & (BIT(PPI_SW) | BIT(PPI_CNTP)),
             BIT(PPI_CNTP));
    guest_cntv(false);
    guest_cntp(false);
}

static void test_level_ack(void)
{
    vppi_one(PPI_CNTV, 3);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(guest(VIRT, guest_cdia, 0), VPPI(PPI_CNTV));
        /* Active; the acknowledge does not clear a level's pending state */
        CHECK_EQ(ich_read(ICH_PENDR0), BIT(PPI_CNTV));
        CHECK(!guest(VIRT, guest_line, 0));
        ich_write(ICH_APR, 0);
        CHECK(!guest(VIRT, guest_line, 0));
        ich_write(ICH_ACTIVER0, 0);
        CHECK(guest(VIRT, guest_line, 0));
    }
    vppi_pend(0);
    CHECK(!guest(VIRT, guest_line, 0));
}

/* Direct virtual injection */

static uint64_t guest_pending(uint64_t unused)
{
    isb();
    return rd(ICC_PPI_SPENDR0_EL1);
}

static void test_dvi_level(void)
{
    uint64_t bit = BIT(PPI_CNTV);

    virt_setup();
    vppi_enable(bit);
    ich_write(ICH_DVIR0, bit);
    CHECK(!guest(VIRT, guest_line, 0));
    guest_cntv(true);
    CHECK_EQ(guest(VIRT, guest_pending, 0), bit);
    CHECK_EQ(ich_read(ICH_HPPIR), VPPI(PPI_CNTV));
    CHECK(guest(VIRT, guest_line, 0));
    /* ICH_PPI_PENDR<n>_EL2 does not matter. */
    vppi_pend(0);
    CHECK(guest(VIRT, guest_line, 0));
    guest_cntv(false);
    CHECK(!guest(VIRT, guest_line, 0));
    vppi_pend(bit);
    CHECK(!guest(VIRT, guest_line, 0));
    CHECK_EQ(guest(VIRT, guest_pending, 0), 0);
    /* Nor can the guest do anything about a line */
    CHECK_EQ(guest(VIRT, guest_pend_all, 1) & bit, 0);
    guest_cntv(true);
    CHECK_EQ(guest(VIRT, guest_pend_all, 0), bit);

    /* The physical one is acknowledged by nobody. */
    CHECK_EQ(guest(VIRT, guest_cdia, 0), VPPI(PPI_CNTV));
    CHECK_EQ(ich_read(ICH_ACTIVER0), bit);
    CHECK(!ppi_active(PPI_CNTV));
    CHECK(ppi_pending(PPI_CNTV));
    ich_write(ICH_ACTIVER0, 0);
    ich_write(ICH_APR, 0);
    /* Physical Active and disabled do not hold the virtual one back. */
    wr(ICC_PPI_SACTIVER0_EL1, bit);
    isb();
    CHECK(guest(VIRT, guest_line, 0));
    CHECK_EQ(guest(VIRT, guest_cdia, 0), VPPI(PPI_CNTV));
    CHECK(ppi_active(PPI_CNTV));
    wr(ICC_PPI_CACTIVER0_EL1, bit);
    guest_cntv(false);
}

static void timer_off(void)
{
    struct cpu *c = this_cpu();
    uint64_t ia = gic_cdia();

    if (ia == VPPI(PPI_CNTV)) {
        wr(cntv_ctl_el0, 0);
        c->count++;
    } else {
        c->spurious++;
    }
    isb();
    gic_cdeoi();
    gic_cddi(ia);
}

static uint64_t guest_ticks(uint64_t n)
{
    struct cpu *c = this_cpu();

    c->irq = timer_off;
    irq_open();
    for (unsigned i = 1; i <= n; i++) {
        wr(cntv_cval_el0, now() + ms_ticks(1));
        wr(cntv_ctl_el0, 1);
        isb();
        if (!CHECK(wait_for(c->count == i))) {
            break;
        }
    }
    irq_close();
    CHECK_EQ(c->spurious, 0);
    return c->count;
}

static void test_dvi_ticks(void)
{
    virt_setup();
    vppi_enable(BIT(PPI_CNTV));
    ich_write(ICH_DVIR0, BIT(PPI_CNTV));
    CHECK_EQ(guest(VIRT, guest_ticks, 20), 20);
    /* None of them was a physical interrupt. */
    CHECK_EQ(guest_vcpu()->irqs, 0);
    CHECK_EQ(this_cpu()->count, 0);
}

/* Also enabled on the physical side: both happen. */
static void host_timer(void)
{
    struct cpu *c = this_cpu();
    uint64_t ia = gic_cdia();

    c->log[c->count++ % LOG_SIZE] = ia;
    ppi_enable(PPI_CNTV, false);
    gic_cdeoi();
    gic_cddi(ia);
    isb();
}

static void test_dvi_both(void)
{
    struct cpu *c = this_cpu();

    virt_setup();
    vppi_enable(BIT(PPI_CNTV));
    ich_write(ICH_DVIR0, BIT(PPI_CNTV));
    c->irq = host_timer;
    ppi_enable(PPI_CNTV, true);
    CHECK_EQ(guest(VIRT, guest_ticks, 1), 1);
    CHECK_EQ(guest_vcpu()->irqs, 1);
    CHECK_EQ(c->count, 1);
    CHECK_EQ(c->log[0], PPI(PPI_CNTV));
}

static uint64_t guest_pend_sw(uint64_t on)
{
    ppi_pend(PPI_SW, on);
    return ppi_pending(PPI_SW);
}

static void test_dvi_edge(void)
{
    uint64_t bit = BIT(PPI_SW);

    virt_setup();
    vppi_enable(bit);
    ich_write(ICH_DVIR0, bit);
    /* EL2 */
    ppi_pend(PPI_SW, true);
    CHECK_EQ(ich_read(ICH_HPPIR), VPPI(PPI_SW));
    CHECK_EQ(guest(VIRT, guest_pending, 0), bit);
    ppi_pend(PPI_SW, false);
    CHECK(!guest(VIRT, guest_line, 0));
    vppi_pend(bit);
    CHECK(!guest(VIRT, guest_line, 0));
    /* The guest's writes reach the physical latch */
    CHECK_EQ(guest(VIRT, guest_pend_sw, true), true);
    CHECK(ppi_pending(PPI_SW));
    CHECK_EQ(guest(VIRT, guest_pend_sw, false), false);
    CHECK(!ppi_pending(PPI_SW));
    /* So does its acknowledge, but for the Active state */
    ppi_pend(PPI_SW, true);
    CHECK_EQ(guest(VIRT, guest_cdia, 0), VPPI(PPI_SW));
    CHECK(!ppi_pending(PPI_SW));
    CHECK(!ppi_active(PPI_SW));
    CHECK_EQ(ich_read(ICH_ACTIVER0), bit);
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    ich_write(ICH_ACTIVER0, 0);
    ich_write(ICH_APR, 0);
    /* An acknowledge at EL2 takes it from the guest. */
    ppi_enable(PPI_SW, true);
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(ack_once(), VPPI(PPI_SW));
    CHECK(!guest(VIRT, guest_line, 0));
    /* Without DVI there are two latches again. */
    vppi_pend(0);
    ppi_enable(PPI_SW, false);
    ppi_pend(PPI_SW, true);
    CHECK(guest(VIRT, guest_line, 0));
    ich_write(ICH_DVIR0, 0);
    CHECK(!guest(VIRT, guest_line, 0));
    CHECK_EQ(guest(VIRT, guest_pend_sw, true), true);
    ppi_pend(PPI_SW, false);
    CHECK(guest(VIRT, guest_line, 0));
    CHECK_EQ(guest(VIRT, guest_cdia, 0), VPPI(PPI_SW));
    CHECK(!ppi_active(PPI_SW));
}

/* Superpriority */

static uint64_t guest_nmi_state(uint64_t nmi)
{
    wr(ALLINT, PSTATE_ALLINT);
    wr(sctlr_el1, (rd(sctlr_el1) & ~SCTLR_NMI) | (nmi ? SCTLR_NMI : 0));
    isb();
    gic_sync();
    return rd(isr_el1);
}

static uint64_t guest_nmi_acks(uint64_t nmi)
{
    guest_nmi_state(nmi);
    if (nmi) {
        CHECK_EQ(gic_cdia(), 0);
        CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_SW));
        CHECK_EQ(gic_cdnmia(), VPPI(PPI_SW));
    } else {
        CHECK_EQ(gic_cdnmia(), 0);
        CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    }
    CHECK_EQ(rd(ICC_APR_EL1), BIT(0));
    gic_cdeoi();
    gic_cddi(PPI(PPI_SW));
    gic_sync();
    return rd(isr_el1);
}

static void test_nmi_ack(void)
{
    for (unsigned nmi = 0; nmi < 2; nmi++) {
        vppi_one(PPI_SW, 0);
        CHECK_EQ(guest(VIRT, guest_nmi_state, nmi) & (ISR_I | ISR_F | ISR_IS),
                 ISR_I | ISR_IS);
        CHECK_EQ(guest(VIRT, guest_nmi_acks, nmi) & (ISR_I | ISR_IS), 0);
        /* Priority 1 is an ordinary one */
        vppi_one(PPI_SW, 1);
        CHECK_EQ(guest(VIRT, guest_nmi_state, nmi) & (ISR_I | ISR_F | ISR_IS),
                 ISR_I);
    }
}

static void nmi_handler(void)
{
    struct cpu *c = this_cpu();
    uint64_t ia = gic_cdnmia();

    c->log[c->count++ % LOG_SIZE] = ia;
    gsb_ack();
    isb();
    gic_cdeoi();
    gic_cddi(ia);
    isb();
}

/* It is taken with PSTATE.I=1 */
static uint64_t guest_nmi(uint64_t prio)
{
    struct cpu *c = this_cpu();

    c->irq = nmi_handler;
    wr(ALLINT, PSTATE_ALLINT);
    guest_nmi_state(true);
    ppi_pend(PPI_SW, true);
    CHECK(irq_line());
    CHECK_EQ(c->count, 0);
    wr(ALLINT, 0);
    isb();
    asm volatile("nop\nnop\nnop" : : : "memory");
    CHECK_EQ(c->count, prio == 0);
    wr(ALLINT, PSTATE_ALLINT);
    isb();
    return c->log[0];
}

static void test_nmi(void)
{
    virt_setup();
    vppi_enable(BIT(PPI_SW));
    vppi_priority(PPI_SW, 0);
    CHECK_EQ(guest(VIRT, guest_nmi, 0), PPI(PPI_SW));
    vppi_priority(PPI_SW, 1);
    CHECK_EQ(guest(VIRT, guest_nmi, 1), 0);
}

/* Where a virtual interrupt is taken */

static void test_not_el2(void)
{
    struct cpu *c = this_cpu();

    vppi_one(PPI_SW, 4);
    CHECK(!(rd(isr_el1) & ISR_I));
    irq_window();
    CHECK_EQ(c->count + c->spurious, 0);
    CHECK_EQ(ich_read(ICH_HPPIR), VPPI(PPI_SW));
    CHECK_EQ(gic_cdia(), 0);
    host_hcr(VHE_HCR);
    irq_window();
    CHECK(!(rd(isr_el1) & ISR_I));
    CHECK_EQ(c->count + c->spurious, 0);
    CHECK_EQ(gic_cdia(), 0);
}

static uint64_t guest_quiet(uint64_t unused)
{
    struct cpu *c = this_cpu();

    CHECK(!irq_line());
    irq_window();
    CHECK_EQ(c->count + c->spurious, 0);
    return gic_cdia();
}

/* IMO of the vCPU decides, each time that it is entered. */
static uint64_t guest_imo(uint64_t unused)
{
    struct cpu *c = this_cpu();

    for (unsigned i = 0; i < 3; i++) {
        /* IMO=0 */
        guest_quiet(0);
        hvc(1);
        /* IMO=1 */
        CHECK(irq_line());
        CHECK_EQ(c->count, 0);
        hvc(2);
    }
    hvc(1);
    irq_window();
    CHECK_EQ(c->count, 1);
    return 0;
}

static void test_imo(void)
{
    struct vcpu *v = guest_vcpu();

    vppi_one(PPI_SW, 4);
    vcpu_init(v, PHYS, guest_imo, 0);
    while (vcpu_run(v) == VCPU_HVC) {
        v->hcr = v->hvc == 1 ? VIRT : PHYS;
    }
    CHECK_EQ(v->cpu.count, 1);
}

/* Orders in which EL2 can change things: the line is always right. */
static void test_change_order(void)
{
    vppi_one(PPI_SW, 4);
    /* EL2's own IMO */
    for (unsigned i = 0; i < 8; i++) {
        host_hcr(HCR_RW | (i & 1 ? HCR_IMO : 0) | (i & 2 ? HCR_FMO : 0));
        if (i & 4) {
            vppi_pend(0);
            vppi_pend(BIT(PPI_SW));
        }
        CHECK_EQ(ich_read(ICH_HPPIR), VPPI(PPI_SW));
        CHECK(guest(VIRT, guest_line, 0));
        CHECK(!guest(PHYS, guest_line, 0));
    }
    /* Withdrawn while IMO=0 */
    host_hcr(HCR_RW);
    vppi_pend(0);
    CHECK(!guest(VIRT, guest_line, 0));
    vppi_pend(BIT(PPI_SW));
    CHECK(guest(VIRT, guest_line, 0));
    ich_write(ICH_VCTLR, 0);
    host_hcr(HOST_HCR);
    CHECK(!guest(VIRT, guest_line, 0));
    host_hcr(HCR_RW);
    ich_write(ICH_VCTLR, VCTLR_EN);
    CHECK(guest(VIRT, guest_line, 0));
    ich_write(ICH_VMCR, 0);
    CHECK(!guest(VIRT, guest_line, 0));
}

/* EL1 with IMO=0 has the physical interface, VCTLR.EN or not. */
static uint64_t guest_phys(uint64_t unused)
{
    struct cpu *c = this_cpu();

    wr(ICC_PCR_EL1, 0x1b);
    ppi_priority(PPI_SW, 0x1b);
    wr(ICC_PPI_ENABLER0_EL1, BIT(PPI_SW));
    ppi_pend(PPI_SW, true);
    irq_window();
    CHECK_EQ(c->count, 1);
    ppi_pend(PPI_SW, true);
    gic_sync();
    return gic_cdia();
}

static void test_phys(void)
{
    virt_setup();
    CHECK_EQ(guest(PHYS, guest_phys, 0), VPPI(PPI_SW));
    CHECK_EQ(rd(ICC_PCR_EL1), 0x1b);
    CHECK_EQ(rd(ICC_APR_EL1), BIT(0x1b));
    CHECK(ppi_active(PPI_SW));
    CHECK_EQ(ich_read(ICH_ACTIVER0), 0);
    CHECK_EQ(ich_read(ICH_APR), 0);
    CHECK_EQ(ich_read(ICH_VMCR), VMCR_VPMR(0x1f) | VMCR_EN);
    CHECK_EQ(ich_read(ICH_ENABLER0), 0);
}

/* HCR_EL2.VI and HCRX_EL2.VINMI beside it */

/* It comes again until EL2 takes it back. */
static void vi_handler(void)
{
    irq_default();
    if (this_cpu()->spurious == 3) {
        hvc(1);
    }
}

static uint64_t guest_spurious(uint64_t unused)
{
    struct cpu *c = this_cpu();

    c->irq = vi_handler;
    irq_window();
    CHECK_EQ(c->spurious, 3);
    return c->count;
}

static uint64_t guest_isr(uint64_t unused)
{
    gic_sync();
    return rd(isr_el1) & (ISR_I | ISR_F | ISR_IS);
}

static void test_vi(void)
{
    struct vcpu *v = guest_vcpu();

    virt_setup();
    CHECK_EQ(guest(VIRT | HCR_VI, guest_isr, 0), ISR_I);
    CHECK_EQ(guest(VIRT, guest_isr, 0), 0);
    vcpu_init(v, VIRT | HCR_VI, guest_spurious, 0);
    CHECK_EQ(vcpu_run(v), VCPU_HVC);
    v->hcr = VIRT;
    CHECK_EQ(vcpu_run(v), VCPU_DONE);
    CHECK_EQ(v->x[0], 0);
    /* Both: the other's withdrawal leaves it */
    vppi_one(PPI_SW, 4);
    CHECK_EQ(guest(VIRT | HCR_VI, guest_isr, 0), ISR_I);
    CHECK_EQ(guest(VIRT, guest_isr, 0), ISR_I);
    CHECK_EQ(guest(VIRT | HCR_VI, guest_cdia, 0), VPPI(PPI_SW));
    CHECK_EQ(guest(VIRT | HCR_VI, guest_isr, 0), ISR_I);
    CHECK_EQ(guest(VIRT, guest_isr, 0), 0);
    /* Without IMO, VI is nothing. */
    CHECK_EQ(guest((PHYS & ~HCR_IMO) | HCR_VI, guest_isr, 0), 0);
}

static void test_vinmi(void)
{
    virt_setup();
    wr(HCRX_EL2, HCRX_VINMI);
    isb();
    if (!(rd(HCRX_EL2) & HCRX_VINMI)) {
        test_skip("no HCRX_EL2.VINMI");
        return;
    }
    CHECK_EQ(guest(VIRT, guest_isr, 0), 0);
    CHECK_EQ(guest(VIRT | HCR_VI, guest_isr, 0), ISR_I | ISR_IS);
    /* It makes nothing of an interrupt of the GIC */
    vppi_one(PPI_SW, 4);
    CHECK_EQ(guest(VIRT, guest_isr, 0), ISR_I);
    CHECK_EQ(guest(VIRT | HCR_VI, guest_isr, 0), ISR_I | ISR_IS);
    wr(HCRX_EL2, 0);
    isb();
    CHECK_EQ(guest(VIRT | HCR_VI, guest_isr, 0), ISR_I);
    vppi_priority(PPI_SW, 0);
    CHECK_EQ(guest(VIRT | HCR_VI, guest_isr, 0), ISR_I | ISR_IS);
    vppi_pend(0);
    CHECK_EQ(guest(VIRT | HCR_VI, guest_isr, 0), ISR_I);
    CHECK_EQ(guest(VIRT, guest_isr, 0), 0);
}

/* WFI */

static uint64_t guest_wfi(uint64_t n)
{
    struct cpu *c = this_cpu();

    c->irq = timer_off;
    for (unsigned i = 1; i <= n; i++) {
        wr(cntv_cval_el0, now() + ms_ticks(2));
        wr(cntv_ctl_el0, 1);
        isb();
        asm volatile("wfi" : : : "memory");
        CHECK(irq_line());
        irq_window();
        CHECK_EQ(c->count, i);
    }
    return c->count;
}

static void test_wfi(void)
{
    virt_setup();
    vppi_enable(BIT(PPI_CNTV));
    ich_write(ICH_DVIR0, BIT(PPI_CNTV));
    CHECK_EQ(guest(VIRT, guest_wfi, 10), 10);
}

/* Physical interrupts while a guest runs */

static void host_tick(void)
{
    struct cpu *c = this_cpu();
    uint64_t ia = gic_cdia();

    c->log[c->count++ % LOG_SIZE] = ia;
    if (ia == VPPI(PPI_CNTHP)) {
        wr(cnthp_ctl_el2, 0);
    } else if (ia == VPPI(PPI_CNTHV)) {
        wr(cnthv_ctl_el2, 0);
    } else {
        c->spurious++;
    }
    isb();
    gic_cdeoi();
    gic_cddi(ia);
}

/* With interrupts masked at EL1, or open */
static uint64_t guest_until_irq(uint64_t open)
{
    struct vcpu *v = this_vcpu();

    if (open) {
        irq_open();
    }
    CHECK(wait_for(v->irqs == 1));
    irq_close();
    CHECK_EQ(v->cpu.count + v->cpu.spurious, 0);
    return 5;
}

static void test_host_irq(void)
{
    struct cpu *c = this_cpu();
    struct vcpu *v = guest_vcpu();

    virt_setup();
    c->irq = host_tick;
    ppi_enable(PPI_CNTHP, true);
    for (unsigned i = 0; i < 10; i++) {
        wr(cnthp_cval_el2, now() + ms_ticks(1));
        wr(cnthp_ctl_el2, 1);
        isb();
        CHECK_EQ(guest(VIRT, guest_until_irq, i & 1), 5);
        CHECK_EQ(v->irqs, 1);
        CHECK_EQ(c->count, i + 1);
    }
    CHECK_EQ(c->log[0], PPI(PPI_CNTHP));
    CHECK_EQ(c->spurious, 0);
}

/* It would sleep for ever. */
static uint64_t guest_wfi_pending(uint64_t unused)
{
    asm volatile("wfi" : : : "memory");
    return ack_once();
}

/* A guest in WFI, with a physical interrupt and no virtual one */
static uint64_t guest_wfi_irq(uint64_t unused)
{
    struct vcpu *v = this_vcpu();

    while (!v->irqs) {
        asm volatile("wfi" : : : "memory");
    }
    return v->irqs;
}

static void test_host_irq_wfi(void)
{
    struct cpu *c = this_cpu();

    virt_setup();
    c->irq = host_tick;
    ppi_enable(PPI_CNTHP, true);
    for (unsigned i = 0; i < 10; i++) {
        wr(cnthp_cval_el2, now() + ms_ticks(1));
        wr(cnthp_ctl_el2, 1);
        isb();
        CHECK_EQ(guest(VIRT, guest_wfi_irq, 0), 1);
    }
    CHECK_EQ(c->count, 10);
}

/* A host that sleeps while a guest's interrupt waits for the guest */
static void test_host_wfi(void)
{
    uint64_t times = 0;

    virt_setup();
    vppi_enable(BIT(PPI_SW));
    ich_write(ICH_PENDR0, BIT(PPI_SW));
    CHECK_EQ(ich_read(ICH_HPPIR), VPPI(PPI_SW));
    ppi_enable(PPI_CNTHP, true);
    wr(cnthp_cval_el2, now() + ms_ticks(50));
    wr(cnthp_ctl_el2, 1);
    isb();
    while (!ppi_pending(PPI_CNTHP)) {
        asm volatile("wfi" : : : "memory");
        times++;
    }
    /* Thousands, if it is woken by what it cannot take */
    CHECK(times < 20);
    cnthp(false);
    ppi_enable(PPI_CNTHP, false);
    /* At EL1 it wakes, masked or not. */
    CHECK_EQ(guest(VIRT, guest_wfi_pending, 0), VPPI(PPI_SW));
}

/* Both at once: the physical one first, whatever the priorities */
static uint64_t guest_both(uint64_t unused)
{
    struct vcpu *v = this_vcpu();

    CHECK_EQ(v->irqs, 1);
    irq_window();
    return v->cpu.count;
}

static void test_both(void)
{
    struct cpu *c = this_cpu();

    for (unsigned i = 0; i < 2; i++) {
        vppi_one(PPI_SW, i ? 0 : 30);
        c->irq = host_tick;
        c->count = 0;
        ppi_priority(PPI_CNTHP, i ? 30 : 1);
        ppi_enable(PPI_CNTHP, true);
        cnthp(true);
        CHECK_EQ(guest(VIRT, guest_both, 0), 1);
        CHECK_EQ(c->count, 1);
    }
}

/* EL2's timers */

static void el2_timer(unsigned ppi, void (*line)(bool), bool (*high)(void))
{
    struct cpu *c = this_cpu();

    ppi_priority(ppi, 12);
    line(true);
    CHECK(ppi_pending(ppi));
    CHECK(!high());
    ppi_enable(ppi, true);
    CHECK(high());
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(ppi));
    line(false);
    CHECK(!ppi_pending(ppi));
    CHECK(!high());
    line(true);
    for (unsigned i = 0; i < 3; i++) {
        gic_sync();
        CHECK_EQ(gic_cdia(), VPPI(ppi));
        CHECK(ppi_active(ppi));
        CHECK(!high());
        gic_cdeoi();
        gic_cddi(PPI(ppi));
        CHECK(high());
    }
    c->irq = host_tick;
    irq_window();
    CHECK_EQ(c->count, 1);
    CHECK_EQ(c->log[0], PPI(ppi));
    CHECK(!high());
    ppi_enable(ppi, false);
    line(false);
}

static bool line_high(void)
{
    return irq_line();
}

static void test_cnthp(void)
{
    el2_timer(PPI_CNTHP, cnthp, line_high);
}

static void test_cnthv(void)
{
    el2_timer(PPI_CNTHV, cnthv, line_high);
}

/* With VHE, EL1's names mean EL2's timers. */
static void test_vhe_timers(void)
{
    host_hcr(VHE_HCR);
    cntv(true);
    CHECK(ppi_pending(PPI_CNTHV));
    CHECK(!ppi_pending(PPI_CNTV));
    cntv(false);
    CHECK(!ppi_pending(PPI_CNTHV));
    cntp(true);
    CHECK(ppi_pending(PPI_CNTHP));
    CHECK(!ppi_pending(PPI_CNTP));
    cntp(false);
    el2_timer(PPI_CNTHP, cnthp, line_high);
    this_cpu()->count = 0;
    el2_timer(PPI_CNTHV, cnthv, line_high);
}

/* EL2 takes superpriority interrupts, too. */
static void test_host_nmi(void)
{
    struct cpu *c = this_cpu();

    c->irq = nmi_handler;
    ppi_priority(PPI_SW, 0);
    ppi_enable(PPI_SW, true);
    wr(ALLINT, PSTATE_ALLINT);
    wr(sctlr_el2, rd(sctlr_el2) | SCTLR_NMI);
    isb();
    ppi_pend(PPI_SW, true);
    CHECK_EQ(guest_isr(0), ISR_I | ISR_IS);
    CHECK_EQ(gic_cdia(), 0);
    CHECK_EQ(c->count, 0);
    wr(ALLINT, 0);
    isb();
    asm volatile("nop\nnop\nnop" : : : "memory");
    CHECK_EQ(c->count, 1);
    CHECK_EQ(c->log[0], PPI(PPI_SW));
    wr(sctlr_el2, rd(sctlr_el2) & ~SCTLR_NMI);
    isb();
}

/*
 * Which of CDIA and CDNMIA acknowledges is up to SCTLR_ELx of the level that
 * executes it: inferred
 */
static void test_nmi_by_el(void)
{
    ppi_priority(PPI_SW, 0);
    ppi_enable(PPI_SW, true);
    ppi_pend(PPI_SW, true);
    wr(ALLINT, PSTATE_ALLINT);
    /* SCTLR_EL1.NMI is not EL2's. */
    wr(sctlr_el1, rd(sctlr_el1) | SCTLR_NMI);
    isb();
    CHECK_EQ(gic_cdnmia(), 0);
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    gic_cdeoi();
    gic_cddi(PPI(PPI_SW));
    /* Nor is SCTLR_EL2.NMI EL1's */
    wr(sctlr_el1, rd(sctlr_el1) & ~SCTLR_NMI);
    wr(sctlr_el2, rd(sctlr_el2) | SCTLR_NMI);
    isb();
    vppi_one(PPI_SW, 0);
    guest(VIRT, guest_nmi_acks, false);
    vppi_one(PPI_SW, 0);
    guest(VIRT, guest_nmi_acks, true);
    wr(sctlr_el2, rd(sctlr_el2) & ~SCTLR_NMI);
    wr(ALLINT, 0);
    isb();
}

/*
 * AArch32 has no superpriority: SCTLR_EL1.NMI and PSTATE.ALLINT, as AArch64 has
 * left them, count for nothing, and PSTATE.I for all interrupts.
 */

#define A32_VBAR_FROM_R0 0xee0c0f10
#define A32_ISR_TO_R1 0xee1c1f11
#define A32_CPSIE_I 0xf1080080
#define A32_NOP 0xe320f000
#define A32_HVC(n) (0xe1400070 | (n))
#define A32_SVC_MODE 0x1d3
/* Of HVCs: the end of the code, and the vector of IRQ */
#define A32_END 1
#define A32_IRQ (2 + 6)

static uint32_t a32_vectors[8] __attribute__((aligned(32))) = {
    A32_HVC(2), A32_HVC(3), A32_HVC(4), A32_HVC(5),
    A32_HVC(6), A32_HVC(7), A32_HVC(A32_IRQ), A32_HVC(9),
};
static uint32_t a32_code[] = {
    A32_VBAR_FROM_R0, A32_NOP, A32_NOP, A32_ISR_TO_R1, A32_HVC(A32_END),
};

/* At EL1 in AArch32: the number of its HVC */
static unsigned a32_guest(uint64_t hcr, bool open, bool nmi)
{
    struct vcpu *v = guest_vcpu();

    a32_code[1] = open ? A32_CPSIE_I : A32_NOP;
    asm volatile("dsb sy\nic iallu\ndsb sy\nisb" : : : "memory");
    vcpu_init(v, hcr, NULL, 0);
    v->pc = (uint64_t)a32_code;
    v->x[0] = (uint64_t)a32_vectors;
    v->pstate = A32_SVC_MODE;
    v->sctlr_el1 |= nmi ? SCTLR_NMI : 0;
    CHECK_EQ(vcpu_enter(v), 12);
    CHECK_EQ(ESR_EC(v->esr), EC_HVC32);
    return v->esr & 0xffff;
}

static void test_aarch32(void)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t phys = e2h, virt = e2h | HCR_IMO | HCR_FMO;
        bool nmi = i & 1;

        wr(ALLINT, i & 2 ? PSTATE_ALLINT : 0);
        vppi_one(PPI_SW, i & 4 ? 1 : 0);
        CHECK_EQ(a32_guest(virt, false, nmi), A32_END);
        CHECK_EQ(guest_vcpu()->x[1] & (ISR_I | ISR_IS), ISR_I);
        CHECK_EQ(a32_guest(virt, true, nmi), A32_IRQ);
        virt_setup();
        CHECK_EQ(a32_guest(virt, true, nmi), A32_END);

        ppi_priority(PPI_SW, i & 4 ? 1 : 0);
        ppi_enable(PPI_SW, true);
        ppi_pend(PPI_SW, true);
        CHECK_EQ(a32_guest(phys, false, nmi), A32_END);
        CHECK_EQ(guest_vcpu()->x[1] & (ISR_I | ISR_IS), ISR_I);
        CHECK_EQ(a32_guest(phys, true, nmi), A32_IRQ);
        ppi_pend(PPI_SW, false);
        CHECK_EQ(a32_guest(phys, true, nmi), A32_END);
        ppi_enable(PPI_SW, false);
    }
    wr(ALLINT, 0);
    isb();
}

/* Nested virtualisation: EL1's timers are the nested EL2's (inferred) */

static void test_nv_timers(void)
{
    static const struct {
        unsigned from, to;
        void (*line)(bool);
    } timers[] = {
        { PPI_CNTP, PPI_CNTHP, guest_cntp },
        { PPI_CNTV, PPI_CNTHV, guest_cntv },
    };
    uint64_t nv = VIRT | HCR_NV;

    if (!(rd(id_aa64mmfr2_el1) >> 24 & 0xf)) {
        test_skip("no FEAT_NV");
        return;
    }
    virt_setup();
    vppi_enable(~0ull);
    for (unsigned i = 0; i < ARRAY_SIZE(timers); i++) {
        unsigned from = timers[i].from, to = timers[i].to;

        for (unsigned dvi = 0; dvi < 2; dvi++) {
            /* DVI of the destination is ignored, and so is its PENDR */
            ich_write(ICH_DVIR0, dvi ? BIT(to) : 0);
            vppi_pend(0);
            CHECK_EQ(guest(nv, guest_pending, 0), 0);
            timers[i].line(true);
            CHECK_EQ(guest(nv, guest_pending, 0), BIT(to));
            CHECK_EQ(guest(nv, guest_cdia, 0), VPPI(to));
            CHECK_EQ(ich_read(ICH_ACTIVER0), BIT(to));
            CHECK(!ppi_active(from));
            CHECK(!ppi_active(to));
            ich_write(ICH_ACTIVER0, 0);
            ich_write(ICH_APR, 0);
            /* Only {NV,NV1}={1,0} */
            CHECK_EQ(guest(VIRT, guest_pending, 0), 0);
            timers[i].line(false);
            CHECK_EQ(guest(nv, guest_pending, 0), 0);
            vppi_pend(BIT(to));
            CHECK_EQ(guest(nv, guest_pending, 0), 0);
            /* The original number keeps its own state. */
            vppi_pend(BIT(from));
            CHECK_EQ(guest(nv, guest_pending, 0), BIT(from));
            vppi_pend(0);
        }
    }
    ich_write(ICH_DVIR0, 0);
    guest_cntv(true);
    CHECK_EQ(guest(nv | HCR_NV1, guest_pending, 0), 0);
    guest_cntv(false);
}

/* Interrupts of a guest at EL0 */

static uint64_t guest_el0_code(uint64_t unused)
{
    /* SVC after a moment with whatever may come */
    static const uint32_t code[] = {
        0xd503201f, 0xd503201f, 0xd503201f, 0xd4000001,
    };
    struct cpu *c = this_cpu();

    CHECK_EQ(c->count, 0);
    el0_call_open((void *)code);
    return c->count;
}

static void test_el0(void)
{
    vppi_one(PPI_SW, 4);
    CHECK_EQ(guest(VIRT, guest_el0_code, 0), 1);
    vppi_one(PPI_SW, 4);
    CHECK_EQ(guest(PHYS, guest_el0_code, 0), 0);
}

/*
 * EL0 under EL2: it has no virtual interrupts, and its physical ones go to
 * EL2. This runs there, so it must not touch anything but memory.
 */
static shared unsigned *host_count;

static uint64_t host_el0(uint64_t unused)
{
    while (!*host_count) {
        asm volatile("yield");
    }
    asm volatile("svc #7" : : : "memory");
    return 0;
}

static void test_host_el0(void)
{
    struct cpu *c = this_cpu();
    struct vcpu *v = guest_vcpu();

    host_count = &c->count;
    for (unsigned i = 0; i < 2; i++) {
        c->irq = host_tick;
        c->count = 0;
        vppi_one(PPI_SW, 0);
        ppi_enable(PPI_CNTHP, true);
        vcpu_init(v, VHE_HCR | (i ? HCR_IMO : 0), host_el0, 0);
        v->pstate = 0;
        v->sp_el0 = v->sp_el1;
        wr(cnthp_cval_el2, now() + ms_ticks(1));
        wr(cnthp_ctl_el2, 1);
        isb();
        CHECK_EQ(vcpu_run(v), VCPU_HVC);
        CHECK_EQ(v->hvc, 7);
        CHECK_EQ(v->irqs, 1);
        CHECK_EQ(c->count, 1);
        CHECK_EQ(v->cpu.count + v->cpu.spurious, 0);
        CHECK_EQ(ich_read(ICH_HPPIR), VPPI(PPI_SW));
    }
}

/* Its NMIs go there, too. With E2H and TGE, HCR_EL2.RW counts as 1. */
static void test_host_el0_nmi(void)
{
    struct cpu *c = this_cpu();
    struct vcpu *v = guest_vcpu();

    host_count = &c->count;
    ppi_priority(PPI_SW, 0);
    ppi_enable(PPI_SW, true);
    for (unsigned i = 0; i < 2; i++) {
        c->irq = nmi_handler;
        c->count = 0;
        wr(ALLINT, PSTATE_ALLINT);
        wr(sctlr_el2, rd(sctlr_el2) | SCTLR_NMI);
        isb();
        ppi_pend(PPI_SW, true);
        vcpu_init(v, i ? VHE_HCR & ~HCR_RW : VHE_HCR, host_el0, 0);
        /* EL0, all of DAIF is 1 */
        v->pstate = 0x3c0;
        v->sp_el0 = v->sp_el1;
        CHECK_EQ(vcpu_run(v), VCPU_HVC);
        CHECK_EQ(v->hvc, 7);
        CHECK_EQ(c->count, 1);
        CHECK_EQ(c->log[0], PPI(PPI_SW));
        wr(sctlr_el2, rd(sctlr_el2) & ~SCTLR_NMI);
        wr(ALLINT, 0);
        isb();
    }
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

VHE_TEST(life)
VHE_TEST(watched)
VHE_TEST(gates)
VHE_TEST(sw)
VHE_TEST(inject)
VHE_TEST(nesting)
VHE_TEST(pend)
VHE_TEST(dvi_level)
VHE_TEST(dvi_edge)
VHE_TEST(dvi_ticks)
VHE_TEST(nmi)
VHE_TEST(nmi_ack)
VHE_TEST(imo)
VHE_TEST(phys)
VHE_TEST(vi)
VHE_TEST(wfi)
VHE_TEST(host_irq)
VHE_TEST(both)

const struct test tests[] = {
    { "a virtual PPI's life", test_life },
    { "the same, seen from EL2", test_watched },
    { "gates: VCTLR.EN, VMCR.EN, enable, active, pending", test_gates },
    { "VPMR: inclusive", test_vpmr },
    { "running priority", test_running },
    { "order of priorities", test_order },
    { "SW_PPI: 1000 virtual interrupts", test_sw },
    { "made pending by EL2", test_inject },
    { "nesting", test_nesting },
    { "pending state without DVI", test_pend },
    { "levels and the acknowledge", test_level_ack },
    { "DVI: a level", test_dvi_level },
    { "DVI: timer ticks", test_dvi_ticks },
    { "DVI: physical interrupt as well", test_dvi_both },
    { "DVI: an edge", test_dvi_edge },
    { "priority 0: ISR_EL1, CDIA, CDNMIA", test_nmi_ack },
    { "priority 0: virtual NMI taken", test_nmi },
    { "not taken at EL2", test_not_el2 },
    { "IMO changes from entry to entry", test_imo },
    { "EL2's changes in other orders", test_change_order },
    { "IMO=0: EL1 has the physical interface", test_phys },
    { "HCR_EL2.VI", test_vi },
    { "HCRX_EL2.VINMI", test_vinmi },
    { "WFI of a guest", test_wfi },
    { "physical interrupts from a guest", test_host_irq },
    { "physical interrupts from a guest's WFI", test_host_irq_wfi },
    { "WFI of the host, with a virtual interrupt", test_host_wfi },
    { "physical and virtual at once", test_both },
    { "CNTHP", test_cnthp },
    { "CNTHV", test_cnthv },
    { "EL2: NMI", test_host_nmi },
    { "SCTLR_EL1.NMI and SCTLR_EL2.NMI", test_nmi_by_el },
    { "AArch32 at EL1", test_aarch32 },
    { "NV: the timers' PPIs", test_nv_timers },
    { "taken at EL0", test_el0 },
    { "VHE: EL0 under EL2", test_host_el0 },
    { "VHE: NMI of EL0", test_host_el0_nmi },
    { "VHE: timers", test_vhe_timers },
    { "VHE: a virtual PPI's life", vhe_life },
    { "VHE: the same, seen from EL2", vhe_watched },
    { "VHE: gates", vhe_gates },
    { "VHE: SW_PPI", vhe_sw },
    { "VHE: made pending by EL2", vhe_inject },
    { "VHE: nesting", vhe_nesting },
    { "VHE: pending state without DVI", vhe_pend },
    { "VHE: DVI: a level", vhe_dvi_level },
    { "VHE: DVI: an edge", vhe_dvi_edge },
    { "VHE: DVI: timer ticks", vhe_dvi_ticks },
    { "VHE: virtual NMI taken", vhe_nmi },
    { "VHE: priority 0", vhe_nmi_ack },
    { "VHE: IMO changes from entry to entry", vhe_imo },
    { "VHE: IMO=0: EL1 has the physical interface", vhe_phys },
    { "VHE: HCR_EL2.VI", vhe_vi },
    { "VHE: WFI of a guest", vhe_wfi },
    { "VHE: physical interrupts from a guest", vhe_host_irq },
    { "VHE: physical and virtual at once", vhe_both },
    { }
};
