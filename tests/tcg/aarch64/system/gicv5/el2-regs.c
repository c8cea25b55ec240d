/*
 * GICv5 guest tests: EL2's registers of the virtual CPU interface, what EL1
 * sees of them, and who has access
 *
 * "Inferred" marks what the architecture's published parts do not say.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "el2.h"

#define R 1
#define W 2

#define CONTEXTR_ALL (CONTEXTR_IRICHPPIDIS | CONTEXTR_DB |              \
                      CONTEXTR_DBPM(31) | CONTEXTR_VPE(0xffff) | 0xffff)

/* PPIs that exist, by the physical side's registers */
static uint64_t ppis[2], prio_masks[NUM_PRIO_REGS];

static void find_ppis(void)
{
    wr(ICC_PPI_ENABLER0_EL1, ~0ull);
    wr(ICC_PPI_ENABLER1_EL1, ~0ull);
    isb();
    ppis[0] = rd(ICC_PPI_ENABLER0_EL1);
    ppis[1] = rd(ICC_PPI_ENABLER1_EL1);
    wr(ICC_PPI_ENABLER0_EL1, 0);
    wr(ICC_PPI_ENABLER1_EL1, 0);
    isb();
    for (unsigned i = 0; i < 128; i++) {
        if (ppis[i / 64] & BIT(i % 64)) {
            prio_masks[i / 8] |= 0x1full << 8 * (i % 8);
        }
    }
}

/* Bits that software can write; ICH_HFGRTR_EL2[3] is another matter. */
static uint64_t ich_mask(unsigned n)
{
    switch (n) {
    case ICH_APR:
        return 0xffffffff;
    case ICH_HPPIR:
        return 0;
    case ICH_HFGRTR:
        return HFGRTR_OPEN;
    case ICH_HFGWTR:
        return HFGWTR_OPEN;
    case ICH_HFGITR:
        return HFGITR_OPEN;
    case ICH_VCTLR:
        return VCTLR_EN;
    case ICH_CONTEXTR:
        return CONTEXTR_ALL;
    case ICH_VMCR:
        return VMCR_VPMR(31) | VMCR_EN;
    }
    if (n >= ICH_PRIORITYR0) {
        return prio_masks[n - ICH_PRIORITYR0];
    }
    return ppis[(n - ICH_DVIR0) % 2];
}

/* Read-only, or RES1 in part */
static uint64_t ich_ignored(unsigned n)
{
    return n == ICH_HFGRTR ? BIT(3) : 0;
}

/* Reset values: inferred */
static void check_reset(unsigned cpu)
{
    for (unsigned i = 0; i < NUM_ICH; i++) {
        if (!CHECK_EQ(ich_boot[cpu][i] & ~ich_ignored(i), 0)) {
            print("# %s\n", ich_reg(i).name);
        }
    }
}

static void test_reset(void)
{
    check_reset(0);
    find_ppis();
}

static void job_dirty(void *unused)
{
    for (unsigned i = 0; i < NUM_ICH; i++) {
        if (i != ICH_HPPIR) {
            ich_write(i, ~CONTEXTR_V);
        }
    }
}

static void test_reset_cpu(void)
{
    if (cpu_start_all() < 2) {
        test_skip("one CPU");
        return;
    }
    check_reset(1);
    CHECK(cpu_call(1, job_dirty, NULL));
    CHECK(cpu_stop(1));
    CHECK(cpu_start(1));
    check_reset(1);
}

static void test_id(void)
{
    CHECK_EQ(rd(CurrentEL) >> 2, 2);
    CHECK_EQ(entry_el, 2);
    CHECK(has_gicv5());
    CHECK(rd(id_aa64pfr0_el1) >> 8 & 0xf);
    /* No GICv3, and no FEAT_GCIE_LEGACY */
    CHECK_EQ(rd(id_aa64pfr0_el1) >> 24 & 0xf, 0);
    CHECK_EQ(rd(ICC_IDR0_EL1) >> 8 & 0xf, 0);
    CHECK(irs_r32(IRS_IDR0) & IRS_IDR0_VIRT);
    /* VM_ID_BITS of 8 to 16; descriptors of at most 4 KiB */
    CHECK((irs_r32(IRS_IDR3) >> 5 & 31) >= 8);
    CHECK((irs_r32(IRS_IDR3) >> 5 & 31) <= 16);
    CHECK((irs_r32(IRS_IDR3) >> 1 & 15) <= 12);
    CHECK((irs_r32(IRS_IDR4) & 63) <= 12);
    /* SW_PPI and all timers of EL1 and EL2 */
    for (unsigned i = 26; i <= 30; i++) {
        if (i != 29) {
            CHECK(ppis[0] & BIT(i));
        }
    }
    CHECK(ppis[0] & BIT(PPI_SW));
}

