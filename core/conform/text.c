/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

enum { SHOWN = 60, SHOWN_BEFORE = 24 };

/* The checker does not go on without memory: its findings would be its own. */
static void make_room(struct conform_text *t, size_t more)
{
    if (t->room - t->size > more)
        return;
    t->room = (t->size + more + 1) * 2;
    t->data = realloc(t->data, t->room);
    if (!t->data)
        abort();
}

void conform_text_put(struct conform_text *t, const void *data, size_t size)
{
    make_room(t, size);
    if (size)
        memcpy(t->data + t->size, data, size);
    t->size += size;
    t->data[t->size] = 0;
}

void conform_text_putf(struct conform_text *t, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    conform_text_put(t, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
}

static int32_t cell_reserve(struct qetl_space *space, int64_t n)
{
    int64_t capacity = (space->size + n) * 2;
    uint8_t *data = realloc(space->data, (size_t)capacity);
    if (!data)
        return QETL_E_NO_MEMORY;
    space->data = data;
    space->capacity = capacity;
    return QETL_OK;
}

void conform_text_cell(struct conform_text *t, const struct qetl_column *column, int64_t row)
{
    struct qetl_space space = {.reserve = cell_reserve};
    if (qetl_column_is_null(column, row))
        conform_text_put(t, "\\N", 2);
    else if (qetl_render(column, row, &space) == QETL_OK)
        conform_text_put(t, space.data, (size_t)space.size);
    free(space.data);
}

void conform_text_field(struct conform_text *t, const struct qetl_column *column, int64_t row)
{
    struct conform_text cell = {0};
    if (qetl_column_is_null(column, row)) {
        conform_text_put(t, "\\N", 2);
        return;
    }
    conform_text_cell(&cell, column, row);
    for (size_t i = 0; i < cell.size; i++) {
        if (memchr("\n|\\", cell.data[i], 3))
            conform_text_put(t, "\\", 1);
        conform_text_put(t, cell.data[i] == '\n' ? "n" : cell.data + i, 1);
    }
    conform_text_free(&cell);
}

void conform_text_rows(struct conform_text *t, const struct ArrowSchema *schema,
                       const struct ArrowArray *batch)
{
    conform_text_columns(t, schema, batch, NULL, schema->n_children);
}

void conform_text_columns(struct conform_text *t, const struct ArrowSchema *schema,
                          const struct ArrowArray *batch, const int64_t *columns, int64_t n)
{
    struct qetl_column whole;
    if (qetl_column_open(&whole, schema, batch))
        return;
    for (int64_t row = 0; row < batch->length; row++) {
        for (int64_t c = 0; c < n; c++) {
            struct qetl_column column;
            if (c)
                conform_text_put(t, "|", 1);
            if (qetl_column_child(&whole, columns ? columns[c] : c, &column) == QETL_OK)
                conform_text_field(t, &column, row);
        }
        conform_text_put(t, "\n", 1);
    }
}

void conform_text_free(struct conform_text *t)
{
    free(t->data);
    *t = (struct conform_text){0};
}

bool conform_text_same(const struct conform_text *a, const struct conform_text *b)
{
    return a->size == b->size && (!a->size || memcmp(a->data, b->data, a->size) == 0);
}

/* The line that a place lies in, of which so much is shown that the place is seen. */
struct shown {
    const char *data;
    int size;
    bool cut; /* its beginning is not shown */
};

static struct shown line_show(const struct conform_text *t, size_t line, size_t at)
{
    size_t from = at - line > SHOWN_BEFORE ? at - SHOWN_BEFORE : line;
    const char *end = t->size > at ? memchr(t->data + at, '\n', t->size - at) : NULL;
    size_t size = (end ? (size_t)(end - t->data) : t->size) - (from < t->size ? from : t->size);
    size = size < SHOWN ? size : SHOWN;
    return (struct shown){size ? t->data + from : "", (int)size, from > line};
}

void conform_text_difference(const struct conform_text *a, const struct conform_text *b, char *out,
                             size_t size)
{
    size_t at = 0, line = 0, lines = 1;
    while (at < a->size && at < b->size && a->data[at] == b->data[at]) {
        if (a->data[at++] == '\n') {
            line = at;
            lines++;
        }
    }
    struct shown in_a = line_show(a, line, at), in_b = line_show(b, line, at);
    if (at == line && at == b->size)
        snprintf(out, size, "line %zu is missing: '%.*s'", lines, in_a.size, in_a.data);
    else if (at == line && at == a->size)
        snprintf(out, size, "there is a line %zu more: '%.*s'", lines, in_b.size, in_b.data);
    else
        snprintf(out, size, "line %zu is '%s%.*s' in place of '%s%.*s'", lines, in_b.cut ? "…" : "",
                 in_b.size, in_b.data, in_a.cut ? "…" : "", in_a.size, in_a.data);
}
