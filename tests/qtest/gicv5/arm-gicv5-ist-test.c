/*
 * QTest testcase for the Arm GICv5 IRS: interrupt state tables in memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "gicv5-driver.h"

#define TABLE (RAM_BASE + 0x100000)
#define L2_TABLES (RAM_BASE + 0x200000)

/* In a domain's address space, but neither RAM nor a device */
#define NOTHING 0x10000000
/* With secure-ram=on: what has to be added to a Secure address */
#define SECURE_ALIAS 0x40000000ULL

static QTestState *start(IRS *f, CPU *c)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);

    *f = gicv5_irs(qts, 0, DOM_NS);
    *c = gicv5_cpu(qts, 0, DOM_NS);
    return qts;
}

static uint32_t l2_iste(QTestState *qts, uint64_t addr)
{
    return qtest_readl(qts, addr);
}

/* --- orders and refusals --- */

static void test_orders(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    /* Nothing is reachable without an IST. */
    assert_icsr(&c, LPI(0), UNREACHABLE);
    gic(&c, SET_PENDING, LPI(0), 1);
    irs_setlpi(&f, 0);

    /* 0 to 0: ADDR is updated, memory not looked at */
    irs_writel(&f, IST_CFGR, IST_CFG(6, 0, 0));
    irs_writeq(&f, IST_BASER, NOTHING);
    irs_writeq(&f, IST_BASER, TABLE);
    g_assert_cmphex(irs_readq(&f, IST_BASER), ==, TABLE);
    assert_icsr(&c, LPI(0), UNREACHABLE);

    /* 0 to 1 */
    irs_writeq(&f, IST_BASER, TABLE | IST_BASER_VALID);
    assert_icsr(&c, LPI(0), 0);
    assert_icsr(&c, LPI(63), 0);
    assert_icsr(&c, LPI(64), UNREACHABLE);

    /* IST_CFGR does not change while the IST is valid. */
    irs_writel(&f, IST_CFGR, IST_CFG(10, 1, 1));
    g_assert_cmphex(irs_readl(&f, IST_CFGR), ==, IST_CFG(6, 0, 0));
    assert_icsr(&c, LPI(64), UNREACHABLE);

    /* 1 to 1 is ignored completely. */
    gic(&c, SET_PRIORITY, LPI(5), 9);
    irs_writeq(&f, IST_BASER, (TABLE + 0x1000) | IST_BASER_VALID);
    g_assert_cmphex(irs_readq(&f, IST_BASER), ==, TABLE | IST_BASER_VALID);
    irs_writel(&f, IST_BASER + 4, 0x1234);
    irs_writel(&f, IST_BASER, NOTHING | IST_BASER_VALID);
    g_assert_cmphex(irs_readq(&f, IST_BASER), ==, TABLE | IST_BASER_VALID);
    assert_icsr(&c, LPI(5), ISTE_PRIO(9));
    g_assert_cmphex(l2_iste(qts, TABLE + 4 * 5), ==, 0);

    /* 1 to 0: written back, and ADDR stays */
    irs_writeq(&f, IST_BASER, NOTHING);
    g_assert_cmphex(irs_readq(&f, IST_BASER), ==, TABLE);
    g_assert_cmphex(l2_iste(qts, TABLE + 4 * 5), ==, ISTE_PRIO(9));
    assert_icsr(&c, LPI(5), UNREACHABLE);

    /* From here on the memory is software's. */
    qtest_writel(qts, TABLE + 4 * 6, 0x12345678);
    gic(&c, SET_PRIORITY, LPI(6), 9);
    irs_setlpi(&f, 6);
    irs_writel(&f, MAP_L2_ISTR, 6);
    g_assert_cmphex(l2_iste(qts, TABLE + 4 * 6), ==, 0x12345678);
    irs_writel(&f, IST_CFGR, IST_CFG(10, 0, 0));
    g_assert_cmphex(irs_readl(&f, IST_CFGR), ==, IST_CFG(10, 0, 0));
    qtest_quit(qts);
}

/* VALID is in the low half: software writes that one last. */
static void test_halves(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    irs_writel(&f, IST_CFGR, IST_CFG(6, 0, 0));
    qtest_writel(qts, TABLE, ISTE_PRIO(3));
    irs_writel(&f, IST_BASER + 4, TABLE >> 32);
    assert_icsr(&c, LPI(0), UNREACHABLE);
    irs_writel(&f, IST_BASER, (uint32_t)TABLE | IST_BASER_VALID);
    assert_icsr(&c, LPI(0), ISTE_PRIO(3));

    gic(&c, SET_PRIORITY, LPI(0), 4);
    irs_writel(&f, IST_BASER + 4, 0);
    g_assert_cmphex(l2_iste(qts, TABLE), ==, ISTE_PRIO(3));
    irs_writel(&f, IST_BASER, 0);
    assert_icsr(&c, LPI(0), UNREACHABLE);
    g_assert_cmphex(l2_iste(qts, TABLE), ==, ISTE_PRIO(4));
    g_assert_cmphex(irs_readq(&f, IST_BASER), ==, TABLE);

    /* The stored high half counts. */
    irs_writel(&f, IST_BASER + 4, 0x80);
    irs_writel(&f, IST_BASER, (uint32_t)TABLE | IST_BASER_VALID);
    assert_icsr(&c, LPI(0), UNREACHABLE);
    qtest_quit(qts);
}

/* --- formats --- */

#define FILLER 0xa5

/**
 * Layout: an IST of 2^id_bits LPIs in memory
 */
typedef struct Layout {
    bool two_level;
    unsigned id_bits;
    unsigned l2sz;
    unsigned istsz;
} Layout;

static unsigned iste_bytes(const Layout *l)
{
    return 4 << l->istsz;
}

