/*
 * Arm GICv5 IRS: migration
 *
 * The registers of each domain's frame, the SPIs, what software said of the
 * PEs, and the LPI ISTs. Of an IST, what is not in guest memory travels: state
 * that differs from it, and LPIs that are waiting for their PE, as nothing
 * would look for them there. Guest memory is not written, which belongs to
 * the migration of RAM, and is as stale after migration as it was before.
 *
 * Pending sets and candidates are derived, so they are built while the state
 * words are loaded.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "migration/qemu-file-types.h"
#include "migration/register.h"
#include "hw/intc/arm_gicv5_vmstate.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "irs_internal.h"
#include "irs_regs.h"
#include "irs_vmstate.h"
#include "swerr.h"

/*
 * Records of an IST: an 8-bit kind, then what is said here. The first form has
 * tables and pages only. In it, an LPI of which nothing is sent is zero,
 * whatever is in memory; the kernel's IST still has this form.
 */
enum {
    IST_END = 0,
    IST_L2 = 1,             /* 32-bit index in L1, 64-bit L1 ISTE */
    IST_PAGE = 2,           /* 32-bit number of a page, its state words */
    IST_UNREACHABLE = 3,    /* 32-bit number of a page; means nothing now */
    /*
     * The second form: what is not sent is in memory. A page is its 32-bit
     * number, two bit maps in 32-bit words (LPIs that are sent; those of them
     * that differ from memory), and the state words.
     */
    IST_IN_MEMORY = 4,
    IST_PART = 5,
};

/* In mig_spi: state word [31:0], DOMAIN [33:32], TM [34], wire level [35] */
FIELD(MIG_SPI, WORD, 0, 32)
FIELD(MIG_SPI, DOMAIN, 32, 2)
FIELD(MIG_SPI, TM, 34, 1)
FIELD(MIG_SPI, LEVEL, 35, 1)
/* With virtualization */
FIELD(MIG_SPI, VIRT, 36, 1)
FIELD(MIG_SPI, VM, 37, 16)

/* --- the ISTs --- */

static void put_bitmap(QEMUFile *f, const unsigned long *map, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += 32) {
        uint32_t v = 0;

        for (uint32_t j = i; j < MIN(n, i + 32); j++) {
            v |= (uint32_t)test_bit(j, map) << (j - i);
        }
        qemu_put_be32(f, v);
    }
}

/* False if a bit beyond @n is set */
static bool get_bitmap(QEMUFile *f, unsigned long *map, uint32_t n)
{
    bitmap_zero(map, GICV5_IST_PAGE_SIZE);
    for (uint32_t i = 0; i < n; i += 32) {
        for (uint32_t v = qemu_get_be32(f); v; v &= v - 1) {
            if (i + ctz32(v) >= n) {
                return false;
            }
            set_bit(i + ctz32(v), map);
        }
    }
    return true;
}

void gicv5_stream_put_parts(const GICv5IST *ist, QEMUFile *f)
{
    uint32_t n = gicv5_ist_page_size(ist);
    GICv5ISTPart part;

    qemu_put_byte(f, IST_IN_MEMORY);
    for (uint32_t p = 0; gicv5_ist_next_part(ist, p, &part);
         p = part.index + 1) {
        qemu_put_byte(f, IST_PART);
        qemu_put_be32(f, part.index);
        put_bitmap(f, part.send, n);
        put_bitmap(f, part.dirty, n);
        for (uint32_t i = find_first_bit(part.send, n); i < n;
             i = find_next_bit(part.send, n, i + 1)) {
            qemu_put_be32(f, part.words[i]);
        }
    }
    qemu_put_byte(f, IST_END);
}

static void save_pages(const GICv5IST *ist, QEMUFile *f)
{
    uint32_t words[GICV5_IST_PAGE_SIZE];

    for (uint32_t p = 0; p < gicv5_ist_num_pages(ist); p++) {
        if (gicv5_ist_get_words(ist, p, words)) {
            qemu_put_byte(f, IST_PAGE);
            qemu_put_be32(f, p);
            for (uint32_t i = 0; i < gicv5_ist_page_size(ist); i++) {
                qemu_put_be32(f, words[i]);
            }
        }
    }
    qemu_put_byte(f, IST_END);
}

