/*
 * Arm GICv5 interrupt engine: interrupt state, pending sets and routing
 *
 * Plain C without QOM or MMIO, so that a unit test can drive it. An IRS
 * device is a window on one of these. This is all that devices know of it;
 * what it is made of is in engine_internal.h.
 *
 * Words used here:
 *  state word   the architected 32-bit L2 ISTE of one LPI or SPI
 *  IST          interrupt state table: INTID to state word in O(1)
 *  space        what has INTIDs of its own: an interrupt domain or a VM, with
 *               a table for each type of interrupt, and the targets that they
 *               can be routed to
 *  target       what an IAFFID names: a PE in one domain, or a VPE of a VM
 *  candidate    the most important interrupt that a target has to take
 *  system       all spaces, PEs and SPIs of a machine
 *
 * Locking: the caller serializes all calls on one system; the device holds
 * the BQL. The callbacks in GICv5EngineOps must not call back in.
 *
 * Cost: every function is O(1) in the number of interrupts unless it says
 * otherwise.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_GICV5_ENGINE_H
#define HW_INTC_GICV5_ENGINE_H

#include "qemu/bitmap.h"
#include "hw/intc/arm_gicv5_types.h"
#include "hw/intc/arm_gicv5_stream.h"

typedef struct GICv5System GICv5System;
typedef struct GICv5Space GICv5Space;
typedef struct GICv5PE GICv5PE;
typedef struct GICv5IST GICv5IST;

/**
 * GICv5ISTConfig: IRS_IST_CFGR in the form the engine uses, after clamping
 *
 * @id_bits: interrupts 0 .. 2^id_bits - 1 exist
 * @entry_shift: log2 of the bytes of an L2 ISTE, 2 to 4
 * @l2_shift: log2 of the bytes of a level 2 table: 12, 14 or 16
 */
typedef struct GICv5ISTConfig {
    bool two_level;
    uint8_t id_bits;
    uint8_t entry_shift;
    uint8_t l2_shift;
} GICv5ISTConfig;

/**
 * gicv5_ist_config_from: a configuration from fields as registers and VMTEs
 * encode them; reserved sizes are taken as the smallest
 */
static inline GICv5ISTConfig gicv5_ist_config_from(bool two_level,
                                                   unsigned id_bits,
                                                   unsigned istsz,
                                                   unsigned l2sz)
{
    return (GICv5ISTConfig) {
        .two_level = two_level,
        .id_bits = id_bits,
        .entry_shift = 2 + (istsz == 3 ? 0 : istsz),
        .l2_shift = 12 + 2 * (l2sz == 3 ? 0 : l2sz),
    };
}

/**
 * GICv5SWErr: software errors (IRS_SWERR_STATUSR.EC) the engine can tell of
 */
typedef enum GICv5SWErr {
    GICV5_SWERR_L1_ISTE_MAP = 0x00,     /* L1 ISTE access in MAP_L2_ISTR */
    GICV5_SWERR_L1_ISTE_READ = 0x01,    /* L1 ISTE could not be read */
    /* L2 ISTE could not be accessed; or there is no memory for its state */
    GICV5_SWERR_L2_ISTE = 0x02,
} GICv5SWErr;

/**
 * GICv5EngineOps: what the engine needs of its device
 *
 * @read, @write: access @len bytes of guest memory in the physical address
 *     space of @domain; false if that is not RAM. Never calls a device.
 * @read64: a 64-bit little-endian word, aligned, with single-copy atomicity;
 *     for words that vCPUs may write at the same time
 * @modify64: give the bits of such a word that are in @mask the value that
 *     they have in @bits, atomically; @value is what it was then
 * @forward: the candidate of @pe for @domain is now @candidate
 * @forward_virtual: the same for the VPE of @domain that is resident on @pe;
 *     only with virtualization
 * @swerr: an error that software made; @id is an LPI, @addr the structure
 * @one_of_n_limit: optional; GICv5PortCPUOps.one_of_n_limit of @pe
 * @one_of_n_limit_virtual: the same for the VPE of @domain that is resident on
 *     @pe
 */
