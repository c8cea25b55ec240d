/*
 * Arm GICv5 IRS: register layouts, and what the device's files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_INTC_ARM_GICV5_INTERNAL_H
#define HW_INTC_ARM_GICV5_INTERNAL_H

#include "hw/intc/arm_gicv5_common.h"
#include "hw/registerfields.h"
#include "engine.h"

/* --- config frame --- */

REG32(IRS_IDR0, 0x0000)
    FIELD(IRS_IDR0, INT_DOM, 0, 2)
    FIELD(IRS_IDR0, PA_RANGE, 2, 4)
    FIELD(IRS_IDR0, VIRT, 6, 1)
    FIELD(IRS_IDR0, ONE_N, 7, 1)
    FIELD(IRS_IDR0, VIRT_ONE_N, 8, 1)
    FIELD(IRS_IDR0, SETLPI, 9, 1)
    FIELD(IRS_IDR0, MEC, 10, 1)
    FIELD(IRS_IDR0, MPAM, 11, 1)
    FIELD(IRS_IDR0, SWE, 12, 1)
    FIELD(IRS_IDR0, IRSID, 16, 16)

REG32(IRS_IDR1, 0x0004)
    FIELD(IRS_IDR1, PE_CNT, 0, 16)
    FIELD(IRS_IDR1, IAFFID_BITS, 16, 4)
    FIELD(IRS_IDR1, PRIORITY_BITS, 20, 3)

REG32(IRS_IDR2, 0x0008)
    FIELD(IRS_IDR2, ID_BITS, 0, 5)
    FIELD(IRS_IDR2, LPI, 5, 1)
    FIELD(IRS_IDR2, MIN_LPI_ID_BITS, 6, 4)
    FIELD(IRS_IDR2, IST_LEVELS, 10, 1)
    FIELD(IRS_IDR2, IST_L2SZ, 11, 3)
    FIELD(IRS_IDR2, ISTMD, 14, 1)
    FIELD(IRS_IDR2, ISTMD_SZ, 15, 5)

REG32(IRS_IDR3, 0x000C)
REG32(IRS_IDR4, 0x0010)

REG32(IRS_IDR5, 0x0014)
    FIELD(IRS_IDR5, SPI_RANGE, 0, 25)

REG32(IRS_IDR6, 0x0018)
    FIELD(IRS_IDR6, SPI_IRS_RANGE, 0, 25)

REG32(IRS_IDR7, 0x001C)
    FIELD(IRS_IDR7, SPI_BASE, 0, 24)

REG32(IRS_IIDR, 0x0040)
    FIELD(IRS_IIDR, IMPLEMENTER, 0, 12)
    FIELD(IRS_IIDR, REVISION, 12, 4)
    FIELD(IRS_IIDR, VARIANT, 16, 4)
    FIELD(IRS_IIDR, PRODUCTID, 20, 12)

REG32(IRS_AIDR, 0x0044)

REG32(IRS_CR0, 0x0080)
    FIELD(IRS_CR0, IRSEN, 0, 1)
    FIELD(IRS_CR0, IDLE, 1, 1)

REG32(IRS_CR1, 0x0084)
    FIELD(IRS_CR1, SH, 0, 2)
    FIELD(IRS_CR1, OC, 2, 2)
    FIELD(IRS_CR1, IC, 4, 2)
    FIELD(IRS_CR1, IST_RA, 6, 1)
    FIELD(IRS_CR1, IST_WA, 7, 1)

REG32(IRS_SYNCR, 0x00C0)
    FIELD(IRS_SYNCR, SYNC, 31, 1)
REG32(IRS_SYNC_STATUSR, 0x00C4)
    FIELD(IRS_SYNC_STATUSR, IDLE, 0, 1)

REG64(IRS_SPI_VMR, 0x0100)
REG32(IRS_SPI_SELR, 0x0108)
    FIELD(IRS_SPI_SELR, ID, 0, 24)
