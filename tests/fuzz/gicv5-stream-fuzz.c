/*
 * Fuzz target: migration streams of the Arm GICv5
 *
 * An input is a byte that chooses one of the machine's IRSes or CPUs, and the
 * bytes of its VMState. Whatever they are: nothing may crash, hang, or need
 * more memory than the machine's configuration explains. What is accepted
 * must be a state that programs can use, that the device can save, and that
 * it then loads again as it is.
 *
 * Environment:
 *   GICV5_FUZZ_PROPERTIES=NAME=VALUE,...
 *                        properties of the IRSes
 *   GICV5_FUZZ_SAVE=DIR  write what the machine saves after reset, as inputs;
 *                        other inputs are accepted if they begin like these
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu-main.h"
#include "exec/address-spaces.h"
#include "hw/core/cpu.h"
#include "hw/intc/arm_gicv5_common.h"
#include "hw/intc/gicv5/engine.h"
#include "io/channel-buffer.h"
#include "migration/qemu-file.h"
#include "migration/vmstate.h"
#include "migration/savevm.h"
#include "system/system.h"
#include "target/arm/cpu.h"
#include "gicv5-fuzz.h"
#include "gicv5-stream-fuzz.h"

#define NUM_IRS 2
#define NUM_CPUS 4
#define FRAMES 0x08000000

/*
 * CPU time of an input, with sanitizers: four tables of 2^24 LPIs take some ten
 * seconds to look at.
 */
#define INPUT_MAX_NS (60 * NANOSECONDS_PER_SECOND)

typedef struct Target {
    Object *obj;
    const VMStateDescription *vmsd;
} Target;

static Target targets[NUM_IRS + NUM_CPUS];

static int find_irs(Object *obj, void *opaque)
{
    ARMGICv5CommonState *s = (ARMGICv5CommonState *)
        object_dynamic_cast(obj, TYPE_ARM_GICV5_COMMON);

    if (s) {
        unsigned n = s->primary ? 1 : 0;

        targets[n].obj = obj;
        targets[n].vmsd = DEVICE_GET_CLASS(obj)->vmsd;
    }
    return 0;
}

static void reset_all(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(targets); i++) {
        resettable_reset(targets[i].obj, RESET_TYPE_COLD);
    }
    /* As if each input came after a section of the primary IRS */
    for (unsigned i = 0; i < NUM_IRS; i++) {
        ARMGICv5CommonState *s = ARM_GICV5_COMMON(targets[i].obj);

        s->mig_num_resets = gicv5_system_num_resets(s->sys);
    }
}

static int load(const Target *t, const uint8_t *data, size_t size)
{
    QIOChannelBuffer *ioc = qio_channel_buffer_new(size + 1);
    QEMUFile *f;
    int ret;

    memcpy(ioc->data, data, size);
    /* As in a whole stream, where it says that no subsection follows */
    ioc->data[size] = QEMU_VM_SECTION_FOOTER;
    ioc->usage = size + 1;
    f = qemu_file_new_input(QIO_CHANNEL(ioc));
    object_unref(OBJECT(ioc));
    ret = vmstate_load_state(f, t->vmsd, t->obj, t->vmsd->version_id);
    if (!ret) {
        ret = qemu_file_get_error(f);
    }
    qemu_fclose(f);
    return ret;
}

/* The bytes that t saves; g_free() them */
static uint8_t *save(const Target *t, size_t *size)
{
    QIOChannelBuffer *ioc = qio_channel_buffer_new(4096);
    QEMUFile *f = qemu_file_new_output(QIO_CHANNEL(ioc));
    uint8_t *data;

    g_assert(vmstate_save_state(f, t->vmsd, t->obj, NULL) == 0);
    qemu_fflush(f);
    data = g_memdup2(ioc->data, ioc->usage);
    *size = ioc->usage;
    qemu_fclose(f);
    object_unref(OBJECT(ioc));
    return data;
}

