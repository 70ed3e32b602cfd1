/* SPDX-License-Identifier: Apache-2.0 */
/* Draws from a source: batches as they are, bytes through the framer (frame.c) as chunks of
 * records. */
#include "op_source.h"
#include "checkpoint.h"
#include "op_check.h"

#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

struct qetl_source_state *qetl_source_state_new(void)
{
    struct qetl_source_state *state = calloc(1, sizeof *state);
    if (state) {
        state->at_cut = true; /* before the first item a run may resume at the beginning */
        state->n_readers = 1;
    }
    return state;
}

void qetl_source_state_free(struct qetl_source_state *state)
{
    if (!state)
        return;
    qetl_splits_drop(state);
    free(state->splits);
    qetl_buffer_free(state->buffer);
    qetl_object_unref(state->object);
    for (size_t i = 0; i < state->n_paused; i++)
        qetl_object_unref(state->paused[i]);
    free(state->paused);
    qetl_source_kept_free(state);
    free(state);
}

static int32_t next(struct qetl_op *op, const struct qetl_demand *demand, struct qetl_item *item)
{
    struct qetl_ctx *ctx = op->instance;
    *item = (struct qetl_item){.struct_size = sizeof *item};
    int64_t started = qetl_now_ns();
    qetl_call_enter(ctx, "next");
    int32_t answer = ctx->component->source->next(ctx->self, demand, item);
    qetl_call_leave();
    int64_t ended = qetl_now_ns(), took = ended - started;
    qetl_source_note_wait(op, answer == QETL_IDLE, started, ended);
    qetl_tally_add(&ctx->tally.nanoseconds, took);
    qetl_tally_add(&ctx->tally.bytes_in, item->bytes_read);
    int64_t bytes = answer == QETL_BYTES ? item->bytes : 0;
    answer =
        qetl_op_answered(op, "next", answer, answer == QETL_BATCH ? item->batch.length : 0, bytes);
    if (answer < 0)
        return answer;
    bool known = answer == QETL_IDLE || answer == QETL_END ||
                 answer == (op->flow->bytes ? QETL_BYTES : QETL_BATCH);
    qetl_schema_release(&item->schema);
    if (!known)
        return qetl_op_fault(op, "unsupported",
                             "next answered %d, which this version of qetl does not take", answer);
    int32_t vain = qetl_source_check_vain(op, answer, item, took);
    return vain ? vain : answer;
}

static uint32_t demand_flags(const struct qetl_op *op)
{
    const struct qetl_source_state *state = op->state;
    if (!op->flow->bytes || !op->flow->values_only)
        return 0;
    return QETL_DEMAND_UNLINED | (state->end > state->start ? QETL_DEMAND_REST : 0);
}

int32_t qetl_source_draw(struct qetl_op *op, void *space, int64_t room, struct qetl_item *item)
{
    struct qetl_source_state *state = op->state;
    struct qetl_demand demand = {.struct_size = sizeof demand,
                                 .max_rows =
                                     qetl_op_rows_at_once(op, op->run->pipeline->batch_rows),
                                 .max_bytes = room,
                                 .deadline_ns = qetl_source_dwell(op, qetl_now_ns()),
                                 .space = space,
                                 .flags = demand_flags(op)};
    uint32_t wakes = atomic_load_explicit(&op->instance->wakes, memory_order_acquire);
    if (state->exhausted)
        return QETL_END;
    if (qetl_source_unwanted(op)) {
        state->exhausted = true;
        return QETL_END;
    }
    if (atomic_load_explicit(&op->run->draining, memory_order_relaxed) &&
        !qetl_source_owes_cut(op)) {
        atomic_store(&op->run->attempt.cut_short, 1);
        state->exhausted = state->drained = true;
        return QETL_END;
    }
    if (!qetl_op_may_call(op))
        return QETL_IDLE;
    int32_t answer = next(op, &demand, item);
    while (answer == QETL_END && qetl_source_has_split(state)) {
        int32_t status = qetl_source_open_next(op);
        answer = status ? status : next(op, &demand, item);
    }
    if (answer == QETL_IDLE)
        qetl_op_set_idle(op, wakes, op->retry_at_ns ? op->retry_at_ns : INT64_MAX);
    else
        op->idle = false;
    return answer;
}

