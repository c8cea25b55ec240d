/*
 * Arm GICv5 CPU interface: what its files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TARGET_ARM_GICV5_CPUIF_H
#define TARGET_ARM_GICV5_CPUIF_H

#include "cpu.h"
#include "hw/intc/arm_gicv5_stream.h"

/* ICC_CR0_EL1. PID and IPPT are RAZ/WI without EL3. */
FIELD(ICC_CR0, EN, 0, 1)
FIELD(ICC_CR0, LINK, 1, 1)
FIELD(ICC_CR0, LINK_IDLE, 2, 1)

FIELD(ICC_PCR, PRIORITY, 0, 5)

FIELD(ICC_IDR0, ID_BITS, 0, 4)
FIELD(ICC_IDR0, PRI_BITS, 4, 4)
FIELD(ICC_IDR0, GCIE_LEGACY, 8, 4)

/* ICC_HPPIR_EL1.HPPIV and the VALID bit of GICR CDIA share a place. */
FIELD(ICC_HPPIR, HPPIV, 32, 1)

/* ICC_HAPR_EL1 when no priority is active */
#define GICV5_HAPR_IDLE 0xff

#define GICV5_ICSR_MASK (R_GICV5_ICSR_F_MASK | R_GICV5_ICSR_ENABLED_MASK | \
                         R_GICV5_ICSR_PENDING_MASK | R_GICV5_ICSR_IRM_MASK | \
                         R_GICV5_ICSR_ACTIVE_MASK | R_GICV5_ICSR_HM_MASK | \
                         R_GICV5_ICSR_PRIORITY_MASK | \
                         R_GICV5_ICSR_IAFFID_MASK)

/*
 * The implemented PPIs: every architected one except the doorbells 0..2.
 * A doorbell tells about another domain than the current one, and there is
 * none without EL3. The others are there even if nothing can drive their
 * input on this CPU (trace buffer, EL2 timers...): it then stays low, while
 * software that finds them in a firmware table can configure them.
 */
#define GICV5_PPI_IMPLEMENTED \
    (BIT_ULL(GICV5_PPI_SW) | BIT_ULL(GICV5_PPI_HACDBS) | \
     MAKE_64BIT_MASK(GICV5_PPI_CNTHVS, \
                     GICV5_PPI_TRBIRQ - GICV5_PPI_CNTHVS + 1))

/*
 * ICC_PPI_HMR0_EL1: all are level triggered but SW_PPI. The handling mode of
 * CTIIRQ is IMPLEMENTATION DEFINED; ours is level like its neighbours.
 */
#define GICV5_PPI_EDGE BIT_ULL(GICV5_PPI_SW)
#define GICV5_PPI_LEVEL (GICV5_PPI_IMPLEMENTED & ~GICV5_PPI_EDGE)

/* Bits of PPIs 64 * @word .. 64 * @word + 63 that are level or edge */
static inline uint64_t gicv5_ppi_level_mask(unsigned word)
{
    return word == 0 ? GICV5_PPI_LEVEL : 0;
}

static inline uint64_t gicv5_ppi_edge_mask(unsigned word)
{
    return word == 0 ? GICV5_PPI_EDGE : 0;
}

static inline GICv5CPUIf *gicv5_cpuif(ARMCPU *cpu)
{
    return &cpu->env.gicv5;
}

/*
 * Store to a register that generated code loads without the lock: it must
 * see the old value or the new one. The lock must be held, or the register
 * is no input of the exception lines.
 */
static inline void gicv5_cpuif_store(uint64_t *reg, uint64_t value)
{
    qatomic_set_u64(reg, value);
}

/* The running priority of a bank; GICV5_PRIO_IDLE if no priority is active */
static inline unsigned gicv5_running_prio(const GICv5Bank *bank)
{
    return bank->apr ? ctz32(bank->apr) : GICV5_PRIO_IDLE;
}

/**
 * GICv5View: how an access names the interrupt domain that it reaches
 *
 * @GICV5_VIEW_REG: ICC_*_EL1: the Logical Interrupt Domain
 * @GICV5_VIEW_INSN: CD* instructions: the Current Interrupt Domain
 */
typedef enum GICv5View {
    GICV5_VIEW_REG,
    GICV5_VIEW_INSN,
} GICv5View;

/**
 * gicv5_access_domain: the domain that an access of this PE reaches now
 */
GICv5Domain gicv5_access_domain(CPUARMState *env, GICv5View view);

/**
 * gicv5_cpuif_lock, gicv5_cpuif_unlock: bracket a change of state
 *
 * gicv5_cpuif_unlock() brings the exception lines up to date. It takes the
 * BQL, if the caller does not hold it, only when a line must change.
 */