static void test_widths(void)
{
    static const uint64_t patterns[] = {
        ~0ull, 0, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa, ~0ull << 32,
        0x123456789abcdef0,
    };

    for (unsigned i = 0; i < NUM_ICH; i++) {
        for (unsigned p = 0; p < ARRAY_SIZE(patterns); p++) {
            uint64_t v = patterns[p];

            if (i == ICH_HPPIR) {
                continue;
            }
            if (i == ICH_CONTEXTR) {
                v &= ~CONTEXTR_V;
            }
            ich_write(i, v);
            if (!CHECK_EQ(ich_read(i) & ~ich_ignored(i),
                          v & ich_mask(i) & ~ich_ignored(i))) {
                print("# %s after 0x%lx\n", ich_reg(i).name, v);
            }
        }
    }
}

/* A write to one of them changes no other. */
static void test_distinct(void)
{
    for (unsigned i = 0; i < NUM_ICH; i++) {
        for (unsigned j = 0; j < NUM_ICH; j++) {
            if (j != ICH_HPPIR) {
                ich_write(j, 0);
            }
        }
        if (i != ICH_HPPIR) {
            ich_write(i, ~CONTEXTR_V);
        }
        for (unsigned j = 0; j < NUM_ICH; j++) {
            uint64_t want = i == j ? ich_mask(i) & ~CONTEXTR_V : 0;

            if (!CHECK_EQ(ich_read(j) & ~ich_ignored(j),
                          want & ~ich_ignored(j))) {
                print("# %s after a write to %s\n", ich_reg(j).name,
                      ich_reg(i).name);
            }
        }
    }
}

/* The virtual side has nothing to do with the physical one. */
static void test_physical_apart(void)
{
    struct iface_state before, after;

    wr(ICC_APR_EL1, 0x10);
    wr(ICC_PCR_EL1, 0x12);
    ppi_enable(PPI_CNTV, true);
    iface_save(&before);
    for (unsigned i = 0; i < NUM_ICH; i++) {
        if (i != ICH_HPPIR) {
            ich_write(i, ~CONTEXTR_V);
        }
    }
    iface_save(&after);
    CHECK_EQ(after.cr0, before.cr0);
    CHECK_EQ(after.pcr, before.pcr);
    CHECK_EQ(after.apr, before.apr);
    CHECK_EQ(after.hppir, before.hppir);
    CHECK_EQ(after.icsr, before.icsr);
    for (unsigned n = 0; n < 2; n++) {
        CHECK_EQ(after.enabler[n], before.enabler[n]);
        CHECK_EQ(after.pendr[n], before.pendr[n]);
        CHECK_EQ(after.activer[n], before.activer[n]);
    }
    for (unsigned n = 0; n < NUM_PRIO_REGS; n++) {
        CHECK_EQ(after.priorityr[n], before.priorityr[n]);
    }
    /* And the other way round */
    for (unsigned i = 0; i < NUM_ICH; i++) {
        if (i != ICH_HPPIR && i != ICH_HFGRTR) {
            ich_write(i, 0);
        }
    }
    wr(ICC_PPI_ENABLER0_EL1, ~0ull);
    wr(ICC_PPI_SPENDR0_EL1, BIT(PPI_SW));
    wr(ICC_PPI_SACTIVER0_EL1, ~0ull);
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        write_priorityr(i, 0x0101010101010101ull);
    }
    isb();
    for (unsigned i = 0; i < NUM_ICH; i++) {
        if (i != ICH_HFGRTR) {
            CHECK_EQ(ich_read(i), 0);
        }
    }
}

/* ICV and ICH, each way */

static struct iface_state seen;

static uint64_t guest_save(uint64_t unused)
{
    iface_save(&seen);
    return 0;
}

