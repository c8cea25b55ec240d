/*
 * Arm GICv5 interrupt engine: the LPI interrupt state table of a domain
 *
 * While a table is valid its memory belongs to the IRS, so the engine loads
 * it once and works on its own copy: no interrupt operation touches guest
 * memory. The copy is written back when software makes the table invalid.
 *
 * The L1 table is read when the IST becomes valid and by MAP_L2_ISTR. An L1
 * ISTE that software changes behind the IRS's back is UNPREDICTABLE; here it
 * is not noticed before the next MAP_L2_ISTR of its range.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "qemu/log.h"
#include "gicv5_engine.h"
#include "trace.h"

/* Level 1 ISTE */
FIELD(L1_ISTE, VALID, 0, 1)
FIELD(L1_ISTE, L2_ADDR, 12, 44)

/* Entries of a page, at most: 4 KiB of 4-byte ISTEs */
#define PAGE_BITS 10
#define MAX_ENTRY_SHIFT 4

/*
 * A page that could not be read. Its LPIs are not reachable until software
 * makes the table valid again.
 */
static GICv5Node bad_page;

static uint32_t ist_pages(const GICv5IST *ist)
{
    return 1u << (ist->cfg.id_bits - ist->page_bits);
}

uint32_t gicv5_ist_l2_tables(const GICv5IST *ist)
{
    return 1u << (ist->cfg.id_bits - ist->l2_bits);
}

static bool page_is_allocated(const GICv5Node *page)
{
    return page && page != &bad_page;
}

/*
 * Guest address of the first ISTE of a page. Pages never cross a level 2
 * table, because page_bits is at most l2_bits.
 */
static uint64_t page_addr(const GICv5IST *ist, uint32_t page)
{
    uint32_t id = page << ist->page_bits;
    uint64_t base = ist->base;

    if (ist->cfg.two_level) {
        base = ist->l2[id >> ist->l2_bits] & R_L1_ISTE_L2_ADDR_MASK;
        id &= (1u << ist->l2_bits) - 1;
    }
    return base + ((uint64_t)id << ist->cfg.entry_shift);
}

static GICv5Node *page_alloc(GICv5IST *ist, uint32_t page)
{
    /* A guest chooses how many; running out must not end QEMU. */
    ist->page[page] = g_try_new0(GICv5Node, 1u << ist->page_bits);
    if (!ist->page[page]) {
        qemu_log("gicv5: no memory for the state of LPIs from %u on\n",
                 page << ist->page_bits);
    }
    return ist->page[page];
}

GICv5Node *gicv5_ist_node(GICv5IST *ist, uint32_t id, bool for_write)
{
    static GICv5Node zero;
    uint32_t page;
    GICv5Node *p;

    if (!ist->valid || id >> ist->cfg.id_bits) {
        return NULL;
    }
    if (ist->cfg.two_level &&
        !(ist->l2[id >> ist->l2_bits] & R_L1_ISTE_VALID_MASK)) {
        return NULL;
    }
    page = id >> ist->page_bits;
    p = ist->page[page];
    if (p == &bad_page) {
        return NULL;
    }
    if (!p) {
        if (!for_write) {
            return &zero;
        }
        p = page_alloc(ist, page);
        if (!p) {
            return NULL;
        }
    }
    return &p[id & ((1u << ist->page_bits) - 1)];
}

static bool load_page(GICv5Space *sp, uint32_t page)
{
    GICv5IST *ist = &sp->lpi;
    unsigned shift = ist->cfg.entry_shift;
    uint32_t entries = 1u << ist->page_bits;
    uint32_t first = page << ist->page_bits;
    uint64_t addr = page_addr(ist, page);
    size_t bytes = (size_t)entries << shift;
    uint8_t buf[1 << (PAGE_BITS + MAX_ENTRY_SHIFT)];

    if (!sp->sys->ops->read(sp->sys->opaque, sp->domain, addr, buf, bytes)) {
        ist->page[page] = &bad_page;
        return false;
    }
    /* Metadata of larger ISTEs is ours to use (IDR2.ISTMD=0: we do not) */
    if (buffer_is_zero(buf, bytes)) {
        return true;
    }
    for (uint32_t i = 0; i < entries; i++) {
        uint32_t word = gicv5_space_sanitize_word(sp, ldl_le_p(buf +
                                                       ((size_t)i << shift)));

        if (word) {
            /* Cannot be bad_page: it would have been unreachable. */
            GICv5Node *n = gicv5_ist_node(ist, first + i, true);

            if (!n) {
                ist->page[page] = &bad_page;
                return false;
            }
            gicv5_set_word(sp, gicv5_intid(GICV5_TYPE_LPI, first + i), n,
                           word);
        }
    }
    return true;
}