/* log2 of the LPIs of an L2 table */
static unsigned l2_bits(const Layout *l)
{
    return 10 - l->istsz + 2 * l->l2sz;
}

static unsigned l1_entries(const Layout *l)
{
    return l->id_bits > l2_bits(l) ? 1u << (l->id_bits - l2_bits(l)) : 1;
}

/* L2 tables lie in memory in the reverse order. */
static uint64_t l2_table(const Layout *l, unsigned index)
{
    return L2_TABLES +
           ((uint64_t)(l1_entries(l) - 1 - index) << (12 + 2 * l->l2sz));
}

static uint64_t iste_addr(const Layout *l, uint32_t id)
{
    unsigned c = l2_bits(l);

    if (!l->two_level) {
        return TABLE + (uint64_t)id * iste_bytes(l);
    }
    return l2_table(l, id >> c) + (id & ((1u << c) - 1)) * iste_bytes(l);
}

static uint32_t layout_cfgr(const Layout *l)
{
    return IST_CFG(l->id_bits, l->l2sz, l->istsz) |
           (l->two_level ? IST_CFGR_TWO_LEVEL : 0);
}

/* Any state word that the IRS may find; no two neighbours are alike. */
static uint32_t some_word(uint32_t id)
{
    return (id * 2654435761u) & ISTE_MASK;
}

/* Write a table: some word for each LPI, and filler where metadata would be */
static void fill_table(QTestState *qts, const Layout *l, uint64_t addr,
                       uint32_t first, uint32_t count)
{
    size_t size = (size_t)count * iste_bytes(l);
    g_autofree uint8_t *buf = g_malloc(size);

    memset(buf, FILLER, size);
    for (uint32_t i = 0; i < count; i++) {
        stl_le_p(buf + (size_t)i * iste_bytes(l), some_word(first + i));
    }
    qtest_bufwrite(qts, addr, buf, size);
}

/* What check_layout() makes of the word of an LPI */
static uint32_t changed_word(uint32_t id)
{
    return (some_word(id) ^ ISTE_PENDING ^ ISTE_ENABLE) ^ ISTE_PRIO(0x15) ^
           ISTE_LEVEL;
}

/* The LPIs that it changes */
static bool is_changed(const Layout *l, uint32_t id)
{
    uint32_t last = (1u << l->id_bits) - 1;
    unsigned c = l2_bits(l);

    /* The ends, and around the borders of pages and tables */
    return id < 2 || id > last - 2 || id % 1021 == 0 ||
           (id & ((1u << c) - 1)) == 0 || (~id & ((1u << c) - 1)) == 0;
}

/* Changed words are changed, other words and the metadata are not. */
static void check_table(QTestState *qts, const Layout *l, uint64_t addr,
                        uint32_t first, uint32_t count)
{
    size_t size = (size_t)count * iste_bytes(l);
    g_autofree uint8_t *buf = g_malloc(size);

    qtest_bufread(qts, addr, buf, size);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *e = buf + (size_t)i * iste_bytes(l);
        uint32_t id = first + i;

        g_assert_cmphex((uint32_t)ldl_le_p(e), ==,
                        is_changed(l, id) ? changed_word(id) : some_word(id));
        for (unsigned b = 4; b < iste_bytes(l); b++) {
            g_assert_cmphex(e[b], ==, FILLER);
        }
    }
}

/* Call @fn with each L2 table, or with the only one of a linear IST. */
static void for_each_table(QTestState *qts, const Layout *l,
                           void (*fn)(QTestState *qts, const Layout *l,
                                      uint64_t addr, uint32_t first,
                                      uint32_t count))
{
    uint32_t lpis = 1u << l->id_bits;

    if (!l->two_level) {
        fn(qts, l, TABLE, 0, lpis);
        return;
    }
    for (unsigned i = 0; i < l1_entries(l); i++) {
        uint32_t first = i << l2_bits(l);

        fn(qts, l, l2_table(l, i), first, MIN(lpis, 1u << l2_bits(l)));
    }
}

/* Load a table full of state, change some of it, look at what comes back */
static void check_layout(IRS *f, CPU *c, const Layout *l)
{
    QTestState *qts = f->qts;
    uint32_t lpis = 1u << l->id_bits;

    g_test_message("%s, %u ID bits, L2SZ %u, ISTSZ %u",
                   l->two_level ? "two-level" : "linear", l->id_bits, l->l2sz,
                   l->istsz);
    for_each_table(qts, l, fill_table);
    for (unsigned i = 0; l->two_level && i < l1_entries(l); i++) {
        qtest_writeq(qts, TABLE + 8 * i, l2_table(l, i) | L1_VALID);
    }
    /* Guards: what follows the tables is not the IRS's */
    qtest_writeq(qts, TABLE + (l->two_level ? 8 * l1_entries(l) :
                               (uint64_t)lpis * iste_bytes(l)), UINT64_MAX);

    ist_set_valid(f, TABLE, layout_cfgr(l));
    for (uint32_t id = 0; id < lpis; id++) {
        if (is_changed(l, id)) {
            uint32_t word = changed_word(id);

            assert_icsr(c, LPI(id), some_word(id));
            gic(c, SET_PENDING, LPI(id), !!(word & ISTE_PENDING));
            gic(c, SET_ENABLE, LPI(id), !!(word & ISTE_ENABLE));
            gic(c, SET_HANDLING, LPI(id), !!(word & ISTE_LEVEL));
            gic(c, SET_PRIORITY, LPI(id), word >> 11 & 0x1f);
            assert_icsr(c, LPI(id), word);
        }
    }
    assert_icsr(c, LPI(lpis), UNREACHABLE);
    /* While it is valid, memory holds what software left there. */
    g_assert_cmphex(l2_iste(qts, iste_addr(l, 0)), ==, some_word(0));

    ist_set_invalid(f);
    for_each_table(qts, l, check_table);
    for (unsigned i = 0; l->two_level && i < l1_entries(l); i++) {
        g_assert_cmphex(qtest_readq(qts, TABLE + 8 * i), ==,
                        l2_table(l, i) | L1_VALID);
    }
    g_assert_cmphex(qtest_readq(qts, TABLE + (l->two_level ?
                                              8 * l1_entries(l) :
                                              (uint64_t)lpis *
                                              iste_bytes(l))), ==,
                    UINT64_MAX);
    g_assert_cmphex(irs_readq(f, SWERR_STATUSR), ==, 0);
}

