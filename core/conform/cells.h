/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as texts of their cells, and whether two cells hold the same value, though one may have
 * another type than the other.
 *
 * Invariant: each row has a cell for each column: a text, or null.
 * Ownership: whoever fills them frees them.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_CONFORM_CELLS_H
#define QETL_CORE_CONFORM_CELLS_H

#include <qetl/sdk.h>

#include <jansson.h>

enum { CONFORM_CELL_COLUMNS = 64 };

struct conform_cells {
    size_t n_columns;
    char *names[CONFORM_CELL_COLUMNS];
    int kinds[CONFORM_CELL_COLUMNS]; /* QETL_KIND_ */
    json_t *rows;
};

/* The rows of a batch behind those that are there; the columns are those of the first. */
void conform_cells_add(struct conform_cells *, const struct ArrowSchema *,
                       const struct ArrowArray *);
/* One row more: its cells by their readers and places in them; a reader that is NULL has none. */
struct conform_cell {
    const char *name;
    const struct qetl_column *column;
    int64_t row;
};
void conform_cells_put(struct conform_cells *, size_t n, const struct conform_cell *);
void conform_cells_free(struct conform_cells *); /* accepts a zeroed one */
/* -1: there is none of that name. */
int conform_cells_find(const struct conform_cells *, const char *name);

/* Whether what was written and what was read are the same value, as far as types can tell: 1.50 is
 * 1.5. A NULL is the same as a NULL alone. */
bool conform_cell_same(int kind, const json_t *cell, int other_kind, const json_t *other);

#endif
