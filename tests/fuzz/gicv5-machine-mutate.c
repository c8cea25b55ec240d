/*
 * Fuzz target: a machine with a GICv5: how inputs are changed
 *
 * Most changes are of whole steps, with offsets of registers, tables at places
 * where others are or could be, and numbers at their limits. Sequences that
 * are unlikely to come together by chance, such as a VM with its tables, are
 * put in as a whole, and changed afterwards like anything else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "hw/intc/arm_gicv5_types.h"
#include "hw/intc/gicv5/irs_regs.h"
#include "hw/intc/gicv5/its_regs.h"
#include "hw/intc/gicv5/iwb_regs.h"
#include "gicv5-machine-fuzz.h"

#define MAX_SEQUENCE 48

/* Where sequences put their tables, from the beginning of RAM */
#define IST 0x00000
#define IST_L2 0x10000
#define VMT 0x20000
#define VM_AREA 0x24000         /* of 8 KiB for each of four VMs */
#define DT 0x30000
#define ITT 0x34000

typedef struct Sequence {
    FuzzStep step[MAX_SEQUENCE];
    unsigned n;
    uint8_t domain;
    uint8_t irs;
} Sequence;

/* xorshift: an input's changes depend on libFuzzer's seed only */
static uint64_t state;

static uint32_t rnd(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 16) % n;
}

static bool one_in(uint32_t n)
{
    return rnd(n) == 0;
}

#define PICK(array) ((array)[rnd(ARRAY_SIZE(array))])

/* --- values --- */

static uint32_t any_id(void)
{
    static const uint32_t limits[] = {
        0, 1, 2, 55, 56, 63, 64, 127, 128, 255, 256, 257, 511, 512, 1023, 1024,
        4095, 4096, 8191, 8192, 16383, 16384, 65535, 65536, 0x7fffff,
        0xfffffe, 0xffffff,
    };

    return one_in(3) ? PICK(limits) : rnd(16);
}

static uint32_t any_intid(void)
{
    static const uint8_t types[] = { 1, 2, 2, 2, 2, 3, 3, 3, 0, 7 };

    return (uint32_t)PICK(types) << 29 | any_id();
}

static uint16_t any_vm(void)
{
    static const uint16_t limits[] = { 127, 128, 255, 256, 65535 };

    return one_in(6) ? PICK(limits) : rnd(4);
}

static uint16_t any_vpe(void)
{
    static const uint16_t limits[] = { 15, 16, 255, 256, 32767, 65535 };

    return one_in(8) ? PICK(limits) : rnd(4);
}

static uint64_t any_address(void)
{
    static const uint64_t areas[] = {
        IST, IST_L2, VMT, VM_AREA, DT, ITT,
    };
    static const uint64_t odd[] = {
        0, 0x08000000, 0x08000180, 0x09010000, 0x09300000,
        FUZZ_RAM - 0x1000, FUZZ_RAM + FUZZ_RAM_BYTES - 8,
        FUZZ_RAM + FUZZ_RAM_BYTES - 0x1000, FUZZ_RAM + FUZZ_RAM_BYTES,
        0x80000000, 0xfffffffffff000, 0xfffffffffffff8,
    };

    if (one_in(12)) {
        return PICK(odd);
    }
    return FUZZ_RAM + PICK(areas) +
           (one_in(3) ? 0 : one_in(2) ? rnd(16) * 0x1000 : rnd(512) * 8);
}

static uint64_t any_value(void)
{
    static const uint64_t values[] = { 0, 1, 2, 0x80000000, UINT32_MAX,
                                       1ULL << 63, UINT64_MAX };

    switch (rnd(6)) {
    case 0:
        return PICK(values);
    case 1:
        return (uint64_t)rnd(UINT32_MAX) << 32 | rnd(UINT32_MAX);
    case 2:
        return any_address() | rnd(2);
    case 3:
        return 1ULL << rnd(64);
    case 4:
        return any_intid();
    default:
        return any_id();
    }
}

/* A word of an interrupt state table, twice: see GICv5's L2_ISTE */
static uint64_t any_istes(void)
{
    static const uint16_t targets[] = { 3, 13, 23, 33, 0, 1, 2, 65535 };
    uint64_t word = (uint64_t)PICK(targets) << 16 | rnd(32) << 11 |
                    rnd(32);

    return word << 32 | word;
}

/* An entry of the VM's word that has an IST */
static uint64_t any_vm_ist(void)
{
    return (uint64_t)(one_in(4) ? rnd(32) : 8 + rnd(4)) << 59 |
           (uint64_t)one_in(3) << 58 | (uint64_t)rnd(4) << 56 |
           (any_address() & ~63ULL) | rnd(4) << 1 | one_in(8);
}

static uint64_t any_table_word(void)
{
    switch (rnd(8)) {
    case 0:
        return any_istes();
    case 1:
        return any_vm_ist();
    case 2:         /* VPE table, or a level 1 entry */
        return any_address() | rnd(2);
    case 3:         /* device table entry, or of a VM its VPE table */
        return (uint64_t)rnd(32) << 59 | (uint64_t)one_in(3) << 58 |
               (any_address() & ~7ULL) | rnd(4) << 1 | !one_in(4);
    case 4:         /* level 1 with a span */
        return (uint64_t)rnd(16) << 60 | (any_address() & ~7ULL) | 1;
    case 5:         /* translation */
        return (uint64_t)any_vm() << 32 | (uint64_t)!one_in(4) << 31 |
               (uint64_t)rnd(2) << 30 | any_id();
    case 6:         /* VPE descriptor */
        return (uint64_t)rnd(8) << 61 | (uint64_t)rnd(32) << 32 | any_id();
    default:
        return any_value();
    }
}

