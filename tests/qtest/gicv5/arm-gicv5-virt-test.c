/*
 * QTest testcase for the wires and MSIs of the virt board with GICv5
 *
 * What devices of the board do comes to a CPU as an LPI: wires by way of the
 * IWB ("iwb=on"), MSI-X of a PCI device by way of the ITS's translate frame.
 * With GICV5_EL2 in the environment the board has EL2.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "../libqos/generic-pcihost.h"
#include "../libqos/virtio-mmio.h"
#include "../libqos/virtio-pci.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_ids.h"
#include "gicv5-driver.h"

/* The board's memory map */
#define IRS_BASE 0x08010000
#define ITS_BASE 0x08050000
#define ITS_DT_BASER 0xc0
#define ITS_DT_CFGR 0xd0
#define TRANSLATE 0x08090000
#define IWB_BASE 0x08100000
#define WENABLER(n) (0x2000 + 4 * (n))
#define WTMR(n) (0x4000 + 4 * (n))
#define UART_BASE 0x09000000
#define RTC_BASE 0x09010000
#define GPIO_BASE 0x09030000
#define MMIO_BASE(n) (0x0a000000 + 0x200 * (n))
#define MMIO_LAST 31

#define UART_WIRE 1
#define RTC_WIRE 2
#define PCI_WIRE 3
#define GPIO_WIRE 7
#define MMIO_WIRE(n) (16 + (n))

#define UART_DR 0x00
#define UART_IMSC 0x38
#define UART_ICR 0x44
#define UART_TX (1 << 5)

#define RTC_DR 0x00
#define RTC_MR 0x04
#define RTC_IMSC 0x10
#define RTC_ICR 0x1c

#define GPIO_IEV 0x40c
#define GPIO_IE 0x410
#define GPIO_IC 0x41c
#define GPIO_POWER (1 << 3)

/* Nanoseconds */
#define SECOND (1000 * 1000 * 1000LL)

/* Tables, and the memory of virtio devices above them */
#define IST (RAM_BASE + 0x100000)
#define DT (RAM_BASE + 0x200000)
#define IWB_ITT (RAM_BASE + 0x400000)
#define PCI_ITT (RAM_BASE + 0x410000)
#define POOL (RAM_BASE + 0x800000)
#define LPI_BITS 12

#define IWB_DEVICE 0x10000
#define PCI_SLOT_USED 5
#define PCI_EVENTS 4

/* Event e of either device is this LPI. */
#define WIRE_LPI(e) LPI(100 + (e))
#define MSI_LPI(e) LPI(300 + (e))

/* Each LPI has another priority. */
#define PRIO(lpi) ((lpi) % 32)

static IRS irs;
static CPU cpu;

static void map_device(QTestState *qts, uint32_t device, uint64_t itt,
                       unsigned events, uint32_t first_lpi)
{
    qtest_writeq(qts, DT + 8ULL * device, itt | 1 | 6ULL << 59);
    for (unsigned e = 0; e < events; e++) {
        qtest_writeq(qts, itt + 8 * e,
                     ((first_lpi + e) & 0xffffff) | 1ULL << 31);
    }
}

static QTestState *start(const char *args)
{
    QTestState *qts = qtest_initf("-machine virt,gic-version=5,iwb=on%s "
                                  "-cpu max -m 64 -rtc clock=vm -nodefaults "
                                  "-serial null %s",
                                  getenv("GICV5_EL2") ? ",virtualization=on" :
                                                        "", args ?: "");

    irs = (IRS) { .qts = qts, .domain = DOM_NS, .base = IRS_BASE };
    cpu = gicv5_cpu(qts, 0, DOM_NS);
    irs_enable(&irs);
    cpu_enable(&cpu);
    ist_set_valid(&irs, IST, IST_CFG(LPI_BITS, 0, 0));
    map_device(qts, IWB_DEVICE, IWB_ITT, 64, WIRE_LPI(0));
    map_device(qts, PCI_SLOT_USED << 3, PCI_ITT, PCI_EVENTS, MSI_LPI(0));
    qtest_writel(qts, ITS_BASE + ITS_DT_CFGR, 17);
    qtest_writeq(qts, ITS_BASE + ITS_DT_BASER, DT);
    qtest_writel(qts, ITS_BASE + CR0, 1);
    return qts;
}

/* Take a wire into use, as a driver of the IWB does. */
static void use_wire(QTestState *qts, unsigned wire, bool level)
{
    const uint32_t bit = 1u << wire % 32;
    const uint64_t tm = IWB_BASE + WTMR(wire / 32);
    const uint64_t enable = IWB_BASE + WENABLER(wire / 32);

    gic_configure(&cpu, WIRE_LPI(wire), PRIO(WIRE_LPI(wire)), 0);
    qtest_writel(qts, tm, (qtest_readl(qts, tm) & ~bit) | (level ? bit : 0));
    qtest_writel(qts, enable, qtest_readl(qts, enable) | bit);
}

