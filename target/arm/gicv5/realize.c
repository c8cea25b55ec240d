/*
 * Arm GICv5 CPU interface: life cycle and connection to the IRS
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "hw/boards.h"
#include "hw/irq.h"
#include "hw/qdev-core.h"
#include "hw/qdev-properties.h"
#include "system/qtest.h"
#include "system/system.h"
#include "cpu.h"
#include "cpu-features.h"
#include "cpuif_internal.h"
#include "trace.h"
#include CONFIG_DEVICES

#ifdef CONFIG_TCG
static bool get_gicv5(Object *obj, Error **errp)
{
    return cpu_isar_feature(aa64_gcie, ARM_CPU(obj));
}

static void set_gicv5(Object *obj, bool value, Error **errp)
{
    ARMCPU *cpu = ARM_CPU(obj);

    if (DEVICE(obj)->realized) {
        error_setg(errp, "the property 'gicv5' of a CPU cannot be set after "
                   "it was realized");
        return;
    }
    cpu->isar.id_aa64pfr2 = FIELD_DP64(cpu->isar.id_aa64pfr2, ID_AA64PFR2,
                                       GCIE, value);
    cpu->gicv5_wiring.refused = !value;
}
#endif

void gicv5_cpu_add_property(Object *obj)
{
    /* The device that a board would connect needs TCG in the build. */
#ifdef CONFIG_TCG
    object_property_add_bool(obj, "gicv5", get_gicv5, set_gicv5);
    object_property_set_description(obj, "gicv5", "FEAT_GCIE, the CPU "
                                    "interface of a GICv5; the board sets it");
#endif
}

bool gicv5_cpu_is_refused(Object *obj)
{
    ARMCPU *cpu = (ARMCPU *)object_dynamic_cast(obj, TYPE_ARM_CPU);

    return cpu && cpu->gicv5_wiring.refused;
}

/* ICC_IDR0_EL1: five priority bits, 16 or 24 ID bits, no GCIE_LEGACY */
static void set_id_bits(GICv5CPUIf *c, unsigned id_bits)
{
    c->idr0 = FIELD_DP64(0, ICC_IDR0, PRI_BITS, GICV5_PRIO_BITS - 1);
    c->idr0 = FIELD_DP64(c->idr0, ICC_IDR0, ID_BITS, id_bits > 16);
}

static void gicv5_cpuif_machine_done(Notifier *n, void *data)
{
    GICv5Wiring *w = container_of(n, GICv5Wiring, machine_done);

    if (!w->port) {
        error_report("the CPU has a GICv5 CPU interface (property 'gicv5'), "
                     "but the board has no GICv5");
        error_printf("Use -machine virt,gic-version=5, "
                     "or leave the property off.\n");
        exit(1);
    }
}

bool gicv5_cpuif_realize(ARMCPU *cpu, Error **errp)
{
    static const int line_inputs[GICV5_NUM_LINES] = {
        ARM_CPU_IRQ, ARM_CPU_FIQ, ARM_CPU_NMI, ARM_CPU_VIRQ, ARM_CPU_VINMI
    };
    CPUARMState *env = &cpu->env;
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5Wiring *w = &cpu->gicv5_wiring;
    int i;

    ERRP_GUARD();

    if (!cpu_isar_feature(aa64_gcie, cpu)) {
        return true;
    }

    if (!arm_feature(env, ARM_FEATURE_AARCH64)) {
        error_setg(errp, "FEAT_GCIE (CPU property 'gicv5') needs a CPU with "
                   "AArch64");
        return false;
    }
    /* Under qtest "max" lacks most features, but executes nothing either. */
    if (!cpu_isar_feature(aa64_nmi, cpu) && !qtest_enabled()) {
        error_setg(errp, "FEAT_GCIE (CPU property 'gicv5') needs a CPU with "
                   "FEAT_NMI");
        return false;
    }
    if (arm_feature(env, ARM_FEATURE_EL3)) {
        error_setg(errp, "FEAT_GCIE (CPU property 'gicv5') with EL3 is not "
                   "supported yet");
        error_append_hint(errp, "Use a machine with secure=off, or the CPU "
                          "property has_el3=off.\n");
        return false;
    }

    qemu_spin_init(&c->lock);
    set_id_bits(c, GICV5_MAX_ID_BITS);
    /* Without EL3 the one domain is Non-secure, and owns all PPIs. */
    c->current = GICV5_CONTEXT_NS;
    /* qtest uses contexts of others, too. */
    c->one_context = !arm_feature(env, ARM_FEATURE_EL2) &&
                     !arm_feature(env, ARM_FEATURE_EL3) && !qtest_enabled();
    c->context[GICV5_CONTEXT_NS].ppi_owned[0] = GICV5_PPI_IMPLEMENTED;
    /* A guest finds the PPIs that the PE has. */
    c->context[GICV5_CONTEXT_VIRTUAL].ppi_owned[0] = GICV5_PPI_IMPLEMENTED;
    for (i = 0; i < GICV5_NUM_CONTEXTS; i++) {
        c->context[i].irs_hppi = GICV5_CANDIDATE_NONE;
    }

    for (i = 0; i < GICV5_NUM_LINES; i++) {
        w->line_out[i] = qdev_get_gpio_in(DEVICE(cpu), line_inputs[i]);
    }
    qdev_init_gpio_in_named(DEVICE(cpu), gicv5_cpuif_ppi_input, "gicv5-ppi",
                            GICV5_NUM_PPIS);

    /*
     * A CPU that comes later gets its IRS from the board's plug handler,
     * after realize, so there is no moment to check it here.
     */
    if (!phase_check(PHASE_MACHINE_READY)) {
        w->machine_done.notify = gicv5_cpuif_machine_done;
        qemu_add_machine_init_done_notifier(&w->machine_done);
    }

#ifdef CONFIG_ARM_GICV5_TEST
    gicv5_cpuif_qtest_init();
#endif
    return true;
}

