/*
 * Arm GICv5 Interrupt Routing Service (IRS), emulated
 *
 * The device is a window on the interrupt engine: it owns frames, wires and
 * the ports of its PEs. The IRS named by no other as its "primary" owns the
 * engine, which all IRSes of the machine share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "hw/intc/intc.h"
#include "exec/address-spaces.h"
#include "arm_gicv5_internal.h"

OBJECT_DECLARE_TYPE(ARMGICv5State, ARMGICv5Class, ARM_GICV5)

struct ARMGICv5State {
    ARMGICv5CommonState parent_obj;
};

struct ARMGICv5Class {
    ARMGICv5CommonClass parent_class;
};

/* --- what the engine needs --- */

/*
 * Tables are in the domain's physical address space. The numbers of domains
 * are those of ARMSecuritySpace; the EL3 domain's space is Root. "memory"
 * keeps these accesses off MMIO: a guest can put a table's address anywhere.
 */
static MemTxAttrs domain_attrs(GICv5Domain domain)
{
    return (MemTxAttrs) {
        .memory = 1,
        .space = domain,
        .secure = domain == GICV5_DOMAIN_S || domain == GICV5_DOMAIN_EL3,
    };
}

static bool dma_read(void *opaque, GICv5Domain domain, uint64_t addr,
                     void *buf, size_t len)
{
    ARMGICv5CommonState *s = opaque;

    return address_space_read(s->dma_as, addr, domain_attrs(domain), buf,
                              len) == MEMTX_OK;
}

static bool dma_write(void *opaque, GICv5Domain domain, uint64_t addr,
                      const void *buf, size_t len)
{
    ARMGICv5CommonState *s = opaque;

    return address_space_write(s->dma_as, addr, domain_attrs(domain), buf,
                               len) == MEMTX_OK;
}

static void forward(void *opaque, GICv5PE *pe, GICv5Domain domain,
                    GICv5Candidate candidate)
{
    GICv5Port *port = pe->opaque;

    if (port && port->cpu_ops) {
        port->cpu_ops->forward(port, domain, candidate);
    }
}

/* The shared tables are the primary's: so are the errors in them. */
static void swerr(void *opaque, GICv5Domain domain, GICv5SWErr ec,
                  uint32_t id, uint64_t addr)
{
    ARMGICv5CommonState *s = opaque;

    gicv5_irs_record_swerr(&s->d[domain], ec, id, addr);
}

static const GICv5EngineOps engine_ops = {
    .read = dma_read,
    .write = dma_write,
    .forward = forward,
    .swerr = swerr,
};

/* --- ports --- */

static uint64_t port_command(GICv5Port *port, GICv5Command cmd,
                             GICv5Domain domain, uint32_t intid,
                             uint32_t value)
{
    ARMGICv5CommonState *s = port->irs;

    return gicv5_command(s->sys, port->irs_pe, domain, cmd, intid, value);
}

static const GICv5PortIRSOps port_ops = {
    .command = port_command,
};

/* The PEs stay in the engine, which other IRSes may share, but are deaf. */
static void detach_cpus(ARMGICv5CommonState *s)
{
    for (uint32_t i = 0; i < s->num_cpus; i++) {
        GICv5PE *pe = s->port[i].irs_pe;

        if (s->port[i].cpu_ops) {
            gicv5_cpu_detach(&s->port[i]);
        }
        if (pe) {
            pe->opaque = NULL;
        }
    }
}

/* What can be wrong with them is found before the engine hears of a PE. */
static bool check_pes(ARMGICv5CommonState *s, Error **errp)
{
    for (uint32_t i = 0; i < s->num_cpus; i++) {
        if (!qemu_get_cpu(s->cpu_index[i])) {
            error_setg(errp, "cpus[%u]: there is no CPU %u", i,
                       s->cpu_index[i]);
            return false;
        }
        if (gicv5_system_find_pe(s->sys, s->iaffid[i])) {
            error_setg(errp, "iaffids[%u]: IAFFID %u is another IRS's", i,
                       s->iaffid[i]);
            return false;
        }
    }
    for (unsigned i = 0; i < s->sys->pe->len; i++) {
        const GICv5PE *pe = g_ptr_array_index(s->sys->pe, i);
        const GICv5Port *port = pe->opaque;

        if (port && ARM_GICV5_COMMON(port->irs)->irsid == s->irsid) {
            error_setg(errp, "irsid %u is another IRS's", s->irsid);
            return false;
        }
    }
    return true;
}

