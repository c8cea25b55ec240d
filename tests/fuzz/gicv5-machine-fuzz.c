/*
 * Fuzz target: a machine with a GICv5
 *
 * Everything that a guest can reach, without executing instructions: register
 * frames, tables in memory, system registers and GIC instructions of each CPU
 * at each exception level, messages, wires, power, reset, migration. Machine:
 * two IRSes with four domains, an ITS, an IWB, VMs, four CPUs with EL2.
 *
 * After each input the invariants of engine, ITS and CPU interfaces must hold,
 * and host memory be within bounds; a step has a bound of CPU time; a machine
 * that moves must arrive as it left. After the reset the machine must be as
 * new, with no more memory than before.
 *
 * Environment:
 *   GICV5_FUZZ_PROPERTIES=NAME=VALUE,...
 *                        properties of the IRSes
 *   GICV5_FUZZ_TRACE=1   print each step
 *   GICV5_FUZZ_STEPS=1   look at the invariants after each step
 *   GICV5_FUZZ_REPEAT=1  run each input again after the one before it: it must
 *                        do the same
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "qemu-main.h"
#include "exec/address-spaces.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "hw/intc/arm_gicv5_common.h"
#include "hw/intc/gicv5/engine_internal.h"
#include "hw/intc/gicv5/its_internal.h"
#include "hw/intc/arm_gicv5_iwb.h"
#include "hw/irq.h"
#include "io/channel-buffer.h"
#include "migration/global_state.h"
#include "migration/qemu-file.h"
#include "migration/vmstate.h"
#include "migration/savevm.h"
#include "system/runstate.h"
#include "system/system.h"
#include "target/arm/cpu.h"
#include "target/arm/cpregs.h"
#include "target/arm/gicv5/cpuif_internal.h"
#include "gicv5-fuzz.h"
#include "gicv5-machine-fuzz.h"

#define NUM_IRS 2
#define NUM_DEVICES (NUM_IRS + 2 + FUZZ_NUM_CPUS)
#define SECURE_RAM 0x80000000u

/* CPU time of a step: far more than the slowest takes with sanitizers */
#define STEP_MAX_NS (5 * NANOSECONDS_PER_SECOND)

/* Of the machine, as -global says */
#define LPI_MEMORY (64 * KiB)
#define VM_MEMORY (256 * KiB)

typedef struct Device {
    Object *obj;
    const VMStateDescription *vmsd;
    GByteArray *as_new;
} Device;

typedef struct Snapshot {
    uint8_t *data;
    size_t size;
    uint8_t *ram;
} Snapshot;

static Device devices[NUM_DEVICES];
static ARMGICv5CommonState *irs[NUM_IRS];
static ARMGICv5ITSState *its;
static DeviceState *iwb;
static uint8_t *ram[2];
static bool trace, each_step, repeat;

/* Of the input that runs */
static MemTxAttrs attrs;
static unsigned slow;
static uint64_t fingerprint;
static Snapshot snapshot;
static DECLARE_BITMAP(spi_level, NUM_IRS * FUZZ_NUM_WIRES);
static DECLARE_BITMAP(iwb_level, FUZZ_NUM_IWB_WIRES);
static DECLARE_BITMAP(ppi_level, FUZZ_NUM_CPUS * GICV5_NUM_PPIS);

/* Of the sanitizer, if there is one */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

#define say(...) \
    do { \
        if (trace) { \
            fprintf(stderr, __VA_ARGS__); \
        } \
    } while (0)

FuzzStep fuzz_get_step(const uint8_t *data, unsigned n)
{
    data += n * FUZZ_STEP_BYTES;
    return (FuzzStep) {
        .op = data[0],
        .where = data[1],
        .sel = lduw_le_p(data + 2),
        .value = ldq_le_p(data + 4),
    };
}

void fuzz_put_step(uint8_t *data, unsigned n, const FuzzStep *s)
{
    data += n * FUZZ_STEP_BYTES;
    data[0] = s->op;
    data[1] = s->where;
    stw_le_p(data + 2, s->sel);
    stq_le_p(data + 4, s->value);
}

