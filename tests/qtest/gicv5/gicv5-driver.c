/*
 * Driver for qtests of the Arm GICv5 IRS on the machine "gicv5-test"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "gicv5-driver.h"

#define FRAMES_BASE 0x08000000
#define IRS_STRIDE 0x100000
#define DOMAIN_STRIDE 0x20000

/* ICC_ICSR_EL1 */
#define ICSR_F (1u << 0)
#define ICSR_ENABLED_BIT 1
#define ICSR_PENDING_BIT 2
#define ICSR_IRM_BIT 3
#define ICSR_ACTIVE_BIT 4
#define ICSR_HM_BIT 5
#define ICSR_PRIORITY_SHIFT 11
#define ICSR_IAFFID_SHIFT 32

QTestState *gicv5_start(unsigned irs, unsigned domains, unsigned cpus,
                        const char *args)
{
    return qtest_initf("-machine gicv5-test,irs=%u,domains=%u -smp %u %s",
                       irs, domains, cpus, args ?: "");
}

/* Wait until the source is done; returns whether it worked */
static bool migrate(QTestState *from, const char *uri)
{
    QDict *rsp = qtest_qmp(from, "{ 'execute': 'migrate', 'arguments': "
                           "{ 'uri': %s } }", uri);

    g_assert_false(qdict_haskey(rsp, "error"));
    qobject_unref(rsp);
    for (;;) {
        g_autofree char *status = NULL;

        rsp = qtest_qmp(from, "{ 'execute': 'query-migrate' }");
        status = g_strdup(qdict_get_try_str(qdict_get_qdict(rsp, "return"),
                                            "status"));
        qobject_unref(rsp);
        if (g_str_equal(status, "completed")) {
            return true;
        }
        if (g_str_equal(status, "failed")) {
            return false;
        }
        g_usleep(1000);
    }
}

static void wait_running(QTestState *to)
{
    for (;;) {
        QDict *rsp = qtest_qmp(to, "{ 'execute': 'query-status' }");
        bool done = !g_str_equal(qdict_get_str(qdict_get_qdict(rsp, "return"),
                                               "status"), "inmigrate");

        qobject_unref(rsp);
        if (done) {
            return;
        }
        g_usleep(1000);
    }
}

QTestState *gicv5_move(QTestState *from, unsigned irs, unsigned domains,
                       unsigned cpus, const char *args)
{
    g_autofree char *dir = g_dir_make_tmp("gicv5-migration-XXXXXX", NULL);
    g_autofree char *uri = g_strdup_printf("unix:%s/socket", dir);
    g_autofree char *path = g_strdup_printf("%s/socket", dir);
    g_autofree char *incoming = g_strdup_printf("-incoming %s %s", uri,
                                                args ?: "");
    QTestState *to = gicv5_start(irs, domains, cpus, incoming);

    g_assert_true(migrate(from, uri));
    wait_running(to);
    qtest_quit(from);
    unlink(path);
    rmdir(dir);
    return to;
}

void gicv5_assert_refused(QTestState *from, const char *machine,
                          const char *text)
{
    g_autofree char *dir = g_dir_make_tmp("gicv5-migration-XXXXXX", NULL);
    g_autofree char *file = g_strdup_printf("%s/stream", dir);
    g_autofree char *uri = g_strdup_printf("exec:cat >%s", file);
    g_autofree char *cmd = NULL;
    g_autofree char *err = NULL;
    int status;

    g_assert_true(migrate(from, uri));
    cmd = g_strdup_printf("%s -accel qtest -display none -nodefaults -machine "
                          "gicv5-test,%s -incoming \"exec:cat %s\"",
                          getenv("QTEST_QEMU_BINARY"), machine, file);
    g_assert_true(g_spawn_command_line_sync(cmd, NULL, &err, &status, NULL));
    g_test_message("%s", err);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    g_assert_nonnull(strstr(err, text));
    /* Otherwise it could not migrate once more. */
    qtest_qmp_assert_success(from, "{ 'execute': 'cont' }");
    unlink(file);
    rmdir(dir);
}

IRS gicv5_irs(QTestState *qts, unsigned irs, unsigned domain)
{
    return (IRS) {
        .qts = qts,
        .irs = irs,
        .domain = domain,
        .base = FRAMES_BASE + irs * IRS_STRIDE + domain * DOMAIN_STRIDE,
    };
}

uint32_t irs_readl(const IRS *f, unsigned offset)
{
    return qtest_readl(f->qts, f->base + offset);
}

void irs_writel(const IRS *f, unsigned offset, uint32_t value)
{
    qtest_writel(f->qts, f->base + offset, value);
}

uint64_t irs_readq(const IRS *f, unsigned offset)
{
    return qtest_readq(f->qts, f->base + offset);
}

void irs_writeq(const IRS *f, unsigned offset, uint64_t value)
{
    qtest_writeq(f->qts, f->base + offset, value);
}

void irs_setlpi(const IRS *f, uint32_t id)
{
    qtest_writel(f->qts, f->base + FRAME_SIZE, id);
}

void irs_enable(const IRS *f)
{
    irs_writel(f, CR0, CR0_IRSEN);
    g_assert_cmphex(irs_readl(f, CR0), ==, CR0_IRSEN | CR0_IDLE);
}

void irs_wire(const IRS *f, unsigned n, int level)
{
    g_autofree char *path = g_strdup_printf("/machine/irs[%u]", f->irs);

    qtest_set_irq_in(f->qts, path, NULL, n, level);
}

bool spi_select(const IRS *f, uint32_t id)
{
    uint32_t status;

    irs_writel(f, SPI_SELR, id);
    status = irs_readl(f, SPI_STATUSR);
    g_assert_cmphex(status & ~STATUSR_V, ==, STATUSR_IDLE);
    return status & STATUSR_V;
}

