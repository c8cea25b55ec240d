/*
 * QTest testcase for the Arm GICv5 IRS: which PE is presented what
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "gicv5-driver.h"

#define TABLE(domain) (RAM_BASE + 0x100000 * (1 + (domain)))

#define MAX_CPUS 4

/**
 * Board: IRSes and CPU interfaces of one domain
 */
typedef struct Board {
    QTestState *qts;
    unsigned cpus;
    IRS irs[2];
    CPU cpu[MAX_CPUS];
} Board;

static void board_get(Board *b, QTestState *qts, unsigned irses, unsigned cpus,
                      unsigned domain)
{
    b->qts = qts;
    b->cpus = cpus;
    for (unsigned i = 0; i < irses; i++) {
        b->irs[i] = gicv5_irs(qts, i, domain);
        irs_enable(&b->irs[i]);
    }
    for (unsigned i = 0; i < cpus; i++) {
        b->cpu[i] = gicv5_cpu(qts, i, domain);
        cpu_enable(&b->cpu[i]);
    }
    ist_set_valid(&b->irs[0], TABLE(domain), IST_CFG(12, 0, 0));
}

static void board_start(Board *b, unsigned irses, unsigned cpus)
{
    board_get(b, gicv5_start(irses, ONLY_NS, cpus, NULL), irses, cpus,
              DOM_NS);
}

/* The CPU that is presented @intid; -1 if none is. Never more than one. */
static int presented_to(const Board *b, uint32_t intid)
{
    int cpu = -1;

    for (unsigned i = 0; i < b->cpus; i++) {
        uint32_t c = gic(&b->cpu[i], CPU_CANDIDATE, 0, 0);

        if (c == intid) {
            g_assert_cmpint(cpu, ==, -1);
            cpu = i;
        }
    }
    return cpu;
}

/* --- one PE --- */

/* Each condition for a candidate, taken away and given back */
static void test_conditions(void)
{
    Board b;
    const CPU *c = &b.cpu[0];
    const uint32_t intids[] = { LPI(77), SPI(7) };

    board_start(&b, 1, 1);
    for (unsigned i = 0; i < ARRAY_SIZE(intids); i++) {
        uint32_t intid = intids[i];

        gic_configure(c, intid, 31, IAFFID(0));
        assert_no_candidate(c);
        /* The least important priority is a candidate all the same. */
        gic(c, SET_PENDING, intid, 1);
        assert_candidate(c, intid, 31);

        gic(c, SET_PENDING, intid, 0);
        assert_no_candidate(c);
        gic(c, SET_PENDING, intid, 1);
        assert_candidate(c, intid, 31);

        gic(c, SET_ENABLE, intid, 0);
        assert_no_candidate(c);
        gic(c, SET_ENABLE, intid, 1);
        assert_candidate(c, intid, 31);

        gic(c, SET_TARGET, intid, NO_IAFFID);
        assert_no_candidate(c);
        g_assert_cmphex(icsr(c, intid) >> 16, ==, NO_IAFFID);
        gic(c, SET_TARGET, intid, IAFFID(0));
        assert_candidate(c, intid, 31);

        irs_writel(&b.irs[0], CR0, 0);
        g_assert_cmphex(irs_readl(&b.irs[0], CR0), ==, CR0_IDLE);
        assert_no_candidate(c);
        /* State goes on changing while IRSEN is 0. */
        gic(c, SET_PRIORITY, intid, 4);
        assert_no_candidate(c);
        irs_enable(&b.irs[0]);
        assert_candidate(c, intid, 4);

        /* Handling mode alone changes nothing. */
        gic(c, SET_HANDLING, intid, 1);
        assert_candidate(c, intid, 4);
        gic(c, SET_HANDLING, intid, 0);

        g_assert_cmphex(cpu_acknowledge(c), ==, intid);
        assert_no_candidate(c);
        gic(c, SET_PENDING, intid, 1);
        assert_no_candidate(c);
        gic(c, CPU_DROP, 0, 0);
        assert_no_candidate(c);
        gic(c, DEACTIVATE, intid, 0);
        assert_candidate(c, intid, 4);
        gic(c, SET_PENDING, intid, 0);
    }
    qtest_quit(b.qts);
}

