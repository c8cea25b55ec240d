/*
 * Arm GICv5 CPU interface that KVM runs: its state is copied for migration
 *
 * The kernel has the registers of the physical interface at EL1. Here they
 * are the Non-secure context and the PPIs of GICv5CPUIf, as with TCG.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "cpu.h"
#include "cpuif_internal.h"

/* Op0 [15:14], Op1 [13:11], CRn [10:7], CRm [6:3], Op2 [2:0] */
#define REG(op1, crm, op2) \
    (3 << 14 | (op1) << 11 | 12 << 7 | (crm) << 3 | (op2))

/* Registers of which there is one, or a row with consecutive encodings */
typedef struct KVMReg {
    uint16_t reg;
    uint8_t count;
    size_t offset;                  /* in GICv5CPUIf; 64 bits each */
} KVMReg;

#define NS(FIELD) offsetof(GICv5CPUIf, context[GICV5_CONTEXT_NS].FIELD)

static const KVMReg regs[] = {
    { REG(0, 10, 4), 1, offsetof(GICv5CPUIf, icsr) },
    { REG(0, 10, 6), 2, offsetof(GICv5CPUIf, ppi.enable) },
    { REG(0, 13, 2), 2, offsetof(GICv5CPUIf, ppi.active) },
    { REG(0, 13, 6), 2, offsetof(GICv5CPUIf, ppi.pend) },
    { REG(0, 14, 0), GICV5_PPI_PRIO_WORDS, offsetof(GICv5CPUIf, ppi.prio) },
    { REG(1, 0, 0), 1, NS(apr) },
    { REG(1, 0, 1), 1, NS(cr0) },
    { REG(1, 0, 2), 1, NS(pcr) },
};

/* MPIDR: Aff3 [63:56], Aff2 [55:48], Aff1 [47:40], Aff0 [39:32] */
static uint64_t reg_attr(ARMCPU *cpu, uint16_t reg)
{
    uint64_t mpidr = arm_cpu_mp_affinity(cpu);

    return extract64(mpidr, 32, 8) << 56 | extract64(mpidr, 0, 24) << 32 |
           reg;
}

static bool access_regs(ARMCPU *cpu, bool write, Error **errp)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5Port *port = gicv5_port(cpu);

    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        uint64_t *value = (uint64_t *)((char *)c + regs[i].offset);

        /* PRIORITYR8 follows PRIORITYR7 in the encoding, too. */
        for (unsigned n = 0; n < regs[i].count; n++) {
            if (!port->irs_ops->access(port, reg_attr(cpu, regs[i].reg + n),
                                       write, &value[n], errp)) {
                return false;
            }
        }
    }
    return true;
}

bool gicv5_cpuif_get_kvm(ARMCPU *cpu, Error **errp)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);

    /* What the kernel does not have is as TCG has it after reset. */
    for (unsigned i = 0; i < GICV5_NUM_CONTEXTS; i++) {
        gicv5_context_reset(&c->context[i]);
    }
    memset(c->ppi_line, 0, sizeof(c->ppi_line));
    return access_regs(cpu, false, errp);
}

bool gicv5_cpuif_put_kvm(ARMCPU *cpu, Error **errp)
{
    return access_regs(cpu, true, errp);
}

bool gicv5_cpu_is_as_new_kvm(GICv5Port *port, Error **errp)
{
    ARMCPU *cpu = port->cpu;
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    const GICv5Context *ns = &c->context[GICV5_CONTEXT_NS];

    return gicv5_cpuif_get_kvm(cpu, errp) &&
           !(ns->cr0 & R_ICC_CR0_EN_MASK) && !ns->pcr && !ns->apr &&
           !c->ppi.enable[0] && !c->ppi.active[0] &&
           buffer_is_zero(c->ppi.prio, sizeof(c->ppi.prio));
}
