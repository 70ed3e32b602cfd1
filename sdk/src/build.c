/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns, one value at a time. validity stays NULL until the first null; then it is all ones behind the
 * last value, so that appending a value need not touch it.
 */
#include "internal.h"

#include <assert.h>

enum { CAPACITY_MIN = 64, HEAP_MIN = 4096 };

int32_t qetl_builder_open(struct qetl_builder *b, struct qetl_env env,
                          const struct ArrowSchema *field, int64_t capacity)
{
    struct qetl_sdk_type type;
    memset(b, 0, sizeof *b);
    int32_t status = qetl_sdk_type_of(field->format, &type);
    if (status)
        return status;
    if (!strchr("bcCsSiIlLfgdv", type.layout) || field->dictionary)
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
    return b->width ? n * b->width : bits_size(n);
}

/* A larger buffer with the first `used` bytes of the old, which is not freed yet. */
static uint8_t *buffer_grown(struct qetl_env env, const uint8_t *old, int64_t used, int64_t size)
{
    uint8_t *made = qetl_sdk_buffer_new(env, size);
    if (made && used)
        memcpy(made, old, (size_t)used);
    return made;
}

/* Bits behind the used ones are set, the last shared byte's among them. */
static uint8_t *bits_grown(struct qetl_env env, const uint8_t *old, int64_t used, int64_t capacity)
{
    uint8_t *made = buffer_grown(env, old, old ? bits_size(used) : 0, bits_size(capacity));
    int64_t kept = old ? bits_size(used) : 0;
    if (made)
        memset(made + kept, 0xff, (size_t)(bits_size(capacity) - kept));
    return made;
}

static int32_t builder_grow(struct qetl_builder *b)
{
    int64_t capacity = b->capacity ? b->capacity * 2 : b->capacity_wanted;
    capacity = ((capacity > CAPACITY_MIN ? capacity : CAPACITY_MIN) + 63) & ~(int64_t)63;
    uint8_t *values = buffer_grown(b->env, b->values, values_size(b, b->length),
                                   values_size(b, capacity));
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
    qetl_sdk_buffer_free(b->env, b->values);
    qetl_sdk_buffer_free(b->env, b->validity);
    b->values = values;
    b->validity = validity;
    b->capacity = capacity;
    return QETL_OK;
}

static inline int32_t builder_room(struct qetl_builder *b)
{
    return b->length < b->capacity ? QETL_OK : builder_grow(b);
}

static void bit_put(uint8_t *bits, int64_t at, bool value)
{
    uint8_t mask = (uint8_t)(1 << (at & 7));
    bits[at >> 3] = (uint8_t)(value ? bits[at >> 3] | mask : bits[at >> 3] & ~mask);
}

/* Makes the value at the end, which is not counted yet, a null. */
static int32_t builder_mark_null(struct qetl_builder *b)
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
    int32_t status = builder_room(b);
    if (!status)
        status = builder_mark_null(b);
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
    int32_t status = builder_room(b);
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
    int32_t status = builder_room(b);
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
    int32_t status = builder_room(b);
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
    int32_t status = builder_room(b);
    if (!status)
        memcpy(b->values + b->length++ * 16, &value, sizeof value);
    return status;
}

void qetl_builder_share(struct qetl_builder *b, void *buffer)
{
    assert(b->layout == 'v' && b->env.host && !b->shared);
    b->env.host->buffer_retain(buffer);
    b->shared = buffer;
    b->shared_data = buffer;
    b->shared_used = 0;
    b->shared_index = b->heap_size ? 1 : 0;
}

static int32_t heap_reserve(struct qetl_builder *b, int64_t size)
{
    int64_t need = b->heap_size + size;
    if (need <= b->heap_capacity)
        return QETL_OK;
    if (need > INT32_MAX)
        return qetl_fail(b->env, QETL_E_DATA, NULL, "make the batches smaller",
                         "a column of text holds more than 2 GiB in one batch");
    int64_t capacity = b->heap_capacity ? b->heap_capacity * 2 : b->heap_wanted;
    if (capacity < HEAP_MIN)
        capacity = HEAP_MIN;
    if (capacity < need)
        capacity = need;
    uint8_t *heap = buffer_grown(b->env, b->heap, b->heap_size, capacity);
    if (!heap)
        return QETL_E_NO_MEMORY;
    qetl_sdk_buffer_free(b->env, b->heap);
    b->heap = heap;
    b->heap_capacity = capacity;
    return QETL_OK;
}

