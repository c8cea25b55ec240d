/*
 * The model of KVM's vgic-v5
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kvmsim.h"

#define DEFAULT_SPIS    32
#define PIN_LIMIT_NONE  988     /* before there is a GICv5 */
#define PIN_LIMIT       1024

/* Offsets in the IRS's configuration frame */
enum {
    IRS_IDR0 = 0x000, IRS_IDR1 = 0x004, IRS_IDR2 = 0x008,
    IRS_IDR5 = 0x014, IRS_IDR6 = 0x018, IRS_IDR7 = 0x01c,
    IRS_IIDR = 0x040,
    IRS_CR0 = 0x080, IRS_CR1 = 0x084,
    IRS_SYNC_STATUSR = 0x0c4,
    IRS_SPI_SELR = 0x108, IRS_SPI_DOMAINR = 0x10c, IRS_SPI_CFGR = 0x114,
    IRS_SPI_STATUSR = 0x118,
    IRS_PE_SELR = 0x140, IRS_PE_STATUSR = 0x144, IRS_PE_CR0 = 0x148,
    IRS_IST_BASER = 0x180, IRS_IST_CFGR = 0x190, IRS_IST_STATUSR = 0x194,
};

/* IRS_IDR0 */
#define IDR0_INT_DOM            0x3
#define IDR0_NS                 0x1
#define IDR0_PA_RANGE(n)        ((n) << 2)
/* PA_RANGE, IRSID */
#define IDR0_STORED             0xffff003c
/* VIRT, ONE_N, VIRT_ONE_N, SETLPI, MEC, MPAM, SWE */
#define IDR0_MUST_BE_0          0x1fc0
/* IRS_IDR1 */
#define IDR1_IAFFID_SHIFT       16
#define IDR1_PRIO_SHIFT         20
/* IRS_IDR2 */
#define IDR2_LPI                (1 << 5)
#define IDR2_MIN_SHIFT          6
#define IDR2_LEVELS_AND_ISTMD   0xfc400
#define IDR2_STORED             0x3be0  /* but ID_BITS: LPI, MIN, IST_L2SZ */
#define IDR2_ID_BITS            0x1f
/* IRS_IDR5, IRS_IDR6: a number of SPIs. IRS_IDR7: an SPI */
#define IDR56_FIELD             0x1ffffff
#define IDR7_FIELD              0xffffff

#define CR1_STORED              0xf5ff
#define BASER_VALID             1ull
#define BASER_ADDR              0x00ffffffffffffc0ull
#define CFGR_STORED             0x101ff
#define CFGR_MUST_BE_0          0x10180     /* ISTSZ, STRUCTURE */

/* Every register that the kernel lists; 0 bits wide means absent. */
static const struct {
    uint16_t offset;
    uint8_t size;
} irs_regs[] = {
    { 0x000, 4 }, { 0x004, 4 }, { 0x008, 4 }, { 0x00c, 4 }, { 0x010, 4 },
    { 0x014, 4 }, { 0x018, 4 }, { 0x01c, 4 }, { 0x040, 4 }, { 0x044, 4 },
    { 0x080, 4 }, { 0x084, 4 }, { 0x0c0, 4 }, { 0x0c4, 4 }, { 0x100, 8 },
    { 0x108, 4 }, { 0x10c, 4 }, { 0x110, 4 }, { 0x114, 4 }, { 0x118, 4 },
    { 0x140, 4 }, { 0x144, 4 }, { 0x148, 4 }, { 0x180, 8 }, { 0x190, 4 },
    { 0x194, 4 }, { 0x1c0, 4 }, { 0x200, 8 }, { 0x210, 4 }, { 0x214, 4 },
    { 0x240, 8 }, { 0x248, 8 }, { 0x250, 8 }, { 0x258, 4 }, { 0x25c, 4 },
    { 0x280, 8 }, { 0x288, 4 }, { 0x28c, 4 }, { 0x2c0, 8 }, { 0x2c8, 8 },
    { 0x2d0, 8 }, { 0x2d8, 8 }, { 0x2e0, 8 }, { 0x300, 8 }, { 0x308, 4 },
    { 0x340, 4 }, { 0x344, 4 }, { 0x380, 4 }, { 0x384, 4 }, { 0x3c0, 8 },
    { 0x3c8, 8 }, { 0x3d0, 8 },
    { 0xffbc, 4 },
    { 0xffd0, 4 }, { 0xffd4, 4 }, { 0xffd8, 4 }, { 0xffdc, 4 },
    { 0xffe0, 4 }, { 0xffe4, 4 }, { 0xffe8, 4 }, { 0xffec, 4 },
    { 0xfff0, 4 }, { 0xfff4, 4 }, { 0xfff8, 4 }, { 0xfffc, 4 },
};

static const struct {
    uint16_t offset;
    uint32_t value;
} constants[] = {
    { IRS_IIDR, 0x04b0043b },
    { IRS_SYNC_STATUSR, 1 }, { IRS_SPI_DOMAINR, 1 }, { IRS_IST_STATUSR, 1 },
    { 0xffbc, 0x47705a19 },
    { 0xffd0, 0x04 },
    { 0xffe0, 0x4b }, { 0xffe4, 0xb0 }, { 0xffe8, 0x0b },
    { 0xfff0, 0x0d }, { 0xfff4, 0xf0 }, { 0xfff8, 0x05 }, { 0xfffc, 0xb1 },
};

