/* SPDX-License-Identifier: Apache-2.0 */
/* A task's bell is hushed once it waits, and rings for all that it waits for, also where that came
 * just before. */
#include "host/host.h"
#include "run/op_source.h"
#include "run/run_internal.h"

#include <criterion/criterion.h>

enum { LONG_NS = 1000000000, LATER = 1 };

/* A source, and a task that takes from a ring. */
static struct qetl_run run;
static struct qetl_stage stages[2];
static struct qetl_task source, taker;
static struct qetl_task_input input;
static struct qetl_op source_op, taker_op;
static struct qetl_op *source_ops[] = {&source_op}, *taker_ops[] = {&taker_op};
static struct qetl_node_flow flow;
static struct qetl_instance_env env = {.parker = &run.parker};
static struct qetl_ctx ctx = {.env = &env};

static void begin(void)
{
    qetl_parker_init(&run.parker);
    run.options.workers = 2;
    source_op = (struct qetl_op){.class = &qetl_op_source,
                                 .run = &run,
                                 .flow = &flow,
                                 .instance = &ctx,
                                 .pending = true,
                                 .state = qetl_source_state_new()};
    ((struct qetl_source_state *)source_op.state)->at_cut = false;
    taker_op = (struct qetl_op){.class = &qetl_op_sink, .run = &run, .flow = &flow};
    source =
        (struct qetl_task){.stage = &stages[0], .ops = source_ops, .n_ops = 1, .root = &source_op};
    input = (struct qetl_task_input){.edge = qetl_edge_new(1, 1, 4, &run.parker), .op = &taker_op};
    taker = (struct qetl_task){.stage = &stages[1],
                               .ops = taker_ops,
                               .n_ops = 1,
                               .root = &taker_op,
                               .inputs = &input,
                               .n_inputs = 1};
    stages[0] = (struct qetl_stage){.run = &run, .tasks = &source, .n_tasks = 1};
    stages[1] = (struct qetl_stage){.run = &run, .tasks = &taker, .n_tasks = 1};
    run.attempt.stages = stages;
    run.attempt.n_stages = 2;
    atomic_init(&source.idle_until_ns, INT64_MAX);
    atomic_init(&taker.idle_until_ns, INT64_MAX);
    qetl_op_set_idle(&source_op, 0, INT64_MAX);
    cr_assert_eq(qetl_bells_hang(&run), QETL_OK);
}

static void end(void)
{
    qetl_edge_free(input.edge);
    qetl_bells_free(&run.attempt.bells);
    qetl_source_state_free(source_op.state);
}

TestSuite(bells, .init = begin, .fini = end, .timeout = 60);

static bool rings(const struct qetl_task *task)
{
    return atomic_load(task->bell->word) & task->bell->bit;
}

static void slumber(struct qetl_task *task)
{
    qetl_task_slumber(task, qetl_run_happened(&run));
}

static void both_slumber(void)
{
    qetl_bells_rouse(&run);
    slumber(&source);
    slumber(&taker);
    cr_assert_not(rings(&source));
    cr_assert_not(rings(&taker));
}

static void put(void)
{
    cr_assert_eq(qetl_edge_put_all(input.edge, 0, QETL_SLOT_BARRIER, 1), QETL_OK);
}

Test(bells, they_ring_from_the_beginning_until_a_task_waits)
{
    cr_expect(rings(&source));
    cr_expect(rings(&taker));
    cr_expect_eq(qetl_bells_ringing(&run.attempt.bells), 2);
    both_slumber();
    cr_expect_eq(qetl_bells_ringing(&run.attempt.bells), 0);
}

Test(bells, who_has_something_to_do_is_not_hushed)
{
    source_op.idle = false;
    slumber(&source);
    cr_expect(rings(&source));
    taker_op.pending = true;
    slumber(&taker);
    cr_expect(rings(&taker), "something is pending");
    taker_op.pending = false;
    taker.unit_open = true;
    slumber(&taker);
    cr_expect(rings(&taker), "its unit is open");
    taker.unit_open = false;
    input.barrier = 1;
    slumber(&taker);
    cr_expect(rings(&taker), "it has a barrier");
}

Test(bells, one_that_is_woken_rings)
{
    both_slumber();
    qetl_host_table.wake(&ctx);
    cr_expect(rings(&source));
    cr_expect_not(rings(&taker), "of the other nothing is known");
}

Test(bells, one_that_was_woken_before_it_was_hushed_rings)
{
    qetl_host_table.wake(&ctx);
    slumber(&source);
    cr_expect(rings(&source));
    slumber(&taker);
    cr_expect_not(rings(&taker));
}

Test(bells, one_that_gets_something_rings)
{
    both_slumber();
    put();
    cr_expect(rings(&taker));
    cr_expect_not(rings(&source));
}

