/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of several instances at work in a process.
 *
 * Invariant: where sinks write, each has a folder of its own.
 * Ownership: the owner makes and closes it.
 * Threads:   one drives each; the others are the owner's.
 */
#ifndef QETL_CORE_CONFORM_SIDE_H
#define QETL_CORE_CONFORM_SIDE_H

#include "cases.h"

struct conform_side {
    struct conform_bench bench;
    struct conform_trial trial;
    struct conform_check check;
    struct conform_knobs knobs;
    json_t *options;           /* of the knobs */
    char name[24], place[600]; /* no two components of a pipeline have the same name */
    pthread_t thread;
};

/* relay: that it takes its turns in, as runner `number`; or NULL. */
void conform_side_make(struct conform_side *, const struct conform_trial *, int number,
                       struct conform_relay *relay);
void *conform_side_run(void *side); /* all of it, as a thread's function */
/* Whether it came to the same as one alone. */
void conform_side_judge(const struct conform_side *, const struct conform_bench *alone,
                        const char *what);
void conform_side_close(struct conform_side *);

#endif
