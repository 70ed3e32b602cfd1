/* SPDX-License-Identifier: Apache-2.0 */
/* From a column into the bytes of a field. What the field cannot hold exactly is no value of it. */
#include "value.h"

#include <math.h>

bool binary_value_suits(const struct binary_field *f, const struct qetl_column *c)
{
    enum qetl_kind k = c->kind;
    bool integer = k == QETL_KIND_INT || k == QETL_KIND_UINT || k == QETL_KIND_DECIMAL;

    if (k == QETL_KIND_NULL)
        return true;
    if (f->count >= 0)
        return k == QETL_KIND_LIST;
    if (f->time.unit_ns || f->time.dos)
        return f->time.ticks_ns > 1000 ? k == QETL_KIND_DATE : k == QETL_KIND_TIMESTAMP;
    if (f->n_names)
        return k == QETL_KIND_TEXT;
    switch (f->kind) {
    case BINARY_REAL:
        return integer || k == QETL_KIND_REAL;
    case BINARY_TEXT:
        return k != QETL_KIND_BINARY;
    case BINARY_BYTES:
        return k == QETL_KIND_BINARY || k == QETL_KIND_TEXT;
    case BINARY_STRUCT:
        return k == QETL_KIND_STRUCT;
    default:
        return integer || k == QETL_KIND_BOOL;
    }
}

static bool times_power(qetl_int128 *value, int32_t places)
{
    for (; places > 0; places--)
        if (__builtin_mul_overflow(*value, (qetl_int128)10, value))
            return false;
    return true;
}

/* value * 10^scale as a whole number. */
static int32_t whole_of(const struct qetl_column *c, int64_t row, int32_t scale, qetl_int128 *out)
{
    int32_t has = 0;

    if (c->kind == QETL_KIND_BOOL)
        *out = qetl_column_int(c, row) != 0;
    else if (c->kind == QETL_KIND_INT)
        *out = qetl_column_int(c, row);
    else if (c->kind == QETL_KIND_UINT)
        *out = (qetl_int128)qetl_column_uint(c, row);
    else
        *out = qetl_column_decimal(c, row);
    if (c->kind == QETL_KIND_DECIMAL)
        has = c->scale;
    for (; has > scale; has--) {
        if (*out % 10)
            return BINARY_NOT_EXACT;
        *out /= 10;
    }
    return times_power(out, scale - has) ? BINARY_FINE : BINARY_TOO_LARGE;
}

int32_t binary_raw_write(const struct binary_field *f, qetl_int128 raw, uint8_t *data)
{
    int32_t bits = f->bits ? f->bits : (int32_t)f->width * 8;
    bool is_signed = f->kind == BINARY_SIGNED;
    qetl_int128 least = is_signed ? -((qetl_int128)1 << (bits - 1)) : 0;
    qetl_int128 behind = (qetl_int128)1 << (bits - is_signed);
    uint64_t mask = bits == 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits) - 1;

    if (raw < least || raw >= behind)
        return BINARY_TOO_LARGE;
    binary_store(data, f->width, f->big, ((uint64_t)raw & mask) << f->shift);
    return BINARY_FINE;
}

static int32_t null_check(const struct binary_field *f, qetl_int128 raw)
{
    /* An unsigned field of 64 bits keeps its sentinel as the bits of a signed one. */
    return f->null_is && (int64_t)raw == f->null_value ? BINARY_READS_AS_NULL : BINARY_FINE;
}

static int32_t integer_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                             uint8_t *data)
{
    qetl_int128 raw;
    int32_t code = whole_of(c, row, f->scale > 0 ? f->scale : 0, &raw);

    if (!code)
        code = null_check(f, raw);
    return code ? code : binary_raw_write(f, raw, data);
}

/* As a reader would show them: without zeros before them. */
static bool digits_read(struct qetl_text t, qetl_int128 *out)
{
    bool minus = t.size && t.data[0] == '-';
    bool zero = t.size > minus && t.data[minus] == '0';

    *out = 0;
    for (int64_t i = minus; i < t.size; i++) {
        if (t.data[i] < '0' || t.data[i] > '9' || i > 20)
            return false;
        *out = *out * 10 + (t.data[i] - '0');
    }
    *out = minus ? -*out : *out;
    return t.size > minus && (!zero || t.size == 1);
}

static bool has_name(const struct binary_field *f, qetl_int128 raw)
{
    for (int64_t i = 0; i < f->n_names; i++)
        if (f->names[i].value == (int64_t)raw)
            return true;
    return false;
}

static int32_t name_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                          uint8_t *data)
{
    struct qetl_text t = qetl_column_text(c, row);
    qetl_int128 raw;
    int32_t code;

    for (int64_t i = 0; i < f->n_names; i++)
        if ((size_t)t.size == strlen(f->names[i].name) &&
            !memcmp(t.data, f->names[i].name, (size_t)t.size))
            return binary_raw_write(f,
                                    f->kind == BINARY_SIGNED
                                        ? (qetl_int128)f->names[i].value
                                        : (qetl_int128)(uint64_t)f->names[i].value,
                                    data);
    if (!f->names_open || !digits_read(t, &raw))
        return BINARY_UNKNOWN_VALUE;
    code = binary_raw_write(f, raw, data);
    return !code && has_name(f, raw) ? BINARY_UNKNOWN_VALUE : code;
}

static int32_t moment_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                            uint8_t *data)
{
    qetl_int128 value = qetl_column_int(c, row);

    if (c->kind == QETL_KIND_TIMESTAMP)
        times_power(&value, 9 - c->scale);
    else if (c->layout == 'l') /* a date in milliseconds */
        value /= 86400000;
    return binary_time_write(f, value, data);
}

