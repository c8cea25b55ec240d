/*
 * Arm GICv5 interrupt engine: state words, routing, commands and wires
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "gicv5_engine.h"
#include "trace.h"

#define TARGET_FANOUT 256

/*
 * Build with -DGICV5_CHECK=1 to check the invariant after each change of a
 * word. Very slow: each check looks at all interrupts.
 */
#ifndef GICV5_CHECK
#define GICV5_CHECK 0
#endif

static GICv5EngineIRS *engine_irs(const GICv5System *sys, unsigned irs)
{
    return &g_array_index(sys->irs, GICv5EngineIRS, irs);
}

/* --- finding things --- */

static GICv5Target *find_target(const GICv5Space *sp, uint16_t iaffid)
{
    GICv5Target **l2 = sp->target[iaffid / TARGET_FANOUT];

    return l2 ? l2[iaffid % TARGET_FANOUT] : NULL;
}

static GICv5SPI *find_spi(const GICv5System *sys, uint32_t id)
{
    /* As many steps as the machine has IRSes */
    for (unsigned i = 0; i < sys->irs->len; i++) {
        const GICv5EngineIRS *irs = engine_irs(sys, i);

        if (id - irs->spi_base < irs->spi_count) {
            return &irs->spi[id - irs->spi_base];
        }
    }
    return NULL;
}

static GICv5SPI *irs_spi(const GICv5System *sys, unsigned irs, uint32_t id)
{
    const GICv5EngineIRS *e = engine_irs(sys, irs);

    return id - e->spi_base < e->spi_count ? &e->spi[id - e->spi_base] : NULL;
}

const GICv5SPI *gicv5_spi(const GICv5System *sys, unsigned irs, uint32_t id)
{
    return irs_spi(sys, irs, id);
}

/* An INTID that is not reachable in a domain means nothing there. */
static GICv5Node *find_node(GICv5Space *sp, uint32_t intid, bool for_write)
{
    uint32_t id = FIELD_EX32(intid, GICV5_INTID, ID);

    if (FIELD_EX32(intid, GICV5_INTID, RES0)) {
        return NULL;
    }
    switch (FIELD_EX32(intid, GICV5_INTID, TYPE)) {
    case GICV5_TYPE_LPI:
        return gicv5_ist_node(&sp->lpi, id, for_write);
    case GICV5_TYPE_SPI:
    {
        GICv5SPI *spi = find_spi(sp->sys, id);

        return spi && spi->domain == sp->domain ? &spi->node : NULL;
    }
    default:
        return NULL;
    }
}

GICv5Node *gicv5_space_queued_node(GICv5Space *sp, uint32_t intid)
{
    uint32_t id = FIELD_EX32(intid, GICV5_INTID, ID);

    if (FIELD_EX32(intid, GICV5_INTID, TYPE) == GICV5_TYPE_SPI) {
        return &find_spi(sp->sys, id)->node;
    }
    return gicv5_ist_node(&sp->lpi, id, true);
}

/* --- state words --- */

static uint32_t prio_mask(const GICv5System *sys)
{
    return MAKE_64BIT_MASK(GICV5_PRIO_BITS - sys->cfg.prio_bits,
                           sys->cfg.prio_bits);
}

uint32_t gicv5_space_sanitize_word(const GICv5Space *sp, uint32_t word)
{
    uint32_t prio = FIELD_EX32(word, GICV5_ISTE, PRIORITY);
    uint32_t keep = R_GICV5_ISTE_PENDING_MASK | R_GICV5_ISTE_ACTIVE_MASK |
                    R_GICV5_ISTE_HM_MASK | R_GICV5_ISTE_ENABLE_MASK |
                    R_GICV5_ISTE_IAFFID_MASK;

    if (sp->sys->cfg.one_of_n) {
        keep |= R_GICV5_ISTE_IRM_MASK;
    }
    return FIELD_DP32(word & keep, GICV5_ISTE, PRIORITY,
                      prio & prio_mask(sp->sys));
}

static bool deliverable(uint32_t word)
{
    return (word & (R_GICV5_ISTE_PENDING_MASK | R_GICV5_ISTE_ENABLE_MASK |
                    R_GICV5_ISTE_ACTIVE_MASK)) ==
           (R_GICV5_ISTE_PENDING_MASK | R_GICV5_ISTE_ENABLE_MASK);
}

