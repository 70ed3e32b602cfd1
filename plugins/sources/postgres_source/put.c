/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a binary COPY into a column: one, or a run of them in a loop of the column's type. */
#include "column.h"

#include "../../shared/postgres/view.h"
#include "number.h"
#include "wire.h"

enum { VIEW_WORD = 8, UUID_SIZE = 16, INTERVAL_SIZE = 16 };
#define DAY_US INT64_C(86400000000)
#define HIGH_BITS UINT64_C(0x8080808080808080)
#define INLINED inline __attribute__((always_inline))

struct interval {
    int32_t months, days;
    int64_t nanoseconds;
};

/* How each type puts a value. There is room for it. */
typedef enum column_answer put_value(struct column *, struct qetl_env, int64_t row,
                                     const uint8_t *data, int64_t size);
#define PUT(name)                                                                              \
    static INLINED enum column_answer name(struct column *c, struct qetl_env env, int64_t row, \
                                           const uint8_t *data, int64_t size)

/* ---- NULL ---- */

static INLINED void bit_set(uint8_t *bits, int64_t at, bool value)
{
    uint8_t bit = (uint8_t)(1U << (at & 7));
    bits[at >> 3] = value ? bits[at >> 3] | bit : bits[at >> 3] & (uint8_t)~bit;
}

static enum column_answer put_null(struct column *c, struct qetl_env env, int64_t row)
{
    if (!column_validity(c, env))
        return COLUMN_NO_MEMORY;
    bit_set(c->validity, row, false);
    if (c->width)
        memset(c->values + row * c->width, 0, (size_t)c->width);
    return COLUMN_TAKEN;
}

/* ---- Numbers ---- */

PUT(put_bool)
{
    (void)env;
    if (size != 1)
        return COLUMN_BROKEN;
    bit_set(c->values, row, *data);
    return COLUMN_TAKEN;
}

PUT(put_16)
{
    (void)env;
    if (size != 2)
        return COLUMN_BROKEN;
    ((int16_t *)c->values)[row] = wire_int16(data);
    return COLUMN_TAKEN;
}

PUT(put_32)
{
    (void)env;
    if (size != 4)
        return COLUMN_BROKEN;
    ((int32_t *)c->values)[row] = wire_int32(data);
    return COLUMN_TAKEN;
}

PUT(put_64)
{
    (void)env;
    if (size != 8)
        return COLUMN_BROKEN;
    ((int64_t *)c->values)[row] = wire_int64(data);
    return COLUMN_TAKEN;
}

PUT(put_numeric)
{
    (void)env;
    qetl_int128 value;
    enum number_answer answer =
        number_decimal(data, size, c->type.precision, c->type.scale, &value);
    if (answer != NUMBER_TAKEN)
        return answer == NUMBER_BROKEN ? COLUMN_BROKEN : COLUMN_NO_VALUE;
    memcpy(c->values + row * 16, &value, sizeof value);
    return COLUMN_TAKEN;
}

/* ---- Times ---- */

PUT(put_date)
{
    (void)env;
    if (size != 4)
        return COLUMN_BROKEN;
    int32_t days = wire_int32(data);
    if (days == INT32_MAX || days == INT32_MIN || days > INT32_MAX - PG_EPOCH_DAYS)
        return COLUMN_NO_VALUE; /* infinity */
    ((int32_t *)c->values)[row] = days + PG_EPOCH_DAYS;
    return COLUMN_TAKEN;
}

PUT(put_timestamp)
{
    (void)env;
    if (size != 8)
        return COLUMN_BROKEN;
    int64_t us = wire_int64(data);
    if (us == INT64_MIN || __builtin_add_overflow(us, PG_EPOCH_US, &((int64_t *)c->values)[row]))
        return COLUMN_NO_VALUE; /* infinity, or later than Arrow's last year */
    return COLUMN_TAKEN;
}

PUT(put_time)
{
    (void)env;
    if (size != 8)
        return COLUMN_BROKEN;
    int64_t us = wire_int64(data);
    if (us < 0 || us > DAY_US)
        return COLUMN_BROKEN;
    if (us == DAY_US)
        return COLUMN_NO_VALUE; /* 24:00:00 */
    ((int64_t *)c->values)[row] = us;
    return COLUMN_TAKEN;
}

PUT(put_interval)
{
    (void)env;
    if (size != INTERVAL_SIZE)
        return COLUMN_BROKEN;
    struct interval *value = (struct interval *)c->values + row;
    value->days = wire_int32(data + 8);
    value->months = wire_int32(data + 12);
    return __builtin_mul_overflow(wire_int64(data), (int64_t)1000, &value->nanoseconds)
               ? COLUMN_NO_VALUE
               : COLUMN_TAKEN;
}

/* ---- Texts ---- */

