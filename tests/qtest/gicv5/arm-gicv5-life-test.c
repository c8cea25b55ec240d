/*
 * QTest testcase for the Arm GICv5 IRS: devices that come and go
 *
 * Introspection, devices that cannot be realized, and the end of those that
 * could. What can be seen from outside is checked; a build with sanitizers
 * (configure --enable-asan) finds the rest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "gicv5-driver.h"

#define SYSMEM ";sysmem=/machine/unattached/system[0]"

static bool monitor_shows(QTestState *qts, const char *command,
                          const char *text)
{
    g_autofree char *out = qtest_hmp(qts, "%s", command);

    return strstr(out, text);
}

/* Nothing is left of a trial. */
static void assert_gone(QTestState *qts)
{
    g_assert_false(monitor_shows(qts, "info mtree", "arm-gicv5"));
    g_assert_false(monitor_shows(qts, "info mtree", "gicv5-irs"));
    g_assert_false(monitor_shows(qts, "info qom-tree", "arm-gicv5"));
    g_assert_false(monitor_shows(qts, "info pic", "IRS "));
}

/* Realize IRSes and let them go; @message: why that fails, or NULL */
static void trial(QTestState *qts, const char *irses, const char *message)
{
    QDict *rsp = qtest_qmp(qts, "{ 'execute': 'qom-set', 'arguments': "
                           "{ 'path': '/machine', 'property': 'trial', "
                           "'value': %s } }", irses);

    g_test_message("%s", irses);
    if (message) {
        const char *desc;

        g_assert_true(qdict_haskey(rsp, "error"));
        desc = qdict_get_str(qdict_get_qdict(rsp, "error"), "desc");
        g_test_message("%s", desc);
        g_assert_nonnull(strstr(desc, message));
    } else {
        g_assert_true(qdict_haskey(rsp, "return"));
    }
    qobject_unref(rsp);
    assert_gone(qts);
}

static QTestState *start(void)
{
    return gicv5_start(0, ONLY_NS, 4, NULL);
}

/* Each check that realize makes, with all that came before it done */
static void test_failed_realize(void)
{
    static const struct {
        const char *irses;
        const char *message;
    } bad[] = {
        { "cpus=0" SYSMEM ";irsid=65536", "irsid must be at most" },
        { "cpus=0" SYSMEM ";id-bits=0", "id-bits must be 1 to 24" },
        { "cpus=0" SYSMEM ";id-bits=25", "id-bits must be 1 to 24" },
        { "cpus=0" SYSMEM ";min-lpi-id-bits=15", "min-lpi-id-bits must be" },
        { "cpus=0" SYSMEM ";x-virtualization=on;vm-id-bits=7",
          "vm-id-bits must be" },
        { "cpus=0" SYSMEM ";x-virtualization=on;vped-size-bits=13",
          "vped-size-bits must be" },
        { "cpus=0" SYSMEM ";priority-bits=0", "priority-bits must be" },
        { "cpus=0" SYSMEM ";priority-bits=6", "priority-bits must be" },
        { "cpus=0" SYSMEM ";domains=0", "domains must be a mask" },
        { "cpus=0" SYSMEM ";domains=16", "domains must be a mask" },
        { "cpus=0" SYSMEM ";spi-range=16777217", "spi-range must be" },
        { "cpus=0" SYSMEM ";spi-base=257", "spi-base must be" },
        { "cpus=0" SYSMEM ";spi-irs-range=257", "spi-irs-range must be" },
        { "cpus=0" SYSMEM ";spi-range=16385", "spi-irs-range must be" },
        { "irsid=0" SYSMEM, "cpus must name 1 to 512 CPUs, but names 0" },
        { "cpus=0-512" SYSMEM, "cpus must name 1 to 512 CPUs" },
        { "cpus=0,1;iaffids=1" SYSMEM, "iaffids must be empty or as long" },
        { "cpus=0,1;iaffids=1,65536" SYSMEM, "iaffids[1] must be at most" },
        { "cpus=0,1;iaffids=1,1" SYSMEM, "iaffids[0] and iaffids[1] are" },
        { "cpus=0-4" SYSMEM, "cpus[4]: there is no CPU 4" },
        /* CPU 0 is connected first, then CPU 0 fails. */
        { "cpus=0,0;iaffids=1,2" SYSMEM, "CPU 0 is already connected" },
        /* The CPUs' domain is Non-secure. */
        { "cpus=0" SYSMEM ";domains=1", "needs a GICv5 IRS with interrupt" },
        /* Values that never reach realize */
        { "cpus=x" SYSMEM, "expects list of uint64" },
        { "cpus=0" SYSMEM ";id-bits=256", "id-bits" },
        { "cpus=0" SYSMEM ";sysmem=/machine", "sysmem" },
        { "cpus=0" SYSMEM ";primary=/machine", "primary" },
    };
    QTestState *qts = start();

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        trial(qts, bad[i].irses, bad[i].message);
    }
    /* The CPUs are free: failed trials have let go of them. */
    trial(qts, "cpus=0-3" SYSMEM, NULL);
    qtest_quit(qts);
}

