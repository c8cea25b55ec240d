/*
 * Arm GICv5 CPU interface: the HPPI and sufficient priority
 *
 * Rule labels (R_xxxxx, D_xxxxx) are those of the GICv5 specification.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "cpuif_internal.h"

/*
 * The HPPI of a context. Of a PPI and an IRS interrupt of equal priority we
 * take the PPI (R_VVBPS): it costs less to handle.
 */
static GICv5Candidate context_hppi(const GICv5CPUIf *c, GICv5ContextID ctx)
{
    GICv5Candidate ppi = gicv5_ppi_best(c, ctx);
    GICv5Candidate irs = c->context[ctx].irs_hppi;

    return gicv5_candidate_prio(ppi) <= gicv5_candidate_prio(irs) ? ppi : irs;
}

GICv5Candidate gicv5_cpuif_signalled(const GICv5CPUIf *c, GICv5ContextID ctx)
{
    unsigned limit = gicv5_cpuif_limit(c, ctx);
    GICv5Candidate hppi;

    if (!limit) {
        return GICV5_CANDIDATE_NONE;
    }
    /* "No candidate" has priority 32, which is never below the limit. */
    hppi = context_hppi(c, ctx);
    return gicv5_candidate_prio(hppi) < limit ? hppi : GICV5_CANDIDATE_NONE;
}

uint64_t gicv5_cpuif_hppir(ARMCPU *cpu, GICv5ContextID ctx)
{
    GICv5CPUIf *c = gicv5_cpuif(cpu);
    GICv5Candidate hppi;

    /*
     * We show what an acknowledge would return, so nothing while EN is 0 or
     * the priority is not sufficient; being an NMI or not does not matter.
     */
    qemu_spin_lock(&c->lock);
    hppi = gicv5_cpuif_signalled(c, ctx);
    qemu_spin_unlock(&c->lock);

    if (hppi == GICV5_CANDIDATE_NONE) {
        return 0;
    }
    return R_ICC_HPPIR_HPPIV_MASK | gicv5_candidate_intid(hppi);
}
