/*
 * The model of KVM: file descriptors, VMs, log, faults and commands
 *
 * Environment: KVMSIM_FORM and KVMSIM_HOST choose the host (SimHost).
 * KVMSIM_LOG names a file for the log of calls, KVMSIM_FAULT faults to inject
 * (KEY@N=ERRNO or KEY@N=SEED, comma between two; KEY and what follows it on the
 * line of the log up to the "="; N is the Nth such call, 0 every one; a SEED is
 * that of wrong contents), KVMSIM_WRONG wrong answers at random
 * (SEED/PARTS/LIMIT, see wrong_set()), KVMSIM_CONTROL a Unix socket that takes
 * commands.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "kvmsim.h"

/* struct kvm_run, and no ring of coalesced MMIO */
#define RUN_SIZE        4096
#define DIRTY_RING_SIZE 65536
/* What a vCPU's file descriptor maps, the ring from a page of its own */
#define VCPU_MAP_SIZE   (KVM_DIRTY_LOG_PAGE_OFFSET * 4096 + DIRTY_RING_SIZE)
#define MAX_FDS         65536
#define MAX_FAULTS      64
#define MAX_WORDS       8
#define BLANKS          "\n "

typedef enum FdType {
    FD_NONE, FD_KVM, FD_VM, FD_VCPU, FD_DEVICE,
} FdType;

/*
 * What is behind a file descriptor. The descriptor is one of a file in memory,
 * so that mmap() and close() work; its inode tells it from one that got the
 * same number after a close() that was not seen here.
 */
typedef struct SimFd {
    FdType type;
    ino_t inode;
    void *object;
} SimFd;

typedef struct Fault {
    char *key;
    unsigned long n;            /* 0: each one */
    unsigned long seen;
    int error;                  /* 0: wrong contents */
    uint64_t seed;
} Fault;

pthread_mutex_t sim_lock = PTHREAD_MUTEX_INITIALIZER;
SimHost sim_host = {
    .form = FORM_FULL, .prio_bits = 5, .id_bits = 16, .min_lpi_id_bits = 4,
    .max_vcpus = MAX_VCPUS, .ipa_bits = 40, .pmu = 1, .midr = 0x410fd0f0,
    .routes = MAX_ROUTES,
};

static SimFd fds[MAX_FDS];
static Fault faults[MAX_FAULTS];
static unsigned nr_faults;
static char *hold_key;          /* calls that are to wait, see sim_fault() */
static unsigned held;           /* that wait */
static pthread_cond_t hold_over = PTHREAD_COND_INITIALIZER;
static FILE *log_file;
/* The call of this thread is to answer with contents of this seed, if not 0. */
static __thread uint64_t sim_spoil;
static unsigned nr_vms;
static SimVM *vms;              /* that are open, the oldest first */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* --- log and faults --- */

uint64_t sim_number(const char *text)
{
    unsigned base = text[0] == '0' && text[1] == 'x' ? 16 : 10;
    uint64_t n = 0;

    for (text += base == 16 ? 2 : 0; *text; text++) {
        const char *digits = "0123456789abcdef";
        const char *at = memchr(digits, *text, base);

        if (!at) {
            break;
        }
        n = n * base + (at - digits);
    }
    return n;
}

void sim_log(const char *fmt, ...)
{
    va_list ap;

    if (!log_file) {
        return;
    }
    va_start(ap, fmt);
    vfprintf(log_file, fmt, ap);
    va_end(ap);
    fputc('\n', log_file);
    fflush(log_file);
}

int sim_fault(const char *fmt, ...)
{
    char key[256];
    va_list ap;
    int error = 0;

    va_start(ap, fmt);
    vsnprintf(key, sizeof(key), fmt, ap);
    va_end(ap);
    for (unsigned i = 0; i < nr_faults; i++) {
        Fault *f = &faults[i];

        if (!strcmp(f->key, key) && (++f->seen == f->n || !f->n) && !error) {
            error = f->error;
            sim_spoil = f->seed;
        }
    }
    if (!error && !sim_spoil) {
        error = wrong_answer(key, &sim_spoil);
    }
    while (hold_key && !strcmp(hold_key, key)) {
        held++;
        pthread_cond_wait(&hold_over, &sim_lock);
        held--;
    }
    return error;
}

static bool add_fault(const char *spec)
{
    const char *at = strrchr(spec, '@');
    const char *eq = at ? strchr(at, '=') : NULL;
    int error = eq ? wrong_errno(eq + 1) : 0;
    uint64_t seed = eq && !error ? sim_number(eq + 1) : 0;

    if ((!error && !seed) || nr_faults == MAX_FAULTS) {
        return false;
    }
    faults[nr_faults++] = (Fault) {
        .key = strndup(spec, at - spec), .n = sim_number(at + 1),
        .error = error, .seed = seed,
    };
    return true;
}

