/*
 * Arm GICv5 ITS: migration
 *
 * The registers of each domain's frame. Tables are in guest memory, and the
 * cache is not sent: it holds nothing that software could not expect to find
 * in the tables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "hw/intc/arm_gicv5_vmstate.h"
#include "migration/vmstate.h"
#include "its_internal.h"
#include "its_regs.h"

static bool in_mask(const char *field, unsigned n, uint64_t value,
                    uint64_t mask)
{
    return gicv5_in_mask("arm-gicv5-its", field, n, value, mask);
}

static int domain_post_load(void *opaque, int version_id)
{
    const GICv5ITSDomain *d = opaque;
    const uint64_t all = gicv5_its_has_domain(d->its, d->domain) ? ~0ULL : 0;
    unsigned n = d->domain;

    return in_mask("cr0", n, d->cr0, R_ITS_CR0_ITSEN_MASK & all) &&
           in_mask("cr1", n, d->cr1, GICV5_ITS_CR1_MASK & all) &&
           in_mask("dt_baser", n, d->dt_baser,
                   R_ITS_DT_BASER_ADDR_MASK & all) &&
           in_mask("dt_cfgr", n, d->dt_cfgr, GICV5_ITS_DT_CFGR_MASK & all) &&
           in_mask("didr", n, d->didr, R_ITS_DIDR_DEVICE_ID_MASK & all) &&
           in_mask("eidr", n, d->eidr, UINT32_MAX & all) &&
           in_mask("read_event_datar", n, d->read_event_datar,
                   GICV5_ITS_READ_EVENT_DATAR_MASK & all) &&
           in_mask("gen_event_didr", n, d->gen_event_didr,
                   R_ITS_DIDR_DEVICE_ID_MASK & all) &&
           in_mask("gen_event_eidr", n, d->gen_event_eidr,
                   UINT32_MAX & all) ? 0 : -EINVAL;
}

static const VMStateDescription vmstate_its_domain = {
    .name = "arm_gicv5_its/domain",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = domain_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(cr0, GICv5ITSDomain),
        VMSTATE_UINT32(cr1, GICv5ITSDomain),
        VMSTATE_UINT64(dt_baser, GICv5ITSDomain),
        VMSTATE_UINT32(dt_cfgr, GICv5ITSDomain),
        VMSTATE_UINT64(didr, GICv5ITSDomain),
        VMSTATE_UINT32(eidr, GICv5ITSDomain),
        VMSTATE_UINT64(read_event_datar, GICv5ITSDomain),
        VMSTATE_UINT64(gen_event_didr, GICv5ITSDomain),
        VMSTATE_UINT32(gen_event_eidr, GICv5ITSDomain),
        VMSTATE_END_OF_LIST()
    }
};

static int its_pre_save(void *opaque)
{
    ARMGICv5ITSState *s = opaque;

    memcpy(s->mig_idr, s->idr, sizeof(s->mig_idr));
    return 0;
}

static int its_post_load(void *opaque, int version_id)
{
    ARMGICv5ITSState *s = opaque;

    for (unsigned i = 0; i < GICV5_ITS_NUM_IDRS; i++) {
        if (s->mig_idr[i] != s->idr[i]) {
            error_report("arm-gicv5-its: idr[%u] is 0x%x, but the source has "
                         "0x%x", i, s->idr[i], s->mig_idr[i]);
            return -EINVAL;
        }
    }
    for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
        gicv5_its_set_enabled(&s->d[i], s->d[i].cr0);
    }
    gicv5_part_loaded(s->irs, GICV5_PART_ITS);
    return 0;
}

const VMStateDescription vmstate_arm_gicv5_its = {
    .name = "arm_gicv5_its",
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_GICV3_ITS,
    .pre_save = its_pre_save,
    .post_load = its_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_EQUAL(domains, ARMGICv5ITSState,
                            "arm-gicv5-its: the two machines have other "
                            "interrupt domains (option -machine)"),
        VMSTATE_UINT32_ARRAY(mig_idr, ARMGICv5ITSState, GICV5_ITS_NUM_IDRS),
        VMSTATE_STRUCT_ARRAY(d, ARMGICv5ITSState, GICV5_NUM_DOMAINS, 1,
                             vmstate_its_domain, GICv5ITSDomain),
        VMSTATE_END_OF_LIST()
    }
};