static bool is_container(const ARMGICv5CommonState *s)
{
    return gicv5_system_config(s->sys)->container;
}

static void save_ist(const ARMGICv5CommonState *s, const GICv5IST *ist,
                     QEMUFile *f)
{
    if (is_container(s)) {
        save_pages(ist, f);
    } else {
        gicv5_stream_put_parts(ist, f);
    }
}

/**
 * ISTLoader: what is known while the records of an IST are read
 *
 * @what: for messages: which field, and which table
 * @vm: it is a VM's, if not NULL; @is_clean: no word may differ from memory
 * @l1: of the first form, with a two-level table: its L1 ISTEs, 0 for those
 *     that are not valid
 */
typedef struct ISTLoader {
    ARMGICv5CommonState *s;
    const char *what;
    GICv5Domain domain;
    const GICv5Space *vm;
    bool is_clean;
    GICv5IST *ist;
    QEMUFile *f;
    bool in_memory;
    uint64_t *l1;
    int64_t last_l1;
    int64_t last_page;
} ISTLoader;

static int bad_ist(const ISTLoader *l, const char *field, uint64_t value)
{
    error_report("arm-gicv5: %s: %s 0x%" PRIx64 " is invalid, repeated or "
                 "out of order", l->what, field, value);
    return -EINVAL;
}

static int no_room(const ISTLoader *l)
{
    if (l->vm) {
        return gicv5_stream_no_vm_memory(l->s, l->what);
    }
    error_report("arm-gicv5: ist: domain %d: there is more state of LPIs than "
                 "lpi-memory (%" PRIu64 " bytes) allows here", l->domain,
                 gicv5_system_config(l->s->sys)->lpi_memory);
    return -ENOMEM;
}

/*
 * While the loader waits for the stream the monitor can reset the machine. Then
 * tables and VMs are gone.
 */
int gicv5_stream_check_reset(const ARMGICv5CommonState *s)
{
    if (gicv5_system_num_resets(s->sys) == s->mig_num_resets) {
        return 0;
    }
    error_report("arm-gicv5: the machine was reset while its state was loaded");
    return -ECANCELED;
}

static int load_l1(ISTLoader *l, uint32_t index)
{
    uint64_t l1e = qemu_get_be64(l->f);
    int ret = gicv5_stream_check_reset(l->s);

    if (ret) {
        return ret;
    }
    if (!l->l1 || l->in_memory || index >= gicv5_ist_l2_tables(l->ist) ||
        index <= l->last_l1 || l->last_page >= 0) {
        return bad_ist(l, "L1 index", index);
    }
    if (!gicv5_ist_l1e_is_valid(l1e)) {
        return bad_ist(l, "L1 ISTE", l1e);
    }
    l->l1[index] = l1e;
    l->last_l1 = index;
    return 0;
}

static int load_words(ISTLoader *l, GICv5ISTPart *part)
{
    const GICv5Space *sp = l->vm ?: gicv5_irs_space(l->s, l->domain);
    uint32_t n = gicv5_ist_page_size(l->ist);

    for (uint32_t i = find_first_bit(part->send, n); i < n;
         i = find_next_bit(part->send, n, i + 1)) {
        uint32_t word = qemu_get_be32(l->f);
        int ret = gicv5_stream_check_reset(l->s);

        if (ret) {
            return ret;
        }
        if (word != gicv5_sanitize_word(sp, word)) {
            return bad_ist(l, "state word", word);
        }
        if (l->vm && !gicv5_vm_can_have_word(l->vm, word)) {
            return bad_ist(l, "VPE that was not sent, of state word", word);
        }
        part->words[i] = word;
    }
    return qemu_file_get_error(l->f) ? -EIO : 0;
}

