/*
 * GICv5 guest tests: EL2 and the virtual CPU interface
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "el2.h"

#define CNTHCTL_OPEN 0xc03

uint64_t ich_boot[MAX_CPUS][NUM_ICH];
struct vcpu own_vcpus[MAX_CPUS], more_vcpus[4];

shared uint64_t vm_table[256][4] __attribute__((aligned(8192)));
shared uint64_t vpe_tables[NUM_VMS][NUM_VPES] __attribute__((aligned(64)));
uint32_t vm_lpis[NUM_VMS][1u << VM_LPI_BITS] __attribute__((aligned(4096)));
uint32_t vm_spis[NUM_VMS][1u << VM_SPI_BITS] __attribute__((aligned(128)));
/* Descriptors of the greatest size */
static char vmds[NUM_VMS][4096] __attribute__((aligned(4096)));
static char vpeds[NUM_VMS][NUM_VPES][4096] __attribute__((aligned(4096)));

static uint64_t sctlr_el1_reset;

#define CHECK_OFFSET(member, offset) \
    _Static_assert(offsetof(struct vcpu, member) == (offset), #member)

CHECK_OFFSET(x[30], 240);
CHECK_OFFSET(pc, 248);
CHECK_OFFSET(sp_el1, 264);
CHECK_OFFSET(elr_el1, 280);
CHECK_OFFSET(esr_el1, 296);
CHECK_OFFSET(tpidr_el1, 312);
CHECK_OFFSET(esr, 328);

/* Registers */

struct ich_reg ich_reg(unsigned n)
{
    static const struct ich_reg regs[] = {
        [ICH_APR] = { "ICH_APR_EL2", 8, 4 },
        [ICH_HPPIR] = { "ICH_HPPIR_EL2", 8, 5 },
        [ICH_HFGRTR] = { "ICH_HFGRTR_EL2", 9, 4 },
        [ICH_HFGWTR] = { "ICH_HFGWTR_EL2", 9, 6 },
        [ICH_HFGITR] = { "ICH_HFGITR_EL2", 9, 7 },
        [ICH_DVIR0] = { "ICH_PPI_DVIR0_EL2", 10, 0 },
        [ICH_DVIR1] = { "ICH_PPI_DVIR1_EL2", 10, 1 },
        [ICH_ENABLER0] = { "ICH_PPI_ENABLER0_EL2", 10, 2 },
        [ICH_ENABLER1] = { "ICH_PPI_ENABLER1_EL2", 10, 3 },
        [ICH_PENDR0] = { "ICH_PPI_PENDR0_EL2", 10, 4 },
        [ICH_PENDR1] = { "ICH_PPI_PENDR1_EL2", 10, 5 },
        [ICH_ACTIVER0] = { "ICH_PPI_ACTIVER0_EL2", 10, 6 },
        [ICH_ACTIVER1] = { "ICH_PPI_ACTIVER1_EL2", 10, 7 },
        [ICH_VCTLR] = { "ICH_VCTLR_EL2", 11, 4 },
        [ICH_CONTEXTR] = { "ICH_CONTEXTR_EL2", 11, 6 },
        [ICH_VMCR] = { "ICH_VMCR_EL2", 11, 7 },
    };
    unsigned p = n - ICH_PRIORITYR0;

    if (n < ICH_PRIORITYR0) {
        return regs[n];
    }
    return (struct ich_reg) { "ICH_PPI_PRIORITYR<n>_EL2", 14 + p / 8, p % 8 };
}

/* The register is known at run time only: the instruction is made then. */
static uint64_t ich_access(unsigned n, bool read, uint64_t v)
{
    struct ich_reg r = ich_reg(n);
    uint32_t insn = insn_sys(read, 3, 4, 12, r.crm, r.op2) & ~31u;

    if (probe_insn_x0(insn, &v) != INSN_OK) {
        print("# %s of %s, ESR 0x%lx\n", read ? "MRS" : "MSR", r.name,
              this_cpu()->esr);
        bail_out("EL2 has no access");
    }
    return v;
}

uint64_t ich_read(unsigned n)
{
    isb();
    return ich_access(n, true, 0);
}

void ich_write(unsigned n, uint64_t v)
{
    ich_access(n, false, v);
    isb();
}

void el2_boot(struct cpu *c)
{
    if (!sctlr_el1_reset) {
        sctlr_el1_reset = rd(sctlr_el1);
    }
    for (unsigned i = 0; i < NUM_ICH; i++) {
        ich_boot[c->idx][i] = ich_read(i);
    }
    host_hcr(HOST_HCR);
}

void host_hcr(uint64_t hcr)
{
    wr(hcr_el2, hcr);
    isb();
}

void el2_setup(void)
{
    /* A guest calls iface_setup(), too. */
    if (rd(CurrentEL) >> 2 != 2) {
        return;
    }
    host_hcr(HOST_HCR);
    wr(HCRX_EL2, 0);
    wr(sctlr_el2, rd(sctlr_el2) & ~(SCTLR_NMI | SCTLR_SPINTMASK));
    wr(cnthctl_el2, CNTHCTL_OPEN);
    wr(cntvoff_el2, 0);
    cnthp(false);
    cnthv(false);
    wr(ICH_CONTEXTR_EL2, 0);
    wr(ICH_VCTLR_EL2, 0);
    wr(ICH_VMCR_EL2, 0);
    wr(ICH_APR_EL2, 0);
    wr(ICH_HFGRTR_EL2, HFGRTR_OPEN);
    wr(ICH_HFGWTR_EL2, HFGWTR_OPEN);
    wr(ICH_HFGITR_EL2, HFGITR_OPEN);
    for (unsigned i = ICH_DVIR0; i <= ICH_ACTIVER1; i++) {
        ich_write(i, 0);
    }
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        ich_write(ICH_PRIORITYR0 + i, 0);
    }
    isb();
}

