/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a transform: lends it the columns that it reads, and carries the others past it by its row
 * map. */
#include "bisect.h"
#include "carry.h"
#include "checkpoint.h"
#include "increment/increment.h"
#include "op.h"
#include "op_check.h"
#include "op_source.h"
#include "run_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PORTS_NOTED = 64, VAIN_MOST = 1000000, VALUE_BYTES = 16 };

struct transform_state {
    struct qetl_batch *input; /* of the event under way, referenced; NULL: none */
    uint32_t port;
    int64_t rows_out, rows_filtered, rows_added, rows_reduced, rows_rejected; /* of the event */
    int64_t rows_held, rows_held_before;
    struct qetl_message control; /* a barrier or end that the plugin is told of; kind 0: none */
    bool again;        /* the event under way failed for the moment: it is handed over once more */
    bool control_done; /* the plugin is: it goes on once those below are done with theirs */
    uint32_t inputs_ended;
    int64_t from; /* the input is a piece of a batch that was refused, from this row of it on … */
    struct qetl_bisect bisect; /* … and these are the pieces behind it */
    uint64_t ended_ports;      /* of which the plugin was told, a bit each */
    bool over;                 /* in another process it gave out all there was */
    int64_t more_in_vain;      /* so often it answered MORE, one after the other, and nothing */
    struct qetl_batch_column *late; /* of the batch that is being made; none, unless op->decoder */
    int64_t n_late;
};

static struct transform_state *state_of(struct qetl_op *op)
{
    if (!op->state)
        op->state = calloc(1, sizeof(struct transform_state));
    return op->state;
}

static int32_t no_memory(struct qetl_op *op)
{
    return qetl_op_fault(op, "out_of_memory", "no memory for a batch");
}

/* What the decoder in front has not decoded yet, of the rows that go on. */
static int32_t fetch_late(struct qetl_op *op, const struct qetl_output *output)
{
    struct transform_state *state = op->state;
    int64_t n = op->decoder->flow->ports[0].n_columns;
    if (!state->late)
        state->late = calloc((size_t)n + 1, sizeof *state->late);
    if (!state->late)
        return no_memory(op);
    state->n_late = n;
    return qetl_decode_late(op->decoder, output->rows, output->row_map, state->late);
}

/* The input is a piece of what the decoder in front gave out, or that itself. */
static void tell_decoder(struct qetl_op *op)
{
    const struct transform_state *state = op->state;
    if (!op->decoder)
        return;
    op->decoder->piece_from = state->from;
    op->decoder->piece = state->from || state->bisect.n;
}

static void drop_late(struct transform_state *state)
{
    for (int64_t i = 0; i < state->n_late; i++) {
        qetl_vector_unref(state->late[i].value);
        qetl_vector_unref(state->late[i].lexical);
        state->late[i] = (struct qetl_batch_column){0};
    }
}

/* A column that is carried past the plugin: from the input by the row map, or as it was fetched. */
static int32_t carry(struct qetl_op *op, const struct qetl_batch *input, int64_t from,
                     const struct ArrowSchema *field, uint32_t wanted,
                     const struct qetl_output *output, struct qetl_batch_column *out)
{
    const struct transform_state *state = op->state;
    const struct qetl_batch_column *late = state->late && from >= 0 ? &state->late[from] : NULL;
    if (from < 0)
        return qetl_carry_nulls(op, field, wanted, output->rows, out);
    if (late && (late->value || late->lexical))
        return qetl_carry_column(op, late, field, wanted, NULL, output->rows, out);
    return qetl_carry_column(op, &input->columns[from], field, wanted, output->row_map,
                             output->rows, out);
}

