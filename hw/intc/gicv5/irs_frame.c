/*
 * Arm GICv5 IRS: the register frames of an interrupt domain
 *
 * Every operation is complete when the register write returns, so that each
 * IDLE bit always reads 1 and SYNCR has nothing to wait for.
 *
 * Accesses that the architecture does not support (a size or alignment other
 * than a register's, reserved offsets, registers of absent features) are
 * RAZ/WI and logged; a guest never gets an abort from an implemented frame.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "irs_internal.h"
#include "trace.h"

/* IRS_IDR0.PA_RANGE: 52 bits, what the largest CPU model can address */
#define PA_RANGE_52 6

/* JEP106 code of Arm, as QEMU has none; the product number is QEMU's. */
#define IMPLEMENTER 0x43B
#define PRODUCT_ID 0x051

void gicv5_irs_set_idrs(ARMGICv5CommonState *s)
{
    uint32_t v = 0;

    v = FIELD_DP32(v, IRS_IDR0, PA_RANGE, PA_RANGE_52);
    v = FIELD_DP32(v, IRS_IDR0, ONE_N, s->one_of_n);
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

static uint32_t iidr(void)
{
    uint32_t v = 0;

    v = FIELD_DP32(v, IRS_IIDR, IMPLEMENTER, IMPLEMENTER);
    v = FIELD_DP32(v, IRS_IIDR, PRODUCTID, PRODUCT_ID);
    return v;
}

/* CoreSight identification; it repeats IRS_IIDR as Arm suggests. */
static uint32_t id_block(hwaddr offset)
{
    static const uint8_t id[] = {
        /* PIDR4-7: continuation code of IMPLEMENTER */
        IMPLEMENTER >> 8, 0, 0, 0,
        /* PIDR0-3 */
        PRODUCT_ID & 0xff,
        (IMPLEMENTER & 0xf) << 4 | PRODUCT_ID >> 8,
        1 << 3 | (IMPLEMENTER >> 4 & 7),
        0,
        /* CIDR0-3: CoreSight component */
        0x0d, 0xf0, 0x05, 0xb1,
    };

    return id[(offset - A_IRS_PIDR4) / 4];
}

/* --- SPIs --- */

/* The SPI that IRS_SPI_SELR names; false while IRS_SPI_STATUSR.V is 0 */
static bool selected_spi(const GICv5IRSDomain *d, GICv5SPIState *spi)
{
    const ARMGICv5CommonState *s = d->irs;

    return gicv5_spi_get(s->sys, s->engine_irs, d->spi_selr, spi) &&
           (d->domain == GICV5_DOMAIN_EL3 || spi->domain == d->domain);
}

static uint32_t spi_statusr(const GICv5IRSDomain *d)
{
    uint32_t v = R_IRS_SPI_STATUSR_IDLE_MASK;
    GICv5SPIState spi;

    return FIELD_DP32(v, IRS_SPI_STATUSR, V, selected_spi(d, &spi));
}

static void spi_cfgr_write(GICv5IRSDomain *d, uint32_t value)
{
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

/* Only EL3 assigns SPIs to domains; in other frames this is RAZ/WI. */
static uint32_t spi_domainr_read(const GICv5IRSDomain *d)
{
    GICv5SPIState spi;

    return selected_spi(d, &spi) && d->domain == GICV5_DOMAIN_EL3 ?
           spi.domain : 0;
}

static void spi_domainr_write(GICv5IRSDomain *d, uint32_t value)
{
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
static void spi_resampler_write(GICv5IRSDomain *d, uint32_t value)
{
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

static uint32_t pe_statusr(const GICv5IRSDomain *d)
{
    uint32_t v = R_IRS_PE_STATUSR_IDLE_MASK;

    if (selected_pe(d)) {
        /* The link to a CPU interface is always up (ICC_CR0.LINK = 1). */
        v |= R_IRS_PE_STATUSR_V_MASK | R_IRS_PE_STATUSR_ONLINE_MASK;
    }
    return v;
}

static uint32_t pe_cr0_read(const GICv5IRSDomain *d)
{
    GICv5PE *pe = selected_pe(d);

    return pe && gicv5_pe_dps(pe, d->domain) ? R_IRS_PE_CR0_DPS_MASK : 0;
}

static void pe_cr0_write(GICv5IRSDomain *d, uint32_t value)
{
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
    return (GICv5ISTConfig) {
        .two_level = FIELD_EX32(cfgr, IRS_IST_CFGR, STRUCTURE),
        .id_bits = MIN(MAX(id_bits, s->min_lpi_id_bits), s->id_bits),
        .entry_shift = 2 + (istsz == 3 ? 0 : istsz),
        .l2_shift = 12 + 2 * (l2sz == 3 ? 0 : l2sz),
    };
}

static void ist_cfgr_write(GICv5IRSDomain *d, uint32_t value)
{
    GICv5IRSDomain *ist = ist_regs(d);

    if (ist->ist_baser & R_IRS_IST_BASER_VALID_MASK) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_IST_CFGR written while "
                      "the IST is valid\n");
        return;
    }
    ist->ist_cfgr = value & GICV5_IRS_IST_CFGR_MASK;
}

static void ist_baser_write(GICv5IRSDomain *d, uint64_t value)
{
    GICv5IRSDomain *ist = ist_regs(d);
    GICv5IST *table = gicv5_irs_ist(d->irs, d->domain);
    bool was_valid = ist->ist_baser & R_IRS_IST_BASER_VALID_MASK;
    bool valid = value & R_IRS_IST_BASER_VALID_MASK;

    value &= R_IRS_IST_BASER_VALID_MASK | R_IRS_IST_BASER_ADDR_MASK;
    if (!was_valid) {
        ist->ist_baser = value;
        if (valid) {
            GICv5ISTConfig cfg = gicv5_irs_ist_config(d->irs, ist->ist_cfgr);

            gicv5_ist_set_valid(table, value & R_IRS_IST_BASER_ADDR_MASK, &cfg);
        }
    } else if (valid) {
        qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS_IST_BASER written while "
                      "the IST is valid\n");
    } else {
        /* ADDR keeps its value */
        ist->ist_baser &= ~R_IRS_IST_BASER_VALID_MASK;
        gicv5_ist_set_invalid(table);
    }
}

/* --- software errors --- */

void gicv5_irs_record_swerr(GICv5IRSDomain *d, GICv5SWErr ec, uint32_t id,
                            uint64_t addr)
{
    uint64_t v = d->swerr_statusr;

    trace_gicv5_swerr(d->irs->irsid, d->domain, ec, id, addr);
    if (!d->irs->swerr) {
        return;
    }
    if (v & R_IRS_SWERR_STATUSR_V_MASK) {
        d->swerr_statusr = v | R_IRS_SWERR_STATUSR_OF_MASK;
        return;
    }
    v = R_IRS_SWERR_STATUSR_V_MASK | R_IRS_SWERR_STATUSR_S0V_MASK |
        R_IRS_SWERR_STATUSR_S1V_MASK;
    d->swerr_statusr = FIELD_DP64(v, IRS_SWERR_STATUSR, EC, ec);
    v = FIELD_DP64(0, IRS_SWERR_SYNDROMER0, ID, id);
    d->swerr_syndromer[0] = FIELD_DP64(v, IRS_SWERR_SYNDROMER0, TYPE,
                                       GICV5_TYPE_LPI);
    d->swerr_syndromer[1] = addr & R_IRS_SWERR_SYNDROMER1_ADDR_MASK;
}

/* Writing 1 to V clears the whole record at once. */
static void swerr_statusr_write(GICv5IRSDomain *d, uint64_t value)
{
    if (value & R_IRS_SWERR_STATUSR_V_MASK) {
        d->swerr_statusr = 0;
        d->swerr_syndromer[0] = 0;
        d->swerr_syndromer[1] = 0;
    }
}

/* --- the config frame --- */

/*
 * Registers of features that no IDR bit announces: virtualization, MEC and
 * MPAM. They are RES0, which is not worth a message in the log.
 */
static bool is_absent(const GICv5IRSDomain *d, hwaddr offset)
{
    return offset == A_IRS_SPI_VMR || offset == A_IRS_SPI_VMR + 4 ||
           (offset >= A_IRS_VMT_BASER && offset <= A_IRS_SAVE_VM_STATUSR) ||
           (offset >= A_IRS_MEC_IDR && offset <= A_IRS_MPAM_PARTID_R) ||
           (!d->irs->swerr && offset >= A_IRS_SWERR_STATUSR &&
            offset < A_IRS_SWERR_SYNDROMER1 + 8);
}

/* The 64-bit registers; NULL for anything else */
static const uint64_t *reg64(GICv5IRSDomain *d, hwaddr offset)
{
    switch (offset) {
    case A_IRS_IST_BASER:
        return &ist_regs(d)->ist_baser;
    case A_IRS_SWERR_STATUSR:
        return d->irs->swerr ? &d->swerr_statusr : NULL;
    case A_IRS_SWERR_SYNDROMER0:
        return d->irs->swerr ? &d->swerr_syndromer[0] : NULL;
    case A_IRS_SWERR_SYNDROMER1:
        return d->irs->swerr ? &d->swerr_syndromer[1] : NULL;
    default:
        return NULL;
    }
}

static bool config_read32(GICv5IRSDomain *d, hwaddr offset, uint64_t *data)
{
    ARMGICv5CommonState *s = d->irs;
    const uint64_t *r64 = reg64(d, offset & ~7ULL);
    GICv5SPIState spi;

    if (r64) {
        *data = extract64(*r64, (offset & 4) * 8, 32);
        return true;
    }
    switch (offset) {
    case A_IRS_IDR0:
        *data = FIELD_DP32(s->idr[0], IRS_IDR0, INT_DOM, d->domain);
        return true;
    case A_IRS_IDR1:
        *data = s->idr[1];
        return true;
    case A_IRS_IDR2:
        *data = s->idr[2];
        return true;
    case A_IRS_IDR3:
    case A_IRS_IDR4:
        /* Virtualization: absent */
        *data = 0;
        return true;
    case A_IRS_IDR5:
        *data = s->spi_range;
        return true;
    case A_IRS_IDR6:
        *data = s->spi_irs_range;
        return true;
    case A_IRS_IDR7:
        *data = FIELD_EX32(s->spi_base, IRS_IDR7, SPI_BASE);
        return true;
    case A_IRS_IIDR:
        *data = iidr();
        return true;
    case A_IRS_AIDR:
        /* An IRS of GICv5.0: all fields 0 */
        *data = 0;
        return true;
    case A_IRS_CR0:
        *data = d->cr0 | R_IRS_CR0_IDLE_MASK;
        return true;
    case A_IRS_CR1:
        *data = d->cr1;
        return true;
    case A_IRS_SYNC_STATUSR:
        *data = R_IRS_SYNC_STATUSR_IDLE_MASK;
        return true;
    case A_IRS_SPI_SELR:
        *data = d->spi_selr == GICV5_SEL_NONE ? 0 : d->spi_selr;
        return true;
    case A_IRS_SPI_DOMAINR:
        *data = spi_domainr_read(d);
        return true;
    case A_IRS_SPI_CFGR:
        *data = selected_spi(d, &spi) && spi.tm_level;
        return true;
    case A_IRS_SPI_STATUSR:
        *data = spi_statusr(d);
        return true;
    case A_IRS_PE_SELR:
        *data = d->pe_selr == GICV5_SEL_NONE ? 0 : d->pe_selr;
        return true;
    case A_IRS_PE_STATUSR:
        *data = pe_statusr(d);
        return true;
    case A_IRS_PE_CR0:
        *data = pe_cr0_read(d);
        return true;
    case A_IRS_IST_CFGR:
        *data = ist_regs(d)->ist_cfgr;
        return true;
    case A_IRS_IST_STATUSR:
        *data = R_IRS_IST_STATUSR_IDLE_MASK;
        return true;
    case A_IRS_SYNCR:
    case A_IRS_SPI_RESAMPLER:
    case A_IRS_MAP_L2_ISTR:
        /* Write-only */
        *data = 0;
        return true;
    case A_IRS_DEVARCH:
        *data = 0x47705A19;
        return true;
    case A_IRS_PIDR4 ... A_IRS_CIDR3:
        *data = id_block(offset);
        return true;
    default:
        *data = 0;
        return is_absent(d, offset);
    }
}

static bool config_read64(GICv5IRSDomain *d, hwaddr offset, uint64_t *data)
{
    const uint64_t *r64 = reg64(d, offset);

    *data = r64 ? *r64 : 0;
    return r64 || is_absent(d, offset);
}

static bool config_write64(GICv5IRSDomain *d, hwaddr offset, uint64_t data)
{
    switch (offset) {
    case A_IRS_IST_BASER:
        ist_baser_write(d, data);
        return true;
    case A_IRS_SWERR_STATUSR:
        if (d->irs->swerr) {
            swerr_statusr_write(d, data);
        }
        return true;
    case A_IRS_SWERR_SYNDROMER0:
    case A_IRS_SWERR_SYNDROMER1:
        return true;
    default:
        return is_absent(d, offset);
    }
}

/*
 * Half of a 64-bit register: the other half keeps its value. IST_BASER's
 * trigger is in the low word, which software writes last.
 */
static bool config_write_half(GICv5IRSDomain *d, hwaddr offset, uint32_t data)
{
    const uint64_t *r64 = reg64(d, offset & ~7ULL);
    uint64_t value;

    if (!r64) {
        return false;
    }
    if ((offset & ~7ULL) == A_IRS_SWERR_STATUSR) {
        /* Write-1-to-clear: the half not written has no ones */
        value = 0;
    } else {
        value = *r64;
    }
    value = deposit64(value, (offset & 4) * 8, 32, data);
    return config_write64(d, offset & ~7ULL, value);
}

static bool config_write32(GICv5IRSDomain *d, hwaddr offset, uint32_t data)
{
    ARMGICv5CommonState *s = d->irs;

    if (reg64(d, offset & ~7ULL)) {
        return config_write_half(d, offset, data);
    }
    switch (offset) {
    case A_IRS_CR0:
        d->cr0 = data & R_IRS_CR0_IRSEN_MASK;
        gicv5_irs_enable(s->sys, s->engine_irs, d->domain, d->cr0);
        return true;
    case A_IRS_CR1:
        /* Memory attributes mean nothing here; those of VM tables are RES0 */
        d->cr1 = data & GICV5_IRS_CR1_MASK;
        return true;
    case A_IRS_SYNCR:
        return true;
    case A_IRS_SPI_SELR:
        d->spi_selr = FIELD_EX32(data, IRS_SPI_SELR, ID);
        return true;
    case A_IRS_SPI_DOMAINR:
        spi_domainr_write(d, data);
        return true;
    case A_IRS_SPI_RESAMPLER:
        spi_resampler_write(d, data);
        return true;
    case A_IRS_SPI_CFGR:
        spi_cfgr_write(d, data);
        return true;
    case A_IRS_PE_SELR:
        d->pe_selr = FIELD_EX32(data, IRS_PE_SELR, IAFFID);
        return true;
    case A_IRS_PE_CR0:
        pe_cr0_write(d, data);
        return true;
    case A_IRS_IST_CFGR:
        ist_cfgr_write(d, data);
        return true;
    case A_IRS_MAP_L2_ISTR:
        gicv5_ist_map_l2(gicv5_irs_ist(s, d->domain),
                         FIELD_EX32(data, IRS_MAP_L2_ISTR, ID));
        return true;
    default:
        return is_absent(d, offset);
    }
}

static void bad_access(const GICv5IRSDomain *d, const char *what,
                       hwaddr offset, unsigned size)
{
    trace_gicv5_irs_badaccess(d->irs->irsid, d->domain, what, offset, size);
    qemu_log_mask(LOG_GUEST_ERROR, "gicv5: IRS %u domain %d: invalid %s at "
                  "offset 0x%" HWADDR_PRIx " size %u\n", d->irs->irsid,
                  d->domain, what, offset, size);
}

static bool is_aligned(hwaddr offset, unsigned size)
{
    return (size == 4 || size == 8) && !(offset & (size - 1));
}

static uint64_t config_read(void *opaque, hwaddr offset, unsigned size)
{
    GICv5IRSDomain *d = opaque;
    uint64_t data = 0;

    if (!is_aligned(offset, size) ||
        !(size == 8 ? config_read64(d, offset, &data)
                    : config_read32(d, offset, &data))) {
        bad_access(d, "read", offset, size);
        return 0;
    }
    trace_gicv5_irs_read(d->irs->irsid, d->domain, offset, size, data);
    return data;
}

static void config_write(void *opaque, hwaddr offset, uint64_t data,
                         unsigned size)
{
    GICv5IRSDomain *d = opaque;

    trace_gicv5_irs_write(d->irs->irsid, d->domain, offset, size, data);
    if (!is_aligned(offset, size) ||
        !(size == 8 ? config_write64(d, offset, data)
                    : config_write32(d, offset, data))) {
        /* Writes to read-only registers end here too: WI. */
        bad_access(d, "write", offset, size);
    }
}

/* --- the SETLPI frame --- */

static uint64_t setlpi_read(void *opaque, hwaddr offset, unsigned size)
{
    GICv5IRSDomain *d = opaque;

    if (offset != A_IRS_SETLPIR || size != 4) {
        bad_access(d, "SETLPI frame read", offset, size);
    }
    return 0;
}

static void setlpi_write(void *opaque, hwaddr offset, uint64_t data,
                         unsigned size)
{
    GICv5IRSDomain *d = opaque;
    uint32_t id = FIELD_EX32(data, IRS_SETLPIR, ID);

    /* The whole frame is RAZ/WI if IDR0.SETLPI is 0. */
    if (offset != A_IRS_SETLPIR || size != 4 || !d->irs->setlpi) {
        bad_access(d, "SETLPI frame write", offset, size);
        return;
    }
    trace_gicv5_setlpi(d->irs->irsid, d->domain, id);
    gicv5_event(gicv5_irs_space(d->irs, d->domain),
                gicv5_intid(GICV5_TYPE_LPI, id), GICV5_SET_EDGE);
}

/* Take every access, so that the unsupported ones are RAZ/WI. */
const MemoryRegionOps gicv5_irs_config_ops = {
    .read = config_read,
    .write = config_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 1,
    .valid.max_access_size = 8,
    .valid.unaligned = true,
    .impl.min_access_size = 1,
    .impl.max_access_size = 8,
    .impl.unaligned = true,
};

const MemoryRegionOps gicv5_irs_setlpi_ops = {
    .read = setlpi_read,
    .write = setlpi_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 1,
    .valid.max_access_size = 8,
    .valid.unaligned = true,
    .impl.min_access_size = 1,
    .impl.max_access_size = 8,
    .impl.unaligned = true,
};
