/*
 * GICv5 guest fuzzer: entry points, vectors, the way into a block and out
 *
 * What drives the fuzzer runs at the highest Exception level that there is, on
 * SP_EL0; SP_ELx is always the struct pe. Below it is nothing but blocks of
 * random instructions: EL1's vectors are HVCs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/* struct pe; guest.c checks these */
#define PE_PC 248
#define PE_PSTATE 256
#define PE_ESR 264
#define PE_HCR 272
#define PE_SCTLR 280
#define PE_BASE_SCTLR 288
#define PE_SP 296
#define PE_IN_BLOCK 304
#define PE_LEVEL 312
#define PE_STACK 320

#define HCR_RW_BIT 31

	/* Also NMIs: MSR ALLINT, #1 */
	.macro	mask_all
	msr	daifset, #0xf
	.inst	0xd501411f
	.endm

	.section .text.start, "ax"
	.globl	_start
_start:
	/* Only one CPU gets here; the others are started by PSCI. */
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
	mov	x1, xzr
	bl	pe_init

	/* PSCI CPU_ON comes here, x0 = struct pe */
	.globl	secondary_start
secondary_start:
	mask_all
	msr	spsel, #1
	mov	sp, x0
	msr	spsel, #0
	ldr	x1, [x0, #PE_STACK]
	mov	sp, x1
	mrs	x1, CurrentEL
	lsr	x1, x1, #2
	str	x1, [x0, #PE_LEVEL]
	cmp	x1, #2
	b.eq	1f
	ldr	x1, =vectors_el1
	msr	vbar_el1, x1
	mrs	x1, sctlr_el1
	b	2f
1:	mov	x1, #(1 << HCR_RW_BIT)
	msr	hcr_el2, x1
	isb
	mov	x1, #0x33ff
	msr	cptr_el2, x1
	msr	hstr_el2, xzr
	msr	vttbr_el2, xzr
	msr	cntvoff_el2, xzr
	ldr	x1, =vectors_el2
	msr	vbar_el2, x1
	ldr	x1, =vectors_forward
	msr	vbar_el1, x1
	mrs	x1, sctlr_el2
2:	str	x1, [x0, #PE_BASE_SCTLR]
	isb
	bl	pe_main
3:	wfi
	b	3b

	/* The first CPU's stack, before there is one */
pe_init:
	msr	spsel, #0
	ldr	x2, =boot_stack_top
	mov	sp, x2
	stp	x0, x30, [sp, #-16]!
	bl	pes_init
	ldp	x0, x30, [sp], #16
	ret

	.macro	ventry kind, level
	.balign	0x80
	stp	x0, x1, [sp]
	mov	x0, #\kind
	b	exit_el\level
	.endm

	.macro	vtable level
	.balign	0x800
vectors_el\level:
	.irp	kind, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	ventry	\kind, \level
	.endr
	.endm

	.text
	vtable	1
	vtable	2

	.balign	0x800
vectors_forward:
	.irp	kind, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.balign	0x80
	hvc	#(0x100 + \kind)
	b	.
	.endr

	/* Of EL1 in AArch32: HVC #(0x200 + vector) */
	.balign	32
	.globl	vectors_forward, vectors_a32
vectors_a32:
	.irp	kind, 0, 1, 2, 3, 4, 5, 6, 7
	.inst	0xe1402070 + \kind
	.endr

	/* x0 is the vector's number */
	.macro	save level
	mask_all
	mov	x1, sp
	stp	x2, x3, [x1, #16]
	stp	x4, x5, [x1, #32]
	stp	x6, x7, [x1, #48]
	stp	x8, x9, [x1, #64]
	stp	x10, x11, [x1, #80]
	stp	x12, x13, [x1, #96]
	stp	x14, x15, [x1, #112]
	stp	x16, x17, [x1, #128]
	stp	x18, x19, [x1, #144]
	stp	x20, x21, [x1, #160]
	stp	x22, x23, [x1, #176]
	stp	x24, x25, [x1, #192]
	stp	x26, x27, [x1, #208]
	stp	x28, x29, [x1, #224]
	str	x30, [x1, #240]
	mrs	x2, elr_el\level
	mrs	x3, spsr_el\level
	mrs	x4, esr_el\level
	ldr	x5, [x1, #PE_IN_BLOCK]
	cbz	x5, own_fault
	stp	x2, x3, [x1, #PE_PC]
	str	x4, [x1, #PE_ESR]
	mrs	x2, sctlr_el\level
	str	x2, [x1, #PE_SCTLR]
	ldr	x2, [x1, #PE_BASE_SCTLR]
	msr	sctlr_el\level, x2
	.endm

	.balign	0x80
exit_el2:
	save	2
	/* EL1's registers have their names to themselves only without E2H. */
	mrs	x2, hcr_el2
	str	x2, [x1, #PE_HCR]
	mov	x2, #(1 << HCR_RW_BIT)
	msr	hcr_el2, x2
	b	block_exit

exit_el1:
	save	1
block_exit:
	isb
	msr	spsel, #0
	str	xzr, [x1, #PE_IN_BLOCK]
	ldr	x2, [x1, #PE_SP]
	mov	sp, x2
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

	/* The driver itself has had an exception. */
own_fault:
	msr	spsel, #0
	mov	x1, x2
	mov	x2, x4
	bl	driver_fault

	.macro	load level
	msr	elr_el\level, x1
	msr	spsr_el\level, x2
	.endm

	/*
	 * unsigned block_run(struct pe *p): go on where @p says, until the
	 * next exception that comes here, whose vector is returned
	 */
	.globl	block_run
block_run:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x1, sp
	str	x1, [x0, #PE_SP]
	mov	x1, #1
	str	x1, [x0, #PE_IN_BLOCK]
	ldp	x1, x2, [x0, #PE_PC]
	ldp	x3, x4, [x0, #PE_HCR]
	ldr	x5, [x0, #PE_LEVEL]
	cmp	x5, #2
	b.ne	1f
	load	2
	msr	sctlr_el2, x4
	msr	hcr_el2, x3
	b	2f
1:	load	1
	msr	sctlr_el1, x4
2:	isb
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

	/* long psci_call(fn, a, b, c): by the way that the board has */
	.globl	psci_hvc
psci_hvc:
	hvc	#0
	ret
	.globl	psci_smc
psci_smc:
	smc	#0
	ret
