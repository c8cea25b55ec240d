/*
 * GICv5 hypervisor: entry, vectors, the way into a guest and back
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

	.arch	armv8.2-a

	.section .text.start, "ax"
	.globl	_start
_start:
	/* The machine starts one PE here, at EL2; PSCI starts the others. */
	msr	daifset, #0xf
	adrp	x1, __bss_start
	add	x1, x1, :lo12:__bss_start
	adrp	x2, __bss_end
	add	x2, x2, :lo12:__bss_end
1:	cmp	x1, x2
	b.hs	2f
	stp	xzr, xzr, [x1], #16
	b	1b
2:	adrp	x0, pes
	add	x0, x0, :lo12:pes
	mov	x20, x0
	adrp	x1, stack0_top
	add	x1, x1, :lo12:stack0_top
	mov	sp, x1
	bl	mmu_make_table
	mov	x0, x20
	adrp	x1, stack0_top
	add	x1, x1, :lo12:stack0_top
	str	x1, [x0]
	bl	enable
	b	boot_main

	/* PSCI CPU_ON comes here, x0 = struct pe */
	.globl	secondary_start
secondary_start:
	msr	daifset, #0xf
	bl	enable
	b	secondary_main

	/* x0 = struct pe, which is kept; its first member: top of the stack */
enable:
	mov	x20, x0
	mov	x21, x30
	msr	spsel, #1
	ldr	x1, [x0]
	mov	sp, x1
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el2, x1
	bl	mmu_enable
	mov	x0, x20
	br	x21

	/*
	 * uint64_t guest_enter(struct regs *r): run the guest until it comes
	 * back by an exception; returns which
	 */
	.globl	guest_enter
guest_enter:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	/* TPIDR_EL2 has them while the guest runs, and is ours alone. */
	msr	tpidr_el2, x0
	ldp	x1, x2, [x0, #248]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	eret

guest_exit:
	mrs	x0, tpidr_el2
	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	str	x30, [x0, #240]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [x0, #248]
	mov	x0, x1
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

	/* EL2's own exceptions: all are faults, it masks its interrupts. */
	.macro	own kind
	.balign	0x80
	mov	x0, #\kind
	mrs	x1, esr_el2
	mrs	x2, elr_el2
	mrs	x3, far_el2
	b	own_exception
	.endm

	.macro	lower kind
	.balign	0x80
	stp	x0, x1, [sp, #-16]!
	mov	x1, #\kind
	b	guest_exit
	.endm

	.balign	0x800
vectors:
	own	0	/* SP_EL0: synchronous, IRQ, FIQ, SError */
	own	1
	own	2
	own	3
	own	4	/* SP_EL2 */
	own	5
	own	6
	own	7
	lower	0	/* EL1 and EL0, AArch64 */
	lower	1
	lower	2
	lower	3
	own	12	/* AArch32 */
	own	13
	own	14
	own	15

	/* void fp_save(void *q), void fp_load(const void *q): Q0 to Q31 */
	.macro	each_q op
	\op	q0, q1, [x0, #0]
	\op	q2, q3, [x0, #32]
	\op	q4, q5, [x0, #64]
	\op	q6, q7, [x0, #96]
	\op	q8, q9, [x0, #128]
	\op	q10, q11, [x0, #160]
	\op	q12, q13, [x0, #192]
	\op	q14, q15, [x0, #224]
	\op	q16, q17, [x0, #256]
	\op	q18, q19, [x0, #288]
	\op	q20, q21, [x0, #320]
	\op	q22, q23, [x0, #352]
	\op	q24, q25, [x0, #384]
	\op	q26, q27, [x0, #416]
	\op	q28, q29, [x0, #448]
	\op	q30, q31, [x0, #480]
	.endm

	.globl	fp_save
fp_save:
	each_q	stp
	ret

	.globl	fp_load
fp_load:
	each_q	ldp
	ret

	/* long smc(long fn, long a, long b, long c): PSCI of the machine */
	.globl	smc
smc:
	smc	#0
	ret

	.bss
	.balign	16
	.skip	16384
stack0_top:
