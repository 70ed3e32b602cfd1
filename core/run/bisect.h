/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch that a plugin refuses (QETL_E_ROW) is halved, and its halves, until the one row is found.
 *
 * Invariant: the pieces that wait are the rest of the batch, in order, the next one last.
 * Ownership: a bisect owns its pieces.
 * Threads:   the one that runs the op's task.
 */
#ifndef QETL_CORE_BISECT_H
#define QETL_CORE_BISECT_H

#include "data/batch.h"

struct qetl_op;

enum { QETL_BISECT_DEPTH = 48 }; /* halvings of 2^31 rows, and more */

struct qetl_piece {
    struct qetl_batch *batch;
    int64_t from; /* its first row, in the batch that was refused first */
};

struct qetl_bisect {
    struct qetl_piece rest[QETL_BISECT_DEPTH];
    size_t n;
};

/* *at becomes its first half, the second one waits. *at is dropped; negative without memory: it
 * stays. */
int32_t qetl_bisect_split(struct qetl_bisect *, struct qetl_pool *, struct qetl_piece *at);
/* The next piece, which is the caller's; false: that was all. */
bool qetl_bisect_next(struct qetl_bisect *, struct qetl_piece *);
void qetl_bisect_clear(struct qetl_bisect *);

/* The one row that a call refused: it is rejected with the reason that the plugin gave. */
void qetl_op_reject_refused(struct qetl_op *);

#endif