/* Where a deliverable interrupt belongs; NULL if its target does not exist */
static GICv5PendSet *pendset_of(GICv5Space *sp, uint32_t word)
{
    GICv5Target *t;

    if (!deliverable(word)) {
        return NULL;
    }
    if (word & R_GICV5_ISTE_IRM_MASK) {
        return &sp->one_of_n.set;
    }
    t = find_target(sp, FIELD_EX32(word, GICV5_ISTE, IAFFID));
    return t ? &t->set : NULL;
}

/* --- candidates --- */

static bool target_is_enabled(const GICv5Target *t)
{
    return engine_irs(t->space->sys, t->pe->irs)->enabled[t->space->domain];
}

/* IRS_PE_CR0.DPS and IRSEN, and a CPU interface that would take it */
static bool target_takes_one_of_n(const GICv5Target *t)
{
    return t->accepts && !t->dps && target_is_enabled(t);
}

static void target_update(GICv5Target *t)
{
    GICv5Space *sp = t->space;
    GICv5Candidate best = GICV5_CANDIDATE_NONE;

    if (target_is_enabled(t)) {
        best = gicv5_pendset_peek(&t->set);
        if (sp->one_of_n.holder == t) {
            GICv5Candidate shared = gicv5_pendset_peek(&sp->one_of_n.set);

            if (gicv5_candidate_prio(shared) < gicv5_candidate_prio(best)) {
                best = shared;
            }
        }
    }
    if (best != t->candidate) {
        trace_gicv5_candidate(sp->domain, t->pe->iaffid, t->candidate, best);
        t->candidate = best;
        sp->sys->ops->forward(sp->sys->opaque, t->pe, sp->domain, best);
    }
}

/*
 * The PE that shall be offered @head: the next in turn for which it would be
 * the most important interrupt, else the next that takes 1-of-N at all. Which
 * PE to choose is IMPLEMENTATION DEFINED; this spreads the load.
 */
static GICv5Target *choose_one_of_n(GICv5Space *sp, GICv5Candidate head)
{
    GPtrArray *pes = sp->sys->pe;
    GICv5Target *fallback = NULL;

    for (unsigned i = 0; i < pes->len; i++) {
        GICv5PE *pe = g_ptr_array_index(pes,
                                        (sp->one_of_n.next_pe + i) % pes->len);
        GICv5Target *t = &pe->target[sp->domain];

        if (!target_takes_one_of_n(t)) {
            continue;
        }
        if (gicv5_candidate_prio(head) <
            gicv5_candidate_prio(gicv5_pendset_peek(&t->set))) {
            return t;
        }
        if (!fallback) {
            fallback = t;
        }
    }
    return fallback;
}

/*
 * Offer the head of the shared set to one PE, and recall it from the PE that
 * had it before.
 */
static void one_of_n_update(GICv5Space *sp)
{
    GICv5OneOfN *o = &sp->one_of_n;
    GICv5Candidate head = gicv5_pendset_peek(&o->set);
    uint32_t intid = gicv5_candidate_intid(head);
    GICv5Target *old = o->holder;

    if (!o->set.occupied) {
        o->holder = NULL;
        o->offered = 0;
    } else if (!old || intid != o->offered || !target_takes_one_of_n(old) ||
               gicv5_candidate_prio(gicv5_pendset_peek(&old->set)) <=
               gicv5_candidate_prio(head)) {
        o->holder = choose_one_of_n(sp, head);
        o->offered = intid;
        if (o->holder) {
            o->next_pe = o->holder->pe->index + 1;
        }
        trace_gicv5_one_of_n(sp->domain, intid,
                             o->holder ? o->holder->pe->iaffid : -1);
    }
    if (old && old != o->holder) {
        target_update(old);
    }
    if (o->holder) {
        target_update(o->holder);
    }
}

/* The set at @set, of one target or the shared one, has changed */
static void pendset_changed(GICv5Space *sp, GICv5PendSet *set)
{
    if (sp->batch) {
        return;
    }
    if (set == &sp->one_of_n.set) {
        one_of_n_update(sp);
        return;
    }
    target_update(container_of(set, GICv5Target, set));
    if (sp->one_of_n.set.occupied) {
        one_of_n_update(sp);
    }
}

void gicv5_space_begin_batch(GICv5Space *sp)
{
    assert(!sp->batch);
    sp->batch = true;
}

