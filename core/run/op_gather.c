/* SPDX-License-Identifier: Apache-2.0 */
/* Where the rows of several readers of one source meet: batches go on as they come, barriers once
 * all have brought them (as for any task of several inputs), the end behind the last. */
#include "checkpoint.h"
#include "op.h"

#include <stdlib.h>

struct gather {
    uint32_t ended;
};

static int32_t gather_feed(struct qetl_op *op, struct qetl_message *message)
{
    if (message->kind != QETL_SLOT_END && message->kind != QETL_SLOT_BARRIER)
        return qetl_op_emit(op, 0, message->kind, message->payload);
    struct gather *gather = op->state;
    if (!gather && !(op->state = gather = calloc(1, sizeof *gather)))
        return qetl_op_fault(op, "out_of_memory", "no memory for a queue");
    if (message->kind == QETL_SLOT_END && ++gather->ended <= op->flow->n_more)
        return QETL_OK;
    return qetl_op_pass(op, message);
}

static void gather_free(struct qetl_op *op)
{
    free(op->state);
}

const struct qetl_op_class qetl_op_gather = {.feed = gather_feed, .free = gather_free};
