/*
 * Driver for qtests of the Arm GICv5 IRS on the machine "gicv5-test"
 *
 * The register offsets and fields are written down here once more, on
 * purpose: a test that took them from the device would agree with any error
 * in them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_GICV5_DRIVER_H
#define TESTS_QTEST_GICV5_DRIVER_H

#include "../libqtest.h"

/* Interrupt domains, and masks of them for the machine's "domains" */
enum {
    DOM_S,
    DOM_NS,
    DOM_EL3,
    DOM_REALM,
    NUM_DOMAINS,
};

#define ONLY_NS (1 << DOM_NS)
#define ALL_DOMAINS 0xf

/* What the machine "gicv5-test" looks like */
#define RAM_BASE 0x40000000ULL
#define RAM_SIZE (64 * 1024 * 1024ULL)
#define RAM_END (RAM_BASE + RAM_SIZE)
#define FRAME_SIZE 0x10000
#define SPI_STRIDE 64
#define SPIS_PER_IRS 56
#define IAFFID(cpu) (3 + 10 * (cpu))
#define NO_IAFFID 0xfffe

/* IRS config frame */
#define IDR0 0x0000
#define IDR0_ONE_N (1u << 7)
#define IDR0_SETLPI (1u << 9)
#define IDR0_SWE (1u << 12)
#define IDR1 0x0004
#define IDR2 0x0008
#define IDR3 0x000c
#define IDR4 0x0010
#define IDR5 0x0014
#define IDR6 0x0018
#define IDR7 0x001c
#define IIDR 0x0040
#define AIDR 0x0044
#define CR0 0x0080
#define CR0_IRSEN 1
#define CR0_IDLE 2
#define CR1 0x0084
#define SYNCR 0x00c0
#define SYNC_STATUSR 0x00c4
#define SPI_VMR 0x0100
#define SPI_SELR 0x0108
#define SPI_DOMAINR 0x010c
#define SPI_RESAMPLER 0x0110
#define SPI_CFGR 0x0114
#define TM_EDGE 0
#define TM_LEVEL 1
#define SPI_STATUSR 0x0118
#define STATUSR_IDLE 1
#define STATUSR_V 2
#define STATUSR_ONLINE 4
#define PE_SELR 0x0140
#define PE_STATUSR 0x0144
#define PE_CR0 0x0148
#define IST_BASER 0x0180
#define IST_BASER_VALID 1
#define IST_BASER_ADDR 0x00ffffffffffffc0ULL
#define IST_CFGR 0x0190
#define IST_CFGR_TWO_LEVEL (1u << 16)
#define IST_STATUSR 0x0194
#define MAP_L2_ISTR 0x01c0
#define SWERR_STATUSR 0x03c0
#define SWERR_V 1
#define SWERR_S0V 2
#define SWERR_S1V 4
#define SWERR_OF 8
#define SWERR_SYNDROMER0 0x03c8
#define SWERR_SYNDROMER1 0x03d0
#define DEVARCH 0xffbc
#define PIDR4 0xffd0
#define PIDR0 0xffe0
#define CIDR0 0xfff0

/* IRS_IST_CFGR: LPI_ID_BITS, L2SZ and ISTSZ as they are encoded */
#define IST_CFG(id_bits, l2sz, istsz) \
    ((id_bits) | (l2sz) << 5 | (istsz) << 7)

/* INTIDs */
#define LPI(id) (2u << 29 | (id))
#define SPI(id) (3u << 29 | (id))

/* L2 ISTE; the same bits in an L2 ISTE and in what icsr() returns */
#define ISTE_PENDING (1u << 0)
#define ISTE_ACTIVE (1u << 1)
#define ISTE_LEVEL (1u << 2)
#define ISTE_ENABLE (1u << 3)
#define ISTE_IRM (1u << 4)
#define ISTE_PRIO(p) ((uint32_t)(p) << 11)
#define ISTE_IAFFID(a) ((uint32_t)(a) << 16)
/* Everything but HWU and RES0 */
#define ISTE_MASK 0xfffff81fu
/* icsr() of an INTID that is not reachable: a reserved bit of an ISTE */
#define UNREACHABLE (1u << 8)

/* L1 ISTE */
#define L1_VALID 1ULL

/**
 * IRS: one config frame, and the SETLPI frame next to it
 */
typedef struct IRS {
    QTestState *qts;
    unsigned irs;
    unsigned domain;
    uint64_t base;
} IRS;

/**
 * gicv5_start: start a machine with @irs IRSes and @cpus CPUs
 *
 * CPU c belongs to IRS c % irs. @args is appended to the command line.
 */
QTestState *gicv5_start(unsigned irs, unsigned domains, unsigned cpus,
                        const char *args);

/**
 * gicv5_move: a machine like @from, with the state of @from, which is gone then
 *
 * @args: what gicv5_start() was given
 */
QTestState *gicv5_move(QTestState *from, unsigned irs, unsigned domains,
                       unsigned cpus, const char *args);

