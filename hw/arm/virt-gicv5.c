/*
 * The GICv5 of the virt board: options, wiring, device tree
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qobject/qlist.h"
#include "qom/qom-qobject.h"
#include "hw/arm/fdt.h"
#include "hw/arm/virt-gicv5.h"
#include "hw/arm/virt-irq.h"
#include "hw/intc/arm_gicv5_kvm.h"
#include "hw/pci/pci.h"
#include "hw/qdev-properties.h"
#include "system/device_tree.h"
#include "system/kvm.h"
#include "target/arm/cpu.h"
#include "target/arm/gtimer.h"
#include "kvm_arm.h"

#define VIRT_GICV5_NODE "/intc"

static bool virt_gicv5_check_cpu_type(const MachineState *ms, Error **errp)
{
    const char *by_default = "";
    g_autofree char *model = NULL;

    if (!strcmp(ms->cpu_type, ARM_CPU_TYPE_NAME("max")) ||
        !strcmp(ms->cpu_type, ARM_CPU_TYPE_NAME("host"))) {
        return true;
    }

    /* Someone who gave no -cpu has to learn where the model comes from. */
    if (!strcmp(ms->cpu_type, MACHINE_GET_CLASS(ms)->default_cpu_type)) {
        by_default = " (the default)";
    }
    model = cpu_model_from_type(ms->cpu_type);
    error_setg(errp, "gic-version=5 does not work with -cpu %s%s, whose "
               "hardware has no GICv5 CPU interface: use -cpu %s",
               model, by_default, kvm_enabled() ? "host" : "max");
    return false;
}

bool virt_gicv5_is_hosts(const VirtMachineState *vms)
{
    Error *err = NULL;

    switch (vms->gic_version) {
    case VIRT_GIC_VERSION_HOST:
    case VIRT_GIC_VERSION_MAX:
    case VIRT_GIC_VERSION_NOSEL:
        break;
    default:
        return false;
    }
    if (!kvm_enabled() || !kvm_irqchip_in_kernel() || kvm_arm_vgic_probe()) {
        return false;
    }
    if (!kvm_gicv5_probe(NULL, &err)) {
        error_free(err);
        return false;
    }
    return true;
}

bool virt_gicv5_finalize(VirtMachineState *vms, Error **errp)
{
    /* The accelerator first: it decides what else can work. */
    if (kvm_enabled() && !kvm_kernel_irqchip_allowed()) {
        error_setg(errp, "gic-version=5 does not work with "
                   "kernel-irqchip=off: use kernel-irqchip=on");
        return false;
    }
    if (!gicv5_class_name(errp)) {
        return false;
    }

    if (!virt_gicv5_check_cpu_type(MACHINE(vms), errp)) {
        return false;
    }

    if (vms->secure) {
        error_setg(errp, "gic-version=5 does not work with secure=on yet: "
                   "use secure=off, or gic-version=3");
        return false;
    }

    if (vms->virt && kvm_enabled()) {
        error_setg(errp, "gic-version=5 does not work with virtualization=on "
                   "and KVM: use virtualization=off");
        return false;
    }

    if (!virt_finalize_msi(vms, errp)) {
        return false;
    }

    /* It needs a device that the board creates for firmware only. */
    if (vms->ras) {
        error_setg(errp, "gic-version=5 does not work with ras=on yet: "
                   "use ras=off, or gic-version=3");
        return false;
    }

    return true;
}

bool virt_gicv5_init_cpu(Object *cpuobj, Error **errp)
{
    /* The kernel gives its vCPUs the CPU interface. */
    if (kvm_enabled()) {
        return true;
    }
    if (gicv5_cpu_is_refused(cpuobj)) {
        error_setg(errp, "gic-version=5 does not work with the CPU property "
                   "gicv5=off: leave gicv5=off out, or use gic-version=3");
        return false;
    }
    /* "max" of qemu-system-arm is a 32-bit CPU; without TCG there is none. */
    if (!object_property_find(cpuobj, "gicv5")) {
        error_setg(errp, "gic-version=5 does not work with this QEMU, whose "
                   "-cpu max has no GICv5 CPU interface: "
                   "use qemu-system-aarch64, built with TCG");
        return false;
    }
    return object_property_set_bool(cpuobj, "gicv5", true, errp);
}

