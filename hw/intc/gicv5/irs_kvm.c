/*
 * Arm GICv5 Interrupt Routing Service (IRS) in the kernel (KVM vgic-v5)
 *
 * The kernel's IRS and ISTs are the truth. The engine and the registers of
 * the common class hold a copy only while state is saved or loaded.
 *
 * The kernel accepts state only before any vCPU has run, and has no reset:
 * see kvm_gicv5_reset_enter().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/ioctl.h>
#include "qapi/error.h"
#include "qemu/bitmap.h"
#include "qemu/coroutine.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "hw/intc/arm_gicv5_kvm.h"
#include "hw/qdev-properties.h"
#include "migration/snapshot-load-blocker.h"
#include "monitor/monitor.h"
#include "system/kvm.h"
#include "system/kvm-renew.h"
#include "system/kvm_int.h"
#include "system/runstate.h"
#include "system/system.h"
#include "target/arm/cpu.h"
#include "kvm_arm.h"
#include "irs_internal.h"
#include "irs_regs.h"
#include "trace.h"

/*
 * The kernel's interface (Linux 7.4). QEMU's copy of the kernel's headers is
 * older; a newer one has the same numbers under these names.
 */
#ifndef KVM_DEV_TYPE_ARM_VGIC_V5
#define KVM_DEV_TYPE_ARM_VGIC_V5 16
#endif
#ifndef KVM_VGIC_V5_ADDR_TYPE_IRS
#define KVM_VGIC_V5_ADDR_TYPE_IRS 6
#endif
#ifndef KVM_DEV_ARM_VGIC_GRP_IRS_REGS
#define KVM_DEV_ARM_VGIC_GRP_IRS_REGS 10
#endif
#ifndef KVM_DEV_ARM_VGIC_GRP_IST
#define KVM_DEV_ARM_VGIC_GRP_IST 11
#endif

/* Argument of KVM_DEV_ARM_VGIC_GRP_IST: addresses and sizes of two images */
typedef struct KVMGICv5Images {
    uint64_t spi_addr;
    uint64_t spi_size;
    uint64_t lpi_addr;
    uint64_t lpi_size;
} KVMGICv5Images;

/*
 * What QEMU does because of how the kernel treats SPIs and ID registers; each
 * can be switched off to see why it is there.
 */
enum {
    CARE_PULSE,                 /* a line that is raised again is pulsed */
    CARE_PRESET,                /* SPIs are level before the guest runs */
    CARE_LOAD,                  /* level SPIs are loaded as not pending */
    CARE_ID_REGS,               /* ID registers without a GICv3 */
};

/* What the kernel stores of a guest's write to IRS_CR1 */
#define KVM_IRS_CR1_MASK 0xf5ff

OBJECT_DECLARE_TYPE(KVMARMGICv5State, KVMARMGICv5Class, KVM_ARM_GICV5)

struct KVMARMGICv5State {
    ARMGICv5CommonState parent_obj;

    int dev_fd;
    KVMGICv5Limits limits;
    /*
     * The levels of the wires. The kernel has no way to ask for them, and
     * wants to be told again after a load.
     */
    unsigned long *level;
    /* Until the end of a reset; the VM is new, and gets those that are high. */
    bool hold_lines;
    bool has_run;
    bool has_state;             /* of a stream */
    /* SPIs that the board has and describes as level, and nothing else */
    uint32_t *level_spi;
    uint32_t num_level_spis;
    unsigned long *is_level_spi;
    uint32_t care;
    bool has_board;
    KVMGICv5Board board;
    Notifier machine_done;
    VMChangeStateEntry *vmstate;
};

struct KVMARMGICv5Class {
    ARMGICv5CommonClass parent_class;

    DeviceRealize parent_realize;
    ResettablePhases parent_phases;
};

/* --- access to the kernel --- */

static int device_attr(int fd, unsigned cmd, uint32_t group, uint64_t attr,
                       void *addr)
{
    struct kvm_device_attr a = {
        .group = group,
        .attr = attr,
        .addr = (uintptr_t)addr,
    };

    return ioctl(fd, cmd, &a) < 0 ? -errno : 0;
}

static bool read_reg(KVMARMGICv5State *k, hwaddr offset, const char *name,
                     uint64_t *value, Error **errp)
{
    int ret = device_attr(k->dev_fd, KVM_GET_DEVICE_ATTR,
                          KVM_DEV_ARM_VGIC_GRP_IRS_REGS, offset, value);

    trace_gicv5_kvm_irs_reg("get", name, ret ? 0 : *value, ret);
    if (ret) {
        error_setg_errno(errp, -ret, "the kernel does not tell %s", name);
    }
    return !ret;
}

static bool write_reg(KVMARMGICv5State *k, hwaddr offset, const char *name,
                      uint64_t value, Error **errp)
{
    int ret = device_attr(k->dev_fd, KVM_SET_DEVICE_ATTR,
                          KVM_DEV_ARM_VGIC_GRP_IRS_REGS, offset, &value);

    trace_gicv5_kvm_irs_reg("set", name, value, ret);
    if (ret) {
        error_setg_errno(errp, -ret, "the kernel does not accept %s = 0x%"
                         PRIx64, name, value);
    }
    return !ret;
}

