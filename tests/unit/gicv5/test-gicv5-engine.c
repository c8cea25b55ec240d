/*
 * Functional tests of the GICv5 interrupt engine: one test for each rule
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "gicv5-rig.h"

#define S GICV5_DOMAIN_S
#define NS GICV5_DOMAIN_NS
#define EL3 GICV5_DOMAIN_EL3
#define REALM GICV5_DOMAIN_REALM

#define P R_GICV5_ISTE_PENDING_MASK
#define A R_GICV5_ISTE_ACTIVE_MASK
#define HM R_GICV5_ISTE_HM_MASK
#define EN R_GICV5_ISTE_ENABLE_MASK
#define IRM R_GICV5_ISTE_IRM_MASK

#define F_ONLY 1ull

#define IST_BASE 0x80000000ull
#define L2_BASE 0x100000000ull

static uint32_t lpi(uint32_t id)
{
    return 0x40000000 | id;
}

static uint32_t spi(uint32_t id)
{
    return 0x60000000 | id;
}

static uint32_t iste(uint32_t flags, unsigned prio, unsigned iaffid)
{
    return flags | prio << 11 | iaffid << 16;
}

/* --- rigs ------------------------------------------------------------ */

static Rig *new_rig(unsigned domains, bool one_of_n, unsigned prio_bits)
{
    GICv5EngineConfig cfg = {
        .domains = domains,
        .id_bits = 24,
        .prio_bits = prio_bits,
        .one_of_n = one_of_n,
    };

    return rig_new(&cfg);
}

static GICv5PE *pe(Rig *r, unsigned i)
{
    return gicv5_system_pe(r->sys, i);
}

/* A Non-secure system of one IRS with 32 SPIs and PEs with IAFFIDs 0.. */
static Rig *ns_rig(unsigned pes, bool one_of_n)
{
    Rig *r = new_rig(1 << NS, one_of_n, 5);

    g_assert_cmpint(gicv5_system_add_irs(r->sys, 0, 32), ==, 0);
    for (unsigned i = 0; i < pes; i++) {
        g_assert_nonnull(gicv5_system_add_pe(r->sys, 0, i, NULL));
    }
    gicv5_irs_enable(r->sys, 0, NS, true);
    return r;
}

static void done(Rig *r)
{
    g_assert_true(gicv5_system_check(r->sys));
    rig_free(r);
}

static void ist_valid(Rig *r, GICv5Domain d, const RigIST *t)
{
    GICv5ISTConfig cfg = rig_ist_config(t);

    gicv5_ist_set_valid(rig_ist(r, d), t->base, &cfg);
}

static void ist_invalid(Rig *r, GICv5Domain d)
{
    gicv5_ist_set_invalid(rig_ist(r, d));
}

static const RigIST linear8 = { .b = 8, .base = IST_BASE };

static uint64_t cmd(Rig *r, GICv5Domain d, GICv5Command c, uint32_t intid,
                    uint32_t value)
{
    return rig_command(r, pe(r, 0), d, c, intid, value);
}

static bool reachable(Rig *r, GICv5Domain d, uint32_t intid)
{
    uint32_t word;

    return gicv5_get_word(rig_space(r, d), intid, &word);
}

static uint32_t word_of(Rig *r, GICv5Domain d, uint32_t intid)
{
    uint32_t word = ~0u;

    g_assert_true(gicv5_get_word(rig_space(r, d), intid, &word));
    return word;
}

/* Gives an interrupt that is in reset state the state @word */
static void put(Rig *r, GICv5Domain d, uint32_t intid, uint32_t word)
{
    cmd(r, d, GICV5_CMD_SET_PRIORITY, intid, word >> 11 & 31);
    cmd(r, d, GICV5_CMD_SET_TARGET, intid,
        word >> 16 | (word & IRM ? GICV5_TARGET_IRM : 0));
    if (word & A) {
        cmd(r, d, GICV5_CMD_ACTIVATE, intid, 0);
    }
    cmd(r, d, GICV5_CMD_SET_HANDLING, intid, !!(word & HM));
    cmd(r, d, GICV5_CMD_SET_PENDING, intid, !!(word & P));
    cmd(r, d, GICV5_CMD_SET_ENABLE, intid, !!(word & EN));
    g_assert_cmphex(word_of(r, d, intid), ==, word);
}

static void expect(Rig *r, unsigned p, GICv5Domain d, uint32_t intid,
                   unsigned prio)
{
    g_assert_cmphex(r->seen[p][d], ==, (uint64_t)prio << 32 | intid);
}

static void expect_none(Rig *r, unsigned p, GICv5Domain d)
{
    g_assert_cmphex(r->seen[p][d], ==, 32ull << 32);
}

/* The number of forward() calls since the last time must be @n. */
static void expect_forwards(Rig *r, unsigned n)
{
    g_assert_cmpuint(r->forwards, ==, n);
    r->forwards = 0;
}

/* --- commands and events on the state word --------------------------- */

typedef enum Op {
    OP_ENABLE, OP_DISABLE, OP_PEND, OP_UNPEND, OP_HM_EDGE, OP_HM_LEVEL,
    OP_DEACTIVATE, OP_PRIO, OP_TARGET, OP_TARGET_IRM, OP_ACTIVATE,
    OP_SET_EDGE, OP_SET_LEVEL, OP_CLEAR, OP_CONFIG,
    OP_COUNT
} Op;

static void do_op(Rig *r, uint32_t intid, Op op)
{
    switch (op) {
    case OP_ENABLE:
        cmd(r, NS, GICV5_CMD_SET_ENABLE, intid, 1);
        break;
    case OP_DISABLE:
        cmd(r, NS, GICV5_CMD_SET_ENABLE, intid, 0);
        break;
    case OP_PEND:
        cmd(r, NS, GICV5_CMD_SET_PENDING, intid, 1);
        break;
    case OP_UNPEND:
        cmd(r, NS, GICV5_CMD_SET_PENDING, intid, 0);
        break;
    case OP_HM_EDGE:
        cmd(r, NS, GICV5_CMD_SET_HANDLING, intid, 0);
        break;
    case OP_HM_LEVEL:
        cmd(r, NS, GICV5_CMD_SET_HANDLING, intid, 1);
        break;
    case OP_DEACTIVATE:
        cmd(r, NS, GICV5_CMD_DEACTIVATE, intid, 0);
        break;
    case OP_PRIO:
        cmd(r, NS, GICV5_CMD_SET_PRIORITY, intid, 0x1b);
        break;
    case OP_TARGET:
        cmd(r, NS, GICV5_CMD_SET_TARGET, intid, 0xbeef);
        break;
    case OP_TARGET_IRM:
        cmd(r, NS, GICV5_CMD_SET_TARGET, intid, 0xbeef | GICV5_TARGET_IRM);
        break;
    case OP_ACTIVATE:
        cmd(r, NS, GICV5_CMD_ACTIVATE, intid, 0);
        break;
    case OP_SET_EDGE:
        rig_event(r, NS, intid, GICV5_SET_EDGE);
        break;
    case OP_SET_LEVEL:
        rig_event(r, NS, intid, GICV5_SET_LEVEL);
        break;
    case OP_CLEAR:
        rig_event(r, NS, intid, GICV5_CLEAR);
        break;
    case OP_CONFIG:
        cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, intid, 0);
        break;
    default:
        g_assert_not_reached();
    }
}

/* Interrupt state: commands and events */
static uint32_t after_op(uint32_t w, Op op, bool one_of_n)
{
    switch (op) {
    case OP_ENABLE:
        return w | EN;
    case OP_DISABLE:
        return w & ~EN;
    case OP_PEND:
        return w | P;
    case OP_UNPEND:
        return w & ~P;
    case OP_HM_EDGE:
        return w & ~HM;
    case OP_HM_LEVEL:
        return w | HM;
    case OP_DEACTIVATE:
        return w & ~A;
    case OP_PRIO:
        return (w & 0xffff07ff) | 0x1b << 11;
    case OP_TARGET:
        return (w & 0xffff & ~IRM) | 0xbeef0000;
    case OP_TARGET_IRM:
        return (w & 0xffff & ~IRM) | 0xbeef0000 | (one_of_n ? IRM : 0);
    case OP_ACTIVATE:
        return (w & HM ? w : w & ~P) | A;
    case OP_SET_EDGE:
        return (w | P) & ~HM;
    case OP_SET_LEVEL:
        return w | P | HM;
    case OP_CLEAR:
        return w & ~P;
    default:
        return w;
    }
}

/* Each operation in each state */
static void test_transitions(gconstpointer data)
{
    uint32_t intid = GPOINTER_TO_UINT(data);

    for (unsigned one_of_n = 0; one_of_n < 2; one_of_n++) {
        for (unsigned s = 0; s < 32; s++) {
            for (Op op = 0; op < OP_COUNT; op++) {
                uint32_t start = iste((s & 1 ? P : 0) | (s & 2 ? A : 0) |
                                      (s & 4 ? HM : 0) | (s & 8 ? EN : 0) |
                                      (s & 16 && one_of_n ? IRM : 0), 9, 0);
                Rig *r = ns_rig(2, one_of_n);
                uint32_t want = after_op(start, op, one_of_n);
                bool candidate = (want & (P | A | EN)) == (P | EN);

                ist_valid(r, NS, &linear8);
                cmd(r, NS, GICV5_CMD_SET_ONE_OF_N, 0, 32);
                put(r, NS, intid, start);
                do_op(r, intid, op);
                g_assert_cmphex(word_of(r, NS, intid), ==, want);
                /* Others are left alone */
                g_assert_cmphex(word_of(r, NS, intid + 1), ==, 0);
                if (candidate && (want & IRM || !(want >> 16))) {
                    expect(r, 0, NS, intid, want >> 11 & 31);
                } else {
                    expect_none(r, 0, NS);
                }
                expect_none(r, 1, NS);
                done(r);
            }
        }
    }
}

static void test_hm_override(void)
{
    Rig *r = ns_rig(1, false);

    for (unsigned i = 0; i < 2; i++) {
        uint32_t intid = i ? spi(3) : lpi(3);

        if (!i) {
            ist_valid(r, NS, &linear8);
        }
        put(r, NS, intid, iste(HM, 0, 0));
        rig_event(r, NS, intid, GICV5_SET_EDGE);
        g_assert_cmphex(word_of(r, NS, intid), ==, iste(P, 0, 0));
        rig_event(r, NS, intid, GICV5_SET_LEVEL);
        g_assert_cmphex(word_of(r, NS, intid), ==, iste(P | HM, 0, 0));
        rig_event(r, NS, intid, GICV5_CLEAR);
        g_assert_cmphex(word_of(r, NS, intid), ==, iste(HM, 0, 0));
        /* A software pend leaves HM alone */
        cmd(r, NS, GICV5_CMD_SET_PENDING, intid, 1);
        g_assert_cmphex(word_of(r, NS, intid), ==, iste(P | HM, 0, 0));
    }
    done(r);
}

static void test_request_config(void)
{
    Rig *r = ns_rig(1, true);

    ist_valid(r, NS, &linear8);
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(1), 0), ==, 0);
    put(r, NS, lpi(1), iste(P, 0, 0));
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(1), 0), ==, 4);
    put(r, NS, lpi(2), iste(A, 0, 0));
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(2), 0), ==, 16);
    put(r, NS, lpi(3), iste(HM, 0, 0));
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(3), 0), ==, 32);
    put(r, NS, lpi(4), iste(EN, 0, 0));
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(4), 0), ==, 2);
    put(r, NS, lpi(5), iste(IRM, 0, 0));
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(5), 0), ==, 8);
    put(r, NS, spi(6), iste(0, 21, 0xcafe));
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, spi(6), 0), ==,
                    0xcafe0000a800ull);
    /* Only F where nothing is reachable */
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(256), 0), ==,
                    F_ONLY);
    done(r);
}

/* Only "request config" answers */
static void test_command_results(void)
{
    static const GICv5Command c[] = {
        GICV5_CMD_SET_ENABLE, GICV5_CMD_SET_PRIORITY, GICV5_CMD_SET_TARGET,
        GICV5_CMD_SET_PENDING, GICV5_CMD_SET_HANDLING, GICV5_CMD_DEACTIVATE,
        GICV5_CMD_ACTIVATE, GICV5_CMD_SET_ONE_OF_N,
    };
    Rig *r = ns_rig(1, false);

    for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
        g_assert_cmphex(cmd(r, NS, c[i], spi(1), 1), ==, 0);
        g_assert_cmphex(cmd(r, NS, c[i], spi(32), 1), ==, 0);
        /* There is no Secure domain. */
        g_assert_cmphex(cmd(r, S, c[i], spi(1), 1), ==, 0);
    }
    g_assert_cmphex(cmd(r, S, GICV5_CMD_REQUEST_CONFIG, spi(1), 0), ==,
                    F_ONLY);
    done(r);
}

static void test_priority_bits(gconstpointer data)
{
    unsigned bits = GPOINTER_TO_UINT(data);
    unsigned low = 1u << (5 - bits);
    Rig *r = new_rig(1 << NS, false, bits);

    gicv5_system_add_irs(r->sys, 0, 32);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    gicv5_irs_enable(r->sys, 0, NS, true);
    for (unsigned i = 0; i < 32; i++) {
        rig_mem_stl(&r->mem[NS], IST_BASE + 4 * i, iste(0, i, 7));
    }
    ist_valid(r, NS, &linear8);
    for (unsigned i = 0; i < 32; i++) {
        unsigned want = i / low * low;

        /* Found in memory, and set by a command */
        g_assert_cmphex(word_of(r, NS, lpi(i)), ==, iste(0, want, 7));
        put(r, NS, spi(i), iste(P, want, 0));
        cmd(r, NS, GICV5_CMD_SET_PRIORITY, spi(i), i);
        g_assert_cmphex(word_of(r, NS, spi(i)), ==, iste(P, want, 0));
        cmd(r, NS, GICV5_CMD_SET_ENABLE, spi(i), 1);
        expect(r, 0, NS, spi(i), want);
        cmd(r, NS, GICV5_CMD_SET_ENABLE, spi(i), 0);
    }
    done(r);
}

