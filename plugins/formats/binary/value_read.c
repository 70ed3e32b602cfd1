/* SPDX-License-Identifier: Apache-2.0 */
/* From the bytes of a field into a builder. */
#include "text.h"
#include "value.h"

#include <math.h>
#include <stdio.h>

int64_t binary_raw(const struct binary_field *f, const uint8_t *data)
{
    uint64_t value = binary_load(data, f->width, f->big) >> f->shift;
    int32_t bits = f->bits ? f->bits : (int32_t)f->width * 8;

    if (bits == 64)
        return (int64_t)value;
    value &= ((uint64_t)1 << bits) - 1;
    if (f->kind == BINARY_SIGNED && value >> (bits - 1))
        value |= ~(uint64_t)0 << bits;
    return (int64_t)value;
}

double binary_half_read(uint16_t half)
{
    int32_t exponent = half >> 10 & 31;
    double fraction = half & 1023, value;

    if (exponent == 31)
        value = half & 1023 ? NAN : INFINITY;
    else
        value = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return half >> 15 ? -value : value;
}

static double real_read(const struct binary_field *f, const uint8_t *data)
{
    uint64_t bits = binary_load(data, f->width, f->big);
    uint32_t narrow = (uint32_t)bits;
    double wide;
    float single;

    if (f->width == 2)
        return binary_half_read((uint16_t)bits);
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&single, &narrow, sizeof single);
    return f->width == 4 ? (double)single : wide;
}

/* Floats of a column of floats pass bit by bit, so that a NaN keeps its payload. */
static int32_t real_put(const struct binary_field *f, const uint8_t *data, struct qetl_builder *b)
{
    return b ? qetl_builder_real(b, real_read(f, data)) : BINARY_FINE;
}

