/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodes rows for objects that each have an encoder of their own. While there are no more of them
 * than may be unfinished, rows are encoded as they come. What goes beyond is held, until half of
 * the run's memory is in use or rows come no more; then the objects with most of those rows are
 * begun first, and whichever has had fewest of late is ended for each that is one too many.
 */
#include "op_encode.h"
#include "run_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct held { /* rows of a sorted batch */
    struct held *next;
    struct qetl_batch *batch;
    int64_t from, rows;
};

struct whole { /* the object that rows with some keys go to, and those that follow it */
    struct qetl_blob *keys;
    struct qetl_ctx *encoder; /* NULL: nothing is under way, and the rows are held */
    size_t slot;              /* among those that are open */
    bool begun;
    int64_t rows;                 /* of the object under way, without those that were rejected */
    struct qetl_pool_space space; /* what it begins with, until there is a row; data NULL: none */
    struct held *first, *last;
    int64_t held;
    int64_t recent; /* rows since what was held was written last */
};

struct qetl_wholes {
    struct whole *items;
    int64_t n, room;
    size_t *open; /* the items with an encoder */
    size_t n_open, open_room;
    struct qetl_ctx **idle; /* encoders without an object; as many as open has room */
    size_t n_idle;
    bool codec_used; /* the one from set-up is the first */
    bool any;        /* an object was ended */
    int64_t held;
};

static int32_t no_memory(struct qetl_op *op)
{
    return qetl_op_fault(op, "out_of_memory", "no memory for encoded rows");
}

static struct qetl_wholes *wholes_of(const struct qetl_op *op)
{
    return ((struct qetl_encode_state *)op->state)->wholes;
}

static int64_t n_keys_of(const struct qetl_op *op)
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
    struct qetl_wholes *all = wholes_of(op);
    if (all->n_idle)
        return all->idle[--all->n_idle];
    if (all->codec_used)
        return encoder_make(op);
    all->codec_used = true;
    return op->flow->codec;
}

