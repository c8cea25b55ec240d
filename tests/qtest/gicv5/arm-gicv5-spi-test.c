/*
 * QTest testcase for the Arm GICv5 IRS: SPIs and their wires
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "gicv5-driver.h"

static QTestState *start(IRS *f, CPU *c)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);

    *f = gicv5_irs(qts, 0, DOM_NS);
    *c = gicv5_cpu(qts, 0, DOM_NS);
    return qts;
}

/* --- trigger mode against wire --- */

#define P ISTE_PENDING
#define L ISTE_LEVEL

typedef struct WireCase {
    unsigned tm;
    bool wire;
    uint32_t before, after;
} WireCase;

/* What a wire that changes to .wire, or a resample that finds it so, does */
static const WireCase sampling[] = {
    { TM_EDGE, 1, 0, P },
    { TM_EDGE, 1, P, P },
    { TM_EDGE, 1, L, P },
    { TM_EDGE, 1, P | L, P },
    { TM_EDGE, 0, 0, 0 },
    { TM_EDGE, 0, P, P },
    { TM_EDGE, 0, L, L },
    { TM_EDGE, 0, P | L, P | L },
    { TM_LEVEL, 1, 0, P | L },
    { TM_LEVEL, 1, P, P | L },
    { TM_LEVEL, 1, L, P | L },
    { TM_LEVEL, 1, P | L, P | L },
    { TM_LEVEL, 0, 0, 0 },
    { TM_LEVEL, 0, P, 0 },
    { TM_LEVEL, 0, L, L },
    { TM_LEVEL, 0, P | L, L },
};

/* What a change of the trigger mode to .tm does, with the wire at .wire */
static const WireCase tm_change[] = {
    { TM_LEVEL, 1, 0, P | L },
    { TM_LEVEL, 1, P, P | L },
    { TM_LEVEL, 1, L, P | L },
    { TM_LEVEL, 1, P | L, P | L },
    { TM_LEVEL, 0, 0, 0 },
    { TM_LEVEL, 0, P, 0 },
    { TM_LEVEL, 0, L, L },
    { TM_LEVEL, 0, P | L, L },
    { TM_EDGE, 1, 0, 0 },
    { TM_EDGE, 1, P, 0 },
    { TM_EDGE, 1, L, L },
    { TM_EDGE, 1, P | L, L },
    { TM_EDGE, 0, 0, 0 },
    { TM_EDGE, 0, P, P },
    { TM_EDGE, 0, L, L },
    { TM_EDGE, 0, P | L, P | L },
};

/* Bits of the state word that no event of a wire may touch */
#define OTHERS (ISTE_PRIO(19) | ISTE_IAFFID(0x1234))

static void set_state(const CPU *c, uint32_t id, uint32_t word)
{
    gic(c, SET_PENDING, SPI(id), !!(word & P));
    gic(c, SET_HANDLING, SPI(id), !!(word & L));
    gic(c, SET_PRIORITY, SPI(id), word >> 11 & 0x1f);
    gic(c, SET_TARGET, SPI(id), word >> 16);
    assert_icsr(c, SPI(id), word);
}

static void test_sampling(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    for (unsigned i = 0; i < ARRAY_SIZE(sampling); i++) {
        const WireCase *w = &sampling[i];
        unsigned id = i;

        spi_set_tm(&f, id, w->tm);

        /* The wire changes to that level */
        irs_wire(&f, id, !w->wire);
        set_state(&c, id, w->before | OTHERS);
        irs_wire(&f, id, w->wire);
        assert_icsr(&c, SPI(id), w->after | OTHERS);

        /* A call that changes nothing does nothing. */
        set_state(&c, id, w->before | OTHERS);
        irs_wire(&f, id, w->wire);
        assert_icsr(&c, SPI(id), w->before | OTHERS);

        /* Nor does the same trigger mode once more */
        irs_writel(&f, SPI_CFGR, w->tm);
        assert_icsr(&c, SPI(id), w->before | OTHERS);

        /* Resampled; that does not look at SPI_SELR */
        irs_writel(&f, SPI_SELR, 0xffffff);
        irs_writel(&f, SPI_RESAMPLER, id);
        assert_icsr(&c, SPI(id), w->after | OTHERS);
    }
    qtest_quit(qts);
}

static void test_tm_change(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    for (unsigned i = 0; i < ARRAY_SIZE(tm_change); i++) {
        const WireCase *w = &tm_change[i];
        unsigned id = i;

        spi_set_tm(&f, id, !w->tm);
        irs_wire(&f, id, w->wire);
        set_state(&c, id, w->before | OTHERS);
        spi_set_tm(&f, id, w->tm);
        assert_icsr(&c, SPI(id), w->after | OTHERS);
    }
    qtest_quit(qts);
}

