/* SPDX-License-Identifier: Apache-2.0 */
/* The tracker: row numbers are right, and letters in order, whatever order chunks end in. */
#include "data/dead_letter.h"
#include "data/origin.h"
#include "data/pool.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORIGINS = 400, OBJECT = 7, THREADS = 4 };

struct delivered {
    int64_t count;
    int64_t rows[ORIGINS * 8], expected[ORIGINS * 8];
};

static struct delivered got;

/* The letter's code is the row that it must get. */
static void deliver(void *arg, struct qetl_letter *letter)
{
    struct delivered *d = arg;
    d->rows[d->count] = letter->row;
    d->expected[d->count++] = strtoll(letter->code, NULL, 10);
    qetl_letter_free(letter);
}

static struct qetl_tracker *tracker;

static void begin(void)
{
    tracker = qetl_tracker_new("source", deliver, &got);
}

TestSuite(origin, .init = begin, .timeout = 60);

static void post(struct qetl_origin *origin, int64_t record, int64_t row)
{
    char code[32];
    snprintf(code, sizeof code, "%lld", (long long)row);
    struct qetl_letter *letter = qetl_letter_new("node", code, "", NULL);
    letter->record = record;
    qetl_origin_post(origin, letter);
}

static struct qetl_origin *origin_make(bool starts)
{
    return qetl_origin_new(tracker, NULL, starts, 0, NULL, 0, NULL);
}

Test(origin, a_letter_waits_until_all_before_are_counted)
{
    struct qetl_origin *first = origin_make(true), *second = origin_make(false);
    cr_expect_eq(first->number, 0);
    cr_expect_eq(second->number, 1);
    post(second, 2, 13);
    qetl_origin_complete(second, 5, NULL);
    post(second, 0, 11);
    cr_expect_eq(got.count, 0, "the first is not counted yet");
    qetl_origin_complete(first, 10, NULL);
    cr_assert_eq(got.count, 2);
    cr_expect_eq(got.rows[0], 11, "in the order of records, not of posts");
    cr_expect_eq(got.rows[1], 13);
    post(second, 4, 15);
    post(first, 9, 10);
    cr_assert_eq(got.count, 4, "known already: at once");
    cr_expect_eq(got.rows[2], 15);
    cr_expect_eq(got.rows[3], 10);
    qetl_origin_unref(first);
    qetl_origin_unref(second);
    qetl_tracker_free(tracker);
}

Test(origin, letters_of_one_row_keep_their_order)
{
    struct qetl_origin *origin = origin_make(true);
    post(origin, 3, 100);
    post(origin, 3, 200);
    post(origin, 1, 50);
    post(origin, 3, 300);
    qetl_origin_complete(origin, 5, NULL);
    static const int64_t codes[] = {50, 100, 200, 300};
    for (int i = 0; i < 4; i++)
        cr_expect_eq(got.expected[i], codes[i]);
    qetl_origin_unref(origin);
    qetl_tracker_free(tracker);
}

Test(origin, rows_count_from_one_in_each_object)
{
    struct qetl_origin *a = origin_make(true), *b = origin_make(true);
    post(b, 0, 1);
    qetl_origin_complete(a, 10, NULL);
    qetl_origin_complete(b, 10, NULL);
    cr_expect_eq(got.rows[0], 1);
    qetl_origin_unref(a);
    qetl_origin_unref(b);
    qetl_tracker_free(tracker);
}

Test(origin, what_never_completes_leaves_without_a_number)
{
    struct qetl_origin *lost = origin_make(true), *behind = origin_make(false);
    post(lost, 0, 0);
    post(behind, 1, 0);
    qetl_origin_complete(behind, 3, NULL);
    cr_expect_eq(got.count, 0);
    qetl_origin_unref(lost);
    qetl_origin_unref(behind);
    qetl_tracker_free(tracker);
    cr_assert_eq(got.count, 2, "no letter is lost");
    cr_expect_eq(got.rows[0], 0);
    cr_expect_eq(got.rows[1], 0);
}

Test(origin, holds_chunk_object_and_offsets)
{
    struct qetl_pool *pool = qetl_pool_new(1 << 16);
    uint8_t *buffer = qetl_pool_alloc(pool, 100);
    int32_t *offsets = qetl_pool_alloc(pool, 100);
    struct qetl_object *object = qetl_object_new("a file");
    struct qetl_origin *origin = qetl_origin_new(tracker, object, true, 7, buffer + 3, 10, buffer);
    qetl_object_unref(object);
    qetl_buffer_free(buffer);
    cr_expect_str_eq(origin->object->name, "a file");
    cr_expect_eq(origin->offset, 7);
    cr_expect_str_eq(qetl_tracker_source(tracker), "source");
    qetl_origin_complete(origin, 2, offsets);
    qetl_origin_ref(origin);
    qetl_origin_unref(origin);
    cr_expect_neq(qetl_pool_in_use(pool), 0);
    qetl_origin_unref(origin);
    cr_expect_eq(qetl_pool_in_use(pool), 0);
    qetl_origin_unref(NULL);
    qetl_object_unref(NULL);
    qetl_tracker_free(tracker);
    qetl_tracker_free(NULL);
    qetl_pool_free(pool);
}

/* ---- many threads: origins are completed in random order ---- */

static struct qetl_origin *origins[ORIGINS];
static int64_t records[ORIGINS], base[ORIGINS];
static int order[ORIGINS];
static atomic_int next;

/* Letters come before and behind the completion. */
static void *complete_some(void *arg)
{
    uint64_t random = (uint64_t)(uintptr_t)arg;
    for (int at; (at = atomic_fetch_add(&next, 1)) < ORIGINS;) {
        int i = order[at];
        for (int64_t k = records[i]; k-- > 0;)
            if (k % 2)
                post(origins[i], k, base[i] + k + 1);
        qetl_origin_complete(origins[i], records[i], NULL);
        if (records[i])
            post(origins[i], 0, base[i] + 1);
        qetl_origin_unref(origins[i]);
        random_next(&random);
    }
    return NULL;
}

Test(origin, numbers_are_right_whatever_completes_first)
{
    uint64_t random = 11;
    int64_t letters = 0;
    for (int i = 0; i < ORIGINS; i++) {
        records[i] = random_below(&random, 7);
        base[i] = i % OBJECT ? base[i - 1] + records[i - 1] : 0;
        origins[i] = origin_make(i % OBJECT == 0);
        letters += records[i] / 2 + (records[i] > 0);
        order[i] = i;
    }
    for (int i = ORIGINS - 1; i > 0; i--) { /* near one another, as replicas are, or anywhere */
        int64_t reach = i % 2 ? 8 : ORIGINS;
        int other = i - (int)random_below(&random, reach < i + 1 ? reach : i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, complete_some, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(got.count, letters);
    for (int64_t i = 0; i < got.count; i++)
        cr_assert_eq(got.rows[i], got.expected[i], "letter %lld", (long long)i);
    qetl_tracker_free(tracker);
}
