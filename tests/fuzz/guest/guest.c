/*
 * GICv5 guest fuzzer: blocks of random instructions at each Exception level
 *
 * Whatever happens in a block, it ends: what has an exception is skipped, and
 * interrupts are acknowledged or masked, so many times. Each CPU has its own
 * random numbers, and a hash of what its blocks have read. With -icount, or
 * with FUZZ_TIMELESS and one CPU, the hash is the same in each run.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdarg.h>
#include "guest.h"

#define UART_BASE 0x09000000ul
#define UART_DR (UART_BASE + 0x00)
#define UART_FR (UART_BASE + 0x18)
#define UART_FR_TXFF BIT(5)
#define UART_FR_RXFE BIT(4)

#define PSCI_CPU_OFF 0x84000002u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u

#define PHASES 4
#define MAX_EXITS 160
#define MAX_IRQS 12
/* SVC #0x77 ends a block. */
#define END_INSN (0xd4000001 | 0x77 << 5)
#define ISB_INSN 0xd5033fdf
#define WFI_INSN 0xd503207f
#define HVC_FORWARD 0x100
#define HVC_FORWARD_A32 0x200
/* SVC #0 */
#define A32_END_INSN 0xef000000

#define EC_UNKNOWN 0x00
#define EC_ILLEGAL 0x0e
#define EC_SVC32 0x11
#define EC_HVC32 0x12
#define EC_SVC64 0x15
#define EC_HVC64 0x16
#define EC_IABORT_LOW 0x20
#define EC_IABORT 0x21
#define EC_PC 0x22

#define PSTATE_DAIF 0x3c0
#define PSTATE_IL BIT(20)

/* AArch32: PSTATE.E and a bit of IT, where AArch64 has D and ALLINT */
#define PSTATE_NOT_A32 (BIT(9) | PSTATE_ALLINT)
#define PSTATE_A32_USR 0x10
#define PSTATE_A32_SVC 0x13

#define HCR_RW BIT(31)

#define SCTLR_NTWI BIT(16)
#define SCTLR_NTWE BIT(18)

#define ID_AA64MMFR1_EL1 S3_0_C0_C7_1
#define HCRX_EL2 S3_4_C1_C2_2
#define VNCR_EL2 S3_4_C2_C2_0
#define HFGITR_EL2 S3_4_C1_C1_6
#define ICH_HFGRTR_EL2 S3_4_C12_C9_4
#define ICH_HFGWTR_EL2 S3_4_C12_C9_6
#define ICH_HFGITR_EL2 S3_4_C12_C9_7
#define ICH_VCTLR_EL2 S3_4_C12_C11_4
#define ICH_CONTEXTR_EL2 S3_4_C12_C11_6
#define ICH_VMCR_EL2 S3_4_C12_C11_7

#define ITS_BASE 0x08050000ul

enum outcome { GO_ON, DONE, GIVEN_UP };

struct pe pes[MAX_PES];
char boot_stack[4096] __attribute__((aligned(16), used));
static char stacks[MAX_PES][16384] __attribute__((aligned(16)));
static uint32_t code[MAX_PES][1024] __attribute__((aligned(4096)));

asm(".globl boot_stack_top\n.set boot_stack_top, boot_stack + 4096");

_Static_assert(offsetof(struct pe, pc) == 248, "PE_PC");
_Static_assert(offsetof(struct pe, esr) == 264, "PE_ESR");
_Static_assert(offsetof(struct pe, hcr) == 272, "PE_HCR");
_Static_assert(offsetof(struct pe, sctlr) == 280, "PE_SCTLR");
_Static_assert(offsetof(struct pe, base_sctlr) == 288, "PE_BASE_SCTLR");
_Static_assert(offsetof(struct pe, sp) == 296, "PE_SP");
_Static_assert(offsetof(struct pe, in_block) == 304, "PE_IN_BLOCK");
_Static_assert(offsetof(struct pe, level) == 312, "PE_LEVEL");
_Static_assert(offsetof(struct pe, stack) == 320, "PE_STACK");

uint32_t flags;
static uint32_t seed, num_blocks;
static uint32_t show;
static unsigned num_pes;

void *memset(void *s, int c, size_t n)
{
    shared char *d = s;

    while (n--) {
        *d++ = c;
    }
    return s;
}

/* --- output --- */

