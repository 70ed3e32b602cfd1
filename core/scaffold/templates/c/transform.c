/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a transform. Adds a column with the sum of another one's values so far.
 *
 * What you will change: `row_append`, what `total_bind` asks for, and the options, which the
 * manifest newplugin.qetl.json declares. What has to stay true is said where it matters.
 */
#include <qetl/manifest.h>
#include <qetl/sdk.h>

#include <stdlib.h>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

enum { STATE_VERSION = 1 }; /* another layout of what `save` writes: another number */

/* The state of one instance: the host gives it to every call, zeroed before the first. There are no
 * globals, since a pipeline may use the plugin twice. */
struct total {
    struct qetl_env env;      /* whom to report to; every helper that can fail wants it */
    struct ArrowSchema field; /* of the column that is read */
    struct qetl_builder sums;
    int32_t *row_map; /* output row -> input row */
    int64_t capacity;
    const char *column, *into; /* options live as long as the instance */
    int64_t sum;               /* what a run that is cut short must not lose */
};

/* What create reads, from what the manifest's schema allows; defaults are filled in there. */
static const struct qetl_option_field options[] = {
    {"/column", QETL_OPTION_TEXT, offsetof(struct total, column), NULL, NULL},
    {"/into", QETL_OPTION_TEXT, offsetof(struct total, into), "total", NULL},
};

static int32_t total_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct total *t = self;
    (void)config; /* the options once more, as JSON text */
    t->env = (struct qetl_env){host, ctx};
    int32_t status = qetl_options_read(t->env, options, 2, t);
    if (status)
        return status;
    return qetl_builder_open(&t->sums, t->env, &(struct ArrowSchema){.format = "l"}, 0);
}

/* Called once, whatever create answered: so it must bear a state that is half made. */
static void total_destroy(void *self)
{
    struct total *t = self;
    qetl_builder_free(&t->sums);
    qetl_schema_release(&t->field);
    free(t->row_map);
}

static int64_t column_find(struct total *t, const struct ArrowSchema *input)
{
    int64_t at = qetl_schema_require(t->env, input, "/column", t->column);
    if (at < 0)
        return at;
    if (strlen(input->children[at]->format) != 1 || !strchr("csil", *input->children[at]->format))
        return qetl_fail(t->env, QETL_E_CONFIG, "/column",
                         "name a column of integers, or cast it with compute before",
                         "column \"%s\" is not of an integer type", t->column);
    return at;
}

static int32_t sum_derive(struct total *t, int64_t at, struct qetl_binder *binder)
{
    struct ArrowSchema made = {0};
    int32_t status = qetl_schema_init_field(&made, t->into, "l");
    if (!status)
        status = binder->derive(binder, 0, &made, 1, &at);
    qetl_schema_release(&made); /* unless derive took it */
    return status;
}

/* Says what comes in and what goes out. Columns that are copied never pass through here: the host
 * carries them, byte for byte. May be called again, with other columns. */
static int32_t total_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                          struct qetl_binder *binder)
{
    struct total *t = self;
    (void)n_inputs;
    int64_t at = column_find(t, inputs[0]);
    if (at < 0)
        return (int32_t)at;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < inputs[0]->n_children && status >= 0; i++)
        status = binder->copy(binder, 0, -1, 0, i, NULL);
    if (status >= 0)
        status = sum_derive(t, at, binder);
    if (status >= 0)
        status = binder->read(binder, 0, at, QETL_FORM_VALUE);
    /* One instance sees all rows, in order; without this there may be one a processor. */
    if (status >= 0)
        status = binder->distribution(binder, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    if (status >= 0)
        status = binder->rows(binder, 0, QETL_ROWS_SUBSET); /* rows may be rejected */
    qetl_schema_release(&t->field);                         /* of an earlier bind */
    return status < 0 ? status : qetl_schema_copy(inputs[0]->children[at], &t->field);
}

static int32_t map_reserve(struct total *t, int64_t rows)
{
    if (rows <= t->capacity)
        return QETL_OK;
    int32_t *grown = realloc(t->row_map, (size_t)rows * sizeof *grown);
    if (!grown)
        return qetl_fail(t->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for %lld rows",
                         (long long)rows);
    t->row_map = grown;
    t->capacity = rows;
    return QETL_OK;
}

/* A row that cannot go on is no reason to fail: it goes to the dead letters, with its reason. */
static void row_reject(const struct total *t, int64_t row)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = row,
                                 .column = 0, /* of those that were asked for with read() */
                                 .code = "overflow",
                                 .message = "the sum is larger than a bigint can be"};
    t->env.host->reject(t->env.ctx, &reject);
}

static int32_t row_append(struct total *t, const struct qetl_column *column, int64_t row,
                          int64_t *rows_out)
{
    int64_t sum = t->sum;
    if (!qetl_column_is_null(column, row) &&
        __builtin_add_overflow(sum, qetl_column_int(column, row), &sum)) {
        row_reject(t, row);
        return QETL_OK;
    }
    t->sum = sum;
    t->row_map[(*rows_out)++] = (int32_t)row;
    return qetl_builder_int(&t->sums, sum);
}

/* The batch holds the columns that were read; the answer holds those that were derived. */
static int32_t batch_process(struct total *t, const struct qetl_event *event,
                             struct qetl_output *out)
{
    struct ArrowSchema *fields[] = {&t->field};
    struct ArrowSchema batch = {.format = "+s", .n_children = 1, .children = fields};
    struct ArrowArray made = {0};
    struct qetl_column row, column;
    int32_t status = map_reserve(t, event->rows);
    if (!status)
        status = qetl_column_open(&row, &batch, event->batch);
    if (!status)
        status = qetl_column_child(&row, 0, &column);
    for (int64_t i = 0; i < event->rows && !status; i++)
        status = row_append(t, &column, i, &out->rows);
    if (!status && !out->rows)
        return QETL_NEED_INPUT;
    if (!status)
        status = qetl_builder_close(&t->sums, &made);
    if (!status)
        status = qetl_array_struct(t->env, out->rows, 1, &made, &out->batch);
    qetl_array_release(&made); /* unless the batch took it */
    out->row_map = t->row_map;
    return status ? status : QETL_OUTPUT;
}

static int32_t total_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT; /* barriers, watermarks and ends: the host passes them on */
    return batch_process(self, event, out);
}

/* At every checkpoint: what the rows so far have left behind. */
static int32_t total_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    const struct total *t = self;
    *version = STATE_VERSION;
    return qetl_state_write_numbers(out, 1, &t->sum);
}

/* In the next process, behind bind. What is not understood is refused, and changes nothing. */
static int32_t total_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct total *t = self;
    int64_t sum = 0;
    int32_t status =
        version == STATE_VERSION ? qetl_state_read_numbers(in, 1, &sum) : QETL_E_UNSUPPORTED;
    if (status)
        return qetl_fail(t->env, status, NULL, "begin anew with --full-refresh",
                         "the saved sum cannot be read");
    t->sum = sum;
    return QETL_OK;
}

static const struct qetl_transform total_transform = {
    .struct_size = sizeof total_transform, .bind = total_bind, .process = total_process};

static const struct qetl_component total = {.struct_size = sizeof total,
                                            .kind = QETL_TRANSFORM,
                                            .id = "newplugin",
                                            .state_size = sizeof(struct total),
                                            .create = total_create,
                                            .destroy = total_destroy,
                                            .save = total_save,
                                            .restore = total_restore,
                                            .transform = &total_transform};

QETL_PLUGIN("newplugin", "0.1.0", &total)
