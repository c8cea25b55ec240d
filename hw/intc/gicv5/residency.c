/*
 * Arm GICv5 interrupt engine: VPEs on PEs, and their doorbells
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "engine_internal.h"
#include "trace.h"

/* --- doorbells --- */

/*
 * Is there an interrupt of priority @mask or higher that the VPE is for? Also
 * one of routing mode 1-of-N, if IRS_VM_DBR names the VPE and no VPE takes part
 * in the selection (inferred).
 */
static bool has_reason(const GICv5VPE *vpe, unsigned mask)
{
    const GICv5Target *t = &vpe->target;
    const GICv5Space *sp = t->space;
    const GICv5VMDoorbell *db = &sp->vm->db;

    return gicv5_candidate_prio(gicv5_pendset_peek(&t->set)) <= mask ||
           (db->enabled && db->vpe == t->id && !sp->one_of_n.takers &&
            gicv5_candidate_prio(gicv5_space_one_of_n(sp)) <= mask);
}

/*
 * R_CWZMW: a predicate over state, which is looked at whenever some of it has
 * changed. One ring for each request.
 */
static bool should_ring(const GICv5VPE *vpe)
{
    return vpe->valid && !vpe->target.pe && vpe->db.valid &&
           vpe->db.requested && has_reason(vpe, vpe->db.mask);
}

void gicv5_vpe_changed(GICv5VPE *vpe)
{
    if (!vpe->rings && should_ring(vpe)) {
        vpe->rings = true;
        QTAILQ_INSERT_TAIL(&vpe->target.space->sys->ringing, vpe, ringing);
    }
}

void gicv5_vm_one_of_n_changed(GICv5VM *vm)
{
    GICv5Target *t;

    if (vm->db.enabled) {
        t = gicv5_find_target(&vm->space, vm->db.vpe);
        if (t) {
            gicv5_vpe_changed(gicv5_vpe_of(t));
        }
    }
}

void gicv5_vpe_is_silent(GICv5VPE *vpe)
{
    if (vpe->rings) {
        vpe->rings = false;
        QTAILQ_REMOVE(&vpe->target.space->sys->ringing, vpe, ringing);
    }
}

static void ring(GICv5VPE *vpe)
{
    const GICv5VM *vm = vpe->target.space->vm;

    vpe->db.requested = false;
    vpe->dirty = true;
    trace_gicv5_doorbell(vm->parent->domain, vm->id, vpe->target.id,
                         vpe->db.lpi);
    /* Lost if it is not reachable */
    gicv5_event(vm->parent, gicv5_intid(GICV5_TYPE_LPI, vpe->db.lpi),
                GICV5_SET_EDGE);
}

void gicv5_ring_doorbells(GICv5System *sys)
{
    GICv5VPE *vpe;

    if (sys->is_ringing || sys->hold_doorbells) {
        return;
    }
    sys->is_ringing = true;
    while ((vpe = QTAILQ_FIRST(&sys->ringing))) {
        gicv5_vpe_is_silent(vpe);
        /* It may have waited meanwhile. */
        if (should_ring(vpe)) {
            ring(vpe);
        }
    }
    sys->is_ringing = false;
}

void gicv5_system_hold_doorbells(GICv5System *sys)
{
    sys->hold_doorbells = true;
}

void gicv5_system_release_doorbells(GICv5System *sys)
{
    sys->hold_doorbells = false;
    gicv5_ring_doorbells(sys);
}

/* --- residency --- */

void gicv5_vpe_end_residency(GICv5VPE *vpe)
{
    GICv5Target *t = &vpe->target;
    GICv5System *sys = t->space->sys;
    GICv5PE *pe = t->pe;

    if (t->candidate != GICV5_CANDIDATE_NONE) {
        t->candidate = GICV5_CANDIDATE_NONE;
        sys->ops->forward_virtual(sys->opaque, pe, t->space->domain,
                                  GICV5_CANDIDATE_NONE);
    }
    t->pe = NULL;
    pe->resident[t->space->domain] = NULL;
}

void gicv5_pe_make_nonresident(GICv5PE *pe, GICv5Space *sp, bool request,
                               unsigned mask)
{
    GICv5VPE *vpe = pe->resident[sp->domain];
    bool outer;

    if (!vpe) {
        return;
    }
    trace_gicv5_nonresident(sp->domain, pe->iaffid, vpe->target.space->vm->id,
                            vpe->target.id, request, mask);
    outer = gicv5_begin_batch(sp->sys);
    gicv5_vpe_end_residency(vpe);
    if (vpe->db.requested != request ||
        (request && vpe->db.mask != mask)) {
        vpe->dirty = true;
    }
    vpe->db.requested = request;
    if (request) {
        vpe->db.mask = mask;
    }
    gicv5_target_changed(&vpe->target);
    gicv5_end_batch(sp->sys, outer);
}

bool gicv5_pe_make_resident(GICv5PE *pe, GICv5Space *sp, uint16_t vm_id,
                            uint16_t vpe_id, bool no_hppi)
{
    GICv5VPE *old = pe->resident[sp->domain];
    GICv5VM *vm = gicv5_vm_get(sp, vm_id);
    GICv5VPE *vpe = vm ? gicv5_vpe_get(vm, vpe_id) : NULL;
    bool outer;

    /* No doorbell for the moment in which there is neither */
    outer = gicv5_begin_batch(sp->sys);
    if (old && old != vpe) {
        gicv5_pe_make_nonresident(pe, sp, false, 0);
    }
    if (!vpe || (vpe->target.pe && vpe->target.pe != pe)) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: domain %d: VPE %u of VM %u "
                      "cannot be made resident: it is not valid, or resident "
                      "elsewhere\n", sp->domain, vpe_id, vm_id);
        gicv5_end_batch(sp->sys, outer);
        return false;
    }
    trace_gicv5_resident(sp->domain, pe->iaffid, vm_id, vpe_id, no_hppi);
    vpe->no_hppi = no_hppi;
    /* Residency ends the request for a doorbell (inferred). */
    vpe->dirty |= vpe->db.requested;
    vpe->db.requested = false;
    vpe->target.pe = pe;
    /* Unless it says otherwise */
    vpe->target.limit = GICV5_NUM_PRIOS;
    vpe->target.limit_known = false;
    pe->resident[sp->domain] = vpe;
    gicv5_target_changed(&vpe->target);
    gicv5_end_batch(sp->sys, outer);
    return true;
}

GICv5Space *gicv5_pe_resident_space(const GICv5PE *pe, GICv5Domain domain)
{
    const GICv5VPE *vpe = pe->resident[domain];

    return vpe ? vpe->target.space : NULL;
}
