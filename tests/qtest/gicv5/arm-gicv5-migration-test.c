/*
 * Migration of the Arm GICv5: two QEMUs must agree on every register, every
 * interrupt's state, every candidate and every exception line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "gicv5-driver.h"

#define TABLE (RAM_BASE + 0x100000)
#define L2_TABLES (RAM_BASE + 0x200000)
#define NUM_IRS 2
#define NUM_CPUS 4
#define NUM_LPIS 4096

/* A machine like @from, with the state of @from, which is gone then */
static QTestState *move(QTestState *from, unsigned domains)
{
    return gicv5_move(from, NUM_IRS, domains, NUM_CPUS, NULL);
}

/* --- everything that a program can see --- */

static void record_frame(GArray *a, const IRS *f)
{
    static const unsigned regs[] = {
        IDR0, CR0, CR1, SPI_SELR, SPI_STATUSR, SPI_CFGR, SPI_DOMAINR, PE_SELR,
        PE_STATUSR, PE_CR0, IST_BASER, IST_BASER + 4, IST_CFGR, SWERR_STATUSR,
        SWERR_STATUSR + 4, SWERR_SYNDROMER0, SWERR_SYNDROMER0 + 4,
        SWERR_SYNDROMER1, SWERR_SYNDROMER1 + 4,
    };

    uint32_t spi_selr = irs_readl(f, SPI_SELR);
    uint32_t pe_selr = irs_readl(f, PE_SELR);

    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        uint64_t v = irs_readl(f, regs[i]);

        g_array_append_val(a, v);
    }
    /* These change the selections for a while. */
    for (unsigned c = 0; c < NUM_CPUS; c++) {
        uint64_t v = 0;

        if (pe_select(f, IAFFID(c))) {
            v = irs_readl(f, PE_CR0);
        }
        g_array_append_val(a, v);
    }
    for (unsigned n = 0; n < SPIS_PER_IRS; n++) {
        uint64_t v = 0;

        if (spi_select(f, f->irs * SPI_STRIDE + n)) {
            v = irs_readl(f, SPI_CFGR) | irs_readl(f, SPI_DOMAINR) << 8;
        }
        g_array_append_val(a, v);
    }
    irs_writel(f, SPI_SELR, spi_selr);
    irs_writel(f, PE_SELR, pe_selr);
}

static GArray *record(QTestState *qts, unsigned domains)
{
    GArray *a = g_array_new(false, false, sizeof(uint64_t));

    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        if (!(domains >> d & 1)) {
            continue;
        }
        for (unsigned i = 0; i < NUM_IRS; i++) {
            IRS f = gicv5_irs(qts, i, d);

            record_frame(a, &f);
        }
        for (unsigned i = 0; i < NUM_CPUS; i++) {
            CPU c = gicv5_cpu(qts, i, d);
            uint64_t cand = gic(&c, CPU_CANDIDATE, 0, 0);
            uint64_t prio = cand >> 32;
            uint64_t apr = gic(&c, CPU_APR, 0, 0);
            uint64_t lines = gic(&c, CPU_LINES, 0, 0);

            /* Among equal priorities the order may change */
            g_array_append_val(a, prio);
            g_array_append_val(a, apr);
            g_array_append_val(a, lines);
        }
        for (unsigned id = 0; id < NUM_LPIS; id++) {
            CPU c = gicv5_cpu(qts, 0, d);
            uint64_t v = icsr(&c, LPI(id));

            g_array_append_val(a, v);
        }
        for (unsigned id = 0; id < NUM_IRS * SPI_STRIDE; id++) {
            CPU c = gicv5_cpu(qts, 0, d);
            uint64_t v = icsr(&c, SPI(id));

            g_array_append_val(a, v);
        }
    }
    return a;
}

static void assert_same(GArray *a, GArray *b)
{
    g_assert_cmpuint(a->len, ==, b->len);
    for (unsigned i = 0; i < a->len; i++) {
        if (g_array_index(a, uint64_t, i) != g_array_index(b, uint64_t, i)) {
            g_test_message("entry %u of %u differs", i, a->len);
        }
        g_assert_cmphex(g_array_index(a, uint64_t, i), ==,
                        g_array_index(b, uint64_t, i));
    }
}

