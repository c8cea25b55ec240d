/*
 * GICv5 guest tests: SPIs, by software and from devices of the virt machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lib.h"

/* No device drives this one */
#define SPI_UNUSED 200

#define SPI_UART 1
#define UART_BASE 0x09000000ul
#define UART_FR (UART_BASE + 0x18)
#define UART_CR (UART_BASE + 0x30)
#define UART_IMSC (UART_BASE + 0x38)
#define UART_RIS (UART_BASE + 0x3c)
#define UART_ICR (UART_BASE + 0x44)
#define UART_TX (1u << 5)

#define SPI_RTC 2
#define RTC_BASE 0x09010000ul
#define RTC_DR (RTC_BASE + 0x00)
#define RTC_MR (RTC_BASE + 0x04)
#define RTC_IMSC (RTC_BASE + 0x10)
#define RTC_RIS (RTC_BASE + 0x14)
#define RTC_ICR (RTC_BASE + 0x1c)

static uint16_t me(void)
{
    return this_cpu()->iaffid;
}

static void spi_off(unsigned id)
{
    gic_cddis(SPI(id));
    gic_cddi(SPI(id));
    spi_trigger(id, false);
    gic_cdpend(SPI(id), false);
    gic_cdhm(SPI(id), false);
    gic_cdpri(SPI(id), 0);
    gic_cdaff(SPI(id), 0);
}

static void test_reset(void)
{
    unsigned n = irs_r32(IRS_IDR6), base = irs_r32(IRS_IDR7);

    print("# %u SPIs\n", irs_r32(IRS_IDR5));
    CHECK(n > SPI_UNUSED);
    CHECK(base + n <= irs_r32(IRS_IDR5));
    /* Nothing is selected, and there is nothing to configure */
    CHECK_EQ(irs_r32(IRS_SPI_STATUSR), 1);
    CHECK_EQ(irs_r32(IRS_SPI_CFGR), 0);
    CHECK_EQ(irs_r32(IRS_PE_STATUSR) & 1, 1);
    CHECK_EQ(irs_r64(IRS_IST_BASER) & 1, 0);
    CHECK_EQ(irs_r32(IRS_CR0), 2);
    for (unsigned i = base; i < base + n; i++) {
        CHECK_EQ(gic_rcfg(SPI(i)), 0);
        CHECK(spi_select(i));
        CHECK_EQ(irs_r32(IRS_SPI_CFGR), 0);
    }
}

static void test_range(void)
{
    unsigned n = irs_r32(IRS_IDR5);

    CHECK(!spi_select(n));
    irs_w32(IRS_SPI_CFGR, 1);
    CHECK_EQ(irs_r32(IRS_SPI_CFGR), 0);
    CHECK_EQ(gic_rcfg(SPI(n)), ICSR_F);
    CHECK_EQ(gic_rcfg(SPI(0xffffff)), ICSR_F);
    gic_cden(SPI(n));
    gic_cdpend(SPI(n), true);
    CHECK(!irq_line());
    CHECK_EQ(gic_rcfg(SPI(n - 1)), 0);
    CHECK(spi_select(n - 1));
}

static void test_rcfg(void)
{
    uint32_t i = SPI(SPI_UNUSED);

    for (unsigned p = 0; p < 32; p++) {
        gic_cdpri(i, p);
        CHECK_EQ(gic_rcfg(i), ICSR_PRIO(p));
    }
    gic_cdpri(i, 0);
    gic_cdhm(i, true);
    CHECK_EQ(gic_rcfg(i), ICSR_HM);
    gic_cdhm(i, false);
    gic_cden(i);
    CHECK_EQ(gic_rcfg(i), ICSR_ENABLED);
    gic_cddis(i);
    gic_cdpend(i, true);
    CHECK_EQ(gic_rcfg(i), ICSR_PENDING);
    gic_cdpend(i, false);
    gic_cdaff(i, 0xabcd);
    CHECK_EQ(gic_rcfg(i), ICSR_IAFFID(0xabcd));
    gic_cdaff(i, 0);
    CHECK_EQ(gic_rcfg(i), 0);
    CHECK_EQ(gic_rcfg(SPI(SPI_UNUSED - 1)), 0);
    CHECK_EQ(gic_rcfg(SPI(SPI_UNUSED + 1)), 0);
}

