/*
 * Arm GICv5 interrupt engine: what a machine's IRSes share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engine_internal.h"
#include "trace.h"

/* --- construction --- */

static void space_init(GICv5Space *sp, GICv5System *sys, GICv5Domain domain)
{
    sp->sys = sys;
    sp->domain = domain;
    sp->has_one_of_n = sys->cfg.one_of_n;
    gicv5_targets_init(sp, 16);
    gicv5_ist_init(&sp->lpi, sp, GICV5_TYPE_LPI);
    gicv5_ist_init(&sp->spi, sp, GICV5_TYPE_SPI);
    gicv5_vmt_init(sp);
    gicv5_one_of_n_init(sp);
}

static void space_cleanup(GICv5Space *sp)
{
    gicv5_vmt_drop(sp);
    gicv5_ist_drop(&sp->lpi);
    gicv5_targets_cleanup(sp);
}

GICv5System *gicv5_system_new(const GICv5EngineConfig *cfg,
                              const GICv5EngineOps *ops, void *opaque)
{
    GICv5System *sys = g_new0(GICv5System, 1);

    sys->cfg = *cfg;
    sys->ops = ops;
    sys->opaque = opaque;
    sys->irs = g_array_new(false, true, sizeof(GICv5EngineIRS));
    sys->pe = g_ptr_array_new_with_free_func(g_free);
    QSIMPLEQ_INIT(&sys->touched);
    QSIMPLEQ_INIT(&sys->touched_spaces);
    QTAILQ_INIT(&sys->ringing);
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        space_init(&sys->space[d], sys, d);
    }
    return sys;
}

void gicv5_system_free(GICv5System *sys)
{
    if (!sys) {
        return;
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        space_cleanup(&sys->space[d]);
    }
    for (unsigned i = 0; i < sys->irs->len; i++) {
        g_free(gicv5_engine_irs(sys, i)->spi);
    }
    g_array_free(sys->irs, true);
    g_ptr_array_free(sys->pe, true);
    g_free(sys);
}

int gicv5_system_add_irs(GICv5System *sys, uint32_t spi_base,
                         uint32_t spi_count)
{
    GICv5EngineIRS irs = { .spi_base = spi_base, .spi_count = spi_count };

    for (unsigned i = 0; i < sys->irs->len; i++) {
        const GICv5EngineIRS *e = gicv5_engine_irs(sys, i);

        if (spi_count && e->spi_count &&
            spi_base < e->spi_base + e->spi_count &&
            e->spi_base < spi_base + spi_count) {
            return -1;
        }
    }
    irs.spi = g_new0(GICv5SPI, spi_count);
    for (uint32_t i = 0; i < spi_count; i++) {
        irs.spi[i].space = &sys->space[gicv5_system_reset_domain(sys)];
    }
    g_array_append_val(sys->irs, irs);
    return sys->irs->len - 1;
}

GICv5PE *gicv5_system_find_pe(const GICv5System *sys, uint16_t iaffid)
{
    /* Each PE is a target in every space, whatever domains there are. */
    const GICv5Target *t = gicv5_find_target(&sys->space[0], iaffid);

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
    pe->irs = irs;
    pe->iaffid = iaffid;
    pe->opaque = opaque;
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        pe->target[d] = g_new0(GICv5Target, 1);
        pe->target[d]->pe = pe;
        gicv5_target_add(&sys->space[d], pe->target[d], iaffid);
    }
    g_ptr_array_add(sys->pe, pe);
    return pe;
}

/* --- what it is made of --- */

const GICv5EngineConfig *gicv5_system_config(const GICv5System *sys)
{
    return &sys->cfg;
}

bool gicv5_system_has_domain(const GICv5System *sys, unsigned domain)
{
    return domain < GICV5_NUM_DOMAINS && (sys->cfg.domains >> domain & 1);
}

GICv5Space *gicv5_system_space(GICv5System *sys, GICv5Domain domain)
{
    return &sys->space[domain];
}

GICv5IST *gicv5_space_ist(GICv5Space *sp, GICv5Type type)
{
    assert(gicv5_is_in_table(sp, type));
    return gicv5_ist_of(sp, type);
}

GICv5Candidate gicv5_space_one_of_n(const GICv5Space *sp)
{
    return gicv5_pendset_peek(&sp->one_of_n.set);
}

GICv5PE *gicv5_system_pe(const GICv5System *sys, unsigned n)
{
    return n < sys->pe->len ? g_ptr_array_index(sys->pe, n) : NULL;
}

uint16_t gicv5_pe_iaffid(const GICv5PE *pe)
{
    return pe->iaffid;
}

unsigned gicv5_pe_irs(const GICv5PE *pe)
{
    return pe->irs;
}

void *gicv5_pe_opaque(const GICv5PE *pe)
{
    return pe->opaque;
}

void gicv5_pe_set_opaque(GICv5PE *pe, void *opaque)
{
    pe->opaque = opaque;
}

/* --- control and reset --- */

void gicv5_irs_enable(GICv5System *sys, unsigned irs, GICv5Domain domain,
                      bool enable)
{
    GICv5EngineIRS *e = gicv5_engine_irs(sys, irs);

    if (e->enabled[domain] == enable) {
        return;
    }
    trace_gicv5_irs_enable(irs, domain, enable);
    e->enabled[domain] = enable;
    gicv5_irs_changed(sys, irs, domain);
}

bool gicv5_irs_is_enabled(const GICv5System *sys, unsigned irs,
                          GICv5Domain domain)
{
    return gicv5_engine_irs(sys, irs)->enabled[domain];
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

unsigned gicv5_system_num_resets(const GICv5System *sys)
{
    return sys->num_resets;
}

void gicv5_system_reset(GICv5System *sys)
{
    bool outer;

    sys->num_resets++;
    /* Nobody wants to hear that VPEs are no longer resident. */
    gicv5_system_hold_doorbells(sys);
    /* A table is being restored, and the next part of it has not come yet. */
    if (sys->batch) {
        gicv5_flush_batch(sys);
    }
    outer = gicv5_begin_batch(sys);
    /* First nothing is forwarded any more, so each PE hears once. */
    for (unsigned i = 0; i < sys->irs->len; i++) {
        GICv5EngineIRS *irs = gicv5_engine_irs(sys, i);

        memset(irs->enabled, 0, sizeof(irs->enabled));
        for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
            gicv5_irs_changed(sys, i, d);
        }
    }
    gicv5_end_batch(sys, outer);
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        gicv5_vmt_drop(&sys->space[d]);
        gicv5_ist_drop(&sys->space[d].lpi);
    }
    gicv5_system_release_doorbells(sys);
    gicv5_spi_reset_all(sys);
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        gicv5_one_of_n_reset(&sys->space[d]);
    }
}
