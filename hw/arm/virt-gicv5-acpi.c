/*
 * The GICv5 of the virt board in ACPI: MADT, IORT
 *
 * The structures are those of ACPI 6.7 and of the IO Remapping Table, issue E.
 * A GSI is an INTID with its type, see virt_spi_gsi() and virt_ppi_gsi().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/acpi/aml-build.h"
#include "hw/arm/virt-gicv5.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_host.h"
#include "target/arm/cpu.h"
#include "target/arm/multiprocessing.h"

#define MADT_GICC       0x0b
#define MADT_GICV5_IRS  0x1c

#define GICC_ENABLED    1

#define IORT_NODES          48
#define IORT_ROOT_COMPLEX   2
#define IORT_SMMU_V3        4
#define IORT_ROOT_SIZE      36
#define IORT_SMMU_SIZE      68
#define IORT_MAPPING_SIZE   20

/* Requester IDs of a PCI host bridge, which go through the SMMU */
typedef struct RIDRange {
    uint32_t base;
    uint32_t count;
} RIDRange;

static void build_gicc(GArray *table, VirtMachineState *vms, unsigned i)
{
    ARMCPU *cpu = ARM_CPU(qemu_get_cpu(i));
    uint32_t pmu = arm_feature(&cpu->env, ARM_FEATURE_PMU) ?
                   virt_ppi_gsi(vms, VIRTUAL_PMU_IRQ) : 0;

    build_append_int_noprefix(table, MADT_GICC, 1);     /* Type */
    build_append_int_noprefix(table, 88, 1);            /* Length */
    build_append_int_noprefix(table, 0, 2);             /* Reserved */
    build_append_int_noprefix(table, i, 4);     /* CPU Interface Number */
    build_append_int_noprefix(table, i, 4);     /* ACPI Processor UID */
    build_append_int_noprefix(table, GICC_ENABLED, 4);  /* Flags */
    build_append_int_noprefix(table, 0, 4);     /* Parking Protocol Version */
    build_append_int_noprefix(table, pmu, 4);   /* Performance Interrupt */
    build_append_int_noprefix(table, 0, 8);     /* Parked Address */
    build_append_int_noprefix(table, 0, 8);     /* GICC */
    build_append_int_noprefix(table, 0, 8);     /* GICV */
    build_append_int_noprefix(table, 0, 8);     /* GICH */
    build_append_int_noprefix(table, 0, 4);     /* Maintenance Interrupt */
    build_append_int_noprefix(table, 0, 8);     /* GICR */
    build_append_int_noprefix(table, arm_cpu_mp_affinity(cpu), 8);  /* MPIDR */
    build_append_int_noprefix(table, 0, 1);     /* Power Efficiency Class */
    build_append_int_noprefix(table, 0, 1);     /* Reserved */
    build_append_int_noprefix(table, 0, 2);     /* SPE Overflow Interrupt */
    build_append_int_noprefix(table, 0, 2);     /* TRBE Interrupt */
    build_append_int_noprefix(table, virt_gicv5_iaffid(i), 2);      /* IAFFID */
    build_append_int_noprefix(table, 0, 4);     /* IRS ID */
}

static void build_irs(GArray *table)
{
    build_append_int_noprefix(table, MADT_GICV5_IRS, 1);    /* Type */
    build_append_int_noprefix(table, 32, 1);    /* Length */
    build_append_int_noprefix(table, 5, 1);     /* GIC version */
    build_append_int_noprefix(table, 0, 1);     /* Reserved */
    build_append_int_noprefix(table, 0, 4);     /* IRS ID */
    build_append_int_noprefix(table, 0, 4);     /* Flags: coherent */
    build_append_int_noprefix(table, 0, 4);     /* Reserved */
    build_append_int_noprefix(table,            /* Config frame */
                              VIRT_GICV5_IRS_CONFIG(GICV5_DOMAIN_NS), 8);
    build_append_int_noprefix(table, 0, 8);     /* SETLPI frame: none */
}

void virt_gicv5_build_madt(GArray *table_data, BIOSLinker *linker,
                           VirtMachineState *vms)
{
    AcpiTable table = { .sig = "APIC", .rev = 7, .oem_id = vms->oem_id,
                        .oem_table_id = vms->oem_table_id };

    acpi_table_begin(&table, table_data);
    build_append_int_noprefix(table_data, 0, 4);    /* no local APIC */
    build_append_int_noprefix(table_data, 0, 4);    /* Flags */
    for (unsigned i = 0; i < MACHINE(vms)->smp.cpus; i++) {
        build_gicc(table_data, vms, i);
    }
    build_irs(table_data);
    acpi_table_end(linker, &table);
}

