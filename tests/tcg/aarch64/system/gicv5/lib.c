/*
 * GICv5 guest tests: runtime and test library
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lib.h"

#define UART_BASE 0x09000000ul
#define UART_DR (UART_BASE + 0x00)
#define UART_FR (UART_BASE + 0x18)
#define UART_FR_TXFF (1u << 5)

#define STACK_SIZE 16384
#define EL0_STACK_SIZE 1024
#define MAX_SHOWN 8

#define EC_UNKNOWN 0x00
#define EC_SVC64 0x15

static char stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(16)));
static char el0_stacks[MAX_CPUS][EL0_STACK_SIZE] __attribute__((aligned(16)));

#define CPU_INIT(n) {                                                   \
    .stack = stacks[(n) + 1], .el0_stack = el0_stacks[(n) + 1],         \
    .idx = (n), .mpidr = (n),                                           \
}

struct cpu cpus[MAX_CPUS] = {
    CPU_INIT(0), CPU_INIT(1), CPU_INIT(2), CPU_INIT(3),
    CPU_INIT(4), CPU_INIT(5), CPU_INIT(6), CPU_INIT(7),
};

uint32_t ist_mem[IST_SIZE] __attribute__((aligned(IST_SIZE * 4)));

/* The level at which start.S found the first CPU; not in .bss, cleared later */
shared uint32_t entry_el = 1;

static unsigned test_failures;
static const char *skip_reason;
static uint32_t probe_code[MAX_CPUS][16] __attribute__((aligned(64)));

/*
 * Memory functions that a compiler may call; "shared" keeps it from making
 * them call themselves.
 */

void *memset(void *p, int c, size_t n)
{
    shared char *d = p;

    while (n--) {
        *d++ = c;
    }
    return p;
}

void *memcpy(void *dst, const void *src, size_t n)
{
    shared char *d = dst;
    const char *s = src;

    while (n--) {
        *d++ = *s++;
    }
    return dst;
}

/* Output */

void putchar_(char c)
{
    while (mmio_r32(UART_FR) & UART_FR_TXFF) {
        continue;
    }
    mmio_w32(UART_DR, c);
}

static void put_number(uint64_t v, unsigned base, unsigned min_digits)
{
    char buf[24];
    unsigned n = 0;

    do {
        buf[n++] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v || n < min_digits);
    while (n) {
        putchar_(buf[--n]);
    }
}

/* Knows %s %c %% %u %d %x, with l or without, and %08x. */
void print(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    for (; *fmt; fmt++) {
        unsigned digits = 1;
        bool is_long = false;

        if (*fmt != '%') {
            putchar_(*fmt);
            continue;
        }
        fmt++;
        if (*fmt == '0') {
            digits = fmt[1] - '0';
            fmt += 2;
        }
        if (*fmt == 'l') {
            is_long = true;
            fmt++;
        }
        switch (*fmt) {
        case 's':
        {
            const char *s = va_arg(ap, const char *);

            while (*s) {
                putchar_(*s++);
            }
            break;
        }
        case 'c':
            putchar_(va_arg(ap, int));
            break;
        case 'd':
        {
            long v = is_long ? va_arg(ap, long) : va_arg(ap, int);

            if (v < 0) {
                putchar_('-');
                v = -v;
            }
            put_number(v, 10, digits);
            break;
        }
        case 'u':
        case 'x':
            put_number(is_long ? va_arg(ap, unsigned long)
                               : va_arg(ap, unsigned),
                       *fmt == 'x' ? 16 : 10, digits);
            break;
        default:
            putchar_(*fmt);
            break;
        }
    }
    va_end(ap);
}

long psci(uint32_t fn, uint64_t a, uint64_t b, uint64_t c)
{
    return (int)(entry_el == 2 ? psci_smc : psci_hvc)(fn, a, b, c);
}

void power_off(void)
{
    psci(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;) {
        asm volatile("wfi");
    }
}

void bail_out(const char *why)
{
    print("Bail out! %s\n", why);
    power_off();
}

/* Checks */

bool check_(bool ok, const char *file, int line, const char *what)
{
    if (!ok && test_failures++ < MAX_SHOWN) {
        print("# %s:%d: failed: %s\n", file, line, what);
    }
    return ok;
}