void gicv5_space_end_batch(GICv5Space *sp)
{
    sp->batch = false;
    one_of_n_update(sp);
    for (unsigned i = 0; i < sp->sys->pe->len; i++) {
        GICv5PE *pe = g_ptr_array_index(sp->sys->pe, i);

        target_update(&pe->target[sp->domain]);
    }
}

void gicv5_set_word(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                    uint32_t word)
{
    uint32_t old = n->word;
    unsigned old_prio = FIELD_EX32(old, GICV5_ISTE, PRIORITY);
    unsigned prio = FIELD_EX32(word, GICV5_ISTE, PRIORITY);
    GICv5PendSet *from, *to;

    if (old == word) {
        return;
    }
    trace_gicv5_word(sp->domain, intid, old, word);
    from = pendset_of(sp, old);
    to = pendset_of(sp, word);
    n->word = word;
    if (from == to && old_prio == prio) {
        return;
    }
    if (from) {
        gicv5_pendset_remove(from, sp, intid, n, old_prio);
    }
    if (to) {
        gicv5_pendset_insert(to, sp, intid, n, prio);
    }
    /* An interrupt is recalled from one PE before another is told of it. */
    if (from && from != to) {
        pendset_changed(sp, from);
    }
    if (to) {
        pendset_changed(sp, to);
    }
    if (GICV5_CHECK && !sp->batch) {
        assert(gicv5_system_check(sp->sys));
    }
}

/*
 * The same for an interrupt that find_node() looked up for reading. Only a
 * real change makes the engine allocate state for an LPI.
 */
static void change_word(GICv5Space *sp, uint32_t intid, const GICv5Node *n,
                        uint32_t word)
{
    GICv5Node *real;

    if (n->word == word) {
        return;
    }
    real = find_node(sp, intid, true);
    if (real) {
        gicv5_set_word(sp, intid, real, word);
    }
}

/* --- commands and events --- */

static uint64_t icsr_of_word(uint32_t word)
{
    uint64_t icsr = 0;

    icsr = FIELD_DP64(icsr, GICV5_ICSR, ENABLED,
                      FIELD_EX32(word, GICV5_ISTE, ENABLE));
    icsr = FIELD_DP64(icsr, GICV5_ICSR, PENDING,
                      FIELD_EX32(word, GICV5_ISTE, PENDING));
    icsr = FIELD_DP64(icsr, GICV5_ICSR, IRM,
                      FIELD_EX32(word, GICV5_ISTE, IRM));
    icsr = FIELD_DP64(icsr, GICV5_ICSR, ACTIVE,
                      FIELD_EX32(word, GICV5_ISTE, ACTIVE));
    icsr = FIELD_DP64(icsr, GICV5_ICSR, HM, FIELD_EX32(word, GICV5_ISTE, HM));
    icsr = FIELD_DP64(icsr, GICV5_ICSR, PRIORITY,
                      FIELD_EX32(word, GICV5_ISTE, PRIORITY));
    icsr = FIELD_DP64(icsr, GICV5_ICSR, IAFFID,
                      FIELD_EX32(word, GICV5_ISTE, IAFFID));
    return icsr;
}

static const char *command_name(GICv5Command cmd)
{
    static const char *const name[] = {
        [GICV5_CMD_SET_ENABLE] = "set enable",
        [GICV5_CMD_SET_PRIORITY] = "set priority",
        [GICV5_CMD_SET_TARGET] = "set target",
        [GICV5_CMD_SET_PENDING] = "set pending",
        [GICV5_CMD_SET_HANDLING] = "set handling mode",
        [GICV5_CMD_DEACTIVATE] = "deactivate",
        [GICV5_CMD_ACTIVATE] = "activate",
        [GICV5_CMD_REQUEST_CONFIG] = "request config",
        [GICV5_CMD_SET_ONE_OF_N] = "accept 1-of-N",
    };

    return cmd < ARRAY_SIZE(name) ? name[cmd] : "unknown command";
}

