/*
 * Arm GICv5 CPU interface: priorities, exception lines, PPIs, acknowledge
 *
 * Rule labels (R_xxxxx, D_xxxxx) are those of the GICv5 specification.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "hw/irq.h"
#include "cpu.h"
#include "internals.h"
#include "cpuif_internal.h"
#include "trace.h"

static int cpu_num(ARMCPU *cpu)
{
    return CPU(cpu)->cpu_index;
}

/*
 * The one place that decides which copy of the banked state an access
 * reaches. The virtual domain (EL1, HCR_EL2.IMO) belongs here too, once there
 * is EL2.
 */
GICv5Domain gicv5_access_domain(CPUARMState *env, GICv5View view)
{
    /* R_ZFCXM: at EL3 the Current Physical Interrupt Domain is EL3's own */
    if (view == GICV5_VIEW_INSN && arm_feature(env, ARM_FEATURE_EL3) &&
        arm_current_el(env) == 3) {
        return GICV5_DOMAIN_EL3;
    }

    /* Logical Interrupt Domain: that of the Security state of EL1 and EL2 */
    switch (arm_security_space_below_el3(env)) {
    case ARMSS_Secure:
        return GICV5_DOMAIN_S;
    case ARMSS_Realm:
        return GICV5_DOMAIN_REALM;
    default:
        return GICV5_DOMAIN_NS;
    }
}

static unsigned ppi_prio(const GICv5CPUIf *c, unsigned ppi)
{
    return extract64(c->ppi_prio[ppi / 8], 8 * (ppi % 8), GICV5_PRIO_BITS);
}

/*
 * Candidate PPIs are owned by the domain, enabled, pending and not active.
 * Among equal priorities the lowest number wins (R_VVBPS leaves the order to
 * the implementation). Normally no bit is set, or one.
 */
static GICv5Candidate best_ppi(const GICv5CPUIf *c, GICv5Domain domain)
{
    GICv5Candidate best = GICV5_CANDIDATE_NONE;
    unsigned word;

    for (word = 0; word < GICV5_PPI_WORDS; word++) {
        uint64_t ready = c->bank[domain].ppi_owned[word] &
                         c->ppi_enable[word] & c->ppi_pend[word] &
                         ~c->ppi_active[word];

        for (; ready; ready &= ready - 1) {
            unsigned ppi = 64 * word + ctz64(ready);
            unsigned prio = ppi_prio(c, ppi);

            if (prio < gicv5_candidate_prio(best)) {
                best = gicv5_candidate(gicv5_intid(GICV5_TYPE_PPI, ppi), prio);
            }
        }
    }
    return best;
}

/*
 * The HPPI of a domain. Of a PPI and an IRS interrupt of equal priority we
 * take the PPI (R_VVBPS): it costs less to handle.
 */
static GICv5Candidate domain_hppi(const GICv5CPUIf *c, GICv5Domain domain)
{
    GICv5Candidate ppi = best_ppi(c, domain);
    GICv5Candidate irs = c->bank[domain].irs_hppi;

    return gicv5_candidate_prio(ppi) <= gicv5_candidate_prio(irs) ? ppi : irs;
}

GICv5Candidate gicv5_cpuif_signalled(const GICv5CPUIf *c, GICv5Domain domain)
{
    const GICv5Bank *bank = &c->bank[domain];
    GICv5Candidate hppi;
    unsigned prio;

    /*
     * Sufficient priority, D_MSQKF. The mask is inclusive, the running
     * priority is not. "No candidate" has priority 32 and so fails the mask.
     */
    if (!FIELD_EX64(bank->cr0, ICC_CR0, EN)) {
        return GICV5_CANDIDATE_NONE;
    }
    hppi = domain_hppi(c, domain);
    prio = gicv5_candidate_prio(hppi);
    if (prio > bank->pcr || prio >= gicv5_running_prio(bank)) {
        return GICV5_CANDIDATE_NONE;
    }
    return hppi;
}

