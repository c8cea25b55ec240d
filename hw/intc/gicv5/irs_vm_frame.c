/*
 * Arm GICv5 IRS: the registers for virtual machines in the config frame
 *
 * Every operation is complete when the register write returns. A status
 * register has no bit for failure: the valid bit in memory stays as it was.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "irs_internal.h"
#include "irs_vm_frame.h"

bool gicv5_irs_has_vms(const void *opaque)
{
    const GICv5IRSDomain *d = opaque;

    return d->irs->virt && d->domain != GICV5_DOMAIN_EL3 &&
           arm_gicv5_has_domain(d->irs, d->domain);
}

bool gicv5_irs_has_virt_one_n(const void *opaque)
{
    const GICv5IRSDomain *d = opaque;

    return gicv5_irs_has_vms(d) && d->irs->virt_one_of_n;
}

uint32_t gicv5_irs_idr3(const ARMGICv5CommonState *s)
{
    /* No VM descriptors */
    uint32_t v = FIELD_DP32(0, IRS_IDR3, VMT_LEVELS, s->vmt_levels);

    return FIELD_DP32(v, IRS_IDR3, VM_ID_BITS, s->vm_id_bits);
}

uint32_t gicv5_irs_idr4(const ARMGICv5CommonState *s)
{
    uint32_t v = FIELD_DP32(0, IRS_IDR4, VPED_SZ, s->vped_size_bits);

    return FIELD_DP32(v, IRS_IDR4, VPE_ID_BITS, s->vpe_id_bits - 1);
}

uint32_t gicv5_irs_vmt_cfgr_mask(const ARMGICv5CommonState *s)
{
    return s->vmt_levels ? GICV5_IRS_VMT_CFGR_MASK :
                           R_IRS_VMT_CFGR_VM_ID_BITS_MASK;
}

static GICv5Space *space_of(const GICv5IRSDomain *d)
{
    return gicv5_irs_space(d->irs, d->domain);
}

/* All IRSes of a machine share the VM table of a domain. */
static GICv5IRSDomain *vmt_regs(GICv5IRSDomain *d)
{
    return &arm_gicv5_primary(d->irs)->d[d->domain];
}

/* --- the VM table --- */

static void vmt_baser_write(GICv5IRSDomain *d, uint64_t value)
{
    GICv5IRSDomain *regs = vmt_regs(d);
    GICv5Space *sp = space_of(d);
    bool valid = FIELD_EX64(value, IRS_VMT_BASER, VALID);

    if (!gicv5_vmt_is_valid(sp)) {
        regs->vmt_baser = value & R_IRS_VMT_BASER_ADDR_MASK;
        if (valid) {
            gicv5_vmt_set_valid(sp, regs->vmt_baser,
                                FIELD_EX32(regs->vmt_cfgr, IRS_VMT_CFGR,
                                           STRUCTURE),
                                FIELD_EX32(regs->vmt_cfgr, IRS_VMT_CFGR,
                                           VM_ID_BITS));
        }
    } else if (valid) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_VMT_BASER written while "
                      "the VM table is valid\n");
    } else {
        gicv5_vmt_set_invalid(sp);
    }
}

static void vmt_cfgr_write(GICv5IRSDomain *d, uint32_t value)
{
    if (gicv5_vmt_is_valid(space_of(d))) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_VMT_CFGR written while "
                      "the VM table is valid\n");
        return;
    }
    vmt_regs(d)->vmt_cfgr = value & gicv5_irs_vmt_cfgr_mask(d->irs);
}

static void vmap_vmr_write(GICv5IRSDomain *d, uint64_t value)
{
    uint16_t vm = FIELD_EX64(value, IRS_VMAP_VMR, VM_ID);

    if (FIELD_EX64(value, IRS_VMAP_VMR, U)) {
        gicv5_vm_set_invalid(space_of(d), vm);
    } else {
        gicv5_vm_set_valid(space_of(d), vm);
    }
}

static void vmap_vistr_write(GICv5IRSDomain *d, uint64_t value)
{
    uint16_t vm = FIELD_EX64(value, IRS_VMAP_VISTR, VM_ID);
    GICv5Type type = FIELD_EX64(value, IRS_VMAP_VISTR, TYPE);

    if (FIELD_EX64(value, IRS_VMAP_VISTR, U)) {
        gicv5_vm_ist_set_invalid(space_of(d), vm, type);
    } else {
        gicv5_vm_ist_set_valid(space_of(d), vm, type);
    }
}

/* --- VPEs --- */

static uint16_t selected_vm(const GICv5IRSDomain *d)
{
    return FIELD_EX64(d->vpe_selected, IRS_VPE_SELR, VM_ID);
}

static uint16_t selected_vpe(const GICv5IRSDomain *d)
{
    return FIELD_EX64(d->vpe_selected, IRS_VPE_SELR, VPE_ID);
}

/* Something was selected; what the engine has of it is another question. */
static bool has_selection(const GICv5IRSDomain *d)
{
    return FIELD_EX64(d->vpe_selected, IRS_VPE_SELR, S);
}

