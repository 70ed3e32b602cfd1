/* SPDX-License-Identifier: Apache-2.0 */
#include "report_table.h"

#include "display.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, LEAST = 8 };
static const char ellipsis[] = "…";

struct qetl_table {
    const struct qetl_table_column *columns;
    size_t n_columns;
    char **cells;
    size_t n_cells, room;
    bool failed;
};

struct layout {
    int *widths;
    size_t shown; /* columns from the left */
    int indent;
    FILE *out;
};

struct qetl_table *qetl_table_new(const struct qetl_table_column *columns, size_t n_columns)
{
    struct qetl_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    assert(n_columns > 0);
    table->columns = columns;
    table->n_columns = n_columns;
    return table;
}

void qetl_table_free(struct qetl_table *table)
{
    for (size_t i = 0; table && i < table->n_cells; i++)
        free(table->cells[i]);
    if (table)
        free(table->cells);
    free(table);
}

void qetl_table_put_bytes(struct qetl_table *table, const char *bytes, size_t size)
{
    if (!table)
        return;
    if (table->n_cells == table->room) {
        size_t room = table->room ? 2 * table->room : 64;
        char **cells = realloc(table->cells, room * sizeof *cells);
        table->failed |= !cells;
        if (!cells)
            return;
        table->cells = cells;
        table->room = room;
    }
    char *cell = qetl_display_printable(bytes, size);
    table->failed |= !cell;
    if (cell)
        table->cells[table->n_cells++] = cell;
}

void qetl_table_put(struct qetl_table *table, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&text, format, args);
    va_end(args);
    if (size < 0) {
        if (table)
            table->failed = true;
        return;
    }
    qetl_table_put_bytes(table, text, (size_t)size);
    free(text);
}

void qetl_table_add(struct qetl_table *table, const char *const *cells)
{
    for (size_t c = 0; table && c < table->n_columns; c++)
        qetl_table_put_bytes(table, cells[c] ? cells[c] : "", cells[c] ? strlen(cells[c]) : 0);
}

static int least_of(const struct qetl_table_column *column, int width)
{
    int least = column->least ? column->least : LEAST;
    return column->right || width < least ? width : least;
}

static int natural_width(const struct qetl_table *table, size_t column)
{
    int width = qetl_display_width(table->columns[column].title);
    for (size_t i = column; i < table->n_cells; i += table->n_columns) {
        int cell = qetl_display_width(table->cells[i]);
        width = cell > width ? cell : width;
    }
    return width;
}

static int total(const int *widths, size_t n)
{
    int sum = 0;
    for (size_t c = 0; c < n; c++)
        sum += widths[c] + (c ? GAP : 0);
    return sum;
}

/* The widest that may become narrower does, by one; nonzero if none may. */
static int give_way(const int *least, struct layout *layout)
{
    int *widest = NULL;
    for (size_t c = 0; c < layout->shown; c++)
        if (layout->widths[c] > least[c] && (!widest || layout->widths[c] > *widest))
            widest = &layout->widths[c];
    if (!widest)
        return -1;
    --*widest;
    return 0;
}

static int lay_out(const struct qetl_table *table, int width, struct layout *layout)
{
    size_t n = table->n_columns;
    layout->widths = calloc(2 * n, sizeof *layout->widths);
    if (!layout->widths)
        return -1;
    int *least = layout->widths + n;
    for (size_t c = 0; c < n; c++) {
        layout->widths[c] = natural_width(table, c);
        least[c] = least_of(&table->columns[c], layout->widths[c]);
    }
    layout->shown = n;
    while (layout->shown > 1 && total(least, layout->shown) > width)
        layout->shown--;
    while (total(layout->widths, layout->shown) > width && !give_way(least, layout))
        ;
    if (layout->shown == 1 && layout->widths[0] > width)
        layout->widths[0] = width;
    return 0;
}

/* Bytes of the text that fit in a line, whole words where there are some. */
static size_t line_of(const char *text, int width)
{
    int taken;
    size_t fit = qetl_display_fit(text, width, &taken), word = fit;
    while (text[fit] && word && text[word] != ' ')
        word--;
    if (word)
        return word;
    return fit ? fit : strlen(text);
}

static void print_wrapped(const char *text, const struct layout *layout, int column, int width)
{
    for (;;) {
        size_t size = line_of(text, width);
        fwrite(text, 1, size, layout->out);
        text += size + (text[size] == ' ');
        if (!*text)
            return;
        fprintf(layout->out, "\n%*s", column, "");
    }
}

/* Columns taken. */
static int print_cut(const char *text, int width, FILE *out)
{
    int taken;
    size_t fit = qetl_display_fit(text, width - 1, &taken);
    fprintf(out, "%.*s%s", (int)fit, text, ellipsis);
    return taken + 1;
}

static void print_row(const struct qetl_table *table, const struct layout *layout,
                      char *const *cells)
{
    int at = 0, column = layout->indent;
    for (size_t c = 0; c < layout->shown; c++) {
        const char *text = cells ? cells[c] : table->columns[c].title;
        int width = layout->widths[c], taken = qetl_display_width(text);
        int lead = table->columns[c].right && taken < width ? width - taken : 0;
        if (*text)
            fprintf(layout->out, "%*s", column + lead - at, "");
        if (taken <= width)
            fputs(text, layout->out);
        else if (table->columns[c].wraps && c + 1 == layout->shown)
            print_wrapped(text, layout, column, width);
        else
            taken = print_cut(text, width, layout->out);
        at = *text ? column + lead + taken : at;
        column += width + GAP;
    }
}

int qetl_table_print(const struct qetl_table *table, FILE *out, int indent, int width, int colour)
{
    struct layout layout = {.indent = indent, .out = out};
    if (!table || lay_out(table, width - indent, &layout))
        return -1;
    fputs(colour ? "\033[1m" : "", out);
    print_row(table, &layout, NULL);
    fputs(colour ? "\033[0m\n" : "\n", out);
    for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns) {
        print_row(table, &layout, table->cells + i);
        fputc('\n', out);
    }
    if (layout.shown < table->n_columns)
        fprintf(out, "%*s%s %zu more column%s\n", indent, "", ellipsis,
                table->n_columns - layout.shown, table->n_columns - layout.shown == 1 ? "" : "s");
    free(layout.widths);
    return table->failed;
}
