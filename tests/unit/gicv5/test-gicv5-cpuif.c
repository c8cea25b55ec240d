/*
 * Unit tests of the GICv5 CPU interface: lines that a vCPU and a device change
 * at the same time
 *
 * The code is that of target/arm/gicv5/cpuif.c. This file has the big lock and
 * the exception lines around it, and stops the device's thread in the middle
 * of a change until the vCPU's thread either has finished what it does or
 * waits for the big lock: so each order of events is the same in each run.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/thread.h"
#include "hw/irq.h"
#include "cpu.h"
#include "internals.h"
#include "gicv5/cpuif_internal.h"

/* An edge PPI and a level PPI */
#define SW GICV5_PPI_SW
#define TIMER GICV5_PPI_CNTV

static ARMCPU *cpu;
static GICv5CPUIf *c;

/* The exception lines */
static unsigned line[GICV5_NUM_LINES];
static unsigned line_changes;

/* --- the device's thread, which stops at one point --- */

typedef enum StopAt {
    NOWHERE,
    BEFORE_DRIVE,       /* the state has changed, the lines not yet */
    BEFORE_LINE,        /* the new level is chosen, but not there yet */
    AFTER_LINE,         /* it is there, but this is not recorded yet */
} StopAt;

static __thread bool is_device;
static StopAt stop_at;
static uint64_t pend_before;
static bool stopped;
static QemuSemaphore stop_sem, go_sem;

static void stop(StopAt where)
{
    if (is_device && stop_at == where) {
        stop_at = NOWHERE;
        qatomic_set(&stopped, true);
        qemu_sem_post(&stop_sem);
        qemu_sem_wait(&go_sem);
    }
}

static void go_on(void)
{
    if (qatomic_xchg(&stopped, false)) {
        qemu_sem_post(&go_sem);
    }
}

/* --- what the CPU interface calls --- */

static QemuMutex bql;
static __thread bool has_bql;

bool bql_locked(void)
{
    if (qatomic_read_u64(&c->ppi_pend[0]) != pend_before) {
        stop(BEFORE_DRIVE);
    }
    return has_bql;
}

void bql_lock_impl(const char *file, int line_no)
{
    g_assert_false(has_bql);
    if (!is_device) {
        go_on();
    }
    qemu_mutex_lock(&bql);
    has_bql = true;
}

void bql_unlock(void)
{
    g_assert_true(has_bql);
    has_bql = false;
    qemu_mutex_unlock(&bql);
}

void bql_block_unlock(bool increase)
{
}

void qemu_set_irq(qemu_irq irq, int level)
{
    unsigned n = (uintptr_t)irq - 1;

    g_assert_true(has_bql);
    g_assert_cmpuint(n, <, GICV5_NUM_LINES);
    stop(BEFORE_LINE);
    qatomic_set(&line[n], level);
    qatomic_inc(&line_changes);
    stop(AFTER_LINE);
}

ARMSecuritySpace arm_security_space_below_el3(CPUARMState *env)
{
    return ARMSS_NonSecure;
}

ARMSecuritySpace arm_security_space(CPUARMState *env)
{
    return ARMSS_NonSecure;
}

/* --- what vCPU and device do --- */

static void set_pcr(unsigned pcr)
{
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(&c->bank[GICV5_DOMAIN_NS].pcr, pcr);
    gicv5_cpuif_unlock(cpu);
}

static void pend_sw(bool pending)
{
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(&c->ppi_pend[0],
                      deposit64(c->ppi_pend[0], SW, 1, pending));
    gicv5_cpuif_unlock(cpu);
}

static void set_prio(unsigned ppi, unsigned prio)
{
    c->ppi_prio[ppi / 8] = deposit64(c->ppi_prio[ppi / 8], 8 * (ppi % 8),
                                     GICV5_PRIO_BITS, prio);
}

static void device_line(unsigned ppi, int level)
{
    bql_lock();
    gicv5_cpuif_ppi_input(cpu, ppi, level);
    bql_unlock();
}

static void *timer_rises(void *unused)
{
    is_device = true;
    device_line(TIMER, 1);
    return NULL;
}