static void clear_faults(void)
{
    while (nr_faults) {
        free(faults[--nr_faults].key);
    }
}

static void set_hold(const char *key)
{
    free(hold_key);
    hold_key = key ? strdup(key) : NULL;
    pthread_cond_broadcast(&hold_over);
}

static void bad_environment(const char *what)
{
    fprintf(stderr, "kvmsim: cannot understand %s\n", what);
    _exit(99);
}

static void set_host(const char *item)
{
    static const struct {
        const char *name;
        unsigned *value;
    } names[] = {
        { "gicv3", &sim_host.gicv3 },
        { "prio-bits", &sim_host.prio_bits },
        { "id-bits", &sim_host.id_bits },
        { "min-lpi-id-bits", &sim_host.min_lpi_id_bits },
        { "max-vcpus", &sim_host.max_vcpus },
        { "ipa-bits", &sim_host.ipa_bits },
        { "pmu", &sim_host.pmu },
        { "hm", &sim_host.hm },
        { "midr", &sim_host.midr },
        { "extra-reg", &sim_host.extra_reg },
        { "routes", &sim_host.routes },
        { "dirty-ring", &sim_host.dirty_ring },
    };
    const char *eq = strchr(item, '=');

    for (unsigned i = 0; eq && i < SIZE_OF(names); i++) {
        if (strlen(names[i].name) == (size_t)(eq - item) &&
            !strncmp(names[i].name, item, eq - item)) {
            *names[i].value = sim_number(eq + 1);
            return;
        }
    }
    bad_environment(item);
}

static void *serve(void *arg);

static void init(void)
{
    const char *form = getenv("KVMSIM_FORM");
    const char *log = getenv("KVMSIM_LOG");
    const char *wrong = getenv("KVMSIM_WRONG");
    const char *control = getenv("KVMSIM_CONTROL");
    char *host = getenv("KVMSIM_HOST");
    char *fault = getenv("KVMSIM_FAULT");
    char *save, *item;

    if (form) {
        sim_host.form = !strcmp(form, "none") ? FORM_NONE :
                        !strcmp(form, "7.1") ? FORM_PPI :
                        !strcmp(form, "7.4") ? FORM_FULL : -1;
        if ((int)sim_host.form < 0) {
            bad_environment("KVMSIM_FORM");
        }
    }
    for (item = host ? strtok_r(strdup(host), ",", &save) : NULL; item;
         item = strtok_r(NULL, ",", &save)) {
        set_host(item);
    }
    for (item = fault ? strtok_r(strdup(fault), ",", &save) : NULL; item;
         item = strtok_r(NULL, ",", &save)) {
        if (!add_fault(item)) {
            bad_environment(item);
        }
    }
    if (log) {
        log_file = fopen(log, "w");
    }
    if (wrong && !wrong_set(wrong)) {
        bad_environment("KVMSIM_WRONG");
    }
    if (control) {
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        pthread_t thread;
        sigset_t all, old;

        snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", control);
        if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 1)) {
            bad_environment("KVMSIM_CONTROL");
        }
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
}

/* --- memory of the program --- */

/*
 * read() and write() tell of a bad address as the kernel does, also where
 * another program emulates the system calls.
 */
static int copy(uint64_t addr, void *buf, size_t size, bool write)
{
    static int fd = -1;
    void *user = (void *)(uintptr_t)addr;
    void *from = write ? buf : user;
    void *to = write ? user : buf;

    if (fd < 0) {
        fd = syscall(SYS_memfd_create, "kvmsim-copy", 1 /* MFD_CLOEXEC */);
    }
    if (syscall(SYS_pwrite64, fd, from, size, 0L) != (long)size ||
        syscall(SYS_pread64, fd, to, size, 0L) != (long)size) {
        return -EFAULT;
    }
    return 0;
}

int sim_copy_from(void *to, uint64_t from, size_t size)
{
    return copy(from, to, size, false);
}

int sim_copy_to(uint64_t to, const void *from, size_t size)
{
    return copy(to, (void *)from, size, true);
}

/* --- file descriptors --- */

static int new_fd(FdType type, void *object, size_t size)
{
    int fd = syscall(SYS_memfd_create, "kvmsim", 1 /* MFD_CLOEXEC */);
    struct stat st;

    if (fd < 0) {
        return -errno;
    }
    if (fd >= MAX_FDS || fstat(fd, &st) ||
        (size && syscall(SYS_ftruncate, fd, size))) {
        syscall(SYS_close, fd);
        return -EMFILE;
    }
    fds[fd] = (SimFd) { .type = type, .inode = st.st_ino, .object = object };
    return fd;
}

static SimVM *fd_vm(const SimFd *f)
{
    return f->type == FD_VCPU ? ((SimVCPU *)f->object)->vm : f->object;
}

