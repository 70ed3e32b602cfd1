/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of an aggregate: each a function over an expression.
 *
 * Invariant: once bound, every item knows its type and what it reads.
 * Ownership: an item owns its expression, schemas and reduction.
 * Threads:   made in bind; then one.
 */
#ifndef QETL_AGGREGATE_ITEMS_H
#define QETL_AGGREGATE_ITEMS_H

#include "reduce.h"

#include <qetl/exprs.h>

struct item {
    const char *name;
    bool rows;              /* count(*) */
    struct qetl_expr *expr; /* NULL: count(*), or a column as it is */
    int64_t *places;        /* of what it reads among the columns that process gets */
    int64_t n_places;
    struct ArrowSchema values, field; /* of the expression; of the result */
    int32_t scale;                    /* of values, if they are decimals */
    struct reduction reduction;
    struct ArrowArray result; /* of the expression, for the batch at hand */
};

struct items {
    struct qetl_env env;
    struct qetl_exprs exprs;
    struct item *list;
    int64_t count;
};

/* From the option `set`; a failure was reported. */
int32_t items_bind(struct items *items, const struct ArrowSchema *input,
                   struct qetl_binder *binder);
void items_clear(struct items *items);

#endif
