/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An epoch that has to be repeated (QETL_E_RETRY_EPOCH): the attempt is taken down, and the next
 * one goes on from what was decided, as another process would.
 *
 * Invariant: nothing is repeated whose rows cannot be read again, or behind the run's last epoch.
 * Ownership: waits and counts are the component's patience.
 * Threads:   as tagged.
 */
#ifndef QETL_CORE_AGAIN_H
#define QETL_CORE_AGAIN_H

#include <stdbool.h>
#include <stdint.h>

struct qetl_run;
struct qetl_ctx;
struct qetl_node;

struct qetl_again {
    const struct qetl_node *node;
    int64_t at_ns;
};

enum { QETL_STOPS_FOR_NEXT = -1 }; /* of the run's `stopping`: this attempt, not the run */

/* [any] The call has lost what was staged. True: the attempt is being taken down, and nothing is to
 * be reported; false: it cannot be repeated, or not any more: what the instance says tells why. */
bool qetl_run_go_back(struct qetl_run *, struct qetl_ctx *, const char *call);
/* [control] After an attempt. True: the next one may begin. */
bool qetl_attempt_renew(struct qetl_run *);
/* [decider] An epoch was decided: who failed before has got over it. */
void qetl_run_got_on(struct qetl_run *);

#endif
