/*
 * GICv5 guest fuzzer: random instructions, operands and addresses
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "guest.h"

#define PRIO(p) ((uint64_t)(p) << 35)

uint64_t rnd64(struct pe *p)
{
    uint64_t x = p->rng;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    p->rng = x;
    return x * 0x2545f4914f6cdd1dull;
}

uint32_t rnd(struct pe *p)
{
    return rnd64(p) >> 32;
}

bool once_in(struct pe *p, unsigned n)
{
    return rnd(p) % n == 0;
}

#define pick(p, list) ((list)[rnd(p) % ARRAY_SIZE(list)])

/* --- operands --- */

static uint32_t random_intid(struct pe *p)
{
    static const uint8_t ppi[] = { 3, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30 };

    switch (rnd(p) % 8) {
    case 0:
    case 1:
        return PPI(pick(p, ppi));
    case 2:
    case 3:
    case 4:
        return LPI(rnd(p) % (once_in(p, 4) ? 1u << 24 : 24));
    case 5:
    case 6:
        return SPI(rnd(p) % (once_in(p, 4) ? 1024 : 16));
    default:
        return rnd(p) & 0xe1ffffff;
    }
}

static uint64_t random_operand(struct pe *p)
{
    uint64_t v = random_intid(p);

    switch (rnd(p) % 8) {
    case 0:
        return v | PRIO(rnd(p) % 32);
    case 1:
        return v | (uint64_t)(rnd(p) % 4) << 32;
    case 2:
        return v | BIT(28) | (uint64_t)(rnd(p) % 4) << 32;
    case 3:
        return v | BIT(32);
    case 4:
        return v | (uint64_t)(rnd(p) % 4) << 32 | BIT(63);
    case 5:
        return v | rnd64(p) << 32;
    default:
        return v;
    }
}

/* What is valid in a BASER, or an entry that points to something */
static uint64_t random_pointer(struct pe *p)
{
    static const uint8_t flag[] = { 0, 0, 0, 1, 2, 4, 62, 63 };
    uint64_t v = table(rnd(p) % FUZZ_NUM_TABLES) + (rnd(p) & 0x1ffc0);

    return v | once_in(p, 2) | BIT(pick(p, flag)) |
           (uint64_t)(rnd(p) % 20) << 59;
}

static uint64_t make_value(struct pe *p)
{
    switch (rnd(p) % 20) {
    default:
        return random_operand(p);
    case 6:
    case 7:
        return random_pointer(p);
    case 8:
        /* ICH_CONTEXTR_EL2; IRS_VPE_SELR, IRS_VMAP_VPER are like it */
        return (once_in(p, 4) ? 0 : BIT(63)) | (rnd64(p) & (7ull << 60)) |
               (uint64_t)(rnd(p) % 32) << 55 |
               (uint64_t)(rnd(p) % 3) << 32 | (rnd(p) % 5);
    case 9:
        return rnd(p) % 32;
    case 10:
        return BIT(rnd(p) % 64);
    case 11:
        return ~0ull;
    case 12:
        return rnd64(p);
    case 13:
        return 0x0101010101010101ull * (rnd(p) % 32);
    case 14:
        /* IRS_VMAP_*, IRS_SAVE_VMR */
        return BIT(63) | (once_in(p, 4) ? BIT(62) : 0) |
               (once_in(p, 2) ? (uint64_t)(rnd(p) % 5) << 32 : rnd(p) % 5) |
               (uint64_t)(2 + rnd(p) % 2) << 29 | (rnd(p) % 4);
    case 15:
        /* IRS_VPE_DBR */
        return (rnd64(p) & (3ull << 62)) | (uint64_t)(rnd(p) % 32) << 32 |
               (rnd(p) % 24);
    case 16:
        return 0;
    case 17:
        /* PPIs that there are */
        return rnd64(p) & 0x7fe00008;
    case 18:
        /* Both enables, a priority mask */
        return 1 | (uint64_t)(rnd(p) % 32) << 27;
    }
}

/* None that makes the IRS, the ITS or a stage write over this program */
uint64_t random_value(struct pe *p)
{
    uint64_t v = make_value(p);

    return (v & 0xffffffff) >= FUZZ_SAFE &&
           (v & 0xffffffff) < 0x60000000 ? v & ~0x0f000000ull : v;
}

