/*
 * What the guests of scripts/bench need of Linux, without a C library
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef CALLS_H
#define CALLS_H

typedef unsigned long u64;

enum {
    SYS_DUP3 = 24, SYS_OPENAT = 56, SYS_PIPE2 = 59, SYS_READ = 63,
    SYS_WRITE = 64, SYS_PREAD64 = 67, SYS_EXIT = 93, SYS_CLOCK_GETTIME = 113,
    SYS_SCHED_SETAFFINITY = 122, SYS_REBOOT = 142, SYS_SOCKET = 198,
    SYS_CONNECT = 203, SYS_SETSOCKOPT = 208, SYS_CLONE = 220, SYS_WAIT4 = 260,
};

#define SIGCHLD 17
#define AT_FDCWD -100
#define O_RDWR 2

static long call5(long nr, long a, long b, long c, long d, long e)
{
    register long x8 asm("x8") = nr;
    register long x0 asm("x0") = a;
    register long x1 asm("x1") = b;
    register long x2 asm("x2") = c;
    register long x3 asm("x3") = d;
    register long x4 asm("x4") = e;
    register long x5 asm("x5") = 0;

    asm volatile("svc #0" : "+r"(x0)
                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                 : "memory");
    return x0;
}

static long call(long nr, long a, long b, long c, long d)
{
    return call5(nr, a, b, c, d, 0);
}

static void print(const char *s)
{
    const char *end = s;

    while (*end) {
        end++;
    }
    call(SYS_WRITE, 1, (long)s, end - s, 0);
}

/* Enough for the digits of a number, and a zero */
#define NUMBER_SIZE 24

/* The first of the digits of @n in @buf, at its end */
static char *number_text(char *buf, u64 n)
{
    char *p = buf + NUMBER_SIZE;

    *--p = 0;
    do {
        *--p = '0' + n % 10;
        n /= 10;
    } while (n);
    return p;
}

static void print_number(u64 n)
{
    char buf[NUMBER_SIZE];

    print(number_text(buf, n));
}

static u64 now(void)
{
    u64 t[2];

    call(SYS_CLOCK_GETTIME, 1, (long)t, 0, 0);
    return t[0] * 1000000000ul + t[1];
}

/* Its standard output is the console. */
static void console(void)
{
    long tty = call(SYS_OPENAT, AT_FDCWD, (long)"/dev/console", O_RDWR, 0);

    call(SYS_DUP3, tty, 1, 0, 0);
}

static void power_off(void)
{
    for (;;) {
        call(SYS_REBOOT, 0xfee1dead, 672274793, 0x4321fedc, 0);
    }
}

/* "wakeups: NAME begins"; the time */
static u64 begins(const char *name)
{
    print("wakeups: ");
    print(name);
    print(" begins\n");
    return now();
}

/* "wakeups: NAME COUNT NANOSECONDS" */
static void ends(const char *name, u64 count, u64 start)
{
    start = now() - start;
    print("wakeups: ");
    print(name);
    print(" ");
    print_number(count);
    print(" ");
    print_number(start);
    print("\n");
}

#endif
