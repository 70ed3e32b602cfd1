/* SPDX-License-Identifier: Apache-2.0 */
#include "readers.h"

#include "host/call.h"
#include "op_source.h"
#include "pushdown.h"
#include "run_internal.h"
#include "state/schema_bytes.h"

#include <qetl/splits.h>
#include <stdlib.h>
#include <string.h>

static const struct qetl_splits *splits_of(const struct qetl_op *op)
{
    const struct qetl_component *component = op->instance->component;
    const struct qetl_splits *splits =
        component->get_extension ? component->get_extension(op->instance->self, QETL_EXT_SPLITS)
                                 : NULL;
    return splits && splits->readers ? splits : NULL;
}

/* Where the user named no number, it is what serves who takes the rows. */
static bool is_asked(const struct qetl_op *op, const struct qetl_splits *splits)
{
    bool says = splits->struct_size > offsetof(struct qetl_splits, asked) && splits->asked;
    if (!says)
        return true;
    qetl_call_enter(op->instance, "splits.asked");
    int32_t asked = splits->asked(op->instance->self);
    qetl_call_leave();
    return asked != 0;
}

/* Who looks on wants the first rows, in one order; who needs a few rows asks one for them. */
bool qetl_readers_may(const struct qetl_op *op)
{
    struct qetl_run *run = op->run;
    struct qetl_node_flow *flow = &run->attempt.flows[op->node - run->pipeline->nodes];
    const struct qetl_splits *splits = flow->bytes ? NULL : splits_of(op);
    if (!splits || flow->limited >= 0 || run->options.observer || run->options.replaying)
        return false;
    flow->in_order_for = is_asked(op, splits) ? NULL : qetl_order_wanted(run, op->node);
    return !flow->in_order_for;
}

int32_t qetl_readers_ask(struct qetl_op *op, int64_t wanted, size_t *out)
{
    struct qetl_source_state *state = op->state;
    const struct qetl_splits *splits = op->flow->bytes ? NULL : splits_of(op);
    uint32_t flags = 0;
    *out = 1;
    if (!splits || !state->n_splits)
        return QETL_OK;
    qetl_call_enter(op->instance, "splits.readers");
    int32_t readers = splits->readers(op->instance->self, &flags);
    qetl_call_leave();
    if (readers < 0)
        return qetl_op_fail(op, "splits.readers", readers);
    int64_t most = (int64_t)state->n_splits < wanted ? (int64_t)state->n_splits : wanted;
    *out = readers < 1 ? 1 : (size_t)(readers < most ? readers : most);
    state->together = flags & QETL_SPLITS_TOGETHER;
    state->at_cut = !state->together;
    return QETL_OK;
}

/* ---- the others ---- */

static bool same_schema(const struct ArrowSchema *a, const struct ArrowSchema *b)
{
    struct qetl_pack one = {0}, other = {0};
    qetl_pack_schema(&one, a);
    qetl_pack_schema(&other, b);
    bool same = !one.failed && !other.failed && one.size == other.size &&
                memcmp(one.data, other.data, one.size) == 0;
    qetl_pack_free(&one);
    qetl_pack_free(&other);
    return same;
}

/* What it reads may have become something else since the first looked at it. */
static int32_t describe(struct qetl_op *op)
{
    struct qetl_ctx *ctx = op->instance;
    struct qetl_source_info info = {
        .struct_size = sizeof info, .bytes_expected = -1, .rows_expected = -1};
    struct qetl_retry retry = {0};
    int32_t status;
    do {
        qetl_schema_release(&info.schema);
        qetl_call_enter(ctx, "describe");
        status = ctx->component->source->describe(ctx->self, &info);
        qetl_call_leave();
    } while (qetl_run_again(op->run, ctx, &retry, "describe", status));
    if (status < 0)
        status = qetl_op_fail(op, "describe", status);
    else if (!info.schema.release || !same_schema(&info.schema, &op->flow->schema))
        status = qetl_op_fault(op, "columns_changed",
                               "its columns changed while it was being set up: run it again");
    qetl_schema_release(&info.schema);
    return status;
}

static int32_t state_make(struct qetl_op *op, const struct qetl_source_state *first)
{
    struct qetl_source_state *state = op->state;
    state->n_readers = first->n_readers;
    state->together = first->together;
    state->at_cut = !state->together;
    for (size_t i = 0; i < first->n_splits; i++)
        if (qetl_splits_add(state, first->splits[i].data, first->splits[i].size))
            return qetl_op_fault(op, "out_of_memory", "no memory to set the source up");
    return QETL_OK;
}

static int32_t reader_make(const struct qetl_op *first, struct qetl_node_flow *flow,
                           uint32_t number)
{
    struct qetl_run *run = first->run;
    struct qetl_reader_flow *reader = &flow->more[flow->n_more++];
    reader->state = qetl_source_state_new();
    if (!reader->state)
        return qetl_run_fault(run, first->node, "out_of_memory", "no memory to set the source up");
    reader->instance = qetl_run_instance(run, first->node, &first->node->use, flow->component);
    if (!reader->instance)
        return QETL_E_FATAL;
    struct qetl_op op = *first;
    op.instance = reader->instance;
    op.state = reader->state;
    op.reader = number;
    int32_t status = describe(&op);
    if (!status)
        status = qetl_source_negotiate_again(run, first->node, flow, reader->instance);
    if (!status)
        status = state_make(&op, first->state);
    return status ? status : qetl_source_open_share(&op);
}

int32_t qetl_readers_make(struct qetl_op *first, struct qetl_node_flow *flow)
{
    size_t n = ((const struct qetl_source_state *)first->state)->n_readers;
    int32_t status = QETL_OK;
    flow->more = calloc(n, sizeof *flow->more);
    if (!flow->more)
        return qetl_run_fault(first->run, first->node, "out_of_memory",
                              "no memory to set the source up");
    for (uint32_t i = 1; !status && i < n; i++)
        status = reader_make(first, flow, i);
    return status;
}

void qetl_readers_free(struct qetl_node_flow *flow)
{
    for (uint32_t i = 0; i < flow->n_more; i++)
        qetl_source_state_free(flow->more[i].state);
    free(flow->more);
}