/* --- registers --- */

typedef enum ValueKind {
    ANY, BIT0, SPI, LPI, PE, DOMAIN, IST_BASE, IST_CFG, VMT_CFG, VM, VMAP,
    VISTR, VPE, DOORBELL, SAVE, DT_BASE, DT_CFG, DEVICE, EVENT, INV, HIGH,
} ValueKind;

typedef struct Reg {
    uint16_t offset;
    uint8_t size;               /* log2 */
    ValueKind kind;
} Reg;

static const Reg irs_regs[] = {
    { A_IRS_IDR0, 2, ANY }, { A_IRS_IDR1, 2, ANY }, { A_IRS_IDR2, 2, ANY },
    { A_IRS_IDR3, 2, ANY }, { A_IRS_IDR4, 2, ANY }, { A_IRS_IDR5, 2, ANY },
    { A_IRS_IDR6, 2, ANY }, { A_IRS_IDR7, 2, ANY }, { A_IRS_PIDR4, 2, ANY },
    { A_IRS_CR0, 2, BIT0 }, { A_IRS_CR1, 2, ANY },
    { A_IRS_SYNCR, 2, HIGH }, { A_IRS_SPI_VMR, 3, VM },
    { A_IRS_SPI_SELR, 2, SPI }, { A_IRS_SPI_DOMAINR, 2, DOMAIN },
    { A_IRS_SPI_RESAMPLER, 2, SPI }, { A_IRS_SPI_CFGR, 2, BIT0 },
    { A_IRS_SPI_STATUSR, 2, ANY }, { A_IRS_PE_SELR, 2, PE },
    { A_IRS_PE_STATUSR, 2, ANY }, { A_IRS_PE_CR0, 2, BIT0 },
    { A_IRS_IST_BASER, 3, IST_BASE }, { A_IRS_IST_CFGR, 2, IST_CFG },
    { A_IRS_IST_STATUSR, 2, ANY }, { A_IRS_MAP_L2_ISTR, 2, LPI },
    { A_IRS_VMT_BASER, 3, IST_BASE }, { A_IRS_VMT_CFGR, 2, VMT_CFG },
    { A_IRS_VPE_SELR, 3, VPE }, { A_IRS_VPE_DBR, 3, DOORBELL },
    { A_IRS_VPE_HPPIR, 3, ANY }, { A_IRS_VPE_CR0, 2, BIT0 },
    { A_IRS_VPE_STATUSR, 2, ANY }, { A_IRS_VM_SELR, 2, VM },
    { A_IRS_VM_STATUSR, 2, ANY }, { A_IRS_VMAP_L2_VMTR, 3, VMAP },
    { A_IRS_VMAP_VMR, 3, VMAP }, { A_IRS_VMAP_VISTR, 3, VISTR },
    { A_IRS_VMAP_L2_VISTR, 3, VISTR }, { A_IRS_VMAP_VPER, 3, VISTR },
    { A_IRS_SAVE_VMR, 3, SAVE }, { A_IRS_SAVE_VM_STATUSR, 2, ANY },
    { A_IRS_SWERR_STATUSR, 3, ANY }, { A_IRS_SWERR_SYNDROMER0, 3, ANY },
    { A_IRS_SWERR_SYNDROMER1, 3, ANY },
};

static const Reg its_regs[] = {
    { A_ITS_IDR0, 2, ANY }, { A_ITS_IDR1, 2, ANY }, { A_ITS_IDR2, 2, ANY },
    { A_ITS_PIDR4, 2, ANY },
    { A_ITS_CR0, 2, BIT0 }, { A_ITS_CR1, 2, ANY },
    { A_ITS_DT_BASER, 3, DT_BASE }, { A_ITS_DT_CFGR, 2, DT_CFG },
    { A_ITS_DIDR, 3, DEVICE }, { A_ITS_EIDR, 2, EVENT },
    { A_ITS_INV_EVENTR, 2, INV }, { A_ITS_INV_DEVICER, 2, INV },
    { A_ITS_READ_EVENTR, 2, HIGH }, { A_ITS_READ_EVENT_DATAR, 3, ANY },
    { A_ITS_STATUSR, 2, ANY }, { A_ITS_SYNCR, 3, DEVICE },
    { A_ITS_SYNC_STATUSR, 2, ANY }, { A_ITS_GEN_EVENT_DIDR, 3, DEVICE },
    { A_ITS_GEN_EVENT_EIDR, 2, EVENT }, { A_ITS_GEN_EVENTR, 2, INV },
    { A_ITS_GEN_EVENT_STATUSR, 2, ANY },
};

static const Reg iwb_regs[] = {
    { A_IWB_IDR0, 2, ANY }, { A_IWB_PIDR4, 2, ANY },
    { A_IWB_CR0, 2, BIT0 }, { A_IWB_WENABLE_STATUSR, 2, ANY },
    { A_IWB_WRESAMPLER, 2, EVENT }, { A_IWB_WENABLER0, 2, ANY },
    { A_IWB_WENABLER0 + 4, 2, ANY }, { A_IWB_WENABLER0 + 8, 2, ANY },
    { A_IWB_WTMR0, 2, ANY }, { A_IWB_WTMR0 + 4, 2, ANY },
    { A_IWB_WDOMAINR0, 2, ANY }, { A_IWB_WDOMAINR0 + 4, 2, ANY },
    { A_IWB_WDOMAINR0 + 12, 2, ANY },
};

