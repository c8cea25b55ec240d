/*
 * Devices that cannot be loaded from a snapshot now
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "migration/snapshot-load-blocker.h"

typedef struct Entry {
    SnapshotLoadBlocker *blocker;
    void *opaque;
} Entry;

static GSList *entries;

void snapshot_load_add_blocker(SnapshotLoadBlocker *blocker, void *opaque)
{
    Entry *e = g_new(Entry, 1);

    *e = (Entry) { blocker, opaque };
    entries = g_slist_prepend(entries, e);
}

void snapshot_load_del_blocker(SnapshotLoadBlocker *blocker, void *opaque)
{
    for (GSList *l = entries; l; l = l->next) {
        Entry *e = l->data;

        if (e->blocker == blocker && e->opaque == opaque) {
            entries = g_slist_delete_link(entries, l);
            g_free(e);
            return;
        }
    }
}

bool snapshot_load_is_blocked(Error **errp)
{
    for (GSList *l = entries; l; l = l->next) {
        Entry *e = l->data;

        if (e->blocker(e->opaque, errp)) {
            return true;
        }
    }
    return false;
}
