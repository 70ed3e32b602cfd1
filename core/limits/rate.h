/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No more than so many rows, bytes or calls a second, by the virtual clock of a leaky bucket (GCRA:
 * ITU-T I.371, annex A): one number says when the next may go. What goes may be known only behind
 * the call, so that a batch may overdraw; those that follow wait the longer.
 *
 * Invariant: over any time T, what went is at most rate * (T + the burst) + one call's.
 * Ownership: plain values; one for all replicas of a component.
 * Threads:   any; the clock is one atomic word.
 */
#ifndef QETL_CORE_RATE_H
#define QETL_CORE_RATE_H

#include <stdatomic.h>
#include <stdint.h>

struct qetl_rate {
    double per_second;   /* 0: no limit */
    int64_t burst_ns;    /* so much may be made up for */
    atomic_llong due_ns; /* when all that went would have, at the rate */
};

void qetl_rate_init(struct qetl_rate *, double per_second, int64_t burst_ns);
/* 0: go on. Otherwise how long to wait. */
int64_t qetl_rate_ask(struct qetl_rate *, int64_t now_ns);
void qetl_rate_spend(struct qetl_rate *, int64_t n, int64_t now_ns);

#endif
