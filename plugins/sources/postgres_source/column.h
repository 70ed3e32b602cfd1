/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column that grows from the values of a binary COPY, row by row or by runs of rows: Arrow's
 * buffers as they will be handed on.
 *
 * Invariant: a value goes in as it is, or not at all. The rows that were put last may be put again.
 * Ownership: buffers are the column's until column_close moves them.
 * Threads:   one at a time.
 */
#ifndef POSTGRES_SOURCE_COLUMN_H
#define POSTGRES_SOURCE_COLUMN_H

#include "../../shared/postgres/types.h"

enum { COLUMN_ROWS = 16384 }; /* of one batch, at most */

/* A value as it stands in a row. */
struct copy_field {
    const uint8_t *data;
    int64_t size; /* -1: NULL */
};

/* Those of a column in rows that follow each other. */
struct column_run {
    const struct copy_field *first; /* behind the data of each, COLUMN_SPARE bytes can be read */
    int64_t stride, rows;           /* in fields from one to the next */
};
enum { COLUMN_SPARE = 16 };

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
    struct {
        int64_t n_heaps, heap_size, heap_room;
    } mark; /* where texts stood that may be put again */
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
/* From `row` on. false: a value is not taken, or there is no memory; texts have to go back. */
bool column_put_run(struct column *, struct qetl_env, int64_t row, const struct column_run *);
/* What is put from here on can be taken back: its room in the heaps is that of what comes. */
void column_mark(struct column *);
void column_back(struct column *, struct qetl_env);
/* The first `rows` rows; the column is empty then. */
int32_t column_close(struct column *, struct qetl_env, int64_t rows, struct ArrowArray *out);
void column_free(struct column *, struct qetl_env);

/* ---- For those that put values ---- */

/* There is room for the values, and for who of them is NULL; false: there is no memory. */
bool column_ready(struct column *, struct qetl_env);
bool column_validity(struct column *, struct qetl_env);
/* Room for one more text, in the last heap. */
uint8_t *column_heap(struct column *, struct qetl_env, int64_t size);

#endif
