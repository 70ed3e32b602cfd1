/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up of a sink: in which forms it takes columns, and what will be delivered to it. */
#include "checkpoint.h"
#include "host/call.h"
#include "known.h"
#include "setup.h"

#include <stdlib.h>
#include <string.h>

/* What the sink or its encoder accepts of each column of an input. */
static int32_t accepted_forms(struct qetl_run *run, const struct qetl_node *node,
                              struct qetl_node_flow *flow, const struct ArrowSchema *schema,
                              struct qetl_take_flow *take)
{
    uint32_t *forms = calloc((size_t)schema->n_children + 1, sizeof *forms);
    take->wants = calloc((size_t)schema->n_children + 1, sizeof *take->wants);
    if (!forms || !take->wants) {
        free(forms);
        return qetl_setup_no_memory(run, node);
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
    int32_t status = qetl_setup_format(run, node, flow, &info);
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

int32_t qetl_setup_sink(struct qetl_run *run, const struct qetl_node *node,
                        struct qetl_node_flow *flow)
{
    int32_t status = qetl_sink_describe(run, node, flow);
    if (!status && !run->resolving)
        status = qetl_sink_recover(run, node, flow);
    if (status)
        return status;
    qetl_chunk_wish(run, flow);
    flow->takes = calloc(node->n_inputs, sizeof *flow->takes);
    if (!flow->takes)
        return qetl_setup_no_memory(run, node);
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
int32_t qetl_open_sink(struct qetl_run *run, const struct qetl_node *node,
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