bool check_eq_(uint64_t got, uint64_t want, const char *file, int line,
               const char *what)
{
    if (got != want && test_failures++ < MAX_SHOWN) {
        print("# %s:%d: %s is 0x%lx, not 0x%lx\n", file, line, what, got,
              want);
    }
    return got == want;
}

void test_skip(const char *why)
{
    skip_reason = why;
}

static void run_tests(void)
{
    unsigned n = 0;

    while (tests[n].name) {
        n++;
    }
    print("1..%u\n", n);
    for (unsigned i = 0; i < n; i++) {
        test_failures = 0;
        skip_reason = NULL;
        if (!tests[i].raw) {
            iface_setup();
        }
        tests[i].fn();
        irq_close();
        print("%sok %u - %s", test_failures ? "not " : "", i + 1,
              tests[i].name);
        if (skip_reason) {
            print(" # SKIP %s", skip_reason);
        }
        print("\n");
    }
}

/* Time */

uint64_t now(void)
{
    isb();
    return rd(cntvct_el0);
}

uint64_t ms_ticks(unsigned ms)
{
    return rd(cntfrq_el0) * ms / 1000;
}

void delay_us(unsigned us)
{
    uint64_t end = now() + rd(cntfrq_el0) * us / 1000000;

    while (now() < end) {
        asm volatile("yield");
    }
}

void relax(void)
{
    if (rd(ID_AA64ISAR2_EL1) & 0xf) {
        register uint64_t until asm("x0") = now() + rd(cntfrq_el0) / 50000;

        /* WFIT X0 */
        asm volatile(".inst 0xd5031020" : : "r"(until) : "memory");
    } else {
        asm volatile("yield" : : : "memory");
    }
}

uint32_t rnd(uint32_t *state)
{
    uint32_t x = *state ? *state : 0x9e3779b9;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    return x >> 3;
}

/* Exceptions */

void irq_default(void)
{
    struct cpu *c = this_cpu();
    uint64_t ia = gic_cdia();

    if (!(ia & VALID)) {
        c->spurious++;
        return;
    }
    gsb_ack();
    isb();
    c->log[c->count % LOG_SIZE] = ia;
    c->count++;
    gic_cdeoi();
    gic_cddi(ia);
    if (c->count == 100000) {
        /* A storm */
        wr(ICC_CR0_EL1, 0);
        isb();
    }
}

void log_clear(void)
{
    struct cpu *c = this_cpu();

    c->count = 0;
    c->spurious = 0;
}

/* @kind: number of the vector */
void exception(uint64_t kind, struct frame *f)
{
    struct cpu *c = this_cpu();
    uint64_t esr = rd(esr_el1);
    unsigned ec = (esr >> 26) & 0x3f;

    switch (kind) {
    case 1:
    case 5:
    case 9:
        if (c->irq) {
            c->irq();
        } else {
            irq_default();
        }
        return;
    case 0:
    case 4:
    case 8:
        if (kind == 8 && ec == EC_SVC64) {
            f->elr = (uint64_t)el0_return;
            f->spsr = 0x3c5;
            return;
        }
        if (c->probing) {
            c->faults++;
            c->esr = esr;
            f->elr += 4;
            return;
        }
        break;
    }
    print("# CPU %u: exception at vector %lu, ESR 0x%lx ELR 0x%lx FAR 0x%lx\n",
          c->idx, kind, esr, f->elr, rd(far_el1));
    bail_out("unexpected exception");
}

static enum insn_result probe_at(uint32_t insn, bool el0, uint64_t *x0)
{
    struct cpu *c = this_cpu();
    uint32_t *code = probe_code[c->idx];

    code[0] = insn;
    code[1] = el0 ? 0xd4000001 : 0xd65f03c0;    /* SVC #0 or RET */
    asm volatile("dc cvau, %0\ndsb ish\nic ivau, %0\ndsb ish\nisb"
                 : : "r"(code) : "memory");
    c->faults = 0;
    c->esr = 0;
    c->probing = true;
    if (el0) {
        el0_call(code);
    } else {
        *x0 = ((uint64_t (*)(uint64_t))code)(*x0);
    }
    c->probing = false;
    if (!c->faults) {
        return INSN_OK;
    }
    return c->esr >> 26 == EC_UNKNOWN ? INSN_UNDEF : INSN_OTHER;
}

