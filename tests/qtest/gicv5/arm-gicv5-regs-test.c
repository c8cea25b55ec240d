/*
 * QTest testcase for the Arm GICv5 IRS: every offset of the register frames
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "gicv5-driver.h"

/**
 * Reg: what a register of the config frame reads and keeps
 *
 * @ones: what the test writes instead of all ones, to start no operation
 * @mask: bits that keep what was written
 * @reset: value after reset; also that of bits that cannot be written
 */
typedef struct Reg {
    const char *name;
    unsigned offset;
    unsigned bits;
    uint64_t reset;
    uint64_t mask;
    uint64_t ones;
} Reg;

#define RO32(name, reset) { #name, name, 32, reset, 0, UINT32_MAX }
#define RW32(name, reset, mask) { #name, name, 32, reset, mask, UINT32_MAX }
#define RO64(name) { #name, name, 64, 0, 0, UINT64_MAX }

/* Identification depends on machine and domain: test_id() */
static const Reg regs[] = {
    RW32(CR0, CR0_IDLE, CR0_IRSEN),
    RW32(CR1, 0, 0xff),
    RO32(SYNCR, 0),
    RO32(SYNC_STATUSR, STATUSR_IDLE),
    RO64(SPI_VMR),
    RW32(SPI_SELR, 0, 0xffffff),
    RO32(SPI_DOMAINR, 0),
    RO32(SPI_RESAMPLER, 0),
    RO32(SPI_CFGR, 0),
    RO32(SPI_STATUSR, STATUSR_IDLE),
    RW32(PE_SELR, 0, 0xffff),
    RO32(PE_STATUSR, STATUSR_IDLE),
    RO32(PE_CR0, 0),
    { "IST_BASER", IST_BASER, 64, 0, IST_BASER_ADDR, ~1ULL },
    RW32(IST_CFGR, 0, 0x101ff),
    RO32(IST_STATUSR, STATUSR_IDLE),
    RO32(MAP_L2_ISTR, 0),
    RO64(SWERR_STATUSR),
    RO64(SWERR_SYNDROMER0),
    RO64(SWERR_SYNDROMER1),
    RO32(DEVARCH, 0x47705a19),
};

/* Offsets of 32-bit words that are not always zero */
static bool is_nonzero(unsigned offset)
{
    if (offset <= IDR2 || (offset >= IDR5 && offset <= IDR7) ||
        offset == IIDR || (offset >= PIDR4 && offset < FRAME_SIZE)) {
        return true;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        const Reg *r = &regs[i];

        if ((r->reset || r->mask) && offset >= r->offset &&
            offset < r->offset + r->bits / 8) {
            return true;
        }
    }
    return false;
}

static uint64_t reg_read(const IRS *f, const Reg *r)
{
    return r->bits == 64 ? irs_readq(f, r->offset) : irs_readl(f, r->offset);
}

static void reg_write(const IRS *f, const Reg *r, uint64_t value)
{
    if (r->bits == 64) {
        irs_writeq(f, r->offset, value);
    } else {
        irs_writel(f, r->offset, value);
    }
}

static void check_reg(const IRS *f, const Reg *r, uint64_t value)
{
    uint64_t want = (r->reset & ~r->mask) | (value & r->mask);
    uint64_t got = reg_read(f, r);

    if (got != want) {
        g_test_message("IRS_%s in domain %u", r->name, f->domain);
    }
    g_assert_cmphex(got, ==, want);
}

static void check_reset_values(const IRS *f)
{
    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        check_reg(f, &regs[i], regs[i].reset);
    }
}

