/*
 * GICv5 guest tests: LPIs and their tables, seen from one CPU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lib.h"

#define CFGR_TWO_LEVEL (1u << 16)
#define CFGR_ISTSZ(s) ((s) << 7)
#define CFGR_L2SZ(z) ((z) << 5)

#define L2_BYTES_MAX 65536

static uint64_t l1[1024] __attribute__((aligned(8192)));
static uint32_t l2[3][L2_BYTES_MAX / 4] __attribute__((aligned(L2_BYTES_MAX)));

static uint16_t me(void)
{
    return this_cpu()->iaffid;
}

static void test_rcfg(void)
{
    uint32_t i = LPI(77);

    ist_setup();
    CHECK_EQ(gic_rcfg(i), 0);
    for (unsigned p = 0; p < 32; p++) {
        gic_cdpri(i, p);
        CHECK_EQ(gic_rcfg(i), ICSR_PRIO(p));
    }
    gic_cdpri(i, 0);
    gic_cdhm(i, true);
    CHECK_EQ(gic_rcfg(i), ICSR_HM);
    gic_cdhm(i, false);
    CHECK_EQ(gic_rcfg(i), 0);
    gic_cden(i);
    CHECK_EQ(gic_rcfg(i), ICSR_ENABLED);
    gic_cddis(i);
    CHECK_EQ(gic_rcfg(i), 0);
    gic_cdpend(i, true);
    CHECK_EQ(gic_rcfg(i), ICSR_PENDING);
    gic_cdpend(i, false);
    CHECK_EQ(gic_rcfg(i), 0);
    gic_cdaff(i, 0xabcd);
    CHECK_EQ(gic_rcfg(i), ICSR_IAFFID(0xabcd));
    gic_cdaff(i, 0);
    /* Neighbours are not concerned */
    gic_cdpri(i, 31);
    gic_cden(i);
    CHECK_EQ(gic_rcfg(LPI(76)), 0);
    CHECK_EQ(gic_rcfg(LPI(78)), 0);
    CHECK_EQ(gic_rcfg(i), ICSR_PRIO(31) | ICSR_ENABLED);
    /* CDRCFG changes nothing */
    CHECK_EQ(gic_rcfg(i), ICSR_PRIO(31) | ICSR_ENABLED);
}

static void test_delivery(void)
{
    uint32_t i = LPI(8192);

    ist_setup();
    lpi_setup(i, 13, me());
    CHECK(!irq_line());
    gic_cdpend(i, true);
    CHECK(irq_line());
    CHECK_EQ(rd(ICC_HPPIR_EL1), VALID | i);
    CHECK_EQ(gic_cdia(), VALID | i);
    CHECK_EQ(rd(ICC_APR_EL1), BIT(13));
    CHECK_EQ(rd(ICC_HPPIR_EL1), 0);
    CHECK_EQ(gic_rcfg(i), ICSR_IAFFID(me()) | ICSR_PRIO(13) | ICSR_ACTIVE |
             ICSR_ENABLED);
    CHECK(!irq_line());
    /* Pended while it is active */
    gic_cdpend(i, true);
    gic_cdeoi();
    CHECK(!irq_line());
    CHECK_EQ(gic_rcfg(i), ICSR_IAFFID(me()) | ICSR_PRIO(13) | ICSR_ACTIVE |
             ICSR_ENABLED | ICSR_PENDING);
    gic_cddi(i);
    CHECK(irq_line());
    CHECK_EQ(ack_once(), VALID | i);
    CHECK(!irq_line());
    CHECK_EQ(gic_rcfg(i), ICSR_IAFFID(me()) | ICSR_PRIO(13) | ICSR_ENABLED);
}

