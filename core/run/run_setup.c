/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up: every plugin is made and asked what it is, from the sources to the sinks. */
#include "checkpoint.h"
#include "host/call.h"
#include "host/host.h"
#include "known.h"
#include "names.h"
#include "observe.h"
#include "op.h"
#include "op_source.h"
#include "plugin/loader.h"
#include "replaying.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLE_BYTES = 1024 * 1024 };

static int32_t no_memory(struct qetl_run *run, const struct qetl_node *node)
{
    return qetl_run_fault(run, node, "out_of_memory", "no memory to set the component up");
}

static int32_t load(struct qetl_run *run, const struct qetl_plugin_use *use,
                    const struct qetl_component **out)
{
    if (!use->plugin)
        return QETL_OK;
    if (!qetl_load_component(use->plugin, &qetl_host_table, NULL, out, run->findings))
        return QETL_OK;
    qetl_run_end(run, QETL_EXIT_ENVIRONMENT);
    return QETL_E_ENVIRONMENT;
}

static int32_t ports_make(struct qetl_run *run, const struct qetl_node *node,
                          struct qetl_node_flow *flow, uint32_t n)
{
    flow->ports = calloc(n, sizeof *flow->ports);
    if (!flow->ports)
        return no_memory(run, node);
    flow->n_ports = n;
    return QETL_OK;
}

static int32_t port_fill(struct qetl_run *run, const struct qetl_node *node,
                         struct qetl_port_flow *port, const struct ArrowSchema *schema)
{
    port->schema = schema;
    port->n_columns = schema->n_children;
    port->columns = calloc((size_t)port->n_columns + 1, sizeof *port->columns);
    return port->columns ? qetl_names_check(run, node, schema) : no_memory(run, node);
}

/* ---- sources ---- */

static int32_t take_inferred(struct qetl_run *run, const struct qetl_node *node,
                             struct qetl_node_flow *flow, struct qetl_inferred *inferred)
{
    flow->schema = inferred->schema;
    inferred->schema.release = NULL;
    flow->prologue_size = inferred->prologue.size;
    flow->prologue = malloc(inferred->prologue.size + 1);
    if (!flow->prologue)
        return no_memory(run, node);
    if (inferred->prologue.size)
        memcpy(flow->prologue, inferred->prologue.data, inferred->prologue.size);
    if (inferred->summary && run->env.log)
        run->env.log(run->env.arg, node->id, QETL_LOG_INFO, inferred->summary);
    if (inferred->summary && asprintf(&flow->inferred, "%s%s%s", flow->why ? flow->why : "",
                                      flow->why ? ": " : "", inferred->summary) < 0) {
        flow->inferred = NULL;
        return no_memory(run, node);
    }
    return QETL_OK;
}

static const struct qetl_glimpses *glimpses_of(const struct qetl_op *op)
{
    const struct qetl_component *component = op->instance->component;
    return component->get_extension
               ? component->get_extension(op->instance->self, QETL_EXT_GLIMPSES)
               : NULL;
}

static int64_t glimpse(void *stream, int64_t offset, void *data, int64_t capacity)
{
    const struct qetl_op *op = stream;
    return glimpses_of(op)->read(op->instance->self, offset, data, capacity);
}

static void glimpses_offer(struct qetl_op *op, struct qetl_sample *sample)
{
    const struct qetl_glimpses *glimpses = sample->whole ? NULL : glimpses_of(op);
    int64_t size = glimpses ? glimpses->size(op->instance->self) : -1;
    if (size < sample->size)
        return;
    sample->glimpse = glimpse;
    sample->stream = op;
    sample->object_size = size;
}