static void virt_gicv5_connect_cpu(DeviceState *cpu)
{
    static const uint8_t timer_ppi[] = {
        [GTIMER_PHYS] = GICV5_PPI_CNTP,
        [GTIMER_VIRT] = GICV5_PPI_CNTV,
        [GTIMER_HYP] = GICV5_PPI_CNTHP,
        [GTIMER_SEC] = GICV5_PPI_CNTPS,
        [GTIMER_HYPVIRT] = GICV5_PPI_CNTHV,
        [GTIMER_S_EL2_PHYS] = GICV5_PPI_CNTHPS,
        [GTIMER_S_EL2_VIRT] = GICV5_PPI_CNTHVS,
    };

    QEMU_BUILD_BUG_ON(ARRAY_SIZE(timer_ppi) != NUM_GTIMERS);

    for (int i = 0; i < ARRAY_SIZE(timer_ppi); i++) {
        qdev_connect_gpio_out(cpu, i,
                              qdev_get_gpio_in_named(cpu, "gicv5-ppi",
                                                     timer_ppi[i]));
    }
    qdev_connect_gpio_out_named(cpu, "pmu-interrupt", 0,
                                qdev_get_gpio_in_named(cpu, "gicv5-ppi",
                                                       GICV5_PPI_PMUIRQ));
}

void virt_gicv5_fdt_bus(void *fdt, const char *node)
{
    qemu_fdt_setprop_cell(fdt, node, "#address-cells", 2);
    qemu_fdt_setprop_cell(fdt, node, "#size-cells", 2);
    qemu_fdt_setprop(fdt, node, "ranges", NULL, 0);
}

/* Returns the path of the node. */
static char *virt_gicv5_fdt_irs(VirtMachineState *vms)
{
    const MachineState *ms = MACHINE(vms);
    void *fdt = ms->fdt;
    const hwaddr base = VIRT_GICV5_IRS_CONFIG(GICV5_DOMAIN_NS);
    const unsigned num_cpus = ms->smp.cpus;
    char *node = g_strdup_printf(VIRT_GICV5_NODE "/irs@%" PRIx64, base);
    g_autofree uint32_t *cpus = g_new(uint32_t, num_cpus);
    g_autofree uint16_t *iaffids = g_new(uint16_t, num_cpus);

    for (unsigned i = 0; i < num_cpus; i++) {
        g_autofree char *cpu = g_strdup_printf("/cpus/cpu@%u", i);

        cpus[i] = cpu_to_be32(qemu_fdt_get_phandle(fdt, cpu));
        iaffids[i] = cpu_to_be16(virt_gicv5_iaffid(i));
    }

    qemu_fdt_add_subnode(fdt, node);
    qemu_fdt_setprop_string(fdt, node, "compatible", "arm,gic-v5-irs");
    qemu_fdt_setprop_sized_cells(fdt, node, "reg",
                                 2, base, 2, (hwaddr)GICV5_FRAME_SIZE);
    qemu_fdt_setprop_string(fdt, node, "reg-names", "ns-config");
    virt_gicv5_fdt_bus(fdt, node);
    qemu_fdt_setprop(fdt, node, "cpus", cpus, num_cpus * sizeof(*cpus));
    qemu_fdt_setprop(fdt, node, "arm,iaffids",
                     iaffids, num_cpus * sizeof(*iaffids));
    return node;
}

static void virt_gicv5_fdt_intc(VirtMachineState *vms)
{
    void *fdt = MACHINE(vms)->fdt;

    vms->gic_phandle = qemu_fdt_alloc_phandle(fdt);
    qemu_fdt_setprop_cell(fdt, "/", "interrupt-parent", vms->gic_phandle);

    /* The CPU interface: system registers only, so there is no address. */
    qemu_fdt_add_subnode(fdt, VIRT_GICV5_NODE);
    qemu_fdt_setprop_string(fdt, VIRT_GICV5_NODE, "compatible",
                            GICV5_FDT_COMPATIBLE);
    qemu_fdt_setprop_cell(fdt, VIRT_GICV5_NODE, "#interrupt-cells", 3);
    qemu_fdt_setprop(fdt, VIRT_GICV5_NODE, "interrupt-controller", NULL, 0);
    if (vms->virt) {
        /*
         * Without FEAT_GCIE_LEGACY nothing raises it, but KVM of Linux 7.3 and
         * earlier does not start if it is not described.
         */
        qemu_fdt_setprop_cells(fdt, VIRT_GICV5_NODE, "interrupts",
                               GICV5_TYPE_PPI, GICV5_PPI_GICMNT,
                               GIC_FDT_IRQ_FLAGS_LEVEL_HI);
    }
    virt_gicv5_fdt_bus(fdt, VIRT_GICV5_NODE);
    qemu_fdt_setprop_cell(fdt, VIRT_GICV5_NODE, "phandle", vms->gic_phandle);
}

/* What virt_cpu_post_init() does with KVM, for vCPUs that are new again */
static void virt_gicv5_init_vcpus(void *opaque)
{
    VirtMachineState *vms = opaque;
    bool pmu = object_property_get_bool(OBJECT(first_cpu), "pmu", NULL);
    CPUState *cs;

    CPU_FOREACH(cs) {
        ARMCPU *cpu = ARM_CPU(cs);

        if (pmu) {
            kvm_arm_pmu_set_irq(cpu, virt_ppi_gsi(vms, VIRTUAL_PMU_IRQ));
            kvm_arm_pmu_init(cpu);
        }
        /* Does nothing if it is off */
        kvm_arm_pvtime_init(cpu, vms->memmap[VIRT_PVTIME].base +
                                 cs->cpu_index * PVTIME_SIZE_PER_CPU);
    }
}