static void test_software(void)
{
    uint32_t i = SPI(SPI_UNUSED);

    /* No table is needed for SPIs */
    irs_ist_off();
    irs_enable(true);
    lpi_setup(i, 11, me());
    gic_cdpend(i, true);
    CHECK(irq_line());
    CHECK_EQ(rd(ICC_HPPIR_EL1), VSPI(SPI_UNUSED));
    CHECK_EQ(gic_cdia(), VSPI(SPI_UNUSED));
    CHECK_EQ(rd(ICC_APR_EL1), BIT(11));
    CHECK_EQ(gic_rcfg(i), ICSR_IAFFID(me()) | ICSR_PRIO(11) | ICSR_ACTIVE |
             ICSR_ENABLED);
    gic_cdeoi();
    gic_cddi(i);
    CHECK(!irq_line());
    /* Level handling: until software clears it */
    gic_cdhm(i, true);
    gic_cdpend(i, true);
    CHECK_EQ(ack_once(), VSPI(SPI_UNUSED));
    CHECK_EQ(ack_once(), VSPI(SPI_UNUSED));
    gic_cdpend(i, false);
    CHECK_EQ(ack_once(), 0);
    spi_off(SPI_UNUSED);
}

static void test_same_number(void)
{
    /* PPI 3, LPI 3 and SPI 3 are three interrupts */
    ist_setup();
    lpi_setup(SPI(3), 5, me());
    lpi_setup(LPI(3), 6, me());
    ppi_priority(3, 7);
    ppi_enable(3, true);
    ppi_pend(3, true);
    gic_cdpend(LPI(3), true);
    gic_cdpend(SPI(3), true);
    CHECK_EQ(ack_once(), VSPI(3));
    CHECK_EQ(ack_once(), VLPI(3));
    CHECK_EQ(ack_once(), VPPI(3));
    CHECK_EQ(ack_once(), 0);
    spi_off(3);
}

static void test_uart_level(void)
{
    uint32_t i = SPI(SPI_UART);
    const uint64_t config = ICSR_IAFFID(me()) | ICSR_PRIO(8) | ICSR_ENABLED;

    irs_enable(true);
    CHECK(spi_trigger(SPI_UART, true));
    lpi_setup(i, 8, me());
    CHECK(!irq_line());
    mmio_w32(UART_ICR, 0x7ff);
    mmio_w32(UART_IMSC, UART_TX);
    print("# UART interrupt\n");
    CHECK(wait_for(mmio_r32(UART_RIS) & UART_TX));
    CHECK(irq_line());
    for (unsigned n = 0; n < 3; n++) {
        CHECK_EQ(rd(ICC_HPPIR_EL1), VSPI(SPI_UART));
        CHECK_EQ(gic_cdia(), VSPI(SPI_UART));
        CHECK_EQ(gic_rcfg(i), config | ICSR_PENDING | ICSR_ACTIVE | ICSR_HM);
        gic_cdeoi();
        CHECK(!irq_line());
        gic_cddi(i);
        /* Again, for the wire is still high */
        CHECK(irq_line());
    }
    CHECK_EQ(gic_cdia(), VSPI(SPI_UART));
    mmio_w32(UART_ICR, UART_TX);
    CHECK_EQ(gic_rcfg(i), config | ICSR_ACTIVE | ICSR_HM);
    gic_cdeoi();
    gic_cddi(i);
    CHECK(!irq_line());
    mmio_w32(UART_IMSC, 0);
    spi_off(SPI_UART);
}

/* Raise the RTC's alarm. One for now rings at once, but now may go by. */
static void rtc_alarm(void)
{
    for (unsigned i = 0; i < 10; i++) {
        mmio_w32(RTC_MR, mmio_r32(RTC_DR));
        if (mmio_r32(RTC_RIS) & 1) {
            return;
        }
    }
    CHECK(!"the RTC's alarm is raised");
}

/* With the alarm raised, the RTC's wire is its mask bit. */
static void rtc_wire(bool high)
{
    mmio_w32(RTC_IMSC, high);
    dsb();
}

static shared unsigned rtc_irqs;

static void rtc_handler(void)
{
    uint64_t ia = gic_cdia();

    gsb_ack();
    isb();
    gic_cdeoi();
    if (ia == VSPI(SPI_RTC)) {
        mmio_w32(RTC_ICR, 1);
        rtc_irqs++;
    }
    gic_cddi(ia);
}