/* What the guest saw, in one number */
static void saw(uint64_t value)
{
    fingerprint = (fingerprint ^ value) * 0x100000001b3ULL;
    fingerprint ^= fingerprint >> 29;
}

static void saw_bytes(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t word = 0;

        memcpy(&word, data + i, MIN(sizeof(word), size - i));
        saw(word);
    }
}

static ARMCPU *cpu_of(unsigned n)
{
    return ARM_CPU(qemu_get_cpu(n % FUZZ_NUM_CPUS));
}

/* --- state --- */

static GByteArray *save_device(const Device *d)
{
    QIOChannelBuffer *ioc = qio_channel_buffer_new(4096);
    QEMUFile *f = qemu_file_new_output(QIO_CHANNEL(ioc));
    GByteArray *data = g_byte_array_new();

    g_assert(vmstate_save_state(f, d->vmsd, d->obj, NULL) == 0);
    qemu_fflush(f);
    g_byte_array_append(data, ioc->data, ioc->usage);
    qemu_fclose(f);
    object_unref(OBJECT(ioc));
    return data;
}

static uint8_t *save_machine(size_t *size)
{
    QIOChannelBuffer *ioc = qio_channel_buffer_new(64 * KiB);
    QEMUFile *f = qemu_file_new_output(QIO_CHANNEL(ioc));
    uint8_t *data;

    global_state_store();
    g_assert(qemu_save_device_state(f) == 0);
    qemu_fflush(f);
    data = g_memdup2(ioc->data, ioc->usage);
    *size = ioc->usage;
    qemu_fclose(f);
    object_unref(OBJECT(ioc));
    return data;
}

/* What a guest has made of its machine must be loaded again. */
static void load_machine(const uint8_t *data, size_t size)
{
    const size_t head = 8;      /* magic number and version */
    QIOChannelBuffer *ioc = qio_channel_buffer_new(size);
    QEMUFile *f;

    memcpy(ioc->data, data + head, size - head);
    ioc->usage = size - head;
    f = qemu_file_new_input(QIO_CHANNEL(ioc));
    object_unref(OBJECT(ioc));
    g_assert(qemu_load_device_state(f) == 0);
    qemu_fclose(f);
}

static void reset_machine(void)
{
    qemu_system_reset(SHUTDOWN_CAUSE_NONE);
}

static void move_machine(void)
{
    g_autofree uint8_t *data = NULL;
    GByteArray *before[NUM_DEVICES];
    size_t size;

    for (unsigned i = 0; i < NUM_DEVICES; i++) {
        before[i] = save_device(&devices[i]);
    }
    data = save_machine(&size);
    reset_machine();
    load_machine(data, size);
    for (unsigned i = 0; i < NUM_DEVICES; i++) {
        g_autoptr(GByteArray) after = save_device(&devices[i]);

        if (after->len != before[i]->len ||
            memcmp(after->data, before[i]->data, after->len)) {
            fprintf(stderr, "device %u is not what it was before it moved\n",
                    i);
            abort();
        }
        saw_bytes(after->data, after->len);
        g_byte_array_unref(before[i]);
    }
}

static void drop_snapshot(void)
{
    g_free(snapshot.data);
    g_free(snapshot.ram);
    snapshot = (Snapshot) {};
}

static void take_snapshot(void)
{
    drop_snapshot();
    snapshot.data = save_machine(&snapshot.size);
    snapshot.ram = g_malloc(2 * FUZZ_RAM_BYTES);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(snapshot.ram + i * FUZZ_RAM_BYTES, ram[i], FUZZ_RAM_BYTES);
    }
}

/* The wires are as they were then, and their sources do not know of it. */
static void load_snapshot(void)
{
    if (!snapshot.data) {
        return;
    }
    reset_machine();
    for (unsigned i = 0; i < 2; i++) {
        memcpy(ram[i], snapshot.ram + i * FUZZ_RAM_BYTES, FUZZ_RAM_BYTES);
    }
    load_machine(snapshot.data, snapshot.size);
}

/* --- checks --- */

