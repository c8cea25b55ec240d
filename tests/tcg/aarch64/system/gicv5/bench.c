/*
 * GICv5 guest benchmark, with GICv3's SGIs for comparison
 *
 * Prints lines "bench NAME PICOSECONDS-PER-OPERATION". Not part of the tests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bench.h"
#include "its.h"

/* GICv3, with one Security state */
#define ICC_PMR_EL1             S3_0_C4_C6_0
#define ICC_SGI1R_EL1           S3_0_C12_C11_5
#define ICC_IAR1_EL1            S3_0_C12_C12_0
#define ICC_EOIR1_EL1           S3_0_C12_C12_1
#define ICC_CTLR_EL1            S3_0_C12_C12_4
#define ICC_SRE_EL1             S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1         S3_0_C12_C12_7

#define GICD_BASE               0x08000000ul
#define GICR_BASE               0x080a0000ul
#define GICR_STRIDE             0x20000ul
#define GICR_WAKER              0x0014
#define GICR_SGI                0x10000ul
#define GICR_IGROUPR0           (GICR_SGI + 0x0080)
#define GICR_ISENABLER0         (GICR_SGI + 0x0100)
#define GICR_IPRIORITYR0        (GICR_SGI + 0x0400)

static bool v5;
static void registers(void)
{
    uint64_t own = rd(tpidr_el1);

    BENCH("empty", asm volatile(""));
    bench_registers();
    WRITE(tpidr_el1, own);
    BENCH("read-ICC_IAFFIDR_EL1", (void)rd(ICC_IAFFIDR_EL1));
    BENCH("read-ICC_IDR0_EL1", (void)rd(ICC_IDR0_EL1));
    BENCH("write-ICC_APR_EL1", wr(ICC_APR_EL1, 0));
    BENCH("write-ICC_ICSR_EL1", wr(ICC_ICSR_EL1, 0));
    BENCH("write-ICC_PPI_ENABLER0_EL1", wr(ICC_PPI_ENABLER0_EL1, 0));
    BENCH("write-ICC_PPI_SPENDR0_EL1", wr(ICC_PPI_SPENDR0_EL1, 0));
    BENCH("write-ICC_PPI_PRIORITYR0_EL1", wr(ICC_PPI_PRIORITYR0_EL1, 0));
    BENCH("cden", gic_cden(LPI(1)));
}

static void round_trip(uint32_t i)
{
    gic_cdpend(i, true);
    gic_cdia();
    gic_cdeoi();
    gic_cddi(i);
}

/* One LPI, with others pending at lower priorities */
static void lpi_load(void)
{
    static const unsigned others[] = { 1, 16, 256, 4096, 32768 };
    static const char *const same_cpu[] = {
        "lpi-others-1", "lpi-others-16", "lpi-others-256",
        "lpi-others-4096", "lpi-others-32768",
    };
    static const char *const other_cpu[] = {
        "lpi-elsewhere-1", "lpi-elsewhere-16", "lpi-elsewhere-256",
        "lpi-elsewhere-4096", "lpi-elsewhere-32768",
    };
    static const char *const same_prio[] = {
        "lpi-equal-1", "lpi-equal-16", "lpi-equal-256",
        "lpi-equal-4096", "lpi-equal-32768",
    };
    uint16_t me = this_cpu()->iaffid;

    for (unsigned variant = 0; variant < 3; variant++) {
        uint16_t target = variant == 1 ? cpus[1].iaffid : me;

        if (variant == 1 && cpu_count() < 2) {
            continue;
        }
        ist_setup();
        irq_close();
        /* The measured one is the best, those beside it differ */
        lpi_setup(LPI(0), 0, me);
        for (unsigned s = 0, n = 1; s < ARRAY_SIZE(others); s++) {
            for (; n <= others[s]; n++) {
                lpi_setup(LPI(n), variant == 2 ? 31 : 1 + n % 31, target);
                gic_cdpend(LPI(n), true);
            }
            BENCH(variant == 0 ? same_cpu[s]
                  : variant == 1 ? other_cpu[s] : same_prio[s],
                  round_trip(LPI(0)));
        }
    }
    ist_setup();
}