static void test_icv_reads(void)
{
    wr(ICC_PCR_EL1, 0x1e);
    wr(ICC_APR_EL1, BIT(30));
    ich_write(ICH_VMCR, VMCR_VPMR(0x15) | VMCR_EN);
    ich_write(ICH_APR, 0x12345678);
    ich_write(ICH_ENABLER0, ppis[0] & 0x5555555555555555);
    ich_write(ICH_ENABLER1, ppis[1] & 0xaaaaaaaaaaaaaaaa);
    ich_write(ICH_PENDR0, ppis[0] & 0xaaaaaaaaaaaaaaaa);
    ich_write(ICH_PENDR1, ppis[1] & 0x5555555555555555);
    ich_write(ICH_ACTIVER0, ppis[0] & 0xcccccccccccccccc);
    ich_write(ICH_ACTIVER1, ppis[1] & 0x3333333333333333);
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        ich_write(ICH_PRIORITYR0 + i, 0x1716151413121110ull + i);
    }
    guest(GUEST_HCR, guest_save, 0);
    CHECK_EQ(seen.cr0, CR0_LINK_IDLE | CR0_LINK | CR0_EN);
    CHECK_EQ(seen.pcr, 0x15);
    CHECK_EQ(seen.apr, 0x12345678);
    CHECK_EQ(seen.hppir, 0);
    CHECK_EQ(seen.enabler[0], ppis[0] & 0x5555555555555555);
    CHECK_EQ(seen.enabler[1], ppis[1] & 0xaaaaaaaaaaaaaaaa);
    CHECK_EQ(seen.pendr[0], ppis[0] & 0xaaaaaaaaaaaaaaaa);
    CHECK_EQ(seen.pendr[1], ppis[1] & 0x5555555555555555);
    CHECK_EQ(seen.activer[0], ppis[0] & 0xcccccccccccccccc);
    CHECK_EQ(seen.activer[1], ppis[1] & 0x3333333333333333);
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        CHECK_EQ(seen.priorityr[i],
                 (0x1716151413121110ull + i) & prio_masks[i]);
    }
    /* EN=0; LINK and LINK_IDLE stay: inferred */
    ich_write(ICH_VMCR, VMCR_VPMR(0x1f));
    guest(GUEST_HCR, guest_save, 0);
    CHECK_EQ(seen.cr0, CR0_LINK_IDLE | CR0_LINK);
    CHECK_EQ(seen.pcr, 0x1f);
    /* EL2 has had its own all the time */
    CHECK_EQ(rd(ICC_PCR_EL1), 0x1e);
    CHECK_EQ(rd(ICC_APR_EL1), BIT(30));
    CHECK_EQ(rd(ICC_CR0_EL1) & CR0_EN, CR0_EN);
}

static uint64_t guest_write(uint64_t unused)
{
    wr(ICC_CR0_EL1, CR0_EN);
    wr(ICC_PCR_EL1, 0xffffffffffffffea);
    wr(ICC_APR_EL1, 0xffffffff89abcdef);
    wr(ICC_PPI_ENABLER0_EL1, ~0ull);
    wr(ICC_PPI_ENABLER1_EL1, ~0ull);
    wr(ICC_PPI_SPENDR0_EL1, BIT(PPI_SW));
    wr(ICC_PPI_SACTIVER0_EL1, ~0ull);
    wr(ICC_PPI_SACTIVER1_EL1, ~0ull);
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        write_priorityr(i, 0x0807060504030201ull * 2 + i);
    }
    isb();
    return rd(ICC_CR0_EL1);
}

static uint64_t guest_write_more(uint64_t unused)
{
    wr(ICC_CR0_EL1, 0);
    wr(ICC_PPI_ENABLER0_EL1, BIT(PPI_CNTV));
    wr(ICC_PPI_CPENDR0_EL1, BIT(PPI_SW));
    wr(ICC_PPI_CACTIVER0_EL1, BIT(PPI_SW) | BIT(PPI_CNTP));
    /* Zeros do nothing in these */
    wr(ICC_PPI_SACTIVER0_EL1, 0);
    wr(ICC_PPI_SPENDR0_EL1, 0);
    isb();
    return rd(ICC_CR0_EL1);
}

