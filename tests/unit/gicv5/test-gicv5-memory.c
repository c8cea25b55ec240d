/*
 * Tests of the GICv5's accesses to the memory of a domain
 *
 * Two address spaces, with RAM in the first page and a device behind it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/bswap.h"
#include "qemu/rcu.h"
#include "qemu/thread.h"
#include "exec/address-spaces.h"
#include "hw/intc/gicv5/dma.h"

#define RAM_SIZE 4096
#define DEVICE RAM_SIZE

static uint64_t ram[2][RAM_SIZE / 8];
static MemoryRegion ram_mr = { .ram = true };
static MemoryRegion rom_mr = { .ram = true, .readonly = true };
static MemoryRegion device_mr;
static MemoryRegion roots[2];
static bool is_rom;
static MemTxAttrs last_attrs;
static unsigned num_as;
static AddressSpace *current;

/* --- what QEMU has of this ------------------------------------------- */

AddressSpace address_space_memory;

void address_space_init(AddressSpace *as, MemoryRegion *root, const char *name)
{
    as->root = root;
    num_as++;
}

void address_space_destroy_free(AddressSpace *as)
{
    num_as--;
    g_free(as);
}

bool memory_region_is_ram_device(MemoryRegion *mr)
{
    return false;
}

static uint8_t *ram_of(AddressSpace *as)
{
    return (uint8_t *)ram[as->root == &roots[1]];
}

static MemTxResult access_ram(AddressSpace *as, hwaddr addr, MemTxAttrs attrs,
                              void *to, const void *from, hwaddr len)
{
    last_attrs = attrs;
    current = as;
    if (addr + len > RAM_SIZE) {
        return MEMTX_ACCESS_ERROR;
    }
    memcpy(to ?: ram_of(as) + addr, from ?: ram_of(as) + addr, len);
    return MEMTX_OK;
}

MemTxResult address_space_read_full(AddressSpace *as, hwaddr addr,
                                    MemTxAttrs attrs, void *buf, hwaddr len)
{
    return access_ram(as, addr, attrs, buf, NULL, len);
}

MemTxResult address_space_write(AddressSpace *as, hwaddr addr,
                                MemTxAttrs attrs, const void *buf, hwaddr len)
{
    return access_ram(as, addr, attrs, NULL, buf, len);
}

MemoryRegion *flatview_translate(FlatView *fv, hwaddr addr, hwaddr *xlat,
                                 hwaddr *len, bool is_write, MemTxAttrs attrs)
{
    *xlat = addr;
    *len = MIN(*len, addr < RAM_SIZE ? RAM_SIZE - addr : *len);
    return addr >= RAM_SIZE ? &device_mr : is_rom ? &rom_mr : &ram_mr;
}

void *address_space_map(AddressSpace *as, hwaddr addr, hwaddr *len,
                        bool is_write, MemTxAttrs attrs)
{
    last_attrs = attrs;
    current = as;
    g_assert_cmpuint(addr + *len, <=, RAM_SIZE);
    return ram_of(as) + addr;
}

void address_space_unmap(AddressSpace *as, void *buffer, hwaddr len,
                         bool is_write, hwaddr access_len)
{
    g_assert_true(as == current);
    g_assert_cmpuint(access_len, ==, is_write ? 8 : 0);
}

/* --- tests ------------------------------------------------------------ */

static GICv5Memory *setup(void)
{
    memset(ram, 0, sizeof(ram));
    is_rom = false;
    return gicv5_memory_new(&roots[0], &roots[1]);
}

