/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of transforms. */
#include "playback_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- bind: what a transform says is told by the border; here it only gets its answers. ---- */

struct binder {
    struct qetl_binder base;
    int32_t *reads; /* by port, how many columns it asked for */
    uint32_t n_ports;
    const struct ArrowSchema *const *inputs;
};

static int32_t binder_read(struct qetl_binder *base, uint32_t in_port, int64_t column,
                           uint32_t form)
{
    struct binder *b = (struct binder *)base;
    (void)form;
    if (in_port >= b->n_ports || column < 0 || column >= b->inputs[in_port]->n_children)
        return QETL_E_FATAL;
    return b->reads[in_port]++;
}

static int32_t binder_copy(struct qetl_binder *base, uint32_t out_port, int64_t out_column,
                           uint32_t in_port, int64_t column, const char *name)
{
    (void)base, (void)out_port, (void)out_column, (void)in_port, (void)column, (void)name;
    return QETL_OK;
}

static int32_t binder_derive(struct qetl_binder *base, uint32_t out_port, struct ArrowSchema *field,
                             int64_t n_inputs, const int64_t *inputs)
{
    (void)base, (void)out_port, (void)n_inputs, (void)inputs;
    qetl_schema_release(field);
    return QETL_OK;
}

static int32_t binder_rows(struct qetl_binder *base, uint32_t out_port, uint32_t rows)
{
    (void)base, (void)out_port, (void)rows;
    return QETL_OK;
}

static int32_t binder_distribution(struct qetl_binder *base, uint32_t kind, int64_t n_columns,
                                   const int64_t *columns)
{
    (void)base, (void)kind, (void)n_columns, (void)columns;
    return QETL_OK;
}

static int32_t binder_input(struct qetl_binder *base, uint32_t in_port, uint32_t kind)
{
    (void)base, (void)in_port, (void)kind;
    return QETL_OK;
}

static int play_bind(struct step *step)
{
    int64_t n = qetl_values_number(&step->in, "n_inputs");
    struct ArrowSchema schemas[QETL_CARGO_MOST] = {{0}};
    const struct ArrowSchema *inputs[QETL_CARGO_MOST];
    int32_t reads[QETL_CARGO_MOST] = {0};
    int64_t found = 0;
    int bad = n < 0 || n >= QETL_CARGO_MOST;
    for (int i = 0; i < step->in.n && !bad && found < n; i++) {
        if (strcmp(step->in.list[i].name, "input") != 0)
            continue;
        bad = qetl_value_schema(&step->in.list[i], &schemas[found]) != 0;
        inputs[found] = &schemas[found];
        found++;
    }
    struct binder binder = {{sizeof binder.base, binder_read, binder_copy, binder_derive,
                             binder_rows, binder_distribution, binder_input},
                            reads,
                            (uint32_t)n,
                            inputs};
    if (!bad && found == n)
        step->player->component->transform->bind(step->player->ctx->self, (uint32_t)n, inputs,
                                                 &binder.base);
    for (int64_t i = 0; i < found; i++)
        qetl_schema_release(&schemas[i]);
    return bad || found != n ? qetl_step_fail(step, "its inputs were not recorded") : 0;
}

/* ---- process ---- */

static int event_fill(struct step *step, struct qetl_event *event, struct ArrowSchema *schema,
                      struct ArrowArray *batch)
{
    const struct qetl_value *array = qetl_values_find(&step->in, "batch");
    const struct qetl_value *columns = qetl_values_find(&step->in, "schema");
    *event = (struct qetl_event){
        .struct_size = sizeof *event,
        .kind = (uint32_t)qetl_values_number(&step->in, "kind"),
        .port = (uint32_t)qetl_values_number(&step->in, "port"),
        .stream = (uint32_t)qetl_values_number(&step->in, "stream"),
        .rows = qetl_values_number(&step->in, "rows"),
        .epoch = (uint64_t)qetl_values_number(&step->in, "epoch"),
        .watermark_us = qetl_values_number(&step->in, "watermark_us"),
    };
    if (array && (array->lost || qetl_value_array(array, schema, batch)))
        return qetl_step_fail(step, "its batch was not recorded");
    if (array)
        event->batch = batch;
    if (columns && qetl_value_schema(columns, schema))
        return qetl_step_fail(step, "its schema was not recorded");
    if (columns)
        event->schema = schema;
    return 0;
}

static int play_process(struct step *step)
{
    struct qetl_event event;
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    struct qetl_output out = {.struct_size = sizeof out};
    bool more = qetl_values_find(&step->in, "more") != NULL;
    const struct player *p = step->player;
    int bad = more ? 0 : event_fill(step, &event, &schema, &batch);
    if (!bad && !p->component->transform->process)
        bad = qetl_step_fail(step, "the plugin has no such call");
    if (!bad)
        p->component->transform->process(p->ctx->self, more ? NULL : &event, &out);
    qetl_array_release(&out.batch);
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
    qetl_instance_drop_rejected(p->ctx);
    return bad;
}

static int play_merge(struct step *step)
{
    struct step_reader reader;
    const struct player *p = step->player;
    if (!p->component->transform->merge)
        return qetl_step_fail(step, "the plugin has no such call");
    qetl_step_reader(&reader, step, "merge.read");
    p->component->transform->merge(p->ctx->self, (uint32_t)qetl_values_number(&step->in, "version"),
                                   &reader.base);
    qetl_pack_free(&reader.bytes);
    return 0;
}

const struct play qetl_plays_transform[] = {
    {"bind", play_bind}, {"process", play_process}, {"merge", play_merge}, {NULL, NULL}};
