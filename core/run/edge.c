/* SPDX-License-Identifier: Apache-2.0 */
#include "edge.h"

#include "data/batch.h"
#include "data/tally.h"
#include "op.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct waiting { /* a slot that found its ring full */
    uint32_t ring;
    struct qetl_slot slot;
};

struct producer {
    _Alignas(64) uint64_t unit; /* one to many: the next unit; many to one: the one under way */
    struct waiting *waiting;    /* a queue: [first, end) */
    size_t first, end, room;
    atomic_llong blocked_ns, blocked_since_ns; /* since: 0, there is room */
};

struct lane { /* the consumer's side of one ring */
    _Alignas(64) int64_t rows_taken;
    bool held;                /* its barrier or end was taken, the other rings' not yet */
    struct qetl_saved *saved; /* what came with it */
};

struct qetl_edge {
    uint32_t producers, consumers, n_rings;
    struct qetl_ring **rings;
    int64_t *rows_sent; /* a ring; written by its producer */
    struct producer *from;
    struct lane *lanes;
    atomic_uint turn;   /* many to one: the ring whose unit is being taken */
    uint64_t next_unit; /* many to one: its number */
    uint32_t n_held;    /* lanes whose control slot waits for the others */
    struct qetl_slot control;
    atomic_uint wanting; /* consumer replicas that still want something */
};

static void drop_slot(void *arg, struct qetl_slot *slot)
{
    (void)arg;
    switch (slot->kind) {
    case QETL_SLOT_CHUNK: {
        struct qetl_chunk_data *chunk = slot->payload;
        qetl_origin_unref(chunk->origin);
        free(chunk);
        break;
    }
    case QETL_SLOT_BATCH:
        qetl_batch_unref(slot->payload);
        break;
    case QETL_SLOT_BLOCK:
        qetl_block_free(slot->payload);
        break;
    case QETL_SLOT_END:
        qetl_saved_free(slot->payload);
        break;
    default:
        break;
    }
}

/* Each on cache lines of its own. */
static void *zeroed(size_t bytes)
{
    void *made = aligned_alloc(64, bytes);
    return made ? memset(made, 0, bytes) : NULL;
}

static int edge_allocate(struct qetl_edge *edge)
{
    edge->rings = calloc(edge->n_rings, sizeof *edge->rings);
    edge->rows_sent = calloc(edge->n_rings, sizeof *edge->rows_sent);
    edge->from = zeroed(sizeof *edge->from * edge->producers);
    edge->lanes = zeroed(sizeof *edge->lanes * edge->n_rings);
    bool all = edge->rings && edge->rows_sent && edge->from && edge->lanes;
    return all ? QETL_OK : QETL_E_NO_MEMORY;
}

struct qetl_edge *qetl_edge_new(uint32_t producers, uint32_t consumers, uint32_t capacity,
                                struct qetl_parker *parker)
{
    assert(producers == 1 || consumers == 1);
    struct qetl_edge *edge = calloc(1, sizeof *edge);
    if (!edge)
        return NULL;
    edge->producers = producers;
    edge->consumers = consumers;
    edge->n_rings = producers > consumers ? producers : consumers;
    atomic_init(&edge->wanting, consumers);
    int status = edge_allocate(edge);
    for (uint32_t i = 0; !status && i < edge->n_rings; i++) {
        edge->rings[i] = qetl_ring_new(capacity, parker, parker, drop_slot, edge);
        status = edge->rings[i] ? QETL_OK : QETL_E_NO_MEMORY;
    }
    if (!status)
        return edge;
    qetl_edge_free(edge);
    return NULL;
}

void qetl_edge_free(struct qetl_edge *edge)
{
    if (!edge)
        return;
    for (uint32_t i = 0; edge->rings && i < edge->n_rings; i++)
        if (edge->rings[i])
            qetl_ring_free(edge->rings[i]);
    for (uint32_t p = 0; edge->from && p < edge->producers; p++) {
        struct producer *from = &edge->from[p];
        for (; from->first < from->end; from->first++)
            drop_slot(edge, &from->waiting[from->first].slot);
        free(from->waiting);
    }
    for (uint32_t i = 0; edge->lanes && i < edge->n_rings; i++)
        qetl_saved_free(edge->lanes[i].saved);
    free(edge->rings);
    free(edge->rows_sent);
    free(edge->from);
    free(edge->lanes);
    free(edge);
}

void qetl_edge_hang_bell(struct qetl_edge *edge, uint32_t c, const struct qetl_bell *bell)
{
    uint32_t first = edge->producers > 1 ? 0 : c;
    uint32_t end = edge->producers > 1 ? edge->n_rings : c + 1;
    for (uint32_t ring = first; ring < end; ring++)
        qetl_ring_hang_bell(edge->rings[ring], bell);
}