void gic_free(SimGIC *gic)
{
    free(gic->spi);
    free(gic->lpi);
}

/* --- creation --- */

int gic_create(SimVM *vm, struct kvm_create_device *create)
{
    if (sim_any_vcpu_in_run(vm)) {
        return -EBUSY;
    }
    if (vm->has_gic) {
        return -EEXIST;
    }
    if (sim_any_vcpu_ran(vm)) {
        return -EBUSY;
    }
    for (unsigned i = 0; i < vm->nr_vcpus; i++) {
        if (vm->vcpu[i]->id >= sim_host.max_vcpus) {
            return -E2BIG;
        }
    }
    vm->has_gic = true;
    vm->gic = (SimGIC) { .spi_selr = 0xffffff, .pe_selr = 0xffff };
    vcpu_gic_created(vm);
    return 0;
}

static unsigned highest_vcpu(const SimVM *vm)
{
    unsigned max = 0;

    for (unsigned i = 0; i < vm->nr_vcpus; i++) {
        max = vm->vcpu[i]->id > max ? vm->vcpu[i]->id : max;
    }
    return max;
}

/* IRS_IDR1.IAFFID_BITS: bits of the highest ID, at least one, minus 1 */
static unsigned iaffid_field(const SimVM *vm)
{
    unsigned n = highest_vcpu(vm), bits = 0;

    for (; n; n >>= 1) {
        bits++;
    }
    return bits > 1 ? bits - 1 : 0;
}

static int init(SimVM *vm)
{
    SimGIC *gic = &vm->gic;
    unsigned id_bits = sim_host.id_bits < 16 ? sim_host.id_bits : 16;

    if (gic->initialised) {
        return 0;
    }
    /* Linux sets the default before it can fail. */
    if (!gic->nr_spis) {
        gic->nr_spis = DEFAULT_SPIS;
    }
    if (!vm->nr_vcpus) {
        return -ENODEV;
    }
    for (unsigned i = 0; i < vm->nr_vcpus; i++) {
        if (vm->vcpu[i]->features & (1 << 7 /* KVM_ARM_VCPU_HAS_EL2 */)) {
            return -EINVAL;
        }
    }
    gic->spi = calloc(gic->nr_spis, sizeof(*gic->spi));
    gic->idr[0] = IDR0_NS | IDR0_PA_RANGE(2);
    gic->idr[1] = (sim_host.prio_bits - 1) << IDR1_PRIO_SHIFT;
    gic->idr[2] = id_bits | IDR2_LPI |
                  sim_host.min_lpi_id_bits << IDR2_MIN_SHIFT;
    for (unsigned i = 0; i < gic->nr_spis; i++) {
        vm->route[i].valid = true;
        vm->route[i].pin = i;
    }
    gic->initialised = true;
    return 0;
}

/* --- state --- */

static SimSPI *selected_spi(SimGIC *gic)
{
    return gic->spi_selr < gic->nr_spis ? &gic->spi[gic->spi_selr] : NULL;
}

static bool cfgr_is_valid(const SimGIC *gic)
{
    unsigned bits = gic->ist_cfgr & 0x1f;

    return !(gic->ist_cfgr & CFGR_MUST_BE_0) && bits <= (gic->idr[2] & 0x1f) &&
           bits >= ((gic->idr[2] >> IDR2_MIN_SHIFT) & 0xf);
}

static unsigned reg_size(uint32_t offset)
{
    for (unsigned i = 0; i < SIZE_OF(irs_regs); i++) {
        if (offset >= irs_regs[i].offset &&
            offset < irs_regs[i].offset + irs_regs[i].size) {
            return irs_regs[i].size;
        }
    }
    return 0;
}

/* As a guest reads it. @uaccess: as the VMM does */
static uint64_t get_reg(SimVM *vm, uint32_t offset, bool uaccess)
{
    SimGIC *gic = &vm->gic;
    SimSPI *spi = selected_spi(gic);
    SimVCPU *vcpu = sim_vcpu(vm, gic->pe_selr);

    switch (offset) {
    case IRS_IDR0:
    case IRS_IDR2:
        return gic->idr[offset / 4];
    case IRS_IDR1:
        return gic->idr[1] | iaffid_field(vm) << IDR1_IAFFID_SHIFT |
               vm->nr_vcpus;
    case IRS_IDR5:
    case IRS_IDR6:
        return gic->nr_spis;
    case IRS_CR0:
        return 2 | gic->irsen;
    case IRS_CR1:
        return gic->cr1;
    case IRS_SPI_SELR:
        return gic->spi_selr;
    case IRS_SPI_CFGR:
        return spi && spi->tm_level;
    case IRS_SPI_STATUSR:
        return 1 | (spi && !uaccess ? 2 : 0);
    case IRS_PE_SELR:
        return gic->pe_selr;
    case IRS_PE_STATUSR:
        return 1 | (vcpu && !uaccess ? 6 : 0);
    case IRS_PE_CR0:
        return !!vcpu;
    case IRS_IST_BASER:
        return gic->ist_baser;
    case IRS_IST_CFGR:
        return gic->ist_cfgr;
    }
    for (unsigned i = 0; i < SIZE_OF(constants); i++) {
        if (constants[i].offset == offset) {
            return constants[i].value;
        }
    }
    return 0;
}

