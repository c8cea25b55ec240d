/*
 * Arm GICv5 CPU interface: access for qtests
 *
 * Under the qtest accelerator no instruction is executed, so qtests use the
 * CPU interface, and through it the IRS's stream, by a protocol command (with
 * another accelerator only while the machine is stopped):
 *
 *   csr gic CPU NUM VAL
 *
 *   CPU: cpu_index [15:0], interrupt domain [17:16], GICv5Scope [19:18]: of
 *        the resident VPE is the virtual context; for a command also VM ID
 *        [47:32], for a register its encoding: op0 [47:46], op1 [45:43],
 *        CRn [42:39], CRm [38:35], op2 [34:32]
 *   NUM: a GICv5Command, sent to the IRS as it is, or a GICv5QTestOp
 *   VAL: INTID [31:0], value [63:32]; of GICV5_CMD_SET_RESIDENT and of a
 *        register all of it is the value
 *
 * The answer is "OK 0 RESULT" in hexadecimal or "FAIL REASON". This is the
 * format of libqtest's qtest_csr_call().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "system/qtest.h"
#include "cpu.h"
#include "cpu-features.h"
#include "cpregs.h"
#include "cpuif_internal.h"

/**
 * GICv5QTestOp: what a qtest can do besides sending commands
 *
 * @GICV5_QTEST_ACKNOWLEDGE: as GICR CDIA with SCTLR_EL1.NMI=0
 * @GICV5_QTEST_DROP: as GIC CDEOI
 * @GICV5_QTEST_CANDIDATE: read the GICv5Candidate the IRS has forwarded
 * @GICV5_QTEST_LINES: read the exception lines: IRQ [0], FIQ [1], NMI [2]
 * @GICV5_QTEST_SET_EN: set ICC_CR0.EN to bit 0 of the value; of the virtual
 *     context also ICH_VCTLR_EL2.EN
 * @GICV5_QTEST_SET_PCR: set ICC_PCR to the value
 * @GICV5_QTEST_APR: read ICC_APR
 * @GICV5_QTEST_HPPIR: read ICC_HPPIR
 * @GICV5_QTEST_PPI_PENDING: read ICC_PPI_SPENDR<value>, with the PPIs of all
 *     domains
 * @GICV5_QTEST_PPI_ACTIVE: the same for ICC_PPI_SACTIVER<value>
 * @GICV5_QTEST_PPI_ENABLE: enable the PPI of the INTID (value 1) or disable
 *     it (0)
 * @GICV5_QTEST_PPI_PRIORITY: set the priority of the PPI of the INTID
 * @GICV5_QTEST_PPI_DEACTIVATE: as GIC CDDI for the PPI of the INTID
 * @GICV5_QTEST_POWER: switch the PE off (value 0) or on (1), as PSCI does, but
 *     for the reset that comes with switching on
 * @GICV5_QTEST_READ_REG, @GICV5_QTEST_WRITE_REG: read or write a system
 *     register of the CPU interface, at the Exception level that the PE is at,
 *     without traps
 * @GICV5_QTEST_CHECK: 1 if the invariants of the IRS hold, and it, the CPU
 *     interface and the exception lines agree, else 0
 */
typedef enum GICv5QTestOp {
    GICV5_QTEST_ACKNOWLEDGE = 100,
    GICV5_QTEST_DROP,
    GICV5_QTEST_CANDIDATE,
    GICV5_QTEST_LINES,
    GICV5_QTEST_SET_EN,
    GICV5_QTEST_SET_PCR,
    GICV5_QTEST_APR,
    GICV5_QTEST_HPPIR,
    GICV5_QTEST_PPI_PENDING,
    GICV5_QTEST_PPI_ACTIVE,
    GICV5_QTEST_PPI_ENABLE,
    GICV5_QTEST_PPI_PRIORITY,
    GICV5_QTEST_PPI_DEACTIVATE,
    GICV5_QTEST_POWER,
    GICV5_QTEST_READ_REG,
    GICV5_QTEST_WRITE_REG,
    GICV5_QTEST_CHECK,
} GICv5QTestOp;

static const char *qtest_command(ARMCPU *cpu, const GICv5Request *req,
                                 uint64_t *result)
{
    GICv5Port *port = gicv5_port(cpu);

    if (!port) {
        return "this CPU has no IRS";
    }
    if (!(port->domains & BIT(req->domain))) {
        return "the IRS does not have this domain";
    }
    *result = gicv5_cpuif_command(cpu, req);
    return NULL;
}