static void test_priorities(void)
{
    Board b;
    const CPU *c = &b.cpu[0];

    board_start(&b, 1, 1);
    /* From least to most important: each takes the place of the one before */
    for (int p = 31; p >= 0; p--) {
        uint32_t intid = p & 1 ? LPI(p) : SPI(p);

        gic_configure(c, intid, p, IAFFID(0));
        gic(c, SET_PENDING, intid, 1);
        assert_candidate(c, intid, p);
    }
    /* Change of the priority of a pending interrupt, both ways */
    gic(c, SET_PRIORITY, SPI(0), 31);
    assert_candidate(c, LPI(1), 1);
    gic(c, SET_PRIORITY, LPI(5), 0);
    assert_candidate(c, LPI(5), 0);
    gic(c, SET_PRIORITY, LPI(5), 5);
    gic(c, SET_PRIORITY, SPI(0), 0);

    /* And down again */
    for (int p = 0; p < 32; p++) {
        uint32_t intid = p & 1 ? LPI(p) : SPI(p);

        assert_candidate(c, intid, p);
        gic(c, SET_PENDING, intid, 0);
    }
    assert_no_candidate(c);
    qtest_quit(b.qts);
}

/* Interrupts of equal priority: each is presented once, none is lost. */
static void test_equal_priority(void)
{
    Board b;
    const CPU *c = &b.cpu[0];
    uint8_t seen[64] = { 0 };

    board_start(&b, 1, 1);
    for (unsigned i = 0; i < 32; i++) {
        gic_configure(c, LPI(i), 8, IAFFID(0));
        gic_configure(c, SPI(i), 8, IAFFID(0));
        gic(c, SET_PENDING, LPI(i), 1);
        gic(c, SET_PENDING, SPI(i), 1);
    }
    /* Some in the middle go away, and one comes back */
    gic(c, SET_ENABLE, LPI(0), 0);
    gic(c, SET_PENDING, SPI(9), 0);
    gic(c, SET_TARGET, SPI(31), NO_IAFFID);
    gic(c, SET_ENABLE, LPI(0), 1);

    for (unsigned i = 0; i < 62; i++) {
        uint32_t intid = cpu_acknowledge(c);
        unsigned n = (intid >> 29 == 3 ? 32 : 0) + (intid & 0xffffff);

        g_assert_cmphex(intid, !=, 0);
        g_assert_cmpint(n, <, ARRAY_SIZE(seen));
        seen[n]++;
        cpu_finish(c, intid);
    }
    assert_no_candidate(c);
    for (unsigned n = 0; n < ARRAY_SIZE(seen); n++) {
        g_assert_cmpint(seen[n], ==, n != 32 + 9 && n != 32 + 31);
    }
    qtest_quit(b.qts);
}

/* Acknowledge: Active, and with handling mode edge no longer pending */
static void test_acknowledge(void)
{
    Board b;
    const CPU *c = &b.cpu[0];
    uint32_t word = ISTE_ENABLE | ISTE_PRIO(10) | ISTE_IAFFID(IAFFID(0));

    board_start(&b, 1, 1);
    gic_configure(c, LPI(1), 10, IAFFID(0));
    gic_configure(c, LPI(2), 5, IAFFID(0));

    gic(c, SET_PENDING, LPI(1), 1);
    g_assert_cmphex(gic(c, CPU_LINES, 0, 0), ==, 1);
    g_assert_cmphex(cpu_acknowledge(c), ==, LPI(1));
    g_assert_cmphex(gic(c, CPU_LINES, 0, 0), ==, 0);
    assert_icsr(c, LPI(1), word | ISTE_ACTIVE);
    g_assert_cmphex(gic(c, CPU_APR, 0, 0), ==, 1 << 10);
    g_assert_cmphex(cpu_acknowledge(c), ==, 0);

    /* A more important one preempts. */
    gic(c, SET_PENDING, LPI(2), 1);
    g_assert_cmphex(cpu_acknowledge(c), ==, LPI(2));
    g_assert_cmphex(gic(c, CPU_APR, 0, 0), ==, 1 << 10 | 1 << 5);
    cpu_finish(c, LPI(2));
    g_assert_cmphex(gic(c, CPU_APR, 0, 0), ==, 1 << 10);

    /* Dropped, but active still: others of its priority are taken, not it */
    gic(c, CPU_DROP, 0, 0);
    gic(c, SET_PENDING, LPI(1), 1);
    g_assert_cmphex(cpu_acknowledge(c), ==, 0);
    gic(c, SET_PENDING, LPI(2), 1);
    g_assert_cmphex(cpu_acknowledge(c), ==, LPI(2));
    /* Deactivated in another order than acknowledged */
    gic(c, DEACTIVATE, LPI(1), 0);
    assert_icsr(c, LPI(1), word | ISTE_PENDING);
    g_assert_cmphex(cpu_acknowledge(c), ==, 0);
    cpu_finish(c, LPI(2));
    g_assert_cmphex(cpu_acknowledge(c), ==, LPI(1));
    cpu_finish(c, LPI(1));

    /* Handling mode level: pending until cleared */
    gic(c, SET_HANDLING, LPI(1), 1);
    gic(c, SET_PENDING, LPI(1), 1);
    g_assert_cmphex(cpu_acknowledge(c), ==, LPI(1));
    assert_icsr(c, LPI(1), word | ISTE_ACTIVE | ISTE_PENDING | ISTE_LEVEL);
    cpu_finish(c, LPI(1));
    g_assert_cmphex(cpu_acknowledge(c), ==, LPI(1));
    gic(c, SET_PENDING, LPI(1), 0);
    cpu_finish(c, LPI(1));
    assert_icsr(c, LPI(1), word | ISTE_LEVEL);
    g_assert_cmphex(cpu_acknowledge(c), ==, 0);

    /* The IRS presents irrespective of mask; the CPU interface masks. */
    gic(c, CPU_SET_PCR, 0, 9);
    gic(c, SET_PENDING, LPI(1), 1);
    assert_candidate(c, LPI(1), 10);
    g_assert_cmphex(cpu_acknowledge(c), ==, 0);
    gic(c, CPU_SET_PCR, 0, 10);
    g_assert_cmphex(cpu_acknowledge(c), ==, LPI(1));

    /* The IST goes away while it is active: nothing to deactivate. */
    gic(c, SET_PENDING, LPI(1), 0);
    ist_set_invalid(&b.irs[0]);
    cpu_finish(c, LPI(1));
    g_assert_cmphex(qtest_readl(b.qts, TABLE(DOM_NS) + 4), ==,
                    word | ISTE_ACTIVE | ISTE_LEVEL);
    qtest_quit(b.qts);
}

