/*
 * Arm GICv5 CPU interface: what all registers and instructions share
 *
 * QEMU's register definitions are made from a GICv5Reg each. Its read and
 * write functions are the two here, which find the context that an access
 * reaches and do what the kind of the register says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "system/cpu-timers.h"
#include "cpu.h"
#include "internals.h"
#include "regs.h"
#include "trace.h"

/* Where the value of a register is, for a context; 0 if nowhere */
static size_t value_offset(const GICv5Reg *reg, GICv5ContextID ctx)
{
    switch (reg->kind) {
    case GICV5_REG_PE:
        return offsetof(CPUARMState, gicv5) + reg->offset;
    case GICV5_REG_CONTEXT:
        return offsetof(CPUARMState, gicv5.context) +
               ctx * sizeof(GICv5Context) + reg->offset;
    case GICV5_REG_PPI:
        return offsetof(CPUARMState, gicv5) +
               gicv5_ppi_word_offset(ctx, reg->ppi, reg->n);
    default:
        return 0;
    }
}

static uint64_t reg_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    const GICv5Reg *reg = ri->opaque;
    GICv5ContextID ctx = gicv5_access_context(env, reg->view);

    if (reg->read) {
        return reg->read(env, ctx, reg);
    }
    if (reg->kind == GICV5_REG_PPI) {
        return gicv5_ppi_read(&env->gicv5, ctx, reg->ppi, reg->n);
    }
    return *(uint64_t *)((char *)env + value_offset(reg, ctx));
}

static void reg_write(CPUARMState *env, const ARMCPRegInfo *ri,
                      uint64_t value)
{
    const GICv5Reg *reg = ri->opaque;
    GICv5ContextID ctx = gicv5_access_context(env, reg->view);

    /* Instructions trace what they do themselves. */
    if (reg->kind != GICV5_REG_NONE) {
        trace_gicv5_cpuif_write(env_cpu(env)->cpu_index, ri->name, value);
    }
    if (reg->write) {
        reg->write(env, ctx, reg, value);
    } else {
        gicv5_ppi_write(env_archcpu(env), ctx, reg->ppi, reg->n, reg->access,
                        value);
    }
}

/*
 * Fine-grained traps, whatever HCR_EL2.IMO is. Nothing says that
 * SCR_EL3.FGTEn has a part in it (inferred).
 */
static CPAccessResult reg_access(CPUARMState *env, const ARMCPRegInfo *ri,
                                 bool isread)
{
    const GICv5Reg *reg = ri->opaque;
    const GICv5Hyp *hyp = &env->gicv5.hyp;
    uint32_t bit = isread ? reg->trap_read : reg->trap_write;
    uint64_t open;

    if (!bit || arm_current_el(env) != 1 || !arm_is_el2_enabled(env)) {
        return CP_ACCESS_OK;
    }
    if (ri->opc0 == 1) {
        open = hyp->hfgitr;
    } else {
        open = isread ? hyp->hfgrtr : hyp->hfgwtr;
    }
    return open & bit ? CP_ACCESS_OK : CP_ACCESS_TRAP_EL2;
}

void gicv5_cpuif_define(ARMCPU *cpu, const GICv5Reg *regs, size_t num)
{
    CPUARMState *env = &cpu->env;
    bool one_context = !arm_feature(env, ARM_FEATURE_EL2) &&
                       !arm_feature(env, ARM_FEATURE_EL3);

    /* Everything is UNDEFINED at EL0, which .access says. */
    for (size_t i = 0; i < num; i++) {
        const GICv5Reg *reg = &regs[i];
        ARMCPRegInfo r = reg->ri;

        /* Some are GICv3's as well: a board that makes one refuses later. */
        r.type |= ARM_CP_OVERRIDE;
        /*
         * With one context each register has one copy, and holds nothing that
         * this context does not own: generated code can load it.
         */
        r.fieldoffset = value_offset(reg, GICV5_CONTEXT_NS);
        if (reg->read || (r.fieldoffset && !one_context &&
                          reg->kind != GICV5_REG_PE)) {
            r.readfn = reg_read;
        }
        /* Without EL2 this would only slow each access down. */
        if ((reg->trap_read || reg->trap_write) &&
            arm_feature(env, ARM_FEATURE_EL2)) {
            r.accessfn = reg_access;
        }
        if (reg->write || (r.access & PL1_W && reg->kind == GICV5_REG_PPI)) {
            r.writefn = reg_write;
        }
        /*
         * An exception line may change. With icount a vCPU may raise its own
         * line in I/O instructions only. Otherwise leave the flag out: it
         * means the BQL for every access.
         */
        if (icount_enabled()) {
            r.type |= ARM_CP_IO;
        }
        define_one_arm_cp_reg_with_opaque(cpu, &r, (void *)reg);
    }
}
