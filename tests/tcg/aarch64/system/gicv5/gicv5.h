/*
 * GICv5 guest tests: registers and instructions of the CPU interface, and
 * the registers of the IRS
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GICV5_H
#define GICV5_H

#include <stdbool.h>
#include <stdint.h>

#define STR_(x) #x
#define STR(x) STR_(x)

#define rd(reg) ({                                                      \
    uint64_t rd_v;                                                      \
    asm volatile("mrs %0, " STR(reg) : "=r"(rd_v) : : "memory");        \
    rd_v;                                                               \
})

#define wr(reg, val) do {                                               \
    uint64_t wr_v = (val);                                              \
    asm volatile("msr " STR(reg) ", %x0" : : "rZ"(wr_v) : "memory");    \
} while (0)

static inline void isb(void)
{
    asm volatile("isb" : : : "memory");
}

static inline void dsb(void)
{
    asm volatile("dsb sy" : : : "memory");
}

/* CPU interface, EL1 */
#define ICC_PPI_HMR0_EL1        S3_0_C12_C10_0
#define ICC_PPI_HMR1_EL1        S3_0_C12_C10_1
#define ICC_IDR0_EL1            S3_0_C12_C10_2
#define ICC_HPPIR_EL1           S3_0_C12_C10_3
#define ICC_ICSR_EL1            S3_0_C12_C10_4
#define ICC_IAFFIDR_EL1         S3_0_C12_C10_5
#define ICC_PPI_ENABLER0_EL1    S3_0_C12_C10_6
#define ICC_PPI_ENABLER1_EL1    S3_0_C12_C10_7
#define ICC_PPI_CACTIVER0_EL1   S3_0_C12_C13_0
#define ICC_PPI_CACTIVER1_EL1   S3_0_C12_C13_1
#define ICC_PPI_SACTIVER0_EL1   S3_0_C12_C13_2
#define ICC_PPI_SACTIVER1_EL1   S3_0_C12_C13_3
#define ICC_PPI_CPENDR0_EL1     S3_0_C12_C13_4
#define ICC_PPI_CPENDR1_EL1     S3_0_C12_C13_5
#define ICC_PPI_SPENDR0_EL1     S3_0_C12_C13_6
#define ICC_PPI_SPENDR1_EL1     S3_0_C12_C13_7
#define ICC_PPI_PRIORITYR0_EL1  S3_0_C12_C14_0
#define ICC_PPI_PRIORITYR1_EL1  S3_0_C12_C14_1
#define ICC_PPI_PRIORITYR2_EL1  S3_0_C12_C14_2
#define ICC_PPI_PRIORITYR3_EL1  S3_0_C12_C14_3
#define ICC_PPI_PRIORITYR4_EL1  S3_0_C12_C14_4
#define ICC_PPI_PRIORITYR5_EL1  S3_0_C12_C14_5
#define ICC_PPI_PRIORITYR6_EL1  S3_0_C12_C14_6
#define ICC_PPI_PRIORITYR7_EL1  S3_0_C12_C14_7
#define ICC_PPI_PRIORITYR8_EL1  S3_0_C12_C15_0
#define ICC_PPI_PRIORITYR9_EL1  S3_0_C12_C15_1
#define ICC_PPI_PRIORITYR10_EL1 S3_0_C12_C15_2
#define ICC_PPI_PRIORITYR11_EL1 S3_0_C12_C15_3
#define ICC_PPI_PRIORITYR12_EL1 S3_0_C12_C15_4
#define ICC_PPI_PRIORITYR13_EL1 S3_0_C12_C15_5
#define ICC_PPI_PRIORITYR14_EL1 S3_0_C12_C15_6
#define ICC_PPI_PRIORITYR15_EL1 S3_0_C12_C15_7
#define ICC_APR_EL1             S3_1_C12_C0_0
#define ICC_CR0_EL1             S3_1_C12_C0_1
#define ICC_PCR_EL1             S3_1_C12_C0_2
#define ICC_HAPR_EL1            S3_1_C12_C0_3

