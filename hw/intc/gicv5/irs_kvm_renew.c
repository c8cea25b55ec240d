/*
 * Arm GICv5 in the kernel: the VM is made anew for a reset
 *
 * The kernel can reset neither the IRS nor the CPU interfaces of a VM that has
 * run, and takes no state for them: a reset needs a VM that is new. The file
 * descriptors of the VM and its vCPUs are replaced by those of another; what
 * QEMU has told the kernel of memory and ioeventfds is told again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "hw/core/cpu.h"
#include "hw/intc/arm_gicv5_kvm.h"
#include "system/kvm.h"
#include "system/kvm_int.h"
#include "target/arm/cpu.h"
#include "kvm_arm.h"
#include "irs_internal.h"
#include "trace.h"
#include CONFIG_DEVICES
#ifdef CONFIG_VFIO
#include "hw/vfio/vfio-common.h"
#endif

static bool renewing;

bool kvm_gicv5_renews_vm(void)
{
    return renewing;
}

/*
 * vfio has a device in the VM that knows its groups, a device in another
 * process an irqfd, and each vCPU may have a dirty ring that a thread reads.
 * None of them can be told of another VM.
 */
bool kvm_gicv5_can_renew_vm(void)
{
    static const char *const types[] = {
        "vfio-pci", "vfio-platform", "x-pci-proxy-dev",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        bool ambiguous = false;

        if (object_resolve_path_type("", types[i], &ambiguous) || ambiguous) {
            return false;
        }
    }
    return !kvm_state->kvm_dirty_ring_size;
}

static bool fail(Error **errp, int ret, const char *what)
{
    error_setg_errno(errp, -ret, "the kernel cannot %s", what);
    return false;
}

/* What kvm_init() and the CPUs have enabled in the old VM */
static bool enable_caps(KVMState *s, Error **errp)
{
    int ret = 0;

    if (s->manual_dirty_log_protect) {
        ret = kvm_vm_enable_cap(s, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 0,
                                s->manual_dirty_log_protect);
    }
    if (!ret && kvm_check_extension(s, KVM_CAP_ARM_NISV_TO_USER)) {
        ret = kvm_vm_enable_cap(s, KVM_CAP_ARM_NISV_TO_USER, 0);
    }
    if (!ret && s->kvm_eager_split_size) {
        ret = kvm_vm_enable_cap(s, KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE, 0,
                                s->kvm_eager_split_size);
    }
    if (!ret && ARM_CPU(first_cpu)->kvm_mte) {
        ret = kvm_vm_enable_cap(s, KVM_CAP_ARM_MTE, 0);
    }
    return !ret || fail(errp, ret, "enable what the old VM had");
}

/* Breakpoints of a debugger; one that loses them sees a guest that runs on. */
static int renew_debug(CPUState *cs)
{
    struct kvm_guest_debug debug = {};

    if (cs->singlestep_enabled) {
        debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
    }
    kvm_arch_update_guest_debug(cs, &debug);
    return debug.control ? kvm_vcpu_ioctl(cs, KVM_SET_GUEST_DEBUG, &debug) : 0;
}

static bool renew_vcpu(KVMState *s, CPUState *cs, size_t run_size,
                       Error **errp)
{
    int ret = kvm_create_vcpu(cs);

    if (ret) {
        return fail(errp, ret, "create a vCPU");
    }
    /*
     * In the place of the old one: the vCPU's thread may get a signal at any
     * time, and the handler writes to it.
     */
    if (mmap(cs->kvm_run, run_size, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED, cs->kvm_fd, 0) == MAP_FAILED) {
        return fail(errp, -errno, "map a vCPU");
    }
    ret = kvm_arch_init_vcpu(cs);
    if (ret) {
        return fail(errp, ret, "initialize a vCPU");
    }
    cs->kvm_vcpu_stats_fd = kvm_vcpu_ioctl(cs, KVM_GET_STATS_FD, NULL);
    ret = renew_debug(cs);
    if (ret) {
        return fail(errp, ret, "set a vCPU's breakpoints");
    }
    return true;
}

bool kvm_gicv5_renew_vm(int type, Error **errp)
{
    KVMState *s = kvm_state;
    MemoryListener *listener = &s->memory_listener.listener;
    int run_size = kvm_ioctl(s, KVM_GET_VCPU_MMAP_SIZE, 0);
    CPUState *cs;
    bool ok = true;

    trace_gicv5_kvm_renew(type);
#ifdef CONFIG_VFIO
    /* What devices that are gone have left in the VM would keep it alive. */
    if (vfio_kvm_device_fd >= 0) {
        close(vfio_kvm_device_fd);
        vfio_kvm_device_fd = -1;
    }
#endif
    memory_listener_unregister(listener);
    CPU_FOREACH(cs) {
        if (cs->kvm_vcpu_stats_fd >= 0) {
            close(cs->kvm_vcpu_stats_fd);
        }
        close(cs->kvm_fd);
    }
    close(s->vmfd);

    do {
        s->vmfd = kvm_ioctl(s, KVM_CREATE_VM, type);
    } while (s->vmfd == -EINTR);
    if (s->vmfd < 0) {
        return fail(errp, s->vmfd, "create a VM");
    }
    if (!enable_caps(s, errp)) {
        return false;
    }
    renewing = true;
    CPU_FOREACH(cs) {
        ok = ok && renew_vcpu(s, cs, run_size, errp);
    }
    renewing = false;
    if (ok) {
        memory_listener_register(listener, &address_space_memory);
    }
    return ok;
}