static bool check(ARMCPU *cpu)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5Port *port = gicv5_port(cpu);
    unsigned lines = c->lines;

    gicv5_cpuif_settle(cpu);
    if (c->lines != lines ||
        gicv5_cpuif_lines_of(cpu->env.irq_line_state) != lines) {
        return false;
    }
    for (unsigned d = 0; port && d < GICV5_NUM_DOMAINS; d++) {
        if (port->domains & BIT(d) &&
            !port->irs_ops->check(port, d, c->context[d].irs_hppi)) {
            return false;
        }
    }
    return true;
}

/* Change what PPI @ppi has in a field: @bits bits. */
static void deposit_ppi(ARMCPU *cpu, GICv5ContextID ctx, GICv5PPIField field,
                        unsigned ppi, unsigned bits, uint32_t value)
{
    bool prio = field == GICV5_PPI_PRIO;
    unsigned n = ppi / (prio ? 8 : 64);
    unsigned at = prio ? 8 * (ppi % 8) : ppi % 64;
    uint64_t word = gicv5_ppi_read(gicv5_cpuif(cpu), ctx, field, n);

    gicv5_ppi_write(cpu, ctx, field, n, GICV5_PPI_REPLACE,
                    deposit64(word, at, bits, value));
}

/* Returns NULL, or the reason why the operation cannot be done. */
static const char *qtest_op(ARMCPU *cpu, GICv5ContextID ctx, int num,
                            uint32_t intid, uint32_t value, uint64_t *result)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    const GICv5Context *context = &c->context[ctx];
    uint32_t ppi = FIELD_EX32(intid, GICV5_INTID, ID);

    *result = 0;
    switch (num) {
    case GICV5_QTEST_ACKNOWLEDGE:
        *result = gicv5_cpuif_acknowledge(cpu, ctx, GICV5_ACK_ANY);
        return NULL;
    case GICV5_QTEST_DROP:
        gicv5_cpuif_drop(cpu, ctx);
        return NULL;
    case GICV5_QTEST_CANDIDATE:
        *result = context->irs_hppi;
        return NULL;
    case GICV5_QTEST_LINES:
        *result = c->lines;
        return NULL;
    case GICV5_QTEST_SET_EN:
        if (ctx == GICV5_CONTEXT_VIRTUAL) {
            gicv5_hyp_write_vctlr(cpu, value);
        }
        gicv5_cpuif_write_cr0(cpu, ctx, value);
        return NULL;
    case GICV5_QTEST_SET_PCR:
        gicv5_cpuif_write_pcr(cpu, ctx, value);
        return NULL;
    case GICV5_QTEST_POWER:
        cpu->power_state = value ? PSCI_ON : PSCI_OFF;
        if (value) {
            gicv5_cpuif_tell_limit(cpu, ctx);
        } else {
            gicv5_cpuif_power_off(cpu);
        }
        return NULL;
    case GICV5_QTEST_CHECK:
        *result = check(cpu);
        return NULL;
    case GICV5_QTEST_APR:
        *result = context->apr;
        return NULL;
    case GICV5_QTEST_HPPIR:
        *result = gicv5_cpuif_hppir(cpu, ctx);
        return NULL;
    case GICV5_QTEST_PPI_PENDING:
    case GICV5_QTEST_PPI_ACTIVE:
        if (value >= GICV5_PPI_WORDS) {
            return "no such PPI register";
        }
        *result = num == GICV5_QTEST_PPI_PENDING ? c->ppi.pend[value] :
                                                   c->ppi.active[value];
        return NULL;
    case GICV5_QTEST_PPI_ENABLE:
    case GICV5_QTEST_PPI_PRIORITY:
    case GICV5_QTEST_PPI_DEACTIVATE:
        if (ppi >= GICV5_NUM_PPIS ||
            !(context->ppi_owned[ppi / 64] & BIT_ULL(ppi % 64))) {
            return "no such PPI";
        }
        if (num == GICV5_QTEST_PPI_DEACTIVATE) {
            gicv5_cpuif_deactivate_ppi(cpu, ctx, ppi);
        } else if (num == GICV5_QTEST_PPI_PRIORITY) {
            deposit_ppi(cpu, ctx, GICV5_PPI_PRIO, ppi, GICV5_PRIO_BITS, value);
        } else {
            deposit_ppi(cpu, ctx, GICV5_PPI_ENABLE, ppi, 1, value);
        }
        return NULL;
    default:
        return "unknown operation";
    }
}

