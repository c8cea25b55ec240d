/*
 * GICv5 hypervisor: the IRS that a guest sees
 *
 * Its registers are configuration, which a guest touches when it starts and
 * when it needs another page of LPIs. All else, IPIs among it, a guest does
 * with GIC instructions that no hypervisor sees.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hyp.h"

#define CR0_IRSEN BIT(0)
#define CR0_IDLE BIT(1)
#define CR1_MASK 0xff
#define IDR1_PE_CNT_MASK 0xffffu
#define IDR2_ID_BITS_MASK 0x1fu
#define IST_CFGR_MASK (IST_CFGR_TWO_LEVEL | 0x1ff)
#define LPI_ID_BITS 16
#define SPI_CFGR_TM BIT(0)

static uint32_t idr2(void)
{
    /* The tables are the hardware's: so are their levels and sizes. */
    uint32_t v = irs_r32(IRS_IDR2);
    uint32_t bits = IDR2_ID_BITS(v);

    bits = bits < LPI_ID_BITS ? bits : LPI_ID_BITS;
    return (v & ~IDR2_ID_BITS_MASK) | bits;
}

static bool spi_selected(const struct vm *vm)
{
    return vm->irs.spi < VM_SPIS;
}

static uint32_t pe_status(const struct vm *vm)
{
    if (vm->irs.pe >= vm->vcpu_count) {
        return STATUSR_IDLE;
    }
    return STATUSR_IDLE | STATUSR_V |
           (vm->vcpus[vm->irs.pe].state != VCPU_OFF ? PE_STATUSR_ONLINE : 0);
}

uint64_t virs_read(struct vm *vm, uint64_t offset, unsigned size)
{
    const struct virs *irs = &vm->irs;

    switch (offset) {
    case IRS_IDR0:
        /* No VMs, no 1-of-N, no SETLPI frame in a VM */
        return irs_r32(IRS_IDR0) & IDR0_INT_DOM_PA_RANGE;
    case IRS_IDR1:
        return (irs_r32(IRS_IDR1) & ~IDR1_PE_CNT_MASK) | vm->vcpu_count;
    case IRS_IDR2:
        return idr2();
    case IRS_IDR5:
    case IRS_IDR6:
        return VM_SPIS;
    case IRS_AIDR:
        return irs_r32(IRS_AIDR);
    case IRS_CR0:
        return irs->cr0 | CR0_IDLE;
    case IRS_CR1:
        return irs->cr1;
    case IRS_SPI_SELR:
        return irs->spi;
    case IRS_SPI_DOMAINR:
        return 1;
    case IRS_SPI_CFGR:
        /* The trigger mode is the virtual SPI's handling mode. */
        return spi_selected(vm) ? vm->irs.spi_level >> irs->spi & 1 : 0;
    case IRS_SPI_STATUSR:
        return STATUSR_IDLE | (spi_selected(vm) ? STATUSR_V : 0);
    case IRS_PE_SELR:
        return irs->pe;
    case IRS_PE_STATUSR:
        return pe_status(vm);
    case IRS_PE_CR0:
        return 1;
    case IRS_IST_BASER:
        return size == 8 ? irs->ist_baser : (uint32_t)irs->ist_baser;
    case IRS_IST_CFGR:
        return irs->ist_cfgr;
    case IRS_SYNC_STATUSR:
    case IRS_IST_STATUSR:
        return STATUSR_IDLE;
    default:
        return 0;
    }
}

static void write_cr0(struct vm *vm, struct vcpu *v, uint32_t value)
{
    if ((vm->irs.cr0 ^ value) & CR0_IRSEN) {
        vm->irs.cr0 = value & CR0_IRSEN;
        /* Resident vCPUs of other PEs leave and come back. */
        vgic_resident(v);
        sched_call_all(vm);
    }
}

static void write_spi_cfgr(struct vm *vm, uint32_t value)
{
    bool level = value & SPI_CFGR_TM;

    if (!spi_selected(vm)) {
        return;
    }
    vm->irs.spi_level &= ~(1u << vm->irs.spi);
    vm->irs.spi_level |= (uint32_t)level << vm->irs.spi;
    /* The vCPU that writes is resident, so it is its VM's SPI. */
    gic_vdhm(SPI(vm->irs.spi), level);
}

static void write_baser(struct vm *vm, uint64_t value)
{
    bool valid = value & TABLE_VALID;

    if (!(vm->irs.ist_baser & TABLE_VALID)) {
        vm->irs.ist_baser = value & IST_ADDR;
        if (valid) {
            vgic_lpis_on(vm);
        }
    } else if (!valid) {
        vgic_lpis_off(vm);
    }
}

void virs_write(struct vm *vm, struct vcpu *v, uint64_t offset, unsigned size,
                uint64_t value)
{
    struct virs *irs = &vm->irs;

    switch (offset) {
    case IRS_CR0:
        write_cr0(vm, v, value);
        break;
    case IRS_CR1:
        irs->cr1 = value & CR1_MASK;
        break;
    case IRS_SPI_SELR:
        irs->spi = value;
        break;
    case IRS_SPI_CFGR:
        write_spi_cfgr(vm, value);
        break;
    case IRS_SPI_RESAMPLER:
        devices_update(vm, true);
        break;
    case IRS_PE_SELR:
        irs->pe = value;
        break;
    case IRS_IST_BASER:
        /* An example: nobody writes it by halves. */
        if (size == 8) {
            write_baser(vm, value);
        }
        break;
    case IRS_IST_CFGR:
        if (!(irs->ist_baser & TABLE_VALID)) {
            irs->ist_cfgr = value & IST_CFGR_MASK;
        }
        break;
    case IRS_MAP_L2_ISTR:
        vgic_lpis_map_l2(vm, value & 0xffffff);
        break;
    default:
        /* Everything else is complete at once, or read-only. */
        break;
    }
}