/* --- states --- */

static void random_interrupt(const CPU *c, uint32_t intid)
{
    unsigned cpu = g_test_rand_int_range(0, NUM_CPUS);

    gic_configure(c, intid, g_test_rand_int_range(0, 32), IAFFID(cpu));
    gic(c, SET_ENABLE, intid, g_test_rand_bit());
    gic(c, SET_HANDLING, intid, g_test_rand_bit());
    gic(c, SET_PENDING, intid, g_test_rand_bit());
}

static void random_domain(QTestState *qts, unsigned domain)
{
    IRS f = gicv5_irs(qts, 0, domain);
    CPU c = gicv5_cpu(qts, 0, domain);
    unsigned table = g_test_rand_int_range(0, 3);
    uint64_t base = TABLE + domain * 0x10000;
    uint64_t l2 = L2_TABLES + domain * 0x100000;

    irs_writel(&f, CR1, g_test_rand_int());
    if (table == 1) {
        ist_set_valid(&f, base, IST_CFG(12, 0, 0));
    } else if (table == 2) {
        /* Half mapped; the first half before the table is valid */
        for (unsigned i = 0; i < 8; i++) {
            qtest_writeq(qts, base + 8 * i, (l2 + 0x1000 * i) | (i < 2));
        }
        ist_set_valid(&f, base, IST_CFG(12, 0, 1) | IST_CFGR_TWO_LEVEL);
        irs_writel(&f, MAP_L2_ISTR, 512 * 5);
        /* A software error stays in its register */
        irs_writel(&f, MAP_L2_ISTR, 512 * 2);
    }
    for (unsigned i = 0; i < 200; i++) {
        random_interrupt(&c, LPI(g_test_rand_int_range(0, NUM_LPIS)));
    }
    for (unsigned i = 0; i < 60; i++) {
        random_interrupt(&c, SPI(g_test_rand_int_range(0, 2 * SPI_STRIDE)));
    }
    for (unsigned i = 0; i < NUM_IRS; i++) {
        IRS g = gicv5_irs(qts, i, domain);

        irs_writel(&g, CR0, g_test_rand_bit());
        for (unsigned n = 0; n < SPIS_PER_IRS; n++) {
            if (spi_select(&g, i * SPI_STRIDE + n)) {
                irs_writel(&g, SPI_CFGR, g_test_rand_bit());
            }
            irs_wire(&g, n, g_test_rand_bit());
        }
        for (unsigned p = i; p < NUM_CPUS; p += NUM_IRS) {
            pe_set_dps(&g, IAFFID(p), g_test_rand_bit());
        }
        irs_writel(&g, SPI_SELR, g_test_rand_int_range(0, 200));
        irs_writel(&g, PE_SELR, g_test_rand_int_range(0, 50));
    }
}

static void random_cpus(QTestState *qts, unsigned domains)
{
    for (unsigned i = 0; i < NUM_CPUS; i++) {
        CPU c = gicv5_cpu(qts, i, DOM_NS);

        if (g_test_rand_int_range(0, 4)) {
            cpu_enable(&c);
        }
        /* Some interrupts are active, some nested */
        for (unsigned n = g_test_rand_int_range(0, 4); n; n--) {
            cpu_acknowledge(&c);
        }
        gic(&c, CPU_SET_PCR, 0, g_test_rand_int_range(0, 32));
    }
}

static void test_random(const void *data)
{
    unsigned domains = GPOINTER_TO_UINT(data);

    for (unsigned round = 0; round < 3; round++) {
        QTestState *from = gicv5_start(NUM_IRS, domains, NUM_CPUS, NULL);
        QTestState *to, *back;
        GArray *a, *b;

        /* SPIs belong to EL3 first: spread them over the domains */
        if (domains >> DOM_EL3 & 1) {
            for (unsigned i = 0; i < NUM_IRS; i++) {
                IRS f = gicv5_irs(from, i, DOM_EL3);

                for (unsigned n = 0; n < SPIS_PER_IRS; n++) {
                    spi_set_domain(&f, i * SPI_STRIDE + n,
                                   g_test_rand_int_range(0, NUM_DOMAINS));
                }
            }
        }
        for (unsigned d = 0; d < NUM_DOMAINS; d++) {
            if (domains >> d & 1) {
                random_domain(from, d);
            }
        }
        random_cpus(from, domains);
        a = record(from, domains);
        to = move(from, domains);
        b = record(to, domains);
        assert_same(a, b);
        /* And once more, from a machine that was loaded */
        back = move(to, domains);
        g_array_unref(b);
        b = record(back, domains);
        assert_same(a, b);
        g_array_unref(a);
        g_array_unref(b);
        qtest_quit(back);
    }
}

