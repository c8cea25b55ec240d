/*
 * Arm GICv5: records of software errors
 *
 * IRS and ITS have the same three registers (at other offsets), SWERR_STATUSR,
 * SWERR_SYNDROMER0 and SWERR_SYNDROMER1, in each domain's config frame. Only
 * SWERR_SYNDROMER0 is not the same: that of an IRS names an INTID, that of an
 * ITS has DEVICE_ID [63:32] and EVENT_ID [31:0]. It is the caller's. An IWB
 * has no such registers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_GICV5_SWERR_H
#define HW_INTC_GICV5_SWERR_H

#include "hw/intc/arm_gicv5_common.h"
#include "hw/registerfields.h"
#include "frame.h"

FIELD(GICV5_SWERR_STATUSR, V, 0, 1)
FIELD(GICV5_SWERR_STATUSR, S0V, 1, 1)
FIELD(GICV5_SWERR_STATUSR, S1V, 2, 1)
FIELD(GICV5_SWERR_STATUSR, OF, 3, 1)
FIELD(GICV5_SWERR_STATUSR, EC, 16, 8)
FIELD(GICV5_SWERR_STATUSR, IMP_EC, 24, 8)

FIELD(GICV5_SWERR_SYNDROMER1, ADDR, 3, 53)

/* Bits of SWERR_STATUSR that an error can set */
#define GICV5_SWERR_STATUSR_MASK \
    (R_GICV5_SWERR_STATUSR_V_MASK | R_GICV5_SWERR_STATUSR_S0V_MASK | \
     R_GICV5_SWERR_STATUSR_S1V_MASK | R_GICV5_SWERR_STATUSR_OF_MASK | \
     R_GICV5_SWERR_STATUSR_EC_MASK)

/**
 * gicv5_swerr_reset: no error is recorded
 */
void gicv5_swerr_reset(GICv5SWErrRecord *r);

/**
 * gicv5_swerr_is_recorded: SWERR_STATUSR.V
 */
static inline bool gicv5_swerr_is_recorded(const GICv5SWErrRecord *r)
{
    return r->statusr & R_GICV5_SWERR_STATUSR_V_MASK;
}

/**
 * gicv5_swerr_record: an error that software made
 * @ec: SWERR_STATUSR.EC
 * @syndrome: SWERR_SYNDROMER0
 * @addr: of the structure concerned, for SWERR_SYNDROMER1
 *
 * The first error stays; later ones set OF until software clears the record.
 */
void gicv5_swerr_record(GICv5SWErrRecord *r, unsigned ec, uint64_t syndrome,
                        uint64_t addr);

/**
 * gicv5_swerr_write_statusr: a write of SWERR_STATUSR
 *
 * A one in V clears the whole record at once; other bits do nothing. As the
 * write handler of a register that is @statusr of a record.
 */
void gicv5_swerr_write_statusr(void *opaque, const GICv5RegAccess *access,
                               uint64_t value);

/*
 * Entries of a frame's table, for registers that REG64(@dev_SWERR_...)
 * describes. @member is the record in @state, @has says whether IDR0.SWE is 1.
 * Writes of the syndromes are not worth a message.
 */
#define GICV5_REG_SWERR_STATUSR(dev, state, member, has) \
    GICV5_RW64(dev##_SWERR_STATUSR, .w1c = true, \
               .mask = R_GICV5_SWERR_STATUSR_V_MASK, \
               .field = offsetof(state, member.statusr), \
               .write = gicv5_swerr_write_statusr, .present = has)
#define GICV5_REG_SWERR_SYNDROMER(dev, n, state, member, has) \
    GICV5_RW64(dev##_SWERR_SYNDROMER##n, \
               .field = offsetof(state, member.syndromer[n]), .present = has)

#endif