static void fail(const char *what, unsigned n)
{
    fprintf(stderr, "gicv5-machine-fuzz: %s (%u)\n", what, n);
    abort();
}

static void check_memory(void)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        const GICv5Space *sp = gicv5_system_space(irs[0]->sys, d);

        if (sp->lpi.memory > LPI_MEMORY / GICV5_NUM_DOMAINS) {
            fail("more memory for LPIs than lpi-memory", d);
        }
        if (sp->vmt.memory > VM_MEMORY / (GICV5_NUM_DOMAINS - 1)) {
            fail("more memory for VMs than vm-memory", d);
        }
    }
}

/* The virtual candidate is that of the VPE that is resident. */
static void check_virtual(const GICv5CPUIf *c, const GICv5PE *pe, unsigned n)
{
    const GICv5VPE *vpe = pe->resident[GICV5_DOMAIN_NS];
    GICv5Candidate want = vpe ? vpe->target.candidate : GICV5_CANDIDATE_NONE;

    if (c->context[GICV5_CONTEXT_VIRTUAL].irs_hppi != want) {
        fail("virtual candidate of a CPU is stale", n);
    }
}

static void check_cpu(unsigned n)
{
    ARMCPU *cpu = cpu_of(n);
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    const GICv5PE *pe = gicv5_port(cpu)->irs_pe;
    unsigned lines = c->lines;

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        if (c->context[d].irs_hppi != gicv5_pe_candidate(pe, d)) {
            fail("candidate of a CPU is stale", n);
        }
    }
    check_virtual(c, pe, n);
    gicv5_cpuif_settle(cpu);
    if (c->lines != lines ||
        gicv5_cpuif_lines_of(cpu->env.irq_line_state) != lines) {
        fail("exception lines of a CPU are stale", n);
    }
}

static void check_machine(void)
{
    if (!gicv5_system_check(irs[0]->sys)) {
        abort();
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        if (!gicv5_its_table_check(&its->d[d].table)) {
            fail("cache of the ITS is counted wrong", d);
        }
    }
    for (unsigned i = 0; i < FUZZ_NUM_CPUS; i++) {
        check_cpu(i);
    }
    check_memory();
}

/* --- steps --- */

static hwaddr frame_base(unsigned frame)
{
    unsigned d = frame % GICV5_NUM_DOMAINS;

    if (frame < FUZZ_SETLPI0) {
        return 0x08000000 + frame / 4 * 0x100000 + d * 0x20000;
    } else if (frame < FUZZ_ITS) {
        return 0x08010000 + (frame - FUZZ_SETLPI0) / 4 * 0x100000 +
               d * 0x20000;
    } else if (frame < FUZZ_IWB) {
        return 0x09000000 + (frame - FUZZ_ITS) / 4 * 0x10000 + d * 0x40000;
    }
    return 0x09300000;
}

static const char *frame_name(unsigned frame)
{
    static const char *const name[] = {
        "IRS 0", "IRS 1", "SETLPI 0", "SETLPI 1", "ITS", "translate 0",
        "translate 1", "IWB",
    };

    return name[frame / 4];
}

static void access_frame(const FuzzStep *s, bool is_write)
{
    unsigned frame = extract32(s->where, 0, 5) % FUZZ_NUM_FRAMES;
    unsigned size = 1 << extract32(s->where, 5, 2);
    hwaddr addr = frame_base(frame) + s->sel;
    uint8_t buf[8] = {};
    MemTxResult res;

    stq_le_p(buf, s->value);
    if (is_write) {
        res = address_space_write(&address_space_memory, addr, attrs, buf,
                                  size);
    } else {
        memset(buf, 0, sizeof(buf));
        res = address_space_read(&address_space_memory, addr, attrs, buf,
                                 size);
        saw(ldq_le_p(buf));
    }
    saw(res);
    say("%s %u bytes, %s domain %u, 0x%04x: 0x%" PRIx64 "\n",
        is_write ? "write" : "read", size, frame_name(frame), frame % 4,
        s->sel, ldq_le_p(buf));
}

