/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source that says it has something, and has nothing: asked again at once, it would keep a
 * processor busy for ever. An empty batch now and then is no fault, nor are many of one that waits
 * before it answers, or gets on in what it reads.
 */
#include "op_source.h"
#include "run_internal.h"

enum { QUICK_NS = 1000000 };
static const int64_t VAIN_MOST = 1000000;

static uint64_t hash_of(struct qetl_blob position)
{
    uint64_t hash = 1469598103934665603u ^ position.size;
    for (size_t i = 0; i < position.size; i++)
        hash = (hash ^ ((const uint8_t *)position.data)[i]) * 1099511628211u;
    return hash;
}

static bool brings_something(const struct qetl_op *op, int32_t answer, const struct qetl_item *item)
{
    return answer < 0 || answer == QETL_IDLE || answer == QETL_END ||
           item->flags & ~QETL_ITEM_CUT || item->bytes_read > 0 || op->instance->n_rejected > 0 ||
           (answer == QETL_BATCH ? item->batch.length : item->bytes) > 0;
}

static int32_t blame(struct qetl_op *op, const char *what)
{
    return qetl_run_blame(
        op->run, op->node, op->instance, "no_batch", what,
        "mend the plugin: QETL_IDLE says that there is nothing now, QETL_END that "
        "nothing will come");
}

int32_t qetl_source_check_vain(struct qetl_op *op, int32_t answer, const struct qetl_item *item,
                               int64_t took_ns)
{
    struct qetl_source_state *state = op->state;
    if (answer == QETL_BATCH && !item->batch.release && !op->instance->n_rejected)
        return blame(op, "next answered QETL_BATCH and moved no batch to the host");
    if (brings_something(op, answer, item)) {
        state->in_vain_calls = 0;
        return QETL_OK;
    }
    uint64_t position = hash_of(item->position);
    if (position != state->in_vain_at)
        state->in_vain_calls = 0;
    state->in_vain_at = position;
    state->in_vain_calls += took_ns < QUICK_NS;
    return state->in_vain_calls < VAIN_MOST
               ? QETL_OK
               : blame(op, answer == QETL_BATCH
                               ? "next answered a million batches of no rows, one after the other"
                               : "next answered a million times that bytes came, and none had");
}
