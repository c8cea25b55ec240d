/*
 * Arm GICv5 ITS: device table, interrupt translation tables, and a cache
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "its_regs.h"
#include "its_table.h"

#define ENTRY_BYTES 8

#define ITTE_MASK \
    (R_ITS_ITTE_LPI_ID_MASK | R_ITS_ITTE_VIRTUAL_MASK | \
     R_ITS_ITTE_VALID_MASK | R_ITS_ITTE_VM_ID_MASK)

/* --- the cache --- */

void gicv5_its_table_init(GICv5ITSTable *t, unsigned cache_bits)
{
    gicv5_its_table_cleanup(t);
    t->cache_bits = cache_bits;
}

void gicv5_its_table_cleanup(GICv5ITSTable *t)
{
    g_free(t->cache);
    *t = (GICv5ITSTable) {};
}

static uint32_t cache_size(const GICv5ITSTable *t)
{
    return 1u << t->cache_bits;
}

void gicv5_its_table_flush(GICv5ITSTable *t)
{
    if (t->used) {
        memset(t->cache, 0, cache_size(t) * sizeof(t->cache[0]));
        t->used = 0;
    }
}

void gicv5_its_table_configure(GICv5ITSTable *t,
                               const GICv5ITSTableConfig *cfg)
{
    gicv5_its_table_flush(t);
    t->cfg = *cfg;
}

/*
 * The results that may be (@device, @event): GICV5_ITS_CACHE_WAYS of them.
 * Neighbouring events of a device are in neighbouring sets, so that those of
 * one device fill the cache evenly.
 */
static GICv5ITSResult *cache_set(const GICv5ITSTable *t, uint32_t device,
                                 uint32_t event)
{
    uint32_t sets = cache_size(t) / GICV5_ITS_CACHE_WAYS;
    uint32_t hash = device * 0x9E3779B1u >> 16;

    return &t->cache[(hash + event) % sets * GICV5_ITS_CACHE_WAYS];
}

static GICv5ITSResult *cache_find(const GICv5ITSTable *t, uint32_t device,
                                  uint32_t event)
{
    GICv5ITSResult *set;

    if (!t->used) {
        return NULL;
    }
    set = cache_set(t, device, event);
    for (unsigned i = 0; i < GICV5_ITS_CACHE_WAYS; i++) {
        if (set[i].itte && set[i].device == device && set[i].event == event) {
            return &set[i];
        }
    }
    return NULL;
}

static void cache_add(GICv5ITSTable *t, uint32_t device, uint32_t event,
                      uint64_t itte)
{
    GICv5ITSResult *set;
    unsigned i;

    if (!t->cache) {
        t->cache = g_try_new0(GICv5ITSResult, cache_size(t));
        if (!t->cache) {
            return;
        }
    }
    set = cache_set(t, device, event);
    for (i = 0; i < GICV5_ITS_CACHE_WAYS && set[i].itte; i++) {
        continue;
    }
    if (i == GICV5_ITS_CACHE_WAYS) {
        i = t->next++ % GICV5_ITS_CACHE_WAYS;
    } else {
        t->used++;
    }
    set[i] = (GICv5ITSResult) {
        .device = device,
        .event = event,
        .itte = itte,
    };
}

static void cache_drop(GICv5ITSTable *t, GICv5ITSResult *r)
{
    if (r && r->itte) {
        r->itte = 0;
        t->used--;
    }
}

bool gicv5_its_table_check(const GICv5ITSTable *t)
{
    uint32_t used = 0;

    for (uint32_t i = 0; t->cache && i < cache_size(t); i++) {
        const GICv5ITSResult *r = &t->cache[i];

        if (r->itte) {
            used++;
            if (cache_find(t, r->device, r->event) != r) {
                return false;
            }
        }
    }
    return used == t->used;
}

/* --- INV --- */

