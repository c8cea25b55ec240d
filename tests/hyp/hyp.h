/*
 * GICv5 hypervisor: what its parts know of each other
 *
 * A small hypervisor that gives each vCPU the hardware's virtual CPU
 * interface and each VM the hardware's virtual LPIs and SPIs. Of the interrupt
 * controller only one thing is emulated, the register frame of a guest's IRS.
 *
 * One lock (hyp_lock) is held in all of EL2, except while a PE waits; so
 * nothing here is reentered and the IRS's sequences of select and write are not
 * mixed. EL2 masks its interrupts and looks for them when it has time
 * (gic_poll).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HYP_H
#define HYP_H

#include <stdarg.h>
#include <stddef.h>
#include "regs.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define MAX_PES 4
#define MAX_VMS 4
#define MAX_VCPUS 4

/*
 * Physical memory: the machine's device tree is at 1 GiB, the word of the
 * configuration and the hypervisor follow, then the memory of the VMs. Whoever
 * starts the machine has put a kernel, an initrd and a device tree into each.
 */
#define CONFIG_ADDR 0x40300000ul
#define VM_MEMORY 0x50000000ul
#define VM_SIZE 0x10000000ul

/* The VMs' view, like that of the machine */
#define IPA_IRS 0x08010000ul
#define IPA_IRS_SIZE 0x10000ul
#define IPA_UART 0x09000000ul
#define IPA_RTC 0x09010000ul
#define IPA_RAM 0x40000000ul
#define IPA_TREE IPA_RAM
#define IPA_KERNEL (IPA_RAM + 0x200000)
#define SPI_UART 1
#define SPI_RTC 2
#define VM_SPIS 32

/* Physical LPIs: a PE's for being called, a vCPU's doorbell */
#define LPI_CALL(pe) LPI(pe)
#define LPI_DOORBELL(vm, vpe) LPI(64 + (vm) * MAX_VCPUS + (vpe))

/* Registers that EL1 has; CNTV_CTL last, so that the timer starts complete */
#define SYSREGS(X)                                                      \
    X(sctlr, sctlr_el1) X(cpacr, cpacr_el1) X(ttbr0, ttbr0_el1)         \
    X(ttbr1, ttbr1_el1) X(tcr, tcr_el1) X(esr, esr_el1)                 \
    X(afsr0, afsr0_el1) X(afsr1, afsr1_el1) X(far, far_el1)             \
    X(mair, mair_el1) X(amair, amair_el1) X(vbar, vbar_el1)             \
    X(contextidr, contextidr_el1) X(tpidr, tpidr_el1)                   \
    X(tpidr0, tpidr_el0) X(tpidrro, tpidrro_el0)                        \
    X(cntkctl, cntkctl_el1) X(csselr, csselr_el1) X(par, par_el1)       \
    X(sp0, sp_el0) X(sp1, sp_el1) X(elr, elr_el1) X(spsr, spsr_el1)     \
    X(mdscr, mdscr_el1)                                                 \
    X(apia_lo, S3_0_C2_C1_0) X(apia_hi, S3_0_C2_C1_1)                   \
    X(apib_lo, S3_0_C2_C1_2) X(apib_hi, S3_0_C2_C1_3)                   \
    X(apda_lo, S3_0_C2_C2_0) X(apda_hi, S3_0_C2_C2_1)                   \
    X(apdb_lo, S3_0_C2_C2_2) X(apdb_hi, S3_0_C2_C2_3)                   \
    X(apga_lo, S3_0_C2_C3_0) X(apga_hi, S3_0_C2_C3_1)                   \
    X(fpcr, S3_3_C4_C4_0) X(fpsr, S3_3_C4_C4_1)                         \
    X(vmpidr, vmpidr_el2)                                               \
    X(cntp_cval, cntp_cval_el0) X(cntp_ctl, cntp_ctl_el0)               \
    X(cntv_cval, cntv_cval_el0) X(cntv_ctl, cntv_ctl_el0)

/* The virtual CPU interface, but for residency */
#define VGIC_REGS(X)                                                    \
    X(vmcr, ICH_VMCR_EL2) X(apr, ICH_APR_EL2) X(icsr, ICC_ICSR_EL1)     \
    X(enabler, ICH_PPI_ENABLER0_EL2) X(pendr, ICH_PPI_PENDR0_EL2)       \
    X(activer, ICH_PPI_ACTIVER0_EL2)                                    \
    X(prio0, ICH_PPI_PRIORITYR0_EL2) X(prio1, ICH_PPI_PRIORITYR1_EL2)   \
    X(prio2, ICH_PPI_PRIORITYR2_EL2) X(prio3, ICH_PPI_PRIORITYR3_EL2)

#define REG_MEMBER(name, reg) uint64_t name;

/* start.S knows it */
struct regs {
    uint64_t x[31];
    uint64_t elr;
    uint64_t spsr;
};

enum vcpu_state {
    VCPU_OFF,
    VCPU_READY,     /* runs, or would if it had a PE */
    VCPU_BLOCKED,   /* in WFI: a doorbell or a timer makes it ready */
};

struct pe;
struct vm;

struct vcpu {
    struct regs regs;
    uint64_t q[64] __attribute__((aligned(16)));
    struct {
        SYSREGS(REG_MEMBER)
    } sys;
    struct {
        VGIC_REGS(REG_MEMBER)
    } vgic;
    struct vm *vm;
    struct pe *pe;              /* it stays there */
    unsigned vpe;               /* VPE_ID: also IAFFID and MPIDR of the guest */
    enum vcpu_state state;
};

