/*
 * Arm GICv5 Interrupt Wire Bridge (IWB), emulated
 *
 * Wires become events of one device of an ITS: the EventID is the number of the
 * wire. Events reach the ITS, and from there the IRS, before a register write
 * or a change of a wire returns, so that each IDLE bit always reads 1.
 *
 * For a wire that is level-triggered and enabled while IWBEN is 1, the last
 * event is always what its input is: SET_LEVEL or CLEAR. No other wire has a
 * SET_LEVEL outstanding: what turns it into one of these sends CLEAR first, and
 * a reset ends all. So "outstanding" needs no state of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "hw/intc/arm_gicv5_iwb.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "id_block.h"
#include "its_internal.h"
#include "iwb_regs.h"
#include "trace.h"

/* IWB_AIDR.COMPONENT */
#define COMPONENT_IWB 2

/**
 * ARMGICv5IWBState:
 * @cr0: IWB_CR0.IWBEN
 * @words: wires / 32: the elements of the arrays, of @wdomain twice as many
 * @wenable, @wtm, @level: a bit for each wire; WTMR 1 is level-triggered
 * @wdomain: two bits for each wire
 */
struct ARMGICv5IWBState {
    SysBusDevice parent_obj;

    MemoryRegion iomem;
    GICv5Frame frame;

    ARMGICv5ITSState *its;
    uint32_t wires;
    uint32_t device_id;
    uint32_t iwb_id;
    bool enabled;

    uint32_t cr0;
    uint32_t words;
    uint32_t domain_words;
    uint32_t *wenable;
    uint32_t *wtm;
    uint32_t *level;
    uint32_t *wdomain;
};

/* --- wires --- */

static bool wire_bit(const uint32_t *map, uint32_t wire)
{
    return map[wire / 32] >> wire % 32 & 1;
}

static void set_wire_bit(uint32_t *map, uint32_t wire, bool value)
{
    map[wire / 32] = deposit32(map[wire / 32], wire % 32, 1, value);
}

static GICv5Domain wire_domain(const ARMGICv5IWBState *s, uint32_t wire)
{
    return extract32(s->wdomain[wire / 16], wire % 16 * 2, 2);
}

static void send_event(ARMGICv5IWBState *s, uint32_t wire, GICv5Event type)
{
    GICv5Domain domain = wire_domain(s, wire);

    trace_gicv5_iwb_event(s->iwb_id, wire, domain, type);
    gicv5_its_event(&s->its->d[domain], s->device_id, wire, type);
}

/* Does the wire have events at all? */
static bool is_on(const ARMGICv5IWBState *s, uint32_t wire)
{
    return s->cr0 && wire_bit(s->wenable, wire);
}

/* Rule RSDJBH: the ITS is told what the wire of an enabled level input is. */
static void sample(ARMGICv5IWBState *s, uint32_t wire)
{
    if (is_on(s, wire) && wire_bit(s->wtm, wire)) {
        send_event(s, wire, wire_bit(s->level, wire) ? GICV5_SET_LEVEL :
                                                       GICV5_CLEAR);
    }
}

/* Rule SDDQDS: before the wire ceases to be what it is */
static void clear(ARMGICv5IWBState *s, uint32_t wire)
{
    if (is_on(s, wire) && wire_bit(s->wtm, wire)) {
        send_event(s, wire, GICV5_CLEAR);
    }
}

/*
 * Rule RWLHDQ. Edges of a wire that is off are not remembered (inferred).
 * A device in an iothread may raise its wire without the BQL.
 */
static void iwb_set_irq(void *opaque, int n, int level)
{
    ARMGICv5IWBState *s = opaque;

    BQL_LOCK_GUARD();
    if (wire_bit(s->level, n) == !!level) {
        return;
    }
    trace_gicv5_iwb_wire(s->iwb_id, n, !!level);
    set_wire_bit(s->level, n, level);
    if (wire_bit(s->wtm, n)) {
        sample(s, n);
    } else if (level && is_on(s, n)) {
        send_event(s, n, GICV5_SET_EDGE);
    }
}

