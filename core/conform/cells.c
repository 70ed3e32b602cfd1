/* SPDX-License-Identifier: Apache-2.0 */
#include "cells.h"

#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TEXT = 128 };

/* ---- rows ---- */

static void columns_take(struct conform_cells *cells, const struct ArrowSchema *schema,
                         const struct qetl_column *whole)
{
    size_t n = (size_t)schema->n_children;
    cells->rows = json_array();
    cells->n_columns = n < CONFORM_CELL_COLUMNS ? n : CONFORM_CELL_COLUMNS;
    for (size_t c = 0; c < cells->n_columns; c++) {
        const char *name = schema->children[c]->name;
        struct qetl_column column;
        cells->names[c] = strdup(name ? name : "");
        cells->kinds[c] =
            qetl_column_child(whole, (int64_t)c, &column) ? QETL_KIND_NULL : column.kind;
    }
}

static json_t *cell_new(const struct qetl_column *column, int64_t row)
{
    struct conform_text text = {0};
    if (qetl_column_is_null(column, row))
        return json_null();
    conform_text_cell(&text, column, row);
    json_t *cell = json_stringn_nocheck(text.data ? text.data : "", text.size);
    conform_text_free(&text);
    return cell;
}

void conform_cells_add(struct conform_cells *cells, const struct ArrowSchema *schema,
                       const struct ArrowArray *batch)
{
    struct qetl_column whole, column;
    if (qetl_column_open(&whole, schema, batch))
        return;
    if (!cells->rows)
        columns_take(cells, schema, &whole);
    for (int64_t row = 0; row < batch->length; row++) {
        json_t *values = json_array();
        for (size_t c = 0; c < cells->n_columns; c++)
            json_array_append_new(values, qetl_column_child(&whole, (int64_t)c, &column)
                                              ? json_null()
                                              : cell_new(&column, row));
        json_array_append_new(cells->rows, values);
    }
}

void conform_cells_put(struct conform_cells *cells, size_t n, const struct conform_cell *row)
{
    json_t *values = json_array();
    n = n < CONFORM_CELL_COLUMNS ? n : CONFORM_CELL_COLUMNS;
    if (!cells->rows)
        cells->rows = json_array();
    for (; cells->n_columns < n; cells->n_columns++)
        cells->names[cells->n_columns] = strdup(row[cells->n_columns].name);
    for (size_t c = 0; c < n; c++) {
        if (row[c].column)
            cells->kinds[c] = row[c].column->kind;
        json_array_append_new(values,
                              row[c].column ? cell_new(row[c].column, row[c].row) : json_null());
    }
    json_array_append_new(cells->rows, values);
}

void conform_cells_free(struct conform_cells *cells)
{
    for (size_t c = 0; c < cells->n_columns; c++)
        free(cells->names[c]);
    json_decref(cells->rows);
    *cells = (struct conform_cells){0};
}

int conform_cells_find(const struct conform_cells *cells, const char *name)
{
    for (size_t c = 0; c < cells->n_columns; c++)
        if (strcmp(cells->names[c], name) == 0)
            return (int)c;
    return -1;
}

/* ---- the same value ---- */

static bool is_kind(int kind, uint32_t kinds)
{
    return kinds >> kind & 1;
}

static const uint32_t numbers = 1u << QETL_KIND_INT | 1u << QETL_KIND_UINT | 1u << QETL_KIND_REAL |
                                1u << QETL_KIND_DECIMAL,
                      moments =
                          1u << QETL_KIND_DATE | 1u << QETL_KIND_TIME | 1u << QETL_KIND_TIMESTAMP,
                      nested = 1u << QETL_KIND_LIST | 1u << QETL_KIND_STRUCT;

/* Without zeros that say nothing, "" where it is no number of digits. */
static void digits_take(const char *text, char out[TEXT])
{
    bool negative = *text == '-';
    size_t size;
    text += negative || *text == '+';
    *out = 0;
    if (!*text || text[strspn(text, "0123456789.")] || strlen(text) > TEXT - 8)
        return;
    text += strspn(text, "0");
    size = (size_t)snprintf(out, TEXT, "%s%s%s", negative ? "-" : "",
                            *text && *text != '.' ? "" : "0", text);
    while (strchr(out, '.') && (out[size - 1] == '0' || out[size - 1] == '.')) {
        bool point = out[--size] == '.';
        out[size] = 0;
        if (point)
            break;
    }
    if (strcmp(out, "-0") == 0)
        memcpy(out, "0", 2);
}

/* Reals of four bytes have seven digits. */
static bool is_near(const char *a, const char *b)
{
    char *end_a, *end_b;
    double x = strtod(a, &end_a), y = strtod(b, &end_b);
    bool whole = end_a != a && end_b != b && !*end_a && !*end_b;
    return whole && (x == y || fabs(x - y) <= 1e-6 * fmax(fabs(x), fabs(y)));
}

