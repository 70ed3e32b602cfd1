/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a pipeline that letters go through: what lies behind the component that rejected
 * them. */
#include "replay.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

struct graph {
    const struct qetl_replay_plan *plan;
    const struct qetl_replay_group *group;
    struct qetl_pipeline *out;
    size_t *position; /* of the pipeline's nodes in out; SIZE_MAX: left out */
    struct qetl_findings *findings;
};

void qetl_replay_graph_free(struct qetl_pipeline *graph)
{
    for (size_t n = 0; graph && n < graph->n_nodes; n++) {
        free(graph->nodes[n].inputs);
        if (n == 0)
            json_decref(graph->nodes[n].format.options);
    }
    if (graph)
        free(graph->nodes);
    free(graph);
}

/* A column that was of a type keeps it, unless the pipeline says otherwise now. */
static void keep_types(const json_t *letter, const struct qetl_plugin_use *format, json_t *options)
{
    const json_t *schema = json_object_get(format->plugin->json, "options");
    const json_t *known = json_object_get(json_object_get(schema, "properties"), "types");
    const char *name;
    json_t *type, *unbound = json_object_get(letter, "unbound"), *one;
    json_t *types = json_deep_copy(json_object_get(options, "types"));
    size_t i;
    types = json_is_object(types) ? types : json_object();
    json_object_foreach (json_object_get(letter, "types"), name, type) {
        bool counts = true;
        json_array_foreach (unbound, i, one)
            counts &= strcmp(json_string_value(one), name) != 0;
        if (counts && !json_object_get(types, name))
            json_object_set(types, name, type);
    }
    if (known && json_object_size(types))
        json_object_set(options, "types", types);
    json_decref(types);
}

/* In front: the source with its format, or, in the place of the input, rows as they were. */
static int put_source(struct graph *g, const struct qetl_registry *registry)
{
    const struct qetl_replay_group *group = g->group;
    const struct qetl_pipeline *pipeline = g->plan->pipeline;
    struct qetl_node *node = &g->out->nodes[g->out->n_nodes++];
    if (!group->rows) {
        *node = *group->node;
        node->inputs = NULL;
        node->n_inputs = 0;
        node->format.options = json_deep_copy(node->format.options);
        if (node->format.plugin)
            keep_types(group->first, &node->format, node->format.options);
        g->position[group->node - pipeline->nodes] = 0;
        return node->format.options ? 0 : -1;
    }
    *node = pipeline->nodes[group->node->inputs[group->input].component];
    node->kind = QETL_SOURCE;
    node->inputs = NULL;
    node->n_inputs = 0;
    node->outputs = NULL;
    node->n_outputs = 0;
    node->format = (struct qetl_plugin_use){
        .plugin = qetl_registry_format_for(registry, "rows.ndjson"), .options = json_object()};
    return node->format.plugin && node->format.options ? 0 : -1;
}

static int refuse_inputs(struct graph *g, const struct qetl_node *node)
{
    struct qetl_finding *finding = qetl_finding_add(
        g->findings, QETL_ERROR, "replay",
        "the letters' rows would go through '%s', which has other inputs as well", node->id);
    qetl_finding_mend(finding, "replay into another pipeline: qetl dlq export, or one without '%s'",
                      node->id);
    return -1;
}

/* The node, if anything that is kept goes into it. */
static int put_node(struct graph *g, size_t n)
{
    const struct qetl_pipeline *pipeline = g->plan->pipeline;
    const struct qetl_node *from = &pipeline->nodes[n];
    bool entered = g->group->rows && from == g->group->node;
    struct qetl_input *inputs = calloc(from->n_inputs + 1, sizeof *inputs);
    size_t kept = 0;
    if (!inputs) {
        qetl_findings_no_memory(g->findings);
        return -1;
    }
    for (size_t i = 0; i < from->n_inputs; i++) {
        size_t at = g->position[from->inputs[i].component];
        if (entered && i == g->group->input)
            inputs[kept++] = (struct qetl_input){.component = 0};
        else if (!entered && at != SIZE_MAX)
            inputs[kept++] = (struct qetl_input){at, from->inputs[i].port};
    }
    if (!kept || (from->kind == QETL_TRANSFORM && kept < from->n_inputs)) {
        free(inputs);
        return kept ? refuse_inputs(g, from) : 0;
    }
    g->position[n] = g->out->n_nodes;
    struct qetl_node *node = &g->out->nodes[g->out->n_nodes++];
    *node = *from;
    node->inputs = inputs;
    node->n_inputs = kept;
    return 0;
}

struct qetl_pipeline *qetl_replay_graph(const struct qetl_replay_plan *plan,
                                        const struct qetl_replay_group *group,
                                        const struct qetl_registry *registry,
                                        struct qetl_findings *findings)
{
    size_t n_nodes = plan->pipeline->n_nodes;
    struct graph g = {plan, group, malloc(sizeof *g.out),
                      malloc((n_nodes + 1) * sizeof *g.position), findings};
    struct qetl_node *nodes = calloc(n_nodes + 1, sizeof *nodes);
    int failed = !g.out || !g.position || !nodes;
    if (failed) {
        free(nodes);
        free(g.out);
        free(g.position);
        qetl_findings_no_memory(findings);
        return NULL;
    }
    for (size_t n = 0; n < n_nodes; n++)
        g.position[n] = SIZE_MAX;
    *g.out = *plan->pipeline;
    g.out->nodes = nodes;
    g.out->n_nodes = 0;
    g.out->fail_on_error = 0; /* what is rejected again stays what it is: a letter */
    g.out->max_rejected = -1;
    if (put_source(&g, registry)) {
        qetl_findings_no_memory(findings);
        failed = -1;
    }
    for (size_t n = 0; !failed && n < n_nodes; n++)
        if (plan->pipeline->nodes[n].kind != QETL_SOURCE)
            failed = put_node(&g, n);
    free(g.position);
    if (!failed)
        return g.out;
    qetl_replay_graph_free(g.out);
    return NULL;
}