static int set_idr(SimVM *vm, uint32_t offset, uint32_t value)
{
    SimGIC *gic = &vm->gic;
    unsigned bits, min;

    switch (offset) {
    case IRS_IDR0:
        if ((value & IDR0_INT_DOM) != IDR0_NS || value & IDR0_MUST_BE_0) {
            return -EINVAL;
        }
        gic->idr[0] = IDR0_NS | (value & IDR0_STORED);
        return 0;
    case IRS_IDR1:
        if (((value >> IDR1_IAFFID_SHIFT) & 0xf) != iaffid_field(vm) ||
            ((value >> IDR1_PRIO_SHIFT) & 7) > sim_host.prio_bits - 1) {
            return -EINVAL;
        }
        gic->idr[1] = value & 7 << IDR1_PRIO_SHIFT;
        return 0;
    case IRS_IDR2:
        bits = value & 0x1f;
        min = (value >> IDR2_MIN_SHIFT) & 0xf;
        if (!(value & IDR2_LPI) || value & IDR2_LEVELS_AND_ISTMD ||
            bits > sim_host.id_bits || min < sim_host.min_lpi_id_bits ||
            min > bits) {
            return -EINVAL;
        }
        gic->idr[2] = value & (IDR2_STORED | IDR2_ID_BITS);
        return 0;
    default:
        value &= offset == IRS_IDR7 ? IDR7_FIELD : IDR56_FIELD;
        return value == get_reg(vm, offset, true) ? 0 : -EINVAL;
    }
}

/* The VMM's write */
static int set_reg(SimVM *vm, uint32_t offset, uint64_t value)
{
    SimGIC *gic = &vm->gic;

    switch (offset) {
    case IRS_IDR0:
    case IRS_IDR1:
    case IRS_IDR2:
    case IRS_IDR5:
    case IRS_IDR6:
    case IRS_IDR7:
        return set_idr(vm, offset, value);
    case IRS_CR0:
        gic->irsen = value & 1;
        return 0;
    case IRS_CR1:
        gic->cr1 = value & CR1_STORED;
        return 0;
    case IRS_SPI_SELR:
        gic->spi_selr = value & 0xffffff;
        return 0;
    case IRS_PE_SELR:
        gic->pe_selr = value & 0xffff;
        return 0;
    case IRS_IST_CFGR:
        if (gic->lpi && (value & CFGR_STORED) != gic->ist_cfgr) {
            return -EINVAL;
        }
        gic->ist_cfgr = value & CFGR_STORED;
        return 0;
    case IRS_IST_BASER:
        value &= BASER_VALID | BASER_ADDR;
        if (gic->lpi && value != gic->ist_baser) {
            return -EINVAL;
        }
        if (value & BASER_VALID && !(gic->ist_baser & BASER_VALID)) {
            gic->restore_outstanding = true;
        }
        gic->ist_baser = value;
        return 0;
    default:
        return 0;
    }
}

/* A guest's write */
static void guest_write(SimVM *vm, uint32_t offset, uint64_t value)
{
    SimGIC *gic = &vm->gic;
    SimSPI *spi = selected_spi(gic);

    switch (offset) {
    case IRS_CR0:
    case IRS_CR1:
    case IRS_SPI_SELR:
    case IRS_PE_SELR:
        set_reg(vm, offset, value);
        break;
    case IRS_SPI_CFGR:
        if (spi) {
            spi->tm_level = value & 1;
            if (sim_host.hm) {
                spi->word = (spi->word & ~ISTE_HM) |
                            (spi->tm_level ? ISTE_HM : 0);
            }
        }
        break;
    case IRS_IST_CFGR:
        if (!(gic->ist_baser & BASER_VALID)) {
            gic->ist_cfgr = value & CFGR_STORED;
        }
        break;
    case IRS_IST_BASER:
        value &= BASER_VALID | BASER_ADDR;
        if (!(value & BASER_VALID)) {
            free(gic->lpi);
            gic->lpi = NULL;
            gic->ist_baser = value;
        } else if (!(gic->ist_baser & BASER_VALID) && cfgr_is_valid(gic)) {
            gic->ist_baser = value;
            gic->lpi_bits = gic->ist_cfgr & 0x1f;
            gic->lpi = calloc(1u << gic->lpi_bits, sizeof(*gic->lpi));
        }
        break;
    }
}

/* --- attributes --- */

static int attr_addr(SimVM *vm, unsigned long request,
                     const struct kvm_device_attr *attr)
{
    SimGIC *gic = &vm->gic;
    uint64_t addr;
    int ret;

    if (attr->attr != ADDR_TYPE_IRS) {
        return -ENXIO;
    }
    switch (request) {
    case KVM_HAS_DEVICE_ATTR:
        return 0;
    case KVM_GET_DEVICE_ATTR:
        addr = gic->addr_set ? gic->addr : UINT64_MAX;
        return sim_copy_to(attr->addr, &addr, sizeof(addr));
    }
    ret = sim_copy_from(&addr, attr->addr, sizeof(addr));
    if (ret) {
        return ret;
    }
    if (gic->addr_set) {
        return -EEXIST;
    }
    if (addr & 0xffff || addr + IRS_SIZE < addr) {
        return -EINVAL;
    }
    if (addr + IRS_SIZE > BIT64(vm->ipa_bits)) {
        return -E2BIG;
    }
    gic->addr = addr;
    gic->addr_set = true;
    return 0;
}

