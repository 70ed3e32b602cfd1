/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a source's bytes into chunks of whole records. The source writes straight behind the bytes
 * that wait; the framer says where records end; a chunk refers to the buffer, and only the unframed
 * rest, at most a record, is ever copied, to the front of the next buffer.
 */
#include "known.h"
#include "op_source.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { GUARD_BYTES = 64, LEAST_ROOM = 4096, SAMPLE_QUIET_NS = 5000000, SAMPLE_PATIENCE_TIMES = 50 };

static int64_t chunk_bytes(const struct qetl_op *op)
{
    return op->run->chunk_bytes;
}

static int64_t align_up(int64_t at)
{
    return (at + GUARD_BYTES - 1) / GUARD_BYTES * GUARD_BYTES;
}

/* A new buffer with room bytes behind the unframed rest. */
static int32_t buffer_renew(struct qetl_op *op, int64_t room)
{
    struct qetl_source_state *s = op->state;
    int64_t rest = s->end - s->start;
    uint8_t *buffer = qetl_pool_alloc(op->run->pool, (size_t)(rest + room + GUARD_BYTES));
    if (!buffer)
        return qetl_op_fault(op, "out_of_memory", "no memory for %lld bytes of input",
                             (long long)(rest + room));
    if (rest)
        memcpy(buffer, s->buffer + s->start, (size_t)rest);
    qetl_buffer_free(s->buffer);
    s->buffer = buffer;
    s->capacity = (int64_t)qetl_buffer_capacity(buffer);
    s->start = 0;
    s->end = rest;
    return QETL_OK;
}

/* The pool rounds up to powers of two less a header: ask for what fills one. A long rest doubles:
 * it is less than a buffer of half the size, so that a byte more would be four times as much. */
static int64_t room_to_ask(const struct qetl_op *op, int64_t rest)
{
    int64_t chunk = chunk_bytes(op) - 2 * GUARD_BYTES;
    return rest >= chunk / 2 ? rest : chunk - rest;
}

static int32_t ensure_room(struct qetl_op *op)
{
    struct qetl_source_state *s = op->state;
    int64_t room = s->buffer ? s->capacity - GUARD_BYTES - s->end : 0;
    return room >= LEAST_ROOM ? QETL_OK : buffer_renew(op, room_to_ask(op, s->end - s->start));
}

/* What goes on later is known by its name then, with its note and the number of its rows. */
static int32_t object_leave(struct qetl_op *op)
{
    struct qetl_source_state *s = op->state;
    struct qetl_object *object = s->object;
    s->object = NULL;
    if (object && op->flow->source.endless)
        return qetl_object_pause(s, object);
    qetl_object_unref(object);
    return QETL_OK;
}

static int32_t object_begin(struct qetl_op *op, const struct qetl_item *item)
{
    struct qetl_source_state *s = op->state;
    if (s->start != s->end)
        return qetl_op_fault(op, "bad_bytes",
                             "next began an object before the last one's end; each ends with "
                             "QETL_ITEM_OBJECT_END");
    bool first = !s->object, starts = item->flags & QETL_ITEM_OBJECT_START;
    const char *name = item->object ? item->object : "";
    if (object_leave(op))
        return qetl_op_fault(op, "out_of_memory", "no memory for a name");
    s->object = qetl_object_go_on(s, name, item->object_id);
    if (starts || !s->object) {
        qetl_object_unref(s->object);
        s->object = qetl_object_new(name);
        if (s->object) {
            s->object->number = s->numbered++;
            s->object->id = item->object_id;
        }
    }
    s->offset = item->offset;
    s->object_at = (int64_t)s->drawn;
    s->objects++;
    s->object_started = starts || first;
    s->object_ended = false;
    s->end_told = false;
    s->starts_rows = s->object_started;
    return s->object ? QETL_OK : qetl_op_fault(op, "out_of_memory", "no memory for a name");
}

