/*
 * Arm GICv5 interrupt engine: interrupt state tables
 *
 * While a table is valid its memory belongs to the IRS, which may hold any
 * part of it. The engine holds the pages with LPIs that an operation has
 * named: a page is loaded then, and from then on no operation on its LPIs
 * touches guest memory. What differs from memory is marked dirty, and is what
 * is written when software makes the table invalid.
 *
 * So nothing that software does to a table as a whole costs more than what it
 * has used, and an entry that is not in RAM is unreachable for itself alone,
 * and only as long as it is not in RAM. L1 ISTEs are read when a page is
 * loaded: one that software makes valid by itself, which is UNPREDICTABLE,
 * counts from the next use on.
 *
 * Memory for pages is bounded. A page without a queued interrupt can go at
 * any time, after its state has been written back if it is dirty; one with a
 * queued interrupt stays, as nothing would find the interrupt in memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "engine_internal.h"
#include "trace.h"

uint32_t gicv5_ist_l2_tables(const GICv5IST *ist)
{
    return 1u << (ist->cfg.id_bits - ist->l2_bits);
}

uint32_t gicv5_ist_page_size(const GICv5IST *ist)
{
    return 1u << ist->page_bits;
}

uint32_t gicv5_ist_num_pages(const GICv5IST *ist)
{
    return 1u << (ist->cfg.id_bits - ist->page_bits);
}

uint32_t gicv5_ist_l2_of_page(const GICv5IST *ist, uint32_t index)
{
    return gicv5_ist_first_id(ist, index) >> ist->l2_bits;
}

size_t gicv5_ist_page_bytes(const GICv5IST *ist)
{
    return sizeof(GICv5ISTPage) +
           gicv5_ist_page_size(ist) * sizeof(GICv5Node);
}

/* --- host memory --- */

/*
 * Whatever a guest does, running out of memory must not end QEMU. A domain's
 * directory is not counted: it is small and there is one.
 */
static void *ist_alloc(const GICv5IST *ist, size_t bytes)
{
    const GICv5VM *vm = ist->space->vm;

    return vm ? gicv5_vm_alloc(vm->parent, bytes) : g_try_malloc0(bytes);
}

static void ist_free(const GICv5IST *ist, void *p, size_t bytes)
{
    const GICv5VM *vm = ist->space->vm;

    if (vm) {
        gicv5_vm_free(vm->parent, p, bytes);
    } else {
        g_free(p);
    }
}

/* --- pages and lists --- */

static bool had_spare_page(const GICv5IST *ist)
{
    return ist->space->vm && gicv5_vm_has_spare_page(ist->space->vm);
}

static void pages_changed(const GICv5IST *ist, bool had)
{
    if (ist->space->vm) {
        gicv5_vm_pages_changed(ist->space->vm, had);
    }
}

/* Put the page into the list that it belongs to now */
static void page_relist(GICv5ISTPage *page)
{
    GICv5IST *ist = page->ist;
    GICv5System *sys = ist->space->sys;
    unsigned list = page->queued ? GICV5_PAGES_QUEUED :
                    gicv5_ist_page_is_dirty(page) ? GICV5_PAGES_DIRTY :
                    GICV5_PAGES_CLEAN;
    bool had;

    if (list == page->list) {
        return;
    }
    had = had_spare_page(ist);
    gicv5_add_counter(&sys->save_pages, (list != GICV5_PAGES_CLEAN) -
                                  (page->list != GICV5_PAGES_CLEAN));
    QTAILQ_REMOVE(&ist->pages[page->list], page, link);
    QTAILQ_INSERT_TAIL(&ist->pages[list], page, link);
    page->list = list;
    pages_changed(ist, had);
}

