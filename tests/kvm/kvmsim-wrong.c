/*
 * The model of KVM: answers that a kernel should not give
 *
 * Any call fails with any errno, or answers with other contents. Each that
 * does is a line of the log, WRONG KEY@N=..., which KVMSIM_FAULT takes to have
 * it once more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "kvmsim.h"

#define MAX_KEYS 16384
/* The highest address that a guest's access may be at, and some more */
#define MMIO_BITS 41

static const struct {
    const char *name;
    int error;
} error_names[] = {
    { "EBUSY", EBUSY }, { "ENOMEM", ENOMEM }, { "ETIMEDOUT", ETIMEDOUT },
    { "EFAULT", EFAULT }, { "ENOSPC", ENOSPC }, { "EINVAL", EINVAL },
    { "EIO", EIO }, { "ENXIO", ENXIO }, { "ENODEV", ENODEV },
    { "E2BIG", E2BIG }, { "EINTR", EINTR }, { "EAGAIN", EAGAIN },
    { "EPERM", EPERM }, { "ENOENT", ENOENT }, { "ENOTTY", ENOTTY },
};

/*
 * Where QEMU's own code ends with abort(), whatever the reason: it is not for
 * the GICv5 to change that.
 */
static const struct {
    const char *key;            /* what the call's key begins with */
    bool error, contents;
} not_ours[] = {
    /* kvm_set_phys_mem() */
    { "SET_USER_MEMORY_REGION", true, true },
    /* kvm_mem_ioeventfd_add() and _del() */
    { "IOEVENTFD", true, true },
    /* kvm_log_clear() */
    { "CLEAR_DIRTY_LOG", true, true },
    /* kvm_irqchip_commit_routes() */
    { "SET_GSI_ROUTING", true, true },
    /* kvm_arm_pmu_init(), kvm_arm_pmu_set_irq(), kvm_arm_pvtime_init() */
    { "HAS PMU", true, true },
    { "SET PMU", true, true },
    { "SET PVTIME", true, true },
    /* kvm_arm_reset_vcpu(), of the call and of a register in its list */
    { "VCPU_INIT", true, true },
    { "GET_ONE_REG", true, false },
    /* bank_number(), of PSTATE.M in kvm_arch_get_registers() */
    { "GET_ONE_REG 0x6030000000100042", true, true },
    /* kvm_arm_get_virtual_time(), kvm_arm_put_virtual_time() */
    { "SET_ONE_REG 0x603000000013df1a", true, true },
    /* kvm_alloc_slot(): fewer than the board's memory needs */
    { "CHECK_EXTENSION 10", true, true },
    /* kvm_init_vcpu(): where KVM_CAP_COALESCED_MMIO says that a ring is */
    { "CHECK_EXTENSION 15", true, true },
    /* kvm_arm_sve_get_vls(): SVE that is not there */
    { "CHECK_EXTENSION 170", true, true },
};

static struct {
    bool on;
    uint64_t seed;
    uint64_t parts;
    uint64_t limit;
} wrong;

/* How many calls of each key have come */
static struct {
    uint64_t key;               /* 0: free */
    uint64_t count;
} seen[MAX_KEYS];

/* A number at the end of @prefix is all of a number of @key. */
static bool begins_with(const char *key, const char *prefix)
{
    size_t len = strlen(prefix);

    return !strncmp(key, prefix, len) &&
           !(isdigit(prefix[len - 1]) && isdigit(key[len]));
}

/* --- random numbers --- */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0x9fb21c651e98df25ull;
    x ^= x >> 29;
    x *= 0xd6e8feb86659fd93ull;
    return x ^ x >> 32;
}

static uint64_t next(uint64_t *state)
{
    *state += 0x632be59bd9b4e019ull;
    return mix(*state);
}

static uint64_t hash(const char *text)
{
    uint64_t h = 1;

    for (; *text; text++) {
        h = mix(h + (unsigned char)*text);
    }
    return h ? h : 1;
}

