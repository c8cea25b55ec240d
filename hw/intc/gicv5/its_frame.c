/*
 * Arm GICv5 ITS: the register frames of an interrupt domain
 *
 * Every operation is complete when the register write returns, and an event
 * has reached the IRS when the write to the translate frame returns. So each
 * IDLE bit always reads 1 and SYNCR has nothing to wait for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "dma.h"
#include "id_block.h"
#include "its_internal.h"
#include "its_regs.h"
#include "trace.h"

/* ITS_IDR0.PA_RANGE: 52 bits, as an IRS has it */
#define PA_RANGE_52 6
/* ITS_AIDR.COMPONENT */
#define COMPONENT_ITS 1

void gicv5_its_set_idrs(ARMGICv5ITSState *s)
{
    uint32_t v;

    v = FIELD_DP32(0, ITS_IDR0, PA_RANGE, PA_RANGE_52);
    s->idr[0] = FIELD_DP32(v, ITS_IDR0, ITSID, s->its_id);

    v = FIELD_DP32(0, ITS_IDR1, DEVICEID_BITS, s->device_id_bits);
    v = FIELD_DP32(v, ITS_IDR1, DT_LEVELS, s->dt_levels);
    v = FIELD_DP32(v, ITS_IDR1, ITT_LEVELS, s->itt_levels);
    s->idr[1] = FIELD_DP32(v, ITS_IDR1, L2SZ, s->l2_sizes);

    s->idr[2] = FIELD_DP32(0, ITS_IDR2, EVENTID_BITS, s->event_id_bits);
}

static uint64_t idr_read(void *opaque, const GICv5RegAccess *a)
{
    const GICv5ITSDomain *d = opaque;

    switch (a->reg->offset) {
    case A_ITS_IDR0:
        return FIELD_DP32(d->its->idr[0], ITS_IDR0, INT_DOM, d->domain);
    case A_ITS_IDR1:
        return d->its->idr[1];
    default:
        return d->its->idr[2];
    }
}

static uint64_t id_block_read(void *opaque, const GICv5RegAccess *a)
{
    return gicv5_id_block(GICV5_PRODUCT_ITS, a->index);
}

/* --- events --- */

static bool lookup(GICv5ITSDomain *d, uint32_t device, uint32_t event,
                   GICv5ITSTarget *target, GICv5ITSFault *fault)
{
    bool ok = gicv5_its_lookup(&d->table, device, event, target, fault);

    if (ok) {
        trace_gicv5_its_lookup(d->its->its_id, d->domain, device, event,
                               target->lpi, target->is_virtual,
                               target->vm_id);
    } else {
        trace_gicv5_its_fault(d->its->its_id, d->domain, device, event,
                              gicv5_its_error_name(fault->error), fault->addr);
    }
    return ok;
}

static void dropped(const GICv5ITSDomain *d, uint32_t device, uint32_t event,
                    const char *why, uint64_t addr)
{
    qemu_log_mask(LOG_GUEST_ERROR, "gicv5: ITS %u domain %d: event 0x%x of "
                  "device 0x%x dropped: %s (0x%" PRIx64 ")\n",
                  d->its->its_id, d->domain, event, device, why, addr);
}

/* The IRS ignores an LPI that its table does not have. */
void gicv5_its_event(GICv5ITSDomain *d, uint32_t device, uint32_t event,
                     GICv5Event type)
{
    GICv5System *sys = d->its->irs->sys;
    GICv5Space *sp = gicv5_system_space(sys, d->domain);
    GICv5ITSTarget target;
    GICv5ITSFault fault;

    trace_gicv5_its_event(d->its->its_id, d->domain, device, event, type);
    /* Without a message: this is how software turns an ITS off. */
    if (!d->cr0) {
        return;
    }
    if (!lookup(d, device, event, &target, &fault)) {
        dropped(d, device, event, gicv5_its_error_name(fault.error),
                fault.addr);
        return;
    }
    if (target.is_virtual) {
        if (!(gicv5_system_config(sys)->virt & (1u << d->domain))) {
            dropped(d, device, event, "the IRS has no VMs", target.vm_id);
            return;
        }
        sp = gicv5_vm_space(sp, target.vm_id);
        if (!sp) {
            dropped(d, device, event, "its VM is not valid", target.vm_id);
            return;
        }
    }
    gicv5_event(sp, gicv5_intid(GICV5_TYPE_LPI, target.lpi), type);
}