static void test_icv_writes(void)
{
    struct iface_state before, after;

    iface_save(&before);
    CHECK_EQ(guest(GUEST_HCR, guest_write, 0),
             CR0_LINK_IDLE | CR0_LINK | CR0_EN);
    CHECK_EQ(ich_read(ICH_VMCR), VMCR_VPMR(0x0a) | VMCR_EN);
    CHECK_EQ(ich_read(ICH_APR), 0x89abcdef);
    CHECK_EQ(ich_read(ICH_ENABLER0), ppis[0]);
    CHECK_EQ(ich_read(ICH_ENABLER1), ppis[1]);
    CHECK_EQ(ich_read(ICH_PENDR0), BIT(PPI_SW));
    CHECK_EQ(ich_read(ICH_ACTIVER0), ppis[0]);
    CHECK_EQ(ich_read(ICH_ACTIVER1), ppis[1]);
    for (unsigned i = 0; i < NUM_PRIO_REGS; i++) {
        CHECK_EQ(ich_read(ICH_PRIORITYR0 + i),
                 (0x0807060504030201ull * 2 + i) & prio_masks[i]);
    }
    CHECK_EQ(guest(GUEST_HCR, guest_write_more, 0), CR0_LINK_IDLE | CR0_LINK);
    CHECK_EQ(ich_read(ICH_VMCR), VMCR_VPMR(0x0a));
    CHECK_EQ(ich_read(ICH_ENABLER0), BIT(PPI_CNTV));
    CHECK_EQ(ich_read(ICH_PENDR0), 0);
    CHECK_EQ(ich_read(ICH_ACTIVER0),
             ppis[0] & ~(BIT(PPI_SW) | BIT(PPI_CNTP)));
    iface_save(&after);
    CHECK_EQ(after.cr0, before.cr0);
    CHECK_EQ(after.pcr, before.pcr);
    CHECK_EQ(after.apr, before.apr);
    CHECK_EQ(after.enabler[0], before.enabler[0]);
    CHECK_EQ(after.pendr[0], before.pendr[0]);
    CHECK_EQ(after.activer[0], before.activer[0]);
    CHECK_EQ(after.priorityr[0], before.priorityr[0]);
}

/* What has no virtual form shows the physical values. */
static uint64_t guest_constants(uint64_t n)
{
    switch (n) {
    case 0:
        return rd(ICC_IDR0_EL1);
    case 1:
        return rd(ICC_IAFFIDR_EL1);
    case 2:
        return rd(ICC_PPI_HMR0_EL1);
    case 3:
        return rd(ICC_PPI_HMR1_EL1);
    case 4:
        return rd(ICC_HAPR_EL1);
    }
    wr(ICC_ICSR_EL1, n);
    isb();
    return rd(ICC_ICSR_EL1);
}

static void test_no_icv(void)
{
    for (unsigned imo = 0; imo < 2; imo++) {
        uint64_t hcr = imo ? GUEST_HCR : PHYS_HCR;

        CHECK_EQ(guest(hcr, guest_constants, 0), rd(ICC_IDR0_EL1));
        CHECK_EQ(guest(hcr, guest_constants, 1), rd(ICC_IAFFIDR_EL1));
        CHECK_EQ(guest(hcr, guest_constants, 2), rd(ICC_PPI_HMR0_EL1));
        CHECK_EQ(guest(hcr, guest_constants, 3), rd(ICC_PPI_HMR1_EL1));
        /* ICC_ICSR_EL1: all defined fields, one register for all */
        CHECK_EQ(guest(hcr, guest_constants, ~0ull), ICSR_ALL);
        CHECK_EQ(rd(ICC_ICSR_EL1), ICSR_ALL);
        CHECK_EQ(guest(hcr, guest_constants, 0x1230000003e), 0x1230000003e);
        CHECK_EQ(rd(ICC_ICSR_EL1), 0x1230000003e);
    }
    wr(ICC_ICSR_EL1, 0);
    CHECK_EQ(guest_constants(4), 0xff);
}

