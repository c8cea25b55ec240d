/*
 * QTest testcase for the Arm GICv5 IRS: VM tables, VMs, VPEs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "gicv5-driver.h"

#define IDR0_VIRT (1u << 6)
#define IDR0_VIRT_ONE_N (1u << 8)
#define SPI_VMR 0x0100
#define VMT_BASER 0x0200
#define VMT_CFGR 0x0210
#define VMT_CFGR_TWO_LEVEL (1u << 16)
#define VMT_STATUSR 0x0214
#define VPE_SELR 0x0240
#define VPE_DBR 0x0248
#define VPE_HPPIR 0x0250
#define VPE_CR0 0x0258
#define VPE_STATUSR 0x025c
#define VM_DBR 0x0280
#define VM_SELR 0x0288
#define VM_STATUSR 0x028c
#define VMAP_L2_VMTR 0x02c0
#define VMAP_VMR 0x02c8
#define VMAP_VISTR 0x02d0
#define VMAP_L2_VISTR 0x02d8
#define VMAP_VPER 0x02e0
#define SAVE_VMR 0x0300
#define SAVE_VM_STATUSR 0x0308

#define M (1ULL << 63)
#define U (1ULL << 62)
#define S M
#define Q U
#define HI(x) ((uint64_t)(x) << 32)
#define TYPE_LPI (2u << 29)
#define TYPE_SPI (3u << 29)

#define VALID 1ULL

/* Where software keeps its tables */
#define VMT (RAM_BASE + 0x100000)
#define L2_VMT (RAM_BASE + 0x110000)
#define VMTE(vm) (L2_VMT + ((vm) & 127) * 32)
#define VPET (RAM_BASE + 0x120000)
#define VPED(vpe) (RAM_BASE + 0x130000 + (vpe) * 32)
#define VSPI (RAM_BASE + 0x140000)
#define VLPI (RAM_BASE + 0x150000)
#define VLPI_L2 (RAM_BASE + 0x160000)

#define VIRT "-global arm-gicv5.x-virtualization=on "
#define EL2 "-machine el2=on "
#define NO_ONE_N "-global arm-gicv5.has-virt-one-of-n=off "
#define LINEAR "-global arm-gicv5.vmt-levels=off "
#define VPED_4K "-global arm-gicv5.vped-size-bits=12 "

static QTestState *start(IRS *f)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 2, VIRT);

    *f = gicv5_irs(qts, 0, DOM_NS);
    return qts;
}

static uint64_t ld(const IRS *f, uint64_t addr)
{
    return qtest_readq(f->qts, addr);
}

static void st(const IRS *f, uint64_t addr, uint64_t value)
{
    qtest_writeq(f->qts, addr, value);
}

static void assert_idle(const IRS *f)
{
    g_assert_cmphex(irs_readl(f, VMT_STATUSR), ==, 1);
}

/* A two-level VM table, with the level 2 table of VMs 0 to 127 */
static void make_vmt(const IRS *f)
{
    st(f, VMT, L2_VMT);
    irs_writel(f, VMT_CFGR, VMT_CFGR_TWO_LEVEL | 16);
    irs_writeq(f, VMT_BASER, VMT | VALID);
    irs_writeq(f, VMAP_L2_VMTR, M | 3);
    assert_idle(f);
    g_assert_cmphex(ld(f, VMT), ==, L2_VMT | VALID);
}

static void make_vm_at(const IRS *f, unsigned vm, uint64_t vpet)
{
    st(f, VMTE(vm), 0);
    st(f, VMTE(vm) + 8, 2ULL << 59 | vpet);
    irs_writeq(f, VMAP_VMR, M | vm);
    assert_idle(f);
    g_assert_cmphex(ld(f, VMTE(vm)), ==, VALID);
}

static void make_vm(const IRS *f, unsigned vm)
{
    make_vm_at(f, vm, VPET);
}

static void make_vpe(const IRS *f, unsigned vm, unsigned vpe)
{
    st(f, VPET + 8 * vpe, VPED(vpe));
    irs_writeq(f, VMAP_VPER, M | HI(vm) | vpe);
    assert_idle(f);
    g_assert_cmphex(ld(f, VPET + 8 * vpe), ==, VPED(vpe) | VALID);
}

static bool select_vpe(const IRS *f, unsigned vm, unsigned vpe)
{
    uint32_t v;

    irs_writeq(f, VPE_SELR, S | HI(vpe) | vm);
    v = irs_readl(f, VPE_STATUSR);
    g_assert_true(v & 1);
    return v & 2;
}

static void test_id(void)
{
    static const struct {
        const char *args;
        uint32_t idr3;
        uint32_t idr4;
    } cases[] = {
        /* VMT_LEVELS, no VMD; VPED of 32 bytes */
        { VIRT, 1 << 10 | 16 << 5, 8 << 6 | 5 },
        { VIRT "-global arm-gicv5.vm-id-bits=10 "
          "-global arm-gicv5.vpe-id-bits=12", 1 << 10 | 10 << 5, 11 << 6 | 5 },
        { VIRT LINEAR VPED_4K, 16 << 5, 8 << 6 | 12 },
        { VIRT "-global arm-gicv5.vped-size-bits=3", 1 << 10 | 16 << 5,
          8 << 6 | 3 },
        { VIRT LINEAR "-global arm-gicv5.vm-id-bits=8 "
          "-global arm-gicv5.vpe-id-bits=1", 8 << 5, 5 },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        QTestState *qts = gicv5_start(2, ALL_DOMAINS, 2, cases[i].args);

        for (unsigned n = 0; n < 2 * NUM_DOMAINS; n++) {
            IRS f = gicv5_irs(qts, n / NUM_DOMAINS, n % NUM_DOMAINS);
            bool virt = n % NUM_DOMAINS != DOM_EL3;

            g_assert_true(!!(irs_readl(&f, IDR0) & IDR0_VIRT) == virt);
            g_assert_true(!!(irs_readl(&f, IDR0) & IDR0_VIRT_ONE_N) == virt);
            g_assert_cmphex(irs_readl(&f, IDR3), ==, cases[i].idr3 * virt);
            g_assert_cmphex(irs_readl(&f, IDR4), ==, cases[i].idr4 * virt);
            irs_writel(&f, CR1, UINT32_MAX);
            g_assert_cmphex(irs_readl(&f, CR1), ==, virt ? 0xffff : 0xff);
        }
        qtest_quit(qts);
    }
}

/* Reset values, and what can be written without an operation */
static void test_regs(void)
{
    static const struct {
        unsigned offset;
        unsigned bits;
        uint64_t reset;
        uint64_t mask;
        uint64_t ones;
    } regs[] = {
        { VMT_BASER, 64, 0, 0x00fffffffffffff8, ~VALID },
        { VMT_CFGR, 32, 0, 0x1001f, UINT32_MAX },
        { VMT_STATUSR, 32, 1, 0, UINT32_MAX },
        { VPE_SELR, 64, 0, 0x0000ffff0000ffff, UINT64_MAX >> 1 },
        { VPE_DBR, 64, 0, 0, UINT64_MAX },
        { VPE_HPPIR, 64, 0, 0, UINT64_MAX },
        { VPE_CR0, 32, 0, 0, UINT32_MAX },
        { VPE_STATUSR, 32, 1, 0, UINT32_MAX },
        { VM_DBR, 64, 0, 0, UINT64_MAX },
        { VM_SELR, 32, 0, 0xffff, UINT32_MAX },
        { VM_STATUSR, 32, 1, 0, UINT32_MAX },
        { VMAP_L2_VMTR, 64, 0, 0, UINT64_MAX },
        { VMAP_VMR, 64, 0, 0, UINT64_MAX },
        { VMAP_VISTR, 64, 0, 0, UINT64_MAX },
        { VMAP_L2_VISTR, 64, 0, 0, UINT64_MAX },
        { VMAP_VPER, 64, 0, 0, UINT64_MAX },
        { SAVE_VMR, 64, 0, 0, UINT64_MAX },
        { SAVE_VM_STATUSR, 32, 1, 0, UINT32_MAX },
    };
    IRS f;
    QTestState *qts = start(&f);

    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
            uint64_t want = regs[i].reset;

            if (regs[i].bits == 32) {
                g_assert_cmphex(irs_readl(&f, regs[i].offset), ==, want);
                irs_writel(&f, regs[i].offset, regs[i].ones);
                want |= regs[i].ones & regs[i].mask;
                g_assert_cmphex(irs_readl(&f, regs[i].offset), ==, want);
                continue;
            }
            g_assert_cmphex(irs_readq(&f, regs[i].offset), ==, want);
            irs_writeq(&f, regs[i].offset, regs[i].ones);
            want |= regs[i].ones & regs[i].mask;
            g_assert_cmphex(irs_readq(&f, regs[i].offset), ==, want);
            g_assert_cmphex(irs_readl(&f, regs[i].offset), ==, (uint32_t)want);
            g_assert_cmphex(irs_readl(&f, regs[i].offset + 4), ==, want >> 32);
        }
        qtest_system_reset(qts);
    }
    qtest_quit(qts);
}

/* Without x-virtualization none of them is there. */
static void test_absent(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);

    st(&f, VMT, L2_VMT);
    irs_writel(&f, VMT_CFGR, VMT_CFGR_TWO_LEVEL | 16);
    irs_writeq(&f, VMT_BASER, VMT | VALID);
    irs_writeq(&f, VMAP_L2_VMTR, M | 3);
    irs_writeq(&f, VMAP_VMR, M | 3);
    g_assert_cmphex(ld(&f, VMT), ==, L2_VMT);
    for (unsigned off = VMT_BASER; off <= SAVE_VM_STATUSR; off += 4) {
        g_assert_cmphex(irs_readl(&f, off), ==, 0);
    }
    qtest_quit(qts);
}

static void test_vmt(void)
{
    IRS f;
    QTestState *qts = start(&f);

    make_vmt(&f);
    /* CFGR and ADDR keep what they were while the table is valid. */
    irs_writel(&f, VMT_CFGR, 8);
    irs_writeq(&f, VMT_BASER, 0x1000 | VALID);
    g_assert_cmphex(irs_readl(&f, VMT_CFGR), ==, VMT_CFGR_TWO_LEVEL | 16);
    g_assert_cmphex(irs_readq(&f, VMT_BASER), ==, VMT | VALID);

    make_vm(&f, 7);
    irs_writel(&f, VM_SELR, 7);
    g_assert_cmphex(irs_readl(&f, VM_STATUSR), ==, 3);
    irs_writel(&f, VM_SELR, 8);
    g_assert_cmphex(irs_readl(&f, VM_STATUSR), ==, 1);
    /* Its level 2 table is not there. */
    irs_writeq(&f, VMAP_VMR, M | 128);
    irs_writel(&f, VM_SELR, 128);
    g_assert_cmphex(irs_readl(&f, VM_STATUSR), ==, 1);

    /* Without M nothing happens; with U the VM goes. */
    irs_writeq(&f, VMAP_VMR, U | 7);
    g_assert_cmphex(ld(&f, VMTE(7)), ==, VALID);
    irs_writeq(&f, VMAP_VMR, M | U | 7);
    g_assert_cmphex(ld(&f, VMTE(7)), ==, 0);

    /* By halves: the high one has M. */
    irs_writel(&f, VMAP_VMR, 9);
    irs_writel(&f, VMAP_VMR + 4, 1u << 31);
    g_assert_cmphex(ld(&f, VMTE(9)), ==, VALID);

    irs_writeq(&f, VMT_BASER, 0);
    g_assert_cmphex(irs_readq(&f, VMT_BASER), ==, VMT);
    irs_writel(&f, VM_SELR, 9);
    g_assert_cmphex(irs_readl(&f, VM_STATUSR), ==, 1);
    irs_writel(&f, VMT_CFGR, 8);
    g_assert_cmphex(irs_readl(&f, VMT_CFGR), ==, 8);
    qtest_quit(qts);
}