static void set_attrs(const FuzzStep *s)
{
    attrs = (MemTxAttrs) {
        .requester_id = s->sel,
        .space = extract32(s->where, 0, 2),
        .secure = extract32(s->where, 2, 1),
        .unspecified = extract32(s->where, 3, 1),
    };
    say("attributes: requester 0x%x space %u secure %u unspecified %u\n",
        s->sel, attrs.space, attrs.secure, attrs.unspecified);
}

static void write_memory(const FuzzStep *s)
{
    unsigned addr = s->sel * 8 + extract32(s->where, 0, 3);
    unsigned secure = extract32(s->where, 3, 1);

    say("memory%s + 0x%05x: 0x%" PRIx64 "\n", secure ? ", Secure" : "", addr,
        s->value);
    stq_le_p(ram[secure] + MIN(addr, FUZZ_RAM_BYTES - 8), s->value);
}

/* Both memories, so that all domains have the tables */
static void fill_memory(const FuzzStep *s)
{
    say("memory + 0x%05x, %u times: 0x%" PRIx64 "\n", s->sel * 8,
        s->where + 1, s->value);
    for (unsigned i = 0; i <= s->where; i++) {
        unsigned addr = (s->sel + i) % (FUZZ_RAM_BYTES / 8) * 8;

        stq_le_p(ram[0] + addr, s->value);
        stq_le_p(ram[1] + addr, s->value);
    }
}

/* Registers whose functions are ours, and those that ours depend on */
static bool is_wanted(const ARMCPRegInfo *ri)
{
    return g_str_has_prefix(ri->name, "ICC_") ||
           g_str_has_prefix(ri->name, "ICH_") ||
           g_str_has_prefix(ri->name, "GIC") ||
           g_str_has_prefix(ri->name, "GSB") ||
           g_str_equal(ri->name, "HCR_EL2") ||
           g_str_equal(ri->name, "SCTLR_EL1") ||
           g_str_equal(ri->name, "SCTLR_EL2") ||
           g_str_equal(ri->name, "SCTLR");
}

/* As generated code accesses a system register */
static void access_sysreg(const FuzzStep *s, bool is_write)
{
    unsigned el = extract32(s->where, 2, 2) % 3;
    ARMCPU *cpu = cpu_of(s->where);
    CPUARMState *env = &cpu->env;
    uint32_t key = ENCODE_AA64_CP_REG(
        CP_REG_ARM64_SYSREG_CP, extract32(s->sel, 7, 4),
        extract32(s->sel, 3, 4), extract32(s->sel, 14, 2),
        extract32(s->sel, 11, 3), extract32(s->sel, 0, 3));
    const ARMCPRegInfo *ri = get_arm_cp_reginfo(cpu->cp_regs, key);
    uint64_t value = s->value;

    if (cpu->power_state == PSCI_OFF || !ri || !is_wanted(ri)) {
        return;
    }
    env->pstate = deposit32(env->pstate, 2, 2, el);
    if (!cp_access_ok(el, ri, !is_write) ||
        (ri->accessfn && ri->accessfn(env, ri, !is_write) != CP_ACCESS_OK)) {
        say("CPU %d EL%u %s: trap\n", CPU(cpu)->cpu_index, el, ri->name);
        saw(1);
        return;
    }
    if (is_write) {
        say("CPU %d EL%u %s = 0x%" PRIx64 "\n", CPU(cpu)->cpu_index, el,
            ri->name, value);
    }
    if (ri->type & ARM_CP_CONST) {
        value = is_write ? value : ri->resetvalue;
    } else if (is_write) {
        if (ri->writefn) {
            ri->writefn(env, ri, value);
        } else {
            CPREG_FIELD64(env, ri) = value;
        }
    } else {
        value = ri->readfn ? ri->readfn(env, ri) : CPREG_FIELD64(env, ri);
    }
    if (!is_write) {
        say("CPU %d EL%u %s: 0x%" PRIx64 "\n", CPU(cpu)->cpu_index, el,
            ri->name, value);
        saw(value);
    }
}