static void page_free(GICv5ISTPage *page)
{
    GICv5IST *ist = page->ist;
    GICv5System *sys = ist->space->sys;
    bool had = had_spare_page(ist);

    assert(!page->queued);
    gicv5_add_counter(&sys->save_dirty,
                -(int)bitmap_count_one(page->dirty, GICV5_IST_PAGE_SIZE));
    gicv5_add_counter(&sys->save_pages, -(page->list != GICV5_PAGES_CLEAN));
    QTAILQ_REMOVE(&ist->pages[page->list], page, link);
    pages_changed(ist, had);
    ist->dir[page->index / GICV5_IST_DIR_SIZE]
            [page->index % GICV5_IST_DIR_SIZE] = NULL;
    ist->memory -= gicv5_ist_page_bytes(ist);
    ist_free(ist, page, gicv5_ist_page_bytes(ist));
}

void gicv5_ist_changed(GICv5IST *ist, uint32_t id, GICv5Node *n, int queued,
                       bool dirty)
{
    GICv5System *sys = ist->space->sys;
    uint32_t i = gicv5_ist_in_page(ist, id);
    GICv5ISTPage *page = container_of(n - i, GICv5ISTPage, node[0]);

    page->queued += queued;
    gicv5_add_counter(&sys->save_queued, queued);
    if (dirty && !test_and_set_bit(i, page->dirty)) {
        gicv5_add_counter(&sys->save_dirty, 1);
    }
    page_relist(page);
}

/* --- loading --- */

bool gicv5_ist_drop_page(GICv5IST *ist)
{
    GICv5ISTPage *page = QTAILQ_FIRST(&ist->pages[GICV5_PAGES_CLEAN]);

    if (!page) {
        page = QTAILQ_FIRST(&ist->pages[GICV5_PAGES_DIRTY]);
        if (!page) {
            return false;
        }
        gicv5_ist_write_back(page);
    }
    trace_gicv5_ist_page_drop(ist->space->domain, gicv5_vm_of(ist->space),
                              gicv5_ist_type(ist),
                              gicv5_ist_first_id(ist, page->index),
                              page->list == GICV5_PAGES_DIRTY);
    page_free(page);
    return true;
}

static size_t chunk_bytes(const GICv5IST *ist)
{
    return gicv5_ist_chunk_size(ist) * sizeof(GICv5ISTPage *);
}

/* With a VPE: its interrupts may be for one that has not been named yet. */
static size_t vm_page_bytes(const GICv5IST *ist, uint32_t index)
{
    return gicv5_ist_page_bytes(ist) + GICV5_VPE_BYTES +
           (ist->dir[index / GICV5_IST_DIR_SIZE] ? 0 : chunk_bytes(ist));
}

GICv5ISTPage *gicv5_ist_page_new(GICv5IST *ist, uint32_t index,
                                 bool make_room)
{
    const GICv5EngineConfig *cfg = &ist->space->sys->cfg;
    const GICv5VM *vm = ist->space->vm;
    size_t bytes = gicv5_ist_page_bytes(ist);
    GICv5ISTPage ***chunk = &ist->dir[index / GICV5_IST_DIR_SIZE];
    GICv5ISTPage *page = NULL;
    bool had;

    /* Each domain has its share: none can use up another's. */
    if (!vm && cfg->lpi_memory &&
        ist->memory + bytes > cfg->lpi_memory / ctpop8(cfg->domains) &&
        (!make_room || !gicv5_ist_drop_page(ist))) {
        goto fail;
    }
    if (vm && make_room) {
        size_t want = vm_page_bytes(ist, index);
        bool more = true;

        while (more && !gicv5_vm_has_memory(vm->parent, want)) {
            more = gicv5_ist_drop_page(ist) || gicv5_vm_make_room(vm->parent);
        }
    }
    if (!*chunk) {
        *chunk = ist_alloc(ist, chunk_bytes(ist));
    }
    if (*chunk) {
        page = ist_alloc(ist, bytes);
    }
    if (!page) {
        goto fail;
    }
    page->ist = ist;
    page->index = index;
    page->addr = GICV5_IST_ADDR_UNKNOWN;
    page->list = GICV5_PAGES_CLEAN;
    ist->memory += bytes;
    had = had_spare_page(ist);
    QTAILQ_INSERT_TAIL(&ist->pages[page->list], page, link);
    pages_changed(ist, had);
    (*chunk)[index % GICV5_IST_DIR_SIZE] = page;
    return page;

fail:
    trace_gicv5_ist_no_memory(ist->space->domain, gicv5_vm_of(ist->space),
                              gicv5_ist_type(ist),
                              gicv5_ist_first_id(ist, index));
    return NULL;
}

