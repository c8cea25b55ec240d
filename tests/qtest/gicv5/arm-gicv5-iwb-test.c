/*
 * QTest testcase for the Arm GICv5 IWB
 *
 * The IWB of the machine "gicv5-test,its=on,iwb=on": 64 wires, DeviceID
 * 0x10000. Wire w of domain d is translated to LPI 100 * d + w.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "gicv5-driver.h"

#define ITS_BASE 0x09000000
#define ITS_STRIDE 0x40000
#define ITS_DT_BASER 0xc0
#define ITS_DT_CFGR 0xd0
#define BUS 0x09200000ULL
#define IWB 0x09300000ULL

#define IWB_DEVICE 0x10000
#define WIRES 64

#define WENABLE_STATUSR 0xc0
#define WDOMAIN_STATUSR 0xc4
#define WRESAMPLER 0xc8
#define WENABLER(n) (0x2000 + 4 * (n))
#define WTMR(n) (0x4000 + 4 * (n))
#define WDOMAINR(n) (0x8000 + 4 * (n))

#define IST (RAM_BASE + 0x100000)
#define DT (RAM_BASE + 0x200000)
#define ITT (RAM_BASE + 0x400000)
#define LPI_BITS 12

/* All accesses to the IWB are those of @domain from here on. */
static void as_domain(QTestState *qts, unsigned domain)
{
    qtest_writeq(qts, BUS, domain << 16 | (domain == DOM_S ||
                                           domain == DOM_EL3) << 18);
}

static uint32_t rd(QTestState *qts, unsigned offset)
{
    qtest_writeq(qts, BUS + 8, IWB + offset);
    return qtest_readl(qts, BUS + 16);
}

static void wr(QTestState *qts, unsigned offset, uint32_t value)
{
    qtest_writeq(qts, BUS + 8, IWB + offset);
    qtest_writel(qts, BUS + 16, value);
    g_assert_cmphex(rd(qts, WENABLE_STATUSR), ==, STATUSR_IDLE);
    g_assert_cmphex(rd(qts, WDOMAIN_STATUSR), ==, STATUSR_IDLE);
}

static void wire(QTestState *qts, unsigned n, int level)
{
    qtest_set_irq_in(qts, "/machine/iwb[0]", NULL, n, level);
}

/* IST and ITS of each domain */
static void set_up_tables(QTestState *qts, unsigned domains)
{
    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        IRS irs = gicv5_irs(qts, 0, d);
        uint64_t its = ITS_BASE + d * ITS_STRIDE;

        if (!(domains >> d & 1)) {
            continue;
        }
        ist_set_valid(&irs, IST + 0x10000 * d, IST_CFG(LPI_BITS, 0, 0));
        qtest_writeq(qts, DT + 0x100000 * d + 8 * IWB_DEVICE,
                     (ITT + 0x1000 * d + 0x400000) | 1 | 6ULL << 59);
        for (unsigned w = 0; w < WIRES; w++) {
            qtest_writeq(qts, ITT + 0x1000 * d + 0x400000 + 8 * w,
                         (100 * d + w) | 1ULL << 31);
        }
        qtest_writel(qts, its + ITS_DT_CFGR, 17);
        qtest_writeq(qts, its + ITS_DT_BASER, DT + 0x100000 * d);
        qtest_writel(qts, its + CR0, 1);
    }
}

static QTestState *start(unsigned domains, const char *args)
{
    g_autofree char *all = g_strdup_printf("-machine its=on,iwb=on %s",
                                           args ?: "");
    QTestState *qts = gicv5_start(1, domains, 1, all);

    as_domain(qts, domains & (1 << DOM_EL3) ? DOM_EL3 : DOM_NS);
    return qts;
}

static QTestState *start_enabled(unsigned domains)
{
    QTestState *qts = start(domains, NULL);

    set_up_tables(qts, domains);
    return qts;
}

/* An LPI's state, from which an event is seen that changes it */
static void prepare(QTestState *qts, unsigned domain, unsigned w,
                    bool pending, bool level)
{
    CPU c = gicv5_cpu(qts, 0, domain);

    gic(&c, SET_PENDING, LPI(100 * domain + w), pending);
    gic(&c, SET_HANDLING, LPI(100 * domain + w), level);
}

