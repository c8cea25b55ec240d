/*
 * KVM: the VM is made anew for a reset
 *
 * Some of what the kernel creates in a VM it can create only once and never
 * reset. A reset then needs a VM that is new: the file descriptors of the VM
 * and its vCPUs are replaced by those of another, and the kernel is told of
 * memory, ioeventfds and coalesced MMIO once more.
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
#include "system/accel-blocker.h"
#include "system/kvm.h"
#include "system/kvm-renew.h"
#include "system/kvm_int.h"
#include "trace.h"
#include CONFIG_DEVICES
#ifdef CONFIG_VFIO
#include "hw/vfio/vfio-common.h"
#endif

/*
 * vfio has a device in the VM that knows its groups, a device in another
 * process an irqfd, and each vCPU may have a dirty ring that a thread reads.
 * None of them can be told of another VM.
 */
bool kvm_can_renew_vm(void)
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

/*
 * What the old VM knows of dirty pages goes to QEMU's bitmaps; the new one
 * starts with none. Called with kml_slots_lock held.
 */
static void fetch_dirty_pages(KVMState *s)
{
    for (int i = 0; i < s->nr_as; i++) {
        KVMMemoryListener *kml = s->as[i].ml;

        for (unsigned j = 0; kml && j < kml->nr_slots_allocated; j++) {
            KVMSlot *slot = &kml->slots[j];

            if (slot->memory_size && slot->flags & KVM_MEM_LOG_DIRTY_PAGES) {
                kvm_slot_get_dirty_log(s, slot);
                kvm_slot_sync_dirty_pages(slot);
                memset(slot->dirty_bmap, 0, slot->dirty_bmap_size);
            }
        }
    }
}

/* Called with kml_slots_lock held */
static bool put_slots(KVMState *s, Error **errp)
{
    for (int i = 0; i < s->nr_as; i++) {
        KVMMemoryListener *kml = s->as[i].ml;

        for (unsigned j = 0; kml && j < kml->nr_slots_allocated; j++) {
            KVMSlot *slot = &kml->slots[j];
            int ret = slot->memory_size ?
                      kvm_set_user_memory_region(kml, slot, true) : 0;

            if (ret) {
                return fail(errp, ret, "give memory to the VM");
            }
        }
    }
    return true;
}

/*
 * The memory core tells a listener that is new of all that there is.
 *
 * The migration thread walks the list of listeners without the BQL
 * (memory_region_clear_dirty_bitmap()). This one takes no part in that, since
 * it has no log_clear; nothing comes after it in the list, and it is never
 * freed: so it does not matter whether it is seen.
 */
static void put_io(KVMState *s)
{
    static MemoryListener listener = {
        .name = "kvm-renew",
        .priority = UINT_MAX,
    };

    for (int i = 0; i < s->nr_as; i++) {
        if (s->as[i].ml) {
            const MemoryListener *kvm = &s->as[i].ml->listener;

            listener.eventfd_add = kvm->eventfd_add;
            listener.coalesced_io_add = kvm->coalesced_io_add;
            memory_listener_register(&listener, s->as[i].as);
            memory_listener_unregister(&listener);
        }
    }
}

/* Breakpoints of a debugger; one that loses them sees a guest that runs on. */
static int renew_debug(CPUState *cs)
{
    struct kvm_guest_debug debug = {};

#ifdef TARGET_KVM_HAVE_GUEST_DEBUG
    if (cs->singlestep_enabled) {
        debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
    }
    kvm_arch_update_guest_debug(cs, &debug);
#endif
    return debug.control ? kvm_vcpu_ioctl(cs, KVM_SET_GUEST_DEBUG, &debug) : 0;
}

static bool renew_vcpu(CPUState *cs, size_t run_size, Error **errp)
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

static void close_vm(KVMState *s)
{
    CPUState *cs;

#ifdef CONFIG_VFIO
    /* What devices that are gone have left in the VM would keep it alive. */
    if (vfio_kvm_device_fd >= 0) {
        close(vfio_kvm_device_fd);
        vfio_kvm_device_fd = -1;
    }
#endif
    CPU_FOREACH(cs) {
        if (cs->kvm_vcpu_stats_fd >= 0) {
            close(cs->kvm_vcpu_stats_fd);
        }
        close(cs->kvm_fd);
    }
    close(s->vmfd);
}

/* Called with kml_slots_lock held and ioctls inhibited */
static bool open_vm(KVMState *s, int type, Error **errp)
{
    int run_size = kvm_ioctl(s, KVM_GET_VCPU_MMAP_SIZE, 0);
    CPUState *cs;
    int ret = 0;

    if (run_size < 0) {
        return fail(errp, run_size, "tell how a vCPU is mapped");
    }
    do {
        s->vmfd = kvm_ioctl(s, KVM_CREATE_VM, type);
    } while (s->vmfd == -EINTR);
    if (s->vmfd < 0) {
        return fail(errp, s->vmfd, "create a VM");
    }
    if (s->manual_dirty_log_protect) {
        ret = kvm_vm_enable_cap(s, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 0,
                                s->manual_dirty_log_protect);
    }
    if (!ret) {
        ret = kvm_arch_renew_vm(s);
    }
    if (ret) {
        return fail(errp, ret, "enable what the old VM had");
    }
    if (!put_slots(s, errp)) {
        return false;
    }
    CPU_FOREACH(cs) {
        if (!renew_vcpu(cs, run_size, errp)) {
            return false;
        }
    }
    return true;
}

bool kvm_renew_vm(int type, Error **errp)
{
    KVMState *s = kvm_state;

    trace_kvm_renew_vm(type);
    /*
     * The migration thread clears dirty pages in the kernel without the BQL,
     * by the descriptor of the VM and under this lock: it finds the old VM
     * before, or the new one with all its memory.
     */
    qemu_mutex_lock(&kml_slots_lock);
    accel_ioctl_inhibit_begin();
    fetch_dirty_pages(s);
    close_vm(s);
    if (!open_vm(s, type, errp)) {
        /* There is no VM: the locks stay, so that nobody looks for it. */
        return false;
    }
    accel_ioctl_inhibit_end();
    qemu_mutex_unlock(&kml_slots_lock);
    put_io(s);
    return true;
}
