/*
 * Arm GICv5: register frames
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/log.h"
#include "hw/intc/arm_gicv5_types.h"
#include "frame.h"
#include "trace.h"

/* Sizes are powers of 2. This is the path of each access: nothing divides. */
static unsigned reg_shift(const GICv5Reg *reg)
{
    return reg->width == 64 ? 3 : 2;
}

static unsigned reg_bytes(const GICv5Reg *reg)
{
    return 1u << reg_shift(reg);
}

static uint32_t reg_end(const GICv5Reg *reg)
{
    return reg->offset + MAX(reg->count, 1) * reg_bytes(reg);
}

const char *gicv5_domain_name(unsigned domain)
{
    static const char *const name[GICV5_NUM_DOMAINS] = {
        [GICV5_DOMAIN_S] = "Secure",
        [GICV5_DOMAIN_NS] = "Non-secure",
        [GICV5_DOMAIN_EL3] = "EL3",
        [GICV5_DOMAIN_REALM] = "Realm",
    };

    return name[domain];
}

void gicv5_frame_init(GICv5Frame *f, const GICv5FrameType *type, void *opaque,
                      const char *device, uint32_t id, int domain)
{
    assert(type->num_regs < UINT8_MAX);
    for (unsigned i = 0; i < type->num_regs; i++) {
        const GICv5Reg *reg = &type->regs[i];

        /* find_reg() relies on this. */
        assert(reg->width == 32 || reg->width == 64);
        assert(!(reg->offset % reg_bytes(reg)));
        assert(!i || reg->offset >= reg_end(reg - 1));
    }
    *f = (GICv5Frame) {
        .type = type,
        .opaque = opaque,
        .device = device,
        .id = id,
        .domain = domain,
    };
    for (unsigned i = 0; i < type->num_regs; i++) {
        const GICv5Reg *reg = &type->regs[i];

        for (uint32_t offset = reg->offset;
             offset < MIN(reg_end(reg), GICV5_FRAME_NEAR); offset += 4) {
            f->near[offset / 4] = i + 1;
        }
    }
}

static const GICv5Reg *find_far_reg(const GICv5FrameType *type, hwaddr offset)
{
    unsigned first = 0;
    unsigned n = type->num_regs;

    /* It is among the @n registers from @first on, if there is one. */
    while (n > 1) {
        unsigned half = n / 2;

        if (offset >= type->regs[first + half].offset) {
            first += half;
            n -= half;
        } else {
            n = half;
        }
    }
    if (n && offset >= type->regs[first].offset &&
        offset < reg_end(&type->regs[first])) {
        return &type->regs[first];
    }
    return NULL;
}

/* The register that has the byte at @offset, NULL if it is reserved */
static inline const GICv5Reg *find_reg(const GICv5Frame *f, hwaddr offset)
{
    if (likely(offset < GICV5_FRAME_NEAR)) {
        unsigned i = f->near[offset / 4];

        return i ? &f->type->regs[i - 1] : NULL;
    }
    return find_far_reg(f->type, offset);
}

static inline bool is_res0(const GICv5Frame *f, const GICv5Reg *reg)
{
    return reg->kind == GICV5_REG_RES0 ||
           (reg->present && !reg->present(f->opaque));
}

/* Can @reg, which is at @offset, be accessed with @size bytes there? */
static inline bool is_possible(const GICv5Frame *f, const GICv5Reg *reg,
                               hwaddr offset, unsigned size)
{
    if ((size != 4 && size != 8) || (offset & (size - 1)) || !reg) {
        return false;
    }
    return size == reg_bytes(reg) || (reg->width == 64 && !reg->no_halves) ||
           is_res0(f, reg);
}

static void bad_access(const GICv5Frame *f, const char *what, hwaddr offset,
                       unsigned size)
{
    trace_gicv5_frame_badaccess(f->device, f->id, f->domain, f->type->name,
                                what, offset, size);
    qemu_log_mask(LOG_GUEST_ERROR, "gicv5: %s %u domain %d: invalid %s of the "
                  "%s frame at offset 0x%" HWADDR_PRIx " size %u\n",
                  f->device, f->id, f->domain, what, f->type->name, offset,
                  size);
}

static GICv5RegAccess reg_access(const GICv5Reg *reg, hwaddr offset,
                                 MemTxAttrs attrs)
{
    return (GICv5RegAccess) {
        .reg = reg,
        .index = reg ? (offset - reg->offset) >> reg_shift(reg) : 0,
        .attrs = attrs,
    };
}

