/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct qetl_vector *qetl_vector_new(struct ArrowArray *moved)
{
    struct qetl_vector *vector = malloc(sizeof *vector);
    if (!vector)
        return NULL;
    atomic_init(&vector->refs, 1);
    vector->array = *moved;
    moved->release = NULL;
    return vector;
}

struct qetl_vector *qetl_vector_ref(struct qetl_vector *vector)
{
    if (vector)
        atomic_fetch_add_explicit(&vector->refs, 1, memory_order_relaxed);
    return vector;
}

void qetl_vector_unref(struct qetl_vector *vector)
{
    if (!vector || atomic_fetch_sub_explicit(&vector->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (vector->array.release)
        vector->array.release(&vector->array);
    free(vector);
}

struct qetl_batch *qetl_batch_new(int64_t rows, int64_t n_columns, struct qetl_origin *origin)
{
    size_t columns_size = sizeof(struct qetl_batch_column) * (size_t)n_columns;
    struct qetl_batch *batch = calloc(1, sizeof *batch + columns_size);
    if (!batch)
        return NULL;
    atomic_init(&batch->refs, 1);
    batch->rows = rows;
    batch->n_columns = n_columns;
    batch->origin = origin;
    if (origin)
        qetl_origin_ref(origin);
    return batch;
}

struct qetl_joined *qetl_joined_new(int64_t n)
{
    struct qetl_joined *joined = calloc(1, sizeof *joined + (size_t)n * sizeof joined->items[0]);
    if (joined)
        atomic_init(&joined->refs, 1);
    return joined;
}

static void joined_unref(struct qetl_joined *joined)
{
    if (!joined || atomic_fetch_sub_explicit(&joined->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (int64_t i = 0; i < joined->n; i++)
        qetl_batch_unref(joined->items[i].batch);
    free(joined);
}

const struct qetl_batch *qetl_batch_source(const struct qetl_batch *batch, int64_t *row)
{
    int64_t at = *row + batch->joined_at;
    if (!batch->joined)
        return batch;
    const struct qetl_joined_rows *item = batch->joined->items;
    for (; at >= item->rows; item++)
        at -= item->rows;
    *row = item->from + at;
    return item->batch;
}

void qetl_batch_ref(struct qetl_batch *batch)
{
    atomic_fetch_add_explicit(&batch->refs, 1, memory_order_relaxed);
}

void qetl_batch_unref(struct qetl_batch *batch)
{
    if (!batch || atomic_fetch_sub_explicit(&batch->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (int64_t i = 0; i < batch->n_columns; i++) {
        qetl_vector_unref(batch->columns[i].value);
        qetl_vector_unref(batch->columns[i].lexical);
    }
    qetl_origin_unref(batch->origin);
    qetl_buffer_free(batch->record_map);
    joined_unref(batch->joined);
    free(batch);
}

static void slice_release(struct ArrowArray *array)
{
    qetl_vector_unref(array->private_data);
    array->release = NULL;
}

/* Arrow's own offset: an array's children and buffers stay as they are. */
static struct qetl_vector *vector_slice(struct qetl_vector *whole, int64_t from, int64_t rows)
{
    struct ArrowArray part = whole->array;
    part.offset += from;
    part.length = rows;
    part.null_count = whole->array.null_count ? -1 : 0;
    part.private_data = whole;
    part.release = slice_release;
    struct qetl_vector *vector = qetl_vector_new(&part);
    if (vector)
        qetl_vector_ref(whole);
    return vector;
}

static int record_map_slice(const struct qetl_batch *whole, struct qetl_pool *pool, int64_t from,
                            struct qetl_batch *part)
{
    part->record_map = qetl_pool_alloc(pool, (size_t)part->rows * sizeof *part->record_map);
    if (!part->record_map)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < part->rows; i++)
        part->record_map[i] = (int32_t)qetl_batch_record(whole, from + i);
    return QETL_OK;
}

struct qetl_batch *qetl_batch_slice(const struct qetl_batch *whole, struct qetl_pool *pool,
                                    int64_t from, int64_t rows)
{
    struct qetl_batch *part = qetl_batch_new(rows, whole->n_columns, whole->origin);
    bool lacks = !part || (whole->origin && record_map_slice(whole, pool, from, part));
    if (part && whole->joined) {
        atomic_fetch_add_explicit(&whole->joined->refs, 1, memory_order_relaxed);
        part->joined = whole->joined;
        part->joined_at = whole->joined_at + from;
    }
    for (int64_t c = 0; !lacks && c < whole->n_columns; c++) {
        const struct qetl_batch_column *in = &whole->columns[c];
        struct qetl_batch_column *out = &part->columns[c];
        out->value = in->value ? vector_slice(in->value, from, rows) : NULL;
        out->lexical = !in->lexical               ? NULL
                       : in->lexical == in->value ? qetl_vector_ref(out->value)
                                                  : vector_slice(in->lexical, from, rows);
        lacks = (in->value && !out->value) || (in->lexical && !out->lexical);
    }
    if (!lacks)
        return part;
    qetl_batch_unref(part);
    return NULL;
}

struct qetl_batch *qetl_batch_columns(const struct qetl_batch *batch)
{
    struct qetl_batch *copy = qetl_batch_new(batch->rows, batch->n_columns, NULL);
    for (int64_t c = 0; copy && c < batch->n_columns; c++) {
        copy->columns[c].value = qetl_vector_ref(batch->columns[c].value);
        copy->columns[c].lexical = qetl_vector_ref(batch->columns[c].lexical);
    }
    return copy;
}

int64_t qetl_batch_record(const struct qetl_batch *batch, int64_t row)
{
    return batch->record_map ? batch->record_map[row] : row;
}

/* One allocation holds the struct array's pointer table and its children. */
struct view {
    const void *buffers[1];
    struct ArrowArray *table[];
};

static void view_release_child(struct ArrowArray *child)
{
    qetl_vector_unref(child->private_data);
    child->release = NULL;
}

static void view_release(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
    free(array->private_data);
    array->release = NULL;
}

static struct qetl_vector *pick(const struct qetl_batch *batch, const struct qetl_want *want)
{
    const struct qetl_batch_column *column = &batch->columns[want->column];
    return want->form == QETL_FORM_VALUE ? column->value : column->lexical;
}

int qetl_batch_view(const struct qetl_batch *batch, int64_t n_wants, const struct qetl_want *wants,
                    struct ArrowArray *out)
{
    size_t each = sizeof(struct ArrowArray *) + sizeof(struct ArrowArray);
    struct view *view = malloc(sizeof *view + each * (size_t)n_wants);
    if (!view)
        return QETL_E_NO_MEMORY;
    struct ArrowArray *children = (struct ArrowArray *)(view->table + n_wants);
    view->buffers[0] = NULL;
    for (int64_t i = 0; i < n_wants; i++) {
        struct qetl_vector *vector = qetl_vector_ref(pick(batch, &wants[i]));
        view->table[i] = &children[i];
        children[i] = vector->array;
        children[i].private_data = vector;
        children[i].release = view_release_child;
    }
    *out = (struct ArrowArray){
        .length = batch->rows,
        .n_buffers = 1,
        .n_children = n_wants,
        .buffers = view->buffers,
        .children = view->table,
        .release = view_release,
        .private_data = view,
    };
    return QETL_OK;
}

struct qetl_block *qetl_block_new(uint8_t *moved, int64_t size, int64_t rows)
{
    struct qetl_block *block = malloc(sizeof *block);
    if (block)
        *block = (struct qetl_block){.data = moved, .size = size, .rows = rows};
    return block;
}

void qetl_block_free(struct qetl_block *block)
{
    if (!block)
        return;
    qetl_buffer_free(block->data);
    qetl_parts_free(block->parts);
    free(block);
}

void qetl_parts_free(struct qetl_parts *parts)
{
    if (!parts)
        return;
    free(parts->items);
    free(parts->keys);
    free(parts->text);
    free(parts);
}

void qetl_saved_free(struct qetl_saved *saved)
{
    while (saved) {
        struct qetl_saved *next = saved->next;
        free(saved->data);
        free(saved);
        saved = next;
    }
}