/* --- several PEs --- */

static void test_retarget(void)
{
    Board b;
    const uint32_t intids[] = { LPI(5), SPI(5), SPI(SPI_STRIDE + 5) };

    board_start(&b, 2, 4);
    for (unsigned i = 0; i < ARRAY_SIZE(intids); i++) {
        uint32_t intid = intids[i];

        gic_configure(&b.cpu[0], intid, 5, IAFFID(0));
        gic(&b.cpu[0], SET_PENDING, intid, 1);
        for (unsigned t = 0; t < 4; t++) {
            /* From any PE to any PE, of either IRS */
            gic(&b.cpu[(t + 1) & 3], SET_TARGET, intid, IAFFID(t));
            g_assert_cmpint(presented_to(&b, intid), ==, t);
        }

        /* Acknowledged here, retargeted while active, deactivated there */
        g_assert_cmphex(cpu_acknowledge(&b.cpu[3]), ==, intid);
        gic(&b.cpu[0], SET_TARGET, intid, IAFFID(1));
        gic(&b.cpu[0], SET_PENDING, intid, 1);
        g_assert_cmpint(presented_to(&b, intid), ==, -1);
        gic(&b.cpu[2], DEACTIVATE, intid, 0);
        g_assert_cmpint(presented_to(&b, intid), ==, 1);
        gic(&b.cpu[3], CPU_DROP, 0, 0);
        gic(&b.cpu[0], SET_PENDING, intid, 0);
    }
    qtest_quit(b.qts);
}

/* Each PE has its own candidates. */
static void test_each_pe(void)
{
    Board b;

    board_start(&b, 1, 4);
    for (unsigned i = 0; i < 4; i++) {
        gic_configure(&b.cpu[0], LPI(i), 20 - i, IAFFID(i));
        gic_configure(&b.cpu[0], LPI(8 + i), 10 - i, IAFFID(i));
        gic(&b.cpu[0], SET_PENDING, LPI(i), 1);
        gic(&b.cpu[0], SET_PENDING, LPI(8 + i), 1);
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_candidate(&b.cpu[i], LPI(8 + i), 10 - i);
        g_assert_cmphex(cpu_acknowledge(&b.cpu[i]), ==, LPI(8 + i));
        assert_candidate(&b.cpu[i], LPI(i), 20 - i);
    }
    qtest_quit(b.qts);
}

/* --- several IRSes --- */

