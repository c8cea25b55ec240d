/*
 * The IWB of the virt board with GICv5 (iwb=on)
 *
 * It takes wires that are SPIs otherwise, with the same numbers, see
 * virt_irq_is_wire().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/arm/virt-gicv5.h"
#include "hw/arm/virt-irq.h"
#include "hw/intc/arm_gicv5_iwb.h"
#include "hw/pci/pci.h"
#include "hw/qdev-properties.h"
#include "system/device_tree.h"
#include "system/kvm.h"

static bool virt_get_iwb(Object *obj, Error **errp)
{
    return VIRT_MACHINE(obj)->iwb;
}

static void virt_set_iwb(Object *obj, bool value, Error **errp)
{
    VIRT_MACHINE(obj)->iwb = value;
}

void virt_gicv5_add_properties(ObjectClass *oc)
{
    object_class_property_add_bool(oc, "iwb", virt_get_iwb, virt_set_iwb);
    object_class_property_set_description(oc, "iwb",
                                          "Set on/off to enable/disable an "
                                          "Interrupt Wire Bridge for the wires "
                                          "of the board (GICv5)");
    virt_msi_add_properties(oc);
}

bool virt_gicv5_finalize_iwb(VirtMachineState *vms, Error **errp)
{
    if (!vms->iwb) {
        return true;
    }
    if (vms->gic_version != VIRT_GIC_VERSION_5) {
        error_setg(errp, "iwb=on needs gic-version=5: use iwb=off");
        return false;
    }
    if (kvm_enabled()) {
        error_setg(errp, "gic-version=5 does not work with iwb=on and KVM, "
                   "which has no GICv5 IWB for guests: use iwb=off");
        return false;
    }
    if (!vms->its) {
        error_setg(errp, "iwb=on does not work without the ITS to which an IWB "
                   "belongs: use %s, or iwb=off",
                   vms->msi ? "msi=its" : "its=on");
        return false;
    }
    return true;
}

/*
 * It is not below the node of the GIC: FreeBSD looks for it on a simple bus
 * only.
 */
static void virt_gicv5_fdt_iwb(VirtMachineState *vms)
{
    void *fdt = MACHINE(vms)->fdt;
    g_autofree char *node = g_strdup_printf("/interrupt-controller@%x",
                                            VIRT_GICV5_IWB);

    vms->iwb_phandle = qemu_fdt_alloc_phandle(fdt);
    qemu_fdt_add_subnode(fdt, node);
    qemu_fdt_setprop_string(fdt, node, "compatible", "arm,gic-v5-iwb");
    qemu_fdt_setprop_sized_cells(fdt, node, "reg", 2, (hwaddr)VIRT_GICV5_IWB,
                                 2, (hwaddr)GICV5_FRAME_SIZE);
    qemu_fdt_setprop(fdt, node, "interrupt-controller", NULL, 0);
    qemu_fdt_setprop_cell(fdt, node, "#interrupt-cells", 2);
    qemu_fdt_setprop_cell(fdt, node, "#address-cells", 0);
    qemu_fdt_setprop_cells(fdt, node, "msi-parent", vms->msi_phandle,
                           VIRT_GICV5_IWB_DEVICE_ID);
    qemu_fdt_setprop_cell(fdt, node, "phandle", vms->iwb_phandle);
}

void virt_gicv5_create_iwb(VirtMachineState *vms, DeviceState *its)
{
    DeviceState *dev = qdev_new(TYPE_ARM_GICV5_IWB);
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);

    object_property_add_child(OBJECT(vms), "gicv5-iwb", OBJECT(dev));
    object_property_set_link(OBJECT(dev), "its", OBJECT(its), &error_abort);
    /* Device tree and ACPI say the same. */
    qdev_prop_set_uint32(dev, "wires", VIRT_GICV5_WIRES);
    qdev_prop_set_uint32(dev, "device-id", VIRT_GICV5_IWB_DEVICE_ID);
    qdev_prop_set_uint32(dev, "iwb-id", VIRT_GICV5_IWB_INDEX);
    /* There is no firmware that would do it. */
    qdev_prop_set_bit(dev, "enabled", true);
    sysbus_realize_and_unref(sbd, &error_fatal);
    sysbus_mmio_map(sbd, 0, VIRT_GICV5_IWB);
    vms->iwb_dev = dev;
    virt_gicv5_fdt_iwb(vms);
}

bool virt_irq_is_wire(const VirtMachineState *vms, int irq)
{
    /* Those of an SMMU and of the platform bus have higher numbers. */
    return vms->iwb && irq < VIRT_GICV5_WIRES;
}

qemu_irq virt_irq_in(const VirtMachineState *vms, int irq)
{
    return qdev_get_gpio_in(virt_irq_is_wire(vms, irq) ? vms->iwb_dev :
                                                         vms->gic, irq);
}

/* The pins of four slots, which is how often they repeat */
#define INTX_SLOTS 4
#define INTX_CELLS (3 + 1 + 1 + 2)

bool virt_fdt_set_pcie_wires(const VirtMachineState *vms, const char *node,
                             int irq)
{
    void *fdt = MACHINE(vms)->fdt;
    uint32_t map[INTX_SLOTS * PCI_NUM_PINS * INTX_CELLS];
    unsigned n = 0;

    if (!virt_irq_is_wire(vms, irq)) {
        return false;
    }
    for (unsigned slot = 0; slot < INTX_SLOTS; slot++) {
        for (unsigned pin = 0; pin < PCI_NUM_PINS; pin++) {
            const uint32_t cells[INTX_CELLS] = {
                PCI_DEVFN(slot, 0) << 8, 0, 0, pin + 1, vms->iwb_phandle,
                irq + (slot + pin) % PCI_NUM_PINS, GIC_FDT_IRQ_FLAGS_LEVEL_HI,
            };

            for (unsigned i = 0; i < INTX_CELLS; i++) {
                map[n++] = cpu_to_be32(cells[i]);
            }
        }
    }
    qemu_fdt_setprop(fdt, node, "interrupt-map", map, sizeof(map));
    qemu_fdt_setprop_cells(fdt, node, "interrupt-map-mask",
                           PCI_DEVFN(INTX_SLOTS - 1, 0) << 8, 0, 0, 7);
    return true;
}

void virt_fdt_set_irqs(const VirtMachineState *vms, const char *node, int irq,
                       unsigned count, uint32_t flags)
{
    const bool is_wire = virt_irq_is_wire(vms, irq);
    void *fdt = MACHINE(vms)->fdt;
    g_autofree uint32_t *cells = g_new(uint32_t, count * 3);
    unsigned n = 0;

    for (unsigned i = 0; i < count; i++) {
        if (!is_wire) {
            cells[n++] = cpu_to_be32(virt_spi_type(vms));
        }
        cells[n++] = cpu_to_be32(irq + i);
        cells[n++] = cpu_to_be32(flags);
    }
    if (is_wire) {
        qemu_fdt_setprop_cell(fdt, node, "interrupt-parent", vms->iwb_phandle);
    }
    qemu_fdt_setprop(fdt, node, "interrupts", cells, n * sizeof(*cells));
}
