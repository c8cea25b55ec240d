/*
 * Arm GICv5 CPU interface: GIC system instructions
 *
 * The GIC CD* and VD* instructions, GICR CDIA and CDNMIA, and the GSB
 * barriers. To QEMU's decoder they are system registers with op0=1: GIC and GSB
 * are SYS, so writes, and GICR is SYSL, a read. The other direction is
 * UNDEFINED, as is everything at EL0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "cpu.h"
#include "internals.h"
#include "regs.h"
#include "trace.h"

/*
 * Operand in Xt: INTID [31:0], where CDAFF has IRM in a RES0 bit, then what
 * follows. VD* instructions have the operand of their CD* instruction, but for
 * VDPEND.
 */
FIELD(GIC_CDPRI, PRIORITY, 35, 5)
FIELD(GIC_CDAFF, IRM, 28, 1)
FIELD(GIC_CDAFF, IAFFID, 32, 16)
FIELD(GIC_CDPEND, PENDING, 32, 1)
FIELD(GIC_CDHM, HM, 32, 1)
FIELD(GIC_VDPEND, VM, 32, 16)
FIELD(GIC_VDPEND, PENDING, 63, 1)

/*
 * Get the INTID from an operand, without its RES0 bits, if it is an LPI or
 * SPI that the interface can hold. Instructions with any other have no effect
 * (CDRCFG reports a failure); no exception follows.
 */
static bool irs_intid(CPUARMState *env, const GICv5Reg *insn, uint64_t value,
                      uint32_t *intid)
{
    uint32_t type = FIELD_EX32(value, GICV5_INTID, TYPE);
    uint32_t id = FIELD_EX32(value, GICV5_INTID, ID);

    if ((type != GICV5_TYPE_LPI && type != GICV5_TYPE_SPI) ||
        id >> gicv5_id_bits(&env->gicv5)) {
        qemu_log_mask(LOG_GUEST_ERROR, "CPU %d: %s: type %u ID %u is no valid "
                      "LPI or SPI\n", env_cpu(env)->cpu_index, insn->ri.name,
                      type, id);
        return false;
    }
    *intid = gicv5_intid(type, id);
    return true;
}

/*
 * Send a command for the interrupt that an operand names. Returns the answer,
 * or, if it names none, that for one that is not reachable.
 */
static uint64_t irs_request(CPUARMState *env, GICv5Request *req,
                            const GICv5Reg *insn, uint64_t operand)
{
    trace_gicv5_cpuif_insn(env_cpu(env)->cpu_index, insn->ri.name, operand);
    if (!irs_intid(env, insn, operand, &req->intid)) {
        return gicv5_unreachable(req);
    }
    return gicv5_cpuif_command(env_archcpu(env), req);
}

/* The same, with the interrupts of a context */
static uint64_t irs_command(CPUARMState *env, GICv5ContextID ctx,
                            const GICv5Reg *insn, uint64_t operand,
                            GICv5Command cmd, uint64_t value)
{
    GICv5Request req = gicv5_request(env, ctx, cmd);

    req.value = value;
    return irs_request(env, &req, insn, operand);
}

static void gic_cddis_write(CPUARMState *env, GICv5ContextID ctx,
                            const GICv5Reg *insn, uint64_t value)
{
    irs_command(env, ctx, insn, value, GICV5_CMD_SET_ENABLE, 0);
}

static void gic_cden_write(CPUARMState *env, GICv5ContextID ctx,
                           const GICv5Reg *insn, uint64_t value)
{
    irs_command(env, ctx, insn, value, GICV5_CMD_SET_ENABLE, 1);
}

static void gic_cdpri_write(CPUARMState *env, GICv5ContextID ctx,
                            const GICv5Reg *insn, uint64_t value)
{
    irs_command(env, ctx, insn, value, GICV5_CMD_SET_PRIORITY,
                FIELD_EX64(value, GIC_CDPRI, PRIORITY));
}

static void gic_cdaff_write(CPUARMState *env, GICv5ContextID ctx,
                            const GICv5Reg *insn, uint64_t value)
{
    uint32_t target = FIELD_EX64(value, GIC_CDAFF, IAFFID);

    if (FIELD_EX64(value, GIC_CDAFF, IRM)) {
        target |= GICV5_TARGET_IRM;
    }
    irs_command(env, ctx, insn, value, GICV5_CMD_SET_TARGET, target);
}