uint64_t random_hcr(struct pe *p)
{
    static const uint64_t usual[] = {
        BIT(31), BIT(31) | BIT(4) | BIT(3), BIT(31) | BIT(34) | BIT(27),
        BIT(31) | BIT(34) | BIT(4) | BIT(3), BIT(31) | BIT(27),
        BIT(31) | BIT(4) | BIT(42), BIT(31) | BIT(4) | BIT(42) | BIT(45),
        BIT(31) | BIT(4) | BIT(42) | BIT(43) | BIT(45),
    };
    /*
     * No VM, DC, CD and ID, which would need tables of a stage 2, no HCD, since
     * EL1's vectors are HVCs
     */
    const uint64_t bits =
        BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(13) |
        BIT(14) | BIT(15) | BIT(16) | BIT(17) | BIT(18) | BIT(19) | BIT(20) |
        BIT(21) | BIT(22) | BIT(23) | BIT(24) | BIT(26) | BIT(27) | BIT(28) |
        BIT(30) | BIT(34) | BIT(35) | BIT(36) | BIT(37) | BIT(40) | BIT(41) |
        BIT(42) | BIT(43) | BIT(44) | BIT(45) | BIT(49) | BIT(50) | BIT(52) |
        BIT(53) | BIT(58);

    switch (rnd(p) % 4) {
    case 0:
        return BIT(31) | (rnd64(p) & bits);
    case 1:
        return pick(p, usual) ^ (BIT(rnd(p) % 64) & bits);
    default:
        return pick(p, usual);
    }
}

/* --- addresses --- */

#define ITS_BASE 0x08050000ul
#define ITS_TRANSLATE 0x08090000ul

static uint64_t any_mmio(struct pe *p)
{
    static const uint16_t irs[] = {
        0x000, 0x004, 0x008, 0x00c, 0x010, 0x014, 0x018, 0x01c, 0x040, 0x044,
        0x080, 0x080, 0x084, 0x0c0, 0x0c4, 0x100, 0x108, 0x108, 0x10c, 0x110,
        0x114, 0x118, 0x140, 0x144, 0x148, 0x180, 0x180, 0x190, 0x194, 0x1c0,
        0x200, 0x210, 0x214, 0x240, 0x240, 0x248, 0x250, 0x258, 0x25c, 0x280,
        0x288, 0x28c, 0x2c0, 0x2c8, 0x2c8, 0x2d0, 0x2d0, 0x2d8, 0x2e0, 0x2e0,
        0x300, 0x308, 0x340, 0x384, 0x3c0, 0x3c8, 0x3d0, 0xffbc, 0xfffc,
    };
    static const uint16_t its[] = {
        0x000, 0x004, 0x008, 0x040, 0x044, 0x080, 0x080, 0x0c0, 0x0c0, 0x0d0,
        0x100, 0x108, 0x10c, 0x110, 0x114, 0x118, 0x120, 0x140, 0x148, 0x180,
        0x188, 0x18c, 0x18c, 0x190, 0x200, 0x208, 0x210, 0xffbc, 0xfffc,
    };

    switch (rnd(p) % 16) {
    default:
        return IRS_BASE + pick(p, irs);
    case 8:
    case 9:
    case 10:
        return ITS_BASE + pick(p, its);
    case 11:
        return ITS_TRANSLATE + (rnd(p) & 0xf) * 4;
    case 12:
        return IRS_BASE + (rnd(p) & 0x3ff);
    case 13:
        return IRS_BASE + (rnd(p) & 0x1fffc);
    case 14:
        return ITS_BASE + (rnd(p) & 0x4fffc);
    }
}

/* Bases and their configuration: of the IRS's LPIs and VMs, of the ITS */
static bool is_base(uint64_t addr)
{
    return (addr + 16 > IRS_BASE + 0x180 && addr < IRS_BASE + 0x194) ||
           (addr + 16 > IRS_BASE + 0x200 && addr < IRS_BASE + 0x214) ||
           (addr + 16 > ITS_BASE + 0xc0 && addr < ITS_BASE + 0xd4);
}