static void test_irq(void)
{
    struct cpu *c = this_cpu();

    ist_setup();
    lpi_setup(LPI(1), 13, me());
    for (unsigned n = 1; n <= 1000; n++) {
        gic_cdpend(LPI(1), true);
        irq_window();
        CHECK_EQ(c->count, n);
    }
    CHECK_EQ(c->log[5], LPI(1));
    CHECK_EQ(c->spurious, 0);
    irq_open();
    gic_cdpend(LPI(1), true);
    CHECK(wait_for(c->count == 1001));
    irq_close();
    /* A pending one that is cleared in time is not seen */
    gic_cdpend(LPI(1), true);
    gic_cdpend(LPI(1), false);
    irq_window();
    CHECK_EQ(c->count, 1001);
}

static void test_level(void)
{
    uint32_t i = LPI(500);

    ist_setup();
    lpi_setup(i, 3, me());
    gic_cdhm(i, true);
    gic_cdpend(i, true);
    for (unsigned n = 0; n < 3; n++) {
        gic_sync();
        CHECK_EQ(gic_cdia(), VALID | i);
        /* The acknowledge leaves Pending alone */
        CHECK_EQ(gic_rcfg(i) & (ICSR_PENDING | ICSR_ACTIVE | ICSR_HM),
                 ICSR_PENDING | ICSR_ACTIVE | ICSR_HM);
        CHECK(!irq_line());
        gic_cdeoi();
        CHECK(!irq_line());
        gic_cddi(i);
        CHECK(irq_line());
    }
    gic_cdpend(i, false);
    CHECK(!irq_line());
    CHECK_EQ(gic_cdia(), 0);
    /* From level to edge while pending: the acknowledge clears it */
    gic_cdpend(i, true);
    gic_cdhm(i, false);
    CHECK_EQ(ack_once(), VALID | i);
    CHECK(!irq_line());
}

static void test_disable(void)
{
    ist_setup();
    lpi_setup(LPI(9), 4, me());
    gic_cdpend(LPI(9), true);
    CHECK(irq_line());
    /* Recalls the candidate at once; the state stays */
    gic_cddis(LPI(9));
    CHECK(!irq_line());
    CHECK_EQ(gic_cdia(), 0);
    CHECK_EQ(gic_rcfg(LPI(9)) & (ICSR_PENDING | ICSR_ENABLED), ICSR_PENDING);
    gic_cden(LPI(9));
    CHECK(irq_line());
    /* The next one takes its place */
    lpi_setup(LPI(10), 5, me());
    gic_cdpend(LPI(10), true);
    gic_cddis(LPI(9));
    gic_sync();
    CHECK_EQ(rd(ICC_HPPIR_EL1), VLPI(10));
    gic_cden(LPI(9));
    gic_sync();
    CHECK_EQ(rd(ICC_HPPIR_EL1), VLPI(9));
    CHECK_EQ(ack_once(), VLPI(9));
    CHECK_EQ(ack_once(), VLPI(10));
    CHECK_EQ(ack_once(), 0);
    /* Active and disabled: CDDI works all the same */
    gic_cdpend(LPI(9), true);
    gic_sync();
    CHECK_EQ(gic_cdia(), VLPI(9));
    gic_cddis(LPI(9));
    gic_cdeoi();
    gic_cddi(LPI(9));
    CHECK_EQ(gic_rcfg(LPI(9)) & (ICSR_ACTIVE | ICSR_PENDING), 0);
}

static void test_priority_change(void)
{
    ist_setup();
    for (unsigned n = 0; n < 4; n++) {
        lpi_setup(LPI(20 + n), 10 + n, me());
        gic_cdpend(LPI(20 + n), true);
    }
    gic_sync();
    CHECK_EQ(rd(ICC_HPPIR_EL1), VLPI(20));
    gic_cdpri(LPI(22), 5);
    gic_sync();
    CHECK_EQ(rd(ICC_HPPIR_EL1), VLPI(22));
    gic_cdpri(LPI(22), 31);
    gic_sync();
    CHECK_EQ(rd(ICC_HPPIR_EL1), VLPI(20));
    gic_cdpri(LPI(20), 30);
    gic_sync();
    CHECK_EQ(rd(ICC_HPPIR_EL1), VLPI(21));
    gic_cdpri(LPI(23), 0);
    CHECK_EQ(ack_once(), VLPI(23));
    CHECK_EQ(ack_once(), VLPI(21));
    CHECK_EQ(ack_once(), VLPI(20));
    CHECK_EQ(ack_once(), VLPI(22));
    CHECK_EQ(ack_once(), 0);

    /* While it is active: the APR bit of old is the one that is cleared */
    gic_cdpri(LPI(20), 7);
    gic_cdpend(LPI(20), true);
    gic_sync();
    CHECK_EQ(gic_cdia(), VLPI(20));
    gic_cdpri(LPI(20), 3);
    CHECK_EQ(rd(ICC_APR_EL1), BIT(7));
    gic_cdeoi();
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    gic_cddi(LPI(20));
}