static void test_rtc_irq(void)
{
    rtc_irqs = 0;
    this_cpu()->irq = rtc_handler;
    irs_enable(true);
    mmio_w32(RTC_ICR, 1);
    CHECK(spi_trigger(SPI_RTC, true));
    lpi_setup(SPI(SPI_RTC), 30, me());
    for (unsigned n = 1; n <= 100; n++) {
        rtc_wire(false);
        rtc_alarm();
        irq_open();
        rtc_wire(true);
        wait_for(rtc_irqs >= n);
        irq_close();
        if (!CHECK_EQ(rtc_irqs, n)) {
            break;
        }
    }
    mmio_w32(RTC_IMSC, 0);
    spi_off(SPI_RTC);
}

static void test_edge_wire(void)
{
    uint32_t i = SPI(SPI_RTC);

    irs_enable(true);
    rtc_wire(false);
    rtc_alarm();
    CHECK(spi_trigger(SPI_RTC, false));
    lpi_setup(i, 30, me());
    gic_cdhm(i, true);
    rtc_wire(true);
    /* An edge sets the handling mode, too */
    CHECK_EQ(gic_rcfg(i) & (ICSR_PENDING | ICSR_HM), ICSR_PENDING);
    CHECK_EQ(ack_once(), VSPI(SPI_RTC));
    CHECK_EQ(ack_once(), 0);
    /* Falling does nothing */
    rtc_wire(false);
    CHECK(!irq_line());
    rtc_wire(true);
    rtc_wire(false);
    CHECK_EQ(gic_rcfg(i) & ICSR_PENDING, ICSR_PENDING);
    CHECK_EQ(ack_once(), VSPI(SPI_RTC));
    CHECK_EQ(ack_once(), 0);

    /* Resampling finds a high wire as an edge, and nothing on a low one */
    irs_w32(IRS_SPI_RESAMPLER, SPI_RTC);
    CHECK(!irq_line());
    rtc_wire(true);
    CHECK_EQ(ack_once(), VSPI(SPI_RTC));
    irs_w32(IRS_SPI_RESAMPLER, SPI_RTC);
    CHECK(irq_line());
    CHECK_EQ(ack_once(), VSPI(SPI_RTC));

    /* Edge to level with a high wire: pending, level */
    CHECK(spi_trigger(SPI_RTC, true));
    CHECK_EQ(gic_rcfg(i) & (ICSR_PENDING | ICSR_HM), ICSR_PENDING | ICSR_HM);
    CHECK(irq_line());
    /* Software's clear wins until the next event */
    gic_cdpend(i, false);
    CHECK(!irq_line());
    irs_w32(IRS_SPI_RESAMPLER, SPI_RTC);
    CHECK(irq_line());
    /* Level to edge with a high wire: no longer pending */
    CHECK(spi_trigger(SPI_RTC, false));
    CHECK_EQ(gic_rcfg(i) & ICSR_PENDING, 0);
    CHECK(!irq_line());
    /* A low wire that becomes level clears what software pended */
    rtc_wire(false);
    gic_cdpend(i, true);
    CHECK(irq_line());
    CHECK(spi_trigger(SPI_RTC, true));
    CHECK(!irq_line());
    /* Pended by software on a low level wire: there until an event */
    gic_cdpend(i, true);
    CHECK(irq_line());
    irs_w32(IRS_SPI_RESAMPLER, SPI_RTC);
    CHECK(!irq_line());
    mmio_w32(RTC_ICR, 1);
    spi_off(SPI_RTC);
}

static void test_disabled_wire(void)
{
    uint32_t i = SPI(SPI_RTC);

    irs_enable(true);
    rtc_wire(false);
    rtc_alarm();
    CHECK(spi_trigger(SPI_RTC, true));
    lpi_setup(i, 30, me());
    gic_cddis(i);
    rtc_wire(true);
    CHECK(!irq_line());
    CHECK_EQ(gic_rcfg(i) & ICSR_PENDING, ICSR_PENDING);
    gic_cden(i);
    CHECK(irq_line());
    gic_cddis(i);
    rtc_wire(false);
    gic_cden(i);
    CHECK(!irq_line());
    mmio_w32(RTC_ICR, 1);
    spi_off(SPI_RTC);
}

const struct test tests[] = {
    { "SPIs and the IRS after reset", test_reset },
    { "SPIs out of range", test_range },
    { "configuration and CDRCFG of an SPI", test_rcfg },
    { "SPI made pending by software", test_software },
    { "PPI, LPI and SPI of the same number", test_same_number },
    { "UART: level interrupt", test_uart_level },
    { "RTC: 100 level interrupts taken", test_rtc_irq },
    { "trigger modes, resampling", test_edge_wire },
    { "level wire of a disabled SPI", test_disabled_wire },
    { }
};