/* --- reachability ---------------------------------------------------- */

static void no_change(void *opaque, uint64_t addr, uint32_t from, uint32_t to)
{
    g_error("0x%" PRIx64 " changed from 0x%x to 0x%x", addr, from, to);
}

static void check_unreachable(Rig *r, GICv5Domain d, uint32_t intid)
{
    RigMemory before = rig_mem_copy(&r->mem[d]);

    g_assert_false(reachable(r, d, intid));
    r->forwards = 0;
    cmd(r, d, GICV5_CMD_SET_PRIORITY, intid, 0);
    cmd(r, d, GICV5_CMD_SET_TARGET, intid, 0);
    cmd(r, d, GICV5_CMD_SET_HANDLING, intid, 1);
    cmd(r, d, GICV5_CMD_SET_PENDING, intid, 1);
    cmd(r, d, GICV5_CMD_SET_ENABLE, intid, 1);
    cmd(r, d, GICV5_CMD_ACTIVATE, intid, 0);
    cmd(r, d, GICV5_CMD_DEACTIVATE, intid, 0);
    rig_event(r, d, intid, GICV5_SET_EDGE);
    rig_event(r, d, intid, GICV5_SET_LEVEL);
    rig_event(r, d, intid, GICV5_CLEAR);
    g_assert_cmphex(cmd(r, d, GICV5_CMD_REQUEST_CONFIG, intid, 0), ==, F_ONLY);
    expect_forwards(r, 0);
    g_assert_false(reachable(r, d, intid));
    rig_mem_diff(&before, &r->mem[d], no_change, NULL);
    rig_mem_free(&before);
}

static void test_reach_types(void)
{
    Rig *r = ns_rig(1, false);

    ist_valid(r, NS, &linear8);
    for (unsigned type = 0; type < 8; type++) {
        if (type == GICV5_TYPE_LPI || type == GICV5_TYPE_SPI) {
            g_assert_true(reachable(r, NS, type << 29 | 5));
            /* RES0 bits set: no INTID */
            for (unsigned bit = 24; bit < 29; bit++) {
                check_unreachable(r, NS, type << 29 | 1u << bit | 5);
            }
        } else {
            check_unreachable(r, NS, type << 29 | 5);
        }
    }
    g_assert_cmphex(word_of(r, NS, lpi(5)), ==, 0);
    g_assert_cmphex(word_of(r, NS, spi(5)), ==, 0);
    done(r);
}

static void test_reach_spi(void)
{
    Rig *r = new_rig(1 << S | 1 << NS, false, 5);

    gicv5_system_add_irs(r->sys, 16, 8);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    gicv5_irs_enable(r->sys, 0, S, true);
    gicv5_irs_enable(r->sys, 0, NS, true);
    for (uint32_t id = 0; id < 40; id++) {
        bool owned = id >= 16 && id < 24;

        g_assert_true(reachable(r, S, spi(id)) == owned);
        g_assert_true(rig_has_spi(r, 0, id) == owned);
        check_unreachable(r, NS, spi(id));
        if (!owned) {
            check_unreachable(r, S, spi(id));
        }
    }
    check_unreachable(r, S, spi(0xffffff));
    done(r);
}

static void test_reach_lpi(void)
{
    Rig *r = new_rig(1 << NS | 1 << S, false, 5);

    gicv5_system_add_irs(r->sys, 0, 1);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    gicv5_irs_enable(r->sys, 0, NS, true);
    /* No table: nothing is read or written */
    r->mem[NS].closed = r->mem[S].closed = true;
    check_unreachable(r, NS, lpi(0));
    ist_valid(r, NS, &linear8);
    check_unreachable(r, NS, lpi(256));
    check_unreachable(r, NS, lpi(0xffffff));
    check_unreachable(r, S, lpi(0));
    r->mem[NS].closed = false;
    g_assert_true(reachable(r, NS, lpi(0)));
    g_assert_true(reachable(r, NS, lpi(255)));
    r->mem[NS].closed = true;
    ist_invalid(r, NS);
    check_unreachable(r, NS, lpi(0));
    done(r);
}

/* An event of a domain that is not there has no effect either. */
static void test_reach_domain(void)
{
    Rig *r = ns_rig(1, false);

    check_unreachable(r, S, spi(1));
    check_unreachable(r, EL3, spi(1));
    check_unreachable(r, REALM, lpi(1));
    g_assert_cmphex(word_of(r, NS, spi(1)), ==, 0);
    done(r);
}

/* --- SPIs ------------------------------------------------------------ */

static void put_tm(Rig *r, uint32_t id, bool tm)
{
    gicv5_spi_set_tm(r->sys, 0, id, tm);
    g_assert_true(rig_spi(r, 0, id).tm_level == tm);
}

/* Trigger mode and level on a change of the wire */
static void test_spi_wire(void)
{
    Rig *r = ns_rig(1, false);

    for (unsigned tm = 0; tm < 2; tm++) {
        for (unsigned w = 0; w < 8; w++) {
            uint32_t start = iste((w & 1 ? P : 0) | (w & 2 ? A : 0) |
                                  (w & 4 ? HM : 0), 4, 0);
            uint32_t id = tm * 8 + w;

            put_tm(r, id, tm);
            put(r, NS, spi(id), start);
            gicv5_spi_set_level(r->sys, 0, id, true);
            g_assert_cmphex(word_of(r, NS, spi(id)), ==,
                            tm ? start | P | HM : (start | P) & ~HM);
            cmd(r, NS, GICV5_CMD_SET_PENDING, spi(id), w & 1);
            cmd(r, NS, GICV5_CMD_SET_HANDLING, spi(id), !!(w & 4));
            start = word_of(r, NS, spi(id));
            gicv5_spi_set_level(r->sys, 0, id, false);
            g_assert_cmphex(word_of(r, NS, spi(id)), ==,
                            tm ? start & ~P : start);
        }
    }
    done(r);
}

static void test_spi_same_level(void)
{
    Rig *r = ns_rig(1, false);

    put(r, NS, spi(0), iste(EN, 4, 0));
    gicv5_spi_set_level(r->sys, 0, 0, false);
    expect_none(r, 0, NS);
    gicv5_spi_set_level(r->sys, 0, 0, true);
    expect(r, 0, NS, spi(0), 4);
    cmd(r, NS, GICV5_CMD_ACTIVATE, spi(0), 0);
    cmd(r, NS, GICV5_CMD_DEACTIVATE, spi(0), 0);
    gicv5_spi_set_level(r->sys, 0, 0, true);
    g_assert_cmphex(word_of(r, NS, spi(0)), ==, iste(EN, 4, 0));

    /* Level: a software clear wins until the next event */
    put_tm(r, 1, true);
    gicv5_spi_set_level(r->sys, 0, 1, true);
    cmd(r, NS, GICV5_CMD_SET_PENDING, spi(1), 0);
    gicv5_spi_set_level(r->sys, 0, 1, true);
    g_assert_cmphex(word_of(r, NS, spi(1)), ==, iste(HM, 0, 0));
    done(r);
}

static void test_spi_resample(void)
{
    Rig *r = ns_rig(1, false);

    for (unsigned i = 0; i < 4; i++) {
        bool tm = i & 1, wire = i & 2;

        put_tm(r, i, tm);
        gicv5_spi_set_level(r->sys, 0, i, wire);
        /* Pending set against the wire, HM against the trigger mode */
        cmd(r, NS, GICV5_CMD_SET_PENDING, spi(i), !wire);
        cmd(r, NS, GICV5_CMD_SET_HANDLING, spi(i), !tm);
        gicv5_spi_resample(r->sys, 0, i);
        if (wire) {
            g_assert_cmphex(word_of(r, NS, spi(i)), ==, P | (tm ? HM : 0));
        } else {
            g_assert_cmphex(word_of(r, NS, spi(i)), ==, tm ? 0 : P | HM);
        }
    }
    /* Ignored outside the IRS */
    gicv5_spi_resample(r->sys, 0, 32);
    gicv5_spi_resample(r->sys, 0, 0xffffff);
    done(r);
}

/* Trigger mode and level on a change of the mode */
static void test_spi_tm_change(void)
{
    Rig *r = ns_rig(1, false);

    for (unsigned i = 0; i < 8; i++) {
        bool tm = i & 1, wire = i & 2, pending = i & 4;
        uint32_t before = (pending ? P : 0) | (tm ? 0 : HM);
        uint32_t want;

        gicv5_spi_set_tm(r->sys, 0, i, !tm);
        gicv5_spi_set_level(r->sys, 0, i, wire);
        cmd(r, NS, GICV5_CMD_SET_PENDING, spi(i), pending);
        cmd(r, NS, GICV5_CMD_SET_HANDLING, spi(i), !tm);
        gicv5_spi_set_tm(r->sys, 0, i, tm);
        if (tm) {
            want = wire ? P | HM : before & ~P;
        } else {
            want = wire ? before & ~P : before;
        }
        g_assert_cmphex(word_of(r, NS, spi(i)), ==, want);
        g_assert_true(rig_spi(r, 0, i).tm_level == tm);

        /* The same value again changes nothing */
        cmd(r, NS, GICV5_CMD_SET_PENDING, spi(i), !wire);
        before = word_of(r, NS, spi(i));
        gicv5_spi_set_tm(r->sys, 0, i, tm);
        g_assert_cmphex(word_of(r, NS, spi(i)), ==, before);
    }
    gicv5_spi_set_tm(r->sys, 0, 32, true);
    done(r);
}

static void test_spi_tm_hppi(void)
{
    Rig *r = ns_rig(1, false);

    put(r, NS, spi(2), iste(EN, 6, 0));
    gicv5_spi_set_level(r->sys, 0, 2, true);
    expect(r, 0, NS, spi(2), 6);
    gicv5_spi_set_tm(r->sys, 0, 2, true);
    expect(r, 0, NS, spi(2), 6);
    r->forwards = 0;
    gicv5_spi_set_tm(r->sys, 0, 2, false);
    expect_none(r, 0, NS);
    expect_forwards(r, 1);
    gicv5_spi_set_tm(r->sys, 0, 2, true);
    expect(r, 0, NS, spi(2), 6);
    expect_forwards(r, 1);
    done(r);
}

/* A level SPI stays a candidate until its device is quiet */
static void test_spi_level_life(void)
{
    Rig *r = ns_rig(1, false);

    put_tm(r, 4, true);
    put(r, NS, spi(4), iste(EN, 6, 0));
    gicv5_spi_set_level(r->sys, 0, 4, true);
    cmd(r, NS, GICV5_CMD_ACTIVATE, spi(4), 0);
    expect_none(r, 0, NS);
    g_assert_cmphex(word_of(r, NS, spi(4)), ==, iste(EN | P | A | HM, 6, 0));
    cmd(r, NS, GICV5_CMD_DEACTIVATE, spi(4), 0);
    expect(r, 0, NS, spi(4), 6);
    cmd(r, NS, GICV5_CMD_ACTIVATE, spi(4), 0);
    gicv5_spi_set_level(r->sys, 0, 4, false);
    cmd(r, NS, GICV5_CMD_DEACTIVATE, spi(4), 0);
    expect_none(r, 0, NS);
    g_assert_cmphex(word_of(r, NS, spi(4)), ==, iste(EN | HM, 6, 0));
    done(r);
}

static void test_spi_domain(void)
{
    static const GICv5Domain order[] = { NS, S, REALM, EL3, NS };
    Rig *r = new_rig(0xf, false, 5);
    uint32_t state = iste(P | EN | HM, 3, 0);
    GICv5Domain old = EL3;

    gicv5_system_add_irs(r->sys, 0, 4);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    for (unsigned d = 0; d < 4; d++) {
        gicv5_irs_enable(r->sys, 0, d, true);
    }
    gicv5_spi_set_tm(r->sys, 0, 1, true);
    gicv5_spi_set_level(r->sys, 0, 1, true);
    put(r, EL3, spi(1), state);
    expect(r, 0, EL3, spi(1), 3);

    for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
        r->forwards = 0;
        gicv5_spi_set_domain(r->sys, 0, 1, order[i]);
        expect_forwards(r, 2);
        g_assert_true(r->log[0].domain == old);
        g_assert_true(r->log[1].domain == order[i]);
        expect_none(r, 0, old);
        expect(r, 0, order[i], spi(1), 3);
        g_assert_cmphex(word_of(r, order[i], spi(1)), ==, state);
        check_unreachable(r, old, spi(1));
        g_assert_true(rig_spi(r, 0, 1).tm_level);
        g_assert_true(rig_spi(r, 0, 1).level);
        old = order[i];
    }
    /* The same again, and an SPI that is not there */
    gicv5_spi_set_domain(r->sys, 0, 1, NS);
    gicv5_spi_set_domain(r->sys, 0, 4, NS);
    expect_forwards(r, 0);

    /* Active too is kept, and wires act in the new domain */
    cmd(r, NS, GICV5_CMD_ACTIVATE, spi(1), 0);
    gicv5_spi_set_domain(r->sys, 0, 1, S);
    g_assert_cmphex(word_of(r, S, spi(1)), ==, state | A);
    gicv5_spi_set_level(r->sys, 0, 1, false);
    g_assert_cmphex(word_of(r, S, spi(1)), ==, (state | A) & ~P);
    done(r);
}

static void test_spi_domain_missing(void)
{
    Rig *r = new_rig(1 << EL3 | 1 << NS, false, 5);

    gicv5_system_add_irs(r->sys, 0, 4);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    put(r, EL3, spi(0), iste(P | EN, 1, 0));
    gicv5_spi_set_domain(r->sys, 0, 0, S);
    gicv5_spi_set_domain(r->sys, 0, 0, REALM);
    gicv5_spi_set_domain(r->sys, 0, 0, 4);
    g_assert_cmphex(word_of(r, EL3, spi(0)), ==, iste(P | EN, 1, 0));
    g_assert_true(rig_spi(r, 0, 0).domain == EL3);
    done(r);
}