static SimFd *find_fd(int fd)
{
    struct stat st;

    if (fd < 0 || fd >= MAX_FDS || fds[fd].type == FD_NONE) {
        return NULL;
    }
    if (fstat(fd, &st) || st.st_ino != fds[fd].inode) {
        fds[fd].type = FD_NONE;
        return NULL;
    }
    return &fds[fd];
}

static void put_vm(SimVM *vm)
{
    SimVM **at = &vms;

    if (--vm->refs) {
        return;
    }
    while (*at != vm) {
        at = &(*at)->next;
    }
    *at = vm->next;
    for (unsigned i = 0; i < vm->nr_vcpus; i++) {
        munmap(vm->vcpu[i]->run, RUN_SIZE);
        free(vm->vcpu[i]->regs);
        free(vm->vcpu[i]);
    }
    for (unsigned i = 0; i < MAX_SLOTS; i++) {
        free(vm->slot[i].dirty);
    }
    gic_free(&vm->gic);
    free(vm->id_regs);
    free(vm);
}

int close(int fd)
{
    pthread_mutex_lock(&sim_lock);
    SimFd *f = find_fd(fd);

    if (f) {
        SimVM *vm = f->type == FD_KVM ? NULL : fd_vm(f);

        f->type = FD_NONE;
        if (vm) {
            put_vm(vm);
        }
    }
    pthread_mutex_unlock(&sim_lock);
    return syscall(SYS_close, fd);
}

static int open_any(int dirfd, const char *path, int flags, mode_t mode)
{
    int fd;

    if (strcmp(path, "/dev/kvm")) {
        return syscall(SYS_openat, dirfd, path, flags, mode);
    }
    pthread_once(&once, init);
    pthread_mutex_lock(&sim_lock);
    fd = new_fd(FD_KVM, NULL, 0);
    pthread_mutex_unlock(&sim_lock);
    if (fd < 0) {
        errno = -fd;
        return -1;
    }
    return fd;
}

#define OPEN_MODE(flags) ({                                             \
        mode_t mode_ = 0;                                               \
        if ((flags) & (O_CREAT | __O_TMPFILE)) {                        \
            va_list ap_;                                                \
            va_start(ap_, flags);                                       \
            mode_ = va_arg(ap_, int);                                   \
            va_end(ap_);                                                \
        }                                                               \
        mode_;                                                          \
    })

int open(const char *path, int flags, ...)
{
    return open_any(AT_FDCWD, path, flags, OPEN_MODE(flags));
}

int open64(const char *path, int flags, ...)
{
    return open_any(AT_FDCWD, path, flags, OPEN_MODE(flags));
}

int __open_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

/* --- VMs --- */

SimVCPU *sim_vcpu(SimVM *vm, unsigned id)
{
    for (unsigned i = 0; i < vm->nr_vcpus; i++) {
        if (vm->vcpu[i]->id == id) {
            return vm->vcpu[i];
        }
    }
    return NULL;
}

bool sim_any_vcpu_in_run(SimVM *vm)
{
    for (unsigned i = 0; i < vm->nr_vcpus; i++) {
        if (vm->vcpu[i]->in_run) {
            return true;
        }
    }
    return false;
}

bool sim_any_vcpu_ran(SimVM *vm)
{
    for (unsigned i = 0; i < vm->nr_vcpus; i++) {
        if (vm->vcpu[i]->ran) {
            return true;
        }
    }
    return false;
}

static int create_vm(unsigned long type)
{
    SimVM **at = &vms;
    SimVM *vm = NULL;
    int fd = -sim_fault("CREATE_VM %lu", type);

    nr_vms++;
    if (!fd && type && (type < 32 || type > sim_host.ipa_bits)) {
        fd = -EINVAL;
    }
    if (!fd) {
        vm = calloc(1, sizeof(*vm));
        vm->number = nr_vms;
        vm->refs = 1;
        vm->ipa_bits = type ? type : 40;
        fd = new_fd(FD_VM, vm, 0);
        if (fd < 0) {
            free(vm);
        }
    }
    sim_log("vm%u CREATE_VM %lu = %d", nr_vms, type, fd < 0 ? fd : 0);
    if (fd < 0) {
        return fd;
    }
    while (*at) {
        at = &(*at)->next;
    }
    *at = vm;
    return fd;
}

static int create_vcpu(SimVM *vm, unsigned long id)
{
    unsigned max = sim_host.max_vcpus;
    SimVCPU *vcpu;
    int fd = -sim_fault("CREATE_VCPU %lu", id);

    if (!fd && vm->has_gic && vm->gic.initialised) {
        fd = -EBUSY;
    } else if (!fd && (id >= max || vm->nr_vcpus >= max)) {
        fd = -EINVAL;
    } else if (!fd && sim_vcpu(vm, id)) {
        fd = -EEXIST;
    }
    if (!fd) {
        vcpu = calloc(1, sizeof(*vcpu));
        vcpu->vm = vm;
        vcpu->id = id;
        fd = new_fd(FD_VCPU, vcpu, VCPU_MAP_SIZE);
        if (fd < 0) {
            free(vcpu);
        } else {
            vcpu->run = mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                             fd, 0);
            vm->vcpu[vm->nr_vcpus++] = vcpu;
            vm->refs++;
        }
    }
    sim_log("vm%u CREATE_VCPU %lu = %d", vm->number, id, fd < 0 ? fd : 0);
    return fd;
}

