/* SPDX-License-Identifier: Apache-2.0 */
#include "lookout.h"

#include "observe.h"
#include "op.h"
#include "run_internal.h"

#include <stdlib.h>

uint32_t qetl_node_outlets(const struct qetl_node *node)
{
    size_t n = node->kind == QETL_SINK ? node->n_inputs : node->n_outputs;
    return n ? (uint32_t)n : 1;
}

struct qetl_lookout *qetl_lookouts_new(uint32_t n, bool observed)
{
    struct qetl_lookout *lookouts = calloc((size_t)n + 1, sizeof *lookouts);
    for (uint32_t i = 0; lookouts && i < n; i++) {
        pthread_mutex_init(&lookouts[i].lock, NULL);
        atomic_init(&lookouts[i].looking, observed);
    }
    return lookouts;
}

void qetl_lookouts_end(struct qetl_lookout *lookouts, uint32_t n, bool over)
{
    for (uint32_t i = 0; lookouts && i < n; i++) {
        struct qetl_lookout *lookout = &lookouts[i];
        pthread_mutex_lock(&lookout->lock);
        lookout->ended = over;
        for (struct qetl_tap *tap = lookout->taps; tap; tap = qetl_tap_next(tap))
            qetl_tap_end(tap);
        pthread_mutex_unlock(&lookout->lock);
    }
}

void qetl_lookouts_free(struct qetl_lookout *lookouts, uint32_t n)
{
    for (uint32_t i = 0; lookouts && i < n; i++) {
        while (lookouts[i].taps) {
            struct qetl_tap *tap = lookouts[i].taps;
            lookouts[i].taps = qetl_tap_next(tap);
            qetl_tap_unref(tap);
        }
        pthread_mutex_destroy(&lookouts[i].lock);
    }
    free(lookouts);
}

static void show_observer(struct qetl_op *op, uint32_t port, const struct qetl_batch *batch)
{
    const struct qetl_observer *observer = op->run->options.observer;
    if (!observer || !observer->rows)
        return;
    bool sink = op->node->kind == QETL_SINK;
    const struct qetl_port_flow *flow =
        sink ? qetl_flow_input(op->run->attempt.flows, op->run->pipeline, &op->node->inputs[port])
             : &op->flow->ports[port];
    struct qetl_sight sight = {
        .node = (size_t)(op->node - op->run->pipeline->nodes),
        .port = port,
        .schema = flow->schema,
        .batch = batch,
        .rejected = sink ? op->instance->rejected : NULL,
        .n_rejected = sink ? op->instance->n_rejected : 0,
    };
    observer->rows(observer->arg, &sight);
}

/* Whoever opens or closes a tap at this moment costs the others a batch, and no worker its time. */
static void show_taps(struct qetl_op *op, struct qetl_lookout *lookout,
                      const struct qetl_batch *batch)
{
    bool late = op->class == &qetl_op_decode && op->flow->n_late;
    struct qetl_batch *whole = NULL;
    if (pthread_mutex_trylock(&lookout->lock)) {
        atomic_fetch_add_explicit(&lookout->missed, batch->rows, memory_order_relaxed);
        return;
    }
    for (struct qetl_tap *tap = lookout->taps; tap; tap = qetl_tap_next(tap)) {
        if (late && !whole && qetl_tap_has_room(tap))
            whole = qetl_decode_whole(op, batch);
        qetl_tap_offer(tap, late ? whole : batch, batch->rows);
    }
    pthread_mutex_unlock(&lookout->lock);
    qetl_batch_unref(whole);
}

void qetl_lookout_show(struct qetl_op *op, uint32_t port, const struct qetl_batch *batch)
{
    show_observer(op, port, batch);
    show_taps(op, &op->flow->lookouts[port], batch);
}