void gicv5_ist_adopt_words(GICv5ISTPage *page, uint32_t first,
                           const uint32_t *words, uint32_t count)
{
    const GICv5IST *ist = page->ist;
    GICv5Space *sp = ist->space;
    uint32_t id = gicv5_ist_first_id(ist, page->index) + first;
    bool outer = gicv5_begin_batch(sp->sys);

    for (uint32_t i = 0; i < count; i++) {
        set_bit(first + i, page->loaded);
        gicv5_adopt_word(sp, gicv5_intid(ist->type, id + i),
                         &page->node[first + i], words[i]);
    }
    gicv5_end_batch(sp->sys, outer);
}

/*
 * The VPEs that words of page @index name, while pages can go for them: there
 * is no node yet that somebody uses. Not those for which the page itself would
 * have no room.
 */
static void make_vpes(GICv5IST *ist, uint32_t index, const uint32_t *words,
                      uint32_t count)
{
    GICv5Space *sp = ist->space;

    for (uint32_t i = 0; i < count; i++) {
        if (gicv5_word_is_deliverable(words[i]) &&
            !gicv5_is_queued(sp, words[i])) {
            size_t want = vm_page_bytes(ist, index) + GICV5_VPE_BYTES;

            gicv5_vm_reserve(sp->vm->parent, want);
            if (!gicv5_vm_has_memory(sp->vm->parent, want)) {
                break;
            }
            gicv5_vpe_make(sp->vm, FIELD_EX32(words[i], GICV5_ISTE, IAFFID));
        }
    }
}

/*
 * A page of which @id is the first interrupt to be named. If all of it cannot
 * be read, each interrupt fares on its own.
 *
 * Not inlined, nor is load_one(): their stack frames would cost each use of an
 * interrupt that is loaded.
 */
static __attribute__((noinline))
GICv5ISTPage *load_page(GICv5IST *ist, uint32_t id)
{
    GICv5Space *sp = ist->space;
    uint32_t index = id >> ist->page_bits;
    uint32_t size = gicv5_ist_page_size(ist);
    uint32_t i = gicv5_ist_in_page(ist, id);
    uint32_t words[GICV5_IST_PAGE_SIZE];
    uint64_t addr, own_addr, l1_addr;
    GICv5ISTPage *page;
    bool whole, is_error;

    if (sp->sys->cfg.container) {
        return gicv5_ist_page_new(ist, index, false);
    }
    if (!gicv5_ist_page_addr(ist, index, &addr, &l1_addr, &is_error)) {
        if (is_error) {
            gicv5_ist_swerr(ist, GICV5_SWERR_L1_ISTE_READ, id, l1_addr);
        }
        return NULL;
    }
    own_addr = addr + ((uint64_t)i << ist->cfg.entry_shift);
    whole = gicv5_ist_read_words(ist, addr, words, size);
    if (!whole && !gicv5_ist_read_words(ist, own_addr, &words[i], 1)) {
        gicv5_ist_swerr(ist, GICV5_SWERR_L2_ISTE, id, own_addr);
        return NULL;
    }
    if (sp->vm) {
        make_vpes(ist, index, whole ? words : &words[i], whole ? size : 1);
    }
    page = gicv5_ist_page_new(ist, index, true);
    if (!page) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: domain %d: %s %u: no memory "
                      "for its state: pending interrupts take all of "
                      "%s-memory, or the host has none\n", sp->domain,
                      gicv5_ist_what(ist), id, sp->vm ? "vm" : "lpi");
        gicv5_ist_record(ist, GICV5_SWERR_L2_ISTE, id, own_addr);
        return NULL;
    }
    trace_gicv5_ist_page_load(sp->domain, gicv5_vm_of(sp), gicv5_ist_type(ist),
                              gicv5_ist_first_id(ist, index), addr, whole);
    page->addr = addr;
    if (whole) {
        gicv5_ist_adopt_words(page, 0, words, size);
    } else {
        gicv5_ist_adopt_words(page, i, &words[i], 1);
    }
    return page;
}

