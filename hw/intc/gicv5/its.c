/*
 * Arm GICv5 Interrupt Translation Service (ITS), emulated
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "hw/intc/intc.h"
#include "hw/pci/msi.h"
#include "hw/qdev-properties.h"
#include "its_internal.h"
#include "its_regs.h"
#include "trace.h"

/* --- life cycle --- */

static bool check_irs(ARMGICv5ITSState *s, Error **errp)
{
    ARMGICv5CommonState *irs = s->irs;

    if (!irs) {
        error_setg(errp, "irs must be set");
        return false;
    }
    if (!DEVICE(irs)->realized) {
        error_setg(errp, "irs must be realized first");
        return false;
    }
    if (irs->primary) {
        error_setg(errp, "irs must be the primary IRS");
        return false;
    }
    if (gicv5_system_config(irs->sys)->container) {
        error_setg(errp, "irs must be emulated: the kernel's takes no events");
        return false;
    }
    if (!s->domains || s->domains & ~irs->domains) {
        error_setg(errp, "domains must be a mask of domains of the IRS "
                   "(0x%x), but is 0x%x", irs->domains, s->domains);
        return false;
    }
    return true;
}

static bool check_widths(ARMGICv5ITSState *s, Error **errp)
{
    if (s->its_id > UINT16_MAX) {
        error_setg(errp, "its-id must be at most %u, but is %u", UINT16_MAX,
                   s->its_id);
        return false;
    }
    if (s->device_id_bits < 1 ||
        s->device_id_bits > GICV5_ITS_MAX_DEVICE_BITS) {
        error_setg(errp, "device-id-bits must be 1 to %u, but is %u",
                   GICV5_ITS_MAX_DEVICE_BITS, s->device_id_bits);
        return false;
    }
    if (s->event_id_bits < 1 || s->event_id_bits > GICV5_ITS_MAX_EVENT_BITS) {
        error_setg(errp, "event-id-bits must be 1 to %u, but is %u",
                   GICV5_ITS_MAX_EVENT_BITS, s->event_id_bits);
        return false;
    }
    if (s->l2_sizes > 7 ||
        (!s->l2_sizes && (s->dt_levels || s->itt_levels))) {
        error_setg(errp, "l2-sizes must be a mask of 1 (4 KiB), 2 (16 KiB) "
                   "and 4 (64 KiB), but is 0x%x", s->l2_sizes);
        return false;
    }
    if (s->num_translate > GICV5_ITS_MAX_TRANSLATE) {
        error_setg(errp, "device-id-offsets must have at most %u elements, "
                   "but has %u", GICV5_ITS_MAX_TRANSLATE, s->num_translate);
        return false;
    }
    return true;
}

static void init_region(ARMGICv5ITSState *s, unsigned n, const char *name)
{
    memory_region_init_io(&s->iomem[n], OBJECT(s), &gicv5_frame_ops,
                          &s->frame[n], name, GICV5_FRAME_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(s), &s->iomem[n]);
}

/* All numbers exist, in order; what is mapped is the board's choice. */
static void init_frames(ARMGICv5ITSState *s)
{
    QEMU_BUILD_BUG_ON(GICV5_ITS_NUM_MMIO > QDEV_MAX_MMIO);

    for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
        unsigned n = GICV5_ITS_MMIO_CONFIG(i);

        gicv5_frame_init(&s->frame[n], &gicv5_its_config_frame, &s->d[i],
                         "ITS", s->its_id, i);
        init_region(s, n, "gicv5-its-config");
    }
    for (unsigned t = 0; t < s->num_translate; t++) {
        for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
            unsigned n = GICV5_ITS_MMIO_TRANSLATE(i, t);

            s->translate[n] = (GICv5ITSTranslate) {
                .d = &s->d[i],
                .offset = s->device_id_offset[t],
            };
            gicv5_frame_init(&s->frame[n], &gicv5_its_translate_frame,
                             &s->translate[n], "ITS", s->its_id, i);
            init_region(s, n, "gicv5-its-translate");
        }
    }
}

static void arm_gicv5_its_realize(DeviceState *dev, Error **errp)
{
    ARMGICv5ITSState *s = ARM_GICV5_ITS(dev);

    if (!check_irs(s, errp) || !check_widths(s, errp)) {
        return;
    }
    if (!s->num_translate) {
        s->num_translate = 1;
        s->device_id_offset = g_new0(uint32_t, 1);
    }
    for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
        s->d[i].its = s;
        s->d[i].domain = i;
        gicv5_its_table_init(&s->d[i].table, GICV5_ITS_CACHE_BITS);
    }
    gicv5_its_set_idrs(s);
    init_frames(s);
    gicv5_add_part(s->irs, GICV5_PART_ITS);
    msi_nonbroken = true;
}