static void test_reset_and_masks(void)
{
    QTestState *qts = gicv5_start(1, ALL_DOMAINS, 2, NULL);

    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        IRS f = gicv5_irs(qts, 0, d);

        check_reset_values(&f);
        for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
            const Reg *r = &regs[i];

            reg_write(&f, r, r->ones);
            check_reg(&f, r, r->ones);
            reg_write(&f, r, 0x5555555555555555 & r->ones);
            check_reg(&f, r, 0x5555555555555555 & r->ones);
            reg_write(&f, r, 0xaaaaaaaaaaaaaaaa & r->ones);
            check_reg(&f, r, 0xaaaaaaaaaaaaaaaa & r->ones);
            reg_write(&f, r, r->ones);
        }
        /* None of these writes reached another domain's copy. */
        for (unsigned e = d + 1; e < NUM_DOMAINS; e++) {
            IRS other = gicv5_irs(qts, 0, e);

            check_reset_values(&other);
        }
    }

    qtest_system_reset(qts);
    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        IRS f = gicv5_irs(qts, 0, d);

        check_reset_values(&f);
    }
    qtest_quit(qts);
}

/* The IRSes of a machine have selections and controls of their own. */
static void test_two_irses(void)
{
    QTestState *qts = gicv5_start(2, ONLY_NS, 4, NULL);
    IRS f0 = gicv5_irs(qts, 0, DOM_NS);
    IRS f1 = gicv5_irs(qts, 1, DOM_NS);

    irs_writel(&f0, CR0, CR0_IRSEN);
    irs_writel(&f0, CR1, 0xff);
    irs_writel(&f0, SPI_SELR, 5);
    irs_writel(&f0, PE_SELR, IAFFID(0));
    check_reset_values(&f1);

    /* The IST is one for the domain. */
    irs_writel(&f1, IST_CFGR, 0x1000f);
    irs_writeq(&f1, IST_BASER, RAM_BASE);
    g_assert_cmphex(irs_readl(&f0, IST_CFGR), ==, 0x1000f);
    g_assert_cmphex(irs_readq(&f0, IST_BASER), ==, RAM_BASE);
    qtest_quit(qts);
}

static void test_id(void)
{
    QTestState *qts = gicv5_start(2, ALL_DOMAINS, 5, NULL);

    for (unsigned i = 0; i < 2; i++) {
        for (unsigned d = 0; d < NUM_DOMAINS; d++) {
            IRS f = gicv5_irs(qts, i, d);

            /* PA_RANGE: 52 bits; no VIRT, MEC, MPAM */
            g_assert_cmphex(irs_readl(&f, IDR0), ==,
                            (100 + i) << 16 | IDR0_SWE | IDR0_SETLPI |
                            IDR0_ONE_N | 6 << 2 | d);
            /* 5 priority bits, 16 IAFFID bits, CPUs 0, 2, 4 and 1, 3 */
            g_assert_cmphex(irs_readl(&f, IDR1), ==,
                            4 << 20 | 15 << 16 | (i ? 2 : 3));
            /* 24 ID bits, LPIs, two levels, all sizes, no metadata */
            g_assert_cmphex(irs_readl(&f, IDR2), ==,
                            7 << 11 | 1 << 10 | 1 << 5 | 24);
            g_assert_cmphex(irs_readl(&f, IDR3), ==, 0);
            g_assert_cmphex(irs_readl(&f, IDR4), ==, 0);
            g_assert_cmphex(irs_readl(&f, IDR5), ==, 2 * SPI_STRIDE);
            g_assert_cmphex(irs_readl(&f, IDR6), ==, SPIS_PER_IRS);
            g_assert_cmphex(irs_readl(&f, IDR7), ==, i * SPI_STRIDE);
            g_assert_cmphex(irs_readl(&f, AIDR), ==, 0);
            /* All of them are read-only. */
            for (unsigned off = 0; off <= AIDR; off += 4) {
                uint32_t v = irs_readl(&f, off);

                irs_writel(&f, off, ~v);
                g_assert_cmphex(irs_readl(&f, off), ==, v);
            }
        }
    }
    qtest_quit(qts);
}

