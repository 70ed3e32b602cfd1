/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner: fuses neighbouring components into stages and cuts where it must.
 *
 *   source            a stage of one replica: reads and frames; several readers of its splits are
 *                     a stage each, and one more gathers what they bring
 *   decode, then stateless transforms and encoders: one stage of N replicas
 *   a stateful or many-input transform, with what follows it: a stage of one replica
 *   sink              a stage of one replica
 */
#include "op.h"
#include "op_source.h"
#include "readers.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

enum { RING_CAPACITY = 4, RING_CAPACITY_STREAM = 64 };

struct draft_op {
    const struct qetl_op_class *class;
    size_t node, stage;
    struct draft_op *from; /* in the same stage; NULL: entry or root */
    uint32_t from_port, port, take, reader;
    bool partial;
    struct draft_op *next;
};

struct draft_edge {
    struct draft_op *from, *to;
    uint32_t from_port, port;
};

struct draft {
    struct qetl_run *run;
    struct draft_op *ops, **ops_end; /* in topological order */
    struct draft_op **by_node;       /* the op whose output is the node's */
    struct draft_edge *edges;
    size_t n_edges, n_stages;
    bool *single; /* per stage: one replica only */
};

static struct draft_op *draft_op_add(struct draft *draft, const struct qetl_op_class *class,
                                     size_t node, size_t stage, struct draft_op *from,
                                     uint32_t from_port)
{
    struct draft_op *op = calloc(1, sizeof *op);
    if (!op)
        return NULL;
    *op = (struct draft_op){
        .class = class, .node = node, .stage = stage, .from = from, .from_port = from_port};
    *draft->ops_end = op;
    draft->ops_end = &op->next;
    return op;
}

static size_t draft_stage_add(struct draft *draft, bool single)
{
    draft->single[draft->n_stages] = single;
    return draft->n_stages++;
}

static int32_t draft_edge_add(struct draft *draft, struct draft_op *from, uint32_t from_port,
                              struct draft_op *to, uint32_t port)
{
    size_t size = (draft->n_edges + 1) * sizeof *draft->edges;
    struct draft_edge *edges = realloc(draft->edges, size);
    if (!edges)
        return QETL_E_NO_MEMORY;
    draft->edges = edges;
    edges[draft->n_edges++] =
        (struct draft_edge){.from = from, .to = to, .from_port = from_port, .port = port};
    return QETL_OK;
}

static uint32_t input_port(const struct draft *draft, const struct qetl_input *input)
{
    const struct qetl_node *from = &draft->run->pipeline->nodes[input->component];
    for (size_t i = 0; input->port && i < from->n_outputs; i++)
        if (strcmp(from->outputs[i], input->port) == 0)
            return (uint32_t)i;
    return 0;
}

/* Each in a stage of its own; what they bring meets in one. */
static struct draft_op *draft_readers(struct draft *draft, size_t n)
{
    uint32_t n_more = draft->run->attempt.flows[n].n_more;
    struct draft_op *source = NULL;
    for (uint32_t r = 0; r <= n_more; r++) {
        size_t stage = draft_stage_add(draft, true);
        source = draft_op_add(draft, &qetl_op_source, n, stage, NULL, 0);
        if (!source)
            return NULL;
        source->reader = r;
    }
    if (!n_more)
        return source;
    struct draft_op *gather =
        draft_op_add(draft, &qetl_op_gather, n, draft_stage_add(draft, true), NULL, 0);
    int32_t status = gather ? QETL_OK : QETL_E_NO_MEMORY;
    for (struct draft_op *op = draft->ops; !status && op != gather; op = op->next)
        if (op->node == n)
            status = draft_edge_add(draft, op, 0, gather, 0);
    return status ? NULL : gather;
}

static int32_t draft_source(struct draft *draft, size_t n)
{
    struct draft_op *source = draft_readers(draft, n);
    size_t working = draft_stage_add(draft, false);
    struct draft_op *decode = draft_op_add(draft, &qetl_op_decode, n, working, NULL, 0);
    if (!source || !decode)
        return QETL_E_NO_MEMORY;
    draft->by_node[n] = decode;
    return draft_edge_add(draft, source, 0, decode, 0);
}

