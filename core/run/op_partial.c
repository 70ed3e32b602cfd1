/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms whose state can be merged: each replica reduces the rows that come its way, and at the
 * end hands its state to one more instance, which gives out what there is to say. */
#include "op.h"
#include "run_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool qetl_flow_is_mergeable(const struct qetl_node *node, const struct qetl_node_flow *flow)
{
    const struct qetl_component *component = flow->component;
    if (node->n_inputs != 1 || flow->binding.distribution != QETL_DISTRIBUTION_ANY)
        return false;
    for (uint32_t p = 0; p < flow->binding.n_out; p++)
        if (flow->binding.out[p].rows != QETL_ROWS_STATEFUL)
            return false;
    return component->save && component->transform->merge;
}

static int32_t saved_write(void *stream, const void *data, size_t size)
{
    struct qetl_saved *saved = stream;
    if (saved->size + size > saved->room) {
        size_t room = 2 * (saved->size + size);
        uint8_t *grown = realloc(saved->data, room);
        if (!grown)
            return QETL_E_NO_MEMORY;
        saved->data = grown;
        saved->room = room;
    }
    if (size)
        memcpy(saved->data + saved->size, data, size);
    saved->size += size;
    return QETL_OK;
}

static int64_t saved_read(void *stream, void *data, size_t capacity)
{
    struct qetl_saved *saved = stream;
    size_t left = saved->size - saved->taken;
    size_t size = left < capacity ? left : capacity;
    if (size)
        memcpy(data, saved->data + saved->taken, size);
    saved->taken += size;
    return (int64_t)size;
}

int32_t qetl_partial_end(struct qetl_op *op)
{
    const struct qetl_target *target = &op->out[0].targets[0];
    struct qetl_ctx *ctx = op->instance;
    struct qetl_saved *saved = calloc(1, sizeof *saved);
    assert(op->out[0].n_targets == 1 && target->edge);
    if (!saved)
        return qetl_op_fault(op, "out_of_memory", "no memory for a replica's state");
    struct qetl_writer writer = {saved, saved_write};
    qetl_call_enter(ctx, "save");
    int32_t status = ctx->component->save(ctx->self, &saved->version, &writer);
    qetl_call_leave();
    if (status < 0) {
        qetl_saved_free(saved);
        return qetl_op_fail(op, "save", status);
    }
    return qetl_edge_put_end(target->edge, op->replica, saved)
               ? qetl_op_fault(op, "out_of_memory", "no memory for a queue")
               : QETL_OK;
}

int32_t qetl_partial_merge(struct qetl_op *op, struct qetl_saved *states)
{
    struct qetl_ctx *ctx = op->instance;
    int32_t status = QETL_OK;
    for (struct qetl_saved *saved = states; !status && saved; saved = saved->next) {
        struct qetl_reader reader = {saved, saved_read};
        qetl_call_enter(ctx, "merge");
        status = ctx->component->transform->merge(ctx->self, saved->version, &reader);
        qetl_call_leave();
    }
    qetl_saved_free(states);
    return status < 0 ? qetl_op_fail(op, "merge", status) : QETL_OK;
}
