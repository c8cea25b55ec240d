/*
 * Arm GICv5 IRS: the register frames of an interrupt domain
 *
 * Every operation is complete when the register write returns, so that each
 * IDLE bit always reads 1 and SYNCR has nothing to wait for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "id_block.h"
#include "irs_internal.h"
#include "irs_regs.h"
#include "irs_vm_frame.h"
#include "swerr.h"
#include "trace.h"

/* IRS_IDR0.PA_RANGE: 52 bits, what the largest CPU model can address */
#define PA_RANGE_52 6

void gicv5_irs_set_idrs(ARMGICv5CommonState *s)
{
    uint32_t v = 0;

    v = FIELD_DP32(v, IRS_IDR0, PA_RANGE, PA_RANGE_52);
    v = FIELD_DP32(v, IRS_IDR0, VIRT, s->virt);
    v = FIELD_DP32(v, IRS_IDR0, ONE_N, s->one_of_n);
    v = FIELD_DP32(v, IRS_IDR0, VIRT_ONE_N, s->virt && s->virt_one_of_n);
    v = FIELD_DP32(v, IRS_IDR0, SETLPI, s->setlpi);
    v = FIELD_DP32(v, IRS_IDR0, SWE, s->swerr);
    s->idr[0] = FIELD_DP32(v, IRS_IDR0, IRSID, s->irsid);

    v = FIELD_DP32(0, IRS_IDR1, PE_CNT, s->num_cpus);
    v = FIELD_DP32(v, IRS_IDR1, IAFFID_BITS, 15);
    s->idr[1] = FIELD_DP32(v, IRS_IDR1, PRIORITY_BITS, s->prio_bits - 1);

    v = FIELD_DP32(0, IRS_IDR2, ID_BITS, s->id_bits);
    v = FIELD_DP32(v, IRS_IDR2, LPI, 1);
    v = FIELD_DP32(v, IRS_IDR2, MIN_LPI_ID_BITS, s->min_lpi_id_bits);
    v = FIELD_DP32(v, IRS_IDR2, IST_LEVELS, 1);
    s->idr[2] = FIELD_DP32(v, IRS_IDR2, IST_L2SZ, 7);
}

static uint64_t idr_read(void *opaque, const GICv5RegAccess *a)
{
    const GICv5IRSDomain *d = opaque;
    const ARMGICv5CommonState *s = d->irs;
    uint32_t v;

    switch (a->reg->offset) {
    case A_IRS_IDR0:
        v = FIELD_DP32(s->idr[0], IRS_IDR0, INT_DOM, d->domain);
        v = FIELD_DP32(v, IRS_IDR0, VIRT_ONE_N, gicv5_irs_has_virt_one_n(d));
        return FIELD_DP32(v, IRS_IDR0, VIRT, gicv5_irs_has_vms(d));
    case A_IRS_IDR1:
        return s->idr[1];
    case A_IRS_IDR2:
        return s->idr[2];
    case A_IRS_IDR5:
        return s->spi_range;
    case A_IRS_IDR6:
        return s->spi_irs_range;
    case A_IRS_IDR7:
        return FIELD_EX32(s->spi_base, IRS_IDR7, SPI_BASE);
    case A_IRS_IDR3:
        return gicv5_irs_has_vms(d) ? gicv5_irs_idr3(s) : 0;
    case A_IRS_IDR4:
        return gicv5_irs_has_vms(d) ? gicv5_irs_idr4(s) : 0;
    default:
        return 0;
    }
}

static uint64_t id_block_read(void *opaque, const GICv5RegAccess *a)
{
    return gicv5_id_block(GICV5_PRODUCT_IRS, a->index);
}

static uint64_t cr0_read(void *opaque, const GICv5RegAccess *a)
{
    const GICv5IRSDomain *d = opaque;

    return FIELD_DP32(0, IRS_CR0, IRSEN,
                      gicv5_irs_is_enabled(d->irs->sys, d->irs->engine_irs,
                                           d->domain));
}

static void cr0_write(void *opaque, const GICv5RegAccess *a, uint64_t value)
{
    GICv5IRSDomain *d = opaque;

    gicv5_irs_enable(d->irs->sys, d->irs->engine_irs, d->domain,
                     FIELD_EX32(value, IRS_CR0, IRSEN));
}

