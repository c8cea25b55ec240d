/*
 * GICv5 guest fuzzer: memory, configuration, and what files share
 *
 * Tables are within FUZZ_TABLES. What else a random word can make the IRS write
 * to is below FUZZ_SAFE: an LPI's INTID is at most 0x50ffffff, and a linear
 * table of 2^24 entries of 16 bytes that begins within FUZZ_TABLES ends there.
 * random_value() makes no address above.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include "gicv5.h"

#define MAX_PES 4
#define BLOCK_MAX 48

#define FUZZ_TABLES     0x41000000ul
#define FUZZ_TABLE_SIZE 0x00200000ul
#define FUZZ_NUM_TABLES 16
#define FUZZ_SAFE       0x58000000ul

/*
 * Put there by QEMU's loader: seed [31:0], number of blocks of each CPU
 * [55:32], FUZZ_* [63:56]; and a block to show, plus one
 */
#define FUZZ_CONFIG     0x5b000000ul
#define FUZZ_SHOW       0x5b000008ul

/* Nothing that depends on time; interrupts are taken where they come up */
#define FUZZ_TIMELESS   (1u << 0)
/* In the middle, wait for a byte from the console */
#define FUZZ_PAUSE      (1u << 1)
/* Say what each block of CPU 0 did */
#define FUZZ_TRACE      (1u << 2)
/*
 * Tables stay where they are, and blocks do not write to them. They belong to
 * the IRS while they are valid, so what it sees of such a write is its choice,
 * and not the same after a move.
 */
#define FUZZ_ORDERLY    (1u << 3)
/* Under EL2, half of the blocks of EL0 and EL1 are AArch32 */
#define FUZZ_AARCH32    (1u << 4)

/* For what other CPUs, the loader or the IRS write */
#define shared volatile

#define BIT(n) (1ull << (n))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct pe {
    /* entry.S knows these; hcr and sctlr are those of the block */
    uint64_t x[31];
    uint64_t pc, pstate, esr;
    uint64_t hcr, sctlr, base_sctlr;
    uint64_t sp, in_block, level;
    void *stack;

    unsigned idx;
    uint64_t rng;
    uint64_t hash;
    unsigned block, exits, irqs;
    uint64_t total_exits, total_irqs, total_skips;
    /* SCTLR_EL1 as it was, where it is not sctlr */
    uint64_t base_sctlr_el1;
    shared unsigned done;
    uint32_t *code;

    /* Of an AArch32 block: where it ends, PSTATE where it begins */
    bool a32;
    uint64_t a32_end, a32_pstate;
};

extern struct pe pes[MAX_PES];
extern uint32_t flags;

/* entry.S */
extern char secondary_start[], vectors_forward[], vectors_a32[];
unsigned block_run(struct pe *p);
long psci_hvc(uint64_t fn, uint64_t a, uint64_t b, uint64_t c);
long psci_smc(uint64_t fn, uint64_t a, uint64_t b, uint64_t c);

/* What entry.S calls */
void pes_init(void);
void pe_main(struct pe *p);
void driver_fault(uint64_t vector, uint64_t elr, uint64_t esr);

/* generate.c */
uint32_t rnd(struct pe *p);
uint64_t rnd64(struct pe *p);
/* One in @n */
bool once_in(struct pe *p, unsigned n);
/* An operand, or a word of a table */
uint64_t random_value(struct pe *p);
uint64_t random_hcr(struct pe *p);
/* Somewhere in a register frame, or in a table */
uint64_t random_mmio(struct pe *p);
uint64_t random_table(struct pe *p);
uint32_t random_insn(struct pe *p);
/* The same in AArch32, whose registers are the first eight, and A32_* */
uint32_t random_a32_insn(struct pe *p);

/* In a block these registers have a use, and are never a destination. */
enum {
    X_VALUES = 16,              /* so many values and results */
    X_MMIO = 16,                /* four */
    X_TABLE = 20,               /* four */
    X_UNTIL = 24,               /* a time that is near */
    X_HCR, X_HCRX, X_SCTLR_EL1, X_SCTLR_EL2, X_VNCR,
    X_CVAL,
};

/* Two each */
enum { A32_MMIO = 8, A32_TABLE = 10 };

static inline uint64_t table(unsigned n)
{
    return FUZZ_TABLES + n * FUZZ_TABLE_SIZE;
}

#endif
