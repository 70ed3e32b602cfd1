/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks after a run while it goes on: names what has not moved for too long, and ends a run whose
 * time is up.
 *
 * Invariant: a stage is told of once for each time that it stands still; one that waits for its
 * input, or for room behind it, never.
 * Ownership: the run's; it reads nothing of a task but atomic words.
 * Threads:   look: one at a time, any thread. start and stop: the one that drives the run.
 */
#ifndef QETL_CORE_WATCHDOG_H
#define QETL_CORE_WATCHDOG_H

#include <stdint.h>

struct qetl_run;
struct qetl_watchdog;

/* Once the stages stand. NULL without memory. */
struct qetl_watchdog *qetl_watchdog_new(struct qetl_run *);
void qetl_watchdog_free(struct qetl_watchdog *); /* accepts NULL */

/* [any] Answers when to look again, on the clock of qetl_now_ns. */
int64_t qetl_watchdog_look(struct qetl_watchdog *, int64_t now_ns);

/* A thread that looks, until it is stopped; a nonzero errno if there is none to be had. */
int qetl_watchdog_start(struct qetl_watchdog *);
void qetl_watchdog_stop(struct qetl_watchdog *);

#endif
