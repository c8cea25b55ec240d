/*
 * Model test of VMs in the GICv5 interrupt engine: random operations, compared
 * with a slow model
 *
 * The model has its own image of guest memory. Every operation changes valid
 * bits in the image, or the state of one interrupt, by the rules as they are
 * written down; what is valid and reachable, who has to be presented what and
 * who is to be rung for is then found out anew from all that there is.
 *
 * Software, as played here, keeps the architecture's rules: it writes to what
 * is not valid only, and a VPE becomes valid with an empty descriptor.
 *
 * GICV5_TEST_SEED and GICV5_TEST_OPS in the environment choose the sequence
 * and its length, all configurations together.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/units.h"
#include "gicv5-rig.h"

#define DEFAULT_OPS 200000
#define MAX_PES 3
#define VMS 3                           /* of each domain with VMs */
#define VPES 3                          /* of each VM */
#define LPIS 8                          /* of each VM or domain */
#define SPIS 6                          /* of each VM; a domain has fewer */
#define INTS (LPIS + SPIS)
#define WIRES 4
#define FIRST_WIRE 2
#define MAX_TARGETS 3

/* Where an interrupt can wait for delivery, besides the number of a target */
#define ONE_OF_N MAX_TARGETS
#define NOBODY (MAX_TARGETS + 1)

/* Interrupts that may wait while memory is little: their pages stay */
#define FEW 4

#define VALID 1ull
#define ISTE_HWU (3u << 9)

/**
 * TestConfig: a system
 *
 * @vm_memory: 0, or too little for all pages of the VMs' tables, but enough for
 *     everything else
 */
typedef struct TestConfig {
    const char *name;
    unsigned domains;
    unsigned irses;
    unsigned pes;
    unsigned id_bits;
    unsigned prio_bits;
    unsigned vm_id_bits;
    unsigned vpe_id_bits;
    bool one_of_n;
    unsigned vm_memory;
} TestConfig;

static const TestConfig configs[] = {
    { "targeted", 1 << 1, 1, 3, 14, 5, 16, 9, false },
    { "one-of-n", 1 << 1, 1, 3, 12, 5, 12, 4, true },
    { "two-domains", 1 << 0 | 1 << 1, 2, 3, 10, 3, 9, 16, true },
    { "one-pe", 1 << 1, 1, 1, 5, 2, 8, 1, true },
    { "large", 1 << 1, 1, 2, 24, 4, 16, 16, true },
    { "little-memory", 1 << 1, 1, 3, 16, 5, 9, 3, true, 64 * KiB },
};

/* --- the model --------------------------------------------------------- */

/**
 * ModelInt: an interrupt of a domain or of a VM
 *
 * @addr: of its ISTE, while it is reachable
 * @in_memory: the ISTE has its state
 * @place: the number of a PE or VPE, ONE_OF_N or NOBODY
 * @since: when it came there, to order equals
 */
typedef struct ModelInt {
    uint32_t intid;
    uint32_t id;
    unsigned type;
    bool reachable;
    uint64_t addr;
    bool in_memory;
    bool pending, active, enable, hm, irm;
    unsigned prio;
    unsigned iaffid;
    unsigned place;
    unsigned place_prio;
    uint64_t since;
} ModelInt;

/**
 * ModelVPE: a VPE
 *
 * @vped: address of its descriptor
 * @in_memory: the descriptor has its settings
 * @pe: the PE on which it is resident, or -1
 */
typedef struct ModelVPE {
    unsigned id;
    bool valid;
    uint64_t vped;
    bool in_memory;
    GICv5Doorbell db;
    bool dps;
    int pe;
    bool no_hppi;
} ModelVPE;

/**
 * ModelIST: a table as software has laid it out
 *
 * @t: with what the IRS makes of reserved and excessive values
 * @l2: address of its level 2 tables; @key shuffles them
 */
typedef struct ModelIST {
    RigIST t;
    uint64_t l2;
    uint32_t key;
} ModelIST;

/**
 * ModelSpace: a domain or a VM
 *
 * @id: VM_ID, 0 if it is a domain, which has nothing of what follows
 * @db: IRS_VM_DBR
 * @quiescent: no interrupt has changed since it was saved
 * @remapped: but what is valid of it has, which may count as a change
 */
typedef struct ModelSpace {
    unsigned domain;
    ModelInt in[INTS];
    ModelIST ist[2];
    unsigned id;
    bool valid;
    uint64_t vmte;
    uint64_t vpet;
    unsigned vpe_id_bits;
    ModelVPE vpe[VPES];
    GICv5VMDoorbell db;
    bool quiescent;
    bool remapped;
} ModelSpace;

/* A domain: its own interrupts, its VMs, memory as it has to be */
typedef struct ModelDomain {
    ModelSpace own;
    ModelSpace vm[VMS];
    RigMemory image;
    bool ist_valid;
    bool vmt_valid;
    bool vmt_two_level;
    unsigned vm_id_bits;
    uint64_t vmt;
    uint32_t vmt_key;
} ModelDomain;

/**
 * ModelPE: a PE
 *
 * @limit: priorities of the 1-of-N interrupts that its virtual CPU interface
 *     takes are below this
 * @asked: the engine wants to be told of changes; @told: what it knows
 */
typedef struct ModelPE {
    GICv5PE *pe;
    unsigned irs;
    unsigned iaffid;
    unsigned limit[GICV5_NUM_DOMAINS];
    unsigned told[GICV5_NUM_DOMAINS];
    bool asked[GICV5_NUM_DOMAINS];
} ModelPE;

/* An SPI's wire; all belong to IRS 0 */
typedef struct ModelWire {
    bool tm, level;
    bool virt;
    unsigned vm;
} ModelWire;

typedef struct Model {
    const TestConfig *cfg;
    Rig *r;
    GICv5EngineOps ops;
    GRand *rand;
    ModelDomain dom[GICV5_NUM_DOMAINS];
    ModelPE pe[MAX_PES];
    ModelWire wire[WIRES];
    bool irsen[2][GICV5_NUM_DOMAINS];
    uint64_t clock;
} Model;

#include "gicv5-model.c.inc"

static Model *current;

/* Where SPIs are */
static unsigned spi_domain(const Model *m)
{
    return has_domain(m, GICV5_DOMAIN_S) ? GICV5_DOMAIN_S : GICV5_DOMAIN_NS;
}

static GICv5Space *engine_domain(const Model *m, unsigned d)
{
    return rig_space(m->r, d);
}

/* NULL if the VM is not valid */
static GICv5Space *engine_vm(const Model *m, const ModelSpace *v)
{
    return gicv5_vm_space(engine_domain(m, v->domain), v->id);
}

static bool is_vm(const ModelSpace *s)
{
    return s->id;
}

/* Of a domain's interrupts, none is 1-of-N here. */
static void decode_of(const Model *m, const ModelSpace *s, ModelInt *i,
                      uint32_t word)
{
    decode(m, i, word);
    i->irm = i->irm && is_vm(s);
}

/* Fields of an ISTE that there are; the IRS may do what it likes to others */
static uint32_t iste_fields(const Model *m, const ModelSpace *s)
{
    return 0xffff000f | mask_prio(m, 31) << 11 |
           (is_vm(s) && m->cfg->one_of_n) << 4;
}

static void set_int(ModelSpace *s, ModelInt *i, const ModelInt *next)
{
    bool changes = encode(i) != encode(next);

    *i = *next;
    if (changes) {
        i->in_memory = false;
        s->quiescent = false;
    }
}

static void model_event(ModelSpace *s, ModelInt *i, GICv5Event event)
{
    ModelInt next = *i;

    if (!i->reachable) {
        return;
    }
    next.pending = event != GICV5_CLEAR;
    if (next.pending) {
        next.hm = event == GICV5_SET_LEVEL;
    }
    set_int(s, i, &next);
}

static bool deliverable(const ModelInt *i)
{
    return i->reachable && i->pending && i->enable && !i->active;
}

static bool presents(const Model *m, unsigned d, const ModelVPE *e)
{
    return e->pe >= 0 && !e->no_hppi && m->irsen[m->pe[e->pe].irs][d];
}

static bool takes_part(const Model *m, unsigned d, const ModelVPE *e)
{
    return m->cfg->one_of_n && presents(m, d, e) && !e->dps;
}

