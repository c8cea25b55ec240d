/*
 * What the fuzz targets of the Arm GICv5 share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GICV5_FUZZ_H
#define GICV5_FUZZ_H

#include <signal.h>

/* Nanoseconds of CPU time that this thread has used */
static inline uint64_t fuzz_cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * NANOSECONDS_PER_SECOND + t.tv_nsec;
}

/*
 * After qemu_init(): give back the signals that libFuzzer needs. It leaves
 * alone what has a handler, so that the target could not be interrupted; and
 * with SIGALRM blocked -timeout does nothing.
 */
static inline void fuzz_free_signals(void)
{
    static const int signals[] = { SIGINT, SIGHUP, SIGTERM, SIGALRM };
    sigset_t set;

    sigemptyset(&set);
    for (unsigned i = 0; i < ARRAY_SIZE(signals); i++) {
        signal(signals[i], SIG_DFL);
        sigaddset(&set, signals[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

#endif