/* The ring that producer p's next data slot goes to. */
static uint32_t ring_for(const struct qetl_edge *edge, uint32_t p)
{
    return edge->producers > 1 ? p : (uint32_t)(edge->from[0].unit % edge->n_rings);
}

static void waiting_drain(struct qetl_edge *edge, struct producer *from)
{
    while (from->first < from->end) {
        struct waiting *w = &from->waiting[from->first];
        if (qetl_ring_push(edge->rings[w->ring], &w->slot) != QETL_RING_OK)
            return;
        from->first++;
    }
    from->first = from->end = 0;
}

bool qetl_edge_flush(struct qetl_edge *edge, uint32_t p)
{
    struct producer *from = &edge->from[p];
    waiting_drain(edge, from);
    return from->first == from->end;
}

/* The clock is read at the two ends of a wait alone. */
static void note_room(struct producer *from, bool room)
{
    long long since = atomic_load_explicit(&from->blocked_since_ns, memory_order_relaxed);
    if (room == !since)
        return;
    int64_t now = qetl_now_ns();
    if (room)
        qetl_tally_add(&from->blocked_ns, now - since);
    atomic_store_explicit(&from->blocked_since_ns, room ? 0 : now, memory_order_relaxed);
}

bool qetl_edge_has_room(struct qetl_edge *edge, uint32_t p)
{
    bool room = qetl_edge_flush(edge, p) && qetl_ring_has_room(edge->rings[ring_for(edge, p)]);
    note_room(&edge->from[p], room);
    return room;
}

int64_t qetl_edge_blocked_ns(const struct qetl_edge *edge, int64_t now_ns)
{
    int64_t blocked = 0;
    for (uint32_t p = 0; p < edge->producers; p++) {
        struct producer *from = &edge->from[p];
        long long since = atomic_load_explicit(&from->blocked_since_ns, memory_order_relaxed);
        blocked += qetl_tally_get(&from->blocked_ns);
        blocked += since && now_ns > since ? now_ns - since : 0;
    }
    return blocked;
}

uint32_t qetl_edge_producers(const struct qetl_edge *edge)
{
    return edge->producers;
}

uint32_t qetl_edge_capacity(const struct qetl_edge *edge)
{
    return edge->n_rings * qetl_ring_capacity(edge->rings[0]);
}

