/*
 * GICv5 guest tests: translation tables in registers
 *
 * A page walker does not read what is not memory: QEMU may hold the lock of a
 * page of code while it walks, and what a device does may wait for it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lib.h"

#define LDR_X0_X0               0xf9400000
#define STR_X0_X0               0xf9000000

#define PTE_BLOCK               (1ull | 1 << 10)
#define PTE_TABLE               3ull
#define PTE_ATTR(n)             ((uint64_t)(n) << 2)
/* Attribute 0 is normal memory, 1 a device. */
#define MAIR                    0xffull

/* 39 bits from level 1, 4 KiB, no TTBR1_EL1, 44 bits of physical address */
#define TCR                     (25ull | 1 << 23 | 4ull << 32)
#define TCR_HA                  BIT(39)

#define ESR_FSC(esr)            ((esr) & 0x3f)
/* Synchronous External abort on a walk, by level */
#define FSC_WALK(level)         (0x14 + (level))

#define VA                      0x80000000ul

static uint64_t level1[512] __attribute__((aligned(4096)));
static uint64_t level2[512] __attribute__((aligned(4096)));

static void mmu(bool on, uint64_t tcr)
{
    wr(mair_el1, MAIR);
    wr(tcr_el1, tcr);
    wr(ttbr0_el1, (uint64_t)level1);
    dsb();
    isb();
    asm volatile("tlbi vmalle1\ndsb sy\nisb" : : : "memory");
    wr(sctlr_el1, (rd(sctlr_el1) & ~BIT(0)) | on);
    isb();
}

static void expect(uint64_t va, uint32_t insn, unsigned level)
{
    uint64_t x0 = va;

    CHECK_EQ(probe_insn_x0(insn, &x0), INSN_OTHER);
    CHECK_EQ(ESR_FSC(this_cpu()->esr), FSC_WALK(level));
}

/* A table of level 2 or 3 in the first page of the IRS's config frame */
static void test_tables(void)
{
    level1[0] = PTE_BLOCK | PTE_ATTR(1);
    level1[1] = 0x40000000ul | PTE_BLOCK | PTE_ATTR(0);
    for (unsigned ha = 0; ha < 2; ha++) {
        for (unsigned level = 2; level < 4; level++) {
            unsigned shift = level == 2 ? 21 : 12;

            level2[0] = IRS_BASE | PTE_TABLE;
            level1[2] = level == 2 ? level2[0] : (uint64_t)level2 | PTE_TABLE;
            mmu(true, TCR | (ha ? TCR_HA : 0));
            for (uint64_t i = 0; i < 512; i++) {
                expect(VA + (i << shift), LDR_X0_X0, level);
            }
            expect(VA, STR_X0_X0, level);
            mmu(false, TCR);
        }
    }
}

/* In memory they are what they were. */
static void test_memory(void)
{
    static shared uint64_t word;
    uint64_t x0;

    level1[2] = (uint64_t)level2 | PTE_TABLE;
    level2[0] = ((uint64_t)&word & ~0x1ffffful) | PTE_BLOCK | PTE_ATTR(0);
    word = 0x1234567812345678;
    mmu(true, TCR);
    x0 = VA + ((uint64_t)&word & 0x1fffff);
    CHECK_EQ(probe_insn_x0(LDR_X0_X0, &x0), INSN_OK);
    CHECK_EQ(x0, 0x1234567812345678);
    mmu(false, TCR);
}

const struct test tests[] = {
    { "tables in the IRS", test_tables, true },
    { "tables in memory", test_memory, true },
    { }
};