/* The output batch: derived columns from the plugin, the rest carried past it. */
static int32_t assemble(struct qetl_op *op, const struct qetl_batch *input, uint32_t in_port,
                        struct qetl_output *output, struct qetl_batch **out)
{
    const struct qetl_out_binding *binding = &op->flow->binding.out[output->port];
    const struct qetl_port_flow *flow = &op->flow->ports[output->port];
    bool known = input && binding->rows != QETL_ROWS_STATEFUL; /* which rows in the rows out are */
    *out = qetl_batch_new(output->rows, binding->n_columns, known ? input->origin : NULL);
    if (!*out)
        return no_memory(op);
    int32_t status = known ? qetl_carry_records(op, input, output->row_map, *out) : QETL_OK;
    if (!status && op->decoder)
        status = fetch_late(op, output);
    for (int64_t c = 0; !status && c < binding->n_columns; c++) {
        const struct qetl_out_column *column = &binding->columns[c];
        if (column->derived >= 0)
            status = qetl_carry_derived(op, output, column->derived, flow->schema->children[c],
                                        &(*out)->columns[c]);
        else
            status = carry(op, input, column->from[in_port], flow->schema->children[c],
                           flow->columns[c].wanted, output, &(*out)->columns[c]);
    }
    drop_late(op->state);
    if (!status)
        return QETL_OK;
    qetl_batch_unref(*out);
    *out = NULL;
    return status;
}

/* ---- what the plugin answered ---- */

/* Where each row leaves once and in order, there is room for no more. */
static int32_t check_order(struct qetl_op *op, const struct qetl_made *made,
                           const struct qetl_output *output)
{
    for (int64_t i = 1; output->row_map && i < output->rows; i++)
        if (output->row_map[i] <= output->row_map[i - 1])
            return qetl_op_blame(op, made,
                                 "process answered a row map with row %d behind row %d of the "
                                 "input, and bind promised each row once at most, in order",
                                 output->row_map[i], output->row_map[i - 1]);
    return QETL_OK;
}

/* What a call answers is carried, gathered and handed on as one batch. */
static int32_t check_room(struct qetl_op *op, int64_t rows_in, const struct qetl_output *output)
{
    int64_t columns = op->flow->binding.out[output->port].n_columns;
    int64_t row_bytes = columns * VALUE_BYTES + (int64_t)sizeof *output->row_map;
    int64_t most = op->run->options.memory_bytes / 4 / row_bytes;
    int64_t usual = op->run->pipeline->batch_rows;
    most = most > usual ? most : usual;
    if (output->rows <= rows_in || output->rows <= most)
        return QETL_OK;
    char message[300];
    snprintf(message, sizeof message,
             "process answered %lld rows at once, of %lld that came: with %lld columns that is "
             "more than a quarter of the memory that the run may use",
             (long long)output->rows, (long long)rows_in, (long long)columns);
    return qetl_run_blame(op->run, op->node, op->instance, "too_many_rows", message,
                          "raise --memory; or mend the plugin: QETL_MORE with the first of the "
                          "rows, and the others in the calls that follow");
}

static int32_t check_output(struct qetl_op *op, const struct qetl_batch *input,
                            const struct qetl_output *output)
{
    const struct qetl_binding *binding = &op->flow->binding;
    if (output->port >= binding->n_out)
        return qetl_op_fault(op, "bad_batch", "process answered for output port %u of %u",
                             output->port, binding->n_out);
    const struct qetl_made made = {.port = output->port, .rows = output->rows};
    const struct qetl_out_binding *port = &binding->out[output->port];
    int64_t children = output->batch.release ? output->batch.n_children : 0;
    if (output->rows < 0 || children != port->n_derived)
        return qetl_op_blame(op, &made,
                             "process answered %lld columns and %lld rows, bind promised %lld "
                             "derived columns",
                             (long long)children, (long long)output->rows,
                             (long long)port->n_derived);
    if (children && output->batch.offset)
        return qetl_op_blame(op, &made, "process answered a batch with an offset of its own");
    bool copies = port->n_columns > port->n_derived;
    if (copies && (!input || (!output->row_map && output->rows != input->rows)))
        return qetl_op_blame(op, &made,
                             "process answered %lld rows without a row map for an input of %lld",
                             (long long)output->rows, (long long)(input ? input->rows : 0));
    int64_t derived = children ? output->batch.length : 0;
    if (children && !output->derived_map && derived != output->rows)
        return qetl_op_blame(op, &made, "process answered %lld rows in a batch of %lld",
                             (long long)output->rows, (long long)derived);
    for (int64_t i = 0; children && output->derived_map && i < output->rows; i++)
        if (output->derived_map[i] < -1 || output->derived_map[i] >= derived)
            return qetl_op_blame(op, &made,
                                 "process answered a derived map that points to row %d of %lld",
                                 output->derived_map[i], (long long)derived);
    for (int64_t i = 0; output->row_map && i < output->rows; i++)
        if (!input || output->row_map[i] < 0 || output->row_map[i] >= input->rows)
            return qetl_op_blame(op, &made,
                                 "process answered a row map that points to row "
                                 "%d of the input",
                                 output->row_map[i]);
    if (port->rows == QETL_ROWS_EXPAND || port->rows == QETL_ROWS_STATEFUL)
        return check_room(op, input ? input->rows : 0, output);
    return port->rows <= QETL_ROWS_SUBSET ? check_order(op, &made, output) : QETL_OK;
}