static int attr_nr_irqs(SimVM *vm, unsigned long request,
                        const struct kvm_device_attr *attr)
{
    SimGIC *gic = &vm->gic;
    uint32_t n;
    int ret;

    switch (request) {
    case KVM_HAS_DEVICE_ATTR:
        return 0;
    case KVM_GET_DEVICE_ATTR:
        return sim_copy_to(attr->addr, &gic->nr_spis, sizeof(uint32_t));
    }
    ret = sim_copy_from(&n, attr->addr, sizeof(n));
    if (ret) {
        return ret;
    }
    if (n < 32 || n > MAX_SPIS || n % 32) {
        return -EINVAL;
    }
    if (gic->initialised || gic->nr_spis) {
        return -EBUSY;
    }
    gic->nr_spis = n;
    return 0;
}

static int attr_ctrl(SimVM *vm, unsigned long request,
                     const struct kvm_device_attr *attr)
{
    uint64_t ppis[2] = { vm->gic.initialised ? BIT64(PPI_SW) : 0, 0 };

    if (attr->attr == CTRL_INIT) {
        return request == KVM_HAS_DEVICE_ATTR ? 0 :
               request == KVM_SET_DEVICE_ATTR ? init(vm) : -ENXIO;
    }
    if (attr->attr == CTRL_USERSPACE_PPIS) {
        return request == KVM_HAS_DEVICE_ATTR ? 0 :
               request == KVM_GET_DEVICE_ATTR ?
               sim_copy_to(attr->addr, ppis, sizeof(ppis)) : -ENXIO;
    }
    return -ENXIO;
}

static int attr_irs_regs(SimVM *vm, unsigned long request,
                         const struct kvm_device_attr *attr)
{
    uint32_t offset = attr->attr;
    bool set = request == KVM_SET_DEVICE_ATTR;
    uint64_t value = 0;
    unsigned size;
    int ret;

    if (!vm->nr_vcpus) {
        return -EINVAL;
    }
    if (request != KVM_HAS_DEVICE_ATTR) {
        ret = set ? sim_copy_from(&value, attr->addr, sizeof(value)) : 0;
        if (ret) {
            return ret;
        }
        if (sim_any_vcpu_in_run(vm) || !vm->gic.initialised ||
            (set && sim_any_vcpu_ran(vm))) {
            return -EBUSY;
        }
        if (!vm->gic.addr_set) {
            return -ENXIO;
        }
    }
    size = reg_size(offset);
    if (!size) {
        return -ENXIO;
    }
    if (offset % size) {
        return -EINVAL;
    }
    if (request == KVM_HAS_DEVICE_ATTR) {
        return 0;
    }
    if (set) {
        return set_reg(vm, offset, size == 4 ? (uint32_t)value : value);
    }
    value = get_reg(vm, offset, true);
    return sim_copy_to(attr->addr, &value, sizeof(value));
}

static int save_images(SimVM *vm, const uint64_t *desc)
{
    SimGIC *gic = &vm->gic;
    uint32_t word;
    int ret;

    if (!!(gic->ist_baser & BASER_VALID) != !!gic->lpi) {
        return -ENXIO;
    }
    if (gic->lpi && gic->lpi_bits != (gic->ist_cfgr & 0x1f)) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < gic->nr_spis; i++) {
        word = gic->spi[i].word;
        ret = sim_copy_to(desc[0] + 4 * i, &word, sizeof(word));
        if (ret) {
            return ret;
        }
    }
    return gic->lpi ? sim_copy_to(desc[2], gic->lpi, 4u << gic->lpi_bits) : 0;
}

/*
 * The entry is written without PENDING, which the injection at the end makes.
 * KVM's trigger mode follows the entry; its line stays as it was.
 */
static void load_spi(SimSPI *spi, uint32_t word)
{
    spi->word = word & ~ISTE_HWU;
    spi->tm_level = word & ISTE_HM;
    spi->latch = word & ISTE_PENDING;
}

static int load_images(SimVM *vm, const uint64_t *desc)
{
    SimGIC *gic = &vm->gic;
    unsigned bits = gic->ist_cfgr & 0x1f;
    uint32_t *lpi = NULL;
    uint32_t word;
    int ret;

    if (gic->ist_baser & BASER_VALID) {
        lpi = malloc(4u << bits);
        if (!lpi) {
            return -ENOMEM;
        }
        ret = sim_copy_from(lpi, desc[2], 4u << bits);
        if (ret) {
            free(lpi);
            return ret;
        }
    }
    for (unsigned i = 0; i < gic->nr_spis; i++) {
        ret = sim_copy_from(&word, desc[0] + 4 * i, sizeof(word));
        if (ret) {
            free(lpi);
            return ret;
        }
        load_spi(&gic->spi[i], word);
    }
    if (lpi) {
        for (unsigned i = 0; i < 1u << bits; i++) {
            lpi[i] &= ~ISTE_HWU;
        }
        gic->lpi = lpi;
        gic->lpi_bits = bits;
    }
    gic->restore_outstanding = false;
    return 0;
}

