/*
 * Linux guest that is a host: a VM of KVM with a GICv5 and its interrupts
 * kvm-guest FILE
 *
 * The VM has a vCPU without an IRS, which is all that KVM of Linux 7.1 to 7.3
 * has. Its program sets the virtual timer, waits for it, with WFI and without
 * in turns, raises the software PPI, and so on: one interrupt after the other,
 * of which none may be lost, come twice, or come too early. After each pair it
 * tells its number. The program ends when there is FILE, and prints "kvm:
 * INTERRUPTS interrupts", and before that "kvm: FAIL ..." for what is wrong.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "calls.h"

enum {
    SYS_IOCTL = 29, SYS_FACCESSAT = 48, SYS_SETPRIORITY = 140, SYS_MMAP = 222,
    PROT_READ_WRITE = 3, MAP_SHARED = 1,
};

#define EINTR 4

/* Of the KVM API */
#define KVM_CREATE_VM                   0xae01
#define KVM_GET_VCPU_MMAP_SIZE          0xae04
#define KVM_CREATE_VCPU                 0xae41
#define KVM_SET_USER_MEMORY_REGION      0x4020ae46
#define KVM_RUN                         0xae80
#define KVM_SET_ONE_REG                 0x4010aeac
#define KVM_ARM_VCPU_INIT               0x4020aeae
#define KVM_ARM_PREFERRED_TARGET        0x8020aeaf
#define KVM_CREATE_DEVICE               0xc00caee0
#define KVM_SET_DEVICE_ATTR             0x4018aee1
#define KVM_DEV_TYPE_ARM_VGIC_V5        16
#define KVM_DEV_ARM_VGIC_GRP_CTRL       4
#define REG_PC                          0x6030000000100040ul
#define REG_PSTATE                      0x6030000000100042ul
#define KVM_EXIT_MMIO                   6

/* The VM's memory, and what it tells: a number, that something is wrong */
#define MEMORY  0x40000000ul
#define SIZE    0x10000
#define TELL    0x10000000ul
#define WRONG   0x10000008ul

struct run {
    unsigned char before[8];
    unsigned reason;
    unsigned char between[20];
    /* of KVM_EXIT_MMIO */
    u64 addr, data;
    unsigned len;
    unsigned char is_write;
};

/* Of a label of the VM's program */
#define ADDRESS(label) ({                                               \
    const char *address;                                                \
    asm("adrp %0, " #label "\n add %0, %0, :lo12:" #label               \
        : "=r"(address));                                               \
    address;                                                            \
})

/*
 * x19 interrupts, x20 x21 TELL and WRONG, x22 the timer's time, x23 the INTID
 * to come, x24 whether it has come, x25 how long the timer waits. WRONG is told
 * the syndrome of an exception, the INTID that came, or 0: the software PPI did
 * not.
 */
asm(".pushsection .rodata\n"
    ".balign 2048\n"
    "vm_begin:\n"
    "        b       vm_start\n"
    ".org    vm_begin + 0x200\n"                    /* an exception */
    "        mrs     x0, esr_el1\n"
    "        b       vm_wrong\n"
    ".org    vm_begin + 0x280\n"                    /* an interrupt */
    "        sysl    x2, #0, C12, C3, #0\n"         /* GICR CDIA */
    "        sys     #0, C12, C0, #1, xzr\n"        /* GSB ACK */
    "        isb\n"
    "        cmp     x2, x23\n"
    "        b.ne    vm_irq\n"
    "        cbnz    x24, vm_irq\n"
    "        tbz     x23, #4, 1f\n"                 /* not the timer */
    "        mrs     x1, cntvct_el0\n"
    "        cmp     x1, x22\n"
    "        b.lo    vm_irq\n"
    "        msr     cntv_ctl_el0, xzr\n"
    "        isb\n"
    "1:      mov     x24, #1\n"
    "        mov     w2, w2\n"
    "        sys     #0, C12, C1, #7, xzr\n"        /* GIC CDEOI */
    "        sys     #0, C12, C2, #0, x2\n"         /* GIC CDDI */
    "        eret\n"
    ".balign 2048\n"
    "vm_start:\n"
    "        adr     x0, vm_begin\n"
    "        msr     vbar_el1, x0\n"
    "        mov     x19, #0\n"
    "        mov     x20, #0x10000000\n"
    "        add     x21, x20, #8\n"
    "        mov     x25, #100\n"
    "        mov     x0, #1\n"
    "        msr     S3_1_C12_C0_1, x0\n"           /* ICC_CR0_EL1.EN */
    "        mov     x0, #0x1f\n"
    "        msr     S3_1_C12_C0_2, x0\n"           /* ICC_PCR_EL1 */
    "        mov     x0, #8\n"                      /* PPIs 3 and 27 */
    "        movk    x0, #0x800, lsl #16\n"
    "        msr     S3_0_C12_C10_6, x0\n"          /* ICC_PPI_ENABLER0_EL1 */
    "        isb\n"
    "vm_again:\n"
    "        msr     daifset, #2\n"
    "        mov     x24, #0\n"
    "        ldr     x23, =0x12000001b\n"
    "        add     x25, x25, x25, lsr #3\n"       /* longer and longer */
    "        cmp     x25, #0x100000\n"
    "        b.lo    1f\n"
    "        mov     x25, #100\n"
    "1:      mrs     x22, cntvct_el0\n"
    "        add     x22, x22, x25\n"
    "        msr     cntv_cval_el0, x22\n"
    "        mov     x0, #1\n"
    "        msr     cntv_ctl_el0, x0\n"
    "        isb\n"
    "2:      tbz     x19, #1, 4f\n"
    "        wfi\n"
    "4:\n"
    "        msr     daifclr, #2\n"
    "        isb\n"
    "        msr     daifset, #2\n"
    "        cbz     x24, 2b\n"
    "        mov     x24, #0\n"
    "        ldr     x23, =0x120000003\n"
    "        mov     x0, #8\n"
    "        msr     S3_0_C12_C13_6, x0\n"          /* ICC_PPI_SPENDR0_EL1 */
    "        isb\n"
    "        mov     x0, #0x100000\n"
    "3:      sub     x0, x0, #1\n"
    "        cbz     x0, vm_wrong\n"
    "        msr     daifclr, #2\n"
    "        isb\n"
    "        msr     daifset, #2\n"
    "        cbz     x24, 3b\n"
    "        add     x19, x19, #2\n"
    "        str     x19, [x20]\n"
    "        b       vm_again\n"
    "vm_irq:\n"
    "        mov     x0, x2\n"
    "vm_wrong:\n"
    "        str     x0, [x21]\n"
    "        b       vm_wrong\n"
    ".ltorg\n"
    "vm_end:\n"
    ".popsection\n");

