/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodes rows for objects that each have an encoder of their own. Rows are held until an object
 * has some thousands of them: small pieces go out together. While there are no more objects than
 * may be unfinished, an encoder is then theirs. What goes beyond is held on, until half of the
 * run's memory is in use or rows come no more; then the objects with most of those rows are begun
 * first, and whichever has had fewest of late is ended for each that is one too many.
 */
#include "run_internal.h"
#include "wholes.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 4096, ROWS_TOGETHER = 16384 };

static int32_t no_memory(struct qetl_op *op)
{
    return qetl_op_fault(op, "out_of_memory", "no memory for encoded rows");
}

static void held_count(struct qetl_op *op, struct qetl_whole *w, int64_t rows)
{
    w->held += rows;
    qetl_wholes_of(op)->held += rows;
    qetl_tally_add(&op->instance->tally.rows_held, rows);
}

static int32_t rows_hold(struct qetl_op *op, struct qetl_whole *w, struct qetl_batch *batch,
                         int64_t from, int64_t rows)
{
    struct qetl_held *held = malloc(sizeof *held);
    if (!held)
        return no_memory(op);
    qetl_batch_ref(batch);
    *held = (struct qetl_held){NULL, batch, from, rows};
    *(w->last ? &w->last->next : &w->first) = held;
    w->last = held;
    held_count(op, w, rows);
    return QETL_OK;
}

static void held_drop(struct qetl_whole *w)
{
    struct qetl_held *held = w->first;
    w->first = held->next;
    if (!w->first)
        w->last = NULL;
    qetl_batch_unref(held->batch);
    free(held);
}

/* Pieces that go out together, at most so many rows. */
static int64_t pieces_count(const struct qetl_whole *w, int64_t *rows)
{
    int64_t n = 0;
    *rows = 0;
    for (const struct qetl_held *held = w->first;
         held && (!n || *rows + held->rows <= ROWS_TOGETHER); held = held->next, n++)
        *rows += held->rows;
    return n;
}

static int32_t held_put(struct qetl_op *op, struct qetl_whole *w)
{
    int32_t status = qetl_whole_open(op, w);
    while (w->first && !status) {
        int64_t rows, n = pieces_count(w, &rows);
        struct qetl_batch *joined = n > 1 ? qetl_whole_join(op, w->first, n) : NULL;
        n = joined ? n : 1;
        rows = joined ? rows : w->first->rows;
        held_count(op, w, -rows); /* they are out or rejected, and counted so */
        status = joined ? qetl_whole_put(op, w, joined, 0, rows)
                        : qetl_whole_put(op, w, w->first->batch, w->first->from, rows);
        qetl_batch_unref(joined);
        while (n--)
            held_drop(w);
    }
    return status;
}

/* What is sorted by its keys does not come back: those without rows in the last batch go first.
 * Then the large ones. */
static int by_turn(const void *a, const void *b, void *arg)
{
    const struct qetl_wholes *all = arg;
    size_t i = *(const size_t *)a, k = *(const size_t *)b;
    const struct qetl_whole *x = &all->items[i], *y = &all->items[k];
    bool x_last = x->seen == all->batches, y_last = y->seen == all->batches;
    if (x_last != y_last)
        return x_last ? 1 : -1;
    return x->held != y->held ? (x->held < y->held ? 1 : -1) : (i > k) - (i < k);
}

static bool is_memory_over(const struct qetl_op *op, int64_t part)
{
    const struct qetl_pool *pool = op->run->pool;
    return qetl_pool_in_use(pool) > qetl_pool_budget(pool) / part;
}

static int32_t closed_put(struct qetl_op *op, bool all_of_them)
{
    struct qetl_wholes *all = qetl_wholes_of(op);
    size_t *order = malloc(((size_t)all->n + 1) * sizeof *order), n = 0;
    int32_t status = order ? QETL_OK : no_memory(op);
    for (int64_t i = 0; order && i < all->n; i++)
        if (all->items[i].held)
            order[n++] = (size_t)i;
    if (order)
        qsort_r(order, n, sizeof *order, by_turn, all);
    for (size_t i = 0; i < n && !status && (all_of_them || is_memory_over(op, 4)); i++)
        status = held_put(op, &all->items[order[i]]);
    free(order);
    return status;
}

