/*
 * QTest testcase for the Arm GICv5 IRS: properties, their errors, and what
 * monitors show
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "gicv5-driver.h"

/* --- errors --- */

#define G(prop) "-global arm-gicv5." prop " "

/*
 * Machines whose IRSes have no properties but those of the command line. Each
 * CPU must have an IRS.
 */
#define BARE "-machine gicv5-test,bare=on -smp 4 "
#define CPU0 "-machine gicv5-test,bare=on -smp 1 " G("cpus=0")

typedef struct BadCase {
    const char *name;
    const char *args;
    const char *message;
} BadCase;

static const BadCase bad_cases[] = {
    { "irsid", CPU0 G("irsid=65536"),
      "irsid must be at most 65535, but is 65536" },
    { "id-bits/0", CPU0 G("id-bits=0"), "id-bits must be 1 to 24, but is 0" },
    { "id-bits/25", CPU0 G("id-bits=25"),
      "id-bits must be 1 to 24, but is 25" },
    { "min-lpi-id-bits/15", CPU0 G("min-lpi-id-bits=15"),
      "min-lpi-id-bits must be at most 14 and at most id-bits (24), but is "
      "15" },
    { "min-lpi-id-bits/id-bits", CPU0 G("id-bits=8") G("min-lpi-id-bits=9"),
      "min-lpi-id-bits must be at most 14 and at most id-bits (8), but is 9" },
    { "priority-bits/0", CPU0 G("priority-bits=0"),
      "priority-bits must be 1 to 5, but is 0" },
    { "priority-bits/6", CPU0 G("priority-bits=6"),
      "priority-bits must be 1 to 5, but is 6" },
    { "vm-id-bits/7", CPU0 G("x-virtualization=on") G("vm-id-bits=7"),
      "vm-id-bits must be 8 to 16, but is 7" },
    { "vm-id-bits/17", CPU0 G("x-virtualization=on") G("vm-id-bits=17"),
      "vm-id-bits must be 8 to 16, but is 17" },
    { "vpe-id-bits/0", CPU0 G("x-virtualization=on") G("vpe-id-bits=0"),
      "vpe-id-bits must be 1 to 16, but is 0" },
    { "vpe-id-bits/17", CPU0 G("x-virtualization=on") G("vpe-id-bits=17"),
      "vpe-id-bits must be 1 to 16, but is 17" },
    { "vped-size-bits/2", CPU0 G("x-virtualization=on") G("vped-size-bits=2"),
      "vped-size-bits must be 3 to 12, but is 2" },
    { "vped-size-bits/13", CPU0 G("x-virtualization=on")
      G("vped-size-bits=13"), "vped-size-bits must be 3 to 12, but is 13" },
    { "vped-size-bits/256", CPU0 G("vped-size-bits=256"),
      "vped-size-bits" },
    { "vmt-levels", CPU0 G("vmt-levels=2"), "vmt-levels" },
    { "lpi-memory", CPU0 G("lpi-memory=65535"),
      "lpi-memory must be at least 65536 bytes, but is 65535" },
    { "vm-memory", CPU0 G("x-virtualization=on") G("vm-memory=65535"),
      "vm-memory must be at least 65536 bytes, but is 65535" },
    { "domains/0", CPU0 G("domains=0"), "domains must be a mask of" },
    { "domains/16", CPU0 G("domains=16"), "but is 0x10" },
    { "domains/256", CPU0 G("domains=256"), "domains" },
    { "spi-range", CPU0 G("spi-range=16777217"),
      "spi-range must be at most 16777216, but is 16777217" },
    { "spi-base", CPU0 G("spi-base=257"),
      "spi-base must be at most spi-range (256), but is 257" },
    { "spi-irs-range", CPU0 G("spi-base=100") G("spi-irs-range=157"),
      "spi-irs-range must be at most spi-range - spi-base (156), but is "
      "157" },
    { "spi-irs-range/wires", CPU0 G("spi-range=100000")
      G("spi-irs-range=16385"),
      "spi-irs-range must be at most 16384, but is 16385" },
    { "spi-irs-range/all", CPU0 G("spi-range=16385"),
      "spi-irs-range must be at most 16384, but is 16385" },
    { "cpus/none", BARE, "cpus must name 1 to 512 CPUs, but names 0" },
    { "cpus/513", BARE G("cpus=0-512"),
      "cpus must name 1 to 512 CPUs, but names 513" },
    { "cpus/unknown", BARE G("cpus=0-4"), "cpus[4]: there is no CPU 4" },
    { "cpus/not-a-number", BARE G("cpus=x"), "cpus" },
    { "iaffids/count", BARE G("cpus=0-3") G("iaffids=1-3"),
      "iaffids must be empty or as long as cpus (4), but has 3 elements" },
    { "iaffids/large", BARE G("cpus=0,1") G("iaffids=1,65536"),
      "iaffids[1] must be at most 65535, but is 65536" },
    { "iaffids/same", BARE G("cpus=0-2") G("iaffids=7,8,7"),
      "iaffids[0] and iaffids[2] are both 7" },
    /* Two IRSes with the same properties */
    { "two-irses/iaffids", CPU0 "-machine irs=2 -smp 2",
      "iaffids[0]: IAFFID 0 is another IRS's" },
    /* The machine's own */
    { "machine/irs-5", "-machine gicv5-test,irs=5 -smp 8",
      "irs must be at most 4" },
    { "machine/irs-cpus", "-machine gicv5-test,irs=2 -smp 1",
      "at most the number of CPUs (1)" },
    { "machine/domains", "-machine gicv5-test,domains=0",
      "domains must be a mask of" },
};

