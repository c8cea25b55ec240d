/*
 * QTest testcase for the Arm GICv5 ITS
 *
 * The ITS and the bus master of the machine "gicv5-test,its=on"; offsets and
 * fields are written down here once more, on purpose.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "gicv5-driver.h"

#define ITS_BASE 0x09000000
#define ITS_STRIDE 0x40000
#define SECOND_OFFSET 0x20000

/* The bus master */
#define BUS 0x09200000ULL
#define BUS_ADDR (BUS + 8)
#define BUS_DATA (BUS + 16)
#define ATTR_SPACE(d) ((d) << 16)
#define ATTR_SECURE (1u << 18)
#define ATTR_UNSPECIFIED (1u << 19)

/* Config frame: what an IRS has at the same place has the same name. */
#define ITS_CR1 0x0084
#define DT_BASER 0x00c0
#define DT_BASER_ADDR 0x00fffffffffffff8ULL
#define DT_CFGR 0x00d0
#define DT_CFGR_TWO_LEVEL (1u << 16)
#define DIDR 0x0100
#define EIDR 0x0108
#define INV_EVENTR 0x010c
#define INV_DEVICER 0x0110
#define READ_EVENTR 0x0114
#define READ_EVENT_DATAR 0x0118
#define ITS_STATUSR 0x0120
#define ITS_SYNCR 0x0140
#define ITS_SYNC_STATUSR 0x0148
#define GEN_EVENT_DIDR 0x0180
#define GEN_EVENT_EIDR 0x0188
#define GEN_EVENTR 0x018c
#define GEN_EVENT_STATUSR 0x0190
#define TOP (1u << 31)

/* Translate frame */
#define TRANSLATER 0
#define RL_TRANSLATER 8

/* Table entries */
#define VALID 1ULL
#define SPAN(n) ((uint64_t)(n) << 60)
#define EVENT_BITS(n) ((uint64_t)(n) << 59)
#define ITT_TWO_LEVEL (1ULL << 58)
#define ITTE(lpi) ((lpi) | 1ULL << 31)
#define VIRTUAL (1ULL << 30)
#define VM(n) ((uint64_t)(n) << 32)

#define IST (RAM_BASE + 0x100000)
#define DT (RAM_BASE + 0x200000)
#define DT2 (RAM_BASE + 0x300000)
#define ITT (RAM_BASE + 0x400000)
#define LPI_BITS 12

/**
 * ITS: one config frame, and the domain's IRS and CPU interface
 */
typedef struct ITS {
    QTestState *qts;
    unsigned domain;
    uint64_t base;
    IRS irs;
    CPU cpu;
} ITS;

static ITS its(QTestState *qts, unsigned domain)
{
    return (ITS) {
        .qts = qts,
        .domain = domain,
        .base = ITS_BASE + domain * ITS_STRIDE,
        .irs = gicv5_irs(qts, 0, domain),
        .cpu = gicv5_cpu(qts, 0, domain),
    };
}

static QTestState *start(unsigned domains, const char *args)
{
    g_autofree char *all = g_strdup_printf("-machine its=on %s", args ?: "");

    return gicv5_start(1, domains, 1, all);
}

static uint32_t its_readl(const ITS *s, unsigned offset)
{
    return qtest_readl(s->qts, s->base + offset);
}

static void its_writel(const ITS *s, unsigned offset, uint32_t value)
{
    qtest_writel(s->qts, s->base + offset, value);
}

static uint64_t its_readq(const ITS *s, unsigned offset)
{
    return qtest_readq(s->qts, s->base + offset);
}

static void its_writeq(const ITS *s, unsigned offset, uint64_t value)
{
    qtest_writeq(s->qts, s->base + offset, value);
}

/* A write of @size bytes to translate frame @n, with these attributes */
static void msi(const ITS *s, unsigned n, unsigned offset, uint32_t attrs,
                uint64_t data, unsigned size)
{
    qtest_writeq(s->qts, BUS, attrs);
    qtest_writeq(s->qts, BUS_ADDR, s->base + (1 + n) * FRAME_SIZE + offset);
    switch (size) {
    case 1:
        qtest_writeb(s->qts, BUS_DATA, data);
        break;
    case 2:
        qtest_writew(s->qts, BUS_DATA, data);
        break;
    case 4:
        qtest_writel(s->qts, BUS_DATA, data);
        break;
    default:
        qtest_writeq(s->qts, BUS_DATA, data);
        break;
    }
}

static void message(const ITS *s, uint16_t requester, uint32_t event)
{
    msi(s, 0, TRANSLATER, requester, event, 4);
}

/* Is the LPI pending? It is not, afterwards. */
static bool took(const ITS *s, uint32_t lpi)
{
    bool pending = icsr(&s->cpu, LPI(lpi)) & ISTE_PENDING;

    gic(&s->cpu, SET_PENDING, LPI(lpi), 0);
    return pending;
}

/* No LPI at all is pending. */
static void assert_quiet(const ITS *s)
{
    for (unsigned lpi = 0; lpi < 1u << LPI_BITS; lpi += 1) {
        if (icsr(&s->cpu, LPI(lpi)) & ISTE_PENDING) {
            g_test_message("LPI %u is pending", lpi);
            g_assert_not_reached();
        }
    }
}

static void enable(const ITS *s, uint64_t dt, uint32_t cfgr)
{
    its_writel(s, CR0, 0);
    its_writel(s, ITS_CR1, 0xd7);
    its_writel(s, DT_CFGR, cfgr);
    its_writeq(s, DT_BASER, dt);
    its_writel(s, CR0, 1);
    g_assert_cmphex(its_readl(s, CR0), ==, 3);
}

