/* SPDX-License-Identifier: Apache-2.0 */
/* Edges: units are dealt out and gathered in turn, and a lost row is noticed. */
#include "data/batch.h"
#include "ring/bell.h"
#include "ring/parker.h"
#include "run/edge.h"
#include "sdk_random.h"

#include <qetl/sdk.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

static struct qetl_parker *parker;
static struct qetl_pool *pool;

static void begin(void)
{
    parker = aligned_alloc(64, 64);
    qetl_parker_init(parker);
    pool = qetl_pool_new(1 << 20);
}

static void end(void)
{
    cr_expect_eq(qetl_pool_in_use(pool), 0, "a slot leaked");
    qetl_pool_free(pool);
    free(parker);
}

TestSuite(edge, .init = begin, .fini = end, .timeout = 120);

/* A batch that says what it is: the number stands in its record map, a buffer of the pool. */
static struct qetl_batch *batch_make(int64_t rows, int64_t number)
{
    struct qetl_batch *batch = qetl_batch_new(rows, 0, NULL);
    batch->record_map = qetl_pool_alloc(pool, 8);
    batch->record_map[0] = (int32_t)number;
    return batch;
}

static void put(struct qetl_edge *edge, uint32_t p, int64_t rows, int64_t number)
{
    cr_assert_eq(qetl_edge_put(edge, p, QETL_SLOT_BATCH, batch_make(rows, number), rows), 0);
}

static int64_t number_of(const struct qetl_slot *slot)
{
    return ((const struct qetl_batch *)slot->payload)->record_map[0];
}

static void expect_batch(struct qetl_edge *edge, uint32_t c, uint64_t unit, int64_t number)
{
    struct qetl_slot slot;
    cr_assert_eq(qetl_edge_take(edge, c, &slot), QETL_TAKE_OK);
    cr_assert_eq(slot.kind, QETL_SLOT_BATCH);
    cr_expect_eq(slot.seq, unit);
    cr_expect_eq(number_of(&slot), number);
    qetl_batch_unref(slot.payload);
}

static void expect_control(struct qetl_edge *edge, uint32_t c, uint32_t kind, uint64_t epoch)
{
    struct qetl_slot slot;
    cr_assert_eq(qetl_edge_take(edge, c, &slot), QETL_TAKE_OK);
    cr_expect_eq(slot.kind, kind);
    cr_expect_eq(slot.seq, epoch);
}

static void expect_empty(struct qetl_edge *edge, uint32_t c)
{
    struct qetl_slot slot;
    cr_expect_eq(qetl_edge_take(edge, c, &slot), QETL_TAKE_EMPTY);
}

Test(edge, one_to_many_deals_in_turn)
{
    struct qetl_edge *edge = qetl_edge_new(1, 3, 4, parker);
    for (int i = 0; i < 7; i++)
        put(edge, 0, 10, i);
    cr_assert_eq(qetl_edge_put_all(edge, 0, QETL_SLOT_BARRIER, 5), 0);
    put(edge, 0, 10, 7);
    cr_assert_eq(qetl_edge_put_all(edge, 0, QETL_SLOT_END, 0), 0);
    for (uint32_t c = 0; c < 3; c++) {
        for (int i = (int)c; i < 7; i += 3)
            expect_batch(edge, c, (uint64_t)i, i);
        expect_control(edge, c, QETL_SLOT_BARRIER, 5);
        if (c == 1)
            expect_batch(edge, c, 7, 7);
        qetl_edge_flush(edge, 0);
        expect_control(edge, c, QETL_SLOT_END, 0);
        expect_empty(edge, c);
    }
    qetl_edge_free(edge);
}

static void hang_bells(struct qetl_edge *edge, uint32_t consumers, _Atomic uint32_t *word)
{
    for (uint32_t c = 0; c < consumers; c++)
        qetl_edge_hang_bell(edge, c, &(struct qetl_bell){word, UINT32_C(1) << c});
}