static void test_linear(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    for (unsigned s = 0; s < 3; s++) {
        check_layout(&f, &c, &(Layout) { false, 12, 2 - s, s });
        check_layout(&f, &c, &(Layout) { false, 5, 0, s });
    }
    /* A linear table can be larger than any L2 table; L2SZ is ignored. */
    check_layout(&f, &c, &(Layout) { false, 15, 3, 0 });
    qtest_quit(qts);
}

static void test_two_level(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    for (unsigned s = 0; s < 3; s++) {
        for (unsigned z = 0; z < 3; z++) {
            Layout l = { true, 0, z, s };

            /* Two L2 tables; then a part of one */
            l.id_bits = l2_bits(&l) + 1;
            check_layout(&f, &c, &l);
            l.id_bits = 6;
            check_layout(&f, &c, &l);
        }
    }
    qtest_quit(qts);
}

/* What the IRS does not keep of a word: HWU and RES0 */
static void test_reserved_bits(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    qtest_writel(qts, TABLE, UINT32_MAX & ~ISTE_PENDING);
    ist_set_valid(&f, TABLE, IST_CFG(6, 0, 0));
    assert_icsr(&c, LPI(0), ISTE_MASK & ~ISTE_PENDING);
    /* Not changed, so not written */
    ist_set_invalid(&f);
    g_assert_cmphex(l2_iste(qts, TABLE), ==, UINT32_MAX & ~ISTE_PENDING);
    ist_set_valid(&f, TABLE, IST_CFG(6, 0, 0));
    gic(&c, SET_ENABLE, LPI(0), 0);
    ist_set_invalid(&f);
    g_assert_cmphex(l2_iste(qts, TABLE), ==,
                    ISTE_MASK & ~ISTE_PENDING & ~ISTE_ENABLE);
    qtest_quit(qts);

    /* Less priority bits, no 1-of-N */
    qts = gicv5_start(1, ONLY_NS, 1, "-global arm-gicv5.priority-bits=3 "
                      "-global arm-gicv5.has-one-of-n=off");
    f.qts = c.qts = qts;
    qtest_writel(qts, TABLE, UINT32_MAX & ~ISTE_PENDING);
    ist_set_valid(&f, TABLE, IST_CFG(6, 0, 0));
    assert_icsr(&c, LPI(0), ISTE_MASK & ~ISTE_PENDING & ~ISTE_IRM &
                ~ISTE_PRIO(3));
    gic(&c, SET_PRIORITY, LPI(1), 0x1f);
    assert_icsr(&c, LPI(1), ISTE_PRIO(0x1c));
    gic(&c, SET_PRIORITY, LPI(1), 3);
    assert_icsr(&c, LPI(1), 0);
    gic(&c, SET_TARGET, LPI(1), TARGET_IRM | 7);
    assert_icsr(&c, LPI(1), ISTE_IAFFID(7));
    qtest_quit(qts);
}

/* IRS_IST_CFGR: how values out of range are taken */
static void test_clamps(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, "-global arm-gicv5.id-bits=10"
                                  " -global arm-gicv5.min-lpi-id-bits=8");
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);

    qtest_writel(qts, TABLE + 4 * 255, ISTE_PRIO(1));
    qtest_writel(qts, TABLE + 4 * 1023, ISTE_PRIO(2));

    /* LPI_ID_BITS too small, too large; the register keeps what was written */
    ist_set_valid(&f, TABLE, IST_CFG(0, 0, 0));
    g_assert_cmphex(irs_readl(&f, IST_CFGR), ==, 0);
    assert_icsr(&c, LPI(255), ISTE_PRIO(1));
    assert_icsr(&c, LPI(256), UNREACHABLE);
    ist_set_invalid(&f);
    ist_set_valid(&f, TABLE, IST_CFG(31, 0, 0));
    g_assert_cmphex(irs_readl(&f, IST_CFGR), ==, 31);
    assert_icsr(&c, LPI(1023), ISTE_PRIO(2));
    assert_icsr(&c, LPI(1024), UNREACHABLE);
    assert_icsr(&c, LPI(0xffffff), UNREACHABLE);
    ist_set_invalid(&f);

    /* ISTSZ 3 is 4 bytes. */
    ist_set_valid(&f, TABLE, IST_CFG(8, 0, 3));
    assert_icsr(&c, LPI(255), ISTE_PRIO(1));
    ist_set_invalid(&f);

    /* L2SZ 3 is 4 KiB: with 16-byte entries there are 4 tables of 256. */
    for (unsigned i = 0; i < 4; i++) {
        qtest_writeq(qts, TABLE + 8 * i, (L2_TABLES + 0x1000 * i) | L1_VALID);
        qtest_writel(qts, L2_TABLES + 0x1000 * i, ISTE_PRIO(4 + i));
    }
    ist_set_valid(&f, TABLE, IST_CFG(10, 3, 2) | IST_CFGR_TWO_LEVEL);
    for (unsigned i = 0; i < 4; i++) {
        assert_icsr(&c, LPI(256 * i), ISTE_PRIO(4 + i));
    }
    qtest_quit(qts);
}

