/*
 * Arm GICv5 Interrupt Routing Service (IRS): class common to all accelerators
 *
 * The IRS named by no other as its "primary" owns the interrupt engine, which
 * all IRSes of the machine share. With KVM the engine only holds what is
 * saved or loaded; the kernel routes interrupts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "hw/intc/intc.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "qemu/accel.h"
#include "hw/intc/arm_gicv5_kvm.h"
#include "system/kvm.h"
#include "system/qtest.h"
#include "system/tcg.h"
#include "dma.h"
#include "irs_internal.h"
#include "irs_regs.h"
#include "swerr.h"
#include "trace.h"

const char *gicv5_class_name(Error **errp)
{
    ERRP_GUARD();

    if (kvm_enabled()) {
        return kvm_gicv5_probe(NULL, errp) ? TYPE_KVM_ARM_GICV5 : NULL;
    }
    if (!tcg_enabled() && !qtest_enabled()) {
        error_setg(errp, "GICv5 is not supported with accelerator %s",
                   current_accel_name());
        error_append_hint(errp, "Use -accel tcg, or another gic-version.\n");
        return NULL;
    }
    return TYPE_ARM_GICV5;
}

static bool check_domains(ARMGICv5CommonState *s, Error **errp)
{
    if (!s->domains || s->domains >> GICV5_NUM_DOMAINS) {
        error_setg(errp, "domains must be a mask of 1 (Secure), "
                   "2 (Non-secure), 4 (EL3) and 8 (Realm), but is 0x%x",
                   s->domains);
        return false;
    }
    return true;
}

static bool check_virt(const ARMGICv5CommonState *s, Error **errp)
{
    if (s->vm_id_bits < 8 || s->vm_id_bits > 16) {
        error_setg(errp, "vm-id-bits must be 8 to 16, but is %u",
                   s->vm_id_bits);
        return false;
    }
    if (s->vpe_id_bits < 1 || s->vpe_id_bits > 16) {
        error_setg(errp, "vpe-id-bits must be 1 to 16, but is %u",
                   s->vpe_id_bits);
        return false;
    }
    if (s->vped_size_bits < GICV5_MIN_VPED_SIZE_BITS ||
        s->vped_size_bits > GICV5_MAX_VPED_SIZE_BITS) {
        error_setg(errp, "vped-size-bits must be %u to %u, but is %u",
                   GICV5_MIN_VPED_SIZE_BITS, GICV5_MAX_VPED_SIZE_BITS,
                   s->vped_size_bits);
        return false;
    }
    if (s->vm_memory < GICV5_MIN_LPI_MEMORY) {
        error_setg(errp, "vm-memory must be at least %" PRIu64 " bytes, but "
                   "is %" PRIu64, (uint64_t)GICV5_MIN_LPI_MEMORY,
                   s->vm_memory);
        return false;
    }
    return true;
}

static bool check_ids(ARMGICv5CommonState *s, Error **errp)
{
    if (s->irsid > UINT16_MAX) {
        error_setg(errp, "irsid must be at most %u, but is %u", UINT16_MAX,
                   s->irsid);
        return false;
    }
    if (s->id_bits < 1 || s->id_bits > GICV5_MAX_ID_BITS) {
        error_setg(errp, "id-bits must be 1 to %u, but is %u",
                   GICV5_MAX_ID_BITS, s->id_bits);
        return false;
    }
    if (s->min_lpi_id_bits > 14 || s->min_lpi_id_bits > s->id_bits) {
        error_setg(errp, "min-lpi-id-bits must be at most 14 and at most "
                   "id-bits (%u), but is %u", s->id_bits, s->min_lpi_id_bits);
        return false;
    }
    if (s->prio_bits < 1 || s->prio_bits > GICV5_PRIO_BITS) {
        error_setg(errp, "priority-bits must be 1 to %u, but is %u",
                   GICV5_PRIO_BITS, s->prio_bits);
        return false;
    }
    if (s->lpi_memory < GICV5_MIN_LPI_MEMORY) {
        error_setg(errp, "lpi-memory must be at least %" PRIu64 " bytes, but "
                   "is %" PRIu64, (uint64_t)GICV5_MIN_LPI_MEMORY,
                   s->lpi_memory);
        return false;
    }
    return !s->virt || check_virt(s, errp);
}

static bool check_spis(ARMGICv5CommonState *s, Error **errp)
{
    if (s->spi_range > 1 << GICV5_MAX_ID_BITS) {
        error_setg(errp, "spi-range must be at most %u, but is %u",
                   1 << GICV5_MAX_ID_BITS, s->spi_range);
        return false;
    }
    if (s->spi_base > s->spi_range) {
        error_setg(errp, "spi-base must be at most spi-range (%u), but is %u",
                   s->spi_range, s->spi_base);
        return false;
    }
    if (s->spi_irs_range == GICV5_SPI_IRS_RANGE_ALL) {
        s->spi_irs_range = s->spi_range - s->spi_base;
    }
    if (s->spi_irs_range > s->spi_range - s->spi_base) {
        error_setg(errp, "spi-irs-range must be at most spi-range - spi-base "
                   "(%u), but is %u", s->spi_range - s->spi_base,
                   s->spi_irs_range);
        return false;
    }
    if (s->spi_irs_range > GICV5_MAX_SPI_WIRES) {
        error_setg(errp, "spi-irs-range must be at most %u, but is %u",
                   GICV5_MAX_SPI_WIRES, s->spi_irs_range);
        return false;
    }
    return true;
}

static bool check_cpus(ARMGICv5CommonState *s, Error **errp)
{
    if (s->num_cpus < 1 || s->num_cpus > GICV5_MAX_PES) {
        error_setg(errp, "cpus must name 1 to %u CPUs, but names %u",
                   GICV5_MAX_PES, s->num_cpus);
        return false;
    }
    if (s->num_iaffids && s->num_iaffids != s->num_cpus) {
        error_setg(errp, "iaffids must be empty or as long as cpus (%u), but "
                   "has %u elements", s->num_cpus, s->num_iaffids);
        return false;
    }
    if (!s->num_iaffids) {
        s->num_iaffids = s->num_cpus;
        s->iaffid = g_memdup2(s->cpu_index,
                              s->num_cpus * sizeof(s->iaffid[0]));
    }
    for (uint32_t i = 0; i < s->num_cpus; i++) {
        if (s->iaffid[i] > UINT16_MAX) {
            error_setg(errp, "iaffids[%u] must be at most %u, but is %u", i,
                       UINT16_MAX, s->iaffid[i]);
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (s->iaffid[i] == s->iaffid[j]) {
                error_setg(errp, "iaffids[%u] and iaffids[%u] are both %u", j,
                           i, s->iaffid[i]);
                return false;
            }
        }
    }
    return true;
}

/* What all IRSes of a machine have in common */
static bool check_primary(ARMGICv5CommonState *s, Error **errp)
{
    ARMGICv5CommonState *p = s->primary;

    if (!p) {
        return true;
    }
    if (p->primary || p == s) {
        error_setg(errp, "primary must be an IRS that has no primary itself");
        return false;
    }
    if (!DEVICE(p)->realized) {
        error_setg(errp, "primary must be realized first");
        return false;
    }
    if (s->spi_range != p->spi_range || s->id_bits != p->id_bits ||
        s->min_lpi_id_bits != p->min_lpi_id_bits ||
        s->prio_bits != p->prio_bits || s->domains != p->domains ||
        s->one_of_n != p->one_of_n || s->swerr != p->swerr ||
        s->lpi_memory != p->lpi_memory || s->virt != p->virt ||
        s->virt_one_of_n != p->virt_one_of_n ||
        s->vm_id_bits != p->vm_id_bits || s->vmt_levels != p->vmt_levels ||
        s->vpe_id_bits != p->vpe_id_bits ||
        s->vped_size_bits != p->vped_size_bits ||
        s->vm_memory != p->vm_memory) {
        error_setg(errp, "spi-range, id-bits, min-lpi-id-bits, "
                   "priority-bits, domains, has-one-of-n, has-swerr, "
                   "lpi-memory, x-virtualization, has-virt-one-of-n, "
                   "vm-id-bits, vmt-levels, vpe-id-bits, vped-size-bits and "
                   "vm-memory must be those of the primary IRS");
        return false;
    }
    /* All IRSes share the tables, which are where the primary says. */
    if (s->dma_mr || s->secure_mr) {
        error_setg(errp, "sysmem and secure-memory are for the primary IRS "
                   "only");
        return false;
    }
    return true;
}

