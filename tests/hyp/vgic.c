/*
 * GICv5 hypervisor: the virtual side of the interrupt controller
 *
 * What the IRS wants to know of a VM is in tables in memory:
 *
 *   VM table -> VMTE of the VM -> VPE table -> VPETE -> VPE descriptor
 *                              -> table of its LPIs (ISTEs, or L1 ISTEs first)
 *                              -> table of its SPIs (ISTEs)
 *
 * The rule for all of them: as long as what an entry is in is not valid,
 * software may write the entry with its valid bit set. Afterwards software
 * writes it without, and a VMAP register makes the IRS set the bit.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hyp.h"

#define VMT_ID_BITS 8
#define VPE_ID_BITS 2           /* MAX_VCPUS */
#define SPI_ID_BITS 5           /* VM_SPIS */
#define LPI_MAX_ID_BITS 16
#define MAX_DESCRIPTOR 4096

/* PPIs whose virtual pending state is the physical one: the two timers */
#define DVI_PPIS (BIT(PPI_CNTV) | BIT(PPI_CNTP))

/* What the VM table is made of: four words */
struct vmte {
    uint64_t vmd, vpet, lpi, spi;
};

/* Each table is aligned to its size, as the IRS wants it. */
struct vm_tables {
    uint8_t vmd[MAX_DESCRIPTOR] __attribute__((aligned(MAX_DESCRIPTOR)));
    uint8_t vped[MAX_VCPUS][MAX_DESCRIPTOR];
    /* L1 ISTEs of LPIs, with physical addresses */
    uint64_t lpi_l1[64] __attribute__((aligned(512)));
    /* ISTEs of SPIs, and another place to which a restored VM has them moved */
    uint32_t spi[2][VM_SPIS] __attribute__((aligned(4 * VM_SPIS)));
    uint64_t vpet[MAX_VCPUS] __attribute__((aligned(8 * MAX_VCPUS)));
};

static struct vmte vmt[1 << VMT_ID_BITS]
    __attribute__((aligned(32 << VMT_ID_BITS)));
static struct vm_tables tables[MAX_VMS];

static struct vm_tables *tables_of(const struct vm *vm)
{
    return &tables[vm - vms];
}

/* Memory that the IRS changes */
static uint64_t load(const uint64_t *p)
{
    dsb();
    return mmio_r64((uint64_t)p);
}

/* A VMAP operation; all that it reads has been written before. */
static void vmap(unsigned reg, uint64_t value)
{
    dsb();
    irs_w64(reg, VMAP_M | value);
    irs_wait(IRS_VMT_STATUSR);
}

/* There is no status of success but the valid bit. */
static void check_valid(const uint64_t *entry, bool valid, const char *what)
{
    if ((load(entry) & TABLE_VALID) != valid) {
        die(what);
    }
}

void vgic_init(void)
{
    if (!(irs_r32(IRS_IDR0) & IDR0_VIRT)) {
        die("this IRS has no virtualization");
    }
    if (irs_r32(IRS_IDR2) & IDR2_ISTMD) {
        die("this IRS wants metadata in its tables");
    }
    /* A linear table of the smallest size; all IRSes have 8 bits of VM_ID. */
    irs_wait(IRS_VMT_STATUSR);
    irs_w32(IRS_VMT_CFGR, VMT_ID_BITS);
    dsb();
    irs_w64(IRS_VMT_BASER, (uint64_t)vmt | TABLE_VALID);
    irs_wait(IRS_VMT_STATUSR);
}

void vgic_init_pe(void)
{
    /* A guest does all by itself, but for who it is (see do_sysreg()). */
    wr(ICH_HFGRTR_EL2, HFGRTR_OPEN & ~(HFGRTR_IDR | HFGRTR_IAFFIDR));
    wr(ICH_HFGWTR_EL2, HFGWTR_OPEN);
    wr(ICH_HFGITR_EL2, HFGITR_OPEN);
    wr(ICH_VCTLR_EL2, VCTLR_EN);
    wr(ICH_CONTEXTR_EL2, 0);
    wr(ICH_PPI_DVIR0_EL2, 0);
    wr(ICH_PPI_DVIR1_EL2, 0);
    wr(ICH_PPI_ENABLER1_EL2, 0);
    wr(ICH_PPI_PENDR1_EL2, 0);
    wr(ICH_PPI_ACTIVER1_EL2, 0);
    isb();
}

