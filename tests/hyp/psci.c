/*
 * GICv5 hypervisor: PSCI for guests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hyp.h"

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
/* The same function with arguments of 64 bits */
#define PSCI_64 0x40000000u

#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED -1
#define PSCI_INVALID_PARAMETERS -2
#define PSCI_ALREADY_ON -4

void vm_end(struct vm *vm)
{
    vm->alive = false;
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        vm->vcpus[i].state = VCPU_OFF;
    }
    sched_call_all(vm);
}

void vm_gone(struct vm *vm)
{
    bool others = false;

    vgic_unmake_vm(vm);
    vm->gone = true;
    uart_flush(vm);
    print("hyp: vm%u is off: %u slices, %u doorbells, %u timers, %u saves, "
          "%u restored\n", vm->id, vm->slices, vm->doorbells, vm->timers,
          vm->saves, vm->restored);
    for (unsigned i = 0; i < vm_count; i++) {
        others |= !vms[i].gone;
    }
    if (!others) {
        print("hyp: all VMs are off\n");
        power_off();
    }
}

static struct vcpu *by_mpidr(struct vm *vm, uint64_t mpidr)
{
    return mpidr < vm->vcpu_count ? &vm->vcpus[mpidr] : NULL;
}

static int64_t cpu_on(struct vm *vm, uint64_t mpidr, uint64_t entry,
                      uint64_t context)
{
    struct vcpu *v = by_mpidr(vm, mpidr);

    if (!v) {
        return PSCI_INVALID_PARAMETERS;
    }
    if (v->state != VCPU_OFF) {
        return PSCI_ALREADY_ON;
    }
    vcpu_reset(v, entry, context);
    v->state = VCPU_READY;
    gic_call(v->pe);
    return PSCI_SUCCESS;
}

static int64_t affinity_info(struct vm *vm, uint64_t mpidr)
{
    const struct vcpu *v = by_mpidr(vm, mpidr);

    return v ? v->state == VCPU_OFF : PSCI_INVALID_PARAMETERS;
}

static int64_t features(uint32_t fn)
{
    switch (fn & ~PSCI_64) {
    case PSCI_VERSION:
    case PSCI_CPU_OFF:
    case PSCI_CPU_ON:
    case PSCI_AFFINITY_INFO:
    case PSCI_MIGRATE_INFO_TYPE:
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
    case PSCI_FEATURES:
        return PSCI_SUCCESS;
    default:
        return PSCI_NOT_SUPPORTED;
    }
}

int64_t psci_call(struct vcpu *v)
{
    const uint64_t *x = v->regs.x;

    switch ((uint32_t)x[0] & ~PSCI_64) {
    case PSCI_VERSION:
        return 1 << 16 | 1;
    case PSCI_CPU_OFF:
        v->state = VCPU_OFF;
        return PSCI_SUCCESS;
    case PSCI_CPU_ON:
        return cpu_on(v->vm, x[1], x[2], x[3]);
    case PSCI_AFFINITY_INFO:
        return affinity_info(v->vm, x[1]);
    case PSCI_MIGRATE_INFO_TYPE:
        /* No Trusted OS */
        return 2;
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
        vm_end(v->vm);
        return PSCI_SUCCESS;
    case PSCI_FEATURES:
        return features(x[1]);
    default:
        return PSCI_NOT_SUPPORTED;
    }
}