static void set_wire_of(unsigned kind, unsigned n, bool level)
{
    switch (kind) {
    case 0:
    case 1:
        n %= FUZZ_NUM_WIRES;
        qemu_set_irq(qdev_get_gpio_in(DEVICE(irs[kind]), n), level);
        break;
    case 2:
        qemu_set_irq(qdev_get_gpio_in(iwb, n), level);
        break;
    default:
        qemu_set_irq(qdev_get_gpio_in_named(DEVICE(cpu_of(n / GICV5_NUM_PPIS)),
                                            "gicv5-ppi", n % GICV5_NUM_PPIS),
                     level);
        break;
    }
}

static void set_wire(const FuzzStep *s)
{
    unsigned kind = extract32(s->where, 0, 2);
    bool level = s->value & 1;
    unsigned long *map;
    unsigned n;

    if (kind < 2) {
        n = kind * FUZZ_NUM_WIRES + s->sel % FUZZ_NUM_WIRES;
        map = spi_level;
    } else if (kind == 2) {
        n = s->sel % FUZZ_NUM_IWB_WIRES;
        map = iwb_level;
    } else {
        n = extract32(s->where, 2, 2) * GICV5_NUM_PPIS +
            s->sel % GICV5_NUM_PPIS;
        map = ppi_level;
    }
    say("wire %u of %s: %d\n", n, kind < 2 ? "the IRSes" : kind == 2 ?
        "the IWB" : "the CPUs", level);
    if (level) {
        set_bit(n, map);
    } else {
        clear_bit(n, map);
    }
    set_wire_of(kind, n, level);
}

/* What PSCI's functions do in the end */
static void set_power(const FuzzStep *s)
{
    ARMCPU *cpu = cpu_of(s->where);

    if ((cpu->power_state == PSCI_ON) == (s->value & 1)) {
        return;
    }
    say("CPU %d: %s\n", CPU(cpu)->cpu_index, s->value & 1 ? "on" : "off");
    if (s->value & 1) {
        cpu_reset(CPU(cpu));
        arm_emulate_firmware_reset(CPU(cpu), 1 + extract32(s->where, 2, 1));
        CPU(cpu)->halted = 0;
        cpu->power_state = PSCI_ON;
    } else {
        cpu->power_state = PSCI_OFF;
        CPU(cpu)->halted = 1;
        gicv5_cpuif_power_off(cpu);
    }
}

static void do_state(const FuzzStep *s)
{
    switch (s->value % 3) {
    case 0:
        say("move\n");
        move_machine();
        break;
    case 1:
        say("take a snapshot\n");
        take_snapshot();
        break;
    default:
        say("go back to the snapshot\n");
        load_snapshot();
        break;
    }
}

static void show_info(void)
{
    for (unsigned i = 0; i < NUM_IRS; i++) {
        ARMGICv5CommonClass *agc = ARM_GICV5_COMMON_GET_CLASS(irs[i]);
        g_autoptr(GString) buf = g_string_new("");

        if (agc->print) {
            agc->print(irs[i], buf);
        }
        saw(g_str_hash(buf->str));
    }
}

static void run_step(const FuzzStep *s)
{
    switch (s->op % FUZZ_NUM_OPS) {
    case FUZZ_WRITE:
    case FUZZ_READ:
        access_frame(s, s->op % FUZZ_NUM_OPS == FUZZ_WRITE);
        break;
    case FUZZ_ATTRS:
        set_attrs(s);
        break;
    case FUZZ_MEM:
        write_memory(s);
        break;
    case FUZZ_FILL:
        fill_memory(s);
        break;
    case FUZZ_SYSREG:
    case FUZZ_SYSREAD:
        access_sysreg(s, s->op % FUZZ_NUM_OPS == FUZZ_SYSREG);
        break;
    case FUZZ_WIRE:
        set_wire(s);
        break;
    case FUZZ_POWER:
        set_power(s);
        break;
    case FUZZ_RESET:
        if (slow++ < FUZZ_MAX_SLOW) {
            say("reset\n");
            reset_machine();
        }
        break;
    case FUZZ_STATE:
        if (slow++ < FUZZ_MAX_SLOW) {
            do_state(s);
        }
        break;
    case FUZZ_INFO:
        show_info();
        break;
    }
}

