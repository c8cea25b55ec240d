/*
 * GICv5 hypervisor: a PL011 and a PL031 for each VM
 *
 * No more of them than a kernel needs. Their interrupts are level-triggered
 * virtual SPIs: GIC VDPEND sets and clears the pending state as the line goes
 * up and down.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hyp.h"

#define UART_DR 0x00
#define UART_FR 0x18
#define UART_FR_RXFE BIT(4)
#define UART_FR_TXFE BIT(7)
#define UART_IBRD 0x24
#define UART_FBRD 0x28
#define UART_LCR 0x2c
#define UART_CR 0x30
#define UART_IFLS 0x34
#define UART_IMSC 0x38
#define UART_RIS 0x3c
#define UART_MIS 0x40
#define UART_ICR 0x44
#define UART_RX BIT(4)
#define UART_TX BIT(5)

#define RTC_DR 0x00
#define RTC_MR 0x04
#define RTC_LR 0x08
#define RTC_CR 0x0c
#define RTC_IMSC 0x10
#define RTC_RIS 0x14
#define RTC_MIS 0x18
#define RTC_ICR 0x1c

#define ID_BASE 0xfe0

/* PrimeCell identification: eight bytes, in eight words */
static uint32_t primecell(uint32_t part, uint64_t offset)
{
    static const uint8_t id[] = { 0, 0x10, 0x04, 0, 0x0d, 0xf0, 0x05, 0xb1 };
    unsigned n = (offset - ID_BASE) / 4;

    return n == 0 ? part : id[n];
}

static void update(struct vm *vm, unsigned spi, bool level, bool *line,
                   bool again)
{
    if (level != *line || again) {
        *line = level;
        vgic_set_spi(vm, spi, level);
    }
}

void devices_update(struct vm *vm, bool again)
{
    update(vm, SPI_UART, vm->uart.ris & vm->uart.imsc, &vm->uart.line, again);
    update(vm, SPI_RTC, vm->rtc.ris & vm->rtc.imsc, &vm->rtc.line, again);
}

/* --- PL011: what it is given it has sent; lines get the name of the VM --- */

void uart_flush(struct vm *vm)
{
    struct uart *u = &vm->uart;

    if (u->out_count) {
        print("vm%u: ", vm->id);
        for (unsigned i = 0; i < u->out_count; i++) {
            putchar_(u->out[i]);
        }
        putchar_('\n');
        u->out_count = 0;
    }
}

static void uart_output(struct vm *vm, char c)
{
    struct uart *u = &vm->uart;

    if (c == '\n' || u->out_count == sizeof(u->out)) {
        uart_flush(vm);
    }
    if (c != '\n' && c != '\r') {
        u->out[u->out_count++] = c;
    }
    u->ris |= UART_TX;
}

void uart_input(struct vm *vm, uint8_t c)
{
    struct uart *u = &vm->uart;

    if (u->in_count < sizeof(u->in)) {
        u->in[u->in_count++] = c;
        u->ris |= UART_RX;
        devices_update(vm, false);
    }
}

static uint8_t uart_take(struct uart *u)
{
    uint8_t c = u->in[0];

    if (u->in_count) {
        u->in_count--;
        for (unsigned i = 0; i < u->in_count; i++) {
            u->in[i] = u->in[i + 1];
        }
    }
    if (!u->in_count) {
        u->ris &= ~UART_RX;
    }
    return c;
}

uint64_t uart_read(struct vm *vm, uint64_t offset)
{
    struct uart *u = &vm->uart;
    uint8_t c;

    if (offset >= ID_BASE) {
        return offset == ID_BASE + 8 ? 0x14 : primecell(0x11, offset);
    }
    switch (offset) {
    case UART_DR:
        c = uart_take(u);
        devices_update(vm, false);
        return c;
    case UART_FR:
        return UART_FR_TXFE | (u->in_count ? 0 : UART_FR_RXFE);
    case UART_IBRD:
        return u->ibrd;
    case UART_FBRD:
        return u->fbrd;
    case UART_LCR:
        return u->lcr;
    case UART_CR:
        return u->cr;
    case UART_IFLS:
        return u->ifls;
    case UART_IMSC:
        return u->imsc;
    case UART_RIS:
        return u->ris;
    case UART_MIS:
        return u->ris & u->imsc;
    default:
        return 0;
    }
}

void uart_write(struct vm *vm, uint64_t offset, uint32_t value)
{
    struct uart *u = &vm->uart;

    switch (offset) {
    case UART_DR:
        uart_output(vm, value);
        break;
    case UART_IBRD:
        u->ibrd = value;
        break;
    case UART_FBRD:
        u->fbrd = value;
        break;
    case UART_LCR:
        u->lcr = value;
        break;
    case UART_CR:
        u->cr = value;
        break;
    case UART_IFLS:
        u->ifls = value;
        break;
    case UART_IMSC:
        u->imsc = value;
        break;
    case UART_ICR:
        /* Input that nobody has read still is a reason. */
        u->ris &= ~value | (u->in_count ? UART_RX : 0);
        break;
    }
    devices_update(vm, false);
}

/* --- PL031: seconds since the machine started, and one alarm --- */

static uint32_t rtc_count(const struct rtc *r)
{
    return r->offset + now() / rd(cntfrq_el0);
}

/* The match comes when the count has the value; a value of the past is far. */
static void rtc_set_alarm(struct rtc *r)
{
    uint32_t ahead = r->mr - rtc_count(r);

    r->alarm = ahead ? (now() / rd(cntfrq_el0) + ahead) * rd(cntfrq_el0) : 1;
}

void rtc_check(struct vm *vm)
{
    struct rtc *r = &vm->rtc;

    if (r->alarm && r->alarm <= now()) {
        r->alarm = 0;
        r->ris = 1;
        devices_update(vm, false);
    }
}

uint64_t rtc_read(struct vm *vm, uint64_t offset)
{
    const struct rtc *r = &vm->rtc;

    if (offset >= ID_BASE) {
        return primecell(0x31, offset);
    }
    switch (offset) {
    case RTC_DR:
        return rtc_count(r);
    case RTC_MR:
        return r->mr;
    case RTC_LR:
        return r->lr;
    case RTC_CR:
        return 1;
    case RTC_IMSC:
        return r->imsc;
    case RTC_RIS:
        return r->ris;
    case RTC_MIS:
        return r->ris & r->imsc;
    default:
        return 0;
    }
}

void rtc_write(struct vm *vm, uint64_t offset, uint32_t value)
{
    struct rtc *r = &vm->rtc;

    switch (offset) {
    case RTC_MR:
        r->mr = value;
        rtc_set_alarm(r);
        break;
    case RTC_LR:
        r->lr = value;
        r->offset += value - rtc_count(r);
        rtc_set_alarm(r);
        break;
    case RTC_IMSC:
        r->imsc = value & 1;
        break;
    case RTC_ICR:
        r->ris &= ~value;
        break;
    }
    rtc_check(vm);
    devices_update(vm, false);
}
