/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chunk becomes a batch: index, judge the records, then column by column. What reads values comes
 * first; where a cell does not fit, its row is taken out and those columns are made again, so that
 * the usual case pays nothing for it.
 */
#include "decode.h"
#include "foreign.h"
#include "match.h"

#include <assert.h>
#include <stdlib.h>

static int32_t array_resize(void **array, int64_t room, size_t width)
{
    void *grown = realloc(*array, (size_t)room * width);

    if (!grown)
        return QETL_E_NO_MEMORY;
    *array = grown;
    return QETL_OK;
}

static int32_t scratch_reserve(struct csv *self, int64_t records)
{
    struct csv_scratch *s = self->scratch;
    int64_t room = records + records / 2 + 64;

    if (!s)
        s = self->scratch = calloc(1, sizeof *s);
    if (!s)
        return QETL_E_NO_MEMORY;
    s->judged = false;
    if (s->room >= records && s->room)
        return QETL_OK;
    if (array_resize((void **)&s->base, room, sizeof *s->base) ||
        array_resize((void **)&s->late, room, sizeof *s->late) ||
        array_resize((void **)&s->map, room, sizeof *s->map) ||
        array_resize((void **)&s->offsets, room, sizeof *s->offsets) ||
        array_resize((void **)&s->valid, room / 64 + 1, sizeof *s->valid) ||
        array_resize((void **)&s->bytes, room, sizeof *s->bytes) ||
        array_resize((void **)&s->verdicts, room, sizeof *s->verdicts))
        return QETL_E_NO_MEMORY;
    s->room = room;
    return QETL_OK;
}

void csv_scratch_free(struct csv_scratch *s)
{
    if (!s)
        return;
    free(s->base);
    free(s->late);
    free(s->map);
    free(s->offsets);
    free(s->valid);
    free(s->bytes);
    free(s->verdicts);
    free(s->heap.pieces);
    free(s->heap.sizes);
    free(s);
}

void csv_verdict_set(struct csv_job *job, int64_t record, enum csv_code code, int64_t column)
{
    struct csv_scratch *s = job->s;
    struct csv_verdict *v = &s->verdicts[record];

    if (!s->judged)
        memset(s->verdicts, 0, (size_t)job->records * sizeof *s->verdicts);
    s->judged = true;
    if (!v->code || (column >= 0 && column < v->column))
        *v = (struct csv_verdict){.code = code, .column = (int32_t)column};
}

/* First byte of every record. */
static void offsets_fill(const struct csv_job *job)
{
    for (int64_t r = 0; r < job->records; r++)
        job->s->offsets[r] = (int32_t)csv_record_begin(job, r);
}

static bool records_even(const struct csv_index *ix, int64_t n_columns)
{
    int64_t wanted = 0, odd = 0;

    for (int64_t r = 0; r < ix->n_rows; r++) {
        wanted += n_columns;
        odd |= ix->rows[r] ^ wanted;
    }
    return !odd;
}

static void records_judge_utf8(struct csv_job *job)
{
    const struct qetl_chunk *chunk = job->chunk;

    for (int64_t r = 0; r < job->records; r++) {
        int64_t begin = csv_record_begin(job, r), end = csv_record_begin(job, r + 1);

        if (!qetl_utf8_valid(chunk->data + begin, end - begin))
            csv_verdict_set(job, r, CSV_BAD_UTF8, -1);
    }
}

/* What can be said without types: the first of these reasons counts. */
static void records_judge(struct csv_job *job)
{
    const struct csv_index *ix = &job->self->index;
    int64_t n_columns = job->self->n_columns;

    for (int64_t i = 0; i < ix->n_faults; i++)
        csv_verdict_set(job, ix->faults[i].record, ix->faults[i].code, -1);
    if (!ix->ascii && !qetl_utf8_valid(job->chunk->data, job->chunk->size))
        records_judge_utf8(job);
    if (records_even(ix, n_columns))
        return;
    for (int64_t r = 0; r < ix->n_rows; r++)
        if (ix->rows[r] - (r ? ix->rows[r - 1] : 0) != n_columns)
            csv_verdict_set(job, r, CSV_RAGGED_ROW, -1);
}

