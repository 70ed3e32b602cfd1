/* SPDX-License-Identifier: Apache-2.0 */
/* One row of counts, sums, averages, least and greatest values. Replicas reduce what comes their
 * way; the host has their states merged into one at the end. */
#include "state.h"

#include <qetl/plugin.h>

#include <stdlib.h>

enum { STATE_VERSION = 1 };

struct aggregate {
    struct items items;
    struct ArrowArray *reads, **children;
    uint8_t *failures; /* of the batch at hand, a bit a row */
    int64_t capacity;
};

static int32_t no_memory(const struct aggregate *aggregate)
{
    return qetl_fail(aggregate->items.env, QETL_E_NO_MEMORY, NULL, NULL,
                     "no memory for an aggregate");
}

static int32_t aggregate_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                                const char *config)
{
    struct aggregate *aggregate = self;

    (void)config;
    aggregate->items.env = (struct qetl_env){host, ctx};
    aggregate->items.service = host->get_extension(ctx, QETL_EXT_EXPR);
    if (!aggregate->items.service)
        return qetl_fail(aggregate->items.env, QETL_E_UNSUPPORTED, NULL, "use a newer qetl",
                         "aggregate needs a host that offers " QETL_EXT_EXPR);
    return QETL_OK;
}

static void aggregate_destroy(void *self)
{
    struct aggregate *aggregate = self;

    items_clear(&aggregate->items);
    free(aggregate->reads);
    free(aggregate->children);
    free(aggregate->failures);
}

static int32_t aggregate_bind(void *self, uint32_t n_inputs,
                              const struct ArrowSchema *const *inputs, struct qetl_binder *binder)
{
    struct aggregate *aggregate = self;
    size_t columns = (size_t)inputs[0]->n_children + 1;

    (void)n_inputs;
    free(aggregate->reads);
    free(aggregate->children);
    aggregate->reads = calloc(columns, sizeof *aggregate->reads);
    aggregate->children = calloc(columns, sizeof *aggregate->children);
    if (!aggregate->reads || !aggregate->children)
        return no_memory(aggregate);
    return items_bind(&aggregate->items, inputs[0], binder);
}

/* ---- batches ---- */

static int32_t batch_open(struct aggregate *aggregate, const struct qetl_event *event)
{
    if (event->rows > aggregate->capacity || !aggregate->failures) {
        free(aggregate->failures);
        aggregate->failures = malloc((size_t)event->rows / 8 + 1);
        aggregate->capacity = aggregate->failures ? event->rows : 0;
        if (!aggregate->failures)
            return no_memory(aggregate);
    }
    memset(aggregate->failures, 0, (size_t)event->rows / 8 + 1);
    for (int64_t i = 0; i < aggregate->items.n_reads; i++) {
        aggregate->reads[i] = *event->batch->children[i];
        aggregate->reads[i].offset += event->batch->offset;
        aggregate->reads[i].length = event->rows;
        if (event->batch->offset)
            aggregate->reads[i].null_count = -1;
    }
    return QETL_OK;
}

/* Every expression, before a value is taken in: a row that fails in one counts in none. */
static int32_t items_evaluate(struct aggregate *aggregate, int64_t rows, int64_t *failed)
{
    struct items *items = &aggregate->items;
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < items->count && !status; i++) {
        struct item *item = &items->list[i];
        struct ArrowArray view = {.length = rows,
                                  .n_buffers = 1,
                                  .buffers = (const void *[1]){NULL},
                                  .n_children = item->n_places,
                                  .children = aggregate->children};
        int64_t more = 0;
        if (!item->expr)
            continue;
        for (int64_t k = 0; k < item->n_places; k++)
            aggregate->children[k] = &aggregate->reads[item->places[k]];
        status = items->service->evaluate(item->expr, &view, rows, &item->result,
                                          aggregate->failures, &more);
        *failed += more;
    }
    return status;
}

