/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as a table that fits a terminal.
 *
 * Invariant: no line is wider than the terminal; NULL, empty text and the text NULL look different;
 * a cell never breaks its line. Ownership: rows are borrowed.
 * Threads:   the caller's.
 */
#ifndef QETL_CORE_ROW_TABLE_H
#define QETL_CORE_ROW_TABLE_H

#include "capture.h"

#include <stdio.h>

/* Columns that do not fit side by side follow in further tables, with the row's number before each
 * row. */
void qetl_row_table(const struct qetl_shown_rows *, int width, int colour, FILE *out);

/* A cell in at most `most` columns of a terminal: quoted where it could be mistaken for something
 * else, cut with an ellipsis. Answers its width. */
int qetl_cell_shown(const struct qetl_shown_cell *, enum qetl_cell_kind, int most, char *text,
                    size_t size);
/* Columns of a terminal that UTF-8 text takes. */
int qetl_text_width(const char *text, size_t size);

#endif
