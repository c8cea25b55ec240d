/*
 * Arm GICv5 with KVM: the kernel's interface, and what a board calls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_ARM_GICV5_KVM_H
#define HW_INTC_ARM_GICV5_KVM_H

#include "qapi/error.h"
#include "hw/qdev-core.h"

/* The IRS in the kernel */
#define TYPE_KVM_ARM_GICV5 "kvm-gicv5"

/**
 * KVMGICv5Limits: what the host offers to a VM (IRS_IDR1 and IRS_IDR2 after
 * KVM_DEV_ARM_VGIC_CTRL_INIT)
 *
 * @prio_bits: bits of a priority
 * @id_bits, @min_lpi_id_bits: largest and smallest IRS_IST_CFGR.LPI_ID_BITS
 */
typedef struct KVMGICv5Limits {
    uint8_t prio_bits;
    uint8_t id_bits;
    uint8_t min_lpi_id_bits;
} KVMGICv5Limits;

/**
 * kvm_gicv5_probe: can this host's KVM give a VM a complete GICv5?
 *
 * Tries it in a VM of its own, once. @limits may be NULL. Returns false with
 * @errp set, in words for the user, if not: no such device, a kernel that has
 * PPIs only (Linux 7.1 to 7.3), or a failure of the host. It does not matter
 * which accelerator is in use.
 */
bool kvm_gicv5_probe(KVMGICv5Limits *limits, Error **errp);

/**
 * KVMGICv5Board: what a reset needs of the board, as it makes the VM anew
 *
 * @vm_type: argument of KVM_CREATE_VM
 * @init_cpus: the GICv5 is initialized: give the vCPUs what comes after that
 *             (PMU, steal time)
 * @opaque: argument of @init_cpus
 */
typedef struct KVMGICv5Board {
    int vm_type;
    void (*init_cpus)(void *opaque);
    void *opaque;
} KVMGICv5Board;

/**
 * kvm_gicv5_set_board: to be called before the device @dev is realized
 *
 * Without it the machine cannot be reset once it has run.
 */
void kvm_gicv5_set_board(DeviceState *dev, const KVMGICv5Board *board);

/* SPIs of a VM: a multiple of the one, at most the other, and not 0 */
#define KVM_GICV5_SPI_STEP 32
#define KVM_GICV5_MAX_SPIS 1024

#endif
