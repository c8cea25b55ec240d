/*
 * GICv5 guest tests: EL2 and the virtual CPU interface
 *
 * Programs with this in them run at EL2. What runs at EL1, with the HCR_EL2
 * that the caller gives, is a function, its context a struct vcpu. Both levels
 * see the same memory. A vCPU has a struct cpu of its own, which this_cpu()
 * finds at EL1; so the runtime's handlers and records work there as well, for
 * the guest's interrupts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef EL2_H
#define EL2_H

#include "lib.h"

/* op0=3 op1=4 CRn=12 */
#define ICH_APR_EL2             S3_4_C12_C8_4
#define ICH_HPPIR_EL2           S3_4_C12_C8_5
#define ICH_HFGRTR_EL2          S3_4_C12_C9_4
#define ICC_SRE_EL2             S3_4_C12_C9_5
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

#define ICC_SRE_EL1             S3_0_C12_C12_5

/* Others that old assemblers do not know */
#define HCRX_EL2                S3_4_C1_C2_2
#define VNCR_EL2                S3_4_C2_C2_0

#define VCTLR_EN                BIT(0)
#define VMCR_EN                 BIT(0)
#define VMCR_VPMR(p)            ((uint64_t)(p) << 27)

#define CONTEXTR_V              BIT(63)
#define CONTEXTR_F              BIT(62)
#define CONTEXTR_IRICHPPIDIS    BIT(61)
#define CONTEXTR_DB             BIT(60)
#define CONTEXTR_DBPM(p)        ((uint64_t)(p) << 55)
#define CONTEXTR_VPE(v)         ((uint64_t)(v) << 32)
#define CONTEXTR_VM(v)          ((uint64_t)(v))

/* Everything open; bit 3 of the first is RES1 */
#define HFGRTR_OPEN             0x1f00ffull
#define HFGWTR_OPEN             0x1e0065ull
#define HFGITR_OPEN             0x7ffull

#define HCR_FMO                 BIT(3)
#define HCR_IMO                 BIT(4)
#define HCR_VI                  BIT(7)
#define HCR_TWI                 BIT(13)
#define HCR_TGE                 BIT(27)
#define HCR_RW                  BIT(31)
#define HCR_E2H                 BIT(34)
#define HCR_NV                  BIT(42)
#define HCR_NV1                 BIT(43)
#define HCR_NV2                 BIT(45)
#define HCRX_VINMI              BIT(7)

/* EL2's own, in which it takes interrupts; the second one with VHE */
#define HOST_HCR                (HCR_RW | HCR_IMO | HCR_FMO)
#define VHE_HCR                 (HCR_RW | HCR_E2H | HCR_TGE)
/* What EL1 does is virtual, or physical */
#define GUEST_HCR               (HCR_RW | HCR_IMO | HCR_FMO)
#define PHYS_HCR                HCR_RW

#define PPI_CNTHP               26
#define PPI_CNTHV               28

/* ESR_ELx */
#define ESR_EC(esr)             ((esr) >> 26 & 0x3f)
#define EC_HVC32                0x12
#define EC_SVC64                0x15
#define EC_HVC64                0x16
#define EC_SYSREG               0x18
#define EC_ERET                 0x1a

/* ESR_EL2 of a trapped MRS, MSR, SYS or SYSL */
static inline uint64_t esr_of(uint32_t insn)
{
    unsigned op0 = insn >> 19 & 3, op1 = insn >> 16 & 7;
    unsigned crn = insn >> 12 & 15, crm = insn >> 8 & 15;
    unsigned op2 = insn >> 5 & 7;

    return (uint64_t)EC_SYSREG << 26 | 1u << 25 | op0 << 20 | op2 << 17 |
           op1 << 14 | crn << 10 | (insn & 31) << 5 | crm << 1 |
           (insn >> 21 & 1);
}

/* GIC VD* */
static inline void gic_vddis(uint64_t op)
{
    asm volatile("sys #4, C12, C1, #0, %x0" : : "rZ"(op) : "memory");
}

static inline void gic_vden(uint64_t op)
{
    asm volatile("sys #4, C12, C1, #1, %x0" : : "rZ"(op) : "memory");
}

