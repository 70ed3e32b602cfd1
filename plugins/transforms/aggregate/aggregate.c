/* SPDX-License-Identifier: Apache-2.0 */
/* One row of counts, sums, averages, least and greatest values. Replicas reduce what comes their
 * way; the host has their states merged into one at the end. */
#include "state.h"

#include <stdlib.h>

enum { STATE_VERSION = 1 };

struct aggregate {
    struct items items;
};

static int32_t aggregate_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                                const char *config)
{
    struct aggregate *aggregate = self;

    (void)config;
    aggregate->items.env = (struct qetl_env){host, ctx};
    return qetl_exprs_create(&aggregate->items.exprs, aggregate->items.env, "aggregate",
                             "no memory for an aggregate");
}

static void aggregate_destroy(void *self)
{
    struct aggregate *aggregate = self;

    items_clear(&aggregate->items);
    qetl_exprs_free(&aggregate->items.exprs);
}

static int32_t aggregate_bind(void *self, uint32_t n_inputs,
                              const struct ArrowSchema *const *inputs, struct qetl_binder *binder)
{
    struct aggregate *aggregate = self;

    (void)n_inputs;
    return items_bind(&aggregate->items, inputs[0], binder);
}

/* ---- batches ---- */

/* Every expression, before a value is taken in: a row that fails in one counts in none. */
static int32_t items_evaluate(struct items *items)
{
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < items->count && !status; i++) {
        struct item *item = &items->list[i];
        if (item->expr)
            status = qetl_exprs_evaluate(&items->exprs, item->expr, item->places, item->n_places,
                                         &item->result);
    }
    return status;
}

static int32_t item_add(const struct qetl_exprs *exprs, struct item *item)
{
    const struct ArrowArray *values = item->expr ? &item->result : NULL;
    struct qetl_column column;
    int32_t status;

    if (item->rows) {
        item->reduction.count += exprs->rows - exprs->failed;
        return QETL_OK;
    }
    if (!values)
        values = &exprs->reads[item->places[0]];
    status = qetl_column_open(&column, &item->values, values);
    if (!status)
        status = reduce_add(&item->reduction, &column, exprs->rows,
                            exprs->failed ? exprs->failures : NULL);
    return status ? qetl_exprs_fail_memory(exprs) : QETL_OK;
}

static int32_t batch_reduce(struct items *items, const struct qetl_event *event,
                            struct qetl_output *out)
{
    int32_t status = qetl_exprs_begin(&items->exprs, event->batch, event->rows);

    if (!status)
        status = items_evaluate(items);
    for (int64_t i = 0; i < items->count; i++) {
        if (!status)
            status = item_add(&items->exprs, &items->list[i]);
        qetl_array_release(&items->list[i].result);
    }
    out->rows_reduced = event->rows - items->exprs.failed;
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
        return qetl_exprs_fail_memory(&aggregate->items.exprs);
    return qetl_fail(aggregate->items.env, QETL_E_DATA, "/set",
                     "sum a CAST of it to double, which is not exact",
                     "column \"%s\": the sum is beyond what its type can hold", item->name);
}

static int32_t results_give(struct aggregate *aggregate, struct qetl_output *out)
{
    struct items *items = &aggregate->items;
    struct ArrowArray *results = calloc((size_t)items->count + 1, sizeof *results);
    int32_t status = results ? QETL_OK : qetl_exprs_fail_memory(&aggregate->items.exprs);

    for (int64_t i = 0; i < items->count && !status; i++)
        status = result_make(aggregate, &items->list[i], &results[i]);
    if (!status && qetl_array_struct(items->env, 1, items->count, results, &out->batch))
        status = qetl_exprs_fail_memory(&aggregate->items.exprs);
    for (int64_t i = 0; results && i < items->count; i++)
        qetl_array_release(&results[i]);
    free(results);
    out->rows = out->rows_added = 1;
    return status ? status : QETL_OUTPUT;
}

static int32_t aggregate_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    struct aggregate *aggregate = self;

    if (event && event->kind == QETL_EVENT_BATCH)
        return batch_reduce(&aggregate->items, event, out);
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
        return qetl_exprs_fail_memory(&aggregate->items.exprs);
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
