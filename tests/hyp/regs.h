/*
 * GICv5 hypervisor: registers, instructions and tables that only EL2 uses
 *
 * Those that a guest uses as well are in the bare-metal tests' gicv5.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef REGS_H
#define REGS_H

#include "gicv5.h"

#define BIT(n) (1ull << (n))
#define BITS(v, hi, lo) (((v) >> (lo)) & (BIT((hi) - (lo) + 1) - 1))

/* CPU interface: the virtual context, op0=3 op1=4 CRn=12 */
#define ICH_APR_EL2             S3_4_C12_C8_4
#define ICH_HPPIR_EL2           S3_4_C12_C8_5
#define ICH_HFGRTR_EL2          S3_4_C12_C9_4
#define ICH_HFGWTR_EL2          S3_4_C12_C9_6
#define ICH_HFGITR_EL2          S3_4_C12_C9_7
#define ICH_PPI_DVIR0_EL2       S3_4_C12_C10_0
#define ICH_PPI_DVIR1_EL2       S3_4_C12_C10_1
#define ICH_PPI_ENABLER0_EL2    S3_4_C12_C10_2
#define ICH_PPI_ENABLER1_EL2    S3_4_C12_C10_3
#define ICH_PPI_PENDR0_EL2      S3_4_C12_C10_4
#define ICH_PPI_PENDR1_EL2      S3_4_C12_C10_5
#define ICH_PPI_ACTIVER0_EL2    S3_4_C12_C10_6
#define ICH_PPI_ACTIVER1_EL2    S3_4_C12_C10_7
#define ICH_VCTLR_EL2           S3_4_C12_C11_4
#define ICH_CONTEXTR_EL2        S3_4_C12_C11_6
#define ICH_VMCR_EL2            S3_4_C12_C11_7
#define ICH_PPI_PRIORITYR0_EL2  S3_4_C12_C14_0
#define ICH_PPI_PRIORITYR1_EL2  S3_4_C12_C14_1
#define ICH_PPI_PRIORITYR2_EL2  S3_4_C12_C14_2
#define ICH_PPI_PRIORITYR3_EL2  S3_4_C12_C14_3

#define CONTEXTR_V              BIT(63)
#define CONTEXTR_F              BIT(62)
#define CONTEXTR_IRICHPPIDIS    BIT(61)
#define CONTEXTR_DB             BIT(60)
#define CONTEXTR_DBPM_SHIFT     55
#define CONTEXTR_VPE_SHIFT      32

#define HPPIR_HPPIV             BIT(32)
#define VCTLR_EN                BIT(0)
#define VMCR_EN                 BIT(0)
#define VMCR_VPMR(v)            BITS(v, 31, 27)

/* Traps: a bit that is 0 traps. Bit 3 of HFGRTR is RES1. */
#define HFGRTR_OPEN             0x1f00ffull
#define HFGRTR_IAFFIDR          BIT(7)
#define HFGRTR_IDR              BIT(1)
#define HFGWTR_OPEN             0x1e0065ull
#define HFGITR_OPEN             0x7ffull

#define PPI_CNTHP               26

/* The IRS's registers for VMs */
#define IRS_IDR3                0x000c
#define IRS_IDR4                0x0010
#define IRS_AIDR                0x0044
#define IRS_SPI_DOMAINR         0x010c
#define IRS_VMT_BASER           0x0200
#define IRS_VMT_CFGR            0x0210
#define IRS_VMT_STATUSR         0x0214
#define IRS_VPE_SELR            0x0240
#define IRS_VPE_DBR             0x0248
#define IRS_VPE_CR0             0x0258
#define IRS_VPE_STATUSR         0x025c
#define IRS_VMAP_VMR            0x02c8
#define IRS_VMAP_VISTR          0x02d0
#define IRS_VMAP_L2_VISTR       0x02d8
#define IRS_VMAP_VPER           0x02e0
#define IRS_SAVE_VMR            0x0300
#define IRS_SAVE_VM_STATUSR     0x0308

