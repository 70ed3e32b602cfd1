/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to a sink: blocks of bytes between the format's header and footer, or batches as they are.
 */
#include "bisect.h"
#include "checkpoint.h"
#include "decider.h"
#include "failpoint.h"
#include "known.h"
#include "op.h"
#include "run_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

struct sink_state {
    struct qetl_message message; /* under way; kind 0: none */
    bool begun;                  /* the header is written, or needs none */
    bool ended;                  /* and so is the footer */
    uint64_t awaits;             /* the epoch that it commits before it takes more; 0: none */
    uint32_t inputs_ended;
    int64_t part, part_offset; /* of the block under way, where it has parts */
    struct qetl_piece piece;   /* of the batch under way, part of which was refused */
    struct qetl_bisect bisect; /* and those behind it */
};

static int32_t write_once(struct qetl_op *op, struct qetl_write *write)
{
    struct qetl_ctx *ctx = op->instance;
    uint32_t wakes = atomic_load_explicit(&ctx->wakes, memory_order_acquire);
    if (!qetl_op_may_call(op))
        return QETL_STEP_IDLE;
    int64_t started = qetl_now_ns();
    qetl_call_enter(ctx, "write");
    int32_t answer = ctx->component->sink->write(ctx->self, write);
    qetl_call_leave();
    qetl_tally_add(&ctx->tally.nanoseconds, qetl_now_ns() - started);
    answer = qetl_op_answered(op, "write", answer, answer == QETL_OK ? write->rows : 0,
                              answer == QETL_OK ? write->bytes_size : 0);
    if (answer == QETL_IDLE)
        return QETL_STEP_IDLE;
    if (answer < 0)
        return answer;
    const struct qetl_sink_parts *parts = op->flow->parts;
    if (answer == QETL_BUSY && parts && (parts->room || op->flow->wholes_most))
        return qetl_op_fault(op, "unsupported", "a sink with room or whole objects was busy");
    if (answer == QETL_BUSY) {
        qetl_op_set_idle(op, wakes, INT64_MAX);
        qetl_op_waits(op, "its write answered that it was busy");
        return QETL_STEP_IDLE;
    }
    op->idle = false;
    return answer == QETL_OK ? QETL_STEP_DONE
                             : qetl_op_fault(op, "unsupported", "write answered %d", answer);
}

static int32_t account(struct qetl_op *op, const struct qetl_write *write, int64_t rejected)
{
    struct qetl_tally *tally = &op->instance->tally;
    qetl_tally_add(&tally->rows_out, write->rows_written);
    qetl_tally_add(&tally->batches, write->rows > 0);
    qetl_tally_add(&tally->bytes_out, write->bytes_size);
    if (write->rows_written + rejected != write->rows)
        return qetl_op_fault(op, "ledger",
                             "the ledger does not balance: %lld rows in, %lld written, %lld "
                             "rejected",
                             (long long)write->rows, (long long)write->rows_written,
                             (long long)rejected);
    return QETL_OK;
}

static int32_t object_end(struct qetl_op *op, const struct qetl_part *part, int64_t n_keys)
{
    struct qetl_ctx *ctx = op->instance;
    qetl_call_enter(ctx, "end");
    int32_t status = op->flow->parts->end(ctx->self, n_keys, part->keys);
    qetl_call_leave();
    return status < 0 ? qetl_op_fail(op, "end", status) : QETL_OK;
}

static int32_t write_parts(struct qetl_op *op, const struct qetl_block *block)
{
    struct sink_state *state = op->state;
    for (; state->part < block->parts->n; state->part++) {
        const struct qetl_part *part = &block->parts->items[state->part];
        struct qetl_write write = {.struct_size = sizeof write,
                                   .bytes = block->data + state->part_offset,
                                   .bytes_size = part->size,
                                   .rows = part->rows,
                                   .rows_written = part->rows,
                                   .n_keys = block->parts->n_keys,
                                   .keys = part->keys};
        int32_t status = part->rows || part->size ? write_once(op, &write) : QETL_OK;
        if (status)
            return status;
        status = account(op, &write, 0);
        if (!status && part->ends)
            status = object_end(op, part, block->parts->n_keys);
        if (status)
            return status;
        state->part_offset += part->size;
    }
    state->part = state->part_offset = 0;
    return QETL_OK;
}

