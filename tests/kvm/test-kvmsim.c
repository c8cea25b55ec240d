/*
 * What programs may rely on of KVM's vgic-v5: run on the model, or on Linux
 *
 * Prints TAP. A test that needs a guest runs on the model only, whose commands
 * stand for one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kvmsim.h"

#define MAX_TEST_VCPUS  32
#define NO_SUCH_GROUP   1

typedef struct VM {
    int kvm, fd, gic;
    int vcpu[MAX_TEST_VCPUS];
    unsigned id[MAX_TEST_VCPUS];
    struct kvm_run *run[MAX_TEST_VCPUS];
    unsigned count;
} VM;

static unsigned number, failures;
static const char *form;
static bool test_failed;
static int (*control)(const char *, char *, size_t);

#define CHECK(got, want) check(__LINE__, #got, (long long)(got), \
                               (long long)(want))

static void check(int line, const char *what, long long got, long long want)
{
    if (got != want) {
        printf("# line %d: %s is %lld (0x%llx), not %lld (0x%llx)\n", line,
               what, got, got, want, want);
        test_failed = true;
    }
}

/* --- calls; a negative errno where they fail --- */

static int call(int fd, unsigned long request, void *arg)
{
    int ret = ioctl(fd, request, arg);

    return ret < 0 ? -errno : ret;
}

static int attr(int fd, unsigned long request, uint32_t group, uint64_t a,
                void *addr)
{
    struct kvm_device_attr d = {
        .group = group, .attr = a, .addr = (uintptr_t)addr,
    };

    return call(fd, request, &d);
}

#define HAS(vm, group, a) \
    attr((vm)->gic, KVM_HAS_DEVICE_ATTR, group, a, NULL)
#define GET(vm, group, a, p) \
    attr((vm)->gic, KVM_GET_DEVICE_ATTR, group, a, p)
#define SET(vm, group, a, p) \
    attr((vm)->gic, KVM_SET_DEVICE_ATTR, group, a, p)

static int get_irs(VM *vm, uint32_t offset, uint64_t *value)
{
    return GET(vm, GRP_IRS_REGS, offset, value);
}

static int set_irs(VM *vm, uint32_t offset, uint64_t value)
{
    return SET(vm, GRP_IRS_REGS, offset, &value);
}

static int set_nr_irqs(VM *vm, uint32_t n)
{
    return SET(vm, GRP_NR_IRQS, 0, &n);
}

static int set_addr(VM *vm, uint64_t addr)
{
    return SET(vm, GRP_ADDR, ADDR_TYPE_IRS, &addr);
}

static int do_init(VM *vm)
{
    return SET(vm, GRP_CTRL, CTRL_INIT, NULL);
}

static int irq_line(VM *vm, unsigned type, unsigned vcpu, unsigned n, int level)
{
    struct kvm_irq_level irq = {
        .irq = type << 24 | (vcpu & 0xff) << 16 | (vcpu >> 8) << 28 | n,
        .level = level,
    };

    return call(vm->fd, KVM_IRQ_LINE, &irq);
}

static int create_device(VM *vm, uint32_t type, uint32_t flags)
{
    struct kvm_create_device c = { .type = type, .flags = flags };
    int ret = call(vm->fd, KVM_CREATE_DEVICE, &c);

    return ret < 0 || flags ? ret : (int)c.fd;
}

static int add_vcpu(VM *vm, unsigned id)
{
    struct kvm_vcpu_init init = { .target = KVM_ARM_TARGET_GENERIC_V8 };
    int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    int fd = call(vm->fd, KVM_CREATE_VCPU, (void *)(uintptr_t)id);
    unsigned i = vm->count;

    if (fd < 0) {
        return fd;
    }
    vm->vcpu[i] = fd;
    vm->id[i] = id;
    vm->run[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    vm->count++;
    call(vm->fd, KVM_ARM_PREFERRED_TARGET, &init);
    return call(fd, KVM_ARM_VCPU_INIT, &init);
}

/* Prepares to run, and returns before the first instruction */
static int run_now(VM *vm, unsigned i)
{
    vm->run[i]->immediate_exit = 1;
    return call(vm->vcpu[i], KVM_RUN, NULL);
}

static void open_vm(VM *vm, unsigned vcpus)
{
    memset(vm, 0, sizeof(*vm));
    vm->gic = -1;
    vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 40);
    for (unsigned i = 0; i < vcpus; i++) {
        add_vcpu(vm, i);
    }
}

static void open_gic(VM *vm, unsigned vcpus)
{
    open_vm(vm, vcpus);
    vm->gic = create_device(vm, VGIC_V5, 0);
}

/* A GIC that is ready to run */
static void open_ready(VM *vm, unsigned vcpus)
{
    open_gic(vm, vcpus);
    CHECK(set_addr(vm, 0x08010000), 0);
    CHECK(do_init(vm), 0);
}