static uint32_t command_word(const GICv5System *sys, GICv5Command cmd,
                             uint32_t word, uint32_t value)
{
    switch (cmd) {
    case GICV5_CMD_SET_ENABLE:
        return FIELD_DP32(word, GICV5_ISTE, ENABLE, value & 1);
    case GICV5_CMD_SET_PRIORITY:
        return FIELD_DP32(word, GICV5_ISTE, PRIORITY, value & prio_mask(sys));
    case GICV5_CMD_SET_TARGET:
        word = FIELD_DP32(word, GICV5_ISTE, IAFFID, value & UINT16_MAX);
        return FIELD_DP32(word, GICV5_ISTE, IRM,
                          sys->cfg.one_of_n && (value & GICV5_TARGET_IRM));
    case GICV5_CMD_SET_PENDING:
        /* Unlike an event this leaves the handling mode alone. */
        return FIELD_DP32(word, GICV5_ISTE, PENDING, value & 1);
    case GICV5_CMD_SET_HANDLING:
        return FIELD_DP32(word, GICV5_ISTE, HM, value & 1);
    case GICV5_CMD_DEACTIVATE:
        return word & ~R_GICV5_ISTE_ACTIVE_MASK;
    case GICV5_CMD_ACTIVATE:
        if (!(word & R_GICV5_ISTE_HM_MASK)) {
            word &= ~R_GICV5_ISTE_PENDING_MASK;
        }
        return word | R_GICV5_ISTE_ACTIVE_MASK;
    default:
        return word;
    }
}

uint64_t gicv5_command(GICv5System *sys, GICv5PE *pe, GICv5Domain domain,
                       GICv5Command cmd, uint32_t intid, uint32_t value)
{
    GICv5Space *sp;
    GICv5Node *n;

    if (!gicv5_system_has_domain(sys, domain)) {
        return cmd == GICV5_CMD_REQUEST_CONFIG ? R_GICV5_ICSR_F_MASK : 0;
    }
    sp = &sys->space[domain];
    trace_gicv5_command(domain, command_name(cmd), intid, value);

    if (cmd == GICV5_CMD_SET_ONE_OF_N) {
        pe->target[domain].accepts = value & 1;
        if (sp->one_of_n.set.occupied) {
            one_of_n_update(sp);
        }
        return 0;
    }

    n = find_node(sp, intid, false);
    if (!n) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: %s: INTID 0x%08x is not "
                      "reachable in domain %d\n", command_name(cmd), intid,
                      domain);
        return cmd == GICV5_CMD_REQUEST_CONFIG ? R_GICV5_ICSR_F_MASK : 0;
    }
    if (cmd == GICV5_CMD_REQUEST_CONFIG) {
        return icsr_of_word(n->word);
    }
    change_word(sp, intid, n, command_word(sys, cmd, n->word, value));
    return 0;
}

/* An event overrides the handling mode software set */
static uint32_t event_word(uint32_t word, GICv5Event event)
{
    if (event == GICV5_CLEAR) {
        return word & ~R_GICV5_ISTE_PENDING_MASK;
    }
    word = FIELD_DP32(word, GICV5_ISTE, HM, event == GICV5_SET_LEVEL);
    return word | R_GICV5_ISTE_PENDING_MASK;
}

void gicv5_event(GICv5System *sys, GICv5Domain domain, uint32_t intid,
                 GICv5Event event)
{
    static const char *const name[] = {
        [GICV5_SET_EDGE] = "SET_EDGE",
        [GICV5_SET_LEVEL] = "SET_LEVEL",
        [GICV5_CLEAR] = "CLEAR",
    };
    GICv5Space *sp = &sys->space[domain];
    GICv5Node *n = find_node(sp, intid, false);

    trace_gicv5_event(domain, intid, name[event]);
    if (n) {
        change_word(sp, intid, n, event_word(n->word, event));
    }
}

bool gicv5_get_word(GICv5System *sys, GICv5Domain domain, uint32_t intid,
                    uint32_t *word)
{
    GICv5Node *n = find_node(&sys->space[domain], intid, false);

    if (n) {
        *word = n->word;
    }
    return n;
}

/* --- SPIs --- */

static void spi_event(GICv5System *sys, GICv5SPI *spi, uint32_t id,
                      GICv5Event event)
{
    gicv5_set_word(&sys->space[spi->domain], gicv5_intid(GICV5_TYPE_SPI, id),
                   &spi->node, event_word(spi->node.word, event));
}

/* What the wire's present level means */
static void spi_sample(GICv5System *sys, GICv5SPI *spi, uint32_t id)
{
    if (spi->tm_level) {
        spi_event(sys, spi, id, spi->level ? GICV5_SET_LEVEL : GICV5_CLEAR);
    } else if (spi->level) {
        spi_event(sys, spi, id, GICV5_SET_EDGE);
    }
}