static uint32_t state(QTestState *qts, unsigned domain, unsigned w)
{
    CPU c = gicv5_cpu(qts, 0, domain);

    return icsr(&c, LPI(100 * domain + w)) & (ISTE_PENDING | ISTE_LEVEL);
}

#define SET_EDGE ISTE_PENDING
#define SET_LEVEL (ISTE_PENDING | ISTE_LEVEL)
#define CLEARED 0

/* @statement makes this the last event of the wire. */
#define assert_event(qts, domain, w, event, statement) \
    do { \
        prepare((qts), (domain), (w), (event) == CLEARED, \
                (event) == SET_EDGE); \
        statement; \
        g_assert_cmphex(state((qts), (domain), (w)), ==, (event)); \
    } while (0)

/* @statement makes no event of the wire, whose mode is level or not. */
#define assert_none(qts, domain, w, is_level, statement) \
    do { \
        prepare((qts), (domain), (w), true, !(is_level)); \
        statement; \
        g_assert_cmphex(state((qts), (domain), (w)), ==, \
                        (is_level) ? SET_EDGE : SET_LEVEL); \
    } while (0)

/* --- registers --- */

static void test_regs(void)
{
    QTestState *qts = start(ONLY_NS, NULL);
    static const uint8_t id[] = {
        4, 0, 0, 0, 0x53, 0xb0, 0x0b, 0, 0x0d, 0xf0, 0x05, 0xb1,
    };

    for (unsigned round = 0; round < 2; round++) {
        g_assert_cmphex(rd(qts, IDR0), ==, 2 << 11 | 1);
        g_assert_cmphex(rd(qts, IIDR), ==, 0x0530043b);
        g_assert_cmphex(rd(qts, AIDR), ==, 0x200);
        g_assert_cmphex(rd(qts, CR0), ==, 3);
        g_assert_cmphex(rd(qts, WRESAMPLER), ==, 0);
        g_assert_cmphex(rd(qts, DEVARCH), ==, 0);
        for (unsigned i = 0; i < ARRAY_SIZE(id); i++) {
            g_assert_cmphex(rd(qts, PIDR4 + 4 * i), ==, id[i]);
        }
        for (unsigned n = 0; n < 4; n++) {
            g_assert_cmphex(rd(qts, WDOMAINR(n)), ==, 0x55555555);
        }
        for (unsigned n = 0; n < 2; n++) {
            g_assert_cmphex(rd(qts, WENABLER(n)), ==, 0);
            g_assert_cmphex(rd(qts, WTMR(n)), ==, 0);
            wr(qts, WENABLER(n), 0x12345678 + n);
            wr(qts, WTMR(n), 0x9abcdef0 + n);
        }
        for (unsigned n = 0; n < 2; n++) {
            g_assert_cmphex(rd(qts, WENABLER(n)), ==, 0x12345678 + n);
            g_assert_cmphex(rd(qts, WTMR(n)), ==, 0x9abcdef0 + n);
        }
        /* Domains that are not there: a wire keeps its own. */
        wr(qts, WDOMAINR(0), 0xe4e4e4e4);
        g_assert_cmphex(rd(qts, WDOMAINR(0)), ==, 0x55555555);
        /* Wires that are not there */
        for (unsigned n = 2; n < 2048; n += n < 4 ? 1 : 511) {
            wr(qts, WENABLER(n), ~0u);
            wr(qts, WTMR(n), ~0u);
            g_assert_cmphex(rd(qts, WENABLER(n)), ==, 0);
            g_assert_cmphex(rd(qts, WTMR(n)), ==, 0);
        }
        for (unsigned n = 4; n < 4096; n += 1023) {
            wr(qts, WDOMAINR(n), 0x55555555);
            g_assert_cmphex(rd(qts, WDOMAINR(n)), ==, 0);
        }
        wr(qts, WRESAMPLER, 64);
        wr(qts, WRESAMPLER, 0xffff);
        wr(qts, CR0, ~1u);
        g_assert_cmphex(rd(qts, CR0), ==, 2);
        qtest_system_reset(qts);
    }
    qtest_quit(qts);

    /* What firmware would find */
    qts = start(ALL_DOMAINS, "-global arm-gicv5-iwb.enabled=off");
    g_assert_cmphex(rd(qts, IDR0), ==, 15 << 11 | 1);
    g_assert_cmphex(rd(qts, CR0), ==, 2);
    wr(qts, WDOMAINR(0), 0xe4e4e4e4);
    g_assert_cmphex(rd(qts, WDOMAINR(0)), ==, 0xe4e4e4e4);
    qtest_quit(qts);
}

/* --- wires --- */

static void test_edge(void)
{
    QTestState *qts = start_enabled(ONLY_NS);

    /* Not enabled: forgotten */
    assert_none(qts, DOM_NS, 33, false, wire(qts, 33, 1));
    assert_none(qts, DOM_NS, 33, false, wr(qts, WENABLER(1), 2));
    assert_none(qts, DOM_NS, 33, false, wire(qts, 33, 0));
    assert_event(qts, DOM_NS, 33, SET_EDGE, wire(qts, 33, 1));
    /* Neither a second time, nor by software */
    assert_none(qts, DOM_NS, 33, false, wire(qts, 33, 1));
    assert_none(qts, DOM_NS, 33, false, wr(qts, WRESAMPLER, 33));
    assert_none(qts, DOM_NS, 33, false, wr(qts, CR0, 0));
    assert_none(qts, DOM_NS, 33, false, wr(qts, CR0, 1));
    assert_none(qts, DOM_NS, 33, false, wr(qts, WENABLER(1), 0));
    assert_none(qts, DOM_NS, 33, false, wr(qts, WENABLER(1), 2));
    assert_none(qts, DOM_NS, 33, false, wire(qts, 33, 0));
    wr(qts, CR0, 0);
    assert_none(qts, DOM_NS, 33, false, wire(qts, 33, 1));
    wire(qts, 33, 0);
    wr(qts, CR0, 1);
    assert_event(qts, DOM_NS, 33, SET_EDGE, wire(qts, 33, 1));
    qtest_quit(qts);
}

static void test_level(void)
{
    QTestState *qts = start_enabled(ONLY_NS);

    wr(qts, WTMR(0), 1u << 31);
    /* While it is not enabled: nothing, and sampled when it is */
    assert_none(qts, DOM_NS, 31, true, wire(qts, 31, 1));
    assert_event(qts, DOM_NS, 31, SET_LEVEL, wr(qts, WENABLER(0), 1u << 31));
    assert_event(qts, DOM_NS, 31, CLEARED, wire(qts, 31, 0));
    assert_event(qts, DOM_NS, 31, SET_LEVEL, wire(qts, 31, 1));
    assert_event(qts, DOM_NS, 31, CLEARED, wr(qts, WENABLER(0), 0));
    assert_none(qts, DOM_NS, 31, true, wire(qts, 31, 0));
    /* CLEAR at both ends of an inactive wire, too */
    assert_event(qts, DOM_NS, 31, CLEARED, wr(qts, WENABLER(0), 1u << 31));
    assert_event(qts, DOM_NS, 31, CLEARED, wr(qts, WENABLER(0), 0));
    wr(qts, WENABLER(0), 1u << 31);

    /* Software has changed the LPI: sample again */
    assert_event(qts, DOM_NS, 31, CLEARED, wr(qts, WRESAMPLER, 31));
    wire(qts, 31, 1);
    assert_event(qts, DOM_NS, 31, SET_LEVEL, wr(qts, WRESAMPLER, 31));

    /* IWBEN */
    assert_event(qts, DOM_NS, 31, CLEARED, wr(qts, CR0, 0));
    assert_none(qts, DOM_NS, 31, true, wr(qts, WRESAMPLER, 31));
    assert_none(qts, DOM_NS, 31, true, wr(qts, WENABLER(0), 0));
    assert_none(qts, DOM_NS, 31, true, wr(qts, WENABLER(0), 1u << 31));
    assert_none(qts, DOM_NS, 31, true, wire(qts, 31, 0));
    assert_event(qts, DOM_NS, 31, CLEARED, wr(qts, CR0, 1));
    assert_none(qts, DOM_NS, 31, true, wr(qts, CR0, 0));
    wire(qts, 31, 1);
    assert_event(qts, DOM_NS, 31, SET_LEVEL, wr(qts, CR0, 1));
    assert_none(qts, DOM_NS, 31, true, wr(qts, CR0, 1));

    /* The trigger mode of a wire that is enabled */
    assert_event(qts, DOM_NS, 31, CLEARED, wr(qts, WTMR(0), 0));
    assert_event(qts, DOM_NS, 31, SET_LEVEL, wr(qts, WTMR(0), 1u << 31));
    qtest_quit(qts);
}

