/*
 * Arm GICv5 interrupt engine: virtual machines
 *
 * The VM table, its L2 VMTEs, VPE tables and VPE descriptors are in memory,
 * with their valid bits. The engine loads what it needs of a VM when an
 * operation first names it, and keeps it until the VM becomes invalid. So a VM
 * that becomes valid costs a bit in memory; and what survives an invalid VM
 * (IST_VALID, VPETE.VALID, doorbell settings) does so because it is there.
 *
 * Software does not write a valid VMTE but for the words of ISTs that are not
 * valid. So words 0 and 1 are read once, the others each time an IST becomes
 * valid; valid bits are set and cleared atomically in the one word.
 *
 * Nothing in memory is trusted: IDs are checked against what the engine was
 * told when it loaded the VM, and addresses are only given to the device.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "engine_internal.h"
#include "trace.h"

/* VM table: L1 VMTE, L2 VMTE */
FIELD(L1_VMTE, VALID, 0, 1)

FIELD(VMTE0, VALID, 0, 1)
FIELD(VMTE1, VPE_ID_BITS, 59, 5)
FIELD(VMTE_IST, VALID, 0, 1)
FIELD(VMTE_IST, L2SZ, 1, 2)
FIELD(VMTE_IST, ADDR, 6, 50)
FIELD(VMTE_IST, ISTSZ, 56, 2)
FIELD(VMTE_IST, STRUCTURE, 58, 1)
FIELD(VMTE_IST, ID_BITS, 59, 5)

FIELD(VPETE, VALID, 0, 1)

/*
 * VPED, first word; the rest is not used. The layout is ours, but for the
 * fields that are those of IRS_VPE_DBR.
 */
FIELD(VPED, INTID, 0, 24)
FIELD(VPED, DBPM, 32, 5)
FIELD(VPED, DPS, 61, 1)
FIELD(VPED, REQ_DB, 62, 1)
FIELD(VPED, DBV, 63, 1)

#define WORD_IN_MEMORY(n) ((n) * sizeof(uint64_t))
#define VMTE_WORDS (GICV5_VMTE_BYTES / sizeof(uint64_t))

static bool has_vms(const GICv5Space *sp)
{
    return sp->sys->cfg.virt >> sp->domain & 1;
}

static bool read64(const GICv5Space *sp, uint64_t addr, uint64_t *value)
{
    return sp->sys->ops->read64(sp->sys->opaque, sp->domain, addr, value);
}

static bool set64(const GICv5Space *sp, uint64_t addr, uint64_t bits)
{
    uint64_t old;

    return sp->sys->ops->modify64(sp->sys->opaque, sp->domain, addr, bits,
                                  bits, &old);
}

static bool clear64(const GICv5Space *sp, uint64_t addr, uint64_t bits)
{
    uint64_t old;

    return sp->sys->ops->modify64(sp->sys->opaque, sp->domain, addr, bits, 0,
                                  &old);
}