/* An ITS with a linear device table of 20 bits, and an IST */
static QTestState *start_enabled(ITS *s)
{
    QTestState *qts = start(ONLY_NS, NULL);

    *s = its(qts, DOM_NS);
    ist_set_valid(&s->irs, IST, IST_CFG(LPI_BITS, 0, 0));
    enable(s, DT, 20);
    return qts;
}

static void inv_event(const ITS *s, uint32_t device, uint32_t event,
                      uint32_t how)
{
    its_writeq(s, DIDR, device);
    its_writel(s, EIDR, event);
    its_writel(s, INV_EVENTR, TOP | how);
    g_assert_cmphex(its_readl(s, ITS_STATUSR), ==, STATUSR_IDLE);
}

static void inv_device(const ITS *s, uint32_t device, uint32_t how)
{
    its_writeq(s, DIDR, device);
    its_writel(s, INV_DEVICER, TOP | how);
    g_assert_cmphex(its_readl(s, ITS_STATUSR), ==, STATUSR_IDLE);
}

/* --- registers --- */

typedef struct Reg {
    const char *name;
    unsigned offset;
    unsigned bits;
    uint64_t reset;
    uint64_t mask;
} Reg;

/* What software can write without starting anything */
static const Reg regs[] = {
    { "CR1", ITS_CR1, 32, 0, 0xff },
    { "DT_BASER", DT_BASER, 64, 0, DT_BASER_ADDR },
    { "DT_CFGR", DT_CFGR, 32, 0, 0x100ff },
    { "DIDR", DIDR, 64, 0, UINT32_MAX },
    { "EIDR", EIDR, 32, 0, UINT32_MAX },
    { "INV_EVENTR", INV_EVENTR, 32, 0, 0 },
    { "INV_DEVICER", INV_DEVICER, 32, 0, 0 },
    { "READ_EVENTR", READ_EVENTR, 32, 0, 0 },
    { "READ_EVENT_DATAR", READ_EVENT_DATAR, 64, 0, 0 },
    { "STATUSR", ITS_STATUSR, 32, 1, 0 },
    { "SYNCR", ITS_SYNCR, 64, 0, 0 },
    { "SYNC_STATUSR", ITS_SYNC_STATUSR, 32, 1, 0 },
    { "GEN_EVENT_DIDR", GEN_EVENT_DIDR, 64, 0, UINT32_MAX },
    { "GEN_EVENT_EIDR", GEN_EVENT_EIDR, 32, 0, UINT32_MAX },
    { "GEN_EVENTR", GEN_EVENTR, 32, 0, 0 },
    { "GEN_EVENT_STATUSR", GEN_EVENT_STATUSR, 32, 1, 0 },
    { "MEC_IDR", 0x1c0, 32, 0, 0 },
    { "MEC_MECID_R", 0x1c4, 32, 0, 0 },
    { "MPAM_IDR", 0x200, 32, 0, 0 },
    { "MPAM_PARTID_R", 0x204, 32, 0, 0 },
    { "SWERR_STATUSR", 0x240, 64, 0, 0 },
    { "SWERR_SYNDROMER0", 0x248, 64, 0, 0 },
    { "SWERR_SYNDROMER1", 0x250, 64, 0, 0 },
    { "DEVARCH", DEVARCH, 32, 0, 0 },
};

static void check_reg(const ITS *s, const Reg *r, uint64_t want)
{
    uint64_t got;

    g_test_message("%s in domain %u", r->name, s->domain);
    if (r->bits == 64) {
        got = its_readl(s, r->offset);
        got |= (uint64_t)its_readl(s, r->offset + 4) << 32;
        g_assert_cmphex(its_readq(s, r->offset), ==, got);
    } else {
        got = its_readl(s, r->offset);
    }
    g_assert_cmphex(got, ==, want);
}

static void check_reset_values(const ITS *s)
{
    g_assert_cmphex(its_readl(s, CR0), ==, CR0_IDLE);
    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        check_reg(s, &regs[i], regs[i].reset);
    }
}

static void test_regs(void)
{
    QTestState *qts = start(ALL_DOMAINS, NULL);

    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        ITS s = its(qts, d);

        check_reset_values(&s);
        for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
            const Reg *r = &regs[i];
            uint64_t v = 0x5aa55aa55aa55aa5ULL;

            if (r->bits == 64) {
                its_writeq(&s, r->offset, v);
                check_reg(&s, r, r->reset | (v & r->mask));
                its_writel(&s, r->offset, ~0u);
                check_reg(&s, r, r->reset | ((v | UINT32_MAX) & r->mask));
                its_writel(&s, r->offset + 4, ~0u);
                check_reg(&s, r, r->reset | r->mask);
                its_writel(&s, r->offset, 0);
                check_reg(&s, r, r->reset | (r->mask & ~0xffffffffULL));
                its_writeq(&s, r->offset, UINT64_MAX);
            } else {
                its_writel(&s, r->offset, v);
                check_reg(&s, r, r->reset | ((uint32_t)v & r->mask));
                its_writel(&s, r->offset, UINT32_MAX);
            }
            check_reg(&s, r, r->reset | r->mask);
        }
        its_writel(&s, CR0, UINT32_MAX);
        g_assert_cmphex(its_readl(&s, CR0), ==, 3);
        /* None of these writes reached another domain's copy. */
        for (unsigned e = d + 1; e < NUM_DOMAINS; e++) {
            ITS other = its(qts, e);

            check_reset_values(&other);
        }
    }
    qtest_system_reset(qts);
    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        ITS s = its(qts, d);

        check_reset_values(&s);
    }
    qtest_quit(qts);
}