/* --- memory ------------------------------------------------------------ */

static RigMemory *memory(Model *m, unsigned d)
{
    return &m->r->mem[d];
}

/* Software writes. */
static void put(Model *m, unsigned d, uint64_t addr, uint64_t value)
{
    rig_mem_stq(memory(m, d), addr, value);
    rig_mem_stq(&m->dom[d].image, addr, value);
}

static void put32(Model *m, unsigned d, uint64_t addr, uint32_t value)
{
    rig_mem_stl(memory(m, d), addr, value);
    rig_mem_stl(&m->dom[d].image, addr, value);
}

static uint64_t get(const Model *m, unsigned d, uint64_t addr)
{
    return rig_mem_ldq(&m->dom[d].image, addr);
}

/* The IRS has to write this. */
static void expect(Model *m, unsigned d, uint64_t addr, uint64_t value)
{
    rig_mem_stq(&m->dom[d].image, addr, value);
}

/* What the IRS has written of its own now is software's. */
static void now_ours(Model *m, unsigned d, uint64_t addr)
{
    put(m, d, addr, rig_mem_ldq(memory(m, d), addr));
}

static void now_ours32(Model *m, unsigned d, uint64_t addr)
{
    put32(m, d, addr, rig_mem_ldl(memory(m, d), addr));
}

/* VM table: L1 VMTEs, and L2 VMTEs, in 2^7 of a table */
static uint64_t vmt_l1(const ModelDomain *dom, unsigned vm)
{
    return dom->vmt + (vm >> 7) * 8;
}

static uint64_t vmt_l2(const ModelDomain *dom, unsigned vm)
{
    return 0x80000000ull + ((vm >> 7 ^ dom->vmt_key) << 12);
}

static uint64_t vmte_of(const ModelDomain *dom, unsigned vm)
{
    return dom->vmt_two_level ? vmt_l2(dom, vm) + (vm & 127) * 32 :
                                dom->vmt + vm * 32;
}

/* Is the entry of this VM there? */
static bool has_vmte(const Model *m, unsigned d, unsigned vm)
{
    const ModelDomain *dom = &m->dom[d];

    return dom->vmt_valid && !(vm >> dom->vm_id_bits) &&
           (!dom->vmt_two_level || (get(m, d, vmt_l1(dom, vm)) & VALID));
}

static uint64_t ist_word(const ModelSpace *v, unsigned type)
{
    return v->vmte + 8 * type;          /* words 2 and 3 of types 2 and 3 */
}

static ModelIST *ist_of(ModelSpace *v, unsigned type)
{
    return &v->ist[type - GICV5_TYPE_LPI];
}

static const ModelIST *cist_of(const ModelSpace *v, unsigned type)
{
    return &v->ist[type - GICV5_TYPE_LPI];
}

static uint64_t l2_of(const ModelIST *ist, uint32_t id)
{
    uint32_t n = id >> rig_ist_l2_index_bits(&ist->t);

    return ist->l2 + ((uint64_t)(n ^ ist->key) << 16);
}

static uint64_t l1_of(const ModelIST *ist, uint32_t id)
{
    return rig_ist_l1_addr(&ist->t, id);
}

static uint64_t entry_of(const ModelIST *ist, uint32_t id)
{
    return rig_ist_entry_addr(&ist->t, l2_of(ist, id), id);
}

static uint64_t vpete_of(const ModelSpace *v, unsigned vpe)
{
    return v->vpet + vpe * 8;
}

static bool ist_is_valid(const Model *m, const ModelSpace *s, unsigned type)
{
    return !is_vm(s) ? m->dom[s->domain].ist_valid :
           s->valid && (get(m, s->domain, ist_word(s, type)) & VALID);
}

static bool is_reachable(const Model *m, const ModelSpace *s,
                         const ModelInt *i)
{
    const ModelIST *ist = cist_of(s, i->type);

    if (!is_vm(s) && i->type == GICV5_TYPE_SPI) {
        return i->intid && s->domain == spi_domain(m) &&
               !m->wire[i->id - FIRST_WIRE].virt;
    }
    return ist_is_valid(m, s, i->type) && !(i->id >> ist->t.b) &&
           (!ist->t.two_level ||
            (get(m, s->domain, l1_of(ist, i->id)) & VALID));
}

/* --- after each operation ---------------------------------------------- */

static void check_written_back(Model *m, ModelSpace *s, ModelInt *i)
{
    uint32_t word = rig_mem_ldl(memory(m, s->domain), i->addr);

    g_assert_cmphex(word & iste_fields(m, s), ==, encode(i));
    now_ours32(m, s->domain, i->addr);
    i->in_memory = true;
}

/* What has become reachable has the state that memory has, and vice versa. */
static void settle_reachable(Model *m, ModelSpace *s, ModelInt *i)
{
    bool reachable = is_reachable(m, s, i);
    bool physical_spi = !is_vm(s) && i->type == GICV5_TYPE_SPI;

    if (reachable == i->reachable) {
        return;
    }
    if (!physical_spi && reachable) {
        i->addr = entry_of(ist_of(s, i->type), i->id);
        decode_of(m, s, i, rig_mem_ldl(&m->dom[s->domain].image, i->addr));
        i->in_memory = true;
        if (i->pending) {
            /*
             * Not allowed: the engine has it from when it looks at the page,
             * which it does now.
             */
            gicv5_command(is_vm(s) ? engine_vm(m, s) :
                                     engine_domain(m, s->domain),
                          m->pe[0].pe, GICV5_CMD_REQUEST_CONFIG, i->intid, 0);
        }
    } else if (!physical_spi) {
        check_written_back(m, s, i);
    }
    i->reachable = reachable;
}

static unsigned place_of(const Model *m, const ModelSpace *s,
                         const ModelInt *i)
{
    if (!deliverable(i)) {
        return NOBODY;
    }
    if (i->irm) {
        return ONE_OF_N;
    }
    for (unsigned t = 0; t < (is_vm(s) ? VPES : m->cfg->pes); t++) {
        if (is_vm(s) ? s->vpe[t].valid && s->vpe[t].id == i->iaffid :
                       m->pe[t].iaffid == i->iaffid) {
            return t;
        }
    }
    return NOBODY;
}

static void settle_place(Model *m, ModelSpace *s, ModelInt *i)
{
    unsigned place = place_of(m, s, i);

    if (place != i->place || i->prio != i->place_prio) {
        i->since = m->clock;
    }
    i->place = place;
    i->place_prio = i->prio;
}

static void settle_vm(Model *m, ModelSpace *v)
{
    unsigned d = v->domain;
    bool valid = has_vmte(m, d, v->id) && (get(m, d, v->vmte) & VALID);

    if (valid != v->valid) {
        v->valid = valid;
        v->quiescent = false;
        v->db = (GICv5VMDoorbell) {};
    }
    for (unsigned n = 0; n < VPES; n++) {
        ModelVPE *e = &v->vpe[n];
        bool was = e->valid;

        e->valid = valid && !(e->id >> v->vpe_id_bits) &&
                   (get(m, d, vpete_of(v, e->id)) & VALID);
        if (was && !e->valid) {
            /* A residency that ends so leaves the settings alone. */
            e->pe = -1;
            for (unsigned k = 0; k < 32; k += 8) {
                now_ours(m, d, e->vped + k);
            }
            e->in_memory = true;
        }
    }
    for (unsigned n = 0; n < INTS; n++) {
        settle_reachable(m, v, &v->in[n]);
        settle_place(m, v, &v->in[n]);
    }
}

static ModelInt *find_int(ModelSpace *s, uint32_t intid)
{
    for (unsigned n = 0; n < INTS; n++) {
        if (s->in[n].intid == intid) {
            return &s->in[n];
        }
    }
    return NULL;
}

static bool is_due(const Model *m, const ModelSpace *v, const ModelVPE *e)
{
    bool taken = false;

    if (!e->valid || e->pe >= 0 || !e->db.valid || !e->db.requested) {
        return false;
    }
    for (unsigned n = 0; n < VPES; n++) {
        taken |= takes_part(m, v->domain, &v->vpe[n]);
    }
    for (unsigned n = 0; n < INTS; n++) {
        const ModelInt *i = &v->in[n];

        if (deliverable(i) && i->prio <= e->db.mask &&
            (i->irm ? v->db.enabled && v->db.vpe == e->id && !taken :
                      i->iaffid == e->id)) {
            return true;
        }
    }
    return false;
}