/* --- who accesses the frame --- */

/* The physical address space of an access; PCI functions have none of it set */
static GICv5Domain access_domain(MemTxAttrs attrs)
{
    if (attrs.unspecified || (!attrs.space && !attrs.secure)) {
        return GICV5_DOMAIN_NS;
    }
    return attrs.space;
}

/* EL3 has the Root space where there is Realm (RME), else the Secure one. */
static GICv5Domain domain_space(const ARMGICv5IWBState *s, GICv5Domain domain)
{
    return domain == GICV5_DOMAIN_EL3 &&
           !gicv5_its_has_domain(s->its, GICV5_DOMAIN_REALM) ?
           GICV5_DOMAIN_S : domain;
}

/* Is it the most privileged one that is implemented (MPPAS)? */
static bool is_mppas(const ARMGICv5IWBState *s, MemTxAttrs attrs)
{
    static const GICv5Domain order[] = {
        GICV5_DOMAIN_EL3, GICV5_DOMAIN_S, GICV5_DOMAIN_NS, GICV5_DOMAIN_REALM,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
        if (gicv5_its_has_domain(s->its, order[i])) {
            return access_domain(attrs) == domain_space(s, order[i]);
        }
    }
    return false;
}

/*
 * Rules IVFDHJ, IPVVMN: a wire's bits are accessible from its own domain and
 * from the MPPAS, otherwise RAZ/WI.
 */
static bool is_accessible(const ARMGICv5IWBState *s, MemTxAttrs attrs,
                          uint32_t wire)
{
    return wire < s->wires &&
           (is_mppas(s, attrs) ||
            access_domain(attrs) == domain_space(s, wire_domain(s, wire)));
}

static uint32_t accessible_bits(const ARMGICv5IWBState *s,
                                const GICv5RegAccess *a)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < 32; i++) {
        if (is_accessible(s, a->attrs, a->index * 32 + i)) {
            mask |= 1u << i;
        }
    }
    return mask;
}

/* --- registers --- */

static uint64_t idr0_read(void *opaque, const GICv5RegAccess *a)
{
    const ARMGICv5IWBState *s = opaque;

    uint32_t v = FIELD_DP32(0, IWB_IDR0, IW_RANGE, s->words - 1);

    return FIELD_DP32(v, IWB_IDR0, INT_DOMS, s->its->domains);
}

static uint64_t id_block_read(void *opaque, const GICv5RegAccess *a)
{
    return gicv5_id_block(GICV5_PRODUCT_IWB, a->index);
}

/*
 * Rules RVWTHK, RDRQYB. O(wires that are enabled). Inferred: writable from the
 * MPPAS only.
 */
static void cr0_write(void *opaque, const GICv5RegAccess *a, uint64_t value)
{
    ARMGICv5IWBState *s = opaque;

    if (!is_mppas(s, a->attrs)) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IWB %u: IWB_CR0 written from "
                      "domain %d\n", s->iwb_id, access_domain(a->attrs));
        return;
    }
    if (s->cr0 == value) {
        return;
    }
    trace_gicv5_iwb_enable(s->iwb_id, value);
    for (uint32_t i = 0; !value && i < s->words; i++) {
        for (uint32_t v = s->wenable[i] & s->wtm[i] & s->level[i]; v;
             v &= v - 1) {
            clear(s, i * 32 + ctz32(v));
        }
    }
    s->cr0 = value;
    for (uint32_t i = 0; value && i < s->words; i++) {
        for (uint32_t v = s->wenable[i] & s->wtm[i]; v; v &= v - 1) {
            sample(s, i * 32 + ctz32(v));
        }
    }
}

/* Inferred: nothing happens to an edge-triggered wire. */
static void wresampler_write(void *opaque, const GICv5RegAccess *a,
                             uint64_t value)
{
    ARMGICv5IWBState *s = opaque;
    uint32_t wire = FIELD_EX32(value, IWB_WRESAMPLER, IWI);

    if (!is_accessible(s, a->attrs, wire)) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IWB %u: IWB_WRESAMPLER: there "
                      "is no wire %u for domain %d\n", s->iwb_id, wire,
                      access_domain(a->attrs));
        return;
    }
    sample(s, wire);
}