static void test_mask_and_running(void)
{
    ist_setup();
    lpi_setup(LPI(3), 0, me());
    gic_cdpend(LPI(3), true);
    for (unsigned p = 0; p < 32; p++) {
        gic_cdpri(LPI(3), p);
        for (unsigned m = 0; m < 32; m++) {
            wr(ICC_PCR_EL1, m);
            CHECK_EQ(irq_line(), p <= m);
        }
        for (unsigned r = 0; r < 32; r++) {
            wr(ICC_APR_EL1, BIT(r));
            CHECK_EQ(irq_line(), p < r);
        }
        wr(ICC_APR_EL1, 0);
    }
}

static void test_ppi_against_lpi(void)
{
    ist_setup();
    lpi_setup(LPI(3), 10, me());
    gic_cdpend(LPI(3), true);
    ppi_enable(PPI_SW, true);
    ppi_priority(PPI_SW, 11);
    ppi_pend(PPI_SW, true);
    gic_sync();
    CHECK_EQ(rd(ICC_HPPIR_EL1), VLPI(3));
    /* Of equal ones this model takes the PPI; R_VVBPS leaves that open. */
    ppi_priority(PPI_SW, 10);
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_SW));
    ppi_priority(PPI_SW, 9);
    CHECK_EQ(rd(ICC_HPPIR_EL1), VPPI(PPI_SW));
    /* The acknowledge of one leaves the other */
    CHECK_EQ(gic_cdia(), VPPI(PPI_SW));
    CHECK_EQ(gic_rcfg(LPI(3)) & (ICSR_PENDING | ICSR_ACTIVE), ICSR_PENDING);
    gic_cdeoi();
    CHECK(irq_line());
    CHECK_EQ(gic_cdia(), VLPI(3));
    CHECK(ppi_active(PPI_SW));
    gic_cddi(LPI(3));
    CHECK(ppi_active(PPI_SW));
    gic_cddi(PPI(PPI_SW));
    gic_cdeoi();
    CHECK(!irq_line());
}

#define MANY 1000

static void test_many(void)
{
    static uint8_t prio[MANY], seen[MANY];
    uint32_t seed = 12345;
    unsigned last = 0, n = 0;

    ist_setup();
    for (unsigned i = 0; i < MANY; i++) {
        prio[i] = rnd(&seed) % 32;
        seen[i] = 0;
        lpi_setup(LPI(i * 61), prio[i], me());
    }
    for (unsigned i = 0; i < MANY; i++) {
        gic_cdpend(LPI(((i * 7) % MANY) * 61), true);
    }
    for (;;) {
        uint64_t ia = gic_cdia();
        unsigned i = INTID_ID(ia) / 61;

        if (!(ia & VALID)) {
            break;
        }
        if (!CHECK_EQ(INTID_TYPE(ia & ~VALID), 2) || !CHECK(i < MANY)) {
            break;
        }
        seen[i]++;
        n++;
        CHECK(prio[i] >= last);
        CHECK_EQ(rd(ICC_APR_EL1), BIT(prio[i]));
        last = prio[i];
        gic_cdeoi();
        gic_cddi(ia);
    }
    CHECK_EQ(n, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        CHECK_EQ(seen[i], 1);
    }
}

