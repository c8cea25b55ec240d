/*
 * Arm GICv5 IRS: migration of virtual machines
 *
 * The registers for VMs of each domain's frame, and what the engine has of
 * VMs: which there are, their VPEs with residency and doorbells, and of their
 * tables what is not in guest memory. Guest memory is neither read nor
 * written. An IRS without virtualization sends nothing of this.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "hw/intc/arm_gicv5_vmstate.h"
#include "irs_internal.h"
#include "irs_regs.h"
#include "irs_vmstate.h"

/* Records of a domain's VMs: an 8-bit kind, then what is said here. */
enum {
    RECORD_END = 0,
    /*
     * 16-bit VM ID, 8-bit flags, 8-bit log2 of the number of VPEs, 64-bit
     * addresses of L2 VMTE and VPE table. What follows is of this VM.
     */
    RECORD_VM = 1,
    /*
     * 16-bit VPE ID, 8-bit flags, 16-bit IAFFID of the PE where it is
     * resident, 64-bit address of its descriptor, 64 bits as in IRS_VPE_DBR
     */
    RECORD_VPE = 2,
    /*
     * 8-bit TYPE of its interrupts, 32 bits as in IRS_IST_CFGR, 64-bit address,
     * and the records of an IST in the second form
     */
    RECORD_IST = 3,
    /*
     * After the VPEs: 64 bits as in IRS_VM_DBR. Left out if they are 0, so that
     * an IRS without 1-of-N in VMs understands a stream of VMs without it.
     */
    RECORD_VM_DBR = 4,
};

FIELD(MIG_VM, FULL, 0, 1)
FIELD(MIG_VM, QUIESCENT, 1, 1)

FIELD(MIG_VPE, VALID, 0, 1)
FIELD(MIG_VPE, DIRTY, 1, 1)
FIELD(MIG_VPE, DPS, 2, 1)
FIELD(MIG_VPE, RESIDENT, 3, 1)
FIELD(MIG_VPE, NO_HPPI, 4, 1)

#define MIG_VM_MASK (R_MIG_VM_FULL_MASK | R_MIG_VM_QUIESCENT_MASK)
#define MIG_VPE_MASK \
    (R_MIG_VPE_VALID_MASK | R_MIG_VPE_DIRTY_MASK | R_MIG_VPE_DPS_MASK | \
     R_MIG_VPE_RESIDENT_MASK | R_MIG_VPE_NO_HPPI_MASK)

/* --- saving --- */

static void put_vpe(QEMUFile *f, const GICv5VPEState *vpe)
{
    const GICv5Doorbell *db = &vpe->db;
    uint8_t flags = FIELD_DP32(0, MIG_VPE, VALID, vpe->valid);
    uint64_t dbr = FIELD_DP64(0, IRS_VPE_DBR, INTID, db->lpi);

    flags = FIELD_DP32(flags, MIG_VPE, DIRTY, vpe->dirty);
    flags = FIELD_DP32(flags, MIG_VPE, DPS, vpe->dps);
    flags = FIELD_DP32(flags, MIG_VPE, RESIDENT, vpe->resident);
    flags = FIELD_DP32(flags, MIG_VPE, NO_HPPI, vpe->no_hppi);
    dbr = FIELD_DP64(dbr, IRS_VPE_DBR, DBPM, db->mask);
    dbr = FIELD_DP64(dbr, IRS_VPE_DBR, REQ_DB, db->requested);
    dbr = FIELD_DP64(dbr, IRS_VPE_DBR, DBV, db->valid);

    qemu_put_byte(f, RECORD_VPE);
    qemu_put_be16(f, vpe->id);
    qemu_put_byte(f, flags);
    qemu_put_be16(f, vpe->iaffid);
    qemu_put_be64(f, vpe->vped);
    qemu_put_be64(f, dbr);
}