static void close_vm(VM *vm)
{
    for (unsigned i = 0; i < vm->count; i++) {
        munmap(vm->run[i], ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
        close(vm->vcpu[i]);
    }
    if (vm->gic >= 0) {
        close(vm->gic);
    }
    close(vm->fd);
    close(vm->kvm);
}

/* A command to the model; its value */
static uint64_t guest(const char *fmt, ...)
{
    char line[256], reply[4096];
    long long value = 0;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (control(line, reply, sizeof(reply))) {
        printf("# %s: %s\n", line, reply);
        test_failed = true;
    }
    sscanf(reply, "ok %lli", &value);
    return value;
}

/* What KVM keeps of an SPI */
static bool shadow_is(unsigned spi, const char *want)
{
    char line[32], reply[64], all[64];

    snprintf(line, sizeof(line), "shadow %u", spi);
    snprintf(all, sizeof(all), "ok %s", want);
    control(line, reply, sizeof(reply));
    if (strcmp(reply, all)) {
        printf("# SPI %u: %s\n", spi, reply);
    }
    return !strcmp(reply, all);
}

static uint64_t sysreg(unsigned vcpu, uint16_t reg)
{
    return (uint64_t)((vcpu & 0xf) | (vcpu >> 4) << 8) << 32 | reg;
}

/* --- tests --- */

static void test_device(void)
{
    VM vm;

    open_vm(&vm, 1);
    CHECK(create_device(&vm, 0, KVM_CREATE_DEVICE_TEST), -ENODEV);
    CHECK(create_device(&vm, VGIC_V5, KVM_CREATE_DEVICE_TEST), 0);
    vm.gic = create_device(&vm, VGIC_V5, 0);
    CHECK(vm.gic >= 0, true);
    CHECK(create_device(&vm, VGIC_V5, 0), -EEXIST);
    CHECK(create_device(&vm, VGIC_V5, KVM_CREATE_DEVICE_TEST), 0);
    CHECK(call(vm.fd, KVM_CREATE_IRQCHIP, NULL), -ENODEV);
    CHECK(HAS(&vm, NO_SUCH_GROUP, 0), -ENXIO);
    CHECK(GET(&vm, NO_SUCH_GROUP, 0, &vm), -ENXIO);
    CHECK(HAS(&vm, GRP_CTRL, 3), -ENXIO);
    close_vm(&vm);

    /* Before the vCPUs, which the model's limit bounds then */
    open_gic(&vm, 0);
    CHECK(vm.gic >= 0, true);
    CHECK(add_vcpu(&vm, MAX_VCPUS), -EINVAL);
    CHECK(do_init(&vm), -ENODEV);
    /* A failed INIT leaves the default behind. */
    CHECK(set_nr_irqs(&vm, 64), -EBUSY);
    CHECK(add_vcpu(&vm, 0), 0);
    CHECK(do_init(&vm), 0);
    CHECK(do_init(&vm), 0);
    CHECK(add_vcpu(&vm, 1), -EBUSY);
    close_vm(&vm);

    /* Too late */
    open_vm(&vm, 1);
    CHECK(run_now(&vm, 0), -EINTR);
    CHECK(create_device(&vm, VGIC_V5, 0), -EBUSY);
    close_vm(&vm);
}

static void test_addr(void)
{
    uint64_t addr = 0;
    VM vm;

    open_gic(&vm, 1);
    CHECK(HAS(&vm, GRP_ADDR, ADDR_TYPE_IRS), 0);
    CHECK(HAS(&vm, GRP_ADDR, -1), -ENXIO);
    CHECK(GET(&vm, GRP_ADDR, ADDR_TYPE_IRS, &addr), 0);
    CHECK(addr, UINT64_MAX);
    CHECK(SET(&vm, GRP_ADDR, ADDR_TYPE_IRS, NULL), -EFAULT);
    CHECK(set_addr(&vm, 0x1000), -EINVAL);
    CHECK(set_addr(&vm, -0x10000ull), -EINVAL);
    CHECK(set_addr(&vm, BIT64(40)), -E2BIG);
    CHECK(set_addr(&vm, BIT64(40) - 0x10000), -E2BIG);
    CHECK(set_addr(&vm, 0), 0);
    CHECK(GET(&vm, GRP_ADDR, ADDR_TYPE_IRS, &addr), 0);
    CHECK(addr, 0);
    CHECK(set_addr(&vm, 0x1000), -EEXIST);
    close_vm(&vm);

    /* A run without an address kills the VM. */
    open_gic(&vm, 1);
    CHECK(do_init(&vm), 0);
    CHECK(get_irs(&vm, 0, &addr), -ENXIO);
    CHECK(run_now(&vm, 0), -ENXIO);
    CHECK(run_now(&vm, 0), -EIO);
    CHECK(do_init(&vm), -EIO);
    close_vm(&vm);

    /* So does one without INIT. */
    open_gic(&vm, 1);
    CHECK(set_addr(&vm, 0x10000), 0);
    CHECK(run_now(&vm, 0), -EBUSY);
    CHECK(create_device(&vm, VGIC_V5, 0), -EIO);
    close_vm(&vm);
}

static void test_nr_irqs(void)
{
    uint32_t n = 1;
    VM vm;

    open_gic(&vm, 1);
    CHECK(HAS(&vm, GRP_NR_IRQS, 0), 0);
    CHECK(GET(&vm, GRP_NR_IRQS, 0, &n), 0);
    CHECK(n, 0);
    CHECK(set_nr_irqs(&vm, 31), -EINVAL);
    CHECK(set_nr_irqs(&vm, 33), -EINVAL);
    CHECK(set_nr_irqs(&vm, 1056), -EINVAL);
    CHECK(SET(&vm, GRP_NR_IRQS, 0, NULL), -EFAULT);
    CHECK(set_nr_irqs(&vm, 1024), 0);
    CHECK(set_nr_irqs(&vm, 1024), -EBUSY);
    CHECK(set_nr_irqs(&vm, 31), -EINVAL);
    CHECK(GET(&vm, GRP_NR_IRQS, 0, &n), 0);
    CHECK(n, 1024);
    CHECK(do_init(&vm), 0);
    close_vm(&vm);

    open_gic(&vm, 1);
    CHECK(do_init(&vm), 0);
    CHECK(GET(&vm, GRP_NR_IRQS, 0, &n), 0);
    CHECK(n, 32);
    CHECK(set_nr_irqs(&vm, 64), -EBUSY);
    close_vm(&vm);
}

static void test_irs_regs(void)
{
    static const uint16_t regs[] = {
        0x000, 0x004, 0x008, 0x00c, 0x010, 0x014, 0x018, 0x01c, 0x040, 0x044,
        0x080, 0x084, 0x0c0, 0x0c4, 0x100, 0x108, 0x10c, 0x110, 0x114, 0x118,
        0x140, 0x144, 0x148, 0x180, 0x190, 0x194, 0x1c0, 0x200, 0x210, 0x214,
        0x240, 0x248, 0x250, 0x258, 0x25c, 0x280, 0x288, 0x28c, 0x2c0, 0x2c8,
        0x2d0, 0x2d8, 0x2e0, 0x300, 0x308, 0x340, 0x344, 0x380, 0x384, 0x3c0,
        0x3c8, 0x3d0, 0xffbc, 0xffd0, 0xffe0, 0xfff0,
    };
    uint64_t v, idr[3];
    VM vm;

    open_gic(&vm, 0);
    CHECK(HAS(&vm, GRP_IRS_REGS, 0), -EINVAL);
    CHECK(add_vcpu(&vm, 0), 0);
    CHECK(HAS(&vm, GRP_IRS_REGS, 0), 0);
    CHECK(get_irs(&vm, 0, &v), -EBUSY);
    CHECK(set_irs(&vm, 0, 0), -EBUSY);
    CHECK(do_init(&vm), 0);
    CHECK(get_irs(&vm, 0, &v), -ENXIO);
    CHECK(set_addr(&vm, 0x10000), 0);
    for (unsigned i = 0; i < SIZE_OF(regs); i++) {
        if (HAS(&vm, GRP_IRS_REGS, regs[i]) || get_irs(&vm, regs[i], &v) ||
            set_irs(&vm, regs[i], v)) {
            printf("# register 0x%x\n", regs[i]);
            test_failed = true;
        }
    }
    CHECK(HAS(&vm, GRP_IRS_REGS, 0x10000), -ENXIO);
    CHECK(HAS(&vm, GRP_IRS_REGS, 0x20), -ENXIO);
    CHECK(get_irs(&vm, 0x188, &v), -ENXIO);
    CHECK(HAS(&vm, GRP_IRS_REGS, 2), -EINVAL);
    CHECK(HAS(&vm, GRP_IRS_REGS, 0x184), -EINVAL);
    CHECK(GET(&vm, GRP_IRS_REGS, 0, NULL), -EFAULT);
    CHECK(SET(&vm, GRP_IRS_REGS, 0, NULL), -EFAULT);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(get_irs(&vm, 4 * i, &idr[i]), 0);
    }
    /* What is stored of IRS_IDR0 and IRS_IDR2, compared of the others */
    CHECK(set_irs(&vm, 0, idr[0] | 0xffffe000), 0);
    CHECK(get_irs(&vm, 0, &v), 0);
    CHECK(v, idr[0] | 0xffff0000);
    CHECK(set_irs(&vm, 0, idr[0]), 0);
    CHECK(set_irs(&vm, 8, idr[2] | 0xfff00000), 0);
    CHECK(get_irs(&vm, 8, &v), 0);
    CHECK(v, idr[2]);
    for (unsigned offset = 0x14; offset < 0x20; offset += 4) {
        CHECK(get_irs(&vm, offset, &v), 0);
        CHECK(set_irs(&vm, offset, v | 0xfe000000), 0);
    }
    CHECK(set_irs(&vm, 0x1c, 1 << 24), 0);
    CHECK(set_irs(&vm, 0x14, 1 << 24), -EINVAL);
    CHECK(set_irs(&vm, 0, (idr[0] & ~3ull) | 2), -EINVAL);
    CHECK(set_irs(&vm, 0, idr[0] | 1 << 9), -EINVAL);
    CHECK(set_irs(&vm, 4, idr[1] | 7 << 20), -EINVAL);
    CHECK(set_irs(&vm, 4, idr[1] ^ 1 << 16), -EINVAL);
    CHECK(set_irs(&vm, 8, 0), -EINVAL);
    for (unsigned offset = 0x14; offset < 0x20; offset += 4) {
        CHECK(get_irs(&vm, offset, &v), 0);
        CHECK(set_irs(&vm, offset, v + 1), -EINVAL);
    }
    CHECK(get_irs(&vm, 0xc4, &v), 0);
    CHECK(v, 1);
    CHECK(get_irs(&vm, 0x194, &v), 0);
    CHECK(v, 1);
    /* Only 32 bits count; registers that are read only ignore writes. */
    CHECK(set_irs(&vm, 0x80, 0xffffffff00000001), 0);
    CHECK(get_irs(&vm, 0x80, &v), 0);
    CHECK(v, 3);
    CHECK(set_irs(&vm, 0x40, 0), 0);
    CHECK(get_irs(&vm, 0x40, &v), 0);
    CHECK(v, 0x04b0043b);
    CHECK(set_irs(&vm, 0x180, 0x12340001), 0);
    CHECK(get_irs(&vm, 0x180, &v), 0);
    CHECK(v, 0x12340001);
    /* A table that was announced and never restored */
    CHECK(run_now(&vm, 0), -EINVAL);
    CHECK(get_irs(&vm, 0, &v), -EIO);
    close_vm(&vm);

    open_ready(&vm, 1);
    CHECK(run_now(&vm, 0), -EINTR);
    CHECK(get_irs(&vm, 0x80, &v), 0);
    CHECK(set_irs(&vm, 0x80, v), -EBUSY);
    close_vm(&vm);
}

