/* SPDX-License-Identifier: Apache-2.0 */
/* One piece of cargo, then and now: where the first difference is. */
#include "data/letter_value.h"
#include "playback_internal.h"

#include <inttypes.h>
#include <qetl/sdk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 200 };

static char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *text_of(const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    return text;
}

/* ---- arrays ---- */

struct rows { /* an array that was read back */
    struct ArrowSchema schema;
    struct ArrowArray array;
};

static int rows_open(struct rows *rows, const struct qetl_value *value)
{
    return qetl_value_array(value, &rows->schema, &rows->array);
}

static void rows_close(struct rows *rows)
{
    qetl_array_release(&rows->array);
    qetl_schema_release(&rows->schema);
}

static char *cell_text(const struct rows *rows, int64_t column, int64_t row)
{
    struct qetl_column reader;
    if (qetl_column_open(&reader, rows->schema.children[column], rows->array.children[column]))
        return strdup("?");
    json_t *value = qetl_letter_value(&reader, row);
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : strdup("?");
    json_decref(value);
    if (text && strlen(text) > SHOWN)
        strcpy(text + SHOWN - 4, "…");
    return text;
}

static int differs_at(struct step *step, const char *name, const struct rows *then,
                      const struct rows *now, int64_t column, int64_t row)
{
    struct qetl_playback_difference *difference = &step->replay->result->difference;
    difference->row = row;
    difference->column = strdup(then->schema.children[column]->name);
    return qetl_step_differs(step, strdup(name), cell_text(then, column, row),
                             cell_text(now, column, row));
}

static int compare_rows(struct step *step, const char *name, const struct rows *then,
                        const struct rows *now)
{
    if (then->array.length != now->array.length)
        return qetl_step_differs(step, text_of("%s: rows", name),
                                 text_of("%" PRId64, then->array.length),
                                 text_of("%" PRId64, now->array.length));
    if (then->schema.n_children != now->schema.n_children)
        return qetl_step_differs(step, text_of("%s: columns", name),
                                 text_of("%" PRId64, then->schema.n_children),
                                 text_of("%" PRId64, now->schema.n_children));
    for (int64_t row = 0; row < then->array.length; row++)
        for (int64_t column = 0; column < then->schema.n_children; column++) {
            char *expected = cell_text(then, column, row), *got = cell_text(now, column, row);
            bool same = expected && got && strcmp(expected, got) == 0;
            free(expected);
            free(got);
            if (!same)
                return differs_at(step, name, then, now, column, row);
        }
    return 0; /* it lies otherwise in memory, and means the same */
}

static int compare_array(struct step *step, const struct qetl_value *expected,
                         const struct qetl_value *got)
{
    struct rows then, now;
    if (expected->size == got->size && memcmp(expected->data, got->data, got->size) == 0)
        return 0;
    if (rows_open(&then, expected))
        return qetl_step_differs(step, strdup(expected->name),
                                 strdup("an array (its recording is damaged)"), strdup("an array"));
    int differs;
    if (rows_open(&now, got)) {
        differs = qetl_step_differs(step, strdup(expected->name), strdup("a valid array"),
                                    strdup("one that breaks Arrow's rules"));
    } else {
        differs = compare_rows(step, expected->name, &then, &now);
        rows_close(&now);
    }
    rows_close(&then);
    return differs;
}

/* ---- schemas ---- */

static char *field_text(const struct ArrowSchema *schema, int64_t column)
{
    char type[200];
    if (column >= schema->n_children)
        return strdup("no such column");
    const struct ArrowSchema *field = schema->children[column];
    return text_of("%s %s%s", field->name, qetl_type_name(field, type, sizeof type),
                   field->flags & ARROW_FLAG_NULLABLE ? "" : " not null");
}