Test(edge, each_consumer_has_a_bell)
{
    _Atomic uint32_t word = 0;
    struct qetl_edge *edge = qetl_edge_new(1, 3, 4, parker);
    hang_bells(edge, 3, &word);
    put(edge, 0, 10, 0);
    cr_expect_eq(word, 1);
    put(edge, 0, 10, 1);
    cr_expect_eq(word, 3);
    cr_assert_eq(qetl_edge_put_all(edge, 0, QETL_SLOT_BARRIER, 5), 0);
    cr_expect_eq(word, 7);
    qetl_edge_free(edge);
}

Test(edge, a_bell_rings_for_what_waited_for_room)
{
    _Atomic uint32_t word = 0;
    struct qetl_edge *edge = qetl_edge_new(1, 1, 1, parker);
    hang_bells(edge, 1, &word);
    put(edge, 0, 10, 0);
    put(edge, 0, 10, 1);
    expect_batch(edge, 0, 0, 0);
    word = 0;
    cr_expect(qetl_edge_flush(edge, 0));
    cr_expect_eq(word, 1);
    qetl_edge_free(edge);
}

static void unit(struct qetl_edge *edge, uint32_t p, uint64_t number, int slots)
{
    qetl_edge_begin_unit(edge, p, number);
    for (int i = 0; i < slots; i++)
        put(edge, p, 1 + i, (int64_t)number * 100 + i);
    cr_assert_eq(qetl_edge_end_unit(edge, p), 0);
}

Test(edge, many_to_one_restores_the_order)
{
    struct qetl_edge *edge = qetl_edge_new(3, 1, 8, parker);
    _Atomic uint32_t word = 0;
    hang_bells(edge, 1, &word);
    unit(edge, 1, 1, 2);
    cr_expect_eq(word, 1, "each of its rings rings it");
    unit(edge, 2, 2, 0);
    unit(edge, 1, 4, 1);
    expect_empty(edge, 0);
    unit(edge, 0, 0, 3);
    for (int i = 0; i < 3; i++)
        expect_batch(edge, 0, 0, i);
    expect_batch(edge, 0, 1, 100);
    expect_batch(edge, 0, 1, 101);
    expect_empty(edge, 0);
    unit(edge, 0, 3, 1);
    expect_batch(edge, 0, 3, 300);
    expect_batch(edge, 0, 4, 400);
    expect_empty(edge, 0);
    qetl_edge_free(edge);
}

Test(edge, a_barrier_waits_for_every_ring)
{
    struct qetl_edge *edge = qetl_edge_new(3, 1, 8, parker);
    unit(edge, 0, 0, 1);
    cr_assert_eq(qetl_edge_put_all(edge, 2, QETL_SLOT_BARRIER, 9), 0);
    cr_assert_eq(qetl_edge_put_all(edge, 0, QETL_SLOT_BARRIER, 9), 0);
    expect_batch(edge, 0, 0, 0);
    expect_empty(edge, 0);
    unit(edge, 0, 3, 1); /* behind the barrier */
    cr_assert_eq(qetl_edge_put_all(edge, 1, QETL_SLOT_BARRIER, 9), 0);
    expect_control(edge, 0, QETL_SLOT_BARRIER, 9);
    expect_empty(edge, 0);
    unit(edge, 1, 1, 1);
    unit(edge, 2, 2, 0);
    expect_batch(edge, 0, 1, 100);
    expect_batch(edge, 0, 3, 300);
    for (uint32_t p = 0; p < 3; p++)
        cr_assert_eq(qetl_edge_put_all(edge, p, QETL_SLOT_END, 0), 0);
    expect_control(edge, 0, QETL_SLOT_END, 0);
    qetl_edge_free(edge);
}

