/*
 * Arm GICv5 interrupt engine: targets and their candidates
 *
 * A target's candidate is the most important interrupt of its set, or the
 * 1-of-N interrupt that it is offered. It is forwarded to the target's sink.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engine_internal.h"
#include "trace.h"

/* --- the map from id to target --- */

static unsigned map_size(const GICv5Space *sp)
{
    return sp->id_bits > GICV5_TARGET_BITS ?
           1u << (sp->id_bits - GICV5_TARGET_BITS) : 1;
}

static unsigned chunk_size(const GICv5Space *sp)
{
    return 1u << MIN(sp->id_bits, GICV5_TARGET_BITS);
}

static void *map_alloc(GICv5Space *sp, unsigned n)
{
    size_t bytes = n * sizeof(void *);

    return sp->vm ? gicv5_vm_alloc(sp->vm->parent, bytes) : g_malloc0(bytes);
}

static void map_free(GICv5Space *sp, void *p, unsigned n)
{
    if (sp->vm) {
        gicv5_vm_free(sp->vm->parent, p, n * sizeof(void *));
    } else {
        g_free(p);
    }
}

bool gicv5_targets_init(GICv5Space *sp, unsigned id_bits)
{
    sp->id_bits = id_bits;
    QSIMPLEQ_INIT(&sp->targets);
    sp->target = map_alloc(sp, map_size(sp));
    return sp->target;
}

void gicv5_targets_cleanup(GICv5Space *sp)
{
    GICv5Target *t;

    while ((t = QSIMPLEQ_FIRST(&sp->targets))) {
        QSIMPLEQ_REMOVE_HEAD(&sp->targets, next);
        assert(!t->touched);
        if (sp->vm) {
            gicv5_vm_free(sp->vm->parent, gicv5_vpe_of(t), sizeof(GICv5VPE));
            gicv5_add_counter(&sp->sys->save_vpes, -1);
        } else {
            g_free(t);
        }
    }
    for (unsigned i = 0; sp->target && i < map_size(sp); i++) {
        map_free(sp, sp->target[i], chunk_size(sp));
    }
    map_free(sp, sp->target, map_size(sp));
}

bool gicv5_target_add(GICv5Space *sp, GICv5Target *t, uint16_t id)
{
    GICv5Target ***chunk = &sp->target[id >> GICV5_TARGET_BITS];

    if (!*chunk) {
        *chunk = map_alloc(sp, chunk_size(sp));
        if (!*chunk) {
            return false;
        }
    }
    t->space = sp;
    t->id = id;
    t->candidate = GICV5_CANDIDATE_NONE;
    (*chunk)[id & MAKE_64BIT_MASK(0, GICV5_TARGET_BITS)] = t;
    QSIMPLEQ_INSERT_TAIL(&sp->targets, t, next);
    return true;
}

/* --- candidates --- */

bool gicv5_target_is_enabled(const GICv5Target *t)
{
    const GICv5Space *sp = t->space;

    if (unlikely(sp->vm) &&
        (!t->pe || container_of(t, const GICv5VPE, target)->no_hppi)) {
        return false;
    }
    /* IRSEN governs virtual candidates, too (inferred). */
    return gicv5_engine_irs(sp->sys, t->pe->irs)->enabled[sp->domain];
}

GICv5Candidate gicv5_target_best(const GICv5Target *t)
{
    if (!gicv5_target_is_enabled(t)) {
        return GICV5_CANDIDATE_NONE;
    }
    if (t->offer) {
        return gicv5_candidate(t->offer, t->offer_prio);
    }
    return gicv5_pendset_peek(&t->set);
}

void gicv5_target_forward(GICv5Target *t)
{
    GICv5Candidate best = gicv5_target_best(t);

    if (best != t->candidate) {
        GICv5Space *sp = t->space;
        const GICv5EngineOps *ops = sp->sys->ops;

        trace_gicv5_candidate(sp->domain, gicv5_vm_of(sp), t->id, t->candidate,
                              best);
        t->candidate = best;
        (sp->vm ? ops->forward_virtual : ops->forward)(sp->sys->opaque, t->pe,
                                                       sp->domain, best);
    }
    if (unlikely(t->space->vm)) {
        gicv5_vpe_changed(gicv5_vpe_of(t));
    }
}