static int load_page(ISTLoader *l, uint8_t kind, uint32_t index)
{
    GICv5ISTPart part = { .index = index };
    DECLARE_BITMAP(stray, GICV5_IST_PAGE_SIZE);
    int ret = gicv5_stream_check_reset(l->s);
    uint32_t n;

    if (ret) {
        return ret;
    }
    n = gicv5_ist_page_size(l->ist);
    if (index >= gicv5_ist_num_pages(l->ist) || index <= l->last_page ||
        l->in_memory != (kind == IST_PART)) {
        return bad_ist(l, "block", index);
    }
    l->last_page = index;
    if (l->l1 && !l->in_memory &&
        !l->l1[gicv5_ist_l2_of_page(l->ist, index)]) {
        return bad_ist(l, "block of LPIs that are not reachable", index);
    }
    if (kind == IST_PART) {
        if (!get_bitmap(l->f, part.send, n) ||
            !get_bitmap(l->f, part.dirty, n) ||
            bitmap_andnot(stray, part.dirty, part.send, GICV5_IST_PAGE_SIZE) ||
            (l->is_clean && !bitmap_empty(part.dirty, GICV5_IST_PAGE_SIZE))) {
            return bad_ist(l, "bit map of block", index);
        }
    } else if (kind == IST_PAGE) {
        bitmap_set(part.send, 0, n);
        bitmap_set(part.dirty, 0, n);
    } else {
        return 0;
    }
    ret = gicv5_stream_check_reset(l->s) ?: load_words(l, &part) ?:
          gicv5_stream_check_reset(l->s);
    if (ret) {
        return ret;
    }
    return gicv5_ist_restore_part(l->ist, &part) ? 0 : no_room(l);
}

/*
 * Pages come in ascending order, after all L2 tables. So each record is one
 * step of a loop that the size of the table bounds.
 */
static int load_ist_records(ISTLoader *l)
{
    for (;;) {
        uint8_t kind = qemu_get_byte(l->f);
        int ret = gicv5_stream_check_reset(l->s);

        if (ret) {
            return ret;
        }
        if (qemu_file_get_error(l->f)) {
            return -EIO;
        }
        switch (kind) {
        case IST_END:
            return 0;
        case IST_IN_MEMORY:
            if (l->in_memory || l->last_l1 >= 0 || l->last_page >= 0 ||
                is_container(l->s)) {
                return bad_ist(l, "kind of record", kind);
            }
            l->in_memory = true;
            continue;
        case IST_L2:
            ret = load_l1(l, qemu_get_be32(l->f));
            break;
        case IST_PAGE:
        case IST_PART:
        case IST_UNREACHABLE:
            ret = load_page(l, kind, qemu_get_be32(l->f));
            break;
        default:
            return bad_ist(l, "kind of record", kind);
        }
        if (ret) {
            return ret;
        }
    }
}

int gicv5_stream_get_parts(ARMGICv5CommonState *s, const GICv5Space *vm,
                           GICv5IST *ist, bool is_clean, const char *what,
                           QEMUFile *f)
{
    ISTLoader l = {
        .s = s, .what = what, .vm = vm, .is_clean = is_clean, .ist = ist,
        .f = f, .last_l1 = -1, .last_page = -1,
    };
    uint8_t kind = qemu_get_byte(f);

    if (kind != IST_IN_MEMORY) {
        return bad_ist(&l, "kind of record", kind);
    }
    l.in_memory = true;
    return load_ist_records(&l);
}