/* For what the device does in its own time */
static void wait_pending(uint32_t lpi)
{
    while (!(icsr(&cpu, lpi) & ISTE_PENDING)) {
        g_usleep(1000);
    }
    assert_candidate(&cpu, lpi, PRIO(lpi));
}

/*
 * A level wire that is high: its interrupt comes until the device is served,
 * by @offset, @value.
 */
static void assert_level(QTestState *qts, unsigned wire, uint64_t addr,
                         uint32_t value)
{
    const uint32_t lpi = WIRE_LPI(wire);

    assert_candidate(&cpu, lpi, PRIO(lpi));
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmphex(cpu_acknowledge(&cpu), ==, lpi);
        cpu_finish(&cpu, lpi);
    }
    g_assert_cmphex(cpu_acknowledge(&cpu), ==, lpi);
    qtest_writel(qts, addr, value);
    cpu_finish(&cpu, lpi);
    assert_no_candidate(&cpu);
    g_assert_cmphex(icsr(&cpu, lpi) & ISTE_PENDING, ==, 0);
}

static void test_uart(void)
{
    QTestState *qts = start(NULL);

    use_wire(qts, UART_WIRE, true);
    qtest_writel(qts, UART_BASE + UART_IMSC, UART_TX);
    assert_no_candidate(&cpu);
    for (unsigned i = 0; i < 3; i++) {
        qtest_writel(qts, UART_BASE + UART_DR, 'x');
        assert_level(qts, UART_WIRE, UART_BASE + UART_ICR, UART_TX);
    }
    /* Its SPI is nobody's. */
    g_assert_true(spi_select(&irs, UART_WIRE));
    gic_configure(&cpu, SPI(UART_WIRE), 1, 0);
    qtest_writel(qts, UART_BASE + UART_DR, 'x');
    assert_level(qts, UART_WIRE, UART_BASE + UART_ICR, UART_TX);
    qtest_quit(qts);
}

static void test_rtc(void)
{
    QTestState *qts = start(NULL);

    use_wire(qts, RTC_WIRE, true);
    qtest_writel(qts, RTC_BASE + RTC_IMSC, 1);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t now = qtest_readl(qts, RTC_BASE + RTC_DR);

        qtest_writel(qts, RTC_BASE + RTC_MR, now + 2);
        qtest_clock_step(qts, SECOND / 2);
        assert_no_candidate(&cpu);
        qtest_clock_step(qts, 2 * SECOND);
        assert_level(qts, RTC_WIRE, RTC_BASE + RTC_ICR, 1);
    }
    qtest_quit(qts);
}

static void test_power_button(void)
{
    QTestState *qts = start(NULL);

    use_wire(qts, GPIO_WIRE, true);
    qtest_writel(qts, GPIO_BASE + GPIO_IEV, GPIO_POWER);
    qtest_writel(qts, GPIO_BASE + GPIO_IE, GPIO_POWER);
    for (unsigned i = 0; i < 3; i++) {
        assert_no_candidate(&cpu);
        qtest_qmp_assert_success(qts, "{ 'execute': 'system_powerdown' }");
        wait_pending(WIRE_LPI(GPIO_WIRE));
        assert_level(qts, GPIO_WIRE, GPIO_BASE + GPIO_IC, GPIO_POWER);
        /* The button comes up again. */
        qtest_clock_step(qts, SECOND);
    }
    qtest_quit(qts);
}

/* All wires at once, in the order of their priorities */
static void test_together(void)
{
    QTestState *qts = start(NULL);
    uint32_t want[] = {
        WIRE_LPI(UART_WIRE), WIRE_LPI(RTC_WIRE), WIRE_LPI(GPIO_WIRE),
    };

    qtest_writel(qts, UART_BASE + UART_IMSC, UART_TX);
    qtest_writel(qts, RTC_BASE + RTC_IMSC, 1);
    qtest_writel(qts, GPIO_BASE + GPIO_IEV, GPIO_POWER);
    qtest_writel(qts, GPIO_BASE + GPIO_IE, GPIO_POWER);
    qtest_writel(qts, UART_BASE + UART_DR, 'x');
    qtest_writel(qts, RTC_BASE + RTC_MR,
                 qtest_readl(qts, RTC_BASE + RTC_DR) + 1);
    qtest_qmp_assert_success(qts, "{ 'execute': 'system_powerdown' }");
    qtest_clock_step(qts, 2 * SECOND);

    /* They are high already when they are enabled. */
    assert_no_candidate(&cpu);
    use_wire(qts, GPIO_WIRE, true);
    wait_pending(WIRE_LPI(GPIO_WIRE));
    use_wire(qts, RTC_WIRE, true);
    use_wire(qts, UART_WIRE, true);
    for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
        assert_candidate(&cpu, want[i], PRIO(want[i]));
        gic(&cpu, SET_ENABLE, want[i], 0);
    }
    assert_no_candidate(&cpu);
    qtest_quit(qts);
}

