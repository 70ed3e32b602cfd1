/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes chunks into batches; where the source emits batches, passes them on. */
#include "checkpoint.h"
#include "host/host.h"
#include "op.h"
#include "op_check.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

/* A batch on its way in pieces of batch_rows at most, and a chunk that is decoded in several calls.
 */
struct decode_state {
    struct qetl_batch *batch;      /* NULL: none */
    int64_t from;                  /* where the piece at hand begins, and then the next */
    struct qetl_chunk_data *chunk; /* NULL: none that has more */
    int64_t records;               /* of the chunk so far */
    bool unnumbered;               /* the batch waits for the numbers of its rows */
};

static int32_t copy_offsets(struct qetl_op *op, const int32_t *from, int64_t n, int32_t **out)
{
    *out = NULL;
    if (!from || !n)
        return QETL_OK;
    *out = qetl_pool_alloc(op->instance->env->pool, (size_t)n * sizeof **out);
    if (!*out)
        return qetl_op_fault(op, "out_of_memory", "no memory for record offsets");
    memcpy(*out, from, (size_t)n * sizeof **out);
    return QETL_OK;
}

/* One array of the decoder's into the batch's columns. */
static int32_t take_column(struct qetl_op *op, const struct qetl_want *want, bool late,
                           struct ArrowArray *array, int64_t rows,
                           struct qetl_batch_column *columns)
{
    const struct qetl_port_flow *port = &op->flow->ports[0];
    const struct ArrowSchema *field = port->schema->children[want->column];
    const struct qetl_made made = {.part = late ? QETL_MADE_LATE : QETL_MADE_BATCH,
                                   .rows = rows,
                                   .field = field,
                                   .form = want->form};
    int32_t status = qetl_op_check_column(op, &made, rows, array);
    if (status)
        return status;
    struct qetl_batch_column *column = &columns[want->column];
    struct qetl_vector *vector = qetl_vector_new(array);
    if (!vector)
        return qetl_op_fault(op, "out_of_memory", "no memory for a column");
    if (want->form == QETL_FORM_VALUE)
        column->value = vector;
    else
        column->lexical = vector;
    if (column->lexical && !column->value && port->columns[want->column].wanted & QETL_FORM_VALUE &&
        strcmp(field->format, "vu") == 0)
        column->value = qetl_vector_ref(column->lexical);
    return QETL_OK;
}

/* The decoder's columns, one for each of n wants from `first` on. */
static int32_t take_columns(struct qetl_op *op, const char *call, struct ArrowArray *batch,
                            int64_t rows, int64_t first, int64_t n,
                            struct qetl_batch_column *columns)
{
    bool late = op->flow->n_late && first == op->flow->n_wants - op->flow->n_late;
    const struct qetl_made made = {.part = late ? QETL_MADE_LATE : QETL_MADE_BATCH, .rows = rows};
    if (batch->offset)
        return qetl_op_blame(op, &made, "%s answered a batch with an offset of its own", call);
    if (batch->n_children != n)
        return qetl_op_blame(op, &made, "%s answered %lld columns where %lld were wanted", call,
                             (long long)batch->n_children, (long long)n);
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < n; i++)
        status =
            take_column(op, &op->flow->wants[first + i], late, batch->children[i], rows, columns);
    return status;
}

static bool in_pieces(const struct qetl_op *op)
{
    const struct decode_state *state = op->state;
    return op->piece || (state && state->batch && state->from);
}

/* Rows of a piece as rows of what was decoded. */
static int32_t *map_move(const struct qetl_op *op, int64_t rows, const int32_t *map)
{
    const struct decode_state *state = op->state;
    int64_t from = op->piece_from + (state->batch ? state->from : 0);
    int32_t *moved = malloc(((size_t)rows + 1) * sizeof *moved);
    for (int64_t i = 0; moved && i < rows; i++)
        moved[i] = (int32_t)(from + (map ? map[i] : i));
    return moved;
}