typedef struct GICv5EngineOps {
    bool (*read)(void *opaque, GICv5Domain domain, uint64_t addr,
                 void *buf, size_t len);
    bool (*write)(void *opaque, GICv5Domain domain, uint64_t addr,
                  const void *buf, size_t len);
    bool (*read64)(void *opaque, GICv5Domain domain, uint64_t addr,
                   uint64_t *value);
    bool (*modify64)(void *opaque, GICv5Domain domain, uint64_t addr,
                     uint64_t mask, uint64_t bits, uint64_t *value);
    void (*forward)(void *opaque, GICv5PE *pe, GICv5Domain domain,
                    GICv5Candidate candidate);
    void (*forward_virtual)(void *opaque, GICv5PE *pe, GICv5Domain domain,
                            GICv5Candidate candidate);
    void (*swerr)(void *opaque, GICv5Domain domain, GICv5SWErr ec,
                  uint32_t id, uint64_t addr);
    unsigned (*one_of_n_limit)(void *opaque, GICv5PE *pe, GICv5Domain domain);
    unsigned (*one_of_n_limit_virtual)(void *opaque, GICv5PE *pe,
                                       GICv5Domain domain);
} GICv5EngineOps;

/**
 * GICv5EngineConfig: fixed properties of a system
 *
 * @domains: bit mask of 1 << GICv5Domain, not 0
 * @id_bits: largest LPI_ID_BITS, 1..24; @min_id_bits: smallest
 * @prio_bits: implemented priority bits, 1..5
 * @one_of_n: 1-of-N routing is implemented
 * @container: the state is the kernel's, and only passes through; tables in
 *     memory are not looked at, and LPIs without state are zero
 * @lpi_memory: bytes of host memory for pages of LPI tables, of which each
 *     domain has its share, so that none can use up another's. Beyond it, state
 *     that has no place elsewhere makes LPIs unreachable. 0: no limit
 * @virt: domains with VMs, a bit mask like @domains, without EL3
 * @virt_one_of_n: 1-of-N routing is implemented in VMs
 * @vm_id_bits: largest VM_ID_BITS, 8..16
 * @vpe_id_bits: width of VPE IDs, 1..16
 * @vm_memory: bytes of host memory for the state of VMs, of which each domain
 *     in @virt has its share. Beyond it a VM, or what is new of it, cannot be
 *     used. 0: no limit
 */
typedef struct GICv5EngineConfig {
    uint8_t domains;
    uint8_t id_bits;
    uint8_t min_id_bits;
    uint8_t prio_bits;
    bool one_of_n;
    bool container;
    uint64_t lpi_memory;
    uint8_t virt;
    bool virt_one_of_n;
    uint8_t vm_id_bits;
    uint8_t vpe_id_bits;
    uint64_t vm_memory;
} GICv5EngineConfig;

/* What an interrupt source tells the IRS */
typedef enum GICv5Event {
    GICV5_SET_EDGE,                     /* Pending=1, HM=edge */
    GICV5_SET_LEVEL,                    /* Pending=1, HM=level */
    GICV5_CLEAR,                        /* Pending=0 */
} GICv5Event;

/* --- the system --- */

/**
 * gicv5_system_new: an empty system; @ops and @opaque must outlive it
 */
GICv5System *gicv5_system_new(const GICv5EngineConfig *cfg,
                              const GICv5EngineOps *ops, void *opaque);
void gicv5_system_free(GICv5System *sys);

/* What it was made with */
const GICv5EngineConfig *gicv5_system_config(const GICv5System *sys);

/**
 * gicv5_system_reset: architected reset state; nothing is written to memory
 *
 * Wire levels and what CPU interfaces accept are not part of it. Each CPU
 * interface is told that its candidates are gone. O(SPIs + PEs + pages, VMs
 * and VPEs that were used).
 */
void gicv5_system_reset(GICv5System *sys);

/*
 * How often that was: with each, all that is loaded by steps, and pointers to
 * it, are gone.
 */
unsigned gicv5_system_num_resets(const GICv5System *sys);

/* The domain that owns SPIs after reset: first of EL3, S, NS (else Realm) */
GICv5Domain gicv5_system_reset_domain(const GICv5System *sys);

bool gicv5_system_has_domain(const GICv5System *sys, unsigned domain);

/**
 * gicv5_system_space: the space of interrupt domain @domain
 *
 * There is one also for a domain that the system does not have: nothing is
 * reachable in it.
 */
GICv5Space *gicv5_system_space(GICv5System *sys, GICv5Domain domain);

/**
 * gicv5_system_check: does the invariant hold everywhere?
 *
 * For tests and debug builds. O(all interrupts). Returns false after a
 * message on stderr if it does not.
 */