static int32_t infer(struct qetl_op *op, struct qetl_node_flow *flow)
{
    struct qetl_run *run = op->run;
    const struct qetl_source_state *state = op->state;
    struct qetl_sample sample = {
        .struct_size = sizeof sample,
        .whole = state->object_ended || state->exhausted,
        .data = state->buffer + state->start,
        .size = state->end - state->start,
        .object = state->object ? state->object->name : "",
    };
    struct qetl_inferred inferred = {.struct_size = sizeof inferred};
    glimpses_offer(op, &sample);
    flow->sample_bytes = sample.size;
    const struct qetl_replaying *replaying = run->options.replaying;
    int32_t status = QETL_OK;
    if (!replaying || !replaying->infer(replaying->arg, op->node, &sample, &inferred))
        status = flow->format->format->infer(flow->codec->self, &sample, &inferred);
    if (status < 0)
        return qetl_run_fail(run, op->node, flow->codec, "infer", status);
    if (status == QETL_INSTEAD) {
        int32_t other = qetl_run_format_instead(run, op->node, flow, &inferred);
        qetl_schema_release(&inferred.schema);
        return other ? other : QETL_INSTEAD;
    }
    if (status != QETL_NEED_INPUT)
        return take_inferred(run, op->node, flow, &inferred);
    qetl_schema_release(&inferred.schema);
    bool enough = !flow->whole && sample.size > SAMPLE_BYTES + run->max_record;
    return sample.whole || enough
               ? qetl_run_fault(run, op->node, "no_schema",
                                "the format asks for a larger sample than there is")
               : QETL_NEED_INPUT;
}

static int32_t format_describe(struct qetl_run *run, const struct qetl_node *node,
                               struct qetl_node_flow *flow, struct qetl_format_info *out)
{
    int32_t status = flow->format->format->describe(flow->codec->self, out);
    return status < 0 ? qetl_run_fail(run, node, flow->codec, "describe", status) : QETL_OK;
}

static int32_t codec_make(struct qetl_run *run, const struct qetl_node *node,
                          struct qetl_node_flow *flow)
{
    struct qetl_format_info info = {.struct_size = sizeof info};
    flow->codec = qetl_run_instance(run, node, flow->format_use, flow->format);
    int32_t status = flow->codec ? format_describe(run, node, flow, &info) : QETL_E_FATAL;
    flow->grows = info.decode & QETL_DECODE_GROWS;
    flow->whole = info.decode & QETL_DECODE_WHOLE;
    flow->ends = info.decode & QETL_DECODE_ENDS;
    flow->values_only = info.decode & QETL_DECODE_VALUES;
    return status;
}

/* Of a sample that is as large as the format wants it. */
static int32_t infer_all(struct qetl_op *op, struct qetl_node_flow *flow)
{
    int32_t status = codec_make(op->run, op->node, flow);
    status = status ? status : QETL_NEED_INPUT;
    while (status == QETL_NEED_INPUT) {
        status = qetl_frame_sample(op, SAMPLE_BYTES, flow->sample_bytes);
        if (!status)
            status = infer(op, flow);
    }
    return status;
}

/* A run that goes on takes its source for what it was. */
static int32_t recall(struct qetl_op *op, struct qetl_node_flow *flow)
{
    struct qetl_run *run = op->run;
    const struct qetl_remembered *was = &run->attempt.remembered[op->node - run->pipeline->nodes];
    int32_t status = QETL_OK;
    if (was->instead) {
        const struct qetl_inferred answer = {.instead = was->instead, .summary = was->why};
        status = qetl_run_format_instead(run, op->node, flow, &answer);
        status = status ? status : load(run, flow->format_use, &flow->format);
    }
    status = status ? status : codec_make(run, op->node, flow);
    return status ? status : qetl_source_recall(run, op->node, flow);
}

static int32_t setup_bytes(struct qetl_op *op, struct qetl_node_flow *flow)
{
    struct qetl_run *run = op->run;
    if (!flow->format)
        return qetl_run_fault(run, op->node, "missing_format",
                              "the source gives bytes, but no format says how to read them");
    if (run->attempt.resumes)
        return recall(op, flow);
    int32_t status = infer_all(op, flow);
    if (status == QETL_INSTEAD) {
        status = load(run, flow->format_use, &flow->format);
        flow->sample_bytes = 0; /* what there is may be enough */
        status = status ? status : infer_all(op, flow);
    }
    return !status && flow->grows ? qetl_source_survey(op, flow) : status;
}

