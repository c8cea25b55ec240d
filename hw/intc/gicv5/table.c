/*
 * Arm GICv5 interrupt engine: the LPI interrupt state table of a domain
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
#include "qemu/atomic.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "engine.h"
#include "trace.h"

/* Level 1 ISTE */
FIELD(L1_ISTE, VALID, 0, 1)
FIELD(L1_ISTE, L2_ADDR, 12, 44)

#define MAX_ENTRY_SHIFT 4

/* Of the stream: number and two bitmaps of each page, with some to spare */
#define SAVE_PAGE_BYTES 80

bool gicv5_ist_l1e_is_valid(uint64_t l1e)
{
    return (l1e & R_L1_ISTE_VALID_MASK) &&
           !(l1e & ~(R_L1_ISTE_VALID_MASK | R_L1_ISTE_L2_ADDR_MASK));
}

uint64_t gicv5_ist_l1e_addr(uint64_t l1e)
{
    return l1e & R_L1_ISTE_L2_ADDR_MASK;
}

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

static size_t page_bytes(const GICv5IST *ist)
{
    return sizeof(GICv5ISTPage) +
           gicv5_ist_page_size(ist) * sizeof(GICv5Node);
}

static uint32_t page_first_id(const GICv5IST *ist, uint32_t index)
{
    return index << ist->page_bits;
}

static uint32_t in_page(const GICv5IST *ist, uint32_t id)
{
    return id & (gicv5_ist_page_size(ist) - 1);
}

/* --- counters, which the migration thread reads --- */

static void add_counter(uint32_t *counter, int n)
{
    /* One writer at a time, as for all of the engine */
    qatomic_set(counter, *counter + n);
}

uint64_t gicv5_ist_save_size(const GICv5System *sys)
{
    return SAVE_PAGE_BYTES * (uint64_t)qatomic_read(&sys->save_pages) +
           sizeof(uint32_t) * ((uint64_t)qatomic_read(&sys->save_dirty) +
                               qatomic_read(&sys->save_queued));
}

/* --- pages and lists --- */

static GICv5ISTPage *find_page(const GICv5IST *ist, uint32_t index)
{
    GICv5ISTPage **chunk = ist->dir[index / GICV5_IST_DIR_SIZE];

    return chunk ? chunk[index % GICV5_IST_DIR_SIZE] : NULL;
}

static bool page_is_dirty(const GICv5ISTPage *page)
{
    return !bitmap_empty(page->dirty, GICV5_IST_PAGE_LPIS);
}

/* Put the page into the list that it belongs to now */
static void page_relist(GICv5ISTPage *page)
{
    GICv5System *sys = page->space->sys;
    GICv5IST *ist = &page->space->lpi;
    unsigned list = page->queued ? GICV5_PAGES_QUEUED :
                    page_is_dirty(page) ? GICV5_PAGES_DIRTY :
                    GICV5_PAGES_CLEAN;

    if (list == page->list) {
        return;
    }
    add_counter(&sys->save_pages, (list != GICV5_PAGES_CLEAN) -
                                  (page->list != GICV5_PAGES_CLEAN));
    QTAILQ_REMOVE(&ist->pages[page->list], page, link);
    QTAILQ_INSERT_TAIL(&ist->pages[list], page, link);
    page->list = list;
}

static void page_free(GICv5ISTPage *page)
{
    GICv5System *sys = page->space->sys;
    GICv5IST *ist = &page->space->lpi;

    assert(!page->queued);
    add_counter(&sys->save_dirty,
                -(int)bitmap_count_one(page->dirty, GICV5_IST_PAGE_LPIS));
    add_counter(&sys->save_pages, -(page->list != GICV5_PAGES_CLEAN));
    QTAILQ_REMOVE(&ist->pages[page->list], page, link);
    ist->dir[page->index / GICV5_IST_DIR_SIZE]
            [page->index % GICV5_IST_DIR_SIZE] = NULL;
    ist->memory -= page_bytes(ist);
    g_free(page);
}

void gicv5_ist_changed(GICv5Space *sp, uint32_t id, GICv5Node *n, int queued,
                       bool dirty)
{
    uint32_t i = in_page(&sp->lpi, id);
    GICv5ISTPage *page = container_of(n - i, GICv5ISTPage, node[0]);

    page->queued += queued;
    add_counter(&sp->sys->save_queued, queued);
    if (dirty && !test_and_set_bit(i, page->dirty)) {
        add_counter(&sp->sys->save_dirty, 1);
    }
    page_relist(page);
}

