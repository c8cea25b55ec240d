/*
 * Arm GICv5 interrupt engine: state words, routing, commands and wires
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "engine.h"
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

/*
 * The SPI, if @intid is one that is reachable in the domain. An INTID that is
 * not means nothing there.
 */
static GICv5SPI *reachable_spi(const GICv5Space *sp, uint32_t intid)
{
    GICv5SPI *spi = find_spi(sp->sys, FIELD_EX32(intid, GICV5_INTID, ID));

    return spi && spi->domain == sp->domain ? spi : NULL;
}

/* An LPI's state is loaded, if it is not there yet. */
static GICv5Node *find_node(GICv5Space *sp, uint32_t intid)
{
    GICv5SPI *spi;

    if (FIELD_EX32(intid, GICV5_INTID, RES0)) {
        return NULL;
    }
    switch (FIELD_EX32(intid, GICV5_INTID, TYPE)) {
    case GICV5_TYPE_LPI:
        return gicv5_ist_node(sp, FIELD_EX32(intid, GICV5_INTID, ID));
    case GICV5_TYPE_SPI:
        spi = reachable_spi(sp, intid);
        return spi ? &spi->node : NULL;
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
    return gicv5_ist_queued_node(sp, id);
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

bool gicv5_word_is_deliverable(uint32_t word)
{
    return (word & (R_GICV5_ISTE_PENDING_MASK | R_GICV5_ISTE_ENABLE_MASK |
                    R_GICV5_ISTE_ACTIVE_MASK)) ==
           (R_GICV5_ISTE_PENDING_MASK | R_GICV5_ISTE_ENABLE_MASK);
}

/* Where a deliverable interrupt belongs; NULL if its target does not exist */
static GICv5PendSet *pendset_of(GICv5Space *sp, uint32_t word)
{
    GICv5Target *t;

    if (!gicv5_word_is_deliverable(word)) {
        return NULL;
    }
    if (word & R_GICV5_ISTE_IRM_MASK) {
        return &sp->one_of_n.set;
    }
    t = find_target(sp, FIELD_EX32(word, GICV5_ISTE, IAFFID));
    return t ? &t->set : NULL;
}

bool gicv5_space_is_queued(const GICv5Space *sp, uint32_t word)
{
    return gicv5_word_is_deliverable(word) &&
           ((word & R_GICV5_ISTE_IRM_MASK) ||
            find_target(sp, FIELD_EX32(word, GICV5_ISTE, IAFFID)));
}

/* --- candidates --- */

bool gicv5_target_is_enabled(const GICv5Target *t)
{
    return engine_irs(t->space->sys, t->pe->irs)->enabled[t->space->domain];
}

static GICv5Candidate target_candidate(const GICv5Target *t)
{
    if (!gicv5_target_is_enabled(t)) {
        return GICV5_CANDIDATE_NONE;
    }
    if (t->offer) {
        return gicv5_candidate(t->offer, t->offer_prio);
    }
    return gicv5_pendset_peek(&t->set);
}

void gicv5_target_forward(GICv5Target *t)
{
    GICv5Space *sp = t->space;
    GICv5Candidate best = target_candidate(t);

    if (best != t->candidate) {
        trace_gicv5_candidate(sp->domain, t->pe->iaffid, t->candidate, best);
        t->candidate = best;
        sp->sys->ops->forward(sp->sys->opaque, t->pe, sp->domain, best);
    }
}

void gicv5_target_changed(GICv5Target *t)
{
    GICv5Space *sp = t->space;

    if (!sp->batch) {
        gicv5_one_of_n_settle(t);
        gicv5_target_forward(t);
        gicv5_one_of_n_place(sp);
    } else if (!t->touched) {
        t->touched = true;
        QSIMPLEQ_INSERT_TAIL(&sp->touched, t, next_touched);
    }
}

bool gicv5_space_begin_batch(GICv5Space *sp)
{
    bool outer = !sp->batch;

    sp->batch = true;
    return outer;
}

void gicv5_space_end_batch(GICv5Space *sp, bool outer)
{
    GICv5Target *t;

    if (!outer) {
        return;
    }
    sp->batch = false;
    QSIMPLEQ_FOREACH(t, &sp->touched, next_touched) {
        gicv5_one_of_n_settle(t);
    }
    while ((t = QSIMPLEQ_FIRST(&sp->touched))) {
        QSIMPLEQ_REMOVE_HEAD(&sp->touched, next_touched);
        t->touched = false;
        gicv5_target_forward(t);
    }
    gicv5_one_of_n_place(sp);
}

static void put_in(GICv5Space *sp, GICv5PendSet *set, uint32_t intid,
                   GICv5Node *n, unsigned prio)
{
    if (set == &sp->one_of_n.set) {
        gicv5_one_of_n_insert(sp, intid, n, prio);
    } else {
        gicv5_pendset_insert(set, sp, intid, n, prio);
        gicv5_target_changed(container_of(set, GICv5Target, set));
    }
}

static void take_out(GICv5Space *sp, GICv5PendSet *set, uint32_t intid,
                     GICv5Node *n, unsigned prio)
{
    if (set == &sp->one_of_n.set) {
        gicv5_one_of_n_remove(sp, intid, n, prio);
    } else {
        gicv5_pendset_remove(set, sp, intid, n, prio);
        gicv5_target_changed(container_of(set, GICv5Target, set));
    }
}

static void move_word(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                      uint32_t word, bool dirty)
{
    uint32_t old = n->word;
    unsigned old_prio = FIELD_EX32(old, GICV5_ISTE, PRIORITY);
    unsigned prio = FIELD_EX32(word, GICV5_ISTE, PRIORITY);
    GICv5PendSet *from, *to;
    bool outer = false;

    trace_gicv5_word(sp->domain, intid, old, word);
    from = pendset_of(sp, old);
    to = pendset_of(sp, word);
    if (from == to) {
        if (old_prio == prio) {
            from = to = NULL;
        } else {
            /* The PE hears of the result only. */
            outer = gicv5_space_begin_batch(sp);
        }
    }
    /* An interrupt is recalled from one PE before another is told of it. */
    if (from) {
        take_out(sp, from, intid, n, old_prio);
    }
    n->word = word;
    if (FIELD_EX32(intid, GICV5_INTID, TYPE) == GICV5_TYPE_LPI &&
        (dirty || !from != !to)) {
        gicv5_ist_changed(sp, FIELD_EX32(intid, GICV5_INTID, ID), n,
                          !!to - !!from, dirty);
    }
    if (to) {
        put_in(sp, to, intid, n, prio);
    }
    gicv5_space_end_batch(sp, outer);
    if (GICV5_CHECK && !sp->batch) {
        assert(gicv5_system_check(sp->sys));
    }
}

void gicv5_set_word(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                    uint32_t word)
{
    if (n->word != word) {
        move_word(sp, intid, n, word, true);
    }
}

void gicv5_adopt_word(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                      uint32_t word)
{
    if (n->word != word) {
        move_word(sp, intid, n, word, false);
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
        [GICV5_CMD_SET_ONE_OF_N] = "1-of-N limit",
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

/*
 * A CPU interface that was asked for its limit tells of each change, until it
 * tells when there is nothing to offer: the next offer asks again. But one
 * that takes nothing would not be asked, so it has to tell. Returns whether it
 * shall go on telling.
 */
static bool set_limit(GICv5Target *t, uint32_t limit)
{
    const GICv5OneOfN *o = &t->space->one_of_n;

    t->limit = MIN(limit, GICV5_NUM_PRIOS);
    t->limit_known = true;
    if (t->space->sys->ops->one_of_n_limit && limit &&
        !o->set.occupied && !o->holder_map) {
        t->limit_known = false;
        t->limit = GICV5_NUM_PRIOS;
    }
    gicv5_target_changed(t);
    return t->limit_known && t->space->sys->ops->one_of_n_limit;
}

/*
 * What the PE was told of is its running priority from now on, so do not offer
 * it less. It tells the same, but only when it is no longer a candidate: told
 * before, the offer would go to another PE and be taken twice.
 */
static void acknowledged(GICv5Target *t, uint32_t intid)
{
    if (gicv5_candidate_intid(t->candidate) != intid) {
        return;
    }
    t->had_offer = t->offer == intid;
    if (t->limit_known && t->space->sys->ops->one_of_n_limit) {
        t->limit = MIN(t->limit, gicv5_candidate_prio(t->candidate));
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
        return set_limit(&pe->target[domain], value);
    }

    n = find_node(sp, intid);
    if (!n) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: %s: INTID 0x%08x is not "
                      "reachable in domain %d\n", command_name(cmd), intid,
                      domain);
        return cmd == GICV5_CMD_REQUEST_CONFIG ? R_GICV5_ICSR_F_MASK : 0;
    }
    if (cmd == GICV5_CMD_REQUEST_CONFIG) {
        return icsr_of_word(n->word);
    }
    if (cmd == GICV5_CMD_ACTIVATE) {
        acknowledged(&pe->target[domain], intid);
    }
    gicv5_set_word(sp, intid, n, command_word(sys, cmd, n->word, value));
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
    GICv5Node *n;

    trace_gicv5_event(domain, intid, name[event]);
    n = find_node(sp, intid);
    if (n) {
        gicv5_set_word(sp, intid, n, event_word(n->word, event));
    }
}

bool gicv5_get_word(GICv5System *sys, GICv5Domain domain, uint32_t intid,
                    uint32_t *word)
{
    const GICv5Space *sp = &sys->space[domain];
    const GICv5SPI *spi;

    if (FIELD_EX32(intid, GICV5_INTID, RES0)) {
        return false;
    }
    switch (FIELD_EX32(intid, GICV5_INTID, TYPE)) {
    case GICV5_TYPE_LPI:
        return gicv5_ist_peek(sp, FIELD_EX32(intid, GICV5_INTID, ID), word);
    case GICV5_TYPE_SPI:
        spi = reachable_spi(sp, intid);
        if (spi) {
            *word = spi->node.word;
        }
        return spi;
    default:
        return false;
    }
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
    bool outer = gicv5_space_begin_batch(&sys->space[domain]);

    for (unsigned i = 0; i < sys->pe->len; i++) {
        GICv5PE *pe = g_ptr_array_index(sys->pe, i);

        if (pe->irs == irs) {
            gicv5_target_changed(&pe->target[domain]);
        }
    }
    gicv5_space_end_batch(&sys->space[domain], outer);
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
    pe->target[domain].dps = dps;
    gicv5_target_changed(&pe->target[domain]);
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
        QSIMPLEQ_INIT(&sys->space[d].touched);
        gicv5_one_of_n_init(&sys->space[d]);
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
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        bool outer = gicv5_space_begin_batch(&sys->space[d]);

        for (unsigned i = 0; i < sys->irs->len; i++) {
            update_targets_of_irs(sys, i, d);
        }
        gicv5_space_end_batch(&sys->space[d], outer);
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        gicv5_ist_drop(&sys->space[d]);
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
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        gicv5_one_of_n_reset(&sys->space[d]);
    }
}

/* --- checking the invariant --- */

static bool check_failed(const char *what, GICv5Domain domain, uint32_t intid)
{
    fprintf(stderr, "gicv5: domain %d INTID 0x%08x: %s\n", domain, intid,
            what);
    return false;
}

/* The state of an interrupt that ought to be in a set */
static const GICv5Node *check_node(GICv5Space *sp, uint32_t intid)
{
    uint32_t word;

    return gicv5_get_word(sp->sys, sp->domain, intid, &word) &&
           gicv5_space_is_queued(sp, word) ?
           gicv5_space_queued_node(sp, intid) : NULL;
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
            const GICv5Node *n = check_node(sp, intid);

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

static bool check_offer(GICv5Space *sp, const GICv5Target *t)
{
    const GICv5Node *n = check_node(sp, t->offer);

    return n && n->prev == GICV5_OFFERED && n->next == t->pe->index;
}

static uint64_t count_deliverable(GICv5Space *sp)
{
    GICv5System *sys = sp->sys;
    const GICv5ISTPage *page;
    uint64_t count = 0;

    for (unsigned i = 0; i < sys->irs->len; i++) {
        GICv5EngineIRS *irs = engine_irs(sys, i);

        for (uint32_t n = 0; n < irs->spi_count; n++) {
            count += irs->spi[n].domain == sp->domain &&
                     gicv5_space_is_queued(sp, irs->spi[n].node.word);
        }
    }
    if (sp->lpi.valid) {
        QTAILQ_FOREACH(page, &sp->lpi.pages[GICV5_PAGES_QUEUED], link) {
            count += page->queued;
        }
    }
    return count;
}

bool gicv5_system_check(GICv5System *sys)
{
    if (!gicv5_ist_check(sys)) {
        return false;
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        GICv5Space *sp = &sys->space[d];
        uint64_t members = 0;

        for (unsigned i = 0; i < sys->pe->len; i++) {
            GICv5PE *pe = g_ptr_array_index(sys->pe, i);
            GICv5Target *t = &pe->target[d];

            if (!check_set(sp, &t->set, &members)) {
                return false;
            }
            if (t->offer) {
                members++;
                if (!check_offer(sp, t)) {
                    return check_failed("wrong offer", d, t->offer);
                }
            }
            if (t->candidate != target_candidate(t)) {
                return check_failed("stale candidate", d, t->offer);
            }
        }
        if (!check_set(sp, &sp->one_of_n.set, &members)) {
            return false;
        }
        if (members != count_deliverable(sp)) {
            return check_failed("interrupt missing from its set", d, 0);
        }
        if (!gicv5_one_of_n_check(sp)) {
            return false;
        }
    }
    return true;
}
