/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"
#include "report_plan.h"

#include "data/json_text.h"

#include <qetl/plugin.h>

static json_t *forms_json(uint32_t forms)
{
    json_t *list = json_array();
    if (forms & QETL_FORM_LEXICAL)
        json_array_append_new(list, json_string("lexical"));
    if (forms & QETL_FORM_CHECKED)
        json_array_append_new(list, json_string("checked"));
    if (forms & QETL_FORM_VALUE)
        json_array_append_new(list, json_string("value"));
    return list;
}

static json_t *columns_json(const struct qetl_run_port *port, uint32_t kind)
{
    json_t *list = json_array();
    for (size_t c = 0; c < port->n_columns; c++) {
        const struct qetl_run_column *column = &port->columns[c];
        json_t *json = json_pack("{s:o, s:s, s:o}", "name", qetl_json_text(column->name), "type",
                                 column->type, "forms", forms_json(column->forms));
        if (kind == QETL_TRANSFORM)
            json_object_set_new(json, "from",
                                column->from ? qetl_json_text(column->from) : json_null());
        else if (kind == QETL_SOURCE)
            json_object_set_new(json, "decoded_behind",
                                column->behind ? json_string(column->behind->id) : json_null());
        json_array_append_new(list, json);
    }
    return list;
}

static json_t *component_json(const struct qetl_run_description *d,
                              const struct qetl_run_component *c)
{
    json_t *inputs = json_array(), *outputs = json_array();
    for (size_t i = 0; i < c->n_inputs; i++)
        json_array_append_new(inputs, json_pack("{s:s, s:s?, s:o}", "component",
                                                d->components[c->inputs[i].from].node->id, "port",
                                                c->inputs[i].name, "columns",
                                                columns_json(&c->inputs[i], QETL_SINK)));
    for (size_t p = 0; p < c->n_outputs; p++)
        json_array_append_new(outputs,
                              json_pack("{s:s?, s:o}", "port", c->outputs[p].name, "columns",
                                        columns_json(&c->outputs[p], c->node->kind)));
    json_t *json = json_pack("{s:s, s:s, s:s, s:s?, s:b, s:b, s:o, s:o}", "id", c->node->id, "kind",
                             qetl_kind_word(c->node->kind), "plugin", c->node->use.plugin->id,
                             "format", c->format, "untouched", c->untouched, "stateful",
                             c->stateful, "inputs", inputs, "outputs", outputs);
    if (c->pushed)
        json_object_set_new(json, "pushed",
                            json_string(c->pushed == QETL_PUSH_EXACT ? "exact" : "partial"));
    if (c->readers > 1)
        json_object_set_new(json, "readers", json_integer(c->readers));
    if (c->in_order_for)
        json_object_set_new(json, "in_order_for", json_string(c->in_order_for->id));
    if (c->limited >= 0)
        json_object_set_new(json, "limited", json_integer(c->limited));
    return json;
}

static json_t *stages_json(const struct qetl_run_description *d)
{
    json_t *list = json_array();
    for (size_t s = 0; s < d->n_stages; s++) {
        json_t *steps = json_array();
        for (size_t i = 0; i < d->stages[s].n_steps; i++)
            json_array_append_new(steps,
                                  json_pack("{s:s, s:s}", "component",
                                            d->components[d->stages[s].steps[i].component].node->id,
                                            "part", qetl_part_word(d->stages[s].steps[i].part)));
        if (d->stages[s].n_steps)
            json_array_append_new(list, json_pack("{s:i, s:o}", "replicas",
                                                  (int)d->stages[s].replicas, "steps", steps));
        else
            json_decref(steps);
    }
    return list;
}

json_t *qetl_report_plan_json(const struct qetl_pipeline *pipeline,
                              const struct qetl_run_description *d)
{
    static const char *const modes[] = {"hybrid", "batch", "stream"};
    const struct qetl_paths paths = {pipeline, d->paths, d->n_paths};
    json_t *components = json_array();
    for (size_t i = 0; i < d->n_components; i++)
        json_array_append_new(components, component_json(d, &d->components[i]));
    return json_pack(
        "{s:o, s:s, s:I, s:I, s:I, s:I, s:i, s:o, s:o, s:o, s:o}", "name",
        pipeline->name ? qetl_json_text(pipeline->name) : json_null(), "mode",
        modes[pipeline->mode], "linger_ms", (json_int_t)pipeline->linger_ms, "batch_bytes",
        (json_int_t)d->chunk_bytes, "batch_rows", (json_int_t)pipeline->batch_rows, "memory_bytes",
        (json_int_t)d->memory_bytes, "workers", d->workers, "stages", stages_json(d), "components",
        components, "paths", qetl_report_paths_json(&paths), "begins_anew",
        d->halts ? json_pack("{s:s, s:s}", "component", d->halts->id, "why", d->halts_why)
                 : json_null());
}