/*
 * A table of 2^24 pending LPIs that takes 132 KiB: each L1 ISTE names the same
 * level 2 table. Making it valid and invalid again must not cost more for that.
 */
static void tables(void)
{
    const uint32_t cfgr = 24 | BIT(16);
    uint64_t base = (uint64_t)ist_mem;
    uint64_t *l1 = (uint64_t *)ist_mem;
    uint32_t *l2 = &ist_mem[IST_SIZE / 2];

    irs_ist_off();
    for (unsigned i = 0; i < 1 << 14; i++) {
        l1[i] = (uint64_t)l2 | 1;
    }
    for (unsigned i = 0; i < 1024; i++) {
        l2[i] = 0x1f009;
    }
    BENCH("irs-write", irs_w32(IRS_CR1, 0));
    irs_w32(IRS_IST_CFGR, cfgr);
    BENCH("ist-valid-invalid", ({
        irs_w64(IRS_IST_BASER, base | 1);
        irs_w64(IRS_IST_BASER, 0);
    }));
    BENCH("ist-valid-use-invalid", ({
        irs_w64(IRS_IST_BASER, base | 1);
        gic_cddi(LPI(0x123456));
        irs_w64(IRS_IST_BASER, 0);
    }));
    irs_ist_on(cfgr, base);
    BENCH("map-l2", irs_w32(IRS_MAP_L2_ISTR, 0xfedcba));
    ist_setup();
}

/* An MSI, with so many events of its device mapped, each of which is used */
static void msis(void)
{
    static const unsigned many[] = { 1, 32768 };
    static const char *const names[] = { "msi-events-1", "msi-events-32768" };
    unsigned event = 0;

    if (!edu_setup()) {
        return;
    }
    ist_setup();
    irq_close();
    its_setup(EDU_DEVFN);
    for (unsigned s = 0, n = 0; s < ARRAY_SIZE(many); s++) {
        for (; n < many[s]; n++) {
            lpi_setup(LPI(n), 16, this_cpu()->iaffid);
            its_itt[n] = ITTE_VALID | n;
        }
        dsb();
        BENCH(names[s], ({
            edu_event(event++ % n);
            edu_raise();
            gic_cddi((uint32_t)gic_cdia());
            gic_cdeoi();
        }));
    }
    its_enable(false);
    ist_setup();
}

/* IPIs: GICv5 by LPIs, GICv3 by SGIs, with the same handlers around */

#define IPI_A 100
#define IPI_B 101

static shared unsigned received[MAX_CPUS];
static shared bool reply;
static shared unsigned limit;

static void ipi_send(unsigned cpu)
{
    if (v5) {
        gic_cdpend(LPI(IPI_A + cpu), true);
    } else {
        uint64_t aff = cpus[cpu].mpidr;

        wr(ICC_SGI1R_EL1, BIT(aff & 0xf) | (aff >> 8 & 0xff) << 16 |
           5ull << 24);
        isb();
    }
}

static void ipi_handler(void)
{
    struct cpu *c = this_cpu();

    if (v5) {
        uint64_t ia = gic_cdia();

        gsb_ack();
        isb();
        gic_cdeoi();
        received[c->idx]++;
        if (reply && (c->idx || received[0] < limit)) {
            ipi_send(!c->idx);
        }
        gic_cddi(ia);
    } else {
        uint64_t iar = rd(ICC_IAR1_EL1);

        isb();
        received[c->idx]++;
        if (reply && (c->idx || received[0] < limit)) {
            ipi_send(!c->idx);
        }
        wr(ICC_EOIR1_EL1, iar);
    }
}

static void v3_cpu_setup(void *unused)
{
    unsigned idx = this_cpu()->idx;
    uint64_t base = GICR_BASE + GICR_STRIDE * idx;

    irq_close();
    wr(ICC_SRE_EL1, 7);
    isb();
    mmio_w32(base + GICR_WAKER, 0);
    while (mmio_r32(base + GICR_WAKER) & 4) {
        continue;
    }
    mmio_w32(base + GICR_IGROUPR0, 0xffffffff);
    mmio_w32(base + GICR_IPRIORITYR0, 0xa0a0a0a0);
    mmio_w32(base + GICR_IPRIORITYR0 + 4, 0xa0a0a0a0);
    mmio_w32(base + GICR_ISENABLER0, 0xffff);
    wr(ICC_PMR_EL1, 0xff);
    wr(ICC_IGRPEN1_EL1, 1);
    isb();
    this_cpu()->irq = ipi_handler;
}