static int check_extension(const SimVM *vm, unsigned long cap)
{
    switch (cap) {
    case KVM_CAP_IRQCHIP:
        return sim_host.form != FORM_NONE || sim_host.gicv3;
    case KVM_CAP_USER_MEMORY:
    case KVM_CAP_DESTROY_MEMORY_REGION_WORKS:
    case KVM_CAP_JOIN_MEMORY_REGIONS_WORKS:
    case KVM_CAP_INTERNAL_ERROR_DATA:
    case KVM_CAP_IOEVENTFD:
    case KVM_CAP_IOEVENTFD_ANY_LENGTH:
    case KVM_CAP_IRQFD:
    case KVM_CAP_IRQFD_RESAMPLE:
    case KVM_CAP_SIGNAL_MSI:
    case KVM_CAP_ONE_REG:
    case KVM_CAP_ARM_PSCI:
    case KVM_CAP_ARM_PSCI_0_2:
    case KVM_CAP_DEVICE_CTRL:
    case KVM_CAP_MP_STATE:
    case KVM_CAP_VCPU_EVENTS:
    case KVM_CAP_IMMEDIATE_EXIT:
    case KVM_CAP_READONLY_MEM:
    case KVM_CAP_SYNC_MMU:
    case KVM_CAP_ARM_IRQ_LINE_LAYOUT_2:
    case KVM_CAP_VM_ATTRIBUTES:
    case KVM_CAP_ARM_NISV_TO_USER:
    case KVM_CAP_STEAL_TIME:
    case KVM_CAP_SET_GUEST_DEBUG:
    case KVM_CAP_ENABLE_CAP_VM:
        return 1;
    case KVM_CAP_GUEST_DEBUG_HW_BPS:
    case KVM_CAP_GUEST_DEBUG_HW_WPS:
        return 4;
    case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2:
        return KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE |
               KVM_DIRTY_LOG_INITIALLY_SET;
    case KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES:
        return 0x200000 | 0x1000;
    case KVM_CAP_DIRTY_LOG_RING_ACQ_REL:
        return sim_host.dirty_ring ? DIRTY_RING_SIZE : 0;
    case KVM_CAP_ARM_PMU_V3:
        return sim_host.pmu;
    case KVM_CAP_IRQ_ROUTING:
        return sim_host.routes;
    case KVM_CAP_NR_MEMSLOTS:
        return 512;
    case KVM_CAP_NR_VCPUS:
    case KVM_CAP_MAX_VCPUS:
    case KVM_CAP_MAX_VCPU_ID:
        return sim_host.max_vcpus;
    case KVM_CAP_ARM_VM_IPA_SIZE:
        return sim_host.ipa_bits;
    case KVM_CAP_MSI_DEVID:
        return vm ? 0 : -EINVAL;
    default:
        return 0;
    }
}

static int create_device(SimVM *vm, struct kvm_create_device *create)
{
    int ret = -sim_fault("CREATE_DEVICE %u", create->type);

    if (!ret) {
        if (create->type == KVM_DEV_TYPE_ARM_VGIC_V3 && sim_host.gicv3 &&
            create->flags & KVM_CREATE_DEVICE_TEST) {
            ret = 0;
        } else if (create->type != VGIC_V5 || sim_host.form == FORM_NONE) {
            ret = -ENODEV;
        } else if (!(create->flags & KVM_CREATE_DEVICE_TEST)) {
            ret = gic_create(vm, create);
            if (!ret) {
                ret = new_fd(FD_DEVICE, vm, 0);
            }
            if (ret >= 0) {
                create->fd = ret;
                vm->refs++;
                ret = 0;
            }
        }
    }
    sim_log("vm%u CREATE_DEVICE %u%s = %d", vm->number, create->type,
            create->flags & KVM_CREATE_DEVICE_TEST ? " TEST" : "", ret);
    return ret;
}

#define PAGE 4096

static size_t bitmap_size(uint64_t pages)
{
    return (pages + 63) / 64 * 8;
}

/*
 * Slots and ioeventfds are kept so that a test can see whether two VMs have the
 * same, see the commands "slots" and "ioeventfds".
 */
static int set_memory(SimVM *vm, const struct kvm_userspace_memory_region *r)
{
    SimSlot *slot = &vm->slot[r->slot % MAX_SLOTS];

    if (r->slot >= MAX_SLOTS) {
        return -EINVAL;
    }
    free(slot->dirty);
    *slot = (SimSlot) {
        .gpa = r->guest_phys_addr, .size = r->memory_size,
        .user = r->userspace_addr, .flags = r->flags,
    };
    if (r->flags & KVM_MEM_LOG_DIRTY_PAGES) {
        slot->dirty = calloc(1, bitmap_size(r->memory_size / PAGE));
    }
    return 0;
}

