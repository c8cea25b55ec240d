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

/*
 * qemu_init() with the arguments @fixed, which end with NULL, and then "-global
 * arm-gicv5.NAME=VALUE" for each of GICV5_FUZZ_PROPERTIES, which are separated
 * by commas. Of two values of a property the later one is used.
 */
static inline void fuzz_qemu_init(const char *const *fixed)
{
    /* QEMU keeps pointers to its arguments. */
    static GPtrArray *args;
    const char *all = getenv("GICV5_FUZZ_PROPERTIES");
    g_auto(GStrv) props = g_strsplit(all ? all : "", ",", -1);

    args = g_ptr_array_new();
    for (unsigned i = 0; fixed[i]; i++) {
        g_ptr_array_add(args, (char *)fixed[i]);
    }
    for (unsigned i = 0; props[i]; i++) {
        g_ptr_array_add(args, (char *)"-global");
        g_ptr_array_add(args, g_strdup_printf("arm-gicv5.%s", props[i]));
    }
    g_ptr_array_add(args, NULL);
    qemu_init(args->len - 1, (char **)args->pdata);
    fuzz_free_signals();
}

#endif
