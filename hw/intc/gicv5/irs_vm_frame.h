/*
 * Arm GICv5 IRS: the registers for virtual machines in the config frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_GICV5_IRS_VM_FRAME_H
#define HW_INTC_GICV5_IRS_VM_FRAME_H

#include "frame.h"
#include "irs_regs.h"

uint64_t gicv5_vm_reg_read(void *opaque, const GICv5RegAccess *a);
void gicv5_vm_reg_write(void *opaque, const GICv5RegAccess *a, uint64_t value);

#define GICV5_VM_REG(bits, reg, how, bits_rw, ...) \
    GICV5_REG(reg, bits, how, .mask = (bits_rw), \
              .read = gicv5_vm_reg_read, .write = gicv5_vm_reg_write, \
              .present = gicv5_irs_has_vms, __VA_ARGS__)

#endif