static void test_id_properties(void)
{
    QTestState *qts;
    IRS f;

    qts = gicv5_start(1, ONLY_NS, 1, "-global arm-gicv5.id-bits=14 "
                      "-global arm-gicv5.min-lpi-id-bits=9 "
                      "-global arm-gicv5.priority-bits=3 "
                      "-global arm-gicv5.has-one-of-n=off "
                      "-global arm-gicv5.has-swerr=off");
    f = gicv5_irs(qts, 0, DOM_NS);
    g_assert_cmphex(irs_readl(&f, IDR0), ==,
                    100 << 16 | IDR0_SETLPI | 6 << 2 | DOM_NS);
    g_assert_cmphex(irs_readl(&f, IDR1), ==, 2 << 20 | 15 << 16 | 1);
    g_assert_cmphex(irs_readl(&f, IDR2), ==,
                    7 << 11 | 1 << 10 | 9 << 6 | 1 << 5 | 14);

    /* Without 1-of-N PE_CR0 has no effect. */
    g_assert_true(pe_select(&f, IAFFID(0)));
    irs_writel(&f, PE_CR0, 1);
    g_assert_cmphex(irs_readl(&f, PE_CR0), ==, 0);

    /* Without SWERR an error leaves no trace. */
    ist_set_valid(&f, RAM_END, IST_CFG(10, 0, 0));
    for (unsigned off = SWERR_STATUSR; off < SWERR_SYNDROMER1 + 8; off += 8) {
        irs_writeq(&f, off, UINT64_MAX);
        irs_writel(&f, off, UINT32_MAX);
        irs_writel(&f, off + 4, UINT32_MAX);
        g_assert_cmphex(irs_readq(&f, off), ==, 0);
        g_assert_cmphex(irs_readl(&f, off), ==, 0);
        g_assert_cmphex(irs_readl(&f, off + 4), ==, 0);
    }
    qtest_quit(qts);

    /* The smallest values */
    qts = gicv5_start(1, ONLY_NS, 1, "-global arm-gicv5.id-bits=1 "
                      "-global arm-gicv5.priority-bits=1");
    f = gicv5_irs(qts, 0, DOM_NS);
    g_assert_cmphex(irs_readl(&f, IDR1), ==, 15 << 16 | 1);
    g_assert_cmphex(irs_readl(&f, IDR2), ==, 7 << 11 | 1 << 10 | 1 << 5 | 1);
    qtest_quit(qts);
}

/* A machine without EL3 and Secure state: only these frames exist. */
static void test_absent_domains(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);

    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        IRS f = gicv5_irs(qts, 0, d);

        if (d != DOM_NS) {
            irs_writel(&f, CR1, 0xff);
            g_assert_cmphex(irs_readl(&f, CR1), ==, 0);
            g_assert_cmphex(irs_readl(&f, DEVARCH), ==, 0);
        }
    }
    qtest_quit(qts);
}

static void test_coresight(void)
{
    QTestState *qts = gicv5_start(1, ALL_DOMAINS, 1, NULL);
    static const uint8_t cidr[] = { 0x0d, 0xf0, 0x05, 0xb1 };

    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        IRS f = gicv5_irs(qts, 0, d);
        uint32_t iidr = irs_readl(&f, IIDR);
        unsigned implementer = iidr & 0xfff, product = iidr >> 20;
        uint8_t pidr[8];

        g_assert_cmphex(irs_readl(&f, DEVARCH), ==, 0x47705a19);
        for (unsigned i = 0; i < 4; i++) {
            g_assert_cmphex(irs_readl(&f, CIDR0 + 4 * i), ==, cidr[i]);
            pidr[i] = irs_readl(&f, PIDR0 + 4 * i);
            pidr[4 + i] = irs_readl(&f, PIDR4 + 4 * i);
        }
        /* They repeat IIDR: JEP106 code, and product */
        g_assert_cmphex(pidr[4], ==, implementer >> 8);
        g_assert_cmphex(pidr[2] & 7, ==, implementer >> 4 & 7);
        g_assert_cmphex(pidr[1] >> 4, ==, implementer & 0xf);
        g_assert_cmphex(pidr[2] & 8, ==, 8);
        g_assert_cmphex(pidr[0] | (pidr[1] & 0xf) << 8, ==, product);
        for (unsigned i = 5; i < 8; i++) {
            g_assert_cmphex(pidr[i], ==, 0);
        }
        for (unsigned off = DEVARCH; off < FRAME_SIZE; off += 4) {
            uint32_t v = irs_readl(&f, off);

            irs_writel(&f, off, ~v);
            g_assert_cmphex(irs_readl(&f, off), ==, v);
        }
    }
    qtest_quit(qts);
}