static void save_inputs(const char *dir)
{
    for (unsigned i = 0; i < ARRAY_SIZE(targets); i++) {
        size_t size;
        g_autofree uint8_t *data = save(&targets[i], &size);
        g_autofree uint8_t *input = g_malloc(size + 1);
        g_autofree char *name = NULL, *path = NULL;

        input[0] = i;
        memcpy(input + 1, data, size);
        name = g_compute_checksum_for_data(G_CHECKSUM_SHA1, input, size + 1);
        path = g_build_filename(dir, name, NULL);
        g_assert(g_file_set_contents(path, (char *)input, size + 1, NULL));
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *dir = getenv("GICV5_FUZZ_SAVE");
    const char *args[] = {
        "gicv5-stream-fuzz", "-accel", "qtest", "-machine",
        "gicv5-test,irs=2,domains=15", "-smp", "4", "-m", "32M", "-global",
        "arm-gicv5.vm-memory=1M", "-display", "none", "-nodefaults", "-S", NULL
    };

    fuzz_qemu_init(args);
    object_child_foreach_recursive(object_get_root(), find_irs, NULL);
    for (unsigned i = 0; i < NUM_CPUS; i++) {
        targets[NUM_IRS + i].obj = OBJECT(qemu_get_cpu(i));
        targets[NUM_IRS + i].vmsd = &vmstate_gicv5_cpuif;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(targets); i++) {
        g_assert(targets[i].obj && targets[i].vmsd);
    }
    if (dir) {
        save_inputs(dir);
    }
    return 0;
}

/* No more than migrations are told beforehand, but for what is fixed */
static void check_size(const Target *t, size_t size)
{
    ARMGICv5CommonState *s = (ARMGICv5CommonState *)
        object_dynamic_cast(t->obj, TYPE_ARM_GICV5_COMMON);

    g_assert(!s || size <= gicv5_system_save_size(s->sys) + 4096);
}

/* What programs may do with the state that was loaded */
static void use(const Target *t)
{
    static const uint16_t regs[] = {
        0x80, 0x84, 0x108, 0x10c, 0x114, 0x118, 0x140, 0x144, 0x148, 0x180,
        0x190, 0x200, 0x210, 0x240, 0x248, 0x250, 0x258, 0x25c, 0x288, 0x28c,
        0x2c8, 0x300, 0x308, 0x3c0, 0x3c8, 0x3d0,
    };
    static const uint32_t ids[] = {
        0, 1, 255, 256, 1023, 1024, 4095, 4096, 65535, 1 << 20, 0xffffff,
    };
    ARMGICv5CommonState *s = (ARMGICv5CommonState *)
        object_dynamic_cast(t->obj, TYPE_ARM_GICV5_COMMON);

    if (!s) {
        return;
    }
    g_assert(gicv5_system_check(s->sys));
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
            address_space_ldl(&address_space_memory,
                              FRAMES + d * 0x20000 + regs[i],
                              MEMTXATTRS_UNSPECIFIED, NULL);
        }
        for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
            for (GICv5Type type = GICV5_TYPE_LPI; type <= GICV5_TYPE_SPI;
                 type++) {
                uint32_t intid = gicv5_intid(type, ids[i]);
                uint32_t word;

                gicv5_get_word(gicv5_system_space(s->sys, d), intid, &word);
            }
        }
    }
}

static void use_up_vms(GICv5System *sys, GICv5Space *sp)
{
    GICv5VMState state;
    GICv5Space *vm;

    for (uint32_t id = 0; (vm = gicv5_vm_next(sp, id, &state));
         id = state.id + 1) {
        GICv5VPEState vpe;

        for (unsigned n = 0; n < 256; n += 7) {
            uint32_t intid = gicv5_intid(GICV5_TYPE_LPI + n % 2, n);

            gicv5_command(vm, gicv5_system_pe(sys, 0),
                          GICV5_CMD_SET_TARGET, intid, n % 16);
            gicv5_event(vm, intid, GICV5_SET_EDGE);
            gicv5_command(vm, gicv5_system_pe(sys, 0),
                          GICV5_CMD_SET_ENABLE, intid, 1);
        }
        for (uint32_t n = 0; gicv5_vpe_next(vm, n, &vpe); n = vpe.id + 1) {
            GICv5PE *pe = gicv5_system_pe(sys, n % NUM_CPUS);

            gicv5_pe_make_resident(pe, sp, state.id, vpe.id, false);
            if (n % 2) {
                gicv5_pe_make_nonresident(pe, sp, true, 31);
            }
        }
        if (state.id % 2) {
            gicv5_vm_save(sp, state.id);
            gicv5_vm_set_invalid(sp, state.id);
        }
    }
}

static void use_up(const Target *t)
{
    ARMGICv5CommonState *s = (ARMGICv5CommonState *)
        object_dynamic_cast(t->obj, TYPE_ARM_GICV5_COMMON);

    if (!s) {
        return;
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        GICv5Space *sp = gicv5_system_space(s->sys, d);

        for (unsigned id = 0; id < 4096; id += 61) {
            uint32_t intid = gicv5_intid(GICV5_TYPE_LPI, id);

            gicv5_command(sp, NULL, GICV5_CMD_SET_PENDING, intid,
                          id & 1);
            gicv5_command(sp, NULL, GICV5_CMD_SET_TARGET, intid,
                          3 + 10 * (id & 3));
        }
        use_up_vms(s->sys, sp);
        /* Writes the tables back */
        address_space_stq(&address_space_memory,
                          FRAMES + d * 0x20000 + 0x200, 0,
                          MEMTXATTRS_UNSPECIFIED, NULL);
        address_space_stq(&address_space_memory,
                          FRAMES + d * 0x20000 + 0x180, 0,
                          MEMTXATTRS_UNSPECIFIED, NULL);
    }
    g_assert(gicv5_system_check(s->sys));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Target *t;
    g_autofree uint8_t *first = NULL;
    g_autofree uint8_t *second = NULL;
    size_t first_size, second_size;
    uint64_t start = fuzz_cpu_ns();

    if (size < 1) {
        return -1;
    }
    t = &targets[data[0] % ARRAY_SIZE(targets)];
    if (load(t, data + 1, size - 1) == 0) {
        use(t);
        first = save(t, &first_size);
        check_size(t, first_size);
        reset_all();
        g_assert(load(t, first, first_size) == 0);
        second = save(t, &second_size);
        g_assert(first_size == second_size &&
                 !memcmp(first, second, first_size));
        use_up(t);
    }
    reset_all();
    g_assert(fuzz_cpu_ns() - start < INPUT_MAX_NS);
    return 0;
}
