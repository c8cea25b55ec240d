/*
 * Arm GICv5 IRS: migration
 *
 * The registers of each domain's frame, the SPIs, what software said of the
 * PEs, and the LPI ISTs. An IST travels as blocks of state words, of which
 * those that are all zero are left out, and not through guest memory: that
 * belongs to the IRS while the table is valid, and is as stale after
 * migration as it was before.
 *
 * Pending sets and candidates are derived, so they are built while the state
 * words are loaded.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "migration/qemu-file-types.h"
#include "migration/vmstate.h"
#include "arm_gicv5_internal.h"

/* Records of an IST: an 8-bit kind, then */
enum {
    IST_END = 0,
    IST_L2 = 1,             /* 32-bit index in L1, 64-bit L1 ISTE */
    IST_BLOCK = 2,          /* 32-bit number of a block, its state words */
    IST_UNREACHABLE = 3,    /* 32-bit number of a block */
};

/* In mig_spi: state word [31:0], DOMAIN [33:32], TM [34], wire level [35] */
FIELD(MIG_SPI, WORD, 0, 32)
FIELD(MIG_SPI, DOMAIN, 32, 2)
FIELD(MIG_SPI, TM, 34, 1)
FIELD(MIG_SPI, LEVEL, 35, 1)

static GICv5Space *space_of(ARMGICv5CommonState *s, unsigned domain)
{
    return &s->sys->space[domain];
}

/* --- the ISTs --- */

static void save_ist(GICv5Space *sp, QEMUFile *f)
{
    const GICv5IST *ist = &sp->lpi;
    uint32_t words[GICV5_IST_BLOCK];
    uint32_t n = gicv5_ist_block_size(ist);

    for (uint32_t i = 0; ist->l2 && i < gicv5_ist_l2_tables(ist); i++) {
        if (ist->l2[i]) {
            qemu_put_byte(f, IST_L2);
            qemu_put_be32(f, i);
            qemu_put_be64(f, ist->l2[i]);
        }
    }
    for (uint32_t b = 0; b < gicv5_ist_blocks(ist); b++) {
        switch (gicv5_ist_get_block(ist, b, words)) {
        case GICV5_IST_BLOCK_WORDS:
            qemu_put_byte(f, IST_BLOCK);
            qemu_put_be32(f, b);
            for (uint32_t i = 0; i < n; i++) {
                qemu_put_be32(f, words[i]);
            }
            break;
        case GICV5_IST_BLOCK_UNREACHABLE:
            qemu_put_byte(f, IST_UNREACHABLE);
            qemu_put_be32(f, b);
            break;
        default:
            break;
        }
    }
    qemu_put_byte(f, IST_END);
}

static int bad_ist(GICv5Space *sp, const char *field, uint64_t value)
{
    error_report("arm-gicv5: ist: domain %d: %s 0x%" PRIx64 " is invalid, "
                 "repeated or out of order", sp->domain, field, value);
    return -EINVAL;
}

/*
 * Blocks come in ascending order, after all L2 tables. So each record is one
 * step of a loop that the size of the table bounds.
 */
