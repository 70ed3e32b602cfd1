/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tasks of an attempt have something to do: each has a bell (ring/bell.h), and a worker looks
 * for bells that ring.
 *
 * Invariant: a task whose bell does not ring has nothing to do until it is rung for.
 * Ownership: the attempt's; instances ring them until they are freed.
 * Threads:   hang and free while there is no worker; the rest from any.
 */
#ifndef QETL_CORE_BELLS_H
#define QETL_CORE_BELLS_H

#include "ring/bell.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct qetl_run;
struct qetl_task;

enum { QETL_BELLS_A_WORD = 32 };

struct qetl_bells {
    struct qetl_task **tasks; /* in the order in which workers look */
    struct qetl_bell *bells;  /* one a task */
    _Atomic uint32_t *words;  /* in which they ring, QETL_BELLS_A_WORD each */
    size_t n, n_words;
    atomic_ullong happened; /* qetl_run_happened, when all were rung for that last */
    atomic_llong due_ns;    /* no task's time comes before this */
};

/* One for each task of the plan, all of which ring. Nonzero: no memory. */
int32_t qetl_bells_hang(struct qetl_run *);
void qetl_bells_free(struct qetl_bells *);
/* Before a look: rings for tasks whose time has come, and for all if something happened that all
 * heed. */
void qetl_bells_rouse(struct qetl_run *);
int qetl_bells_ringing(const struct qetl_bells *); /* of so many tasks */
/* A task's time (its idle_until_ns, set before) comes then; INT64_MAX: never. */
void qetl_bells_expect(struct qetl_bells *, int64_t until_ns);

#endif
