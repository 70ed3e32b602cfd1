/* SPDX-License-Identifier: Apache-2.0 */
#include "take.h"

#include "moment.h"
#include "number.h"

#include <math.h>

static int32_t unit_digits(char unit)
{
    return unit == 's' ? 0 : unit == 'm' ? 3 : unit == 'u' ? 6 : 9;
}

static int32_t way_of_time(struct taker *t, const char *format)
{
    if (strcmp(format, "tdD") == 0) {
        t->way = TAKE_DATE;
        return QETL_OK;
    }
    if (format[1] != 't' && format[1] != 's')
        return QETL_E_UNSUPPORTED;
    t->way = format[1] == 't' ? TAKE_TIME : TAKE_TIMESTAMP;
    t->digits = unit_digits(format[2]);
    t->zoned = format[1] == 's' && format[4];
    return QETL_OK;
}

static int32_t way_of(struct taker *t, const char *format)
{
    static const char letters[] = "bcsilCSILfg";
    static const enum take_way ways[] = {TAKE_BOOL, TAKE_INT,  TAKE_INT,  TAKE_INT,
                                         TAKE_INT,  TAKE_UINT, TAKE_UINT, TAKE_UINT,
                                         TAKE_UINT, TAKE_REAL, TAKE_REAL};
    int32_t precision;
    const char *at = format[1] ? NULL : strchr(letters, format[0]);
    if (at)
        t->way = ways[at - letters];
    else if (strcmp(format, "vu") == 0)
        t->way = TAKE_TEXT;
    else if (strcmp(format, "vz") == 0)
        t->way = TAKE_BINARY;
    else if (qetl_type_decimal(format, &precision, &t->digits))
        t->way = TAKE_DECIMAL;
    else
        return format[0] == 't' ? way_of_time(t, format) : QETL_E_UNSUPPORTED;
    return QETL_OK;
}

int32_t taker_way(struct taker *t, const struct ArrowSchema *field)
{
    int32_t status = field->dictionary ? QETL_E_UNSUPPORTED : way_of(t, field->format);
    if (!status && t->way == TAKE_TEXT && qetl_schema_is_json(field))
        t->way = TAKE_JSON;
    return status;
}

int32_t taker_open(struct taker *t, struct qetl_env env, sqlite3 *db,
                   const struct ArrowSchema *field, int64_t capacity)
{
    int32_t status = taker_way(t, field);
    if (!status && t->way == TAKE_JSON &&
        sqlite3_prepare_v2(db, "SELECT json_valid(?1)", -1, &t->valid, NULL))
        return QETL_E_NO_MEMORY;
    return status ? status : qetl_builder_open(&t->builder, env, field, capacity);
}

void taker_free(struct taker *t)
{
    sqlite3_finalize(t->valid);
    qetl_builder_free(&t->builder);
    *t = (struct taker){0};
}

static bool is_json(const struct taker *t, struct qetl_text text)
{
    sqlite3_bind_text64(t->valid, 1, text.data, (sqlite3_uint64)text.size, SQLITE_STATIC,
                        SQLITE_UTF8);
    bool valid = sqlite3_step(t->valid) == SQLITE_ROW && sqlite3_column_int(t->valid, 0);
    sqlite3_reset(t->valid);
    return valid;
}

static struct qetl_text text_of(sqlite3_stmt *row, int i)
{
    const char *data = (const char *)sqlite3_column_text(row, i);
    int64_t size = sqlite3_column_bytes(row, i);
    return (struct qetl_text){data ? data : "", data ? size : -1}; /* -1: no memory */
}

/* ---- Of integers ---- */

static int32_t take_integer(struct taker *t, int64_t value)
{
    char digits[QETL_PRINT_ROOM];
    switch (t->way) {
    case TAKE_BOOL:
        return value == 0 || value == 1 ? qetl_builder_bool(&t->builder, value == 1) : QETL_E_DATA;
    case TAKE_INT:
        return qetl_builder_int(&t->builder, value);
    case TAKE_UINT:
        return value < 0 ? QETL_E_DATA : qetl_builder_uint(&t->builder, (uint64_t)value);
    case TAKE_REAL:
        if (value > (int64_t)1 << 53 || value < -((int64_t)1 << 53))
            return QETL_E_DATA;
        return qetl_builder_real(&t->builder, (double)value);
    case TAKE_DECIMAL: {
        qetl_int128 number = value;
        for (int32_t n = 0; n < t->digits; n++)
            if (__builtin_mul_overflow(number, (qetl_int128)10, &number))
                return QETL_E_DATA;
        return qetl_builder_decimal(&t->builder, number);
    }
    case TAKE_TEXT:
    case TAKE_JSON: {
        char *end = (char *)qetl_print_integer((uint8_t *)digits, value);
        return qetl_builder_text(&t->builder, digits, end - digits);
    }
    default:
        return QETL_E_DATA;
    }
}