static void load_pages(GICv5Space *sp, uint32_t first, uint32_t count)
{
    uint32_t bad = 0;

    for (uint32_t p = first; p < first + count; p++) {
        if (!load_page(sp, p) && !bad++) {
            sp->sys->ops->swerr(sp->sys->opaque, sp->domain,
                                GICV5_SWERR_L2_ISTE, p << sp->lpi.page_bits,
                                page_addr(&sp->lpi, p));
        }
    }
    if (bad) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: %u of %u pages of the IST at "
                      "0x%" PRIx64 " are not in RAM\n", bad, count,
                      page_addr(&sp->lpi, first));
    }
}

static void load_l2(GICv5Space *sp, uint32_t l1_index, uint64_t l1e)
{
    GICv5IST *ist = &sp->lpi;
    unsigned shift = ist->l2_bits - ist->page_bits;

    ist->l2[l1_index] = l1e & (R_L1_ISTE_VALID_MASK | R_L1_ISTE_L2_ADDR_MASK);
    load_pages(sp, l1_index << shift, 1u << shift);
}

/* An L1 ISTE that cannot be read leaves its LPIs unreachable. */
static void load_two_level(GICv5Space *sp)
{
    GICv5IST *ist = &sp->lpi;
    const GICv5EngineOps *ops = sp->sys->ops;
    uint32_t entries = gicv5_ist_l2_tables(ist);
    uint32_t bad = 0;
    uint64_t buf[512];
    bool whole = false;

    for (uint32_t i = 0; i < entries; i++) {
        uint32_t j = i % ARRAY_SIZE(buf);
        uint64_t addr = ist->base + i * sizeof(buf[0]);
        uint64_t l1e;

        if (!j) {
            whole = ops->read(sp->sys->opaque, sp->domain, addr, buf,
                              MIN(entries - i, ARRAY_SIZE(buf)) *
                              sizeof(buf[0]));
        }
        /* Part of the chunk may be in RAM all the same */
        if (!whole && !ops->read(sp->sys->opaque, sp->domain, addr, &buf[j],
                                 sizeof(buf[0]))) {
            if (!bad++) {
                ops->swerr(sp->sys->opaque, sp->domain,
                           GICV5_SWERR_L1_ISTE_READ, i << ist->l2_bits, addr);
            }
            continue;
        }
        l1e = le64_to_cpu(buf[j]);
        if (l1e & R_L1_ISTE_VALID_MASK) {
            load_l2(sp, i, l1e);
        }
    }
    if (bad) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: %u of %u entries of the L1 IST "
                      "at 0x%" PRIx64 " are not in RAM\n", bad, entries,
                      ist->base);
    }
}

/* An IST without state; false if there is no memory for it */
static bool ist_create(GICv5Space *sp, uint64_t base,
                       const GICv5ISTConfig *cfg)
{
    GICv5IST *ist = &sp->lpi;

    assert(!ist->valid);
    ist->cfg = *cfg;
    ist->base = base;
    if (cfg->two_level) {
        /* A single, partly used level 2 table if there are few LPIs */
        ist->l2_bits = MIN(cfg->l2_shift - cfg->entry_shift, cfg->id_bits);
    } else {
        ist->l2_bits = cfg->id_bits;
    }
    ist->page_bits = MIN(ist->l2_bits, PAGE_BITS);
    ist->page = g_try_new0(GICv5Node *, ist_pages(ist));
    ist->l2 = cfg->two_level ?
              g_try_new0(uint64_t, gicv5_ist_l2_tables(ist)) : NULL;
    if (!ist->page || (cfg->two_level && !ist->l2)) {
        qemu_log("gicv5: no memory for an IST of %u ID bits\n", cfg->id_bits);
        g_clear_pointer(&ist->page, g_free);
        g_clear_pointer(&ist->l2, g_free);
        return false;
    }
    ist->valid = true;
    trace_gicv5_ist_valid(sp->domain, base, cfg->id_bits, cfg->two_level,
                          1 << cfg->entry_shift);
    return true;
}

