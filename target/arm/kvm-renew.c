/*
 * Arm's part of a VM that KVM makes anew
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "system/kvm.h"
#include "system/kvm-renew.h"
#include "system/kvm_int.h"
#include "target/arm/cpu.h"

/* The capabilities of kvm_arch_init() and of the CPUs */
int kvm_arch_renew_vm(KVMState *s)
{
    int ret = 0;

    if (kvm_check_extension(s, KVM_CAP_ARM_NISV_TO_USER)) {
        ret = kvm_vm_enable_cap(s, KVM_CAP_ARM_NISV_TO_USER, 0);
    }
    if (!ret && s->kvm_eager_split_size) {
        ret = kvm_vm_enable_cap(s, KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE, 0,
                                s->kvm_eager_split_size);
    }
    if (!ret && ARM_CPU(first_cpu)->kvm_mte) {
        ret = kvm_vm_enable_cap(s, KVM_CAP_ARM_MTE, 0);
    }
    return ret;
}
