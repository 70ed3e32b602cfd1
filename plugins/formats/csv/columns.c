/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of values: each cell through the parser of the column's type, in one loop per type. */
#include "decode.h"
#include "numbers.h"

struct value_walk {
    struct csv_job *job;
    const struct csv_column *column;
    int64_t number; /* of the column */
    uint8_t *out;
    int64_t stride;                 /* 0: only checks, always into the same place */
    const struct ArrowArray *views; /* for checks: the column's, or NULL */
};

static bool numeric_word(const char *data, int64_t size)
{
    for (int64_t i = 0; i < size; i++)
        if (!strchr("0123456789.-", data[i]))
            return false;
    return size > 0;
}

/* The kernel takes what looks like a number for one: so nothing else may look like it. */
static bool numbers_may(const struct csv *self, const struct csv_type *type)
{
    const struct csv_nulls *nulls = &self->dialect.nulls;
    const char quote = (char)self->dialect.marks.quote;

    for (int64_t i = 0; i < nulls->count; i++)
        if (numeric_word(nulls->list[i].data, nulls->list[i].size))
            return false;
    return self->kernel->numbers && !numeric_word(&quote, 1) &&
           (type->kind == CSV_DECIMAL || (type->kind == CSV_INTEGER && type->width >= 4));
}

/* Rows [at, at + n) that are left to the parser, as bits. */
static inline uint64_t rows_left(const struct value_walk *w, const struct csv_numbers *numbers,
                                 int64_t at, int64_t n)
{
    uint64_t all = ~UINT64_C(0) >> (64 - n);

    return numbers->type ? all & ~w->job->self->kernel->numbers(numbers, at, n) : all;
}

static uint64_t bits_at(const uint8_t *bitmap, int64_t at, int64_t n)
{
    uint64_t bits = 0;

    memcpy(&bits, bitmap + at / 8, (size_t)(n + 7) / 8);
    return bits;
}

/* The same by the column's views: neither what is NULL nor what is plainly of the type is left. */
static uint64_t views_left(const struct value_walk *w, int64_t at, int64_t n)
{
    static const int32_t whole[] = {[1] = 2, [2] = 4, [4] = 9, [8] = 18};
    const struct csv_type *type = &w->column->type;
    const uint8_t *views = w->views->buffers[1], *validity = w->views->buffers[0];
    uint64_t all = ~UINT64_C(0) >> (64 - n);
    uint64_t plain = type->kind == CSV_DECIMAL
                         ? qetl_views_plain_numbers(views + at * 16, n,
                                                    type->precision - type->scale, type->scale)
                         : qetl_views_plain_numbers(views + at * 16, n, whole[type->width], 0);

    return all & ~plain & (validity ? bits_at(validity, at, n) : all);
}

static inline __attribute__((always_inline)) bool value_read(struct value_walk *w, bool last,
                                                             int64_t row, csv_parse_fn *parse)
{
    struct csv_job *job = w->job;
    const struct csv *self = job->self;
    const struct csv_type *type = &w->column->type;
    struct csv_cell cell = csv_cell_at(&self->index, job->chunk->data, self->dialect.marks.quote,
                                       job->s->base[row], w->number, last);
    uint8_t *out = w->out + row * w->stride;
    enum csv_code code;

    if (__builtin_expect(csv_cell_is_null(&self->dialect.nulls, cell), 0)) {
        job->s->valid[row / 64] &= ~(UINT64_C(1) << (row % 64));
        memset(out, 0, type->width);
        return false;
    }
    code = parse(cell.data, cell.size, type, out);
    if (__builtin_expect(code != CSV_FINE, 0)) {
        csv_verdict_set(job, csv_row_record(job, row), code, w->number);
        memset(out, 0, type->width);
    }
    return true;
}

static inline __attribute__((always_inline)) int64_t
values_walk(struct value_walk *w, const struct csv_numbers *numbers, csv_parse_fn *parse)
{
    bool last = w->number == w->job->self->n_columns - 1;
    int64_t nulls = 0, rows = w->job->rows;

    for (int64_t at = 0; at < rows; at += 64)
        for (uint64_t left = rows_left(w, numbers, at, rows - at < 64 ? rows - at : 64); left;
             left &= left - 1)
            nulls += !value_read(w, last, at + __builtin_ctzll(left), parse);
    return nulls;
}

