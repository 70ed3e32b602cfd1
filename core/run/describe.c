/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"

#include "observe.h"
#include "op.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

int qetl_run_resolve(struct qetl_run *run)
{
    run->resolving = true;
    int32_t status = qetl_run_setup(run);
    if (!status)
        status = qetl_run_plan(run);
    if (status)
        qetl_run_end(run, qetl_exit_for(status)); /* where nobody said a code yet */
    qetl_run_stop_instances(run);
    int stopped = atomic_load(&run->stopping);
    return stopped ? stopped - 1 : QETL_EXIT_OK;
}

/* ---- columns ---- */

static int columns_make(struct qetl_run_port *port, const struct ArrowSchema *schema)
{
    port->columns = calloc((size_t)schema->n_children + 1, sizeof *port->columns);
    if (!port->columns)
        return -1;
    for (int64_t c = 0; c < schema->n_children; c++) {
        struct qetl_run_column *column = &port->columns[port->n_columns++];
        column->name = schema->children[c]->name;
        column->type = qetl_type_text(schema->children[c]);
        if (!column->type)
            return -1;
    }
    return 0;
}

/* Late columns have one reader. */
static void late_describe(const struct qetl_run *run, size_t n, struct qetl_run_port *port)
{
    const struct qetl_node_flow *flow = &run->attempt.flows[n];
    const struct qetl_node *reader = NULL;
    for (size_t i = n + 1; flow->n_late && i < run->pipeline->n_nodes; i++)
        for (size_t k = 0; k < run->pipeline->nodes[i].n_inputs; k++)
            if (run->pipeline->nodes[i].inputs[k].component == n)
                reader = &run->pipeline->nodes[i];
    for (int64_t w = flow->n_wants - flow->n_late; w < flow->n_wants; w++)
        port->columns[flow->wants[w].column].behind = reader;
}

static int output_describe(const struct qetl_run *run, size_t n, uint32_t p,
                           struct qetl_run_port *port)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    const struct qetl_node_flow *flow = &run->attempt.flows[n];
    const struct qetl_port_flow *from = &flow->ports[p];
    if (node->n_outputs)
        port->name = node->outputs[p];
    if (columns_make(port, from->schema))
        return -1;
    for (size_t c = 0; c < port->n_columns; c++) {
        port->columns[c].forms = from->columns[c].wanted;
        port->columns[c].lexical = from->columns[c].lexical != NULL;
        if (node->kind != QETL_TRANSFORM)
            continue;
        const struct qetl_out_column *out = &flow->binding.out[p].columns[c];
        for (size_t i = 0; out->derived < 0 && !port->columns[c].from && i < node->n_inputs; i++)
            if (out->from[i] >= 0)
                port->columns[c].from =
                    qetl_flow_input(run->attempt.flows, run->pipeline, &node->inputs[i])
                        ->schema->children[out->from[i]]
                        ->name;
    }
    if (node->kind == QETL_SOURCE)
        late_describe(run, n, port);
    return 0;
}

/* What is taken of the columns that come in: by a transform those that it reads, by a sink all. */
static void forms_taken(const struct qetl_node *node, const struct qetl_node_flow *flow, size_t i,
                        struct qetl_run_port *port)
{
    bool sink = node->kind == QETL_SINK;
    const struct qetl_want *wants = sink ? flow->takes[i].wants : flow->binding.in[i].reads;
    int64_t n = sink ? flow->takes[i].n_wants : flow->binding.in[i].n_reads;
    for (int64_t w = 0; w < n; w++)
        port->columns[wants[w].column].forms |= wants[w].form;
}

static int input_describe(const struct qetl_run *run, size_t n, size_t i,
                          struct qetl_run_port *port)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    const struct qetl_port_flow *from =
        qetl_flow_input(run->attempt.flows, run->pipeline, &node->inputs[i]);
    port->name = node->inputs[i].port;
    port->from = node->inputs[i].component;
    if (columns_make(port, from->schema))
        return -1;
    for (size_t c = 0; c < port->n_columns; c++)
        port->columns[c].lexical = from->columns[c].lexical != NULL;
    forms_taken(node, &run->attempt.flows[n], i, port);
    return 0;
}

static bool is_stateful(const struct qetl_node_flow *flow)
{
    for (uint32_t p = 0; p < flow->binding.n_out; p++)
        if (flow->binding.out[p].rows == QETL_ROWS_STATEFUL)
            return true;
    return false;
}

