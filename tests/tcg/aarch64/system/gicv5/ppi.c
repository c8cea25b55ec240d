/*
 * GICv5 guest tests: PPIs, priorities, preemption, NMI
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lib.h"

/* SW_PPI */

static void test_sw_ppi(void)
{
    ppi_priority(PPI_SW, 9);
    ppi_enable(PPI_SW, true);
    CHECK_EQ(rd(ICC_HPPIR_EL1), 0);
    CHECK(!irq_line());

    ppi_pend(PPI_SW, true);
    CHECK(irq_line());
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_SW));
    /* Reading it has no side effect */
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_SW));
    CHECK_EQ(rd(ICC_HAPR_EL1), 0xff);

    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    gsb_ack();
    isb();
    CHECK_EQ(rd(ICC_APR_EL1), BIT(9));
    CHECK_EQ(rd(ICC_HAPR_EL1), 9);
    CHECK_EQ(rd(ICC_HPPIR_EL1), 0);
    CHECK(ppi_active(PPI_SW));
    /* An edge: the acknowledge has cleared it */
    CHECK(!ppi_pending(PPI_SW));
    CHECK(!irq_line());

    gic_cdeoi();
    isb();
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    CHECK(ppi_active(PPI_SW));
    gic_cddi(PPI(PPI_SW));
    CHECK(!ppi_active(PPI_SW));
    CHECK(!irq_line());
    CHECK_EQ(gic_cdia(), 0);
}

static void test_sw_ppi_irq(void)
{
    struct cpu *c = this_cpu();

    ppi_enable(PPI_SW, true);
    for (unsigned i = 1; i <= 1000; i++) {
        ppi_pend(PPI_SW, true);
        irq_window();
        CHECK_EQ(c->count, i);
    }
    CHECK_EQ(c->log[0], PPI(PPI_SW));
    CHECK_EQ(c->spurious, 0);
    /* Pended with interrupts open: taken at once */
    irq_open();
    ppi_pend(PPI_SW, true);
    CHECK(wait_for(c->count == 1001));
    irq_close();
}

static void test_di_eoi_order(void)
{
    ppi_priority(PPI_SW, 4);
    ppi_enable(PPI_SW, true);
    for (unsigned i = 0; i < 4; i++) {
        ppi_pend(PPI_SW, true);
        gic_sync();
        CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
        if (i & 1) {
            gic_cdeoi();
            CHECK_EQ(rd(ICC_APR_EL1), 0);
            CHECK(ppi_active(PPI_SW));
            gic_cddi(PPI(PPI_SW));
        } else {
            gic_cddi(PPI(PPI_SW));
            CHECK(!ppi_active(PPI_SW));
            /* CDDI does not drop the priority */
            CHECK_EQ(rd(ICC_APR_EL1), BIT(4));
            gic_cdeoi();
        }
        CHECK_EQ(rd(ICC_APR_EL1), 0);
        CHECK(!ppi_active(PPI_SW));
    }
}

static void test_spurious(void)
{
    /* Nothing pending, disabled, masked, active: all give exactly 0 */
    CHECK_EQ(gic_cdia(), 0);
    CHECK_EQ(gic_cdnmia(), 0);
    ppi_priority(PPI_SW, 7);
    ppi_pend(PPI_SW, true);
    CHECK_EQ(gic_cdia(), 0);
    ppi_enable(PPI_SW, true);
    wr(ICC_PCR_EL1, 6);
    isb();
    CHECK_EQ(gic_cdia(), 0);
    wr(ICC_PCR_EL1, 0x1f);
    wr(ICC_PPI_SACTIVER0_EL1, BIT(PPI_SW));
    isb();
    CHECK_EQ(gic_cdia(), 0);
    CHECK(!irq_line());
    wr(ICC_PPI_CACTIVER0_EL1, BIT(PPI_SW));
    isb();
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    CHECK(ppi_pending(PPI_SW));
    CHECK(irq_line());
    CHECK_EQ(ack_once(), VPPI(PPI_SW));
    CHECK_EQ(gic_cdia(), 0);
}

static void test_eoi_empty(void)
{
    gic_cdeoi();
    isb();
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    /* It clears the highest priority, one at a time */
    wr(ICC_APR_EL1, BIT(31) | BIT(17) | BIT(3) | BIT(0));
    gic_cdeoi();
    CHECK_EQ(rd(ICC_APR_EL1), BIT(31) | BIT(17) | BIT(3));
    gic_cdeoi();
    CHECK_EQ(rd(ICC_APR_EL1), BIT(31) | BIT(17));
    gic_cdeoi();
    CHECK_EQ(rd(ICC_APR_EL1), BIT(31));
    gic_cdeoi();
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    gic_cdeoi();
    CHECK_EQ(rd(ICC_APR_EL1), 0);
}

