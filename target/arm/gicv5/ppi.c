/*
 * Arm GICv5 CPU interface: PPIs
 *
 * Rule labels (R_xxxxx, D_xxxxx) are those of the GICv5 specification.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "cpu.h"
#include "cpuif_internal.h"
#include "trace.h"

/* The one place that decides which bank a context owns PPIs of */
static size_t bank_offset(GICv5ContextID ctx)
{
    return ctx == GICV5_CONTEXT_VIRTUAL ? offsetof(GICv5CPUIf, hyp.vppi) :
                                          offsetof(GICv5CPUIf, ppi);
}

static const GICv5PPIBank *bank_of(const GICv5CPUIf *c, GICv5ContextID ctx)
{
    return (const GICv5PPIBank *)((const char *)c + bank_offset(ctx));
}

size_t gicv5_ppi_word_offset(GICv5ContextID ctx, GICv5PPIField field,
                             unsigned n)
{
    static const size_t base[] = {
        [GICV5_PPI_ENABLE] = offsetof(GICv5PPIBank, enable),
        [GICV5_PPI_PEND] = offsetof(GICv5PPIBank, pend),
        [GICV5_PPI_ACTIVE] = offsetof(GICv5PPIBank, active),
        [GICV5_PPI_PRIO] = offsetof(GICv5PPIBank, prio),
    };

    return bank_offset(ctx) + base[field] + n * sizeof(uint64_t);
}

static uint64_t *ppi_word(GICv5CPUIf *c, GICv5ContextID ctx,
                          GICv5PPIField field, unsigned n)
{
    return (uint64_t *)((char *)c + gicv5_ppi_word_offset(ctx, field, n));
}

uint64_t gicv5_ppi_mask(GICv5PPIField field, unsigned n, const uint64_t *ppis)
{
    uint64_t mask = 0;
    uint8_t eight;

    if (field != GICV5_PPI_PRIO) {
        return ppis[n];
    }
    eight = extract64(ppis[n / 8], 8 * (n % 8), 8);
    for (; eight; eight &= eight - 1) {
        mask |= MAKE_64BIT_MASK(8 * ctz32(eight), GICV5_PRIO_BITS);
    }
    return mask;
}

/*
 * The virtual PPIs whose pending state is that of the physical PPI: DVI=1. For
 * one that the current physical domain does not own it has no effect (INVWGX).
 */
static uint64_t injected(const GICv5CPUIf *c, unsigned word)
{
    return c->hyp.dvir[word] & c->context[c->current].ppi_owned[word];
}

/*
 * RGYGNW: under nested virtualization the pending state of the EL2 timers' PPIs
 * is that of EL1's physical PPIs, and neither ICH_PPI_PENDR nor DVI matters.
 * @which: these PPIs. Returns their state.
 */
static uint64_t nv_timers(const GICv5CPUIf *c, uint64_t *which)
{
    bool secure = c->current == GICV5_CONTEXT_S;
    unsigned phys = secure ? GICV5_PPI_CNTHPS : GICV5_PPI_CNTHP;
    unsigned virt = secure ? GICV5_PPI_CNTHVS : GICV5_PPI_CNTHV;
    uint64_t from = qatomic_read_u64(&c->ppi.pend[0]) &
                    c->context[c->current].ppi_owned[0];

    *which = BIT_ULL(phys) | BIT_ULL(virt);
    return (from & BIT_ULL(GICV5_PPI_CNTP) ? BIT_ULL(phys) : 0) |
           (from & BIT_ULL(GICV5_PPI_CNTV) ? BIT_ULL(virt) : 0);
}

/* Devices write pending bits: read as generated code would, without the lock */
static uint64_t pending(const GICv5CPUIf *c, GICv5ContextID ctx, unsigned word)
{
    uint64_t phys = qatomic_read_u64(&c->ppi.pend[word]);
    uint64_t dvi, pend;

    if (ctx != GICV5_CONTEXT_VIRTUAL) {
        return phys;
    }
    dvi = injected(c, word);
    pend = (c->hyp.vppi.pend[word] & ~dvi) | (phys & dvi);
    if (unlikely(c->hyp.nv_timers) && word == 0) {
        uint64_t which, timers = nv_timers(c, &which);

        pend = (pend & ~which) | timers;
    }
    return pend;
}