static bool attach_cpus(ARMGICv5CommonState *s, Error **errp)
{
    /* The CPU interface's IDs must hold those of LPIs and of SPIs. */
    uint8_t id_bits = s->spi_range > 1u << 16 ? GICV5_MAX_ID_BITS : s->id_bits;

    for (uint32_t i = 0; i < s->num_cpus; i++) {
        GICv5Port *port = &s->port[i];

        port->irs_ops = &port_ops;
        port->irs = s;
        port->iaffid = s->iaffid[i];
        port->domains = s->domains;
        port->id_bits = id_bits;
        port->irs_pe = gicv5_system_add_pe(s->sys, s->engine_irs,
                                           port->iaffid, port);
        if (!gicv5_cpu_attach(qemu_get_cpu(s->cpu_index[i]), port, errp)) {
            return false;
        }
    }
    return true;
}

/* --- life cycle --- */

static void arm_gicv5_realize(DeviceState *dev, Error **errp)
{
    ERRP_GUARD();
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(dev);
    ARMGICv5CommonClass *agc = ARM_GICV5_COMMON_GET_CLASS(s);
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);
    int irs;

    agc->parent_realize(dev, errp);
    if (*errp) {
        return;
    }

    if (s->primary) {
        s->sys = s->primary->sys;
    } else {
        GICv5EngineConfig cfg = {
            .domains = s->domains,
            .id_bits = s->id_bits,
            .min_id_bits = s->min_lpi_id_bits,
            .prio_bits = s->prio_bits,
            .one_of_n = s->one_of_n,
        };

        s->sys = gicv5_system_new(&cfg, &engine_ops, s);
    }
    if (!check_pes(s, errp)) {
        return;
    }
    irs = gicv5_system_add_irs(s->sys, s->spi_base, s->spi_irs_range);
    if (irs < 0) {
        error_setg(errp, "SPIs %u to %u are another IRS's in part",
                   s->spi_base, s->spi_base + s->spi_irs_range - 1);
        return;
    }
    s->engine_irs = irs;

    s->port = g_new0(GICv5Port, s->num_cpus);
    if (!attach_cpus(s, errp)) {
        detach_cpus(s);
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
        memory_region_init_io(&s->iomem[GICV5_MMIO_CONFIG(d)], OBJECT(s),
                              &gicv5_irs_config_ops, &s->d[d], name[d],
                              GICV5_FRAME_SIZE);
        memory_region_init_io(&s->iomem[GICV5_MMIO_SETLPI(d)], OBJECT(s),
                              &gicv5_irs_setlpi_ops, &s->d[d],
                              setlpi_name[d], GICV5_FRAME_SIZE);
        sysbus_init_mmio(sbd, &s->iomem[GICV5_MMIO_CONFIG(d)]);
        sysbus_init_mmio(sbd, &s->iomem[GICV5_MMIO_SETLPI(d)]);
    }
}

static void arm_gicv5_finalize(Object *obj)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(obj);

    if (s->port) {
        detach_cpus(s);
    }
    if (!s->primary) {
        gicv5_system_free(s->sys);
    }
    g_free(s->port);
}

static void arm_gicv5_reset_hold(Object *obj, ResetType type)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(obj);
    ARMGICv5CommonClass *agc = ARM_GICV5_COMMON_GET_CLASS(obj);

    if (agc->parent_phases.hold) {
        agc->parent_phases.hold(obj, type);
    }
    if (!s->primary) {
        gicv5_system_reset(s->sys);
    }
}

static bool arm_gicv5_set_irq(ARMGICv5CommonState *s, int n, int level)
{
    return gicv5_spi_set_level(s->sys, s->engine_irs, n, level);
}

static void arm_gicv5_print_info(InterruptStatsProvider *obj, GString *buf)
{
    gicv5_irs_print(ARM_GICV5_COMMON(obj), buf);
}

static void arm_gicv5_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);
    ARMGICv5CommonClass *agc = ARM_GICV5_COMMON_CLASS(klass);
    InterruptStatsProviderClass *ic = INTERRUPT_STATS_PROVIDER_CLASS(klass);

    device_class_set_parent_realize(dc, arm_gicv5_realize,
                                    &agc->parent_realize);
    resettable_class_set_parent_phases(rc, NULL, arm_gicv5_reset_hold, NULL,
                                       &agc->parent_phases);
    agc->set_irq = arm_gicv5_set_irq;
    dc->vmsd = &vmstate_arm_gicv5;
    ic->print_info = arm_gicv5_print_info;
}

static const TypeInfo arm_gicv5_info = {
    .name = TYPE_ARM_GICV5,
    .parent = TYPE_ARM_GICV5_COMMON,
    .instance_size = sizeof(ARMGICv5State),
    .instance_finalize = arm_gicv5_finalize,
    .class_size = sizeof(ARMGICv5Class),
    .class_init = arm_gicv5_class_init,
};

static void arm_gicv5_register_types(void)
{
    type_register_static(&arm_gicv5_info);
}

type_init(arm_gicv5_register_types)