/* IRS_VPE_STATUSR.V: what was selected is a valid VPE now */
static bool is_vpe_selected(const GICv5IRSDomain *d)
{
    return has_selection(d) &&
           gicv5_vpe_is_valid(space_of(d), selected_vm(d), selected_vpe(d));
}

static uint64_t vpe_dbr_read(const GICv5IRSDomain *d)
{
    GICv5Doorbell db;
    uint64_t v;

    if (!has_selection(d) ||
        !gicv5_vpe_doorbell(space_of(d), selected_vm(d), selected_vpe(d),
                            &db)) {
        return 0;
    }
    v = FIELD_DP64(0, IRS_VPE_DBR, INTID, db.lpi);
    v = FIELD_DP64(v, IRS_VPE_DBR, DBPM, db.mask);
    v = FIELD_DP64(v, IRS_VPE_DBR, REQ_DB, db.requested);
    return FIELD_DP64(v, IRS_VPE_DBR, DBV, db.valid);
}

static void vpe_dbr_write(GICv5IRSDomain *d, uint64_t value)
{
    GICv5Doorbell db = {
        .valid = FIELD_EX64(value, IRS_VPE_DBR, DBV),
        .requested = FIELD_EX64(value, IRS_VPE_DBR, REQ_DB),
        .mask = FIELD_EX64(value, IRS_VPE_DBR, DBPM),
        .lpi = FIELD_EX64(value, IRS_VPE_DBR, INTID),
    };

    if (!has_selection(d) ||
        !gicv5_vpe_set_doorbell(space_of(d), selected_vm(d), selected_vpe(d),
                                &db)) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_VPE_DBR written while no "
                      "VPE is selected\n");
    }
}

static uint64_t vpe_hppir_read(const GICv5IRSDomain *d)
{
    GICv5Candidate c = GICV5_CANDIDATE_NONE;

    if (has_selection(d)) {
        c = gicv5_vpe_candidate(space_of(d), selected_vm(d), selected_vpe(d));
    }
    return c == GICV5_CANDIDATE_NONE ? 0 :
           R_IRS_VPE_HPPIR_HPPIV_MASK | gicv5_candidate_intid(c);
}

static uint64_t vpe_cr0_read(const GICv5IRSDomain *d)
{
    return FIELD_DP32(0, IRS_VPE_CR0, DPS, has_selection(d) &&
                      gicv5_vpe_dps(space_of(d), selected_vm(d),
                                    selected_vpe(d)));
}

static void vpe_cr0_write(GICv5IRSDomain *d, uint32_t value)
{
    if (!has_selection(d) ||
        !gicv5_vpe_set_dps(space_of(d), selected_vm(d), selected_vpe(d),
                           FIELD_EX32(value, IRS_VPE_CR0, DPS))) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_VPE_CR0 written while no "
                      "VPE is selected\n");
    }
}

/* --- 1-of-N --- */

/* Unlike IRS_VPE_SELR, IRS_VM_SELR has no S: each write selects. */
static uint64_t vm_dbr_read(const GICv5IRSDomain *d)
{
    GICv5VMDoorbell db;
    uint64_t v;

    if (d->vm_selr == GICV5_SEL_NONE ||
        !gicv5_vm_doorbell(space_of(d), d->vm_selr, &db)) {
        return 0;
    }
    v = FIELD_DP64(0, IRS_VM_DBR, VPE_ID, db.vpe);
    return FIELD_DP64(v, IRS_VM_DBR, EN, db.enabled);
}

static void vm_dbr_write(GICv5IRSDomain *d, uint64_t value)
{
    GICv5VMDoorbell db = {
        .enabled = FIELD_EX64(value, IRS_VM_DBR, EN),
        .vpe = FIELD_EX64(value, IRS_VM_DBR, VPE_ID),
    };

    if (d->vm_selr == GICV5_SEL_NONE ||
        !gicv5_vm_set_doorbell(space_of(d), d->vm_selr, &db)) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_VM_DBR written while no "
                      "VM is selected\n");
    }
}

/* --- saving --- */

static void save_vmr_write(GICv5IRSDomain *d, uint64_t value)
{
    uint16_t vm = FIELD_EX64(value, IRS_SAVE_VMR, VM_ID);

    d->vm_saved = value;
    if (FIELD_EX64(value, IRS_SAVE_VMR, S)) {
        gicv5_vm_save(space_of(d), vm);
    }
}

static uint64_t save_vm_statusr_read(const GICv5IRSDomain *d)
{
    uint16_t vm = FIELD_EX64(d->vm_saved, IRS_SAVE_VMR, VM_ID);

    return FIELD_DP32(0, IRS_SAVE_VM_STATUSR, Q,
                      FIELD_EX64(d->vm_saved, IRS_SAVE_VMR, Q) &&
                      gicv5_vm_is_quiescent(space_of(d), vm));
}

/* --- all of them --- */