#define READ_REG(k, reg, value, errp) \
    read_reg(k, A_##reg, #reg, value, errp)
#define WRITE_REG(k, reg, value, errp) \
    write_reg(k, A_##reg, #reg, value, errp)

static bool transfer_images(KVMARMGICv5State *k, bool set, GArray *spis,
                            GArray *lpis, Error **errp)
{
    KVMGICv5Images images = {
        .spi_addr = (uintptr_t)spis->data,
        .spi_size = spis->len * sizeof(uint32_t),
        .lpi_addr = lpis ? (uintptr_t)lpis->data : 0,
        .lpi_size = lpis ? lpis->len * sizeof(uint32_t) : 0,
    };
    int ret = device_attr(k->dev_fd,
                          set ? KVM_SET_DEVICE_ATTR : KVM_GET_DEVICE_ATTR,
                          KVM_DEV_ARM_VGIC_GRP_IST, 0, &images);

    trace_gicv5_kvm_ist(set ? "set" : "get", spis->len, lpis ? lpis->len : 0,
                        ret);
    if (ret) {
        error_setg_errno(errp, -ret, "the kernel does not %s the interrupt "
                         "state tables", set ? "accept" : "save");
    }
    return !ret;
}

/*
 * A CPU's ID registers were read before the VM had a GICv5, when it might have
 * had a GICv3 as well. They are final as soon as one vCPU runs, and another
 * that were to write what was read then would be refused.
 */
static bool read_gic_id_regs(CPUState *cs, Error **errp)
{
    static const uint64_t ids[] = {
        ARM64_SYS_REG(3, 0, 0, 1, 1),   /* ID_PFR1_EL1.GIC */
        ARM64_SYS_REG(3, 0, 0, 4, 0),   /* ID_AA64PFR0_EL1.GIC */
        ARM64_SYS_REG(3, 0, 0, 4, 2),   /* ID_AA64PFR2_EL1.GCIE */
    };
    ARMCPU *cpu = ARM_CPU(cs);

    for (unsigned i = 0; i < cpu->cpreg_array_len; i++) {
        for (unsigned j = 0; j < ARRAY_SIZE(ids); j++) {
            int ret = 0;

            if (cpu->cpreg_indexes[i] == ids[j]) {
                ret = kvm_get_one_reg(cs, ids[j], &cpu->cpreg_values[i]);
            }
            if (ret) {
                error_setg_errno(errp, -ret, "the kernel does not tell the ID "
                                 "registers of CPU %d", cs->cpu_index);
                return false;
            }
        }
    }
    return true;
}

/* --- probing --- */

/* A device of the VM behind @vmfd; -1 with @errp set if there is none */
static int probe_create(int vmfd, Error **errp)
{
    struct kvm_create_device create = { .type = KVM_DEV_TYPE_ARM_VGIC_V5 };

    if (ioctl(vmfd, KVM_CREATE_DEVICE, &create) < 0) {
        if (errno == ENODEV) {
            error_setg(errp, "gic-version=5: this host has no GICv5, or its "
                       "kernel cannot give it to a VM");
            error_append_hint(errp, "Use a host with a GICv5 and Linux 7.4 "
                              "or newer, or -accel tcg.\n");
        } else {
            error_setg_errno(errp, errno, "gic-version=5: the kernel cannot "
                             "create a GICv5");
        }
        return -1;
    }
    return create.fd;
}

static bool probe_limits(int fd, KVMGICv5Limits *limits, Error **errp)
{
    uint64_t addr = 0, idr1, idr2;
    int ret = device_attr(fd, KVM_HAS_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_IST, 0,
                          NULL);

    if (!ret) {
        ret = device_attr(fd, KVM_HAS_DEVICE_ATTR,
                          KVM_DEV_ARM_VGIC_GRP_IRS_REGS, A_IRS_IDR0, NULL);
    }
    if (ret && ret != -ENXIO) {
        error_setg_errno(errp, -ret, "gic-version=5: the kernel does not tell "
                         "whether it has the IRS and its tables");
        return false;
    }
    if (ret) {
        error_setg(errp, "gic-version=5: the kernel of this host has the "
                   "GICv5 CPU interface and PPIs only, which is no use to a "
                   "VM");
        error_append_hint(errp, "Use Linux 7.4 or newer on the host, or "
                          "-accel tcg.\n");
        return false;
    }
    ret = device_attr(fd, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_ADDR,
                      KVM_VGIC_V5_ADDR_TYPE_IRS, &addr);
    if (!ret) {
        ret = device_attr(fd, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_CTRL,
                          KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
    }
    if (!ret) {
        ret = device_attr(fd, KVM_GET_DEVICE_ATTR,
                          KVM_DEV_ARM_VGIC_GRP_IRS_REGS, A_IRS_IDR1, &idr1);
    }
    if (!ret) {
        ret = device_attr(fd, KVM_GET_DEVICE_ATTR,
                          KVM_DEV_ARM_VGIC_GRP_IRS_REGS, A_IRS_IDR2, &idr2);
    }
    if (ret) {
        error_setg_errno(errp, -ret, "gic-version=5: the kernel cannot "
                         "initialize a GICv5");
        return false;
    }
    limits->prio_bits = FIELD_EX32(idr1, IRS_IDR1, PRIORITY_BITS) + 1;
    limits->id_bits = FIELD_EX32(idr2, IRS_IDR2, ID_BITS);
    limits->min_lpi_id_bits = FIELD_EX32(idr2, IRS_IDR2, MIN_LPI_ID_BITS);
    if (limits->prio_bits > GICV5_PRIO_BITS || limits->id_bits < 1 ||
        limits->id_bits > GICV5_MAX_ID_BITS ||
        limits->min_lpi_id_bits > limits->id_bits) {
        error_setg(errp, "gic-version=5: the kernel's IRS_IDR1 (0x%x) or "
                   "IRS_IDR2 (0x%x) is not possible", (unsigned)idr1,
                   (unsigned)idr2);
        return false;
    }
    return true;
}

bool kvm_gicv5_probe(KVMGICv5Limits *limits, Error **errp)
{
    static KVMGICv5Limits found;
    static bool done;
    ERRP_GUARD();
    int fds[3];
    int dev;
    bool ok = false;

    if (!done) {
        if (!kvm_arm_create_scratch_host_vcpu(NULL, fds, NULL)) {
            error_setg_errno(errp, errno, "gic-version=5: cannot create a VM "
                             "to try it");
            return false;
        }
        dev = probe_create(fds[1], errp);
        if (dev >= 0) {
            ok = probe_limits(dev, &found, errp);
            close(dev);
        }
        kvm_arm_destroy_scratch_host_vcpu(fds);
        if (!ok) {
            return false;
        }
        done = true;
        trace_gicv5_kvm_probe(found.prio_bits, found.id_bits,
                              found.min_lpi_id_bits);
    }
    if (limits) {
        *limits = found;
    }
    return true;
}

/* --- interrupt lines --- */

/* Returns a negative errno if the kernel refuses. */
static int irq_line(unsigned type, unsigned vcpu, unsigned n, bool level)
{
    struct kvm_irq_level irq = {
        .irq = type << KVM_ARM_IRQ_TYPE_SHIFT |
               (vcpu & KVM_ARM_IRQ_VCPU_MASK) << KVM_ARM_IRQ_VCPU_SHIFT |
               (vcpu >> 8) << KVM_ARM_IRQ_VCPU2_SHIFT | n,
        .level = level,
    };
    int ret = kvm_vm_ioctl(kvm_state, KVM_IRQ_LINE, &irq);

    trace_gicv5_kvm_irq_line(irq.irq, level, ret);
    return ret;
}

/*
 * A refused line change is reported, once: the guest misses an interrupt, but
 * QEMU has no reason to end.
 */
static void set_line(unsigned type, unsigned vcpu, unsigned n, bool level)
{
    int ret = irq_line(type, vcpu, n, level);

    if (ret < 0) {
        error_report_once("kvm-gicv5: the kernel refused to change the line "
                          "of %s %u: %s", type == KVM_ARM_IRQ_TYPE_SPI ?
                          "SPI" : "PPI", n, strerror(-ret));
    }
}

/* The line of an SPI as part of a state that is to be complete */
static bool put_line(unsigned n, bool level, Error **errp)
{
    int ret = irq_line(KVM_ARM_IRQ_TYPE_SPI, 0, n, level);

    if (ret < 0) {
        error_setg_errno(errp, -ret, "the kernel does not %s the line of SPI "
                         "%u", level ? "raise" : "lower", n);
    }
    return ret >= 0;
}

static bool takes_care(const KVMARMGICv5State *k, unsigned care)
{
    return k->care & 1u << care;
}

/*
 * A device that raises a line again has something new, or shares the line. With
 * handling mode Edge the acknowledge took Pending away, and a level that does
 * not change is nothing to the kernel: only a pulse makes the SPI pending
 * again. With handling mode Level a pulse does no harm.
 */
static bool kvm_gicv5_set_irq(ARMGICv5CommonState *s, int n, int level)
{
    KVMARMGICv5State *k = KVM_ARM_GICV5(s);
    bool change = test_bit(n, k->level) != !!level;
    bool pulse = !change && level && takes_care(k, CARE_PULSE);

    if (change) {
        change_bit(n, k->level);
    }
    if (k->hold_lines) {
        return change;
    }
    if (pulse) {
        set_line(KVM_ARM_IRQ_TYPE_SPI, 0, n, false);
    }
    if (change || pulse) {
        set_line(KVM_ARM_IRQ_TYPE_SPI, 0, n, level);
    }
    return change;
}

/* The software PPI is the only one that is not a device's in the kernel. */
static void kvm_gicv5_set_sw_ppi(void *opaque, int n, int level)
{
    ARMGICv5CommonState *s = opaque;

    set_line(KVM_ARM_IRQ_TYPE_PPI, s->iaffid[n], GICV5_PPI_SW, level);
}

/* --- save --- */

/* The registers that QEMU keeps, from the kernel */
static bool get_registers(KVMARMGICv5State *k, Error **errp)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(k);
    GICv5IRSDomain *d = &s->d[GICV5_DOMAIN_NS];
    uint64_t idr[GICV5_NUM_IDRS], cr0, cr1, spi_selr, pe_selr, cfgr, baser;

    if (!READ_REG(k, IRS_IDR0, &idr[0], errp) ||
        !READ_REG(k, IRS_IDR1, &idr[1], errp) ||
        !READ_REG(k, IRS_IDR2, &idr[2], errp) ||
        !READ_REG(k, IRS_CR0, &cr0, errp) ||
        !READ_REG(k, IRS_CR1, &cr1, errp) ||
        !READ_REG(k, IRS_SPI_SELR, &spi_selr, errp) ||
        !READ_REG(k, IRS_PE_SELR, &pe_selr, errp) ||
        !READ_REG(k, IRS_IST_CFGR, &cfgr, errp) ||
        !READ_REG(k, IRS_IST_BASER, &baser, errp)) {
        return false;
    }
    for (unsigned i = 0; i < GICV5_NUM_IDRS; i++) {
        s->idr[i] = idr[i];
    }
    /* The domain is the frame's. */
    s->idr[0] &= ~R_IRS_IDR0_INT_DOM_MASK;
    d->cr0 = cr0 & R_IRS_CR0_IRSEN_MASK;
    d->cr1 = cr1 & KVM_IRS_CR1_MASK;
    d->spi_selr = spi_selr & R_IRS_SPI_SELR_ID_MASK;
    d->pe_selr = pe_selr & R_IRS_PE_SELR_IAFFID_MASK;
    d->ist_cfgr = cfgr & GICV5_IRS_IST_CFGR_MASK;
    d->ist_baser = baser & (R_IRS_IST_BASER_VALID_MASK |
                            R_IRS_IST_BASER_ADDR_MASK);
    return true;
}

/* Zeroed words for the images that the kernel expects now */
static GArray *new_spi_image(const ARMGICv5CommonState *s)
{
    GArray *a = g_array_new(false, true, sizeof(uint32_t));

    return g_array_set_size(a, s->spi_irs_range);
}

static GArray *new_lpi_image(const ARMGICv5CommonState *s)
{
    const GICv5IRSDomain *d = &s->d[GICV5_DOMAIN_NS];
    GArray *a;

    if (!(d->ist_baser & R_IRS_IST_BASER_VALID_MASK)) {
        return NULL;
    }
    a = g_array_new(false, true, sizeof(uint32_t));
    return g_array_set_size(a, 1u << gicv5_irs_ist_config(s,
                                                          d->ist_cfgr).id_bits);
}

static uint32_t image_word(const GArray *a, uint32_t i)
{
    return le32_to_cpu(g_array_index(a, uint32_t, i));
}

static void set_image_word(GArray *a, uint32_t i, uint32_t word)
{
    g_array_index(a, uint32_t, i) = cpu_to_le32(word);
}

static void spis_to_engine(KVMARMGICv5State *k, const GArray *image)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(k);
    GICv5Space *sp = gicv5_irs_space(s, GICV5_DOMAIN_NS);

    for (uint32_t i = 0; i < image->len; i++) {
        uint32_t word = image_word(image, i);
        GICv5SPIState st = {
            .word = gicv5_sanitize_word(sp, word),
            .domain = GICV5_DOMAIN_NS,
            /* As a kernel that loads it will; it does not tell its own. */
            .tm_level = FIELD_EX32(word, GICV5_ISTE, HM),
            .level = test_bit(i, k->level),
        };

        gicv5_spi_restore(s->sys, s->engine_irs, i, &st);
    }
}

static bool lpis_to_engine(KVMARMGICv5State *k, const GArray *image,
                           Error **errp)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(k);
    const GICv5IRSDomain *d = &s->d[GICV5_DOMAIN_NS];
    GICv5Space *sp = gicv5_irs_space(s, GICV5_DOMAIN_NS);
    GICv5IST *ist = gicv5_space_ist(sp, GICV5_TYPE_LPI);
    GICv5ISTConfig cfg = gicv5_irs_ist_config(s, d->ist_cfgr);
    uint32_t words[GICV5_IST_PAGE_SIZE];
    bool ok = true;
    uint32_t n;

    if (!gicv5_ist_restore_begin(ist, d->ist_baser & R_IRS_IST_BASER_ADDR_MASK,
                                 &cfg)) {
        error_setg(errp, "no memory for %u ID bits", cfg.id_bits);
        return false;
    }
    n = gicv5_ist_page_size(ist);
    for (uint32_t b = 0; b < gicv5_ist_num_pages(ist); b++) {
        bool used = false;

        for (uint32_t i = 0; i < n; i++) {
            words[i] = gicv5_sanitize_word(sp, image_word(image, b * n + i));
            used |= words[i];
        }
        if (used) {
            ok &= gicv5_ist_restore_words(ist, b, words);
        }
    }
    gicv5_ist_restore_end(s->sys);
    if (!ok) {
        error_setg(errp, "no memory for the state of LPIs");
    }
    return ok;
}

