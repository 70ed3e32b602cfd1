/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: the budget's account, recycling, buffers that outlive it, many threads. */
#include "data/pool.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Under AddressSanitizer freed buffers are not kept. */
#ifdef __SANITIZE_ADDRESS__
enum { RECYCLES = 0 };
#else
enum { RECYCLES = 1 };
#endif

TestSuite(pool, .timeout = 60);

Test(pool, buffers_are_aligned_and_large_enough)
{
    struct qetl_pool *pool = qetl_pool_new(1 << 20);
    for (size_t size = 0; size < 70000; size = size * 5 / 4 + 1) {
        uint8_t *buffer = qetl_pool_alloc(pool, size);
        cr_assert_not_null(buffer);
        cr_expect_eq((uintptr_t)buffer % 64, 0);
        cr_expect_geq(qetl_buffer_capacity(buffer), size);
        memset(buffer, 0xee, qetl_buffer_capacity(buffer));
        qetl_buffer_free(buffer);
    }
    cr_expect_eq(qetl_pool_in_use(pool), 0);
    cr_expect_null(qetl_pool_alloc(pool, SIZE_MAX - 100), "no overflow");
    cr_expect_null(qetl_pool_alloc(pool, (size_t)1 << 60));
    qetl_buffer_free(NULL);
    qetl_pool_free(pool);
    qetl_pool_free(NULL);
}

Test(pool, the_budget_is_accounted_but_never_refuses)
{
    struct qetl_pool *pool = qetl_pool_new(4096);
    cr_expect_eq(qetl_pool_budget(pool), 4096);
    cr_expect(qetl_pool_has_room(pool, 4096));
    cr_expect_not(qetl_pool_has_room(pool, 4097));
    void *half = qetl_pool_alloc(pool, 2048 - 64);
    cr_expect_eq(qetl_pool_in_use(pool), 2048);
    cr_expect(qetl_pool_has_room(pool, 2048));
    cr_expect_not(qetl_pool_has_room(pool, 2049));
    void *more = qetl_pool_alloc(pool, 10000);
    cr_expect_not_null(more, "what is under way must be able to end");
    cr_expect_gt(qetl_pool_in_use(pool), 12000);
    cr_expect_not(qetl_pool_has_room(pool, 0));
    qetl_buffer_retain(half);
    qetl_buffer_free(half);
    cr_expect_gt(qetl_pool_in_use(pool), 12000, "still referenced");
    qetl_buffer_free(more);
    cr_expect_eq(qetl_pool_in_use(pool), 2048);
    qetl_buffer_free(half);
    cr_expect_eq(qetl_pool_in_use(pool), 0);
    qetl_pool_free(pool);
}

Test(pool, freed_buffers_are_used_again)
{
    struct qetl_pool *pool = qetl_pool_new(1 << 20);
    void *first = qetl_pool_alloc(pool, 5000), *second = qetl_pool_alloc(pool, 5000);
    cr_expect_neq(first, second);
    qetl_buffer_free(first);
    void *third = qetl_pool_alloc(pool, 4200);
    if (RECYCLES)
        cr_expect_eq(first, third, "of the same class, hence the same memory");
    void *fourth = qetl_pool_alloc(pool, 5000);
    cr_expect_neq(fourth, third);
    cr_expect_neq(fourth, second);
    qetl_buffer_free(second);
    qetl_buffer_free(third);
    qetl_buffer_free(fourth);
    qetl_pool_free(pool);
}

/* What is kept is a quarter of the budget at most; under AddressSanitizer nothing is. */
Test(pool, what_is_kept_is_bounded)
{
    enum { N = 64 };
    struct qetl_pool *pool = qetl_pool_new(64 * 1024);
    void *buffers[N];
    for (int i = 0; i < N; i++)
        buffers[i] = qetl_pool_alloc(pool, 4096 - 64);
    for (int i = 0; i < N; i++) {
        qetl_buffer_free(buffers[i]);
        cr_expect_leq(qetl_pool_kept(pool), 64 * 1024 / 4);
    }
#ifndef __SANITIZE_ADDRESS__
    cr_expect_eq(qetl_pool_kept(pool), 64 * 1024 / 4, "%lld", (long long)qetl_pool_kept(pool));
    qetl_buffer_free(qetl_pool_alloc(pool, 60 * 1024));
    cr_expect_eq(qetl_pool_kept(pool), 0, "what is kept gives way");
#endif
    cr_expect_eq(qetl_pool_in_use(pool), 0);
    cr_expect(qetl_pool_has_room(pool, 64 * 1024), "what is kept counts as room");
    qetl_pool_free(pool);
}