/* As written last, without what starts the operation: for the other half */
static uint64_t *written(GICv5IRSDomain *d, uint32_t offset)
{
    switch (offset) {
    case A_IRS_VMAP_L2_VMTR:
        return &d->vmap_l2_vmtr;
    case A_IRS_VMAP_VMR:
        return &d->vmap_vmr;
    case A_IRS_VMAP_VISTR:
        return &d->vmap_vistr;
    case A_IRS_VMAP_L2_VISTR:
        return &d->vmap_l2_vistr;
    case A_IRS_VMAP_VPER:
        return &d->vmap_vper;
    default:
        return NULL;
    }
}

uint64_t gicv5_vm_reg_read(void *opaque, const GICv5RegAccess *a)
{
    GICv5IRSDomain *d = opaque;
    const uint64_t *value = written(d, a->reg->offset);

    if (value) {
        return *value;
    }
    switch (a->reg->offset) {
    case A_IRS_VMT_BASER:
        return FIELD_DP64(vmt_regs(d)->vmt_baser, IRS_VMT_BASER, VALID,
                          gicv5_vmt_is_valid(space_of(d)));
    case A_IRS_VMT_CFGR:
        return vmt_regs(d)->vmt_cfgr;
    case A_IRS_VPE_SELR:
        return d->vpe_selr;
    case A_IRS_VPE_DBR:
        return vpe_dbr_read(d);
    case A_IRS_VPE_HPPIR:
        return vpe_hppir_read(d);
    case A_IRS_VPE_CR0:
        return vpe_cr0_read(d);
    case A_IRS_VPE_STATUSR:
        return FIELD_DP32(0, IRS_VPE_STATUSR, V, is_vpe_selected(d));
    case A_IRS_VM_DBR:
        return vm_dbr_read(d);
    case A_IRS_VM_SELR:
        return d->vm_selr == GICV5_SEL_NONE ? 0 : d->vm_selr;
    case A_IRS_VM_STATUSR:
        return FIELD_DP32(0, IRS_VM_STATUSR, V,
                          d->vm_selr != GICV5_SEL_NONE &&
                          gicv5_vm_is_valid(space_of(d), d->vm_selr));
    case A_IRS_SAVE_VMR:
        return d->save_vmr;
    case A_IRS_SAVE_VM_STATUSR:
        return save_vm_statusr_read(d);
    default:
        return 0;
    }
}

static void do_vmap(GICv5IRSDomain *d, uint32_t offset, uint64_t value)
{
    switch (offset) {
    case A_IRS_VMAP_L2_VMTR:
        gicv5_vmt_map_l2(space_of(d),
                         FIELD_EX64(value, IRS_VMAP_L2_VMTR, VM_ID));
        break;
    case A_IRS_VMAP_VMR:
        vmap_vmr_write(d, value);
        break;
    case A_IRS_VMAP_VISTR:
        vmap_vistr_write(d, value);
        break;
    case A_IRS_VMAP_L2_VISTR:
        gicv5_vm_ist_map_l2(space_of(d),
                            FIELD_EX64(value, IRS_VMAP_L2_VISTR, VM_ID),
                            FIELD_EX64(value, IRS_VMAP_L2_VISTR, TYPE),
                            FIELD_EX64(value, IRS_VMAP_L2_VISTR, ID));
        break;
    case A_IRS_VMAP_VPER:
        gicv5_vpe_set_valid(space_of(d),
                            FIELD_EX64(value, IRS_VMAP_VPER, VM_ID),
                            FIELD_EX64(value, IRS_VMAP_VPER, VPE_ID));
        break;
    }
}

void gicv5_vm_reg_write(void *opaque, const GICv5RegAccess *a, uint64_t value)
{
    GICv5IRSDomain *d = opaque;
    uint64_t *kept = written(d, a->reg->offset);

    if (kept) {
        /* M is bit 63 in all of them; U means nothing without it. */
        *kept = value & ~R_IRS_VMAP_VMR_M_MASK;
        if (value & R_IRS_VMAP_VMR_M_MASK) {
            do_vmap(d, a->reg->offset, value);
        }
        return;
    }
    switch (a->reg->offset) {
    case A_IRS_VMT_BASER:
        vmt_baser_write(d, value);
        break;
    case A_IRS_VMT_CFGR:
        vmt_cfgr_write(d, value);
        break;
    case A_IRS_VPE_SELR:
        /* Without S nothing is selected anew (inferred). */
        d->vpe_selr = value & ~R_IRS_VPE_SELR_S_MASK;
        if (FIELD_EX64(value, IRS_VPE_SELR, S)) {
            d->vpe_selected = value;
        }
        break;
    case A_IRS_VPE_DBR:
        vpe_dbr_write(d, value);
        break;
    case A_IRS_VPE_CR0:
        vpe_cr0_write(d, value);
        break;
    case A_IRS_VM_DBR:
        vm_dbr_write(d, value);
        break;
    case A_IRS_VM_SELR:
        d->vm_selr = value;
        break;
    case A_IRS_SAVE_VMR:
        /* Without S and Q nothing happens (inferred). */
        d->save_vmr = value & R_IRS_SAVE_VMR_VM_ID_MASK;
        if (value & (R_IRS_SAVE_VMR_S_MASK | R_IRS_SAVE_VMR_Q_MASK)) {
            save_vmr_write(d, value);
        }
        break;
    }
}