/* The table goes back to memory on the destination as it would have */
static void test_write_back(void)
{
    QTestState *qts = gicv5_start(NUM_IRS, ONLY_NS, NUM_CPUS, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);

    ist_set_valid(&f, TABLE, IST_CFG(12, 0, 0));
    gic_configure(&c, LPI(7), 5, IAFFID(1));
    gic(&c, SET_PENDING, LPI(7), 1);
    g_assert_cmphex(qtest_readl(qts, TABLE + 28), ==, 0);
    qts = move(qts, ONLY_NS);
    f = gicv5_irs(qts, 0, DOM_NS);
    /* Migration leaves memory alone, stale as it is */
    g_assert_cmphex(qtest_readl(qts, TABLE + 28), ==, 0);
    ist_set_invalid(&f);
    g_assert_cmphex(qtest_readl(qts, TABLE + 28), ==, ISTE_PENDING |
                    ISTE_ENABLE | ISTE_PRIO(5) | ISTE_IAFFID(IAFFID(1)));
    qtest_quit(qts);
}

/*
 * State that is zero again, where memory has something else, moves as any
 * other; and what differs from memory in nothing is not written there.
 */
static void test_back_to_zero(void)
{
    QTestState *qts = gicv5_start(NUM_IRS, ONLY_NS, NUM_CPUS, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);

    qtest_writel(qts, TABLE + 4 * 300, ISTE_ENABLE | ISTE_PRIO(7));
    qtest_writel(qts, TABLE + 4 * 301, ISTE_ENABLE | ISTE_PRIO(8));
    ist_set_valid(&f, TABLE, IST_CFG(12, 0, 0));
    gic(&c, SET_PENDING, LPI(300), 1);
    gic(&c, SET_PENDING, LPI(300), 0);
    gic(&c, SET_ENABLE, LPI(300), 0);
    gic(&c, SET_PRIORITY, LPI(300), 0);
    assert_icsr(&c, LPI(300), 0);
    qts = move(qts, ONLY_NS);
    f = gicv5_irs(qts, 0, DOM_NS);
    c = gicv5_cpu(qts, 0, DOM_NS);
    assert_icsr(&c, LPI(300), 0);
    assert_icsr(&c, LPI(301), ISTE_ENABLE | ISTE_PRIO(8));
    qtest_writel(qts, TABLE + 4 * 301, 0xdeadbeef);
    ist_set_invalid(&f);
    g_assert_cmphex(qtest_readl(qts, TABLE + 4 * 300), ==, 0);
    g_assert_cmphex(qtest_readl(qts, TABLE + 4 * 301), ==, 0xdeadbeef);
    ist_set_valid(&f, TABLE, IST_CFG(12, 0, 0));
    assert_icsr(&c, LPI(300), 0);
    qtest_quit(qts);
}

/* An interrupt that waits for its PE, with the very state that memory has */
static void test_clean_pending(void)
{
    uint32_t word = ISTE_PENDING | ISTE_ENABLE | ISTE_PRIO(7) |
                    ISTE_IAFFID(IAFFID(0));
    QTestState *qts = gicv5_start(NUM_IRS, ONLY_NS, NUM_CPUS, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);

    irs_enable(&f);
    qtest_writel(qts, TABLE + 4 * 300, word);
    ist_set_valid(&f, TABLE, IST_CFG(12, 0, 0));
    assert_icsr(&c, LPI(257), 0);
    assert_candidate(&c, LPI(300), 7);
    qts = move(qts, ONLY_NS);
    f = gicv5_irs(qts, 0, DOM_NS);
    c = gicv5_cpu(qts, 0, DOM_NS);
    assert_candidate(&c, LPI(300), 7);
    qtest_writel(qts, TABLE + 4 * 300, 0);
    ist_set_invalid(&f);
    g_assert_cmphex(qtest_readl(qts, TABLE + 4 * 300), ==, 0);
    qtest_quit(qts);
}

