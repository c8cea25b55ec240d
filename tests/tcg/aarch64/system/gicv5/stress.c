/*
 * GICv5 guest tests: all CPUs do everything at once
 *
 * Each of 64 LPIs has one CPU that makes it pending, again only after it has
 * been acknowledged. So each pending must be acknowledged exactly once, while
 * all CPUs disable, enable, retarget and reprioritize all of them. Another 32
 * are made pending, cleared and switched between edge and level by anybody;
 * they only have to do no harm.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lib.h"

#define NUM_EXACT 64
#define NUM_CHAOS 32
#define EXACT(i) LPI(1024 + (i))
#define CHAOS(i) LPI(4096 + (i))

static unsigned n_cpus;
static shared unsigned acks[NUM_EXACT], pends[NUM_EXACT];
static shared unsigned chaos_acks, chaos_pends, strays, sw_pends, sw_acks;
static shared bool stop;

static void handler(void)
{
    uint64_t ia = gic_cdia();
    unsigned id = INTID_ID(ia);

    if (!(ia & VALID)) {
        this_cpu()->spurious++;
        return;
    }
    gsb_ack();
    isb();
    gic_cdeoi();
    if ((ia & 0xffffffff) == PPI(PPI_SW)) {
        __atomic_fetch_add(&sw_acks, 1, __ATOMIC_RELAXED);
    } else if (id - 1024 < NUM_EXACT) {
        __atomic_fetch_add(&acks[id - 1024], 1, __ATOMIC_SEQ_CST);
    } else if (id - 4096 < NUM_CHAOS) {
        __atomic_fetch_add(&chaos_acks, 1, __ATOMIC_RELAXED);
        /* It may be level */
        gic_cdpend(CHAOS(id - 4096), false);
    } else {
        __atomic_fetch_add(&strays, 1, __ATOMIC_RELAXED);
    }
    gic_cddi(ia);
}

static uint16_t random_target(uint32_t *seed)
{
    unsigned t = rnd(seed) % (n_cpus + 1);

    return t == n_cpus ? 0xfff0 : cpus[t].iaffid;
}

static void job(void *arg)
{
    struct cpu *c = this_cpu();
    uint32_t seed = 0x1234567 * (c->idx + 1);
    unsigned ops = (unsigned long)arg, sw_sent = 0;

    c->irq = handler;
    c->spurious = 0;
    ppi_priority(PPI_SW, 8);
    ppi_enable(PPI_SW, true);
    irq_open();
    for (unsigned n = 0; n < ops && !stop; n++) {
        unsigned i = rnd(&seed) % NUM_EXACT;
        unsigned mine = i - i % n_cpus + c->idx;
        unsigned k = rnd(&seed) % NUM_CHAOS;

        switch (rnd(&seed) % 16) {
        case 0:
            gic_cddis(EXACT(i));
            break;
        case 1:
        case 2:
            gic_cden(EXACT(i));
            break;
        case 3:
            gic_cdpri(EXACT(i), rnd(&seed) % 32);
            break;
        case 4:
            gic_cdaff(EXACT(i), random_target(&seed));
            break;
        case 5:
            gic_cdpend(CHAOS(k), true);
            __atomic_fetch_add(&chaos_pends, 1, __ATOMIC_RELAXED);
            break;
        case 6:
            gic_cdpend(CHAOS(k), false);
            break;
        case 7:
            gic_cdhm(CHAOS(k), rnd(&seed) & 1);
            break;
        case 8:
            gic_cdaff(CHAOS(k), random_target(&seed));
            gic_cdpri(CHAOS(k), rnd(&seed) % 32);
            break;
        case 9:
            wr(ICC_PCR_EL1, rnd(&seed) % 32);
            break;
        case 10:
            wr(ICC_CR0_EL1, 0);
            gic_rcfg(EXACT(i));
            wr(ICC_CR0_EL1, CR0_EN);
            break;
        case 11:
            irq_close();
            gic_rcfg(EXACT(i));
            irq_open();
            break;
        case 12:
            ppi_pend(PPI_SW, true);
            sw_sent++;
            break;
        case 13:
            gic_cdaff_irm(EXACT(i), 0);
            gic_cdaff_irm(CHAOS(k), 0);
            break;
        default:
            if (mine < NUM_EXACT && acks[mine] == pends[mine]) {
                __atomic_fetch_add(&pends[mine], 1, __ATOMIC_SEQ_CST);
                gic_cdpend(EXACT(mine), true);
            }
            break;
        }
    }
    __atomic_fetch_add(&sw_pends, sw_sent, __ATOMIC_RELAXED);
    wr(ICC_PCR_EL1, 0x1f);
    isb();
}

static void job_end(void *unused)
{
    irq_close();
    CHECK_EQ(rd(ICC_APR_EL1), 0);
    CHECK_EQ(rd(ICC_PPI_SACTIVER0_EL1), 0);
    iface_setup();
}

static bool all_idle(void)
{
    for (unsigned i = 1; i < n_cpus; i++) {
        if (!cpu_idle(i)) {
            return false;
        }
    }
    return true;
}

static bool all_acked(void)
{
    for (unsigned i = 0; i < NUM_EXACT; i++) {
        if (acks[i] != pends[i]) {
            return false;
        }
    }
    return true;
}

