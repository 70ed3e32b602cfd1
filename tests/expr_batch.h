/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch with a column of every type, for tests of expressions.
 *
 * Invariant: row k of a column holds the k-th of its edge values, NULL every eleventh row; names
 * are those of expr_batch_columns. Ownership: open makes schema and columns, close releases them.
 * Threads:   one at a time.
 */
#ifndef QETL_EXPR_BATCH_H
#define QETL_EXPR_BATCH_H

#include "fake_host.h"

enum { EXPR_BATCH_COLUMNS = 20 };

struct expr_batch {
    struct ArrowSchema schema;
    struct ArrowArray columns[EXPR_BATCH_COLUMNS];
    int64_t rows;
};

void expr_batch_open(struct expr_batch *batch, struct qetl_fake_host *fake, int64_t rows);
void expr_batch_close(struct expr_batch *batch);
/* The struct array over the columns that an expression reads; children has room for all. */
void expr_batch_view(const struct expr_batch *batch, int64_t n, const int64_t *columns,
                     struct ArrowArray **children, struct ArrowArray *out);

#endif
