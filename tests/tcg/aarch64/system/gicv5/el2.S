/*
 * GICv5 guest tests: exceptions to EL2, and excursions to EL1
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "frame.S"

/* struct vcpu; el2.c checks these */
#define VCPU_X30 240
#define VCPU_PC 248
#define VCPU_SP 264
#define VCPU_ELR 280
#define VCPU_ESR 296
#define VCPU_TPIDR 312
#define VCPU_EXIT_ESR 328

#define HCR_TGE_BIT 27
#define HCR_E2H_BIT 34

	.macro	ventry_el2 kind
	.balign	0x80
	stp	x0, x1, [sp, #-FRAME_SIZE]!
	mov	x0, #\kind
	b	el2_entry
	.endm

	.macro	ventry_low kind
	.balign	0x80
	stp	x0, x1, [sp, #-16]!
	mov	x1, #\kind
	b	vcpu_exit
	.endm

	.text
	.balign	0x800
	.globl	el2_vectors
el2_vectors:
	ventry_el2	0	/* EL2, SP_EL0: synchronous, IRQ, FIQ, SError */
	ventry_el2	1
	ventry_el2	2
	ventry_el2	3
	ventry_el2	4	/* EL2, SP_EL2 */
	ventry_el2	5
	ventry_el2	6
	ventry_el2	7
	ventry_low	8	/* EL1 or EL0, AArch64 */
	ventry_low	9
	ventry_low	10
	ventry_low	11
	ventry_low	12	/* AArch32 */
	ventry_low	13
	ventry_low	14
	ventry_low	15

	.balign	0x80
el2_entry:
	save_frame el2
	bl	el2_exception
	restore_frame el2

	/* EL1's registers have their names to themselves only without E2H. */
	.macro	plain_hcr from
	bic	x4, \from, #(1 << HCR_E2H_BIT)
	bic	x4, x4, #(1 << HCR_TGE_BIT)
	msr	hcr_el2, x4
	isb
	.endm

	/*
	 * unsigned vcpu_enter(struct vcpu *v): run it until the next exception
	 * to EL2, whose vector's number is returned. EL2's own context, with
	 * HCR_EL2 and TPIDR_EL1, is kept on the stack.
	 */
	.globl	vcpu_enter
vcpu_enter:
	stp	x29, x30, [sp, #-112]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mrs	x1, hcr_el2
	mrs	x2, tpidr_el1
	stp	x1, x2, [sp, #96]
	plain_hcr x1
	msr	tpidr_el2, x0
	ldp	x1, x2, [x0, #VCPU_PC]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	ldp	x1, x2, [x0, #VCPU_SP]
	msr	sp_el1, x1
	msr	sp_el0, x2
	ldp	x1, x2, [x0, #VCPU_ELR]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x1, x2, [x0, #VCPU_ESR]
	msr	esr_el1, x1
	msr	sctlr_el1, x2
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	ldp	x1, x2, [x0, #VCPU_TPIDR]
	msr	tpidr_el1, x1
	msr	hcr_el2, x2
	isb
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
	ldr	x30, [x0, #VCPU_X30]
	ldp	x0, x1, [x0]
	eret

	/* x1 is the vector's number; x0 and x1 are on the stack. */
vcpu_exit:
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
	str	x30, [x0, #VCPU_X30]
	mov	x19, x1
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	mrs	x1, hcr_el2
	plain_hcr x1
	mrs	x1, elr_el2
	mrs	x2, spsr_el2
	stp	x1, x2, [x0, #VCPU_PC]
	mrs	x1, sp_el1
	mrs	x2, sp_el0
	stp	x1, x2, [x0, #VCPU_SP]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	stp	x1, x2, [x0, #VCPU_ELR]
	mrs	x1, esr_el1
	mrs	x2, sctlr_el1
	stp	x1, x2, [x0, #VCPU_ESR]
	mrs	x1, esr_el2
	str	x1, [x0, #VCPU_EXIT_ESR]
	ldp	x1, x2, [sp, #96]
	msr	tpidr_el1, x2
	msr	hcr_el2, x1
	isb
	mov	x0, x19
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret

	/* A vCPU's function returns to here. */
	.globl	vcpu_done
vcpu_done:
	hvc	#0xffff
	b	vcpu_done