/* In the order in which Linux makes a VM and undoes it */
static void test_vm(void)
{
    IRS f;
    QTestState *qts = start(&f);

    make_vmt(&f);
    make_vm(&f, 3);

    st(&f, VMTE(3) + 24, 5ULL << 59 | VSPI);
    irs_writeq(&f, VMAP_VISTR, M | HI(3) | TYPE_SPI);
    assert_idle(&f);
    g_assert_cmphex(ld(&f, VMTE(3) + 24), ==, 5ULL << 59 | VSPI | VALID);

    /* Level 2 tables that are there already, and one that is not */
    st(&f, VLPI, VLPI_L2 | VALID);
    st(&f, VLPI + 8, VLPI_L2 + 0x1000);
    st(&f, VMTE(3) + 16, 11ULL << 59 | 1ULL << 58 | VLPI);
    irs_writeq(&f, VMAP_VISTR, M | HI(3) | TYPE_LPI);
    g_assert_true(ld(&f, VMTE(3) + 16) & VALID);
    irs_writeq(&f, VMAP_L2_VISTR, M | HI(3) | TYPE_LPI | 1024);
    g_assert_cmphex(ld(&f, VLPI + 8), ==, (VLPI_L2 + 0x1000) | VALID);

    g_assert_false(select_vpe(&f, 3, 0));
    irs_writeq(&f, VPE_DBR, M | 99);
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, 0);
    make_vpe(&f, 3, 0);
    make_vpe(&f, 3, 1);
    g_assert_true(select_vpe(&f, 3, 1));
    irs_writel(&f, VPE_CR0, 1);
    irs_writeq(&f, VPE_DBR, M | HI(5) | 99);
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, M | HI(5) | 99);
    g_assert_cmphex(irs_readl(&f, VPE_CR0), ==, 1);
    g_assert_cmphex(irs_readq(&f, VPE_HPPIR), ==, 0);
    g_assert_true(select_vpe(&f, 3, 0));
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, 0);
    g_assert_cmphex(irs_readl(&f, VPE_CR0), ==, 0);
    /* Without S nothing is selected anew, and what is read was written. */
    irs_writeq(&f, VPE_SELR, HI(1) | 3);
    g_assert_cmphex(irs_readq(&f, VPE_SELR), ==, HI(1) | 3);
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, 0);
    g_assert_false(select_vpe(&f, 3, 2));
    g_assert_false(select_vpe(&f, 3, 4));
    g_assert_false(select_vpe(&f, 4, 0));

    /* Saved: nothing has changed since. */
    irs_writeq(&f, SAVE_VMR, S | Q | 3);
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 3);
    irs_writeq(&f, SAVE_VMR, Q | 3);
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 3);
    irs_writeq(&f, SAVE_VMR, 4);
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 3);
    irs_writeq(&f, SAVE_VMR, Q | 4);
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 1);

    /* Invalid and valid again: tables, VPEs and doorbell settings stay. */
    irs_writeq(&f, VMAP_VMR, M | U | 3);
    g_assert_cmphex(ld(&f, VMTE(3)), ==, 0);
    g_assert_true(ld(&f, VMTE(3) + 16) & ld(&f, VMTE(3) + 24) & VALID);
    g_assert_false(select_vpe(&f, 3, 1));
    irs_writeq(&f, VMAP_VMR, M | 3);
    g_assert_true(select_vpe(&f, 3, 1));
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, M | HI(5) | 99);
    g_assert_cmphex(irs_readl(&f, VPE_CR0), ==, 1);

    irs_writeq(&f, VMAP_VISTR, M | U | HI(3) | TYPE_LPI);
    g_assert_false(ld(&f, VMTE(3) + 16) & VALID);
    g_assert_true(ld(&f, VMTE(3) + 24) & VALID);
    irs_writeq(&f, VMAP_VMR, M | U | 3);
    g_assert_cmphex(ld(&f, VMTE(3)), ==, 0);
    qtest_quit(qts);
}

#define CONTEXTR_V (1ULL << 63)
#define CONTEXTR_F (1ULL << 62)
#define CONTEXTR_DB (1ULL << 60)
#define CONTEXTR_DBPM(p) ((uint64_t)(p) << 55)
#define CONTEXTR(vm, vpe) (CONTEXTR_V | HI(vpe) | (vm))

#define DOORBELL 200
#define IST (RAM_BASE + 0x180000)

/* VM 3 with two VPEs, an SPI table, and a doorbell for each VPE */
static QTestState *start_vm_on(QTestState *qts, IRS *f, CPU *host, CPU *guest)
{
    *f = gicv5_irs(qts, 0, DOM_NS);
    make_vmt(f);
    make_vm(f, 3);
    st(f, VMTE(3) + 24, 5ULL << 59 | VSPI);
    irs_writeq(f, VMAP_VISTR, M | HI(3) | TYPE_SPI);
    ist_set_valid(f, IST, IST_CFG(10, 0, 0));
    irs_enable(f);
    for (unsigned i = 0; i < 2; i++) {
        host[i] = gicv5_cpu(qts, i, DOM_NS);
        cpu_enable(&host[i]);
        gic_configure(&host[0], LPI(DOORBELL + i), 1, IAFFID(i));
        make_vpe(f, 3, i);
        g_assert_true(select_vpe(f, 3, i));
        irs_writeq(f, VPE_DBR, M | (DOORBELL + i));
    }
    /* As with GIC VDPEND, and what KVM does for a guest */
    *guest = host[0];
    guest->scope = SCOPE_VM;
    guest->vm = 3;
    return qts;
}

static QTestState *start_vm(IRS *f, CPU *host, CPU *guest)
{
    return start_vm_on(gicv5_start(1, ONLY_NS, 2, VIRT), f, host, guest);
}

static void assert_info(QTestState *qts, const char *text, bool is_there)
{
    g_autofree char *info = qtest_hmp(qts, "info pic");

    g_test_message("%s", info);
    g_assert_cmpint(!!strstr(info, text), ==, is_there);
}

static void test_resident(void)
{
    IRS f;
    CPU host[2], guest, resident;
    QTestState *qts = start_vm(&f, host, &guest);

    /* No VPE: nothing to command; V=0 is no failure. */
    resident = host[1];
    resident.scope = SCOPE_RESIDENT;
    assert_icsr(&resident, SPI(4), UNREACHABLE);
    g_assert_cmphex(cpu_set_resident(&host[1], CONTEXTR_DB), ==, CONTEXTR_DB);

    g_assert_cmphex(cpu_set_resident(&host[1], CONTEXTR(3, 1)), ==,
                    CONTEXTR(3, 1));
    gic_configure(&resident, SPI(4), 9, 1);
    assert_icsr(&resident, SPI(4),
                ISTE_ENABLE | ISTE_PRIO(9) | ISTE_IAFFID(1));
    /* Set pending from another PE */
    gic(&guest, SET_PENDING, SPI(4), 1);
    assert_icsr(&resident, SPI(4), ISTE_PENDING | ISTE_ENABLE | ISTE_PRIO(9) |
                ISTE_IAFFID(1));
    g_assert_true(select_vpe(&f, 3, 1));
    g_assert_cmphex(irs_readq(&f, VPE_HPPIR), ==, HI(1) | SPI(4));
    gic(&resident, ACTIVATE, SPI(4), 0);
    g_assert_cmphex(irs_readq(&f, VPE_HPPIR), ==, 0);
    gic(&guest, DEACTIVATE, SPI(4), 0);

    /* What the monitor says of all that */
    assert_info(qts, "    VM 3", true);
    assert_info(qts, "VPE 1: HPPI none, resident on IAFFID 13, doorbell LPI",
                true);
    assert_info(qts, "VPE 2", false);
    assert_info(qts, "VM 4", false);

    /* One PE at a time; no such VPE, VM, or domain with VMs */
    g_assert_true(cpu_set_resident(&host[0], CONTEXTR(3, 1)) & CONTEXTR_F);
    g_assert_true(cpu_set_resident(&host[0], CONTEXTR(3, 2)) & CONTEXTR_F);
    g_assert_true(cpu_set_resident(&host[0], CONTEXTR(4, 0)) & CONTEXTR_F);
    g_assert_false(cpu_set_resident(&host[0], CONTEXTR(3, 0)) & CONTEXTR_F);

    /* The VM goes: its VPEs are resident nowhere, and V=0 is harmless. */
    irs_writeq(&f, VMAP_VMR, M | U | 3);
    assert_icsr(&resident, SPI(4), UNREACHABLE);
    assert_icsr(&guest, SPI(4), UNREACHABLE);
    g_assert_false(cpu_set_resident(&host[1], 0) & CONTEXTR_F);
    qtest_quit(qts);
}

static void test_doorbell(void)
{
    IRS f;
    CPU host[2], guest;
    QTestState *qts = start_vm(&f, host, &guest);

    gic_configure(&guest, SPI(1), 8, 1);
    cpu_set_resident(&host[0], CONTEXTR(3, 1));
    cpu_set_resident(&host[0], CONTEXTR_DB | CONTEXTR_DBPM(7));
    gic(&guest, SET_PENDING, SPI(1), 1);
    assert_no_candidate(&host[1]);
    cpu_set_resident(&host[0], CONTEXTR(3, 1));
    /* At once, and once */
    cpu_set_resident(&host[0], CONTEXTR_DB | CONTEXTR_DBPM(8));
    assert_candidate(&host[1], LPI(DOORBELL + 1), 1);
    g_assert_cmphex(cpu_acknowledge(&host[1]), ==, LPI(DOORBELL + 1));
    cpu_finish(&host[1], LPI(DOORBELL + 1));
    gic(&guest, SET_PENDING, SPI(1), 0);
    gic(&guest, SET_PENDING, SPI(1), 1);
    assert_no_candidate(&host[1]);
    g_assert_true(select_vpe(&f, 3, 1));
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, M | HI(8) | (DOORBELL + 1));

    /* Quiescence, as KVM asks for it */
    irs_writeq(&f, SAVE_VMR, S | Q | 3);
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 3);
    g_assert_cmphex(qtest_readl(qts, VSPI + 4), ==, ISTE_PENDING | ISTE_ENABLE |
                    ISTE_PRIO(8) | ISTE_IAFFID(1));
    gic(&guest, SET_PENDING, SPI(1), 0);
    irs_writeq(&f, SAVE_VMR, Q | 3);
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 1);
    qtest_quit(qts);
}

