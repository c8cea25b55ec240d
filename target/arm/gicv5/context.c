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

/* That of the Security state of EL1 and EL2 */
GICv5Domain gicv5_logical_domain(CPUARMState *env)
{
    switch (arm_security_space_below_el3(env)) {
    case ARMSS_Secure:
        return GICV5_DOMAIN_S;
    case ARMSS_Realm:
        return GICV5_DOMAIN_REALM;
    default:
        return GICV5_DOMAIN_NS;
    }
}

/* R_ZFCXM: at EL3 it is EL3's own */
GICv5ContextID gicv5_current_physical(CPUARMState *env)
{
    if (arm_feature(env, ARM_FEATURE_EL3) && arm_current_el(env) == 3) {
        return GICV5_CONTEXT_EL3;
    }
    return gicv5_domain_context(gicv5_logical_domain(env));
}

/* The one place that decides which context an access reaches */
GICv5ContextID gicv5_access_context(CPUARMState *env, GICv5View view)
{
    if (likely(!(env->features & (BIT_ULL(ARM_FEATURE_EL2) |
                                  BIT_ULL(ARM_FEATURE_EL3))))) {
        return GICV5_CONTEXT_NS;
    }
    if (view == GICV5_VIEW_VIRTUAL) {
        return GICV5_CONTEXT_VIRTUAL;
    }
    if (arm_feature(env, ARM_FEATURE_EL2) && arm_current_el(env) == 1 &&
        arm_hcr_el2_eff(env) & HCR_IMO) {
        /* DNSTKG: neither FMO nor NV matters */
        return GICV5_CONTEXT_VIRTUAL;
    }
    return view == GICV5_VIEW_CURRENT ?
           gicv5_current_physical(env) :
           gicv5_domain_context(gicv5_logical_domain(env));
}

GICv5Request gicv5_request(CPUARMState *env, GICv5ContextID ctx,
                           GICv5Command cmd)
{
    if (ctx == GICV5_CONTEXT_VIRTUAL) {
        return (GICv5Request) {
            .cmd = cmd, .scope = GICV5_SCOPE_RESIDENT,
            .domain = gicv5_logical_domain(env),
        };
    }
    return (GICv5Request) {
        .cmd = cmd, .scope = GICV5_SCOPE_DOMAIN, .domain = (GICv5Domain)ctx,
    };
}

void gicv5_context_reset(GICv5Context *context)
{
    context->cr0 = GICV5_CR0_RESET;
    context->pcr = 0;
    context->apr = 0;
}

static void store(ARMCPU *cpu, uint64_t *reg, uint64_t value)
{
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(reg, value);
    gicv5_cpuif_unlock(cpu);
}

void gicv5_cpuif_write_cr0(ARMCPU *cpu, GICv5ContextID ctx, uint64_t value)
{
    GICv5Context *context = &gicv5_cpuif(cpu)->context[ctx];

    /* PID and IPPT are RAZ/WI without EL3. */
    value = GICV5_CR0_RESET | (value & GICV5_CR0_MASK);
    if (context->cr0 == value) {
        return;
    }

    if (ctx == GICV5_CONTEXT_VIRTUAL) {
        store(cpu, &context->cr0, value);
        gicv5_cpuif_limit_changed(cpu, ctx);
        return;
    }
    BQL_LOCK_GUARD();
    store(cpu, &context->cr0, value);
    gicv5_cpuif_tell_limit(cpu, ctx);
}

void gicv5_cpuif_write_pcr(ARMCPU *cpu, GICv5ContextID ctx, uint64_t value)
{
    store(cpu, &gicv5_cpuif(cpu)->context[ctx].pcr, value & GICV5_PCR_MASK);
    gicv5_cpuif_limit_changed(cpu, ctx);
}

void gicv5_cpuif_write_apr(ARMCPU *cpu, GICv5ContextID ctx, uint64_t value)
{
    store(cpu, &gicv5_cpuif(cpu)->context[ctx].apr, value & GICV5_APR_MASK);
    gicv5_cpuif_limit_changed(cpu, ctx);
}
