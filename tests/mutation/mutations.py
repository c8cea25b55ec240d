# The mutations: what is broken, and which tests should notice
#
# SPDX-License-Identifier: GPL-2.0-or-later

from collections import namedtuple

# files: where to look, as a glob; old: must be there once, whatever its blanks;
# new: what replaces it; suites: run in this order until one fails
Mutation = namedtuple('Mutation', 'name files old new suites')

ENGINE = 'hw/intc/gicv5/[!i]*.[ch]'
IRS = 'hw/intc/gicv5/irs_frame.c'
FRAME = 'hw/intc/gicv5/frame.c'
ID_BLOCK = 'hw/intc/gicv5/id_block.h'
SWERR = 'hw/intc/gicv5/swerr.c'
MEMORY = 'hw/intc/gicv5/dma.c'
ITS_TABLE = 'hw/intc/gicv5/its_table.c'
ITS_FRAME = 'hw/intc/gicv5/its_frame.c'
IWB = 'hw/intc/gicv5/iwb.c'
STREAM = 'hw/intc/gicv5/irs_vmstate.c'
CPUIF = 'target/arm/gicv5/[achlp]*.c'
INSNS = 'target/arm/gicv5/insns.c'
REGS = 'target/arm/gicv5/regs_el1.c'
CPUIF_STREAM = 'target/arm/gicv5/vmstate.c'
BOARD = 'hw/arm/virt-gicv5.c'
ACPI = 'hw/arm/virt-gicv5-acpi.c'


def engine(name, old, new, *suites):
    return Mutation('engine: ' + name, ENGINE, old, new, suites or ('unit',))


def vm(name, old, new, *suites):
    return Mutation('VM: ' + name, ENGINE, old, new, suites or ('unit-vm',))


def irs(name, old, new, *suites, files=IRS):
    return Mutation('IRS: ' + name, files, old, new, suites or ('qtest',))


def its(name, old, new, files=ITS_FRAME):
    return Mutation('ITS: ' + name, files, old, new,
                    ('unit-its',) if files == ITS_TABLE else ('qtest-its',))


def iwb(name, old, new):
    return Mutation('IWB: ' + name, IWB, old, new, ('qtest-iwb',))


def cpuif(name, files, old, new, *suites):
    return Mutation('CPU interface: ' + name, files, old, new,
                    suites or ('baremetal-ppi',))


def stream(name, files, old, new, *suites):
    return Mutation('migration: ' + name, files, old, new, suites)