/* As the plugin answers; what it says of a failure is still with the instance. */
static int32_t late_call(struct qetl_op *op, int64_t rows, const int32_t *map,
                         struct ArrowArray *batch)
{
    int64_t started = qetl_now_ns();
    qetl_call_enter(op->instance, "decode_late");
    int32_t status =
        op->instance->component->format->decode_late(op->instance->self, rows, map, batch);
    qetl_call_leave();
    qetl_tally_add(&op->instance->tally.nanoseconds, qetl_now_ns() - started);
    return status;
}

static int32_t late_take(struct qetl_op *op, struct ArrowArray *batch, int64_t rows,
                         struct qetl_batch_column *columns)
{
    int64_t n_late = op->flow->n_late;
    return take_columns(op, "decode_late", batch, rows, op->flow->n_wants - n_late, n_late,
                        columns);
}

int32_t qetl_decode_late(struct qetl_op *op, int64_t rows, const int32_t *map,
                         struct qetl_batch_column *columns)
{
    struct ArrowArray batch = {0};
    int32_t *moved = NULL;
    if (in_pieces(op) && !(map = moved = map_move(op, rows, map)))
        return qetl_op_fault(op, "out_of_memory", "no memory for a row map");
    int32_t status = late_call(op, rows, map, &batch);
    free(moved);
    status =
        status ? qetl_op_fail(op, "decode_late", status) : late_take(op, &batch, rows, columns);
    qetl_array_release(&batch);
    return status;
}

struct qetl_batch *qetl_decode_whole(struct qetl_op *op, const struct qetl_batch *batch)
{
    struct ArrowArray late = {0};
    struct qetl_batch *whole = qetl_batch_columns(batch);
    int32_t *map = in_pieces(op) ? map_move(op, batch->rows, NULL) : NULL;
    int32_t status = whole && (map || !in_pieces(op)) ? late_call(op, batch->rows, map, &late)
                                                      : QETL_E_NO_MEMORY;
    if (status) { /* whoever looks on goes without: the run may do with less */
        struct qetl_error_report error = qetl_instance_take_error(op->instance);
        qetl_error_report_free(&error);
    } else {
        status = late_take(op, &late, batch->rows, whole->columns);
    }
    free(map);
    qetl_array_release(&late);
    if (!status)
        return whole;
    qetl_batch_unref(whole);
    return NULL;
}

static int32_t emit_piece(struct qetl_op *op)
{
    struct decode_state *state = op->state;
    int64_t left = state->batch->rows - state->from, most = op->run->pipeline->batch_rows;
    int64_t rows = left < most ? left : most;
    struct qetl_batch *piece =
        qetl_batch_slice(state->batch, op->instance->env->pool, state->from, rows);
    int32_t status = piece ? qetl_op_emit(op, 0, QETL_SLOT_BATCH, piece)
                           : qetl_op_fault(op, "out_of_memory", "no memory for a batch");
    state->from += rows;
    op->pending = !status && state->from < state->batch->rows;
    if (!op->pending) {
        qetl_batch_unref(state->batch);
        state->batch = NULL;
        state->from = 0;
    }
    return status;
}

/* Takes the batch. */
static int32_t emit_pieces(struct qetl_op *op, struct qetl_batch *batch)
{
    if (batch->rows <= op->run->pipeline->batch_rows)
        return qetl_op_emit(op, 0, QETL_SLOT_BATCH, batch);
    ((struct decode_state *)op->state)->batch = batch;
    return emit_piece(op);
}

static void wake(void *instance)
{
    qetl_host_table.wake(instance);
}

/* Rows have their numbers once all chunks before are decoded, which others may be at. */
static int32_t number(struct qetl_op *op)
{
    struct decode_state *state = op->state;
    struct qetl_batch *batch = state->batch;
    uint32_t wakes = atomic_load_explicit(&op->instance->wakes, memory_order_acquire);
    int64_t base;
    if (!qetl_origin_base(batch->origin, wake, op->instance, &base)) {
        qetl_op_set_idle(op, wakes, INT64_MAX);
        return QETL_OK;
    }
    op->idle = state->unnumbered = false;
    int32_t status = qetl_added_number(op, batch, base);
    if (status)
        return status;
    state->batch = NULL;
    return emit_pieces(op, batch);
}

