/*
 * Arm GICv5 CPU interface: access for qtests
 *
 * Under the qtest accelerator no instruction is executed, so qtests use the
 * CPU interface, and through it the IRS's stream, by a protocol command:
 *
 *   csr gic CPU NUM VAL
 *
 *   CPU: cpu_index [15:0], interrupt domain [17:16]
 *   NUM: a GICv5Command, sent to the IRS as it is, or a GICv5QTestOp
 *   VAL: INTID [31:0], value [63:32]
 *
 * The answer is "OK 0 RESULT" in hexadecimal or "FAIL REASON". This is the
 * format of libqtest's qtest_csr_call().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "system/qtest.h"
#include "cpuif_internal.h"

/**
 * GICv5QTestOp: what a qtest can do besides sending commands
 *
 * @GICV5_QTEST_ACKNOWLEDGE: as GICR CDIA with SCTLR_EL1.NMI=0
 * @GICV5_QTEST_DROP: as GIC CDEOI
 * @GICV5_QTEST_CANDIDATE: read the GICv5Candidate the IRS has forwarded
 * @GICV5_QTEST_LINES: read the exception lines: IRQ [0], FIQ [1], NMI [2]
 * @GICV5_QTEST_SET_EN: set ICC_CR0.EN to bit 0 of the value
 * @GICV5_QTEST_SET_PCR: set ICC_PCR to the value
 * @GICV5_QTEST_APR: read ICC_APR
 * @GICV5_QTEST_HPPIR: read ICC_HPPIR
 * @GICV5_QTEST_PPI_PENDING: read ICC_PPI_SPENDR<value>
 * @GICV5_QTEST_PPI_ACTIVE: read ICC_PPI_SACTIVER<value>
 * @GICV5_QTEST_PPI_ENABLE: enable the PPI of the INTID (value 1) or disable
 *     it (0)
 * @GICV5_QTEST_PPI_PRIORITY: set the priority of the PPI of the INTID
 * @GICV5_QTEST_PPI_DEACTIVATE: as GIC CDDI for the PPI of the INTID
 * @GICV5_QTEST_POWER: switch the PE off (value 0) or on (1), as PSCI does, but
 *     for the reset that comes with switching on
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
} GICv5QTestOp;

static void set_ppi_prio(GICv5CPUIf *c, unsigned ppi, unsigned prio)
{
    uint64_t *word = &c->ppi_prio[ppi / 8];

    gicv5_cpuif_store(word, deposit64(*word, 8 * (ppi % 8), GICV5_PRIO_BITS,
                                      prio));
}

/* Returns NULL, or the reason why the operation cannot be done. */
static const char *qtest_op(ARMCPU *cpu, GICv5Domain domain, int num,
                            uint32_t intid, uint32_t value, uint64_t *result)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5Bank *bank = &c->bank[domain];
    uint32_t ppi = FIELD_EX32(intid, GICV5_INTID, ID);
    const GICv5Request req = {
        .cmd = num, .domain = domain, .intid = intid, .value = value,
    };

    *result = 0;
    switch (num) {
    case GICV5_CMD_SET_ENABLE ... GICV5_CMD_SET_ONE_OF_N:
        if (!c->port) {
            return "this CPU has no IRS";
        }
        if (!(c->port->domains & BIT(domain))) {
            return "the IRS does not have this domain";
        }
        *result = gicv5_cpuif_command(cpu, &req);
        return NULL;
    case GICV5_QTEST_ACKNOWLEDGE:
        *result = gicv5_cpuif_acknowledge(cpu, domain, GICV5_ACK_ANY);
        return NULL;
    case GICV5_QTEST_DROP:
        gicv5_cpuif_drop(cpu, domain);
        return NULL;
    case GICV5_QTEST_CANDIDATE:
        *result = bank->irs_hppi;
        return NULL;
    case GICV5_QTEST_LINES:
        *result = c->lines;
        return NULL;
    case GICV5_QTEST_SET_EN:
        gicv5_cpuif_set_cr0(cpu, domain, value);
        return NULL;
    case GICV5_QTEST_SET_PCR:
        gicv5_cpuif_lock(cpu);
        gicv5_cpuif_store(&bank->pcr, value & R_ICC_PCR_PRIORITY_MASK);
        gicv5_cpuif_unlock(cpu);
        gicv5_cpuif_limit_changed(cpu, domain);
        return NULL;
    case GICV5_QTEST_POWER:
        cpu->power_state = value ? PSCI_ON : PSCI_OFF;
        gicv5_cpuif_tell_limit(cpu, domain);
        return NULL;
    case GICV5_QTEST_APR:
        *result = bank->apr;
        return NULL;
    case GICV5_QTEST_HPPIR:
        *result = gicv5_cpuif_hppir(cpu, domain);
        return NULL;
    case GICV5_QTEST_PPI_PENDING:
    case GICV5_QTEST_PPI_ACTIVE:
        if (value >= GICV5_PPI_WORDS) {
            return "no such PPI register";
        }
        *result = num == GICV5_QTEST_PPI_PENDING ? c->ppi_pend[value] :
                                                   c->ppi_active[value];
        return NULL;
    case GICV5_QTEST_PPI_ENABLE:
    case GICV5_QTEST_PPI_PRIORITY:
    case GICV5_QTEST_PPI_DEACTIVATE:
        if (ppi >= GICV5_NUM_PPIS ||
            !(bank->ppi_owned[ppi / 64] & BIT_ULL(ppi % 64))) {
            return "no such PPI";
        }
        if (num == GICV5_QTEST_PPI_DEACTIVATE) {
            gicv5_cpuif_deactivate_ppi(cpu, domain, ppi);
            return NULL;
        }
        gicv5_cpuif_lock(cpu);
        if (num == GICV5_QTEST_PPI_PRIORITY) {
            set_ppi_prio(c, ppi, value);
        } else {
            gicv5_cpuif_store(&c->ppi_enable[ppi / 64],
                              deposit64(c->ppi_enable[ppi / 64], ppi % 64, 1,
                                        value));
        }
        gicv5_cpuif_unlock(cpu);
        return NULL;
    default:
        return "unknown operation";
    }
}

static const char *qtest_request(gchar **words, uint64_t *result)
{
    uint64_t where, val;
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
        qemu_strtoi(words[3], NULL, 0, &num) < 0 ||
        qemu_strtou64(words[4], NULL, 0, &val) < 0) {
        return "csr: not a number";
    }
    if (where >> 18) {
        return "csr: CPU has bits above the domain";
    }
    cs = qemu_get_cpu(extract64(where, 0, 16));
    cpu = cs ? (ARMCPU *)object_dynamic_cast(OBJECT(cs), TYPE_ARM_CPU) : NULL;
    if (!cpu || !gicv5_cpu_has_gcie(cpu)) {
        return "no such CPU, or it has no GICv5 CPU interface";
    }
    return qtest_op(cpu, extract64(where, 16, 2), num, extract64(val, 0, 32),
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