/* --- guest memory --- */

static void log_not_ram(const GICv5Space *sp, const char *what, uint32_t id,
                        uint64_t addr)
{
    qemu_log_mask(LOG_GUEST_ERROR, "gicv5: domain %d: LPI %u: %s at 0x%" PRIx64
                  " is not in RAM\n", sp->domain, id, what, addr);
}

static void report_swerr(const GICv5Space *sp, GICv5SWErr ec, uint32_t id,
                         uint64_t addr)
{
    log_not_ram(sp, ec == GICV5_SWERR_L2_ISTE ? "L2 ISTE" : "L1 ISTE", id,
                addr);
    sp->sys->ops->swerr(sp->sys->opaque, sp->domain, ec, id, addr);
}

/*
 * Guest address of the first ISTE of a page, or false. Pages never cross a
 * level 2 table, because page_bits is at most l2_bits.
 *
 * @l1_addr: address of the L1 ISTE of a two-level table
 * @is_error: it is not in RAM; if false, L1 says that there is no table
 */
static bool page_addr(const GICv5Space *sp, uint32_t index, uint64_t *addr,
                      uint64_t *l1_addr, bool *is_error)
{
    const GICv5IST *ist = &sp->lpi;
    uint32_t id = page_first_id(ist, index);
    uint64_t l1e;

    *is_error = false;
    *addr = ist->base;
    if (ist->cfg.two_level) {
        *l1_addr = ist->base + (id >> ist->l2_bits) * sizeof(l1e);
        /* Software may write it at the same time. */
        if (!sp->sys->ops->read64(sp->sys->opaque, sp->domain, *l1_addr,
                                  &l1e)) {
            *is_error = true;
            return false;
        }
        if (!(l1e & R_L1_ISTE_VALID_MASK)) {
            return false;
        }
        *addr = l1e & R_L1_ISTE_L2_ADDR_MASK;
        id &= (1u << ist->l2_bits) - 1;
    }
    *addr += (uint64_t)id << ist->cfg.entry_shift;
    return true;
}

/* The same, with an error report; a page that is there knows it already. */
static bool need_addr(const GICv5Space *sp, GICv5ISTPage *page, uint32_t id)
{
    uint64_t l1_addr;
    bool is_error;

    if (page->addr == GICV5_IST_ADDR_UNKNOWN &&
        !page_addr(sp, page->index, &page->addr, &l1_addr, &is_error)) {
        page->addr = GICV5_IST_ADDR_UNKNOWN;
        /* It was there when the state was loaded, before a migration. */
        report_swerr(sp, GICV5_SWERR_L1_ISTE_READ, id, l1_addr);
        return false;
    }
    return true;
}

/* State words of @count LPIs; metadata of larger ISTEs is left alone. */
static bool read_words(const GICv5Space *sp, uint64_t addr, uint32_t *words,
                       uint32_t count)
{
    unsigned shift = sp->lpi.cfg.entry_shift;
    uint8_t buf[GICV5_IST_PAGE_LPIS << MAX_ENTRY_SHIFT];

    if (!sp->sys->ops->read(sp->sys->opaque, sp->domain, addr, buf,
                            (size_t)count << shift)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        words[i] = gicv5_space_sanitize_word(sp, ldl_le_p(buf +
                                                      ((size_t)i << shift)));
    }
    return true;
}

static bool write_words(const GICv5Space *sp, uint64_t addr,
                        const GICv5Node *n, uint32_t count)
{
    unsigned shift = sp->lpi.cfg.entry_shift;
    uint32_t buf[GICV5_IST_PAGE_LPIS];
    bool ok = true;

    for (uint32_t i = 0; i < count; i++) {
        buf[i] = cpu_to_le32(n[i].word);
    }
    if (shift == 2) {
        return sp->sys->ops->write(sp->sys->opaque, sp->domain, addr, buf,
                                   count * sizeof(buf[0]));
    }
    for (uint32_t i = 0; i < count; i++) {
        ok &= sp->sys->ops->write(sp->sys->opaque, sp->domain,
                                  addr + ((uint64_t)i << shift), &buf[i],
                                  sizeof(buf[0]));
    }
    return ok;
}

/*
 * Write what differs from memory. Where memory will not take it the state is
 * lost, as the architecture has no way to keep it.
 */