static void test_pe_selr(void)
{
    Board b;

    board_start(&b, 2, 4);
    for (unsigned i = 0; i < 2; i++) {
        const IRS *f = &b.irs[i];

        /* Nothing is selected after reset. */
        g_assert_cmphex(irs_readl(f, PE_STATUSR), ==, STATUSR_IDLE);
        irs_writel(f, PE_CR0, 1);
        g_assert_cmphex(irs_readl(f, PE_CR0), ==, 0);

        for (unsigned c = 0; c < 4; c++) {
            bool ours = c % 2 == i;

            g_assert_cmpint(pe_select(f, IAFFID(c)), ==, ours);
            g_assert_cmphex(irs_readl(f, PE_SELR), ==, IAFFID(c));
            g_assert_cmphex(irs_readl(f, PE_CR0), ==, 0);
            irs_writel(f, PE_CR0, UINT32_MAX);
            g_assert_cmphex(irs_readl(f, PE_CR0), ==, ours);
        }
        g_assert_false(pe_select(f, 0));
        g_assert_false(pe_select(f, NO_IAFFID));
        /* Each PE has a DPS of its own. */
        pe_set_dps(f, IAFFID(i), false);
        g_assert_true(pe_select(f, IAFFID(i + 2)));
        g_assert_cmphex(irs_readl(f, PE_CR0), ==, 1);
    }

    qtest_system_reset(b.qts);
    for (unsigned c = 0; c < 4; c++) {
        const IRS *f = &b.irs[c % 2];

        g_assert_cmphex(irs_readl(f, PE_SELR), ==, c < 2 ? 0 : IAFFID(c - 2));
        g_assert_true(pe_select(f, IAFFID(c)));
        g_assert_cmphex(irs_readl(f, PE_CR0), ==, 0);
    }
    qtest_quit(b.qts);
}

/* One IST for the domain, programmed through either IRS */
static void test_shared_ist(void)
{
    Board b;
    uint64_t table = TABLE(DOM_NS) + 0x10000;

    board_start(&b, 2, 2);
    gic_configure(&b.cpu[0], LPI(3), 3, IAFFID(1));
    ist_set_invalid(&b.irs[1]);
    g_assert_cmphex(irs_readq(&b.irs[0], IST_BASER), ==, TABLE(DOM_NS));
    assert_icsr(&b.cpu[0], LPI(3), UNREACHABLE);
    g_assert_cmphex(qtest_readl(b.qts, TABLE(DOM_NS) + 12), !=, 0);

    qtest_writeq(b.qts, table, table + 0x1000);
    ist_set_valid(&b.irs[1], table, IST_CFG(12, 0, 0) | IST_CFGR_TWO_LEVEL);
    irs_writel(&b.irs[0], MAP_L2_ISTR, 0);
    assert_icsr(&b.cpu[0], LPI(3), 0);
    /* LPIs of PEs of both IRSes, set from PEs of both */
    for (unsigned i = 0; i < 2; i++) {
        gic_configure(&b.cpu[i], LPI(3), 3, IAFFID(1 - i));
        gic(&b.cpu[i], SET_PENDING, LPI(3), 1);
        assert_candidate(&b.cpu[1 - i], LPI(3), 3);
        assert_no_candidate(&b.cpu[i]);
        gic(&b.cpu[i], SET_PENDING, LPI(3), 0);
    }
    qtest_quit(b.qts);
}

/* An SPI goes to a PE of another IRS; the global ID is presented. */
static void test_foreign_spi(void)
{
    Board b;
    uint32_t intid = SPI(SPI_STRIDE + 2);

    board_start(&b, 2, 2);
    gic_configure(&b.cpu[0], intid, 2, IAFFID(0));
    irs_wire(&b.irs[1], 2, 1);
    assert_candidate(&b.cpu[0], intid, 2);
    assert_no_candidate(&b.cpu[1]);
    g_assert_cmphex(cpu_acknowledge(&b.cpu[0]), ==, intid);
    cpu_finish(&b.cpu[0], intid);
    irs_wire(&b.irs[1], 2, 0);

    /* IRSEN counts where the PE is connected. */
    irs_wire(&b.irs[1], 2, 1);
    irs_writel(&b.irs[1], CR0, 0);
    assert_candidate(&b.cpu[0], intid, 2);
    irs_writel(&b.irs[0], CR0, 0);
    assert_no_candidate(&b.cpu[0]);
    irs_enable(&b.irs[0]);
    assert_candidate(&b.cpu[0], intid, 2);
    qtest_quit(b.qts);
}

/* --- 1-of-N --- */