/* Pages stay dirty until they are cleared (MANUAL_DIRTY_LOG_PROTECT2). */
static int get_dirty_log(SimVM *vm, const struct kvm_dirty_log *log)
{
    SimSlot *slot = &vm->slot[log->slot % MAX_SLOTS];

    return slot->dirty ? sim_copy_to((uintptr_t)log->dirty_bitmap, slot->dirty,
                                     bitmap_size(slot->size / PAGE)) : -ENOENT;
}

static int clear_dirty_log(SimVM *vm, const struct kvm_clear_dirty_log *log)
{
    SimSlot *slot = &vm->slot[log->slot % MAX_SLOTS];
    uint64_t pages = slot->size / PAGE;
    const uint8_t *bits = log->dirty_bitmap;

    if (!slot->dirty) {
        return -ENOENT;
    }
    for (uint64_t i = 0; i < log->num_pages; i++) {
        uint64_t page = log->first_page + i;

        if (page < pages && bits[i / 8] & 1 << i % 8) {
            slot->dirty[page / 8] &= ~(1 << page % 8);
        }
    }
    return 0;
}

static int set_ioeventfd(SimVM *vm, const struct kvm_ioeventfd *e)
{
    for (unsigned i = 0; i < MAX_IOEVENTFDS; i++) {
        SimIOEventFd *at = &vm->ioeventfd[i];

        if (at->used && at->fd == e->fd && at->addr == e->addr &&
            at->datamatch == e->datamatch) {
            at->used = false;
            if (e->flags & KVM_IOEVENTFD_FLAG_DEASSIGN) {
                return 0;
            }
            at->used = true;
            return -EEXIST;
        }
    }
    if (e->flags & KVM_IOEVENTFD_FLAG_DEASSIGN) {
        return -ENOENT;
    }
    for (unsigned i = 0; i < MAX_IOEVENTFDS; i++) {
        SimIOEventFd *at = &vm->ioeventfd[i];

        if (!at->used) {
            *at = (SimIOEventFd) { true, e->fd, e->addr, e->datamatch };
            return 0;
        }
    }
    return -ENOSPC;
}

/* Some capabilities are for VMs without vCPUs. */
static int enable_cap(SimVM *vm, const struct kvm_enable_cap *cap)
{
    int ret = -sim_fault("ENABLE_CAP %u", cap->cap);

    if (!ret && vm->nr_vcpus && cap->cap == KVM_CAP_DIRTY_LOG_RING_ACQ_REL) {
        ret = -EINVAL;
    } else if (!ret && check_extension(vm, cap->cap) <= 0 &&
               cap->cap != KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE) {
        ret = -EINVAL;
    }
    sim_log("vm%u ENABLE_CAP %u = %d 0x%llx", vm->number, cap->cap, ret,
            cap->args[0]);
    return ret;
}

static int vm_ioctl(SimVM *vm, unsigned long request, void *arg)
{
    switch (request) {
    case KVM_CHECK_EXTENSION:
        return check_extension(vm, (unsigned long)arg);
    case KVM_CREATE_VCPU:
        return create_vcpu(vm, (unsigned long)arg);
    case KVM_CREATE_DEVICE:
        return create_device(vm, arg);
    case KVM_ARM_PREFERRED_TARGET:
        *(struct kvm_vcpu_init *)arg = (struct kvm_vcpu_init) {
            .target = KVM_ARM_TARGET_GENERIC_V8,
        };
        return 0;
    case KVM_IRQ_LINE:
        return gic_irq_line(vm, arg);
    case KVM_IRQFD:
        return gic_irqfd(vm, arg);
    case KVM_SET_GSI_ROUTING:
        return gic_set_routing(vm, arg);
    case KVM_SIGNAL_MSI:
    case KVM_CREATE_IRQCHIP:
        return -ENODEV;
    case KVM_ENABLE_CAP:
        return enable_cap(vm, arg);
    case KVM_SET_USER_MEMORY_REGION:
        return set_memory(vm, arg);
    case KVM_IOEVENTFD:
        return set_ioeventfd(vm, arg);
    case KVM_GET_DIRTY_LOG:
        return get_dirty_log(vm, arg);
    case KVM_CLEAR_DIRTY_LOG:
        return clear_dirty_log(vm, arg);
    case KVM_RESET_DIRTY_RINGS:
        /* No guest writes to memory by itself. */
        return 0;
    case KVM_HAS_DEVICE_ATTR:
        return -ENXIO;
    default:
        return -ENOTTY;
    }
}

/* --- vCPUs --- */

