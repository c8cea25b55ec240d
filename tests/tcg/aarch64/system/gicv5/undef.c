/*
 * GICv5 guest tests: what is UNDEFINED, and what is not
 *
 * The programs run at EL1. Every encoding around those of GICv5 is tried, with
 * XZR as the operand. Nothing traps to EL2, where there is one; it adds no more
 * than ICC_SRE_EL1.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lib.h"

#define R 1
#define W 2

/* Accesses that EL1 has to op0=3, CRn=12 */
static unsigned reg_access(unsigned op1, unsigned crm, unsigned op2)
{
    switch (op1) {
    case 0:
        switch (crm) {
        case 10:
            return op2 == 4 || op2 >= 6 ? R | W : R;
        case 12:
            return op2 == 5 && entry_el == 2 ? R | W : 0;
        case 13:
        case 14:
        case 15:
            return R | W;
        }
        break;
    case 1:
        if (crm == 0 && op2 <= 2) {
            return R | W;
        }
        if (crm == 0 && op2 == 3) {
            return R;
        }
        break;
    }
    return 0;
}

/* The same for op0=1, CRn=12: SYSL (R) and SYS (W) */
static unsigned insn_access(unsigned op1, unsigned crm, unsigned op2)
{
    if (op1 != 0) {
        return 0;
    }
    switch (crm) {
    case 0:
        return op2 <= 1 ? W : 0;
    case 1:
        return op2 != 6 ? W : 0;
    case 2:
        return op2 <= 1 ? W : 0;
    case 3:
        return op2 <= 1 ? R : 0;
    }
    return 0;
}

/* Those that are not the GIC's: VBAR_EL1, ISR_EL1 and their like */
static bool foreign(unsigned op0, unsigned crm)
{
    return op0 == 3 && crm <= 1;
}

static bool expect(bool el0, bool read, unsigned op0, unsigned op1,
                   unsigned crm, unsigned op2, bool defined)
{
    uint32_t insn = insn_sys(read, op0, op1, 12, crm, op2);
    enum insn_result want = defined && !el0 ? INSN_OK : INSN_UNDEF;
    enum insn_result got = el0 ? probe_insn_el0(insn) : probe_insn(insn);

    if (got != want) {
        print("# %s op0=%u op1=%u CRn=12 CRm=%u op2=%u at EL%u: %s\n",
              read ? (op0 == 1 ? "SYSL" : "MRS") : (op0 == 1 ? "SYS" : "MSR"),
              op0, op1, crm, op2, !el0,
              got == INSN_OK ? "no exception"
              : got == INSN_UNDEF ? "UNDEFINED" : "other exception");
    }
    return CHECK(got == want);
}

static void sweep(bool el0, unsigned op0,
                  unsigned (*access)(unsigned, unsigned, unsigned),
                  unsigned first_op1, unsigned last_op1, bool all)
{
    for (unsigned op1 = first_op1; op1 <= last_op1; op1++) {
        for (unsigned crm = 0; crm < 16; crm++) {
            if (foreign(op0, crm) && !(op1 == 1 && crm == 0)) {
                continue;
            }
            for (unsigned op2 = 0; op2 < 8; op2++) {
                unsigned a = access(op1, crm, op2);

                if (!a && !all) {
                    continue;
                }
                wr(ICC_CR0_EL1, 0);
                isb();
                expect(el0, true, op0, op1, crm, op2, a & R);
                expect(el0, false, op0, op1, crm, op2, a & W);
            }
        }
    }
}

static void test_regs_el1(void)
{
    sweep(false, 3, reg_access, 0, 1, false);
}

static void test_insns_el1(void)
{
    sweep(false, 1, insn_access, 0, 0, false);
}

static void test_regs_absent(void)
{
    sweep(false, 3, reg_access, 0, 3, true);
}

static void test_regs_el2_el3(void)
{
    sweep(false, 3, reg_access, 4, 7, true);
}

static void test_insns_absent(void)
{
    sweep(false, 1, insn_access, 0, 3, true);
    sweep(false, 1, insn_access, 5, 5, true);
    sweep(false, 1, insn_access, 7, 7, true);
}

/* VD* and LD* */
static void test_insns_el2_el3(void)
{
    sweep(false, 1, insn_access, 4, 4, true);
    sweep(false, 1, insn_access, 6, 6, true);
}

static void test_regs_el0(void)
{
    sweep(true, 3, reg_access, 0, 7, true);
}