bool gicv5_system_check(GICv5System *sys);

/* --- IRSes --- */

/**
 * gicv5_system_add_irs: add an IRS that owns @spi_count SPIs from @spi_base
 *
 * Returns its number, or -1 if the SPIs overlap another IRS's.
 */
int gicv5_system_add_irs(GICv5System *sys, uint32_t spi_base,
                         uint32_t spi_count);

/**
 * gicv5_irs_enable: IRS_CR0.IRSEN of IRS number @irs in @domain
 *
 * While clear, no candidate is forwarded to the PEs of that IRS; interrupt
 * state goes on changing. O(PEs).
 */
void gicv5_irs_enable(GICv5System *sys, unsigned irs, GICv5Domain domain,
                      bool enable);
bool gicv5_irs_is_enabled(const GICv5System *sys, unsigned irs,
                          GICv5Domain domain);

/* --- PEs --- */

/**
 * gicv5_system_add_pe: connect a PE to IRS number @irs
 * @opaque: the device's; see gicv5_pe_opaque()
 *
 * Returns NULL if the IAFFID is taken. The PE lives as long as the system.
 */
GICv5PE *gicv5_system_add_pe(GICv5System *sys, unsigned irs, uint16_t iaffid,
                             void *opaque);
GICv5PE *gicv5_system_find_pe(const GICv5System *sys, uint16_t iaffid);

/* The PEs in the order in which they came: number @n, or NULL */
GICv5PE *gicv5_system_pe(const GICv5System *sys, unsigned n);

uint16_t gicv5_pe_iaffid(const GICv5PE *pe);
unsigned gicv5_pe_irs(const GICv5PE *pe);
void *gicv5_pe_opaque(const GICv5PE *pe);
void gicv5_pe_set_opaque(GICv5PE *pe, void *opaque);

/* What the PE was told last */
GICv5Candidate gicv5_pe_candidate(const GICv5PE *pe, GICv5Domain domain);

/* IRS_PE_CR0.DPS: left out of 1-of-N selection by software */
void gicv5_pe_set_dps(GICv5PE *pe, GICv5Domain domain, bool dps);
bool gicv5_pe_dps(const GICv5PE *pe, GICv5Domain domain);

/*
 * The PE takes 1-of-N interrupts with a priority below this, 0 to 32: what
 * its CPU interface has said last, or 0 with DPS
 */
unsigned gicv5_pe_one_of_n_limit(const GICv5PE *pe, GICv5Domain domain);

/* --- interrupts --- */

/**
 * gicv5_command: carry out a command of a CPU interface
 *
 * @pe is the PE that issued it; only GICV5_CMD_SET_ONE_OF_N and ACTIVATE look
 * at it. Returns what GICv5Command says, 0 if it says nothing.
 */
uint64_t gicv5_command(GICv5Space *sp, GICv5PE *pe, GICv5Command cmd,
                       uint32_t intid, uint32_t value);

/**
 * gicv5_event: an event of an ITS, SETLPI frame or doorbell
 *
 * Dropped if the interrupt is not reachable in @sp.
 */
void gicv5_event(GICv5Space *sp, uint32_t intid, GICv5Event event);

/**
 * gicv5_get_word: the state word of an interrupt, for tests and monitors
 *
 * Returns false if it is not reachable in @sp.
 */
bool gicv5_get_word(const GICv5Space *sp, uint32_t intid, uint32_t *word);

/**
 * gicv5_sanitize_word: what the IRS may keep of a word found in memory
 */
uint32_t gicv5_sanitize_word(const GICv5Space *sp, uint32_t word);

/* The 1-of-N interrupt that no target is offered and that would be the first */
GICv5Candidate gicv5_space_one_of_n(const GICv5Space *sp);

/* --- SPIs --- */

/**
 * GICv5SPIState: an SPI's complete state
 *
 * @word: its state word
 * @domain: GICv5Domain it is assigned to
 * @tm_level: IRS_SPI_CFGR.TM: level-triggered
 * @level: the wire now
 * @virt, @vm: IRS_SPI_VMR: its events are those of the virtual SPI with the
 *     same ID of VM @vm; nothing reaches @word then
 */
typedef struct GICv5SPIState {
    uint32_t word;
    uint16_t vm;
    bool virt;
    uint8_t domain;
    bool tm_level;
    bool level;
} GICv5SPIState;