/* Where it is still there, it shows the current domain's priority. */
static void test_hapr(void)
{
    if (probe_insn(insn_sys(true, 3, 1, 12, 0, 3)) != INSN_OK) {
        test_skip("no ICC_HAPR_EL1");
        return;
    }
    wr(ICC_APR_EL1, BIT(7));
    ich_write(ICH_APR, BIT(19) | BIT(22));
    CHECK_EQ(guest(GUEST_HCR, guest_constants, 4), 19);
    CHECK_EQ(guest(PHYS_HCR, guest_constants, 4), 7);
    CHECK_EQ(rd(ICC_HAPR_EL1), 7);
    ich_write(ICH_APR, 0);
    CHECK_EQ(guest(GUEST_HCR, guest_constants, 4), 0xff);
}

/* Access */

static int results[2];

/* @insn: a register of EL2, or GIC VD* */
static uint64_t guest_try(uint64_t insn)
{
    results[0] = guest_probe(insn);
    results[1] = guest_probe_el0(insn);
    return 0;
}

static void try_at_el1(uint64_t hcr, uint32_t insn, int want)
{
    struct vcpu *v = guest_vcpu();

    guest(hcr, guest_try, insn);
    if (!CHECK_EQ(results[0], want) | !CHECK_EQ(results[1], INSN_UNDEF)) {
        print("# instruction %08x, HCR_EL2 0x%lx\n", insn, hcr);
    }
    if (want == INSN_TRAP) {
        CHECK_EQ(v->traps, 1);
        CHECK_EQ(v->trap_esr, esr_of(insn));
    } else {
        CHECK_EQ(v->traps, 0);
    }
}

static void ich_at_el1(uint64_t hcr, int want)
{
    for (unsigned imo = 0; imo < 2; imo++) {
        uint64_t h = hcr | (imo ? GUEST_HCR : PHYS_HCR);

        for (unsigned i = 0; i < NUM_ICH; i++) {
            struct ich_reg r = ich_reg(i);

            try_at_el1(h, insn_sys(true, 3, 4, 12, r.crm, r.op2), want);
            if (i != ICH_HPPIR) {
                try_at_el1(h, insn_sys(false, 3, 4, 12, r.crm, r.op2), want);
            } else if (want == INSN_UNDEF) {
                try_at_el1(h, insn_sys(false, 3, 4, 12, r.crm, r.op2), want);
            }
        }
        /* ICC_SRE_EL2 */
        try_at_el1(h, insn_sys(true, 3, 4, 12, 9, 5), want);
        try_at_el1(h, insn_sys(false, 3, 4, 12, 9, 5), want);
    }
}

static void test_ich_el1(void)
{
    ich_at_el1(0, INSN_UNDEF);
}

static bool has_nv(unsigned version)
{
    /* ID_AA64MMFR2_EL1.NV */
    return (rd(id_aa64mmfr2_el1) >> 24 & 0xf) >= version;
}

static void test_ich_nv(void)
{
    if (!has_nv(1)) {
        test_skip("no FEAT_NV");
        return;
    }
    ich_at_el1(HCR_NV, INSN_TRAP);
    ich_at_el1(HCR_NV | HCR_NV1, INSN_TRAP);
}

static uint64_t guest_mrs(uint64_t insn)
{
    uint64_t v = 0;

    results[0] = probe_insn_x0(insn, &v);
    return v;
}

static void test_trap_value(void)
{
    struct vcpu *v = guest_vcpu();

    if (!has_nv(1)) {
        test_skip("no FEAT_NV");
        return;
    }
    vcpu_init(v, GUEST_HCR | HCR_NV, guest_mrs,
              insn_sys(true, 3, 4, 12, 11, 7) & ~31u);
    v->trap_value = 0x5678;
    ich_write(ICH_VMCR, VMCR_VPMR(3));
    CHECK_EQ(vcpu_run(v), VCPU_DONE);
    CHECK_EQ(v->x[0], 0x5678);
}

/* A word of the page to which FEAT_NV2 sends accesses */
static shared uint64_t vncr_page[512] __attribute__((aligned(4096)));
static uint64_t msr_value;

static uint64_t guest_msr(uint64_t insn)
{
    uint64_t v = msr_value;

    results[0] = probe_insn_x0(insn, &v);
    return 0;
}