static void test_id(void)
{
    QTestState *qts = start(ALL_DOMAINS, NULL);
    static const uint8_t id[] = {
        4, 0, 0, 0, 0x52, 0xb0, 0x0b, 0, 0x0d, 0xf0, 0x05, 0xb1,
    };

    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        ITS s = its(qts, d);

        g_assert_cmphex(its_readl(&s, IDR0), ==, 200 << 16 | 6 << 2 | d);
        g_assert_cmphex(its_readl(&s, IDR1), ==, 7 << 8 | 1 << 6 | 20);
        g_assert_cmphex(its_readl(&s, IDR2), ==, 16);
        g_assert_cmphex(its_readl(&s, IIDR), ==, 0x0520043b);
        g_assert_cmphex(its_readl(&s, AIDR), ==, 0x100);
        for (unsigned i = 0; i < ARRAY_SIZE(id); i++) {
            g_assert_cmphex(its_readl(&s, PIDR4 + 4 * i), ==, id[i]);
        }
    }
    qtest_quit(qts);

    qts = start(ONLY_NS, "-global arm-gicv5-its.device-id-bits=32 "
                "-global arm-gicv5-its.event-id-bits=31 "
                "-global arm-gicv5-its.dt-levels=off "
                "-global arm-gicv5-its.itt-levels=on "
                "-global arm-gicv5-its.l2-sizes=2");
    {
        ITS s = its(qts, DOM_NS);

        g_assert_cmphex(its_readl(&s, IDR1), ==, 2 << 8 | 1 << 7 | 32);
        g_assert_cmphex(its_readl(&s, IDR2), ==, 31);
    }
    qtest_quit(qts);
}

static bool is_known(unsigned offset)
{
    if (offset <= IDR2 || offset == IIDR || offset == AIDR || offset == CR0 ||
        offset >= PIDR4) {
        return true;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        if (offset >= regs[i].offset &&
            offset < regs[i].offset + regs[i].bits / 8) {
            return true;
        }
    }
    return false;
}

/* The rest of the frames, and accesses of other sizes: RAZ/WI */
static void test_reserved(void)
{
    QTestState *qts = start(ONLY_NS, NULL);
    ITS s = its(qts, DOM_NS);

    for (unsigned offset = 0; offset < FRAME_SIZE;
         offset += offset < 0x400 || offset >= 0xff00 ? 4 : 0x100) {
        if (!is_known(offset)) {
            its_writel(&s, offset, UINT32_MAX);
            g_assert_cmphex(its_readl(&s, offset), ==, 0);
        }
    }
    for (unsigned offset = 0; offset < 0x20; offset += 4) {
        g_assert_cmphex(its_readl(&s, FRAME_SIZE + offset), ==, 0);
        g_assert_cmphex(its_readq(&s, FRAME_SIZE + offset), ==, 0);
    }
    its_writel(&s, EIDR, 0x11223344);
    qtest_writew(qts, s.base + EIDR, 0xffff);
    qtest_writeb(qts, s.base + EIDR + 1, 0xff);
    its_writeq(&s, EIDR, UINT64_MAX);
    g_assert_cmphex(its_readl(&s, EIDR), ==, 0x11223344);
    g_assert_cmphex(qtest_readw(qts, s.base + EIDR), ==, 0);
    g_assert_cmphex(its_readq(&s, EIDR), ==, 0);
    qtest_quit(qts);
}

/* What describes the tables cannot change while they are in use. */
static void test_while_enabled(void)
{
    ITS s;
    QTestState *qts = start_enabled(&s);

    its_writel(&s, ITS_CR1, 0);
    its_writel(&s, DT_CFGR, 0);
    its_writeq(&s, DT_BASER, 0);
    its_writel(&s, DT_BASER, 0);
    g_assert_cmphex(its_readl(&s, ITS_CR1), ==, 0xd7);
    g_assert_cmphex(its_readl(&s, DT_CFGR), ==, 20);
    g_assert_cmphex(its_readq(&s, DT_BASER), ==, DT);

    its_writel(&s, CR0, 0);
    its_writeq(&s, DT_BASER, 0);
    g_assert_cmphex(its_readq(&s, DT_BASER), ==, 0);
    qtest_quit(qts);
}

/* --- events --- */

static void test_event(void)
{
    ITS s;
    QTestState *qts = start_enabled(&s);

    qtest_writeq(qts, DT + 8 * 0x1234, ITT | VALID | EVENT_BITS(5));
    qtest_writeq(qts, ITT + 8 * 31, ITTE(40));
    qtest_writeq(qts, ITT, ITTE(41));

    /* The whole way: the IRS presents it to the CPU. */
    irs_enable(&s.irs);
    cpu_enable(&s.cpu);
    gic_configure(&s.cpu, LPI(40), 3, IAFFID(0));
    message(&s, 0x1234, 31);
    assert_candidate(&s.cpu, LPI(40), 3);
    assert_icsr(&s.cpu, LPI(40), ISTE_PENDING | ISTE_ENABLE | ISTE_PRIO(3) |
                ISTE_IAFFID(IAFFID(0)));
    g_assert_cmphex(cpu_acknowledge(&s.cpu), ==, LPI(40));
    cpu_finish(&s.cpu, LPI(40));
    assert_no_candidate(&s.cpu);

    /* It sets the handling mode to edge. */
    gic(&s.cpu, SET_HANDLING, LPI(41), 1);
    message(&s, 0x1234, 0);
    assert_icsr(&s.cpu, LPI(41), ISTE_PENDING);
    g_assert_true(took(&s, 41));

    /* Other events, other devices, IDs that are too large */
    message(&s, 0x1234, 30);
    message(&s, 0x1234, 32);
    message(&s, 0x1235, 31);
    message(&s, 0, 31);
    assert_quiet(&s);

    /* 16 bits are enough; other sizes and offsets are not */
    msi(&s, 0, TRANSLATER, 0x1234, 31, 2);
    g_assert_true(took(&s, 40));
    msi(&s, 0, TRANSLATER, 0x1234, 31, 1);
    msi(&s, 0, TRANSLATER, 0x1234, 31, 8);
    msi(&s, 0, TRANSLATER + 2, 0x1234, 31, 2);
    msi(&s, 0, TRANSLATER + 4, 0x1234, 31, 4);
    msi(&s, 0, RL_TRANSLATER, 0x1234, 31, 4);
    assert_quiet(&s);

    /* ITSEN */
    its_writel(&s, CR0, 0);
    message(&s, 0x1234, 31);
    message(&s, 0, 0);
    assert_quiet(&s);
    its_writel(&s, CR0, 1);
    message(&s, 0x1234, 31);
    g_assert_true(took(&s, 40));

    /* An LPI that the IRS does not have */
    qtest_writeq(qts, ITT, ITTE(1 << LPI_BITS));
    inv_event(&s, 0x1234, 0, 0);
    message(&s, 0x1234, 0);
    /* A virtual one, while the IRS has no VMs */
    qtest_writeq(qts, ITT, ITTE(7) | VIRTUAL | VM(3));
    inv_event(&s, 0x1234, 0, 0);
    message(&s, 0x1234, 0);
    assert_quiet(&s);

    /* Reset disables, and forgets. */
    qtest_system_reset(qts);
    ist_set_valid(&s.irs, IST, IST_CFG(LPI_BITS, 0, 0));
    message(&s, 0x1234, 31);
    assert_quiet(&s);
    qtest_quit(qts);
}