static uint64_t read_bits(const ARMGICv5IWBState *s, const GICv5RegAccess *a,
                          const uint32_t *map)
{
    return a->index < s->words ? map[a->index] & accessible_bits(s, a) : 0;
}

static void write_bits(ARMGICv5IWBState *s, const GICv5RegAccess *a,
                       uint32_t *map, uint32_t value)
{
    if (a->index >= s->words) {
        return;
    }
    for (uint32_t v = (value ^ map[a->index]) & accessible_bits(s, a); v;
         v &= v - 1) {
        uint32_t wire = a->index * 32 + ctz32(v);

        clear(s, wire);
        set_wire_bit(map, wire, !wire_bit(map, wire));
        sample(s, wire);
    }
}

static uint64_t wenabler_read(void *opaque, const GICv5RegAccess *a)
{
    const ARMGICv5IWBState *s = opaque;

    return read_bits(s, a, s->wenable);
}

static void wenabler_write(void *opaque, const GICv5RegAccess *a,
                           uint64_t value)
{
    ARMGICv5IWBState *s = opaque;

    write_bits(s, a, s->wenable, value);
}

static uint64_t wtmr_read(void *opaque, const GICv5RegAccess *a)
{
    const ARMGICv5IWBState *s = opaque;

    return read_bits(s, a, s->wtm);
}

/* Inferred: for an enabled wire, as if it were disabled and enabled again. */
static void wtmr_write(void *opaque, const GICv5RegAccess *a, uint64_t value)
{
    ARMGICv5IWBState *s = opaque;

    write_bits(s, a, s->wtm, value);
}

static uint64_t wdomainr_read(void *opaque, const GICv5RegAccess *a)
{
    const ARMGICv5IWBState *s = opaque;

    return a->index < s->domain_words && is_mppas(s, a->attrs) ?
           s->wdomain[a->index] : 0;
}

/*
 * Inferred: an enabled wire is disabled in its old domain and enabled in the
 * new one. A domain that is not implemented leaves the wire where it is, which
 * software can read back.
 */
static void wdomainr_write(void *opaque, const GICv5RegAccess *a,
                           uint64_t value)
{
    ARMGICv5IWBState *s = opaque;

    if (a->index >= s->domain_words || !is_mppas(s, a->attrs)) {
        return;
    }
    for (unsigned i = 0; i < 16; i++) {
        uint32_t wire = a->index * 16 + i;
        unsigned domain = extract32(value, 2 * i, 2);

        if (domain == wire_domain(s, wire)) {
            continue;
        }
        if (!gicv5_its_has_domain(s->its, domain)) {
            qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IWB %u: wire %u: there is "
                          "no domain %u\n", s->iwb_id, wire, domain);
            continue;
        }
        clear(s, wire);
        s->wdomain[a->index] = deposit32(s->wdomain[a->index], 2 * i, 2,
                                         domain);
        sample(s, wire);
    }
}