static bool kvm_gicv5_pre_save(ARMGICv5CommonState *s, Error **errp)
{
    KVMARMGICv5State *k = KVM_ARM_GICV5(s);
    g_autoptr(GArray) spis = NULL;
    g_autoptr(GArray) lpis = NULL;

    if (!get_registers(k, errp)) {
        return false;
    }
    spis = new_spi_image(s);
    lpis = new_lpi_image(s);
    if (!transfer_images(k, false, spis, lpis, errp)) {
        return false;
    }
    gicv5_system_reset(s->sys);
    gicv5_irs_enable(s->sys, s->engine_irs, GICV5_DOMAIN_NS,
                     s->d[GICV5_DOMAIN_NS].cr0);
    spis_to_engine(k, spis);
    return !lpis || lpis_to_engine(k, lpis, errp);
}

/* --- load --- */

/*
 * The kernel can take the part of another host's IRS if that promised no more
 * than this host has, and its user allows: the engine has as much.
 */
static bool kvm_gicv5_check_idr(ARMGICv5CommonState *s, const uint32_t *idr,
                                Error **errp)
{
    unsigned prio_bits = FIELD_EX32(idr[1], IRS_IDR1, PRIORITY_BITS) + 1;
    unsigned id_bits = FIELD_EX32(idr[2], IRS_IDR2, ID_BITS);
    unsigned min_bits = FIELD_EX32(idr[2], IRS_IDR2, MIN_LPI_ID_BITS);
    uint32_t like[GICV5_NUM_IDRS] = { s->idr[0], s->idr[1], s->idr[2] };

    if (prio_bits > s->prio_bits) {
        error_setg(errp, "priority-bits is %u, but the source has %u (option "
                   "-global kvm-gicv5.priority-bits)", s->prio_bits, prio_bits);
        return false;
    }
    if (id_bits > s->id_bits) {
        error_setg(errp, "id-bits is %u, but the source has %u (option "
                   "-global kvm-gicv5.id-bits)", s->id_bits, id_bits);
        return false;
    }
    if (min_bits < s->min_lpi_id_bits || min_bits > id_bits) {
        error_setg(errp, "min-lpi-id-bits is %u, but the source has %u (option "
                   "-global kvm-gicv5.min-lpi-id-bits)", s->min_lpi_id_bits,
                   min_bits);
        return false;
    }
    /* Everything else must be as it is here. */
    like[0] = FIELD_DP32(like[0], IRS_IDR0, PA_RANGE,
                         FIELD_EX32(idr[0], IRS_IDR0, PA_RANGE));
    like[0] = FIELD_DP32(like[0], IRS_IDR0, IRSID,
                         FIELD_EX32(idr[0], IRS_IDR0, IRSID));
    like[1] = FIELD_DP32(like[1], IRS_IDR1, PRIORITY_BITS, prio_bits - 1);
    like[2] = FIELD_DP32(like[2], IRS_IDR2, ID_BITS, id_bits);
    like[2] = FIELD_DP32(like[2], IRS_IDR2, MIN_LPI_ID_BITS, min_bits);
    memcpy(s->idr, like, sizeof(s->idr));
    return gicv5_irs_check_idr(s, idr, errp);
}

