/*
 * Test rig for the GICv5 interrupt engine
 *
 * Besides recording what the engine does, the callbacks check what holds for
 * every change of a candidate: it is a change, the PE's IRS has IRSEN set,
 * and no interrupt is offered to two PEs, or in two domains, at a time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "gicv5-rig.h"

typedef struct RigPage {
    bool no_read;
    bool no_write;
    uint8_t data[RIG_PAGE_SIZE];
} RigPage;

/* --- memory ---------------------------------------------------------- */

static gpointer page_key(uint64_t addr)
{
    return (gpointer)(uintptr_t)(addr >> RIG_PAGE_BITS);
}

static RigPage *find_page(const RigMemory *m, uint64_t addr)
{
    return g_hash_table_lookup(m->pages, page_key(addr));
}

static RigPage *make_page(RigMemory *m, uint64_t addr)
{
    RigPage *p = find_page(m, addr);

    if (!p) {
        p = g_new0(RigPage, 1);
        g_hash_table_insert(m->pages, page_key(addr), p);
    }
    return p;
}

static void init_memory(RigMemory *m)
{
    m->pages = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    m->low = 0;
    m->high = UINT64_MAX;
}

void rig_mem_free(RigMemory *m)
{
    g_hash_table_destroy(m->pages);
}

void rig_mem_clear(RigMemory *m)
{
    g_hash_table_remove_all(m->pages);
}

static size_t in_page(uint64_t addr, size_t len)
{
    return MIN(len, RIG_PAGE_SIZE - (addr & (RIG_PAGE_SIZE - 1)));
}

void rig_mem_read(const RigMemory *m, uint64_t addr, void *buf, size_t len)
{
    uint8_t *out = buf;

    while (len) {
        size_t n = in_page(addr, len);
        const RigPage *p = find_page(m, addr);

        if (p) {
            memcpy(out, p->data + (addr & (RIG_PAGE_SIZE - 1)), n);
        } else {
            memset(out, 0, n);
        }
        out += n;
        addr += n;
        len -= n;
    }
}

void rig_mem_write(RigMemory *m, uint64_t addr, const void *buf, size_t len)
{
    const uint8_t *in = buf;

    while (len) {
        size_t n = in_page(addr, len);
        RigPage *p = make_page(m, addr);

        memcpy(p->data + (addr & (RIG_PAGE_SIZE - 1)), in, n);
        in += n;
        addr += n;
        len -= n;
    }
}

uint32_t rig_mem_ldl(const RigMemory *m, uint64_t addr)
{
    uint8_t buf[4];

    rig_mem_read(m, addr, buf, sizeof(buf));
    return ldl_le_p(buf);
}

uint64_t rig_mem_ldq(const RigMemory *m, uint64_t addr)
{
    uint8_t buf[8];

    rig_mem_read(m, addr, buf, sizeof(buf));
    return ldq_le_p(buf);
}

void rig_mem_stl(RigMemory *m, uint64_t addr, uint32_t value)
{
    uint8_t buf[4];

    stl_le_p(buf, value);
    rig_mem_write(m, addr, buf, sizeof(buf));
}

void rig_mem_stq(RigMemory *m, uint64_t addr, uint64_t value)
{
    uint8_t buf[8];

    stq_le_p(buf, value);
    rig_mem_write(m, addr, buf, sizeof(buf));
}

void rig_mem_fault(RigMemory *m, uint64_t addr, uint64_t len, bool read,
                   bool write)
{
    uint64_t page = addr & ~(uint64_t)(RIG_PAGE_SIZE - 1);

    for (; page < addr + len; page += RIG_PAGE_SIZE) {
        RigPage *p = make_page(m, page);

        p->no_read = read;
        p->no_write = write;
    }
}

RigMemory rig_mem_copy(const RigMemory *m)
{
    RigMemory copy = {};
    GHashTableIter iter;
    gpointer key, value;

    init_memory(&copy);
    g_hash_table_iter_init(&iter, m->pages);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        g_hash_table_insert(copy.pages, key, g_memdup2(value,
                                                       sizeof(RigPage)));
    }
    return copy;
}