uint64_t random_mmio(struct pe *p)
{
    uint64_t addr = any_mmio(p);

    return flags & FUZZ_ORDERLY && is_base(addr) ? IRS_BASE : addr;
}

uint64_t random_table(struct pe *p)
{
    if (flags & FUZZ_ORDERLY) {
        return table(15) + (rnd(p) & 0x78);
    }
    return table(rnd(p) % FUZZ_NUM_TABLES) +
           (rnd(p) & (once_in(p, 4) ? 0x1fff8 : 0x78));
}

/* --- instructions --- */

static uint32_t sys(bool read, unsigned op0, unsigned op1, unsigned crn,
                    unsigned crm, unsigned op2, unsigned rt)
{
    return 0xd5000000u | (uint32_t)read << 21 | op0 << 19 | op1 << 16 |
           crn << 12 | crm << 8 | op2 << 5 | rt;
}

/* A value, or now and then XZR */
static unsigned operand(struct pe *p)
{
    return once_in(p, 16) ? 31 : rnd(p) % X_VALUES;
}

#define RANGE(op1, crm, from, to) { op1, crm, from, to }

struct range {
    uint8_t op1, crm, from, to;
};

static uint32_t from_range(struct pe *p, unsigned op0, const struct range *r,
                           bool read)
{
    return sys(read, op0, r->op1, 12, r->crm,
               r->from + rnd(p) % (r->to - r->from + 1), operand(p));
}

static uint32_t gic_register(struct pe *p)
{
    /* Those that are one of a kind more often */
    static const struct range regs[] = {
        RANGE(0, 10, 0, 7), RANGE(0, 10, 2, 7), RANGE(0, 13, 0, 7),
        RANGE(0, 13, 0, 7), RANGE(0, 14, 0, 7), RANGE(0, 15, 0, 7),
        RANGE(1, 0, 0, 3), RANGE(1, 0, 0, 2), RANGE(4, 8, 4, 5),
        RANGE(4, 9, 4, 7), RANGE(4, 10, 0, 7), RANGE(4, 10, 0, 7),
        RANGE(4, 11, 4, 7), RANGE(4, 11, 4, 7), RANGE(4, 14, 0, 7),
        RANGE(4, 15, 0, 7), RANGE(0, 12, 5, 5), RANGE(4, 11, 6, 6),
    };

    return from_range(p, 3, &pick(p, regs), once_in(p, 3));
}

static uint32_t gic_insn(struct pe *p)
{
    static const struct range insns[] = {
        RANGE(0, 0, 0, 1), RANGE(0, 1, 0, 7), RANGE(0, 1, 0, 5),
        RANGE(0, 1, 7, 7), RANGE(0, 2, 0, 1), RANGE(4, 1, 0, 7),
        RANGE(4, 2, 0, 1),
    };
    static const struct range acks[] = { RANGE(0, 3, 0, 1) };

    return once_in(p, 6) ? from_range(p, 1, &acks[0], true) :
                           from_range(p, 1, &pick(p, insns), false);
}

/*
 * Also what does not exist. VBAR, RMR and their like are not the GIC's.
 */
static uint32_t gic_neighbour(struct pe *p)
{
    unsigned op0 = once_in(p, 2) ? 1 : 3;
    unsigned op1 = rnd(p) % 8;
    unsigned crm = rnd(p) % 16;

    if (op0 == 3 && crm == 0 && op1 != 1) {
        crm += 2;
    }
    return sys(once_in(p, 2), op0, op1, 12, crm, rnd(p) % 8, operand(p));
}

static uint32_t pstate_insn(struct pe *p)
{
    uint64_t n = rnd(p);

    switch (n % 8) {
    case 0:
        /* DAIFSet, DAIFClr */
        return 0xd50340df | (rnd(p) & 15) << 8;
    case 1:
    case 2:
        return 0xd50340ff | (rnd(p) & 15) << 8;
    case 3:
        /* ALLINT, #imm */
        return 0xd501401f | (rnd(p) & 1) << 8;
    case 4:
        return sys(once_in(p, 2), 3, 0, 4, 3, 0, operand(p));
    case 5:
        return sys(once_in(p, 2), 3, 3, 4, 2, 1, operand(p));
    case 6:
        /* SPSel, #imm */
        return 0xd50040bf | (rnd(p) & 1) << 8;
    default:
        /* ISR_EL1, DISR_EL1 */
        return sys(n & 8, 3, 0, 12, 1, n >> 4 & 1, operand(p));
    }
}