/* --- the config frame --- */

static bool read64(void *opaque, uint64_t addr, uint64_t *value)
{
    GICv5ITSDomain *d = opaque;

    return gicv5_memory_read64(d->its->irs->memory, d->domain, addr, value);
}

/* ITS_DT_CFGR: how values that are not supported are taken */
static GICv5ITSTableConfig table_config(const GICv5ITSDomain *d)
{
    const ARMGICv5ITSState *s = d->its;
    unsigned bits = FIELD_EX32(d->dt_cfgr, ITS_DT_CFGR, DEVICEID_BITS);
    unsigned l2sz = FIELD_EX32(d->dt_cfgr, ITS_DT_CFGR, L2SZ);
    bool two_level = FIELD_EX32(d->dt_cfgr, ITS_DT_CFGR, STRUCTURE);

    if (bits > s->device_id_bits ||
        (two_level && (!s->dt_levels || !(s->l2_sizes >> l2sz & 1)))) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: ITS %u domain %d: ITS_DT_CFGR "
                      "0x%x has a reserved or unsupported value\n", s->its_id,
                      d->domain, d->dt_cfgr);
    }
    return (GICv5ITSTableConfig) {
        .read64 = read64,
        .opaque = (void *)d,
        .base = d->dt_baser,
        .two_level = two_level && s->dt_levels,
        .device_bits = MIN(bits, s->device_id_bits),
        .l2_bits = gicv5_its_l2_bits(l2sz),
        .itt_levels = s->itt_levels,
        .event_bits = s->event_id_bits,
    };
}

void gicv5_its_set_enabled(GICv5ITSDomain *d, bool enable)
{
    GICv5ITSTableConfig cfg = {};

    d->cr0 = enable ? R_ITS_CR0_ITSEN_MASK : 0;
    if (enable) {
        cfg = table_config(d);
        trace_gicv5_its_enable(d->its->its_id, d->domain, cfg.base,
                               cfg.device_bits, cfg.two_level);
    } else {
        trace_gicv5_its_disable(d->its->its_id, d->domain);
    }
    gicv5_its_table_configure(&d->table, &cfg);
}

static void cr0_write(void *opaque, const GICv5RegAccess *a, uint64_t value)
{
    GICv5ITSDomain *d = opaque;

    if (value != d->cr0) {
        gicv5_its_set_enabled(d, value);
    }
}

/*
 * Inferred: what describes the tables does not change while they are in use.
 * Known software writes it before ITSEN.
 */
static void unless_enabled_write(void *opaque, const GICv5RegAccess *a,
                                 uint64_t value)
{
    GICv5ITSDomain *d = opaque;

    if (d->cr0) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: ITS %u domain %d: %s written "
                      "while ITS_CR0.ITSEN is 1\n", d->its->its_id, d->domain,
                      a->reg->name);
        return;
    }
    switch (a->reg->offset) {
    case A_ITS_CR1:
        d->cr1 = value;
        break;
    case A_ITS_DT_BASER:
        d->dt_baser = value;
        break;
    case A_ITS_DT_CFGR:
        d->dt_cfgr = value;
        break;
    }
}

static void inv_eventr_write(void *opaque, const GICv5RegAccess *a,
                             uint64_t value)
{
    GICv5ITSDomain *d = opaque;
    bool l1 = FIELD_EX32(value, ITS_INV_EVENTR, L1);
    unsigned l2sz = FIELD_EX32(value, ITS_INV_EVENTR, ITT_L2SZ);

    if (FIELD_EX32(value, ITS_INV_EVENTR, I)) {
        trace_gicv5_its_inv_event(d->its->its_id, d->domain, d->didr, d->eidr,
                                  l1, l2sz);
        gicv5_its_inv_event(&d->table, d->didr, d->eidr, l1,
                            gicv5_its_l2_bits(l2sz));
    }
}

static void inv_devicer_write(void *opaque, const GICv5RegAccess *a,
                              uint64_t value)
{
    GICv5ITSDomain *d = opaque;
    bool l1 = FIELD_EX32(value, ITS_INV_DEVICER, L1);
    unsigned bits = FIELD_EX32(value, ITS_INV_DEVICER, EVENTID_BITS);

    if (FIELD_EX32(value, ITS_INV_DEVICER, I)) {
        trace_gicv5_its_inv_device(d->its->its_id, d->domain, d->didr, bits,
                                   l1);
        gicv5_its_inv_device(&d->table, d->didr, bits, l1);
    }
}

