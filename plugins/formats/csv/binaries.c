/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of bytes, written as \x and hexadecimal digits. */
#include "decode.h"

/* One cell into a view; CSV_FINE, why not, or a failure below zero. */
static int32_t binary_write(struct csv_job *job, struct csv_cell cell, uint64_t *view, bool keep,
                            bool *heaped)
{
    struct csv_heap *heap = &job->s->heap;
    uint8_t *copy = csv_heap_reserve(job->self, heap, cell.size / 2 + 16);
    struct csv_place place;
    int64_t n;

    if (!copy)
        return QETL_E_NO_MEMORY;
    n = csv_parse_binary(cell.data, cell.size, copy);
    if (n < 0 || !keep)
        return n < 0 ? CSV_BAD_VALUE : CSV_FINE;
    place = csv_heap_take(heap, n);
    *heaped = true;
    csv_view_write(view, copy, (uint32_t)n, 1 + place.piece, (uint32_t)place.offset);
    return CSV_FINE;
}

static int32_t binaries_walk(struct csv_job *job, int64_t column, uint64_t *views, int64_t *nulls,
                             bool *heaped)
{
    const struct csv *self = job->self;
    uint64_t sink[2];

    for (int64_t i = 0; i < job->rows; i++) {
        struct csv_cell cell =
            csv_cell_at(&self->index, job->chunk->data, self->dialect.marks.quote, job->s->base[i],
                        column, column == self->n_columns - 1);
        uint64_t *view = views ? views + 2 * i : sink;
        int32_t code;

        memset(view, 0, 16);
        if (csv_cell_is_null(&self->dialect.nulls, cell)) {
            job->s->valid[i / 64] &= ~(UINT64_C(1) << (i % 64));
            ++*nulls;
            continue;
        }
        code = binary_write(job, cell, view, views, heaped);
        if (code < 0)
            return code;
        if (code)
            csv_verdict_set(job, csv_row_record(job, i), (enum csv_code)code, column);
    }
    return QETL_OK;
}

int32_t csv_column_binaries(struct csv_job *job, int64_t column, struct ArrowArray *out)
{
    const struct qetl_env *env = &job->self->env;
    uint64_t *views = NULL;
    int64_t nulls = 0;
    bool heaped = false;
    int32_t status;

    memset(job->s->valid, 0xff, ((size_t)job->rows + 63) / 64 * 8);
    if (out) {
        views = env->host->buffer_alloc(env->ctx, job->rows ? (size_t)job->rows * 16 : 16);
        if (!views)
            return QETL_E_NO_MEMORY;
    }
    status = binaries_walk(job, column, views, &nulls, &heaped);
    if (status && views)
        env->host->buffer_free(views);
    if (status || !out)
        return status;
    return csv_views_array(job, nulls, views, false, heaped, out);
}
