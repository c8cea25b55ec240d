/*
 * Arm GICv5 CPU interface: ICH_*_EL2 system registers
 *
 * ICH_PPI_HVIR<n>_EL2 is not here: its encoding is not known.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "regs.h"

static void ich_apr_write(CPUARMState *env, GICv5ContextID ctx,
                          const GICv5Reg *reg, uint64_t value)
{
    gicv5_cpuif_write_apr(env_archcpu(env), ctx, value);
}

static uint64_t ich_vmcr_read(CPUARMState *env, GICv5ContextID ctx,
                              const GICv5Reg *reg)
{
    return gicv5_hyp_vmcr(&env->gicv5);
}

static void ich_vmcr_write(CPUARMState *env, GICv5ContextID ctx,
                           const GICv5Reg *reg, uint64_t value)
{
    gicv5_hyp_write_vmcr(env_archcpu(env), value);
}

static uint64_t ich_hppir_read(CPUARMState *env, GICv5ContextID ctx,
                               const GICv5Reg *reg)
{
    return gicv5_cpuif_hppir(env_archcpu(env), ctx);
}

static void ich_vctlr_write(CPUARMState *env, GICv5ContextID ctx,
                            const GICv5Reg *reg, uint64_t value)
{
    gicv5_hyp_write_vctlr(env_archcpu(env), value);
}

static void ich_contextr_write(CPUARMState *env, GICv5ContextID ctx,
                               const GICv5Reg *reg, uint64_t value)
{
    gicv5_hyp_write_contextr(env_archcpu(env), value);
}

static void ich_pendr_write(CPUARMState *env, GICv5ContextID ctx,
                            const GICv5Reg *reg, uint64_t value)
{
    gicv5_hyp_write_pendr(env_archcpu(env), reg->n, value);
}

static void ich_dvir_write(CPUARMState *env, GICv5ContextID ctx,
                           const GICv5Reg *reg, uint64_t value)
{
    gicv5_hyp_write_dvir(env_archcpu(env), reg->n, value);
}

/* The access checks of each access read them, so nothing else has to follow. */
static void ich_hfgrtr_write(CPUARMState *env, GICv5ContextID ctx,
                             const GICv5Reg *reg, uint64_t value)
{
    env->gicv5.hyp.hfgrtr = value & GICV5_HFGRTR_MASK;
}

static void ich_hfgwtr_write(CPUARMState *env, GICv5ContextID ctx,
                             const GICv5Reg *reg, uint64_t value)
{
    env->gicv5.hyp.hfgwtr = value & GICV5_HFGWTR_MASK;
}

static void ich_hfgitr_write(CPUARMState *env, GICv5ContextID ctx,
                             const GICv5Reg *reg, uint64_t value)
{
    env->gicv5.hyp.hfgitr = value & GICV5_HFGITR_MASK;
}

/*
 * RKZTGX: where HCR_EL2.NV2 puts a register. Those that the rule leaves out
 * (ICH_HPPIR_EL2, ICH_PPI_PENDR<n>_EL2) trap (inferred).
 */
#define VNCR(OFFSET) .nv2_redirect_offset = OFFSET
#define NO_VNCR .nv2_redirect_offset = 0

#define ICH(NAME, CRM, OP2, ACCESS, NV2) \
    .ri = { GICV5_SYSREG("ICH_" NAME "_EL2", 4, CRM, OP2, ACCESS), \
            .type = ARM_CP_ALIAS, NV2 }, \
    .view = GICV5_VIEW_VIRTUAL

#define HYP(NAME, CRM, OP2, NV2, FIELD, N) \
    ICH(NAME, CRM, OP2, PL2_RW, NV2), .n = N, \
    .kind = GICV5_REG_PE, .offset = offsetof(GICv5CPUIf, hyp.FIELD)

#define PPI(NAME, CRM, OP2, NV2, FIELD, N) \
    { ICH("PPI_" NAME, CRM, OP2, PL2_RW, NV2), \
      .kind = GICV5_REG_PPI, .ppi = GICV5_PPI_ ## FIELD, .n = N, \
      .access = GICV5_PPI_REPLACE }