/* Preparation of KVM_RUN; order and errors as of Linux. */
static int prepare_run(SimVCPU *vcpu)
{
    SimVM *vm = vcpu->vm;
    int ret;

    if (!vcpu->initialised) {
        return -ENOEXEC;
    }
    if (vcpu->ran) {
        return 0;
    }
    ret = gic_prepare_run(vm);
    if (ret) {
        vm->dead = true;
        return ret;
    }
    vcpu_finalise_id_regs(vm);
    if (vcpu->features & (1 << KVM_ARM_VCPU_PMU_V3) && !vcpu->pmu_init) {
        return -EINVAL;
    }
    gic_expose_ppis(vm, vcpu);
    vcpu->ran = true;
    vm->ran = true;
    return 0;
}

static int run(SimVCPU *vcpu)
{
    bool first = !vcpu->ran;
    int ret = -sim_fault("RUN %u", vcpu->id);

    if (!ret) {
        ret = prepare_run(vcpu);
    }
    if (first || ret) {
        sim_log("vm%u RUN %u = %d", vcpu->vm->number, vcpu->id, ret);
    }
    if (ret) {
        return ret;
    }
    if (sim_spoil) {
        wrong_exit(vcpu->run, sim_spoil);
        sim_spoil = 0;
        return 0;
    }
    vcpu->in_run = true;
    while (true) {
        sigset_t all, old;
        bool now;

        if (vcpu->event) {
            vcpu->run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
            vcpu->run->system_event.type = vcpu->event;
            vcpu->run->system_event.ndata = 0;
            vcpu->event = 0;
            break;
        }
        /* A signal must not come between the look and the sleep. */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        now = __atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_SEQ_CST);
        pthread_mutex_unlock(&sim_lock);
        if (!now) {
            /* Commands are noticed at the next turn. */
            struct timespec turn = { .tv_nsec = 20 * 1000 * 1000 };

            now = ppoll(NULL, 0, &turn, &old) < 0;
        }
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        pthread_mutex_lock(&sim_lock);
        if (now) {
            vcpu->run->exit_reason = KVM_EXIT_INTR;
            ret = -EINTR;
            break;
        }
    }
    vcpu->in_run = false;
    return ret;
}

static int set_guest_debug(SimVCPU *vcpu, const struct kvm_guest_debug *debug)
{
    int ret = -sim_fault("SET_GUEST_DEBUG %u", vcpu->id);

    sim_log("vm%u SET_GUEST_DEBUG %u = %d 0x%x", vcpu->vm->number, vcpu->id,
            ret, debug->control);
    return ret;
}

/*
 * A host that lets this vCPU wait, so that the order of two threads is known
 */
static void wait_for_another(SimVCPU *vcpu)
{
    struct timespec turn = { .tv_nsec = 1000 * 1000 };

    while (!vcpu->vm->ran) {
        pthread_mutex_unlock(&sim_lock);
        nanosleep(&turn, NULL);
        pthread_mutex_lock(&sim_lock);
    }
}

static int vcpu_ioctl(SimVCPU *vcpu, unsigned long request, void *arg)
{
    if (vcpu->late && request == KVM_SET_ONE_REG) {
        wait_for_another(vcpu);
    }
    switch (request) {
    case KVM_RUN:
        return run(vcpu);
    case KVM_ARM_VCPU_INIT:
        return vcpu_init(vcpu, arg);
    case KVM_ARM_VCPU_FINALIZE:
        return -EINVAL;
    case KVM_GET_REG_LIST:
        return vcpu->initialised ? vcpu_reg_list(vcpu, (uintptr_t)arg)
                                 : -ENOEXEC;
    case KVM_GET_ONE_REG:
        return vcpu_one_reg(vcpu, false, arg);
    case KVM_SET_ONE_REG:
        return vcpu_one_reg(vcpu, true, arg);
    case KVM_GET_MP_STATE:
        ((struct kvm_mp_state *)arg)->mp_state = vcpu->mp_state;
        return 0;
    case KVM_SET_MP_STATE:
        vcpu->mp_state = ((struct kvm_mp_state *)arg)->mp_state;
        return 0;
    case KVM_GET_VCPU_EVENTS:
        *(struct kvm_vcpu_events *)arg = vcpu->events;
        return 0;
    case KVM_SET_VCPU_EVENTS:
        vcpu->events = *(struct kvm_vcpu_events *)arg;
        return 0;
    case KVM_SET_GUEST_DEBUG:
        return set_guest_debug(vcpu, arg);
    case KVM_SET_DEVICE_ATTR:
    case KVM_GET_DEVICE_ATTR:
    case KVM_HAS_DEVICE_ATTR:
        return vcpu_device_attr(vcpu, request, arg);
    default:
        return -ENOTTY;
    }
}