static void test_spi_reset_domain(void)
{
    for (unsigned domains = 1; domains < 16; domains++) {
        Rig *r = new_rig(domains, false, 5);
        GICv5Domain want = domains & 1 << EL3 ? EL3 :
                           domains & 1 << S ? S :
                           domains & 1 << NS ? NS : REALM;

        gicv5_system_add_irs(r->sys, 0, 2);
        g_assert_true(gicv5_system_reset_domain(r->sys) == want);
        for (unsigned d = 0; d < 4; d++) {
            g_assert_true(reachable(r, d, spi(1)) == (d == want));
        }
        for (unsigned d = 0; d < 4; d++) {
            gicv5_spi_set_domain(r->sys, 0, 1, d);
        }
        gicv5_system_reset(r->sys);
        g_assert_true(reachable(r, want, spi(1)));
        done(r);
    }
}

static void check_swerr(Rig *r, unsigned n, GICv5SWErr ec, uint32_t id,
                        uint64_t addr)
{
    g_assert_cmpuint(r->swerrs, ==, n);
    g_assert_cmpuint(r->err_domain, ==, NS);
    g_assert_cmphex(r->ec, ==, ec);
    g_assert_cmphex(r->err_id, ==, id);
    g_assert_cmphex(r->err_addr, ==, addr);
    r->swerrs = 0;
}

/* --- the IST --------------------------------------------------------- */

/* Where each test keeps the level 2 table of an ID */
static uint64_t l2_addr(const RigIST *t, uint32_t id)
{
    uint64_t n = id >> rig_ist_l2_index_bits(t);

    return L2_BASE + (n << (12 + 2 * t->z));
}

static uint64_t entry(const RigIST *t, uint32_t id)
{
    return rig_ist_entry_addr(t, l2_addr(t, id), id);
}

static void publish(Rig *r, const RigIST *t, uint32_t id, bool valid)
{
    if (t->two_level) {
        rig_mem_stq(&r->mem[NS], rig_ist_l1_addr(t, id),
                    l2_addr(t, id) | valid);
    }
}

/* IDs at the borders of anything, and some between */
static unsigned sample_ids(unsigned b, uint32_t ids[8])
{
    uint32_t last = (1u << b) - 1;
    const uint32_t pick[8] = {
        0, 1, last, last / 2, 0x1234, 1023, 1024, 0xabcdef
    };
    unsigned n = 0;

    for (unsigned i = 0; i < 8; i++) {
        bool dup = pick[i] > last;

        for (unsigned j = 0; j < n; j++) {
            dup |= ids[j] == pick[i];
        }
        if (!dup) {
            ids[n++] = pick[i];
        }
    }
    return n;
}

/*
 * For one format: load what is in memory, change it, map what is not mapped,
 * and find the new state in memory, and nothing else changed.
 */
typedef struct ISTDiff {
    const RigIST *t;
    const uint32_t *ids;
    unsigned n;
} ISTDiff;

static void only_entries(void *opaque, uint64_t addr, uint32_t from,
                         uint32_t to)
{
    const ISTDiff *d = opaque;

    for (unsigned i = 0; i < d->n; i++) {
        if (addr == entry(d->t, d->ids[i])) {
            return;
        }
    }
    g_error("0x%" PRIx64 " changed from 0x%x to 0x%x", addr, from, to);
}

static void check_format(const RigIST *t)
{
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];
    RigMemory before;
    uint32_t ids[8];
    unsigned n = sample_ids(t->b, ids);
    uint64_t bytes = 1ull << (t->b + t->s + 2);

    for (unsigned i = 0; i < n; i++) {
        publish(r, t, ids[i], true);
        rig_mem_stl(m, entry(t, ids[i]), iste(HM, i, ids[i] & 0xfff));
        for (unsigned k = 1; k < 1u << t->s; k++) {
            rig_mem_stl(m, entry(t, ids[i]) + 4 * k, 0xf00d0000 + k);
        }
    }
    before = rig_mem_copy(m);

    if (!t->two_level) {
        m->low = t->base;
        m->high = t->base + bytes;
    }
    /* Whatever its size, a table is not looked at when it becomes valid. */
    m->closed = true;
    ist_valid(r, NS, t);
    m->closed = false;
    for (unsigned i = 0; i < n; i++) {
        g_assert_cmphex(word_of(r, NS, lpi(ids[i])), ==,
                        iste(HM, i, ids[i] & 0xfff));
    }
    for (unsigned i = 0; i < n; i++) {
        cmd(r, NS, GICV5_CMD_DEACTIVATE, lpi(ids[i]), 0);
    }
    g_assert_cmpuint(m->bytes_written, ==, 0);
    g_assert_cmpuint(r->swerrs, ==, 0);
    /* What has been used once needs memory no more. */
    m->closed = true;
    for (unsigned i = 0; i < n; i++) {
        put(r, NS, lpi(ids[i]), iste(P | EN, 31 - i, ids[i] >> 8));
    }
    check_unreachable(r, NS, lpi(1u << t->b));
    m->closed = false;
    ist_invalid(r, NS);
    g_assert_cmpuint(r->swerrs, ==, 0);
    m->closed = true;
    expect_none(r, 0, NS);
    for (unsigned i = 0; i < n; i++) {
        g_assert_cmphex(rig_mem_ldl(m, entry(t, ids[i])), ==,
                        iste(P | EN, 31 - i, ids[i] >> 8));
    }
    rig_mem_diff(&before, m, only_entries, &(ISTDiff) { t, ids, n });
    rig_mem_free(&before);
    done(r);
}

static void test_ist_linear(gconstpointer data)
{
    for (unsigned b = 0; b <= 24; b++) {
        check_format(&(RigIST) {
            .b = b, .s = GPOINTER_TO_UINT(data), .base = IST_BASE,
        });
    }
}

static void test_ist_two_level(gconstpointer data)
{
    unsigned i = GPOINTER_TO_UINT(data);

    for (unsigned b = 0; b <= 24; b++) {
        check_format(&(RigIST) {
            .two_level = true, .b = b, .s = i % 3, .z = i / 3,
            .base = IST_BASE,
        });
    }
}

/* An example of ISTE addresses, in plain numbers */
static void test_ist_example(void)
{
    static const RigIST t = {
        .two_level = true, .b = 16, .base = 0x12345600,
    };
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];

    rig_mem_stq(m, 0x12345600 + 8 * 4, 0x55555000 | 1);
    rig_mem_stl(m, 0x55555000 + 0x8d0, iste(EN, 5, 2));
    ist_valid(r, NS, &t);
    g_assert_cmphex(word_of(r, NS, lpi(0x1234)), ==, iste(EN, 5, 2));
    g_assert_true(reachable(r, NS, lpi(0x1000)));
    g_assert_true(reachable(r, NS, lpi(0x13ff)));
    check_unreachable(r, NS, lpi(0x0fff));
    check_unreachable(r, NS, lpi(0x1400));
    /* Its page of 256 ISTEs is read, through its L1 ISTE */
    rig_clear_log(r);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(0x1234), 0);
    g_assert_cmpuint(m->bytes_read, ==, 8 + 1024);
    done(r);
}

/* A base that is not aligned is used as it is */
static void test_ist_unaligned_base(void)
{
    static const RigIST t = { .b = 12, .base = 0x10000fc0 };

    check_format(&t);
}

static void test_ist_high_addresses(void)
{
    static const RigIST t = {
        .two_level = true, .b = 20, .s = 1, .z = 2, .base = 0xfffffffffff000,
    };
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];
    uint64_t l2 = 0xffffff00000000ull;

    rig_mem_stq(m, t.base + 8 * (0xabcde >> 13), l2 | 0xff00000000000ffeull);
    ist_valid(r, NS, &t);
    check_unreachable(r, NS, lpi(0xabcde));
    gicv5_ist_map_l2(rig_ist(r, NS), 0xabcde);
    put(r, NS, lpi(0xabcde), iste(EN, 1, 1));
    ist_invalid(r, NS);
    g_assert_cmphex(rig_mem_ldl(m, l2 + 8 * (0xabcde & 0x1fff)), ==,
                    iste(EN, 1, 1));
    done(r);
}

static void test_ist_map_l2(void)
{
    static const RigIST t = {
        .two_level = true, .b = 14, .base = IST_BASE,
    };
    GICv5IST *ist;
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];

    ist = rig_ist(r, NS);
    ist_valid(r, NS, &t);
    check_unreachable(r, NS, lpi(0x1777));
    publish(r, &t, 0x1777, false);
    check_unreachable(r, NS, lpi(0x1777));
    rig_clear_log(r);
    gicv5_ist_map_l2(ist, 0x1777);
    /* VALID is set in memory, the rest of the L1 ISTE is kept */
    g_assert_cmphex(rig_mem_ldq(m, IST_BASE + 8 * 5), ==,
                    l2_addr(&t, 0x1777) | 1);
    g_assert_cmpuint(m->bytes_written, ==, 8);
    g_assert_true(reachable(r, NS, lpi(0x1400)));
    g_assert_true(reachable(r, NS, lpi(0x17ff)));
    check_unreachable(r, NS, lpi(0x13ff));
    check_unreachable(r, NS, lpi(0x1800));

    /* Valid already: no effect */
    put(r, NS, lpi(0x1777), iste(EN | P, 3, 0));
    rig_clear_log(r);
    gicv5_ist_map_l2(ist, 0x1400);
    g_assert_cmphex(word_of(r, NS, lpi(0x1777)), ==, iste(EN | P, 3, 0));
    g_assert_cmpuint(m->bytes_written, ==, 0);
    /* IDs that no L1 ISTE covers */
    m->closed = true;
    gicv5_ist_map_l2(ist, 1 << 14);
    gicv5_ist_map_l2(ist, 0xffffff);
    m->closed = false;

    /* Made valid by software meanwhile: as memory says, at once */
    publish(r, &t, 0, true);
    rig_mem_stl(m, entry(&t, 7), iste(HM, 8, 9));
    rig_clear_log(r);
    g_assert_cmphex(word_of(r, NS, lpi(7)), ==, iste(HM, 8, 9));
    gicv5_ist_map_l2(ist, 1);
    g_assert_cmphex(word_of(r, NS, lpi(7)), ==, iste(HM, 8, 9));
    g_assert_cmpuint(m->bytes_written, ==, 0);
    g_assert_cmpuint(r->swerrs, ==, 0);
    ist_invalid(r, NS);

    /* Not valid, or linear: ignored */
    m->closed = true;
    gicv5_ist_map_l2(ist, 0);
    m->closed = false;
    ist_valid(r, NS, &linear8);
    m->closed = true;
    gicv5_ist_map_l2(ist, 0);
    m->closed = false;
    done(r);
}

/* RES0 bits of an L1 ISTE survive the read-modify-write */
static void test_ist_map_l2_keeps(void)
{
    static const RigIST t = {
        .two_level = true, .b = 12, .base = IST_BASE,
    };
    Rig *r = ns_rig(1, false);
    uint64_t l1e = 0xab00000123456ffeull;

    rig_mem_stq(&r->mem[NS], IST_BASE, l1e);
    ist_valid(r, NS, &t);
    gicv5_ist_map_l2(rig_ist(r, NS), 0);
    g_assert_cmphex(rig_mem_ldq(&r->mem[NS], IST_BASE), ==, l1e | 1);
    put(r, NS, lpi(3), iste(EN, 1, 1));
    ist_invalid(r, NS);
    g_assert_cmphex(rig_mem_ldl(&r->mem[NS], 0x123456000ull + 12), ==,
                    iste(EN, 1, 1));
    done(r);
}

static void test_ist_metadata(gconstpointer data)
{
    unsigned s = GPOINTER_TO_UINT(data);
    RigIST t = { .b = 11, .s = s, .base = IST_BASE };
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];
    unsigned words = 1 << s;

    /* Metadata that is not zero is not the state of anything */
    for (unsigned id = 0; id < 2048; id++) {
        for (unsigned k = 1; k < words; k++) {
            rig_mem_stl(m, IST_BASE + (id * words + k) * 4, id << 8 | k);
        }
    }
    ist_valid(r, NS, &t);
    for (unsigned id = 0; id < 2048; id++) {
        g_assert_cmphex(word_of(r, NS, lpi(id)), ==, 0);
    }
    put(r, NS, lpi(1025), iste(EN, 1, 1));
    ist_invalid(r, NS);
    for (unsigned id = 0; id < 2048; id++) {
        g_assert_cmphex(rig_mem_ldl(m, IST_BASE + id * words * 4), ==,
                        id == 1025 ? iste(EN, 1, 1) : 0);
        for (unsigned k = 1; k < words; k++) {
            g_assert_cmphex(rig_mem_ldl(m, IST_BASE + (id * words + k) * 4),
                            ==, id << 8 | k);
        }
    }
    done(r);
}

static unsigned pages_held(Rig *r)
{
    const GICv5IST *ist = rig_ist(r, NS);
    const GICv5ISTPage *page;
    unsigned n = 0;

    for (unsigned i = 0; i < GICV5_NUM_PAGE_LISTS; i++) {
        QTAILQ_FOREACH(page, &ist->pages[i], link) {
            n++;
        }
    }
    return n;
}

static void test_ist_sparse(void)
{
    static const RigIST t = { .b = 24, .base = IST_BASE };
    Rig *r = ns_rig(1, false);

    rig_mem_stl(&r->mem[NS], entry(&t, 0x800000), iste(EN, 1, 0));
    ist_valid(r, NS, &t);
    g_assert_cmpuint(pages_held(r), ==, 0);
    word_of(r, NS, lpi(0x123456));
    g_assert_cmpuint(pages_held(r), ==, 0);
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(0x123456), 0),
                    ==, 0);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(0x800000), 1);
    g_assert_cmpuint(pages_held(r), ==, 2);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(0x123456), 1);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(0x123457), 1);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(0x1234ff), 1);
    g_assert_cmpuint(pages_held(r), ==, 2);
    /* Nothing but what differs, and what is between, is written back. */
    rig_clear_log(r);
    ist_invalid(r, NS);
    g_assert_cmpuint(r->mem[NS].bytes_written, ==, (0xff - 0x56 + 1) * 4);
    g_assert_cmpuint(r->mem[NS].writes, ==, 1);
    done(r);
}