/* The same, but each acknowledged one stays active, so they nest */
static void test_many_active(void)
{
    ist_setup();
    for (unsigned p = 0; p < 32; p++) {
        lpi_setup(LPI(1000 + p), p, me());
    }
    for (int p = 31; p >= 0; p--) {
        gic_cdpend(LPI(1000 + p), true);
        gic_sync();
        CHECK_EQ(gic_cdia(), VLPI(1000 + p));
        CHECK_EQ(rd(ICC_APR_EL1), 0xffffffffull << p & 0xffffffff);
    }
    for (unsigned p = 0; p < 32; p++) {
        CHECK_EQ(gic_rcfg(LPI(1000 + p)) & ICSR_ACTIVE, ICSR_ACTIVE);
        gic_cdeoi();
        CHECK_EQ(rd(ICC_APR_EL1), 0xfffffffeull << p & 0xffffffff);
    }
    for (unsigned p = 0; p < 32; p++) {
        gic_cddi(LPI(1000 + p));
        CHECK_EQ(gic_rcfg(LPI(1000 + p)) & ICSR_ACTIVE, 0);
    }
}

static void test_nmi(void)
{
    ist_setup();
    wr(sctlr_el1, rd(sctlr_el1) | SCTLR_NMI);
    wr(ALLINT, PSTATE_ALLINT);
    isb();
    lpi_setup(LPI(3), 0, me());
    gic_cdpend(LPI(3), true);
    gic_sync();
    CHECK_EQ(rd(isr_el1) & (ISR_I | ISR_IS), ISR_I | ISR_IS);
    CHECK_EQ(gic_cdia(), 0);
    CHECK_EQ(gic_rcfg(LPI(3)) & (ICSR_PENDING | ICSR_ACTIVE), ICSR_PENDING);
    CHECK_EQ(gic_cdnmia(), VLPI(3));
    CHECK_EQ(gic_rcfg(LPI(3)) & (ICSR_PENDING | ICSR_ACTIVE), ICSR_ACTIVE);
    gic_cdeoi();
    gic_cddi(LPI(3));
    /* The priority makes and unmakes it one while it is pending */
    gic_cdpend(LPI(3), true);
    gic_cdpri(LPI(3), 1);
    gic_sync();
    CHECK_EQ(rd(isr_el1) & (ISR_I | ISR_IS), ISR_I);
    CHECK_EQ(gic_cdnmia(), 0);
    gic_cdpri(LPI(3), 0);
    gic_sync();
    CHECK_EQ(rd(isr_el1) & (ISR_I | ISR_IS), ISR_I | ISR_IS);
    CHECK_EQ(gic_cdnmia(), VLPI(3));
    gic_cdeoi();
    gic_cddi(LPI(3));
    wr(sctlr_el1, rd(sctlr_el1) & ~SCTLR_NMI);
    wr(ALLINT, 0);
    isb();
}

/* Operations on INTIDs that name nothing; none may have an effect */
static void all_ops(uint64_t i)
{
    gic_cdpri(i, 1);
    gic_cden(i);
    gic_cdhm(i, true);
    gic_cdaff(i, me());
    gic_cdpend(i, true);
    gic_cddi(i);
    gic_cdpend(i, false);
    gic_cdpend(i, true);
}

static void test_invalid(void)
{
    static const uint32_t bad[] = {
        0, 5, 0x80000005, 0xa0000005, 0xc0000005, 0xe0000005,
        PPI(5), PPI(PPI_SW), PPI(200), LPI(IST_SIZE), LPI(0xffffff),
        SPI(0xffffff),
    };

    ist_setup();
    lpi_setup(LPI(5), 9, 0x1234);
    for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
        all_ops(bad[n]);
        CHECK_EQ(gic_rcfg(bad[n]), ICSR_F);
        CHECK(!irq_line());
    }
    CHECK_EQ(gic_rcfg(LPI(5)),
             ICSR_IAFFID(0x1234) | ICSR_PRIO(9) | ICSR_ENABLED);
    /* A good one after that clears F */
    CHECK_EQ(gic_rcfg(LPI(6)), 0);
    CHECK_EQ(rd(ICC_PPI_SPENDR0_EL1), 0);
    CHECK_EQ(rd(ICC_PPI_ENABLER0_EL1), 0);
    irs_ist_off();
    /* No table: no LPI is reachable, not even in memory */
    CHECK_EQ(ist_mem[5], ISTE_IAFFID(0x1234) | ISTE_PRIO(9) | ISTE_ENABLE);
    all_ops(LPI(5));
    CHECK_EQ(gic_rcfg(LPI(5)), ICSR_F);
    CHECK(!irq_line());
    CHECK_EQ(ist_mem[5], ISTE_IAFFID(0x1234) | ISTE_PRIO(9) | ISTE_ENABLE);
    for (unsigned n = 0; n < IST_SIZE; n++) {
        if (n != 5 && ist_mem[n]) {
            CHECK_EQ(ist_mem[n], 0);
            break;
        }
    }
}

