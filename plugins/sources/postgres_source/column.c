/* SPDX-License-Identifier: Apache-2.0 */
#include "column.h"

#include "number.h"
#include "wire.h"

#include <assert.h>
#include <stdlib.h>

enum { VIEW_INLINE = 12, VIEW_SIZE = 16, HEAP_MIN = 4096, HEAP_MAX = 1 << 20 };
#define DAY_US INT64_C(86400000000)

struct view {
    int32_t size;
    union {
        char inlined[VIEW_INLINE];
        struct {
            char prefix[4];
            int32_t buffer, offset;
        } far;
    };
};
_Static_assert(sizeof(struct view) == VIEW_SIZE, "views have 16 bytes");

struct interval {
    int32_t months, days;
    int64_t nanoseconds;
};

void column_init(struct column *c, struct pg_type type)
{
    static const int32_t widths[] = {
        [PG_BOOL] = 0,         [PG_INT2] = 2,          [PG_INT4] = 4,
        [PG_INT8] = 8,         [PG_OID] = 4,           [PG_FLOAT4] = 4,
        [PG_FLOAT8] = 8,       [PG_NUMERIC] = 16,      [PG_DATE] = 4,
        [PG_TIME] = 8,         [PG_TIMESTAMP] = 8,     [PG_TIMESTAMPTZ] = 8,
        [PG_INTERVAL] = 16,    [PG_UUID] = VIEW_SIZE,  [PG_BYTEA] = VIEW_SIZE,
        [PG_TEXT] = VIEW_SIZE, [PG_JSONB] = VIEW_SIZE, [PG_WRITTEN] = VIEW_SIZE};
    *c = (struct column){.type = type, .width = widths[type.way], .rows = COLUMN_ROWS};
}

int64_t column_row_bytes(const struct column *c)
{
    return c->width ? c->width : 1;
}

void column_begin(struct column *c, int64_t rows)
{
    assert(!c->values && rows <= COLUMN_ROWS);
    c->rows = rows;
}

static bool is_view(const struct column *c)
{
    return c->type.way >= PG_UUID;
}

/* ---- Room ---- */

static uint64_t bits_size(const struct column *c)
{
    return ((uint64_t)c->rows + 7) / 8;
}

static bool values_ready(struct column *c, struct qetl_env env)
{
    if (c->values)
        return true;
    uint64_t size = c->width ? (uint64_t)c->width * (uint64_t)c->rows : bits_size(c);
    c->values = env.host->buffer_alloc(env.ctx, size);
    if (c->values && !c->width)
        memset(c->values, 0, size);
    return c->values != NULL;
}

static bool heaps_ready(struct column *c)
{
    if (c->n_heaps < c->room_heaps)
        return true;
    int64_t room = 2 * c->room_heaps + 8;
    uint8_t **heaps = realloc(c->heaps, (size_t)room * sizeof *heaps);
    c->heaps = heaps ? heaps : c->heaps;
    int64_t *sizes = heaps ? realloc(c->heap_sizes, (size_t)room * sizeof *sizes) : NULL;
    c->heap_sizes = sizes ? sizes : c->heap_sizes;
    c->room_heaps = sizes ? room : c->room_heaps;
    return sizes != NULL;
}

/* Room for one more text, which goes into the last heap. */
static uint8_t *heap_room(struct column *c, struct qetl_env env, int64_t size)
{
    int64_t last = c->n_heaps - 1;
    if (last >= 0 && c->heap_room - c->heap_sizes[last] >= size)
        return c->heaps[last] + c->heap_sizes[last];
    if (!heaps_ready(c))
        return NULL;
    int64_t room = c->n_heaps ? 2 * c->heap_room : c->wanted + c->wanted / 8;
    room = room < HEAP_MIN ? HEAP_MIN : room > HEAP_MAX ? HEAP_MAX : room;
    room = room < size ? size : room;
    uint8_t *heap = env.host->buffer_alloc(env.ctx, (uint64_t)room);
    if (!heap)
        return NULL;
    c->heaps[c->n_heaps] = heap;
    c->heap_sizes[c->n_heaps++] = 0;
    c->heap_room = room;
    return heap;
}

static bool validity_ready(struct column *c, struct qetl_env env)
{
    if (c->validity)
        return true;
    c->validity = env.host->buffer_alloc(env.ctx, bits_size(c));
    if (c->validity)
        memset(c->validity, 0xff, bits_size(c));
    return c->validity != NULL;
}

