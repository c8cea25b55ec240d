/*
 * Interrupt numbers of the virt board, as device tree, ACPI and KVM want them
 *
 * The board knows an SPI by its number, from 0, and a PPI by its INTID in the
 * older GICs (see hw/arm/bsa.h). What software is told depends on the GIC.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_ARM_VIRT_IRQ_H
#define HW_ARM_VIRT_IRQ_H

#include "hw/arm/bsa.h"
#include "hw/arm/fdt.h"
#include "hw/arm/virt-gicv5.h"
#include "hw/arm/virt.h"
#include "hw/intc/arm_gic_common.h"
#include "hw/intc/arm_gicv5_types.h"

/**
 * virt_spi_type: first cell of an SPI's specifier in the device tree
 */
static inline uint32_t virt_spi_type(const VirtMachineState *vms)
{
    return vms->gic_version == VIRT_GIC_VERSION_5 ? GICV5_TYPE_SPI
                                                  : GIC_FDT_IRQ_TYPE_SPI;
}

/**
 * virt_ppi: second cell of a PPI's specifier in the device tree
 * @intid: the PPI as an INTID of GICv3, which is also its number in GICv5
 */
static inline uint32_t virt_ppi(const VirtMachineState *vms, int intid)
{
    return vms->gic_version == VIRT_GIC_VERSION_5 ? intid
                                                  : INTID_TO_PPI(intid);
}

/**
 * virt_ppi_gsi: a PPI as ACPI and KVM name it: GICv5's INTID with its type
 * @intid: the PPI as an INTID of GICv3
 */
static inline uint32_t virt_ppi_gsi(const VirtMachineState *vms, int intid)
{
    return vms->gic_version == VIRT_GIC_VERSION_5 ?
           gicv5_intid(GICV5_TYPE_PPI, intid) : intid;
}

/**
 * virt_irq_is_wire: does an interrupt of the board go to an IWB?
 * @irq: its number on the board; that of the wire is the same. Otherwise it is
 *     the number of an SPI.
 */
bool virt_irq_is_wire(const VirtMachineState *vms, int irq);

/**
 * virt_irq_in: the input of GIC or IWB for an interrupt of the board
 * @irq: its number on the board
 *
 * The interrupt controllers must exist.
 */
qemu_irq virt_irq_in(const VirtMachineState *vms, int irq);

/**
 * virt_fdt_set_irqs: the interrupts of a device in the device tree
 * @node: path of its node, which exists
 * @irq: the number on the board of the first one
 * @count: how many there are, with consecutive numbers, all of the same kind
 * @flags: GIC_FDT_IRQ_FLAGS_* of each of them
 */
void virt_fdt_set_irqs(const VirtMachineState *vms, const char *node, int irq,
                       unsigned count, uint32_t flags);

/**
 * virt_fdt_set_pcie_wires: the interrupt map of PCI, if its pins are wires
 * @node: path of the node of the host bridge, which exists
 * @irq: the number on the board of the first of its PCI_NUM_PINS interrupts
 *
 * Returns false, with nothing done, if they are SPIs.
 */
bool virt_fdt_set_pcie_wires(const VirtMachineState *vms, const char *node,
                             int irq);

/**
 * virt_spi_gsi: an SPI, or a wire of an IWB, as ACPI names it
 * @irq: the number on the board, from 0
 */
static inline uint32_t virt_spi_gsi(const VirtMachineState *vms, int irq)
{
    if (virt_irq_is_wire(vms, irq)) {
        return VIRT_GICV5_IWB_GSI + irq;
    }
    return vms->gic_version == VIRT_GIC_VERSION_5 ?
           gicv5_intid(GICV5_TYPE_SPI, irq) : irq + GIC_INTERNAL;
}

#endif
