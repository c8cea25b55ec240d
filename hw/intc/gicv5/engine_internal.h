/*
 * Arm GICv5 interrupt engine: what its files share
 *
 * The invariant: an interrupt is in its target's pending set exactly when it
 * is pending, enabled, not active, and its target exists. Only
 * gicv5_set_word() and gicv5_adopt_word() change a word, and they keep that
 * true.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_GICV5_ENGINE_INTERNAL_H
#define HW_INTC_GICV5_ENGINE_INTERNAL_H

#include "qemu/atomic.h"
#include "qemu/queue.h"
#include "engine.h"

typedef struct GICv5VM GICv5VM;

/**
 * GICv5Node: one interrupt: its state word and its place in a pending set
 *
 * @next, @prev are INTIDs in the same space (0: none, as TYPE 0 is reserved)
 * and mean nothing unless the interrupt is in a pending set. One that is
 * offered to a target as 1-of-N has GICV5_OFFERED in @prev and the target's
 * id in @next.
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
 * @id: what the IAFFID field of its interrupts holds
 * @pe: its sink: the PE that hears of its candidate. Of a VPE that is where it
 *     is resident, or NULL: then it may have a doorbell.
 * @candidate: what the sink was told last
 * @offer: the 1-of-N interrupt that this target alone is offered, 0 if none;
 *     it goes before those of @set, see one_of_n.c. Its priority is
 *     @offer_prio.
 * @room: 1-of-N interrupts with a priority below this may be offered, 0 to 32
 * @limit: the sink's CPU interface takes 1-of-N interrupts with a priority
 *     below this, 0 to 32; what it said last
 * @limit_known: the CPU interface tells of each change of @limit
 * @dps: left out of 1-of-N selection by software
 * @had_offer: what was acknowledged last was an offer
 * @takes_part: in 1-of-N selection: counted in the space's @one_of_n
 * @touched: is in the system's @touched
 * @listed: is in a list of the space's @one_of_n
 */
typedef struct GICv5Target {
    GICv5Space *space;
    GICv5PE *pe;
    uint16_t id;
    GICv5PendSet set;
    GICv5Candidate candidate;
    uint32_t offer;
    uint8_t offer_prio;
    uint8_t room;
    uint8_t limit;
    bool limit_known;
    bool dps;
    bool had_offer;
    bool takes_part;
    bool touched;
    bool listed;
    QTAILQ_ENTRY(GICv5Target) taker;
    QSIMPLEQ_ENTRY(GICv5Target) next_touched;
    QSIMPLEQ_ENTRY(GICv5Target) next;
} GICv5Target;

/**
 * GICv5VPE: what a target of a VM has besides
 *
 * It is there when something names its ID first, valid or not, so that
 * interrupts can wait for it.
 *
 * @vped: guest address of the descriptor of a VPE that is valid
 * @valid: its VPETE was found valid
 * @dirty: @db differs from what is in the descriptor
 * @no_hppi: while resident: its candidate is not presented
 * @rings: is in the system's @ringing
 */
typedef struct GICv5VPE {
    GICv5Target target;
    uint64_t vped;
    GICv5Doorbell db;
    bool valid;
    bool dirty;
    bool no_hppi;
    bool rings;
    QTAILQ_ENTRY(GICv5VPE) ringing;
} GICv5VPE;

/**
 * GICv5PE: a PE connected to IRS number @irs
 *
 * @target: what it is in each domain
 * @resident: the VPE that is resident on it, of each domain
 */
struct GICv5PE {
    unsigned irs;
    uint16_t iaffid;
    void *opaque;
    GICv5Target *target[GICV5_NUM_DOMAINS];
    GICv5VPE *resident[GICV5_NUM_DOMAINS];
};

/**
 * GICv5ISTPage: the engine's copy of a part of a table
 *
 * @index: number of the page; its first interrupt is @index << page_bits
 * @queued: how many of its interrupts are in a pending set or offered
 * @addr: guest address of the first ISTE; GICV5_IST_ADDR_UNKNOWN until
 *     memory has to be looked at
 * @list: which of the table's lists it is in
 * @loaded: interrupts whose state is in @node; that of the others is in memory
 * @dirty: interrupts whose state differs from what is in memory
 */