#define IDR0_INT_DOM_PA_RANGE   0x3f
#define IDR0_VIRT               BIT(6)
#define IDR2_ID_BITS(v)         BITS(v, 4, 0)
#define IDR2_LPI                BIT(5)
#define IDR2_ISTMD              BIT(14)
#define IDR3_VMD                BIT(0)
#define IDR3_VMD_SZ(v)          BITS(v, 4, 1)
#define IDR4_VPED_SZ(v)         BITS(v, 5, 0)

#define IST_CFGR_ID_BITS(v)     BITS(v, 4, 0)
#define IST_CFGR_L2SZ(v)        BITS(v, 6, 5)
#define IST_CFGR_ISTSZ(v)       BITS(v, 8, 7)
#define IST_CFGR_TWO_LEVEL      BIT(16)
#define IST_ADDR                0x00ffffffffffffc0ull

#define STATUSR_IDLE            BIT(0)
#define STATUSR_V               BIT(1)
#define PE_STATUSR_ONLINE       BIT(2)
#define SAVE_STATUSR_Q          BIT(1)

/* VMAP_*: map, unmap; VPE_SELR and SAVE_VMR: S; VPE_DBR: DBV */
#define VMAP_M                  BIT(63)
#define VMAP_U                  BIT(62)
#define VMAP_TYPE(t)            ((uint64_t)(t) << 29)
#define VMAP_VM(vm)             ((uint64_t)(vm) << 32)
#define VPE_SELR_S              BIT(63)
#define VPE_SELR_VPE(vpe)       ((uint64_t)(vpe) << 32)
#define VPE_DBR_DBV             BIT(63)
#define SAVE_S                  BIT(63)
#define SAVE_Q                  BIT(62)

#define TYPE_LPI                2
#define TYPE_SPI                3

/* L2 VMTE, VPETE, L1 ISTE */
#define TABLE_VALID             BIT(0)
#define L1_ISTE_ADDR            0x00fffffffffff000ull
#define VMTE_VPE_ID_BITS(n)     ((uint64_t)(n) << 59)
#define VMTE_ID_BITS(n)         ((uint64_t)(n) << 59)
#define VMTE_TWO_LEVEL          BIT(58)
#define VMTE_L2SZ(z)            ((uint64_t)(z) << 1)

/* GIC VDPEND names the VM; the others act on the one that is resident. */
static inline void gic_vdpend(unsigned vm, uint32_t intid, bool pending)
{
    uint64_t op = intid | (uint64_t)vm << 32 | (uint64_t)pending << 63;

    asm volatile("sys #4, C12, C1, #4, %x0" : : "rZ"(op) : "memory");
}

static inline void gic_vdhm(uint32_t intid, bool level)
{
    uint64_t op = intid | (uint64_t)level << 32;

    asm volatile("sys #4, C12, C2, #1, %x0" : : "rZ"(op) : "memory");
}

/* The rest of EL2 */
#define HCR_VM                  BIT(0)
#define HCR_FMO                 BIT(3)
#define HCR_IMO                 BIT(4)
#define HCR_AMO                 BIT(5)
#define HCR_BSU_IS              BIT(10)
#define HCR_FB                  BIT(9)
#define HCR_TWI                 BIT(13)
#define HCR_TSC                 BIT(19)
#define HCR_RW                  BIT(31)
#define HCR_APK                 BIT(40)
#define HCR_API                 BIT(41)

#define HCRX_EL2                S3_4_C1_C2_2
#define HCRX_MSCEN              BIT(11)
#define HFGRTR_EL2              S3_4_C1_C1_4
#define HFGWTR_EL2              S3_4_C1_C1_5
#define HFGITR_EL2              S3_4_C1_C1_6
#define HDFGRTR_EL2             S3_4_C3_C1_4
#define HDFGWTR_EL2             S3_4_C3_C1_5

#define EC_WFX                  0x01
#define EC_HVC64                0x16
#define EC_SMC64                0x17
#define EC_SYSREG               0x18
#define EC_DABT_LOWER           0x24

#endif