void virt_setup(void)
{
    for (unsigned i = ICH_DVIR0; i <= ICH_ACTIVER1; i++) {
        ich_write(i, 0);
    }
    wr(ICH_APR_EL2, 0);
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        ich_write(ICH_PRIORITYR0 + i, 0x1f1f1f1f1f1f1f1full);
    }
    wr(ICH_VCTLR_EL2, VCTLR_EN);
    wr(ICH_VMCR_EL2, VMCR_VPMR(0x1f) | VMCR_EN);
    isb();
}

void vppi_priority(unsigned ppi, unsigned prio)
{
    unsigned n = ICH_PRIORITYR0 + ppi / 8;
    unsigned shift = 8 * (ppi % 8);

    ich_write(n, (ich_read(n) & ~(0xffull << shift)) |
                 (uint64_t)prio << shift);
}

/* Exceptions, vCPUs */

static void host_irq(void)
{
    struct cpu *c = this_cpu();

    if (c->irq) {
        c->irq();
    } else {
        irq_default();
    }
}

/* From EL2 itself */
void el2_exception(uint64_t kind, struct frame *f)
{
    struct cpu *c = this_cpu();
    uint64_t esr = rd(esr_el2);

    if (kind == 1 || kind == 5) {
        host_irq();
        return;
    }
    if ((kind == 0 || kind == 4) && c->probing) {
        c->faults++;
        c->esr = esr;
        f->elr += 4;
        return;
    }
    print("# CPU %u: exception at EL2's vector %lu, ESR 0x%lx ELR 0x%lx "
          "FAR 0x%lx\n", c->idx, kind, esr, f->elr, rd(far_el2));
    bail_out("unexpected exception");
}