/* These take a global ID, and do nothing to one that is not of IRS @irs. */

/**
 * gicv5_spi_get: the state of SPI @id
 *
 * Returns false if IRS number @irs does not own it.
 */
bool gicv5_spi_get(const GICv5System *sys, unsigned irs, uint32_t id,
                   GICv5SPIState *state);

/**
 * gicv5_spi_restore: replace the state of SPI @id
 *
 * The domain must exist and the word be sanitized. No event happens.
 */
void gicv5_spi_restore(GICv5System *sys, unsigned irs, uint32_t id,
                       const GICv5SPIState *state);

void gicv5_spi_set_tm(GICv5System *sys, unsigned irs, uint32_t id,
                      bool tm_level);
void gicv5_spi_resample(GICv5System *sys, unsigned irs, uint32_t id);
void gicv5_spi_set_domain(GICv5System *sys, unsigned irs, uint32_t id,
                          GICv5Domain domain);

/**
 * gicv5_spi_set_vm: IRS_SPI_VMR: assign an SPI to a VM, or take it back
 *
 * The physical state stays as it is meanwhile. No event happens: software that
 * wants the wire's level to count in its new place resamples it.
 */
void gicv5_spi_set_vm(GICv5System *sys, unsigned irs, uint32_t id, bool virt,
                      uint16_t vm);

/**
 * gicv5_spi_set_level: wire @n of IRS @irs, 0 .. spi_count - 1, is at @level
 *
 * Returns whether that is a change; if not, nothing happens.
 */
bool gicv5_spi_set_level(GICv5System *sys, unsigned irs, uint32_t n,
                         bool level);

/* --- interrupt state tables --- */

/*
 * What is not yet loaded is in memory. A table that becomes valid has Pending
 * zero everywhere; a pending interrupt that is found later becomes deliverable
 * when its page is loaded. Pages are loaded by whatever names one of their
 * interrupts, and may be dropped, or written back and dropped, when they hold
 * no queued interrupt and memory is short.
 */

/**
 * gicv5_space_ist: the table of the space's interrupts of type @type
 *
 * Of a domain only GICV5_TYPE_LPI: the state of its SPIs is never in memory.
 */
GICv5IST *gicv5_space_ist(GICv5Space *sp, GICv5Type type);

bool gicv5_ist_is_valid(const GICv5IST *ist);

/* Configuration and address of a table that is valid */
const GICv5ISTConfig *gicv5_ist_config(const GICv5IST *ist);
uint64_t gicv5_ist_base(const GICv5IST *ist);

/* Bytes of host memory that its pages take; see lpi_memory */
uint64_t gicv5_ist_memory(const GICv5IST *ist);

/**
 * gicv5_ist_set_valid: IRS_IST_BASER.VALID from 0 to 1
 *
 * Looks at no memory of the guest. @cfg must be clamped to the system's
 * limits. If the host has no memory the table stays invalid.
 */
void gicv5_ist_set_valid(GICv5IST *ist, uint64_t base,
                         const GICv5ISTConfig *cfg);

/**
 * gicv5_ist_set_invalid: IRS_IST_BASER.VALID from 1 to 0
 *
 * Writes back the state that differs from memory, then forgets the table.
 * O(pages that were used).
 */
void gicv5_ist_set_invalid(GICv5IST *ist);

/**
 * gicv5_ist_map_l2: IRS_MAP_L2_ISTR for the level 2 table of interrupt @id
 */
void gicv5_ist_map_l2(GICv5IST *ist, uint32_t id);

/* --- virtual machines --- */

/*
 * A VM is named by the space of its domain and its ID. VM table, VPE tables
 * and descriptors are in memory, and so are their valid bits: the engine holds
 * what it has of a VM from the first operation that names it until the VM
 * becomes invalid. Those that only ask load nothing, and write nothing to
 * memory. None of these functions does anything to a domain without
 * virtualization.
 */

/**
 * gicv5_vmt_set_valid: IRS_VMT_BASER.VALID from 0 to 1; looks at no memory
 *
 * @vm_id_bits is clamped.
 */
void gicv5_vmt_set_valid(GICv5Space *sp, uint64_t base, bool two_level,
                         unsigned vm_id_bits);

/**
 * gicv5_vmt_set_invalid: IRS_VMT_BASER.VALID from 1 to 0
 *
 * O(state of VMs that were used), which is written back.
 */
