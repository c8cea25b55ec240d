/*
 * GICv5 guest tests: runtime and test library
 *
 * The MMU is off. Tests run on CPU 0 with interrupts masked; they open
 * windows in which interrupts can be taken. The other CPUs, once started,
 * wait for jobs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef LIB_H
#define LIB_H

#include <stdarg.h>
#include <stddef.h>
#include "gicv5.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1ull << (n))

/* For what interrupt handlers or other CPUs change */
#define shared volatile

#define MAX_CPUS 8
#define LOG_SIZE 64
#define NUM_PRIO_REGS 16

/* What start.S saves of an interrupted context */
struct frame {
    uint64_t x[31];
    uint64_t elr;
    uint64_t spsr;
    uint64_t pad;
};

/* All of a CPU interface's state that software can see */
struct iface_state {
    uint64_t cr0, pcr, apr, hppir, icsr;
    uint64_t enabler[2], pendr[2], activer[2];
    uint64_t priorityr[NUM_PRIO_REGS];
};

typedef void (*irq_fn)(void);
typedef void (*job_fn)(void *arg);

struct cpu {
    /* start.S knows these two */
    void *stack;
    void *el0_stack;

    unsigned idx;
    uint64_t mpidr;
    uint16_t iaffid;

    /* What an IRQ calls; NULL: irq_default() */
    irq_fn irq;
    /* irq_default(): what was acknowledged, in this order */
    shared unsigned count;
    shared unsigned spurious;
    shared uint32_t log[LOG_SIZE];

    /* Exceptions that a probe expects */
    shared bool probing;
    shared unsigned faults;
    shared uint64_t esr;

    /* The state in which the CPU was found when it was started */
    struct iface_state boot;

    shared unsigned starts;
    shared bool online;
    job_fn job;
    void *job_arg;
};

extern struct cpu cpus[MAX_CPUS];

static inline struct cpu *this_cpu(void)
{
    return (struct cpu *)rd(tpidr_el1);
}

/* start.S */
extern char secondary_start[], el0_return[];
void el0_call(void *code);
void el0_call_open(void *code);
void window_sp0(void);
void window_sp0_reg(void);
void window_eret(uint64_t spsr);
long psci_hvc(long fn, long a, long b, long c);
long psci_smc(long fn, long a, long b, long c);

/* 2 if the CPU has EL2, wherever the program runs; else 1 */
extern shared uint32_t entry_el;

/*
 * el2.c, in programs of EL2: called on each CPU that starts, and by
 * iface_setup(), which then returns EL2 to a known state as well
 */
void __attribute__((weak)) el2_boot(struct cpu *c);
void __attribute__((weak)) el2_setup(void);

/* What start.S calls */
void cpu_main(struct cpu *c);
void exception(uint64_t kind, struct frame *f);

struct test {
    const char *name;
    void (*fn)(void);
    bool raw;       /* do not call iface_setup() before it */
};

/* Each guest has one, with an empty entry at its end. */
extern const struct test tests[];

/* lib.c */
void *memset(void *p, int c, size_t n);
void *memcpy(void *dst, const void *src, size_t n);
void putchar_(char c);
void __attribute__((format(printf, 1, 2))) print(const char *fmt, ...);
void __attribute__((noreturn)) power_off(void);
void __attribute__((noreturn)) bail_out(const char *why);

/*
 * Checks. A failed one fails the test, which continues, so that its state is
 * cleaned up; only the first of many failures are shown.
 */
bool check_(bool ok, const char *file, int line, const char *what);
bool check_eq_(uint64_t got, uint64_t want, const char *file, int line,
               const char *what);
void test_skip(const char *why);

#define CHECK(cond) check_(cond, __FILE__, __LINE__, #cond)
#define CHECK_EQ(got, want) \
    check_eq_(got, want, __FILE__, __LINE__, #got)

/* Time */
uint64_t now(void);
uint64_t ms_ticks(unsigned ms);
void delay_us(unsigned us);

/* Nothing but a hang takes as long, on a machine with much else to do */
#define WAIT_MS 60000

/*
 * Wait a moment, or for an interrupt, if the CPU can do so (FEAT_WFxT). It
 * leaves the host's CPUs, which may be few, to those that have work.
 */
void relax(void);

/* Wait for @cond, at most @ms milliseconds; was it true in the end? */
#define wait_for_ms(cond, ms) ({                                        \
    uint64_t wf_end = now() + ms_ticks(ms);                             \
    bool wf_ok;                                                         \
    while (!(wf_ok = (cond)) && now() < wf_end) {                       \
        relax();                                                        \
    }                                                                   \
    wf_ok;                                                              \
})
#define wait_for(cond) wait_for_ms(cond, WAIT_MS)

