/*
 * GICv5 guest tests: how exception entries save an interrupted context
 *
 * The layout is that of struct frame. A vector pushes x0 and x1 with it and
 * puts its number into x0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define FRAME_SIZE 272

	/* Afterwards x0 is the vector's number, x1 the frame's address */
	.macro	save_frame el
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
	mrs	x2, elr_\el
	mrs	x3, spsr_\el
	stp	x30, x2, [sp, #240]
	str	x3, [sp, #256]
	mov	x1, sp
	.endm

	.macro	restore_frame el
	msr	daifset, #0xf
	ldp	x30, x2, [sp, #240]
	ldr	x3, [sp, #256]
	msr	elr_\el, x2
	msr	spsr_\el, x3
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
	.endm