static void cr1_write(void *opaque, const GICv5RegAccess *a, uint64_t value)
{
    GICv5IRSDomain *d = opaque;

    if (!gicv5_irs_has_vms(d)) {
        value &= ~R_IRS_CR1_VM_TABLES_MASK;
    }
    d->cr1 = value;
}

static uint32_t selection(uint32_t selr)
{
    return selr == GICV5_SEL_NONE ? 0 : selr;
}

/* --- SPIs --- */

/* The SPI that IRS_SPI_SELR names; false while IRS_SPI_STATUSR.V is 0 */
static bool selected_spi(const GICv5IRSDomain *d, GICv5SPIState *spi)
{
    const ARMGICv5CommonState *s = d->irs;

    return gicv5_spi_get(s->sys, s->engine_irs, d->spi_selr, spi) &&
           (d->domain == GICV5_DOMAIN_EL3 || spi->domain == d->domain);
}

static uint64_t spi_selr_read(void *opaque, const GICv5RegAccess *a)
{
    const GICv5IRSDomain *d = opaque;

    return selection(d->spi_selr);
}

static uint64_t spi_statusr_read(void *opaque, const GICv5RegAccess *a)
{
    GICv5SPIState spi;

    return FIELD_DP32(0, IRS_SPI_STATUSR, V, selected_spi(opaque, &spi));
}

static uint64_t spi_cfgr_read(void *opaque, const GICv5RegAccess *a)
{
    GICv5SPIState spi;

    return FIELD_DP32(0, IRS_SPI_CFGR, TM,
                      selected_spi(opaque, &spi) && spi.tm_level);
}

static void spi_cfgr_write(void *opaque, const GICv5RegAccess *a,
                           uint64_t value)
{
    GICv5IRSDomain *d = opaque;
    ARMGICv5CommonState *s = d->irs;
    GICv5SPIState spi;

    if (!selected_spi(d, &spi)) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_SPI_CFGR written while no "
                      "SPI is selected\n");
        return;
    }
    gicv5_spi_set_tm(s->sys, s->engine_irs, d->spi_selr,
                     FIELD_EX32(value, IRS_SPI_CFGR, TM));
}

static uint64_t spi_vmr_read(void *opaque, const GICv5RegAccess *a)
{
    GICv5SPIState spi;
    uint64_t v;

    if (!selected_spi(opaque, &spi)) {
        return 0;
    }
    v = FIELD_DP64(0, IRS_SPI_VMR, VIRT, spi.virt);
    return FIELD_DP64(v, IRS_SPI_VMR, VM_ID, spi.vm);
}

static void spi_vmr_write(void *opaque, const GICv5RegAccess *a,
                          uint64_t value)
{
    GICv5IRSDomain *d = opaque;
    ARMGICv5CommonState *s = d->irs;
    GICv5SPIState spi;

    if (!selected_spi(d, &spi)) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_SPI_VMR written while no "
                      "SPI is selected\n");
        return;
    }
    gicv5_spi_set_vm(s->sys, s->engine_irs, d->spi_selr,
                     FIELD_EX64(value, IRS_SPI_VMR, VIRT),
                     FIELD_EX64(value, IRS_SPI_VMR, VM_ID));
}

/* Only EL3 assigns SPIs to domains; in other frames this is RAZ/WI. */
static uint64_t spi_domainr_read(void *opaque, const GICv5RegAccess *a)
{
    const GICv5IRSDomain *d = opaque;
    GICv5SPIState spi;

    return selected_spi(d, &spi) && d->domain == GICV5_DOMAIN_EL3 ?
           spi.domain : 0;
}

static void spi_domainr_write(void *opaque, const GICv5RegAccess *a,
                              uint64_t value)
{
    GICv5IRSDomain *d = opaque;
    ARMGICv5CommonState *s = d->irs;
    unsigned domain = FIELD_EX32(value, IRS_SPI_DOMAINR, DOMAIN);
    GICv5SPIState spi;

    if (d->domain != GICV5_DOMAIN_EL3 || !selected_spi(d, &spi) ||
        !arm_gicv5_has_domain(s, domain)) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_SPI_DOMAINR write of "
                      "domain %u ignored\n", domain);
        return;
    }
    gicv5_spi_set_domain(s->sys, s->engine_irs, d->spi_selr, domain);
}

