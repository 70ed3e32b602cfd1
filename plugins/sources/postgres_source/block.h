/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a binary COPY that are taken together, column by column: first where their fields are,
 * then the values of each column in one loop.
 *
 * Invariant: what columns hold is what copy_row puts into them, row by row. A block of which
 * copy_row would not take a row leaves their rows as they were, and goes one by one. Ownership:
 * bytes are copied; columns are lent. Threads:   one at a time.
 */
#ifndef POSTGRES_SOURCE_BLOCK_H
#define POSTGRES_SOURCE_BLOCK_H

#include "copy.h"

enum { BLOCK_ROWS = 256, BLOCK_FIELDS = 4096, BLOCK_BYTES = 1 << 16 };

struct block {
    struct copy_field *fields; /* of its rows, one row behind the other; room for a row at least */
    uint8_t *bytes;            /* BLOCK_BYTES, and what loops may read behind them */
    int64_t n_fields, most;    /* of a row; rows that there is room for */
    int64_t rows, size;
};

/* false: there is no memory. */
bool block_open(struct block *, int32_t n_fields);
/* A row as it stands in a COPY. false: there is no room for it, or it is none; it stays out. */
bool block_add(struct block *, const struct copy *, const uint8_t *row, int64_t size);
/* true: the columns have its rows. false: they have to go one by one. */
bool block_put(const struct block *, struct copy *);
struct copy_field *block_row(const struct block *, int64_t row);
/* It is empty again. The fields of the row that was its last stay until a row is added; they stand
 * where those of the first one stood. */
struct copy_field *block_clear(struct block *);
void block_free(struct block *);

#endif
