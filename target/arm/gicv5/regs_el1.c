/*
 * Arm GICv5 CPU interface: ICC_*_EL1 system registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "system/cpu-timers.h"
#include "cpu.h"
#include "cpregs.h"
#include "cpuif_internal.h"
#include "trace.h"

static GICv5Domain reg_domain(CPUARMState *env)
{
    return gicv5_access_domain(env, GICV5_VIEW_REG);
}

static GICv5Bank *reg_bank(CPUARMState *env)
{
    return &env->gicv5.bank[reg_domain(env)];
}

static void trace_write(CPUARMState *env, const ARMCPRegInfo *ri,
                        uint64_t value)
{
    trace_gicv5_cpuif_write(env_cpu(env)->cpu_index, ri->name, value);
}

/*
 * Banked registers and PPI registers have a read function, and also a field
 * offset: it is right when there is only one domain, see
 * gicv5_cpuif_define().
 */

static uint64_t icc_cr0_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    return reg_bank(env)->cr0;
}

static void icc_cr0_write(CPUARMState *env, const ARMCPRegInfo *ri,
                          uint64_t value)
{
    trace_write(env, ri, value);
    gicv5_cpuif_set_cr0(env_archcpu(env), reg_domain(env), value);
}

static uint64_t icc_pcr_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    return reg_bank(env)->pcr;
}

static void icc_pcr_write(CPUARMState *env, const ARMCPRegInfo *ri,
                          uint64_t value)
{
    ARMCPU *cpu = env_archcpu(env);

    trace_write(env, ri, value);
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(&reg_bank(env)->pcr, value & R_ICC_PCR_PRIORITY_MASK);
    gicv5_cpuif_unlock(cpu);
    gicv5_cpuif_limit_changed(cpu, gicv5_access_domain(env, GICV5_VIEW_REG));
}

static uint64_t icc_apr_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    return reg_bank(env)->apr;
}

static void icc_apr_write(CPUARMState *env, const ARMCPRegInfo *ri,
                          uint64_t value)
{
    ARMCPU *cpu = env_archcpu(env);

    trace_write(env, ri, value);
    gicv5_cpuif_lock(cpu);
    /* One bit per priority: all 32 exist */
    gicv5_cpuif_store(&reg_bank(env)->apr, (uint32_t)value);
    gicv5_cpuif_unlock(cpu);
    gicv5_cpuif_limit_changed(cpu, gicv5_access_domain(env, GICV5_VIEW_REG));
}

static uint64_t icc_hapr_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    /* Unlike the others, this one is about the Current Interrupt Domain. */
    GICv5Domain domain = gicv5_access_domain(env, GICV5_VIEW_INSN);
    unsigned prio = gicv5_running_prio(&env->gicv5.bank[domain]);

    return prio == GICV5_PRIO_IDLE ? GICV5_HAPR_IDLE : prio;
}

static uint64_t icc_hppir_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    return gicv5_cpuif_hppir(env_archcpu(env), reg_domain(env));
}

static void icc_icsr_write(CPUARMState *env, const ARMCPRegInfo *ri,
                           uint64_t value)
{
    trace_write(env, ri, value);
    /* Not banked, and no input of the exception lines: no lock */
    gicv5_cpuif_store(&env->gicv5.icsr, value & GICV5_ICSR_MASK);
}

/*
 * PPI bit registers: <n> is op2[0] in all of them. PPIs that the domain does
 * not own, and unimplemented ones, are RAZ/WI.
 */

static uint64_t ppi_owned(CPUARMState *env, const ARMCPRegInfo *ri)
{
    return reg_bank(env)->ppi_owned[ri->opc2 & 1];
}

static uint64_t icc_ppi_enabler_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    return env->gicv5.ppi_enable[ri->opc2 & 1] & ppi_owned(env, ri);
}

