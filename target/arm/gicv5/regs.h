/*
 * Arm GICv5 CPU interface: how registers and instructions are defined
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TARGET_ARM_GICV5_REGS_H
#define TARGET_ARM_GICV5_REGS_H

#include "cpregs.h"
#include "cpuif_internal.h"

/**
 * GICv5RegKind: where a register's value is
 *
 * @GICV5_REG_NONE: nowhere: @ri and the functions of GICv5Reg say it all
 * @GICV5_REG_PE: there is one for the PE, at @offset in GICv5CPUIf
 * @GICV5_REG_CONTEXT: there is one for each context, at @offset in
 *     GICv5Context
 * @GICV5_REG_PPI: word @n of @ppi in the bank of the context; of PPIs that the
 *     context does not own the bits are RAZ/WI
 */
typedef enum GICv5RegKind {
    GICV5_REG_NONE,
    GICV5_REG_PE,
    GICV5_REG_CONTEXT,
    GICV5_REG_PPI,
} GICv5RegKind;

typedef struct GICv5Reg GICv5Reg;

/**
 * GICv5Reg: a register or an instruction
 *
 * The functions get the context that the access reaches. Those of registers
 * whose kind says where the value is are optional: without @read it is read
 * there; without @write, a PPI register is written there, in the way of
 * @access, and any other is read-only.
 *
 * @ri: what QEMU has to know, without functions and offsets
 * @view: how an access names the context that it reaches
 * @trap_read, @trap_write: the bit of ICH_HFGRTR_EL2, ICH_HFGWTR_EL2, or of an
 *     instruction ICH_HFGITR_EL2, that lets EL1 do this if it is 1; 0 if there
 *     is no such bit
 */
struct GICv5Reg {
    ARMCPRegInfo ri;
    GICv5View view;
    uint32_t trap_read;
    uint32_t trap_write;
    GICv5RegKind kind;
    size_t offset;
    GICv5PPIField ppi;
    unsigned n;
    GICv5PPIAccess access;
    uint64_t (*read)(CPUARMState *env, GICv5ContextID ctx,
                     const GICv5Reg *reg);
    void (*write)(CPUARMState *env, GICv5ContextID ctx, const GICv5Reg *reg,
                  uint64_t value);
};

/* The encoding of a system register: of op0, CRn there is one for all. */
#define GICV5_SYSREG(NAME, OP1, CRM, OP2, ACCESS) \
    .name = NAME, .state = ARM_CP_STATE_AA64, .opc0 = 3, .opc1 = OP1, \
    .crn = 12, .crm = CRM, .opc2 = OP2, .access = ACCESS

/* The same for an instruction */
#define GICV5_INSN(NAME, OP1, CRM, OP2, ACCESS) \
    .name = NAME, .state = ARM_CP_STATE_AA64, .opc0 = 1, .opc1 = OP1, \
    .crn = 12, .crm = CRM, .opc2 = OP2, .access = ACCESS

/**
 * gicv5_cpuif_define: define registers or instructions
 *
 * @regs must live as long as the CPU.
 */
void gicv5_cpuif_define(ARMCPU *cpu, const GICv5Reg *regs, size_t num);

/* The parts of gicv5_cpuif_define_regs() */
void gicv5_cpuif_define_insns(ARMCPU *cpu);
void gicv5_cpuif_define_el2_regs(ARMCPU *cpu);

#endif
