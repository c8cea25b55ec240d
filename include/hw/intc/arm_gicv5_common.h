/*
 * Arm GICv5 Interrupt Routing Service (IRS): class common to all accelerators
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_ARM_GICV5_COMMON_H
#define HW_INTC_ARM_GICV5_COMMON_H

#include "qemu/units.h"
#include "hw/sysbus.h"
#include "qom/object.h"
#include "hw/intc/arm_gicv5_types.h"
#include "hw/intc/arm_gicv5_stream.h"

/* The abstract class; it owns properties, register storage, reset, wires. */
#define TYPE_ARM_GICV5_COMMON "arm-gicv5-common"
OBJECT_DECLARE_TYPE(ARMGICv5CommonState, ARMGICv5CommonClass, ARM_GICV5_COMMON)

/* The IRS emulated for TCG (and qtest) */
#define TYPE_ARM_GICV5 "arm-gicv5"

/* Every frame, of every domain, is 64 KiB large and 64 KiB aligned. */
#define GICV5_FRAME_SIZE 0x10000

/*
 * MMIO regions of the sysbus device: two per GICv5Domain. A board maps the
 * frames of the domains that it gave the device ("domains" property), and the
 * SETLPI frames only with "has-setlpi".
 */
#define GICV5_MMIO_CONFIG(domain) (2 * (domain))
#define GICV5_MMIO_SETLPI(domain) (2 * (domain) + 1)
#define GICV5_NUM_MMIO (2 * GICV5_NUM_DOMAINS)

/* Limits of the properties */
#define GICV5_MAX_PES 512
#define GICV5_MAX_SPI_WIRES 16384
#define GICV5_MIN_LPI_MEMORY (64 * KiB)
#define GICV5_DEFAULT_LPI_MEMORY (64 * MiB)
#define GICV5_DEFAULT_VM_MEMORY (64 * MiB)

#define GICV5_NUM_IDRS 3

typedef struct GICv5System GICv5System;
typedef struct GICv5PE GICv5PE;
typedef struct GICv5Memory GICv5Memory;

/**
 * GICv5SWErrRecord: the registers of software errors of a domain's frame
 *
 * All zero, as nothing is recorded, while @statusr.V is 0.
 */
typedef struct GICv5SWErrRecord {
    uint64_t statusr;
    uint64_t syndromer[2];
} GICv5SWErrRecord;

/**
 * GICv5IRSDomain: the registers of one config frame
 *
 * Whether an IRS is enabled and a table is valid is in the engine, or the
 * kernel: @cr0, and VALID in @ist_baser and @vmt_baser, are right only while
 * they are saved or loaded.
 *
 * Selections hold the last value written; whether one is valid is decided
 * when it is used, since it can change (IRS_SPI_DOMAINR of the EL3 frame).
 * All IRSes of a machine share one IST for each domain: @ist_baser and
 * @ist_cfgr are used in the primary IRS only.
 */
typedef struct GICv5IRSDomain {
    ARMGICv5CommonState *irs;
    GICv5Domain domain;
    uint32_t cr0;           /* IRS_CR0.IRSEN */
    uint32_t cr1;           /* IRS_CR1 */
    uint32_t spi_selr;      /* IRS_SPI_SELR.ID, GICV5_SEL_NONE after reset */
    uint32_t pe_selr;       /* IRS_PE_SELR.IAFFID, GICV5_SEL_NONE after reset */
    uint64_t ist_baser;     /* IRS_IST_BASER */
    uint32_t ist_cfgr;      /* IRS_IST_CFGR */
    GICv5SWErrRecord swerr; /* IRS_SWERR_STATUSR, IRS_SWERR_SYNDROMER0, 1 */

    /* Virtualization; @vmt_baser, @vmt_cfgr: the primary's */
    uint64_t vmt_baser;
    uint32_t vmt_cfgr;
    uint64_t vpe_selected;  /* IRS_VPE_SELR, written last with S */
    uint64_t vpe_selr;      /* as written, as those below, for the other half */
    uint32_t vm_selr;       /* IRS_VM_SELR, GICV5_SEL_NONE after reset */
    uint64_t vm_saved;      /* IRS_SAVE_VMR, written last with S or Q */
    uint64_t save_vmr;
    uint64_t vmap_l2_vmtr;
    uint64_t vmap_vmr;
    uint64_t vmap_vistr;
    uint64_t vmap_l2_vistr;
    uint64_t vmap_vper;
} GICv5IRSDomain;

/* Devices that belong to the IRSes of a machine, and to its stream */
typedef enum GICv5Part {
    GICV5_PART_ITS,
    GICV5_PART_IWB,
    GICV5_NUM_PARTS
} GICv5Part;