REG32(IRS_SPI_DOMAINR, 0x010C)
    FIELD(IRS_SPI_DOMAINR, DOMAIN, 0, 2)
REG32(IRS_SPI_RESAMPLER, 0x0110)
    FIELD(IRS_SPI_RESAMPLER, SPI_ID, 0, 24)
REG32(IRS_SPI_CFGR, 0x0114)
    FIELD(IRS_SPI_CFGR, TM, 0, 1)
REG32(IRS_SPI_STATUSR, 0x0118)
    FIELD(IRS_SPI_STATUSR, IDLE, 0, 1)
    FIELD(IRS_SPI_STATUSR, V, 1, 1)

REG32(IRS_PE_SELR, 0x0140)
    FIELD(IRS_PE_SELR, IAFFID, 0, 16)
REG32(IRS_PE_STATUSR, 0x0144)
    FIELD(IRS_PE_STATUSR, IDLE, 0, 1)
    FIELD(IRS_PE_STATUSR, V, 1, 1)
    FIELD(IRS_PE_STATUSR, ONLINE, 2, 1)
REG32(IRS_PE_CR0, 0x0148)
    FIELD(IRS_PE_CR0, DPS, 0, 1)

REG64(IRS_IST_BASER, 0x0180)
    FIELD(IRS_IST_BASER, VALID, 0, 1)
    FIELD(IRS_IST_BASER, ADDR, 6, 50)
REG32(IRS_IST_CFGR, 0x0190)
    FIELD(IRS_IST_CFGR, LPI_ID_BITS, 0, 5)
    FIELD(IRS_IST_CFGR, L2SZ, 5, 2)
    FIELD(IRS_IST_CFGR, ISTSZ, 7, 2)
    FIELD(IRS_IST_CFGR, STRUCTURE, 16, 1)
REG32(IRS_IST_STATUSR, 0x0194)
    FIELD(IRS_IST_STATUSR, IDLE, 0, 1)
REG32(IRS_MAP_L2_ISTR, 0x01C0)
    FIELD(IRS_MAP_L2_ISTR, ID, 0, 24)

/* Virtualization: absent, so RAZ/WI (IDR0.VIRT = 0) */
REG32(IRS_VMT_BASER, 0x0200)
REG32(IRS_SAVE_VM_STATUSR, 0x0308)
/* MEC and MPAM: absent too */
REG32(IRS_MEC_IDR, 0x0340)
REG32(IRS_MPAM_PARTID_R, 0x0384)

REG64(IRS_SWERR_STATUSR, 0x03C0)
    FIELD(IRS_SWERR_STATUSR, V, 0, 1)
    FIELD(IRS_SWERR_STATUSR, S0V, 1, 1)
    FIELD(IRS_SWERR_STATUSR, S1V, 2, 1)
    FIELD(IRS_SWERR_STATUSR, OF, 3, 1)
    FIELD(IRS_SWERR_STATUSR, EC, 16, 8)
    FIELD(IRS_SWERR_STATUSR, IMP_EC, 24, 8)
REG64(IRS_SWERR_SYNDROMER0, 0x03C8)
    FIELD(IRS_SWERR_SYNDROMER0, VM_ID, 0, 16)
    FIELD(IRS_SWERR_SYNDROMER0, ID, 32, 24)
    FIELD(IRS_SWERR_SYNDROMER0, TYPE, 60, 3)
    FIELD(IRS_SWERR_SYNDROMER0, VIRTUAL, 63, 1)
REG64(IRS_SWERR_SYNDROMER1, 0x03D0)
    FIELD(IRS_SWERR_SYNDROMER1, ADDR, 3, 53)

REG32(IRS_DEVARCH, 0xFFBC)
REG32(IRS_PIDR4, 0xFFD0)
REG32(IRS_CIDR3, 0xFFFC)

/* --- SETLPI frame --- */

REG32(IRS_SETLPIR, 0x0000)
    FIELD(IRS_SETLPIR, ID, 0, 24)

