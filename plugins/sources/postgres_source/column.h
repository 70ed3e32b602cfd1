/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column that grows row by row from the values of a binary COPY: Arrow's buffers as they will be
 * handed on.
 *
 * Invariant: a value goes in as it is, or not at all. Row r may be put again until r + 1 is.
 * Ownership: buffers are the column's until column_close moves them.
 * Threads:   one at a time.
 */
#ifndef POSTGRES_SOURCE_COLUMN_H
#define POSTGRES_SOURCE_COLUMN_H

#include "../../shared/postgres/types.h"

enum { COLUMN_ROWS = 16384 }; /* of one batch, at most */

struct column {
    struct pg_type type;
    int32_t width;     /* bytes a value; 0: bits; 16 for views, too */
    int64_t rows;      /* that the batch at hand has room for */
    uint8_t *values;   /* so many, or NULL */
    uint8_t *validity; /* NULL until the first NULL */
    uint8_t **heaps;   /* of texts longer than a view */
    int64_t *heap_sizes;
    int64_t n_heaps, room_heaps;
    int64_t heap_room; /* of the last one */
    int64_t wanted;    /* bytes that the last batch took, as far as they go into one heap */
};

enum column_answer {
    COLUMN_TAKEN = 0,
    COLUMN_NO_VALUE = 1, /* the column's type has no such value */
    COLUMN_BROKEN = 2,   /* the bytes are no value of the column's type in PostgreSQL */
    COLUMN_NO_MEMORY = 3
};

void column_init(struct column *, struct pg_type);
/* Bytes of a row that are there whatever its values are. */
int64_t column_row_bytes(const struct column *);
/* The next batch has so many rows at most. The column is empty. */
void column_begin(struct column *, int64_t rows);
/* size -1: NULL. */
enum column_answer column_put(struct column *, struct qetl_env, int64_t row, const uint8_t *data,
                              int64_t size);
/* The first `rows` rows; the column is empty then. */
int32_t column_close(struct column *, struct qetl_env, int64_t rows, struct ArrowArray *out);
void column_free(struct column *, struct qetl_env);

#endif
