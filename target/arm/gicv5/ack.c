/*
 * Arm GICv5 CPU interface: acknowledge and priority drop
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "cpu.h"
#include "cpuif_internal.h"
#include "trace.h"

static int cpu_num(ARMCPU *cpu)
{
    return CPU(cpu)->cpu_index;
}

/* The interrupt that an acknowledge takes now. The lock must be held. */
static GICv5Candidate ack_candidate(const GICv5CPUIf *c, GICv5ContextID ctx,
                                    GICv5Ack ack)
{
    GICv5Candidate hppi = gicv5_cpuif_signalled(c, ctx);
    bool prio_0 = gicv5_candidate_prio(hppi) == 0;

    /*
     * The HPPI is chosen first: an NMI on top makes CDIA return nothing,
     * whatever is pending below it, and the reverse for CDNMIA.
     */
    if ((ack == GICV5_ACK_NOT_NMI && prio_0) ||
        (ack == GICV5_ACK_NMI && !prio_0)) {
        return GICV5_CANDIDATE_NONE;
    }
    return hppi;
}

static bool is_ppi(GICv5Candidate candidate)
{
    return FIELD_EX32(gicv5_candidate_intid(candidate), GICV5_INTID, TYPE) ==
           GICV5_TYPE_PPI;
}

uint64_t gicv5_cpuif_acknowledge(ARMCPU *cpu, GICv5ContextID ctx,
                                 GICv5Ack ack)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5Context *context = &c->context[ctx];
    g_autoptr(BQLLockAuto) bql = NULL;
    GICv5Candidate hppi;
    uint32_t intid;

    gicv5_cpuif_lock(cpu);
    hppi = ack_candidate(c, ctx, ack);
    if (hppi != GICV5_CANDIDATE_NONE && !is_ppi(hppi)) {
        /*
         * The IRS takes part. Its candidate stays what it is while we hold
         * the BQL, but may have changed before we got it: look again.
         */
        qemu_spin_unlock(&c->lock);
        bql = bql_auto_lock(__FILE__, __LINE__);
        gicv5_cpuif_lock(cpu);
        hppi = ack_candidate(c, ctx, ack);
    }
    if (hppi == GICV5_CANDIDATE_NONE) {
        /* An invalid return changes nothing. */
        qemu_spin_unlock(&c->lock);
        trace_gicv5_cpuif_acknowledge_none(cpu_num(cpu), ctx);
        return 0;
    }

    intid = gicv5_candidate_intid(hppi);
    gicv5_cpuif_store(&context->apr,
                      context->apr | BIT(gicv5_candidate_prio(hppi)));
    if (is_ppi(hppi)) {
        gicv5_ppi_activate(c, ctx, FIELD_EX32(intid, GICV5_INTID, ID));
        gicv5_cpuif_unlock(cpu);
        trace_gicv5_cpuif_acknowledge(cpu_num(cpu), ctx, intid,
                                      gicv5_candidate_prio(hppi));
    } else {
        GICv5Request req = gicv5_request(&cpu->env, ctx,
                                         GICV5_CMD_ACTIVATE);

        /*
         * The candidate is consumed. The IRS forwards the next one, if there
         * is any, before the command returns; the lines are computed with
         * that one, so they cannot glitch in between.
         */
        context->irs_hppi = GICV5_CANDIDATE_NONE;
        qemu_spin_unlock(&c->lock);
        trace_gicv5_cpuif_acknowledge(cpu_num(cpu), ctx, intid,
                                      gicv5_candidate_prio(hppi));
        req.intid = intid;
        gicv5_cpuif_command(cpu, &req);
        gicv5_cpuif_settle(cpu);
    }
    gicv5_cpuif_limit_changed(cpu, ctx);

    return R_ICC_HPPIR_HPPIV_MASK | intid;
}

void gicv5_cpuif_drop(ARMCPU *cpu, GICv5ContextID ctx)
{
    GICv5Context *context = &gicv5_cpuif(cpu)->context[ctx];
    unsigned prio = gicv5_running_prio(context);
    uint64_t apr;

    if (prio == GICV5_PRIO_IDLE) {
        return;
    }
    apr = context->apr & (context->apr - 1);
    trace_gicv5_cpuif_drop(cpu_num(cpu), ctx, prio, apr);
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(&context->apr, apr);
    gicv5_cpuif_unlock(cpu);
    gicv5_cpuif_limit_changed(cpu, ctx);
}