/* --- what the engine needs --- */

static bool mem_read(void *opaque, GICv5Domain domain, uint64_t addr,
                     void *buf, size_t len)
{
    ARMGICv5CommonState *s = opaque;

    return gicv5_memory_read(s->memory, domain, addr, buf, len);
}

static bool mem_write(void *opaque, GICv5Domain domain, uint64_t addr,
                      const void *buf, size_t len)
{
    ARMGICv5CommonState *s = opaque;

    return gicv5_memory_write(s->memory, domain, addr, buf, len);
}

static bool mem_read64(void *opaque, GICv5Domain domain, uint64_t addr,
                       uint64_t *value)
{
    ARMGICv5CommonState *s = opaque;

    return gicv5_memory_read64(s->memory, domain, addr, value);
}

static bool mem_modify64(void *opaque, GICv5Domain domain, uint64_t addr,
                         uint64_t mask, uint64_t bits, uint64_t *value)
{
    ARMGICv5CommonState *s = opaque;

    return gicv5_memory_modify64(s->memory, domain, addr, mask, bits, value);
}

static void forward(void *opaque, GICv5PE *pe, GICv5Domain domain,
                    GICv5Candidate candidate)
{
    GICv5Port *port = gicv5_pe_opaque(pe);

    if (port && port->cpu_ops) {
        port->cpu_ops->forward(port, domain, candidate);
    }
}