static int32_t setup_source(struct qetl_run *run, const struct qetl_node *node,
                            struct qetl_node_flow *flow)
{
    struct qetl_ctx *ctx = flow->instance;
    flow->source = (struct qetl_source_info){
        .struct_size = sizeof flow->source, .bytes_expected = -1, .rows_expected = -1};
    struct qetl_retry retry = {0};
    int32_t status;
    do {
        qetl_call_enter(ctx, "describe");
        status = flow->component->source->describe(ctx->self, &flow->source);
        qetl_call_leave();
    } while (qetl_run_again(run, ctx, &retry, "describe", status));
    if (status < 0)
        return qetl_run_fail(run, node, ctx, "describe", status);
    if (qetl_known_source(run, node, &flow->source))
        return QETL_E_FATAL;
    flow->bytes = flow->source.emits == QETL_EMITS_BYTES;
    flow->reader = qetl_source_state_new();
    if (!flow->reader)
        return no_memory(run, node);
    struct qetl_op op = {.class = &qetl_op_source,
                         .run = run,
                         .node = node,
                         .flow = flow,
                         .instance = ctx,
                         .state = flow->reader};
    if (flow->bytes) {
        status = qetl_added_ask(run, node, flow);
        status = status ? status : qetl_source_begin(&op, flow);
        status = status ? status : setup_bytes(&op, flow);
        status = status ? status : qetl_added_join(run, node, flow);
    } else {
        flow->schema = flow->source.schema;
        flow->source.schema.release = NULL;
    }
    if (!status)
        status = ports_make(run, node, flow, 1);
    if (!status)
        status = port_fill(run, node, &flow->ports[0], flow->added ? &flow->joined : &flow->schema);
    bool spelled = flow->bytes && !flow->values_only;
    for (int64_t c = 0; !status && spelled && c < flow->schema.n_children; c++)
        flow->ports[0].columns[c].lexical = flow->format->id;
    return status;
}

/* ---- transforms ---- */

/* A column keeps its spelling if, from whichever input, it is the same decoder's untouched column.
 */
static const char *lexical_of(struct qetl_run *run, const struct qetl_node *node,
                              const struct qetl_binding *binding,
                              const struct qetl_out_column *column)
{
    const char *lexical = NULL;
    for (uint32_t i = 0; column->derived < 0 && i < binding->n_in; i++) {
        const struct qetl_port_flow *in =
            qetl_flow_input(run->attempt.flows, run->pipeline, &node->inputs[i]);
        if (column->from[i] < 0)
            continue;
        const char *from = in->columns[column->from[i]].lexical;
        if (!from || (lexical && strcmp(lexical, from) != 0))
            return NULL;
        lexical = from;
    }
    return lexical;
}

/* Only what a decoder spelled, and nobody changed since, can be read as text. */
static int32_t check_reads(struct qetl_run *run, const struct qetl_node *node,
                           const struct qetl_binding *binding)
{
    for (uint32_t i = 0; i < binding->n_in; i++) {
        const struct qetl_port_flow *in =
            qetl_flow_input(run->attempt.flows, run->pipeline, &node->inputs[i]);
        for (int64_t r = 0; r < binding->in[i].n_reads; r++)
            if (binding->in[i].reads[r].form != QETL_FORM_VALUE &&
                !in->columns[binding->in[i].reads[r].column].lexical)
                return qetl_run_fault(run, node, "unsupported",
                                      "it reads a column as text that has a value only");
    }
    return QETL_OK;
}

static int32_t setup_transform(struct qetl_run *run, const struct qetl_node *node,
                               struct qetl_node_flow *flow)
{
    const struct ArrowSchema **inputs = calloc(node->n_inputs + 1, sizeof *inputs);
    uint32_t n_out = node->n_outputs ? (uint32_t)node->n_outputs : 1;
    int32_t status = inputs ? ports_make(run, node, flow, n_out) : no_memory(run, node);
    for (size_t i = 0; !status && i < node->n_inputs; i++)
        inputs[i] = qetl_flow_input(run->attempt.flows, run->pipeline, &node->inputs[i])->schema;
    if (!status) {
        status = qetl_bind(flow->instance, (uint32_t)node->n_inputs, inputs, n_out, &flow->binding);
        if (status < 0)
            qetl_run_fail(run, node, flow->instance, "bind", status);
    }
    if (!status)
        status = check_reads(run, node, &flow->binding);
    for (uint32_t p = 0; !status && p < n_out; p++) {
        const struct qetl_out_binding *out = &flow->binding.out[p];
        status = port_fill(run, node, &flow->ports[p], &out->schema);
        for (int64_t c = 0; !status && c < out->n_columns; c++)
            flow->ports[p].columns[c].lexical =
                lexical_of(run, node, &flow->binding, &out->columns[c]);
    }
    free(inputs);
    return !status && node->own ? qetl_run_increment(run, node, flow) : status;
}