/* Takes the batch. */
static int32_t emit_numbered(struct qetl_op *op, struct qetl_batch *batch)
{
    struct decode_state *state = op->state;
    state->batch = batch;
    state->unnumbered = true;
    return number(op);
}

static int32_t emit_decoded(struct qetl_op *op, struct qetl_decoded *decoded,
                            struct qetl_origin *origin)
{
    if (!decoded->rows)
        return QETL_OK;
    struct qetl_batch *batch = qetl_batch_new(decoded->rows, op->flow->ports[0].n_columns, origin);
    if (!batch)
        return qetl_op_fault(op, "out_of_memory", "no memory for a batch");
    int32_t status = take_columns(op, "decode", &decoded->batch, decoded->rows, 0,
                                  op->flow->n_wants - op->flow->n_late, batch->columns);
    if (!status)
        status = copy_offsets(op, decoded->record_map, decoded->rows, &batch->record_map);
    if (!status && op->flow->added)
        status = qetl_added_fill(op, batch);
    if (status) {
        qetl_batch_unref(batch);
        return status;
    }
    qetl_tally_add(&op->instance->tally.rows_out, decoded->rows);
    return op->flow->added && qetl_added_numbers(op->flow) ? emit_numbered(op, batch)
                                                           : emit_pieces(op, batch);
}

/* Everything that was in the chunk is a row or was rejected, or the plugin lost it; and which
 * record each row was is known, or dead letters would have the numbers of others. */
static int32_t account(struct qetl_op *op, const struct qetl_decoded *decoded, int64_t rejected)
{
    if (decoded->rows < 0 || decoded->rows + rejected != decoded->records)
        return qetl_op_fault(op, "ledger",
                             "the ledger does not balance: %lld records in, %lld rows out, "
                             "%lld rejected",
                             (long long)decoded->records, (long long)decoded->rows,
                             (long long)rejected);
    const struct decode_state *state = op->state;
    if (decoded->rows && !decoded->record_map &&
        (decoded->rows != decoded->records || state->records))
        return qetl_op_fault(op, "record_map",
                             "format '%s' decoded %lld rows of %lld records, and no "
                             "record_map, which says which of them the rows were: the fault is "
                             "the plugin's",
                             op->instance->component->id, (long long)decoded->rows,
                             (long long)decoded->records);
    return QETL_OK;
}

int32_t qetl_decode_call(struct qetl_op *op, const struct qetl_origin *origin, bool more,
                         struct qetl_decoded *decoded)
{
    const struct qetl_chunk chunk = {
        .struct_size = sizeof chunk,
        .data = origin->data,
        .size = origin->size,
        .buffer = origin->buffer,
        .object = origin->object ? origin->object->name : NULL,
        .offset = origin->offset,
        .tail_room = 64,
        .note = {origin->object ? origin->object->note : NULL,
                 origin->object ? origin->object->note_size : 0},
        .more = more,
    };
    *decoded = (struct qetl_decoded){.struct_size = sizeof *decoded};
    int64_t started = qetl_now_ns();
    qetl_call_enter(op->instance, "decode");
    int32_t status = op->instance->component->format->decode(op->instance->self, &chunk, decoded);
    qetl_call_leave();
    qetl_tally_add(&op->instance->tally.nanoseconds, qetl_now_ns() - started);
    if (status < 0)
        qetl_op_fail(op, "decode", status);
    return status;
}

/* All columns were found before, so that one that is new now was not there then. */
static int32_t fault_grown(struct qetl_op *op, const struct ArrowSchema *schema)
{
    const struct ArrowSchema *known = &op->flow->schema;
    for (int64_t c = 0; schema->release && c < schema->n_children; c++)
        if (qetl_schema_find(known, schema->children[c]->name) < 0)
            return qetl_op_fault(op, "columns_grew",
                                 "the input has changed since it was looked through for its "
                                 "columns: '%s' is new",
                                 schema->children[c]->name);
    return qetl_op_fault(op, "columns_grew",
                         "the input has changed since it was looked through for its columns");
}