static void forward_virtual(void *opaque, GICv5PE *pe, GICv5Domain domain,
                            GICv5Candidate candidate)
{
    GICv5Port *port = gicv5_pe_opaque(pe);

    if (port && port->cpu_ops) {
        port->cpu_ops->forward_virtual(port, domain, candidate);
    }
}

/* The shared tables are the primary's: so are the errors in them. */
static void swerr(void *opaque, GICv5Domain domain, GICv5SWErr ec,
                  uint32_t id, uint64_t addr)
{
    ARMGICv5CommonState *s = opaque;

    gicv5_irs_record_swerr(&s->d[domain], ec, id, addr);
}

static unsigned one_of_n_limit(void *opaque, GICv5PE *pe, GICv5Domain domain)
{
    GICv5Port *port = gicv5_pe_opaque(pe);

    return port && port->cpu_ops ? port->cpu_ops->one_of_n_limit(port, domain)
                                 : 0;
}

static unsigned one_of_n_limit_virtual(void *opaque, GICv5PE *pe,
                                       GICv5Domain domain)
{
    GICv5Port *port = gicv5_pe_opaque(pe);

    return port && port->cpu_ops ?
           port->cpu_ops->one_of_n_limit_virtual(port, domain) : 0;
}

static const GICv5EngineOps engine_ops = {
    .read = mem_read,
    .write = mem_write,
    .read64 = mem_read64,
    .modify64 = mem_modify64,
    .one_of_n_limit = one_of_n_limit,
    .one_of_n_limit_virtual = one_of_n_limit_virtual,
    .forward = forward,
    .forward_virtual = forward_virtual,
    .swerr = swerr,
};

/* What can be wrong with them is found before the engine hears of a PE. */
static bool check_pes(ARMGICv5CommonState *s, Error **errp)
{
    const GICv5PE *pe;

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
    for (unsigned i = 0; (pe = gicv5_system_pe(s->sys, i)); i++) {
        const GICv5Port *port = gicv5_pe_opaque(pe);

        if (port && port->irs->irsid == s->irsid) {
            error_setg(errp, "irsid %u is another IRS's", s->irsid);
            return false;
        }
    }
    return true;
}

