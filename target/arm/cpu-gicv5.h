/*
 * Arm GICv5 CPU interface (FEAT_GCIE): state of a CPU, and what target/arm
 * calls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TARGET_ARM_CPU_GICV5_H
#define TARGET_ARM_CPU_GICV5_H

#include "hw/registerfields.h"

FIELD(ID_AA64PFR2, GCIE, 12, 4)

#ifndef CONFIG_USER_ONLY

#include "hw/intc/arm_gicv5_types.h"
#include "qemu/notify.h"
#include "qemu/thread.h"

#define GICV5_PPI_WORDS (GICV5_NUM_PPIS / 64)
#define GICV5_PPI_PRIO_WORDS (GICV5_NUM_PPIS / 8)

/* Exception lines of the PE that the CPU interface drives */
#define GICV5_LINE_IRQ BIT(0)
#define GICV5_LINE_FIQ BIT(1)
#define GICV5_LINE_NMI BIT(2)
#define GICV5_LINE_VIRQ BIT(3)
#define GICV5_LINE_VINMI BIT(4)
#define GICV5_NUM_LINES 5

/* In place of levels: a thread is changing the lines now. */
#define GICV5_LINES_MOVING BIT(GICV5_NUM_LINES)

/**
 * GICv5ContextID: the copies of what a CPU interface has once per context
 *
 * One for each physical interrupt domain, which has the same number, and one
 * for the Virtual Interrupt Domain: that of EL1 while HCR_EL2.IMO is 1.
 */
typedef enum GICv5ContextID {
    GICV5_CONTEXT_S = GICV5_DOMAIN_S,
    GICV5_CONTEXT_NS = GICV5_DOMAIN_NS,
    GICV5_CONTEXT_EL3 = GICV5_DOMAIN_EL3,
    GICV5_CONTEXT_REALM = GICV5_DOMAIN_REALM,
    GICV5_CONTEXT_VIRTUAL,
    GICV5_NUM_CONTEXTS,
} GICv5ContextID;

/**
 * GICv5Context: what priorities and the HPPI exist in
 *
 * @cr0, @pcr, @apr: ICC_CR0, ICC_PCR and ICC_APR, as software reads them. Of
 *     the virtual context EL2 sees them as ICH_VMCR_EL2 and ICH_APR_EL2.
 * @irs_hppi: the candidate that the IRS forwarded last
 * @ppi_owned: the implemented PPIs of this context, of those in its bank
 * @limit_wanted: the IRS wants to hear of each change of the limit of 1-of-N
 *     interrupts; changes under the BQL and the lock
 * @limit_told: the limit that the IRS knows
 */
typedef struct GICv5Context {
    uint64_t cr0;
    uint64_t pcr;
    uint64_t apr;
    GICv5Candidate irs_hppi;
    uint64_t ppi_owned[GICV5_PPI_WORDS];
    bool limit_wanted;
    uint8_t limit_told;
} GICv5Context;

/**
 * GICv5PPIBank: a set of all PPIs; the physical contexts share one, the virtual
 * context has its own
 *
 * @enable, @active, @prio: as in the ICC_PPI or ICH_PPI registers
 * @pend: pending state: of an edge PPI the latch, of a level PPI its line. Of
 *     the virtual context, ICH_PPI_PENDR<n>_EL2.
 */
typedef struct GICv5PPIBank {
    uint64_t enable[GICV5_PPI_WORDS];
    uint64_t pend[GICV5_PPI_WORDS];
    uint64_t active[GICV5_PPI_WORDS];
    uint64_t prio[GICV5_PPI_PRIO_WORDS];
} GICv5PPIBank;

/**
 * GICv5Hyp: what EL2 has besides the virtual context
 *
 * @vppi: virtual PPIs
 * @dvir: ICH_PPI_DVIR<n>_EL2: the virtual PPI's pending state is the physical's
 * @vctlr, @contextr: ICH_VCTLR_EL2, and ICH_CONTEXTR_EL2 as software reads it
 * @hfgrtr, @hfgwtr, @hfgitr: ICH_HFGRTR_EL2, ICH_HFGWTR_EL2, ICH_HFGITR_EL2
 * @nv_timers: HCR_EL2.{NV,NV1} are {1,0}: virtual timer PPIs follow others
 */
typedef struct GICv5Hyp {
    GICv5PPIBank vppi;
    uint64_t dvir[GICV5_PPI_WORDS];
    uint64_t vctlr;
    uint64_t contextr;
    uint64_t hfgrtr;
    uint64_t hfgwtr;
    uint64_t hfgitr;
    bool nv_timers;
} GICv5Hyp;

/**
 * GICv5CPUIf: the GICv5 CPU interface of one PE, as its guest sees it
 *
 * The registers are 64 bits wide so that generated code can load those that
 * have a single copy straight from here.
 *
 * Locking: the architected state and @lines change under @lock only. @lines
 * needs the BQL too, see gicv5_cpuif_drive(). Nobody takes the BQL, or traces,
 * while holding @lock. Only the PE itself, or a thread that holds the BQL
 * while the PE does not execute, writes CR0, PCR, APR, ICSR, the registers of
 * EL2 and the PPI registers, so the PE reads them without @lock. The
 * candidates, the lines of PPIs and their pending bits are also written by
 * devices, under the BQL and @lock. Generated code loads registers while that
 * happens:
 * gicv5_cpuif_store() writes them.
 *
 * @one_context: the PE has neither EL2 nor EL3, so no more than one context.
 *     Its features say the same, but each write of a register asks.
 * @current: that of the Current Physical Interrupt Domain, which decides what
 *     is signalled; kept here because devices may not look at the PE's EL
 * @ppi: the physical PPIs
 * @ppi_line: the levels of the PPI inputs
 * @hyp: what there is with EL2
 * @icsr, @idr0, @iaffidr: ICC_ICSR, ICC_IDR0 and ICC_IAFFIDR
 * @lines: the levels (GICV5_LINE_*) that the lines of the PE have, or
 *     GICV5_LINES_MOVING
 */