static void put(char c)
{
    while (mmio_r32(UART_FR) & UART_FR_TXFF) {
        continue;
    }
    mmio_w32(UART_DR, c);
}

static void put_number(uint64_t v, unsigned base)
{
    char buf[24];
    unsigned n = 0;

    do {
        buf[n++] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v);
    while (n) {
        put(buf[--n]);
    }
}

/* Knows %s, %u and %x, both of uint64_t. */
static void print(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    for (; *fmt; fmt++) {
        if (*fmt != '%') {
            put(*fmt);
            continue;
        }
        fmt++;
        if (*fmt == 's') {
            for (const char *s = va_arg(ap, const char *); *s; s++) {
                put(*s);
            }
        } else {
            put_number(va_arg(ap, uint64_t), *fmt == 'x' ? 16 : 10);
        }
    }
    va_end(ap);
}

#define U(v) ((uint64_t)(v))

static long psci(uint32_t fn, uint64_t a, uint64_t b, uint64_t c)
{
    return (int)(pes[0].level == 2 ? psci_smc : psci_hvc)(fn, a, b, c);
}

static void __attribute__((noreturn)) power_off(void)
{
    psci(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;) {
        asm volatile("wfi");
    }
}

/* This is an error of the program, or of the emulator. */
void driver_fault(uint64_t vector, uint64_t elr, uint64_t esr)
{
    print("fuzz: the driver has exception %u at %x, ESR %x\n", vector, elr,
          esr);
    power_off();
}

/* --- what blocks find --- */

static void mix(struct pe *p, uint64_t v)
{
    p->hash = (p->hash ^ v) * 0x9e3779b97f4a7c15ull;
    p->hash ^= p->hash >> 29;
}

static void irs_w(unsigned offset, uint64_t v)
{
    mmio_w64(IRS_BASE + offset, v);
}

static void its_setup(void)
{
    shared uint64_t *dt = (shared uint64_t *)table(8);

    for (unsigned i = 0; i < 4; i++) {
        shared uint32_t *itt = (shared uint32_t *)table(9 + i);

        dt[i] = (uint64_t)itt | 1 | 4ull << 59;
        for (unsigned event = 0; event < 16; event++) {
            itt[event] = BIT(31) | (i * 16 + event) % 24;
        }
    }
    mmio_w32(ITS_BASE + 0x80, 0);
    mmio_w32(ITS_BASE + 0xd0, 4);
    mmio_w64(ITS_BASE + 0xc0, table(8));
    mmio_w32(ITS_BASE + 0x80, 1);
}

/* Tables as they should be, from which blocks go astray */
static void tables_setup(void)
{
    mmio_w32(IRS_BASE + IRS_CR0, 0);
    irs_w(IRS_IST_BASER, 0);
    irs_w(0x200, 0);
    for (unsigned n = 0; n < 13; n++) {
        memset((void *)table(n), 0, 1024);
    }
    for (uint64_t vm = 0; vm < 4; vm++) {
        shared uint64_t *vmte = (shared uint64_t *)(table(1) + 32 * vm);
        uint64_t vpet = table(2) + 64 * vm;

        for (unsigned vpe = 0; vpe < 4; vpe++) {
            ((shared uint64_t *)vpet)[vpe] =
                table(4) + (vm * 4 + vpe) * 0x1000;
        }
        vmte[0] = table(5) + vm * 0x1000;
        vmte[1] = 2ull << 59 | vpet;
        vmte[2] = 10ull << 59 | (table(6) + vm * 0x1000);
        vmte[3] = 5ull << 59 | (table(7) + vm * 0x1000);
    }
    dsb();
    mmio_w32(IRS_BASE + IRS_IST_CFGR, 10);
    irs_w(IRS_IST_BASER, table(0) | 1);
    mmio_w32(IRS_BASE + IRS_CR0, 1);
    mmio_w32(IRS_BASE + 0x210, 4);
    irs_w(0x200, table(1) | 1);
    for (uint64_t vm = 0; vm < 3; vm++) {
        irs_w(0x2c8, BIT(63) | vm);
        irs_w(0x2d0, BIT(63) | vm << 32 | 2ull << 29);
        irs_w(0x2d0, BIT(63) | vm << 32 | 3ull << 29);
        for (unsigned vpe = 0; vpe < 2; vpe++) {
            irs_w(0x2e0, BIT(63) | vm << 32 | vpe);
        }
    }
    its_setup();
}