/*
 * CPUs and engine forget this IRS. A PE that goes stays in the engine, which
 * other IRSes may share, but deaf.
 */
static void leave_engine(ARMGICv5CommonState *s)
{
    for (uint32_t i = 0; s->port && i < s->num_cpus; i++) {
        GICv5PE *pe = s->port[i].irs_pe;

        gicv5_cpu_detach(&s->port[i]);
        if (pe) {
            gicv5_pe_set_opaque(pe, NULL);
        }
    }
    g_clear_pointer(&s->port, g_free);

    if (s->engine_owner) {
        s->sys = NULL;
        object_unref(s->engine_owner);
        s->engine_owner = NULL;
    } else {
        g_clear_pointer(&s->sys, gicv5_system_free);
    }
}

static bool join_engine(ARMGICv5CommonState *s, Error **errp)
{
    int irs;

    if (s->primary) {
        /* The engine's owner stays until we are out of it. */
        s->engine_owner = s->primary;
        object_ref(s->engine_owner);
        s->sys = s->engine_owner->sys;
    } else {
        GICv5EngineConfig cfg = {
            .domains = s->domains,
            .id_bits = s->id_bits,
            .min_id_bits = s->min_lpi_id_bits,
            .prio_bits = s->prio_bits,
            .one_of_n = s->one_of_n,
            .lpi_memory = s->lpi_memory,
            .virt = s->virt ? s->domains & ~(1 << GICV5_DOMAIN_EL3) : 0,
            .virt_one_of_n = s->virt_one_of_n,
            .vm_id_bits = s->vm_id_bits,
            .vpe_id_bits = s->vpe_id_bits,
            .vm_memory = s->vm_memory,
        };

        if (ARM_GICV5_COMMON_GET_CLASS(s)->container) {
            /*
             * A kernel without 1-of-N keeps what the guest wrote to an LPI's
             * IRM. So does the engine, whose words are used for nothing else.
             */
            cfg.one_of_n = true;
            cfg.container = true;
            cfg.lpi_memory = 0;
        }

        s->sys = gicv5_system_new(&cfg, &engine_ops, s);
    }
    if (!check_pes(s, errp)) {
        return false;
    }
    irs = gicv5_system_add_irs(s->sys, s->spi_base, s->spi_irs_range);
    if (irs < 0) {
        error_setg(errp, "SPIs %u to %u are another IRS's in part",
                   s->spi_base, s->spi_base + s->spi_irs_range - 1);
        return false;
    }
    s->engine_irs = irs;

    s->port = g_new0(GICv5Port, s->num_cpus);
    for (uint32_t i = 0; i < s->num_cpus; i++) {
        GICv5Port *port = &s->port[i];

        port->irs = s;
        port->iaffid = s->iaffid[i];
        port->domains = s->domains;
        port->irs_pe = gicv5_system_add_pe(s->sys, s->engine_irs,
                                           port->iaffid, port);
    }
    return true;
}

/* A device in an iothread, and an SMMU for it, raise lines without the BQL. */
static void arm_gicv5_common_set_irq(void *opaque, int n, int level)
{
    ARMGICv5CommonState *s = opaque;

    BQL_LOCK_GUARD();
    if (ARM_GICV5_COMMON_GET_CLASS(s)->set_irq(s, n, level) && level) {
        s->spi_count[n]++;
    }
}

void arm_gicv5_common_undo_realize(ARMGICv5CommonState *s)
{
    gicv5_irs_vmstate_cleanup(s);
    leave_engine(s);
    g_clear_pointer(&s->memory, gicv5_memory_free);
    g_clear_pointer(&s->spi_count, g_free);
    g_clear_pointer(&s->mig_spi, g_free);
    g_clear_pointer(&s->mig_dps, g_free);
}

