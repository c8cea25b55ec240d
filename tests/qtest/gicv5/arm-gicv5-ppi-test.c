/*
 * QTest testcase for the Arm GICv5 CPU interface: PPI inputs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "gicv5-driver.h"

#define CPU0 "/machine/unattached/device[0]"
#define NUM_PPIS 128

/* SW_PPI, HACDBSIRQ, and CNTHVS to TRBIRQ; the rest does not exist */
#define IMPLEMENTED 0xfff88008ull

static void ppi_line(QTestState *qts, unsigned ppi, int level)
{
    qtest_set_irq_in(qts, CPU0, "gicv5-ppi", ppi, level);
}

/* Wait for the end of a migration; did it work? */
static bool wait_migration(QTestState *qts)
{
    for (;;) {
        QDict *rsp = qtest_qmp(qts, "{ 'execute': 'query-migrate' }");
        QDict *info = qdict_get_qdict(rsp, "return");
        g_autofree char *status = g_strdup(qdict_get_try_str(info, "status"));

        qobject_unref(rsp);
        if (!g_strcmp0(status, "completed")) {
            return true;
        }
        if (!g_strcmp0(status, "failed")) {
            return false;
        }
        g_usleep(1000);
    }
}

static void assert_done(QDict *rsp)
{
    g_assert_true(qdict_haskey(rsp, "return"));
    qobject_unref(rsp);
}

/* A machine with the state of @from, which is gone then */
static QTestState *move(QTestState *from)
{
    g_autofree char *dir = g_dir_make_tmp("gicv5-ppi-XXXXXX", NULL);
    g_autofree char *path = g_strdup_printf("%s/state", dir);
    g_autofree char *uri = g_strdup_printf("file:%s", path);
    QTestState *to;

    assert_done(qtest_qmp(from, "{ 'execute': 'migrate', 'arguments': "
                          "{ 'uri': %s } }", uri));
    g_assert_true(wait_migration(from));
    qtest_quit(from);

    to = gicv5_start(1, ONLY_NS, 1, "-incoming defer");
    assert_done(qtest_qmp(to, "{ 'execute': 'migrate-incoming', 'arguments': "
                          "{ 'uri': %s, 'exit-on-error': false } }", uri));
    g_assert_true(wait_migration(to));
    unlink(path);
    rmdir(dir);
    return to;
}

static void test_inputs(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);

    for (unsigned n = 0; n < NUM_PPIS; n++) {
        uint64_t bit = n < 64 ? IMPLEMENTED & 1ull << n : 0;

        ppi_line(qts, n, 1);
        g_assert_cmphex(gic(&c, CPU_PPI_PENDING, 0, 0), ==, bit);
        g_assert_cmphex(gic(&c, CPU_PPI_PENDING, 0, 1), ==, 0);
        ppi_line(qts, n, 0);
        /* SW_PPI is an edge. */
        if (bit == 1 << 3) {
            g_assert_cmphex(gic(&c, CPU_PPI_PENDING, 0, 0), ==, bit);
            qtest_system_reset(qts);
        }
        g_assert_cmphex(gic(&c, CPU_PPI_PENDING, 0, 0), ==, 0);
    }
    qtest_quit(qts);
}

/* Whatever inputs are high, the state can be loaded, and is the same. */
static void test_state(gconstpointer which)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);
    unsigned first = GPOINTER_TO_UINT(which);
    uint64_t pending;

    for (unsigned n = first; n < MIN(first + 8, NUM_PPIS); n++) {
        ppi_line(qts, n, 1);
    }
    pending = gic(&c, CPU_PPI_PENDING, 0, 0);
    qts = move(qts);
    c = gicv5_cpu(qts, 0, DOM_NS);
    g_assert_cmphex(gic(&c, CPU_PPI_PENDING, 0, 0), ==, pending);
    for (unsigned n = first; n < MIN(first + 8, NUM_PPIS); n++) {
        ppi_line(qts, n, 0);
    }
    g_assert_cmphex(gic(&c, CPU_PPI_PENDING, 0, 0), ==, pending & 1 << 3);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    /* Doorbells and holes, what exists, the end of both words */
    static const unsigned first[] = { 0, 4, 16, 24, 32, 60, 120 };

    g_test_init(&argc, &argv, NULL);
    qtest_add_func("gicv5/ppi/inputs", test_inputs);
    for (unsigned i = 0; i < ARRAY_SIZE(first); i++) {
        g_autofree char *path = g_strdup_printf("gicv5/ppi/state/%u",
                                                first[i]);

        qtest_add_data_func(path, GUINT_TO_POINTER(first[i]), test_state);
    }
    return g_test_run();
}