static const Reg setlpi_regs[] = { { A_IRS_SETLPIR, 2, LPI } };

static const Reg translate_regs[] = {
    { A_ITS_TRANSLATER, 2, EVENT }, { A_ITS_RL_TRANSLATER, 2, EVENT },
};

static uint64_t value_of(ValueKind kind)
{
    uint64_t top = (uint64_t)!one_in(6) << 63;

    if (one_in(16)) {
        return any_value();
    }
    switch (kind) {
    case BIT0:
        return !one_in(4);
    case SPI:
        return one_in(4) ? any_id() : rnd(2) * 64 + rnd(4);
    case LPI:
        return any_id();
    case PE:
        return one_in(6) ? any_id() : FUZZ_IAFFID(rnd(4));
    case DOMAIN:
        return rnd(4);
    case IST_BASE:
        return (any_address() & ~63ULL) | !one_in(4);
    case IST_CFG:
        return (one_in(4) ? rnd(32) : 8 + rnd(6)) | rnd(4) << 5 |
               (one_in(2) ? 0 : rnd(4) << 7) | rnd(2) << 16;
    case VMT_CFG:
        return (one_in(4) ? rnd(32) : 8) | rnd(2) << 16;
    case VM:
        return top | any_vm();
    case VMAP:
        return top | (uint64_t)one_in(4) << 62 | any_vm();
    case VISTR:
        return top | (uint64_t)one_in(4) << 62 | (uint64_t)any_vm() << 32 |
               (uint64_t)(one_in(8) ? rnd(8) : 2 + rnd(2)) << 29 |
               any_vpe();
    case VPE:
        return top | (uint64_t)any_vpe() << 32 | any_vm();
    case DOORBELL:
        return top | (uint64_t)rnd(2) << 62 | (uint64_t)rnd(32) << 32 |
               any_id();
    case SAVE:
        return (uint64_t)(1 + rnd(3)) << 62 | any_vm();
    case DT_BASE:
        return any_address() & ~7ULL;
    case DT_CFG:
        return (one_in(4) ? rnd(64) : 4 + rnd(14)) | rnd(4) << 6 |
               rnd(2) << 16;
    case DEVICE:
        return top | (uint64_t)rnd(2) << 32 |
               (one_in(2) ? rnd(8) : one_in(2) ? 0x20000 + rnd(8) : any_id());
    case EVENT:
        return one_in(4) ? any_id() : rnd(16);
    case INV:
        return (uint64_t)!one_in(6) << 31 | rnd(64);
    case HIGH:
        return (uint64_t)!one_in(6) << 31;
    default:
        return any_value();
    }
}

static FuzzStep any_access(void)
{
    static const struct {
        const Reg *regs;
        unsigned n;
        uint8_t frame;
        uint8_t frames;
    } kind[] = {
        { irs_regs, ARRAY_SIZE(irs_regs), FUZZ_IRS0, 8 },
        { irs_regs, ARRAY_SIZE(irs_regs), FUZZ_IRS0, 8 },
        { irs_regs, ARRAY_SIZE(irs_regs), FUZZ_IRS0, 8 },
        { its_regs, ARRAY_SIZE(its_regs), FUZZ_ITS, 4 },
        { its_regs, ARRAY_SIZE(its_regs), FUZZ_ITS, 4 },
        { iwb_regs, ARRAY_SIZE(iwb_regs), FUZZ_IWB, 1 },
        { setlpi_regs, ARRAY_SIZE(setlpi_regs), FUZZ_SETLPI0, 8 },
        { translate_regs, ARRAY_SIZE(translate_regs), FUZZ_TRANSLATE0, 8 },
    };
    unsigned k = rnd(ARRAY_SIZE(kind));
    const Reg *reg = &kind[k].regs[rnd(kind[k].n)];
    unsigned frame = kind[k].frame + rnd(kind[k].frames);
    FuzzStep s = {
        .op = one_in(3) ? FUZZ_READ : FUZZ_WRITE,
        .sel = reg->offset,
        .value = value_of(reg->kind),
    };

    /* Most of what is worth much happens in one domain. */
    if (kind[k].frames > 1 && !one_in(4)) {
        frame = kind[k].frame + GICV5_DOMAIN_NS;
    }
    s.where = frame | reg->size << 5;
    if (one_in(16)) {
        s.where = frame | rnd(4) << 5;
        s.sel += rnd(8);
    } else if (one_in(32)) {
        s.sel = one_in(2) ? 0xffb0 + rnd(80) : rnd(0x10000);
    }
    return s;
}

/* --- system registers --- */

#define ICC(op1, crm, op2) FUZZ_SYSREG_SEL(3, op1, 12, crm, op2)
#define INSN(op1, crm, op2) FUZZ_SYSREG_SEL(1, op1, 12, crm, op2)