static int ist(VM *vm, unsigned long request, void *spi, uint64_t spi_size,
               void *lpi, uint64_t lpi_size)
{
    uint64_t d[4] = { (uintptr_t)spi, spi_size, (uintptr_t)lpi, lpi_size };

    return attr(vm->gic, request, GRP_IST, 0, d);
}

#define GET_IST(vm, ...) ist(vm, KVM_GET_DEVICE_ATTR, __VA_ARGS__)
#define SET_IST(vm, ...) ist(vm, KVM_SET_DEVICE_ATTR, __VA_ARGS__)

static void test_ist_attr(void)
{
    uint32_t spi[32], lpi[32];
    VM vm;

    open_gic(&vm, 1);
    CHECK(HAS(&vm, GRP_IST, 0), 0);
    CHECK(HAS(&vm, GRP_IST, 1), -ENXIO);
    CHECK(GET(&vm, GRP_IST, 1, spi), -ENXIO);
    CHECK(SET(&vm, GRP_IST, 1, spi), -ENXIO);
    CHECK(GET_IST(&vm, spi, 128, NULL, 0), -EBUSY);
    CHECK(SET_IST(&vm, spi, 128, NULL, 0), -EBUSY);
    CHECK(set_addr(&vm, 0x10000), 0);
    CHECK(do_init(&vm), 0);
    CHECK(GET(&vm, GRP_IST, 0, NULL), -EINVAL);
    CHECK(SET(&vm, GRP_IST, 0, NULL), -EINVAL);
    CHECK(GET(&vm, GRP_IST, 0, (void *)1), -EFAULT);
    CHECK(GET_IST(&vm, NULL, 128, NULL, 0), -EINVAL);
    CHECK(GET_IST(&vm, spi, 124, NULL, 0), -EINVAL);
    CHECK(GET_IST(&vm, (void *)8, 128, NULL, 0), -EFAULT);
    CHECK(GET_IST(&vm, spi, 128, lpi, 128), -EINVAL);
    CHECK(SET_IST(&vm, spi, 128, lpi, 128), -EINVAL);
    CHECK(GET_IST(&vm, spi, 128, NULL, 0), 0);
    CHECK(SET_IST(&vm, spi, 128, NULL, 0), 0);
    CHECK(SET_IST(&vm, spi, 128, NULL, 0), 0);
    CHECK(run_now(&vm, 0), -EINTR);
    CHECK(GET_IST(&vm, spi, 128, NULL, 0), 0);
    CHECK(SET_IST(&vm, spi, 128, NULL, 0), -EBUSY);
    close_vm(&vm);
}