enum insn_result probe_insn(uint32_t insn)
{
    uint64_t x0 = 0;

    return probe_at(insn, false, &x0);
}

enum insn_result probe_insn_x0(uint32_t insn, uint64_t *x0)
{
    return probe_at(insn, false, x0);
}

enum insn_result probe_insn_el0(uint32_t insn)
{
    return probe_at(insn, true, NULL);
}

/* CPU interface */

bool has_gicv5(void)
{
    return (rd(ID_AA64PFR2_EL1) >> 12 & 0xf) == 1;
}

void write_priorityr(unsigned n, uint64_t v)
{
    switch (n) {
    case 0:
        wr(ICC_PPI_PRIORITYR0_EL1, v);
        break;
    case 1:
        wr(ICC_PPI_PRIORITYR1_EL1, v);
        break;
    case 2:
        wr(ICC_PPI_PRIORITYR2_EL1, v);
        break;
    case 3:
        wr(ICC_PPI_PRIORITYR3_EL1, v);
        break;
    case 4:
        wr(ICC_PPI_PRIORITYR4_EL1, v);
        break;
    case 5:
        wr(ICC_PPI_PRIORITYR5_EL1, v);
        break;
    case 6:
        wr(ICC_PPI_PRIORITYR6_EL1, v);
        break;
    case 7:
        wr(ICC_PPI_PRIORITYR7_EL1, v);
        break;
    case 8:
        wr(ICC_PPI_PRIORITYR8_EL1, v);
        break;
    case 9:
        wr(ICC_PPI_PRIORITYR9_EL1, v);
        break;
    case 10:
        wr(ICC_PPI_PRIORITYR10_EL1, v);
        break;
    case 11:
        wr(ICC_PPI_PRIORITYR11_EL1, v);
        break;
    case 12:
        wr(ICC_PPI_PRIORITYR12_EL1, v);
        break;
    case 13:
        wr(ICC_PPI_PRIORITYR13_EL1, v);
        break;
    case 14:
        wr(ICC_PPI_PRIORITYR14_EL1, v);
        break;
    case 15:
        wr(ICC_PPI_PRIORITYR15_EL1, v);
        break;
    }
}

uint64_t read_priorityr(unsigned n)
{
    switch (n) {
    case 0:
        return rd(ICC_PPI_PRIORITYR0_EL1);
    case 1:
        return rd(ICC_PPI_PRIORITYR1_EL1);
    case 2:
        return rd(ICC_PPI_PRIORITYR2_EL1);
    case 3:
        return rd(ICC_PPI_PRIORITYR3_EL1);
    case 4:
        return rd(ICC_PPI_PRIORITYR4_EL1);
    case 5:
        return rd(ICC_PPI_PRIORITYR5_EL1);
    case 6:
        return rd(ICC_PPI_PRIORITYR6_EL1);
    case 7:
        return rd(ICC_PPI_PRIORITYR7_EL1);
    case 8:
        return rd(ICC_PPI_PRIORITYR8_EL1);
    case 9:
        return rd(ICC_PPI_PRIORITYR9_EL1);
    case 10:
        return rd(ICC_PPI_PRIORITYR10_EL1);
    case 11:
        return rd(ICC_PPI_PRIORITYR11_EL1);
    case 12:
        return rd(ICC_PPI_PRIORITYR12_EL1);
    case 13:
        return rd(ICC_PPI_PRIORITYR13_EL1);
    case 14:
        return rd(ICC_PPI_PRIORITYR14_EL1);
    case 15:
        return rd(ICC_PPI_PRIORITYR15_EL1);
    }
    return 0;
}