/* Names its SPI itself; acts on SPIs of the frame's own domain only. */
static void spi_resampler_write(void *opaque, const GICv5RegAccess *a,
                                uint64_t value)
{
    GICv5IRSDomain *d = opaque;
    ARMGICv5CommonState *s = d->irs;
    uint32_t id = FIELD_EX32(value, IRS_SPI_RESAMPLER, SPI_ID);
    GICv5SPIState spi;

    if (!gicv5_spi_get(s->sys, s->engine_irs, id, &spi) ||
        spi.domain != d->domain) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_SPI_RESAMPLER: SPI %u is "
                      "not of this IRS and domain\n", id);
        return;
    }
    gicv5_spi_resample(s->sys, s->engine_irs, id);
}

/* --- PEs --- */

static GICv5PE *selected_pe(const GICv5IRSDomain *d)
{
    const ARMGICv5CommonState *s = d->irs;
    GICv5PE *pe;

    if (d->pe_selr == GICV5_SEL_NONE) {
        return NULL;
    }
    pe = gicv5_system_find_pe(s->sys, d->pe_selr);
    return pe && gicv5_pe_irs(pe) == s->engine_irs ? pe : NULL;
}

static uint64_t pe_selr_read(void *opaque, const GICv5RegAccess *a)
{
    const GICv5IRSDomain *d = opaque;

    return selection(d->pe_selr);
}

/* The link to a CPU interface is always up (ICC_CR0.LINK = 1). */
static uint64_t pe_statusr_read(void *opaque, const GICv5RegAccess *a)
{
    return selected_pe(opaque) ? R_IRS_PE_STATUSR_V_MASK |
                                 R_IRS_PE_STATUSR_ONLINE_MASK : 0;
}

static uint64_t pe_cr0_read(void *opaque, const GICv5RegAccess *a)
{
    const GICv5IRSDomain *d = opaque;
    GICv5PE *pe = selected_pe(d);

    return pe && gicv5_pe_dps(pe, d->domain) ? R_IRS_PE_CR0_DPS_MASK : 0;
}

static void pe_cr0_write(void *opaque, const GICv5RegAccess *a, uint64_t value)
{
    GICv5IRSDomain *d = opaque;
    GICv5PE *pe = selected_pe(d);

    if (!pe) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_PE_CR0 written while no "
                      "PE is selected\n");
        return;
    }
    /* Without 1-of-N the register has no effect and is RAZ/WI. */
    if (d->irs->one_of_n) {
        gicv5_pe_set_dps(pe, d->domain, FIELD_EX32(value, IRS_PE_CR0, DPS));
    }
}

/* --- IST --- */

static GICv5IRSDomain *ist_regs(GICv5IRSDomain *d)
{
    return &arm_gicv5_primary(d->irs)->d[d->domain];
}

/* IRS_IST_CFGR: how values out of range are taken */
GICv5ISTConfig gicv5_irs_ist_config(const ARMGICv5CommonState *s,
                                    uint32_t cfgr)
{
    unsigned istsz = FIELD_EX32(cfgr, IRS_IST_CFGR, ISTSZ);
    unsigned l2sz = FIELD_EX32(cfgr, IRS_IST_CFGR, L2SZ);
    unsigned id_bits = FIELD_EX32(cfgr, IRS_IST_CFGR, LPI_ID_BITS);

    if (istsz == 3 || l2sz == 3 || id_bits < s->min_lpi_id_bits ||
        id_bits > s->id_bits) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_IST_CFGR 0x%x has a "
                      "reserved or unsupported value\n", cfgr);
    }
    return gicv5_ist_config_from(FIELD_EX32(cfgr, IRS_IST_CFGR, STRUCTURE),
                                 MIN(MAX(id_bits, s->min_lpi_id_bits),
                                     s->id_bits), istsz, l2sz);
}

static uint64_t ist_cfgr_read(void *opaque, const GICv5RegAccess *a)
{
    return ist_regs(opaque)->ist_cfgr;
}

