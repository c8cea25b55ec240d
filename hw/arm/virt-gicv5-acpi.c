/*
 * The GICv5 of the virt board in ACPI: MADT
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
