/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that spreads its rows over several objects: which columns tell them apart, and what each
 * object begins and ends with. */
#include "op.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

static bool is_left_out(const struct qetl_take_flow *take, const int32_t *without, int64_t column)
{
    for (int64_t k = 0; k < take->n_keys; k++)
        if (take->keys[k] == column)
            return without[k];
    return false;
}

/* What is not encoded goes behind all else. */
static int32_t leave_out(struct qetl_run *run, const struct qetl_node *node,
                         struct qetl_take_flow *take, const int32_t *without)
{
    struct qetl_want *wants = calloc((size_t)take->n_wants + 1, sizeof *wants);
    int64_t n = 0;
    if (!wants)
        return qetl_run_fault(run, node, "out_of_memory", "no memory for columns");
    for (int64_t i = 0; i < take->n_wants; i++)
        if (!is_left_out(take, without, take->wants[i].column))
            wants[n++] = take->wants[i];
    take->n_left_out = take->n_wants - n;
    for (int64_t i = 0; i < take->n_wants; i++)
        if (is_left_out(take, without, take->wants[i].column))
            wants[n++] = (struct qetl_want){
                take->wants[i].column, QETL_FORM_VALUE | QETL_FORM_LEXICAL | QETL_FORM_CHECKED, 0};
    free(take->wants);
    take->wants = wants;
    if (take->n_left_out < take->n_wants)
        return QETL_OK;
    return qetl_run_fault(run, node, "cannot_part",
                          "all columns are in the names of the files, so that none is left for "
                          "their rows: keep them in the files too");
}

int32_t qetl_flow_take_parts(struct qetl_run *run, const struct qetl_node *node,
                             struct qetl_node_flow *flow, const struct ArrowSchema *schema,
                             struct qetl_take_flow *take)
{
    int32_t *without = calloc((size_t)schema->n_children + 1, sizeof *without);
    int32_t status = QETL_OK;
    take->keys = calloc((size_t)schema->n_children + 1, sizeof *take->keys);
    if (!take->keys || !without)
        status = qetl_run_fault(run, node, "out_of_memory", "no memory for columns");
    else
        take->n_keys = flow->parts->columns(flow->instance->self, schema, take->keys, without);
    if (take->n_keys < 0)
        status = qetl_run_fail(run, node, flow->instance, "columns", (int32_t)take->n_keys);
    if (!status)
        status = leave_out(run, node, take, without);
    free(without);
    return status;
}

int32_t qetl_flow_frame_parts(struct qetl_run *run, const struct qetl_node *node,
                              struct qetl_node_flow *flow)
{
    const struct qetl_format *format = flow->format->format;
    int32_t (*const calls[])(void *, struct qetl_space *) = {format->begin, format->finish};
    struct qetl_block *blocks[2] = {NULL, NULL};
    struct qetl_blob blobs[2] = {{"", 0}, {"", 0}};
    int32_t status = QETL_OK;
    for (int i = 0; !status && i < 2; i++) {
        if (!calls[i])
            continue;
        blocks[i] = qetl_encode_part(flow->codec, calls[i], &status);
        if (blocks[i])
            blobs[i] = (struct qetl_blob){blocks[i]->data, (size_t)blocks[i]->size};
        else
            qetl_run_fail(run, node, flow->codec, i ? "finish" : "begin", status);
    }
    if (!status) {
        status = flow->parts->frame(flow->instance->self, blobs[0], blobs[1]);
        if (status)
            qetl_run_fail(run, node, flow->instance, "frame", status);
    }
    qetl_block_free(blocks[0]);
    qetl_block_free(blocks[1]);
    return status;
}

int32_t qetl_flow_whole_parts(struct qetl_run *run, const struct qetl_node *node,
                              struct qetl_node_flow *flow, uint32_t encode)
{
    const struct qetl_sink_parts *parts = flow->parts;
    bool able = parts->struct_size > offsetof(struct qetl_sink_parts, end) && parts->whole &&
                parts->object && parts->end;
    if (!able)
        return qetl_run_fault(run, node, "cannot_part",
                              "what this format writes is one whole: this sink cannot spread it "
                              "over several objects");
    bool says = parts->struct_size > offsetof(struct qetl_sink_parts, by_epoch) && parts->by_epoch;
    flow->wholes_by_epoch = says && parts->by_epoch(flow->instance->self);
    flow->wholes_most = parts->whole(flow->instance->self, encode);
    if (flow->wholes_most > 0)
        return QETL_OK;
    int32_t status = flow->wholes_most < 0 ? (int32_t)flow->wholes_most : QETL_E_UNSUPPORTED;
    return qetl_run_fail(run, node, flow->instance, "whole", status);
}