static void ist_cfgr_write(void *opaque, const GICv5RegAccess *a,
                           uint64_t value)
{
    GICv5IRSDomain *ist = ist_regs(opaque);

    if (gicv5_ist_is_valid(gicv5_irs_ist(ist->irs, ist->domain))) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_IST_CFGR written while "
                      "the IST is valid\n");
        return;
    }
    ist->ist_cfgr = value;
}

static uint64_t ist_baser_read(void *opaque, const GICv5RegAccess *a)
{
    const GICv5IRSDomain *ist = ist_regs(opaque);

    return FIELD_DP64(ist->ist_baser, IRS_IST_BASER, VALID,
                      gicv5_ist_is_valid(gicv5_irs_ist(ist->irs,
                                                       ist->domain)));
}

static void ist_baser_write(void *opaque, const GICv5RegAccess *a,
                            uint64_t value)
{
    GICv5IRSDomain *d = opaque;
    GICv5IRSDomain *ist = ist_regs(d);
    GICv5IST *table = gicv5_irs_ist(d->irs, d->domain);
    bool valid = value & R_IRS_IST_BASER_VALID_MASK;

    if (!gicv5_ist_is_valid(table)) {
        ist->ist_baser = value & R_IRS_IST_BASER_ADDR_MASK;
        if (valid) {
            GICv5ISTConfig cfg = gicv5_irs_ist_config(d->irs, ist->ist_cfgr);

            gicv5_ist_set_valid(table, value & R_IRS_IST_BASER_ADDR_MASK, &cfg);
        }
    } else if (valid) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_IST_BASER written while "
                      "the IST is valid\n");
    } else {
        /* ADDR keeps its value */
        gicv5_ist_set_invalid(table);
    }
}

static void map_l2_istr_write(void *opaque, const GICv5RegAccess *a,
                              uint64_t value)
{
    GICv5IRSDomain *d = opaque;

    gicv5_ist_map_l2(gicv5_irs_ist(d->irs, d->domain),
                     FIELD_EX32(value, IRS_MAP_L2_ISTR, ID));
}

/* --- software errors --- */

void gicv5_irs_record_swerr(GICv5IRSDomain *d, GICv5SWErr ec, uint32_t id,
                            uint64_t addr)
{
    uint64_t syndrome = FIELD_DP64(0, IRS_SWERR_SYNDROMER0, ID, id);

    trace_gicv5_swerr(d->irs->irsid, d->domain, ec, id, addr);
    if (d->irs->swerr) {
        syndrome = FIELD_DP64(syndrome, IRS_SWERR_SYNDROMER0, TYPE,
                              GICV5_TYPE_LPI);
        gicv5_swerr_record(&d->swerr, ec, syndrome, addr);
    }
}

static bool has_swerr(const void *opaque)
{
    const GICv5IRSDomain *d = opaque;

    return d->irs->swerr;
}

/* --- the config frame --- */

#define DOMAIN(member) offsetof(GICv5IRSDomain, member)