Test(edge, what_finds_no_room_waits_and_stays_in_order)
{
    struct qetl_edge *edge = qetl_edge_new(1, 1, 2, parker);
    cr_expect(qetl_edge_has_room(edge, 0));
    for (int i = 0; i < 20; i++)
        put(edge, 0, 1, i);
    cr_expect_not(qetl_edge_has_room(edge, 0));
    cr_expect_not(qetl_edge_flush(edge, 0));
    cr_expect_eq(qetl_edge_depth(edge), 2);
    for (int i = 0; i < 20; i++) {
        expect_batch(edge, 0, (uint64_t)i, i);
        qetl_edge_flush(edge, 0);
    }
    cr_expect(qetl_edge_flush(edge, 0));
    cr_expect(qetl_edge_has_room(edge, 0));
    qetl_edge_free(edge);
}

Test(edge, room_is_that_of_the_next_ring)
{
    struct qetl_edge *edge = qetl_edge_new(1, 2, 1, parker);
    put(edge, 0, 1, 0);
    cr_expect(qetl_edge_has_room(edge, 0), "unit 1 goes to ring 1");
    put(edge, 0, 1, 1);
    cr_expect_not(qetl_edge_has_room(edge, 0));
    expect_batch(edge, 1, 1, 1);
    cr_expect_not(qetl_edge_has_room(edge, 0), "unit 2 goes to ring 0");
    expect_batch(edge, 0, 0, 0);
    cr_expect(qetl_edge_has_room(edge, 0));
    qetl_edge_free(edge);
}

static struct qetl_saved *saved_make(uint32_t version)
{
    struct qetl_saved *saved = calloc(1, sizeof *saved);
    saved->version = version;
    saved->data = malloc(8);
    return saved;
}

/* States come with the END, in the order of the replicas, whoever ends first. */
Test(edge, states_come_with_the_end)
{
    struct qetl_edge *edge = qetl_edge_new(3, 1, 4, parker);
    struct qetl_slot slot;
    for (uint32_t p = 3; p-- > 0;) {
        cr_expect_eq(qetl_edge_take(edge, 0, &slot), QETL_TAKE_EMPTY);
        cr_assert_eq(qetl_edge_put_end(edge, p, saved_make(100 + p)), 0);
    }
    cr_assert_eq(qetl_edge_take(edge, 0, &slot), QETL_TAKE_OK);
    cr_assert_eq(slot.kind, QETL_SLOT_END);
    uint32_t n = 0;
    for (const struct qetl_saved *saved = slot.payload; saved; saved = saved->next)
        cr_expect_eq(saved->version, 100 + n++);
    cr_expect_eq(n, 3);
    qetl_saved_free(slot.payload);
    qetl_edge_free(edge);
    edge = qetl_edge_new(3, 1, 4, parker); /* what was not taken, or in part, is dropped */
    cr_assert_eq(qetl_edge_put_end(edge, 0, saved_make(1)), 0);
    cr_assert_eq(qetl_edge_put_end(edge, 2, saved_make(3)), 0);
    cr_expect_eq(qetl_edge_take(edge, 0, &slot), QETL_TAKE_EMPTY);
    qetl_edge_free(edge);
}

Test(edge, is_wanted_until_the_last_consumer_has_enough)
{
    struct qetl_edge *edge = qetl_edge_new(1, 2, 4, parker);
    cr_expect(qetl_edge_is_wanted(edge));
    cr_expect_not(qetl_edge_unwant(edge));
    cr_expect(qetl_edge_is_wanted(edge));
    cr_expect(qetl_edge_unwant(edge));
    cr_expect_not(qetl_edge_is_wanted(edge));
    qetl_edge_free(edge);
}

Test(edge, drops_what_was_not_taken)
{
    struct qetl_edge *edge = qetl_edge_new(1, 2, 2, parker);
    for (int i = 0; i < 20; i++)
        put(edge, 0, 1, i);
    struct qetl_block *block = qetl_block_new(qetl_pool_alloc(pool, 10), 10, 1);
    cr_assert_eq(qetl_edge_put(edge, 0, QETL_SLOT_BLOCK, block, 1), 0);
    qetl_edge_free(edge); /* the suite's end sees what is left in the pool */
    qetl_edge_free(NULL);
}

