/*
 * Arm GICv5 interrupt engine: state words, commands and events
 *
 * Commands, events and wires compute a new state word from the old one;
 * gicv5_set_word() brings it where it belongs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "engine_internal.h"
#include "trace.h"

/*
 * Build with -DGICV5_CHECK=1 to check the invariant after each change of a
 * word. Very slow: each check looks at all interrupts.
 */
#ifndef GICV5_CHECK
#define GICV5_CHECK 0
#endif

/* --- finding an interrupt --- */

static bool names_lpi_or_spi(uint32_t intid)
{
    GICv5Type type = FIELD_EX32(intid, GICV5_INTID, TYPE);

    return !FIELD_EX32(intid, GICV5_INTID, RES0) &&
           (type == GICV5_TYPE_LPI || type == GICV5_TYPE_SPI);
}

/* The state of an interrupt of memory is loaded, if it is not there yet. */
static GICv5Node *find_node(GICv5Space *sp, uint32_t intid)
{
    uint32_t id = FIELD_EX32(intid, GICV5_INTID, ID);
    GICv5Type type = FIELD_EX32(intid, GICV5_INTID, TYPE);
    GICv5SPI *spi;

    if (!names_lpi_or_spi(intid)) {
        return NULL;
    }
    if (unlikely(sp->vm)) {
        /*
         * Once there is a node, no page can go for a VPE: one that the state
         * names, and one that the command does.
         */
        gicv5_vm_reserve(sp->vm->parent, 2 * GICV5_VPE_BYTES);
    }
    if (gicv5_is_in_table(sp, type)) {
        return gicv5_ist_node(gicv5_ist_of(sp, type), id);
    }
    spi = gicv5_space_spi(sp, id);
    return spi ? &spi->node : NULL;
}

GICv5Node *gicv5_queued_node(GICv5Space *sp, uint32_t intid)
{
    uint32_t id = FIELD_EX32(intid, GICV5_INTID, ID);
    GICv5Type type = FIELD_EX32(intid, GICV5_INTID, TYPE);

    if (gicv5_is_in_table(sp, type)) {
        return gicv5_ist_queued_node(gicv5_ist_of(sp, type), id);
    }
    return &gicv5_find_spi(sp->sys, id)->node;
}

bool gicv5_get_word(const GICv5Space *sp, uint32_t intid, uint32_t *word)
{
    uint32_t id = FIELD_EX32(intid, GICV5_INTID, ID);
    GICv5Type type = FIELD_EX32(intid, GICV5_INTID, TYPE);
    const GICv5SPI *spi;

    if (!names_lpi_or_spi(intid)) {
        return false;
    }
    if (gicv5_is_in_table(sp, type)) {
        return gicv5_ist_peek(gicv5_ist_of((GICv5Space *)sp, type), id, word);
    }
    spi = gicv5_space_spi(sp, id);
    if (spi) {
        *word = spi->node.word;
    }
    return spi;
}

/* --- state words --- */

static uint32_t prio_mask(const GICv5System *sys)
{
    return MAKE_64BIT_MASK(GICV5_PRIO_BITS - sys->cfg.prio_bits,
                           sys->cfg.prio_bits);
}

