/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A component's failures that are for the moment, and how hard it is driven: its calls are made
 * again as its limits say, and wait while its breaker is open or its rate is used up. Waiting is
 * being idle: no thread sleeps while there are rows on their way.
 *
 * Invariant: a call that failed for the moment is made again with the same arguments, or the run
 * fails; nothing is dropped.
 * Ownership: one a node, the run's; it borrows the node's limits.
 * Threads:   may_call and answered: the one that runs the op's task; the rest any.
 */
#ifndef QETL_CORE_PATIENCE_H
#define QETL_CORE_PATIENCE_H

#include "limits/limits.h"
#include "limits/rate.h"

#include <stdatomic.h>
#include <stdbool.h>

struct qetl_node;
struct qetl_op;
struct qetl_run;
struct qetl_ctx;

struct qetl_patience {
    const struct qetl_limits *limits;
    struct qetl_breaker breaker;
    struct qetl_rate rows, bytes, calls;
    struct qetl_retry epoch;      /* of the epochs that it has lost; under the run's lock */
    atomic_llong retries, epochs; /* calls that were made again; epochs that were repeated */
};

void qetl_patience_init(struct qetl_patience *, const struct qetl_limits *);
void qetl_patience_clear(struct qetl_patience *);

/* How many rows a source may hand over at once, of so many: no more than its rate lets one make up
 * for, so that they come as evenly as they were asked for. */
int64_t qetl_op_rows_at_once(const struct qetl_op *, int64_t most);
/* Before a call that moves data. False: not now; the op is idle until it may. */
bool qetl_op_may_call(struct qetl_op *);
/* Behind it: the answer, or QETL_IDLE where the same call shall be made again later, or the
 * failure, which was reported (QETL_E_ROW is not, where batches are handed over). What it moved
 * counts against the rate. */
int32_t qetl_op_answered(struct qetl_op *, const char *call, int32_t answer, int64_t rows,
                         int64_t bytes);
/* Rows of a byte source, which are known once they are decoded. */
void qetl_op_spend_rows(struct qetl_op *, int64_t rows);
/* Rows of any source: a failure (reported) where the pipeline's max_rows forbids more. */
int32_t qetl_op_take_rows(struct qetl_op *, int64_t rows);

/* [control] The same where the caller may wait: after a call that failed. True: it has waited, and
 * the call shall be made again; false: the status stands (OK, or a failure that was not reported
 * yet). */
bool qetl_run_again(struct qetl_run *, struct qetl_ctx *, struct qetl_retry *, const char *call,
                    int32_t status);

/* [any] The call has lost what was staged in its epoch: how long to wait before that is repeated;
 * -1: it is given up, as the instance's error tells. [control] How long the breaker still holds the
 * next attempt back. [decider] An epoch was decided. */
int64_t qetl_patience_go_back(struct qetl_run *, struct qetl_ctx *, const char *call);
int64_t qetl_patience_ask(struct qetl_run *, const struct qetl_node *, int64_t now_ns);
void qetl_patience_got_on(struct qetl_run *, const struct qetl_node *);

#endif