struct virs {
    uint32_t cr0, cr1, ist_cfgr, spi, pe;
    uint32_t spi_level;         /* trigger modes */
    uint64_t ist_baser;
};

struct uart {
    uint32_t cr, lcr, imsc, ris, ibrd, fbrd, ifls;
    bool line;                  /* its interrupt */
    uint8_t in[16];
    unsigned in_count;
    char out[256];
    unsigned out_count;
};

struct rtc {
    uint32_t mr, lr, offset, imsc, ris;
    uint64_t alarm;             /* ticks; 0: none */
    bool line;
};

struct vm {
    unsigned id;                /* VM_ID and VMID */
    unsigned vcpu_count;
    bool alive;                 /* its vCPUs may run */
    bool gone;                  /* and the IRS knows nothing of it */
    bool hold;                  /* none of its vCPUs may run */
    unsigned running;           /* vCPUs on PEs */
    /* How often; the last one: pending interrupts that were put back */
    unsigned slices, doorbells, timers, saves, restored;
    struct vcpu vcpus[MAX_VCPUS];
    struct virs irs;
    struct uart uart;
    struct rtc rtc;
};

struct pe {
    void *stack;                /* start.S knows it */
    unsigned idx;
    uint16_t iaffid;
    bool online;
    bool resched;               /* the vCPU that runs has to leave */
    uint64_t slice_end;
    unsigned turn;
    struct vcpu *last[MAX_VMS]; /* of this VM */
};

extern struct pe pes[MAX_PES];
extern struct vm vms[MAX_VMS];
extern unsigned pe_count, vm_count;
extern unsigned save_interval;  /* ms, 0: never */

/* start.S */
extern char secondary_start[];
uint64_t guest_enter(struct regs *r);
void fp_save(void *q);
void fp_load(const void *q);
long smc(long fn, long a, long b, long c);

/* main.c */
void hyp_lock(void);
void hyp_unlock(void);
void putchar_(char c);
void __attribute__((format(printf, 1, 2))) print(const char *fmt, ...);
void __attribute__((noreturn)) die(const char *why);
void power_off(void) __attribute__((noreturn));
void boot_main(struct pe *pe) __attribute__((noreturn));
void secondary_main(struct pe *pe) __attribute__((noreturn));
void own_exception(uint64_t kind, uint64_t esr, uint64_t elr, uint64_t far);
uint64_t now(void);
uint64_t ms_ticks(uint64_t ms);

/* mmu.c */
void mmu_make_table(void);
void mmu_enable(void);
void stage2_make(struct vm *vm);
void stage2_load(const struct vm *vm);
/* Where [ipa, ipa + size) of a VM's memory is, or 0 if it is not there */
uint64_t stage2_translate(const struct vm *vm, uint64_t ipa, uint64_t size);

/* gic.c: the physical interrupts, all of them EL2's own */
void gic_init(void);
void gic_init_pe(struct pe *pe);
/* Take what is pending, and look at what is due. */
void gic_poll(struct pe *pe);
/* Make an LPI, edge-triggered, one of @pe. */
void gic_lpi_on(uint32_t lpi, const struct pe *pe);
void gic_lpi_off(uint32_t lpi);
/* Let @pe look for what there is to do. */
void gic_call(struct pe *pe);
/* Until a status register of the IRS says IDLE */
void irs_wait(unsigned reg);

/* vgic.c: VM table, VPEs, residency, injection */
void vgic_init(void);
void vgic_init_pe(void);
void vgic_make_vm(struct vm *vm);
void vgic_unmake_vm(struct vm *vm);
void vgic_load(struct vcpu *v);
void vgic_put(struct vcpu *v);
void vgic_resident(struct vcpu *v);
bool vgic_pending(void);
void vgic_set_spi(struct vm *vm, unsigned spi, bool pending);
void vgic_lpis_on(struct vm *vm);
void vgic_lpis_off(struct vm *vm);
void vgic_lpis_map_l2(struct vm *vm, unsigned id);
void vgic_save_restore(struct vm *vm);

/* virs.c, devices.c: emulated registers; size in bytes */
uint64_t virs_read(struct vm *vm, uint64_t offset, unsigned size);
void virs_write(struct vm *vm, struct vcpu *v, uint64_t offset, unsigned size,
                uint64_t value);
uint64_t uart_read(struct vm *vm, uint64_t offset);
void uart_write(struct vm *vm, uint64_t offset, uint32_t value);
void uart_input(struct vm *vm, uint8_t c);
void uart_flush(struct vm *vm);
uint64_t rtc_read(struct vm *vm, uint64_t offset);
void rtc_write(struct vm *vm, uint64_t offset, uint32_t value);
void rtc_check(struct vm *vm);
/* Set the interrupt lines to what registers say */
void devices_update(struct vm *vm, bool again);

/* vcpu.c: what a vCPU does that EL2 has to see */
void vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t context);
void vcpu_load(struct vcpu *v);
void vcpu_put(struct vcpu *v);
void vcpu_exit(struct vcpu *v, uint64_t kind);
/* The time at which a timer of a vCPU that is off its PE wakes it */
uint64_t vcpu_deadline(const struct vcpu *v);

/* psci.c */
int64_t psci_call(struct vcpu *v);
/* Its vCPUs leave; the last one calls vm_gone(). */
void vm_end(struct vm *vm);
void vm_gone(struct vm *vm);

/* sched.c */
void sched_run(struct pe *pe) __attribute__((noreturn));
/* Make a vCPU that waits ready; was there one? */
bool sched_wake(struct vcpu *v);
void sched_check(struct pe *pe);
void sched_call_all(const struct vm *vm);

#endif
