/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of text and binary, as views: up to 12 bytes stand in the view, longer values in the
 * builder's heap or in the buffer that it shares. Shared buffer and heap are the array's data
 * buffers 0 and 1, or 1 and 0 if the heap was in use first.
 */
#include "build.h"

#include <assert.h>

enum { HEAP_MIN = 4096 };

void qetl_builder_share(struct qetl_builder *b, void *buffer)
{
    assert(b->layout == 'v' && b->env.host && !b->shared && "a text or binary; once a batch");
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
    uint8_t *heap = qetl_sdk_buffer_grown(b->env, b->heap, b->heap_size, capacity);
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

static int32_t heap_index(const struct qetl_builder *b)
{
    return b->shared && b->shared_index == 0 ? 1 : 0;
}

static void view_place(struct qetl_builder *b, struct qetl_sdk_view view)
{
    memcpy(b->values + b->length * 16, &view, sizeof view);
}

char *qetl_builder_text_room(struct qetl_builder *b, int64_t size)
{
    if (b->layout != 'v' || qetl_sdk_builder_room(b) || heap_reserve(b, size))
        return NULL;
    return (char *)b->heap + b->heap_size;
}

void qetl_builder_text_put(struct qetl_builder *b, int64_t size)
{
    const char *data = (const char *)b->heap + b->heap_size;
    assert(b->length < b->capacity && b->heap_size + size <= b->heap_capacity);
    view_place(b, view_make(data, size, heap_index(b), b->heap_size));
    b->heap_size += size > QETL_SDK_VIEW_INLINE ? size : 0;
    b->length++;
}

/* Writes the view at the end, without counting it. */
static int32_t text_place(struct qetl_builder *b, const char *data, int64_t size)
{
    if (b->layout != 'v')
        return QETL_E_UNSUPPORTED;
    int32_t status = qetl_sdk_builder_room(b);
    if (!status && size > QETL_SDK_VIEW_INLINE)
        status = heap_reserve(b, size);
    if (status)
        return status;
    view_place(b, view_make(data, size, heap_index(b), b->heap_size));
    if (size > QETL_SDK_VIEW_INLINE) {
        memcpy(b->heap + b->heap_size, data, (size_t)size);
        b->heap_size += size;
    }
    return QETL_OK;
}

int32_t qetl_builder_text(struct qetl_builder *b, const char *data, int64_t size)
{
    int32_t status = text_place(b, data, size);
    if (!status)
        b->length++;
    return status;
}

int32_t qetl_builder_null_spelled(struct qetl_builder *b, const char *data, int64_t size)
{
    int32_t status = text_place(b, data, size);
    if (!status)
        status = qetl_sdk_builder_mark_null(b);
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
    int32_t status = qetl_sdk_builder_room(b);
    if (status)
        return status;
    view_place(b, view_make(data, size, b->shared_index, offset));
    b->length++;
    if (offset + size > b->shared_used)
        b->shared_used = offset + size;
    return QETL_OK;
}

/* The array owns validity and values, and for views also heap and shared. */
int32_t qetl_sdk_builder_close_views(struct qetl_builder *b, struct ArrowArray *out)
{
    const void *data[2] = {NULL, NULL};
    int64_t sizes[2] = {0, 0};
    int64_t n_data = 0;
    if (b->heap_size) {
        data[heap_index(b)] = b->heap;
        sizes[heap_index(b)] = b->heap_size;
        n_data = heap_index(b) + 1;
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