static int32_t waiting_add(struct producer *from, uint32_t ring, const struct qetl_slot *slot)
{
    if (from->end == from->room) {
        size_t room = from->room ? from->room * 2 : 8;
        struct waiting *grown = realloc(from->waiting, room * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        from->waiting = grown;
        from->room = room;
    }
    from->waiting[from->end++] = (struct waiting){ring, *slot};
    return QETL_OK;
}

static int32_t push(struct qetl_edge *edge, uint32_t p, uint32_t ring, struct qetl_slot *slot)
{
    struct producer *from = &edge->from[p];
    waiting_drain(edge, from);
    if (from->first == from->end && qetl_ring_push(edge->rings[ring], slot) == QETL_RING_OK)
        return QETL_OK;
    int32_t status = waiting_add(from, ring, slot);
    if (status)
        drop_slot(edge, slot);
    return status;
}

int32_t qetl_edge_put(struct qetl_edge *edge, uint32_t p, enum qetl_slot_kind kind, void *payload,
                      int64_t rows)
{
    uint32_t ring = ring_for(edge, p);
    struct qetl_slot slot = {
        .seq = edge->from[p].unit, .payload = payload, .count = (uint64_t)rows, .kind = kind};
    edge->rows_sent[ring] += rows;
    if (edge->producers == 1)
        edge->from[p].unit++;
    return push(edge, p, ring, &slot);
}

int32_t qetl_edge_put_all(struct qetl_edge *edge, uint32_t p, enum qetl_slot_kind kind,
                          uint64_t epoch)
{
    uint32_t first = edge->producers > 1 ? p : 0;
    uint32_t end = edge->producers > 1 ? p + 1 : edge->n_rings;
    int32_t status = QETL_OK;
    for (uint32_t ring = first; !status && ring < end; ring++) {
        struct qetl_slot slot = {
            .seq = epoch, .count = (uint64_t)edge->rows_sent[ring], .kind = kind};
        status = push(edge, p, ring, &slot);
    }
    return status;
}

int32_t qetl_edge_put_end(struct qetl_edge *edge, uint32_t p, struct qetl_saved *moved)
{
    uint32_t ring = edge->producers > 1 ? p : 0;
    assert(edge->producers > 1 || edge->n_rings == 1);
    struct qetl_slot slot = {
        .payload = moved, .count = (uint64_t)edge->rows_sent[ring], .kind = QETL_SLOT_END};
    return push(edge, p, ring, &slot);
}

void qetl_edge_begin_unit(struct qetl_edge *edge, uint32_t p, uint64_t unit)
{
    if (edge->producers > 1)
        edge->from[p].unit = unit;
}

int32_t qetl_edge_end_unit(struct qetl_edge *edge, uint32_t p)
{
    if (edge->producers == 1)
        return QETL_OK;
    struct qetl_slot slot = {.seq = edge->from[p].unit, .kind = QETL_SLOT_UNIT_END};
    return push(edge, p, p, &slot);
}

static bool is_control(const struct qetl_slot *slot)
{
    return slot->kind == QETL_SLOT_BARRIER || slot->kind == QETL_SLOT_END;
}

static enum qetl_take take_from(struct qetl_edge *edge, uint32_t ring, struct qetl_slot *out)
{
    if (qetl_ring_take(edge->rings[ring], out) != QETL_RING_OK)
        return QETL_TAKE_EMPTY;
    struct lane *lane = &edge->lanes[ring];
    if (is_control(out))
        return (int64_t)out->count == lane->rows_taken ? QETL_TAKE_OK : QETL_TAKE_LOST;
    lane->rows_taken += (int64_t)out->count;
    return QETL_TAKE_OK;
}

/* relaxed: whoever but the consumer asks is told by the rings what has come */
static uint32_t turn_of(const struct qetl_edge *edge)
{
    return atomic_load_explicit(&((struct qetl_edge *)edge)->turn, memory_order_relaxed);
}

/* A control slot stands at the head of the ring whose turn it is, hence, once their producers get
 * there, of every ring: each unit before it has been taken in whole. */
static enum qetl_take align(struct qetl_edge *edge, struct qetl_slot *out)
{
    for (uint32_t ring = 0; ring < edge->n_rings; ring++) {
        struct lane *lane = &edge->lanes[ring];
        if (lane->held)
            continue;
        struct qetl_slot slot;
        enum qetl_take take = take_from(edge, ring, &slot);
        if (take == QETL_TAKE_EMPTY)
            continue;
        if (take == QETL_TAKE_LOST || slot.kind != edge->control.kind ||
            slot.seq != edge->control.seq) {
            drop_slot(edge, &slot);
            return QETL_TAKE_LOST;
        }
        lane->held = true;
        lane->saved = slot.payload;
        edge->n_held++;
    }
    if (edge->n_held < edge->n_rings)
        return QETL_TAKE_EMPTY;
    *out = edge->control;
    out->payload = NULL;
    for (uint32_t ring = edge->n_rings; ring-- > 0;) {
        struct lane *lane = &edge->lanes[ring];
        lane->held = false;
        if (lane->saved) {
            lane->saved->next = out->payload;
            out->payload = lane->saved;
            lane->saved = NULL;
        }
    }
    edge->n_held = 0;
    return QETL_TAKE_OK;
}

static enum qetl_take take_in_turn(struct qetl_edge *edge, struct qetl_slot *out)
{
    if (edge->n_held)
        return align(edge, out);
    for (;;) {
        uint32_t turn = turn_of(edge);
        enum qetl_take take = take_from(edge, turn, out);
        if (take != QETL_TAKE_OK)
            return take;
        if (is_control(out)) {
            edge->control = *out;
            edge->lanes[turn].held = true;
            edge->lanes[turn].saved = out->payload;
            edge->n_held = 1;
            return align(edge, out);
        }
        if (out->seq != edge->next_unit) {
            drop_slot(edge, out);
            return QETL_TAKE_LOST;
        }
        if (out->kind != QETL_SLOT_UNIT_END)
            return QETL_TAKE_OK;
        edge->next_unit++;
        atomic_store_explicit(&edge->turn, (turn + 1) % edge->n_rings, memory_order_relaxed);
    }
}

enum qetl_take qetl_edge_take(struct qetl_edge *edge, uint32_t c, struct qetl_slot *out)
{
    return edge->producers > 1 ? take_in_turn(edge, out) : take_from(edge, c, out);
}

bool qetl_edge_unwant(struct qetl_edge *edge)
{
    /* release: what the consumer left is seen by who finds that nobody wants anything */
    return atomic_fetch_sub_explicit(&edge->wanting, 1, memory_order_acq_rel) == 1;
}

bool qetl_edge_is_wanted(const struct qetl_edge *edge)
{
    return atomic_load_explicit(&((struct qetl_edge *)edge)->wanting, memory_order_acquire) > 0;
}

bool qetl_edge_aligns(const struct qetl_edge *edge)
{
    return edge->n_held > 0;
}

uint32_t qetl_edge_depth_for(const struct qetl_edge *edge, uint32_t c)
{
    return qetl_ring_depth(edge->rings[edge->producers > 1 ? turn_of(edge) : c]);
}

uint32_t qetl_edge_depth(const struct qetl_edge *edge)
{
    uint32_t depth = 0;
    for (uint32_t i = 0; i < edge->n_rings; i++)
        depth += qetl_ring_depth(edge->rings[i]);
    return depth;
}
