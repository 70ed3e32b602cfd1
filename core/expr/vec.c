/* SPDX-License-Identifier: Apache-2.0 */
#include "vec.h"

#include "time/interval.h"

#include <stdio.h>

void qetl_expr_bits_load(uint64_t *out, const uint8_t *bitmap, int64_t at, int64_t count)
{
    int64_t words = (count + 63) >> 6;
    int shift = (int)(at & 7);

    bitmap += at >> 3;
    for (int64_t w = 0; w < words; w++) {
        int64_t bits = count - 64 * w < 64 ? count - 64 * w : 64;
        int64_t bytes = (bits + shift + 7) >> 3;
        uint64_t low = 0, high = 0;
        memcpy(&low, bitmap + 8 * w, (size_t)(bytes < 8 ? bytes : 8));
        if (bytes > 8)
            high = bitmap[8 * w + 8];
        out[w] = shift ? low >> shift | high << (64 - shift) : low;
        if (bits < 64)
            out[w] &= (1ULL << bits) - 1;
    }
    for (int64_t w = words; w < EXPR_WORDS; w++)
        out[w] = 0;
}

static int64_t get_integer(const void *data, enum expr_type_id type, int64_t i)
{
    switch (qetl_expr_type_width(type)) {
    case 1:
        return type == EXPR_UINT1 ? ((const uint8_t *)data)[i] : ((const int8_t *)data)[i];
    case 2:
        return type == EXPR_UINT2 ? ((const uint16_t *)data)[i] : ((const int16_t *)data)[i];
    case 4:
        return type == EXPR_UINT4 ? (int64_t)((const uint32_t *)data)[i]
                                  : ((const int32_t *)data)[i];
    default:
        return ((const int64_t *)data)[i];
    }
}

struct expr_value qetl_expr_vec_get(const struct expr_vec *vec, enum expr_type_id type, int64_t i)
{
    struct expr_value value = {.null = !expr_vec_is_valid(vec, i)};

    if (value.null || type == EXPR_OPAQUE)
        return value;
    if (type == EXPR_BOOL)
        value.boolean = expr_vec_bit(vec, i);
    else if (type == EXPR_FLOAT4)
        value.real = (double)((const float *)vec->data)[i];
    else if (type == EXPR_FLOAT8)
        value.real = ((const double *)vec->data)[i];
    else if (type == EXPR_DECIMAL)
        value.decimal = expr_vec_decimal(vec, i);
    else if (expr_type_is_text(type))
        value.text = expr_vec_text(vec, i);
    else if (type == EXPR_INTERVAL)
        value.interval = ((const struct expr_interval *)vec->data)[i];
    else
        value.integer = get_integer(vec->data, type, i);
    return value;
}

static void set_bit(uint64_t *bits, int64_t i, bool value)
{
    uint64_t bit = 1ULL << (i & 63);

    bits[i >> 6] = value ? bits[i >> 6] | bit : bits[i >> 6] & ~bit;
}

static void set_fixed(void *space, enum expr_type_id type, int64_t i,
                      const struct expr_value *value)
{
    switch (qetl_expr_type_width(type)) {
    case 1:
        ((int8_t *)space)[i] = (int8_t)value->integer;
        break;
    case 2:
        ((int16_t *)space)[i] = (int16_t)value->integer;
        break;
    case 4:
        ((int32_t *)space)[i] = (int32_t)value->integer;
        break;
    default:
        ((int64_t *)space)[i] = value->integer;
    }
}

void qetl_expr_vec_set(struct expr_vec *vec, enum expr_type_id type, int64_t i,
                       const struct expr_value *value)
{
    vec->data = vec->space;
    if (value->null) {
        vec->valid = vec->bits;
        set_bit(vec->bits, i, false);
        return;
    }
    if (vec->valid)
        set_bit(vec->valid, i, true);
    if (type == EXPR_BOOL)
        set_bit(vec->space, i, value->boolean);
    else if (type == EXPR_FLOAT4)
        ((float *)vec->space)[i] = (float)value->real;
    else if (type == EXPR_FLOAT8)
        ((double *)vec->space)[i] = value->real;
    else if (type == EXPR_DECIMAL && vec->narrow)
        ((int64_t *)vec->space)[i] = (int64_t)value->decimal;
    else if (type == EXPR_DECIMAL)
        ((expr_int128 *)vec->space)[i] = value->decimal;
    else if (expr_type_is_text(type))
        ((struct expr_text *)vec->space)[i] = value->text;
    else if (type == EXPR_INTERVAL)
        ((struct expr_interval *)vec->space)[i] = value->interval;
    else
        set_fixed(vec->space, type, i, value);
}

static void print_text(struct expr_text text, char *out, size_t size)
{
    int64_t most = (int64_t)size - 8, keep = text.size < most ? text.size : most;

    while (keep < text.size && keep > 0 && ((unsigned char)text.data[keep] & 0xc0) == 0x80)
        keep--;
    snprintf(out, size, "'%.*s%s'", (int)keep, text.data, keep < text.size ? "…" : "");
    for (char *c = out; *c; c++)
        *c = (unsigned char)*c < 32 ? ' ' : *c;
}

void qetl_expr_value_print(const struct expr_value *value, const struct expr_type *type, char *out,
                           size_t size)
{
    char digits[EXPR_INTERVAL_TEXT_MAX];
    int length = 0;

    assert(size > EXPR_INTERVAL_TEXT_MAX);
    if (value->null)
        length = snprintf(digits, sizeof digits, "NULL");
    else if (type->id == EXPR_BOOL)
        length = snprintf(digits, sizeof digits, "%s", value->boolean ? "true" : "false");
    else if (expr_type_is_float(type->id))
        length = qetl_expr_print_real(value->real, type->id == EXPR_FLOAT4, digits);
    else if (type->id == EXPR_DECIMAL)
        length = qetl_expr_print_decimal(value->decimal, type->scale, digits);
    else if (type->id == EXPR_UINT8)
        length = qetl_expr_print_decimal((expr_int128)value->natural, 0, digits);
    else if (type->id == EXPR_INTERVAL)
        length = qetl_expr_print_interval(value->interval, digits);
    else if (expr_type_is_moment(type->id))
        length = qetl_expr_print_moment(value->integer, type->id, digits);
    else if (expr_type_is_integer(type->id))
        length = qetl_expr_print_integer(value->integer, digits);
    else if (expr_type_is_text(type->id)) {
        print_text(value->text, out, size);
        return;
    }
    memcpy(out, digits, (size_t)length);
    out[length] = '\0';
}