static void settle_doorbells(Model *m, ModelSpace *v)
{
    for (unsigned n = 0; n < VPES; n++) {
        ModelVPE *e = &v->vpe[n];

        if (is_due(m, v, e)) {
            ModelSpace *own = &m->dom[v->domain].own;
            ModelInt *i = find_int(own, gicv5_intid(GICV5_TYPE_LPI, e->db.lpi));

            e->db.requested = false;
            e->in_memory = false;
            if (i) {
                model_event(own, i, GICV5_SET_EDGE);
            }
        }
    }
}

static void settle(Model *m)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        ModelSpace *own = &m->dom[d].own;

        if (!has_domain(m, d)) {
            continue;
        }
        for (unsigned n = 0; n < VMS; n++) {
            settle_vm(m, &m->dom[d].vm[n]);
        }
        for (unsigned n = 0; n < INTS; n++) {
            settle_reachable(m, own, &own->in[n]);
        }
        for (unsigned n = 0; n < VMS; n++) {
            settle_doorbells(m, &m->dom[d].vm[n]);
        }
        for (unsigned n = 0; n < INTS; n++) {
            settle_place(m, own, &own->in[n]);
        }
    }
}

/* --- comparison -------------------------------------------------------- */

static const ModelInt *first_of(const ModelSpace *s, unsigned place)
{
    const ModelInt *first = NULL;

    for (unsigned n = 0; n < INTS; n++) {
        if (s->in[n].place == place && goes_before(&s->in[n], first)) {
            first = &s->in[n];
        }
    }
    return first;
}

/* Its own first one, or another that came at the same moment */
static bool is_first(const ModelSpace *s, unsigned place, GICv5Candidate c)
{
    const ModelInt *first = first_of(s, place);

    if (!first) {
        return c == GICV5_CANDIDATE_NONE;
    }
    for (unsigned n = 0; n < INTS; n++) {
        const ModelInt *i = &s->in[n];

        if (i->place == place && !goes_before(first, i) &&
            c == ((uint64_t)i->prio << 32 | i->intid)) {
            return true;
        }
    }
    return false;
}

static unsigned first_prio(const ModelSpace *s, unsigned place)
{
    const ModelInt *first = first_of(s, place);

    return first ? first->prio : 32;
}

static GICv5Candidate seen_by(const Model *m, unsigned d, const ModelVPE *e)
{
    return m->r->seen_virtual[e->pe][d];
}

static const ModelInt *one_of_n_int(const ModelSpace *v, GICv5Candidate c)
{
    for (unsigned n = 0; n < INTS; n++) {
        const ModelInt *i = &v->in[n];

        if (i->place == ONE_OF_N && c == ((uint64_t)i->prio << 32 | i->intid)) {
            return i;
        }
    }
    return NULL;
}

static void check_vm_candidates(const Model *m, const ModelSpace *v)
{
    unsigned d = v->domain;
    const ModelInt *offer[VPES] = {};

    for (unsigned n = 0; n < VPES; n++) {
        const ModelVPE *e = &v->vpe[n];
        GICv5Candidate c;

        if (e->pe < 0) {
            continue;
        }
        c = seen_by(m, d, e);
        if (!presents(m, d, e)) {
            g_assert_cmphex(c, ==, GICV5_CANDIDATE_NONE);
            continue;
        }
        offer[n] = one_of_n_int(v, c);
        if (!offer[n]) {
            g_assert_true(is_first(v, n, c));
            continue;
        }
        g_assert_true(takes_part(m, d, e));
        g_assert_cmpuint(offer[n]->prio, <, m->pe[e->pe].limit[d]);
        g_assert_cmpuint(offer[n]->prio, <=, first_prio(v, n));
        for (unsigned k = 0; k < n; k++) {
            g_assert_true(offer[k] != offer[n]);
        }
    }
    /* What is offered to nobody is for nobody, or less important. */
    for (unsigned k = 0; k < INTS; k++) {
        const ModelInt *i = &v->in[k];
        bool offered = false;

        for (unsigned n = 0; n < VPES; n++) {
            offered |= offer[n] == i;
        }
        if (i->place != ONE_OF_N || offered) {
            continue;
        }
        for (unsigned n = 0; n < VPES; n++) {
            const ModelVPE *e = &v->vpe[n];

            if (takes_part(m, d, e) && i->prio < m->pe[e->pe].limit[d]) {
                g_assert_cmpuint(gicv5_candidate_prio(seen_by(m, d, e)), <=,
                                 i->prio);
            }
        }
    }
}

/* What each PE has been told */
static void check_candidates(const Model *m)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        const ModelDomain *dom = &m->dom[d];
        bool has_vpe[MAX_PES] = {};

        for (unsigned n = 0; n < VMS; n++) {
            for (unsigned k = 0; k < VPES; k++) {
                int p = dom->vm[n].vpe[k].pe;

                if (p >= 0) {
                    g_assert_false(has_vpe[p]);
                    has_vpe[p] = true;
                }
            }
            check_vm_candidates(m, &dom->vm[n]);
        }
        for (unsigned p = 0; p < m->cfg->pes; p++) {
            GICv5Candidate c = m->r->seen[p][d];

            if (!has_domain(m, d) || !m->irsen[m->pe[p].irs][d]) {
                g_assert_cmphex(c, ==, GICV5_CANDIDATE_NONE);
            } else {
                g_assert_true(is_first(&dom->own, p, c));
            }
            if (!has_vpe[p]) {
                g_assert_cmphex(m->r->seen_virtual[p][d], ==,
                                GICV5_CANDIDATE_NONE);
            }
        }
    }
}

static void check_int(const Model *m, const ModelSpace *s, const ModelInt *i)
{
    GICv5Space *sp = is_vm(s) ? engine_vm(m, s) : engine_domain(m, s->domain);
    uint32_t word = 0;

    g_assert_true(!is_vm(s) || !sp == !s->valid);
    if (!sp) {
        g_assert_false(i->reachable);
        return;
    }
    g_assert_true(gicv5_get_word(sp, i->intid, &word) == i->reachable);
    if (i->reachable) {
        g_assert_cmphex(word, ==, encode(i));
    }
}

/* Doorbells are all there is of their LPIs: no page has to be read for them. */
static void check_own(const Model *m)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        for (unsigned n = 0; n < INTS && has_domain(m, d); n++) {
            const ModelInt *i = &m->dom[d].own.in[n];

            if (i->intid) {
                check_int(m, &m->dom[d].own, i);
            }
        }
    }
    for (unsigned n = 0; n < WIRES; n++) {
        const ModelWire *w = &m->wire[n];
        const ModelInt *i = &m->dom[spi_domain(m)].own.in[LPIS + n];
        GICv5SPIState s = rig_spi(m->r, 0, i->id);

        g_assert_cmphex(s.word, ==, encode(i));
        g_assert_true(s.tm_level == w->tm && s.level == w->level);
        g_assert_true(s.virt == w->virt && (!w->virt || s.vm == w->vm));
    }
}

/* Not with each operation, since it makes the engine look at memory */
static void check_vpe(Model *m, const ModelSpace *v, const ModelVPE *e)
{
    GICv5Space *sp = engine_domain(m, v->domain);
    GICv5Doorbell db;
    GICv5Candidate c;
    const ModelInt *i;
    unsigned n = e - v->vpe;

    g_assert_true(gicv5_vpe_is_valid(sp, v->id, e->id) == e->valid);
    g_assert_true(gicv5_vpe_doorbell(sp, v->id, e->id, &db) == e->valid);
    c = gicv5_vpe_candidate(sp, v->id, e->id);
    if (!e->valid) {
        g_assert_cmphex(c, ==, GICV5_CANDIDATE_NONE);
        return;
    }
    g_assert_true(db.valid == e->db.valid && db.mask == e->db.mask);
    g_assert_true(db.requested == e->db.requested && db.lpi == e->db.lpi);
    g_assert_true(gicv5_vpe_dps(sp, v->id, e->id) == e->dps);

    i = one_of_n_int(v, c);
    if (presents(m, v->domain, e) &&
        one_of_n_int(v, seen_by(m, v->domain, e))) {
        g_assert_cmphex(c, ==, seen_by(m, v->domain, e));
    } else if (i) {
        g_assert_true(!e->dps && i->prio <= first_prio(v, n));
    } else {
        g_assert_true(is_first(v, n, c));
    }
    /* The same interrupt is not the candidate of another VPE. */
    for (unsigned k = 0; i && k < VPES; k++) {
        g_assert_true(k == n || v->vpe[k].pe < 0 ||
                      seen_by(m, v->domain, &v->vpe[k]) != c);
    }
}