/* @events events from @event on, of @devices devices from @device on */
static void inv(GICv5ITSTable *t, uint32_t device, uint64_t devices,
                uint32_t event, uint64_t events)
{
    if (devices == 1 && events <= cache_size(t) / GICV5_ITS_CACHE_WAYS) {
        for (uint64_t i = 0; i < events && t->used; i++) {
            cache_drop(t, cache_find(t, device, event + i));
        }
        return;
    }
    for (uint32_t i = 0; i < cache_size(t) && t->used; i++) {
        GICv5ITSResult *r = &t->cache[i];

        if (r->device >= device && r->device - device < devices &&
            r->event >= event && r->event - event < events) {
            cache_drop(t, r);
        }
    }
}

void gicv5_its_inv_event(GICv5ITSTable *t, uint32_t device, uint32_t event,
                         bool l1, unsigned l2_bits)
{
    uint64_t events = l1 ? 1u << l2_bits : 1;

    inv(t, device, 1, event & ~(events - 1), events);
}

void gicv5_its_inv_device(GICv5ITSTable *t, uint32_t device,
                          unsigned event_bits, bool l1)
{
    if (l1 && t->cfg.two_level) {
        uint32_t devices = 1u << t->cfg.l2_bits;

        inv(t, device & ~(devices - 1), devices, 0, 1ULL << 32);
    } else {
        inv(t, device, 1, 0, 1ULL << event_bits);
    }
}

/* --- tables --- */

unsigned gicv5_its_l2_bits(unsigned l2sz)
{
    return l2sz == 3 ? 9 : 9 + 2 * l2sz;
}

static bool fail(GICv5ITSFault *fault, GICv5ITSError error, uint64_t addr)
{
    fault->error = error;
    fault->addr = addr;
    return false;
}

/*
 * The address of entry @id of a two-level table: an L1_DTE and an L1_ITTE have
 * the same form. @read_error is the first of the three that can happen.
 */
static bool level2_addr(const GICv5ITSTable *t, uint64_t base, unsigned l2_bits,
                        uint32_t id, GICv5ITSError read_error,
                        uint64_t *addr, GICv5ITSFault *fault)
{
    uint64_t l1_addr = base + (uint64_t)(id >> l2_bits) * ENTRY_BYTES;
    uint32_t index = extract32(id, 0, l2_bits);
    uint64_t l1e;

    QEMU_BUILD_BUG_ON(GICV5_ITS_L1_DTE_SPAN != GICV5_ITS_L1_DTE_READ + 2);
    QEMU_BUILD_BUG_ON(GICV5_ITS_L1_ITTE_SPAN != GICV5_ITS_L1_ITTE_READ + 2);

    if (!t->cfg.read64(t->cfg.opaque, l1_addr, &l1e)) {
        return fail(fault, read_error, l1_addr);
    }
    /* SPAN of an entry that is not valid means nothing. */
    if (!FIELD_EX64(l1e, ITS_L1E, VALID)) {
        return fail(fault, read_error + 1, l1_addr);
    }
    if (index >> MIN(FIELD_EX64(l1e, ITS_L1E, SPAN), l2_bits)) {
        return fail(fault, read_error + 2, l1_addr);
    }
    *addr = (l1e & R_ITS_L1E_L2_ADDR_MASK) + index * ENTRY_BYTES;
    return true;
}

static bool read_dte(const GICv5ITSTable *t, uint32_t device, uint64_t *dte,
                     uint64_t *addr, GICv5ITSFault *fault)
{
    /* After a load that failed ITSEN may be 1, and there is no table. */
    if (!t->cfg.read64 || (uint64_t)device >> t->cfg.device_bits) {
        return fail(fault, GICV5_ITS_DEVICE_RANGE, 0);
    }
    if (!t->cfg.two_level) {
        *addr = t->cfg.base + (uint64_t)device * ENTRY_BYTES;
    } else if (!level2_addr(t, t->cfg.base, t->cfg.l2_bits, device,
                            GICV5_ITS_L1_DTE_READ, addr, fault)) {
        return false;
    }
    if (!t->cfg.read64(t->cfg.opaque, *addr, dte)) {
        return fail(fault, GICV5_ITS_L2_DTE_READ, *addr);
    }
    if (!FIELD_EX64(*dte, ITS_DTE, VALID)) {
        return fail(fault, GICV5_ITS_L2_DTE_INVALID, *addr);
    }
    return true;
}