/* The levels that the exception lines must have: R_QLGBG, R_ZGHMN, R_CSBDX */
static unsigned wanted_lines(const GICv5CPUIf *c)
{
    GICv5Candidate hppi;
    unsigned d;

    /*
     * An interrupt of EL3's own domain, or of a domain that is not current
     * (with ICC_CR0.PID and IPPT zero all of these may preempt), is an FIQ.
     * Such an FIQ has no superpriority.
     */
    for (d = 0; d < GICV5_NUM_DOMAINS; d++) {
        if ((d != c->current || d == GICV5_DOMAIN_EL3) &&
            gicv5_cpuif_signalled(c, d) != GICV5_CANDIDATE_NONE) {
            return GICV5_LINE_FIQ;
        }
    }
    if (c->current == GICV5_DOMAIN_EL3) {
        return 0;
    }

    hppi = gicv5_cpuif_signalled(c, c->current);
    if (hppi == GICV5_CANDIDATE_NONE) {
        return 0;
    }
    /*
     * Priority 0 has superpriority. The CPU's NMI line carries that;
     * SCTLR_ELx.NMI decides when the interrupt is taken if it matters.
     */
    return gicv5_candidate_prio(hppi) == 0 ? GICV5_LINE_NMI : GICV5_LINE_IRQ;
}

/*
 * Make the exception lines follow the state.
 *
 * A thread that changes state holds the lock, and compares what it wants with
 * @lines before it drops the lock. Equal: nothing to do, and no BQL, as for
 * most register writes of a vCPU. Not equal: it comes here.
 *
 * While lines are on their way, @lines is GICV5_LINES_MOVING, which nothing
 * wanted equals: a thread that changes state meanwhile comes here too, and
 * waits for the BQL. So there is no loop: if the state changes between our
 * two critical sections, who changed it drives the lines again after us.
 * docs/devel/gicv5.rst has the argument in full.
 */
static void gicv5_cpuif_drive(ARMCPU *cpu)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    unsigned want, have;
    int i;

    BQL_LOCK_GUARD();

    qemu_spin_lock(&c->lock);
    want = wanted_lines(c);
    have = c->lines;
    /* Only a thread with the BQL moves lines, and that is this one. */
    assert(have != GICV5_LINES_MOVING);
    if (want != have) {
        c->lines = GICV5_LINES_MOVING;
    }
    qemu_spin_unlock(&c->lock);
    if (want == have) {
        return;
    }

    trace_gicv5_cpuif_lines(cpu_num(cpu), !!(want & GICV5_LINE_IRQ),
                            !!(want & GICV5_LINE_FIQ),
                            !!(want & GICV5_LINE_NMI));
    /* Raise before lowering: nobody must see no interrupt in between. */
    for (i = 0; i < GICV5_NUM_LINES; i++) {
        if (want & ~have & BIT(i)) {
            qemu_irq_raise(c->line_out[i]);
        }
    }
    for (i = 0; i < GICV5_NUM_LINES; i++) {
        if (have & ~want & BIT(i)) {
            qemu_irq_lower(c->line_out[i]);
        }
    }

    qemu_spin_lock(&c->lock);
    c->lines = want;
    qemu_spin_unlock(&c->lock);
}

void gicv5_cpuif_lock(ARMCPU *cpu)
{
    qemu_spin_lock(&gicv5_cpuif(cpu)->lock);
}

void gicv5_cpuif_unlock(ARMCPU *cpu)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    bool stale = wanted_lines(c) != c->lines;

    qemu_spin_unlock(&c->lock);
    if (stale) {
        gicv5_cpuif_drive(cpu);
    }
}

void gicv5_cpuif_settle(ARMCPU *cpu)
{
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_unlock(cpu);
}

