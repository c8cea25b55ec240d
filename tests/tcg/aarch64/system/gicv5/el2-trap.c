/*
 * GICv5 guest tests: fine-grained traps, ICH_HFGRTR_EL2, ICH_HFGWTR_EL2 and
 * ICH_HFGITR_EL2
 *
 * A bit that is 0 traps.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "el2.h"

#define NONE 0xff
#define UNDEFINED 0xfe
#define ALWAYS 0xfd

/* Registers of EL1, and the bits that open them to it */
struct reg {
    const char *name;
    uint8_t op1, crm, op2, count;
    uint8_t read, write;
};

static const struct reg regs[] = {
    { "ICC_PPI_CACTIVER<n>_EL1", 0, 13, 0, 2, 20, 20 },
    { "ICC_PPI_SACTIVER<n>_EL1", 0, 13, 2, 2, 20, 20 },
    { "ICC_PPI_PRIORITYR<n>_EL1", 0, 14, 0, 8, 19, 19 },
    { "ICC_PPI_PRIORITYR<n>_EL1", 0, 15, 0, 8, 19, 19 },
    { "ICC_PPI_CPENDR<n>_EL1", 0, 13, 4, 2, 18, 18 },
    { "ICC_PPI_SPENDR<n>_EL1", 0, 13, 6, 2, 18, 18 },
    { "ICC_PPI_ENABLER<n>_EL1", 0, 10, 6, 2, 17, 17 },
    { "ICC_PPI_HMR<n>_EL1", 0, 10, 0, 2, 16, UNDEFINED },
    { "ICC_IAFFIDR_EL1", 0, 10, 5, 1, 7, UNDEFINED },
    { "ICC_ICSR_EL1", 0, 10, 4, 1, 6, 6 },
    { "ICC_PCR_EL1", 1, 0, 2, 1, 5, 5 },
    { "ICC_HPPIR_EL1", 0, 10, 3, 1, 4, UNDEFINED },
    { "ICC_CR0_EL1", 1, 0, 1, 1, 2, 2 },
    { "ICC_IDR0_EL1", 0, 10, 2, 1, 1, UNDEFINED },
    { "ICC_APR_EL1", 1, 0, 0, 1, 0, 0 },
    /* Not of these registers */
    { "ICC_SRE_EL1", 0, 12, 5, 1, ALWAYS, ALWAYS },
};

/* Instructions and their bits; the acknowledges are SYSL */
static const struct insn {
    const char *name;
    uint8_t read, crm, op2;
    uint8_t bit;
} insns[] = {
    { "GICR CDNMIA", true, 3, 1, 10 },
    { "GICR CDIA", true, 3, 0, 9 },
    { "GIC CDDI", false, 2, 0, 8 },
    { "GIC CDEOI", false, 1, 7, 7 },
    { "GIC CDHM", false, 2, 1, 6 },
    { "GIC CDRCFG", false, 1, 5, 5 },
    { "GIC CDPEND", false, 1, 4, 4 },
    { "GIC CDAFF", false, 1, 3, 3 },
    { "GIC CDPRI", false, 1, 2, 2 },
    { "GIC CDDIS", false, 1, 0, 1 },
    { "GIC CDEN", false, 1, 1, 0 },
    { "GSB SYS", false, 0, 0, ALWAYS },
    { "GSB ACK", false, 0, 1, ALWAYS },
};

/* What the registers have, so that the guest knows what to expect */
static uint64_t hfgrtr, hfgwtr, hfgitr;

static void set_traps(uint64_t r, uint64_t w, uint64_t i)
{
    hfgrtr = r;
    hfgwtr = w;
    hfgitr = i;
    wr(ICH_HFGRTR_EL2, r);
    wr(ICH_HFGWTR_EL2, w);
    wr(ICH_HFGITR_EL2, i);
    isb();
}

static unsigned traps_seen;

/*
 * At EL1: one encoding. Where it has to trap it is tried with a register that
 * differs each time, for the syndrome; otherwise with XZR.
 */