/* As many LPIs as there can be, of which only few are mapped */
static void test_24_bits(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);
    uint32_t last = 0xffffff;
    /* 4 KiB tables of 4-byte entries: 16384 of them */
    uint64_t l1e = TABLE + 8ULL * (last >> 10);

    ist_set_valid(&f, TABLE, IST_CFG(24, 0, 0) | IST_CFGR_TWO_LEVEL);
    assert_icsr(&c, LPI(0), UNREACHABLE);
    assert_icsr(&c, LPI(last), UNREACHABLE);
    qtest_writeq(qts, l1e, L2_TABLES);
    irs_writel(&f, MAP_L2_ISTR, last);
    g_assert_cmphex(qtest_readq(qts, l1e), ==, L2_TABLES | L1_VALID);
    assert_icsr(&c, LPI(last), 0);
    assert_icsr(&c, LPI(0), UNREACHABLE);
    gic(&c, SET_PRIORITY, LPI(last), 7);
    ist_set_invalid(&f);
    g_assert_cmphex(l2_iste(qts, L2_TABLES + 0xffc), ==, ISTE_PRIO(7));
    qtest_quit(qts);
}

/* --- MAP_L2_ISTR --- */

static void test_map_l2(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);
    uint32_t cfgr = IST_CFG(12, 0, 0) | IST_CFGR_TWO_LEVEL;
    uint64_t res0 = 0xff00000000000ffeULL;

    for (unsigned i = 0; i < 5; i++) {
        qtest_writeq(qts, TABLE + 8 * i, L2_TABLES + 0x1000 * i);
    }

    /* Not while the IST is not valid, or linear */
    irs_writel(&f, MAP_L2_ISTR, 0);
    ist_set_valid(&f, TABLE, IST_CFG(12, 0, 0));
    irs_writel(&f, MAP_L2_ISTR, 0);
    g_assert_cmphex(qtest_readq(qts, TABLE), ==, L2_TABLES);
    ist_set_invalid(&f);

    ist_set_valid(&f, TABLE, cfgr);
    for (unsigned i = 0; i < 4; i++) {
        qtest_writeq(qts, TABLE + 8 * i, L2_TABLES + 0x1000 * i);
        assert_icsr(&c, LPI(1024 * i), UNREACHABLE);
    }

    /* Software publishes tables while the IST is valid: any ID of theirs */
    qtest_writel(qts, L2_TABLES + 0x1000, ISTE_PRIO(11));
    irs_writel(&f, MAP_L2_ISTR, 1024 + 1023);
    g_assert_cmphex(qtest_readq(qts, TABLE + 8), ==,
                    (L2_TABLES + 0x1000) | L1_VALID);
    assert_icsr(&c, LPI(1024), ISTE_PRIO(11));
    assert_icsr(&c, LPI(2047), 0);
    assert_icsr(&c, LPI(1023), UNREACHABLE);
    assert_icsr(&c, LPI(2048), UNREACHABLE);

    /* No effect on a table that is valid already */
    gic(&c, SET_PRIORITY, LPI(1024), 12);
    irs_writel(&f, MAP_L2_ISTR, 1024);
    assert_icsr(&c, LPI(1024), ISTE_PRIO(12));
    /* Nor if software has changed the entry, which it must not */
    qtest_writeq(qts, TABLE + 8, L2_TABLES + 0x3000);
    irs_writel(&f, MAP_L2_ISTR, 1024);
    assert_icsr(&c, LPI(1024), ISTE_PRIO(12));
    qtest_writeq(qts, TABLE + 8, (L2_TABLES + 0x1000) | L1_VALID);

    /* Reserved bits of the L1 ISTE are not part of the address. */
    qtest_writeq(qts, TABLE + 16, (L2_TABLES + 0x2000) | res0);
    qtest_writel(qts, L2_TABLES + 0x2000, ISTE_PRIO(13));
    irs_writel(&f, MAP_L2_ISTR, 2048);
    g_assert_cmphex(qtest_readq(qts, TABLE + 16) & ~res0, ==,
                    (L2_TABLES + 0x2000) | L1_VALID);
    assert_icsr(&c, LPI(2048), ISTE_PRIO(13));

    /* An entry that software has made valid itself */
    qtest_writeq(qts, TABLE, L2_TABLES | L1_VALID);
    irs_writel(&f, MAP_L2_ISTR, 0);
    assert_icsr(&c, LPI(0), 0);

    /* Beyond LPI_ID_BITS: the word after the L1 table stays as it is. */
    irs_writel(&f, MAP_L2_ISTR, 4096);
    irs_writel(&f, MAP_L2_ISTR, 0xffffff);
    g_assert_cmphex(qtest_readq(qts, TABLE + 32), ==, L2_TABLES + 0x4000);
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, 0);

    /* Bits 31:24 are reserved. */
    irs_writel(&f, MAP_L2_ISTR, 0xff000c00);
    g_assert_cmphex(qtest_readq(qts, TABLE + 24), ==,
                    (L2_TABLES + 0x3000) | L1_VALID);

    ist_set_invalid(&f);
    g_assert_cmphex(l2_iste(qts, L2_TABLES + 0x1000), ==, ISTE_PRIO(12));
    qtest_quit(qts);
}

/*
 * A table that becomes valid with pending LPIs in it: they are taken over when
 * one of their page is used.
 */