/*
 * SPIs that device tree and ACPI both describe as level, where they describe
 * them: PL011s, PL031, PL061, and the four of PCI's INTx. virtio-mmio is edge
 * in the device tree and level in ACPI, and the platform bus has what the user
 * puts there.
 */
static QList *virt_gicv5_level_spis(const VirtMachineState *vms)
{
    static const int irqs[] = { VIRT_UART0, VIRT_UART1, VIRT_RTC, VIRT_GPIO };
    QList *spis = qlist_new();

    for (unsigned i = 0; i < ARRAY_SIZE(irqs); i++) {
        qlist_append_int(spis, vms->irqmap[irqs[i]]);
    }
    for (unsigned i = 0; i < PCI_NUM_PINS; i++) {
        qlist_append_int(spis, vms->irqmap[VIRT_PCIE] + i);
    }
    return spis;
}

static void virt_gicv5_set_board(VirtMachineState *vms)
{
    KVMGICv5Board board = {
        .init_cpus = virt_gicv5_init_vcpus,
        .opaque = vms,
    };
    bool fixed_ipa;

    kvm_arm_get_max_vm_ipa_size(MACHINE(vms), &fixed_ipa);
    if (!fixed_ipa) {
        board.vm_type = MAX(64 - clz64(vms->highest_gpa), 32);
    }
    kvm_gicv5_set_board(vms->gic, &board);
}

/* With -global a user can have set it, which an array allows only once. */
static void virt_gicv5_set_array(DeviceState *dev, const char *name,
                                 QList *list)
{
    Error *err = NULL;

    if (!object_property_set_qobject(OBJECT(dev), name, QOBJECT(list), &err)) {
        error_reportf_err(err, "gic-version=5: %s.%s is for the board to set, "
                          "leave -global out: ",
                          object_get_typename(OBJECT(dev)), name);
        exit(EXIT_FAILURE);
    }
    qobject_unref(list);
}

void virt_gicv5_create(VirtMachineState *vms, MemoryRegion *mem,
                       uint32_t num_spis)
{
    const unsigned num_cpus = MACHINE(vms)->smp.cpus;
    QList *cpus = qlist_new();
    QList *iaffids = qlist_new();
    g_autofree char *irs_node = NULL;

    /* Device tree and ACPI say the same. */
    for (unsigned i = 0; i < num_cpus; i++) {
        qlist_append_int(cpus, i);
        qlist_append_int(iaffids, virt_gicv5_iaffid(i));
    }

    vms->gic = qdev_new(gicv5_class_name(&error_fatal));
    object_property_add_child(OBJECT(vms), "gicv5", OBJECT(vms->gic));
    virt_gicv5_set_array(vms->gic, "cpus", cpus);
    virt_gicv5_set_array(vms->gic, "iaffids", iaffids);
    qdev_prop_set_uint32(vms->gic, "irsid", 0);
    qdev_prop_set_uint32(vms->gic, "spi-range", num_spis);
    qdev_prop_set_uint32(vms->gic, "spi-base", 0);
    qdev_prop_set_uint32(vms->gic, "spi-irs-range", num_spis);
    qdev_prop_set_uint8(vms->gic, "domains", 1 << GICV5_DOMAIN_NS);
    qdev_prop_set_bit(vms->gic, "has-setlpi", false);
    qdev_prop_set_bit(vms->gic, "x-virtualization", vms->virt);
    if (kvm_enabled()) {
        qdev_prop_set_bit(vms->gic, "has-one-of-n", false);
        qdev_prop_set_bit(vms->gic, "has-swerr", false);
        virt_gicv5_set_array(vms->gic, "level-spis",
                             virt_gicv5_level_spis(vms));
        virt_gicv5_set_board(vms);
    } else {
        object_property_set_link(OBJECT(vms->gic), "sysmem", OBJECT(mem),
                                 &error_abort);
    }
    sysbus_realize_and_unref(SYS_BUS_DEVICE(vms->gic), &error_fatal);
    sysbus_mmio_map(SYS_BUS_DEVICE(vms->gic),
                    kvm_enabled() ? 0 : GICV5_MMIO_CONFIG(GICV5_DOMAIN_NS),
                    VIRT_GICV5_IRS_CONFIG(GICV5_DOMAIN_NS));

    /* With KVM, timers and PMU raise their PPIs in the kernel. */
    for (unsigned i = 0; i < num_cpus && !kvm_enabled(); i++) {
        virt_gicv5_connect_cpu(DEVICE(qemu_get_cpu(i)));
    }

    virt_gicv5_fdt_intc(vms);
    irs_node = virt_gicv5_fdt_irs(vms);
    virt_gicv5_create_msi(vms, irs_node);
}