static void page_write_back(GICv5ISTPage *page)
{
    const GICv5Space *sp = page->space;
    const GICv5IST *ist = &sp->lpi;
    uint32_t size = gicv5_ist_page_size(ist);
    uint32_t first = find_first_bit(page->dirty, size);
    bool bad = false;

    if (first >= size || sp->sys->cfg.container ||
        !need_addr(sp, page, page_first_id(ist, page->index) + first)) {
        return;
    }
    while (first < size) {
        uint32_t end = find_next_zero_bit(page->dirty, size, first);
        uint64_t addr = page->addr + ((uint64_t)first << ist->cfg.entry_shift);

        if (!write_words(sp, addr, &page->node[first], end - first) && !bad) {
            report_swerr(sp, GICV5_SWERR_L2_ISTE,
                         page_first_id(ist, page->index) + first, addr);
            bad = true;
        }
        first = find_next_bit(page->dirty, size, end);
    }
}

/* --- loading --- */

/* Let another page go, the best that can */
static bool drop_a_page(GICv5IST *ist)
{
    GICv5ISTPage *page = QTAILQ_FIRST(&ist->pages[GICV5_PAGES_CLEAN]);

    if (!page) {
        page = QTAILQ_FIRST(&ist->pages[GICV5_PAGES_DIRTY]);
        if (!page) {
            return false;
        }
        page_write_back(page);
    }
    trace_gicv5_ist_page_drop(page->space->domain,
                              page_first_id(ist, page->index), page->list ==
                              GICV5_PAGES_DIRTY);
    page_free(page);
    return true;
}

/*
 * A page without state, or NULL if there is no memory for it. Whatever a
 * guest does, running out must not end QEMU.
 */
static GICv5ISTPage *page_new(GICv5Space *sp, uint32_t index, bool make_room)
{
    const GICv5EngineConfig *cfg = &sp->sys->cfg;
    GICv5IST *ist = &sp->lpi;
    size_t bytes = page_bytes(ist);
    GICv5ISTPage ***chunk = &ist->dir[index / GICV5_IST_DIR_SIZE];
    GICv5ISTPage *page = NULL;

    /* Each domain has its share: none can use up another's. */
    if (cfg->lpi_memory &&
        ist->memory + bytes > cfg->lpi_memory / ctpop8(cfg->domains) &&
        (!make_room || !drop_a_page(ist))) {
        goto fail;
    }
    if (!*chunk) {
        *chunk = g_try_new0(GICv5ISTPage *, GICV5_IST_DIR_SIZE);
    }
    if (*chunk) {
        page = g_try_malloc0(bytes);
    }
    if (!page) {
        goto fail;
    }
    page->space = sp;
    page->index = index;
    page->addr = GICV5_IST_ADDR_UNKNOWN;
    page->list = GICV5_PAGES_CLEAN;
    ist->memory += bytes;
    QTAILQ_INSERT_TAIL(&ist->pages[page->list], page, link);
    (*chunk)[index % GICV5_IST_DIR_SIZE] = page;
    return page;

fail:
    trace_gicv5_ist_no_memory(sp->domain, page_first_id(ist, index));
    return NULL;
}

/* The LPIs [@first, @first + @count) of the page get these words. */
static void adopt_words(GICv5ISTPage *page, uint32_t first,
                        const uint32_t *words, uint32_t count)
{
    GICv5Space *sp = page->space;
    uint32_t id = page_first_id(&sp->lpi, page->index) + first;
    bool outer = gicv5_space_begin_batch(sp);

    for (uint32_t i = 0; i < count; i++) {
        set_bit(first + i, page->loaded);
        gicv5_adopt_word(sp, gicv5_intid(GICV5_TYPE_LPI, id + i),
                         &page->node[first + i], words[i]);
    }
    gicv5_space_end_batch(sp, outer);
}

/*
 * A page whose LPI @id is named for the first time. If all of it cannot be
 * read, each LPI fares on its own.
 *
 * Not inlined, nor is load_lpi(): their stack frames would cost each use of an
 * LPI that is loaded.
 */