void iface_save(struct iface_state *st)
{
    st->cr0 = rd(ICC_CR0_EL1);
    st->pcr = rd(ICC_PCR_EL1);
    st->apr = rd(ICC_APR_EL1);
    st->hppir = rd(ICC_HPPIR_EL1);
    st->icsr = rd(ICC_ICSR_EL1);
    st->enabler[0] = rd(ICC_PPI_ENABLER0_EL1);
    st->enabler[1] = rd(ICC_PPI_ENABLER1_EL1);
    st->pendr[0] = rd(ICC_PPI_SPENDR0_EL1);
    st->pendr[1] = rd(ICC_PPI_SPENDR1_EL1);
    st->activer[0] = rd(ICC_PPI_SACTIVER0_EL1);
    st->activer[1] = rd(ICC_PPI_SACTIVER1_EL1);
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        st->priorityr[i] = read_priorityr(i);
    }
}

void iface_setup(void)
{
    struct cpu *c = this_cpu();

    irq_close();
    if (el2_setup) {
        el2_setup();
    }
    wr(ICC_CR0_EL1, 0);
    wr(sctlr_el1, rd(sctlr_el1) & ~(SCTLR_NMI | SCTLR_SPINTMASK));
    wr(ALLINT, 0);
    cntv(false);
    cntp(false);
    wr(ICC_PPI_ENABLER0_EL1, 0);
    wr(ICC_PPI_ENABLER1_EL1, 0);
    wr(ICC_PPI_CPENDR0_EL1, ~0ull);
    wr(ICC_PPI_CPENDR1_EL1, ~0ull);
    wr(ICC_PPI_CACTIVER0_EL1, ~0ull);
    wr(ICC_PPI_CACTIVER1_EL1, ~0ull);
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        write_priorityr(i, 0x1f1f1f1f1f1f1f1full);
    }
    wr(ICC_APR_EL1, 0);
    wr(ICC_PCR_EL1, 0x1f);
    c->irq = NULL;
    c->count = 0;
    c->spurious = 0;
    wr(ICC_CR0_EL1, CR0_EN);
    gic_sync();
}

void ppi_priority(unsigned ppi, unsigned prio)
{
    unsigned shift = 8 * (ppi % 8);
    uint64_t v = read_priorityr(ppi / 8);

    v = (v & ~(0xffull << shift)) | (uint64_t)prio << shift;
    write_priorityr(ppi / 8, v);
    isb();
}

void ppi_enable(unsigned ppi, bool on)
{
    uint64_t v;

    if (ppi < 64) {
        v = rd(ICC_PPI_ENABLER0_EL1) & ~BIT(ppi);
        wr(ICC_PPI_ENABLER0_EL1, v | (uint64_t)on << ppi);
    } else {
        v = rd(ICC_PPI_ENABLER1_EL1) & ~BIT(ppi - 64);
        wr(ICC_PPI_ENABLER1_EL1, v | (uint64_t)on << (ppi - 64));
    }
    isb();
}

void ppi_pend(unsigned ppi, bool on)
{
    if (on) {
        wr(ICC_PPI_SPENDR0_EL1, BIT(ppi));
    } else {
        wr(ICC_PPI_CPENDR0_EL1, BIT(ppi));
    }
    isb();
}

bool ppi_pending(unsigned ppi)
{
    isb();
    return rd(ICC_PPI_SPENDR0_EL1) & BIT(ppi);
}

bool ppi_active(unsigned ppi)
{
    isb();
    return rd(ICC_PPI_SACTIVER0_EL1) & BIT(ppi);
}

uint64_t ack_once(void)
{
    uint64_t ia;

    gic_sync();
    ia = gic_cdia();
    if (ia & VALID) {
        gsb_ack();
        isb();
        gic_cdeoi();
        gic_cddi(ia);
        gic_sync();
    }
    return ia;
}

/* IRS */

bool irs_ist_idle(void)
{
    return wait_for(irs_r32(IRS_IST_STATUSR) & 1);
}

void irs_enable(bool on)
{
    irs_w32(IRS_CR0, on);
    CHECK(wait_for(irs_r32(IRS_CR0) & 2));
}

void irs_ist_off(void)
{
    irs_w64(IRS_IST_BASER, 0);
    CHECK(irs_ist_idle());
}

void irs_ist_on(uint32_t cfgr, uint64_t base)
{
    dsb();
    irs_w32(IRS_IST_CFGR, cfgr);
    irs_w64(IRS_IST_BASER, base | 1);
    CHECK(irs_ist_idle());
}