/* 8-bit, 16-bit and misaligned accesses are RAZ/WI. */
static void test_access_size(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);

    irs_writel(&f, CR1, 0xff);
    irs_writel(&f, IST_CFGR, 0x1018f);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(qtest_readb(qts, f.base + CR1 + i), ==, 0);
        g_assert_cmphex(qtest_readw(qts, f.base + CR1 + i), ==, 0);
        g_assert_cmphex(qtest_readb(qts, f.base + IDR2 + i), ==, 0);
        qtest_writeb(qts, f.base + CR1 + i, 0);
        qtest_writew(qts, f.base + CR1 + i, 0);
        qtest_writeb(qts, f.base + CR0 + i, 1);
        qtest_writew(qts, f.base + CR0 + i, 1);
        if (i) {
            g_assert_cmphex(irs_readl(&f, CR1 + i), ==, 0);
            g_assert_cmphex(irs_readl(&f, CR1 - i), ==, 0);
            irs_writel(&f, CR1 + i, 0);
            irs_writel(&f, CR1 - i, 0);
        }
    }
    /* 64-bit access to 32-bit registers, aligned or not */
    g_assert_cmphex(irs_readq(&f, IDR0), ==, 0);
    g_assert_cmphex(irs_readq(&f, CR0), ==, 0);
    g_assert_cmphex(irs_readq(&f, CR1), ==, 0);
    g_assert_cmphex(irs_readq(&f, IST_CFGR), ==, 0);
    g_assert_cmphex(irs_readq(&f, DEVARCH - 4), ==, 0);
    g_assert_cmphex(irs_readq(&f, PIDR4), ==, 0);
    irs_writeq(&f, CR0, 1);
    irs_writeq(&f, CR1, 0);
    irs_writeq(&f, IST_CFGR, 0);
    irs_writeq(&f, SPI_SELR, UINT64_MAX);

    g_assert_cmphex(irs_readl(&f, CR0), ==, CR0_IDLE);
    g_assert_cmphex(irs_readl(&f, CR1), ==, 0xff);
    g_assert_cmphex(irs_readl(&f, IST_CFGR), ==, 0x1018f);
    g_assert_cmphex(irs_readl(&f, SPI_SELR), ==, 0);

    /* A 64-bit register by a misaligned 64-bit access */
    irs_writeq(&f, IST_BASER, 0x123456789abc0);
    g_assert_cmphex(irs_readq(&f, IST_BASER + 4), ==, 0);
    g_assert_cmphex(irs_readq(&f, IST_BASER - 4), ==, 0);
    irs_writeq(&f, IST_BASER + 4, UINT64_MAX);
    irs_writeq(&f, IST_BASER - 4, UINT64_MAX);
    irs_writeq(&f, IST_BASER + 1, UINT64_MAX);
    g_assert_cmphex(irs_readq(&f, IST_BASER), ==, 0x123456789abc0);
    qtest_quit(qts);
}

static void test_halves(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);

    irs_writel(&f, IST_BASER + 4, UINT32_MAX);
    g_assert_cmphex(irs_readq(&f, IST_BASER), ==, 0x00ffffff00000000);
    irs_writel(&f, IST_BASER, ~1u);
    g_assert_cmphex(irs_readq(&f, IST_BASER), ==, IST_BASER_ADDR);
    irs_writel(&f, IST_BASER + 4, 0);
    g_assert_cmphex(irs_readq(&f, IST_BASER), ==, 0xffffffc0);
    g_assert_cmphex(irs_readl(&f, IST_BASER), ==, 0xffffffc0);
    irs_writeq(&f, IST_BASER, 0x0011223344556640);
    g_assert_cmphex(irs_readl(&f, IST_BASER), ==, 0x44556640);
    g_assert_cmphex(irs_readl(&f, IST_BASER + 4), ==, 0x00112233);
    qtest_quit(qts);
}