static void put_ist(QEMUFile *f, const GICv5IST *ist, GICv5Type type)
{
    const GICv5ISTConfig *cfg = gicv5_ist_config(ist);
    uint32_t cfgr = FIELD_DP32(0, IRS_IST_CFGR, LPI_ID_BITS, cfg->id_bits);

    cfgr = FIELD_DP32(cfgr, IRS_IST_CFGR, STRUCTURE, cfg->two_level);
    cfgr = FIELD_DP32(cfgr, IRS_IST_CFGR, ISTSZ, cfg->entry_shift - 2);
    cfgr = FIELD_DP32(cfgr, IRS_IST_CFGR, L2SZ, (cfg->l2_shift - 12) / 2);

    qemu_put_byte(f, RECORD_IST);
    qemu_put_byte(f, type);
    qemu_put_be32(f, cfgr);
    qemu_put_be64(f, gicv5_ist_base(ist));
    gicv5_stream_put_parts(ist, f);
}

static void put_vm(QEMUFile *f, GICv5Space *vm, const GICv5VMState *state)
{
    uint8_t flags = FIELD_DP32(0, MIG_VM, FULL, state->full);
    GICv5VPEState vpe;

    flags = FIELD_DP32(flags, MIG_VM, QUIESCENT, state->quiescent);
    qemu_put_byte(f, RECORD_VM);
    qemu_put_be16(f, state->id);
    qemu_put_byte(f, flags);
    qemu_put_byte(f, state->vpe_id_bits);
    qemu_put_be64(f, state->vmte);
    qemu_put_be64(f, state->vpet);

    for (uint32_t id = 0; gicv5_vpe_next(vm, id, &vpe); id = vpe.id + 1) {
        put_vpe(f, &vpe);
    }
    if (state->db.enabled || state->db.vpe) {
        uint64_t dbr = FIELD_DP64(0, IRS_VM_DBR, VPE_ID, state->db.vpe);

        qemu_put_byte(f, RECORD_VM_DBR);
        qemu_put_be64(f, FIELD_DP64(dbr, IRS_VM_DBR, EN, state->db.enabled));
    }
    for (GICv5Type type = GICV5_TYPE_LPI; type <= GICV5_TYPE_SPI; type++) {
        const GICv5IST *ist = gicv5_space_ist(vm, type);

        if (gicv5_ist_is_valid(ist)) {
            put_ist(f, ist, type);
        }
    }
}

/* All IRSes of a machine share the VMs, which the primary sends. */
static bool has_vmt(const ARMGICv5CommonState *s, unsigned domain)
{
    return !s->primary &&
           (s->d[domain].vmt_baser & R_IRS_VMT_BASER_VALID_MASK);
}

static int put_vms(QEMUFile *f, void *pv, size_t size,
                   const VMStateField *field, JSONWriter *vmdesc)
{
    ARMGICv5CommonState *s = pv;

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        const GICv5Space *sp = gicv5_irs_space(s, d);
        GICv5VMState state;
        GICv5Space *vm;

        if (!has_vmt(s, d)) {
            continue;
        }
        for (uint32_t id = 0; (vm = gicv5_vm_next(sp, id, &state));
             id = state.id + 1) {
            put_vm(f, vm, &state);
        }
        qemu_put_byte(f, RECORD_END);
    }
    return 0;
}

/* --- loading --- */

/**
 * VMLoader: what is known while the records of a domain's VMs are read
 *
 * @vm: the VM that they are of, or NULL; @state is what was sent of it
 * @last_vpe, @last_type: what came last of it, or -1
 * @has_dbr: its IRS_VM_DBR has come
 */
typedef struct VMLoader {
    ARMGICv5CommonState *s;
    GICv5Domain domain;
    QEMUFile *f;
    GICv5Space *vm;
    GICv5VMState state;
    int32_t last_vpe;
    int32_t last_type;
    bool has_dbr;
} VMLoader;

int gicv5_stream_no_vm_memory(const ARMGICv5CommonState *s, const char *what)
{
    error_report("arm-gicv5: %s: there is more state of VMs than vm-memory (%"
                 PRIu64 " bytes) allows here", what,
                 gicv5_system_config(s->sys)->vm_memory);
    return -ENOMEM;
}

