/* SPDX-License-Identifier: Apache-2.0 */
/* Who still wants rows: once a transform has answered END, what only it would take need not be
 * read. */
#include "op_source.h"
#include "run_internal.h"

static bool target_wants(const struct qetl_target *target)
{
    return target->op ? qetl_op_wants(target->op) : qetl_edge_is_wanted(target->edge);
}

bool qetl_op_wants(const struct qetl_op *op)
{
    size_t targets = 0;
    if (op->satisfied)
        return false;
    for (size_t p = 0; p < op->n_out; p++)
        for (size_t i = 0; i < op->out[p].n_targets; i++, targets++)
            if (target_wants(&op->out[p].targets[i]))
                return true;
    return targets == 0; /* sinks take everything */
}

static void tell_all(struct qetl_run *run)
{
    atomic_fetch_add_explicit(&run->attempt.satisfied, 1, memory_order_release);
    qetl_parker_notify_all(&run->parker);
}

void qetl_op_satisfy(struct qetl_op *op)
{
    op->satisfied = true;
    tell_all(op->run);
}

void qetl_task_note_wants(struct qetl_task *task)
{
    struct qetl_run *run = task->stage->run;
    uint32_t satisfied = atomic_load_explicit(&run->attempt.satisfied, memory_order_acquire);
    if (satisfied == task->satisfied_seen)
        return;
    task->satisfied_seen = satisfied;
    for (size_t i = 0; i < task->n_inputs; i++) {
        struct qetl_task_input *input = &task->inputs[i];
        if (input->unwanted || qetl_op_wants(input->op))
            continue;
        input->unwanted = true;
        if (qetl_edge_unwant(input->edge))
            tell_all(run);
    }
}

bool qetl_source_unwanted(const struct qetl_op *op)
{
    return atomic_load_explicit(&op->run->attempt.satisfied, memory_order_acquire) &&
           !qetl_op_wants(op);
}