Test(pool, buffers_outlive_the_pool)
{
    struct qetl_pool *pool = qetl_pool_new(1 << 20);
    uint8_t *a = qetl_pool_alloc(pool, 100), *b = qetl_pool_alloc(pool, 5000);
    qetl_buffer_retain(b);
    qetl_pool_free(pool);
    memset(a, 1, 100);
    qetl_buffer_free(b);
    memset(b, 2, 5000);
    cr_expect_eq(b[4999], 2);
    qetl_buffer_free(a);
    qetl_buffer_free(b); /* the pool's memory goes with this one: a leak checker sees if not */
}

/* ---- many threads: each buffer is marked by its holder ---- */

enum { THREADS = 4, HELD = 32, ROUNDS = 20000 };

static struct qetl_pool *shared;
static _Atomic(void *) swapped[HELD];
static atomic_int torn;

static void mark(uint64_t *buffer, uint64_t number)
{
    buffer[0] = number;
    buffer[3] = ~number;
}

static void *juggle(void *arg)
{
    uint64_t random = (uint64_t)(uintptr_t)arg;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t *mine = qetl_pool_alloc(shared, 32 + (size_t)random_below(&random, 3000));
        mark(mine, random_next(&random));
        qetl_buffer_retain(mine);
        uint64_t *theirs = atomic_exchange(&swapped[random_below(&random, HELD)], mine);
        if (mine[0] != ~mine[3])
            atomic_fetch_add(&torn, 1);
        qetl_buffer_free(mine);
        if (theirs && theirs[0] != ~theirs[3])
            atomic_fetch_add(&torn, 1);
        qetl_buffer_free(theirs);
    }
    return NULL;
}

Test(pool, serves_many_threads)
{
    pthread_t threads[THREADS];
    shared = qetl_pool_new(100000);
    for (uintptr_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, juggle, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < HELD; i++)
        qetl_buffer_free(swapped[i]);
    cr_expect_eq(torn, 0, "a buffer was given to two");
    cr_expect_eq(qetl_pool_in_use(shared), 0);
    qetl_pool_free(shared);
}

static void *bring_back(void *arg)
{
    int first = (int)(intptr_t)arg;
    for (int i = first; i < HELD; i += THREADS)
        qetl_buffer_free(atomic_exchange(&swapped[i], NULL));
    return NULL;
}

/* A leak checker sees a pool that stays, a thread checker one that goes too early. */
Test(pool, threads_bring_back_what_outlives_the_pool)
{
    for (int round = 0; round < 300; round++) {
        pthread_t threads[THREADS];
        shared = qetl_pool_new(1 << 20);
        for (int i = 0; i < HELD; i++)
            swapped[i] = qetl_pool_alloc(shared, 100);
        for (intptr_t i = 0; i < THREADS; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, bring_back, (void *)i), 0);
        qetl_pool_free(shared);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
    }
}

/* What one thread frees, another takes, before new memory is touched. */
static void *free_all(void *arg)
{
    (void)arg;
    for (int i = 0; i < HELD; i++)
        qetl_buffer_free(atomic_load(&swapped[i]));
    return NULL;
}

Test(pool, what_one_thread_frees_another_takes)
{
    pthread_t thread;
    void *taken[HELD];
    int again = 0;
    shared = qetl_pool_new(1 << 20);
    for (int i = 0; i < HELD; i++)
        swapped[i] = qetl_pool_alloc(shared, 1000);
    cr_assert_eq(pthread_create(&thread, NULL, free_all, NULL), 0);
    pthread_join(thread, NULL);
    cr_expect_eq(qetl_pool_in_use(shared), 0);
    for (int i = 0; i < HELD; i++) {
        taken[i] = qetl_pool_alloc(shared, 1000);
        for (int k = 0; k < HELD; k++)
            again += taken[i] == atomic_load(&swapped[k]);
    }
    cr_expect(!RECYCLES || again == HELD, "%d of %d", again, HELD);
    for (int i = 0; i < HELD; i++)
        qetl_buffer_free(taken[i]);
    qetl_pool_free(shared);
}
