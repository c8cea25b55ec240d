/*
 * Tests of the GICv5 ITS's tables and of its cache
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/intc/gicv5/its_table.h"

/*
 * The entries' bits are written down here once more, on purpose: a test that
 * took them from the device would agree with any error in them.
 */
#define VALID 1ULL
#define SPAN(n) ((uint64_t)(n) << 60)
#define ITT_L2SZ(n) ((uint64_t)(n) << 1)
#define DSWE (1ULL << 57)
#define ITT_TWO_LEVEL (1ULL << 58)
#define EVENT_BITS(n) ((uint64_t)(n) << 59)
#define ITTE(lpi) ((lpi) | 1ULL << 31)
#define VIRTUAL (1ULL << 30)
#define VM(n) ((uint64_t)(n) << 32)
#define DAC (3ULL << 28)

#define DT 0x00fedcba98000000ULL
#define DT2 0x0000000012340000ULL
#define ITT 0x0000005a00001008ULL
#define ITT2 0x0000007000000000ULL

/* Memory is 64-bit words, zero unless written; some cannot be read. */
static GHashTable *words;
static GHashTable *closed;
static unsigned reads;

static bool read64(void *opaque, uint64_t addr, uint64_t *value)
{
    gint64 key = addr;
    uint64_t *w = g_hash_table_lookup(words, &key);

    g_assert_true(opaque == words);
    g_assert_cmphex(addr % 8, ==, 0);
    reads++;
    *value = w ? *w : 0;
    return !g_hash_table_contains(closed, &key);
}

static void put(uint64_t addr, uint64_t value)
{
    g_hash_table_insert(words, g_memdup2(&addr, 8), g_memdup2(&value, 8));
}

static void close_word(uint64_t addr)
{
    g_hash_table_add(closed, g_memdup2(&addr, 8));
}

static GICv5ITSTable table;

static void setup(bool two_level, unsigned device_bits, unsigned l2_bits)
{
    GICv5ITSTableConfig cfg = {
        .read64 = read64,
        .base = DT,
        .two_level = two_level,
        .device_bits = device_bits,
        .l2_bits = l2_bits,
        .itt_levels = true,
        .event_bits = 20,
    };

    g_clear_pointer(&words, g_hash_table_unref);
    g_clear_pointer(&closed, g_hash_table_unref);
    words = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    closed = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    cfg.opaque = words;
    gicv5_its_table_init(&table, 8);
    gicv5_its_table_configure(&table, &cfg);
}

static void teardown(void)
{
    gicv5_its_table_cleanup(&table);
    gicv5_its_table_cleanup(&table);
    g_clear_pointer(&words, g_hash_table_unref);
    g_clear_pointer(&closed, g_hash_table_unref);
}

static void assert_lpi(uint32_t device, uint32_t event, uint32_t lpi)
{
    GICv5ITSTarget t;
    GICv5ITSFault f;

    g_assert_true(gicv5_its_lookup(&table, device, event, &t, &f));
    g_assert_cmpuint(t.lpi, ==, lpi);
    g_assert_false(t.is_virtual);
}

static void assert_fault(uint32_t device, uint32_t event, GICv5ITSError error,
                         uint64_t addr)
{
    GICv5ITSTarget t;
    GICv5ITSFault f;

    g_assert_false(gicv5_its_lookup(&table, device, event, &t, &f));
    g_assert_cmpstr(gicv5_its_error_name(f.error), ==,
                    gicv5_its_error_name(error));
    g_assert_cmphex(f.addr, ==, addr);
}

/* --- formats --- */

static const unsigned l2_bits[] = { 9, 11, 13 };