static int load_ist_records(GICv5Space *sp, QEMUFile *f)
{
    GICv5IST *ist = &sp->lpi;
    uint32_t words[GICV5_IST_BLOCK];
    uint32_t n = gicv5_ist_block_size(ist);
    int64_t last_l2 = -1;
    int64_t last_block = -1;

    for (;;) {
        uint8_t kind = qemu_get_byte(f);
        uint32_t index;

        if (qemu_file_get_error(f)) {
            return -EIO;
        }
        if (kind == IST_END) {
            return 0;
        }
        index = qemu_get_be32(f);
        switch (kind) {
        case IST_L2:
        {
            uint64_t l1e = qemu_get_be64(f);

            if (!ist->l2 || index >= gicv5_ist_l2_tables(ist) ||
                index <= last_l2 || last_block >= 0) {
                return bad_ist(sp, "L1 index", index);
            }
            if (!gicv5_ist_restore_l2(ist, index, l1e)) {
                return bad_ist(sp, "L1 ISTE", l1e);
            }
            last_l2 = index;
            break;
        }
        case IST_BLOCK:
        case IST_UNREACHABLE:
            if (index >= gicv5_ist_blocks(ist) || index <= last_block) {
                return bad_ist(sp, "block", index);
            }
            last_block = index;
            for (uint32_t i = 0; kind == IST_BLOCK && i < n; i++) {
                words[i] = qemu_get_be32(f);
                if (words[i] != gicv5_space_sanitize_word(sp, words[i])) {
                    return bad_ist(sp, "state word", words[i]);
                }
            }
            if (qemu_file_get_error(f)) {
                return -EIO;
            }
            if (!gicv5_ist_restore_block(sp, index,
                                         kind == IST_BLOCK ? words : NULL)) {
                return bad_ist(sp, "block of LPIs that are not reachable",
                               index);
            }
            break;
        default:
            return bad_ist(sp, "kind of record", kind);
        }
    }
}

static int load_ist(ARMGICv5CommonState *s, unsigned domain, QEMUFile *f)
{
    GICv5IRSDomain *d = &s->d[domain];
    GICv5Space *sp = space_of(s, domain);
    GICv5ISTConfig cfg = gicv5_irs_ist_config(s, d->ist_cfgr);
    int ret;

    if (!gicv5_ist_restore_begin(sp, d->ist_baser & R_IRS_IST_BASER_ADDR_MASK,
                                 &cfg)) {
        error_report("arm-gicv5: ist: no memory for %u ID bits", cfg.id_bits);
        return -ENOMEM;
    }
    ret = load_ist_records(sp, f);
    gicv5_ist_restore_end(sp);
    return ret;
}

static bool ist_is_valid(const ARMGICv5CommonState *s, unsigned domain)
{
    return arm_gicv5_has_domain(s, domain) &&
           (s->d[domain].ist_baser & R_IRS_IST_BASER_VALID_MASK);
}

static int put_ists(QEMUFile *f, void *pv, size_t size,
                    const VMStateField *field, JSONWriter *vmdesc)
{
    ARMGICv5CommonState *s = pv;

    for (unsigned d = 0; !s->primary && d < GICV5_NUM_DOMAINS; d++) {
        if (ist_is_valid(s, d)) {
            /* A table that there was no memory for: no LPI is reachable */
            if (space_of(s, d)->lpi.valid) {
                save_ist(space_of(s, d), f);
            } else {
                qemu_put_byte(f, IST_END);
            }
        }
    }
    return 0;
}

static int get_ists(QEMUFile *f, void *pv, size_t size,
                    const VMStateField *field)
{
    ARMGICv5CommonState *s = pv;

    for (unsigned d = 0; !s->primary && d < GICV5_NUM_DOMAINS; d++) {
        if (ist_is_valid(s, d)) {
            int ret = load_ist(s, d, f);

            if (ret) {
                return ret;
            }
        }
    }
    return 0;
}

static const VMStateInfo vmstate_info_gicv5_ists = {
    .name = "gicv5-ists",
    .put = put_ists,
    .get = get_ists,
};

/* --- ID registers --- */