static void test_di_inactive(void)
{
    ppi_enable(PPI_SW, true);
    gic_cddi(PPI(PPI_SW));
    gic_cddi(PPI(127));
    gic_cddi(PPI(5000));
    CHECK(!ppi_active(PPI_SW));
    ppi_pend(PPI_SW, true);
    gic_cddi(PPI(PPI_SW));
    CHECK(ppi_pending(PPI_SW));
    /* Deactivating another does not touch it */
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    gic_cddi(PPI(PPI_CNTV));
    gic_cddi(PPI(PPI_SW + 32));
    gic_cddi(PPI(PPI_SW + 64));
    gic_cddi(PPI(PPI_SW + 128));
    gic_cddi(LPI(PPI_SW));
    gic_cddi(SPI(PPI_SW));
    gic_cddi(PPI_SW);
    CHECK(ppi_active(PPI_SW));
    gic_cdeoi();
    gic_cddi(PPI(PPI_SW));
    CHECK(!ppi_active(PPI_SW));
}

static void test_pend_while_active(void)
{
    struct cpu *c = this_cpu();

    ppi_enable(PPI_SW, true);
    ppi_pend(PPI_SW, true);
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    ppi_pend(PPI_SW, true);
    CHECK(ppi_pending(PPI_SW));
    CHECK(ppi_active(PPI_SW));
    gic_cdeoi();
    /* Active still holds it back */
    CHECK(!irq_line());
    CHECK_EQ(rd(ICC_HPPIR_EL1), 0);
    CHECK_EQ(gic_cdia(), 0);
    gic_cddi(PPI(PPI_SW));
    CHECK(irq_line());
    irq_window();
    CHECK_EQ(c->count, 1);
    CHECK(!irq_line());
}

static void test_gic_insns_on_ppi(void)
{
    /* LPI and SPI operations have no effect on a PPI */
    ppi_priority(PPI_SW, 8);
    ppi_enable(PPI_SW, true);
    gic_cdpend(PPI(PPI_SW), true);
    CHECK(!ppi_pending(PPI_SW));
    ppi_pend(PPI_SW, true);
    gic_cdpend(PPI(PPI_SW), false);
    gic_cddis(PPI(PPI_SW));
    gic_cdpri(PPI(PPI_SW), 1);
    gic_cdhm(PPI(PPI_SW), true);
    gic_cdaff(PPI(PPI_SW), 1);
    CHECK_EQ(rd(ICC_PPI_HMR0_EL1) & BIT(PPI_SW), 0);
    CHECK(irq_line());
    CHECK_EQ(gic_rcfg(PPI(PPI_SW)) & ICSR_F, ICSR_F);
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    CHECK_EQ(rd(ICC_APR_EL1), BIT(8));
    CHECK(!ppi_pending(PPI_SW));
    gic_cdeoi();
    gic_cddi(PPI(PPI_SW));
}

/* Timers */

static void timer_level(unsigned ppi, void (*line)(bool))
{
    ppi_priority(ppi, 12);
    line(true);
    CHECK(ppi_pending(ppi));
    CHECK(!irq_line());
    ppi_enable(ppi, true);
    CHECK(irq_line());
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(ppi));

    /* The line alone decides */
    line(false);
    CHECK(!ppi_pending(ppi));
    CHECK(!irq_line());
    CHECK_EQ(gic_cdia(), 0);
    line(true);
    CHECK(irq_line());

    for (unsigned i = 0; i < 3; i++) {
        gic_sync();
        CHECK_EQ(gic_cdia(), VPPI(ppi));
        CHECK(ppi_pending(ppi));
        CHECK(ppi_active(ppi));
        CHECK(!irq_line());
        gic_cdeoi();
        CHECK(!irq_line());
        CHECK_EQ(gic_cdia(), 0);
        gic_cddi(PPI(ppi));
        /* Again, for the line is still high */
        CHECK(irq_line());
    }
    CHECK_EQ(gic_cdia(), VPPI(ppi));
    line(false);
    CHECK(!ppi_pending(ppi));
    gic_cdeoi();
    gic_cddi(PPI(ppi));
    CHECK(!irq_line());

    /* Software's active bit masks as well */
    wr(ICC_PPI_SACTIVER0_EL1, BIT(ppi));
    line(true);
    CHECK(ppi_pending(ppi));
    CHECK(!irq_line());
    wr(ICC_PPI_CACTIVER0_EL1, BIT(ppi));
    CHECK(irq_line());
    ppi_enable(ppi, false);
    CHECK(!irq_line());
    ppi_enable(ppi, true);
    CHECK(irq_line());
    line(false);
    CHECK(!irq_line());
}

