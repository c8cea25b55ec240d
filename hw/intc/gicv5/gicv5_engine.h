/*
 * Arm GICv5 interrupt engine: interrupt state, pending sets and routing
 *
 * Plain C without QOM or MMIO, so that a unit test can drive it. An IRS
 * device is a window on one of these.
 *
 * Words used here:
 *  state word   the architected 32-bit L2 ISTE of one LPI or SPI
 *  IST          interrupt state table: INTID to state word in O(1)
 *  pending set  the deliverable interrupts of one target, O(1) to change
 *  space        one interrupt domain: an LPI IST, its SPIs, its targets
 *  system       all spaces, all PEs, all SPIs of a machine
 *
 * The invariant: an interrupt is in its target's pending set exactly when it
 * is pending, enabled, not active, and its target exists. Only
 * gicv5_set_word() changes a word, and it keeps that true.
 *
 * Locking: the caller serializes all calls on one system; the device holds
 * the BQL. The callbacks in GICv5EngineOps must not call back in.
 *
 * Cost: every function is O(1) in the number of interrupts unless it says
 * otherwise.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_GICV5_ENGINE_H
#define HW_INTC_GICV5_ENGINE_H

#include "hw/intc/arm_gicv5_types.h"
#include "hw/intc/arm_gicv5_stream.h"

typedef struct GICv5System GICv5System;
typedef struct GICv5Space GICv5Space;
typedef struct GICv5PE GICv5PE;

/**
 * GICv5Node: one interrupt: its state word and its place in a pending set
 *
 * @next, @prev are INTIDs in the same space (0: none, as TYPE 0 is reserved)
 * and mean nothing unless the interrupt is in a pending set.
 */
typedef struct GICv5Node {
    uint32_t word;
    uint32_t next;
    uint32_t prev;
} GICv5Node;

/**
 * GICv5PendSet: a queue for each priority, and a map of those not empty
 */
typedef struct GICv5PendSet {
    uint32_t occupied;              /* bit p: queue p is not empty */
    uint32_t head[GICV5_NUM_PRIOS];
    uint32_t tail[GICV5_NUM_PRIOS];
} GICv5PendSet;

/**
 * GICv5Target: what an interrupt of a space can be routed to
 *
 * @candidate: what the target's PE was told last
 * @dps: IRS_PE_CR0.DPS, left out of 1-of-N selection by software
 * @accepts: the PE's CPU interface takes interrupts (ICC_CR0.EN)
 */
typedef struct GICv5Target {
    GICv5Space *space;
    GICv5PE *pe;
    GICv5PendSet set;
    GICv5Candidate candidate;
    bool dps;
    bool accepts;
} GICv5Target;

/**
 * GICv5PE: a PE connected to IRS number @irs
 */
struct GICv5PE {
    GICv5System *sys;
    unsigned index;
    unsigned irs;
    uint16_t iaffid;
    void *opaque;                   /* the device's, for forward() */
    GICv5Target target[GICV5_NUM_DOMAINS];
};

/**
 * GICv5ISTConfig: IRS_IST_CFGR in the form the engine uses, after clamping
 *
 * @id_bits: LPIs 0 .. 2^id_bits - 1 exist
 * @entry_shift: log2 of the bytes of an L2 ISTE, 2 to 4
 * @l2_shift: log2 of the bytes of a level 2 table: 12, 14 or 16
 */
typedef struct GICv5ISTConfig {
    bool two_level;
    uint8_t id_bits;
    uint8_t entry_shift;
    uint8_t l2_shift;
} GICv5ISTConfig;

/**
 * GICv5IST: a table whose words the engine holds while it is valid
 *
 * Pages are loaded with the table, but allocated only for those that are not
 * all zero or are changed later.
 */
typedef struct GICv5IST {
    bool valid;
    GICv5ISTConfig cfg;
    uint8_t l2_bits;                /* log2 of the entries of a level 2 table */
    uint8_t page_bits;              /* log2 of the entries of a page */
    uint64_t base;
    uint64_t *l2;                   /* two-level: L2_ADDR | VALID, or 0 */
    GICv5Node **page;
} GICv5IST;

/**
 * GICv5SPI: an SPI's state, which never leaves the IRS
 */
typedef struct GICv5SPI {
    GICv5Node node;
    uint8_t domain;                 /* GICv5Domain it is assigned to */
    bool tm_level;                  /* IRS_SPI_CFGR.TM: level-triggered */
    bool level;                     /* the wire now */
} GICv5SPI;

