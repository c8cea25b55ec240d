/*
 * Model test of the GICv5 interrupt engine: random operations, compared with
 * a slow model that holds every interrupt in a flat array and finds what to
 * deliver by looking at all of them
 *
 * GICV5_TEST_SEED and GICV5_TEST_OPS in the environment choose the sequence
 * and its length, all configurations together.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#ifdef HAVE_MALLINFO2
#include <malloc.h>
#endif
#include "qemu/cutils.h"
#include "gicv5-rig.h"

#define DEFAULT_OPS 1200000
#define LPIS 24                         /* of each domain, in the model */
#define MAX_IRSES 3
#define SPIS_PER_IRS 6
#define MAX_PES 8
#define NUM_LPIS (GICV5_NUM_DOMAINS * LPIS)
#define MAX_INTS (NUM_LPIS + MAX_IRSES * SPIS_PER_IRS)

/* Where an interrupt can wait for delivery, besides PE numbers */
#define ONE_OF_N MAX_PES
#define NOBODY (MAX_PES + 1)

typedef struct TestConfig {
    const char *name;
    unsigned domains;
    unsigned irses;
    unsigned pes;
    unsigned id_bits;
    unsigned prio_bits;
    bool one_of_n;
} TestConfig;

static const TestConfig configs[] = {
    { "virt", 1 << 1, 1, 4, 16, 5, false },
    { "one-pe", 1 << 1, 1, 1, 5, 5, false },
    { "one-of-n", 1 << 1, 1, 6, 10, 5, true },
    { "two-irses", 1 << 1, 2, 4, 12, 4, true },
    { "two-domains", 1 << 0 | 1 << 1, 1, 3, 11, 3, false },
    { "all", 0xf, 3, 8, 14, 5, true },
    { "el3-ns", 1 << 2 | 1 << 1, 3, 5, 9, 1, true },
    { "few-priorities", 1 << 1 | 1 << 3, 2, 2, 13, 2, true },
    { "large", 1 << 1, 1, 2, 24, 5, true },
};

/* --- the model ------------------------------------------------------- */

/**
 * ModelInt: an LPI or SPI
 *
 * @domain: the LPI's, or the one the SPI is assigned to
 * @reachable: the table has it (LPIs only)
 * @place: number of a PE, ONE_OF_N or NOBODY
 * @since: when it came there, to order equals
 */
typedef struct ModelInt {
    uint32_t intid;
    uint32_t id;
    unsigned domain;
    bool is_spi;
    bool reachable;
    bool pending, active, enable, hm, irm;
    unsigned prio;
    unsigned iaffid;
    bool tm, wire;
    unsigned irs;
    unsigned place;
    unsigned place_prio;
    unsigned place_domain;
    uint64_t since;
} ModelInt;

typedef struct ModelPE {
    GICv5PE *pe;
    unsigned irs;
    unsigned iaffid;
    bool dps[GICV5_NUM_DOMAINS];
    unsigned limit[GICV5_NUM_DOMAINS];
} ModelPE;

/* The table of a domain */
typedef struct ModelIST {
    bool valid;
    RigIST t;
    uint32_t key;                       /* shuffles the level 2 tables */
} ModelIST;

typedef struct Model {
    const TestConfig *cfg;
    Rig *r;
    GRand *rand;
    unsigned ints;
    ModelInt in[MAX_INTS];
    ModelPE pe[MAX_PES];
    ModelIST ist[GICV5_NUM_DOMAINS];
    bool irsen[MAX_IRSES][GICV5_NUM_DOMAINS];
    uint64_t clock;
} Model;

#include "gicv5-model.c.inc"

static unsigned rnd_iaffid(Model *m)
{
    /* Now and then one that no PE has */
    return rnd(m, 10) ? m->pe[rnd(m, m->cfg->pes)].iaffid : 0x3007;
}

static unsigned reset_domain(const Model *m)
{
    return has_domain(m, 2) ? 2 : has_domain(m, 0) ? 0 : has_domain(m, 1) ? 1 :
           3;
}

static bool reachable_in(const ModelInt *i, unsigned d)
{
    return i->domain == d && (i->is_spi || i->reachable);
}