static uint64_t operand(unsigned crm, unsigned op2)
{
    uint64_t v = any_intid();

    if (crm == 1 && op2 == 3) {
        v |= (uint64_t)(one_in(6) ? any_id() & 0xffff :
                        one_in(2) ? rnd(4) : FUZZ_IAFFID(rnd(4))) << 32 |
             (uint64_t)one_in(3) << 28;
    } else if (crm == 1 && op2 == 2) {
        v |= (uint64_t)rnd(32) << 35;
    } else if (crm == 1 && op2 == 4) {
        v |= (uint64_t)any_vm() << 32 | (uint64_t)rnd(2) << 63;
    } else {
        v |= (uint64_t)rnd(2) << 32;
    }
    return v;
}

static FuzzStep any_insn(void)
{
    unsigned op1 = one_in(3) ? 4 : 0;
    unsigned crm = 1 + rnd(2);
    unsigned op2 = crm == 1 ? rnd(8) : rnd(2);
    FuzzStep s = { .op = FUZZ_SYSREG, .where = rnd(4) | (1 + rnd(2)) << 2 };

    if (one_in(3)) {
        /* Acknowledge, end */
        s.op = one_in(2) ? FUZZ_SYSREAD : FUZZ_SYSREG;
        s.sel = s.op == FUZZ_SYSREAD ? INSN(0, 3, rnd(2)) : INSN(0, 1, 7);
    } else {
        s.sel = one_in(32) ? INSN(0, 0, rnd(2)) : INSN(op1, crm, op2);
        s.value = operand(crm, op2);
    }
    return s;
}

static FuzzStep any_sysreg(void)
{
    static const uint16_t regs[] = {
        ICC(1, 0, 0), ICC(1, 0, 1), ICC(1, 0, 2), ICC(1, 0, 3), ICC(0, 10, 0),
        ICC(0, 10, 1), ICC(0, 10, 2), ICC(0, 10, 3), ICC(0, 10, 4),
        ICC(0, 10, 5), ICC(0, 10, 6), ICC(0, 10, 7), ICC(0, 13, 0),
        ICC(0, 13, 1), ICC(0, 13, 2), ICC(0, 13, 3), ICC(0, 13, 4),
        ICC(0, 13, 5), ICC(0, 13, 6), ICC(0, 13, 7), ICC(0, 14, 0),
        ICC(0, 14, 3), ICC(0, 15, 7), ICC(4, 8, 4), ICC(4, 8, 5),
        ICC(4, 9, 4), ICC(4, 9, 5), ICC(4, 9, 6), ICC(4, 9, 7), ICC(4, 10, 0),
        ICC(4, 10, 1), ICC(4, 10, 2), ICC(4, 10, 3), ICC(4, 10, 4),
        ICC(4, 10, 5), ICC(4, 10, 6), ICC(4, 10, 7), ICC(4, 11, 4),
        ICC(4, 11, 6), ICC(4, 11, 7), ICC(4, 14, 0), ICC(4, 14, 3),
        ICC(4, 15, 7),
        FUZZ_SYSREG_SEL(3, 4, 1, 1, 0),         /* HCR_EL2 */
        FUZZ_SYSREG_SEL(3, 0, 1, 0, 0), FUZZ_SYSREG_SEL(3, 4, 1, 0, 0),
    };
    FuzzStep s = {
        .op = one_in(4) ? FUZZ_SYSREAD : FUZZ_SYSREG,
        .where = rnd(4) | (one_in(8) ? rnd(4) : 1 + rnd(2)) << 2,
        .sel = PICK(regs),
        .value = any_value(),
    };

    switch (s.sel) {
    case ICC(4, 11, 6):                         /* ICH_CONTEXTR_EL2 */
        s.value = (uint64_t)!one_in(4) << 63 | (uint64_t)rnd(4) << 60 |
                  (uint64_t)rnd(32) << 55 | (uint64_t)any_vpe() << 32 |
                  any_vm();
        break;
    case ICC(1, 0, 2):                          /* ICC_PCR_EL1 */
        s.value = one_in(2) ? 31 : rnd(32);
        break;
    case ICC(4, 9, 4):
    case ICC(4, 9, 6):
    case ICC(4, 9, 7):
        s.value = one_in(2) ? UINT64_MAX : any_value();
        break;
    case FUZZ_SYSREG_SEL(3, 4, 1, 1, 0):
        s.value = (uint64_t)rnd(2) << 4 | (uint64_t)rnd(2) << 27 |
                  (uint64_t)rnd(8) << 42 | (uint64_t)rnd(32) << 3;
        break;
    }
    return s;
}

/* --- other steps --- */

static FuzzStep any_memory(void)
{
    FuzzStep s = {
        .op = one_in(6) ? FUZZ_FILL : FUZZ_MEM,
        .value = any_table_word(),
        .sel = (any_address() - FUZZ_RAM) / 8,
    };

    if (s.op == FUZZ_FILL) {
        s.where = one_in(2) ? 255 : rnd(256);
    } else {
        s.where = (one_in(32) ? rnd(8) : 0) | one_in(4) << 3;
    }
    return s;
}

static FuzzStep any_step(void)
{
    unsigned r = rnd(100);

    if (r < 35) {
        return any_access();
    } else if (r < 55) {
        return any_insn();
    } else if (r < 70) {
        return any_sysreg();
    } else if (r < 83) {
        return any_memory();
    } else if (r < 91) {
        return (FuzzStep) {
            .op = FUZZ_WIRE, .where = rnd(16), .sel = rnd(one_in(2) ? 4 : 128),
            .value = rnd(2),
        };
    } else if (r < 94) {
        return (FuzzStep) {
            .op = FUZZ_ATTRS, .where = one_in(2) ? rnd(16) : GICV5_DOMAIN_NS,
            .sel = one_in(4) ? rnd(0x10000) : rnd(8),
        };
    } else if (r < 97) {
        return (FuzzStep) {
            .op = FUZZ_POWER, .where = rnd(8), .value = rnd(2)
        };
    } else if (r < 99) {
        return (FuzzStep) { .op = FUZZ_STATE, .value = rnd(3) };
    }
    return (FuzzStep) { .op = one_in(4) ? FUZZ_INFO : FUZZ_RESET };
}