static int load_ist(ARMGICv5CommonState *s, unsigned domain, QEMUFile *f)
{
    GICv5IRSDomain *d = &s->d[domain];
    GICv5IST *ist = gicv5_irs_ist(s, domain);
    GICv5ISTConfig cfg = gicv5_irs_ist_config(s, d->ist_cfgr);
    g_autofree uint64_t *l1 = NULL;
    g_autofree char *what = g_strdup_printf("ist: domain %u", domain);
    ISTLoader l = {
        .s = s, .what = what, .domain = domain, .ist = ist, .f = f,
        .last_l1 = -1, .last_page = -1,
    };
    int ret;

    if (!gicv5_ist_restore_begin(ist, d->ist_baser & R_IRS_IST_BASER_ADDR_MASK,
                                 &cfg)) {
        error_report("arm-gicv5: ist: no memory for %u ID bits", cfg.id_bits);
        return -ENOMEM;
    }
    if (cfg.two_level) {
        l.l1 = l1 = g_new0(uint64_t, gicv5_ist_l2_tables(ist));
    }
    ret = load_ist_records(&l);
    /* The first form: what was not sent is zero, even if memory is stale. */
    if (!ret && !l.in_memory && !is_container(s) &&
        !gicv5_ist_restore_zeros(ist, l1)) {
        ret = no_room(&l);
    }
    gicv5_ist_restore_end(s->sys);
    return ret;
}

/* --- how much there is to send --- */

#define PENDING_EXACT_MS 100

static void ist_pending(void *opaque, uint64_t *must_precopy,
                        uint64_t *can_postcopy)
{
    ARMGICv5CommonState *s = opaque;

    *must_precopy += gicv5_system_save_size(s->sys);
    s->mig_exact_ms = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
}

/*
 * A migration asks for the exact size, and looks which RAM has changed, when
 * the estimate is small enough. As it cannot become smaller by sending, say so
 * now and then: RAM has to be looked at even if the tables take longer than
 * downtime-limit. Not 0, with which the migration would end without asking.
 */
static void ist_pending_estimate(void *opaque, uint64_t *must_precopy,
                                 uint64_t *can_postcopy)
{
    ARMGICv5CommonState *s = opaque;
    uint64_t size = gicv5_system_save_size(s->sys);

    if (size && qemu_clock_get_ms(QEMU_CLOCK_REALTIME) - s->mig_exact_ms >=
                PENDING_EXACT_MS) {
        size = 1;
    }
    *must_precopy += size;
}

#define PENDING_ID "arm-gicv5-ist"

/* QEMU expects this function of whatever a stream can name. */
static int ist_pending_load(QEMUFile *f, void *opaque, int version_id)
{
    error_report("arm-gicv5: no stream has a section " PENDING_ID);
    return -EINVAL;
}

/* Nothing is sent for these: the tables are in the device's section. */
static const SaveVMHandlers ist_pending_handlers = {
    .state_pending_estimate = ist_pending_estimate,
    .state_pending_exact = ist_pending,
    .load_state = ist_pending_load,
};

static void vm_state_changed(void *opaque, bool running, RunState state)
{
    ARMGICv5CommonState *s = opaque;

    if (running) {
        gicv5_system_release_doorbells(s->sys);
    }
}

void gicv5_irs_vmstate_init(ARMGICv5CommonState *s)
{
    s->vm_state_entry = qemu_add_vm_change_state_handler(vm_state_changed, s);
    register_savevm_live(PENDING_ID, VMSTATE_INSTANCE_ID_ANY, 1,
                         &ist_pending_handlers, s);
}

void gicv5_irs_vmstate_cleanup(ARMGICv5CommonState *s)
{
    if (s->vm_state_entry) {
        qemu_del_vm_change_state_handler(s->vm_state_entry);
        s->vm_state_entry = NULL;
    }
    unregister_savevm(NULL, PENDING_ID, s);
}

/* In the stream; see GICv5IRSDomain. */
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
            save_ist(s, gicv5_irs_ist(s, d), f);
        }
    }
    return 0;
}

static int get_ists(QEMUFile *f, void *pv, size_t size,
                    const VMStateField *field)
{
    ARMGICv5CommonState *s = pv;
    int ret = gicv5_stream_check_reset(s);

    for (unsigned d = 0; !ret && !s->primary && d < GICV5_NUM_DOMAINS; d++) {
        if (ist_is_valid(s, d)) {
            ret = load_ist(s, d, f);
        }
    }
    return ret;
}

static const VMStateInfo vmstate_info_gicv5_ists = {
    .name = "gicv5-ists",
    .put = put_ists,
    .get = get_ists,
};