/* A selection that no write can produce: nothing selected since reset */
#define GICV5_SEL_NONE UINT32_MAX

/**
 * ARMGICv5CommonState: one IRS
 *
 * Properties (all fixed once realized):
 * @cpu_index, @num_cpus: "cpus", array of QEMU CPU indices of the PEs that
 *     this IRS serves; 1 to GICV5_MAX_PES entries
 * @iaffid, @num_iaffids: "iaffids", array of 16-bit IAFFIDs in the order of
 *     "cpus"; empty means that each PE's IAFFID is its CPU index
 * @irsid: "irsid", 0..65535, unique among the IRSes of a machine
 * @spi_range: "spi-range", SPIs of the whole machine, 0..2^24; the same value
 *     in each IRS
 * @spi_base, @spi_irs_range: "spi-base", "spi-irs-range": this IRS owns SPIs
 *     spi_base .. spi_base + spi_irs_range - 1 (at most GICV5_MAX_SPI_WIRES),
 *     which are its GPIO inputs 0 .. spi_irs_range - 1.
 *     GICV5_SPI_IRS_RANGE_ALL (the default): all of spi-range
 * @id_bits: "id-bits", width of LPI IDs, 1..24 (IRS_IDR2.ID_BITS)
 * @min_lpi_id_bits: "min-lpi-id-bits", 0..14, at most id-bits
 * @prio_bits: "priority-bits", 1..5 (IRS_IDR1.PRIORITY_BITS + 1)
 * @domains: "domains", bit mask of 1 << GICv5Domain; not 0, and the same in
 *     each IRS
 * @one_of_n: "has-one-of-n", 1-of-N routing (IRS_IDR0.ONE_N)
 * @setlpi: "has-setlpi", SETLPI frames (IRS_IDR0.SETLPI)
 * @swerr: "has-swerr", software error reporting (IRS_IDR0.SWE); errors in
 *     tables are reported by the primary IRS, since all IRSes share them
 * @primary: "primary", link to the IRS that holds the state which all IRSes
 *     of a machine share; unset in the primary itself
 * @lpi_memory: "lpi-memory", bytes of host memory for the state of LPIs, at
 *     least GICV5_MIN_LPI_MEMORY; the same in each IRS. What does not fit is
 *     in the guest's tables, but for LPIs that are waiting for their PE: those
 *     for which there is no room are unreachable.
 * @virt: "x-virtualization", VMs in all domains but EL3 (IRS_IDR0.VIRT)
 * @virt_one_of_n: "has-virt-one-of-n", 1-of-N routing in VMs
 *     (IRS_IDR0.VIRT_ONE_N); nothing without @virt
 * @vm_id_bits: "vm-id-bits", 8..16 (IRS_IDR3.VM_ID_BITS)
 * @vmt_levels: "vmt-levels", two-level VM tables (IRS_IDR3.VMT_LEVELS)
 * @vpe_id_bits: "vpe-id-bits", 1..16 (IRS_IDR4.VPE_ID_BITS + 1)
 * @vped_size_bits: "vped-size-bits", log2 of the bytes of a VPE descriptor,
 *     3..12 (IRS_IDR4.VPED_SZ)
 * @vm_memory: "vm-memory", bytes of host memory for the state of VMs that are
 *     used, at least GICV5_MIN_LPI_MEMORY; the same in each IRS, as all from
 *     @virt on
 * @dma_mr: "sysmem", link to the memory that tables live in; the system
 *     memory if unset. Set in the primary only, as
 * @secure_mr: "secure-memory", link to that of the Secure and EL3 domains;
 *     that of the others if unset
 */
struct ARMGICv5CommonState {
    SysBusDevice parent_obj;

    MemoryRegion iomem[GICV5_NUM_MMIO];

    uint32_t *cpu_index;
    uint32_t num_cpus;
    uint32_t *iaffid;
    uint32_t num_iaffids;
    uint32_t irsid;
    uint32_t spi_range;
    uint32_t spi_base;
    uint32_t spi_irs_range;
    uint8_t id_bits;
    uint8_t min_lpi_id_bits;
    uint8_t prio_bits;
    uint8_t domains;
    bool one_of_n;
    bool setlpi;
    bool swerr;
    ARMGICv5CommonState *primary;
    uint64_t lpi_memory;
    bool virt;
    bool virt_one_of_n;
    uint8_t vm_id_bits;
    bool vmt_levels;
    uint8_t vpe_id_bits;
    uint8_t vped_size_bits;
    uint64_t vm_memory;
    MemoryRegion *dma_mr;
    MemoryRegion *secure_mr;