/* What one call made: counted, buried, emitted. */
static int32_t take_decoded(struct qetl_op *op, struct qetl_origin *origin,
                            struct qetl_decoded *decoded, bool more)
{
    struct decode_state *state = op->state;
    int64_t records = state->records + decoded->records;
    qetl_tally_add(&op->instance->tally.rows_in, decoded->records);
    qetl_op_spend_rows(op, decoded->records);
    int64_t rejected = qetl_op_bury(op, origin, NULL, op->flow->ports[0].schema);
    int32_t status = rejected < 0 ? (int32_t)rejected : account(op, decoded, rejected);
    if (!status)
        status = qetl_op_take_rows(op, decoded->records);
    int32_t *offsets = NULL;
    if (!status && !state->records && !more)
        status = copy_offsets(op, decoded->record_offsets, decoded->records, &offsets);
    state->records = more && !status ? records : 0;
    /* also where a rejected row ends the run: its letter waits for its number */
    if (!more || status)
        qetl_origin_complete(origin, records, offsets);
    return status ? status : emit_decoded(op, decoded, origin);
}

/* Takes the chunk. */
static int32_t decode(struct qetl_op *op, struct qetl_chunk_data *data, bool more)
{
    struct decode_state *state = op->state;
    struct qetl_decoded decoded;
    int32_t status = qetl_decode_call(op, data->origin, more, &decoded);
    if (status == QETL_SCHEMA && op->flow->grows)
        status = fault_grown(op, &decoded.schema);
    qetl_schema_release(&decoded.schema);
    bool goes_on = status == QETL_MORE;
    if (goes_on)
        status = QETL_OK;
    if (status > 0)
        status =
            qetl_op_fault(op, "unsupported",
                          "decode answered %d, which this version of qetl does not take", status);
    if (!status)
        status = take_decoded(op, data->origin, &decoded, goes_on);
    qetl_array_release(&decoded.batch);
    state->chunk = goes_on && !status ? data : NULL;
    if (!state->chunk)
        qetl_payload_free(QETL_SLOT_CHUNK, data);
    op->pending = !status && (state->chunk || state->batch);
    return status;
}

/* What nobody wants need not be decoded: it was never a row. */
static void chunk_leave(struct qetl_op *op)
{
    struct decode_state *state = op->state;
    qetl_origin_complete(state->chunk->origin, state->records, NULL);
    qetl_payload_free(QETL_SLOT_CHUNK, state->chunk);
    state->chunk = NULL;
    state->records = 0;
    op->pending = false;
}

static int32_t decode_resume(struct qetl_op *op)
{
    struct decode_state *state = op->state;
    if (state->unnumbered) {
        int32_t status = number(op);
        op->pending = !status && (state->batch || state->chunk);
        return status || !state->unnumbered ? status : QETL_STEP_IDLE;
    }
    if (state->batch) {
        int32_t status = emit_piece(op);
        op->pending |= !status && state->chunk;
        return status;
    }
    if (qetl_op_wants(op))
        return decode(op, state->chunk, true);
    chunk_leave(op);
    return QETL_OK;
}

static int32_t decode_feed(struct qetl_op *op, struct qetl_message *message)
{
    if (message->kind == QETL_SLOT_BARRIER || message->kind == QETL_SLOT_END)
        return qetl_op_pass(op, message);
    if (message->kind == QETL_SLOT_BATCH)
        return qetl_op_emit(op, 0, QETL_SLOT_BATCH, message->payload);
    if (!op->state && !(op->state = calloc(1, sizeof(struct decode_state)))) {
        qetl_payload_free(QETL_SLOT_CHUNK, message->payload);
        return qetl_op_fault(op, "out_of_memory", "no memory for a decoder");
    }
    return decode(op, message->payload, false);
}

static void decode_free(struct qetl_op *op)
{
    struct decode_state *state = op->state;
    if (state) {
        qetl_batch_unref(state->batch);
        if (state->chunk)
            qetl_payload_free(QETL_SLOT_CHUNK, state->chunk);
    }
    free(state);
}

const struct qetl_op_class qetl_op_decode = {
    .feed = decode_feed, .resume = decode_resume, .free = decode_free, .shows = true};
