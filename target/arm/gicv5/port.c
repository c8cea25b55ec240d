/*
 * Arm GICv5 CPU interface: its half of the stream
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

uint64_t gicv5_cpuif_command(ARMCPU *cpu, const GICv5Request *req)
{
    GICv5Port *port;
    uint64_t answer;

    BQL_LOCK_GUARD();

    port = gicv5_port(cpu);
    answer = port ? port->irs_ops->command(port, req) : gicv5_unreachable(req);
    trace_gicv5_cpuif_command(cpu_num(cpu), req->scope, req->domain, req->cmd,
                              req->intid, req->value, answer);
    return answer;
}

static void set_candidate(ARMCPU *cpu, GICv5ContextID ctx,
                          GICv5Candidate candidate)
{
    assert(bql_locked());
    trace_gicv5_cpuif_forward(cpu_num(cpu), ctx,
                              gicv5_candidate_intid(candidate),
                              gicv5_candidate_prio(candidate));

    gicv5_cpuif_lock(cpu);
    gicv5_cpuif(cpu)->context[ctx].irs_hppi = candidate;
    gicv5_cpuif_unlock(cpu);
}

static void gicv5_cpuif_forward(GICv5Port *port, GICv5Domain domain,
                                GICv5Candidate candidate)
{
    set_candidate(port->cpu, gicv5_domain_context(domain), candidate);
}

/*
 * A PE has one virtual context, and one VPE at most is resident: software that
 * changes the Security state changes ICH_CONTEXTR_EL2 with it.
 */
static void gicv5_cpuif_forward_virtual(GICv5Port *port, GICv5Domain domain,
                                        GICv5Candidate candidate)
{
    set_candidate(port->cpu, GICV5_CONTEXT_VIRTUAL, candidate);
}

/*
 * The one place that says whether this PE takes 1-of-N interrupts, and which:
 * those with a priority below the result. The lock must be held.
 */
static unsigned one_of_n_limit(ARMCPU *cpu, GICv5ContextID ctx)
{
    return cpu->power_state == PSCI_OFF ? 0 :
           gicv5_cpuif_limit(gicv5_cpuif(cpu), ctx);
}

/* The IRS is about to offer an interrupt: from now on it is told of changes. */
static unsigned ask_limit(ARMCPU *cpu, GICv5ContextID ctx)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    unsigned limit;

    assert(bql_locked());
    qemu_spin_lock(&c->lock);
    limit = one_of_n_limit(cpu, ctx);
    c->context[ctx].limit_told = limit;
    qatomic_set(&c->context[ctx].limit_wanted, true);
    qemu_spin_unlock(&c->lock);
    return limit;
}

static unsigned gicv5_cpuif_one_of_n_limit(GICv5Port *port, GICv5Domain domain)
{
    return ask_limit(port->cpu, gicv5_domain_context(domain));
}

static unsigned gicv5_cpuif_one_of_n_limit_virtual(GICv5Port *port,
                                                   GICv5Domain domain)
{
    return ask_limit(port->cpu, GICV5_CONTEXT_VIRTUAL);
}

void gicv5_cpuif_tell_limit(ARMCPU *cpu, GICv5ContextID ctx)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5Request req = gicv5_request(&cpu->env, ctx, GICV5_CMD_SET_ONE_OF_N);
    GICv5Port *port;
    bool go_on;

    BQL_LOCK_GUARD();

    port = gicv5_port(cpu);
    if (!port || !(port->domains & BIT(req.domain))) {
        return;
    }
    qemu_spin_lock(&c->lock);
    req.value = one_of_n_limit(cpu, ctx);
    c->context[ctx].limit_told = req.value;
    qemu_spin_unlock(&c->lock);

    go_on = gicv5_cpuif_command(cpu, &req);

    qemu_spin_lock(&c->lock);
    qatomic_set(&c->context[ctx].limit_wanted, go_on);
    qemu_spin_unlock(&c->lock);
}

void gicv5_cpuif_tell_limits(ARMCPU *cpu)
{
    for (unsigned domain = 0; domain < GICV5_NUM_DOMAINS; domain++) {
        gicv5_cpuif_tell_limit(cpu, gicv5_domain_context(domain));
    }
}

void gicv5_cpuif_limit_changed(ARMCPU *cpu, GICv5ContextID ctx)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    bool news;

    /* The IRS asks under the lock: it has seen the change, or we see this. */
    if (likely(!qatomic_read(&c->context[ctx].limit_wanted))) {
        return;
    }
    qemu_spin_lock(&c->lock);
    news = one_of_n_limit(cpu, ctx) != c->context[ctx].limit_told;
    qemu_spin_unlock(&c->lock);
    if (news) {
        gicv5_cpuif_tell_limit(cpu, ctx);
    }
}

const GICv5PortCPUOps gicv5_cpuif_port_ops = {
    .forward = gicv5_cpuif_forward,
    .forward_virtual = gicv5_cpuif_forward_virtual,
    .one_of_n_limit = gicv5_cpuif_one_of_n_limit,
    .one_of_n_limit_virtual = gicv5_cpuif_one_of_n_limit_virtual,
};
