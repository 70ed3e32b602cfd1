/* SPDX-License-Identifier: Apache-2.0 */
#include "found.h"
#include "../../shared/rest/pointer.h"
#include "onward.h"

#include <qetl/rows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 1024 };

static int32_t no_memory(struct qetl_env env)
{
    return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for what was looked up");
}

/* ---- columns ---- */

static int32_t column_read(struct found_columns *c, int64_t i)
{
    static const struct {
        const char *type;
        enum qetl_kind kind;
        bool json;
    } types[] = {{"text", QETL_KIND_TEXT, false},
                 {"bigint", QETL_KIND_INT, false},
                 {"double", QETL_KIND_REAL, false},
                 {"boolean", QETL_KIND_BOOL, false},
                 {"json", QETL_KIND_TEXT, true}};
    struct found_column *column = &c->columns[i];
    char member[300], at[320], type[320];
    column->name = qetl_option_key(c->env, "/columns", i);
    if (!column->name || qetl_option_pointer(member, sizeof member, "/columns", column->name))
        return qetl_fail(c->env, QETL_E_CONFIG, "/columns", NULL, "a name in it is too long");
    snprintf(at, sizeof at, "%s/at", member);
    snprintf(type, sizeof type, "%s/type", member);
    column->at = qetl_option_text(c->env, at);
    column->type = qetl_option_text(c->env, type);
    column->type = column->type ? column->type : "text";
    if (!column->at || (*column->at && *column->at != '/'))
        return qetl_fail(c->env, QETL_E_CONFIG, at, "write /address/city, or \"\" for all of it",
                         "`%.100s` is no JSON pointer", column->at ? column->at : "");
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        if (strcmp(types[t].type, column->type) != 0)
            continue;
        column->kind = types[t].kind;
        column->json = types[t].json;
        return QETL_OK;
    }
    return qetl_fail(c->env, QETL_E_CONFIG, type, "text, bigint, double, boolean or json",
                     "`%.100s` is no type that it can have", column->type);
}

int32_t found_columns_read(struct found_columns *c, struct qetl_env env)
{
    int32_t status = QETL_OK;
    *c = (struct found_columns){.env = env, .rows = qetl_option_text(env, "/rows")};
    const char *more = qetl_option_text(env, "/more");
    c->takes_first = more && strcmp(more, "ignore") == 0;
    if (c->takes_first && !c->rows)
        return qetl_fail(env, QETL_E_CONFIG, "/more", "say `rows`, or leave `more` out",
                         "an answer that is one row has no other page");
    int64_t n = qetl_option_count(env, "/columns");
    if (n < 1)
        return qetl_fail(env, QETL_E_CONFIG, "/columns", "write {city: {at: /address/city}}, say",
                         "no column is named");
    c->columns = calloc((size_t)n, sizeof *c->columns);
    if (!c->columns)
        return no_memory(env);
    for (c->n = 0; c->n < n && !status; c->n++)
        status = column_read(c, c->n);
    return status;
}

static void builders_free(struct found_columns *c)
{
    for (int64_t i = 0; i < c->n; i++)
        qetl_builder_free(&c->columns[i].builder);
}

int32_t found_columns_bind(struct found_columns *c, struct qetl_binder *binder, int64_t n_inputs,
                           const int64_t *inputs)
{
    int32_t status = QETL_OK;
    builders_free(c);
    for (int64_t i = 0; i < c->n && !status; i++) {
        struct ArrowSchema field = {0};
        status = qetl_type_field(c->columns[i].type, c->columns[i].name, &field);
        if (!status)
            status = qetl_builder_open(&c->columns[i].builder, c->env, &field, AT_ONCE);
        if (!status)
            status = qetl_bind_field(binder, 0, &field, n_inputs, inputs);
        qetl_schema_release(&field);
    }
    return status;
}

void found_columns_free(struct found_columns *c)
{
    builders_free(c);
    free(c->columns);
    *c = (struct found_columns){0};
}

/* ---- answers ---- */

bool found_refuse(struct found *f, const char *code, const char *message)
{
    snprintf(f->code, sizeof f->code, "%s", code);
    f->message = strdup(message);
    return f->message;
}

/* Of an answer that is none of the kind that is wanted. */
static bool answer_refuse(struct found *f, const char *code, const char *format, const char *at,
                          const char *type)
{
    char why[200], message[600];
    snprintf(why, sizeof why, format, at, type);
    snprintf(message, sizeof message, "GET %.300s: %s", f->url, why);
    return *f->code || found_refuse(f, code, message);
}

/* A number may stand there as text: its digits are not always those that a double holds. */
static bool is_number_text(const json_t *value, bool whole)
{
    char *end;
    const char *text = json_string_value(value);
    if (!text || !*text || strspn(text, "+-.0123456789eE") != strlen(text))
        return false;
    if (whole)
        return json_string_length(value) < 19 && (strtoll(text, &end, 10), !*end);
    return (void)strtod(text, &end), !*end;
}

