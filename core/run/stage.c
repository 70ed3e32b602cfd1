/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "decider.h"
#include "op.h"
#include "op_source.h"
#include "run_internal.h"

#include <assert.h>
#include <stdlib.h>

enum { MEMORY_WAIT_NS = 1000000 };

bool qetl_task_claim(struct qetl_task *task)
{
    if (atomic_load_explicit(&task->ended, memory_order_relaxed)) {
        qetl_bell_hush(task->bell);
        return false;
    }
    /* acquire: pairs with unclaim, so that this worker sees what the last one left in the task */
    return !atomic_flag_test_and_set_explicit(&task->claimed, memory_order_acquire);
}

void qetl_task_unclaim(struct qetl_task *task)
{
    atomic_flag_clear_explicit(&task->claimed, memory_order_release);
}

static bool outputs_have_room(const struct qetl_task *task)
{
    bool room = true;
    for (size_t i = 0; i < task->stage->n_outputs; i++)
        room &= qetl_edge_has_room(task->stage->outputs[i], task->replica);
    return room;
}

static bool outputs_flushed(const struct qetl_task *task)
{
    bool flushed = true;
    for (size_t i = 0; i < task->stage->n_outputs; i++)
        flushed &= qetl_edge_flush(task->stage->outputs[i], task->replica);
    return flushed;
}

static void task_end(struct qetl_task *task)
{
    struct qetl_run *run = task->stage->run;
    atomic_store_explicit(&task->ended, true, memory_order_release);
    atomic_fetch_sub_explicit(&run->attempt.tasks_open, 1, memory_order_acq_rel);
    qetl_parker_notify_all(&run->parker);
}

static void note_idle(struct qetl_task *task, int64_t until_ns)
{
    atomic_store_explicit(&task->idle_until_ns, until_ns, memory_order_relaxed);
    qetl_bells_expect(&task->stage->run->attempt.bells, until_ns);
}

/* Others may wait for the barrier that this source owes. */
static bool owes_barrier(const struct qetl_run *run, const struct qetl_op *source)
{
    const struct qetl_source_state *state = source->state;
    return state->epoch < atomic_load_explicit(&run->attempt.epoch, memory_order_relaxed);
}

/* A source waits while the budget is used up, unless all that it could wait for is done, or waits
 * for it. */
static bool memory_allows(struct qetl_task *task, const struct qetl_op *op)
{
    struct qetl_run *run = task->stage->run;
    if (op->class != &qetl_op_source || qetl_pool_has_room(run->pool, qetl_source_appetite(op)))
        return true;
    if (owes_barrier(run, op))
        return true;
    bool under_way = atomic_load(&run->attempt.units_open) > 0;
    for (size_t i = run->attempt.n_edges; i-- > 0 && !under_way;) /* from the sinks upwards */
        under_way = qetl_edge_depth(run->attempt.edges[i]) > 0;
    if (!under_way)
        return true;
    note_idle(task, qetl_now_ns() + MEMORY_WAIT_NS);
    return false;
}

/* The deepest pending operator goes on before anything is fed to those above it. */
static enum qetl_task_answer resume_pending(struct qetl_task *task, bool *found)
{
    for (size_t i = task->n_ops; i-- > 0;) {
        struct qetl_op *op = task->ops[i];
        if (!op->pending)
            continue;
        *found = true;
        if (!memory_allows(task, op))
            return QETL_TASK_IDLE;
        if (!qetl_op_may_resume(op, op->idle ? qetl_now_ns() : 0)) {
            note_idle(task, op->idle_until_ns);
            return QETL_TASK_IDLE;
        }
        int32_t step = op->class->resume(op);
        if (step < 0)
            return QETL_TASK_FAILED;
        if (step == QETL_STEP_IDLE)
            note_idle(task, op->idle_until_ns);
        return step == QETL_STEP_IDLE ? QETL_TASK_IDLE : QETL_TASK_PROGRESS;
    }
    return QETL_TASK_IDLE;
}

static int32_t unit_close(struct qetl_task *task)
{
    task->unit_open = false;
    atomic_fetch_sub(&task->stage->run->attempt.units_open, 1);
    for (size_t i = 0; i < task->stage->n_outputs; i++)
        if (qetl_edge_end_unit(task->stage->outputs[i], task->replica))
            return qetl_op_fault(task->root, "out_of_memory", "no memory for a queue");
    return QETL_OK;
}

static int32_t feed_data(struct qetl_task *task, struct qetl_task_input *input,
                         const struct qetl_slot *slot)
{
    for (size_t i = 0; i < task->stage->n_outputs; i++)
        qetl_edge_begin_unit(task->stage->outputs[i], task->replica, slot->seq);
    task->unit_open = true;
    atomic_fetch_add(&task->stage->run->attempt.units_open, 1);
    struct qetl_message message = {
        .kind = slot->kind, .port = input->port, .payload = slot->payload};
    return input->op->class->feed(input->op, &message);
}

