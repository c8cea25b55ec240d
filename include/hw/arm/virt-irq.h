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
 * virt_spi_gsi: an SPI as ACPI names it
 * @spi: its number, from 0
 */
static inline uint32_t virt_spi_gsi(const VirtMachineState *vms, int spi)
{
    return vms->gic_version == VIRT_GIC_VERSION_5 ?
           gicv5_intid(GICV5_TYPE_SPI, spi) : spi + GIC_INTERNAL;
}

#endif