/* To be called after each change of an interrupt */
static void settle(Model *m, ModelInt *i)
{
    unsigned place = NOBODY;

    if (i->pending && i->enable && !i->active && reachable_in(i, i->domain)) {
        if (i->irm) {
            place = ONE_OF_N;
        } else {
            for (unsigned p = 0; p < m->cfg->pes; p++) {
                if (m->pe[p].iaffid == i->iaffid) {
                    place = p;
                }
            }
        }
    }
    if (place != i->place || i->prio != i->place_prio ||
        i->domain != i->place_domain) {
        i->since = ++m->clock;
    }
    i->place = place;
    i->place_prio = i->prio;
    i->place_domain = i->domain;
}

static unsigned prio_of(const ModelInt *i)
{
    return i ? i->prio : 32;
}

/* The 1-of-N interrupt that a PE is offered, or NULL */
static const ModelInt *offer_of(const Model *m, unsigned p, unsigned d)
{
    uint32_t intid = gicv5_candidate_intid(m->r->seen[p][d]);

    for (unsigned n = 0; n < m->ints; n++) {
        const ModelInt *i = &m->in[n];

        if (i->intid == intid && i->domain == d && i->place == ONE_OF_N) {
            return i;
        }
    }
    return NULL;
}

/* Would the PE take a 1-of-N interrupt of this priority? */
static bool takes(const Model *m, unsigned p, unsigned d, unsigned prio)
{
    const ModelPE *pe = &m->pe[p];

    return m->irsen[pe->irs][d] && !pe->dps[d] && prio < pe->limit[d];
}

static void check_domain_candidates(const Model *m, unsigned d)
{
    const ModelInt *first[MAX_PES + 2] = {};
    const ModelInt *offer[MAX_PES] = {};

    for (unsigned n = 0; n < m->ints; n++) {
        const ModelInt *i = &m->in[n];

        if (i->domain == d && goes_before(i, first[i->place])) {
            first[i->place] = i;
        }
    }
    for (unsigned p = 0; p < m->cfg->pes; p++) {
        const ModelPE *pe = &m->pe[p];
        const ModelInt *own = first[p];
        GICv5Candidate seen = m->r->seen[p][d];

        if (!m->irsen[pe->irs][d]) {
            g_assert_cmphex(seen, ==, 32ull << 32);
            continue;
        }
        offer[p] = offer_of(m, p, d);
        if (offer[p]) {
            g_assert_cmphex(seen >> 32, ==, offer[p]->prio);
            g_assert_true(takes(m, p, d, offer[p]->prio));
            g_assert_cmpuint(offer[p]->prio, <=, prio_of(own));
            for (unsigned q = 0; q < p; q++) {
                g_assert_true(offer[q] != offer[p]);
            }
            continue;
        }
        g_assert_cmphex(seen, ==, own ? (uint64_t)own->prio << 32 | own->intid :
                                        32ull << 32);
    }
    /* What is offered to nobody is for nobody, or less important. */
    for (unsigned n = 0; n < m->ints; n++) {
        const ModelInt *i = &m->in[n];
        bool offered = false;

        for (unsigned p = 0; p < m->cfg->pes; p++) {
            offered |= offer[p] == i;
        }
        if (i->domain != d || i->place != ONE_OF_N || offered) {
            continue;
        }
        for (unsigned p = 0; p < m->cfg->pes; p++) {
            if (offer[p]) {
                g_assert_cmpuint(offer[p]->prio, <=, i->prio);
            } else if (takes(m, p, d, i->prio)) {
                g_assert_cmpuint(prio_of(first[p]), <=, i->prio);
            }
        }
    }
}

static void check_candidates(const Model *m)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        check_domain_candidates(m, d);
    }
}

static void check_state(const Model *m)
{
    for (unsigned n = 0; n < m->ints; n++) {
        const ModelInt *i = &m->in[n];

        for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
            uint32_t word = 0;
            bool there;

            if (!i->is_spi && d != i->domain) {
                continue;
            }
            there = gicv5_get_word(rig_space(m->r, d), i->intid, &word);
            g_assert_true(there == reachable_in(i, d));
            if (there) {
                g_assert_cmphex(word, ==, encode(i));
            }
        }
        if (i->is_spi) {
            GICv5SPIState s = rig_spi(m->r, i->irs, i->id);

            g_assert_cmpuint(s.domain, ==, i->domain);
            g_assert_true(s.tm_level == i->tm && s.level == i->wire);
        }
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        g_assert_true(gicv5_ist_is_valid(rig_ist(m->r, d)) == m->ist[d].valid);
    }
}

