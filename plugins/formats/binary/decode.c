/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chunk becomes a batch: find the records, judge them, then column by column. Whether a record is
 * one does not depend on who wants which column.
 */
#include "binary.h"

#include <stdio.h>
#include <stdlib.h>

static int32_t array_resize(void **array, int64_t room, size_t width)
{
    void *grown = realloc(*array, (size_t)room * width);

    if (!grown)
        return QETL_E_NO_MEMORY;
    *array = grown;
    return QETL_OK;
}

static int32_t scratch_reserve(struct binary *self, int64_t records)
{
    struct binary_scratch *s = &self->scratch;
    int64_t room = records + records / 4 + 64;

    s->judged = false;
    if (s->room >= records && s->room)
        return QETL_OK;
    s->stride = 0;
    if (array_resize((void **)&s->offsets, room, sizeof *s->offsets) ||
        array_resize((void **)&s->types, room, sizeof *s->types) ||
        array_resize((void **)&s->map, room, sizeof *s->map) ||
        array_resize((void **)&s->verdicts, room, sizeof *s->verdicts) ||
        array_resize((void **)&s->at_fault, room, sizeof *s->at_fault) ||
        array_resize((void **)&s->anchors, room * self->layout.anchors_most, sizeof *s->anchors))
        return QETL_E_NO_MEMORY;
    s->room = room;
    return QETL_OK;
}

void binary_scratch_free(struct binary_scratch *s)
{
    free(s->offsets);
    free(s->types);
    free(s->anchors);
    free(s->map);
    free(s->verdicts);
    free(s->at_fault);
    *s = (struct binary_scratch){0};
}

void binary_verdict_set(struct binary_job *job, int64_t record, int32_t code, int64_t column)
{
    struct binary_scratch *s = &job->self->scratch;

    if (!s->judged)
        memset(s->verdicts, 0, (size_t)job->records);
    s->judged = true;
    if (s->verdicts[record])
        return;
    s->verdicts[record] = (uint8_t)code;
    s->at_fault[record] = (int32_t)column;
}

/* Records of one size and one type: where they begin is known once and for all. */
static void stride_index(struct binary_job *job)
{
    struct binary_scratch *s = &job->self->scratch;
    int64_t stride = job->self->layout.stride;

    if (s->stride == stride)
        return;
    for (int64_t r = 0; r < s->room && r * stride <= INT32_MAX; r++)
        s->offsets[r] = (int32_t)(r * stride);
    s->stride = stride;
}

/* Records of several types or sizes. One of a fixed size may be of no known type. */
static void walk_index(struct binary_job *job)
{
    const struct binary_layout *l = &job->self->layout;
    struct binary_scratch *s = &job->self->scratch;
    const struct qetl_chunk *chunk = job->chunk;
    int64_t at = 0;

    for (int64_t r = 0; r < job->records; r++) {
        int32_t *anchors = s->anchors + r * l->anchors_most;
        int64_t size =
            binary_record_size(l, chunk->data + at, chunk->size - at, &s->types[r], anchors);

        s->offsets[r] = (int32_t)at;
        if (size < 0)
            binary_verdict_set(job, r, BINARY_UNKNOWN_TYPE, -1);
        at += size < 0 ? l->stride : size;
    }
}

static int64_t records_count(const struct binary_job *job)
{
    const struct binary_layout *l = &job->self->layout;
    int32_t anchors[BINARY_FIELDS_MAX + 1], type;
    int64_t at = 0, n = 0;

    if (l->fixed)
        return job->chunk->size / l->stride;
    for (; at < job->chunk->size; n++) {
        int64_t size =
            binary_record_size(l, job->chunk->data + at, job->chunk->size - at, &type, anchors);
        if (size <= 0)
            break;
        at += size;
    }
    return n;
}