static bool fits(const struct found_column *c, const json_t *value)
{
    if (!value || json_is_null(value) || c->kind == QETL_KIND_TEXT)
        return true;
    if (c->kind == QETL_KIND_BOOL)
        return json_is_boolean(value);
    if (c->kind == QETL_KIND_INT)
        return json_is_integer(value) || is_number_text(value, true);
    return json_is_number(value) || is_number_text(value, false);
}

static bool row_read(struct found *f, const struct found_columns *c, const json_t *element)
{
    json_t **values = &f->values[f->n * c->n];
    for (int64_t i = 0; i < c->n; i++) {
        const json_t *value = rest_value_at(element, c->columns[i].at);
        if (!fits(&c->columns[i], value)) {
            f->n++;
            return answer_refuse(f, "bad_value", "what stands at \"%.100s\" is no %s",
                                 c->columns[i].at, c->columns[i].type);
        }
        values[i] = json_incref((json_t *)value);
    }
    f->n++;
    return true;
}

static bool all_read(struct found *f, const struct found_columns *c, const json_t *json,
                     const char *link)
{
    const char *sign = c->rows && !c->takes_first ? onward_sign(json, link) : NULL;
    const json_t *list = c->rows ? rest_value_at(json, c->rows) : NULL;
    size_t n = c->rows ? json_array_size(list) : 1;
    bool fine = true;
    if (c->rows && list && !json_is_array(list) && !json_is_null(list))
        return answer_refuse(f, "bad_answer", "no list stands at \"%.100s\"%s", c->rows, "");
    if (sign)
        return answer_refuse(f, "more_pages",
                             "there is another page of its rows (%.100s), which a lookup does not "
                             "ask for: ask for more at a time%s",
                             sign, "");
    f->values = calloc(n * (size_t)c->n + 1, sizeof *f->values);
    if (!f->values)
        return false;
    for (size_t i = 0; i < n && fine; i++)
        fine = row_read(f, c, c->rows ? json_array_get(list, i) : json);
    return fine;
}

bool found_read(struct found *f, const struct found_columns *c, const uint8_t *body, int64_t size,
                const char *link)
{
    json_t *json = json_loadb((const char *)body, (size_t)size, JSON_DECODE_ANY, NULL);
    if (!json)
        return answer_refuse(f, "bad_answer", "it is no JSON%s%s", "", "");
    bool fine = all_read(f, c, json, link);
    json_decref(json);
    return fine;
}

void found_free(struct found *f, const struct found_columns *c)
{
    for (int64_t i = 0; f->values && i < f->n * c->n; i++)
        json_decref(f->values[i]);
    free(f->values);
    free(f->message);
    *f = (struct found){0};
}

/* ---- rows of the output ---- */

static int32_t text_put(struct qetl_builder *b, const json_t *value, bool json)
{
    if (json_is_string(value) && !json)
        return qetl_builder_text(b, json_string_value(value), (int64_t)json_string_length(value));
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    int32_t status = text ? qetl_builder_text(b, text, (int64_t)strlen(text)) : QETL_E_NO_MEMORY;
    free(text);
    return status;
}

static int32_t value_put(struct found_column *c, const json_t *value)
{
    const char *text = json_string_value(value);
    if (!value || json_is_null(value))
        return qetl_builder_null(&c->builder);
    switch (c->kind) {
    case QETL_KIND_BOOL:
        return qetl_builder_bool(&c->builder, json_is_true(value));
    case QETL_KIND_INT:
        return qetl_builder_int(&c->builder,
                                text ? strtoll(text, NULL, 10) : json_integer_value(value));
    case QETL_KIND_REAL:
        return qetl_builder_real(&c->builder, text ? strtod(text, NULL) : json_number_value(value));
    default:
        return text_put(&c->builder, value, c->json);
    }
}

int32_t found_put(struct found_columns *c, const struct found *f, int64_t i)
{
    int32_t status = QETL_OK;
    for (int64_t k = 0; k < c->n && !status; k++)
        status = value_put(&c->columns[k], f ? f->values[i * c->n + k] : NULL);
    return status;
}

int32_t found_columns_close(struct found_columns *c, int64_t rows, struct ArrowArray *out)
{
    struct ArrowArray *arrays = calloc((size_t)c->n + 1, sizeof *arrays);
    int32_t status = arrays ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < c->n && !status; i++)
        status = qetl_builder_close(&c->columns[i].builder, &arrays[i]);
    if (!status)
        status = qetl_array_struct(c->env, rows, c->n, arrays, out);
    for (int64_t i = 0; arrays && i < c->n; i++)
        qetl_array_release(&arrays[i]);
    free(arrays);
    return status;
}
