/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a batch as JSON, and their values as JSON or text.
 *
 * Invariant: what is written of a row depends on the row alone.
 * Ownership: owns its schemas; the batch is lent until the next rows_open or the end of the call.
 * Threads:   one at a time.
 */
#ifndef SHARED_REST_ROWS_H
#define SHARED_REST_ROWS_H

#include <qetl/sdk.h>

struct rows {
    struct qetl_env env;
    struct ArrowSchema all;    /* a copy of what the batches have */
    struct ArrowSchema chosen; /* the columns that make a row */
    int64_t *places;           /* theirs among all */
    const struct ArrowArray *batch;
    struct qetl_column *cells; /* a reader for each of all */
    struct ArrowArray row;     /* the chosen columns of the batch: lent */
    struct ArrowArray **children;
    const void *no_validity[1];
    struct qetl_column object; /* over row */
};

/* OK, or a failure that was reported. chosen: the option that says which make a row; NULL: all. */
int32_t rows_bind(struct rows *, struct qetl_env, const struct ArrowSchema *, const char *chosen);
void rows_free(struct rows *);
int32_t rows_open(struct rows *, const struct ArrowArray *batch);

bool rows_is_null(const struct rows *, int64_t row, int64_t column);
/* {"id":1,…} of the chosen columns. */
int32_t rows_put(const struct rows *, int64_t row, struct qetl_space *);
/* One value as JSON. */
int32_t rows_put_value(const struct rows *, int64_t row, int64_t column, struct qetl_space *);
/* And as text: nothing for NULL. */
int32_t rows_put_text(const struct rows *, int64_t row, int64_t column, struct qetl_space *);
/* Of what the row holds: the same for rows of equal values, whatever columns that are NULL there
 * are beside. */
uint64_t rows_hash(const struct rows *, int64_t row, struct qetl_space *scratch);

#endif
