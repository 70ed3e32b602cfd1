/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps every n-th row, or each with a probability that its place in the input and a seed decide:
 * the same rows in every run, with any number of workers and whatever the size of batches. */
#include <qetl/row_transform.h>

#include <math.h>

struct sample {
    struct qetl_row row;
    int64_t every, offset, seed;
    double fraction;
    uint64_t threshold; /* a row stays if its hash is below; UINT64_MAX: each does */
    int64_t position;   /* of the next row */
};

static const struct qetl_option_field options[] = {
    {"/every", QETL_OPTION_INT, offsetof(struct sample, every), "0", NULL},
    {"/offset", QETL_OPTION_INT, offsetof(struct sample, offset), "0", "0.."},
    {"/fraction", QETL_OPTION_REAL, offsetof(struct sample, fraction), "0", "0..1"},
    {"/seed", QETL_OPTION_INT, offsetof(struct sample, seed), "0", NULL},
};
/* Seed and fraction are options: which rows stay follows from their place alone. */
static const struct qetl_kept_field state[] = {QETL_KEPT_INT(struct sample, position)};

static int32_t sample_create(void *self)
{
    struct sample *sample = self;
    bool every = qetl_option_given(sample->row.env, "/every");

    if (every == qetl_option_given(sample->row.env, "/fraction"))
        return qetl_fail(sample->row.env, QETL_E_CONFIG, every ? "/fraction" : NULL,
                         "write  every: 100  for each hundredth row, or  fraction: 0.01",
                         every ? "`every` and `fraction` exclude each other"
                               : "neither `every` nor `fraction` says which rows to keep");
    if (every ? sample->seed != 0 : sample->offset != 0)
        return qetl_fail(sample->row.env, QETL_E_CONFIG, every ? "/seed" : "/offset", "take it out",
                         every ? "`seed` goes with `fraction`" : "`offset` goes with `every`");
    sample->threshold = sample->fraction >= 1 ? UINT64_MAX : (uint64_t)ldexp(sample->fraction, 64);
    return QETL_OK;
}

static int32_t sample_bind(void *self, const struct ArrowSchema *input)
{
    (void)self;
    (void)input;
    return QETL_ROWS_SUBSET;
}

/* A bijection that leaves no pattern of its input (the finalizer of splitmix64). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static int64_t nth_choose(const struct sample *sample, int64_t rows, int32_t *kept)
{
    uint64_t every = (uint64_t)sample->every, offset = (uint64_t)sample->offset;
    uint64_t position = (uint64_t)sample->position, end = position + (uint64_t)rows, next = offset;
    int64_t count = 0;

    if (position > offset)
        next = offset + (position - offset + every - 1) / every * every;
    for (; next < end; next += every)
        kept[count++] = (int32_t)(next - position);
    return count;
}

static int64_t random_choose(const struct sample *sample, int64_t rows, int32_t *kept)
{
    uint64_t key = mix((uint64_t)sample->seed + 0x9e3779b97f4a7c15u);
    int64_t count = 0;

    for (int64_t i = 0; i < rows; i++) {
        uint64_t hash = mix(key ^ mix((uint64_t)(sample->position + i) + 0x9e3779b97f4a7c15u));
        kept[count] = (int32_t)i;
        count += hash < sample->threshold || sample->threshold == UINT64_MAX;
    }
    return count;
}

static int64_t sample_batch(void *self, const struct qetl_event *event, int32_t *kept,
                            int64_t *rejected)
{
    struct sample *sample = self;
    int64_t count = sample->every ? nth_choose(sample, event->rows, kept)
                                  : random_choose(sample, event->rows, kept);

    (void)rejected;
    sample->position += event->rows;
    return count;
}

static const struct qetl_row_transform sample = {
    .options = QETL_TABLE(options),
    .create = sample_create,
    .bind = sample_bind,
    .batch = sample_batch,
    .state = QETL_TABLE(state),
};

QETL_ROW_TRANSFORM_SAVED(sample, "sample_rows", struct sample)
QETL_PLUGIN("sample_rows", "0.1.0", &sample_component)
