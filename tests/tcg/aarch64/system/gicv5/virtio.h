/*
 * GICv5 guest tests: a virtio device of PCI, with one queue
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef VIRTIO_H
#define VIRTIO_H

#include "its.h"

#define VIRTIO_BAR              0x10100000ul
#define VIRTIO_RNG_ID           0x10441af4u
#define VIRTIO_BLK_ID           0x10421af4u

/* The common configuration */
#define VIRTIO_FEATURES_SELECT  0x08
#define VIRTIO_FEATURES         0x0c
#define VIRTIO_STATUS           0x14
#define VIRTIO_QUEUE            0x16
#define VIRTIO_QUEUE_SIZE       0x18
#define VIRTIO_QUEUE_ENABLE     0x1c
#define VIRTIO_QUEUE_NOTIFY_OFF 0x1e
#define VIRTIO_QUEUE_DESC       0x20
#define VIRTIO_QUEUE_DRIVER     0x28
#define VIRTIO_QUEUE_DEVICE     0x30

#define VIRTIO_ACKNOWLEDGE      1
#define VIRTIO_DRIVER           2
#define VIRTIO_DRIVER_OK        4
#define VIRTIO_FEATURES_OK      8
#define VIRTIO_NEEDS_RESET      64

/* Features 32 and up: VERSION_1, ACCESS_PLATFORM */
#define VIRTIO_VERSION_1        1u
#define VIRTIO_ACCESS_PLATFORM  2u

#define VIRTIO_RING             8

static uint64_t virtio_common, virtio_notify, virtio_isr;

static inline uint64_t virtio_config(unsigned slot, unsigned offset)
{
    return PCI_ECAM + (slot << 15) + offset;
}

/* Where things of the device in a slot are; false if it is another one */
static inline bool virtio_find(unsigned slot, uint32_t id)
{
    unsigned multiplier = 0;

    if (mmio_r32(virtio_config(slot, 0)) != id) {
        return false;
    }
    mmio_w32(virtio_config(slot, 0x20), VIRTIO_BAR);
    mmio_w32(virtio_config(slot, 0x24), 0);
    mmio_w32(virtio_config(slot, 4), 6);
    for (unsigned cap = mmio_r8(virtio_config(slot, 0x34)); cap;
         cap = mmio_r8(virtio_config(slot, cap + 1))) {
        uint64_t where = VIRTIO_BAR + mmio_r32(virtio_config(slot, cap + 8));

        if (mmio_r8(virtio_config(slot, cap)) != 9) {
            continue;
        }
        switch (mmio_r8(virtio_config(slot, cap + 3))) {
        case 1:
            virtio_common = where;
            break;
        case 2:
            virtio_notify = where;
            multiplier = mmio_r32(virtio_config(slot, cap + 16));
            break;
        case 3:
            virtio_isr = where;
            break;
        }
    }
    mmio_w16(virtio_common + VIRTIO_QUEUE, 0);
    virtio_notify += multiplier *
                     mmio_r16(virtio_common + VIRTIO_QUEUE_NOTIFY_OFF);
    return virtio_common && virtio_notify && virtio_isr;
}

static inline void virtio_reset(void)
{
    mmio_w8(virtio_common + VIRTIO_STATUS, 0);
}

/* Addresses are the device's. */
static inline bool virtio_start(uint32_t features, uint64_t desc,
                                uint64_t avail, uint64_t used)
{
    unsigned status = VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER;
    const uint64_t ring[] = { desc, avail, used };

    virtio_reset();
    mmio_w8(virtio_common + VIRTIO_STATUS, status);
    mmio_w32(virtio_common + VIRTIO_FEATURES_SELECT, 1);
    mmio_w32(virtio_common + VIRTIO_FEATURES, features);
    status |= VIRTIO_FEATURES_OK;
    mmio_w8(virtio_common + VIRTIO_STATUS, status);
    if (!(mmio_r8(virtio_common + VIRTIO_STATUS) & VIRTIO_FEATURES_OK)) {
        return false;
    }
    mmio_w16(virtio_common + VIRTIO_QUEUE, 0);
    mmio_w16(virtio_common + VIRTIO_QUEUE_SIZE, VIRTIO_RING);
    for (unsigned i = 0; i < 3; i++) {
        mmio_w32(virtio_common + VIRTIO_QUEUE_DESC + 8 * i, ring[i]);
        mmio_w32(virtio_common + VIRTIO_QUEUE_DESC + 8 * i + 4,
                 ring[i] >> 32);
    }
    mmio_w16(virtio_common + VIRTIO_QUEUE_ENABLE, 1);
    mmio_w8(virtio_common + VIRTIO_STATUS, status | VIRTIO_DRIVER_OK);
    return true;
}

#endif