static int32_t draw(struct qetl_op *op, int64_t most)
{
    struct qetl_source_state *s = op->state;
    int32_t status = ensure_room(op);
    if (status)
        return status;
    struct qetl_item item = {0};
    int64_t room = s->capacity - GUARD_BYTES - s->end;
    room = room < most ? room : most;
    int32_t answer = qetl_source_draw(op, s->buffer + s->end, room, &item);
    if (answer == QETL_END)
        s->exhausted = true;
    if (answer != QETL_BYTES)
        return answer;
    if (item.bytes < 0 || item.bytes > room)
        return qetl_op_fault(op, "bad_bytes", "next wrote %lld bytes into room for %lld",
                             (long long)item.bytes, (long long)room);
    /* what is passed over is known to belong to the object at hand, or to those before it */
    bool begins = item.flags & QETL_ITEM_OBJECT_START || !s->object || s->object_ended;
    if (begins && !s->skip)
        status = object_begin(op, &item);
    s->offset = s->resumed || s->skip ? item.offset : s->offset;
    s->resumed = false;
    if (item.bytes && !s->since_ns)
        s->since_ns = qetl_now_ns();
    s->end += item.bytes;
    if (!status)
        status = qetl_source_keep(op, &item);
    s->object_ended = item.flags & QETL_ITEM_OBJECT_END;
    s->coarse |= !(item.flags & QETL_ITEM_CUT);
    s->want_more = false;
    qetl_source_pass_over(s, item.bytes);
    s->since_ns = s->end > s->start ? s->since_ns : 0;
    s->at_cut = !s->skip;
    if (!status && s->at_cut && s->object)
        status = qetl_added_know(op, s->object);
    return status ? status : QETL_BYTES;
}

/* Behind the first `from` bytes. Of what has no lines, any byte will do. */
static bool has_line(const struct qetl_op *op, int64_t from)
{
    const struct qetl_source_state *s = op->state;
    int64_t size = s->end - s->start - from;
    return size > 0 && (op->flow->values_only ||
                        memchr(s->buffer + s->start + from, '\n', (size_t)size) != NULL);
}

/* An empty object says nothing about those behind it, nor does a piece of a record about the whole.
 */
static bool sample_is_enough(const struct qetl_op *op, int64_t sample_bytes, int64_t known)
{
    const struct qetl_source_state *s = op->state;
    int64_t size = s->end - s->start;
    if (s->exhausted || (s->object_ended && size > known))
        return true;
    return size >= sample_bytes && (has_line(op, known) || size >= op->run->max_record + known);
}

/* What comes of several files that have no end must not change its file within a record. */
static bool must_tell_rest(const struct qetl_op *op)
{
    return op->flow->values_only && op->flow->source.endless;
}

/* How long more may come once a line is there: someone may be typing, so that no sample of a stream
 * is ever full; in batch mode it is waited for, so that what is inferred does not depend on the
 * clock. */
static int64_t sample_patience_ns(const struct qetl_op *op)
{
    switch (op->run->pipeline->mode) {
    case QETL_MODE_STREAM:
        return 0;
    case QETL_MODE_BATCH:
        return must_tell_rest(op) ? SAMPLE_QUIET_NS : INT64_MAX;
    default:
        return SAMPLE_QUIET_NS;
    }
}

/* What came of a stream so far has to do: nothing more came for a while, or it has been long. */
static bool sample_is_late(const struct qetl_op *op, int64_t known, int64_t quiet_until_ns)
{
    const struct qetl_source_state *s = op->state;
    int64_t patience_ns = sample_patience_ns(op), now = qetl_now_ns();
    if (patience_ns == INT64_MAX || !has_line(op, known))
        return false;
    return now >= quiet_until_ns || (op->flow->source.bytes_expected < 0 &&
                                     now - s->since_ns >= SAMPLE_PATIENCE_TIMES * patience_ns);
}

