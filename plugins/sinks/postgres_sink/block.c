/* SPDX-License-Identifier: Apache-2.0 */
#include "block.h"

#include "../../shared/postgres/view.h"

enum { HEAD = 2, PLACE = 12, SIZE = 4 };

/* ---- Which way ---- */

/* A number that stands in the batch in the width that goes over the wire, but for the epoch that it
 * is counted from. */
struct plain {
    int32_t width; /* 0: it is none */
    int64_t epoch;
    int64_t least; /* what is less is refused */
};

static struct plain plain_of(const struct value *v)
{
    const struct qetl_column *c = &v->column;
    const struct plain none = {0};
    bool whole = c->kind == QETL_KIND_INT && !c->indices;
    switch (v->way) {
    case VALUE_INT2:
        return whole && c->layout == 's' ? (struct plain){2, 0, INT16_MIN} : none;
    case VALUE_INT4:
        return whole && c->layout == 'i' ? (struct plain){4, 0, INT32_MIN} : none;
    case VALUE_INT8:
        return whole && c->layout == 'l' ? (struct plain){8, 0, INT64_MIN} : none;
    case VALUE_DATE:
        return c->layout == 'i' && !c->indices
                   ? (struct plain){4, PG_EPOCH_DAYS, (int64_t)INT32_MIN + 1 + PG_EPOCH_DAYS}
                   : none;
    case VALUE_TIMESTAMP:
        return c->kind == QETL_KIND_TIMESTAMP && c->scale == 6 && v->typmod < 0 && !c->indices
                   ? (struct plain){8, PG_EPOCH_US, INT64_MIN + 1 + PG_EPOCH_US}
                   : none;
    default:
        return none;
    }
}

/* A text or bytes that go as they are. */
static bool is_text(const struct value *v)
{
    enum qetl_kind kind = v->column.kind;
    return (v->way == VALUE_BYTES && (kind == QETL_KIND_TEXT || kind == QETL_KIND_BINARY)) ||
           (v->way == VALUE_JSONB && kind == QETL_KIND_TEXT);
}

/* What has few bytes is put apart, and copied from there. */
static bool is_small(const struct value *v)
{
    return v->way <= VALUE_UUID && v->way != VALUE_NUMERIC_TEXT;
}

bool block_suits(const struct value *values, int64_t n_values)
{
    for (int64_t i = 0; i < n_values; i++)
        if (!is_text(&values[i]) && !is_small(&values[i]))
            return false;
    return true;
}

/* ---- Sizes ---- */

static bool is_null(const struct value *v, int64_t row)
{
    return qetl_column_is_null(&v->column, row);
}

static bool is_complete(const struct value *v)
{
    return !v->column.validity && !v->column.values_validity;
}

static int64_t number_at(const struct qetl_column *c, int32_t width, int64_t row)
{
    const void *values = c->buffers[0];
    int64_t at = row + c->offset;
    return width == 2   ? ((const int16_t *)values)[at]
           : width == 4 ? ((const int32_t *)values)[at]
                        : ((const int64_t *)values)[at];
}

static bool plain_measure(struct block *b, const struct value *v, struct plain plain)
{
    bool complete = is_complete(v), fits = true;
    for (int64_t i = 0; i < b->rows; i++) {
        bool null = !complete && is_null(v, b->first + i);
        fits &= null || number_at(&v->column, plain.width, b->first + i) >= plain.least;
        b->sizes[i] += SIZE + (null ? 0 : plain.width);
    }
    return fits;
}

static struct qetl_text text_at(const struct qetl_column *c, int64_t row)
{
    if (c->layout != 'v' || c->indices)
        return qetl_column_text(c, row);
    const struct pg_view *view = (const struct pg_view *)c->buffers[0] + c->offset + row;
    if (view->size <= PG_VIEW_INLINE)
        return (struct qetl_text){view->inlined, view->size};
    const char *heap = c->buffers[1 + view->far.buffer];
    return (struct qetl_text){heap + view->far.offset, view->size};
}

static bool text_measure(struct block *b, const struct value *v)
{
    bool complete = is_complete(v), fits = true;
    int64_t more = v->way == VALUE_JSONB;
    for (int64_t i = 0; i < b->rows; i++) {
        bool null = !complete && is_null(v, b->first + i);
        int64_t size = null ? 0 : text_at(&v->column, b->first + i).size + more;
        fits &= size <= INT32_MAX;
        b->sizes[i] += SIZE + size;
    }
    return fits;
}

static bool small_measure(struct block *b, struct value *v)
{
    v->scratch.size = v->taken = 0;
    v->scratch.failed = false;
    for (int64_t i = 0; i < b->rows; i++) {
        size_t before = v->scratch.size;
        if (value_put(v, &v->scratch, b->first + i))
            return false;
        b->sizes[i] += (int64_t)(v->scratch.size - before);
    }
    return !v->scratch.failed;
}

static bool no_null_is_refused(const struct block *b, const struct value *v)
{
    for (int64_t i = 0; (v->key || v->since) && i < b->rows; i++)
        if (is_null(v, b->first + i))
            return false;
    return true;
}