static void test_cntv(void)
{
    timer_level(PPI_CNTV, cntv);
}

static void test_cntp(void)
{
    timer_level(PPI_CNTP, cntp);
}

static void tick(void)
{
    uint64_t ia = gic_cdia();

    if (ia == VPPI(PPI_CNTV)) {
        wr(cntv_ctl_el0, 0);
        this_cpu()->count++;
    } else {
        this_cpu()->spurious++;
    }
    isb();
    gic_cdeoi();
    gic_cddi(ia);
}

static void test_tick(void)
{
    struct cpu *c = this_cpu();

    c->irq = tick;
    ppi_enable(PPI_CNTV, true);
    irq_open();
    for (unsigned i = 1; i <= 20; i++) {
        uint64_t due = now() + ms_ticks(1);

        wr(cntv_cval_el0, due);
        wr(cntv_ctl_el0, 1);
        isb();
        CHECK(wait_for(c->count == i));
        CHECK(now() >= due);
    }
    irq_close();
    CHECK_EQ(c->spurious, 0);
}

static void test_wfi(void)
{
    struct cpu *c = this_cpu();

    c->irq = tick;
    ppi_enable(PPI_CNTV, true);
    for (unsigned i = 1; i <= 10; i++) {
        wr(cntv_cval_el0, now() + ms_ticks(2));
        wr(cntv_ctl_el0, 1);
        isb();
        /* It ends with interrupts masked, too */
        asm volatile("wfi" : : : "memory");
        CHECK(irq_line());
        irq_window();
        CHECK_EQ(c->count, i);
    }
}

/* Priorities */

static void test_pcr(void)
{
    ppi_enable(PPI_SW, true);
    ppi_pend(PPI_SW, true);
    for (unsigned prio = 0; prio < 32; prio++) {
        ppi_priority(PPI_SW, prio);
        for (unsigned mask = 0; mask < 32; mask++) {
            wr(ICC_PCR_EL1, mask);
            /* Equal passes */
            CHECK_EQ(irq_line(), prio <= mask);
            CHECK_EQ(rd(ICC_HPPIR_EL1), prio <= mask ? VPPI(PPI_SW) : 0);
        }
    }
}

static void test_running(void)
{
    ppi_enable(PPI_SW, true);
    ppi_pend(PPI_SW, true);
    for (unsigned prio = 0; prio < 32; prio++) {
        ppi_priority(PPI_SW, prio);
        for (unsigned run = 0; run < 32; run++) {
            /* Lower ones that are active as well do not matter */
            wr(ICC_APR_EL1, BIT(run) | (run & 1 ? BIT(31) : 0));
            CHECK_EQ(irq_line(), prio < run);
            CHECK_EQ(rd(ICC_HPPIR_EL1), prio < run ? VPPI(PPI_SW) : 0);
            CHECK_EQ(rd(ICC_HAPR_EL1), run);
            if (prio >= run) {
                CHECK_EQ(gic_cdia(), 0);
            }
        }
        wr(ICC_APR_EL1, 0);
        CHECK(irq_line());
        CHECK_EQ(rd(ICC_HAPR_EL1), 0xff);
    }
}

static void test_priority_bits(void)
{
    ppi_enable(PPI_SW, true);
    for (unsigned prio = 0; prio < 32; prio++) {
        ppi_priority(PPI_SW, prio);
        ppi_pend(PPI_SW, true);
        gic_sync();
        CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
        CHECK_EQ(rd(ICC_APR_EL1), BIT(prio));
        gic_cdeoi();
        gic_cddi(PPI(PPI_SW));
    }
}

static void test_enable_gate(void)
{
    ppi_enable(PPI_SW, true);
    ppi_pend(PPI_SW, true);
    CHECK(irq_line());
    wr(ICC_CR0_EL1, 0);
    CHECK(!irq_line());
    CHECK_EQ(gic_cdia(), 0);
    CHECK_EQ(rd(ICC_HPPIR_EL1), 0);
    CHECK(ppi_pending(PPI_SW));
    wr(ICC_CR0_EL1, CR0_EN);
    CHECK(irq_line());
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_SW));
    /* CDEOI and CDDI do not need it */
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    wr(ICC_CR0_EL1, 0);
    isb();
    gic_cdeoi();
    gic_cddi(PPI(PPI_SW));
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    CHECK(!ppi_active(PPI_SW));
}