#define PPI_PRIORITYR(N) \
    PPI("PRIORITYR" #N, 14 + N / 8, N % 8, VNCR(0xb80 + 8 * N), PRIO, N)

static const GICv5Reg gicv5_el2_regs[] = {
    { ICH("APR", 8, 4, PL2_RW, VNCR(0xb00)), .kind = GICV5_REG_CONTEXT,
      .offset = offsetof(GICv5Context, apr), .write = ich_apr_write },
    { .ri = { GICV5_SYSREG("ICH_HPPIR_EL2", 4, 8, 5, PL2_R),
              .type = ARM_CP_ALIAS, .raw_writefn = arm_cp_write_ignore },
      .view = GICV5_VIEW_VIRTUAL, .read = ich_hppir_read },
    { HYP("HFGRTR", 9, 4, VNCR(0xb18), hfgrtr, 0), .write = ich_hfgrtr_write },
    { HYP("HFGWTR", 9, 6, VNCR(0xb20), hfgwtr, 0), .write = ich_hfgwtr_write },
    { HYP("HFGITR", 9, 7, VNCR(0xb10), hfgitr, 0), .write = ich_hfgitr_write },
    { HYP("PPI_DVIR0", 10, 0, VNCR(0xb40), dvir[0], 0),
      .write = ich_dvir_write },
    { HYP("PPI_DVIR1", 10, 1, VNCR(0xb48), dvir[1], 1),
      .write = ich_dvir_write },
    PPI("ENABLER0", 10, 2, VNCR(0xb50), ENABLE, 0),
    PPI("ENABLER1", 10, 3, VNCR(0xb58), ENABLE, 1),
    { HYP("PPI_PENDR0", 10, 4, NO_VNCR, vppi.pend[0], 0),
      .write = ich_pendr_write },
    { HYP("PPI_PENDR1", 10, 5, NO_VNCR, vppi.pend[1], 1),
      .write = ich_pendr_write },
    PPI("ACTIVER0", 10, 6, VNCR(0xb30), ACTIVE, 0),
    PPI("ACTIVER1", 10, 7, VNCR(0xb38), ACTIVE, 1),
    { HYP("VCTLR", 11, 4, VNCR(0xb28), vctlr, 0), .write = ich_vctlr_write },
    { HYP("CONTEXTR", 11, 6, VNCR(0xb08), contextr, 0),
      .write = ich_contextr_write },
    { ICH("VMCR", 11, 7, PL2_RW, VNCR(0x4c8)), .read = ich_vmcr_read,
      .write = ich_vmcr_write },
    PPI_PRIORITYR(0), PPI_PRIORITYR(1), PPI_PRIORITYR(2), PPI_PRIORITYR(3),
    PPI_PRIORITYR(4), PPI_PRIORITYR(5), PPI_PRIORITYR(6), PPI_PRIORITYR(7),
    PPI_PRIORITYR(8), PPI_PRIORITYR(9), PPI_PRIORITYR(10), PPI_PRIORITYR(11),
    PPI_PRIORITYR(12), PPI_PRIORITYR(13), PPI_PRIORITYR(14), PPI_PRIORITYR(15),

    /*
     * R_SLVXV, R_MCTMX: what is left of GICv3 without FEAT_GCIE_LEGACY. All
     * that they control is fixed.
     */
    { .ri = { GICV5_SYSREG("ICC_SRE_EL1", 0, 12, 5, PL1_RW),
              .type = ARM_CP_ALIAS | ARM_CP_CONST, .resetvalue = 0x7 } },
    { .ri = { GICV5_SYSREG("ICC_SRE_EL2", 4, 9, 5, PL2_RW),
              .type = ARM_CP_ALIAS | ARM_CP_CONST, .resetvalue = 0xf } },
};

void gicv5_cpuif_define_el2_regs(ARMCPU *cpu)
{
    gicv5_cpuif_define(cpu, gicv5_el2_regs, ARRAY_SIZE(gicv5_el2_regs));
}