/* Presented to one of the VPEs that are resident; IRS_VM_DBR if none is */
static void test_one_of_n(void)
{
    IRS f;
    CPU host[2], guest, vcpu[2];
    QTestState *qts = start_vm(&f, host, &guest);
    uint32_t on = ISTE_ENABLE | ISTE_IRM | ISTE_PRIO(8);
    unsigned first;

    for (unsigned i = 0; i < 2; i++) {
        vcpu[i] = host[i];
        vcpu[i].scope = SCOPE_RESIDENT;
        cpu_set_resident(&host[i], CONTEXTR(3, i));
        cpu_enable(&vcpu[i]);
    }
    gic_configure(&guest, SPI(1), 8, TARGET_IRM);
    assert_icsr(&guest, SPI(1), on);
    gic(&guest, SET_PENDING, SPI(1), 1);
    first = gic(&vcpu[1], CPU_CANDIDATE, 0, 0) != 32ULL << 32;
    assert_candidate(&vcpu[first], SPI(1), 8);
    assert_no_candidate(&vcpu[!first]);
    /* What each of these says: mask, EN, DPS, residency */
    gic(&vcpu[first], CPU_SET_PCR, 0, 7);
    assert_candidate(&vcpu[!first], SPI(1), 8);
    assert_no_candidate(&vcpu[first]);
    gic(&vcpu[!first], CPU_SET_EN, 0, 0);
    assert_no_candidate(&vcpu[!first]);
    gic(&vcpu[first], CPU_SET_PCR, 0, 8);
    assert_candidate(&vcpu[first], SPI(1), 8);
    gic(&vcpu[!first], CPU_SET_EN, 0, 1);
    g_assert_true(select_vpe(&f, 3, first));
    irs_writel(&f, VPE_CR0, 1);
    assert_candidate(&vcpu[!first], SPI(1), 8);
    g_assert_cmphex(irs_readq(&f, VPE_HPPIR), ==, 0);
    irs_writel(&f, VPE_CR0, 0);
    g_assert_cmphex(irs_readq(&f, VPE_HPPIR), ==, 0);
    cpu_set_resident(&host[!first], 0);
    assert_candidate(&vcpu[first], SPI(1), 8);
    g_assert_cmphex(irs_readq(&f, VPE_HPPIR), ==, HI(1) | SPI(1));
    g_assert_cmphex(cpu_acknowledge(&vcpu[first]), ==, SPI(1));
    assert_icsr(&guest, SPI(1), on | ISTE_ACTIVE);
    cpu_finish(&vcpu[first], SPI(1));
    cpu_set_resident(&host[first], 0);

    /* The doorbell of the VM is that of VPE 1, which has not asked for it. */
    irs_writeq(&f, VM_DBR, M | 1);
    g_assert_cmphex(irs_readq(&f, VM_DBR), ==, 0);
    irs_writel(&f, VM_SELR, 4);
    irs_writeq(&f, VM_DBR, M | 1);
    g_assert_cmphex(irs_readq(&f, VM_DBR), ==, 0);
    irs_writel(&f, VM_SELR, 3);
    irs_writeq(&f, VM_DBR, UINT64_MAX);
    g_assert_cmphex(irs_readq(&f, VM_DBR), ==, M | 0xffff);
    irs_writel(&f, VM_DBR, 1);
    g_assert_cmphex(irs_readq(&f, VM_DBR), ==, M | 1);
    gic(&guest, SET_PENDING, SPI(1), 1);
    assert_no_candidate(&host[1]);
    assert_info(qts, "VM 3: 1-of-N: SPI 1 priority 8, 1-of-N rings for VPE 1",
                true);
    /* It moves with all of this, and rings where it is asked for. */
    qts = gicv5_move(qts, 1, ONLY_NS, 2, VIRT);
    f.qts = host[0].qts = host[1].qts = guest.qts = qts;
    g_assert_cmphex(irs_readq(&f, VM_DBR), ==, M | 1);
    assert_icsr(&guest, SPI(1), on | ISTE_PENDING);
    g_assert_true(select_vpe(&f, 3, 1));
    irs_writeq(&f, VPE_DBR, M | U | HI(7) | (DOORBELL + 1));
    assert_no_candidate(&host[1]);
    irs_writeq(&f, VPE_DBR, M | U | HI(8) | (DOORBELL + 1));
    assert_candidate(&host[1], LPI(DOORBELL + 1), 1);
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, M | HI(8) | (DOORBELL + 1));
    /* Memory has the routing mode. */
    irs_writeq(&f, SAVE_VMR, S | Q | 3);
    g_assert_cmphex(qtest_readl(qts, VSPI + 4), ==, on | ISTE_PENDING);

    gicv5_assert_refused(qts, "irs=1 -smp 2 " VIRT NO_ONE_N,
                         "has-virt-one-of-n is 0, but the source has 1 "
                         "(option -global arm-gicv5.has-virt-one-of-n)");
    qtest_quit(qts);
}

/* As it was before there was any of that, and moved to where there is */
static void test_one_of_n_off(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 2, VIRT NO_ONE_N);
    IRS f;
    CPU host[2], guest;

    start_vm_on(qts, &f, host, &guest);
    g_assert_cmphex(irs_readl(&f, IDR0) & (IDR0_VIRT | IDR0_VIRT_ONE_N), ==,
                    IDR0_VIRT);
    irs_writel(&f, VM_SELR, 3);
    irs_writeq(&f, VM_DBR, M | 1);
    g_assert_cmphex(irs_readq(&f, VM_DBR), ==, 0);
    gic_configure(&guest, SPI(1), 8, TARGET_IRM | 1);
    assert_icsr(&guest, SPI(1), ISTE_ENABLE | ISTE_PRIO(8) | ISTE_IAFFID(1));
    qts = gicv5_move(qts, 1, ONLY_NS, 2, VIRT);
    f.qts = guest.qts = qts;
    assert_icsr(&guest, SPI(1), ISTE_ENABLE | ISTE_PRIO(8) | ISTE_IAFFID(1));
    irs_writeq(&f, VM_DBR, M | 1);
    g_assert_cmphex(irs_readq(&f, VM_DBR), ==, M | 1);
    qtest_quit(qts);
}

/* IRS_SPI_VMR: a wire whose SPI is a VM's */
static void test_spi_vmr(void)
{
    const uint32_t config = ISTE_ENABLE | ISTE_PRIO(8) | ISTE_IAFFID(1);
    IRS f;
    CPU host[2], guest;
    QTestState *qts = start_vm(&f, host, &guest);

    gic_configure(&guest, SPI(6), 8, 1);
    gic_configure(&host[0], SPI(6), 4, IAFFID(0));

    /* Nothing is selected, or an SPI that is not there */
    irs_writeq(&f, SPI_VMR, M | 3);
    irs_writel(&f, SPI_SELR, 0xffffff);
    irs_writeq(&f, SPI_VMR, M | 3);
    g_assert_cmphex(irs_readq(&f, SPI_VMR), ==, 0);
    irs_writel(&f, SPI_SELR, 6);
    g_assert_cmphex(irs_readq(&f, SPI_VMR), ==, 0);
    irs_writel(&f, SPI_CFGR, TM_LEVEL);
    gic(&host[0], SET_PENDING, SPI(6), 1);
    assert_candidate(&host[0], SPI(6), 4);

    /* Out of reach for physical operations, and no candidate */
    irs_writeq(&f, SPI_VMR, ~0ULL & ~0xfffcULL);
    g_assert_cmphex(irs_readq(&f, SPI_VMR), ==, M | 3);
    assert_no_candidate(&host[0]);
    assert_icsr(&host[0], SPI(6), UNREACHABLE);
    gic(&host[0], SET_PENDING, SPI(6), 1);
    assert_icsr(&guest, SPI(6), config);
    /* The wire goes to the VM, with its trigger mode. */
    irs_wire(&f, 6, 1);
    assert_icsr(&guest, SPI(6), config | ISTE_PENDING | ISTE_LEVEL);
    irs_wire(&f, 6, 0);
    assert_icsr(&guest, SPI(6), config | ISTE_LEVEL);
    assert_no_candidate(&host[0]);
    irs_wire(&f, 6, 1);
    gic(&guest, SET_PENDING, SPI(6), 0);
    irs_writel(&f, SPI_RESAMPLER, 6);
    assert_icsr(&guest, SPI(6), config | ISTE_PENDING | ISTE_LEVEL);
    irs_writel(&f, SPI_CFGR, TM_EDGE);
    assert_icsr(&guest, SPI(6), config | ISTE_LEVEL);
    irs_writel(&f, SPI_CFGR, TM_LEVEL);

    /* Another SPI has not changed. */
    irs_wire(&f, 5, 1);
    assert_icsr(&guest, SPI(5), 0);
    irs_writel(&f, SPI_SELR, 5);
    g_assert_cmphex(irs_readq(&f, SPI_VMR), ==, 0);

    /* No such VM: the events are lost, and found by resampling. */
    irs_writel(&f, SPI_SELR, 6);
    irs_writeq(&f, SPI_VMR, M | 0xffff);
    irs_wire(&f, 6, 0);
    irs_wire(&f, 6, 1);
    assert_icsr(&guest, SPI(6), config | ISTE_PENDING | ISTE_LEVEL);
    irs_writeq(&f, SPI_VMR, M | 3);
    gic(&guest, SET_PENDING, SPI(6), 0);
    irs_writel(&f, SPI_RESAMPLER, 6);
    assert_icsr(&guest, SPI(6), config | ISTE_PENDING | ISTE_LEVEL);

    /* Back: the physical state is as it was. The VM's stays. */
    irs_writeq(&f, SPI_VMR, 3);
    g_assert_cmphex(irs_readq(&f, SPI_VMR), ==, 3);
    assert_candidate(&host[0], SPI(6), 4);
    assert_icsr(&guest, SPI(6), config | ISTE_PENDING | ISTE_LEVEL);

    irs_writeq(&f, SPI_VMR, M | 3);
    qtest_system_reset(qts);
    irs_writel(&f, SPI_SELR, 6);
    g_assert_cmphex(irs_readq(&f, SPI_VMR), ==, 0);
    qtest_quit(qts);
}

/* --- migration --- */

/* IRS_IDR3 and IRS_IDR4 as they were, and as they were not */
static void test_move_id(void)
{
    static const struct {
        const char *name;
        const char *arg;
        unsigned here;
        unsigned usual;
    } props[] = {
        { "vmt-levels", LINEAR, 0, 1 },
        { "vped-size-bits", VPED_4K, 12, 5 },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(props); i++) {
        g_autofree char *args = g_strdup_printf(VIRT "%s", props[i].arg);
        g_autofree char *same = g_strdup_printf("irs=2 -smp 2 %s", args);
        QTestState *qts = gicv5_start(2, ONLY_NS, 2, args);
        IRS f = gicv5_irs(qts, 1, DOM_NS);
        g_autofree char *text = NULL;
        uint32_t cfgr, idr3, idr4;

        irs_writel(&f, VMT_CFGR, UINT32_MAX);
        cfgr = irs_readl(&f, VMT_CFGR);
        idr3 = irs_readl(&f, IDR3);
        idr4 = irs_readl(&f, IDR4);
        text = g_strdup_printf("%s is %u, but the source has %u (option "
                               "-global arm-gicv5.%s)", props[i].name,
                               props[i].usual, props[i].here, props[i].name);
        gicv5_assert_refused(qts, "irs=2 -smp 2 " VIRT, text);
        f.qts = qts = gicv5_move(qts, 2, ONLY_NS, 2, args);
        g_assert_cmphex(irs_readl(&f, VMT_CFGR), ==, cfgr);
        g_assert_cmphex(irs_readl(&f, IDR3), ==, idr3);
        g_assert_cmphex(irs_readl(&f, IDR4), ==, idr4);
        qtest_quit(qts);

        /* A stream that does not say so has what is usual. */
        g_free(text);
        text = g_strdup_printf("%s is %u, but the source has %u (option "
                               "-global arm-gicv5.%s)", props[i].name,
                               props[i].here, props[i].usual, props[i].name);
        qts = gicv5_start(2, ONLY_NS, 2, VIRT);
        gicv5_assert_refused(qts, same, text);
        qtest_quit(qts);

        /* Without VMs it makes no difference. */
        qts = gicv5_start(2, ONLY_NS, 2, props[i].arg);
        qts = gicv5_move(qts, 2, ONLY_NS, 2, NULL);
        qts = gicv5_move(qts, 2, ONLY_NS, 2, props[i].arg);
        qtest_quit(qts);
    }
}

