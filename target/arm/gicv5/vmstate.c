/*
 * Arm GICv5 CPU interface: migration
 *
 * A subsection of the CPU. The candidate of the IRS is not in it: the IRS
 * forwards it again when its own state is loaded, whichever comes first. The
 * exception lines are compared with what the CPU's own state says about them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "cpu.h"
#include "cpu-features.h"
#include "hw/intc/arm_gicv5_vmstate.h"
#include "migration/vmstate.h"
#include "cpuif_internal.h"

static bool gicv5_needed(void *opaque)
{
    ARMCPU *cpu = opaque;

    return cpu_isar_feature(aa64_gcie, cpu) ||
           gicv5_port_is_kvm(gicv5_port(cpu));
}

static bool in_mask(const char *field, unsigned n, uint64_t value,
                    uint64_t mask)
{
    return gicv5_in_mask("cpu/gicv5", field, n, value, mask);
}

/*
 * The registers of a context
 *
 * @i: its number in the stream; @all: the bits of registers that exist
 */
static bool context_is_valid(const GICv5Context *context, unsigned i,
                             uint64_t all)
{
    return in_mask("cr0", i, context->cr0 ^ GICV5_CR0_RESET,
                   GICV5_CR0_MASK & all) &&
           in_mask("pcr", i, context->pcr, GICV5_PCR_MASK & all) &&
           in_mask("apr", i, context->apr, GICV5_APR_MASK & all);
}

static bool contexts_are_valid(const GICv5CPUIf *c, const GICv5Port *port)
{
    for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
        /* Nothing reaches the registers of a domain that does not exist. */
        uint64_t all = !port || port->domains & BIT(i) ? ~0ULL : 0;

        if (!context_is_valid(&c->context[gicv5_domain_context(i)], i, all)) {
            return false;
        }
    }
    return true;
}

static bool words_are_valid(const char *name, const uint64_t *words,
                            const uint64_t *ppis)
{
    for (unsigned i = 0; i < GICV5_PPI_WORDS; i++) {
        if (!in_mask(name, i, words[i], ppis[i])) {
            return false;
        }
    }
    return true;
}

static bool prios_are_valid(const char *name, const uint64_t *prio,
                            const uint64_t *ppis)
{
    for (unsigned i = 0; i < GICV5_PPI_PRIO_WORDS; i++) {
        if (!in_mask(name, i, prio[i],
                     gicv5_ppi_mask(GICV5_PPI_PRIO, i, ppis))) {
            return false;
        }
    }
    return true;
}

static bool ppis_are_valid(const GICv5CPUIf *c, bool kvm)
{
    /* The kernel keeps what software wrote for any of the architected PPIs. */
    const uint64_t ppis[GICV5_PPI_WORDS] = {
        kvm ? UINT64_MAX : GICV5_PPI_IMPLEMENTED
    };

    return words_are_valid("ppi_enable", c->ppi.enable, ppis) &&
           words_are_valid("ppi_pend", c->ppi.pend, ppis) &&
           words_are_valid("ppi_active", c->ppi.active, ppis) &&
           words_are_valid("ppi_line", c->ppi_line, ppis) &&
           prios_are_valid("ppi_prio", c->ppi.prio, ppis);
}

static int gicv5_pre_save(void *opaque)
{
    ARMCPU *cpu = opaque;
    Error *err = NULL;

    if (gicv5_port_is_kvm(gicv5_port(cpu)) && !gicv5_cpuif_get_kvm(cpu, &err)) {
        error_reportf_err(err, "cpu/gicv5: cannot save the state: ");
        return -EIO;
    }
    return 0;
}

static bool hyp_needed(void *opaque)
{
    ARMCPU *cpu = opaque;

    return cpu_isar_feature(aa64_gcie, cpu) &&
           arm_feature(&cpu->env, ARM_FEATURE_EL2);
}

static int gicv5_pre_load(void *opaque)
{
    ARMCPU *cpu = opaque;

    cpu->gicv5_wiring.el2_loaded = false;
    return 0;
}

static int gicv5_post_load(void *opaque, int version_id)
{
    ARMCPU *cpu = opaque;
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5Port *port = gicv5_port(cpu);
    bool kvm = gicv5_port_is_kvm(port);
    Error *err = NULL;

    cpu->gicv5_wiring.loaded = true;
    if (port && port->irs_ops->check_loaded &&
        !port->irs_ops->check_loaded(port)) {
        return -EINVAL;
    }
    if (!contexts_are_valid(c, port) ||
        !in_mask("icsr", 0, c->icsr, GICV5_ICSR_MASK) ||
        !ppis_are_valid(c, kvm)) {
        return -EINVAL;
    }
    if (hyp_needed(cpu) && !cpu->gicv5_wiring.el2_loaded) {
        error_report("cpu/gicv5: there is no cpu/gicv5/el2, but this CPU has "
                     "EL2");
        return -EINVAL;
    }
    if (kvm) {
        if (!gicv5_cpuif_put_kvm(cpu, &err)) {
            error_reportf_err(err, "cpu/gicv5: cannot load the state: ");
            return -EINVAL;
        }
        return 0;
    }
    c->lines = gicv5_cpuif_lines_of(cpu->env.irq_line_state);
    gicv5_cpuif_update(cpu);
    gicv5_cpuif_tell_limits(cpu);
    return 0;
}

/* A subsection that a stream does not have is nothing to QEMU. */
bool gicv5_cpuif_check_loaded(ARMCPU *cpu)
{
    if (gicv5_needed(cpu) && !cpu->gicv5_wiring.loaded) {
        error_report("cpu/gicv5: the source has no CPU interface of a GICv5");
        return false;
    }
    cpu->gicv5_wiring.loaded = false;
    return true;
}

