/*
 * Arm GICv5 without KVM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/intc/arm_gicv5_kvm.h"

bool kvm_gicv5_probe(KVMGICv5Limits *limits, Error **errp)
{
    error_setg(errp, "this QEMU is built without KVM");
    return false;
}

void kvm_gicv5_set_board(DeviceState *dev, const KVMGICv5Board *board)
{
    g_assert_not_reached();
}
