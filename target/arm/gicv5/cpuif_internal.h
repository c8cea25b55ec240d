/*
 * Arm GICv5 CPU interface: what its files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TARGET_ARM_GICV5_CPUIF_INTERNAL_H
#define TARGET_ARM_GICV5_CPUIF_INTERNAL_H

#include "cpu.h"
#include "hw/intc/arm_gicv5_stream.h"

/* ICC_CR0_EL1. PID and IPPT are RAZ/WI without EL3. */
FIELD(ICC_CR0, EN, 0, 1)
FIELD(ICC_CR0, LINK, 1, 1)
FIELD(ICC_CR0, LINK_IDLE, 2, 1)

/*
 * LINK and LINK_IDLE are constant, since the IRS is always there. That is also
 * what the register is after reset.
 */
#define GICV5_CR0_RESET (R_ICC_CR0_LINK_MASK | R_ICC_CR0_LINK_IDLE_MASK)

FIELD(ICC_PCR, PRIORITY, 0, 5)

/* The bits that software can change */
#define GICV5_CR0_MASK R_ICC_CR0_EN_MASK
#define GICV5_PCR_MASK R_ICC_PCR_PRIORITY_MASK
/* One bit per priority: all 32 exist */
#define GICV5_APR_MASK ((uint64_t)UINT32_MAX)

/* Without FEAT_GCIE_LEGACY there is no V3. */
FIELD(ICH_VCTLR, EN, 0, 1)

/* The layout that ICH_VMCR_EL2 has with ICH_VCTLR_EL2.V3=0 */
FIELD(ICH_VMCR, EN, 0, 1)
FIELD(ICH_VMCR, VPMR, 27, 5)

#define GICV5_VCTLR_MASK R_ICH_VCTLR_EN_MASK
#define GICV5_CONTEXTR_MASK (R_ICH_CONTEXTR_VM_MASK | \
                             R_ICH_CONTEXTR_VPE_MASK | \
                             R_ICH_CONTEXTR_DBPM_MASK | \
                             R_ICH_CONTEXTR_DB_MASK | \
                             R_ICH_CONTEXTR_IRICHPPIDIS_MASK | \
                             R_ICH_CONTEXTR_F_MASK | R_ICH_CONTEXTR_V_MASK)

/*
 * Fine-grained traps: unlike those of other FGT registers, a bit that is 0
 * traps. Bit 3 of ICH_HFGRTR_EL2 was once ICC_HAPR_EL1's and is RES1 now: it
 * is stored, and nothing depends on it.
 */
#define GICV5_HFGRTR_MASK 0x1f00ffULL
#define GICV5_HFGWTR_MASK 0x1e0065ULL
#define GICV5_HFGITR_MASK 0x7ffULL

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

