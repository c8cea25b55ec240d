/*
 * Devices that cannot be loaded from a snapshot now
 *
 * A device can refuse its state when it is loaded, but by then loadvm has
 * gone back to the snapshot's disks and reset the machine: the guest is lost.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef MIGRATION_SNAPSHOT_LOAD_BLOCKER_H
#define MIGRATION_SNAPSHOT_LOAD_BLOCKER_H

#include "qapi/error.h"

/**
 * SnapshotLoadBlocker: can no snapshot be loaded now?
 *
 * Returns true with @errp set to the reason. Called with the BQL held.
 */
typedef bool SnapshotLoadBlocker(void *opaque, Error **errp);

/**
 * snapshot_load_add_blocker: to be asked before loadvm and snapshot-load
 *
 * Not asked for a snapshot that is loaded at start, with -loadvm. Caller holds
 * the BQL.
 */
void snapshot_load_add_blocker(SnapshotLoadBlocker *blocker, void *opaque);

/* The end of it; it need not have been added. Caller holds the BQL. */
void snapshot_load_del_blocker(SnapshotLoadBlocker *blocker, void *opaque);

/**
 * snapshot_load_is_blocked: can no snapshot be loaded now?
 *
 * For load_snapshot(), before anything is changed. Returns true with @errp set
 * to a blocker's reason. Caller holds the BQL.
 */
bool snapshot_load_is_blocked(Error **errp);

#endif
