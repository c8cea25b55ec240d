/*
 * Fuzz target: a machine with a GICv5: what an input is
 *
 * An input is a program of at most FUZZ_MAX_STEPS steps of FUZZ_STEP_BYTES,
 * each something that a guest, or a device that it programs, can do, or that
 * happens to a machine. Every sequence of bytes is a program: fields are taken
 * modulo what there is, and bytes at the end that are no step are ignored.
 *
 *   byte  0     op: FuzzOp
 *   byte  1     where
 *   bytes 2, 3  sel
 *   bytes 4-11  value, little-endian
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GICV5_MACHINE_FUZZ_H
#define GICV5_MACHINE_FUZZ_H

#define FUZZ_MAX_STEPS 400
#define FUZZ_STEP_BYTES 12

/**
 * FuzzOp: what a step does
 *
 * @FUZZ_WRITE, @FUZZ_READ: access a register. where: frame [4:0], log2 of the
 *     size [6:5]; sel: offset in the frame, of any alignment. The frames are
 *     those of FuzzFrame.
 * @FUZZ_ATTRS: of all accesses that follow. sel: requester ID; where: space
 *     [1:0], secure [2], unspecified [3]
 * @FUZZ_MEM: write 8 bytes. sel: where in RAM, in units of 8 bytes; where:
 *     bytes more [2:0], Secure RAM [3]
 * @FUZZ_FILL: write the value several times, to both memories. where: how
 *     often, less 1; sel: where to begin, as above
 * @FUZZ_SYSREG, @FUZZ_SYSREAD: write or read a system register, or execute an
 *     instruction. where: CPU [1:0], exception level [3:2]; sel: op0 [15:14],
 *     op1 [13:11], CRn [10:7], CRm [6:3], op2 [2:0]
 * @FUZZ_WIRE: set a wire to bit 0 of the value. where: kind [1:0]: SPIs of IRS
 *     0 or 1, inputs of the IWB, PPIs of CPU [3:2]; sel: its number
 * @FUZZ_POWER: switch CPU where [1:0] off, or on if the value is odd, as PSCI
 *     does. where: exception level that it starts in [2]: 1 or 2
 * @FUZZ_RESET: of the machine; FUZZ_MAX_SLOW of this and the next in an input
 * @FUZZ_STATE: value modulo 3: 0 move the machine to another, 1 take a
 *     snapshot, memory included, 2 go back to it
 * @FUZZ_INFO: what the monitor shows
 */
typedef enum FuzzOp {
    FUZZ_WRITE,
    FUZZ_READ,
    FUZZ_ATTRS,
    FUZZ_MEM,
    FUZZ_FILL,
    FUZZ_SYSREG,
    FUZZ_SYSREAD,
    FUZZ_WIRE,
    FUZZ_POWER,
    FUZZ_RESET,
    FUZZ_STATE,
    FUZZ_INFO,
    FUZZ_NUM_OPS,
} FuzzOp;

/**
 * FuzzFrame: numbers of frames; of those that domains have, add the domain
 */
enum FuzzFrame {
    FUZZ_IRS0 = 0,
    FUZZ_IRS1 = 4,
    FUZZ_SETLPI0 = 8,
    FUZZ_SETLPI1 = 12,
    FUZZ_ITS = 16,
    FUZZ_TRANSLATE0 = 20,
    FUZZ_TRANSLATE1 = 24,
    FUZZ_IWB = 28,
    FUZZ_NUM_FRAMES,
};

#define FUZZ_SYSREG_SEL(op0, op1, crn, crm, op2) \
    ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

#define FUZZ_NUM_CPUS 4
#define FUZZ_NUM_WIRES 56       /* of an IRS */
#define FUZZ_NUM_IWB_WIRES 64
#define FUZZ_IWB_DEVICE_ID 5
#define FUZZ_IAFFID(cpu) (3 + 10 * (cpu))
#define FUZZ_RAM 0x40000000
#define FUZZ_RAM_BYTES 0x80000
#define FUZZ_MAX_SLOW 6

typedef struct FuzzStep {
    uint8_t op;
    uint8_t where;
    uint16_t sel;
    uint64_t value;
} FuzzStep;

/* Step @n of an input */
FuzzStep fuzz_get_step(const uint8_t *data, unsigned n);
void fuzz_put_step(uint8_t *data, unsigned n, const FuzzStep *s);

/* What libFuzzer calls: see gicv5-stream-fuzz.h */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Change an input of @size bytes in place; returns the new size */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed);

/* Make an input of two; returns its size */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size,
                                 const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t max_size,
                                 unsigned int seed);

/* libFuzzer's own mutation of bytes */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