static void check_vm(Model *m, const ModelSpace *v)
{
    GICv5Space *sp = engine_domain(m, v->domain);
    GICv5VMDoorbell db;

    g_assert_true(gicv5_vm_is_valid(sp, v->id) == v->valid);
    if (!v->remapped || !v->quiescent) {
        g_assert_true(gicv5_vm_is_quiescent(sp, v->id) == v->quiescent);
    }
    g_assert_true(gicv5_vm_doorbell(sp, v->id, &db) == v->valid);
    if (v->valid) {
        g_assert_true(db.enabled == v->db.enabled && db.vpe == v->db.vpe);
    }
    for (unsigned n = 0; n < INTS; n++) {
        check_int(m, v, &v->in[n]);
    }
    for (unsigned n = 0; n < VPES; n++) {
        check_vpe(m, v, &v->vpe[n]);
    }
    for (unsigned p = 0; p < m->cfg->pes; p++) {
        bool resident = false;

        for (unsigned n = 0; n < VPES; n++) {
            resident |= v->vpe[n].pe == p;
        }
        g_assert_true((v->valid &&
                       gicv5_pe_resident_space(m->pe[p].pe, v->domain) ==
                       engine_vm(m, v)) == resident);
    }
}

typedef struct Diff {
    const Model *m;
    unsigned d;
} Diff;

/* While something is valid its memory is the IRS's. */
static void check_difference(void *opaque, uint64_t addr, uint32_t from,
                             uint32_t to)
{
    const Diff *diff = opaque;
    const ModelDomain *dom = &diff->m->dom[diff->d];

    for (unsigned n = 0; n <= VMS; n++) {
        const ModelSpace *s = n == VMS ? &dom->own : &dom->vm[n];

        for (unsigned k = 0; k < INTS; k++) {
            if (s->in[k].reachable && s->in[k].addr == addr) {
                return;
            }
        }
        for (unsigned k = 0; k < VPES; k++) {
            if (s->vpe[k].valid && addr - s->vpe[k].vped < 32) {
                return;
            }
        }
    }
    g_error("0x%" PRIx64 " is 0x%x instead of 0x%x", addr, to, from);
}

static void check_memory(Model *m)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        rig_mem_diff(&m->dom[d].image, memory(m, d), check_difference,
                     &(Diff) { m, d });
    }
}

static void check_all(Model *m)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        for (unsigned n = 0; n < VMS && has_domain(m, d); n++) {
            check_vm(m, &m->dom[d].vm[n]);
        }
    }
    check_own(m);
    check_memory(m);
}

/* --- what software writes into its tables ------------------------------ */

static unsigned rnd_vpe_id(Model *m, const ModelSpace *v)
{
    /* Now and then one that is not there */
    return rnd(m, 10) ? v->vpe[rnd(m, VPES)].id : rnd(m, 2) ? 6 : 0xffff;
}

static uint32_t rnd_word(Model *m, const ModelSpace *v)
{
    /* HWU must be clear, and so must Pending: see clean_up() */
    return (g_rand_int(m->rand) & 0xf9fe) |
           (uint32_t)rnd_vpe_id(m, v) << 16 | !rnd(m, 8);
}

static bool may_write(const ModelInt *i)
{
    return !i->reachable;
}

/* Give the ISTEs of a table that are not the IRS's other contents */
static void write_istes(Model *m, ModelSpace *v, unsigned type)
{
    const ModelIST *ist = ist_of(v, type);

    for (unsigned n = 0; n < INTS; n++) {
        const ModelInt *i = &v->in[n];

        if (i->type != type || i->id >> ist->t.b || !may_write(i)) {
            continue;
        }
        if (rnd(m, 4)) {
            put32(m, v->domain, entry_of(ist, i->id), rnd_word(m, v));
        }
        for (unsigned k = 1; k < 1u << ist->t.s; k++) {
            put32(m, v->domain, entry_of(ist, i->id) + 4 * k,
                  g_rand_int(m->rand));
        }
    }
}

/* A restore clears what must not be there when a table becomes valid. */
static void clear_pending(Model *m, ModelSpace *v)
{
    for (unsigned n = 0; n < INTS; n++) {
        const ModelInt *i = &v->in[n];
        const ModelIST *ist = ist_of(v, i->type);

        if (may_write(i) && !(i->id >> ist->t.b)) {
            uint64_t addr = entry_of(ist, i->id);
            uint32_t word = rig_mem_ldl(&m->dom[v->domain].image, addr);

            put32(m, v->domain, addr, word & ~(1 | ISTE_HWU));
        }
    }
}

/* Each VM has 16 TiB for its tables. */
static uint64_t region(const ModelSpace *v)
{
    return (uint64_t)(1 + v->id % 7) << 44;
}

/* Other layouts must not find what this one has left. */
static void clear_ist(Model *m, ModelSpace *v, unsigned type)
{
    const ModelIST *ist = ist_of(v, type);

    for (unsigned n = 0; n < INTS; n++) {
        const ModelInt *i = &v->in[n];

        if (!ist->l2 || i->type != type || i->id >> ist->t.b) {
            continue;
        }
        for (unsigned k = 0; k < 1u << ist->t.s; k++) {
            put32(m, v->domain, entry_of(ist, i->id) + 4 * k, 0);
        }
        if (ist->t.two_level) {
            put(m, v->domain, l1_of(ist, i->id), 0);
        }
    }
}

/* A new table, and the word of the VMTE that describes it */
static void write_ist(Model *m, ModelSpace *v, unsigned type, bool valid)
{
    ModelIST *ist = ist_of(v, type);
    unsigned b = rnd(m, 4) ? m->cfg->id_bits : rnd(m, 32);
    unsigned s = rnd(m, 4), z = rnd(m, 4);
    bool two_level = coin(m);
    uint64_t base = region(v) + ((uint64_t)type << 40);

    clear_ist(m, v, type);
    if (type == GICV5_TYPE_SPI && coin(m)) {
        b = 5;
    }
    ist->l2 = base + (1ull << 39);
    base += (uint64_t)rnd(m, 3) << 32;
    ist->key = rnd(m, 4);
    ist->t = (RigIST) {
        .two_level = two_level,
        .b = MIN(b, m->cfg->id_bits),
        .s = s < 3 ? s : 0,
        .z = z < 3 ? z : 0,
        .base = base,
    };
    for (unsigned n = 0; n < INTS && two_level; n++) {
        const ModelInt *i = &v->in[n];

        if (i->type == type && !(i->id >> ist->t.b)) {
            put(m, v->domain, l1_of(ist, i->id),
                rnd(m, 3) ? l2_of(ist, i->id) | coin(m) : 0);
        }
    }
    write_istes(m, v, type);
    put(m, v->domain, ist_word(v, type),
        (uint64_t)b << 59 | (uint64_t)two_level << 58 | (uint64_t)s << 56 |
        base | z << 1 | valid);
}

/* A VPETE, and the empty descriptor that it points to */
static void write_vpete(Model *m, ModelSpace *v, ModelVPE *e, bool valid)
{
    e->vped = region(v) + 0x100000 + rnd(m, 3) * 0x1000 + (e - v->vpe) * 32;
    e->db = (GICv5Doorbell) {};
    e->dps = false;
    e->in_memory = true;
    for (unsigned k = 0; k < 32; k += 8) {
        put(m, v->domain, e->vped + k, 0);
    }
    put(m, v->domain, vpete_of(v, e->id), e->vped | valid);
}