static void test_one_of_n(void)
{
    Board b;
    uint32_t intid = LPI(9);
    unsigned seen = 0;

    board_start(&b, 2, 4);
    gic_configure(&b.cpu[0], intid, 9, TARGET_IRM | IAFFID(0));
    g_assert_cmphex(icsr(&b.cpu[0], intid), ==,
                    ISTE_ENABLE | ISTE_IRM | ISTE_PRIO(9) |
                    ISTE_IAFFID(IAFFID(0)));

    /* Presented to exactly one PE; over time to all of them */
    for (unsigned i = 0; i < 16; i++) {
        int cpu;

        gic(&b.cpu[0], SET_PENDING, intid, 1);
        cpu = presented_to(&b, intid);
        g_assert_cmpint(cpu, !=, -1);
        seen |= 1 << cpu;
        g_assert_cmphex(cpu_acknowledge(&b.cpu[cpu]), ==, intid);
        g_assert_cmpint(presented_to(&b, intid), ==, -1);
        cpu_finish(&b.cpu[cpu], intid);
    }
    g_assert_cmphex(seen, ==, 0xf);

    /* DPS, ICC_CR0.EN and IRSEN each take a PE out; it is recalled first */
    gic(&b.cpu[0], SET_PENDING, intid, 1);
    for (unsigned left = 4; left > 0; left--) {
        int cpu = presented_to(&b, intid);

        g_assert_cmpint(cpu, !=, -1);
        if (left & 1) {
            gic(&b.cpu[cpu], CPU_SET_EN, 0, 0);
        } else {
            pe_set_dps(&b.irs[cpu % 2], IAFFID(cpu), true);
        }
        g_assert_cmpint(presented_to(&b, intid), !=, cpu);
    }
    /* Nobody left: it stays pending, undelivered */
    g_assert_cmpint(presented_to(&b, intid), ==, -1);
    g_assert_true(icsr(&b.cpu[0], intid) & ISTE_PENDING);
    for (unsigned cpu = 0; cpu < 4; cpu++) {
        pe_set_dps(&b.irs[cpu % 2], IAFFID(cpu), cpu != 2);
        gic(&b.cpu[cpu], CPU_SET_EN, 0, 1);
    }
    g_assert_cmpint(presented_to(&b, intid), ==, 2);
    irs_writel(&b.irs[0], CR0, 0);
    g_assert_cmpint(presented_to(&b, intid), ==, -1);
    irs_enable(&b.irs[0]);
    g_assert_cmpint(presented_to(&b, intid), ==, 2);

    /* PEs of an IRS that is not enabled are left out, others are chosen. */
    for (unsigned cpu = 0; cpu < 4; cpu++) {
        pe_set_dps(&b.irs[cpu % 2], IAFFID(cpu), false);
    }
    for (unsigned i = 0; i < 8; i++) {
        int cpu;

        irs_writel(&b.irs[i % 2], CR0, 0);
        cpu = presented_to(&b, intid);
        g_assert_cmpint(cpu, !=, -1);
        g_assert_cmpint(cpu % 2, !=, i % 2);
        irs_enable(&b.irs[i % 2]);
    }
    for (unsigned cpu = 0; cpu < 4; cpu++) {
        pe_set_dps(&b.irs[cpu % 2], IAFFID(cpu), cpu != 2);
    }
    g_assert_cmpint(presented_to(&b, intid), ==, 2);

    /* DPS does not count for targeted interrupts, and routing can change. */
    gic(&b.cpu[0], SET_TARGET, intid, IAFFID(3));
    g_assert_cmpint(presented_to(&b, intid), ==, 3);
    gic(&b.cpu[0], SET_TARGET, intid, TARGET_IRM);
    g_assert_cmpint(presented_to(&b, intid), ==, 2);
    gic(&b.cpu[0], SET_ENABLE, intid, 0);
    g_assert_cmpint(presented_to(&b, intid), ==, -1);
    qtest_quit(b.qts);
}