/* Events leave Active and Enable alone too. */
static void test_active_enable(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);
    uint32_t word = ISTE_ENABLE | ISTE_IAFFID(IAFFID(0)) | ISTE_PRIO(3);

    irs_enable(&f);
    cpu_enable(&c);
    spi_set_tm(&f, 7, TM_LEVEL);
    gic_configure(&c, SPI(7), 3, IAFFID(0));
    irs_wire(&f, 7, 1);
    g_assert_cmphex(cpu_acknowledge(&c), ==, SPI(7));
    assert_icsr(&c, SPI(7), word | P | L | ISTE_ACTIVE);
    irs_wire(&f, 7, 0);
    assert_icsr(&c, SPI(7), word | L | ISTE_ACTIVE);
    spi_set_tm(&f, 7, TM_EDGE);
    irs_wire(&f, 7, 1);
    assert_icsr(&c, SPI(7), word | P | ISTE_ACTIVE);
    assert_no_candidate(&c);
    cpu_finish(&c, SPI(7));
    assert_icsr(&c, SPI(7), word | P);
    assert_candidate(&c, SPI(7), 3);
    qtest_quit(qts);
}

/* An edge is delivered once, whatever the wire does without a new edge. */
static void test_edge_once(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    irs_enable(&f);
    cpu_enable(&c);
    gic_configure(&c, SPI(5), 3, IAFFID(0));
    for (unsigned i = 0; i < 3; i++) {
        irs_wire(&f, 5, 1);
        g_assert_cmphex(cpu_acknowledge(&c), ==, SPI(5));
        irs_wire(&f, 5, 1);
        cpu_finish(&c, SPI(5));
        assert_no_candidate(&c);
        g_assert_cmphex(cpu_acknowledge(&c), ==, 0);
        irs_wire(&f, 5, 1);
        assert_no_candidate(&c);
        irs_wire(&f, 5, 0);
        assert_no_candidate(&c);
    }

    /* A new edge while active: pending again, delivered afterwards */
    irs_wire(&f, 5, 1);
    g_assert_cmphex(cpu_acknowledge(&c), ==, SPI(5));
    irs_wire(&f, 5, 0);
    irs_wire(&f, 5, 1);
    assert_no_candidate(&c);
    cpu_finish(&c, SPI(5));
    assert_candidate(&c, SPI(5), 3);
    g_assert_cmphex(cpu_acknowledge(&c), ==, SPI(5));
    cpu_finish(&c, SPI(5));
    assert_no_candidate(&c);

    /* Edges that come before the acknowledge are one interrupt. */
    for (unsigned i = 0; i < 4; i++) {
        irs_wire(&f, 5, i & 1);
    }
    g_assert_cmphex(cpu_acknowledge(&c), ==, SPI(5));
    cpu_finish(&c, SPI(5));
    assert_no_candidate(&c);
    qtest_quit(qts);
}

/* A level is presented again until the wire falls. */
static void test_level_again(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    irs_enable(&f);
    cpu_enable(&c);
    spi_set_tm(&f, 5, TM_LEVEL);
    gic_configure(&c, SPI(5), 3, IAFFID(0));
    irs_wire(&f, 5, 1);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmphex(cpu_acknowledge(&c), ==, SPI(5));
        assert_no_candidate(&c);
        cpu_finish(&c, SPI(5));
        assert_candidate(&c, SPI(5), 3);
    }
    irs_wire(&f, 5, 0);
    assert_no_candidate(&c);

    /* It falls while active */
    irs_wire(&f, 5, 1);
    g_assert_cmphex(cpu_acknowledge(&c), ==, SPI(5));
    irs_wire(&f, 5, 0);
    cpu_finish(&c, SPI(5));
    assert_no_candidate(&c);

    /* Software clears it with the wire high: until the next event */
    irs_wire(&f, 5, 1);
    gic(&c, SET_PENDING, SPI(5), 0);
    assert_no_candidate(&c);
    irs_writel(&f, SPI_RESAMPLER, 5);
    assert_candidate(&c, SPI(5), 3);
    qtest_quit(qts);
}

/* --- selection --- */

