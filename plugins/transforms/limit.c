/* SPDX-License-Identifier: Apache-2.0 */
/* Lets so many rows through, in the order of the input; the source need not read the rest. */
#include <qetl/plugin.h>
#include <qetl/rows.h>
#include <qetl/sdk.h>

enum { STATE_VERSION = 1 };

struct limit {
    struct qetl_env env;
    int64_t skip, left; /* rows still to be passed over, then rows still to go on */
    struct qetl_row_map map;
};

static int32_t limit_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct limit *limit = self;

    (void)config;
    limit->env = (struct qetl_env){host, ctx};
    limit->skip = qetl_option_int(limit->env, "/offset");
    limit->left = qetl_option_int(limit->env, "/rows");
    return QETL_OK;
}

static void limit_destroy(void *self)
{
    qetl_row_map_free(&((struct limit *)self)->map);
}

static int32_t limit_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                          struct qetl_binder *binder)
{
    int32_t status = qetl_bind_all(binder, inputs[0]);

    (void)self;
    (void)n_inputs;
    if (!status)
        status = binder->distribution(binder, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_SUBSET);
}

static int32_t map_make(struct limit *limit, int64_t first, int64_t count)
{
    if (qetl_row_map_begin(&limit->map, count))
        return qetl_fail(limit->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for limit");
    for (int64_t i = 0; i < count; i++)
        qetl_row_map_keep(&limit->map, first + i);
    return QETL_OK;
}

static int32_t limit_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct limit *limit = self;
    int64_t first, count;

    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    first = limit->skip < event->rows ? limit->skip : event->rows;
    count = event->rows - first < limit->left ? event->rows - first : limit->left;
    if (count > 0 && count < event->rows) {
        int32_t status = map_make(limit, first, count);
        if (status)
            return status;
        out->row_map = limit->map.rows;
    }
    limit->skip -= first;
    limit->left -= count;
    out->rows = count;
    out->rows_filtered = event->rows - count;
    if (!limit->left)
        return QETL_END;
    return count ? QETL_OUTPUT : QETL_NEED_INPUT;
}

static int32_t limit_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    const struct limit *limit = self;
    const int64_t numbers[] = {limit->skip, limit->left};

    *version = STATE_VERSION;
    return qetl_state_write_numbers(out, 2, numbers);
}

static int32_t limit_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct limit *limit = self;
    int64_t numbers[2] = {0};
    int32_t status =
        version == STATE_VERSION ? qetl_state_read_numbers(in, 2, numbers) : QETL_E_UNSUPPORTED;

    if (status == QETL_OK &&
        (numbers[0] < 0 || numbers[0] > limit->skip || numbers[1] < 0 || numbers[1] > limit->left))
        status = QETL_E_UNSUPPORTED;
    if (status)
        return qetl_fail(limit->env, status, NULL, "begin anew with --full-refresh",
                         "the state of limit cannot be read");
    limit->skip = numbers[0];
    limit->left = numbers[1];
    return QETL_OK;
}

static const struct qetl_transform limit_transform = {
    .struct_size = sizeof limit_transform,
    .bind = limit_bind,
    .process = limit_process,
};

static const struct qetl_component limit_component = {
    .struct_size = sizeof limit_component,
    .kind = QETL_TRANSFORM,
    .id = "limit",
    .state_size = sizeof(struct limit),
    .create = limit_create,
    .destroy = limit_destroy,
    .save = limit_save,
    .restore = limit_restore,
    .transform = &limit_transform,
};

QETL_PLUGIN("limit", "0.1.0", &limit_component)