void ist_setup(void)
{
    irs_ist_off();
    for (unsigned i = 0; i < IST_SIZE; i++) {
        ist_mem[i] = 0;
    }
    irs_ist_on(IST_BITS, (uint64_t)ist_mem);
    irs_enable(true);
}

void lpi_setup(uint32_t intid, unsigned prio, uint16_t iaffid)
{
    gic_cdpri(intid, prio);
    gic_cdhm(intid, false);
    gic_cdpend(intid, false);
    gic_cdaff(intid, iaffid);
    gic_cden(intid);
}

bool spi_select(unsigned id)
{
    irs_w32(IRS_SPI_SELR, id);
    return wait_for(irs_r32(IRS_SPI_STATUSR) & 1) &&
           (irs_r32(IRS_SPI_STATUSR) & 2);
}

bool spi_trigger(unsigned id, bool level)
{
    if (!spi_select(id)) {
        return false;
    }
    irs_w32(IRS_SPI_CFGR, level);
    return wait_for(irs_r32(IRS_SPI_STATUSR) & 1) &&
           (irs_r32(IRS_SPI_STATUSR) & 2) && irs_r32(IRS_SPI_CFGR) == level;
}

/* CPUs */

unsigned cpu_count(void)
{
    unsigned n = 1;

    while (n < MAX_CPUS &&
           psci(PSCI_AFFINITY_INFO, cpus[n].mpidr, 0, 0) >= 0) {
        n++;
    }
    return n;
}

bool cpu_start(unsigned idx)
{
    struct cpu *c = &cpus[idx];
    unsigned starts = c->starts;

    if (psci(PSCI_CPU_ON, c->mpidr, (uint64_t)secondary_start,
             (uint64_t)c)) {
        return false;
    }
    return wait_for(c->starts == starts + 1 && c->online);
}

unsigned cpu_start_all(void)
{
    unsigned n = cpu_count();

    for (unsigned i = 1; i < n; i++) {
        if (!cpus[i].online && !cpu_start(i)) {
            return i;
        }
    }
    return n;
}

static void job_off(void *unused)
{
    struct cpu *c = this_cpu();

    c->online = false;
    __atomic_store_n(&c->job, NULL, __ATOMIC_RELEASE);
    psci(PSCI_CPU_OFF, 0, 0, 0);
    bail_out("CPU_OFF has returned");
}

bool cpu_stop(unsigned idx)
{
    cpu_submit(idx, job_off, NULL);
    return wait_for(psci(PSCI_AFFINITY_INFO, cpus[idx].mpidr, 0, 0) == 1);
}

void cpu_submit(unsigned idx, job_fn fn, void *arg)
{
    cpus[idx].job_arg = arg;
    __atomic_store_n(&cpus[idx].job, fn, __ATOMIC_RELEASE);
}

bool cpu_idle(unsigned idx)
{
    return !__atomic_load_n(&cpus[idx].job, __ATOMIC_ACQUIRE);
}

bool cpu_wait_idle(unsigned idx)
{
    return wait_for(cpu_idle(idx));
}

bool cpu_call(unsigned idx, job_fn fn, void *arg)
{
    cpu_submit(idx, fn, arg);
    return cpu_wait_idle(idx);
}

/* All CPUs come here from start.S, with everything masked. */
void cpu_main(struct cpu *c)
{
    if (has_gicv5()) {
        iface_save(&c->boot);
        c->iaffid = rd(ICC_IAFFIDR_EL1);
        if (el2_boot) {
            el2_boot(c);
        }
    }
    c->irq = NULL;
    c->job = NULL;
    c->starts++;
    __atomic_store_n(&c->online, true, __ATOMIC_RELEASE);

    if (c->idx == 0) {
        run_tests();
        power_off();
    }
    if (has_gicv5()) {
        iface_setup();
    }
    for (;;) {
        job_fn fn = __atomic_load_n(&c->job, __ATOMIC_ACQUIRE);

        if (fn) {
            fn(c->job_arg);
            __atomic_store_n(&c->job, NULL, __ATOMIC_RELEASE);
        }
        relax();
    }
}