/* What a migration would send is not more than what it is told. */
static void check_save_size(const Model *m)
{
    GICv5ISTPart part;
    uint64_t bytes = 0;

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        const GICv5IST *ist = rig_ist(m->r, d);

        if (!gicv5_ist_is_valid(ist)) {
            continue;
        }
        for (uint32_t p = 0; gicv5_ist_next_part(ist, p, &part);
             p = part.index + 1) {
            bytes += 69 + 4 * bitmap_count_one(part.send, GICV5_IST_PAGE_SIZE);
        }
    }
    g_assert_cmpuint(bytes, <=, gicv5_system_save_size(m->r->sys));
}

/* --- commands, events and wires -------------------------------------- */

static void op_command(Model *m, ModelInt *i)
{
    GICv5PE *pe = m->pe[rnd(m, m->cfg->pes)].pe;
    unsigned d = rnd(m, 8) ? i->domain : rnd(m, GICV5_NUM_DOMAINS);
    bool there = has_domain(m, d) && reachable_in(i, d);
    unsigned v = rnd(m, 32);
    GICv5Command c;
    ModelInt next = *i;

    if (!i->is_spi && d != i->domain) {
        d = i->domain;
        there = has_domain(m, d) && reachable_in(i, d);
    }
    switch (rnd(m, 8)) {
    case 0:
        c = GICV5_CMD_SET_PRIORITY;
        next.prio = mask_prio(m, v);
        break;
    case 1:
        c = GICV5_CMD_SET_TARGET;
        next.iaffid = rnd_iaffid(m);
        v = next.iaffid | (v & 1 ? GICV5_TARGET_IRM : 0);
        next.irm = m->cfg->one_of_n && (v & GICV5_TARGET_IRM);
        break;
    case 2:
        c = GICV5_CMD_SET_HANDLING;
        v &= 1;
        next.hm = v;
        break;
    case 3:
        c = GICV5_CMD_DEACTIVATE;
        next.active = false;
        break;
    case 4:
        c = GICV5_CMD_REQUEST_CONFIG;
        break;
    case 5:
        c = GICV5_CMD_SET_PENDING;
        v &= 1;
        next.pending = v;
        break;
    default:
        c = GICV5_CMD_SET_ENABLE;
        v = v % 4 != 0;
        next.enable = v;
        break;
    }
    rig_command(m->r, pe, d, c, i->intid, v);
    if (c == GICV5_CMD_REQUEST_CONFIG) {
        uint64_t icsr = rig_command(m->r, pe, d, c, i->intid, 0);

        if (there) {
            g_assert_cmphex(icsr, ==,
                            i->enable << 1 | i->pending << 2 | i->irm << 3 |
                            i->active << 4 | i->hm << 5 | i->prio << 11 |
                            (uint64_t)i->iaffid << 32);
        } else {
            g_assert_cmphex(icsr, ==, 1);
        }
    }
    if (there) {
        *i = next;
        settle(m, i);
    }
}

static void model_event(Model *m, ModelInt *i, GICv5Event event)
{
    i->pending = event != GICV5_CLEAR;
    if (i->pending) {
        i->hm = event == GICV5_SET_LEVEL;
    }
    settle(m, i);
}

static void op_event(Model *m, ModelInt *i)
{
    static const GICv5Event events[] = {
        GICV5_SET_EDGE, GICV5_SET_EDGE, GICV5_SET_LEVEL, GICV5_CLEAR,
    };
    GICv5Event event = events[rnd(m, ARRAY_SIZE(events))];

    rig_event(m->r, i->domain, i->intid, event);
    if (reachable_in(i, i->domain)) {
        model_event(m, i, event);
    }
}

static void op_acknowledge(Model *m)
{
    unsigned p = rnd(m, m->cfg->pes);
    unsigned d = rnd_domain(m);
    uint32_t intid = gicv5_candidate_intid(m->r->seen[p][d]);

    if (m->r->seen[p][d] == GICV5_CANDIDATE_NONE) {
        return;
    }
    rig_command(m->r, m->pe[p].pe, d, GICV5_CMD_ACTIVATE, intid, 0);
    for (unsigned n = 0; n < m->ints; n++) {
        ModelInt *i = &m->in[n];

        if (i->intid == intid && reachable_in(i, d)) {
            i->active = true;
            i->pending &= i->hm;
            settle(m, i);
            return;
        }
    }
    g_assert_not_reached();
}