static void test_userspace_ppis(void)
{
    uint64_t ppis[2] = { 1, 1 };
    VM vm;

    open_gic(&vm, 1);
    CHECK(HAS(&vm, GRP_CTRL, CTRL_INIT), 0);
    CHECK(HAS(&vm, GRP_CTRL, CTRL_USERSPACE_PPIS), 0);
    CHECK(do_init(&vm), 0);
    CHECK(GET(&vm, GRP_CTRL, CTRL_USERSPACE_PPIS, ppis), 0);
    CHECK(ppis[0] & BIT64(PPI_SW), BIT64(PPI_SW));
    CHECK(ppis[1], 0);
    CHECK(SET(&vm, GRP_CTRL, CTRL_USERSPACE_PPIS, ppis), -ENXIO);
    CHECK(GET(&vm, GRP_CTRL, CTRL_USERSPACE_PPIS, NULL), -EFAULT);
    CHECK(GET(&vm, GRP_CTRL, CTRL_INIT, ppis), -ENXIO);
    close_vm(&vm);
}

static const uint16_t sysregs[] = {
    0xc654, 0xc656, 0xc657, 0xc66a, 0xc66b, 0xc66e, 0xc66f, 0xc670, 0xc671,
    0xc672, 0xc673, 0xc674, 0xc675, 0xc676, 0xc677, 0xc678, 0xc679, 0xc67a,
    0xc67b, 0xc67c, 0xc67d, 0xc67e, 0xc67f, 0xce00, 0xce01, 0xce02,
};

static void test_cpu_sysregs(void)
{
    uint64_t v = 0;
    VM vm;

    open_gic(&vm, 2);
    CHECK(HAS(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xce02)), 0);
    CHECK(GET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xce02), &v), -EBUSY);
    CHECK(SET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xce02), &v), -EBUSY);
    CHECK(set_addr(&vm, 0x10000), 0);
    CHECK(do_init(&vm), 0);
    for (unsigned i = 0; i < SIZE_OF(sysregs); i++) {
        uint64_t a = sysreg(1, sysregs[i]);

        if (HAS(&vm, GRP_CPU_SYSREGS, a) || GET(&vm, GRP_CPU_SYSREGS, a, &v) ||
            SET(&vm, GRP_CPU_SYSREGS, a, &v)) {
            printf("# register 0x%x\n", sysregs[i]);
            test_failed = true;
        }
    }
    /* ICC_CTLR_EL1 is GICv3's. */
    CHECK(HAS(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xc664)), -ENXIO);
    CHECK(GET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xc664), &v), -ENOENT);
    CHECK(SET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xc664), &v), -ENOENT);
    CHECK(HAS(&vm, GRP_CPU_SYSREGS, sysreg(5, 0xce02)), -EINVAL);
    CHECK(GET(&vm, GRP_CPU_SYSREGS, sysreg(5, 0xce02), &v), -EINVAL);
    CHECK(GET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xce02), NULL), -EFAULT);
    CHECK(SET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xce02), NULL), -EFAULT);
    v = 0xff;
    CHECK(SET(&vm, GRP_CPU_SYSREGS, sysreg(1, 0xce02), &v), 0);
    CHECK(GET(&vm, GRP_CPU_SYSREGS, sysreg(1, 0xce02), &v), 0);
    CHECK(v, 0x1f);
    CHECK(GET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xce01), &v), 0);
    CHECK(v, 6);
    v = 1;
    CHECK(SET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xce01), &v), 0);
    CHECK(GET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xce01), &v), 0);
    CHECK(v, 7);
    /* The first run hides PPIs that nobody has. */
    v = -1;
    CHECK(SET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xc656), &v), 0);
    CHECK(GET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xc656), &v), 0);
    CHECK(v, UINT64_MAX);
    CHECK(run_now(&vm, 0), -EINTR);
    CHECK(GET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xc656), &v), 0);
    CHECK(v, BIT64(PPI_SW) | BIT64(PPI_VTIMER) | BIT64(PPI_PTIMER));
    CHECK(SET(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xc656), &v), -EBUSY);
    CHECK(SET(&vm, GRP_CPU_SYSREGS, sysreg(1, 0xc656), &v), -EBUSY);
    close_vm(&vm);
}

static void test_sparse_ids(void)
{
    uint64_t v;
    VM vm;

    open_gic(&vm, 0);
    CHECK(add_vcpu(&vm, 17), 0);
    CHECK(add_vcpu(&vm, 3), 0);
    CHECK(set_addr(&vm, 0x10000), 0);
    CHECK(do_init(&vm), 0);
    CHECK(get_irs(&vm, 4, &v), 0);
    CHECK((v >> 16) & 0xf, 4);
    CHECK(v & 0xffff, 2);
    CHECK(run_now(&vm, 0), -EINTR);
    CHECK(run_now(&vm, 1), -EINTR);
    close_vm(&vm);
}

static void test_ppis(void)
{
    VM vm;

    open_ready(&vm, 2);
    for (unsigned n = 0; n <= 64; n++) {
        CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_PPI, 0, n, 1),
              n == PPI_SW ? 0 : -EINVAL);
    }
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_PPI, 0, PPI_SW, 0), 0);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_PPI, 2, PPI_SW, 1), -EINVAL);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_CPU, 0, 0, 1), -ENXIO);
    CHECK(irq_line(&vm, 3, 0, 0, 1), -EINVAL);
    if (control) {
        guest("cpu 0 enable 0x8");
        guest("cpu 0 pcr 0x1f");
        guest("cpu 0 cr0 1");
        CHECK(guest("ack 0"), 0x20000003);
        CHECK(guest("hppi 0"), 0);
        guest("cpu 0 active 0");
        CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_PPI, 0, PPI_SW, 1), 0);
        CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_PPI, 0, PPI_SW, 0), 0);
        CHECK(guest("ack 0"), 0x20000003);
    }
    close_vm(&vm);

    open_vm(&vm, 1);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 0, 1), -ENXIO);
    vm.gic = create_device(&vm, VGIC_V5, 0);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 0, 1), -EBUSY);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_PPI, 0, PPI_SW, 1), -EBUSY);
    close_vm(&vm);
}

