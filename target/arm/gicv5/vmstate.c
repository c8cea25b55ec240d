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

/* The registers of contexts */
static bool contexts_are_valid(const GICv5CPUIf *c, const GICv5Port *port)
{
    for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
        const GICv5Context *context = &c->context[gicv5_domain_context(i)];
        /* Nothing reaches the registers of a domain that does not exist. */
        uint64_t all = !port || port->domains & BIT(i) ? ~0ULL : 0;

        if (!in_mask("cr0", i, context->cr0 ^ GICV5_CR0_RESET,
                     GICV5_CR0_MASK & all) ||
            !in_mask("pcr", i, context->pcr, GICV5_PCR_MASK & all) ||
            !in_mask("apr", i, context->apr, GICV5_APR_MASK & all)) {
            return false;
        }
    }
    return true;
}

static bool ppis_are_valid(const GICv5PPIBank *bank, bool kvm)
{
    /* The kernel keeps what software wrote for any of the architected PPIs. */
    const uint64_t ppis[GICV5_PPI_WORDS] = {
        kvm ? UINT64_MAX : GICV5_PPI_IMPLEMENTED
    };

    for (unsigned i = 0; i < GICV5_PPI_WORDS; i++) {
        if (!in_mask("ppi_enable", i, bank->enable[i],
                     gicv5_ppi_mask(GICV5_PPI_ENABLE, i, ppis)) ||
            !in_mask("ppi_pend", i, bank->pend[i],
                     gicv5_ppi_mask(GICV5_PPI_PEND, i, ppis)) ||
            !in_mask("ppi_active", i, bank->active[i],
                     gicv5_ppi_mask(GICV5_PPI_ACTIVE, i, ppis)) ||
            !in_mask("ppi_line", i, bank->line[i], ppis[i])) {
            return false;
        }
    }
    for (unsigned i = 0; i < GICV5_PPI_PRIO_WORDS; i++) {
        if (!in_mask("ppi_prio", i, bank->prio[i],
                     gicv5_ppi_mask(GICV5_PPI_PRIO, i, ppis))) {
            return false;
        }
    }
    return true;
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

static int gicv5_post_load(void *opaque, int version_id)
{
    ARMCPU *cpu = opaque;
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    uint32_t lines = cpu->env.irq_line_state;
    bool kvm = gicv5_port_is_kvm(gicv5_port(cpu));
    Error *err = NULL;

    if (!contexts_are_valid(c, gicv5_port(cpu)) ||
        !in_mask("icsr", 0, c->icsr, GICV5_ICSR_MASK) ||
        !ppis_are_valid(&c->ppi, kvm)) {
        return -EINVAL;
    }
    if (kvm) {
        if (!gicv5_cpuif_put_kvm(cpu, &err)) {
            error_reportf_err(err, "cpu/gicv5: cannot load the state: ");
            return -EINVAL;
        }
        return 0;
    }
    c->lines = (lines & CPU_INTERRUPT_HARD ? GICV5_LINE_IRQ : 0) |
               (lines & CPU_INTERRUPT_FIQ ? GICV5_LINE_FIQ : 0) |
               (lines & CPU_INTERRUPT_NMI ? GICV5_LINE_NMI : 0);
    gicv5_cpuif_update(cpu);
    gicv5_cpuif_tell_limits(cpu);
    return 0;
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

#define PPI_WORDS(FIELD, NUM) { \
    .name = "env.gicv5.ppi_" #FIELD, \
    .num = (NUM), \
    .info = &vmstate_info_uint64, \
    .size = sizeof(uint64_t), \
    .flags = VMS_ARRAY, \
    .offset = vmstate_offset_array(ARMCPU, env.gicv5.ppi.FIELD, uint64_t, \
                                   NUM), \
}

const VMStateDescription vmstate_gicv5_cpuif = {
    .name = "cpu/gicv5",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = gicv5_needed,
    .pre_save = gicv5_pre_save,
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
        PPI_WORDS(enable, GICV5_PPI_WORDS),
        PPI_WORDS(pend, GICV5_PPI_WORDS),
        PPI_WORDS(active, GICV5_PPI_WORDS),
        PPI_WORDS(line, GICV5_PPI_WORDS),
        PPI_WORDS(prio, GICV5_PPI_PRIO_WORDS),
        VMSTATE_END_OF_LIST()
    }
};