int32_t qetl_frame_sample(struct qetl_op *op, int64_t sample_bytes, int64_t known,
                          int64_t *quiet_until_ns)
{
    struct qetl_source_state *s = op->state;
    int64_t patience_ns = sample_patience_ns(op);
    int32_t status = s->buffer ? QETL_OK : buffer_renew(op, sample_bytes);
    while (!status && !sample_is_enough(op, sample_bytes, known)) {
        int32_t answer = draw(op, sample_bytes);
        if (answer < 0)
            return answer;
        if (qetl_run_stopping(op->run))
            return QETL_E_CANCELLED;
        if (answer != QETL_IDLE)
            *quiet_until_ns = INT64_MAX;
        else if (*quiet_until_ns == INT64_MAX && has_line(op, known) && patience_ns != INT64_MAX)
            *quiet_until_ns = qetl_now_ns() + patience_ns;
        if (sample_is_late(op, known, *quiet_until_ns))
            break;
        if (answer == QETL_IDLE)
            return QETL_IDLE;
    }
    *quiet_until_ns = INT64_MAX;
    return status;
}

/* A record that the framer rejected belongs to no chunk: it gets an origin of its own. */
static int32_t bury_framed(struct qetl_op *op, const struct qetl_frame *frame)
{
    struct qetl_source_state *s = op->state;
    struct qetl_tracker *tracker = op->run->attempt.trackers[op->node - op->run->pipeline->nodes];
    struct qetl_ctx *framer = op->flow->codec;
    if ((int64_t)framer->n_rejected != frame->rejected)
        return qetl_op_fault(op, "ledger",
                             "the format framed %lld rejected records, but handed back %zu",
                             (long long)frame->rejected, framer->n_rejected);
    if (!frame->rejected)
        return QETL_OK;
    struct qetl_origin *origin =
        qetl_origin_new(tracker, s->object, s->starts_rows, s->offset, NULL, 0, NULL);
    if (!origin)
        return qetl_op_fault(op, "out_of_memory", "no memory to keep a rejected row");
    s->starts_rows = false;
    struct qetl_op as_framer = *op; /* the rejected rows stand in the framer's instance */
    as_framer.instance = framer;
    int64_t buried = qetl_op_bury(&as_framer, origin, NULL, NULL);
    qetl_origin_complete(origin, frame->rejected, NULL);
    qetl_origin_unref(origin);
    if (buried < 0)
        return (int32_t)buried;
    qetl_tally_add(&framer->tally.rows_in, buried);
    return QETL_OK;
}

/* Rows are numbered in the order in which they are told. */
static bool rejects_come_after(const struct qetl_ctx *framer, const struct qetl_frame *frame)
{
    return frame->used > frame->begin && framer->n_rejected &&
           framer->rejected[0].bytes_offset >= frame->used;
}

static int32_t emit_chunk(struct qetl_op *op, int64_t begin, int64_t used)
{
    struct qetl_source_state *s = op->state;
    struct qetl_tracker *tracker = op->run->attempt.trackers[op->node - op->run->pipeline->nodes];
    struct qetl_chunk_data *chunk = malloc(sizeof *chunk);
    if (chunk)
        chunk->origin = qetl_origin_new(tracker, s->object, s->starts_rows, s->offset + begin,
                                        s->buffer + s->start + begin, used - begin, s->buffer);
    if (!chunk || !chunk->origin) {
        free(chunk);
        return qetl_op_fault(op, "out_of_memory", "no memory for a chunk");
    }
    s->starts_rows = false;
    s->uncut = true;
    chunk->flags = 0;
    return qetl_op_emit(op, 0, QETL_SLOT_CHUNK, chunk);
}

/* What was framed belongs to chunks now. A decoder may read a guard's width past its chunk, where
 * the source must not write meanwhile: a shorter rest moves away from there, or into the next
 * buffer. */
static void consume(struct qetl_source_state *s, int64_t used)
{
    s->start += used;
    s->offset += used;
    s->since_ns = s->end > s->start ? s->since_ns : 0;
    s->in_vain = 0;
    s->want_more = false;
    int64_t rest = s->end - s->start;
    if (rest >= GUARD_BYTES)
        return;
    int64_t to = align_up(s->end) + GUARD_BYTES;
    if (to + rest + LEAST_ROOM + GUARD_BYTES > s->capacity) {
        s->capacity = s->end; /* no room: the next draw takes a new buffer */
        return;
    }
    memcpy(s->buffer + to, s->buffer + s->start, (size_t)rest);
    s->start = to;
    s->end = to + rest;
}

