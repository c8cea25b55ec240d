/*
 * GICv5 hypervisor: physical interrupts
 *
 * EL2 uses them as an operating system does: a table of physical LPIs, some
 * LPIs that call PEs, a doorbell for each vCPU, the console's SPI, and EL2's
 * timer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hyp.h"

#define IST_BITS 16
#define IST_SIZE (1u << IST_BITS)
#define PRIORITY 16
/* All tables: inner shareable, write-back, both allocation hints */
#define CR1_WRITE_BACK 0xffd7
#define ALL_PRIORITIES 0x1f1f1f1f1f1f1f1full

#define UART_BASE 0x09000000ul
#define UART_DR (UART_BASE + 0x00)
#define UART_FR (UART_BASE + 0x18)
#define UART_FR_RXFE (1u << 4)
#define UART_IMSC (UART_BASE + 0x38)
#define UART_RX (1u << 4)
#define UART_RT (1u << 6)
#define UART_ICR (UART_BASE + 0x44)
#define UART_CR (UART_BASE + 0x30)
#define UART_CR_ON 0x301

static uint32_t ist[IST_SIZE] __attribute__((aligned(IST_SIZE * 4)));

void irs_wait(unsigned reg)
{
    while (!(irs_r32(reg) & STATUSR_IDLE)) {
        continue;
    }
}

static void configure(uint32_t intid, const struct pe *pe)
{
    gic_cdpri(intid, PRIORITY);
    gic_cdpend(intid, false);
    gic_cdaff(intid, pe->iaffid);
    gic_cden(intid);
}

void gic_lpi_on(uint32_t lpi, const struct pe *pe)
{
    gic_cdhm(lpi, false);
    configure(lpi, pe);
}

void gic_init(void)
{
    /* The table has to be zero when it becomes valid: .bss is. */
    dsb();
    irs_w32(IRS_CR1, CR1_WRITE_BACK);
    irs_w32(IRS_IST_CFGR, IST_BITS);
    irs_w64(IRS_IST_BASER, (uint64_t)ist | 1);
    irs_wait(IRS_IST_STATUSR);
    irs_w32(IRS_CR0, 1);
    while (!(irs_r32(IRS_CR0) & 2)) {
        continue;
    }
}

void gic_init_pe(struct pe *pe)
{
    pe->iaffid = rd(ICC_IAFFIDR_EL1);
    wr(cnthp_ctl_el2, 0);
    wr(ICC_PPI_PRIORITYR3_EL1, ALL_PRIORITIES);
    wr(ICC_PPI_ENABLER0_EL1, BIT(PPI_CNTHP));
    wr(ICC_PPI_ENABLER1_EL1, 0);
    wr(ICC_PCR_EL1, 0x1f);
    wr(ICC_CR0_EL1, CR0_EN | CR0_LINK);
    isb();

    gic_lpi_on(LPI_CALL(pe->idx), pe);
    if (pe->idx == 0) {
        irs_w32(IRS_SPI_SELR, SPI_UART);
        irs_wait(IRS_SPI_STATUSR);
        irs_w32(IRS_SPI_CFGR, 1);
        irs_wait(IRS_SPI_STATUSR);
        configure(SPI(SPI_UART), pe);
        mmio_w32(UART_CR, UART_CR_ON);
        mmio_w32(UART_IMSC, UART_RX | UART_RT);
    }
    gic_sync();
}

void gic_lpi_off(uint32_t lpi)
{
    gic_cddis(lpi);
    gsb_sys();
}

void gic_call(struct pe *pe)
{
    gic_cdpend(LPI_CALL(pe->idx), true);
}

static void console_input(void)
{
    while (!(mmio_r32(UART_FR) & UART_FR_RXFE)) {
        uart_input(&vms[0], mmio_r32(UART_DR));
    }
    mmio_w32(UART_ICR, UART_RX | UART_RT);
}

static void handle(struct pe *pe, uint32_t intid)
{
    unsigned n = intid - LPI_DOORBELL(0, 0);
    struct vcpu *v;

    if (intid == PPI(PPI_CNTHP)) {
        /* sched_check() sees what is due; the next entry sets it again. */
        wr(cnthp_ctl_el2, 0);
        isb();
    } else if (intid == SPI(SPI_UART)) {
        console_input();
    } else if (intid == LPI_CALL(pe->idx)) {
        pe->resched = true;
    } else if (n < MAX_VMS * MAX_VCPUS) {
        /*
         * The IRS rings when a VPE that has left has got an interrupt. One
         * that comes when the VPE is back already means nothing.
         */
        v = &vms[n / MAX_VCPUS].vcpus[n % MAX_VCPUS];
        v->vm->doorbells += sched_wake(v);
    } else {
        print("hyp: INTID 0x%x\n", intid);
        die("unknown interrupt");
    }
}

void gic_poll(struct pe *pe)
{
    uint64_t ia;

    while ((ia = gic_cdia()) & VALID) {
        gsb_ack();
        isb();
        handle(pe, ia);
        gic_cdeoi();
        gic_cddi(ia);
    }
    sched_check(pe);
}