static void test_ties(void)
{
    ppi_priority(PPI_SW, 6);
    ppi_priority(PPI_CNTV, 6);
    ppi_priority(PPI_CNTP, 6);
    ppi_enable(PPI_SW, true);
    ppi_enable(PPI_CNTV, true);
    ppi_enable(PPI_CNTP, true);
    cntp(true);
    gic_sync();
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_CNTP));
    cntv(true);
    gic_sync();
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_CNTV));
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_SW));

    /* An equal priority does not preempt */
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    CHECK(!irq_line());
    gic_cdeoi();
    CHECK(irq_line());
    CHECK_EQ(gic_cdia(), VPPI(PPI_CNTV));
    gic_cdeoi();
    CHECK_EQ(gic_cdia(), VPPI(PPI_CNTP));
    gic_cdeoi();
    gic_cddi(PPI(PPI_SW));
    CHECK(!irq_line());
    gic_cddi(PPI(PPI_CNTP));
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_CNTP));
    gic_cddi(PPI(PPI_CNTV));
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_CNTV));

    /* A better priority wins against a lower ID */
    ppi_priority(PPI_CNTP, 5);
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_CNTP));
    ppi_priority(PPI_CNTP, 7);
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_CNTV));
}

static unsigned depth, max_depth, nesting_errors;
static uint64_t apr_seen[4];

static void nested(void)
{
    static const unsigned prio[] = { 20, 10, 5 };
    uint64_t ia = gic_cdia(), want = 0;
    unsigned level = depth++;

    gsb_ack();
    isb();
    if (depth > max_depth) {
        max_depth = depth;
    }
    if (level < 3) {
        apr_seen[level] = rd(ICC_APR_EL1);
        for (unsigned i = 0; i <= level; i++) {
            want |= BIT(prio[i]);
        }
        if (apr_seen[level] != want) {
            nesting_errors++;
        }
    }
    /* Each starts the next, more important one */
    switch (INTID_ID(ia)) {
    case PPI_SW:
        cntv(true);
        break;
    case PPI_CNTV:
        if (!this_cpu()->count) {
            /* It is less important, and active: it has to wait. */
            ppi_pend(PPI_SW, true);
        }
        cntp(true);
        break;
    }
    irq_window();
    if (INTID_ID(ia) == PPI_CNTV) {
        cntv(false);
    } else if (INTID_ID(ia) == PPI_CNTP) {
        cntp(false);
    }
    depth--;
    gic_cdeoi();
    gic_cddi(ia);
    this_cpu()->log[this_cpu()->count++] = ia;
}

static void test_nesting(void)
{
    struct cpu *c = this_cpu();

    depth = max_depth = nesting_errors = 0;
    c->irq = nested;
    ppi_priority(PPI_SW, 20);
    ppi_priority(PPI_CNTV, 10);
    ppi_priority(PPI_CNTP, 5);
    ppi_enable(PPI_SW, true);
    ppi_enable(PPI_CNTV, true);
    ppi_enable(PPI_CNTP, true);
    ppi_pend(PPI_SW, true);
    gic_sync();
    irq_open();
    /* The SW_PPI that came while it was active runs all that once more. */
    CHECK(wait_for(c->count == 6));
    irq_close();
    CHECK_EQ(max_depth, 3);
    CHECK_EQ(depth, 0);
    CHECK_EQ(nesting_errors, 0);
    CHECK_EQ(apr_seen[0], BIT(20));
    CHECK_EQ(apr_seen[1], BIT(20) | BIT(10));
    CHECK_EQ(apr_seen[2], BIT(20) | BIT(10) | BIT(5));
    CHECK_EQ(c->log[0], PPI(PPI_CNTP));
    CHECK_EQ(c->log[1], PPI(PPI_CNTV));
    CHECK_EQ(c->log[2], PPI(PPI_SW));
    CHECK_EQ(rd(ICC_APR_EL1), 0);
}

static void test_no_preempt(void)
{
    /* While 10 runs: 10 and 11 have to wait, 9 does not */
    ppi_priority(PPI_SW, 10);
    ppi_enable(PPI_SW, true);
    ppi_enable(PPI_CNTV, true);
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    ppi_priority(PPI_CNTV, 11);
    cntv(true);
    CHECK(!irq_line());
    ppi_priority(PPI_CNTV, 10);
    CHECK(!irq_line());
    CHECK_EQ(gic_cdia(), 0);
    ppi_priority(PPI_CNTV, 9);
    CHECK(irq_line());
    CHECK_EQ(gic_cdia(), VPPI(PPI_CNTV));
    CHECK_EQ(rd(ICC_APR_EL1), BIT(9) | BIT(10));
    cntv(false);
    gic_cdeoi();
    CHECK_EQ(rd(ICC_APR_EL1), BIT(10));
    gic_cddi(PPI(PPI_CNTV));
    gic_cdeoi();
    gic_cddi(PPI(PPI_SW));
}