/* Several 1-of-N interrupts, and PEs that are busy with others */
static void test_one_of_n_busy(void)
{
    Board b;
    int cpu;

    board_start(&b, 1, 2);
    /* CPU 0 has something more important: the other one is chosen */
    gic_configure(&b.cpu[0], LPI(1), 4, IAFFID(0));
    gic(&b.cpu[0], SET_PENDING, LPI(1), 1);
    for (unsigned i = 0; i < 4; i++) {
        gic_configure(&b.cpu[0], LPI(10), 9, TARGET_IRM);
        gic(&b.cpu[0], SET_PENDING, LPI(10), 1);
        g_assert_cmpint(presented_to(&b, LPI(10)), ==, 1);
        gic(&b.cpu[0], SET_PENDING, LPI(10), 0);
    }

    /* It moves when its PE gets something more important than it */
    gic(&b.cpu[0], SET_PENDING, LPI(1), 0);
    gic(&b.cpu[0], SET_PENDING, LPI(10), 1);
    cpu = presented_to(&b, LPI(10));
    g_assert_cmpint(cpu, !=, -1);
    gic(&b.cpu[0], SET_TARGET, LPI(1), IAFFID(cpu));
    gic(&b.cpu[0], SET_PENDING, LPI(1), 1);
    assert_candidate(&b.cpu[cpu], LPI(1), 4);
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, 1 - cpu);

    /* Both busy: not lost, presented when one is free again */
    gic_configure(&b.cpu[0], LPI(2), 4, IAFFID(1 - cpu));
    gic(&b.cpu[0], SET_PENDING, LPI(2), 1);
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, -1);
    assert_candidate(&b.cpu[1 - cpu], LPI(2), 4);
    gic(&b.cpu[0], SET_PENDING, LPI(1), 0);
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, cpu);
    gic(&b.cpu[0], SET_PENDING, LPI(2), 0);

    /* The most important of several is presented; the others follow. */
    for (unsigned i = 0; i < 4; i++) {
        gic_configure(&b.cpu[0], SPI(i), 8 - i, TARGET_IRM);
        gic(&b.cpu[0], SET_PENDING, SPI(i), 1);
        g_assert_cmpint(presented_to(&b, SPI(i)), !=, -1);
    }
    for (int i = 3; i >= 0; i--) {
        cpu = presented_to(&b, SPI(i));
        g_assert_cmpint(cpu, !=, -1);
        g_assert_cmphex(cpu_acknowledge(&b.cpu[cpu]), ==, SPI(i));
        cpu_finish(&b.cpu[cpu], SPI(i));
    }
    g_assert_cmpint(presented_to(&b, LPI(10)), !=, -1);
    qtest_quit(b.qts);
}

/*
 * A PE that would not take an interrupt, because of its mask or of what it is
 * handling, is not offered it, and loses it when that changes.
 */
static void test_one_of_n_masked(void)
{
    Board b;

    board_start(&b, 1, 2);
    gic(&b.cpu[0], CPU_SET_PCR, 0, 8);
    for (unsigned i = 0; i < 4; i++) {
        gic_configure(&b.cpu[0], LPI(10), 9, TARGET_IRM);
        gic(&b.cpu[0], SET_PENDING, LPI(10), 1);
        g_assert_cmpint(presented_to(&b, LPI(10)), ==, 1);
        gic(&b.cpu[0], SET_PENDING, LPI(10), 0);
    }
    /* The first waits for CPU 0's mask or CPU 1; the second does not wait. */
    gic(&b.cpu[0], SET_PENDING, LPI(10), 1);
    gic_configure(&b.cpu[0], LPI(11), 8, TARGET_IRM);
    gic(&b.cpu[0], SET_PENDING, LPI(11), 1);
    g_assert_cmpint(presented_to(&b, LPI(11)), ==, 0);
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, 1);
    gic(&b.cpu[1], CPU_SET_PCR, 0, 7);
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, -1);
    g_assert_cmpint(presented_to(&b, LPI(11)), ==, 0);
    gic(&b.cpu[0], CPU_SET_PCR, 0, 0);
    g_assert_cmpint(presented_to(&b, LPI(11)), ==, -1);
    gic(&b.cpu[1], CPU_SET_PCR, 0, 31);
    g_assert_cmpint(presented_to(&b, LPI(11)), ==, 1);

    /* Running priority: CPU 1 handles one, so the other waits for CPU 0. */
    g_assert_cmphex(cpu_acknowledge(&b.cpu[1]), ==, LPI(11));
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, -1);
    gic(&b.cpu[0], CPU_SET_PCR, 0, 31);
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, 0);
    gic(&b.cpu[0], CPU_SET_PCR, 0, 0);
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, -1);
    cpu_finish(&b.cpu[1], LPI(11));
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, 1);

    /* More important than what it handles: it preempts. */
    gic(&b.cpu[0], SET_PENDING, LPI(10), 0);
    gic(&b.cpu[0], SET_PENDING, LPI(11), 1);
    g_assert_cmphex(cpu_acknowledge(&b.cpu[1]), ==, LPI(11));
    gic_configure(&b.cpu[0], LPI(12), 3, TARGET_IRM);
    gic(&b.cpu[0], SET_PENDING, LPI(12), 1);
    g_assert_cmpint(presented_to(&b, LPI(12)), ==, 1);
    qtest_quit(b.qts);
}