void vcpu_init(struct vcpu *v, uint64_t hcr, guest_fn fn, uint64_t arg)
{
    memset(v, 0, offsetof(struct vcpu, stack));
    v->x[0] = arg;
    v->x[30] = (uint64_t)vcpu_done;
    v->pc = (uint64_t)fn;
    v->pstate = 0x3c5;
    v->sp_el1 = (uint64_t)(v->stack + VCPU_STACK);
    v->sp_el0 = v->sp_el1 - VCPU_STACK / 2;
    v->sctlr_el1 = sctlr_el1_reset;
    v->tpidr_el1 = (uint64_t)&v->cpu;
    v->hcr = hcr;
    v->cpu.idx = this_cpu()->idx;
}

static void __attribute__((noreturn)) bad_exit(struct vcpu *v, unsigned kind)
{
    print("# CPU %u: exception from EL1 at EL2's vector %u, ESR 0x%lx "
          "ELR 0x%lx FAR 0x%lx\n", this_cpu()->idx, kind, v->esr, v->pc,
          rd(far_el2));
    bail_out("unexpected exception");
}

/* What the handlers at EL1 use, and HCR_EL2.{NV,NV1}={1,1} traps */
static bool do_own_reg(struct vcpu *v, unsigned rt)
{
    uint64_t insn_of = v->esr & ~(0x1full << 5 | 1);
    uint64_t *reg;

    if (insn_of == (esr_of(insn_sys(false, 3, 0, 4, 0, 0)) & ~0x3e0ull)) {
        reg = &v->spsr_el1;
    } else if (insn_of == (esr_of(insn_sys(false, 3, 0, 4, 0, 1)) &
                           ~0x3e0ull)) {
        reg = &v->elr_el1;
    } else {
        return false;
    }
    if (!(v->esr & 1)) {
        *reg = rt < 31 ? v->x[rt] : 0;
    } else if (rt < 31) {
        v->x[rt] = *reg;
    }
    return true;
}

/* With HCR_EL2.NV=1, EL1 thinks that it is EL2. */
static void do_eret(struct vcpu *v)
{
    v->pc = v->elr_el1;
    v->pstate = v->spsr_el1;
    if ((v->pstate & 0xc) == 0x8) {
        v->pstate ^= 0xc;
    }
}

enum vcpu_exit vcpu_run(struct vcpu *v)
{
    for (;;) {
        unsigned kind = vcpu_enter(v);
        unsigned rt = v->esr >> 5 & 31;

        if (kind == 9) {
            v->irqs++;
            host_irq();
            if (v->stop_on_irq) {
                return VCPU_IRQ;
            }
            continue;
        }
        if (kind != 8) {
            bad_exit(v, kind);
        }
        switch (ESR_EC(v->esr)) {
        case EC_SVC64:
        case EC_HVC64:
            v->hvc = v->esr & 0xffff;
            return v->hvc == 0xffff ? VCPU_DONE : VCPU_HVC;
        case EC_SYSREG:
            v->pc += 4;
            if (do_own_reg(v, rt)) {
                break;
            }
            v->traps++;
            v->trap_esr = v->esr;
            if ((v->esr & 1) && rt < 31) {
                v->x[rt] = v->trap_value;
            }
            break;
        case EC_ERET:
            do_eret(v);
            break;
        default:
            bad_exit(v, kind);
        }
    }
}

struct vcpu *guest_vcpu(void)
{
    return &own_vcpus[this_cpu()->idx];
}

uint64_t guest(uint64_t hcr, guest_fn fn, uint64_t arg)
{
    struct vcpu *v = guest_vcpu();

    vcpu_init(v, hcr, fn, arg);
    CHECK_EQ(vcpu_run(v), VCPU_DONE);
    return v->x[0];
}

int guest_probe(uint32_t insn)
{
    struct vcpu *v = this_vcpu();
    unsigned traps = v->traps;
    enum insn_result r = probe_insn(insn);

    return v->traps != traps ? INSN_TRAP : r;
}

int guest_probe_el0(uint32_t insn)
{
    struct vcpu *v = this_vcpu();
    unsigned traps = v->traps;
    enum insn_result r = probe_insn_el0(insn);

    return v->traps != traps ? INSN_TRAP : r;
}