/* The stream has the names that the fields had at first. */
static const VMStateDescription vmstate_gicv5_context = {
    .name = "cpu/gicv5/bank",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(cr0, GICv5Context),
        VMSTATE_UINT64(pcr, GICv5Context),
        VMSTATE_UINT64(apr, GICv5Context),
        VMSTATE_END_OF_LIST()
    }
};

#define PPI_WORDS(NAME, FIELD, NUM) { \
    .name = "env.gicv5.ppi_" NAME, \
    .num = (NUM), \
    .info = &vmstate_info_uint64, \
    .size = sizeof(uint64_t), \
    .flags = VMS_ARRAY, \
    .offset = vmstate_offset_array(ARMCPU, env.gicv5.FIELD, uint64_t, NUM), \
}

/* --- the registers of EL2, and the virtual context --- */

static int hyp_pre_load(void *opaque)
{
    ARMCPU *cpu = opaque;

    if (!arm_feature(&cpu->env, ARM_FEATURE_EL2)) {
        error_report("cpu/gicv5/el2: this CPU has no EL2");
        return -EINVAL;
    }
    return 0;
}

static int hyp_post_load(void *opaque, int version_id)
{
    ARMCPU *cpu = opaque;
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    const GICv5Hyp *hyp = &c->hyp;
    const uint64_t *ppis = c->context[GICV5_CONTEXT_VIRTUAL].ppi_owned;

    cpu->gicv5_wiring.el2_loaded = true;
    /* gicv5_post_load(), which comes after this, does the rest. */
    return context_is_valid(&c->context[GICV5_CONTEXT_VIRTUAL],
                            GICV5_CONTEXT_VIRTUAL, ~0ULL) &&
           words_are_valid("vppi_enable", hyp->vppi.enable, ppis) &&
           words_are_valid("vppi_pend", hyp->vppi.pend, ppis) &&
           words_are_valid("vppi_active", hyp->vppi.active, ppis) &&
           prios_are_valid("vppi_prio", hyp->vppi.prio, ppis) &&
           words_are_valid("dvir", hyp->dvir, ppis) &&
           in_mask("vctlr", 0, hyp->vctlr, GICV5_VCTLR_MASK) &&
           in_mask("contextr", 0, hyp->contextr, GICV5_CONTEXTR_MASK) &&
           in_mask("hfgrtr", 0, hyp->hfgrtr, GICV5_HFGRTR_MASK) &&
           in_mask("hfgwtr", 0, hyp->hfgwtr, GICV5_HFGWTR_MASK) &&
           in_mask("hfgitr", 0, hyp->hfgitr, GICV5_HFGITR_MASK) ? 0 : -EINVAL;
}

static const VMStateDescription vmstate_gicv5_hyp = {
    .name = "cpu/gicv5/el2",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = hyp_needed,
    .pre_load = hyp_pre_load,
    .post_load = hyp_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(env.gicv5.context[GICV5_CONTEXT_VIRTUAL], ARMCPU, 1,
                       vmstate_gicv5_context, GICv5Context),
        VMSTATE_UINT64_ARRAY(env.gicv5.hyp.vppi.enable, ARMCPU,
                             GICV5_PPI_WORDS),
        VMSTATE_UINT64_ARRAY(env.gicv5.hyp.vppi.pend, ARMCPU,
                             GICV5_PPI_WORDS),
        VMSTATE_UINT64_ARRAY(env.gicv5.hyp.vppi.active, ARMCPU,
                             GICV5_PPI_WORDS),
        VMSTATE_UINT64_ARRAY(env.gicv5.hyp.vppi.prio, ARMCPU,
                             GICV5_PPI_PRIO_WORDS),
        VMSTATE_UINT64_ARRAY(env.gicv5.hyp.dvir, ARMCPU, GICV5_PPI_WORDS),
        VMSTATE_UINT64(env.gicv5.hyp.vctlr, ARMCPU),
        VMSTATE_UINT64(env.gicv5.hyp.contextr, ARMCPU),
        VMSTATE_UINT64(env.gicv5.hyp.hfgrtr, ARMCPU),
        VMSTATE_UINT64(env.gicv5.hyp.hfgwtr, ARMCPU),
        VMSTATE_UINT64(env.gicv5.hyp.hfgitr, ARMCPU),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription vmstate_gicv5_cpuif = {
    .name = "cpu/gicv5",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = gicv5_needed,
    .pre_save = gicv5_pre_save,
    .pre_load = gicv5_pre_load,
    .post_load = gicv5_post_load,
    .fields = (const VMStateField[]) {
        {
            .name = "env.gicv5.bank",
            .num = GICV5_NUM_DOMAINS,
            .version_id = 1,
            .vmsd = &vmstate_gicv5_context,
            .size = sizeof(GICv5Context),
            .flags = VMS_STRUCT | VMS_ARRAY,
            .offset = offsetof(ARMCPU, env.gicv5.context[GICV5_CONTEXT_S]),
        },
        VMSTATE_UINT64(env.gicv5.icsr, ARMCPU),
        PPI_WORDS("enable", ppi.enable, GICV5_PPI_WORDS),
        PPI_WORDS("pend", ppi.pend, GICV5_PPI_WORDS),
        PPI_WORDS("active", ppi.active, GICV5_PPI_WORDS),
        PPI_WORDS("line", ppi_line, GICV5_PPI_WORDS),
        PPI_WORDS("prio", ppi.prio, GICV5_PPI_PRIO_WORDS),
        VMSTATE_END_OF_LIST()
    },
    .subsections = (const VMStateDescription * const []) {
        &vmstate_gicv5_hyp,
        NULL
    }
};
