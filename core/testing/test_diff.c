/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that differ, as a table: "-" before what was expected, "+" before what came. */
#include "test.h"

#include "show/row_table.h"

#include <stdlib.h>
#include <string.h>

enum { CONTEXT = 2, LINES_MOST = 24 };

static bool is_near(const struct qetl_diff *diff, size_t n, size_t at)
{
    size_t first = at > CONTEXT ? at - CONTEXT : 0;
    size_t end = at + CONTEXT + 1 < n ? at + CONTEXT + 1 : n;
    for (size_t i = first; i < end; i++)
        if (diff[i].op != '=')
            return true;
    return false;
}

static int columns_make(struct qetl_shown_rows *table, const struct qetl_shown_rows *got,
                        const int64_t *columns, const char *const *names, size_t n)
{
    static const struct qetl_shown_column mark = {
        .name = (char *)"", .type = (char *)"", .kind = QETL_CELL_NUMBER};
    table->columns = calloc(n + 1, sizeof *table->columns);
    table->cells = calloc((LINES_MOST + 1) * (n + 1), sizeof *table->cells);
    if (!table->columns || !table->cells)
        return -1;
    table->n_columns = (int64_t)n + 1;
    table->columns[0] = mark;
    for (size_t i = 0; i < n; i++) {
        const struct qetl_shown_column *from = &got->columns[columns ? columns[i] : (int64_t)i];
        table->columns[i + 1] = *from;
        if (names)
            table->columns[i + 1].name = (char *)names[i];
    }
    return 0;
}

static void line_add(struct qetl_shown_rows *table, const struct qetl_diff *diff,
                     const json_t *wanted, const struct qetl_shown_rows *got,
                     const int64_t *columns)
{
    struct qetl_shown_cell *cells = table->cells + table->n_rows * table->n_columns;
    const char mark[] = {diff->op == '=' ? ' ' : diff->op, 0};
    cells[0] = (struct qetl_shown_cell){strdup(mark), 1};
    for (int64_t c = 1; c < table->n_columns; c++) {
        if (diff->op == '-') {
            const json_t *row = json_array_get(wanted, diff->expected);
            cells[c] = qetl_test_cell(json_object_get(row, table->columns[c].name));
            continue;
        }
        const struct qetl_shown_cell *from =
            qetl_shown_at(got, (int64_t)diff->got, columns ? columns[c - 1] : c - 1);
        cells[c] = (struct qetl_shown_cell){from->text ? strdup(from->text) : NULL, from->size};
    }
    table->n_rows++;
}

void qetl_test_diff_print(const json_t *wanted, const struct qetl_shown_rows *got,
                          const int64_t *columns, const char *const *names, size_t n_names,
                          const struct qetl_diff *diff, size_t n, struct qetl_verdict *verdict)
{
    struct qetl_shown_rows table = {0};
    size_t left_out = 0;
    if (!n_names) /* no row was expected: all columns of those that came */
        columns = NULL, names = NULL, n_names = (size_t)got->n_columns;
    if (!columns_make(&table, got, columns, names, n_names)) {
        for (size_t i = 0; i < n; i++) {
            if (!is_near(diff, n, i))
                continue;
            if (table.n_rows < LINES_MOST)
                line_add(&table, &diff[i], wanted, got, columns);
            else
                left_out += diff[i].op != '=';
        }
        qetl_row_table(&table, verdict->width, verdict->colour, verdict->out);
    }
    if (left_out)
        fprintf(verdict->out, "  … and %zu more lines that differ\n", left_out);
    fprintf(verdict->out, "  - expected, + came\n");
    for (int64_t i = 0; i < table.n_rows * table.n_columns; i++)
        free(table.cells[i].text);
    free(table.cells);
    free(table.columns);
}