/* A page is written at once, whatever the size of an ISTE. */
static void test_ist_write_once(void)
{
    for (unsigned s = 0; s < 3; s++) {
        const RigIST t = { .b = 14, .base = IST_BASE, .s = s };
        Rig *r = ns_rig(1, false);
        RigMemory *m = &r->mem[NS];
        unsigned pages;

        for (uint64_t a = IST_BASE; a < entry(&t, 1 << 14); a += 4) {
            rig_mem_stl(m, a, a == entry(&t, (a - IST_BASE) >> (s + 2)) ?
                        iste(0, 3, 0) : a);
        }
        ist_valid(r, NS, &t);
        for (unsigned i = 0; i < 1 << 14; i += 2) {
            cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(i), 1);
        }
        pages = pages_held(r);
        rig_clear_log(r);
        ist_invalid(r, NS);
        g_assert_cmpuint(m->writes, ==, pages);
        for (uint64_t a = IST_BASE; a < entry(&t, 1 << 14); a += 4) {
            unsigned i = (a - IST_BASE) >> (s + 2);

            g_assert_cmphex(rig_mem_ldl(m, a), ==, a != entry(&t, i) ? a :
                            iste(i & 1 ? 0 : EN, 3, 0));
        }
        done(r);
    }
}

/* A page that is not all RAM: each of its interrupts fares on its own. */
static void test_ist_write_hole(void)
{
    /* 256 entries of 16 bytes, the second half of them in another page */
    const RigIST t = { .b = 14, .base = IST_BASE + 0x800, .s = 2 };

    for (unsigned read = 0; read < 2; read++) {
        Rig *r = ns_rig(1, false);
        RigMemory *m = &r->mem[NS];

        ist_valid(r, NS, &t);
        for (unsigned i = 1; i < 256; i += 2) {
            cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(i), 1);
        }
        rig_mem_fault(m, IST_BASE + 0x1000, 1, read, true);
        rig_clear_log(r);
        ist_invalid(r, NS);
        g_assert_cmpuint(r->swerrs, ==, 1);
        rig_mem_fault(m, IST_BASE + 0x1000, 1, false, false);
        for (unsigned i = 0; i < 256; i++) {
            g_assert_cmphex(rig_mem_ldl(m, entry(&t, i)), ==,
                            i & 1 && i < 128 ? EN : 0);
        }
        done(r);
    }
}

/*
 * Software that takes a machine over from other software makes the table
 * invalid, perhaps when the memory is somebody else's: what was only looked
 * at is not written.
 */
static void test_ist_clean(void)
{
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];

    rig_mem_stl(m, IST_BASE + 4, iste(HM, 3, 0));
    /* HWU and RES0 bits are no state. */
    rig_mem_stl(m, IST_BASE + 8, 0x7e0);
    rig_mem_stl(m, IST_BASE + 12, iste(P | EN, 4, 0));
    ist_valid(r, NS, &linear8);
    for (unsigned i = 0; i < 256; i++) {
        cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(i), 0);
        cmd(r, NS, GICV5_CMD_DEACTIVATE, lpi(i), 0);
    }
    expect(r, 0, NS, lpi(3), 4);
    rig_clear_log(r);
    ist_invalid(r, NS);
    g_assert_cmpuint(m->bytes_written, ==, 0);
    expect_none(r, 0, NS);
    done(r);
}

/* State that is zero again is state, if memory has something else. */
static void test_ist_back_to_zero(void)
{
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];

    rig_mem_stl(m, IST_BASE + 20, iste(P | EN, 7, 0));
    ist_valid(r, NS, &linear8);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(5), 0);
    cmd(r, NS, GICV5_CMD_SET_PENDING, lpi(5), 0);
    cmd(r, NS, GICV5_CMD_SET_PRIORITY, lpi(5), 0);
    g_assert_cmphex(word_of(r, NS, lpi(5)), ==, 0);
    ist_invalid(r, NS);
    g_assert_cmphex(rig_mem_ldl(m, IST_BASE + 20), ==, 0);
    done(r);
}

/* Pending in a table that becomes valid: found when its page is used */
static void test_ist_load(void)
{
    static const RigIST t = { .b = 10, .base = IST_BASE };
    Rig *r = ns_rig(2, false);
    RigMemory *m = &r->mem[NS];

    rig_mem_stl(m, IST_BASE + 4 * 9, iste(P | EN, 7, 0));
    rig_mem_stl(m, IST_BASE + 4 * 10, iste(P | EN, 3, 0));
    rig_mem_stl(m, IST_BASE + 4 * 11, iste(P | EN | A, 0, 0));
    rig_mem_stl(m, IST_BASE + 4 * 12, iste(P | EN, 3, 1));
    rig_mem_stl(m, IST_BASE + 4 * 256, iste(P | EN, 0, 1));
    ist_valid(r, NS, &t);
    expect_none(r, 0, NS);
    g_assert_cmphex(word_of(r, NS, lpi(9)), ==, iste(P | EN, 7, 0));
    expect_none(r, 0, NS);
    rig_clear_log(r);
    cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(0), 0);
    /* Each PE hears of the result only. */
    expect_forwards(r, 2);
    expect(r, 0, NS, lpi(10), 3);
    expect(r, 1, NS, lpi(12), 3);
    cmd(r, NS, GICV5_CMD_DEACTIVATE, lpi(11), 0);
    expect(r, 0, NS, lpi(11), 0);
    ist_invalid(r, NS);
    expect_none(r, 0, NS);
    expect_none(r, 1, NS);
    g_assert_cmphex(rig_mem_ldl(m, IST_BASE + 4 * 11), ==,
                    iste(P | EN, 0, 0));
    /* And again from where it was */
    ist_valid(r, NS, &t);
    cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(11), 0);
    expect(r, 0, NS, lpi(11), 0);
    expect(r, 1, NS, lpi(12), 3);
    cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(257), 0);
    expect(r, 1, NS, lpi(256), 0);
    done(r);
}

/*
 * A table that costs software little and names much: each L1 ISTE names the
 * same level 2 table, which is full of pending LPIs.
 */
static void test_ist_aliased(void)
{
    static const RigIST t = { .two_level = true, .b = 24, .base = IST_BASE };
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];

    for (unsigned i = 0; i < 1024; i++) {
        rig_mem_stl(m, L2_BASE + 4 * i, iste(P | EN, i % 32, 0));
    }
    for (unsigned i = 0; i < 1 << 14; i++) {
        rig_mem_stq(m, IST_BASE + 8 * i, L2_BASE | 1);
    }
    ist_valid(r, NS, &t);
    g_assert_cmpuint(m->bytes_read, ==, 0);
    cmd(r, NS, GICV5_CMD_SET_HANDLING, lpi(0x123456), 1);
    cmd(r, NS, GICV5_CMD_SET_HANDLING, lpi(0xfedcba), 0);
    g_assert_cmpuint(m->bytes_read, ==, 2 * (8 + 1024));
    g_assert_cmpuint(pages_held(r), ==, 2);
    ist_invalid(r, NS);
    g_assert_cmpuint(m->bytes_written, ==, 4);
    g_assert_cmphex(rig_mem_ldl(m, L2_BASE + 4 * 0x56), ==,
                    iste(P | EN | HM, 0x56 % 32, 0));
    done(r);
}

/* --- host memory ------------------------------------------------------ */

#define PAGE_MEMORY (sizeof(GICv5ISTPage) + \
                     GICV5_IST_PAGE_SIZE * sizeof(GICv5Node))

static Rig *small_rig(unsigned pages)
{
    GICv5EngineConfig cfg = {
        .domains = 1 << NS,
        .id_bits = 24,
        .prio_bits = 5,
        .one_of_n = true,
        .lpi_memory = pages * PAGE_MEMORY,
    };
    Rig *r = rig_new(&cfg);

    gicv5_system_add_irs(r->sys, 0, 8);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    gicv5_irs_enable(r->sys, 0, NS, true);
    return r;
}

/* Pages come and go; what they hold is in memory meanwhile. */
static void test_memory_bound(void)
{
    static const RigIST t = { .b = 24, .base = IST_BASE };
    Rig *r = small_rig(4);

    ist_valid(r, NS, &t);
    for (unsigned turn = 0; turn < 2; turn++) {
        for (unsigned i = 0; i < 64; i++) {
            uint32_t id = i << 18 | i;

            if (turn) {
                g_assert_cmphex(word_of(r, NS, lpi(id)), ==,
                                iste(HM, i % 32, i));
            } else {
                cmd(r, NS, GICV5_CMD_SET_PRIORITY, lpi(id), i % 32);
                cmd(r, NS, GICV5_CMD_SET_TARGET, lpi(id), i);
            }
            cmd(r, NS, GICV5_CMD_SET_HANDLING, lpi(id), 1);
            g_assert_cmpuint(pages_held(r), <=, 4);
            g_assert_cmpuint(gicv5_ist_memory(rig_ist(r, NS)), <=,
                             4 * PAGE_MEMORY);
        }
    }
    g_assert_cmpuint(r->swerrs, ==, 0);
    ist_invalid(r, NS);
    for (unsigned i = 0; i < 64; i++) {
        g_assert_cmphex(rig_mem_ldl(&r->mem[NS], entry(&t, i << 18 | i)), ==,
                        iste(HM, i % 32, i));
    }
    done(r);
}

/* Pages with a queued interrupt stay; when all are such, that is the end. */
static void test_memory_full(void)
{
    static const RigIST t = { .b = 24, .base = IST_BASE };
    Rig *r = small_rig(4);
    uint32_t last = 5 << 18 | 7;

    ist_valid(r, NS, &t);
    for (unsigned i = 0; i < 4; i++) {
        put(r, NS, lpi(i << 18), iste(P | EN, i, 0));
    }
    expect(r, 0, NS, lpi(0), 0);
    rig_clear_log(r);
    cmd(r, NS, GICV5_CMD_SET_HANDLING, lpi(last), 1);
    g_assert_cmpuint(r->swerrs, ==, 1);
    g_assert_cmphex(r->ec, ==, 0x02);
    g_assert_cmphex(r->err_id, ==, last);
    g_assert_cmphex(r->err_addr, ==, entry(&t, last));
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(last), 0), ==, 1);
    rig_event(r, NS, lpi(last), GICV5_SET_EDGE);
    g_assert_cmphex(rig_mem_ldl(&r->mem[NS], entry(&t, last)), ==, 0);
    g_assert_cmpuint(r->mem[NS].bytes_written, ==, 0);
    /* The others go on, and when one has been taken there is room again. */
    rig_event(r, NS, lpi(1 << 18 | 1), GICV5_SET_EDGE);
    cmd(r, NS, GICV5_CMD_ACTIVATE, lpi(0), 0);
    expect(r, 0, NS, lpi(1 << 18), 1);
    rig_clear_log(r);
    cmd(r, NS, GICV5_CMD_SET_HANDLING, lpi(last), 1);
    g_assert_cmpuint(r->swerrs, ==, 0);
    g_assert_cmphex(word_of(r, NS, lpi(last)), ==, HM);
    g_assert_cmphex(rig_mem_ldl(&r->mem[NS], IST_BASE), ==, iste(EN | A, 0, 0));
    g_assert_cmphex(word_of(r, NS, lpi(0)), ==, iste(EN | A, 0, 0));
    cmd(r, NS, GICV5_CMD_DEACTIVATE, lpi(0), 0);
    g_assert_cmphex(word_of(r, NS, lpi(0)), ==, EN);
    done(r);
}

/* Each domain has its share: no other one can use it up. */
static void test_memory_domains(void)
{
    GICv5EngineConfig cfg = {
        .domains = 1 << NS | 1 << REALM,
        .id_bits = 24,
        .prio_bits = 5,
        .lpi_memory = 4 * PAGE_MEMORY,
    };
    static const RigIST t = { .b = 24, .base = IST_BASE };
    Rig *r = rig_new(&cfg);

    gicv5_system_add_irs(r->sys, 0, 8);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    ist_valid(r, NS, &t);
    ist_valid(r, REALM, &t);
    for (unsigned i = 0; i < 8; i++) {
        unsigned d = i % 2 ? NS : REALM;

        cmd(r, d, GICV5_CMD_SET_PRIORITY, lpi(i << 16), 8 + i);
        g_assert_true(gicv5_system_check(r->sys));
    }
    for (unsigned i = 0; i < 8; i++) {
        unsigned d = i % 2 ? NS : REALM;

        g_assert_cmphex(word_of(r, d, lpi(i << 16)), ==, iste(0, 8 + i, 0));
        g_assert_cmphex(word_of(r, NS + REALM - d, lpi(i << 16)), ==, 0);
    }
    for (unsigned i = 0; i < 8; i++) {
        cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(i << 16), 1);
        cmd(r, NS, GICV5_CMD_SET_PENDING, lpi(i << 16), 1);
    }
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(9 << 16), 0), ==,
                    1);
    g_assert_cmphex(cmd(r, REALM, GICV5_CMD_REQUEST_CONFIG, lpi(9 << 16), 0),
                    ==, 0);
    done(r);
}

static void test_ist_sanitize(void)
{
    for (unsigned one_of_n = 0; one_of_n < 2; one_of_n++) {
        uint32_t keep = 0xffff0000 | 31 << 11 | EN | HM | A | P |
                        (one_of_n ? IRM : 0);
        Rig *r = ns_rig(1, one_of_n);

        for (unsigned bit = 0; bit < 32; bit++) {
            rig_mem_stl(&r->mem[NS], IST_BASE + 4 * bit, 1u << bit);
        }
        rig_mem_stl(&r->mem[NS], IST_BASE + 4 * 32, 0xffffffff);
        ist_valid(r, NS, &linear8);
        for (unsigned bit = 0; bit < 32; bit++) {
            g_assert_cmphex(word_of(r, NS, lpi(bit)), ==, 1u << bit & keep);
        }
        g_assert_cmphex(word_of(r, NS, lpi(32)), ==, keep);
        cmd(r, NS, GICV5_CMD_SET_HANDLING, lpi(32), 0);
        g_assert_cmphex(word_of(r, NS, lpi(32)), ==, keep & ~HM);
        ist_invalid(r, NS);
        g_assert_cmphex(rig_mem_ldl(&r->mem[NS], IST_BASE + 4 * 32), ==,
                        keep & ~HM);
        done(r);
    }
}