static void test_linear(void)
{
    setup(false, 10, 9);
    for (uint32_t dev = 0; dev < 1024; dev += 341) {
        put(DT + 8 * dev, (ITT + 0x1000 * dev) | VALID | EVENT_BITS(5) |
            DSWE * (dev & 1));
        for (uint32_t ev = 0; ev < 33; ev++) {
            put(ITT + 0x1000 * dev + 8 * ev, ITTE(ev << 16 | dev));
        }
        assert_lpi(dev, 0, dev);
        assert_lpi(dev, 31, 31 << 16 | dev);
        assert_fault(dev, 32, GICV5_ITS_EVENT_RANGE, DT + 8 * dev);
        assert_fault(dev, UINT32_MAX, GICV5_ITS_EVENT_RANGE, DT + 8 * dev);
    }
    put(DT + 8 * 1024, ITT | VALID | EVENT_BITS(5));
    assert_fault(1024, 0, GICV5_ITS_DEVICE_RANGE, 0);
    assert_fault(UINT32_MAX, 0, GICV5_ITS_DEVICE_RANGE, 0);
    assert_fault(1, 0, GICV5_ITS_L2_DTE_INVALID, DT + 8);
    teardown();
}

/* All 32 bits of a DeviceID, and the widths at the ends */
static void test_widths(void)
{
    setup(false, 32, 9);
    put(DT + 8 * 0xffffffffULL, ITT | VALID | EVENT_BITS(0));
    put(ITT, ITTE(0xffffff));
    put(ITT + 8, ITTE(5));
    assert_lpi(UINT32_MAX, 0, 0xffffff);
    /* EVENT_ID_BITS 0: EventID 0 only */
    assert_fault(UINT32_MAX, 1, GICV5_ITS_EVENT_RANGE,
                 DT + 8 * 0xffffffffULL);

    setup(false, 0, 9);
    put(DT, ITT | VALID | EVENT_BITS(31));
    put(ITT + 8 * ((1 << 20) - 1), ITTE(7));
    put(ITT + 8 * (1 << 20), ITTE(8));
    assert_fault(1, 0, GICV5_ITS_DEVICE_RANGE, 0);
    /* What the ITS can do bounds what a DTE says. */
    assert_lpi(0, (1 << 20) - 1, 7);
    assert_fault(0, 1 << 20, GICV5_ITS_EVENT_RANGE, DT);
    teardown();
}

/* The first and the last of a level 2 table, and the first of the next */
static void test_two_level(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(l2_bits); i++) {
        unsigned b = l2_bits[i];
        uint32_t n = 1u << b;

        setup(true, 32, b);
        put(DT + 8 * 3, DT2 | VALID | SPAN(b));
        put(DT + 8 * 4, (DT2 + 0x100000) | VALID | SPAN(15));
        for (unsigned j = 0; j < 2; j++) {
            uint64_t itt = ITT + 0x1000 * j;

            put(DT2 + (j ? 8 * (n - 1) : 0), itt | VALID | ITT_TWO_LEVEL |
                ITT_L2SZ(i) | EVENT_BITS(16));
            put(itt + 8, ITT2 | VALID | SPAN(b));
            put(ITT2 + 8 * (n - 1), ITTE(0x123456));
            assert_lpi(j ? 4 * n - 1 : 3 * n, 2 * n - 1, 0x123456);
            assert_fault(j ? 4 * n - 1 : 3 * n, n - 1,
                         GICV5_ITS_L1_ITTE_INVALID, itt);
            assert_fault(j ? 4 * n - 1 : 3 * n, n,
                         GICV5_ITS_L2_ITTE_INVALID, ITT2);
        }
        put(DT2 + 0x100000, ITT | VALID | EVENT_BITS(1));
        put(ITT, ITTE(9));
        assert_lpi(4 * n, 0, 9);
        assert_fault(4 * n + n - 1, 0, GICV5_ITS_L2_DTE_INVALID,
                     DT2 + 0x100000 + 8 * (n - 1));
        assert_fault(2 * n, 0, GICV5_ITS_L1_DTE_INVALID, DT + 16);
        assert_fault(UINT32_MAX, 0, GICV5_ITS_L1_DTE_INVALID,
                     DT + 8 * (UINT32_MAX >> b));
    }
    teardown();
}

