/*
 * The GICv5 of the virt board in ACPI: MADT, and the IWB in IORT and DSDT
 *
 * The structures are those of ACPI 6.7. A GSI is an INTID with its type, see
 * virt_ppi_gsi().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/acpi/aml-build.h"
#include "hw/arm/virt-gicv5.h"
#include "hw/arm/virt-irq.h"
#include "target/arm/cpu.h"
#include "target/arm/multiprocessing.h"

#define MADT_GICC                   0x0b
#define MADT_GICV5_IRS              0x1c
#define MADT_GICV5_ITS              0x1d
#define MADT_GICV5_ITS_TRANSLATE    0x1e

#define GICC_ENABLED    1

static void build_gicc(GArray *table, VirtMachineState *vms, unsigned i)
{
    ARMCPU *cpu = ARM_CPU(qemu_get_cpu(i));
    uint32_t pmu = arm_feature(&cpu->env, ARM_FEATURE_PMU) ?
                   virt_ppi_gsi(vms, VIRTUAL_PMU_IRQ) : 0;
    /* As in the device tree */
    uint32_t maintenance = vms->virt ? virt_ppi_gsi(vms, ARCH_GIC_MAINT_IRQ) :
                                       0;

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
    build_append_int_noprefix(table, maintenance, 4);   /* VGIC Maintenance */
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

static void build_its(GArray *table)
{
    build_append_int_noprefix(table, MADT_GICV5_ITS, 1);    /* Type */
    build_append_int_noprefix(table, 16, 1);    /* Length */
    build_append_int_noprefix(table, 0, 1);     /* Flags: coherent */
    build_append_int_noprefix(table, 0, 1);     /* Reserved */
    build_append_int_noprefix(table, VIRT_GICV5_ITS_ID, 4);
    build_append_int_noprefix(table,            /* Config frame */
                              VIRT_GICV5_ITS_CONFIG(GICV5_DOMAIN_NS), 8);

    build_append_int_noprefix(table, MADT_GICV5_ITS_TRANSLATE, 1);  /* Type */
    build_append_int_noprefix(table, 24, 1);    /* Length */
    build_append_int_noprefix(table, 0, 2);     /* Reserved */
    build_append_int_noprefix(table, VIRT_GICV5_ITS_ID, 4); /* Linked ITS */
    build_append_int_noprefix(table, VIRT_GICV5_ITS_ID, 4); /* Frame ID */
    build_append_int_noprefix(table, 0, 4);     /* Reserved */
    build_append_int_noprefix(table,            /* Translate frame */
                              VIRT_GICV5_ITS_TRANSLATE(GICV5_DOMAIN_NS), 8);
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
    if (vms->its) {
        build_its(table_data);
    }
    acpi_table_end(linker, &table);
}

/* What the IORT calls the device of the DSDT; Linux compares it as text. */
#define IWB_DEVICE  "IWB0"
#define IWB_PATH    "\\_SB_." IWB_DEVICE

#define IORT_IWB            7
#define IORT_IWB_PATH       26
#define IORT_IWB_MAPPING    ROUND_UP(IORT_IWB_PATH + sizeof(IWB_PATH), 4)
#define IORT_MAPPING_SIZE   20
#define IORT_SINGLE_MAPPING 1

unsigned virt_gicv5_iort_nodes(const VirtMachineState *vms)
{
    return vms->iwb;
}

void virt_gicv5_build_iort(GArray *table, const VirtMachineState *vms,
                           uint32_t id, uint32_t its_group)
{
    char path[IORT_IWB_MAPPING - IORT_IWB_PATH] = IWB_PATH;

    if (!vms->iwb) {
        return;
    }
    build_append_int_noprefix(table, IORT_IWB, 1);  /* Type */
    build_append_int_noprefix(table,                /* Length */
                              IORT_IWB_MAPPING + IORT_MAPPING_SIZE, 2);
    build_append_int_noprefix(table, 1, 1);         /* Revision */
    build_append_int_noprefix(table, id, 4);        /* Identifier */
    build_append_int_noprefix(table, 1, 4);         /* Number of ID mappings */
    build_append_int_noprefix(table, IORT_IWB_MAPPING, 4);
    build_append_int_noprefix(table, VIRT_GICV5_IWB, 8);    /* Config frame */
    build_append_int_noprefix(table, VIRT_GICV5_IWB_INDEX, 2);
    g_array_append_vals(table, path, sizeof(path));

    build_append_int_noprefix(table, 0, 4);         /* Input base */
    build_append_int_noprefix(table, 0, 4);         /* Number of IDs - 1 */
    build_append_int_noprefix(table, VIRT_GICV5_IWB_DEVICE_ID, 4);
    build_append_int_noprefix(table, its_group, 4); /* Output reference */
    build_append_int_noprefix(table, IORT_SINGLE_MAPPING, 4);   /* Flags */
}

void virt_gicv5_build_dsdt(Aml *scope, const VirtMachineState *vms)
{
    Aml *dev, *crs;

    if (!vms->iwb) {
        return;
    }
    dev = aml_device(IWB_DEVICE);
    crs = aml_resource_template();
    aml_append(dev, aml_name_decl("_HID", aml_string("ARMH0003")));
    aml_append(dev, aml_name_decl("_UID", aml_int(VIRT_GICV5_IWB_INDEX)));
    aml_append(crs, aml_memory32_fixed(VIRT_GICV5_IWB, GICV5_FRAME_SIZE,
                                       AML_READ_WRITE));
    aml_append(dev, aml_name_decl("_CRS", crs));
    aml_append(scope, dev);
}