/* Bits of registers that can be written */
#define GICV5_IRS_CR1_MASK \
    (R_IRS_CR1_SH_MASK | R_IRS_CR1_OC_MASK | R_IRS_CR1_IC_MASK | \
     R_IRS_CR1_IST_RA_MASK | R_IRS_CR1_IST_WA_MASK)
#define GICV5_IRS_IST_CFGR_MASK \
    (R_IRS_IST_CFGR_LPI_ID_BITS_MASK | R_IRS_IST_CFGR_L2SZ_MASK | \
     R_IRS_IST_CFGR_ISTSZ_MASK | R_IRS_IST_CFGR_STRUCTURE_MASK)

/**
 * arm_gicv5_common_undo_realize: undo what realize of the common class did
 *
 * As far as it came; for a child class whose own part of realize fails.
 */
void arm_gicv5_common_undo_realize(ARMGICv5CommonState *s);

extern const VMStateDescription vmstate_arm_gicv5;
extern const MemoryRegionOps gicv5_irs_config_ops;
extern const MemoryRegionOps gicv5_irs_setlpi_ops;

/**
 * gicv5_irs_record_swerr: IRS_SWERR_* of the frame @d
 *
 * The first error stays; later ones set OF until software clears the record.
 */
void gicv5_irs_record_swerr(GICv5IRSDomain *d, GICv5SWErr ec, uint32_t id,
                            uint64_t addr);

/**
 * gicv5_irs_space, gicv5_irs_ist: what the engine has for a domain
 */
static inline GICv5Space *gicv5_irs_space(const ARMGICv5CommonState *s,
                                          GICv5Domain domain)
{
    return gicv5_system_space(s->sys, domain);
}

static inline GICv5IST *gicv5_irs_ist(const ARMGICv5CommonState *s,
                                      GICv5Domain domain)
{
    return gicv5_space_ist(gicv5_irs_space(s, domain), GICV5_TYPE_LPI);
}

/**
 * gicv5_irs_ist_config: how the IRS takes a value of IRS_IST_CFGR
 *
 * Values out of range are logged and clamped.
 */
GICv5ISTConfig gicv5_irs_ist_config(const ARMGICv5CommonState *s,
                                    uint32_t cfgr);

/**
 * gicv5_irs_set_idrs: @idr of an IRS from its properties
 */
void gicv5_irs_set_idrs(ARMGICv5CommonState *s);

/**
 * gicv5_irs_check_idr: the default of ARMGICv5CommonClass.check_idr
 */
bool gicv5_irs_check_idr(ARMGICv5CommonState *s, const uint32_t *idr,
                         Error **errp);

/**
 * gicv5_irs_vmstate_init, gicv5_irs_vmstate_cleanup: tell migrations how much
 * an IRS will have to send while the machine is stopped
 *
 * For a primary IRS, whose engine exists. Cleanup may come without init.
 */
void gicv5_irs_vmstate_init(ARMGICv5CommonState *s);
void gicv5_irs_vmstate_cleanup(ARMGICv5CommonState *s);

/**
 * gicv5_irs_print: "info pic" of one IRS
 */
void gicv5_irs_print(ARMGICv5CommonState *s, GString *buf);

/**
 * kvm_gicv5_can_renew_vm: can kvm_gicv5_renew_vm() succeed?
 *
 * Not with vfio devices, PCI devices in another process or dirty rings.
 */
bool kvm_gicv5_can_renew_vm(void);

/**
 * kvm_gicv5_renew_vm: replace the VM and its vCPUs by new ones
 * @type: argument of KVM_CREATE_VM
 *
 * Memory, ioeventfds and capabilities are those of the old VM; there is no
 * GICv5 yet, and the file descriptor of the old one has to be closed. Registers
 * of vCPUs are those of reset. No vCPU executes; caller holds the BQL.
 * Returns false with @errp set if the kernel refuses: then there is no VM, and
 * QEMU has to end.
 */
bool kvm_gicv5_renew_vm(int type, Error **errp);

#endif