/* Zero if there is no translation; that is not an error of software. */
static void read_eventr_write(void *opaque, const GICv5RegAccess *a,
                              uint64_t value)
{
    GICv5ITSDomain *d = opaque;
    GICv5ITSTarget target;
    GICv5ITSFault fault;
    uint64_t v = 0;

    if (!FIELD_EX32(value, ITS_READ_EVENTR, R)) {
        return;
    }
    if (d->cr0 && lookup(d, d->didr, d->eidr, &target, &fault)) {
        v = FIELD_DP64(v, ITS_READ_EVENT_DATAR, VALID, 1);
        v = FIELD_DP64(v, ITS_READ_EVENT_DATAR, LPI_ID, target.lpi);
        if (target.is_virtual) {
            v = FIELD_DP64(v, ITS_READ_EVENT_DATAR, VIRT, 1);
            v = FIELD_DP64(v, ITS_READ_EVENT_DATAR, VM_ID, target.vm_id);
        }
    }
    d->read_event_datar = v;
}

static void syncr_write(void *opaque, const GICv5RegAccess *a, uint64_t value)
{
    GICv5ITSDomain *d = opaque;

    if (FIELD_EX64(value, ITS_SYNCR, SYNC)) {
        trace_gicv5_its_sync(d->its->its_id, d->domain,
                             FIELD_EX64(value, ITS_SYNCR, DEVICE_ID),
                             FIELD_EX64(value, ITS_SYNCR, SYNCALL));
    }
}

static void gen_eventr_write(void *opaque, const GICv5RegAccess *a,
                             uint64_t value)
{
    GICv5ITSDomain *d = opaque;
    unsigned target = FIELD_EX32(value, ITS_GEN_EVENTR, TARGET_DOMAIN);

    if (!FIELD_EX32(value, ITS_GEN_EVENTR, R)) {
        return;
    }
    /* Inferred: another domain needs IDR2.XDMN_EVENTS, which is 0. */
    if (target != d->domain) {
        dropped(d, d->gen_event_didr, d->gen_event_eidr,
                "ITS_GEN_EVENTR.TARGET_DOMAIN is another domain", target);
        return;
    }
    gicv5_its_event(d, d->gen_event_didr, d->gen_event_eidr, GICV5_SET_EDGE);
}

#define DOMAIN(member) offsetof(GICv5ITSDomain, member)

/*
 * Registers of MEC, MPAM and software errors are RES0, as no IDR bit announces
 * them. The codes of errors (SWERR_STATUSR.EC) are not known.
 */
