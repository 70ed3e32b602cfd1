/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrays from buffers. All that an array needs beside its buffers stands in one block of the host's
 * recycled memory, so that a batch costs no malloc:
 *
 *   struct block | sizes of variadic buffers | pointers of buffers | of children | the children
 *
 * release may run after destroy() and on any thread: it uses the block alone, never env.
 */
#include "internal.h"

struct block {
    void (*buffer_free)(void *);
    int64_t
        n_owned; /* buffers that release frees; the sizes of variadic buffers lie in the block */
};

_Static_assert(sizeof(struct block) % 16 == 0, "the sizes buffer is aligned to 16 bytes");

void qetl_array_release(struct ArrowArray *array)
{
    if (array && array->release)
        array->release(array);
}

static void array_release_block(struct ArrowArray *array)
{
    struct block *block = array->private_data;
    void (*buffer_free)(void *) = block->buffer_free;
    for (int64_t i = 0; i < array->n_children; i++)
        qetl_array_release(array->children[i]);
    qetl_array_release(array->dictionary);
    for (int64_t i = 0; i < block->n_owned; i++)
        if (array->buffers[i])
            buffer_free((void *)array->buffers[i]);
    array->release = NULL;
    buffer_free(block);
}

int32_t qetl_sdk_array_new(struct qetl_env env, int64_t n_buffers, int64_t n_children,
                           int64_t n_sizes, int64_t **sizes, struct ArrowArray *out)
{
    size_t size = sizeof(struct block) + (size_t)n_sizes * sizeof(int64_t) +
                  (size_t)n_buffers * sizeof(void *) +
                  (size_t)n_children * (sizeof(void *) + sizeof(struct ArrowArray));
    struct block *block = qetl_sdk_buffer_new(env, (int64_t)size);
    if (!block)
        return QETL_E_NO_MEMORY;
    *block = (struct block){env.host ? env.host->buffer_free : free, n_buffers};
    *sizes = (int64_t *)(block + 1);
    const void **buffers = (const void **)(*sizes + n_sizes);
    struct ArrowArray **children = (struct ArrowArray **)(buffers + n_buffers);
    struct ArrowArray *first = (struct ArrowArray *)(children + n_children);
    for (int64_t i = 0; i < n_children; i++)
        children[i] = first + i;
    *out = (struct ArrowArray){.n_buffers = n_buffers,
                               .n_children = n_children,
                               .buffers = buffers,
                               .children = n_children ? children : NULL,
                               .release = array_release_block,
                               .private_data = block};
    return QETL_OK;
}

int32_t qetl_array_make(struct qetl_env env, int64_t length, int64_t null_count, int64_t n_buffers,
                        const void *const *buffers, int64_t n_children, struct ArrowArray *children,
                        struct ArrowArray *out)
{
    int64_t *sizes;
    int32_t status = qetl_sdk_array_new(env, n_buffers, n_children, 0, &sizes, out);
    if (status)
        return status;
    out->length = length;
    out->null_count = null_count;
    for (int64_t i = 0; i < n_buffers; i++)
        out->buffers[i] = buffers[i];
    for (int64_t i = 0; i < n_children; i++) {
        *out->children[i] = children[i];
        children[i].release = NULL;
    }
    return QETL_OK;
}

int32_t qetl_array_views(struct qetl_env env, int64_t length, int64_t null_count, void *validity,
                         void *views, int64_t n_data, const void *const *data, const int64_t *sizes,
                         struct ArrowArray *out)
{
    int64_t *copy;
    int32_t status = qetl_sdk_array_new(env, 3 + n_data, 0, n_data, &copy, out);
    if (status)
        return status;
    ((struct block *)out->private_data)->n_owned = 2 + n_data;
    out->length = length;
    out->null_count = null_count;
    out->buffers[0] = validity;
    out->buffers[1] = views;
    for (int64_t i = 0; i < n_data; i++) {
        out->buffers[2 + i] = data[i];
        copy[i] = sizes[i];
    }
    out->buffers[2 + n_data] = copy;
    return QETL_OK;
}

int32_t qetl_array_struct(struct qetl_env env, int64_t rows, int64_t n_children,
                          struct ArrowArray *children, struct ArrowArray *out)
{
    const void *validity = NULL;
    return qetl_array_make(env, rows, 0, 1, &validity, n_children, children, out);
}

int32_t qetl_array_list(struct qetl_env env, int64_t rows, int64_t null_count, void *validity,
                        void *offsets, struct ArrowArray *values, struct ArrowArray *out)
{
    const void *buffers[] = {validity, offsets};
    return qetl_array_make(env, rows, null_count, 2, buffers, 1, values, out);
}