bool gicv5_spi_set_level(GICv5System *sys, unsigned irs, uint32_t n,
                         bool level)
{
    GICv5EngineIRS *e = engine_irs(sys, irs);
    GICv5SPI *spi = &e->spi[n];

    assert(n < e->spi_count);
    if (spi->level == level) {
        return false;
    }
    trace_gicv5_spi_wire(irs, e->spi_base + n, level);
    spi->level = level;
    spi_sample(sys, spi, e->spi_base + n);
    return true;
}

void gicv5_spi_set_tm(GICv5System *sys, unsigned irs, uint32_t id,
                      bool tm_level)
{
    GICv5SPI *spi = irs_spi(sys, irs, id);

    if (!spi || spi->tm_level == tm_level) {
        return;
    }
    trace_gicv5_spi_config(irs, id, tm_level);
    spi->tm_level = tm_level;
    if (tm_level) {
        spi_event(sys, spi, id, spi->level ? GICV5_SET_LEVEL : GICV5_CLEAR);
    } else if (spi->level) {
        /* A wire that is already high is no edge. */
        spi_event(sys, spi, id, GICV5_CLEAR);
    }
}

void gicv5_spi_resample(GICv5System *sys, unsigned irs, uint32_t id)
{
    GICv5SPI *spi = irs_spi(sys, irs, id);

    if (spi) {
        spi_sample(sys, spi, id);
    }
}

void gicv5_spi_set_domain(GICv5System *sys, unsigned irs, uint32_t id,
                          GICv5Domain domain)
{
    GICv5SPI *spi = irs_spi(sys, irs, id);
    uint32_t intid = gicv5_intid(GICV5_TYPE_SPI, id);
    uint32_t word;

    if (!spi || spi->domain == domain ||
        !gicv5_system_has_domain(sys, domain)) {
        return;
    }
    trace_gicv5_spi_domain(irs, id, spi->domain, domain);
    /* Interrupt state is kept: out of one space, into the other */
    word = spi->node.word;
    gicv5_set_word(&sys->space[spi->domain], intid, &spi->node, 0);
    spi->domain = domain;
    gicv5_set_word(&sys->space[domain], intid, &spi->node, word);
}

void gicv5_spi_restore(GICv5System *sys, unsigned irs, uint32_t id,
                       const GICv5SPIState *state)
{
    GICv5SPI *spi = irs_spi(sys, irs, id);
    uint32_t intid = gicv5_intid(GICV5_TYPE_SPI, id);

    gicv5_set_word(&sys->space[spi->domain], intid, &spi->node, 0);
    spi->domain = state->domain;
    spi->tm_level = state->tm_level;
    spi->level = state->level;
    gicv5_set_word(&sys->space[spi->domain], intid, &spi->node, state->word);
}

/* --- IRS and PE control --- */

static void update_targets_of_irs(GICv5System *sys, unsigned irs,
                                  GICv5Domain domain)
{
    for (unsigned i = 0; i < sys->pe->len; i++) {
        GICv5PE *pe = g_ptr_array_index(sys->pe, i);

        if (pe->irs == irs) {
            target_update(&pe->target[domain]);
        }
    }
    one_of_n_update(&sys->space[domain]);
}

void gicv5_irs_enable(GICv5System *sys, unsigned irs, GICv5Domain domain,
                      bool enable)
{
    GICv5EngineIRS *e = engine_irs(sys, irs);

    if (e->enabled[domain] == enable) {
        return;
    }
    trace_gicv5_irs_enable(irs, domain, enable);
    e->enabled[domain] = enable;
    update_targets_of_irs(sys, irs, domain);
}

void gicv5_pe_set_dps(GICv5PE *pe, GICv5Domain domain, bool dps)
{
    GICv5Space *sp = &pe->sys->space[domain];

    pe->target[domain].dps = dps;
    if (sp->one_of_n.set.occupied) {
        one_of_n_update(sp);
    }
}

/* --- building and resetting a system --- */