static const char *qtest_reg(ARMCPU *cpu, uint32_t encoding, bool is_write,
                             uint64_t value, uint64_t *result)
{
    uint32_t key = ENCODE_AA64_CP_REG(
        CP_REG_ARM64_SYSREG_CP, extract32(encoding, 7, 4),
        extract32(encoding, 3, 4), extract32(encoding, 14, 2),
        extract32(encoding, 11, 3), extract32(encoding, 0, 3));
    const ARMCPRegInfo *ri = get_arm_cp_reginfo(cpu->cp_regs, key);
    CPUARMState *env = &cpu->env;

    if (!ri || (!g_str_has_prefix(ri->name, "ICC_") &&
                !g_str_has_prefix(ri->name, "ICH_"))) {
        return "no such register";
    }
    *result = 0;
    if (is_write) {
        if (!ri->writefn) {
            return "the register cannot be written";
        }
        ri->writefn(env, ri, value);
    } else if (ri->type & ARM_CP_CONST) {
        *result = ri->resetvalue;
    } else {
        *result = ri->readfn ? ri->readfn(env, ri) : CPREG_FIELD64(env, ri);
    }
    return NULL;
}

static const char *qtest_request(gchar **words, uint64_t *result)
{
    uint64_t where, val;
    GICv5ContextID ctx;
    CPUState *cs;
    ARMCPU *cpu;
    int num;

    if (g_strv_length(words) < 5) {
        return "csr needs NAME CPU NUM VAL";
    }
    if (strcmp(words[1], "gic") != 0) {
        return "unknown csr name";
    }
    if (qemu_strtou64(words[2], NULL, 0, &where) < 0 ||
        qemu_strtoi(words[3], NULL, 0, &num) < 0 || num < 0 ||
        qemu_strtou64(words[4], NULL, 0, &val) < 0) {
        return "csr: not a number";
    }
    if (where & ~MAKE_64BIT_MASK(0, 20) & ~MAKE_64BIT_MASK(32, 16)) {
        return "csr: CPU has reserved bits";
    }
    cs = qemu_get_cpu(extract64(where, 0, 16));
    cpu = cs ? (ARMCPU *)object_dynamic_cast(OBJECT(cs), TYPE_ARM_CPU) : NULL;
    if (!cpu || !cpu_isar_feature(aa64_gcie, cpu)) {
        return "no such CPU, or it has no GICv5 CPU interface";
    }
    ctx = gicv5_domain_context(extract64(where, 16, 2));
    if (num <= GICV5_CMD_SET_RESIDENT) {
        GICv5Request req = gicv5_request(&cpu->env, ctx, num);

        req.scope = extract64(where, 18, 2);
        req.vm = extract64(where, 32, 16);
        req.intid = extract64(val, 0, 32);
        req.value = num == GICV5_CMD_SET_RESIDENT ? val :
                                                    extract64(val, 32, 32);
        return qtest_command(cpu, &req, result);
    }
    if (num == GICV5_QTEST_READ_REG || num == GICV5_QTEST_WRITE_REG) {
        return qtest_reg(cpu, extract64(where, 32, 16),
                         num == GICV5_QTEST_WRITE_REG, val, result);
    }
    if (extract64(where, 18, 2) == GICV5_SCOPE_RESIDENT) {
        ctx = GICV5_CONTEXT_VIRTUAL;
    }
    return qtest_op(cpu, ctx, num, extract64(val, 0, 32),
                    extract64(val, 32, 32), result);
}

static bool gicv5_qtest_command(CharBackend *chr, gchar **words)
{
    const char *reason;
    uint64_t result;

    if (strcmp(words[0], "csr") != 0) {
        return false;
    }
    reason = qtest_request(words, &result);
    if (reason) {
        qtest_sendf(chr, "FAIL %s\n", reason);
    } else {
        qtest_sendf(chr, "OK 0 %" PRIx64 "\n", result);
    }
    return true;
}

void gicv5_cpuif_qtest_init(void)
{
    static bool done;

    if (!done) {
        done = true;
        qtest_set_command_cb(gicv5_qtest_command);
    }
}