static void arm_gicv5_common_realize(DeviceState *dev, Error **errp)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(dev);

    /* In case a child class has failed to realize before. */
    arm_gicv5_common_undo_realize(s);

    if (!check_domains(s, errp) || !check_ids(s, errp) ||
        !check_spis(s, errp) || !check_cpus(s, errp) ||
        !check_primary(s, errp)) {
        return;
    }

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        s->d[d].irs = s;
        s->d[d].domain = d;
    }
    s->memory = gicv5_memory_new(s->dma_mr, s->secure_mr);
    if (!join_engine(s, errp)) {
        arm_gicv5_common_undo_realize(s);
        return;
    }
    s->spi_count = g_new0(uint64_t, s->spi_irs_range);
    s->mig_spi = g_new0(uint64_t, s->spi_irs_range);
    s->mig_dps = g_new0(uint8_t, s->num_cpus);
    qdev_init_gpio_in(dev, arm_gicv5_common_set_irq, s->spi_irs_range);
}

/*
 * There is no unrealize: nothing could take wires and frames away from those
 * who hold them. They work until the last reference goes, and so does the
 * rest. Links are released before this, so "primary" and "sysmem" are not to
 * be looked at.
 */
static void arm_gicv5_common_finalize(Object *obj)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(obj);

    arm_gicv5_common_undo_realize(s);
    /* qdev does not free an array of properties. */
    g_free(s->cpu_index);
    g_free(s->iaffid);
}

static void arm_gicv5_common_reset_hold(Object *obj, ResetType type)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(obj);

    trace_gicv5_irs_reset(s->irsid);
    for (unsigned i = 0; i < GICV5_NUM_DOMAINS; i++) {
        GICv5IRSDomain *d = &s->d[i];

        d->cr0 = 0;
        d->cr1 = 0;
        d->spi_selr = GICV5_SEL_NONE;
        d->pe_selr = GICV5_SEL_NONE;
        d->ist_baser = 0;
        d->ist_cfgr = 0;
        gicv5_swerr_reset(&d->swerr);
        d->vmt_baser = 0;
        d->vmt_cfgr = 0;
        d->vpe_selected = 0;
        d->vpe_selr = 0;
        d->vm_selr = GICV5_SEL_NONE;
        d->vm_saved = 0;
        d->save_vmr = 0;
        d->vmap_l2_vmtr = 0;
        d->vmap_vmr = 0;
        d->vmap_vistr = 0;
        d->vmap_l2_vistr = 0;
        d->vmap_vper = 0;
    }
    if (!s->primary) {
        gicv5_system_reset(s->sys);
    }
}

static void arm_gicv5_common_print_info(InterruptStatsProvider *obj,
                                        GString *buf)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(obj);

    ARM_GICV5_COMMON_GET_CLASS(s)->print(s, buf);
}

static bool arm_gicv5_common_get_statistics(InterruptStatsProvider *obj,
                                            uint64_t **irq_counts,
                                            unsigned int *nb_irqs)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(obj);

    *irq_counts = s->spi_count;
    *nb_irqs = s->spi_irs_range;
    return s->spi_count;
}

