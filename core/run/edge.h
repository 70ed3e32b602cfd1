/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An edge joins the replicas of one stage to those of the next by rings, one of the two sides
 * having a single replica: it deals units of work out in turn, or gathers them in the same turn.
 *
 *   one to many:  unit n goes to ring n mod C.
 *   many to one:  replica n mod P works on unit n; its slots of that unit end with a UNIT_END slot,
 * then the next ring has its turn. So order is restored without a buffer and without waiting for
 * anything but the oldest unit.
 *
 * Invariant: rows that went in come out, in order: BARRIER and END carry the rows sent on their
 * ring, and the taker compares. A barrier comes out once it stands at the head of every ring.
 * Ownership: a slot put belongs to the edge, a slot taken to the taker; the edge drops the rest.
 * Threads:   one at a time per producer replica and per consumer replica.
 */
#ifndef QETL_CORE_EDGE_H
#define QETL_CORE_EDGE_H

#include "ring/ring.h"

#include <stdbool.h>
#include <stdint.h>

enum qetl_slot_kind {
    QETL_SLOT_CHUNK = 1, /* payload: struct qetl_chunk_data */
    QETL_SLOT_BATCH,     /* payload: struct qetl_batch */
    QETL_SLOT_BLOCK,     /* payload: struct qetl_block */
    QETL_SLOT_BARRIER,   /* seq: epoch */
    QETL_SLOT_END,       /* payload: struct qetl_saved of each producer replica in turn, or NULL */
    QETL_SLOT_UNIT_END   /* inside the edge only */
};

enum qetl_take { QETL_TAKE_OK, QETL_TAKE_EMPTY, QETL_TAKE_LOST /* rows went missing: a bug */ };

struct qetl_bell;
struct qetl_edge;
struct qetl_saved;

struct qetl_edge *qetl_edge_new(uint32_t producers, uint32_t consumers, uint32_t capacity,
                                struct qetl_parker *);
void qetl_edge_free(struct qetl_edge *); /* accepts NULL */
/* Before anything is put: what can be taken by consumer replica c rings its bell. Copied. */
void qetl_edge_hang_bell(struct qetl_edge *, uint32_t c, const struct qetl_bell *);

/* Producer replica p. Room: the next slot goes into a ring at once. Put never fails but for memory:
 * what finds no room waits in the edge, and has_room says so. rows: what the slot carries. */
bool qetl_edge_has_room(struct qetl_edge *, uint32_t p);
bool qetl_edge_flush(struct qetl_edge *,
                     uint32_t p); /* nothing of p's waits outside of the rings */
int32_t qetl_edge_put(struct qetl_edge *, uint32_t p, enum qetl_slot_kind, void *payload,
                      int64_t rows);
int32_t qetl_edge_put_all(struct qetl_edge *, uint32_t p, enum qetl_slot_kind, uint64_t epoch);
/* END with the replica's state. */
int32_t qetl_edge_put_end(struct qetl_edge *, uint32_t p, struct qetl_saved *moved);
int32_t qetl_edge_end_unit(struct qetl_edge *, uint32_t p); /* many to one: after each unit */
/* Many to one: the unit that p works on, for the check on the other side. */
void qetl_edge_begin_unit(struct qetl_edge *, uint32_t p, uint64_t unit);

/* Consumer replica c. CHUNK, BATCH, BLOCK, BARRIER or END. seq: the unit's number. */
enum qetl_take qetl_edge_take(struct qetl_edge *, uint32_t c, struct qetl_slot *out);
/* Once for each consumer replica that needs nothing more; true: it was the last. What still comes
 * is taken all the same. */
bool qetl_edge_unwant(struct qetl_edge *);
bool qetl_edge_is_wanted(const struct qetl_edge *); /* [any] */
uint32_t qetl_edge_depth(const struct qetl_edge *);
uint32_t qetl_edge_capacity(const struct qetl_edge *);
uint32_t qetl_edge_producers(const struct qetl_edge *);
/* [any] How long producers found no room, summed over them. */
int64_t qetl_edge_blocked_ns(const struct qetl_edge *, int64_t now_ns);
/* [any] What lies in the ring that consumer c takes from next. */
uint32_t qetl_edge_depth_for(const struct qetl_edge *, uint32_t c);
/* The consumer alone: it has the barrier of some rings, and waits for that of the others. */
bool qetl_edge_aligns(const struct qetl_edge *);

#endif
