/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of COPY … (FORMAT binary) as rows of columns.
 *
 * Invariant: whatever the bytes are, nothing is read beyond them, and a row is taken whole, refused
 *            for one value, or the stream is broken, which is told.
 * Ownership: columns are lent; the decoder keeps nothing of what it is fed.
 * Threads:   one at a time.
 */
#ifndef POSTGRES_SOURCE_COPY_H
#define POSTGRES_SOURCE_COPY_H

#include "column.h"

struct copy {
    struct qetl_env env;
    struct column *columns;
    int32_t n_columns;
    int32_t n_fields;          /* of a row: behind the columns' stand those of the keys */
    struct copy_field *fields; /* of the row at hand: n_fields of them */
    bool headed, ended;        /* header and trailer were seen */
    int64_t rows;              /* that the columns hold */
    const char *broken;        /* why the stream is no binary COPY */
};

enum copy_answer {
    COPY_ROW,     /* the columns have one more */
    COPY_REFUSED, /* *column has no such value */
    COPY_NOTHING, /* no row stood there: the header alone, the trailer */
    COPY_BROKEN,
    COPY_NO_MEMORY
};

/* One message: header, a row or the trailer, or the header and one of the others. */
enum copy_answer copy_feed(struct copy *, const uint8_t *data, int64_t size, int32_t *column);
/* The fields of a row, which begins with their number, as a row has it. false: it is cut off, or
 * goes on behind them. */
bool copy_split(const struct copy *, const uint8_t *row, int64_t size, struct copy_field *fields);
/* A row of n fields that stand in `fields` already. */
enum copy_answer copy_row(struct copy *, int32_t n, int32_t *column);

#endif
