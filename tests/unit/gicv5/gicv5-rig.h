/*
 * Test rig for the GICv5 interrupt engine: sparse guest memory for each
 * domain, and a record of what the engine tells its device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_GICV5_RIG_H
#define TESTS_UNIT_GICV5_RIG_H

#include "hw/intc/gicv5/engine_internal.h"

#define RIG_MAX_PES 16
#define RIG_LOG_SIZE 64
#define RIG_PAGE_BITS 12
#define RIG_PAGE_SIZE (1u << RIG_PAGE_BITS)

/**
 * RigMemory: the physical address space of a domain
 *
 * Reads as zero where nothing was written.
 *
 * @bytes_read, @bytes_written: what the engine asked for, failures included
 * @writes: how often it wrote, but for single words of 64 bits
 * @low, @high: the engine may access [@low, @high) only
 * @closed: the engine may not access it at all
 */
typedef struct RigMemory {
    GHashTable *pages;
    uint64_t bytes_read;
    uint64_t bytes_written;
    unsigned writes;
    uint64_t low;
    uint64_t high;
    bool closed;
} RigMemory;

typedef struct RigForward {
    GICv5PE *pe;
    GICv5Domain domain;
    GICv5Candidate candidate;
} RigForward;

/**
 * Rig: a system, its memory, and what the callbacks were given
 *
 * @seen: the candidate forwarded last
 * @seen_virtual: the same for the VPE that is resident
 * @forwards: how many candidates were forwarded; the first are in @log
 * @swerrs: how many software errors were reported; the last is in @ec, @err_id,
 *     @err_addr and @err_domain
 */
typedef struct Rig {
    GICv5System *sys;
    RigMemory mem[GICV5_NUM_DOMAINS];
    GICv5Candidate seen[RIG_MAX_PES][GICV5_NUM_DOMAINS];
    GICv5Candidate seen_virtual[RIG_MAX_PES][GICV5_NUM_DOMAINS];
    unsigned forwards;
    RigForward log[RIG_LOG_SIZE];
    unsigned swerrs;
    GICv5SWErr ec;
    GICv5Domain err_domain;
    uint32_t err_id;
    uint64_t err_addr;
} Rig;

Rig *rig_new(const GICv5EngineConfig *cfg);
void rig_free(Rig *r);

static inline GICv5Space *rig_space(const Rig *r, GICv5Domain domain)
{
    return gicv5_system_space(r->sys, domain);
}

static inline GICv5IST *rig_ist(const Rig *r, GICv5Domain domain)
{
    return gicv5_space_ist(rig_space(r, domain), GICV5_TYPE_LPI);
}

static inline uint64_t rig_command(Rig *r, GICv5PE *pe, GICv5Domain domain,
                                   GICv5Command cmd, uint32_t intid,
                                   uint32_t value)
{
    return gicv5_command(rig_space(r, domain), pe, cmd, intid, value);
}

static inline void rig_event(Rig *r, GICv5Domain domain, uint32_t intid,
                             GICv5Event event)
{
    gicv5_event(rig_space(r, domain), intid, event);
}

/* An SPI of IRS number @irs, which must own it */
GICv5SPIState rig_spi(const Rig *r, unsigned irs, uint32_t id);
bool rig_has_spi(const Rig *r, unsigned irs, uint32_t id);

/* Forget what the callbacks were given, except the candidates */
void rig_clear_log(Rig *r);

/* Forget all contents and faults */
void rig_mem_clear(RigMemory *m);
void rig_mem_read(const RigMemory *m, uint64_t addr, void *buf, size_t len);
void rig_mem_write(RigMemory *m, uint64_t addr, const void *buf, size_t len);
uint32_t rig_mem_ldl(const RigMemory *m, uint64_t addr);
uint64_t rig_mem_ldq(const RigMemory *m, uint64_t addr);
void rig_mem_stl(RigMemory *m, uint64_t addr, uint32_t value);
void rig_mem_stq(RigMemory *m, uint64_t addr, uint64_t value);

/* Let the engine's accesses to the pages of [@addr, @addr + @len) fail */
void rig_mem_fault(RigMemory *m, uint64_t addr, uint64_t len, bool read,
                   bool write);

/* A copy of the contents, to compare with later; free with rig_mem_free() */
RigMemory rig_mem_copy(const RigMemory *m);
void rig_mem_free(RigMemory *m);

/**
 * rig_mem_diff: call @fn for each 32-bit word that differs
 */
void rig_mem_diff(const RigMemory *from, const RigMemory *to,
                  void (*fn)(void *opaque, uint64_t addr, uint32_t from,
                             uint32_t to),
                  void *opaque);

/*
 * Addresses of ISTEs, written down independently of
 * the engine: @s and @z are the ISTSZ and L2SZ fields.
 */
typedef struct RigIST {
    bool two_level;
    unsigned b;
    unsigned s;
    unsigned z;
    uint64_t base;
} RigIST;

GICv5ISTConfig rig_ist_config(const RigIST *t);
unsigned rig_ist_l2_index_bits(const RigIST *t);
uint64_t rig_ist_l1_addr(const RigIST *t, uint32_t id);

/* @l2_addr is ignored if the table is linear */
uint64_t rig_ist_entry_addr(const RigIST *t, uint64_t l2_addr, uint32_t id);

#endif
