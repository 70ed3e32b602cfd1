/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "ring.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "bell.h"
#include "parker.h"
#include "plant.h"

/* Tries before parking: about the price of one sleep, so that spinning at most doubles it. */
#ifndef QETL_RING_SPIN
#define QETL_RING_SPIN 300
#endif

#define MAX_CAPACITY (UINT32_C(1) << 31)

/*
 * head and tail run freely modulo 2^32; tail - head is the depth. Pairs, each store by one side
 * only:
 *   tail       release in ring_publish   acquire in qetl_ring_peek  the slots written before it
 *   head       release in qetl_ring_pop  acquire in ring_room       the slot read before it
 *   closed     release in close          acquire in ring_closed     the last tail
 *   abandoned  release in abandon        acquire in ring_abandoned  all the consumer did
 */
struct qetl_ring {
    struct qetl_slot *slots;
    uint32_t mask;
    _Atomic bool closed;
    _Atomic bool abandoned;
    struct qetl_parker *producer;
    struct qetl_parker *consumer;
    void (*drop)(void *arg, struct qetl_slot *slot);
    void *arg;
    struct qetl_bell bell; /* the consumer's */

    /* The producer's line: its index and the last head it saw. */
    _Alignas(QETL_CACHE_LINE) _Atomic uint32_t tail;
    uint32_t head_seen;

    /* The consumer's line: its index and the last tail it saw. */
    _Alignas(QETL_CACHE_LINE) _Atomic uint32_t head;
    uint32_t tail_seen;
};

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A negative timeout is for ever; one too far to be told as a time is so too. */
static int64_t deadline_after(int64_t timeout_ns)
{
    if (timeout_ns < 0)
        return INT64_MAX;
    int64_t now = clock_now();
    return timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
}

static void park_until(struct qetl_parker *p, uint32_t ticket, int64_t deadline)
{
    int64_t left = -1;
    if (deadline != INT64_MAX) {
        left = deadline - clock_now();
        if (left < 0)
            left = 0;
    }
    qetl_parker_wait(p, ticket, left);
}

static bool deadline_passed(int64_t deadline)
{
    return deadline != INT64_MAX && clock_now() >= deadline;
}

static inline void ring_notify(struct qetl_parker *p)
{
    if (QETL_PLANTED(WAKE_ONE))
        qetl_parker_notify_one(p);
    else
        qetl_parker_notify_all(p);
}

/*
 * Field by field, and volatile so that it stays so: callers have just stored the fields one by one,
 * and a wider load than those stores cannot be forwarded from them. It would wait until they reach
 * the cache, behind all the slots still on their way to the other core: half of the throughput.
 */
static inline void slot_copy(struct qetl_slot *to, const volatile struct qetl_slot *from)
{
    to->seq = from->seq;
    to->payload = from->payload;
    to->count = from->count;
    to->kind = from->kind;
    to->flags = from->flags;
}

static uint32_t round_up(uint32_t capacity)
{
    uint32_t rounded = 1;
    while (rounded < capacity)
        rounded <<= 1;
    return rounded;
}

struct qetl_ring *qetl_ring_new(uint32_t capacity, struct qetl_parker *producer,
                                struct qetl_parker *consumer,
                                void (*drop)(void *arg, struct qetl_slot *slot), void *arg)
{
    assert(producer && consumer);
    if (capacity == 0 || capacity > MAX_CAPACITY)
        return NULL;
    capacity = round_up(capacity);
    size_t bytes = (size_t)capacity * sizeof(struct qetl_slot);
    bytes = (bytes + QETL_CACHE_LINE - 1) / QETL_CACHE_LINE * QETL_CACHE_LINE;
    struct qetl_ring *r = aligned_alloc(QETL_CACHE_LINE, sizeof *r);
    struct qetl_slot *slots = aligned_alloc(QETL_CACHE_LINE, bytes);
    if (!r || !slots) {
        free(slots);
        free(r);
        return NULL;
    }
    *r = (struct qetl_ring){.slots = slots,
                            .mask = capacity - 1,
                            .producer = producer,
                            .consumer = consumer,
                            .drop = drop,
                            .arg = arg};
    /* One lap before the indices wrap, so that the wrap is an everyday event and not a surprise
     * after four thousand million slots. */
    uint32_t origin = 0 - capacity;
    atomic_init(&r->tail, origin);
    atomic_init(&r->head, origin);
    r->head_seen = origin;
    r->tail_seen = origin;
    return r;
}