static int attr_ist(SimVM *vm, unsigned long request,
                    const struct kvm_device_attr *attr)
{
    SimGIC *gic = &vm->gic;
    bool set = request == KVM_SET_DEVICE_ATTR;
    bool valid = gic->ist_baser & BASER_VALID;
    uint64_t desc[4];

    if (attr->attr) {
        return -ENXIO;
    }
    if (request == KVM_HAS_DEVICE_ATTR) {
        return 0;
    }
    if (sim_any_vcpu_in_run(vm) || !gic->initialised || (set && vm->ran)) {
        return -EBUSY;
    }
    if (!attr->addr) {
        return -EINVAL;
    }
    if (sim_copy_from(desc, attr->addr, sizeof(desc))) {
        return -EFAULT;
    }
    if (!desc[0] || desc[1] != 4 * gic->nr_spis ||
        (!valid && (desc[2] || desc[3])) ||
        (valid && (!cfgr_is_valid(gic) || !desc[2] ||
                   desc[3] != 4ull << (gic->ist_cfgr & 0x1f)))) {
        return -EINVAL;
    }
    if (!set) {
        return save_images(vm, desc);
    }
    return valid && gic->lpi ? -EBUSY : load_images(vm, desc);
}

/* --- CPU interface --- */

/* The registers of a CPU interface that KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS has */
static bool cpu_reg(SimVCPU *vcpu, uint16_t reg, bool set, uint64_t *value)
{
    SimPPIs *ppi = &vcpu->ppi;
    uint64_t *raw = NULL;

    switch (reg) {
    case 0xc654:    /* ICC_ICSR_EL1 */
        if (set) {
            vcpu->icsr = *value & 0x0000ffff0000f83full;
        }
        *value = vcpu->icsr;
        return true;
    case 0xc656:    /* ICC_PPI_ENABLER0_EL1 */
        raw = &ppi->enable;
        break;
    case 0xc66a:    /* ICC_PPI_SACTIVER0_EL1 */
        raw = &ppi->active;
        break;
    case 0xc66e:    /* ICC_PPI_SPENDR0_EL1 */
        raw = &ppi->pend;
        break;
    case 0xc657:
    case 0xc66b:
    case 0xc66f:
    case 0xc678 ... 0xc67f:
        *value = 0;
        return true;
    case 0xc670 ... 0xc677:
        if (set) {
            *value &= 0x1f1f1f1f1f1f1f1full;
        }
        raw = &ppi->prio[reg - 0xc670];
        break;
    case 0xce00:    /* ICC_APR_EL1 */
        if (set) {
            vcpu->apr = *value;
        }
        *value = vcpu->apr;
        return true;
    case 0xce01:    /* ICC_CR0_EL1 */
        if (set) {
            vcpu->cr0_en = *value & 1;
        }
        *value = 6 | vcpu->cr0_en;
        return true;
    case 0xce02:    /* ICC_PCR_EL1 */
        if (set) {
            vcpu->pcr = *value & 0x1f;
        }
        *value = vcpu->pcr;
        return true;
    default:
        return false;
    }
    if (set) {
        *raw = *value;
    }
    *value = *raw;
    return true;
}

static int attr_cpu_sysregs(SimVM *vm, unsigned long request,
                            const struct kvm_device_attr *attr)
{
    bool set = request == KVM_SET_DEVICE_ATTR;
    SimVCPU *vcpu = NULL;
    SimVCPU none = { 0 };
    uint64_t value = 0;
    int ret;

    for (unsigned i = 0; i < vm->nr_vcpus && !vcpu; i++) {
        uint64_t mpidr = vm->vcpu[i]->initialised ?
                         vcpu_mpidr(vm->vcpu[i]->id) : 0;

        if ((mpidr & 0xffffff) == ((attr->attr >> 32) & 0xffffff) &&
            ((mpidr >> 32) & 0xff) == attr->attr >> 56) {
            vcpu = vm->vcpu[i];
        }
    }
    if (!vcpu) {
        return -EINVAL;
    }
    if (request == KVM_HAS_DEVICE_ATTR) {
        return cpu_reg(&none, attr->attr, false, &value) ? 0 : -ENXIO;
    }
    if (sim_any_vcpu_in_run(vm) || !vm->gic.initialised ||
        (set && sim_any_vcpu_ran(vm))) {
        return -EBUSY;
    }
    ret = set ? sim_copy_from(&value, attr->addr, sizeof(value)) : 0;
    if (ret) {
        return ret;
    }
    if (!cpu_reg(vcpu, attr->attr, set, &value)) {
        return -ENOENT;
    }
    return set ? 0 : sim_copy_to(attr->addr, &value, sizeof(value));
}