bool binary_half_write(double value, uint16_t *half)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    double magnitude = fabs(value), fraction;
    int exponent;

    if (isnan(value) || isinf(value)) {
        *half = sign | (isnan(value) ? 0x7e00 : 0x7c00);
        return true;
    }
    frexp(magnitude, &exponent);
    exponent = exponent < -13 ? -13 : exponent;
    /* To even where it lies in the middle, as all arithmetic rounds. */
    fraction = nearbyint(ldexp(magnitude, 11 - exponent));
    if (fraction == 2048) {
        fraction = 1024;
        exponent++;
    }
    if (exponent > 16)
        return false;
    *half = sign | (uint16_t)fraction;
    if (fraction >= 1024)
        *half = sign | (uint16_t)((exponent + 14) << 10) | ((uint16_t)fraction & 1023);
    return true;
}

static int32_t real_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                          uint8_t *data)
{
    double value = qetl_column_real(c, row);
    float narrow = (float)value;
    uint64_t bits = 0;
    uint32_t bits32;
    uint16_t half;

    if (f->width == 2) {
        if (!binary_half_write(value, &half))
            return BINARY_TOO_LARGE;
        bits = half;
    } else if (f->width == 4) {
        if (isinf(narrow) && !isinf(value))
            return BINARY_TOO_LARGE;
        memcpy(&bits32, &narrow, sizeof bits32);
        bits = bits32;
    } else {
        memcpy(&bits, &value, sizeof bits);
    }
    binary_store(data, f->width, f->big, bits);
    return BINARY_FINE;
}

static int32_t digits_write(const struct binary_field *f, qetl_int128 value, uint8_t *data)
{
    int64_t halves = f->width * 2 - (f->sign != BINARY_SIGN_NONE);
    qetl_int128 rest = value < 0 ? -value : value;

    if (value < 0 && f->sign != BINARY_SIGN_CD)
        return BINARY_TOO_LARGE;
    for (int64_t i = halves; i-- > 0; rest /= 10)
        data[i / 2] |= (uint8_t)((int)(rest % 10) << (i % 2 ? 0 : 4));
    if (f->sign != BINARY_SIGN_NONE)
        data[f->width - 1] |= f->sign == BINARY_SIGN_F ? 15 : value < 0 ? 13 : 12;
    return rest ? BINARY_TOO_LARGE : BINARY_FINE;
}

static int32_t packed_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                            uint8_t *data)
{
    qetl_int128 value;
    int32_t code = whole_of(c, row, f->scale, &value);

    if (!code)
        code = null_check(f, value);
    return code ? code : digits_write(f, value, data);
}

static int32_t struct_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                            uint8_t *data, struct qetl_space *scratch)
{
    int32_t code = BINARY_FINE;

    for (int64_t i = 0; !code && i < f->n_fields; i++) {
        const struct binary_field *inner = &f->fields[i];
        struct qetl_column child;
        int64_t k = inner->name ? qetl_schema_find(c->schema, inner->name) : -1;

        if (!inner->name)
            continue;
        if (k < 0)
            return BINARY_NO_NULL;
        code = qetl_column_child(c, k, &child);
        if (!code && !binary_value_suits(inner, &child))
            code = BINARY_NOT_OF_TYPE;
        if (!code)
            code = binary_value_write(inner, &child, row, data + inner->at, scratch);
    }
    return code;
}

static int32_t list_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                          uint8_t *data, struct qetl_space *scratch)
{
    struct binary_field element = *f;
    int64_t first, count, width = f->width + f->time.fraction_width;
    struct qetl_column elements;
    int32_t code = qetl_column_child(c, 0, &elements);

    element.count = -1;
    qetl_column_list(c, row, &first, &count);
    if (!code && !binary_value_suits(&element, &elements))
        code = BINARY_NOT_OF_TYPE;
    if (!code && count != f->count)
        code = BINARY_WRONG_COUNT;
    for (int64_t i = 0; !code && i < count; i++)
        code = binary_value_write(&element, &elements, first + i, data + i * width, scratch);
    return code;
}

static int32_t null_write(const struct binary_field *f, uint8_t *data)
{
    bool is_unsigned = f->kind == BINARY_UNSIGNED;
    qetl_int128 raw = is_unsigned ? (qetl_int128)(uint64_t)f->null_value : f->null_value;

    if (!f->null_is)
        return BINARY_NO_NULL;
    return f->kind == BINARY_PACKED ? digits_write(f, raw, data) : binary_raw_write(f, raw, data);
}

static int32_t boolean_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                             uint8_t *data)
{
    qetl_int128 value;
    int32_t code = whole_of(c, row, 0, &value);

    if (!code && (value < 0 || value > 1))
        code = BINARY_TOO_LARGE;
    if (!code)
        binary_store(data, f->width, f->big, (uint64_t)value);
    return code;
}

int32_t binary_value_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                           uint8_t *data, struct qetl_space *scratch)
{
    bool null = qetl_column_is_null(c, row);

    if (f->kind == BINARY_TEXT || f->kind == BINARY_BYTES)
        if (f->count < 0)
            return binary_text_write(f, c, row, data, scratch);
    if (null)
        return null_write(f, data);
    if (f->count >= 0)
        return list_write(f, c, row, data, scratch);
    if (f->n_names)
        return name_write(f, c, row, data);
    if (f->time.unit_ns || f->time.dos)
        return moment_write(f, c, row, data);
    switch (f->kind) {
    case BINARY_REAL:
        return real_write(f, c, row, data);
    case BINARY_PACKED:
        return packed_write(f, c, row, data);
    case BINARY_STRUCT:
        return struct_write(f, c, row, data, scratch);
    case BINARY_BOOLEAN:
        return boolean_write(f, c, row, data);
    default:
        return integer_write(f, c, row, data);
    }
}
