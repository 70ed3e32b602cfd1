/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns, one value at a time. validity stays NULL until the first null; then it is all ones
 * behind the last value, so that appending a value need not touch it.
 */
#include "build.h"

enum { CAPACITY_MIN = 64 };

int32_t qetl_builder_open(struct qetl_builder *b, struct qetl_env env,
                          const struct ArrowSchema *field, int64_t capacity)
{
    struct qetl_sdk_type type;
    memset(b, 0, sizeof *b);
    int32_t status = qetl_sdk_type_of(field->format, &type);
    if (status)
        return status;
    if (type.layout == '+' && !field->dictionary)
        return qetl_sdk_builder_open_nested(b, env, field, capacity);
    if (!strchr("bcCsSiIlLfgdvt", type.layout) || field->dictionary)
        return QETL_E_UNSUPPORTED;
    b->env = env;
    b->layout = type.layout;
    b->width = type.width;
    b->precision = type.precision;
    b->capacity_wanted = capacity;
    return QETL_OK;
}

static int64_t bits_size(int64_t n)
{
    return (n + 7) / 8;
}

static int64_t values_size(const struct qetl_builder *b, int64_t n)
{
    if (b->layout == QETL_SDK_LIST)
        return (n + 1) * b->width;
    return b->width ? n * b->width : bits_size(n);
}

/* Bits behind the used ones are set, the last shared byte's among them. */
static uint8_t *bits_grown(struct qetl_env env, const uint8_t *old, int64_t used, int64_t capacity)
{
    uint8_t *made = qetl_sdk_buffer_grown(env, old, old ? bits_size(used) : 0, bits_size(capacity));
    int64_t kept = old ? bits_size(used) : 0;
    if (made)
        memset(made + kept, 0xff, (size_t)(bits_size(capacity) - kept));
    return made;
}

int32_t qetl_sdk_builder_grow(struct qetl_builder *b)
{
    int64_t capacity = b->capacity ? b->capacity * 2 : b->capacity_wanted;
    capacity = ((capacity > CAPACITY_MIN ? capacity : CAPACITY_MIN) + 63) & ~(int64_t)63;
    int64_t used = b->values ? values_size(b, b->length) : 0;
    uint8_t *values = qetl_sdk_buffer_grown(b->env, b->values, used, values_size(b, capacity));
    uint8_t *validity = NULL;
    if (values && b->validity) {
        validity = bits_grown(b->env, b->validity, b->length, capacity);
        if (!validity) {
            qetl_sdk_buffer_free(b->env, values);
            return QETL_E_NO_MEMORY;
        }
    }
    if (!values)
        return QETL_E_NO_MEMORY;
    if (!used && b->layout == QETL_SDK_LIST)
        memset(values, 0, (size_t)b->width);
    qetl_sdk_buffer_free(b->env, b->values);
    qetl_sdk_buffer_free(b->env, b->validity);
    b->values = values;
    b->validity = validity;
    b->capacity = capacity;
    return QETL_OK;
}

static void bit_put(uint8_t *bits, int64_t at, bool value)
{
    uint8_t mask = (uint8_t)(1 << (at & 7));
    bits[at >> 3] = (uint8_t)(value ? bits[at >> 3] | mask : bits[at >> 3] & ~mask);
}

int32_t qetl_sdk_builder_mark_null(struct qetl_builder *b)
{
    if (!b->validity)
        b->validity = bits_grown(b->env, NULL, 0, b->capacity);
    if (!b->validity)
        return QETL_E_NO_MEMORY;
    bit_put(b->validity, b->length, false);
    b->null_count++;
    return QETL_OK;
}

int32_t qetl_builder_null(struct qetl_builder *b)
{
    if (b->layout == QETL_SDK_LIST || b->layout == QETL_SDK_STRUCT)
        return qetl_sdk_builder_null_nested(b);
    int32_t status = qetl_sdk_builder_room(b);
    if (!status)
        status = qetl_sdk_builder_mark_null(b);
    if (status)
        return status;
    if (b->width)
        memset(b->values + b->length * b->width, 0, (size_t)b->width);
    else
        bit_put(b->values, b->length, false);
    b->length++;
    return QETL_OK;
}

int32_t qetl_builder_bool(struct qetl_builder *b, bool value)
{
    if (b->layout != 'b')
        return QETL_E_UNSUPPORTED;
    int32_t status = qetl_sdk_builder_room(b);
    if (!status)
        bit_put(b->values, b->length++, value);
    return status;
}

/* The least and greatest value of an integer layout; false if it is none. */
static bool layout_range(char layout, int64_t *least, uint64_t *greatest)
{
    int bits;
    switch (layout | 0x20) {
    case 'c':
        bits = 8;
        break;
    case 's':
        bits = 16;
        break;
    case 'i':
        bits = 32;
        break;
    case 'l':
        bits = 64;
        break;
    default:
        return false;
    }
    bool is_signed = layout & 0x20;
    *least = is_signed ? INT64_MIN >> (64 - bits) : 0;
    *greatest = UINT64_MAX >> (64 - bits + is_signed);
    return true;
}

