/*
 * A board to test GICv5 wirings that no other machine has: several IRSes,
 * any set of interrupt domains, SETLPI frames, IAFFIDs that are not CPU
 * indices, holes in the SPI space
 *
 * There is nothing to run: the CPUs are powered off. qtests drive the frames
 * and wires; properties of the IRSes can be set with -global arm-gicv5.*.
 *
 *   IRS i, domain d   config frame  0x08000000 + i * 0x100000 + d * 0x20000
 *                     SETLPI frame  the config frame + 0x10000
 *                     SPIs          i * 64 .. i * 64 + 55
 *                     CPUs          those with index % irs == i
 *   CPU c             IAFFID        3 + 10 * c
 *   ITS, domain d     config frame  0x09000000 + d * 0x40000, with "its=on"
 *                     translate frames follow it, those of requester IDs as
 *                     they are, and of requester IDs + 0x20000
 *   bus master        0x09200000, with "its=on": see bus_write()
 *   IWB               0x09300000, with "iwb=on" besides
 *   RAM               0x40000000
 *   Secure RAM        0x40000000 of the Secure address space, with
 *                     "secure-ram=on"; seen at 0x80000000 of the other
 *
 * With "el2=on" the CPUs have EL2.
 *
 * With "bare=on" the IRSes get no properties from the board, so that -global
 * can set (and get wrong) those of the wiring too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qemu/rcu.h"
#include "qemu/bswap.h"
#include "qapi/error.h"
#include "qobject/qlist.h"
#include "hw/boards.h"
#include "hw/intc/arm_gicv5_common.h"
#include "hw/intc/arm_gicv5_its.h"
#include "hw/intc/arm_gicv5_iwb.h"
#include "hw/qdev-properties.h"
#include "exec/address-spaces.h"
#include "system/qtest.h"
#include "system/reset.h"

#define TYPE_GICV5_TEST_MACHINE MACHINE_TYPE_NAME("gicv5-test")
OBJECT_DECLARE_SIMPLE_TYPE(GICv5TestMachineState, GICV5_TEST_MACHINE)

#define MAX_IRS 4
#define SPIS_PER_IRS 56
#define SPI_STRIDE 64
#define FRAMES_BASE 0x08000000
#define IRS_STRIDE 0x100000
#define ITS_BASE 0x09000000
#define ITS_STRIDE 0x40000
#define ITS_TRANSLATE_FRAMES 2
#define ITS_SECOND_OFFSET 0x20000
#define BUS_BASE 0x09200000
#define BUS_SIZE 0x1000
#define IWB_BASE 0x09300000
#define RAM_BASE 0x40000000
#define SECURE_ALIAS_BASE 0x80000000

struct GICv5TestMachineState {
    MachineState parent_obj;

    uint32_t num_irs;
    uint8_t domains;
    bool bare;
    bool secure_ram;
    bool its;
    bool iwb;
    bool el2;

    MemoryRegion bus;
    uint64_t bus_addr;
    MemTxAttrs bus_attrs;
    MemoryRegion secure_memory;
    MemoryRegion secure_mr;
    MemoryRegion sysmem_alias;
    MemoryRegion secure_alias;
};

static void create_cpus(GICv5TestMachineState *m)
{
    MachineState *machine = MACHINE(m);

    for (unsigned i = 0; i < machine->smp.cpus; i++) {
        Object *cpu = object_new(machine->cpu_type);

        object_property_set_bool(cpu, "has_el3", false, &error_fatal);
        object_property_set_bool(cpu, "has_el2", m->el2, &error_fatal);
        object_property_set_bool(cpu, "gicv5", true, &error_fatal);
        /* With qtest nothing runs; the PEs take part in 1-of-N routing. */
        object_property_set_bool(cpu, "start-powered-off", !qtest_enabled(),
                                 &error_fatal);
        qdev_realize(DEVICE(cpu), NULL, &error_fatal);
        /* There is no bus and no boot loader that would reset CPUs. */
        qemu_register_resettable(cpu);
        object_unref(cpu);
    }
}