#define ID_FIELD(n, reg, field, name) \
    { n, R_##reg##_##field##_SHIFT, R_##reg##_##field##_LENGTH, name }

bool gicv5_irs_check_idr(ARMGICv5CommonState *s, const uint32_t *idr,
                         Error **errp)
{
    static const struct {
        uint8_t n, shift, length;
        const char *name;
    } fields[] = {
        ID_FIELD(0, IRS_IDR0, PA_RANGE, "pa_range"),
        ID_FIELD(0, IRS_IDR0, ONE_N, "has-one-of-n"),
        ID_FIELD(0, IRS_IDR0, SETLPI, "has-setlpi"),
        ID_FIELD(0, IRS_IDR0, SWE, "has-swerr"),
        ID_FIELD(0, IRS_IDR0, IRSID, "irsid"),
        ID_FIELD(1, IRS_IDR1, IAFFID_BITS, "iaffid_bits"),
        ID_FIELD(1, IRS_IDR1, PRIORITY_BITS, "priority-bits (minus 1)"),
        ID_FIELD(2, IRS_IDR2, ID_BITS, "id-bits"),
        ID_FIELD(2, IRS_IDR2, MIN_LPI_ID_BITS, "min-lpi-id-bits"),
        ID_FIELD(2, IRS_IDR2, IST_LEVELS, "ist_levels"),
    };

    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
        uint32_t here = extract32(s->idr[fields[i].n], fields[i].shift,
                                  fields[i].length);
        uint32_t there = extract32(idr[fields[i].n], fields[i].shift,
                                   fields[i].length);

        if (here != there) {
            error_setg(errp, "%s is %u, but the source has %u",
                       fields[i].name, here, there);
            return false;
        }
    }
    for (unsigned i = 0; i < GICV5_NUM_IDRS; i++) {
        if (s->idr[i] != idr[i]) {
            error_setg(errp, "IRS_IDR%u is 0x%x, but the source has 0x%x", i,
                       s->idr[i], idr[i]);
            return false;
        }
    }
    return true;
}

static int id_post_load(void *opaque, int version_id)
{
    ARMGICv5CommonState *s = opaque;
    Error *err = NULL;

    if (!ARM_GICV5_COMMON_GET_CLASS(s)->check_idr(s, s->mig_idr, &err)) {
        error_reportf_err(err, "arm-gicv5: idr: ");
        return -EINVAL;
    }
    return 0;
}

/* Checked as soon as it is read: tables may be as large as these say. */
static const VMStateDescription vmstate_gicv5_id = {
    .name = "arm_gicv5/id",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = id_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_ARRAY(mig_idr, ARMGICv5CommonState, GICV5_NUM_IDRS),
        VMSTATE_END_OF_LIST()
    }
};

/* --- registers, SPIs, PEs --- */

static bool in_mask(const char *field, unsigned n, uint64_t value,
                    uint64_t mask)
{
    if (value & ~mask) {
        error_report("arm-gicv5: %s[%u] 0x%" PRIx64 " has bits other than 0x%"
                     PRIx64, field, n, value, mask);
        return false;
    }
    return true;
}

static bool check_domain(const GICv5IRSDomain *d)
{
    const uint64_t swerr = R_IRS_SWERR_STATUSR_V_MASK |
                           R_IRS_SWERR_STATUSR_S0V_MASK |
                           R_IRS_SWERR_STATUSR_S1V_MASK |
                           R_IRS_SWERR_STATUSR_OF_MASK |
                           R_IRS_SWERR_STATUSR_EC_MASK;
    const uint64_t all = arm_gicv5_has_domain(d->irs, d->domain) ? ~0ULL : 0;
    const bool record = d->swerr_statusr & R_IRS_SWERR_STATUSR_V_MASK;
    unsigned n = d->domain;

    return in_mask("cr0", n, d->cr0, R_IRS_CR0_IRSEN_MASK & all) &&
           in_mask("cr1", n, d->cr1,
                   ARM_GICV5_COMMON_GET_CLASS(d->irs)->cr1_mask & all) &&
           (d->spi_selr == GICV5_SEL_NONE ||
            in_mask("spi_selr", n, d->spi_selr,
                    R_IRS_SPI_SELR_ID_MASK & all)) &&
           (d->pe_selr == GICV5_SEL_NONE ||
            in_mask("pe_selr", n, d->pe_selr,
                    R_IRS_PE_SELR_IAFFID_MASK & all)) &&
           in_mask("ist_baser", n, d->ist_baser,
                   d->irs->primary ? 0 :
                   (R_IRS_IST_BASER_ADDR_MASK |
                    R_IRS_IST_BASER_VALID_MASK) & all) &&
           in_mask("ist_cfgr", n, d->ist_cfgr,
                   d->irs->primary ? 0 : GICV5_IRS_IST_CFGR_MASK & all) &&
           in_mask("swerr_statusr", n, d->swerr_statusr,
                   d->irs->swerr && record ? swerr & all : 0) &&
           in_mask("swerr_syndromer0", n, d->swerr_syndromer[0],
                   record ? R_IRS_SWERR_SYNDROMER0_ID_MASK |
                            R_IRS_SWERR_SYNDROMER0_TYPE_MASK : 0) &&
           in_mask("swerr_syndromer1", n, d->swerr_syndromer[1],
                   record ? R_IRS_SWERR_SYNDROMER1_ADDR_MASK : 0);
}

