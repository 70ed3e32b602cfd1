/* SPDX-License-Identifier: Apache-2.0 */
#include "cursor.h"

#include "config/units.h"
#include "host/instance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const qetl_int128 second = 1000000000;
static const qetl_int128 day = (qetl_int128)86400 * 1000000000;

/* ---- its type ---- */

static int32_t refuse(const struct cursor *cursor)
{
    return qetl_fail(cursor->env, QETL_E_CONFIG, "/cursor",
                     "a cursor is a number, a date, a timestamp or a text",
                     "column `%s` is of type %s: its values have no order to go on in",
                     cursor->name, cursor->type);
}

static bool has_order(enum qetl_kind kind)
{
    return kind == QETL_KIND_INT || kind == QETL_KIND_UINT || kind == QETL_KIND_REAL ||
           kind == QETL_KIND_DECIMAL || kind == QETL_KIND_TEXT || kind == QETL_KIND_DATE ||
           kind == QETL_KIND_TIMESTAMP;
}

/* A reader of an empty array knows what it would read. */
static int32_t kind_find(struct cursor *cursor)
{
    struct ArrowArray none;
    struct qetl_column column;
    int32_t status = qetl_array_nulls(cursor->env, &cursor->field, 0, &none);
    if (status)
        return status;
    status = qetl_column_open(&column, &cursor->field, &none);
    qetl_array_release(&none);
    cursor->kind = column.kind;
    cursor->scale = column.scale;
    return status || !has_order(cursor->kind) ? refuse(cursor) : QETL_OK;
}

int32_t cursor_open(struct cursor *cursor, struct qetl_env env, const struct ArrowSchema *field)
{
    cursor_close(cursor);
    cursor->env = env;
    cursor->service = env.host->get_extension(env.ctx, QETL_EXT_EXPR);
    cursor->name = strdup(field->name);
    cursor->type = qetl_type_text(field);
    if (!cursor->name || !cursor->type)
        return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a cursor");
    if (qetl_type_field(cursor->type, cursor->name, &cursor->field))
        return refuse(cursor);
    return kind_find(cursor);
}

void cursor_close(struct cursor *cursor)
{
    free(cursor->name);
    free(cursor->type);
    qetl_schema_release(&cursor->field);
    *cursor = (struct cursor){0};
}

bool cursor_is_text(const struct cursor *cursor)
{
    return cursor->kind == QETL_KIND_TEXT;
}

/* ---- numbers ---- */

static qetl_int128 power(int32_t scale)
{
    qetl_int128 power = 1;
    while (scale-- > 0)
        power *= 10;
    return power;
}

/* Of the same order: the bits of a negative one count downwards. -0 is 0. */
static qetl_int128 real_order(double value)
{
    int64_t bits;
    value = value == 0 ? 0 : value;
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? -(qetl_int128)(bits & INT64_MAX) : bits;
}

static double real_of(qetl_int128 order)
{
    double value;
    int64_t bits = (int64_t)(order < 0 ? -order : order);
    memcpy(&value, &bits, sizeof value);
    return order < 0 ? -value : value;
}

bool cursor_number(const struct cursor *cursor, const struct qetl_column *column, int64_t row,
                   qetl_int128 *number)
{
    if (qetl_column_is_null(column, row))
        return false;
    switch (column->kind) {
    case QETL_KIND_UINT:
        *number = qetl_column_uint(column, row);
        return true;
    case QETL_KIND_DECIMAL:
        *number = qetl_column_decimal(column, row);
        return true;
    case QETL_KIND_REAL:
        *number = real_order(qetl_column_real(column, row));
        return !isnan(qetl_column_real(column, row));
    case QETL_KIND_DATE:
        *number = qetl_column_int(column, row) *
                  (column->layout == 'i' ? day : second / power(column->scale));
        return true;
    case QETL_KIND_TIMESTAMP:
        *number = qetl_column_int(column, row) * (second / power(column->scale));
        return true;
    default:
        (void)cursor;
        *number = qetl_column_int(column, row);
        return true;
    }
}

static qetl_int128 floor_of(qetl_int128 number, qetl_int128 unit)
{
    return (number - (number % unit + unit) % unit) / unit;
}

static int32_t build(const struct cursor *cursor, struct qetl_builder *builder, qetl_int128 number)
{
    switch (cursor->kind) {
    case QETL_KIND_UINT:
        return number < 0 ? qetl_builder_uint(builder, 0)
                          : qetl_builder_uint(builder, (uint64_t)number);
    case QETL_KIND_DECIMAL:
        return qetl_builder_decimal(builder, number);
    case QETL_KIND_REAL:
        return qetl_builder_real(builder, real_of(number));
    case QETL_KIND_DATE:
        return qetl_builder_int(builder, (int64_t)floor_of(number, day));
    case QETL_KIND_TIMESTAMP:
        return qetl_builder_int(builder, (int64_t)floor_of(number, second / power(cursor->scale)));
    default:
        return qetl_builder_int(builder, (int64_t)number);
    }
}

/* ---- texts ---- */

