/*
 * Arm GICv5 CPU interface: ICC_*_EL1 system registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "cpu-features.h"
#include "regs.h"

static void icc_apr_write(CPUARMState *env, GICv5ContextID ctx,
                          const GICv5Reg *reg, uint64_t value)
{
    gicv5_cpuif_write_apr(env_archcpu(env), ctx, value);
}

static void icc_cr0_write(CPUARMState *env, GICv5ContextID ctx,
                          const GICv5Reg *reg, uint64_t value)
{
    gicv5_cpuif_write_cr0(env_archcpu(env), ctx, value);
}

static void icc_pcr_write(CPUARMState *env, GICv5ContextID ctx,
                          const GICv5Reg *reg, uint64_t value)
{
    gicv5_cpuif_write_pcr(env_archcpu(env), ctx, value);
}

static uint64_t icc_hapr_read(CPUARMState *env, GICv5ContextID ctx,
                              const GICv5Reg *reg)
{
    unsigned prio = gicv5_running_prio(&env->gicv5.context[ctx]);

    return prio == GICV5_PRIO_IDLE ? GICV5_HAPR_IDLE : prio;
}

static uint64_t icc_hppir_read(CPUARMState *env, GICv5ContextID ctx,
                               const GICv5Reg *reg)
{
    return gicv5_cpuif_hppir(env_archcpu(env), ctx);
}

static void icc_icsr_write(CPUARMState *env, GICv5ContextID ctx,
                           const GICv5Reg *reg, uint64_t value)
{
    /* No input of the exception lines: no lock */
    gicv5_cpuif_store(&env->gicv5.icsr, value & GICV5_ICSR_MASK);
}

/*
 * ARM_CP_ALIAS keeps the registers out of reset and migration by register
 * list, which both belong to the CPU interface, but visible to gdb; reading
 * has no side effects. Read-only registers that have no value of their own
 * need a raw write function for that.
 */
#define ICC(NAME, OP1, CRM, OP2, ACCESS) \
    GICV5_SYSREG("ICC_" NAME "_EL1", OP1, CRM, OP2, ACCESS), \
    .type = ARM_CP_ALIAS

/* @TRAP: the bit of ICH_HFGRTR_EL2, and of ICH_HFGWTR_EL2 for what is RW */
#define TRAP_RO(TRAP) .trap_read = BIT(TRAP)
#define TRAP_RW(TRAP) .trap_read = BIT(TRAP), .trap_write = BIT(TRAP)

#define PE(NAME, CRM, OP2, ACCESS, FIELD, TRAP) \
    .ri = { ICC(NAME, 0, CRM, OP2, PL1_ ## ACCESS) }, TRAP, \
    .kind = GICV5_REG_PE, .offset = offsetof(GICv5CPUIf, FIELD)

#define CONTEXT(NAME, OP2, FIELD, TRAP) \
    .ri = { ICC(NAME, 1, 0, OP2, PL1_RW) }, TRAP_RW(TRAP), \
    .kind = GICV5_REG_CONTEXT, .offset = offsetof(GICv5Context, FIELD)

#define PPI(NAME, CRM, OP2, FIELD, N, ACCESS, TRAP) \
    { .ri = { ICC("PPI_" NAME, 0, CRM, OP2, PL1_RW) }, TRAP_RW(TRAP), \
      .kind = GICV5_REG_PPI, .ppi = GICV5_PPI_ ## FIELD, .n = N, \
      .access = GICV5_PPI_ ## ACCESS }

#define PPI_PRIORITYR(N) \
    PPI("PRIORITYR" #N, 14 + N / 8, N % 8, PRIO, N, REPLACE, 19)

static const GICv5Reg gicv5_regs[] = {
    { CONTEXT("APR", 0, apr, 0), .write = icc_apr_write },
    { CONTEXT("CR0", 1, cr0, 2), .write = icc_cr0_write },
    { CONTEXT("PCR", 2, pcr, 5), .write = icc_pcr_write },
    /*
     * Dropped from later issues of the architecture; harmless as RO. Unlike
     * the others, this one is about the Current Interrupt Domain. What was
     * its trap bit is RES1.
     */
    { .ri = { ICC("HAPR", 1, 0, 3, PL1_R), .raw_writefn = arm_cp_write_ignore },
      .view = GICV5_VIEW_CURRENT, .read = icc_hapr_read },

    { .ri = { GICV5_SYSREG("ICC_PPI_HMR0_EL1", 0, 10, 0, PL1_R),
              .type = ARM_CP_ALIAS | ARM_CP_CONST,
              .resetvalue = GICV5_PPI_LEVEL }, TRAP_RO(16) },
    { .ri = { GICV5_SYSREG("ICC_PPI_HMR1_EL1", 0, 10, 1, PL1_R),
              .type = ARM_CP_ALIAS | ARM_CP_CONST, .resetvalue = 0 },
      TRAP_RO(16) },
    { PE("IDR0", 10, 2, R, idr0, TRAP_RO(1)) },
    { .ri = { ICC("HPPIR", 0, 10, 3, PL1_R),
              .raw_writefn = arm_cp_write_ignore }, TRAP_RO(4),
      .read = icc_hppir_read },
    { PE("ICSR", 10, 4, RW, icsr, TRAP_RW(6)), .write = icc_icsr_write },
    { PE("IAFFIDR", 10, 5, R, iaffidr, TRAP_RO(7)) },

    PPI("ENABLER0", 10, 6, ENABLE, 0, REPLACE, 17),
    PPI("ENABLER1", 10, 7, ENABLE, 1, REPLACE, 17),
    PPI("CACTIVER0", 13, 0, ACTIVE, 0, CLEAR, 20),
    PPI("CACTIVER1", 13, 1, ACTIVE, 1, CLEAR, 20),
    PPI("SACTIVER0", 13, 2, ACTIVE, 0, SET, 20),
    PPI("SACTIVER1", 13, 3, ACTIVE, 1, SET, 20),
    PPI("CPENDR0", 13, 4, PEND, 0, CLEAR, 18),
    PPI("CPENDR1", 13, 5, PEND, 1, CLEAR, 18),
    PPI("SPENDR0", 13, 6, PEND, 0, SET, 18),
    PPI("SPENDR1", 13, 7, PEND, 1, SET, 18),
    PPI_PRIORITYR(0), PPI_PRIORITYR(1), PPI_PRIORITYR(2), PPI_PRIORITYR(3),
    PPI_PRIORITYR(4), PPI_PRIORITYR(5), PPI_PRIORITYR(6), PPI_PRIORITYR(7),
    PPI_PRIORITYR(8), PPI_PRIORITYR(9), PPI_PRIORITYR(10), PPI_PRIORITYR(11),
    PPI_PRIORITYR(12), PPI_PRIORITYR(13), PPI_PRIORITYR(14), PPI_PRIORITYR(15),
};

void gicv5_cpuif_define_regs(ARMCPU *cpu)
{
    if (cpu_isar_feature(aa64_gcie, cpu)) {
        gicv5_cpuif_define(cpu, gicv5_regs, ARRAY_SIZE(gicv5_regs));
        gicv5_cpuif_define_insns(cpu);
        if (arm_feature(&cpu->env, ARM_FEATURE_EL2)) {
            gicv5_cpuif_define_el2_regs(cpu);
        }
    }
}
