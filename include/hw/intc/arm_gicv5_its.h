/*
 * Arm GICv5 Interrupt Translation Service (ITS)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_ARM_GICV5_ITS_H
#define HW_INTC_ARM_GICV5_ITS_H

#include "qom/object.h"
#include "hw/intc/arm_gicv5_types.h"

/**
 * An ITS turns messages of devices into LPIs of an emulated IRS.
 *
 * Properties (all fixed once realized):
 * "irs": link to the primary IRS, which must be realized
 * "its-id": 0..65535, ITS_IDR0.ITSID
 * "domains": bit mask of 1 << GICv5Domain, not 0; domains of the IRS
 * "device-id-bits": 1..32, ITS_IDR1.DEVICEID_BITS
 * "event-id-bits": 1..31, ITS_IDR2.EVENTID_BITS
 * "dt-levels", "itt-levels": two-level tables (ITS_IDR1)
 * "l2-sizes": bit mask of level 2 table sizes (ITS_IDR1.L2SZ): 1 is 4 KiB, 2 is
 *     16 KiB, 4 is 64 KiB; not 0 if there are two-level tables
 * "device-id-offsets": array of up to GICV5_ITS_MAX_TRANSLATE numbers. Each
 *     domain has a translate frame for each of them; the DeviceID of a write to
 *     it is the requester ID plus this number, modulo 2^32. Empty means one
 *     frame, with 0. So bridges whose requester IDs overlap can be told apart
 *     by the frame that a board gives each.
 */
#define TYPE_ARM_GICV5_ITS "arm-gicv5-its"
OBJECT_DECLARE_SIMPLE_TYPE(ARMGICv5ITSState, ARM_GICV5_ITS)

#define GICV5_ITS_MAX_TRANSLATE 7

/*
 * MMIO regions of the sysbus device, of GICV5_FRAME_SIZE each: the config
 * frame of each GICv5Domain, then the translate frames. All domains have
 * numbers; a board maps those that it gave the device.
 */
#define GICV5_ITS_MMIO_CONFIG(domain) (domain)
#define GICV5_ITS_MMIO_TRANSLATE(domain, n) \
    (GICV5_NUM_DOMAINS * (1 + (n)) + (domain))
#define GICV5_ITS_NUM_MMIO (GICV5_NUM_DOMAINS * (1 + GICV5_ITS_MAX_TRANSLATE))

#endif
