/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches on their way to bytes.
 *
 * Invariant: whoever writes a cell has row_room bytes before him, and leaves that much for the rest
 * of the row; a row that fails leaves no bytes. Ownership: the encoder copies the schema; columns
 * point into the batch at hand. Threads:   as the instance.
 */
#ifndef QETL_CSV_ENCODER_H
#define QETL_CSV_ENCODER_H

#include "cells.h"

enum { CSV_FAST_CELL = 32 }; /* longer cells make room for themselves */

enum csv_writer {
    CSV_WRITE_VIEWS,
    CSV_WRITE_TEXT,
    CSV_WRITE_INTEGER,
    CSV_WRITE_UNSIGNED,
    CSV_WRITE_DECIMAL,
    CSV_WRITE_OTHER
};

/* What the usual cell needs: a view, not NULL or spelled by nothing. */
struct csv_hot {
    const uint64_t *views; /* of row 0; NULL: not a column of views */
    const uint8_t *const *data;
    const uint8_t *validity; /* or NULL */
    int64_t offset;          /* of row 0 in validity */
    bool first;
    const void *integers; /* of row 0; NULL: not a plain column of integers */
    char layout;          /* of them, Arrow's letter */
};

struct csv_column_out {
    struct qetl_column reader;
    enum csv_writer writer;
    bool from_csv; /* a NULL's view holds how it was spelled */
    bool first;
    bool numeric; /* its type is a number's */
    struct csv_local_type local;
    bool quoted; /* whatever a cell holds that is not NULL */
};

struct csv_pen {
    struct qetl_space *space;
    uint8_t *at, *end;
    int64_t row_at; /* where the row at hand begins */
};

typedef int32_t csv_rows_fn(const struct csv *self, int64_t from, int64_t to, struct csv_pen *pen);

struct csv_encoder {
    struct ArrowSchema schema;
    struct csv_column_out *columns;
    struct csv_hot *hot;
    csv_rows_fn *rows;
    struct csv_special special;
    struct qetl_text null;      /* how a NULL is written */
    struct qetl_text lone_null; /* in a row of one cell; data NULL: it cannot be */
    bool numbers_plain;         /* a number never needs quotes */
    uint64_t odd_sizes; /* of texts that may need quotes whatever they hold, as csv_nulls.sizes */
    int64_t row_room;   /* most bytes of a row without its long texts */
    struct qetl_space scratch;
    struct qetl_space row; /* for the kernels, before it becomes one of a foreign dialect */
};

/* Where the next byte of a space goes. */
struct csv_pen csv_pen_take(struct qetl_space *space);
int32_t csv_pen_grow(struct csv_pen *pen, int64_t n);

static inline int32_t csv_pen_room(struct csv_pen *pen, int64_t n)
{
    return __builtin_expect(pen->end - pen->at >= n, 1) ? QETL_OK : csv_pen_grow(pen, n);
}

/* row.c: a text that is not NULL, with quotes where they are needed or forced; 2 * size + 4 bytes
 * at most. */
uint8_t *csv_text_write(const struct csv *self, uint8_t *at, const uint8_t *data, int64_t size,
                        bool force);
/* row.c: any cell. */
int32_t csv_cell_put(const struct csv *self, int64_t column, int64_t row, struct csv_pen *pen);
enum csv_writer csv_writer_of(const struct csv_encoder *e, const struct qetl_column *reader);

/* Rows [from, to) of the batch at hand. */
struct csv_rows_kernel {
    const char *name;
    bool (*usable)(void);
    csv_rows_fn *write;
};
extern const struct csv_rows_kernel csv_rows_portable, csv_rows_avx512;
extern const struct csv_rows_kernel
    *const csv_rows_kernels[]; /* best first, the portable one last */
extern const int csv_rows_kernels_count;

#endif