/*
 * The lowest priority with which an interrupt may wake the vCPU, plus 1: it
 * has to pass the mask and to be more important than what is active.
 */
static unsigned doorbell_limit(const struct vcpu *v)
{
    unsigned mask = VMCR_VPMR(v->vgic.vmcr) + 1;
    unsigned active = v->vgic.apr ? __builtin_ctzl(v->vgic.apr) : 32;

    if (!(v->vm->irs.cr0 & 1) || !(v->vgic.vmcr & VMCR_EN)) {
        return 0;
    }
    return mask < active ? mask : active;
}

/* What follows is about this VPE. */
static void select_vpe(const struct vcpu *v)
{
    irs_w64(IRS_VPE_SELR, VPE_SELR_S | VPE_SELR_VPE(v->vpe) | v->vm->id);
    irs_wait(IRS_VPE_STATUSR);
    if (!(irs_r32(IRS_VPE_STATUSR) & STATUSR_V)) {
        die("a VPE is not valid");
    }
}

/* A VPE's doorbell is its own LPI. Who leaves says when it is to ring. */
static void set_doorbell(const struct vcpu *v)
{
    select_vpe(v);
    /* DPS: no 1-of-N interrupts */
    irs_w32(IRS_VPE_CR0, 1);
    irs_wait(IRS_VPE_STATUSR);
    irs_w64(IRS_VPE_DBR, VPE_DBR_DBV |
            INTID_ID(LPI_DOORBELL(v->vm - vms, v->vpe)));
    irs_wait(IRS_VPE_STATUSR);
}

static uint64_t doorbell(const struct vcpu *v)
{
    select_vpe(v);
    return irs_r64(IRS_VPE_DBR);
}

void vgic_make_vm(struct vm *vm)
{
    struct vm_tables *t = tables_of(vm);
    struct vmte *e = &vmt[vm->id];

    /* The VM first, with nothing in it; the tables are zero. */
    e->vmd = (irs_r32(IRS_IDR3) & IDR3_VMD) ? (uint64_t)t->vmd : 0;
    e->vpet = (uint64_t)t->vpet | VMTE_VPE_ID_BITS(VPE_ID_BITS);
    e->lpi = 0;
    e->spi = 0;
    vmap(IRS_VMAP_VMR, vm->id);
    check_valid(&e->vmd, true, "a VM has not become valid");

    e->spi = (uint64_t)t->spi[0] | VMTE_ID_BITS(SPI_ID_BITS);
    vmap(IRS_VMAP_VISTR, VMAP_VM(vm->id) | VMAP_TYPE(TYPE_SPI));
    check_valid(&e->spi, true, "a VM's SPIs have not become valid");

    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        t->vpet[i] = (uint64_t)t->vped[i];
        vmap(IRS_VMAP_VPER, VMAP_VM(vm->id) | i);
        check_valid(&t->vpet[i], true, "a VPE has not become valid");
        gic_lpi_on(LPI_DOORBELL(vm - vms, i), vm->vcpus[i].pe);
        set_doorbell(&vm->vcpus[i]);
    }
}

/* Not before all its VPEs have left; then its memory is ours again. */
void vgic_unmake_vm(struct vm *vm)
{
    struct vmte *e = &vmt[vm->id];

    vmap(IRS_VMAP_VMR, VMAP_U | vm->id);
    check_valid(&e->vmd, false, "a VM has stayed valid");
    *e = (struct vmte) { };
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        tables_of(vm)->vpet[i] = 0;
        gic_lpi_off(LPI_DOORBELL(vm - vms, i));
    }
}