static void move(IRS *f, CPU *host, CPU *guest)
{
    QTestState *qts = gicv5_move(f->qts, 1, ONLY_NS, 2, VIRT);

    f->qts = guest->qts = qts;
    for (unsigned i = 0; i < 2; i++) {
        host[i].qts = qts;
    }
}

/* Pending, active, clean and dirty; resident, with a doorbell, and not valid */
static void test_move(void)
{
    IRS f;
    CPU host[2], guest, resident;
    QTestState *qts = start_vm(&f, host, &guest);

    /* In memory, and clean when it is loaded with the others */
    qtest_writel(qts, VSPI + 4 * 9, ISTE_ENABLE | ISTE_PRIO(3));
    qtest_writel(qts, VSPI + 4 * 10, ISTE_PENDING | ISTE_ENABLE | ISTE_PRIO(4) |
                 ISTE_IAFFID(1));
    st(&f, VLPI, VLPI_L2 | VALID);
    st(&f, VMTE(3) + 16, 11ULL << 59 | 1ULL << 58 | VLPI);
    irs_writeq(&f, VMAP_VISTR, M | HI(3) | TYPE_LPI);
    make_vm(&f, 5);
    make_vm(&f, 6);
    g_assert_false(select_vpe(&f, 6, 3));

    cpu_set_resident(&host[1], CONTEXTR(3, 1));
    gic_configure(&guest, SPI(4), 9, 1);
    gic(&guest, SET_PENDING, SPI(4), 1);
    gic_configure(&guest, SPI(5), 2, 1);
    gic(&guest, SET_HANDLING, SPI(5), 1);
    gic(&guest, SET_PENDING, SPI(5), 1);
    gic(&guest, ACTIVATE, SPI(5), 0);
    gic_configure(&guest, LPI(700), 7, 1);
    gic(&guest, SET_PENDING, LPI(700), 1);
    cpu_set_resident(&host[0], CONTEXTR(3, 0));
    cpu_set_resident(&host[0], CONTEXTR_DB | CONTEXTR_DBPM(8));
    irs_writel(&f, CR1, UINT32_MAX);
    irs_writel(&f, VM_SELR, 3);
    irs_writeq(&f, VPE_SELR, S | HI(1) | 3);
    irs_writeq(&f, SAVE_VMR, S | Q | 6);
    irs_writel(&f, SPI_SELR, 6);
    irs_writeq(&f, SPI_VMR, M | 3);
    /* The other half comes later. */
    irs_writel(&f, VMAP_VMR, 11);

    for (unsigned i = 0; i < 2; i++) {
        move(&f, host, &guest);
    }
    qts = f.qts;
    resident = host[1];
    resident.scope = SCOPE_RESIDENT;
    g_assert_cmphex(irs_readl(&f, CR1), ==, 0xffff);
    g_assert_cmphex(irs_readq(&f, SPI_VMR), ==, M | 3);
    irs_wire(&f, 6, 1);
    assert_icsr(&resident, SPI(6), ISTE_PENDING);
    g_assert_cmphex(irs_readq(&f, VMT_BASER), ==, VMT | VALID);
    g_assert_cmphex(irs_readl(&f, VMT_CFGR), ==, VMT_CFGR_TWO_LEVEL | 16);
    g_assert_cmphex(irs_readl(&f, VM_STATUSR), ==, 3);
    g_assert_cmphex(irs_readq(&f, VPE_SELR), ==, HI(1) | 3);
    g_assert_cmphex(irs_readl(&f, VPE_STATUSR), ==, 3);
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, M | (DOORBELL + 1));
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 3);
    irs_writel(&f, VMAP_VMR + 4, 1u << 31);
    g_assert_cmphex(ld(&f, VMTE(11)), ==, VALID);

    /* Where it was resident it is, with what is most important. */
    assert_icsr(&resident, SPI(4), ISTE_PENDING | ISTE_ENABLE | ISTE_PRIO(9) |
                ISTE_IAFFID(1));
    assert_icsr(&resident, SPI(5), ISTE_PENDING | ISTE_ACTIVE | ISTE_LEVEL |
                ISTE_ENABLE | ISTE_PRIO(2) | ISTE_IAFFID(1));
    assert_icsr(&resident, SPI(9), ISTE_ENABLE | ISTE_PRIO(3));
    assert_icsr(&resident, LPI(700), ISTE_PENDING | ISTE_ENABLE |
                ISTE_PRIO(7) | ISTE_IAFFID(1));
    g_assert_cmphex(irs_readq(&f, VPE_HPPIR), ==, HI(1) | SPI(10));
    assert_candidate(&resident, SPI(10), 4);
    gic(&resident, ACTIVATE, SPI(10), 0);
    g_assert_cmphex(irs_readq(&f, VPE_HPPIR), ==, HI(1) | LPI(700));
    assert_candidate(&resident, LPI(700), 7);
    g_assert_true(cpu_set_resident(&host[0], CONTEXTR(3, 1)) & CONTEXTR_F);

    /* Memory is as stale as it was. */
    g_assert_cmphex(qtest_readl(qts, VSPI + 4 * 4), ==, 0);
    /* The doorbell rings once. */
    gic_configure(&guest, SPI(1), 9, 0);
    gic(&guest, SET_PENDING, SPI(1), 1);
    assert_no_candidate(&host[0]);
    gic(&guest, SET_PRIORITY, SPI(1), 8);
    assert_candidate(&host[0], LPI(DOORBELL), 1);
    g_assert_cmphex(cpu_acknowledge(&host[0]), ==, LPI(DOORBELL));
    cpu_finish(&host[0], LPI(DOORBELL));
    move(&f, host, &guest);
    assert_no_candidate(&host[0]);
    gic(&guest, SET_PENDING, SPI(1), 0);
    gic(&guest, SET_PENDING, SPI(1), 1);
    assert_no_candidate(&host[0]);

    /* Changed after the save, on the other side */
    irs_writeq(&f, SAVE_VMR, S | Q | 3);
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 3);
    move(&f, host, &guest);
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 3);
    gic(&guest, SET_PENDING, SPI(30), 1);
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 1);
    move(&f, host, &guest);
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 1);

    /* What differs from memory goes there when the VM goes. */
    irs_writeq(&f, VMAP_VMR, M | U | 3);
    g_assert_cmphex(ld(&f, VMTE(3)), ==, 0);
    g_assert_cmphex(qtest_readl(f.qts, VSPI + 4 * 4), ==, ISTE_PENDING |
                    ISTE_ENABLE | ISTE_PRIO(9) | ISTE_IAFFID(1));
    g_assert_cmphex(qtest_readl(f.qts, VLPI_L2 + 4 * 700), ==, ISTE_PENDING |
                    ISTE_ENABLE | ISTE_PRIO(7) | ISTE_IAFFID(1));
    move(&f, host, &guest);
    resident.qts = f.qts;
    assert_icsr(&resident, SPI(4), UNREACHABLE);
    irs_writeq(&f, VMAP_VMR, M | 3);
    g_assert_true(select_vpe(&f, 3, 1));
    assert_icsr(&guest, SPI(4), ISTE_PENDING | ISTE_ENABLE | ISTE_PRIO(9) |
                ISTE_IAFFID(1));
    qtest_quit(f.qts);
}

/*
 * Two IRSes, which share the VMs: each VPE is resident on a PE of the other.
 * All domains but EL3 have VMs of the same IDs.
 */
static void test_move_irs(void)
{
    QTestState *qts = gicv5_start(2, ALL_DOMAINS, 2, VIRT);
    IRS f;

    for (unsigned i = 0; i < 3; i++) {
        unsigned d = i == 2 ? DOM_REALM : i;
        CPU c = gicv5_cpu(qts, 1 - i % 2, d);

        f = gicv5_irs(qts, i % 2, d);
        qtest_memset(qts, VMT, 0, 0x100000);
        irs_writel(&f, VMT_CFGR, 8);
        irs_writeq(&f, VMT_BASER, L2_VMT | VALID);
        make_vm(&f, 3);
        st(&f, VMTE(3) + 24, 5ULL << 59 | VSPI);
        irs_writeq(&f, VMAP_VISTR, M | HI(3) | TYPE_SPI);
        make_vpe(&f, 3, i);
        g_assert_false(cpu_set_resident(&c, CONTEXTR(3, i)) & CONTEXTR_F);
        c.scope = SCOPE_RESIDENT;
        gic_configure(&c, SPI(2), 5 + i, i);
        gic(&c, SET_PENDING, SPI(2), 1);
        irs_writel(&f, VM_SELR, i);
    }
    qts = gicv5_move(qts, 2, ALL_DOMAINS, 2, VIRT);
    for (unsigned i = 0; i < 3; i++) {
        unsigned d = i == 2 ? DOM_REALM : i;
        CPU c = gicv5_cpu(qts, 1 - i % 2, d);
        CPU other = gicv5_cpu(qts, i % 2, d);

        f = gicv5_irs(qts, i % 2, d);
        g_assert_cmphex(irs_readl(&f, VM_SELR), ==, i);
        c.scope = other.scope = SCOPE_RESIDENT;
        assert_icsr(&c, SPI(2), ISTE_PENDING | ISTE_ENABLE | ISTE_PRIO(5 + i) |
                    ISTE_IAFFID(i));
        assert_icsr(&other, SPI(2), UNREACHABLE);
        f = gicv5_irs(qts, 1 - i % 2, d);
        g_assert_cmphex(irs_readl(&f, VM_SELR), ==, 0);
        g_assert_cmphex(irs_readq(&f, VMT_BASER), ==, L2_VMT | VALID);
        /* IRSEN of the IRS that has the PE */
        assert_no_candidate(&c);
        irs_enable(&f);
        assert_candidate(&c, SPI(2), 5 + i);
        irs_writel(&f, CR0, 0);
    }
    qtest_quit(qts);
}

/* Destinations that differ; the source goes on. */
static void test_move_mismatch(void)
{
    static const struct {
        const char *machine;
        const char *text;
    } other[] = {
        { "irs=1 -smp 2", "x-virtualization is 0, but the source has 1 "
          "(option -machine)" },
        { "irs=1 -smp 2 " VIRT "-global arm-gicv5.vm-id-bits=12",
          "-global arm-gicv5.vm-id-bits" },
        { "irs=1 -smp 2 " VIRT "-global arm-gicv5.vpe-id-bits=10",
          "-global arm-gicv5.vpe-id-bits" },
        { "irs=1 -smp 2 " VIRT "-global arm-gicv5.vm-memory=64K",
          "vms: domain 1: VM 3: SPIs: there is more state of VMs than "
          "vm-memory (65536 bytes) allows here" },
    };
    IRS f;
    CPU host[2], guest;
    QTestState *qts = start_vm(&f, host, &guest);

    /* 16 pages of 3 KiB and more, with two chunks of a directory */
    irs_writeq(&f, VMAP_VISTR, M | U | HI(3) | TYPE_SPI);
    st(&f, VMTE(3) + 24, 14ULL << 59 | 1ULL << 58 | VLPI);
    irs_writeq(&f, VMAP_VISTR, M | HI(3) | TYPE_SPI);
    for (unsigned i = 0; i < 16; i++) {
        st(&f, VLPI + 8 * i, (VLPI_L2 + 0x1000 * i) | VALID);
        for (unsigned n = 0; n < 4; n++) {
            gic_configure(&guest, SPI(1024 * i + 256 * n), 9, 1);
        }
    }
    for (unsigned i = 0; i < ARRAY_SIZE(other); i++) {
        gicv5_assert_refused(qts, other[i].machine, other[i].text);
        assert_icsr(&guest, SPI(1024), ISTE_ENABLE | ISTE_PRIO(9) |
                    ISTE_IAFFID(1));
    }
    g_assert_true(select_vpe(&f, 3, 1));
    qtest_quit(qts);

    qts = gicv5_start(1, ONLY_NS, 2, NULL);
    gicv5_assert_refused(qts, "irs=1 -smp 2 " VIRT, "x-virtualization is 1, "
                         "but the source has 0");
    qtest_quit(qts);
}