static int kvm_ioctl(unsigned long request, void *arg)
{
    switch (request) {
    case KVM_GET_API_VERSION:
        return KVM_API_VERSION;
    case KVM_CHECK_EXTENSION:
        return check_extension(NULL, (unsigned long)arg);
    case KVM_CREATE_VM:
        return create_vm((unsigned long)arg);
    case KVM_GET_VCPU_MMAP_SIZE:
        return RUN_SIZE;
    default:
        return -ENOTTY;
    }
}

/* sim_fault() for the calls that are not in the log */
static int plain_fault(const SimFd *f, unsigned long request, void *arg)
{
    unsigned id = f->type == FD_VCPU ? ((SimVCPU *)f->object)->id : 0;
    const struct kvm_one_reg *reg = arg;

    switch (request) {
    case KVM_GET_API_VERSION:
        return -sim_fault("GET_API_VERSION");
    case KVM_GET_VCPU_MMAP_SIZE:
        return -sim_fault("GET_VCPU_MMAP_SIZE");
    case KVM_CHECK_EXTENSION:
        return -sim_fault("CHECK_EXTENSION %lu", (unsigned long)arg);
    case KVM_ARM_PREFERRED_TARGET:
        return -sim_fault("PREFERRED_TARGET");
    case KVM_SET_USER_MEMORY_REGION:
        return -sim_fault("SET_USER_MEMORY_REGION");
    case KVM_IOEVENTFD:
        return -sim_fault("IOEVENTFD");
    case KVM_GET_DIRTY_LOG:
        return -sim_fault("GET_DIRTY_LOG");
    case KVM_CLEAR_DIRTY_LOG:
        return -sim_fault("CLEAR_DIRTY_LOG");
    case KVM_GET_REG_LIST:
        return -sim_fault("GET_REG_LIST %u", id);
    case KVM_GET_ONE_REG:
        return -sim_fault("GET_ONE_REG 0x%llx %u", reg->id, id);
    case KVM_SET_ONE_REG:
        return -sim_fault("SET_ONE_REG 0x%llx %u", reg->id, id);
    case KVM_GET_MP_STATE:
        return -sim_fault("GET_MP_STATE %u", id);
    case KVM_SET_MP_STATE:
        return -sim_fault("SET_MP_STATE %u", id);
    case KVM_GET_VCPU_EVENTS:
        return -sim_fault("GET_VCPU_EVENTS %u", id);
    case KVM_SET_VCPU_EVENTS:
        return -sim_fault("SET_VCPU_EVENTS %u", id);
    default:
        return 0;
    }
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list ap;
    void *arg;
    SimFd *f;
    int ret;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);

    pthread_mutex_lock(&sim_lock);
    f = find_fd(fd);
    if (!f) {
        pthread_mutex_unlock(&sim_lock);
        return syscall(SYS_ioctl, fd, request, arg);
    }
    sim_spoil = 0;
    ret = plain_fault(f, request, arg);
    if (ret) {
        /* The call is not made. */
    } else if (f->type != FD_KVM && fd_vm(f)->dead) {
        ret = -EIO;
    } else if (f->type == FD_KVM) {
        ret = kvm_ioctl(request, arg);
    } else if (f->type == FD_VM) {
        ret = vm_ioctl(f->object, request, arg);
    } else if (f->type == FD_VCPU) {
        ret = vcpu_ioctl(f->object, request, arg);
    } else {
        ret = gic_device_attr(f->object, request, arg);
    }
    if (sim_spoil && ret >= 0) {
        ret = wrong_contents(request, arg, ret, sim_spoil);
    }
    pthread_mutex_unlock(&sim_lock);
    if (ret < 0) {
        errno = -ret;
        return -1;
    }
    return ret;
}

/* --- commands --- */

static bool command_event(SimVM *vm, char **words, unsigned count)
{
    SimVCPU *vcpu = count == 3 ? sim_vcpu(vm, sim_number(words[1])) : NULL;

    if (!vcpu) {
        return false;
    }
    vcpu->event = !strcmp(words[2], "reset") ? KVM_SYSTEM_EVENT_RESET :
                  !strcmp(words[2], "off") ? KVM_SYSTEM_EVENT_SHUTDOWN :
                  KVM_SYSTEM_EVENT_CRASH;
    return true;
}

static bool command_late(SimVM *vm, char **words, unsigned count)
{
    SimVCPU *vcpu = count == 2 ? sim_vcpu(vm, sim_number(words[1])) : NULL;

    if (vcpu) {
        vcpu->late = true;
    }
    return vcpu;
}

static void command_ran(SimVM *vm, char *reply, size_t size)
{
    unsigned ran = 0;

    for (unsigned i = 0; i < vm->nr_vcpus; i++) {
        ran += vm->vcpu[i]->ran;
    }
    snprintf(reply, size, "0x%x", ran);
}

