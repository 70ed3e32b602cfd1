/* SPDX-License-Identifier: Apache-2.0 */
/* The ring and the parker, call by call; what threads do to each other is stress_ring's matter and
 * the explorer's. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "ring/bell.h"
#include "ring/parker.h"
#include "ring/ring.h"

enum { MILLISECOND = 1000000 };

static struct qetl_parker producer, consumer;
static uint64_t dropped[16];
static unsigned drops;

static void on_drop(void *arg, struct qetl_slot *slot)
{
    cr_assert_eq(arg, dropped);
    dropped[drops++] = slot->seq;
}

static struct qetl_ring *ring_new(uint32_t capacity)
{
    drops = 0;
    qetl_parker_init(&producer);
    qetl_parker_init(&consumer);
    return qetl_ring_new(capacity, &producer, &consumer, on_drop, dropped);
}

static struct qetl_slot slot_of(uint64_t seq)
{
    return (struct qetl_slot){seq, &dropped[seq % 16], ~seq, (uint32_t)seq + 1, (uint32_t)seq + 2};
}

static void push_expect(struct qetl_ring *ring, uint64_t seq, int expected)
{
    struct qetl_slot slot = slot_of(seq);
    cr_assert_eq(qetl_ring_push(ring, &slot), expected);
}

static void slot_expect(const struct qetl_slot *slot, uint64_t seq)
{
    struct qetl_slot expected = slot_of(seq);
    cr_assert_eq(slot->seq, expected.seq);
    cr_assert_eq(slot->payload, expected.payload);
    cr_assert_eq(slot->count, expected.count);
    cr_assert_eq(slot->kind, expected.kind);
    cr_assert_eq(slot->flags, expected.flags);
}

static void take_expect(struct qetl_ring *ring, uint64_t seq)
{
    struct qetl_slot slot;
    cr_assert_eq(qetl_ring_take(ring, &slot), QETL_RING_OK);
    slot_expect(&slot, seq);
}

static int64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

Test(ring, slot_is_half_a_cache_line)
{
    cr_assert_eq(sizeof(struct qetl_slot), 32);
    cr_assert_eq(_Alignof(struct qetl_parker), QETL_CACHE_LINE);
}

Test(ring, capacity_is_rounded_up)
{
    static const uint32_t pairs[][2] = {{1, 1}, {2, 2}, {3, 4}, {1000, 1024}, {1024, 1024}};
    for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct qetl_ring *ring = ring_new(pairs[i][0]);
        cr_assert_eq(qetl_ring_capacity(ring), pairs[i][1]);
        qetl_ring_free(ring);
    }
}

Test(ring, impossible_capacities_are_refused)
{
    cr_assert_null(ring_new(0));
    cr_assert_null(ring_new((UINT32_C(1) << 31) + 1));
    qetl_ring_free(NULL);
}

/* The indices start one lap before 2^32, so several laps cross it at every capacity. */
Test(ring, order_holds_across_the_wrap)
{
    for (uint32_t capacity = 1; capacity <= 8; capacity *= 2) {
        struct qetl_ring *ring = ring_new(capacity);
        uint64_t in = 0, out = 0;
        for (int lap = 0; lap < 5; lap++) {
            for (uint32_t i = 0; i < capacity; i++)
                push_expect(ring, in++, QETL_RING_OK);
            push_expect(ring, in, QETL_RING_FULL);
            cr_assert_eq(qetl_ring_depth(ring), capacity);
            cr_assert_not(qetl_ring_has_room(ring));
            for (uint32_t i = 0; i < capacity; i++) {
                take_expect(ring, out++);
                cr_assert(qetl_ring_has_room(ring));
            }
            cr_assert_null(qetl_ring_peek(ring));
            cr_assert_eq(qetl_ring_depth(ring), 0);
        }
        qetl_ring_free(ring);
        cr_assert_eq(drops, 0);
    }
}

Test(ring, take_of_an_open_empty_ring_is_empty)
{
    struct qetl_ring *ring = ring_new(4);
    struct qetl_slot slot;
    cr_assert_eq(qetl_ring_take(ring, &slot), QETL_RING_EMPTY);
    cr_assert_not(qetl_ring_finished(ring));
    qetl_ring_free(ring);
}

Test(ring, peek_does_not_take)
{
    struct qetl_ring *ring = ring_new(4);
    push_expect(ring, 0, QETL_RING_OK);
    push_expect(ring, 1, QETL_RING_OK);
    slot_expect(qetl_ring_peek(ring), 0);
    slot_expect(qetl_ring_peek(ring), 0);
    cr_assert_eq(qetl_ring_depth(ring), 2);
    qetl_ring_pop(ring);
    slot_expect(qetl_ring_peek(ring), 1);
    qetl_ring_pop(ring);
    cr_assert_null(qetl_ring_peek(ring));
    qetl_ring_free(ring);
}