Test(bells, one_that_got_something_before_it_was_hushed_rings)
{
    put();
    slumber(&taker);
    cr_expect(rings(&taker));
}

Test(bells, one_whose_time_came_before_it_was_hushed_rings)
{
    atomic_store(&source.idle_until_ns, qetl_now_ns());
    slumber(&source);
    cr_expect(rings(&source));
    atomic_store(&source.idle_until_ns, INT64_MAX);
    slumber(&source);
    cr_expect_not(rings(&source));
}

Test(bells, one_whose_time_comes_is_rung_for)
{
    both_slumber();
    atomic_store(&source.idle_until_ns, qetl_now_ns() + 1000 * (int64_t)LONG_NS);
    qetl_bells_expect(&run.attempt.bells, atomic_load(&source.idle_until_ns));
    qetl_bells_rouse(&run);
    cr_expect_not(rings(&source));
    atomic_store(&source.idle_until_ns, qetl_now_ns());
    qetl_bells_expect(&run.attempt.bells, atomic_load(&source.idle_until_ns));
    qetl_bells_rouse(&run);
    cr_expect(rings(&source));
    cr_expect_not(rings(&taker));
}

Test(bells, a_time_that_moved_away_is_not_forgotten)
{
    int64_t later = qetl_now_ns() + 1000 * (int64_t)LONG_NS;
    both_slumber();
    atomic_store(&source.idle_until_ns, later);
    qetl_bells_expect(&run.attempt.bells, 1);
    qetl_bells_rouse(&run);
    cr_expect_not(rings(&source));
    cr_expect_eq(atomic_load(&run.attempt.bells.due_ns), later);
}

Test(bells, a_duty_that_came_before_it_was_hushed_rings)
{
    atomic_store(&source.owes, true);
    atomic_store(&taker.owes, true);
    slumber(&source);
    slumber(&taker);
    cr_expect(rings(&source));
    cr_expect(rings(&taker));
}

static void happens(atomic_ullong *count)
{
    uint64_t before = qetl_run_happened(&run);
    atomic_fetch_add(count, LATER);
    qetl_task_slumber(&source, before);
    qetl_task_slumber(&taker, before);
    cr_expect(rings(&source));
    cr_expect(rings(&taker));
}

Test(bells, what_all_heed_rings_though_it_came_before_they_were_hushed)
{
    happens((atomic_ullong *)&run.attempt.epoch);
}

Test(bells, what_all_heed_rings_for_all)
{
    both_slumber();
    atomic_fetch_add(&run.attempt.epoch, LATER);
    qetl_bells_rouse(&run);
    cr_expect(rings(&source));
    cr_expect(rings(&taker));
    both_slumber();
    atomic_fetch_add(&run.epoch_requests, 1);
    qetl_bells_rouse(&run);
    cr_expect(rings(&source));
    cr_expect(rings(&taker));
}

/* ---- Waiting within a source's call ---- */

static bool may_dwell(void)
{
    return qetl_source_dwell(&source_op, LONG_NS) > LONG_NS;
}

static void comes_after(int64_t ns)
{
    qetl_source_note_wait(&source_op, true, LONG_NS, LONG_NS + 1);
    qetl_source_note_wait(&source_op, false, LONG_NS + ns - 1, LONG_NS + ns);
}

Test(bells, a_source_that_brings_something_soon_may_dwell)
{
    cr_expect_not(may_dwell(), "nothing is known of it");
    comes_after(1000);
    cr_expect(may_dwell());
    comes_after(LONG_NS);
    cr_expect_not(may_dwell(), "it took long, however short its last call");
    qetl_source_note_wait(&source_op, false, 0, 1);
    cr_expect(may_dwell());
    qetl_source_note_wait(&source_op, true, 1, LONG_NS);
    cr_expect(may_dwell(), "what does not come says nothing yet");
}

Test(bells, no_worker_dwells_that_another_task_needs)
{
    comes_after(1000);
    run.options.workers = 1;
    cr_expect_not(may_dwell(), "two tasks have something to do");
    slumber(&taker);
    cr_expect(may_dwell());
    run.options.driver = QETL_DRIVE_PULL;
    cr_expect_not(may_dwell(), "it is the caller's own thread");
}

Test(bells, a_source_without_an_end_or_with_bytes_at_hand_does_not_dwell)
{
    struct qetl_source_state *state = source_op.state;
    comes_after(1000);
    flow.source.endless = true;
    cr_expect_not(may_dwell());
    flow.source.endless = false;
    state->end = 1;
    cr_expect(may_dwell(), "it has no bytes");
    flow.bytes = true;
    cr_expect_not(may_dwell());
    state->end = 0;
    cr_expect(may_dwell());
}
