/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages per second and one-way latency between two pinned threads, for this ring (notify
 * included, waiting and non-waiting forms), a mutex with condition variables, and, with HAVE_CK,
 * ConcurrencyKit's SPSC ring: carrying the same 32-byte slots by value, carrying pointers to such
 * slots in a pool (as many bytes cross over), and carrying bare pointers (a quarter as many).
 * Rounds of all are interleaved, so that a noisy neighbour disturbs all alike; medians are shown.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#if HAVE_CK
#include <ck_ring.h>
#endif

#include "ring/parker.h"
#include "ring/ring.h"

enum { CAPACITY = 1024, MAX_ROUNDS = 64 };

/* Every put and get below waits for ever, each in its own way. */
static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static struct qetl_ring *ring;
static struct qetl_parker ends[2];

static void ring_open(void)
{
    qetl_parker_init(&ends[0]);
    qetl_parker_init(&ends[1]);
    ring = qetl_ring_new(CAPACITY, &ends[0], &ends[1], NULL, NULL);
    if (!ring)
        abort();
}

static void ring_shut(void)
{
    qetl_ring_free(ring);
}

static void try_put(const struct qetl_slot *slot)
{
    while (qetl_ring_push(ring, slot) != QETL_RING_OK)
        relax();
}

static void try_get(struct qetl_slot *slot)
{
    while (qetl_ring_take(ring, slot) != QETL_RING_OK)
        relax();
}

static void wait_put(const struct qetl_slot *slot)
{
    qetl_ring_push_wait(ring, slot, -1);
}

static void wait_get(struct qetl_slot *slot)
{
    qetl_ring_take_wait(ring, slot, -1);
}

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t room, news;
    uint32_t head, tail;
    struct qetl_slot slots[CAPACITY];
} locked = {.mutex = PTHREAD_MUTEX_INITIALIZER,
            .room = PTHREAD_COND_INITIALIZER,
            .news = PTHREAD_COND_INITIALIZER};

static void locked_open(void)
{
    locked.head = locked.tail = 0;
}

static void locked_put(const struct qetl_slot *slot)
{
    pthread_mutex_lock(&locked.mutex);
    while (locked.tail - locked.head == CAPACITY)
        pthread_cond_wait(&locked.room, &locked.mutex);
    locked.slots[locked.tail++ % CAPACITY] = *slot;
    pthread_mutex_unlock(&locked.mutex);
    pthread_cond_signal(&locked.news);
}

static void locked_get(struct qetl_slot *slot)
{
    pthread_mutex_lock(&locked.mutex);
    while (locked.tail == locked.head)
        pthread_cond_wait(&locked.news, &locked.mutex);
    *slot = locked.slots[locked.head++ % CAPACITY];
    pthread_mutex_unlock(&locked.mutex);
    pthread_cond_signal(&locked.room);
}

#if HAVE_CK
/* ck_ring keeps one place free: 1,023 of these can be used. */
enum { CK_SIZE = CAPACITY };
CK_RING_PROTOTYPE(slot, qetl_slot)
static ck_ring_t ck_slots_ring, ck_ptrs_ring;
static struct qetl_slot ck_slots[CK_SIZE];
static ck_ring_buffer_t ck_ptrs[CK_SIZE];

static void ck_slots_open(void)
{
    ck_ring_init(&ck_slots_ring, CK_SIZE);
}

static void ck_slots_put(const struct qetl_slot *slot)
{
    struct qetl_slot copy = *slot;
    while (!CK_RING_ENQUEUE_SPSC(slot, &ck_slots_ring, ck_slots, &copy))
        relax();
}

static void ck_slots_get(struct qetl_slot *slot)
{
    while (!CK_RING_DEQUEUE_SPSC(slot, &ck_slots_ring, ck_slots, slot))
        relax();
}

static void ck_ptrs_open(void)
{
    ck_ring_init(&ck_ptrs_ring, CK_SIZE);
}

/* A slot of the pool comes round again only after CAPACITY others, when it has been read. */
static struct qetl_slot ck_pool[2 * CK_SIZE];
static uint32_t ck_pool_next;