/* An LPI whose ISTE is not RAM is unreachable, and nothing else is. */
static void test_ist_bad_linear(void)
{
    static const RigIST t = { .b = 12, .base = IST_BASE + 4096 - 64 };
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];

    /* LPIs 0 to 15 and 1040 on are in RAM; 16 and 1039 share pages with them */
    rig_mem_stl(m, entry(&t, 1041), iste(P | EN, 2, 0));
    rig_mem_fault(m, IST_BASE + 4096, 4096, true, true);
    ist_valid(r, NS, &t);
    g_assert_cmpuint(r->swerrs, ==, 0);
    check_unreachable(r, NS, lpi(16));
    g_assert_cmpuint(r->swerrs, >, 0);
    rig_clear_log(r);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(1039), 1);
    check_swerr(r, 1, 0x02, 1039, entry(&t, 1039));
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(1039), 0), ==, 1);
    put(r, NS, lpi(15), iste(EN, 3, 3));
    put(r, NS, lpi(1040), iste(EN | P, 3, 0));
    expect(r, 0, NS, lpi(1040), 3);
    cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(1041), 0);
    expect(r, 0, NS, lpi(1041), 2);
    /* In the midst of pages that are held */
    check_unreachable(r, NS, lpi(16));
    check_unreachable(r, NS, lpi(1024));

    /* Now it is RAM: whoever looks again finds it. */
    rig_mem_fault(m, IST_BASE + 4096, 4096, false, false);
    rig_mem_stl(m, entry(&t, 1039), iste(P | EN, 1, 0));
    rig_clear_log(r);
    cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(1039), 0);
    expect(r, 0, NS, lpi(1039), 1);
    put(r, NS, lpi(16), iste(EN, 4, 4));
    g_assert_cmpuint(r->swerrs, ==, 0);
    ist_invalid(r, NS);
    g_assert_cmphex(rig_mem_ldl(m, entry(&t, 15)), ==, iste(EN, 3, 3));
    g_assert_cmphex(rig_mem_ldl(m, entry(&t, 16)), ==, iste(EN, 4, 4));
    g_assert_cmphex(rig_mem_ldl(m, entry(&t, 1040)), ==, iste(EN | P, 3, 0));
    done(r);
}

static void test_ist_bad_l1(void)
{
    static const RigIST t = {
        .two_level = true, .b = 20, .base = IST_BASE,
    };
    uint32_t id = 600 << 10;
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];
    GICv5IST *ist = rig_ist(r, NS);

    /* 1024 L1 ISTEs in two 4 KiB pages; the first is bad */
    publish(r, &t, 5, true);
    publish(r, &t, id, true);
    rig_mem_fault(m, IST_BASE, 4096, true, true);
    ist_valid(r, NS, &t);
    g_assert_cmpuint(r->swerrs, ==, 0);
    put(r, NS, lpi(id), iste(P | EN, 4, 0));
    expect(r, 0, NS, lpi(id), 4);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(5), 1);
    check_swerr(r, 1, 0x01, 5, IST_BASE);

    /* MAP_L2_ISTR there cannot read it */
    gicv5_ist_map_l2(ist, 5 << 10 | 7);
    check_swerr(r, 1, 0x00, 5 << 10 | 7, IST_BASE + 40);
    check_unreachable(r, NS, lpi(5 << 10));

    /* Nor write it */
    rig_mem_fault(m, IST_BASE, 4096, false, true);
    publish(r, &t, 6 << 10, false);
    r->swerrs = 0;
    gicv5_ist_map_l2(ist, 6 << 10);
    check_swerr(r, 1, 0x00, 6 << 10, IST_BASE + 48);
    check_unreachable(r, NS, lpi(6 << 10));
    g_assert_cmphex(rig_mem_ldq(m, IST_BASE + 48), ==, l2_addr(&t, 6 << 10));

    /* It was published before: no write is needed */
    gicv5_ist_map_l2(ist, 5);
    g_assert_cmpuint(r->swerrs, ==, 0);
    put(r, NS, lpi(5), iste(P | EN, 3, 0));
    expect(r, 0, NS, lpi(5), 3);

    /* Cured */
    rig_mem_fault(m, IST_BASE, 4096, false, false);
    gicv5_ist_map_l2(ist, 6 << 10);
    g_assert_cmpuint(r->swerrs, ==, 0);
    g_assert_true(reachable(r, NS, lpi(6 << 10)));
    done(r);
}

/* Software may make an L1 ISTE valid by itself, at any time. */
static void test_ist_l1_late(void)
{
    static const RigIST t = {
        .two_level = true, .b = 14, .base = IST_BASE,
    };
    Rig *r = ns_rig(1, false);

    ist_valid(r, NS, &t);
    check_unreachable(r, NS, lpi(0x1234));
    publish(r, &t, 0x1234, true);
    put(r, NS, lpi(0x1234), iste(P | EN, 3, 0));
    expect(r, 0, NS, lpi(0x1234), 3);
    /* What is held stays where it was loaded from. */
    rig_mem_stq(&r->mem[NS], rig_ist_l1_addr(&t, 0x1234), 0);
    cmd(r, NS, GICV5_CMD_SET_PRIORITY, lpi(0x1234), 5);
    expect(r, 0, NS, lpi(0x1234), 5);
    ist_invalid(r, NS);
    g_assert_cmphex(rig_mem_ldl(&r->mem[NS], entry(&t, 0x1234)), ==,
                    iste(P | EN, 5, 0));
    done(r);
}

static void test_ist_bad_l2(void)
{
    static const RigIST t = {
        .two_level = true, .b = 14, .base = IST_BASE,
    };
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];
    uint64_t l2 = l2_addr(&t, 1024);

    publish(r, &t, 0, true);
    publish(r, &t, 1024, true);
    rig_mem_fault(m, l2, 4096, true, true);
    ist_valid(r, NS, &t);
    put(r, NS, lpi(1), iste(P | EN, 4, 0));
    expect(r, 0, NS, lpi(1), 4);
    rig_event(r, NS, lpi(1030), GICV5_SET_EDGE);
    check_swerr(r, 1, 0x02, 1030, l2 + 24);

    /* MAP_L2_ISTR does not look at the table. */
    publish(r, &t, 2048, false);
    rig_mem_fault(m, l2_addr(&t, 2048), 4096, true, true);
    gicv5_ist_map_l2(rig_ist(r, NS), 2050);
    g_assert_cmpuint(r->swerrs, ==, 0);
    check_unreachable(r, NS, lpi(2048));
    done(r);
}

static void test_ist_write_back_fails(gconstpointer data)
{
    RigIST t = { .b = 12, .s = GPOINTER_TO_UINT(data), .base = IST_BASE };
    Rig *r = ns_rig(1, false);
    RigMemory *m = &r->mem[NS];
    uint64_t bad = entry(&t, 1024);

    ist_valid(r, NS, &t);
    put(r, NS, lpi(5), iste(P | EN, 4, 0));
    put(r, NS, lpi(1024 + 5), iste(P | EN, 4, 0));
    put(r, NS, lpi(2048 + 5), iste(P | EN, 4, 0));
    rig_mem_fault(m, bad, 4096 << t.s, false, true);
    ist_invalid(r, NS);
    check_swerr(r, 1, 0x02, 1024 + 5, entry(&t, 1024 + 5));
    expect_none(r, 0, NS);
    check_unreachable(r, NS, lpi(1024 + 5));
    g_assert_cmphex(rig_mem_ldl(m, entry(&t, 5)), ==, iste(P | EN, 4, 0));
    g_assert_cmphex(rig_mem_ldl(m, entry(&t, 1024 + 5)), ==, 0);
    g_assert_cmphex(rig_mem_ldl(m, entry(&t, 2048 + 5)), ==,
                    iste(P | EN, 4, 0));
    done(r);
}

/* Each domain has its own LPIs, table and address space */
static void test_ist_domains(void)
{
    Rig *r = new_rig(0xf, false, 5);

    gicv5_system_add_irs(r->sys, 0, 0);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    for (unsigned d = 0; d < 4; d++) {
        gicv5_irs_enable(r->sys, 0, d, true);
        rig_mem_stl(&r->mem[d], IST_BASE + 4, iste(EN, d, 0));
    }
    for (unsigned d = 0; d < 4; d++) {
        ist_valid(r, d, &linear8);
        rig_event(r, d, lpi(1), GICV5_SET_EDGE);
    }
    for (unsigned d = 0; d < 4; d++) {
        expect(r, 0, d, lpi(1), d);
    }
    cmd(r, REALM, GICV5_CMD_ACTIVATE, lpi(1), 0);
    ist_invalid(r, S);
    expect_none(r, 0, S);
    expect(r, 0, NS, lpi(1), 1);
    expect(r, 0, EL3, lpi(1), 2);
    expect_none(r, 0, REALM);
    g_assert_cmphex(rig_mem_ldl(&r->mem[S], IST_BASE + 4), ==,
                    iste(EN | P, 0, 0));
    g_assert_cmphex(rig_mem_ldl(&r->mem[NS], IST_BASE + 4), ==,
                    iste(EN, 1, 0));
    done(r);
}

static void test_ist_active_deactivate(void)
{
    Rig *r = ns_rig(1, false);

    ist_valid(r, NS, &linear8);
    put(r, NS, lpi(4), iste(EN | P, 4, 0));
    cmd(r, NS, GICV5_CMD_ACTIVATE, lpi(4), 0);
    ist_invalid(r, NS);
    g_assert_cmphex(rig_mem_ldl(&r->mem[NS], IST_BASE + 16), ==,
                    iste(EN | A, 4, 0));
    /* Not reachable: no effect */
    r->mem[NS].closed = true;
    cmd(r, NS, GICV5_CMD_DEACTIVATE, lpi(4), 0);
    r->mem[NS].closed = false;
    ist_valid(r, NS, &linear8);
    g_assert_cmphex(word_of(r, NS, lpi(4)), ==, iste(EN | A, 4, 0));
    done(r);
}

/* --- the highest priority pending interrupt -------------------------- */

static void test_hppi_order(void)
{
    Rig *r = ns_rig(1, false);

    ist_valid(r, NS, &linear8);
    /* Least important first: each one takes over */
    for (int prio = 31; prio >= 0; prio--) {
        uint32_t intid = prio & 1 ? lpi(prio) : spi(prio);

        r->forwards = 0;
        put(r, NS, intid, iste(P | EN, prio, 0));
        expect(r, 0, NS, intid, prio);
        expect_forwards(r, 1);
    }
    /* Acknowledged, each gives way to the next */
    for (unsigned prio = 0; prio < 32; prio++) {
        uint32_t intid = prio & 1 ? lpi(prio) : spi(prio);

        expect(r, 0, NS, intid, prio);
        cmd(r, NS, GICV5_CMD_ACTIVATE, intid, 0);
        expect_forwards(r, 1);
    }
    expect_none(r, 0, NS);
    /* Active and idle: deactivation brings nothing back */
    for (unsigned prio = 0; prio < 32; prio++) {
        cmd(r, NS, GICV5_CMD_DEACTIVATE, prio & 1 ? lpi(prio) : spi(prio), 0);
    }
    expect_forwards(r, 0);
    done(r);
}

/* Equals are taken in the order in which they came */
static void test_hppi_fifo(void)
{
    static const uint32_t id[] = { 200, 3, 77, 4, 199, 0 };
    static const uint32_t left[] = { 200, 3, 0, 4, 199, 77 };  /* 0: the SPI */
    Rig *r = ns_rig(1, false);

    ist_valid(r, NS, &linear8);
    for (unsigned i = 0; i < ARRAY_SIZE(id); i++) {
        put(r, NS, lpi(id[i]), iste(EN, 9, 0));
    }
    put(r, NS, spi(5), iste(EN, 9, 0));
    r->forwards = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(id); i++) {
        if (i == 3) {
            rig_event(r, NS, spi(5), GICV5_SET_EDGE);
        }
        rig_event(r, NS, lpi(id[i]), GICV5_SET_EDGE);
        /* Pending again: keeps its place */
        rig_event(r, NS, lpi(id[0]), GICV5_SET_EDGE);
    }
    expect_forwards(r, 1);
    /* Removed from the middle and the end */
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(77), 0);
    rig_event(r, NS, lpi(0), GICV5_CLEAR);
    expect_forwards(r, 0);
    g_assert_true(gicv5_system_check(r->sys));
    /* Back again, at the end */
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(77), 1);
    expect_forwards(r, 0);

    for (unsigned i = 0; i < ARRAY_SIZE(left); i++) {
        uint32_t intid = left[i] ? lpi(left[i]) : spi(5);

        expect(r, 0, NS, intid, 9);
        cmd(r, NS, GICV5_CMD_ACTIVATE, intid, 0);
        expect_forwards(r, 1);
    }
    expect_none(r, 0, NS);
    done(r);
}