static void gic_cdpend_write(CPUARMState *env, GICv5ContextID ctx,
                             const GICv5Reg *insn, uint64_t value)
{
    irs_command(env, ctx, insn, value, GICV5_CMD_SET_PENDING,
                FIELD_EX64(value, GIC_CDPEND, PENDING));
}

/* The VM is the one that the operand names, whatever is resident. */
static void gic_vdpend_write(CPUARMState *env, GICv5ContextID ctx,
                             const GICv5Reg *insn, uint64_t value)
{
    GICv5Request req = {
        .cmd = GICV5_CMD_SET_PENDING,
        .scope = GICV5_SCOPE_VM,
        .domain = gicv5_logical_domain(env),
        .vm = FIELD_EX64(value, GIC_VDPEND, VM),
        .value = FIELD_EX64(value, GIC_VDPEND, PENDING),
    };

    irs_request(env, &req, insn, value);
}

static void gic_cdhm_write(CPUARMState *env, GICv5ContextID ctx,
                           const GICv5Reg *insn, uint64_t value)
{
    irs_command(env, ctx, insn, value, GICV5_CMD_SET_HANDLING,
                FIELD_EX64(value, GIC_CDHM, HM));
}

static void gic_cdrcfg_write(CPUARMState *env, GICv5ContextID ctx,
                             const GICv5Reg *insn, uint64_t value)
{
    uint64_t icsr = irs_command(env, ctx, insn, value,
                                GICV5_CMD_REQUEST_CONFIG, 0);

    /* With F set no other field carries information; all are zero then. */
    if (FIELD_EX64(icsr, GICV5_ICSR, F)) {
        icsr = R_GICV5_ICSR_F_MASK;
    }
    /* ICC_ICSR_EL1 is no input of the exception lines: no lock is needed. */
    gicv5_cpuif_store(&env->gicv5.icsr, icsr & GICV5_ICSR_MASK);
}

static void gic_cddi_write(CPUARMState *env, GICv5ContextID ctx,
                           const GICv5Reg *insn, uint64_t value)
{
    ARMCPU *cpu = env_archcpu(env);

    /* The only command that takes a PPI too */
    if (FIELD_EX32(value, GICV5_INTID, TYPE) == GICV5_TYPE_PPI) {
        uint32_t ppi = FIELD_EX32(value, GICV5_INTID, ID);

        trace_gicv5_cpuif_insn(CPU(cpu)->cpu_index, insn->ri.name, value);
        if (ppi >= GICV5_NUM_PPIS) {
            qemu_log_mask(LOG_GUEST_ERROR, "CPU %d: %s: there is no PPI %u\n",
                          CPU(cpu)->cpu_index, insn->ri.name, ppi);
            return;
        }
        gicv5_cpuif_deactivate_ppi(cpu, ctx, ppi);
        return;
    }
    irs_command(env, ctx, insn, value, GICV5_CMD_DEACTIVATE, 0);
}

static void gic_cdeoi_write(CPUARMState *env, GICv5ContextID ctx,
                            const GICv5Reg *insn, uint64_t value)
{
    gicv5_cpuif_drop(env_archcpu(env), ctx);
}

/*
 * With SCTLR_ELx.NMI=1 for the EL that executes the instruction, priority 0
 * is for CDNMIA only and all others for CDIA only. With NMI=0 there are no
 * NMIs: CDIA takes all and CDNMIA none.
 */
static bool nmi_enabled(CPUARMState *env)
{
    return arm_sctlr(env, arm_current_el(env)) & SCTLR_NMI;
}

static uint64_t gicr_cdia_read(CPUARMState *env, GICv5ContextID ctx,
                               const GICv5Reg *insn)
{
    return gicv5_cpuif_acknowledge(env_archcpu(env), ctx,
                                   nmi_enabled(env) ? GICV5_ACK_NOT_NMI :
                                                      GICV5_ACK_ANY);
}

static uint64_t gicr_cdnmia_read(CPUARMState *env, GICv5ContextID ctx,
                                 const GICv5Reg *insn)
{
    if (!nmi_enabled(env)) {
        return 0;
    }
    return gicv5_cpuif_acknowledge(env_archcpu(env), ctx, GICV5_ACK_NMI);
}

