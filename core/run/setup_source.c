/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up of a source: what it gives, and what its format makes of the first of it, which samples.c
 * waits for. */
#include "host/call.h"
#include "known.h"
#include "op.h"
#include "op_source.h"
#include "replaying.h"
#include "samples.h"
#include "setup.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLE_BYTES = 1024 * 1024 };

static int32_t take_inferred(struct qetl_run *run, const struct qetl_node *node,
                             struct qetl_node_flow *flow, struct qetl_inferred *inferred)
{
    flow->schema = inferred->schema;
    inferred->schema.release = NULL;
    flow->prologue_size = inferred->prologue.size;
    flow->prologue = malloc(inferred->prologue.size + 1);
    if (!flow->prologue)
        return qetl_setup_no_memory(run, node);
    if (inferred->prologue.size)
        memcpy(flow->prologue, inferred->prologue.data, inferred->prologue.size);
    if (inferred->summary && run->env.log)
        run->env.log(run->env.arg, node->id, QETL_LOG_INFO, inferred->summary);
    if (inferred->summary && asprintf(&flow->inferred, "%s%s%s", flow->why ? flow->why : "",
                                      flow->why ? ": " : "", inferred->summary) < 0) {
        flow->inferred = NULL;
        return qetl_setup_no_memory(run, node);
    }
    qetl_source_recall_columns(run, node, flow);
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

static int32_t codec_make(struct qetl_run *run, const struct qetl_node *node,
                          struct qetl_node_flow *flow)
{
    struct qetl_format_info info = {.struct_size = sizeof info};
    flow->codec = qetl_run_instance(run, node, flow->format_use, flow->format);
    int32_t status = flow->codec ? qetl_setup_format(run, node, flow, &info) : QETL_E_FATAL;
    flow->grows = info.decode & QETL_DECODE_GROWS;
    flow->whole = info.decode & QETL_DECODE_WHOLE;
    flow->ends = info.decode & QETL_DECODE_ENDS;
    flow->values_only = info.decode & QETL_DECODE_VALUES;
    return status;
}

/* Of a sample that is as large as the format wants it; IDLE: it is not yet. */
static int32_t infer_some(struct qetl_op *op, struct qetl_node_flow *flow, int64_t *quiet_until_ns)
{
    int32_t status = QETL_NEED_INPUT;
    while (status == QETL_NEED_INPUT) {
        status = qetl_frame_sample(op, SAMPLE_BYTES, flow->sample_bytes, quiet_until_ns);
        if (!status)
            status = infer(op, flow);
    }
    return status;
}

int32_t qetl_setup_sample(struct qetl_op *op, struct qetl_node_flow *flow, int64_t *quiet_until_ns)
{
    int32_t status = infer_some(op, flow, quiet_until_ns);
    if (status != QETL_INSTEAD)
        return status;
    flow->sample_bytes = 0; /* what there is may be enough */
    status = qetl_setup_load(op->run, flow->format_use, &flow->format);
    status = status ? status : codec_make(op->run, op->node, flow);
    return status ? status : infer_some(op, flow, quiet_until_ns);
}

int32_t qetl_setup_unseen(struct qetl_op *op, struct qetl_node_flow *flow)
{
    const struct qetl_source_state *state = op->state;
    const struct qetl_sample sample = {.struct_size = sizeof sample,
                                       .data = state->buffer + state->start,
                                       .object = state->object ? state->object->name : ""};
    struct qetl_inferred inferred = {.struct_size = sizeof inferred};
    if (op->run->options.replaying || flow->grows)
        return QETL_IDLE;
    int32_t status = flow->format->format->infer(flow->codec->self, &sample, &inferred);
    if (!status && inferred.schema.release && inferred.schema.n_children)
        return take_inferred(op->run, op->node, flow, &inferred);
    struct qetl_error_report error = qetl_instance_take_error(flow->codec);
    qetl_error_report_free(&error);
    qetl_schema_release(&inferred.schema);
    return QETL_IDLE;
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
        status = status ? status : qetl_setup_load(run, flow->format_use, &flow->format);
    }
    status = status ? status : codec_make(run, op->node, flow);
    return status ? status : qetl_source_recall(run, op->node, flow);
}

static int32_t begin_bytes(struct qetl_op *op, struct qetl_node_flow *flow)
{
    struct qetl_run *run = op->run;
    int32_t status = qetl_added_ask(run, op->node, flow);
    status = status ? status : qetl_source_begin(op, flow);
    if (!status && !flow->format)
        return qetl_run_fault(run, op->node, "missing_format",
                              "the source gives bytes, but no format says how to read them");
    if (!status)
        status = run->attempt.resumes ? recall(op, flow) : codec_make(run, op->node, flow);
    return status;
}

struct qetl_op qetl_setup_op(struct qetl_run *run, const struct qetl_node *node,
                             struct qetl_node_flow *flow)
{
    return (struct qetl_op){.class = &qetl_op_source,
                            .run = run,
                            .node = node,
                            .flow = flow,
                            .instance = flow->instance,
                            .state = flow->reader};
}

int32_t qetl_begin_source(struct qetl_run *run, const struct qetl_node *node,
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
        return qetl_setup_no_memory(run, node);
    if (flow->bytes) {
        struct qetl_op op = qetl_setup_op(run, node, flow);
        return begin_bytes(&op, flow);
    }
    flow->schema = flow->source.schema;
    flow->source.schema.release = NULL;
    return QETL_OK;
}

int32_t qetl_setup_source(struct qetl_run *run, const struct qetl_node *node,
                          struct qetl_node_flow *flow)
{
    struct qetl_op op = qetl_setup_op(run, node, flow);
    int32_t status = QETL_OK;
    if (flow->bytes && flow->grows && !run->attempt.resumes)
        status = qetl_source_survey(&op, flow);
    if (!status && flow->bytes)
        status = qetl_added_join(run, node, flow);
    if (!status)
        status = qetl_setup_ports(run, node, flow, 1);
    if (!status)
        status = qetl_setup_port(run, node, &flow->ports[0],
                                 flow->added ? &flow->joined : &flow->schema);
    bool spelled = flow->bytes && !flow->values_only;
    for (int64_t c = 0; !status && spelled && c < flow->schema.n_children; c++)
        flow->ports[0].columns[c].lexical = flow->format->id;
    return status;
}

static int32_t open_batches(struct qetl_run *run, const struct qetl_node *node,
                            struct qetl_node_flow *flow)
{
    struct qetl_op op = qetl_setup_op(run, node, flow);
    return qetl_source_begin(&op, flow);
}

/* The framer is told what decoders are told: header and dialect. */
int32_t qetl_open_source(struct qetl_run *run, const struct qetl_node *node,
                         struct qetl_node_flow *flow)
{
    if (!flow->bytes)
        return open_batches(run, node, flow);
    int32_t status = flow->format->format->open_decode(
        flow->codec->self, &flow->schema, (struct qetl_blob){flow->prologue, flow->prologue_size},
        flow->n_wants, flow->wants);
    return status < 0 ? qetl_run_fail(run, node, flow->codec, "open_decode", status) : QETL_OK;
}