MUTATIONS = (
    engine('an active interrupt is delivered again',
           'R_GICV5_ISTE_ENABLE_MASK | R_GICV5_ISTE_ACTIVE_MASK)) ==',
           'R_GICV5_ISTE_ENABLE_MASK)) =='),
    engine('handling modes swapped at an acknowledge',
           'if (!(word & R_GICV5_ISTE_HM_MASK)) { '
           'word &= ~R_GICV5_ISTE_PENDING_MASK;',
           'if (word & R_GICV5_ISTE_HM_MASK) { '
           'word &= ~R_GICV5_ISTE_PENDING_MASK;'),
    engine('an event keeps the handling mode',
           'word = FIELD_DP32(word, GICV5_ISTE, HM, '
           'event == GICV5_SET_LEVEL);', ''),
    engine('wrong tail after the last of a queue has gone',
           'set->tail[prio] = n->prev;', ''),
    engine('an empty queue stays marked', 'set->occupied &= ~BIT(prio);', ''),
    engine('priority bits that do not exist are kept',
           'value & prio_mask(sp->sys));', 'value & 0x1f);'),
    engine('targets above 255', 'IAFFID, value & UINT16_MAX);',
           'IAFFID, value & 0xff);'),
    engine('ICSR without HM',
           'icsr = FIELD_DP64(icsr, GICV5_ICSR, HM, '
           'FIELD_EX32(word, GICV5_ISTE, HM));', ''),
    engine('reserved bits of an INTID are ignored',
           'return !FIELD_EX32(intid, GICV5_INTID, RES0) && (type ==',
           'return (type =='),
    engine('SPIs of other domains are reachable',
           'return spi && spi->space == sp ? spi : NULL;',
           'return spi;'),
    engine('resampling a low edge wire pends', '} else if (spi->level) { '
           'spi_event(spi, id, GICV5_SET_EDGE);',
           '} else { spi_event(spi, id, GICV5_SET_EDGE);'),
    engine('level to edge keeps pending',
           '/* A wire that is already high is no edge. */ '
           'spi_event(spi, id, GICV5_CLEAR);', ''),
    engine('another domain loses the state',
           'gicv5_set_word(to, intid, &spi->node, word);',
           'gicv5_set_word(to, intid, &spi->node, word & 0);'),
    engine('DPS is ignored', 'if (t->dps || !gicv5_target_is_enabled(t)) {',
           'if (!gicv5_target_is_enabled(t)) {'),
    engine('IRSEN is ignored for candidates',
           'if (!gicv5_target_is_enabled(t)) { '
           'return GICV5_CANDIDATE_NONE;',
           'if (false) { return GICV5_CANDIDATE_NONE;'),
    engine('1-of-N always goes to the same PE',
           'QTAILQ_INSERT_TAIL(&o->idle[t->room], t, taker);',
           'QTAILQ_INSERT_HEAD(&o->idle[t->room], t, taker);'),
    engine('equal load of its own starves 1-of-N',
           'if (own < GICV5_NUM_PRIOS && !t->had_offer) {', 'if (false) {'),
    engine('reset keeps the trigger mode', 'irs->spi[n].tm_level = false;', ''),
    engine('reset keeps DPS', 't->dps = false;', ''),
    engine('an L1 entry that is not valid is used',
           'if (!(l1e & R_L1_ISTE_VALID_MASK)) { return false; } *addr =',
           'if (false) { return false; } *addr ='),
    engine('larger entries are written as if they were small',
           'if (shift == 2) {', 'if (true) {'),
    engine('what changed is not written back',
           'if (dirty && !test_and_set_bit(', 'if (false && !test_and_set_bit('),
    engine('no bound of memory', 'if (!vm && cfg->lpi_memory && ist->memory',
           'if (false && ist->memory'),
    vm('DBPM is exclusive',
       'gicv5_candidate_prio(gicv5_pendset_peek(&t->set)) <= vpe->db.mask;',
       'gicv5_candidate_prio(gicv5_pendset_peek(&t->set)) < vpe->db.mask;'),
    vm('a doorbell rings for ever',
       'vpe->rings = true; vpe->db.requested = false;', 'vpe->rings = true;'),
    vm('a doorbell of a VPE that is resident',
       'return vpe->valid && !t->pe && vpe->db.valid',
       'return vpe->valid && vpe->db.valid'),
    vm('resident on two PEs',
       'if (!vpe || (vpe->target.pe && vpe->target.pe != pe)) {',
       'if (!vpe) {'),
    vm('IRICHPPIDIS is ignored', 'vpe->no_hppi = no_hppi;', ''),
    vm('words of VMTEs are read once',
       'if (!read64(sp, ist_word_addr(vm, type), &word)) {',
       'word = 0; if (false) {'),
    vm('doorbell settings get lost', 'if (!vpe->dirty) { continue; }',
       'continue;'),
    vm('a VM that is invalid keeps its state in the engine',
       'save_vm(vm); addr = vm->vmte; drop_vm(vm);',
       'save_vm(vm); addr = vm->vmte;'),
    vm('changes after a save go unseen', 'sp->changes += dirty;', ''),
    vm('memory without a bound', 'if (!cfg->vm_memory || vmt->memory + bytes',
       'if (true || vmt->memory + bytes'),
    vm('targets after there was no memory for one',
       'sp->full = true;', ''),
    vm('a doorbell rings within another', 'if (sys->is_ringing) { return; }',
       ''),
    vm('a save that memory refused counts',
       'vm->was_saved = save_vm(vm);', 'save_vm(vm); vm->was_saved = true;'),
    vm('no page goes for another VM',
       '} while (!vm && make_room && gicv5_vm_make_room(sp));',
       '} while (false);'),
    vm('a VPE that was valid before its VM is not known',
       'know_vpe(vm, vpe); } return vpe;', '} return vpe;'),
    vm('doorbells do not move', 'vpe->db = state->db;', ''),
    vm('a move is quiescence', 'vm->vm->was_saved = state->quiescent;',
       'vm->vm->was_saved = true;'),
    vm('a VM that is full has room after a move',
       'vm->space.full = state->full;', ''),
    vm('residency does not move', 'if (state->resident) {', 'if (false) {'),
    vm('two VPEs on a PE', 'return !pe || pe->resident[vm->domain] ?',
       'return !pe ?'),
    vm('interrupts wait for VPEs that are not there',
       'return vm->full || vpe >> vm->id_bits ||',
       'return true || vm->full || vpe >> vm->id_bits ||'),
    irs('IST_CFGR can be written while the table is valid',
        'if (gicv5_ist_is_valid(gicv5_irs_ist(ist->irs, ist->domain))) {',
        'if (false) {'),
    irs('SPI_SELR selects SPIs of other domains',
        '(d->domain == GICV5_DOMAIN_EL3 || spi->domain == d->domain)',
        'true'),
    irs('half a write clears the other half', 'reg->w1c ? 0 : reg_value(f, &a)',
        '0', files=FRAME),
    irs('a 64-bit access to a 32-bit register', 'size == reg_bytes(reg) ||',
        'size >= reg_bytes(reg) ||', files=FRAME),
    irs('writes to read-only registers without a message',
        'if (reg->kind == GICV5_REG_RO) {',
        'if (reg->kind == GICV5_REG_RO) { return;', files=FRAME),
    irs('messages of registers that are absent', 'return is_res0(f, reg) ||',
        'return (reg->kind != GICV5_REG_RES0 && is_res0(f, reg)) ||',
        files=FRAME),
    irs('write-only registers forget half of what is written',
        'reg->w1c ? 0 : reg_value(f, &a)',
        'reg->w1c || reg->kind == GICV5_REG_WO ? 0 : reg_value(f, &a)',
        'unit-frame', files=FRAME),
    irs('an array of registers is one register short',
        'MAX(reg->count, 1) * reg_bytes(reg)',
        'MAX(reg->count - 1, 1) * reg_bytes(reg)', 'unit-frame', files=FRAME),
    irs('a change of memory beyond its mask', 'cpu_to_le64(bits & mask)',
        'cpu_to_le64(bits)', 'unit-memory', files=MEMORY),
    irs('tables reach devices', '.memory = 1,', '', 'unit-memory',
        files=MEMORY),
    irs('no overflow of software errors',
        'r->statusr |= R_GICV5_SWERR_STATUSR_OF_MASK;', '', files=SWERR),
    irs('SETLPI frame without SETLPI', 'if (!d->irs->setlpi) {',
        'if (false) {'),
    irs('IDR2 without a size of level 2 tables', 'IST_L2SZ, 7', 'IST_L2SZ, 3'),
    irs('resampler of another domain',
        '|| spi.domain != d->domain) {', ') {'),
    irs('PEs are never online', '| R_IRS_PE_STATUSR_ONLINE_MASK', ''),
    irs('PIDR2 without JEDEC', '1 << 3 | (GICV5_IMPLEMENTER >> 4 & 7)',
        '(GICV5_IMPLEMENTER >> 4 & 7)', files=ID_BLOCK),
    cpuif('the mask is exclusive', CPUIF, 'MIN(context->pcr + 1,',
          'MIN(context->pcr,'),
    cpuif('equal priority preempts', CPUIF,
          '1, gicv5_running_prio(context));',
          '1, gicv5_running_prio(context) + 1);'),
    cpuif('an IRS interrupt beats an equal PPI', CPUIF,
          'gicv5_candidate_prio(ppi) <= gicv5_candidate_prio(irs)',
          'gicv5_candidate_prio(ppi) < gicv5_candidate_prio(irs)',
          'baremetal-lpi', 'baremetal-ppi'),
    cpuif('no superpriority', CPUIF,
          '== 0 ? GICV5_LINE_NMI : GICV5_LINE_IRQ',
          '== 0 ? GICV5_LINE_IRQ : GICV5_LINE_IRQ'),
    cpuif('an edge PPI stays pending', CPUIF,
          '~(bit & gicv5_ppi_edge_mask(word)));', '~0ULL);'),
    cpuif('a level PPI loses its line', CPUIF,
          '~(bit & gicv5_ppi_edge_mask(word)));', '~bit);'),
    cpuif('a drop drops all', CPUIF,
          'apr = context->apr & (context->apr - 1);', 'apr = 0;'),
    cpuif('CDIA takes NMIs', CPUIF, '(ack == GICV5_ACK_NOT_NMI && prio_0) ||',
          ''),
    cpuif('HAPR when idle', REGS,
          'return prio == GICV5_PRIO_IDLE ? GICV5_HAPR_IDLE : prio;',
          'return prio;', 'baremetal-regs', 'baremetal-ppi'),
    cpuif('APR has 31 bits', CPUIF, 'value & GICV5_APR_MASK);',
          'value & INT32_MAX);', 'baremetal-regs', 'baremetal-ppi'),
    cpuif('PPIs of another context', CPUIF, 'value &= mask;', '',
          'unit-cpuif'),
    cpuif('EL3 reaches the domain below it', CPUIF,
          'if (view == GICV5_VIEW_CURRENT &&', 'if (false &&', 'unit-cpuif'),
    cpuif('an interrupt of another domain is an IRQ', CPUIF,
          '(ctx != c->current || ctx == GICV5_CONTEXT_EL3) &&', 'false &&',
          'unit-cpuif'),
    cpuif('CDAFF forgets IRM', INSNS, 'target |= GICV5_TARGET_IRM;', '',
          'baremetal-lpi', 'baremetal-smp'),
    cpuif('no INTIDs above 16 bits', INSNS,
          'id >> gicv5_id_bits(&env->gicv5)', 'id >> 16', 'baremetal-lpi'),
    cpuif('ICC_IAFFIDR_EL1 can be written', REGS,
          'PE("IAFFIDR", 10, 5, PL1_R, iaffidr)',
          'PE("IAFFIDR", 10, 5, PL1_RW, iaffidr)',
          'baremetal-undef'),
    stream('level of a wire', STREAM, 'MIG_SPI, LEVEL, spi.level);',
           'MIG_SPI, LEVEL, false);', 'qtest-migration', 'migration-golden'),
    stream('DPS', STREAM, 's->mig_dps[i] |= gicv5_pe_dps(pe, d) << d;',
           '(void)pe;',
           'qtest-migration', 'migration-golden'),
    stream('words that cannot be', STREAM,
           'if (word != gicv5_sanitize_word(sp, word)) {',
           'if (false) {', 'migration-refusals'),
    stream('changes that are not sent', STREAM,
           'bitmap_andnot(stray, part.dirty, part.send, '
           'GICV5_IST_PAGE_SIZE)) {',
           '(bitmap_andnot(stray, part.dirty, part.send, '
           'GICV5_IST_PAGE_SIZE) && false)) {', 'migration-refusals'),
    stream('stale memory with the first form', STREAM,
           '!is_container(s) && !gicv5_ist_restore_zeros(ist, l1)',
           'false', 'migration-golden'),
    stream('other ID registers', STREAM, 'if (s->idr[i] != idr[i]) {',
           'if (false) {', 'migration-refusals'),
    stream('a field is gone', CPUIF_STREAM,
           'VMSTATE_UINT64(apr, GICv5Context),', '', 'migration-golden'),
    stream('a wider field', STREAM, 'VMSTATE_UINT32_EQUAL(spi_range,',
           'VMSTATE_UNUSED(4), VMSTATE_UINT32_EQUAL(spi_range,',
           'vmstate-check', 'migration-golden'),
    stream('EN is not told to the IRS', CPUIF_STREAM,
           'gicv5_cpuif_tell_limits(cpu);', '',
           'qtest-migration', 'migration-golden'),
    Mutation('board: its=on is accepted', BOARD,
             'if (vms->its && vms->its_set) {', 'if (false) {',
             ('board-errors',)),
    Mutation('board: wrong PPI of the virtual timer', BOARD,
             '[GTIMER_VIRT] = GICV5_PPI_CNTV,',
             '[GTIMER_VIRT] = GICV5_PPI_CNTPS,', ('baremetal-ppi',)),
    Mutation('board: two cells', BOARD, '"#interrupt-cells", 3',
             '"#interrupt-cells", 2', ('board-errors',)),
    Mutation('board: IAFFID in the MADT', ACPI,
             'virt_gicv5_iaffid(i), 2);', 'virt_gicv5_iaffid(0), 2);',
             ('acpi-tables',)),
    Mutation('board: flags of the GICC', ACPI, 'table, GICC_ENABLED, 4);',
             'table, 0, 4);', ('acpi-tables',)),
    its('a failure is remembered', 'if (!itte) { return false; }',
        'if (!itte) { cache_add(t, device, event, 1); return false; }',
        files=ITS_TABLE),
    its('SPAN is not looked at',
        'if (index >> MIN(FIELD_EX64(l1e, ITS_L1E, SPAN), l2_bits)) {',
        'if (0) {', files=ITS_TABLE),
    its('VALID of an L1_DTE is not looked at',
        'if (!FIELD_EX64(l1e, ITS_L1E, VALID)) {', 'if (0) {',
        files=ITS_TABLE),
    its('EVENT_ID_BITS 0 is no event',
        'if (event >> MIN(FIELD_EX64(dte, ITS_DTE, EVENT_ID_BITS),',
        'if ((1 + event) >> MIN(FIELD_EX64(dte, ITS_DTE, EVENT_ID_BITS),',
        files=ITS_TABLE),
    its('INV with L1 drops one event only',
        'uint64_t events = l1 ? 1u << l2_bits : 1;', 'uint64_t events = 1;',
        files=ITS_TABLE),
    its('INV of a device drops that of its neighbours',
        'r->device - device < devices', 'r->device - device <= devices',
        files=ITS_TABLE),
    its('another event of the device is taken for this one',
        '&& set[i].event == event', '', files=ITS_TABLE),
    its('results are not counted when they are dropped',
        'r->itte = 0; t->used--;', 'r->itte = 0;', files=ITS_TABLE),
    its('events while ITSEN is 0', 'if (!d->cr0) { return; }', ''),
    its('tables can be moved while they are used',
        'if (d->cr0) { qemu_log_mask', 'if (0) { qemu_log_mask'),
    its('the offset of a translate frame',
        'a->attrs.requester_id + t->offset', 'a->attrs.requester_id'),
    its('16-bit writes', 'if (size == 2 && reg && reg->halfword &&', 'if (0 &&',
        files=FRAME),
    its('events of other domains', 'if (target != d->domain) {', 'if (0) {'),
    its('RL_TRANSLATER in each domain',
        'return t->d->domain == GICV5_DOMAIN_REALM;',
        'return t->d->domain != GICV5_NUM_DOMAINS;'),
    its('the cache outlives a change of ITSEN',
        'gicv5_its_table_configure(&d->table, &cfg);', 'd->table.cfg = cfg;'),
    iwb('an edge of a wire that is off', '} else if (level && is_on(s, n)) {',
        '} else if (level) {'),
    iwb('nothing is sampled when IWBEN is set',
        'sample(s, i * 32 + ctz32(v));', ''),
    iwb('nothing is cleared when IWBEN is cleared',
        'clear(s, i * 32 + ctz32(v));', ''),
    iwb('wires are accessible from everywhere',
        'access_domain(attrs) == domain_space(s, wire_domain(s, wire)));',
        'true);'),
    iwb('domains that do not exist',
        'if (!gicv5_its_has_domain(s->its, domain)) { qemu_log_mask',
        'if (0) { qemu_log_mask'),
    iwb('IWB_CR0 can be written from everywhere',
        'if (!is_mppas(s, a->attrs)) { qemu_log_mask',
        'if (0) { qemu_log_mask'),
    iwb('levels are not sent', 'VMSTATE_VARRAY_UINT32(level, ARMGICv5IWBState,'
        ' words, 1, vmstate_info_uint32, uint32_t),', ''),
)