void spi_set_tm(const IRS *f, uint32_t id, unsigned tm)
{
    g_assert_true(spi_select(f, id));
    irs_writel(f, SPI_CFGR, tm);
    g_assert_cmphex(irs_readl(f, SPI_CFGR), ==, tm);
}

void spi_set_domain(const IRS *f, uint32_t id, unsigned domain)
{
    g_assert_true(spi_select(f, id));
    irs_writel(f, SPI_DOMAINR, domain);
    g_assert_cmphex(irs_readl(f, SPI_DOMAINR), ==, domain);
}

bool pe_select(const IRS *f, uint32_t iaffid)
{
    uint32_t status;

    irs_writel(f, PE_SELR, iaffid);
    status = irs_readl(f, PE_STATUSR);
    if (status != STATUSR_IDLE) {
        g_assert_cmphex(status, ==, STATUSR_IDLE | STATUSR_V | STATUSR_ONLINE);
    }
    return status & STATUSR_V;
}

void pe_set_dps(const IRS *f, uint32_t iaffid, bool dps)
{
    g_assert_true(pe_select(f, iaffid));
    irs_writel(f, PE_CR0, dps);
    g_assert_cmphex(irs_readl(f, PE_CR0), ==, dps);
}

void ist_set_valid(const IRS *f, uint64_t base, uint32_t cfgr)
{
    irs_writel(f, IST_CFGR, cfgr);
    irs_writeq(f, IST_BASER, base | IST_BASER_VALID);
    g_assert_cmphex(irs_readq(f, IST_BASER), ==, base | IST_BASER_VALID);
    g_assert_cmphex(irs_readl(f, IST_STATUSR), ==, STATUSR_IDLE);
}

void ist_set_invalid(const IRS *f)
{
    irs_writeq(f, IST_BASER, 0);
    g_assert_cmphex(irs_readq(f, IST_BASER) & IST_BASER_VALID, ==, 0);
    g_assert_cmphex(irs_readl(f, IST_STATUSR), ==, STATUSR_IDLE);
}

CPU gicv5_cpu(QTestState *qts, unsigned cpu, unsigned domain)
{
    return (CPU) { .qts = qts, .cpu = cpu, .domain = domain };
}

static uint64_t where(const CPU *c)
{
    return c->cpu | c->domain << 16 | c->scope << 18 | (uint64_t)c->vm << 32;
}

uint64_t gic(const CPU *c, GICCommand cmd, uint32_t intid, uint32_t value)
{
    uint64_t val = intid | (uint64_t)value << 32;

    qtest_csr_call(c->qts, "gic", where(c), cmd, &val);
    return val;
}

uint64_t cpu_set_resident(const CPU *c, uint64_t value)
{
    qtest_csr_call(c->qts, "gic", where(c), SET_RESIDENT, &value);
    return value;
}

uint64_t icsr_of_iste(uint32_t word)
{
    return (uint64_t)!!(word & ISTE_ENABLE) << ICSR_ENABLED_BIT |
           (uint64_t)!!(word & ISTE_PENDING) << ICSR_PENDING_BIT |
           (uint64_t)!!(word & ISTE_IRM) << ICSR_IRM_BIT |
           (uint64_t)!!(word & ISTE_ACTIVE) << ICSR_ACTIVE_BIT |
           (uint64_t)!!(word & ISTE_LEVEL) << ICSR_HM_BIT |
           (uint64_t)(word >> 11 & 0x1f) << ICSR_PRIORITY_SHIFT |
           (uint64_t)(word >> 16) << ICSR_IAFFID_SHIFT;
}

uint32_t icsr(const CPU *c, uint32_t intid)
{
    uint64_t v = gic(c, REQUEST_CONFIG, intid, 0);
    uint32_t word = 0;

    if (v & ICSR_F) {
        g_assert_cmphex(v, ==, ICSR_F);
        return UNREACHABLE;
    }
    word |= v >> ICSR_ENABLED_BIT & 1 ? ISTE_ENABLE : 0;
    word |= v >> ICSR_PENDING_BIT & 1 ? ISTE_PENDING : 0;
    word |= v >> ICSR_IRM_BIT & 1 ? ISTE_IRM : 0;
    word |= v >> ICSR_ACTIVE_BIT & 1 ? ISTE_ACTIVE : 0;
    word |= v >> ICSR_HM_BIT & 1 ? ISTE_LEVEL : 0;
    word |= ISTE_PRIO(v >> ICSR_PRIORITY_SHIFT & 0x1f);
    word |= ISTE_IAFFID(v >> ICSR_IAFFID_SHIFT & 0xffff);
    /* Nothing in the reserved bits */
    g_assert_cmphex(v, ==, icsr_of_iste(word));
    return word;
}

void gic_configure(const CPU *c, uint32_t intid, unsigned prio,
                   uint32_t target)
{
    gic(c, SET_PRIORITY, intid, prio);
    gic(c, SET_TARGET, intid, target);
    gic(c, SET_ENABLE, intid, 1);
}

void cpu_enable(const CPU *c)
{
    gic(c, CPU_SET_PCR, 0, 31);
    gic(c, CPU_SET_EN, 0, 1);
}

uint32_t cpu_acknowledge(const CPU *c)
{
    uint64_t v = gic(c, CPU_ACKNOWLEDGE, 0, 0);

    /* Bit 32: valid */
    g_assert_true(v == 0 || v >> 32 == 1);
    return v;
}

void cpu_finish(const CPU *c, uint32_t intid)
{
    gic(c, CPU_DROP, 0, 0);
    gic(c, DEACTIVATE, intid, 0);
}