/* --- inputs --- */

static void lower_wires(void)
{
    unsigned n;

    for (n = 0; n < NUM_IRS * FUZZ_NUM_WIRES; n++) {
        if (test_bit(n, spi_level)) {
            set_wire_of(n / FUZZ_NUM_WIRES, n, false);
        }
    }
    for (n = 0; n < FUZZ_NUM_IWB_WIRES; n++) {
        if (test_bit(n, iwb_level)) {
            set_wire_of(2, n, false);
        }
    }
    for (n = 0; n < FUZZ_NUM_CPUS * GICV5_NUM_PPIS; n++) {
        if (test_bit(n, ppi_level)) {
            set_wire_of(3, n, false);
        }
    }
    bitmap_zero(spi_level, NUM_IRS * FUZZ_NUM_WIRES);
    bitmap_zero(iwb_level, FUZZ_NUM_IWB_WIRES);
    bitmap_zero(ppi_level, FUZZ_NUM_CPUS * GICV5_NUM_PPIS);
}

/* Nothing of an input may be left for the next one. */
static void make_new(void)
{
    /* A snapshot may have raised wires that are low in the maps. */
    if (snapshot.data) {
        bitmap_fill(spi_level, NUM_IRS * FUZZ_NUM_WIRES);
        bitmap_fill(iwb_level, FUZZ_NUM_IWB_WIRES);
        bitmap_fill(ppi_level, FUZZ_NUM_CPUS * GICV5_NUM_PPIS);
    }
    lower_wires();
    drop_snapshot();
    attrs = (MemTxAttrs) { .space = GICV5_DOMAIN_NS };
    slow = 0;
    reset_machine();
    memset(ram[0], 0, FUZZ_RAM_BYTES);
    memset(ram[1], 0, FUZZ_RAM_BYTES);
    for (unsigned i = 0; i < NUM_DEVICES; i++) {
        GByteArray *now = save_device(&devices[i]);

        if (!devices[i].as_new) {
            devices[i].as_new = now;
            continue;
        }
        if (now->len != devices[i].as_new->len ||
            memcmp(now->data, devices[i].as_new->data, now->len)) {
            fail("after the reset a device is not as new", i);
        }
        g_byte_array_unref(now);
    }
}

/* Returns what a guest saw, in one number */
static uint64_t run(const uint8_t *data, size_t size)
{
    fingerprint = 0xcbf29ce484222325ULL;
    for (unsigned i = 0; i < MIN(size / FUZZ_STEP_BYTES, FUZZ_MAX_STEPS);
         i++) {
        FuzzStep s = fuzz_get_step(data, i);
        uint64_t start = fuzz_cpu_ns();

        say("%3u: ", i);
        run_step(&s);
        if (fuzz_cpu_ns() - start > STEP_MAX_NS) {
            fail("a step took too long", i);
        }
        if (each_step) {
            check_machine();
        }
    }
    check_machine();
    if (repeat) {
        saw_bytes(ram[0], FUZZ_RAM_BYTES);
        saw_bytes(ram[1], FUZZ_RAM_BYTES);
        for (unsigned i = 0; i < NUM_DEVICES; i++) {
            g_autoptr(GByteArray) now = save_device(&devices[i]);

            saw_bytes(now->data, now->len);
        }
    }
    make_new();
    return fingerprint;
}

static size_t heap_bytes(void)
{
    return __sanitizer_get_current_allocated_bytes ?
           __sanitizer_get_current_allocated_bytes() : 0;
}