static void test_write_back(void)
{
    ist_setup();
    lpi_setup(LPI(100), 17, me());
    lpi_setup(LPI(101), 0, 0xfffe);
    gic_cdhm(LPI(101), true);
    gic_cddis(LPI(101));
    lpi_setup(LPI(IST_SIZE - 1), 31, 3);
    lpi_setup(LPI(200), 2, me());
    gic_cdpend(LPI(200), true);
    gic_sync();
    CHECK_EQ(gic_cdia(), VLPI(200));
    gic_cdeoi();
    gic_cdpend(LPI(200), true);
    lpi_setup(LPI(300), 6, me());
    gic_cdpend(LPI(300), true);
    CHECK(irq_line());

    irs_ist_off();
    /* Withdrawn with the table */
    CHECK(!irq_line());
    CHECK_EQ(gic_cdia(), 0);
    CHECK_EQ(ist_mem[100] & ~ISTE_HWU,
             ISTE_IAFFID(me()) | ISTE_PRIO(17) | ISTE_ENABLE);
    CHECK_EQ(ist_mem[101] & ~ISTE_HWU, ISTE_IAFFID(0xfffe) | ISTE_HM);
    CHECK_EQ(ist_mem[IST_SIZE - 1] & ~ISTE_HWU,
             ISTE_IAFFID(3) | ISTE_PRIO(31) | ISTE_ENABLE);
    CHECK_EQ(ist_mem[200] & ~ISTE_HWU, ISTE_IAFFID(me()) | ISTE_PRIO(2) |
             ISTE_ENABLE | ISTE_ACTIVE | ISTE_PENDING);
    CHECK_EQ(ist_mem[300] & ~ISTE_HWU,
             ISTE_IAFFID(me()) | ISTE_PRIO(6) | ISTE_ENABLE | ISTE_PENDING);
    CHECK_EQ(ist_mem[99], 0);
    CHECK_EQ(ist_mem[102], 0);

    /* Loaded again; pending bits may be dropped, so none is left */
    ist_mem[100] = ISTE_IAFFID(me()) | ISTE_PRIO(21) | ISTE_ENABLE;
    ist_mem[200] = ISTE_IAFFID(me()) | ISTE_PRIO(2) | ISTE_ENABLE |
                   ISTE_ACTIVE;
    ist_mem[300] = 0;
    ist_mem[400] = ISTE_IAFFID(0x77) | ISTE_PRIO(5) | ISTE_HM;
    irs_ist_on(IST_BITS, (uint64_t)ist_mem);
    CHECK_EQ(gic_rcfg(LPI(100)),
             ICSR_IAFFID(me()) | ICSR_PRIO(21) | ICSR_ENABLED);
    CHECK_EQ(gic_rcfg(LPI(101)), ICSR_IAFFID(0xfffe) | ICSR_HM);
    CHECK_EQ(gic_rcfg(LPI(200)), ICSR_IAFFID(me()) | ICSR_PRIO(2) |
             ICSR_ENABLED | ICSR_ACTIVE);
    CHECK_EQ(gic_rcfg(LPI(300)), 0);
    CHECK_EQ(gic_rcfg(LPI(400)), ICSR_IAFFID(0x77) | ICSR_PRIO(5) | ICSR_HM);
    gic_cdpend(LPI(200), true);
    CHECK(!irq_line());
    gic_cddi(LPI(200));
    CHECK(irq_line());
    CHECK_EQ(ack_once(), VLPI(200));
    gic_cdpend(LPI(100), true);
    CHECK_EQ(ack_once(), VLPI(100));
}