static int32_t emit_output(struct qetl_op *op, struct qetl_output *output)
{
    struct transform_state *state = op->state;
    if (op->partial)
        return qetl_op_fault(op, "bad_batch",
                             "a replica whose state will be merged gave out rows before the end");
    int32_t status = check_output(op, state->input, output);
    if (status)
        return status;
    state->rows_out += output->rows;
    qetl_tally_add(&op->instance->tally.rows_out, output->rows);
    if (!output->rows)
        return QETL_OK;
    struct qetl_batch *batch;
    status = assemble(op, state->input, state->port, output, &batch);
    return status ? status : qetl_op_emit(op, output->port, QETL_SLOT_BATCH, batch);
}

static void tally_event(struct qetl_op *op, const struct qetl_output *output)
{
    struct transform_state *state = op->state;
    struct qetl_tally *tally = &op->instance->tally;
    state->rows_filtered += output->rows_filtered;
    state->rows_added += output->rows_added;
    state->rows_reduced += output->rows_reduced;
    qetl_tally_add(&tally->rows_filtered, output->rows_filtered);
    qetl_tally_add(&tally->rows_added, output->rows_added);
    qetl_tally_add(&tally->rows_reduced, output->rows_reduced);
    qetl_tally_add(&tally->rows_held, output->rows_held - state->rows_held);
    state->rows_held = output->rows_held;
}

/* The equation, event by event, so that a plugin that loses rows is named at once. */
static int32_t event_close(struct qetl_op *op)
{
    struct transform_state *s = op->state;
    int64_t in = s->input ? s->input->rows : 0;
    bool balanced = in + s->rows_held_before + s->rows_added == s->rows_out + s->rows_filtered +
                                                                    s->rows_rejected +
                                                                    s->rows_reduced + s->rows_held;
    int32_t status = QETL_OK;
    if (!balanced)
        status = qetl_op_fault(
            op, "ledger",
            "the ledger does not balance: %lld in + %lld held before + %lld added, but %lld out + "
            "%lld filtered + %lld rejected + %lld reduced + %lld held",
            (long long)in, (long long)s->rows_held_before, (long long)s->rows_added,
            (long long)s->rows_out, (long long)s->rows_filtered, (long long)s->rows_rejected,
            (long long)s->rows_reduced, (long long)s->rows_held);
    qetl_batch_unref(s->input);
    s->input = NULL;
    s->rows_held_before = s->rows_held;
    s->rows_out = s->rows_filtered = s->rows_added = s->rows_reduced = s->rows_rejected = 0;
    struct qetl_piece next = {0};
    op->pending = s->again = qetl_bisect_next(&s->bisect, &next);
    s->input = next.batch;
    s->from = next.from;
    tell_decoder(op);
    return status;
}

/* ---- calls ---- */