/* ---- Values ---- */

static void bit_set(uint8_t *bits, int64_t at, bool value)
{
    uint8_t bit = (uint8_t)(1U << (at & 7));
    bits[at >> 3] = value ? bits[at >> 3] | bit : bits[at >> 3] & (uint8_t)~bit;
}

static enum column_answer put_null(struct column *c, struct qetl_env env, int64_t row)
{
    if (!validity_ready(c, env))
        return COLUMN_NO_MEMORY;
    bit_set(c->validity, row, false);
    if (c->width)
        memset(c->values + row * c->width, 0, (size_t)c->width);
    return COLUMN_TAKEN;
}

static enum column_answer put_view(struct column *c, struct qetl_env env, int64_t row,
                                   const uint8_t *data, int64_t size)
{
    struct view *view = (struct view *)c->values + row;
    memset(view, 0, sizeof *view);
    view->size = (int32_t)size;
    if (size <= VIEW_INLINE) {
        if (size)
            memcpy(view->inlined, data, (size_t)size);
        return COLUMN_TAKEN;
    }
    uint8_t *at = heap_room(c, env, size);
    if (!at)
        return COLUMN_NO_MEMORY;
    memcpy(at, data, (size_t)size);
    memcpy(view->far.prefix, data, sizeof view->far.prefix);
    view->far.buffer = (int32_t)c->n_heaps - 1;
    view->far.offset = (int32_t)c->heap_sizes[c->n_heaps - 1];
    c->heap_sizes[c->n_heaps - 1] += size;
    return COLUMN_TAKEN;
}

static enum column_answer put_uuid(struct column *c, struct qetl_env env, int64_t row,
                                   const uint8_t *data)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t text[36], *at = text;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = (uint8_t)hex[data[i] >> 4];
        *at++ = (uint8_t)hex[data[i] & 15];
    }
    return put_view(c, env, row, text, sizeof text);
}

static enum column_answer put_text(struct column *c, struct qetl_env env, int64_t row,
                                   const uint8_t *data, int64_t size)
{
    return qetl_utf8_valid(data, size) ? put_view(c, env, row, data, size) : COLUMN_NO_VALUE;
}

static enum column_answer put_date(struct column *c, int64_t row, int32_t days)
{
    if (days == INT32_MAX || days == INT32_MIN || days > INT32_MAX - PG_EPOCH_DAYS)
        return COLUMN_NO_VALUE; /* infinity */
    ((int32_t *)c->values)[row] = days + PG_EPOCH_DAYS;
    return COLUMN_TAKEN;
}

static enum column_answer put_timestamp(struct column *c, int64_t row, int64_t us)
{
    if (us == INT64_MIN || __builtin_add_overflow(us, PG_EPOCH_US, &((int64_t *)c->values)[row]))
        return COLUMN_NO_VALUE; /* infinity, or later than Arrow's last year */
    return COLUMN_TAKEN;
}

static enum column_answer put_time(struct column *c, int64_t row, int64_t us)
{
    if (us < 0 || us > DAY_US)
        return COLUMN_BROKEN;
    if (us == DAY_US)
        return COLUMN_NO_VALUE; /* 24:00:00 */
    ((int64_t *)c->values)[row] = us;
    return COLUMN_TAKEN;
}

static enum column_answer put_interval(struct column *c, int64_t row, const uint8_t *data)
{
    struct interval *value = (struct interval *)c->values + row;
    value->days = wire_int32(data + 8);
    value->months = wire_int32(data + 12);
    return __builtin_mul_overflow(wire_int64(data), (int64_t)1000, &value->nanoseconds)
               ? COLUMN_NO_VALUE
               : COLUMN_TAKEN;
}

static enum column_answer put_numeric(struct column *c, int64_t row, const uint8_t *data,
                                      int64_t size)
{
    qetl_int128 value;
    enum number_answer answer =
        number_decimal(data, size, c->type.precision, c->type.scale, &value);
    if (answer != NUMBER_TAKEN)
        return answer == NUMBER_BROKEN ? COLUMN_BROKEN : COLUMN_NO_VALUE;
    memcpy(c->values + row * 16, &value, sizeof value);
    return COLUMN_TAKEN;
}