/* Offsets other than those of HFG* and VMCR: inferred */
static unsigned vncr_offset(unsigned n)
{
    switch (n) {
    case ICH_VMCR:
        return 0x4c8;
    case ICH_APR:
        return 0xb00;
    case ICH_CONTEXTR:
        return 0xb08;
    case ICH_HFGITR:
        return 0xb10;
    case ICH_HFGRTR:
        return 0xb18;
    case ICH_HFGWTR:
        return 0xb20;
    case ICH_VCTLR:
        return 0xb28;
    case ICH_ACTIVER0:
    case ICH_ACTIVER1:
        return 0xb30 + 8 * (n - ICH_ACTIVER0);
    case ICH_DVIR0:
    case ICH_DVIR1:
        return 0xb40 + 8 * (n - ICH_DVIR0);
    case ICH_ENABLER0:
    case ICH_ENABLER1:
        return 0xb50 + 8 * (n - ICH_ENABLER0);
    case ICH_HPPIR:
    case ICH_PENDR0:
    case ICH_PENDR1:
        return 0;
    }
    return 0xb80 + 8 * (n - ICH_PRIORITYR0);
}

static void test_vncr(void)
{
    uint64_t hcr = GUEST_HCR | HCR_NV | HCR_NV2;
    struct vcpu *v = guest_vcpu();

    if (!has_nv(2)) {
        test_skip("no FEAT_NV2");
        return;
    }
    wr(VNCR_EL2, (uint64_t)vncr_page);
    isb();
    for (unsigned n = 0; n < NUM_ICH; n++) {
        struct ich_reg r = ich_reg(n);
        uint32_t mrs = insn_sys(true, 3, 4, 12, r.crm, r.op2) & ~31u;
        uint32_t msr = insn_sys(false, 3, 4, 12, r.crm, r.op2) & ~31u;
        unsigned offset = vncr_offset(n);
        uint64_t own = ich_read(n);

        for (unsigned i = 0; i < 512; i++) {
            vncr_page[i] = 0x1234567800000000ull + i;
        }
        if (!offset) {
            guest(hcr, guest_mrs, mrs);
            CHECK_EQ(v->traps, 1);
            CHECK_EQ(v->trap_esr, esr_of(mrs));
            if (n != ICH_HPPIR) {
                guest(hcr, guest_msr, msr);
                CHECK_EQ(v->traps, 1);
                CHECK_EQ(v->trap_esr, esr_of(msr));
            }
            continue;
        }
        if (!CHECK_EQ(guest(hcr, guest_mrs, mrs),
                      0x1234567800000000ull + offset / 8)) {
            print("# %s\n", r.name);
        }
        CHECK_EQ(v->traps, 0);
        /* Memory has all bits, and no other word changes */
        msr_value = 0xfedcba9876543210ull;
        guest(hcr, guest_msr, msr);
        CHECK_EQ(v->traps, 0);
        for (unsigned i = 0; i < 512; i++) {
            if (!CHECK_EQ(vncr_page[i], i == offset / 8 ? msr_value
                          : 0x1234567800000000ull + i)) {
                print("# %s, offset 0x%x\n", r.name, i * 8);
            }
        }
        CHECK_EQ(ich_read(n), own);
    }
}

/* CRm and op2 of the VD forms, as of the CD forms and the LD forms */
static const uint8_t vd[][2] = {
    { 1, 0 }, { 1, 1 }, { 1, 2 }, { 1, 3 }, { 1, 4 }, { 1, 5 }, { 2, 0 },
    { 2, 1 },
};

static void test_vd_el1(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(vd); i++) {
        uint32_t insn = insn_sys(false, 1, 4, 12, vd[i][0], vd[i][1]);

        try_at_el1(GUEST_HCR, insn, INSN_UNDEF);
        try_at_el1(PHYS_HCR, insn, INSN_UNDEF);
        if (has_nv(1)) {
            try_at_el1(GUEST_HCR | HCR_NV, insn, INSN_TRAP);
            try_at_el1(PHYS_HCR | HCR_NV, insn, INSN_TRAP);
            try_at_el1(GUEST_HCR | HCR_NV | HCR_NV1, insn, INSN_TRAP);
        }
        if (has_nv(2)) {
            try_at_el1(GUEST_HCR | HCR_NV | HCR_NV2, insn, INSN_TRAP);
        }
    }
}

static void test_ld(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(vd); i++) {
        uint32_t insn = insn_sys(false, 1, 6, 12, vd[i][0], vd[i][1]);

        CHECK_EQ(probe_insn(insn), INSN_UNDEF);
        try_at_el1(GUEST_HCR, insn, INSN_UNDEF);
    }
}

