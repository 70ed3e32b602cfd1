/* SPDX-License-Identifier: Apache-2.0 */
#include "column.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { VIEW_SIZE = 16, HEAP_MIN = 4096, HEAP_MAX = 1 << 20 };

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

bool column_ready(struct column *c, struct qetl_env env)
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

/* A new last heap. */
static bool heap_add(struct column *c, struct qetl_env env, int64_t size)
{
    if (!heaps_ready(c))
        return false;
    int64_t room = c->n_heaps ? 2 * c->heap_room : c->wanted + c->wanted / 8;
    room = room < HEAP_MIN ? HEAP_MIN : room > HEAP_MAX ? HEAP_MAX : room;
    room = room < size ? size : room;
    uint8_t *heap = env.host->buffer_alloc(env.ctx, (uint64_t)room);
    if (!heap)
        return false;
    c->heaps[c->n_heaps] = heap;
    c->heap_sizes[c->n_heaps++] = 0;
    c->heap_room = room;
    return true;
}

uint8_t *column_heap(struct column *c, struct qetl_env env, int64_t size)
{
    int64_t last = c->n_heaps - 1;
    if (last < 0 || c->heap_room - c->heap_sizes[last] < size) {
        if (!heap_add(c, env, size))
            return NULL;
        last = c->n_heaps - 1;
    }
    uint8_t *at = c->heaps[last] + c->heap_sizes[last];
    c->heap_sizes[last] += size;
    return at;
}

bool column_validity(struct column *c, struct qetl_env env)
{
    if (c->validity)
        return true;
    c->validity = env.host->buffer_alloc(env.ctx, bits_size(c));
    if (c->validity)
        memset(c->validity, 0xff, bits_size(c));
    return c->validity != NULL;
}

void column_mark(struct column *c)
{
    c->mark.n_heaps = c->n_heaps;
    c->mark.heap_size = c->n_heaps ? c->heap_sizes[c->n_heaps - 1] : 0;
    c->mark.heap_room = c->heap_room;
}

void column_back(struct column *c, struct qetl_env env)
{
    while (c->n_heaps > c->mark.n_heaps)
        env.host->buffer_free(c->heaps[--c->n_heaps]);
    if (c->n_heaps)
        c->heap_sizes[c->n_heaps - 1] = c->mark.heap_size;
    c->heap_room = c->mark.heap_room;
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
    if (!column_ready(c, env))
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