void gicv5_vmt_set_invalid(GICv5Space *sp);
bool gicv5_vmt_is_valid(const GICv5Space *sp);

/* IRS_VMAP_L2_VMTR */
void gicv5_vmt_map_l2(GICv5Space *sp, uint16_t vm_id);

/**
 * gicv5_vm_set_valid, gicv5_vm_set_invalid: IRS_VMAP_VMR with U=0 and U=1
 *
 * Invalid: residency ends, state is written back. O(state that was used)
 */
void gicv5_vm_set_valid(GICv5Space *sp, uint16_t vm_id);
void gicv5_vm_set_invalid(GICv5Space *sp, uint16_t vm_id);
bool gicv5_vm_is_valid(const GICv5Space *sp, uint16_t vm_id);

/* IRS_VMAP_VISTR with U=0 and U=1, IRS_VMAP_L2_VISTR */
void gicv5_vm_ist_set_valid(GICv5Space *sp, uint16_t vm_id, GICv5Type type);
void gicv5_vm_ist_set_invalid(GICv5Space *sp, uint16_t vm_id, GICv5Type type);
void gicv5_vm_ist_map_l2(GICv5Space *sp, uint16_t vm_id, GICv5Type type,
                         uint32_t id);

/* IRS_VMAP_VPER */
void gicv5_vpe_set_valid(GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id);
bool gicv5_vpe_is_valid(const GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id);

/**
 * GICv5Doorbell: IRS_VPE_DBR
 *
 * @valid: DBV; @requested: REQ_DB
 * @mask: DBPM: interrupts with a priority of at most this number ring
 * @lpi: LPI of the VM's domain
 */
typedef struct GICv5Doorbell {
    bool valid;
    bool requested;
    uint8_t mask;
    uint32_t lpi;
} GICv5Doorbell;

/* False, with nothing done, if the VPE is not valid */
bool gicv5_vpe_set_doorbell(GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id,
                            const GICv5Doorbell *db);
bool gicv5_vpe_doorbell(const GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id,
                        GICv5Doorbell *db);

/* IRS_VPE_CR0.DPS; false if the VPE is not valid */
bool gicv5_vpe_dps(const GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id);
bool gicv5_vpe_set_dps(GICv5Space *sp, uint16_t vm_id, uint16_t vpe_id,
                       bool dps);

/**
 * gicv5_vpe_candidate: IRS_VPE_HPPIR, whether the VPE is resident or not
 *
 * Its own interrupts and, with DPS=0, what it is offered or may be.
 */
GICv5Candidate gicv5_vpe_candidate(const GICv5Space *sp, uint16_t vm_id,
                                   uint16_t vpe_id);

/**
 * GICv5VMDoorbell: IRS_VM_DBR: the VPE whose doorbell is that of the VM's
 * 1-of-N interrupts, too
 *
 * It rings for one that no VPE can take: none is resident that takes part
 * (DPS=0) and is presented candidates. Its own settings (GICv5Doorbell) count,
 * and it must not be resident itself.
 *
 * @enabled: EN
 * @vpe: VPE_ID, which need not be valid
 */
typedef struct GICv5VMDoorbell {
    bool enabled;
    uint16_t vpe;
} GICv5VMDoorbell;

/*
 * False, with nothing done, if the VM is not valid, or has no 1-of-N. A VM that
 * becomes valid has none: it has no descriptor to keep it in (inferred).
 */
bool gicv5_vm_set_doorbell(GICv5Space *sp, uint16_t vm_id,
                           const GICv5VMDoorbell *db);
bool gicv5_vm_doorbell(const GICv5Space *sp, uint16_t vm_id,
                       GICv5VMDoorbell *db);

/**
 * gicv5_vm_save: IRS_SAVE_VMR.S: memory is complete
 *
 * Returns false if the VM is not valid, or memory does not take all of it: then
 * it is not quiescent, and what comes after the first page or VPE that memory
 * did not take has not been tried. O(state that differs, pages with interrupts
 * that are queued, VPEs)
 */
bool gicv5_vm_save(GICv5Space *sp, uint16_t vm_id);

/* IRS_SAVE_VM_STATUSR.Q: nothing has changed since gicv5_vm_save() */
bool gicv5_vm_is_quiescent(GICv5Space *sp, uint16_t vm_id);

/**
 * gicv5_vm_space: the virtual interrupts of a VM; NULL if it is not valid
 *
 * Good until the VM becomes invalid, or the system is reset.
 */