static int find_rids(Object *obj, void *opaque)
{
    PCIHostState *bridge = (PCIHostState *)object_dynamic_cast(
        obj, TYPE_PCI_HOST_BRIDGE);
    GArray *ranges = opaque;

    if (bridge && bridge->bus && !pci_bus_bypass_iommu(bridge->bus)) {
        int first, last;

        pci_bus_range(bridge->bus, &first, &last);
        g_array_append_val(ranges, ((RIDRange) {
            .base = PCI_BUILD_BDF(first, 0),
            .count = PCI_BUILD_BDF(last - first + 1, 0),
        }));
    }
    return 0;
}

static int compare_rids(gconstpointer a, gconstpointer b)
{
    const RIDRange *ra = a, *rb = b;

    return ra->base < rb->base ? -1 : ra->base > rb->base;
}

/* Without MSIs an SMMU has nothing to map its IDs to. */
static void build_smmu(GArray *table, VirtMachineState *vms)
{
    int spi = vms->irqmap[VIRT_SMMU];

    build_append_int_noprefix(table, IORT_SMMU_V3, 1);      /* Type */
    build_append_int_noprefix(table, IORT_SMMU_SIZE, 2);    /* Length */
    build_append_int_noprefix(table, 4, 1);     /* Revision */
    build_append_int_noprefix(table, 0, 4);     /* Identifier */
    build_append_int_noprefix(table, 0, 4);     /* Number of ID mappings */
    build_append_int_noprefix(table, 0, 4);     /* Reference to them */
    build_append_int_noprefix(table, vms->memmap[VIRT_SMMU].base, 8);
    build_append_int_noprefix(table, 1, 4);     /* Flags: COHACC */
    build_append_int_noprefix(table, 0, 4);     /* Reserved */
    build_append_int_noprefix(table, 0, 8);     /* VATOS: none */
    build_append_int_noprefix(table, 0, 4);     /* Model: generic */
    build_append_int_noprefix(table, virt_spi_gsi(vms, spi), 4);     /* Event */
    build_append_int_noprefix(table, virt_spi_gsi(vms, spi + 1), 4); /* PRI */
    build_append_int_noprefix(table, virt_spi_gsi(vms, spi + 3), 4); /* GERR */
    build_append_int_noprefix(table, virt_spi_gsi(vms, spi + 2), 4); /* Sync */
    build_append_int_noprefix(table, 0, 4);     /* Proximity domain */
    build_append_int_noprefix(table, 0, 4);     /* DeviceID mapping: none */
}

static void build_root_complex(GArray *table, const GArray *ranges)
{
    unsigned size = IORT_ROOT_SIZE + ranges->len * IORT_MAPPING_SIZE;

    build_append_int_noprefix(table, IORT_ROOT_COMPLEX, 1); /* Type */
    build_append_int_noprefix(table, size, 2);  /* Length */
    build_append_int_noprefix(table, 3, 1);     /* Revision */
    build_append_int_noprefix(table, 1, 4);     /* Identifier */
    build_append_int_noprefix(table, ranges->len, 4);   /* ID mappings */
    build_append_int_noprefix(table, IORT_ROOT_SIZE, 4);
    build_append_int_noprefix(table, 1, 4);     /* Cache coherent */
    build_append_int_noprefix(table, 0, 1);     /* Allocation hints */
    build_append_int_noprefix(table, 0, 2);     /* Reserved */
    build_append_int_noprefix(table, 3, 1);     /* Flags: CPM, DACS */
    build_append_int_noprefix(table, 0, 4);     /* ATS: no */
    build_append_int_noprefix(table, 0, 4);     /* PCI segment */
    build_append_int_noprefix(table, 64, 1);    /* Address bits */
    build_append_int_noprefix(table, 0, 3);     /* Reserved */
    for (unsigned i = 0; i < ranges->len; i++) {
        RIDRange r = g_array_index(ranges, RIDRange, i);

        build_append_int_noprefix(table, r.base, 4);        /* Input base */
        build_append_int_noprefix(table, r.count - 1, 4);   /* Number, less 1 */
        build_append_int_noprefix(table, r.base, 4);        /* Output base */
        build_append_int_noprefix(table, IORT_NODES, 4);    /* The SMMU */
        build_append_int_noprefix(table, 0, 4);             /* Flags */
    }
}

void virt_gicv5_build_iort(GArray *table_data, BIOSLinker *linker,
                           VirtMachineState *vms)
{
    AcpiTable table = { .sig = "IORT", .rev = 3, .oem_id = vms->oem_id,
                        .oem_table_id = vms->oem_table_id };
    g_autoptr(GArray) ranges = g_array_new(false, false, sizeof(RIDRange));

    object_child_foreach_recursive(object_get_root(), find_rids, ranges);
    g_array_sort(ranges, compare_rids);

    acpi_table_begin(&table, table_data);
    build_append_int_noprefix(table_data, 2, 4);            /* Nodes */
    build_append_int_noprefix(table_data, IORT_NODES, 4);   /* Their offset */
    build_append_int_noprefix(table_data, 0, 4);            /* Reserved */
    build_smmu(table_data, vms);
    build_root_complex(table_data, ranges);
    acpi_table_end(linker, &table);
}