static int bad_vm(const VMLoader *l, unsigned vm, const char *of,
                  const char *field, uint64_t value)
{
    error_report("arm-gicv5: vms: domain %d: VM %u: %s%s 0x%" PRIx64 " is "
                 "invalid, repeated or out of order", l->domain, vm, of, field,
                 value);
    return -EINVAL;
}

static int no_memory(const VMLoader *l, unsigned vm)
{
    g_autofree char *what = g_strdup_printf("vms: domain %d: VM %u", l->domain,
                                            vm);

    return gicv5_stream_no_vm_memory(l->s, what);
}

/* After each read */
static int check(const VMLoader *l)
{
    int ret = gicv5_stream_check_reset(l->s);

    if (!ret && qemu_file_get_error(l->f)) {
        ret = -EIO;
    }
    return ret;
}

static int get_vm(VMLoader *l)
{
    GICv5Space *sp = gicv5_irs_space(l->s, l->domain);
    int32_t last = l->vm ? l->state.id : -1;
    GICv5VMState state = { .id = qemu_get_be16(l->f) };
    uint8_t flags = qemu_get_byte(l->f);
    const char *bad;
    int ret;

    state.full = FIELD_EX32(flags, MIG_VM, FULL);
    state.quiescent = FIELD_EX32(flags, MIG_VM, QUIESCENT);
    state.vpe_id_bits = qemu_get_byte(l->f);
    state.vmte = qemu_get_be64(l->f);
    state.vpet = qemu_get_be64(l->f);
    ret = check(l);
    if (ret) {
        return ret;
    }

    if (flags & ~MIG_VM_MASK) {
        return bad_vm(l, state.id, "", "flags", flags);
    }
    bad = state.id > last ? gicv5_vm_check_state(sp, &state) : "id";
    if (bad) {
        return bad_vm(l, state.id, "", bad,
                      g_str_equal(bad, "id") ? state.id :
                      g_str_equal(bad, "vmte") ? state.vmte :
                      g_str_equal(bad, "vpet") ? state.vpet :
                                                 state.vpe_id_bits);
    }
    l->vm = gicv5_vm_restore(sp, &state);
    if (!l->vm) {
        return no_memory(l, state.id);
    }
    l->state = state;
    l->last_vpe = -1;
    l->last_type = -1;
    l->has_dbr = false;
    return 0;
}

static int get_vpe(VMLoader *l)
{
    GICv5VPEState vpe = { .id = qemu_get_be16(l->f) };
    uint8_t flags = qemu_get_byte(l->f);
    g_autofree char *of = g_strdup_printf("VPE %u: ", vpe.id);
    const char *bad;
    uint64_t dbr;
    int ret;

    vpe.valid = FIELD_EX32(flags, MIG_VPE, VALID);
    vpe.dirty = FIELD_EX32(flags, MIG_VPE, DIRTY);
    vpe.dps = FIELD_EX32(flags, MIG_VPE, DPS);
    vpe.resident = FIELD_EX32(flags, MIG_VPE, RESIDENT);
    vpe.no_hppi = FIELD_EX32(flags, MIG_VPE, NO_HPPI);
    vpe.iaffid = qemu_get_be16(l->f);
    vpe.vped = qemu_get_be64(l->f);
    dbr = qemu_get_be64(l->f);
    ret = check(l);
    if (ret) {
        return ret;
    }
    vpe.db = (GICv5Doorbell) {
        .valid = FIELD_EX64(dbr, IRS_VPE_DBR, DBV),
        .requested = FIELD_EX64(dbr, IRS_VPE_DBR, REQ_DB),
        .mask = FIELD_EX64(dbr, IRS_VPE_DBR, DBPM),
        .lpi = FIELD_EX64(dbr, IRS_VPE_DBR, INTID),
    };

    if (flags & ~MIG_VPE_MASK) {
        return bad_vm(l, l->state.id, of, "flags", flags);
    }
    if (dbr & ~GICV5_IRS_VPE_DBR_MASK) {
        return bad_vm(l, l->state.id, of, "dbr", dbr);
    }
    /* Words of the tables name VPEs, and so does IRS_VM_DBR. */
    bad = vpe.id > l->last_vpe && l->last_type < 0 && !l->has_dbr ?
          gicv5_vpe_check_state(l->vm, &vpe) : "id";
    if (bad) {
        return bad_vm(l, l->state.id, of, bad,
                      g_str_equal(bad, "id") ? vpe.id :
                      g_str_equal(bad, "vped") ? vpe.vped :
                      g_str_equal(bad, "iaffid") ? vpe.iaffid : flags);
    }
    l->last_vpe = vpe.id;
    return gicv5_vpe_restore(l->vm, &vpe) ? 0 : no_memory(l, l->state.id);
}