/* Each replica of the stage before reduces its share; one instance merges what they have. */
static int32_t draft_mergeable(struct draft *draft, size_t n, struct draft_op *from)
{
    const struct qetl_node *node = &draft->run->pipeline->nodes[n];
    struct draft_op *partial = draft_op_add(draft, &qetl_op_transform, n, from->stage, from,
                                            input_port(draft, &node->inputs[0]));
    struct draft_op *whole =
        draft_op_add(draft, &qetl_op_transform, n, draft_stage_add(draft, true), NULL, 0);
    if (!partial || !whole)
        return QETL_E_NO_MEMORY;
    partial->partial = true;
    draft->by_node[n] = whole;
    return draft_edge_add(draft, partial, 0, whole, 0);
}

static int32_t draft_transform(struct draft *draft, size_t n)
{
    const struct qetl_node *node = &draft->run->pipeline->nodes[n];
    struct draft_op *from = draft->by_node[node->inputs[0].component];
    if (qetl_flow_is_stateless(node, &draft->run->attempt.flows[n])) {
        draft->by_node[n] = draft_op_add(draft, &qetl_op_transform, n, from->stage, from,
                                         input_port(draft, &node->inputs[0]));
        return draft->by_node[n] ? QETL_OK : QETL_E_NO_MEMORY;
    }
    if (qetl_flow_is_mergeable(node, &draft->run->attempt.flows[n]))
        return draft_mergeable(draft, n, from);
    size_t stage = draft_stage_add(draft, true);
    struct draft_op *op = draft_op_add(draft, &qetl_op_transform, n, stage, NULL, 0);
    if (!op)
        return QETL_E_NO_MEMORY;
    draft->by_node[n] = op;
    int32_t status = QETL_OK;
    for (size_t i = 0; !status && i < node->n_inputs; i++)
        status = draft_edge_add(draft, draft->by_node[node->inputs[i].component],
                                input_port(draft, &node->inputs[i]), op, (uint32_t)i);
    return status;
}

/* Encoders stand with what feeds them, so that they run in its replicas. */
static int32_t draft_concatenable(struct draft *draft, size_t n, struct draft_op *sink, size_t i)
{
    const struct qetl_input *input = &draft->run->pipeline->nodes[n].inputs[i];
    struct draft_op *from = draft->by_node[input->component];
    struct draft_op *encode =
        draft_op_add(draft, &qetl_op_encode, n, from->stage, from, input_port(draft, input));
    if (!encode)
        return QETL_E_NO_MEMORY;
    encode->take = (uint32_t)i;
    return draft_edge_add(draft, encode, 0, sink, (uint32_t)i);
}

/* What cannot be concatenated is encoded in order, by one instance, in the sink's own stage. */
static int32_t draft_closed(struct draft *draft, size_t n, size_t stage)
{
    const struct qetl_node *node = &draft->run->pipeline->nodes[n];
    struct draft_op *encode = draft_op_add(draft, &qetl_op_encode, n, stage, NULL, 0);
    struct draft_op *sink = encode ? draft_op_add(draft, &qetl_op_sink, n, stage, encode, 0) : NULL;
    if (!sink)
        return QETL_E_NO_MEMORY;
    int32_t status = QETL_OK;
    for (size_t i = 0; !status && i < node->n_inputs; i++)
        status = draft_edge_add(draft, draft->by_node[node->inputs[i].component],
                                input_port(draft, &node->inputs[i]), encode, 0);
    return status;
}

static int32_t draft_sink(struct draft *draft, size_t n)
{
    const struct qetl_node *node = &draft->run->pipeline->nodes[n];
    const struct qetl_node_flow *flow = &draft->run->attempt.flows[n];
    size_t stage = draft_stage_add(draft, true);
    if (flow->bytes && flow->one_encoder)
        return draft_closed(draft, n, stage);
    struct draft_op *sink = draft_op_add(draft, &qetl_op_sink, n, stage, NULL, 0);
    int32_t status = sink ? QETL_OK : QETL_E_NO_MEMORY;
    for (size_t i = 0; !status && i < node->n_inputs; i++) {
        if (flow->bytes)
            status = draft_concatenable(draft, n, sink, i);
        else
            status = draft_edge_add(draft, draft->by_node[node->inputs[i].component],
                                    input_port(draft, &node->inputs[i]), sink, (uint32_t)i);
    }
    return status;
}