int gic_device_attr(SimVM *vm, unsigned long request,
                    const struct kvm_device_attr *attr)
{
    static int (*const groups[])(SimVM *, unsigned long,
                                 const struct kvm_device_attr *) = {
        [GRP_ADDR] = attr_addr,
        [GRP_NR_IRQS] = attr_nr_irqs,
        [GRP_CTRL] = attr_ctrl,
        [GRP_CPU_SYSREGS] = attr_cpu_sysregs,
        [GRP_IRS_REGS] = attr_irs_regs,
        [GRP_IST] = attr_ist,
    };
    static const char *const names[] = {
        [GRP_ADDR] = "ADDR",
        [GRP_NR_IRQS] = "NR_IRQS",
        [GRP_CTRL] = "CTRL",
        [GRP_CPU_SYSREGS] = "CPU_SYSREGS",
        [GRP_IRS_REGS] = "IRS_REGS",
        [GRP_IST] = "IST",
    };
    const char *what = request == KVM_SET_DEVICE_ATTR ? "SET" :
                       request == KVM_GET_DEVICE_ATTR ? "GET" :
                       request == KVM_HAS_DEVICE_ATTR ? "HAS" : NULL;
    char value[32] = "";
    uint64_t v;
    int ret;

    if (!what) {
        return -ENOTTY;
    }
    if (attr->group >= SIZE_OF(groups) || !groups[attr->group] ||
        (sim_host.form == FORM_PPI && attr->group != GRP_CTRL)) {
        sim_log("vm%u %s group %u 0x%llx = %d", vm->number, what, attr->group,
                attr->attr, -ENXIO);
        return -ENXIO;
    }
    ret = -sim_fault("%s %s 0x%llx", what, names[attr->group], attr->attr);
    if (!ret) {
        ret = groups[attr->group](vm, request, attr);
    }
    if (!ret && *what != 'H' && attr->group != GRP_IST &&
        attr->group != GRP_CTRL && attr->group != GRP_NR_IRQS &&
        !sim_copy_from(&v, attr->addr, sizeof(v))) {
        snprintf(value, sizeof(value), " 0x%llx", (unsigned long long)v);
    }
    sim_log("vm%u %s %s 0x%llx = %d%s", vm->number, what, names[attr->group],
            attr->attr, ret, value);
    return ret;
}

/* --- injection --- */

/* GIC VDPEND: HM and all else stay. */
static void vdpend(SimSPI *spi, bool pending)
{
    spi->word = (spi->word & ~ISTE_PENDING) | (pending ? ISTE_PENDING : 0);
}

static void inject_spi(SimGIC *gic, unsigned n, bool level)
{
    SimSPI *spi = &gic->spi[n];

    if (!spi->tm_level) {
        if (level) {
            spi->latch = true;
            vdpend(spi, true);
        }
    } else if (spi->line != level) {
        spi->line = level;
        vdpend(spi, spi->latch || level);
    }
}

static int irq_line(SimVM *vm, unsigned type, unsigned vcpu_id, unsigned n,
                    bool level)
{
    SimVCPU *vcpu;

    if (!vm->has_gic || type == KVM_ARM_IRQ_TYPE_CPU) {
        return -ENXIO;
    }
    if (type > KVM_ARM_IRQ_TYPE_PPI) {
        return -EINVAL;
    }
    if (!vm->gic.initialised) {
        /* Linux 7.1 to 7.3 drop it. */
        return sim_host.form == FORM_PPI && type == KVM_ARM_IRQ_TYPE_PPI ?
               0 : -EBUSY;
    }
    if (type == KVM_ARM_IRQ_TYPE_PPI) {
        vcpu = sim_vcpu(vm, vcpu_id);
        if (!vcpu || n != PPI_SW) {
            return -EINVAL;
        }
        vcpu->ppi.pend |= level ? BIT64(PPI_SW) : 0;
        return 0;
    }
    if (sim_host.form == FORM_PPI || n >= vm->gic.nr_spis) {
        return -EINVAL;
    }
    inject_spi(&vm->gic, n, level);
    return 0;
}

int gic_irq_line(SimVM *vm, const struct kvm_irq_level *irq)
{
    int ret = -sim_fault("IRQ_LINE 0x%08x", irq->irq);

    if (!ret) {
        ret = irq_line(vm, (irq->irq >> 24) & 0xf,
                       (irq->irq >> 28) * 256 + ((irq->irq >> 16) & 0xff),
                       irq->irq & 0xffff, irq->level);
    }
    sim_log("vm%u IRQ_LINE 0x%08x = %d %u", vm->number, irq->irq, ret,
            irq->level);
    return ret;
}

int gic_irqfd(SimVM *vm, const struct kvm_irqfd *irqfd)
{
    int ret = -sim_fault("IRQFD %u", irqfd->gsi);

    if (!ret && !vm->gic.initialised) {
        ret = -EAGAIN;
    }
    if (!ret && irqfd->gsi >= MAX_ROUTES) {
        ret = -EINVAL;
    }
    sim_log("vm%u IRQFD %u = %d 0x%x", vm->number, irqfd->gsi, ret,
            irqfd->flags);
    return ret;
}