/* QEMU ends with status 1 and says why, once. */
static void test_bad(const void *data)
{
    const BadCase *bad = data;
    /* A QEMU that takes the bad value would not end by itself. */
    g_autofree char *cmd = g_strdup_printf("timeout 20 %s -accel qtest "
                                           "-display none -nodefaults %s",
                                           getenv("QTEST_QEMU_BINARY"),
                                           bad->args);
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    const char *report;
    int status = 0;

    g_assert_true(g_spawn_command_line_sync(cmd, &out, &err, &status, NULL));
    g_test_message("%s", err);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    g_assert_nonnull(strstr(err, bad->message));
    /* The prefix of each of QEMU's own messages: there is only one */
    report = strstr(err, "qemu-system-aarch64: ");
    g_assert_nonnull(report);
    g_assert_null(strstr(report + 1, "qemu-system-aarch64: "));
}

/* --- values at the ends of their ranges --- */

static void test_good(const void *data)
{
    QTestState *qts = qtest_init(data);
    IRS f = gicv5_irs(qts, 0, DOM_NS);

    g_assert_cmphex(irs_readl(&f, DEVARCH), ==, 0x47705a19);
    qtest_quit(qts);
}

static void test_bare_defaults(void)
{
    QTestState *qts = qtest_init(BARE G("cpus=2,0,3,1") G("irsid=65535")
                                 G("spi-range=16777216")
                                 G("spi-base=16770000")
                                 G("spi-irs-range=16"));
    IRS f = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 2, DOM_NS);

    g_assert_cmphex(irs_readl(&f, IDR0), ==,
                    0xffffu << 16 | IDR0_SWE | IDR0_ONE_N | 6 << 2 | DOM_NS);
    g_assert_cmphex(irs_readl(&f, IDR1) & 0xffff, ==, 4);
    g_assert_cmphex(irs_readl(&f, IDR5), ==, 1 << 24);
    g_assert_cmphex(irs_readl(&f, IDR6), ==, 16);
    g_assert_cmphex(irs_readl(&f, IDR7), ==, 16770000);

    /* IAFFIDs are CPU indices if none are given. */
    g_assert_true(pe_select(&f, 0));
    g_assert_true(pe_select(&f, 2));
    g_assert_false(pe_select(&f, 4));
    irs_enable(&f);
    gic_configure(&c, SPI(16770015), 3, 2);
    irs_wire(&f, 15, 1);
    assert_candidate(&c, SPI(16770015), 3);

    /* Without has-setlpi the frame is RAZ/WI. */
    ist_set_valid(&f, RAM_BASE, IST_CFG(6, 0, 0));
    irs_setlpi(&f, 3);
    assert_icsr(&c, LPI(3), 0);
    qtest_quit(qts);
}

/* --- introspection --- */