/* --- snapshots, reset, power --- */

static void wait_job(QTestState *qts, const char *id)
{
    for (;;) {
        QDict *rsp = qtest_qmp(qts, "{ 'execute': 'query-jobs' }");
        QDict *job = qobject_to(QDict, qlist_peek(qdict_get_qlist(rsp,
                                                                  "return")));
        bool done = g_str_equal(qdict_get_str(job, "status"), "concluded");

        g_assert_cmpstr(qdict_get_try_str(job, "error"), ==, NULL);
        qobject_unref(rsp);
        if (done) {
            break;
        }
        g_usleep(1000);
    }
    qtest_qmp_assert_success(qts, "{ 'execute': 'job-dismiss', "
                             "'arguments': { 'id': %s } }", id);
}

/* Something to keep snapshots in */
static void add_disk(QTestState *qts, const char *path)
{
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    qtest_qmp_assert_success(qts, "{ 'execute': 'blockdev-add', 'arguments': "
                             "{ 'driver': 'file', 'node-name': 'file', "
                             "'filename': %s } }", path);
    qtest_qmp_assert_success(qts, "{ 'execute': 'blockdev-create', "
                             "'arguments': { 'job-id': 'create', 'options': "
                             "{ 'driver': 'qcow2', 'file': 'file', "
                             "'size': 1048576 } } }");
    wait_job(qts, "create");
    qtest_qmp_assert_success(qts, "{ 'execute': 'blockdev-add', 'arguments': "
                             "{ 'driver': 'qcow2', 'node-name': 'disk', "
                             "'file': 'file' } }");
}

static void snapshot(QTestState *qts, const char *command)
{
    g_autofree char *said = qtest_hmp(qts, "%s", command);

    g_assert_cmpstr(said, ==, "");
}

/* Everything of the tables above */
#define TABLES (RAM_BASE + 0x100000)
#define TABLES_SIZE 0xc0000

#define NUM_LOOKS (0x400 / 4 + 4 * 5 + 2 * 7 + 4 * 256)

/**
 * Looks: what software can see of VMs, and of the PEs that they are on
 *
 * @tables: memory, before anything else was looked at
 */
typedef struct Looks {
    uint64_t value[NUM_LOOKS];
    uint8_t tables[TABLES_SIZE];
} Looks;

static Looks *look(const IRS *f, const CPU *host, const CPU *guest)
{
    Looks *looks = g_new0(Looks, 1);
    uint64_t *v = looks->value;
    uint64_t selected = irs_readq(f, VPE_SELR);

    qtest_memread(f->qts, TABLES, looks->tables, TABLES_SIZE);
    for (unsigned offset = 0; offset < 0x400; offset += 4) {
        *v++ = irs_readl(f, offset);
    }
    for (unsigned i = 0; i < 4; i++) {
        *v++ = i < 3 ? select_vpe(f, 3, i) : select_vpe(f, 5, 1);
        *v++ = irs_readq(f, VPE_DBR);
        *v++ = irs_readl(f, VPE_CR0);
        *v++ = irs_readq(f, VPE_HPPIR);
        *v++ = irs_readl(f, VPE_STATUSR);
    }
    irs_writeq(f, VPE_SELR, S | selected);
    for (unsigned i = 0; i < 2; i++) {
        CPU resident = host[i];

        resident.scope = SCOPE_RESIDENT;
        *v++ = gic(&host[i], CPU_CANDIDATE, 0, 0);
        *v++ = gic(&host[i], CPU_LINES, 0, 0);
        *v++ = gic(&host[i], CPU_APR, 0, 0);
        *v++ = gic(&host[i], CPU_HPPIR, 0, 0);
        *v++ = gic(&resident, CPU_CANDIDATE, 0, 0);
        *v++ = gic(&resident, CPU_APR, 0, 0);
        *v++ = gic(&resident, REQUEST_CONFIG, SPI(4), 0);
    }
    for (unsigned id = 0; id < 256; id++) {
        CPU other = *guest;

        other.vm = 5;
        *v++ = gic(&host[0], REQUEST_CONFIG, LPI(id), 0);
        *v++ = gic(guest, REQUEST_CONFIG, SPI(id), 0);
        *v++ = gic(guest, REQUEST_CONFIG, LPI(512 + id), 0);
        *v++ = gic(&other, REQUEST_CONFIG, SPI(id), 0);
    }
    g_assert_true(v == looks->value + NUM_LOOKS);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmpuint(gic(&host[i], CPU_CHECK, 0, 0), ==, 1);
    }
    return looks;
}

/* How many values differ */
static unsigned differences(const Looks *a, const Looks *b)
{
    unsigned n = 0;

    for (unsigned i = 0; i < NUM_LOOKS; i++) {
        if (a->value[i] != b->value[i]) {
            g_test_message("value %u: 0x%" PRIx64 " and 0x%" PRIx64, i,
                           a->value[i], b->value[i]);
            n++;
        }
    }
    for (unsigned i = 0; i < TABLES_SIZE; i++) {
        n += a->tables[i] != b->tables[i];
    }
    return n;
}

#define VPET_5 (VPET + 0x8000)
#define VSPI_5 (VSPI + 0x8000)

/*
 * VM 3: VPE 0 waits, and would be rung for by priority 8, but 9 is pending;
 * VPE 1 is resident on CPU 1, with pending and active interrupts; the doorbell
 * of VPE 2 has rung. VM 5 has been saved; its VPE 1 has a pending interrupt.
 */
static void busy_vms(const IRS *f, const CPU *host, const CPU *guest)
{
    CPU other = *guest, resident = host[1];

    resident.scope = SCOPE_RESIDENT;
    st(f, VLPI, VLPI_L2 | VALID);
    st(f, VMTE(3) + 16, 11ULL << 59 | 1ULL << 58 | VLPI);
    irs_writeq(f, VMAP_VISTR, M | HI(3) | TYPE_LPI);
    make_vpe(f, 3, 2);
    gic_configure(&host[0], LPI(DOORBELL + 2), 2, IAFFID(0));

    cpu_set_resident(&host[1], CONTEXTR(3, 1));
    cpu_enable(&resident);
    gic_configure(guest, SPI(5), 3, 1);
    gic(guest, SET_PENDING, SPI(5), 1);
    g_assert_cmphex(cpu_acknowledge(&resident), ==, SPI(5));
    gic_configure(guest, SPI(4), 9, 1);
    gic(guest, SET_PENDING, SPI(4), 1);
    gic_configure(guest, LPI(700), 10, 1);
    gic(guest, SET_PENDING, LPI(700), 1);

    gic_configure(guest, SPI(1), 9, 0);
    gic(guest, SET_PENDING, SPI(1), 1);
    cpu_set_resident(&host[0], CONTEXTR(3, 0));
    cpu_set_resident(&host[0], CONTEXTR_DB | CONTEXTR_DBPM(8));
    gic_configure(guest, SPI(2), 5, 2);
    gic(guest, SET_PENDING, SPI(2), 1);
    g_assert_true(select_vpe(f, 3, 2));
    irs_writeq(f, VPE_DBR, M | U | HI(31) | (DOORBELL + 2));
    assert_candidate(&host[0], LPI(DOORBELL + 2), 2);

    other.vm = 5;
    make_vm_at(f, 5, VPET_5);
    st(f, VMTE(5) + 24, 6ULL << 59 | VSPI_5);
    irs_writeq(f, VMAP_VISTR, M | HI(5) | TYPE_SPI);
    st(f, VPET_5 + 8, VPED(100));
    irs_writeq(f, VMAP_VPER, M | HI(5) | 1);
    gic_configure(&other, SPI(63), 7, 1);
    gic(&other, SET_PENDING, SPI(63), 1);
    irs_writeq(f, SAVE_VMR, S | Q | 5);
    gic(&other, SET_PRIORITY, SPI(62), 7);

    irs_writel(f, CR1, UINT32_MAX);
    irs_writel(f, VM_SELR, 3);
    irs_writeq(f, VM_DBR, M | 2);
    irs_writel(f, SPI_SELR, 6);
    irs_writeq(f, SPI_VMR, M | 3);
    irs_writeq(f, VPE_SELR, S | HI(1) | 3);
}

/* Nothing is as it was. */
static void change_all(const IRS *f, const CPU *host, const CPU *guest)
{
    for (unsigned i = 0; i < 2; i++) {
        cpu_set_resident(&host[i], CONTEXTR(5, 1));
        gic(&host[i], SET_PENDING, LPI(DOORBELL + 2), 0);
        gic(&host[i], CPU_SET_EN, 0, 0);
        gic(&host[i], CPU_SET_PCR, 0, 3);
    }
    gic(guest, DEACTIVATE, SPI(5), 0);
    gic(guest, SET_PENDING, SPI(2), 0);
    irs_writeq(f, SPI_VMR, 0);
    irs_writeq(f, VMAP_VMR, M | U | 3);
    irs_writeq(f, VMT_BASER, 0);
    ist_set_invalid(f);
    qtest_memset(f->qts, TABLES, 0x5a, TABLES_SIZE);
    irs_writel(f, CR0, 0);
    irs_writel(f, CR1, 0);
    irs_writel(f, VMT_CFGR, 9);
    irs_writeq(f, VMT_BASER, (TABLES + TABLES_SIZE) | VALID);
    irs_writeq(f, VMAP_VMR, M | 7);
    irs_writeq(f, VPE_SELR, S | 7);
    irs_writeq(f, VPE_SELR, HI(2) | 5);
    irs_writeq(f, SAVE_VMR, S | Q | 7);
    irs_writel(f, VM_SELR, 7);
}

/*
 * A QEMU whose leaks are not looked for, if it looks: savevm and loadvm of QEMU
 * 10.0 have some, in qemu_fopen_bdrv() and migrate_init().
 */
static QTestState *start_leaky(void)
{
    g_autofree char *was = g_strdup(g_getenv("ASAN_OPTIONS"));
    g_autofree char *with = g_strdup_printf("%s%sdetect_leaks=0", was ?: "",
                                            was ? ":" : "");
    QTestState *qts;

    g_setenv("ASAN_OPTIONS", with, true);
    qts = gicv5_start(1, ONLY_NS, 2, VIRT EL2);
    if (was) {
        g_setenv("ASAN_OPTIONS", was, true);
    } else {
        g_unsetenv("ASAN_OPTIONS");
    }
    return qts;
}