static void test_select(void)
{
    QTestState *qts = gicv5_start(2, ONLY_NS, 2, NULL);

    for (unsigned i = 0; i < 2; i++) {
        IRS f = gicv5_irs(qts, i, DOM_NS);
        uint32_t base = i * SPI_STRIDE;

        /* Nothing is selected after reset, not even SPI 0. */
        g_assert_cmphex(irs_readl(&f, SPI_STATUSR), ==, STATUSR_IDLE);
        irs_writel(&f, SPI_CFGR, TM_LEVEL);

        for (uint32_t id = 0; id < 2 * SPI_STRIDE + 4; id++) {
            bool ours = id >= base && id < base + SPIS_PER_IRS;

            g_assert_cmpint(spi_select(&f, id), ==, ours);
            g_assert_cmphex(irs_readl(&f, SPI_SELR), ==, id);
            /* TM after reset is edge; no write without a selection */
            g_assert_cmphex(irs_readl(&f, SPI_CFGR), ==, TM_EDGE);
            irs_writel(&f, SPI_CFGR, UINT32_MAX);
            g_assert_cmphex(irs_readl(&f, SPI_CFGR), ==, ours);
            /* Only the EL3 frame has this register. */
            irs_writel(&f, SPI_DOMAINR, 1);
            g_assert_cmphex(irs_readl(&f, SPI_DOMAINR), ==, 0);
        }
        g_assert_false(spi_select(&f, 0xffffff));
        /* Bits 31:24 are not part of the ID. */
        g_assert_true(spi_select(&f, 0xff000000 | base));
        g_assert_cmphex(irs_readl(&f, SPI_SELR), ==, base);
        irs_writel(&f, SPI_CFGR, TM_EDGE);
        g_assert_cmphex(irs_readl(&f, SPI_CFGR), ==, TM_EDGE);
        g_assert_true(spi_select(&f, base + 1));
        g_assert_cmphex(irs_readl(&f, SPI_CFGR), ==, TM_LEVEL);
    }

    qtest_system_reset(qts);
    for (unsigned i = 0; i < 2; i++) {
        IRS f = gicv5_irs(qts, i, DOM_NS);

        g_assert_cmphex(irs_readl(&f, SPI_STATUSR), ==, STATUSR_IDLE);
        for (unsigned n = 0; n < SPIS_PER_IRS; n++) {
            g_assert_true(spi_select(&f, i * SPI_STRIDE + n));
            g_assert_cmphex(irs_readl(&f, SPI_CFGR), ==, TM_EDGE);
        }
    }
    qtest_quit(qts);
}

/* SPIs of the system that no IRS owns are not reachable. */
static void test_holes(void)
{
    QTestState *qts = gicv5_start(2, ONLY_NS, 2, NULL);
    IRS f0 = gicv5_irs(qts, 0, DOM_NS);
    IRS f1 = gicv5_irs(qts, 1, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);

    for (uint32_t id = 0; id < 2 * SPI_STRIDE + 4; id++) {
        bool exists = id < 2 * SPI_STRIDE && id % SPI_STRIDE < SPIS_PER_IRS;

        assert_icsr(&c, SPI(id), exists ? 0 : UNREACHABLE);
        if (!exists) {
            gic_configure(&c, SPI(id), 0, IAFFID(0));
            gic(&c, SET_PENDING, SPI(id), 1);
            gic(&c, DEACTIVATE, SPI(id), 0);
            irs_writel(&f0, SPI_RESAMPLER, id);
            irs_writel(&f1, SPI_RESAMPLER, id);
            assert_icsr(&c, SPI(id), UNREACHABLE);
        }
    }
    /* Types and reserved bits */
    assert_icsr(&c, SPI(0xffffff), UNREACHABLE);
    assert_icsr(&c, SPI(0) | 1 << 24, UNREACHABLE);
    for (unsigned type = 0; type < 8; type++) {
        if (type != 3) {
            assert_icsr(&c, type << 29, UNREACHABLE);
        }
    }

    /* Another IRS's SPI is not resampled. */
    irs_wire(&f1, 3, 1);
    gic(&c, SET_PENDING, SPI(SPI_STRIDE + 3), 0);
    irs_writel(&f0, SPI_RESAMPLER, SPI_STRIDE + 3);
    assert_icsr(&c, SPI(SPI_STRIDE + 3), 0);
    irs_writel(&f1, SPI_RESAMPLER, SPI_STRIDE + 3);
    assert_icsr(&c, SPI(SPI_STRIDE + 3), P);
    qtest_quit(qts);
}

/* Each wire is its SPI's, and no other's; SPIs of an IRS count from 0 */
static void test_all_wires(void)
{
    QTestState *qts = gicv5_start(2, ONLY_NS, 2, NULL);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);

    for (unsigned i = 0; i < 2; i++) {
        IRS f = gicv5_irs(qts, i, DOM_NS);

        for (unsigned n = 0; n < SPIS_PER_IRS; n++) {
            uint32_t id = i * SPI_STRIDE + n;

            assert_icsr(&c, SPI(id), 0);
            irs_wire(&f, n, 1);
            assert_icsr(&c, SPI(id), P);
        }
    }
    qtest_quit(qts);
}

