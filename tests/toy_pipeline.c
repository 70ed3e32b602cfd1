/* SPDX-License-Identifier: Apache-2.0 */
#include "toy_pipeline.h"

#include <stdlib.h>
#include <string.h>

void toy_pipeline_init(struct toy_pipeline *toy)
{
    memset(toy, 0, sizeof *toy);
    toy->manifest.id = "toy";
    toy->manifest.version = "1.0.0";
    toy->pipeline.name = "toy";
    toy->pipeline.max_rejected = -1;
    toy->pipeline.max_record = 1 << 20;
    toy->pipeline.batch_bytes = 4096;
    toy->pipeline.linger_ms = 10;
    toy->pipeline.batch_rows = 65536;
    toy->pipeline.dead_letters = "";
    toy->pipeline.nodes = calloc(TOY_NODES_MOST, sizeof *toy->pipeline.nodes);
}

static void node_free(struct qetl_node *node)
{
    free(node->id);
    free(node->path);
    json_decref(node->use.options);
    json_decref(node->format.options);
    for (size_t i = 0; i < node->n_inputs; i++)
        free(node->inputs[i].port);
    free(node->inputs);
    for (size_t i = 0; i < node->n_outputs; i++)
        free(node->outputs[i]);
    free(node->outputs);
}

void toy_pipeline_free(struct toy_pipeline *toy)
{
    for (size_t i = 0; i < toy->pipeline.n_nodes; i++)
        node_free(&toy->pipeline.nodes[i]);
    free(toy->pipeline.nodes);
    qetl_run_report_free(&toy->report);
    qetl_findings_free(&toy->findings);
    memset(toy, 0, sizeof *toy);
}

static struct qetl_plugin_use use_make(struct toy_pipeline *toy, size_t slot,
                                       const struct qetl_component *component, int64_t number)
{
    struct toy_use *use = &toy->uses[slot];
    *use = (struct toy_use){
        .promised = {.plugin = &toy->manifest, .kind = component->kind, .id = component->id},
        .component = component};
    return (struct qetl_plugin_use){.plugin = &use->promised,
                                    .options = json_pack("{s:I}", "number", (json_int_t)number)};
}

size_t toy_node_add(struct toy_pipeline *toy, const char *id,
                    const struct qetl_component *component, int64_t number)
{
    size_t n = toy->pipeline.n_nodes++;
    if (n >= TOY_NODES_MOST)
        abort();
    struct qetl_node *node = &toy->pipeline.nodes[n];
    node->id = strdup(id);
    node->path = strdup(id);
    node->kind = component->kind;
    node->use = use_make(toy, 2 * n, component, number);
    return n;
}

void toy_node_format(struct toy_pipeline *toy, size_t node, const struct qetl_component *component,
                     int64_t number)
{
    json_decref(toy->pipeline.nodes[node].format.options); /* of an earlier one */
    toy->pipeline.nodes[node].format = use_make(toy, 2 * node + 1, component, number);
}

void toy_node_input(struct toy_pipeline *toy, size_t node, size_t from, const char *port)
{
    struct qetl_node *n = &toy->pipeline.nodes[node];
    n->inputs = realloc(n->inputs, (n->n_inputs + 1) * sizeof *n->inputs);
    n->inputs[n->n_inputs++] =
        (struct qetl_input){.component = from, .port = port ? strdup(port) : NULL};
}

void toy_node_output(struct toy_pipeline *toy, size_t node, const char *port)
{
    struct qetl_node *n = &toy->pipeline.nodes[node];
    n->outputs = realloc(n->outputs, (n->n_outputs + 1) * sizeof *n->outputs);
    n->outputs[n->n_outputs++] = strdup(port);
}

void toy_run_new(struct toy_pipeline *toy)
{
    qetl_findings_free(&toy->findings);
    memset(&toy->findings, 0, sizeof toy->findings);
    toy->run = qetl_run_new(&toy->pipeline, NULL, &toy->options, &toy->findings);
    if (!toy->run)
        abort();
}

int toy_run_execute(struct toy_pipeline *toy)
{
    int exit_code = qetl_run_execute(toy->run);
    qetl_run_report_free(&toy->report);
    qetl_run_report(toy->run, &toy->report);
    return exit_code;
}

void toy_run_free(struct toy_pipeline *toy)
{
    qetl_run_free(toy->run);
    toy->run = NULL;
}

int toy_run(struct toy_pipeline *toy)
{
    toy_run_new(toy);
    int exit_code = toy_run_execute(toy);
    toy_run_free(toy);
    return exit_code;
}

const char *toy_message(const struct toy_pipeline *toy)
{
    return toy->findings.count ? toy->findings.items[0].message : "";
}