/* What stays after the first time may be a cache, but not each time again. */
static void check_leaks(const uint8_t *data, size_t size)
{
    bool grew = true;

    for (unsigned i = 0; grew && i < 4; i++) {
        size_t before = heap_bytes();

        run(data, size);
        if (heap_bytes() > before) {
            drain_call_rcu();
        }
        grew = heap_bytes() > before;
    }
    if (grew) {
        fail("memory leaks", 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *last;
    static size_t last_size;
    size_t before = heap_bytes();
    uint64_t seen;

    seen = run(data, size);
    if (heap_bytes() > before) {
        check_leaks(data, size);
    }
    if (repeat) {
        if (last) {
            run(last, last_size);
        }
        if (run(data, size) != seen) {
            fail("an input does something else after another one", 0);
        }
        g_free(last);
        last = g_memdup2(data, size);
        last_size = size;
    }
    return 0;
}

/* --- the machine --- */

static int find_device(Object *obj, void *opaque)
{
    if (object_dynamic_cast(obj, TYPE_ARM_GICV5_COMMON)) {
        ARMGICv5CommonState *s = ARM_GICV5_COMMON(obj);

        irs[s->primary ? 1 : 0] = s;
    } else if (object_dynamic_cast(obj, TYPE_ARM_GICV5_ITS)) {
        its = ARM_GICV5_ITS(obj);
    } else if (object_dynamic_cast(obj, TYPE_ARM_GICV5_IWB)) {
        iwb = DEVICE(obj);
    }
    return 0;
}

static void add_device(unsigned n, Object *obj)
{
    devices[n].obj = obj;
    devices[n].vmsd = DEVICE_GET_CLASS(obj)->vmsd;
    g_assert(devices[n].vmsd);
}

static uint8_t *find_ram(hwaddr addr)
{
    MemoryRegionSection section =
        memory_region_find(get_system_memory(), addr, FUZZ_RAM_BYTES);
    uint8_t *p;

    g_assert(section.mr &&
             int128_get64(section.size) == FUZZ_RAM_BYTES);
    p = (uint8_t *)memory_region_get_ram_ptr(section.mr) +
        section.offset_within_region;
    memory_region_unref(section.mr);
    return p;
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);

    return value && value[0] == '1';
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    g_autofree char *lpi = g_strdup_printf("arm-gicv5.lpi-memory=%u",
                                           (unsigned)LPI_MEMORY);
    g_autofree char *vms = g_strdup_printf("arm-gicv5.vm-memory=%u",
                                           (unsigned)VM_MEMORY);
    g_autofree char *dev = g_strdup_printf("arm-gicv5-iwb.device-id=%u",
                                           FUZZ_IWB_DEVICE_ID);
    const char *args[] = {
        "gicv5-machine-fuzz", "-accel", "qtest", "-machine",
        "gicv5-test,irs=2,domains=15,its=on,iwb=on,el2=on,secure-ram=on",
        "-smp", "4", "-m", "512K", "-global", lpi, "-global", vms, "-global",
        dev, "-global", "arm-gicv5.x-virtualization=on", "-display", "none",
        "-nodefaults", "-S", NULL
    };

    trace = is_set("GICV5_FUZZ_TRACE");
    each_step = is_set("GICV5_FUZZ_STEPS");
    repeat = is_set("GICV5_FUZZ_REPEAT");
    fuzz_qemu_init(args);
    object_child_foreach_recursive(object_get_root(), find_device, NULL);
    g_assert(irs[0] && irs[1] && its && iwb);
    add_device(0, OBJECT(irs[0]));
    add_device(1, OBJECT(irs[1]));
    add_device(2, OBJECT(its));
    add_device(3, OBJECT(iwb));
    for (unsigned i = 0; i < FUZZ_NUM_CPUS; i++) {
        ARMCPU *cpu = cpu_of(i);

        devices[4 + i].obj = OBJECT(cpu);
        devices[4 + i].vmsd = &vmstate_gicv5_cpuif;
        /* "max" has less than this under qtest. */
        cpu->isar.id_aa64mmfr2 = FIELD_DP64(cpu->isar.id_aa64mmfr2,
                                            ID_AA64MMFR2, NV, 2);
        cpu->isar.id_aa64pfr1 = FIELD_DP64(cpu->isar.id_aa64pfr1,
                                           ID_AA64PFR1, NMI, 1);
    }
    ram[0] = find_ram(FUZZ_RAM);
    ram[1] = find_ram(SECURE_RAM);
    make_new();
    return 0;
}
