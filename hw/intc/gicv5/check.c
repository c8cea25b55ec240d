/*
 * Arm GICv5 interrupt engine: does the invariant hold?
 *
 * For tests and debug builds, see gicv5_system_check().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engine_internal.h"

static bool check_failed(const char *what, GICv5Domain domain, uint32_t intid)
{
    fprintf(stderr, "gicv5: domain %d INTID 0x%08x: %s\n", domain, intid,
            what);
    return false;
}

/* The state of an interrupt that ought to be in a set */
static const GICv5Node *check_node(GICv5Space *sp, uint32_t intid)
{
    uint32_t word;

    return gicv5_get_word(sp, intid, &word) &&
           gicv5_is_queued(sp, word) ?
           gicv5_queued_node(sp, intid) : NULL;
}

/* Each member is deliverable, belongs here, and the links agree */
static bool check_set(GICv5Space *sp, GICv5PendSet *set, uint64_t *members)
{
    for (unsigned prio = 0; prio < GICV5_NUM_PRIOS; prio++) {
        uint32_t intid, prev = 0;

        if (!(set->occupied & BIT(prio))) {
            continue;
        }
        for (intid = set->head[prio]; intid; ) {
            const GICv5Node *n = check_node(sp, intid);

            if (!n || gicv5_pendset_of(sp, n->word) != set ||
                FIELD_EX32(n->word, GICV5_ISTE, PRIORITY) != prio) {
                return check_failed("wrong pending set", sp->domain, intid);
            }
            if (n->prev != prev) {
                return check_failed("broken queue", sp->domain, intid);
            }
            (*members)++;
            prev = intid;
            intid = n->next;
        }
        if (set->tail[prio] != prev || !prev) {
            return check_failed("wrong tail", sp->domain, prev);
        }
    }
    return true;
}

static bool check_offer(GICv5Space *sp, const GICv5Target *t)
{
    const GICv5Node *n = check_node(sp, t->offer);

    return n && n->prev == GICV5_OFFERED && n->next == t->id;
}

static uint64_t count_queued(const GICv5IST *ist)
{
    const GICv5ISTPage *page;
    uint64_t count = 0;

    if (ist->valid) {
        QTAILQ_FOREACH(page, &ist->pages[GICV5_PAGES_QUEUED], link) {
            count += page->queued;
        }
    }
    return count;
}

static uint64_t count_deliverable(GICv5Space *sp)
{
    GICv5System *sys = sp->sys;
    uint64_t count = 0;

    for (unsigned i = 0; i < sys->irs->len; i++) {
        GICv5EngineIRS *irs = gicv5_engine_irs(sys, i);

        for (uint32_t n = 0; n < irs->spi_count; n++) {
            count += irs->spi[n].space == sp &&
                     gicv5_is_queued(sp, irs->spi[n].node.word);
        }
    }
    return count + count_queued(&sp->lpi) + count_queued(&sp->spi);
}

/* --- tables --- */

static bool check_page(const GICv5ISTPage *page, unsigned list,
                       uint32_t *queued)
{
    const GICv5IST *ist = page->ist;
    DECLARE_BITMAP(stray, GICV5_IST_PAGE_SIZE);
    uint32_t n = 0;

    for (uint32_t i = 0; i < gicv5_ist_page_size(ist); i++) {
        n += gicv5_is_queued(ist->space, page->node[i].word);
    }
    *queued += n;
    return gicv5_ist_page(ist, page->index) == page && page->list == list &&
           page->queued == n && (list == GICV5_PAGES_QUEUED) == (n != 0) &&
           (n ||
            (list == GICV5_PAGES_DIRTY) == gicv5_ist_page_is_dirty(page)) &&
           !bitmap_andnot(stray, page->dirty, page->loaded,
                          GICV5_IST_PAGE_SIZE);
}

/* Counted over all tables and VMs, to compare with the system's counters */
typedef struct SaveCount {
    uint32_t pages;
    uint32_t dirty;
    uint32_t queued;
    uint32_t vms;
    uint32_t vpes;
} SaveCount;

static bool check_ist(const GICv5IST *ist, SaveCount *count)
{
    uint64_t memory = 0;

    for (unsigned list = 0; ist->valid && list < GICV5_NUM_PAGE_LISTS;
         list++) {
        const GICv5ISTPage *page;

        QTAILQ_FOREACH(page, &ist->pages[list], link) {
            if (!check_page(page, list, &count->queued)) {
                fprintf(stderr, "gicv5: domain %d: page %u is not what its "
                        "list says\n", ist->space->domain, page->index);
                return false;
            }
            memory += gicv5_ist_page_bytes(ist);
            count->pages += list != GICV5_PAGES_CLEAN;
            count->dirty += bitmap_count_one(page->dirty, GICV5_IST_PAGE_SIZE);
        }
    }
    if (memory != ist->memory) {
        fprintf(stderr, "gicv5: domain %d: memory is counted wrong\n",
                ist->space->domain);
        return false;
    }
    return true;
}