static void icc_ppi_enabler_write(CPUARMState *env, const ARMCPRegInfo *ri,
                                  uint64_t value)
{
    ARMCPU *cpu = env_archcpu(env);
    uint64_t *enable = &env->gicv5.ppi_enable[ri->opc2 & 1];
    uint64_t owned = ppi_owned(env, ri);

    trace_write(env, ri, value);
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(enable, (*enable & ~owned) | (value & owned));
    gicv5_cpuif_unlock(cpu);
}

static uint64_t icc_ppi_activer_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    return env->gicv5.ppi_active[ri->opc2 & 1] & ppi_owned(env, ri);
}

static void icc_ppi_sactiver_write(CPUARMState *env, const ARMCPRegInfo *ri,
                                   uint64_t value)
{
    ARMCPU *cpu = env_archcpu(env);
    uint64_t *active = &env->gicv5.ppi_active[ri->opc2 & 1];

    trace_write(env, ri, value);
    value &= ppi_owned(env, ri);
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(active, *active | value);
    gicv5_cpuif_unlock(cpu);
}

static void icc_ppi_cactiver_write(CPUARMState *env, const ARMCPRegInfo *ri,
                                   uint64_t value)
{
    ARMCPU *cpu = env_archcpu(env);
    uint64_t *active = &env->gicv5.ppi_active[ri->opc2 & 1];

    trace_write(env, ri, value);
    value &= ppi_owned(env, ri);
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(active, *active & ~value);
    gicv5_cpuif_unlock(cpu);
}

static uint64_t icc_ppi_pendr_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    /* Devices write it, too: as generated code would, without the lock. */
    return qatomic_read_u64(&env->gicv5.ppi_pend[ri->opc2 & 1]) &
           ppi_owned(env, ri);
}

/* The pending state of a level PPI is its line: only edge PPIs change. */
static void icc_ppi_spendr_write(CPUARMState *env, const ARMCPRegInfo *ri,
                                 uint64_t value)
{
    ARMCPU *cpu = env_archcpu(env);
    unsigned n = ri->opc2 & 1;
    uint64_t *pend = &env->gicv5.ppi_pend[n];

    trace_write(env, ri, value);
    value &= ppi_owned(env, ri) & gicv5_ppi_edge_mask(n);
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(pend, *pend | value);
    gicv5_cpuif_unlock(cpu);
}

static void icc_ppi_cpendr_write(CPUARMState *env, const ARMCPRegInfo *ri,
                                 uint64_t value)
{
    ARMCPU *cpu = env_archcpu(env);
    unsigned n = ri->opc2 & 1;
    uint64_t *pend = &env->gicv5.ppi_pend[n];

    trace_write(env, ri, value);
    value &= ppi_owned(env, ri) & gicv5_ppi_edge_mask(n);
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(pend, *pend & ~value);
    gicv5_cpuif_unlock(cpu);
}

/* ICC_PPI_PRIORITYR<n>_EL1: n = 0..7 is CRm 14, n = 8..15 is CRm 15 */
static unsigned priorityr_num(const ARMCPRegInfo *ri)
{
    return (ri->crm & 1) << 3 | ri->opc2;
}

/* The five priority bits of each of the eight PPIs, if owned */
static uint64_t priorityr_mask(CPUARMState *env, unsigned n)
{
    uint8_t owned = extract64(reg_bank(env)->ppi_owned[n / 8], 8 * (n % 8), 8);
    uint64_t mask = 0;

    for (; owned; owned &= owned - 1) {
        mask |= MAKE_64BIT_MASK(8 * ctz32(owned), GICV5_PRIO_BITS);
    }
    return mask;
}

static uint64_t icc_ppi_priorityr_read(CPUARMState *env,
                                       const ARMCPRegInfo *ri)
{
    unsigned n = priorityr_num(ri);

    return env->gicv5.ppi_prio[n] & priorityr_mask(env, n);
}

