/*
 * GICv5 hypervisor: which vCPU runs
 *
 * A vCPU stays on its PE; those of a PE run in turns. A vCPU in WFI leaves and
 * asks for a doorbell; what would wake it, and no IRS sees, is its timer, which
 * EL2's own timer stands in for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hyp.h"

#define SLICE_MS 4

static uint64_t save_next;

static struct vcpu *vcpu_at(unsigned n)
{
    return &vms[n / MAX_VCPUS].vcpus[n % MAX_VCPUS];
}

/* The first vCPU of @pe, from the one with number *@n on; *@n is one past it */
static struct vcpu *next_of(const struct pe *pe, unsigned *n)
{
    while (*n < MAX_VMS * MAX_VCPUS) {
        struct vcpu *v = vcpu_at((*n)++);

        if (v->pe == pe) {
            return v;
        }
    }
    return NULL;
}

static bool runnable(const struct vcpu *v)
{
    return v->state == VCPU_READY && !v->vm->hold;
}

/* The next one, in the order of the table, after the one that ran last */
static struct vcpu *pick(struct pe *pe)
{
    const unsigned all = MAX_VMS * MAX_VCPUS;

    for (unsigned i = 1; i <= all; i++) {
        unsigned n = (pe->turn + i) % all;
        struct vcpu *v = vcpu_at(n);

        if (v->pe == pe && runnable(v)) {
            pe->turn = n;
            return v;
        }
    }
    return NULL;
}

static unsigned runnable_count(const struct pe *pe)
{
    unsigned count = 0, n = 0;
    struct vcpu *v;

    while ((v = next_of(pe, &n))) {
        count += runnable(v);
    }
    return count;
}

bool sched_wake(struct vcpu *v)
{
    if (v->state != VCPU_BLOCKED) {
        return false;
    }
    v->state = VCPU_READY;
    v->pe->resched = true;
    return true;
}

void sched_call_all(const struct vm *vm)
{
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        gic_call(vm->vcpus[i].pe);
    }
}

/* RTCs belong to the PE of their VM's first vCPU. */
static bool has_devices(const struct pe *pe, const struct vm *vm)
{
    return vm->alive && vm->vcpus[0].pe == pe;
}

static void start_saves(void)
{
    for (unsigned i = 0; i < vm_count; i++) {
        if (vms[i].alive && !vms[i].hold) {
            vms[i].hold = true;
            sched_call_all(&vms[i]);
        }
    }
    save_next = now() + ms_ticks(save_interval);
}

/* Do what is due on this PE. */
void sched_check(struct pe *pe)
{
    uint64_t t = now();
    struct vcpu *v;
    unsigned n = 0;

    while ((v = next_of(pe, &n))) {
        if (v->state == VCPU_BLOCKED && vcpu_deadline(v) <= t) {
            v->vm->timers += sched_wake(v);
        }
    }
    for (unsigned i = 0; i < vm_count; i++) {
        if (has_devices(pe, &vms[i])) {
            rtc_check(&vms[i]);
        }
        /* The last of its vCPUs has left. */
        if (has_devices(pe, &vms[i]) && vms[i].hold && !vms[i].running) {
            vgic_save_restore(&vms[i]);
            vms[i].hold = false;
            sched_call_all(&vms[i]);
        }
    }
    if (pe->idx == 0 && save_interval && save_next <= t) {
        start_saves();
    }
    if (pe->slice_end <= t && runnable_count(pe) > 1) {
        pe->resched = true;
    }
}

static uint64_t min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* EL2's timer: at the first of what sched_check() looks for */
static void set_timer(struct pe *pe)
{
    uint64_t first = UINT64_MAX;
    struct vcpu *v;
    unsigned n = 0;

    while ((v = next_of(pe, &n))) {
        if (v->state == VCPU_BLOCKED) {
            first = min(first, vcpu_deadline(v));
        }
    }
    for (unsigned i = 0; i < vm_count; i++) {
        if (has_devices(pe, &vms[i]) && vms[i].rtc.alarm) {
            first = min(first, vms[i].rtc.alarm);
        }
    }
    if (pe->idx == 0 && save_interval) {
        first = min(first, save_next);
    }
    if (runnable_count(pe) > 1) {
        first = min(first, pe->slice_end);
    }
    wr(cnthp_cval_el2, first);
    wr(cnthp_ctl_el2, first != UINT64_MAX);
    isb();
}

static void run(struct pe *pe, struct vcpu *v)
{
    vcpu_load(v);
    v->vm->running++;
    pe->slice_end = now() + ms_ticks(SLICE_MS);
    pe->resched = false;
    do {
        uint64_t kind;

        set_timer(pe);
        hyp_unlock();
        kind = guest_enter(&v->regs);
        hyp_lock();
        vcpu_exit(v, kind);
        gic_poll(pe);
    } while (runnable(v) && !pe->resched);
    vcpu_put(v);
    v->vm->running--;
    v->vm->slices++;
    if (v->vm->running) {
        return;
    }
    if (!v->vm->alive) {
        vm_gone(v->vm);
    } else if (v->vm->hold) {
        gic_call(v->vm->vcpus[0].pe);
    }
}

void sched_run(struct pe *pe)
{
    hyp_lock();
    for (;;) {
        struct vcpu *v = pick(pe);

        if (v) {
            run(pe, v);
            continue;
        }
        /* What comes from here on is pending when WFI looks. */
        pe->slice_end = UINT64_MAX;
        set_timer(pe);
        hyp_unlock();
        asm volatile("wfi" : : : "memory");
        hyp_lock();
        gic_poll(pe);
    }
}
