/*
 * Linux guest that wakes tasks up: the first process of scripts/bench --wakeups
 *
 * Tasks send each other a byte through pipes. For each way to do that it
 * prints "wakeups: NAME begins" and "wakeups: NAME COUNT NANOSECONDS", and
 * powers off in the end. It needs no C library.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

typedef unsigned long u64;

enum {
    SYS_DUP3 = 24, SYS_OPENAT = 56, SYS_PIPE2 = 59, SYS_READ = 63,
    SYS_WRITE = 64, SYS_EXIT = 93, SYS_CLOCK_GETTIME = 113,
    SYS_SCHED_SETAFFINITY = 122, SYS_REBOOT = 142, SYS_CLONE = 220,
    SYS_WAIT4 = 260,
};

#define SIGCHLD 17
#define AT_FDCWD -100
#define O_RDWR 2

static long call(long nr, long a, long b, long c, long d)
{
    register long x8 asm("x8") = nr;
    register long x0 asm("x0") = a;
    register long x1 asm("x1") = b;
    register long x2 asm("x2") = c;
    register long x3 asm("x3") = d;
    register long x4 asm("x4") = 0;

    asm volatile("svc #0" : "+r"(x0)
                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}

static void print(const char *s)
{
    const char *end = s;

    while (*end) {
        end++;
    }
    call(SYS_WRITE, 1, (long)s, end - s, 0);
}

static void print_number(u64 n)
{
    char buf[24];
    char *p = buf + sizeof(buf);

    *--p = 0;
    do {
        *--p = '0' + n % 10;
        n /= 10;
    } while (n);
    print(p);
}

static u64 now(void)
{
    u64 t[2];

    call(SYS_CLOCK_GETTIME, 1, (long)t, 0, 0);
    return t[0] * 1000000000ul + t[1];
}

static void pin(u64 mask)
{
    call(SYS_SCHED_SETAFFINITY, 0, sizeof(mask), (long)&mask, 0);
}

static void make_pipe(int *fd)
{
    call(SYS_PIPE2, (long)fd, 0, 0, 0);
}

static void put(int fd)
{
    char byte = 0;

    call(SYS_WRITE, fd, (long)&byte, 1, 0);
}

static void get(int fd)
{
    char byte;

    call(SYS_READ, fd, (long)&byte, 1, 0);
}

static long fork(void)
{
    return call(SYS_CLONE, SIGCHLD, 0, 0, 0);
}

/* Two tasks in turn, on the CPUs that the masks name */
static void ping_pong(u64 first, u64 second, unsigned rounds)
{
    int to[2], from[2];

    make_pipe(to);
    make_pipe(from);
    if (!fork()) {
        pin(second);
        for (unsigned i = 0; i < rounds; i++) {
            get(to[0]);
            put(from[1]);
        }
        call(SYS_EXIT, 0, 0, 0, 0);
    }
    pin(first);
    for (unsigned i = 0; i < rounds; i++) {
        put(to[1]);
        get(from[0]);
    }
    call(SYS_WAIT4, -1, 0, 0, 0);
    pin(-1ul);
}

#define TASKS 10

/* Each of ten tasks sends to each of ten others, as hackbench does */
static void crowd(unsigned rounds)
{
    int pipes[TASKS][2];

    for (unsigned i = 0; i < TASKS; i++) {
        make_pipe(pipes[i]);
    }
    for (unsigned i = 0; i < TASKS; i++) {
        if (!fork()) {
            for (unsigned n = 0; n < rounds * TASKS; n++) {
                get(pipes[i][0]);
            }
            call(SYS_EXIT, 0, 0, 0, 0);
        }
        if (!fork()) {
            for (unsigned n = 0; n < rounds; n++) {
                for (unsigned j = 0; j < TASKS; j++) {
                    put(pipes[j][1]);
                }
            }
            call(SYS_EXIT, 0, 0, 0, 0);
        }
    }
    for (unsigned i = 0; i < 2 * TASKS; i++) {
        call(SYS_WAIT4, -1, 0, 0, 0);
    }
}

static void run(const char *name, unsigned which, unsigned rounds)
{
    u64 start;
    u64 count = 2 * rounds;

    print("wakeups: ");
    print(name);
    print(" begins\n");
    start = now();
    switch (which) {
    case 0:
        ping_pong(1, 1, rounds);
        break;
    case 1:
        ping_pong(1, 2, rounds);
        break;
    case 2:
        ping_pong(-1ul, -1ul, rounds);
        break;
    default:
        crowd(rounds);
        count = TASKS * TASKS * rounds;
        break;
    }
    start = now() - start;
    print("wakeups: ");
    print(name);
    print(" ");
    print_number(count);
    print(" ");
    print_number(start);
    print("\n");
}

void _start(void)
{
    long tty = call(SYS_OPENAT, AT_FDCWD, (long)"/dev/console", O_RDWR, 0);

    call(SYS_DUP3, tty, 1, 0, 0);
    run("warm-up", 2, 500);
    run("same-cpu", 0, 10000);
    run("two-cpus", 1, 10000);
    run("free", 2, 10000);
    run("crowd", 3, 200);
    print("wakeups: done\n");
    call(SYS_REBOOT, 0xfee1dead, 672274793, 0x4321fedc, 0);
    for (;;) {
        get(0);
    }
}