static bool command_poke(SimVM *vm, uint64_t gpa, uint8_t value)
{
    for (unsigned i = 0; i < MAX_SLOTS; i++) {
        SimSlot *slot = &vm->slot[i];
        uint64_t at = gpa - slot->gpa;

        if (gpa >= slot->gpa && at < slot->size) {
            if (slot->dirty) {
                slot->dirty[at / PAGE / 8] |= 1 << at / PAGE % 8;
            }
            return !sim_copy_to(slot->user + at, &value, 1);
        }
    }
    return false;
}

static void command_slots(SimVM *vm, char *reply, size_t size)
{
    for (unsigned i = 0; i < MAX_SLOTS; i++) {
        SimSlot *slot = &vm->slot[i];
        size_t used = strlen(reply);

        if (slot->size) {
            snprintf(reply + used, size - used, "0x%llx+0x%llx=0x%llx/%u ",
                     (unsigned long long)slot->gpa,
                     (unsigned long long)slot->size,
                     (unsigned long long)slot->user, slot->flags);
        }
    }
}

static void command_ioeventfds(SimVM *vm, char *reply, size_t size)
{
    for (unsigned i = 0; i < MAX_IOEVENTFDS; i++) {
        SimIOEventFd *at = &vm->ioeventfd[i];
        size_t used = strlen(reply);

        if (at->used) {
            snprintf(reply + used, size - used, "0x%llx/%llu ",
                     (unsigned long long)at->addr,
                     (unsigned long long)at->datamatch);
        }
    }
}

static bool command(char *line, char *reply, size_t size)
{
    char *words[MAX_WORDS], *save;
    unsigned count = 0;

    for (char *w = strtok_r(line, BLANKS, &save); w && count < MAX_WORDS;
         w = strtok_r(NULL, BLANKS, &save)) {
        words[count++] = w;
    }
    reply[0] = 0;
    if (!count) {
        return false;
    }
    if (!strcmp(words[0], "held")) {
        snprintf(reply, size, "%u", held);
        return true;
    }
    if (!strcmp(words[0], "fault") || !strcmp(words[0], "hold")) {
        /* A key has blanks. */
        char spec[256] = "";

        for (unsigned i = 1; i < count; i++) {
            snprintf(spec + strlen(spec), sizeof(spec) - strlen(spec), "%s%s",
                     i > 1 ? " " : "", words[i]);
        }
        if (!strcmp(words[0], "hold")) {
            set_hold(strcmp(spec, "none") ? spec : NULL);
            return true;
        }
        if (!strcmp(spec, "none")) {
            clear_faults();
            return true;
        }
        return add_fault(spec);
    }
    if (!strcmp(words[0], "wrong")) {
        return count == 2 && wrong_set(words[1]);
    }
    if (!strcmp(words[0], "memory")) {
        snprintf(reply, size, "%zu", mallinfo2().uordblks);
        return true;
    }
    if (!vms) {
        return false;
    }
    if (!strcmp(words[0], "event")) {
        return command_event(vms, words, count);
    }
    if (!strcmp(words[0], "late")) {
        return command_late(vms, words, count);
    }
    if (!strcmp(words[0], "ran")) {
        command_ran(vms, reply, size);
        return true;
    }
    if (!strcmp(words[0], "poke")) {
        return count == 3 && command_poke(vms, sim_number(words[1]),
                                          sim_number(words[2]));
    }
    if (!strcmp(words[0], "slots")) {
        command_slots(vms, reply, size);
        return true;
    }
    if (!strcmp(words[0], "ioeventfds")) {
        command_ioeventfds(vms, reply, size);
        return true;
    }
    return vms->has_gic && gic_command(vms, words, count, reply, size);
}

int kvmsim_control(const char *cmd, char *reply, size_t size)
{
    char line[256];
    char *text = malloc(size);
    bool ok;

    snprintf(line, sizeof(line), "%s", cmd);
    pthread_mutex_lock(&sim_lock);
    ok = command(line, text, size);
    pthread_mutex_unlock(&sim_lock);
    snprintf(reply, size, "%s%s%s", ok ? "ok" : "error", *text ? " " : "",
             text);
    free(text);
    return ok ? 0 : -1;
}

/* Without stdio: exit() waits for the lock of a FILE that is being read. */
static void serve_one(int fd)
{
    static char reply[1 << 20];
    char line[256];
    size_t used = 0;

    while (used < sizeof(line) - 1) {
        ssize_t got = read(fd, line + used, sizeof(line) - 1 - used);
        char *end;

        if (got <= 0) {
            break;
        }
        used += got;
        line[used] = 0;
        while ((end = strchr(line, '\n'))) {
            *end = 0;
            kvmsim_control(line, reply, sizeof(reply));
            dprintf(fd, "%s\n", reply);
            used -= end + 1 - line;
            memmove(line, end + 1, used + 1);
        }
    }
    syscall(SYS_close, fd);
}

static void *serve(void *arg)
{
    int listener = (intptr_t)arg;
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        serve_one(fd);
    }
    return NULL;
}