static bool put_registers(KVMARMGICv5State *k, Error **errp)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(k);
    const GICv5IRSDomain *d = &s->d[GICV5_DOMAIN_NS];
    uint32_t idr0 = FIELD_DP32(s->idr[0], IRS_IDR0, INT_DOM, GICV5_DOMAIN_NS);

    return WRITE_REG(k, IRS_IDR0, idr0, errp) &&
           WRITE_REG(k, IRS_IDR1, s->idr[1], errp) &&
           WRITE_REG(k, IRS_IDR2, s->idr[2], errp) &&
           WRITE_REG(k, IRS_CR1, d->cr1, errp) &&
           WRITE_REG(k, IRS_SPI_SELR, d->spi_selr, errp) &&
           WRITE_REG(k, IRS_PE_SELR, d->pe_selr, errp) &&
           WRITE_REG(k, IRS_IST_CFGR, d->ist_cfgr, errp) &&
           WRITE_REG(k, IRS_IST_BASER, d->ist_baser, errp) &&
           WRITE_REG(k, IRS_CR0, d->cr0, errp);
}

/*
 * What the board knows to be level is so, whatever the stream says: a kernel
 * that was not told by preset_spis() has HM 0 for all SPIs of a guest.
 */
static bool is_level(const KVMARMGICv5State *k, uint32_t n,
                     const GICv5SPIState *spi)
{
    return spi->tm_level || test_bit(n, k->is_level_spi);
}

/*
 * The kernel takes PENDING for an edge that it has seen, and nothing but the
 * next load makes it forget one. A level SPI would stay pending for ever: it is
 * loaded as not pending, and its line raised. (What software made pending is
 * lost.)
 */
