/*
 * Arm GICv5 CPU interface: contexts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "cpu.h"
#include "internals.h"
#include "cpuif_internal.h"

/*
 * The one place that decides which context an access reaches. The virtual one
 * (EL1, HCR_EL2.IMO) belongs here too, once there is EL2.
 */
GICv5ContextID gicv5_access_context(CPUARMState *env, GICv5View view)
{
    /* R_ZFCXM: at EL3 the Current Physical Interrupt Domain is EL3's own */
    if (view == GICV5_VIEW_CURRENT && arm_feature(env, ARM_FEATURE_EL3) &&
        arm_current_el(env) == 3) {
        return GICV5_CONTEXT_EL3;
    }

    /* Logical Interrupt Domain: that of the Security state of EL1 and EL2 */
    switch (arm_security_space_below_el3(env)) {
    case ARMSS_Secure:
        return GICV5_CONTEXT_S;
    case ARMSS_Realm:
        return GICV5_CONTEXT_REALM;
    default:
        return GICV5_CONTEXT_NS;
    }
}

void gicv5_context_reset(GICv5Context *context)
{
    context->cr0 = GICV5_CR0_RESET;
    context->pcr = 0;
    context->apr = 0;
}

void gicv5_cpuif_write_cr0(ARMCPU *cpu, GICv5ContextID ctx, uint64_t value)
{
    GICv5Context *context = &gicv5_cpuif(cpu)->context[ctx];

    /* PID and IPPT are RAZ/WI without EL3. */
    value = GICV5_CR0_RESET | (value & GICV5_CR0_MASK);
    if (context->cr0 == value) {
        return;
    }

    BQL_LOCK_GUARD();
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(&context->cr0, value);
    gicv5_cpuif_unlock(cpu);
    gicv5_cpuif_tell_limit(cpu, ctx);
}

void gicv5_cpuif_write_pcr(ARMCPU *cpu, GICv5ContextID ctx, uint64_t value)
{
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(&gicv5_cpuif(cpu)->context[ctx].pcr,
                      value & GICV5_PCR_MASK);
    gicv5_cpuif_unlock(cpu);
    gicv5_cpuif_limit_changed(cpu, ctx);
}

void gicv5_cpuif_write_apr(ARMCPU *cpu, GICv5ContextID ctx, uint64_t value)
{
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(&gicv5_cpuif(cpu)->context[ctx].apr,
                      value & GICV5_APR_MASK);
    gicv5_cpuif_unlock(cpu);
    gicv5_cpuif_limit_changed(cpu, ctx);
}
