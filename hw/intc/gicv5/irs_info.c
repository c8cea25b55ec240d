/*
 * Arm GICv5 IRS: "info pic"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "frame.h"
#include "irs_internal.h"

static void print_candidate(GICv5Candidate c, GString *buf)
{
    uint32_t intid = gicv5_candidate_intid(c);

    if (c == GICV5_CANDIDATE_NONE) {
        g_string_append(buf, "none");
        return;
    }
    g_string_append_printf(buf, "%s %u priority %u",
                           FIELD_EX32(intid, GICV5_INTID, TYPE) ==
                           GICV5_TYPE_SPI ? "SPI" : "LPI",
                           FIELD_EX32(intid, GICV5_INTID, ID),
                           gicv5_candidate_prio(c));
}

static void print_ist(const GICv5IST *ist, GString *buf)
{
    const GICv5ISTConfig *cfg = gicv5_ist_config(ist);

    if (!gicv5_ist_is_valid(ist)) {
        g_string_append(buf, "    IST: not valid\n");
        return;
    }
    g_string_append_printf(buf, "    IST: at 0x%" PRIx64 ", %u LPIs, %s, "
                           "%u-byte entries\n", gicv5_ist_base(ist),
                           1u << cfg->id_bits,
                           cfg->two_level ? "two-level" : "linear",
                           1u << cfg->entry_shift);
}

/* A guest can have more VPEs than anybody wants to read about. */
#define MAX_LINES 256

static void print_vpe(GICv5Space *sp, uint16_t vm, const GICv5VPEState *vpe,
                      GString *buf)
{
    g_string_append_printf(buf, "      VPE %u: HPPI ", vpe->id);
    print_candidate(gicv5_vpe_candidate(sp, vm, vpe->id), buf);
    if (vpe->resident) {
        g_string_append_printf(buf, ", resident on IAFFID %u", vpe->iaffid);
    }
    if (vpe->db.valid) {
        g_string_append_printf(buf, ", doorbell LPI %u", vpe->db.lpi);
    }
    if (vpe->db.requested) {
        g_string_append_printf(buf, ", rings from priority %u on",
                               vpe->db.mask);
    }
    g_string_append_c(buf, '\n');
}

static void print_vm(const GICv5Space *space, const GICv5VMState *vm,
                     GString *buf)
{
    GICv5Candidate one_of_n = gicv5_space_one_of_n(space);

    g_string_append_printf(buf, "    VM %u", vm->id);
    if (one_of_n != GICV5_CANDIDATE_NONE) {
        g_string_append(buf, ": 1-of-N: ");
        print_candidate(one_of_n, buf);
    }
    if (vm->db.enabled) {
        g_string_append_printf(buf, "%s 1-of-N rings for VPE %u",
                               one_of_n == GICV5_CANDIDATE_NONE ? ":" : ",",
                               vm->db.vpe);
    }
    g_string_append_c(buf, '\n');
}

static void print_vms(GICv5Space *sp, GString *buf)
{
    unsigned lines = 0;
    GICv5Space *space;
    GICv5VPEState vpe;
    GICv5VMState vm;

    for (uint32_t id = 0; (space = gicv5_vm_next(sp, id, &vm));
         id = vm.id + 1) {
        print_vm(space, &vm, buf);
        lines++;
        for (uint32_t n = 0; lines <= MAX_LINES &&
             gicv5_vpe_next(space, n, &vpe); n = vpe.id + 1) {
            if (vpe.valid) {
                print_vpe(sp, vm.id, &vpe, buf);
            }
            lines++;
        }
        if (lines > MAX_LINES) {
            g_string_append(buf, "    ...\n");
            return;
        }
    }
}

void gicv5_irs_print(ARMGICv5CommonState *s, GString *buf)
{
    g_string_append_printf(buf, "GICv5 IRS %u: %u SPIs from %u, of %u\n",
                           s->irsid, s->spi_irs_range, s->spi_base,
                           s->spi_range);
    for (unsigned d = 0; d < GICV5_NUM_DOMAINS; d++) {
        GICv5Candidate one_of_n;

        if (!arm_gicv5_has_domain(s, d)) {
            continue;
        }
        g_string_append_printf(buf, "  %s domain: %s\n", gicv5_domain_name(d),
                               gicv5_irs_is_enabled(s->sys, s->engine_irs, d) ?
                               "enabled" : "disabled");
        print_ist(gicv5_irs_ist(s, d), buf);
        for (uint32_t i = 0; i < s->num_cpus; i++) {
            const GICv5PE *pe = s->port[i].irs_pe;

            g_string_append_printf(buf, "    IAFFID %u: HPPI ",
                                   gicv5_pe_iaffid(pe));
            print_candidate(gicv5_pe_candidate(pe, d), buf);
            if (s->one_of_n) {
                g_string_append_printf(buf, ", 1-of-N %s",
                                       gicv5_pe_one_of_n_limit(pe, d) ?
                                       "yes" : "no");
            }
            g_string_append_c(buf, '\n');
        }
        one_of_n = gicv5_space_one_of_n(gicv5_irs_space(s, d));
        if (one_of_n != GICV5_CANDIDATE_NONE) {
            g_string_append(buf, "    1-of-N: ");
            print_candidate(one_of_n, buf);
            g_string_append_c(buf, '\n');
        }
        if (!s->primary && gicv5_irs_has_vms(&s->d[d])) {
            print_vms(gicv5_irs_space(s, d), buf);
        }
    }
}