GICv5Space *gicv5_vm_space(GICv5Space *sp, uint16_t vm_id);

/**
 * gicv5_pe_make_resident: ICH_CONTEXTR_EL2 written with V=1
 * @no_hppi: IRICHPPIDIS: its candidate is not presented
 *
 * What was resident leaves without a doorbell. Returns false, with nothing
 * resident, if there is no such VPE or it is resident on another PE. Otherwise
 * its candidate is forwarded before this returns.
 */
bool gicv5_pe_make_resident(GICv5PE *pe, GICv5Space *sp, uint16_t vm_id,
                            uint16_t vpe_id, bool no_hppi);

/**
 * gicv5_pe_make_nonresident: the same with V=0
 * @request, @mask: DB and DBPM. A doorbell rings at once if it can.
 */
void gicv5_pe_make_nonresident(GICv5PE *pe, GICv5Space *sp, bool request,
                               unsigned mask);

/* The space of the VM whose VPE is resident, or NULL */
GICv5Space *gicv5_pe_resident_space(const GICv5PE *pe, GICv5Domain domain);

/* --- migration of VMs --- */

/*
 * What the engine has of VMs is sent, but for state words, of which
 * gicv5_ist_next_part() says what is to be sent. A VM is loaded by
 * gicv5_vm_restore(), gicv5_vpe_restore() for each of its VPEs, the functions
 * below for its tables, and gicv5_vm_restore_end(). Nothing looks at memory.
 *
 * A doorbell is an event, which may look at memory, and it would leave a trace
 * of a stream that is refused after it. So none rings from
 * gicv5_system_hold_doorbells() until gicv5_system_release_doorbells(), or a
 * reset, which forgets them. Those that are due then ring once.
 */
void gicv5_system_hold_doorbells(GICv5System *sys);
void gicv5_system_release_doorbells(GICv5System *sys);

/**
 * GICv5VMState: what the engine has of a VM, but for VPEs and tables
 *
 * @vmte, @vpet: guest addresses of its L2 VMTE and of its VPE table
 * @vpe_id_bits: VPEs have IDs below 2^vpe_id_bits
 * @full: it cannot have VPEs that it does not have yet
 * @quiescent: see gicv5_vm_is_quiescent(); then no state word is dirty
 * @db: IRS_VM_DBR; restored by gicv5_vm_restore_doorbell()
 */
typedef struct GICv5VMState {
    uint16_t id;
    uint64_t vmte;
    uint64_t vpet;
    uint8_t vpe_id_bits;
    bool full;
    bool quiescent;
    GICv5VMDoorbell db;
} GICv5VMState;

/**
 * GICv5VPEState: a VPE
 *
 * @valid: if not, it is there for interrupts to wait for it, and all else is 0
 * @dirty: @db or @dps differs from what is in its descriptor
 * @vped: guest address of the descriptor
 * @resident: on the PE @iaffid, which is 0 otherwise
 * @no_hppi: its candidate is not presented, while resident
 */
typedef struct GICv5VPEState {
    uint16_t id;
    bool valid;
    bool dirty;
    bool dps;
    uint64_t vped;
    GICv5Doorbell db;
    bool resident;
    bool no_hppi;
    uint16_t iaffid;
} GICv5VPEState;

/**
 * gicv5_vm_next: the first VM from @id on of which the engine has something
 *
 * Returns its space, or NULL if there is no more. O(2^VM_ID_BITS / 256)
 */
GICv5Space *gicv5_vm_next(const GICv5Space *sp, uint32_t id,
                          GICv5VMState *state);

/* The first VPE from @id on of a VM; false if there is no more */
bool gicv5_vpe_next(const GICv5Space *vm, uint32_t id, GICv5VPEState *state);

/**
 * gicv5_vm_check_state, gicv5_vpe_check_state: can it be restored?
 *
 * Returns NULL if so, or the name of a member that it cannot have. The domain's
 * VM table must be valid.
 */
const char *gicv5_vm_check_state(const GICv5Space *sp,
                                 const GICv5VMState *state);
const char *gicv5_vpe_check_state(const GICv5Space *vm,
                                  const GICv5VPEState *state);

/* The space of a VM whose state was checked; NULL: there is no memory for it */
GICv5Space *gicv5_vm_restore(GICv5Space *sp, const GICv5VMState *state);

