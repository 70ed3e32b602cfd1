/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of values: each cell through the parser of the column's type, in one loop per type. */
#include "decode.h"

struct value_walk {
    struct csv_job *job;
    const struct csv_column *column;
    int64_t number; /* of the column */
    uint8_t *out;
    int64_t stride; /* 0: only checks, always into the same place */
};

static inline __attribute__((always_inline)) int64_t values_walk(struct value_walk *w,
                                                                 csv_parse_fn *parse)
{
    struct csv_job *job = w->job;
    const struct csv *self = job->self;
    const uint8_t *data = job->chunk->data;
    const struct csv_type *type = &w->column->type;
    bool last = w->number == self->n_columns - 1;
    int64_t nulls = 0;

    for (int64_t i = 0; i < job->rows; i++) {
        struct csv_cell cell = csv_cell_at(&self->index, data, self->dialect.marks.quote,
                                           job->s->base[i], w->number, last);
        uint8_t *out = w->out + i * w->stride;
        enum csv_code code;

        if (__builtin_expect(csv_cell_is_null(&self->dialect.nulls, cell), 0)) {
            job->s->valid[i / 64] &= ~(UINT64_C(1) << (i % 64));
            memset(out, 0, type->width);
            nulls++;
            continue;
        }
        code = parse(cell.data, cell.size, type, out);
        if (__builtin_expect(code != CSV_FINE, 0)) {
            csv_verdict_set(job, csv_row_record(job, i), code, w->number);
            memset(out, 0, type->width);
        }
    }
    return nulls;
}

/* Only checks: what is plainly a value needs no parser. */
static inline __attribute__((always_inline)) void checks_walk(struct value_walk *w,
                                                              csv_plain_fn *plain)
{
    struct csv_job *job = w->job;
    const struct csv *self = job->self;
    const uint8_t *data = job->chunk->data;
    const struct csv_type *type = &w->column->type;
    csv_parse_fn *parse = csv_parser_of(type->kind);
    bool last = w->number == self->n_columns - 1;

    for (int64_t i = 0; i < job->rows; i++) {
        struct csv_cell cell = csv_cell_at(&self->index, data, self->dialect.marks.quote,
                                           job->s->base[i], w->number, last);
        enum csv_code code;

        if (__builtin_expect(plain(cell.data, cell.size, type), 1) ||
            csv_cell_is_null(&self->dialect.nulls, cell))
            continue;
        code = parse(cell.data, cell.size, type, w->out);
        if (__builtin_expect(code != CSV_FINE, 0))
            csv_verdict_set(job, csv_row_record(job, i), code, w->number);
    }
}

static int64_t values_fill(struct value_walk *w)
{
    enum csv_kind kind = w->column->type.kind;

    if (!w->stride && (kind == CSV_INTEGER || kind == CSV_DECIMAL)) {
        if (kind == CSV_INTEGER)
            checks_walk(w, csv_plain_integer);
        else
            checks_walk(w, csv_plain_decimal);
        return 0;
    }
    switch (kind) {
    case CSV_INTEGER:
        return values_walk(w, csv_parse_integer);
    case CSV_DECIMAL:
        return values_walk(w, csv_parse_decimal);
    default:
        return values_walk(w, csv_parser_of(kind));
    }
}

static void booleans_pack(const uint8_t *bytes, int64_t rows, uint8_t *out)
{
    memset(out, 0, ((size_t)rows + 7) / 8);
    for (int64_t i = 0; i < rows; i++)
        out[i / 8] |= (uint8_t)(bytes[i] << (i % 8));
}

static int32_t values_array(struct csv_job *job, int64_t nulls, void *values,
                            struct ArrowArray *out)
{
    const struct qetl_host *host = job->self->env.host;
    void *validity;
    int32_t status = csv_validity_make(job, nulls, &validity);

    if (!status) {
        const void *buffers[] = {validity, values};

        status = qetl_array_make(job->self->env, job->rows, nulls, 2, buffers, 0, NULL, out);
        if (status && validity)
            host->buffer_free(validity);
    }
    if (status)
        host->buffer_free(values);
    return status;
}

int32_t csv_column_values(struct csv_job *job, int64_t column, struct ArrowArray *out)
{
    const struct qetl_env *env = &job->self->env;
    const struct csv_type *type = &job->self->columns[column].type;
    bool boolean = type->kind == CSV_BOOLEAN;
    size_t size = boolean ? (size_t)job->rows / 8 + 1 : (size_t)job->rows * type->width + 1;
    uint64_t sink[2];
    struct value_walk w = {.job = job, .column = &job->self->columns[column], .number = column};
    uint8_t *values = NULL;
    int64_t nulls;

    if (type->kind == CSV_BINARY)
        return csv_column_binaries(job, column, out);
    memset(job->s->valid, 0xff, ((size_t)job->rows + 63) / 64 * 8);
    if (out) {
        values = env->host->buffer_alloc(env->ctx, size);
        if (!values)
            return QETL_E_NO_MEMORY;
    }
    w.out = !out ? (uint8_t *)sink : boolean ? job->s->bytes : values;
    w.stride = out ? type->width : 0;
    nulls = values_fill(&w);
    if (!out)
        return QETL_OK;
    if (boolean)
        booleans_pack(job->s->bytes, job->rows, values);
    return values_array(job, nulls, values, out);
}