/* --- ID registers --- */

#define ID_FIELD(n, reg, field, name, option, minus) \
    { n, R_##reg##_##field##_SHIFT, R_##reg##_##field##_LENGTH, minus, \
      name, option }

/* Options: of the device, or those that decide what the device is given */
#define OPT_GLOBAL  NULL
#define OPT_MACHINE "-machine"
#define OPT_ACCEL   "-accel, and the host with KVM"

/*
 * 1-of-N in VMs may be new to a guest that has VMs: what it has written is 0
 * where there is a meaning now.
 */
static uint32_t idr_here(const ARMGICv5CommonState *s, unsigned n,
                         const uint32_t *there)
{
    uint32_t v = s->idr[n];

    if (n == 0 && !FIELD_EX32(there[0], IRS_IDR0, VIRT_ONE_N)) {
        v = FIELD_DP32(v, IRS_IDR0, VIRT_ONE_N, 0);
    }
    return v;
}

static void other_id(const ARMGICv5CommonState *s, const char *name,
                     const char *option, uint32_t here, uint32_t there,
                     Error **errp)
{
    g_autofree char *global = g_strdup_printf("-global %s.%s",
                                              object_get_typename(OBJECT(s)),
                                              name);

    error_setg(errp, "%s is %u, but the source has %u (option %s)", name, here,
               there, option ? option : global);
}

bool gicv5_irs_check_idr(ARMGICv5CommonState *s, const uint32_t *idr,
                         Error **errp)
{
    static const struct {
        uint8_t n, shift, length, minus;
        const char *name, *option;
    } fields[] = {
        ID_FIELD(0, IRS_IDR0, PA_RANGE, "pa_range", OPT_ACCEL, 0),
        ID_FIELD(0, IRS_IDR0, VIRT, "x-virtualization", OPT_MACHINE, 0),
        ID_FIELD(0, IRS_IDR0, ONE_N, "has-one-of-n", OPT_GLOBAL, 0),
        ID_FIELD(0, IRS_IDR0, VIRT_ONE_N, "has-virt-one-of-n", OPT_GLOBAL, 0),
        ID_FIELD(0, IRS_IDR0, SETLPI, "has-setlpi", OPT_MACHINE, 0),
        ID_FIELD(0, IRS_IDR0, SWE, "has-swerr", OPT_GLOBAL, 0),
        ID_FIELD(0, IRS_IDR0, IRSID, "irsid", OPT_MACHINE, 0),
        ID_FIELD(1, IRS_IDR1, IAFFID_BITS, "iaffid_bits", OPT_ACCEL, 0),
        ID_FIELD(1, IRS_IDR1, PRIORITY_BITS, "priority-bits", OPT_GLOBAL, 1),
        ID_FIELD(2, IRS_IDR2, ID_BITS, "id-bits", OPT_GLOBAL, 0),
        ID_FIELD(2, IRS_IDR2, MIN_LPI_ID_BITS, "min-lpi-id-bits",
                 OPT_GLOBAL, 0),
        ID_FIELD(2, IRS_IDR2, IST_LEVELS, "ist_levels", OPT_ACCEL, 0),
    };

    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
        uint32_t here = extract32(idr_here(s, fields[i].n, idr),
                                  fields[i].shift, fields[i].length);
        uint32_t there = extract32(idr[fields[i].n], fields[i].shift,
                                   fields[i].length);

        if (here != there) {
            other_id(s, fields[i].name, fields[i].option,
                     here + fields[i].minus, there + fields[i].minus, errp);
            return false;
        }
    }
    for (unsigned i = 0; i < GICV5_NUM_IDRS; i++) {
        if (idr_here(s, i, idr) != idr[i]) {
            error_setg(errp, "IRS_IDR%u is 0x%x, but the source has 0x%x", i,
                       s->idr[i], idr[i]);
            return false;
        }
    }
    return true;
}

/*
 * Of IRS_IDR3 and IRS_IDR4, what version 1 does not have. An IRS without VMs
 * has the defaults, whatever its properties are.
 */