static void engine_to_spis(KVMARMGICv5State *k, GArray *image)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(k);

    for (uint32_t i = 0; i < image->len; i++) {
        GICv5SPIState spi;
        uint32_t word;
        bool level;

        gicv5_spi_get(s->sys, s->engine_irs, i, &spi);
        level = is_level(k, i, &spi);
        word = FIELD_DP32(spi.word, GICV5_ISTE, HM, level);
        if (level && takes_care(k, CARE_LOAD)) {
            word = FIELD_DP32(word, GICV5_ISTE, PENDING, 0);
        }
        set_image_word(image, i, word);
    }
}

static void engine_to_lpis(ARMGICv5CommonState *s, GArray *image)
{
    const GICv5IST *ist = gicv5_irs_ist(s, GICV5_DOMAIN_NS);
    uint32_t n = gicv5_ist_page_size(ist);
    uint32_t words[GICV5_IST_PAGE_SIZE];

    for (uint32_t b = 0; b < gicv5_ist_num_pages(ist); b++) {
        if (gicv5_ist_get_words(ist, b, words)) {
            for (uint32_t i = 0; i < n; i++) {
                set_image_word(image, b * n + i, words[i]);
            }
        }
    }
}

static void no_loadvm(Error **errp)
{
    error_setg(errp, "the kernel does not accept the state of a GICv5 once "
               "it has run or has state, and with vfio or dirty-ring-size "
               "there can be no new VM: start QEMU with -loadvm instead");
}

static bool kvm_gicv5_pre_load(ARMGICv5CommonState *s, Error **errp)
{
    KVMARMGICv5State *k = KVM_ARM_GICV5(s);

    /* loadvm does not come here: it resets first, or is blocked. */
    if (k->has_run) {
        no_loadvm(errp);
        return false;
    }
    return true;
}

static bool kvm_gicv5_post_load(ARMGICv5CommonState *s, Error **errp)
{
    KVMARMGICv5State *k = KVM_ARM_GICV5(s);
    const GICv5IRSDomain *d = &s->d[GICV5_DOMAIN_NS];
    g_autoptr(GArray) spis = NULL;
    g_autoptr(GArray) lpis = NULL;

    /* Without a table the kernel keeps whatever a guest has written. */
    if (FIELD_EX64(d->ist_baser, IRS_IST_BASER, VALID) &&
        FIELD_EX32(d->ist_cfgr, IRS_IST_CFGR, STRUCTURE)) {
        error_setg(errp, "ist_cfgr: the kernel has no two-level tables");
        return false;
    }
    k->has_state = true;
    /* Lines that devices have raised since the last reset */
    for (uint32_t i = 0; i < s->spi_irs_range; i++) {
        if (test_bit(i, k->level) && !put_line(i, false, errp)) {
            return false;
        }
    }
    if (!put_registers(k, errp)) {
        return false;
    }
    spis = new_spi_image(s);
    lpis = new_lpi_image(s);
    engine_to_spis(k, spis);
    if (lpis) {
        engine_to_lpis(s, lpis);
    }
    if (!transfer_images(k, true, spis, lpis, errp)) {
        return false;
    }
    for (uint32_t i = 0; i < s->spi_irs_range; i++) {
        GICv5SPIState spi;

        gicv5_spi_get(s->sys, s->engine_irs, i, &spi);
        if (spi.level) {
            set_bit(i, k->level);
        } else {
            clear_bit(i, k->level);
        }
        /* That of an edge SPI would be a new edge. */
        if (spi.level && is_level(k, i, &spi) && !put_line(i, true, errp)) {
            return false;
        }
    }
    return true;
}

/* --- CPU interfaces --- */

static bool kvm_gicv5_access_cpu(GICv5Port *port, uint64_t attr, bool write,
                                 uint64_t *value, Error **errp)
{
    KVMARMGICv5State *k = KVM_ARM_GICV5(port->irs);
    int ret = device_attr(k->dev_fd,
                          write ? KVM_SET_DEVICE_ATTR : KVM_GET_DEVICE_ATTR,
                          KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, attr, value);

    k->has_state |= write;
    trace_gicv5_kvm_cpu_reg(write ? "set" : "get", port->iaffid,
                            (uint16_t)attr, ret && !write ? 0 : *value, ret);
    if (ret) {
        error_setg_errno(errp, -ret, "the kernel does not %s CPU interface "
                         "register 0x%04x of CPU %u",
                         write ? "accept" : "tell", (uint16_t)attr,
                         port->iaffid);
    }
    return !ret;
}

static bool kvm_gicv5_check_loaded(GICv5Port *port)
{
    return gicv5_irs_is_loaded(port->irs);
}

static const GICv5PortIRSOps port_ops = {
    .access = kvm_gicv5_access_cpu,
    .check_loaded = kvm_gicv5_check_loaded,
};

/* --- life cycle --- */

static bool check_properties(ARMGICv5CommonState *s, Error **errp)
{
    KVMARMGICv5State *k = KVM_ARM_GICV5(s);

    if (s->domains != 1 << GICV5_DOMAIN_NS || s->primary || s->irsid ||
        s->one_of_n || s->setlpi || s->swerr || s->virt || s->dma_mr) {
        error_setg(errp, "the kernel's GICv5 is one IRS with irsid 0 and the "
                   "Non-secure domain, without 1-of-N, SETLPI, SWERR and "
                   "virtualization");
        return false;
    }
    if (s->spi_base || s->spi_irs_range != s->spi_range || !s->spi_range ||
        s->spi_range > KVM_GICV5_MAX_SPIS ||
        s->spi_range % KVM_GICV5_SPI_STEP) {
        error_setg(errp, "spi-range must be a multiple of %u, at most %u, and "
                   "all of this IRS, but is %u from %u of %u",
                   KVM_GICV5_SPI_STEP, KVM_GICV5_MAX_SPIS, s->spi_irs_range,
                   s->spi_base, s->spi_range);
        return false;
    }
    for (uint32_t i = 0; i < s->num_cpus; i++) {
        if (s->iaffid[i] != s->cpu_index[i]) {
            error_setg(errp, "iaffids[%u] must be %u, the number of the vCPU, "
                       "but is %u", i, s->cpu_index[i], s->iaffid[i]);
            return false;
        }
    }
    for (uint32_t i = 0; i < k->num_level_spis; i++) {
        if (k->level_spi[i] >= s->spi_range) {
            error_setg(errp, "level-spis[%u] must be less than spi-range (%u), "
                       "but is %u", i, s->spi_range, k->level_spi[i]);
            return false;
        }
    }
    /* Less than the host has may be asked for, so that lesser hosts will do. */
    s->id_bits = MIN(s->id_bits, k->limits.id_bits);
    s->min_lpi_id_bits = MAX(s->min_lpi_id_bits, k->limits.min_lpi_id_bits);
    s->prio_bits = MIN(s->prio_bits, k->limits.prio_bits);
    return true;
}

