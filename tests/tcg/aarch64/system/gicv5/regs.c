/*
 * GICv5 guest tests: identification, reset values, writable bits
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lib.h"

/* Architected PPIs; a model may implement some of them. */
#define ARCHITECTED_PPIS (0xfull | BIT(15) | 0xfff80000ull)

/* These, a timer, PMU and software interrupt, every model here has. */
#define EXPECTED_PPIS \
    (BIT(PPI_SW) | BIT(PPI_PMU) | BIT(PPI_CNTV) | BIT(PPI_CNTP))

/*
 * The assembler's output for the names and operands used here, against the
 * words that the architecture gives
 */
static void test_encodings(void)
{
    static const uint32_t words[] = {
        0xd539c001, 0xd539c021, 0xd539c041, 0xd539c061, 0xd538ca41,
        0xd538ca61, 0xd538ca81, 0xd538caa1,
        0xd508c101, 0xd508c121, 0xd508c141, 0xd508c161, 0xd508c181,
        0xd508c1a1, 0xd508c1ff, 0xd508c201, 0xd508c221, 0xd528c301,
        0xd528c321, 0xd508c01f, 0xd508c03f,
    };
    const uint32_t *encodings;

    asm volatile("adr %0, 1f\n"
                 "b 2f\n"
                 "1:\n"
                 "mrs x1, " STR(ICC_APR_EL1) "\n"
                 "mrs x1, " STR(ICC_CR0_EL1) "\n"
                 "mrs x1, " STR(ICC_PCR_EL1) "\n"
                 "mrs x1, " STR(ICC_HAPR_EL1) "\n"
                 "mrs x1, " STR(ICC_IDR0_EL1) "\n"
                 "mrs x1, " STR(ICC_HPPIR_EL1) "\n"
                 "mrs x1, " STR(ICC_ICSR_EL1) "\n"
                 "mrs x1, " STR(ICC_IAFFIDR_EL1) "\n"
                 "sys #0, C12, C1, #0, x1\n"
                 "sys #0, C12, C1, #1, x1\n"
                 "sys #0, C12, C1, #2, x1\n"
                 "sys #0, C12, C1, #3, x1\n"
                 "sys #0, C12, C1, #4, x1\n"
                 "sys #0, C12, C1, #5, x1\n"
                 "sys #0, C12, C1, #7, xzr\n"
                 "sys #0, C12, C2, #0, x1\n"
                 "sys #0, C12, C2, #1, x1\n"
                 "sysl x1, #0, C12, C3, #0\n"
                 "sysl x1, #0, C12, C3, #1\n"
                 "sys #0, C12, C0, #0, xzr\n"
                 "sys #0, C12, C0, #1, xzr\n"
                 "2:\n"
                 : "=r"(encodings));

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
        CHECK_EQ(encodings[i], words[i]);
    }
    CHECK_EQ(insn_sys(true, 3, 1, 12, 0, 0), 0xd539c01f);
    CHECK_EQ(insn_sys(false, 1, 0, 12, 1, 7), 0xd508c1ff);
}

static void check_ids(void *unused)
{
    uint64_t idr0 = rd(ICC_IDR0_EL1);

    CHECK_EQ(rd(ID_AA64PFR2_EL1) >> 12 & 0xf, 1);
    CHECK_EQ(rd(id_aa64pfr0_el1) >> 24 & 0xf, 0);
    CHECK((rd(id_aa64pfr1_el1) >> 36 & 0xf) != 0);
    CHECK((idr0 & 0xf) <= 1);
    CHECK_EQ(idr0 >> 4 & 0xf, 4);
    CHECK_EQ(idr0 >> 8 & 0xf, 0);
    CHECK_EQ(idr0 >> 12, 0);
}

static void test_id(void)
{
    check_ids(NULL);
}

static void check_reset(const struct iface_state *st)
{
    CHECK_EQ(st->cr0, CR0_LINK | CR0_LINK_IDLE);
    CHECK_EQ(st->pcr, 0);
    CHECK_EQ(st->apr, 0);
    CHECK_EQ(st->hppir, 0);
    CHECK_EQ(st->icsr, 0);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(st->enabler[i], 0);
        CHECK_EQ(st->pendr[i], 0);
        CHECK_EQ(st->activer[i], 0);
    }
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        CHECK_EQ(st->priorityr[i], 0);
    }
}

static void test_reset(void)
{
    check_reset(&this_cpu()->boot);
    CHECK_EQ(rd(ICC_HAPR_EL1), 0xff);
    CHECK_EQ(gic_cdia(), 0);
    CHECK_EQ(gic_cdnmia(), 0);
}

static void test_secondary(void)
{
    unsigned n = cpu_start_all();

    CHECK_EQ(n, cpu_count());
    for (unsigned i = 0; i < n; i++) {
        check_reset(&cpus[i].boot);
        for (unsigned j = 0; j < i; j++) {
            CHECK(cpus[i].iaffid != cpus[j].iaffid);
        }
        if (i) {
            CHECK(cpu_call(i, check_ids, NULL));
        }
        /* The IRS knows each by this number. */
        irs_w32(IRS_PE_SELR, cpus[i].iaffid);
        CHECK(wait_for(irs_r32(IRS_PE_STATUSR) & 1));
        CHECK_EQ(irs_r32(IRS_PE_STATUSR) & 6, 6);
    }
    irs_w32(IRS_PE_SELR, 0xfff0);
    CHECK_EQ(irs_r32(IRS_PE_STATUSR) & 6, 0);
}

