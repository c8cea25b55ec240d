/*
 * Linux guest that wakes tasks up: the first process of scripts/bench --wakeups
 *
 * Tasks send each other a byte through pipes. For each way to do that it
 * prints "wakeups: NAME begins" and "wakeups: NAME COUNT NANOSECONDS", and
 * powers off in the end. It needs no C library.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "calls.h"

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
    u64 count = 2 * rounds;
    u64 start = begins(name);

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
    ends(name, count, start);
}

void _start(void)
{
    console();
    run("warm-up", 2, 500);
    run("same-cpu", 0, 10000);
    run("two-cpus", 1, 10000);
    run("free", 2, 10000);
    run("crowd", 3, 200);
    print("wakeups: done\n");
    power_off();
}
