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
#include "migration/vmstate.h"
#include "cpuif_internal.h"

static bool gicv5_needed(void *opaque)
{
    return gicv5_cpu_has_gcie(opaque) ||
           gicv5_port_is_kvm(gicv5_cpuif(opaque)->port);
}

static bool in_mask(const char *field, unsigned n, uint64_t value,
                    uint64_t mask)
{
    if (value & ~mask) {
        error_report("cpu/gicv5: %s[%u] 0x%" PRIx64 " has bits other than 0x%"
                     PRIx64, field, n, value, mask);
        return false;
    }
    return true;
}

/* The kernel keeps what software wrote for any of the architected PPIs. */
static uint64_t ppi_mask(unsigned word, bool kvm)
{
    return !kvm ? gicv5_ppi_level_mask(word) | gicv5_ppi_edge_mask(word) :
           word == 0 ? UINT64_MAX : 0;
}

static bool validate(const GICv5CPUIf *c, bool kvm)
{
    uint64_t prio_bytes = 0x1f * (UINT64_MAX / 0xff);

    for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
        const GICv5Bank *b = &c->bank[i];
        uint64_t link = R_ICC_CR0_LINK_MASK | R_ICC_CR0_LINK_IDLE_MASK;
        /* Nothing reaches the registers of a domain that does not exist. */
        uint64_t all = !c->port || c->port->domains & BIT(i) ? ~0ULL : 0;

        if (!in_mask("cr0", i, b->cr0 ^ link, R_ICC_CR0_EN_MASK & all) ||
            !in_mask("pcr", i, b->pcr, R_ICC_PCR_PRIORITY_MASK & all) ||
            !in_mask("apr", i, b->apr, UINT32_MAX & all)) {
            return false;
        }
    }
    if (!in_mask("icsr", 0, c->icsr, GICV5_ICSR_MASK)) {
        return false;
    }
    for (unsigned i = 0; i < GICV5_PPI_WORDS; i++) {
        uint64_t ppis = ppi_mask(i, kvm);

        if (!in_mask("ppi_enable", i, c->ppi_enable[i], ppis) ||
            !in_mask("ppi_pend", i, c->ppi_pend[i], ppis) ||
            !in_mask("ppi_active", i, c->ppi_active[i], ppis) ||
            !in_mask("ppi_line", i, c->ppi_line[i], ppis)) {
            return false;
        }
    }
    for (unsigned i = 0; i < GICV5_PPI_PRIO_WORDS; i++) {
        uint8_t ppis = extract64(ppi_mask(i / 8, kvm), 8 * (i % 8), 8);
        uint64_t mask = 0;

        for (; ppis; ppis &= ppis - 1) {
            mask |= MAKE_64BIT_MASK(8 * ctz32(ppis), 8);
        }
        if (!in_mask("ppi_prio", i, c->ppi_prio[i], prio_bytes & mask)) {
            return false;
        }
    }
    return true;
}

static int gicv5_pre_save(void *opaque)
{
    ARMCPU *cpu = opaque;
    Error *err = NULL;

    if (gicv5_port_is_kvm(gicv5_cpuif(cpu)->port) &&
        !gicv5_cpuif_get_kvm(cpu, &err)) {
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
    bool kvm = gicv5_port_is_kvm(c->port);
    Error *err = NULL;

    if (!validate(c, kvm)) {
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
    for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
        gicv5_cpuif_tell_limit(cpu, i);
    }
    return 0;
}

static const VMStateDescription vmstate_gicv5_bank = {
    .name = "cpu/gicv5/bank",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(cr0, GICv5Bank),
        VMSTATE_UINT64(pcr, GICv5Bank),
        VMSTATE_UINT64(apr, GICv5Bank),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription vmstate_gicv5_cpuif = {
    .name = "cpu/gicv5",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = gicv5_needed,
    .pre_save = gicv5_pre_save,
    .post_load = gicv5_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_ARRAY(env.gicv5.bank, ARMCPU, GICV5_NUM_DOMAINS, 1,
                             vmstate_gicv5_bank, GICv5Bank),
        VMSTATE_UINT64(env.gicv5.icsr, ARMCPU),
        VMSTATE_UINT64_ARRAY(env.gicv5.ppi_enable, ARMCPU, GICV5_PPI_WORDS),
        VMSTATE_UINT64_ARRAY(env.gicv5.ppi_pend, ARMCPU, GICV5_PPI_WORDS),
        VMSTATE_UINT64_ARRAY(env.gicv5.ppi_active, ARMCPU, GICV5_PPI_WORDS),
        VMSTATE_UINT64_ARRAY(env.gicv5.ppi_line, ARMCPU, GICV5_PPI_WORDS),
        VMSTATE_UINT64_ARRAY(env.gicv5.ppi_prio, ARMCPU,
                             GICV5_PPI_PRIO_WORDS),
        VMSTATE_END_OF_LIST()
    }
};