typedef struct GICv5ISTPage {
    GICv5IST *ist;
    uint32_t index;
    uint16_t queued;
    uint8_t list;
    uint64_t addr;
    QTAILQ_ENTRY(GICv5ISTPage) link;
    DECLARE_BITMAP(loaded, GICV5_IST_PAGE_SIZE);
    DECLARE_BITMAP(dirty, GICV5_IST_PAGE_SIZE);
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
 * A page is loaded when an operation first names one of its interrupts.
 *
 * @type: of its interrupts
 * @dir: the pages, two levels of GICV5_IST_DIR_SIZE
 * @pages: the same as lists
 * @memory: bytes that the pages take
 */
struct GICv5IST {
    GICv5Space *space;
    GICv5Type type;
    bool valid;
    GICv5ISTConfig cfg;
    uint8_t l2_bits;                /* log2 of the entries of a level 2 table */
    uint8_t page_bits;              /* log2 of the entries of a page */
    uint64_t base;
    GICv5ISTPage ***dir;
    QTAILQ_HEAD(, GICv5ISTPage) pages[GICV5_NUM_PAGE_LISTS];
    uint64_t memory;
};

#define GICV5_IST_DIR_SIZE 256

/**
 * GICv5SPI: an SPI's state, which never leaves the IRS
 *
 * @node: its word is 0 while it is a VM's
 * @parked: the state word while it is a VM's
 * @space: of the domain it is assigned to
 * @virt, @vm: IRS_SPI_VMR
 */
typedef struct GICv5SPI {
    GICv5Node node;
    uint32_t parked;
    uint16_t vm;
    bool virt;
    GICv5Space *space;
    bool tm_level;                  /* IRS_SPI_CFGR.TM: level-triggered */
    bool level;                     /* the wire now */
} GICv5SPI;

/**
 * GICv5OneOfN: the interrupts of a space with routing mode 1-of-N, and the
 * targets that take them
 *
 * @set: the interrupts that are offered to no target
 * @idle: targets without an offer, by what they have room for; bit r of
 *     @idle_map is set if list r is not empty
 * @holder: targets with an offer, by its priority; @holder_map likewise
 * @takers: how many targets take part in the selection, whatever they have room
 *     for now
 */
typedef struct GICv5OneOfN {
    GICv5PendSet set;
    uint64_t idle_map;
    uint64_t holder_map;
    uint32_t takers;
    QTAILQ_HEAD(, GICv5Target) idle[GICV5_NUM_PRIOS + 1];
    QTAILQ_HEAD(, GICv5Target) holder[GICV5_NUM_PRIOS];
} GICv5OneOfN;

/* The lists of VMs: has it a page that can go? */
enum {
    GICV5_VMS_BARE,
    GICV5_VMS_SPARE,
    GICV5_NUM_VM_LISTS,
};

/**
 * GICv5VMT: the VM table of a domain
 *
 * @dir: VMs of which the engine has something, by ID, two levels of
 *     GICV5_VM_FANOUT
 * @vms: the same as lists
 * @memory: bytes that they take
 */
typedef struct GICv5VMT {
    bool valid;
    bool two_level;
    uint8_t vm_id_bits;
    uint64_t base;
    GICv5VM ***dir;
    QTAILQ_HEAD(, GICv5VM) vms[GICV5_NUM_VM_LISTS];
    uint64_t memory;
} GICv5VMT;

#define GICV5_VM_FANOUT 256

/**
 * GICv5Space: INTIDs, and what they can be routed to
 *
 * @vm: the VM that this is the space of, or NULL if it is that of a domain
 * @lpi, @spi: the tables of its LPIs and SPIs. Of a domain, @spi is never
 *     valid: its SPIs are those with this @space.
 * @vmt: of a domain: its VMs
 * @has_one_of_n: routing mode 1-of-N exists
 * @id_bits: targets have ids below 2^id_bits
 * @target: by id, two levels, of which the second has 2^GICV5_TARGET_BITS or
 *     2^id_bits entries
 * @targets: the same, in the order in which they came
 * @full: there was no memory for the target of an interrupt: there will be no
 *     more targets, since that interrupt is in no set
 * @changes: of state and configuration, modulo 2^64
 */
struct GICv5Space {
    GICv5System *sys;
    GICv5Domain domain;
    GICv5VM *vm;
    GICv5IST lpi;
    GICv5IST spi;
    GICv5VMT vmt;
    GICv5OneOfN one_of_n;
    bool has_one_of_n;
    bool full;
    uint8_t id_bits;
    GICv5Target ***target;
    QSIMPLEQ_HEAD(, GICv5Target) targets;
    uint64_t changes;
    bool touched;                   /* is in the system's @touched_spaces */
    QSIMPLEQ_ENTRY(GICv5Space) next_touched;
};

#define GICV5_TARGET_BITS 8

/**
 * GICv5VM: what the engine has of a valid VM
 *
 * @parent: the space of its domain
 * @vmte: guest address of its L2 VMTE
 * @vpet: guest address of its VPE table, of 2^space.id_bits entries
 * @db: IRS_VM_DBR
 * @saved: @space.changes at the last save, if @was_saved
 */
struct GICv5VM {
    GICv5Space space;
    GICv5Space *parent;
    uint16_t id;
    uint64_t vmte;
    uint64_t vpet;
    GICv5VMDoorbell db;
    bool was_saved;
    uint64_t saved;
    QTAILQ_ENTRY(GICv5VM) link;
};

/* For traces: the VM whose interrupts these are, -1 for a domain's */
static inline int gicv5_vm_of(const GICv5Space *sp)
{
    return sp->vm ? sp->vm->id : -1;
}

/* For traces */
static inline const char *gicv5_ist_type(const GICv5IST *ist)
{
    return ist->type == GICV5_TYPE_SPI ? "SPI" : "LPI";
}

typedef struct GICv5EngineIRS {
    uint32_t spi_base;
    uint32_t spi_count;
    GICv5SPI *spi;
    bool enabled[GICV5_NUM_DOMAINS];    /* IRS_CR0.IRSEN */
} GICv5EngineIRS;

/**
 * GICv5System: see engine.h
 *
 * @batch: between gicv5_begin_batch() and its end
 * @touched, @touched_spaces: by the batch
 * @ringing: VPEs whose doorbell rings at the end of it
 * @is_ringing: they ring now; a doorbell may load a page, which is a batch
 * @hold_doorbells: they wait: a state is being loaded
 * @num_resets: see gicv5_system_num_resets()
 * @save_pages, @save_dirty, @save_queued, @save_vms, @save_vpes: what a
 *     migration would have to send: pages that are not clean, interrupts that
 *     are dirty and queued, VMs and VPEs. Other threads read these.
 */
struct GICv5System {
    GICv5EngineConfig cfg;
    const GICv5EngineOps *ops;
    void *opaque;
    GICv5Space space[GICV5_NUM_DOMAINS];
    GArray *irs;                        /* GICv5EngineIRS */
    GPtrArray *pe;                      /* GICv5PE */
    bool batch;
    QSIMPLEQ_HEAD(, GICv5Target) touched;
    QSIMPLEQ_HEAD(, GICv5Space) touched_spaces;
    QTAILQ_HEAD(, GICv5VPE) ringing;
    bool is_ringing;
    bool hold_doorbells;
    unsigned num_resets;
    uint32_t save_pages;
    uint32_t save_dirty;
    uint32_t save_queued;
    uint32_t save_vms;
    uint32_t save_vpes;
};

/* Change a counter that the migration thread reads */
static inline void gicv5_add_counter(uint32_t *counter, int n)
{
    /* One writer at a time, as for all of the engine */
    qatomic_set(counter, *counter + n);
}

static inline GICv5EngineIRS *gicv5_engine_irs(const GICv5System *sys,
                                               unsigned irs)
{
    return &g_array_index(sys->irs, GICv5EngineIRS, irs);
}

/* --- word.c --- */

/* The only function that changes a state word. */
void gicv5_set_word(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                    uint32_t word);

/* The same for a word that comes from memory, or is forgotten. */
void gicv5_adopt_word(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                      uint32_t word);

/* What @word becomes with an event */
uint32_t gicv5_event_word(uint32_t word, GICv5Event event);

/* The node of an interrupt in a pending set: exists by the invariant. */
GICv5Node *gicv5_queued_node(GICv5Space *sp, uint32_t intid);

/* Pending, enabled and not active */
static inline bool gicv5_word_is_deliverable(uint32_t word)
{
    return (word & (R_GICV5_ISTE_PENDING_MASK | R_GICV5_ISTE_ENABLE_MASK |
                    R_GICV5_ISTE_ACTIVE_MASK)) ==
           (R_GICV5_ISTE_PENDING_MASK | R_GICV5_ISTE_ENABLE_MASK);
}

/* --- vm.c --- */

static inline GICv5VPE *gicv5_vpe_of(GICv5Target *t)
{
    return container_of(t, GICv5VPE, target);
}

/* log2 of the L2 VMTEs of a table (D_LSPBK), bytes of one */
#define GICV5_VMTE_L2_BITS 7
#define GICV5_VMTE_BYTES 32

/* Addresses in VMTEs and VPETEs; of an L2 VM table in L1 VMTEs */
#define GICV5_VM_ADDR_MASK MAKE_64BIT_MASK(3, 53)
#define GICV5_L2_VMT_ADDR_MASK MAKE_64BIT_MASK(12, 44)

/* VM @vm_id if it is there */
GICv5VM *gicv5_vm_find(const GICv5Space *sp, uint16_t vm_id);

/*
 * gicv5_vm_new: VM @vm_id, which is not there, without tables and VPEs; NULL
 * if there is no memory for it
 *
 * @make_room: pages of other VMs may go
 */
GICv5VM *gicv5_vm_new(GICv5Space *sp, uint16_t vm_id, uint64_t vmte,
                      uint64_t vpet, unsigned vpe_id_bits, bool make_room);

/* VM @vm_id, loaded if it is not there yet; NULL if it is not valid */
GICv5VM *gicv5_vm_get(GICv5Space *sp, uint16_t vm_id);

/* VPE @id, which is not there and is not valid; NULL: no memory */
GICv5VPE *gicv5_vpe_new(GICv5VM *vm, uint16_t id);

/*
 * gicv5_vpe_make: VPE @id, valid or not; NULL if its ID is too large or there
 * is no memory for it
 */
GICv5VPE *gicv5_vpe_make(GICv5VM *vm, uint16_t id);

/* VPE @id if it is valid, with what its descriptor holds */
GICv5VPE *gicv5_vpe_get(GICv5VM *vm, uint16_t id);

/* @bytes, zero, of the domain's share of memory for VMs; or NULL */
void *gicv5_vm_alloc(GICv5Space *parent, size_t bytes);

/* Is there memory for @bytes? */
bool gicv5_vm_has_memory(const GICv5Space *parent, size_t bytes);

/*
 * gicv5_vm_make_room: drop a page of any VM of the domain, if one can go
 *
 * No node of a VM may be in use. O(1)
 */
bool gicv5_vm_make_room(GICv5Space *parent);

/*
 * gicv5_vm_reserve: the same until there is memory for @bytes, or no page left
 * that can go
 */
void gicv5_vm_reserve(GICv5Space *parent, size_t bytes);

/* What gicv5_vpe_new() takes at most */
#define GICV5_VPE_BYTES \
    (sizeof(GICv5VPE) + (sizeof(void *) << GICV5_TARGET_BITS))

/* Has the VM a page that can go? */
bool gicv5_vm_has_spare_page(const GICv5VM *vm);

/* It may have, now; before, the above said @had. */
void gicv5_vm_pages_changed(GICv5VM *vm, bool had);

void gicv5_vm_free(GICv5Space *parent, void *p, size_t bytes);

void gicv5_vmt_init(GICv5Space *sp);

/* Forget all VMs without writing anything (reset) */
void gicv5_vmt_drop(GICv5Space *sp);

/* --- route.c --- */

/* The map of a new space, for ids below 2^@id_bits; false: no memory */
bool gicv5_targets_init(GICv5Space *sp, unsigned id_bits);

/* Frees the targets as well */
void gicv5_targets_cleanup(GICv5Space *sp);

/*
 * gicv5_target_add: @t, which is new and zero, is target @id of @sp
 *
 * The id must not be taken. False if there is no memory for the map.
 */
bool gicv5_target_add(GICv5Space *sp, GICv5Target *t, uint16_t id);

static inline GICv5Target *gicv5_find_target(const GICv5Space *sp, uint16_t id)
{
    GICv5Target **l2;

    if (id >> sp->id_bits) {
        return NULL;
    }
    l2 = sp->target[id >> GICV5_TARGET_BITS];
    return l2 ? l2[id & MAKE_64BIT_MASK(0, GICV5_TARGET_BITS)] : NULL;
}

/* Where a deliverable interrupt belongs; NULL if its target does not exist */
static inline GICv5PendSet *gicv5_pendset_of(GICv5Space *sp, uint32_t word)
{
    GICv5Target *t;

    if (!gicv5_word_is_deliverable(word)) {
        return NULL;
    }
    if (word & R_GICV5_ISTE_IRM_MASK) {
        return &sp->one_of_n.set;
    }
    t = gicv5_find_target(sp, FIELD_EX32(word, GICV5_ISTE, IAFFID));
    return t ? &t->set : NULL;
}

/*
 * Where an interrupt with this word is about to go: the target that it names
 * is made if it can be, so that the two above agree from now on.
 */
static inline void gicv5_want_target(GICv5Space *sp, uint32_t word)
{
    if (sp->vm && gicv5_word_is_deliverable(word) &&
        !(word & R_GICV5_ISTE_IRM_MASK)) {
        uint16_t id = FIELD_EX32(word, GICV5_ISTE, IAFFID);

        if (!gicv5_vpe_make(sp->vm, id) && !(id >> sp->id_bits)) {
            sp->full = true;
        }
    }
}

/* Deliverable, and its target exists */
static inline bool gicv5_is_queued(const GICv5Space *sp, uint32_t word)
{
    return gicv5_word_is_deliverable(word) &&
           ((word & R_GICV5_ISTE_IRM_MASK) ||
            gicv5_find_target(sp, FIELD_EX32(word, GICV5_ISTE, IAFFID)));
}

/* The target has a sink, whose IRS is enabled in its domain */
bool gicv5_target_is_enabled(const GICv5Target *t);

/* What the sink ought to be told */
GICv5Candidate gicv5_target_best(const GICv5Target *t);

/* Tell the sink what its candidate is, if that is news */
void gicv5_target_forward(GICv5Target *t);

/*
 * What gicv5_one_of_n_settle() names has changed: sinks hear of what follows
 * now, or at the end of the batch.
 */
void gicv5_target_changed(GICv5Target *t);

/* The 1-of-N interrupts of @sp have changed */
void gicv5_one_of_n_changed(GICv5Space *sp);

/* IRSEN of IRS number @irs has changed. O(PEs) */
void gicv5_irs_changed(GICv5System *sys, unsigned irs, GICv5Domain domain);

/*
 * Between these two, changes of words reach the pending sets but no PE, which
 * hears of the result only: when a whole table or page comes or goes, and
 * where one operation changes several things. O(targets concerned). Batches
 * nest.
 */
static inline bool gicv5_begin_batch(GICv5System *sys)
{
    bool outer = !sys->batch;

    sys->batch = true;
    return outer;
}

/* The end of the outermost batch */
void gicv5_flush_batch(GICv5System *sys);

static inline void gicv5_end_batch(GICv5System *sys, bool outer)
{
    if (unlikely(outer)) {
        gicv5_flush_batch(sys);
    }
}

/* Can the CPU interfaces of the space's sinks be asked for their limit? */
static inline bool gicv5_space_asks_limit(const GICv5Space *sp)
{
    const GICv5EngineOps *ops = sp->sys->ops;

    return sp->vm ? ops->one_of_n_limit_virtual : ops->one_of_n_limit;
}

/* GICV5_CMD_SET_ONE_OF_N; returns whether changes are wanted from now on */
bool gicv5_target_set_limit(GICv5Target *t, unsigned limit);

/* GICV5_CMD_ACTIVATE for @intid is about to be carried out */
void gicv5_target_acknowledged(GICv5Target *t, uint32_t intid);

/* --- one_of_n.c --- */

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
/* All targets in the order in which they came, for a reset. O(targets) */
void gicv5_one_of_n_reset(GICv5Space *sp);
bool gicv5_one_of_n_check(GICv5Space *sp);

/* --- pending.c --- */

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

/* --- spi.c --- */

/* SPI @id if it is reachable in the space, else NULL. O(IRSes) */
GICv5SPI *gicv5_space_spi(const GICv5Space *sp, uint32_t id);

/* SPI @id, which exists. O(IRSes) */
GICv5SPI *gicv5_find_spi(const GICv5System *sys, uint32_t id);

void gicv5_spi_reset_all(GICv5System *sys);

/* --- residency.c --- */

/* The doorbell of a VPE whose state has changed rings, if it can. */
void gicv5_vpe_changed(GICv5VPE *vpe);

/* The same for the VPE that IRS_VM_DBR names: 1-of-N interrupts have changed */
void gicv5_vm_one_of_n_changed(GICv5VM *vm);

/* What has been gathered since the last time rings. */
void gicv5_ring_doorbells(GICv5System *sys);

/* The VPE is not among those that are about to ring. */
void gicv5_vpe_is_silent(GICv5VPE *vpe);

/* The VPE is no longer resident, for the PE and for itself. */
void gicv5_vpe_end_residency(GICv5VPE *vpe);

/* --- table.c --- */

/* The table that interrupts of type @type of @sp are in */
static inline GICv5IST *gicv5_ist_of(GICv5Space *sp, GICv5Type type)
{
    return type == GICV5_TYPE_LPI ? &sp->lpi : &sp->spi;
}

/* The interrupt's state is in a table, not with a wire */
static inline bool gicv5_is_in_table(const GICv5Space *sp, GICv5Type type)
{
    return type == GICV5_TYPE_LPI || sp->vm;
}

void gicv5_ist_init(GICv5IST *ist, GICv5Space *sp, GICv5Type type);

/* A valid table without state; false if there is no memory for it */
bool gicv5_ist_create(GICv5IST *ist, uint64_t base, const GICv5ISTConfig *cfg);

/* Forget the table without writing anything (reset). O(pages used) */
void gicv5_ist_drop(GICv5IST *ist);

/* Is there a page that can go? */
static inline bool gicv5_ist_has_spare_page(const GICv5IST *ist)
{
    return ist->valid && (!QTAILQ_EMPTY(&ist->pages[GICV5_PAGES_CLEAN]) ||
                          !QTAILQ_EMPTY(&ist->pages[GICV5_PAGES_DIRTY]));
}

/* Drop a page, the best that can go; false if none can */
bool gicv5_ist_drop_page(GICv5IST *ist);

/*
 * Write what differs from memory. Returns false if memory did not take all of
 * it: that still differs. Without @all, the first page that memory does not
 * take is the last that is tried.
 */
bool gicv5_ist_save(GICv5IST *ist, bool all);

/*
 * gicv5_ist_node: interrupt @id, or NULL if it is not reachable
 *
 * Loads its page. The node is good until the next call.
 */
GICv5Node *gicv5_ist_node(GICv5IST *ist, uint32_t id);

/* The state word of interrupt @id; nothing changes. False: not reachable */
bool gicv5_ist_peek(const GICv5IST *ist, uint32_t id, uint32_t *word);

/* Interrupt @id that is queued: its node exists by the invariant. */
GICv5Node *gicv5_ist_queued_node(GICv5IST *ist, uint32_t id);

/*
 * gicv5_ist_changed: the word of interrupt @id, which is @n, has changed
 *
 * @queued: by how many the queued interrupts became more: -1, 0 or 1
 * @dirty: memory has another word now
 */
void gicv5_ist_changed(GICv5IST *ist, uint32_t id, GICv5Node *n, int queued,
                       bool dirty);

static inline uint32_t gicv5_ist_in_page(const GICv5IST *ist, uint32_t id)
{
    return id & ((1u << ist->page_bits) - 1);
}

static inline uint32_t gicv5_ist_first_id(const GICv5IST *ist, uint32_t index)
{
    return index << ist->page_bits;
}

static inline GICv5ISTPage *gicv5_ist_page(const GICv5IST *ist, uint32_t index)
{
    GICv5ISTPage **chunk = ist->dir[index / GICV5_IST_DIR_SIZE];

    return chunk ? chunk[index % GICV5_IST_DIR_SIZE] : NULL;
}

/* Entries of the directory, and of each of its chunks */
static inline uint32_t gicv5_ist_dir_size(const GICv5IST *ist)
{
    return DIV_ROUND_UP(1u << (ist->cfg.id_bits - ist->page_bits),
                        GICV5_IST_DIR_SIZE);
}

static inline uint32_t gicv5_ist_chunk_size(const GICv5IST *ist)
{
    return MIN(1u << (ist->cfg.id_bits - ist->page_bits), GICV5_IST_DIR_SIZE);
}

/* The bytes of host memory of one page */
size_t gicv5_ist_page_bytes(const GICv5IST *ist);

static inline bool gicv5_ist_page_is_dirty(const GICv5ISTPage *page)
{
    return !bitmap_empty(page->dirty, GICV5_IST_PAGE_SIZE);
}

/*
 * A page without state, or NULL if there is no memory for it
 * @make_room: another one may go, written back if need be
 */
GICv5ISTPage *gicv5_ist_page_new(GICv5IST *ist, uint32_t index,
                                 bool make_room);

/* The interrupts [@first, @first + @count) of the page get these words. */
void gicv5_ist_adopt_words(GICv5ISTPage *page, uint32_t first,
                           const uint32_t *words, uint32_t count);

/* --- table_memory.c --- */

/* L2_ADDR of an L1 ISTE */
uint64_t gicv5_ist_l1e_addr(uint64_t l1e);

/*
 * gicv5_ist_page_addr: guest address of the first ISTE of a page, or false
 *
 * @l1_addr: address of the L1 ISTE of a two-level table
 * @is_error: it is not in RAM; if false, L1 says that there is no table
 */
bool gicv5_ist_page_addr(const GICv5IST *ist, uint32_t index, uint64_t *addr,
                         uint64_t *l1_addr, bool *is_error);

/* The same for a page that is there, with an error report for @id */
bool gicv5_ist_need_addr(GICv5ISTPage *page, uint32_t id);

/* Sanitized state words of @count interrupts; false if not in RAM */
bool gicv5_ist_read_words(const GICv5IST *ist, uint64_t addr, uint32_t *words,
                          uint32_t count);

/*
 * Write what differs from memory; false if memory did not take all of it. For a
 * page that goes that state is lost, as the architecture has no way to keep it.
 */
bool gicv5_ist_write_back(GICv5ISTPage *page);

/* What messages call the table's interrupts */
const char *gicv5_ist_what(const GICv5IST *ist);

/* Record an error, unless it is of a VM: no codes are known for those */
void gicv5_ist_record(const GICv5IST *ist, GICv5SWErr ec, uint32_t id,
                      uint64_t addr);

/* Log and record that a structure is not in RAM */
void gicv5_ist_swerr(const GICv5IST *ist, GICv5SWErr ec, uint32_t id,
                     uint64_t addr);

#endif