/* Who writes is the requester ID, plus what belongs to the frame. */
static void test_requester(void)
{
    ITS s;
    QTestState *qts = start_enabled(&s);
    static const uint32_t device[] = { 0, 0xffff, SECOND_OFFSET,
                                       SECOND_OFFSET + 0xffff };

    for (unsigned i = 0; i < ARRAY_SIZE(device); i++) {
        qtest_writeq(qts, DT + 8 * device[i], (ITT + 0x100 * i) | VALID);
        qtest_writeq(qts, ITT + 0x100 * i, ITTE(60 + i));
    }
    for (unsigned i = 0; i < ARRAY_SIZE(device); i++) {
        msi(&s, i / 2, TRANSLATER, i & 1 ? 0xffff : 0, 0, 4);
        g_assert_true(took(&s, 60 + i));
        assert_quiet(&s);
    }

    /* A CPU's store: requester ID 0. The domain is that of the frame. */
    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        msi(&s, 0, TRANSLATER, ATTR_SPACE(d) |
            (d == DOM_S ? ATTR_SECURE : 0), 0, 4);
        g_assert_true(took(&s, 60));
    }
    /* Masters that do not say who they are: not taken for a device */
    msi(&s, 0, TRANSLATER, ATTR_UNSPECIFIED, 0, 4);
    msi(&s, 0, TRANSLATER, ATTR_UNSPECIFIED | 0xffff, 0, 4);
    qtest_writel(qts, s.base + FRAME_SIZE, 0);
    assert_quiet(&s);
    qtest_quit(qts);
}

/* Each domain has tables of its own. */
static void test_domains(void)
{
    QTestState *qts = start(ALL_DOMAINS, NULL);

    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        ITS s = its(qts, d);

        ist_set_valid(&s.irs, IST + 0x10000 * d, IST_CFG(LPI_BITS, 0, 0));
        qtest_writeq(qts, DT + 0x1000 * d + 8 * 5,
                     (ITT + 0x100 * d) | VALID);
        qtest_writeq(qts, ITT + 0x100 * d, ITTE(80 + d));
        enable(&s, DT + 0x1000 * d, 4);
    }
    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        ITS s = its(qts, d);

        for (unsigned offset = 0; offset <= RL_TRANSLATER;
             offset += RL_TRANSLATER) {
            msi(&s, 0, offset, 5, 0, 4);
            for (unsigned e = 0; e < NUM_DOMAINS; e++) {
                ITS other = its(qts, e);
                bool reached = e == d && (!offset || d == DOM_REALM);

                g_assert_cmpint(took(&other, 80 + e), ==, reached);
                g_assert_false(took(&other, 80 + d));
            }
        }
    }
    qtest_quit(qts);
}

/* --- tables, INV, and what else reads them --- */

static void test_two_level(void)
{
    QTestState *qts = start(ONLY_NS, "-global arm-gicv5-its.itt-levels=on");
    ITS s = its(qts, DOM_NS);

    ist_set_valid(&s.irs, IST, IST_CFG(LPI_BITS, 0, 0));
    for (unsigned l2sz = 0; l2sz < 3; l2sz++) {
        unsigned bits = 9 + 2 * l2sz;
        uint32_t device = 1u << bits;
        uint32_t event = (1u << bits) + 1;

        qtest_memset(qts, DT, 0, 0x1000);
        qtest_memset(qts, DT2, 0, 0x1000);
        enable(&s, DT, DT_CFGR_TWO_LEVEL | l2sz << 6 | 20);
        message(&s, device, event);
        /* Valid without an INV: nothing negative is kept. */
        qtest_writeq(qts, DT + 8, DT2 | VALID | SPAN(0));
        message(&s, device, event);
        qtest_writeq(qts, DT2, ITT | VALID | ITT_TWO_LEVEL | l2sz << 1 |
                     EVENT_BITS(16));
        message(&s, device, event);
        qtest_writeq(qts, ITT + 8, (ITT + 0x1000) | VALID | SPAN(1));
        message(&s, device, event);
        qtest_writeq(qts, ITT + 0x1008, ITTE(50 + l2sz));
        assert_quiet(&s);
        message(&s, device, event);
        g_assert_true(took(&s, 50 + l2sz));
        /* Beyond SPAN */
        message(&s, device + 1, event);
        message(&s, device, event + 1);
        assert_quiet(&s);
        qtest_memset(qts, ITT, 0, 0x2000);
    }
    qtest_quit(qts);
}

