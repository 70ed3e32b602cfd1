/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a call that failed for the moment is made again: exponential backoff with full jitter, as
 * long as a budget lasts. Source: M. Brooker, "Exponential Backoff And Jitter" (AWS, 2015).
 *
 * Invariant: no wait is longer than the policy's most, but for what the other side asked for; the
 * waits of one call end within its budget.
 * Ownership: plain values.
 * Threads:   one at a time for each qetl_retry.
 */
#ifndef QETL_CORE_RETRY_H
#define QETL_CORE_RETRY_H

#include <stdint.h>

struct qetl_retry_policy {
    int attempts; /* of one call, the first among them; 0: any number */
    int64_t
        budget_ns; /* from the first failure to the last attempt; 0: there is no second attempt */
    int64_t first_ns; /* the first wait is at most so long, each next one twice that … */
    int64_t most_ns;  /* … up to this */
};

struct qetl_retry { /* zeroed: the call has not failed yet */
    int failures;
    int64_t since_ns; /* of the first of them */
    uint64_t noise;   /* of the jitter */
};

/* The call failed at now_ns, and the other side does not want it again within after_ns (0: it did
 * not say). Answers how long to wait, or -1: it is given up. */
int64_t qetl_retry_failed(struct qetl_retry *, const struct qetl_retry_policy *, int64_t now_ns,
                          int64_t after_ns);
/* It succeeded: the next failure is a first one. */
void qetl_retry_succeeded(struct qetl_retry *);

#endif