static __attribute__((noinline))
GICv5ISTPage *load_page(GICv5Space *sp, uint32_t id)
{
    GICv5IST *ist = &sp->lpi;
    uint32_t index = id >> ist->page_bits;
    uint32_t size = gicv5_ist_page_size(ist);
    uint32_t i = in_page(ist, id);
    uint32_t words[GICV5_IST_PAGE_LPIS];
    uint64_t addr, l1_addr;
    GICv5ISTPage *page;
    bool whole, is_error;

    if (sp->sys->cfg.container) {
        return page_new(sp, index, false);
    }
    if (!page_addr(sp, index, &addr, &l1_addr, &is_error)) {
        if (is_error) {
            report_swerr(sp, GICV5_SWERR_L1_ISTE_READ, id, l1_addr);
        }
        return NULL;
    }
    whole = read_words(sp, addr, words, size);
    if (!whole && !read_words(sp, addr + ((uint64_t)i << ist->cfg.entry_shift),
                              &words[i], 1)) {
        report_swerr(sp, GICV5_SWERR_L2_ISTE, id,
                     addr + ((uint64_t)i << ist->cfg.entry_shift));
        return NULL;
    }
    page = page_new(sp, index, true);
    if (!page) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: domain %d: LPI %u: no memory "
                      "for its state: pending LPIs take all of lpi-memory, or "
                      "the host has none\n", sp->domain, id);
        sp->sys->ops->swerr(sp->sys->opaque, sp->domain, GICV5_SWERR_L2_ISTE,
                            id, addr + ((uint64_t)i << ist->cfg.entry_shift));
        return NULL;
    }
    trace_gicv5_ist_page_load(sp->domain, page_first_id(ist, index), addr,
                              whole);
    page->addr = addr;
    if (whole) {
        adopt_words(page, 0, words, size);
    } else {
        adopt_words(page, i, &words[i], 1);
    }
    return page;
}

/* One more LPI of a page that is there */
static __attribute__((noinline))
bool load_lpi(GICv5Space *sp, GICv5ISTPage *page, uint32_t id)
{
    GICv5IST *ist = &sp->lpi;
    uint32_t i = in_page(ist, id);
    uint64_t addr;
    uint32_t word;

    if (sp->sys->cfg.container) {
        word = 0;
    } else if (!need_addr(sp, page, id)) {
        return false;
    } else {
        addr = page->addr + ((uint64_t)i << ist->cfg.entry_shift);
        if (!read_words(sp, addr, &word, 1)) {
            report_swerr(sp, GICV5_SWERR_L2_ISTE, id, addr);
            return false;
        }
    }
    adopt_words(page, i, &word, 1);
    return true;
}

GICv5Node *gicv5_ist_node(GICv5Space *sp, uint32_t id)
{
    GICv5IST *ist = &sp->lpi;
    GICv5ISTPage *page;

    if (!ist->valid || id >> ist->cfg.id_bits) {
        return NULL;
    }
    page = find_page(ist, id >> ist->page_bits);
    if (unlikely(!page)) {
        page = load_page(sp, id);
        if (!page) {
            return NULL;
        }
    }
    if (unlikely(!test_bit(in_page(ist, id), page->loaded)) &&
        !load_lpi(sp, page, id)) {
        return NULL;
    }
    return &page->node[in_page(ist, id)];
}

GICv5Node *gicv5_ist_queued_node(GICv5Space *sp, uint32_t id)
{
    GICv5IST *ist = &sp->lpi;

    return &find_page(ist, id >> ist->page_bits)->node[in_page(ist, id)];
}

bool gicv5_ist_peek(const GICv5Space *sp, uint32_t id, uint32_t *word)
{
    const GICv5IST *ist = &sp->lpi;
    const GICv5ISTPage *page;
    uint64_t addr, l1_addr;
    bool is_error;
    uint32_t i;

    if (!ist->valid || id >> ist->cfg.id_bits) {
        return false;
    }
    i = in_page(ist, id);
    page = find_page(ist, id >> ist->page_bits);
    if (page && test_bit(i, page->loaded)) {
        *word = page->node[i].word;
        return true;
    }
    if (sp->sys->cfg.container) {
        *word = 0;
        return true;
    }
    if (page && page->addr != GICV5_IST_ADDR_UNKNOWN) {
        addr = page->addr;
    } else if (!page_addr(sp, id >> ist->page_bits, &addr, &l1_addr,
                          &is_error)) {
        return false;
    }
    return read_words(sp, addr + ((uint64_t)i << ist->cfg.entry_shift), word,
                      1);
}

/* --- VALID --- */

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
    ist->page_bits = MIN(ist->l2_bits, GICV5_IST_PAGE_BITS);
    for (unsigned i = 0; i < GICV5_NUM_PAGE_LISTS; i++) {
        QTAILQ_INIT(&ist->pages[i]);
    }
    ist->dir = g_try_new0(GICv5ISTPage **, GICV5_IST_DIR_SIZE);
    if (!ist->dir) {
        qemu_log("gicv5: no memory for an IST\n");
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
    ist_create(sp, base, cfg);
}

