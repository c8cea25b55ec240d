/*
 * Arm GICv5: the stream between a CPU interface and its IRS
 *
 * This is the model's form of the architecture's GIC stream protocol. It is
 * all that the two sides know of each other: the CPU interface knows no
 * device type, the IRS knows no CPU type.
 *
 * Locking: every function here is called with the BQL held. No function may
 * call back into the side that called it, except that a command may make the
 * IRS forward a new candidate to any CPU interface, the caller's included,
 * before it returns.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_ARM_GICV5_STREAM_H
#define HW_INTC_ARM_GICV5_STREAM_H

#include "hw/intc/arm_gicv5_types.h"
#include "hw/core/cpu.h"

typedef struct GICv5Port GICv5Port;

struct ARMGICv5CommonState;
struct ArchCPU;
struct GICv5PE;

/**
 * GICv5Command: what a CPU interface can ask of its IRS
 *
 * Those that name an LPI or SPI do so by its full INTID. An INTID that is not
 * reachable in what the request is about has no effect, and no exception
 * follows.
 *
 * @GICV5_CMD_SET_ENABLE: value 1 enable, 0 disable (GIC CDEN, CDDIS)
 * @GICV5_CMD_SET_PRIORITY: value = 5-bit priority (GIC CDPRI)
 * @GICV5_CMD_SET_TARGET: value = IAFFID [15:0], IRM [16] (GIC CDAFF)
 * @GICV5_CMD_SET_PENDING: value 1 set, 0 clear (GIC CDPEND)
 * @GICV5_CMD_SET_HANDLING: value 0 edge, 1 level (GIC CDHM)
 * @GICV5_CMD_DEACTIVATE: value ignored (GIC CDDI)
 * @GICV5_CMD_ACTIVATE: value ignored (GICR CDIA, CDNMIA). Only for the
 *     candidate that the port holds at this moment.
 * @GICV5_CMD_REQUEST_CONFIG: value ignored; returns the ICC_ICSR_EL1 image,
 *     F=1 if the interrupt is not reachable (GIC CDRCFG)
 * @GICV5_CMD_SET_ONE_OF_N: INTID ignored; value 0 to 32: the PE takes 1-of-N
 *     interrupts with a priority below this. 0, for none, also if ICC_CR0.EN is
 *     0 or the PE is off. Changes of these two have to be told always. Returns
 *     1 if the IRS wants to be told of every change. After an acknowledge it is
 *     told when ACTIVATE has been sent, not before. Of the resident VPE: only
 *     if the IRS has asked, since it asks anew after each change of residency.
 * @GICV5_CMD_SET_RESIDENT: INTID ignored; value is what is written to
 *     ICH_CONTEXTR_EL2. Returns the value to read back, of which F is the
 *     IRS's. The candidate of a VPE that is resident now has been forwarded.
 */
typedef enum GICv5Command {
    GICV5_CMD_SET_ENABLE,
    GICV5_CMD_SET_PRIORITY,
    GICV5_CMD_SET_TARGET,
    GICV5_CMD_SET_PENDING,
    GICV5_CMD_SET_HANDLING,
    GICV5_CMD_DEACTIVATE,
    GICV5_CMD_ACTIVATE,
    GICV5_CMD_REQUEST_CONFIG,
    GICV5_CMD_SET_ONE_OF_N,
    GICV5_CMD_SET_RESIDENT,
} GICv5Command;

FIELD(ICH_CONTEXTR, VM, 0, 16)
FIELD(ICH_CONTEXTR, VPE, 32, 16)
FIELD(ICH_CONTEXTR, DBPM, 55, 5)
FIELD(ICH_CONTEXTR, DB, 60, 1)
FIELD(ICH_CONTEXTR, IRICHPPIDIS, 61, 1)
FIELD(ICH_CONTEXTR, F, 62, 1)
FIELD(ICH_CONTEXTR, V, 63, 1)

#define GICV5_TARGET_IRM BIT(16)

/**
 * GICv5Scope: whose interrupts a request is about
 *
 * @GICV5_SCOPE_DOMAIN: the physical ones of the request's domain
 * @GICV5_SCOPE_RESIDENT: those of the VM whose VPE is resident on the PE
 * @GICV5_SCOPE_VM: those of the VM that the request names
 *
 * An IRS without virtualization answers the last two as it does for an
 * interrupt that is not reachable.
 */
typedef enum GICv5Scope {
    GICV5_SCOPE_DOMAIN,
    GICV5_SCOPE_RESIDENT,
    GICV5_SCOPE_VM,
} GICv5Scope;

/**
 * GICv5Request: a command with its operands
 *
 * Made with designated initializers: what a command does not name is 0, and a
 * new member must mean with 0 what there was before.
 *
 * @cmd: what to do
 * @scope: whose interrupts
 * @domain: interrupt domain; of a VM, the one that it belongs to
 * @vm: VM ID, for GICV5_SCOPE_VM
 * @intid: an LPI or SPI of @scope
 * @value: the other operand, see GICv5Command. Commands with an architected
 *     register as their operand, as residency has with ICH_CONTEXTR_EL2, take
 *     its image here, and answer with one: so a verdict has its place (F).
 */
typedef struct GICv5Request {
    GICv5Command cmd;
    GICv5Scope scope;
    GICv5Domain domain;
    uint16_t vm;
    uint32_t intid;
    uint64_t value;
} GICv5Request;