/* As with an IRS, there is no unrealize; see arm_gicv5_common_finalize(). */
static void arm_gicv5_its_finalize(Object *obj)
{
    ARMGICv5ITSState *s = ARM_GICV5_ITS(obj);

    for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
        gicv5_its_table_cleanup(&s->d[i].table);
    }
    /* qdev does not free an array of properties. */
    g_free(s->device_id_offset);
}

/* No event is made here, so the order of IRS, ITS and IWB does not matter. */
static void arm_gicv5_its_reset_hold(Object *obj, ResetType type)
{
    ARMGICv5ITSState *s = ARM_GICV5_ITS(obj);

    trace_gicv5_its_reset(s->its_id);
    for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
        GICv5ITSDomain *d = &s->d[i];

        d->cr1 = 0;
        d->dt_baser = 0;
        d->dt_cfgr = 0;
        d->didr = 0;
        d->eidr = 0;
        d->read_event_datar = 0;
        d->gen_event_didr = 0;
        d->gen_event_eidr = 0;
        gicv5_its_set_enabled(d, false);
    }
}

static void arm_gicv5_its_print_info(InterruptStatsProvider *obj, GString *buf)
{
    const ARMGICv5ITSState *s = ARM_GICV5_ITS(obj);

    g_string_append_printf(buf, "GICv5 ITS %u\n", s->its_id);
    for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
        const GICv5ITSDomain *d = &s->d[i];
        const GICv5ITSTableConfig *cfg = &d->table.cfg;

        if (!gicv5_its_has_domain(s, i)) {
            continue;
        }
        g_string_append_printf(buf, "  %s domain: ",
                               gicv5_domain_name(i));
        if (!d->cr0) {
            g_string_append(buf, "disabled\n");
            continue;
        }
        g_string_append_printf(buf, "device table at 0x%" PRIx64 ", %u "
                               "DeviceID bits, %s; %u translations cached\n",
                               cfg->base, cfg->device_bits,
                               cfg->two_level ? "two-level" : "linear",
                               d->table.used);
    }
}

static const Property arm_gicv5_its_properties[] = {
    DEFINE_PROP_LINK("irs", ARMGICv5ITSState, irs, TYPE_ARM_GICV5_COMMON,
                     ARMGICv5CommonState *),
    DEFINE_PROP_UINT32("its-id", ARMGICv5ITSState, its_id, 0),
    DEFINE_PROP_UINT8("domains", ARMGICv5ITSState, domains,
                      1 << GICV5_DOMAIN_NS),
    DEFINE_PROP_UINT8("device-id-bits", ARMGICv5ITSState, device_id_bits, 20),
    DEFINE_PROP_UINT8("event-id-bits", ARMGICv5ITSState, event_id_bits, 16),
    DEFINE_PROP_BOOL("dt-levels", ARMGICv5ITSState, dt_levels, true),
    /* Linux 7.3 cannot use all widths of a two-level ITT. */
    DEFINE_PROP_BOOL("itt-levels", ARMGICv5ITSState, itt_levels, false),
    DEFINE_PROP_UINT8("l2-sizes", ARMGICv5ITSState, l2_sizes, 7),
    DEFINE_PROP_ARRAY("device-id-offsets", ARMGICv5ITSState, num_translate,
                      device_id_offset, qdev_prop_uint32, uint32_t),
};

static void arm_gicv5_its_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);
    InterruptStatsProviderClass *ic = INTERRUPT_STATS_PROVIDER_CLASS(klass);

    dc->desc = "Arm GICv5 Interrupt Translation Service";
    dc->realize = arm_gicv5_its_realize;
    dc->hotpluggable = false;
    dc->vmsd = &vmstate_arm_gicv5_its;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    device_class_set_props(dc, arm_gicv5_its_properties);
    rc->phases.hold = arm_gicv5_its_reset_hold;
    ic->print_info = arm_gicv5_its_print_info;
}

static const TypeInfo arm_gicv5_its_info = {
    .name = TYPE_ARM_GICV5_ITS,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(ARMGICv5ITSState),
    .instance_finalize = arm_gicv5_its_finalize,
    .class_init = arm_gicv5_its_class_init,
    .interfaces = (InterfaceInfo[]) {
        { TYPE_INTERRUPT_STATS_PROVIDER },
        { },
    },
};

static void arm_gicv5_its_register_types(void)
{
    type_register_static(&arm_gicv5_its_info);
}

type_init(arm_gicv5_its_register_types)