/* forward() is called when the candidate changes, and only then */
static void test_hppi_forwards(void)
{
    Rig *r = ns_rig(2, false);

    ist_valid(r, NS, &linear8);
    put(r, NS, lpi(1), iste(P | EN, 9, 0));
    r->forwards = 0;

    put(r, NS, lpi(2), iste(P | EN, 10, 0));    /* less important */
    put(r, NS, lpi(3), iste(P, 1, 0));          /* not enabled */
    put(r, NS, lpi(4), iste(EN, 1, 0));         /* not pending */
    put(r, NS, lpi(5), iste(P | EN | A, 1, 0)); /* active */
    put(r, NS, lpi(6), iste(P | EN, 1, 77));    /* targets nobody */
    cmd(r, NS, GICV5_CMD_SET_HANDLING, lpi(1), 1);
    cmd(r, NS, GICV5_CMD_SET_HANDLING, lpi(1), 0);
    cmd(r, NS, GICV5_CMD_SET_PRIORITY, lpi(1), 9);
    cmd(r, NS, GICV5_CMD_SET_TARGET, lpi(1), 0);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(1), 1);
    cmd(r, NS, GICV5_CMD_SET_PENDING, lpi(1), 1);
    cmd(r, NS, GICV5_CMD_SET_PRIORITY, lpi(2), 30);
    cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(1), 0);
    expect_forwards(r, 0);
    expect(r, 0, NS, lpi(1), 9);

    /* Its priority is part of the candidate */
    cmd(r, NS, GICV5_CMD_SET_PRIORITY, lpi(1), 8);
    expect(r, 0, NS, lpi(1), 8);
    expect_forwards(r, 1);
    cmd(r, NS, GICV5_CMD_SET_PRIORITY, lpi(1), 31);
    expect(r, 0, NS, lpi(2), 30);
    expect_forwards(r, 1);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(2), 0);
    expect(r, 0, NS, lpi(1), 31);
    expect_forwards(r, 1);
    cmd(r, NS, GICV5_CMD_SET_PENDING, lpi(1), 0);
    expect_none(r, 0, NS);
    expect_forwards(r, 1);
    done(r);
}

static void test_hppi_retarget(void)
{
    Rig *r = ns_rig(3, false);

    put(r, NS, spi(1), iste(P | EN, 5, 0));
    put(r, NS, spi(2), iste(P | EN, 6, 0));
    put(r, NS, spi(3), iste(P | EN, 7, 1));
    r->forwards = 0;
    cmd(r, NS, GICV5_CMD_SET_TARGET, spi(1), 1);
    expect_forwards(r, 2);
    /* Recalled from the old PE first */
    g_assert_true(r->log[0].pe == pe(r, 0));
    g_assert_true(r->log[1].pe == pe(r, 1));
    expect(r, 0, NS, spi(2), 6);
    expect(r, 1, NS, spi(1), 5);
    cmd(r, NS, GICV5_CMD_SET_TARGET, spi(1), 2);
    expect(r, 1, NS, spi(3), 7);
    expect(r, 2, NS, spi(1), 5);
    expect_forwards(r, 2);

    /* Without 1-of-N the routing mode is not there */
    cmd(r, NS, GICV5_CMD_SET_TARGET, spi(1), 0 | GICV5_TARGET_IRM);
    expect(r, 0, NS, spi(1), 5);
    g_assert_cmphex(word_of(r, NS, spi(1)), ==, iste(P | EN, 5, 0));
    done(r);
}

static void test_hppi_no_pe(void)
{
    static const uint16_t iaffid[] = { 0, 1, 0xff, 0x100, 0x8000, 0xffff };
    Rig *r = new_rig(1 << NS, false, 5);

    gicv5_system_add_irs(r->sys, 0, 8);
    for (unsigned i = 0; i < ARRAY_SIZE(iaffid); i++) {
        g_assert_null(gicv5_system_find_pe(r->sys, iaffid[i]));
        g_assert_nonnull(gicv5_system_add_pe(r->sys, 0, iaffid[i], r));
        g_assert_true(gicv5_system_find_pe(r->sys, iaffid[i]) == pe(r, i));
        g_assert_true(gicv5_pe_opaque(pe(r, i)) == r);
        g_assert_cmphex(gicv5_pe_iaffid(pe(r, i)), ==, iaffid[i]);
    }
    gicv5_irs_enable(r->sys, 0, NS, true);
    put(r, NS, spi(1), iste(P | EN, 5, 0xfffe));
    put(r, NS, spi(1), iste(P | EN, 4, 0x200));
    expect_forwards(r, 0);
    g_assert_cmphex(cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, spi(1), 0), ==,
                    0x20000002006ull);
    for (unsigned i = 0; i < ARRAY_SIZE(iaffid); i++) {
        cmd(r, NS, GICV5_CMD_SET_TARGET, spi(1), iaffid[i]);
        for (unsigned j = 0; j < ARRAY_SIZE(iaffid); j++) {
            if (i == j) {
                expect(r, j, NS, spi(1), 4);
            } else {
                expect_none(r, j, NS);
            }
        }
    }
    cmd(r, NS, GICV5_CMD_SET_TARGET, spi(1), 0x1ff);
    expect_none(r, 5, NS);
    done(r);
}

static void test_hppi_any_pe(void)
{
    Rig *r = ns_rig(2, false);

    put(r, NS, spi(1), iste(P | EN | HM, 5, 0));
    /* The other PE operates on it */
    rig_command(r, pe(r, 0), NS, GICV5_CMD_ACTIVATE, spi(1), 0);
    expect_none(r, 0, NS);
    rig_command(r, pe(r, 1), NS, GICV5_CMD_DEACTIVATE, spi(1), 0);
    expect(r, 0, NS, spi(1), 5);
    rig_command(r, pe(r, 1), NS, GICV5_CMD_SET_ENABLE, spi(1), 0);
    expect_none(r, 0, NS);
    done(r);
}

/* --- IRSEN ----------------------------------------------------------- */

static void test_irsen(void)
{
    Rig *r = ns_rig(2, false);

    ist_valid(r, NS, &linear8);
    put(r, NS, spi(1), iste(P | EN, 5, 0));
    put(r, NS, lpi(1), iste(P | EN, 6, 1));
    r->forwards = 0;
    gicv5_irs_enable(r->sys, 0, NS, true);
    expect_forwards(r, 0);
    gicv5_irs_enable(r->sys, 0, NS, false);
    expect_none(r, 0, NS);
    expect_none(r, 1, NS);
    expect_forwards(r, 2);
    /* State goes on changing, and nothing is told */
    put(r, NS, spi(2), iste(P | EN, 4, 0));
    rig_event(r, NS, lpi(1), GICV5_CLEAR);
    gicv5_spi_set_level(r->sys, 0, 3, true);
    cmd(r, NS, GICV5_CMD_SET_PRIORITY, spi(3), 2);
    cmd(r, NS, GICV5_CMD_SET_TARGET, spi(3), 1);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, spi(3), 1);
    ist_invalid(r, NS);
    ist_valid(r, NS, &linear8);
    expect_forwards(r, 0);
    g_assert_true(gicv5_system_check(r->sys));
    gicv5_irs_enable(r->sys, 0, NS, true);
    expect(r, 0, NS, spi(2), 4);
    expect(r, 1, NS, spi(3), 2);
    expect_forwards(r, 2);
    done(r);
}

/* IRSEN set before any IST: SPIs are delivered, as Linux expects */
static void test_irsen_first(void)
{
    Rig *r = ns_rig(1, false);

    put(r, NS, spi(0), iste(P | EN, 5, 0));
    expect(r, 0, NS, spi(0), 5);
    ist_valid(r, NS, &linear8);
    put(r, NS, lpi(0), iste(P | EN, 4, 0));
    expect(r, 0, NS, lpi(0), 4);
    ist_invalid(r, NS);
    expect(r, 0, NS, spi(0), 5);
    done(r);
}

static void test_irsen_domains(void)
{
    Rig *r = new_rig(1 << S | 1 << NS, false, 5);

    gicv5_system_add_irs(r->sys, 0, 8);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    gicv5_spi_set_domain(r->sys, 0, 1, NS);
    put(r, NS, spi(1), iste(P | EN, 5, 0));
    put(r, S, spi(2), iste(P | EN, 5, 0));
    expect_forwards(r, 0);
    gicv5_irs_enable(r->sys, 0, S, true);
    expect_none(r, 0, NS);
    expect(r, 0, S, spi(2), 5);
    gicv5_irs_enable(r->sys, 0, NS, true);
    gicv5_irs_enable(r->sys, 0, S, false);
    expect(r, 0, NS, spi(1), 5);
    expect_none(r, 0, S);
    done(r);
}

/* --- 1-of-N ---------------------------------------------------------- */

static void take_1ofn(Rig *r, unsigned p, bool on)
{
    rig_command(r, pe(r, p), NS, GICV5_CMD_SET_ONE_OF_N, 0,
                  on ? 32 : 0);
}

/* How many PEs are offered @intid; the last of them in @holder */
static unsigned offers(Rig *r, GICv5Domain d, uint32_t intid, unsigned *holder)
{
    unsigned n = 0;

    *holder = 0;
    for (unsigned i = 0; gicv5_system_pe(r->sys, i); i++) {
        if (gicv5_candidate_intid(r->seen[i][d]) == intid) {
            n++;
            *holder = i;
        }
    }
    return n;
}

static void test_1ofn_one_pe(void)
{
    Rig *r = ns_rig(4, true);
    unsigned holder, other = 0;

    for (unsigned i = 0; i < 4; i++) {
        take_1ofn(r, i, true);
    }
    put(r, NS, spi(1), iste(P | EN | IRM, 5, 0));
    g_assert_cmpuint(offers(r, NS, spi(1), &holder), ==, 1);
    expect_forwards(r, 1);

    /* The holder goes: recalled there before another is told */
    take_1ofn(r, holder, false);
    g_assert_cmpuint(offers(r, NS, spi(1), &other), ==, 1);
    g_assert_cmpuint(other, !=, holder);
    expect_forwards(r, 2);
    g_assert_true(r->log[0].pe == pe(r, holder));
    g_assert_true(r->log[0].candidate == GICV5_CANDIDATE_NONE);
    g_assert_true(r->log[1].pe == pe(r, other));

    /* The same by DPS */
    gicv5_pe_set_dps(pe(r, other), NS, true);
    expect_forwards(r, 2);
    g_assert_true(r->log[0].pe == pe(r, other));
    g_assert_cmpuint(offers(r, NS, spi(1), &holder), ==, 1);
    g_assert_cmpuint(other, !=, holder);

    /* Another PE that comes or goes does not matter */
    gicv5_pe_set_dps(pe(r, other), NS, false);
    take_1ofn(r, other, false);
    expect_forwards(r, 0);

    rig_command(r, pe(r, holder), NS, GICV5_CMD_ACTIVATE, spi(1), 0);
    expect_none(r, holder, NS);
    g_assert_cmpuint(offers(r, NS, spi(1), &other), ==, 0);
    expect_forwards(r, 1);
    done(r);
}

static void test_1ofn_excluded(void)
{
    Rig *r = ns_rig(3, true);
    unsigned holder;

    /* Out of reset no CPU interface takes any */
    put(r, NS, spi(1), iste(P | EN | IRM, 5, 0));
    expect_forwards(r, 0);
    /* Targeted interrupts go on */
    put(r, NS, spi(2), iste(P | EN, 6, 1));
    expect(r, 1, NS, spi(2), 6);
    g_assert_true(gicv5_system_check(r->sys));
    gicv5_pe_set_dps(pe(r, 2), NS, true);
    take_1ofn(r, 2, true);
    expect_none(r, 2, NS);
    /* One accepts */
    gicv5_pe_set_dps(pe(r, 2), NS, false);
    expect(r, 2, NS, spi(1), 5);
    /* DPS of another domain is not its business */
    gicv5_pe_set_dps(pe(r, 2), S, true);
    expect(r, 2, NS, spi(1), 5);
    take_1ofn(r, 2, false);
    expect_none(r, 2, NS);
    g_assert_cmpuint(offers(r, NS, spi(1), &holder), ==, 0);
    take_1ofn(r, 0, true);
    expect(r, 0, NS, spi(1), 5);
    done(r);
}

static void test_1ofn_prefers_winner(void)
{
    Rig *r = ns_rig(3, true);
    unsigned holder;

    for (unsigned i = 0; i < 3; i++) {
        take_1ofn(r, i, true);
    }
    put(r, NS, spi(10), iste(P | EN, 2, 0));
    put(r, NS, spi(12), iste(P | EN, 3, 2));
    for (unsigned i = 0; i < 6; i++) {
        put(r, NS, spi(1), iste(EN | IRM, 3, 0));
        cmd(r, NS, GICV5_CMD_SET_PENDING, spi(1), 1);
        expect(r, 1, NS, spi(1), 3);
        cmd(r, NS, GICV5_CMD_SET_PENDING, spi(1), 0);
    }
    cmd(r, NS, GICV5_CMD_SET_PENDING, spi(1), 1);

    /* A more important one for its holder: it moves to its equals elsewhere */
    r->forwards = 0;
    put(r, NS, spi(11), iste(P | EN, 1, 1));
    expect(r, 1, NS, spi(11), 1);
    expect(r, 0, NS, spi(10), 2);
    expect(r, 2, NS, spi(1), 3);
    cmd(r, NS, GICV5_CMD_SET_PRIORITY, spi(12), 2);
    /* It is nowhere now. Whoever is free first gets it */
    expect(r, 2, NS, spi(12), 2);
    cmd(r, NS, GICV5_CMD_ACTIVATE, spi(10), 0);
    expect(r, 0, NS, spi(1), 3);
    /* More important than what others hold */
    cmd(r, NS, GICV5_CMD_DEACTIVATE, spi(10), 0);
    cmd(r, NS, GICV5_CMD_SET_PENDING, spi(10), 1);
    expect(r, 0, NS, spi(10), 2);
    cmd(r, NS, GICV5_CMD_SET_PRIORITY, spi(1), 1);
    g_assert_cmpuint(offers(r, NS, spi(1), &holder), ==, 1);
    expect(r, 1, NS, spi(11), 1);
    done(r);
}

static unsigned limit_asked;

static void take_1ofn_below(Rig *r, unsigned p, unsigned limit)
{
    rig_command(r, pe(r, p), NS, GICV5_CMD_SET_ONE_OF_N, 0, limit);
}

