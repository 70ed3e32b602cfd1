/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of hundreds of tasks most have nothing to do. Two kinds are known by what they wait for, and are
 * passed over until that comes, at the price of a few loads and without being claimed: a source
 * that answered IDLE, until it is woken or its time comes; a task that has taken in and done with
 * everything, until a slot is put into one of its rings. All else is stepped whenever a worker
 * looks.
 *
 * What both heed besides is counted (happened): a worker that finds another count than at the
 * task's last step steps it. Whoever counts notifies the run's parker afterwards, so that a worker
 * that was about to sleep looks once more.
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

/* Only what is read here without a claim may wake it. */
static bool source_waits(const struct qetl_task *task)
{
    const struct qetl_op *op = task->root;
    return op->pending && qetl_source_only_waits(op);
}

static bool inputs_are_done(const struct qetl_task *task)
{
    for (size_t i = 0; i < task->n_inputs; i++)
        if (task->inputs[i].barrier || qetl_edge_producers(task->inputs[i].edge) > 1)
            return false;
    return !task->unit_open && !task->finishing && !task->root->pending;
}

void qetl_task_slumber(struct qetl_task *task, uint64_t happened)
{
    bool waits = task->n_inputs ? inputs_are_done(task) : source_waits(task);
    for (size_t i = 1; i < task->n_ops && waits; i++)
        waits = !task->ops[i]->pending;
    for (size_t i = 0; i < task->stage->n_outputs && waits; i++)
        waits = qetl_edge_has_room(task->stage->outputs[i], task->replica);
    if (!waits)
        return;
    atomic_store_explicit(&task->wakes_seen, task->root->wakes_seen, memory_order_relaxed);
    atomic_store_explicit(&task->happened_seen, happened, memory_order_relaxed);
    atomic_store_explicit(&task->slumbers, true, memory_order_release);
}

bool qetl_task_slumbers(struct qetl_task *task, int64_t now_ns, uint64_t happened)
{
    if (!atomic_load_explicit(&task->slumbers, memory_order_acquire) ||
        atomic_load_explicit(&task->owes, memory_order_acquire) ||
        atomic_load_explicit(&task->happened_seen, memory_order_relaxed) != happened)
        return false;
    for (size_t i = 0; i < task->n_inputs; i++)
        if (qetl_edge_depth_for(task->inputs[i].edge, task->replica))
            return false;
    return task->n_inputs ||
           (atomic_load_explicit(&task->root->instance->wakes, memory_order_acquire) ==
                atomic_load_explicit(&task->wakes_seen, memory_order_relaxed) &&
            now_ns < atomic_load_explicit(&task->idle_until_ns, memory_order_relaxed));
}
