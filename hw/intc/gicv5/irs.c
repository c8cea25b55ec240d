/*
 * Arm GICv5 Interrupt Routing Service (IRS), emulated
 *
 * The device is a window on the interrupt engine: register frames, wires and
 * the ports of its PEs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "irs_internal.h"

OBJECT_DECLARE_TYPE(ARMGICv5State, ARMGICv5Class, ARM_GICV5)

struct ARMGICv5State {
    ARMGICv5CommonState parent_obj;

    GICv5Frame frame[GICV5_NUM_MMIO];
};

struct ARMGICv5Class {
    ARMGICv5CommonClass parent_class;
};

/* --- ports --- */

/*
 * V=0 is about the VPE that is resident, whatever VM and VPE say. It cannot
 * fail, and without virtualization V=1 does.
 */
static uint64_t set_resident(GICv5PE *pe, GICv5Space *sp, uint64_t value)
{
    bool ok = true;

    if (FIELD_EX64(value, ICH_CONTEXTR, V)) {
        ok = gicv5_pe_make_resident(pe, sp,
                                    FIELD_EX64(value, ICH_CONTEXTR, VM),
                                    FIELD_EX64(value, ICH_CONTEXTR, VPE),
                                    FIELD_EX64(value, ICH_CONTEXTR,
                                               IRICHPPIDIS));
    } else {
        gicv5_pe_make_nonresident(pe, sp,
                                  FIELD_EX64(value, ICH_CONTEXTR, DB),
                                  FIELD_EX64(value, ICH_CONTEXTR, DBPM));
    }
    return FIELD_DP64(value, ICH_CONTEXTR, F, !ok);
}

static uint64_t port_command(GICv5Port *port, const GICv5Request *req)
{
    GICv5Space *sp = gicv5_irs_space(port->irs, req->domain);

    if (req->cmd == GICV5_CMD_SET_RESIDENT) {
        return set_resident(port->irs_pe, sp, req->value);
    }
    if (req->scope == GICV5_SCOPE_RESIDENT) {
        sp = gicv5_pe_resident_space(port->irs_pe, req->domain);
    } else if (req->scope == GICV5_SCOPE_VM) {
        sp = gicv5_vm_space(sp, req->vm);
    }
    return sp ? gicv5_command(sp, port->irs_pe, req->cmd, req->intid,
                              req->value) : gicv5_unreachable(req);
}

static bool port_check_loaded(GICv5Port *port)
{
    return gicv5_irs_is_loaded(arm_gicv5_primary(port->irs));
}

static bool port_check(GICv5Port *port, GICv5Domain domain,
                       GICv5Candidate candidate)
{
    return gicv5_system_check(port->irs->sys) &&
           gicv5_pe_candidate(port->irs_pe, domain) == candidate;
}

static const GICv5PortIRSOps port_ops = {
    .command = port_command,
    .check_loaded = port_check_loaded,
    .check = port_check,
};

static bool attach_cpus(ARMGICv5CommonState *s, Error **errp)
{
    /* The CPU interface's IDs must hold those of LPIs and of SPIs. */
    uint8_t id_bits = s->spi_range > 1u << 16 ? GICV5_MAX_ID_BITS : s->id_bits;

    for (uint32_t i = 0; i < s->num_cpus; i++) {
        GICv5Port *port = &s->port[i];

        port->irs_ops = &port_ops;
        port->id_bits = id_bits;
        if (!gicv5_cpu_attach(qemu_get_cpu(s->cpu_index[i]), port, errp)) {
            return false;
        }
    }
    return true;
}

/* --- life cycle --- */

static void init_frame(ARMGICv5State *gic, unsigned n,
                       const GICv5FrameType *type, GICv5Domain domain,
                       const char *name)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(gic);

    gicv5_frame_init(&gic->frame[n], type, &s->d[domain], "IRS", s->irsid,
                     domain);
    memory_region_init_io(&s->iomem[n], OBJECT(s), &gicv5_frame_ops,
                          &gic->frame[n], name, GICV5_FRAME_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(s), &s->iomem[n]);
}

static void arm_gicv5_realize(DeviceState *dev, Error **errp)
{
    ERRP_GUARD();
    ARMGICv5State *gic = ARM_GICV5(dev);
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(dev);
    ARMGICv5CommonClass *agc = ARM_GICV5_COMMON_GET_CLASS(s);

    agc->parent_realize(dev, errp);
    if (*errp) {
        return;
    }

    gicv5_irs_set_idrs(s);
    if (!attach_cpus(s, errp)) {
        arm_gicv5_common_undo_realize(s);
        return;
    }

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        static const char *const name[] = {
            "gicv5-irs-s", "gicv5-irs-ns", "gicv5-irs-el3", "gicv5-irs-realm",
        };
        static const char *const setlpi_name[] = {
            "gicv5-setlpi-s", "gicv5-setlpi-ns", "gicv5-setlpi-el3",
            "gicv5-setlpi-realm",
        };

        /* All numbers exist; what is mapped is the board's choice. */
        init_frame(gic, GICV5_MMIO_CONFIG(d), &gicv5_irs_config_frame, d,
                   name[d]);
        init_frame(gic, GICV5_MMIO_SETLPI(d), &gicv5_irs_setlpi_frame, d,
                   setlpi_name[d]);
    }
    if (!s->primary) {
        gicv5_irs_vmstate_init(s);
    }
}

static bool arm_gicv5_set_irq(ARMGICv5CommonState *s, int n, int level)
{
    return gicv5_spi_set_level(s->sys, s->engine_irs, n, level);
}

static void arm_gicv5_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ARMGICv5CommonClass *agc = ARM_GICV5_COMMON_CLASS(klass);

    device_class_set_parent_realize(dc, arm_gicv5_realize,
                                    &agc->parent_realize);
    agc->set_irq = arm_gicv5_set_irq;
}

static const TypeInfo arm_gicv5_info = {
    .name = TYPE_ARM_GICV5,
    .parent = TYPE_ARM_GICV5_COMMON,
    .instance_size = sizeof(ARMGICv5State),
    .class_size = sizeof(ARMGICv5Class),
    .class_init = arm_gicv5_class_init,
};

static void arm_gicv5_register_types(void)
{
    type_register_static(&arm_gicv5_info);
}

type_init(arm_gicv5_register_types)
