/*
 * GICv5 guest tests: entry points, exception vectors, excursions to EL0
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define FRAME_SIZE 272

	.section .text.start, "ax"
	.globl	_start
_start:
	/* Only one CPU gets here; the others are started by PSCI. */
	msr	daifset, #0xf
	adrp	x1, __bss_start
	add	x1, x1, :lo12:__bss_start
	adrp	x2, __bss_end
	add	x2, x2, :lo12:__bss_end
1:	cmp	x1, x2
	b.hs	2f
	stp	xzr, xzr, [x1], #16
	b	1b
2:	adrp	x0, cpus
	add	x0, x0, :lo12:cpus
	b	enter

	/* PSCI CPU_ON comes here, x0 = struct cpu */
	.globl	secondary_start
secondary_start:
	msr	daifset, #0xf
enter:
	/* First member of struct cpu: top of the stack; the second: EL0's */
	ldp	x1, x2, [x0]
	msr	spsel, #1
	mov	sp, x1
	msr	sp_el0, x2
	msr	tpidr_el1, x0
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	isb
	bl	cpu_main
3:	wfi
	b	3b

	.macro	ventry kind
	.balign	0x80
	stp	x0, x1, [sp, #-FRAME_SIZE]!
	mov	x0, #\kind
	b	common_entry
	.endm

	.text
	.balign	0x800
vectors:
	ventry	0	/* EL1, SP_EL0: synchronous, IRQ, FIQ, SError */
	ventry	1
	ventry	2
	ventry	3
	ventry	4	/* EL1, SP_EL1 */
	ventry	5
	ventry	6
	ventry	7
	ventry	8	/* EL0, AArch64 */
	ventry	9
	ventry	10
	ventry	11
	ventry	12	/* EL0, AArch32 */
	ventry	13
	ventry	14
	ventry	15

	.balign	0x80
common_entry:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x2, elr_el1
	mrs	x3, spsr_el1
	stp	x30, x2, [sp, #240]
	str	x3, [sp, #256]
	mov	x1, sp
	bl	exception
	msr	daifset, #0xf
	ldp	x30, x2, [sp, #240]
	ldr	x3, [sp, #256]
	msr	elr_el1, x2
	msr	spsr_el1, x3
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldp	x0, x1, [sp], #FRAME_SIZE
	eret

	/*
	 * void el0_call(void *code): run code at EL0 with all interrupts
	 * masked, until its SVC
	 */
	.globl	el0_call
el0_call:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	msr	elr_el1, x0
	mov	x1, #0x3c0
	msr	spsr_el1, x1
	eret

	/* The SVC's handler returns to here, at EL1. */
	.globl	el0_return
el0_return:
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

	/*
	 * void window_sp0(void): with SP_EL0 as the stack pointer for some
	 * instructions, none of which but the ISB makes an emulator look for
	 * interrupts
	 */
	.globl	window_sp0
window_sp0:
	msr	spsel, #0
	isb
	nop
	nop
	nop
	msr	spsel, #1
	isb
	ret

	/* void window_sp0_reg(void): the same with the register form */
	.globl	window_sp0_reg
window_sp0_reg:
	mov	x0, #1
	msr	spsel, xzr
	isb
	nop
	nop
	nop
	msr	spsel, x0
	isb
	ret

	/*
	 * void window_eret(long spsr): ERET to the next instructions, then
	 * DAIF and ALLINT set and SP_EL1 again
	 */
	.globl	window_eret
window_eret:
	adr	x1, 1f
	msr	elr_el1, x1
	msr	spsr_el1, x0
	eret
1:	nop
	nop
	nop
	msr	spsel, #1
	msr	daifset, #0xf
	.inst	0xd501411f	/* msr allint, #1 */
	isb
	ret

	/* long smc_hvc(long fn, long a, long b, long c): a PSCI call */
	.globl	psci_hvc
psci_hvc:
	hvc	#0
	ret