void gicv5_cpuif_finalize(ARMCPU *cpu)
{
    GICv5Wiring *w = &cpu->gicv5_wiring;

    if (w->port) {
        /* No gicv5_cpu_detach(): the lines are gone already. */
        w->port->cpu = NULL;
        w->port->cpu_ops = NULL;
        w->port = NULL;
    }
    if (w->line_out[0]) {
        qemu_spin_destroy(&gicv5_cpuif(cpu)->lock);
    }
    if (w->machine_done.notify) {
        qemu_remove_machine_init_done_notifier(&w->machine_done);
        w->machine_done.notify = NULL;
    }
}

void gicv5_cpuif_power_off(ARMCPU *cpu)
{
    if (cpu_isar_feature(aa64_gcie, cpu)) {
        gicv5_hyp_leave(cpu);
        gicv5_cpuif_tell_limits(cpu);
    }
}

void gicv5_cpuif_reset(ARMCPU *cpu)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);

    /* A load that failed may have left it. */
    cpu->gicv5_wiring.loaded = false;
    if (!cpu_isar_feature(aa64_gcie, cpu)) {
        return;
    }
    trace_gicv5_cpuif_reset(CPU(cpu)->cpu_index);

    /* System reset and PSCI CPU_ON both come with the BQL held. */
    BQL_LOCK_GUARD();

    gicv5_hyp_leave(cpu);
    gicv5_cpuif_lock(cpu);
    for (int i = 0; i < GICV5_NUM_CONTEXTS; i++) {
        gicv5_context_reset(&c->context[i]);
    }
    c->icsr = 0;
    gicv5_hyp_reset(c);
    gicv5_ppi_reset(c);
    /*
     * The reset of the CPU has cleared its side of the lines. Some may have
     * been raised since, with the virtual context as it was: HCR_EL2 is reset
     * and residency ends before the context.
     */
    c->lines = gicv5_cpuif_lines_of(cpu->env.irq_line_state);
    qemu_spin_unlock(&c->lock);

    gicv5_cpuif_update(cpu);

    /* EN is 0 now, whatever the IRS knew about this PE. */
    gicv5_cpuif_tell_limits(cpu);
}

bool gicv5_cpuif_loaded(ARMCPU *cpu)
{
    if (!gicv5_cpuif_check_loaded(cpu)) {
        return false;
    }
    if (!cpu_isar_feature(aa64_gcie, cpu)) {
        return true;
    }
    gicv5_cpuif_hcr_changed(cpu);
    /* The IRS may have asked of a VPE before its PE was loaded. */
    gicv5_cpuif_limit_changed(cpu, GICV5_CONTEXT_VIRTUAL);
    if (arm_feature(&cpu->env, ARM_FEATURE_EL2) &&
        arm_feature(&cpu->env, ARM_FEATURE_GENERIC_TIMER)) {
        /* Their next event, and the line */
        arm_gt_htimer_cb(cpu);
        arm_gt_hvtimer_cb(cpu);
    }
    return true;
}

bool gicv5_cpu_attach(CPUState *cs, GICv5Port *port, Error **errp)
{
    ARMCPU *cpu = (ARMCPU *)object_dynamic_cast(OBJECT(cs), TYPE_ARM_CPU);
    bool kvm = gicv5_port_is_kvm(port);
    GICv5CPUIf *c;

    ERRP_GUARD();
    assert(bql_locked());

    if (!cpu || !DEVICE(cs)->realized ||
        (!kvm && !cpu_isar_feature(aa64_gcie, cpu))) {
        error_setg(errp, "CPU %d has no GICv5 CPU interface (FEAT_GCIE)",
                   cs->cpu_index);
        error_append_hint(errp, "Use -cpu max.\n");
        return false;
    }
    c = gicv5_cpuif(cpu);
    if (gicv5_port(cpu)) {
        error_setg(errp, "CPU %d is already connected to a GICv5 IRS",
                   cs->cpu_index);
        return false;
    }
    if (!kvm && !(port->domains & BIT(c->current))) {
        error_setg(errp, "CPU %d needs a GICv5 IRS with interrupt domain %d",
                   cs->cpu_index, c->current);
        return false;
    }

    port->cpu = cpu;
    cpu->gicv5_wiring.port = port;
    if (!kvm) {
        port->cpu_ops = &gicv5_cpuif_port_ops;
        c->iaffidr = port->iaffid;
        set_id_bits(c, port->id_bits > 16 ? GICV5_MAX_ID_BITS : 16);
    }
    trace_gicv5_cpuif_attach(cs->cpu_index, port->iaffid, port->id_bits);
    return true;
}

void gicv5_cpu_detach(GICv5Port *port)
{
    ARMCPU *cpu = port->cpu;
    GICv5CPUIf *c;
    int i;

    assert(bql_locked());

    if (!cpu) {
        return;
    }
    trace_gicv5_cpuif_detach(CPU(cpu)->cpu_index);
    c = gicv5_cpuif(cpu);
    cpu->gicv5_wiring.port = NULL;
    port->cpu = NULL;
    port->cpu_ops = NULL;
    if (gicv5_port_is_kvm(port)) {
        return;
    }

    gicv5_cpuif_lock(cpu);
    for (i = 0; i < GICV5_NUM_CONTEXTS; i++) {
        c->context[i].irs_hppi = GICV5_CANDIDATE_NONE;
    }
    gicv5_cpuif_unlock(cpu);
}