static void *reg_field(const GICv5Frame *f, const GICv5RegAccess *a)
{
    return (char *)f->opaque + a->reg->field + a->index * reg_bytes(a->reg);
}

static uint64_t load_field(const GICv5Frame *f, const GICv5RegAccess *a)
{
    if (a->reg->field == GICV5_REG_NO_FIELD) {
        return 0;
    }
    return a->reg->width == 64 ? *(uint64_t *)reg_field(f, a) :
                                 *(uint32_t *)reg_field(f, a);
}

static void store_field(const GICv5Frame *f, const GICv5RegAccess *a,
                        uint64_t value)
{
    if (a->reg->field == GICV5_REG_NO_FIELD) {
        return;
    }
    if (a->reg->width == 64) {
        *(uint64_t *)reg_field(f, a) = value;
    } else {
        *(uint32_t *)reg_field(f, a) = value;
    }
}

/* All bits of a register, whatever its kind */
static uint64_t reg_value(const GICv5Frame *f, const GICv5RegAccess *a)
{
    const GICv5Reg *reg = a->reg;

    return (reg->read ? reg->read(f->opaque, a) : load_field(f, a)) |
           reg->value;
}

static void write_reg(const GICv5Frame *f, const GICv5RegAccess *a,
                      uint64_t value)
{
    const GICv5Reg *reg = a->reg;

    value &= reg->mask;
    if (reg->write) {
        reg->write(f->opaque, a, value);
    } else if (reg->mask) {
        store_field(f, a, value);
    }
}

uint64_t gicv5_frame_read(GICv5Frame *f, hwaddr offset, unsigned size,
                          MemTxAttrs attrs)
{
    const GICv5Reg *reg = find_reg(f, offset);
    GICv5RegAccess a = reg_access(reg, offset, attrs);
    uint64_t data = 0;

    if (!is_possible(f, reg, offset, size)) {
        bad_access(f, "read", offset, size);
        return 0;
    }
    if (reg->kind != GICV5_REG_WO && !is_res0(f, reg)) {
        data = reg_value(f, &a);
        if (size < reg_bytes(reg)) {
            data = extract64(data, (offset & 4) * 8, 32);
        }
    }
    trace_gicv5_frame_read(f->device, f->id, f->domain, reg->name, offset,
                           size, data);
    return data;
}

void gicv5_frame_write(GICv5Frame *f, hwaddr offset, uint64_t data,
                       unsigned size, MemTxAttrs attrs)
{
    const GICv5Reg *reg = find_reg(f, offset);
    GICv5RegAccess a = reg_access(reg, offset, attrs);

    if (size == 2 && reg && reg->halfword && offset == reg->offset) {
        size = 4;
    }
    trace_gicv5_frame_write(f->device, f->id, f->domain,
                            reg ? reg->name : "reserved", offset, size, data);
    if (!is_possible(f, reg, offset, size)) {
        bad_access(f, "write", offset, size);
        return;
    }
    if (is_res0(f, reg)) {
        return;
    }
    if (reg->kind == GICV5_REG_RO) {
        bad_access(f, "write", offset, size);
        return;
    }
    if (size < reg_bytes(reg)) {
        data = deposit64(reg->w1c ? 0 : reg_value(f, &a), (offset & 4) * 8,
                         32, data);
    }
    write_reg(f, &a, data);
}

static MemTxResult frame_read(void *opaque, hwaddr offset, uint64_t *data,
                              unsigned size, MemTxAttrs attrs)
{
    *data = gicv5_frame_read(opaque, offset, size, attrs);
    return MEMTX_OK;
}

static MemTxResult frame_write(void *opaque, hwaddr offset, uint64_t data,
                               unsigned size, MemTxAttrs attrs)
{
    gicv5_frame_write(opaque, offset, data, size, attrs);
    return MEMTX_OK;
}

/* Take every access, so that the unsupported ones are RAZ/WI. */
const MemoryRegionOps gicv5_frame_ops = {
    .read_with_attrs = frame_read,
    .write_with_attrs = frame_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 1,
    .valid.max_access_size = 8,
    .valid.unaligned = true,
    .impl.min_access_size = 1,
    .impl.max_access_size = 8,
    .impl.unaligned = true,
};