static const GICv5Reg regs[] = {
    GICV5_RO32(IWB_IDR0, .read = idr0_read),
    GICV5_RO32(IWB_IIDR, .value = GICV5_IIDR(GICV5_PRODUCT_IWB)),
    GICV5_RO32(IWB_AIDR,
               .value = COMPONENT_IWB << R_IWB_AIDR_COMPONENT_SHIFT),
    GICV5_RW32(IWB_CR0, .mask = R_IWB_CR0_IWBEN_MASK,
               .value = R_IWB_CR0_IDLE_MASK,
               .field = offsetof(ARMGICv5IWBState, cr0), .write = cr0_write),
    GICV5_RO32(IWB_WENABLE_STATUSR,
               .value = R_IWB_WENABLE_STATUSR_IDLE_MASK),
    GICV5_RO32(IWB_WDOMAIN_STATUSR,
               .value = R_IWB_WDOMAIN_STATUSR_IDLE_MASK),
    GICV5_WO32(IWB_WRESAMPLER, .mask = R_IWB_WRESAMPLER_IWI_MASK,
               .write = wresampler_write),
    GICV5_RW32(IWB_WENABLER0, .count = GICV5_IWB_MAX_WORDS,
               .mask = UINT32_MAX, .read = wenabler_read,
               .write = wenabler_write),
    GICV5_RW32(IWB_WTMR0, .count = GICV5_IWB_MAX_WORDS, .mask = UINT32_MAX,
               .read = wtmr_read, .write = wtmr_write),
    GICV5_RW32(IWB_WDOMAINR0, .count = 2 * GICV5_IWB_MAX_WORDS,
               .mask = UINT32_MAX, .read = wdomainr_read,
               .write = wdomainr_write),
    /* The architecture's ID of an IWB is not known: PRESENT is 0. */
    GICV5_RO32(IWB_DEVARCH),
    GICV5_RO32(IWB_PIDR4, .count = GICV5_ID_BLOCK_REGS,
               .read = id_block_read),
};

static const GICv5FrameType iwb_frame = {
    .name = "config",
    .regs = regs,
    .num_regs = ARRAY_SIZE(regs),
};

/* --- life cycle --- */

static void arm_gicv5_iwb_realize(DeviceState *dev, Error **errp)
{
    ARMGICv5IWBState *s = ARM_GICV5_IWB(dev);

    if (!s->its || !DEVICE(s->its)->realized) {
        error_setg(errp, "its must be set, and be realized first");
        return;
    }
    if (s->wires < 32 || s->wires % 32 || s->wires > GICV5_IWB_MAX_WIRES ||
        (uint64_t)s->wires > 1ULL << s->its->event_id_bits) {
        error_setg(errp, "wires must be a multiple of 32, from 32 to %u, at "
                   "most 2^%u as the ITS has EventIDs, but is %u",
                   GICV5_IWB_MAX_WIRES, s->its->event_id_bits, s->wires);
        return;
    }
    if ((uint64_t)s->device_id >> s->its->device_id_bits) {
        error_setg(errp, "device-id must have at most the %u bits of the "
                   "ITS's DeviceIDs, but is 0x%x", s->its->device_id_bits,
                   s->device_id);
        return;
    }
    s->words = s->wires / 32;
    s->domain_words = s->wires / 16;
    s->wenable = g_new0(uint32_t, s->words);
    s->wtm = g_new0(uint32_t, s->words);
    s->level = g_new0(uint32_t, s->words);
    s->wdomain = g_new0(uint32_t, s->domain_words);

    gicv5_frame_init(&s->frame, &iwb_frame, s, "IWB", s->iwb_id, -1);
    memory_region_init_io(&s->iomem, OBJECT(s), &gicv5_frame_ops, &s->frame,
                          "gicv5-iwb", GICV5_FRAME_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(s), &s->iomem);
    qdev_init_gpio_in(dev, iwb_set_irq, s->wires);
    gicv5_add_part(s->its->irs, GICV5_PART_IWB);
}

static void arm_gicv5_iwb_finalize(Object *obj)
{
    ARMGICv5IWBState *s = ARM_GICV5_IWB(obj);

    g_free(s->wenable);
    g_free(s->wtm);
    g_free(s->level);
    g_free(s->wdomain);
}

/* The domain of all wires after reset: Non-secure if there is one */
static GICv5Domain reset_domain(const ARMGICv5IWBState *s)
{
    return gicv5_its_has_domain(s->its, GICV5_DOMAIN_NS) ?
           GICV5_DOMAIN_NS : ctz32(s->its->domains);
}

/*
 * No event is made: IRS and ITS are reset with it, in any order. What the wires
 * are is not part of it.
 */