/* --- residency --- */

/* While the guest has its IRS off, only PPIs come (IRICHPPIDIS). */
void vgic_resident(struct vcpu *v)
{
    bool on = v->vm->irs.cr0 & 1;

    wr(ICH_CONTEXTR_EL2, CONTEXTR_V | (on ? 0 : CONTEXTR_IRICHPPIDIS) |
       (uint64_t)v->vpe << CONTEXTR_VPE_SHIFT | v->vm->id);
    isb();
    if (rd(ICH_CONTEXTR_EL2) & CONTEXTR_F) {
        die("a VPE has not become resident");
    }
}

void vgic_load(struct vcpu *v)
{
    /* VMCR and APR before residency; DVI before the PPIs */
#define LOAD(name, reg) wr(reg, v->vgic.name);
    wr(ICH_PPI_DVIR0_EL2, DVI_PPIS);
    VGIC_REGS(LOAD)
    isb();
    vgic_resident(v);
}

void vgic_put(struct vcpu *v)
{
    uint64_t context = 0;
    unsigned limit;

#define SAVE(name, reg) v->vgic.name = rd(reg);
    VGIC_REGS(SAVE)
    wr(ICH_PPI_DVIR0_EL2, 0);

    /*
     * One that waits wants to hear of an interrupt, also of one that came
     * after vgic_pending(): then the doorbell rings at once.
     */
    limit = v->state == VCPU_BLOCKED ? doorbell_limit(v) : 0;
    if (limit) {
        context = CONTEXTR_DB | (uint64_t)(limit - 1) << CONTEXTR_DBPM_SHIFT;
    }
    /* V=0: whoever is resident leaves; VM and VPE are not looked at. */
    wr(ICH_CONTEXTR_EL2, context);
    isb();
}

bool vgic_pending(void)
{
    gic_sync();
    return rd(ICH_HPPIR_EL2) & HPPIR_HPPIV;
}

/* --- SPIs: devices that we emulate --- */

/* Wherever the VPE is: the IRS presents the interrupt, or rings. */
void vgic_set_spi(struct vm *vm, unsigned spi, bool pending)
{
    gic_vdpend(vm->id, SPI(spi), pending);
}

/* --- LPIs: the guest's own table --- */

/* Of an L2 table: bits of ID (ISTEs have 4 bytes) and bytes */
static unsigned l2_bits(const struct vm *vm)
{
    return 10 + 2 * IST_CFGR_L2SZ(vm->irs.ist_cfgr);
}

static uint64_t l2_size(const struct vm *vm)
{
    return 4ull << l2_bits(vm);
}

static unsigned l1_entries(const struct vm *vm)
{
    unsigned bits = IST_CFGR_ID_BITS(vm->irs.ist_cfgr);

    return bits > l2_bits(vm) ? 1u << (bits - l2_bits(vm)) : 1;
}

static uint64_t *guest_l1(const struct vm *vm)
{
    return (uint64_t *)stage2_translate(vm, vm->irs.ist_baser & IST_ADDR,
                                        8 * l1_entries(vm));
}

/*
 * The ISTEs stay where the guest has them: whatever it writes there, it harms
 * itself only. Its L1 ISTEs are no good for the IRS, which takes physical
 * addresses; and a guest must not choose those. So the IRS gets ours.
 */
static bool translate_l1(struct vm *vm, unsigned n)
{
    uint64_t ipa = guest_l1(vm)[n] & L1_ISTE_ADDR;
    uint64_t pa = stage2_translate(vm, ipa, l2_size(vm));

    if (!pa) {
        print("hyp: vm%u: level 2 table at 0x%lx is not in memory\n", vm->id,
              ipa);
        return false;
    }
    tables_of(vm)->lpi_l1[n] = pa;
    return true;
}