static uint8_t vmt_levels(const ARMGICv5CommonState *s)
{
    return !s->virt || s->vmt_levels;
}

static uint8_t vped_size_bits(const ARMGICv5CommonState *s)
{
    return s->virt ? s->vped_size_bits : GICV5_DEFAULT_VPED_SIZE_BITS;
}

static bool check_virt_id(const ARMGICv5CommonState *s, Error **errp)
{
    if (s->mig_vmt_levels != vmt_levels(s)) {
        other_id(s, "vmt-levels", OPT_GLOBAL, vmt_levels(s),
                 s->mig_vmt_levels, errp);
        return false;
    }
    if (s->mig_vped_size_bits != vped_size_bits(s)) {
        other_id(s, "vped-size-bits", OPT_GLOBAL, vped_size_bits(s),
                 s->mig_vped_size_bits, errp);
        return false;
    }
    return true;
}

static bool virt_id_needed(void *opaque)
{
    const ARMGICv5CommonState *s = opaque;

    return !vmt_levels(s) ||
           vped_size_bits(s) != GICV5_DEFAULT_VPED_SIZE_BITS;
}

static int virt_id_pre_save(void *opaque)
{
    ARMGICv5CommonState *s = opaque;

    s->mig_vmt_levels = vmt_levels(s);
    s->mig_vped_size_bits = vped_size_bits(s);
    return 0;
}

static const VMStateDescription vmstate_gicv5_virt_id = {
    .name = "arm_gicv5/id/virt",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = virt_id_needed,
    .pre_save = virt_id_pre_save,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(mig_vmt_levels, ARMGICv5CommonState),
        VMSTATE_UINT8(mig_vped_size_bits, ARMGICv5CommonState),
        VMSTATE_END_OF_LIST()
    }
};

/* A stream without the subsection has the defaults. */
static int id_pre_load(void *opaque)
{
    ARMGICv5CommonState *s = opaque;

    s->mig_vmt_levels = true;
    s->mig_vped_size_bits = GICV5_DEFAULT_VPED_SIZE_BITS;
    return 0;
}

static int id_post_load(void *opaque, int version_id)
{
    ARMGICv5CommonState *s = opaque;
    Error *err = NULL;

    if (!ARM_GICV5_COMMON_GET_CLASS(s)->check_idr(s, s->mig_idr, &err) ||
        !check_virt_id(s, &err)) {
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
    .pre_load = id_pre_load,
    .post_load = id_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_ARRAY(mig_idr, ARMGICv5CommonState, GICV5_NUM_IDRS),
        VMSTATE_END_OF_LIST()
    },
    .subsections = (const VMStateDescription * const []) {
        &vmstate_gicv5_virt_id,
        NULL
    }
};

/* --- registers, SPIs, PEs --- */

static bool in_mask(const char *field, unsigned n, uint64_t value,
                    uint64_t mask)
{
    return gicv5_in_mask("arm-gicv5", field, n, value, mask);
}

static bool check_domain(const GICv5IRSDomain *d)
{
    const uint64_t all = arm_gicv5_has_domain(d->irs, d->domain) ? ~0ULL : 0;
    const bool record = gicv5_swerr_is_recorded(&d->swerr);
    unsigned n = d->domain;

    return in_mask("cr0", n, d->cr0, R_IRS_CR0_IRSEN_MASK & all) &&
           in_mask("cr1", n, d->cr1,
                   (ARM_GICV5_COMMON_GET_CLASS(d->irs)->cr1_mask |
                    (gicv5_irs_has_vms(d) ? R_IRS_CR1_VM_TABLES_MASK : 0)) &
                   all) &&
           (d->spi_selr == GICV5_SEL_NONE ||
            in_mask("spi_selr", n, d->spi_selr,
                    R_IRS_SPI_SELR_ID_MASK & all)) &&
           (d->pe_selr == GICV5_SEL_NONE ||
            in_mask("pe_selr", n, d->pe_selr,
                    R_IRS_PE_SELR_IAFFID_MASK & all)) &&
           in_mask("ist_baser", n, d->ist_baser,
                   d->irs->primary ? 0 :
                   GICV5_IRS_IST_BASER_MASK & all) &&
           in_mask("ist_cfgr", n, d->ist_cfgr,
                   d->irs->primary ? 0 : GICV5_IRS_IST_CFGR_MASK & all) &&
           in_mask("swerr_statusr", n, d->swerr.statusr,
                   d->irs->swerr && record ? GICV5_SWERR_STATUSR_MASK & all :
                                             0) &&
           in_mask("swerr_syndromer0", n, d->swerr.syndromer[0],
                   record ? GICV5_IRS_SWERR_SYNDROMER0_MASK : 0) &&
           in_mask("swerr_syndromer1", n, d->swerr.syndromer[1],
                   record ? R_GICV5_SWERR_SYNDROMER1_ADDR_MASK : 0);
}