/**
 * GICv5OneOfN: the interrupts of a space with routing mode 1-of-N
 *
 * Only the head is offered, and to one PE at a time, @holder.
 */
typedef struct GICv5OneOfN {
    GICv5PendSet set;
    GICv5Target *holder;
    uint32_t offered;               /* INTID that the holder was chosen for */
    unsigned next_pe;               /* where the search for a PE starts */
} GICv5OneOfN;

struct GICv5Space {
    GICv5System *sys;
    GICv5Domain domain;
    GICv5IST lpi;
    GICv5OneOfN one_of_n;
    bool batch;                     /* gicv5_space_begin_batch() */
    /* IAFFID to target, two levels of 256 */
    GICv5Target ***target;
};

/**
 * GICv5SWErr: software errors (IRS_SWERR_STATUSR.EC) the engine can tell of
 */
typedef enum GICv5SWErr {
    GICV5_SWERR_L1_ISTE_MAP = 0x00,     /* L1 ISTE access in MAP_L2_ISTR */
    GICV5_SWERR_L1_ISTE_READ = 0x01,    /* L1 ISTE could not be read */
    GICV5_SWERR_L2_ISTE = 0x02,         /* L2 ISTE could not be accessed */
} GICv5SWErr;

/**
 * GICv5EngineOps: what the engine needs of its device
 *
 * @read, @write: access @len bytes of guest memory in the physical address
 *     space of @domain; false if that is not RAM. Never touches MMIO.
 * @forward: the candidate of @pe for @domain is now @candidate
 * @swerr: an error that software made; @id is an LPI, @addr the structure
 */
typedef struct GICv5EngineOps {
    bool (*read)(void *opaque, GICv5Domain domain, uint64_t addr,
                 void *buf, size_t len);
    bool (*write)(void *opaque, GICv5Domain domain, uint64_t addr,
                  const void *buf, size_t len);
    void (*forward)(void *opaque, GICv5PE *pe, GICv5Domain domain,
                    GICv5Candidate candidate);
    void (*swerr)(void *opaque, GICv5Domain domain, GICv5SWErr ec,
                  uint32_t id, uint64_t addr);
} GICv5EngineOps;

/**
 * GICv5EngineConfig: fixed properties of a system
 *
 * @domains: bit mask of 1 << GICv5Domain, not 0
 * @id_bits: largest LPI_ID_BITS, 1..24; @min_id_bits: smallest
 * @prio_bits: implemented priority bits, 1..5
 * @one_of_n: 1-of-N routing is implemented
 */
typedef struct GICv5EngineConfig {
    uint8_t domains;
    uint8_t id_bits;
    uint8_t min_id_bits;
    uint8_t prio_bits;
    bool one_of_n;
} GICv5EngineConfig;

typedef struct GICv5EngineIRS {
    uint32_t spi_base;
    uint32_t spi_count;
    GICv5SPI *spi;
    bool enabled[GICV5_NUM_DOMAINS];    /* IRS_CR0.IRSEN */
} GICv5EngineIRS;

struct GICv5System {
    GICv5EngineConfig cfg;
    const GICv5EngineOps *ops;
    void *opaque;
    GICv5Space space[GICV5_NUM_DOMAINS];
    GArray *irs;                        /* GICv5EngineIRS */
    GPtrArray *pe;                      /* GICv5PE */
};

/* What an interrupt source tells the IRS */
typedef enum GICv5Event {
    GICV5_SET_EDGE,                     /* Pending=1, HM=edge */
    GICV5_SET_LEVEL,                    /* Pending=1, HM=level */
    GICV5_CLEAR,                        /* Pending=0 */
} GICv5Event;

/* --- building and resetting a system --- */

/**
 * gicv5_system_new: an empty system; @ops and @opaque must outlive it
 */
GICv5System *gicv5_system_new(const GICv5EngineConfig *cfg,
                              const GICv5EngineOps *ops, void *opaque);
void gicv5_system_free(GICv5System *sys);

/**
 * gicv5_system_add_irs: add an IRS that owns @spi_count SPIs from @spi_base
 *
 * Returns its number, or -1 if the SPIs overlap another IRS's.
 */
int gicv5_system_add_irs(GICv5System *sys, uint32_t spi_base,
                         uint32_t spi_count);

/**
 * gicv5_system_add_pe: connect a PE to IRS number @irs
 *
 * Returns NULL if the IAFFID is taken. The PE lives as long as the system.
 */