/* The IRS of a CPU, or NULL */
static inline GICv5Port *gicv5_port(ARMCPU *cpu)
{
    return cpu->gicv5_wiring.port;
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

/* The width of an ID of an LPI or SPI, as ICC_IDR0_EL1.ID_BITS says */
static inline unsigned gicv5_id_bits(const GICv5CPUIf *c)
{
    return FIELD_EX64(c->idr0, ICC_IDR0, ID_BITS) ? GICV5_MAX_ID_BITS : 16;
}

/* --- context.c: contexts, and the one that an access reaches --- */

/**
 * GICv5View: how an access names the context that it reaches
 *
 * @GICV5_VIEW_LOGICAL: that of the Logical Interrupt Domain, or for EL1 with
 *     HCR_EL2.IMO=1 the virtual one: ICC_*_EL1
 * @GICV5_VIEW_CURRENT: that of the Current Interrupt Domain: CD* instructions
 * @GICV5_VIEW_VIRTUAL: the virtual one: ICH_*_EL2, VD* instructions
 */
typedef enum GICv5View {
    GICV5_VIEW_LOGICAL,
    GICV5_VIEW_CURRENT,
    GICV5_VIEW_VIRTUAL,
} GICv5View;

/**
 * gicv5_access_context: the context that an access of this PE reaches now
 */
GICv5ContextID gicv5_access_context(CPUARMState *env, GICv5View view);

/**
 * gicv5_logical_domain: the Logical Interrupt Domain of this PE now
 */
GICv5Domain gicv5_logical_domain(CPUARMState *env);

/**
 * gicv5_current_physical: the context of the Current Physical Interrupt Domain
 */
GICv5ContextID gicv5_current_physical(CPUARMState *env);

/* The context of a physical domain */
static inline GICv5ContextID gicv5_domain_context(GICv5Domain domain)
{
    return (GICv5ContextID)domain;
}

/**
 * gicv5_request: @cmd, about the interrupts that @ctx has
 *
 * Those of the virtual context are the resident VPE's VM's.
 */
GICv5Request gicv5_request(CPUARMState *env, GICv5ContextID ctx,
                           GICv5Command cmd);

/* The running priority of a context; GICV5_PRIO_IDLE if none is active */
static inline unsigned gicv5_running_prio(const GICv5Context *context)
{
    return context->apr ? ctz32(context->apr) : GICV5_PRIO_IDLE;
}

/**
 * gicv5_context_reset: what software sees of @context is as after reset
 *
 * The candidate is the IRS's state, not the PE's: it stays.
 */
void gicv5_context_reset(GICv5Context *context);

/**
 * gicv5_cpuif_write_cr0, gicv5_cpuif_write_pcr, gicv5_cpuif_write_apr: write
 * ICC_CR0, ICC_PCR, ICC_APR of a context
 *
 * Called by the PE's own thread, without the lock.
 */
void gicv5_cpuif_write_cr0(ARMCPU *cpu, GICv5ContextID ctx, uint64_t value);
void gicv5_cpuif_write_pcr(ARMCPU *cpu, GICv5ContextID ctx, uint64_t value);
void gicv5_cpuif_write_apr(ARMCPU *cpu, GICv5ContextID ctx, uint64_t value);

/* --- hyp.c: what EL2 does to the virtual context --- */

/**
 * gicv5_hyp_vmcr: ICH_VMCR_EL2: EN and PCR of the virtual context
 *
 * These functions are called by the PE's own thread, without the lock.
 */
uint64_t gicv5_hyp_vmcr(const GICv5CPUIf *c);
void gicv5_hyp_write_vmcr(ARMCPU *cpu, uint64_t value);

/* Write ICH_VCTLR_EL2, ICH_PPI_PENDR<n>_EL2, ICH_PPI_DVIR<n>_EL2. */
void gicv5_hyp_write_vctlr(ARMCPU *cpu, uint64_t value);
void gicv5_hyp_write_pendr(ARMCPU *cpu, unsigned n, uint64_t value);
void gicv5_hyp_write_dvir(ARMCPU *cpu, unsigned n, uint64_t value);

/**
 * gicv5_hyp_write_contextr: ICH_CONTEXTR_EL2: ask the IRS for residency
 *
 * It has answered when this returns: F says how.
 */
void gicv5_hyp_write_contextr(ARMCPU *cpu, uint64_t value);

/**
 * gicv5_hyp_leave: no VPE is resident, and no doorbell is asked for
 *
 * For a PE that is reset or switched off. BQL held.
 */
void gicv5_hyp_leave(ARMCPU *cpu);

/**
 * gicv5_hyp_reset: reset what EL2 has; the lock must be held
 */
void gicv5_hyp_reset(GICv5CPUIf *c);

/* --- lines.c: the lock and the exception lines --- */

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
 * gicv5_cpuif_lines_of: levels, as in GICv5CPUIf.lines
 *
 * @irq_line_state: what the CPU has of its inputs
 */
unsigned gicv5_cpuif_lines_of(uint32_t irq_line_state);

/**
 * gicv5_cpuif_update: recompute all that is derived from the state
 *
 * For changes made behind the interface's back (reset, loading a state).
 * Called with the BQL held and the PE not executing.
 */
void gicv5_cpuif_update(ARMCPU *cpu);

/* --- hppi.c: which interrupt is signalled --- */

/**
 * gicv5_cpuif_signalled: the HPPI of @ctx if it has sufficient priority
 *
 * GICV5_CANDIDATE_NONE otherwise. The lock must be held.
 */
GICv5Candidate gicv5_cpuif_signalled(const GICv5CPUIf *c, GICv5ContextID ctx);

/**
 * gicv5_cpuif_limit: interrupts with a priority below this are sufficient
 *
 * 0 if ICC_CR0.EN is 0, and for the virtual context also if ICH_VCTLR_EL2.EN
 * is. The lock must be held.
 *
 * D_MSQKF: the mask is inclusive, the running priority is not.
 */
static inline unsigned gicv5_cpuif_limit(const GICv5CPUIf *c,
                                         GICv5ContextID ctx)
{
    const GICv5Context *context = &c->context[ctx];

    if (!(context->cr0 & R_ICC_CR0_EN_MASK)) {
        return 0;
    }
    if (ctx == GICV5_CONTEXT_VIRTUAL &&
        !(c->hyp.vctlr & R_ICH_VCTLR_EN_MASK)) {
        return 0;
    }
    return MIN(context->pcr + 1, gicv5_running_prio(context));
}

/**
 * gicv5_cpuif_hppir: ICC_HPPIR of @ctx
 */
uint64_t gicv5_cpuif_hppir(ARMCPU *cpu, GICv5ContextID ctx);

/* --- ack.c: the life of an interrupt, from acknowledge to deactivation --- */

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
uint64_t gicv5_cpuif_acknowledge(ARMCPU *cpu, GICv5ContextID ctx,
                                 GICv5Ack ack);

/**
 * gicv5_cpuif_drop: GIC CDEOI
 */
void gicv5_cpuif_drop(ARMCPU *cpu, GICv5ContextID ctx);

/**
 * gicv5_cpuif_deactivate_ppi: GIC CDDI for PPI number @ppi
 */
void gicv5_cpuif_deactivate_ppi(ARMCPU *cpu, GICv5ContextID ctx, unsigned ppi);

/* --- ppi.c: banks of PPIs --- */

/**
 * GICv5PPIField: the registers of a bank
 *
 * All have a bit for each PPI, 64 in a register, except for @GICV5_PPI_PRIO,
 * where each PPI has a byte, eight in a register.
 */
typedef enum GICv5PPIField {
    GICV5_PPI_ENABLE,
    GICV5_PPI_PEND,
    GICV5_PPI_ACTIVE,
    GICV5_PPI_PRIO,
} GICv5PPIField;

/**
 * GICv5PPIAccess: what a write does with the bits that are 1
 *
 * @GICV5_PPI_REPLACE: the register is what is written
 */
typedef enum GICv5PPIAccess {
    GICV5_PPI_REPLACE,
    GICV5_PPI_SET,
    GICV5_PPI_CLEAR,
} GICv5PPIAccess;

/**
 * gicv5_ppi_mask: the bits that PPIs have in register @n of a field
 *
 * @ppis: a bit for each of the PPIs, GICV5_PPI_WORDS words
 */
uint64_t gicv5_ppi_mask(GICv5PPIField field, unsigned n, const uint64_t *ppis);

/**
 * gicv5_ppi_word_offset: where register @n of a field is in GICv5CPUIf
 */
size_t gicv5_ppi_word_offset(GICv5ContextID ctx, GICv5PPIField field,
                             unsigned n);

/**
 * gicv5_ppi_read: register @n of a field, as @ctx sees it
 *
 * PPIs that the context does not own, and those that are not implemented, are
 * RAZ/WI.
 */
uint64_t gicv5_ppi_read(GICv5CPUIf *c, GICv5ContextID ctx, GICv5PPIField field,
                        unsigned n);

/**
 * gicv5_ppi_write: write it
 *
 * Without the lock. The pending state of a level PPI is its line: only that of
 * edge PPIs changes. That of a virtual PPI with DVI=1 is the physical PPI's.
 */
void gicv5_ppi_write(ARMCPU *cpu, GICv5ContextID ctx, GICv5PPIField field,
                     unsigned n, GICv5PPIAccess access, uint64_t value);

/**
 * gicv5_ppi_best: the PPI of @ctx that is the most important one to handle
 *
 * GICV5_CANDIDATE_NONE if there is none. The lock must be held.
 */
GICv5Candidate gicv5_ppi_best(const GICv5CPUIf *c, GICv5ContextID ctx);

/**
 * gicv5_ppi_activate: PPI number @ppi has been acknowledged in @ctx
 *
 * The lock must be held.
 */
void gicv5_ppi_activate(GICv5CPUIf *c, GICv5ContextID ctx, unsigned ppi);

/**
 * gicv5_ppi_reset: reset the PPIs with their PE
 *
 * The lock must be held.
 */
void gicv5_ppi_reset(GICv5CPUIf *c);

/**
 * gicv5_ppi_follow_lines: the pending state of level PPIs is that of the lines
 *
 * The lock must be held.
 */
void gicv5_ppi_follow_lines(GICv5CPUIf *c);

/* The handler of the "gicv5-ppi" inputs */
void gicv5_cpuif_ppi_input(void *opaque, int n, int level);

/* --- port.c: the CPU interface's half of the stream --- */

extern const GICv5PortCPUOps gicv5_cpuif_port_ops;

/**
 * gicv5_cpuif_command: send a command to the IRS
 *
 * Takes the BQL if needed. Returns what GICv5Command says; without an IRS,
 * gicv5_unreachable().
 */
uint64_t gicv5_cpuif_command(ARMCPU *cpu, const GICv5Request *req);

/**
 * gicv5_cpuif_limit_changed: ICC_PCR or ICC_APR of @ctx has changed
 *
 * Tells the IRS which 1-of-N interrupts the PE takes now, if the IRS wants to
 * know. Of the virtual context, those of the resident VPE's VM, and EN is told
 * like this, too. Called by the PE's own thread, without the lock.
 */
void gicv5_cpuif_limit_changed(ARMCPU *cpu, GICv5ContextID ctx);

/**
 * gicv5_cpuif_tell_limit: the same for ICC_CR0.EN, of which the IRS hears
 * always
 */
void gicv5_cpuif_tell_limit(ARMCPU *cpu, GICv5ContextID ctx);

/**
 * gicv5_cpuif_tell_limits: the same for all contexts: for the PE's power state,
 * a reset, and state that is loaded
 *
 * Without this the IRS would go on choosing a PE that takes nothing for 1-of-N
 * interrupts.
 */
void gicv5_cpuif_tell_limits(ARMCPU *cpu);

/**
 * gicv5_cpuif_check_loaded: has the stream had the state of the interface?
 *
 * At the end of the CPU's section. False after a message; true for a CPU that
 * has no interface.
 */
bool gicv5_cpuif_check_loaded(ARMCPU *cpu);

/* --- the rest --- */

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