void gicv5_cpuif_update(ARMCPU *cpu)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    unsigned word;

    gicv5_cpuif_lock(cpu);
    c->current = gicv5_access_domain(&cpu->env, GICV5_VIEW_INSN);
    for (word = 0; word < GICV5_PPI_WORDS; word++) {
        /* The pending state of a level PPI is its line (R_CFSKX). */
        gicv5_cpuif_store(&c->ppi_pend[word],
                          (c->ppi_pend[word] & gicv5_ppi_edge_mask(word)) |
                          (c->ppi_line[word] & gicv5_ppi_level_mask(word)));
    }
    gicv5_cpuif_unlock(cpu);
}

uint64_t gicv5_cpuif_command(ARMCPU *cpu, const GICv5Request *req)
{
    GICv5Port *port;
    uint64_t answer;

    BQL_LOCK_GUARD();

    port = gicv5_cpuif(cpu)->port;
    answer = port ? port->irs_ops->command(port, req) : gicv5_unreachable(req);
    trace_gicv5_cpuif_command(cpu_num(cpu), req->domain, req->cmd, req->intid,
                              req->value, answer);
    return answer;
}

static void gicv5_cpuif_forward(GICv5Port *port, GICv5Domain domain,
                                GICv5Candidate candidate)
{
    ARMCPU *cpu = port->cpu;

    assert(bql_locked());
    trace_gicv5_cpuif_forward(cpu_num(cpu), domain,
                              gicv5_candidate_intid(candidate),
                              gicv5_candidate_prio(candidate));

    gicv5_cpuif_lock(cpu);
    gicv5_cpuif(cpu)->bank[domain].irs_hppi = candidate;
    gicv5_cpuif_unlock(cpu);
}

/*
 * The one place that says whether this PE takes 1-of-N interrupts, and which:
 * those with a priority below the result. The lock must be held.
 */
static unsigned one_of_n_limit(ARMCPU *cpu, GICv5Domain domain)
{
    const GICv5Bank *bank = &gicv5_cpuif(cpu)->bank[domain];

    if (cpu->power_state == PSCI_OFF || !FIELD_EX64(bank->cr0, ICC_CR0, EN)) {
        return 0;
    }
    /* Sufficient priority, D_MSQKF: the mask is inclusive */
    return MIN(bank->pcr + 1, gicv5_running_prio(bank));
}

/* The IRS is about to offer an interrupt: from now on it is told of changes. */
static unsigned gicv5_cpuif_one_of_n_limit(GICv5Port *port, GICv5Domain domain)
{
    ARMCPU *cpu = port->cpu;
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    unsigned limit;

    assert(bql_locked());
    qemu_spin_lock(&c->lock);
    limit = one_of_n_limit(cpu, domain);
    c->bank[domain].limit_told = limit;
    qatomic_set(&c->tell_limit, c->tell_limit | BIT(domain));
    qemu_spin_unlock(&c->lock);
    return limit;
}

void gicv5_cpuif_tell_limit(ARMCPU *cpu, GICv5Domain domain)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5Request req = {
        .cmd = GICV5_CMD_SET_ONE_OF_N, .domain = domain,
    };
    bool go_on;

    BQL_LOCK_GUARD();

    if (!c->port || !(c->port->domains & BIT(domain))) {
        return;
    }
    qemu_spin_lock(&c->lock);
    req.value = one_of_n_limit(cpu, domain);
    c->bank[domain].limit_told = req.value;
    qemu_spin_unlock(&c->lock);

    go_on = gicv5_cpuif_command(cpu, &req);

    qemu_spin_lock(&c->lock);
    qatomic_set(&c->tell_limit, deposit32(c->tell_limit, domain, 1, go_on));
    qemu_spin_unlock(&c->lock);
}

void gicv5_cpuif_limit_changed(ARMCPU *cpu, GICv5Domain domain)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    bool news;

    /* The IRS asks under the lock: it has seen the change, or we see this. */
    if (likely(!(qatomic_read(&c->tell_limit) & BIT(domain)))) {
        return;
    }
    qemu_spin_lock(&c->lock);
    news = one_of_n_limit(cpu, domain) != c->bank[domain].limit_told;
    qemu_spin_unlock(&c->lock);
    if (news) {
        gicv5_cpuif_tell_limit(cpu, domain);
    }
}