/* A VMTE and all that it describes, some of it valid */
static void write_vm(Model *m, ModelSpace *v, bool valid)
{
    unsigned bits = rnd(m, 6) ? 3 : rnd(m, 32);
    unsigned d = v->domain;

    v->vpe_id_bits = MIN(bits, m->cfg->vpe_id_bits);
    v->vpet = region(v) + rnd(m, 3) * 0x10000;
    put(m, d, v->vmte + 8, (uint64_t)bits << 59 | v->vpet);
    for (unsigned n = 0; n < VPES; n++) {
        ModelVPE *e = &v->vpe[n];

        write_vpete(m, v, e, coin(m));
        if (!rnd(m, 4)) {
            put(m, d, vpete_of(v, e->id), 0);
        }
    }
    for (unsigned type = GICV5_TYPE_LPI; type <= GICV5_TYPE_SPI; type++) {
        write_ist(m, v, type, coin(m));
    }
    put(m, d, v->vmte, valid);
}

static ModelSpace *rnd_vm(Model *m)
{
    return &m->dom[rnd_domain(m)].vm[rnd(m, VMS)];
}

/* --- valid and invalid ------------------------------------------------- */

/* Let the engine's accesses to the page of @addr fail, or no longer */
static void set_fault(Model *m, unsigned d, uint64_t addr, bool fault)
{
    bool read = fault && coin(m);

    rig_mem_fault(memory(m, d), addr, 8, read, fault);
}

/* Most of the time no table that becomes valid has something pending. */
static void clean_up(Model *m, unsigned d)
{
    for (unsigned n = 0; n < VMS && (rnd(m, 8) || m->cfg->vm_memory); n++) {
        clear_pending(m, &m->dom[d].vm[n]);
    }
}

static void op_vmt_valid(Model *m, unsigned d)
{
    ModelDomain *dom = &m->dom[d];

    if (dom->vmt_valid) {
        return;
    }
    clean_up(m, d);
    if (!dom->vmt || coin(m)) {
        unsigned bits = rnd(m, 3) ? m->cfg->vm_id_bits : rnd(m, 32);

        dom->vmt_two_level = coin(m);
        dom->vm_id_bits = MIN(bits, m->cfg->vm_id_bits);
        dom->vmt = 0x40000000ull + rnd(m, 3) * 0x1000000;
        dom->vmt_key = rnd(m, 4);
        for (unsigned n = 0; n < VMS; n++) {
            ModelSpace *v = &dom->vm[n];

            v->vmte = vmte_of(dom, v->id);
            if (dom->vmt_two_level) {
                put(m, d, vmt_l1(dom, v->id),
                    vmt_l2(dom, v->id) | coin(m));
            }
            write_vm(m, v, coin(m));
        }
        gicv5_vmt_set_valid(engine_domain(m, d), dom->vmt, dom->vmt_two_level,
                            bits);
    } else {
        gicv5_vmt_set_valid(engine_domain(m, d), dom->vmt, dom->vmt_two_level,
                            dom->vm_id_bits);
    }
    dom->vmt_valid = true;
}

static void op_vmt_invalid(Model *m, unsigned d)
{
    gicv5_vmt_set_invalid(engine_domain(m, d));
    m->dom[d].vmt_valid = false;
}

static void op_map_l2_vmt(Model *m, unsigned d)
{
    const ModelDomain *dom = &m->dom[d];
    unsigned vm = dom->vm[rnd(m, VMS)].id;
    uint64_t l1 = vmt_l1(dom, vm);
    bool acts = dom->vmt_valid && dom->vmt_two_level &&
                !(vm >> dom->vm_id_bits);
    bool fault = acts && !rnd(m, 8);

    clean_up(m, d);
    if (fault) {
        set_fault(m, d, l1, true);
    }
    gicv5_vmt_map_l2(engine_domain(m, d), vm);
    if (fault) {
        set_fault(m, d, l1, false);
    } else if (acts) {
        expect(m, d, l1, get(m, d, l1) | VALID);
    }
}

static void op_vm_valid(Model *m, ModelSpace *v)
{
    unsigned d = v->domain;
    bool acts = has_vmte(m, d, v->id) && !v->valid;
    bool fault = acts && !rnd(m, 8);

    if (m->dom[d].vmt && !v->valid && !(get(m, d, v->vmte) & VALID)) {
        switch (rnd(m, 6)) {
        case 0 ... 1:
            write_vm(m, v, false);
            break;
        case 2:
            write_istes(m, v, GICV5_TYPE_LPI + rnd(m, 2));
            break;
        }
    }
    clean_up(m, d);
    if (fault) {
        set_fault(m, d, v->vmte, true);
    }
    gicv5_vm_set_valid(engine_domain(m, d), v->id);
    if (fault) {
        set_fault(m, d, v->vmte, false);
    } else if (acts) {
        expect(m, d, v->vmte, get(m, d, v->vmte) | VALID);
    }
}

static void op_vm_invalid(Model *m, ModelSpace *v)
{
    gicv5_vm_set_invalid(engine_domain(m, v->domain), v->id);
    if (v->valid) {
        expect(m, v->domain, v->vmte, get(m, v->domain, v->vmte) & ~VALID);
    }
}

/* As when a VM is restored: all that has to survive does it in memory. */
static void op_vm_cycle(Model *m, ModelSpace *v)
{
    op_vm_invalid(m, v);
    settle(m);
    op_vm_valid(m, v);
}

static void op_ist_valid(Model *m, ModelSpace *v)
{
    unsigned d = v->domain;
    unsigned type = rnd(m, 16) ? GICV5_TYPE_LPI + rnd(m, 2) : GICV5_TYPE_PPI;
    uint64_t addr = ist_word(v, type);
    bool acts = type != GICV5_TYPE_PPI && v->valid &&
                !(get(m, d, addr) & VALID);
    bool fault = acts && !rnd(m, 8);

    if (acts) {
        switch (rnd(m, 4)) {
        case 0 ... 1:
            write_ist(m, v, type, false);
            break;
        case 2:
            write_istes(m, v, type);
            break;
        }
    }
    clean_up(m, d);
    if (fault) {
        set_fault(m, d, addr, true);
    }
    gicv5_vm_ist_set_valid(engine_domain(m, d), v->id, type);
    if (fault) {
        set_fault(m, d, addr, false);
    } else if (acts) {
        expect(m, d, addr, get(m, d, addr) | VALID);
        v->remapped = true;
    }
}

static void op_ist_invalid(Model *m, ModelSpace *v)
{
    unsigned d = v->domain;
    unsigned type = rnd(m, 16) ? GICV5_TYPE_LPI + rnd(m, 2) : GICV5_TYPE_PPI;

    gicv5_vm_ist_set_invalid(engine_domain(m, d), v->id, type);
    if (type != GICV5_TYPE_PPI && v->valid) {
        expect(m, d, ist_word(v, type), get(m, d, ist_word(v, type)) & ~VALID);
        v->remapped = true;
    }
}

static void op_map_l2(Model *m, ModelSpace *v)
{
    unsigned d = v->domain;
    const ModelInt *i = &v->in[rnd(m, INTS)];
    ModelIST *ist = ist_of(v, i->type);
    uint64_t l1 = l1_of(ist, i->id);
    bool acts = ist_is_valid(m, v, i->type) && ist->t.two_level &&
                !(i->id >> ist->t.b) && !(get(m, d, l1) & VALID);
    bool fault = acts && !rnd(m, 8);

    if (acts) {
        put(m, d, l1, l2_of(ist, i->id));
        if (coin(m)) {
            write_istes(m, v, i->type);
        }
    }
    clean_up(m, d);
    if (fault) {
        set_fault(m, d, l1, true);
    }
    gicv5_vm_ist_map_l2(engine_domain(m, d), v->id, i->type, i->id);
    if (fault) {
        set_fault(m, d, l1, false);
    } else if (acts) {
        expect(m, d, l1, get(m, d, l1) | VALID);
        v->remapped = true;
    }
}

static void op_vpe_valid(Model *m, ModelSpace *v)
{
    unsigned d = v->domain;
    ModelVPE *e = &v->vpe[rnd(m, VPES)];
    uint64_t addr = vpete_of(v, e->id);
    bool acts = v->valid && !(e->id >> v->vpe_id_bits) &&
                !(get(m, d, addr) & VALID);
    bool fault = acts && !rnd(m, 8);

    if (acts) {
        write_vpete(m, v, e, false);
    }
    if (fault) {
        set_fault(m, d, addr, true);
    }
    gicv5_vpe_set_valid(engine_domain(m, d), v->id, e->id);
    if (fault) {
        set_fault(m, d, addr, false);
    } else if (acts) {
        expect(m, d, addr, get(m, d, addr) | VALID);
        v->remapped = true;
    }
}