static int32_t draft_all(struct draft *draft)
{
    int32_t status = QETL_OK;
    for (size_t n = 0; !status && n < draft->run->pipeline->n_nodes; n++) {
        uint32_t kind = draft->run->pipeline->nodes[n].kind;
        status = kind == QETL_SOURCE      ? draft_source(draft, n)
                 : kind == QETL_TRANSFORM ? draft_transform(draft, n)
                                          : draft_sink(draft, n);
    }
    return status;
}

/* ---- from the draft to tasks ---- */

static struct qetl_ctx *second_instance(struct qetl_run *run, const struct draft_op *draft)
{
    const struct qetl_node *node = &run->pipeline->nodes[draft->node];
    const struct qetl_node_flow *flow = &run->attempt.flows[draft->node];
    if (draft->class == &qetl_op_decode || draft->class == &qetl_op_encode)
        return flow->format ? qetl_run_instance(run, node, flow->format_use, flow->format) : NULL;
    return qetl_run_instance(run, node, &node->use, flow->component);
}

static int32_t ready_transform(struct qetl_run *run, const struct draft_op *draft,
                               struct qetl_ctx *instance)
{
    const struct qetl_node *node = &run->pipeline->nodes[draft->node];
    const struct qetl_node_flow *flow = &run->attempt.flows[draft->node];
    const struct ArrowSchema **inputs = calloc(node->n_inputs + 1, sizeof *inputs);
    struct qetl_binding again;
    if (!inputs)
        return QETL_E_NO_MEMORY;
    for (size_t i = 0; i < node->n_inputs; i++)
        inputs[i] = qetl_flow_input(run->attempt.flows, run->pipeline, &node->inputs[i])->schema;
    int32_t status = qetl_bind(instance, (uint32_t)node->n_inputs, inputs, flow->n_ports, &again);
    if (!status)
        qetl_binding_free(&again);
    free(inputs);
    return status;
}

/* Readies the instance of one operator in one replica. The first replica of a transform, a source
 * or a sink has one since set-up. */
static int32_t op_equip(struct qetl_run *run, const struct draft_op *draft, struct qetl_op *op)
{
    const struct qetl_node_flow *flow = op->flow;
    bool codec = draft->class == &qetl_op_decode || draft->class == &qetl_op_encode;
    if ((codec && !flow->format) || draft->class == &qetl_op_gather)
        return QETL_OK; /* a relay */
    if (draft->class == &qetl_op_encode && flow->closed_format)
        op->instance = flow->codec; /* header, rows and footer are one instance's */
    else if (op->reader)
        op->instance = flow->more[op->reader - 1].instance;
    else if (!codec && op->replica == 0 && !draft->partial)
        op->instance = flow->instance;
    else
        op->instance = second_instance(run, draft);
    if (!op->instance)
        return QETL_E_NO_MEMORY;
    int32_t status = QETL_OK;
    const char *call = "open_decode";
    if (draft->class == &qetl_op_decode) {
        status = flow->format->format->open_decode(
            op->instance->self, &flow->schema,
            (struct qetl_blob){flow->prologue, flow->prologue_size}, flow->n_wants, flow->wants);
    } else if (draft->class == &qetl_op_encode && !flow->closed_format) {
        call = "open_encode";
        status = flow->format->format->open_encode(op->instance->self,
                                                   &flow->takes[draft->take].delivered);
    } else if (draft->class == &qetl_op_transform && op->instance != flow->instance) {
        call = "bind";
        status = ready_transform(run, draft, op->instance);
    }
    return status ? qetl_run_fail(run, op->node, op->instance, call, status) : QETL_OK;
}

static int32_t op_outputs(struct qetl_op *op, const struct draft_op *draft)
{
    bool many = draft->class == &qetl_op_transform;
    op->n_out = draft->class == &qetl_op_sink ? 0 : many ? op->flow->n_ports : 1;
    op->out = calloc(op->n_out + 1, sizeof *op->out);
    return op->out ? QETL_OK : QETL_E_NO_MEMORY;
}

static int32_t target_add(struct qetl_op *op, uint32_t port, struct qetl_target target)
{
    struct qetl_out_port *out = &op->out[port];
    struct qetl_target *targets =
        realloc(out->targets, (out->n_targets + 1) * sizeof *out->targets);
    if (!targets)
        return QETL_E_NO_MEMORY;
    out->targets = targets;
    targets[out->n_targets++] = target;
    return QETL_OK;
}