/* Those of MEC and MPAM are RES0, as no IDR bit announces them. */
static const GICv5Reg config_regs[] = {
    GICV5_RO32(IRS_IDR0, .read = idr_read),
    GICV5_RO32(IRS_IDR1, .read = idr_read),
    GICV5_RO32(IRS_IDR2, .read = idr_read),
    GICV5_RO32(IRS_IDR3, .read = idr_read),
    GICV5_RO32(IRS_IDR4, .read = idr_read),
    GICV5_RO32(IRS_IDR5, .read = idr_read),
    GICV5_RO32(IRS_IDR6, .read = idr_read),
    GICV5_RO32(IRS_IDR7, .read = idr_read),
    GICV5_RO32(IRS_IIDR, .value = GICV5_IIDR(GICV5_PRODUCT_IRS)),
    /* An IRS of GICv5.0: all fields 0 */
    GICV5_RO32(IRS_AIDR),
    GICV5_RW32(IRS_CR0, .mask = R_IRS_CR0_IRSEN_MASK,
               .value = R_IRS_CR0_IDLE_MASK,
               .read = cr0_read, .write = cr0_write),
    /* Memory attributes mean nothing here. */
    GICV5_RW32(IRS_CR1, .mask = GICV5_IRS_CR1_MASK | R_IRS_CR1_VM_TABLES_MASK,
               .field = DOMAIN(cr1), .write = cr1_write),
    GICV5_WO32(IRS_SYNCR),
    GICV5_RO32(IRS_SYNC_STATUSR, .value = R_IRS_SYNC_STATUSR_IDLE_MASK),
    GICV5_RW64(IRS_SPI_VMR, .mask = R_IRS_SPI_VMR_VIRT_MASK |
                                    R_IRS_SPI_VMR_VM_ID_MASK,
               .present = gicv5_irs_has_vms, .read = spi_vmr_read,
               .write = spi_vmr_write),
    GICV5_RW32(IRS_SPI_SELR, .mask = R_IRS_SPI_SELR_ID_MASK,
               .field = DOMAIN(spi_selr), .read = spi_selr_read),
    GICV5_RW32(IRS_SPI_DOMAINR, .mask = R_IRS_SPI_DOMAINR_DOMAIN_MASK,
               .read = spi_domainr_read, .write = spi_domainr_write),
    GICV5_WO32(IRS_SPI_RESAMPLER, .mask = R_IRS_SPI_RESAMPLER_SPI_ID_MASK,
               .write = spi_resampler_write),
    GICV5_RW32(IRS_SPI_CFGR, .mask = R_IRS_SPI_CFGR_TM_MASK,
               .read = spi_cfgr_read, .write = spi_cfgr_write),
    GICV5_RO32(IRS_SPI_STATUSR, .value = R_IRS_SPI_STATUSR_IDLE_MASK,
               .read = spi_statusr_read),
    GICV5_RW32(IRS_PE_SELR, .mask = R_IRS_PE_SELR_IAFFID_MASK,
               .field = DOMAIN(pe_selr), .read = pe_selr_read),
    GICV5_RO32(IRS_PE_STATUSR, .value = R_IRS_PE_STATUSR_IDLE_MASK,
               .read = pe_statusr_read),
    GICV5_RW32(IRS_PE_CR0, .mask = R_IRS_PE_CR0_DPS_MASK,
               .read = pe_cr0_read, .write = pe_cr0_write),
    /* By halves, the low word goes last: VALID starts the operation. */
    GICV5_RW64(IRS_IST_BASER, .mask = GICV5_IRS_IST_BASER_MASK,
               .read = ist_baser_read, .write = ist_baser_write),
    GICV5_RW32(IRS_IST_CFGR, .mask = GICV5_IRS_IST_CFGR_MASK,
               .read = ist_cfgr_read, .write = ist_cfgr_write),
    GICV5_RO32(IRS_IST_STATUSR, .value = R_IRS_IST_STATUSR_IDLE_MASK),
    GICV5_WO32(IRS_MAP_L2_ISTR, .mask = R_IRS_MAP_L2_ISTR_ID_MASK,
               .write = map_l2_istr_write),
    /*
     * Virtual machines. Write-only registers have a value for their other
     * half.
     */
    GICV5_VM_REG(64, IRS_VMT_BASER, GICV5_REG_RW,
                 GICV5_IRS_VMT_BASER_MASK),
    GICV5_RES0(IRS_RES_208, IRS_RES_20C),
    GICV5_VM_REG(32, IRS_VMT_CFGR, GICV5_REG_RW,
                 GICV5_IRS_VMT_CFGR_MASK),
    GICV5_VM_REG(32, IRS_VMT_STATUSR, GICV5_REG_RO, 0,
                 .value = R_IRS_VMT_STATUSR_IDLE_MASK),
    GICV5_RES0(IRS_RES_218, IRS_RES_23C),
    GICV5_VM_REG(64, IRS_VPE_SELR, GICV5_REG_RW,
                 GICV5_IRS_VPE_SELR_MASK),
    GICV5_VM_REG(64, IRS_VPE_DBR, GICV5_REG_RW,
                 GICV5_IRS_VPE_DBR_MASK),
    GICV5_VM_REG(64, IRS_VPE_HPPIR, GICV5_REG_RO, 0),
    GICV5_VM_REG(32, IRS_VPE_CR0, GICV5_REG_RW, R_IRS_VPE_CR0_DPS_MASK),
    GICV5_VM_REG(32, IRS_VPE_STATUSR, GICV5_REG_RO, 0,
                 .value = R_IRS_VPE_STATUSR_IDLE_MASK),
    GICV5_RES0(IRS_RES_260, IRS_RES_27C),
    GICV5_REG(IRS_VM_DBR, 64, GICV5_REG_RW, .mask = GICV5_IRS_VM_DBR_MASK,
              .read = gicv5_vm_reg_read, .write = gicv5_vm_reg_write,
              .present = gicv5_irs_has_virt_one_n),
    GICV5_VM_REG(32, IRS_VM_SELR, GICV5_REG_RW, R_IRS_VM_SELR_VM_ID_MASK),
    GICV5_VM_REG(32, IRS_VM_STATUSR, GICV5_REG_RO, 0,
                 .value = R_IRS_VM_STATUSR_IDLE_MASK),
    GICV5_RES0(IRS_RES_290, IRS_RES_2BC),
    GICV5_VM_REG(64, IRS_VMAP_L2_VMTR, GICV5_REG_WO,
                 GICV5_IRS_VMAP_L2_VMTR_MASK),
    GICV5_VM_REG(64, IRS_VMAP_VMR, GICV5_REG_WO,
                 GICV5_IRS_VMAP_VMR_MASK),
    GICV5_VM_REG(64, IRS_VMAP_VISTR, GICV5_REG_WO,
                 GICV5_IRS_VMAP_VISTR_MASK),
    GICV5_VM_REG(64, IRS_VMAP_L2_VISTR, GICV5_REG_WO,
                 GICV5_IRS_VMAP_L2_VISTR_MASK),
    GICV5_VM_REG(64, IRS_VMAP_VPER, GICV5_REG_WO,
                 GICV5_IRS_VMAP_VPER_MASK),
    GICV5_RES0(IRS_RES_2E8, IRS_RES_2FC),
    GICV5_VM_REG(64, IRS_SAVE_VMR, GICV5_REG_WO,
                 GICV5_IRS_SAVE_VMR_MASK),
    GICV5_VM_REG(32, IRS_SAVE_VM_STATUSR, GICV5_REG_RO, 0,
                 .value = R_IRS_SAVE_VM_STATUSR_IDLE_MASK),
    GICV5_RES0(IRS_MEC_IDR, IRS_MPAM_PARTID_R),
    GICV5_REG_SWERR_STATUSR(IRS, GICv5IRSDomain, swerr, has_swerr),
    GICV5_REG_SWERR_SYNDROMER(IRS, 0, GICv5IRSDomain, swerr, has_swerr),
    GICV5_REG_SWERR_SYNDROMER(IRS, 1, GICv5IRSDomain, swerr, has_swerr),
    GICV5_RO32(IRS_DEVARCH, .value = 0x47705A19),
    GICV5_RO32(IRS_PIDR4, .count = GICV5_ID_BLOCK_REGS,
               .read = id_block_read),
};