void qetl_ring_free(struct qetl_ring *r)
{
    if (!r)
        return;
    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    assert(tail - head <= r->mask + 1);
    if (QETL_PLANTED(DROP_SHORT) && tail != head)
        tail--;
    for (; r->drop && head != tail; head++)
        r->drop(r->arg, &r->slots[head & r->mask]);
    free(r->slots);
    free(r);
}

void qetl_ring_hang_bell(struct qetl_ring *r, const struct qetl_bell *bell)
{
    r->bell = *bell;
}

/* The bell first: who wakes by the notification looks for it. */
static inline void ring_call(struct qetl_ring *r)
{
    if (!QETL_PLANTED(BELL_EARLY) && !QETL_PLANTED(BELL_LATE))
        qetl_bell_ring(&r->bell);
    ring_notify(r->consumer);
    if (QETL_PLANTED(BELL_LATE))
        qetl_bell_ring(&r->bell);
}

static inline bool ring_closed(struct qetl_ring *r)
{
    return atomic_load_explicit(&r->closed, memory_order_acquire);
}

static inline bool ring_abandoned(struct qetl_ring *r)
{
    return atomic_load_explicit(&r->abandoned, memory_order_acquire);
}

/* The room seen from the producer's side; the consumer's line is touched only when the last head
 * seen leaves less room than wanted. */
static inline uint32_t ring_room(struct qetl_ring *r, uint32_t tail, uint32_t wanted)
{
    uint32_t capacity = r->mask + 1 + QETL_PLANTED(FULL_LATE);
    if (capacity - (tail - r->head_seen) < wanted) {
        r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
        assert(tail - r->head_seen <= capacity);
    }
    return capacity - (tail - r->head_seen);
}

static inline void ring_publish(struct qetl_ring *r, uint32_t tail)
{
    assert(!atomic_load_explicit(&r->closed, memory_order_relaxed));
    if (QETL_PLANTED(BELL_EARLY))
        qetl_bell_ring(&r->bell);
    atomic_store_explicit(&r->tail, tail,
                          QETL_PLANTED(TAIL_RELAXED) ? memory_order_relaxed : memory_order_release);
    ring_call(r);
}

int qetl_ring_push(struct qetl_ring *r, const struct qetl_slot *slot)
{
    if (ring_abandoned(r))
        return QETL_RING_CLOSED;
    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    if (ring_room(r, tail, 1) == 0)
        return QETL_RING_FULL;
    slot_copy(&r->slots[tail & r->mask], slot);
    ring_publish(r, tail + 1);
    return QETL_RING_OK;
}

uint32_t qetl_ring_push_many(struct qetl_ring *r, const struct qetl_slot *slots, uint32_t n)
{
    if (ring_abandoned(r))
        return 0;
    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    uint32_t room = ring_room(r, tail, n);
    if (n > room)
        n = room;
    if (n == 0)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        slot_copy(&r->slots[(tail + i) & r->mask], &slots[i]);
    ring_publish(r, tail + n);
    return n;
}

bool qetl_ring_has_room(struct qetl_ring *r)
{
    return ring_room(r, atomic_load_explicit(&r->tail, memory_order_relaxed), 1) != 0;
}

static int push_spin(struct qetl_ring *r, const struct qetl_slot *slot)
{
    int rc = qetl_ring_push(r, slot);
    for (int i = 0; rc == QETL_RING_FULL && i < QETL_RING_SPIN; i++) {
        cpu_relax();
        rc = qetl_ring_push(r, slot);
    }
    return rc;
}

