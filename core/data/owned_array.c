/* SPDX-License-Identifier: Apache-2.0 */
#include "owned_array.h"

#include <assert.h>
#include <stdlib.h>

static void owned_release(struct ArrowArray *array)
{
    struct qetl_owned *o = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (o->children[i].release)
            o->children[i].release(&o->children[i]);
    for (size_t i = 0; i < sizeof o->owned / sizeof o->owned[0]; i++)
        qetl_buffer_free(o->owned[i]);
    qetl_vector_unref(o->keep);
    free(o->children);
    free(o->table);
    free(o->buffers);
    free(o);
    array->release = NULL;
}

int qetl_owned_open(struct ArrowArray *out, int64_t rows, int64_t n_buffers, int64_t n_children)
{
    struct qetl_owned *o = calloc(1, sizeof *o);
    *out = (struct ArrowArray){.length = rows, .n_buffers = n_buffers, .private_data = o};
    if (!o)
        return QETL_E_NO_MEMORY;
    out->release = owned_release;
    o->buffers = calloc((size_t)n_buffers + 1, sizeof *o->buffers);
    o->children = calloc((size_t)n_children + 1, sizeof *o->children);
    o->table = calloc((size_t)n_children + 1, sizeof *o->table);
    if (!o->buffers || !o->children || !o->table)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < n_children; i++)
        o->table[i] = &o->children[i];
    out->n_children = n_children;
    out->buffers = o->buffers;
    out->children = o->table;
    return QETL_OK;
}

void *qetl_owned_buffer(struct ArrowArray *out, struct qetl_pool *pool, int64_t buffer,
                        int64_t size)
{
    struct qetl_owned *o = out->private_data;
    void *data = qetl_pool_alloc(pool, (size_t)(size > 0 ? size : 1));
    for (size_t i = 0; data && i < sizeof o->owned / sizeof o->owned[0]; i++) {
        if (!o->owned[i]) {
            o->owned[i] = data;
            o->buffers[buffer] = data;
            return data;
        }
    }
    assert(!data);
    return NULL;
}