static int domain_post_load(void *opaque, int version_id)
{
    return check_domain(opaque) ? 0 : -EINVAL;
}

/* Of a secondary IRS, ist_baser is 0: it has no table of its own. */
static void save_engine_bits(ARMGICv5CommonState *s)
{
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        s->d[d].cr0 = FIELD_DP32(0, IRS_CR0, IRSEN,
                                 gicv5_irs_is_enabled(s->sys, s->engine_irs,
                                                      d));
        s->d[d].ist_baser = FIELD_DP64(s->d[d].ist_baser, IRS_IST_BASER, VALID,
                                       !s->primary &&
                                       gicv5_ist_is_valid(gicv5_irs_ist(s,
                                                                        d)));
    }
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
    save_engine_bits(s);
    memcpy(s->mig_idr, s->idr, sizeof(s->mig_idr));
    for (uint32_t i = 0; i < s->spi_irs_range; i++) {
        GICv5SPIState spi;
        uint64_t v;

        gicv5_spi_get(s->sys, s->engine_irs, s->spi_base + i, &spi);
        v = FIELD_DP64(spi.word, MIG_SPI, DOMAIN, spi.domain);
        v = FIELD_DP64(v, MIG_SPI, TM, spi.tm_level);
        v = FIELD_DP64(v, MIG_SPI, LEVEL, spi.level);
        v = FIELD_DP64(v, MIG_SPI, VIRT, spi.virt);
        s->mig_spi[i] = FIELD_DP64(v, MIG_SPI, VM, spi.vm);
    }
    for (uint32_t i = 0; i < s->num_cpus; i++) {
        const GICv5PE *pe = s->port[i].irs_pe;

        s->mig_dps[i] = 0;
        for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
            s->mig_dps[i] |= gicv5_pe_dps(pe, d) << d;
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
    s->mig_virt = false;
    /* The primary comes first, and its reset is that of all. */
    if (!s->primary) {
        memcpy(s->mig_missing, s->parts, sizeof(s->mig_missing));
        gicv5_system_reset(s->sys);
        /* Until the machine runs */
        gicv5_system_hold_doorbells(s->sys);
    }
    s->mig_num_resets = s->primary ? s->primary->mig_num_resets :
                                     gicv5_system_num_resets(s->sys);
    return 0;
}

/*
 * Sections that a stream does not have are nothing to QEMU. ITS and IWB come
 * after the IRS, and before the CPUs, which ask.
 */
bool gicv5_irs_is_loaded(const ARMGICv5CommonState *s)
{
    static const char *const missing[] = {
        [GICV5_PART_ITS] = "ITS (option -machine its=off)",
        [GICV5_PART_IWB] = "IWB (option -machine iwb=off)",
    };

    for (unsigned i = 0; i < GICV5_NUM_PARTS; i++) {
        if (s->mig_missing[i]) {
            error_report("arm-gicv5: the source has no %s", missing[i]);
            return false;
        }
    }
    if (gicv5_system_num_resets(s->sys) != s->mig_num_resets) {
        error_report("arm-gicv5: the machine was reset after the IRS was "
                     "loaded, or the source has none");
        return false;
    }
    return true;
}

