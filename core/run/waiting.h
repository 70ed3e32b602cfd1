/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run that is to end and cannot: it waits for calls into plugins, which nobody can take back.
 *
 * Invariant: only a run that is to end is said to wait, and only for what is in a call.
 * Ownership: the caller's.
 * Threads:   [any], each with what it has seen.
 */
#ifndef QETL_CORE_WAITING_H
#define QETL_CORE_WAITING_H

#include <stdbool.h>
#include <stdint.h>

struct qetl_run;

struct qetl_waiting { /* zeroed: nothing was seen yet */
    int64_t seen_ns;  /* that the run is to end */
    int64_t told_ns;  /* last */
};

/* Called now and then: when a run that is to end has not done so for a while, and again after a
 * longer one, its log warns of each call that it waits for. signals: another one ends the program
 * at once, and that is said. Whether it was told by now. */
bool qetl_run_tell_waiting(struct qetl_run *, struct qetl_waiting *, bool signals);

#endif