#define guest_error(sp, vm_id, fmt, ...) \
    qemu_log_mask(LOG_GUEST_ERROR, "gicv5: domain %d: VM %u: " fmt "\n", \
                  (sp)->domain, vm_id, ## __VA_ARGS__)

/* --- host memory --- */

bool gicv5_vm_has_memory(const GICv5Space *parent, size_t bytes)
{
    const GICv5EngineConfig *cfg = &parent->sys->cfg;

    /* Each domain has its share: none can use up another's. */
    return !cfg->vm_memory || (parent->vmt.memory + bytes) *
                              MAX(1, ctpop8(cfg->virt)) <= cfg->vm_memory;
}

void *gicv5_vm_alloc(GICv5Space *parent, size_t bytes)
{
    GICv5VMT *vmt = &parent->vmt;
    void *p = NULL;

    if (gicv5_vm_has_memory(parent, bytes)) {
        p = g_try_malloc0(bytes);
    }
    if (!p) {
        trace_gicv5_vm_no_memory(parent->domain, vmt->memory, bytes);
        return NULL;
    }
    vmt->memory += bytes;
    return p;
}

void gicv5_vm_free(GICv5Space *parent, void *p, size_t bytes)
{
    if (p) {
        parent->vmt.memory -= bytes;
        g_free(p);
    }
}

bool gicv5_vm_has_spare_page(const GICv5VM *vm)
{
    return gicv5_ist_has_spare_page(&vm->space.lpi) ||
           gicv5_ist_has_spare_page(&vm->space.spi);
}

void gicv5_vm_pages_changed(GICv5VM *vm, bool had)
{
    GICv5VMT *vmt = &vm->parent->vmt;
    bool has = gicv5_vm_has_spare_page(vm);

    if (has != had) {
        QTAILQ_REMOVE(&vmt->vms[had], vm, link);
        QTAILQ_INSERT_TAIL(&vmt->vms[has], vm, link);
    }
}

/* VMs take turns. */
bool gicv5_vm_make_room(GICv5Space *parent)
{
    GICv5VMT *vmt = &parent->vmt;
    GICv5VM *vm = QTAILQ_FIRST(&vmt->vms[GICV5_VMS_SPARE]);

    if (!vm) {
        return false;
    }
    QTAILQ_REMOVE(&vmt->vms[GICV5_VMS_SPARE], vm, link);
    QTAILQ_INSERT_TAIL(&vmt->vms[GICV5_VMS_SPARE], vm, link);
    return gicv5_ist_drop_page(gicv5_ist_has_spare_page(&vm->space.lpi) ?
                               &vm->space.lpi : &vm->space.spi);
}

void gicv5_vm_reserve(GICv5Space *parent, size_t bytes)
{
    bool more = true;

    while (more && !gicv5_vm_has_memory(parent, bytes)) {
        more = gicv5_vm_make_room(parent);
    }
}

/* --- the VM table --- */

void gicv5_vmt_init(GICv5Space *sp)
{
    for (unsigned i = 0; i < GICV5_NUM_VM_LISTS; i++) {
        QTAILQ_INIT(&sp->vmt.vms[i]);
    }
}

bool gicv5_vmt_is_valid(const GICv5Space *sp)
{
    return sp->vmt.valid;
}

void gicv5_vmt_set_valid(GICv5Space *sp, uint64_t base, bool two_level,
                         unsigned vm_id_bits)
{
    GICv5VMT *vmt = &sp->vmt;

    if (!has_vms(sp) || vmt->valid) {
        return;
    }
    vmt->valid = true;
    vmt->base = base;
    vmt->two_level = two_level;
    vmt->vm_id_bits = MIN(vm_id_bits, sp->sys->cfg.vm_id_bits);
    trace_gicv5_vmt_valid(sp->domain, base, vmt->vm_id_bits, two_level);
}

static bool vm_id_exists(const GICv5Space *sp, uint16_t vm_id)
{
    if (!sp->vmt.valid || vm_id >> sp->vmt.vm_id_bits) {
        guest_error(sp, vm_id, "there is no VM table, or the ID is beyond it");
        return false;
    }
    return true;
}

static uint64_t l1_vmte_addr(const GICv5VMT *vmt, uint16_t vm_id)
{
    return vmt->base + WORD_IN_MEMORY(vm_id >> GICV5_VMTE_L2_BITS);
}

/* Guest address of the L2 VMTE of a VM, or false */
static bool vmte_addr(const GICv5Space *sp, uint16_t vm_id, uint64_t *addr)
{
    const GICv5VMT *vmt = &sp->vmt;
    uint64_t l1e;

    if (!vm_id_exists(sp, vm_id)) {
        return false;
    }
    if (!vmt->two_level) {
        *addr = vmt->base + (uint64_t)vm_id * GICV5_VMTE_BYTES;
        return true;
    }
    if (!read64(sp, l1_vmte_addr(vmt, vm_id), &l1e) ||
        !(l1e & R_L1_VMTE_VALID_MASK)) {
        guest_error(sp, vm_id, "its L1 VMTE is not valid, or not in RAM");
        return false;
    }
    *addr = (l1e & GICV5_L2_VMT_ADDR_MASK) +
            (vm_id & MAKE_64BIT_MASK(0, GICV5_VMTE_L2_BITS)) *
            GICV5_VMTE_BYTES;
    return true;
}

void gicv5_vmt_map_l2(GICv5Space *sp, uint16_t vm_id)
{
    uint64_t addr;

    if (!vm_id_exists(sp, vm_id)) {
        return;
    }
    if (!sp->vmt.two_level) {
        guest_error(sp, vm_id, "VMAP_L2_VMTR, but the VM table is linear");
        return;
    }
    addr = l1_vmte_addr(&sp->vmt, vm_id);
    if (!set64(sp, addr, R_L1_VMTE_VALID_MASK)) {
        guest_error(sp, vm_id, "its L1 VMTE is not in RAM");
        return;
    }
    trace_gicv5_vmt_map_l2(sp->domain, vm_id, addr);
}

/* --- a VM's life --- */

GICv5VM *gicv5_vm_find(const GICv5Space *sp, uint16_t vm_id)
{
    GICv5VM **chunk = sp->vmt.dir ? sp->vmt.dir[vm_id / GICV5_VM_FANOUT] : NULL;

    return chunk ? chunk[vm_id % GICV5_VM_FANOUT] : NULL;
}

static uint64_t ist_word_addr(const GICv5VM *vm, GICv5Type type)
{
    return vm->vmte + WORD_IN_MEMORY(type == GICV5_TYPE_LPI ? 2 : 3);
}

/* Pages of other VMs may go for the directory. */
static void ist_from_word(GICv5VM *vm, GICv5Type type, uint64_t word)
{
    GICv5ISTConfig cfg = gicv5_ist_config_from(
        FIELD_EX64(word, VMTE_IST, STRUCTURE),
        MIN(FIELD_EX64(word, VMTE_IST, ID_BITS), vm->space.sys->cfg.id_bits),
        FIELD_EX64(word, VMTE_IST, ISTSZ), FIELD_EX64(word, VMTE_IST, L2SZ));

    gicv5_vm_reserve(vm->parent, GICV5_IST_DIR_SIZE * sizeof(void *));
    gicv5_ist_create(gicv5_ist_of(&vm->space, type),
                     word & R_VMTE_IST_ADDR_MASK, &cfg);
}

static bool add_vm(GICv5Space *sp, GICv5VM *vm)
{
    GICv5VMT *vmt = &sp->vmt;
    GICv5VM ***chunk;

    if (!vmt->dir) {
        vmt->dir = gicv5_vm_alloc(sp, GICV5_VM_FANOUT * sizeof(*vmt->dir));
        if (!vmt->dir) {
            return false;
        }
    }
    chunk = &vmt->dir[vm->id / GICV5_VM_FANOUT];
    if (!*chunk) {
        *chunk = gicv5_vm_alloc(sp, GICV5_VM_FANOUT * sizeof(**chunk));
        if (!*chunk) {
            return false;
        }
    }
    (*chunk)[vm->id % GICV5_VM_FANOUT] = vm;
    QTAILQ_INSERT_TAIL(&vmt->vms[GICV5_VMS_BARE], vm, link);
    return true;
}

/* What gicv5_vm_new() takes */
static size_t vm_bytes(const GICv5Space *sp, uint16_t vm_id,
                       unsigned vpe_id_bits)
{
    const GICv5VMT *vmt = &sp->vmt;
    unsigned pointers = 1;

    if (vpe_id_bits > GICV5_TARGET_BITS) {
        pointers = 1u << (vpe_id_bits - GICV5_TARGET_BITS);
    }
    if (!vmt->dir) {
        pointers += 2 * GICV5_VM_FANOUT;
    } else if (!vmt->dir[vm_id / GICV5_VM_FANOUT]) {
        pointers += GICV5_VM_FANOUT;
    }
    return sizeof(GICv5VM) + pointers * sizeof(void *);
}

GICv5VM *gicv5_vm_new(GICv5Space *sp, uint16_t vm_id, uint64_t vmte,
                      uint64_t vpet, unsigned vpe_id_bits, bool make_room)
{
    GICv5System *sys = sp->sys;
    GICv5VM *vm;

    vpe_id_bits = MIN(vpe_id_bits, sys->cfg.vpe_id_bits);
    if (make_room) {
        gicv5_vm_reserve(sp, vm_bytes(sp, vm_id, vpe_id_bits));
    }
    vm = gicv5_vm_alloc(sp, sizeof(*vm));
    if (!vm) {
        return NULL;
    }
    vm->parent = sp;
    vm->id = vm_id;
    vm->vmte = vmte;
    vm->vpet = vpet;
    vm->space.sys = sys;
    vm->space.domain = sp->domain;
    vm->space.vm = vm;
    vm->space.has_one_of_n = sys->cfg.virt_one_of_n;
    gicv5_ist_init(&vm->space.lpi, &vm->space, GICV5_TYPE_LPI);
    gicv5_ist_init(&vm->space.spi, &vm->space, GICV5_TYPE_SPI);
    gicv5_one_of_n_init(&vm->space);
    if (!gicv5_targets_init(&vm->space, vpe_id_bits) || !add_vm(sp, vm)) {
        gicv5_targets_cleanup(&vm->space);
        gicv5_vm_free(sp, vm, sizeof(*vm));
        return NULL;
    }
    gicv5_add_counter(&sys->save_vms, 1);
    trace_gicv5_vm_load(sp->domain, vm_id, vmte, vm->space.id_bits);
    return vm;
}

/* The L2 VMTE of a VM and its address; false if it is not valid */
static bool read_vmte(const GICv5Space *sp, uint16_t vm_id, uint64_t *addr,
                      uint64_t word[VMTE_WORDS])
{
    if (!vmte_addr(sp, vm_id, addr)) {
        return false;
    }
    for (unsigned i = 0; i < VMTE_WORDS; i++) {
        if (!read64(sp, *addr + WORD_IN_MEMORY(i), &word[i])) {
            guest_error(sp, vm_id, "its L2 VMTE is not in RAM");
            return false;
        }
    }
    if (!(word[0] & R_VMTE0_VALID_MASK)) {
        guest_error(sp, vm_id, "it is not valid");
        return false;
    }
    return true;
}

GICv5VM *gicv5_vm_get(GICv5Space *sp, uint16_t vm_id)
{
    GICv5VM *vm = gicv5_vm_find(sp, vm_id);
    uint64_t addr, word[VMTE_WORDS];

    if (vm) {
        return vm;
    }
    if (!read_vmte(sp, vm_id, &addr, word)) {
        return NULL;
    }
    vm = gicv5_vm_new(sp, vm_id, addr, word[1] & GICV5_VM_ADDR_MASK,
                      FIELD_EX64(word[1], VMTE1, VPE_ID_BITS), true);
    if (!vm) {
        guest_error(sp, vm_id, "no memory for its state: other VMs take all "
                    "of vm-memory, or the host has none");
        return NULL;
    }
    if (word[2] & R_VMTE_IST_VALID_MASK) {
        ist_from_word(vm, GICV5_TYPE_LPI, word[2]);
    }
    if (word[3] & R_VMTE_IST_VALID_MASK) {
        ist_from_word(vm, GICV5_TYPE_SPI, word[3]);
    }
    return vm;
}

GICv5Space *gicv5_vm_space(GICv5Space *sp, uint16_t vm_id)
{
    GICv5VM *vm = gicv5_vm_get(sp, vm_id);

    return vm ? &vm->space : NULL;
}

void gicv5_vm_set_valid(GICv5Space *sp, uint16_t vm_id)
{
    uint64_t addr;

    if (gicv5_vm_find(sp, vm_id) || !vmte_addr(sp, vm_id, &addr)) {
        return;
    }
    if (!set64(sp, addr, R_VMTE0_VALID_MASK)) {
        guest_error(sp, vm_id, "its L2 VMTE is not in RAM");
        return;
    }
    trace_gicv5_vm_valid(sp->domain, vm_id, addr);
}

bool gicv5_vm_is_valid(const GICv5Space *sp, uint16_t vm_id)
{
    uint64_t addr, word;

    return gicv5_vm_find(sp, vm_id) ||
           (vmte_addr(sp, vm_id, &addr) && read64(sp, addr, &word) &&
            (word & R_VMTE0_VALID_MASK));
}

static uint64_t vped_word(const GICv5VPE *vpe)
{
    uint64_t word = 0;

    word = FIELD_DP64(word, VPED, INTID, vpe->db.lpi);
    word = FIELD_DP64(word, VPED, DBPM, vpe->db.mask);
    word = FIELD_DP64(word, VPED, DPS, vpe->target.dps);
    word = FIELD_DP64(word, VPED, REQ_DB, vpe->db.requested);
    return FIELD_DP64(word, VPED, DBV, vpe->db.valid);
}

static bool save_vpes(GICv5VM *vm, bool all)
{
    const GICv5System *sys = vm->space.sys;
    bool ok = true;
    GICv5Target *t;

    QSIMPLEQ_FOREACH(t, &vm->space.targets, next) {
        GICv5VPE *vpe = gicv5_vpe_of(t);
        uint64_t word = cpu_to_le64(vped_word(vpe));

        if (!vpe->dirty) {
            continue;
        }
        if (!sys->ops->write(sys->opaque, vm->space.domain, vpe->vped, &word,
                             sizeof(word))) {
            guest_error(vm->parent, vm->id, "the descriptor of VPE %u is not "
                        "in RAM", t->id);
            if (!all) {
                return false;
            }
            ok = false;
            continue;
        }
        vpe->dirty = false;
    }
    return ok;
}

/* Forget the VM; nothing is written. */
static void drop_vm(GICv5VM *vm)
{
    GICv5Space *sp = vm->parent;
    GICv5Target *t;
    bool outer = gicv5_begin_batch(sp->sys);

    trace_gicv5_vm_drop(sp->domain, vm->id);
    QSIMPLEQ_FOREACH(t, &vm->space.targets, next) {
        GICv5VPE *vpe = gicv5_vpe_of(t);

        vpe->db.requested = false;
        gicv5_vpe_is_silent(vpe);
        if (t->pe) {
            gicv5_vpe_end_residency(vpe);
        }
    }
    gicv5_ist_drop(&vm->space.lpi);
    gicv5_ist_drop(&vm->space.spi);
    gicv5_end_batch(sp->sys, outer);
    assert(outer);

    QTAILQ_REMOVE(&sp->vmt.vms[GICV5_VMS_BARE], vm, link);
    sp->vmt.dir[vm->id / GICV5_VM_FANOUT][vm->id % GICV5_VM_FANOUT] = NULL;
    gicv5_targets_cleanup(&vm->space);
    gicv5_vm_free(sp, vm, sizeof(*vm));
    gicv5_add_counter(&sp->sys->save_vms, -1);
}

/* False if memory did not take all of it; see gicv5_ist_save() */
static bool save_vm(GICv5VM *vm, bool all)
{
    bool ok = gicv5_ist_save(&vm->space.lpi, all);

    if (ok || all) {
        ok &= gicv5_ist_save(&vm->space.spi, all);
    }
    if (ok || all) {
        ok &= save_vpes(vm, all);
    }
    return ok;
}

void gicv5_vm_set_invalid(GICv5Space *sp, uint16_t vm_id)
{
    GICv5VM *vm = gicv5_vm_find(sp, vm_id);
    uint64_t addr;

    if (vm) {
        save_vm(vm, true);
        addr = vm->vmte;
        drop_vm(vm);
    } else if (!vmte_addr(sp, vm_id, &addr)) {
        return;
    }
    /* IST_VALID and VPETE.VALID stay (inferred): the VM may come back. */
    if (!clear64(sp, addr, R_VMTE0_VALID_MASK)) {
        guest_error(sp, vm_id, "its L2 VMTE is not in RAM");
    }
    trace_gicv5_vm_invalid(sp->domain, vm_id, addr);
}

void gicv5_vmt_drop(GICv5Space *sp)
{
    GICv5VMT *vmt = &sp->vmt;
    GICv5VM *vm;

    for (unsigned i = 0; i < GICV5_NUM_VM_LISTS; i++) {
        while ((vm = QTAILQ_FIRST(&vmt->vms[i]))) {
            drop_vm(vm);
        }
    }
    for (unsigned i = 0; vmt->dir && i < GICV5_VM_FANOUT; i++) {
        gicv5_vm_free(sp, vmt->dir[i], GICV5_VM_FANOUT * sizeof(**vmt->dir));
    }
    gicv5_vm_free(sp, vmt->dir, GICV5_VM_FANOUT * sizeof(*vmt->dir));
    vmt->dir = NULL;
    vmt->valid = false;
}

void gicv5_vmt_set_invalid(GICv5Space *sp)
{
    GICv5VM *vm;

    if (!sp->vmt.valid) {
        return;
    }
    for (unsigned i = 0; i < GICV5_NUM_VM_LISTS; i++) {
        QTAILQ_FOREACH(vm, &sp->vmt.vms[i], link) {
            save_vm(vm, true);
        }
    }
    trace_gicv5_vmt_invalid(sp->domain, sp->vmt.base);
    gicv5_vmt_drop(sp);
}

/* --- virtual ISTs --- */

static GICv5IST *vm_ist(GICv5VM *vm, GICv5Type type)
{
    if (vm && (type == GICV5_TYPE_LPI || type == GICV5_TYPE_SPI)) {
        return gicv5_ist_of(&vm->space, type);
    }
    return NULL;
}

void gicv5_vm_ist_set_valid(GICv5Space *sp, uint16_t vm_id, GICv5Type type)
{
    GICv5VM *vm = gicv5_vm_get(sp, vm_id);
    GICv5IST *ist = vm_ist(vm, type);
    uint64_t word;

    if (!ist || ist->valid) {
        guest_error(sp, vm_id, "VMAP_VISTR of type %d ignored", type);
        return;
    }
    /* Software has written it since the VM became valid. */
    if (!read64(sp, ist_word_addr(vm, type), &word)) {
        guest_error(sp, vm_id, "its L2 VMTE is not in RAM");
        return;
    }
    ist_from_word(vm, type, word);
    if (!ist->valid) {
        return;
    }
    if (!set64(sp, ist_word_addr(vm, type), R_VMTE_IST_VALID_MASK)) {
        gicv5_ist_drop(ist);
        return;
    }
    vm->space.changes++;
}

void gicv5_vm_ist_set_invalid(GICv5Space *sp, uint16_t vm_id, GICv5Type type)
{
    GICv5VM *vm = gicv5_vm_get(sp, vm_id);
    GICv5IST *ist = vm_ist(vm, type);
    uint64_t old = 0;

    if (!ist) {
        guest_error(sp, vm_id, "VMAP_VISTR of type %d ignored", type);
        return;
    }
    vm->space.changes += ist->valid;
    gicv5_ist_set_invalid(ist);
    /* There may have been no memory for one that is valid in memory. */
    if (!sp->sys->ops->modify64(sp->sys->opaque, sp->domain,
                                ist_word_addr(vm, type), R_VMTE_IST_VALID_MASK,
                                0, &old)) {
        guest_error(sp, vm_id, "its L2 VMTE is not in RAM");
    }
    vm->space.changes += FIELD_EX64(old, VMTE_IST, VALID);
}

void gicv5_vm_ist_map_l2(GICv5Space *sp, uint16_t vm_id, GICv5Type type,
                         uint32_t id)
{
    GICv5IST *ist = vm_ist(gicv5_vm_get(sp, vm_id), type);

    if (ist) {
        gicv5_ist_map_l2(ist, id);
    }
}

/* --- VPEs --- */

/*
 * What memory says of VPE @id, whose VPE table is at @vpet; false if its VPETE
 * is not there
 */
static bool read_vpe(const GICv5Space *sp, uint16_t vm_id, uint64_t vpet,
                     uint16_t id, GICv5VPE *vpe)
{
    uint64_t vpete, word;

    if (!read64(sp, vpet + WORD_IN_MEMORY(id), &vpete)) {
        guest_error(sp, vm_id, "the VPETE of VPE %u is not in RAM", id);
        return false;
    }
    if (!(vpete & R_VPETE_VALID_MASK)) {
        return true;
    }
    vpe->vped = vpete & GICV5_VM_ADDR_MASK;
    if (!read64(sp, vpe->vped, &word)) {
        guest_error(sp, vm_id, "the descriptor of VPE %u is not in RAM", id);
        word = 0;
    }
    vpe->valid = true;
    vpe->db = (GICv5Doorbell) {
        .valid = FIELD_EX64(word, VPED, DBV),
        .requested = FIELD_EX64(word, VPED, REQ_DB),
        .mask = FIELD_EX64(word, VPED, DBPM),
        .lpi = FIELD_EX64(word, VPED, INTID),
    };
    vpe->target.dps = FIELD_EX64(word, VPED, DPS);
    return true;
}

/* The same of a VPE that is not known to be valid */
static bool know_vpe(GICv5VM *vm, GICv5VPE *vpe)
{
    return vpe->valid ||
           read_vpe(vm->parent, vm->id, vm->vpet, vpe->target.id, vpe);
}

GICv5VPE *gicv5_vpe_new(GICv5VM *vm, uint16_t id)
{
    GICv5VPE *vpe = gicv5_vm_alloc(vm->parent, sizeof(*vpe));

    if (!vpe || !gicv5_target_add(&vm->space, &vpe->target, id)) {
        gicv5_vm_free(vm->parent, vpe, sizeof(*vpe));
        return NULL;
    }
    gicv5_add_counter(&vm->space.sys->save_vpes, 1);
    return vpe;
}

GICv5VPE *gicv5_vpe_make(GICv5VM *vm, uint16_t id)
{
    GICv5Space *sp = &vm->space;
    GICv5Target *t = gicv5_find_target(sp, id);
    GICv5VPE *vpe;

    if (t) {
        return gicv5_vpe_of(t);
    }
    if (id >> sp->id_bits || sp->full) {
        return NULL;
    }
    vpe = gicv5_vpe_new(vm, id);
    if (vpe) {
        /* It may have been valid before its VM was. */
        know_vpe(vm, vpe);
    }
    return vpe;
}

GICv5VPE *gicv5_vpe_get(GICv5VM *vm, uint16_t id)
{
    bool outer, was_valid;
    GICv5VPE *vpe;

    if (id >> vm->space.id_bits) {
        guest_error(vm->parent, vm->id, "there is no VPE %u in its table", id);
        return NULL;
    }
    if (!gicv5_find_target(&vm->space, id)) {
        gicv5_vm_reserve(vm->parent, GICV5_VPE_BYTES);
    }
    vpe = gicv5_vpe_make(vm, id);
    if (!vpe) {
        guest_error(vm->parent, vm->id, "there is no memory for VPE %u", id);
        return NULL;
    }
    was_valid = vpe->valid;
    if (!know_vpe(vm, vpe) || !vpe->valid) {
        return NULL;
    }
    if (!was_valid) {
        /* Interrupts may have waited for it. */
        outer = gicv5_begin_batch(vm->space.sys);
        gicv5_target_changed(&vpe->target);
        gicv5_end_batch(vm->space.sys, outer);
    }
    return vpe;
}

void gicv5_vpe_set_valid(GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id)
{
    GICv5VM *vm = gicv5_vm_get(sp, vm_id);
    uint64_t addr, vpete;
    GICv5VPE *vpe;

    if (!vm || gicv5_vpe_get(vm, vpe_id)) {
        guest_error(sp, vm_id, "VMAP_VPER of VPE %u ignored", vpe_id);
        return;
    }
    /* It is there, if it can be. */
    vpe = gicv5_vpe_make(vm, vpe_id);
    if (!vpe) {
        return;
    }
    addr = vm->vpet + WORD_IN_MEMORY(vpe_id);
    if (!sp->sys->ops->modify64(sp->sys->opaque, sp->domain, addr,
                                R_VPETE_VALID_MASK, R_VPETE_VALID_MASK,
                                &vpete)) {
        guest_error(sp, vm_id, "the VPETE of VPE %u is not in RAM", vpe_id);
        return;
    }
    /* No doorbell settings, whatever is in the descriptor */
    vpe->vped = vpete & GICV5_VM_ADDR_MASK;
    vpe->db = (GICv5Doorbell) {};
    vpe->target.dps = false;
    vpe->valid = true;
    vpe->dirty = true;
    vm->space.changes++;
    trace_gicv5_vpe_valid(sp->domain, vm_id, vpe_id, vpe->vped);
}

static GICv5VPE *find_vpe(GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id)
{
    GICv5VM *vm = gicv5_vm_get(sp, vm_id);

    return vm ? gicv5_vpe_get(vm, vpe_id) : NULL;
}

/*
 * For reads of registers: a VPE that is valid, or NULL. Nothing is loaded for
 * them, and so nothing written to make room: a read can be that of a page
 * walker, for which QEMU may hold a lock that a write to memory takes as well.
 * What is in memory only is given in @tmp.
 */
static const GICv5VPE *look_at_vpe(const GICv5Space *sp, uint16_t vm_id,
                                   uint16_t vpe_id, GICv5VPE *tmp)
{
    const GICv5VM *vm = gicv5_vm_find(sp, vm_id);
    GICv5Target *t = vm ? gicv5_find_target(&vm->space, vpe_id) : NULL;
    uint64_t addr, vpet, word[VMTE_WORDS];
    unsigned id_bits;

    if (t && gicv5_vpe_of(t)->valid) {
        return gicv5_vpe_of(t);
    }
    if (vm && !t && vm->space.full) {
        /* It will not be there. */
        return NULL;
    }
    if (vm) {
        vpet = vm->vpet;
        id_bits = vm->space.id_bits;
    } else if (read_vmte(sp, vm_id, &addr, word)) {
        vpet = word[1] & GICV5_VM_ADDR_MASK;
        id_bits = MIN(FIELD_EX64(word[1], VMTE1, VPE_ID_BITS),
                      sp->sys->cfg.vpe_id_bits);
    } else {
        return NULL;
    }
    if (vpe_id >> id_bits) {
        guest_error(sp, vm_id, "there is no VPE %u in its table", vpe_id);
        return NULL;
    }
    *tmp = (GICv5VPE) {};
    return read_vpe(sp, vm_id, vpet, vpe_id, tmp) && tmp->valid ? tmp : NULL;
}

bool gicv5_vpe_is_valid(const GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id)
{
    GICv5VPE tmp;

    return look_at_vpe(sp, vm_id, vpe_id, &tmp);
}

bool gicv5_vpe_doorbell(const GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id,
                        GICv5Doorbell *db)
{
    GICv5VPE tmp;
    const GICv5VPE *vpe = look_at_vpe(sp, vm_id, vpe_id, &tmp);

    if (vpe) {
        *db = vpe->db;
    }
    return vpe;
}

bool gicv5_vpe_set_doorbell(GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id,
                            const GICv5Doorbell *db)
{
    GICv5VPE *vpe = find_vpe(sp, vm_id, vpe_id);
    bool outer;

    if (!vpe) {
        return false;
    }
    trace_gicv5_vpe_dbr(sp->domain, vm_id, vpe_id, db->valid, db->requested,
                        db->mask, db->lpi);
    outer = gicv5_begin_batch(sp->sys);
    vpe->db = *db;
    vpe->dirty = true;
    gicv5_target_changed(&vpe->target);
    gicv5_end_batch(sp->sys, outer);
    return true;
}

bool gicv5_vpe_dps(const GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id)
{
    GICv5VPE tmp;
    const GICv5VPE *vpe = look_at_vpe(sp, vm_id, vpe_id, &tmp);

    return vpe && vpe->target.dps;
}

bool gicv5_vpe_set_dps(GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id,
                       bool dps)
{
    GICv5VPE *vpe = find_vpe(sp, vm_id, vpe_id);
    bool outer;

    if (!vpe) {
        return false;
    }
    trace_gicv5_vpe_cr0(sp->domain, vm_id, vpe_id, dps);
    outer = gicv5_begin_batch(sp->sys);
    vpe->target.dps = dps;
    vpe->dirty = true;
    gicv5_target_changed(&vpe->target);
    gicv5_end_batch(sp->sys, outer);
    return true;
}

GICv5Candidate gicv5_vpe_candidate(const GICv5Space *sp, uint16_t vm_id,
                                   uint16_t vpe_id)
{
    GICv5VPE tmp;
    const GICv5VPE *vpe = look_at_vpe(sp, vm_id, vpe_id, &tmp);
    const GICv5VM *vm = gicv5_vm_find(sp, vm_id);
    GICv5Candidate own = GICV5_CANDIDATE_NONE, offer = GICV5_CANDIDATE_NONE;
    const GICv5Target *t;

    /* A VM that is not loaded has no interrupts that are pending. */
    if (!vpe || !vm) {
        return GICV5_CANDIDATE_NONE;
    }
    t = gicv5_find_target(&vm->space, vpe_id);
    if (t) {
        own = gicv5_pendset_peek(&t->set);
    }
    if (t && t->offer) {
        /* An offer goes first, see one_of_n.c. */
        return gicv5_candidate(t->offer, t->offer_prio);
    }
    if (!vpe->target.dps) {
        offer = gicv5_space_one_of_n(&vm->space);
    }
    return gicv5_candidate_prio(offer) < gicv5_candidate_prio(own) ? offer :
                                                                     own;
}

/* --- 1-of-N --- */

/* An IRS_VM_DBR without 1-of-N is RES0. */
bool gicv5_vm_set_doorbell(GICv5Space *sp, uint16_t vm_id,
                           const GICv5VMDoorbell *db)
{
    GICv5VM *vm = gicv5_vm_get(sp, vm_id);
    bool outer;

    if (!vm || !vm->space.has_one_of_n) {
        return false;
    }
    /* As with interrupts: a VPE that waits is there, or never will be. */
    if (db->enabled && !gicv5_vpe_get(vm, db->vpe) &&
        !gicv5_find_target(&vm->space, db->vpe) &&
        !(db->vpe >> vm->space.id_bits)) {
        vm->space.full = true;
    }
    trace_gicv5_vm_dbr(sp->domain, vm_id, db->enabled, db->vpe);
    outer = gicv5_begin_batch(sp->sys);
    vm->db = *db;
    gicv5_one_of_n_changed(&vm->space);
    gicv5_end_batch(sp->sys, outer);
    return true;
}

bool gicv5_vm_doorbell(const GICv5Space *sp, uint16_t vm_id,
                       GICv5VMDoorbell *db)
{
    const GICv5VM *vm = gicv5_vm_find(sp, vm_id);

    if (vm || gicv5_vm_is_valid(sp, vm_id)) {
        *db = vm ? vm->db : (GICv5VMDoorbell) {};
        return true;
    }
    return false;
}

/* --- saving --- */

bool gicv5_vm_save(GICv5Space *sp, uint16_t vm_id)
{
    GICv5VM *vm = gicv5_vm_get(sp, vm_id);

    if (!vm) {
        return false;
    }
    /*
     * Memory that takes nothing would cost as much each time that software
     * tries; what is not written stays here.
     */
    vm->was_saved = save_vm(vm, false);
    vm->saved = vm->space.changes;
    trace_gicv5_vm_save(sp->domain, vm_id, vm->was_saved);
    return vm->was_saved;
}

bool gicv5_vm_is_quiescent(GICv5Space *sp, uint16_t vm_id)
{
    const GICv5VM *vm = gicv5_vm_find(sp, vm_id);
    bool is = vm && vm->was_saved && vm->saved == vm->space.changes;

    trace_gicv5_vm_quiescent(sp->domain, vm_id, is);
    return is;
}
