/*
 * The model of KVM: registers and attributes of vCPUs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kvmsim.h"

#define SYS_REG(op0, op1, crn, crm, op2) \
    ARM64_SYS_REG(op0, op1, crn, crm, op2)

#define MPIDR_EL1       SYS_REG(3, 0, 0, 0, 5)
#define ID_AA64PFR0     SYS_REG(3, 0, 0, 4, 0)
#define ID_AA64PFR2     SYS_REG(3, 0, 0, 4, 2)
#define PFR0_GIC        (0xfull << 24)
#define PFR2_GCIE       (0xfull << 12)
#define MIDR_EL1        SYS_REG(3, 0, 0, 0, 0)
/* What one kernel has and another has not; sim_host.extra_reg is added */
#define EXTRA_REG       SYS_REG(3, 0, 13, 0, 0)
#define CORE_UNIT       4       /* bytes; register IDs count in these */

/* Any other ID register is 0. */
static const struct {
    uint64_t id;
    uint64_t value;
} id_values[] = {
    { ID_AA64PFR0, 0x11 },                              /* AArch64 only */
    { SYS_REG(3, 0, 0, 5, 0), 0x10305106 | 6 << 8 },    /* ID_AA64DFR0 */
    { SYS_REG(3, 0, 0, 6, 0), 0x00021120 },             /* ID_AA64ISAR0 */
    { SYS_REG(3, 0, 0, 7, 0), 0x00101122 },             /* ID_AA64MMFR0 */
};

static const uint64_t sys_regs[] = {
    MIDR_EL1,
    MPIDR_EL1,
    SYS_REG(3, 0, 1, 0, 0),     /* SCTLR_EL1 */
    SYS_REG(3, 0, 1, 0, 2),     /* CPACR_EL1 */
    SYS_REG(3, 0, 2, 0, 0),     /* TTBR0_EL1 */
    SYS_REG(3, 0, 2, 0, 1),     /* TTBR1_EL1 */
    SYS_REG(3, 0, 2, 0, 2),     /* TCR_EL1 */
    SYS_REG(3, 0, 12, 0, 0),    /* VBAR_EL1 */
    SYS_REG(3, 3, 9, 12, 0),    /* PMCR_EL0 */
    KVM_REG_ARM_TIMER_CTL,
    KVM_REG_ARM_TIMER_CVAL,
    KVM_REG_ARM_TIMER_CNT,
    KVM_REG_ARM_PTIMER_CTL,
    KVM_REG_ARM_PTIMER_CVAL,
    KVM_REG_ARM_PTIMER_CNT,
    KVM_REG_ARM_PSCI_VERSION,
    EXTRA_REG,
};

/* Aff0 = id[3:0], Aff1 = id[11:4]; bit 31 is RES1. */
uint64_t vcpu_mpidr(unsigned id)
{
    return BIT64(31) | (id & 0xf) | (id >> 4 & 0xff) << 8;
}

static SimReg *find_reg(SimReg *regs, unsigned n, uint64_t id)
{
    for (unsigned i = 0; i < n; i++) {
        if (regs[i].id == id) {
            return &regs[i];
        }
    }
    return NULL;
}

static uint64_t *id_reg(SimVM *vm, uint64_t id)
{
    return &find_reg(vm->id_regs, vm->nr_id_regs, id)->value;
}

static void set_field(uint64_t *reg, uint64_t mask, unsigned value)
{
    *reg = (*reg & ~mask) | (mask & -mask) * value;
}

/* What a VM without a GIC is shown: all that it could have */
static void initial_id_regs(SimVM *vm)
{
    if (!vm->id_regs) {
        vm->id_regs = calloc(56, sizeof(*vm->id_regs));
        for (unsigned crm = 1; crm < 8; crm++) {
            for (unsigned op2 = 0; op2 < 8; op2++) {
                SimReg *r = &vm->id_regs[vm->nr_id_regs++];

                r->id = SYS_REG(3, 0, 0, crm, op2);
                r->is_id = true;
            }
        }
    }
    for (unsigned i = 0; i < SIZE_OF(id_values); i++) {
        *id_reg(vm, id_values[i].id) = id_values[i].value;
    }
    set_field(id_reg(vm, ID_AA64PFR0), PFR0_GIC, sim_host.gicv3);
    set_field(id_reg(vm, ID_AA64PFR2), PFR2_GCIE, sim_host.form != FORM_NONE);
}

static void gic_id_regs(SimVM *vm, bool gicv5)
{
    if (vm->id_regs) {
        set_field(id_reg(vm, ID_AA64PFR0), PFR0_GIC, 0);
        set_field(id_reg(vm, ID_AA64PFR2), PFR2_GCIE, gicv5);
    }
}

void vcpu_gic_created(SimVM *vm)
{
    gic_id_regs(vm, true);
}

void vcpu_finalise_id_regs(SimVM *vm)
{
    if (!vm->id_final) {
        gic_id_regs(vm, vm->has_gic);
        vm->id_final = true;
    }
}

