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

#include "qemu/bitmap.h"
#include "qemu/queue.h"
#include "hw/intc/arm_gicv5_types.h"
#include "hw/intc/arm_gicv5_stream.h"

typedef struct GICv5System GICv5System;
typedef struct GICv5Space GICv5Space;
typedef struct GICv5PE GICv5PE;

/**
 * GICv5Node: one interrupt: its state word and its place in a pending set
 *
 * @next, @prev are INTIDs in the same space (0: none, as TYPE 0 is reserved)
 * and mean nothing unless the interrupt is in a pending set. One that is
 * offered to a PE as 1-of-N has GICV5_OFFERED in @prev and the PE's index in
 * @next.
 */
typedef struct GICv5Node {
    uint32_t word;
    uint32_t next;
    uint32_t prev;
} GICv5Node;

/* No INTID: TYPE 7 is reserved */
#define GICV5_OFFERED 0xe0000000u

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
 * @offer: the 1-of-N interrupt that this PE alone is offered, 0 if none; it
 *     goes before those of @set, see one_of_n.c. Its priority is
 *     @offer_prio.
 * @room: 1-of-N interrupts with a priority below this may be offered, 0 to 32
 * @limit: the PE's CPU interface takes 1-of-N interrupts with a priority
 *     below this, 0 to 32; what it said last
 * @limit_known: the CPU interface tells of each change of @limit
 * @dps: IRS_PE_CR0.DPS, left out of 1-of-N selection by software
 * @had_offer: what the PE acknowledged last was an offer
 */