/**
 * gicv5_unreachable: the answer to @req if its interrupt is not reachable
 *
 * Also that of a PE without an IRS.
 */
static inline uint64_t gicv5_unreachable(const GICv5Request *req)
{
    switch (req->cmd) {
    case GICV5_CMD_REQUEST_CONFIG:
        return R_GICV5_ICSR_F_MASK;
    case GICV5_CMD_SET_RESIDENT:
        /* Leaving cannot fail. */
        return FIELD_DP64(req->value, ICH_CONTEXTR, F,
                          FIELD_EX64(req->value, ICH_CONTEXTR, V));
    default:
        return 0;
    }
}

/**
 * GICv5PortIRSOps: the IRS's side
 *
 * @command: carry out @req; returns what GICv5Command says, 0 if it says
 *     nothing. TCG only.
 * @access: read or write the kernel's copy of a CPU interface register; @attr
 *     is its encoding with the PE's MPIDR, as KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS
 *     takes it. False with @errp set if the kernel refuses. KVM only, see
 *     gicv5_port_is_kvm().
 * @check_loaded: a migration stream, or a snapshot, is loaded as far as this
 *     PE; has it had the IRS, each ITS and IWB, and was there no reset since?
 *     False after a message if not.
 * @check: for tests: is what the IRS has consistent, and @candidate what it has
 *     forwarded last for @domain? TCG only.
 */
typedef struct GICv5PortIRSOps {
    uint64_t (*command)(GICv5Port *port, const GICv5Request *req);
    bool (*check_loaded)(GICv5Port *port);
    bool (*access)(GICv5Port *port, uint64_t attr, bool write,
                   uint64_t *value, Error **errp);
    bool (*check)(GICv5Port *port, GICv5Domain domain,
                  GICv5Candidate candidate);
} GICv5PortIRSOps;

/**
 * GICv5PortCPUOps: the CPU interface's side; none of it is called with KVM
 *
 * @forward: the IRS's candidate for @domain is now @candidate
 *     (GICV5_CANDIDATE_NONE: recalled). May only update state and exception
 *     lines; it must not issue commands.
 * @forward_virtual: the same for the VPE of @domain that is resident on this PE
 * @one_of_n_limit: GICV5_CMD_SET_ONE_OF_N's value now; the CPU interface tells
 *     of every change after this.
 * @one_of_n_limit_virtual: the same for the VPE of @domain that is resident
 *     Both are called from commands, but with none of the CPU interface's locks
 *     held.
 */
typedef struct GICv5PortCPUOps {
    void (*forward)(GICv5Port *port, GICv5Domain domain,
                    GICv5Candidate candidate);
    void (*forward_virtual)(GICv5Port *port, GICv5Domain domain,
                            GICv5Candidate candidate);
    unsigned (*one_of_n_limit)(GICv5Port *port, GICv5Domain domain);
    unsigned (*one_of_n_limit_virtual)(GICv5Port *port, GICv5Domain domain);
} GICv5PortCPUOps;

/**
 * GICv5Port: one PE's connection to the IRS
 *
 * Owned by the IRS device, which fills everything but the CPU's half before
 * it calls gicv5_cpu_attach(). It lives until gicv5_cpu_detach(), or the end
 * of the CPU.
 *
 * @irs: the IRS device; @irs_pe: what its engine has of this PE. Only the IRS
 *     looks into them.
 * @cpu_ops, @cpu: set by gicv5_cpu_attach(); only the CPU interface looks into
 *     @cpu
 * @iaffid: the PE's interrupt affinity ID (ICC_IAFFIDR_EL1)
 * @domains: bit d set = the IRS implements GICv5Domain d
 * @id_bits: width of LPI and SPI IDs the IRS can hold, 1..24
 */
struct GICv5Port {
    const GICv5PortIRSOps *irs_ops;
    struct ARMGICv5CommonState *irs;
    struct GICv5PE *irs_pe;
    const GICv5PortCPUOps *cpu_ops;
    struct ArchCPU *cpu;
    uint16_t iaffid;
    uint8_t domains;
    uint8_t id_bits;
};

/**
 * gicv5_port_is_kvm: are the IRS and the CPU interface of @port the kernel's?
 *
 * @port may be NULL: then no, whatever the accelerator is.
 */
static inline bool gicv5_port_is_kvm(const GICv5Port *port)
{
    return port && port->irs_ops->access;
}

/**
 * gicv5_cpu_attach: connect @port to the GICv5 CPU interface of @cs
 *
 * Implemented by target/arm. Fails with @errp set if @cs is no Arm CPU, has an
 * IRS already or, unless KVM runs the CPU interface, has no FEAT_GCIE. The CPU
 * must be realized; nothing may run yet. Returns true on success.
 */
bool gicv5_cpu_attach(CPUState *cs, GICv5Port *port, Error **errp);

/**
 * gicv5_cpu_detach: undo gicv5_cpu_attach()
 *
 * For an IRS that goes away; nothing to do if no CPU is attached. BQL held.
 */
void gicv5_cpu_detach(GICv5Port *port);

/**
 * gicv5_cpu_is_as_new_kvm: is the CPU interface behind @port as after reset?
 *
 * Also false, with @errp set, if the kernel does not tell. No vCPU may run.
 */
bool gicv5_cpu_is_as_new_kvm(GICv5Port *port, Error **errp);

#endif