static bool is_same_number(int kind, const char *a, int other_kind, const char *b)
{
    char digits_a[TEXT], digits_b[TEXT];
    digits_take(a, digits_a);
    digits_take(b, digits_b);
    if (*digits_a && strcmp(digits_a, digits_b) == 0)
        return true;
    bool exact = kind != QETL_KIND_REAL && other_kind != QETL_KIND_REAL && *digits_a && *digits_b;
    return !exact && is_near(a, b);
}

/* "2024-02-01T10:20:30.500Z" as "2024-02-01 10:20:30.5"; midnight is the day. */
static void moment_take(const char *text, char out[TEXT])
{
    static const char *const ends[] = {"Z", "+00:00", "+00", " UTC", " 00:00:00"};
    snprintf(out, TEXT, "%s", text);
    size_t size = strlen(out);
    if (size > 10 && out[10] == 'T')
        out[10] = ' ';
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t n = strlen(ends[i]);
        while (i == 4 && strchr(out, '.') && (out[size - 1] == '0' || out[size - 1] == '.')) {
            bool point = out[--size] == '.';
            out[size] = 0;
            if (point)
                break;
        }
        if (size > n && strcmp(out + size - n, ends[i]) == 0)
            out[size -= n] = 0;
    }
}

static bool is_same_moment(const char *a, const char *b)
{
    char moment_a[TEXT], moment_b[TEXT];
    moment_take(a, moment_a);
    moment_take(b, moment_b);
    return strcmp(moment_a, moment_b) == 0;
}

static bool is_same_json(const json_t *a, const json_t *b);

/* A member that is null may as well be none. */
static bool holds_all(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *member;
    json_object_foreach ((json_t *)a, key, member)
        if (!is_same_json(member, json_object_get(b, key)))
            return false;
    return true;
}

static bool is_same_list(const json_t *a, const json_t *b)
{
    bool same = json_array_size(a) == json_array_size(b);
    for (size_t i = 0; same && i < json_array_size(a); i++)
        same = is_same_json(json_array_get(a, i), json_array_get(b, i));
    return same;
}

static json_t *scalar_text(const json_t *value)
{
    char text[64];
    if (json_is_string(value))
        return json_incref((json_t *)value);
    if (json_is_boolean(value))
        return json_string(json_is_true(value) ? "true" : "false");
    if (json_is_integer(value))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    else
        snprintf(text, sizeof text, "%.17g", json_number_value(value));
    return json_string(text);
}

static bool is_same_json(const json_t *a, const json_t *b)
{
    if (!a || !b || json_is_null(a) || json_is_null(b))
        return (!a || json_is_null(a)) && (!b || json_is_null(b));
    if (json_is_object(a) && json_is_object(b))
        return holds_all(a, b) && holds_all(b, a);
    if (json_is_array(a) && json_is_array(b))
        return is_same_list(a, b);
    if (json_is_object(a) || json_is_array(a) || json_is_object(b) || json_is_array(b))
        return false;
    json_t *text_a = scalar_text(a), *text_b = scalar_text(b);
    int kind = json_is_real(a) || json_is_real(b) ? QETL_KIND_REAL : QETL_KIND_DECIMAL;
    bool same = is_same_number(kind, json_string_value(text_a), kind, json_string_value(text_b)) ||
                is_same_moment(json_string_value(text_a), json_string_value(text_b));
    json_decref(text_a);
    json_decref(text_b);
    return same;
}

static bool is_same_document(const char *a, const char *b)
{
    json_t *document_a = json_loads(a, JSON_DECODE_ANY, NULL),
           *document_b = json_loads(b, JSON_DECODE_ANY, NULL);
    bool same = document_a && document_b && is_same_json(document_a, document_b);
    json_decref(document_a);
    json_decref(document_b);
    return same;
}

static const char *truth_of(const char *text)
{
    return strcasecmp(text, "true") == 0 ? "1" : strcasecmp(text, "false") == 0 ? "0" : text;
}

bool conform_cell_same(int kind, const json_t *cell, int other_kind, const json_t *other)
{
    const char *a = json_string_value(cell), *b = json_string_value(other);
    if (!a || !b)
        return !a && !b;
    if (json_equal(cell, other))
        return true;
    if (is_kind(kind, nested) || is_kind(other_kind, nested))
        return is_same_document(a, b);
    if (kind == QETL_KIND_BOOL || other_kind == QETL_KIND_BOOL)
        return is_same_number(kind, truth_of(a), other_kind, truth_of(b));
    if (is_kind(kind, moments) || is_kind(other_kind, moments))
        return is_same_moment(a, b) || is_kind(other_kind, numbers);
    if (is_kind(kind, numbers) || is_kind(other_kind, numbers))
        return is_same_number(kind, a, other_kind, b);
    return kind != other_kind && (kind == QETL_KIND_BINARY || other_kind == QETL_KIND_BINARY ||
                                  kind == QETL_KIND_INTERVAL);
}