static void test_insns_el0(void)
{
    sweep(true, 1, insn_access, 0, 7, true);
}

static void test_gicv3(void)
{
    /* ICC_PMR_EL1; the others are in the sweep, some of them here by name */
    static const struct {
        uint8_t crn, crm, op2;
    } regs[] = {
        { 4, 6, 0 },                            /* ICC_PMR_EL1 */
        { 12, 8, 0 }, { 12, 8, 1 },             /* IAR0, EOIR0 */
        { 12, 8, 2 }, { 12, 8, 3 },             /* HPPIR0, BPR0 */
        { 12, 8, 4 }, { 12, 9, 0 },             /* AP0R0, AP1R0 */
        { 12, 9, 5 },                           /* NMIAR1 */
        { 12, 11, 1 }, { 12, 11, 3 },           /* DIR, RPR */
        { 12, 11, 5 }, { 12, 11, 6 },           /* SGI1R, ASGI1R */
        { 12, 11, 7 },                          /* SGI0R */
        { 12, 12, 0 }, { 12, 12, 1 },           /* IAR1, EOIR1 */
        { 12, 12, 2 }, { 12, 12, 3 },           /* HPPIR1, BPR1 */
        { 12, 12, 4 }, { 12, 12, 5 },           /* CTLR, SRE */
        { 12, 12, 6 }, { 12, 12, 7 },           /* IGRPEN0, IGRPEN1 */
    };

    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        for (unsigned read = 0; read < 2; read++) {
            uint32_t insn = insn_sys(read, 3, 0, regs[i].crn, regs[i].crm,
                                     regs[i].op2);
            bool sre = regs[i].crm == 12 && regs[i].op2 == 5;

            CHECK_EQ(probe_insn(insn),
                     sre && entry_el == 2 ? INSN_OK : INSN_UNDEF);
            CHECK_EQ(probe_insn_el0(insn), INSN_UNDEF);
        }
    }
}

static void test_no_effect(void)
{
    /* What EL0 tried has not been done */
    wr(ICC_PCR_EL1, 0x15);
    wr(ICC_APR_EL1, 0xf0);
    wr(ICC_PPI_ENABLER0_EL1, BIT(PPI_SW));
    ppi_priority(PPI_SW, 2);
    isb();
    CHECK_EQ(probe_insn_el0(insn_sys(false, 3, 1, 12, 0, 0)), INSN_UNDEF);
    CHECK_EQ(probe_insn_el0(insn_sys(false, 3, 1, 12, 0, 1)), INSN_UNDEF);
    CHECK_EQ(probe_insn_el0(insn_sys(false, 3, 1, 12, 0, 2)), INSN_UNDEF);
    CHECK_EQ(probe_insn_el0(insn_sys(false, 3, 0, 12, 10, 6)), INSN_UNDEF);
    CHECK_EQ(probe_insn_el0(insn_sys(false, 1, 0, 12, 1, 7)), INSN_UNDEF);
    ppi_pend(PPI_SW, true);
    CHECK_EQ(probe_insn_el0(insn_sys(true, 1, 0, 12, 3, 0)), INSN_UNDEF);
    CHECK_EQ(rd(ICC_PCR_EL1), 0x15);
    CHECK_EQ(rd(ICC_APR_EL1), 0xf0);
    CHECK_EQ(rd(ICC_CR0_EL1) & CR0_EN, CR0_EN);
    CHECK_EQ(rd(ICC_PPI_ENABLER0_EL1), BIT(PPI_SW));
    CHECK(ppi_pending(PPI_SW));
    CHECK(!ppi_active(PPI_SW));
}

const struct test tests[] = {
    { "EL1: registers that exist, their read-only ones", test_regs_el1 },
    { "EL1: instructions that exist", test_insns_el1 },
    { "EL1: absent registers are UNDEFINED", test_regs_absent },
    { "EL1: registers of EL2 and EL3 are UNDEFINED", test_regs_el2_el3 },
    { "EL1: absent instructions are UNDEFINED", test_insns_absent },
    { "EL1: VD and LD instructions are UNDEFINED", test_insns_el2_el3 },
    { "EL0: registers are UNDEFINED", test_regs_el0 },
    { "EL0: instructions are UNDEFINED", test_insns_el0 },
    { "GICv3's registers are UNDEFINED", test_gicv3 },
    { "EL0: UNDEFINED accesses have no effect", test_no_effect },
    { }
};
