/*
 * Arm GICv5: the memory that tables are in, by interrupt domain
 *
 * Accesses reach RAM only: a guest can put a table's address anywhere, and
 * none may call a device. Callers hold the BQL; vCPUs do not stop meanwhile.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_GICV5_DMA_H
#define HW_INTC_GICV5_DMA_H

#include "exec/memory.h"
#include "hw/intc/arm_gicv5_common.h"

/**
 * gicv5_memory_new: the address spaces of all domains
 * @mr: physical memory of the Non-secure and Realm domains, NULL for the
 *     system memory
 * @secure_mr: that of the Secure and EL3 domains, NULL if it is the same
 *
 * For one device, or for several that share it. Both regions must outlive it.
 */
GICv5Memory *gicv5_memory_new(MemoryRegion *mr, MemoryRegion *secure_mr);

/**
 * gicv5_memory_free: nobody uses @m any longer; @m may be NULL
 */
void gicv5_memory_free(GICv5Memory *m);

/**
 * gicv5_memory_read, gicv5_memory_write: access @len bytes
 *
 * Return false if not all of it is RAM; some of it may have been accessed.
 */
bool gicv5_memory_read(GICv5Memory *m, GICv5Domain domain, uint64_t addr,
                       void *buf, size_t len);
bool gicv5_memory_write(GICv5Memory *m, GICv5Domain domain, uint64_t addr,
                        const void *buf, size_t len);

/**
 * gicv5_memory_read64: a 64-bit little-endian word, with single-copy atomicity
 *
 * For words that vCPUs may write at the same time. Returns false if there is no
 * RAM, or @addr is not a multiple of 8.
 */
bool gicv5_memory_read64(GICv5Memory *m, GICv5Domain domain, uint64_t addr,
                         uint64_t *value);

/**
 * gicv5_memory_modify64: give the bits of such a word that are in @mask the
 * value that they have in @bits, atomically
 *
 * @value is what the word was then. Returns as gicv5_memory_read64().
 */
bool gicv5_memory_modify64(GICv5Memory *m, GICv5Domain domain, uint64_t addr,
                           uint64_t mask, uint64_t bits, uint64_t *value);

#endif