static uint64_t two_level(struct vm *vm)
{
    struct vm_tables *t = tables_of(vm);

    if (!guest_l1(vm)) {
        return 0;
    }
    for (unsigned i = 0; i < l1_entries(vm); i++) {
        t->lpi_l1[i] = 0;
        /* The table is not valid yet: we may set the bit. */
        if ((guest_l1(vm)[i] & TABLE_VALID) && translate_l1(vm, i)) {
            t->lpi_l1[i] |= TABLE_VALID;
        }
    }
    return (uint64_t)t->lpi_l1 | VMTE_TWO_LEVEL |
           VMTE_L2SZ(IST_CFGR_L2SZ(vm->irs.ist_cfgr));
}

void vgic_lpis_on(struct vm *vm)
{
    unsigned bits = IST_CFGR_ID_BITS(vm->irs.ist_cfgr);
    struct vmte *e = &vmt[vm->id];
    uint64_t word = 0;

    if (bits <= LPI_MAX_ID_BITS && IST_CFGR_ISTSZ(vm->irs.ist_cfgr) == 0 &&
        IST_CFGR_L2SZ(vm->irs.ist_cfgr) < 3) {
        word = vm->irs.ist_cfgr & IST_CFGR_TWO_LEVEL ? two_level(vm) :
               stage2_translate(vm, vm->irs.ist_baser & IST_ADDR, 4ull << bits);
    }
    if (word) {
        e->lpi = word | VMTE_ID_BITS(bits);
        vmap(IRS_VMAP_VISTR, VMAP_VM(vm->id) | VMAP_TYPE(TYPE_LPI));
    }
    /* What a guest asks for the IRS may refuse, too. */
    if (load(&e->lpi) & TABLE_VALID) {
        vm->irs.ist_baser |= TABLE_VALID;
    } else {
        print("hyp: vm%u: no table of LPIs: IRS_IST_CFGR 0x%x BASER 0x%lx\n",
              vm->id, vm->irs.ist_cfgr, vm->irs.ist_baser);
    }
}

void vgic_lpis_off(struct vm *vm)
{
    struct vmte *e = &vmt[vm->id];

    vmap(IRS_VMAP_VISTR, VMAP_U | VMAP_VM(vm->id) | VMAP_TYPE(TYPE_LPI));
    check_valid(&e->lpi, false, "a VM's LPIs have stayed valid");
    vm->irs.ist_baser &= ~TABLE_VALID;
}

void vgic_lpis_map_l2(struct vm *vm, unsigned id)
{
    struct vm_tables *t = tables_of(vm);
    unsigned n = id >> l2_bits(vm);

    if (!(vm->irs.ist_baser & TABLE_VALID) ||
        !(vm->irs.ist_cfgr & IST_CFGR_TWO_LEVEL) || n >= l1_entries(vm) ||
        (load(&t->lpi_l1[n]) & TABLE_VALID) || !translate_l1(vm, n)) {
        return;
    }
    vmap(IRS_VMAP_L2_VISTR, VMAP_VM(vm->id) | VMAP_TYPE(TYPE_LPI) | id);
    /* The guest sees what the IRS says. */
    guest_l1(vm)[n] |= load(&t->lpi_l1[n]) & TABLE_VALID;
    dsb();
}

/* --- save and restore --- */

static uint32_t pending[(1 << LPI_MAX_ID_BITS) + VM_SPIS];
static unsigned pending_count;

/* Does something with the ISTEs of @first and the following ones */
typedef void (*table_fn)(uint32_t *table, unsigned count, uint32_t first);

/*
 * Take the interrupts that are pending out of a table: none may become valid
 * with pending interrupts or with what the IRS keeps in HWU.
 */
static void take_pending(uint32_t *table, unsigned count, uint32_t first)
{
    for (unsigned i = 0; i < count; i++) {
        if (table[i] & ISTE_PENDING) {
            pending[pending_count++] = first + i;
        }
        table[i] &= ~(ISTE_PENDING | ISTE_HWU);
    }
}

static uint64_t sum;

static void add_to_sum(uint32_t *table, unsigned count, uint32_t first)
{
    for (unsigned i = 0; i < count; i++) {
        sum += (uint64_t)(table[i] & ~ISTE_HWU) * (first + i);
    }
}