const GICv5FrameType gicv5_irs_config_frame = {
    .name = "config",
    .regs = config_regs,
    .num_regs = ARRAY_SIZE(config_regs),
};

/* --- the SETLPI frame --- */

static void setlpir_write(void *opaque, const GICv5RegAccess *a,
                          uint64_t value)
{
    GICv5IRSDomain *d = opaque;
    uint32_t id = FIELD_EX32(value, IRS_SETLPIR, ID);

    /* The whole frame is RAZ/WI if IDR0.SETLPI is 0. */
    if (!d->irs->setlpi) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_SETLPIR written, but "
                      "IRS_IDR0.SETLPI is 0\n");
        return;
    }
    trace_gicv5_setlpi(d->irs->irsid, d->domain, id);
    gicv5_event(gicv5_irs_space(d->irs, d->domain),
                gicv5_intid(GICV5_TYPE_LPI, id), GICV5_SET_EDGE);
}

static const GICv5Reg setlpi_regs[] = {
    GICV5_WO32(IRS_SETLPIR, .mask = R_IRS_SETLPIR_ID_MASK,
               .write = setlpir_write),
};

const GICv5FrameType gicv5_irs_setlpi_frame = {
    .name = "SETLPI",
    .regs = setlpi_regs,
    .num_regs = ARRAY_SIZE(setlpi_regs),
};