/* Nothing but the registers above reads anything else than 0. */
static void test_reserved(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    g_autofree uint64_t *frame = g_malloc(FRAME_SIZE);

    for (unsigned off = 0; off < FRAME_SIZE; off += 4) {
        /* All of the low part, and each kind of place above */
        if (off < 0x1000 || off >= 0xf000 || !(off & 0xffc)) {
            bool ours = is_nonzero(off);

            if (!ours) {
                irs_writel(&f, off, UINT32_MAX);
                g_assert_cmphex(irs_readl(&f, off), ==, 0);
            }
        }
    }

    /* The whole frame by 64-bit accesses: only 64-bit registers answer. */
    irs_writeq(&f, IST_BASER, 0x4000000000);
    qtest_memread(qts, f.base, frame, FRAME_SIZE);
    for (unsigned off = 0; off < FRAME_SIZE; off += 8) {
        g_assert_cmphex(le64_to_cpu(frame[off / 8]), ==,
                        off == IST_BASER ? 0x4000000000 : 0);
    }
    qtest_quit(qts);
}

/*
 * Random accesses everywhere: QEMU must survive, and a reset must bring back
 * everything.
 */
static void test_random(void)
{
    QTestState *qts = gicv5_start(2, ALL_DOMAINS, 4, NULL);
    GRand *rand = g_rand_new_with_seed(g_test_rand_int());
    g_autofree uint8_t *buf = g_malloc(FRAME_SIZE);

    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        IRS f = gicv5_irs(qts, d & 1, d);

        for (unsigned i = 0; i < FRAME_SIZE; i++) {
            buf[i] = g_rand_int(rand);
        }
        /* Large accesses are split into 64-bit ones, here misaligned too. */
        qtest_memwrite(qts, f.base, buf, FRAME_SIZE);
        qtest_memread(qts, f.base, buf, FRAME_SIZE);
        qtest_memwrite(qts, f.base + 1, buf, FRAME_SIZE - 1);
        qtest_memread(qts, f.base + 1, buf, FRAME_SIZE - 1);
        qtest_memwrite(qts, f.base + FRAME_SIZE, buf, FRAME_SIZE);
        qtest_memread(qts, f.base + FRAME_SIZE, buf, FRAME_SIZE);

        for (unsigned i = 0; i < 1500; i++) {
            unsigned off = g_rand_int_range(rand, 0, 0x400);
            uint32_t value = g_rand_int(rand);

            if (g_rand_boolean(rand)) {
                value >>= g_rand_int_range(rand, 0, 32);
            }
            switch (g_rand_int_range(rand, 0, 16)) {
            case 0:
                qtest_writeb(qts, f.base + off, value);
                break;
            case 1:
                qtest_writew(qts, f.base + off, value);
                break;
            case 2:
                irs_writeq(&f, off & ~7, value);
                break;
            case 3:
                irs_readq(&f, off);
                break;
            case 4 ... 7:
                irs_readl(&f, off & ~3);
                break;
            case 8:
                irs_writel(&f, off, value);
                break;
            case 9:
                irs_setlpi(&f, value);
                break;
            case 10:
                irs_wire(&f, value % SPIS_PER_IRS, value >> 31);
                break;
            default:
                irs_writel(&f, off & ~3, value);
                break;
            }
        }
    }

    qtest_system_reset(qts);
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned d = 0; d < NUM_DOMAINS; d++) {
            IRS f = gicv5_irs(qts, i, d);

            check_reset_values(&f);
        }
    }
    g_rand_free(rand);
    qtest_quit(qts);
}

