/*
 * Device tree interrupt specifiers that depend on the GIC's version
 *
 * GICv5 has a binding of its own: SPIs are of type 3 rather than 0, because
 * the type cell is the architecture's INTID type, and PPI numbers are INTIDs,
 * which do not start after 16 SGIs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_ARM_GICV5_FDT_H
#define HW_ARM_GICV5_FDT_H

#include "hw/arm/fdt.h"
#include "hw/intc/arm_gicv5_types.h"
#include "system/device_tree.h"

#define GICV5_FDT_COMPATIBLE "arm,gic-v5"

/**
 * gic_fdt_spi_type: first cell of an SPI's specifier, for generic code
 * @fdt: the tree
 * @intc: path of the interrupt controller's node, which must exist
 *
 * For code that fills in the tree of any machine and knows its interrupt
 * controller by the path of the node only.
 */
static inline uint32_t gic_fdt_spi_type(void *fdt, const char *intc)
{
    int len;
    const char *compat = qemu_fdt_getprop(fdt, intc, "compatible", &len, NULL);

    if (compat && len == sizeof(GICV5_FDT_COMPATIBLE) &&
        !memcmp(compat, GICV5_FDT_COMPATIBLE, len)) {
        return GICV5_TYPE_SPI;
    }
    return GIC_FDT_IRQ_TYPE_SPI;
}

#endif