const GICv5PortCPUOps gicv5_cpuif_port_ops = {
    .forward = gicv5_cpuif_forward,
    .one_of_n_limit = gicv5_cpuif_one_of_n_limit,
};

void gicv5_cpuif_ppi_input(void *opaque, int n, int level)
{
    ARMCPU *cpu = opaque;
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    unsigned word = n / 64;
    uint64_t bit = BIT_ULL(n % 64);
    uint64_t edge = bit & gicv5_ppi_edge_mask(word);
    uint64_t level_bit = bit & gicv5_ppi_level_mask(word);
    bool was_high;

    assert(bql_locked());

    /* A PPI that is not implemented has no state, so its line has none. */
    if (!edge && !level_bit) {
        return;
    }

    /* Timers repeat themselves: only the BQL holder writes ppi_line. */
    was_high = c->ppi_line[word] & bit;
    if (was_high == !!level) {
        return;
    }
    trace_gicv5_cpuif_ppi_line(cpu_num(cpu), n, !!level);

    gicv5_cpuif_lock(cpu);
    c->ppi_line[word] ^= bit;
    if (level_bit) {
        gicv5_cpuif_store(&c->ppi_pend[word], c->ppi_pend[word] ^ level_bit);
    } else if (level) {
        gicv5_cpuif_store(&c->ppi_pend[word], c->ppi_pend[word] | edge);
    }
    gicv5_cpuif_unlock(cpu);
}

uint64_t gicv5_cpuif_hppir(ARMCPU *cpu, GICv5Domain domain)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5Candidate hppi;

    /*
     * We show what an acknowledge would return, so nothing while EN is 0 or
     * the priority is not sufficient; being an NMI or not does not matter.
     */
    qemu_spin_lock(&c->lock);
    hppi = gicv5_cpuif_signalled(c, domain);
    qemu_spin_unlock(&c->lock);

    if (hppi == GICV5_CANDIDATE_NONE) {
        return 0;
    }
    return R_ICC_HPPIR_HPPIV_MASK | gicv5_candidate_intid(hppi);
}

void gicv5_cpuif_set_cr0(ARMCPU *cpu, GICv5Domain domain, uint64_t value)
{
    GICv5Bank *bank = &gicv5_cpuif(cpu)->bank[domain];
    uint64_t en = FIELD_EX64(value, ICC_CR0, EN);

    /*
     * Only EN can change: the IRS is always there, so LINK and LINK_IDLE are
     * constant, and PID and IPPT are RAZ/WI without EL3.
     */
    if (FIELD_EX64(bank->cr0, ICC_CR0, EN) == en) {
        return;
    }

    BQL_LOCK_GUARD();
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(&bank->cr0, FIELD_DP64(bank->cr0, ICC_CR0, EN, en));
    gicv5_cpuif_unlock(cpu);
    gicv5_cpuif_tell_limit(cpu, domain);
}

/* The interrupt that an acknowledge takes now. The lock must be held. */
static GICv5Candidate ack_candidate(const GICv5CPUIf *c, GICv5Domain domain,
                                    GICv5Ack ack)
{
    GICv5Candidate hppi = gicv5_cpuif_signalled(c, domain);
    bool prio_0 = gicv5_candidate_prio(hppi) == 0;

    /*
     * The HPPI is chosen first: an NMI on top makes CDIA return nothing,
     * whatever is pending below it, and the reverse for CDNMIA.
     */
    if ((ack == GICV5_ACK_NOT_NMI && prio_0) ||
        (ack == GICV5_ACK_NMI && !prio_0)) {
        return GICV5_CANDIDATE_NONE;
    }
    return hppi;
}

static bool is_ppi(GICv5Candidate candidate)
{
    return FIELD_EX32(gicv5_candidate_intid(candidate), GICV5_INTID, TYPE) ==
           GICV5_TYPE_PPI;
}