/* How many bytes a value has; -1: any number. */
static int64_t size_of(enum pg_way way)
{
    static const int8_t sizes[] = {
        [PG_BOOL] = 1,      [PG_INT2] = 2,    [PG_INT4] = 4,      [PG_INT8] = 8,
        [PG_OID] = 4,       [PG_FLOAT4] = 4,  [PG_FLOAT8] = 8,    [PG_NUMERIC] = -1,
        [PG_DATE] = 4,      [PG_TIME] = 8,    [PG_TIMESTAMP] = 8, [PG_TIMESTAMPTZ] = 8,
        [PG_INTERVAL] = 16, [PG_UUID] = 16,   [PG_BYTEA] = -1,    [PG_TEXT] = -1,
        [PG_JSONB] = -1,    [PG_WRITTEN] = -1};
    return sizes[way];
}

enum column_answer column_put(struct column *c, struct qetl_env env, int64_t row,
                              const uint8_t *data, int64_t size)
{
    int64_t exact = size_of(c->type.way);
    if (!values_ready(c, env))
        return COLUMN_NO_MEMORY;
    if (size < 0)
        return put_null(c, env, row);
    if (c->validity)
        bit_set(c->validity, row, true);
    if (exact >= 0 && size != exact)
        return COLUMN_BROKEN;
    switch (c->type.way) {
    case PG_BOOL:
        bit_set(c->values, row, *data);
        return COLUMN_TAKEN;
    case PG_INT2:
        ((int16_t *)c->values)[row] = wire_int16(data);
        return COLUMN_TAKEN;
    case PG_INT4:
    case PG_OID:
    case PG_FLOAT4:
        ((int32_t *)c->values)[row] = wire_int32(data);
        return COLUMN_TAKEN;
    case PG_INT8:
    case PG_FLOAT8:
        ((int64_t *)c->values)[row] = wire_int64(data);
        return COLUMN_TAKEN;
    case PG_NUMERIC:
        return put_numeric(c, row, data, size);
    case PG_DATE:
        return put_date(c, row, wire_int32(data));
    case PG_TIME:
        return put_time(c, row, wire_int64(data));
    case PG_TIMESTAMP:
    case PG_TIMESTAMPTZ:
        return put_timestamp(c, row, wire_int64(data));
    case PG_INTERVAL:
        return put_interval(c, row, data);
    case PG_UUID:
        return put_uuid(c, env, row, data);
    case PG_BYTEA:
        return put_view(c, env, row, data, size);
    case PG_JSONB: /* a version stands before the text */
        return size && *data == 1 ? put_text(c, env, row, data + 1, size - 1) : COLUMN_BROKEN;
    default:
        return put_text(c, env, row, data, size);
    }
}

/* ---- Batches ---- */

static int64_t nulls_of(const uint8_t *validity, int64_t rows)
{
    int64_t valid = 0;
    for (int64_t i = 0; validity && i < rows / 8; i++)
        valid += __builtin_popcount(validity[i]);
    if (validity && rows % 8)
        valid += __builtin_popcount(validity[rows / 8] & ((1U << rows % 8) - 1));
    return validity ? rows - valid : 0;
}

static void forget(struct column *c)
{
    c->wanted = 0;
    for (int64_t i = 0; i < c->n_heaps; i++)
        c->wanted += c->heap_sizes[i];
    c->values = c->validity = NULL;
    c->n_heaps = 0;
    c->heap_room = 0;
}

int32_t column_close(struct column *c, struct qetl_env env, int64_t rows, struct ArrowArray *out)
{
    if (!values_ready(c, env))
        return QETL_E_NO_MEMORY;
    int64_t nulls = nulls_of(c->validity, rows);
    if (!nulls && c->validity) { /* of a row that was put again */
        env.host->buffer_free(c->validity);
        c->validity = NULL;
    }
    const void *buffers[] = {c->validity, c->values};
    int32_t status = is_view(c)
                         ? qetl_array_views(env, rows, nulls, c->validity, c->values, c->n_heaps,
                                            (const void *const *)c->heaps, c->heap_sizes, out)
                         : qetl_array_make(env, rows, nulls, 2, buffers, 0, NULL, out);
    if (!status)
        forget(c);
    return status;
}

void column_free(struct column *c, struct qetl_env env)
{
    for (int64_t i = 0; i < c->n_heaps; i++)
        env.host->buffer_free(c->heaps[i]);
    if (c->values)
        env.host->buffer_free(c->values);
    if (c->validity)
        env.host->buffer_free(c->validity);
    free(c->heaps);
    free(c->heap_sizes);
    *c = (struct column){0};
}
