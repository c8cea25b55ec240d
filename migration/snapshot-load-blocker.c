/*
 * Devices that cannot be loaded from a snapshot now
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "migration/snapshot-load-blocker.h"

static GSList *blockers;

void snapshot_load_add_blocker(Error *reason)
{
    if (!g_slist_find(blockers, reason)) {
        blockers = g_slist_prepend(blockers, reason);
    }
}

void snapshot_load_del_blocker(Error *reason)
{
    blockers = g_slist_remove(blockers, reason);
}

bool snapshot_load_is_blocked(Error **errp)
{
    if (!blockers) {
        return false;
    }
    error_propagate(errp, error_copy(blockers->data));
    return true;
}