static int32_t records_judge(struct binary_job *job)
{
    const struct binary_layout *l = &job->self->layout;
    int32_t status = QETL_OK;

    for (int64_t c = 0; !status && c < l->n_columns; c++)
        if (l->columns[c].fallible)
            status = binary_column_judge(job, c);
    return status;
}

static void rows_collect(struct binary_job *job)
{
    struct binary_scratch *s = &job->self->scratch;
    int64_t n = 0;

    job->mapped = s->judged;
    job->rows = job->records;
    for (int64_t r = 0; job->mapped && r < job->records; r++)
        if (!s->verdicts[r])
            s->map[n++] = (int32_t)r;
    if (job->mapped)
        job->rows = n;
}

static int32_t batch_make(struct binary_job *job, struct qetl_decoded *out)
{
    struct binary *self = job->self;
    struct ArrowArray *arrays = calloc((size_t)self->n_wants + 1, sizeof *arrays);
    int32_t status = arrays ? QETL_OK : QETL_E_NO_MEMORY;

    for (int64_t i = 0; !status && i < self->n_wants; i++)
        status = binary_column_make(job, i, &arrays[i]);
    if (!status)
        status = qetl_array_struct(self->env, job->rows, self->n_wants, arrays, &out->batch);
    for (int64_t i = 0; status && arrays && i < self->n_wants; i++)
        qetl_array_release(&arrays[i]);
    free(arrays);
    return status;
}

static const char *fault_text(int32_t code)
{
    switch (code) {
    case BINARY_BAD_TEXT:
        return "these bytes are no text in the field's encoding";
    case BINARY_BAD_PACKED:
        return "a packed decimal has a half byte that is no digit, or no sign at its end";
    case BINARY_UNKNOWN_VALUE:
        return "the enumeration has no name for this value";
    case BINARY_BAD_TIME:
        return "no such date or time, or one that the column's type cannot hold";
    default:
        return "no record type has this discriminator";
    }
}

static void records_reject(struct binary_job *job)
{
    struct binary *self = job->self;
    struct binary_scratch *s = &self->scratch;
    char message[256];

    for (int64_t r = 0; s->judged && r < job->records; r++) {
        int64_t begin = s->offsets[r], column = s->at_fault[r];
        int64_t end = r + 1 < job->records ? s->offsets[r + 1] : job->chunk->size;
        struct qetl_reject reject = {.struct_size = sizeof reject,
                                     .row = r,
                                     .column = column,
                                     .code = binary_code_word(s->verdicts[r]),
                                     .message = message,
                                     .bytes = job->chunk->data + begin,
                                     .bytes_size = end - begin,
                                     .bytes_offset = begin};

        if (!s->verdicts[r])
            continue;
        snprintf(message, sizeof message, "%s%.60s%s%s", column < 0 ? "" : "column ",
                 column < 0 ? "" : self->layout.columns[column].field->name, column < 0 ? "" : ": ",
                 fault_text(s->verdicts[r]));
        self->env.host->reject(self->env.ctx, &reject);
    }
}

int32_t binary_decode(struct binary *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct binary_job job = {.self = self, .chunk = chunk};
    bool walk = !self->layout.fixed || self->layout.n_types > 1;
    int32_t status;

    if (chunk->data - (const uint8_t *)chunk->buffer + chunk->size > INT32_MAX)
        return qetl_fail(self->env, QETL_E_UNSUPPORTED, NULL, NULL,
                         "a chunk of %lld bytes is too large", (long long)chunk->size);
    job.records = records_count(&job);
    status = scratch_reserve(self, job.records);
    if (status)
        return status;
    if (walk)
        walk_index(&job);
    else
        stride_index(&job);
    status = records_judge(&job);
    if (status)
        return status;
    rows_collect(&job);
    status = batch_make(&job, out);
    if (status)
        return status;
    records_reject(&job);
    out->rows = job.rows;
    out->records = job.records;
    out->record_map = job.mapped ? self->scratch.map : NULL;
    out->record_offsets = self->scratch.offsets;
    return QETL_OK;
}