/* A value near the right one, one at the edge of what is possible, or any */
static uint64_t other(uint64_t *state, uint64_t value)
{
    static const uint64_t edges[] = {
        0, 1, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
        0x8000000000000000ull, ~0ull,
    };

    switch (next(state) % 6) {
    case 0:
        return next(state);
    case 1:
        return edges[next(state) % SIZE_OF(edges)];
    case 2:
        return value + 1;
    case 3:
        return value - 1;
    default:
        return value ^ BIT64(next(state) % 64);
    }
}

/* At most 8 bytes */
static void spoil_bytes(uint64_t *state, void *at, size_t size)
{
    uint64_t value = 0;

    memcpy(&value, at, size);
    value = other(state, value);
    memcpy(at, &value, size);
}

/* At an address that the caller gave, which may be bad */
static void spoil_user(uint64_t *state, uint64_t addr, size_t size)
{
    uint64_t value = 0;

    if (!sim_copy_from(&value, addr, size)) {
        spoil_bytes(state, &value, size);
        sim_copy_to(addr, &value, size);
    }
}

/* --- what goes wrong --- */

int wrong_errno(const char *name)
{
    for (unsigned i = 0; i < SIZE_OF(error_names); i++) {
        if (!strcmp(name, error_names[i].name)) {
            return error_names[i].error;
        }
    }
    return 0;
}

bool wrong_set(const char *spec)
{
    const char *parts = strchr(spec, '/');
    const char *limit = parts ? strchr(parts + 1, '/') : NULL;

    memset(seen, 0, sizeof(seen));
    wrong.on = limit && sim_number(parts + 1);
    if (wrong.on) {
        wrong.seed = mix(sim_number(spec));
        wrong.parts = sim_number(parts + 1);
        wrong.limit = sim_number(limit + 1);
    }
    return wrong.on || !strcmp(spec, "none");
}

/* The number of this call among those of its key; 0 if there are too many */
static uint64_t count(uint64_t key)
{
    for (unsigned i = 0; i < MAX_KEYS; i++) {
        unsigned at = (key + i) % MAX_KEYS;

        if (!seen[at].key || seen[at].key == key) {
            seen[at].key = key;
            return ++seen[at].count;
        }
    }
    return 0;
}

/* HAS has nothing to tell but whether; nor have calls that only set */
static bool has_contents(const char *key)
{
    static const char *const keys[] = {
        "GET ", "GET_", "CHECK_EXTENSION", "RUN ", "PREFERRED_TARGET",
    };

    for (unsigned i = 0; i < SIZE_OF(keys); i++) {
        if (!strncmp(key, keys[i], strlen(keys[i]))) {
            return strcmp(key, "GET_VCPU_MMAP_SIZE");
        }
    }
    return false;
}

int wrong_answer(const char *key, uint64_t *seed)
{
    bool error = true;
    bool contents = has_contents(key);
    uint64_t state, n;
    unsigned which;

    if (!wrong.on) {
        return 0;
    }
    n = count(hash(key));
    state = mix(wrong.seed ^ hash(key)) + n;
    if (!n || !wrong.limit || next(&state) % wrong.parts) {
        return 0;
    }
    for (unsigned i = 0; i < SIZE_OF(not_ours); i++) {
        if (begins_with(key, not_ours[i].key)) {
            error &= !not_ours[i].error;
            contents &= !not_ours[i].contents;
        }
    }
    if (!error && !contents) {
        return 0;
    }
    wrong.limit--;
    if (contents && (!error || next(&state) % 2)) {
        *seed = next(&state) | 1;
        sim_log("WRONG %s@%llu=0x%llx", key, (unsigned long long)n,
                (unsigned long long)*seed);
        return 0;
    }
    which = next(&state) % SIZE_OF(error_names);
    sim_log("WRONG %s@%llu=%s", key, (unsigned long long)n,
            error_names[which].name);
    return error_names[which].error;
}

/* Two images, of which each word may be anything */
static void spoil_images(uint64_t *state, uint64_t addr)
{
    uint64_t desc[4];

    if (sim_copy_from(desc, addr, sizeof(desc))) {
        return;
    }
    for (unsigned n = 1 + next(state) % 64; n; n--) {
        unsigned at = next(state) % 2 * 2;
        uint64_t words = desc[at + 1] / sizeof(uint32_t);

        if (words) {
            spoil_user(state, desc[at] + next(state) % words * 4, 4);
        }
    }
}