/* --- everything --- */

static bool check_target(const GICv5Target *t, uint64_t *members)
{
    GICv5Space *sp = t->space;

    if (gicv5_find_target(sp, t->id) != t || t->touched) {
        return check_failed("wrong target", sp->domain, t->id);
    }
    if (t->offer) {
        (*members)++;
        if (!check_offer(sp, t)) {
            return check_failed("wrong offer", sp->domain, t->offer);
        }
    }
    if (t->candidate != gicv5_target_best(t)) {
        return check_failed("stale candidate", sp->domain, t->offer);
    }
    return true;
}

static bool check_space(GICv5Space *sp)
{
    uint64_t members = 0;
    GICv5Target *t;

    QSIMPLEQ_FOREACH(t, &sp->targets, next) {
        if (!check_set(sp, &t->set, &members) || !check_target(t, &members)) {
            return false;
        }
    }
    if (!check_set(sp, &sp->one_of_n.set, &members)) {
        return false;
    }
    if (members != count_deliverable(sp)) {
        return check_failed("interrupt missing from its set", sp->domain, 0);
    }
    return gicv5_one_of_n_check(sp);
}

/* Does a VPE take part in the selection of 1-of-N interrupts? */
static bool is_taken(const GICv5VM *vm)
{
    const GICv5Target *t;

    QSIMPLEQ_FOREACH(t, &vm->space.targets, next) {
        if (gicv5_target_is_enabled(t) && !t->dps) {
            return true;
        }
    }
    return false;
}

/* Could the doorbell ring? Derived from state alone, with no counters. */
static bool could_ring(const GICv5VM *vm, const GICv5VPE *vpe)
{
    unsigned prio = gicv5_candidate_prio(gicv5_pendset_peek(&vpe->target.set));
    const GICv5PendSet *set = &vm->space.one_of_n.set;

    if (vm->db.enabled && vm->db.vpe == vpe->target.id && !is_taken(vm)) {
        prio = MIN(prio, gicv5_candidate_prio(gicv5_pendset_peek(set)));
    }
    return vpe->valid && !vpe->target.pe && vpe->db.valid &&
           vpe->db.requested && prio <= vpe->db.mask;
}

/*
 * A VPE is resident where the PE says, and a doorbell that could ring did, or
 * waits until it may.
 */
static bool check_vm(const GICv5VM *vm, SaveCount *count)
{
    const bool hold = vm->space.sys->hold_doorbells;
    GICv5Target *t;

    count->vms++;
    QSIMPLEQ_FOREACH(t, &vm->space.targets, next) {
        const GICv5VPE *vpe = gicv5_vpe_of(t);

        count->vpes++;
        if (t->pe && t->pe->resident[vm->space.domain] != vpe) {
            return check_failed("VPE is not where it is resident",
                                vm->space.domain, t->id);
        }
        if ((vpe->rings && !hold) || (could_ring(vm, vpe) && !vpe->rings)) {
            return check_failed("doorbell has not rung", vm->space.domain,
                                t->id);
        }
    }
    return true;
}

static bool check_vms(GICv5Space *sp, SaveCount *count)
{
    GICv5VM *vm;

    for (unsigned i = 0; i < GICV5_NUM_VM_LISTS; i++) {
        QTAILQ_FOREACH(vm, &sp->vmt.vms[i], link) {
            if (gicv5_vm_has_spare_page(vm) != (i == GICV5_VMS_SPARE)) {
                return check_failed("VM in the wrong list", sp->domain,
                                    vm->id);
            }
            if (!check_ist(&vm->space.lpi, count) ||
                !check_ist(&vm->space.spi, count) ||
                !check_space(&vm->space) || !check_vm(vm, count)) {
                return false;
            }
        }
    }
    return true;
}

/* What is resident on a PE is so for the VPE, too. */
static bool check_pe(const GICv5PE *pe)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        if (pe->resident[d] && (pe->resident[d]->target.pe != pe ||
                                !pe->resident[d]->valid)) {
            return check_failed("PE has a VPE that is not resident", d,
                                pe->iaffid);
        }
    }
    return true;
}

bool gicv5_system_check(GICv5System *sys)
{
    SaveCount count = {};

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        if (!check_ist(&sys->space[d].lpi, &count) ||
            !check_vms(&sys->space[d], &count)) {
            return false;
        }
    }
    if (count.pages != sys->save_pages || count.dirty != sys->save_dirty ||
        count.queued != sys->save_queued || count.vms != sys->save_vms ||
        count.vpes != sys->save_vpes) {
        fprintf(stderr, "gicv5: counters of what is sent are wrong\n");
        return false;
    }
    for (unsigned i = 0; i < sys->pe->len; i++) {
        if (!check_pe(g_ptr_array_index(sys->pe, i))) {
            return false;
        }
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        if (!check_space(&sys->space[d])) {
            return false;
        }
    }
    return true;
}