static int domain_post_load(void *opaque, int version_id)
{
    return check_domain(opaque) ? 0 : -EINVAL;
}

static int gicv5_pre_save(void *opaque)
{
    ARMGICv5CommonState *s = opaque;
    ARMGICv5CommonClass *agc = ARM_GICV5_COMMON_GET_CLASS(s);
    Error *err = NULL;

    if (agc->pre_save && !agc->pre_save(s, &err)) {
        error_reportf_err(err, "arm-gicv5: cannot save its state: ");
        return -EIO;
    }
    memcpy(s->mig_idr, s->idr, sizeof(s->mig_idr));
    for (uint32_t i = 0; i < s->spi_irs_range; i++) {
        const GICv5SPI *spi = gicv5_spi(s->sys, s->engine_irs,
                                        s->spi_base + i);
        uint64_t v = spi->node.word;

        v = FIELD_DP64(v, MIG_SPI, DOMAIN, spi->domain);
        v = FIELD_DP64(v, MIG_SPI, TM, spi->tm_level);
        s->mig_spi[i] = FIELD_DP64(v, MIG_SPI, LEVEL, spi->level);
    }
    for (uint32_t i = 0; i < s->num_cpus; i++) {
        const GICv5PE *pe = s->port[i].irs_pe;

        s->mig_dps[i] = 0;
        for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
            s->mig_dps[i] |= pe->target[d].dps << d;
        }
    }
    return 0;
}

static int gicv5_pre_load(void *opaque)
{
    ARMGICv5CommonState *s = opaque;
    ARMGICv5CommonClass *agc = ARM_GICV5_COMMON_GET_CLASS(s);
    Error *err = NULL;

    if (agc->pre_load && !agc->pre_load(s, &err)) {
        error_reportf_err(err, "arm-gicv5: ");
        return -EBUSY;
    }
    /* The primary comes first, and its reset is that of all. */
    if (!s->primary) {
        gicv5_system_reset(s->sys);
    }
    return 0;
}

static bool load_spi(ARMGICv5CommonState *s, uint32_t i)
{
    GICv5SPIState st = {
        .word = FIELD_EX64(s->mig_spi[i], MIG_SPI, WORD),
        .domain = FIELD_EX64(s->mig_spi[i], MIG_SPI, DOMAIN),
        .tm_level = FIELD_EX64(s->mig_spi[i], MIG_SPI, TM),
        .level = FIELD_EX64(s->mig_spi[i], MIG_SPI, LEVEL),
    };

    if (!in_mask("spi", i, s->mig_spi[i], MAKE_64BIT_MASK(0, 36))) {
        return false;
    }
    if (!gicv5_system_has_domain(s->sys, st.domain)) {
        error_report("arm-gicv5: spi[%u]: domain %d does not exist", i,
                     st.domain);
        return false;
    }
    if (st.word != gicv5_space_sanitize_word(space_of(s, st.domain),
                                             st.word)) {
        error_report("arm-gicv5: spi[%u]: state word 0x%x is invalid", i,
                     st.word);
        return false;
    }
    gicv5_spi_restore(s->sys, s->engine_irs, s->spi_base + i, &st);
    return true;
}