/* 1-of-N interrupts are offered where they would be taken. */
static void test_one_of_n(void)
{
    QTestState *qts = gicv5_start(NUM_IRS, ONLY_NS, NUM_CPUS, NULL);
    unsigned offered = 0;

    for (unsigned i = 0; i < NUM_CPUS; i++) {
        CPU c = gicv5_cpu(qts, i, DOM_NS);

        cpu_enable(&c);
        gic(&c, CPU_SET_PCR, 0, i == 1 ? 5 : 31);
        /* Off, with EN left 1 */
        if (i == 0) {
            gic(&c, CPU_POWER, 0, 0);
        }
    }
    qts = move(qts, ONLY_NS);
    for (unsigned i = 0; i < NUM_IRS; i++) {
        IRS f = gicv5_irs(qts, i, DOM_NS);

        irs_enable(&f);
    }
    for (unsigned n = 0; n < SPIS_PER_IRS; n++) {
        CPU c = gicv5_cpu(qts, 0, DOM_NS);

        gic_configure(&c, SPI(n), 9, TARGET_IRM);
        gic(&c, SET_PENDING, SPI(n), 1);
    }
    for (unsigned i = 0; i < NUM_CPUS; i++) {
        CPU c = gicv5_cpu(qts, i, DOM_NS);

        offered |= (gic(&c, CPU_CANDIDATE, 0, 0) >> 32 == 9) << i;
    }
    g_assert_cmphex(offered, ==, 0xc);
    qtest_quit(qts);
}

static void set_parameters(QTestState *qts, const char *name, uint64_t value)
{
    g_autofree char *args = g_strdup_printf("{ '%s': %" PRIu64 " }", name,
                                            value);
    QDict *rsp = qtest_qmp(qts, "{ 'execute': 'migrate-set-parameters', "
                           "'arguments': %p }",
                           qobject_from_json(args, &error_abort));

    g_assert_false(qdict_haskey(rsp, "error"));
    qobject_unref(rsp);
}

/* State that takes longer than downtime-limit is not sent in its time. */
static void test_downtime(void)
{
    g_autofree char *dir = g_dir_make_tmp("gicv5-migration-XXXXXX", NULL);
    g_autofree char *file = g_strdup_printf("%s/stream", dir);
    g_autofree char *uri = g_strdup_printf("exec:cat >%s", file);
    QTestState *qts = gicv5_start(NUM_IRS, ONLY_NS, NUM_CPUS, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);
    unsigned idle = 0;
    QDict *rsp;

    /* 128 KiB at 1 MiB/s are more than 50 ms, and less than 500. */
    ist_set_valid(&f, TABLE, IST_CFG(15, 0, 0));
    for (unsigned id = 0; id < 1 << 15; id++) {
        gic(&c, SET_PRIORITY, LPI(id), id % 31 + 1);
    }
    set_parameters(qts, "avail-switchover-bandwidth", 1024 * 1024);
    set_parameters(qts, "downtime-limit", 50);
    rsp = qtest_qmp(qts, "{ 'execute': 'migrate', 'arguments': "
                    "{ 'uri': %s } }", uri);
    g_assert_false(qdict_haskey(rsp, "error"));
    qobject_unref(rsp);
    /* When all RAM has been sent, nothing but the tables keeps it going. */
    while (idle < 50) {
        QDict *info, *ram;

        rsp = qtest_qmp(qts, "{ 'execute': 'query-migrate' }");
        info = qdict_get_qdict(rsp, "return");
        g_assert_cmpstr(qdict_get_str(info, "status"), !=, "completed");
        g_assert_cmpstr(qdict_get_str(info, "status"), !=, "failed");
        ram = qdict_get_qdict(info, "ram");
        idle += ram && qdict_get_int(ram, "transferred") &&
                !qdict_get_int(ram, "remaining");
        qobject_unref(rsp);
        g_usleep(1000);
    }
    set_parameters(qts, "downtime-limit", 500);
    for (bool done = false; !done; g_usleep(1000)) {
        rsp = qtest_qmp(qts, "{ 'execute': 'query-migrate' }");
        done = g_str_equal(qdict_get_str(qdict_get_qdict(rsp, "return"),
                                         "status"), "completed");
        qobject_unref(rsp);
    }
    qtest_quit(qts);
    unlink(file);
    rmdir(dir);
}

