/*
 * Arm GICv5 IRS: what the files of the device share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_ARM_GICV5_INTERNAL_H
#define HW_INTC_ARM_GICV5_INTERNAL_H

#include "hw/intc/arm_gicv5_common.h"
#include "engine.h"
#include "frame.h"

/**
 * arm_gicv5_common_undo_realize: undo what realize of the common class did
 *
 * As far as it came; for a child class whose own part of realize fails.
 */
void arm_gicv5_common_undo_realize(ARMGICv5CommonState *s);

extern const VMStateDescription vmstate_arm_gicv5;
extern const GICv5FrameType gicv5_irs_config_frame;
extern const GICv5FrameType gicv5_irs_setlpi_frame;

/**
 * gicv5_irs_record_swerr: IRS_SWERR_* of the frame @d
 *
 * The first error stays; later ones set OF until software clears the record.
 */
void gicv5_irs_record_swerr(GICv5IRSDomain *d, GICv5SWErr ec, uint32_t id,
                            uint64_t addr);

/**
 * gicv5_irs_space, gicv5_irs_ist: what the engine has for a domain
 */
static inline GICv5Space *gicv5_irs_space(const ARMGICv5CommonState *s,
                                          GICv5Domain domain)
{
    return gicv5_system_space(s->sys, domain);
}

static inline GICv5IST *gicv5_irs_ist(const ARMGICv5CommonState *s,
                                      GICv5Domain domain)
{
    return gicv5_space_ist(gicv5_irs_space(s, domain), GICV5_TYPE_LPI);
}

/* Does the domain have VMs? EL3 never has. */
bool gicv5_irs_has_vms(const void *opaque);

/* Do these VMs have 1-of-N routing? */
bool gicv5_irs_has_virt_one_n(const void *opaque);

/* IRS_IDR3, IRS_IDR4 of an IRS with VMs */
uint32_t gicv5_irs_idr3(const ARMGICv5CommonState *s);
uint32_t gicv5_irs_idr4(const ARMGICv5CommonState *s);

/* Bits of IRS_VMT_CFGR that software can write */
uint32_t gicv5_irs_vmt_cfgr_mask(const ARMGICv5CommonState *s);

/*
 * log2 of the bytes of a VPE descriptor: what the engine needs, and the most
 * that IRS_IDR4 allows. The default keeps descriptors that follow each other at
 * addresses whose bits 4:3 are 0, since not all software has these in
 * VPETE.VPED_ADDR.
 */
#define GICV5_MIN_VPED_SIZE_BITS 3
#define GICV5_MAX_VPED_SIZE_BITS 12
#define GICV5_DEFAULT_VPED_SIZE_BITS 5

/**
 * gicv5_irs_ist_config: how the IRS takes a value of IRS_IST_CFGR
 *
 * Values out of range are logged and clamped.
 */
GICv5ISTConfig gicv5_irs_ist_config(const ARMGICv5CommonState *s,
                                    uint32_t cfgr);

/**
 * gicv5_irs_set_idrs: @idr of an IRS from its properties
 */
void gicv5_irs_set_idrs(ARMGICv5CommonState *s);

/**
 * gicv5_irs_check_idr: the default of ARMGICv5CommonClass.check_idr
 */
bool gicv5_irs_check_idr(ARMGICv5CommonState *s, const uint32_t *idr,
                         Error **errp);

/**
 * gicv5_irs_vmstate_init, gicv5_irs_vmstate_cleanup: tell migrations how much
 * an IRS will have to send while the machine is stopped
 *
 * For a primary IRS, whose engine exists. Cleanup may come without init.
 */
void gicv5_irs_vmstate_init(ARMGICv5CommonState *s);
void gicv5_irs_vmstate_cleanup(ARMGICv5CommonState *s);

/**
 * gicv5_irs_print: "info pic" of one IRS
 */
void gicv5_irs_print(ARMGICv5CommonState *s, GString *buf);

/**
 * gicv5_irs_is_loaded: has a stream had the IRS, each ITS and IWB, and is their
 * state still there?
 *
 * @s: the primary IRS. False after a message, which names the option for the
 * machine that the stream is for.
 */
bool gicv5_irs_is_loaded(const ARMGICv5CommonState *s);

#endif