/* One more interrupt of a page that is there */
static __attribute__((noinline))
bool load_one(GICv5ISTPage *page, uint32_t id)
{
    const GICv5IST *ist = page->ist;
    uint32_t i = gicv5_ist_in_page(ist, id);
    uint64_t addr;
    uint32_t word;

    if (ist->space->sys->cfg.container) {
        word = 0;
    } else if (!gicv5_ist_need_addr(page, id)) {
        return false;
    } else {
        addr = page->addr + ((uint64_t)i << ist->cfg.entry_shift);
        if (!gicv5_ist_read_words(ist, addr, &word, 1)) {
            gicv5_ist_swerr(ist, GICV5_SWERR_L2_ISTE, id, addr);
            return false;
        }
    }
    gicv5_ist_adopt_words(page, i, &word, 1);
    return true;
}

GICv5Node *gicv5_ist_node(GICv5IST *ist, uint32_t id)
{
    GICv5ISTPage *page;

    if (!ist->valid || id >> ist->cfg.id_bits) {
        return NULL;
    }
    page = gicv5_ist_page(ist, id >> ist->page_bits);
    if (unlikely(!page)) {
        page = load_page(ist, id);
        if (!page) {
            return NULL;
        }
    }
    if (unlikely(!test_bit(gicv5_ist_in_page(ist, id), page->loaded)) &&
        !load_one(page, id)) {
        return NULL;
    }
    return &page->node[gicv5_ist_in_page(ist, id)];
}

GICv5Node *gicv5_ist_queued_node(GICv5IST *ist, uint32_t id)
{
    GICv5ISTPage *page = gicv5_ist_page(ist, id >> ist->page_bits);

    return &page->node[gicv5_ist_in_page(ist, id)];
}

bool gicv5_ist_peek(const GICv5IST *ist, uint32_t id, uint32_t *word)
{
    const GICv5ISTPage *page;
    uint64_t addr, l1_addr;
    bool is_error;
    uint32_t i;

    if (!ist->valid || id >> ist->cfg.id_bits) {
        return false;
    }
    i = gicv5_ist_in_page(ist, id);
    page = gicv5_ist_page(ist, id >> ist->page_bits);
    if (page && test_bit(i, page->loaded)) {
        *word = page->node[i].word;
        return true;
    }
    if (ist->space->sys->cfg.container) {
        *word = 0;
        return true;
    }
    if (page && page->addr != GICV5_IST_ADDR_UNKNOWN) {
        addr = page->addr;
    } else if (!gicv5_ist_page_addr(ist, id >> ist->page_bits, &addr, &l1_addr,
                                    &is_error)) {
        return false;
    }
    addr += (uint64_t)i << ist->cfg.entry_shift;
    return gicv5_ist_read_words(ist, addr, word, 1);
}

/* --- VALID --- */

void gicv5_ist_init(GICv5IST *ist, GICv5Space *sp, GICv5Type type)
{
    ist->space = sp;
    ist->type = type;
}

bool gicv5_ist_is_valid(const GICv5IST *ist)
{
    return ist->valid;
}

const GICv5ISTConfig *gicv5_ist_config(const GICv5IST *ist)
{
    return &ist->cfg;
}

uint64_t gicv5_ist_base(const GICv5IST *ist)
{
    return ist->base;
}

uint64_t gicv5_ist_memory(const GICv5IST *ist)
{
    return ist->memory;
}