void gicv5_ist_set_valid(GICv5Space *sp, uint64_t base,
                         const GICv5ISTConfig *cfg)
{
    if (!ist_create(sp, base, cfg)) {
        return;
    }
    gicv5_space_begin_batch(sp);
    if (cfg->two_level) {
        load_two_level(sp);
    } else {
        load_pages(sp, 0, ist_pages(&sp->lpi));
    }
    gicv5_space_end_batch(sp);
}

/*
 * Returns false if memory would not take it; the state is lost then, as the
 * architecture has no way to keep it.
 */
static bool write_page(GICv5Space *sp, uint32_t page)
{
    const GICv5IST *ist = &sp->lpi;
    const GICv5EngineOps *ops = sp->sys->ops;
    const GICv5Node *n = ist->page[page];
    unsigned shift = ist->cfg.entry_shift;
    uint32_t entries = 1u << ist->page_bits;
    uint64_t addr = page_addr(ist, page);
    size_t bytes = (size_t)entries << shift;
    uint8_t buf[1 << (PAGE_BITS + MAX_ENTRY_SHIFT)];

    /* The rest of larger ISTEs keeps its value */
    if (shift > 2 &&
        !ops->read(sp->sys->opaque, sp->domain, addr, buf, bytes)) {
        return false;
    }
    for (uint32_t i = 0; i < entries; i++) {
        stl_le_p(buf + ((size_t)i << shift), n[i].word);
    }
    return ops->write(sp->sys->opaque, sp->domain, addr, buf, bytes);
}

void gicv5_ist_set_invalid(GICv5Space *sp)
{
    GICv5IST *ist = &sp->lpi;
    uint32_t bad = 0;

    if (!ist->valid) {
        return;
    }
    for (uint32_t p = 0; p < ist_pages(ist); p++) {
        if (page_is_allocated(ist->page[p]) && !write_page(sp, p)) {
            if (!bad++) {
                sp->sys->ops->swerr(sp->sys->opaque, sp->domain,
                                    GICV5_SWERR_L2_ISTE, p << ist->page_bits,
                                    page_addr(ist, p));
            }
        }
    }
    if (bad) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: %u pages of the IST at 0x%"
                      PRIx64 " could not be written back\n", bad, ist->base);
    }
    gicv5_ist_drop(sp);
}

void gicv5_ist_drop(GICv5Space *sp)
{
    GICv5IST *ist = &sp->lpi;

    if (!ist->valid) {
        return;
    }
    trace_gicv5_ist_invalid(sp->domain, ist->base);

    gicv5_space_begin_batch(sp);
    for (uint32_t p = 0; p < ist_pages(ist); p++) {
        GICv5Node *n = ist->page[p];

        if (!page_is_allocated(n)) {
            continue;
        }
        /* Takes each LPI out of its pending set */
        for (uint32_t i = 0; i < 1u << ist->page_bits; i++) {
            gicv5_set_word(sp, gicv5_intid(GICV5_TYPE_LPI,
                                           (p << ist->page_bits) + i),
                           &n[i], 0);
        }
    }
    gicv5_space_end_batch(sp);
    for (uint32_t p = 0; p < ist_pages(ist); p++) {
        if (page_is_allocated(ist->page[p])) {
            g_free(ist->page[p]);
        }
    }
    g_clear_pointer(&ist->page, g_free);
    g_clear_pointer(&ist->l2, g_free);
    ist->valid = false;
}