static bool create_in_kernel(KVMARMGICv5State *k, Error **errp)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(k);
    uint32_t spis = s->spi_range;
    int ret;

    k->dev_fd = kvm_create_device(kvm_state, KVM_DEV_TYPE_ARM_VGIC_V5, false);
    trace_gicv5_kvm_create(k->dev_fd < 0 ? k->dev_fd : 0);
    if (k->dev_fd < 0) {
        error_setg_errno(errp, -k->dev_fd, "the kernel cannot create a GICv5 "
                         "for %u CPUs", s->num_cpus);
        return false;
    }
    ret = device_attr(k->dev_fd, KVM_SET_DEVICE_ATTR,
                      KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &spis);
    if (ret) {
        error_setg_errno(errp, -ret, "the kernel does not accept %u SPIs",
                         spis);
        return false;
    }
    if (takes_care(k, CARE_ID_REGS)) {
        for (uint32_t i = 0; i < s->num_cpus; i++) {
            if (!read_gic_id_regs(qemu_get_cpu(s->cpu_index[i]), errp)) {
                return false;
            }
        }
    }
    /* All vCPUs exist; from now on the kernel refuses to create more. */
    ret = device_attr(k->dev_fd, KVM_SET_DEVICE_ATTR,
                      KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT,
                      NULL);
    trace_gicv5_kvm_init(s->num_cpus, spis, ret);
    if (ret) {
        error_setg_errno(errp, -ret, "the kernel cannot initialize the GICv5 "
                         "for %u CPUs and %u SPIs", s->num_cpus, spis);
        return false;
    }
    return true;
}

/* What the user wants to be less than the host has */
static bool put_limits(KVMARMGICv5State *k, Error **errp)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(k);
    uint32_t idr1 = FIELD_DP32(s->idr[1], IRS_IDR1, PRIORITY_BITS,
                               s->prio_bits - 1);
    uint32_t idr2 = FIELD_DP32(s->idr[2], IRS_IDR2, ID_BITS, s->id_bits);

    idr2 = FIELD_DP32(idr2, IRS_IDR2, MIN_LPI_ID_BITS, s->min_lpi_id_bits);
    return (idr1 == s->idr[1] || WRITE_REG(k, IRS_IDR1, idr1, errp)) &&
           (idr2 == s->idr[2] || WRITE_REG(k, IRS_IDR2, idr2, errp));
}

/* The SPIs before the guest's first instruction */
static uint32_t new_spi_word(const KVMARMGICv5State *k, uint32_t n)
{
    return FIELD_DP32(0, GICV5_ISTE, HM, test_bit(n, k->is_level_spi));
}

/*
 * A guest's write of IRS_SPI_CFGR.TM changes the kernel's notion of an SPI, but
 * not the handling mode that the hardware goes by, and Linux leaves that at
 * Edge: an SPI whose line is still high when its handler ends would not be
 * signalled again. A load sets both, and is the only way to do so. The kernel
 * takes one without LPIs as often as QEMU likes, before anything has run.
 *
 * It also makes the kernel forget edges. Lines are raised afterwards.
 */
static bool preset_spis(KVMARMGICv5State *k, Error **errp)
{
    g_autoptr(GArray) spis = new_spi_image(ARM_GICV5_COMMON(k));

    if (bitmap_empty(k->is_level_spi, spis->len)) {
        return true;
    }
    for (uint32_t i = 0; i < spis->len; i++) {
        set_image_word(spis, i, new_spi_word(k, i));
    }
    return transfer_images(k, true, spis, NULL, errp);
}

/*
 * The address is final, so the kernel can be told, and its ID registers can
 * be read. Nothing has run yet.
 */
static bool place_in_memory(KVMARMGICv5State *k, Error **errp)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(k);
    uint64_t addr = SYS_BUS_DEVICE(k)->mmio[0].addr;
    uint64_t idr1, idr2, idr5, idr6, idr7;
    int ret = device_attr(k->dev_fd, KVM_SET_DEVICE_ATTR,
                          KVM_DEV_ARM_VGIC_GRP_ADDR,
                          KVM_VGIC_V5_ADDR_TYPE_IRS, &addr);

    trace_gicv5_kvm_address(addr, ret);
    if (ret) {
        error_setg_errno(errp, -ret, "the kernel cannot place the IRS at 0x%"
                         PRIx64, addr);
        return false;
    }
    if (!get_registers(k, errp) || !put_limits(k, errp) ||
        !READ_REG(k, IRS_IDR1, &idr1, errp) ||
        !READ_REG(k, IRS_IDR2, &idr2, errp) ||
        !READ_REG(k, IRS_IDR5, &idr5, errp) ||
        !READ_REG(k, IRS_IDR6, &idr6, errp) ||
        !READ_REG(k, IRS_IDR7, &idr7, errp)) {
        return false;
    }
    /* What the device tree says must be true. */
    if (FIELD_EX32(idr1, IRS_IDR1, PE_CNT) != s->num_cpus ||
        idr5 != s->spi_range || idr6 != s->spi_range || idr7 ||
        FIELD_EX32(idr1, IRS_IDR1, PRIORITY_BITS) + 1 != s->prio_bits ||
        FIELD_EX32(idr2, IRS_IDR2, ID_BITS) != s->id_bits ||
        FIELD_EX32(idr2, IRS_IDR2, MIN_LPI_ID_BITS) != s->min_lpi_id_bits) {
        error_setg(errp, "the kernel's IRS is not what was asked for: "
                   "IRS_IDR1 0x%x, IRS_IDR2 0x%x, IRS_IDR5 0x%x, IRS_IDR6 "
                   "0x%x, IRS_IDR7 0x%x", (unsigned)idr1, (unsigned)idr2,
                   (unsigned)idr5, (unsigned)idr6, (unsigned)idr7);
        return false;
    }
    return preset_spis(k, errp);
}

