/*
 * Arm GICv5 CPU interface: what EL2 does to the virtual context
 *
 * EL1 itself reaches that context by the functions that physical contexts
 * have: gicv5_access_context() says when. Here is the rest: registers that
 * show it to EL2 in another form, and residency.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "cpu.h"
#include "cpu-features.h"
#include "internals.h"
#include "cpuif_internal.h"
#include "trace.h"

uint64_t gicv5_hyp_vmcr(const GICv5CPUIf *c)
{
    const GICv5Context *virt = &c->context[GICV5_CONTEXT_VIRTUAL];
    uint64_t vmcr = FIELD_DP64(0, ICH_VMCR, VPMR, virt->pcr);

    return FIELD_DP64(vmcr, ICH_VMCR, EN,
                      FIELD_EX64(virt->cr0, ICC_CR0, EN));
}

void gicv5_hyp_write_vmcr(ARMCPU *cpu, uint64_t value)
{
    GICv5Context *virt = &gicv5_cpuif(cpu)->context[GICV5_CONTEXT_VIRTUAL];

    gicv5_cpuif_lock(cpu);
    virt->pcr = FIELD_EX64(value, ICH_VMCR, VPMR);
    virt->cr0 = FIELD_DP64(virt->cr0, ICC_CR0, EN,
                           FIELD_EX64(value, ICH_VMCR, EN));
    gicv5_cpuif_unlock(cpu);
    gicv5_cpuif_limit_changed(cpu, GICV5_CONTEXT_VIRTUAL);
}

void gicv5_hyp_write_vctlr(ARMCPU *cpu, uint64_t value)
{
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif(cpu)->hyp.vctlr = value & GICV5_VCTLR_MASK;
    gicv5_cpuif_unlock(cpu);
    gicv5_cpuif_limit_changed(cpu, GICV5_CONTEXT_VIRTUAL);
}

void gicv5_hyp_write_pendr(ARMCPU *cpu, unsigned n, uint64_t value)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);

    /* Of level PPIs as well: for the guest this is the line. */
    gicv5_cpuif_lock(cpu);
    c->hyp.vppi.pend[n] =
        value & c->context[GICV5_CONTEXT_VIRTUAL].ppi_owned[n];
    gicv5_cpuif_unlock(cpu);
}

void gicv5_hyp_write_dvir(ARMCPU *cpu, unsigned n, uint64_t value)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);

    gicv5_cpuif_lock(cpu);
    c->hyp.dvir[n] = value & c->context[GICV5_CONTEXT_VIRTUAL].ppi_owned[n];
    gicv5_cpuif_unlock(cpu);
}

void gicv5_hyp_write_contextr(ARMCPU *cpu, uint64_t value)
{
    GICv5Request req = gicv5_request(&cpu->env, GICV5_CONTEXT_VIRTUAL,
                                     GICV5_CMD_SET_RESIDENT);
    GICv5Hyp *hyp = &gicv5_cpuif(cpu)->hyp;

    /* F is the answer. The rest reads as written (inferred). */
    req.value = value & GICV5_CONTEXTR_MASK & ~R_ICH_CONTEXTR_F_MASK;
    hyp->contextr = gicv5_cpuif_command(cpu, &req) & GICV5_CONTEXTR_MASK;
    trace_gicv5_cpuif_contextr(CPU(cpu)->cpu_index, value, hyp->contextr);
}

void gicv5_hyp_leave(ARMCPU *cpu)
{
    GICv5Port *port = gicv5_port(cpu);
    GICv5Request req = {
        .cmd = GICV5_CMD_SET_RESIDENT,
        .scope = GICV5_SCOPE_RESIDENT,
    };

    assert(bql_locked());

    if (!port || !arm_feature(&cpu->env, ARM_FEATURE_EL2)) {
        return;
    }
    /* Whatever the Security state is now: a reset has changed it already. */
    for (req.domain = 0; req.domain < GICV5_NUM_DOMAINS; req.domain++) {
        if (port->domains & BIT(req.domain)) {
            gicv5_cpuif_command(cpu, &req);
        }
    }
    gicv5_cpuif(cpu)->hyp.contextr = 0;
}

void gicv5_hyp_reset(GICv5CPUIf *c)
{
    bool nv_timers = c->hyp.nv_timers;

    /* All of it is UNKNOWN: zero lets nothing through, and traps all. */
    c->hyp = (GICv5Hyp) { .nv_timers = nv_timers };
}

/* RGYGNW: a guest hypervisor's EL2 timers are the EL1 timers of the PE. */
void gicv5_cpuif_hcr_changed(ARMCPU *cpu)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    bool nv_timers;

    if (!cpu_isar_feature(aa64_gcie, cpu)) {
        return;
    }
    nv_timers = (arm_hcr_el2_eff(&cpu->env) & (HCR_NV | HCR_NV1)) == HCR_NV;
    if (nv_timers != c->hyp.nv_timers) {
        gicv5_cpuif_lock(cpu);
        c->hyp.nv_timers = nv_timers;
        gicv5_cpuif_unlock(cpu);
    }
}

void gicv5_cpuif_emulate_firmware(ARMCPU *cpu, unsigned target_el)
{
    GICv5Hyp *hyp = &gicv5_cpuif(cpu)->hyp;

    if (target_el < 2 && cpu_isar_feature(aa64_gcie, cpu) &&
        arm_feature(&cpu->env, ARM_FEATURE_EL2)) {
        /* What Linux's boot protocol asks of firmware: nothing traps. */
        hyp->hfgrtr = GICV5_HFGRTR_MASK;
        hyp->hfgwtr = GICV5_HFGWTR_MASK;
        hyp->hfgitr = GICV5_HFGITR_MASK;
    }
}
