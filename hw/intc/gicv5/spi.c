/*
 * Arm GICv5 interrupt engine: SPIs
 *
 * An SPI has a wire of one IRS, and a state word that never leaves it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engine_internal.h"
#include "trace.h"

/* --- finding an SPI --- */

GICv5SPI *gicv5_find_spi(const GICv5System *sys, uint32_t id)
{
    for (unsigned i = 0; i < sys->irs->len; i++) {
        const GICv5EngineIRS *irs = gicv5_engine_irs(sys, i);

        if (id - irs->spi_base < irs->spi_count) {
            return &irs->spi[id - irs->spi_base];
        }
    }
    return NULL;
}

/* An INTID that is another domain's, or a VM's, means nothing here. */
GICv5SPI *gicv5_space_spi(const GICv5Space *sp, uint32_t id)
{
    GICv5SPI *spi = gicv5_find_spi(sp->sys, id);

    return spi && spi->space == sp && !spi->virt ? spi : NULL;
}

static GICv5SPI *irs_spi(const GICv5System *sys, unsigned irs, uint32_t id)
{
    const GICv5EngineIRS *e = gicv5_engine_irs(sys, irs);

    return id - e->spi_base < e->spi_count ? &e->spi[id - e->spi_base] : NULL;
}

/* --- wires --- */

static void spi_event(GICv5SPI *spi, uint32_t id, GICv5Event event)
{
    if (unlikely(spi->virt)) {
        GICv5Space *vm = gicv5_vm_space(spi->space, spi->vm);

        /* Lost if there is no such VM; IRS_SPI_RESAMPLER finds the level. */
        if (vm) {
            gicv5_event(vm, gicv5_intid(GICV5_TYPE_SPI, id), event);
        }
        return;
    }
    gicv5_set_word(spi->space, gicv5_intid(GICV5_TYPE_SPI, id), &spi->node,
                   gicv5_event_word(spi->node.word, event));
}

/* What the wire's present level means */
static void spi_sample(GICv5SPI *spi, uint32_t id)
{
    if (spi->tm_level) {
        spi_event(spi, id, spi->level ? GICV5_SET_LEVEL : GICV5_CLEAR);
    } else if (spi->level) {
        spi_event(spi, id, GICV5_SET_EDGE);
    }
}

bool gicv5_spi_set_level(GICv5System *sys, unsigned irs, uint32_t n,
                         bool level)
{
    GICv5EngineIRS *e = gicv5_engine_irs(sys, irs);
    GICv5SPI *spi = &e->spi[n];

    assert(n < e->spi_count);
    if (spi->level == level) {
        return false;
    }
    trace_gicv5_spi_wire(irs, e->spi_base + n, level);
    spi->level = level;
    spi_sample(spi, e->spi_base + n);
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
        spi_event(spi, id, spi->level ? GICV5_SET_LEVEL : GICV5_CLEAR);
    } else if (spi->level) {
        /* A wire that is already high is no edge. */
        spi_event(spi, id, GICV5_CLEAR);
    }
}

void gicv5_spi_resample(GICv5System *sys, unsigned irs, uint32_t id)
{
    GICv5SPI *spi = irs_spi(sys, irs, id);

    if (spi) {
        spi_sample(spi, id);
    }
}

/* --- state --- */

static uint32_t spi_word(const GICv5SPI *spi)
{
    return spi->virt ? spi->parked : spi->node.word;
}

/* Interrupt state is kept: out of one space, into the other */
static void move_spi(GICv5SPI *spi, uint32_t id, GICv5Space *to, bool virt,
                     uint32_t word)
{
    uint32_t intid = gicv5_intid(GICV5_TYPE_SPI, id);

    gicv5_set_word(spi->space, intid, &spi->node, 0);
    spi->space = to;
    spi->virt = virt;
    if (virt) {
        spi->parked = word;
    } else {
        gicv5_set_word(to, intid, &spi->node, word);
    }
}

void gicv5_spi_set_domain(GICv5System *sys, unsigned irs, uint32_t id,
                          GICv5Domain domain)
{
    GICv5SPI *spi = irs_spi(sys, irs, id);

    if (!spi || spi->space->domain == domain ||
        !gicv5_system_has_domain(sys, domain)) {
        return;
    }
    trace_gicv5_spi_domain(irs, id, spi->space->domain, domain);
    move_spi(spi, id, &sys->space[domain], spi->virt, spi_word(spi));
}

void gicv5_spi_set_vm(GICv5System *sys, unsigned irs, uint32_t id, bool virt,
                      uint16_t vm)
{
    GICv5SPI *spi = irs_spi(sys, irs, id);

    if (!spi) {
        return;
    }
    trace_gicv5_spi_vm(irs, id, virt, vm);
    spi->vm = vm;
    if (spi->virt != virt) {
        move_spi(spi, id, spi->space, virt, spi_word(spi));
    }
}

bool gicv5_spi_get(const GICv5System *sys, unsigned irs, uint32_t id,
                   GICv5SPIState *state)
{
    const GICv5SPI *spi = irs_spi(sys, irs, id);

    if (!spi) {
        return false;
    }
    *state = (GICv5SPIState) {
        .word = spi_word(spi),
        .vm = spi->vm,
        .virt = spi->virt,
        .domain = spi->space->domain,
        .tm_level = spi->tm_level,
        .level = spi->level,
    };
    return true;
}

void gicv5_spi_restore(GICv5System *sys, unsigned irs, uint32_t id,
                       const GICv5SPIState *state)
{
    GICv5SPI *spi = irs_spi(sys, irs, id);

    if (!spi) {
        return;
    }
    spi->tm_level = state->tm_level;
    spi->level = state->level;
    spi->vm = state->vm;
    move_spi(spi, id, &sys->space[state->domain], state->virt, state->word);
}

void gicv5_spi_reset_all(GICv5System *sys)
{
    GICv5Space *sp = &sys->space[gicv5_system_reset_domain(sys)];

    for (unsigned i = 0; i < sys->irs->len; i++) {
        GICv5EngineIRS *irs = gicv5_engine_irs(sys, i);

        for (uint32_t n = 0; n < irs->spi_count; n++) {
            irs->spi[n].vm = 0;
            move_spi(&irs->spi[n], irs->spi_base + n, sp, false, 0);
            irs->spi[n].tm_level = false;
        }
    }
}