static struct qetl_sdk_view view_make(const char *data, int64_t size, int32_t buffer,
                                      int64_t offset)
{
    struct qetl_sdk_view view;
    memset(&view, 0, sizeof view);
    view.size = (int32_t)size;
    if (size <= QETL_SDK_VIEW_INLINE) {
        if (size)
            memcpy(view.inlined, data, (size_t)size);
        return view;
    }
    memcpy(view.far.prefix, data, sizeof view.far.prefix);
    view.far.buffer = buffer;
    view.far.offset = (int32_t)offset;
    return view;
}

/* Writes the view at the end, without counting it. */
static int32_t builder_place_text(struct qetl_builder *b, const char *data, int64_t size)
{
    if (b->layout != 'v')
        return QETL_E_UNSUPPORTED;
    int32_t status = builder_room(b);
    if (!status && size > QETL_SDK_VIEW_INLINE)
        status = heap_reserve(b, size);
    if (status)
        return status;
    int32_t index = b->shared && b->shared_index == 0 ? 1 : 0;
    struct qetl_sdk_view view = view_make(data, size, index, b->heap_size);
    if (size > QETL_SDK_VIEW_INLINE) {
        memcpy(b->heap + b->heap_size, data, (size_t)size);
        b->heap_size += size;
    }
    memcpy(b->values + b->length * 16, &view, sizeof view);
    return QETL_OK;
}

int32_t qetl_builder_text(struct qetl_builder *b, const char *data, int64_t size)
{
    int32_t status = builder_place_text(b, data, size);
    if (!status)
        b->length++;
    return status;
}

int32_t qetl_builder_null_spelled(struct qetl_builder *b, const char *data, int64_t size)
{
    int32_t status = builder_place_text(b, data, size);
    if (!status)
        status = builder_mark_null(b);
    if (!status)
        b->length++;
    return status;
}

int32_t qetl_builder_view(struct qetl_builder *b, const char *data, int64_t size)
{
    if (size <= QETL_SDK_VIEW_INLINE || !b->shared)
        return qetl_builder_text(b, data, size);
    int64_t offset = (const uint8_t *)data - b->shared_data;
    assert(offset >= 0);
    if (offset + size > INT32_MAX)
        return qetl_builder_text(b, data, size);
    int32_t status = builder_room(b);
    if (status)
        return status;
    struct qetl_sdk_view view = view_make(data, size, b->shared_index, offset);
    memcpy(b->values + b->length++ * 16, &view, sizeof view);
    if (offset + size > b->shared_used)
        b->shared_used = offset + size;
    return QETL_OK;
}

/* The array owns validity and values, and for views also heap and shared. */
static int32_t views_close(struct qetl_builder *b, struct ArrowArray *out)
{
    const void *data[2] = {NULL, NULL};
    int64_t sizes[2] = {0, 0};
    int32_t heap_index = b->shared && b->shared_index == 0 ? 1 : 0;
    int64_t n_data = 0;
    if (b->heap_size) {
        data[heap_index] = b->heap;
        sizes[heap_index] = b->heap_size;
        n_data = heap_index + 1;
    }
    if (b->shared_used) {
        data[b->shared_index] = b->shared;
        sizes[b->shared_index] = b->shared_used;
        n_data = n_data > b->shared_index ? n_data : b->shared_index + 1;
    }
    int32_t status = qetl_array_views(b->env, b->length, b->null_count, b->validity, b->values,
                                      n_data, data, sizes, out);
    if (status)
        return status;
    if (!b->heap_size)
        qetl_sdk_buffer_free(b->env, b->heap);
    if (!b->shared_used)
        qetl_sdk_buffer_free(b->env, b->shared);
    return QETL_OK;
}

static void builder_reset(struct qetl_builder *b)
{
    *b = (struct qetl_builder){.env = b->env,
                               .layout = b->layout,
                               .width = b->width,
                               .precision = b->precision,
                               .capacity_wanted = b->capacity > b->capacity_wanted
                                                      ? b->capacity
                                                      : b->capacity_wanted,
                               .heap_wanted = b->heap_capacity > b->heap_wanted ? b->heap_capacity
                                                                                : b->heap_wanted};
}

int32_t qetl_builder_close(struct qetl_builder *b, struct ArrowArray *out)
{
    const void *buffers[] = {b->validity, b->values};
    int32_t status = b->layout == 'v'
                         ? views_close(b, out)
                         : qetl_array_make(b->env, b->length, b->null_count, 2, buffers, 0, NULL,
                                           out);
    if (!status)
        builder_reset(b);
    return status;
}

void qetl_builder_free(struct qetl_builder *b)
{
    if (!b)
        return;
    qetl_sdk_buffer_free(b->env, b->values);
    qetl_sdk_buffer_free(b->env, b->validity);
    qetl_sdk_buffer_free(b->env, b->heap);
    qetl_sdk_buffer_free(b->env, b->shared);
    builder_reset(b);
}
