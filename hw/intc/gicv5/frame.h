/*
 * Arm GICv5: register frames
 *
 * A frame of memory-mapped registers, as IRS, ITS and IWB have them, is a
 * table of registers. What a frame answers is the same for all of them:
 *
 * - 32-bit registers take aligned 32-bit accesses, 64-bit registers aligned
 *   64-bit accesses and, by halves, 32-bit ones.
 * - All other accesses are RAZ/WI and logged as an error of the guest, and so
 *   are writes to read-only registers. A guest never gets an abort.
 * - Registers of absent features are RES0, which is not worth a message.
 * - Write-only registers read as zero.
 *
 * Callers hold the BQL.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_GICV5_FRAME_H
#define HW_INTC_GICV5_FRAME_H

#include "exec/memory.h"

typedef struct GICv5Reg GICv5Reg;

/**
 * GICv5RegAccess: what a handler may want to know of an access
 *
 * @reg: the register
 * @index: which of an array of registers, 0 otherwise
 * @attrs: who accesses it, for frames that several Security states share
 */
typedef struct GICv5RegAccess {
    const GICv5Reg *reg;
    unsigned index;
    MemTxAttrs attrs;
} GICv5RegAccess;

typedef enum GICv5RegKind {
    GICV5_REG_RO,           /* writes are ignored and logged */
    GICV5_REG_RW,
    GICV5_REG_WO,           /* reads as zero */
    GICV5_REG_RES0,         /* RAZ/WI without a message */
} GICv5RegKind;

/* @field of a register that is not stored in the frame's state */
#define GICV5_REG_NO_FIELD 0

/**
 * GICv5Reg: a register, or an array of equal ones
 *
 * @name: for those who trace
 * @offset: of the first one in the frame, a multiple of @width / 8
 * @count: how many registers follow each other, 0 means 1
 * @width: 32 or 64
 * @no_halves: of a 64-bit register: 32-bit accesses are errors
 * @halfword: a 16-bit write at @offset is one of 32 bits, of which the others
 *     are zero
 * @w1c: ones clear or trigger, so that the half that is not written is zero.
 *     Otherwise it keeps its value, which is that of @read or @field, for
 *     write-only registers, too.
 * @mask: bits that software can write
 * @value: bits that read as 1 besides
 * @field: offset in the frame's state of where the register is stored, a
 *     uint32_t or uint64_t (or an array of them) as @width says; or
 *     GICV5_REG_NO_FIELD, as no state has a register at its beginning
 * @present: optional; where it returns false the register is RES0
 * @read: optional; the value, instead of @field. Bits of @value are added.
 * @write: optional; what a write does, instead of storing it in @field. @value
 *     has bits of @mask only.
 */
struct GICv5Reg {
    const char *name;
    uint32_t offset;
    uint16_t count;
    uint8_t width;
    GICv5RegKind kind;
    bool no_halves;
    bool halfword;
    bool w1c;
    uint64_t mask;
    uint64_t value;
    size_t field;
    bool (*present)(const void *opaque);
    uint64_t (*read)(void *opaque, const GICv5RegAccess *access);
    void (*write)(void *opaque, const GICv5RegAccess *access, uint64_t value);
};

/*
 * Entries of a table, for registers that REG32() or REG64() describes; further
 * members follow as designated initializers.
 */
#define GICV5_REG(reg, bits, how, ...) \
    { .name = #reg, .offset = A_##reg, .width = (bits), .kind = (how), \
      __VA_ARGS__ }
#define GICV5_RO32(reg, ...) GICV5_REG(reg, 32, GICV5_REG_RO, __VA_ARGS__)
#define GICV5_RW32(reg, ...) GICV5_REG(reg, 32, GICV5_REG_RW, __VA_ARGS__)
#define GICV5_WO32(reg, ...) GICV5_REG(reg, 32, GICV5_REG_WO, __VA_ARGS__)
#define GICV5_RO64(reg, ...) GICV5_REG(reg, 64, GICV5_REG_RO, __VA_ARGS__)
#define GICV5_RW64(reg, ...) GICV5_REG(reg, 64, GICV5_REG_RW, __VA_ARGS__)
#define GICV5_WO64(reg, ...) GICV5_REG(reg, 64, GICV5_REG_WO, __VA_ARGS__)

/* All words from @first to @last are RES0, by 32-bit and 64-bit accesses. */
#define GICV5_RES0(first, last) \
    { .name = #first " to " #last, .offset = A_##first, .width = 32, \
      .count = (A_##last - A_##first) / 4 + 1, .kind = GICV5_REG_RES0 }

/**
 * GICv5FrameType: what all frames of a kind have in common
 *
 * @name: of the frame, in messages
 * @regs: @num_regs registers by ascending offset, which do not overlap
 */
typedef struct GICv5FrameType {
    const char *name;
    const GICv5Reg *regs;
    unsigned num_regs;
} GICv5FrameType;

/**
 * GICv5Frame: one frame; @opaque of a region with gicv5_frame_ops
 *
 * @opaque: its state, for the handlers and @field
 * @device, @id, @domain: whose frame it is, in messages and trace events
 * @near: for the words at its beginning, where registers are dense: number of
 *     the word's register, plus 1; 0 if none
 */
#define GICV5_FRAME_NEAR 0x400
typedef struct GICv5Frame {
    const GICv5FrameType *type;
    void *opaque;
    const char *device;
    uint32_t id;
    int domain;
    uint8_t near[GICV5_FRAME_NEAR / 4];
} GICv5Frame;

/**
 * gicv5_domain_name: a GICv5Domain, for users
 */
const char *gicv5_domain_name(unsigned domain);

/**
 * gicv5_frame_init: a frame of @type; all pointers must outlive it
 */
void gicv5_frame_init(GICv5Frame *f, const GICv5FrameType *type, void *opaque,
                      const char *device, uint32_t id, int domain);

/**
 * gicv5_frame_read, gicv5_frame_write: an access of a guest, of any size and
 * alignment
 *
 * Both take time that the number of table entries bounds, O(log n).
 */
uint64_t gicv5_frame_read(GICv5Frame *f, hwaddr offset, unsigned size,
                          MemTxAttrs attrs);
void gicv5_frame_write(GICv5Frame *f, hwaddr offset, uint64_t data,
                       unsigned size, MemTxAttrs attrs);

/* For memory_region_init_io(), with a GICv5Frame as opaque */
extern const MemoryRegionOps gicv5_frame_ops;

#endif