/* Those that have an encoder first: theirs is given to nobody while they hold rows. */
static int32_t all_held_put(struct qetl_op *op, bool all_of_them)
{
    struct qetl_wholes *all = qetl_wholes_of(op);
    int32_t status = QETL_OK;
    for (size_t i = 0; i < all->n_open && !status; i++)
        status = held_put(op, &all->items[all->open[i]]);
    if (!status)
        status = closed_put(op, all_of_them);
    for (int64_t i = 0; i < all->n; i++)
        all->items[i].recent = 0;
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
    struct qetl_wholes *all = qetl_wholes_of(op);
    if (all->n == all->room) {
        int64_t room = all->room ? all->room * 2 : 64;
        struct qetl_whole *items = realloc(all->items, (size_t)room * sizeof *items);
        if (!items)
            return no_memory(op);
        all->items = items;
        all->room = room;
    }
    all->items[all->n] = (struct qetl_whole){.keys = keys_copy(keys, qetl_whole_keys(op))};
    if (!all->items[all->n].keys)
        return no_memory(op);
    all->n++;
    return QETL_OK;
}

/* NULL after a failure, which was reported; valid until the next is found. */
static struct qetl_whole *whole_find(struct qetl_op *op, const struct qetl_blob *keys)
{
    struct qetl_wholes *all = qetl_wholes_of(op);
    struct qetl_ctx *sink = op->flow->instance;
    int64_t number = op->flow->parts->object(sink->self, qetl_whole_keys(op), keys);
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
    struct qetl_whole *w = whole_find(op, keys);
    if (!w)
        return QETL_E_FATAL;
    w->recent += group->rows;
    w->seen = all->batches;
    int32_t status = rows_hold(op, w, sorted, group->from, group->rows);
    bool may = w->encoder || (int64_t)all->n_open < op->flow->wholes_most;
    return status || !may || w->held < ROWS_AT_ONCE ? status : held_put(op, w);
}

/* ---- the operator's ---- */

static int32_t wholes_make(struct qetl_op *op)
{
    struct qetl_encode_state *state = op->state;
    if (!state->wholes)
        state->wholes = calloc(1, sizeof *state->wholes);
    return state->wholes ? QETL_OK : no_memory(op);
}

int32_t qetl_encode_wholes(struct qetl_op *op, struct qetl_batch *batch)
{
    struct qetl_encode_state *state = op->state;
    const struct qetl_partition *p = &state->partition;
    struct qetl_batch *sorted = NULL;
    if (!batch->rows)
        return QETL_OK;
    struct qetl_blob *keys = calloc((size_t)qetl_whole_keys(op) + 1, sizeof *keys);
    int32_t status = keys ? wholes_make(op) : no_memory(op);
    if (!status)
        status = qetl_encode_sort(op, batch, &sorted);
    if (!status)
        state->wholes->batches++;
    for (int64_t g = 0; !status && g < p->n_groups; g++)
        status = group_take(op, sorted, &p->groups[g], keys);
    qetl_batch_unref(sorted);
    free(keys);
    if (!status && state->wholes->held && is_memory_over(op, 2))
        status = all_held_put(op, false);
    return status;
}

/* last: no rows come behind, and if there were none at all, one object is to say so. */
int32_t qetl_encode_wholes_end(struct qetl_op *op, bool last)
{
    int32_t status = wholes_make(op);
    struct qetl_wholes *all = qetl_wholes_of(op);
    if (!status)
        status = all_held_put(op, true);
    while (!status && all->n_open)
        status = qetl_whole_close(op, &all->items[all->open[0]]);
    bool goes_on = op->run->attempt.resumes && op->flow->wholes_by_epoch;
    if (status || all->any || qetl_whole_keys(op) || !last || goes_on)
        return status;
    struct qetl_whole *w = whole_find(op, NULL);
    status = w ? qetl_whole_open(op, w) : QETL_E_FATAL;
    return status ? status : qetl_whole_end(op, w, true);
}

void qetl_wholes_free(struct qetl_wholes *all)
{
    if (!all)
        return;
    for (int64_t i = 0; i < all->n; i++) {
        struct qetl_whole *w = &all->items[i];
        for (struct qetl_held *held = w->first, *next; held; held = next) {
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