void gicv5_ist_map_l2(GICv5Space *sp, uint32_t id)
{
    GICv5IST *ist = &sp->lpi;
    const GICv5EngineOps *ops = sp->sys->ops;
    uint32_t l1_index;
    uint64_t addr, l1e;

    if (!ist->valid || !ist->cfg.two_level || id >> ist->cfg.id_bits) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: MAP_L2_ISTR of LPI %u ignored: "
                      "no level 2 table covers it\n", id);
        return;
    }
    l1_index = id >> ist->l2_bits;
    if (ist->l2[l1_index] & R_L1_ISTE_VALID_MASK) {
        return;
    }

    addr = ist->base + l1_index * sizeof(l1e);
    if (!ops->read(sp->sys->opaque, sp->domain, addr, &l1e, sizeof(l1e))) {
        goto fail;
    }
    l1e = le64_to_cpu(l1e);
    if (!(l1e & R_L1_ISTE_VALID_MASK)) {
        uint64_t out;

        l1e |= R_L1_ISTE_VALID_MASK;
        out = cpu_to_le64(l1e);
        if (!ops->write(sp->sys->opaque, sp->domain, addr, &out,
                        sizeof(out))) {
            goto fail;
        }
    }
    trace_gicv5_ist_map_l2(sp->domain, id, l1e & R_L1_ISTE_L2_ADDR_MASK);
    gicv5_space_begin_batch(sp);
    load_l2(sp, l1_index, l1e);
    gicv5_space_end_batch(sp);
    return;

fail:
    qemu_log_mask(LOG_GUEST_ERROR, "gicv5: MAP_L2_ISTR of LPI %u: L1 ISTE at "
                  "0x%" PRIx64 " is not in RAM\n", id, addr);
    ops->swerr(sp->sys->opaque, sp->domain, GICV5_SWERR_L1_ISTE_MAP, id, addr);
}

/* --- migration --- */

static unsigned block_bits(const GICv5IST *ist)
{
    return MIN(ist->page_bits, ctz32(GICV5_IST_BLOCK));
}

uint32_t gicv5_ist_block_size(const GICv5IST *ist)
{
    return 1u << block_bits(ist);
}

uint32_t gicv5_ist_blocks(const GICv5IST *ist)
{
    return 1u << (ist->cfg.id_bits - block_bits(ist));
}

GICv5ISTBlock gicv5_ist_get_block(const GICv5IST *ist, uint32_t block,
                                  uint32_t *words)
{
    uint32_t id = block << block_bits(ist);
    const GICv5Node *n = ist->page[id >> ist->page_bits];
    uint32_t any = 0;

    if (n == &bad_page) {
        return GICV5_IST_BLOCK_UNREACHABLE;
    }
    if (!n) {
        return GICV5_IST_BLOCK_ZERO;
    }
    n += id & ((1u << ist->page_bits) - 1);
    for (uint32_t i = 0; i < gicv5_ist_block_size(ist); i++) {
        words[i] = n[i].word;
        any |= words[i];
    }
    return any ? GICV5_IST_BLOCK_WORDS : GICV5_IST_BLOCK_ZERO;
}

bool gicv5_ist_restore_begin(GICv5Space *sp, uint64_t base,
                             const GICv5ISTConfig *cfg)
{
    if (!ist_create(sp, base, cfg)) {
        return false;
    }
    gicv5_space_begin_batch(sp);
    return true;
}

bool gicv5_ist_restore_l2(GICv5IST *ist, uint32_t l1_index, uint64_t l1e)
{
    if (!(l1e & R_L1_ISTE_VALID_MASK) ||
        (l1e & ~(R_L1_ISTE_VALID_MASK | R_L1_ISTE_L2_ADDR_MASK))) {
        return false;
    }
    ist->l2[l1_index] = l1e;
    return true;
}

bool gicv5_ist_restore_block(GICv5Space *sp, uint32_t block,
                             const uint32_t *words)
{
    GICv5IST *ist = &sp->lpi;
    uint32_t id = block << block_bits(ist);
    GICv5Node **page = &ist->page[id >> ist->page_bits];

    if (!words) {
        if (page_is_allocated(*page)) {
            return false;
        }
        *page = &bad_page;
        return !ist->l2 || (ist->l2[id >> ist->l2_bits] & R_L1_ISTE_VALID_MASK);
    }
    for (uint32_t i = 0; i < gicv5_ist_block_size(ist); i++) {
        GICv5Node *n = gicv5_ist_node(ist, id + i, words[i]);

        if (!n) {
            return false;
        }
        if (words[i]) {
            gicv5_set_word(sp, gicv5_intid(GICV5_TYPE_LPI, id + i), n,
                           words[i]);
        }
    }
    return true;
}

void gicv5_ist_restore_end(GICv5Space *sp)
{
    gicv5_space_end_batch(sp);
}