/* A PE that would not take the first interrupt does not keep it from others */
static void test_1ofn_limit(void)
{
    Rig *r = ns_rig(2, true);

    take_1ofn_below(r, 0, 4);
    take_1ofn_below(r, 1, 10);
    put(r, NS, spi(1), iste(P | EN | IRM, 5, 0));
    expect(r, 1, NS, spi(1), 5);
    /* Nor does the first keep the second */
    put(r, NS, spi(2), iste(P | EN | IRM, 6, 0));
    expect_none(r, 0, NS);
    expect(r, 1, NS, spi(1), 5);
    take_1ofn_below(r, 0, 7);
    expect(r, 0, NS, spi(2), 6);
    /* The mask of its holder changes */
    take_1ofn_below(r, 1, 5);
    expect(r, 0, NS, spi(1), 5);
    expect_none(r, 1, NS);
    take_1ofn_below(r, 1, 32);
    expect(r, 1, NS, spi(2), 6);
    take_1ofn(r, 1, false);
    expect_none(r, 1, NS);
    done(r);
}

/* As many as there are PEs for them, the most important first */
static void test_1ofn_many(void)
{
    Rig *r = ns_rig(3, true);
    unsigned holder;

    for (unsigned i = 0; i < 3; i++) {
        take_1ofn(r, i, true);
    }
    for (unsigned i = 0; i < 8; i++) {
        put(r, NS, spi(i), iste(P | EN | IRM, 20 - i, 0));
        g_assert_cmpuint(offers(r, NS, spi(i), &holder), ==, 1);
    }
    for (unsigned i = 0; i < 8; i++) {
        g_assert_cmpuint(offers(r, NS, spi(i), &holder), ==, i >= 5);
    }
    g_assert_cmpuint(offers(r, NS, spi(6), &holder), ==, 1);
    rig_command(r, pe(r, holder), NS, GICV5_CMD_ACTIVATE, spi(6), 0);
    expect(r, holder, NS, spi(4), 16);
    done(r);
}

/* Own interrupts and offers of equal priority: neither waits for ever */
static void test_1ofn_equals(void)
{
    Rig *r = ns_rig(1, true);
    unsigned count[2] = {};

    take_1ofn(r, 0, true);
    put(r, NS, spi(0), iste(P | EN, 5, 0));
    put(r, NS, spi(1), iste(P | EN | IRM, 5, 0));
    for (unsigned i = 0; i < 100; i++) {
        uint32_t intid = gicv5_candidate_intid(r->seen[0][NS]);

        g_assert_true(intid == spi(0) || intid == spi(1));
        count[intid - spi(0)]++;
        /* Both come back at once */
        cmd(r, NS, GICV5_CMD_ACTIVATE, intid, 0);
        cmd(r, NS, GICV5_CMD_DEACTIVATE, intid, 0);
        rig_event(r, NS, intid, GICV5_SET_EDGE);
    }
    g_assert_cmpuint(count[0], ==, 50);
    g_assert_cmpuint(count[1], ==, 50);
    done(r);
}

static unsigned tell_limit(void *opaque, GICv5PE *p, GICv5Domain domain)
{
    limit_asked++;
    return gicv5_pe_iaffid(p);
}

/* CPU interfaces are asked for their limits once, and only if need be. */
static void test_1ofn_ask(void)
{
    Rig *r = ns_rig(16, true);
    GICv5EngineOps ops = *r->sys->ops;

    ops.one_of_n_limit = tell_limit;
    r->sys->ops = &ops;
    limit_asked = 0;
    for (unsigned i = 0; i < 16; i++) {
        g_assert_cmpuint(rig_command(r, pe(r, i), NS,
                                       GICV5_CMD_SET_ONE_OF_N, 0, 32), ==, 0);
    }
    put(r, NS, spi(1), iste(P | EN | IRM, 14, 0));
    expect(r, 15, NS, spi(1), 14);
    g_assert_cmpuint(limit_asked, ==, 16);
    for (unsigned i = 0; i < 100; i++) {
        cmd(r, NS, GICV5_CMD_SET_PENDING, spi(1), 0);
        cmd(r, NS, GICV5_CMD_SET_PENDING, spi(1), 1);
        expect(r, 15, NS, spi(1), 14);
    }
    g_assert_cmpuint(limit_asked, ==, 16);
    /* One tells a change, and goes on telling while there is something */
    g_assert_cmpuint(rig_command(r, pe(r, 3), NS,
                                   GICV5_CMD_SET_ONE_OF_N, 0, 20),
                     ==, 1);
    /* One that takes nothing would not be asked: it always tells. */
    g_assert_cmpuint(rig_command(r, pe(r, 4), NS,
                                   GICV5_CMD_SET_ONE_OF_N, 0, 0), ==, 1);
    cmd(r, NS, GICV5_CMD_SET_PENDING, spi(1), 0);
    g_assert_cmpuint(rig_command(r, pe(r, 4), NS,
                                   GICV5_CMD_SET_ONE_OF_N, 0, 0), ==, 1);
    g_assert_cmpuint(rig_command(r, pe(r, 3), NS,
                                   GICV5_CMD_SET_ONE_OF_N, 0, 20),
                     ==, 0);
    done(r);
}

static void test_1ofn_order(void)
{
    Rig *r = ns_rig(2, true);
    unsigned holder;
    uint32_t order[] = { 7, 3, 5 };

    ist_valid(r, NS, &linear8);
    take_1ofn(r, 0, true);
    take_1ofn(r, 1, true);
    for (unsigned i = 0; i < 3; i++) {
        put(r, NS, lpi(order[i]), iste(P | EN | IRM, 4, i));
    }
    put(r, NS, lpi(9), iste(P | EN | IRM, 3, 0));
    g_assert_cmpuint(offers(r, NS, lpi(9), &holder), ==, 1);
    cmd(r, NS, GICV5_CMD_ACTIVATE, lpi(9), 0);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpuint(offers(r, NS, lpi(order[i]), &holder), ==, 1);
        cmd(r, NS, GICV5_CMD_ACTIVATE, lpi(order[i]), 0);
    }
    expect_none(r, 0, NS);
    expect_none(r, 1, NS);
    done(r);
}

static unsigned tell_32(void *opaque, GICv5PE *p, GICv5Domain domain)
{
    return 32;
}

/* Nothing is offered for a moment only, in the middle of an acknowledge. */
static void test_1ofn_acknowledge(void)
{
    Rig *r = ns_rig(1, true);
    GICv5EngineOps ops = *r->sys->ops;

    ops.one_of_n_limit = tell_32;
    r->sys->ops = &ops;
    take_1ofn(r, 0, true);
    put(r, NS, spi(1), iste(P | EN | IRM, 5, 0));
    put(r, NS, spi(2), iste(P | EN | IRM, 6, 0));
    rig_clear_log(r);
    cmd(r, NS, GICV5_CMD_ACTIVATE, spi(1), 0);
    expect_forwards(r, 1);
    expect_none(r, 0, NS);
    take_1ofn_below(r, 0, 5);
    expect_none(r, 0, NS);
    take_1ofn(r, 0, true);
    expect(r, 0, NS, spi(2), 6);
    /* What is not its candidate does not count. */
    cmd(r, NS, GICV5_CMD_DEACTIVATE, spi(1), 0);
    cmd(r, NS, GICV5_CMD_ACTIVATE, spi(1), 0);
    g_assert_true(gicv5_system_check(r->sys));
    expect(r, 0, NS, spi(2), 6);
    done(r);
}

/* All PEs take a share of the work */
static void test_1ofn_spread(void)
{
    Rig *r = ns_rig(4, true);
    unsigned count[4] = {}, holder;

    for (unsigned i = 0; i < 4; i++) {
        take_1ofn(r, i, true);
    }
    put(r, NS, spi(0), iste(EN | IRM, 4, 0));
    for (unsigned i = 0; i < 400; i++) {
        rig_event(r, NS, spi(0), GICV5_SET_EDGE);
        g_assert_cmpuint(offers(r, NS, spi(0), &holder), ==, 1);
        count[holder]++;
        rig_command(r, pe(r, holder), NS, GICV5_CMD_ACTIVATE, spi(0),
                      0);
        rig_command(r, pe(r, holder), NS, GICV5_CMD_DEACTIVATE, spi(0),
                      0);
    }
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmpuint(count[i], >, 0);
    }
    done(r);
}

static void test_1ofn_retarget(void)
{
    Rig *r = ns_rig(3, true);
    unsigned holder, other;

    for (unsigned i = 0; i < 3; i++) {
        take_1ofn(r, i, true);
    }
    put(r, NS, spi(1), iste(P | EN, 5, 1));
    r->forwards = 0;
    cmd(r, NS, GICV5_CMD_SET_TARGET, spi(1), 1 | GICV5_TARGET_IRM);
    g_assert_cmpuint(offers(r, NS, spi(1), &holder), ==, 1);
    other = (holder + 1) % 3;
    cmd(r, NS, GICV5_CMD_SET_TARGET, spi(1), other);
    expect(r, other, NS, spi(1), 5);
    g_assert_cmpuint(offers(r, NS, spi(1), &holder), ==, 1);
    /* Nobody's IAFFID does not matter in 1-of-N */
    cmd(r, NS, GICV5_CMD_SET_TARGET, spi(1), 0x1234 | GICV5_TARGET_IRM);
    g_assert_cmpuint(offers(r, NS, spi(1), &holder), ==, 1);
    g_assert_cmphex(word_of(r, NS, spi(1)), ==,
                    iste(P | EN | IRM, 5, 0x1234));
    done(r);
}

static void test_1ofn_irsen(void)
{
    Rig *r = new_rig(1 << NS, true, 5);
    unsigned holder;

    gicv5_system_add_irs(r->sys, 0, 8);
    gicv5_system_add_irs(r->sys, 8, 8);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    gicv5_system_add_pe(r->sys, 1, 1, NULL);
    take_1ofn(r, 0, true);
    take_1ofn(r, 1, true);
    put(r, NS, spi(1), iste(P | EN | IRM, 5, 0));
    expect_forwards(r, 0);
    gicv5_irs_enable(r->sys, 1, NS, true);
    expect(r, 1, NS, spi(1), 5);
    gicv5_irs_enable(r->sys, 0, NS, true);
    g_assert_cmpuint(offers(r, NS, spi(1), &holder), ==, 1);
    r->forwards = 0;
    gicv5_irs_enable(r->sys, 1, NS, false);
    expect(r, 0, NS, spi(1), 5);
    expect_forwards(r, 2);
    g_assert_true(r->log[0].pe == pe(r, 1));
    gicv5_irs_enable(r->sys, 0, NS, false);
    g_assert_cmpuint(offers(r, NS, spi(1), &holder), ==, 0);
    done(r);
}

static void test_1ofn_load(void)
{
    Rig *r = ns_rig(2, true);
    unsigned holder;

    take_1ofn(r, 1, true);
    rig_mem_stl(&r->mem[NS], IST_BASE + 20, iste(P | EN | IRM, 5, 0));
    ist_valid(r, NS, &linear8);
    cmd(r, NS, GICV5_CMD_REQUEST_CONFIG, lpi(5), 0);
    expect(r, 1, NS, lpi(5), 5);
    ist_invalid(r, NS);
    g_assert_cmpuint(offers(r, NS, lpi(5), &holder), ==, 0);
    g_assert_cmphex(rig_mem_ldl(&r->mem[NS], IST_BASE + 20), ==,
                    iste(P | EN | IRM, 5, 0));
    done(r);
}

/* --- several IRSes --------------------------------------------------- */

static void test_irs_ranges(void)
{
    Rig *r = new_rig(1 << NS, false, 5);

    g_assert_cmpint(gicv5_system_add_irs(r->sys, 100, 50), ==, 0);
    /* Overlaps on each side, within, around, the same */
    g_assert_cmpint(gicv5_system_add_irs(r->sys, 90, 11), ==, -1);
    g_assert_cmpint(gicv5_system_add_irs(r->sys, 149, 1), ==, -1);
    g_assert_cmpint(gicv5_system_add_irs(r->sys, 110, 5), ==, -1);
    g_assert_cmpint(gicv5_system_add_irs(r->sys, 0, 1000), ==, -1);
    g_assert_cmpint(gicv5_system_add_irs(r->sys, 100, 50), ==, -1);
    /* Beside it, none at all, and with a hole */
    g_assert_cmpint(gicv5_system_add_irs(r->sys, 90, 10), ==, 1);
    g_assert_cmpint(gicv5_system_add_irs(r->sys, 120, 0), ==, 2);
    g_assert_cmpint(gicv5_system_add_irs(r->sys, 150, 10), ==, 3);
    g_assert_cmpint(gicv5_system_add_irs(r->sys, 0xfffff0, 16), ==, 4);
    for (uint32_t id = 80; id < 170; id++) {
        g_assert_true(rig_has_spi(r, 0, id) == (id >= 100 && id < 150));
        g_assert_true(rig_has_spi(r, 1, id) == (id >= 90 && id < 100));
        g_assert_false(rig_has_spi(r, 2, id));
        g_assert_true(rig_has_spi(r, 3, id) == (id >= 150 && id < 160));
        g_assert_true(reachable(r, NS, spi(id)) == (id >= 90 && id < 160));
    }
    g_assert_true(rig_has_spi(r, 4, 0xffffff));
    g_assert_false(rig_has_spi(r, 4, 0xffffef));
    done(r);
}

static void test_irs_iaffid(void)
{
    Rig *r = new_rig(1 << NS, false, 5);
    GICv5PE *p;

    gicv5_system_add_irs(r->sys, 0, 1);
    gicv5_system_add_irs(r->sys, 1, 1);
    p = gicv5_system_add_pe(r->sys, 0, 0x101, NULL);
    g_assert_nonnull(p);
    g_assert_null(gicv5_system_add_pe(r->sys, 0, 0x101, NULL));
    g_assert_null(gicv5_system_add_pe(r->sys, 1, 0x101, NULL));
    g_assert_nonnull(gicv5_system_add_pe(r->sys, 1, 0x102, NULL));
    g_assert_true(gicv5_system_find_pe(r->sys, 0x101) == p);
    g_assert_nonnull(gicv5_system_pe(r->sys, 1));
    g_assert_null(gicv5_system_pe(r->sys, 2));
    done(r);
}

