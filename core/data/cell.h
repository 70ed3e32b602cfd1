/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells for people and for JSON, in whichever form a batch holds them: as they were spelled, where
 * that is known, else by their value.
 *
 * Invariant: a NULL is told from empty text; JSON is always valid, numbers keep all their digits.
 * Ownership: cells borrow the batch and its schema.
 * Threads:   any.
 */
#ifndef QETL_CORE_CELL_H
#define QETL_CORE_CELL_H

#include "batch.h"

#include <qetl/sdk.h>

#include <stdbool.h>

enum qetl_cell_kind { QETL_CELL_TEXT, QETL_CELL_NUMBER, QETL_CELL_BOOLEAN, QETL_CELL_NESTED };

struct qetl_cells { /* a reader of one column of one batch */
    const struct ArrowSchema *field;
    enum qetl_cell_kind kind;
    bool visible, lexical;
    struct qetl_column column;
};

/* Not visible: the batch does not hold the column. DATA: its array is not of its type. */
int32_t qetl_cells_open(struct qetl_cells *, const struct ArrowSchema *field,
                        const struct qetl_batch_column *);
enum qetl_cell_kind qetl_cell_kind_of(const struct ArrowSchema *field);

bool qetl_cell_is_null(const struct qetl_cells *, int64_t row);
/* Appends the text; nothing for a NULL. */
int32_t qetl_cell_text(const struct qetl_cells *, int64_t row, struct qetl_space *out);
int32_t qetl_cell_json(const struct qetl_cells *, int64_t row, struct qetl_space *out);
/* {"a":1,"b":null}: the visible columns. */
int32_t qetl_row_json(const struct ArrowSchema *schema, const struct qetl_batch *, int64_t row,
                      struct qetl_space *out);

/* Appends text in quotes; what is no UTF-8 becomes U+FFFD. */
int32_t qetl_json_quote(const char *text, int64_t size, struct qetl_space *out);
bool qetl_json_is_number(const char *text, int64_t size);

/* A space on the heap; data is freed by the caller. */
void qetl_heap_space(struct qetl_space *);

#endif