Test(ring, push_many_takes_what_fits)
{
    struct qetl_ring *ring = ring_new(4);
    struct qetl_slot slots[6];
    for (uint64_t i = 0; i < 6; i++)
        slots[i] = slot_of(i);
    cr_assert_eq(qetl_ring_push_many(ring, slots, 0), 0);
    cr_assert_eq(qetl_ring_push_many(ring, slots, 3), 3);
    cr_assert_eq(qetl_ring_push_many(ring, slots + 3, 3), 1);
    cr_assert_eq(qetl_ring_push_many(ring, slots + 4, 2), 0);
    for (uint64_t i = 0; i < 2; i++)
        take_expect(ring, i);
    cr_assert_eq(qetl_ring_push_many(ring, slots + 4, 2), 2);
    for (uint64_t i = 2; i < 6; i++)
        take_expect(ring, i);
    qetl_ring_free(ring);
}

Test(ring, close_lets_the_rest_out_first)
{
    struct qetl_ring *ring = ring_new(4);
    struct qetl_slot slot;
    push_expect(ring, 0, QETL_RING_OK);
    push_expect(ring, 1, QETL_RING_OK);
    qetl_ring_close(ring);
    cr_assert_not(qetl_ring_finished(ring));
    take_expect(ring, 0);
    cr_assert_not(qetl_ring_finished(ring));
    cr_assert_eq(qetl_ring_take_wait(ring, &slot, -1), QETL_RING_OK);
    slot_expect(&slot, 1);
    cr_assert(qetl_ring_finished(ring));
    cr_assert_eq(qetl_ring_take(ring, &slot), QETL_RING_CLOSED);
    cr_assert_eq(qetl_ring_take_wait(ring, &slot, -1), QETL_RING_CLOSED);
    qetl_ring_free(ring);
}

/* The consumer looked last when the ring was empty; what came in before close must not be lost. */
Test(ring, close_after_a_push_the_consumer_has_not_seen)
{
    struct qetl_ring *ring = ring_new(4);
    struct qetl_slot slot;
    cr_assert_eq(qetl_ring_take(ring, &slot), QETL_RING_EMPTY);
    push_expect(ring, 0, QETL_RING_OK);
    qetl_ring_close(ring);
    cr_assert_not(qetl_ring_finished(ring));
    take_expect(ring, 0);
    cr_assert(qetl_ring_finished(ring));
    qetl_ring_free(ring);
}

Test(ring, abandon_refuses_every_form_of_push)
{
    struct qetl_ring *ring = ring_new(4);
    struct qetl_slot slot = slot_of(9);
    push_expect(ring, 0, QETL_RING_OK);
    qetl_ring_abandon(ring);
    push_expect(ring, 1, QETL_RING_CLOSED);
    cr_assert_eq(qetl_ring_push_many(ring, &slot, 1), 0);
    cr_assert_eq(qetl_ring_push_wait(ring, &slot, -1), QETL_RING_CLOSED);
    qetl_ring_free(ring);
    cr_assert_eq(drops, 1);
    cr_assert_eq(dropped[0], 0);
}

Test(ring, free_drops_the_undelivered_in_order)
{
    struct qetl_ring *ring = ring_new(4);
    for (uint64_t i = 0; i < 3; i++) {
        push_expect(ring, i, QETL_RING_OK);
        take_expect(ring, i);
    }
    for (uint64_t i = 3; i < 7; i++)
        push_expect(ring, i, QETL_RING_OK);
    take_expect(ring, 3);
    qetl_ring_free(ring);
    cr_assert_eq(drops, 3);
    for (uint64_t i = 0; i < 3; i++)
        cr_assert_eq(dropped[i], 4 + i);
}

Test(ring, waits_time_out)
{
    struct qetl_ring *ring = ring_new(1);
    struct qetl_slot slot = slot_of(0);
    int64_t begin = clock_now();
    cr_assert_eq(qetl_ring_take_wait(ring, &slot, 20 * MILLISECOND), QETL_RING_EMPTY);
    cr_assert_geq(clock_now() - begin, 20 * MILLISECOND);
    push_expect(ring, 0, QETL_RING_OK);
    begin = clock_now();
    cr_assert_eq(qetl_ring_push_wait(ring, &slot, 20 * MILLISECOND), QETL_RING_FULL);
    cr_assert_geq(clock_now() - begin, 20 * MILLISECOND);
    cr_assert_eq(qetl_ring_push_wait(ring, &slot, 0), QETL_RING_FULL);
    take_expect(ring, 0);
    cr_assert_eq(qetl_ring_take_wait(ring, &slot, 0), QETL_RING_EMPTY);
    qetl_ring_free(ring);
}

/* Starts a helper and gives it time to go to sleep; a slow machine only makes the test easier. */
static pthread_t start_and_settle(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, run, arg), 0);
    nanosleep(&(struct timespec){.tv_nsec = 30 * MILLISECOND}, NULL);
    return thread;
}

/* The longest timeout there is must not overflow into a short one. */
static void *take_forever(void *ring)
{
    struct qetl_slot slot;
    return (void *)(intptr_t)qetl_ring_take_wait(ring, &slot, INT64_MAX);
}

static void *push_forever(void *ring)
{
    struct qetl_slot slot = slot_of(7);
    return (void *)(intptr_t)qetl_ring_push_wait(ring, &slot, -1);
}