static void op_save(Model *m, ModelSpace *v)
{
    unsigned d = v->domain;
    const ModelInt *lost = rnd(m, 4) ? NULL : &v->in[rnd(m, INTS)];
    const ModelVPE *e = &v->vpe[rnd(m, VPES)];
    uint64_t addr = 0;
    bool saved, may_fail = false, must_fail = false;

    if (lost && lost->reachable) {
        /* Memory that does not take what it has not yet, on the same page */
        addr = lost->addr;
        may_fail = true;
        for (unsigned n = 0; n < INTS; n++) {
            const ModelInt *i = &v->in[n];

            must_fail |= i->reachable && i->addr >> 12 == addr >> 12 &&
                         (rig_mem_ldl(memory(m, d), i->addr) &
                          iste_fields(m, v)) != encode(i);
        }
        rig_mem_fault(memory(m, d), addr, 4, false, true);
    }
    if (!rnd(m, 6) && !addr && e->valid) {
        /* Its settings are there, or cannot be written. */
        addr = e->vped;
        may_fail = true;
        rig_mem_fault(memory(m, d), addr, 4, false, true);
    }
    saved = gicv5_vm_save(engine_domain(m, d), v->id);
    if (addr) {
        rig_mem_fault(memory(m, d), addr, 4, false, false);
    }
    g_assert_false(saved && (must_fail || !v->valid));
    g_assert_true(saved || may_fail || !v->valid);
    v->quiescent = saved;
    v->remapped = false;
    for (unsigned n = 0; n < INTS && saved; n++) {
        if (v->in[n].reachable) {
            check_written_back(m, v, &v->in[n]);
        }
    }
    for (unsigned n = 0; n < VPES && saved; n++) {
        v->vpe[n].in_memory |= v->vpe[n].valid;
    }
    g_assert_true(gicv5_vm_is_quiescent(engine_domain(m, d), v->id) == saved);
}

/* --- interrupts -------------------------------------------------------- */