/* A PE that handled priority 0, and so took nothing, takes part again after. */
static void test_one_of_n_priority_0(void)
{
    Board b;

    board_start(&b, 1, 1);
    for (unsigned i = 0; i < 3; i++) {
        gic_configure(&b.cpu[0], LPI(10), 5, TARGET_IRM);
        gic(&b.cpu[0], SET_PENDING, LPI(10), 1);
        gic_configure(&b.cpu[0], LPI(11), 0, IAFFID(0));
        gic(&b.cpu[0], SET_PENDING, LPI(11), 1);
        g_assert_cmphex(cpu_acknowledge(&b.cpu[0]), ==, LPI(11));
        g_assert_cmpint(presented_to(&b, LPI(10)), ==, -1);
        cpu_finish(&b.cpu[0], LPI(11));
        g_assert_cmpint(presented_to(&b, LPI(10)), ==, 0);
        g_assert_cmphex(cpu_acknowledge(&b.cpu[0]), ==, LPI(10));
        cpu_finish(&b.cpu[0], LPI(10));
    }
    qtest_quit(b.qts);
}

/* A PE that is off takes none, whatever its ICC_CR0.EN. */
static void test_one_of_n_off(void)
{
    Board b;

    board_start(&b, 1, 2);
    gic_configure(&b.cpu[0], LPI(10), 9, TARGET_IRM);
    gic(&b.cpu[0], SET_PENDING, LPI(10), 1);
    for (unsigned i = 0; i < 4; i++) {
        int cpu = presented_to(&b, LPI(10));

        g_assert_cmpint(cpu, !=, -1);
        gic(&b.cpu[cpu], CPU_POWER, 0, 0);
        g_assert_cmpint(presented_to(&b, LPI(10)), ==, 1 - cpu);
        gic(&b.cpu[cpu], CPU_POWER, 0, 1);
    }
    gic(&b.cpu[0], CPU_POWER, 0, 0);
    gic(&b.cpu[1], CPU_POWER, 0, 0);
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, -1);
    gic(&b.cpu[0], CPU_SET_EN, 0, 0);
    gic(&b.cpu[0], CPU_SET_EN, 0, 1);
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, -1);
    gic(&b.cpu[0], CPU_POWER, 0, 1);
    g_assert_cmpint(presented_to(&b, LPI(10)), ==, 0);
    g_assert_cmpuint(gic(&b.cpu[0], CPU_CHECK, 0, 0), ==, 1);
    qtest_quit(b.qts);
}

/* --- domains --- */

/* Four domains at once: tables, LPI numbers, candidates of their own */
static void test_domains(void)
{
    QTestState *qts = gicv5_start(2, ALL_DOMAINS, 2, NULL);
    Board b[NUM_DOMAINS];
    IRS el3 = gicv5_irs(qts, 0, DOM_EL3);

    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        board_get(&b[d], qts, 2, 2, d);
    }
    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        for (unsigned e = 0; e < NUM_DOMAINS; e++) {
            assert_icsr(&b[e].cpu[0], LPI(6), e < d ?
                        ISTE_ENABLE | ISTE_PENDING | ISTE_PRIO(6 + e) |
                        ISTE_IAFFID(IAFFID(e & 1)) : 0);
        }
        gic_configure(&b[d].cpu[0], LPI(6), 6 + d, IAFFID(d & 1));
        gic(&b[d].cpu[0], SET_PENDING, LPI(6), 1);
    }
    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        assert_candidate(&b[d].cpu[d & 1], LPI(6), 6 + d);
        assert_no_candidate(&b[d].cpu[!(d & 1)]);
    }

    /* An acknowledge is of one domain. */
    g_assert_cmphex(cpu_acknowledge(&b[DOM_REALM].cpu[1]), ==, LPI(6));
    assert_no_candidate(&b[DOM_REALM].cpu[1]);
    assert_candidate(&b[DOM_NS].cpu[1], LPI(6), 6 + DOM_NS);

    /* SPIs: each with one of them, by EL3's choice */
    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        spi_set_domain(&el3, 10 + d, d);
        gic_configure(&b[d].cpu[0], SPI(10 + d), 1, IAFFID(0));
        irs_wire(&el3, 10 + d, 1);
    }
    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        assert_candidate(&b[d].cpu[0], SPI(10 + d), 1);
    }

    /* IRSEN, IST and DPS are per domain. */
    irs_writel(&b[DOM_S].irs[0], CR0, 0);
    assert_no_candidate(&b[DOM_S].cpu[0]);
    assert_candidate(&b[DOM_EL3].cpu[0], SPI(10 + DOM_EL3), 1);
    ist_set_invalid(&b[DOM_NS].irs[0]);
    assert_no_candidate(&b[DOM_NS].cpu[1]);
    assert_icsr(&b[DOM_NS].cpu[0], LPI(6), UNREACHABLE);
    assert_icsr(&b[DOM_REALM].cpu[0], LPI(6), ISTE_ENABLE | ISTE_ACTIVE |
                ISTE_PRIO(6 + DOM_REALM) | ISTE_IAFFID(IAFFID(1)));
    pe_set_dps(&b[DOM_S].irs[0], IAFFID(0), true);
    g_assert_true(pe_select(&b[DOM_NS].irs[0], IAFFID(0)));
    g_assert_cmphex(irs_readl(&b[DOM_NS].irs[0], PE_CR0), ==, 0);
    qtest_quit(qts);
}

