/*
 * Arm GICv5: numbers and layouts shared by the IRS, the CPU interface and
 * the boards
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_ARM_GICV5_TYPES_H
#define HW_INTC_ARM_GICV5_TYPES_H

#include "qemu/bitops.h"
#include "hw/registerfields.h"

/**
 * GICv5Domain: physical interrupt domains
 *
 * The values are architectural: IRS_IDR0.INT_DOM, IRS_SPI_DOMAINR.DOMAIN and
 * ICC_PPI_DOMAINR<n>_EL3 use the same two-bit code.
 */
typedef enum GICv5Domain {
    GICV5_DOMAIN_S = 0,
    GICV5_DOMAIN_NS = 1,
    GICV5_DOMAIN_EL3 = 2,
    GICV5_DOMAIN_REALM = 3,
} GICv5Domain;

#define GICV5_NUM_DOMAINS 4

/* INTID: TYPE [31:29], RES0 [28:24], ID [23:0] */
FIELD(GICV5_INTID, ID, 0, 24)
FIELD(GICV5_INTID, RES0, 24, 5)
FIELD(GICV5_INTID, TYPE, 29, 3)

typedef enum GICv5Type {
    GICV5_TYPE_PPI = 1,
    GICV5_TYPE_LPI = 2,
    GICV5_TYPE_SPI = 3,
} GICv5Type;

/* IDs are at most 24 bits wide, in every INTID type. */
#define GICV5_MAX_ID_BITS 24

/* Priorities are 0 (most important) to 31; 32 stands for "none". */
#define GICV5_PRIO_BITS 5
#define GICV5_NUM_PRIOS 32
#define GICV5_PRIO_IDLE 32

/**
 * gicv5_intid: the INTID of interrupt @id of type @type
 */
static inline uint32_t gicv5_intid(GICv5Type type, uint32_t id)
{
    return ((uint32_t)type << R_GICV5_INTID_TYPE_SHIFT) |
           (id & R_GICV5_INTID_ID_MASK);
}

/* Level 2 ISTE, first word; also the state word of an SPI in the engine. */
FIELD(GICV5_ISTE, PENDING, 0, 1)
FIELD(GICV5_ISTE, ACTIVE, 1, 1)
FIELD(GICV5_ISTE, HM, 2, 1)
FIELD(GICV5_ISTE, ENABLE, 3, 1)
FIELD(GICV5_ISTE, IRM, 4, 1)
FIELD(GICV5_ISTE, HWU, 9, 2)
FIELD(GICV5_ISTE, PRIORITY, 11, 5)
FIELD(GICV5_ISTE, IAFFID, 16, 16)

/* ICC_ICSR_EL1, the answer to "request config" */
FIELD(GICV5_ICSR, F, 0, 1)
FIELD(GICV5_ICSR, ENABLED, 1, 1)
FIELD(GICV5_ICSR, PENDING, 2, 1)
FIELD(GICV5_ICSR, IRM, 3, 1)
FIELD(GICV5_ICSR, ACTIVE, 4, 1)
FIELD(GICV5_ICSR, HM, 5, 1)
FIELD(GICV5_ICSR, PRIORITY, 11, 5)
FIELD(GICV5_ICSR, IAFFID, 32, 16)

/* PPIs: 128 per PE, those that a board wires (architected numbers) */
#define GICV5_NUM_PPIS 128

enum {
    GICV5_PPI_S_DB = 0,
    GICV5_PPI_RL_DB = 1,
    GICV5_PPI_NS_DB = 2,
    GICV5_PPI_SW = 3,
    GICV5_PPI_HACDBS = 15,
    GICV5_PPI_CNTHVS = 19,
    GICV5_PPI_CNTHPS = 20,
    GICV5_PPI_PMBIRQ = 21,
    GICV5_PPI_COMMIRQ = 22,
    GICV5_PPI_PMUIRQ = 23,
    GICV5_PPI_CTIIRQ = 24,
    GICV5_PPI_GICMNT = 25,
    GICV5_PPI_CNTHP = 26,
    GICV5_PPI_CNTV = 27,
    GICV5_PPI_CNTHV = 28,
    GICV5_PPI_CNTPS = 29,
    GICV5_PPI_CNTP = 30,
    GICV5_PPI_TRBIRQ = 31,
};

/**
 * GICv5Candidate: the highest priority pending interrupt that an IRS offers
 * to a PE for one domain
 *
 * Packed so that a CPU interface can hold it in one atomic word: INTID in
 * [31:0], priority in [37:32]. GICV5_CANDIDATE_NONE means "nothing pending";
 * its priority is GICV5_PRIO_IDLE, which loses against every interrupt.
 */
typedef uint64_t GICv5Candidate;

FIELD(GICV5_CANDIDATE, INTID, 0, 32)
FIELD(GICV5_CANDIDATE, PRIORITY, 32, 6)

#define GICV5_CANDIDATE_NONE ((GICv5Candidate)GICV5_PRIO_IDLE << 32)

static inline GICv5Candidate gicv5_candidate(uint32_t intid, unsigned prio)
{
    return (GICv5Candidate)prio << R_GICV5_CANDIDATE_PRIORITY_SHIFT | intid;
}

static inline uint32_t gicv5_candidate_intid(GICv5Candidate c)
{
    return FIELD_EX64(c, GICV5_CANDIDATE, INTID);
}

static inline unsigned gicv5_candidate_prio(GICv5Candidate c)
{
    return FIELD_EX64(c, GICV5_CANDIDATE, PRIORITY);
}

#endif
