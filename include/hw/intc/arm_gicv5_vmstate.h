/*
 * Arm GICv5: checks of what a migration stream brings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_ARM_GICV5_VMSTATE_H
#define HW_INTC_ARM_GICV5_VMSTATE_H

#include "qemu/error-report.h"

/**
 * gicv5_in_mask: has element @n of @field no bits but those of @mask?
 *
 * If not it says so, with the name of @section.
 */
static inline bool gicv5_in_mask(const char *section, const char *field,
                                 unsigned n, uint64_t value, uint64_t mask)
{
    if (value & ~mask) {
        error_report("%s: %s[%u] 0x%" PRIx64 " has bits other than 0x%" PRIx64,
                     section, field, n, value, mask);
        return false;
    }
    return true;
}

#endif