/* The rows are the records without a verdict. */
static void rows_collect(struct csv_job *job)
{
    const struct csv_index *ix = &job->self->index;
    struct csv_scratch *s = job->s;
    int64_t n = 0;

    job->mapped = s->judged;
    for (int64_t r = 0; r < job->records; r++) {
        if (s->judged && s->verdicts[r].code)
            continue;
        s->base[n] = r ? ix->rows[r - 1] : 0;
        s->map[n++] = (int32_t)r;
    }
    job->rows = n;
}

static void arrays_release(struct ArrowArray *arrays, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        qetl_array_release(&arrays[i]);
}

static int64_t early_wants(const struct csv *self)
{
    return self->n_wants - self->n_late;
}

/* Views are quicker to check than cells: where they are wanted, they are made first. */
static int32_t column_prove(struct csv_job *job, int64_t column, struct ArrowArray *arrays)
{
    int64_t seen = job->self->columns[column].seen;
    int32_t status = seen ? csv_column_views(job, column, &arrays[seen - 1]) : QETL_OK;

    return status ? status : csv_column_check(job, column, seen ? &arrays[seen - 1] : NULL);
}

static int32_t values_make(struct csv_job *job, struct ArrowArray *arrays)
{
    struct csv *self = job->self;
    int32_t status = QETL_OK;

    for (int64_t i = 0; !status && i < early_wants(self); i++)
        if (self->wants[i].form == QETL_FORM_VALUE)
            status = csv_column_values(job, self->wants[i].column, &arrays[i]);
    for (int64_t i = 0; !status && i < self->n_columns; i++)
        if (self->columns[i].check)
            status = column_prove(job, i, arrays);
    return status;
}

static int32_t columns_make(struct csv_job *job, struct ArrowArray *arrays)
{
    struct csv *self = job->self;
    int64_t records_before = job->rows;
    int32_t status = values_make(job, arrays);

    if (!status && job->s->judged) {
        rows_collect(job);
        if (job->rows != records_before) {
            arrays_release(arrays, early_wants(self));
            status = values_make(job, arrays);
        }
    }
    for (int64_t i = 0; !status && i < early_wants(self); i++)
        if (self->wants[i].form != QETL_FORM_VALUE && !arrays[i].release)
            status = csv_column_views(job, self->wants[i].column, &arrays[i]);
    return status;
}

static int32_t batch_make(struct csv_job *job, struct qetl_decoded *out)
{
    struct csv *self = job->self;
    int64_t n = early_wants(self);
    struct ArrowArray *arrays = calloc((size_t)n + 1, sizeof *arrays);
    int32_t status = arrays ? columns_make(job, arrays) : QETL_E_NO_MEMORY;

    if (!status)
        status = qetl_array_struct(self->env, job->rows, n, arrays, &out->batch);
    if (status && arrays)
        arrays_release(arrays, n);
    csv_heap_drop(self, &job->s->heap);
    free(arrays);
    return status;
}

/* The records of a foreign dialect, in that of the kernels, and their index. */
static int32_t foreign_index(struct csv_job *job, struct qetl_chunk *out)
{
    struct csv *self = job->self;
    struct csv_foreign *f = self->foreign;
    int32_t status = csv_foreign_spans(f, job->chunk->data, job->chunk->size);

    job->records = f->n_spans;
    if (!status)
        status = scratch_reserve(self, job->records);
    if (status)
        return status;
    job->s = self->scratch;
    for (int64_t r = 0; r < job->records; r++)
        job->s->offsets[r] = (int32_t)f->spans[r].begin;
    status = csv_foreign_read(self, job->chunk->data, job);
    if (!status)
        status = csv_rewritten_keep(job, f->canon.data, f->canon.size, out);
    for (int64_t i = 0; !status && i < f->n_faults; i++)
        status =
            csv_index_fault(&self->index, f->faults[i].record, f->faults[i].at, f->faults[i].code)
                ? QETL_E_NO_MEMORY
                : QETL_OK;
    return status;
}

/* Where the object has a header of its own. */
static int32_t chunk_match(struct csv_job *job, struct qetl_chunk *rewritten,
                           struct qetl_decoded *out)
{
    struct csv *self = job->self;
    void *before = self->rewritten;
    int32_t status;