static void kvm_gicv5_machine_done(Notifier *n, void *data)
{
    KVMARMGICv5State *k = container_of(n, KVMARMGICv5State, machine_done);
    Error *err = NULL;

    if (!place_in_memory(k, &err)) {
        error_reportf_err(err, "kvm-gicv5: ");
        exit(1);
    }
}

static bool is_new(const KVMARMGICv5State *k)
{
    return !k->has_run && !k->has_state;
}

static bool can_renew(const KVMARMGICv5State *k)
{
    return k->has_board && kvm_can_renew_vm();
}

/* Before loadvm does harm; the reset in it needs a new VM. */
static bool kvm_gicv5_blocks_loadvm(void *opaque, Error **errp)
{
    KVMARMGICv5State *k = opaque;

    if (is_new(k) || can_renew(k)) {
        return false;
    }
    no_loadvm(errp);
    return true;
}

static void kvm_gicv5_vm_state_change(void *opaque, bool running,
                                      RunState state)
{
    KVMARMGICv5State *k = opaque;

    k->has_run |= running;
}

void kvm_gicv5_set_board(DeviceState *dev, const KVMGICv5Board *board)
{
    KVMARMGICv5State *k = KVM_ARM_GICV5(dev);

    k->board = *board;
    k->has_board = true;
}

static void kvm_gicv5_realize(DeviceState *dev, Error **errp)
{
    ERRP_GUARD();
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(dev);
    KVMARMGICv5State *k = KVM_ARM_GICV5(dev);
    KVMARMGICv5Class *kgc = KVM_ARM_GICV5_GET_CLASS(k);

    if (!kvm_enabled()) {
        error_setg(errp, "kvm-gicv5 needs -accel kvm");
        return;
    }
    if (s->spi_irs_range == GICV5_SPI_IRS_RANGE_ALL) {
        s->spi_irs_range = s->spi_range;
    }
    if (!kvm_gicv5_probe(&k->limits, errp) || !check_properties(s, errp)) {
        return;
    }
    if (kvm_has_gsi_routing() && kvm_state->gsi_count < s->spi_range) {
        error_setg(errp, "the kernel routes %u interrupts, fewer than the %u "
                   "SPIs", kvm_state->gsi_count, s->spi_range);
        return;
    }
    kgc->parent_realize(dev, errp);
    if (*errp) {
        return;
    }
    for (uint32_t i = 0; i < s->num_cpus; i++) {
        s->port[i].irs_ops = &port_ops;
        s->port[i].id_bits = 16;
        if (!gicv5_cpu_attach(qemu_get_cpu(s->cpu_index[i]), &s->port[i],
                              errp)) {
            return;
        }
    }
    k->level = bitmap_new(s->spi_range);
    k->is_level_spi = bitmap_new(s->spi_range);
    if (takes_care(k, CARE_PRESET)) {
        for (uint32_t i = 0; i < k->num_level_spis; i++) {
            set_bit(k->level_spi[i], k->is_level_spi);
        }
    }
    k->hold_lines = true;
    if (!create_in_kernel(k, errp)) {
        return;
    }

    /* The frame of the IRS and, inert, that of SETLPI */
    memory_region_init_io(&s->iomem[0], OBJECT(s), NULL, s, "kvm-gicv5",
                          2 * GICV5_FRAME_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->iomem[0]);
    qdev_init_gpio_in_named(dev, kvm_gicv5_set_sw_ppi, "sw-ppi", s->num_cpus);

    if (kvm_has_gsi_routing()) {
        /* As the kernel has them since KVM_DEV_ARM_VGIC_CTRL_INIT */
        for (uint32_t i = 0; i < s->spi_range; i++) {
            kvm_irqchip_add_irq_route(kvm_state, i, 0, i);
        }
        kvm_gsi_routing_allowed = true;
    }

    /*
     * The kernel does not signal the end of an SPI to an irqfd, so that a
     * level interrupt of vfio would come once and never again.
     */
    kvm_resamplefds_allowed = false;

    k->machine_done.notify = kvm_gicv5_machine_done;
    qemu_add_machine_init_done_notifier(&k->machine_done);
    k->vmstate = qemu_add_vm_change_state_handler(kvm_gicv5_vm_state_change,
                                                  k);
    snapshot_load_add_blocker(kvm_gicv5_blocks_loadvm, k);
}

static void kvm_gicv5_init(Object *obj)
{
    KVMARMGICv5State *k = KVM_ARM_GICV5(obj);

    k->dev_fd = -1;
}

static void kvm_gicv5_finalize(Object *obj)
{
    KVMARMGICv5State *k = KVM_ARM_GICV5(obj);

    if (k->machine_done.notify) {
        qemu_remove_machine_init_done_notifier(&k->machine_done);
    }
    if (k->vmstate) {
        qemu_del_vm_change_state_handler(k->vmstate);
    }
    if (k->dev_fd >= 0) {
        close(k->dev_fd);
    }
    snapshot_load_del_blocker(kvm_gicv5_blocks_loadvm, k);
    g_free(k->level);
    g_free(k->is_level_spi);
    g_free(k->level_spi);
}

/* Is the kernel's state what a guest expects at its first instruction? */
static bool is_as_new(KVMARMGICv5State *k, Error **errp)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(k);
    const GICv5IRSDomain *d = &s->d[GICV5_DOMAIN_NS];
    g_autoptr(GArray) spis = NULL;

    if (!get_registers(k, errp)) {
        return false;
    }
    if (d->cr0 || d->ist_baser & R_IRS_IST_BASER_VALID_MASK) {
        return false;
    }
    spis = new_spi_image(s);
    if (!transfer_images(k, false, spis, NULL, errp)) {
        return false;
    }
    for (uint32_t i = 0; i < spis->len; i++) {
        uint32_t word = image_word(spis, i);

        /* Devices make interrupts pending before any guest is there. */
        if (FIELD_DP32(word, GICV5_ISTE, PENDING, 0) != new_spi_word(k, i)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < s->num_cpus; i++) {
        if (!gicv5_cpu_is_as_new_kvm(&s->port[i], errp)) {
            return false;
        }
    }
    return true;
}