uint64_t gicv5_cpuif_acknowledge(ARMCPU *cpu, GICv5Domain domain, GICv5Ack ack)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5Bank *bank = &c->bank[domain];
    g_autoptr(BQLLockAuto) bql = NULL;
    GICv5Candidate hppi;
    uint32_t intid;

    gicv5_cpuif_lock(cpu);
    hppi = ack_candidate(c, domain, ack);
    if (hppi != GICV5_CANDIDATE_NONE && !is_ppi(hppi)) {
        /*
         * The IRS takes part. Its candidate stays what it is while we hold
         * the BQL, but may have changed before we got it: look again.
         */
        qemu_spin_unlock(&c->lock);
        bql = bql_auto_lock(__FILE__, __LINE__);
        gicv5_cpuif_lock(cpu);
        hppi = ack_candidate(c, domain, ack);
    }
    if (hppi == GICV5_CANDIDATE_NONE) {
        /* An invalid return changes nothing. */
        qemu_spin_unlock(&c->lock);
        trace_gicv5_cpuif_acknowledge_none(cpu_num(cpu), domain);
        return 0;
    }

    intid = gicv5_candidate_intid(hppi);
    gicv5_cpuif_store(&bank->apr, bank->apr | BIT(gicv5_candidate_prio(hppi)));
    if (is_ppi(hppi)) {
        unsigned ppi = FIELD_EX32(intid, GICV5_INTID, ID);
        uint64_t bit = BIT_ULL(ppi % 64);

        /* Edge: pending is cleared. Level: it goes on following the line. */
        gicv5_cpuif_store(&c->ppi_active[ppi / 64],
                          c->ppi_active[ppi / 64] | bit);
        gicv5_cpuif_store(&c->ppi_pend[ppi / 64], c->ppi_pend[ppi / 64] &
                          ~(bit & gicv5_ppi_edge_mask(ppi / 64)));
        gicv5_cpuif_unlock(cpu);
        trace_gicv5_cpuif_acknowledge(cpu_num(cpu), domain, intid,
                                      gicv5_candidate_prio(hppi));
    } else {
        const GICv5Request req = {
            .cmd = GICV5_CMD_ACTIVATE, .domain = domain, .intid = intid,
        };

        /*
         * The candidate is consumed. The IRS forwards the next one, if there
         * is any, before the command returns; the lines are computed with
         * that one, so they cannot glitch in between.
         */
        bank->irs_hppi = GICV5_CANDIDATE_NONE;
        qemu_spin_unlock(&c->lock);
        trace_gicv5_cpuif_acknowledge(cpu_num(cpu), domain, intid,
                                      gicv5_candidate_prio(hppi));
        gicv5_cpuif_command(cpu, &req);
        gicv5_cpuif_settle(cpu);
    }
    gicv5_cpuif_limit_changed(cpu, domain);

    return R_ICC_HPPIR_HPPIV_MASK | intid;
}

void gicv5_cpuif_drop(ARMCPU *cpu, GICv5Domain domain)
{
    GICv5Bank *bank = &gicv5_cpuif(cpu)->bank[domain];
    unsigned prio = gicv5_running_prio(bank);
    uint64_t apr;

    if (prio == GICV5_PRIO_IDLE) {
        return;
    }
    apr = bank->apr & (bank->apr - 1);
    trace_gicv5_cpuif_drop(cpu_num(cpu), domain, prio, apr);
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(&bank->apr, apr);
    gicv5_cpuif_unlock(cpu);
    gicv5_cpuif_limit_changed(cpu, domain);
}

void gicv5_cpuif_deactivate_ppi(ARMCPU *cpu, GICv5Domain domain, unsigned ppi)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);

    trace_gicv5_cpuif_deactivate_ppi(cpu_num(cpu), domain, ppi);
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(&c->ppi_active[ppi / 64], c->ppi_active[ppi / 64] &
                      ~(BIT_ULL(ppi % 64) &
                        c->bank[domain].ppi_owned[ppi / 64]));
    gicv5_cpuif_unlock(cpu);
}