GICv5System *gicv5_system_new(const GICv5EngineConfig *cfg,
                              const GICv5EngineOps *ops, void *opaque)
{
    GICv5System *sys = g_new0(GICv5System, 1);

    sys->cfg = *cfg;
    sys->ops = ops;
    sys->opaque = opaque;
    sys->irs = g_array_new(false, true, sizeof(GICv5EngineIRS));
    sys->pe = g_ptr_array_new_with_free_func(g_free);
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        sys->space[d].sys = sys;
        sys->space[d].domain = d;
        sys->space[d].target = g_new0(GICv5Target **, TARGET_FANOUT);
    }
    return sys;
}

void gicv5_system_free(GICv5System *sys)
{
    if (!sys) {
        return;
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        GICv5Space *sp = &sys->space[d];

        gicv5_ist_drop(sp);
        for (unsigned i = 0; i < TARGET_FANOUT; i++) {
            g_free(sp->target[i]);
        }
        g_free(sp->target);
    }
    for (unsigned i = 0; i < sys->irs->len; i++) {
        g_free(engine_irs(sys, i)->spi);
    }
    g_array_free(sys->irs, true);
    g_ptr_array_free(sys->pe, true);
    g_free(sys);
}

GICv5Domain gicv5_system_reset_domain(const GICv5System *sys)
{
    static const GICv5Domain order[] = {
        GICV5_DOMAIN_EL3, GICV5_DOMAIN_S, GICV5_DOMAIN_NS, GICV5_DOMAIN_REALM,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(order) - 1; i++) {
        if (gicv5_system_has_domain(sys, order[i])) {
            return order[i];
        }
    }
    return order[ARRAY_SIZE(order) - 1];
}

int gicv5_system_add_irs(GICv5System *sys, uint32_t spi_base,
                         uint32_t spi_count)
{
    GICv5EngineIRS irs = { .spi_base = spi_base, .spi_count = spi_count };

    for (unsigned i = 0; i < sys->irs->len; i++) {
        const GICv5EngineIRS *e = engine_irs(sys, i);

        if (spi_count && e->spi_count &&
            spi_base < e->spi_base + e->spi_count &&
            e->spi_base < spi_base + spi_count) {
            return -1;
        }
    }
    irs.spi = g_new0(GICv5SPI, spi_count);
    for (uint32_t i = 0; i < spi_count; i++) {
        irs.spi[i].domain = gicv5_system_reset_domain(sys);
    }
    g_array_append_val(sys->irs, irs);
    return sys->irs->len - 1;
}

GICv5PE *gicv5_system_find_pe(GICv5System *sys, uint16_t iaffid)
{
    /* Each PE is a target in every space, whatever domains there are. */
    GICv5Target *t = find_target(&sys->space[0], iaffid);

    return t ? t->pe : NULL;
}

GICv5PE *gicv5_system_add_pe(GICv5System *sys, unsigned irs, uint16_t iaffid,
                             void *opaque)
{
    GICv5PE *pe;

    if (gicv5_system_find_pe(sys, iaffid)) {
        return NULL;
    }
    pe = g_new0(GICv5PE, 1);
    pe->sys = sys;
    pe->index = sys->pe->len;
    pe->irs = irs;
    pe->iaffid = iaffid;
    pe->opaque = opaque;
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        GICv5Space *sp = &sys->space[d];
        GICv5Target *t = &pe->target[d];
        GICv5Target ***l2 = &sp->target[iaffid / TARGET_FANOUT];

        t->space = sp;
        t->pe = pe;
        t->candidate = GICV5_CANDIDATE_NONE;
        if (!*l2) {
            *l2 = g_new0(GICv5Target *, TARGET_FANOUT);
        }
        (*l2)[iaffid % TARGET_FANOUT] = t;
    }
    g_ptr_array_add(sys->pe, pe);
    return pe;
}

void gicv5_system_reset(GICv5System *sys)
{
    /* First nothing is forwarded any more, so each PE hears once. */
    for (unsigned i = 0; i < sys->irs->len; i++) {
        memset(engine_irs(sys, i)->enabled, 0,
               sizeof(engine_irs(sys, i)->enabled));
    }
    for (unsigned i = 0; i < sys->irs->len; i++) {
        for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
            update_targets_of_irs(sys, i, d);
        }
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        gicv5_ist_drop(&sys->space[d]);
        sys->space[d].one_of_n.next_pe = 0;
    }
    for (unsigned i = 0; i < sys->irs->len; i++) {
        GICv5EngineIRS *irs = engine_irs(sys, i);

        for (uint32_t n = 0; n < irs->spi_count; n++) {
            GICv5SPI *spi = &irs->spi[n];

            gicv5_set_word(&sys->space[spi->domain],
                           gicv5_intid(GICV5_TYPE_SPI, irs->spi_base + n),
                           &spi->node, 0);
            spi->domain = gicv5_system_reset_domain(sys);
            spi->tm_level = false;
        }
    }
    for (unsigned i = 0; i < sys->pe->len; i++) {
        GICv5PE *pe = g_ptr_array_index(sys->pe, i);

        for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
            pe->target[d].dps = false;
        }
    }
}