static void try(const char *name, unsigned n, uint32_t insn, int want)
{
    static unsigned rt;
    struct vcpu *v = this_vcpu();
    int got;

    if (want == INSN_TRAP) {
        rt = (rt + 1) % 18;
        insn = (insn & ~31u) | (rt < 17 ? rt : 31);
    }
    got = guest_probe(insn);
    if (!CHECK_EQ(got, want)) {
        print("# %s of %s, n=%u\n", insn & 1u << 21 ? "read" : "write", name,
              n);
    }
    if (got == INSN_TRAP) {
        CHECK_EQ(v->trap_esr, esr_of(insn));
        traps_seen++;
    }
}

static int expected(unsigned bit, uint64_t open)
{
    return bit == UNDEFINED ? INSN_UNDEF
           : bit == ALWAYS || open >> bit & 1 ? INSN_OK : INSN_TRAP;
}

static void guest_regs(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        const struct reg *r = &regs[i];

        for (unsigned n = 0; n < r->count; n++) {
            try(r->name, n, insn_sys(true, 3, r->op1, 12, r->crm, r->op2 + n),
                expected(r->read, hfgrtr));
            try(r->name, n, insn_sys(false, 3, r->op1, 12, r->crm,
                                     r->op2 + n),
                expected(r->write, hfgwtr));
        }
    }
}

static void guest_insns(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(insns); i++) {
        const struct insn *s = &insns[i];

        try(s->name, 0, insn_sys(s->read, 1, 0, 12, s->crm, s->op2),
            expected(s->bit, hfgitr));
    }
}

static uint64_t guest_all(uint64_t unused)
{
    guest_regs();
    guest_insns();
    return 0;
}

static void with_both(uint64_t hcr)
{
    guest(GUEST_HCR | hcr, guest_all, 0);
    guest(PHYS_HCR | hcr, guest_all, 0);
    /* For the next one */
    wr(ICC_CR0_EL1, CR0_EN);
    isb();
}

static void one_bit(uint64_t hcr, unsigned which, uint64_t open)
{
    for (unsigned bit = 0; bit <= 20; bit++) {
        uint64_t m = BIT(bit);
        uint64_t r = which == 0 ? m : 0, w = which == 1 ? m : 0;
        uint64_t i = which == 2 ? m : 0;

        /* Bit 3 of ICH_HFGRTR_EL2 is RES1 */
        if (!(open & m) || (which == 0 && bit == 3)) {
            continue;
        }
        /* It alone is closed, then it alone is open */
        traps_seen = 0;
        set_traps(HFGRTR_OPEN & ~r, HFGWTR_OPEN & ~w, HFGITR_OPEN & ~i);
        with_both(hcr);
        CHECK(traps_seen >= 2);
        if (which == 0) {
            set_traps(r, HFGWTR_OPEN, HFGITR_OPEN);
        } else if (which == 1) {
            set_traps(HFGRTR_OPEN, w, HFGITR_OPEN);
        } else {
            set_traps(HFGRTR_OPEN, HFGWTR_OPEN, i);
        }
        with_both(hcr);
    }
}

static void test_rtr(void)
{
    one_bit(0, 0, HFGRTR_OPEN);
}

static void test_wtr(void)
{
    one_bit(0, 1, HFGWTR_OPEN);
}

static void test_itr(void)
{
    one_bit(0, 2, HFGITR_OPEN);
}

static void test_open(void)
{
    /* Linux leaves the RES1 bit 0: all must be open, or RES1 would not be */
    set_traps(HFGRTR_OPEN & ~BIT(3), HFGWTR_OPEN, HFGITR_OPEN);
    traps_seen = 0;
    with_both(0);
    CHECK_EQ(traps_seen, 0);
}

static void test_closed(void)
{
    set_traps(0, 0, 0);
    traps_seen = 0;
    with_both(0);
    /* Reads, writes and instructions, virtual and physical */
    CHECK_EQ(traps_seen, 2 * (35 + 30 + 11));
}

