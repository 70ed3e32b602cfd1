/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places in a run from which rows can be seen: each output of a source or transform, each input
 * of a sink.
 *
 * Invariant: where nobody looks, a batch costs one relaxed load. A tap never makes a worker wait:
 * what it has no room for is counted and lost to it. Ownership: the run owns a list of lookouts for
 * each node, a lookout holds one reference to each of its taps. Threads:   see from workers; the
 * rest from any.
 */
#ifndef QETL_CORE_LOOKOUT_H
#define QETL_CORE_LOOKOUT_H

#include "data/batch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct qetl_node;
struct qetl_op;
struct qetl_run;
struct qetl_tap;

struct qetl_lookout {
    atomic_int looking; /* taps, and the run's observer */
    pthread_mutex_t lock;
    struct qetl_tap *taps;
    atomic_llong missed; /* rows that no tap was offered, since the lock was taken */
    bool ended;          /* no more rows will come: the run is over */
};

uint32_t qetl_node_outlets(const struct qetl_node *); /* how many a node has */
struct qetl_lookout *qetl_lookouts_new(uint32_t n, bool observed);
void qetl_lookouts_free(struct qetl_lookout *, uint32_t n); /* accepts NULL */
/* Its taps get no more rows; over: nor will any that comes. Accepts NULL. */
void qetl_lookouts_end(struct qetl_lookout *, uint32_t n, bool over);

static inline bool qetl_lookout_used(const struct qetl_lookout *lookout)
{
    return atomic_load_explicit(&((struct qetl_lookout *)lookout)->looking, memory_order_relaxed);
}

/* [worker] Shows a batch that leaves by a port, or came in by it; at sinks the rows that the
 * operator's instance just rejected are left out. */
void qetl_lookout_show(struct qetl_op *, uint32_t port, const struct qetl_batch *);

/* tap.c */
/* A batch of so many rows; NULL: it could not be had, and is missed. */
void qetl_tap_offer(struct qetl_tap *, const struct qetl_batch *, int64_t rows);
bool qetl_tap_has_room(struct qetl_tap *);
struct qetl_tap *qetl_tap_next(const struct qetl_tap *);
void qetl_tap_end(struct qetl_tap *);
void qetl_tap_unref(struct qetl_tap *);

#endif