static void touch_space(GICv5Space *sp)
{
    if (!sp->touched) {
        sp->touched = true;
        QSIMPLEQ_INSERT_TAIL(&sp->sys->touched_spaces, sp, next_touched);
    }
}

void gicv5_target_changed(GICv5Target *t)
{
    GICv5System *sys = t->space->sys;

    if (!sys->batch) {
        gicv5_one_of_n_settle(t);
        gicv5_target_forward(t);
        gicv5_one_of_n_place(t->space);
    } else if (!t->touched) {
        t->touched = true;
        QSIMPLEQ_INSERT_TAIL(&sys->touched, t, next_touched);
        touch_space(t->space);
    }
}

void gicv5_one_of_n_changed(GICv5Space *sp)
{
    if (!sp->sys->batch) {
        gicv5_one_of_n_place(sp);
    } else {
        touch_space(sp);
    }
}

void gicv5_flush_batch(GICv5System *sys)
{
    GICv5Target *t;
    GICv5Space *sp;

    sys->batch = false;
    QSIMPLEQ_FOREACH(t, &sys->touched, next_touched) {
        gicv5_one_of_n_settle(t);
    }
    while ((t = QSIMPLEQ_FIRST(&sys->touched))) {
        QSIMPLEQ_REMOVE_HEAD(&sys->touched, next_touched);
        t->touched = false;
        gicv5_target_forward(t);
    }
    while ((sp = QSIMPLEQ_FIRST(&sys->touched_spaces))) {
        QSIMPLEQ_REMOVE_HEAD(&sys->touched_spaces, next_touched);
        sp->touched = false;
        gicv5_one_of_n_place(sp);
    }
    gicv5_ring_doorbells(sys);
}

/* --- what CPU interfaces and software say of a target --- */

/*
 * A CPU interface that was asked for its limit tells of each change, until it
 * tells when there is nothing to offer: the next offer asks again. But one
 * that takes nothing would not be asked, so it has to tell. Returns whether it
 * shall go on telling.
 */
bool gicv5_target_set_limit(GICv5Target *t, unsigned limit)
{
    const GICv5OneOfN *o = &t->space->one_of_n;

    t->limit = MIN(limit, GICV5_NUM_PRIOS);
    t->limit_known = true;
    if (gicv5_space_asks_limit(t->space) && limit &&
        !o->set.occupied && !o->holder_map) {
        t->limit_known = false;
        t->limit = GICV5_NUM_PRIOS;
    }
    gicv5_target_changed(t);
    return t->limit_known && gicv5_space_asks_limit(t->space);
}

/*
 * What the PE was told of is its running priority from now on, so do not offer
 * it less. It tells the same, but only when it is no longer a candidate: told
 * before, the offer would go to another PE and be taken twice.
 */
void gicv5_target_acknowledged(GICv5Target *t, uint32_t intid)
{
    if (gicv5_candidate_intid(t->candidate) != intid) {
        return;
    }
    t->had_offer = t->offer == intid;
    if (t->limit_known && gicv5_space_asks_limit(t->space)) {
        t->limit = MIN(t->limit, gicv5_candidate_prio(t->candidate));
    }
}

void gicv5_pe_set_dps(GICv5PE *pe, GICv5Domain domain, bool dps)
{
    pe->target[domain]->dps = dps;
    gicv5_target_changed(pe->target[domain]);
}

bool gicv5_pe_dps(const GICv5PE *pe, GICv5Domain domain)
{
    return pe->target[domain]->dps;
}

unsigned gicv5_pe_one_of_n_limit(const GICv5PE *pe, GICv5Domain domain)
{
    return pe->target[domain]->dps ? 0 : pe->target[domain]->limit;
}

GICv5Candidate gicv5_pe_candidate(const GICv5PE *pe, GICv5Domain domain)
{
    return pe->target[domain]->candidate;
}

void gicv5_irs_changed(GICv5System *sys, unsigned irs, GICv5Domain domain)
{
    bool outer = gicv5_begin_batch(sys);

    for (unsigned i = 0; i < sys->pe->len; i++) {
        GICv5PE *pe = g_ptr_array_index(sys->pe, i);

        if (pe->irs != irs) {
            continue;
        }
        gicv5_target_changed(pe->target[domain]);
        if (pe->resident[domain]) {
            gicv5_target_changed(&pe->resident[domain]->target);
        }
    }
    gicv5_end_batch(sys, outer);
}