static void icc_ppi_priorityr_write(CPUARMState *env, const ARMCPRegInfo *ri,
                                    uint64_t value)
{
    ARMCPU *cpu = env_archcpu(env);
    unsigned n = priorityr_num(ri);
    uint64_t *prio = &env->gicv5.ppi_prio[n];
    uint64_t mask = priorityr_mask(env, n);

    trace_write(env, ri, value);
    gicv5_cpuif_lock(cpu);
    gicv5_cpuif_store(prio, (*prio & ~mask) | (value & mask));
    gicv5_cpuif_unlock(cpu);
}

/*
 * ARM_CP_ALIAS keeps the registers out of reset and migration by register
 * list, which both belong to the CPU interface, but visible to gdb; reading
 * has no side effects. Read-only registers that have no field need a raw
 * write function for that.
 */
#define REG_TYPE ARM_CP_ALIAS
#define NS_BANK(FIELD) \
    offsetof(CPUARMState, gicv5.bank[GICV5_DOMAIN_NS].FIELD)
#define CPUIF(FIELD) offsetof(CPUARMState, gicv5.FIELD)

static const ARMCPRegInfo gicv5_regs[] = {
    { .name = "ICC_APR_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 1, .crn = 12, .crm = 0, .opc2 = 0,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = NS_BANK(apr),
      .readfn = icc_apr_read, .writefn = icc_apr_write },
    { .name = "ICC_CR0_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 1, .crn = 12, .crm = 0, .opc2 = 1,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = NS_BANK(cr0),
      .readfn = icc_cr0_read, .writefn = icc_cr0_write },
    { .name = "ICC_PCR_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 1, .crn = 12, .crm = 0, .opc2 = 2,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = NS_BANK(pcr),
      .readfn = icc_pcr_read, .writefn = icc_pcr_write },
    /* Dropped from later issues of the architecture; harmless as RO */
    { .name = "ICC_HAPR_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 1, .crn = 12, .crm = 0, .opc2 = 3,
      .access = PL1_R, .type = REG_TYPE,
      .readfn = icc_hapr_read, .raw_writefn = arm_cp_write_ignore },

    { .name = "ICC_PPI_HMR0_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 10, .opc2 = 0,
      .access = PL1_R, .type = REG_TYPE | ARM_CP_CONST,
      .resetvalue = GICV5_PPI_LEVEL },
    { .name = "ICC_PPI_HMR1_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 10, .opc2 = 1,
      .access = PL1_R, .type = REG_TYPE | ARM_CP_CONST,
      .resetvalue = 0 },
    { .name = "ICC_IDR0_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 10, .opc2 = 2,
      .access = PL1_R, .type = REG_TYPE, .fieldoffset = CPUIF(idr0) },
    { .name = "ICC_HPPIR_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 10, .opc2 = 3,
      .access = PL1_R, .type = REG_TYPE,
      .readfn = icc_hppir_read, .raw_writefn = arm_cp_write_ignore },
    { .name = "ICC_ICSR_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 10, .opc2 = 4,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = CPUIF(icsr),
      .writefn = icc_icsr_write },
    { .name = "ICC_IAFFIDR_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 10, .opc2 = 5,
      .access = PL1_R, .type = REG_TYPE, .fieldoffset = CPUIF(iaffidr) },

    { .name = "ICC_PPI_ENABLER0_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 10, .opc2 = 6,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = CPUIF(ppi_enable[0]),
      .readfn = icc_ppi_enabler_read, .writefn = icc_ppi_enabler_write },
    { .name = "ICC_PPI_ENABLER1_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 10, .opc2 = 7,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = CPUIF(ppi_enable[1]),
      .readfn = icc_ppi_enabler_read, .writefn = icc_ppi_enabler_write },
    { .name = "ICC_PPI_CACTIVER0_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 13, .opc2 = 0,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = CPUIF(ppi_active[0]),
      .readfn = icc_ppi_activer_read, .writefn = icc_ppi_cactiver_write },
    { .name = "ICC_PPI_CACTIVER1_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 13, .opc2 = 1,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = CPUIF(ppi_active[1]),
      .readfn = icc_ppi_activer_read, .writefn = icc_ppi_cactiver_write },
    { .name = "ICC_PPI_SACTIVER0_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 13, .opc2 = 2,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = CPUIF(ppi_active[0]),
      .readfn = icc_ppi_activer_read, .writefn = icc_ppi_sactiver_write },
    { .name = "ICC_PPI_SACTIVER1_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 13, .opc2 = 3,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = CPUIF(ppi_active[1]),
      .readfn = icc_ppi_activer_read, .writefn = icc_ppi_sactiver_write },
    { .name = "ICC_PPI_CPENDR0_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 13, .opc2 = 4,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = CPUIF(ppi_pend[0]),
      .readfn = icc_ppi_pendr_read, .writefn = icc_ppi_cpendr_write },
    { .name = "ICC_PPI_CPENDR1_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 13, .opc2 = 5,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = CPUIF(ppi_pend[1]),
      .readfn = icc_ppi_pendr_read, .writefn = icc_ppi_cpendr_write },
    { .name = "ICC_PPI_SPENDR0_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 13, .opc2 = 6,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = CPUIF(ppi_pend[0]),
      .readfn = icc_ppi_pendr_read, .writefn = icc_ppi_spendr_write },
    { .name = "ICC_PPI_SPENDR1_EL1", .state = ARM_CP_STATE_AA64,
      .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 13, .opc2 = 7,
      .access = PL1_RW, .type = REG_TYPE, .fieldoffset = CPUIF(ppi_pend[1]),
      .readfn = icc_ppi_pendr_read, .writefn = icc_ppi_spendr_write },
};