static void test_spis(void)
{
    VM vm;

    open_ready(&vm, 1);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 32, 1), -EINVAL);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 31, 1), 0);
    close_vm(&vm);

    open_gic(&vm, 1);
    CHECK(set_nr_irqs(&vm, 1024), 0);
    CHECK(set_addr(&vm, 0x10000), 0);
    CHECK(do_init(&vm), 0);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 1024, 1), -EINVAL);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 0, 1), 0);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 0, 0), 0);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 1023, 1), 0);
    if (control) {
        guest("irs-write 0x80 1");
        guest("cpu 0 pcr 0x1f");
        guest("cpu 0 cr0 1");
        /* Pending since before they were enabled */
        CHECK(guest("ist spi 0"), ISTE_PENDING);
        guest("ist spi 0 0x1809");
        guest("ist spi 1023 0x1009");
        CHECK(guest("ack 0"), 0x600003ff);
        CHECK(guest("ack 0"), 0x60000000);
        CHECK(guest("hppi 0"), 0);
        /* Level */
        guest("irs-write 0x108 7");
        guest("irs-write 0x114 1");
        guest("ist spi 7 0x0c");
        CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 7, 1), 0);
        CHECK(guest("hppi 0"), 0x60000007);
        CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 7, 0), 0);
        CHECK(guest("hppi 0"), 0);
        CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 7, 1), 0);
        guest("irs-write 0x80 0");
        CHECK(guest("hppi 0"), 0);
    }
    close_vm(&vm);
}

#define SPI_LINE(vm, n, level) \
    CHECK(irq_line(vm, KVM_ARM_IRQ_TYPE_SPI, 0, n, level), 0)

/* A guest that takes interrupts, with SPI 7 enabled at priority 3 */
static void open_guest(VM *vm)
{
    open_ready(vm, 1);
    guest("irs-write 0x80 1");
    guest("cpu 0 pcr 0x1f");
    guest("cpu 0 cr0 1");
    guest("ist spi 7 0x1808");
    guest("irs-write 0x108 7");
}

/* The handler: acknowledge, and GIC CDDI. Was there an interrupt? */
static bool handle(unsigned spi)
{
    bool taken = guest("ack 0") == (3u << 29 | spi);

    guest("ist spi %u 0x%x", spi, (unsigned)guest("ist spi %u", spi) &
          ~ISTE_ACTIVE);
    return taken;
}

/* A load of nothing but SPI 7 */
static void load_spi7(VM *vm, uint32_t word)
{
    uint32_t spi[32] = { [7] = word };

    CHECK(SET_IST(vm, spi, sizeof(spi), NULL, 0), 0);
}

/*
 * What the kernel and the hardware make of SPIs: the reasons for what kvm-gicv5
 * does, see docs/devel/gicv5.rst.
 */
static void test_spi_modes(void)
{
    uint32_t spi[32];
    VM vm;

    /* Level to the kernel, handling mode Edge: lost if the line stays high */
    open_guest(&vm);
    guest("irs-write 0x114 1");
    SPI_LINE(&vm, 7, 1);
    CHECK(handle(7), true);
    CHECK(shadow_is(7, "level high"), true);
    CHECK(GET_IST(&vm, spi, sizeof(spi), NULL, 0), 0);
    CHECK(spi[7], 0x1808);
    CHECK(handle(7), false);
    SPI_LINE(&vm, 7, 1);
    CHECK(handle(7), false);
    SPI_LINE(&vm, 7, 0);
    SPI_LINE(&vm, 7, 1);
    CHECK(handle(7), true);
    /* A load makes it edge, and leaves the line; the guest sees it. */
    load_spi7(&vm, spi[7]);
    CHECK(shadow_is(7, "edge high"), true);
    CHECK(guest("irs-read 0x114"), 0);
    SPI_LINE(&vm, 7, 0);
    CHECK(shadow_is(7, "edge high"), true);
    close_vm(&vm);

    /* Raised while it was edge: each fall of the line is an interrupt, too. */
    open_guest(&vm);
    SPI_LINE(&vm, 7, 1);
    CHECK(shadow_is(7, "edge latched"), true);
    guest("irs-write 0x114 1");
    CHECK(handle(7), true);
    for (unsigned i = 0; i < 2; i++) {
        SPI_LINE(&vm, 7, 1);
        CHECK(handle(7), true);
        CHECK(handle(7), false);
        SPI_LINE(&vm, 7, 0);
        CHECK(handle(7), true);
    }
    close_vm(&vm);

    /* Handling mode Level, with an edge that the kernel remembers: a storm */
    open_guest(&vm);
    load_spi7(&vm, 0x1808 | ISTE_HM | ISTE_PENDING);
    CHECK(shadow_is(7, "level latched"), true);
    for (unsigned i = 0; i < 10; i++) {
        CHECK(handle(7), true);
    }
    SPI_LINE(&vm, 7, 1);
    SPI_LINE(&vm, 7, 0);
    CHECK(handle(7), true);
    /* Only a load makes it forget. */
    load_spi7(&vm, 0x1808 | ISTE_HM);
    CHECK(shadow_is(7, "level"), true);
    CHECK(handle(7), false);
    close_vm(&vm);

    /* Handling mode Level before the guest runs: as a wire is */
    open_guest(&vm);
    SPI_LINE(&vm, 7, 1);
    load_spi7(&vm, 0x1808 | ISTE_HM);
    CHECK(handle(7), false);
    SPI_LINE(&vm, 7, 1);
    guest("irs-write 0x114 1");
    for (unsigned i = 0; i < 10; i++) {
        CHECK(handle(7), true);
    }
    SPI_LINE(&vm, 7, 0);
    CHECK(handle(7), false);
    CHECK(GET_IST(&vm, spi, sizeof(spi), NULL, 0), 0);
    CHECK(spi[7], 0x1808 | ISTE_HM);
    close_vm(&vm);

    /* The line outlives a load: one that is high must be lowered first. */
    open_guest(&vm);
    load_spi7(&vm, 0x1808 | ISTE_HM);
    SPI_LINE(&vm, 7, 1);
    load_spi7(&vm, 0x1808 | ISTE_HM);
    CHECK(shadow_is(7, "level high"), true);
    SPI_LINE(&vm, 7, 1);
    CHECK(handle(7), false);
    SPI_LINE(&vm, 7, 0);
    SPI_LINE(&vm, 7, 1);
    CHECK(handle(7), true);
    close_vm(&vm);
}