/* A chunk's worth; twice what was looked at in vain. */
static int64_t frame_window(const struct qetl_op *op)
{
    const struct qetl_source_state *s = op->state;
    int64_t rest = s->end - s->start;
    int64_t window = chunk_bytes(op) > s->in_vain * 2 ? chunk_bytes(op) : s->in_vain * 2;
    return rest > window + window / 2 ? window : rest;
}

/* Of what was passed over: up to where a record was rejected. */
static int64_t head_bytes(const struct qetl_ctx *framer, const struct qetl_frame *frame)
{
    if (!frame->rejected || !framer->n_rejected)
        return frame->begin;
    int64_t at = framer->rejected[0].bytes_offset;
    return framer->rejected[0].bytes && at >= 0 && at <= frame->begin ? at : INT64_MAX;
}

/* One call of the framer over (a window of) the waiting bytes. */
static int32_t frame_once(struct qetl_op *op)
{
    struct qetl_source_state *s = op->state;
    struct qetl_ctx *framer = op->flow->codec;
    int64_t window = frame_window(op);
    bool whole = window == s->end - s->start;
    struct qetl_frame frame = {
        .struct_size = sizeof frame,
        .data = s->buffer + s->start,
        .size = window,
        .max_record = op->run->max_record,
        .object = s->object->name,
        .offset = s->offset,
    };
    frame.flags |= s->object_started ? QETL_ITEM_OBJECT_START : 0;
    frame.flags |= s->object_ended && whole ? QETL_ITEM_OBJECT_END : 0;
    int64_t started = qetl_now_ns();
    qetl_call_enter(framer, "frame");
    int32_t status = framer->component->format->frame(framer->self, &frame);
    qetl_call_leave();
    qetl_tally_add(&framer->tally.nanoseconds, qetl_now_ns() - started);
    if (status < 0)
        return qetl_run_fail(op->run, op->node, framer, "frame", status);
    if (status)
        return qetl_known_done(op->run, op->node, "frame", status);
    if (frame.begin < 0 || frame.begin > frame.used || frame.used > window)
        return qetl_op_fault(op, "bad_frame", "the format framed [%lld, %lld) of %lld bytes",
                             (long long)frame.begin, (long long)frame.used, (long long)window);
    if (frame.flags & QETL_ITEM_OBJECT_END && frame.used == 0 && window > 0)
        return qetl_op_fault(op, "bad_frame", "the format left %lld bytes at the end of an object",
                             (long long)window);
    if (frame.note.size && qetl_object_note(s->object, frame.note.data, frame.note.size))
        return qetl_op_fault(op, "out_of_memory", "no memory for what is known of an object");
    s->object_started = s->object_started && frame.used == 0 && window > 0;
    s->end_told = frame.flags & QETL_ITEM_OBJECT_END && frame.used == window;
    if (frame.used == 0 && window > 0) {
        s->in_vain = window;
        s->want_more = whole;
        s->since_ns = whole ? 0 : s->since_ns;
    }
    if (s->starts_rows && frame.begin > 0)
        qetl_object_head(s->object, frame.data, head_bytes(framer, &frame));
    bool after = rejects_come_after(framer, &frame);
    status = after ? QETL_OK : bury_framed(op, &frame);
    if (!status && (frame.used > frame.begin || frame.empty))
        status = emit_chunk(op, frame.begin, frame.used);
    if (!status && after)
        status = bury_framed(op, &frame);
    if (!status && frame.used > 0)
        consume(s, frame.used);
    return status;
}

static bool takers_are_busy(const struct qetl_op *op)
{
    return op->out[0].n_targets && op->out[0].targets[0].edge &&
           qetl_edge_depth(op->out[0].targets[0].edge) > 0;
}