/* ---- sinks ---- */

/* What the sink or its encoder accepts of each column of an input. */
static int32_t accepted_forms(struct qetl_run *run, const struct qetl_node *node,
                              struct qetl_node_flow *flow, const struct ArrowSchema *schema,
                              struct qetl_take_flow *take)
{
    uint32_t *forms = calloc((size_t)schema->n_children + 1, sizeof *forms);
    take->wants = calloc((size_t)schema->n_children + 1, sizeof *take->wants);
    if (!forms || !take->wants) {
        free(forms);
        return no_memory(run, node);
    }
    for (int64_t c = 0; c < schema->n_children; c++)
        forms[c] = QETL_FORM_VALUE;
    int32_t status = QETL_OK;
    struct qetl_ctx *asked = flow->bytes ? flow->codec : flow->instance;
    if (flow->bytes)
        status = flow->format->format->forms(flow->codec->self, schema, forms);
    else if (flow->component->sink->forms)
        status = flow->component->sink->forms(flow->instance->self, schema, forms);
    take->n_wants = schema->n_children;
    for (int64_t c = 0; c < schema->n_children; c++)
        take->wants[c] = (struct qetl_want){.column = c, .form = forms[c]};
    free(forms);
    if (status < 0)
        return qetl_run_fail(run, node, asked, "forms", status);
    return flow->parts ? qetl_flow_take_parts(run, node, flow, schema, take) : QETL_OK;
}

static int32_t setup_encoder(struct qetl_run *run, const struct qetl_node *node,
                             struct qetl_node_flow *flow)
{
    if (!flow->format)
        return qetl_run_fault(run, node, "missing_format",
                              "the sink takes bytes, but no format says how to write them");
    flow->codec = qetl_run_instance(run, node, flow->format_use, flow->format);
    if (!flow->codec)
        return QETL_E_FATAL;
    struct qetl_format_info info = {.struct_size = sizeof info, .encode = QETL_ENCODE_CONCATENABLE};
    int32_t status = format_describe(run, node, flow, &info);
    flow->closed_format = info.encode & QETL_ENCODE_CLOSED;
    flow->one_encoder = flow->closed_format || (flow->parts && flow->parts->room);
    return !status && flow->parts && flow->closed_format
               ? qetl_flow_whole_parts(run, node, flow, info.encode)
               : status;
}

int32_t qetl_sink_describe(struct qetl_run *run, const struct qetl_node *node,
                           struct qetl_node_flow *flow)
{
    struct qetl_sink_info info = {.struct_size = sizeof info};
    struct qetl_retry retry = {0};
    int32_t status;
    do {
        qetl_call_enter(flow->instance, "describe");
        status = flow->component->sink->describe(flow->instance->self, &info);
        qetl_call_leave();
    } while (qetl_run_again(run, flow->instance, &retry, "describe", status));
    if (status < 0)
        return qetl_run_fail(run, node, flow->instance, "describe", status);
    if (qetl_known_sink(run, node, &info))
        return QETL_E_FATAL;
    flow->bytes = info.takes == QETL_TAKES_BYTES;
    flow->commit = info.commit;
    flow->sink_delivery = info.delivery;
    return QETL_OK;
}