static void run(unsigned ops)
{
    unsigned total = 0;

    n_cpus = cpu_start_all();
    CHECK_EQ(n_cpus, cpu_count());
    ist_setup();
    stop = false;
    chaos_acks = chaos_pends = strays = sw_pends = sw_acks = 0;
    for (unsigned i = 0; i < NUM_EXACT; i++) {
        acks[i] = pends[i] = 0;
        lpi_setup(EXACT(i), i % 32, cpus[i % n_cpus].iaffid);
    }
    for (unsigned i = 0; i < NUM_CHAOS; i++) {
        lpi_setup(CHAOS(i), i, cpus[i % n_cpus].iaffid);
    }
    for (unsigned i = 1; i < n_cpus; i++) {
        cpu_submit(i, job, (void *)(unsigned long)ops);
    }
    job((void *)(unsigned long)ops);
    if (!CHECK(wait_for(all_idle()))) {
        stop = true;
        return;
    }

    /* Let everything that is still pending through */
    for (unsigned i = 0; i < NUM_CHAOS; i++) {
        gic_cddis(CHAOS(i));
    }
    for (unsigned i = 0; i < NUM_EXACT; i++) {
        gic_cdaff(EXACT(i), cpus[i % n_cpus].iaffid);
        gic_cden(EXACT(i));
    }
    CHECK(wait_for(all_acked()));
    /* Handlers have come to an end when a job can be done */
    for (unsigned i = 1; i < n_cpus; i++) {
        CHECK(cpu_call(i, job_end, NULL));
    }
    job_end(NULL);
    for (unsigned i = 0; i < NUM_EXACT; i++) {
        if (acks[i] != pends[i]) {
            print("# LPI %u: pended %u times, acknowledged %u times, ICSR "
                  "0x%lx\n", EXACT(i), pends[i], acks[i],
                  gic_rcfg(EXACT(i)));
        }
        CHECK_EQ(acks[i], pends[i]);
        CHECK_EQ(gic_rcfg(EXACT(i)) & (ICSR_PENDING | ICSR_ACTIVE), 0);
        total += acks[i];
    }
    for (unsigned i = 0; i < NUM_CHAOS; i++) {
        CHECK_EQ(gic_rcfg(CHAOS(i)) & ICSR_ACTIVE, 0);
    }
    CHECK(total > ops / 100);
    CHECK_EQ(strays, 0);
    CHECK(sw_acks > 0 && sw_acks <= sw_pends);
    print("# %u CPUs, %u operations each, %u + %u LPIs and %u PPIs "
          "acknowledged\n", n_cpus, ops, total, chaos_acks, sw_acks);
}

static void test_short(void)
{
    run(2000);
}

static void test_long(void)
{
    run(200000);
}

/* The table comes and goes while all CPUs work */
static void test_table(void)
{
    n_cpus = cpu_start_all();
    CHECK_EQ(n_cpus, cpu_count());
    ist_setup();
    stop = false;
    for (unsigned i = 0; i < NUM_EXACT; i++) {
        acks[i] = pends[i] = 0;
        lpi_setup(EXACT(i), i % 32, cpus[i % n_cpus].iaffid);
    }
    strays = 0;
    for (unsigned i = 1; i < n_cpus; i++) {
        cpu_submit(i, job, (void *)100000ul);
    }
    for (unsigned n = 0; n < 100; n++) {
        irs_ist_off();
        delay_us(20);
        irs_ist_on(IST_BITS, (uint64_t)ist_mem);
        irs_enable(n & 1);
        delay_us(200);
    }
    irs_enable(true);
    stop = true;
    for (unsigned i = 1; i < n_cpus; i++) {
        CHECK(cpu_wait_idle(i));
        CHECK(cpu_call(i, job_end, NULL));
    }
    CHECK_EQ(strays, 0);
    /* and works afterwards */
    ist_setup();
    lpi_setup(LPI(1), 1, this_cpu()->iaffid);
    gic_cdpend(LPI(1), true);
    CHECK_EQ(ack_once(), VLPI(1));
}

/*
 * A line that others raise and lower all the time is what this CPU's own
 * state says once GSB SYS has completed.
 */
static void job_toggle(void *unused)
{
    while (!stop) {
        gic_cdpend(EXACT(0), true);
        gic_cdpend(EXACT(0), false);
    }
}

static void test_settled(void)
{
    unsigned wrong[3] = { 0 };

    n_cpus = cpu_start_all();
    ist_setup();
    stop = false;
    lpi_setup(EXACT(0), 16, this_cpu()->iaffid);
    ppi_priority(PPI_SW, 8);
    ppi_enable(PPI_SW, true);
    for (unsigned i = 1; i < n_cpus; i++) {
        cpu_submit(i, job_toggle, NULL);
    }
    for (unsigned n = 0; n < 1000; n++) {
        /* Mask it when it has just been seen: its line may be rising. */
        for (unsigned i = 0; i < 20000 && !rd(ICC_HPPIR_EL1); i++) {
            continue;
        }
        wr(ICC_PCR_EL1, 0);
        gic_sync();
        for (unsigned i = 0; i < 5000; i++) {
            wrong[0] += !!(rd(isr_el1) & ISR_I);
        }
        /* Only the more important SW_PPI passes. */
        ppi_pend(PPI_SW, true);
        wr(ICC_PCR_EL1, 8);
        gic_sync();
        wrong[1] += !(rd(isr_el1) & ISR_I);
        ppi_pend(PPI_SW, false);
        gic_sync();
        wrong[2] += !!(rd(isr_el1) & ISR_I);
        wr(ICC_PCR_EL1, 0x1f);
        isb();
    }
    stop = true;
    for (unsigned i = 1; i < n_cpus; i++) {
        CHECK(cpu_wait_idle(i));
    }
    CHECK_EQ(wrong[0], 0);
    CHECK_EQ(wrong[1], 0);
    CHECK_EQ(wrong[2], 0);
    gic_cdpend(EXACT(0), false);
    CHECK(!irq_line());
}

const struct test tests[] = {
    { "lines are settled after GSB SYS", test_settled },
    { "random operations, 2000 per CPU", test_short },
    { "random operations, 200000 per CPU", test_long },
    { "the IST comes and goes meanwhile", test_table },
    { }
};