static void op_command(Model *m, ModelSpace *s)
{
    ModelInt *i = &s->in[rnd(m, INTS)];
    GICv5Space *sp = is_vm(s) ? engine_vm(m, s) : engine_domain(m, s->domain);
    GICv5PE *pe = m->pe[rnd(m, m->cfg->pes)].pe;
    GICv5Command c;
    ModelInt next = *i;
    unsigned v = rnd(m, 32);
    uint64_t answer, config;

    g_assert_true(!is_vm(s) || !sp == !s->valid);
    if (!sp || !i->intid) {
        return;
    }
    config = i->enable << 1 | i->pending << 2 | i->irm << 3 | i->active << 4 |
             i->hm << 5 | i->prio << 11 | (uint64_t)i->iaffid << 32;
    switch (rnd(m, 12)) {
    case 0 ... 1:
        c = GICV5_CMD_SET_PRIORITY;
        next.prio = mask_prio(m, v);
        break;
    case 2:
        c = GICV5_CMD_SET_TARGET;
        next.iaffid = is_vm(s) ? rnd_vpe_id(m, s) :
                                 m->pe[rnd(m, m->cfg->pes)].iaffid;
        next.irm = (v & 1) && is_vm(s) && m->cfg->one_of_n;
        v = next.iaffid | (v & 1 ? GICV5_TARGET_IRM : 0);
        break;
    case 3:
        c = GICV5_CMD_SET_HANDLING;
        v &= 1;
        next.hm = v;
        break;
    case 4 ... 6:
        c = GICV5_CMD_DEACTIVATE;
        next.active = false;
        break;
    case 7:
        c = GICV5_CMD_REQUEST_CONFIG;
        break;
    case 8 ... 9:
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
    answer = gicv5_command(sp, pe, c, i->intid, v);
    if (c == GICV5_CMD_REQUEST_CONFIG) {
        g_assert_cmphex(answer, ==, i->reachable ? config : 1);
    }
    if (i->reachable) {
        set_int(s, i, &next);
    }
}

/* With little memory software does not let many interrupts wait. */
static void op_thin_out(Model *m, unsigned d)
{
    unsigned waiting = 0;

    for (unsigned n = 0; n < VMS * INTS && m->cfg->vm_memory; n++) {
        ModelSpace *v = &m->dom[d].vm[n / INTS];
        ModelInt *i = &v->in[n % INTS];
        ModelInt next = *i;

        if (deliverable(i) && ++waiting > FEW) {
            gicv5_command(engine_vm(m, v), m->pe[0].pe, GICV5_CMD_SET_PENDING,
                          i->intid, 0);
            next.pending = false;
            set_int(v, i, &next);
        }
    }
}

static GICv5Event rnd_event(Model *m)
{
    static const GICv5Event events[] = {
        GICV5_SET_EDGE, GICV5_SET_EDGE, GICV5_SET_LEVEL, GICV5_CLEAR,
    };

    return events[rnd(m, ARRAY_SIZE(events))];
}

static void op_event(Model *m, ModelSpace *s)
{
    ModelInt *i = &s->in[rnd(m, is_vm(s) ? INTS : LPIS)];
    GICv5Space *sp = is_vm(s) ? engine_vm(m, s) : engine_domain(m, s->domain);
    GICv5Event event = rnd_event(m);

    g_assert_true(!is_vm(s) || !sp == !s->valid);
    if (sp) {
        gicv5_event(sp, i->intid, event);
        model_event(s, i, event);
    }
}

static void acknowledge(Model *m, ModelSpace *s, GICv5Space *sp,
                        GICv5PE *pe, GICv5Candidate c)
{
    ModelInt *i = find_int(s, (uint32_t)c);
    ModelInt next = *i;

    gicv5_command(sp, pe, GICV5_CMD_ACTIVATE, i->intid, 0);
    next.active = true;
    next.pending &= next.hm;
    set_int(s, i, &next);
}

/* The VM of the VPE that is resident on a PE, or NULL */
static ModelSpace *resident_vm(Model *m, unsigned d, unsigned p)
{
    for (unsigned n = 0; n < VMS; n++) {
        for (unsigned k = 0; k < VPES; k++) {
            if (m->dom[d].vm[n].vpe[k].pe == p) {
                return &m->dom[d].vm[n];
            }
        }
    }
    return NULL;
}

static unsigned asks_limit(void *opaque, GICv5PE *pe, GICv5Domain d)
{
    Model *m = current;

    for (unsigned p = 0; p < m->cfg->pes; p++) {
        if (m->pe[p].pe == pe) {
            g_assert_true(m->cfg->one_of_n);
            m->pe[p].asked[d] = true;
            m->pe[p].told[d] = m->pe[p].limit[d];
            return m->pe[p].limit[d];
        }
    }
    g_assert_not_reached();
}

/* A CPU interface tells of changes if it has been asked to. */
static void tell_limit(Model *m, unsigned d, unsigned p)
{
    ModelPE *pe = &m->pe[p];
    GICv5Space *sp = gicv5_pe_resident_space(pe->pe, d);

    if (!pe->asked[d] || pe->limit[d] == pe->told[d]) {
        return;
    }
    pe->told[d] = pe->limit[d];
    pe->asked[d] = sp && gicv5_command(sp, pe->pe, GICV5_CMD_SET_ONE_OF_N, 0,
                                       pe->limit[d]);
}

static void op_acknowledge(Model *m, bool virt)
{
    unsigned p = rnd(m, m->cfg->pes);
    unsigned d = rnd_domain(m);
    GICv5PE *pe = m->pe[p].pe;
    GICv5Candidate c = virt ? m->r->seen_virtual[p][d] : m->r->seen[p][d];

    if (c == GICV5_CANDIDATE_NONE) {
        return;
    }
    if (virt) {
        /* Its running priority; the IRS is told after the acknowledge. */
        m->pe[p].limit[d] = MIN(m->pe[p].limit[d], gicv5_candidate_prio(c));
        acknowledge(m, resident_vm(m, d, p), gicv5_pe_resident_space(pe, d),
                    pe, c);
        tell_limit(m, d, p);
    } else {
        acknowledge(m, &m->dom[d].own, engine_domain(m, d), pe, c);
    }
}

/* --- VPEs -------------------------------------------------------------- */

static void leave(Model *m, unsigned d, unsigned p, bool request,
                  unsigned mask)
{
    for (unsigned n = 0; n < VMS; n++) {
        for (unsigned k = 0; k < VPES; k++) {
            ModelVPE *e = &m->dom[d].vm[n].vpe[k];

            if (e->pe == p) {
                e->pe = -1;
                e->db.requested = request;
                e->db.mask = request ? mask : e->db.mask;
                e->in_memory = false;
            }
        }
    }
}

static void op_resident(Model *m, ModelSpace *v)
{
    unsigned d = v->domain, p = rnd(m, m->cfg->pes);
    ModelVPE *e = &v->vpe[rnd(m, VPES)];
    bool no_hppi = !rnd(m, 6);
    bool works = e->valid && (e->pe < 0 || e->pe == p);

    if (!rnd(m, 10)) {
        /* There is no such VPE, or no such VM. */
        bool no_vm = coin(m);

        g_assert_false(gicv5_pe_make_resident(m->pe[p].pe, engine_domain(m, d),
                                              no_vm ? v->id + 1 : v->id,
                                              no_vm ? e->id : e->id + 8,
                                              no_hppi));
        leave(m, d, p, false, 0);
        return;
    }
    g_assert_true(gicv5_pe_make_resident(m->pe[p].pe, engine_domain(m, d),
                                         v->id, e->id, no_hppi) == works);
    leave(m, d, p, false, 0);
    if (works) {
        e->pe = p;
        e->no_hppi = no_hppi;
        e->db.requested = false;
        e->in_memory = false;
    }
}

static void op_nonresident(Model *m)
{
    unsigned d = rnd_domain(m), p = rnd(m, m->cfg->pes);
    bool request = coin(m);
    unsigned mask = rnd(m, 32);

    gicv5_pe_make_nonresident(m->pe[p].pe, engine_domain(m, d), request, mask);
    leave(m, d, p, request, mask);
}

static void op_doorbell(Model *m, ModelSpace *v)
{
    unsigned n = rnd(m, VPES);
    ModelVPE *e = &v->vpe[n];
    ModelSpace *own = &m->dom[v->domain].own;
    GICv5Doorbell db = {
        .valid = rnd(m, 6), .requested = rnd(m, 3), .mask = rnd(m, 32),
        .lpi = rnd(m, 8) ? own->in[(v - m->dom[v->domain].vm + n) % LPIS].id :
               coin(m) ? own->in[rnd(m, LPIS)].id : 0xffffff,
    };

    g_assert_true(gicv5_vpe_set_doorbell(engine_domain(m, v->domain), v->id,
                                         e->id, &db) == e->valid);
    if (e->valid) {
        e->db = db;
        e->in_memory = false;
    }
}

static void op_dps(Model *m, ModelSpace *v)
{
    ModelVPE *e = &v->vpe[rnd(m, VPES)];
    bool dps = !rnd(m, 3);

    g_assert_true(gicv5_vpe_set_dps(engine_domain(m, v->domain), v->id, e->id,
                                    dps) == e->valid);
    if (e->valid) {
        e->dps = dps;
        e->in_memory = false;
    }
}

static void op_vm_doorbell(Model *m, ModelSpace *v)
{
    GICv5VMDoorbell db = {
        .enabled = rnd(m, 4), .vpe = rnd_vpe_id(m, v),
    };
    bool works = v->valid && m->cfg->one_of_n;

    g_assert_true(gicv5_vm_set_doorbell(engine_domain(m, v->domain), v->id,
                                        &db) == works);
    if (works) {
        v->db = db;
    }
}

static void op_limit(Model *m)
{
    unsigned d = rnd_domain(m), p = rnd(m, m->cfg->pes);

    m->pe[p].limit[d] = coin(m) ? 32 : rnd(m, 33);
    tell_limit(m, d, p);
}

/* --- the IRS ----------------------------------------------------------- */

static void wire_event(Model *m, unsigned n, GICv5Event event)
{
    ModelDomain *dom = &m->dom[spi_domain(m)];
    const ModelWire *w = &m->wire[n];

    if (!w->virt) {
        model_event(&dom->own, &dom->own.in[LPIS + n], event);
        return;
    }
    for (unsigned k = 0; k < VMS; k++) {
        ModelSpace *v = &dom->vm[k];
        ModelInt *i = find_int(v, gicv5_intid(GICV5_TYPE_SPI, FIRST_WIRE + n));

        if (v->id == w->vm && i) {
            model_event(v, i, event);
        }
    }
}

static void sample(Model *m, unsigned n)
{
    const ModelWire *w = &m->wire[n];

    if (w->tm) {
        wire_event(m, n, w->level ? GICV5_SET_LEVEL : GICV5_CLEAR);
    } else if (w->level) {
        wire_event(m, n, GICV5_SET_EDGE);
    }
}

static void op_wire(Model *m)
{
    unsigned n = rnd(m, WIRES);
    ModelWire *w = &m->wire[n];
    GICv5System *sys = m->r->sys;
    uint32_t id = FIRST_WIRE + n;
    bool v = coin(m);

    switch (rnd(m, 6)) {
    case 0:
        gicv5_spi_resample(sys, 0, id);
        sample(m, n);
        break;
    case 1:
        gicv5_spi_set_tm(sys, 0, id, v);
        if (v != w->tm) {
            w->tm = v;
            if (v) {
                sample(m, n);
            } else if (w->level) {
                wire_event(m, n, GICV5_CLEAR);
            }
        }
        break;
    case 2:
        w->virt = rnd(m, 4);
        w->vm = rnd(m, 8) ? m->dom[spi_domain(m)].vm[rnd(m, VMS)].id : 77;
        gicv5_spi_set_vm(sys, 0, id, w->virt, w->vm);
        break;
    default:
        gicv5_spi_set_level(sys, 0, n, v);
        if (v != w->level) {
            w->level = v;
            sample(m, n);
        }
    }
}

/* The domain's own table, which doorbells need */
static void op_own_ist(Model *m, unsigned d)
{
    ModelDomain *dom = &m->dom[d];
    GICv5IST *ist = rig_ist(m->r, d);
    ModelIST *t = ist_of(&dom->own, GICV5_TYPE_LPI);
    GICv5ISTConfig cfg;

    if (dom->ist_valid) {
        if (!rnd(m, 20)) {
            gicv5_ist_set_invalid(ist);
            dom->ist_valid = false;
        }
        return;
    }
    /* There is always an LPI that is not. */
    t->t = (RigIST) { .b = MIN(m->cfg->id_bits, 23), .base = 0x100000 };
    for (unsigned n = 0; n < LPIS; n++) {
        const ModelInt *i = &dom->own.in[n];

        put32(m, d, entry_of(t, i->id),
              1 << 3 | rnd(m, 32) << 11 |
              m->pe[rnd(m, m->cfg->pes)].iaffid << 16);
    }
    cfg = rig_ist_config(&t->t);
    gicv5_ist_set_valid(ist, t->t.base, &cfg);
    dom->ist_valid = true;
}

/* What the IRS has not written is lost; software begins anew with that. */
static void forget(Model *m, ModelSpace *s)
{
    for (unsigned n = 0; n < INTS; n++) {
        ModelInt *i = &s->in[n];

        if (i->type == GICV5_TYPE_SPI && !is_vm(s)) {
            decode_of(m, s, i, 0);
        } else if (i->reachable) {
            if (i->in_memory) {
                check_written_back(m, s, i);
            } else {
                put32(m, s->domain, i->addr, rnd_word(m, s) & ~1);
            }
        }
        i->reachable = false;
    }
    for (unsigned n = 0; n < VPES && is_vm(s); n++) {
        ModelVPE *e = &s->vpe[n];

        if (e->valid) {
            for (unsigned k = 0; k < 32; k += 8) {
                if (e->in_memory) {
                    now_ours(m, s->domain, e->vped + k);
                } else {
                    put(m, s->domain, e->vped + k, 0);
                }
            }
            if (!e->in_memory) {
                e->db = (GICv5Doorbell) {};
                e->dps = false;
            }
        }
        e->valid = false;
        e->pe = -1;
    }
    s->valid = false;
    s->quiescent = false;
}

static void op_reset(Model *m)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        memory(m, d)->closed = true;
    }
    gicv5_system_reset(m->r->sys);
    memset(m->irsen, 0, sizeof(m->irsen));
    for (unsigned n = 0; n < WIRES; n++) {
        m->wire[n].tm = false;
        m->wire[n].virt = false;
        m->wire[n].vm = 0;
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        ModelDomain *dom = &m->dom[d];

        memory(m, d)->closed = false;
        dom->ist_valid = false;
        dom->vmt_valid = false;
        if (has_domain(m, d)) {
            forget(m, &dom->own);
            for (unsigned n = 0; n < VMS; n++) {
                forget(m, &dom->vm[n]);
            }
        }
    }
    settle(m);
    check_candidates(m);
    check_memory(m);
    enable_irses(m);
}