static int get_vm_dbr(VMLoader *l)
{
    uint64_t dbr = qemu_get_be64(l->f);
    GICv5VMDoorbell db = {
        .enabled = FIELD_EX64(dbr, IRS_VM_DBR, EN),
        .vpe = FIELD_EX64(dbr, IRS_VM_DBR, VPE_ID),
    };
    int ret = check(l);

    if (ret) {
        return ret;
    }
    if (l->has_dbr || l->last_type >= 0 || !dbr ||
        dbr & ~GICV5_IRS_VM_DBR_MASK ||
        !gicv5_vm_restore_doorbell(l->vm, &db)) {
        return bad_vm(l, l->state.id, "", "vm_dbr", dbr);
    }
    l->has_dbr = true;
    return 0;
}

static int get_ist(VMLoader *l)
{
    uint8_t type = qemu_get_byte(l->f);
    uint32_t cfgr = qemu_get_be32(l->f);
    uint64_t base = qemu_get_be64(l->f);
    unsigned istsz = FIELD_EX32(cfgr, IRS_IST_CFGR, ISTSZ);
    unsigned l2sz = FIELD_EX32(cfgr, IRS_IST_CFGR, L2SZ);
    unsigned id_bits = FIELD_EX32(cfgr, IRS_IST_CFGR, LPI_ID_BITS);
    GICv5ISTConfig cfg = gicv5_ist_config_from(
        FIELD_EX32(cfgr, IRS_IST_CFGR, STRUCTURE), id_bits, istsz, l2sz);
    const char *of = type == GICV5_TYPE_LPI ? "LPIs: " : "SPIs: ";
    g_autofree char *what = NULL;
    GICv5IST *ist;
    int ret = check(l);

    if (ret) {
        return ret;
    }
    if ((type != GICV5_TYPE_LPI && type != GICV5_TYPE_SPI) ||
        type <= l->last_type) {
        return bad_vm(l, l->state.id, "", "type of table", type);
    }
    if (cfgr & ~GICV5_IRS_IST_CFGR_MASK || istsz == 3 || l2sz == 3 ||
        id_bits > gicv5_system_config(l->s->sys)->id_bits) {
        return bad_vm(l, l->state.id, of, "cfgr", cfgr);
    }
    if (base & ~R_IRS_IST_BASER_ADDR_MASK) {
        return bad_vm(l, l->state.id, of, "base", base);
    }
    l->last_type = type;
    ist = gicv5_space_ist(l->vm, type);
    if (!gicv5_ist_restore_begin(ist, base, &cfg)) {
        return no_memory(l, l->state.id);
    }
    what = g_strdup_printf("vms: domain %d: VM %u: %.4s", l->domain,
                           l->state.id, of);
    ret = gicv5_stream_get_parts(l->s, l->vm, ist, l->state.quiescent, what,
                                 l->f);
    gicv5_ist_restore_end(l->s->sys);
    return ret;
}

/*
 * VMs come in ascending order, each with its VPEs in ascending order and then
 * its tables. So each record is a step of a loop that IDs bound.
 */
