/* SPDX-License-Identifier: Apache-2.0 */
/* Rows into columns: each cell is checked, wanted or not. */
#include "xlsx.h"

#include <stdio.h>
#include <stdlib.h>

/* Which columns of the schema the table's are, by name; without a header, by place. */
static int32_t columns_match(struct xlsx *x, int32_t n)
{
    struct xlsx_table *t = &x->table;
    int32_t status = xlsx_table_widen(t, n);
    int32_t *grown = status ? NULL : realloc(x->columns, ((size_t)t->n_names + 1) * sizeof *grown);
    if (!grown)
        return QETL_E_NO_MEMORY;
    x->columns = grown;
    for (; x->n_columns < t->n_names; x->n_columns++)
        x->columns[x->n_columns] =
            (int32_t)qetl_schema_find(&x->schema, t->names[x->n_columns].text);
    return QETL_OK;
}

/* A workbook that has none of the columns is none of these. */
static int32_t header_check(struct xlsx *x)
{
    bool found = false, grows = false;
    for (int32_t i = 0; i < x->n_columns; i++) {
        found |= x->columns[i] >= 0;
        grows |= x->columns[i] < 0 && !x->table.names[i].lettered;
    }
    if (!found)
        return xlsx_package_fail(&x->table.package, QETL_E_DATA,
                                 "read workbooks of other columns by a source of their own",
                                 "its header has none of the columns of the first workbook");
    return grows && x->options.new_columns == XLSX_NEW_EVOLVE ? XLSX_GROWS : QETL_OK;
}

static int32_t columns_ready(struct xlsx *x, int32_t n)
{
    bool first = !x->n_columns;
    if (!first && n <= x->n_columns)
        return QETL_OK;
    int32_t status = columns_match(x, first && x->width > n ? x->width : n);
    return !status && first ? header_check(x) : status;
}

/* The row's cells, parted by tabs. */
static void original_make(struct xlsx *x, const struct xlsx_cell *cells, int32_t n)
{
    char room[XLSX_SPELLED_MAX];
    x->original.size = 0;
    for (int32_t i = 0; i < n; i++) {
        struct qetl_text text = xlsx_spell(&cells[i], x->table.book.from_1904, room);
        if ((i && xlsx_text_add(&x->original, "\t", 1)) ||
            xlsx_text_add(&x->original, text.data, text.size))
            return;
    }
}

static void row_reject(struct xlsx *x, int32_t row, const struct xlsx_cell *cells, int32_t n,
                       int32_t at, const char *code, const char *why)
{
    char message[240], letters[8], room[XLSX_SPELLED_MAX];
    struct qetl_text text = xlsx_spell(&cells[at], x->table.book.from_1904, room);
    int64_t column = x->columns[at];
    xlsx_column_letters(x->options.range.column + at, letters);
    snprintf(message, sizeof message, "cell %s%d: '%.*s' %s", letters, (int)row + 1,
             (int)(text.size < 60 ? text.size : 60), text.data, why);
    original_make(x, cells, n);
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = x->records,
                                 .column = column,
                                 .code = code,
                                 .message = message,
                                 .bytes = x->original.data,
                                 .bytes_size = x->original.size};
    x->env.host->reject(x->env.ctx, &reject);
}

static int32_t cell_take(struct xlsx *x, const struct xlsx_cell *cell, int32_t column,
                         const char **code, char why[96])
{
    char type[64];
    struct xlsx_cell as = *cell;
    *code = "bad_value";
    if (column < 0) {
        *code = "new_column";
        snprintf(why, 96, "stands in a column that the first rows do not have; see new_columns");
        bool passed = cell->kind == XLSX_EMPTY || x->options.new_columns == XLSX_NEW_DROP;
        return passed ? QETL_OK : QETL_E_DATA;
    }
    if (cell->kind == XLSX_ERROR && x->options.errors == XLSX_ERRORS_REJECT) {
        *code = "error_cell";
        snprintf(why, 96, "is an error; errors says what shall become of it");
        return QETL_E_DATA;
    }
    if (cell->kind == XLSX_ERROR && x->options.errors == XLSX_ERRORS_NULL)
        as.kind = XLSX_EMPTY;
    const struct ArrowSchema *field = x->schema.children[column];
    int32_t status = xlsx_value_put(&x->builders[column], field, &as, x->table.book.from_1904);
    if (status == QETL_E_DATA)
        snprintf(why, 96, "is no %s; types may declare another",
                 qetl_type_name(field, type, sizeof type));
    return status;
}

static int32_t map_add(struct xlsx *x)
{
    if (x->rows == x->map_room) {
        int32_t room = x->map_room ? x->map_room * 2 : XLSX_BATCH_ROWS;
        int32_t *grown = realloc(x->map, (size_t)room * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        x->map = grown;
        x->map_room = room;
    }
    x->map[x->rows++] = x->records;
    return QETL_OK;
}

/* Columns of the schema that have no cell in this row. */
static int32_t rest_fill(struct xlsx *x)
{
    int32_t status = QETL_OK;
    for (int64_t c = 0; !status && c < x->n_builders; c++)
        if (x->builders[c].length == x->rows)
            status = qetl_builder_null(&x->builders[c]);
    return status;
}

static void row_undo(struct xlsx *x)
{
    for (int64_t c = 0; c < x->n_builders; c++)
        qetl_builder_truncate(&x->builders[c], x->rows);
}

int32_t xlsx_row_take(void *user, int32_t row, const struct xlsx_cell *cells, int32_t n)
{
    struct xlsx *x = user;
    char why[96];
    const char *code;
    int32_t status = columns_ready(x, n);
    for (int32_t i = 0; !status && i < n; i++) {
        status = cell_take(x, &cells[i], x->columns[i], &code, why);
        if (status != QETL_E_DATA)
            continue;
        row_reject(x, row, cells, n, i, code, why);
        row_undo(x);
        x->records++;
        return QETL_OK;
    }
    if (!status)
        status = rest_fill(x);
    if (!status)
        status = map_add(x);
    x->records++;
    return status;
}