static struct qetl_op *op_of(const struct draft *draft, const struct draft_op *wanted,
                             const struct qetl_task *task)
{
    size_t i = 0;
    for (const struct draft_op *op = draft->ops; op; op = op->next) {
        if (op == wanted)
            return task->ops[i];
        i += op->stage == wanted->stage;
    }
    return NULL;
}

static int32_t op_make(const struct draft *draft, const struct draft_op *from,
                       struct qetl_task *task)
{
    struct qetl_run *run = draft->run;
    struct qetl_op *op = calloc(1, sizeof *op);
    if (!op)
        return QETL_E_NO_MEMORY;
    task->ops[task->n_ops++] = op;
    op->class = from->class;
    op->run = run;
    op->node = &run->pipeline->nodes[from->node];
    op->flow = &run->attempt.flows[from->node];
    op->replica = task->replica;
    op->epoch = atomic_load(&run->attempt.epoch);
    op->take = from->take;
    op->reader = from->reader;
    op->partial = from->partial;
    int32_t status = op_outputs(op, from);
    if (!status)
        status = op_equip(run, from, op);
    if (!status && from->class == &qetl_op_source) {
        struct qetl_node_flow *flow = &run->attempt.flows[from->node];
        struct qetl_source_state **state =
            from->reader ? &flow->more[from->reader - 1].state : &flow->reader;
        op->state = *state;
        *state = NULL;
        ((struct qetl_source_state *)op->state)->epoch = op->epoch;
        op->pending = true;
    }
    if (!status && from->from) {
        struct qetl_target target = {.op = op,
                                     .port = from->class == &qetl_op_sink ? from->take : 0};
        struct qetl_op *before = op_of(draft, from->from, task);
        if (before->class == &qetl_op_decode && before->flow->n_late)
            op->decoder = before;
        status = target_add(before, from->from_port, target);
    }
    return status;
}

static int32_t task_make(const struct draft *draft, size_t stage, struct qetl_task *task,
                         uint32_t replica)
{
    size_t n = 0, n_in = 0;
    for (const struct draft_op *op = draft->ops; op; op = op->next)
        n += op->stage == stage;
    for (size_t e = 0; e < draft->n_edges; e++)
        n_in += draft->edges[e].to->stage == stage;
    task->stage = &draft->run->attempt.stages[stage];
    task->replica = replica;
    task->ops = calloc(n + 1, sizeof *task->ops);
    task->inputs = calloc(n_in + 1, sizeof *task->inputs);
    if (!task->ops || !task->inputs)
        return QETL_E_NO_MEMORY;
    atomic_init(&task->idle_until_ns, INT64_MAX);
    atomic_flag_clear(&task->claimed);
    int32_t status = QETL_OK;
    for (const struct draft_op *op = draft->ops; !status && op; op = op->next)
        if (op->stage == stage)
            status = op_make(draft, op, task);
    if (!status)
        task->root = task->ops[0];
    return status;
}

static int32_t stage_make(const struct draft *draft, size_t s, uint32_t replicas)
{
    struct qetl_stage *stage = &draft->run->attempt.stages[s];
    stage->run = draft->run;
    stage->tasks = calloc(replicas, sizeof *stage->tasks);
    stage->outputs = calloc(draft->n_edges + 1, sizeof *stage->outputs);
    if (!stage->tasks || !stage->outputs)
        return QETL_E_NO_MEMORY;
    int32_t status = QETL_OK;
    for (uint32_t r = 0; !status && r < replicas; r++) {
        stage->n_tasks++;
        status = task_make(draft, s, &stage->tasks[r], r);
    }
    return status;
}

static enum qetl_edge_part part_of(const struct draft_op *op)
{
    return op->class == &qetl_op_source      ? QETL_PART_READ
           : op->class == &qetl_op_gather    ? QETL_PART_GATHER
           : op->class == &qetl_op_decode    ? QETL_PART_DECODE
           : op->class == &qetl_op_transform ? QETL_PART_PROCESS
           : op->class == &qetl_op_encode    ? QETL_PART_ENCODE
                                             : QETL_PART_WRITE;
}

