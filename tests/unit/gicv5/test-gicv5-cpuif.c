/*
 * Unit tests of the GICv5 CPU interface: lines that a vCPU and a device change
 * at the same time, and CPUs with several contexts
 *
 * The code is that of target/arm/gicv5, without life cycle and migration. This
 * file has the big lock and the exception lines around it, and stops the
 * device's thread in the middle of a change until the vCPU's thread either has
 * finished what it does or waits for the big lock: so each order of events is
 * the same in each run. It also is the table of registers, and an IRS.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/thread.h"
#include "hw/irq.h"
#include "cpu.h"
#include "internals.h"
#include "system/cpu-timers.h"
#include "gicv5/regs.h"

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
    if (qatomic_read_u64(&c->ppi.pend[0]) != pend_before) {
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

/* Where the vCPU is */
static ARMSecuritySpace space;

ARMSecuritySpace arm_security_space_below_el3(CPUARMState *env)
{
    return space;
}

uint64_t arm_hcr_el2_eff(CPUARMState *env)
{
    return env->cp15.hcr_el2;
}

ARMSecuritySpace arm_security_space(CPUARMState *env)
{
    return space;
}

ICountMode use_icount;

void arm_cp_write_ignore(CPUARMState *env, const ARMCPRegInfo *ri,
                         uint64_t value)
{
}

/* Not built in: instructions */
void gicv5_cpuif_define_insns(ARMCPU *which)
{
}

static ARMCPRegInfo regs[128];
static unsigned num_regs;

void define_one_arm_cp_reg_with_opaque(ARMCPU *which, const ARMCPRegInfo *r,
                                       void *opaque)
{
    g_assert_true(which == cpu);
    g_assert_cmpuint(num_regs, <, ARRAY_SIZE(regs));
    regs[num_regs] = *r;
    regs[num_regs++].opaque = opaque;
}

/* --- what vCPU and device do --- */

#define S GICV5_CONTEXT_S
#define NS GICV5_CONTEXT_NS
#define EL3 GICV5_CONTEXT_EL3
#define REALM GICV5_CONTEXT_REALM
#define VIRTUAL GICV5_CONTEXT_VIRTUAL

static void set_pcr(unsigned pcr)
{
    gicv5_cpuif_write_pcr(cpu, NS, pcr);
}

static void pend_sw(bool pending)
{
    gicv5_ppi_write(cpu, NS, GICV5_PPI_PEND, 0,
                    pending ? GICV5_PPI_SET : GICV5_PPI_CLEAR, BIT_ULL(SW));
}