static inline void gic_vdpri(uint32_t intid, unsigned prio)
{
    asm volatile("sys #4, C12, C1, #2, %x0"
                 : : "rZ"(intid | (uint64_t)prio << 35) : "memory");
}

static inline void gic_vdaff(uint32_t intid, uint16_t vpe)
{
    asm volatile("sys #4, C12, C1, #3, %x0"
                 : : "rZ"(intid | (uint64_t)vpe << 32) : "memory");
}

/* The only one that names its VM */
static inline void gic_vdpend(uint16_t vm, uint32_t intid, bool pending)
{
    asm volatile("sys #4, C12, C1, #4, %x0"
                 : : "rZ"(intid | (uint64_t)vm << 32 |
                          (uint64_t)pending << 63) : "memory");
}

static inline void gic_vddi(uint32_t intid)
{
    asm volatile("sys #4, C12, C2, #0, %x0" : : "rZ"((uint64_t)intid)
                 : "memory");
}

static inline void gic_vdhm(uint32_t intid, bool level)
{
    asm volatile("sys #4, C12, C2, #1, %x0"
                 : : "rZ"(intid | (uint64_t)level << 32) : "memory");
}

/* GIC VDRCFG and its answer */
static inline uint64_t gic_vrcfg(uint32_t intid)
{
    asm volatile("sys #4, C12, C1, #5, %x0" : : "rZ"((uint64_t)intid)
                 : "memory");
    isb();
    return rd(ICC_ICSR_EL1);
}

/* What EL2 sees of the virtual CPU interface */
enum {
    ICH_APR, ICH_HPPIR, ICH_HFGRTR, ICH_HFGWTR, ICH_HFGITR,
    ICH_DVIR0, ICH_DVIR1, ICH_ENABLER0, ICH_ENABLER1, ICH_PENDR0, ICH_PENDR1,
    ICH_ACTIVER0, ICH_ACTIVER1, ICH_VCTLR, ICH_CONTEXTR, ICH_VMCR,
    ICH_PRIORITYR0,
    NUM_ICH = ICH_PRIORITYR0 + NUM_PRIO_REGS,
};

struct ich_reg {
    const char *name;
    uint8_t crm, op2;
};

struct ich_reg ich_reg(unsigned n);
uint64_t ich_read(unsigned n);
void ich_write(unsigned n, uint64_t v);

/* What each CPU had in them when it was started */
extern uint64_t ich_boot[MAX_CPUS][NUM_ICH];

/* vCPUs */

typedef uint64_t (*guest_fn)(uint64_t arg);

#define VCPU_STACK 8192

struct vcpu {
    /* el2.S knows these */
    uint64_t x[31];
    uint64_t pc, pstate;
    uint64_t sp_el1, sp_el0;
    uint64_t elr_el1, spsr_el1;
    uint64_t esr_el1, sctlr_el1;
    uint64_t tpidr_el1, hcr;
    /* ESR_EL2 of the last exit */
    uint64_t esr;

    /*
     * Trapped register accesses and instructions, which are skipped: how many,
     * the last one's ESR_EL2, and what a trapped read gives
     */
    shared unsigned traps;
    shared uint64_t trap_esr;
    shared uint64_t trap_value;

    /* Physical interrupts while it ran; do they end vcpu_run()? */
    shared unsigned irqs;
    bool stop_on_irq;

    /* Of its last HVC */
    unsigned hvc;

    /* this_cpu() of its handlers; the CPU that runs it does not matter */
    struct cpu cpu;
    char stack[VCPU_STACK] __attribute__((aligned(16)));
};

enum vcpu_exit {
    VCPU_DONE,      /* the function has returned, x[0] */
    VCPU_HVC,       /* it has done HVC, or SVC to EL2, not with 0xffff */
    VCPU_IRQ,
};

/* The vCPU that guest() uses on this CPU, and some that it does not */
extern struct vcpu own_vcpus[MAX_CPUS], more_vcpus[4];

/* At EL1: the vCPU that runs */
static inline struct vcpu *this_vcpu(void)
{
    return (struct vcpu *)((char *)this_cpu() - offsetof(struct vcpu, cpu));
}

/* el2.S: to EL1 and back, the number of the vector; where @fn returns to */
unsigned vcpu_enter(struct vcpu *v);
extern char vcpu_done[];
/* What it calls */
void el2_exception(uint64_t kind, struct frame *f);