/* The latch of edge PPI @bit of @word, for @ctx */
static uint64_t *latch(GICv5CPUIf *c, GICv5ContextID ctx, unsigned word,
                       uint64_t bit)
{
    return ctx == GICV5_CONTEXT_VIRTUAL && !(injected(c, word) & bit) ?
           &c->hyp.vppi.pend[word] : &c->ppi.pend[word];
}

uint64_t gicv5_ppi_read(GICv5CPUIf *c, GICv5ContextID ctx, GICv5PPIField field,
                        unsigned n)
{
    uint64_t mask = gicv5_ppi_mask(field, n, c->context[ctx].ppi_owned);

    if (field == GICV5_PPI_PEND) {
        return pending(c, ctx, n) & mask;
    }
    return *ppi_word(c, ctx, field, n) & mask;
}

/* What is written to a word of which the bits of @mask exist */
static uint64_t written(uint64_t old, uint64_t mask, GICv5PPIAccess access,
                        uint64_t value)
{
    switch (access) {
    case GICV5_PPI_SET:
        return old | (value & mask);
    case GICV5_PPI_CLEAR:
        return old & ~(value & mask);
    default:
        return (old & ~mask) | (value & mask);
    }
}

void gicv5_ppi_write(ARMCPU *cpu, GICv5ContextID ctx, GICv5PPIField field,
                     unsigned n, GICv5PPIAccess access, uint64_t value)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    uint64_t *word = ppi_word(c, ctx, field, n);
    uint64_t mask = gicv5_ppi_mask(field, n, c->context[ctx].ppi_owned);

    gicv5_cpuif_lock(cpu);
    if (field == GICV5_PPI_PEND) {
        mask &= gicv5_ppi_edge_mask(n);
        if (ctx == GICV5_CONTEXT_VIRTUAL) {
            uint64_t dvi = injected(c, n) & mask;
            uint64_t *phys = &c->ppi.pend[n];

            gicv5_cpuif_store(phys, written(*phys, dvi, access, value));
            mask &= ~dvi;
        }
    }
    gicv5_cpuif_store(word, written(*word, mask, access, value));
    gicv5_cpuif_unlock(cpu);
}

static unsigned ppi_prio(const GICv5PPIBank *bank, unsigned ppi)
{
    return extract64(bank->prio[ppi / 8], 8 * (ppi % 8), GICV5_PRIO_BITS);
}

/*
 * Candidate PPIs are owned by the context, enabled, pending and not active.
 * Among equal priorities the lowest number wins (R_VVBPS leaves the order to
 * the implementation). Normally no bit is set, or one.
 */
GICv5Candidate gicv5_ppi_best(const GICv5CPUIf *c, GICv5ContextID ctx)
{
    const GICv5PPIBank *bank = bank_of(c, ctx);
    GICv5Candidate best = GICV5_CANDIDATE_NONE;
    unsigned word;

    for (word = 0; word < GICV5_PPI_WORDS; word++) {
        uint64_t ready = c->context[ctx].ppi_owned[word] &
                         bank->enable[word] & ~bank->active[word];

        /* Most often that is all. */
        if (ready) {
            ready &= pending(c, ctx, word);
        }
        for (; ready; ready &= ready - 1) {
            unsigned ppi = 64 * word + ctz64(ready);
            unsigned prio = ppi_prio(bank, ppi);

            if (prio < gicv5_candidate_prio(best)) {
                best = gicv5_candidate(gicv5_intid(GICV5_TYPE_PPI, ppi), prio);
            }
        }
    }
    return best;
}

