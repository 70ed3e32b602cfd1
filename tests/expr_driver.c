/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expression service as a filter of JSON lines, for differential tests.
 *   {"schema": [["a", "decimal(12,2)"], …], "rows": [[cell, …], …]}    sets the batch
 *   {"expr": "a + 1"}     answers {"type": …, "values": […], "errors": {"3": "numeric_overflow"}}
 *                         or {"error": message}
 *   {"timezone": "Europe/Berlin", "now": "1700000000000000"}    sets the session
 * Cells: null, true, numbers for floats ("NaN", "Infinity" as text), text; integers, dates, times
 * and timestamps as Arrow counts them, as text; decimals as the scaled integer, as text. Results
 * likewise. Intervals are their three counts: "14 3 1000".
 */
#include "../core/expr/expr.h"
#include "fake_host.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx)
{
    return &((struct qetl_fake_host *)ctx)->host;
}

static struct qetl_expr_session session;

struct qetl_expr_session qetl_ctx_expr_session(struct qetl_ctx *ctx)
{
    (void)ctx;
    return session;
}

struct driver {
    struct qetl_fake_host fake;
    struct ArrowSchema schema;
    struct ArrowArray *columns;
    int64_t rows;
};

static qetl_int128 wide_parse(const char *text)
{
    qetl_int128 value = 0;
    bool minus = *text == '-';

    for (text += minus; *text; text++)
        value = value * 10 + (minus ? '0' - *text : *text - '0');
    return value;
}

static void wide_print(qetl_int128 value, char *out)
{
    char digits[48];
    int count = 0;

    *out = '-';
    out += value < 0;
    do {
        int digit = (int)(value % 10);
        digits[count++] = (char)('0' + (digit < 0 ? -digit : digit));
        value /= 10;
    } while (value);
    while (count)
        *out++ = digits[--count];
    *out = '\0';
}

static double real_parse(const json_t *cell)
{
    return json_is_string(cell) ? strtod(json_string_value(cell), NULL) : json_number_value(cell);
}

static struct qetl_interval interval_parse(const char *text)
{
    struct qetl_interval value;
    char *end;

    value.months = (int32_t)strtol(text, &end, 10);
    value.days = (int32_t)strtol(end, &end, 10);
    value.nanoseconds = strtoll(end, NULL, 10);
    return value;
}

static void cell_add(struct qetl_builder *b, const char *format, const json_t *cell)
{
    int32_t status;

    if (json_is_null(cell))
        status = qetl_builder_null(b);
    else if (!strcmp(format, "b"))
        status = qetl_builder_bool(b, json_is_true(cell));
    else if (*format == 'f' || *format == 'g')
        status = qetl_builder_real(b, real_parse(cell));
    else if (*format == 'd')
        status = qetl_builder_decimal(b, wide_parse(json_string_value(cell)));
    else if (!strcmp(format, "vu"))
        status = qetl_builder_text(b, json_string_value(cell), (int64_t)json_string_length(cell));
    else if (strchr("CSIL", *format))
        status = qetl_builder_uint(b, (uint64_t)wide_parse(json_string_value(cell)));
    else if (!strcmp(format, "tin"))
        status = qetl_builder_interval(b, interval_parse(json_string_value(cell)));
    else
        status = qetl_builder_int(b, (int64_t)wide_parse(json_string_value(cell)));
    assert(!status);
}

static void column_build(struct driver *d, size_t k, const json_t *rows)
{
    struct qetl_builder builder;
    const struct ArrowSchema *field = d->schema.children[k];
    size_t i;
    json_t *row;

    assert(!qetl_builder_open(&builder, d->fake.env, field, (int64_t)json_array_size(rows)));
    json_array_foreach (rows, i, row)
        cell_add(&builder, field->format, json_array_get(row, k));
    assert(!qetl_builder_close(&builder, &d->columns[k]));
}

static void batch_drop(struct driver *d)
{
    for (int64_t k = 0; d->columns && k < d->schema.n_children; k++)
        qetl_array_release(&d->columns[k]);
    free(d->columns);
    d->columns = NULL;
    qetl_schema_release(&d->schema);
}

static void batch_set(struct driver *d, const json_t *line)
{
    const json_t *fields = json_object_get(line, "schema"), *rows = json_object_get(line, "rows");
    size_t k;
    json_t *field;

    batch_drop(d);
    assert(!qetl_schema_init_struct(&d->schema));
    json_array_foreach (fields, k, field) {
        char format[QETL_TYPE_FORMAT_MAX];
        assert(!qetl_type_parse(json_string_value(json_array_get(field, 1)), format));
        assert(!qetl_schema_add(&d->schema, json_string_value(json_array_get(field, 0)), format));
    }
    d->rows = (int64_t)json_array_size(rows);
    d->columns = calloc(json_array_size(fields) + 1, sizeof *d->columns);
    assert(d->columns);
    for (k = 0; k < json_array_size(fields); k++)
        column_build(d, k, rows);
}

