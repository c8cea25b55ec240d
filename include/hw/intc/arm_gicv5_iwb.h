/*
 * Arm GICv5 Interrupt Wire Bridge (IWB)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_ARM_GICV5_IWB_H
#define HW_INTC_ARM_GICV5_IWB_H

#include "qom/object.h"

/**
 * An IWB makes events of an ITS from wires, its GPIO inputs 0 .. wires - 1.
 *
 * Properties (all fixed once realized):
 * "its": link to the ITS, which must be realized
 * "wires": 32..65536, a multiple of 32, at most what the ITS has EventIDs
 * "device-id": its DeviceID; a DeviceID of the ITS that nobody else has, which
 *     the board sees to
 * "enabled": IWB_CR0.IWBEN after reset; on for machines without firmware,
 *     where known software expects it
 * "iwb-id": a number for messages and trace events
 *
 * It has the domains of its ITS. There is one MMIO region, of GICV5_FRAME_SIZE,
 * for all of them: who accesses it is in the transaction's attributes.
 */
#define TYPE_ARM_GICV5_IWB "arm-gicv5-iwb"
OBJECT_DECLARE_SIMPLE_TYPE(ARMGICv5IWBState, ARM_GICV5_IWB)

#define GICV5_IWB_MAX_WIRES 65536

/* Outside of the requester IDs of PCI functions */
#define GICV5_IWB_DEFAULT_DEVICE_ID 0x10000

#endif