/* --- domains --- */

/* After reset SPIs are the most privileged domain's. */
static void test_reset_domain(void)
{
    static const struct {
        unsigned domains, owner;
    } cases[] = {
        { ALL_DOMAINS, DOM_EL3 },
        { 1 << DOM_NS | 1 << DOM_EL3, DOM_EL3 },
        { 1 << DOM_NS | 1 << DOM_S, DOM_S },
        { 1 << DOM_NS, DOM_NS },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        QTestState *qts = gicv5_start(1, cases[i].domains, 1, NULL);

        for (unsigned d = 0; d < NUM_DOMAINS; d++) {
            IRS f = gicv5_irs(qts, 0, d);
            CPU c = gicv5_cpu(qts, 0, d);

            if (cases[i].domains & 1 << d) {
                bool owner = d == cases[i].owner;

                g_assert_cmpint(spi_select(&f, 5), ==, owner);
                assert_icsr(&c, SPI(5), owner ? 0 : UNREACHABLE);
            }
        }
        qtest_quit(qts);
    }
}

static void test_domainr(void)
{
    QTestState *qts = gicv5_start(1, ALL_DOMAINS, 1, NULL);
    IRS f[NUM_DOMAINS];
    CPU c[NUM_DOMAINS];

    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        f[d] = gicv5_irs(qts, 0, d);
        c[d] = gicv5_cpu(qts, 0, d);
    }

    for (unsigned owner = 0; owner < NUM_DOMAINS; owner++) {
        spi_set_domain(&f[DOM_EL3], 9, owner);
        for (unsigned d = 0; d < NUM_DOMAINS; d++) {
            bool sees = d == owner;

            /* The EL3 frame selects any SPI. */
            g_assert_cmpint(spi_select(&f[d], 9), ==, sees || d == DOM_EL3);
            assert_icsr(&c[d], SPI(9), sees ? 0 : UNREACHABLE);
            g_assert_cmphex(irs_readl(&f[d], SPI_DOMAINR), ==,
                            d == DOM_EL3 ? owner : 0);
            if (d != DOM_EL3) {
                /* Not even its owner can give it away. */
                irs_writel(&f[d], SPI_DOMAINR, (owner + 1) % NUM_DOMAINS);
            }
            /* Commands in another domain have no effect. */
            if (!sees) {
                gic(&c[d], SET_PENDING, SPI(9), 1);
                gic(&c[d], SET_PRIORITY, SPI(9), 1);
            }
        }
        g_assert_cmphex(irs_readl(&f[DOM_EL3], SPI_DOMAINR), ==, owner);
        assert_icsr(&c[owner], SPI(9), 0);

        /* Trigger mode: the owner's register; nothing from elsewhere */
        irs_writel(&f[owner], SPI_CFGR, TM_LEVEL);
        g_assert_cmphex(irs_readl(&f[owner], SPI_CFGR), ==, TM_LEVEL);
        irs_writel(&f[owner], SPI_CFGR, TM_EDGE);
        if (owner != DOM_NS) {
            irs_writel(&f[DOM_NS], SPI_CFGR, TM_LEVEL);
            g_assert_cmphex(irs_readl(&f[DOM_NS], SPI_CFGR), ==, 0);
            g_assert_cmphex(irs_readl(&f[owner], SPI_CFGR), ==, TM_EDGE);
        }

        /* The resampler: the owner's too */
        irs_wire(&f[DOM_EL3], 9, 1);
        gic(&c[owner], SET_PENDING, SPI(9), 0);
        for (unsigned d = 0; d < NUM_DOMAINS; d++) {
            if (d != owner && d != DOM_EL3) {
                irs_writel(&f[d], SPI_RESAMPLER, 9);
            }
        }
        assert_icsr(&c[owner], SPI(9), 0);
        irs_writel(&f[owner], SPI_RESAMPLER, 9);
        assert_icsr(&c[owner], SPI(9), P);
        irs_wire(&f[DOM_EL3], 9, 0);
        gic(&c[owner], SET_PENDING, SPI(9), 0);
    }

    /* V is what is true now: EL3 takes an SPI away while it is selected */
    spi_set_domain(&f[DOM_EL3], 10, DOM_NS);
    g_assert_true(spi_select(&f[DOM_NS], 10));
    spi_set_domain(&f[DOM_EL3], 10, DOM_S);
    g_assert_cmphex(irs_readl(&f[DOM_NS], SPI_STATUSR), ==, STATUSR_IDLE);
    g_assert_cmphex(irs_readl(&f[DOM_NS], SPI_CFGR), ==, 0);

    /* Reset gives everything back to EL3. */
    qtest_system_reset(qts);
    assert_icsr(&c[DOM_S], SPI(10), UNREACHABLE);
    assert_icsr(&c[DOM_EL3], SPI(10), 0);
    qtest_quit(qts);
}

