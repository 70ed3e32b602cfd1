/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that lie within another one: a struct's child, a list's elements, a slice. */
#include "internal.h"

#include <stdatomic.h>

struct qetl_shared {
    atomic_int refs;
    struct ArrowArray array;
};

/* The private part of an array that refers to a shared one. */
struct part {
    struct qetl_shared *shared;
    void (*buffer_free)(void *);
    void *validity; /* its own, or NULL */
    const void *buffers[];
};

int32_t qetl_shared_new(struct ArrowArray *moved, struct qetl_shared **out)
{
    struct qetl_shared *shared = malloc(sizeof *shared);
    *out = shared;
    if (!shared)
        return QETL_E_NO_MEMORY;
    atomic_init(&shared->refs, 1);
    shared->array = *moved;
    moved->release = NULL;
    return QETL_OK;
}

const struct ArrowArray *qetl_shared_array(const struct qetl_shared *shared)
{
    return &shared->array;
}

void qetl_shared_free(struct qetl_shared *shared)
{
    if (!shared || atomic_fetch_sub_explicit(&shared->refs, 1, memory_order_acq_rel) != 1)
        return;
    qetl_array_release(&shared->array);
    free(shared);
}

void qetl_shared_undo(struct qetl_shared *shared, struct ArrowArray *out)
{
    *out = (struct ArrowArray){.release = NULL};
    if (shared && atomic_load_explicit(&shared->refs, memory_order_acquire) == 1) {
        *out = shared->array;
        shared->array.release = NULL;
    }
    qetl_shared_free(shared);
}

/* Children and dictionary are the shared array's: they go when it goes. */
static void part_release(struct ArrowArray *array)
{
    struct part *part = array->private_data;
    if (part->validity)
        part->buffer_free(part->validity);
    qetl_shared_free(part->shared);
    free(part);
    array->release = NULL;
}

int32_t qetl_shared_part(struct qetl_env env, struct qetl_shared *shared,
                         const struct ArrowArray *within, int64_t first, int64_t count,
                         void *validity, struct ArrowArray *out)
{
    size_t buffers = (size_t)within->n_buffers * sizeof(void *);
    struct part *part = malloc(sizeof *part + buffers);
    if (!part)
        return QETL_E_NO_MEMORY;
    *part = (struct part){shared, env.host ? env.host->buffer_free : free, validity};
    if (buffers)
        memcpy(part->buffers, within->buffers, buffers);
    atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    bool whole = first == 0 && count == within->length;
    *out = *within;
    out->buffers = part->buffers;
    out->offset = within->offset + first;
    out->length = count;
    out->null_count = whole ? within->null_count : -1;
    if (!whole && within->n_buffers && !within->buffers[0])
        out->null_count = 0;
    if (validity) {
        part->buffers[0] = validity;
        out->null_count = -1;
    }
    out->release = part_release;
    out->private_data = part;
    return QETL_OK;
}