static int32_t write_bytes(struct qetl_op *op, const struct qetl_block *block)
{
    if (block->parts)
        return write_parts(op, block);
    if (!block->size && !block->rows)
        return QETL_STEP_DONE;
    struct qetl_write write = {.struct_size = sizeof write,
                               .bytes = block->data,
                               .bytes_size = block->size,
                               .rows = block->rows,
                               .rows_written = block->rows};
    int32_t status = write_once(op, &write);
    return status ? status : account(op, &write, 0);
}

static int32_t write_rows(struct qetl_op *op, const struct qetl_batch *batch, uint32_t port)
{
    const struct qetl_take_flow *take = &op->flow->takes[port];
    struct ArrowArray view;
    if (qetl_batch_view(batch, take->n_wants, take->wants, &view))
        return qetl_op_fault(op, "out_of_memory", "no memory for a batch");
    struct qetl_write write = {.struct_size = sizeof write,
                               .stream = port,
                               .batch = &view,
                               .rows = batch->rows,
                               .rows_written = batch->rows};
    int32_t status = write_once(op, &write);
    qetl_array_release(&view);
    if (status == QETL_E_ROW && batch->rows == 1) {
        qetl_instance_drop_rejected(op->instance);
        qetl_op_reject_refused(op);
        write.rows_written = 0;
    } else if (status) {
        return status;
    }
    if (qetl_lookout_used(&op->flow->lookouts[port]))
        qetl_lookout_show(op, port, batch);
    op->take = port;
    int64_t rejected = qetl_op_bury(op, batch->origin, batch, &take->delivered);
    if (rejected < 0)
        return (int32_t)rejected;
    if (write.rows_written == batch->rows)
        write.rows_written -= rejected; /* a sink that left the count to us */
    qetl_tally_add(&op->instance->tally.rows_in, batch->rows);
    return account(op, &write, rejected);
}

/* One by one, what is left of a batch that was refused. */
static int32_t write_pieces(struct qetl_op *op, uint32_t port)
{
    struct sink_state *state = op->state;
    int32_t status = QETL_OK;
    while (!status && state->piece.batch) {
        status = write_rows(op, state->piece.batch, port);
        if (status == QETL_E_ROW) {
            qetl_instance_drop_rejected(op->instance);
            status = qetl_bisect_split(&state->bisect, op->run->pool, &state->piece);
            if (status)
                return qetl_op_fault(op, "out_of_memory", "no memory for a batch");
        } else if (!status) {
            qetl_batch_unref(state->piece.batch);
            state->piece.batch = NULL;
            qetl_bisect_next(&state->bisect, &state->piece);
        }
    }
    return status;
}

static int32_t write_batch(struct qetl_op *op, struct qetl_batch *batch, uint32_t port)
{
    struct sink_state *state = op->state;
    int32_t status = state->piece.batch ? QETL_E_ROW : write_rows(op, batch, port);
    if (status != QETL_E_ROW)
        return status;
    if (!state->piece.batch) {
        qetl_batch_ref(batch);
        state->piece = (struct qetl_piece){.batch = batch};
    }
    return write_pieces(op, port);
}

/* ---- header and footer ---- */

static int32_t write_part(struct qetl_op *op, int32_t (*part)(void *, struct qetl_space *),
                          const char *name)
{
    if (!part)
        return QETL_OK;
    int32_t status;
    struct qetl_block *block = qetl_encode_part(op->flow->codec, part, &status);
    if (!block)
        return qetl_run_fail(op->run, op->node, op->flow->codec, name, status);
    while ((status = write_bytes(op, block)) == QETL_STEP_IDLE && !qetl_run_stopping(op->run))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* small, and first of all */
    qetl_block_free(block);
    return status;
}