static unsigned char memory[SIZE] __attribute__((aligned(SIZE)));

static char *append(char *to, const char *s)
{
    while (*s) {
        *to++ = *s++;
    }
    return to;
}

/* In one piece, since there are two of this program */
static void say(const char *before, u64 n, const char *after)
{
    char line[128], number[NUMBER_SIZE];

    *append(append(append(append(line, "kvm: "), before),
                   number_text(number, n)), after) = 0;
    print(line);
}

static void failed(const char *what, u64 n)
{
    char reason[64];

    *append(append(append(reason, "FAIL "), what), " ") = 0;
    say(reason, n, "\n");
    call(SYS_EXIT, 1, 0, 0, 0);
}

/* A call that has to work */
static long must(const char *what, long fd, unsigned long nr, long arg)
{
    long ret = call(SYS_IOCTL, fd, nr, arg, 0);

    if (ret < 0) {
        failed(what, -ret);
    }
    return ret;
}

static void set_reg(long cpu, u64 id, u64 value)
{
    u64 reg[2] = { id, (u64)&value };

    must("KVM_SET_ONE_REG", cpu, KVM_SET_ONE_REG, (long)reg);
}

/* Both descriptors: the vCPU, and what it shares */
static struct run *make_vm(long kvm, long *cpu)
{
    long vm = must("KVM_CREATE_VM", kvm, KVM_CREATE_VM, 0);
    /* slot and flags, where it is in the VM, size, and here */
    u64 slot[4] = { 0, MEMORY, SIZE, (u64)memory };
    unsigned init[8];
    unsigned device[3] = { KVM_DEV_TYPE_ARM_VGIC_V5 };
    /* flags and group, attribute, address */
    u64 start[3] = { (u64)KVM_DEV_ARM_VGIC_GRP_CTRL << 32 };
    long run;

    for (long i = 0; i < ADDRESS(vm_end) - ADDRESS(vm_begin); i++) {
        memory[i] = ADDRESS(vm_begin)[i];
    }
    must("memory", vm, KVM_SET_USER_MEMORY_REGION, (long)slot);
    *cpu = must("KVM_CREATE_VCPU", vm, KVM_CREATE_VCPU, 0);
    must("KVM_ARM_PREFERRED_TARGET", vm, KVM_ARM_PREFERRED_TARGET, (long)init);
    must("KVM_ARM_VCPU_INIT", *cpu, KVM_ARM_VCPU_INIT, (long)init);
    must("GICv5", vm, KVM_CREATE_DEVICE, (long)device);
    must("GICv5's INIT", device[1], KVM_SET_DEVICE_ATTR, (long)start);
    set_reg(*cpu, REG_PC, MEMORY);
    /* EL1h, nothing is taken */
    set_reg(*cpu, REG_PSTATE, 0x3c5);
    run = call5(SYS_MMAP, 0,
                must("its size", kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
                PROT_READ_WRITE, MAP_SHARED, *cpu);
    if (run < 0 && run > -4096) {
        failed("mmap", -run);
    }
    return (struct run *)run;
}

int main(int argc, char **argv)
{
    long kvm = call(SYS_OPENAT, AT_FDCWD, (long)"/dev/kvm", O_RDWR, 0);
    struct run *run;
    u64 n = 0;
    long cpu, ret;

    console();
    if (kvm < 0) {
        failed("/dev/kvm", -kvm);
    }
    /* Before all others, so that it runs when the machine is stopped */
    call(SYS_SETPRIORITY, 0, 0, -20, 0);
    run = make_vm(kvm, &cpu);
    while (call(SYS_FACCESSAT, AT_FDCWD, (long)argv[1], 0, 0)) {
        ret = call(SYS_IOCTL, cpu, KVM_RUN, 0, 0);
        if (ret == -EINTR) {
            continue;
        }
        if (ret) {
            failed("KVM_RUN", -ret);
        }
        if (run->reason != KVM_EXIT_MMIO || !run->is_write) {
            failed("an exit of the VM", run->reason);
        }
        if (run->addr == WRONG) {
            failed("in the VM", run->data);
        }
        if (run->addr != TELL || run->data != n + 2) {
            failed("not the next number of interrupts", run->data);
        }
        n = run->data;
    }
    say("", n, " interrupts\n");
    call(SYS_EXIT, 0, 0, 0, 0);
    return 0;
}

/* The arguments are on the stack. */
asm(".globl _start\n"
    "_start: ldr x0, [sp]\n"
    "        add x1, sp, #8\n"
    "        bl main\n");
