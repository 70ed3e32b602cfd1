/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of hundreds of tasks most have nothing to do. Two kinds are known by what they wait for, and
 * their bells are hushed until that comes: a source that answered IDLE, until it is woken or its
 * time comes; a task that has taken in and done with everything, until a slot is put into one of
 * its rings. All others' bells go on ringing, and they are stepped whenever a worker looks.
 *
 * What both heed besides is counted (happened): a worker that finds another count than when all
 * were rung for last rings for all. Whoever counts notifies the run's parker afterwards, so that a
 * worker that was about to sleep looks once more.
 */
#include "op_source.h"
#include "run_internal.h"

uint64_t qetl_run_happened(struct qetl_run *run)
{
    return atomic_load_explicit(&run->attempt.epoch, memory_order_acquire) +
           atomic_load_explicit(&run->attempt.satisfied, memory_order_acquire) +
           atomic_load_explicit(&run->epoch_requests, memory_order_acquire) +
           (uint64_t)atomic_load_explicit(&run->draining, memory_order_acquire);
}

static bool source_waits(const struct qetl_task *task)
{
    const struct qetl_op *op = task->root;
    return op->pending && qetl_source_only_waits(op);
}

static bool inputs_are_done(const struct qetl_task *task)
{
    for (size_t i = 0; i < task->n_inputs; i++)
        if (task->inputs[i].barrier || qetl_edge_aligns(task->inputs[i].edge))
            return false;
    return !task->unit_open && !task->finishing && !task->root->pending;
}

static bool only_waits(const struct qetl_task *task)
{
    bool waits = task->n_inputs ? inputs_are_done(task) : source_waits(task);
    for (size_t i = 1; i < task->n_ops && waits; i++)
        waits = !task->ops[i]->pending;
    for (size_t i = 0; i < task->stage->n_outputs && waits; i++)
        waits = qetl_edge_has_room(task->stage->outputs[i], task->replica);
    return waits;
}

static bool time_has_come(const struct qetl_task *task)
{
    int64_t at = atomic_load_explicit(&task->idle_until_ns, memory_order_relaxed);
    return at != INT64_MAX && at <= qetl_now_ns();
}

/* What its bell is rung for has come since the step. */
static bool was_called(struct qetl_task *task, uint64_t happened)
{
    if (atomic_load_explicit(&task->owes, memory_order_acquire) ||
        qetl_run_happened(task->stage->run) != happened)
        return true;
    for (size_t i = 0; i < task->n_inputs; i++)
        if (qetl_edge_depth_for(task->inputs[i].edge, task->replica))
            return true;
    const struct qetl_op *root = task->root;
    return !task->n_inputs &&
           (time_has_come(task) ||
            atomic_load_explicit(&root->instance->wakes, memory_order_acquire) != root->wakes_seen);
}

/* It is hushed first: what comes behind the look rings it again (ring/bell.h). */
void qetl_task_slumber(struct qetl_task *task, uint64_t happened)
{
    if (!only_waits(task))
        return;
    qetl_bell_hush(task->bell);
    if (was_called(task, happened))
        qetl_bell_ring(task->bell);
}