static void test_import_pending(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);
    uint32_t word = ISTE_PENDING | ISTE_ENABLE | ISTE_IAFFID(IAFFID(0));

    irs_enable(&f);
    qtest_writel(qts, TABLE + 4 * 9, word | ISTE_PRIO(6));
    qtest_writel(qts, TABLE + 4 * 10, word | ISTE_PRIO(5));
    qtest_writel(qts, TABLE + 4 * 11, word | ISTE_PRIO(4) | ISTE_ACTIVE);
    ist_set_valid(&f, TABLE, IST_CFG(6, 0, 0));
    assert_no_candidate(&c);
    gic(&c, SET_HANDLING, LPI(0), 0);
    assert_candidate(&c, LPI(10), 5);
    /* Recalled when the table goes away, and back with it */
    ist_set_invalid(&f);
    assert_no_candidate(&c);
    ist_set_valid(&f, TABLE, IST_CFG(6, 0, 0));
    irs_setlpi(&f, 12);
    assert_candidate(&c, LPI(10), 5);
    /* An active LPI survives in memory; then it can be deactivated. */
    gic(&c, DEACTIVATE, LPI(11), 0);
    assert_candidate(&c, LPI(11), 4);
    qtest_quit(qts);
}

/*
 * Software that takes over the machine makes the table invalid when its
 * memory may be something else: only what an operation changed is written.
 */
static void test_clean(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    irs_enable(&f);
    ist_set_valid(&f, TABLE, IST_CFG(12, 0, 0));
    gic_configure(&c, LPI(300), 7, IAFFID(0));
    gic(&c, SET_PENDING, LPI(301), 1);
    for (unsigned i = 0; i < 4096; i += 64) {
        gic(&c, SET_ENABLE, LPI(i), 0);
        assert_icsr(&c, LPI(i), 0);
    }
    for (unsigned i = 0; i < 4096; i++) {
        qtest_writel(qts, TABLE + 4 * i, 0xdeadbee0 + i);
    }
    ist_set_invalid(&f);
    for (unsigned i = 0; i < 4096; i++) {
        uint32_t want = 0xdeadbee0 + i;

        if (i == 300) {
            want = ISTE_ENABLE | ISTE_PRIO(7) | ISTE_IAFFID(IAFFID(0));
        } else if (i == 301) {
            want = ISTE_PENDING;
        }
        g_assert_cmphex(qtest_readl(qts, TABLE + 4 * i), ==, want);
    }
    qtest_quit(qts);
}

/* Software may set VALID in L1 by itself, while the table is valid. */
static void test_l1_late(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    ist_set_valid(&f, TABLE, IST_CFG(14, 0, 0) | IST_CFGR_TWO_LEVEL);
    assert_icsr(&c, LPI(2050), UNREACHABLE);
    qtest_writel(qts, L2_TABLES + 8, ISTE_PRIO(9));
    qtest_writeq(qts, TABLE + 16, L2_TABLES | L1_VALID);
    assert_icsr(&c, LPI(2050), ISTE_PRIO(9));
    qtest_quit(qts);
}

/* "lpi-memory" is full of pending LPIs: others are unreachable, recorded. */
static void test_lpi_memory(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1,
                                  "-global arm-gicv5.lpi-memory=64K");
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);
    unsigned n, id;

    irs_enable(&f);
    ist_set_valid(&f, TABLE, IST_CFG(18, 0, 0));
    /* Far more than fit, but none has to stay */
    for (n = 0; n < 128; n++) {
        gic(&c, SET_PRIORITY, LPI(256 * n), n % 32);
    }
    for (n = 0; n < 128; n++) {
        assert_icsr(&c, LPI(256 * n), ISTE_PRIO(n % 32));
    }
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, 0);
    for (n = 0; n < 128; n++) {
        id = 256 * n + 1;
        gic_configure(&c, LPI(id), 8, IAFFID(0));
        gic(&c, SET_PENDING, LPI(id), 1);
        if (irs_readq(&f, SWERR_STATUSR)) {
            break;
        }
    }
    /* 12 bytes for each LPI, and some for each page */
    g_assert_cmpuint(n, <=, 64 * 1024 / (256 * 12));
    g_assert_cmpuint(n, >=, 64 * 1024 / (256 * 16));
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR) & ~SWERR_OF, ==,
                    SWERR_V | SWERR_S0V | SWERR_S1V | 2 << 16);
    g_assert_cmphex(irs_readq(&f, SWERR_SYNDROMER0), ==,
                    2ULL << 60 | (uint64_t)id << 32);
    irs_writeq(&f, SWERR_STATUSR, SWERR_V);
    assert_icsr(&c, LPI(id), UNREACHABLE);

    /* When one has been taken there is room again. */
    assert_candidate(&c, LPI(1), 8);
    gic(&c, ACTIVATE, LPI(1), 0);
    assert_icsr(&c, LPI(id), 0);
    ist_set_invalid(&f);
    g_assert_cmphex(qtest_readl(qts, TABLE + 4), ==,
                    ISTE_ENABLE | ISTE_ACTIVE | ISTE_PRIO(8) |
                    ISTE_IAFFID(IAFFID(0)));
    qtest_quit(qts);
}

/* The Secure and EL3 domains' tables are in Secure memory, if there is any. */
static void test_secure_memory(void)
{
    QTestState *qts = qtest_init("-machine gicv5-test,domains=7,"
                                 "secure-ram=on");

    for (unsigned d = DOM_S; d <= DOM_EL3; d++) {
        IRS f = gicv5_irs(qts, 0, d);
        CPU c = gicv5_cpu(qts, 0, d);
        /* Secure RAM lies over RAM, and can be seen at SECURE_ALIAS too. */
        uint64_t table = TABLE + 0x1000 * d;
        uint64_t there = d == DOM_NS ? table : table + SECURE_ALIAS;
        uint64_t other = d == DOM_NS ? table + SECURE_ALIAS : table;

        qtest_writel(qts, there + 20, ISTE_PRIO(6));
        ist_set_valid(&f, table, IST_CFG(6, 0, 0));
        assert_icsr(&c, LPI(5), ISTE_PRIO(6));
        gic(&c, SET_PRIORITY, LPI(4), 9);
        ist_set_invalid(&f);
        g_assert_cmphex(qtest_readl(qts, there + 16), ==, ISTE_PRIO(9));
        g_assert_cmphex(qtest_readl(qts, other + 16), ==, 0);

        /* L1 as well */
        qtest_writeq(qts, there, table + 0x4000);
        ist_set_valid(&f, table, IST_CFG(12, 0, 0) | IST_CFGR_TWO_LEVEL);
        irs_writel(&f, MAP_L2_ISTR, 0);
        g_assert_cmphex(qtest_readq(qts, there), ==,
                        (table + 0x4000) | L1_VALID);
        g_assert_cmphex(qtest_readq(qts, other), ==, 0);
        gic(&c, SET_PRIORITY, LPI(1), 7);
        ist_set_invalid(&f);
        g_assert_cmphex(qtest_readl(qts, there + 0x4004), ==, ISTE_PRIO(7));
    }
    qtest_quit(qts);
}