static int32_t process(struct qetl_op *op, const struct qetl_event *event,
                       struct qetl_output *output)
{
    struct qetl_ctx *ctx = op->instance;
    int64_t started = qetl_now_ns();
    qetl_call_enter(ctx, "process");
    int32_t answer = ctx->component->transform->process(ctx->self, event, output);
    qetl_call_leave();
    qetl_tally_add(&ctx->tally.nanoseconds, qetl_now_ns() - started);
    return answer;
}

/* The event is the end of the last of its inputs. */
static bool has_all(const struct qetl_op *op)
{
    const struct transform_state *state = op->state;
    return state->control.kind == QETL_SLOT_END &&
           state->inputs_ended + 1 == op->flow->binding.n_in;
}

static int32_t handle(struct qetl_op *op, int32_t answer, struct qetl_output *output)
{
    struct transform_state *state = op->state;
    op->take = state->port;
    int64_t rejected =
        qetl_op_bury(op, state->input ? state->input->origin : NULL, state->input, NULL);
    if (rejected < 0)
        return (int32_t)rejected;
    state->rows_rejected += rejected;
    tally_event(op, output);
    int32_t status = QETL_OK;
    bool last = answer == QETL_END && output->rows > 0;
    if (answer == QETL_OUTPUT || answer == QETL_MORE || last)
        status = emit_output(op, output);
    if (answer == QETL_END && !has_all(op))
        qetl_op_satisfy(op);
    return status;
}

/* A row of the batch cannot be taken: its halves are tried, or it is that row. */
static int32_t refused(struct qetl_op *op, const struct qetl_event *event)
{
    struct transform_state *state = op->state;
    if (!event || event->kind != QETL_EVENT_BATCH || !event->rows)
        return qetl_op_fail(op, "process", QETL_E_ROW);
    if (event->rows == 1) {
        struct qetl_output none = {.rows_held = state->rows_held};
        qetl_op_reject_refused(op);
        int32_t status = handle(op, QETL_NEED_INPUT, &none);
        return status ? status : event_close(op);
    }
    struct qetl_piece piece = {state->input, state->from};
    if (qetl_bisect_split(&state->bisect, op->run->pool, &piece))
        return no_memory(op);
    state->input = piece.batch;
    tell_decoder(op);
    op->pending = state->again = true;
    op->idle = false;
    return QETL_OK;
}

/* Called again and again, it would keep a processor busy for ever. */
static int32_t check_more(struct qetl_op *op, const struct qetl_output *output)
{
    struct transform_state *state = op->state;
    bool something = output->rows || output->rows_filtered || output->rows_added ||
                     output->rows_reduced || op->instance->n_rejected;
    state->more_in_vain = something ? 0 : state->more_in_vain + 1;
    return state->more_in_vain < VAIN_MOST
               ? QETL_OK
               : qetl_run_blame(op->run, op->node, op->instance, "no_rows",
                                "process answered QETL_MORE a million times, one after the other, "
                                "and no row with it",
                                "mend the plugin: QETL_NEED_INPUT says that the event is consumed, "
                                "QETL_BLOCKED that it waits for something outside");
}

/* One call into the plugin, and what follows from its answer. */
static int32_t advance(struct qetl_op *op, const struct qetl_event *event)
{
    struct transform_state *state = op->state;
    struct qetl_output output = {.struct_size = sizeof output, .rows_held = state->rows_held};
    if (!qetl_op_may_call(op)) {
        state->again = event != NULL;
        op->pending = true;
        return QETL_OK;
    }
    uint32_t wakes = atomic_load_explicit(&op->instance->wakes, memory_order_acquire);
    int32_t answer =
        qetl_op_answered(op, "process", process(op, event, &output), event ? event->rows : 0, 0);
    state->again = answer == QETL_IDLE && event;
    if (answer < 0 || answer == QETL_IDLE) {
        qetl_array_release(&output.batch);
        qetl_instance_drop_rejected(op->instance);
        if (answer == QETL_E_ROW)
            return refused(op, event);
        op->pending = answer == QETL_IDLE;
        return answer < 0 ? answer : QETL_OK;
    }
    bool known = answer >= QETL_NEED_INPUT && answer <= QETL_BLOCKED;
    int32_t status = answer == QETL_MORE ? check_more(op, &output) : QETL_OK;
    if (!status)
        status = known || answer == QETL_END
                     ? handle(op, answer, &output)
                     : qetl_op_fault(op, "unsupported", "process answered %d", answer);
    qetl_array_release(&output.batch);
    if (status)
        return status;
    op->pending = answer == QETL_MORE || answer == QETL_BLOCKED;
    if (answer == QETL_BLOCKED) {
        qetl_op_set_idle(op, wakes, INT64_MAX);
        qetl_op_waits(op, "its process answered that it was blocked");
    } else {
        op->idle = false;
    }
    return op->pending ? QETL_OK : event_close(op);
}