static int32_t begin(struct qetl_op *op)
{
    struct sink_state *state = op->state;
    if (state->begun || !op->flow->codec || op->flow->parts)
        return QETL_OK;
    state->begun = true;
    return qetl_sink_continues(op)
               ? qetl_sink_check_head(op)
               : write_part(op, op->flow->codec->component->format->begin, "begin");
}

static int32_t end(struct qetl_op *op)
{
    struct sink_state *state = op->state;
    if (state->ended)
        return QETL_OK;
    state->ended = true;
    if (qetl_run_goes_on(op->run))
        return QETL_OK; /* neither header nor footer: rows may still come */
    int32_t status = begin(op);
    if (!status && op->flow->codec && !op->flow->parts)
        status = write_part(op, op->flow->codec->component->format->finish, "finish");
    return status;
}

/* ---- messages ---- */

static int32_t handle_end(struct qetl_op *op)
{
    struct sink_state *state = op->state;
    if (++state->inputs_ended < op->flow->n_takes)
        return QETL_OK;
    int32_t status = end(op);
    if (!status)
        atomic_store(&op->run->attempt.has_all[op->node - op->run->pipeline->nodes], true);
    return status;
}

/* ---- epochs ---- */

static struct sink_state *state_of(struct qetl_op *op)
{
    if (!op->state)
        op->state = calloc(1, sizeof(struct sink_state));
    return op->state;
}

int32_t qetl_sink_resume_at(struct qetl_op *op, const struct qetl_op_memory *memory)
{
    struct sink_state *state = state_of(op);
    if (!state)
        return qetl_op_fault(op, "out_of_memory", "no memory for a sink");
    state->begun = memory->begun;
    state->ended = memory->ended;
    return QETL_OK;
}

static int32_t handle_add(void *stream, const void *data, size_t size)
{
    return qetl_handed_add(stream, data, size);
}

/* What a call that failed has named is of no account. */
static int32_t prepare_once(struct qetl_op *op, const struct qetl_epoch *epoch,
                            struct qetl_handed *handed)
{
    struct qetl_ctx *ctx = op->instance;
    struct qetl_writer writer = {handed, handle_add};
    size_t before = handed->n_handles;
    qetl_call_enter(ctx, "prepare");
    int32_t status = ctx->component->sink->prepare(ctx->self, epoch, &writer);
    qetl_call_leave();
    if (status)
        qetl_handed_cut(handed, before);
    return qetl_known_done(op->run, op->node, "prepare", status);
}

/* In the sink's own task: it is called again later, and the worker does other things meanwhile. */
static int32_t prepare_in_task(struct qetl_op *op, const struct qetl_epoch *epoch,
                               struct qetl_handed *handed)
{
    if (!qetl_op_may_call(op))
        return QETL_STEP_IDLE;
    int32_t answer = prepare_once(op, epoch, handed);
    if (answer == QETL_E_ROW) /* there is no row that could be looked for */
        return qetl_op_fail(op, "prepare", answer);
    answer = qetl_op_answered(op, "prepare", answer, 0, 0);
    return answer == QETL_IDLE ? QETL_STEP_IDLE : answer < 0 ? answer : QETL_OK;
}

static int32_t prepare_at_once(struct qetl_op *op, const struct qetl_epoch *epoch,
                               struct qetl_handed *handed)
{
    struct qetl_retry retry = {0};
    int32_t status;
    do
        status = prepare_once(op, epoch, handed);
    while (qetl_run_again(op->run, op->instance, &retry, "prepare", status));
    return status < 0 ? qetl_op_fail(op, "prepare", status) : QETL_OK;
}

static int32_t prepare(struct qetl_op *op, const struct qetl_epoch *epoch, bool in_task,
                       struct qetl_handed *handed)
{
    if (!op->instance->component->sink->prepare)
        return QETL_OK;
    return in_task ? prepare_in_task(op, epoch, handed) : prepare_at_once(op, epoch, handed);
}