bool block_measure(struct block *b, int64_t first, int64_t rows)
{
    b->first = first;
    b->rows = rows;
    b->done = 0;
    for (int64_t i = 0; i < rows; i++)
        b->sizes[i] = HEAD + (b->placed ? PLACE : 0);
    for (int64_t k = 0; k < b->n_values; k++) {
        struct value *v = &b->values[k];
        struct plain plain = plain_of(v);
        bool fine = no_null_is_refused(b, v) && (is_text(v)    ? text_measure(b, v)
                                                 : plain.width ? plain_measure(b, v, plain)
                                                               : small_measure(b, v));
        if (!fine)
            return false;
    }
    return true;
}

/* ---- Values ---- */

/* Those of a call: rows [from, to) of the block. */
struct run {
    struct block *block;
    uint8_t *base;
    int64_t from, to;
};

static void set16(uint8_t *at, uint16_t value)
{
    value = htobe16(value);
    memcpy(at, &value, sizeof value);
}

static void set32(uint8_t *at, uint32_t value)
{
    value = htobe32(value);
    memcpy(at, &value, sizeof value);
}

static void set64(uint8_t *at, uint64_t value)
{
    value = htobe64(value);
    memcpy(at, &value, sizeof value);
}

static void heads_put(const struct run *r)
{
    struct block *b = r->block;
    uint16_t columns = (uint16_t)(b->n_values + b->placed);
    int64_t place = 0;
    for (int64_t i = r->from; i < r->to; i++) {
        set16(r->base + place, columns);
        if (b->placed) {
            set32(r->base + place + HEAD, 8);
            set64(r->base + place + HEAD + SIZE, (uint64_t)(b->first + i));
        }
        b->places[i] = place + HEAD + (b->placed ? PLACE : 0);
        place += b->sizes[i];
    }
}

static inline __attribute__((always_inline)) void
plain_put(const struct run *r, const struct value *v, int64_t epoch, const int32_t width)
{
    struct block *b = r->block;
    bool complete = is_complete(v);
    for (int64_t i = r->from; i < r->to; i++) {
        uint8_t *at = r->base + b->places[i];
        if (!complete && is_null(v, b->first + i)) {
            set32(at, UINT32_MAX);
            b->places[i] += SIZE;
            continue;
        }
        int64_t value = number_at(&v->column, width, b->first + i) - epoch;
        set32(at, (uint32_t)width);
        if (width == 2)
            set16(at + SIZE, (uint16_t)value);
        else if (width == 4)
            set32(at + SIZE, (uint32_t)value);
        else
            set64(at + SIZE, (uint64_t)value);
        b->places[i] += SIZE + width;
    }
}

static void text_put(const struct run *r, const struct value *v)
{
    struct block *b = r->block;
    bool complete = is_complete(v), versioned = v->way == VALUE_JSONB;
    for (int64_t i = r->from; i < r->to; i++) {
        uint8_t *at = r->base + b->places[i];
        if (!complete && is_null(v, b->first + i)) {
            set32(at, UINT32_MAX);
            b->places[i] += SIZE;
            continue;
        }
        struct qetl_text text = text_at(&v->column, b->first + i);
        set32(at, (uint32_t)(text.size + versioned));
        at += SIZE;
        if (versioned)
            *at++ = 1;
        if (text.size)
            memcpy(at, text.data, (size_t)text.size);
        b->places[i] += SIZE + versioned + text.size;
    }
}

static void small_put(const struct run *r, struct value *v)
{
    struct block *b = r->block;
    for (int64_t i = r->from; i < r->to; i++) {
        const uint8_t *from = v->scratch.data + v->taken;
        uint32_t size;
        memcpy(&size, from, sizeof size);
        size = htobe32(size) == UINT32_MAX ? SIZE : SIZE + be32toh(size);
        memcpy(r->base + b->places[i], from, size);
        b->places[i] += size;
        v->taken += size;
    }
}

static void column_put(const struct run *r, struct value *v)
{
    struct plain plain = plain_of(v);
    if (is_text(v))
        text_put(r, v);
    else if (plain.width == 2)
        plain_put(r, v, plain.epoch, 2);
    else if (plain.width == 4)
        plain_put(r, v, plain.epoch, 4);
    else if (plain.width == 8)
        plain_put(r, v, plain.epoch, 8);
    else
        small_put(r, v);
}

int64_t block_put(struct block *b, struct wire *w, int64_t most)
{
    struct run run = {.block = b, .from = b->done, .to = b->done};
    int64_t size = 0;
    int64_t before = (int64_t)w->size;
    while (run.to < b->rows && (before + size + b->sizes[run.to] <= most || before + size == 0))
        size += b->sizes[run.to++];
    run.base = wire_room(w, (size_t)size);
    if (!run.base)
        return 0;
    heads_put(&run);
    for (int64_t k = 0; k < b->n_values; k++)
        column_put(&run, &b->values[k]);
    w->size += (size_t)size;
    b->done = run.to;
    return run.to - run.from;
}