GICv5PE *gicv5_system_add_pe(GICv5System *sys, unsigned irs, uint16_t iaffid,
                             void *opaque);
GICv5PE *gicv5_system_find_pe(GICv5System *sys, uint16_t iaffid);

/**
 * gicv5_system_reset: architected reset state; nothing is written to memory
 *
 * Wire levels and what CPU interfaces accept are not part of it. Each CPU
 * interface is told that its candidates are gone. O(SPIs + PEs + pages).
 */
void gicv5_system_reset(GICv5System *sys);

/* The domain that owns SPIs after reset: first of EL3, S, NS (else Realm) */
GICv5Domain gicv5_system_reset_domain(const GICv5System *sys);

static inline bool gicv5_system_has_domain(const GICv5System *sys,
                                           unsigned domain)
{
    return domain < GICV5_NUM_DOMAINS && (sys->cfg.domains >> domain & 1);
}

/**
 * gicv5_system_check: does the invariant hold everywhere?
 *
 * For tests and debug builds. O(all interrupts). Returns false after a
 * message on stderr if it does not.
 */
bool gicv5_system_check(GICv5System *sys);

/* --- interrupts --- */

/**
 * gicv5_command: carry out a command of a CPU interface
 *
 * @pe is the PE that issued it; only GICV5_CMD_SET_ONE_OF_N looks at it.
 * Returns the ICC_ICSR_EL1 image for GICV5_CMD_REQUEST_CONFIG, else 0.
 */
uint64_t gicv5_command(GICv5System *sys, GICv5PE *pe, GICv5Domain domain,
                       GICv5Command cmd, uint32_t intid, uint32_t value);

/**
 * gicv5_event: an event of an ITS, SETLPI frame or doorbell
 *
 * Dropped if the interrupt is not reachable in @domain.
 */
void gicv5_event(GICv5System *sys, GICv5Domain domain, uint32_t intid,
                 GICv5Event event);

/**
 * gicv5_get_word: the state word of an interrupt, for tests and monitors
 *
 * Returns false if it is not reachable in @domain.
 */
bool gicv5_get_word(GICv5System *sys, GICv5Domain domain, uint32_t intid,
                    uint32_t *word);

/* --- SPIs --- */

/**
 * gicv5_spi: SPI @id if IRS number @irs owns it, else NULL
 */
const GICv5SPI *gicv5_spi(const GICv5System *sys, unsigned irs, uint32_t id);

/**
 * gicv5_spi_set_level: wire @n of IRS @irs, 0 .. spi_count - 1, is at @level
 *
 * Returns whether that is a change; if not, nothing happens.
 */
bool gicv5_spi_set_level(GICv5System *sys, unsigned irs, uint32_t n,
                         bool level);

/* These take a global ID, and ignore one that is not of IRS @irs. */
void gicv5_spi_set_tm(GICv5System *sys, unsigned irs, uint32_t id,
                      bool tm_level);
void gicv5_spi_resample(GICv5System *sys, unsigned irs, uint32_t id);
void gicv5_spi_set_domain(GICv5System *sys, unsigned irs, uint32_t id,
                          GICv5Domain domain);

/**
 * GICv5SPIState: an SPI's complete state
 */
typedef struct GICv5SPIState {
    uint32_t word;
    uint8_t domain;
    bool tm_level;
    bool level;
} GICv5SPIState;

/**
 * gicv5_spi_restore: replace the state of SPI @id of IRS @irs
 *
 * The domain must exist and the word be sanitized for it. No event happens.
 */
void gicv5_spi_restore(GICv5System *sys, unsigned irs, uint32_t id,
                       const GICv5SPIState *state);

/* --- IRS and PE control --- */

/**
 * gicv5_irs_enable: IRS_CR0.IRSEN of IRS number @irs in @domain
 *
 * While clear, no candidate is forwarded to the PEs of that IRS; interrupt
 * state goes on changing. O(PEs).
 */
void gicv5_irs_enable(GICv5System *sys, unsigned irs, GICv5Domain domain,
                      bool enable);

/* IRS_PE_CR0.DPS. O(PEs) if 1-of-N interrupts are pending. */
void gicv5_pe_set_dps(GICv5PE *pe, GICv5Domain domain, bool dps);

/* --- the IST of a domain --- */

/**
 * gicv5_ist_set_valid: IRS_IST_BASER.VALID from 0 to 1
 *
 * Loads the table: O(its size), of a two-level table only what L1 says is
 * valid. Parts that cannot be read stay unreachable. @cfg must be clamped to
 * the system's limits.
 */