int vcpu_init(SimVCPU *vcpu, const struct kvm_vcpu_init *init)
{
    bool first = true;
    int ret = -sim_fault("VCPU_INIT %u", vcpu->id);

    if (ret) {
        return ret;
    }
    if (vcpu->initialised && init->features[0] != vcpu->features) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < vcpu->vm->nr_vcpus; i++) {
        first &= !vcpu->vm->vcpu[i]->initialised;
    }
    if (first) {
        initial_id_regs(vcpu->vm);
    }
    if (!vcpu->regs) {
        vcpu->nr_regs = SIZE_OF(sys_regs) - !sim_host.extra_reg;
        vcpu->regs = calloc(vcpu->nr_regs, sizeof(*vcpu->regs));
    }
    for (unsigned i = 0; i < vcpu->nr_regs; i++) {
        uint64_t id = sys_regs[i];

        vcpu->regs[i].id = id == EXTRA_REG ? id + sim_host.extra_reg : id;
        vcpu->regs[i].value = id == MPIDR_EL1 ? vcpu_mpidr(vcpu->id) :
                              id == MIDR_EL1 ? sim_host.midr :
                              id == KVM_REG_ARM_PSCI_VERSION ? 0x10003 : 0;
    }
    memset(&vcpu->core, 0, sizeof(vcpu->core));
    vcpu->core.regs.pstate = 0x3c5;
    vcpu->features = init->features[0];
    vcpu->mp_state = vcpu->features & (1 << KVM_ARM_VCPU_POWER_OFF) ?
                     KVM_MP_STATE_STOPPED : KVM_MP_STATE_RUNNABLE;
    vcpu->initialised = true;
    /* The timers' interrupts are reset, nothing else of the GIC. */
    vcpu->ppi.active &= ~(BIT64(PPI_VTIMER) | BIT64(PPI_PTIMER));
    vcpu->ppi.pend &= ~(BIT64(PPI_VTIMER) | BIT64(PPI_PTIMER));
    return 0;
}

int vcpu_reg_list(SimVCPU *vcpu, uint64_t addr)
{
    uint64_t n = vcpu->nr_regs + vcpu->vm->nr_id_regs;
    uint64_t room;
    int ret = sim_copy_from(&room, addr, sizeof(room));

    if (ret || sim_copy_to(addr, &n, sizeof(n))) {
        return -EFAULT;
    }
    if (room < n) {
        return -E2BIG;
    }
    for (uint64_t i = 0; i < n && !ret; i++) {
        uint64_t id = i < vcpu->nr_regs ? vcpu->regs[i].id :
                      vcpu->vm->id_regs[i - vcpu->nr_regs].id;

        ret = sim_copy_to(addr + 8 + 8 * i, &id, sizeof(id));
    }
    return ret;
}

