/* SPDX-License-Identifier: Apache-2.0 */
/* How messages leave an operator: to the next ones in its replica, or into an edge. */
#include "op_check.h"
#include "op_source.h"
#include "run_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

int64_t qetl_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void qetl_payload_free(enum qetl_slot_kind kind, void *payload)
{
    if (!payload)
        return;
    if (kind == QETL_SLOT_BATCH) {
        qetl_batch_unref(payload);
    } else if (kind == QETL_SLOT_BLOCK) {
        qetl_block_free(payload);
    } else if (kind == QETL_SLOT_END) {
        qetl_saved_free(payload);
    } else {
        struct qetl_chunk_data *chunk = payload;
        qetl_origin_unref(chunk->origin);
        free(chunk);
    }
}

static int64_t payload_rows(enum qetl_slot_kind kind, const void *payload)
{
    if (kind == QETL_SLOT_BATCH)
        return ((const struct qetl_batch *)payload)->rows;
    return kind == QETL_SLOT_BLOCK ? ((const struct qetl_block *)payload)->rows : 0;
}

static int32_t target_give(struct qetl_op *op, const struct qetl_target *target,
                           enum qetl_slot_kind kind, void *payload)
{
    if (target->op) {
        struct qetl_message message = {.kind = kind, .port = target->port, .payload = payload};
        return target->op->class->feed(target->op, &message);
    }
    int32_t status =
        qetl_edge_put(target->edge, op->replica, kind, payload, payload_rows(kind, payload));
    return status ? qetl_op_fault(op, "out_of_memory", "no memory for a queue") : QETL_OK;
}

/* Batches alone are shared by several targets; chunks and blocks have one. */
int32_t qetl_op_emit(struct qetl_op *op, uint32_t out_port, enum qetl_slot_kind kind, void *payload)
{
    struct qetl_out_port *port = &op->out[out_port];
    assert(port->n_targets <= 1 || kind == QETL_SLOT_BATCH);
    int32_t status = QETL_OK;
    if (op->run->options.validate_full && kind == QETL_SLOT_BATCH)
        status = qetl_op_check_batch(op, out_port, payload);
    if (status) {
        qetl_payload_free(kind, payload);
        return status;
    }
    port->batches++;
    port->rows += payload_rows(kind, payload);
    if (op->class->shows && op->instance)
        qetl_tally_add(&op->instance->tally.batches, 1);
    if (op->class->shows && qetl_lookout_used(&op->flow->lookouts[out_port]))
        qetl_lookout_show(op, out_port, payload);
    for (size_t i = 0; !status && i < port->n_targets; i++) {
        if (i + 1 < port->n_targets)
            qetl_batch_ref(payload);
        status = target_give(op, &port->targets[i], kind, payload);
        if (status && i + 1 < port->n_targets)
            qetl_batch_unref(payload);
    }
    if (!port->n_targets)
        qetl_payload_free(kind, payload);
    return status;
}

int32_t qetl_op_emit_all(struct qetl_op *op, enum qetl_slot_kind kind, uint64_t epoch)
{
    int32_t status = QETL_OK;
    if (kind == QETL_SLOT_BARRIER)
        op->epoch = epoch;
    for (size_t p = 0; p < op->n_out; p++) {
        for (size_t i = 0; !status && i < op->out[p].n_targets; i++) {
            const struct qetl_target *target = &op->out[p].targets[i];
            struct qetl_message message = {.kind = kind, .port = target->port, .epoch = epoch};
            if (target->op)
                status = target->op->class->feed(target->op, &message);
            else if (qetl_edge_put_all(target->edge, op->replica, kind, epoch))
                status = qetl_op_fault(op, "out_of_memory", "no memory for a queue");
        }
    }
    return status;
}

void qetl_op_set_idle(struct qetl_op *op, uint32_t wakes, int64_t until_ns)
{
    op->idle = true;
    op->wakes_seen = wakes;
    op->idle_until_ns = until_ns;
}

bool qetl_op_may_resume(const struct qetl_op *op, int64_t now_ns)
{
    if (!op->idle || (op->class == &qetl_op_source && qetl_source_has_news(op)))
        return true;
    return atomic_load_explicit(&op->instance->wakes, memory_order_acquire) != op->wakes_seen ||
           now_ns >= op->idle_until_ns;
}