static ModelInt *rnd_spi(Model *m)
{
    return &m->in[NUM_LPIS + rnd(m, m->ints - NUM_LPIS)];
}

static void sample(Model *m, ModelInt *i)
{
    if (i->tm) {
        model_event(m, i, i->wire ? GICV5_SET_LEVEL : GICV5_CLEAR);
    } else if (i->wire) {
        model_event(m, i, GICV5_SET_EDGE);
    }
}

/* Holes between the IRSes, and the last has the lowest */
static uint32_t spi_base(unsigned irs)
{
    return 1000 - 100 * irs;
}

static void op_wire(Model *m, ModelInt *i)
{
    bool level = coin(m);

    gicv5_spi_set_level(m->r->sys, i->irs, i->id - spi_base(i->irs), level);
    if (level != i->wire) {
        i->wire = level;
        sample(m, i);
    }
}

static void op_tm(Model *m, ModelInt *i)
{
    bool tm = coin(m);

    gicv5_spi_set_tm(m->r->sys, i->irs, i->id, tm);
    if (tm == i->tm) {
        return;
    }
    i->tm = tm;
    if (tm) {
        model_event(m, i, i->wire ? GICV5_SET_LEVEL : GICV5_CLEAR);
    } else if (i->wire) {
        model_event(m, i, GICV5_CLEAR);
    }
}

static void op_resample(Model *m, ModelInt *i)
{
    unsigned irs = rnd(m, m->cfg->irses);

    gicv5_spi_resample(m->r->sys, irs, i->id);
    if (irs == i->irs) {
        sample(m, i);
    }
}

static void op_domain(Model *m, ModelInt *i)
{
    unsigned d = rnd(m, GICV5_NUM_DOMAINS);

    gicv5_spi_set_domain(m->r->sys, i->irs, i->id, d);
    if (has_domain(m, d)) {
        i->domain = d;
        settle(m, i);
    }
}

/* --- control --------------------------------------------------------- */

static void op_dps(Model *m)
{
    ModelPE *pe = &m->pe[rnd(m, m->cfg->pes)];
    unsigned d = rnd_domain(m);

    pe->dps[d] = !rnd(m, 3);
    gicv5_pe_set_dps(pe->pe, d, pe->dps[d]);
}

static void op_accept(Model *m)
{
    ModelPE *pe = &m->pe[rnd(m, m->cfg->pes)];
    unsigned d = rnd_domain(m);

    switch (rnd(m, 3)) {
    case 0:
        pe->limit[d] = 0;
        break;
    case 1:
        pe->limit[d] = 1 + rnd(m, 31);
        break;
    default:
        pe->limit[d] = 32;
        break;
    }
    rig_command(m->r, pe->pe, d, GICV5_CMD_SET_ONE_OF_N, 0,
                  pe->limit[d]);
}

static void op_reset(Model *m)
{
    gicv5_system_reset(m->r->sys);
    memset(m->irsen, 0, sizeof(m->irsen));
    for (unsigned p = 0; p < m->cfg->pes; p++) {
        memset(m->pe[p].dps, 0, sizeof(m->pe[p].dps));
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        m->ist[d].valid = false;
        m->r->mem[d].closed = true;
    }
    for (unsigned n = 0; n < m->ints; n++) {
        ModelInt *i = &m->in[n];

        decode(m, i, 0);
        i->reachable = false;
        if (i->is_spi) {
            i->tm = false;
            i->domain = reset_domain(m);
        }
        settle(m, i);
    }
    check_candidates(m);
    enable_irses(m);
}

/* --- the table ------------------------------------------------------- */

static uint64_t l2_of(const ModelIST *ist, uint32_t id)
{
    unsigned c = rig_ist_l2_index_bits(&ist->t);
    uint32_t tables = ist->t.b > c ? 1u << (ist->t.b - c) : 1;
    uint64_t n = ((id >> c) ^ ist->key) & (tables - 1);

    return 0x4000000000ull + (n << (12 + 2 * ist->t.z));
}

static uint64_t entry_of(const ModelIST *ist, uint32_t id)
{
    return rig_ist_entry_addr(&ist->t, l2_of(ist, id), id);
}