/* A VM that has not run */
static bool renew(KVMARMGICv5State *k, Error **errp)
{
    close(k->dev_fd);
    k->dev_fd = -1;
    if (!kvm_renew_vm(k->board.vm_type, errp) ||
        !create_in_kernel(k, errp)) {
        return false;
    }
    k->board.init_cpus(k->board.opaque);
    return place_in_memory(k, errp);
}

static void reset_failed(Error *err)
{
    /* A monitor would never show it: its output ends with the process. */
    monitor_set_cur(qemu_coroutine_self(), NULL);
    error_reportf_err(err, "kvm-gicv5: cannot reset: ");
    exit(1);
}

/*
 * The VM is made anew, before the vCPUs are reset. If that cannot be, a guest
 * that tidied up before it asked for a reset (as it must before kexec) can go
 * on. Any other would start with the old guest's tables, and fail in ways that
 * nobody could explain: end instead, and say why.
 */
static void kvm_gicv5_reset_enter(Object *obj, ResetType type)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(obj);
    KVMARMGICv5State *k = KVM_ARM_GICV5(obj);
    KVMARMGICv5Class *kgc = KVM_ARM_GICV5_GET_CLASS(obj);
    Error *err = NULL;

    if (kgc->parent_phases.enter) {
        kgc->parent_phases.enter(obj, type);
    }
    if (is_new(k)) {
        return;
    }
    if (can_renew(k)) {
        if (!renew(k, &err)) {
            reset_failed(err);
        }
        /* Resets are no change of the run state. */
        k->has_run = runstate_is_running();
        k->has_state = false;
        k->hold_lines = true;
        if (type == RESET_TYPE_SNAPSHOT_LOAD) {
            /* The levels are part of what follows. */
            bitmap_zero(k->level, s->spi_range);
        }
        return;
    }
    if (is_as_new(k, &err)) {
        return;
    }
    trace_gicv5_kvm_no_reset();
    if (err) {
        error_reportf_err(err, "kvm-gicv5: cannot check the state for a "
                          "reset: ");
    }
    error_report("kvm-gicv5: the kernel cannot reset the GICv5 of a VM that "
                 "has run, and with vfio or dirty-ring-size there can be no "
                 "new VM: this guest cannot be rebooted, start QEMU again "
                 "(-no-reboot makes a reboot end QEMU without this error)");
    qemu_system_shutdown_request_with_code(SHUTDOWN_CAUSE_HOST_ERROR, 1);
}

static void kvm_gicv5_print(ARMGICv5CommonState *s, GString *buf)
{
    KVMARMGICv5State *k = KVM_ARM_GICV5(s);
    Error *err = NULL;

    /* What is being loaded is in QEMU, and not complete. */
    if (runstate_is_running() || runstate_check(RUN_STATE_INMIGRATE) ||
        !kvm_gicv5_pre_save(s, &err)) {
        g_string_append_printf(buf, "IRS %u is in the kernel: its state can "
                               "be read while the VM is stopped, and has been "
                               "loaded\n", s->irsid);
        error_free(err);
        return;
    }
    g_string_append_printf(buf, "state of the kernel, wires of QEMU (%ld "
                           "high):\n", bitmap_count_one(k->level,
                                                        s->spi_range));
    gicv5_irs_print(s, buf);
}

/* Devices have lowered their lines; those that are still high, are. */
static void kvm_gicv5_reset_exit(Object *obj, ResetType type)
{
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(obj);
    KVMARMGICv5State *k = KVM_ARM_GICV5(obj);
    KVMARMGICv5Class *kgc = KVM_ARM_GICV5_GET_CLASS(obj);
    Error *err = NULL;

    if (kgc->parent_phases.exit) {
        kgc->parent_phases.exit(obj, type);
    }
    for (uint32_t i = 0; i < s->spi_range && k->hold_lines; i++) {
        if (test_bit(i, k->level) && !put_line(i, true, &err)) {
            reset_failed(err);
        }
    }
    k->hold_lines = false;
}

static const Property kvm_gicv5_properties[] = {
    DEFINE_PROP_ARRAY("level-spis", KVMARMGICv5State, num_level_spis,
                      level_spi, qdev_prop_uint32, uint32_t),
    DEFINE_PROP_BIT("x-pulse-lines", KVMARMGICv5State, care, CARE_PULSE, true),
    DEFINE_PROP_BIT("x-preset-level", KVMARMGICv5State, care, CARE_PRESET,
                    true),
    DEFINE_PROP_BIT("x-load-by-line", KVMARMGICv5State, care, CARE_LOAD, true),
    DEFINE_PROP_BIT("x-reread-id-regs", KVMARMGICv5State, care, CARE_ID_REGS,
                    true),
};

static void kvm_gicv5_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);
    ARMGICv5CommonClass *agc = ARM_GICV5_COMMON_CLASS(klass);
    KVMARMGICv5Class *kgc = KVM_ARM_GICV5_CLASS(klass);

    dc->desc = "Arm GICv5 Interrupt Routing Service in the kernel (KVM)";
    dc->user_creatable = false;
    device_class_set_props(dc, kvm_gicv5_properties);
    device_class_set_parent_realize(dc, kvm_gicv5_realize,
                                    &kgc->parent_realize);
    resettable_class_set_parent_phases(rc, kvm_gicv5_reset_enter, NULL,
                                       kvm_gicv5_reset_exit,
                                       &kgc->parent_phases);
    agc->cr1_mask = KVM_IRS_CR1_MASK;
    agc->set_irq = kvm_gicv5_set_irq;
    agc->container = true;
    agc->pre_save = kvm_gicv5_pre_save;
    agc->check_idr = kvm_gicv5_check_idr;
    agc->pre_load = kvm_gicv5_pre_load;
    agc->post_load = kvm_gicv5_post_load;
    agc->print = kvm_gicv5_print;
}

static const TypeInfo kvm_gicv5_info = {
    .name = TYPE_KVM_ARM_GICV5,
    .parent = TYPE_ARM_GICV5_COMMON,
    .instance_size = sizeof(KVMARMGICv5State),
    .instance_init = kvm_gicv5_init,
    .instance_finalize = kvm_gicv5_finalize,
    .class_size = sizeof(KVMARMGICv5Class),
    .class_init = kvm_gicv5_class_init,
};

static void kvm_gicv5_register_types(void)
{
    type_register_static(&kvm_gicv5_info);
}

type_init(kvm_gicv5_register_types)