/* ---- lost rows ---- */

static void lose(struct qetl_edge *edge, uint32_t c, uint32_t kind)
{
    struct qetl_slot slot;
    enum qetl_take take = QETL_TAKE_OK;
    for (int i = 0; i < 20 && take == QETL_TAKE_OK; i++) {
        take = qetl_edge_take(edge, c, &slot);
        if (take == QETL_TAKE_OK && slot.kind == QETL_SLOT_BATCH)
            qetl_batch_unref(slot.payload);
        if (take == QETL_TAKE_OK)
            cr_expect_neq(slot.kind, kind, "it came through");
    }
    cr_expect_eq(take, QETL_TAKE_LOST);
    qetl_edge_free(edge);
}

/* The layout of the edge's head, to reach its rings: the test plays the fault. */
struct edge_head {
    uint32_t producers, consumers, n_rings;
    struct qetl_ring **rings;
};

static void steal(struct qetl_edge *edge, uint32_t ring)
{
    struct qetl_slot slot;
    const struct edge_head *head = (const struct edge_head *)edge;
    cr_assert_eq(qetl_ring_take(head->rings[ring], &slot), QETL_RING_OK);
    if (slot.kind == QETL_SLOT_BATCH)
        qetl_batch_unref(slot.payload);
}

Test(edge, rows_lost_before_a_barrier_are_noticed)
{
    struct qetl_edge *edge = qetl_edge_new(1, 2, 8, parker);
    for (int i = 0; i < 4; i++)
        put(edge, 0, 5, i);
    cr_assert_eq(qetl_edge_put_all(edge, 0, QETL_SLOT_BARRIER, 1), 0);
    steal(edge, 1);
    expect_batch(edge, 0, 0, 0);
    expect_batch(edge, 0, 2, 2);
    expect_control(edge, 0, QETL_SLOT_BARRIER, 1);
    lose(edge, 1, QETL_SLOT_BARRIER);
}

Test(edge, rows_lost_before_the_end_are_noticed)
{
    struct qetl_edge *edge = qetl_edge_new(2, 1, 8, parker);
    unit(edge, 0, 0, 1);
    unit(edge, 1, 1, 2);
    for (uint32_t p = 0; p < 2; p++)
        cr_assert_eq(qetl_edge_put_all(edge, p, QETL_SLOT_END, 0), 0);
    steal(edge, 1);
    lose(edge, 0, QETL_SLOT_END);
}

Test(edge, a_lost_unit_border_is_noticed)
{
    struct qetl_edge *edge = qetl_edge_new(2, 1, 8, parker);
    unit(edge, 0, 0, 0);
    unit(edge, 0, 2, 1);
    unit(edge, 1, 1, 1);
    steal(edge, 0); /* the border of unit 0 */
    lose(edge, 0, QETL_SLOT_END);
}

Test(edge, barriers_of_different_epochs_do_not_meet)
{
    struct qetl_edge *edge = qetl_edge_new(2, 1, 8, parker);
    cr_assert_eq(qetl_edge_put_all(edge, 0, QETL_SLOT_BARRIER, 1), 0);
    cr_assert_eq(qetl_edge_put_all(edge, 1, QETL_SLOT_BARRIER, 2), 0);
    lose(edge, 0, QETL_SLOT_BARRIER);
}

/* ---- both halves at once: deal out, work in threads, gather ---- */

enum { UNITS = 3000, MOST_WORKERS = 4 };

struct field {
    struct qetl_edge *out, *in;
    uint32_t workers;
    uint64_t seed;
};

struct worker {
    struct field *field;
    uint32_t index;
};