/* --- running ----------------------------------------------------------- */

static void choose_ints(Model *m, ModelSpace *s)
{
    uint32_t last = (1u << m->cfg->id_bits) - 1;

    for (unsigned n = 0; n < INTS; n++) {
        ModelInt *i = &s->in[n];
        bool dup;

        i->type = n < LPIS ? GICV5_TYPE_LPI : GICV5_TYPE_SPI;
        i->place = NOBODY;
        if (!is_vm(s) && n >= LPIS + WIRES) {
            continue;
        }
        do {
            /* Both ends, beside each other, anywhere; the wires' numbers */
            switch (n >= LPIS && (!is_vm(s) || n < INTS - 2) ? 0 : rnd(m, 4)) {
            case 0:
                i->id = FIRST_WIRE + (n >= LPIS ? n - LPIS : rnd(m, 8));
                break;
            case 1:
                i->id = last - rnd(m, 4);
                break;
            case 2:
                i->id = (n ? s->in[n - 1].id + 1 : 0) & last;
                break;
            default:
                i->id = g_rand_int(m->rand) & last;
                break;
            }
            dup = false;
            for (unsigned k = 0; k < n; k++) {
                dup |= s->in[k].type == i->type && s->in[k].id == i->id;
            }
        } while (dup);
        i->intid = gicv5_intid(i->type, i->id);
    }
}

static Model *model_new(const TestConfig *cfg, uint32_t seed)
{
    static const unsigned vms[VMS] = { 5, 5 + 128, 5 + 256 };
    static const unsigned vpes[VPES] = { 0, 1, 5 };
    GICv5EngineConfig ec = {
        .domains = cfg->domains, .virt = cfg->domains,
        .id_bits = cfg->id_bits, .prio_bits = cfg->prio_bits,
        .vm_id_bits = cfg->vm_id_bits, .vpe_id_bits = cfg->vpe_id_bits,
        .virt_one_of_n = cfg->one_of_n, .vm_memory = cfg->vm_memory,
    };
    Model *m = g_new0(Model, 1);

    current = m;
    m->cfg = cfg;
    m->rand = g_rand_new_with_seed(seed);
    m->r = rig_new(&ec);
    m->ops = *m->r->sys->ops;
    m->ops.one_of_n_limit_virtual = asks_limit;
    m->r->sys->ops = &m->ops;
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        ModelDomain *dom = &m->dom[d];
        RigMemory *mem = memory(m, d);

        dom->image = rig_mem_copy(mem);
        dom->own.domain = d;
        choose_ints(m, &dom->own);
        for (unsigned n = 0; n < VMS; n++) {
            ModelSpace *v = &dom->vm[n];

            v->domain = d;
            v->id = vms[n];
            choose_ints(m, v);
            for (unsigned k = 0; k < VPES; k++) {
                v->vpe[k].id = vpes[k];
                v->vpe[k].pe = -1;
            }
        }
    }
    gicv5_system_add_irs(m->r->sys, FIRST_WIRE, WIRES);
    for (unsigned irs = 1; irs < cfg->irses; irs++) {
        gicv5_system_add_irs(m->r->sys, 1000, 8);
    }
    for (unsigned p = 0; p < cfg->pes; p++) {
        ModelPE *pe = &m->pe[p];

        pe->irs = p % cfg->irses;
        pe->iaffid = p * 0x55;
        pe->pe = gicv5_system_add_pe(m->r->sys, pe->irs, pe->iaffid, m);
        for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
            pe->limit[d] = 32;
        }
    }
    op_reset(m);
    return m;
}

static void model_free(Model *m)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        rig_mem_free(&m->dom[d].image);
    }
    g_rand_free(m->rand);
    rig_free(m->r);
    g_free(m);
}

/* Does an operation, and says whether it may have changed valid bits */
static bool step(Model *m)
{
    ModelSpace *v = rnd_vm(m);
    unsigned d = rnd_domain(m);
    unsigned dice = rnd(m, 1000);

    if (dice < 280) {
        op_command(m, v);
    } else if (dice < 460) {
        op_event(m, v);
    } else if (dice < 540) {
        op_acknowledge(m, true);
    } else if (dice < 560) {
        op_acknowledge(m, false);
    } else if (dice < 590) {
        op_command(m, &m->dom[d].own);
    } else if (dice < 600) {
        op_event(m, &m->dom[d].own);
    } else if (dice < 690) {
        op_resident(m, v);
    } else if (dice < 715) {
        op_nonresident(m);
    } else if (dice < 740) {
        op_doorbell(m, v);
    } else if (dice < 760) {
        op_dps(m, v);
    } else if (dice < 780) {
        op_vm_doorbell(m, v);
    } else if (dice < 820) {
        op_limit(m);
    } else if (dice < 825) {
        op_irsen(m);
    } else if (dice < 860) {
        op_wire(m);
    } else {
        if (dice < 870) {
            op_own_ist(m, d);
        } else if (dice < 885) {
            op_vmt_valid(m, d);
        } else if (dice < 900) {
            op_map_l2_vmt(m, d);
        } else if (dice < 925) {
            op_vm_valid(m, v);
        } else if (dice < 928) {
            op_vm_invalid(m, v);
        } else if (dice < 932) {
            op_vm_cycle(m, v);
        } else if (dice < 945) {
            op_ist_valid(m, v);
        } else if (dice < 949) {
            op_ist_invalid(m, v);
        } else if (dice < 962) {
            op_map_l2(m, v);
        } else if (dice < 977) {
            op_vpe_valid(m, v);
        } else if (dice < 997) {
            op_save(m, v);
        } else if (dice == 998) {
            op_vmt_invalid(m, d);
        } else if (dice == 999 && !rnd(m, 4)) {
            op_reset(m);
        }
        return true;
    }
    return false;
}

static uint32_t seed;

static void test_model(gconstpointer data)
{
    const TestConfig *cfg = data;
    unsigned ops = env_number("GICV5_TEST_OPS", DEFAULT_OPS) /
                   ARRAY_SIZE(configs) + 1;
    Model *m = model_new(cfg, seed);

    for (unsigned n = 1; n <= ops; n++) {
        bool tables;

        m->clock++;
        tables = step(m);
        settle(m);
        op_thin_out(m, GICV5_DOMAIN_NS);
        settle(m);
        check_candidates(m);
        check_own(m);
        if (tables || !(n % 32)) {
            check_memory(m);
        }
        /* Seldom, so that much is left in memory until it is needed */
        if (!rnd(m, 16)) {
            check_vm(m, rnd_vm(m));
        }
        if (!(n % 512)) {
            check_all(m);
            g_assert_true(gicv5_system_check(m->r->sys));
        }
    }
    check_all(m);
    g_assert_true(gicv5_system_check(m->r->sys));
    model_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    seed = env_number("GICV5_TEST_SEED", g_random_int());
    g_test_message("GICV5_TEST_SEED=%u", seed);
    for (unsigned i = 0; i < ARRAY_SIZE(configs); i++) {
        g_autofree char *path = g_strdup_printf("/gicv5/vm-model/%s",
                                                configs[i].name);

        g_test_add_data_func(path, &configs[i], test_model);
    }
    return g_test_run();
}
