/*
 * Arm GICv5 CPU interface: the lock and the exception lines
 *
 * Rule labels (R_xxxxx, D_xxxxx) are those of the GICv5 specification.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "hw/irq.h"
#include "cpu.h"
#include "cpu-features.h"
#include "internals.h"
#include "cpuif_internal.h"
#include "trace.h"

/*
 * An interrupt of EL3's own domain, or of a domain that is not current (with
 * ICC_CR0.PID and IPPT zero all of these may preempt), is an FIQ. Such an FIQ
 * has no superpriority.
 */
static bool wants_fiq(const GICv5CPUIf *c)
{
    unsigned ctx;

    for (ctx = 0; ctx < GICV5_NUM_DOMAINS; ctx++) {
        if ((ctx != c->current || ctx == GICV5_CONTEXT_EL3) &&
            gicv5_cpuif_limit(c, ctx) &&
            gicv5_cpuif_signalled(c, ctx) != GICV5_CANDIDATE_NONE) {
            return true;
        }
    }
    return false;
}

/* R_QLGBG, R_ZGHMN, R_CSBDX */
static unsigned current_lines(const GICv5CPUIf *c)
{
    GICv5Candidate hppi;

    if (c->current == GICV5_CONTEXT_EL3) {
        return 0;
    }
    hppi = gicv5_cpuif_signalled(c, c->current);
    if (hppi == GICV5_CANDIDATE_NONE) {
        return 0;
    }
    /*
     * Priority 0 has superpriority. The CPU's NMI line carries that;
     * SCTLR_ELx.NMI decides when the interrupt is taken if it matters.
     */
    return gicv5_candidate_prio(hppi) == 0 ? GICV5_LINE_NMI : GICV5_LINE_IRQ;
}

/*
 * The virtual IRQ, whatever the PE does now: EL1 takes it if HCR_EL2.IMO says
 * so. There is no virtual FIQ.
 */
static unsigned virtual_lines(const GICv5CPUIf *c)
{
    GICv5Candidate hppi;

    if (!gicv5_cpuif_limit(c, GICV5_CONTEXT_VIRTUAL)) {
        return 0;
    }
    hppi = gicv5_cpuif_signalled(c, GICV5_CONTEXT_VIRTUAL);
    if (hppi == GICV5_CANDIDATE_NONE) {
        return 0;
    }
    return gicv5_candidate_prio(hppi) == 0 ? GICV5_LINE_VINMI :
                                             GICV5_LINE_VIRQ;
}

/* The levels that the exception lines must have */
static unsigned wanted_lines(const GICv5CPUIf *c)
{
    if (likely(c->one_context)) {
        return current_lines(c);
    }
    return (wants_fiq(c) ? GICV5_LINE_FIQ : current_lines(c)) |
           virtual_lines(c);
}

/*
 * Make the exception lines follow the state.
 *
 * A thread that changes state holds the lock, and compares what it wants with
 * @lines before it drops the lock. Equal: nothing to do, and no BQL, as for
 * most register writes of a vCPU. Not equal: it comes here.
 *
 * While lines are on their way, @lines is GICV5_LINES_MOVING, which nothing
 * wanted equals: a thread that changes state meanwhile comes here too, and
 * waits for the BQL. So there is no loop: if the state changes between our
 * two critical sections, who changed it drives the lines again after us.
 * docs/devel/gicv5.rst has the argument in full.
 */
static void gicv5_cpuif_drive(ARMCPU *cpu)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    qemu_irq *line_out = cpu->gicv5_wiring.line_out;
    unsigned want, have;
    int i;

    BQL_LOCK_GUARD();

    qemu_spin_lock(&c->lock);
    want = wanted_lines(c);
    have = c->lines;
    /* Only a thread with the BQL moves lines, and that is this one. */
    assert(have != GICV5_LINES_MOVING);
    if (want != have) {
        c->lines = GICV5_LINES_MOVING;
    }
    qemu_spin_unlock(&c->lock);
    if (want == have) {
        return;
    }

    trace_gicv5_cpuif_lines(CPU(cpu)->cpu_index,
                            !!(want & GICV5_LINE_IRQ),
                            !!(want & GICV5_LINE_FIQ),
                            !!(want & GICV5_LINE_NMI),
                            !!(want & GICV5_LINE_VIRQ),
                            !!(want & GICV5_LINE_VINMI));
    /* Raise before lowering: nobody must see no interrupt in between. */
    for (i = 0; i < GICV5_NUM_LINES; i++) {
        if (want & ~have & BIT(i)) {
            qemu_irq_raise(line_out[i]);
        }
    }
    for (i = 0; i < GICV5_NUM_LINES; i++) {
        if (have & ~want & BIT(i)) {
            qemu_irq_lower(line_out[i]);
        }
    }

    qemu_spin_lock(&c->lock);
    c->lines = want;
    qemu_spin_unlock(&c->lock);
}

void gicv5_cpuif_lock(ARMCPU *cpu)
{
    qemu_spin_lock(&gicv5_cpuif(cpu)->lock);
}

void gicv5_cpuif_unlock(ARMCPU *cpu)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    bool stale = wanted_lines(c) != c->lines;

    qemu_spin_unlock(&c->lock);
    if (stale) {
        gicv5_cpuif_drive(cpu);
    }
}

void gicv5_cpuif_settle(ARMCPU *cpu)
{
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_unlock(cpu);
}

unsigned gicv5_cpuif_lines_of(uint32_t irq_line_state)
{
    return (irq_line_state & CPU_INTERRUPT_HARD ? GICV5_LINE_IRQ : 0) |
           (irq_line_state & CPU_INTERRUPT_FIQ ? GICV5_LINE_FIQ : 0) |
           (irq_line_state & CPU_INTERRUPT_NMI ? GICV5_LINE_NMI : 0) |
           (irq_line_state & CPU_INTERRUPT_VIRQ ? GICV5_LINE_VIRQ : 0) |
           (irq_line_state & CPU_INTERRUPT_VINMI ? GICV5_LINE_VINMI : 0);
}

/*
 * A virtual interrupt is a WFI wake-up event at EL1 and EL0 with HCR_EL2.IMO
 * (and not TGE), whatever PSTATE masks. The lines stay as they are at EL2, so
 * that a change of the Exception level costs nothing; so WFI has to know.
 */
uint32_t gicv5_cpuif_no_wakeup(ARMCPU *cpu)
{
    const uint32_t virt = CPU_INTERRUPT_VIRQ | CPU_INTERRUPT_VINMI;
    CPUARMState *env = &cpu->env;

    if (!(CPU(cpu)->interrupt_request & virt) ||
        !cpu_isar_feature(aa64_gcie, cpu) ||
        (arm_current_el(env) < 2 &&
         (arm_hcr_el2_eff(env) & (HCR_IMO | HCR_TGE)) == HCR_IMO)) {
        return 0;
    }
    return virt;
}

void gicv5_cpuif_update(ARMCPU *cpu)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);

    gicv5_cpuif_lock(cpu);
    c->current = gicv5_current_physical(&cpu->env);
    gicv5_ppi_follow_lines(c);
    gicv5_cpuif_unlock(cpu);
}