static void test_inv(void)
{
    ITS s;
    QTestState *qts = start_enabled(&s);

    for (unsigned d = 8; d < 10; d++) {
        qtest_writeq(qts, DT + 8 * d, (ITT + 0x10000 * d) | VALID |
                     EVENT_BITS(10));
        for (unsigned e = 510; e < 514; e++) {
            qtest_writeq(qts, ITT + 0x10000 * d + 8 * e, ITTE(100 * d + e));
            message(&s, d, e);
            g_assert_true(took(&s, 100 * d + e));
            /* Software takes it away, and has not said so. */
            qtest_writeq(qts, ITT + 0x10000 * d + 8 * e, 0);
        }
    }
    inv_event(&s, 8, 510, 0);
    message(&s, 8, 510);
    assert_quiet(&s);
    message(&s, 8, 511);
    g_assert_true(took(&s, 800 + 511));
    /* Without I: nothing. */
    its_writel(&s, EIDR, 511);
    its_writel(&s, INV_EVENTR, 0);
    its_writel(&s, INV_DEVICER, 31 << 1);
    message(&s, 8, 511);
    g_assert_true(took(&s, 800 + 511));
    /* L1: 512 and 513 share an L1_ITTE, with 4 KiB tables */
    inv_event(&s, 8, 512, 1);
    message(&s, 8, 512);
    message(&s, 8, 513);
    assert_quiet(&s);
    message(&s, 8, 511);
    g_assert_true(took(&s, 800 + 511));
    /* Events of one device, below 2^9 */
    inv_device(&s, 8, 9 << 1);
    inv_device(&s, 9, 9 << 1);
    message(&s, 8, 511);
    message(&s, 9, 511);
    assert_quiet(&s);
    message(&s, 9, 512);
    g_assert_true(took(&s, 900 + 512));
    /* Off and on: nothing is left. */
    its_writel(&s, CR0, 0);
    its_writel(&s, CR0, 1);
    message(&s, 9, 512);
    message(&s, 9, 513);
    assert_quiet(&s);
    /* SYNC has nothing to wait for. */
    its_writeq(&s, ITS_SYNCR, 1ULL << 63 | 9);
    its_writel(&s, ITS_SYNCR + 4, 1u << 31 | 1);
    g_assert_cmphex(its_readl(&s, ITS_SYNC_STATUSR), ==, STATUSR_IDLE);
    qtest_quit(qts);
}

static uint64_t read_event(const ITS *s, uint32_t device, uint32_t event)
{
    its_writeq(s, DIDR, device);
    its_writel(s, EIDR, event);
    its_writel(s, READ_EVENTR, TOP);
    return its_readq(s, READ_EVENT_DATAR);
}

static void test_software(void)
{
    ITS s;
    QTestState *qts = start_enabled(&s);

    qtest_writeq(qts, DT + 8 * 0x54321, ITT | VALID | EVENT_BITS(4));
    qtest_writeq(qts, ITT + 8 * 3, ITTE(0xabcdef) | 3 << 28);
    qtest_writeq(qts, ITT + 8 * 4, ITTE(70) | VIRTUAL | VM(0x9876));
    qtest_writeq(qts, ITT + 8 * 5, ITTE(71));

    g_assert_cmphex(read_event(&s, 0x54321, 3), ==, 0x80abcdef);
    its_writel(&s, READ_EVENTR, 0);
    g_assert_cmphex(its_readq(&s, READ_EVENT_DATAR), ==, 0x80abcdef);
    g_assert_cmphex(its_readl(&s, READ_EVENT_DATAR), ==, 0x80abcdef);
    g_assert_cmphex(read_event(&s, 0x54321, 4), ==, 0x8000987680000046);
    g_assert_cmphex(its_readl(&s, READ_EVENT_DATAR + 4), ==, 0x80009876);
    g_assert_cmphex(read_event(&s, 0x54321, 6), ==, 0);
    g_assert_cmphex(read_event(&s, 0x54322, 3), ==, 0);
    assert_quiet(&s);

    its_writeq(&s, GEN_EVENT_DIDR, 0x54321);
    its_writel(&s, GEN_EVENT_EIDR, 5);
    its_writel(&s, GEN_EVENTR, DOM_NS);
    assert_quiet(&s);
    its_writel(&s, GEN_EVENTR, TOP | DOM_NS);
    g_assert_cmphex(its_readl(&s, GEN_EVENT_STATUSR), ==, STATUSR_IDLE);
    g_assert_true(took(&s, 71));
    /* No events of other domains */
    its_writel(&s, GEN_EVENTR, TOP | DOM_S);
    its_writel(&s, GEN_EVENTR, TOP | DOM_REALM);
    its_writel(&s, GEN_EVENT_EIDR, 6);
    its_writel(&s, GEN_EVENTR, TOP | DOM_NS);
    assert_quiet(&s);

    its_writel(&s, CR0, 0);
    g_assert_cmphex(read_event(&s, 0x54321, 3), ==, 0);
    g_assert_cmphex(read_event(&s, 0, 0), ==, 0);
    its_writel(&s, GEN_EVENT_EIDR, 5);
    its_writel(&s, GEN_EVENTR, TOP | DOM_NS);
    assert_quiet(&s);
    qtest_quit(qts);
}