typedef struct GICv5Target {
    GICv5Space *space;
    GICv5PE *pe;
    GICv5PendSet set;
    GICv5Candidate candidate;
    uint32_t offer;
    uint8_t offer_prio;
    uint8_t room;
    uint8_t limit;
    bool limit_known;
    bool dps;
    bool had_offer;
    bool touched;                   /* is in the space's @touched */
    bool listed;                    /* is in a list of the space's @one_of_n */
    QTAILQ_ENTRY(GICv5Target) taker;
    QSIMPLEQ_ENTRY(GICv5Target) next_touched;
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

/* log2 of the LPIs of a page, at most */
#define GICV5_IST_PAGE_BITS 8
#define GICV5_IST_PAGE_LPIS (1u << GICV5_IST_PAGE_BITS)

/**
 * GICv5ISTPage: the engine's copy of a part of a table
 *
 * @index: number of the page; its first LPI is @index << page_bits
 * @queued: how many of its LPIs are in a pending set or offered
 * @addr: guest address of the first ISTE; GICV5_IST_ADDR_UNKNOWN until
 *     memory has to be looked at
 * @list: which of the table's lists it is in
 * @loaded: LPIs whose state is in @node; that of the others is in memory
 * @dirty: LPIs whose state differs from what is in memory
 */
typedef struct GICv5ISTPage {
    GICv5Space *space;
    uint32_t index;
    uint16_t queued;
    uint8_t list;
    uint64_t addr;
    QTAILQ_ENTRY(GICv5ISTPage) link;
    DECLARE_BITMAP(loaded, GICV5_IST_PAGE_LPIS);
    DECLARE_BITMAP(dirty, GICV5_IST_PAGE_LPIS);
    GICv5Node node[];
} GICv5ISTPage;

#define GICV5_IST_ADDR_UNKNOWN UINT64_MAX

/* The lists of pages, in the order in which room is made for another */
enum {
    GICV5_PAGES_CLEAN,              /* can be dropped */
    GICV5_PAGES_DIRTY,              /* can be written back and dropped */
    GICV5_PAGES_QUEUED,             /* have to stay */
    GICV5_NUM_PAGE_LISTS,
};

/**
 * GICv5IST: a table of which the engine holds what software has used
 *
 * A page is loaded when an operation first names one of its LPIs.
 *
 * @dir: the pages, two levels of GICV5_IST_DIR_SIZE
 * @pages: the same as lists
 * @memory: bytes that the pages take
 */
typedef struct GICv5IST {
    bool valid;
    GICv5ISTConfig cfg;
    uint8_t l2_bits;                /* log2 of the entries of a level 2 table */
    uint8_t page_bits;              /* log2 of the entries of a page */
    uint64_t base;
    GICv5ISTPage ***dir;
    QTAILQ_HEAD(, GICv5ISTPage) pages[GICV5_NUM_PAGE_LISTS];
    uint64_t memory;
} GICv5IST;

#define GICV5_IST_DIR_SIZE 256

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
 * GICv5OneOfN: the interrupts of a space with routing mode 1-of-N, and the
 * PEs that take them
 *
 * @set: the interrupts that are offered to no PE
 * @idle: PEs without an offer, by what they have room for; bit r of @idle_map
 *     is set if list r is not empty
 * @holder: PEs with an offer, by its priority; @holder_map likewise
 */
typedef struct GICv5OneOfN {
    GICv5PendSet set;
    uint64_t idle_map;
    uint64_t holder_map;
    QTAILQ_HEAD(, GICv5Target) idle[GICV5_NUM_PRIOS + 1];
    QTAILQ_HEAD(, GICv5Target) holder[GICV5_NUM_PRIOS];
} GICv5OneOfN;

struct GICv5Space {
    GICv5System *sys;
    GICv5Domain domain;
    GICv5IST lpi;
    GICv5OneOfN one_of_n;
    bool batch;                     /* gicv5_space_begin_batch() */
    QSIMPLEQ_HEAD(, GICv5Target) touched;   /* by the batch */
    /* IAFFID to target, two levels of 256 */
    GICv5Target ***target;
};

/**
 * GICv5SWErr: software errors (IRS_SWERR_STATUSR.EC) the engine can tell of
 */
typedef enum GICv5SWErr {
    GICV5_SWERR_L1_ISTE_MAP = 0x00,     /* L1 ISTE access in MAP_L2_ISTR */
    GICV5_SWERR_L1_ISTE_READ = 0x01,    /* L1 ISTE could not be read */
    /* L2 ISTE could not be accessed; or there is no memory for its state */
    GICV5_SWERR_L2_ISTE = 0x02,
} GICv5SWErr;

/**
 * GICv5EngineOps: what the engine needs of its device
 *
 * @read, @write: access @len bytes of guest memory in the physical address
 *     space of @domain; false if that is not RAM. Never calls a device.
 * @read64: a 64-bit little-endian word, aligned, with single-copy atomicity;
 *     for words that vCPUs may write at the same time
 * @set64: set @bits in such a word, atomically; @value is what it was then
 * @forward: the candidate of @pe for @domain is now @candidate
 * @swerr: an error that software made; @id is an LPI, @addr the structure
 * @one_of_n_limit: optional; GICv5PortCPUOps.one_of_n_limit of @pe
 */
typedef struct GICv5EngineOps {
    bool (*read)(void *opaque, GICv5Domain domain, uint64_t addr,
                 void *buf, size_t len);
    bool (*write)(void *opaque, GICv5Domain domain, uint64_t addr,
                  const void *buf, size_t len);
    bool (*read64)(void *opaque, GICv5Domain domain, uint64_t addr,
                   uint64_t *value);
    bool (*set64)(void *opaque, GICv5Domain domain, uint64_t addr,
                  uint64_t bits, uint64_t *value);
    void (*forward)(void *opaque, GICv5PE *pe, GICv5Domain domain,
                    GICv5Candidate candidate);
    void (*swerr)(void *opaque, GICv5Domain domain, GICv5SWErr ec,
                  uint32_t id, uint64_t addr);
    unsigned (*one_of_n_limit)(void *opaque, GICv5PE *pe, GICv5Domain domain);
} GICv5EngineOps;

/**
 * GICv5EngineConfig: fixed properties of a system
 *
 * @domains: bit mask of 1 << GICv5Domain, not 0
 * @id_bits: largest LPI_ID_BITS, 1..24; @min_id_bits: smallest
 * @prio_bits: implemented priority bits, 1..5
 * @one_of_n: 1-of-N routing is implemented
 * @container: the state is the kernel's, and only passes through; tables in
 *     memory are not looked at, and LPIs without state are zero
 * @lpi_memory: bytes of host memory for pages of LPI tables, of which each
 *     domain has its share, so that none can use up another's. Beyond it, state
 *     that has no place elsewhere makes LPIs unreachable. 0: no limit
 */
typedef struct GICv5EngineConfig {
    uint8_t domains;
    uint8_t id_bits;
    uint8_t min_id_bits;
    uint8_t prio_bits;
    bool one_of_n;
    bool container;
    uint64_t lpi_memory;
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
    /* What a migration would have to send; other threads read these */
    uint32_t save_pages;                /* pages that are not clean */
    uint32_t save_dirty;                /* LPIs that are dirty */
    uint32_t save_queued;               /* LPIs that are queued */
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
 * @pe is the PE that issued it; only GICV5_CMD_SET_ONE_OF_N and ACTIVATE look
 * at it. Returns what GICv5Command says, 0 if it says nothing.
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

/* IRS_PE_CR0.DPS */
void gicv5_pe_set_dps(GICv5PE *pe, GICv5Domain domain, bool dps);

/* --- the IST of a domain --- */

/*
 * What is not yet loaded is in memory. A table that becomes valid has Pending
 * zero everywhere; a pending LPI that is found later becomes deliverable when
 * its page is loaded. Pages are loaded by whatever names one of their LPIs,
 * and may be dropped, or written back and dropped, when they hold no queued
 * interrupt and memory is short.
 */

/**
 * gicv5_ist_set_valid: IRS_IST_BASER.VALID from 0 to 1
 *
 * Looks at no memory. @cfg must be clamped to the system's limits.
 */
void gicv5_ist_set_valid(GICv5Space *sp, uint64_t base,
                         const GICv5ISTConfig *cfg);

/**
 * gicv5_ist_set_invalid: IRS_IST_BASER.VALID from 1 to 0
 *
 * Writes back the state that differs from memory, then forgets the table.
 * O(pages that were used).
 */
void gicv5_ist_set_invalid(GICv5Space *sp);

/**
 * gicv5_ist_map_l2: IRS_MAP_L2_ISTR for the level 2 table of LPI @id
 */
void gicv5_ist_map_l2(GICv5Space *sp, uint32_t id);

/* Forget the table without writing anything (reset). O(pages used) */
void gicv5_ist_drop(GICv5Space *sp);

/* --- migration of an IST --- */

/* An L1 ISTE with VALID=1 and no bits but L2_ADDR; and its L2_ADDR */
bool gicv5_ist_l1e_is_valid(uint64_t l1e);
uint64_t gicv5_ist_l1e_addr(uint64_t l1e);

/* Geometry of a valid IST: LPIs of a page, and how many pages it has */
uint32_t gicv5_ist_page_size(const GICv5IST *ist);
uint32_t gicv5_ist_num_pages(const GICv5IST *ist);
uint32_t gicv5_ist_l2_tables(const GICv5IST *ist);

/**
 * gicv5_ist_save_size: bytes that the pages to be sent take, at most
 *
 * Of all spaces together. Any thread may call it; O(1).
 */
uint64_t gicv5_ist_save_size(const GICv5System *sys);

/**
 * gicv5_ist_next_page: the first page from number @index on, or NULL
 */
const GICv5ISTPage *gicv5_ist_next_page(const GICv5IST *ist, uint32_t index);

/**
 * gicv5_ist_must_send: does @page have state that is not in memory?
 *
 * Either state that differs, or a queued interrupt: it would be found too
 * late otherwise. @send gets these LPIs.
 */
bool gicv5_ist_must_send(const GICv5ISTPage *page, unsigned long *send);

/**
 * gicv5_ist_get_words: the state of all LPIs of page @index, zero for those
 * that have none here; false if all are zero
 *
 * @words has room for GICV5_IST_PAGE_LPIS. For containers.
 */
bool gicv5_ist_get_words(const GICv5IST *ist, uint32_t index,
                         uint32_t *words);

/**
 * gicv5_ist_restore_begin: make an IST valid without looking at memory
 *
 * Followed by any number of gicv5_ist_restore_page(), and
 * gicv5_ist_restore_end(), also after a failure. Returns false, with nothing
 * to end, if there is no memory.
 */
bool gicv5_ist_restore_begin(GICv5Space *sp, uint64_t base,
                             const GICv5ISTConfig *cfg);

/**
 * gicv5_ist_restore_page: state of page @index
 *
 * @index must be in range, @words be sanitized.
 * @send: the LPIs whose state is in @words
 * @dirty: those of them whose state in memory is another
 * Returns false if the page is there already, or there is no room for it.
 */
bool gicv5_ist_restore_page(GICv5Space *sp, uint32_t index,
                            const unsigned long *send,
                            const unsigned long *dirty, const uint32_t *words);

/**
 * gicv5_ist_restore_words: the state of all LPIs of page @index, in a table
 * that memory knows nothing of
 */
bool gicv5_ist_restore_words(GICv5Space *sp, uint32_t index,
                             const uint32_t *words);

/**
 * gicv5_ist_restore_zero: all of page @index is zero, whatever is in memory
 *
 * For streams of the first form, where a page left out meant that. @addr is
 * that of its first ISTE. Does nothing where memory has zeros, or nothing.
 * Returns false if there is no room for it.
 */
bool gicv5_ist_restore_zero(GICv5Space *sp, uint32_t index, uint64_t addr);
void gicv5_ist_restore_end(GICv5Space *sp);

/* --- between the engine's files --- */

/*
 * gicv5_ist_node: LPI @id, or NULL if it is not reachable
 *
 * Loads its page. The node is good until the next call.
 */
GICv5Node *gicv5_ist_node(GICv5Space *sp, uint32_t id);

/* The state word of LPI @id; nothing changes. False if not reachable. */
bool gicv5_ist_peek(const GICv5Space *sp, uint32_t id, uint32_t *word);

/* LPI @id that is queued: its node exists by the invariant. */
GICv5Node *gicv5_ist_queued_node(GICv5Space *sp, uint32_t id);

/*
 * gicv5_ist_changed: the word of LPI @id, which is @n, has changed
 *
 * @queued: by how many the queued interrupts became more: -1, 0 or 1
 * @dirty: memory has another word now
 */
void gicv5_ist_changed(GICv5Space *sp, uint32_t id, GICv5Node *n, int queued,
                       bool dirty);

/* Do counters and lists agree with the pages? For gicv5_system_check() */
bool gicv5_ist_check(const GICv5System *sys);

/* The node of an interrupt in a pending set: exists by the invariant. */
GICv5Node *gicv5_space_queued_node(GICv5Space *sp, uint32_t intid);

/* The only function that changes a state word. */
void gicv5_set_word(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                    uint32_t word);

/* The same for a word that comes from memory, or is forgotten. */
void gicv5_adopt_word(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                      uint32_t word);

/*
 * Between these two, changes of words reach the pending sets but no PE: a
 * whole table or page comes or goes, and each PE hears of the result only.
 * O(PEs concerned). Batches nest.
 */
bool gicv5_space_begin_batch(GICv5Space *sp);
void gicv5_space_end_batch(GICv5Space *sp, bool outer);

/* IRSEN of the target's IRS is set */
bool gicv5_target_is_enabled(const GICv5Target *t);

/* Tell the PE what its candidate is, if that is news */
void gicv5_target_forward(GICv5Target *t);

/*
 * What gicv5_one_of_n_settle() names has changed: the PEs hear of what follows
 * now, or at the end of the batch.
 */
void gicv5_target_changed(GICv5Target *t);

/* Pending, enabled and not active */
bool gicv5_word_is_deliverable(uint32_t word);

/* Deliverable, and its target exists */
bool gicv5_space_is_queued(const GICv5Space *sp, uint32_t word);

/*
 * gicv5_one_of_n_settle: the set, offer, DPS, limit or IRSEN of @t has changed
 *
 * An offer that has no room any more goes back. The PE has to be told of that
 * before gicv5_one_of_n_place() tells others.
 */
void gicv5_one_of_n_settle(GICv5Target *t);

/* gicv5_one_of_n_insert: @intid, with IRM=1, became deliverable */
void gicv5_one_of_n_insert(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                           unsigned prio);

/* gicv5_one_of_n_remove: the reverse; offered or not */
void gicv5_one_of_n_remove(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                           unsigned prio);

/* Offer what can be offered. O(what is offered then) */
void gicv5_one_of_n_place(GICv5Space *sp);

void gicv5_one_of_n_init(GICv5Space *sp);
/* All PEs in the order of their numbers, for a reset. O(PEs) */
void gicv5_one_of_n_reset(GICv5Space *sp);
bool gicv5_one_of_n_check(GICv5Space *sp);

void gicv5_pendset_insert(GICv5PendSet *set, GICv5Space *sp, uint32_t intid,
                          GICv5Node *n, unsigned prio);
/* At the front of its queue: it has waited already */
void gicv5_pendset_insert_first(GICv5PendSet *set, GICv5Space *sp,
                                uint32_t intid, GICv5Node *n, unsigned prio);
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