static void wire_irs(GICv5TestMachineState *m, unsigned irs, DeviceState *dev)
{
    QList *cpus = qlist_new();
    QList *iaffids = qlist_new();

    for (unsigned c = irs; c < MACHINE(m)->smp.cpus; c += m->num_irs) {
        qlist_append_int(cpus, c);
        qlist_append_int(iaffids, 3 + 10 * c);
    }
    qdev_prop_set_array(dev, "cpus", cpus);
    qdev_prop_set_array(dev, "iaffids", iaffids);
    qdev_prop_set_uint32(dev, "irsid", 100 + irs);
    qdev_prop_set_uint32(dev, "spi-range", m->num_irs * SPI_STRIDE);
    qdev_prop_set_uint32(dev, "spi-base", irs * SPI_STRIDE);
    qdev_prop_set_uint32(dev, "spi-irs-range", SPIS_PER_IRS);
    qdev_prop_set_uint8(dev, "domains", m->domains);
    qdev_prop_set_bit(dev, "has-setlpi", true);
}

/* The Secure address space is the other one with other RAM in it. */
static void create_secure_ram(GICv5TestMachineState *m)
{
    Object *obj = OBJECT(m);
    uint64_t size = MACHINE(m)->ram_size;

    memory_region_init(&m->secure_memory, obj, "secure-memory", UINT64_MAX);
    memory_region_init_alias(&m->sysmem_alias, obj, "sysmem-alias",
                             get_system_memory(), 0, UINT64_MAX);
    memory_region_add_subregion_overlap(&m->secure_memory, 0, &m->sysmem_alias,
                                        -1);
    memory_region_init_ram(&m->secure_mr, NULL, "secure-ram", size,
                           &error_fatal);
    memory_region_add_subregion(&m->secure_memory, RAM_BASE, &m->secure_mr);
    memory_region_init_alias(&m->secure_alias, obj, "secure-alias",
                             &m->secure_mr, 0, size);
    memory_region_add_subregion(get_system_memory(), SECURE_ALIAS_BASE,
                                &m->secure_alias);
}

static DeviceState *create_irs(GICv5TestMachineState *m, unsigned irs,
                               DeviceState *primary)
{
    DeviceState *dev = qdev_new(TYPE_ARM_GICV5);
    ARMGICv5CommonState *s = ARM_GICV5_COMMON(dev);

    if (!m->bare) {
        wire_irs(m, irs, dev);
    }
    if (primary) {
        object_property_set_link(OBJECT(dev), "primary", OBJECT(primary),
                                 &error_fatal);
    } else if (m->secure_ram) {
        object_property_set_link(OBJECT(dev), "secure-memory",
                                 OBJECT(&m->secure_memory), &error_fatal);
    }
    object_property_add_child(OBJECT(m), "irs[*]", OBJECT(dev));
    sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        hwaddr base = FRAMES_BASE + irs * IRS_STRIDE + d * 0x20000;

        if (!arm_gicv5_has_domain(s, d)) {
            continue;
        }
        sysbus_mmio_map(SYS_BUS_DEVICE(dev), GICV5_MMIO_CONFIG(d), base);
        /* Without has-setlpi too: then it is RAZ/WI. */
        sysbus_mmio_map(SYS_BUS_DEVICE(dev), GICV5_MMIO_SETLPI(d),
                        base + GICV5_FRAME_SIZE);
    }
    return dev;
}

/* --- ITS --- */

#define BUS_ATTRS 0x00
#define BUS_ADDR 0x08
#define BUS_DATA 0x10

static MemTxResult bus_read(void *opaque, hwaddr offset, uint64_t *data,
                            unsigned size, MemTxAttrs attrs)
{
    GICv5TestMachineState *m = opaque;

    MemTxResult res = MEMTX_OK;

    *data = 0;
    if (offset == BUS_DATA && m->bus_addr - BUS_BASE >= BUS_SIZE) {
        res = address_space_read(&address_space_memory, m->bus_addr,
                                 m->bus_attrs, data, size);
        *data = le64_to_cpu(*data);
    }
    return res;
}