static void timers_off(struct pe *p)
{
    wr(cntv_ctl_el0, 0);
    wr(cntp_ctl_el0, 0);
    if (p->level == 2) {
        wr(cnthp_ctl_el2, 0);
        wr(S3_4_C14_C3_1, 0);
    }
    isb();
}

/* An interface from which interrupts come; others keep what they have. */
static void interface_setup(struct pe *p)
{
    wr(ICC_CR0_EL1, 1);
    wr(ICC_PCR_EL1, 0x1f);
    wr(ICC_APR_EL1, 0);
    if (p->level == 2) {
        wr(ICH_VCTLR_EL2, 1);
        wr(ICH_VMCR_EL2, 1 | 0x1full << 27);
        wr(ICH_CONTEXTR_EL2, BIT(63) | (uint64_t)(rnd(p) % 2) << 32 |
                             rnd(p) % 3);
    }
    isb();
    for (unsigned n = 0; n < 4; n++) {
        uint64_t lpi = LPI(rnd(p) % 24);

        GIC_SYS(1, 2, lpi | (uint64_t)(rnd(p) % 8) << 35);
        GIC_SYS(1, 3, lpi | (uint64_t)(rnd(p) % num_pes) << 32 |
                      (once_in(p, 4) ? BIT(28) : 0));
        GIC_SYS(1, 1, lpi);
        GIC_SYS(1, 4, lpi | BIT(32));
    }
}

/* A timer that will end a WFI, whatever was before */
static void wakeup_setup(struct pe *p)
{
    wr(ICC_PPI_CACTIVER0_EL1, BIT(PPI_CNTV));
    wr(ICC_PPI_ENABLER0_EL1, rd(ICC_PPI_ENABLER0_EL1) | BIT(PPI_CNTV));
    wr(ICC_PPI_PRIORITYR3_EL1, rd(ICC_PPI_PRIORITYR3_EL1) & ~(0xffull << 24));
    wr(ICC_APR_EL1, 0);
    wr(ICC_PCR_EL1, 0x1f);
    wr(ICC_CR0_EL1, 1);
    wr(cntv_cval_el0, rd(cntvct_el0) + rnd(p) % 20000);
    wr(cntv_ctl_el0, 1);
    isb();
}

/* --- a block --- */

static uint64_t now(void)
{
    isb();
    return rd(cntvct_el0);
}

static void traps_setup(struct pe *p)
{
    switch (rnd(p) % 4) {
    case 0:
        wr(ICH_HFGRTR_EL2, rnd64(p));
        wr(ICH_HFGWTR_EL2, rnd64(p));
        wr(ICH_HFGITR_EL2, rnd64(p));
        break;
    case 1:
        break;
    default:
        wr(ICH_HFGRTR_EL2, ~0ull);
        wr(ICH_HFGWTR_EL2, ~0ull);
        wr(ICH_HFGITR_EL2, ~0ull);
        break;
    }
    /* SVC_EL0, SVC_EL1, ERET */
    wr(HFGITR_EL2, once_in(p, 8) ? rnd64(p) & (7ull << 51) : 0);
    wr(HCRX_EL2, once_in(p, 2) ? rnd64(p) : 0);
    wr(VNCR_EL2, p->x[X_VNCR]);
    wr(sctlr_el1, p->x[X_SCTLR_EL1]);
    isb();
}

static uint64_t random_sctlr(struct pe *p, uint64_t base)
{
    const uint64_t bits = SCTLR_NMI | SCTLR_SPINTMASK | SCTLR_NTWI |
                          SCTLR_NTWE | BIT(9);

    return (base & ~bits) | (rnd64(p) & bits);
}

/*
 * Make a block of EL0 or EL1 one of AArch32; EL1's is so as well, or EL0 is
 * alone.
 */
static void a32_setup(struct pe *p, unsigned el)
{
    bool el1 = el == 1 || once_in(p, 2);

    if (el1) {
        p->hcr &= ~HCR_RW;
    }
    wr(vbar_el1, el1 ? (uint64_t)vectors_a32 : (uint64_t)vectors_forward);
    isb();
    for (unsigned i = 0; i < 2; i++) {
        p->x[A32_MMIO + i] = random_mmio(p);
        p->x[A32_TABLE + i] = random_table(p);
    }
    p->pstate = (p->pstate & (PSTATE_DAIF | PSTATE_IL) & ~PSTATE_NOT_A32) |
                (el == 1 ? PSTATE_A32_SVC : PSTATE_A32_USR);
    p->a32_pstate = p->pstate & ~PSTATE_IL;
}