static json_t *real_json(double value)
{
    char text[40];

    snprintf(text, sizeof text, "%.17g", value);
    return json_string(isnan(value) ? "nan" : text);
}

static json_t *value_json(const struct qetl_column *c, const char *format, int64_t i)
{
    char digits[64];

    if (qetl_column_is_null(c, i))
        return json_null();
    if (!strcmp(format, "b"))
        return json_boolean(qetl_column_int(c, i) != 0);
    if (*format == 'f' || *format == 'g')
        return real_json(qetl_column_real(c, i));
    if (!strcmp(format, "vu")) {
        struct qetl_text text = qetl_column_text(c, i);
        return json_stringn(text.data, (size_t)text.size);
    }
    if (!strcmp(format, "tin")) {
        struct qetl_interval v = qetl_column_interval(c, i);
        snprintf(digits, sizeof digits, "%d %d %lld", v.months, v.days, (long long)v.nanoseconds);
    } else if (*format == 'd')
        wide_print(qetl_column_decimal(c, i), digits);
    else if (*format == 'L')
        wide_print((qetl_int128)qetl_column_uint(c, i), digits);
    else
        wide_print(qetl_column_int(c, i), digits);
    return json_string(digits);
}

static json_t *errors_json(const struct driver *d)
{
    json_t *errors = json_object();

    for (int64_t i = 0; i < d->fake.n_rejects; i++) {
        char row[24];
        snprintf(row, sizeof row, "%lld", (long long)d->fake.rejects[i].row);
        assert(!json_object_get(errors, row));
        json_object_set_new(errors, row, json_string(d->fake.rejects[i].code));
    }
    return errors;
}

static json_t *result_json(struct driver *d, struct qetl_expr *expr, const struct ArrowArray *array)
{
    json_t *answer = json_object(), *values = json_array();
    struct ArrowSchema field;
    struct qetl_column column;
    char name[80], message[200];

    assert(!qetl_expr_service()->result(expr, "result", &field));
    if (qetl_array_validate(&field, array, message, sizeof message)) {
        fprintf(stderr, "invalid result: %s\n", message);
        abort();
    }
    assert(!qetl_column_open(&column, &field, array));
    for (int64_t i = 0; i < array->length; i++)
        json_array_append_new(values, value_json(&column, field.format, i));
    json_object_set_new(answer, "type", json_string(qetl_type_name(&field, name, sizeof name)));
    json_object_set_new(answer, "values", values);
    json_object_set_new(answer, "errors", errors_json(d));
    qetl_schema_release(&field);
    return answer;
}

static json_t *expr_answer(struct driver *d, const char *text)
{
    const struct qetl_expr_host *service = qetl_expr_service();
    struct ArrowArray batch = {.length = d->rows, .n_buffers = 1}, out, *children[64];
    const void *buffers[1] = {NULL};
    const int64_t *columns;
    struct qetl_expr *expr;
    json_t *answer;

    qetl_fake_host_reset(&d->fake);
    if (service->compile(d->fake.ctx, text, "/expr", &d->schema, &expr))
        return json_pack("{s:s}", "error", qetl_fake_host_message(&d->fake));
    batch.n_children = service->columns(expr, &columns);
    assert(batch.n_children <= 64);
    for (int64_t i = 0; i < batch.n_children; i++)
        children[i] = &d->columns[columns[i]];
    batch.children = children;
    batch.buffers = buffers;
    assert(!service->evaluate(expr, &batch, d->rows, &out, NULL, NULL));
    answer = result_json(d, expr, &out);
    qetl_array_release(&out);
    service->free(expr);
    return answer;
}

static void session_set(const json_t *line)
{
    static char zone[128];

    snprintf(zone, sizeof zone, "%s", json_string_value(json_object_get(line, "timezone")));
    session.timezone = zone;
    session.now_us = (int64_t)wide_parse(json_string_value(json_object_get(line, "now")));
}

int main(void)
{
    struct driver d = {0};
    char *line = NULL;
    size_t capacity = 0;

    qetl_fake_host_init(&d.fake, NULL);
    while (getline(&line, &capacity, stdin) > 0) {
        json_t *input = json_loads(line, 0, NULL), *answer;
        assert(input);
        if (json_object_get(input, "timezone")) {
            session_set(input);
        } else if (json_object_get(input, "schema")) {
            batch_set(&d, input);
        } else {
            answer = expr_answer(&d, json_string_value(json_object_get(input, "expr")));
            json_dumpf(answer, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
            putchar('\n');
            fflush(stdout);
            json_decref(answer);
        }
        json_decref(input);
    }
    free(line);
    batch_drop(&d);
    return qetl_fake_host_free(&d.fake) != 0;
}