/* --- sequences --- */

static void add(Sequence *q, FuzzStep s)
{
    if (q->n < MAX_SEQUENCE) {
        q->step[q->n++] = s;
    }
}

static void add_write(Sequence *q, unsigned frame, unsigned offset,
                      unsigned size, uint64_t value)
{
    add(q, (FuzzStep) {
        .op = FUZZ_WRITE,
        .where = (frame + q->domain) | size << 5,
        .sel = offset,
        .value = value,
    });
}

static void add_irs(Sequence *q, unsigned offset, unsigned size,
                    uint64_t value)
{
    add_write(q, q->irs ? FUZZ_IRS1 : FUZZ_IRS0, offset, size, value);
}

/* To both memories, whatever the domain is */
static void add_memory(Sequence *q, unsigned addr, uint64_t value)
{
    add(q, (FuzzStep) { .op = FUZZ_FILL, .sel = addr / 8, .value = value });
}

static void add_sysreg(Sequence *q, unsigned cpu, unsigned el, unsigned sel,
                       uint64_t value)
{
    add(q, (FuzzStep) {
        .op = FUZZ_SYSREG, .where = cpu | el << 2, .sel = sel, .value = value,
    });
}

/* A table of LPIs, of one level or two */
static void add_lpis(Sequence *q)
{
    bool two = one_in(2);
    unsigned bits = two ? 8 + rnd(8) : 8 + rnd(5);

    add_irs(q, A_IRS_CR0, 2, 1);
    add_irs(q, A_IRS_IST_CFGR, 2, bits | rnd(2) << 7 | two << 16);
    add_irs(q, A_IRS_IST_BASER, 3, (FUZZ_RAM + IST) | 1);
    for (unsigned i = 0; two && i < 3; i++) {
        add_memory(q, IST + i * 8, FUZZ_RAM + IST_L2 + i * 0x1000);
        add_irs(q, A_IRS_MAP_L2_ISTR, 2, i << 10);
    }
}

/* CPUs that take interrupts */
static void add_cpus(Sequence *q)
{
    q->irs = !q->irs;
    add_irs(q, A_IRS_CR0, 2, 1);
    for (unsigned cpu = 0; cpu < FUZZ_NUM_CPUS; cpu++) {
        add_sysreg(q, cpu, 2, ICC(1, 0, 1), 1);
        add_sysreg(q, cpu, 2, ICC(1, 0, 2), 31);
    }
}

/* LPIs or SPIs that are enabled and pending, some of them 1-of-N */
static void add_interrupts(Sequence *q, unsigned op1)
{
    unsigned cpu = rnd(4);
    unsigned el = op1 ? 2 : 1 + rnd(2);

    for (unsigned i = 0; i < 3; i++) {
        uint32_t intid = (uint32_t)(2 + rnd(2)) << 29 | rnd(6);

        add_sysreg(q, cpu, el, INSN(op1, 1, 3),
                   (uint64_t)(op1 ? rnd(3) : FUZZ_IAFFID(rnd(4))) << 32 |
                   (uint64_t)one_in(3) << 28 | intid);
        add_sysreg(q, cpu, el, INSN(op1, 1, 2),
                   (uint64_t)rnd(32) << 35 | intid);
        add_sysreg(q, cpu, el, INSN(op1, 1, 1), intid);
        add_sysreg(q, cpu, el, INSN(op1, 1, 4),
                   (op1 ? 1ULL << 63 | (uint64_t)rnd(3) << 32 : 1ULL << 32) |
                   intid);
    }
}

/* What a CPU does with an interrupt that it takes */
static void add_handler(Sequence *q)
{
    unsigned where = rnd(4) | (1 + rnd(2)) << 2;

    for (unsigned i = 0; i < 2; i++) {
        add(q, (FuzzStep) {
            .op = FUZZ_SYSREAD, .where = where, .sel = INSN(0, 3, rnd(8) / 7),
        });
        if (one_in(4)) {
            add(q, any_insn());
        }
        add(q, (FuzzStep) {
            .op = FUZZ_SYSREG, .where = where, .sel = INSN(0, 1, 7),
        });
        add(q, (FuzzStep) {
            .op = FUZZ_SYSREG, .where = where, .sel = INSN(0, 2, 0),
            .value = any_intid(),
        });
    }
}

