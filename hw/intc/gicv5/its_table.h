/*
 * Arm GICv5 ITS: device table, interrupt translation tables, and a cache
 *
 * Plain C without QOM or MMIO, so that a unit test can drive it. One of these
 * translates for one interrupt domain of an ITS.
 *
 * Software may turn an invalid entry into a valid one without telling the
 * ITS, as known software does with L1_DTEs. So the cache holds results only,
 * never failures. A result stays until an INV operation covers it, or until it
 * is replaced. Callers hold the BQL.
 *
 * Cost: a lookup reads at most four words of guest memory, none if the cache
 * has the result. The cache has a fixed size.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_GICV5_ITS_TABLE_H
#define HW_INTC_GICV5_ITS_TABLE_H

/* log2 of the results that the cache of a domain holds, 16 bytes each */
#define GICV5_ITS_CACHE_BITS 16

/* Results with the same hash that the cache holds; then one is replaced */
#define GICV5_ITS_CACHE_WAYS 4

/* The most bits that DEVICE_ID and EVENT_ID can have */
#define GICV5_ITS_MAX_DEVICE_BITS 32
#define GICV5_ITS_MAX_EVENT_BITS 31

/**
 * GICv5ITSError: why an event has no translation
 *
 * Of each level: the entry cannot be read, VALID is 0, or (level 1) the index
 * is beyond SPAN.
 */
typedef enum GICv5ITSError {
    GICV5_ITS_OK,
    GICV5_ITS_DEVICE_RANGE,         /* beyond DT_CFGR.DEVICEID_BITS */
    GICV5_ITS_L1_DTE_READ,
    GICV5_ITS_L1_DTE_INVALID,
    GICV5_ITS_L1_DTE_SPAN,
    GICV5_ITS_L2_DTE_READ,
    GICV5_ITS_L2_DTE_INVALID,
    GICV5_ITS_ITT_STRUCTURE,        /* two-level, but IDR1.ITT_LEVELS is 0 */
    GICV5_ITS_EVENT_RANGE,          /* beyond L2_DTE.EVENT_ID_BITS */
    GICV5_ITS_L1_ITTE_READ,
    GICV5_ITS_L1_ITTE_INVALID,
    GICV5_ITS_L1_ITTE_SPAN,
    GICV5_ITS_L2_ITTE_READ,
    GICV5_ITS_L2_ITTE_INVALID,
} GICv5ITSError;

/**
 * GICv5ITSFault: a translation that failed
 *
 * @addr: of the entry concerned; 0 for GICV5_ITS_DEVICE_RANGE
 * @dswe: L2_DTE.DSWE, false if there is no L2_DTE
 */
typedef struct GICv5ITSFault {
    GICv5ITSError error;
    uint64_t addr;
    bool dswe;
} GICv5ITSFault;

/**
 * GICv5ITSTarget: what an event is translated to
 *
 * @lpi: LPI_ID, of the domain, or if @is_virtual of VM @vm_id
 */
typedef struct GICv5ITSTarget {
    uint32_t lpi;
    uint16_t vm_id;
    bool is_virtual;
} GICv5ITSTarget;

/**
 * GICv5ITSTableConfig: where the device table is, and what the ITS can do
 *
 * @read64: a 64-bit little-endian word of guest memory, aligned, with
 *     single-copy atomicity; false if it is not RAM. Never calls a device.
 * @base: ITS_DT_BASER.ADDR
 * @two_level, @device_bits, @l2_bits: ITS_DT_CFGR after clamping; @l2_bits is
 *     log2 of the entries of a level 2 table, 9, 11 or 13
 * @itt_levels: two-level ITTs are possible
 * @event_bits: IDR2.EVENTID_BITS; a DTE that says more is taken to say this
 */
typedef struct GICv5ITSTableConfig {
    bool (*read64)(void *opaque, uint64_t addr, uint64_t *value);
    void *opaque;
    uint64_t base;
    bool two_level;
    uint8_t device_bits;
    uint8_t l2_bits;
    bool itt_levels;
    uint8_t event_bits;
} GICv5ITSTableConfig;

/* One result: @itte is its L2_ITTE, without reserved bits, or 0 if unused */
typedef struct GICv5ITSResult {
    uint32_t device;
    uint32_t event;
    uint64_t itte;
} GICv5ITSResult;

/**
 * GICv5ITSTable: @cache is allocated with the first result; without memory for
 * it there is none. @used counts its results, @next is the way to replace.
 */
typedef struct GICv5ITSTable {
    GICv5ITSTableConfig cfg;
    unsigned cache_bits;
    GICv5ITSResult *cache;
    uint32_t used;
    uint8_t next;
} GICv5ITSTable;

/**
 * gicv5_its_table_init: @t with a cache of 2^@cache_bits results, at least
 * 2^3; all zero before the first time
 */
void gicv5_its_table_init(GICv5ITSTable *t, unsigned cache_bits);

/* Release what it holds; harmless twice, or without init */
void gicv5_its_table_cleanup(GICv5ITSTable *t);

/**
 * gicv5_its_table_configure: use the device table that @cfg describes
 *
 * Nothing of another table stays in the cache.
 */
void gicv5_its_table_configure(GICv5ITSTable *t,
                               const GICv5ITSTableConfig *cfg);

/* Forget all results */
void gicv5_its_table_flush(GICv5ITSTable *t);

/**
 * gicv5_its_l2_bits: log2 of the entries of a level 2 table by L2SZ, or
 * ITT_L2SZ; the reserved value 3 is taken as 0
 */
unsigned gicv5_its_l2_bits(unsigned l2sz);

/**
 * gicv5_its_lookup: translate (@device, @event)
 *
 * Returns false, with @fault set, if there is no translation.
 */
bool gicv5_its_lookup(GICv5ITSTable *t, uint32_t device, uint32_t event,
                      GICv5ITSTarget *target, GICv5ITSFault *fault);

/**
 * gicv5_its_inv_event: ITS_INV_EVENTR
 *
 * Without @l1 that one event, else all of @device that share its L1_ITTE in a
 * table with level 2 tables of 2^@l2_bits entries.
 */
void gicv5_its_inv_event(GICv5ITSTable *t, uint32_t device, uint32_t event,
                         bool l1, unsigned l2_bits);

/**
 * gicv5_its_inv_device: ITS_INV_DEVICER
 *
 * Without @l1, or if the device table is linear: events of @device below
 * 2^@event_bits. Else all events of each device that shares its L1_DTE: these
 * have an EVENT_ID_BITS each.
 */
void gicv5_its_inv_device(GICv5ITSTable *t, uint32_t device,
                          unsigned event_bits, bool l1);

/**
 * gicv5_its_table_check: is each result where it is looked for, once, and
 * counted?
 *
 * For tests. O(size of the cache).
 */
bool gicv5_its_table_check(const GICv5ITSTable *t);

/* What went wrong, for messages */
const char *gicv5_its_error_name(GICv5ITSError error);

#endif