static int get_domain(VMLoader *l)
{
    for (;;) {
        uint8_t kind = qemu_get_byte(l->f);
        int ret = check(l);

        if (ret) {
            return ret;
        }
        if ((kind == RECORD_END || kind == RECORD_VM) && l->vm) {
            gicv5_vm_restore_end(l->vm, &l->state);
        }
        if (kind == RECORD_END) {
            return 0;
        }
        if (kind == RECORD_VM) {
            ret = get_vm(l);
        } else if (kind == RECORD_VPE && l->vm) {
            ret = get_vpe(l);
        } else if (kind == RECORD_VM_DBR && l->vm) {
            ret = get_vm_dbr(l);
        } else if (kind == RECORD_IST && l->vm) {
            ret = get_ist(l);
        } else {
            ret = bad_vm(l, l->state.id, "", "kind of record", kind);
        }
        if (ret) {
            return ret;
        }
    }
}

static int get_vms(QEMUFile *f, void *pv, size_t size,
                   const VMStateField *field)
{
    ARMGICv5CommonState *s = pv;
    int ret = gicv5_stream_check_reset(s);

    for (unsigned d = 0; !ret && d < GICV5_NUM_DOMAINS; d++) {
        VMLoader l = { .s = s, .domain = d, .f = f };
        uint32_t cfgr = s->d[d].vmt_cfgr;

        if (!has_vmt(s, d)) {
            continue;
        }
        gicv5_vmt_set_valid(gicv5_irs_space(s, d), s->d[d].vmt_baser &
                            R_IRS_VMT_BASER_ADDR_MASK,
                            FIELD_EX32(cfgr, IRS_VMT_CFGR, STRUCTURE),
                            FIELD_EX32(cfgr, IRS_VMT_CFGR, VM_ID_BITS));
        ret = get_domain(&l);
    }
    return ret;
}

static const VMStateInfo vmstate_info_gicv5_vms = {
    .name = "gicv5-vms",
    .put = put_vms,
    .get = get_vms,
};

/* --- registers --- */

static bool in_mask(const GICv5IRSDomain *d, const char *field, uint64_t value,
                    uint64_t mask)
{
    return gicv5_in_mask("arm-gicv5", field, d->domain, value,
                         gicv5_irs_has_vms(d) ? mask : 0);
}

static int virt_domain_post_load(void *opaque, int version_id)
{
    const GICv5IRSDomain *d = opaque;
    const bool primary = !d->irs->primary;
    bool ok =
        in_mask(d, "vmt_baser", d->vmt_baser,
                primary ? GICV5_IRS_VMT_BASER_MASK : 0) &&
        in_mask(d, "vmt_cfgr", d->vmt_cfgr,
                primary ? gicv5_irs_vmt_cfgr_mask(d->irs) : 0) &&
        in_mask(d, "vpe_selr", d->vpe_selr, R_IRS_VPE_SELR_VM_ID_MASK |
                R_IRS_VPE_SELR_VPE_ID_MASK) &&
        in_mask(d, "vpe_selected", d->vpe_selected,
                FIELD_EX64(d->vpe_selected, IRS_VPE_SELR, S) ?
                GICV5_IRS_VPE_SELR_MASK : 0) &&
        (d->vm_selr == GICV5_SEL_NONE ||
         in_mask(d, "vm_selr", d->vm_selr, R_IRS_VM_SELR_VM_ID_MASK)) &&
        in_mask(d, "vm_saved", d->vm_saved, GICV5_IRS_SAVE_VMR_MASK) &&
        in_mask(d, "save_vmr", d->save_vmr, R_IRS_SAVE_VMR_VM_ID_MASK) &&
        in_mask(d, "vmap_l2_vmtr", d->vmap_l2_vmtr,
                GICV5_IRS_VMAP_L2_VMTR_MASK & ~R_IRS_VMAP_L2_VMTR_M_MASK) &&
        in_mask(d, "vmap_vmr", d->vmap_vmr,
                GICV5_IRS_VMAP_VMR_MASK & ~R_IRS_VMAP_VMR_M_MASK) &&
        in_mask(d, "vmap_vistr", d->vmap_vistr,
                GICV5_IRS_VMAP_VISTR_MASK & ~R_IRS_VMAP_VISTR_M_MASK) &&
        in_mask(d, "vmap_l2_vistr", d->vmap_l2_vistr,
                GICV5_IRS_VMAP_L2_VISTR_MASK & ~R_IRS_VMAP_L2_VISTR_M_MASK) &&
        in_mask(d, "vmap_vper", d->vmap_vper,
                GICV5_IRS_VMAP_VPER_MASK & ~R_IRS_VMAP_VPER_M_MASK);

    return ok ? 0 : -EINVAL;
}

