/*
 * The GICv5 of the virt board
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_ARM_VIRT_GICV5_H
#define HW_ARM_VIRT_GICV5_H

#include "hw/acpi/aml-build.h"
#include "hw/acpi/bios-linker-loader.h"
#include "hw/arm/gicv5-fdt.h"
#include "hw/arm/virt.h"
#include "hw/intc/arm_gicv5_common.h"

/*
 * Memory map, in the space that older GICs use: one frame of
 * GICV5_FRAME_SIZE for each GICv5Domain, in the order of that enum.
 *
 * The board creates the Non-secure frames of IRS and ITS. The places of all the
 * others are fixed already, so that a guest never sees a frame move:
 *   0x080C0000 IRS SETLPI frames
 */
#define VIRT_GICV5_IRS_CONFIG(domain) \
    (0x08000000 + (domain) * (hwaddr)GICV5_FRAME_SIZE)
#define VIRT_GICV5_ITS_CONFIG(domain) \
    (0x08040000 + (domain) * (hwaddr)GICV5_FRAME_SIZE)
#define VIRT_GICV5_ITS_TRANSLATE(domain) \
    (0x08080000 + (domain) * (hwaddr)GICV5_FRAME_SIZE)

/* One frame for all domains; below 4 GiB, as Linux 7.3 wants it with ACPI */
#define VIRT_GICV5_IWB 0x08100000

/* Wire n of the IWB is what would be SPI n, see virt_irq_is_wire(). */
#define VIRT_GICV5_WIRES 64

/* Requester IDs of PCI functions, in every segment's bus, end below it. */
#define VIRT_GICV5_IWB_DEVICE_ID 0x10000

/* In ACPI: the index of the IWB, and what the numbers of its wires begin at */
#define VIRT_GICV5_IWB_INDEX 0
#define VIRT_GICV5_IWB_GSI (7u << 29 | VIRT_GICV5_IWB_INDEX << 16)

/*
 * The numbers of the ITS and of its translate frame: ACPI's ITS group has the
 * one for some guests and the other for Linux, so they are equal.
 */
#define VIRT_GICV5_ITS_ID 0

/**
 * virt_gicv5_is_hosts: is a GICv5 all that the host has to choose from?
 *
 * For a machine that leaves the choice open: gic-version=host, max or none.
 */
bool virt_gicv5_is_hosts(const VirtMachineState *vms);

/**
 * virt_gicv5_finalize: settle the machine's options for gic-version=5
 *
 * Refuses what does not work with a GICv5, and turns off what is only on by
 * default and does not work. To be called before anything is created.
 * Returns false with @errp set on failure.
 */
bool virt_gicv5_finalize(VirtMachineState *vms, Error **errp);

/**
 * virt_gicv5_init_cpu: give a CPU, not yet realized, its GICv5 CPU interface
 *
 * Returns false with @errp set if the CPU can have none.
 */
bool virt_gicv5_init_cpu(Object *cpuobj, Error **errp);

/**
 * virt_msi_add_properties: the machine's property "msi"
 */
void virt_msi_add_properties(ObjectClass *oc);

/**
 * virt_finalize_msi: settle the options "msi", "its" and "iwb"
 *
 * For every GIC, once its version is settled; virt_gicv5_finalize() does it for
 * a GICv5. On return @vms->its says whether there is an ITS: with a GICv5 by
 * default with TCG, never with KVM. Returns false with @errp set if the user
 * wants what cannot be.
 */
bool virt_finalize_msi(VirtMachineState *vms, Error **errp);

/**
 * virt_gicv5_create_msi: create the ITS and describe it in the device tree
 * @vms: the machine; its IRS is realized
 * @irs_node: path of the device tree node of the IRS
 *
 * On return @vms->msi_phandle is that of the translate frame. Without an ITS
 * it stays 0, and PCI devices do without a target for MSIs. To be called before
 * there is a PCI bus. Ends QEMU with a message if that is impossible.
 */
void virt_gicv5_create_msi(VirtMachineState *vms, const char *irs_node);

/**
 * virt_gicv5_add_properties: the machine's properties for a GICv5
 */
void virt_gicv5_add_properties(ObjectClass *oc);

/**
 * virt_gicv5_finalize_iwb: refuse an IWB (iwb=on) where there can be none
 *
 * The part of virt_finalize_msi() for an IWB, when GIC and ITS are settled.
 * Returns false with @errp set on failure.
 */
bool virt_gicv5_finalize_iwb(VirtMachineState *vms, Error **errp);

/**
 * virt_gicv5_create_iwb: create the IWB and describe it in the device tree
 * @vms: the machine; @vms->msi_phandle is that of the ITS's translate frame
 * @its: the ITS, which is realized
 *
 * On return virt_irq_in() and virt_fdt_set_irqs() know of it.
 */
void virt_gicv5_create_iwb(VirtMachineState *vms, DeviceState *its);

/**
 * virt_gicv5_iort_nodes: how many nodes virt_gicv5_build_iort() adds
 */
unsigned virt_gicv5_iort_nodes(const VirtMachineState *vms);

/**
 * virt_gicv5_build_iort: the last nodes of the IORT: the IWB
 * @id: the identifier of the first of them
 * @its_group: offset of the node of the ITS group in the table
 */
void virt_gicv5_build_iort(GArray *table_data, const VirtMachineState *vms,
                           uint32_t id, uint32_t its_group);

/**
 * virt_gicv5_build_dsdt: devices of the GIC in the DSDT: the IWB
 * @scope: \_SB
 */
void virt_gicv5_build_dsdt(Aml *scope, const VirtMachineState *vms);

/**
 * virt_gicv5_fdt_bus: make a node one that has children in the same space
 *
 * All counts of cells are 2, and all ranges are the identity: there are
 * guests that take a frame's address as it stands in the innermost node.
 */
void virt_gicv5_fdt_bus(void *fdt, const char *node);

/**
 * virt_gicv5_create: create the IRS and describe it in the device tree
 * @vms: the machine; its CPUs are realized and have their device tree nodes
 * @mem: the memory in which the IRS finds its tables
 * @num_spis: the number of SPIs
 *
 * On return @vms->gic is set, its GPIO input n is SPI n, and the PPIs of all
 * CPUs are wired; what virt_gicv5_create_msi() does is done. Ends QEMU with a
 * message if that is impossible.
 */
void virt_gicv5_create(VirtMachineState *vms, MemoryRegion *mem,
                       uint32_t num_spis);

/**
 * virt_gicv5_iaffid: the IAFFID of a CPU, in device tree, ACPI and the device
 * @cpu: its index, which is also its number in KVM
 */
static inline uint16_t virt_gicv5_iaffid(unsigned cpu)
{
    return cpu;
}

/**
 * virt_gicv5_build_madt: the MADT of a machine with GICv5 (ACPI 6.7)
 *
 * A GICC structure for each CPU, one for the IRS, and two for an ITS.
 */
void virt_gicv5_build_madt(GArray *table_data, BIOSLinker *linker,
                           VirtMachineState *vms);

#endif