static enum column_answer put_view(struct column *c, struct qetl_env env, int64_t row,
                                   const uint8_t *data, int64_t size)
{
    struct pg_view *view = (struct pg_view *)c->values + row;
    memset(view, 0, sizeof *view);
    view->size = (int32_t)size;
    if (size <= PG_VIEW_INLINE) {
        if (size)
            memcpy(view->inlined, data, (size_t)size);
        return COLUMN_TAKEN;
    }
    uint8_t *at = column_heap(c, env, size);
    if (!at)
        return COLUMN_NO_MEMORY;
    memcpy(at, data, (size_t)size);
    memcpy(view->far.prefix, data, sizeof view->far.prefix);
    view->far.buffer = (int32_t)c->n_heaps - 1;
    view->far.offset = (int32_t)(at - c->heaps[c->n_heaps - 1]);
    return COLUMN_TAKEN;
}

PUT(put_uuid)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t text[36], *at = text;
    if (size != UUID_SIZE)
        return COLUMN_BROKEN;
    for (int i = 0; i < UUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = (uint8_t)hex[data[i] >> 4];
        *at++ = (uint8_t)hex[data[i] & 15];
    }
    return put_view(c, env, row, text, sizeof text);
}

PUT(put_bytes)
{
    return put_view(c, env, row, data, size);
}

PUT(put_text)
{
    return qetl_utf8_valid(data, size) ? put_view(c, env, row, data, size) : COLUMN_NO_VALUE;
}

PUT(put_jsonb) /* a version stands before the text */
{
    return size && *data == 1 ? put_text(c, env, row, data + 1, size - 1) : COLUMN_BROKEN;
}

/* ---- Texts of a run, behind which there is more to read ---- */

static INLINED uint64_t word_of(const uint8_t *data, int64_t size)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    uint64_t kept = size < VIEW_WORD ? (UINT64_C(1) << 8 * size) - 1 : UINT64_MAX;
    return word & htole64(kept);
}

/* What is longer than a view, or has letters beyond ASCII, goes the longer way. */
PUT(put_text_of_run)
{
    if (size > PG_VIEW_INLINE)
        return put_text(c, env, row, data, size);
    uint64_t first = word_of(data, size);
    uint64_t rest = size > VIEW_WORD ? word_of(data + VIEW_WORD, size - VIEW_WORD) : 0;
    if ((first | rest) & HIGH_BITS)
        return put_text(c, env, row, data, size);
    struct pg_view *view = (struct pg_view *)c->values + row;
    view->size = (int32_t)size;
    memcpy(view->inlined, &first, VIEW_WORD);
    memcpy(view->inlined + VIEW_WORD, &rest, PG_VIEW_INLINE - VIEW_WORD);
    return COLUMN_TAKEN;
}

PUT(put_jsonb_of_run)
{
    return size && *data == 1 ? put_text_of_run(c, env, row, data + 1, size - 1) : COLUMN_BROKEN;
}

/* ---- By type ---- */

/* How a value is put, and how one of a run is, behind which there is more to read. */
#define PUT_TYPES(X)                                \
    X(PG_BOOL, put_bool, put_bool)                  \
    X(PG_INT2, put_16, put_16)                      \
    X(PG_INT4, put_32, put_32)                      \
    X(PG_OID, put_32, put_32)                       \
    X(PG_FLOAT4, put_32, put_32)                    \
    X(PG_INT8, put_64, put_64)                      \
    X(PG_FLOAT8, put_64, put_64)                    \
    X(PG_NUMERIC, put_numeric, put_numeric)         \
    X(PG_DATE, put_date, put_date)                  \
    X(PG_TIME, put_time, put_time)                  \
    X(PG_TIMESTAMP, put_timestamp, put_timestamp)   \
    X(PG_TIMESTAMPTZ, put_timestamp, put_timestamp) \
    X(PG_INTERVAL, put_interval, put_interval)      \
    X(PG_UUID, put_uuid, put_uuid)                  \
    X(PG_BYTEA, put_bytes, put_bytes)               \
    X(PG_JSONB, put_jsonb, put_jsonb_of_run)

enum column_answer column_put(struct column *c, struct qetl_env env, int64_t row,
                              const uint8_t *data, int64_t size)
{
    if (!column_ready(c, env))
        return COLUMN_NO_MEMORY;
    if (size < 0)
        return put_null(c, env, row);
    if (c->validity)
        bit_set(c->validity, row, true);
    switch (c->type.way) {
#define ONE(way, one, of_run) \
    case way:                 \
        return one(c, env, row, data, size);
        PUT_TYPES(ONE)
#undef ONE
    default:
        return put_text(c, env, row, data, size);
    }
}

/* A loop of its own wherever it is called. */
static INLINED bool each(struct column *c, struct qetl_env env, int64_t row,
                         const struct column_run *run, put_value put)
{
    const struct copy_field *f = run->first;
    for (int64_t i = 0; i < run->rows; i++, f += run->stride)
        if (f->size < 0 ? put_null(c, env, row + i) : put(c, env, row + i, f->data, f->size))
            return false;
    return true;
}

bool column_put_run(struct column *c, struct qetl_env env, int64_t row,
                    const struct column_run *run)
{
    if (!column_ready(c, env))
        return false;
    for (int64_t i = 0; c->validity && i < run->rows; i++)
        bit_set(c->validity, row + i, true);
    switch (c->type.way) {
#define RUN(way, one, of_run) \
    case way:                 \
        return each(c, env, row, run, of_run);
        PUT_TYPES(RUN)
#undef RUN
    default:
        return each(c, env, row, run, put_text_of_run);
    }
}