uint32_t gicv5_sanitize_word(const GICv5Space *sp, uint32_t word)
{
    uint32_t prio = FIELD_EX32(word, GICV5_ISTE, PRIORITY);
    uint32_t keep = R_GICV5_ISTE_PENDING_MASK | R_GICV5_ISTE_ACTIVE_MASK |
                    R_GICV5_ISTE_HM_MASK | R_GICV5_ISTE_ENABLE_MASK |
                    R_GICV5_ISTE_IAFFID_MASK;

    if (sp->has_one_of_n) {
        keep |= R_GICV5_ISTE_IRM_MASK;
    }
    return FIELD_DP32(word & keep, GICV5_ISTE, PRIORITY,
                      prio & prio_mask(sp->sys));
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

/* The interrupt leaves @from and enters @to, which may be the same, or NULL. */
static void move_between(GICv5Space *sp, GICv5PendSet *from, GICv5PendSet *to,
                         uint32_t intid, GICv5Node *n, uint32_t word,
                         bool dirty)
{
    unsigned old_prio = FIELD_EX32(n->word, GICV5_ISTE, PRIORITY);
    unsigned prio = FIELD_EX32(word, GICV5_ISTE, PRIORITY);
    GICv5Type type = FIELD_EX32(intid, GICV5_INTID, TYPE);
    bool outer = false;

    if (from == to) {
        if (old_prio == prio) {
            from = to = NULL;
        } else {
            /* The PE hears of the result only. */
            outer = gicv5_begin_batch(sp->sys);
        }
    }
    /* An interrupt is recalled from one PE before another is told of it. */
    if (from) {
        take_out(sp, from, intid, n, old_prio);
    }
    n->word = word;
    if (gicv5_is_in_table(sp, type) && (dirty || !from != !to)) {
        gicv5_ist_changed(gicv5_ist_of(sp, type),
                          FIELD_EX32(intid, GICV5_INTID, ID), n,
                          !!to - !!from, dirty);
    }
    sp->changes += dirty;
    if (to) {
        put_in(sp, to, intid, n, prio);
    }
    gicv5_end_batch(sp->sys, outer);
}

static void move_word(GICv5Space *sp, uint32_t intid, GICv5Node *n,
                      uint32_t word, bool dirty)
{
    GICv5PendSet *from, *to;

    trace_gicv5_word(sp->domain, gicv5_vm_of(sp), intid, n->word, word);
    gicv5_want_target(sp, word);
    from = gicv5_pendset_of(sp, n->word);
    to = gicv5_pendset_of(sp, word);
    if (from || to || dirty) {
        move_between(sp, from, to, intid, n, word, dirty);
    } else {
        /* A page of a table has many of these. */
        n->word = word;
    }
    if (GICV5_CHECK && !sp->sys->batch && !sp->sys->is_ringing) {
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

/*
 * A doorbell is an event in another space: it rings when the VM's interrupt has
 * its place, at the end of a batch.
 */
static bool begin_vm(GICv5Space *sp)
{
    return sp->vm && gicv5_begin_batch(sp->sys);
}

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

static uint32_t command_word(const GICv5Space *sp, GICv5Command cmd,
                             uint32_t word, uint32_t value)
{
    switch (cmd) {
    case GICV5_CMD_SET_ENABLE:
        return FIELD_DP32(word, GICV5_ISTE, ENABLE, value & 1);
    case GICV5_CMD_SET_PRIORITY:
        return FIELD_DP32(word, GICV5_ISTE, PRIORITY,
                          value & prio_mask(sp->sys));
    case GICV5_CMD_SET_TARGET:
        word = FIELD_DP32(word, GICV5_ISTE, IAFFID, value & UINT16_MAX);
        return FIELD_DP32(word, GICV5_ISTE, IRM,
                          sp->has_one_of_n && (value & GICV5_TARGET_IRM));
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

/* The target of @sp that @pe acts for */
static GICv5Target *own_target(const GICv5Space *sp, const GICv5PE *pe)
{
    GICv5VPE *vpe;

    if (!sp->vm) {
        return pe->target[sp->domain];
    }
    vpe = pe->resident[sp->domain];
    return vpe && vpe->target.space == sp ? &vpe->target : NULL;
}

static bool set_limit(GICv5Space *sp, GICv5PE *pe, uint32_t value)
{
    GICv5Target *t = own_target(sp, pe);
    bool outer, go_on;

    if (!t || (sp->vm && !sp->has_one_of_n)) {
        return false;
    }
    outer = begin_vm(sp);
    go_on = gicv5_target_set_limit(t, value);
    gicv5_end_batch(sp->sys, outer);
    return go_on;
}

uint64_t gicv5_command(GICv5Space *sp, GICv5PE *pe, GICv5Command cmd,
                       uint32_t intid, uint32_t value)
{
    bool outer;
    GICv5Node *n;

    if (!(sp->sys->cfg.domains & BIT(sp->domain))) {
        return cmd == GICV5_CMD_REQUEST_CONFIG ? R_GICV5_ICSR_F_MASK : 0;
    }
    trace_gicv5_command(sp->domain, gicv5_vm_of(sp), command_name(cmd), intid,
                        value);

    if (cmd == GICV5_CMD_SET_ONE_OF_N) {
        return set_limit(sp, pe, value);
    }

    n = find_node(sp, intid);
    if (!n) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: %s: INTID 0x%08x is not "
                      "reachable in domain %d\n", command_name(cmd), intid,
                      sp->domain);
        return cmd == GICV5_CMD_REQUEST_CONFIG ? R_GICV5_ICSR_F_MASK : 0;
    }
    if (cmd == GICV5_CMD_REQUEST_CONFIG) {
        return icsr_of_word(n->word);
    }
    if (cmd == GICV5_CMD_ACTIVATE) {
        GICv5Target *t = own_target(sp, pe);

        if (t) {
            gicv5_target_acknowledged(t, intid);
        }
    }
    outer = begin_vm(sp);
    gicv5_set_word(sp, intid, n, command_word(sp, cmd, n->word, value));
    gicv5_end_batch(sp->sys, outer);
    return 0;
}

/* An event overrides the handling mode software set */
uint32_t gicv5_event_word(uint32_t word, GICv5Event event)
{
    if (event == GICV5_CLEAR) {
        return word & ~R_GICV5_ISTE_PENDING_MASK;
    }
    word = FIELD_DP32(word, GICV5_ISTE, HM, event == GICV5_SET_LEVEL);
    return word | R_GICV5_ISTE_PENDING_MASK;
}

void gicv5_event(GICv5Space *sp, uint32_t intid, GICv5Event event)
{
    static const char *const name[] = {
        [GICV5_SET_EDGE] = "SET_EDGE",
        [GICV5_SET_LEVEL] = "SET_LEVEL",
        [GICV5_CLEAR] = "CLEAR",
    };
    GICv5Node *n;

    trace_gicv5_event(sp->domain, gicv5_vm_of(sp), intid, name[event]);
    n = find_node(sp, intid);
    if (n) {
        bool outer = begin_vm(sp);

        gicv5_set_word(sp, intid, n, gicv5_event_word(n->word, event));
        gicv5_end_batch(sp->sys, outer);
    }
}