static void test_span(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(l2_bits); i++) {
        unsigned b = l2_bits[i];

        for (unsigned span = 0; span < 16; span++) {
            uint32_t n = 1u << MIN(span, b);

            setup(true, 20, b);
            put(DT, DT2 | VALID | SPAN(span));
            put(DT2 + 8 * (n - 1), ITT | VALID | ITT_TWO_LEVEL | ITT_L2SZ(i) |
                EVENT_BITS(20));
            put(ITT, ITT2 | VALID | SPAN(span));
            put(ITT2 + 8 * (n - 1), ITTE(77));
            assert_lpi(n - 1, n - 1, 77);
            if (span < b) {
                assert_fault(n - 1, n, GICV5_ITS_L1_ITTE_SPAN, ITT);
                assert_fault(n, 0, GICV5_ITS_L1_DTE_SPAN, DT);
            } else {
                assert_fault(n - 1, n, GICV5_ITS_L1_ITTE_INVALID, ITT + 8);
                assert_fault(n, 0, GICV5_ITS_L1_DTE_INVALID, DT + 8);
            }
            /* SPAN of an invalid entry means nothing. */
            put(DT, DT2 | SPAN(span));
            assert_fault(span < b ? n : n - 1, n, GICV5_ITS_L1_DTE_INVALID,
                         DT);
        }
    }
    teardown();
}

/* Each entry invalid, and each where there is no RAM */
static void test_faults(void)
{
    const struct {
        uint64_t addr;
        GICv5ITSError read, invalid;
        bool dswe;
    } steps[] = {
        { DT, GICV5_ITS_L1_DTE_READ, GICV5_ITS_L1_DTE_INVALID },
        { DT2, GICV5_ITS_L2_DTE_READ, GICV5_ITS_L2_DTE_INVALID },
        { ITT, GICV5_ITS_L1_ITTE_READ, GICV5_ITS_L1_ITTE_INVALID, true },
        { ITT2, GICV5_ITS_L2_ITTE_READ, GICV5_ITS_L2_ITTE_INVALID, true },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
        for (unsigned bad = 0; bad < 2; bad++) {
            GICv5ITSTarget t;
            GICv5ITSFault f;

            setup(true, 20, 9);
            put(DT, DT2 | VALID);
            put(DT2, ITT | VALID | DSWE | ITT_TWO_LEVEL);
            put(ITT, ITT2 | VALID);
            put(ITT2, ITTE(1));
            if (bad) {
                /* All bits but VALID */
                put(steps[i].addr, i == 3 ? ~(1ULL << 31) : ~VALID);
            } else {
                close_word(steps[i].addr);
            }
            g_assert_false(gicv5_its_lookup(&table, 0, 0, &t, &f));
            g_assert_cmpuint(f.error, ==, bad ? steps[i].invalid :
                                                steps[i].read);
            g_assert_cmphex(f.addr, ==, steps[i].addr);
            g_assert_cmpuint(f.dswe, ==, steps[i].dswe);
            g_assert_cmpuint(reads, >, 0);
            g_assert_cmpuint(table.used, ==, 0);
        }
    }

    /* An ITS without two-level ITTs */
    setup(false, 20, 9);
    put(DT, ITT | VALID | ITT_TWO_LEVEL);
    table.cfg.itt_levels = false;
    assert_fault(0, 0, GICV5_ITS_ITT_STRUCTURE, DT);
    teardown();
}

/* A table that is its own level 2, and entries of all ones: bounded */
static void test_hostile(void)
{
    GICv5ITSTarget t;
    GICv5ITSFault f;

    setup(true, 20, 9);
    put(DT, DT | VALID | SPAN(9) | EVENT_BITS(20) | ITT_TWO_LEVEL);
    reads = 0;
    gicv5_its_lookup(&table, 0, 0, &t, &f);
    g_assert_cmpuint(reads, <=, 4);

    gicv5_its_table_flush(&table);
    put(DT, UINT64_MAX);
    put(0x00fffffffffffff8ULL, UINT64_MAX);
    reads = 0;
    g_assert_true(gicv5_its_lookup(&table, 0, 0, &t, &f));
    g_assert_cmpuint(reads, ==, 4);
    g_assert_cmphex(t.lpi, ==, 0xffffff);
    g_assert_true(t.is_virtual);
    g_assert_cmphex(t.vm_id, ==, 0xffff);
    teardown();
}