/*
 * All our instructions and register writes have completed when they retire,
 * exception lines included. What GSB SYS waits for is another thread that has
 * changed the state, so that this PE can see it, but not yet the lines. Both
 * barriers end the translation block, so that a signal that came up is taken.
 */
static void gsb_sys_write(CPUARMState *env, GICv5ContextID ctx,
                          const GICv5Reg *insn, uint64_t value)
{
    gicv5_cpuif_settle(env_archcpu(env));
}

/* An acknowledge is this PE's own: nothing is left to wait for. */
static void gsb_ack_write(CPUARMState *env, GICv5ContextID ctx,
                          const GICv5Reg *insn, uint64_t value)
{
}

#define INSN(NAME, OP1, CRM, OP2, ACCESS, VIEW) \
    .ri = { GICV5_INSN(NAME, OP1, CRM, OP2, ACCESS), \
            .type = ARM_CP_NO_RAW | ARM_CP_NO_GDB }, \
    .view = GICV5_VIEW_ ## VIEW

#define GSB(NAME, CRM, OP2) INSN(NAME, 0, CRM, OP2, PL1_W, CURRENT)
/* @TRAP: the bit of ICH_HFGITR_EL2 */
#define CD(NAME, CRM, OP2, ACCESS, TRAP) \
    INSN(NAME, 0, CRM, OP2, ACCESS, CURRENT), \
    .trap_write = BIT(TRAP), .trap_read = BIT(TRAP)
/* No ICH_HFGITR_EL2 bit; HCR_EL2.NV traps them as all that is EL2's. */
#define VD(NAME, CRM, OP2) INSN(NAME, 4, CRM, OP2, PL2_W, VIRTUAL)

static const GICv5Reg gicv5_insns[] = {
    { GSB("GSB_SYS", 0, 0), .write = gsb_sys_write },
    { GSB("GSB_ACK", 0, 1), .write = gsb_ack_write },
    { CD("GIC_CDDIS", 1, 0, PL1_W, 1), .write = gic_cddis_write },
    { CD("GIC_CDEN", 1, 1, PL1_W, 0), .write = gic_cden_write },
    { CD("GIC_CDPRI", 1, 2, PL1_W, 2), .write = gic_cdpri_write },
    { CD("GIC_CDAFF", 1, 3, PL1_W, 3), .write = gic_cdaff_write },
    { CD("GIC_CDPEND", 1, 4, PL1_W, 4), .write = gic_cdpend_write },
    { CD("GIC_CDRCFG", 1, 5, PL1_W, 5), .write = gic_cdrcfg_write },
    { CD("GIC_CDEOI", 1, 7, PL1_W, 7), .write = gic_cdeoi_write },
    { CD("GIC_CDDI", 2, 0, PL1_W, 8), .write = gic_cddi_write },
    { CD("GIC_CDHM", 2, 1, PL1_W, 6), .write = gic_cdhm_write },
    { CD("GICR_CDIA", 3, 0, PL1_R, 9), .read = gicr_cdia_read },
    { CD("GICR_CDNMIA", 3, 1, PL1_R, 10), .read = gicr_cdnmia_read },
};

static const GICv5Reg gicv5_el2_insns[] = {
    { VD("GIC_VDDIS", 1, 0), .write = gic_cddis_write },
    { VD("GIC_VDEN", 1, 1), .write = gic_cden_write },
    { VD("GIC_VDPRI", 1, 2), .write = gic_cdpri_write },
    { VD("GIC_VDAFF", 1, 3), .write = gic_cdaff_write },
    { VD("GIC_VDPEND", 1, 4), .write = gic_vdpend_write },
    { VD("GIC_VDRCFG", 1, 5), .write = gic_cdrcfg_write },
    { VD("GIC_VDDI", 2, 0), .write = gic_cddi_write },
    { VD("GIC_VDHM", 2, 1), .write = gic_cdhm_write },
};

void gicv5_cpuif_define_insns(ARMCPU *cpu)
{
    gicv5_cpuif_define(cpu, gicv5_insns, ARRAY_SIZE(gicv5_insns));
    if (arm_feature(&cpu->env, ARM_FEATURE_EL2)) {
        gicv5_cpuif_define(cpu, gicv5_el2_insns, ARRAY_SIZE(gicv5_el2_insns));
    }
}