static void test_apr_write(void)
{
    struct cpu *c = this_cpu();

    /* With an interrupt pending at 10, a write of the APR lets it through */
    ppi_priority(PPI_SW, 10);
    ppi_enable(PPI_SW, true);
    wr(ICC_APR_EL1, BIT(3));
    ppi_pend(PPI_SW, true);
    gic_sync();
    irq_open();
    CHECK_EQ(c->count, 0);
    wr(ICC_APR_EL1, BIT(10));
    gic_sync();
    CHECK_EQ(c->count, 0);
    wr(ICC_APR_EL1, BIT(11));
    CHECK(wait_for(c->count == 1));
    irq_close();
    CHECK_EQ(rd(ICC_APR_EL1), BIT(11));
    wr(ICC_APR_EL1, 0);
}

static void test_mask_write(void)
{
    struct cpu *c = this_cpu();

    /* The same with the mask and the enable bit */
    ppi_priority(PPI_SW, 10);
    ppi_enable(PPI_SW, true);
    wr(ICC_PCR_EL1, 9);
    isb();
    irq_open();
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(c->count, 0);
    wr(ICC_PCR_EL1, 10);
    CHECK(wait_for(c->count == 1));
    wr(ICC_CR0_EL1, 0);
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(c->count, 1);
    wr(ICC_CR0_EL1, CR0_EN);
    CHECK(wait_for(c->count == 2));
    ppi_priority(PPI_SW, 11);
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(c->count, 2);
    ppi_priority(PPI_SW, 10);
    CHECK(wait_for(c->count == 3));
    irq_close();
}

/* NMI: priority 0 */

static unsigned nmis, plain;
static bool nmi_allint;

static void nmi_handler(void)
{
    uint64_t ia;

    nmi_allint = rd(ALLINT) & PSTATE_ALLINT;
    /* CDIA does not see an NMI, CDNMIA nothing else */
    if (rd(sctlr_el1) & SCTLR_NMI) {
        ia = gic_cdnmia();
        if (ia & VALID) {
            nmis++;
        } else {
            ia = gic_cdia();
            plain++;
        }
    } else {
        ia = gic_cdia();
        plain++;
    }
    gsb_ack();
    isb();
    gic_cdeoi();
    gic_cddi(ia);
}

static void set_nmi(uint64_t bits)
{
    uint64_t v = rd(sctlr_el1) & ~(SCTLR_NMI | SCTLR_SPINTMASK);

    wr(sctlr_el1, v | bits);
    isb();
}

static void test_nmi_off(void)
{
    /* Without SCTLR_EL1.NMI a plain interrupt */
    ppi_priority(PPI_SW, 0);
    ppi_enable(PPI_SW, true);
    ppi_pend(PPI_SW, true);
    CHECK(irq_line());
    CHECK_EQ(gic_cdnmia(), 0);
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    CHECK_EQ(rd(ICC_APR_EL1), BIT(0));
    CHECK(!irq_line());
    gic_cdeoi();
    gic_cddi(PPI(PPI_SW));

    /* and PSTATE.I masks it. PSTATE.ALLINT does not. */
    nmis = plain = 0;
    this_cpu()->irq = nmi_handler;
    ppi_pend(PPI_SW, true);
    gic_sync();
    delay_us(100);
    CHECK_EQ(plain + nmis, 0);
    wr(ALLINT, PSTATE_ALLINT);
    irq_window();
    CHECK_EQ(plain, 1);
    CHECK_EQ(nmis, 0);
    wr(ALLINT, 0);
}