/*
 * qtests have no attributes of their own. Here they say what those of the next
 * accesses are (0x00: requester ID [15:0], space [17:16], secure [18],
 * unspecified [19]) and where these go to (0x08). Then an access to 0x10 is an
 * access of the same size there.
 */
static MemTxResult bus_write(void *opaque, hwaddr offset, uint64_t data,
                             unsigned size, MemTxAttrs attrs)
{
    GICv5TestMachineState *m = opaque;

    switch (offset) {
    case BUS_ATTRS:
        m->bus_attrs = (MemTxAttrs) {
            .requester_id = extract64(data, 0, 16),
            .space = extract64(data, 16, 2),
            .secure = extract64(data, 18, 1),
            .unspecified = extract64(data, 19, 1),
        };
        break;
    case BUS_ADDR:
        m->bus_addr = data;
        break;
    case BUS_DATA:
        if (m->bus_addr - BUS_BASE < BUS_SIZE) {
            /* Not itself */
            return MEMTX_ERROR;
        }
        data = cpu_to_le64(data);
        return address_space_write(&address_space_memory, m->bus_addr,
                                   m->bus_attrs, &data, size);
    }
    return MEMTX_OK;
}

static const MemoryRegionOps bus_ops = {
    .read_with_attrs = bus_read,
    .write_with_attrs = bus_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.max_access_size = 8,
    .impl.max_access_size = 8,
};

static DeviceState *create_its(GICv5TestMachineState *m, DeviceState *irs)
{
    DeviceState *dev = qdev_new(TYPE_ARM_GICV5_ITS);
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);

    if (!m->bare) {
        QList *offsets = qlist_new();

        qlist_append_int(offsets, 0);
        qlist_append_int(offsets, ITS_SECOND_OFFSET);
        qdev_prop_set_array(dev, "device-id-offsets", offsets);
        qdev_prop_set_uint32(dev, "its-id", 200);
        qdev_prop_set_uint8(dev, "domains", m->domains);
    }
    if (irs) {
        object_property_set_link(OBJECT(dev), "irs", OBJECT(irs),
                                 &error_fatal);
    }
    object_property_add_child(OBJECT(m), "its[*]", OBJECT(dev));
    sysbus_realize_and_unref(sbd, &error_fatal);

    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        hwaddr base = ITS_BASE + d * ITS_STRIDE;

        if (!(object_property_get_uint(OBJECT(dev), "domains", &error_abort) &
              (1u << d))) {
            continue;
        }
        sysbus_mmio_map(sbd, GICV5_ITS_MMIO_CONFIG(d), base);
        for (unsigned t = 0; t < ITS_TRANSLATE_FRAMES; t++) {
            unsigned n = GICV5_ITS_MMIO_TRANSLATE(d, t);

            if (sysbus_has_mmio(sbd, n)) {
                sysbus_mmio_map(sbd, n, base + (1 + t) * GICV5_FRAME_SIZE);
            }
        }
    }
    memory_region_init_io(&m->bus, OBJECT(m), &bus_ops, m, "bus-master",
                          BUS_SIZE);
    memory_region_add_subregion(get_system_memory(), BUS_BASE, &m->bus);
    return dev;
}

static void create_iwb(GICv5TestMachineState *m, DeviceState *its)
{
    DeviceState *dev = qdev_new(TYPE_ARM_GICV5_IWB);

    object_property_set_link(OBJECT(dev), "its", OBJECT(its), &error_fatal);
    object_property_add_child(OBJECT(m), "iwb[*]", OBJECT(dev));
    sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, IWB_BASE);
}

static void gicv5_test_init(MachineState *machine)
{
    GICv5TestMachineState *m = GICV5_TEST_MACHINE(machine);
    DeviceState *primary = NULL;

    if (m->num_irs > MAX_IRS || m->num_irs > machine->smp.cpus) {
        error_setg(&error_fatal, "irs must be at most %u and at most the "
                   "number of CPUs (%u)", MAX_IRS, machine->smp.cpus);
    }
    memory_region_add_subregion(get_system_memory(), RAM_BASE, machine->ram);
    if (m->secure_ram) {
        create_secure_ram(m);
    }
    if (m->num_irs) {
        create_cpus(m);
    }
    for (unsigned i = 0; i < m->num_irs; i++) {
        DeviceState *irs = create_irs(m, i, primary);

        if (!primary) {
            primary = irs;
        }
    }
    if (m->its) {
        DeviceState *its = create_its(m, primary);

        if (m->iwb) {
            create_iwb(m, its);
        }
    }
}

