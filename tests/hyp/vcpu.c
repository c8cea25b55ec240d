/*
 * GICv5 hypervisor: vCPUs, and why they come back
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hyp.h"

#define SCTLR_EL1_RES1 0x30d00800u
#define SPSR_EL1H_MASKED 0x3c5
#define MPIDR_RES1 BIT(31)
#define EXIT_SYNC 0
#define EXIT_IRQ 1

#define TIMER_ENABLE BIT(0)
#define TIMER_MASKED BIT(1)

/* ESR_EL2.ISS of each class */
#define WFX_TI(iss) BITS(iss, 1, 0)
#define SYS_IS_READ(iss) ((iss) & 1)
#define SYS_RT(iss) BITS(iss, 9, 5)
#define SYS_REG(iss) ((iss) & 0x3ffc1eu)
#define SYS_ENC(op0, op1, crn, crm, op2) \
    ((op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
#define DABT_ISV BIT(24)
#define DABT_SIZE(iss) (1u << BITS(iss, 23, 22))
#define DABT_RT(iss) BITS(iss, 20, 16)
#define DABT_WNR BIT(6)

/* As a PE is when it comes out of reset */
void vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t context)
{
    for (unsigned i = 0; i < ARRAY_SIZE(v->regs.x); i++) {
        v->regs.x[i] = 0;
    }
#define CLEAR_SYS(name, reg) v->sys.name = 0;
#define CLEAR_VGIC(name, reg) v->vgic.name = 0;
    SYSREGS(CLEAR_SYS)
    VGIC_REGS(CLEAR_VGIC)
    v->regs.x[0] = context;
    v->regs.elr = entry;
    v->regs.spsr = SPSR_EL1H_MASKED;
    v->sys.sctlr = SCTLR_EL1_RES1;
    v->sys.vmpidr = MPIDR_RES1 | v->vpe;
}

void vcpu_load(struct vcpu *v)
{
    struct pe *pe = v->pe;
    unsigned n = v->vm - vms;

    stage2_load(v->vm);
    if (pe->last[n] != v) {
        /* vCPUs of one VM share a VMID, not what is cached under it. */
        asm volatile("tlbi vmalle1\n"
                     "ic iallu\n"
                     "dsb sy\n"
                     "isb" : : : "memory");
        pe->last[n] = v;
    }
    fp_load(v->q);
    vgic_load(v);
#define LOAD(name, reg) wr(reg, v->sys.name);
    SYSREGS(LOAD)
    isb();
}

void vcpu_put(struct vcpu *v)
{
#define SAVE(name, reg) v->sys.name = rd(reg);
    SYSREGS(SAVE)
    /* Its timers count as lines no more: vcpu_deadline() takes over. */
    wr(cntv_ctl_el0, 0);
    wr(cntp_ctl_el0, 0);
    isb();
    vgic_put(v);
    fp_save(v->q);
}

static uint64_t deadline(uint64_t ctl, uint64_t cval)
{
    return (ctl & (TIMER_ENABLE | TIMER_MASKED)) == TIMER_ENABLE ? cval
                                                                 : UINT64_MAX;
}

uint64_t vcpu_deadline(const struct vcpu *v)
{
    uint64_t virt = deadline(v->sys.cntv_ctl, v->sys.cntv_cval);
    uint64_t phys = deadline(v->sys.cntp_ctl, v->sys.cntp_cval);

    /* CNTVOFF_EL2 is 0. */
    return virt < phys ? virt : phys;
}

static void skip(struct vcpu *v)
{
    v->regs.elr += 4;
}

static void bad_exit(struct vcpu *v, const char *what, uint64_t esr)
{
    uart_flush(v->vm);
    print("hyp: FAIL vm%u vCPU %u: %s, ESR 0x%lx FAR 0x%lx HPFAR 0x%lx "
          "PC 0x%lx\n", v->vm->id, v->vpe, what, esr, rd(far_el2),
          rd(hpfar_el2), v->regs.elr);
    vm_end(v->vm);
}

/* Register 31 is XZR. */
static uint64_t get_reg(const struct vcpu *v, unsigned n)
{
    return n == 31 ? 0 : v->regs.x[n];
}

static void set_reg(struct vcpu *v, unsigned n, uint64_t value)
{
    if (n != 31) {
        v->regs.x[n] = value;
    }
}

static void do_wfx(struct vcpu *v, uint64_t iss)
{
    skip(v);
    /* WFIT has a limit of its own, so it only lets others run. */
    if (WFX_TI(iss) == 0 && !vgic_pending()) {
        v->state = VCPU_BLOCKED;
    }
    v->pe->resched = true;
}

/* ICH_HFGRTR_EL2 lets through all that the hardware does for a guest. */
static void do_sysreg(struct vcpu *v, uint64_t esr)
{
    uint64_t value;

    switch (SYS_REG(esr)) {
    case SYS_ENC(3, 0, 12, 10, 2):
        /* ICC_IDR0_EL1: 16 bits of ID, no legacy; the rest is hardware's. */
        value = rd(ICC_IDR0_EL1) & 0xf0;
        break;
    case SYS_ENC(3, 0, 12, 10, 5):
        /* ICC_IAFFIDR_EL1: in a VM, IAFFIDs are VPE_IDs. */
        value = v->vpe;
        break;
    default:
        bad_exit(v, "system register", esr);
        return;
    }
    if (!SYS_IS_READ(esr)) {
        bad_exit(v, "write of an ID register", esr);
        return;
    }
    set_reg(v, SYS_RT(esr), value);
    skip(v);
}

static uint64_t device_read(struct vm *vm, uint64_t ipa, unsigned size,
                            bool *known)
{
    *known = true;
    if (ipa - IPA_IRS < IPA_IRS_SIZE) {
        return virs_read(vm, ipa - IPA_IRS, size);
    } else if (ipa - IPA_UART < 0x1000) {
        return uart_read(vm, ipa - IPA_UART);
    } else if (ipa - IPA_RTC < 0x1000) {
        return rtc_read(vm, ipa - IPA_RTC);
    }
    *known = false;
    return 0;
}

static bool device_write(struct vcpu *v, uint64_t ipa, unsigned size,
                         uint64_t value)
{
    if (ipa - IPA_IRS < IPA_IRS_SIZE) {
        virs_write(v->vm, v, ipa - IPA_IRS, size, value);
    } else if (ipa - IPA_UART < 0x1000) {
        uart_write(v->vm, ipa - IPA_UART, value);
    } else if (ipa - IPA_RTC < 0x1000) {
        rtc_write(v->vm, ipa - IPA_RTC, value);
    } else {
        return false;
    }
    return true;
}

static void do_data_abort(struct vcpu *v, uint64_t esr)
{
    /* HPFAR_EL2.FIPA is bits 47:12 of the IPA. */
    uint64_t ipa = BITS(rd(hpfar_el2), 43, 4) << 12 | BITS(rd(far_el2), 11, 0);
    unsigned size = DABT_SIZE(esr), rt = DABT_RT(esr);
    uint64_t mask = size == 8 ? UINT64_MAX : BIT(8 * size) - 1;
    bool known = esr & DABT_ISV;

    if (!known) {
        bad_exit(v, "access to a device without syndrome", esr);
        return;
    }
    if (esr & DABT_WNR) {
        known = device_write(v, ipa, size, get_reg(v, rt) & mask);
    } else {
        uint64_t value = device_read(v->vm, ipa, size, &known);

        set_reg(v, rt, value & mask);
    }
    if (!known) {
        bad_exit(v, "access to no device", esr);
        return;
    }
    skip(v);
}

void vcpu_exit(struct vcpu *v, uint64_t kind)
{
    uint64_t esr = rd(esr_el2);

    if (kind == EXIT_IRQ) {
        return;
    }
    if (kind != EXIT_SYNC) {
        bad_exit(v, "FIQ or SError", esr);
        return;
    }
    switch (BITS(esr, 31, 26)) {
    case EC_WFX:
        do_wfx(v, esr);
        break;
    case EC_SMC64:
        /* Unlike HVC it returns to itself. */
        skip(v);
        /* fall through */
    case EC_HVC64:
        v->regs.x[0] = psci_call(v);
        break;
    case EC_SYSREG:
        do_sysreg(v, esr);
        break;
    case EC_DABT_LOWER:
        do_data_abort(v, esr);
        break;
    default:
        bad_exit(v, "exception", esr);
        break;
    }
}