static void test_nmi_ack(void)
{
    set_nmi(SCTLR_NMI);
    wr(ALLINT, PSTATE_ALLINT);
    isb();
    ppi_priority(PPI_SW, 0);
    ppi_enable(PPI_SW, true);
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(rd(isr_el1) & (ISR_I | ISR_IS), ISR_I | ISR_IS);
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_SW));
    CHECK_EQ(gic_cdia(), 0);
    CHECK(ppi_pending(PPI_SW));
    CHECK(!ppi_active(PPI_SW));
    CHECK_EQ(gic_cdnmia(), VPPI(PPI_SW));
    CHECK(!ppi_pending(PPI_SW));
    CHECK(ppi_active(PPI_SW));
    CHECK_EQ(rd(ICC_APR_EL1), BIT(0));
    gic_sync();
    CHECK_EQ(rd(isr_el1) & (ISR_I | ISR_IS), 0);
    CHECK_EQ(gic_cdnmia(), 0);
    gic_cdeoi();
    gic_cddi(PPI(PPI_SW));

    /* Priority 1 is none */
    ppi_priority(PPI_SW, 1);
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(rd(isr_el1) & (ISR_I | ISR_IS), ISR_I);
    CHECK_EQ(gic_cdnmia(), 0);
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    gic_cdeoi();
    gic_cddi(PPI(PPI_SW));

    /* With both, the NMI is first; after it CDIA gets the other */
    ppi_priority(PPI_SW, 0);
    ppi_priority(PPI_CNTV, 1);
    ppi_enable(PPI_CNTV, true);
    cntv(true);
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(gic_cdia(), 0);
    CHECK_EQ(gic_cdnmia(), VPPI(PPI_SW));
    CHECK_EQ(gic_cdia(), 0);
    gic_cdeoi();
    gic_cddi(PPI(PPI_SW));
    CHECK_EQ(gic_cdnmia(), 0);
    CHECK_EQ(gic_cdia(), VPPI(PPI_CNTV));
    /* and it preempts a running priority of 1 */
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(gic_cdnmia(), VPPI(PPI_SW));
    CHECK_EQ(rd(ICC_APR_EL1), 3);
    gic_cdeoi();
    gic_cdeoi();
    cntv(false);
    gic_cddi(PPI(PPI_SW));
    gic_cddi(PPI(PPI_CNTV));
    set_nmi(0);
    wr(ALLINT, 0);
}

static void test_nmi_delivery(void)
{
    struct cpu *c = this_cpu();

    nmis = plain = 0;
    c->irq = nmi_handler;
    set_nmi(SCTLR_NMI);
    ppi_priority(PPI_SW, 0);
    ppi_enable(PPI_SW, true);

    /* PSTATE.I is set all the time: it does not mask an NMI */
    CHECK(rd(daif) & BIT(7));
    wr(ALLINT, 0);
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK(wait_for(nmis == 1));
    /* Exception entry has set PSTATE.ALLINT for the handler */
    CHECK(nmi_allint);
    CHECK_EQ(rd(ALLINT), 0);

    /* ALLINT does, until it is cleared; also by the immediate form */
    wr(ALLINT, PSTATE_ALLINT);
    CHECK_EQ(rd(ALLINT), PSTATE_ALLINT);
    ppi_pend(PPI_SW, true);
    gic_sync();
    delay_us(200);
    CHECK_EQ(nmis, 1);
    wr(ALLINT, 0);
    gic_sync();
    CHECK(wait_for(nmis == 2));
    /* MSR ALLINT, #1 and #0 */
    asm volatile(".inst 0xd501411f" : : : "memory");
    CHECK_EQ(rd(ALLINT), PSTATE_ALLINT);
    ppi_pend(PPI_SW, true);
    gic_sync();
    delay_us(200);
    CHECK_EQ(nmis, 2);
    asm volatile(".inst 0xd501401f" : : : "memory");
    CHECK_EQ(rd(ALLINT), 0);
    CHECK(wait_for(nmis == 3));

    /* A priority of 1 is masked by PSTATE.I as ever */
    ppi_priority(PPI_SW, 1);
    ppi_pend(PPI_SW, true);
    gic_sync();
    delay_us(200);
    CHECK_EQ(plain, 0);
    /* ALLINT masks it, too */
    wr(ALLINT, PSTATE_ALLINT);
    irq_window();
    CHECK_EQ(plain, 0);
    wr(ALLINT, 0);
    irq_window();
    CHECK_EQ(plain, 1);
    CHECK_EQ(nmis, 3);
    set_nmi(0);
}

static void test_nmi_pcr(void)
{
    /* Mask and running priority hold for an NMI as for any other */
    nmis = plain = 0;
    this_cpu()->irq = nmi_handler;
    set_nmi(SCTLR_NMI);
    ppi_priority(PPI_SW, 0);
    ppi_enable(PPI_SW, true);
    wr(ICC_PCR_EL1, 0);
    wr(ICC_APR_EL1, BIT(0));
    isb();
    ppi_pend(PPI_SW, true);
    gic_sync();
    delay_us(100);
    CHECK_EQ(nmis, 0);
    CHECK_EQ(gic_cdnmia(), 0);
    wr(ICC_APR_EL1, BIT(1));
    CHECK(wait_for(nmis == 1));
    wr(ICC_APR_EL1, 0);
    wr(ICC_CR0_EL1, 0);
    isb();
    ppi_pend(PPI_SW, true);
    gic_sync();
    delay_us(100);
    CHECK_EQ(nmis, 1);
    wr(ICC_CR0_EL1, CR0_EN);
    CHECK(wait_for(nmis == 2));
    set_nmi(0);
}