/* The second IRS fails, and the first has to live on, then go */
static void test_failed_secondary(void)
{
    static const struct {
        const char *second;
        const char *message;
    } bad[] = {
        { "cpus=1;irsid=1;spi-irs-range=0;id-bits=9", "must be those of the" },
        { "cpus=1;irsid=1;spi-irs-range=0;vmt-levels=off",
          "must be those of the" },
        { "cpus=1;irsid=1;spi-irs-range=0;vped-size-bits=6",
          "must be those of the" },
        { "cpus=1;irsid=1", "SPIs 0 to 255 are another IRS's" },
        { "cpus=1;spi-irs-range=0", "irsid 0 is another IRS's" },
        { "cpus=1;irsid=1;spi-irs-range=0;iaffids=0",
          "IAFFID 0 is another IRS's" },
        { "cpus=0;irsid=1;spi-irs-range=0;iaffids=7",
          "CPU 0 is already connected" },
        { "cpus=1,0;irsid=1;spi-irs-range=0;iaffids=6,7",
          "CPU 0 is already connected" },
        { "cpus=1;irsid=1;spi-irs-range=0" SYSMEM,
          "for the primary IRS only" },
    };
    QTestState *qts = start();

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        g_autofree char *irses = g_strdup_printf("cpus=0|%s", bad[i].second);
        g_autofree char *sysmem = g_strdup_printf("cpus=0" SYSMEM "|%s",
                                                  bad[i].second);

        trial(qts, irses, bad[i].message);
        trial(qts, sysmem, bad[i].message);
    }
    trial(qts, "cpus=0-3", NULL);
    qtest_quit(qts);
}

/* Realized, and gone: the primary's engine outlives its users. */
static void test_teardown(void)
{
    QTestState *qts = start();

    for (unsigned i = 0; i < 3; i++) {
        trial(qts, "cpus=0", NULL);
        trial(qts, "cpus=0" SYSMEM, NULL);
        trial(qts, "cpus=0-3;domains=15;has-setlpi=on" SYSMEM, NULL);
        trial(qts, "cpus=0,1|cpus=2,3;irsid=1;spi-irs-range=0", NULL);
        trial(qts, "cpus=0;spi-irs-range=64|"
              "cpus=1;irsid=1;spi-base=64;spi-irs-range=64|"
              "cpus=2,3;irsid=2;spi-base=128", NULL);
    }
    qtest_quit(qts);
}

/* A trial next to IRSes that are at work does not disturb them. */
static void test_trial_beside(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 2, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 1, DOM_NS);
    QDict *rsp;

    irs_enable(&f);
    gic_configure(&c, SPI(3), 4, IAFFID(1));
    irs_wire(&f, 3, 1);
    assert_candidate(&c, SPI(3), 4);
    rsp = qtest_qmp(qts, "{ 'execute': 'qom-set', 'arguments': "
                    "{ 'path': '/machine', 'property': 'trial', "
                    "'value': 'cpus=1' } }");
    g_assert_true(qdict_haskey(rsp, "error"));
    qobject_unref(rsp);
    assert_candidate(&c, SPI(3), 4);
    gic(&c, SET_PENDING, SPI(3), 0);
    assert_no_candidate(&c);
    qtest_quit(qts);
}

/* --- introspection --- */