/* A level wire that was high goes low after migration, and the reverse */
static void test_wires(void)
{
    QTestState *qts = gicv5_start(NUM_IRS, ONLY_NS, NUM_CPUS, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);

    irs_enable(&f);
    spi_set_tm(&f, 3, TM_LEVEL);
    gic_configure(&c, SPI(3), 5, IAFFID(0));
    irs_wire(&f, 3, 1);
    irs_wire(&f, 4, 1);
    qts = move(qts, ONLY_NS);
    f = gicv5_irs(qts, 0, DOM_NS);
    c = gicv5_cpu(qts, 0, DOM_NS);
    assert_candidate(&c, SPI(3), 5);
    irs_wire(&f, 3, 0);
    assert_no_candidate(&c);
    /* The edge of SPI 4 was before: its wire is high already */
    gic(&c, SET_PENDING, SPI(4), 0);
    irs_wire(&f, 4, 1);
    g_assert_cmphex(icsr(&c, SPI(4)) & ISTE_PENDING, ==, 0);
    qtest_quit(qts);
}

/* A destination that differs refuses; the source stays as it is. */
static void check_refusal(QTestState *qts, const char *const *args)
{
    g_autofree char *machine = g_strdup_printf("irs=2%s -smp 4 %s", args[0],
                                               args[1]);
    IRS f = gicv5_irs(qts, 0, DOM_NS);

    gicv5_assert_refused(qts, machine, args[2]);
    irs_enable(&f);
    g_assert_cmphex(irs_readl(&f, CR0), ==, CR0_IRSEN | CR0_IDLE);
    qtest_quit(qts);
}

static void test_mismatch(const void *data)
{
    check_refusal(gicv5_start(NUM_IRS, ONLY_NS, NUM_CPUS, NULL), data);
}

static void test_lpi_memory(const void *data)
{
    QTestState *qts = gicv5_start(NUM_IRS, ONLY_NS, NUM_CPUS, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);

    ist_set_valid(&f, TABLE, IST_CFG(15, 0, 0));
    for (unsigned id = 0; id < 1 << 15; id += 256) {
        gic(&c, SET_PRIORITY, LPI(id), 7);
    }
    check_refusal(qts, data);
}

int main(int argc, char **argv)
{
    static const char *const lpi_memory[] = {
        "", "-global arm-gicv5.lpi-memory=64K", "lpi-memory"
    };
    static const char *const domains[] = { ",domains=10", "", "domains" };
    static const char *const id_bits[] = {
        "", "-global arm-gicv5.id-bits=16", "id-bits"
    };
    static const char *const prio_bits[] = {
        "", "-global arm-gicv5.priority-bits=4", "priority-bits"
    };

    g_test_init(&argc, &argv, NULL);
    qtest_add_data_func("gicv5/migration/random",
                        GUINT_TO_POINTER(ONLY_NS), test_random);
    qtest_add_data_func("gicv5/migration/random-domains",
                        GUINT_TO_POINTER(ALL_DOMAINS), test_random);
    qtest_add_func("gicv5/migration/write-back", test_write_back);
    qtest_add_func("gicv5/migration/back-to-zero", test_back_to_zero);
    qtest_add_func("gicv5/migration/clean-pending", test_clean_pending);
    qtest_add_func("gicv5/migration/one-of-n", test_one_of_n);
    qtest_add_func("gicv5/migration/downtime", test_downtime);
    qtest_add_data_func("gicv5/migration/mismatch/lpi-memory", lpi_memory,
                        test_lpi_memory);
    qtest_add_func("gicv5/migration/wires", test_wires);
    qtest_add_data_func("gicv5/migration/mismatch/domains", domains,
                        test_mismatch);
    qtest_add_data_func("gicv5/migration/mismatch/id-bits", id_bits,
                        test_mismatch);
    qtest_add_data_func("gicv5/migration/mismatch/priority-bits", prio_bits,
                        test_mismatch);
    return g_test_run();
}