/* Inputs align by not popping: a barrier enters once all inputs that still run have brought it. It
 * is the same one, since no source skips an epoch. */
static uint64_t barrier_aligned(const struct qetl_task *task)
{
    uint64_t epoch = 0;
    for (size_t i = 0; i < task->n_inputs; i++) {
        const struct qetl_task_input *input = &task->inputs[i];
        if (input->ended)
            continue;
        if (!input->barrier)
            return 0;
        assert(!epoch || input->barrier == epoch);
        epoch = input->barrier;
    }
    return epoch;
}

static int32_t feed_barrier(struct qetl_task *task, uint64_t epoch)
{
    for (size_t i = 0; i < task->n_inputs; i++)
        task->inputs[i].barrier = 0;
    struct qetl_message message = {.kind = QETL_SLOT_BARRIER, .epoch = epoch};
    return task->root->class->feed(task->root, &message);
}

static int32_t feed_end(struct qetl_task *task, struct qetl_task_input *input, void *saved)
{
    input->ended = true;
    struct qetl_message message = {.kind = QETL_SLOT_END, .port = input->port, .payload = saved};
    int32_t status = input->op->class->feed(input->op, &message);
    bool all = true;
    for (size_t i = 0; i < task->n_inputs; i++)
        all &= task->inputs[i].ended;
    task->finishing = all;
    return status;
}

static int32_t feed_slot(struct qetl_task *task, struct qetl_task_input *input,
                         const struct qetl_slot *slot)
{
    switch (slot->kind) {
    case QETL_SLOT_BARRIER:
        input->barrier = slot->seq;
        return QETL_OK;
    case QETL_SLOT_END:
        return feed_end(task, input, slot->payload);
    default:
        return feed_data(task, input, slot);
    }
}

static enum qetl_task_answer take_input(struct qetl_task *task)
{
    uint64_t epoch = barrier_aligned(task);
    if (epoch)
        return feed_barrier(task, epoch) < 0 ? QETL_TASK_FAILED : QETL_TASK_PROGRESS;
    for (size_t i = 0; i < task->n_inputs; i++) {
        struct qetl_task_input *input = &task->inputs[task->next_input];
        task->next_input = (task->next_input + 1) % task->n_inputs;
        if (input->ended || input->barrier)
            continue;
        struct qetl_slot slot;
        enum qetl_take take = qetl_edge_take(input->edge, task->replica, &slot);
        if (take == QETL_TAKE_EMPTY)
            continue;
        if (take == QETL_TAKE_LOST) {
            qetl_op_fault(task->root, "ledger",
                          "rows went missing between two stages: an error in qetl itself");
            return QETL_TASK_FAILED;
        }
        return feed_slot(task, input, &slot) < 0 ? QETL_TASK_FAILED : QETL_TASK_PROGRESS;
    }
    return QETL_TASK_IDLE;
}

static enum qetl_task_answer step(struct qetl_task *task)
{
    if (task->finishing && !task->root->pending) {
        bool pending = false;
        for (size_t i = 0; i < task->n_ops; i++)
            pending |= task->ops[i]->pending;
        if (!pending) {
            if (!outputs_flushed(task))
                return QETL_TASK_IDLE;
            if (qetl_task_over(task))
                return QETL_TASK_FAILED;
            task_end(task);
            return QETL_TASK_PROGRESS;
        }
    }
    if (!outputs_have_room(task))
        return QETL_TASK_IDLE;
    bool found = false;
    enum qetl_task_answer answer = resume_pending(task, &found);
    if (found) {
        task->finishing |= !task->n_inputs && !task->root->pending;
        return answer;
    }
    if (task->unit_open && unit_close(task))
        return QETL_TASK_FAILED;
    return take_input(task);
}

enum qetl_task_answer qetl_task_step(struct qetl_task *task)
{
    if (atomic_load_explicit(&task->ended, memory_order_relaxed))
        return QETL_TASK_IDLE;
    uint64_t happened = qetl_run_happened(task->stage->run);
    note_idle(task, INT64_MAX);
    if (atomic_load_explicit(&task->owes, memory_order_acquire) && qetl_task_serve(task))
        return QETL_TASK_FAILED;
    qetl_task_note_wants(task);
    enum qetl_task_answer answer = step(task);
    if (answer == QETL_TASK_IDLE)
        qetl_task_slumber(task, happened);
    return answer;
}

void qetl_stage_clear(struct qetl_stage *stage)
{
    for (uint32_t t = 0; t < stage->n_tasks; t++) {
        struct qetl_task *task = &stage->tasks[t];
        for (size_t i = 0; i < task->n_ops; i++) {
            struct qetl_op *op = task->ops[i];
            if (op->class->free)
                op->class->free(op);
            for (size_t p = 0; op->out && p < op->n_out; p++)
                free(op->out[p].targets);
            free(op->out);
            free(op);
        }
        free(task->ops);
        free(task->inputs);
    }
    free(stage->tasks);
    free(stage->outputs);
}