static void test_entry_sizes(void)
{
    /* Entries of 8 and 16 bytes: the words between them are left alone */
    for (unsigned s = 1; s <= 2; s++) {
        unsigned step = 1u << s;

        irs_ist_off();
        for (unsigned i = 0; i < IST_SIZE; i++) {
            ist_mem[i] = 0;
        }
        irs_ist_on(CFGR_ISTSZ(s) | (IST_BITS - s), (uint64_t)ist_mem);
        lpi_setup(LPI(5), 9, me());
        lpi_setup(LPI(6), 8, me());
        gic_cdpend(LPI(5), true);
        gic_cdpend(LPI(6), true);
        CHECK_EQ(ack_once(), VLPI(6));
        CHECK_EQ(ack_once(), VLPI(5));
        CHECK_EQ(gic_rcfg(LPI(IST_SIZE >> s)), ICSR_F);
        CHECK_EQ(gic_rcfg(LPI((IST_SIZE >> s) - 1)), 0);
        irs_ist_off();
        CHECK_EQ(ist_mem[5 * step], ISTE_IAFFID(me()) | ISTE_PRIO(9) |
                 ISTE_ENABLE);
        CHECK_EQ(ist_mem[6 * step], ISTE_IAFFID(me()) | ISTE_PRIO(8) |
                 ISTE_ENABLE);
        for (unsigned i = 1; i < step; i++) {
            CHECK_EQ(ist_mem[5 * step + i], 0);
        }
    }
}

static void clear_tables(void)
{
    irs_ist_off();
    for (unsigned i = 0; i < ARRAY_SIZE(l1); i++) {
        l1[i] = 0;
    }
    for (unsigned t = 0; t < ARRAY_SIZE(l2); t++) {
        for (unsigned i = 0; i < L2_BYTES_MAX / 4; i++) {
            l2[t][i] = 0;
        }
    }
}

static void map_l2(uint32_t id)
{
    dsb();
    irs_w32(IRS_MAP_L2_ISTR, id);
    CHECK(irs_ist_idle());
}

