/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What plugins hand over is checked: that the core can follow it always, all of it where the run
 * asks for that (--validate full), then also what the core made of it, on every edge.
 *
 * Invariant: a batch that is wrong goes no further, and the message names who made it.
 * Ownership: borrows all.
 * Threads:   the one that runs the op's task.
 */
#ifndef QETL_CORE_OP_CHECK_H
#define QETL_CORE_OP_CHECK_H

#include "op.h"

enum qetl_made_part {
    QETL_MADE_BATCH, /* the next on its edge */
    QETL_MADE_LATE,  /* columns of the last one, decoded behind a filter */
    QETL_MADE_OBJECT /* what is told of an object */
};

struct qetl_made { /* what is looked at, or a column of it */
    uint32_t port;
    enum qetl_made_part part;
    int64_t rows;                    /* of the batch */
    const struct ArrowSchema *field; /* of the column; NULL: the batch as such */
    uint32_t form;
    bool passed;    /* it left the plugin in order, and was carried, cut or gathered by the core */
    bool validated; /* by the validator, whose message begins with where in the column it is */
};

/* A column that a plugin handed over, against its schema as delivered in that form. */
int32_t qetl_op_check_column(struct qetl_op *, const struct qetl_made *, int64_t length,
                             const struct ArrowArray *);
/* --validate full: a batch that is about to leave by a port. */
int32_t qetl_op_check_batch(struct qetl_op *, uint32_t port, const struct qetl_batch *);
/* op_blame.c: ends the run, naming maker, edge, batch, column, and who is to mend it. */
int32_t qetl_op_blame(struct qetl_op *, const struct qetl_made *, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