static const VMStateDescription vmstate_gicv5_virt_domain = {
    .name = "arm_gicv5/virt/domain",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = virt_domain_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(vmt_baser, GICv5IRSDomain),
        VMSTATE_UINT32(vmt_cfgr, GICv5IRSDomain),
        VMSTATE_UINT64(vpe_selr, GICv5IRSDomain),
        VMSTATE_UINT64(vpe_selected, GICv5IRSDomain),
        VMSTATE_UINT32(vm_selr, GICv5IRSDomain),
        VMSTATE_UINT64(vm_saved, GICv5IRSDomain),
        VMSTATE_UINT64(save_vmr, GICv5IRSDomain),
        VMSTATE_UINT64(vmap_l2_vmtr, GICv5IRSDomain),
        VMSTATE_UINT64(vmap_vmr, GICv5IRSDomain),
        VMSTATE_UINT64(vmap_vistr, GICv5IRSDomain),
        VMSTATE_UINT64(vmap_l2_vistr, GICv5IRSDomain),
        VMSTATE_UINT64(vmap_vper, GICv5IRSDomain),
        VMSTATE_END_OF_LIST()
    }
};

/* --- the subsection --- */

static bool virt_needed(void *opaque)
{
    const ARMGICv5CommonState *s = opaque;

    return s->virt;
}

/* Of a secondary IRS, vmt_baser is 0: it has no table of its own. */
static int virt_pre_save(void *opaque)
{
    ARMGICv5CommonState *s = opaque;

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        s->d[d].vmt_baser = FIELD_DP64(s->d[d].vmt_baser, IRS_VMT_BASER, VALID,
                                       !s->primary &&
                                       gicv5_vmt_is_valid(gicv5_irs_space(s,
                                                                          d)));
    }
    return 0;
}

/* IRS_IDR0.VIRT has been compared; a subsection can come nevertheless. */
static int virt_pre_load(void *opaque)
{
    ARMGICv5CommonState *s = opaque;

    if (!s->virt) {
        error_report("arm-gicv5: virt: there is no x-virtualization here");
        return -EINVAL;
    }
    if (s->mig_virt) {
        error_report("arm-gicv5: virt: it is there twice");
        return -EINVAL;
    }
    s->mig_virt = true;
    return 0;
}

#define SAME_BITS(name) \
    "arm-gicv5: the two machines have other " name " (option -global " \
    "arm-gicv5." name ")"

const VMStateDescription vmstate_gicv5_virt = {
    .name = "arm_gicv5/virt",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = virt_needed,
    .pre_save = virt_pre_save,
    .pre_load = virt_pre_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_EQUAL(vm_id_bits, ARMGICv5CommonState,
                            SAME_BITS("vm-id-bits")),
        VMSTATE_UINT8_EQUAL(vpe_id_bits, ARMGICv5CommonState,
                            SAME_BITS("vpe-id-bits")),
        VMSTATE_STRUCT_ARRAY(d, ARMGICv5CommonState, GICV5_NUM_DOMAINS, 1,
                             vmstate_gicv5_virt_domain, GICv5IRSDomain),
        {
            .name = "vms",
            .info = &vmstate_info_gicv5_vms,
            .flags = VMS_SINGLE,
        },
        VMSTATE_END_OF_LIST()
    }
};