static void introspect(QTestState *qts, const char *type)
{
    QDict *rsp = qtest_qmp(qts, "{ 'execute': 'device-list-properties', "
                           "'arguments': { 'typename': %s } }", type);
    g_autofree char *help = qtest_hmp(qts, "device_add %s,help", type);

    g_assert_true(qdict_haskey(rsp, "return") || qdict_haskey(rsp, "error"));
    qobject_unref(rsp);
    rsp = qtest_qmp(qts, "{ 'execute': 'qom-list-properties', "
                    "'arguments': { 'typename': %s } }", type);
    g_assert_true(qdict_haskey(rsp, "return") || qdict_haskey(rsp, "error"));
    qobject_unref(rsp);
    g_assert_nonnull(help);
}

/* Every type of ours, and the CPU that has the CPU interface */
static void test_introspection(void)
{
    static const char *const machines[] = {
        "-machine none",
        "-machine gicv5-test,irs=0 -smp 1",
        "-machine gicv5-test,irs=2,domains=15 -smp 2",
        "-machine virt,gic-version=5 -cpu max",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(machines); i++) {
        QTestState *qts = qtest_init(machines[i]);
        g_autofree char *tree = qtest_hmp(qts, "info qom-tree");
        QDict *rsp = qtest_qmp(qts, "{ 'execute': 'qom-list-types' }");
        QList *types = qdict_get_qlist(rsp, "return");
        const QListEntry *e;
        bool found = false;

        QLIST_FOREACH_ENTRY(types, e) {
            QDict *type = qobject_to(QDict, qlist_entry_obj(e));
            const char *name = qdict_get_str(type, "name");

            if (strstr(name, "gicv5") || g_str_equal(name, "max-arm-cpu")) {
                found = true;
                for (unsigned n = 0; n < 3; n++) {
                    introspect(qts, name);
                }
            }
        }
        g_assert_true(found);
        qobject_unref(rsp);

        /* It has left nothing behind. */
        {
            g_autofree char *after = qtest_hmp(qts, "info qom-tree");

            g_assert_cmpstr(after, ==, tree);
        }
        qtest_quit(qts);
    }
}

#define ITS "cpus=0" SYSMEM "|arm-gicv5-its"

/* ITS and IWB, which hold on to their IRS and ITS, and those that cannot be */
static void test_its(void)
{
    static const struct {
        const char *devices;
        const char *message;
    } bad[] = {
        { "arm-gicv5-its", "irs must be set" },
        { "arm-gicv5-iwb", "its must be set" },
        { "cpus=0" SYSMEM "|arm-gicv5-iwb", "type for 'its'" },
        { "cpus=0" SYSMEM "|cpus=1;irsid=1;spi-irs-range=0|arm-gicv5-its;"
          "irs=/machine/trial[1]", "irs must be the primary IRS" },
        { ITS ";domains=3", "domains must be a mask" },
        { ITS ";device-id-bits=33", "device-id-bits must be 1 to 32" },
        { ITS ";event-id-bits=0", "event-id-bits must be 1 to 31" },
        { ITS ";l2-sizes=0", "l2-sizes must be a mask" },
        { ITS ";device-id-offsets=1,2,3,4,5,6,7,8",
          "device-id-offsets must have at most 7 elements" },
        { ITS "|arm-gicv5-iwb;wires=31", "wires must be a multiple of 32" },
        { ITS ";device-id-bits=16|arm-gicv5-iwb", "device-id must have" },
        { ITS "|arm-gicv5-iwb;wires=64;its=/machine/trial[0]",
          "type for 'its'" },
    };
    QTestState *qts = start();

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        trial(qts, bad[i].devices, bad[i].message);
    }
    for (unsigned i = 0; i < 3; i++) {
        trial(qts, ITS, NULL);
        trial(qts, ITS ";device-id-offsets=0,1,2,3,4,5,6"
              "|arm-gicv5-iwb;wires=1024", NULL);
        trial(qts, "cpus=0;domains=15" SYSMEM "|arm-gicv5-its;domains=9"
              "|arm-gicv5-iwb", NULL);
    }
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("gicv5/life/introspection", test_introspection);
    qtest_add_func("gicv5/life/failed-realize", test_failed_realize);
    qtest_add_func("gicv5/life/failed-secondary", test_failed_secondary);
    qtest_add_func("gicv5/life/teardown", test_teardown);
    qtest_add_func("gicv5/life/beside", test_trial_beside);
    qtest_add_func("gicv5/life/its", test_its);
    return g_test_run();
}
