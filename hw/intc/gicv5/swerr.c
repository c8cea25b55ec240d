/*
 * Arm GICv5: records of software errors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "swerr.h"

void gicv5_swerr_reset(GICv5SWErrRecord *r)
{
    *r = (GICv5SWErrRecord) {};
}

void gicv5_swerr_record(GICv5SWErrRecord *r, unsigned ec, uint64_t syndrome,
                        uint64_t addr)
{
    uint64_t v = R_GICV5_SWERR_STATUSR_V_MASK |
                 R_GICV5_SWERR_STATUSR_S0V_MASK |
                 R_GICV5_SWERR_STATUSR_S1V_MASK;

    if (gicv5_swerr_is_recorded(r)) {
        r->statusr |= R_GICV5_SWERR_STATUSR_OF_MASK;
        return;
    }
    r->statusr = FIELD_DP64(v, GICV5_SWERR_STATUSR, EC, ec);
    r->syndromer[0] = syndrome;
    r->syndromer[1] = addr & R_GICV5_SWERR_SYNDROMER1_ADDR_MASK;
}

void gicv5_swerr_write_statusr(void *opaque, const GICv5RegAccess *access,
                               uint64_t value)
{
    uint64_t *statusr = (void *)((char *)opaque + access->reg->field);

    if (value & R_GICV5_SWERR_STATUSR_V_MASK) {
        gicv5_swerr_reset(container_of(statusr, GICv5SWErrRecord, statusr));
    }
}