/* --- tables in bad places --- */

static void assert_swerr(const IRS *f, unsigned ec, uint32_t id, uint64_t addr)
{
    g_assert_cmphex(irs_readq(f, SWERR_STATUSR), ==,
                    SWERR_V | SWERR_S0V | SWERR_S1V | ec << 16);
    g_assert_cmphex(irs_readq(f, SWERR_SYNDROMER0), ==,
                    2ULL << 60 | (uint64_t)id << 32);
    /* ADDR is bits 55:3 */
    g_assert_cmphex(irs_readq(f, SWERR_SYNDROMER1), ==,
                    addr & 0x00fffffffffffff8ULL);
    irs_writeq(f, SWERR_STATUSR, SWERR_V);
    g_assert_cmphex(irs_readq(f, SWERR_STATUSR), ==, 0);
}

/* The device's own frames show whether a table was looked for in them. */
static void assert_frames_untouched(const IRS *f)
{
    g_assert_cmphex(irs_readl(f, CR0), ==, CR0_IDLE);
    g_assert_cmphex(irs_readl(f, CR1), ==, 0x5a);
    g_assert_cmphex(irs_readl(f, SPI_SELR), ==, 0x123);
}

static void test_bad_places(void)
{
    QTestState *qts = gicv5_start(2, ONLY_NS, 2, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);
    const uint64_t places[] = {
        f.base,                         /* over the device's own frames */
        f.base + CR0,
        f.base + FRAME_SIZE,            /* SETLPI frame */
        f.base + 2 * FRAME_SIZE,        /* after the frames */
        gicv5_irs(qts, 1, DOM_NS).base, /* another device */
        NOTHING,
        RAM_END,
        0,
        1ULL << 51,
        IST_BASER_ADDR,                 /* wraps at 2^56 */
        IST_BASER_ADDR & ~0xffffULL,
    };

    irs_writel(&f, CR1, 0x5a);
    irs_writel(&f, SPI_SELR, 0x123);
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        uint64_t p = places[i];
        uint32_t two = IST_CFGR_TWO_LEVEL;

        g_test_message("table at 0x%" PRIx64, p);

        /* A linear table */
        ist_set_valid(&f, p, IST_CFG(12, 0, 0));
        g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, 0);
        assert_icsr(&c, LPI(0), UNREACHABLE);
        assert_swerr(&f, 2, 0, p);
        assert_icsr(&c, LPI(4095), UNREACHABLE);
        assert_swerr(&f, 2, 4095, p + 4 * 4095);
        gic(&c, SET_ENABLE, LPI(0), 1);
        assert_swerr(&f, 2, 0, p);
        gic(&c, SET_PENDING, LPI(0), 1);
        assert_swerr(&f, 2, 0, p);
        irs_setlpi(&f, 0);
        assert_swerr(&f, 2, 0, p);
        ist_set_invalid(&f);
        assert_frames_untouched(&f);

        /* An L1 table */
        ist_set_valid(&f, p, IST_CFG(12, 0, 0) | two);
        assert_icsr(&c, LPI(0), UNREACHABLE);
        assert_swerr(&f, 1, 0, p);
        irs_writel(&f, MAP_L2_ISTR, 0);
        assert_swerr(&f, 0, 0, p);
        irs_writel(&f, MAP_L2_ISTR, 4095);
        assert_swerr(&f, 0, 4095, p + 8 * 3);
        assert_icsr(&c, LPI(4095), UNREACHABLE);
        assert_swerr(&f, 1, 4095, p + 8 * 3);
        ist_set_invalid(&f);
        assert_frames_untouched(&f);

        /* An L2 table, found with the IST and by MAP_L2_ISTR */
        p &= 0x00fffffffffff000ULL;
        qtest_writeq(qts, TABLE, p | L1_VALID);
        qtest_writeq(qts, TABLE + 8, p);
        qtest_writeq(qts, TABLE + 16, L2_TABLES | L1_VALID);
        ist_set_valid(&f, TABLE, IST_CFG(12, 0, 0) | two);
        irs_writel(&f, MAP_L2_ISTR, 1024);
        g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, 0);
        assert_icsr(&c, LPI(0), UNREACHABLE);
        assert_swerr(&f, 2, 0, p);
        assert_icsr(&c, LPI(1030), UNREACHABLE);
        assert_swerr(&f, 2, 1030, p + 24);
        gic(&c, SET_PRIORITY, LPI(1024), 1);
        assert_swerr(&f, 2, 1024, p);
        /* The good table next to it works. */
        assert_icsr(&c, LPI(2048), 0);
        gic(&c, SET_PRIORITY, LPI(2048), i + 1);
        ist_set_invalid(&f);
        g_assert_cmphex(l2_iste(qts, L2_TABLES), ==, ISTE_PRIO(i + 1));
        qtest_writel(qts, L2_TABLES, 0);
        assert_frames_untouched(&f);
    }

    /* After all of that a good table is as good as ever. */
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, 0);
    ist_set_valid(&f, L2_TABLES, IST_CFG(12, 0, 0));
    assert_icsr(&c, LPI(4095), 0);
    qtest_quit(qts);
}