static void test_setlpi_frame(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);
    uint64_t setlpi = f.base + FRAME_SIZE;
    g_autofree uint8_t *frame = g_malloc(FRAME_SIZE);

    ist_set_valid(&f, RAM_BASE, IST_CFG(8, 0, 0));

    /* It all reads 0, CoreSight's offsets too. */
    qtest_memread(qts, setlpi, frame, FRAME_SIZE);
    g_assert_true(buffer_is_zero(frame, FRAME_SIZE));
    g_assert_cmphex(qtest_readl(qts, setlpi), ==, 0);
    g_assert_cmphex(qtest_readl(qts, setlpi + DEVARCH), ==, 0);
    g_assert_cmphex(qtest_readl(qts, setlpi + CIDR0), ==, 0);

    /* Only a 32-bit write to offset 0 does something. */
    qtest_writeb(qts, setlpi, 7);
    qtest_writew(qts, setlpi, 7);
    qtest_writeq(qts, setlpi, 7);
    qtest_writel(qts, setlpi + 1, 7);
    qtest_writel(qts, setlpi + 4, 7);
    qtest_writel(qts, setlpi + FRAME_SIZE - 4, 7);
    assert_icsr(&c, LPI(7), 0);
    assert_icsr(&c, LPI(0), 0);
    qtest_writel(qts, setlpi, 7);
    assert_icsr(&c, LPI(7), ISTE_PENDING);

    /* Bits 31:24 are reserved. */
    qtest_writel(qts, setlpi, 0xff000009);
    assert_icsr(&c, LPI(9), ISTE_PENDING);
    qtest_quit(qts);
}

/**
 * Quiet: accesses that are not worth a message for whoever writes a guest
 *
 * @last: the last word; @bits: 32, 64 (whole or by halves), or 0 for those of
 *     features that are absent, where any of the two is quiet
 * @write: writes are quiet too
 */
typedef struct Quiet {
    unsigned first;
    unsigned last;
    unsigned bits;
    bool write;
} Quiet;

static const Quiet quiet[] = {
    { IDR0, IDR7, 32, false },
    { IIDR, AIDR, 32, false },
    { CR0, CR1, 32, true },
    { SYNCR, SYNCR, 32, true },
    { SYNC_STATUSR, SYNC_STATUSR, 32, false },
    { SPI_VMR, SPI_VMR + 4, 0, true },
    { SPI_SELR, SPI_SELR, 32, true },
    { SPI_DOMAINR, SPI_DOMAINR, 32, false },
    { SPI_RESAMPLER, SPI_CFGR, 32, true },
    { SPI_STATUSR, SPI_STATUSR, 32, false },
    { PE_SELR, PE_SELR, 32, true },
    { PE_STATUSR, PE_STATUSR, 32, false },
    { PE_CR0, PE_CR0, 32, true },
    { IST_BASER, IST_BASER + 4, 64, true },
    { IST_CFGR, IST_CFGR, 32, true },
    { IST_STATUSR, IST_STATUSR, 32, false },
    /* There is no IST, which a write is told of. */
    { MAP_L2_ISTR, MAP_L2_ISTR, 32, false },
    /* VMT_BASER to SAVE_VM_STATUSR, MEC_IDR to MPAM_PARTID_R */
    { 0x200, 0x308, 0, true },
    { 0x340, 0x384, 0, true },
    { SWERR_STATUSR, SWERR_SYNDROMER1 + 4, 64, true },
    { DEVARCH, DEVARCH, 32, false },
    { PIDR4, FRAME_SIZE - 4, 32, false },
};

static bool is_quiet(unsigned offset, unsigned size, bool write)
{
    if (size < 4 || offset % size) {
        return false;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(quiet); i++) {
        const Quiet *q = &quiet[i];

        if (offset >= q->first && offset <= q->last) {
            return (q->write || !write) && (size == 4 || q->bits != 32);
        }
    }
    return false;
}

/* One access, of zeros; whether it made QEMU write a message to @log */
static bool is_logged(const IRS *f, const char *log, unsigned offset,
                      unsigned size, bool write)
{
    uint64_t addr = f->base + offset;
    struct stat before = {}, after;

    g_assert_cmpint(stat(log, &before), ==, 0);
    switch (size) {
    case 1:
        write ? qtest_writeb(f->qts, addr, 0) : qtest_readb(f->qts, addr);
        break;
    case 2:
        write ? qtest_writew(f->qts, addr, 0) : qtest_readw(f->qts, addr);
        break;
    case 4:
        write ? qtest_writel(f->qts, addr, 0) : qtest_readl(f->qts, addr);
        break;
    default:
        write ? qtest_writeq(f->qts, addr, 0) : qtest_readq(f->qts, addr);
        break;
    }
    g_assert_cmpint(stat(log, &after), ==, 0);
    return after.st_size > before.st_size;
}