void gicv5_cpuif_lock(ARMCPU *cpu);
void gicv5_cpuif_unlock(ARMCPU *cpu);

/**
 * gicv5_cpuif_settle: the exception lines are what the state wants
 *
 * For every change of state that this PE can know of when it calls this,
 * whoever made it. Called by the PE's own thread.
 */
void gicv5_cpuif_settle(ARMCPU *cpu);

/**
 * gicv5_cpuif_limit_changed: ICC_PCR or ICC_APR of @domain has changed
 *
 * Tells the IRS which 1-of-N interrupts the PE takes now, if the IRS wants to
 * know. Called by the PE's own thread, without the lock.
 */
void gicv5_cpuif_limit_changed(ARMCPU *cpu, GICv5Domain domain);

/**
 * gicv5_cpuif_tell_limit: the same for ICC_CR0.EN, the PE's power state, and
 * state that is loaded, of which the IRS hears always
 */
void gicv5_cpuif_tell_limit(ARMCPU *cpu, GICv5Domain domain);

/**
 * gicv5_cpuif_update: recompute all that is derived from the state
 *
 * For changes made behind the interface's back (reset, loading a state).
 * Called with the BQL held and the PE not executing.
 */
void gicv5_cpuif_update(ARMCPU *cpu);

/**
 * gicv5_cpuif_signalled: the HPPI of @domain if it has sufficient priority
 *
 * GICV5_CANDIDATE_NONE otherwise. The lock must be held.
 */
GICv5Candidate gicv5_cpuif_signalled(const GICv5CPUIf *c, GICv5Domain domain);

/**
 * gicv5_cpuif_hppir: ICC_HPPIR of @domain
 */
uint64_t gicv5_cpuif_hppir(ARMCPU *cpu, GICv5Domain domain);

/**
 * gicv5_cpuif_set_cr0: write ICC_CR0 of @domain
 */
void gicv5_cpuif_set_cr0(ARMCPU *cpu, GICv5Domain domain, uint64_t value);

/**
 * GICv5Ack: which interrupts an acknowledge takes
 *
 * @GICV5_ACK_ANY: all
 * @GICV5_ACK_NOT_NMI: priorities 1 to 31
 * @GICV5_ACK_NMI: priority 0
 */
typedef enum GICv5Ack {
    GICV5_ACK_ANY,
    GICV5_ACK_NOT_NMI,
    GICV5_ACK_NMI,
} GICv5Ack;

/**
 * gicv5_cpuif_acknowledge: GICR CDIA and CDNMIA
 *
 * Returns the value for Xt: VALID and INTID, or 0.
 */
uint64_t gicv5_cpuif_acknowledge(ARMCPU *cpu, GICv5Domain domain, GICv5Ack ack);

/**
 * gicv5_cpuif_drop: GIC CDEOI
 */
void gicv5_cpuif_drop(ARMCPU *cpu, GICv5Domain domain);

/**
 * gicv5_cpuif_deactivate_ppi: GIC CDDI for PPI number @ppi
 */
void gicv5_cpuif_deactivate_ppi(ARMCPU *cpu, GICv5Domain domain, unsigned ppi);

/**
 * gicv5_cpuif_command: send a command to the IRS
 *
 * Takes the BQL if needed. Returns what GICv5Command says; without an IRS,
 * gicv5_unreachable().
 */
uint64_t gicv5_cpuif_command(ARMCPU *cpu, const GICv5Request *req);

/* The handler of the "gicv5-ppi" inputs */
void gicv5_cpuif_ppi_input(void *opaque, int n, int level);

/* The CPU interface's half of the stream */
extern const GICv5PortCPUOps gicv5_cpuif_port_ops;

/**
 * gicv5_cpuif_define_insns: the instructions' part of
 *     gicv5_cpuif_define_regs()
 */
void gicv5_cpuif_define_insns(ARMCPU *cpu);

struct ARMCPRegInfo;

/**
 * gicv5_cpuif_define: define registers or instructions
 *
 * Sets what all entries of a table share.
 */
void gicv5_cpuif_define(ARMCPU *cpu, const struct ARMCPRegInfo *regs,
                        size_t num);

/**
 * gicv5_cpuif_qtest_init: make qtest able to use the CPU interfaces
 */
void gicv5_cpuif_qtest_init(void);

/**
 * gicv5_cpuif_get_kvm, gicv5_cpuif_put_kvm: copy the architected state from
 * the kernel, to the kernel
 *
 * No vCPU may run; to put, none may have run. False with @errp set if the
 * kernel refuses.
 */
bool gicv5_cpuif_get_kvm(ARMCPU *cpu, Error **errp);
bool gicv5_cpuif_put_kvm(ARMCPU *cpu, Error **errp);

#endif
