/*
 * Arm GICv5 IRS: what the files of its migration share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_GICV5_IRS_VMSTATE_H
#define HW_INTC_GICV5_IRS_VMSTATE_H

#include "migration/qemu-file-types.h"
#include "migration/vmstate.h"
#include "irs_internal.h"

/* The subsection of an IRS with virtualization, irs_vm_vmstate.c */
extern const VMStateDescription vmstate_gicv5_virt;

/**
 * gicv5_stream_put_parts: the records of a table, in the second form
 */
void gicv5_stream_put_parts(const GICv5IST *ist, QEMUFile *f);

/**
 * gicv5_stream_get_parts: the reverse, for a table of a VM
 *
 * @vm: the VM's space
 * @ist: between gicv5_ist_restore_begin() and gicv5_ist_restore_end()
 * @is_clean: no state word may differ from memory
 * @what: for messages: which field, and which table
 *
 * Returns 0 or, after a message, a negative errno.
 */
int gicv5_stream_get_parts(ARMGICv5CommonState *s, const GICv5Space *vm,
                           GICv5IST *ist, bool is_clean, const char *what,
                           QEMUFile *f);

/**
 * gicv5_stream_check_reset: has the machine been reset since the section began?
 *
 * For loaders, after each read: it may have waited, while the monitor ran.
 * Returns 0 or, after a message, a negative errno; then tables, VMs and
 * registers that have been loaded are gone.
 */
int gicv5_stream_check_reset(const ARMGICv5CommonState *s);

/**
 * gicv5_stream_no_vm_memory: say that vm-memory is too small for a stream
 *
 * Returns -ENOMEM.
 */
int gicv5_stream_no_vm_memory(const ARMGICv5CommonState *s, const char *what);

#endif