static void set_prio(unsigned ppi, unsigned prio)
{
    c->ppi.prio[ppi / 8] = deposit64(c->ppi.prio[ppi / 8], 8 * (ppi % 8),
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

/* A CPU with some of EL2 and EL3, that executes at EL1 */
static void new_cpu(uint64_t features)
{
    g_free(cpu);
    cpu = g_malloc0(sizeof(*cpu));
    cpu->env.features = features | BIT_ULL(ARM_FEATURE_AARCH64);
    cpu->env.aarch64 = true;
    cpu->env.pstate = 1 << 2;
    space = ARMSS_NonSecure;
    c = gicv5_cpuif(cpu);
    qemu_spin_init(&c->lock);
    c->current = NS;
    for (unsigned ctx = 0; ctx < GICV5_NUM_CONTEXTS; ctx++) {
        gicv5_context_reset(&c->context[ctx]);
        c->context[ctx].irs_hppi = GICV5_CANDIDATE_NONE;
    }
    for (unsigned i = 0; i < GICV5_NUM_LINES; i++) {
        cpu->gicv5_wiring.line_out[i] = (qemu_irq)(uintptr_t)(i + 1);
        line[i] = 0;
    }
    line_changes = 0;
    stop_at = NOWHERE;
    stopped = false;
    num_regs = 0;
}

static void setup(void)
{
    new_cpu(0);
    c->context[NS].ppi_owned[0] = GICV5_PPI_IMPLEMENTED;
    c->context[NS].cr0 |= R_ICC_CR0_EN_MASK;
    c->context[NS].pcr = 0x1f;
    c->ppi.enable[0] = BIT_ULL(SW) | BIT_ULL(TIMER);
    set_prio(SW, 3);
    set_prio(TIMER, 5);
}

/* Start a device and wait until it stops. */
static void start_device(QemuThread *t, void *(*fn)(void *), StopAt where)
{
    pend_before = c->ppi.pend[0];
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
    g_assert_cmphex(gicv5_cpuif_hppir(cpu, NS), ==,
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
    g_assert_cmphex(gicv5_cpuif_hppir(cpu, NS), ==, 0);
    gicv5_cpuif_settle(cpu);
    assert_settled(&t, false);
}

/* An acknowledge, which changes the state and then the lines */
static void test_ack_while_rising(gconstpointer where)
{
    QemuThread t;

    setup();
    start_device(&t, timer_rises, GPOINTER_TO_UINT(where));
    g_assert_cmphex(gicv5_cpuif_acknowledge(cpu, NS,
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
        g_assert_cmphex(c->ppi.pend[0], ==, want);
        g_assert_cmphex(c->ppi.pend[1], ==, 0);
        device_line(n, 0);
        c->ppi.pend[0] = 0;
    }
}

/* --- CPUs with several contexts --- */

static void go_to(unsigned el, ARMSecuritySpace below_el3)
{
    cpu->env.pstate = el << 2;
    space = below_el3;
    bql_lock();
    gicv5_cpuif_update(cpu);
    bql_unlock();
}

/* The vCPU's EL and the Security state below EL3 name the context. */
static void test_access_context(void)
{
    static const struct {
        unsigned el;
        ARMSecuritySpace space;
        GICv5ContextID logical, current;
    } table[] = {
        { 1, ARMSS_Secure, S, S },
        { 1, ARMSS_NonSecure, NS, NS },
        { 2, ARMSS_NonSecure, NS, NS },
        { 2, ARMSS_Realm, REALM, REALM },
        { 3, ARMSS_Secure, S, EL3 },
        { 3, ARMSS_NonSecure, NS, EL3 },
        { 3, ARMSS_Realm, REALM, EL3 },
    };

    new_cpu(BIT_ULL(ARM_FEATURE_EL2) | BIT_ULL(ARM_FEATURE_EL3));
    for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
        go_to(table[i].el, table[i].space);
        g_assert_cmpint(gicv5_access_context(&cpu->env, GICV5_VIEW_LOGICAL),
                        ==, table[i].logical);
        g_assert_cmpint(gicv5_access_context(&cpu->env, GICV5_VIEW_CURRENT),
                        ==, table[i].current);
        g_assert_cmpint(c->current, ==, table[i].current);
    }
}

static ARMCPRegInfo *find_reg(const char *name)
{
    for (unsigned i = 0; i < num_regs; i++) {
        if (g_str_equal(regs[i].name, name)) {
            return &regs[i];
        }
    }
    g_error("there is no register %s", name);
}

static uint64_t read_reg(const char *name)
{
    ARMCPRegInfo *r = find_reg(name);

    if (r->type & ARM_CP_CONST) {
        return r->resetvalue;
    }
    if (!r->readfn) {
        g_assert_cmpuint(r->fieldoffset, !=, 0);
        return *(uint64_t *)((char *)&cpu->env + r->fieldoffset);
    }
    return r->readfn(&cpu->env, r);
}

static void write_reg(const char *name, uint64_t value)
{
    ARMCPRegInfo *r = find_reg(name);

    g_assert_nonnull(r->writefn);
    r->writefn(&cpu->env, r, value);
}

static void define_regs(void)
{
    cpu->isar.id_aa64pfr2 = FIELD_DP64(0, ID_AA64PFR2, GCIE, 1);
    gicv5_cpuif_define_regs(cpu);
    g_assert_cmpuint(num_regs, ==,
                     arm_feature(&cpu->env, ARM_FEATURE_EL2) ? 36 + 34 : 36);
}

/* A CPU without FEAT_GCIE has none of the registers. */
static void test_no_feature(void)
{
    new_cpu(0);
    gicv5_cpuif_define_regs(cpu);
    g_assert_cmpuint(num_regs, ==, 0);
}

/*
 * With one context generated code loads the registers, from the place that a
 * CPU with more contexts reads; with more it must ask.
 */
static void test_loads(void)
{
    static const char *const banked[] = {
        "ICC_APR_EL1", "ICC_CR0_EL1", "ICC_PCR_EL1", "ICC_PPI_ENABLER0_EL1",
        "ICC_PPI_CACTIVER1_EL1", "ICC_PPI_SPENDR0_EL1",
        "ICC_PPI_PRIORITYR15_EL1",
    };
    static const char *const single[] = {
        "ICC_IDR0_EL1", "ICC_ICSR_EL1", "ICC_IAFFIDR_EL1",
    };

    for (unsigned i = 0; i < 3; i++) {
        static const uint64_t more[] = {
            0, BIT_ULL(ARM_FEATURE_EL2), BIT_ULL(ARM_FEATURE_EL3)
        };

        new_cpu(more[i]);
        define_regs();
        for (unsigned n = 0; n < ARRAY_SIZE(banked); n++) {
            g_assert_cmpint(!find_reg(banked[n])->readfn, ==, !more[i]);
            g_assert_cmpuint(find_reg(banked[n])->fieldoffset, !=, 0);
        }
        for (unsigned n = 0; n < ARRAY_SIZE(single); n++) {
            g_assert_null(find_reg(single[n])->readfn);
            g_assert_cmpuint(find_reg(single[n])->fieldoffset, !=, 0);
        }
        g_assert_nonnull(find_reg("ICC_HPPIR_EL1")->readfn);
        g_assert_null(find_reg("ICC_HPPIR_EL1")->writefn);
        g_assert_null(find_reg("ICC_IDR0_EL1")->writefn);
    }
    c->context[NS].pcr = 0x15;
    c->ppi.prio[15] = 0x1234;
    g_assert_cmphex(*(uint64_t *)((char *)&cpu->env +
                    find_reg("ICC_PCR_EL1")->fieldoffset), ==, 0x15);
    g_assert_cmphex(*(uint64_t *)((char *)&cpu->env +
                    find_reg("ICC_PPI_PRIORITYR15_EL1")->fieldoffset), ==,
                    0x1234);
}

/* Each context has its own copy of ICC_CR0, ICC_PCR and ICC_APR. */
static void test_copies(void)
{
    static const ARMSecuritySpace spaces[] = {
        ARMSS_Secure, ARMSS_NonSecure, ARMSS_Realm
    };

    new_cpu(BIT_ULL(ARM_FEATURE_EL3));
    define_regs();
    for (unsigned i = 0; i < ARRAY_SIZE(spaces); i++) {
        go_to(1, spaces[i]);
        write_reg("ICC_PCR_EL1", ~0ULL << 5 | (i + 1));
        write_reg("ICC_APR_EL1", 0xff00000000000000 | BIT(31 - i));
        write_reg("ICC_CR0_EL1", i & 1 ? 0 : ~0ULL);
        write_reg("ICC_ICSR_EL1", ~0ULL);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(spaces); i++) {
        go_to(1, spaces[i]);
        g_assert_cmphex(read_reg("ICC_PCR_EL1"), ==, i + 1);
        g_assert_cmphex(read_reg("ICC_APR_EL1"), ==, BIT(31 - i));
        g_assert_cmphex(read_reg("ICC_CR0_EL1"), ==,
                        GICV5_CR0_RESET | !(i & 1));
        g_assert_cmphex(read_reg("ICC_HAPR_EL1"), ==, 31 - i);
        /* EL3 reaches the same, but for the running priority: its own. */
        go_to(3, spaces[i]);
        g_assert_cmphex(read_reg("ICC_PCR_EL1"), ==, i + 1);
        g_assert_cmphex(read_reg("ICC_HAPR_EL1"), ==, GICV5_HAPR_IDLE);
    }
    g_assert_cmphex(c->icsr, ==, GICV5_ICSR_MASK);
    g_assert_cmphex(c->context[EL3].pcr | c->context[EL3].apr, ==, 0);
}

/* PPIs that another context owns are RAZ/WI. */
static void test_foreign_ppis(void)
{
    static const struct {
        const char *write, *clear, *read;
        GICv5PPIField field;
        uint64_t all;
    } bits[] = {
        { "ICC_PPI_ENABLER0_EL1", NULL, "ICC_PPI_ENABLER0_EL1",
          GICV5_PPI_ENABLE, ~0ULL },
        { "ICC_PPI_SACTIVER0_EL1", "ICC_PPI_CACTIVER0_EL1",
          "ICC_PPI_CACTIVER0_EL1", GICV5_PPI_ACTIVE, ~0ULL },
        { "ICC_PPI_SPENDR0_EL1", "ICC_PPI_CPENDR0_EL1",
          "ICC_PPI_CPENDR0_EL1", GICV5_PPI_PEND, GICV5_PPI_EDGE },
    };
    uint64_t mine = BIT_ULL(SW), other = GICV5_PPI_IMPLEMENTED & ~mine;

    new_cpu(BIT_ULL(ARM_FEATURE_EL3));
    define_regs();
    c->context[NS].ppi_owned[0] = mine;
    c->context[S].ppi_owned[0] = other;
    for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
        uint64_t *word = (uint64_t *)((char *)c +
            gicv5_ppi_word_offset(NS, bits[i].field, 0));

        go_to(1, ARMSS_NonSecure);
        write_reg(bits[i].write, ~0ULL);
        g_assert_cmphex(*word, ==, mine & bits[i].all);
        *word = GICV5_PPI_IMPLEMENTED;
        g_assert_cmphex(read_reg(bits[i].read), ==, mine);
        go_to(1, ARMSS_Secure);
        *word = GICV5_PPI_IMPLEMENTED;
        g_assert_cmphex(read_reg(bits[i].read), ==, other);
        if (bits[i].clear) {
            write_reg(bits[i].clear, ~0ULL);
            g_assert_cmphex(*word, ==, bits[i].all == ~0ULL ? mine :
                            GICV5_PPI_IMPLEMENTED);
        }
        *word = 0;
    }
    go_to(1, ARMSS_NonSecure);
    write_reg("ICC_PPI_PRIORITYR0_EL1", ~0ULL);
    g_assert_cmphex(c->ppi.prio[0], ==, 0x1full << (8 * SW));
    go_to(1, ARMSS_Secure);
    g_assert_cmphex(read_reg("ICC_PPI_PRIORITYR0_EL1"), ==, 0);
    write_reg("ICC_PPI_PRIORITYR3_EL1", ~0ULL);
    g_assert_cmphex(read_reg("ICC_PPI_PRIORITYR3_EL1"), ==,
                    0x1f1f1f1f1f1f1f1f);
    go_to(1, ARMSS_NonSecure);
    g_assert_cmphex(read_reg("ICC_PPI_PRIORITYR3_EL1"), ==, 0);
    /* A deactivation of a foreign PPI has no effect. */
    c->ppi.active[0] = GICV5_PPI_IMPLEMENTED;
    gicv5_cpuif_deactivate_ppi(cpu, NS, TIMER);
    g_assert_cmphex(c->ppi.active[0], ==, GICV5_PPI_IMPLEMENTED);
    gicv5_cpuif_deactivate_ppi(cpu, S, TIMER);
    g_assert_cmphex(c->ppi.active[0], ==,
                    GICV5_PPI_IMPLEMENTED & ~BIT_ULL(TIMER));
}

static unsigned lines(void)
{
    return line[0] | line[1] << 1 | line[2] << 2 | line[3] << 3 | line[4] << 4;
}

/* IRQ, FIQ or NMI: whose interrupt it is, and where the vCPU is */
static void test_lines(void)
{
    static const struct {
        GICv5ContextID ctx;
        unsigned el;
        ARMSecuritySpace space;
        unsigned prio;
        unsigned lines;
    } table[] = {
        { NS, 1, ARMSS_NonSecure, 9, GICV5_LINE_IRQ },
        { NS, 1, ARMSS_NonSecure, 0, GICV5_LINE_NMI },
        { NS, 1, ARMSS_Secure, 9, GICV5_LINE_FIQ },
        { NS, 1, ARMSS_Secure, 0, GICV5_LINE_FIQ },
        { NS, 3, ARMSS_NonSecure, 9, GICV5_LINE_FIQ },
        { S, 1, ARMSS_NonSecure, 9, GICV5_LINE_FIQ },
        { S, 1, ARMSS_Secure, 9, GICV5_LINE_IRQ },
        { REALM, 2, ARMSS_Realm, 0, GICV5_LINE_NMI },
        { REALM, 1, ARMSS_NonSecure, 9, GICV5_LINE_FIQ },
        { EL3, 1, ARMSS_NonSecure, 9, GICV5_LINE_FIQ },
        { EL3, 3, ARMSS_NonSecure, 9, GICV5_LINE_FIQ },
        { EL3, 3, ARMSS_NonSecure, 0, GICV5_LINE_FIQ },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
        GICv5Context *context;

        new_cpu(BIT_ULL(ARM_FEATURE_EL3));
        go_to(table[i].el, table[i].space);
        context = &c->context[table[i].ctx];
        context->cr0 |= R_ICC_CR0_EN_MASK;
        context->pcr = 9;
        context->ppi_owned[0] = BIT_ULL(SW);
        c->ppi.enable[0] = BIT_ULL(SW);
        set_prio(SW, table[i].prio);
        gicv5_ppi_write(cpu, table[i].ctx, GICV5_PPI_PEND, 0, GICV5_PPI_SET,
                        BIT_ULL(SW));
        g_assert_cmphex(lines(), ==, table[i].lines);
        /* Not of sufficient priority, whoever looks */
        gicv5_cpuif_write_apr(cpu, table[i].ctx, BIT(table[i].prio));
        g_assert_cmphex(lines(), ==, 0);
    }
}

/* An interrupt of the IRS is that of its domain's context. */
static uint64_t irs_command(GICv5Port *port, const GICv5Request *req)
{
    GICv5Request *got = (GICv5Request *)port->irs;

    *got = *req;
    return 0;
}

static void test_forward(void)
{
    const uint32_t intid = gicv5_intid(GICV5_TYPE_LPI, 5);
    const GICv5PortIRSOps ops = { .command = irs_command };
    GICv5Request got = { };
    GICv5Port port = {
        .irs_ops = &ops, .domains = 0xf, .cpu_ops = &gicv5_cpuif_port_ops,
        .irs = (struct ARMGICv5CommonState *)&got,
    };

    new_cpu(BIT_ULL(ARM_FEATURE_EL3));
    port.cpu = cpu;
    cpu->gicv5_wiring.port = &port;
    for (GICv5Domain d = 0; d < GICV5_NUM_DOMAINS; d++) {
        GICv5ContextID ctx = gicv5_domain_context(d);

        gicv5_cpuif_write_cr0(cpu, ctx, 1);
        g_assert_cmpint(got.cmd, ==, GICV5_CMD_SET_ONE_OF_N);
        g_assert_cmpint(got.domain, ==, d);
        g_assert_cmphex(got.value, ==, 1);
        gicv5_cpuif_write_pcr(cpu, ctx, 12);
        g_assert_cmphex(got.value, ==, 1);
        bql_lock();
        g_assert_cmpuint(port.cpu_ops->one_of_n_limit(&port, d), ==, 13);
        port.cpu_ops->forward(&port, d, gicv5_candidate(intid, 7));
        bql_unlock();
        /* The IRS has asked: it is told of what changes. */
        gicv5_cpuif_write_pcr(cpu, ctx, 10);
        g_assert_cmpint(got.cmd, ==, GICV5_CMD_SET_ONE_OF_N);
        g_assert_cmphex(got.value, ==, 11);

        g_assert_cmphex(gicv5_cpuif_hppir(cpu, ctx), ==,
                        R_ICC_HPPIR_HPPIV_MASK | intid);
        g_assert_cmphex(lines(), ==, d == GICV5_DOMAIN_NS ? GICV5_LINE_IRQ :
                                                            GICV5_LINE_FIQ);
        g_assert_cmphex(gicv5_cpuif_acknowledge(cpu, ctx, GICV5_ACK_ANY), ==,
                        R_ICC_HPPIR_HPPIV_MASK | intid);
        g_assert_cmpint(got.cmd, ==, GICV5_CMD_ACTIVATE);
        g_assert_cmpint(got.scope, ==, GICV5_SCOPE_DOMAIN);
        g_assert_cmpint(got.domain, ==, d);
        g_assert_cmphex(got.intid, ==, intid);
        g_assert_cmphex(lines(), ==, 0);
        g_assert_cmphex(c->context[ctx].apr, ==, BIT(7));
        gicv5_cpuif_drop(cpu, ctx);
        g_assert_cmphex(c->context[ctx].apr, ==, 0);
    }
}

/* --- EL2 --- */

static void new_hyp(void)
{
    new_cpu(BIT_ULL(ARM_FEATURE_EL2));
    define_regs();
    c->context[NS].ppi_owned[0] = GICV5_PPI_IMPLEMENTED;
    c->context[VIRTUAL].ppi_owned[0] = GICV5_PPI_IMPLEMENTED;
}

/* Which context EL1 reaches is decided by IMO, and by nothing else. */
static void test_imo(void)
{
    static const struct {
        unsigned el;
        uint64_t hcr;
        GICv5ContextID ctx;
    } table[] = {
        { 1, 0, NS },
        { 1, HCR_FMO | HCR_AMO | HCR_NV, NS },
        { 1, HCR_IMO, VIRTUAL },
        { 1, HCR_IMO | HCR_NV | HCR_NV1, VIRTUAL },
        { 2, HCR_IMO, NS },
        { 2, HCR_IMO | HCR_E2H | HCR_TGE, NS },
    };

    new_hyp();
    for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
        go_to(table[i].el, ARMSS_NonSecure);
        cpu->env.cp15.hcr_el2 = table[i].hcr;
        g_assert_cmpint(gicv5_access_context(&cpu->env, GICV5_VIEW_LOGICAL),
                        ==, table[i].ctx);
        g_assert_cmpint(gicv5_access_context(&cpu->env, GICV5_VIEW_CURRENT),
                        ==, table[i].ctx);
        g_assert_cmpint(gicv5_access_context(&cpu->env, GICV5_VIEW_VIRTUAL),
                        ==, VIRTUAL);
    }
    /* Without EL2 the bit is not there, whatever memory holds. */
    new_cpu(0);
    cpu->env.cp15.hcr_el2 = HCR_IMO;
    g_assert_cmpint(gicv5_access_context(&cpu->env, GICV5_VIEW_LOGICAL), ==,
                    NS);
}

/* What the guest writes EL2 reads in its own registers, and the reverse. */
static void test_views(void)
{
    new_hyp();
    go_to(1, ARMSS_NonSecure);
    cpu->env.cp15.hcr_el2 = HCR_IMO;
    write_reg("ICC_CR0_EL1", ~0ULL);
    write_reg("ICC_PCR_EL1", ~0ULL);
    write_reg("ICC_APR_EL1", 0x8000000100000100);
    write_reg("ICC_PPI_ENABLER0_EL1", ~0ULL);
    write_reg("ICC_PPI_SPENDR0_EL1", ~0ULL);
    write_reg("ICC_PPI_SACTIVER0_EL1", BIT_ULL(TIMER));
    write_reg("ICC_PPI_PRIORITYR0_EL1", ~0ULL);
    go_to(2, ARMSS_NonSecure);
    g_assert_cmphex(read_reg("ICH_VMCR_EL2"), ==, 0xf8000001);
    g_assert_cmphex(read_reg("ICH_APR_EL2"), ==, 0x100);
    g_assert_cmphex(read_reg("ICH_PPI_ENABLER0_EL2"), ==,
                    GICV5_PPI_IMPLEMENTED);
    g_assert_cmphex(read_reg("ICH_PPI_PENDR0_EL2"), ==, GICV5_PPI_EDGE);
    g_assert_cmphex(read_reg("ICH_PPI_ACTIVER0_EL2"), ==, BIT_ULL(TIMER));
    g_assert_cmphex(read_reg("ICH_PPI_PRIORITYR0_EL2"), ==, 0x1fULL << 24);
    g_assert_cmphex(read_reg("ICC_CR0_EL1"), ==, GICV5_CR0_RESET);
    g_assert_cmphex(read_reg("ICC_PCR_EL1"), ==, 0);
    g_assert_cmphex(c->ppi.enable[0] | c->ppi.pend[0] | c->ppi.active[0], ==,
                    0);

    write_reg("ICH_VMCR_EL2", 0x1234567ULL << 32 | 5ULL << 27);
    write_reg("ICH_PPI_PENDR0_EL2", ~0ULL);
    write_reg("ICH_PPI_ACTIVER0_EL2", 0);
    write_reg("ICH_VCTLR_EL2", ~0ULL);
    g_assert_cmphex(read_reg("ICH_VCTLR_EL2"), ==, 1);
    go_to(1, ARMSS_NonSecure);
    g_assert_cmphex(read_reg("ICC_CR0_EL1"), ==, GICV5_CR0_RESET);
    g_assert_cmphex(read_reg("ICC_PCR_EL1"), ==, 5);
    /* A level PPI is pending because EL2 says so, and the guest is bound. */
    g_assert_cmphex(read_reg("ICC_PPI_SPENDR0_EL1"), ==,
                    GICV5_PPI_IMPLEMENTED);
    write_reg("ICC_PPI_CPENDR0_EL1", ~0ULL);
    g_assert_cmphex(read_reg("ICC_PPI_SPENDR0_EL1"), ==, GICV5_PPI_LEVEL);
    g_assert_cmphex(read_reg("ICC_PPI_SACTIVER0_EL1"), ==, 0);
}

/* VIRQ and VINMI beside the physical lines */
static void test_virtual_lines(void)
{
    new_hyp();
    go_to(2, ARMSS_NonSecure);
    write_reg("ICH_PPI_ENABLER0_EL2", BIT_ULL(SW));
    write_reg("ICH_PPI_PENDR0_EL2", BIT_ULL(SW));
    write_reg("ICH_PPI_PRIORITYR0_EL2", 9ULL << (8 * SW));
    write_reg("ICH_VMCR_EL2", 9ULL << 27 | 1);
    g_assert_cmphex(lines(), ==, 0);
    write_reg("ICH_VCTLR_EL2", 1);
    g_assert_cmphex(lines(), ==, GICV5_LINE_VIRQ);
    g_assert_cmphex(read_reg("ICH_HPPIR_EL2"), ==,
                    R_ICC_HPPIR_HPPIV_MASK | gicv5_intid(GICV5_TYPE_PPI, SW));
    /* The mask is inclusive. */
    write_reg("ICH_VMCR_EL2", 8ULL << 27 | 1);
    g_assert_cmphex(lines(), ==, 0);
    write_reg("ICH_VMCR_EL2", 9ULL << 27 | 1);
    write_reg("ICH_APR_EL2", BIT(9));
    g_assert_cmphex(lines(), ==, 0);
    write_reg("ICH_APR_EL2", BIT(10));
    g_assert_cmphex(lines(), ==, GICV5_LINE_VIRQ);
    /* A physical interrupt has its own line. */
    c->ppi.enable[0] = BIT_ULL(TIMER);
    c->context[NS].cr0 |= R_ICC_CR0_EN_MASK;
    device_line(TIMER, 1);
    g_assert_cmphex(lines(), ==, GICV5_LINE_VIRQ | GICV5_LINE_NMI);
    write_reg("ICH_PPI_PRIORITYR0_EL2", 0);
    g_assert_cmphex(lines(), ==, GICV5_LINE_VINMI | GICV5_LINE_NMI);
    device_line(TIMER, 0);
    g_assert_cmphex(gicv5_cpuif_acknowledge(cpu, VIRTUAL, GICV5_ACK_NOT_NMI),
                    ==, 0);
    g_assert_cmphex(gicv5_cpuif_acknowledge(cpu, VIRTUAL, GICV5_ACK_NMI), ==,
                    R_ICC_HPPIR_HPPIV_MASK | gicv5_intid(GICV5_TYPE_PPI, SW));
    g_assert_cmphex(lines(), ==, 0);
    g_assert_cmphex(read_reg("ICH_APR_EL2"), ==, BIT(10) | BIT(0));
    g_assert_cmphex(read_reg("ICH_PPI_PENDR0_EL2"), ==, 0);
    g_assert_cmphex(read_reg("ICH_PPI_ACTIVER0_EL2"), ==, BIT_ULL(SW));
}

/* DVI: the pending state is the physical PPI's, and nothing else of it. */
static void test_dvi(void)
{
    new_hyp();
    go_to(2, ARMSS_NonSecure);
    write_reg("ICH_VMCR_EL2", 31ULL << 27 | 1);
    write_reg("ICH_VCTLR_EL2", 1);
    write_reg("ICH_PPI_ENABLER0_EL2", BIT_ULL(SW) | BIT_ULL(TIMER));
    write_reg("ICH_PPI_PRIORITYR0_EL2", 9ULL << (8 * SW));
    write_reg("ICH_PPI_PRIORITYR3_EL2", 9ULL << (8 * (TIMER % 8)));
    device_line(TIMER, 1);
    write_reg("ICC_PPI_SPENDR0_EL1", BIT_ULL(SW));
    g_assert_cmphex(lines(), ==, 0);
    write_reg("ICH_PPI_DVIR0_EL2", BIT_ULL(TIMER));
    g_assert_cmphex(lines(), ==, GICV5_LINE_VIRQ);
    g_assert_cmphex(gicv5_cpuif_acknowledge(cpu, VIRTUAL, GICV5_ACK_ANY), ==,
                    R_ICC_HPPIR_HPPIV_MASK |
                    gicv5_intid(GICV5_TYPE_PPI, TIMER));
    gicv5_cpuif_drop(cpu, VIRTUAL);
    g_assert_cmphex(lines(), ==, 0);
    g_assert_cmphex(c->ppi.active[0], ==, 0);
    gicv5_cpuif_deactivate_ppi(cpu, VIRTUAL, TIMER);
    g_assert_cmphex(lines(), ==, GICV5_LINE_VIRQ);
    device_line(TIMER, 0);
    g_assert_cmphex(lines(), ==, 0);
    /* What ICH_PPI_PENDR says does not matter now. */
    write_reg("ICH_PPI_PENDR0_EL2", BIT_ULL(TIMER));
    g_assert_cmphex(lines(), ==, 0);
    /* Nor does DVI, if the domain does not own the PPI */
    c->context[NS].ppi_owned[0] &= ~BIT_ULL(TIMER);
    write_reg("ICH_PPI_DVIR0_EL2", BIT_ULL(TIMER));
    g_assert_cmphex(lines(), ==, GICV5_LINE_VIRQ);
    write_reg("ICH_PPI_PENDR0_EL2", 0);

    /* Edge: the guest's acknowledge clears the physical latch. */
    write_reg("ICH_PPI_DVIR0_EL2", BIT_ULL(SW));
    g_assert_cmphex(lines(), ==, GICV5_LINE_VIRQ);
    g_assert_cmphex(gicv5_cpuif_acknowledge(cpu, VIRTUAL, GICV5_ACK_ANY), ==,
                    R_ICC_HPPIR_HPPIV_MASK | gicv5_intid(GICV5_TYPE_PPI, SW));
    g_assert_cmphex(c->ppi.pend[0], ==, 0);
    g_assert_cmphex(c->ppi.active[0], ==, 0);
    go_to(1, ARMSS_NonSecure);
    cpu->env.cp15.hcr_el2 = HCR_IMO;
    write_reg("ICC_PPI_SPENDR0_EL1", BIT_ULL(SW));
    g_assert_cmphex(c->ppi.pend[0], ==, BIT_ULL(SW));
    g_assert_cmphex(c->hyp.vppi.pend[0], ==, 0);
    g_assert_cmphex(read_reg("ICC_PPI_CPENDR0_EL1"), ==, BIT_ULL(SW));
    write_reg("ICC_PPI_CPENDR0_EL1", BIT_ULL(SW));
    g_assert_cmphex(c->ppi.pend[0], ==, 0);
}

/* Nested: the timers of the guest's EL2 are those of the PE's EL1. */
static void test_nv_timers(void)
{
    static const struct {
        unsigned from, to;
    } table[] = {
        { GICV5_PPI_CNTP, GICV5_PPI_CNTHP },
        { GICV5_PPI_CNTV, GICV5_PPI_CNTHV },
    };

    new_hyp();
    for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
        uint64_t to = BIT_ULL(table[i].to);

        go_to(1, ARMSS_NonSecure);
        cpu->env.cp15.hcr_el2 = HCR_IMO | HCR_NV;
        write_reg("ICH_PPI_PENDR0_EL2", to);
        g_assert_cmphex(read_reg("ICC_PPI_SPENDR0_EL1"), ==, to);
        gicv5_cpuif_hcr_changed(cpu);
        g_assert_cmphex(read_reg("ICC_PPI_SPENDR0_EL1"), ==, 0);
        device_line(table[i].from, 1);
        g_assert_cmphex(read_reg("ICC_PPI_SPENDR0_EL1"), ==, to);
        cpu->env.cp15.hcr_el2 = HCR_IMO | HCR_NV | HCR_NV1;
        gicv5_cpuif_hcr_changed(cpu);
        device_line(table[i].from, 0);
        g_assert_cmphex(read_reg("ICC_PPI_SPENDR0_EL1"), ==, to);
    }
}