/* A table that begins in RAM and ends outside */
static void test_end_of_ram(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);
    /* Not at a border of anything that the IRS may load as a whole */
    uint64_t base = RAM_END - 0x2000 + 0x40;

    /* Linear, 16 KiB: LPIs 0 to 2031 are in RAM */
    ist_set_valid(&f, base, IST_CFG(12, 0, 0));
    assert_icsr(&c, LPI(0), 0);
    assert_icsr(&c, LPI(2031), 0);
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, 0);
    assert_icsr(&c, LPI(2032), UNREACHABLE);
    assert_swerr(&f, 2, 2032, RAM_END);
    assert_icsr(&c, LPI(4095), UNREACHABLE);
    assert_swerr(&f, 2, 4095, base + 4 * 4095);

    gic(&c, SET_PRIORITY, LPI(2031), 3);
    gic(&c, SET_PRIORITY, LPI(2032), 3);
    assert_swerr(&f, 2, 2032, RAM_END);
    ist_set_invalid(&f);
    g_assert_cmphex(l2_iste(qts, RAM_END - 4), ==, ISTE_PRIO(3));
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, 0);

    /* An L1 table of 16 entries, of which 8 are in RAM */
    base = RAM_END - 64;
    for (unsigned i = 0; i < 8; i++) {
        qtest_writeq(qts, base + 8 * i, L2_TABLES + 0x1000 * i);
    }
    ist_set_valid(&f, base, IST_CFG(14, 0, 0) | IST_CFGR_TWO_LEVEL);
    irs_writel(&f, MAP_L2_ISTR, 7 << 10);
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, 0);
    assert_icsr(&c, LPI(7 << 10), 0);
    irs_writel(&f, MAP_L2_ISTR, 8 << 10);
    assert_swerr(&f, 0, 8 << 10, RAM_END);
    assert_icsr(&c, LPI(8 << 10), UNREACHABLE);
    assert_swerr(&f, 1, 8 << 10, RAM_END);
    ist_set_invalid(&f);

    /* An L2 table of 64 KiB, of which 8 KiB are in RAM */
    qtest_writeq(qts, TABLE, RAM_END - 0x2000);
    ist_set_valid(&f, TABLE, IST_CFG(14, 2, 0) | IST_CFGR_TWO_LEVEL);
    irs_writel(&f, MAP_L2_ISTR, 0);
    assert_icsr(&c, LPI(2048), UNREACHABLE);
    gic(&c, SET_PRIORITY, LPI(2048), 3);
    qtest_quit(qts);
}

/* Several L1 entries with one L2 table, and tables that overlap */
static void test_overlap(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    for (unsigned i = 0; i < 4; i++) {
        qtest_writeq(qts, TABLE + 8 * i, TABLE | L1_VALID);
    }
    ist_set_valid(&f, TABLE, IST_CFG(12, 0, 0) | IST_CFGR_TWO_LEVEL);
    for (unsigned i = 0; i < 4; i++) {
        gic_configure(&c, LPI(1024 * i), i, IAFFID(0));
        gic(&c, SET_PENDING, LPI(1024 * i), 1);
    }
    irs_enable(&f);
    assert_candidate(&c, LPI(0), 0);
    ist_set_invalid(&f);
    assert_no_candidate(&c);
    /* Whatever the L1 table is now, it is harmless. */
    ist_set_valid(&f, TABLE, IST_CFG(12, 0, 0) | IST_CFGR_TWO_LEVEL);
    ist_set_invalid(&f);
    qtest_quit(qts);
}

/* --- software errors --- */

static void test_swerr(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);
    uint64_t first = SWERR_V | SWERR_S0V | SWERR_S1V | 2 << 16;

    /* The first error stays; later ones set OF */
    ist_set_valid(&f, RAM_END, IST_CFG(6, 0, 0));
    irs_setlpi(&f, 0);
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, first);
    ist_set_invalid(&f);
    ist_set_valid(&f, RAM_END + 0x1000, IST_CFG(12, 0, 0) |
                  IST_CFGR_TWO_LEVEL);
    irs_setlpi(&f, 0);
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, first | SWERR_OF);
    g_assert_cmphex(irs_readq(&f, SWERR_SYNDROMER1), ==, RAM_END);

    /* Zeroes clear nothing; syndromes are read-only */
    irs_writeq(&f, SWERR_STATUSR, 0);
    irs_writel(&f, SWERR_STATUSR, 0);
    irs_writel(&f, SWERR_STATUSR + 4, UINT32_MAX);
    irs_writeq(&f, SWERR_SYNDROMER0, 0);
    irs_writeq(&f, SWERR_SYNDROMER1, 0);
    irs_writel(&f, SWERR_SYNDROMER1, UINT32_MAX);
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, first | SWERR_OF);
    g_assert_cmphex(irs_readl(&f, SWERR_STATUSR), ==, first | SWERR_OF);
    g_assert_cmphex(irs_readl(&f, SWERR_STATUSR + 4), ==, 0);
    g_assert_cmphex(irs_readq(&f, SWERR_SYNDROMER0), ==, 2ULL << 60);
    g_assert_cmphex(irs_readl(&f, SWERR_SYNDROMER0 + 4), ==, 2u << 28);
    g_assert_cmphex(irs_readq(&f, SWERR_SYNDROMER1), ==, RAM_END);

    /* A one clears everything together; also by halves */
    irs_writel(&f, SWERR_STATUSR, SWERR_V);
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, 0);

    /* L1 ISTE in MAP_L2_ISTR */
    irs_writel(&f, MAP_L2_ISTR, 1024);
    assert_swerr(&f, 0, 1024, RAM_END + 0x1000 + 8);
    ist_set_invalid(&f);

    /* L1 table */
    ist_set_valid(&f, RAM_END + 0x1000, IST_CFG(12, 0, 0) |
                  IST_CFGR_TWO_LEVEL);
    irs_setlpi(&f, 9);
    assert_swerr(&f, 1, 9, RAM_END + 0x1000);
    ist_set_invalid(&f);

    /* Reset */
    ist_set_valid(&f, RAM_END, IST_CFG(6, 0, 0));
    irs_setlpi(&f, 0);
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, first);
    qtest_system_reset(qts);
    g_assert_cmphex(irs_readq(&f, SWERR_STATUSR), ==, 0);
    g_assert_cmphex(irs_readq(&f, SWERR_SYNDROMER0), ==, 0);
    g_assert_cmphex(irs_readq(&f, SWERR_SYNDROMER1), ==, 0);
    qtest_quit(qts);
}

