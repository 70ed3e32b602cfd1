/* SPDX-License-Identifier: Apache-2.0 */
/* Results as Arrow arrays in the host's buffers. */
#include "program.h"

#include <stdlib.h>

enum { HEAP_LEAST = 4096, HEAPS_FIRST = 8 };

struct output {
    struct qetl_env env;
    int64_t rows, null_count;
    uint8_t *validity, *values;
    struct expr_heaps *heaps; /* for text longer than 12 bytes */
    int64_t n_heaps, heap_size;
};

static int32_t no_memory(struct qetl_env env)
{
    return qetl_fail(env, QETL_E_NO_MEMORY, NULL, "raise --memory, or make batches smaller",
                     "no memory for the result of an expression");
}

static int32_t output_open(struct output *o, struct qetl_expr *expr, enum expr_type_id type,
                           int64_t rows)
{
    size_t bits = ((size_t)rows + 63) / 64 * 8, width = qetl_expr_type_width(type);
    struct qetl_env env = expr->env;

    *o = (struct output){.env = env, .rows = rows, .heaps = &expr->heaps};
    o->validity = env.host->buffer_alloc(env.ctx, bits + 8);
    o->values = env.host->buffer_alloc(env.ctx, (width ? (size_t)rows * width : bits) + 8);
    return o->validity && o->values ? QETL_OK : no_memory(env);
}

static void output_drop(struct output *o)
{
    if (o->validity)
        o->env.host->buffer_free(o->validity);
    if (o->values)
        o->env.host->buffer_free(o->values);
    for (int64_t i = 0; i < o->n_heaps; i++)
        o->env.host->buffer_free(o->heaps->buffers[i]);
}

/* The lists of buffers stay with the expression, so that later batches find them large enough. */
static int32_t heaps_grow(struct output *o)
{
    struct expr_heaps *heaps = o->heaps;
    int64_t capacity = heaps->capacity ? 2 * heaps->capacity : HEAPS_FIRST;
    void **buffers = realloc(heaps->buffers, (size_t)capacity * sizeof *buffers);
    int64_t *used;

    if (!buffers)
        return no_memory(o->env);
    heaps->buffers = buffers;
    used = realloc(heaps->used, (size_t)capacity * sizeof *used);
    if (!used)
        return no_memory(o->env);
    heaps->used = used;
    heaps->capacity = capacity;
    return QETL_OK;
}

/* A buffer with room for size more bytes; as buffers fill up, the next ones grow. */
static int32_t heap_reserve(struct output *o, int64_t size)
{
    int64_t last = o->n_heaps - 1;

    if (last >= 0 && o->heap_size - o->heaps->used[last] >= size)
        return QETL_OK;
    if (o->n_heaps == o->heaps->capacity && heaps_grow(o))
        return QETL_E_NO_MEMORY;
    o->heap_size = o->heap_size ? o->heap_size : HEAP_LEAST;
    if (last >= 0 && o->heap_size < 1 << 24)
        o->heap_size *= 2;
    if (o->heap_size < size)
        o->heap_size = size;
    o->heaps->buffers[o->n_heaps] = o->env.host->buffer_alloc(o->env.ctx, (size_t)o->heap_size);
    if (!o->heaps->buffers[o->n_heaps])
        return no_memory(o->env);
    o->heaps->used[o->n_heaps++] = 0;
    return QETL_OK;
}

static int32_t put_text(struct output *o, int64_t row, struct expr_text text)
{
    struct expr_view view = {.size = (int32_t)text.size};
    int32_t status;

    if (text.size > 12) {
        status = heap_reserve(o, text.size);
        if (status)
            return status;
        memcpy(view.prefix, text.data, sizeof view.prefix);
        view.buffer = (int32_t)(o->n_heaps - 1);
        view.offset = (int32_t)o->heaps->used[view.buffer];
        memcpy((char *)o->heaps->buffers[view.buffer] + view.offset, text.data, (size_t)text.size);
        o->heaps->used[view.buffer] += text.size;
    } else if (text.size) {
        memcpy(view.inlined, text.data, (size_t)text.size);
    }
    memcpy(o->values + row * (int64_t)sizeof view, &view, sizeof view);
    return QETL_OK;
}

