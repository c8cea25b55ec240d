/*
 * GICv5 hypervisor: start, console, lock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hyp.h"

#define UART_BASE 0x09000000ul
#define UART_DR (UART_BASE + 0x00)
#define UART_FR (UART_BASE + 0x18)
#define UART_FR_TXFF (1u << 5)

#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_CPU_ON 0xc4000003u

#define STACK_SIZE 16384

struct pe pes[MAX_PES];
struct vm vms[MAX_VMS];
unsigned pe_count, vm_count;
unsigned save_interval;

static char stacks[MAX_PES][STACK_SIZE] __attribute__((aligned(16)));

/* A function that a compiler may call */
void *memset(void *p, int c, size_t n);

void *memset(void *p, int c, size_t n)
{
    /* volatile, or it would be made to call itself */
    volatile char *d = p;

    while (n--) {
        *d++ = c;
    }
    return p;
}

/* The lock: first come, first served */

static unsigned lock_ticket, lock_turn;

void hyp_lock(void)
{
    unsigned mine = __atomic_fetch_add(&lock_ticket, 1, __ATOMIC_RELAXED);

    while (__atomic_load_n(&lock_turn, __ATOMIC_ACQUIRE) != mine) {
        asm volatile("yield" : : : "memory");
    }
}

void hyp_unlock(void)
{
    __atomic_store_n(&lock_turn, lock_turn + 1, __ATOMIC_RELEASE);
}

/* Console */

void putchar_(char c)
{
    while (mmio_r32(UART_FR) & UART_FR_TXFF) {
        continue;
    }
    mmio_w32(UART_DR, c);
}

static void put_number(uint64_t v, unsigned base)
{
    char buf[24];
    unsigned n = 0;

    do {
        buf[n++] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v);
    while (n) {
        putchar_(buf[--n]);
    }
}

/* Knows %s %u %x, the last two with l or without. */
void print(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    for (; *fmt; fmt++) {
        bool is_long = false;

        if (*fmt != '%') {
            putchar_(*fmt);
            continue;
        }
        if (*++fmt == 'l') {
            is_long = true;
            fmt++;
        }
        if (*fmt == 's') {
            for (const char *s = va_arg(ap, const char *); *s; s++) {
                putchar_(*s);
            }
        } else {
            put_number(is_long ? va_arg(ap, unsigned long)
                               : va_arg(ap, unsigned),
                       *fmt == 'x' ? 16 : 10);
        }
    }
    va_end(ap);
}

void power_off(void)
{
    smc(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;) {
        asm volatile("wfi");
    }
}

void die(const char *why)
{
    print("hyp: FAIL %s\n", why);
    power_off();
}

void own_exception(uint64_t kind, uint64_t esr, uint64_t elr, uint64_t far)
{
    print("hyp: exception at vector %lu, ESR 0x%lx ELR 0x%lx FAR 0x%lx\n",
          kind, esr, elr, far);
    die("exception at EL2");
}

uint64_t now(void)
{
    isb();
    return rd(cntpct_el0);
}

uint64_t ms_ticks(uint64_t ms)
{
    return rd(cntfrq_el0) * ms / 1000;
}

/* What each PE needs before it can run guests */
static void init_pe(struct pe *pe)
{
    /*
     * A guest's interrupts are virtual (IMO), physical ones are ours; its WFI
     * and SMC come here. It may use pointer authentication, all other
     * features that need no bit, and both timers.
     */
    wr(hcr_el2, HCR_VM | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS |
       HCR_TWI | HCR_TSC | HCR_RW | HCR_APK | HCR_API);
    wr(HCRX_EL2, HCRX_MSCEN);
    wr(HFGRTR_EL2, 0);
    wr(HFGWTR_EL2, 0);
    wr(HFGITR_EL2, 0);
    wr(HDFGRTR_EL2, 0);
    wr(HDFGWTR_EL2, 0);
    wr(cptr_el2, 0x33ff);
    wr(hstr_el2, 0);
    /* HPMN alone stays: all event counters are EL1's. */
    wr(mdcr_el2, rd(mdcr_el2) & 0x1f);
    wr(cnthctl_el2, 3);
    wr(cntvoff_el2, 0);
    wr(vpidr_el2, rd(midr_el1));
    isb();

    gic_init_pe(pe);
    vgic_init_pe();
    __atomic_store_n(&pe->online, true, __ATOMIC_RELEASE);
}

static void start_pes(void)
{
    for (unsigned i = 1; i < MAX_PES; i++) {
        pes[i].idx = i;
        pes[i].stack = stacks[i] + STACK_SIZE;
        if (smc(PSCI_CPU_ON, i, (uint64_t)secondary_start,
                (uint64_t)&pes[i])) {
            break;
        }
        while (!__atomic_load_n(&pes[i].online, __ATOMIC_ACQUIRE)) {
            asm volatile("yield");
        }
        pe_count++;
    }
}

static void make_vm(unsigned n, unsigned vcpus)
{
    struct vm *vm = &vms[n];

    vm->id = n + 1;
    vm->vcpu_count = vcpus;
    vm->alive = true;
    for (unsigned i = 0; i < vcpus; i++) {
        vm->vcpus[i].vm = vm;
        vm->vcpus[i].vpe = i;
        vm->vcpus[i].pe = &pes[(n * vcpus + i) % pe_count];
    }
    stage2_make(vm);
    vgic_make_vm(vm);
    vcpu_reset(&vm->vcpus[0], IPA_KERNEL, IPA_TREE);
    vm->vcpus[0].state = VCPU_READY;
}

/* start.S calls it on the first PE, with the MMU on. */
void boot_main(struct pe *pe)
{
    uint64_t config = mmio_r64(CONFIG_ADDR);
    unsigned vcpus = BITS(config, 15, 8);

    vm_count = BITS(config, 7, 0);
    save_interval = BITS(config, 31, 16);
    if (!vm_count || vm_count > MAX_VMS || !vcpus || vcpus > MAX_VCPUS) {
        die("configuration: no such number of VMs or vCPUs");
    }
    gic_init();
    vgic_init();
    pe_count = 1;
    init_pe(pe);
    start_pes();
    print("hyp: %u PEs, %u VMs with %u vCPUs\n", pe_count, vm_count, vcpus);

    hyp_lock();
    for (unsigned i = 0; i < vm_count; i++) {
        make_vm(i, vcpus);
        gic_call(vms[i].vcpus[0].pe);
    }
    hyp_unlock();
    sched_run(pe);
}

void secondary_main(struct pe *pe)
{
    init_pe(pe);
    sched_run(pe);
}