/* VMs */

static void vmt_idle(void)
{
    CHECK(wait_for(irs_r32(IRS_VMT_STATUSR) & 1));
}

void vmt_off(void)
{
    irs_w64(IRS_VMT_BASER, 0);
    vmt_idle();
}

static uint64_t ist_word(const void *ist, unsigned bits)
{
    return (uint64_t)bits << 59 | (uint64_t)ist;
}

void vm_on(unsigned vm, unsigned vpes)
{
    memset(vm_lpis[vm], 0, sizeof(vm_lpis[vm]));
    memset(vm_spis[vm], 0, sizeof(vm_spis[vm]));
    memset(vmds[vm], 0, sizeof(vmds[vm]));
    memset(vpeds[vm], 0, sizeof(vpeds[vm]));
    for (unsigned i = 0; i < NUM_VPES; i++) {
        vpe_tables[vm][i] = i < vpes ? (uint64_t)vpeds[vm][i] : 0;
    }
    vm_table[vm][0] = irs_r32(IRS_IDR3) & 1 ? (uint64_t)vmds[vm] : 0;
    vm_table[vm][1] = 2ull << 59 | (uint64_t)vpe_tables[vm];
    vm_table[vm][2] = ist_word(vm_lpis[vm], VM_LPI_BITS);
    vm_table[vm][3] = ist_word(vm_spis[vm], VM_SPI_BITS);
    dsb();
    irs_w64(IRS_VMAP_VMR, VMAP_M | vm);
    vmt_idle();
    CHECK_EQ(vm_table[vm][0] & 1, 1);
    for (unsigned type = 2; type <= 3; type++) {
        irs_w64(IRS_VMAP_VISTR, VMAP_M | (uint64_t)vm << 32 | type << 29);
        vmt_idle();
        CHECK_EQ(vm_table[vm][type] & 1, 1);
    }
    for (unsigned i = 0; i < vpes; i++) {
        irs_w64(IRS_VMAP_VPER, VMAP_M | (uint64_t)vm << 32 | i);
        vmt_idle();
        CHECK_EQ(vpe_tables[vm][i] & 1, 1);
    }
}

void vm_off(unsigned vm)
{
    irs_w64(IRS_VMAP_VMR, VMAP_M | VMAP_U | vm);
    vmt_idle();
    CHECK_EQ(vm_table[vm][0] & 1, 0);
}

void vms_setup(void)
{
    vmt_off();
    memset((void *)vm_table, 0, sizeof(vm_table));
    dsb();
    irs_w32(IRS_VMT_CFGR, 8);
    irs_w64(IRS_VMT_BASER, (uint64_t)vm_table | 1);
    vmt_idle();
    for (unsigned i = 0; i < 2; i++) {
        vm_on(i, 2);
    }
}

bool vpe_select(unsigned vm, unsigned vpe)
{
    irs_w64(IRS_VPE_SELR, VPE_SELR_S | (uint64_t)vpe << 32 | vm);
    CHECK(wait_for(irs_r32(IRS_VPE_STATUSR) & 1));
    return irs_r32(IRS_VPE_STATUSR) & 2;
}

void vpe_doorbell(unsigned vm, unsigned vpe, uint64_t dbr)
{
    CHECK(vpe_select(vm, vpe));
    irs_w64(IRS_VPE_DBR, dbr);
    CHECK(wait_for(irs_r32(IRS_VPE_STATUSR) & 1));
}

bool vpe_enter(unsigned vm, unsigned vpe, uint64_t flags)
{
    wr(ICH_CONTEXTR_EL2, CONTEXTR_V | CONTEXTR_VPE(vpe) | CONTEXTR_VM(vm) |
                         flags);
    isb();
    return !(rd(ICH_CONTEXTR_EL2) & CONTEXTR_F);
}

void vpe_leave(uint64_t flags)
{
    wr(ICH_CONTEXTR_EL2, flags);
    isb();
}