/* --- SETLPI --- */

static void test_setlpi(void)
{
    QTestState *qts = gicv5_start(2, ONLY_NS | 1 << DOM_S, 2, NULL);
    IRS ns0 = gicv5_irs(qts, 0, DOM_NS);
    IRS ns1 = gicv5_irs(qts, 1, DOM_NS);
    IRS s = gicv5_irs(qts, 0, DOM_S);
    CPU c_ns = gicv5_cpu(qts, 0, DOM_NS);
    CPU c_s = gicv5_cpu(qts, 0, DOM_S);

    /* Unreachable: silently dropped */
    irs_setlpi(&ns0, 3);
    ist_set_valid(&ns0, TABLE, IST_CFG(6, 0, 0));
    ist_set_valid(&s, L2_TABLES, IST_CFG(6, 0, 0));
    assert_icsr(&c_ns, LPI(3), 0);
    irs_setlpi(&ns0, 64);
    irs_setlpi(&ns0, 0xffffff);
    g_assert_cmphex(irs_readq(&ns0, SWERR_STATUSR), ==, 0);

    /* Like SET_EDGE: it overrides the handling mode; only in its domain */
    gic(&c_ns, SET_HANDLING, LPI(3), 1);
    irs_setlpi(&ns0, 3);
    assert_icsr(&c_ns, LPI(3), ISTE_PENDING);
    assert_icsr(&c_s, LPI(3), 0);
    irs_setlpi(&s, 4);
    assert_icsr(&c_s, LPI(4), ISTE_PENDING);
    assert_icsr(&c_ns, LPI(4), 0);

    /* Through either IRS */
    irs_setlpi(&ns1, 5);
    assert_icsr(&c_ns, LPI(5), ISTE_PENDING);

    /* Delivered if enabled */
    irs_enable(&ns0);
    gic_configure(&c_ns, LPI(6), 2, IAFFID(0));
    assert_no_candidate(&c_ns);
    irs_setlpi(&ns0, 6);
    assert_candidate(&c_ns, LPI(6), 2);
    assert_no_candidate(&c_s);

    /* SYNCR has nothing to wait for. */
    irs_writel(&ns0, SYNCR, 1u << 31);
    g_assert_cmphex(irs_readl(&ns0, SYNC_STATUSR), ==, STATUSR_IDLE);
    qtest_quit(qts);
}

/* --- reset --- */

static void test_reset(void)
{
    IRS f;
    CPU c;
    QTestState *qts = start(&f, &c);

    irs_enable(&f);
    qtest_writel(qts, TABLE + 4, ISTE_PRIO(9));
    ist_set_valid(&f, TABLE, IST_CFG(10, 0, 0));
    gic_configure(&c, LPI(1), 3, IAFFID(0));
    gic(&c, SET_PENDING, LPI(1), 1);
    assert_candidate(&c, LPI(1), 3);

    /* The IST is gone, and memory is as software left it. */
    qtest_system_reset(qts);
    assert_no_candidate(&c);
    g_assert_cmphex(irs_readq(&f, IST_BASER), ==, 0);
    g_assert_cmphex(irs_readl(&f, IST_CFGR), ==, 0);
    assert_icsr(&c, LPI(1), UNREACHABLE);
    g_assert_cmphex(l2_iste(qts, TABLE + 4), ==, ISTE_PRIO(9));

    /* A new table knows nothing of the old one. */
    irs_enable(&f);
    ist_set_valid(&f, TABLE, IST_CFG(10, 0, 0));
    assert_icsr(&c, LPI(1), ISTE_PRIO(9));
    assert_no_candidate(&c);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("gicv5/ist/orders", test_orders);
    qtest_add_func("gicv5/ist/halves", test_halves);
    qtest_add_func("gicv5/ist/linear", test_linear);
    qtest_add_func("gicv5/ist/two-level", test_two_level);
    qtest_add_func("gicv5/ist/reserved-bits", test_reserved_bits);
    qtest_add_func("gicv5/ist/clamps", test_clamps);
    qtest_add_func("gicv5/ist/24-bits", test_24_bits);
    qtest_add_func("gicv5/ist/map-l2", test_map_l2);
    qtest_add_func("gicv5/ist/import-pending", test_import_pending);
    qtest_add_func("gicv5/ist/clean", test_clean);
    qtest_add_func("gicv5/ist/l1-late", test_l1_late);
    qtest_add_func("gicv5/ist/lpi-memory", test_lpi_memory);
    qtest_add_func("gicv5/ist/secure-memory", test_secure_memory);
    qtest_add_func("gicv5/ist/bad-places", test_bad_places);
    qtest_add_func("gicv5/ist/end-of-ram", test_end_of_ram);
    qtest_add_func("gicv5/ist/overlap", test_overlap);
    qtest_add_func("gicv5/ist/swerr", test_swerr);
    qtest_add_func("gicv5/ist/setlpi", test_setlpi);
    qtest_add_func("gicv5/ist/reset", test_reset);
    return g_test_run();
}
