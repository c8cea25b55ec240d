/*
 * Arm GICv5 interrupt engine: interrupt state tables in guest memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "engine_internal.h"
#include "trace.h"

/* Level 1 ISTE */
FIELD(L1_ISTE, VALID, 0, 1)
FIELD(L1_ISTE, L2_ADDR, 12, 44)

#define MAX_ENTRY_SHIFT 4

bool gicv5_ist_l1e_is_valid(uint64_t l1e)
{
    return (l1e & R_L1_ISTE_VALID_MASK) &&
           !(l1e & ~(R_L1_ISTE_VALID_MASK | R_L1_ISTE_L2_ADDR_MASK));
}

uint64_t gicv5_ist_l1e_addr(uint64_t l1e)
{
    return l1e & R_L1_ISTE_L2_ADDR_MASK;
}

const char *gicv5_ist_what(const GICv5IST *ist)
{
    if (!ist->space->vm) {
        return "LPI";
    }
    return ist->type == GICV5_TYPE_LPI ? "a VM's LPI" : "a VM's SPI";
}

void gicv5_ist_record(const GICv5IST *ist, GICv5SWErr ec, uint32_t id,
                      uint64_t addr)
{
    const GICv5Space *sp = ist->space;

    if (!sp->vm) {
        sp->sys->ops->swerr(sp->sys->opaque, sp->domain, ec, id, addr);
    }
}

static void log_not_ram(const GICv5IST *ist, const char *what, uint32_t id,
                        uint64_t addr)
{
    qemu_log_mask(LOG_GUEST_ERROR, "gicv5: domain %d: %s %u: %s at 0x%" PRIx64
                  " is not in RAM\n", ist->space->domain, gicv5_ist_what(ist),
                  id, what, addr);
}

void gicv5_ist_swerr(const GICv5IST *ist, GICv5SWErr ec, uint32_t id,
                     uint64_t addr)
{
    log_not_ram(ist, ec == GICV5_SWERR_L2_ISTE ? "L2 ISTE" : "L1 ISTE", id,
                addr);
    gicv5_ist_record(ist, ec, id, addr);
}

/* Pages never cross a level 2 table, because page_bits is at most l2_bits. */
bool gicv5_ist_page_addr(const GICv5IST *ist, uint32_t index, uint64_t *addr,
                         uint64_t *l1_addr, bool *is_error)
{
    const GICv5Space *sp = ist->space;
    uint32_t id = gicv5_ist_first_id(ist, index);
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

bool gicv5_ist_need_addr(GICv5ISTPage *page, uint32_t id)
{
    uint64_t l1_addr;
    bool is_error;

    if (page->addr == GICV5_IST_ADDR_UNKNOWN &&
        !gicv5_ist_page_addr(page->ist, page->index, &page->addr, &l1_addr,
                             &is_error)) {
        page->addr = GICV5_IST_ADDR_UNKNOWN;
        /* It was there when the state was loaded, before a migration. */
        gicv5_ist_swerr(page->ist, GICV5_SWERR_L1_ISTE_READ, id, l1_addr);
        return false;
    }
    return true;
}

/* Metadata of larger ISTEs is left alone. */
bool gicv5_ist_read_words(const GICv5IST *ist, uint64_t addr, uint32_t *words,
                          uint32_t count)
{
    const GICv5System *sys = ist->space->sys;
    unsigned shift = ist->cfg.entry_shift;
    uint8_t buf[GICV5_IST_PAGE_SIZE << MAX_ENTRY_SHIFT];

    if (!sys->ops->read(sys->opaque, ist->space->domain, addr, buf,
                        (size_t)count << shift)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        words[i] = gicv5_sanitize_word(ist->space,
                                       ldl_le_p(buf + ((size_t)i << shift)));
    }
    return true;
}

/*
 * Write what differs from entry @first to @last, which do, in one access: each
 * invalidates what QEMU has translated of the memory around it, which can take
 * as long as a guest wants. What is between is written as it was read; software
 * does not write to a table that is valid.
 */
static bool write_range(const GICv5ISTPage *page, uint32_t first, uint32_t last,
                        uint64_t addr)
{
    const GICv5IST *ist = page->ist;
    const GICv5System *sys = ist->space->sys;
    GICv5Domain domain = ist->space->domain;
    unsigned shift = ist->cfg.entry_shift;
    size_t len = ((size_t)(last - first) << shift) + sizeof(uint32_t);
    uint8_t buf[GICV5_IST_PAGE_SIZE << MAX_ENTRY_SHIFT];

    if (last > first &&
        (shift != 2 ||
         find_next_zero_bit(page->dirty, last, first) < last) &&
        !sys->ops->read(sys->opaque, domain, addr, buf, len)) {
        return false;
    }
    for (uint32_t i = first; i <= last;
         i = find_next_bit(page->dirty, last + 1, i + 1)) {
        stl_le_p(buf + ((size_t)(i - first) << shift), page->node[i].word);
    }
    return sys->ops->write(sys->opaque, domain, addr, buf, len);
}

bool gicv5_ist_write_back(GICv5ISTPage *page)
{
    const GICv5IST *ist = page->ist;
    uint32_t size = gicv5_ist_page_size(ist);
    uint32_t first_id = gicv5_ist_first_id(ist, page->index);
    uint32_t first = find_first_bit(page->dirty, size);
    uint32_t last;
    bool bad = false;

    if (first >= size || ist->space->sys->cfg.container) {
        return true;
    }
    if (!gicv5_ist_need_addr(page, first_id + first)) {
        return false;
    }
    last = find_last_bit(page->dirty, size);
    if (last > first &&
        write_range(page, first, last, page->addr +
                    ((uint64_t)first << ist->cfg.entry_shift))) {
        return true;
    }
    /* One, or not all of it is RAM: each fares on its own. */
    for (; first < size; first = find_next_bit(page->dirty, size, first + 1)) {
        uint64_t addr = page->addr + ((uint64_t)first << ist->cfg.entry_shift);

        if (!write_range(page, first, first, addr) && !bad) {
            gicv5_ist_swerr(ist, GICV5_SWERR_L2_ISTE, first_id + first, addr);
            bad = true;
        }
    }
    return !bad;
}

void gicv5_ist_map_l2(GICv5IST *ist, uint32_t id)
{
    const GICv5Space *sp = ist->space;
    const GICv5EngineOps *ops = sp->sys->ops;
    uint64_t addr, l1e;

    if (!ist->valid || !ist->cfg.two_level || id >> ist->cfg.id_bits) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: level 2 table of %s %u not "
                      "mapped: none covers it\n", gicv5_ist_what(ist), id);
        return;
    }
    addr = ist->base + (id >> ist->l2_bits) * sizeof(l1e);
    if (!ops->read64(sp->sys->opaque, sp->domain, addr, &l1e)) {
        goto fail;
    }
    /* Software reads VALID from memory to see that the table is there. */
    if (!(l1e & R_L1_ISTE_VALID_MASK) &&
        !ops->modify64(sp->sys->opaque, sp->domain, addr, R_L1_ISTE_VALID_MASK,
                       R_L1_ISTE_VALID_MASK, &l1e)) {
        goto fail;
    }
    trace_gicv5_ist_map_l2(sp->domain, gicv5_vm_of(sp), gicv5_ist_type(ist), id,
                           l1e & R_L1_ISTE_L2_ADDR_MASK);
    return;

fail:
    gicv5_ist_swerr(ist, GICV5_SWERR_L1_ISTE_MAP, id, addr);
}