void gicv5_ist_set_invalid(GICv5Space *sp)
{
    GICv5ISTPage *page;

    if (!sp->lpi.valid) {
        return;
    }
    for (unsigned i = 0; i < GICV5_NUM_PAGE_LISTS; i++) {
        QTAILQ_FOREACH(page, &sp->lpi.pages[i], link) {
            page_write_back(page);
        }
    }
    gicv5_ist_drop(sp);
}

void gicv5_ist_drop(GICv5Space *sp)
{
    GICv5IST *ist = &sp->lpi;
    GICv5ISTPage *page, *next;
    bool outer;

    if (!ist->valid) {
        return;
    }
    trace_gicv5_ist_invalid(sp->domain, ist->base);

    outer = gicv5_space_begin_batch(sp);
    QTAILQ_FOREACH_SAFE(page, &ist->pages[GICV5_PAGES_QUEUED], link, next) {
        /* Takes each LPI out of its pending set */
        for (uint32_t i = 0; page->queued; i++) {
            gicv5_adopt_word(sp, gicv5_intid(GICV5_TYPE_LPI, i +
                                             page_first_id(ist, page->index)),
                             &page->node[i], 0);
        }
    }
    gicv5_space_end_batch(sp, outer);
    for (unsigned i = 0; i < GICV5_NUM_PAGE_LISTS; i++) {
        QTAILQ_FOREACH_SAFE(page, &ist->pages[i], link, next) {
            page_free(page);
        }
    }
    for (unsigned i = 0; i < GICV5_IST_DIR_SIZE; i++) {
        g_free(ist->dir[i]);
    }
    g_clear_pointer(&ist->dir, g_free);
    ist->valid = false;
}

void gicv5_ist_map_l2(GICv5Space *sp, uint32_t id)
{
    GICv5IST *ist = &sp->lpi;
    const GICv5EngineOps *ops = sp->sys->ops;
    uint64_t addr, l1e;

    if (!ist->valid || !ist->cfg.two_level || id >> ist->cfg.id_bits) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: MAP_L2_ISTR of LPI %u ignored: "
                      "no level 2 table covers it\n", id);
        return;
    }
    addr = ist->base + (id >> ist->l2_bits) * sizeof(l1e);
    if (!ops->read64(sp->sys->opaque, sp->domain, addr, &l1e)) {
        goto fail;
    }
    /* Software reads VALID from memory to see that the table is there. */
    if (!(l1e & R_L1_ISTE_VALID_MASK) &&
        !ops->set64(sp->sys->opaque, sp->domain, addr, R_L1_ISTE_VALID_MASK,
                    &l1e)) {
        goto fail;
    }
    trace_gicv5_ist_map_l2(sp->domain, id, l1e & R_L1_ISTE_L2_ADDR_MASK);
    return;

fail:
    report_swerr(sp, GICV5_SWERR_L1_ISTE_MAP, id, addr);
}

/* --- migration --- */

bool gicv5_ist_must_send(const GICv5ISTPage *page, unsigned long *send)
{
    const GICv5IST *ist = &page->space->lpi;

    bitmap_copy(send, page->dirty, GICV5_IST_PAGE_LPIS);
    for (uint32_t i = 0; page->queued && i < gicv5_ist_page_size(ist); i++) {
        if (gicv5_space_is_queued(page->space, page->node[i].word)) {
            set_bit(i, send);
        }
    }
    return !bitmap_empty(send, GICV5_IST_PAGE_LPIS);
}

const GICv5ISTPage *gicv5_ist_next_page(const GICv5IST *ist, uint32_t index)
{
    while (index < gicv5_ist_num_pages(ist)) {
        const GICv5ISTPage *page;

        if (!ist->dir[index / GICV5_IST_DIR_SIZE]) {
            index = ROUND_UP(index + 1, GICV5_IST_DIR_SIZE);
            continue;
        }
        page = find_page(ist, index++);
        if (page) {
            return page;
        }
    }
    return NULL;
}