static int32_t process_batch(struct qetl_op *op)
{
    struct transform_state *state = op->state;
    const struct qetl_in_binding *in = &op->flow->binding.in[state->port];
    struct ArrowArray view;
    if (op->satisfied) { /* what still comes is filtered */
        state->rows_filtered = state->input->rows;
        qetl_tally_add(&op->instance->tally.rows_filtered, state->input->rows);
        return event_close(op);
    }
    if (qetl_batch_view(state->input, in->n_reads, in->reads, &view))
        return no_memory(op);
    struct qetl_event event = {.struct_size = sizeof event,
                               .kind = QETL_EVENT_BATCH,
                               .port = state->port,
                               .batch = &view,
                               .rows = state->input->rows};
    int32_t status = advance(op, &event);
    qetl_array_release(&view);
    return status;
}

/* Nothing but columns chosen and renamed: no call is needed. */
static int32_t pass(struct qetl_op *op)
{
    struct transform_state *state = op->state;
    struct qetl_output output = {.struct_size = sizeof output, .rows = state->input->rows};
    int32_t status = emit_output(op, &output);
    return status ? status : event_close(op);
}

static int32_t feed_batch(struct qetl_op *op, struct qetl_message *message)
{
    struct transform_state *state = op->state;
    struct qetl_batch *batch = message->payload;
    assert(!op->pending && !state->input);
    state->input = batch;
    state->port = message->port;
    qetl_tally_add(&op->instance->tally.rows_in, batch->rows);
    return qetl_binding_is_copy(&op->flow->binding) ? pass(op) : process_batch(op);
}

static bool is_stateful(const struct qetl_op *op)
{
    for (uint32_t p = 0; p < op->flow->binding.n_out; p++)
        if (op->flow->binding.out[p].rows == QETL_ROWS_STATEFUL)
            return true;
    return false;
}

static int32_t hand_in(struct qetl_op *op, uint64_t epoch, bool ended)
{
    const struct transform_state *state = op->state;
    struct qetl_handed handed = {0};
    struct qetl_op_memory memory = {.ended = ended && !qetl_run_goes_on(op->run),
                                    .rows_held = state->rows_held,
                                    .ended_ports = state->ended_ports};
    int32_t status = QETL_OK;
    if ((op->run->env.checkpoints || op->node->own) && op->instance->component->save)
        status = qetl_op_save(op, &memory, &handed);
    if (!status)
        status = qetl_op_hand_in(op, epoch, ended, &handed);
    qetl_handed_clear(&handed);
    return status;
}

int32_t qetl_transform_resume_at(struct qetl_op *op, const struct qetl_op_memory *memory)
{
    struct transform_state *state = state_of(op);
    if (!state)
        return no_memory(op);
    state->rows_held = state->rows_held_before = memory->rows_held;
    state->ended_ports = memory->ended_ports;
    state->over = memory->ended;
    return QETL_OK;
}

/* The plugin's state says so already. */
static bool knows_of_end(const struct transform_state *state, const struct qetl_message *message)
{
    return state->over ||
           (message->port < PORTS_NOTED && state->ended_ports & UINT64_C(1) << message->port);
}