static bool epoch_is_asked_for(struct qetl_run *run)
{
    return atomic_load_explicit(&run->epoch_requests, memory_order_relaxed) !=
           atomic_load_explicit(&run->epoch_requests_seen, memory_order_relaxed);
}

/* Others may wait for the barrier that this source owes, or somebody asked for one. */
static bool barrier_is_due(const struct qetl_op *op)
{
    const struct qetl_source_state *state = op->state;
    return qetl_source_is_at_cut(op) &&
           (state->epoch < atomic_load_explicit(&op->run->attempt.epoch, memory_order_relaxed) ||
            epoch_is_asked_for(op->run));
}

bool qetl_source_has_news(const struct qetl_op *op)
{
    return qetl_source_unwanted(op) ||
           atomic_load_explicit(&op->run->draining, memory_order_relaxed) || barrier_is_due(op) ||
           (op->flow->bytes && qetl_frame_is_ripe(op));
}

bool qetl_source_only_waits(const struct qetl_op *op)
{
    return op->idle && !qetl_source_has_news(op) && (!op->flow->bytes || qetl_frame_is_empty(op));
}

int64_t qetl_source_appetite(const struct qetl_op *op)
{
    const struct qetl_source_state *state = op->state;
    int64_t usual = op->run->chunk_bytes;
    return state->capacity > 2 * usual ? 4 * state->capacity : usual;
}

/* Which column of the schema the batch's c-th is. */
static int64_t column_at(const struct qetl_node_flow *flow, int64_t c)
{
    return flow->narrowed ? flow->wants[c].column : c;
}

/* Which of the rows that were read each row of the batch is, where some in between were rejected.
 */
static int32_t record_map(struct qetl_op *op, int64_t rows, int32_t **out)
{
    const struct qetl_ctx *ctx = op->instance;
    size_t next = 0;
    *out = NULL;
    if (!ctx->n_rejected || !rows)
        return QETL_OK;
    int32_t *map = qetl_pool_alloc(op->instance->env->pool, (size_t)rows * sizeof *map);
    if (!map)
        return qetl_op_fault(op, "out_of_memory", "no memory for a batch");
    int64_t record = 0;
    for (int64_t row = 0; row < rows; row++, record++) {
        for (; next < ctx->n_rejected && ctx->rejected[next].row == record; next++)
            record++;
        map[row] = (int32_t)record;
    }
    *out = map;
    return QETL_OK;
}

/* Rows that the source rejected while it read these. */
static int32_t number_rows(struct qetl_op *op, struct qetl_origin *origin, int64_t rows,
                           int32_t **map)
{
    int32_t status = record_map(op, rows, map);
    int64_t rejected = status ? status : qetl_op_bury(op, origin, NULL, op->flow->ports[0].schema);
    int64_t records = rows + (rejected > 0 ? rejected : 0);
    qetl_origin_complete(origin, records, NULL);
    qetl_tally_add(&op->instance->tally.rows_in, records);
    return rejected < 0 ? (int32_t)rejected : QETL_OK;
}