/* The LPIs of a domain of which the L1 ISTE was found valid are loaded. */
static void model_load(Model *m, unsigned d, uint32_t first, uint32_t count)
{
    const ModelIST *ist = &m->ist[d];
    ModelInt *lpis = &m->in[d * LPIS];

    /* In the order of their IDs */
    for (unsigned n = 0; n < LPIS; n++) {
        ModelInt *i = &lpis[n];

        if (i->id < first || i->id - first >= count || i->id >> ist->t.b) {
            continue;
        }
        i->reachable = true;
        decode(m, i, rig_mem_ldl(&m->r->mem[d], entry_of(ist, i->id)));
        settle(m, i);
    }
}

static void table_range(const ModelIST *ist, uint32_t id, uint32_t *first,
                        uint32_t *count)
{
    unsigned c = rig_ist_l2_index_bits(&ist->t);

    *first = id >> c << c;
    *count = 1u << c;
}

static void op_ist_valid(Model *m, unsigned d)
{
    ModelIST *ist = &m->ist[d];
    RigMemory *mem = &m->r->mem[d];
    ModelInt *lpis = &m->in[d * LPIS];
    GICv5ISTConfig cfg;

    if (ist->valid) {
        return;
    }
    rig_mem_clear(mem);
    ist->t = (RigIST) {
        .two_level = coin(m),
        .b = rnd(m, 3) ? m->cfg->id_bits : rnd(m, m->cfg->id_bits + 1),
        .s = rnd(m, 3),
        .z = rnd(m, 3),
        .base = (uint64_t)(1 + rnd(m, 0x7ffffff)) << 6,
    };
    ist->key = g_rand_int(m->rand);
    for (unsigned n = 0; n < LPIS; n++) {
        uint32_t id = lpis[n].id;

        if (id >> ist->t.b) {
            continue;
        }
        if (ist->t.two_level && rnd(m, 3)) {
            uint64_t l1e = rig_mem_ldq(mem, rig_ist_l1_addr(&ist->t, id));

            rig_mem_stq(mem, rig_ist_l1_addr(&ist->t, id),
                        l1e | l2_of(ist, id) | coin(m));
        }
        if (coin(m)) {
            rig_mem_stl(mem, entry_of(ist, id),
                        (g_rand_int(m->rand) & 0xfffe) |
                        (uint32_t)rnd_iaffid(m) << 16);
        }
        for (unsigned k = 1; k < 1u << ist->t.s; k++) {
            rig_mem_stl(mem, entry_of(ist, id) + 4 * k, g_rand_int(m->rand));
        }
    }
    cfg = rig_ist_config(&ist->t);
    /* Memory is closed, and opened when the table has become valid. */
    gicv5_ist_set_valid(rig_ist(m->r, d), ist->t.base, &cfg);
    mem->closed = false;

    ist->valid = true;
    for (unsigned n = 0; n < LPIS; n++) {
        uint32_t id = lpis[n].id;

        if (!ist->t.two_level ||
            (!(id >> ist->t.b) &&
             (rig_mem_ldq(mem, rig_ist_l1_addr(&ist->t, id)) & 1))) {
            model_load(m, d, id, 1);
        }
    }
}

static void op_map_l2(Model *m, unsigned d)
{
    ModelIST *ist = &m->ist[d];
    RigMemory *mem = &m->r->mem[d];
    const ModelInt *i = &m->in[d * LPIS + rnd(m, LPIS)];
    uint64_t l1 = rig_ist_l1_addr(&ist->t, i->id);
    bool acts = ist->valid && ist->t.two_level && !(i->id >> ist->t.b) &&
                !i->reachable;

    if (acts) {
        uint32_t first, count;

        /* Fails now and then, on the read or the write */
        if (!rnd(m, 8)) {
            rig_mem_fault(mem, l1, 8, coin(m), true);
            m->r->swerrs = 0;
            gicv5_ist_map_l2(rig_ist(m->r, d), i->id);
            rig_mem_fault(mem, l1, 8, false, false);
            g_assert_cmpuint(m->r->swerrs, ==, 1);
            g_assert_cmphex(m->r->ec, ==, 0);
            return;
        }
        table_range(ist, i->id, &first, &count);
        rig_mem_stq(mem, l1, l2_of(ist, i->id));
        gicv5_ist_map_l2(rig_ist(m->r, d), i->id);
        g_assert_cmphex(rig_mem_ldq(mem, l1), ==, l2_of(ist, i->id) | 1);
        model_load(m, d, first, count);
    } else {
        gicv5_ist_map_l2(rig_ist(m->r, d), i->id);
    }
}

