/*
 * Why the state of an Arm CPU is not loaded
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "machine-errors.h"

void arm_report_alien_register(ARMCPU *cpu, int v)
{
    if (v < 0) {
        error_report("cpu: the kernel does not accept the registers of the "
                     "source's CPU, which is another model or has other "
                     "features");
    } else {
        error_report("cpu: this CPU has no register 0x%" PRIx64 ", but the "
                     "source's has: use the same accelerator and -cpu",
                     cpu->cpreg_vmstate_indexes[v]);
    }
}