/* --- reset --- */

/* After a reset with interrupts of every kind pending nothing is left. */
static void test_reset(void)
{
    Board b;

    board_start(&b, 2, 4);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 8; i++) {
            uint32_t target = i & 1 ? TARGET_IRM : IAFFID(i / 2);

            gic_configure(&b.cpu[0], LPI(i), i, target);
            gic_configure(&b.cpu[0], SPI(i), 8 + i, target);
            gic(&b.cpu[0], SET_PENDING, LPI(i), 1);
            gic(&b.cpu[0], SET_PENDING, SPI(i), 1);
        }
        g_assert_cmpint(cpu_acknowledge(&b.cpu[0]), !=, 0);
        qtest_system_reset(b.qts);
        for (unsigned i = 0; i < 4; i++) {
            assert_no_candidate(&b.cpu[i]);
            g_assert_cmphex(gic(&b.cpu[i], CPU_APR, 0, 0), ==, 0);
            g_assert_cmphex(gic(&b.cpu[i], CPU_LINES, 0, 0), ==, 0);
            g_assert_cmphex(cpu_acknowledge(&b.cpu[i]), ==, 0);
        }
        for (unsigned i = 0; i < 8; i++) {
            assert_icsr(&b.cpu[0], SPI(i), 0);
        }

        /* CPUs that have not enabled their interface are not chosen. */
        irs_enable(&b.irs[0]);
        irs_enable(&b.irs[1]);
        gic_configure(&b.cpu[0], SPI(20), 3, TARGET_IRM);
        gic(&b.cpu[0], SET_PENDING, SPI(20), 1);
        g_assert_cmpint(presented_to(&b, SPI(20)), ==, -1);
        cpu_enable(&b.cpu[1]);
        g_assert_cmpint(presented_to(&b, SPI(20)), ==, 1);
        gic(&b.cpu[0], SET_PENDING, SPI(20), 0);
        board_get(&b, b.qts, 2, 4, DOM_NS);
    }
    qtest_quit(b.qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("gicv5/route/conditions", test_conditions);
    qtest_add_func("gicv5/route/priorities", test_priorities);
    qtest_add_func("gicv5/route/equal-priority", test_equal_priority);
    qtest_add_func("gicv5/route/acknowledge", test_acknowledge);
    qtest_add_func("gicv5/route/retarget", test_retarget);
    qtest_add_func("gicv5/route/each-pe", test_each_pe);
    qtest_add_func("gicv5/route/pe-selr", test_pe_selr);
    qtest_add_func("gicv5/route/shared-ist", test_shared_ist);
    qtest_add_func("gicv5/route/foreign-spi", test_foreign_spi);
    qtest_add_func("gicv5/route/one-of-n", test_one_of_n);
    qtest_add_func("gicv5/route/one-of-n-busy", test_one_of_n_busy);
    qtest_add_func("gicv5/route/one-of-n-masked", test_one_of_n_masked);
    qtest_add_func("gicv5/route/one-of-n-priority-0",
                   test_one_of_n_priority_0);
    qtest_add_func("gicv5/route/one-of-n-off", test_one_of_n_off);
    qtest_add_func("gicv5/route/domains", test_domains);
    qtest_add_func("gicv5/route/reset", test_reset);
    return g_test_run();
}