/* Each trap bit, by the registers that it is for */
static void test_traps(void)
{
    static const struct {
        const char *name;
        int read, write;
    } table[] = {
        { "ICC_APR_EL1", 0, 0 }, { "ICC_IDR0_EL1", 1, -1 },
        { "ICC_CR0_EL1", 2, 2 }, { "ICC_HAPR_EL1", -1, -1 },
        { "ICC_HPPIR_EL1", 4, -1 }, { "ICC_PCR_EL1", 5, 5 },
        { "ICC_ICSR_EL1", 6, 6 }, { "ICC_IAFFIDR_EL1", 7, -1 },
        { "ICC_PPI_HMR1_EL1", 16, -1 }, { "ICC_PPI_ENABLER1_EL1", 17, 17 },
        { "ICC_PPI_SPENDR0_EL1", 18, 18 }, { "ICC_PPI_CPENDR1_EL1", 18, 18 },
        { "ICC_PPI_PRIORITYR0_EL1", 19, 19 },
        { "ICC_PPI_PRIORITYR15_EL1", 19, 19 },
        { "ICC_PPI_SACTIVER1_EL1", 20, 20 },
        { "ICC_PPI_CACTIVER0_EL1", 20, 20 },
    };

    new_hyp();
    for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
        ARMCPRegInfo *r = find_reg(table[i].name);

        for (unsigned isread = 0; isread < 2; isread++) {
            int bit = isread ? table[i].read : table[i].write;
            const char *traps = isread ? "ICH_HFGRTR_EL2" : "ICH_HFGWTR_EL2";

            if (bit < 0) {
                continue;
            }
            write_reg("ICH_HFGRTR_EL2", isread ? 0 : ~0ULL);
            write_reg("ICH_HFGWTR_EL2", isread ? ~0ULL : 0);
            go_to(1, ARMSS_NonSecure);
            g_assert_cmpint(r->accessfn(&cpu->env, r, isread), ==,
                            CP_ACCESS_TRAP_EL2);
            go_to(2, ARMSS_NonSecure);
            g_assert_cmpint(r->accessfn(&cpu->env, r, isread), ==,
                            CP_ACCESS_OK);
            write_reg(traps, BIT_ULL(bit));
            go_to(1, ARMSS_NonSecure);
            g_assert_cmpint(r->accessfn(&cpu->env, r, isread), ==,
                            CP_ACCESS_OK);
            write_reg(traps, ~BIT_ULL(bit));
            g_assert_cmpint(r->accessfn(&cpu->env, r, isread), ==,
                            CP_ACCESS_TRAP_EL2);
        }
        if (table[i].read < 0) {
            g_assert_null(r->accessfn);
        }
    }
    write_reg("ICH_HFGRTR_EL2", ~0ULL);
    write_reg("ICH_HFGWTR_EL2", ~0ULL);
    write_reg("ICH_HFGITR_EL2", ~0ULL);
    g_assert_cmphex(read_reg("ICH_HFGRTR_EL2"), ==, 0x1f00ff);
    g_assert_cmphex(read_reg("ICH_HFGWTR_EL2"), ==, 0x1e0065);
    g_assert_cmphex(read_reg("ICH_HFGITR_EL2"), ==, 0x7ff);

    /* What firmware leaves for an EL1 that starts without a hypervisor */
    bql_lock();
    gicv5_hyp_reset(c);
    gicv5_cpuif_emulate_firmware(cpu, 2);
    g_assert_cmphex(read_reg("ICH_HFGITR_EL2"), ==, 0);
    gicv5_cpuif_emulate_firmware(cpu, 1);
    g_assert_cmphex(read_reg("ICH_HFGRTR_EL2"), ==, 0x1f00ff);
    g_assert_cmphex(read_reg("ICH_HFGWTR_EL2"), ==, 0x1e0065);
    g_assert_cmphex(read_reg("ICH_HFGITR_EL2"), ==, 0x7ff);
    bql_unlock();
}