/* begin or finish, into the object's space. */
static int32_t border_put(struct qetl_op *op, struct whole *w,
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

static struct qetl_parts *part_make(const struct whole *w, int64_t n_keys, int64_t rows, bool ends)
{
    struct qetl_parts *parts = calloc(1, sizeof *parts);
    size_t size = 0;
    if (!parts)
        return NULL;
    for (int64_t k = 0; k < n_keys; k++)
        size += w->keys[k].size;
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

static int32_t piece_emit(struct qetl_op *op, struct whole *w, int64_t rows, bool ends)
{
    struct qetl_parts *parts = part_make(w, n_keys_of(op), rows, ends);
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
static int32_t object_end(struct qetl_op *op, struct whole *w, bool also_empty)
{
    const struct qetl_format *format = op->flow->format->format;
    int32_t status = w->begun ? QETL_OK : border_put(op, w, format->begin, "begin");
    if (!status)
        status = border_put(op, w, format->finish, "finish");
    w->begun = false;
    if (!status && (w->rows || also_empty)) {
        wholes_of(op)->any = true;
        w->rows = 0;
        return piece_emit(op, w, 0, true);
    }
    qetl_buffer_free(w->space.base.data);
    w->space = (struct qetl_pool_space){0};
    return status;
}

/* ---- which are open ---- */

static int32_t whole_close(struct qetl_op *op, struct whole *w)
{
    struct qetl_wholes *all = wholes_of(op);
    int32_t status = w->begun ? object_end(op, w, false) : QETL_OK;
    all->idle[all->n_idle++] = w->encoder;
    w->encoder = NULL;
    all->open[w->slot] = all->open[--all->n_open];
    all->items[all->open[w->slot]].slot = w->slot;
    return status;
}

/* Of those with fewest rows of late. */
static struct whole *whole_to_close(struct qetl_wholes *all)
{
    struct whole *least = &all->items[all->open[0]];
    for (size_t i = 1; i < all->n_open; i++)
        if (all->items[all->open[i]].recent < least->recent)
            least = &all->items[all->open[i]];
    return least;
}

static int32_t open_grow(struct qetl_op *op)
{
    struct qetl_wholes *all = wholes_of(op);
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

static int32_t whole_open(struct qetl_op *op, struct whole *w)
{
    struct qetl_wholes *all = wholes_of(op);
    int32_t status = QETL_OK;
    if (w->encoder)
        return QETL_OK;
    if ((int64_t)all->n_open >= op->flow->wholes_most)
        status = whole_close(op, whole_to_close(all));
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

static int64_t room_for(struct qetl_op *op, const struct whole *w)
{
    const struct qetl_sink_parts *parts = op->flow->parts;
    return parts->room ? parts->room(op->flow->instance->self, n_keys_of(op), w->keys) : INT64_MAX;
}

/* As many rows as have room in the object under way; how many were taken, or a failure. */
static int64_t piece_put(struct qetl_op *op, struct whole *w, const struct qetl_batch *batch,
                         int64_t from, int64_t rows)
{
    struct qetl_ctx *codec = op->instance;
    int64_t room = room_for(op, w), encoded;
    if (room < 0)
        return qetl_run_fail(op->run, op->node, op->flow->instance, "room", (int32_t)room);
    if (room == 0 && !w->rows)
        return qetl_op_fault(op, "unsupported", "an object is full before it has a row");
    if (room == 0)
        return object_end(op, w, false);
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

static int32_t rows_put(struct qetl_op *op, struct whole *w, const struct qetl_batch *batch,
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

static void held_count(struct qetl_op *op, struct whole *w, int64_t rows)
{
    w->held += rows;
    wholes_of(op)->held += rows;
    qetl_tally_add(&op->instance->tally.rows_held, rows);
}

static int32_t rows_hold(struct qetl_op *op, struct whole *w, struct qetl_batch *batch,
                         int64_t from, int64_t rows)
{
    struct held *held = malloc(sizeof *held);
    if (!held)
        return no_memory(op);
    qetl_batch_ref(batch);
    *held = (struct held){NULL, batch, from, rows};
    *(w->last ? &w->last->next : &w->first) = held;
    w->last = held;
    held_count(op, w, rows);
    return QETL_OK;
}

static int32_t held_put(struct qetl_op *op, struct whole *w)
{
    int32_t status = whole_open(op, w);
    while (w->first && !status) {
        struct held *held = w->first;
        held_count(op, w, -held->rows); /* they are out or rejected, and counted so */
        status = rows_put(op, w, held->batch, held->from, held->rows);
        w->first = held->next;
        qetl_batch_unref(held->batch);
        free(held);
    }
    if (!w->first)
        w->last = NULL;
    return status;
}

static int by_held(const void *a, const void *b, void *arg)
{
    const struct whole *items = arg;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return items[x].held != items[y].held ? (items[x].held < items[y].held ? 1 : -1)
                                          : (x > y) - (x < y);
}

static int32_t all_held_put(struct qetl_op *op)
{
    struct qetl_wholes *all = wholes_of(op);
    size_t *order = malloc(((size_t)all->n + 1) * sizeof *order), n = 0;
    int32_t status = order ? QETL_OK : no_memory(op);
    for (int64_t i = 0; order && i < all->n; i++)
        if (all->items[i].held)
            order[n++] = (size_t)i;
    if (order)
        qsort_r(order, n, sizeof *order, by_held, all->items);
    for (size_t i = 0; i < n && !status; i++)
        status = held_put(op, &all->items[order[i]]);
    for (int64_t i = 0; i < all->n; i++)
        all->items[i].recent = 0;
    free(order);
    return status;
}

/* ---- objects by their keys ---- */

/* NULL: no memory. */
static struct qetl_blob *keys_copy(const struct qetl_blob *keys, int64_t n)
{
    size_t size = 0;
    for (int64_t k = 0; k < n; k++)
        size += keys[k].size;
    struct qetl_blob *copy = malloc((size_t)n * sizeof *copy + size + 1);
    uint8_t *at = copy ? (uint8_t *)(copy + n) : NULL;
    for (int64_t k = 0; copy && k < n; k++) {
        copy[k] = (struct qetl_blob){keys[k].data ? at : NULL, keys[k].size};
        if (keys[k].size)
            memcpy(at, keys[k].data, keys[k].size);
        at += keys[k].size;
    }
    return copy;
}

static int32_t whole_add(struct qetl_op *op, const struct qetl_blob *keys)
{
    struct qetl_wholes *all = wholes_of(op);
    if (all->n == all->room) {
        int64_t room = all->room ? all->room * 2 : 64;
        struct whole *items = realloc(all->items, (size_t)room * sizeof *items);
        if (!items)
            return no_memory(op);
        all->items = items;
        all->room = room;
    }
    all->items[all->n] = (struct whole){.keys = keys_copy(keys, n_keys_of(op))};
    if (!all->items[all->n].keys)
        return no_memory(op);
    all->n++;
    return QETL_OK;
}

/* NULL after a failure, which was reported; valid until the next is found. */
static struct whole *whole_find(struct qetl_op *op, const struct qetl_blob *keys)
{
    struct qetl_wholes *all = wholes_of(op);
    struct qetl_ctx *sink = op->flow->instance;
    int64_t number = op->flow->parts->object(sink->self, n_keys_of(op), keys);
    if (number < 0)
        qetl_run_fail(op->run, op->node, sink, "object", (int32_t)number);
    else if (number > all->n)
        qetl_op_fault(op, "unsupported", "object answered %lld behind %lld", (long long)number,
                      (long long)all->n);
    else if (number < all->n || !whole_add(op, keys))
        return &all->items[number];
    return NULL;
}

static int32_t group_take(struct qetl_op *op, struct qetl_batch *sorted,
                          const struct qetl_group *group, struct qetl_blob *keys)
{
    struct qetl_encode_state *state = op->state;
    const struct qetl_wholes *all = state->wholes;
    qetl_partition_keys(&state->partition, group, keys);
    struct whole *w = whole_find(op, keys);
    if (!w)
        return QETL_E_FATAL;
    w->recent += group->rows;
    if (!w->encoder && (w->held || (int64_t)all->n_open >= op->flow->wholes_most))
        return rows_hold(op, w, sorted, group->from, group->rows);
    int32_t status = whole_open(op, w);
    return status ? status : rows_put(op, w, sorted, group->from, group->rows);
}

/* ---- the operator's ---- */

static int32_t wholes_make(struct qetl_op *op)
{
    struct qetl_encode_state *state = op->state;
    if (!state->wholes)
        state->wholes = calloc(1, sizeof *state->wholes);
    return state->wholes ? QETL_OK : no_memory(op);
}

static bool is_memory_short(const struct qetl_op *op)
{
    const struct qetl_pool *pool = op->run->pool;
    return qetl_pool_in_use(pool) > qetl_pool_budget(pool) / 2;
}

int32_t qetl_encode_wholes(struct qetl_op *op, struct qetl_batch *batch)
{
    struct qetl_encode_state *state = op->state;
    const struct qetl_partition *p = &state->partition;
    struct qetl_batch *sorted = NULL;
    if (!batch->rows)
        return QETL_OK;
    struct qetl_blob *keys = calloc((size_t)n_keys_of(op) + 1, sizeof *keys);
    int32_t status = keys ? wholes_make(op) : no_memory(op);
    if (!status)
        status = qetl_encode_sort(op, batch, &sorted);
    for (int64_t g = 0; !status && g < p->n_groups; g++)
        status = group_take(op, sorted, &p->groups[g], keys);
    qetl_batch_unref(sorted);
    free(keys);
    if (!status && state->wholes->held && is_memory_short(op))
        status = all_held_put(op);
    return status;
}

int32_t qetl_encode_wholes_end(struct qetl_op *op)
{
    int32_t status = wholes_make(op);
    struct qetl_wholes *all = wholes_of(op);
    if (!status)
        status = all_held_put(op);
    while (!status && all->n_open)
        status = whole_close(op, &all->items[all->open[0]]);
    if (status || all->any || n_keys_of(op))
        return status;
    struct whole *w = whole_find(op, NULL);
    status = w ? whole_open(op, w) : QETL_E_FATAL;
    return status ? status : object_end(op, w, true);
}

void qetl_wholes_free(struct qetl_wholes *all)
{
    if (!all)
        return;
    for (int64_t i = 0; i < all->n; i++) {
        struct whole *w = &all->items[i];
        for (struct held *held = w->first, *next; held; held = next) {
            next = held->next;
            qetl_batch_unref(held->batch);
            free(held);
        }
        qetl_buffer_free(w->space.base.data);
        free(w->keys);
    }
    free(all->items);
    free(all->open);
    free(all->idle);
    free(all);
}