/*
 * Setting the property "trial" creates IRSes, realizes them and lets them go
 * again, the first one first:
 *
 *   "cpus=0;id-bits=10|cpus=1;id-bits=10"
 *
 * is two IRSes, the first the primary of the other, with these properties. It
 * fails as the first of them does that cannot be realized. With "irs=0" the
 * CPUs have no IRS, and are there from the first trial on.
 *
 * A type as the first word is another device: "cpus=0|arm-gicv5-its;its-id=1"
 * is an ITS of the IRS, and an arm-gicv5-iwb is one of the device before it.
 */
static DeviceState *try_device(GICv5TestMachineState *m, const char *props,
                               const GPtrArray *devs, Error **errp)
{
    ERRP_GUARD();
    g_auto(GStrv) words = g_strsplit(props, ";", -1);
    bool is_its = !g_strcmp0(*words, TYPE_ARM_GICV5_ITS);
    bool is_iwb = !g_strcmp0(*words, TYPE_ARM_GICV5_IWB);
    DeviceState *dev = qdev_new(is_its || is_iwb ? *words : TYPE_ARM_GICV5);

    /* As if it had been there from the start */
    dev->hotplugged = false;
    object_property_add_child(OBJECT(m), "trial[*]", OBJECT(dev));
    object_unref(dev);
    if (devs->len) {
        object_property_set_link(OBJECT(dev), is_iwb ? "its" :
                                 is_its ? "irs" : "primary",
                                 devs->pdata[is_iwb ? devs->len - 1 : 0],
                                 errp);
    }
    for (char **w = words + (is_its || is_iwb); *w && !*errp; w++) {
        g_auto(GStrv) pair = g_strsplit(*w, "=", 2);

        if (g_strv_length(pair) != 2) {
            error_setg(errp, "no property and value: '%s'", *w);
        } else {
            object_property_parse(OBJECT(dev), pair[0], pair[1], errp);
        }
    }
    if (!*errp) {
        sysbus_realize(SYS_BUS_DEVICE(dev), errp);
    }
    return dev;
}

static void gicv5_test_set_trial(Object *obj, const char *value, Error **errp)
{
    ERRP_GUARD();
    GICv5TestMachineState *m = GICV5_TEST_MACHINE(obj);
    MachineState *machine = MACHINE(obj);
    g_auto(GStrv) irses = g_strsplit(value, "|", -1);
    g_autoptr(GPtrArray) devs = g_ptr_array_new();

    if (!phase_check(PHASE_MACHINE_READY)) {
        error_setg(errp, "trial can be set once the machine is ready");
        return;
    }
    if (!first_cpu) {
        create_cpus(m);
    }
    for (char **irs = irses; *irs && !*errp; irs++) {
        g_ptr_array_add(devs, try_device(m, *irs, devs, errp));
    }
    for (unsigned i = 0; i < devs->len; i++) {
        object_unparent(devs->pdata[i]);
    }
    /* The bus gives its references up later. */
    drain_call_rcu();
    /* A change of the memory map visits every address space there is. */
    memory_region_set_enabled(machine->ram, false);
    memory_region_set_enabled(machine->ram, true);
}

static bool gicv5_test_get_bare(Object *obj, Error **errp)
{
    return GICV5_TEST_MACHINE(obj)->bare;
}

static void gicv5_test_set_bare(Object *obj, bool value, Error **errp)
{
    GICV5_TEST_MACHINE(obj)->bare = value;
}

static bool gicv5_test_get_secure_ram(Object *obj, Error **errp)
{
    return GICV5_TEST_MACHINE(obj)->secure_ram;
}

static void gicv5_test_set_secure_ram(Object *obj, bool value, Error **errp)
{
    GICV5_TEST_MACHINE(obj)->secure_ram = value;
}