/* The same for a VPE; false: there is no memory for it */
bool gicv5_vpe_restore(GICv5Space *vm, const GICv5VPEState *state);

/*
 * IRS_VM_DBR, after the VPEs. False if there is no 1-of-N, or a VPE that is not
 * there and could be.
 */
bool gicv5_vm_restore_doorbell(GICv5Space *vm, const GICv5VMDoorbell *db);

/* Can an interrupt of the VM have this word? Its VPE must have been restored */
bool gicv5_vm_can_have_word(const GICv5Space *vm, uint32_t word);
void gicv5_vm_restore_end(GICv5Space *vm, const GICv5VMState *state);

/* --- migration of a table --- */

/* log2 of the interrupts of a page, at most */
#define GICV5_IST_PAGE_BITS 8
#define GICV5_IST_PAGE_SIZE (1u << GICV5_IST_PAGE_BITS)

/**
 * GICv5ISTPart: state of one page that a migration has to send
 *
 * @index: number of the page
 * @send: the interrupts whose state is in @words
 * @dirty: those of them whose state in memory is another
 */
typedef struct GICv5ISTPart {
    uint32_t index;
    DECLARE_BITMAP(send, GICV5_IST_PAGE_SIZE);
    DECLARE_BITMAP(dirty, GICV5_IST_PAGE_SIZE);
    uint32_t words[GICV5_IST_PAGE_SIZE];
} GICv5ISTPart;

/* Geometry of a valid table: interrupts of a page, pages, level 2 tables */
uint32_t gicv5_ist_page_size(const GICv5IST *ist);
uint32_t gicv5_ist_num_pages(const GICv5IST *ist);
uint32_t gicv5_ist_l2_tables(const GICv5IST *ist);

/* The level 2 table that page @index is part of */
uint32_t gicv5_ist_l2_of_page(const GICv5IST *ist, uint32_t index);

/* An L1 ISTE with VALID=1 and no bits but L2_ADDR */
bool gicv5_ist_l1e_is_valid(uint64_t l1e);

/**
 * gicv5_system_save_size: bytes that pages, VMs and VPEs to be sent take, at
 * most
 *
 * Of all spaces together. Any thread may call it; O(1).
 */
uint64_t gicv5_system_save_size(const GICv5System *sys);

/**
 * gicv5_ist_next_part: what has to be sent, of the first page from number
 * @index on that has any
 *
 * That is state that differs from memory, and queued interrupts, which would
 * be found too late otherwise. Returns false if there is no more.
 */
bool gicv5_ist_next_part(const GICv5IST *ist, uint32_t index,
                         GICv5ISTPart *part);

/**
 * gicv5_ist_get_words: the state of all interrupts of page @index, zero for
 * those that have none here; false if all are zero
 *
 * @words has room for GICV5_IST_PAGE_SIZE. For containers.
 */
bool gicv5_ist_get_words(const GICv5IST *ist, uint32_t index,
                         uint32_t *words);

/**
 * gicv5_ist_restore_begin: make a table valid without looking at memory
 *
 * Followed by any number of gicv5_ist_restore_part(), and
 * gicv5_ist_restore_end(), also after a failure or a reset. Returns false,
 * with nothing to end, if there is no memory.
 */
bool gicv5_ist_restore_begin(GICv5IST *ist, uint64_t base,
                             const GICv5ISTConfig *cfg);

/**
 * gicv5_ist_restore_part: the reverse of gicv5_ist_next_part()
 *
 * The index must be in range, the words be sanitized.
 * Returns false if the page is there already, or there is no room for it.
 */
bool gicv5_ist_restore_part(GICv5IST *ist, const GICv5ISTPart *part);

/**
 * gicv5_ist_restore_words: the state of all interrupts of page @index, in a
 * table that memory knows nothing of
 */
bool gicv5_ist_restore_words(GICv5IST *ist, uint32_t index,
                             const uint32_t *words);

/**
 * gicv5_ist_restore_zeros: what was not restored is zero, whatever is in
 * memory
 * @l1: the L1 ISTEs of a two-level table, 0 for those that are not valid
 *
 * For streams of the first form, where a page left out meant that. O(size of
 * the table). Returns false if there is no room for what has to be kept.
 */
bool gicv5_ist_restore_zeros(GICv5IST *ist, const uint64_t *l1);
void gicv5_ist_restore_end(GICv5System *sys);

#endif
