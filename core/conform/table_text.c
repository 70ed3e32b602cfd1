/* SPDX-License-Identifier: Apache-2.0 */
/* Tables from the texts in a manifest's examples. Types are guessed: whole numbers, decimals,
 * dates, booleans, text; what stands in NDJSON is what JSON says. */
#include "check.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 64 };

struct reader {
    const char *at;
    struct conform_text cell;
};

/* One cell, quotes taken off: what is empty without quotes is null. *last: the line ends behind it.
 */
static json_t *cell_read(struct reader *r, bool *last)
{
    bool quoted = *r->at == '"';
    r->cell.size = 0;
    r->at += quoted;
    for (; *r->at && (quoted || (*r->at != ',' && *r->at != '\n')); r->at++) {
        if (quoted && *r->at == '"' && *++r->at != '"')
            break;
        conform_text_put(&r->cell, r->at, 1);
    }
    *last = *r->at != ',';
    r->at += *r->at != 0;
    return r->cell.size || quoted ? json_stringn(r->cell.size ? r->cell.data : "", r->cell.size)
                                  : json_null();
}

static json_t *csv_rows(const char *text)
{
    struct reader r = {.at = text};
    json_t *rows = json_array(), *row = json_array();
    bool last;
    while (*r.at) {
        json_array_append_new(row, cell_read(&r, &last));
        if (last) {
            json_array_append_new(rows, row);
            row = json_array();
        }
    }
    json_decref(row);
    conform_text_free(&r.cell);
    return rows;
}

/* ---- types of text ---- */

static bool is_date(const char *s)
{
    return strlen(s) == 10 && strspn(s, "0123456789") == 4 && s[4] == '-' && s[7] == '-';
}

/* "" if the text is no number; the digits of its fraction go to *scale. */
static bool is_number(const char *s, int *scale)
{
    size_t whole = strspn(s += *s == '-', "0123456789");
    *scale = 0;
    if (!whole || whole > 15 || (whole > 1 && *s == '0'))
        return false;
    if (!s[whole])
        return true;
    size_t fraction = s[whole] == '.' ? strspn(s + whole + 1, "0123456789") : 0;
    *scale = (int)fraction;
    return fraction && !s[whole + 1 + fraction];
}

static void column_type(const json_t *rows, size_t column, char type[32])
{
    bool number = true, date = true, any = false;
    int most = 0;
    for (size_t i = 1; i < json_array_size(rows); i++) {
        const char *s = json_string_value(json_array_get(json_array_get(rows, i), column));
        int scale;
        if (!s)
            continue;
        any = true;
        date = date && is_date(s);
        number = number && is_number(s, &scale);
        most = number && scale > most ? scale : most;
    }
    if (!any || (!number && !date))
        snprintf(type, 32, "text");
    else if (date)
        snprintf(type, 32, "date");
    else if (most)
        snprintf(type, 32, "decimal(18,%d)", most);
    else
        snprintf(type, 32, "bigint");
}

/* What stands for the text in a column of that format. */
static json_t *value_of(const char *s, const char *format)
{
    json_t *nested = *format == '+' ? json_loads(s, 0, NULL) : NULL;
    if (nested)
        return nested;
    if (strchr("cCsSiIlL", *format))
        return json_integer(atoll(s));
    if (strchr("fg", *format))
        return json_real(strtod(s, NULL));
    return *format == 'b' ? json_boolean(strcmp(s, "true") == 0) : json_string(s);
}

static void column_retype(json_t *rows, size_t column, const char *format)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        const char *s = json_string_value(json_array_get(row, column));
        if (s)
            json_array_set_new(row, column, value_of(s, format));
    }
}

static const char *type_given(const json_t *given, const char *name, const char *guessed)
{
    const char *type = name ? json_string_value(json_object_get(given, name)) : NULL;
    return type ? type : guessed;
}