static uint32_t *spi_table(const struct vm *vm)
{
    return (uint32_t *)(vmt[vm->id].spi & IST_ADDR);
}

static void for_each_table(const struct vm *vm, table_fn fn)
{
    const struct vm_tables *t = tables_of(vm);
    unsigned bits = IST_CFGR_ID_BITS(vm->irs.ist_cfgr);

    fn(spi_table(vm), VM_SPIS, SPI(0));
    if (!(vm->irs.ist_baser & TABLE_VALID)) {
        return;
    }
    if (!(vm->irs.ist_cfgr & IST_CFGR_TWO_LEVEL)) {
        fn((uint32_t *)(vmt[vm->id].lpi & IST_ADDR), 1u << bits, LPI(0));
        return;
    }
    for (unsigned i = 0; i < l1_entries(vm); i++) {
        if (t->lpi_l1[i] & TABLE_VALID) {
            fn((uint32_t *)(t->lpi_l1[i] & L1_ISTE_ADDR), 1u << l2_bits(vm),
               LPI(i << l2_bits(vm)));
        }
    }
}

static uint64_t checksum(const struct vm *vm)
{
    sum = 0;
    for_each_table(vm, add_to_sum);
    return sum;
}

static void save(struct vm *vm, uint64_t what)
{
    irs_w64(IRS_SAVE_VMR, what | vm->id);
    irs_wait(IRS_SAVE_VM_STATUSR);
    if (!(irs_r32(IRS_SAVE_VM_STATUSR) & SAVE_STATUSR_Q)) {
        die("a VM whose VPEs are off is not quiescent");
    }
}

/*
 * Take a VM, none of whose VPEs is resident, out of the IRS and put it back
 * from what is in memory, as a snapshot or a migration would.
 */
void vgic_save_restore(struct vm *vm)
{
    struct vm_tables *t = tables_of(vm);
    struct vmte *e = &vmt[vm->id];
    unsigned from = spi_table(vm) != t->spi[0];
    uint64_t before, doorbells[MAX_VCPUS];

    /*
     * S writes all to memory, Q says if anything has changed since. A
     * hypervisor with devices that others drive would try again.
     */
    save(vm, SAVE_S | SAVE_Q);
    before = checksum(vm);
    save(vm, SAVE_Q);
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        doorbells[i] = doorbell(&vm->vcpus[i]);
    }

    vmap(IRS_VMAP_VMR, VMAP_U | vm->id);
    check_valid(&e->vmd, false, "a VM has stayed valid");

    /* The memory is ours now. The SPIs move, to be sure that it counts. */
    pending_count = 0;
    for_each_table(vm, take_pending);
    for (unsigned i = 0; i < VM_SPIS; i++) {
        t->spi[!from][i] = t->spi[from][i];
        t->spi[from][i] = ~0u;
    }
    e->spi = (uint64_t)t->spi[!from] | VMTE_ID_BITS(SPI_ID_BITS) | TABLE_VALID;

    vmap(IRS_VMAP_VMR, vm->id);
    check_valid(&e->vmd, true, "a VM has not become valid again");

    /*
     * Tables and VPEs are valid with their VM, since their valid bits were
     * set. A VPE that VMAP_VPER makes valid has no doorbell, but these have
     * what they had: IRS_VPE_DBR, with the request of one that waits.
     */
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        if (doorbell(&vm->vcpus[i]) != doorbells[i] ||
            !(doorbells[i] & VPE_DBR_DBV)) {
            die("a VPE has lost its doorbell");
        }
    }
    for (unsigned i = 0; i < pending_count; i++) {
        gic_vdpend(vm->id, pending[i], true);
    }
    vm->saves++;
    vm->restored += pending_count;

    /* Only to show that all is as it was, and that somebody looks */
    save(vm, SAVE_S | SAVE_Q);
    if (checksum(vm) != before) {
        die("a VM's interrupts are not what they were");
    }
}