/* A level interrupt fires until the wire is low, however software acks it. */
static void test_level_cpu(void)
{
    QTestState *qts = start_enabled(ONLY_NS);
    IRS irs = gicv5_irs(qts, 0, DOM_NS);
    CPU c = gicv5_cpu(qts, 0, DOM_NS);
    uint32_t lpi = LPI(100 * DOM_NS + 7);

    irs_enable(&irs);
    cpu_enable(&c);
    gic_configure(&c, lpi, 3, IAFFID(0));
    wr(qts, WTMR(0), 1 << 7);
    wr(qts, WENABLER(0), 1 << 7);
    wire(qts, 7, 1);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmphex(cpu_acknowledge(&c), ==, lpi);
        cpu_finish(&c, lpi);
    }
    g_assert_cmphex(cpu_acknowledge(&c), ==, lpi);
    wire(qts, 7, 0);
    cpu_finish(&c, lpi);
    assert_no_candidate(&c);
    /* As FreeBSD does: disabled before the thread, enabled after it */
    wire(qts, 7, 1);
    g_assert_cmphex(cpu_acknowledge(&c), ==, lpi);
    wr(qts, WENABLER(0), 0);
    cpu_finish(&c, lpi);
    assert_no_candidate(&c);
    wr(qts, WENABLER(0), 1 << 7);
    assert_candidate(&c, lpi, 3);

    /* A reset: no event, and the wire is still high afterwards */
    qtest_system_reset(qts);
    set_up_tables(qts, ONLY_NS);
    as_domain(qts, DOM_NS);
    wr(qts, WTMR(0), 1 << 7);
    assert_event(qts, DOM_NS, 7, SET_LEVEL, wr(qts, WENABLER(0), 1 << 7));
    qtest_quit(qts);
}

/* --- domains --- */

static void test_domains(void)
{
    QTestState *qts = start_enabled(ALL_DOMAINS);

    /* Wires 0 to 3 are of domains 0 to 3, the others Non-secure. */
    wr(qts, WDOMAINR(0), 0x555555e4);
    wr(qts, WTMR(0), 0xf);
    wr(qts, WENABLER(0), 0xf);
    for (unsigned d = 0; d < NUM_DOMAINS; d++) {
        uint32_t own = d == DOM_NS ? ~0xdu : 1u << d;

        assert_event(qts, d, d, SET_LEVEL, wire(qts, d, 1));
        as_domain(qts, d);
        g_assert_cmphex(rd(qts, WDOMAINR(0)), ==,
                        d == DOM_EL3 ? 0x555555e4 : 0);
        g_assert_cmphex(rd(qts, WENABLER(0)), ==,
                        d == DOM_EL3 ? 0xf : 1 << d);
        if (d != DOM_EL3) {
            wr(qts, WDOMAINR(0), 0x55555555);
            wr(qts, CR0, 0);
            wr(qts, WTMR(0), ~0u);
            g_assert_cmphex(rd(qts, WTMR(0)), ==, own);
            wr(qts, WTMR(0), 1 << d);
            /* Another domain's wire */
            assert_none(qts, DOM_EL3, 2, true, wr(qts, WENABLER(0), 1 << d));
            assert_none(qts, DOM_EL3, 2, true, wr(qts, WRESAMPLER, 2));
        }
        as_domain(qts, DOM_EL3);
        g_assert_cmphex(rd(qts, WTMR(0)), ==, 0xf);
        g_assert_cmphex(rd(qts, WENABLER(0)), ==, 0xf);
        g_assert_cmphex(rd(qts, CR0), ==, 3);
    }
    /* To another domain: CLEAR in the old one, SET_LEVEL in the new one */
    wr(qts, WDOMAINR(0), 0x555555e5);
    g_assert_cmphex(state(qts, DOM_S, 0), ==, ISTE_LEVEL);
    g_assert_cmphex(state(qts, DOM_NS, 0), ==, SET_LEVEL);

    /* Masters without a space, and those that do not say: Non-secure */
    qtest_writeq(qts, BUS, 0x1234);
    g_assert_cmphex(rd(qts, WENABLER(0)), ==, 3);
    qtest_writeq(qts, BUS, 1 << 19 | 2 << 16);
    g_assert_cmphex(rd(qts, WENABLER(0)), ==, 3);
    g_assert_cmphex(qtest_readl(qts, IWB + WENABLER(0)), ==, 3);
    qtest_quit(qts);
}