void gicv5_ist_set_valid(GICv5Space *sp, uint64_t base,
                         const GICv5ISTConfig *cfg);

/**
 * gicv5_ist_set_invalid: IRS_IST_BASER.VALID from 1 to 0
 *
 * Writes back every page that holds state, then forgets the table.
 */
void gicv5_ist_set_invalid(GICv5Space *sp);

/**
 * gicv5_ist_map_l2: IRS_MAP_L2_ISTR for the level 2 table of LPI @id
 */
void gicv5_ist_map_l2(GICv5Space *sp, uint32_t id);

/* Forget the table without writing anything (reset). */
void gicv5_ist_drop(GICv5Space *sp);

/* --- migration of an IST --- */

/* LPIs of a block, at most: a block never crosses a level 2 table */
#define GICV5_IST_BLOCK 256

typedef enum GICv5ISTBlock {
    GICV5_IST_BLOCK_ZERO,           /* no state, or not reachable at all */
    GICV5_IST_BLOCK_WORDS,
    GICV5_IST_BLOCK_UNREACHABLE,    /* its memory could not be read */
} GICv5ISTBlock;

/* Geometry of a valid IST */
uint32_t gicv5_ist_l2_tables(const GICv5IST *ist);
uint32_t gicv5_ist_block_size(const GICv5IST *ist);
uint32_t gicv5_ist_blocks(const GICv5IST *ist);

/**
 * gicv5_ist_get_block: copy the state words of block @block to @words
 *
 * @words has room for GICV5_IST_BLOCK; it is set for GICV5_IST_BLOCK_WORDS.
 */
GICv5ISTBlock gicv5_ist_get_block(const GICv5IST *ist, uint32_t block,
                                  uint32_t *words);

/**
 * gicv5_ist_restore_begin: make an IST valid without looking at memory
 *
 * Followed by any number of gicv5_ist_restore_l2(), then of
 * gicv5_ist_restore_block(), and gicv5_ist_restore_end(), also after a
 * failure. Indices must be in range; words must be sanitized. Returns false,
 * with nothing to end, if there is no memory.
 */
bool gicv5_ist_restore_begin(GICv5Space *sp, uint64_t base,
                             const GICv5ISTConfig *cfg);

/* L2_ADDR and VALID of an L1 ISTE; false if it has other bits */
bool gicv5_ist_restore_l2(GICv5IST *ist, uint32_t l1_index, uint64_t l1e);

/*
 * The words of a block, or NULL for one whose memory could not be read;
 * false if that contradicts what was restored before.
 */
bool gicv5_ist_restore_block(GICv5Space *sp, uint32_t block,
                             const uint32_t *words);
void gicv5_ist_restore_end(GICv5Space *sp);

/* --- between the engine's files --- */

/*
 * gicv5_ist_node: LPI @id, or NULL if it is not reachable
 *
 * With @for_write false an LPI that nothing has touched yields a node that
 * must not be changed.
 */
GICv5Node *gicv5_ist_node(GICv5IST *ist, uint32_t id, bool for_write);

/* The node of an interrupt in a pending set: exists by the invariant. */
GICv5Node *gicv5_space_queued_node(GICv5Space *sp, uint32_t intid);

/* The only function that changes a state word. */
void gicv5_set_word(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                    uint32_t word);

/*
 * Between these two, changes of words reach the pending sets but no PE: a
 * whole table comes or goes, and each PE hears of the result only. O(PEs).
 */
void gicv5_space_begin_batch(GICv5Space *sp);
void gicv5_space_end_batch(GICv5Space *sp);

void gicv5_pendset_insert(GICv5PendSet *set, GICv5Space *sp, uint32_t intid,
                          GICv5Node *n, unsigned prio);
void gicv5_pendset_remove(GICv5PendSet *set, GICv5Space *sp, uint32_t intid,
                          GICv5Node *n, unsigned prio);

/* The first interrupt of the most important priority */
static inline GICv5Candidate gicv5_pendset_peek(const GICv5PendSet *set)
{
    unsigned prio;

    if (!set->occupied) {
        return GICV5_CANDIDATE_NONE;
    }
    prio = ctz32(set->occupied);
    return gicv5_candidate(set->head[prio], prio);
}

/* What the IRS may keep of a word found in memory */
uint32_t gicv5_space_sanitize_word(const GICv5Space *sp, uint32_t word);

#endif
