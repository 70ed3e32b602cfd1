/* SPDX-License-Identifier: Apache-2.0 */
/* One column of a chunk: by a kernel where all records have it at the same place, else value by
 * value. */
#include "binary.h"

#include "text.h"

struct binary_cell binary_cell_at(const struct binary_job *job, const struct binary_column *column,
                                  int64_t record)
{
    const struct binary_layout *l = &job->self->layout;
    const struct binary_scratch *s = &job->self->scratch;
    bool walked = !l->fixed || l->n_types > 1;
    int32_t type = walked ? s->types[record] : 0;
    const uint8_t *data = job->chunk->data + s->offsets[record];
    const int32_t *anchors = s->anchors + record * l->anchors_most;
    const struct binary_field *f;
    int64_t begin;

    if (type < 0 || column->index[type] < 0)
        return (struct binary_cell){NULL, 0, column->field};
    f = &l->types[type].fields[column->index[type]];
    begin = (walked ? anchors[f->anchor] : 0) + f->at;
    if (!f->ends)
        return (struct binary_cell){data + begin, f->size, f};
    begin += f->length_width;
    return (struct binary_cell){data + begin, anchors[f->ends] - begin, f};
}

static bool is_strip(const struct binary_job *job, const struct binary_field *f)
{
    const struct binary_layout *l = &job->self->layout;

    return l->fixed && l->n_types == 1 && !job->mapped && f->count < 0;
}

static struct binary_strip strip_of(const struct binary_job *job, const struct binary_field *f)
{
    return (struct binary_strip){job->chunk->data + f->at, job->self->layout.stride, job->rows};
}

/* Numbers that stand in the record as they do in the column. */
static bool is_plain_number(const struct binary_field *f)
{
    bool big_machine = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    bool number = f->kind == BINARY_SIGNED || f->kind == BINARY_UNSIGNED;

    if (f->kind == BINARY_REAL)
        return f->big == big_machine && f->width >= 4;
    return number && f->big == big_machine && !f->bits && f->scale < 0 && !f->n_names &&
           !f->null_is && !f->time.unit_ns && !f->time.dos &&
           (f->width == 2 || f->width == 4 || f->width == 8);
}

static bool is_plain_text(const struct binary_field *f)
{
    return f->kind == BINARY_TEXT && !f->converter && !f->pascal && !f->null_text &&
           f->trim == BINARY_TRIM_NUL;
}

static int32_t numbers_make(const struct binary_job *job, const struct binary_field *f,
                            struct ArrowArray *out)
{
    struct qetl_env env = job->self->env;
    void *values = env.host->buffer_alloc(env.ctx, (size_t)(job->rows * f->width + 64));
    const void *buffers[2] = {NULL, values};

    if (!values)
        return QETL_E_NO_MEMORY;
    job->self->kernel->gather(strip_of(job, f), (int32_t)f->width, values);
    int32_t status = qetl_array_make(env, job->rows, 0, 2, buffers, 0, NULL, out);
    if (status)
        env.host->buffer_free(values);
    return status;
}

static int32_t views_make(const struct binary_job *job, const struct binary_field *f,
                          struct ArrowArray *out)
{
    struct qetl_env env = job->self->env;
    const struct qetl_chunk *chunk = job->chunk;
    int64_t begin = chunk->data - (const uint8_t *)chunk->buffer, size = begin + chunk->size;
    uint64_t *views = env.host->buffer_alloc(env.ctx, (size_t)(job->rows * 16 + 64));
    const void *data = chunk->buffer;

    if (!views)
        return QETL_E_NO_MEMORY;
    job->self->kernel->views(strip_of(job, f), f->width, (int32_t)(begin + f->at), views);
    int32_t status = qetl_array_views(env, job->rows, 0, NULL, views, 1, &data, &size, out);
    if (status)
        env.host->buffer_free(views);
    else
        env.host->buffer_retain(chunk->buffer);
    return status;
}

static int32_t values_make(const struct binary_job *job, const struct binary_column *column,
                           struct qetl_builder *b, struct ArrowArray *out)
{
    const struct binary_scratch *s = &job->self->scratch;
    int32_t status = QETL_OK;

    if (b->layout == 'v' && !column->field->converter && column->field->count < 0 &&
        (column->field->kind == BINARY_TEXT || column->field->kind == BINARY_BYTES))
        qetl_builder_share(b, job->chunk->buffer);
    for (int64_t i = 0; !status && i < job->rows; i++) {
        int64_t record = job->mapped ? s->map[i] : i;
        struct binary_cell cell = binary_cell_at(job, column, record);

        status = cell.data ? binary_value_read(cell.field, cell.data, cell.size, b)
                           : qetl_builder_null(b);
    }
    return status ? status : qetl_builder_close(b, out);
}

int32_t binary_column_make(struct binary_job *job, int64_t want, struct ArrowArray *out)
{
    struct binary *self = job->self;
    const struct binary_column *column = &self->layout.columns[self->wants[want].column];
    struct qetl_builder *b = &self->builders[want];
    int32_t status;

    if (is_strip(job, column->field) && is_plain_number(column->field))
        return numbers_make(job, column->field, out);
    if (is_strip(job, column->field) && is_plain_text(column->field))
        return views_make(job, column->field, out);
    status = values_make(job, column, b, out);
    if (!status)
        return QETL_OK;
    qetl_builder_clear(b);
    return status < 0 ? status
                      : qetl_fail(self->env, QETL_E_FATAL, NULL, NULL,
                                  "column %s: a value was judged in two ways", column->field->name);
}

int32_t binary_column_judge(struct binary_job *job, int64_t c)
{
    const struct binary_column *column = &job->self->layout.columns[c];
    const struct binary_layout *l = &job->self->layout;
    const struct binary_field *f = column->field;

    if (f->kind == BINARY_TEXT && !f->converter && f->count < 0 && l->fixed && l->n_types == 1 &&
        job->self->kernel->ascii(
            (struct binary_strip){job->chunk->data + f->at, l->stride, job->records}, f->width) &&
        !f->pascal)
        return QETL_OK;
    for (int64_t r = 0; r < job->records; r++) {
        struct binary_cell cell = binary_cell_at(job, column, r);
        int32_t code =
            cell.data ? binary_value_read(cell.field, cell.data, cell.size, NULL) : BINARY_FINE;

        if (code < 0)
            return code;
        if (code)
            binary_verdict_set(job, r, code, c);
    }
    return QETL_OK;
}