/* Only checks: what is plainly a value needs no parser. */
static inline __attribute__((always_inline)) void
check_read(struct value_walk *w, bool last, int64_t row, csv_plain_fn *plain, csv_parse_fn *parse)
{
    struct csv_job *job = w->job;
    const struct csv *self = job->self;
    const struct csv_type *type = &w->column->type;
    struct csv_cell cell = csv_cell_at(&self->index, job->chunk->data, self->dialect.marks.quote,
                                       job->s->base[row], w->number, last);
    enum csv_code code;

    if (__builtin_expect(plain(cell.data, cell.size, type), 1) ||
        csv_cell_is_null(&self->dialect.nulls, cell))
        return;
    code = parse(cell.data, cell.size, type, w->out);
    if (__builtin_expect(code != CSV_FINE, 0))
        csv_verdict_set(job, csv_row_record(job, row), code, w->number);
}

static inline __attribute__((always_inline)) void
checks_walk(struct value_walk *w, const struct csv_numbers *numbers, csv_plain_fn *plain)
{
    csv_parse_fn *parse = csv_parser_of(w->column->type.kind);
    bool last = w->number == w->job->self->n_columns - 1;
    int64_t rows = w->job->rows;

    for (int64_t at = 0; at < rows; at += 64) {
        int64_t n = rows - at < 64 ? rows - at : 64;
        uint64_t left = w->views ? views_left(w, at, n) : rows_left(w, numbers, at, n);

        for (; left; left &= left - 1)
            check_read(w, last, at + __builtin_ctzll(left), plain, parse);
    }
}

static int64_t values_fill(struct value_walk *w)
{
    const struct csv *self = w->job->self;
    const struct csv_type *type = &w->column->type;
    enum csv_kind kind = type->kind;
    struct csv_numbers numbers = {.base = w->job->s->base,
                                  .ends = self->index.ends + w->number,
                                  .data = w->job->chunk->data,
                                  .type = numbers_may(self, type) ? type : NULL,
                                  .out = w->stride ? w->out : NULL};

    if (!w->stride && (kind == CSV_INTEGER || kind == CSV_DECIMAL)) {
        if (kind == CSV_INTEGER)
            checks_walk(w, &numbers, csv_plain_integer);
        else
            checks_walk(w, &numbers, csv_plain_decimal);
        return 0;
    }
    switch (kind) {
    case CSV_INTEGER:
        return values_walk(w, &numbers, csv_parse_integer);
    case CSV_DECIMAL:
        return values_walk(w, &numbers, csv_parse_decimal);
    default:
        return values_walk(w, &numbers, csv_parser_of(kind));
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

int32_t csv_column_check(struct csv_job *job, int64_t column, const struct ArrowArray *views)
{
    uint64_t sink[2];
    struct value_walk w = {.job = job,
                           .column = &job->self->columns[column],
                           .number = column,
                           .out = (uint8_t *)sink,
                           .views = views};

    if (w.column->type.kind == CSV_BINARY)
        return csv_column_binaries(job, column, NULL);
    values_fill(&w);
    return QETL_OK;
}

int32_t csv_column_values(struct csv_job *job, int64_t column, struct ArrowArray *out)
{
    const struct qetl_env *env = &job->self->env;
    const struct csv_type *type = &job->self->columns[column].type;
    bool boolean = type->kind == CSV_BOOLEAN;
    size_t size = boolean ? (size_t)job->rows / 8 + 1 : (size_t)job->rows * type->width + 1;
    struct value_walk w = {.job = job, .column = &job->self->columns[column], .number = column};
    uint8_t *values;
    int64_t nulls;

    if (type->kind == CSV_BINARY)
        return csv_column_binaries(job, column, out);
    memset(job->s->valid, 0xff, ((size_t)job->rows + 63) / 64 * 8);
    values = env->host->buffer_alloc(env->ctx, size);
    if (!values)
        return QETL_E_NO_MEMORY;
    w.out = boolean ? job->s->bytes : values;
    w.stride = type->width;
    nulls = values_fill(&w);
    if (boolean)
        booleans_pack(job->s->bytes, job->rows, values);
    return values_array(job, nulls, values, out);
}
