/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came out of a run, as text: two runs are compared by it.
 *
 * Invariant: ended by a zero byte behind `size` bytes, once anything was put in.
 * Ownership: the owner frees.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_CONFORM_TEXT_H
#define QETL_CORE_CONFORM_TEXT_H

#include <qetl/sdk.h>

struct conform_text {
    char *data;
    size_t size, room;
};

void conform_text_put(struct conform_text *, const void *data, size_t size);
void conform_text_putf(struct conform_text *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A value as CSV would write it, "\\N" where it is NULL. */
void conform_text_cell(struct conform_text *, const struct qetl_column *, int64_t row);
/* The same, so that each row is one line and each bar ends a cell. */
void conform_text_field(struct conform_text *, const struct qetl_column *, int64_t row);
/* Each row of a batch, its cells with bars between them. */
void conform_text_rows(struct conform_text *, const struct ArrowSchema *,
                       const struct ArrowArray *);
/* The same of these columns; NULL: of the first n. */
void conform_text_columns(struct conform_text *, const struct ArrowSchema *,
                          const struct ArrowArray *, const int64_t *columns, int64_t n);
void conform_text_free(struct conform_text *);

bool conform_text_same(const struct conform_text *, const struct conform_text *);
/* The first line in which b differs from a, of both, cut to be shown. */
void conform_text_difference(const struct conform_text *a, const struct conform_text *b, char *out,
                             size_t size);

#endif