static const struct binary_name *name_find(const struct binary_field *f, int64_t value)
{
    int64_t low = 0, high = f->n_names;

    while (low < high) {
        int64_t middle = (low + high) / 2;

        if (f->names[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < f->n_names && f->names[low].value == value ? &f->names[low] : NULL;
}

static int32_t name_put(const struct binary_field *f, int64_t raw, struct qetl_builder *b)
{
    const struct binary_name *name = name_find(f, raw);
    char digits[24];
    int n;

    if (name)
        return b ? qetl_builder_text(b, name->name, (int64_t)strlen(name->name)) : BINARY_FINE;
    if (!f->names_open)
        return BINARY_UNKNOWN_VALUE;
    n = f->kind == BINARY_SIGNED ? snprintf(digits, sizeof digits, "%lld", (long long)raw)
                                 : snprintf(digits, sizeof digits, "%llu", (unsigned long long)raw);
    return b ? qetl_builder_text(b, digits, n) : BINARY_FINE;
}

static int32_t integer_put(const struct binary_field *f, const uint8_t *data,
                           struct qetl_builder *b)
{
    int64_t raw = binary_raw(f, data), ticks;
    bool is_signed = f->kind == BINARY_SIGNED;

    if (f->null_is && raw == f->null_value)
        return b ? qetl_builder_null(b) : BINARY_FINE;
    if (f->n_names)
        return name_put(f, raw, b);
    if (f->time.dos || f->time.unit_ns) {
        if (!binary_time_read(f, raw, data + f->width, &ticks))
            return BINARY_BAD_TIME;
        return b ? qetl_builder_int(b, ticks) : BINARY_FINE;
    }
    if (!b)
        return BINARY_FINE;
    if (f->scale >= 0)
        return qetl_builder_decimal(b, is_signed ? (qetl_int128)raw : (qetl_int128)(uint64_t)raw);
    if (f->bits == 1)
        return qetl_builder_bool(b, raw);
    return is_signed ? qetl_builder_int(b, raw) : qetl_builder_uint(b, (uint64_t)raw);
}

/* Two digits a byte, the last half byte the sign: A C E F plus, B D minus. */
static int32_t packed_put(const struct binary_field *f, const uint8_t *data, struct qetl_builder *b)
{
    int64_t halves = f->width * 2 - (f->sign != BINARY_SIGN_NONE);
    uint8_t sign = data[f->width - 1] & 15;
    qetl_int128 value = 0;

    for (int64_t i = 0; i < halves; i++) {
        uint8_t digit = i % 2 ? data[i / 2] & 15 : data[i / 2] >> 4;

        if (digit > 9)
            return BINARY_BAD_PACKED;
        value = value * 10 + digit;
    }
    if (f->sign != BINARY_SIGN_NONE && sign < 10)
        return BINARY_BAD_PACKED;
    if (f->sign != BINARY_SIGN_NONE && (sign == 11 || sign == 13))
        value = -value;
    if (f->null_is && value == f->null_value)
        return b ? qetl_builder_null(b) : BINARY_FINE;
    return b ? qetl_builder_decimal(b, value) : BINARY_FINE;
}

static int32_t text_put(const struct binary_field *f, const uint8_t *data, int64_t size,
                        struct qetl_builder *b)
{
    struct qetl_text text;
    int32_t code = binary_text_read(f, data, size, &text);

    if (code || !b)
        return code;
    if (f->null_text && (size_t)text.size == strlen(f->null_text) &&
        !memcmp(text.data, f->null_text, (size_t)text.size))
        return qetl_builder_null(b);
    if (b->shared && !f->converter)
        return qetl_builder_view(b, text.data, text.size);
    return qetl_builder_text(b, text.data, text.size);
}

static int32_t bytes_put(const struct binary_field *f, const uint8_t *data, int64_t size,
                         struct qetl_builder *b)
{
    if (f->pascal) {
        int64_t said = data[0];

        size = said < size ? said : size - 1;
        data++;
    }
    if (!b)
        return BINARY_FINE;
    return b->shared ? qetl_builder_view(b, (const char *)data, size)
                     : qetl_builder_text(b, (const char *)data, size);
}

static int32_t element_read(const struct binary_field *f, const uint8_t *data, int64_t size,
                            struct qetl_builder *b);

static int32_t struct_put(const struct binary_field *f, const uint8_t *data, struct qetl_builder *b)
{
    int64_t child = 0;
    int32_t status = BINARY_FINE;

    for (int64_t i = 0; !status && i < f->n_fields; i++) {
        const struct binary_field *inner = &f->fields[i];

        if (inner->name)
            status = binary_value_read(inner, data + inner->at, inner->size,
                                       b ? qetl_builder_child(b, child++) : NULL);
    }
    return status || !b ? status : qetl_builder_struct(b);
}

static int32_t element_read(const struct binary_field *f, const uint8_t *data, int64_t size,
                            struct qetl_builder *b)
{
    switch (f->kind) {
    case BINARY_SIGNED:
    case BINARY_UNSIGNED:
        return integer_put(f, data, b);
    case BINARY_REAL:
        return real_put(f, data, b);
    case BINARY_BOOLEAN:
        return b ? qetl_builder_bool(b, binary_load(data, f->width, false) != 0) : BINARY_FINE;
    case BINARY_TEXT:
        return text_put(f, data, size, b);
    case BINARY_BYTES:
        return bytes_put(f, data, size, b);
    case BINARY_PACKED:
        return packed_put(f, data, b);
    case BINARY_STRUCT:
        return struct_put(f, data, b);
    default:
        return BINARY_FINE;
    }
}

int32_t binary_value_read(const struct binary_field *f, const uint8_t *data, int64_t size,
                          struct qetl_builder *b)
{
    int64_t width = f->width + f->time.fraction_width, n;
    int32_t status = BINARY_FINE;

    if (f->count < 0)
        return element_read(f, data, size, b);
    n = binary_is_variable(f) ? size / width : f->count;
    for (int64_t i = 0; !status && i < n; i++)
        status = element_read(f, data + i * width, f->width, b ? qetl_builder_child(b, 0) : NULL);
    return status || !b ? status : qetl_builder_list(b);
}