static int component_describe(const struct qetl_run *run, size_t n,
                              struct qetl_run_component *component)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    const struct qetl_node_flow *flow = &run->attempt.flows[n];
    component->node = node;
    component->format = qetl_run_format(run, n);
    component->bytes = flow->bytes;
    component->pushed = flow->pushed;
    component->readers = flow->n_more + 1;
    component->in_order_for = flow->in_order_for;
    component->limited = node->kind == QETL_SOURCE && !flow->bytes ? flow->limited : -1;
    component->untouched =
        node->kind == QETL_TRANSFORM && !flow->pushed && qetl_binding_is_copy(&flow->binding);
    component->stateful = node->kind == QETL_TRANSFORM && is_stateful(flow);
    component->inputs = calloc(node->n_inputs + 1, sizeof *component->inputs);
    component->outputs = calloc(flow->n_ports + 1, sizeof *component->outputs);
    if (!component->inputs || !component->outputs)
        return -1;
    int failed = 0;
    for (size_t i = 0; !failed && i < node->n_inputs; i++)
        failed = input_describe(run, n, i, &component->inputs[component->n_inputs++]);
    for (uint32_t p = 0; !failed && p < flow->n_ports; p++)
        failed = output_describe(run, n, p, &component->outputs[component->n_outputs++]);
    return failed;
}

/* ---- stages ---- */

static enum qetl_run_part part_of(const struct qetl_op *op)
{
    return op->class == &qetl_op_source      ? QETL_RUN_READS
           : op->class == &qetl_op_decode    ? QETL_RUN_DECODES
           : op->class == &qetl_op_transform ? QETL_RUN_TRANSFORMS
           : op->class == &qetl_op_encode    ? QETL_RUN_ENCODES
                                             : QETL_RUN_WRITES;
}

/* Of components that move batches, decoding and encoding hand on what they are given; readers of
 * one source are told as one stage. */
static bool is_relay(const struct qetl_op *op)
{
    if (op->class == &qetl_op_gather || op->reader)
        return true;
    return !op->flow->bytes && (op->class == &qetl_op_decode || op->class == &qetl_op_encode);
}

static int stage_describe(const struct qetl_run *run, const struct qetl_stage *from,
                          struct qetl_run_stage *stage)
{
    const struct qetl_task *task = &from->tasks[0];
    bool reads = task->root->class == &qetl_op_source;
    stage->replicas = from->n_tasks + (reads ? task->root->flow->n_more : 0);
    stage->steps = calloc(task->n_ops + 1, sizeof *stage->steps);
    if (!stage->steps)
        return -1;
    for (size_t o = 0; o < task->n_ops; o++)
        if (!is_relay(task->ops[o]))
            stage->steps[stage->n_steps++] = (struct qetl_run_step){
                (size_t)(task->ops[o]->node - run->pipeline->nodes), part_of(task->ops[o])};
    return 0;
}

/* ---- paths ---- */

struct listing {
    const struct qetl_run *run;
    struct qetl_run_description *out;
};

static int path_add(void *arg, size_t source, size_t sink)
{
    struct listing *l = arg;
    struct qetl_run_path *paths =
        realloc(l->out->paths, (l->out->n_paths + 1) * sizeof *l->out->paths);
    if (!paths)
        return -1;
    l->out->paths = paths;
    paths[l->out->n_paths++] = qetl_run_guarantee(l->run, source, sink);
    return 0;
}

static int paths_describe(const struct qetl_run *run, struct qetl_run_description *out)
{
    struct listing l = {run, out};
    out->halts = qetl_run_halts_at(run, &out->halts_why);
    return qetl_paths_each(run->pipeline, &l, path_add);
}

int qetl_run_describe(const struct qetl_run *run, struct qetl_run_description *out)
{
    size_t n = run->pipeline->n_nodes;
    *out = (struct qetl_run_description){
        .components = calloc(n + 1, sizeof *out->components),
        .stages = calloc(run->attempt.n_stages + 1, sizeof *out->stages),
        .workers = run->options.driver == QETL_DRIVE_PULL ? 0 : run->options.workers,
        .memory_bytes = run->options.memory_bytes,
        .chunk_bytes = run->chunk_bytes,
    };
    int failed = out->components && out->stages ? paths_describe(run, out) : -1;
    for (size_t i = 0; !failed && i < n; i++)
        failed = component_describe(run, i, &out->components[out->n_components++]);
    for (size_t s = 0; !failed && s < run->attempt.n_stages; s++)
        failed = stage_describe(run, &run->attempt.stages[s], &out->stages[out->n_stages++]);
    if (failed)
        qetl_run_description_free(out);
    return failed;
}

static void ports_free(struct qetl_run_port *ports, size_t n)
{
    for (size_t p = 0; p < n; p++) {
        for (size_t c = 0; c < ports[p].n_columns; c++)
            free(ports[p].columns[c].type);
        free(ports[p].columns);
    }
    free(ports);
}

void qetl_run_description_free(struct qetl_run_description *d)
{
    for (size_t i = 0; i < d->n_components; i++) {
        ports_free(d->components[i].inputs, d->components[i].n_inputs);
        ports_free(d->components[i].outputs, d->components[i].n_outputs);
    }
    for (size_t s = 0; s < d->n_stages; s++)
        free(d->stages[s].steps);
    free(d->components);
    free(d->stages);
    free(d->paths);
    *d = (struct qetl_run_description){0};
}