static void test_nmi_priority_change(void)
{
    /* A pending interrupt becomes an NMI when its priority becomes 0 */
    nmis = plain = 0;
    this_cpu()->irq = nmi_handler;
    set_nmi(SCTLR_NMI);
    ppi_priority(PPI_SW, 2);
    ppi_enable(PPI_SW, true);
    ppi_pend(PPI_SW, true);
    gic_sync();
    delay_us(100);
    CHECK_EQ(nmis, 0);
    ppi_priority(PPI_SW, 0);
    CHECK(wait_for(nmis == 1));
    set_nmi(0);
}

static void test_nmi_spintmask(void)
{
    nmis = plain = 0;
    this_cpu()->irq = nmi_handler;
    wr(ALLINT, 0);
    set_nmi(SCTLR_NMI | SCTLR_SPINTMASK);
    ppi_priority(PPI_SW, 0);
    ppi_enable(PPI_SW, true);
    /* Tests use SP_EL1: everything is masked */
    ppi_pend(PPI_SW, true);
    gic_sync();
    delay_us(200);
    CHECK_EQ(nmis, 0);
    irq_window();
    CHECK_EQ(nmis, 0);
    window_sp0();
    CHECK_EQ(nmis, 1);
    /* Once more: an emulator may have translated the code by now. */
    window_sp0();
    CHECK_EQ(nmis, 1);
    window_sp0();
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(nmis, 1);
    window_sp0();
    CHECK_EQ(nmis, 2);
    /* Exception entry clears ALLINT in this mode */
    CHECK(!nmi_allint);
    set_nmi(0);
}

/*
 * Every write of PSTATE or SCTLR_EL1 that can unmask an interrupt which is
 * pending already: it is taken at the next ISB or ERET, and not when
 * something else happens to make an emulator look.
 */

#define NOPS "nop\nnop\nnop\n"

static void window_daifclr(void)
{
    asm volatile("msr daifclr, #2\nisb\n" NOPS "msr daifset, #2"
                 : : : "memory");
}

static void window_daif(void)
{
    asm volatile("msr daif, %0\nisb\n" NOPS "msr daif, %1"
                 : : "r"(0x340ull), "r"(0x3c0ull) : "memory");
}

static void window_allint_imm(void)
{
    asm volatile(".inst 0xd501401f\nisb\n" NOPS ".inst 0xd501411f"
                 : : : "memory");
}

static void window_allint_reg(void)
{
    /* S3_0_C4_C3_0 */
    asm volatile("msr s3_0_c4_c3_0, xzr\nisb\n" NOPS "msr s3_0_c4_c3_0, %0"
                 : : "r"(PSTATE_ALLINT) : "memory");
}

/* Of the bits that mask, only those of @keep */
static void window_sctlr(uint64_t keep)
{
    uint64_t v = rd(sctlr_el1);

    asm volatile("msr sctlr_el1, %0\nisb\n" NOPS "msr sctlr_el1, %1\nisb"
                 : : "r"((v & ~(SCTLR_NMI | SCTLR_SPINTMASK)) | keep), "r"(v)
                 : "memory");
}

static void window_no_spintmask(void)
{
    window_sctlr(SCTLR_NMI);
}

static void window_no_nmi(void)
{
    window_sctlr(0);
}

#define SPSR_EL1T 4
#define SPSR_EL1H 5
#define SPSR_DAIF 0x3c0
#define SPSR_DAF 0x340

static void window_eret_i(void)
{
    window_eret(SPSR_EL1H | SPSR_DAF);
}

static void window_eret_allint(void)
{
    window_eret(SPSR_EL1H | SPSR_DAIF);
}

static void window_eret_sp(void)
{
    window_eret(SPSR_EL1T | SPSR_DAIF);
}

