/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine that is busy, for one call: its thread waits for a processor most of the time.
 *
 * Invariant: nothing of it is left behind. Ownership: none. Threads:   any.
 */
#ifndef BAD_CROWD_H
#define BAD_CROWD_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static inline void *crowd(void *over)
{
    while (!atomic_load((atomic_bool *)over))
        ;
    return NULL;
}

/* For 60 ms of the one processor that many others work on, too. */
static inline void work_in_a_crowd(void)
{
    enum { OTHERS = 6 };
    pthread_t others[OTHERS];
    atomic_bool over = false;
    struct timespec now = {0};
    cpu_set_t one, before;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_getaffinity(0, sizeof before, &before);
    sched_setaffinity(0, sizeof one, &one);
    for (int i = 0; i < OTHERS; i++)
        if (pthread_create(&others[i], NULL, crowd, &over))
            abort();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    for (int64_t end = now.tv_sec * 1000000000LL + now.tv_nsec + 60000000, at = 0; at < end;) {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        at = now.tv_sec * 1000000000LL + now.tv_nsec;
    }
    atomic_store(&over, true);
    for (int i = 0; i < OTHERS; i++)
        pthread_join(others[i], NULL);
    sched_setaffinity(0, sizeof before, &before);
}

#endif