static void arm_gicv5_iwb_reset_hold(Object *obj, ResetType type)
{
    ARMGICv5IWBState *s = ARM_GICV5_IWB(obj);

    trace_gicv5_iwb_reset(s->iwb_id);
    s->cr0 = s->enabled ? R_IWB_CR0_IWBEN_MASK : 0;
    memset(s->wenable, 0, s->words * sizeof(s->wenable[0]));
    memset(s->wtm, 0, s->words * sizeof(s->wtm[0]));
    for (uint32_t i = 0; i < s->domain_words; i++) {
        s->wdomain[i] = reset_domain(s) * 0x55555555u;
    }
}

/* --- migration --- */

/* Nothing is sent to the ITS: the events have happened on the source. */
static int iwb_post_load(void *opaque, int version_id)
{
    ARMGICv5IWBState *s = opaque;

    if (s->cr0 & ~R_IWB_CR0_IWBEN_MASK) {
        error_report("arm-gicv5-iwb: cr0 0x%x has bits other than 0x%x",
                     s->cr0, R_IWB_CR0_IWBEN_MASK);
        return -EINVAL;
    }
    for (uint32_t wire = 0; wire < s->wires; wire++) {
        if (!gicv5_its_has_domain(s->its, wire_domain(s, wire))) {
            error_report("arm-gicv5-iwb: wdomain[%u] 0x%x has a domain that "
                         "does not exist", wire / 16, s->wdomain[wire / 16]);
            return -EINVAL;
        }
    }
    gicv5_part_loaded(s->its->irs, GICV5_PART_IWB);
    return 0;
}

static const VMStateDescription vmstate_arm_gicv5_iwb = {
    .name = "arm_gicv5_iwb",
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_GICV3_ITS,
    .post_load = iwb_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_EQUAL(wires, ARMGICv5IWBState,
                             "arm-gicv5-iwb: the two machines have other "
                             "numbers of wires"),
        VMSTATE_UINT32_EQUAL(device_id, ARMGICv5IWBState,
                             "arm-gicv5-iwb: the two machines have other "
                             "DeviceIDs"),
        VMSTATE_UINT32(cr0, ARMGICv5IWBState),
        VMSTATE_VARRAY_UINT32(wenable, ARMGICv5IWBState, words, 1,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_VARRAY_UINT32(wtm, ARMGICv5IWBState, words, 1,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_VARRAY_UINT32(level, ARMGICv5IWBState, words, 1,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_VARRAY_UINT32(wdomain, ARMGICv5IWBState, domain_words, 1,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_END_OF_LIST()
    }
};

static const Property arm_gicv5_iwb_properties[] = {
    DEFINE_PROP_LINK("its", ARMGICv5IWBState, its, TYPE_ARM_GICV5_ITS,
                     ARMGICv5ITSState *),
    DEFINE_PROP_UINT32("wires", ARMGICv5IWBState, wires, 64),
    DEFINE_PROP_UINT32("device-id", ARMGICv5IWBState, device_id,
                       GICV5_IWB_DEFAULT_DEVICE_ID),
    DEFINE_PROP_BOOL("enabled", ARMGICv5IWBState, enabled, true),
    DEFINE_PROP_UINT32("iwb-id", ARMGICv5IWBState, iwb_id, 0),
};

static void arm_gicv5_iwb_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Arm GICv5 Interrupt Wire Bridge";
    dc->realize = arm_gicv5_iwb_realize;
    dc->hotpluggable = false;
    dc->vmsd = &vmstate_arm_gicv5_iwb;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    device_class_set_props(dc, arm_gicv5_iwb_properties);
    rc->phases.hold = arm_gicv5_iwb_reset_hold;
}

static const TypeInfo arm_gicv5_iwb_info = {
    .name = TYPE_ARM_GICV5_IWB,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(ARMGICv5IWBState),
    .instance_finalize = arm_gicv5_iwb_finalize,
    .class_init = arm_gicv5_iwb_class_init,
};

static void arm_gicv5_iwb_register_types(void)
{
    type_register_static(&arm_gicv5_iwb_info);
}

type_init(arm_gicv5_iwb_register_types)
