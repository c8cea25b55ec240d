/*
 * Arm GICv5 ITS: what the files of the device share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_GICV5_ITS_INTERNAL_H
#define HW_INTC_GICV5_ITS_INTERNAL_H

#include "hw/sysbus.h"
#include "hw/intc/arm_gicv5_common.h"
#include "hw/intc/arm_gicv5_its.h"
#include "engine.h"
#include "frame.h"
#include "its_table.h"

#define GICV5_ITS_NUM_IDRS 3

/**
 * GICv5ITSDomain: the registers of one config frame, and what translates
 *
 * @table is configured while ITS_CR0.ITSEN is 1, unless a load has failed.
 */
typedef struct GICv5ITSDomain {
    ARMGICv5ITSState *its;
    GICv5Domain domain;
    uint32_t cr0;               /* ITS_CR0.ITSEN */
    uint32_t cr1;
    uint64_t dt_baser;
    uint32_t dt_cfgr;
    uint64_t didr;
    uint32_t eidr;
    uint64_t read_event_datar;
    uint64_t gen_event_didr;
    uint32_t gen_event_eidr;
    GICv5ITSTable table;
} GICv5ITSDomain;

/* A translate frame: DeviceID is requester ID plus @offset */
typedef struct GICv5ITSTranslate {
    GICv5ITSDomain *d;
    uint32_t offset;
} GICv5ITSTranslate;

struct ARMGICv5ITSState {
    SysBusDevice parent_obj;

    MemoryRegion iomem[GICV5_ITS_NUM_MMIO];
    GICv5Frame frame[GICV5_ITS_NUM_MMIO];
    GICv5ITSTranslate translate[GICV5_ITS_NUM_MMIO];

    ARMGICv5CommonState *irs;
    uint32_t its_id;
    uint8_t domains;
    uint8_t device_id_bits;
    uint8_t event_id_bits;
    bool dt_levels;
    bool itt_levels;
    uint8_t l2_sizes;
    uint32_t *device_id_offset;
    uint32_t num_translate;

    /* ITS_IDR0 to ITS_IDR2, but for ITS_IDR0.INT_DOM; fixed once realized */
    uint32_t idr[GICV5_ITS_NUM_IDRS];
    uint32_t mig_idr[GICV5_ITS_NUM_IDRS];   /* what the source has */

    GICv5ITSDomain d[GICV5_NUM_DOMAINS];
};

extern const VMStateDescription vmstate_arm_gicv5_its;
extern const GICv5FrameType gicv5_its_config_frame;
extern const GICv5FrameType gicv5_its_translate_frame;

static inline bool gicv5_its_has_domain(const ARMGICv5ITSState *s,
                                        unsigned domain)
{
    return domain < GICV5_NUM_DOMAINS && (s->domains & (1u << domain));
}

/**
 * gicv5_its_set_idrs: @idr from the properties
 */
void gicv5_its_set_idrs(ARMGICv5ITSState *s);

/**
 * gicv5_its_set_enabled: ITS_CR0.ITSEN of @d is @enable
 *
 * From 0 to 1 the device table that the registers describe is taken into use;
 * nothing of it is read yet. No result stays cached.
 */
void gicv5_its_set_enabled(GICv5ITSDomain *d, bool enable);

/**
 * gicv5_its_event: device @device has event @event
 *
 * Dropped, after a message, if that has no translation. For IWBs, which are
 * the only source of events that are not GICV5_SET_EDGE, and for the frames.
 */
void gicv5_its_event(GICv5ITSDomain *d, uint32_t device, uint32_t event,
                     GICv5Event type);

#endif
