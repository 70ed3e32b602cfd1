/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: slots come out in the order they went in, each exactly once: to the consumer, or to
 *            the drop callback when the ring is freed.
 * Ownership: a pushed slot's payload belongs to the ring until it is popped; a slot that push
 *            refused stays the caller's. The parkers and the drop argument are borrowed.
 * Threads: one producer and one consumer at a time; a role may move between threads that
 *          synchronise. depth and capacity are for anyone; new and free for one thread alone, free
 *          only after both sides have returned from their last call.
 *
 * A bounded lock-free ring. It never looks inside a slot: data and control travel alike.
 * Publishing notifies the consumer's parker, popping the producer's. A parker may serve many rings
 * and both of their ends, hence its waiters may wait for different things and all are notified; a
 * bell, if one was hung, says first that it is this ring that has something to take (bell.h).
 */
#ifndef QETL_RING_H
#define QETL_RING_H

#include <stdbool.h>
#include <stdint.h>

struct qetl_bell;
struct qetl_parker;
struct qetl_ring;

struct qetl_slot {
    uint64_t seq;
    void *payload;
    uint64_t count;
    uint32_t kind;
    uint32_t flags;
};

enum { QETL_RING_OK, QETL_RING_FULL, QETL_RING_EMPTY, QETL_RING_CLOSED };

/* capacity is rounded up to a power of two, 1 included; NULL when it is 0 or above 2^31 or when
 * there is no memory. drop may be NULL. */
struct qetl_ring *qetl_ring_new(uint32_t capacity, struct qetl_parker *producer,
                                struct qetl_parker *consumer,
                                void (*drop)(void *arg, struct qetl_slot *slot), void *arg);
void qetl_ring_free(struct qetl_ring *r);
/* Before there are two sides: what is published, and close, ring the bell from now on. Copied. */
void qetl_ring_hang_bell(struct qetl_ring *r, const struct qetl_bell *bell);

/* The producer's side. CLOSED: the consumer has gone. Nothing may be pushed after close. */
int qetl_ring_push(struct qetl_ring *r, const struct qetl_slot *slot);
/* Returns how many of the first slots went in: fewer than n when full, none when CLOSED. */
uint32_t qetl_ring_push_many(struct qetl_ring *r, const struct qetl_slot *slots, uint32_t n);
/* Spins a little, then parks. FULL when timeout_ns passed; below 0 it never does. */
int qetl_ring_push_wait(struct qetl_ring *r, const struct qetl_slot *slot, int64_t timeout_ns);
void qetl_ring_close(struct qetl_ring *r);
bool qetl_ring_has_room(struct qetl_ring *r);

/* The consumer's side. CLOSED: the producer closed and every slot has been taken. */
struct qetl_slot *qetl_ring_peek(struct qetl_ring *r);
/* Gives the peeked slot's place back; its payload is now the caller's. */
void qetl_ring_pop(struct qetl_ring *r);
int qetl_ring_take(struct qetl_ring *r, struct qetl_slot *out);
/* Spins a little, then parks. EMPTY when timeout_ns passed; below 0 it never does. */
int qetl_ring_take_wait(struct qetl_ring *r, struct qetl_slot *out, int64_t timeout_ns);
bool qetl_ring_finished(struct qetl_ring *r);
void qetl_ring_abandon(struct qetl_ring *r);

uint32_t qetl_ring_depth(struct qetl_ring *r);
uint32_t qetl_ring_capacity(const struct qetl_ring *r);

#endif