/* Tables anywhere: devices, the ITS itself, nothing, the end of RAM */
static void test_hostile(void)
{
    ITS s;
    QTestState *qts = start_enabled(&s);
    const uint64_t bad[] = {
        ITS_BASE, s.base + FRAME_SIZE, s.irs.base, BUS, 0x10000000,
        RAM_END, RAM_END - 8, DT_BASER_ADDR, 0,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        /* As device table, then each level of the others, then as ITT */
        enable(&s, bad[i], 32);
        message(&s, 0xffff, 0);
        enable(&s, bad[i], DT_CFGR_TWO_LEVEL | 32);
        message(&s, 0xffff, 0);
        qtest_writeq(qts, DT, bad[i] | VALID | SPAN(15));
        enable(&s, DT, DT_CFGR_TWO_LEVEL | 32);
        message(&s, 1, 0);
        qtest_writeq(qts, DT, bad[i] | VALID | EVENT_BITS(31));
        enable(&s, DT, 32);
        message(&s, 0, 0xffff);
        qtest_writeq(qts, DT, bad[i] | VALID | EVENT_BITS(31) | ITT_TWO_LEVEL);
        message(&s, 0, 0xffff);
        assert_quiet(&s);
        qtest_writeq(qts, DT, 0);
    }

    /* Values of DT_CFGR that the ITS does not have are clamped. */
    enable(&s, DT, 0x3f);
    g_assert_cmphex(its_readl(&s, DT_CFGR), ==, 0x3f);
    qtest_writeq(qts, DT + 8 * 0xffff, ITT | VALID);
    qtest_writeq(qts, ITT, ITTE(4));
    message(&s, 0xffff, 0);
    g_assert_true(took(&s, 4));
    g_assert_cmphex(read_event(&s, 1 << 20, 0), ==, 0);
    /* The ITS is still there. */
    enable(&s, DT, 20);
    message(&s, 0xffff, 0);
    g_assert_true(took(&s, 4));
    qtest_quit(qts);
}

/* --- VMs --- */

#define VMT_BASER 0x0200
#define VMT_CFGR 0x0210
#define VMAP_VMR 0x02c8
#define VMAP_VISTR 0x02d0
#define VMAP_VPER 0x02e0
#define VPE_SELR 0x0240
#define VPE_DBR 0x0248
#define SAVE_VMR 0x0300
#define IRS_TOP (1ULL << 63)
#define IRS_VM(n) ((uint64_t)(n) << 32)

#define VMT (RAM_BASE + 0x500000)
#define VMTE(n) (VMT + 32 * (n))
#define VPET (RAM_BASE + 0x510000)
#define VIST (RAM_BASE + 0x520000)

#define VPED(n) (RAM_BASE + 0x530000 + 32 * (n))
#define CONTEXTR_V (1ULL << 63)
#define CONTEXTR_F (1ULL << 62)
#define CONTEXTR_DB (1ULL << 60)
#define CONTEXTR_DBPM(p) ((uint64_t)(p) << 55)
#define DOORBELL 40

/* Is LPI @lpi of VM 3 pending, as the IRS says when it saves the VM? */
static bool vm_took(const ITS *s, uint32_t lpi)
{
    irs_writeq(&s->irs, SAVE_VMR, IRS_TOP | 3);
    return qtest_readl(s->qts, VIST + 4 * lpi) & ISTE_PENDING;
}

static void test_vm(void)
{
    QTestState *qts = start(ONLY_NS,
                            "-global arm-gicv5.x-virtualization=on");
    ITS s = its(qts, DOM_NS);

    ist_set_valid(&s.irs, IST, IST_CFG(LPI_BITS, 0, 0));
    enable(&s, DT, 20);
    qtest_writeq(qts, DT + 8 * 9, ITT | VALID | EVENT_BITS(3));
    qtest_writeq(qts, ITT, ITTE(7) | VIRTUAL | VM(3));
    qtest_writeq(qts, ITT + 8, ITTE(8) | VIRTUAL | VM(4));
    qtest_writeq(qts, ITT + 16, ITTE(32) | VIRTUAL | VM(3));
    qtest_writeq(qts, ITT + 24, ITTE(9));

    /* No VM table, then no such VM, then a VM without LPIs */
    message(&s, 9, 0);
    irs_writel(&s.irs, VMT_CFGR, 8);
    irs_writeq(&s.irs, VMT_BASER, VMT | VALID);
    message(&s, 9, 0);
    qtest_writeq(qts, VMTE(3) + 8, VPET);
    irs_writeq(&s.irs, VMAP_VMR, IRS_TOP | 3);
    message(&s, 9, 0);
    qtest_writeq(qts, VMTE(3) + 16, EVENT_BITS(5) | VIST);
    irs_writeq(&s.irs, VMAP_VISTR, IRS_TOP | IRS_VM(3) | 2u << 29);
    g_assert_false(vm_took(&s, 7));

    message(&s, 9, 0);
    g_assert_true(vm_took(&s, 7));
    g_assert_false(vm_took(&s, 8));
    /* Another VM, which is not there; an LPI that this one does not have */
    message(&s, 9, 1);
    message(&s, 9, 2);
    for (unsigned lpi = 0; lpi < 33; lpi++) {
        g_assert_cmpint(vm_took(&s, lpi), ==, lpi == 7);
    }
    /* The host's LPIs are others. */
    assert_quiet(&s);
    message(&s, 9, 3);
    g_assert_true(took(&s, 9));
    g_assert_false(vm_took(&s, 9));
    qtest_quit(qts);
}

