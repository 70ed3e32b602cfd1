/* SPDX-License-Identifier: Apache-2.0 */
/* From Arrow to DuckDB's vectors: blocks where both lay values out alike, else one by one. */
#include "give.h"

static void attach(struct lane *lane, const struct duck *duck, struct duck_vector *vector)
{
    bool list = lane->shape.id == DUCK_LIST;
    shape_attach(&lane->shape, duck, vector);
    for (int64_t i = 0; i < lane->n_children; i++)
        attach(&lane->children[i], duck,
               list ? duck->list_vector_get_child(vector)
                    : duck->struct_vector_get_child(vector, (uint64_t)i));
}

static void room_forget(struct lane *lane)
{
    lane->used = lane->room = 0;
    for (int64_t i = 0; i < lane->n_children; i++)
        room_forget(&lane->children[i]);
}

void give_begin(struct lane *lane, const struct duck *duck, struct duck_vector *vector)
{
    attach(lane, duck, vector);
    room_forget(lane);
}

void give_end(struct lane *lane, const struct duck *duck)
{
    if (lane->shape.id == DUCK_LIST)
        duck->list_vector_set_size(lane->shape.vector, lane->used);
    for (int64_t i = 0; i < lane->n_children; i++)
        give_end(&lane->children[i], duck);
}

static void null_put(struct lane *lane, const struct duck *duck, int64_t at)
{
    struct shape *s = &lane->shape;
    if (!s->validity) {
        duck->vector_ensure_validity_writable(s->vector);
        s->validity = duck->vector_get_validity(s->vector);
    }
    s->validity[at >> 6] &= ~(UINT64_C(1) << (at & 63));
    if (s->id == DUCK_LIST)
        ((struct duck_list *)s->data)[at] = (struct duck_list){lane->used, 0};
    for (int64_t i = 0; s->id == DUCK_STRUCT && i < lane->n_children; i++)
        null_put(&lane->children[i], duck, at);
}

static void decimal_put(struct shape *s, qetl_int128 value, int64_t at)
{
    switch (s->stored) {
    case DUCK_SMALLINT:
        ((int16_t *)s->data)[at] = (int16_t)value;
        return;
    case DUCK_INTEGER:
        ((int32_t *)s->data)[at] = (int32_t)value;
        return;
    case DUCK_BIGINT:
        ((int64_t *)s->data)[at] = (int64_t)value;
        return;
    default:
        memcpy((char *)s->data + at * (int64_t)sizeof value, &value, sizeof value);
    }
}

static int64_t rescaled(const struct lane *lane, int64_t row)
{
    int64_t value = qetl_column_int(&lane->column, row);
    int32_t digits = lane->column.scale;
    for (; digits < lane->shape.digits; digits++)
        value *= 10;
    return digits > lane->shape.digits ? value / 1000 : value;
}

static void integer_put(struct lane *lane, int64_t row, int64_t at)
{
    enum { MILLISECONDS_A_DAY = 86400000 };
    const struct qetl_column *c = &lane->column;
    void *data = lane->shape.data;
    switch (lane->shape.id) {
    case DUCK_TINYINT:
    case DUCK_UTINYINT:
        ((int8_t *)data)[at] = (int8_t)qetl_column_int(c, row);
        return;
    case DUCK_SMALLINT:
    case DUCK_USMALLINT:
        ((int16_t *)data)[at] = (int16_t)qetl_column_int(c, row);
        return;
    case DUCK_INTEGER:
    case DUCK_UINTEGER:
        ((int32_t *)data)[at] = (int32_t)qetl_column_int(c, row);
        return;
    case DUCK_DATE:
        ((int32_t *)data)[at] =
            (int32_t)(qetl_column_int(c, row) / (c->scale ? MILLISECONDS_A_DAY : 1));
        return;
    case DUCK_UBIGINT:
        ((uint64_t *)data)[at] = qetl_column_uint(c, row);
        return;
    case DUCK_BIGINT:
        ((int64_t *)data)[at] = qetl_column_int(c, row);
        return;
    default:
        ((int64_t *)data)[at] = rescaled(lane, row);
    }
}

static void value_put(struct lane *lane, const struct duck *duck, int64_t row, int64_t at);

