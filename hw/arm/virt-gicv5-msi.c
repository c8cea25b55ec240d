/*
 * The MSIs of the virt board with GICv5: an ITS, or nothing that takes them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/arm/virt-gicv5.h"
#include "hw/intc/arm_gicv3_its_common.h"
#include "hw/intc/arm_gicv5_its.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie_intx.h"
#include "hw/qdev-properties.h"
#include "system/device_tree.h"
#include "system/kvm.h"

/* Values of the property "msi", in VirtMachineState::msi */
static const char *const msi_name[] = { "auto", "its", "off" };

enum {
    MSI_AUTO,
    MSI_ITS,
    MSI_OFF,
};

static char *virt_get_msi(Object *obj, Error **errp)
{
    return g_strdup(msi_name[VIRT_MACHINE(obj)->msi]);
}

static void virt_set_msi(Object *obj, const char *value, Error **errp)
{
    for (unsigned i = 0; i < ARRAY_SIZE(msi_name); i++) {
        if (!strcmp(value, msi_name[i])) {
            VIRT_MACHINE(obj)->msi = i;
            return;
        }
    }
    error_setg(errp, "Invalid msi value");
    error_append_hint(errp, "Valid values are auto, its, off.\n");
}

void virt_msi_add_properties(ObjectClass *oc)
{
    object_class_property_add_str(oc, "msi", virt_get_msi, virt_set_msi);
    object_class_property_set_description(oc, "msi",
                                          "Set what takes MSIs of PCI devices. "
                                          "Valid values are auto, its and off");
}

/* An older GIC: does the machine create an ITS when it is asked for one? */
static bool has_gicv3_its(const VirtMachineState *vms)
{
    const char *type = its_class_name();

    return type && (vms->tcg_its || strcmp(type, "arm-gicv3-its"));
}

/* Make @vms->its what the property "msi" says. */
static bool virt_settle_msi(VirtMachineState *vms, Error **errp)
{
    const bool its = vms->msi == MSI_ITS;
    const char *value = msi_name[vms->msi];

    if (vms->msi == MSI_AUTO) {
        return true;
    }
    if (vms->its_set && vms->its != its) {
        error_setg(errp, "msi=%s contradicts its=%s: leave one of them out",
                   value, vms->its ? "on" : "off");
        return false;
    }
    if (vms->gic_version == VIRT_GIC_VERSION_2) {
        error_setg(errp, "msi=%s does not work with gic-version=2, whose MSIs "
                   "are those of a GICv2m: use msi=auto, or another gic-version",
                   value);
        return false;
    }
    if (its && vms->gic_version == VIRT_GIC_VERSION_5 && kvm_enabled()) {
        error_setg(errp, "gic-version=5 does not work with msi=its and KVM, "
                   "which has no GICv5 ITS for guests: use msi=off");
        return false;
    }
    if (its && vms->gic_version != VIRT_GIC_VERSION_5 && !has_gicv3_its(vms)) {
        error_setg(errp, "msi=its does not work with this accelerator and this "
                   "version of the machine, which have no GICv3 ITS: use "
                   "msi=auto");
        return false;
    }
    vms->its = its;
    vms->its_set = true;
    return true;
}

bool virt_finalize_msi(VirtMachineState *vms, Error **errp)
{
    if (!virt_settle_msi(vms, errp)) {
        return false;
    }
    if (vms->gic_version != VIRT_GIC_VERSION_5) {
        return virt_gicv5_finalize_iwb(vms, errp);
    }
    /* its=on is a default for other GICs; only a wish can be disappointed. */
    if (kvm_enabled() && vms->its && vms->its_set) {
        error_setg(errp, "gic-version=5 does not work with its=on and KVM, "
                   "which has no GICv5 ITS for guests: use its=off");
        return false;
    }
    /* What a machine type says of the ITS of a GICv3 is of no concern. */
    if (!vms->its_set) {
        vms->its = !kvm_enabled();
    }
    return virt_gicv5_finalize_iwb(vms, errp);
}

