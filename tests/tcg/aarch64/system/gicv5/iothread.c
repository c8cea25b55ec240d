/*
 * GICv5 guest tests: a line that a device raises in a thread of its own
 *
 * A queue that is no good is an error that the device tells by its INTx, from
 * the thread in which it has found it. The machine has a virtio-blk-pci with an
 * iothread in slot 6.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "virtio.h"

#define SLOT 6
/* INTA of the slot */
#define SPI_INTA (3 + SLOT % 4)
#define PRIO 4

struct ring {
    uint64_t desc[VIRTIO_RING][2];
    uint16_t avail[4 + VIRTIO_RING];
    uint16_t used[4 + 4 * VIRTIO_RING] __attribute__((aligned(8)));
};

static struct ring ring __attribute__((aligned(4096)));

static void test_errors(void)
{
    if (!virtio_find(SLOT, VIRTIO_BLK_ID)) {
        test_skip("no virtio-blk-pci");
        return;
    }
    irs_enable(true);
    CHECK(spi_trigger(SPI_INTA, true));
    lpi_setup(SPI(SPI_INTA), PRIO, this_cpu()->iaffid);
    gic_cdhm(SPI(SPI_INTA), true);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t ia;

        memset(&ring, 0, sizeof(ring));
        /* A descriptor of no bytes */
        ring.desc[0][0] = (uint64_t)&ring;
        ring.avail[1] = 1;
        if (!CHECK(virtio_start(VIRTIO_VERSION_1, (uint64_t)ring.desc,
                                (uint64_t)ring.avail,
                                (uint64_t)ring.used))) {
            break;
        }
        dsb();
        mmio_w16(virtio_notify, 0);
        /* Meanwhile the IRS has others to look after. */
        for (unsigned j = 0; !irq_line() && j < 10000000; j++) {
            gic_cdpri(SPI(100 + j % 16), j % 32);
        }
        ia = gic_cdia();
        if (!CHECK_EQ(ia, VALID | SPI(SPI_INTA))) {
            break;
        }
        gsb_ack();
        CHECK(mmio_r8(virtio_common + VIRTIO_STATUS) & VIRTIO_NEEDS_RESET);
        CHECK(mmio_r8(virtio_isr) & 2);
        gic_cdeoi();
        gic_cddi(SPI(SPI_INTA));
        gic_sync();
        CHECK(!irq_line());
    }
    virtio_reset();
    gic_cddis(SPI(SPI_INTA));
    irs_enable(false);
}

const struct test tests[] = {
    { "errors of a virtqueue", test_errors },
    { }
};