int gic_set_routing(SimVM *vm, const struct kvm_irq_routing *routing)
{
    unsigned limit = vm->has_gic ? PIN_LIMIT : PIN_LIMIT_NONE;
    int ret = -sim_fault("SET_GSI_ROUTING");

    if (!ret && routing->nr > MAX_ROUTES) {
        ret = -EINVAL;
    }
    for (unsigned i = 0; i < routing->nr && !ret; i++) {
        const struct kvm_irq_routing_entry *e = &routing->entries[i];

        if (e->gsi >= MAX_ROUTES || e->flags ||
            (e->type == KVM_IRQ_ROUTING_IRQCHIP &&
             (e->u.irqchip.irqchip || e->u.irqchip.pin >= limit)) ||
            (e->type != KVM_IRQ_ROUTING_IRQCHIP &&
             e->type != KVM_IRQ_ROUTING_MSI)) {
            ret = -EINVAL;
        }
    }
    if (!ret) {
        memset(vm->route, 0, sizeof(vm->route));
        for (unsigned i = 0; i < routing->nr; i++) {
            const struct kvm_irq_routing_entry *e = &routing->entries[i];

            vm->route[e->gsi].valid = e->type == KVM_IRQ_ROUTING_IRQCHIP;
            vm->route[e->gsi].pin = e->u.irqchip.pin;
        }
    }
    sim_log("vm%u SET_GSI_ROUTING = %d %u", vm->number, ret, routing->nr);
    return ret;
}

/* --- KVM_RUN --- */

int gic_prepare_run(SimVM *vm)
{
    if (!vm->has_gic) {
        return 0;
    }
    return !vm->gic.initialised ? -EBUSY :
           vm->gic.restore_outstanding ? -EINVAL :
           !vm->gic.addr_set ? -ENXIO : 0;
}

void gic_expose_ppis(SimVM *vm, SimVCPU *vcpu)
{
    if (!vm->exposed_ppis) {
        vm->exposed_ppis = BIT64(PPI_SW) | BIT64(PPI_VTIMER) |
                           BIT64(PPI_PTIMER) |
                           (vcpu->pmu_init ? BIT64(PPI_PMU) : 0);
    }
    vcpu->ppi.enable &= vm->exposed_ppis;
    vcpu->ppi.active &= vm->exposed_ppis;
    vcpu->ppi.pend &= vm->exposed_ppis;
}

/* --- commands of tests --- */

static void candidate(uint32_t intid, unsigned prio, unsigned mask,
                      uint32_t *best, unsigned *best_prio)
{
    if (prio <= mask && prio < *best_prio) {
        *best = intid;
        *best_prio = prio;
    }
}

/* Whatever is in one word: pending, enabled, not active, for this CPU? */
static bool deliverable(uint32_t word, unsigned iaffid)
{
    return (word & (ISTE_PENDING | ISTE_ENABLE | ISTE_ACTIVE)) ==
           (ISTE_PENDING | ISTE_ENABLE) && word >> ISTE_IAFFID_SHIFT == iaffid;
}

static unsigned word_prio(uint32_t word)
{
    return (word >> ISTE_PRIORITY_SHIFT) & 0x1f;
}

/* Lower values are higher priorities; ICC_PCR masks those that are lower. */
static uint32_t hppi(SimVM *vm, SimVCPU *vcpu)
{
    SimGIC *gic = &vm->gic;
    uint32_t best = 0;
    unsigned best_prio = 32;

    if (!vcpu->cr0_en) {
        return 0;
    }
    for (unsigned i = 0; i < 64; i++) {
        if (vcpu->ppi.pend & vcpu->ppi.enable & ~vcpu->ppi.active & BIT64(i)) {
            candidate(1u << 29 | i,
                      (vcpu->ppi.prio[i / 8] >> (8 * (i % 8))) & 0x1f,
                      vcpu->pcr, &best, &best_prio);
        }
    }
    for (unsigned i = 0; gic->irsen && i < gic->nr_spis; i++) {
        uint32_t word = gic->spi[i].word;

        if (deliverable(word, vcpu->id)) {
            candidate(3u << 29 | i, word_prio(word), vcpu->pcr, &best,
                      &best_prio);
        }
    }
    for (unsigned i = 0; gic->irsen && gic->lpi && i < 1u << gic->lpi_bits;
         i++) {
        if (deliverable(gic->lpi[i], vcpu->id)) {
            candidate(2u << 29 | i, word_prio(gic->lpi[i]), vcpu->pcr, &best,
                      &best_prio);
        }
    }
    return best;
}

/* With handling mode Level, Pending stays. */
static uint32_t acknowledged(uint32_t word)
{
    return (word & ~(word & ISTE_HM ? 0 : ISTE_PENDING)) | ISTE_ACTIVE;
}

static void acknowledge(SimVM *vm, SimVCPU *vcpu, uint32_t intid)
{
    unsigned id = intid & 0xffffff;

    switch (intid >> 29) {
    case 1:
        vcpu->ppi.pend &= id == PPI_SW ? ~BIT64(id) : ~0ull;
        vcpu->ppi.active |= BIT64(id);
        break;
    case 2:
        vm->gic.lpi[id] = acknowledged(vm->gic.lpi[id]);
        break;
    case 3:
        vm->gic.spi[id].word = acknowledged(vm->gic.spi[id].word);
        break;
    }
}

typedef struct Text {
    char *at;
    size_t left;
} Text;

static void add(Text *t, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(t->at, t->left, fmt, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < t->left) {
        t->at += n;
        t->left -= n;
    }
}