typedef struct WriteBack {
    Model *m;
    unsigned d;
} WriteBack;

/* What write-back may change: the words of LPIs that were reachable */
static void check_write(void *opaque, uint64_t addr, uint32_t from,
                        uint32_t to)
{
    const WriteBack *w = opaque;
    const ModelIST *ist = &w->m->ist[w->d];

    for (unsigned n = 0; n < LPIS; n++) {
        const ModelInt *i = &w->m->in[w->d * LPIS + n];

        if (i->reachable && entry_of(ist, i->id) == addr) {
            return;
        }
    }
    g_error("0x%" PRIx64 " changed from 0x%x to 0x%x", addr, from, to);
}

static void op_ist_invalid(Model *m, unsigned d)
{
    ModelIST *ist = &m->ist[d];
    RigMemory *mem = &m->r->mem[d];
    RigMemory before = rig_mem_copy(mem);
    bool lost = !rnd(m, 8);
    /* Fields that are there; others may be as they were */
    uint32_t fields = 0xffff0000 | mask_prio(m, 31) << 11 |
                      (m->cfg->one_of_n ? 0x1f : 0xf);

    if (lost) {
        for (unsigned n = 0; n < LPIS && ist->valid; n++) {
            if (m->in[d * LPIS + n].reachable) {
                rig_mem_fault(mem, entry_of(ist, m->in[d * LPIS + n].id), 4,
                              false, true);
            }
        }
    }
    gicv5_ist_set_invalid(rig_ist(m->r, d));
    mem->closed = true;

    if (ist->valid) {
        rig_mem_diff(&before, mem, check_write, &(WriteBack) { m, d });
    }
    ist->valid = false;
    for (unsigned n = 0; n < LPIS; n++) {
        ModelInt *i = &m->in[d * LPIS + n];

        if (i->reachable && !lost) {
            g_assert_cmphex(rig_mem_ldl(mem, entry_of(ist, i->id)) & fields,
                            ==, encode(i));
        }
        i->reachable = false;
        settle(m, i);
    }
    rig_mem_free(&before);
}

/* --- running --------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
    const ModelInt *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

/* Few IDs, so that they meet: at both ends, beside each other, anywhere */
static void choose_lpis(Model *m, unsigned d)
{
    ModelInt *lpis = &m->in[d * LPIS];
    uint32_t last = (1u << m->cfg->id_bits) - 1;

    for (unsigned n = 0; n < LPIS; ) {
        uint32_t id;
        bool dup = false;

        switch (rnd(m, 4)) {
        case 0:
            id = rnd(m, 8);
            break;
        case 1:
            id = last - rnd(m, 4);
            break;
        case 2:
            id = (n ? lpis[n - 1].id + 1 : 0) & last;
            break;
        default:
            id = g_rand_int(m->rand) & last;
            break;
        }
        for (unsigned k = 0; k < n; k++) {
            dup |= lpis[k].id == id;
        }
        if (!dup) {
            lpis[n++].id = id;
        }
    }
    qsort(lpis, LPIS, sizeof(*lpis), compare_ids);
    for (unsigned n = 0; n < LPIS; n++) {
        lpis[n].intid = 0x40000000 | lpis[n].id;
        lpis[n].domain = d;
        lpis[n].place = NOBODY;
    }
}