/* SPIs of one IRS to PEs of another, LPIs to all, IRSEN of the PE's IRS */
static void test_irs_routing(void)
{
    Rig *r = new_rig(1 << NS, false, 5);

    gicv5_system_add_irs(r->sys, 0, 8);
    gicv5_system_add_irs(r->sys, 64, 8);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    gicv5_system_add_pe(r->sys, 1, 1, NULL);
    gicv5_irs_enable(r->sys, 0, NS, true);
    ist_valid(r, NS, &linear8);

    put(r, NS, spi(65), iste(EN, 5, 0));
    put(r, NS, spi(1), iste(EN, 5, 1));
    gicv5_spi_set_level(r->sys, 1, 1, true);
    gicv5_spi_set_level(r->sys, 0, 1, true);
    put(r, NS, lpi(1), iste(P | EN, 4, 1));
    /* The wire was that of the global ID 65 */
    g_assert_true(rig_spi(r, 1, 65).level);
    expect(r, 0, NS, spi(65), 5);
    expect_none(r, 1, NS);
    gicv5_irs_enable(r->sys, 1, NS, true);
    expect(r, 1, NS, lpi(1), 4);
    gicv5_irs_enable(r->sys, 0, NS, false);
    expect_none(r, 0, NS);
    expect(r, 1, NS, lpi(1), 4);
    cmd(r, NS, GICV5_CMD_SET_ENABLE, lpi(1), 0);
    expect(r, 1, NS, spi(1), 5);

    /* Registers of an IRS reach its own SPIs only */
    gicv5_spi_set_tm(r->sys, 0, 65, true);
    g_assert_false(rig_spi(r, 1, 65).tm_level);
    cmd(r, NS, GICV5_CMD_SET_PENDING, spi(65), 0);
    gicv5_spi_resample(r->sys, 0, 65);
    g_assert_cmphex(word_of(r, NS, spi(65)), ==, iste(EN, 5, 0));
    gicv5_spi_resample(r->sys, 1, 65);
    g_assert_cmphex(word_of(r, NS, spi(65)), ==, iste(P | EN, 5, 0));
    done(r);
}

/* --- reset ----------------------------------------------------------- */

static void test_reset(void)
{
    Rig *r = new_rig(1 << S | 1 << NS, true, 5);
    RigMemory before;

    gicv5_system_add_irs(r->sys, 0, 8);
    gicv5_system_add_pe(r->sys, 0, 0, NULL);
    gicv5_system_add_pe(r->sys, 0, 1, NULL);
    gicv5_irs_enable(r->sys, 0, S, true);
    gicv5_irs_enable(r->sys, 0, NS, true);
    take_1ofn(r, 1, true);
    gicv5_pe_set_dps(pe(r, 0), NS, true);
    gicv5_spi_set_domain(r->sys, 0, 1, NS);
    gicv5_spi_set_tm(r->sys, 0, 1, true);
    gicv5_spi_set_level(r->sys, 0, 1, true);
    put(r, NS, spi(1), iste(EN | P | HM, 9, 0));
    put(r, S, spi(2), iste(EN | P, 9, 1));
    rig_mem_stl(&r->mem[NS], IST_BASE + 4, iste(EN, 3, 0));
    ist_valid(r, NS, &linear8);
    rig_event(r, NS, lpi(1), GICV5_SET_EDGE);
    put(r, NS, lpi(7), iste(EN | P | IRM, 3, 0));
    expect(r, 0, NS, lpi(1), 3);
    expect(r, 1, NS, lpi(7), 3);
    expect(r, 1, S, spi(2), 9);

    before = rig_mem_copy(&r->mem[NS]);
    r->mem[NS].closed = r->mem[S].closed = true;
    r->forwards = 0;
    gicv5_system_reset(r->sys);
    r->mem[NS].closed = r->mem[S].closed = false;
    /* Each PE is told once for each candidate it had */
    expect_forwards(r, 3);
    for (unsigned p = 0; p < 2; p++) {
        for (unsigned d = 0; d < 4; d++) {
            expect_none(r, p, d);
        }
    }
    g_assert_false(gicv5_ist_is_valid(rig_ist(r, NS)));
    g_assert_cmphex(rig_mem_ldl(&r->mem[NS], IST_BASE + 4), ==,
                    iste(EN, 3, 0));
    rig_mem_diff(&before, &r->mem[NS], no_change, NULL);
    rig_mem_free(&before);

    /* SPIs: reset domain and state; the wire is as it was */
    for (unsigned i = 0; i < 8; i++) {
        g_assert_cmphex(word_of(r, S, spi(i)), ==, 0);
        g_assert_false(reachable(r, NS, spi(i)));
        g_assert_false(rig_spi(r, 0, i).tm_level);
        g_assert_true(rig_spi(r, 0, i).level == (i == 1));
    }
    check_unreachable(r, NS, lpi(1));

    /* IRSEN is clear, DPS too; what PE 1 accepts is still known */
    put(r, S, spi(3), iste(EN | P, 1, 0));
    expect_forwards(r, 0);
    g_assert_false(pe(r, 0)->target[NS]->dps);
    g_assert_cmpuint(pe(r, 1)->target[NS]->limit, ==, 32);
    g_assert_cmpuint(pe(r, 0)->target[NS]->limit, ==, 0);
    gicv5_irs_enable(r->sys, 0, S, true);
    expect(r, 0, S, spi(3), 1);
    expect_none(r, 1, S);

    /* The old table can be used again; only memory's state is in it */
    gicv5_irs_enable(r->sys, 0, NS, true);
    ist_valid(r, NS, &linear8);
    expect_none(r, 0, NS);
    g_assert_cmphex(word_of(r, NS, lpi(1)), ==, iste(EN, 3, 0));
    g_assert_cmphex(word_of(r, NS, lpi(7)), ==, 0);
    done(r);
}

/* Nothing new is offered on the way down, whatever the number of IRSes */
static void test_reset_recalls(void)
{
    Rig *r = new_rig(1 << NS, true, 5);

    for (unsigned i = 0; i < 3; i++) {
        gicv5_system_add_irs(r->sys, 8 * i, 8);
        gicv5_system_add_pe(r->sys, i, i, NULL);
        gicv5_irs_enable(r->sys, i, NS, true);
        take_1ofn(r, i, true);
    }
    put(r, NS, spi(1), iste(EN | P | IRM, 9, 0));
    put(r, NS, spi(2), iste(EN | P | IRM, 10, 0));
    for (unsigned i = 0; i < 3; i++) {
        unsigned holder;

        g_assert_cmpuint(offers(r, NS, spi(1), &holder), ==, 1);
        if (holder == 0) {
            break;
        }
        /* Let the first IRS's PE hold it */
        gicv5_pe_set_dps(pe(r, holder), NS, true);
        gicv5_pe_set_dps(pe(r, holder), NS, false);
    }
    expect(r, 0, NS, spi(1), 9);
    r->forwards = 0;
    gicv5_system_reset(r->sys);
    for (unsigned i = 0; i < r->forwards; i++) {
        g_assert_cmphex(r->log[i].candidate, ==, GICV5_CANDIDATE_NONE);
    }
    /* Both had been offered */
    expect_forwards(r, 2);
    done(r);
}

static void test_reset_twice(void)
{
    Rig *r = ns_rig(1, true);

    gicv5_system_reset(r->sys);
    gicv5_system_reset(r->sys);
    expect_forwards(r, 0);
    gicv5_irs_enable(r->sys, 0, NS, true);
    put(r, NS, spi(1), iste(EN | P, 9, 0));
    expect(r, 0, NS, spi(1), 9);
    done(r);
}

static void add_numbered(const char *name, unsigned from, unsigned to,
                         GTestDataFunc fn)
{
    for (unsigned i = from; i <= to; i++) {
        g_autofree char *path = g_strdup_printf("%s/%u", name, i);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), fn);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    g_test_add_data_func("/gicv5/state/transitions/lpi",
                         GUINT_TO_POINTER(lpi(17)), test_transitions);
    g_test_add_data_func("/gicv5/state/transitions/spi",
                         GUINT_TO_POINTER(spi(17)), test_transitions);
    g_test_add_func("/gicv5/state/hm-override", test_hm_override);
    g_test_add_func("/gicv5/state/request-config", test_request_config);
    g_test_add_func("/gicv5/state/command-results", test_command_results);
    add_numbered("/gicv5/state/priority-bits", 1, 5, test_priority_bits);

    g_test_add_func("/gicv5/reach/types", test_reach_types);
    g_test_add_func("/gicv5/reach/spi", test_reach_spi);
    g_test_add_func("/gicv5/reach/lpi", test_reach_lpi);
    g_test_add_func("/gicv5/reach/domain", test_reach_domain);

    g_test_add_func("/gicv5/spi/wire", test_spi_wire);
    g_test_add_func("/gicv5/spi/same-level", test_spi_same_level);
    g_test_add_func("/gicv5/spi/resample", test_spi_resample);
    g_test_add_func("/gicv5/spi/tm-change", test_spi_tm_change);
    g_test_add_func("/gicv5/spi/tm-hppi", test_spi_tm_hppi);
    g_test_add_func("/gicv5/spi/level-life", test_spi_level_life);
    g_test_add_func("/gicv5/spi/domain", test_spi_domain);
    g_test_add_func("/gicv5/spi/domain-missing", test_spi_domain_missing);
    g_test_add_func("/gicv5/spi/reset-domain", test_spi_reset_domain);

    add_numbered("/gicv5/ist/linear", 0, 2, test_ist_linear);
    add_numbered("/gicv5/ist/two-level", 0, 8, test_ist_two_level);
    g_test_add_func("/gicv5/ist/example", test_ist_example);
    g_test_add_func("/gicv5/ist/unaligned-base", test_ist_unaligned_base);
    g_test_add_func("/gicv5/ist/high-addresses", test_ist_high_addresses);
    g_test_add_func("/gicv5/ist/map-l2", test_ist_map_l2);
    g_test_add_func("/gicv5/ist/map-l2-keeps", test_ist_map_l2_keeps);
    add_numbered("/gicv5/ist/metadata", 1, 2, test_ist_metadata);
    g_test_add_func("/gicv5/ist/sparse", test_ist_sparse);
    g_test_add_func("/gicv5/ist/write-once", test_ist_write_once);
    g_test_add_func("/gicv5/ist/write-hole", test_ist_write_hole);
    g_test_add_func("/gicv5/ist/clean", test_ist_clean);
    g_test_add_func("/gicv5/ist/back-to-zero", test_ist_back_to_zero);
    g_test_add_func("/gicv5/ist/aliased", test_ist_aliased);
    g_test_add_func("/gicv5/ist/l1-late", test_ist_l1_late);
    g_test_add_func("/gicv5/memory/bound", test_memory_bound);
    g_test_add_func("/gicv5/memory/full", test_memory_full);
    g_test_add_func("/gicv5/memory/domains", test_memory_domains);
    g_test_add_func("/gicv5/ist/load", test_ist_load);
    g_test_add_func("/gicv5/ist/sanitize", test_ist_sanitize);
    g_test_add_func("/gicv5/ist/bad-linear", test_ist_bad_linear);
    g_test_add_func("/gicv5/ist/bad-l1", test_ist_bad_l1);
    g_test_add_func("/gicv5/ist/bad-l2", test_ist_bad_l2);
    add_numbered("/gicv5/ist/write-back-fails", 0, 2,
                 test_ist_write_back_fails);
    g_test_add_func("/gicv5/ist/domains", test_ist_domains);
    g_test_add_func("/gicv5/ist/active-deactivate",
                    test_ist_active_deactivate);

    g_test_add_func("/gicv5/hppi/order", test_hppi_order);
    g_test_add_func("/gicv5/hppi/fifo", test_hppi_fifo);
    g_test_add_func("/gicv5/hppi/forwards", test_hppi_forwards);
    g_test_add_func("/gicv5/hppi/retarget", test_hppi_retarget);
    g_test_add_func("/gicv5/hppi/no-pe", test_hppi_no_pe);
    g_test_add_func("/gicv5/hppi/any-pe", test_hppi_any_pe);

    g_test_add_func("/gicv5/irsen/recall", test_irsen);
    g_test_add_func("/gicv5/irsen/before-ist", test_irsen_first);
    g_test_add_func("/gicv5/irsen/domains", test_irsen_domains);

    g_test_add_func("/gicv5/1ofn/one-pe", test_1ofn_one_pe);
    g_test_add_func("/gicv5/1ofn/excluded", test_1ofn_excluded);
    g_test_add_func("/gicv5/1ofn/prefers-winner", test_1ofn_prefers_winner);
    g_test_add_func("/gicv5/1ofn/limit", test_1ofn_limit);
    g_test_add_func("/gicv5/1ofn/many", test_1ofn_many);
    g_test_add_func("/gicv5/1ofn/equals", test_1ofn_equals);
    g_test_add_func("/gicv5/1ofn/ask", test_1ofn_ask);
    g_test_add_func("/gicv5/1ofn/acknowledge", test_1ofn_acknowledge);
    g_test_add_func("/gicv5/1ofn/order", test_1ofn_order);
    g_test_add_func("/gicv5/1ofn/spread", test_1ofn_spread);
    g_test_add_func("/gicv5/1ofn/retarget", test_1ofn_retarget);
    g_test_add_func("/gicv5/1ofn/irsen", test_1ofn_irsen);
    g_test_add_func("/gicv5/1ofn/load", test_1ofn_load);

    g_test_add_func("/gicv5/irs/ranges", test_irs_ranges);
    g_test_add_func("/gicv5/irs/iaffid", test_irs_iaffid);
    g_test_add_func("/gicv5/irs/routing", test_irs_routing);

    g_test_add_func("/gicv5/reset/state", test_reset);
    g_test_add_func("/gicv5/reset/recalls", test_reset_recalls);
    g_test_add_func("/gicv5/reset/twice", test_reset_twice);

    return g_test_run();
}