/* --- checking the invariant --- */

static bool check_failed(const char *what, GICv5Domain domain, uint32_t intid)
{
    fprintf(stderr, "gicv5: domain %d INTID 0x%08x: %s\n", domain, intid,
            what);
    return false;
}

/* Each member is deliverable, belongs here, and the links agree */
static bool check_set(GICv5Space *sp, GICv5PendSet *set, uint64_t *members)
{
    for (unsigned prio = 0; prio < GICV5_NUM_PRIOS; prio++) {
        uint32_t intid, prev = 0;

        if (!(set->occupied & BIT(prio))) {
            continue;
        }
        for (intid = set->head[prio]; intid; ) {
            GICv5Node *n = find_node(sp, intid, false);

            if (!n || pendset_of(sp, n->word) != set ||
                FIELD_EX32(n->word, GICV5_ISTE, PRIORITY) != prio) {
                return check_failed("wrong pending set", sp->domain, intid);
            }
            if (n->prev != prev) {
                return check_failed("broken queue", sp->domain, intid);
            }
            (*members)++;
            prev = intid;
            intid = n->next;
        }
        if (set->tail[prio] != prev || !prev) {
            return check_failed("wrong tail", sp->domain, prev);
        }
    }
    return true;
}

static uint64_t count_deliverable(GICv5Space *sp)
{
    GICv5System *sys = sp->sys;
    uint64_t count = 0;

    for (unsigned i = 0; i < sys->irs->len; i++) {
        GICv5EngineIRS *irs = engine_irs(sys, i);

        for (uint32_t n = 0; n < irs->spi_count; n++) {
            count += irs->spi[n].domain == sp->domain &&
                     pendset_of(sp, irs->spi[n].node.word);
        }
    }
    for (uint32_t id = 0; sp->lpi.valid && !(id >> sp->lpi.cfg.id_bits);
         id++) {
        GICv5Node *n = gicv5_ist_node(&sp->lpi, id, false);

        count += n && pendset_of(sp, n->word);
    }
    return count;
}

static bool check_candidates(GICv5Space *sp)
{
    GICv5OneOfN *o = &sp->one_of_n;

    for (unsigned i = 0; i < sp->sys->pe->len; i++) {
        GICv5PE *pe = g_ptr_array_index(sp->sys->pe, i);
        GICv5Target *t = &pe->target[sp->domain];
        GICv5Candidate best = gicv5_pendset_peek(&t->set);
        GICv5Candidate shared = gicv5_pendset_peek(&o->set);

        if (o->holder == t &&
            gicv5_candidate_prio(shared) < gicv5_candidate_prio(best)) {
            best = shared;
        }
        if (!target_is_enabled(t)) {
            best = GICV5_CANDIDATE_NONE;
        }
        if (t->candidate != best) {
            return check_failed("stale candidate", sp->domain,
                                gicv5_candidate_intid(best));
        }
        if (o->set.occupied && !o->holder && target_takes_one_of_n(t)) {
            return check_failed("1-of-N not offered", sp->domain, o->offered);
        }
    }
    return true;
}

bool gicv5_system_check(GICv5System *sys)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        GICv5Space *sp = &sys->space[d];
        uint64_t members = 0;

        for (unsigned i = 0; i < sys->pe->len; i++) {
            GICv5PE *pe = g_ptr_array_index(sys->pe, i);

            if (!check_set(sp, &pe->target[d].set, &members)) {
                return false;
            }
        }
        if (!check_set(sp, &sp->one_of_n.set, &members)) {
            return false;
        }
        if (members != count_deliverable(sp)) {
            return check_failed("interrupt missing from its set", d, 0);
        }
        if (!check_candidates(sp)) {
            return false;
        }
    }
    return true;
}