/* What a vector had room for may move: all pointers are asked for again. */
static void list_put(struct lane *lane, const struct duck *duck, int64_t row, int64_t at)
{
    int64_t first, count;
    qetl_column_list(&lane->column, row, &first, &count);
    uint64_t needed = lane->used + (uint64_t)count;
    if (needed > lane->room) {
        lane->room = needed > 2 * lane->room ? needed : 2 * lane->room;
        duck->list_vector_reserve(lane->shape.vector, lane->room);
        attach(&lane->children[0], duck, duck->list_vector_get_child(lane->shape.vector));
    }
    ((struct duck_list *)lane->shape.data)[at] = (struct duck_list){lane->used, (uint64_t)count};
    int64_t to = (int64_t)lane->used;
    lane->used = needed;
    for (int64_t i = 0; i < count; i++)
        value_put(&lane->children[0], duck, first + i, to + i);
}

static void value_put(struct lane *lane, const struct duck *duck, int64_t row, int64_t at)
{
    struct shape *s = &lane->shape;
    struct qetl_text text;
    struct qetl_interval interval;
    if (qetl_column_is_null(&lane->column, row)) {
        null_put(lane, duck, at);
        return;
    }
    switch (s->id) {
    case DUCK_BOOLEAN:
        ((uint8_t *)s->data)[at] = qetl_column_int(&lane->column, row) != 0;
        return;
    case DUCK_FLOAT:
        ((float *)s->data)[at] = (float)qetl_column_real(&lane->column, row);
        return;
    case DUCK_DOUBLE:
        ((double *)s->data)[at] = qetl_column_real(&lane->column, row);
        return;
    case DUCK_DECIMAL:
        decimal_put(s, qetl_column_decimal(&lane->column, row), at);
        return;
    case DUCK_VARCHAR:
    case DUCK_BLOB:
        text = qetl_column_text(&lane->column, row);
        duck->vector_assign_string_element_len(s->vector, (uint64_t)at, text.data,
                                               (uint64_t)text.size);
        return;
    case DUCK_INTERVAL:
        interval = qetl_column_interval(&lane->column, row);
        ((struct duck_interval *)s->data)[at] =
            (struct duck_interval){interval.months, interval.days, interval.nanoseconds / 1000};
        return;
    case DUCK_STRUCT:
        for (int64_t i = 0; i < lane->n_children; i++)
            value_put(&lane->children[i], duck, row, at);
        return;
    case DUCK_LIST:
        list_put(lane, duck, row, at);
        return;
    default:
        integer_put(lane, row, at);
    }
}

/* Bytes a value where Arrow and DuckDB lay them out alike; 0: they do not. */
static size_t block_width(const struct lane *lane)
{
    if (lane->column.indices || lane->column.kind == QETL_KIND_NULL)
        return 0;
    switch (lane->shape.id) {
    case DUCK_TINYINT:
    case DUCK_UTINYINT:
        return 1;
    case DUCK_SMALLINT:
    case DUCK_USMALLINT:
        return 2;
    case DUCK_INTEGER:
    case DUCK_UINTEGER:
    case DUCK_FLOAT:
        return 4;
    case DUCK_BIGINT:
    case DUCK_UBIGINT:
    case DUCK_DOUBLE:
        return 8;
    case DUCK_DATE:
        return lane->column.scale ? 0 : 4;
    case DUCK_TIME:
    case DUCK_TIMESTAMP:
    case DUCK_TIMESTAMP_TZ:
    case DUCK_TIMESTAMP_NS:
        return lane->column.scale == lane->shape.digits ? 8 : 0;
    default:
        return 0;
    }
}

void give_rows(struct lane *lane, const struct duck *duck, const int32_t *rows, int64_t first,
               int64_t count, int64_t to)
{
    size_t width = rows ? 0 : block_width(lane);
    if (width)
        memcpy((char *)lane->shape.data + (size_t)to * width,
               (const char *)lane->column.buffers[0] +
                   (size_t)(lane->column.offset + first) * width,
               (size_t)count * width);
    for (int64_t i = 0; !width && i < count; i++)
        value_put(lane, duck, rows ? rows[i] : first + i, to + i);
    for (int64_t i = 0; width && lane->column.validity && i < count; i++)
        if (qetl_column_is_null(&lane->column, first + i))
            null_put(lane, duck, to + i);
}