static int32_t item_add(struct aggregate *aggregate, struct item *item, int64_t rows,
                        int64_t failed)
{
    const struct ArrowArray *values = item->expr ? &item->result : NULL;
    struct qetl_column column;
    int32_t status;

    if (item->rows) {
        item->reduction.count += rows - failed;
        return QETL_OK;
    }
    if (!values)
        values = &aggregate->reads[item->places[0]];
    status = qetl_column_open(&column, &item->values, values);
    if (!status)
        status = reduce_add(&item->reduction, &column, rows, failed ? aggregate->failures : NULL);
    return status ? no_memory(aggregate) : QETL_OK;
}

static int32_t batch_reduce(struct aggregate *aggregate, const struct qetl_event *event,
                            struct qetl_output *out)
{
    struct items *items = &aggregate->items;
    int64_t failed = 0;
    int32_t status = batch_open(aggregate, event);

    if (!status)
        status = items_evaluate(aggregate, event->rows, &failed);
    for (int64_t i = 0; i < items->count; i++) {
        if (!status)
            status = item_add(aggregate, &items->list[i], event->rows, failed);
        qetl_array_release(&items->list[i].result);
    }
    out->rows_reduced = event->rows - failed;
    return status ? status : QETL_NEED_INPUT;
}

/* ---- the end ---- */

static int32_t result_make(struct aggregate *aggregate, struct item *item, struct ArrowArray *out)
{
    struct qetl_builder b;
    int32_t status = qetl_builder_open(&b, aggregate->items.env, &item->field, 1);

    if (!status)
        status = reduce_result(&item->reduction, item->scale, &b);
    if (!status)
        status = qetl_builder_close(&b, out);
    qetl_builder_free(&b);
    if (!status)
        return QETL_OK;
    if (status != QETL_E_DATA)
        return no_memory(aggregate);
    return qetl_fail(aggregate->items.env, QETL_E_DATA, "/set",
                     "sum a CAST of it to double, which is not exact",
                     "column \"%s\": the sum is beyond what its type can hold", item->name);
}

static int32_t results_give(struct aggregate *aggregate, struct qetl_output *out)
{
    struct items *items = &aggregate->items;
    struct ArrowArray *results = calloc((size_t)items->count + 1, sizeof *results);
    int32_t status = results ? QETL_OK : no_memory(aggregate);

    for (int64_t i = 0; i < items->count && !status; i++)
        status = result_make(aggregate, &items->list[i], &results[i]);
    if (!status && qetl_array_struct(items->env, 1, items->count, results, &out->batch))
        status = no_memory(aggregate);
    for (int64_t i = 0; results && i < items->count; i++)
        qetl_array_release(&results[i]);
    free(results);
    out->rows = out->rows_added = 1;
    return status ? status : QETL_OUTPUT;
}

static int32_t aggregate_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    if (event && event->kind == QETL_EVENT_BATCH)
        return batch_reduce(self, event, out);
    if (event && event->kind == QETL_EVENT_END)
        return results_give(self, out);
    return QETL_NEED_INPUT;
}

/* ---- state ---- */

static int32_t aggregate_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    struct aggregate *aggregate = self;

    *version = STATE_VERSION;
    return items_save(&aggregate->items, out);
}

static int32_t aggregate_merge(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct aggregate *aggregate = self;
    int32_t status =
        version == STATE_VERSION ? items_merge(&aggregate->items, in) : QETL_E_UNSUPPORTED;

    if (status == QETL_E_NO_MEMORY)
        return no_memory(aggregate);
    return status == QETL_OK
               ? QETL_OK
               : qetl_fail(aggregate->items.env, status, NULL, "begin anew with --full-refresh",
                           "the state of the aggregate cannot be read");
}

static const struct qetl_transform aggregate_transform = {
    .struct_size = sizeof aggregate_transform,
    .bind = aggregate_bind,
    .process = aggregate_process,
    .merge = aggregate_merge,
};

static const struct qetl_component aggregate_component = {
    .struct_size = sizeof aggregate_component,
    .kind = QETL_TRANSFORM,
    .id = "aggregate",
    .state_size = sizeof(struct aggregate),
    .create = aggregate_create,
    .destroy = aggregate_destroy,
    .save = aggregate_save,
    .restore = aggregate_merge, /* into one that saw nothing yet */
    .transform = &aggregate_transform,
};

QETL_PLUGIN("aggregate", "0.1.0", &aggregate_component)