static void ck_pool_put(const struct qetl_slot *slot)
{
    struct qetl_slot *own = &ck_pool[ck_pool_next++ % (2 * CK_SIZE)];
    *own = *slot;
    while (!ck_ring_enqueue_spsc(&ck_ptrs_ring, ck_ptrs, own))
        relax();
}

static void ck_pool_get(struct qetl_slot *slot)
{
    void *p;
    while (!ck_ring_dequeue_spsc(&ck_ptrs_ring, ck_ptrs, &p))
        relax();
    *slot = *(struct qetl_slot *)p;
}

/* The number itself travels as the pointer: nothing but the ring is measured. */
static void ck_ptrs_put(const struct qetl_slot *slot)
{
    while (!ck_ring_enqueue_spsc(&ck_ptrs_ring, ck_ptrs, (void *)(uintptr_t)slot->seq))
        relax();
}

static void ck_ptrs_get(struct qetl_slot *slot)
{
    void *p;
    while (!ck_ring_dequeue_spsc(&ck_ptrs_ring, ck_ptrs, &p))
        relax();
    slot->seq = (uintptr_t)p;
}
#endif

struct contest {
    const char *name;
    bool parks;
    void (*open)(void);
    void (*close)(void);
    void (*produce)(uint64_t n, uint64_t gap);
    uint64_t (*consume)(uint64_t n, double *delays);
};

static double ns_per_tick;

/* The load fence: an unfenced rdtsc may run ahead of the load of the slot it is to time. */
static uint64_t ticks(void)
{
#if defined(__x86_64__)
    __builtin_ia32_lfence();
    return __builtin_ia32_rdtsc();
#else
    return clock_ns();
#endif
}

/* With a gap each slot carries the tick of its departure, and departs a gap after the one before;
 * without, its number. */
static inline __attribute__((always_inline)) void produce(void (*put)(const struct qetl_slot *),
                                                          uint64_t n, uint64_t gap)
{
    struct qetl_slot slot = {.kind = 1};
    uint64_t next = ticks() + gap;
    for (uint64_t i = 0; i < n; i++) {
        slot.seq = i;
        if (gap) {
            while ((slot.seq = ticks()) < next)
                ;
            next = slot.seq + gap;
        }
        put(&slot);
    }
}

static inline __attribute__((always_inline)) uint64_t consume(void (*get)(struct qetl_slot *),
                                                              uint64_t n, double *delays)
{
    struct qetl_slot slot;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        get(&slot);
        if (delays)
            delays[i] = (double)(ticks() - slot.seq) * ns_per_tick;
        sum += slot.seq;
    }
    return sum;
}