/* CNT*_CTL, and CVAL or TVAL; no reads, since the hash has what was read */
static uint32_t timer_insn(struct pe *p)
{
    static const struct range timers[] = {
        RANGE(3, 3, 0, 0), RANGE(3, 2, 0, 0), RANGE(4, 2, 0, 0),
        RANGE(4, 3, 0, 0), RANGE(5, 3, 0, 0), RANGE(5, 2, 0, 0),
    };
    const struct range *t = &pick(p, timers);

    switch (rnd(p) % 4) {
    case 0:
        return sys(false, 3, t->op1, 14, t->crm, 1, operand(p));
    case 1:
        return sys(false, 3, t->op1, 14, t->crm, 0, operand(p));
    default:
        return sys(false, 3, t->op1, 14, t->crm, 2, X_CVAL);
    }
}

static uint32_t hyp_insn(struct pe *p)
{
    switch (rnd(p) % 6) {
    case 0:
    case 1:
        return sys(false, 3, 4, 1, 1, 0, X_HCR);
    case 2:
        return sys(false, 3, 4, 1, 2, 2, X_HCRX);
    case 3:
        return sys(false, 3, 0, 1, 0, 0, X_SCTLR_EL1);
    case 4:
        return sys(false, 3, 4, 1, 0, 0, X_SCTLR_EL2);
    default:
        return sys(false, 3, 4, 2, 2, 0, X_VNCR);
    }
}

static uint32_t memory_insn(struct pe *p)
{
    static const uint32_t plain[] = {
        0xb9400000, 0xb9000000, 0xf9400000, 0xf9000000, /* LDR, STR */
        0xb9400000, 0xb9000000, 0xf9400000, 0xf9000000,
        0xb9000000, 0xf9000000, 0xb9000000, 0xf9000000,
        0x39400000, 0x39000000, 0x79400000, 0x79000000, /* LDRB, ... */
        0x889f7c00, 0xc89f7c00,                         /* STLLR */
    };
    static const uint32_t atomic[] = {
        0xb8208000, 0xf8208000, 0x88a07c00, 0xc8a07c00, /* SWP, CAS */
    };
    uint32_t rt = operand(p);
    uint32_t rn = X_MMIO + rnd(p) % 4;

    switch (rnd(p) % 16) {
    case 0:
        return pick(p, atomic) | rnd(p) % X_VALUES << 16 | rn << 5 | rt;
    case 1:
        /* STP, LDP; results must not be the same register */
        rt = rnd(p) % X_VALUES;
        return (once_in(p, 2) ? 0xa9000000 : 0xa9400000) |
               (rt ^ 1) << 10 | rn << 5 | rt;
    case 2:
        /* DC ZVA, of many registers */
        return 0xd50b7420 | (flags & FUZZ_ORDERLY ? X_TABLE : rn);
    case 3:
    case 4:
    case 5:
        /* A table's word */
        rn = X_TABLE + rnd(p) % 4;
        return (once_in(p, 2) ? 0xb9000000 : 0xf9000000) | rn << 5 | rt;
    default:
        return pick(p, plain) | rn << 5 | rt;
    }
}

static uint32_t barrier(struct pe *p)
{
    static const uint32_t insns[] = {
        0xd5033fdf,             /* ISB */
        0xd5033f9f,             /* DSB SY */
        0xd503203f,             /* YIELD */
        0xd5033f9f,
        0xd503205f,             /* WFE */
        0xd4000002 | 5 << 5,    /* HVC */
        0xd4000001 | 6 << 5,    /* SVC */
    };

    if (!(flags & FUZZ_TIMELESS) && once_in(p, 4)) {
        /* WFIT, WFET */
        return (once_in(p, 2) ? 0xd5031020 : 0xd5031000) | X_UNTIL;
    }
    return pick(p, insns);
}