static void test_cr0(void)
{
    wr(ICC_CR0_EL1, 0);
    isb();
    CHECK_EQ(rd(ICC_CR0_EL1), CR0_LINK | CR0_LINK_IDLE);
    wr(ICC_CR0_EL1, ~0ull);
    isb();
    CHECK_EQ(rd(ICC_CR0_EL1), CR0_LINK | CR0_LINK_IDLE | CR0_EN);
}

static void test_pcr(void)
{
    for (unsigned i = 0; i < 64; i++) {
        wr(ICC_PCR_EL1, BIT(i));
        isb();
        CHECK_EQ(rd(ICC_PCR_EL1), BIT(i) & 0x1f);
    }
    wr(ICC_PCR_EL1, ~0ull);
    CHECK_EQ(rd(ICC_PCR_EL1), 0x1f);
}

static void test_apr(void)
{
    for (unsigned i = 0; i < 64; i++) {
        wr(ICC_APR_EL1, BIT(i));
        isb();
        CHECK_EQ(rd(ICC_APR_EL1), BIT(i) & 0xffffffff);
    }
    wr(ICC_APR_EL1, ~0ull);
    CHECK_EQ(rd(ICC_APR_EL1), 0xffffffff);
    wr(ICC_APR_EL1, 0);
    CHECK_EQ(rd(ICC_APR_EL1), 0);
}

static void test_icsr(void)
{
    for (unsigned i = 0; i < 64; i++) {
        wr(ICC_ICSR_EL1, BIT(i));
        isb();
        CHECK_EQ(rd(ICC_ICSR_EL1), BIT(i) & ICSR_ALL);
    }
    wr(ICC_ICSR_EL1, 0);
    CHECK_EQ(rd(ICC_ICSR_EL1), 0);
}

/* The PPIs that exist, found as Linux finds them */
static uint64_t implemented(uint64_t *second)
{
    uint64_t mask;

    wr(ICC_PPI_ENABLER0_EL1, ~0ull);
    wr(ICC_PPI_ENABLER1_EL1, ~0ull);
    isb();
    mask = rd(ICC_PPI_ENABLER0_EL1);
    *second = rd(ICC_PPI_ENABLER1_EL1);
    wr(ICC_PPI_ENABLER0_EL1, 0);
    wr(ICC_PPI_ENABLER1_EL1, 0);
    isb();
    return mask;
}

static void test_implemented(void)
{
    uint64_t m1, m0 = implemented(&m1);

    print("# implemented PPIs: 0x%lx 0x%lx\n", m0, m1);
    CHECK_EQ(m0 & EXPECTED_PPIS, EXPECTED_PPIS);
    CHECK_EQ(m0 & ~ARCHITECTED_PPIS, 0);
    CHECK_EQ(rd(ICC_PPI_ENABLER0_EL1), 0);
    CHECK_EQ(rd(ICC_PPI_ENABLER1_EL1), 0);
}

static void test_enabler(void)
{
    /* Each write replaces all; not a write-1-to-set register */
    wr(ICC_CR0_EL1, 0);
    wr(ICC_PPI_ENABLER0_EL1, BIT(PPI_SW) | BIT(PPI_CNTV));
    isb();
    CHECK_EQ(rd(ICC_PPI_ENABLER0_EL1), BIT(PPI_SW) | BIT(PPI_CNTV));
    wr(ICC_PPI_ENABLER0_EL1, BIT(PPI_CNTP));
    isb();
    CHECK_EQ(rd(ICC_PPI_ENABLER0_EL1), BIT(PPI_CNTP));
    wr(ICC_PPI_ENABLER0_EL1, 0);
    isb();
    CHECK_EQ(rd(ICC_PPI_ENABLER0_EL1), 0);
}

static void test_hmr(void)
{
    uint64_t m1, m0 = implemented(&m1);
    uint64_t hmr0 = rd(ICC_PPI_HMR0_EL1), hmr1 = rd(ICC_PPI_HMR1_EL1);

    /* Level, but for SW_PPI. Of those that do not exist nothing is said. */
    CHECK_EQ(hmr0 & m0, m0 & ~BIT(PPI_SW));
    CHECK_EQ(hmr1 & m1, m1);
    print("# HMR0 0x%lx HMR1 0x%lx\n", hmr0, hmr1);
}

static void test_priorityr(void)
{
    uint64_t mask[2];

    mask[0] = implemented(&mask[1]);
    wr(ICC_CR0_EL1, 0);
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        uint64_t bits = 0;

        for (unsigned k = 0; k < 8; k++) {
            if (mask[i / 8] & BIT((8 * i + k) % 64)) {
                bits |= 0x1full << (8 * k);
            }
        }
        write_priorityr(i, ~0ull);
        isb();
        CHECK_EQ(read_priorityr(i), bits);
        write_priorityr(i, 0x0a150a150a150a15ull);
        isb();
        CHECK_EQ(read_priorityr(i), bits & 0x0a150a150a150a15ull);
        write_priorityr(i, 0);
        isb();
        CHECK_EQ(read_priorityr(i), 0);
    }
}

