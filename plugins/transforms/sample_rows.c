/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps every n-th row, or each with a probability that its place in the input and a seed decide:
 * the same rows in every run, with any number of workers and whatever the size of batches. */
#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <math.h>
#include <stdlib.h>

enum { STATE_VERSION = 1 };

struct sample {
    struct qetl_env env;
    int64_t every, offset;
    uint64_t seed, threshold; /* a row stays if its hash is below; UINT64_MAX: each does */
    uint64_t position;        /* of the next row */
    int32_t *row_map;
    int64_t capacity;
};

static int32_t sample_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct sample *sample = self;
    bool every = qetl_option_given((struct qetl_env){host, ctx}, "/every");
    double fraction;

    (void)config;
    sample->env = (struct qetl_env){host, ctx};
    if (every == qetl_option_given(sample->env, "/fraction"))
        return qetl_fail(sample->env, QETL_E_CONFIG, every ? "/fraction" : NULL,
                         "write  every: 100  for each hundredth row, or  fraction: 0.01",
                         every ? "`every` and `fraction` exclude each other"
                               : "neither `every` nor `fraction` says which rows to keep");
    sample->every = qetl_option_int(sample->env, "/every");
    sample->offset = qetl_option_int(sample->env, "/offset");
    sample->seed = (uint64_t)qetl_option_int(sample->env, "/seed");
    if (every ? sample->seed != 0 : sample->offset != 0)
        return qetl_fail(sample->env, QETL_E_CONFIG, every ? "/seed" : "/offset", "take it out",
                         every ? "`seed` goes with `fraction`" : "`offset` goes with `every`");
    fraction = qetl_option_real(sample->env, "/fraction");
    sample->threshold = fraction >= 1 ? UINT64_MAX : (uint64_t)ldexp(fraction, 64);
    return QETL_OK;
}

static void sample_destroy(void *self)
{
    free(((struct sample *)self)->row_map);
}

/* Rows are counted in order, hence by one. */
static int32_t sample_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                           struct qetl_binder *binder)
{
    int32_t status = QETL_OK;

    (void)self;
    (void)n_inputs;
    for (int64_t i = 0; i < inputs[0]->n_children && status >= 0; i++)
        status = binder->copy(binder, 0, -1, 0, i, NULL);
    if (status >= 0)
        status = binder->distribution(binder, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_SUBSET);
}

/* A bijection that leaves no pattern of its input (the finalizer of splitmix64). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static int64_t nth_choose(struct sample *sample, int64_t rows)
{
    uint64_t every = (uint64_t)sample->every, offset = (uint64_t)sample->offset;
    uint64_t end = sample->position + (uint64_t)rows, next = offset;
    int64_t count = 0;

    if (sample->position > offset)
        next = offset + (sample->position - offset + every - 1) / every * every;
    for (; next < end; next += every)
        sample->row_map[count++] = (int32_t)(next - sample->position);
    return count;
}

static int64_t random_choose(struct sample *sample, int64_t rows)
{
    uint64_t key = mix(sample->seed + 0x9e3779b97f4a7c15u);
    int64_t count = 0;

    for (int64_t i = 0; i < rows; i++) {
        uint64_t hash = mix(key ^ mix(sample->position + (uint64_t)i + 0x9e3779b97f4a7c15u));
        sample->row_map[count] = (int32_t)i;
        count += hash < sample->threshold || sample->threshold == UINT64_MAX;
    }
    return count;
}

static int32_t sample_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct sample *sample = self;

    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    if (event->rows > sample->capacity) {
        free(sample->row_map);
        sample->row_map = malloc((size_t)event->rows * sizeof *sample->row_map);
        sample->capacity = sample->row_map ? event->rows : 0;
        if (!sample->row_map)
            return qetl_fail(sample->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a sample");
    }
    out->rows =
        sample->every ? nth_choose(sample, event->rows) : random_choose(sample, event->rows);
    sample->position += (uint64_t)event->rows;
    out->rows_filtered = event->rows - out->rows;
    if (!out->rows)
        return QETL_NEED_INPUT;
    out->row_map = out->rows_filtered ? sample->row_map : NULL;
    return QETL_OUTPUT;
}

/* Seed and fraction are options: which rows stay follows from their place alone. */
static int32_t sample_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    const int64_t position = (int64_t)((const struct sample *)self)->position;

    *version = STATE_VERSION;
    return qetl_state_write_numbers(out, 1, &position);
}

static int32_t sample_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct sample *sample = self;
    int64_t position = 0;
    int32_t status =
        version == STATE_VERSION ? qetl_state_read_numbers(in, 1, &position) : QETL_E_UNSUPPORTED;

    if (status)
        return qetl_fail(sample->env, status, NULL, "begin anew with --full-refresh",
                         "the state of sample_rows cannot be read");
    sample->position = (uint64_t)position;
    return QETL_OK;
}

static const struct qetl_transform sample_transform = {
    .struct_size = sizeof sample_transform,
    .bind = sample_bind,
    .process = sample_process,
};

static const struct qetl_component sample_component = {
    .struct_size = sizeof sample_component,
    .kind = QETL_TRANSFORM,
    .id = "sample_rows",
    .state_size = sizeof(struct sample),
    .create = sample_create,
    .destroy = sample_destroy,
    .save = sample_save,
    .restore = sample_restore,
    .transform = &sample_transform,
};

QETL_PLUGIN("sample_rows", "0.1.0", &sample_component)