static int32_t put_texts(struct output *o, const struct expr_frame *f, const struct expr_vec *vec,
                         const uint64_t *valid)
{
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < f->rows && !status; i++) {
        bool present = valid[i >> 6] >> (i & 63) & 1;
        struct expr_text text = present ? expr_vec_text(vec, i) : (struct expr_text){0};
        status = put_text(o, f->base + i, text);
    }
    return status;
}

static void put_intervals(uint8_t *to, const struct expr_frame *f, const struct expr_vec *vec)
{
    for (int64_t i = 0; i < f->rows; i++) {
        struct expr_interval value = ((const struct expr_interval *)vec->data)[i];
        struct qetl_interval out = {value.months, value.days, 0};
        /* Rows that are NULL may hold anything. */
        if (expr_vec_is_valid(vec, i) && !(f->failed[i >> 6] >> (i & 63) & 1))
            out.nanoseconds = value.us * 1000;
        memcpy(to + 16 * i, &out, 16);
    }
}

static void put_fixed(struct output *o, const struct expr_frame *f, const struct expr_vec *vec,
                      enum expr_type_id type)
{
    size_t width = qetl_expr_type_width(type);
    uint8_t *to = o->values + (size_t)f->base * width;

    if (type == EXPR_BOOL) {
        memcpy(o->values + f->base / 8, vec->data, (size_t)((f->rows + 63) / 64) * 8);
        return;
    }
    if (type == EXPR_INTERVAL) {
        put_intervals(to, f, vec);
        return;
    }
    if (type != EXPR_DECIMAL || !vec->narrow) {
        memcpy(to, vec->data, (size_t)f->rows * width);
        return;
    }
    for (int64_t i = 0; i < f->rows; i++) {
        expr_int128 value = expr_vec_decimal(vec, i);
        memcpy(to + 16 * i, &value, 16);
    }
}

static int32_t output_strip(struct output *o, const struct qetl_expr *expr)
{
    const struct expr_frame *f = &expr->frame;
    const struct expr_vec *vec = expr->root->vec;
    enum expr_type_id type = expr->root->type.id;
    uint64_t valid[EXPR_WORDS];
    int64_t present = 0;

    for (int w = 0; w < EXPR_WORDS; w++) {
        valid[w] = (vec->valid ? vec->valid[w] : ~0ULL) & expr->masks[0][w] & ~f->failed[w];
        present += __builtin_popcountll(valid[w]);
    }
    o->null_count += f->rows - present;
    memcpy(o->validity + f->base / 8, valid, (size_t)((f->rows + 63) / 64) * 8);
    if (expr_type_is_text(type))
        return put_texts(o, f, vec, valid);
    put_fixed(o, f, vec, type);
    return QETL_OK;
}

/* Moves the buffers into *out. */
static int32_t output_close(struct output *o, enum expr_type_id type, struct ArrowArray *out)
{
    const void *buffers[2] = {o->validity, o->values};
    int32_t status;

    if (expr_type_is_text(type))
        status =
            qetl_array_views(o->env, o->rows, o->null_count, o->validity, o->values, o->n_heaps,
                             (const void *const *)o->heaps->buffers, o->heaps->used, out);
    else
        status = qetl_array_make(o->env, o->rows, o->null_count, 2, buffers, 0, NULL, out);
    if (status)
        return no_memory(o->env);
    o->validity = o->values = NULL;
    o->n_heaps = 0;
    return QETL_OK;
}

int32_t qetl_expr_evaluate(struct qetl_expr *expr, int64_t rows, struct ArrowArray *out)
{
    enum expr_type_id type = expr->root->type.id;
    struct output output;
    int32_t status = output_open(&output, expr, type, rows);

    for (int64_t base = 0; base < rows && !status; base += EXPR_STRIP) {
        status =
            qetl_expr_run_strip(expr, base, rows - base < EXPR_STRIP ? rows - base : EXPR_STRIP);
        if (!status)
            status = output_strip(&output, expr);
    }
    if (!status)
        status = output_close(&output, type, out);
    output_drop(&output);
    return status;
}
