/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a source stands at a barrier. Bytes come in items, and a position is known behind each of
 * them; but barriers enter between records, which end anywhere. So the newest position that lies
 * not behind the first unframed byte is kept, and how many bytes from there are to be passed over.
 * A source that does not offer each item as a cut may not bring the same bytes again: there,
 * nothing is passed over, and a barrier waits for a cut.
 */
#include "checkpoint.h"
#include "failpoint.h"
#include "host/call.h"
#include "op_source.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

static void kept_free(struct qetl_kept *kept)
{
    free(kept->data);
    *kept = (struct qetl_kept){0};
}

void qetl_source_kept_free(struct qetl_source_state *s)
{
    for (size_t i = 0; i < s->n_kept; i++)
        kept_free(&s->kept[i]);
    free(s->kept);
}

static int64_t framed(const struct qetl_source_state *s)
{
    return (int64_t)s->drawn - (s->end - s->start);
}

/* Positions that are older than the one that is wanted. */
static void trim(struct qetl_source_state *s)
{
    size_t old = 0;
    while (old + 1 < s->n_kept && (int64_t)s->kept[old + 1].at <= framed(s))
        kept_free(&s->kept[old++]);
    s->n_kept -= old;
    if (old)
        memmove(s->kept, s->kept + old, s->n_kept * sizeof *s->kept);
}

static struct qetl_kept *kept_add(struct qetl_source_state *s)
{
    trim(s);
    if (s->n_kept == s->kept_room) {
        size_t room = s->kept_room ? 2 * s->kept_room : 8;
        struct qetl_kept *kept = realloc(s->kept, room * sizeof *kept);
        if (!kept)
            return NULL;
        s->kept = kept;
        s->kept_room = room;
    }
    s->kept[s->n_kept] =
        (struct qetl_kept){.at = s->drawn, .objects = s->objects, .split = s->split};
    return &s->kept[s->n_kept++];
}

int32_t qetl_source_keep_start(struct qetl_op *op)
{
    return kept_add(op->state) ? QETL_OK
                               : qetl_op_fault(op, "out_of_memory", "no memory for a position");
}

static int32_t keep(struct qetl_op *op, const void *data, size_t size)
{
    struct qetl_source_state *s = op->state;
    void *copy = malloc(size + 1);
    struct qetl_kept *kept = copy ? kept_add(s) : NULL;
    if (!kept) {
        free(copy);
        return qetl_op_fault(op, "out_of_memory", "no memory for a position");
    }
    if (size)
        memcpy(copy, data, size);
    kept->begun = true;
    kept->data = copy;
    kept->size = size;
    return QETL_OK;
}

int32_t qetl_source_keep(struct qetl_op *op, const struct qetl_item *item)
{
    struct qetl_source_state *s = op->state;
    s->drawn += (uint64_t)item->bytes;
    s->uncut = true;
    if (!(item->flags & QETL_ITEM_CUT) || !item->position.size)
        return QETL_OK;
    return keep(op, item->position.data, item->position.size);
}

void qetl_source_pass_over(struct qetl_source_state *s, int64_t bytes)
{
    int64_t over = s->skip < bytes ? s->skip : bytes;
    s->skip -= over;
    s->start += over;
    s->offset += over;
}

/* ---- a barrier ---- */

bool qetl_source_is_at_cut(const struct qetl_op *op)
{
    const struct qetl_source_state *s = op->state;
    bool at = s->at_cut && !s->coarse;
    for (size_t i = 0; s->at_cut && !at && i < s->n_kept; i++)
        at = (int64_t)s->kept[i].at == framed(s);
    return at;
}

bool qetl_source_owes_cut(const struct qetl_op *op)
{
    const struct qetl_source_state *s = op->state;
    return (s->coarse || s->together) && !s->exhausted && !qetl_source_is_at_cut(op) &&
           atomic_load_explicit(&op->run->draining, memory_order_relaxed) == QETL_DRAIN_GRACEFUL;
}

/* What the host itself knows of the objects; nothing of one whose first byte is still to come. */
static int32_t objects_note(const struct qetl_source_state *s, struct qetl_stand *stand)
{
    bool nothing_waits = s->end == s->start;
    bool behind = s->object && (framed(s) > s->object_at ||
                                (nothing_waits && s->n_kept && s->kept[0].objects == s->objects));
    int32_t status = behind ? qetl_stand_add_object(stand, s->object) : QETL_OK;
    stand->in_object = behind;
    stand->object_started = behind && s->object_started;
    stand->object_ended = behind && s->object_ended && nothing_waits;
    stand->end_told = behind && s->end_told;
    stand->starts_rows = behind && s->starts_rows;
    for (size_t i = 0; !status && i < s->n_paused; i++)
        status = qetl_stand_add_object(stand, s->paused[i]);
    return status;
}