/* Returns an L2_ITTE that is valid, or 0 */
static uint64_t walk(const GICv5ITSTable *t, uint32_t device, uint32_t event,
                     GICv5ITSFault *fault)
{
    uint64_t dte, itt, itte, addr;

    *fault = (GICv5ITSFault) {};
    if (!read_dte(t, device, &dte, &addr, fault)) {
        return 0;
    }
    fault->dswe = FIELD_EX64(dte, ITS_DTE, DSWE);
    itt = dte & R_ITS_DTE_ITT_ADDR_MASK;

    /* EVENT_ID_BITS 0 is legal, and means EventID 0 only. */
    if (event >> MIN(FIELD_EX64(dte, ITS_DTE, EVENT_ID_BITS),
                     t->cfg.event_bits)) {
        fail(fault, GICV5_ITS_EVENT_RANGE, addr);
        return 0;
    }
    if (!FIELD_EX64(dte, ITS_DTE, ITT_STRUCTURE)) {
        addr = itt + (uint64_t)event * ENTRY_BYTES;
    } else if (!t->cfg.itt_levels) {
        fail(fault, GICV5_ITS_ITT_STRUCTURE, addr);
        return 0;
    } else if (!level2_addr(t, itt, gicv5_its_l2_bits(
                                FIELD_EX64(dte, ITS_DTE, ITT_L2SZ)),
                            event, GICV5_ITS_L1_ITTE_READ, &addr, fault)) {
        return 0;
    }
    if (!t->cfg.read64(t->cfg.opaque, addr, &itte)) {
        fail(fault, GICV5_ITS_L2_ITTE_READ, addr);
        return 0;
    }
    if (!FIELD_EX64(itte, ITS_ITTE, VALID)) {
        fail(fault, GICV5_ITS_L2_ITTE_INVALID, addr);
        return 0;
    }
    return itte & ITTE_MASK;
}

bool gicv5_its_lookup(GICv5ITSTable *t, uint32_t device, uint32_t event,
                      GICv5ITSTarget *target, GICv5ITSFault *fault)
{
    const GICv5ITSResult *r = cache_find(t, device, event);
    uint64_t itte = r ? r->itte : walk(t, device, event, fault);

    if (!itte) {
        return false;
    }
    if (!r) {
        cache_add(t, device, event, itte);
    }
    *target = (GICv5ITSTarget) {
        .lpi = FIELD_EX64(itte, ITS_ITTE, LPI_ID),
        .is_virtual = FIELD_EX64(itte, ITS_ITTE, VIRTUAL),
        .vm_id = FIELD_EX64(itte, ITS_ITTE, VM_ID),
    };
    return true;
}

const char *gicv5_its_error_name(GICv5ITSError error)
{
    static const char *const name[] = {
        [GICV5_ITS_OK] = "no error",
        [GICV5_ITS_DEVICE_RANGE] = "DeviceID beyond ITS_DT_CFGR",
        [GICV5_ITS_L1_DTE_READ] = "L1_DTE is not in RAM",
        [GICV5_ITS_L1_DTE_INVALID] = "L1_DTE is not valid",
        [GICV5_ITS_L1_DTE_SPAN] = "DeviceID beyond the SPAN of its L1_DTE",
        [GICV5_ITS_L2_DTE_READ] = "L2_DTE is not in RAM",
        [GICV5_ITS_L2_DTE_INVALID] = "L2_DTE is not valid",
        [GICV5_ITS_ITT_STRUCTURE] = "two-level ITTs are not supported",
        [GICV5_ITS_EVENT_RANGE] = "EventID beyond EVENT_ID_BITS",
        [GICV5_ITS_L1_ITTE_READ] = "L1_ITTE is not in RAM",
        [GICV5_ITS_L1_ITTE_INVALID] = "L1_ITTE is not valid",
        [GICV5_ITS_L1_ITTE_SPAN] = "EventID beyond the SPAN of its L1_ITTE",
        [GICV5_ITS_L2_ITTE_READ] = "L2_ITTE is not in RAM",
        [GICV5_ITS_L2_ITTE_INVALID] = "L2_ITTE is not valid",
    };

    return name[error];
}
