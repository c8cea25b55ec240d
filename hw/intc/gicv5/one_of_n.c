/*
 * Arm GICv5 interrupt engine: interrupts with routing mode 1-of-N
 *
 * Such an interrupt is presented to one PE at a time. Which one is
 * IMPLEMENTATION DEFINED; here it is one that would take it at once, as far as
 * the IRS can know, and of those the one with the least important work. Each
 * PE that takes 1-of-N interrupts is offered at most one of them, so as many
 * are offered as there are PEs for them.
 *
 * An offer goes before the PE's own interrupts. That is right because of what
 * @room says: a PE has room for an interrupt if its CPU interface takes that
 * priority (@limit), and if none of its own is more important. Among equals
 * own interrupts and offers take turns (@had_offer), so neither can starve the
 * other.
 *
 * What always holds:
 *  - an offer's priority is below its PE's room
 *  - no PE without an offer has room for the first interrupt of the set, and
 *    no PE has an offer that is less important than it
 *
 * So that keeping this true costs O(1), PEs without an offer are listed by
 * their room, those with an offer by its priority.
 *
 * In a VM the PEs are VPEs. One that is not resident, or not presented
 * candidates, has no room; the CPU interface is that of the PE where it is
 * resident, which is asked anew after each change of residency.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engine_internal.h"
#include "trace.h"

static unsigned own_prio(const GICv5Target *t)
{
    return gicv5_candidate_prio(gicv5_pendset_peek(&t->set));
}

/*
 * Does the PE take part in the selection? A VPE that does may have no room now:
 * that is no reason for a doorbell, since it can take the interrupt later
 * (inferred).
 */
static bool takes_part(const GICv5Target *t)
{
    return !t->dps && gicv5_target_is_enabled(t);
}

/*
 * The one place that says whether a PE takes 1-of-N interrupts, and which.
 * @limit is 0 if its CPU interface takes none: ICC_CR0.EN=0, or the PE is off.
 */
static unsigned room_of(const GICv5Target *t)
{
    unsigned own = own_prio(t);

    if (!takes_part(t)) {
        return 0;
    }
    if (own < GICV5_NUM_PRIOS && !t->had_offer) {
        own++;
    }
    return MIN(own, t->limit);
}

/* --- the lists of PEs --- */

static void unlist(GICv5Target *t)
{
    GICv5OneOfN *o = &t->space->one_of_n;

    if (!t->listed) {
        return;
    }
    t->listed = false;
    if (t->offer) {
        QTAILQ_REMOVE(&o->holder[t->offer_prio], t, taker);
        if (QTAILQ_EMPTY(&o->holder[t->offer_prio])) {
            o->holder_map &= ~BIT_ULL(t->offer_prio);
        }
    } else {
        QTAILQ_REMOVE(&o->idle[t->room], t, taker);
        if (QTAILQ_EMPTY(&o->idle[t->room])) {
            o->idle_map &= ~BIT_ULL(t->room);
        }
    }
}

static void list(GICv5Target *t)
{
    GICv5OneOfN *o = &t->space->one_of_n;

    if (t->offer) {
        QTAILQ_INSERT_TAIL(&o->holder[t->offer_prio], t, taker);
        o->holder_map |= BIT_ULL(t->offer_prio);
    } else if (t->room) {
        QTAILQ_INSERT_TAIL(&o->idle[t->room], t, taker);
        o->idle_map |= BIT_ULL(t->room);
    } else {
        return;
    }
    t->listed = true;
}

/* --- offers --- */

/* The PE gives its offer back, before anybody else is told of it. */
static void take_back(GICv5Target *t)
{
    GICv5Space *sp = t->space;
    uint32_t intid = t->offer;

    unlist(t);
    t->offer = 0;
    gicv5_pendset_insert_first(&sp->one_of_n.set, sp, intid,
                               gicv5_queued_node(sp, intid),
                               t->offer_prio);
}

static void give(GICv5Target *t)
{
    GICv5Space *sp = t->space;
    GICv5Candidate first = gicv5_pendset_peek(&sp->one_of_n.set);
    uint32_t intid = gicv5_candidate_intid(first);
    unsigned prio = gicv5_candidate_prio(first);
    GICv5Node *n = gicv5_queued_node(sp, intid);

    trace_gicv5_one_of_n(sp->domain, gicv5_vm_of(sp), intid, prio, t->id);
    gicv5_pendset_remove(&sp->one_of_n.set, sp, intid, n, prio);
    unlist(t);
    t->offer = intid;
    t->offer_prio = prio;
    n->prev = GICV5_OFFERED;
    n->next = t->id;
    list(t);
}

static void update_room(GICv5Target *t)
{
    unsigned room = room_of(t);
    bool part = takes_part(t);

    if (part != t->takes_part) {
        t->takes_part = part;
        t->space->one_of_n.takers += part ? 1 : -1;
    }
    if (room == t->room) {
        return;
    }
    if (t->offer) {
        t->room = room;
        return;
    }
    unlist(t);
    t->room = room;
    list(t);
}