static int compare_schema(struct step *step, const struct qetl_value *expected,
                          const struct qetl_value *got)
{
    struct ArrowSchema then, now;
    if (expected->size == got->size && memcmp(expected->data, got->data, got->size) == 0)
        return 0;
    if (qetl_value_schema(expected, &then))
        return qetl_step_differs(step, strdup(expected->name), strdup("?"), strdup("a schema"));
    if (qetl_value_schema(got, &now)) {
        qetl_schema_release(&then);
        return qetl_step_differs(step, strdup(expected->name), strdup("a schema"), strdup("?"));
    }
    int differs = 0;
    int64_t n = then.n_children > now.n_children ? then.n_children : now.n_children;
    for (int64_t i = 0; i < n && !differs; i++) {
        char *a = field_text(&then, i), *b = field_text(&now, i);
        if (!a || !b || strcmp(a, b) != 0)
            differs =
                qetl_step_differs(step, text_of("%s: column %" PRId64, expected->name, i), a, b);
        else {
            free(a);
            free(b);
        }
    }
    if (!differs) /* what is not told apart by names and types: metadata, flags */
        differs = qetl_step_differs(step, text_of("%s: metadata", expected->name),
                                    strdup("as then"), strdup("other"));
    qetl_schema_release(&then);
    qetl_schema_release(&now);
    return differs;
}

/* ---- the rest ---- */

static int compare_map(struct step *step, const struct qetl_value *expected,
                       const struct qetl_value *got)
{
    int64_t n = expected->count < got->count ? expected->count : got->count;
    for (int64_t i = 0; i < n; i++) {
        int32_t then, now;
        memcpy(&then, expected->data + i * 4, 4);
        memcpy(&now, got->data + i * 4, 4);
        if (then == now)
            continue;
        step->replay->result->difference.row = i;
        return qetl_step_differs(step, strdup(expected->name), text_of("%d", then),
                                 text_of("%d", now));
    }
    return expected->count == got->count
               ? 0
               : qetl_step_differs(step, text_of("%s: entries", expected->name),
                                   text_of("%" PRId64, expected->count),
                                   text_of("%" PRId64, got->count));
}

static char *bytes_text(const struct qetl_value *value, size_t at)
{
    size_t from = at > 16 ? at - 16 : 0, n = value->size - from < 48 ? value->size - from : 48;
    json_t *words =
        qetl_letter_words((struct qetl_text){(const char *)value->data + from, (int64_t)n});
    char *shown = words ? json_dumps(words, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    char *text = shown ? text_of("%s at byte %zu of %zu", shown, from, value->size) : NULL;
    json_decref(words);
    free(shown);
    return text;
}

static int compare_bytes(struct step *step, const struct qetl_value *expected,
                         const struct qetl_value *got)
{
    size_t n = expected->size < got->size ? expected->size : got->size, at = 0;
    while (at < n && expected->data[at] == got->data[at])
        at++;
    if (at == n && expected->size == got->size)
        return 0;
    return qetl_step_differs(step, text_of("%s: byte %zu", expected->name, at),
                             bytes_text(expected, at), bytes_text(got, at));
}

int qetl_value_compare(struct step *step, const struct qetl_value *expected,
                       const struct qetl_value *got)
{
    if (expected->kind != got->kind || expected->absent != got->absent)
        return qetl_step_differs(step, strdup(expected->name),
                                 strdup(expected->absent ? "nothing" : "something"),
                                 strdup(got->absent ? "nothing" : "something else"));
    if (expected->absent || expected->lost || got->lost)
        return 0;
    switch (expected->kind) {
    case QETL_CARGO_NUMBER:
    case QETL_CARGO_REAL:
        return expected->number == got->number
                   ? 0
                   : qetl_step_differs(step, strdup(expected->name),
                                       text_of("%" PRId64, expected->number),
                                       text_of("%" PRId64, got->number));
    case QETL_CARGO_TEXT:
        return expected->size == got->size && memcmp(expected->data, got->data, got->size) == 0
                   ? 0
                   : qetl_step_differs(step, strdup(expected->name),
                                       text_of("'%.*s'", SHOWN, (const char *)expected->data),
                                       text_of("'%.*s'", SHOWN, (const char *)got->data));
    case QETL_CARGO_ARRAY:
        return compare_array(step, expected, got);
    case QETL_CARGO_SCHEMA:
        return compare_schema(step, expected, got);
    case QETL_CARGO_MAP:
        return compare_map(step, expected, got);
    default:
        return compare_bytes(step, expected, got);
    }
}