/* Each contestant gets loops of its own, so that what can be inlined is. */
#define LOOPS(name)                                            \
    static void name##_produce(uint64_t n, uint64_t gap)       \
    {                                                          \
        produce(name##_put, n, gap);                           \
    }                                                          \
    static uint64_t name##_consume(uint64_t n, double *delays) \
    {                                                          \
        return consume(name##_get, n, delays);                 \
    }

LOOPS(try)
LOOPS(wait)
LOOPS(locked)
#if HAVE_CK
LOOPS(ck_slots)
LOOPS(ck_pool)
LOOPS(ck_ptrs)
#endif

static struct contest contests[] = {
#if HAVE_CK
    {"ck_ring SPSC, 32-byte slots", false, ck_slots_open, NULL, ck_slots_produce, ck_slots_consume},
    {"ck_ring SPSC, slots in a pool", false, ck_ptrs_open, NULL, ck_pool_produce, ck_pool_consume},
    {"ck_ring SPSC, bare pointers", false, ck_ptrs_open, NULL, ck_ptrs_produce, ck_ptrs_consume},
#endif
    {"qetl_ring push, take", false, ring_open, ring_shut, try_produce, try_consume},
    {"qetl_ring push_wait, take_wait", true, ring_open, ring_shut, wait_produce, wait_consume},
    {"mutex and condition", true, locked_open, NULL, locked_produce, locked_consume},
};
enum { CONTESTS = sizeof contests / sizeof *contests };

/* By contestant and round; the second of two latencies is idle. */
static struct results {
    double rate[MAX_ROUNDS];
    double median[2][MAX_ROUNDS], p99[2][MAX_ROUNDS];
} results[CONTESTS];

static pthread_barrier_t start;

struct leg {
    struct contest *contest;
    uint64_t n, gap;
};

static void pin(long cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)(cpu % sysconf(_SC_NPROCESSORS_ONLN)), &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

static void *producer_main(void *arg)
{
    struct leg *leg = arg;
    pin(0);
    pthread_barrier_wait(&start);
    leg->contest->produce(leg->n, leg->gap);
    return NULL;
}

/* Returns the nanoseconds from the common start to the last slot's arrival. */
static uint64_t leg_run(struct contest *c, uint64_t n, uint64_t gap, double *delays)
{
    struct leg leg = {c, n, gap};
    pthread_t thread;
    c->open();
    if (pthread_create(&thread, NULL, producer_main, &leg))
        abort();
    pthread_barrier_wait(&start);
    uint64_t begin = clock_ns();
    uint64_t sum = c->consume(n, delays);
    uint64_t took = clock_ns() - begin;
    pthread_join(thread, NULL);
    if (!gap && sum != n * (n - 1) / 2)
        abort();
    if (c->close)
        c->close();
    return took;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Leaves the values sorted. */
static double median_of(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void latency_round(struct contest *c, int round, int idle, uint64_t n, uint64_t gap_ns)
{
    double *delays = malloc(n * sizeof *delays);
    if (!delays)
        abort();
    leg_run(c, n, (uint64_t)((double)gap_ns / ns_per_tick), delays);
    results[c - contests].median[idle][round] = median_of(delays, n);
    results[c - contests].p99[idle][round] = delays[n * 99 / 100];
    free(delays);
}

static void ticks_calibrate(void)
{
    uint64_t t = ticks(), ns = clock_ns();
    while (clock_ns() - ns < 50000000)
        ;
    ns_per_tick = (double)(clock_ns() - ns) / (double)(ticks() - t);
}

static void table_print(size_t rounds)
{
    double base_rate = 0, base_median = 0;
    printf("%-32s %9s %8s %9s %9s %8s %11s %9s\n", "", "M msg/s", "ratio", "median ns", "p99 ns",
           "ratio", "idle med ns", "idle p99");
    for (struct contest *c = contests; c < contests + CONTESTS; c++) {
        double rate = median_of(results[c - contests].rate, rounds),
               median = median_of(results[c - contests].median[0], rounds);
        if (c == contests) {
            base_rate = rate;
            base_median = median;
        }
        printf("%-32s %9.1f %8.2f %9.0f %9.0f %8.2f", c->name, rate / 1e6, rate / base_rate, median,
               median_of(results[c - contests].p99[0], rounds), base_median / median);
        if (c->parks)
            printf(" %11.0f %9.0f", median_of(results[c - contests].median[1], rounds),
                   median_of(results[c - contests].p99[1], rounds));
        printf("\n");
    }
    printf("Ratios are to the first line, above 1 is better; %d slots, medians of %zu rounds.\n",
           CAPACITY, rounds);
    printf("Latency: one slot every 2 us; idle: one every 200 us, the receiver parks.\n");
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 7;
    uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 5000000;
    if (rounds < 1 || rounds > MAX_ROUNDS || n < 100000) {
        fprintf(stderr, "usage: %s [rounds 1..%d] [messages]\n", argv[0], MAX_ROUNDS);
        return 2;
    }
    pthread_barrier_init(&start, NULL, 2);
    ticks_calibrate();
    pin(1);
    for (int round = 0; round < rounds; round++)
        for (struct contest *c = contests; c < contests + CONTESTS; c++) {
            results[c - contests].rate[round] = (double)n * 1e9 / (double)leg_run(c, n, 0, NULL);
            latency_round(c, round, 0, n / 100, 2000);
            if (c->parks)
                latency_round(c, round, 1, n / 10000, 200000);
        }
    table_print((size_t)rounds);
    return 0;
}