static int csv_read(struct conform_table *t, const char *text, const json_t *given)
{
    json_t *rows = csv_rows(text), *names = json_array_get(rows, 0);
    size_t n = json_array_size(names);
    char types[COLUMNS][32];
    int32_t status = n && n <= COLUMNS ? qetl_schema_init_struct(&t->schema) : QETL_E_DATA;
    for (size_t c = 0; !status && c < n; c++) {
        struct ArrowSchema field = {0};
        const char *name = json_string_value(json_array_get(names, c));
        column_type(rows, c, types[c]);
        status = qetl_type_field(type_given(given, name, types[c]), name, &field);
        status = status ? status : qetl_schema_append(&t->schema, &field);
    }
    json_array_remove(rows, 0);
    for (size_t c = 0; !status && c < n; c++)
        column_retype(rows, c, t->schema.children[c]->format);
    t->rows = rows;
    return status ? -1 : 0;
}

/* ---- NDJSON ---- */

static int32_t field_of(const char *name, const json_t *value, struct ArrowSchema *out)
{
    int32_t status = QETL_OK;
    struct ArrowSchema child = {0};
    const char *key;
    json_t *member;
    if (!json_is_object(value) && !json_is_array(value))
        return qetl_type_field(json_is_integer(value)   ? "bigint"
                               : json_is_real(value)    ? "double"
                               : json_is_boolean(value) ? "boolean"
                                                        : "text",
                               name, out);
    status = qetl_schema_init_field(out, name, json_is_object(value) ? "+s" : "+l");
    if (json_is_array(value)) {
        status = status ? status : field_of("item", json_array_get(value, 0), &child);
        return status ? status : qetl_schema_append(out, &child);
    }
    json_object_foreach ((json_t *)value, key, member) {
        status = status ? status : field_of(key, member, &child);
        status = status ? status : qetl_schema_append(out, &child);
    }
    return status;
}

/* The richest value that any row has there tells the type. */
static const json_t *sample_of(const json_t *objects, const char *key)
{
    const json_t *best = NULL;
    size_t best_size = 0;
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *value = json_object_get(json_array_get(objects, i), key);
        char *text = value && !json_is_null(value) ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
        bool empty = json_is_array(value) && !json_array_size(value);
        if (text && !empty && strlen(text) > best_size) {
            best = value;
            best_size = strlen(text);
        }
        free(text);
    }
    return best;
}

static json_t *objects_read(const char *text)
{
    json_t *objects = json_array();
    while (*text) {
        size_t size = strcspn(text, "\n");
        json_t *object = json_loadb(text, size, 0, NULL);
        if (json_is_object(object))
            json_array_append(objects, object);
        json_decref(object);
        text += size + (text[size] == '\n');
    }
    return objects;
}

static int ndjson_read(struct conform_table *t, const char *text, const json_t *given)
{
    json_t *objects = objects_read(text);
    const char *key;
    json_t *value;
    int32_t status = qetl_schema_init_struct(&t->schema);
    json_object_foreach (json_array_get(objects, 0), key, value) {
        struct ArrowSchema field = {0};
        const char *type = type_given(given, key, NULL);
        if (!status)
            status = type ? qetl_type_field(type, key, &field)
                          : field_of(key, sample_of(objects, key), &field);
        status = status ? status : qetl_schema_append(&t->schema, &field);
    }
    t->rows = json_array();
    for (size_t i = 0; !status && i < json_array_size(objects); i++) {
        json_t *row = json_array();
        for (int64_t c = 0; c < t->schema.n_children; c++) {
            json_t *cell = json_object_get(json_array_get(objects, i), t->schema.children[c]->name);
            json_array_append_new(row, cell ? json_incref(cell) : json_null());
        }
        json_array_append_new(t->rows, row);
    }
    json_decref(objects);
    return status || !json_array_size(t->rows) ? -1 : 0;
}

int conform_table_read(struct conform_table *t, const char *text, bool ndjson, const json_t *types)
{
    return ndjson ? ndjson_read(t, text, types) : csv_read(t, text, types);
}