/* CDPEND and the others have no term for NV; GSB is never trapped. */
static void test_cd_nv(void)
{
    static const uint8_t cd[][3] = {
        { false, 0, 0 }, { false, 0, 1 }, { false, 1, 4 }, { false, 1, 7 },
        { false, 2, 0 }, { true, 3, 0 }, { true, 3, 1 },
    };

    if (!has_nv(1)) {
        test_skip("no FEAT_NV");
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(cd); i++) {
        try_at_el1(GUEST_HCR | HCR_NV,
                   insn_sys(cd[i][0], 1, 0, 12, cd[i][1], cd[i][2]), INSN_OK);
    }
}

static uint64_t guest_sre(uint64_t unused)
{
    wr(ICC_SRE_EL1, 0);
    isb();
    return rd(ICC_SRE_EL1);
}

static void test_sre(void)
{
    CHECK_EQ(rd(ICC_SRE_EL1), 7);
    CHECK_EQ(rd(ICC_SRE_EL2), 0xf);
    wr(ICC_SRE_EL1, 0);
    wr(ICC_SRE_EL2, 0);
    isb();
    CHECK_EQ(rd(ICC_SRE_EL1), 7);
    CHECK_EQ(rd(ICC_SRE_EL2), 0xf);
    wr(ICC_SRE_EL1, ~0ull);
    wr(ICC_SRE_EL2, ~0ull);
    isb();
    CHECK_EQ(rd(ICC_SRE_EL1), 7);
    CHECK_EQ(rd(ICC_SRE_EL2), 0xf);
    CHECK_EQ(guest(GUEST_HCR, guest_sre, 0), 7);
    CHECK_EQ(guest(PHYS_HCR, guest_sre, 0), 7);
    /* EL0 has none, and there is no ICC_SRE_EL3. */
    try_at_el1(GUEST_HCR, insn_sys(true, 3, 0, 12, 12, 5), INSN_OK);
    try_at_el1(GUEST_HCR, insn_sys(false, 3, 0, 12, 12, 5), INSN_OK);
    CHECK_EQ(probe_insn(insn_sys(true, 3, 6, 12, 12, 5)), INSN_UNDEF);
}

/* Accesses that EL2 has to op0=3 CRn=12 */
static unsigned reg_access(unsigned op1, unsigned crm, unsigned op2)
{
    switch (op1) {
    case 0:
        switch (crm) {
        case 10:
            return op2 == 4 || op2 >= 6 ? R | W : R;
        case 12:
            return op2 == 5 ? R | W : 0;
        case 13:
        case 14:
        case 15:
            return R | W;
        }
        break;
    case 1:
        if (crm == 0) {
            return op2 <= 2 ? R | W : op2 == 3 ? R : 0;
        }
        break;
    case 4:
        switch (crm) {
        case 8:
            return op2 == 4 ? R | W : op2 == 5 ? R : 0;
        case 9:
            return op2 >= 4 ? R | W : 0;
        case 10:
        case 14:
        case 15:
            return R | W;
        case 11:
            return op2 == 4 || op2 >= 6 ? R | W : 0;
        }
        break;
    }
    return 0;
}

/* The same for op0=1 CRn=12: SYSL (R) and SYS (W) */
static unsigned insn_access(unsigned op1, unsigned crm, unsigned op2)
{
    switch (crm) {
    case 0:
        return op1 == 0 && op2 <= 1 ? W : 0;
    case 1:
        return op1 == 0 ? (op2 != 6 ? W : 0) : op1 == 4 && op2 <= 5 ? W : 0;
    case 2:
        return (op1 == 0 || op1 == 4) && op2 <= 1 ? W : 0;
    case 3:
        return op1 == 0 && op2 <= 1 ? R : 0;
    }
    return 0;
}

