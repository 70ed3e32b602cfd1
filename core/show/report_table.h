/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table for people: columns as wide as their cells, within a width; what is too long ends in an
 * ellipsis.
 *
 * Invariant: no line is wider than asked (24 at least), and none holds what a terminal would obey.
 * Columns that find no room at all are left out at the right, and the last line says how many.
 * Ownership: the table copies its cells and borrows its columns.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_REPORT_TABLE_H
#define QETL_CORE_REPORT_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct qetl_table_column {
    const char *title;
    int right; /* numbers stand at the right, and are never cut */
    int least; /* how narrow it may become; 0: eight columns */
    int wraps; /* the last column alone: goes on in lines below instead of being cut */
};

struct qetl_table;

/* NULL without memory; every function accepts that. */
struct qetl_table *qetl_table_new(const struct qetl_table_column *, size_t n_columns);
void qetl_table_free(struct qetl_table *);
/* A row of n_columns cells; a NULL cell is empty. */
void qetl_table_add(struct qetl_table *, const char *const *cells);
/* One cell after another, formatted; rows begin of themselves. */
void qetl_table_put(struct qetl_table *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* For bytes that may be no text. */
void qetl_table_put_bytes(struct qetl_table *, const char *bytes, size_t size);
/* With `indent` spaces before each line. Nonzero if memory was missing: then something is missing
 * from the table, too. */
int qetl_table_print(const struct qetl_table *, FILE *out, int indent, int width, int colour);

#endif