static const GICv5Reg config_regs[] = {
    GICV5_RO32(ITS_IDR0, .read = idr_read),
    GICV5_RO32(ITS_IDR1, .read = idr_read),
    GICV5_RO32(ITS_IDR2, .read = idr_read),
    GICV5_RO32(ITS_IIDR, .value = GICV5_IIDR(GICV5_PRODUCT_ITS)),
    GICV5_RO32(ITS_AIDR,
               .value = COMPONENT_ITS << R_ITS_AIDR_COMPONENT_SHIFT),
    GICV5_RW32(ITS_CR0, .mask = R_ITS_CR0_ITSEN_MASK,
               .value = R_ITS_CR0_IDLE_MASK, .field = DOMAIN(cr0),
               .write = cr0_write),
    /* Memory attributes mean nothing here. */
    GICV5_RW32(ITS_CR1, .mask = GICV5_ITS_CR1_MASK, .field = DOMAIN(cr1),
               .write = unless_enabled_write),
    GICV5_RW64(ITS_DT_BASER, .mask = R_ITS_DT_BASER_ADDR_MASK,
               .field = DOMAIN(dt_baser), .write = unless_enabled_write),
    GICV5_RW32(ITS_DT_CFGR, .mask = GICV5_ITS_DT_CFGR_MASK,
               .field = DOMAIN(dt_cfgr), .write = unless_enabled_write),
    GICV5_RW64(ITS_DIDR, .mask = R_ITS_DIDR_DEVICE_ID_MASK,
               .field = DOMAIN(didr)),
    GICV5_RW32(ITS_EIDR, .mask = UINT32_MAX, .field = DOMAIN(eidr)),
    GICV5_WO32(ITS_INV_EVENTR, .mask = UINT32_MAX, .write = inv_eventr_write),
    GICV5_WO32(ITS_INV_DEVICER, .mask = UINT32_MAX,
               .write = inv_devicer_write),
    GICV5_WO32(ITS_READ_EVENTR, .mask = UINT32_MAX,
               .write = read_eventr_write),
    GICV5_RO64(ITS_READ_EVENT_DATAR, .field = DOMAIN(read_event_datar)),
    GICV5_RO32(ITS_STATUSR, .value = R_ITS_STATUSR_IDLE_MASK),
    /* By halves: SYNC is in the high one, which starts the operation. */
    GICV5_WO64(ITS_SYNCR, .mask = UINT64_MAX, .w1c = true,
               .write = syncr_write),
    GICV5_RO32(ITS_SYNC_STATUSR, .value = R_ITS_SYNC_STATUSR_IDLE_MASK),
    GICV5_RW64(ITS_GEN_EVENT_DIDR, .mask = R_ITS_DIDR_DEVICE_ID_MASK,
               .field = DOMAIN(gen_event_didr)),
    GICV5_RW32(ITS_GEN_EVENT_EIDR, .mask = UINT32_MAX,
               .field = DOMAIN(gen_event_eidr)),
    GICV5_WO32(ITS_GEN_EVENTR, .mask = UINT32_MAX, .write = gen_eventr_write),
    GICV5_RO32(ITS_GEN_EVENT_STATUSR,
               .value = R_ITS_GEN_EVENT_STATUSR_IDLE_MASK),
    GICV5_RES0(ITS_MEC_IDR, ITS_MEC_MECID_R),
    GICV5_RES0(ITS_MPAM_IDR, ITS_MPAM_PARTID_R),
    GICV5_RES0(ITS_SWERR_STATUSR, ITS_SWERR_SYNDROMER1_HI),
    /* The architecture's ID of an ITS is not known: PRESENT is 0. */
    GICV5_RO32(ITS_DEVARCH),
    GICV5_RO32(ITS_PIDR4, .count = GICV5_ID_BLOCK_REGS,
               .read = id_block_read),
};

const GICv5FrameType gicv5_its_config_frame = {
    .name = "config",
    .regs = config_regs,
    .num_regs = ARRAY_SIZE(config_regs),
};

/* --- translate frames --- */

/*
 * The requester ID of the transaction says which device it is. A store of a
 * CPU has requester ID 0: the architecture gives software no DeviceID, and this
 * is one that no PCI function with interrupts has (00:00.0 is the bridge).
 *
 * "unspecified" is a bus master that does not say who it is, which must not
 * pass for another device: dropped.
 */
static void translater_write(void *opaque, const GICv5RegAccess *a,
                             uint64_t value)
{
    const GICv5ITSTranslate *t = opaque;

    if (a->attrs.unspecified) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: ITS %u domain %d: event 0x%x "
                      "of a bus master without a requester ID dropped\n",
                      t->d->its->its_id, t->d->domain, (uint32_t)value);
        return;
    }
    gicv5_its_event(t->d, a->attrs.requester_id + t->offset, value,
                    GICV5_SET_EDGE);
}

/*
 * Inferred: for events of the Realm domain, where the ITS has it. In another
 * domain's frame it does nothing, as masters outside of the Realm address
 * space could make events in it otherwise.
 */
static bool has_rl_translater(const void *opaque)
{
    const GICv5ITSTranslate *t = opaque;

    return t->d->domain == GICV5_DOMAIN_REALM;
}

static const GICv5Reg translate_regs[] = {
    /*
     * Data of a PCI function's MSI has 16 bits; some masters write no more than
     * these (inferred).
     */
    GICV5_WO32(ITS_TRANSLATER, .mask = UINT32_MAX, .halfword = true,
               .write = translater_write),
    GICV5_WO32(ITS_RL_TRANSLATER, .mask = UINT32_MAX,
               .write = translater_write, .present = has_rl_translater),
};

const GICv5FrameType gicv5_its_translate_frame = {
    .name = "translate",
    .regs = translate_regs,
    .num_regs = ARRAY_SIZE(translate_regs),
};