static void sweep(unsigned op0,
                  unsigned (*access)(unsigned, unsigned, unsigned))
{
    for (unsigned op1 = 0; op1 < 8; op1++) {
        for (unsigned crm = 0; crm < 16; crm++) {
            /* VBAR_ELx, ISR_EL1 and their like */
            if (op0 == 3 && crm <= 1 && op1 != 1) {
                continue;
            }
            for (unsigned op2 = 0; op2 < 8; op2++) {
                for (unsigned read = 0; read < 2; read++) {
                    uint32_t insn = insn_sys(read, op0, op1, 12, crm, op2);
                    bool ok = access(op1, crm, op2) & (read ? R : W);

                    if (!CHECK_EQ(probe_insn(insn),
                                  ok ? INSN_OK : INSN_UNDEF)) {
                        print("# %s op0=%u op1=%u CRn=12 CRm=%u op2=%u\n",
                              read ? "read" : "write", op0, op1, crm, op2);
                    }
                }
            }
        }
    }
}

static void test_sweep_regs(void)
{
    sweep(3, reg_access);
}

static void test_sweep_insns(void)
{
    sweep(1, insn_access);
}

static void test_sweep_vhe(void)
{
    host_hcr(VHE_HCR);
    sweep(3, reg_access);
    sweep(1, insn_access);
}

static void test_icv_vhe(void)
{
    host_hcr(VHE_HCR);
    wr(ICC_PCR_EL1, 0x1e);
    ich_write(ICH_VMCR, VMCR_VPMR(0x15) | VMCR_EN);
    ich_write(ICH_APR, 0x12345678);
    guest(GUEST_HCR | HCR_E2H, guest_save, 0);
    CHECK_EQ(seen.cr0, CR0_LINK_IDLE | CR0_LINK | CR0_EN);
    CHECK_EQ(seen.pcr, 0x15);
    CHECK_EQ(seen.apr, 0x12345678);
    CHECK_EQ(rd(ICC_PCR_EL1), 0x1e);
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    guest(GUEST_HCR | HCR_E2H, guest_write, 0);
    CHECK_EQ(ich_read(ICH_VMCR), VMCR_VPMR(0x0a) | VMCR_EN);
    CHECK_EQ(rd(ICC_PCR_EL1), 0x1e);
    /* IMO=0 */
    guest(PHYS_HCR | HCR_E2H, guest_save, 0);
    CHECK_EQ(seen.pcr, 0x1e);
    CHECK_EQ(rd(hcr_el2), VHE_HCR);
}

/* FMO has no say in it. */
static void test_fmo(void)
{
    wr(ICC_PCR_EL1, 0x1e);
    ich_write(ICH_VMCR, VMCR_VPMR(0x15));
    guest(HCR_RW | HCR_FMO, guest_save, 0);
    CHECK_EQ(seen.pcr, 0x1e);
    guest(HCR_RW | HCR_IMO, guest_save, 0);
    CHECK_EQ(seen.pcr, 0x15);
    guest(HCR_RW, guest_save, 0);
    CHECK_EQ(seen.pcr, 0x1e);
}

const struct test tests[] = {
    { "reset values", test_reset, true },
    { "reset values of another CPU, also of its second start",
      test_reset_cpu },
    { "identification", test_id },
    { "ICH_*: widths", test_widths },
    { "ICH_*: each is a register of its own", test_distinct },
    { "ICH_*: apart from the physical registers", test_physical_apart },
    { "ICV_*: EL1 reads what EL2 has written", test_icv_reads },
    { "ICV_*: EL2 reads what EL1 has written", test_icv_writes },
    { "registers without a virtual form", test_no_icv },
    { "ICV_HAPR_EL1", test_hapr },
    { "IMO alone chooses, not FMO", test_fmo },
    { "ICH_*: UNDEFINED at EL1 and EL0", test_ich_el1 },
    { "ICH_*: trapped from EL1 with NV", test_ich_nv },
    { "a trapped read's result", test_trap_value },
    { "ICH_*: memory at VNCR_EL2 with NV2", test_vncr },
    { "VD*: UNDEFINED at EL1, trapped with NV", test_vd_el1 },
    { "LD*: UNDEFINED", test_ld },
    { "CD* and GSB: not trapped by NV", test_cd_nv },
    { "ICC_SRE_EL1 and ICC_SRE_EL2", test_sre },
    { "EL2: which registers there are", test_sweep_regs },
    { "EL2: which instructions there are", test_sweep_insns },
    { "VHE: which registers and instructions there are", test_sweep_vhe },
    { "VHE: ICV_* and ICH_*", test_icv_vhe },
    { }
};