static void test_activer(void)
{
    uint64_t m1, m0 = implemented(&m1);

    wr(ICC_CR0_EL1, 0);
    wr(ICC_PPI_SACTIVER0_EL1, ~0ull);
    wr(ICC_PPI_SACTIVER1_EL1, ~0ull);
    isb();
    CHECK_EQ(rd(ICC_PPI_SACTIVER0_EL1), m0);
    CHECK_EQ(rd(ICC_PPI_CACTIVER0_EL1), m0);
    CHECK_EQ(rd(ICC_PPI_SACTIVER1_EL1), m1);
    CHECK_EQ(rd(ICC_PPI_CACTIVER1_EL1), m1);
    /* Zeros do nothing */
    wr(ICC_PPI_SACTIVER0_EL1, 0);
    wr(ICC_PPI_CACTIVER0_EL1, 0);
    isb();
    CHECK_EQ(rd(ICC_PPI_SACTIVER0_EL1), m0);
    wr(ICC_PPI_CACTIVER0_EL1, BIT(PPI_CNTV));
    isb();
    CHECK_EQ(rd(ICC_PPI_CACTIVER0_EL1), m0 & ~BIT(PPI_CNTV));
    wr(ICC_PPI_CACTIVER0_EL1, ~0ull);
    wr(ICC_PPI_CACTIVER1_EL1, ~0ull);
    isb();
    CHECK_EQ(rd(ICC_PPI_SACTIVER0_EL1), 0);
    CHECK_EQ(rd(ICC_PPI_SACTIVER1_EL1), 0);
    wr(ICC_PPI_SACTIVER0_EL1, BIT(PPI_SW));
    wr(ICC_PPI_SACTIVER0_EL1, BIT(PPI_PMU));
    isb();
    CHECK_EQ(rd(ICC_PPI_SACTIVER0_EL1), BIT(PPI_SW) | BIT(PPI_PMU));
    wr(ICC_PPI_CACTIVER0_EL1, BIT(PPI_SW) | BIT(PPI_PMU));
    isb();
    CHECK_EQ(rd(ICC_PPI_SACTIVER0_EL1), 0);
}

static void test_pendr(void)
{
    wr(ICC_CR0_EL1, 0);
    isb();
    CHECK_EQ(rd(ICC_PPI_SPENDR0_EL1), 0);

    /* Only the edge PPI takes it */
    wr(ICC_PPI_SPENDR0_EL1, ~0ull);
    wr(ICC_PPI_SPENDR1_EL1, ~0ull);
    isb();
    CHECK_EQ(rd(ICC_PPI_SPENDR0_EL1), BIT(PPI_SW));
    CHECK_EQ(rd(ICC_PPI_CPENDR0_EL1), BIT(PPI_SW));
    CHECK_EQ(rd(ICC_PPI_SPENDR1_EL1), 0);
    wr(ICC_PPI_SPENDR0_EL1, 0);
    wr(ICC_PPI_CPENDR0_EL1, 0);
    wr(ICC_PPI_CPENDR0_EL1, ~BIT(PPI_SW));
    isb();
    CHECK_EQ(rd(ICC_PPI_SPENDR0_EL1), BIT(PPI_SW));
    wr(ICC_PPI_CPENDR0_EL1, BIT(PPI_SW));
    isb();
    CHECK_EQ(rd(ICC_PPI_SPENDR0_EL1), 0);

    /* The pending bit of a level PPI is its line */
    cntv(true);
    CHECK_EQ(rd(ICC_PPI_SPENDR0_EL1), BIT(PPI_CNTV));
    wr(ICC_PPI_CPENDR0_EL1, ~0ull);
    isb();
    CHECK_EQ(rd(ICC_PPI_CPENDR0_EL1), BIT(PPI_CNTV));
    cntv(false);
    CHECK_EQ(rd(ICC_PPI_SPENDR0_EL1), 0);
}

const struct test tests[] = {
    { "encodings", test_encodings, true },
    { "ID registers", test_id, true },
    { "reset values", test_reset, true },
    { "every CPU: reset values, ID registers, IAFFID", test_secondary },
    { "ICC_CR0_EL1 bits", test_cr0 },
    { "ICC_PCR_EL1 bits", test_pcr },
    { "ICC_APR_EL1 bits", test_apr },
    { "ICC_ICSR_EL1 bits", test_icsr },
    { "implemented PPIs", test_implemented },
    { "ICC_PPI_ENABLER: a plain register", test_enabler },
    { "ICC_PPI_HMR", test_hmr },
    { "ICC_PPI_PRIORITYR: five bits of each implemented PPI",
      test_priorityr },
    { "ICC_PPI_SACTIVER, CACTIVER", test_activer },
    { "ICC_PPI_SPENDR, CPENDR: edge and level", test_pendr },
    { }
};
