/*
 * GICv5 hypervisor: EL2's own map, and stage 2
 *
 * EL2 sees everything where it is: 1 GiB blocks, the first one of devices. A
 * VM has its memory in 2 MiB blocks and nothing else, so that each access to a
 * device is a stage 2 fault.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hyp.h"

/* Both stages: 4 KiB granule, 39-bit input, starting at level 1 */
#define TABLE_ENTRIES 512
#define T0SZ (64 - 39)
#define WB_INNER_SHAREABLE (1u << 8 | 1u << 10 | 3u << 12)
#define PS_40_BITS (2u << 16)

#define DESC_BLOCK BIT(0)
#define DESC_TABLE (BIT(0) | BIT(1))
#define DESC_AF BIT(10)
#define DESC_SH_INNER (3u << 8)
#define DESC_ATTR(n) ((n) << 2)
#define DESC_AP_RES1 BIT(6)
#define DESC_XN BIT(54)
#define S2_NORMAL_WB (0xf << 2)
#define S2_READ_WRITE (3u << 6)

#define GIB BIT(30)
#define MIB2 BIT(21)

/* Attribute 0: Device-nGnRE; 1: Normal, write-back */
#define MAIR 0xff04
#define SCTLR_RES1 0x30c50830u
#define SCTLR_M BIT(0)
#define SCTLR_C BIT(2)
#define SCTLR_I BIT(12)

struct table {
    uint64_t entry[TABLE_ENTRIES];
} __attribute__((aligned(4096)));

static struct table own_l1, stage2_l1[MAX_VMS], stage2_l2[MAX_VMS];

void mmu_make_table(void)
{
    own_l1.entry[0] = DESC_BLOCK | DESC_AF | DESC_AP_RES1 | DESC_ATTR(0) |
                      DESC_XN;
    for (unsigned i = 1; i < 4; i++) {
        own_l1.entry[i] = i * GIB | DESC_BLOCK | DESC_AF | DESC_AP_RES1 |
                          DESC_ATTR(1) | DESC_SH_INNER;
    }
}

void mmu_enable(void)
{
    wr(mair_el2, MAIR);
    wr(tcr_el2, BIT(31) | BIT(23) | T0SZ | WB_INNER_SHAREABLE | PS_40_BITS);
    wr(ttbr0_el2, (uint64_t)&own_l1);
    /* Stage 2: SL0=1, so that it starts at level 1; VMIDs of 8 bits */
    wr(vtcr_el2, BIT(31) | T0SZ | 1u << 6 | WB_INNER_SHAREABLE | PS_40_BITS);
    dsb();
    isb();
    asm volatile("tlbi alle2\n"
                 "tlbi alle1\n"
                 "dsb sy\n"
                 "isb" : : : "memory");
    wr(sctlr_el2, SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I);
    isb();
}

static unsigned number(const struct vm *vm)
{
    return vm - vms;
}

static uint64_t memory(const struct vm *vm)
{
    return VM_MEMORY + number(vm) * VM_SIZE;
}

void stage2_make(struct vm *vm)
{
    struct table *l1 = &stage2_l1[number(vm)], *l2 = &stage2_l2[number(vm)];

    l1->entry[IPA_RAM / GIB] = (uint64_t)l2 | DESC_TABLE;
    for (unsigned i = 0; i < VM_SIZE / MIB2; i++) {
        l2->entry[i] = (memory(vm) + i * MIB2) | DESC_BLOCK | DESC_AF |
                       DESC_SH_INNER | S2_READ_WRITE | S2_NORMAL_WB;
    }
    dsb();
}

void stage2_load(const struct vm *vm)
{
    wr(vttbr_el2, (uint64_t)&stage2_l1[number(vm)] | (uint64_t)vm->id << 48);
    isb();
}

uint64_t stage2_translate(const struct vm *vm, uint64_t ipa, uint64_t size)
{
    if (ipa < IPA_RAM || size > VM_SIZE || ipa - IPA_RAM > VM_SIZE - size) {
        return 0;
    }
    return memory(vm) + (ipa - IPA_RAM);
}