/* Let @v begin @fn, at EL1, with interrupts masked. */
void vcpu_init(struct vcpu *v, uint64_t hcr, guest_fn fn, uint64_t arg);
/*
 * Run it until something that its caller has to know. Physical interrupts go
 * to this CPU's handler, and the vCPU goes on.
 */
enum vcpu_exit vcpu_run(struct vcpu *v);
/* Both, until @fn returns; what it returned */
uint64_t guest(uint64_t hcr, guest_fn fn, uint64_t arg);
/* What guest() has used on this CPU */
struct vcpu *guest_vcpu(void);

/* At EL1 */
#define hvc(n) asm volatile("hvc #" #n : : : "memory")

/* Another result of probe_insn() at EL1: a trap to EL2 by EC 0x18 */
#define INSN_TRAP (INSN_OTHER + 1)

/* At EL1: try it there, or at EL0 */
int guest_probe(uint32_t insn);
int guest_probe_el0(uint32_t insn);

/* HCR_EL2 of EL2 itself, until iface_setup() */
void host_hcr(uint64_t hcr);

/* The virtual CPU interface is enabled; nothing in it is, all priorities 31 */
void virt_setup(void);
void vppi_priority(unsigned ppi, unsigned prio);

static inline void cnthp(bool on)
{
    wr(cnthp_cval_el2, 0);
    wr(cnthp_ctl_el2, on ? 1 : 0);
    isb();
}

static inline void cnthv(bool on)
{
    wr(cnthv_cval_el2, 0);
    wr(cnthv_ctl_el2, on ? 1 : 0);
    isb();
}

/* VMs */

#define NUM_VMS 4
#define NUM_VPES 4
#define VM_LPI_BITS 10
#define VM_SPI_BITS 5

#define IRS_IDR0_VIRT           (1u << 6)
#define IRS_IDR0_VIRT_ONE_N     (1u << 8)
#define IRS_IDR3                0x000c
#define IRS_IDR4                0x0010
#define IRS_SPI_VMR             0x0100
#define IRS_VMT_BASER           0x0200
#define IRS_VMT_CFGR            0x0210
#define IRS_VMT_STATUSR         0x0214
#define IRS_VPE_SELR            0x0240
#define IRS_VPE_DBR             0x0248
#define IRS_VPE_HPPIR           0x0250
#define IRS_VPE_CR0             0x0258
#define IRS_VPE_STATUSR         0x025c
#define IRS_VM_DBR              0x0280
#define IRS_VM_SELR             0x0288
#define IRS_VMAP_VMR            0x02c8
#define IRS_VMAP_VISTR          0x02d0
#define IRS_VMAP_VPER           0x02e0

#define IRS_SPI_VMR_VIRT        BIT(63)
#define VMAP_M                  BIT(63)
#define VMAP_U                  BIT(62)
#define VPE_SELR_S              BIT(63)
#define VM_DBR_EN               BIT(63)
#define VPE_DBR_DBV             BIT(63)
#define VPE_DBR_REQ_DB          BIT(62)
#define VPE_DBR_DBPM(p)         ((uint64_t)(p) << 32)

/* Four words each */
extern shared uint64_t vm_table[256][4];
extern shared uint64_t vpe_tables[NUM_VMS][NUM_VPES];
extern uint32_t vm_lpis[NUM_VMS][1u << VM_LPI_BITS];
extern uint32_t vm_spis[NUM_VMS][1u << VM_SPI_BITS];

/* A VM table, and in it VM 0 and 1, each with VPE 0 and 1, LPIs and SPIs */
void vms_setup(void);
/* A VM with so many VPEs */
void vm_on(unsigned vm, unsigned vpes);
void vm_off(unsigned vm);
void vmt_off(void);
/* IRS_VPE_STATUSR.V */
bool vpe_select(unsigned vm, unsigned vpe);
void vpe_doorbell(unsigned vm, unsigned vpe, uint64_t dbr);
/* @flags: IRICHPPIDIS. Did it work? */
bool vpe_enter(unsigned vm, unsigned vpe, uint64_t flags);
/* @flags: DB, DBPM */
void vpe_leave(uint64_t flags);

#endif
