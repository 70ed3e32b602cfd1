/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a run has to be over: its `timeout`, and `shutdown`, once it was interrupted.
 *
 * Invariant: both count from when they began, however often the run went back to an epoch.
 * Ownership: none.
 * Threads:   any.
 */
#ifndef QETL_CORE_DEADLINES_H
#define QETL_CORE_DEADLINES_H

#include <stdint.h>

struct qetl_run;

/* Ends a run that is late. Answers the next time at which one may be; INT64_MAX: never. */
int64_t qetl_deadlines_look(struct qetl_run *, int64_t now_ns);

#endif