/* PPIs, physical or virtual, that a CPU takes */
static void add_ppis(Sequence *q)
{
    unsigned cpu = rnd(4);
    uint64_t ppis = one_in(2) ? UINT64_MAX : 1ULL << rnd(64);

    if (one_in(2)) {
        add_sysreg(q, cpu, 2, FUZZ_SYSREG_SEL(3, 4, 1, 1, 0),
                   1ULL << 4 | (uint64_t)rnd(4) << 42);
        add_sysreg(q, cpu, 2, ICC(4, 11, 4), 1);
        add_sysreg(q, cpu, 2, ICC(4, 11, 7), 1 | 31u << 27);
        add_sysreg(q, cpu, 2, ICC(4, 10, 2), ppis);
        if (one_in(2)) {
            add_sysreg(q, cpu, 2, ICC(4, 10, 0), ppis);
        }
        add_sysreg(q, cpu, 2, ICC(4, 10, 4), ppis);
        add_sysreg(q, cpu, 2, ICC(4, 9, 4), UINT64_MAX);
        add_sysreg(q, cpu, 2, ICC(4, 9, 6), UINT64_MAX);
        add_sysreg(q, cpu, 2, ICC(4, 9, 7), UINT64_MAX);
    } else {
        add_sysreg(q, cpu, 2, ICC(1, 0, 1), 1);
        add_sysreg(q, cpu, 2, ICC(1, 0, 2), 31);
    }
    add_sysreg(q, cpu, 1 + rnd(2), ICC(0, 14 + rnd(2), rnd(8)), any_value());
    add_sysreg(q, cpu, 1 + rnd(2), ICC(0, 10, 6), ppis);
    add_sysreg(q, cpu, 1 + rnd(2), ICC(0, 13, 6), ppis);
    add(q, (FuzzStep) {
        .op = FUZZ_WIRE, .where = 3 | cpu << 2, .sel = 16 + rnd(16),
        .value = 1,
    });
    add_handler(q);
}

/* More state than there is memory for, of a domain or of a VM */
static void add_pressure(Sequence *q)
{
    bool is_vm = one_in(2);
    unsigned vm = rnd(3);
    unsigned command = one_in(2) ? 4 : one_in(2) ? 1 : 2;

    if (is_vm) {
        add_memory(q, VMT + vm * 32 + 16,
                   14ULL << 59 | (FUZZ_RAM + IST));
        add_memory(q, VMT + vm * 32 + 24,
                   14ULL << 59 | (FUZZ_RAM + IST));
        for (unsigned type = 2; type < 4; type++) {
            for (unsigned u = 0; u < 2; u++) {
                add_irs(q, A_IRS_VMAP_VISTR, 3, 1ULL << 63 |
                        (uint64_t)!u << 62 | (uint64_t)vm << 32 | type << 29);
            }
        }
    } else {
        add_irs(q, A_IRS_IST_BASER, 3, 0);
        add_irs(q, A_IRS_IST_CFGR, 2, 14);
        add_irs(q, A_IRS_IST_BASER, 3, (FUZZ_RAM + IST) | 1);
    }
    if (one_in(2)) {
        /* Some wait in memory already. */
        add(q, (FuzzStep) {
            .op = FUZZ_FILL, .where = 255, .sel = rnd(64) * 128,
            .value = any_istes(),
        });
    }
    for (unsigned i = 0; i < 36; i++) {
        uint32_t intid = (is_vm ? 2 + i % 2 : 2) << 29 | i << 8;

        add_sysreg(q, rnd(4), 2, INSN(is_vm ? 4 : 0, 1, command),
                   intid | (command != 4 ? (uint64_t)rnd(32) << 35 :
                            is_vm ? 1ULL << 63 | (uint64_t)vm << 32 :
                                    1ULL << 32));
    }
}

/* A two-level VM table */
static void add_vm_table(Sequence *q)
{
    add_irs(q, A_IRS_VMT_BASER, 3, 0);
    add_irs(q, A_IRS_VMT_CFGR, 2, (8 + rnd(3)) | 1u << 16);
    add_memory(q, VMT + 0x2000, FUZZ_RAM + VMT);
    add_memory(q, VMT + 0x2008, any_address() | 1);
    add_irs(q, A_IRS_VMT_BASER, 3, (FUZZ_RAM + VMT + 0x2000) | 1);
    add_irs(q, A_IRS_VMAP_L2_VMTR, 3, 1ULL << 63 | any_vm());
    add_irs(q, A_IRS_VMAP_L2_VMTR, 3, 1ULL << 63);
    add_irs(q, A_IRS_VM_SELR, 2, any_vm());
    add(q, (FuzzStep) {
        .op = FUZZ_READ, .where = (FUZZ_IRS0 + q->domain) | 2 << 5,
        .sel = A_IRS_VM_STATUSR,
    });
}

/* A PE that is left out of 1-of-N, or not */
static void add_pe(Sequence *q)
{
    unsigned cpu = rnd(4);

    q->irs = cpu % 2;
    add_irs(q, A_IRS_PE_SELR, 2, FUZZ_IAFFID(cpu));
    add_irs(q, A_IRS_PE_CR0, 2, rnd(2));
    add(q, (FuzzStep) {
        .op = FUZZ_READ, .where = (q->irs * 4 + q->domain) | 2 << 5,
        .sel = one_in(2) ? A_IRS_PE_CR0 : A_IRS_PE_STATUSR,
    });
}