static Model *model_new(const TestConfig *cfg, uint32_t seed)
{
    GICv5EngineConfig ec = {
        .domains = cfg->domains,
        .id_bits = cfg->id_bits,
        .prio_bits = cfg->prio_bits,
        .one_of_n = cfg->one_of_n,
    };
    Model *m = g_new0(Model, 1);

    m->cfg = cfg;
    m->rand = g_rand_new_with_seed(seed);
    m->r = rig_new(&ec);
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        m->r->mem[d].closed = true;
        choose_lpis(m, d);
    }
    m->ints = NUM_LPIS;
    for (unsigned irs = 0; irs < cfg->irses; irs++) {
        uint32_t base = spi_base(irs);

        g_assert_cmpint(gicv5_system_add_irs(m->r->sys, base, SPIS_PER_IRS),
                        ==, irs);
        for (unsigned n = 0; n < SPIS_PER_IRS; n++) {
            m->in[m->ints++] = (ModelInt) {
                .intid = 0x60000000 | (base + n),
                .id = base + n,
                .is_spi = true,
                .domain = reset_domain(m),
                .irs = irs,
                .place = NOBODY,
            };
        }
    }
    for (unsigned p = 0; p < cfg->pes; p++) {
        ModelPE *pe = &m->pe[p];

        pe->irs = p % cfg->irses;
        pe->iaffid = p * 0x55;
        pe->pe = gicv5_system_add_pe(m->r->sys, pe->irs, pe->iaffid, m);
        g_assert_nonnull(pe->pe);
    }
    op_reset(m);
    return m;
}

static void model_free(Model *m)
{
    g_rand_free(m->rand);
    rig_free(m->r);
    g_free(m);
}

static void step(Model *m)
{
    unsigned rare = m->cfg->id_bits > 16 ? 40 : 1;
    ModelInt *i = &m->in[rnd(m, m->ints)];
    unsigned dice = rnd(m, 1000);

    if (dice < 350) {
        op_command(m, i);
    } else if (dice < 600) {
        op_event(m, i);
    } else if (dice < 780) {
        op_acknowledge(m);
    } else if (dice < 860) {
        op_wire(m, rnd_spi(m));
    } else if (dice < 880) {
        op_tm(m, rnd_spi(m));
    } else if (dice < 900) {
        op_resample(m, rnd_spi(m));
    } else if (dice < 920) {
        op_domain(m, rnd_spi(m));
    } else if (dice < 935) {
        op_irsen(m);
    } else if (dice < 950) {
        op_dps(m);
    } else if (dice < 965) {
        op_accept(m);
    } else if (dice < 985) {
        op_map_l2(m, rnd_domain(m));
    } else if (dice < 994) {
        op_ist_valid(m, rnd_domain(m));
    } else if (dice < 997 && !rnd(m, rare)) {
        op_ist_invalid(m, rnd_domain(m));
    } else if (dice == 999 && !rnd(m, 4 * rare)) {
        op_reset(m);
    }
}

static uint32_t seed;

static void test_model(gconstpointer data)
{
    const TestConfig *cfg = data;
    unsigned ops = env_number("GICV5_TEST_OPS", DEFAULT_OPS) /
                   ARRAY_SIZE(configs) + 1;
    /* The engine's own check looks at each page that it holds. */
    unsigned check_every = 500;
    Model *m = model_new(cfg, seed);

    for (unsigned n = 1; n <= ops; n++) {
        step(m);
        check_candidates(m);
        if (!(n % 256)) {
            check_state(m);
            check_save_size(m);
        }
        if (!(n % check_every)) {
            g_assert_true(gicv5_system_check(m->r->sys));
        }
    }
    check_state(m);
    g_assert_true(gicv5_system_check(m->r->sys));
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        op_ist_invalid(m, d);
    }
    check_candidates(m);
    check_state(m);
    model_free(m);
}

/* --- memory ---------------------------------------------------------- */

#define MILLION 1000000
#define MIB (1024 * 1024)