static void test_domains(void)
{
    GICv5Memory *m = setup();

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        bool secure = d == GICV5_DOMAIN_S || d == GICV5_DOMAIN_EL3;
        uint64_t v = cpu_to_le64(0x1122334455667700 + d);

        for (unsigned how = 0; how < 5; how++) {
            uint64_t got = 0;

            last_attrs = (MemTxAttrs) {};
            switch (how) {
            case 0:
                g_assert_true(gicv5_memory_write(m, d, 8 * d, &v, sizeof(v)));
                break;
            case 1:
                g_assert_true(gicv5_memory_read(m, d, 8 * d, &got,
                                                sizeof(got)));
                g_assert_cmphex(got, ==, v);
                break;
            case 2:
                g_assert_true(gicv5_memory_read64(m, d, 8 * d, &got));
                g_assert_cmphex(got, ==, le64_to_cpu(v));
                break;
            case 3:
                g_assert_true(gicv5_memory_modify64(m, d, 8 * d, 0x80, 0x80,
                                                    &got));
                g_assert_cmphex(got, ==, le64_to_cpu(v));
                break;
            default:
                g_assert_true(gicv5_memory_modify64(m, d, 8 * d, 0x80, 0,
                                                    &got));
                g_assert_cmphex(got, ==, le64_to_cpu(v) | 0x80);
                break;
            }
            g_assert_true(last_attrs.memory);
            g_assert_cmpuint(last_attrs.space, ==, d);
            g_assert_cmpuint(last_attrs.secure, ==, secure);
        }
        g_assert_cmphex(ram[secure][d], ==, v);
        g_assert_cmphex(ram[!secure][d], ==, 0);
    }
    gicv5_memory_free(m);
    g_assert_cmpuint(num_as, ==, 0);

    /* Without regions of one's own: the system's memory, for all domains */
    m = gicv5_memory_new(NULL, NULL);
    g_assert_cmpuint(num_as, ==, 0);
    g_assert_true(gicv5_memory_read(m, GICV5_DOMAIN_S, 0, ram[1], 8));
    g_assert_true(current == &address_space_memory);
    gicv5_memory_free(m);
    gicv5_memory_free(NULL);
}

static void test_not_ram(void)
{
    GICv5Memory *m = setup();
    uint64_t v = 5;

    g_assert_false(gicv5_memory_read(m, GICV5_DOMAIN_NS, DEVICE, &v, 8));
    g_assert_false(gicv5_memory_write(m, GICV5_DOMAIN_NS, DEVICE, &v, 8));
    /* A device, across the end of RAM, and not aligned */
    for (uint64_t addr = DEVICE; addr > DEVICE - 8; addr--) {
        g_assert_false(gicv5_memory_read64(m, GICV5_DOMAIN_NS, addr, &v));
        g_assert_false(gicv5_memory_modify64(m, GICV5_DOMAIN_NS, addr, 1, 1,
                                             &v));
        g_assert_false(gicv5_memory_modify64(m, GICV5_DOMAIN_NS, addr, 1, 0,
                                             &v));
    }
    is_rom = true;
    g_assert_true(gicv5_memory_read64(m, GICV5_DOMAIN_NS, 0, &v));
    g_assert_false(gicv5_memory_modify64(m, GICV5_DOMAIN_NS, 0, 1, 1, &v));
    g_assert_cmphex(ram[0][0], ==, 0);
    gicv5_memory_free(m);
}

static void test_modify(void)
{
    GICv5Memory *m = setup();
    uint64_t old;

    ram[0][1] = cpu_to_le64(0x0123456789abcdef);
    g_assert_true(gicv5_memory_modify64(m, GICV5_DOMAIN_NS, 8,
                                        0x0000ffff000000ff,
                                        0xaaaa1234aaaaaa45, &old));
    g_assert_cmphex(old, ==, 0x0123456789abcdef);
    g_assert_cmphex(le64_to_cpu(ram[0][1]), ==, 0x0123123489abcd45);
    gicv5_memory_free(m);
}

#define ROUNDS 200000

/* As a vCPU does: counts in the upper half of the word */
static void *count(void *opaque)
{
    uint32_t *half = opaque;

    for (unsigned i = 0; i < ROUNDS; i++) {
        qatomic_inc(half);
    }
    return NULL;
}

static void test_atomic(void)
{
    GICv5Memory *m = setup();
    uint32_t *halves = (uint32_t *)&ram[0][2];
    uint64_t old;
    QemuThread thread;

    qemu_thread_create(&thread, "vcpu", count, &halves[1],
                       QEMU_THREAD_JOINABLE);
    for (unsigned i = 0; i < ROUNDS; i++) {
        g_assert_true(gicv5_memory_modify64(m, GICV5_DOMAIN_NS, 16,
                                            0xff, i, &old));
        g_assert_cmphex(old & UINT32_MAX, ==, i ? (i - 1) & 0xff : 0);
    }
    qemu_thread_join(&thread);
    g_assert_cmpuint(halves[1], ==, ROUNDS);
    gicv5_memory_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gicv5/memory/domains", test_domains);
    g_test_add_func("/gicv5/memory/not-ram", test_not_ram);
    g_test_add_func("/gicv5/memory/modify", test_modify);
    g_test_add_func("/gicv5/memory/atomic", test_atomic);
    return g_test_run();
}