    /* Shared by all IRSes of the machine; owned by the primary */
    GICv5System *sys;
    ARMGICv5CommonState *engine_owner;  /* our reference, if not ourselves */
    unsigned engine_irs;            /* this IRS's number in @sys */
    GICv5Memory *memory;            /* that tables are in */
    GICv5Port *port;                /* num_cpus of them */
    uint64_t *spi_count;            /* rises of each wire, for "info irq" */

    /* IRS_IDR0 to IRS_IDR2, but for IRS_IDR0.INT_DOM; fixed once realized */
    uint32_t idr[GICV5_NUM_IDRS];

    GICv5IRSDomain d[GICV5_NUM_DOMAINS];

    VMChangeStateEntry *vm_state_entry;
    uint32_t parts[GICV5_NUM_PARTS];        /* how many; in the primary */

    /* What migration sends, valid in between only */
    uint32_t mig_idr[GICV5_NUM_IDRS];
    uint8_t mig_vmt_levels;
    uint8_t mig_vped_size_bits;
    uint64_t *mig_spi;              /* spi_irs_range of them */
    bool mig_virt;                  /* the subsection of VMs was there */
    uint8_t *mig_dps;               /* num_cpus: IRS_PE_CR0.DPS by domain */
    int64_t mig_exact_ms;           /* when a migration last asked for sizes */
    uint32_t mig_missing[GICV5_NUM_PARTS];  /* of @parts, not loaded yet */
    unsigned mig_num_resets;        /* of the engine, when a load began */
};

#define GICV5_SPI_IRS_RANGE_ALL UINT32_MAX

/**
 * gicv5_add_part: there is one more ITS or IWB, as a part of the machine of @s
 *
 * A stream must have a section for each that is there when it is loaded.
 * @s: an IRS without "primary"
 */
static inline void gicv5_add_part(ARMGICv5CommonState *s, GICv5Part part)
{
    s->parts[part]++;
}

/**
 * gicv5_part_loaded: the section of one of them is loaded
 */
static inline void gicv5_part_loaded(ARMGICv5CommonState *s, GICv5Part part)
{
    if (s->mig_missing[part]) {
        s->mig_missing[part]--;
    }
}

/**
 * ARMGICv5CommonClass:
 * @set_irq: wire @n (0 .. spi_irs_range - 1) is at @level; returns whether
 *     that is a change. BQL held.
 * @cr1_mask: bits of IRS_CR1 that hold what software wrote
 * @container: interrupt state is the kernel's; the engine holds it only
 *     while it is saved and loaded
 * @pre_save: optional; brings the registers in @d and the engine, except for
 *     wires, up to date. False with @errp set makes the migration fail.
 * @check_idr: can a guest that saw these ID registers (as in @idr) go on
 *     here? False with @errp set, naming the field, if not. The default wants
 *     them equal.
 * @pre_load: optional; can this machine be loaded at all now? False with @errp
 *     set if not; nothing has changed then.
 * @post_load: optional; takes the registers in @d and the engine's state over.
 *     All of it has been validated. False with @errp set ends the migration.
 * @print: "info pic"
 */
struct ARMGICv5CommonClass {
    SysBusDeviceClass parent_class;

    DeviceRealize parent_realize;
    ResettablePhases parent_phases;
    bool (*set_irq)(ARMGICv5CommonState *s, int n, int level);
    uint32_t cr1_mask;
    bool container;
    bool (*pre_save)(ARMGICv5CommonState *s, Error **errp);
    bool (*check_idr)(ARMGICv5CommonState *s, const uint32_t *idr,
                      Error **errp);
    bool (*pre_load)(ARMGICv5CommonState *s, Error **errp);
    bool (*post_load)(ARMGICv5CommonState *s, Error **errp);
    void (*print)(ARMGICv5CommonState *s, GString *buf);
};

/**
 * arm_gicv5_has_domain: does @s have frames for @domain?
 */
static inline bool arm_gicv5_has_domain(const ARMGICv5CommonState *s,
                                        GICv5Domain domain)
{
    return s->domains & (1u << domain);
}

/* The IRS that holds the state which all IRSes of the machine share */
static inline ARMGICv5CommonState *arm_gicv5_primary(ARMGICv5CommonState *s)
{
    return s->primary ? s->primary : s;
}

/**
 * gicv5_class_name: the type of IRS to create for the accelerator in use
 *
 * With KVM the host is tried, see kvm_gicv5_probe().
 * Returns NULL with @errp set, in words for the user, where GICv5 does not
 * work.
 */
const char *gicv5_class_name(Error **errp);

#endif