static int32_t place_fill(struct qetl_op *op, bool ended, struct qetl_stand *stand)
{
    struct qetl_source_state *s = op->state;
    trim(s);
    stand->ended = ended || !s->n_kept;
    if (stand->ended)
        return QETL_OK;
    const struct qetl_kept *kept = &s->kept[0];
    stand->numbered = s->numbered;
    stand->split = kept->split;
    stand->skip = framed(s) - (int64_t)kept->at;
    int32_t status = kept->begun ? qetl_stand_set_position(stand, kept->data, kept->size) : QETL_OK;
    return status ? status : objects_note(s, stand);
}

int32_t qetl_source_cut(struct qetl_op *op, uint64_t epoch, bool ended)
{
    struct qetl_run *run = op->run;
    const struct qetl_source_state *s = op->state;
    struct qetl_handed handed = {0};
    QETL_FAILPOINT("source.cut");
    if (!run->env.checkpoints)
        return qetl_op_hand_in(op, epoch, ended, NULL);
    handed.stand = qetl_stand_new();
    int32_t status =
        handed.stand ? place_fill(op, ended && !s->drained, handed.stand) : QETL_E_NO_MEMORY;
    if (!status)
        status =
            qetl_stand_settle(handed.stand, run->attempt.trackers[op->node - run->pipeline->nodes]);
    if (!status)
        return qetl_op_hand_in(op, epoch, ended, &handed);
    qetl_handed_clear(&handed);
    return qetl_op_fault(op, "out_of_memory", "no memory to note where the source stands");
}

/* ---- going on ---- */

static struct qetl_object *object_again(const struct qetl_stand_object *from)
{
    struct qetl_object *object = qetl_object_new(from->name);
    if (!object)
        return NULL;
    object->next_row = from->rows;
    object->number = from->number;
    object->id = from->id;
    if (from->head_size > 0)
        qetl_object_head(object, from->head, from->head_size);
    else
        object->head_size = from->head_size;
    if (!from->note_size || !qetl_object_note(object, from->note, from->note_size))
        return object;
    qetl_object_unref(object);
    return NULL;
}

static int32_t objects_again(struct qetl_source_state *s, const struct qetl_stand *stand)
{
    int32_t status = QETL_OK;
    for (size_t i = 0; !status && i < stand->n_objects; i++) {
        struct qetl_object *object = object_again(&stand->objects[i]);
        if (!object)
            return QETL_E_NO_MEMORY;
        if (i == 0 && stand->in_object)
            s->object = object;
        else
            status = qetl_object_pause(s, object);
    }
    if (!s->object)
        return status;
    s->objects = 1;
    s->object_at = -1;
    s->object_started = stand->object_started;
    s->object_ended = stand->object_ended;
    s->end_told = stand->end_told;
    s->starts_rows = stand->starts_rows;
    return status;
}

int32_t qetl_source_go_on(struct qetl_op *op, const struct qetl_stand *stand)
{
    struct qetl_source_state *s = op->state;
    struct qetl_ctx *ctx = op->instance;
    QETL_FAILPOINT("recover.restore");
    qetl_tracker_begin_at(op->run->attempt.trackers[op->node - op->run->pipeline->nodes],
                          stand->rows);
    s->exhausted = s->ended = stand->ended;
    if (stand->ended)
        return QETL_OK;
    if (stand->split >= s->n_splits)
        return qetl_op_fault(op, "state_unreadable",
                             "it was cut short in part %u of %zu; --full-refresh begins anew",
                             stand->split, s->n_splits);
    s->split = stand->split;
    s->next_split = stand->split + s->n_readers;
    s->skip = stand->skip;
    s->numbered = stand->numbered;
    s->at_cut = !s->skip;
    s->resumed = true;
    if (objects_again(s, stand))
        return qetl_op_fault(op, "out_of_memory", "no memory to set the source up");
    const struct qetl_blob position = {stand->position, stand->position_size};
    struct qetl_retry retry = {0};
    int32_t status;
    do {
        qetl_call_enter(ctx, "open");
        status = ctx->component->source->open(ctx->self, s->splits[stand->split],
                                              stand->begun ? &position : NULL);
        qetl_call_leave();
    } while (qetl_run_again(op->run, ctx, &retry, "open", status));
    if (status < 0)
        return qetl_op_fail(op, "open", status);
    return stand->begun ? keep(op, position.data, position.size) : qetl_source_keep_start(op);
}