static void test_nv(void)
{
    if (!(rd(id_aa64mmfr2_el1) >> 24 & 0xf)) {
        test_skip("no FEAT_NV");
        return;
    }
    set_traps(0, 0, 0);
    with_both(HCR_NV);
    set_traps(HFGRTR_OPEN, HFGWTR_OPEN, HFGITR_OPEN);
    with_both(HCR_NV);
}

static void at_el2(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        const struct reg *r = &regs[i];

        for (unsigned n = 0; n < r->count; n++) {
            CHECK_EQ(probe_insn(insn_sys(true, 3, r->op1, 12, r->crm,
                                         r->op2 + n)), INSN_OK);
            CHECK_EQ(probe_insn(insn_sys(false, 3, r->op1, 12, r->crm,
                                         r->op2 + n)),
                     r->write == UNDEFINED ? INSN_UNDEF : INSN_OK);
        }
    }
    for (unsigned i = 0; i < ARRAY_SIZE(insns); i++) {
        CHECK_EQ(probe_insn(insn_sys(insns[i].read, 1, 0, 12, insns[i].crm,
                                     insns[i].op2)), INSN_OK);
    }
}

static void test_el2(void)
{
    set_traps(0, 0, 0);
    at_el2();
    host_hcr(HCR_RW);
    at_el2();
    host_hcr(VHE_HCR);
    at_el2();
}

/* UNDEFINED at EL0 comes first. */
static uint64_t guest_el0(uint64_t unused)
{
    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        const struct reg *r = &regs[i];

        CHECK_EQ(guest_probe_el0(insn_sys(true, 3, r->op1, 12, r->crm,
                                          r->op2)), INSN_UNDEF);
        CHECK_EQ(guest_probe_el0(insn_sys(false, 3, r->op1, 12, r->crm,
                                          r->op2)), INSN_UNDEF);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(insns); i++) {
        CHECK_EQ(guest_probe_el0(insn_sys(insns[i].read, 1, 0, 12,
                                          insns[i].crm, insns[i].op2)),
                 INSN_UNDEF);
    }
    return 0;
}

static void test_el0(void)
{
    set_traps(0, 0, 0);
    guest(GUEST_HCR, guest_el0, 0);
    guest(PHYS_HCR, guest_el0, 0);
    set_traps(HFGRTR_OPEN, HFGWTR_OPEN, HFGITR_OPEN);
    guest(GUEST_HCR, guest_el0, 0);
    guest(PHYS_HCR, guest_el0, 0);
}

/* What traps is not done. */
static uint64_t guest_acts(uint64_t unused)
{
    wr(ICC_PCR_EL1, 3);
    wr(ICC_APR_EL1, 0);
    wr(ICC_CR0_EL1, 0);
    wr(ICC_ICSR_EL1, 0x3e);
    wr(ICC_PPI_ENABLER0_EL1, 0);
    wr(ICC_PPI_CPENDR0_EL1, BIT(PPI_SW));
    wr(ICC_PPI_CACTIVER0_EL1, ~0ull);
    wr(ICC_PPI_PRIORITYR0_EL1, 0);
    isb();
    gic_cdeoi();
    gic_cddi(PPI(PPI_CNTV));
    return gic_cdia();
}