void rig_mem_diff(const RigMemory *from, const RigMemory *to,
                  void (*fn)(void *opaque, uint64_t addr, uint32_t from,
                             uint32_t to),
                  void *opaque)
{
    static const uint8_t zero[RIG_PAGE_SIZE];
    GHashTableIter iter;
    gpointer key, value;

    /* Pages are never removed, so all that can differ is in @to. */
    g_hash_table_iter_init(&iter, to->pages);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        uint64_t addr = (uint64_t)(uintptr_t)key << RIG_PAGE_BITS;
        const RigPage *old = find_page(from, addr);
        const uint8_t *a = old ? old->data : zero;
        const uint8_t *b = ((RigPage *)value)->data;

        if (!memcmp(a, b, RIG_PAGE_SIZE)) {
            continue;
        }
        for (unsigned i = 0; i < RIG_PAGE_SIZE; i += 4) {
            if (memcmp(a + i, b + i, 4)) {
                fn(opaque, addr + i, ldl_le_p(a + i), ldl_le_p(b + i));
            }
        }
    }
}

static void check_access(const RigMemory *m, uint64_t addr, size_t len)
{
    g_assert_false(m->closed);
    g_assert_cmpuint(len, >, 0);
    g_assert_cmphex(addr, >=, m->low);
    g_assert_cmphex(addr + len, <=, m->high);
    g_assert_cmphex(addr + len, >, addr);
}

static bool engine_read(void *opaque, GICv5Domain domain, uint64_t addr,
                        void *buf, size_t len)
{
    Rig *r = opaque;
    RigMemory *m = &r->mem[domain];

    check_access(m, addr, len);
    m->bytes_read += len;
    for (uint64_t a = addr; a < addr + len; a += in_page(a, addr + len - a)) {
        const RigPage *p = find_page(m, a);

        if (p && p->no_read) {
            return false;
        }
    }
    rig_mem_read(m, addr, buf, len);
    return true;
}

static bool engine_write(void *opaque, GICv5Domain domain, uint64_t addr,
                         const void *buf, size_t len)
{
    Rig *r = opaque;
    RigMemory *m = &r->mem[domain];

    check_access(m, addr, len);
    m->bytes_written += len;
    m->writes++;
    for (uint64_t a = addr; a < addr + len; a += in_page(a, addr + len - a)) {
        const RigPage *p = find_page(m, a);

        if (p && p->no_write) {
            return false;
        }
    }
    rig_mem_write(m, addr, buf, len);
    return true;
}

/* --- the other callbacks --------------------------------------------- */

static bool engine_read64(void *opaque, GICv5Domain domain, uint64_t addr,
                          uint64_t *value)
{
    g_assert_cmphex(addr & 7, ==, 0);
    if (!engine_read(opaque, domain, addr, value, sizeof(*value))) {
        return false;
    }
    *value = le64_to_cpu(*value);
    return true;
}

static bool engine_modify64(void *opaque, GICv5Domain domain, uint64_t addr,
                            uint64_t mask, uint64_t bits, uint64_t *value)
{
    uint64_t new;

    if (!engine_read64(opaque, domain, addr, value)) {
        return false;
    }
    new = cpu_to_le64((*value & ~mask) | (bits & mask));
    return engine_write(opaque, domain, addr, &new, sizeof(new));
}

static unsigned index_of(const Rig *r, const GICv5PE *pe)
{
    unsigned index = 0;

    while (gicv5_system_pe(r->sys, index) != pe) {
        index++;
    }
    g_assert_cmpuint(index, <, RIG_MAX_PES);
    return index;
}

static void engine_forward_virtual(void *opaque, GICv5PE *pe,
                                   GICv5Domain domain,
                                   GICv5Candidate candidate)
{
    Rig *r = opaque;
    unsigned index = index_of(r, pe);

    g_assert_cmphex(r->seen_virtual[index][domain], !=, candidate);
    r->seen_virtual[index][domain] = candidate;
}