static void test_snapshot(void)
{
    g_autofree char *dir = g_dir_make_tmp("gicv5-vm-XXXXXX", NULL);
    g_autofree char *path = g_strdup_printf("%s/disk", dir);
    g_autofree Looks *before = NULL;
    CPU host[2], guest, resident;
    IRS f;
    /* Only CPUs with EL2 have a virtual CPU interface to save. */
    QTestState *qts = start_vm_on(start_leaky(), &f, host, &guest);

    add_disk(qts, path);
    busy_vms(&f, host, &guest);
    before = look(&f, host, &guest);
    snapshot(qts, "savevm one");
    for (unsigned i = 0; i < 3; i++) {
        g_autofree Looks *now = look(&f, host, &guest);
        g_autofree Looks *changed = NULL;

        g_assert_cmpuint(differences(before, now), ==, 0);
        change_all(&f, host, &guest);
        changed = look(&f, host, &guest);
        g_assert_cmpuint(differences(before, changed), >, TABLES_SIZE / 2);
        snapshot(qts, "loadvm one");
    }

    /* It goes on: the doorbell that waited, the VPE that is there */
    assert_candidate(&host[0], LPI(DOORBELL + 2), 2);
    gic(&guest, SET_PRIORITY, SPI(1), 8);
    assert_candidate(&host[0], LPI(DOORBELL), 1);
    resident = host[1];
    resident.scope = SCOPE_RESIDENT;
    assert_candidate(&resident, SPI(4), 9);
    gic_configure(&guest, SPI(8), 2, 1);
    gic(&guest, SET_PENDING, SPI(8), 1);
    assert_candidate(&resident, SPI(8), 2);
    g_assert_cmphex(cpu_acknowledge(&resident), ==, SPI(8));
    cpu_finish(&resident, SPI(8));
    cpu_finish(&resident, SPI(5));
    g_assert_cmphex(cpu_acknowledge(&resident), ==, SPI(4));
    qtest_quit(qts);
    unlink(path);
    rmdir(dir);
}

/* Nothing is left of VMs, and nothing is written to their memory. */
static void test_reset(void)
{
    g_autofree uint8_t *before = g_malloc(TABLES_SIZE);
    g_autofree uint8_t *after = g_malloc(TABLES_SIZE);
    CPU host[2], guest, resident;
    IRS f;
    QTestState *qts = start_vm(&f, host, &guest);

    for (unsigned pass = 0; pass < 2; pass++) {
        busy_vms(&f, host, &guest);
        qtest_memread(qts, TABLES, before, TABLES_SIZE);
        qtest_system_reset(qts);
        qtest_memread(qts, TABLES, after, TABLES_SIZE);
        g_assert_cmpmem(before, TABLES_SIZE, after, TABLES_SIZE);
        for (unsigned off = VMT_BASER; off <= SAVE_VM_STATUSR; off += 4) {
            bool status = off == VMT_STATUSR || off == VPE_STATUSR ||
                          off == VM_STATUSR || off == SAVE_VM_STATUSR;

            g_assert_cmphex(irs_readl(&f, off), ==, status);
        }
        g_assert_cmphex(irs_readq(&f, SPI_VMR), ==, 0);
        for (unsigned i = 0; i < 2; i++) {
            resident = host[i];
            resident.scope = SCOPE_RESIDENT;
            assert_no_candidate(&host[i]);
            assert_no_candidate(&resident);
            assert_icsr(&resident, SPI(4), UNREACHABLE);
            g_assert_cmpuint(gic(&host[i], CPU_CHECK, 0, 0), ==, 1);
        }
        assert_icsr(&guest, SPI(4), UNREACHABLE);

        /* Software makes its tables, and the same VM, anew. */
        qtest_memset(qts, TABLES, 0, TABLES_SIZE);
        start_vm_on(qts, &f, host, &guest);
        assert_icsr(&guest, SPI(4), 0);
    }
    busy_vms(&f, host, &guest);
    resident = host[1];
    resident.scope = SCOPE_RESIDENT;
    assert_candidate(&resident, SPI(4), 9);
    qtest_quit(qts);
}

/* A PE that is switched off: its VPE leaves, and asks for no ring. */
static void test_power(void)
{
    CPU host[2], guest, resident;
    IRS f;
    QTestState *qts = start_vm_on(gicv5_start(1, ONLY_NS, 2, VIRT EL2), &f,
                                  host, &guest);

    gic_configure(&guest, SPI(1), 4, 0);
    gic_configure(&guest, SPI(2), 5, 1);
    /* Both doorbells are for CPU 1, where VPE 0 leaves and VPE 1 stays. */
    gic(&host[0], SET_TARGET, LPI(DOORBELL), IAFFID(1));
    cpu_set_resident(&host[1], CONTEXTR(3, 0));
    cpu_set_resident(&host[1], CONTEXTR_DB | CONTEXTR_DBPM(31));
    cpu_set_resident(&host[1], CONTEXTR(3, 1));
    g_assert_true(select_vpe(&f, 3, 1));
    irs_writeq(&f, VPE_DBR, M | U | HI(31) | (DOORBELL + 1));
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==,
                    M | U | HI(31) | (DOORBELL + 1));

    gic(&host[1], CPU_POWER, 0, 0);
    resident = host[1];
    resident.scope = SCOPE_RESIDENT;
    assert_icsr(&resident, SPI(2), UNREACHABLE);
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, M | HI(31) | (DOORBELL + 1));
    gic(&guest, SET_PENDING, SPI(2), 1);
    assert_no_candidate(&resident);
    assert_icsr(&host[0], LPI(DOORBELL + 1), ISTE_ENABLE | ISTE_PRIO(1) |
                ISTE_IAFFID(IAFFID(1)));
    /* The doorbell of the one that waits pends for the PE, off or not. */
    gic(&guest, SET_PENDING, SPI(1), 1);
    assert_icsr(&host[0], LPI(DOORBELL), ISTE_PENDING | ISTE_ENABLE |
                ISTE_PRIO(1) | ISTE_IAFFID(IAFFID(1)));
    assert_candidate(&host[1], LPI(DOORBELL), 1);
    g_assert_true(select_vpe(&f, 3, 0));
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, M | HI(31) | DOORBELL);

    /* Elsewhere it goes on. */
    g_assert_false(cpu_set_resident(&host[0], CONTEXTR(3, 1)) & CONTEXTR_F);
    resident = host[0];
    resident.scope = SCOPE_RESIDENT;
    assert_candidate(&resident, SPI(2), 5);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmpuint(gic(&host[i], CPU_CHECK, 0, 0), ==, 1);
    }
    /* Off twice, with a VPE that is not there any more, and on again */
    gic(&host[1], CPU_POWER, 0, 0);
    irs_writeq(&f, VMAP_VMR, M | U | 3);
    gic(&host[0], CPU_POWER, 0, 0);
    for (unsigned i = 0; i < 2; i++) {
        gic(&host[i], CPU_POWER, 0, 1);
        g_assert_cmpuint(gic(&host[i], CPU_CHECK, 0, 0), ==, 1);
    }
    irs_writeq(&f, VMAP_VMR, M | 3);
    g_assert_false(cpu_set_resident(&host[1], CONTEXTR(3, 0)) & CONTEXTR_F);
    resident = host[1];
    resident.scope = SCOPE_RESIDENT;
    gic(&guest, SET_PENDING, SPI(1), 1);
    assert_candidate(&resident, SPI(1), 4);
    qtest_quit(qts);
}

/* Without virtualization the same requests have answers. */
static void test_not_virtual(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);

    g_assert_true(cpu_set_resident(&c, CONTEXTR(0, 0)) & CONTEXTR_F);
    g_assert_false(cpu_set_resident(&c, CONTEXTR_DB) & CONTEXTR_F);
    c.scope = SCOPE_VM;
    assert_icsr(&c, SPI(0), UNREACHABLE);
    gic(&c, SET_PENDING, SPI(0), 1);
    c.scope = SCOPE_RESIDENT;
    assert_icsr(&c, SPI(0), UNREACHABLE);
    gic(&c, SET_PENDING, SPI(0), 1);
    c.scope = SCOPE_DOMAIN;
    assert_icsr(&c, SPI(0), 0);
    qtest_quit(qts);
}

/* Tables that are not in RAM, are the IRS's own frame, or are nonsense */
static void test_hostile(void)
{
    static const uint64_t bases[] = {
        0, 0x08000000, RAM_END - 8, RAM_END, 0x00fffffffffff000,
    };
    IRS f;
    QTestState *qts = start(&f);

    for (unsigned i = 0; i < ARRAY_SIZE(bases); i++) {
        for (unsigned two = 0; two < 2; two++) {
            irs_writel(&f, VMT_CFGR, (two ? VMT_CFGR_TWO_LEVEL : 0) | 31);
            irs_writeq(&f, VMT_BASER, bases[i] | VALID);
            for (unsigned vm = 0; vm < 0x10000; vm += 0x1111) {
                irs_writeq(&f, VMAP_L2_VMTR, M | vm);
                irs_writeq(&f, VMAP_VMR, M | vm);
                irs_writeq(&f, VMAP_VISTR, M | HI(vm) | TYPE_LPI);
                irs_writeq(&f, VMAP_VPER, M | HI(vm) | 0xffff);
                select_vpe(&f, vm, 0);
                irs_writeq(&f, SAVE_VMR, S | vm);
                irs_writeq(&f, VMAP_VMR, M | U | vm);
                assert_idle(&f);
            }
            irs_writeq(&f, VMT_BASER, 0);
        }
    }

    /* Everything of a VM in the device's own frames, or in itself */
    make_vmt(&f);
    for (unsigned i = 0; i < ARRAY_SIZE(bases) + 1; i++) {
        uint64_t base = i < ARRAY_SIZE(bases) ? bases[i] : VMTE(5);

        base &= ~0x3fULL;
        st(&f, VMTE(5), 0);
        st(&f, VMTE(5) + 8, 0xf8ULL << 56 | base);
        st(&f, VMTE(5) + 16, 0xf8ULL << 56 | 0x7ULL << 56 | base | 6);
        st(&f, VMTE(5) + 24, 0xf8ULL << 56 | base | 6);
        irs_writeq(&f, VMAP_VMR, M | 5);
        for (unsigned type = 0; type < 8; type++) {
            irs_writeq(&f, VMAP_VISTR, M | HI(5) | type << 29);
            irs_writeq(&f, VMAP_L2_VISTR, M | HI(5) | type << 29 | 0xffffff);
        }
        for (unsigned vpe = 0; vpe < 0x10000; vpe += 0x333) {
            irs_writeq(&f, VMAP_VPER, M | HI(5) | vpe);
            select_vpe(&f, 5, vpe);
            irs_writeq(&f, VPE_DBR, UINT64_MAX);
        }
        irs_writeq(&f, SAVE_VMR, S | Q | 5);
        irs_writeq(&f, VMAP_VMR, M | U | 5);
    }
    irs_writeq(&f, VMT_BASER, 0);
    qtest_system_reset(qts);
    g_assert_cmphex(irs_readq(&f, VMT_BASER), ==, 0);
    qtest_quit(qts);
}

/* How much a machine has complained since the last time */
static size_t complaints(const char *log)
{
    static size_t before;
    g_autofree char *text = NULL;
    size_t now, more;

    g_assert_true(g_file_get_contents(log, &text, &now, NULL));
    more = now - before;
    before = now;
    return more;
}

/*
 * IDs at their limits and beyond, in each register that has one. The VM table
 * is smaller than IRS_IDR3 allows and the VPE table smaller than IRS_IDR4 does.
 * What is beyond does nothing and is logged; memory behind the tables is never
 * touched.
 */