static void test_virtual(void)
{
    GICv5ITSTarget t;
    GICv5ITSFault f;

    setup(false, 4, 9);
    put(DT, ITT | VALID | EVENT_BITS(1));
    put(ITT, ITTE(0x654321) | VIRTUAL | VM(0xabcd) | DAC);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_true(gicv5_its_lookup(&table, 0, 0, &t, &f));
        g_assert_true(t.is_virtual);
        g_assert_cmphex(t.lpi, ==, 0x654321);
        g_assert_cmphex(t.vm_id, ==, 0xabcd);
    }
    teardown();
}

/* --- the cache --- */

#define DEVICES 8
#define EVENTS 8

/*
 * Devices 508 to 515, in two level 2 tables. Each has events around a border
 * of a level 2 ITT: 508 to 515, too. All are cached; then memory says LPI 1
 * everywhere, so that what is still cached can be seen.
 */
static void cache_all(void)
{
    setup(true, 20, 9);
    table.cfg.event_bits = 20;
    put(DT, DT2 | VALID | SPAN(9));
    put(DT + 8, (DT2 + 0x1000) | VALID | SPAN(9));
    for (unsigned new = 0; new < 2; new++) {
        for (uint32_t d = 508; d < 508 + DEVICES; d++) {
            uint64_t itt = ITT + 0x10000 * d;

            put(DT2 + 8 * d, itt | VALID | EVENT_BITS(10));
            for (uint32_t e = 508; e < 508 + EVENTS; e++) {
                put(itt + 8 * e, ITTE(new ? 1 : 1000 * d + e));
                if (!new) {
                    assert_lpi(d, e, 1000 * d + e);
                }
            }
        }
    }
    g_assert_cmpuint(table.used, ==, DEVICES * EVENTS);
}

/* Exactly devices [@d0, @d1] and events [@e0, @e1] are looked up again. */
static void assert_dropped(uint32_t d0, uint32_t d1, uint32_t e0, uint32_t e1)
{
    unsigned dropped = (d1 - d0 + 1) * (e1 - e0 + 1);

    g_assert_cmpuint(table.used, ==, DEVICES * EVENTS - dropped);
    for (uint32_t d = 508; d < 508 + DEVICES; d++) {
        for (uint32_t e = 508; e < 508 + EVENTS; e++) {
            bool gone = d >= d0 && d <= d1 && e >= e0 && e <= e1;

            assert_lpi(d, e, gone ? 1 : 1000 * d + e);
        }
    }
}

static void test_inv(void)
{
    cache_all();
    gicv5_its_inv_event(&table, 510, 513, false, 0);
    assert_dropped(510, 510, 513, 513);
    cache_all();
    gicv5_its_inv_event(&table, 515, 508, true, 9);
    assert_dropped(515, 515, 508, 511);
    cache_all();
    gicv5_its_inv_event(&table, 515, 513, true, 9);
    assert_dropped(515, 515, 512, 515);
    /* A larger ITT_L2SZ is a larger group, and this one is scanned for */
    cache_all();
    gicv5_its_inv_event(&table, 509, 0, true, 13);
    assert_dropped(509, 509, 508, 515);

    cache_all();
    gicv5_its_inv_device(&table, 511, 10, false);
    assert_dropped(511, 511, 508, 515);
    cache_all();
    gicv5_its_inv_device(&table, 511, 31, false);
    assert_dropped(511, 511, 508, 515);
    cache_all();
    gicv5_its_inv_device(&table, 512, 9, false);
    assert_dropped(512, 512, 508, 511);
    cache_all();
    gicv5_its_inv_device(&table, 512, 0, true);
    assert_dropped(512, 515, 508, 515);
    cache_all();
    gicv5_its_inv_device(&table, 3, 0, true);
    assert_dropped(508, 511, 508, 515);
    /* With a linear table L1 means nothing. */
    cache_all();
    table.cfg.two_level = false;
    gicv5_its_inv_device(&table, 511, 31, true);
    table.cfg.two_level = true;
    assert_dropped(511, 511, 508, 515);

    /* Others than these are not there. */
    cache_all();
    gicv5_its_inv_event(&table, 510, 600, false, 0);
    gicv5_its_inv_event(&table, 5100, 510, false, 0);
    gicv5_its_inv_device(&table, 7, 31, false);
    gicv5_its_inv_device(&table, UINT32_MAX, 31, true);
    g_assert_cmpuint(table.used, ==, DEVICES * EVENTS);

    cache_all();
    gicv5_its_table_flush(&table);
    assert_dropped(508, 515, 508, 515);
    teardown();
}