static void dump(SimVM *vm, Text *t)
{
    SimGIC *gic = &vm->gic;

    add(t, "cr0=%d cr1=0x%x spi_selr=0x%x pe_selr=0x%x cfgr=0x%x baser=0x%llx",
        gic->irsen, gic->cr1, gic->spi_selr, gic->pe_selr, gic->ist_cfgr,
        (unsigned long long)gic->ist_baser);
    for (unsigned i = 0; i < gic->nr_spis; i++) {
        SimSPI *spi = &gic->spi[i];

        if (spi->word || spi->tm_level || spi->line) {
            add(t, " spi%u=0x%x/%s%s", i, spi->word,
                spi->tm_level ? "level" : "edge", spi->line ? "/high" : "");
        }
    }
    for (unsigned i = 0; gic->lpi && i < 1u << gic->lpi_bits; i++) {
        if (gic->lpi[i]) {
            add(t, " lpi%u=0x%x", i, gic->lpi[i]);
        }
    }
    for (unsigned i = 0; i < vm->nr_vcpus; i++) {
        SimVCPU *c = vm->vcpu[i];

        add(t, " cpu%u=%d,0x%x,0x%x,0x%llx,0x%llx,0x%llx,0x%llx", c->id,
            c->cr0_en, c->pcr, c->apr, (unsigned long long)c->icsr,
            (unsigned long long)c->ppi.enable,
            (unsigned long long)c->ppi.active,
            (unsigned long long)c->ppi.pend);
        for (unsigned n = 0; n < 8; n++) {
            add(t, ",0x%llx", (unsigned long long)c->ppi.prio[n]);
        }
    }
}

static bool command_cpu(SimVCPU *vcpu, char **words, unsigned count,
                        char *reply, size_t size)
{
    static const struct {
        const char *name;
        uint16_t reg;
    } names[] = {
        { "icsr", 0xc654 }, { "enable", 0xc656 }, { "active", 0xc66a },
        { "pend", 0xc66e }, { "apr", 0xce00 }, { "cr0", 0xce01 },
        { "pcr", 0xce02 },
    };
    uint64_t value = count > 3 ? sim_number(words[3]) : 0;
    uint16_t reg = 0;

    if (!vcpu || count < 3) {
        return false;
    }
    for (unsigned i = 0; i < SIZE_OF(names); i++) {
        if (!strcmp(words[2], names[i].name)) {
            reg = names[i].reg;
        }
    }
    if (!strncmp(words[2], "prio", 4)) {
        reg = 0xc670 + (sim_number(words[2] + 4) & 7);
    }
    if (!reg) {
        return false;
    }
    cpu_reg(vcpu, reg, count > 3, &value);
    snprintf(reply, size, "0x%llx", (unsigned long long)value);
    return true;
}

static bool command_ist(SimGIC *gic, char **words, unsigned count, char *reply,
                        size_t size)
{
    bool is_spi = count > 1 && !strcmp(words[1], "spi");
    unsigned id = count > 2 ? sim_number(words[2]) : -1u;
    uint32_t word = count > 3 ? sim_number(words[3]) : 0;

    if (is_spi ? id >= gic->nr_spis : !gic->lpi || id >> gic->lpi_bits) {
        return false;
    }
    if (is_spi) {
        if (count > 3) {
            gic->spi[id].word = word;
        }
        word = gic->spi[id].word;
    } else {
        if (count > 3) {
            gic->lpi[id] = word;
        }
        word = gic->lpi[id];
    }
    snprintf(reply, size, "0x%x", word);
    return true;
}

bool gic_command(SimVM *vm, char **words, unsigned count, char *reply,
                 size_t size)
{
    SimGIC *gic = &vm->gic;
    unsigned long n = count > 1 ? sim_number(words[1]) : 0;
    SimVCPU *vcpu = sim_vcpu(vm, n);
    const char *what = words[0];
    uint32_t intid;

    if (!strcmp(what, "irs-read") && count == 2) {
        snprintf(reply, size, "0x%llx",
                 (unsigned long long)get_reg(vm, n, false));
        return true;
    }
    if (!strcmp(what, "irs-write") && count == 3) {
        guest_write(vm, n, sim_number(words[2]));
        return true;
    }
    if (!strcmp(what, "cpu")) {
        return command_cpu(vcpu, words, count, reply, size);
    }
    if (!strcmp(what, "ist")) {
        return command_ist(gic, words, count, reply, size);
    }
    if (!strcmp(what, "shadow") && count == 2 && n < gic->nr_spis) {
        snprintf(reply, size, "%s%s%s",
                 gic->spi[n].tm_level ? "level" : "edge",
                 gic->spi[n].line ? " high" : "",
                 gic->spi[n].latch ? " latched" : "");
        return true;
    }
    if ((!strcmp(what, "hppi") || !strcmp(what, "ack")) && vcpu) {
        intid = hppi(vm, vcpu);
        if (*what == 'a') {
            acknowledge(vm, vcpu, intid);
        }
        snprintf(reply, size, "0x%x", intid);
        return true;
    }
    if (!strcmp(what, "signal") && count == 2 && n < MAX_ROUTES) {
        if (vm->route[n].valid && vm->route[n].pin < gic->nr_spis) {
            inject_spi(gic, vm->route[n].pin, true);
        }
        return true;
    }
    if (!strcmp(what, "dump")) {
        dump(vm, &(Text) { reply, size });
        return true;
    }
    return false;
}