static void test_limits(void)
{
    static const uint32_t beyond_vm[] = { 0x100, 0x1ff, 0x400, 0xffff };
    static const uint32_t beyond_vpe[] = { 4, 0x1ff, 0x200, 0xffff };
    const unsigned last = 255;
    g_autofree char *log = NULL;
    g_autofree char *args = NULL;
    QTestState *qts;
    CPU guest, vm;
    IRS f;

    close(g_file_open_tmp("gicv5-log.XXXXXX", &log, NULL));
    args = g_strdup_printf(VIRT "-global arm-gicv5.vm-id-bits=10 "
                           "-d guest_errors -D %s", log);
    qts = gicv5_start(1, ONLY_NS, 1, args);
    f = gicv5_irs(qts, 0, DOM_NS);
    guest = gicv5_cpu(qts, 0, DOM_NS);
    guest.scope = SCOPE_RESIDENT;
    vm = guest;
    vm.scope = SCOPE_VM;
    irs_enable(&f);

    /* A linear table with VM 255, which has VPEs 0 to 3 and 32 SPIs */
    irs_writel(&f, VMT_CFGR, 8);
    irs_writeq(&f, VMT_BASER, L2_VMT | VALID);
    st(&f, L2_VMT + last * 32 + 8, 2ULL << 59 | VPET);
    irs_writeq(&f, VMAP_VMR, M | last);
    st(&f, L2_VMT + last * 32 + 24, 5ULL << 59 | VSPI);
    irs_writeq(&f, VMAP_VISTR, M | HI(last) | TYPE_SPI);
    g_assert_true(ld(&f, L2_VMT + last * 32 + 24) & VALID);
    make_vpe(&f, last, 3);
    g_assert_true(select_vpe(&f, last, 3));
    irs_writeq(&f, VPE_DBR, M | 0xffffff);
    g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, M | 0xffffff);
    irs_writel(&f, VM_SELR, last);
    g_assert_cmphex(irs_readl(&f, VM_STATUSR), ==, 3);
    irs_writeq(&f, VM_DBR, M | 3);
    g_assert_cmphex(irs_readq(&f, VM_DBR), ==, M | 3);
    irs_writeq(&f, SAVE_VMR, S | Q | last);
    g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 3);
    g_assert_false(cpu_set_resident(&guest, CONTEXTR(last, 3)) & CONTEXTR_F);
    vm.vm = last;
    gic_configure(&vm, SPI(31), 3, 3);
    gic(&vm, SET_PENDING, SPI(31), 1);
    assert_candidate(&guest, SPI(31), 3);
    g_assert_cmpuint(complaints(log), ==, 0);
    assert_icsr(&vm, SPI(32), UNREACHABLE);
    g_assert_cmpuint(complaints(log), >, 0);

    for (unsigned i = 0; i < ARRAY_SIZE(beyond_vm); i++) {
        const uint64_t ops[][2] = {
            { VMAP_L2_VMTR, M }, { VMAP_VMR, M }, { VMAP_VMR, M | U },
            { VMAP_VISTR, M | TYPE_LPI }, { VMAP_VISTR, M | U | TYPE_SPI },
            { VMAP_L2_VISTR, M | TYPE_SPI }, { VMAP_VPER, M },
            { SAVE_VMR, S | Q },
        };
        uint32_t id = beyond_vm[i];

        for (unsigned k = 0; k < ARRAY_SIZE(ops); k++) {
            bool high = ops[k][0] >= VMAP_VISTR && ops[k][0] <= VMAP_VPER;

            irs_writeq(&f, ops[k][0], ops[k][1] | (high ? HI(id) : id));
            g_assert_cmpuint(complaints(log), >, 0);
            assert_idle(&f);
        }
        g_assert_cmphex(irs_readl(&f, SAVE_VM_STATUSR), ==, 1);
        g_assert_false(select_vpe(&f, id, 0));
        g_assert_cmpuint(complaints(log), >, 0);
        irs_writeq(&f, VPE_DBR, UINT64_MAX);
        irs_writel(&f, VPE_CR0, 1);
        g_assert_cmphex(irs_readq(&f, VPE_DBR) | irs_readl(&f, VPE_CR0) |
                        irs_readq(&f, VPE_HPPIR), ==, 0);
        irs_writel(&f, VM_SELR, id);
        complaints(log);
        g_assert_cmphex(irs_readl(&f, VM_STATUSR), ==, 1);
        irs_writeq(&f, VM_DBR, M);
        g_assert_cmphex(irs_readq(&f, VM_DBR), ==, 0);
        g_assert_cmpuint(complaints(log), >, 0);
        /* A failure ends the residency. */
        g_assert_false(cpu_set_resident(&guest, CONTEXTR(last, 3)) &
                       CONTEXTR_F);
        g_assert_true(cpu_set_resident(&guest, CONTEXTR(id, 0)) & CONTEXTR_F);
        g_assert_cmpuint(complaints(log), >, 0);
        assert_no_candidate(&guest);
        vm.vm = id;
        gic(&vm, SET_PENDING, SPI(0), 1);
        assert_icsr(&vm, SPI(0), UNREACHABLE);
        g_assert_cmpuint(complaints(log), >, 0);
        irs_writel(&f, SPI_SELR, 0);
        irs_writeq(&f, SPI_VMR, M | id);
        irs_wire(&f, 0, i % 2 == 0);
        g_assert_true(i % 2 || complaints(log));
        g_assert_cmphex(ld(&f, L2_VMT + id * 32ULL), ==, 0);
        g_assert_cmphex(ld(&f, L2_VMT + id * 32ULL + 16), ==, 0);
        complaints(log);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(beyond_vpe); i++) {
        uint32_t id = beyond_vpe[i];

        irs_writeq(&f, VMAP_VPER, M | HI(last) | id);
        assert_idle(&f);
        g_assert_cmphex(ld(&f, VPET + id * 8ULL), ==, 0);
        g_assert_cmpuint(complaints(log), >, 0);
        g_assert_false(select_vpe(&f, last, id));
        g_assert_cmpuint(complaints(log), >, 0);
        irs_writeq(&f, VPE_DBR, UINT64_MAX);
        g_assert_cmphex(irs_readq(&f, VPE_DBR), ==, 0);
        g_assert_true(cpu_set_resident(&guest, CONTEXTR(last, id)) &
                      CONTEXTR_F);
        irs_writel(&f, VM_SELR, last);
        complaints(log);
        irs_writeq(&f, VM_DBR, M | id);
        g_assert_cmphex(irs_readq(&f, VM_DBR), ==, M | id);
        g_assert_cmpuint(complaints(log), >, 0);
        /* An interrupt may be for a VPE that cannot be. */
        vm.vm = last;
        gic_configure(&vm, SPI(30), 0, id);
        gic(&vm, SET_PENDING, SPI(30), 1);
        assert_icsr(&vm, SPI(30), ISTE_ENABLE | ISTE_PENDING | ISTE_IAFFID(id));
        g_assert_cmpuint(complaints(log), ==, 0);
    }
    g_assert_false(cpu_set_resident(&guest, CONTEXTR(last, 3)) & CONTEXTR_F);
    assert_candidate(&guest, SPI(31), 3);
    irs_writeq(&f, VMAP_VMR, M | U | last);
    g_assert_cmphex(ld(&f, L2_VMT + last * 32), ==, 0);
    qtest_quit(qts);
    unlink(log);
}

/* Where the tables of the largest VMs are, number @i of them */
#define MAX_L1_VMT (RAM_BASE + 0x1000000)
#define MAX_L2_VMT(i) (RAM_BASE + 0x1010000 + 0x1000 * (i))
#define MAX_VPET(i) (RAM_BASE + 0x1100000 + 0x80000 * (i))
#define MAX_VPED(i) (RAM_BASE + 0x1400000 + 0x1000 * (i))
#define MAX_VSPI(i) (RAM_BASE + 0x1500000 + 0x80 * (i))

/* The largest VM_ID and VPE_ID that there can be, and the next ones */
static void test_limits_max(void)
{
    static const struct {
        uint16_t id;
        unsigned l2;
        unsigned vpe_id_bits;
    } vms[] = { { 0x80, 0, 15 }, { 0xff80, 1, 16 }, { 0xffff, 1, 31 } };
    QTestState *qts = gicv5_start(1, ONLY_NS, 2, VIRT
                                  "-global arm-gicv5.vm-id-bits=16 "
                                  "-global arm-gicv5.vpe-id-bits=16");
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU host[2], guest, resident;

    g_assert_cmphex(irs_readl(&f, IDR3), ==, 1 << 10 | 16 << 5);
    g_assert_cmphex(irs_readl(&f, IDR4), ==, 15 << 6 | 5);
    ist_set_valid(&f, IST, IST_CFG(10, 0, 0));
    irs_enable(&f);
    for (unsigned i = 0; i < 2; i++) {
        host[i] = gicv5_cpu(qts, i, DOM_NS);
        cpu_enable(&host[i]);
    }
    guest = resident = host[1];
    guest.scope = SCOPE_VM;
    resident.scope = SCOPE_RESIDENT;

    /* More bits than there can be are as many as there can be. */
    irs_writel(&f, VMT_CFGR, VMT_CFGR_TWO_LEVEL | 31);
    irs_writeq(&f, VMT_BASER, MAX_L1_VMT | VALID);
    for (unsigned i = 0; i < ARRAY_SIZE(vms); i++) {
        uint64_t l1 = MAX_L1_VMT + 8 * (vms[i].id >> 7);
        uint64_t vmte = MAX_L2_VMT(vms[i].l2) + 32 * (vms[i].id & 127);
        unsigned last = vms[i].vpe_id_bits == 15 ? 0x7fff : 0xffff;
        uint32_t lpi = DOORBELL + i;

        st(&f, l1, MAX_L2_VMT(vms[i].l2) | (ld(&f, l1) & VALID));
        irs_writeq(&f, VMAP_L2_VMTR, M | vms[i].id);
        g_assert_cmphex(ld(&f, l1), ==, MAX_L2_VMT(vms[i].l2) | VALID);
        st(&f, vmte + 8, (uint64_t)vms[i].vpe_id_bits << 59 | MAX_VPET(i));
        irs_writeq(&f, VMAP_VMR, M | vms[i].id);
        g_assert_cmphex(ld(&f, vmte), ==, VALID);
        irs_writel(&f, VM_SELR, vms[i].id);
        g_assert_cmphex(irs_readl(&f, VM_STATUSR), ==, 3);
        st(&f, vmte + 24, 5ULL << 59 | MAX_VSPI(i));
        irs_writeq(&f, VMAP_VISTR, M | HI(vms[i].id) | TYPE_SPI);
        g_assert_true(ld(&f, vmte + 24) & VALID);

        st(&f, MAX_VPET(i) + 8 * last, MAX_VPED(i));
        irs_writeq(&f, VMAP_VPER, M | HI(vms[i].id) | last);
        g_assert_cmphex(ld(&f, MAX_VPET(i) + 8 * last), ==,
                        MAX_VPED(i) | VALID);
        g_assert_true(select_vpe(&f, vms[i].id, last));
        irs_writeq(&f, VPE_DBR, M | lpi);
        gic_configure(&host[0], LPI(lpi), 1, IAFFID(0));

        /* Its interrupts reach it, and then its doorbell. */
        guest.vm = vms[i].id;
        gic_configure(&guest, SPI(31), 4 + i, last);
        g_assert_false(cpu_set_resident(&host[1], CONTEXTR(vms[i].id, last)) &
                       CONTEXTR_F);
        gic(&guest, SET_PENDING, SPI(31), 1);
        assert_candidate(&resident, SPI(31), 4 + i);
        g_assert_cmphex(irs_readq(&f, VPE_HPPIR), ==, HI(1) | SPI(31));
        assert_icsr(&resident, SPI(31), ISTE_PENDING | ISTE_ENABLE |
                    ISTE_PRIO(4 + i) | ISTE_IAFFID(last));
        gic(&guest, SET_PENDING, SPI(31), 0);
        cpu_set_resident(&host[1], CONTEXTR_DB | CONTEXTR_DBPM(4 + i));
        assert_no_candidate(&host[0]);
        gic(&guest, SET_PENDING, SPI(31), 1);
        assert_candidate(&host[0], LPI(lpi), 1);
        g_assert_cmphex(cpu_acknowledge(&host[0]), ==, LPI(lpi));
        cpu_finish(&host[0], LPI(lpi));
        assert_info(qts, i == 0 ? "    VM 128" :
                         i == 1 ? "    VM 65408" : "    VM 65535", true);
    }
    /* Each has what it had. */
    for (unsigned i = 0; i < ARRAY_SIZE(vms); i++) {
        guest.vm = vms[i].id;
        assert_icsr(&guest, SPI(31), ISTE_PENDING | ISTE_ENABLE |
                    ISTE_PRIO(4 + i) |
                    ISTE_IAFFID(i == 0 ? 0x7fff : 0xffff));
    }

    /* The first VPE that the first VM cannot have */
    irs_writeq(&f, VMAP_VPER, M | HI(0x80) | 0x8000);
    g_assert_cmphex(ld(&f, MAX_VPET(0) + 8 * 0x8000), ==, 0);
    g_assert_false(select_vpe(&f, 0x80, 0x8000));
    g_assert_true(cpu_set_resident(&host[1], CONTEXTR(0x80, 0x8000)) &
                  CONTEXTR_F);
    /* VMs next to these, whose L2 tables are not there */
    for (unsigned i = 0; i < 3; i++) {
        unsigned id = i == 0 ? 0x7f : i == 1 ? 0x100 : 0xff7f;

        irs_writeq(&f, VMAP_VMR, M | id);
        irs_writel(&f, VM_SELR, id);
        g_assert_cmphex(irs_readl(&f, VM_STATUSR), ==, 1);
        g_assert_true(cpu_set_resident(&host[1], CONTEXTR(id, 0)) &
                      CONTEXTR_F);
    }

    /* A VM table of half the size: they are beyond it, the first is not. */
    irs_writeq(&f, VMT_BASER, 0);
    irs_writel(&f, VMT_CFGR, VMT_CFGR_TWO_LEVEL | 15);
    irs_writeq(&f, VMT_BASER, MAX_L1_VMT | VALID);
    for (unsigned i = 0; i < ARRAY_SIZE(vms); i++) {
        unsigned last = i == 0 ? 0x7fff : 0xffff;

        irs_writel(&f, VM_SELR, vms[i].id);
        g_assert_cmphex(irs_readl(&f, VM_STATUSR), ==, i == 0 ? 3 : 1);
        g_assert_cmpint(select_vpe(&f, vms[i].id, last), ==, i == 0);
        g_assert_cmpint(!(cpu_set_resident(&host[1],
                                           CONTEXTR(vms[i].id, last)) &
                          CONTEXTR_F), ==, i == 0);
        cpu_set_resident(&host[1], 0);
    }
    st(&f, MAX_L1_VMT + 8 * 0x100, MAX_L2_VMT(2));
    irs_writeq(&f, VMAP_L2_VMTR, M | 0x8000);
    irs_writeq(&f, VMAP_VMR, M | 0x8000);
    g_assert_cmphex(ld(&f, MAX_L1_VMT + 8 * 0x100), ==, MAX_L2_VMT(2));
    g_assert_cmphex(ld(&f, MAX_L2_VMT(2)), ==, 0);
    qtest_quit(qts);
}