uint32_t random_insn(struct pe *p)
{
    unsigned n = rnd(p) % 100;

    if (n < 30) {
        return gic_register(p);
    }
    if (n < 53) {
        return gic_insn(p);
    }
    if (n < 61) {
        return gic_neighbour(p);
    }
    if (n < 69) {
        return pstate_insn(p);
    }
    if (n < 74 && !(flags & FUZZ_TIMELESS)) {
        return timer_insn(p);
    }
    if (n < 77) {
        return hyp_insn(p);
    }
    if (n < 81) {
        return barrier(p);
    }
    return memory_insn(p);
}

/* --- AArch32 --- */

/* MCR, MRC */
static uint32_t cp15(bool read, unsigned opc1, unsigned crn, unsigned crm,
                     unsigned opc2, unsigned rt)
{
    return 0xee000f10u | (uint32_t)read << 20 | opc1 << 21 | crn << 16 |
           rt << 12 | opc2 << 5 | crm;
}

/* Where AArch32 has had GICv3's registers, but for VBAR; timers' are written */
static uint32_t a32_register(struct pe *p)
{
    static const uint8_t opc1[] = { 0, 0, 0, 4, 6 };
    unsigned rt = rnd(p) % 8;

    switch (rnd(p) % 8) {
    case 0:
        /* ICC_PMR */
        return cp15(once_in(p, 2), 0, 4, 6, 0, rt);
    case 1:
        /* MCRR: ICC_SGI1R, ICC_ASGI1R, ICC_SGI0R */
        return 0xec400f0cu | (rt ^ 1) << 16 | rt << 12 | rnd(p) % 3 << 4;
    case 2:
        /* CNTP_CTL, CNTV_CTL and TVAL */
        return cp15(false, 0, 14, 2 + rnd(p) % 2, rnd(p) % 2, rt);
    case 3:
        /* ID registers */
        return cp15(true, 0, 0, rnd(p) % 8, rnd(p) % 8, rt);
    default:
        return cp15(once_in(p, 2), pick(p, opc1), 12, 1 + rnd(p) % 15,
                    rnd(p) % 8, rt);
    }
}

static uint32_t a32_pstate(struct pe *p)
{
    /* Not FIQ, whose registers are others */
    static const uint8_t modes[] = { 0x10, 0x12, 0x13, 0x13, 0x17, 0x1b, 0x1f };

    switch (rnd(p) % 4) {
    case 0:
        /* CPSID */
        return 0xf10c0000 | (rnd(p) & 7) << 6;
    case 1:
    case 2:
        /* CPSIE */
        return 0xf1080000 | (rnd(p) & 7) << 6;
    default:
        return 0xf1020000 | pick(p, modes);
    }
}

static uint32_t a32_memory(struct pe *p)
{
    static const uint32_t insns[] = {
        0xe5900000, 0xe5800000, 0xe5d00000, 0xe5c00000, /* LDR, STR, B, */
        0xe1d000b0, 0xe1c000b0, 0xe5900000, 0xe5800000, /* H */
    };
    static const uint32_t wide[] = {
        0xe1c000d0, 0xe1c000f0,                         /* LDRD, STRD */
    };
    uint32_t rn = once_in(p, 4) ? A32_TABLE + rnd(p) % 2 :
                                  A32_MMIO + rnd(p) % 2;

    switch (rnd(p) % 8) {
    case 0:
        /* STM, LDM */
        return (once_in(p, 2) ? 0xe8800000 : 0xe8900000) | rn << 16 |
               1 << rnd(p) % 8 | (rnd(p) & 0xff);
    case 1:
    case 2:
        return pick(p, wide) | rn << 16 | (rnd(p) % 4) << 13;
    default:
        return pick(p, insns) | rn << 16 | (rnd(p) % 8) << 12;
    }
}

uint32_t random_a32_insn(struct pe *p)
{
    static const uint32_t others[] = {
        0xf57ff06f,             /* ISB */
        0xf57ff04f,             /* DSB */
        0xe320f000,             /* NOP */
        0xe320f002,             /* WFE */
        0xe1400075,             /* HVC #5 */
        0xef000006,             /* SVC #6 */
        0xe7f000f0,             /* UDF */
    };
    unsigned n = rnd(p) % 100;

    if (n < 30) {
        return a32_register(p);
    }
    if (n < 50) {
        return a32_pstate(p);
    }
    return n < 65 ? pick(p, others) : a32_memory(p);
}