/* The low bytes of an integer are its narrower forms on a little-endian machine. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "Arrow buffers are little-endian here");

static int32_t builder_put_integer(struct qetl_builder *b, uint64_t value)
{
    int32_t status = qetl_sdk_builder_room(b);
    if (status)
        return status;
    uint8_t *at = b->values + b->length++ * b->width;
    switch (b->width) {
    case 1:
        memcpy(at, &value, 1);
        break;
    case 2:
        memcpy(at, &value, 2);
        break;
    case 4:
        memcpy(at, &value, 4);
        break;
    default:
        memcpy(at, &value, 8);
    }
    return QETL_OK;
}

int32_t qetl_builder_int(struct qetl_builder *b, int64_t value)
{
    int64_t least;
    uint64_t greatest;
    if (b->layout == 'l')
        return builder_put_integer(b, (uint64_t)value);
    if (!layout_range(b->layout, &least, &greatest))
        return QETL_E_UNSUPPORTED;
    if (value < least || (value > 0 && (uint64_t)value > greatest))
        return QETL_E_DATA;
    return builder_put_integer(b, (uint64_t)value);
}

int32_t qetl_builder_uint(struct qetl_builder *b, uint64_t value)
{
    int64_t least;
    uint64_t greatest;
    if (!layout_range(b->layout, &least, &greatest))
        return QETL_E_UNSUPPORTED;
    return value > greatest ? QETL_E_DATA : builder_put_integer(b, value);
}

int32_t qetl_builder_real(struct qetl_builder *b, double value)
{
    if (b->layout != 'g' && b->layout != 'f')
        return QETL_E_UNSUPPORTED;
    float narrow = (float)value;
    if (b->layout == 'f' && __builtin_isinf(narrow) && !__builtin_isinf(value))
        return QETL_E_DATA;
    int32_t status = qetl_sdk_builder_room(b);
    if (status)
        return status;
    uint8_t *at = b->values + b->length++ * b->width;
    if (b->layout == 'g')
        memcpy(at, &value, sizeof value);
    else
        memcpy(at, &narrow, sizeof narrow);
    return QETL_OK;
}

int32_t qetl_builder_decimal(struct qetl_builder *b, qetl_int128 value)
{
    if (b->layout != 'd')
        return QETL_E_UNSUPPORTED;
    qetl_int128 limit = qetl_sdk_power10(b->precision);
    if (value >= limit || value <= -limit)
        return QETL_E_DATA;
    int32_t status = qetl_sdk_builder_room(b);
    if (!status)
        memcpy(b->values + b->length++ * 16, &value, sizeof value);
    return status;
}

int32_t qetl_builder_interval(struct qetl_builder *b, struct qetl_interval value)
{
    if (b->layout != 't')
        return QETL_E_UNSUPPORTED;
    int32_t status = qetl_sdk_builder_room(b);
    if (!status)
        memcpy(b->values + b->length++ * 16, &value, sizeof value);
    return status;
}

/* Bits are set again, as they are behind the last value. */
static void validity_truncate(struct qetl_builder *b, int64_t length)
{
    for (int64_t i = length; b->null_count && i < b->length; i++) {
        b->null_count -= !qetl_sdk_bit(b->validity, i);
        bit_put(b->validity, i, true);
    }
}

void qetl_builder_truncate(struct qetl_builder *b, int64_t length)
{
    const int32_t *ends = (const int32_t *)(void *)b->values;
    if (length < b->length) {
        validity_truncate(b, length);
        b->length = length;
    }
    /* also where no row goes: one that was not finished may have left elements */
    if (b->layout == QETL_SDK_LIST)
        qetl_builder_truncate(b->children, ends ? ends[b->length] : 0);
    for (int64_t i = 0; b->layout == QETL_SDK_STRUCT && i < b->n_children; i++)
        qetl_builder_truncate(&b->children[i], b->length);
}

/* What the last array had room for, so that buffers are of one size; less and less of it behind one
 * that was far larger than those that follow. */
static int64_t heap_next(const struct qetl_builder *b)
{
    int64_t room = b->heap_capacity > b->heap_wanted ? b->heap_capacity : b->heap_wanted;
    return b->heap_size < room / 4 ? room / 2 : room;
}

static void builder_reset(struct qetl_builder *b)
{
    *b = (struct qetl_builder){
        .env = b->env,
        .layout = b->layout,
        .children = b->children,
        .n_children = b->n_children,
        .width = b->width,
        .precision = b->precision,
        .capacity_wanted = b->capacity > b->capacity_wanted ? b->capacity : b->capacity_wanted,
        .heap_wanted = heap_next(b)};
}

int32_t qetl_builder_close(struct qetl_builder *b, struct ArrowArray *out)
{
    const void *buffers[] = {b->validity, b->values};
    int32_t status;
    if (b->n_children || b->layout == QETL_SDK_STRUCT)
        status = qetl_sdk_builder_close_nested(b, out);
    else if (b->layout == 'v')
        status = qetl_sdk_builder_close_views(b, out);
    else
        status = qetl_array_make(b->env, b->length, b->null_count, 2, buffers, 0, NULL, out);
    if (!status)
        builder_reset(b);
    return status;
}

void qetl_builder_clear(struct qetl_builder *b)
{
    qetl_sdk_buffer_free(b->env, b->values);
    qetl_sdk_buffer_free(b->env, b->validity);
    qetl_sdk_buffer_free(b->env, b->heap);
    qetl_sdk_buffer_free(b->env, b->shared);
    for (int64_t i = 0; i < b->n_children; i++)
        qetl_builder_clear(&b->children[i]);
    builder_reset(b);
}

void qetl_builder_free(struct qetl_builder *b)
{
    if (!b)
        return;
    qetl_builder_clear(b);
    for (int64_t i = 0; i < b->n_children; i++)
        qetl_builder_free(&b->children[i]);
    free(b->children);
    b->children = NULL;
    b->n_children = 0;
}
