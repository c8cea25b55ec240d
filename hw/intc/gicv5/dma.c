/*
 * Arm GICv5 IRS: the memory that tables are in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/bswap.h"
#include "qemu/rcu.h"
#include "exec/address-spaces.h"
#include "irs_internal.h"

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
        .secure = gicv5_domain_is_secure(domain),
    };
}

static AddressSpace *domain_as(ARMGICv5CommonState *s, GICv5Domain domain)
{
    return gicv5_domain_is_secure(domain) ? s->secure_as : s->dma_as;
}

bool gicv5_dma_read(void *opaque, GICv5Domain domain, uint64_t addr,
                    void *buf, size_t len)
{
    return address_space_read(domain_as(opaque, domain), addr,
                              domain_attrs(domain), buf, len) == MEMTX_OK;
}

bool gicv5_dma_write(void *opaque, GICv5Domain domain, uint64_t addr,
                     const void *buf, size_t len)
{
    return address_space_write(domain_as(opaque, domain), addr,
                               domain_attrs(domain), buf, len) == MEMTX_OK;
}

/*
 * The host's address of a 64-bit word in RAM, to be given back with
 * address_space_unmap(); NULL for anything else
 */
static uint64_t *map64(AddressSpace *as, GICv5Domain domain, uint64_t addr,
                       bool is_write)
{
    MemTxAttrs attrs = domain_attrs(domain);
    hwaddr len = sizeof(uint64_t);
    hwaddr xlat;
    MemoryRegion *mr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(as, addr, &xlat, &len, is_write, attrs);
    if (len < sizeof(uint64_t) || (xlat & (sizeof(uint64_t) - 1)) ||
        !memory_access_is_direct(mr, is_write, attrs)) {
        return NULL;
    }
    return address_space_map(as, addr, &len, is_write, attrs);
}

/* Alignment: table addresses have at least 6 zero bits. */
bool gicv5_dma_read64(void *opaque, GICv5Domain domain, uint64_t addr,
                      uint64_t *value)
{
    AddressSpace *as = domain_as(opaque, domain);
    uint64_t *p = map64(as, domain, addr, false);

    if (!p) {
        return false;
    }
    *value = le64_to_cpu(qatomic_read__nocheck(p));
    address_space_unmap(as, p, sizeof(*p), false, 0);
    return true;
}

bool gicv5_dma_set64(void *opaque, GICv5Domain domain, uint64_t addr,
                     uint64_t bits, uint64_t *value)
{
    AddressSpace *as = domain_as(opaque, domain);
    uint64_t *p = map64(as, domain, addr, true);

    if (!p) {
        return false;
    }
    *value = le64_to_cpu(qatomic_fetch_or(p, cpu_to_le64(bits)));
    address_space_unmap(as, p, sizeof(*p), true, sizeof(*p));
    return true;
}

static AddressSpace *new_as(MemoryRegion *mr, const char *name)
{
    AddressSpace *as = g_new0(AddressSpace, 1);

    address_space_init(as, mr, name);
    return as;
}

void gicv5_dma_init(ARMGICv5CommonState *s)
{
    s->dma_as = s->dma_mr ? new_as(s->dma_mr, "arm-gicv5") :
                            &address_space_memory;
    s->secure_as = s->secure_mr ? new_as(s->secure_mr, "arm-gicv5-secure") :
                                  s->dma_as;
}

/*
 * Others see an address space until an RCU grace period after its end, which
 * the device may not live to see.
 */
void gicv5_dma_cleanup(ARMGICv5CommonState *s)
{
    if (s->secure_as && s->secure_as != s->dma_as) {
        address_space_destroy_free(s->secure_as);
    }
    if (s->dma_as && s->dma_as != &address_space_memory) {
        address_space_destroy_free(s->dma_as);
    }
    s->dma_as = s->secure_as = NULL;
}