/* Returns the level that the block begins at. */
static unsigned context_setup(struct pe *p)
{
    static const uint8_t level_of[] = { 0, 1, 1, 1, 2, 2 };
    bool timeless = flags & FUZZ_TIMELESS;
    unsigned el = level_of[rnd(p) % 6];

    for (unsigned i = 0; i < X_VALUES; i++) {
        p->x[i] = random_value(p);
    }
    for (unsigned i = 0; i < 4; i++) {
        p->x[X_MMIO + i] = random_mmio(p);
        p->x[X_TABLE + i] = random_table(p);
    }
    p->x[X_UNTIL] = timeless ? 0 : now() + rnd(p) % 20000;
    p->x[X_CVAL] = timeless ? 0 : now() + rnd(p) % 20000;
    p->x[X_HCR] = random_hcr(p);
    p->x[X_HCRX] = rnd64(p);
    p->x[X_SCTLR_EL1] = random_sctlr(p, p->base_sctlr_el1);
    p->x[X_SCTLR_EL2] = random_sctlr(p, p->base_sctlr);
    p->x[X_VNCR] = table(14) + p->idx * 0x1000;
    if (p->level == 2) {
        p->hcr = random_hcr(p);
        p->sctlr = p->x[X_SCTLR_EL2];
        traps_setup(p);
    } else {
        p->sctlr = p->x[X_SCTLR_EL1];
        if (el == 2) {
            el = 1;
        }
    }
    p->pc = (uint64_t)p->code;
    p->pstate = el << 2 | (el && !once_in(p, 4)) |
                (once_in(p, 2) ? rnd(p) & PSTATE_DAIF : 0) |
                (once_in(p, 4) ? PSTATE_ALLINT : 0) |
                (once_in(p, 64) ? PSTATE_IL : 0);
    p->a32 = flags & FUZZ_AARCH32 && p->level == 2 && el < 2 && once_in(p, 2);
    if (p->a32) {
        a32_setup(p, el);
    }
    return el;
}