    if (!self->matching)
        return QETL_OK;
    if (self->match->unknown && csv_match_policy(self) == CSV_NEW_EVOLVE)
        return csv_match_grow(job, &out->schema);
    if (!self->index.ascii && !qetl_utf8_valid(job->chunk->data, job->chunk->size))
        records_judge_utf8(job);
    status = csv_match_apply(job, rewritten);
    job->chunk = rewritten;
    if (before)
        self->env.host->buffer_free(before);
    return status;
}

static int32_t chunk_index(struct csv_job *job, struct qetl_chunk *rewritten,
                           struct qetl_decoded *out)
{
    struct csv *self = job->self;
    const struct qetl_chunk *chunk = job->chunk;
    int32_t status;

    if (self->foreign) {
        status = foreign_index(job, rewritten);
        job->chunk = rewritten;
        return status ? status : chunk_match(job, rewritten, out);
    }
    if (csv_index_make(self->kernel, chunk->data, chunk->size, self->dialect.marks, &self->index))
        return QETL_E_NO_MEMORY;
    job->records = self->index.n_rows;
    status = scratch_reserve(self, job->records);
    if (status)
        return status;
    job->s = self->scratch;
    offsets_fill(job);
    if (csv_rewrite_needed(self)) {
        status = csv_rewrite(job, rewritten);
        job->chunk = rewritten;
    }
    return status ? status : chunk_match(job, rewritten, out);
}

/* A host of an earlier version knows of none. */
static struct qetl_blob chunk_note(const struct qetl_chunk *chunk)
{
    bool known = chunk->struct_size >= offsetof(struct qetl_chunk, note) + sizeof chunk->note;

    return known ? chunk->note : (struct qetl_blob){NULL, 0};
}

int32_t csv_decode(struct csv *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct csv_job job = {.self = self, .original = chunk, .chunk = chunk};
    struct qetl_chunk rewritten;
    int32_t status;

    if (self->rewritten)
        self->env.host->buffer_free(self->rewritten);
    self->rewritten = NULL;

    if (chunk->data - (const uint8_t *)chunk->buffer + chunk->size > INT32_MAX)
        return qetl_fail(self->env, QETL_E_UNSUPPORTED, NULL, NULL,
                         "a chunk of %lld bytes is too large", (long long)chunk->size);
    status = csv_match_open(self, chunk_note(chunk));
    if (!status)
        status = chunk_index(&job, &rewritten, out);
    if (status)
        return status;
    records_judge(&job);
    rows_collect(&job);
    status = batch_make(&job, out);
    if (status)
        return status;
    for (int64_t r = 0; job.s->judged && r < job.records; r++)
        if (job.s->verdicts[r].code)
            csv_reject_record(&job, r, &job.s->verdicts[r]);
    out->rows = job.rows;
    out->records = job.records;
    out->record_map = job.mapped ? job.s->map : NULL;
    out->record_offsets = job.s->offsets;
    self->chunk = *job.chunk;
    return QETL_OK;
}

int32_t csv_decode_late(struct csv *self, int64_t rows, const int32_t *map, struct ArrowArray *out)
{
    struct csv_scratch *s = self->scratch;
    struct csv_job job = {.self = self, .chunk = &self->chunk, .s = s, .rows = rows};
    struct ArrowArray *arrays = calloc((size_t)self->n_late + 1, sizeof *arrays);
    uint32_t *base = s->base;
    int32_t status = arrays ? QETL_OK : QETL_E_NO_MEMORY;

    for (int64_t i = 0; map && i < rows; i++)
        s->late[i] = base[map[i]];
    if (map)
        s->base = s->late;
    for (int64_t i = 0; !status && i < self->n_late; i++)
        status = csv_column_views(&job, self->wants[early_wants(self) + i].column, &arrays[i]);
    s->base = base;
    if (!status)
        status = qetl_array_struct(self->env, rows, self->n_late, arrays, out);
    if (status && arrays)
        arrays_release(arrays, self->n_late);
    csv_heap_drop(self, &s->heap);
    free(arrays);
    return status;
}