static void test_properties(void)
{
    static const char *const names[] = {
        "cpus", "iaffids", "irsid", "spi-range", "spi-base", "spi-irs-range",
        "id-bits", "min-lpi-id-bits", "priority-bits", "domains",
        "has-one-of-n", "has-virt-one-of-n", "has-setlpi", "has-swerr",
        "primary", "sysmem",
        "x-virtualization", "vm-id-bits", "vmt-levels", "vpe-id-bits",
        "vped-size-bits", "vm-memory",
    };
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);
    QDict *rsp = qtest_qmp(qts, "{ 'execute': 'device-list-properties', "
                           "'arguments': { 'typename': 'arm-gicv5' } }");
    QList *list = qdict_get_qlist(rsp, "return");

    g_assert_nonnull(list);
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        const QListEntry *e;
        bool found = false;

        QLIST_FOREACH_ENTRY(list, e) {
            QDict *prop = qobject_to(QDict, qlist_entry_obj(e));

            found |= g_str_equal(qdict_get_str(prop, "name"), names[i]);
        }
        if (!found) {
            g_test_message("no property %s", names[i]);
        }
        g_assert_true(found);
    }
    qobject_unref(rsp);

    /* The abstract class is refused, without harm. */
    rsp = qtest_qmp(qts, "{ 'execute': 'device-list-properties', "
                    "'arguments': { 'typename': 'arm-gicv5-common' } }");
    g_assert_true(qdict_haskey(rsp, "error"));
    qobject_unref(rsp);

    /* Only boards create it. */
    rsp = qtest_qmp(qts, "{ 'execute': 'device_add', "
                    "'arguments': { 'driver': 'arm-gicv5' } }");
    g_assert_true(qdict_haskey(rsp, "error"));
    qobject_unref(rsp);

    /* Introspection, again and again, leaves nothing behind. */
    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *help = qtest_hmp(qts, "device_add arm-gicv5,help");
        g_autofree char *tree = qtest_hmp(qts, "info qom-tree");

        g_assert_nonnull(strstr(help, "priority-bits"));
        g_assert_nonnull(strstr(tree, "/irs[0] (arm-gicv5)"));
        g_assert_null(strstr(strstr(tree, "(arm-gicv5)") + 1, "(arm-gicv5)"));
    }
    qtest_quit(qts);
}

static uint64_t get_prop(QTestState *qts, const char *path, const char *name)
{
    QDict *rsp = qtest_qmp(qts, "{ 'execute': 'qom-get', 'arguments': "
                           "{ 'path': %s, 'property': %s } }", path, name);
    uint64_t value;

    g_assert_true(qdict_haskey(rsp, "return"));
    value = qdict_get_int(rsp, "return");
    qobject_unref(rsp);
    return value;
}

static void test_qom(void)
{
    QTestState *qts = gicv5_start(2, ALL_DOMAINS, 4, NULL);
    QDict *rsp;

    g_assert_cmpint(get_prop(qts, "/machine/irs[0]", "irsid"), ==, 100);
    g_assert_cmpint(get_prop(qts, "/machine/irs[1]", "irsid"), ==, 101);
    g_assert_cmpint(get_prop(qts, "/machine/irs[1]", "spi-base"), ==,
                    SPI_STRIDE);
    g_assert_cmpint(get_prop(qts, "/machine/irs[1]", "domains"), ==,
                    ALL_DOMAINS);

    /* What is realized does not change. */
    rsp = qtest_qmp(qts, "{ 'execute': 'qom-set', 'arguments': "
                    "{ 'path': '/machine/irs[0]', 'property': 'id-bits', "
                    "'value': 3 } }");
    g_assert_true(qdict_haskey(rsp, "error"));
    qobject_unref(rsp);
    qtest_quit(qts);
}

/* --- monitors --- */

static void assert_info(QTestState *qts, const char *command,
                        const char *text, bool present)
{
    g_autofree char *info = qtest_hmp(qts, "%s", command);

    g_test_message("%s", info);
    g_assert_cmpint(strstr(info, text) != NULL, ==, present);
}

static void test_info_pic(void)
{
    QTestState *qts = gicv5_start(2, ALL_DOMAINS, 4, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_REALM);
    CPU c = gicv5_cpu(qts, 0, DOM_REALM);

    assert_info(qts, "info pic", "IRS 100", true);
    assert_info(qts, "info pic", "IRS 101", true);
    assert_info(qts, "info pic", "Secure", true);
    assert_info(qts, "info pic", "Non-secure", true);
    assert_info(qts, "info pic", "EL3", true);
    assert_info(qts, "info pic", "Realm domain: disabled", true);
    assert_info(qts, "info pic", "Realm domain: enabled", false);
    assert_info(qts, "info pic", "LPI 5", false);

    irs_enable(&f);
    assert_info(qts, "info pic", "Realm domain: enabled", true);
    ist_set_valid(&f, RAM_BASE, IST_CFG(10, 0, 1) | IST_CFGR_TWO_LEVEL);
    assert_info(qts, "info pic", "IST: at 0x40000000, 1024 LPIs, two-level, "
                "8-byte entries", true);
    ist_set_invalid(&f);
    ist_set_valid(&f, RAM_BASE, IST_CFG(6, 0, 0));
    gic_configure(&c, LPI(5), 9, IAFFID(0));
    gic(&c, SET_PENDING, LPI(5), 1);
    assert_info(qts, "info pic", "IAFFID 3: HPPI LPI 5 priority 9", true);
    assert_info(qts, "info pic", "IAFFID 13: HPPI none", true);

    /* 1-of-N, with nobody to take it */
    gic_configure(&c, LPI(6), 1, TARGET_IRM);
    gic(&c, SET_PENDING, LPI(6), 1);
    assert_info(qts, "info pic", "1-of-N: LPI 6 priority 1", true);

    qtest_system_reset(qts);
    assert_info(qts, "info pic", "LPI 5", false);
    assert_info(qts, "info pic", "LPI 6", false);
    assert_info(qts, "info pic", "Realm domain: enabled", false);
    qtest_quit(qts);
}

