/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a batch as a binary COPY has them, put column by column: first how long each row is, then
 * the values to their places.
 *
 * Invariant: the bytes are those of value_put, row by row. A block of which value_put would refuse
 * a value is not measured; its rows go one by one. Ownership: plain data. Threads:   one at a time.
 */
#ifndef POSTGRES_SINK_BLOCK_H
#define POSTGRES_SINK_BLOCK_H

#include "value.h"

enum { BLOCK_ROWS = 512 };

struct block {
    struct value *values;
    int64_t n_values;
    bool placed;                /* each row begins with its number in the batch, as a bigint */
    int64_t first, rows;        /* of the batch, that are measured */
    int64_t done;               /* of these, so many were put */
    int64_t sizes[BLOCK_ROWS];  /* of rows */
    int64_t places[BLOCK_ROWS]; /* where the next value of a row goes */
};

/* Whether rows of these columns, which are attached, can go by blocks. */
bool block_suits(const struct value *, int64_t n_values);
/* Rows [first, first + rows), BLOCK_ROWS at most. false: they have to go one by one. */
bool block_measure(struct block *, int64_t first, int64_t rows);
/* As many of the next rows as there is room for in `most` bytes, or a single one where nothing else
 * is there; how many; 0: all are put, or the next one has no room, or there is no memory. */
int64_t block_put(struct block *, struct wire *, int64_t most);

#endif