static void code_setup(struct pe *p)
{
    bool timeless = flags & FUZZ_TIMELESS;
    unsigned count = 4 + rnd(p) % (BLOCK_MAX - 4);
    unsigned at = 0;
    bool isbs = timeless || once_in(p, 2);

    if (p->a32) {
        while (count--) {
            p->code[at++] = random_a32_insn(p);
        }
        p->a32_end = (uint64_t)&p->code[at];
        for (unsigned i = 0; i < 4; i++) {
            p->code[at++] = A32_END_INSN;
        }
    } else {
        /* WFI comes first, since nothing else is certain to be waited for. */
        if (!timeless && once_in(p, 8)) {
            wakeup_setup(p);
            p->code[at++] = WFI_INSN;
        }
        while (count--) {
            p->code[at++] = random_insn(p);
            if (isbs) {
                p->code[at++] = ISB_INSN;
            }
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        p->code[at++] = END_INSN;
    }
    for (unsigned i = 0; i < at; i += 16) {
        asm volatile("dc cvau, %0\n"
                     "dsb ish\n"
                     "ic ivau, %0" : : "r"(&p->code[i]) : "memory");
    }
    dsb();
    isb();
}

/* Everything that could go on for ever */
static void calm_down(struct pe *p)
{
    timers_off(p);
    wr(ICC_CR0_EL1, 0);
    isb();
}

/* An interrupt that came to the driver */
static void take_irq(struct pe *p)
{
    uint64_t ia;

    p->irqs++;
    p->total_irqs++;
    if (p->irqs > MAX_IRQS) {
        calm_down(p);
        return;
    }
    ia = gic_cdia();
    mix(p, ia);
    if (!(ia & VALID)) {
        /* Its own level decides what the block sees of it. */
        p->pstate |= PSTATE_DAIF | PSTATE_ALLINT;
        return;
    }
    gsb_ack();
    isb();
    if (!once_in(p, 8)) {
        gic_cdeoi();
    }
    if (!once_in(p, 4)) {
        if (INTID_TYPE(ia) == 1 && !once_in(p, 4)) {
            timers_off(p);
        }
        gic_cddi(ia);
    }
    gic_sync();
}

static void skip(struct pe *p, uint64_t *pc, uint64_t esr)
{
    mix(p, esr);
    p->total_skips++;
    *pc += 4;
}

/* A synchronous exception, here or at EL1 */
static enum outcome synchronous(struct pe *p, uint64_t esr, uint64_t *pc)
{
    switch (esr >> 26 & 0x3f) {
    case EC_SVC64:
        if ((esr & 0xffff) == 0x77) {
            return DONE;
        }
        mix(p, esr);
        return GO_ON;
    case EC_HVC64:
    case EC_SVC32:
    case EC_HVC32:
        mix(p, esr);
        return GO_ON;
    case EC_ILLEGAL:
    case EC_IABORT_LOW:
    case EC_IABORT:
    case EC_PC:
        mix(p, esr);
        return GIVEN_UP;
    default:
        skip(p, pc, esr);
        return GO_ON;
    }
}

static bool in_code(const struct pe *p)
{
    return p->pc - (uint64_t)p->code < sizeof(code[0]);
}

/* EL1 has had an exception: what its handler would do */
static enum outcome forwarded(struct pe *p, unsigned kind)
{
    enum outcome out = GO_ON;

    p->pc = rd(elr_el1);
    p->pstate = rd(spsr_el1);
    if (kind % 4 == 0) {
        out = synchronous(p, rd(esr_el1), &p->pc);
    } else {
        mix(p, kind);
        p->pstate |= PSTATE_DAIF | PSTATE_ALLINT;
    }
    /* EL1 does not exist, or is not what the block should go on at. */
    return in_code(p) ? out : GIVEN_UP;
}

/*
 * The same in AArch32: where it would go on, by the LR of the mode that the
 * vector has. What has had an exception is skipped.
 */
static enum outcome forwarded_a32(struct pe *p, unsigned vector)
{
    mix(p, vector);
    p->pstate = p->a32_pstate;
    switch (vector) {
    case 1:
        p->pc = p->x[22];
        return GO_ON;
    case 2:
        p->pc = p->x[18];
        return GO_ON;
    case 4:
        p->pc = p->x[20] - 4;
        return GO_ON;
    case 6:
        p->pc = p->x[16] - 4;
        break;
    case 7:
        p->pc = p->x[30] - 4;
        break;
    default:
        return GIVEN_UP;
    }
    p->pstate |= PSTATE_DAIF & ~PSTATE_NOT_A32;
    return GO_ON;
}

static enum outcome handle(struct pe *p, unsigned vector)
{
    p->exits++;
    p->total_exits++;
    if (p->exits > MAX_EXITS) {
        calm_down(p);
        return GIVEN_UP;
    }
    switch (vector % 4) {
    case 0:
        if (p->level == 2 && (p->esr >> 26 & 0x3f) == EC_HVC64 &&
            (p->esr & 0xfff0) == HVC_FORWARD) {
            return forwarded(p, p->esr & 0xf);
        }
        if (p->a32 && (p->esr >> 26 & 0x3f) == EC_HVC32 &&
            (p->esr & 0xfff0) == HVC_FORWARD_A32) {
            return forwarded_a32(p, p->esr & 0xf);
        }
        return synchronous(p, p->esr, &p->pc);
    case 1:
        take_irq(p);
        return GO_ON;
    default:
        mix(p, vector);
        p->pstate |= PSTATE_DAIF | PSTATE_ALLINT;
        return GO_ON;
    }
}

static void say_block(const struct pe *p, unsigned el)
{
    print("block %u: EL%u PSTATE %x HCR %x SCTLR %x\n", U(p->block), U(el),
          p->pstate, p->hcr, p->sctlr);
    for (unsigned i = 0; i < 31; i++) {
        print(" x%u %x", U(i), p->x[i]);
    }
    for (unsigned i = 0; p->code[i] != END_INSN; i++) {
        print("\n %x", U(p->code[i]));
    }
    print("\n");
}

static void one_block(struct pe *p)
{
    bool trace = flags & FUZZ_TRACE && p->idx == 0;
    enum outcome out;
    unsigned el;

    if (once_in(p, 64)) {
        tables_setup();
    }
    if (once_in(p, 16)) {
        interface_setup(p);
    }
    el = context_setup(p);
    code_setup(p);
    if (show == p->block + 1 && p->idx == 0) {
        say_block(p, el);
    }
    p->exits = 0;
    p->irqs = 0;
    do {
        out = handle(p, block_run(p));
        if (p->a32 && out == GO_ON) {
            p->pstate &= ~PSTATE_NOT_A32;
            out = !in_code(p) ? GIVEN_UP : p->pc >= p->a32_end ? DONE : GO_ON;
        }
        /* What was to wake it up may have come, and gone, before the WFI. */
        if (out == GO_ON && in_code(p) && *(uint32_t *)p->pc == WFI_INSN) {
            p->pc += 4;
        }
    } while (out == GO_ON);
    if (p->a32) {
        wr(vbar_el1, (uint64_t)vectors_forward);
        isb();
    }
    for (unsigned i = 0; i < X_VALUES; i++) {
        mix(p, p->x[i]);
    }
    if (trace) {
        print("%u %x %u %u\n", U(p->block), p->hash, U(p->exits), U(p->irqs));
    }
    p->block++;
}

/* --- all of it --- */

/*
 * A stream has neither the order of interrupts with equal priority nor, between
 * one with a target and a 1-of-N one, whose turn it is: nothing is pending, and
 * the last one that was acknowledged had a target.
 */
static void forget_order(void)
{
    uint64_t cr0 = rd(ICC_CR0_EL1), pcr = rd(ICC_PCR_EL1);
    uint64_t apr = rd(ICC_APR_EL1);
    uint64_t ppis[] = { rd(ICC_PPI_ENABLER0_EL1), rd(ICC_PPI_ENABLER1_EL1) };
    uint64_t ia;

    tables_setup();
    for (unsigned i = 0; i < 1024; i++) {
        gic_cddis(SPI(i));
    }
    wr(ICC_PPI_ENABLER0_EL1, 0);
    wr(ICC_PPI_ENABLER1_EL1, 0);
    wr(ICC_APR_EL1, 0);
    wr(ICC_PCR_EL1, 0x1f);
    wr(ICC_CR0_EL1, 1);
    GIC_SYS(1, 3, LPI(0));
    GIC_SYS(1, 1, LPI(0));
    GIC_SYS(1, 4, LPI(0) | BIT(32));
    gic_sync();
    ia = gic_cdia();
    if (ia != VLPI(0)) {
        print("fuzz: the driver has acknowledged %x\n", ia);
        power_off();
    }
    gsb_ack();
    gic_cdeoi();
    gic_cddi(ia);
    gic_cddis(ia);
    gic_sync();
    wr(ICC_CR0_EL1, cr0);
    wr(ICC_PCR_EL1, pcr);
    wr(ICC_APR_EL1, apr);
    wr(ICC_PPI_ENABLER0_EL1, ppis[0]);
    wr(ICC_PPI_ENABLER1_EL1, ppis[1]);
    isb();
}

static void pause(struct pe *p)
{
    timers_off(p);
    if (flags & FUZZ_ORDERLY) {
        forget_order();
    }
    print("fuzz: half\n");
    while (mmio_r32(UART_FR) & UART_FR_RXFE) {
        asm volatile("yield");
    }
    mmio_r32(UART_DR);
}

static void some_blocks(struct pe *p, unsigned count)
{
    while (count--) {
        one_block(p);
    }
    calm_down(p);
    /* The VPE that another CPU may want */
    if (p->level == 2) {
        wr(ICH_CONTEXTR_EL2, 0);
    }
}

/* What is left: registers that software can read, without those of time */
static void dump(struct pe *p)
{
    uint64_t *at = (uint64_t *)table(15);
    unsigned n = 0;

    at[n++] = rd(ICC_CR0_EL1);
    at[n++] = rd(ICC_PCR_EL1);
    at[n++] = rd(ICC_APR_EL1);
    at[n++] = rd(ICC_HPPIR_EL1);
    at[n++] = rd(ICC_ICSR_EL1);
    at[n++] = rd(ICC_PPI_ENABLER0_EL1);
    at[n++] = rd(ICC_PPI_ENABLER1_EL1);
    at[n++] = rd(ICC_PPI_SPENDR0_EL1);
    at[n++] = rd(ICC_PPI_SPENDR1_EL1);
    at[n++] = rd(ICC_PPI_SACTIVER0_EL1);
    at[n++] = rd(ICC_PPI_SACTIVER1_EL1);
    at[n++] = rd(ICC_PPI_PRIORITYR0_EL1);
    at[n++] = rd(ICC_PPI_PRIORITYR2_EL1);
    at[n++] = rd(ICC_PPI_PRIORITYR3_EL1);
    if (p->level == 2) {
        at[n++] = rd(S3_4_C12_C8_4);
        at[n++] = rd(S3_4_C12_C8_5);
        at[n++] = rd(S3_4_C12_C10_0);
        at[n++] = rd(S3_4_C12_C10_2);
        at[n++] = rd(S3_4_C12_C10_4);
        at[n++] = rd(S3_4_C12_C10_6);
        at[n++] = rd(ICH_VCTLR_EL2);
        at[n++] = rd(ICH_VMCR_EL2);
    }
    for (unsigned i = 0; i < n; i++) {
        print("fuzz: register %u %x\n", U(i), at[i]);
    }
    for (unsigned offset = 0; offset < 0x400; offset += 4) {
        uint32_t irs = mmio_r32(IRS_BASE + offset);
        uint32_t its = mmio_r32(ITS_BASE + offset);

        if (irs || its) {
            print("fuzz: frames %x %x %x\n", U(offset), U(irs), U(its));
        }
    }
    for (unsigned i = 0; i < 24; i++) {
        print("fuzz: LPI %u %x, SPI %x\n", U(i), gic_rcfg(LPI(i)),
              gic_rcfg(SPI(i)));
    }
}

static void wait_for_others(void)
{
    for (unsigned i = 1; i < num_pes; i++) {
        while (!pes[i].done || psci(PSCI_AFFINITY_INFO, i, 0, 0) != 1) {
            asm volatile("yield");
        }
    }
}

static void phase(unsigned n)
{
    for (unsigned i = 0; i < num_pes; i++) {
        struct pe *p = &pes[i];

        p->rng = (((uint64_t)seed << 16) + n * MAX_PES + i + 1) *
                 0x9e3779b97f4a7c15ull;
        rnd64(p);
        p->done = 0;
        dsb();
        if (i && psci(PSCI_CPU_ON, i, (uint64_t)secondary_start,
                      (uint64_t)p)) {
            print("fuzz: CPU %u does not start\n", U(i));
            power_off();
        }
    }
    some_blocks(&pes[0], num_blocks / PHASES);
    wait_for_others();
}

static void __attribute__((noreturn)) first_main(struct pe *p)
{
    uint64_t exits = 0, irqs = 0, skips = 0;

    while (num_pes < MAX_PES &&
           psci(PSCI_AFFINITY_INFO, num_pes, 0, 0) >= 0) {
        num_pes++;
    }
    print("fuzz: seed %u, %u blocks, flags %x, EL%u, %u CPUs\n", U(seed),
          U(num_blocks), U(flags), p->level, U(num_pes));
    tables_setup();
    for (unsigned n = 0; n < PHASES; n++) {
        if (n == PHASES / 2 && flags & FUZZ_PAUSE) {
            pause(p);
        }
        phase(n);
    }
    for (unsigned i = 0; i < num_pes; i++) {
        exits += pes[i].total_exits;
        irqs += pes[i].total_irqs;
        skips += pes[i].total_skips;
    }
    print("fuzz: %u exits, %u interrupts, %u skipped\n", exits, irqs, skips);
    dump(p);
    print("fuzz: hash %x\n", p->hash);
    print("fuzz: done\n");
    power_off();
}

void pes_init(void)
{
    uint64_t config = *(shared uint64_t *)FUZZ_CONFIG;

    seed = config;
    num_blocks = config >> 32 & 0xffffff;
    flags = config >> 56;
    show = *(shared uint64_t *)FUZZ_SHOW;
    num_pes = 1;
    for (unsigned i = 0; i < MAX_PES; i++) {
        pes[i].idx = i;
        pes[i].stack = stacks[i] + sizeof(stacks[i]);
        pes[i].code = code[i];
    }
}

void pe_main(struct pe *p)
{
    p->base_sctlr_el1 = p->level == 2 ? 0x30500800 : p->base_sctlr;
    if (p->idx == 0) {
        first_main(p);
    }
    some_blocks(p, num_blocks / PHASES);
    p->done = 1;
    psci(PSCI_CPU_OFF, 0, 0, 0);
    print("fuzz: CPU_OFF has returned\n");
    power_off();
}