/* Two levels with L2 tables of 2^(12+2z) bytes */
static void two_level(unsigned z)
{
    unsigned c = 10 + 2 * z, bits = 16;
    uint32_t a = 0, b = 3u << c;

    if (!(irs_r32(IRS_IDR2) & BIT(11 + z))) {
        test_skip("this size is not supported");
        return;
    }
    clear_tables();
    /* One table is published from the start, one later, by MAP_L2_ISTR */
    l1[0] = (uint64_t)l2[0] | 1;
    irs_ist_on(CFGR_TWO_LEVEL | CFGR_L2SZ(z) | bits, (uint64_t)l1);
    irs_enable(true);

    CHECK_EQ(gic_rcfg(LPI(a + 7)), 0);
    CHECK_EQ(gic_rcfg(LPI((1u << c) - 1)), 0);
    CHECK_EQ(gic_rcfg(LPI(1u << c)), ICSR_F);
    CHECK_EQ(gic_rcfg(LPI(b + 7)), ICSR_F);
    all_ops(LPI(b + 7));
    CHECK(!irq_line());
    l1[3] = (uint64_t)l2[1];
    map_l2(b + 99);
    CHECK_EQ(l1[3], (uint64_t)l2[1] | 1);
    CHECK_EQ(gic_rcfg(LPI(b + 7)), 0);
    CHECK_EQ(gic_rcfg(LPI(b - 1)), ICSR_F);
    CHECK_EQ(gic_rcfg(LPI(b + (1u << c))), ICSR_F);

    lpi_setup(LPI(a + 7), 9, me());
    lpi_setup(LPI(b + 7), 8, me());
    gic_cdpend(LPI(a + 7), true);
    gic_cdpend(LPI(b + 7), true);
    CHECK_EQ(ack_once(), VLPI(b + 7));
    /* Mapped a second time: nothing happens to it */
    map_l2(b);
    CHECK_EQ(gic_rcfg(LPI(b + 7)), ICSR_IAFFID(me()) | ICSR_PRIO(8) |
             ICSR_ENABLED);
    CHECK_EQ(ack_once(), VLPI(a + 7));
    /* An ID beyond the table maps nothing */
    map_l2(1u << bits);
    map_l2(0xffffff);

    irs_ist_off();
    CHECK_EQ(l2[0][7], ISTE_IAFFID(me()) | ISTE_PRIO(9) | ISTE_ENABLE);
    CHECK_EQ(l2[1][7], ISTE_IAFFID(me()) | ISTE_PRIO(8) | ISTE_ENABLE);
    CHECK_EQ(l1[3], (uint64_t)l2[1] | 1);
    CHECK_EQ(l1[1 << (bits - c)], 0);
    CHECK_EQ(l1[ARRAY_SIZE(l1) - 1], 0);
    CHECK_EQ(gic_rcfg(LPI(a + 7)), ICSR_F);

    irs_ist_on(CFGR_TWO_LEVEL | CFGR_L2SZ(z) | bits, (uint64_t)l1);
    CHECK_EQ(gic_rcfg(LPI(b + 7)), ICSR_IAFFID(me()) | ICSR_PRIO(8) |
             ICSR_ENABLED);
    gic_cdpend(LPI(b + 7), true);
    CHECK_EQ(ack_once(), VLPI(b + 7));
}

static void test_two_level_4k(void)
{
    two_level(0);
}

static void test_two_level_16k(void)
{
    /* 2 L1 bits: the table with b = 3 << 14 is the last one */
    two_level(1);
}

static void test_two_level_64k(void)
{
    two_level(2);
}

static void test_large_ids(void)
{
    unsigned bits = irs_r32(IRS_IDR2) & 0x1f;
    uint32_t last;

    if ((rd(ICC_IDR0_EL1) & 0xf) == 0) {
        bits = bits > 16 ? 16 : bits;
    }
    if (bits < 17 || !(irs_r32(IRS_IDR2) & BIT(13))) {
        test_skip("IDs of 16 bits");
        return;
    }
    last = (1u << bits) - 1;
    clear_tables();
    irs_ist_on(CFGR_TWO_LEVEL | CFGR_L2SZ(2) | bits, (uint64_t)l1);
    l1[last >> 14] = (uint64_t)l2[2];
    map_l2(last);
    CHECK_EQ(l1[last >> 14], (uint64_t)l2[2] | 1);
    lpi_setup(LPI(last), 7, me());
    gic_cdpend(LPI(last), true);
    CHECK(irq_line());
    CHECK_EQ(rd(ICC_HPPIR_EL1), VLPI(last));
    CHECK_EQ(ack_once(), VLPI(last));
    irs_ist_off();
    CHECK_EQ(l2[2][0x3fff], ISTE_IAFFID(me()) | ISTE_PRIO(7) | ISTE_ENABLE);
}

static void test_cfgr_while_valid(void)
{
    ist_setup();
    lpi_setup(LPI(1), 7, me());
    irs_w32(IRS_IST_CFGR, 3);
    CHECK_EQ(irs_r32(IRS_IST_CFGR), IST_BITS);
    irs_w64(IRS_IST_BASER, (uint64_t)l1 | 1);
    CHECK_EQ(irs_r64(IRS_IST_BASER), (uint64_t)ist_mem | 1);
    CHECK_EQ(gic_rcfg(LPI(1)), ICSR_IAFFID(me()) | ICSR_PRIO(7) |
             ICSR_ENABLED);
    irs_ist_off();
    CHECK_EQ(irs_r64(IRS_IST_BASER), (uint64_t)ist_mem);
}