static void engine_forward(void *opaque, GICv5PE *pe, GICv5Domain domain,
                           GICv5Candidate candidate)
{
    Rig *r = opaque;
    uint32_t intid = gicv5_candidate_intid(candidate);
    bool is_spi = FIELD_EX32(intid, GICV5_INTID, TYPE) == GICV5_TYPE_SPI;
    unsigned index = index_of(r, pe);

    g_assert_cmphex(r->seen[index][domain], !=, candidate);
    r->seen[index][domain] = candidate;

    if (r->forwards < RIG_LOG_SIZE) {
        r->log[r->forwards] = (RigForward) { pe, domain, candidate };
    }
    r->forwards++;

    if (candidate == GICV5_CANDIDATE_NONE) {
        return;
    }
    g_assert_true(gicv5_irs_is_enabled(r->sys, gicv5_pe_irs(pe), domain));
    g_assert_cmpuint(gicv5_candidate_prio(candidate), <, GICV5_NUM_PRIOS);
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        for (unsigned i = 0; gicv5_system_pe(r->sys, i); i++) {
            if ((d == domain && i == index) || (d != domain && !is_spi)) {
                continue;
            }
            g_assert_cmphex(gicv5_candidate_intid(r->seen[i][d]), !=, intid);
        }
    }
}

static void engine_swerr(void *opaque, GICv5Domain domain, GICv5SWErr ec,
                         uint32_t id, uint64_t addr)
{
    Rig *r = opaque;

    r->swerrs++;
    r->err_domain = domain;
    r->ec = ec;
    r->err_id = id;
    r->err_addr = addr;
}

static const GICv5EngineOps engine_ops = {
    .read = engine_read,
    .write = engine_write,
    .read64 = engine_read64,
    .modify64 = engine_modify64,
    .forward_virtual = engine_forward_virtual,
    .forward = engine_forward,
    .swerr = engine_swerr,
};

Rig *rig_new(const GICv5EngineConfig *cfg)
{
    Rig *r = g_new0(Rig, 1);

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        init_memory(&r->mem[d]);
        for (unsigned i = 0; i < RIG_MAX_PES; i++) {
            r->seen[i][d] = GICV5_CANDIDATE_NONE;
            r->seen_virtual[i][d] = GICV5_CANDIDATE_NONE;
        }
    }
    r->sys = gicv5_system_new(cfg, &engine_ops, r);
    return r;
}

bool rig_has_spi(const Rig *r, unsigned irs, uint32_t id)
{
    GICv5SPIState state;

    return gicv5_spi_get(r->sys, irs, id, &state);
}

GICv5SPIState rig_spi(const Rig *r, unsigned irs, uint32_t id)
{
    GICv5SPIState state = {};

    g_assert_true(gicv5_spi_get(r->sys, irs, id, &state));
    return state;
}

void rig_free(Rig *r)
{
    gicv5_system_free(r->sys);
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        rig_mem_free(&r->mem[d]);
    }
    g_free(r);
}

void rig_clear_log(Rig *r)
{
    r->forwards = 0;
    r->swerrs = 0;
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        r->mem[d].bytes_read = 0;
        r->mem[d].bytes_written = 0;
        r->mem[d].writes = 0;
    }
}

/* --- IST addresses --------------------------------------------------- */

GICv5ISTConfig rig_ist_config(const RigIST *t)
{
    return (GICv5ISTConfig) {
        .two_level = t->two_level,
        .id_bits = t->b,
        .entry_shift = 2 + t->s,
        .l2_shift = 12 + 2 * t->z,
    };
}

unsigned rig_ist_l2_index_bits(const RigIST *t)
{
    static const unsigned c[3][3] = {
        { 10, 12, 14 },
        { 9, 11, 13 },
        { 8, 10, 12 },
    };

    return c[t->s][t->z];
}

uint64_t rig_ist_l1_addr(const RigIST *t, uint32_t id)
{
    uint32_t per_table = 1u << rig_ist_l2_index_bits(t);

    return t->base + (uint64_t)(id / per_table) * 8;
}

uint64_t rig_ist_entry_addr(const RigIST *t, uint64_t l2_addr, uint32_t id)
{
    static const unsigned bytes[3] = { 4, 8, 16 };
    uint32_t per_table = 1u << rig_ist_l2_index_bits(t);

    if (!t->two_level) {
        return t->base + (uint64_t)id * bytes[t->s];
    }
    return l2_addr + (uint64_t)(id % per_table) * bytes[t->s];
}