/* --- virtio devices --- */

/* Give the device a buffer to fill with random bytes. */
static void request(QTestState *qts, QVirtioDevice *dev, QVirtQueue *vq,
                    uint64_t buffer)
{
    uint32_t head = qvirtqueue_add(qts, vq, buffer, 16, true, false);

    qvirtqueue_kick(qts, dev, vq, head);
}

static void test_virtio_mmio(void)
{
    QTestState *qts = start("-object rng-builtin,id=r "
                            "-device virtio-rng-device,rng=r");
    const unsigned wire = MMIO_WIRE(MMIO_LAST);
    QVirtioMMIODevice dev = { };
    QGuestAllocator alloc;
    QVirtQueue *vq;
    uint64_t buffer;

    alloc_init(&alloc, 0, POOL, RAM_END, 4096);
    qvirtio_mmio_init_device(&dev, qts, MMIO_BASE(MMIO_LAST), 0x200);
    dev.vdev.device_type = VIRTIO_ID_RNG;
    qvirtio_start_device(&dev.vdev);
    qvirtio_set_features(&dev.vdev, 0);
    vq = qvirtqueue_setup(&dev.vdev, &alloc, 0);
    qvirtio_set_driver_ok(&dev.vdev);
    buffer = guest_alloc(&alloc, 16);

    /* The device tree says edge. */
    use_wire(qts, wire, false);
    for (unsigned i = 0; i < 3; i++) {
        assert_no_candidate(&cpu);
        request(qts, &dev.vdev, vq, buffer);
        wait_pending(WIRE_LPI(wire));
        g_assert_cmphex(cpu_acknowledge(&cpu), ==, WIRE_LPI(wire));
        cpu_finish(&cpu, WIRE_LPI(wire));
        /* It goes low, which is nothing to an edge. */
        qvirtio_wait_used_elem(qts, &dev.vdev, vq, i, NULL, G_TIME_SPAN_HOUR);
    }
    assert_no_candidate(&cpu);
    qvirtqueue_cleanup(dev.vdev.bus, vq, &alloc);
    alloc_destroy(&alloc);
    qtest_quit(qts);
}

/* An entry of the MSI-X table */
static void set_vector(QPCIDevice *dev, unsigned n, uint32_t data, bool masked)
{
    const uint64_t at = dev->msix_table_off + n * PCI_MSIX_ENTRY_SIZE;

    qpci_io_writel(dev, dev->msix_table_bar, at + PCI_MSIX_ENTRY_LOWER_ADDR,
                   TRANSLATE);
    qpci_io_writel(dev, dev->msix_table_bar, at + PCI_MSIX_ENTRY_UPPER_ADDR,
                   0);
    qpci_io_writel(dev, dev->msix_table_bar, at + PCI_MSIX_ENTRY_DATA, data);
    qpci_io_writel(dev, dev->msix_table_bar, at + PCI_MSIX_ENTRY_VECTOR_CTRL,
                   masked ? PCI_MSIX_ENTRY_CTRL_MASKBIT : 0);
}

static void wait_used(QTestState *qts, const QVirtQueue *vq, uint16_t count)
{
    while (qtest_readw(qts, vq->used + 2) != count) {
        g_usleep(1000);
    }
}

static void assert_msi(uint32_t lpi)
{
    wait_pending(lpi);
    g_assert_cmphex(cpu_acknowledge(&cpu), ==, lpi);
    cpu_finish(&cpu, lpi);
    assert_no_candidate(&cpu);
}

/* A virtio-rng in the slot of the tables */
typedef struct PCIRng {
    QTestState *qts;
    QGenericPCIBus bus;
    QGuestAllocator alloc;
    QVirtioPCIDevice *dev;
    QVirtQueue *vq;
    uint64_t buffer;
} PCIRng;