bool gicv5_ist_create(GICv5IST *ist, uint64_t base, const GICv5ISTConfig *cfg)
{
    assert(!ist->valid);
    ist->cfg = *cfg;
    ist->base = base;
    if (cfg->two_level) {
        /* A single, partly used level 2 table if there are few LPIs */
        ist->l2_bits = MIN(cfg->l2_shift - cfg->entry_shift, cfg->id_bits);
    } else {
        ist->l2_bits = cfg->id_bits;
    }
    ist->page_bits = MIN(ist->l2_bits, GICV5_IST_PAGE_BITS);
    for (unsigned i = 0; i < GICV5_NUM_PAGE_LISTS; i++) {
        QTAILQ_INIT(&ist->pages[i]);
    }
    ist->dir = ist_alloc(ist, gicv5_ist_dir_size(ist) * sizeof(*ist->dir));
    if (!ist->dir) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: no memory for an IST\n");
        return false;
    }
    ist->valid = true;
    trace_gicv5_ist_valid(ist->space->domain, gicv5_vm_of(ist->space),
                          gicv5_ist_type(ist), base, cfg->id_bits,
                          cfg->two_level, 1 << cfg->entry_shift);
    return true;
}

void gicv5_ist_set_valid(GICv5IST *ist, uint64_t base,
                         const GICv5ISTConfig *cfg)
{
    gicv5_ist_create(ist, base, cfg);
}

void gicv5_ist_set_invalid(GICv5IST *ist)
{
    GICv5ISTPage *page;

    if (!ist->valid) {
        return;
    }
    for (unsigned i = 0; i < GICV5_NUM_PAGE_LISTS; i++) {
        QTAILQ_FOREACH(page, &ist->pages[i], link) {
            gicv5_ist_write_back(page);
        }
    }
    gicv5_ist_drop(ist);
}

bool gicv5_ist_save(GICv5IST *ist, bool all)
{
    GICv5System *sys = ist->space->sys;
    GICv5ISTPage *page, *next;
    bool ok = true;

    if (!ist->valid) {
        return true;
    }
    for (unsigned i = GICV5_PAGES_DIRTY; i < GICV5_NUM_PAGE_LISTS; i++) {
        QTAILQ_FOREACH_SAFE(page, &ist->pages[i], link, next) {
            if (!gicv5_ist_page_is_dirty(page)) {
                continue;
            }
            if (!gicv5_ist_write_back(page)) {
                if (!all) {
                    return false;
                }
                ok = false;
                continue;
            }
            gicv5_add_counter(&sys->save_dirty,
                        -(int)bitmap_count_one(page->dirty,
                                               GICV5_IST_PAGE_SIZE));
            bitmap_zero(page->dirty, GICV5_IST_PAGE_SIZE);
            page_relist(page);
        }
    }
    return ok;
}

void gicv5_ist_drop(GICv5IST *ist)
{
    GICv5Space *sp = ist->space;
    GICv5ISTPage *page, *next;
    unsigned dir_size;
    bool outer;

    if (!ist->valid) {
        return;
    }
    dir_size = gicv5_ist_dir_size(ist);
    trace_gicv5_ist_invalid(sp->domain, gicv5_vm_of(sp), gicv5_ist_type(ist),
                            ist->base);

    outer = gicv5_begin_batch(sp->sys);
    QTAILQ_FOREACH_SAFE(page, &ist->pages[GICV5_PAGES_QUEUED], link, next) {
        /* Takes each interrupt out of its pending set */
        for (uint32_t i = 0; page->queued; i++) {
            uint32_t id = gicv5_ist_first_id(ist, page->index) + i;

            gicv5_adopt_word(sp, gicv5_intid(ist->type, id), &page->node[i],
                             0);
        }
    }
    gicv5_end_batch(sp->sys, outer);
    for (unsigned i = 0; i < GICV5_NUM_PAGE_LISTS; i++) {
        QTAILQ_FOREACH_SAFE(page, &ist->pages[i], link, next) {
            page_free(page);
        }
    }
    for (unsigned i = 0; i < dir_size; i++) {
        if (ist->dir[i]) {
            ist_free(ist, ist->dir[i],
                     gicv5_ist_chunk_size(ist) * sizeof(**ist->dir));
        }
    }
    ist_free(ist, ist->dir, dir_size * sizeof(*ist->dir));
    ist->dir = NULL;
    ist->valid = false;
}

