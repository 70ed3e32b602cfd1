/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes batches into blocks of bytes; a row that the format cannot hold is rejected. */
#include "op_encode.h"
#include "bisect.h"
#include "checkpoint.h"
#include "known.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

enum { SPACE_FIRST_BYTES = 64 * 1024 - 64, EXPECTED_MOST_BYTES = 4 << 20 };

static int32_t space_reserve(struct qetl_space *base, int64_t n)
{
    struct qetl_pool_space *space = (struct qetl_pool_space *)base;
    int64_t needed = base->size + n;
    if (n < 0 || needed < 0)
        return QETL_E_NO_MEMORY;
    if (needed <= base->capacity)
        return QETL_OK;
    int64_t room = base->capacity * 2 > needed ? base->capacity * 2 : needed;
    uint8_t *grown = qetl_pool_alloc(space->pool, (size_t)room);
    if (!grown)
        return QETL_E_NO_MEMORY;
    if (base->size)
        memcpy(grown, base->data, (size_t)base->size);
    qetl_buffer_free(base->data);
    base->data = grown;
    base->capacity = (int64_t)qetl_buffer_capacity(grown);
    return QETL_OK;
}

int32_t qetl_pool_space_open(struct qetl_pool_space *space, struct qetl_pool *pool,
                             int64_t expected)
{
    *space = (struct qetl_pool_space){.base.reserve = space_reserve, .pool = pool};
    return space_reserve(&space->base, expected > SPACE_FIRST_BYTES ? expected : SPACE_FIRST_BYTES);
}

struct qetl_block *qetl_pool_space_close(struct qetl_pool_space *space, int64_t rows)
{
    struct qetl_block *block = qetl_block_new(space->base.data, space->base.size, rows);
    if (!block)
        qetl_buffer_free(space->base.data);
    return block;
}

struct qetl_block *qetl_encode_part(struct qetl_ctx *codec,
                                    int32_t (*part)(void *, struct qetl_space *), int32_t *status)
{
    struct qetl_pool_space space;
    *status = qetl_pool_space_open(&space, codec->env->pool, 0);
    if (*status)
        return NULL;
    *status = part(codec->self, &space.base);
    if (*status < 0) {
        qetl_buffer_free(space.base.data);
        return NULL;
    }
    struct qetl_block *block = qetl_pool_space_close(&space, 0);
    *status = block ? QETL_OK : QETL_E_NO_MEMORY;
    return block;
}

/* Rows that the last call rejected are counted from `from` on. */
static void shift_rejected(struct qetl_ctx *ctx, size_t first, int64_t from)
{
    for (size_t i = first; i < ctx->n_rejected; i++)
        ctx->rejected[i].row += from;
}

/* The half of a batch that was refused, or a half of that. */
static int32_t encode_half(struct qetl_op *op, const struct qetl_batch *batch, int64_t from,
                           int64_t rows, struct qetl_pool_space *space)
{
    struct qetl_batch *half = qetl_batch_slice(batch, op->instance->env->pool, from, rows);
    size_t rejected = op->instance->n_rejected;
    if (!half)
        return qetl_op_fault(op, "out_of_memory", "no memory for a batch");
    int32_t status = qetl_encode_into(op, half, space);
    shift_rejected(op->instance, rejected, from);
    qetl_batch_unref(half);
    return status;
}

static int32_t encode_refused(struct qetl_op *op, const struct qetl_batch *batch,
                              struct qetl_pool_space *space)
{
    int64_t half = batch->rows / 2;
    if (batch->rows == 1) {
        qetl_op_reject_refused(op);
        return QETL_OK;
    }
    int32_t status = encode_half(op, batch, 0, half, space);
    return status ? status : encode_half(op, batch, half, batch->rows - half, space);
}

int32_t qetl_encode_into(struct qetl_op *op, const struct qetl_batch *batch,
                         struct qetl_pool_space *space)
{
    int64_t before = space->base.size;
    size_t rejected = op->instance->n_rejected;
    const struct qetl_take_flow *take = &op->flow->takes[op->take];
    struct ArrowArray view;
    int32_t status = qetl_batch_view(batch, take->n_wants - take->n_left_out, take->wants, &view);
    if (status)
        return qetl_op_fault(op, "out_of_memory", "no memory for a batch");
    int64_t started = qetl_now_ns();
    qetl_call_enter(op->instance, "encode");
    status = op->instance->component->format->encode(op->instance->self, &view, &space->base);
    qetl_call_leave();
    qetl_tally_add(&op->instance->tally.nanoseconds, qetl_now_ns() - started);
    qetl_array_release(&view);
    if (status == QETL_E_ROW && batch->rows) {
        space->base.size = before;
        qetl_instance_forget_rejected(op->instance, rejected);
        return encode_refused(op, batch, space);
    }
    return status < 0 ? qetl_op_fail(op, "encode", status)
                      : qetl_known_done(op->run, op->node, "encode", status);
}