/*
 * The first of @list for an interrupt of priority @prio. A CPU interface does
 * not tell of each change of its limit while there is nothing to offer: ask.
 * Returns NULL if the answer is that it has no room.
 */
static GICv5Target *ask_first(GICv5Target *t, unsigned prio)
{
    const GICv5Space *sp = t->space;
    const GICv5EngineOps *ops = sp->sys->ops;

    if (!t->limit_known && gicv5_space_asks_limit(sp)) {
        t->limit_known = true;
        t->limit = (sp->vm ? ops->one_of_n_limit_virtual :
                             ops->one_of_n_limit)(sp->sys->opaque, t->pe,
                                                  sp->domain);
        update_room(t);
        if (t->room <= prio) {
            return NULL;
        }
    }
    return t;
}

/*
 * Each turn offers an interrupt to a PE that had none or a less important
 * one, or asks a PE that has not been asked since it told its limit.
 */
static void place(GICv5Space *sp)
{
    GICv5OneOfN *o = &sp->one_of_n;

    while (o->set.occupied) {
        unsigned prio = ctz32(o->set.occupied);
        uint64_t idle = o->idle_map >> (prio + 1);
        uint64_t holder = o->holder_map >> (prio + 1);
        GICv5Target *t;

        if (idle) {
            t = QTAILQ_FIRST(&o->idle[prio + 1 + 63 - clz64(idle)]);
            if (!ask_first(t, prio)) {
                continue;
            }
        } else if (holder) {
            t = QTAILQ_FIRST(&o->holder[prio + 1 + 63 - clz64(holder)]);
            take_back(t);
        } else {
            return;
        }
        give(t);
        gicv5_target_forward(t);
    }
}

void gicv5_one_of_n_place(GICv5Space *sp)
{
    place(sp);
    if (sp->vm) {
        gicv5_vm_one_of_n_changed(sp->vm);
    }
}

void gicv5_one_of_n_settle(GICv5Target *t)
{
    update_room(t);
    if (t->offer && t->offer_prio >= t->room) {
        take_back(t);
        list(t);
    }
}

void gicv5_one_of_n_insert(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                           unsigned prio)
{
    gicv5_pendset_insert(&sp->one_of_n.set, sp, intid, n, prio);
    gicv5_one_of_n_changed(sp);
}

void gicv5_one_of_n_remove(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                           unsigned prio)
{
    GICv5Target *t;

    if (n->prev != GICV5_OFFERED) {
        gicv5_pendset_remove(&sp->one_of_n.set, sp, intid, n, prio);
        return;
    }
    t = gicv5_find_target(sp, n->next);
    unlist(t);
    t->offer = 0;
    t->room = room_of(t);
    list(t);
    gicv5_target_changed(t);
}

/* --- building, resetting, checking --- */

void gicv5_one_of_n_init(GICv5Space *sp)
{
    GICv5OneOfN *o = &sp->one_of_n;

    for (unsigned i = 0; i < ARRAY_SIZE(o->idle); i++) {
        QTAILQ_INIT(&o->idle[i]);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(o->holder); i++) {
        QTAILQ_INIT(&o->holder[i]);
    }
}

void gicv5_one_of_n_reset(GICv5Space *sp)
{
    GICv5Target *t;

    /* In one order, so that each run is the same */
    QSIMPLEQ_FOREACH(t, &sp->targets, next) {
        t->dps = false;
        t->had_offer = false;
        update_room(t);
        unlist(t);
        list(t);
    }
}

static bool check_target(const GICv5Space *sp, const GICv5Target *t)
{
    const GICv5OneOfN *o = &sp->one_of_n;
    unsigned first = gicv5_candidate_prio(gicv5_pendset_peek(&o->set));
    uint32_t word;

    if (t->room != room_of(t) || t->listed != (t->offer || t->room) ||
        t->takes_part != takes_part(t)) {
        return false;
    }
    if (!t->offer) {
        return first >= t->room;
    }
    return t->offer_prio < t->room && t->offer_prio <= first &&
           gicv5_get_word(sp, t->offer, &word) &&
           FIELD_EX32(word, GICV5_ISTE, PRIORITY) == t->offer_prio &&
           FIELD_EX32(word, GICV5_ISTE, IRM);
}

bool gicv5_one_of_n_check(GICv5Space *sp)
{
    uint32_t takers = 0;
    const GICv5Target *t;

    QSIMPLEQ_FOREACH(t, &sp->targets, next) {
        takers += t->takes_part;
        if (!check_target(sp, t)) {
            fprintf(stderr, "gicv5: domain %d: IAFFID %u has a wrong 1-of-N "
                    "offer or room\n", sp->domain, t->id);
            return false;
        }
    }
    if (takers != sp->one_of_n.takers) {
        fprintf(stderr, "gicv5: domain %d: takers of 1-of-N are counted "
                "wrong\n", sp->domain);
        return false;
    }
    return true;
}