/* ---- Of reals ---- */

static int32_t take_decimal_text(struct taker *t, struct qetl_text text)
{
    qetl_int128 number;
    return number_decimal(text, t->digits, &number) ? qetl_builder_decimal(&t->builder, number)
                                                    : QETL_E_DATA;
}

static int32_t take_real(struct taker *t, double value)
{
    char room[NUMBER_TEXT_MAX];
    bool whole =
        value >= -9223372036854775808.0 && value < 9223372036854775808.0 && value == trunc(value);
    switch (t->way) {
    case TAKE_INT:
        return whole ? qetl_builder_int(&t->builder, (int64_t)value) : QETL_E_DATA;
    case TAKE_REAL:
        return qetl_builder_real(&t->builder, value);
    case TAKE_DECIMAL:
        return take_decimal_text(t, number_real_text(value, room));
    case TAKE_JSON:
        if (!isfinite(value))
            return QETL_E_DATA;
        __attribute__((fallthrough));
    case TAKE_TEXT: {
        struct qetl_text text = number_real_text(value, room);
        return qetl_builder_text(&t->builder, text.data, text.size);
    }
    default:
        return QETL_E_DATA;
    }
}

/* ---- Of texts ---- */

static int32_t take_number(struct taker *t, struct qetl_text text)
{
    int64_t integer;
    uint64_t natural;
    double real;
    switch (t->way) {
    case TAKE_INT:
        return number_int(text, &integer) ? qetl_builder_int(&t->builder, integer) : QETL_E_DATA;
    case TAKE_UINT:
        return number_uint(text, &natural) ? qetl_builder_uint(&t->builder, natural) : QETL_E_DATA;
    case TAKE_REAL:
        return number_real(text, &real) ? qetl_builder_real(&t->builder, real) : QETL_E_DATA;
    default:
        return take_decimal_text(t, text);
    }
}

static int32_t take_moment(struct taker *t, struct qetl_text text)
{
    int64_t value;
    bool good = t->way == TAKE_DATE   ? moment_date(text, &value)
                : t->way == TAKE_TIME ? moment_time(text, t->digits, &value)
                                      : moment_timestamp(text, t->digits, t->zoned, &value);
    return good ? qetl_builder_int(&t->builder, value) : QETL_E_DATA;
}

static int32_t take_text(struct taker *t, struct qetl_text text)
{
    if (text.size < 0)
        return QETL_E_NO_MEMORY;
    switch (t->way) {
    case TAKE_BOOL:
        return QETL_E_DATA;
    case TAKE_JSON:
        if (!is_json(t, text) || !qetl_utf8_valid(text.data, text.size))
            return QETL_E_DATA;
        return qetl_builder_text(&t->builder, text.data, text.size);
    case TAKE_TEXT:
        if (!qetl_utf8_valid(text.data, text.size))
            return QETL_E_DATA;
        return qetl_builder_text(&t->builder, text.data, text.size);
    case TAKE_BINARY:
        return qetl_builder_text(&t->builder, text.data, text.size);
    case TAKE_DATE:
    case TAKE_TIME:
    case TAKE_TIMESTAMP:
        return take_moment(t, text);
    default:
        return take_number(t, text);
    }
}

int32_t taker_take(struct taker *t, sqlite3_stmt *row, int i)
{
    switch (sqlite3_column_type(row, i)) {
    case SQLITE_NULL:
        return qetl_builder_null(&t->builder);
    case SQLITE_INTEGER:
        return take_integer(t, sqlite3_column_int64(row, i));
    case SQLITE_FLOAT:
        return take_real(t, sqlite3_column_double(row, i));
    case SQLITE_TEXT:
        return take_text(t, text_of(row, i));
    default: {
        const char *data = sqlite3_column_blob(row, i);
        return t->way == TAKE_BINARY
                   ? qetl_builder_text(&t->builder, data ? data : "", sqlite3_column_bytes(row, i))
                   : QETL_E_DATA;
    }
    }
}
