/* SPDX-License-Identifier: Apache-2.0 */
#include "wholes.h"

#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

static int32_t no_memory(struct qetl_op *op)
{
    return qetl_op_fault(op, "out_of_memory", "no memory for encoded rows");
}

struct qetl_wholes *qetl_wholes_of(const struct qetl_op *op)
{
    return ((struct qetl_encode_state *)op->state)->wholes;
}

int64_t qetl_whole_keys(const struct qetl_op *op)
{
    return ((struct qetl_encode_state *)op->state)->take->n_keys;
}

/* ---- encoders ---- */

static struct qetl_ctx *encoder_make(struct qetl_op *op)
{
    const struct qetl_node_flow *flow = op->flow;
    struct qetl_ctx *made = qetl_run_instance(op->run, op->node, &op->node->format, flow->format);
    if (!made)
        return NULL;
    qetl_call_enter(made, "open_encode");
    int32_t status = flow->format->format->open_encode(made->self, &flow->takes[0].delivered);
    qetl_call_leave();
    if (!status)
        return made;
    qetl_run_fail(op->run, op->node, made, "open_encode", status);
    return NULL;
}

static struct qetl_ctx *encoder_take(struct qetl_op *op)
{
    struct qetl_wholes *all = qetl_wholes_of(op);
    if (all->n_idle)
        return all->idle[--all->n_idle];
    if (all->codec_used)
        return encoder_make(op);
    all->codec_used = true;
    return op->flow->codec;
}

/* begin or finish, into the object's space. */
static int32_t border_put(struct qetl_op *op, struct qetl_whole *w,
                          int32_t (*put)(void *, struct qetl_space *), const char *call)
{
    if (!w->space.base.data && qetl_pool_space_open(&w->space, op->instance->env->pool, 0))
        return no_memory(op);
    if (!put)
        return QETL_OK;
    qetl_call_enter(w->encoder, call);
    int32_t status = put(w->encoder->self, &w->space.base);
    qetl_call_leave();
    return status < 0 ? qetl_run_fail(op->run, op->node, w->encoder, call, status) : QETL_OK;
}

/* ---- what goes to the sink ---- */

static struct qetl_parts *part_make(const struct qetl_whole *w, int64_t n_keys, int64_t rows,
                                    bool ends)
{
    struct qetl_parts *parts = calloc(1, sizeof *parts);
    if (!parts)
        return NULL;
    parts->n = 1;
    parts->n_keys = n_keys;
    parts->items = calloc(1, sizeof *parts->items);
    parts->keys = calloc((size_t)n_keys + 1, sizeof *parts->keys);
    if (!parts->items || !parts->keys) {
        qetl_parts_free(parts);
        return NULL;
    }
    /* the keys live as long as the operator, and the sink is in its stage */
    memcpy(parts->keys, w->keys, (size_t)n_keys * sizeof *parts->keys);
    parts->items[0] = (struct qetl_part){
        .size = w->space.base.size, .rows = rows, .keys = parts->keys, .ends = ends};
    return parts;
}

static int32_t piece_emit(struct qetl_op *op, struct qetl_whole *w, int64_t rows, bool ends)
{
    struct qetl_parts *parts = part_make(w, qetl_whole_keys(op), rows, ends);
    struct qetl_block *block = parts ? qetl_pool_space_close(&w->space, rows) : NULL;
    if (!parts)
        qetl_buffer_free(w->space.base.data);
    w->space = (struct qetl_pool_space){0};
    if (!block) {
        qetl_parts_free(parts);
        return no_memory(op);
    }
    block->parts = parts;
    return qetl_op_emit(op, 0, QETL_SLOT_BLOCK, block);
}

/* An object all of whose rows were rejected is none, unless nobody else would be one. */
int32_t qetl_whole_end(struct qetl_op *op, struct qetl_whole *w, bool also_empty)
{
    const struct qetl_format *format = op->flow->format->format;
    int32_t status = w->begun ? QETL_OK : border_put(op, w, format->begin, "begin");
    if (!status)
        status = border_put(op, w, format->finish, "finish");
    w->begun = false;
    if (!status && (w->rows || also_empty)) {
        qetl_wholes_of(op)->any = true;
        w->rows = 0;
        return piece_emit(op, w, 0, true);
    }
    qetl_buffer_free(w->space.base.data);
    w->space = (struct qetl_pool_space){0};
    return status;
}

