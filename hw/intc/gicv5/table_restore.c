/*
 * Arm GICv5 interrupt engine: interrupt state tables in a migration
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "engine_internal.h"

/* Of the stream: number and two bitmaps of each page, with some to spare */
#define SAVE_PAGE_BYTES 80
/* A VM with its doorbell and what its two tables begin with, and a VPE */
#define SAVE_VM_BYTES 80
#define SAVE_VPE_BYTES 32

uint64_t gicv5_system_save_size(const GICv5System *sys)
{
    return SAVE_PAGE_BYTES * (uint64_t)qatomic_read(&sys->save_pages) +
           SAVE_VM_BYTES * (uint64_t)qatomic_read(&sys->save_vms) +
           SAVE_VPE_BYTES * (uint64_t)qatomic_read(&sys->save_vpes) +
           sizeof(uint32_t) * ((uint64_t)qatomic_read(&sys->save_dirty) +
                               qatomic_read(&sys->save_queued));
}

/* --- saving --- */

/* The first page from number @index on, or NULL */
static const GICv5ISTPage *next_page(const GICv5IST *ist, uint32_t index)
{
    while (index < gicv5_ist_num_pages(ist)) {
        const GICv5ISTPage *page;

        if (!ist->dir[index / GICV5_IST_DIR_SIZE]) {
            index = ROUND_UP(index + 1, GICV5_IST_DIR_SIZE);
            continue;
        }
        page = gicv5_ist_page(ist, index++);
        if (page) {
            return page;
        }
    }
    return NULL;
}

static bool get_part(const GICv5ISTPage *page, GICv5ISTPart *part)
{
    const GICv5IST *ist = page->ist;
    uint32_t size = gicv5_ist_page_size(ist);

    part->index = page->index;
    bitmap_copy(part->dirty, page->dirty, GICV5_IST_PAGE_SIZE);
    bitmap_copy(part->send, page->dirty, GICV5_IST_PAGE_SIZE);
    for (uint32_t i = 0; page->queued && i < size; i++) {
        if (gicv5_is_queued(ist->space, page->node[i].word)) {
            set_bit(i, part->send);
        }
    }
    for (uint32_t i = find_first_bit(part->send, size); i < size;
         i = find_next_bit(part->send, size, i + 1)) {
        part->words[i] = page->node[i].word;
    }
    return !bitmap_empty(part->send, GICV5_IST_PAGE_SIZE);
}

bool gicv5_ist_next_part(const GICv5IST *ist, uint32_t index,
                         GICv5ISTPart *part)
{
    const GICv5ISTPage *page;

    while ((page = next_page(ist, index))) {
        if (get_part(page, part)) {
            return true;
        }
        index = page->index + 1;
    }
    return false;
}

bool gicv5_ist_get_words(const GICv5IST *ist, uint32_t index,
                         uint32_t *words)
{
    const GICv5ISTPage *page = gicv5_ist_page(ist, index);
    uint32_t any = 0;

    for (uint32_t i = 0; page && i < gicv5_ist_page_size(ist); i++) {
        words[i] = page->node[i].word;
        any |= words[i];
    }
    return any;
}

/* --- loading --- */

bool gicv5_ist_restore_begin(GICv5IST *ist, uint64_t base,
                             const GICv5ISTConfig *cfg)
{
    if (!gicv5_ist_create(ist, base, cfg)) {
        return false;
    }
    gicv5_begin_batch(ist->space->sys);
    return true;
}

bool gicv5_ist_restore_part(GICv5IST *ist, const GICv5ISTPart *part)
{
    uint32_t size = gicv5_ist_page_size(ist);
    GICv5ISTPage *page = NULL;

    if (!gicv5_ist_page(ist, part->index)) {
        page = gicv5_ist_page_new(ist, part->index, false);
    }
    if (!page) {
        return false;
    }
    for (uint32_t i = find_first_bit(part->send, size); i < size;
         i = find_next_bit(part->send, size, i + 1)) {
        gicv5_ist_adopt_words(page, i, &part->words[i], 1);
        if (test_bit(i, part->dirty)) {
            gicv5_ist_changed(ist, gicv5_ist_first_id(ist, part->index) + i,
                              &page->node[i], 0, true);
        }
    }
    return true;
}

bool gicv5_ist_restore_words(GICv5IST *ist, uint32_t index,
                             const uint32_t *words)
{
    uint32_t size = gicv5_ist_page_size(ist);
    GICv5ISTPart part = { .index = index };

    bitmap_set(part.send, 0, size);
    bitmap_set(part.dirty, 0, size);
    memcpy(part.words, words, size * sizeof(words[0]));
    return gicv5_ist_restore_part(ist, &part);
}

/* Page @index, whose first ISTE is at @addr, is zero. */
static bool restore_zero(GICv5IST *ist, uint32_t index, uint64_t addr)
{
    uint32_t size = gicv5_ist_page_size(ist);
    GICv5ISTPart part = { .index = index };
    uint32_t words[GICV5_IST_PAGE_SIZE] = {};

    if (gicv5_ist_page(ist, index)) {
        return true;
    }
    if (!gicv5_ist_read_words(ist, addr, words, size)) {
        for (uint32_t i = 0; i < size; i++) {
            gicv5_ist_read_words(ist, addr +
                                 ((uint64_t)i << ist->cfg.entry_shift),
                                 &words[i], 1);
        }
    }
    for (uint32_t i = 0; i < size; i++) {
        if (words[i]) {
            set_bit(i, part.send);
            set_bit(i, part.dirty);
        }
    }
    return bitmap_empty(part.send, GICV5_IST_PAGE_SIZE) ||
           gicv5_ist_restore_part(ist, &part);
}

bool gicv5_ist_restore_zeros(GICv5IST *ist, const uint64_t *l1)
{
    for (uint32_t p = 0; p < gicv5_ist_num_pages(ist); p++) {
        uint64_t id = gicv5_ist_first_id(ist, p);
        uint64_t base = ist->base;

        if (ist->cfg.two_level) {
            base = l1[id >> ist->l2_bits];
            if (!base) {
                continue;
            }
            base = gicv5_ist_l1e_addr(base);
            id &= (1u << ist->l2_bits) - 1;
        }
        if (!restore_zero(ist, p, base + (id << ist->cfg.entry_shift))) {
            return false;
        }
    }
    return true;
}

void gicv5_ist_restore_end(GICv5System *sys)
{
    gicv5_end_batch(sys, true);
}