/* Others that old assemblers do not know */
#define ALLINT                  S3_0_C4_C3_0
#define ID_AA64ISAR2_EL1        S3_0_C0_C6_2
#define ID_AA64PFR2_EL1         S3_0_C0_C4_2

#define CR0_EN                  (1ull << 0)
#define CR0_LINK                (1ull << 1)
#define CR0_LINK_IDLE           (1ull << 2)

#define ICSR_F                  (1ull << 0)
#define ICSR_ENABLED            (1ull << 1)
#define ICSR_PENDING            (1ull << 2)
#define ICSR_IRM                (1ull << 3)
#define ICSR_ACTIVE             (1ull << 4)
#define ICSR_HM                 (1ull << 5)
#define ICSR_PRIO(p)            ((uint64_t)(p) << 11)
#define ICSR_IAFFID(a)          ((uint64_t)(a) << 32)
#define ICSR_ALL                0x0000ffff0000f83full

#define ISR_I                   (1ull << 7)
#define ISR_F                   (1ull << 6)
#define ISR_IS                  (1ull << 10)

#define SCTLR_NMI               (1ull << 61)
#define SCTLR_SPINTMASK         (1ull << 62)
#define PSTATE_ALLINT           (1ull << 13)

/* INTIDs */
#define PPI(n)                  (0x20000000u | (n))
#define LPI(n)                  (0x40000000u | (n))
#define SPI(n)                  (0x60000000u | (n))
#define INTID_ID(i)             ((i) & 0xffffff)
#define INTID_TYPE(i)           ((uint32_t)(i) >> 29)

/* The same with the valid bit, as CDIA and ICC_HPPIR_EL1 show them */
#define VALID                   (1ull << 32)
#define VPPI(n)                 (VALID | PPI(n))
#define VLPI(n)                 (VALID | LPI(n))
#define VSPI(n)                 (VALID | SPI(n))

#define PPI_SW                  3
#define PPI_PMU                 23
#define PPI_CNTV                27
#define PPI_CNTP                30

#define GIC_SYS(crm, op2, arg)                                          \
    asm volatile("sys #0, C12, C" #crm ", #" #op2 ", %x0"               \
                 : : "rZ"((uint64_t)(arg)) : "memory")

#define GIC_SYSL(crm, op2) ({                                           \
    uint64_t sysl_v;                                                    \
    asm volatile("sysl %0, #0, C12, C" #crm ", #" #op2                  \
                 : "=r"(sysl_v) : : "memory");                          \
    sysl_v;                                                             \
})

static inline void gsb_sys(void)
{
    asm volatile("sys #0, C12, C0, #0, xzr" : : : "memory");
}

static inline void gsb_ack(void)
{
    asm volatile("sys #0, C12, C0, #1, xzr" : : : "memory");
}

static inline void gic_cddis(uint64_t op)
{
    GIC_SYS(1, 0, op);
}

static inline void gic_cden(uint64_t op)
{
    GIC_SYS(1, 1, op);
}

static inline void gic_cdpri(uint32_t intid, unsigned prio)
{
    GIC_SYS(1, 2, intid | (uint64_t)prio << 35);
}

static inline void gic_cdaff(uint32_t intid, uint16_t iaffid)
{
    GIC_SYS(1, 3, intid | (uint64_t)iaffid << 32);
}

/* IRM=1: one of N */
static inline void gic_cdaff_irm(uint32_t intid, uint16_t iaffid)
{
    GIC_SYS(1, 3, intid | (uint64_t)iaffid << 32 | 1u << 28);
}

static inline void gic_cdpend(uint32_t intid, bool pending)
{
    GIC_SYS(1, 4, intid | (uint64_t)pending << 32);
}

static inline void gic_cdhm(uint32_t intid, bool level)
{
    GIC_SYS(2, 1, intid | (uint64_t)level << 32);
}

static inline void gic_cdeoi(void)
{
    asm volatile("sys #0, C12, C1, #7, xzr" : : : "memory");
}

static inline void gic_cddi(uint64_t op)
{
    GIC_SYS(2, 0, op & 0xffffffff);
}