static const Property arm_gicv5_common_properties[] = {
    DEFINE_PROP_ARRAY("cpus", ARMGICv5CommonState, num_cpus, cpu_index,
                      qdev_prop_uint32, uint32_t),
    DEFINE_PROP_ARRAY("iaffids", ARMGICv5CommonState, num_iaffids, iaffid,
                      qdev_prop_uint32, uint32_t),
    DEFINE_PROP_UINT32("irsid", ARMGICv5CommonState, irsid, 0),
    DEFINE_PROP_UINT32("spi-range", ARMGICv5CommonState, spi_range, 256),
    DEFINE_PROP_UINT32("spi-base", ARMGICv5CommonState, spi_base, 0),
    DEFINE_PROP_UINT32("spi-irs-range", ARMGICv5CommonState, spi_irs_range,
                       GICV5_SPI_IRS_RANGE_ALL),
    DEFINE_PROP_UINT8("id-bits", ARMGICv5CommonState, id_bits,
                      GICV5_MAX_ID_BITS),
    DEFINE_PROP_UINT8("min-lpi-id-bits", ARMGICv5CommonState, min_lpi_id_bits,
                      0),
    DEFINE_PROP_UINT8("priority-bits", ARMGICv5CommonState, prio_bits,
                      GICV5_PRIO_BITS),
    DEFINE_PROP_UINT8("domains", ARMGICv5CommonState, domains,
                      1 << GICV5_DOMAIN_NS),
    DEFINE_PROP_BOOL("has-one-of-n", ARMGICv5CommonState, one_of_n, true),
    DEFINE_PROP_BOOL("has-setlpi", ARMGICv5CommonState, setlpi, false),
    DEFINE_PROP_BOOL("has-swerr", ARMGICv5CommonState, swerr, true),
    DEFINE_PROP_LINK("primary", ARMGICv5CommonState, primary,
                     TYPE_ARM_GICV5_COMMON, ARMGICv5CommonState *),
    DEFINE_PROP_SIZE("lpi-memory", ARMGICv5CommonState, lpi_memory,
                     GICV5_DEFAULT_LPI_MEMORY),
    DEFINE_PROP_BOOL("x-virtualization", ARMGICv5CommonState, virt, false),
    DEFINE_PROP_BOOL("has-virt-one-of-n", ARMGICv5CommonState, virt_one_of_n,
                     true),
    DEFINE_PROP_UINT8("vm-id-bits", ARMGICv5CommonState, vm_id_bits, 16),
    DEFINE_PROP_BOOL("vmt-levels", ARMGICv5CommonState, vmt_levels, true),
    DEFINE_PROP_UINT8("vpe-id-bits", ARMGICv5CommonState, vpe_id_bits, 9),
    DEFINE_PROP_UINT8("vped-size-bits", ARMGICv5CommonState, vped_size_bits,
                      GICV5_DEFAULT_VPED_SIZE_BITS),
    DEFINE_PROP_SIZE("vm-memory", ARMGICv5CommonState, vm_memory,
                     GICV5_DEFAULT_VM_MEMORY),
    DEFINE_PROP_LINK("sysmem", ARMGICv5CommonState, dma_mr,
                     TYPE_MEMORY_REGION, MemoryRegion *),
    DEFINE_PROP_LINK("secure-memory", ARMGICv5CommonState, secure_mr,
                     TYPE_MEMORY_REGION, MemoryRegion *),
};

static void arm_gicv5_common_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);
    InterruptStatsProviderClass *ic = INTERRUPT_STATS_PROVIDER_CLASS(klass);
    ARMGICv5CommonClass *agc = ARM_GICV5_COMMON_CLASS(klass);

    agc->cr1_mask = GICV5_IRS_CR1_MASK;
    agc->check_idr = gicv5_irs_check_idr;
    agc->print = gicv5_irs_print;
    dc->desc = "Arm GICv5 Interrupt Routing Service";
    dc->realize = arm_gicv5_common_realize;
    dc->hotpluggable = false;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    device_class_set_props(dc, arm_gicv5_common_properties);
    rc->phases.hold = arm_gicv5_common_reset_hold;
    dc->vmsd = &vmstate_arm_gicv5;
    ic->get_statistics = arm_gicv5_common_get_statistics;
    ic->print_info = arm_gicv5_common_print_info;
}

static const TypeInfo arm_gicv5_common_info = {
    .name = TYPE_ARM_GICV5_COMMON,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(ARMGICv5CommonState),
    .instance_finalize = arm_gicv5_common_finalize,
    .class_size = sizeof(ARMGICv5CommonClass),
    .class_init = arm_gicv5_common_class_init,
    .abstract = true,
    .interfaces = (InterfaceInfo[]) {
        { TYPE_INTERRUPT_STATS_PROVIDER },
        { },
    },
};

static void arm_gicv5_common_register_types(void)
{
    type_register_static(&arm_gicv5_common_info);
}

type_init(arm_gicv5_common_register_types)