static bool gicv5_test_get_its(Object *obj, Error **errp)
{
    return GICV5_TEST_MACHINE(obj)->its;
}

static void gicv5_test_set_its(Object *obj, bool value, Error **errp)
{
    GICV5_TEST_MACHINE(obj)->its = value;
}

static bool gicv5_test_get_iwb(Object *obj, Error **errp)
{
    return GICV5_TEST_MACHINE(obj)->iwb;
}

static bool gicv5_test_get_el2(Object *obj, Error **errp)
{
    return GICV5_TEST_MACHINE(obj)->el2;
}

static void gicv5_test_set_el2(Object *obj, bool value, Error **errp)
{
    GICV5_TEST_MACHINE(obj)->el2 = value;
}

static void gicv5_test_set_iwb(Object *obj, bool value, Error **errp)
{
    GICV5_TEST_MACHINE(obj)->iwb = value;
}

static void gicv5_test_instance_init(Object *obj)
{
    GICv5TestMachineState *m = GICV5_TEST_MACHINE(obj);

    m->num_irs = 1;
    m->domains = 1 << GICV5_DOMAIN_NS;
    object_property_add_uint32_ptr(obj, "irs", &m->num_irs,
                                   OBJ_PROP_FLAG_READWRITE);
    object_property_set_description(obj, "irs", "Number of IRSes");
    object_property_add_uint8_ptr(obj, "domains", &m->domains,
                                  OBJ_PROP_FLAG_READWRITE);
    object_property_set_description(obj, "domains", "Mask of interrupt "
                                    "domains: 1 Secure, 2 Non-secure, 4 EL3, "
                                    "8 Realm");
    object_property_add_str(obj, "trial", NULL, gicv5_test_set_trial);
    object_property_set_description(obj, "trial", "Properties of IRSes to "
                                    "realize and let go");
    object_property_add_bool(obj, "bare", gicv5_test_get_bare,
                             gicv5_test_set_bare);
    object_property_set_description(obj, "bare", "Set no property of the "
                                    "IRSes: leave all to -global");
    object_property_add_bool(obj, "secure-ram", gicv5_test_get_secure_ram,
                             gicv5_test_set_secure_ram);
    object_property_set_description(obj, "secure-ram", "RAM of the Secure "
                                    "address space");
    object_property_add_bool(obj, "its", gicv5_test_get_its,
                             gicv5_test_set_its);
    object_property_set_description(obj, "its", "An ITS, and a bus master "
                                    "for qtests");
    object_property_add_bool(obj, "iwb", gicv5_test_get_iwb,
                             gicv5_test_set_iwb);
    object_property_set_description(obj, "iwb", "An IWB of the ITS");
    object_property_add_bool(obj, "el2", gicv5_test_get_el2,
                             gicv5_test_set_el2);
    object_property_set_description(obj, "el2", "CPUs with EL2");
}

static void gicv5_test_class_init(ObjectClass *oc, void *data)
{
    MachineClass *mc = MACHINE_CLASS(oc);
    static const char *const valid_cpu_types[] = {
        "max-arm-cpu",
        NULL
    };

    mc->desc = "GICv5 test wiring (runs no code)";
    mc->init = gicv5_test_init;
    mc->max_cpus = 16;
    mc->default_cpu_type = "max-arm-cpu";
    mc->valid_cpu_types = valid_cpu_types;
    mc->default_ram_size = 64 * 1024 * 1024;
    mc->default_ram_id = "ram";
    mc->no_floppy = 1;
    mc->no_cdrom = 1;
    mc->no_parallel = 1;
    mc->no_serial = 1;
}

static const TypeInfo gicv5_test_info = {
    .name = TYPE_GICV5_TEST_MACHINE,
    .parent = TYPE_MACHINE,
    .instance_size = sizeof(GICv5TestMachineState),
    .instance_init = gicv5_test_instance_init,
    .class_init = gicv5_test_class_init,
};

static void gicv5_test_register_types(void)
{
    type_register_static(&gicv5_test_info);
}

type_init(gicv5_test_register_types)
