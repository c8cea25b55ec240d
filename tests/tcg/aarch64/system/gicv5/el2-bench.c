/*
 * GICv5 guest benchmark: the virtual CPU interface, VMs and doorbells
 *
 * Prints lines "bench NAME PICOSECONDS-PER-OPERATION". Not part of the tests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bench.h"
#include "el2.h"

#define MAX_VMS         256
#define OTHERS          32768
#define LPI_BITS        16
#define DOORBELL        100

/* VM 0 has many LPIs, the others have 32. */
static uint32_t lpis[1u << LPI_BITS] __attribute__((aligned(4096)));
static struct {
    char vmd[4096], vped[4096];
    uint32_t lpis[1024];
    uint64_t vpes[512];
} vms[MAX_VMS] __attribute__((aligned(4096)));

static void make_vm(unsigned vm)
{
    uint64_t ist = vm ? 5ull << 59 | (uint64_t)vms[vm].lpis :
                        (uint64_t)LPI_BITS << 59 | (uint64_t)lpis;

    vms[vm].vpes[0] = (uint64_t)vms[vm].vped;
    vm_table[vm][0] = irs_r32(IRS_IDR3) & 1 ? (uint64_t)vms[vm].vmd : 0;
    vm_table[vm][1] = 2ull << 59 | (uint64_t)vms[vm].vpes;
    vm_table[vm][2] = ist;
    vm_table[vm][3] = 0;
    dsb();
    irs_w64(IRS_VMAP_VMR, VMAP_M | vm);
    CHECK(wait_for(irs_r32(IRS_VMT_STATUSR) & 1));
    irs_w64(IRS_VMAP_VISTR, VMAP_M | (uint64_t)vm << 32 | 2u << 29);
    CHECK(wait_for(irs_r32(IRS_VMT_STATUSR) & 1));
    irs_w64(IRS_VMAP_VPER, VMAP_M | (uint64_t)vm << 32);
    CHECK(wait_for(irs_r32(IRS_VMT_STATUSR) & 1));
    CHECK_EQ(vms[vm].vpes[0] & 1, 1);
}

/* An LPI of the resident VPE */
static void vlpi_setup(uint32_t intid, unsigned prio)
{
    gic_vdpri(intid, prio);
    gic_vdhm(intid, false);
    gic_vdaff(intid, 0);
    gic_vden(intid);
}

/* --- at EL1 --- */

static uint64_t guest_round_trip(uint64_t name)
{
    BENCH((const char *)name, ({
        gic_cdpend(LPI(0), true);
        gic_cdia();
        gic_cdeoi();
        gic_cddi(LPI(0));
    }));
    return 0;
}

static uint64_t guest_registers(uint64_t unused)
{
    bench_registers();
    return 0;
}

/* --- at EL2 --- */

/* Blocked, woken by its doorbell, made resident, and blocked again */
static void doorbell_to_run(void)
{
    gic_vdpend(0, LPI(0), true);
    gic_cdia();
    gic_cdeoi();
    gic_cddi(LPI(DOORBELL));
    wr(ICH_CONTEXTR_EL2, CONTEXTR_V);
    isb();
    (void)rd(ICH_HPPIR_EL2);
    gic_vdpend(0, LPI(0), false);
    wr(ICH_CONTEXTR_EL2, CONTEXTR_DB | CONTEXTR_DBPM(0));
    isb();
}

static void virtual_operations(const char *ack, const char *vdpend,
                               const char *doorbell, const char *enter)
{
    CHECK(vpe_enter(0, 0, 0));
    guest(GUEST_HCR, guest_round_trip, (uint64_t)ack);
    BENCH(vdpend, ({
        gic_vdpend(0, LPI(0), true);
        (void)rd(ICH_HPPIR_EL2);
        gic_vdpend(0, LPI(0), false);
    }));
    BENCH(enter, ({
        wr(ICH_CONTEXTR_EL2, 0);
        isb();
        wr(ICH_CONTEXTR_EL2, CONTEXTR_V);
        isb();
    }));
    vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(0));
    gic_vdpend(0, LPI(0), true);
    CHECK_EQ(gic_cdia(), VALID | LPI(DOORBELL));
    gic_cdeoi();
    gic_cddi(LPI(DOORBELL));
    CHECK(vpe_enter(0, 0, 0));
    CHECK_EQ(rd(ICH_HPPIR_EL2), VLPI(0));
    gic_vdpend(0, LPI(0), false);
    vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(0));
    BENCH(doorbell, doorbell_to_run());
    vpe_leave(0);
}

static void bench(void)
{
    iface_setup();
    irq_close();
    ist_setup();
    vms_setup();
    vmt_off();
    memset((void *)vm_table, 0, sizeof(vm_table));
    dsb();
    irs_w64(IRS_VMT_BASER, (uint64_t)vm_table | 1);
    CHECK(wait_for(irs_r32(IRS_VMT_STATUSR) & 1));
    virt_setup();
    make_vm(0);
    lpi_setup(LPI(DOORBELL), 8, this_cpu()->iaffid);
    vpe_doorbell(0, 0, VPE_DBR_DBV | DOORBELL);

    CHECK(vpe_enter(0, 0, 0));
    vlpi_setup(LPI(0), 0);
    suffix = "-physical";
    guest(PHYS_HCR, guest_registers, 0);
    suffix = "-virtual";
    guest(GUEST_HCR, guest_registers, 0);
    suffix = "-host";
    bench_registers();
    suffix = "";

    vlpi_setup(LPI(1), 1);
    gic_vdpend(0, LPI(1), true);
    virtual_operations("vlpi-others-1", "vdpend-others-1",
                       "doorbell-others-1", "resident-others-1");
    CHECK(vpe_enter(0, 0, 0));
    for (unsigned i = 2; i <= OTHERS; i++) {
        vlpi_setup(LPI(i), 1 + i % 31);
        gic_vdpend(0, LPI(i), true);
    }
    virtual_operations("vlpi-others-32768", "vdpend-others-32768",
                       "doorbell-others-32768", "resident-others-32768");
    CHECK(vpe_enter(0, 0, 0));
    for (unsigned i = 2; i <= OTHERS; i++) {
        gic_vdpend(0, LPI(i), false);
    }

    virtual_operations("vlpi-vms-1", "vdpend-vms-1", "doorbell-vms-1",
                       "resident-vms-1");
    /* Each has one that is pending, and asks for a doorbell for another. */
    for (unsigned i = 1; i < MAX_VMS; i++) {
        make_vm(i);
        vpe_doorbell(i, 0, VPE_DBR_DBV | (DOORBELL + i));
        CHECK(vpe_enter(i, 0, 0));
        vlpi_setup(LPI(1), 16);
        gic_vdpend(i, LPI(1), true);
        vpe_leave(CONTEXTR_DB | CONTEXTR_DBPM(0));
    }
    virtual_operations("vlpi-vms-256", "vdpend-vms-256", "doorbell-vms-256",
                       "resident-vms-256");
}

const struct test tests[] = {
    { "benchmark", bench, true },
    { }
};
