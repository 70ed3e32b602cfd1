/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transform that adds `total`, the sum of a bigint column so far, keeps its sum as state, and
 * rejects rows without a number. QETL_DRIFT makes it another one, as a new version of a plugin may
 * be: it names what it then does otherwise.
 */
#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <stdlib.h>
#include <string.h>

struct drift {
    struct qetl_env env;
    const char *column;
    const char *how; /* "" or QETL_DRIFT */
    int64_t sum, rows, filtered;
    int32_t *map;
};

static int32_t drift_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct drift *d = self;
    (void)config;
    d->env = (struct qetl_env){host, ctx};
    d->column = qetl_option_text(d->env, "/column");
    d->how = getenv("QETL_DRIFT") ? getenv("QETL_DRIFT") : "";
    return QETL_OK;
}

static void drift_destroy(void *self)
{
    free(((struct drift *)self)->map);
}

static bool is(const struct drift *d, const char *how)
{
    return strcmp(d->how, how) == 0;
}

static int32_t drift_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                          struct qetl_binder *binder)
{
    struct drift *d = self;
    (void)n_inputs;
    struct ArrowSchema field;
    int64_t column = qetl_schema_require(d->env, inputs[0], "/column", d->column);
    int32_t status = column < 0 ? (int32_t)column : QETL_OK;
    if (!status && (status = binder->read(binder, 0, column, QETL_FORM_VALUE)) > 0)
        status = QETL_OK;
    for (int64_t i = 0; !status && i < inputs[0]->n_children; i++)
        status = binder->copy(binder, 0, -1, 0, i, NULL);
    if (!status)
        status = binder->rows(binder, 0, QETL_ROWS_SUBSET);
    if (!status)
        status = binder->distribution(binder, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    if (!status)
        status = qetl_schema_init_field(&field, is(d, "name") ? "sum" : "total", "l");
    return status ? status : binder->derive(binder, 0, &field, 1, &column);
}

static int32_t take_row(struct drift *d, const struct qetl_column *in, int64_t row,
                        struct qetl_builder *out)
{
    if (qetl_column_is_null(in, row)) {
        struct qetl_reject reject = {.struct_size = sizeof reject, .row = row, .column = 0};
        reject.code = is(d, "code") ? "null" : "no_number";
        reject.message = "there is no number to add";
        d->env.host->reject(d->env.ctx, &reject);
        return QETL_OK;
    }
    int64_t number = qetl_column_int(in, row);
    if (number == 13 && is(d, "failure"))
        return qetl_fail(d->env, QETL_E_DATA, NULL, NULL, "thirteen is no number");
    if (number == 13 && is(d, "crash"))
        abort();
    d->sum += number;
    if (number == 14 && is(d, "filter")) {
        d->filtered++;
        return QETL_OK;
    }
    d->map[d->rows++] = (int32_t)row;
    return qetl_builder_int(out, d->sum + (number == 13 && is(d, "value")));
}

/* The sums of the rows that stay, as a column. */
static int32_t sums_of(struct drift *d, const struct ArrowArray *numbers, struct ArrowArray *out)
{
    struct ArrowSchema number;
    struct qetl_column column;
    struct qetl_builder total;
    int32_t status = qetl_schema_init_field(&number, "n", "l");
    if (status)
        return status;
    status = qetl_column_open(&column, &number, numbers);
    if (!status)
        status = qetl_builder_open(&total, d->env, &number, numbers->length);
    if (!status) {
        for (int64_t row = 0; !status && row < numbers->length; row++)
            status = take_row(d, &column, row, &total);
        if (!status)
            status = qetl_builder_close(&total, out);
        qetl_builder_free(&total);
    }
    qetl_schema_release(&number);
    return status;
}

static int32_t drift_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct drift *d = self;
    struct ArrowArray sums = {0};
    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    int32_t *map = realloc(d->map, ((size_t)event->rows + 1) * sizeof *map);
    if (!map)
        return qetl_fail(d->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a row map");
    d->map = map;
    d->rows = d->filtered = 0;
    int32_t status = sums_of(d, event->batch->children[0], &sums);
    if (!status)
        status = qetl_array_struct(d->env, d->rows, 1, &sums, &out->batch);
    if (status)
        return status;
    out->rows = d->rows;
    out->row_map = d->map;
    out->rows_filtered = d->filtered;
    return QETL_OUTPUT;
}

static int32_t drift_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    const struct drift *d = self;
    *version = 1;
    return out->write(out->stream, &d->sum, sizeof d->sum);
}

static int32_t drift_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct drift *d = self;
    if (version != 1)
        return QETL_E_UNSUPPORTED;
    return in->read(in->stream, &d->sum, sizeof d->sum) == sizeof d->sum ? QETL_OK : QETL_E_DATA;
}

static const struct qetl_transform transform = {
    .struct_size = sizeof transform, .bind = drift_bind, .process = drift_process};

static const struct qetl_component component = {
    .struct_size = sizeof component,
    .kind = QETL_TRANSFORM,
    .id = "drift",
    .state_size = sizeof(struct drift),
    .create = drift_create,
    .destroy = drift_destroy,
    .save = drift_save,
    .restore = drift_restore,
    .transform = &transform,
};

QETL_PLUGIN("drift", "0.1.0", &component)