/* ---- which are open ---- */

int32_t qetl_whole_close(struct qetl_op *op, struct qetl_whole *w)
{
    struct qetl_wholes *all = qetl_wholes_of(op);
    int32_t status = w->begun ? qetl_whole_end(op, w, false) : QETL_OK;
    all->idle[all->n_idle++] = w->encoder;
    w->encoder = NULL;
    all->open[w->slot] = all->open[--all->n_open];
    all->items[all->open[w->slot]].slot = w->slot;
    return status;
}

/* Of those with fewest rows of late. */
static struct qetl_whole *whole_to_close(struct qetl_wholes *all)
{
    struct qetl_whole *least = &all->items[all->open[0]];
    for (size_t i = 1; i < all->n_open; i++)
        if (all->items[all->open[i]].recent < least->recent)
            least = &all->items[all->open[i]];
    return least;
}

static int32_t open_grow(struct qetl_op *op)
{
    struct qetl_wholes *all = qetl_wholes_of(op);
    size_t room = all->open_room ? all->open_room * 2 : 16;
    size_t *open = realloc(all->open, room * sizeof *open);
    if (open)
        all->open = open;
    struct qetl_ctx **idle = open ? realloc(all->idle, room * sizeof(struct qetl_ctx *)) : NULL;
    if (!idle)
        return no_memory(op);
    all->idle = idle;
    all->open_room = room;
    return QETL_OK;
}

int32_t qetl_whole_open(struct qetl_op *op, struct qetl_whole *w)
{
    struct qetl_wholes *all = qetl_wholes_of(op);
    int32_t status = QETL_OK;
    if (w->encoder)
        return QETL_OK;
    if ((int64_t)all->n_open >= op->flow->wholes_most)
        status = qetl_whole_close(op, whole_to_close(all));
    if (!status && all->n_open == all->open_room)
        status = open_grow(op);
    if (status)
        return status;
    w->encoder = encoder_take(op);
    if (!w->encoder)
        return QETL_E_FATAL;
    w->slot = all->n_open;
    all->open[all->n_open++] = (size_t)(w - all->items);
    return QETL_OK;
}

/* ---- rows ---- */

static int64_t room_for(struct qetl_op *op, const struct qetl_whole *w)
{
    const struct qetl_sink_parts *parts = op->flow->parts;
    return parts->room ? parts->room(op->flow->instance->self, qetl_whole_keys(op), w->keys)
                       : INT64_MAX;
}

/* As many rows as have room in the object under way; how many were taken, or a failure. */
static int64_t piece_put(struct qetl_op *op, struct qetl_whole *w, const struct qetl_batch *batch,
                         int64_t from, int64_t rows)
{
    struct qetl_ctx *codec = op->instance;
    int64_t room = room_for(op, w), encoded;
    if (room < 0)
        return qetl_run_fail(op->run, op->node, op->flow->instance, "room", (int32_t)room);
    if (room == 0 && !w->rows)
        return qetl_op_fault(op, "unsupported", "an object is full before it has a row");
    if (room == 0)
        return qetl_whole_end(op, w, false);
    rows = rows < room ? rows : room;
    int32_t status = QETL_OK;
    if (!w->begun)
        status = border_put(op, w, op->flow->format->format->begin, "begin");
    w->begun = true;
    if (!status && !w->space.base.data &&
        qetl_pool_space_open(&w->space, op->instance->env->pool, 0))
        status = no_memory(op);
    if (status)
        return status;
    op->instance = w->encoder; /* who encodes them rejects them */
    encoded = qetl_encode_range(op, batch, from, rows, &w->space);
    op->instance = codec;
    if (encoded < 0)
        return encoded;
    w->rows += encoded;
    status = w->rows ? piece_emit(op, w, encoded, false) : QETL_OK;
    return status ? status : rows;
}

int32_t qetl_whole_put(struct qetl_op *op, struct qetl_whole *w, const struct qetl_batch *batch,
                       int64_t from, int64_t rows)
{
    while (rows > 0) {
        int64_t taken = piece_put(op, w, batch, from, rows);
        if (taken < 0)
            return (int32_t)taken;
        from += taken;
        rows -= taken;
    }
    return QETL_OK;
}