static void spoil_attr(uint64_t *state, const struct kvm_device_attr *attr)
{
    switch (attr->group) {
    case GRP_IST:
        spoil_images(state, attr->addr);
        break;
    case GRP_NR_IRQS:
        spoil_user(state, attr->addr, 4);
        break;
    case GRP_ADDR:
    case GRP_CPU_SYSREGS:
    case GRP_IRS_REGS:
        spoil_user(state, attr->addr, 8);
        break;
    }
}

/* One register's ID; their number is what QEMU allocates memory by. */
static void spoil_list(uint64_t *state, uint64_t addr)
{
    uint64_t n;

    if (!sim_copy_from(&n, addr, sizeof(n)) && n) {
        spoil_user(state, addr + 8 + next(state) % n * 8, 8);
    }
}

int wrong_contents(unsigned long request, void *arg, int ret, uint64_t seed)
{
    const struct kvm_one_reg *reg = arg;
    unsigned size;

    switch (request) {
    case KVM_GET_API_VERSION:
        return other(&seed, ret) & 0x7fffffff;
    case KVM_CHECK_EXTENSION:
        /* A capability is there or not, or there is more of it. */
        return next(&seed) % 2 ? !ret : ret ^ 1 << next(&seed) % 16;
    case KVM_ARM_PREFERRED_TARGET:
        spoil_bytes(&seed, arg, 4);
        break;
    case KVM_GET_DEVICE_ATTR:
        spoil_attr(&seed, arg);
        break;
    case KVM_GET_ONE_REG:
        size = 1 << ((reg->id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
        spoil_user(&seed, reg->addr, size < 8 ? size : 8);
        break;
    case KVM_GET_REG_LIST:
        spoil_list(&seed, (uintptr_t)arg);
        break;
    case KVM_GET_MP_STATE:
        spoil_bytes(&seed, arg, 4);
        break;
    case KVM_GET_VCPU_EVENTS:
        spoil_bytes(&seed, arg, 8);
        spoil_bytes(&seed, (char *)arg + 8, 8);
        break;
    case KVM_GET_DIRTY_LOG:
        spoil_user(&seed, (uintptr_t)((struct kvm_dirty_log *)arg)
                          ->dirty_bitmap, 8);
        break;
    }
    return ret;
}

/*
 * KVM_EXIT_IO, whose data may be anywhere, and those of memory that only some
 * VMs have are left out: QEMU takes the kernel's word for them.
 */
void wrong_exit(struct kvm_run *run, uint64_t seed)
{
    static const uint32_t reasons[] = {
        KVM_EXIT_UNKNOWN, KVM_EXIT_EXCEPTION, KVM_EXIT_HYPERCALL,
        KVM_EXIT_DEBUG, KVM_EXIT_HLT, KVM_EXIT_MMIO, KVM_EXIT_MMIO,
        KVM_EXIT_MMIO, KVM_EXIT_SHUTDOWN, KVM_EXIT_FAIL_ENTRY, KVM_EXIT_INTR,
        KVM_EXIT_INTERNAL_ERROR, KVM_EXIT_SYSTEM_EVENT, KVM_EXIT_SYSTEM_EVENT,
        KVM_EXIT_ARM_NISV, 0x12345,
    };
    uint64_t value = next(&seed);

    run->exit_reason = reasons[next(&seed) % SIZE_OF(reasons)];
    switch (run->exit_reason) {
    case KVM_EXIT_MMIO:
        run->mmio.phys_addr = next(&seed) % 2 ?
                              0x08000000 + next(&seed) % 0x04000000 :
                              next(&seed) % BIT64(MMIO_BITS);
        run->mmio.len = 1 << next(&seed) % 4;
        run->mmio.is_write = next(&seed) % 2;
        memcpy(run->mmio.data, &value, sizeof(value));
        break;
    case KVM_EXIT_SYSTEM_EVENT:
        run->system_event.type = next(&seed) % 6;
        run->system_event.ndata = 0;
        break;
    case KVM_EXIT_INTERNAL_ERROR:
        run->internal.suberror = next(&seed) % 5;
        run->internal.ndata = 0;
        break;
    }
}
