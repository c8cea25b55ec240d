/*
 * Arm GICv5 interrupt engine: virtual machines in a migration
 *
 * All that the engine has of VMs is sent, but for state words that are in
 * memory as well. So nothing is looked up in memory while a VM is loaded, and
 * a VM needs no more of vm_memory than it did.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engine_internal.h"

/* --- saving --- */

GICv5Space *gicv5_vm_next(const GICv5Space *sp, uint32_t id,
                          GICv5VMState *state)
{
    const GICv5VMT *vmt = &sp->vmt;

    for (; vmt->dir && id < GICV5_VM_FANOUT * GICV5_VM_FANOUT; id++) {
        GICv5VM *vm;

        if (!vmt->dir[id / GICV5_VM_FANOUT]) {
            id |= GICV5_VM_FANOUT - 1;
            continue;
        }
        vm = gicv5_vm_find(sp, id);
        if (vm) {
            *state = (GICv5VMState) {
                .id = id,
                .vmte = vm->vmte,
                .vpet = vm->vpet,
                .vpe_id_bits = vm->space.id_bits,
                .full = vm->space.full,
                .quiescent = vm->was_saved &&
                             vm->saved == vm->space.changes,
                .db = vm->db,
            };
            return &vm->space;
        }
    }
    return NULL;
}

bool gicv5_vpe_next(const GICv5Space *vm, uint32_t id, GICv5VPEState *state)
{
    for (; !(id >> vm->id_bits); id++) {
        GICv5Target *t;

        if (!vm->target[id >> GICV5_TARGET_BITS]) {
            id |= MAKE_64BIT_MASK(0, GICV5_TARGET_BITS);
            continue;
        }
        t = gicv5_find_target(vm, id);
        if (t) {
            const GICv5VPE *vpe = gicv5_vpe_of(t);

            *state = (GICv5VPEState) {
                .id = id,
                .valid = vpe->valid,
                .dirty = vpe->dirty,
                .dps = t->dps,
                .vped = vpe->vped,
                .db = vpe->db,
                .resident = t->pe,
                .no_hppi = t->pe && vpe->no_hppi,
                .iaffid = t->pe ? t->pe->iaffid : 0,
            };
            return true;
        }
    }
    return false;
}

/* --- loading --- */

const char *gicv5_vm_check_state(const GICv5Space *sp,
                                 const GICv5VMState *state)
{
    const GICv5VMT *vmt = &sp->vmt;
    uint16_t id = state->id;
    uint64_t l2 = state->vmte - (id & MAKE_64BIT_MASK(0, GICV5_VMTE_L2_BITS)) *
                                GICV5_VMTE_BYTES;

    if (!vmt->valid || id >> vmt->vm_id_bits || gicv5_vm_find(sp, id)) {
        return "id";
    }
    if (vmt->two_level ? l2 & ~GICV5_L2_VMT_ADDR_MASK :
        state->vmte != vmt->base + (uint64_t)id * GICV5_VMTE_BYTES) {
        return "vmte";
    }
    if (state->vpet & ~GICV5_VM_ADDR_MASK) {
        return "vpet";
    }
    return state->vpe_id_bits > sp->sys->cfg.vpe_id_bits ? "vpe_id_bits" :
                                                           NULL;
}

GICv5Space *gicv5_vm_restore(GICv5Space *sp, const GICv5VMState *state)
{
    GICv5VM *vm = gicv5_vm_new(sp, state->id, state->vmte, state->vpet,
                               state->vpe_id_bits, false);

    if (!vm) {
        return NULL;
    }
    vm->space.full = state->full;
    return &vm->space;
}

static bool has_settings(const GICv5VPEState *state)
{
    const GICv5Doorbell *db = &state->db;

    return state->vped || state->dirty || state->dps || state->resident ||
           db->valid || db->requested || db->mask || db->lpi;
}

const char *gicv5_vpe_check_state(const GICv5Space *vm,
                                  const GICv5VPEState *state)
{
    const GICv5PE *pe;

    if (state->id >> vm->id_bits || gicv5_find_target(vm, state->id)) {
        return "id";
    }
    if (!state->valid && has_settings(state)) {
        return "valid";
    }
    if (state->vped & ~GICV5_VM_ADDR_MASK) {
        return "vped";
    }
    if (!state->resident) {
        return state->no_hppi ? "no_hppi" : state->iaffid ? "iaffid" : NULL;
    }
    pe = gicv5_system_find_pe(vm->sys, state->iaffid);
    return !pe || pe->resident[vm->domain] ? "iaffid" : NULL;
}

bool gicv5_vpe_restore(GICv5Space *vm, const GICv5VPEState *state)
{
    GICv5VPE *vpe = gicv5_vpe_new(vm->vm, state->id);
    bool outer;

    if (!vpe) {
        return false;
    }
    outer = gicv5_begin_batch(vm->sys);
    vpe->valid = state->valid;
    vpe->dirty = state->dirty;
    vpe->vped = state->vped;
    vpe->db = state->db;
    vpe->no_hppi = state->no_hppi;
    vpe->target.dps = state->dps;
    if (state->resident) {
        vpe->target.pe = gicv5_system_find_pe(vm->sys, state->iaffid);
        vpe->target.pe->resident[vm->domain] = vpe;
        /* Nobody has been asked yet. */
        vpe->target.limit = GICV5_NUM_PRIOS;
    }
    gicv5_target_changed(&vpe->target);
    gicv5_end_batch(vm->sys, outer);
    return true;
}

/* What waits for a VPE has made it, unless it could not. */
static bool can_name(const GICv5Space *vm, uint16_t vpe)
{
    return vm->full || vpe >> vm->id_bits || gicv5_find_target(vm, vpe);
}

bool gicv5_vm_can_have_word(const GICv5Space *vm, uint32_t word)
{
    return FIELD_EX32(word, GICV5_ISTE, IRM) ||
           !gicv5_word_is_deliverable(word) ||
           can_name(vm, FIELD_EX32(word, GICV5_ISTE, IAFFID));
}

bool gicv5_vm_restore_doorbell(GICv5Space *vm, const GICv5VMDoorbell *db)
{
    bool outer;

    if (!vm->has_one_of_n || (db->enabled && !can_name(vm, db->vpe))) {
        return false;
    }
    outer = gicv5_begin_batch(vm->sys);
    vm->vm->db = *db;
    gicv5_one_of_n_changed(vm);
    gicv5_end_batch(vm->sys, outer);
    return true;
}

void gicv5_vm_restore_end(GICv5Space *vm, const GICv5VMState *state)
{
    vm->vm->was_saved = state->quiescent;
    vm->vm->saved = vm->changes;
}