static inline void irq_open(void)
{
    asm volatile("msr daifclr, #2\nisb" : : : "memory");
}

static inline void irq_close(void)
{
    asm volatile("msr daifset, #2" : : : "memory");
}

/* Take whatever interrupts this CPU knows of. */
static inline void irq_take(void)
{
    irq_open();
    asm volatile("nop\nnop\nnop\nnop" : : : "memory");
    irq_close();
}

/* Take whatever interrupts there are now. */
static inline void irq_window(void)
{
    gic_sync();
    irq_take();
}

/* Is an IRQ asserted at this CPU? */
static inline bool irq_line(void)
{
    gic_sync();
    return rd(isr_el1) & ISR_I;
}

/*
 * With interrupts masked: wait for @cond in WFI, taking interrupts. Some
 * interrupt has to come when it gets true.
 */
#define sleep_until(cond) do {                                          \
    while (!(cond)) {                                                   \
        asm volatile("wfi" : : : "memory");                             \
        irq_take();                                                     \
    }                                                                   \
} while (0)

/* Acknowledge, log, drop, deactivate. */
void irq_default(void);
/* irq_default()'s records so far are forgotten. */
void log_clear(void);

/* CPU interface */
bool has_gicv5(void);
void iface_save(struct iface_state *st);
void iface_setup(void);
void write_priorityr(unsigned n, uint64_t v);
uint64_t read_priorityr(unsigned n);
void ppi_priority(unsigned ppi, unsigned prio);
void ppi_enable(unsigned ppi, bool on);
void ppi_pend(unsigned ppi, bool on);
bool ppi_pending(unsigned ppi);
bool ppi_active(unsigned ppi);
/* CDIA, CDEOI, CDDI with interrupts masked; what CDIA said */
uint64_t ack_once(void);

static inline void cntv(bool on)
{
    wr(cntv_cval_el0, 0);
    wr(cntv_ctl_el0, on ? 1 : 0);
    isb();
}

static inline void cntp(bool on)
{
    wr(cntp_cval_el0, 0);
    wr(cntp_ctl_el0, on ? 1 : 0);
    isb();
}

/* Instructions that may be UNDEFINED */
enum insn_result {
    INSN_OK,
    INSN_UNDEF,
    INSN_OTHER,     /* another exception, see this_cpu()->esr */
};

enum insn_result probe_insn(uint32_t insn);
/* @insn may use x0: its operand, or its result */
enum insn_result probe_insn_x0(uint32_t insn, uint64_t *x0);
enum insn_result probe_insn_el0(uint32_t insn);

/* The word of MRS (or SYSL, with op0=1) and MSR (SYS), with Rt = XZR */
static inline uint32_t insn_sys(bool read, unsigned op0, unsigned op1,
                                unsigned crn, unsigned crm, unsigned op2)
{
    return 0xd5000000u | (uint32_t)read << 21 | op0 << 19 | op1 << 16 |
           crn << 12 | crm << 8 | op2 << 5 | 31;
}

/* IRS */
#define IST_BITS 16
#define IST_SIZE (1u << IST_BITS)

extern uint32_t ist_mem[IST_SIZE];

bool irs_ist_idle(void);
void irs_enable(bool on);
void irs_ist_off(void);
void irs_ist_on(uint32_t cfgr, uint64_t base);
/* A linear IST of IST_BITS, all zero */
void ist_setup(void);
/* An enabled edge LPI or SPI that is not pending */
void lpi_setup(uint32_t intid, unsigned prio, uint16_t iaffid);
bool spi_select(unsigned id);
bool spi_trigger(unsigned id, bool level);

/* CPUs */
unsigned cpu_count(void);
long psci(uint32_t fn, uint64_t a, uint64_t b, uint64_t c);
bool cpu_start(unsigned idx);
/* Power a started CPU, which is idle, off. */
bool cpu_stop(unsigned idx);
/* Start all that exist; how many run then */
unsigned cpu_start_all(void);
/* Give CPU @idx a job. It must be idle. */
void cpu_submit(unsigned idx, job_fn fn, void *arg);
bool cpu_idle(unsigned idx);
bool cpu_wait_idle(unsigned idx);
/* Submit and wait */
bool cpu_call(unsigned idx, job_fn fn, void *arg);

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u

/* Numbers that look random; the same in each run */
uint32_t rnd(uint32_t *state);

#endif