void gicv5_cpuif_define(ARMCPU *cpu, const ARMCPRegInfo *regs, size_t num)
{
    CPUARMState *env = &cpu->env;
    bool one_domain = !arm_feature(env, ARM_FEATURE_EL2) &&
                      !arm_feature(env, ARM_FEATURE_EL3);
    size_t i;

    /*
     * Everything is UNDEFINED at EL0, which .access says. Access checks that
     * depend on EL2 (ICH_HFG*TR_EL2 traps) belong here as well: without EL2
     * an .accessfn would only slow each access down.
     */
    for (i = 0; i < num; i++) {
        ARMCPRegInfo r = regs[i];

        /*
         * With one domain each register has one copy, and holds nothing that
         * this domain does not own: generated code can load it.
         */
        if (one_domain && r.fieldoffset) {
            r.readfn = NULL;
        }
        /*
         * An exception line may change. With icount a vCPU may raise its own
         * line in I/O instructions only. Otherwise leave the flag out: it
         * means the BQL for every access.
         */
        if (icount_enabled()) {
            r.type |= ARM_CP_IO;
        }
        define_one_arm_cp_reg(cpu, &r);
    }
}

void gicv5_cpuif_define_regs(ARMCPU *cpu)
{
    unsigned n;

    if (!gicv5_cpu_has_gcie(cpu)) {
        return;
    }

    gicv5_cpuif_define(cpu, gicv5_regs, ARRAY_SIZE(gicv5_regs));
    for (n = 0; n < GICV5_PPI_PRIO_WORDS; n++) {
        g_autofree char *name = g_strdup_printf("ICC_PPI_PRIORITYR%u_EL1", n);
        ARMCPRegInfo r = {
            .name = name, .state = ARM_CP_STATE_AA64,
            .opc0 = 3, .opc1 = 0, .crn = 12, .crm = 14 + n / 8, .opc2 = n % 8,
            .access = PL1_RW, .type = REG_TYPE,
            .fieldoffset = CPUIF(ppi_prio) + n * sizeof(uint64_t),
            .readfn = icc_ppi_priorityr_read,
            .writefn = icc_ppi_priorityr_write,
        };

        gicv5_cpuif_define(cpu, &r, 1);
    }

    gicv5_cpuif_define_insns(cpu);
}