#define MANY_CPUS 512
#define MANY_STEP 73
#define VIRT_IRS_BASE 0x08010000

/* As many PEs as the board has, and VPEs on some, the last one included */
static void test_many(void)
{
    const unsigned last = MANY_CPUS - 1;
    QTestState *qts = qtest_initf("-machine virt,gic-version=5,acpi=off,"
                                  "virtualization=on -cpu max -m 64 -smp %u "
                                  "-nodefaults", MANY_CPUS);
    IRS f = { .qts = qts, .domain = DOM_NS, .base = VIRT_IRS_BASE };
    CPU first = gicv5_cpu(qts, 0, DOM_NS), guest = first;

    guest.scope = SCOPE_VM;
    guest.vm = 3;
    make_vmt(&f);
    st(&f, VMTE(3) + 8, 9ULL << 59 | VPET);
    irs_writeq(&f, VMAP_VMR, M | 3);
    st(&f, VMTE(3) + 24, 10ULL << 59 | VSPI);
    irs_writeq(&f, VMAP_VISTR, M | HI(3) | TYPE_SPI);
    ist_set_valid(&f, IST, IST_CFG(10, 0, 0));
    irs_enable(&f);
    gic_configure(&first, LPI(DOORBELL), 1, last);
    for (unsigned i = 0; i < MANY_CPUS; i += MANY_STEP) {
        CPU c = gicv5_cpu(qts, i, DOM_NS);

        make_vpe(&f, 3, i);
        g_assert_false(cpu_set_resident(&c, CONTEXTR(3, i)) & CONTEXTR_F);
        gic_configure(&guest, SPI(i), i % 32, i);
        gic(&guest, SET_PENDING, SPI(i), 1);
    }
    for (unsigned i = 0; i < MANY_CPUS; i++) {
        CPU c = gicv5_cpu(qts, i, DOM_NS);

        assert_no_candidate(&c);
        c.scope = SCOPE_RESIDENT;
        if (i % MANY_STEP) {
            assert_no_candidate(&c);
        } else {
            assert_candidate(&c, SPI(i), i % 32);
        }
    }

    /* The last one leaves, and its doorbell is an interrupt of that PE. */
    first.cpu = last;
    cpu_enable(&first);
    g_assert_true(select_vpe(&f, 3, last));
    irs_writeq(&f, VPE_DBR, M | DOORBELL);
    gic(&guest, SET_PENDING, SPI(last), 0);
    cpu_set_resident(&first, CONTEXTR_DB | CONTEXTR_DBPM(31));
    assert_no_candidate(&first);
    gic(&guest, SET_PENDING, SPI(last), 1);
    assert_candidate(&first, LPI(DOORBELL), 1);
    g_assert_cmpuint(gic(&first, CPU_CHECK, 0, 0), ==, 1);
    qtest_quit(qts);
}

/*
 * VM tables have one level, whatever IRS_VMT_CFGR is written with. VPE
 * descriptors of 4 KiB: of each, the first 8 bytes are used.
 */
static void test_linear_only(void)
{
    const uint64_t vped = RAM_BASE + 0x200000;
    g_autofree char *log = NULL;
    g_autofree char *args = NULL;
    QTestState *qts;
    IRS f;

    close(g_file_open_tmp("gicv5-log.XXXXXX", &log, NULL));
    args = g_strdup_printf(VIRT LINEAR VPED_4K "-d guest_errors -D %s", log);
    qts = gicv5_start(1, ONLY_NS, 1, args);
    f = gicv5_irs(qts, 0, DOM_NS);
    complaints(log);

    irs_writel(&f, VMT_CFGR, VMT_CFGR_TWO_LEVEL | 9);
    g_assert_cmphex(irs_readl(&f, VMT_CFGR), ==, 9);
    /* As a two-level table has it: an L1_VMTE */
    st(&f, VMT, L2_VMT);
    irs_writeq(&f, VMT_BASER, VMT | VALID);
    g_assert_cmpuint(complaints(log), ==, 0);
    irs_writeq(&f, VMAP_L2_VMTR, M | 3);
    assert_idle(&f);
    g_assert_cmphex(ld(&f, VMT), ==, L2_VMT);
    g_assert_cmpuint(complaints(log), >, 0);
    /* The other half, as with any other register that starts something */
    irs_writel(&f, VMAP_L2_VMTR, 3);
    irs_writel(&f, VMAP_L2_VMTR + 4, 1u << 31);
    g_assert_cmphex(ld(&f, VMT), ==, L2_VMT);
    g_assert_cmpuint(complaints(log), >, 0);

    for (unsigned vm = 0; vm < 511; vm += 73) {
        irs_writeq(&f, VMAP_VMR, M | vm);
        g_assert_true(ld(&f, VMT + vm * 32) & VALID);
        irs_writel(&f, VM_SELR, vm);
        g_assert_cmphex(irs_readl(&f, VM_STATUSR), ==, 3);
    }
    st(&f, VMT + 511 * 32 + 8, 2ULL << 59 | VPET);
    irs_writeq(&f, VMAP_VMR, M | 511);
    g_assert_cmphex(ld(&f, VMT + 511 * 32), ==, VALID);
    g_assert_cmpuint(complaints(log), ==, 0);
    irs_writeq(&f, VMAP_VMR, M | 512);
    g_assert_cmphex(ld(&f, VMT + 512 * 32), ==, 0);
    g_assert_cmpuint(complaints(log), >, 0);

    for (unsigned i = 0; i < 2; i++) {
        st(&f, VPET + 8 * i, vped + 4096 * i);
        for (unsigned n = 0; n < 4096; n += 8) {
            st(&f, vped + 4096 * i + n, n ? ~0ULL : 0);
        }
        irs_writeq(&f, VMAP_VPER, M | HI(511) | i);
        g_assert_true(select_vpe(&f, 511, i));
        irs_writeq(&f, VPE_DBR, M | 77);
    }
    irs_writeq(&f, VMAP_VMR, M | U | 511);
    for (unsigned n = 0; n < 8192; n += 8) {
        g_assert_cmphex(ld(&f, vped + n), ==, n & 4095 ? ~0ULL : M | 77);
    }
    qtest_quit(qts);
    unlink(log);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/gicv5/vm/id", test_id);
    qtest_add_func("/gicv5/vm/regs", test_regs);
    qtest_add_func("/gicv5/vm/absent", test_absent);
    qtest_add_func("/gicv5/vm/vmt", test_vmt);
    qtest_add_func("/gicv5/vm/vm", test_vm);
    qtest_add_func("/gicv5/vm/resident", test_resident);
    qtest_add_func("/gicv5/vm/doorbell", test_doorbell);
    qtest_add_func("/gicv5/vm/one-of-n", test_one_of_n);
    qtest_add_func("/gicv5/vm/one-of-n-off", test_one_of_n_off);
    qtest_add_func("/gicv5/vm/move", test_move);
    qtest_add_func("/gicv5/vm/move-irs", test_move_irs);
    qtest_add_func("/gicv5/vm/move-mismatch", test_move_mismatch);
    qtest_add_func("/gicv5/vm/snapshot", test_snapshot);
    qtest_add_func("/gicv5/vm/reset", test_reset);
    qtest_add_func("/gicv5/vm/power", test_power);
    qtest_add_func("/gicv5/vm/move-id", test_move_id);
    qtest_add_func("/gicv5/vm/spi-vmr", test_spi_vmr);
    qtest_add_func("/gicv5/vm/not-virtual", test_not_virtual);
    qtest_add_func("/gicv5/vm/hostile", test_hostile);
    qtest_add_func("/gicv5/vm/limits", test_limits);
    qtest_add_func("/gicv5/vm/limits/max", test_limits_max);
    qtest_add_func("/gicv5/vm/many", test_many);
    qtest_add_func("/gicv5/vm/linear-only", test_linear_only);
    return g_test_run();
}
