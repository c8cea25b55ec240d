/*
 * GICv5 guest tests: the ITS, and a PCI device that sends MSIs (QEMU's edu, in
 * slot 4)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef ITS_H
#define ITS_H

#include "lib.h"

#define ITS_BASE                0x08050000ul
#define ITS_TRANSLATE           0x08090000ul

#define ITS_IDR1                0x0004
#define ITS_IDR2                0x0008
#define ITS_CR0                 0x0080
#define ITS_DT_BASER            0x00c0
#define ITS_DT_CFGR             0x00d0
#define ITS_DIDR                0x0100
#define ITS_EIDR                0x0108
#define ITS_INV_EVENTR          0x010c
#define ITS_INV_DEVICER         0x0110
#define ITS_READ_EVENTR         0x0114
#define ITS_READ_EVENT_DATAR    0x0118
#define ITS_STATUSR             0x0120
#define ITS_SYNCR               0x0140
#define ITS_SYNC_STATUSR        0x0148
#define ITS_GEN_EVENT_DIDR      0x0180
#define ITS_GEN_EVENT_EIDR      0x0188
#define ITS_GEN_EVENTR          0x018c
#define ITS_GEN_EVENT_STATUSR   0x0190

#define ITS_GO                  BIT(31)
#define ITS_SYNC                BIT(63)

#define DTE_VALID               BIT(0)
#define DTE_EVENT_BITS(n)       ((uint64_t)(n) << 59)
#define ITTE_VALID              BIT(31)

/* One device table and one ITT, linear */
#define DEVICE_BITS             8
#define EVENT_BITS              16

static uint64_t its_dt[1 << DEVICE_BITS] __attribute__((aligned(2048)));
static uint64_t its_itt[1 << EVENT_BITS] __attribute__((aligned(1 << 19)));

static inline uint32_t its_r32(unsigned offset)
{
    return mmio_r32(ITS_BASE + offset);
}

static inline void its_w32(unsigned offset, uint32_t v)
{
    dsb();
    mmio_w32(ITS_BASE + offset, v);
}

static inline void its_w64(unsigned offset, uint64_t v)
{
    dsb();
    mmio_w64(ITS_BASE + offset, v);
}

static inline bool its_idle(unsigned offset)
{
    return wait_for(its_r32(offset) & 1);
}

static inline bool its_enable(bool on)
{
    its_w32(ITS_CR0, on);
    return wait_for(its_r32(ITS_CR0) & 2);
}

/* The tables, with nothing mapped; enabled */
static inline bool its_setup(unsigned device)
{
    if (!its_enable(false)) {
        return false;
    }
    memset(its_dt, 0, sizeof(its_dt));
    memset(its_itt, 0, sizeof(its_itt));
    its_dt[device] = (uint64_t)its_itt | DTE_VALID |
                     DTE_EVENT_BITS(EVENT_BITS);
    its_w32(ITS_DT_CFGR, DEVICE_BITS);
    its_w64(ITS_DT_BASER, (uint64_t)its_dt);
    return its_enable(true);
}

static inline bool its_inv(unsigned device, unsigned event)
{
    its_w64(ITS_DIDR, device);
    its_w32(ITS_EIDR, event);
    its_w32(ITS_INV_EVENTR, ITS_GO);
    return its_idle(ITS_STATUSR);
}

static inline bool its_sync(unsigned device)
{
    its_w64(ITS_SYNCR, ITS_SYNC | device);
    return its_idle(ITS_SYNC_STATUSR);
}

/* The map of virt with the ECAM above 4 GiB */
#define PCI_ECAM                0x4010000000ul
#define PCI_MMIO                0x10000000ul

#define EDU_DEVFN               (4 << 3)
#define EDU_ID                  0x11e81234u
#define EDU_RAISE               0x60
#define EDU_ACK                 0x64

static unsigned edu_msi;

static inline uint64_t edu_config(unsigned offset)
{
    return PCI_ECAM + (EDU_DEVFN << 12) + offset;
}

static inline uint64_t edu_bar(unsigned offset)
{
    return PCI_MMIO + offset;
}

/* Find it, and let it send MSIs to the translate frame. */
static inline bool edu_setup(void)
{
    unsigned cap;

    if (mmio_r32(edu_config(0)) != EDU_ID) {
        return false;
    }
    mmio_w32(edu_config(0x10), PCI_MMIO);
    /* Memory and bus master */
    mmio_w32(edu_config(4), 6);
    for (cap = mmio_r32(edu_config(0x34)) & 0xff;
         cap && (mmio_r32(edu_config(cap)) & 0xff) != 5;
         cap = mmio_r32(edu_config(cap)) >> 8 & 0xff) {
        continue;
    }
    if (!cap || !(mmio_r32(edu_config(cap)) & BIT(23))) {
        return false;
    }
    edu_msi = cap;
    mmio_w32(edu_config(cap + 4), ITS_TRANSLATE);
    mmio_w32(edu_config(cap + 8), 0);
    mmio_w32(edu_config(cap), mmio_r32(edu_config(cap)) | BIT(16));
    return true;
}

/* Its MSI is this event from now on. */
static inline void edu_event(unsigned event)
{
    mmio_w32(edu_config(edu_msi + 12), event);
}

static inline void edu_raise(void)
{
    mmio_w32(edu_bar(EDU_RAISE), 1);
    mmio_w32(edu_bar(EDU_ACK), 1);
}

#endif