static int gicv5_post_load(void *opaque, int version_id)
{
    ARMGICv5CommonState *s = opaque;
    ARMGICv5CommonClass *agc = ARM_GICV5_COMMON_GET_CLASS(s);
    Error *err = NULL;

    for (uint32_t i = 0; i < s->num_cpus; i++) {
        if (!in_mask("pe_dps", i, s->mig_dps[i],
                     s->one_of_n ? s->domains : 0)) {
            return -EINVAL;
        }
    }
    for (uint32_t i = 0; i < s->spi_irs_range; i++) {
        if (!load_spi(s, i)) {
            return -EINVAL;
        }
    }
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        for (uint32_t i = 0; i < s->num_cpus; i++) {
            gicv5_pe_set_dps(s->port[i].irs_pe, d, s->mig_dps[i] >> d & 1);
        }
        gicv5_irs_enable(s->sys, s->engine_irs, d, s->d[d].cr0);
    }
    if (agc->post_load && !agc->post_load(s, &err)) {
        error_reportf_err(err, "arm-gicv5: cannot load its state: ");
        return -EINVAL;
    }
    return 0;
}

static const VMStateDescription vmstate_gicv5_domain = {
    .name = "arm_gicv5/domain",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = domain_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(cr0, GICv5IRSDomain),
        VMSTATE_UINT32(cr1, GICv5IRSDomain),
        VMSTATE_UINT32(spi_selr, GICv5IRSDomain),
        VMSTATE_UINT32(pe_selr, GICv5IRSDomain),
        VMSTATE_UINT64(ist_baser, GICv5IRSDomain),
        VMSTATE_UINT32(ist_cfgr, GICv5IRSDomain),
        VMSTATE_UINT64(swerr_statusr, GICv5IRSDomain),
        VMSTATE_UINT64_ARRAY(swerr_syndromer, GICv5IRSDomain, 2),
        VMSTATE_END_OF_LIST()
    }
};

/* Properties come first: a machine that differs is refused by their names. */
const VMStateDescription vmstate_arm_gicv5 = {
    .name = "arm_gicv5",
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_GICV3,
    .pre_save = gicv5_pre_save,
    .pre_load = gicv5_pre_load,
    .post_load = gicv5_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_EQUAL(domains, ARMGICv5CommonState, NULL),
        VMSTATE_UINT32_EQUAL(num_cpus, ARMGICv5CommonState, NULL),
        VMSTATE_VARRAY_UINT32(iaffid, ARMGICv5CommonState, num_cpus, 1,
                              vmstate_info_uint32_equal, uint32_t),
        VMSTATE_UINT32_EQUAL(spi_range, ARMGICv5CommonState, NULL),
        VMSTATE_UINT32_EQUAL(spi_base, ARMGICv5CommonState, NULL),
        VMSTATE_UINT32_EQUAL(spi_irs_range, ARMGICv5CommonState, NULL),
        {
            .name = "id",
            .vmsd = &vmstate_gicv5_id,
            .size = sizeof(ARMGICv5CommonState),
            .flags = VMS_STRUCT,
        },
        VMSTATE_STRUCT_ARRAY(d, ARMGICv5CommonState, GICV5_NUM_DOMAINS, 1,
                             vmstate_gicv5_domain, GICv5IRSDomain),
        VMSTATE_VARRAY_UINT32(mig_dps, ARMGICv5CommonState, num_cpus, 1,
                              vmstate_info_uint8, uint8_t),
        VMSTATE_VARRAY_UINT32(mig_spi, ARMGICv5CommonState, spi_irs_range, 1,
                              vmstate_info_uint64, uint64_t),
        {
            .name = "ist",
            .info = &vmstate_info_gicv5_ists,
            .flags = VMS_SINGLE,
        },
        VMSTATE_END_OF_LIST()
    }
};