bool gicv5_ist_get_words(const GICv5IST *ist, uint32_t index,
                         uint32_t *words)
{
    const GICv5ISTPage *page = find_page(ist, index);
    uint32_t any = 0;

    for (uint32_t i = 0; page && i < gicv5_ist_page_size(ist); i++) {
        words[i] = page->node[i].word;
        any |= words[i];
    }
    return any;
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

bool gicv5_ist_restore_page(GICv5Space *sp, uint32_t index,
                            const unsigned long *send,
                            const unsigned long *dirty, const uint32_t *words)
{
    GICv5IST *ist = &sp->lpi;
    uint32_t size = gicv5_ist_page_size(ist);
    GICv5ISTPage *page = NULL;

    if (!find_page(ist, index)) {
        page = page_new(sp, index, false);
    }
    if (!page) {
        return false;
    }
    for (uint32_t i = find_first_bit(send, size); i < size;
         i = find_next_bit(send, size, i + 1)) {
        adopt_words(page, i, &words[i], 1);
        if (test_bit(i, dirty)) {
            gicv5_ist_changed(sp, page_first_id(ist, index) + i,
                              &page->node[i], 0, true);
        }
    }
    return true;
}

bool gicv5_ist_restore_words(GICv5Space *sp, uint32_t index,
                             const uint32_t *words)
{
    DECLARE_BITMAP(all, GICV5_IST_PAGE_LPIS);

    bitmap_fill(all, GICV5_IST_PAGE_LPIS);
    return gicv5_ist_restore_page(sp, index, all, all, words);
}

bool gicv5_ist_restore_zero(GICv5Space *sp, uint32_t index, uint64_t addr)
{
    const uint32_t zero[GICV5_IST_PAGE_LPIS] = {};
    uint32_t words[GICV5_IST_PAGE_LPIS] = {};
    uint32_t size = gicv5_ist_page_size(&sp->lpi);
    DECLARE_BITMAP(send, GICV5_IST_PAGE_LPIS) = {};

    if (find_page(&sp->lpi, index)) {
        return true;
    }
    if (!read_words(sp, addr, words, size)) {
        for (uint32_t i = 0; i < size; i++) {
            read_words(sp, addr + ((uint64_t)i << sp->lpi.cfg.entry_shift),
                       &words[i], 1);
        }
    }
    for (uint32_t i = 0; i < size; i++) {
        if (words[i]) {
            set_bit(i, send);
        }
    }
    return bitmap_empty(send, GICV5_IST_PAGE_LPIS) ||
           gicv5_ist_restore_page(sp, index, send, send, zero);
}

void gicv5_ist_restore_end(GICv5Space *sp)
{
    gicv5_space_end_batch(sp, true);
}

/* --- checking --- */

static bool check_page(const GICv5ISTPage *page, unsigned list,
                       uint32_t *queued)
{
    const GICv5IST *ist = &page->space->lpi;
    DECLARE_BITMAP(stray, GICV5_IST_PAGE_LPIS);
    uint32_t n = 0;

    for (uint32_t i = 0; i < gicv5_ist_page_size(ist); i++) {
        n += gicv5_space_is_queued(page->space, page->node[i].word);
    }
    *queued += n;
    return find_page(ist, page->index) == page && page->list == list &&
           page->queued == n && (list == GICV5_PAGES_QUEUED) == (n != 0) &&
           (n || (list == GICV5_PAGES_DIRTY) == page_is_dirty(page)) &&
           !bitmap_andnot(stray, page->dirty, page->loaded,
                          GICV5_IST_PAGE_LPIS);
}

bool gicv5_ist_check(const GICv5System *sys)
{
    uint32_t pages = 0, dirty = 0, queued = 0;

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        const GICv5IST *ist = &sys->space[d].lpi;
        uint64_t memory = 0;

        for (unsigned list = 0; ist->valid && list < GICV5_NUM_PAGE_LISTS;
             list++) {
            const GICv5ISTPage *page;

            QTAILQ_FOREACH(page, &ist->pages[list], link) {
                if (!check_page(page, list, &queued)) {
                    fprintf(stderr, "gicv5: domain %u: page %u is not what "
                            "its list says\n", d, page->index);
                    return false;
                }
                memory += page_bytes(ist);
                pages += list != GICV5_PAGES_CLEAN;
                dirty += bitmap_count_one(page->dirty, GICV5_IST_PAGE_LPIS);
            }
        }
        if (memory != ist->memory) {
            fprintf(stderr, "gicv5: domain %u: memory is counted wrong\n", d);
            return false;
        }
    }
    if (pages != sys->save_pages || dirty != sys->save_dirty ||
        queued != sys->save_queued) {
        fprintf(stderr, "gicv5: counters of pages are wrong\n");
        return false;
    }
    return true;
}