/* An event of a VM is a candidate of its VPE, or rings the VPE's doorbell. */
static void test_vm_delivery(void)
{
    QTestState *qts = start(ONLY_NS,
                            "-global arm-gicv5.x-virtualization=on");
    ITS s = its(qts, DOM_NS);
    CPU guest = s.cpu, resident = s.cpu;

    guest.scope = SCOPE_VM;
    guest.vm = 3;
    resident.scope = SCOPE_RESIDENT;
    ist_set_valid(&s.irs, IST, IST_CFG(LPI_BITS, 0, 0));
    irs_enable(&s.irs);
    cpu_enable(&s.cpu);
    enable(&s, DT, 20);
    qtest_writeq(qts, DT + 8 * 9, ITT | VALID | EVENT_BITS(3));
    irs_writel(&s.irs, VMT_CFGR, 8);
    irs_writeq(&s.irs, VMT_BASER, VMT | VALID);
    qtest_writeq(qts, VMTE(3) + 8, EVENT_BITS(1) | VPET);
    qtest_writeq(qts, VMTE(3) + 16, EVENT_BITS(5) | VIST);
    irs_writeq(&s.irs, VMAP_VMR, IRS_TOP | 3);
    irs_writeq(&s.irs, VMAP_VISTR, IRS_TOP | IRS_VM(3) | 2u << 29);
    /* Event i is LPI 7 + i, for VPE i, whose doorbell is LPI DOORBELL + i. */
    for (unsigned i = 0; i < 2; i++) {
        qtest_writeq(qts, ITT + 8 * i, ITTE(7 + i) | VIRTUAL | VM(3));
        qtest_writeq(qts, VPET + 8 * i, VPED(i));
        irs_writeq(&s.irs, VMAP_VPER, IRS_TOP | IRS_VM(3) | i);
        irs_writeq(&s.irs, VPE_SELR, IRS_TOP | IRS_VM(i) | 3);
        irs_writeq(&s.irs, VPE_DBR, IRS_TOP | (DOORBELL + i));
        gic_configure(&s.cpu, LPI(DOORBELL + i), 2 + i, IAFFID(0));
        gic_configure(&guest, LPI(7 + i), 5 + i, i);
    }
    /* VPE 1 leaves and waits, VPE 0 comes. */
    cpu_set_resident(&s.cpu, CONTEXTR_V | IRS_VM(1) | 3);
    cpu_set_resident(&s.cpu, CONTEXTR_DB | CONTEXTR_DBPM(6));
    g_assert_false(cpu_set_resident(&s.cpu, CONTEXTR_V | 3) & CONTEXTR_F);
    assert_no_candidate(&resident);
    message(&s, 9, 0);
    assert_candidate(&resident, LPI(7), 5);
    assert_no_candidate(&s.cpu);
    message(&s, 9, 1);
    assert_candidate(&resident, LPI(7), 5);
    assert_candidate(&s.cpu, LPI(DOORBELL + 1), 3);
    g_assert_cmphex(cpu_acknowledge(&s.cpu), ==, LPI(DOORBELL + 1));
    cpu_finish(&s.cpu, LPI(DOORBELL + 1));
    /* Once for each request */
    gic(&guest, SET_PENDING, LPI(8), 0);
    message(&s, 9, 1);
    assert_no_candidate(&s.cpu);

    /* The other way round */
    cpu_set_resident(&s.cpu, CONTEXTR_DB | CONTEXTR_DBPM(4));
    assert_no_candidate(&s.cpu);
    g_assert_false(cpu_set_resident(&s.cpu, CONTEXTR_V | IRS_VM(1) | 3) &
                   CONTEXTR_F);
    assert_candidate(&resident, LPI(8), 6);
    gic(&guest, SET_PENDING, LPI(7), 0);
    gic(&guest, SET_PRIORITY, LPI(7), 4);
    assert_no_candidate(&s.cpu);
    message(&s, 9, 0);
    assert_candidate(&s.cpu, LPI(DOORBELL), 2);
    assert_candidate(&resident, LPI(8), 6);
    qtest_quit(qts);
}

/* --- life --- */

/* The stream of @from, which ends, in a file */
static void save(QTestState *from, const char *uri)
{
    qtest_qmp_assert_success(from, "{ 'execute': 'migrate', 'arguments': "
                             "{ 'uri': %s } }", uri);
    qtest_qmp_eventwait(from, "STOP");
    for (;;) {
        QDict *rsp = qtest_qmp(from, "{ 'execute': 'query-migrate' }");
        bool done = g_str_equal(qdict_get_str(qdict_get_qdict(rsp, "return"),
                                              "status"), "completed");

        qobject_unref(rsp);
        if (done) {
            break;
        }
        g_usleep(1000);
    }
    qtest_quit(from);
}

/* A machine like @from, with its state */
static QTestState *move(QTestState *from, unsigned domains)
{
    g_autofree char *dir = g_dir_make_tmp("gicv5-its-XXXXXX", NULL);
    g_autofree char *path = g_strdup_printf("%s/stream", dir);
    g_autofree char *uri = g_strdup_printf("file:%s", path);
    g_autofree char *in = g_strdup_printf("-incoming %s", uri);
    QTestState *to;

    save(from, uri);
    to = start(domains, in);
    qtest_qmp_eventwait(to, "RESUME");
    unlink(path);
    rmdir(dir);
    return to;
}

/* A QEMU with these arguments ends with status 1 and this message. */
static void assert_error(const char *machine, const char *option,
                         const char *value, const char *msg)
{
    const char *argv[] = {
        g_getenv("QTEST_QEMU_BINARY"), "-machine", machine, "-smp", "1",
        "-display", "none", "-accel", "qtest", "-global",
        strstr(machine, "bare") ? "arm-gicv5.cpus=0" : "arm-gicv5.irsid=0",
        option, value, NULL,
    };
    g_autofree char *err = NULL;
    int status;

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT,
                               NULL, NULL, NULL, &err, &status, NULL));
    if (!strstr(err, msg)) {
        g_test_message("%s %s: '%s', not '%s'", option, value, err, msg);
        g_assert_not_reached();
    }
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void test_migration(void)
{
    QTestState *qts = start(ALL_DOMAINS, NULL);
    g_autoptr(GArray) before = g_array_new(false, false, sizeof(uint64_t));

    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        ITS s = its(qts, d);

        ist_set_valid(&s.irs, IST + 0x10000 * d, IST_CFG(LPI_BITS, 0, 0));
        qtest_writeq(qts, DT + 0x1000 * d + 8 * 5,
                     (ITT + 0x100 * d) | VALID);
        qtest_writeq(qts, ITT + 0x100 * d, ITTE(80 + d));
        its_writel(&s, CR0, 0);
        its_writel(&s, ITS_CR1, 0x80 + d);
        its_writel(&s, DT_CFGR, 4 + d);
        its_writeq(&s, DT_BASER, DT + 0x1000 * d);
        its_writel(&s, CR0, d != DOM_EL3);
        read_event(&s, 5, 0);
        its_writeq(&s, GEN_EVENT_DIDR, 0x10 + d);
        its_writel(&s, GEN_EVENT_EIDR, 0x20 + d);
        for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
            uint64_t v = its_readl(&s, regs[i].offset);

            g_array_append_val(before, v);
        }
    }
    qts = move(qts, ALL_DOMAINS);
    for (unsigned d = 0, n = 0; d < NUM_DOMAINS; d++) {
        ITS s = its(qts, d);

        for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
            g_assert_cmphex(its_readl(&s, regs[i].offset), ==,
                            g_array_index(before, uint64_t, n++));
        }
        message(&s, 5, 0);
        g_assert_cmpint(took(&s, 80 + d), ==, d != DOM_EL3);
    }
    qtest_quit(qts);
}