/* A priority that equals ICC_PCR_EL1 is high enough. */
static void test_mask(void)
{
    VM vm;

    open_guest(&vm);
    SPI_LINE(&vm, 7, 1);
    guest("cpu 0 pcr 2");
    CHECK(guest("hppi 0"), 0);
    guest("cpu 0 pcr 3");
    CHECK(guest("hppi 0"), 0x60000007);
    close_vm(&vm);
}

static void test_lpis(void)
{
    uint64_t v;
    VM vm;

    open_ready(&vm, 2);
    guest("irs-write 0x190 0");
    guest("irs-write 0x180 0x40000001");
    CHECK(guest("irs-read 0x180"), 0);
    guest("irs-write 0x190 5");
    guest("irs-write 0x180 0x40000001");
    CHECK(guest("irs-read 0x180"), 0x40000001);
    guest("irs-write 0x180 0x50000001");
    CHECK(guest("irs-read 0x180"), 0x40000001);
    guest("irs-write 0x190 6");
    CHECK(guest("irs-read 0x190"), 5);
    guest("irs-write 0x80 1");
    guest("cpu 1 pcr 0x1f");
    guest("cpu 1 cr0 1");
    guest("ist lpi 31 0x00010009");
    CHECK(guest("ack 1"), 0x4000001f);
    /* The VMM cannot change a table that is there. */
    CHECK(set_irs(&vm, 0x180, 0x50000001), -EINVAL);
    CHECK(set_irs(&vm, 0x190, 6), -EINVAL);
    CHECK(get_irs(&vm, 0x180, &v), 0);
    CHECK(set_irs(&vm, 0x180, v), 0);
    guest("irs-write 0x180 0");
    CHECK(guest("irs-read 0x180"), 0);
    close_vm(&vm);
}

static void test_routing(void)
{
    struct kvm_irqfd irqfd = { .fd = 0, .gsi = 5 };
    struct {
        struct kvm_irq_routing head;
        struct kvm_irq_routing_entry entry;
    } r = {
        .head.nr = 1,
        .entry = { .gsi = 9, .type = KVM_IRQ_ROUTING_IRQCHIP },
    };
    VM vm;

    open_gic(&vm, 1);
    CHECK(call(vm.fd, KVM_IRQFD, &irqfd), -EAGAIN);
    r.entry.u.irqchip.pin = 1024;
    CHECK(call(vm.fd, KVM_SET_GSI_ROUTING, &r), -EINVAL);
    r.entry.u.irqchip.pin = 3;
    r.entry.u.irqchip.irqchip = 1;
    CHECK(call(vm.fd, KVM_SET_GSI_ROUTING, &r), -EINVAL);
    r.entry.u.irqchip.irqchip = 0;
    r.entry.gsi = 4096;
    CHECK(call(vm.fd, KVM_SET_GSI_ROUTING, &r), -EINVAL);
    r.entry.gsi = 9;
    CHECK(set_addr(&vm, 0x10000), 0);
    CHECK(do_init(&vm), 0);
    if (control) {
        guest("signal 7");
        CHECK(guest("ist spi 7"), ISTE_PENDING);
        CHECK(call(vm.fd, KVM_SET_GSI_ROUTING, &r), 0);
        guest("signal 9");
        CHECK(guest("ist spi 3"), ISTE_PENDING);
    }
    close_vm(&vm);
}

/* A guest with interrupts in all states, saved, restored and saved again */
static void test_save_restore(void)
{
    static const uint16_t saved_regs[] = {
        0x000, 0x004, 0x008, 0x014, 0x018, 0x01c, 0x080, 0x084, 0x108, 0x140,
        0x190, 0x180,
    };
    uint64_t regs[SIZE_OF(saved_regs)];
    uint64_t cpu[2][SIZE_OF(sysregs)];
    uint32_t spi[32], lpi[32], again[32];
    VM vm;

    open_ready(&vm, 2);
    guest("irs-write 0x190 5");
    guest("irs-write 0x180 0x40000001");
    guest("irs-write 0x80 1");
    guest("irs-write 0x84 0xffff");
    guest("ist spi 1 0x2808");      /* enabled */
    guest("ist spi 2 0x2009");
    guest("ist spi 3 0x1801");      /* not enabled */
    guest("ist spi 4 0x180a");      /* active */
    guest("ist lpi 6 0x1009");
    guest("cpu 0 pcr 0x1f");
    guest("cpu 0 cr0 1");
    CHECK(GET_IST(&vm, spi, 128, NULL, 0), -EINVAL);
    CHECK(GET_IST(&vm, spi, 128, lpi, 124), -EINVAL);
    CHECK(GET_IST(&vm, spi, 128, lpi, 128), 0);
    for (unsigned i = 0; i < SIZE_OF(saved_regs); i++) {
        CHECK(get_irs(&vm, saved_regs[i], &regs[i]), 0);
    }
    for (unsigned c = 0; c < 2; c++) {
        for (unsigned i = 0; i < SIZE_OF(sysregs); i++) {
            CHECK(GET(&vm, GRP_CPU_SYSREGS, sysreg(c, sysregs[i]),
                      &cpu[c][i]), 0);
        }
    }
    CHECK(run_now(&vm, 0), -EINTR);
    close_vm(&vm);

    open_ready(&vm, 2);
    CHECK(SET_IST(&vm, spi, 128, lpi, 128), -EINVAL);
    for (unsigned i = 0; i < SIZE_OF(saved_regs); i++) {
        CHECK(set_irs(&vm, saved_regs[i], regs[i]), 0);
    }
    CHECK(set_irs(&vm, 0x180, 0x50000001), 0);
    CHECK(set_irs(&vm, 0x180, 0), 0);
    CHECK(set_irs(&vm, 0x180, 0x40000001), 0);
    CHECK(GET_IST(&vm, spi, 128, lpi, 128), -ENXIO);
    CHECK(SET_IST(&vm, spi, 128, NULL, 0), -EINVAL);
    CHECK(SET_IST(&vm, spi, 128, lpi, 124), -EINVAL);
    CHECK(SET_IST(&vm, spi, 128, lpi, 128), 0);
    CHECK(SET_IST(&vm, spi, 128, lpi, 128), -EBUSY);
    CHECK(set_irs(&vm, 0x180, 0x40000001), 0);
    CHECK(set_irs(&vm, 0x180, 0x50000001), -EINVAL);
    CHECK(set_irs(&vm, 0x190, 6), -EINVAL);
    for (unsigned c = 0; c < 2; c++) {
        for (unsigned i = 0; i < SIZE_OF(sysregs); i++) {
            CHECK(SET(&vm, GRP_CPU_SYSREGS, sysreg(c, sysregs[i]),
                      &cpu[c][i]), 0);
        }
    }
    CHECK(GET_IST(&vm, again, 128, lpi, 128), 0);
    CHECK(memcmp(again, spi, 128), 0);
    CHECK(GET_IST(&vm, spi, 128, again, 128), 0);
    CHECK(memcmp(again, lpi, 128), 0);
    CHECK(run_now(&vm, 0), -EINTR);
    CHECK(guest("ack 0"), 0x40000006);
    CHECK(guest("ack 0"), 0x60000002);
    CHECK(guest("hppi 0"), 0);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_SPI, 0, 1, 1), 0);
    CHECK(guest("ack 0"), 0x60000001);
    guest("ist spi 3 0x1809");
    CHECK(guest("ack 0"), 0x60000003);
    close_vm(&vm);
}

