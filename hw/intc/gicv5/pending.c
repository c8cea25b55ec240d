/*
 * Arm GICv5 interrupt engine: pending sets
 *
 * Interrupts of equal priority are delivered in the order in which they
 * became deliverable. The architecture leaves that open; first come, first
 * served keeps a busy source from starving another.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engine_internal.h"

void gicv5_pendset_insert(GICv5PendSet *set, GICv5Space *sp, uint32_t intid,
                          GICv5Node *n, unsigned prio)
{
    uint32_t last = set->occupied & BIT(prio) ? set->tail[prio] : 0;

    n->next = 0;
    n->prev = last;
    if (last) {
        gicv5_queued_node(sp, last)->next = intid;
    } else {
        set->head[prio] = intid;
        set->occupied |= BIT(prio);
    }
    set->tail[prio] = intid;
}

void gicv5_pendset_insert_first(GICv5PendSet *set, GICv5Space *sp,
                                uint32_t intid, GICv5Node *n, unsigned prio)
{
    if (!(set->occupied & BIT(prio))) {
        gicv5_pendset_insert(set, sp, intid, n, prio);
        return;
    }
    n->next = set->head[prio];
    n->prev = 0;
    gicv5_queued_node(sp, n->next)->prev = intid;
    set->head[prio] = intid;
}

void gicv5_pendset_remove(GICv5PendSet *set, GICv5Space *sp, uint32_t intid,
                          GICv5Node *n, unsigned prio)
{
    if (n->prev) {
        gicv5_queued_node(sp, n->prev)->next = n->next;
    } else {
        set->head[prio] = n->next;
    }
    if (n->next) {
        gicv5_queued_node(sp, n->next)->prev = n->prev;
    } else {
        set->tail[prio] = n->prev;
    }
    if (!set->head[prio]) {
        set->occupied &= ~BIT(prio);
    }
}
