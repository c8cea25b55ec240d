/*
 * KVM: the VM is made anew for a reset
 *
 * For devices in the kernel that can neither be reset nor created again. It is
 * built if a device selects KVM_RENEW_VM, for architectures without port I/O.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SYSTEM_KVM_RENEW_H
#define SYSTEM_KVM_RENEW_H

#include "qapi/error.h"
#include "system/kvm.h"

/**
 * kvm_can_renew_vm: can kvm_renew_vm() succeed?
 *
 * Not if something has to do with the VM that cannot be told of another: vfio,
 * devices in another process, dirty rings. To be called with the BQL.
 */
bool kvm_can_renew_vm(void);

/**
 * kvm_renew_vm: replace the VM and its vCPUs by new ones
 * @type: argument of KVM_CREATE_VM
 *
 * For the enter phase of a reset, with the BQL, while no vCPU runs;
 * kvm_can_renew_vm() is true, and the caller has closed its own devices in the
 * VM, which it creates again afterwards. The new VM has the memory, ioeventfds
 * and capabilities of the old one, and vCPUs as kvm_init_vcpu() makes them.
 * What a vCPU has registered with QEMU stays: kvm_arch_init_vcpu() finds
 * cs->created set.
 *
 * A migration may go on meanwhile; nothing that the guest has written is lost
 * to it.
 *
 * Returns false with @errp set if the kernel refuses a step. There is no VM
 * then, the locks that keep other threads from it stay taken, and the caller
 * has to end QEMU.
 */
bool kvm_renew_vm(int type, Error **errp);

/**
 * kvm_arch_renew_vm: enable what the architecture had enabled in the old VM
 *
 * There are no vCPUs yet. Returns 0, or a negative errno.
 */
int kvm_arch_renew_vm(KVMState *s);

#endif