static void test_unmask(void)
{
    static const struct {
        const char *name;
        void (*window)(void);
        uint64_t sctlr;
        uint64_t allint;
        uint64_t daif;
        unsigned prio;
    } ways[] = {
        { "DAIFCLR", window_daifclr, 0, 0, SPSR_DAIF, 1 },
        { "DAIF", window_daif, 0, 0, SPSR_DAIF, 1 },
        { "DAIFCLR, priority 0", window_daifclr, 0, 0, SPSR_DAIF, 0 },
        { "ALLINT, #0", window_allint_imm, SCTLR_NMI, PSTATE_ALLINT,
          SPSR_DAIF, 0 },
        { "ALLINT", window_allint_reg, SCTLR_NMI, PSTATE_ALLINT, SPSR_DAIF,
          0 },
        { "ALLINT, #0, no NMI", window_allint_imm, SCTLR_NMI, PSTATE_ALLINT,
          SPSR_DAF, 1 },
        { "SPSEL, #0", window_sp0, SCTLR_NMI | SCTLR_SPINTMASK, 0, SPSR_DAIF,
          0 },
        { "SPSEL", window_sp0_reg, SCTLR_NMI | SCTLR_SPINTMASK, 0, SPSR_DAIF,
          0 },
        { "SPSEL, #0, no NMI", window_sp0, SCTLR_NMI | SCTLR_SPINTMASK, 0,
          SPSR_DAF, 1 },
        { "SCTLR.SPINTMASK", window_no_spintmask, SCTLR_NMI | SCTLR_SPINTMASK,
          0, SPSR_DAIF, 0 },
        { "SCTLR.NMI", window_no_nmi, SCTLR_NMI, PSTATE_ALLINT, SPSR_DAF, 0 },
        { "ERET, I", window_eret_i, 0, 0, SPSR_DAIF, 1 },
        { "ERET, ALLINT", window_eret_allint, SCTLR_NMI, PSTATE_ALLINT,
          SPSR_DAIF, 0 },
        { "ERET, SP", window_eret_sp, SCTLR_NMI | SCTLR_SPINTMASK, 0,
          SPSR_DAIF, 0 },
    };
    unsigned taken;

    this_cpu()->irq = nmi_handler;
    ppi_enable(PPI_SW, true);
    for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
        nmis = plain = 0;
        wr(ALLINT, PSTATE_ALLINT);
        set_nmi(ways[i].sctlr);
        wr(ALLINT, ways[i].allint);
        wr(daif, ways[i].daif);
        isb();
        /*
         * An emulator looks for interrupts where it comes for the first time:
         * have it translate and link all that is on the way.
         */
        ways[i].window();
        ways[i].window();
        ppi_priority(PPI_SW, ways[i].prio);
        ppi_pend(PPI_SW, true);
        gic_sync();
        asm volatile(NOPS : : : "memory");
        taken = nmis + plain;
        if (!CHECK_EQ(taken, 0)) {
            print("# %s: was not masked before\n", ways[i].name);
        }
        ways[i].window();
        taken = nmis + plain;
        if (!CHECK_EQ(taken, 1)) {
            print("# %s: did not unmask\n", ways[i].name);
        }
        wr(daif, SPSR_DAIF);
        wr(ALLINT, 0);
        set_nmi(0);
        ppi_pend(PPI_SW, false);
    }
}

const struct test tests[] = {
    { "SW_PPI: registers at each step", test_sw_ppi },
    { "SW_PPI: taken as an IRQ", test_sw_ppi_irq },
    { "CDEOI and CDDI in both orders", test_di_eoi_order },
    { "CDIA without a candidate is 0", test_spurious },
    { "CDEOI: highest first, nothing on an empty APR", test_eoi_empty },
    { "CDDI of what is not active, or another", test_di_inactive },
    { "pended while active: delivered after CDDI", test_pend_while_active },
    { "GIC instructions for LPIs and SPIs ignore PPIs",
      test_gic_insns_on_ppi },
    { "CNTV: level PPI follows its line", test_cntv },
    { "CNTP: level PPI follows its line", test_cntp },
    { "CNTV: interrupts on time", test_tick },
    { "WFI ends for a masked interrupt", test_wfi },
    { "PCR: every mask and priority, equal passes", test_pcr },
    { "APR: every running priority and priority, HAPR", test_running },
    { "APR bit of every priority", test_priority_bits },
    { "CR0.EN gates", test_enable_gate },
    { "equal priorities: lowest PPI first", test_ties },
    { "three levels of preemption", test_nesting },
    { "preemption is strict", test_no_preempt },
    { "APR write takes effect at once", test_apr_write },
    { "PCR, CR0, PRIORITYR writes take effect at once", test_mask_write },
    { "NMI: plain with SCTLR.NMI=0", test_nmi_off },
    { "NMI: CDIA, CDNMIA, ISR_EL1.IS", test_nmi_ack },
    { "NMI: masked by ALLINT, not by I", test_nmi_delivery },
    { "NMI: priority mask, running priority and EN hold", test_nmi_pcr },
    { "NMI: pending interrupt gets priority 0", test_nmi_priority_change },
    { "NMI: SPINTMASK", test_nmi_spintmask },
    { "whatever unmasks takes effect at once", test_unmask },
    { }
};