static void check_messages(const char *args)
{
    g_autofree char *log = g_build_filename(g_get_tmp_dir(),
                                            "gicv5-log-XXXXXX", NULL);
    int fd = g_mkstemp(log);
    g_autofree char *all = g_strdup_printf("-d guest_errors -D %s %s", log,
                                           args);
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, all);
    IRS f = gicv5_irs(qts, 0, DOM_NS);

    g_assert_true(spi_select(&f, 0) && pe_select(&f, IAFFID(0)));
    for (unsigned off = 0; off < FRAME_SIZE; off++) {
        if (off >= 0x410 && off < 0xffb0) {
            continue;
        }
        for (unsigned size = 1; size <= 8 && off + size <= FRAME_SIZE;
             size *= 2) {
            for (unsigned write = 0; write < 2; write++) {
                if (is_logged(&f, log, off, size, write) ==
                    is_quiet(off, size, write)) {
                    g_error("offset 0x%x size %u write %u", off, size, write);
                }
            }
            if (off == PE_SELR) {
                irs_writel(&f, PE_SELR, IAFFID(0));
            }
        }
    }

    /* What was selected last is not there: so are the writes that need it. */
    irs_writel(&f, SPI_SELR, 0xffffff);
    irs_writel(&f, PE_SELR, NO_IAFFID);
    g_assert_true(is_logged(&f, log, SPI_CFGR, 4, true));
    g_assert_true(is_logged(&f, log, PE_CR0, 4, true));
    g_assert_false(is_logged(&f, log, SPI_CFGR, 4, false));
    g_assert_false(is_logged(&f, log, PE_CR0, 4, false));

    /* Registers of the IST are for one that is not valid. */
    ist_set_valid(&f, RAM_BASE, IST_CFG(8, 0, 0));
    g_assert_true(is_logged(&f, log, IST_CFGR, 4, true));
    /* By halves: VALID keeps its 1. */
    g_assert_true(is_logged(&f, log, IST_BASER + 4, 4, true));
    g_assert_cmphex(irs_readq(&f, IST_BASER), ==, RAM_BASE | IST_BASER_VALID);
    g_assert_false(is_logged(&f, log, IST_BASER, 4, true));

    /* The SETLPI frame: one register, to be written */
    f.base += FRAME_SIZE;
    for (unsigned off = 0; off < 16; off++) {
        for (unsigned size = 1; size <= 8; size *= 2) {
            g_assert_cmpint(is_logged(&f, log, off, size, false), ==,
                            off || size != 4);
            g_assert_cmpint(is_logged(&f, log, off, size, true), ==,
                            off || size != 4);
        }
    }
    qtest_quit(qts);
    close(fd);
    unlink(log);
}

/*
 * -d guest_errors tells of each access that the IRS does not support, and of
 * no other one. Software may look for registers of absent features.
 */
static void test_messages(void)
{
    check_messages("");
}

static void test_messages_no_swerr(void)
{
    check_messages("-global arm-gicv5.has-swerr=off");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("gicv5/regs/reset-and-masks", test_reset_and_masks);
    qtest_add_func("gicv5/regs/two-irses", test_two_irses);
    qtest_add_func("gicv5/regs/id", test_id);
    qtest_add_func("gicv5/regs/id-properties", test_id_properties);
    qtest_add_func("gicv5/regs/absent-domains", test_absent_domains);
    qtest_add_func("gicv5/regs/coresight", test_coresight);
    qtest_add_func("gicv5/regs/access-size", test_access_size);
    qtest_add_func("gicv5/regs/halves", test_halves);
    qtest_add_func("gicv5/regs/reserved", test_reserved);
    qtest_add_func("gicv5/regs/random", test_random);
    qtest_add_func("gicv5/regs/setlpi-frame", test_setlpi_frame);
    qtest_add_func("gicv5/regs/messages", test_messages);
    qtest_add_func("gicv5/regs/messages-no-swerr", test_messages_no_swerr);
    return g_test_run();
}