static void ipi_setup(void *masked)
{
    struct cpu *c = this_cpu();

    if (v5) {
        lpi_setup(LPI(IPI_A + c->idx), 16, c->iaffid);
    }
    c->irq = ipi_handler;
    if (!*(bool *)masked) {
        irq_open();
    } else {
        irq_close();
    }
}

static void self_ipi(void)
{
    struct cpu *c = this_cpu();

    reply = false;
    received[c->idx] = 0;
    irq_open();
    BENCH("self-ipi", ({
        unsigned r = received[0];

        ipi_send(0);
        while (received[0] == r) {
            continue;
        }
    }));
    irq_close();
    /* Without exceptions: what the interrupt controller alone costs */
    if (v5) {
        BENCH("self-ipi-polled", round_trip(LPI(IPI_A)));
    } else {
        BENCH("self-ipi-polled", ({
            ipi_send(0);
            wr(ICC_EOIR1_EL1, rd(ICC_IAR1_EL1));
        }));
    }
}

static void cross_job(void *unused)
{
    sleep_until(received[this_cpu()->idx] >= limit);
}

static void spin_job(void *unused)
{
    irq_open();
    while (reply) {
        continue;
    }
    irq_close();
}

static void ping_pong(const char *name, bool sleep)
{
    uint64_t start;

    cpu_call(1, ipi_setup, &sleep);
    received[0] = received[1] = 0;
    limit = 10000;
    reply = true;
    cpu_submit(1, sleep ? cross_job : spin_job, NULL);
    start = now();
    ipi_send(1);
    if (sleep) {
        cross_job(NULL);
    } else {
        uint64_t end = start + ms_ticks(30000);

        irq_open();
        while (received[0] < limit && now() < end) {
            continue;
        }
    }
    result(name, now() - start, received[0] + received[1]);
    irq_close();
    reply = false;
    cpu_wait_idle(1);
}

static void cross_ipi(void)
{
    if (cpu_count() < 2) {
        return;
    }
    /* Waiting in WFI, or in a loop */
    ping_pong("cross-ipi-wfi", true);
    ping_pong("cross-ipi-loop", false);
}

static shared bool stop_load;

static void load_job(void *unused)
{
    uint64_t i = this_cpu()->idx;

    /* The same accesses as those that are measured */
    while (!stop_load) {
        for (unsigned n = 0; n < 1000; n++) {
            wr(ICC_PCR_EL1, 0x1f);
            (void)rd(ICC_HPPIR_EL1);
            round_trip(LPI(1000 + i));
        }
    }
}

static void job_iface(void *unused)
{
    iface_setup();
}

static void bench(void)
{
    unsigned n;

    v5 = has_gicv5();
    if (v5) {
        iface_setup();
        ist_setup();
        if (cpu_count() > 1) {
            /* To know its IAFFID; it would disturb if it were running. */
            cpu_start(1);
            cpu_stop(1);
        }
        registers();
        tables();
        lpi_load();
        msis();
        lpi_setup(LPI(IPI_A), 16, this_cpu()->iaffid);
        this_cpu()->irq = ipi_handler;
    } else {
        mmio_w32(GICD_BASE, 0x12);
        v3_cpu_setup(NULL);
    }
    self_ipi();
    n = cpu_start_all();
    if (n > 1 && !v5) {
        for (unsigned i = 1; i < n; i++) {
            cpu_call(i, v3_cpu_setup, NULL);
        }
    }
    cross_ipi();
    if (v5 && n > 1) {
        cpu_call(1, job_iface, NULL);
        for (unsigned i = 1; i < n; i++) {
            lpi_setup(LPI(1000 + i), 20, cpus[i].iaffid);
            cpu_submit(i, load_job, NULL);
        }
        suffix = "-busy";
        registers();
        lpi_setup(LPI(0), 0, this_cpu()->iaffid);
        BENCH("lpi", round_trip(LPI(0)));
        stop_load = true;
    }
}

const struct test tests[] = {
    { "benchmark", bench, true },
    { }
};