/* Without Realm there is no Root space: EL3's accesses are Secure. */
static void test_no_realm(void)
{
    QTestState *qts = start(1 << DOM_S | 1 << DOM_NS | 1 << DOM_EL3, NULL);

    as_domain(qts, DOM_NS);
    wr(qts, WDOMAINR(0), 0xaaaaaaaa);
    as_domain(qts, DOM_EL3);
    wr(qts, WDOMAINR(0), 0xaaaaaaaa);
    as_domain(qts, DOM_S);
    g_assert_cmphex(rd(qts, WDOMAINR(0)), ==, 0x55555555);
    wr(qts, WDOMAINR(0), 0x55555556);
    g_assert_cmphex(rd(qts, WDOMAINR(0)), ==, 0x55555556);
    wr(qts, WENABLER(0), 3);
    g_assert_cmphex(rd(qts, WENABLER(0)), ==, 3);
    /* Wire 0 is EL3's now. */
    as_domain(qts, DOM_NS);
    g_assert_cmphex(rd(qts, WENABLER(0)), ==, 2);
    qtest_quit(qts);
}

/* --- life --- */

static void save(QTestState *qts, const char *uri)
{
    qtest_qmp_assert_success(qts, "{ 'execute': 'migrate', 'arguments': "
                             "{ 'uri': %s } }", uri);
    qtest_qmp_eventwait(qts, "STOP");
    for (;;) {
        QDict *rsp = qtest_qmp(qts, "{ 'execute': 'query-migrate' }");
        bool done = g_str_equal(qdict_get_str(qdict_get_qdict(rsp, "return"),
                                              "status"), "completed");

        qobject_unref(rsp);
        if (done) {
            break;
        }
        g_usleep(1000);
    }
    qtest_quit(qts);
}

static void test_migration(void)
{
    g_autofree char *dir = g_dir_make_tmp("gicv5-iwb-XXXXXX", NULL);
    g_autofree char *path = g_strdup_printf("%s/stream", dir);
    g_autofree char *uri = g_strdup_printf("file:%s", path);
    g_autofree char *in = g_strdup_printf("-incoming %s", uri);
    QTestState *qts = start_enabled(ALL_DOMAINS);

    wr(qts, WDOMAINR(3), 0xe4e4e4e4);
    wr(qts, WTMR(1), 0xf0f0f0f0);
    wr(qts, WENABLER(1), 0xffff0000);
    wire(qts, 53, 1);
    wire(qts, 40, 1);
    g_assert_cmphex(state(qts, DOM_NS, 53), ==, SET_LEVEL);
    save(qts, uri);

    qts = start(ALL_DOMAINS, in);
    qtest_qmp_eventwait(qts, "RESUME");
    unlink(path);
    rmdir(dir);
    g_assert_cmphex(rd(qts, CR0), ==, 3);
    g_assert_cmphex(rd(qts, WDOMAINR(3)), ==, 0xe4e4e4e4);
    g_assert_cmphex(rd(qts, WDOMAINR(2)), ==, 0x55555555);
    g_assert_cmphex(rd(qts, WTMR(1)), ==, 0xf0f0f0f0);
    g_assert_cmphex(rd(qts, WENABLER(1)), ==, 0xffff0000);
    /* The wires as they were: low is a change, high is not */
    g_assert_cmphex(state(qts, DOM_NS, 53), ==, SET_LEVEL);
    assert_none(qts, DOM_NS, 53, true, wire(qts, 53, 1));
    assert_event(qts, DOM_NS, 53, CLEARED, wire(qts, 53, 0));
    assert_event(qts, DOM_NS, 40, SET_LEVEL,
                 (wr(qts, WTMR(1), 0x100), wr(qts, WENABLER(1), 0x100)));
    qtest_quit(qts);
}

