/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the rows for which a condition is true; FALSE and NULL are filtered, alike. */
#include <qetl/plugin.h>
#include <qetl/rows.h>
#include <qetl/sdk.h>

struct filter {
    struct qetl_env env;
    const struct qetl_expr_host *service;
    struct qetl_expr *where;
    struct qetl_row_map selected;
};

static int32_t filter_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct filter *filter = self;

    (void)config;
    filter->env = (struct qetl_env){host, ctx};
    filter->service = host->get_extension(ctx, QETL_EXT_EXPR);
    if (!filter->service)
        return qetl_fail(filter->env, QETL_E_UNSUPPORTED, NULL, "use a newer qetl",
                         "filter needs a host that offers " QETL_EXT_EXPR);
    return QETL_OK;
}

static void filter_destroy(void *self)
{
    struct filter *filter = self;

    if (filter->service)
        filter->service->free(filter->where);
    qetl_row_map_free(&filter->selected);
}

/* Conditions are booleans. */
static int32_t where_check(const struct filter *filter)
{
    struct ArrowSchema field;
    char name[64];
    int32_t status = filter->service->result(filter->where, "where", &field);

    if (status)
        return status;
    if (strcmp(field.format, "b") != 0)
        status = qetl_fail(filter->env, QETL_E_CONFIG, "/where",
                           "compare it with something, for example: quantity > 0",
                           "`where` is of type %s, not boolean: %s",
                           qetl_type_name(&field, name, sizeof name),
                           qetl_option_text(filter->env, "/where"));
    qetl_schema_release(&field);
    return status;
}

static int32_t where_compile(struct filter *filter, const struct ArrowSchema *schema)
{
    const char *text = qetl_option_text(filter->env, "/where");
    int32_t status;

    filter->service->free(filter->where);
    filter->where = NULL;
    status = filter->service->compile(filter->env.ctx, text ? text : "", "/where", schema,
                                      &filter->where);
    return status ? status : where_check(filter);
}

/* Answers of read and copy are indices or failures. */
static int32_t filter_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                           struct qetl_binder *binder)
{
    struct filter *filter = self;
    const int64_t *columns;
    int32_t status = where_compile(filter, inputs[0]);
    int64_t n_columns;

    (void)n_inputs;
    if (status)
        return status;
    n_columns = filter->service->columns(filter->where, &columns);
    for (int64_t i = 0; i < n_columns && status >= 0; i++)
        status = binder->read(binder, 0, columns[i], QETL_FORM_VALUE);
    if (status >= 0)
        status = qetl_bind_all(binder, inputs[0]);
    return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_SUBSET);
}

static int32_t filter_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct filter *filter = self;
    int64_t selected, failed = 0;

    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    if (qetl_row_map_begin(&filter->selected, event->rows))
        return qetl_fail(filter->env, QETL_E_NO_MEMORY, NULL, NULL,
                         "no memory to filter a batch of %lld rows", (long long)event->rows);
    selected = filter->service->select(filter->where, event->batch, event->rows,
                                       filter->selected.rows, &failed);
    if (selected < 0)
        return (int32_t)selected;
    out->rows = selected;
    out->rows_filtered = event->rows - selected - failed;
    if (selected == 0)
        return QETL_NEED_INPUT;
    out->row_map = selected == event->rows ? NULL : filter->selected.rows;
    return QETL_OUTPUT;
}

static const struct qetl_transform filter_transform = {
    .struct_size = sizeof filter_transform,
    .bind = filter_bind,
    .process = filter_process,
};

static const struct qetl_component filter_component = {
    .struct_size = sizeof filter_component,
    .kind = QETL_TRANSFORM,
    .id = "filter",
    .state_size = sizeof(struct filter),
    .create = filter_create,
    .destroy = filter_destroy,
    .transform = &filter_transform,
};

QETL_PLUGIN("filter", "0.1.0", &filter_component)