static void join_expect(pthread_t thread, intptr_t expected)
{
    void *result;
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_eq((intptr_t)result, expected);
}

Test(ring, push_and_close_wake_a_parked_consumer, .timeout = 20)
{
    struct qetl_ring *ring = ring_new(2);
    pthread_t thread = start_and_settle(take_forever, ring);
    push_expect(ring, 0, QETL_RING_OK);
    join_expect(thread, QETL_RING_OK);
    thread = start_and_settle(take_forever, ring);
    qetl_ring_close(ring);
    join_expect(thread, QETL_RING_CLOSED);
    qetl_ring_free(ring);
}

Test(ring, pop_and_abandon_wake_a_parked_producer, .timeout = 20)
{
    struct qetl_ring *ring = ring_new(1);
    push_expect(ring, 0, QETL_RING_OK);
    pthread_t thread = start_and_settle(push_forever, ring);
    take_expect(ring, 0);
    join_expect(thread, QETL_RING_OK);
    thread = start_and_settle(push_forever, ring);
    qetl_ring_abandon(ring);
    join_expect(thread, QETL_RING_CLOSED);
    qetl_ring_free(ring);
    cr_assert_eq(dropped[0], 7);
}

Test(ring, what_can_be_taken_rings_the_bell_and_what_is_taken_does_not)
{
    _Atomic uint32_t word = 4; /* another's */
    struct qetl_bell bell = {&word, 2};
    struct qetl_slot slots[] = {slot_of(1), slot_of(2)};
    struct qetl_ring *ring = ring_new(2);
    qetl_ring_hang_bell(ring, &bell);
    push_expect(ring, 0, QETL_RING_OK);
    cr_expect_eq(word, 6);
    qetl_bell_hush(&bell);
    cr_expect_eq(word, 4);
    take_expect(ring, 0);
    cr_expect_eq(word, 4);
    cr_assert_eq(qetl_ring_push_many(ring, slots, 2), 2);
    cr_expect_eq(word, 6);
    qetl_bell_hush(&bell);
    push_expect(ring, 3, QETL_RING_FULL);
    cr_expect_eq(word, 4);
    qetl_ring_close(ring);
    cr_expect_eq(word, 6);
    qetl_ring_free(ring);
}

Test(parker, notify_without_waiters_changes_nothing)
{
    qetl_parker_init(&producer);
    uint32_t before = producer.word;
    qetl_parker_notify_one(&producer);
    qetl_parker_notify_all(&producer);
    cr_assert_eq(producer.word, before);
}

Test(parker, notify_after_prepare_makes_wait_return, .timeout = 20)
{
    qetl_parker_init(&producer);
    uint32_t ticket = qetl_parker_prepare(&producer);
    qetl_parker_notify_all(&producer);
    cr_assert_eq(qetl_parker_wait(&producer, ticket, -1), 0);
    ticket = qetl_parker_prepare(&producer);
    qetl_parker_notify_one(&producer);
    cr_assert_eq(qetl_parker_wait(&producer, ticket, -1), 0);
}

Test(parker, wait_times_out)
{
    qetl_parker_init(&producer);
    int64_t begin = clock_now();
    uint32_t ticket = qetl_parker_prepare(&producer);
    cr_assert_eq(qetl_parker_wait(&producer, ticket, 20 * MILLISECOND), 1);
    cr_assert_geq(clock_now() - begin, 20 * MILLISECOND);
    ticket = qetl_parker_prepare(&producer);
    cr_assert_eq(qetl_parker_wait(&producer, ticket, 0), 1);
}

/* Whoever leaves last takes the announcement along: notifying is cheap again. */
Test(parker, last_to_leave_clears_the_announcement)
{
    qetl_parker_init(&producer);
    qetl_parker_prepare(&producer);
    uint32_t ticket = qetl_parker_prepare(&producer);
    qetl_parker_cancel(&producer);
    cr_assert_eq(producer.word & 1, 1);
    cr_assert_eq(qetl_parker_wait(&producer, ticket, 0), 1);
    cr_assert_eq(producer.word & 1, 0);
    cr_assert_eq(producer.waiters, 0);
}

static _Atomic int awake;

static void *park_once(void *unused)
{
    qetl_parker_wait(&producer, qetl_parker_prepare(&producer), -1);
    atomic_fetch_add(&awake, 1);
    return unused;
}

Test(parker, notify_one_wakes_one_and_notify_all_the_rest, .timeout = 20)
{
    pthread_t threads[3];
    qetl_parker_init(&producer);
    for (int i = 0; i < 3; i++)
        threads[i] = start_and_settle(park_once, NULL);
    while (producer.waiters != 3)
        sched_yield();
    nanosleep(&(struct timespec){.tv_nsec = 50 * MILLISECOND}, NULL);
    qetl_parker_notify_one(&producer);
    nanosleep(&(struct timespec){.tv_nsec = 100 * MILLISECOND}, NULL);
    cr_assert_eq(awake, 1);
    qetl_parker_notify_all(&producer);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(awake, 3);
}