static void test_no_effect(void)
{
    struct vcpu *v = guest_vcpu();
    uint64_t prio;

    virt_setup();
    vppi_priority(PPI_SW, 5);
    prio = ich_read(ICH_PRIORITYR0);
    ich_write(ICH_APR, BIT(20));
    ich_write(ICH_ENABLER0, BIT(PPI_SW));
    ich_write(ICH_PENDR0, BIT(PPI_SW));
    ich_write(ICH_ACTIVER0, BIT(PPI_CNTV));
    wr(ICC_ICSR_EL1, 0);
    set_traps(0, 0, 0);
    /* The trapped CDIA's result is EL2's. */
    vcpu_init(v, GUEST_HCR, guest_acts, 0);
    v->trap_value = 0x1234;
    CHECK_EQ(vcpu_run(v), VCPU_DONE);
    CHECK_EQ(v->x[0], 0x1234);
    CHECK_EQ(v->traps, 11);
    CHECK_EQ(ich_read(ICH_VMCR), VMCR_VPMR(0x1f) | VMCR_EN);
    CHECK_EQ(ich_read(ICH_APR), BIT(20));
    CHECK_EQ(ich_read(ICH_ENABLER0), BIT(PPI_SW));
    CHECK_EQ(ich_read(ICH_PENDR0), BIT(PPI_SW));
    CHECK_EQ(ich_read(ICH_ACTIVER0), BIT(PPI_CNTV));
    CHECK_EQ(ich_read(ICH_PRIORITYR0), prio);
    CHECK_EQ(ich_read(ICH_HPPIR), VPPI(PPI_SW));
    CHECK_EQ(rd(ICC_ICSR_EL1), 0);
    /* Opened, the same works. */
    set_traps(HFGRTR_OPEN, HFGWTR_OPEN, HFGITR_OPEN);
    guest(GUEST_HCR, guest_acts, 0);
    CHECK_EQ(v->traps, 0);
    CHECK_EQ(ich_read(ICH_VMCR), VMCR_VPMR(3));
    CHECK_EQ(ich_read(ICH_APR), 0);
    CHECK_EQ(ich_read(ICH_ENABLER0), 0);
    CHECK_EQ(ich_read(ICH_PENDR0), 0);
    CHECK_EQ(ich_read(ICH_ACTIVER0), 0);
    CHECK_EQ(rd(ICC_ICSR_EL1), 0x3e);
}

/* The ones that KVM always has: IDR0 and IAFFIDR reads, ENABLER writes */
static uint64_t guest_kvm(uint64_t unused)
{
    struct vcpu *v = this_vcpu();

    CHECK_EQ(rd(ICC_IDR0_EL1), 0x40);
    CHECK_EQ(v->traps, 1);
    CHECK_EQ(rd(ICC_IAFFIDR_EL1), 0x40);
    CHECK_EQ(v->traps, 2);
    wr(ICC_PPI_ENABLER0_EL1, 0);
    CHECK_EQ(v->traps, 3);
    wr(ICC_PPI_ENABLER1_EL1, 0);
    CHECK_EQ(v->traps, 4);
    CHECK_EQ(rd(ICC_PPI_ENABLER0_EL1), BIT(PPI_CNTV));
    wr(ICC_PPI_SPENDR0_EL1, BIT(PPI_SW));
    CHECK_EQ(v->traps, 4);
    return 0;
}

static void test_kvm(void)
{
    struct vcpu *v = guest_vcpu();

    virt_setup();
    ich_write(ICH_ENABLER0, BIT(PPI_CNTV));
    set_traps(HFGRTR_OPEN & ~(BIT(1) | BIT(7)), HFGWTR_OPEN & ~BIT(17),
              HFGITR_OPEN);
    vcpu_init(v, GUEST_HCR, guest_kvm, 0);
    v->trap_value = 0x40;
    CHECK_EQ(vcpu_run(v), VCPU_DONE);
    CHECK_EQ(ich_read(ICH_ENABLER0), BIT(PPI_CNTV));
}

static void test_vhe(void)
{
    host_hcr(VHE_HCR);
    one_bit(HCR_E2H, 0, HFGRTR_OPEN);
    one_bit(HCR_E2H, 1, HFGWTR_OPEN);
    one_bit(HCR_E2H, 2, HFGITR_OPEN);
}

const struct test tests[] = {
    { "ICH_HFGRTR_EL2: each bit, each register", test_rtr },
    { "ICH_HFGWTR_EL2: each bit, each register", test_wtr },
    { "ICH_HFGITR_EL2: each bit, each instruction", test_itr },
    { "all open: nothing traps", test_open },
    { "all closed: everything traps, but GSB", test_closed },
    { "with NV", test_nv },
    { "EL2 is not trapped", test_el2 },
    { "EL0: UNDEFINED, not trapped", test_el0 },
    { "what traps has no effect", test_no_effect },
    { "what KVM traps", test_kvm },
    { "VHE: each bit", test_vhe },
    { }
};