/* A VM with two tables and two VPEs, one with a doorbell, one resident */
static void add_vm(Sequence *q)
{
    unsigned vm = rnd(3);
    unsigned vmte = VMT + vm * 32;
    unsigned area = VM_AREA + vm * 0x2000;

    if (vm == 0 || one_in(2)) {
        add_irs(q, A_IRS_VMT_CFGR, 2, 8);
        add_irs(q, A_IRS_VMT_BASER, 3, (FUZZ_RAM + VMT) | 1);
    }
    add_memory(q, vmte + 8, (4ULL + rnd(4)) << 59 | (FUZZ_RAM + area));
    add_irs(q, A_IRS_VMAP_VMR, 3, 1ULL << 63 | vm);
    add_memory(q, vmte + 16,
               (8ULL + rnd(2)) << 59 | (FUZZ_RAM + area + 0x800));
    add_irs(q, A_IRS_VMAP_VISTR, 3,
            1ULL << 63 | (uint64_t)vm << 32 | 2u << 29);
    add_memory(q, vmte + 24, 8ULL << 59 | (FUZZ_RAM + area + 0x1000));
    add_irs(q, A_IRS_VMAP_VISTR, 3,
            1ULL << 63 | (uint64_t)vm << 32 | 3u << 29);
    for (unsigned i = 0; i < 2; i++) {
        add_memory(q, area + i * 8, FUZZ_RAM + area + 0x400 + i * 32);
        add_irs(q, A_IRS_VMAP_VPER, 3, 1ULL << 63 | (uint64_t)vm << 32 | i);
    }
    add_irs(q, A_IRS_VPE_SELR, 3, 1ULL << 63 | 1ULL << 32 | vm);
    add_irs(q, A_IRS_VPE_DBR, 3, 3ULL << 62 | 31ULL << 32 | rnd(8));
    add_sysreg(q, rnd(4), 2, ICC(4, 11, 6), 1ULL << 63 | vm);
    add_sysreg(q, rnd(4), 2, ICC(4, 11, 4), 1);
    add_sysreg(q, rnd(4), 2, ICC(4, 11, 7), 1 | 31u << 27);
}

/* A device that has events, one of them a VM's */
static void add_its(Sequence *q)
{
    unsigned dev = one_in(2) ? FUZZ_IWB_DEVICE_ID : rnd(8);
    bool two = one_in(3);

    if (two) {
        add_memory(q, DT, 9ULL << 60 | (FUZZ_RAM + DT + 0x1000) | 1);
    }
    add_memory(q, DT + two * 0x1000 + dev * 8,
               8ULL << 59 | (FUZZ_RAM + ITT) | 1);
    for (unsigned i = 0; i < 4; i++) {
        add_memory(q, ITT + i * 8, (uint64_t)rnd(3) << 32 | 1u << 31 |
                   one_in(3) << 30 | i);
    }
    add_write(q, FUZZ_ITS, A_ITS_DT_CFGR, 2, 10 | two << 16);
    add_write(q, FUZZ_ITS, A_ITS_DT_BASER, 3, FUZZ_RAM + DT);
    add_write(q, FUZZ_ITS, A_ITS_CR0, 2, 1);
    add(q, (FuzzStep) { .op = FUZZ_ATTRS, .where = 1, .sel = dev });
    for (unsigned i = 0; i < 2; i++) {
        add_write(q, FUZZ_TRANSLATE0, A_ITS_TRANSLATER, 2, rnd(4));
    }
    add_write(q, FUZZ_ITS, A_ITS_GEN_EVENT_DIDR, 3, dev);
    add_write(q, FUZZ_ITS, A_ITS_GEN_EVENT_EIDR, 2, rnd(4));
    add_write(q, FUZZ_ITS, A_ITS_GEN_EVENTR, 2, 1u << 31 | q->domain);
    add_write(q, FUZZ_ITS, A_ITS_DIDR, 3, dev);
    add_write(q, FUZZ_ITS, A_ITS_EIDR, 2, rnd(4));
    add_write(q, FUZZ_ITS, A_ITS_READ_EVENTR, 2, 1u << 31);
    add_write(q, FUZZ_ITS, one_in(2) ? A_ITS_INV_EVENTR : A_ITS_INV_DEVICER, 2,
              1u << 31 | rnd(64));
}

/* Wires of the IWB, and of an IRS */
static void add_wires(Sequence *q)
{
    uint8_t domain = q->domain;
    uint8_t attr = one_in(2) ? 2 : domain;

    add(q, (FuzzStep) { .op = FUZZ_ATTRS, .where = attr, .sel = 5 });
    q->domain = 0;
    add_write(q, FUZZ_IWB, A_IWB_WDOMAINR0, 2, domain * 0x55555555u);
    add_write(q, FUZZ_IWB, A_IWB_WTMR0, 2, rnd(16));
    add_write(q, FUZZ_IWB, A_IWB_WENABLER0, 2, 15);
    q->domain = domain;
    for (unsigned i = 0; i < 3; i++) {
        unsigned spi = rnd(4);

        /* They are EL3's after reset. */
        q->domain = GICV5_DOMAIN_EL3;
        add_irs(q, A_IRS_SPI_SELR, 2, q->irs * 64 + spi);
        add_irs(q, A_IRS_SPI_DOMAINR, 2, domain);
        q->domain = domain;
        add_irs(q, A_IRS_SPI_SELR, 2, q->irs * 64 + spi);
        add_irs(q, A_IRS_SPI_CFGR, 2, rnd(2));
        if (one_in(2)) {
            add_irs(q, A_IRS_SPI_VMR, 3, 1ULL << 63 | rnd(3));
        }
        add(q, (FuzzStep) {
            .op = FUZZ_WIRE, .where = q->irs, .sel = spi, .value = 1,
        });
        add(q, (FuzzStep) {
            .op = FUZZ_WIRE, .where = 2, .sel = rnd(4), .value = 1,
        });
        add_irs(q, A_IRS_SPI_RESAMPLER, 2, q->irs * 64 + spi);
    }
}