/* A replica's share goes to who merges them, once. */
static int32_t share_end(struct qetl_op *op)
{
    const struct transform_state *state = op->state;
    int32_t status = hand_in(op, op->epoch + 1, true);
    if (status || !state->over)
        return status ? status : qetl_partial_end(op);
    return qetl_op_emit_all(op, QETL_SLOT_END, 0);
}

/* The plugin is done with a barrier or an end: now the others learn of it. */
static int32_t pass_control(struct qetl_op *op)
{
    struct transform_state *state = op->state;
    struct qetl_message message = state->control;
    state->control.kind = 0;
    state->control_done = op->pending = false;
    bool end = message.kind == QETL_SLOT_END;
    state->inputs_ended += end;
    if (end && message.port < PORTS_NOTED)
        state->ended_ports |= UINT64_C(1) << message.port;
    if (end && state->inputs_ended < op->flow->binding.n_in)
        return QETL_OK;
    int32_t status = hand_in(op, end ? op->epoch + 1 : message.epoch, end);
    return status ? status : qetl_op_emit_all(op, message.kind, message.epoch);
}

/* What the plugin gave out for it may be pending below, and must not be overtaken. */
static void note_control_done(struct qetl_op *op)
{
    struct transform_state *state = op->state;
    if (op->pending || !state->control.kind)
        return;
    state->control_done = true;
    op->pending = true;
}

static int32_t tell_control(struct qetl_op *op)
{
    struct transform_state *state = op->state;
    bool end = state->control.kind == QETL_SLOT_END;
    struct qetl_event event = {.struct_size = sizeof event,
                               .port = state->control.port,
                               .kind = end ? QETL_EVENT_END : QETL_EVENT_BARRIER,
                               .epoch = state->control.epoch};
    int32_t status = advance(op, &event);
    if (!status)
        note_control_done(op);
    return status;
}

/* Rows that an interrupted source still had are no part of what was loaded; one without end has
 * none. */
static void increment_end(const struct qetl_op *op)
{
    const struct qetl_node_flow *source = &op->run->attempt.flows[op->node->inputs[0].component];
    if (!qetl_run_stopping(op->run) || source->source.endless)
        qetl_increment_ended(op->instance->self);
}

static int32_t feed_control(struct qetl_op *op, const struct qetl_message *message)
{
    struct transform_state *state = op->state;
    bool end = message->kind == QETL_SLOT_END;
    if (end && op->partial)
        return share_end(op);
    int32_t status = end && message->payload ? qetl_partial_merge(op, message->payload) : QETL_OK;
    if (status)
        return status;
    state->control = *message;
    if (end && op->node->own)
        increment_end(op);
    bool known = end && knows_of_end(state, message);
    return is_stateful(op) && !known ? tell_control(op) : pass_control(op);
}

static int32_t transform_feed(struct qetl_op *op, struct qetl_message *message)
{
    if (!state_of(op)) {
        qetl_payload_free(message->kind, message->payload);
        return no_memory(op);
    }
    return message->kind == QETL_SLOT_BATCH ? feed_batch(op, message) : feed_control(op, message);
}

static int32_t transform_resume(struct qetl_op *op)
{
    struct transform_state *state = op->state;
    if (state->control_done)
        return pass_control(op);
    int32_t status;
    if (state->again)
        status = state->input ? process_batch(op) : tell_control(op);
    else
        status = advance(op, NULL);
    if (!status)
        note_control_done(op);
    return status ? status : op->idle ? QETL_STEP_IDLE : QETL_STEP_DONE;
}

static void transform_free(struct qetl_op *op)
{
    struct transform_state *state = op->state;
    if (state) {
        qetl_batch_unref(state->input);
        qetl_bisect_clear(&state->bisect);
        free(state->late);
    }
    free(state);
}

const struct qetl_op_class qetl_op_transform = {
    .feed = transform_feed,
    .resume = transform_resume,
    .free = transform_free,
    .shows = true,
};