/* GIC CDRCFG and its answer */
static inline uint64_t gic_rcfg(uint64_t op)
{
    GIC_SYS(1, 5, op);
    isb();
    return rd(ICC_ICSR_EL1);
}

static inline uint64_t gic_cdia(void)
{
    return GIC_SYSL(3, 0);
}

static inline uint64_t gic_cdnmia(void)
{
    return GIC_SYSL(3, 1);
}

/* Everything done so far has had its effect on this CPU's interrupt lines. */
static inline void gic_sync(void)
{
    isb();
    gsb_sys();
    isb();
}

/* IRS, Non-secure config frame of the virt machine */
#define IRS_BASE                0x08010000ul

#define IRS_IDR0                0x0000
#define IRS_IDR1                0x0004
#define IRS_IDR2                0x0008
#define IRS_IDR5                0x0014
#define IRS_IDR6                0x0018
#define IRS_IDR7                0x001c
#define IRS_CR0                 0x0080
#define IRS_CR1                 0x0084
#define IRS_SYNCR               0x00c0
#define IRS_SYNC_STATUSR        0x00c4
#define IRS_SPI_SELR            0x0108
#define IRS_SPI_RESAMPLER       0x0110
#define IRS_SPI_CFGR            0x0114
#define IRS_SPI_STATUSR         0x0118
#define IRS_PE_SELR             0x0140
#define IRS_PE_STATUSR          0x0144
#define IRS_PE_CR0              0x0148
#define IRS_IST_BASER           0x0180
#define IRS_IST_CFGR            0x0190
#define IRS_IST_STATUSR         0x0194
#define IRS_MAP_L2_ISTR         0x01c0

#define ISTE_PENDING            (1u << 0)
#define ISTE_ACTIVE             (1u << 1)
#define ISTE_HM                 (1u << 2)
#define ISTE_ENABLE             (1u << 3)
#define ISTE_HWU                (3u << 9)
#define ISTE_PRIO(p)            ((uint32_t)(p) << 11)
#define ISTE_IAFFID(a)          ((uint32_t)(a) << 16)

static inline uint8_t mmio_r8(uint64_t addr)
{
    uint32_t v;

    asm volatile("ldrb %w0, [%1]" : "=r"(v) : "r"(addr) : "memory");
    return v;
}

static inline void mmio_w8(uint64_t addr, uint8_t v)
{
    asm volatile("strb %w0, [%1]" : : "rZ"((uint32_t)v), "r"(addr) : "memory");
}

static inline uint16_t mmio_r16(uint64_t addr)
{
    uint32_t v;

    asm volatile("ldrh %w0, [%1]" : "=r"(v) : "r"(addr) : "memory");
    return v;
}

static inline void mmio_w16(uint64_t addr, uint16_t v)
{
    asm volatile("strh %w0, [%1]" : : "rZ"((uint32_t)v), "r"(addr) : "memory");
}

static inline uint32_t mmio_r32(uint64_t addr)
{
    uint32_t v;

    asm volatile("ldr %w0, [%1]" : "=r"(v) : "r"(addr) : "memory");
    return v;
}

static inline void mmio_w32(uint64_t addr, uint32_t v)
{
    asm volatile("str %w0, [%1]" : : "rZ"(v), "r"(addr) : "memory");
}

static inline uint64_t mmio_r64(uint64_t addr)
{
    uint64_t v;

    asm volatile("ldr %0, [%1]" : "=r"(v) : "r"(addr) : "memory");
    return v;
}

static inline void mmio_w64(uint64_t addr, uint64_t v)
{
    asm volatile("str %x0, [%1]" : : "rZ"(v), "r"(addr) : "memory");
}

#define irs_r32(reg) mmio_r32(IRS_BASE + (reg))
#define irs_w32(reg, v) mmio_w32(IRS_BASE + (reg), v)
#define irs_r64(reg) mmio_r64(IRS_BASE + (reg))
#define irs_w64(reg, v) mmio_w64(IRS_BASE + (reg), v)

#endif