/* Residency is the IRS's answer; its candidate is the resident VM's. */
static uint64_t answer_resident(GICv5Port *port, const GICv5Request *req)
{
    irs_command(port, req);
    return req->cmd == GICV5_CMD_SET_RESIDENT ?
           req->value | R_ICH_CONTEXTR_F_MASK : 0;
}

static void test_residency(void)
{
    const uint32_t intid = gicv5_intid(GICV5_TYPE_SPI, 6);
    const uint64_t value = R_ICH_CONTEXTR_V_MASK |
                           R_ICH_CONTEXTR_IRICHPPIDIS_MASK | 7ULL << 32 | 3;
    GICv5PortIRSOps ops = { .command = answer_resident };
    GICv5Request got = { };
    GICv5Port port = {
        .irs_ops = &ops, .domains = 2, .cpu_ops = &gicv5_cpuif_port_ops,
        .irs = (struct ARMGICv5CommonState *)&got,
    };

    new_hyp();
    go_to(2, ARMSS_NonSecure);
    /* No IRS: nothing can be resident. */
    write_reg("ICH_CONTEXTR_EL2", value);
    g_assert_cmphex(read_reg("ICH_CONTEXTR_EL2"), ==,
                    value | R_ICH_CONTEXTR_F_MASK);
    write_reg("ICH_CONTEXTR_EL2", R_ICH_CONTEXTR_F_MASK);
    g_assert_cmphex(read_reg("ICH_CONTEXTR_EL2"), ==, 0);

    port.cpu = cpu;
    cpu->gicv5_wiring.port = &port;
    write_reg("ICH_CONTEXTR_EL2", value);
    g_assert_cmpint(got.cmd, ==, GICV5_CMD_SET_RESIDENT);
    g_assert_cmpint(got.domain, ==, GICV5_DOMAIN_NS);
    g_assert_cmphex(got.value, ==, value);
    g_assert_cmphex(read_reg("ICH_CONTEXTR_EL2"), ==,
                    value | R_ICH_CONTEXTR_F_MASK);
    ops.command = irs_command;

    write_reg("ICH_VMCR_EL2", 31ULL << 27 | 1);
    write_reg("ICH_VCTLR_EL2", 1);
    bql_lock();
    port.cpu_ops->forward_virtual(&port, GICV5_DOMAIN_NS,
                                  gicv5_candidate(intid, 7));
    bql_unlock();
    g_assert_cmphex(lines(), ==, GICV5_LINE_VIRQ);
    g_assert_cmphex(gicv5_cpuif_acknowledge(cpu, VIRTUAL, GICV5_ACK_ANY), ==,
                    R_ICC_HPPIR_HPPIV_MASK | intid);
    g_assert_cmpint(got.cmd, ==, GICV5_CMD_ACTIVATE);
    g_assert_cmpint(got.scope, ==, GICV5_SCOPE_RESIDENT);
    g_assert_cmpint(got.domain, ==, GICV5_DOMAIN_NS);
    g_assert_cmphex(got.intid, ==, intid);
    g_assert_cmphex(lines(), ==, 0);

    /* A PE that goes takes nobody with it. */
    c->hyp.contextr = value;
    bql_lock();
    gicv5_hyp_leave(cpu);
    bql_unlock();
    g_assert_cmpint(got.cmd, ==, GICV5_CMD_SET_RESIDENT);
    g_assert_cmphex(got.value, ==, 0);
    g_assert_cmphex(c->hyp.contextr, ==, 0);
    /* Residency is the IRS's state: what the register says does not matter. */
    got.cmd = GICV5_CMD_ACTIVATE;
    bql_lock();
    gicv5_hyp_leave(cpu);
    bql_unlock();
    g_assert_cmpint(got.cmd, ==, GICV5_CMD_SET_RESIDENT);
    g_assert_cmpint(got.domain, ==, GICV5_DOMAIN_NS);
    got.cmd = GICV5_CMD_ACTIVATE;
    /* ICC_CR0.EN of the virtual context is none of the IRS's business. */
    gicv5_cpuif_write_cr0(cpu, VIRTUAL, 0);
    g_assert_cmpint(got.cmd, ==, GICV5_CMD_ACTIVATE);
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
    g_test_add_func("/gicv5/cpuif/contexts/access", test_access_context);
    g_test_add_func("/gicv5/cpuif/contexts/no-feature", test_no_feature);
    g_test_add_func("/gicv5/cpuif/contexts/loads", test_loads);
    g_test_add_func("/gicv5/cpuif/contexts/copies", test_copies);
    g_test_add_func("/gicv5/cpuif/contexts/foreign-ppis", test_foreign_ppis);
    g_test_add_func("/gicv5/cpuif/contexts/lines", test_lines);
    g_test_add_func("/gicv5/cpuif/contexts/forward", test_forward);
    g_test_add_func("/gicv5/cpuif/el2/imo", test_imo);
    g_test_add_func("/gicv5/cpuif/el2/views", test_views);
    g_test_add_func("/gicv5/cpuif/el2/lines", test_virtual_lines);
    g_test_add_func("/gicv5/cpuif/el2/dvi", test_dvi);
    g_test_add_func("/gicv5/cpuif/el2/nv-timers", test_nv_timers);
    g_test_add_func("/gicv5/cpuif/el2/traps", test_traps);
    g_test_add_func("/gicv5/cpuif/el2/residency", test_residency);
    return g_test_run();
}
