/*
 * GICv5 guest tests: entry points, exception vectors, excursions to EL0
 *
 * With EL2, CPUs come here at EL2. They go on at EL1 as if firmware had sent
 * them there, unless the program is one of EL2.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "frame.S"

/* What firmware opens to EL1, ICH_HFG*TR_EL2; bit 3 of the first is RES1 */
#define HFGRTR_OPEN 0x1f00ff
#define HFGWTR_OPEN 0x1e0065
#define HFGITR_OPEN 0x7ff

/* CNTHCTL_EL2: EL1's counter and timer, for either value of HCR_EL2.E2H */
#define CNTHCTL_OPEN 0xc03

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
2:	mrs	x1, CurrentEL
	lsr	x1, x1, #2
	adrp	x2, entry_el
	str	w1, [x2, :lo12:entry_el]
	adrp	x0, cpus
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
	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.ne	4f

	/* What firmware does before it leaves EL2 */
	mov	x1, #(1 << 31)
	msr	hcr_el2, x1
	isb
	mov	x1, #0x33ff
	msr	cptr_el2, x1
	msr	hstr_el2, xzr
	msr	vttbr_el2, xzr
	mov	x1, #CNTHCTL_OPEN
	msr	cnthctl_el2, x1
	msr	cntvoff_el2, xzr
	mrs	x1, midr_el1
	msr	vpidr_el2, x1
	mrs	x1, mpidr_el1
	msr	vmpidr_el2, x1

	/* Programs with el2.S in them stay at EL2. */
	.weak	el2_vectors
	ldr	x1, =el2_vectors
	msr	vbar_el2, x1
	cbnz	x1, 4f

	mrs	x1, S3_0_C0_C4_2	/* ID_AA64PFR2_EL1.GCIE */
	ubfx	x1, x1, #12, #4
	cbz	x1, 3f
	ldr	x1, =HFGRTR_OPEN
	msr	S3_4_C12_C9_4, x1
	ldr	x1, =HFGWTR_OPEN
	msr	S3_4_C12_C9_6, x1
	mov	x1, #HFGITR_OPEN
	msr	S3_4_C12_C9_7, x1
	/*
	 * EL1 is a guest of nobody, if the run says so: all that it does with
	 * the CPU interface is virtual, and what the PE's own levels do comes
	 * to it by DVI. Of SW_PPI it has its own latch.
	 */
	ldr	x1, =boot_mode
	ldr	x1, [x1]
	cbz	x1, 3f
	mov	x1, #(1 << 31)
	orr	x1, x1, #(1 << 4)	/* HCR_EL2.IMO */
	msr	hcr_el2, x1
	mov	x1, #1
	msr	S3_4_C12_C11_4, x1	/* ICH_VCTLR_EL2.EN */
	mov	x1, #~(1 << 3)
	msr	S3_4_C12_C10_0, x1	/* ICH_PPI_DVIR0_EL2 */
3:	mov	x1, sp
	msr	sp_el1, x1
	mov	x1, #0x3c5
	msr	spsr_el2, x1
	adr	x1, 4f
	msr	elr_el2, x1
	eret

4:	isb
	bl	cpu_main
5:	wfi
	b	5b

	.macro	ventry kind
	.balign	0x80
	stp	x0, x1, [sp, #-FRAME_SIZE]!
	mov	x0, #\kind
	b	common_entry
	.endm

	.text
	.balign	0x800
	.globl	vectors
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
	save_frame el1
	bl	exception
	restore_frame el1

	/*
	 * void el0_call(void *code): run code at EL0 with all interrupts
	 * masked, until its SVC
	 */
	.globl	el0_call
el0_call:
	mov	x1, #0x3c0
	b	1f

	/* void el0_call_open(void *code): the same with none masked */
	.globl	el0_call_open
el0_call_open:
	mov	x1, xzr
1:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	msr	elr_el1, x0
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

	/* long psci_hvc(long fn, long a, long b, long c): a PSCI call */
	.globl	psci_hvc
psci_hvc:
	hvc	#0
	ret

	/* The same where EL2 is not the emulator's own */
	.globl	psci_smc
psci_smc:
	smc	#0
	ret