/* What malloc() has given out, or 0 if it does not tell */
static size_t heap_bytes(void)
{
#ifdef HAVE_MALLINFO2
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

/* A million LPIs that all have state, in a table of the largest size */
static void test_memory(gconstpointer data)
{
    unsigned format = GPOINTER_TO_UINT(data);
    const GICv5EngineConfig ec = {
        .domains = 1 << 1, .id_bits = 24, .prio_bits = 5,
    };
    RigIST t = {
        .two_level = format, .b = 24, .s = format ? format - 1 : 0,
        .base = 0x40000000,
    };
    GICv5ISTConfig cfg = rig_ist_config(&t);
    Rig *r = rig_new(&ec);
    GICv5IST *ist = rig_ist(r, 1);
    size_t bytes, heap_before, heap_after;
    GICv5PE *pe;

    gicv5_system_add_irs(r->sys, 0, 0);
    pe = gicv5_system_add_pe(r->sys, 0, 0, NULL);
    for (uint32_t id = 0; t.two_level && id < MILLION; ) {
        unsigned c = rig_ist_l2_index_bits(&t);

        rig_mem_stq(&r->mem[1], rig_ist_l1_addr(&t, id),
                    (0x4000000000ull + ((uint64_t)(id >> c) << 12)) | 1);
        id += 1u << c;
    }
    heap_before = heap_bytes();
    gicv5_ist_set_valid(ist, t.base, &cfg);
    for (uint32_t id = 0; id < MILLION; id++) {
        uint32_t intid = 0x40000000 | id;

        rig_command(r, pe, 1, GICV5_CMD_SET_PRIORITY, intid, id);
        rig_command(r, pe, 1, GICV5_CMD_SET_ENABLE, intid, 1);
        rig_event(r, 1, intid, GICV5_SET_EDGE);
    }
    heap_after = heap_bytes();
    g_test_message("malloc: %zu KiB before, %zu KiB after", heap_before / 1024,
                   heap_after / 1024);
    g_assert_cmpuint(heap_after, <=, heap_before + 16 * MIB);

    bytes = gicv5_ist_memory(ist);
    g_test_message("computed: %zu KiB", bytes / 1024);
    g_assert_cmpuint(bytes, <=, 16 * MIB);
    gicv5_ist_drop(ist);
    rig_free(r);
}

static void no_forward(void *opaque, GICv5PE *pe, GICv5Domain domain,
                       GICv5Candidate candidate)
{
}

/* --- cost (with -m perf) ------------------------------------------------- */

/* Nanoseconds of a command while 1-of-N interrupts wait that no PE takes */
static double command_ns(unsigned pes)
{
    const GICv5EngineConfig ec = {
        .domains = 1 << 1, .id_bits = 8, .prio_bits = 5, .one_of_n = true,
    };
    const unsigned count = 2000000;
    GICv5System *sys;
    GICv5Space *sp;
    Rig *r = rig_new(&ec);
    GICv5EngineOps ops = *r->sys->ops;
    uint64_t start;

    /* The rig's own checks would cost more. */
    ops.forward = no_forward;
    sys = gicv5_system_new(&ec, &ops, r);
    gicv5_system_add_irs(sys, 0, 8);
    for (unsigned i = 0; i < pes; i++) {
        gicv5_system_add_pe(sys, 0, i, NULL);
    }
    gicv5_irs_enable(sys, 0, 1, true);
    sp = gicv5_system_space(sys, 1);
    for (unsigned i = 0; i < 8; i++) {
        GICv5PE *pe = gicv5_system_find_pe(sys, 0);
        uint32_t intid = 0x60000000 | i;

        gicv5_command(sp, pe, GICV5_CMD_SET_ENABLE, intid, 1);
        if (i) {
            gicv5_command(sp, pe, GICV5_CMD_SET_TARGET, intid,
                          GICV5_TARGET_IRM);
            gicv5_command(sp, pe, GICV5_CMD_SET_PENDING, intid, 1);
        }
    }
    start = g_get_monotonic_time();
    for (unsigned i = 0; i < count; i++) {
        gicv5_command(sp, gicv5_system_find_pe(sys, 0),
                      GICV5_CMD_SET_PENDING, 0x60000000, i & 1);
    }
    start = g_get_monotonic_time() - start;
    gicv5_system_free(sys);
    rig_free(r);
    return 1000.0 * start / count;
}

static void test_cost(void)
{
    double few = command_ns(8), many = command_ns(512);

    g_test_minimized_result(many / few, "a command with 512 PEs: %.1f ns, with "
                            "8: %.1f ns, ratio %.2f", many, few, many / few);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    if (g_test_perf()) {
        g_test_add_func("/gicv5/cost/one-of-n", test_cost);
    }

    seed = env_number("GICV5_TEST_SEED", g_random_int());
    g_test_message("GICV5_TEST_SEED=%u", seed);
    for (unsigned i = 0; i < ARRAY_SIZE(configs); i++) {
        g_autofree char *path = g_strdup_printf("/gicv5/model/%s",
                                                configs[i].name);

        g_test_add_data_func(path, &configs[i], test_model);
    }
    g_test_add_data_func("/gicv5/memory/linear", GUINT_TO_POINTER(0),
                         test_memory);
    for (unsigned i = 1; i <= 3; i++) {
        g_autofree char *path = g_strdup_printf("/gicv5/memory/two-level/%u",
                                                2u << i);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_memory);
    }
    return g_test_run();
}