/* What no ITS can have is refused, with the name of the field. */
static void test_refused(void)
{
    static const uint8_t eidr[] = { 0xfe, 0xed, 0xfa, 0xce };
    /* Where a field is, from EIDR of the Non-secure domain on */
    static const struct {
        int offset;
        const char *msg;
    } fields[] = {
        { -28, "cr0[1] 0x80000000 has bits other than 0x1" },
        { -24, "cr1[1] 0x80000000" },
        { -20, "dt_baser[1] 0x80000000" },
        { -12, "dt_cfgr[1] 0x80000000" },
        { -8, "didr[1] 0x80000000" },
        { 4, "read_event_datar[1] 0x4000000000000000" },
        { 12, "gen_event_didr[1] 0x80000000" },
        /* The first of the next domain, which does not exist */
        { 24, "cr0[2] 0x80000000 has bits other than 0x0" },
        { 24 + 28, "eidr[2] 0x80000000 has bits other than 0x0" },
        /* IDR1, behind which are IDR2 and the Secure domain */
        { -28 - 52 - 8, "idr[1] is 0x754" },
    };
    g_autofree char *dir = g_dir_make_tmp("gicv5-its-XXXXXX", NULL);
    g_autofree char *path = g_strdup_printf("%s/stream", dir);
    g_autofree char *uri = g_strdup_printf("file:%s", path);
    g_autofree char *stream = NULL;
    QTestState *qts = start(ONLY_NS, NULL);
    ITS s = its(qts, DOM_NS);
    uint8_t *p;
    gsize size;

    its_writel(&s, EIDR, 0xfeedface);
    save(qts, uri);
    g_assert_true(g_file_get_contents(path, &stream, &size, NULL));
    p = memmem(stream, size, eidr, sizeof(eidr));
    g_assert_nonnull(p);
    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
        uint8_t *byte = p + fields[i].offset;
        uint8_t old = *byte;

        *byte ^= strstr(fields[i].msg, "0x40") ? 0x40 : 0x80;
        g_assert_true(g_file_set_contents(path, stream, size, NULL));
        assert_error("gicv5-test,its=on", "-incoming", uri, fields[i].msg);
        *byte = old;
    }
    unlink(path);
    rmdir(dir);
}

static void test_props(void)
{
    static const struct {
        const char *prop, *msg;
    } bad[] = {
        { "its-id=65536", "its-id must be at most 65535" },
        { "domains=0", "domains must be a mask" },
        { "domains=4", "domains must be a mask" },
        { "device-id-bits=0", "device-id-bits must be 1 to 32" },
        { "device-id-bits=33", "device-id-bits must be 1 to 32" },
        { "event-id-bits=0", "event-id-bits must be 1 to 31" },
        { "event-id-bits=32", "event-id-bits must be 1 to 31" },
        { "l2-sizes=0", "l2-sizes must be a mask" },
        { "l2-sizes=8", "l2-sizes must be a mask" },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        g_autofree char *global = g_strdup_printf("arm-gicv5-its.%s",
                                                  bad[i].prop);

        assert_error("gicv5-test,bare=on,its=on", "-global", global,
                     bad[i].msg);
    }
    assert_error("gicv5-test,irs=0,its=on", "-name", "none",
                 "irs must be set");
}

static void test_info(void)
{
    ITS s;
    QTestState *qts = start_enabled(&s);
    g_autofree char *text = NULL;

    qtest_writeq(qts, DT, ITT | VALID | EVENT_BITS(5));
    qtest_writeq(qts, ITT, ITTE(4));
    message(&s, 0, 0);
    text = qtest_hmp(qts, "info pic");
    g_assert_nonnull(strstr(text, "GICv5 ITS 200\r\n  Non-secure domain: "
                            "device table at 0x40200000, 20 DeviceID bits, "
                            "linear; 1 translations cached"));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("gicv5/its/regs", test_regs);
    qtest_add_func("gicv5/its/id", test_id);
    qtest_add_func("gicv5/its/reserved", test_reserved);
    qtest_add_func("gicv5/its/while-enabled", test_while_enabled);
    qtest_add_func("gicv5/its/event", test_event);
    qtest_add_func("gicv5/its/requester", test_requester);
    qtest_add_func("gicv5/its/domains", test_domains);
    qtest_add_func("gicv5/its/two-level", test_two_level);
    qtest_add_func("gicv5/its/inv", test_inv);
    qtest_add_func("gicv5/its/software", test_software);
    qtest_add_func("gicv5/its/hostile", test_hostile);
    qtest_add_func("gicv5/its/vm", test_vm);
    qtest_add_func("gicv5/its/vm-delivery", test_vm_delivery);
    qtest_add_func("gicv5/its/migration", test_migration);
    qtest_add_func("gicv5/its/refused", test_refused);
    qtest_add_func("gicv5/its/props", test_props);
    qtest_add_func("gicv5/its/info", test_info);
    return g_test_run();
}
