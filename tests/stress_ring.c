/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: stress_ring [transfers [seed [fence]]]
 *
 * Two threads, a new ring each round: random capacity, random bursts through every form of push
 * and take, sleeps that force the other side to park, and an end by close or by abandon at a
 * random place. Each round checks that slots arrive in order, none lost, doubled or torn, and
 * that exactly the undelivered ones are dropped. A plain program because Criterion does not run
 * under TSan. A third argument makes the parkers use fences even where membarrier is offered.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ring/bell.h"
#include "ring/parker.h"
#include "ring/ring.h"

enum { BURST = 64, HANG_SECONDS = 60, MOST = 20000 };

struct round {
    struct qetl_ring *ring;
    struct qetl_parker parkers[2];
    struct qetl_parker *consumer;
    _Atomic uint32_t bells;
    uint64_t key;
    uint64_t slots;       /* how many the producer means to push */
    uint64_t abandon_at;  /* how many the consumer takes at most */
    uint32_t sleep_every; /* one sleep in so many bursts */
    uint64_t seeds[2];
    uint64_t pushed, taken, dropped;
    const char *fault[2]; /* the producer's (and drop's), the consumer's */
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t random_next(uint64_t *state)
{
    return mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t random_below(uint64_t *state, uint64_t bound)
{
    return random_next(state) % bound;
}

/* Every field depends on the number and the round, flags on all the others too. */
static struct qetl_slot slot_make(const struct round *round, uint64_t seq)
{
    uint64_t a = mix(seq ^ round->key), b = mix(a);
    uint32_t kind = (uint32_t)(b >> 32);
    uint32_t sum = (uint32_t)mix(seq + 3 * a + 5 * b + 7 * (uint64_t)kind);
    return (struct qetl_slot){seq, (void *)(uintptr_t)a, b, kind, sum};
}

static const char *slot_fault(const struct round *round, const struct qetl_slot *slot, uint64_t seq)
{
    if (slot->seq != seq)
        return slot->seq < seq ? "an old slot came again" : "a slot was lost";
    struct qetl_slot whole = slot_make(round, seq);
    return memcmp(slot, &whole, sizeof whole) ? "a slot was torn" : NULL;
}

static void sleep_sometimes(uint32_t once_in, uint64_t *random)
{
    if (random_below(random, once_in) == 0) {
        struct timespec nap = {.tv_nsec = (long)random_below(random, 50000)};
        nanosleep(&nap, NULL);
    }
}

static int64_t some_timeout(uint64_t *random)
{
    uint64_t pick = random_below(random, 4);
    return pick == 0 ? (int64_t)random_below(random, 20000) : -1;
}

/* Pushes up to want slots in one form; false when the consumer has gone. */
static bool burst_push(struct round *round, uint64_t *random, uint32_t want)
{
    struct qetl_slot slots[BURST];
    uint32_t form = (uint32_t)random_below(random, 3), done = 0;
    for (uint32_t i = 0; i < want; i++)
        slots[i] = slot_make(round, round->pushed + i);
    int rc = QETL_RING_OK;
    if (form == 0) {
        done = qetl_ring_push_many(round->ring, slots, want);
        if (done < want && !qetl_ring_has_room(round->ring))
            rc = qetl_ring_push_wait(round->ring, &slots[done], -1);
        else if (done < want)
            rc = qetl_ring_push(round->ring, &slots[done]);
        done += done < want && rc == QETL_RING_OK;
    }
    for (; form != 0 && done < want && rc != QETL_RING_CLOSED; done += rc == QETL_RING_OK) {
        rc = form == 1 ? qetl_ring_push(round->ring, &slots[done])
                       : qetl_ring_push_wait(round->ring, &slots[done], some_timeout(random));
        if (rc == QETL_RING_FULL)
            sched_yield();
    }
    round->pushed += done;
    return rc != QETL_RING_CLOSED;
}

static void *producer_main(void *arg)
{
    struct round *round = arg;
    uint64_t *random = &round->seeds[0];
    bool wanted = true;
    while (wanted && round->pushed < round->slots) {
        uint64_t left = round->slots - round->pushed;
        uint32_t want = 1 + (uint32_t)random_below(random, BURST);
        wanted = burst_push(round, random, want < left ? want : (uint32_t)left);
        sleep_sometimes(round->sleep_every, random);
    }
    if (!wanted && round->abandon_at > round->slots)
        round->fault[0] = "push saw CLOSED but no one abandoned";
    sleep_sometimes(2, random);
    qetl_ring_close(round->ring);
    return NULL;
}

/* As who has many rings and looks for bells alone. */
static int bell_take(struct round *round, struct qetl_slot *slot)
{
    struct qetl_bell bell = {&round->bells, 1};
    int rc = qetl_ring_take(round->ring, slot);
    if (rc != QETL_RING_EMPTY)
        return rc;
    qetl_bell_hush(&bell);
    if (qetl_ring_depth(round->ring) || qetl_ring_finished(round->ring))
        qetl_bell_ring(&bell);
    while (!atomic_load_explicit(&round->bells, memory_order_acquire)) {
        uint32_t ticket = qetl_parker_prepare(round->consumer);
        if (atomic_load_explicit(&round->bells, memory_order_acquire))
            qetl_parker_cancel(round->consumer);
        else
            qetl_parker_wait(round->consumer, ticket, -1);
    }
    return QETL_RING_EMPTY;
}

static int one_take(struct round *round, uint64_t *random, uint32_t form, struct qetl_slot *slot)
{
    if (form == 3)
        return bell_take(round, slot);
    if (form == 1)
        return qetl_ring_take(round->ring, slot);
    if (form == 2)
        return qetl_ring_take_wait(round->ring, slot, some_timeout(random));
    struct qetl_slot *peeked = qetl_ring_peek(round->ring);
    if (!peeked)
        return qetl_ring_finished(round->ring) ? QETL_RING_CLOSED : QETL_RING_EMPTY;
    *slot = *peeked;
    qetl_ring_pop(round->ring);
    return QETL_RING_OK;
}

static void *consumer_main(void *arg)
{
    struct round *round = arg;
    uint64_t *random = &round->seeds[1];
    int rc = QETL_RING_OK;
    while (rc != QETL_RING_CLOSED && round->taken < round->abandon_at && !round->fault[1]) {
        uint32_t form = (uint32_t)random_below(random, 4);
        for (uint64_t i = random_below(random, BURST) + 1;
             i && rc != QETL_RING_CLOSED && round->taken < round->abandon_at; i--) {
            struct qetl_slot slot;
            rc = one_take(round, random, form, &slot);
            if (rc == QETL_RING_EMPTY)
                sched_yield();
            if (rc == QETL_RING_OK && (round->fault[1] = slot_fault(round, &slot, round->taken++)))
                break;
        }
        sleep_sometimes(round->sleep_every, random);
    }
    sleep_sometimes(2, random);
    if (rc != QETL_RING_CLOSED)
        qetl_ring_abandon(round->ring);
    return NULL;
}

static void on_drop(void *arg, struct qetl_slot *slot)
{
    struct round *round = arg;
    const char *fault = slot_fault(round, slot, round->taken + round->dropped++);
    if (fault)
        round->fault[0] = fault;
}

static const char *round_verdict(const struct round *round)
{
    for (int i = 0; i < 2; i++)
        if (round->fault[i])
            return round->fault[i];
    if (round->taken + round->dropped != round->pushed)
        return "taken and dropped do not add up to pushed";
    if (round->abandon_at > round->slots && round->taken != round->slots)
        return "slots were lost though no one abandoned";
    return NULL;
}

static const char *round_run(struct round *round, uint64_t *random)
{
    static const uint32_t capacities[] = {1, 2, 2, 2, 3, 8, 64, 1024, 65536};
    uint32_t capacity = capacities[random_below(random, sizeof capacities / sizeof *capacities)];
    *round = (struct round){.key = random_next(random),
                            .seeds = {random_next(random), random_next(random)},
                            .sleep_every = capacity < 64 ? 60 : 400};
    round->slots = random_below(random, 4) ? random_below(random, MOST) : random_below(random, 200);
    round->abandon_at =
        random_below(random, 3) ? UINT64_MAX : random_below(random, round->slots + 1);
    bool shared = random_below(random, 2);
    qetl_parker_init(&round->parkers[0]);
    qetl_parker_init(&round->parkers[1]);
    round->consumer = &round->parkers[!shared];
    round->ring = qetl_ring_new(capacity, &round->parkers[0], round->consumer, on_drop, round);
    if (!round->ring)
        abort();
    qetl_ring_hang_bell(round->ring, &(struct qetl_bell){&round->bells, 1});
    pthread_t producer, consumer;
    if (pthread_create(&producer, NULL, producer_main, round) ||
        pthread_create(&consumer, NULL, consumer_main, round))
        abort();
    pthread_join(producer, NULL);
    pthread_join(consumer, NULL);
    qetl_ring_free(round->ring);
    return round_verdict(round);
}

static void on_alarm(int number)
{
    (void)number;
    static const char text[] = "a round hung: a wake-up was lost\n0 passed, 1 failed\n";
    _exit(write(STDOUT_FILENO, text, sizeof text - 1) < 0 ? 2 : 1);
}

int main(int argc, char **argv)
{
    uint64_t transfers = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000;
    uint64_t seed =
        argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) ^ (uint64_t)getpid();
    uint64_t random = seed, done = 0, rounds = 0, dropped = 0, failed = 0;
    struct round *round = aligned_alloc(_Alignof(struct round), sizeof *round);
    if (!round)
        abort();
    qetl_parker_init(&round->parkers[0]);
    if (argc > 3)
        qetl_parker_asymmetric = false;
    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    signal(SIGALRM, on_alarm);
    while (done < transfers && failed < 10) {
        alarm(HANG_SECONDS);
        fflush(stdout);
        const char *fault = round_run(round, &random);
        done += round->taken;
        dropped += round->dropped;
        rounds++;
        failed += fault != NULL;
        if (fault)
            printf("round %llu: %s\n", (unsigned long long)rounds, fault);
    }
    free(round);
    printf("%llu taken, %llu dropped in %llu rounds\n", (unsigned long long)done,
           (unsigned long long)dropped, (unsigned long long)rounds);
    printf("%llu passed, %llu failed\n", (unsigned long long)(rounds - failed),
           (unsigned long long)failed);
    return failed != 0;
}
