/* SPDX-License-Identifier: Apache-2.0 */
/* Recycled memory for cells whose content does not stand in the chunk as it is. */
#include "decode.h"

#include <stdlib.h>

enum { HEAP_FIRST = 16 * 1024, HEAP_MOST = 1 << 20, HEAP_SLACK = 16 };

static int32_t pieces_grow(struct csv_heap *heap)
{
    int64_t room = heap->room ? heap->room * 2 : 8;
    uint8_t **pieces;
    int64_t *sizes;

    if (heap->n < heap->room)
        return QETL_OK;
    pieces = realloc(heap->pieces, (size_t)room * sizeof *pieces);
    if (!pieces)
        return QETL_E_NO_MEMORY;
    heap->pieces = pieces;
    sizes = realloc(heap->sizes, (size_t)room * sizeof *sizes);
    if (!sizes)
        return QETL_E_NO_MEMORY;
    heap->sizes = sizes;
    heap->room = room;
    return QETL_OK;
}

uint8_t *csv_heap_reserve(struct csv *self, struct csv_heap *heap, int64_t n)
{
    int64_t size = heap->n ? heap->sizes[heap->n - 1] : 0, needed = n + HEAP_SLACK;

    if (heap->n && size - heap->used >= needed)
        return heap->pieces[heap->n - 1] + heap->used;
    if (pieces_grow(heap))
        return NULL;
    size = size ? size * 2 : HEAP_FIRST;
    size = size > HEAP_MOST ? HEAP_MOST : size;
    size = size > needed ? size : needed;
    heap->pieces[heap->n] = self->env.host->buffer_alloc(self->env.ctx, (size_t)size);
    if (!heap->pieces[heap->n])
        return NULL;
    heap->sizes[heap->n++] = size;
    heap->used = 0;
    return heap->pieces[heap->n - 1];
}

struct csv_place csv_heap_take(struct csv_heap *heap, int64_t n)
{
    struct csv_place place = {(int32_t)(heap->n - 1), (int32_t)heap->used};

    heap->used += n;
    return place;
}

void csv_heap_drop(struct csv *self, struct csv_heap *heap)
{
    for (int64_t i = 0; i < heap->n; i++)
        self->env.host->buffer_free(heap->pieces[i]);
    heap->n = heap->used = 0;
}