static int32_t setup_sink(struct qetl_run *run, const struct qetl_node *node,
                          struct qetl_node_flow *flow)
{
    int32_t status = qetl_sink_describe(run, node, flow);
    if (!status && !run->resolving)
        status = qetl_sink_recover(run, node, flow);
    if (status)
        return status;
    flow->takes = calloc(node->n_inputs, sizeof *flow->takes);
    if (!flow->takes)
        return no_memory(run, node);
    if (flow->bytes && flow->component->get_extension)
        flow->parts = flow->component->get_extension(flow->instance->self, QETL_EXT_SINK_PARTS);
    if (flow->bytes)
        status = setup_encoder(run, node, flow);
    for (size_t i = 0; !status && i < node->n_inputs; i++) {
        const struct qetl_port_flow *in =
            qetl_flow_input(run->attempt.flows, run->pipeline, &node->inputs[i]);
        flow->n_takes++;
        status = accepted_forms(run, node, flow, in->schema, &flow->takes[i]);
    }
    return status;
}

/* Inputs of one byte sink are rows of one table. */
static int32_t check_same_columns(struct qetl_run *run, const struct qetl_node *node,
                                  const struct qetl_node_flow *flow)
{
    const struct ArrowSchema *first = &flow->takes[0].delivered;
    for (uint32_t i = 1; i < flow->n_takes; i++) {
        const struct ArrowSchema *other = &flow->takes[i].delivered;
        bool same = first->n_children == other->n_children;
        for (int64_t c = 0; same && c < first->n_children; c++)
            same = strcmp(first->children[c]->name, other->children[c]->name) == 0 &&
                   (!flow->one_encoder ||
                    strcmp(first->children[c]->format, other->children[c]->format) == 0);
        if (!same)
            return qetl_run_fault(run, node, "columns_differ",
                                  "its inputs differ in their columns: give each a sink of its "
                                  "own, or make them equal with a select");
    }
    return QETL_OK;
}

/* Once forms are decided: what is delivered is told to encoder and sink. */
static int32_t open_sink(struct qetl_run *run, const struct qetl_node *node,
                         struct qetl_node_flow *flow)
{
    int32_t status = QETL_OK;
    if (flow->bytes) {
        status = check_same_columns(run, node, flow);
        if (status)
            return status;
        status = flow->format->format->open_encode(flow->codec->self, &flow->takes[0].delivered);
        if (status < 0)
            return qetl_run_fail(run, node, flow->codec, "open_encode", status);
        if (flow->closed_format)
            status = qetl_ctx_restore(run, node, flow->codec, QETL_PART_ENCODER);
    }
    if (!status)
        status = qetl_ctx_restore(run, node, flow->instance, QETL_PART_WHOLE);
    uint32_t streams = run->resolving ? 0 : flow->bytes ? 1 : flow->n_takes;
    for (uint32_t i = 0; !status && i < streams; i++) {
        struct qetl_retry retry = {0};
        do {
            qetl_call_enter(flow->instance, "open");
            status =
                flow->component->sink->open(flow->instance->self, i, &flow->takes[i].delivered);
            qetl_call_leave();
        } while (qetl_run_again(run, flow->instance, &retry, "open", status));
        if (status < 0)
            qetl_run_fail(run, node, flow->instance, "open", status);
    }
    bool framed = flow->parts && !flow->wholes_most;
    return !status && framed && streams ? qetl_flow_frame_parts(run, node, flow) : status;
}

static int32_t open_batches(struct qetl_run *run, const struct qetl_node *node,
                            struct qetl_node_flow *flow)
{
    struct qetl_op op = {.class = &qetl_op_source,
                         .run = run,
                         .node = node,
                         .flow = flow,
                         .instance = flow->instance,
                         .state = flow->reader};
    return qetl_source_begin(&op, flow);
}

/* The framer is told what decoders are told: header and dialect. */
static int32_t open_source(struct qetl_run *run, const struct qetl_node *node,
                           struct qetl_node_flow *flow)
{
    if (!flow->bytes)
        return open_batches(run, node, flow);
    int32_t status = flow->format->format->open_decode(
        flow->codec->self, &flow->schema, (struct qetl_blob){flow->prologue, flow->prologue_size},
        flow->n_wants, flow->wants);
    return status < 0 ? qetl_run_fail(run, node, flow->codec, "open_decode", status) : QETL_OK;
}