/* "info irq" counts how often each wire rose. */
static void test_info_irq(void)
{
    QTestState *qts = gicv5_start(1, ONLY_NS, 1, NULL);
    IRS f = gicv5_irs(qts, 0, DOM_NS);

    assert_info(qts, "info irq", "arm-gicv5", true);
    for (unsigned i = 0; i < 3; i++) {
        irs_wire(&f, 17, 1);
        irs_wire(&f, 17, 1);
        irs_wire(&f, 17, 0);
    }
    assert_info(qts, "info irq", "17: 3\r\n", true);
    assert_info(qts, "info irq", "18: ", false);
    qtest_quit(qts);
}

/* Resets in all states, and the device as after the first start */
static void test_system_reset(void)
{
    QTestState *qts = gicv5_start(2, ALL_DOMAINS, 4, NULL);

    for (unsigned i = 0; i < 10; i++) {
        IRS f = gicv5_irs(qts, 0, i % NUM_DOMAINS);
        CPU c = gicv5_cpu(qts, 0, i % NUM_DOMAINS);

        g_assert_cmphex(irs_readl(&f, CR0), ==, CR0_IDLE);
        g_assert_cmphex(irs_readq(&f, IST_BASER), ==, 0);
        assert_no_candidate(&c);
        irs_enable(&f);
        ist_set_valid(&f, RAM_BASE, IST_CFG(10, 0, 0));
        gic_configure(&c, LPI(i), i, IAFFID(0));
        gic(&c, SET_PENDING, LPI(i), 1);
        assert_candidate(&c, LPI(i), i);
        qtest_system_reset(qts);
        qtest_system_reset(qts);
    }
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < ARRAY_SIZE(bad_cases); i++) {
        g_autofree char *path = g_strdup_printf("gicv5/props/bad/%s",
                                                bad_cases[i].name);

        qtest_add_data_func(path, &bad_cases[i], test_bad);
    }
    qtest_add_data_func("gicv5/props/good/smallest", CPU0 G("spi-range=0")
                        G("id-bits=1") G("priority-bits=1")
                        G("min-lpi-id-bits=1") G("irsid=0"), test_good);
    qtest_add_data_func("gicv5/props/good/largest", BARE G("cpus=0-3")
                        G("iaffids=65532-65535") G("spi-range=16384")
                        G("id-bits=24") G("min-lpi-id-bits=14")
                        G("domains=15") G("has-setlpi=on"), test_good);
    qtest_add_data_func("gicv5/props/good/virtualization", CPU0
                        G("x-virtualization=on") G("vm-id-bits=8")
                        G("vpe-id-bits=16") G("vm-memory=64K")
                        G("vmt-levels=off") G("vped-size-bits=3")
                        G("domains=15"), test_good);
    /* Of VMs that are not there */
    qtest_add_data_func("gicv5/props/good/no-virtualization", CPU0
                        G("vped-size-bits=13") G("vmt-levels=off"),
                        test_good);
    qtest_add_data_func("gicv5/props/good/no-spi", CPU0 G("spi-base=256"),
                        test_good);
    qtest_add_func("gicv5/props/bare", test_bare_defaults);
    qtest_add_func("gicv5/props/properties", test_properties);
    qtest_add_func("gicv5/props/qom", test_qom);
    qtest_add_func("gicv5/props/info-pic", test_info_pic);
    qtest_add_func("gicv5/props/info-irq", test_info_irq);
    qtest_add_func("gicv5/props/system-reset", test_system_reset);
    return g_test_run();
}