static bool load_spi(ARMGICv5CommonState *s, uint32_t i)
{
    GICv5SPIState st = {
        .word = FIELD_EX64(s->mig_spi[i], MIG_SPI, WORD),
        .domain = FIELD_EX64(s->mig_spi[i], MIG_SPI, DOMAIN),
        .tm_level = FIELD_EX64(s->mig_spi[i], MIG_SPI, TM),
        .level = FIELD_EX64(s->mig_spi[i], MIG_SPI, LEVEL),
        .virt = FIELD_EX64(s->mig_spi[i], MIG_SPI, VIRT),
        .vm = FIELD_EX64(s->mig_spi[i], MIG_SPI, VM),
    };

    if (!in_mask("spi", i, s->mig_spi[i],
                 MAKE_64BIT_MASK(0, s->virt ? 53 : 36))) {
        return false;
    }
    if (!gicv5_system_has_domain(s->sys, st.domain)) {
        error_report("arm-gicv5: spi[%u]: domain %d does not exist", i,
                     st.domain);
        return false;
    }
    if (st.word != gicv5_sanitize_word(gicv5_irs_space(s, st.domain),
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
    int ret = gicv5_stream_check_reset(s);

    if (ret) {
        return ret;
    }
    if (s->virt && !s->mig_virt) {
        error_report("arm-gicv5: virt: there are no virtual machines in the "
                     "stream");
        return -EINVAL;
    }
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
        /* The names are part of version 1. */
        {
            .name = "swerr_statusr",
            .info = &vmstate_info_uint64,
            .size = sizeof(uint64_t),
            .flags = VMS_SINGLE,
            .offset = vmstate_offset_value(GICv5IRSDomain, swerr.statusr,
                                           uint64_t),
        },
        {
            .name = "swerr_syndromer",
            .num = 2,
            .info = &vmstate_info_uint64,
            .size = sizeof(uint64_t),
            .flags = VMS_ARRAY,
            .offset = vmstate_offset_array(GICv5IRSDomain, swerr.syndromer,
                                           uint64_t, 2),
        },
        VMSTATE_END_OF_LIST()
    }
};

#define SAME_SMP "arm-gicv5: the two machines have other CPUs (option -smp)"
#define SAME_MACHINE(what) \
    "arm-gicv5: the two machines have other " what " (option -machine)"

/*
 * Properties come first: a machine that differs is refused by their names, and
 * by the options that a user can change.
 */
const VMStateDescription vmstate_arm_gicv5 = {
    .name = "arm_gicv5",
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_GICV3,
    .pre_save = gicv5_pre_save,
    .pre_load = gicv5_pre_load,
    .post_load = gicv5_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_EQUAL(domains, ARMGICv5CommonState,
                            SAME_MACHINE("interrupt domains")),
        VMSTATE_UINT32_EQUAL(num_cpus, ARMGICv5CommonState, SAME_SMP),
        {
            .name = "iaffid",
            .version_id = 1,
            .num_offset = vmstate_offset_value(ARMGICv5CommonState, num_cpus,
                                               uint32_t),
            .info = &vmstate_info_uint32_equal,
            .size = sizeof(uint32_t),
            .flags = VMS_VARRAY_UINT32 | VMS_POINTER,
            .offset = vmstate_offset_pointer(ARMGICv5CommonState, iaffid,
                                             uint32_t),
            .err_hint = SAME_SMP,
        },
        VMSTATE_UINT32_EQUAL(spi_range, ARMGICv5CommonState,
                             SAME_MACHINE("SPIs")),
        VMSTATE_UINT32_EQUAL(spi_base, ARMGICv5CommonState,
                             SAME_MACHINE("SPIs")),
        VMSTATE_UINT32_EQUAL(spi_irs_range, ARMGICv5CommonState,
                             SAME_MACHINE("SPIs")),
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
    },
    .subsections = (const VMStateDescription * const []) {
        &vmstate_gicv5_virt,
        NULL
    }
};