/* How many slots a unit becomes is random; barriers and the end are passed on. */
static void *work(void *arg)
{
    const struct worker *w = arg;
    struct field *f = w->field;
    uint64_t random = f->seed + w->index;
    for (struct qetl_slot slot;;) {
        if (!qetl_edge_has_room(f->in, w->index) ||
            qetl_edge_take(f->out, w->index, &slot) != QETL_TAKE_OK) {
            sched_yield();
            continue;
        }
        if (slot.kind != QETL_SLOT_BATCH) {
            qetl_edge_put_all(f->in, w->index, slot.kind, slot.seq);
            if (slot.kind == QETL_SLOT_BARRIER)
                continue;
            while (!qetl_edge_flush(f->in, w->index))
                sched_yield();
            return NULL;
        }
        qetl_edge_begin_unit(f->in, w->index, slot.seq);
        int64_t slots = random_below(&random, 4);
        for (int64_t i = 0; i < slots; i++)
            qetl_edge_put(f->in, w->index, QETL_SLOT_BATCH,
                          batch_make(1 + i, number_of(&slot) * 4 + i), 1 + i);
        qetl_edge_end_unit(f->in, w->index);
        qetl_batch_unref(slot.payload);
    }
}

static void *deal(void *arg)
{
    struct field *f = arg;
    uint64_t epoch = 0;
    for (int n = 0; n < UNITS;) {
        if (!qetl_edge_has_room(f->out, 0)) {
            sched_yield();
            continue;
        }
        qetl_edge_put(f->out, 0, QETL_SLOT_BATCH, batch_make(2, n++), 2);
        if (n % 37 == 0)
            qetl_edge_put_all(f->out, 0, QETL_SLOT_BARRIER, ++epoch);
    }
    qetl_edge_put_all(f->out, 0, QETL_SLOT_END, 0);
    while (!qetl_edge_flush(f->out, 0))
        sched_yield();
    return NULL;
}

/* Answers when the end came: numbers ascend, and each barrier stands where it was put. */
static void gather_all(struct field *f)
{
    int64_t last = -1;
    uint64_t epoch = 0;
    for (struct qetl_slot slot;;) {
        enum qetl_take take = qetl_edge_take(f->in, 0, &slot);
        cr_assert_neq(take, QETL_TAKE_LOST);
        if (take == QETL_TAKE_EMPTY) {
            sched_yield();
            continue;
        }
        if (slot.kind == QETL_SLOT_END)
            break;
        if (slot.kind == QETL_SLOT_BARRIER) {
            cr_assert_eq(slot.seq, epoch + 1);
            epoch = slot.seq;
            cr_assert_lt(last / 4, (int64_t)epoch * 37, "a row behind the barrier came before it");
            continue;
        }
        cr_assert_gt(number_of(&slot), last);
        last = number_of(&slot);
        cr_assert_geq(last / 4, (int64_t)epoch * 37, "a row before the barrier came behind it");
        qetl_batch_unref(slot.payload);
    }
    cr_expect_eq(epoch, UNITS / 37);
}

Test(edge, there_and_back_by_several_threads_keeps_the_order)
{
    for (uint32_t workers = 1; workers <= MOST_WORKERS; workers++) {
        struct field field = {.workers = workers, .seed = workers};
        struct worker each[MOST_WORKERS];
        pthread_t threads[MOST_WORKERS + 1];
        field.out = qetl_edge_new(1, workers, 2, parker);
        field.in = qetl_edge_new(workers, 1, 2, parker);
        for (uint32_t i = 0; i < workers; i++) {
            each[i] = (struct worker){&field, i};
            cr_assert_eq(pthread_create(&threads[i], NULL, work, &each[i]), 0);
        }
        cr_assert_eq(pthread_create(&threads[workers], NULL, deal, &field), 0);
        gather_all(&field);
        for (uint32_t i = 0; i <= workers; i++)
            pthread_join(threads[i], NULL);
        cr_expect_eq(qetl_edge_depth(field.in), 0);
        qetl_edge_free(field.out);
        qetl_edge_free(field.in);
    }
}