static void *timer_falls(void *unused)
{
    is_device = true;
    device_line(TIMER, 0);
    return NULL;
}

static bool irq(void)
{
    return qatomic_read(&line[0]);
}

static void setup(void)
{
    g_free(cpu);
    cpu = g_malloc0(sizeof(*cpu));
    c = gicv5_cpuif(cpu);
    c->enabled = true;
    qemu_spin_init(&c->lock);
    c->current = GICV5_DOMAIN_NS;
    c->bank[GICV5_DOMAIN_NS].ppi_owned[0] = GICV5_PPI_IMPLEMENTED;
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        c->bank[d].irs_hppi = GICV5_CANDIDATE_NONE;
    }
    c->bank[GICV5_DOMAIN_NS].cr0 = R_ICC_CR0_EN_MASK;
    c->bank[GICV5_DOMAIN_NS].pcr = 0x1f;
    c->ppi_enable[0] = BIT_ULL(SW) | BIT_ULL(TIMER);
    set_prio(SW, 3);
    set_prio(TIMER, 5);
    for (unsigned i = 0; i < GICV5_NUM_LINES; i++) {
        c->line_out[i] = (qemu_irq)(uintptr_t)(i + 1);
        line[i] = 0;
    }
    line_changes = 0;
    stop_at = NOWHERE;
    stopped = false;
}

/* Start a device and wait until it stops. */
static void start_device(QemuThread *t, void *(*fn)(void *), StopAt where)
{
    pend_before = c->ppi_pend[0];
    stop_at = where;
    qemu_thread_create(t, "device", fn, NULL, QEMU_THREAD_JOINABLE);
    qemu_sem_wait(&stop_sem);
}

/*
 * What the vCPU did has ended: the line is right, and nothing that the device
 * still has to do when it goes on changes it.
 */
static void assert_settled(QemuThread *t, bool level)
{
    unsigned changes = qatomic_read(&line_changes);

    g_assert_cmpint(irq(), ==, level);
    go_on();
    qemu_thread_join(t);
    g_assert_cmpuint(line_changes, ==, changes);
    g_assert_cmpint(irq(), ==, level);
    g_assert_cmpuint(c->lines, ==, level ? GICV5_LINE_IRQ : 0);
}

/*
 * A write that masks an interrupt, while its line rises: when the write is
 * over the line is low, and stays so.
 */
static void test_mask_while_rising(gconstpointer where)
{
    QemuThread t;

    setup();
    start_device(&t, timer_rises, GPOINTER_TO_UINT(where));
    set_pcr(0);
    assert_settled(&t, false);
    set_pcr(0x1f);
    g_assert_true(irq());
}

/* The same for a write that makes another interrupt pending */
static void test_pend_while_falling(gconstpointer where)
{
    QemuThread t;

    setup();
    device_line(TIMER, 1);
    g_assert_true(irq());
    start_device(&t, timer_falls, GPOINTER_TO_UINT(where));
    pend_sw(true);
    assert_settled(&t, true);
    pend_sw(false);
    g_assert_false(irq());
}

/* GSB SYS, when this vCPU can see the new state, but not yet the new line */
static void test_settle_rising(gconstpointer where)
{
    QemuThread t;

    setup();
    start_device(&t, timer_rises, GPOINTER_TO_UINT(where));
    g_assert_cmphex(gicv5_cpuif_hppir(cpu, GICV5_DOMAIN_NS), ==,
                    R_ICC_HPPIR_HPPIV_MASK |
                    gicv5_intid(GICV5_TYPE_PPI, TIMER));
    gicv5_cpuif_settle(cpu);
    assert_settled(&t, true);
}

static void test_settle_falling(gconstpointer where)
{
    QemuThread t;

    setup();
    device_line(TIMER, 1);
    start_device(&t, timer_falls, GPOINTER_TO_UINT(where));
    g_assert_cmphex(gicv5_cpuif_hppir(cpu, GICV5_DOMAIN_NS), ==, 0);
    gicv5_cpuif_settle(cpu);
    assert_settled(&t, false);
}