int qetl_ring_push_wait(struct qetl_ring *r, const struct qetl_slot *slot, int64_t timeout_ns)
{
    int rc = qetl_ring_push(r, slot);
    if (rc != QETL_RING_FULL)
        return rc;
    int64_t deadline = deadline_after(timeout_ns);
    while ((rc = push_spin(r, slot)) == QETL_RING_FULL && !deadline_passed(deadline)) {
        uint32_t ticket = qetl_parker_prepare(r->producer);
        if ((qetl_ring_has_room(r) || ring_abandoned(r)) && !QETL_PLANTED(NO_RECHECK))
            qetl_parker_cancel(r->producer);
        else
            park_until(r->producer, ticket, deadline);
    }
    return rc;
}

void qetl_ring_close(struct qetl_ring *r)
{
    atomic_store_explicit(&r->closed, true, memory_order_release);
    if (QETL_PLANTED(CLOSE_UNRUNG))
        ring_notify(r->consumer);
    else if (!QETL_PLANTED(CLOSE_SILENT))
        ring_call(r);
}

struct qetl_slot *qetl_ring_peek(struct qetl_ring *r)
{
    uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    if (head == r->tail_seen) {
        r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
        if (head == r->tail_seen) {
            /* The producer's write took this line away. Asked for while polling, the slot arrives
             * along with the tail instead of after it. */
            __builtin_prefetch(&r->slots[head & r->mask]);
            return NULL;
        }
    }
    return &r->slots[head & r->mask];
}

void qetl_ring_pop(struct qetl_ring *r)
{
    uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    assert(head != r->tail_seen);
    atomic_store_explicit(&r->head, head + 1,
                          QETL_PLANTED(HEAD_RELAXED) ? memory_order_relaxed : memory_order_release);
    if (!QETL_PLANTED(POP_SILENT))
        ring_notify(r->producer);
}

bool qetl_ring_finished(struct qetl_ring *r)
{
    /* closed first, then the tail: a tail read before closed may not be the last one. */
    return ring_closed(r) && (QETL_PLANTED(CLOSE_NO_REREAD) || !qetl_ring_peek(r));
}

int qetl_ring_take(struct qetl_ring *r, struct qetl_slot *out)
{
    struct qetl_slot *slot = qetl_ring_peek(r);
    if (!slot) {
        if (!ring_closed(r))
            return QETL_RING_EMPTY;
        slot = QETL_PLANTED(CLOSE_NO_REREAD) ? NULL : qetl_ring_peek(r);
        if (!slot)
            return QETL_RING_CLOSED;
    }
    *out = *slot;
    qetl_ring_pop(r);
    return QETL_RING_OK;
}

static int take_spin(struct qetl_ring *r, struct qetl_slot *out)
{
    int rc = qetl_ring_take(r, out);
    for (int i = 0; rc == QETL_RING_EMPTY && i < QETL_RING_SPIN; i++) {
        cpu_relax();
        rc = qetl_ring_take(r, out);
    }
    return rc;
}

int qetl_ring_take_wait(struct qetl_ring *r, struct qetl_slot *out, int64_t timeout_ns)
{
    int rc = qetl_ring_take(r, out);
    if (rc != QETL_RING_EMPTY)
        return rc;
    int64_t deadline = deadline_after(timeout_ns);
    while ((rc = take_spin(r, out)) == QETL_RING_EMPTY && !deadline_passed(deadline)) {
        uint32_t ticket = qetl_parker_prepare(r->consumer);
        if ((qetl_ring_peek(r) || ring_closed(r)) && !QETL_PLANTED(NO_RECHECK))
            qetl_parker_cancel(r->consumer);
        else
            park_until(r->consumer, ticket, deadline);
    }
    return rc;
}

void qetl_ring_abandon(struct qetl_ring *r)
{
    atomic_store_explicit(&r->abandoned, true, memory_order_release);
    if (!QETL_PLANTED(ABANDON_SILENT))
        ring_notify(r->producer);
}

uint32_t qetl_ring_depth(struct qetl_ring *r)
{
    /* head first: a tail that moves on in between makes the depth look too great, never negative,
     * and too great is easy to bound. */
    uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);
    uint32_t depth = atomic_load_explicit(&r->tail, memory_order_acquire) - head;
    return depth <= r->mask ? depth : r->mask + 1;
}

uint32_t qetl_ring_capacity(const struct qetl_ring *r)
{
    return r->mask + 1;
}