void gicv5_ppi_activate(GICv5CPUIf *c, GICv5ContextID ctx, unsigned ppi)
{
    unsigned word = ppi / 64;
    uint64_t bit = BIT_ULL(ppi % 64);
    uint64_t *active = ppi_word(c, ctx, GICV5_PPI_ACTIVE, word);
    uint64_t *pend = latch(c, ctx, word, bit);

    gicv5_cpuif_store(active, *active | bit);
    /* Edge: pending is cleared. Level: it goes on following the line. */
    gicv5_cpuif_store(pend, *pend & ~(bit & gicv5_ppi_edge_mask(word)));
}

void gicv5_cpuif_deactivate_ppi(ARMCPU *cpu, GICv5ContextID ctx, unsigned ppi)
{
    trace_gicv5_cpuif_deactivate_ppi(CPU(cpu)->cpu_index, ctx, ppi);
    gicv5_ppi_write(cpu, ctx, GICV5_PPI_ACTIVE, ppi / 64, GICV5_PPI_CLEAR,
                    BIT_ULL(ppi % 64));
}

void gicv5_ppi_follow_lines(GICv5CPUIf *c)
{
    GICv5PPIBank *bank = &c->ppi;
    unsigned word;

    for (word = 0; word < GICV5_PPI_WORDS; word++) {
        /* The pending state of a level PPI is its line (R_CFSKX). */
        gicv5_cpuif_store(&bank->pend[word],
                          (bank->pend[word] & gicv5_ppi_edge_mask(word)) |
                          (c->ppi_line[word] & gicv5_ppi_level_mask(word)));
    }
}

void gicv5_ppi_reset(GICv5CPUIf *c)
{
    /*
     * PPIs whose source is a part of the PE that is reset with it: timers and
     * PMU. Their condition is false after reset, but the model of the timers
     * does not lower its outputs then. A line left high would be pending
     * for the next user of the PE, though no timer is enabled.
     */
    static const unsigned pe_sources[] = {
        GICV5_PPI_CNTHVS, GICV5_PPI_CNTHPS, GICV5_PPI_PMUIRQ, GICV5_PPI_CNTHP,
        GICV5_PPI_CNTV, GICV5_PPI_CNTHV, GICV5_PPI_CNTPS, GICV5_PPI_CNTP,
    };
    GICv5PPIBank *bank = &c->ppi;

    memset(bank->enable, 0, sizeof(bank->enable));
    memset(bank->pend, 0, sizeof(bank->pend));
    memset(bank->active, 0, sizeof(bank->active));
    memset(bank->prio, 0, sizeof(bank->prio));
    for (unsigned i = 0; i < ARRAY_SIZE(pe_sources); i++) {
        c->ppi_line[pe_sources[i] / 64] &= ~BIT_ULL(pe_sources[i] % 64);
    }
}

void gicv5_cpuif_ppi_input(void *opaque, int n, int level)
{
    ARMCPU *cpu = opaque;
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5PPIBank *bank = &c->ppi;
    unsigned word = n / 64;
    uint64_t bit = BIT_ULL(n % 64);
    uint64_t edge = bit & gicv5_ppi_edge_mask(word);
    uint64_t level_bit = bit & gicv5_ppi_level_mask(word);
    bool was_high;

    assert(bql_locked());

    /* A PPI that is not implemented has no state, so its line has none. */
    if (!edge && !level_bit) {
        return;
    }

    /* Timers repeat themselves: only the BQL holder writes lines. */
    was_high = c->ppi_line[word] & bit;
    if (was_high == !!level) {
        return;
    }
    trace_gicv5_cpuif_ppi_line(CPU(cpu)->cpu_index, n, !!level);

    gicv5_cpuif_lock(cpu);
    c->ppi_line[word] ^= bit;
    if (level_bit) {
        gicv5_cpuif_store(&bank->pend[word], bank->pend[word] ^ level_bit);
    } else if (level) {
        gicv5_cpuif_store(&bank->pend[word], bank->pend[word] | edge);
    }
    gicv5_cpuif_unlock(cpu);
}