/* Software names the translate frame as the target of MSIs, not the ITS. */
static void virt_gicv5_fdt_its(VirtMachineState *vms, const char *irs_node)
{
    const hwaddr config = VIRT_GICV5_ITS_CONFIG(GICV5_DOMAIN_NS);
    const hwaddr translate = VIRT_GICV5_ITS_TRANSLATE(GICV5_DOMAIN_NS);
    void *fdt = MACHINE(vms)->fdt;
    g_autofree char *its = g_strdup_printf("%s/its@%" PRIx64, irs_node,
                                           config);
    g_autofree char *frame = g_strdup_printf("%s/msi-controller@%" PRIx64,
                                             its, translate);

    qemu_fdt_add_subnode(fdt, its);
    qemu_fdt_setprop_string(fdt, its, "compatible", "arm,gic-v5-its");
    qemu_fdt_setprop_sized_cells(fdt, its, "reg", 2, config,
                                 2, (hwaddr)GICV5_FRAME_SIZE);
    qemu_fdt_setprop_string(fdt, its, "reg-names", "ns-config");
    virt_gicv5_fdt_bus(fdt, its);

    vms->msi_phandle = qemu_fdt_alloc_phandle(fdt);
    qemu_fdt_add_subnode(fdt, frame);
    qemu_fdt_setprop_sized_cells(fdt, frame, "reg", 2, translate,
                                 2, (hwaddr)GICV5_FRAME_SIZE);
    qemu_fdt_setprop_string(fdt, frame, "reg-names", "ns-translate");
    qemu_fdt_setprop(fdt, frame, "msi-controller", NULL, 0);
    qemu_fdt_setprop_cell(fdt, frame, "#msi-cells", 1);
    qemu_fdt_setprop_cell(fdt, frame, "phandle", vms->msi_phandle);
}

/* Returns the device. */
static DeviceState *virt_gicv5_create_its(VirtMachineState *vms)
{
    DeviceState *dev = qdev_new(TYPE_ARM_GICV5_ITS);
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);

    object_property_add_child(OBJECT(vms), "gicv5-its", OBJECT(dev));
    object_property_set_link(OBJECT(dev), "irs", OBJECT(vms->gic),
                             &error_abort);
    /* ACPI says the same. */
    qdev_prop_set_uint32(dev, "its-id", VIRT_GICV5_ITS_ID);
    qdev_prop_set_uint8(dev, "domains", 1 << GICV5_DOMAIN_NS);
    sysbus_realize_and_unref(sbd, &error_fatal);
    sysbus_mmio_map(sbd, GICV5_ITS_MMIO_CONFIG(GICV5_DOMAIN_NS),
                    VIRT_GICV5_ITS_CONFIG(GICV5_DOMAIN_NS));
    sysbus_mmio_map(sbd, GICV5_ITS_MMIO_TRANSLATE(GICV5_DOMAIN_NS, 0),
                    VIRT_GICV5_ITS_TRANSLATE(GICV5_DOMAIN_NS));

    /*
     * A virtio-iommu reserves the doorbell of the ITS of a GICv3 for MSIs;
     * the translate frame is in its place.
     */
    vms->msi_controller = VIRT_MSI_CTRL_ITS;
    assert(vms->memmap[VIRT_GIC_ITS].base +
           vms->memmap[VIRT_GIC_ITS].size - GICV5_FRAME_SIZE ==
           VIRT_GICV5_ITS_TRANSLATE(GICV5_DOMAIN_NS));
    return dev;
}

void virt_gicv5_create_msi(VirtMachineState *vms, const char *irs_node)
{
    if (vms->its) {
        DeviceState *its = virt_gicv5_create_its(vms);

        virt_gicv5_fdt_its(vms, irs_node);
        if (vms->iwb) {
            virt_gicv5_create_iwb(vms, its);
        }
        return;
    }

    /*
     * Nothing receives MSIs, and neither device tree nor ACPI names anything
     * that would, so that software does not use them. Devices offer them all
     * the same, as on hardware without an MSI target: some cannot be built
     * without. (FADT's flag "MSI not supported" would say too much: Linux
     * leaves hot-plug and errors of PCI Express to the firmware then.)
     */
    msi_nonbroken = true;
    pcie_no_msi_target();
}