static int32_t encode_batch(struct qetl_op *op, const struct qetl_batch *batch)
{
    struct qetl_encode_state *state = op->state;
    struct qetl_pool_space space;
    int32_t status = qetl_pool_space_open(&space, op->instance->env->pool, state->last_size);
    if (status)
        return qetl_op_fault(op, "out_of_memory", "no memory for encoded rows");
    status = qetl_encode_into(op, batch, &space);
    int64_t rejected = status ? 0 : qetl_op_bury(op, batch->origin, batch, &state->take->delivered);
    if (!status && rejected < 0)
        status = (int32_t)rejected;
    if (status) {
        qetl_buffer_free(space.base.data);
        return status;
    }
    state->last_size = space.base.size < EXPECTED_MOST_BYTES ? space.base.size : 0;
    struct qetl_block *block = qetl_pool_space_close(&space, batch->rows - rejected);
    if (!block)
        return qetl_op_fault(op, "out_of_memory", "no memory for encoded rows");
    return qetl_op_emit(op, 0, QETL_SLOT_BLOCK, block);
}

static struct qetl_encode_state *state_make(struct qetl_op *op)
{
    struct qetl_encode_state *state = op->state;
    if (!state)
        op->state = state = calloc(1, sizeof *state);
    if (state)
        state->take = &op->flow->takes[op->take];
    return state;
}

static int32_t encode_rows(struct qetl_op *op, struct qetl_batch *batch)
{
    qetl_tally_add(&op->instance->tally.rows_in, batch->rows);
    if (qetl_lookout_used(&op->flow->lookouts[op->take]))
        qetl_lookout_show(op, op->take, batch);
    return op->flow->wholes_most ? qetl_encode_wholes(op, batch)
           : op->flow->parts     ? qetl_encode_parts(op, batch)
                                 : encode_batch(op, batch);
}

/* What is held back goes out before the last of the inputs' ends. */
static int32_t encode_end(struct qetl_op *op)
{
    struct qetl_encode_state *state = op->state;
    bool last = ++state->inputs_ended == op->flow->n_takes;
    return last && op->flow->wholes_most ? qetl_encode_wholes_end(op, true) : QETL_OK;
}

/* An encoder that writes one whole object remembers how far it came. */
static int32_t pass_control(struct qetl_op *op, const struct qetl_message *message)
{
    const struct qetl_encode_state *state = op->state;
    struct qetl_handed handed = {0};
    bool end = message->kind == QETL_SLOT_END;
    if (end && state->inputs_ended < op->flow->n_takes && op->flow->one_encoder)
        return qetl_op_emit_all(op, message->kind, message->epoch);
    int32_t status = QETL_OK;
    if (!end && op->run->env.checkpoints && op->flow->wholes_by_epoch)
        status = qetl_encode_wholes_end(op, false);
    if (!status && op->run->env.checkpoints && op->flow->closed_format && !op->flow->wholes_most)
        status = qetl_op_save(op, &(struct qetl_op_memory){.ended = end}, &handed);
    if (!status)
        status = qetl_op_hand_in(op, end ? op->epoch + 1 : message->epoch, end, &handed);
    qetl_handed_clear(&handed);
    return status ? status : qetl_op_emit_all(op, message->kind, message->epoch);
}

static int32_t encode_feed(struct qetl_op *op, struct qetl_message *message)
{
    bool control = message->kind == QETL_SLOT_BARRIER || message->kind == QETL_SLOT_END;
    int32_t status = QETL_OK;
    if (!state_make(op))
        status = qetl_op_fault(op, "out_of_memory", "no memory for an encoder");
    else if (message->kind == QETL_SLOT_END)
        status = encode_end(op);
    else if (!control)
        status = encode_rows(op, message->payload);
    if (!control)
        qetl_payload_free(message->kind, message->payload);
    return status || !control ? status : pass_control(op, message);
}

static void encode_free(struct qetl_op *op)
{
    struct qetl_encode_state *state = op->state;
    if (!state)
        return;
    qetl_wholes_free(state->wholes);
    qetl_partition_free(&state->partition);
    free(state);
}

const struct qetl_op_class qetl_op_encode = {.feed = encode_feed, .free = encode_free};