/* An acknowledge, which changes the state and then the lines */
static void test_ack_while_rising(gconstpointer where)
{
    QemuThread t;

    setup();
    start_device(&t, timer_rises, GPOINTER_TO_UINT(where));
    g_assert_cmphex(gicv5_cpuif_acknowledge(cpu, GICV5_DOMAIN_NS,
                                            GICV5_ACK_ANY), ==,
                    R_ICC_HPPIR_HPPIV_MASK |
                    gicv5_intid(GICV5_TYPE_PPI, TIMER));
    assert_settled(&t, false);
}

/*
 * However often the state changes: who drives the lines does so once, and
 * leaves what came in between to the thread that it came from.
 */
static void test_bound(void)
{
    QemuThread t;

    setup();
    start_device(&t, timer_rises, BEFORE_LINE);
    set_pcr(0);
    assert_settled(&t, false);
    /* Up by the device, down by the vCPU */
    g_assert_cmpuint(line_changes, ==, 2);
}

/* --- at full speed --- */

static bool end;

static void *storm(void *unused)
{
    unsigned n = 0;

    is_device = true;
    while (!qatomic_read(&end)) {
        device_line(TIMER, n++ & 1);
    }
    device_line(TIMER, 0);
    return NULL;
}

static void test_storm(void)
{
    QemuThread t;

    setup();
    qatomic_set(&end, false);
    qemu_thread_create(&t, "device", storm, NULL, QEMU_THREAD_JOINABLE);
    for (unsigned i = 0; i < 20000; i++) {
        set_pcr(0);
        gicv5_cpuif_settle(cpu);
        g_assert_false(irq());
        set_pcr(0x1f);
        pend_sw(true);
        g_assert_true(irq());
        pend_sw(false);
    }
    qatomic_set(&end, true);
    qemu_thread_join(&t);
    g_assert_false(irq());
    g_assert_cmpuint(c->lines, ==, 0);
}

/* --- PPIs that do not exist --- */

static void test_no_such_ppi(void)
{
    setup();
    for (unsigned n = 0; n < GICV5_NUM_PPIS; n++) {
        bool exists = n < 64 && GICV5_PPI_IMPLEMENTED >> n & 1;
        uint64_t want = exists ? BIT_ULL(n) : 0;

        device_line(n, 1);
        g_assert_cmphex(c->ppi_line[0], ==, want);
        g_assert_cmphex(c->ppi_line[1], ==, 0);
        g_assert_cmphex(c->ppi_pend[0], ==, want);
        g_assert_cmphex(c->ppi_pend[1], ==, 0);
        device_line(n, 0);
        c->ppi_pend[0] = 0;
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        StopAt where;
    } points[] = {
        { "before-drive", BEFORE_DRIVE },
        { "before-line", BEFORE_LINE },
        { "after-line", AFTER_LINE },
    };
    static const struct {
        const char *name;
        GTestDataFunc fn;
    } races[] = {
        { "mask-while-rising", test_mask_while_rising },
        { "pend-while-falling", test_pend_while_falling },
        { "settle-rising", test_settle_rising },
        { "settle-falling", test_settle_falling },
        { "acknowledge-while-rising", test_ack_while_rising },
    };

    g_test_init(&argc, &argv, NULL);
    qemu_mutex_init(&bql);
    qemu_sem_init(&stop_sem, 0);
    qemu_sem_init(&go_sem, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(races); i++) {
        for (unsigned p = 0; p < ARRAY_SIZE(points); p++) {
            g_autofree char *path = g_strdup_printf("/gicv5/cpuif/%s/%s",
                                                    races[i].name,
                                                    points[p].name);

            g_test_add_data_func(path, GUINT_TO_POINTER(points[p].where),
                                 races[i].fn);
        }
    }
    g_test_add_func("/gicv5/cpuif/bound", test_bound);
    g_test_add_func("/gicv5/cpuif/storm", test_storm);
    g_test_add_func("/gicv5/cpuif/no-such-ppi", test_no_such_ppi);
    return g_test_run();
}