static void test_irsen(void)
{
    ist_setup();
    lpi_setup(LPI(1), 7, me());
    gic_cdpend(LPI(1), true);
    CHECK(irq_line());
    irs_enable(false);
    CHECK(!irq_line());
    CHECK_EQ(gic_cdia(), 0);
    /* State is kept and can be changed */
    CHECK_EQ(gic_rcfg(LPI(1)) & ICSR_PENDING, ICSR_PENDING);
    lpi_setup(LPI(2), 6, me());
    gic_cdpend(LPI(2), true);
    CHECK(!irq_line());
    irs_enable(true);
    CHECK(irq_line());
    CHECK_EQ(ack_once(), VLPI(2));
    CHECK_EQ(ack_once(), VLPI(1));
}

static void test_irm(void)
{
    uint32_t idr0 = irs_r32(IRS_IDR0);

    ist_setup();
    lpi_setup(LPI(1), 7, 0);
    gic_cdaff_irm(LPI(1), me());
    if (!(idr0 & BIT(7))) {
        /* Without 1-of-N it is a target like any other */
        CHECK_EQ(gic_rcfg(LPI(1)) & ICSR_IRM, 0);
    } else {
        CHECK_EQ(gic_rcfg(LPI(1)) & ICSR_IRM, ICSR_IRM);
        irs_w32(IRS_PE_SELR, me());
        irs_w32(IRS_PE_CR0, 0);
    }
    gic_cdpend(LPI(1), true);
    CHECK(wait_for(irq_line()));
    CHECK_EQ(ack_once(), VLPI(1));
    if (idr0 & BIT(7)) {
        /* PE_CR0.DPS keeps it off */
        irs_w32(IRS_PE_CR0, 1);
        gic_cdpend(LPI(1), true);
        CHECK(!irq_line());
        irs_w32(IRS_PE_CR0, 0);
        CHECK(wait_for(irq_line()));
        CHECK_EQ(ack_once(), VLPI(1));
    }
    gic_cdaff(LPI(1), me());
    CHECK_EQ(gic_rcfg(LPI(1)) & ICSR_IRM, 0);
}

static void test_nowhere(void)
{
    ist_setup();
    lpi_setup(LPI(1), 7, 0xfff0);
    gic_cdpend(LPI(1), true);
    CHECK(!irq_line());
    CHECK_EQ(gic_rcfg(LPI(1)), ICSR_IAFFID(0xfff0) | ICSR_PRIO(7) |
             ICSR_ENABLED | ICSR_PENDING);
    /* It is not lost */
    gic_cdaff(LPI(1), me());
    CHECK(irq_line());
    gic_cdaff(LPI(1), 0xfff0);
    CHECK(!irq_line());
    gic_cdaff(LPI(1), me());
    CHECK_EQ(ack_once(), VLPI(1));
}

const struct test tests[] = {
    { "configuration and CDRCFG of an LPI", test_rcfg },
    { "edge LPI: state at each step", test_delivery },
    { "LPI taken as an IRQ", test_irq },
    { "level LPI", test_level },
    { "CDDIS recalls, CDEN brings back", test_disable },
    { "priority change of a pending LPI", test_priority_change },
    { "LPI against every mask and running priority", test_mask_and_running },
    { "PPI against LPI", test_ppi_against_lpi },
    { "1000 pending LPIs in order of priority", test_many },
    { "32 levels of preemption", test_many_active },
    { "LPI as NMI", test_nmi },
    { "invalid INTIDs: no effect, F=1", test_invalid },
    { "IST write-back and reload", test_write_back },
    { "IST entries of 8 and 16 bytes", test_entry_sizes },
    { "two-level IST, 4 KiB tables", test_two_level_4k },
    { "two-level IST, 16 KiB tables", test_two_level_16k },
    { "two-level IST, 64 KiB tables", test_two_level_64k },
    { "the largest LPI", test_large_ids },
    { "IST registers while the table is valid", test_cfgr_while_valid },
    { "IRS_CR0.IRSEN", test_irsen },
    { "1-of-N routing", test_irm },
    { "target that does not exist", test_nowhere },
    { }
};