static int32_t edge_make(const struct draft *draft, const struct draft_edge *from)
{
    struct qetl_run *run = draft->run;
    struct qetl_stage *producer = &run->attempt.stages[from->from->stage];
    struct qetl_stage *consumer = &run->attempt.stages[from->to->stage];
    uint32_t capacity =
        run->pipeline->mode == QETL_MODE_STREAM ? RING_CAPACITY_STREAM : RING_CAPACITY;
    struct qetl_edge *edge =
        qetl_edge_new(producer->n_tasks, consumer->n_tasks, capacity, &run->parker);
    if (!edge)
        return QETL_E_NO_MEMORY;
    run->attempt.edge_ends[run->attempt.n_edges] = (struct qetl_edge_ends){
        .from = from->from->node,
        .to = from->to->node,
        .from_part = part_of(from->from),
        .to_part = part_of(from->to),
    };
    run->attempt.edges[run->attempt.n_edges++] = edge;
    producer->outputs[producer->n_outputs++] = edge;
    int32_t status = QETL_OK;
    for (uint32_t r = 0; !status && r < producer->n_tasks; r++)
        status = target_add(op_of(draft, from->from, &producer->tasks[r]), from->from_port,
                            (struct qetl_target){.edge = edge});
    for (uint32_t r = 0; r < consumer->n_tasks; r++) {
        struct qetl_task *task = &consumer->tasks[r];
        task->inputs[task->n_inputs++] = (struct qetl_task_input){
            .edge = edge, .op = op_of(draft, from->to, task), .port = from->port};
    }
    return status;
}

static int32_t build(struct draft *draft)
{
    struct qetl_run *run = draft->run;
    run->attempt.stages = calloc(draft->n_stages + 1, sizeof *run->attempt.stages);
    run->attempt.edges = calloc(draft->n_edges + 1, sizeof *run->attempt.edges);
    run->attempt.edge_ends = calloc(draft->n_edges + 1, sizeof *run->attempt.edge_ends);
    if (!run->attempt.stages || !run->attempt.edges || !run->attempt.edge_ends)
        return QETL_E_NO_MEMORY;
    int32_t status = QETL_OK;
    for (size_t s = 0; !status && s < draft->n_stages; s++) {
        run->attempt.n_stages++;
        uint32_t replicas = draft->single[s] ? 1 : (uint32_t)run->options.workers;
        status = stage_make(draft, s, replicas);
        atomic_fetch_add(&run->attempt.tasks_open, (int)run->attempt.stages[s].n_tasks);
    }
    for (size_t e = 0; !status && e < draft->n_edges; e++)
        status = edge_make(draft, &draft->edges[e]);
    return status ? status : qetl_bells_hang(run);
}

static int32_t lookouts_make(struct qetl_run *run)
{
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        if (!run->lookouts[n])
            run->lookouts[n] = qetl_lookouts_new(qetl_node_outlets(&run->pipeline->nodes[n]),
                                                 run->options.observer != NULL);
        if (!run->lookouts[n])
            return QETL_E_NO_MEMORY;
        run->attempt.flows[n].lookouts = run->lookouts[n];
    }
    return QETL_OK;
}

int32_t qetl_run_plan(struct qetl_run *run)
{
    struct draft draft = {.run = run};
    size_t n = run->pipeline->n_nodes;
    draft.ops_end = &draft.ops;
    draft.by_node = calloc(n + 1, sizeof *draft.by_node);
    size_t most = n * 3 + 1; /* a node has two stages, or three and one for each further reader */
    for (size_t i = 0; i < n; i++)
        most += run->attempt.flows[i].n_more;
    draft.single = calloc(most, sizeof *draft.single);
    int32_t status = lookouts_make(run);
    if (!status)
        status = draft.by_node && draft.single ? draft_all(&draft) : QETL_E_NO_MEMORY;
    if (!status)
        status = build(&draft);
    while (draft.ops) {
        struct draft_op *next = draft.ops->next;
        free(draft.ops);
        draft.ops = next;
    }
    free(draft.edges);
    free(draft.by_node);
    free(draft.single);
    if (status == QETL_E_NO_MEMORY && !qetl_run_stopping(run))
        qetl_run_fault(run, &run->pipeline->nodes[0], "out_of_memory", "no memory for the plan");
    return status;
}