/* An SPI takes its state, and its place as a candidate, to its new domain. */
static void test_domain_change(void)
{
    QTestState *qts = gicv5_start(1, 1 << DOM_NS | 1 << DOM_EL3, 1, NULL);
    IRS el3 = gicv5_irs(qts, 0, DOM_EL3);
    IRS ns = gicv5_irs(qts, 0, DOM_NS);
    CPU c3 = gicv5_cpu(qts, 0, DOM_EL3);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);
    uint32_t word = P | ISTE_ENABLE | ISTE_PRIO(6) | ISTE_IAFFID(IAFFID(0));

    irs_enable(&el3);
    irs_enable(&ns);
    gic_configure(&c3, SPI(2), 6, IAFFID(0));
    gic_configure(&c3, SPI(3), 7, IAFFID(0));
    gic(&c3, SET_PENDING, SPI(2), 1);
    gic(&c3, SET_PENDING, SPI(3), 1);
    assert_candidate(&c3, SPI(2), 6);
    spi_set_domain(&el3, 2, DOM_NS);
    assert_candidate(&c3, SPI(3), 7);
    assert_candidate(&c, SPI(2), 6);
    assert_icsr(&c, SPI(2), word);

    /* A domain that is not implemented: ignored */
    irs_writel(&el3, SPI_DOMAINR, DOM_S);
    g_assert_cmphex(irs_readl(&el3, SPI_DOMAINR), ==, DOM_NS);
    irs_writel(&el3, SPI_DOMAINR, DOM_REALM);
    g_assert_cmphex(irs_readl(&el3, SPI_DOMAINR), ==, DOM_NS);
    assert_candidate(&c, SPI(2), 6);

    /* Active SPIs stay active. */
    cpu_enable(&c);
    g_assert_cmphex(cpu_acknowledge(&c), ==, SPI(2));
    spi_set_domain(&el3, 2, DOM_EL3);
    assert_icsr(&c3, SPI(2), (word & ~P) | ISTE_ACTIVE);
    qtest_quit(qts);
}

/* --- reset --- */

static void test_reset(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    irs_enable(&f);
    cpu_enable(&c);
    for (unsigned id = 0; id < 4; id++) {
        spi_set_tm(&f, id, TM_LEVEL);
        gic(&c, SET_HANDLING, SPI(id), 1);
        gic_configure(&c, SPI(id), 9 + id, id & 1 ? TARGET_IRM | IAFFID(0) :
                                                    IAFFID(0));
        irs_wire(&f, id, 1);
    }
    g_assert_cmphex(cpu_acknowledge(&c), ==, SPI(0));
    irs_wire(&f, 0, 0);

    qtest_system_reset(qts);
    assert_no_candidate(&c);
    for (unsigned id = 0; id < SPIS_PER_IRS; id++) {
        assert_icsr(&c, SPI(id), 0);
    }

    /*
     * The wire's level is the board's: a wire that was high before the reset
     * and still is makes no new edge, but shows when it is sampled.
     */
    irs_wire(&f, 1, 1);
    assert_icsr(&c, SPI(1), 0);
    spi_set_tm(&f, 1, TM_LEVEL);
    assert_icsr(&c, SPI(1), P | L);
    irs_writel(&f, SPI_RESAMPLER, 2);
    assert_icsr(&c, SPI(2), P);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("gicv5/spi/sampling", test_sampling);
    qtest_add_func("gicv5/spi/tm-change", test_tm_change);
    qtest_add_func("gicv5/spi/active-enable", test_active_enable);
    qtest_add_func("gicv5/spi/edge-once", test_edge_once);
    qtest_add_func("gicv5/spi/level-again", test_level_again);
    qtest_add_func("gicv5/spi/select", test_select);
    qtest_add_func("gicv5/spi/holes", test_holes);
    qtest_add_func("gicv5/spi/all-wires", test_all_wires);
    qtest_add_func("gicv5/spi/reset-domain", test_reset_domain);
    qtest_add_func("gicv5/spi/domainr", test_domainr);
    qtest_add_func("gicv5/spi/domain-change", test_domain_change);
    qtest_add_func("gicv5/spi/reset", test_reset);
    return g_test_run();
}