static int32_t grow(struct qetl_space *space, int64_t more)
{
    int64_t room = (space->size + more) * 2;
    uint8_t *grown = realloc(space->data, (size_t)room);
    if (!grown)
        return QETL_E_NO_MEMORY;
    space->data = grown;
    space->capacity = room;
    return QETL_OK;
}

static char *render(const struct cursor *cursor, const struct ArrowArray *array)
{
    struct qetl_column column;
    struct qetl_space space = {NULL, 0, 0, grow};
    int32_t status = qetl_column_open(&column, &cursor->field, array);
    if (!status)
        status = qetl_render(&column, 0, &space);
    if (!status)
        status = qetl_space_put(&space, "", 1);
    if (!status)
        return (char *)space.data;
    free(space.data);
    return NULL;
}

char *cursor_text(const struct cursor *cursor, qetl_int128 number)
{
    struct qetl_builder builder;
    struct ArrowArray array;
    char *text = NULL;
    if (qetl_builder_open(&builder, cursor->env, &cursor->field, 1))
        return NULL;
    if (!build(cursor, &builder, number) && !qetl_builder_close(&builder, &array)) {
        text = render(cursor, &array);
        qetl_array_release(&array);
    }
    qetl_builder_free(&builder);
    return text;
}

static char *cast_of(const char *text, const char *type)
{
    char *made = malloc(2 * strlen(text) + strlen(type) + 16), *to = made;
    if (!made)
        return NULL;
    to += sprintf(to, "CAST('");
    for (; *text; text++) {
        if (*text == '\'')
            *to++ = '\'';
        *to++ = *text;
    }
    sprintf(to, "' AS %s)", type);
    return made;
}

static int32_t result_number(const struct cursor *cursor, struct qetl_expr *expr,
                             const struct ArrowArray *array, qetl_int128 *number)
{
    struct ArrowSchema field;
    struct qetl_column column;
    int32_t status = cursor->service->result(expr, "", &field);
    if (status)
        return status;
    status = qetl_column_open(&column, &field, array);
    if (!status && !cursor_number(cursor, &column, 0, number))
        status = QETL_E_CONFIG;
    qetl_schema_release(&field);
    return status;
}

static int32_t evaluate(const struct cursor *cursor, struct qetl_expr *expr, qetl_int128 *number)
{
    struct ArrowArray none, array;
    int64_t failed = 0;
    int32_t status = qetl_array_struct(cursor->env, 1, 0, NULL, &none);
    if (status)
        return status;
    status = cursor->service->evaluate(expr, &none, 1, &array, NULL, &failed);
    qetl_array_release(&none);
    qetl_instance_drop_rejected(cursor->env.ctx);
    if (status)
        return status;
    status = failed ? QETL_E_CONFIG : result_number(cursor, expr, &array, number);
    qetl_array_release(&array);
    return status;
}

int32_t cursor_parse(const struct cursor *cursor, const char *text, qetl_int128 *number)
{
    struct ArrowSchema columns;
    struct qetl_expr *expr = NULL;
    char *cast = cast_of(text, cursor->type);
    int32_t status = cast ? qetl_schema_init_struct(&columns) : QETL_E_NO_MEMORY;
    if (!status) {
        status = cursor->service->compile(cursor->env.ctx, cast, "/cursor", &columns, &expr);
        if (!status)
            status = evaluate(cursor, expr, number);
        cursor->service->free(expr);
        qetl_schema_release(&columns);
    }
    free(cast);
    return status;
}

/* ---- lag ---- */

static int32_t lag_time(const struct cursor *cursor, const char *text, qetl_int128 *lag)
{
    int64_t ns;
    bool is_time = cursor->kind == QETL_KIND_DATE || cursor->kind == QETL_KIND_TIMESTAMP;
    if (!is_time || qetl_units_ns(text, &ns))
        return QETL_E_CONFIG;
    *lag = ns;
    return QETL_OK;
}

int32_t cursor_lag(const struct cursor *cursor, const char *text, bool is_number, qetl_int128 *lag)
{
    double value = text && is_number ? strtod(text, NULL) : 0;
    *lag = 0;
    if (!text || (is_number && value == 0))
        return QETL_OK;
    if (!is_number)
        return lag_time(cursor, text, lag);
    if (cursor->kind == QETL_KIND_REAL) {
        *lag = real_order(value);
        return QETL_OK;
    }
    if (cursor->kind != QETL_KIND_INT && cursor->kind != QETL_KIND_UINT &&
        cursor->kind != QETL_KIND_DECIMAL)
        return QETL_E_CONFIG;
    double scaled =
        ceil(value * (cursor->kind == QETL_KIND_DECIMAL ? (double)power(cursor->scale) : 1));
    if (scaled > 1e36)
        return QETL_E_CONFIG;
    *lag = (qetl_int128)scaled;
    return QETL_OK;
}

qetl_int128 cursor_less(const struct cursor *cursor, qetl_int128 number, qetl_int128 lag)
{
    return cursor->kind == QETL_KIND_REAL ? real_order(real_of(number) - real_of(lag))
                                          : number - lag;
}