static void rng_start(PCIRng *r, bool msix)
{
    QPCIAddress address = { .devfn = PCI_SLOT_USED << 3 };

    r->qts = start("-object rng-builtin,id=r -device "
                   "virtio-rng-pci,rng=r,addr=5.0,vectors=2");
    alloc_init(&r->alloc, 0, POOL, RAM_END, 4096);
    qpci_init_generic(&r->bus, r->qts, &r->alloc, false);
    r->dev = virtio_pci_new(&r->bus.bus, &address);
    g_assert_nonnull(r->dev);
    r->dev->vdev.device_type = VIRTIO_ID_RNG;
    qvirtio_pci_device_enable(r->dev);
    qvirtio_start_device(&r->dev->vdev);
    if (msix) {
        qpci_msix_enable(r->dev->pdev);
    }
    qvirtio_set_features(&r->dev->vdev, 1ULL << VIRTIO_F_VERSION_1);
    r->vq = qvirtqueue_setup(&r->dev->vdev, &r->alloc, 0);
    if (msix) {
        r->dev->msix_ops->set_queue_vector(r->dev, 0, 1);
    }
    qvirtio_set_driver_ok(&r->dev->vdev);
    r->buffer = guest_alloc(&r->alloc, 16);

    /* All ways that there are for its interrupts */
    for (unsigned e = 0; e < PCI_EVENTS; e++) {
        gic_configure(&cpu, MSI_LPI(e), PRIO(MSI_LPI(e)), 0);
    }
    for (unsigned pin = 0; pin < 4; pin++) {
        use_wire(r->qts, PCI_WIRE + pin, true);
        gic_configure(&cpu, SPI(PCI_WIRE + pin), 1, 0);
    }
}

static void rng_request(PCIRng *r)
{
    request(r->qts, &r->dev->vdev, r->vq, r->buffer);
}

static void rng_stop(PCIRng *r)
{
    qvirtqueue_cleanup(r->dev->vdev.bus, r->vq, &r->alloc);
    g_free(r->dev->pdev);
    g_free(r->dev);
    alloc_destroy(&r->alloc);
    qtest_quit(r->qts);
}

static void test_msix(void)
{
    PCIRng r = { };
    QPCIDevice *pdev;
    uint16_t done = 0;

    rng_start(&r, true);
    pdev = r.dev->pdev;
    g_assert_cmpuint(qpci_msix_table_size(pdev), ==, 2);

    /* Each event is an LPI of its own. */
    for (unsigned e = 0; e < PCI_EVENTS; e++) {
        set_vector(pdev, 1, e, false);
        rng_request(&r);
        assert_msi(MSI_LPI(e));
        wait_used(r.qts, r.vq, ++done);
    }
    /* While it is masked, the device remembers. */
    set_vector(pdev, 1, 2, true);
    rng_request(&r);
    wait_used(r.qts, r.vq, ++done);
    while (!qpci_msix_pending(pdev, 1)) {
        g_usleep(1000);
    }
    assert_no_candidate(&cpu);
    set_vector(pdev, 1, 2, false);
    assert_msi(MSI_LPI(2));
    g_assert_false(qpci_msix_pending(pdev, 1));
    /* An event without a translation is nothing, and the next one comes. */
    set_vector(pdev, 1, PCI_EVENTS, false);
    rng_request(&r);
    wait_used(r.qts, r.vq, ++done);
    set_vector(pdev, 1, 0, false);
    rng_request(&r);
    assert_msi(MSI_LPI(0));
    rng_stop(&r);
}

/* Without MSI-X: INTA of its slot, until the driver reads the cause */
static void test_intx(void)
{
    const uint32_t lpi = WIRE_LPI(PCI_WIRE + PCI_SLOT_USED % 4);
    PCIRng r = { };

    rng_start(&r, false);
    for (unsigned i = 0; i < 3; i++) {
        assert_no_candidate(&cpu);
        rng_request(&r);
        wait_pending(lpi);
        for (unsigned n = 0; n < 2; n++) {
            g_assert_cmphex(cpu_acknowledge(&cpu), ==, lpi);
            cpu_finish(&cpu, lpi);
        }
        g_assert_cmphex(cpu_acknowledge(&cpu), ==, lpi);
        g_assert_cmphex(qpci_io_readb(r.dev->pdev, r.dev->bar,
                                      r.dev->isr_cfg_offset), ==, 1);
        cpu_finish(&cpu, lpi);
    }
    assert_no_candidate(&cpu);
    rng_stop(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("gicv5/virt/uart", test_uart);
    qtest_add_func("gicv5/virt/rtc", test_rtc);
    qtest_add_func("gicv5/virt/power-button", test_power_button);
    qtest_add_func("gicv5/virt/together", test_together);
    qtest_add_func("gicv5/virt/virtio-mmio", test_virtio_mmio);
    qtest_add_func("gicv5/virt/msix", test_msix);
    qtest_add_func("gicv5/virt/intx", test_intx);
    return g_test_run();
}