static int core_reg(SimVCPU *vcpu, bool set, const struct kvm_one_reg *reg)
{
    size_t offset = (reg->id & 0xffff) * CORE_UNIT;
    size_t size = 1u << ((reg->id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
    char *at = (char *)&vcpu->core + offset;

    if (offset + size > sizeof(vcpu->core)) {
        return -ENOENT;
    }
    return set ? sim_copy_from(at, reg->addr, size)
               : sim_copy_to(reg->addr, at, size);
}

/* GIC and GCIE may be written until they are final; other ID registers not. */
static int set_id_reg(SimVM *vm, SimReg *r, uint64_t value)
{
    uint64_t writable = r->id == ID_AA64PFR0 ? PFR0_GIC :
                        r->id == ID_AA64PFR2 ? PFR2_GCIE : 0;

    if (value == r->value) {
        return 0;
    }
    if (vm->id_final) {
        return -EBUSY;
    }
    if ((value ^ r->value) & ~writable ||
        (value & writable) > (writable & -writable)) {
        return -EINVAL;
    }
    r->value = value;
    return 0;
}

int vcpu_one_reg(SimVCPU *vcpu, bool set, const struct kvm_one_reg *reg)
{
    SimVM *vm = vcpu->vm;
    SimReg *r;
    uint64_t value;

    if (!vcpu->initialised) {
        return -ENOEXEC;
    }
    if ((reg->id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_CORE) {
        return core_reg(vcpu, set, reg);
    }
    r = find_reg(vcpu->regs, vcpu->nr_regs, reg->id);
    if (!r) {
        r = find_reg(vm->id_regs, vm->nr_id_regs, reg->id);
    }
    if (!r) {
        return -ENOENT;
    }
    if (!set) {
        return sim_copy_to(reg->addr, &r->value, sizeof(r->value));
    }
    if (sim_copy_from(&value, reg->addr, sizeof(value))) {
        return -EFAULT;
    }
    if (r->is_id) {
        return set_id_reg(vm, r, value);
    }
    if (r->id == MIDR_EL1 && value != r->value) {
        return -EINVAL;
    }
    r->value = value;
    return 0;
}

static int pmu_attr(SimVCPU *vcpu, unsigned long request,
                    const struct kvm_device_attr *attr)
{
    SimVM *vm = vcpu->vm;
    int irq = 1u << 29 | PPI_PMU;

    if (attr->attr > KVM_ARM_VCPU_PMU_V3_INIT) {
        return -ENXIO;
    }
    if (request == KVM_HAS_DEVICE_ATTR) {
        return vcpu->features & (1 << KVM_ARM_VCPU_PMU_V3) ? 0 : -ENXIO;
    }
    if (!(vcpu->features & (1 << KVM_ARM_VCPU_PMU_V3))) {
        return -ENODEV;
    }
    if (attr->attr == KVM_ARM_VCPU_PMU_V3_INIT) {
        if (request == KVM_GET_DEVICE_ATTR) {
            return -ENXIO;
        }
        if (!vm->gic.initialised) {
            return -ENODEV;
        }
        if (vcpu->pmu_init) {
            return -EBUSY;
        }
        vcpu->pmu_init = vcpu->pmu_irq_set = true;
        return 0;
    }
    if (request == KVM_GET_DEVICE_ATTR) {
        return vcpu->pmu_irq_set ? sim_copy_to(attr->addr, &irq, sizeof(irq))
                                 : -ENXIO;
    }
    if (!vm->has_gic) {
        return -EINVAL;
    }
    if (vcpu->pmu_irq_set) {
        return -EBUSY;
    }
    if (sim_copy_from(&irq, attr->addr, sizeof(irq))) {
        return -EFAULT;
    }
    if (irq != (1 << 29 | PPI_PMU)) {
        return -EINVAL;
    }
    vcpu->pmu_irq_set = true;
    return 0;
}

static int timer_attr(SimVCPU *vcpu, unsigned long request,
                      const struct kvm_device_attr *attr)
{
    static const unsigned char ppis[] = { 27, 30, 28, 26 };
    int irq;

    if (attr->attr >= SIZE_OF(ppis)) {
        return -ENXIO;
    }
    switch (request) {
    case KVM_HAS_DEVICE_ATTR:
        return 0;
    case KVM_GET_DEVICE_ATTR:
        irq = ppis[attr->attr] | (vcpu->vm->has_gic ? 1u << 29 : 0);
        return sim_copy_to(attr->addr, &irq, sizeof(irq));
    }
    if (!vcpu->vm->has_gic) {
        return -EINVAL;
    }
    if (sim_copy_from(&irq, attr->addr, sizeof(irq))) {
        return -EFAULT;
    }
    return (unsigned)irq >> 29 != 1 || (irq & 0x1fffffff) >= 64 ? -EINVAL :
           vcpu->vm->ran ? -EBUSY : 0;
}

/* Where the guest finds its steal time: once, and aligned */
static int pvtime_attr(SimVCPU *vcpu, unsigned long request,
                       const struct kvm_device_attr *attr)
{
    uint64_t ipa;
    int ret;

    if (attr->attr != KVM_ARM_VCPU_PVTIME_IPA) {
        return -ENXIO;
    }
    if (request != KVM_SET_DEVICE_ATTR) {
        return request == KVM_HAS_DEVICE_ATTR ? 0 : -ENXIO;
    }
    ret = -sim_fault("SET PVTIME %u", vcpu->id);
    if (!ret) {
        ret = sim_copy_from(&ipa, attr->addr, sizeof(ipa));
    }
    if (!ret) {
        ret = ipa % 64 ? -EINVAL : vcpu->pvtime_set ? -EEXIST : 0;
    }
    vcpu->pvtime_set |= !ret;
    sim_log("vm%u SET PVTIME %u = %d", vcpu->vm->number, vcpu->id, ret);
    return ret;
}

int vcpu_device_attr(SimVCPU *vcpu, unsigned long request,
                     const struct kvm_device_attr *attr)
{
    const char *what = request == KVM_SET_DEVICE_ATTR ? "SET" :
                       request == KVM_GET_DEVICE_ATTR ? "GET" : "HAS";
    int irq = 0;
    int ret;

    switch (attr->group) {
    case KVM_ARM_VCPU_PMU_V3_CTRL:
        ret = -sim_fault("%s PMU %llu %u", what, attr->attr, vcpu->id);
        if (!ret) {
            ret = pmu_attr(vcpu, request, attr);
        }
        if (attr->addr && sim_copy_from(&irq, attr->addr, sizeof(irq))) {
            irq = 0;
        }
        sim_log("vm%u %s PMU %llu %u = %d 0x%x", vcpu->vm->number, what,
                attr->attr, vcpu->id, ret, irq);
        return ret;
    case KVM_ARM_VCPU_TIMER_CTRL:
        return timer_attr(vcpu, request, attr);
    case KVM_ARM_VCPU_PVTIME_CTRL:
        return pvtime_attr(vcpu, request, attr);
    default:
        return -ENXIO;
    }
}