static int64_t linger_until_ns(const struct qetl_op *op)
{
    const struct qetl_source_state *s = op->state;
    return s->since_ns + op->run->pipeline->linger_ms * (int64_t)1000000;
}

/* In hybrid mode a batch grows while those who take it have work, but no longer than linger_ms. */
static bool should_fill(const struct qetl_op *op)
{
    const struct qetl_source_state *s = op->state;
    if (s->want_more)
        return true;
    if (s->end - s->start >= chunk_bytes(op) / 2 || must_tell_rest(op))
        return false;
    switch (op->run->pipeline->mode) {
    case QETL_MODE_STREAM:
        return false;
    case QETL_MODE_BATCH:
        return true;
    default:
        return takers_are_busy(op) && qetl_now_ns() < linger_until_ns(op);
    }
}

/* Of a format that wants to know; the end may come when all bytes are framed. */
static bool end_is_untold(const struct qetl_op *op)
{
    const struct qetl_source_state *s = op->state;
    return op->flow->ends && s->object && !s->end_told && (s->object_ended || s->exhausted);
}

static bool has_bytes(const struct qetl_op *op)
{
    const struct qetl_source_state *s = op->state;
    return s->end > s->start || (s->object_started && s->object_ended) || end_is_untold(op);
}

bool qetl_frame_is_empty(const struct qetl_op *op)
{
    return !has_bytes(op);
}

bool qetl_frame_is_ripe(const struct qetl_op *op)
{
    return has_bytes(op) && !should_fill(op);
}

/* Nothing more is drawn. In a graceful end what came in whole goes on; else what was not framed yet
 * was not taken in. */
static int32_t drain_step(struct qetl_op *op, int draining)
{
    struct qetl_source_state *s = op->state;
    s->drained = !s->exhausted;
    if (draining == QETL_DRAIN_GRACEFUL && s->end > s->start && !s->want_more)
        return frame_once(op);
    if (!s->exhausted || s->end > s->start)
        atomic_store(&op->run->attempt.cut_short, 1);
    if (draining == QETL_DRAIN_GRACEFUL && s->end > s->start && op->run->env.log) {
        char line[160];
        snprintf(line, sizeof line,
                 "%lld bytes of a record that had not come to its end were left behind",
                 (long long)(s->end - s->start));
        op->run->env.log(op->run->env.arg, op->node->id, QETL_LOG_WARN, line);
    }
    s->ended = true;
    return QETL_STEP_DONE;
}

/* Who waits holds nothing: of hundreds of sources most do. */
static void buffer_return(struct qetl_source_state *s)
{
    if (s->end > s->start)
        return;
    qetl_buffer_free(s->buffer);
    s->buffer = NULL;
    s->capacity = s->start = s->end = 0;
}

int32_t qetl_frame_step(struct qetl_op *op)
{
    struct qetl_source_state *s = op->state;
    int draining = atomic_load_explicit(&op->run->draining, memory_order_relaxed);
    if (draining && !qetl_source_owes_cut(op))
        return drain_step(op, draining);
    if (qetl_source_unwanted(op)) {
        s->ended = true;
        return QETL_STEP_DONE;
    }
    bool complete = s->object_ended || s->exhausted;
    if (has_bytes(op) && (complete || !should_fill(op))) {
        if (s->exhausted && !s->object_ended)
            s->object_ended =
                true; /* the source ended within an object: what is there is the rest */
        return frame_once(op);
    }
    if (s->exhausted) {
        s->ended = true;
        return QETL_STEP_DONE;
    }
    int32_t answer = draw(op, INT64_MAX);
    if (answer != QETL_IDLE)
        return answer < 0 ? answer : QETL_STEP_DONE;
    buffer_return(s);
    if (has_bytes(op) && !s->want_more && op->run->pipeline->mode == QETL_MODE_HYBRID)
        op->idle_until_ns = linger_until_ns(op);
    return QETL_STEP_IDLE;
}