int32_t qetl_sink_checkpoint(struct qetl_op *op, uint64_t number, bool final, bool in_task,
                             struct qetl_handed *handed)
{
    struct sink_state *state = state_of(op);
    struct qetl_epoch epoch = qetl_epoch_of(op->run, op->node, number, final);
    if (!state)
        return qetl_op_fault(op, "out_of_memory", "no memory for a sink");
    QETL_FAILPOINT("sink.prepare.before");
    int32_t status = prepare(op, &epoch, in_task, handed);
    QETL_FAILPOINT("sink.prepare.after");
    if (status || final || !op->run->env.checkpoints)
        return status;
    bool ended = state->ended && !qetl_run_goes_on(op->run);
    return qetl_op_save(op, &(struct qetl_op_memory){.begun = state->begun, .ended = ended},
                        handed);
}

/* A sink that decides takes nothing more before it has; the others go on at once. */
static int32_t handle_barrier(struct qetl_op *op, uint64_t epoch)
{
    struct sink_state *state = op->state;
    struct qetl_handed handed = {0};
    op->epoch = epoch;
    if (!op->run->env.checkpoints)
        return QETL_OK;
    if (state->awaits != epoch) {
        int32_t status = qetl_sink_checkpoint(op, epoch, false, true, &handed);
        if (!status)
            status = qetl_op_hand_in(op, epoch, false, &handed);
        qetl_handed_clear(&handed);
        if (status == QETL_STEP_IDLE)
            return status;
        state->awaits = epoch;
        if (!status)
            status = qetl_decider_poke(op->run->attempt.decider);
        if (status || op->flow->commit != QETL_COMMIT_ONE_PHASE)
            return status;
    }
    uint32_t wakes = atomic_load_explicit(&op->instance->wakes, memory_order_acquire);
    if (qetl_sink_committed(op, epoch))
        return QETL_OK;
    qetl_op_set_idle(op, wakes, INT64_MAX);
    return QETL_STEP_IDLE;
}

static int32_t message_take(struct qetl_op *op, const struct qetl_message *message)
{
    int32_t status;
    switch (message->kind) {
    case QETL_SLOT_BLOCK:
        status = begin(op);
        return status ? status : write_bytes(op, message->payload);
    case QETL_SLOT_BATCH:
        status = begin(op);
        return status ? status : write_batch(op, message->payload, message->port);
    case QETL_SLOT_BARRIER:
        status = handle_barrier(op, message->epoch);
        if (!status)
            qetl_run_barrier_arrived(op->run, message->epoch);
        return status;
    default:
        return handle_end(op);
    }
}

static int32_t handle(struct qetl_op *op)
{
    struct sink_state *state = op->state;
    struct qetl_message *message = &state->message;
    int32_t status = message_take(op, message);
    op->pending = status == QETL_STEP_IDLE;
    if (op->pending)
        return status;
    qetl_payload_free(message->kind, message->payload);
    message->kind = 0;
    message->payload = NULL;
    return status;
}

static int32_t sink_feed(struct qetl_op *op, struct qetl_message *message)
{
    if (!state_of(op)) {
        qetl_payload_free(message->kind, message->payload);
        return qetl_op_fault(op, "out_of_memory", "no memory for a sink");
    }
    struct sink_state *state = op->state;
    assert(!op->pending);
    state->message = *message;
    int32_t status = handle(op);
    return status < 0 ? status : QETL_OK;
}

static int32_t sink_resume(struct qetl_op *op)
{
    return handle(op);
}

static void sink_free(struct qetl_op *op)
{
    struct sink_state *state = op->state;
    if (state) {
        qetl_payload_free(state->message.kind, state->message.payload);
        qetl_batch_unref(state->piece.batch);
        qetl_bisect_clear(&state->bisect);
    }
    free(state);
}

const struct qetl_op_class qetl_op_sink = {
    .feed = sink_feed,
    .resume = sink_resume,
    .free = sink_free,
};