static void any_sequence(Sequence *q)
{
    q->n = 0;
    q->domain = one_in(4) ? rnd(4) : GICV5_DOMAIN_NS;
    q->irs = one_in(4);
    switch (rnd(12)) {
    case 0:
        add_lpis(q);
        break;
    case 1:
        add_cpus(q);
        break;
    case 2:
        add_interrupts(q, 0);
        break;
    case 3:
        add_interrupts(q, 4);
        break;
    case 4:
        add_vm(q);
        break;
    case 5:
        add_its(q);
        break;
    case 6:
        add_handler(q);
        break;
    case 7:
        add_ppis(q);
        break;
    case 8:
        add_pressure(q);
        break;
    case 9:
        add_vm_table(q);
        break;
    case 10:
        add_pe(q);
        break;
    default:
        add_wires(q);
        break;
    }
}

/* --- changes --- */

/* Make room for @n steps at @at; returns how many fit */
static unsigned open_gap(uint8_t *data, unsigned *steps, unsigned max,
                         unsigned at, unsigned n)
{
    n = MIN(n, max - *steps);
    memmove(data + (at + n) * FUZZ_STEP_BYTES, data + at * FUZZ_STEP_BYTES,
            (*steps - at) * FUZZ_STEP_BYTES);
    *steps += n;
    return n;
}

static void change_step(uint8_t *data, unsigned at)
{
    FuzzStep s = fuzz_get_step(data, at);
    bool is_mem = s.op == FUZZ_MEM || s.op == FUZZ_FILL;

    switch (rnd(7)) {
    case 0:
        s.value ^= 1ULL << rnd(64);
        break;
    case 1:
        s.value = is_mem ? any_table_word() : any_value();
        break;
    case 2:
        s.value += (int32_t)rnd(33) - 16;
        break;
    case 3:
        s.where ^= 1u << rnd(8);
        break;
    case 4:
        s.sel = is_mem ? (any_address() - FUZZ_RAM) / 8 :
                         s.sel ^ 1u << rnd(16);
        break;
    case 5:
        s.value = deposit64(s.value, 32, 32, one_in(2) ? rnd(4) : any_id());
        break;
    default:
        s.value = deposit64(s.value, 0, 24, any_id());
        break;
    }
    fuzz_put_step(data, at, &s);
}

static void change(uint8_t *data, unsigned *steps, unsigned max)
{
    unsigned at = rnd(*steps + 1);
    uint8_t copy[16 * FUZZ_STEP_BYTES];
    unsigned n, from;
    Sequence q;

    switch (*steps ? rnd(8) : 6) {
    case 0:
    case 1:
        n = open_gap(data, steps, max, at, 1);
        for (unsigned i = 0; i < n; i++) {
            FuzzStep s = any_step();

            fuzz_put_step(data, at + i, &s);
        }
        break;
    case 2:
    case 3:
        change_step(data, rnd(*steps));
        break;
    case 4:
        /* Leave some out */
        at = rnd(*steps);
        n = MIN(1 + rnd(one_in(4) ? 16 : 2), *steps - at);
        memmove(data + at * FUZZ_STEP_BYTES,
                data + (at + n) * FUZZ_STEP_BYTES,
                (*steps - at - n) * FUZZ_STEP_BYTES);
        *steps -= n;
        break;
    case 5:
        /* Some of them again */
        from = rnd(*steps);
        n = MIN(1 + rnd(16), *steps - from);
        memcpy(copy, data + from * FUZZ_STEP_BYTES, n * FUZZ_STEP_BYTES);
        n = open_gap(data, steps, max, at, n);
        memcpy(data + at * FUZZ_STEP_BYTES, copy, n * FUZZ_STEP_BYTES);
        break;
    default:
        any_sequence(&q);
        n = open_gap(data, steps, max, at, q.n);
        for (unsigned i = 0; i < n; i++) {
            fuzz_put_step(data, at + i, &q.step[i]);
        }
        break;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed)
{
    unsigned max = MIN(max_size / FUZZ_STEP_BYTES, FUZZ_MAX_STEPS);
    unsigned steps = MIN(size / FUZZ_STEP_BYTES, max);

    state = 0x9E3779B97F4A7C15ULL * (seed + 1ULL);
    rnd(2);
    if (size && one_in(6)) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    for (unsigned n = 1 + rnd(one_in(4) ? 16 : 3); n && max; n--) {
        change(data, &steps, max);
    }
    return steps * FUZZ_STEP_BYTES;
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size,
                                 const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t max_size,
                                 unsigned int seed)
{
    unsigned max = MIN(max_size / FUZZ_STEP_BYTES, FUZZ_MAX_STEPS);
    unsigned a_steps = a_size / FUZZ_STEP_BYTES;
    unsigned b_steps = b_size / FUZZ_STEP_BYTES;
    unsigned n, from;

    state = 0x9E3779B97F4A7C15ULL * (seed + 1ULL);
    rnd(2);
    /* The beginning of one, the end of the other */
    n = MIN(rnd(a_steps + 1), max);
    memcpy(out, a, n * FUZZ_STEP_BYTES);
    from = rnd(b_steps + 1);
    b_steps = MIN(b_steps - from, max - n);
    memcpy(out + n * FUZZ_STEP_BYTES, b + from * FUZZ_STEP_BYTES,
           b_steps * FUZZ_STEP_BYTES);
    return (n + b_steps) * FUZZ_STEP_BYTES;
}