/* A QEMU with these arguments ends with status 1 and this message. */
static void assert_error(const char *option, const char *value,
                         const char *msg)
{
    const char *argv[] = {
        g_getenv("QTEST_QEMU_BINARY"), "-machine",
        "gicv5-test,its=on,iwb=on", "-smp", "1", "-display", "none",
        "-accel", "qtest", option, value, NULL,
    };
    g_autofree char *err = NULL;
    int status;

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT,
                               NULL, NULL, NULL, &err, &status, NULL));
    if (!strstr(err, msg)) {
        g_test_message("%s %s: '%s', not '%s'", option, value, err, msg);
        g_assert_not_reached();
    }
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

/* What no IWB can have is refused, with the name of the field. */
static void test_refused(void)
{
    static const uint8_t wenabler0[] = { 0xfe, 0xed, 0xfa, 0xce };
    /* Where a field is, from WENABLER0 on, and which bits change */
    static const struct {
        int offset;
        uint8_t flip;
        const char *msg;
    } fields[] = {
        { -10, 1, "40 != 140" },
        { -7, 2, "other DeviceIDs" },
        { -1, 2, "cr0 0x3 has bits other than 0x1" },
        /* WDOMAINR1, wire 28: Realm */
        { 28, 2, "wdomain[1] 0x57555555 has a domain" },
        { 28 + 3, 1, "wdomain[1] 0x55555554 has a domain" },
    };
    g_autofree char *dir = g_dir_make_tmp("gicv5-iwb-XXXXXX", NULL);
    g_autofree char *path = g_strdup_printf("%s/stream", dir);
    g_autofree char *uri = g_strdup_printf("file:%s", path);
    g_autofree char *stream = NULL;
    QTestState *qts = start(ONLY_NS, NULL);
    uint8_t *p;
    gsize size;

    wr(qts, WENABLER(0), 0xfeedface);
    save(qts, uri);
    g_assert_true(g_file_get_contents(path, &stream, &size, NULL));
    p = memmem(stream, size, wenabler0, sizeof(wenabler0));
    g_assert_nonnull(p);
    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
        p[fields[i].offset] ^= fields[i].flip;
        g_assert_true(g_file_set_contents(path, stream, size, NULL));
        assert_error("-incoming", uri, fields[i].msg);
        p[fields[i].offset] ^= fields[i].flip;
    }
    unlink(path);
    rmdir(dir);
}

static void test_props(void)
{
    static const struct {
        const char *prop, *msg;
    } bad[] = {
        { "arm-gicv5-iwb.wires=0", "wires must be a multiple of 32" },
        { "arm-gicv5-iwb.wires=33", "wires must be a multiple of 32" },
        { "arm-gicv5-iwb.wires=65568", "wires must be a multiple of 32" },
        { "arm-gicv5-its.event-id-bits=5", "at most 2^5" },
        { "arm-gicv5-iwb.device-id=0x100000", "at most the 20 bits" },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_error("-global", bad[i].prop, bad[i].msg);
    }
}

/* As many wires as there can be, each with a register bit */
static void test_many(void)
{
    QTestState *qts = start(ONLY_NS, "-global arm-gicv5-iwb.wires=65536");

    g_assert_cmphex(rd(qts, IDR0), ==, 2 << 11 | 2047);
    wr(qts, WTMR(2047), 1u << 31);
    wr(qts, WENABLER(2047), ~0u);
    g_assert_cmphex(rd(qts, WENABLER(2047)), ==, ~0u);
    g_assert_cmphex(rd(qts, WDOMAINR(4095)), ==, 0x55555555);
    wire(qts, 65535, 1);
    wr(qts, WRESAMPLER, 65535);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("gicv5/iwb/regs", test_regs);
    qtest_add_func("gicv5/iwb/edge", test_edge);
    qtest_add_func("gicv5/iwb/level", test_level);
    qtest_add_func("gicv5/iwb/level-cpu", test_level_cpu);
    qtest_add_func("gicv5/iwb/domains", test_domains);
    qtest_add_func("gicv5/iwb/no-realm", test_no_realm);
    qtest_add_func("gicv5/iwb/migration", test_migration);
    qtest_add_func("gicv5/iwb/refused", test_refused);
    qtest_add_func("gicv5/iwb/props", test_props);
    qtest_add_func("gicv5/iwb/many", test_many);
    return g_test_run();
}