int32_t qetl_node_load(struct qetl_run *run, size_t n)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    struct qetl_node_flow *flow = &run->attempt.flows[n];
    const struct qetl_observer *observer = run->options.observer;
    if (flow->component)
        return QETL_OK;
    flow->format_use = &node->format;
    flow->component = node->own;
    if (!flow->component && observer && observer->stand_in)
        flow->component = observer->stand_in(observer->arg, node);
    const struct qetl_replaying *replaying = run->options.replaying;
    if (replaying && node->kind == QETL_SOURCE) {
        flow->component = replaying->source(replaying->arg, node);
        flow->format = replaying->format(replaying->arg, node);
    }
    int32_t status = flow->component ? QETL_OK : load(run, &node->use, &flow->component);
    return status || flow->format ? status : load(run, flow->format_use, &flow->format);
}

int32_t qetl_node_make(struct qetl_run *run, size_t n)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    struct qetl_node_flow *flow = &run->attempt.flows[n];
    if (flow->instance)
        return QETL_OK;
    int32_t status = qetl_node_load(run, n);
    if (!status && !(flow->instance = qetl_run_instance(run, node, &node->use, flow->component)))
        status = QETL_E_FATAL;
    return status;
}

static int32_t setup_node(struct qetl_run *run, size_t n)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    struct qetl_node_flow *flow = &run->attempt.flows[n];
    int32_t status = qetl_node_make(run, n);
    if (status)
        return status;
    switch (node->kind) {
    case QETL_SOURCE:
        return setup_source(run, node, flow);
    case QETL_TRANSFORM:
        return setup_transform(run, node, flow);
    default:
        return setup_sink(run, node, flow);
    }
}

/* What a component behind a mistake would say follows from that mistake; and a source may wait for
 * its input, while somebody waits to hear of the mistake. */
static bool is_beyond(const struct qetl_run *run, size_t n)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    bool beyond = node->kind == QETL_SOURCE && run->attempt.n_gathered;
    for (size_t i = 0; i < node->n_inputs; i++)
        beyond |= run->attempt.flows[node->inputs[i].component].beyond;
    return beyond;
}

/* All of them, though one is wrong: each mistake is told in one go. */
static int32_t setup_nodes(struct qetl_run *run)
{
    int32_t status = QETL_OK;
    run->attempt.gathering = true;
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        size_t before = run->attempt.n_gathered;
        run->attempt.flows[n].beyond = is_beyond(run, n);
        if (run->attempt.flows[n].beyond)
            continue;
        int32_t one = qetl_run_stopping(run) ? QETL_E_CANCELLED : setup_node(run, n);
        run->attempt.flows[n].beyond = one != QETL_OK;
        status = status ? status : one;
        if (one && run->attempt.n_gathered == before)
            break;
    }
    run->attempt.gathering = false;
    if (run->attempt.n_gathered)
        qetl_run_end(run, QETL_EXIT_CONFIG);
    return status;
}

int32_t qetl_run_setup(struct qetl_run *run)
{
    size_t n_nodes = run->pipeline->n_nodes;
    int32_t status = run->resolving ? QETL_OK : qetl_run_ask_sinks(run);
    if (run->attempt.completes)
        return status ? status : qetl_run_complete(run);
    if (!status)
        status = setup_nodes(run);
    if (!status)
        status = qetl_run_check_objects(run);
    if (!status)
        status = qetl_run_settle_checkpoints(run);
    if (!status)
        status = qetl_run_check_delivery(run);
    if (status)
        return status;
    if (run->options.observer)
        qetl_flow_want_all(run->pipeline, run->attempt.flows);
    status = qetl_flow_decide_forms(run->pipeline, run->attempt.flows);
    if (status == QETL_E_NO_MEMORY)
        return no_memory(run, &run->pipeline->nodes[0]);
    if (status)
        return qetl_run_fault(run, &run->pipeline->nodes[0], "unsupported",
                              "a sink accepts no form in which a column can be had");
    if (!run->options.observer)
        qetl_flow_decide_late(run->pipeline, run->attempt.flows);
    for (size_t n = 0; !status && n < n_nodes; n++) {
        const struct qetl_node *node = &run->pipeline->nodes[n];
        if (node->kind == QETL_SOURCE)
            status = open_source(run, node, &run->attempt.flows[n]);
        else if (node->kind == QETL_SINK)
            status = open_sink(run, node, &run->attempt.flows[n]);
    }
    return status ? status : qetl_sources_note(run);
}
