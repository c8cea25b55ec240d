/*
 * Arm GICv5: the memory that tables are in, by interrupt domain
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/bswap.h"
#include "qemu/rcu.h"
#include "exec/address-spaces.h"
#include "dma.h"

/**
 * GICv5Memory: @as for the Non-secure and Realm domains, @secure_as for the
 * Secure and EL3 domains; the same for both if that is the system's memory
 */
struct GICv5Memory {
    AddressSpace *as;
    AddressSpace *secure_as;
};

static bool is_secure(GICv5Domain domain)
{
    return domain == GICV5_DOMAIN_S || domain == GICV5_DOMAIN_EL3;
}

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
        .secure = is_secure(domain),
    };
}

static AddressSpace *domain_as(GICv5Memory *m, GICv5Domain domain)
{
    return is_secure(domain) ? m->secure_as : m->as;
}

bool gicv5_memory_read(GICv5Memory *m, GICv5Domain domain, uint64_t addr,
                       void *buf, size_t len)
{
    return address_space_read(domain_as(m, domain), addr,
                              domain_attrs(domain), buf, len) == MEMTX_OK;
}

bool gicv5_memory_write(GICv5Memory *m, GICv5Domain domain, uint64_t addr,
                        const void *buf, size_t len)
{
    return address_space_write(domain_as(m, domain), addr,
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

/* A table can be anywhere: map64() checks the alignment. */
bool gicv5_memory_read64(GICv5Memory *m, GICv5Domain domain, uint64_t addr,
                         uint64_t *value)
{
    AddressSpace *as = domain_as(m, domain);
    uint64_t *p = map64(as, domain, addr, false);

    if (!p) {
        return false;
    }
    *value = le64_to_cpu(qatomic_read__nocheck(p));
    address_space_unmap(as, p, sizeof(*p), false, 0);
    return true;
}

/*
 * A try fails only if a vCPU has stored something in between, as with the
 * atomic operations that hosts make of loads and stores.
 */
bool gicv5_memory_modify64(GICv5Memory *m, GICv5Domain domain, uint64_t addr,
                           uint64_t mask, uint64_t bits, uint64_t *value)
{
    AddressSpace *as = domain_as(m, domain);
    uint64_t *p = map64(as, domain, addr, true);
    uint64_t seen, old;

    if (!p) {
        return false;
    }
    seen = qatomic_read__nocheck(p);
    do {
        old = seen;
        seen = qatomic_cmpxchg__nocheck(p, old,
                                        (old & ~cpu_to_le64(mask)) |
                                        cpu_to_le64(bits & mask));
    } while (seen != old);
    *value = le64_to_cpu(old);
    address_space_unmap(as, p, sizeof(*p), true, sizeof(*p));
    return true;
}

static AddressSpace *new_as(MemoryRegion *mr, const char *name)
{
    AddressSpace *as = g_new0(AddressSpace, 1);

    address_space_init(as, mr, name);
    return as;
}

GICv5Memory *gicv5_memory_new(MemoryRegion *mr, MemoryRegion *secure_mr)
{
    GICv5Memory *m = g_new(GICv5Memory, 1);

    m->as = mr ? new_as(mr, "arm-gicv5") : &address_space_memory;
    m->secure_as = secure_mr ? new_as(secure_mr, "arm-gicv5-secure") : m->as;
    return m;
}

/*
 * Others see an address space until an RCU grace period after its end, which
 * the device may not live to see.
 */
void gicv5_memory_free(GICv5Memory *m)
{
    if (!m) {
        return;
    }
    if (m->secure_as != m->as) {
        address_space_destroy_free(m->secure_as);
    }
    if (m->as != &address_space_memory) {
        address_space_destroy_free(m->as);
    }
    g_free(m);
}