static int32_t emit_batch(struct qetl_op *op, struct qetl_item *item)
{
    struct qetl_tracker *tracker = op->run->attempt.trackers[op->node - op->run->pipeline->nodes];
    const struct qetl_port_flow *port = &op->flow->ports[0];
    int64_t rows = item->batch.length;
    struct qetl_made made = {.rows = rows, .form = QETL_FORM_VALUE};
    if (item->batch.offset)
        return qetl_op_blame(op, &made, "next answered a batch with an offset of its own");
    int64_t n_columns = op->flow->narrowed ? op->flow->n_wants : port->n_columns;
    if (item->batch.n_children != n_columns)
        return qetl_op_blame(op, &made, "next answered %lld columns of %lld",
                             (long long)item->batch.n_children, (long long)n_columns);
    for (int64_t c = 0; c < n_columns; c++) {
        made.field = port->schema->children[column_at(op->flow, c)];
        int32_t status = qetl_op_check_column(op, &made, rows, item->batch.children[c]);
        if (status)
            return status;
    }
    struct qetl_origin *origin = qetl_origin_new(tracker, NULL, false, 0, NULL, 0, NULL);
    struct qetl_batch *batch = origin ? qetl_batch_new(rows, port->n_columns, origin) : NULL;
    bool lacks = !batch;
    for (int64_t c = 0; !lacks && c < n_columns; c++) {
        struct qetl_vector **value = &batch->columns[column_at(op->flow, c)].value;
        *value = qetl_vector_new(item->batch.children[c]);
        lacks = !*value;
    }
    int32_t status = lacks ? qetl_op_fault(op, "out_of_memory", "no memory for a batch") : QETL_OK;
    if (!status)
        status = number_rows(op, origin, rows, &batch->record_map);
    qetl_origin_unref(origin);
    if (status || !rows) {
        qetl_batch_unref(batch);
        return status;
    }
    qetl_tally_add(&op->instance->tally.batches, 1);
    qetl_tally_add(&op->instance->tally.rows_out, rows);
    int32_t taken = qetl_op_take_rows(op, rows);
    if (taken)
        qetl_batch_unref(batch);
    return taken ? taken : qetl_op_emit(op, 0, QETL_SLOT_BATCH, batch);
}

static int32_t step_batches(struct qetl_op *op)
{
    struct qetl_source_state *state = op->state;
    struct qetl_item item = {0};
    int32_t answer = qetl_source_draw(op, NULL, op->run->chunk_bytes, &item);
    int32_t status = answer < 0 ? answer : QETL_OK;
    if (answer == QETL_BATCH) { /* idle: still where it was */
        state->at_cut = item.flags & QETL_ITEM_CUT && !state->together;
        item.bytes = 0;
        status = qetl_source_keep(op, &item);
    }
    if (!status && answer == QETL_BATCH && item.batch.release)
        status = emit_batch(op, &item);
    if (!status && op->instance->n_rejected)
        status = qetl_op_fault(op, "bad_reject", "next rejected rows and answered no batch");
    qetl_array_release(&item.batch);
    state->ended = answer == QETL_END;
    return status ? status : answer == QETL_IDLE ? QETL_STEP_IDLE : QETL_STEP_DONE;
}

/* A source that brought nothing since its last barrier begins no epoch of its own accord. */
static uint64_t epoch_for(const struct qetl_op *op)
{
    const struct qetl_source_state *state = op->state;
    return state->uncut || epoch_is_asked_for(op->run)
               ? qetl_run_epoch(op->run)
               : atomic_load_explicit(&op->run->attempt.epoch, memory_order_relaxed);
}

/* Barriers go out where the run asks for newer epochs, and the source can resume there. None is
 * skipped: where inputs align, others wait for each. */
static int32_t cut_epoch(struct qetl_op *op)
{
    struct qetl_source_state *state = op->state;
    uint64_t epoch = epoch_for(op);
    int32_t status = QETL_OK;
    while (!status && qetl_source_is_at_cut(op) && state->epoch < epoch) {
        status = qetl_source_cut(op, ++state->epoch, false);
        if (!status)
            status = qetl_op_emit_all(op, QETL_SLOT_BARRIER, state->epoch);
        state->uncut = false;
    }
    return status;
}

static int32_t source_resume(struct qetl_op *op)
{
    struct qetl_source_state *state = op->state;
    int32_t status = op->flow->bytes ? qetl_frame_step(op) : step_batches(op);
    if (status < 0)
        return status;
    int32_t control = cut_epoch(op);
    long long due = atomic_load_explicit(&op->run->attempt.next_barrier_ns, memory_order_relaxed);
    if (status == QETL_STEP_IDLE && state->uncut && due < op->idle_until_ns)
        op->idle_until_ns = due; /* what came before a pause ends in an epoch, too */
    if (!control && state->ended) {
        op->pending = false;
        control = qetl_source_cut(op, state->epoch + 1, true);
        if (!control)
            control = qetl_op_emit_all(op, QETL_SLOT_END, 0);
    }
    return control ? control : status;
}

static void source_free(struct qetl_op *op)
{
    qetl_source_state_free(op->state);
}

const struct qetl_op_class qetl_op_source = {.resume = source_resume, .free = source_free};
