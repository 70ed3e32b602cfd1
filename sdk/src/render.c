/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical text of a value. */
#include "civil.h"
#include "real.h"

enum { SCALAR_MAX = 128 };

static char *integer_write(char *at, qetl_int128 value)
{
    if (value < 0)
        *at++ = '-';
    return at + qetl_sdk_digits(qetl_sdk_magnitude(value), at);
}

static char *zeros_write(char *at, int32_t n)
{
    memset(at, '0', (size_t)n);
    return at + n;
}

static char *decimal_write(char *at, qetl_int128 value, int32_t scale)
{
    char digits[QETL_SDK_DIGITS_MAX];
    int32_t n = qetl_sdk_digits(qetl_sdk_magnitude(value), digits);
    if (value < 0)
        *at++ = '-';
    if (scale <= 0) {
        memcpy(at, digits, (size_t)n);
        return value ? zeros_write(at + n, -scale) : at + n;
    }
    int32_t whole = n > scale ? n - scale : 0;
    memcpy(at, digits, (size_t)whole);
    at += whole;
    if (!whole)
        *at++ = '0';
    *at++ = '.';
    at = zeros_write(at, scale - (n - whole));
    memcpy(at, digits + whole, (size_t)(n - whole));
    return at + n - whole;
}

static bool column_is_zoned(const struct qetl_column *c)
{
    const struct ArrowSchema *field = c->schema->dictionary ? c->schema->dictionary : c->schema;
    return field->format[0] == 't' && field->format[1] == 's' && field->format[4];
}

static char *time_write(char *at, const struct qetl_column *c, int64_t value)
{
    switch (c->kind) {
    case QETL_KIND_DATE:
        return qetl_sdk_date_write(c->scale ? qetl_sdk_floor_divide(value, 86400000) : value, at);
    case QETL_KIND_TIME:
        return qetl_sdk_time_write(value, c->scale, at);
    default:
        return qetl_sdk_timestamp_write(value, c->scale, column_is_zoned(c), at);
    }
}

/* Kinds whose text is short; answers the place behind it. */
static char *scalar_write(char *at, const struct qetl_column *c, int64_t i)
{
    switch (c->kind) {
    case QETL_KIND_BOOL:
        return qetl_column_int(c, i) ? (char *)memcpy(at, "true", 4) + 4
                                     : (char *)memcpy(at, "false", 5) + 5;
    case QETL_KIND_INT:
        return integer_write(at, qetl_column_int(c, i));
    case QETL_KIND_UINT:
        return integer_write(at, (qetl_int128)qetl_column_uint(c, i));
    case QETL_KIND_DECIMAL:
        return decimal_write(at, qetl_column_decimal(c, i), c->scale);
    case QETL_KIND_REAL:
        return c->layout == 'f' ? qetl_sdk_float_write((float)qetl_column_real(c, i), at)
                                : qetl_sdk_real_write(qetl_column_real(c, i), at);
    case QETL_KIND_INTERVAL:
        return qetl_sdk_interval_write(qetl_column_interval(c, i), at);
    default:
        return time_write(at, c, qetl_column_int(c, i));
    }
}

static int32_t scalar_put(const struct qetl_column *c, int64_t i, struct qetl_space *out)
{
    int32_t status = QETL_OK;
    if (out->capacity - out->size < SCALAR_MAX)
        status = out->reserve(out, SCALAR_MAX);
    if (!status)
        out->size = scalar_write((char *)out->data + out->size, c, i) - (char *)out->data;
    return status;
}

static int32_t binary_put(struct qetl_text bytes, struct qetl_space *out)
{
    static const char hex[] = "0123456789abcdef";
    int32_t status = qetl_space_put(out, "\\x", 2);
    if (!status && out->capacity - out->size < 2 * bytes.size)
        status = out->reserve(out, 2 * bytes.size);
    if (status)
        return status;
    for (int64_t i = 0; i < bytes.size; i++) {
        out->data[out->size++] = (uint8_t)hex[(uint8_t)bytes.data[i] >> 4];
        out->data[out->size++] = (uint8_t)hex[bytes.data[i] & 15];
    }
    return QETL_OK;
}

static int32_t value_render(const struct qetl_column *c, int64_t i, struct qetl_space *out)
{
    switch (c->kind) {
    case QETL_KIND_TEXT: {
        struct qetl_text text = qetl_column_text(c, i);
        return qetl_space_put(out, text.data, text.size);
    }
    case QETL_KIND_BINARY:
        return binary_put(qetl_column_text(c, i), out);
    case QETL_KIND_LIST:
    case QETL_KIND_STRUCT:
        return qetl_sdk_json_render(c, i, out, 0);
    default:
        return scalar_put(c, i, out);
    }
}

int32_t qetl_render(const struct qetl_column *c, int64_t i, struct qetl_space *out)
{
    if (qetl_column_is_null(c, i))
        return QETL_OK;
    int64_t before = out->size;
    int32_t status = value_render(c, i, out);
    if (status)
        out->size = before;
    return status;
}
