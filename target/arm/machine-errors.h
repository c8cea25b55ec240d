/*
 * Why the state of an Arm CPU is not loaded
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TARGET_ARM_MACHINE_ERRORS_H
#define TARGET_ARM_MACHINE_ERRORS_H

#include "cpu.h"

/**
 * arm_report_alien_register: say why a CPU's list of registers is not loaded
 * @v: register of the stream that the CPU does not have, an index in
 *     cpreg_vmstate_indexes; -1 if the kernel refuses the values
 *
 * The caller ends the migration.
 */
void arm_report_alien_register(ARMCPU *cpu, int v);

#endif
