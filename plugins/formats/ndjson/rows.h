/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop over rows that are written, compiled once for each kernel. A kernel's file defines,
 * before it includes this one, WALK_TARGET, its quote(), and uint32_t nondigits_in(data, size):
 * which of size bytes are no digits; all, where it cannot tell. 8 bytes are readable at data.
 *
 * Invariant: pen->p stands behind whole rows whenever the loop is left.
 * Ownership: as in encoder.h.
 * Threads:   as in encoder.h.
 */
#include "encoder.h"

#include <string.h>

enum { ROWS_CELL_MAX = 4096, ROWS_INLINE = 12, ROWS_SLACK = 96, ROWS_BLOCK = 64 };

struct rows_cell {
    const uint8_t *data, *limit; /* where it ends that may be read */
    int64_t size;
};

static inline WALK_TARGET struct rows_cell rows_cell_at(const struct ndjson_outlet *o, int64_t row)
{
    const uint8_t *view = o->views + row * 16;
    int32_t part[4];
    memcpy(part, view, sizeof part);
    if (part[0] <= ROWS_INLINE)
        return (struct rows_cell){view + 4, view + 16, part[0]};
    const uint8_t *data = o->data[part[2]];
    return (struct rows_cell){data + part[3], data + o->sizes[part[2]], part[0]};
}

/* A JSON number without exponent. */
static inline WALK_TARGET bool rows_is_number(const uint8_t *data, int64_t size)
{
    uint32_t other = nondigits_in(data, size), sign = size && *data == '-';
    int64_t digits = size - sign, integer = digits;
    other >>= sign;
    if (other) {
        integer = __builtin_ctz(other);
        if ((other & (other - 1)) || data[sign + integer] != '.' || integer + 1 == digits)
            return false;
    }
    return integer > 0 && (integer == 1 || data[sign] != '0');
}

static inline WALK_TARGET uint8_t *rows_key(uint8_t *p, const struct ndjson_outlet *o, int64_t size)
{
    memcpy(p, o->run, NDJSON_RUN_COPY);
    if (__builtin_expect(size > NDJSON_RUN_COPY, 0))
        memcpy(p + NDJSON_RUN_COPY, o->run + NDJSON_RUN_COPY, (size_t)(size - NDJSON_RUN_COPY));
    return p + size;
}

/* The cell, with its key; NULL: this one is not for the fast way. */
static inline WALK_TARGET uint8_t *rows_fast(const struct ndjson_outlet *o, int64_t row, uint8_t *p,
                                             const uint8_t *end)
{
    if (__builtin_expect(!o->views, 0))
        return NULL;
    int64_t room = end - p - o->run_size - ROWS_SLACK;
    if (qetl_column_is_null(&o->column, row)) {
        if (room < 0 || o->leaves_out)
            return NULL;
        p = rows_key(p, o, o->run_size - 1);
        memcpy(p, "null", 4);
        return p + 4;
    }
    struct rows_cell cell = rows_cell_at(o, row);
    if (__builtin_expect(cell.size > ROWS_CELL_MAX || room < 6 * cell.size, 0))
        return NULL;
    if (o->kind == NDJSON_OUT_TEXT) {
        p = quote(rows_key(p, o, o->run_size), cell.data, cell.size, cell.limit);
        *p++ = '"';
        return p;
    }
    if (__builtin_expect(!rows_is_number(cell.data, cell.size), 0))
        return NULL;
    p = rows_key(p, o, o->run_size - 1);
    memcpy(p, cell.data, (size_t)cell.size);
    return p + cell.size;
}

/* A cell that ndjson_outlet_plain() has found. NULL: there is no room. */
static inline WALK_TARGET uint8_t *rows_plain(const struct ndjson_outlet *o, int64_t row,
                                              uint8_t *p, const uint8_t *end)
{
    const uint8_t *view = o->views + row * 16;
    uint64_t text = o->kind == NDJSON_OUT_TEXT;
    uint32_t size, last;
    if (__builtin_expect(end - p < o->run_size + ROWS_SLACK, 0))
        return NULL;
    p = rows_key(p, o, o->run_size - !text);
    memcpy(&size, view, sizeof size);
    memcpy(p, view + 4, 8);
    memcpy(&last, view + 12, sizeof last);
    memcpy(p + 8, &last, sizeof last);
    p += size;
    *p = '"'; /* the next key's comma comes over it if it is none */
    return p + text;
}

static WALK_TARGET __attribute__((noinline)) uint8_t *
rows_slow(struct ndjson_encoder *e, int64_t column, int64_t row, uint8_t *p, int32_t *status)
{
    e->pen.p = p;
    *status = ndjson_cell_put(e, &e->outlets[column], row);
    return e->pen.p;
}

/* Each key brings its comma: the first becomes the brace. Bit `at` of an outlet's plain says that
 * its cell is. */
static inline WALK_TARGET int32_t rows_one(struct ndjson_encoder *e, int64_t row, int64_t at)
{
    struct ndjson_pen *pen = &e->pen;
    uint8_t *p = pen->p;
    int64_t begin = p - pen->space->data;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < e->n_outlets; i++) {
        const struct ndjson_outlet *o = &e->outlets[i];
        uint8_t *next =
            o->plain >> at & 1 ? rows_plain(o, row, p, pen->end) : rows_fast(o, row, p, pen->end);
        if (__builtin_expect(!next, 0)) {
            next = rows_slow(e, i, row, p, &status);
            if (status || e->code) {
                pen->p = pen->space->data + begin;
                if (!status)
                    ndjson_row_reject(e, row, i);
                return status;
            }
        }
        p = next;
    }
    pen->p = p;
    status = ndjson_pen_room(pen, 3);
    uint8_t *first = pen->space->data + begin;
    if (status) {
        pen->p = first;
        return status;
    }
    p = pen->p + (pen->p == first);
    *first = '{';
    *p++ = '}';
    *p++ = '\n';
    pen->p = p;
    return QETL_OK;
}

static WALK_TARGET int32_t rows_put(struct ndjson_encoder *e, int64_t n)
{
    int32_t status = QETL_OK;
    for (int64_t row = 0; row < n && !status; row += ROWS_BLOCK) {
        int64_t rows = n - row < ROWS_BLOCK ? n - row : ROWS_BLOCK;
        for (int64_t i = 0; i < e->n_outlets; i++)
            e->outlets[i].plain = ndjson_outlet_plain(&e->outlets[i], row, rows);
        for (int64_t i = 0; i < rows && !status; i++)
            status = rows_one(e, row + i, i);
    }
    return status;
}