/* Invalid entries become valid without an INV, at each level. */
static void test_no_negatives(void)
{
    setup(true, 20, 9);
    assert_fault(5, 0, GICV5_ITS_L1_DTE_INVALID, DT);
    put(DT, DT2 | VALID | SPAN(9));
    assert_fault(5, 0, GICV5_ITS_L2_DTE_INVALID, DT2 + 40);
    put(DT2 + 40, ITT | VALID);
    assert_fault(5, 0, GICV5_ITS_L2_ITTE_INVALID, ITT);
    put(ITT, ITTE(3));
    assert_lpi(5, 0, 3);
    teardown();
}

static void test_cost(void)
{
    setup(true, 20, 9);
    put(DT, DT2 | VALID | SPAN(9));
    put(DT2, ITT | VALID | ITT_TWO_LEVEL);
    put(ITT, ITT2 | VALID);
    put(ITT2, ITTE(3));
    reads = 0;
    assert_lpi(0, 0, 3);
    g_assert_cmpuint(reads, ==, 4);
    for (unsigned i = 0; i < 100; i++) {
        assert_lpi(0, 0, 3);
    }
    g_assert_cmpuint(reads, ==, 4);
    teardown();
}

/* However many events there are, translations are right and room is fixed. */
static void test_bound(void)
{
    const uint32_t n = 1 << 14;

    setup(false, 2, 9);
    put(DT, ITT | VALID | EVENT_BITS(14));
    for (uint32_t e = 0; e < n; e++) {
        put(ITT + 8 * e, ITTE(e));
    }
    for (unsigned round = 0; round < 3; round++) {
        for (uint32_t e = 0; e < n; e++) {
            assert_lpi(0, e, e);
            g_assert_cmpuint(table.used, <=, 1u << table.cache_bits);
        }
    }
    g_assert_cmpuint(table.used, ==, 1u << table.cache_bits);
    /* What is replaced, or dropped, is counted. */
    gicv5_its_inv_device(&table, 0, 14, false);
    g_assert_cmpuint(table.used, ==, 0);

    /* As many as there is room for, of one device: all stay. */
    for (uint32_t e = 0; e < 1u << table.cache_bits; e++) {
        assert_lpi(0, e, e);
    }
    reads = 0;
    for (uint32_t e = 0; e < 1u << table.cache_bits; e++) {
        assert_lpi(0, e, e);
    }
    g_assert_cmpuint(reads, ==, 0);
    teardown();
}

/* As after a load that failed */
static void test_not_configured(void)
{
    GICv5ITSTable t;
    GICv5ITSTarget target;
    GICv5ITSFault fault;

    gicv5_its_table_init(&t, GICV5_ITS_CACHE_BITS);
    g_assert_false(gicv5_its_lookup(&t, 0, 0, &target, &fault));
    g_assert_cmpint(fault.error, ==, GICV5_ITS_DEVICE_RANGE);
    gicv5_its_table_cleanup(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gicv5/its/linear", test_linear);
    g_test_add_func("/gicv5/its/widths", test_widths);
    g_test_add_func("/gicv5/its/two-level", test_two_level);
    g_test_add_func("/gicv5/its/span", test_span);
    g_test_add_func("/gicv5/its/faults", test_faults);
    g_test_add_func("/gicv5/its/hostile", test_hostile);
    g_test_add_func("/gicv5/its/virtual", test_virtual);
    g_test_add_func("/gicv5/its/inv", test_inv);
    g_test_add_func("/gicv5/its/no-negatives", test_no_negatives);
    g_test_add_func("/gicv5/its/cost", test_cost);
    g_test_add_func("/gicv5/its/bound", test_bound);
    g_test_add_func("/gicv5/its/not-configured", test_not_configured);
    return g_test_run();
}
