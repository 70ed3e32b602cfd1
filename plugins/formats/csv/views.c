/* SPDX-License-Identifier: Apache-2.0 */
/* Text columns: views that point into the chunk, without a copy unless quotes within were doubled.
 */
#include "view_walk.h"

#include <assert.h>
#include <stdlib.h>

/* A cell in quotes: what stands between them, undoubled where needed. */
void csv_view_quoted(struct csv_view_walk *w, uint64_t *view, const uint8_t *cell, uint32_t size)
{
    struct csv *self = w->job->self;
    uint8_t quote = self->dialect.marks.quote;
    const uint8_t *doubled = memchr(cell, quote, size);
    struct csv_place place;
    uint8_t *copy;
    uint32_t n;

    w->far |= size > 12;
    if (!doubled) {
        csv_view_write(view, cell, size, 0, w->shift + (uint32_t)(cell - w->job->chunk->data));
        return;
    }
    copy = csv_heap_reserve(self, &w->job->s->heap, size);
    if (!copy) {
        w->failed = true;
        return;
    }
    n = (uint32_t)(doubled - cell);
    memcpy(copy, cell, n);
    for (uint32_t i = n; i < size; i++) {
        copy[n++] = cell[i];
        i += cell[i] == quote;
    }
    place = csv_heap_take(&w->job->s->heap, n);
    w->heaped = true;
    csv_view_write(view, copy, n, 1 + place.piece, (uint32_t)place.offset);
}

#define VIEW_TARGET
#define view_write csv_view_write
#include "views.h"

int64_t csv_views_portable(struct csv_view_walk *w)
{
    return views_fill(w);
}

int32_t csv_validity_make(struct csv_job *job, int64_t nulls, void **out)
{
    size_t size = ((size_t)job->rows + 7) / 8;

    *out = NULL;
    if (!nulls)
        return QETL_OK;
    *out = job->self->env.host->buffer_alloc(job->self->env.ctx, size);
    if (!*out)
        return QETL_E_NO_MEMORY;
    memcpy(*out, job->s->valid, size);
    return QETL_OK;
}

static int64_t data_collect(struct csv_job *job, bool heaped, const void **data, int64_t *sizes)
{
    const struct csv_heap *heap = &job->s->heap;
    int64_t n = 1;

    data[0] = job->chunk->buffer;
    sizes[0] = job->chunk->data - (const uint8_t *)job->chunk->buffer + job->chunk->size;
    for (int64_t i = 0; heaped && i < heap->n; i++, n++) {
        data[n] = heap->pieces[i];
        sizes[n] = i == heap->n - 1 ? heap->used : heap->sizes[i];
    }
    return n;
}

int32_t csv_views_array(struct csv_job *job, int64_t nulls, void *views, bool far, bool heaped,
                        struct ArrowArray *out)
{
    const struct qetl_host *host = job->self->env.host;
    int64_t room = 1 + (heaped ? job->s->heap.n : 0), n = 0;
    const void **data = malloc((size_t)room * sizeof *data);
    int64_t *sizes = malloc((size_t)room * sizeof *sizes);
    void *validity = NULL;
    int32_t status = data && sizes ? csv_validity_make(job, nulls, &validity) : QETL_E_NO_MEMORY;

    if (!status) {
        n = far || heaped ? data_collect(job, heaped, data, sizes) : 0;
        status = qetl_array_views(job->self->env, job->rows, nulls, validity, views, n, data, sizes,
                                  out);
    }
    for (int64_t i = 0; !status && i < n; i++)
        host->buffer_retain((void *)data[i]);
    if (status && validity)
        host->buffer_free(validity);
    if (status)
        host->buffer_free(views);
    free(data);
    free(sizes);
    return status;
}

int32_t csv_column_views(struct csv_job *job, int64_t column, struct ArrowArray *out)
{
    const struct qetl_env *env = &job->self->env;
    struct csv_view_walk w = {
        .job = job,
        .column = column,
        .shift = (uint32_t)(job->chunk->data - (const uint8_t *)job->chunk->buffer)};
    int64_t nulls;

    w.views = env->host->buffer_alloc(env->ctx, job->rows ? (size_t)job->rows * 16 : 16);
    if (!w.views)
        return QETL_E_NO_MEMORY;
    nulls = job->self->kernel->views(&w);
    if (w.failed) {
        env->host->buffer_free(w.views);
        return QETL_E_NO_MEMORY;
    }
    return csv_views_array(job, nulls, w.views, w.far, w.heaped, out);
}