static void test_id_registers(void)
{
    uint64_t pfr2 = 0, pfr0 = 0;
    struct kvm_one_reg r2 = {
        .id = ARM64_SYS_REG(3, 0, 0, 4, 2), .addr = (uintptr_t)&pfr2,
    };
    struct kvm_one_reg r0 = {
        .id = ARM64_SYS_REG(3, 0, 0, 4, 0), .addr = (uintptr_t)&pfr0,
    };
    struct kvm_vcpu_init no_pmu = {
        .target = KVM_ARM_TARGET_GENERIC_V8,
        .features[0] = 1 << KVM_ARM_VCPU_PMU_V3,
    };
    VM vm;

    open_vm(&vm, 1);
    CHECK(call(vm.vcpu[0], KVM_GET_ONE_REG, &r2), 0);
    CHECK((pfr2 >> 12) & 0xf, 1);
    CHECK(run_now(&vm, 0), -EINTR);
    CHECK(call(vm.vcpu[0], KVM_GET_ONE_REG, &r2), 0);
    CHECK((pfr2 >> 12) & 0xf, 0);
    close_vm(&vm);

    open_ready(&vm, 1);
    CHECK(run_now(&vm, 0), -EINTR);
    CHECK(call(vm.vcpu[0], KVM_GET_ONE_REG, &r2), 0);
    CHECK((pfr2 >> 12) & 0xf, 1);
    CHECK(call(vm.vcpu[0], KVM_GET_ONE_REG, &r0), 0);
    CHECK((pfr0 >> 24) & 0xf, 0);
    CHECK(call(vm.vcpu[0], KVM_SET_ONE_REG, &r2), 0);
    pfr2 ^= 1 << 12;
    CHECK(call(vm.vcpu[0], KVM_SET_ONE_REG, &r2), -EBUSY);
    close_vm(&vm);

    /* They are final even if a later step of the first run fails. */
    open_vm(&vm, 0);
    vm.vcpu[0] = call(vm.fd, KVM_CREATE_VCPU, NULL);
    CHECK(call(vm.vcpu[0], KVM_ARM_VCPU_INIT, &no_pmu), 0);
    vm.run[0] = mmap(NULL, ioctl(vm.kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
                     PROT_READ | PROT_WRITE, MAP_SHARED, vm.vcpu[0], 0);
    vm.count = 1;
    vm.gic = create_device(&vm, VGIC_V5, 0);
    CHECK(set_addr(&vm, 0x08010000), 0);
    CHECK(do_init(&vm), 0);
    CHECK(run_now(&vm, 0), -EINVAL);
    CHECK(call(vm.vcpu[0], KVM_GET_ONE_REG, &r2), 0);
    CHECK(call(vm.vcpu[0], KVM_SET_ONE_REG, &r2), 0);
    pfr2 ^= 1 << 12;
    CHECK(call(vm.vcpu[0], KVM_SET_ONE_REG, &r2), -EBUSY);
    close_vm(&vm);
}

static void test_pmu(void)
{
    struct kvm_vcpu_init init = {
        .target = KVM_ARM_TARGET_GENERIC_V8,
        .features[0] = 1 << KVM_ARM_VCPU_PMU_V3,
    };
    struct kvm_one_reg unused = { 0 };
    int fd, irq = PPI_PMU;
    VM vm;

    open_vm(&vm, 0);
    fd = call(vm.fd, KVM_CREATE_VCPU, NULL);
    CHECK(call(fd, KVM_GET_ONE_REG, &unused), -ENOEXEC);
    CHECK(call(fd, KVM_ARM_VCPU_INIT, &init), 0);
    CHECK(attr(fd, KVM_SET_DEVICE_ATTR, 0, 0, &irq), -EINVAL);
    vm.gic = create_device(&vm, VGIC_V5, 0);
    CHECK(attr(fd, KVM_SET_DEVICE_ATTR, 0, 0, &irq), -EINVAL);
    CHECK(attr(fd, KVM_SET_DEVICE_ATTR, 0, 1, NULL), -ENODEV);
    CHECK(attr(fd, KVM_GET_DEVICE_ATTR, 0, 0, &irq), -ENXIO);
    irq = 1 << 29 | PPI_PMU;
    CHECK(attr(fd, KVM_SET_DEVICE_ATTR, 0, 0, &irq), 0);
    CHECK(attr(fd, KVM_SET_DEVICE_ATTR, 0, 0, &irq), -EBUSY);
    CHECK(do_init(&vm), 0);
    CHECK(attr(fd, KVM_SET_DEVICE_ATTR, 0, 1, NULL), 0);
    CHECK(attr(fd, KVM_SET_DEVICE_ATTR, 0, 1, NULL), -EBUSY);
    close(fd);
    close_vm(&vm);
}

/* --- the other forms, and faults --- */

static void test_form_none(void)
{
    VM vm;

    open_vm(&vm, 1);
    CHECK(create_device(&vm, VGIC_V5, KVM_CREATE_DEVICE_TEST), -ENODEV);
    CHECK(create_device(&vm, VGIC_V5, 0), -ENODEV);
    close_vm(&vm);
}

static void test_form_ppi(void)
{
    uint64_t v = 0;
    VM vm;

    open_vm(&vm, 1);
    CHECK(create_device(&vm, VGIC_V5, KVM_CREATE_DEVICE_TEST), 0);
    vm.gic = create_device(&vm, VGIC_V5, 0);
    CHECK(vm.gic >= 0, true);
    CHECK(HAS(&vm, GRP_ADDR, ADDR_TYPE_IRS), -ENXIO);
    CHECK(HAS(&vm, GRP_NR_IRQS, 0), -ENXIO);
    CHECK(HAS(&vm, GRP_IST, 0), -ENXIO);
    CHECK(HAS(&vm, GRP_IRS_REGS, 0), -ENXIO);
    CHECK(HAS(&vm, GRP_CPU_SYSREGS, sysreg(0, 0xce02)), -ENXIO);
    CHECK(HAS(&vm, GRP_CTRL, CTRL_INIT), 0);
    CHECK(set_addr(&vm, 0x10000), -ENXIO);
    CHECK(get_irs(&vm, 0, &v), -ENXIO);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_PPI, 0, PPI_SW, 1), 0);
    CHECK(guest("cpu 0 pend"), 0);
    CHECK(do_init(&vm), 0);
    CHECK(irq_line(&vm, KVM_ARM_IRQ_TYPE_PPI, 0, PPI_SW, 1), 0);
    CHECK(guest("cpu 0 pend"), BIT64(PPI_SW));
    close_vm(&vm);
}