/**
 * gicv5_assert_refused: a destination refuses the state of @from
 *
 * @machine: what follows "-machine gicv5-test," for it
 * @text: what it says. @from stays as it is.
 */
void gicv5_assert_refused(QTestState *from, const char *machine,
                          const char *text);

/* The frame of @domain in IRS number @irs */
IRS gicv5_irs(QTestState *qts, unsigned irs, unsigned domain);

uint32_t irs_readl(const IRS *f, unsigned offset);
void irs_writel(const IRS *f, unsigned offset, uint32_t value);
uint64_t irs_readq(const IRS *f, unsigned offset);
void irs_writeq(const IRS *f, unsigned offset, uint64_t value);

/* Write the SETLPI frame's only register. */
void irs_setlpi(const IRS *f, uint32_t id);

/* IRS_CR0.IRSEN = 1 */
void irs_enable(const IRS *f);

/* Change the wire of SPI number @n of the IRS of @f. */
void irs_wire(const IRS *f, unsigned n, int level);

/* Select an SPI; returns IRS_SPI_STATUSR.V */
bool spi_select(const IRS *f, uint32_t id);
/* Select an SPI that must be selectable, and set its trigger mode. */
void spi_set_tm(const IRS *f, uint32_t id, unsigned tm);
/* Give an SPI to a domain; @f is the EL3 frame. */
void spi_set_domain(const IRS *f, uint32_t id, unsigned domain);

/* Select a PE; returns IRS_PE_STATUSR.V, and checks ONLINE with it */
bool pe_select(const IRS *f, uint32_t iaffid);
/* IRS_PE_CR0.DPS of a PE of this IRS */
void pe_set_dps(const IRS *f, uint32_t iaffid, bool dps);

/* Make the IST valid or invalid, with 64-bit writes. */
void ist_set_valid(const IRS *f, uint64_t base, uint32_t cfgr);
void ist_set_invalid(const IRS *f);

/**
 * GICCommand: numbers of the qtest command that stands for a CPU interface
 *
 * The first ones are GICv5Command, sent to the IRS as they are; the others
 * are GICv5QTestOp (target/arm/gicv5/qtest.c).
 */
typedef enum GICCommand {
    SET_ENABLE,
    SET_PRIORITY,
    SET_TARGET,
    SET_PENDING,
    SET_HANDLING,
    DEACTIVATE,
    ACTIVATE,
    REQUEST_CONFIG,
    SET_RESIDENT = 9,
    CPU_ACKNOWLEDGE = 100,
    CPU_DROP,
    CPU_CANDIDATE,
    CPU_LINES,
    CPU_SET_EN,
    CPU_SET_PCR,
    CPU_APR,
    CPU_HPPIR,
    CPU_PPI_PENDING,
    CPU_POWER = 113,
    CPU_CHECK = 116,
} GICCommand;

#define TARGET_IRM (1u << 16)

/* Whose interrupts a command is about */
enum {
    SCOPE_DOMAIN,
    SCOPE_RESIDENT,
    SCOPE_VM,
};

/**
 * CPU: the CPU interface of one CPU, for one domain
 *
 * @scope, @vm: of what the commands are about, if not the domain
 */
typedef struct CPU {
    QTestState *qts;
    unsigned cpu;
    unsigned domain;
    unsigned scope;
    uint16_t vm;
} CPU;

CPU gicv5_cpu(QTestState *qts, unsigned cpu, unsigned domain);

/* Issue a command; returns its result */
uint64_t gic(const CPU *c, GICCommand cmd, uint32_t intid, uint32_t value);

/* Write ICH_CONTEXTR_EL2; returns what it reads as then */
uint64_t cpu_set_resident(const CPU *c, uint64_t value);

/*
 * The state of an interrupt as an L2 ISTE has it; UNREACHABLE if it is not
 * reachable in the CPU interface's domain.
 */
uint32_t icsr(const CPU *c, uint32_t intid);

/* The word as ICC_ICSR_EL1 has it */
uint64_t icsr_of_iste(uint32_t word);

/* Enable an interrupt with priority and target (maybe TARGET_IRM). */
void gic_configure(const CPU *c, uint32_t intid, unsigned prio,
                   uint32_t target);

/* The CPU interface accepts everything of the domain. */
void cpu_enable(const CPU *c);

/* GICR CDIA; returns the INTID, or 0 if there is nothing to acknowledge */
uint32_t cpu_acknowledge(const CPU *c);

/* GIC CDEOI, then GIC CDDI */
void cpu_finish(const CPU *c, uint32_t intid);

/*
 * The candidate that the IRS presents to this CPU: @intid with @prio, or
 * nothing.
 */
#define assert_candidate(c, intid, prio) \
    g_assert_cmphex(gic((c), CPU_CANDIDATE, 0, 0), ==, \
                    (uint64_t)(prio) << 32 | (intid))
#define assert_no_candidate(c) assert_candidate(c, 0, 32)

#define assert_icsr(c, intid, word) \
    g_assert_cmphex(icsr((c), (intid)), ==, (word))

#endif
