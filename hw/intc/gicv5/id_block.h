/*
 * Arm GICv5: how devices identify themselves
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_GICV5_ID_BLOCK_H
#define HW_INTC_GICV5_ID_BLOCK_H

#include "qemu/bitops.h"

/* JEP106 code of Arm, as QEMU has none; product numbers are QEMU's. */
#define GICV5_IMPLEMENTER 0x43B
#define GICV5_PRODUCT_IRS 0x051
#define GICV5_PRODUCT_ITS 0x052
#define GICV5_PRODUCT_IWB 0x053

/* IIDR: Implementer [11:0], ProductID [31:20], the same in all components */
#define GICV5_IIDR(product) (GICV5_IMPLEMENTER | (uint32_t)(product) << 20)

/* PIDR4 to 7, PIDR0 to 3, CIDR0 to 3: CoreSight identification */
#define GICV5_ID_BLOCK_REGS 12

/**
 * gicv5_id_block: register @index of a component's CoreSight identification,
 * which repeats its IIDR
 */
static inline uint8_t gicv5_id_block(unsigned product, unsigned index)
{
    const uint8_t id[GICV5_ID_BLOCK_REGS] = {
        /* PIDR4-7: continuation code of the implementer */
        GICV5_IMPLEMENTER >> 8, 0, 0, 0,
        /* PIDR0-3 */
        product & 0xff, (GICV5_IMPLEMENTER & 0xf) << 4 | product >> 8,
        1 << 3 | (GICV5_IMPLEMENTER >> 4 & 7), 0,
        /* CIDR0-3: CoreSight component */
        0x0d, 0xf0, 0x05, 0xb1,
    };

    return id[index];
}

#endif