typedef struct GICv5CPUIf {
    QemuSpin lock;
    GICv5Context context[GICV5_NUM_CONTEXTS];
    GICv5ContextID current;
    bool one_context;
    GICv5PPIBank ppi;
    uint64_t ppi_line[GICV5_PPI_WORDS];
    GICv5Hyp hyp;
    uint64_t icsr;
    uint64_t idr0;
    uint64_t iaffidr;
    unsigned lines;
} GICv5CPUIf;

/**
 * GICv5Wiring: what a CPU's GICv5 CPU interface is connected to
 *
 * @refused: the property "gicv5" was set to "off"
 * @port: the IRS this PE is connected to, or NULL
 * @line_out: the inputs of the CPU, in the order of GICV5_LINE_*; set if
 *     the CPU interface is realized
 * @machine_done: looks whether there is an IRS
 * @loaded, @el2_loaded: the stream that is being loaded has had the interface,
 *     and the registers of EL2
 */
typedef struct GICv5Wiring {
    bool refused;
    struct GICv5Port *port;
    qemu_irq line_out[GICV5_NUM_LINES];
    Notifier machine_done;
    bool loaded, el2_loaded;
} GICv5Wiring;

/**
 * gicv5_cpu_add_property: give a CPU model the property "gicv5"
 *
 * It is ID_AA64PFR2_EL1.GCIE, and off by default. A board with a GICv5 switches
 * it on before realize.
 */
void gicv5_cpu_add_property(Object *obj);

/**
 * gicv5_cpu_is_refused: did the user set "gicv5" to "off"?
 *
 * False for a CPU that has no such property.
 */
bool gicv5_cpu_is_refused(Object *obj);

/**
 * gicv5_is_emulated: can this QEMU emulate a CPU with FEAT_GCIE?
 */
static inline bool gicv5_is_emulated(void)
{
#if defined(TARGET_AARCH64) && defined(CONFIG_TCG)
    return true;
#else
    return false;
#endif
}

/**
 * gicv5_cpuif_realize: check the CPU's features and set the interface up
 *
 * Called once the features of the CPU are final and before its system
 * registers are defined. Returns false with @errp set on failure. Does
 * nothing for a CPU without FEAT_GCIE, as all the functions below.
 */
bool gicv5_cpuif_realize(ARMCPU *cpu, Error **errp);

/**
 * gicv5_cpuif_finalize: undo gicv5_cpuif_realize()
 */
void gicv5_cpuif_finalize(ARMCPU *cpu);

/**
 * gicv5_cpuif_reset: reset the interface with its PE
 */
void gicv5_cpuif_reset(ARMCPU *cpu);

/**
 * gicv5_cpuif_power_off: the PE is switched off (PSCI CPU_OFF)
 *
 * It is reset when it is switched on again. BQL held.
 */
void gicv5_cpuif_power_off(ARMCPU *cpu);

/**
 * gicv5_cpuif_hcr_changed: HCR_EL2 was written, or its effective value changed
 *
 * BQL held. Which context an access reaches is looked at with each access.
 */
void gicv5_cpuif_hcr_changed(ARMCPU *cpu);

/**
 * gicv5_cpuif_loaded: all registers of the CPU have been loaded
 *
 * That is when what depends on others than the interface's own can be derived.
 * It does so for EL2's timers, too, of which the stream has registers only.
 * BQL held. Returns false, after a message, if the stream has nothing of the
 * interface.
 */
bool gicv5_cpuif_loaded(ARMCPU *cpu);

/**
 * gicv5_cpuif_no_wakeup: interrupts (CPU_INTERRUPT_*) that do not end a WFI now
 *
 * Virtual ones, where the PE cannot take them. Any thread may call it for a PE
 * that does not execute.
 */
uint32_t gicv5_cpuif_no_wakeup(ARMCPU *cpu);

/**
 * gicv5_cpuif_emulate_firmware: what firmware does for software at @target_el
 *
 * Called after a reset, for a PE that starts below EL2 without any firmware.
 */
void gicv5_cpuif_emulate_firmware(ARMCPU *cpu, unsigned target_el);

/* The subsection of the CPU; it must come after cpu/irq-line-state. */
extern const VMStateDescription vmstate_gicv5_cpuif;

/**
 * gicv5_cpuif_define_regs: define the system registers and instructions
 */
void gicv5_cpuif_define_regs(ARMCPU *cpu);

#else /* CONFIG_USER_ONLY: no interrupts, no GIC */

static inline void gicv5_cpu_add_property(Object *obj)
{
}

static inline void gicv5_cpuif_define_regs(ARMCPU *cpu)
{
}

static inline void gicv5_cpuif_hcr_changed(ARMCPU *cpu)
{
}

static inline void gicv5_cpuif_emulate_firmware(ARMCPU *cpu,
                                                unsigned target_el)
{
}

#endif /* CONFIG_USER_ONLY */

#endif