static void test_faults(void)
{
    VM vm;

    open_gic(&vm, 1);
    guest("fault SET CTRL 0x0@2=ETIMEDOUT");
    guest("fault SET ADDR 0x6@0=ENOMEM");
    CHECK(do_init(&vm), 0);
    CHECK(do_init(&vm), -ETIMEDOUT);
    CHECK(do_init(&vm), 0);
    CHECK(set_addr(&vm, 0x10000), -ENOMEM);
    CHECK(set_addr(&vm, 0x10000), -ENOMEM);
    guest("fault none");
    CHECK(set_addr(&vm, 0x10000), 0);
    close_vm(&vm);
}

/* IRS_IDR1 to 32 calls: errnos and values; returns how many are as they were */
static unsigned read_often(VM *vm, uint64_t right, uint64_t *got)
{
    unsigned good = 0;

    for (unsigned i = 0; i < 32; i++) {
        uint64_t v = 0;
        int ret = get_irs(vm, 4, &v);

        got[i] = ret ? (uint64_t)ret : v;
        good += got[i] == right;
    }
    return good;
}

static void test_wrong(void)
{
    uint64_t right = 0, v = 0, first[32], second[32];
    unsigned good, errors = 0;
    VM vm;

    open_gic(&vm, 1);
    CHECK(do_init(&vm), 0);
    CHECK(set_addr(&vm, 0x10000), 0);
    CHECK(get_irs(&vm, 4, &right), 0);
    guest("wrong 7/2/1000");
    good = read_often(&vm, right, first);
    for (unsigned i = 0; i < 32; i++) {
        errors += (int64_t)first[i] < 0 && (int64_t)first[i] > -4096;
    }
    CHECK(good > 0 && good < 32, true);
    CHECK(errors > 0 && good + errors < 32, true);
    guest("wrong 7/2/1000");
    CHECK(read_often(&vm, right, second), good);
    CHECK(memcmp(first, second, sizeof(first)), 0);
    guest("wrong 7/1/3");
    CHECK(read_often(&vm, right, first), 29);
    guest("wrong none");
    guest("fault GET IRS_REGS 0x4@2=0x77");
    CHECK(get_irs(&vm, 4, &v), 0);
    CHECK(v, right);
    CHECK(get_irs(&vm, 4, &v), 0);
    CHECK(v != right, true);
    guest("fault none");
    CHECK(read_often(&vm, right, first), 32);
    close_vm(&vm);
}

static void test(const char *name, void (*func)(void), bool model_only)
{
    number++;
    if (model_only && !control) {
        printf("ok %u - %s # SKIP not on the model of KVM\n", number, name);
        return;
    }
    test_failed = false;
    func();
    failures += test_failed;
    printf("%sok %u - %s\n", test_failed ? "not " : "", number, name);
}

int main(void)
{
    VM vm;

    control = dlsym(RTLD_DEFAULT, "kvmsim_control");
    form = getenv("KVMSIM_FORM");
    setvbuf(stdout, NULL, _IOLBF, 0);
    open_vm(&vm, 0);
    if (vm.fd < 0) {
        printf("1..0 # SKIP there is no /dev/kvm\n");
        return 0;
    }
    /* Commands are for the oldest VM that is open. */
    if (control && form && !strcmp(form, "none")) {
        close_vm(&vm);
        test("a host without a GICv5", test_form_none, true);
    } else if (control && form && !strcmp(form, "7.1")) {
        close_vm(&vm);
        test("a kernel with PPIs only", test_form_ppi, true);
    } else if (create_device(&vm, VGIC_V5, KVM_CREATE_DEVICE_TEST)) {
        printf("1..0 # SKIP this host's KVM has no GICv5\n");
        return 0;
    } else {
        close_vm(&vm);
        test("device", test_device, false);
        test("address", test_addr, false);
        test("number of SPIs", test_nr_irqs, false);
        test("IRS registers", test_irs_regs, false);
        test("IST attribute", test_ist_attr, false);
        test("PPIs for userspace", test_userspace_ppis, false);
        test("CPU registers", test_cpu_sysregs, false);
        test("sparse vCPU ids", test_sparse_ids, false);
        test("PPIs", test_ppis, false);
        test("SPIs", test_spis, false);
        test("SPIs: trigger and handling modes", test_spi_modes, true);
        test("priority mask", test_mask, true);
        test("LPIs", test_lpis, true);
        test("routing and irqfd", test_routing, false);
        test("save and restore", test_save_restore, true);
        test("ID registers", test_id_registers, false);
        test("PMU", test_pmu, false);
        test("faults", test_faults, true);
        test("wrong answers", test_wrong, true);
    }
    printf("1..%u\n", number);
    return failures != 0;
}
