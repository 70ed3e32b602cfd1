/* SPDX-License-Identifier: Apache-2.0 */
/* Who takes part in epochs, and what each goes on from. */
#include "checkpoint.h"
#include "decider.h"
#include "run_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNDER_WAY_MOST = 4 };

static int32_t no_memory(struct qetl_run *run)
{
    return qetl_run_fault(run, NULL, "out_of_memory", "no memory for the plan");
}

static int slots_make(struct qetl_run *run)
{
    size_t n = 0;
    for (size_t s = 0; s < run->attempt.n_stages; s++)
        for (uint32_t t = 0; t < run->attempt.stages[s].n_tasks; t++)
            n += run->attempt.stages[s].tasks[t].n_ops;
    run->attempt.slots = calloc(n + 1, sizeof(struct qetl_op *));
    if (!run->attempt.slots)
        return -1;
    for (size_t s = 0; s < run->attempt.n_stages; s++)
        for (uint32_t t = 0; t < run->attempt.stages[s].n_tasks; t++)
            for (size_t i = 0; i < run->attempt.stages[s].tasks[t].n_ops; i++) {
                struct qetl_op *op = run->attempt.stages[s].tasks[t].ops[i];
                op->slot = run->attempt.n_slots;
                run->attempt.slots[run->attempt.n_slots++] = op;
            }
    return 0;
}

static int epochs_make(struct qetl_run *run)
{
    struct qetl_epoch_slot *slots = calloc(run->attempt.n_slots + 1, sizeof *slots);
    if (!slots)
        return -1;
    for (size_t i = 0; i < run->attempt.n_slots; i++)
        slots[i] = (struct qetl_epoch_slot){.component = run->attempt.slots[i]->node->id,
                                            .sink = run->attempt.slots[i]->class == &qetl_op_sink};
    run->attempt.epochs = qetl_epochs_new(slots, run->attempt.n_slots);
    free(slots);
    run->attempt.decider = run->attempt.epochs ? qetl_decider_new(run) : NULL;
    return run->attempt.decider ? 0 : -1;
}

/* ---- what the run before has counted ---- */

static void counts_take(struct qetl_run *run, size_t n)
{
    struct qetl_ctx *ctx = run->attempt.flows[n].instance;
    struct qetl_counts counts;
    int64_t batches;
    qetl_record_counts(&run->attempt.recovered, run->pipeline->nodes[n].id, &counts, &batches);
    qetl_tally_begin(&ctx->tally, &counts);
    qetl_tally_add(&ctx->tally.batches, batches);
    atomic_fetch_add(&run->attempt.rejected, counts.rows_rejected);
}

/* ---- states ---- */

static uint32_t replicas_of(const struct qetl_run *run, const struct qetl_op *op)
{
    uint32_t n = 0;
    for (size_t i = 0; i < run->attempt.n_slots; i++)
        n += run->attempt.slots[i]->node == op->node && run->attempt.slots[i]->class == op->class &&
             run->attempt.slots[i]->partial == op->partial;
    return n;
}

static int32_t state_restore(struct qetl_run *run, struct qetl_op *op)
{
    struct qetl_op_memory memory;
    if (op->class == &qetl_op_transform) {
        int32_t status = qetl_transform_restore(op, replicas_of(run, op), &memory);
        return status ? status : qetl_transform_resume_at(op, &memory);
    }
    if (op->class != &qetl_op_sink)
        return QETL_OK;
    bool found;
    int32_t status = qetl_op_remember(run, op->node, QETL_PART_WHOLE, &memory, &found);
    return status ? status : qetl_sink_resume_at(op, &memory);
}

int32_t qetl_run_plan_epochs(struct qetl_run *run)
{
    if (slots_make(run) || epochs_make(run))
        return no_memory(run);
    int32_t status = QETL_OK;
    pthread_mutex_lock(&run->lock);
    for (size_t n = 0; run->attempt.resumes && n < run->pipeline->n_nodes; n++)
        counts_take(run, n);
    run->attempt.counts = true;
    pthread_mutex_unlock(&run->lock);
    for (size_t i = 0; run->attempt.resumes && !status && i < run->attempt.n_slots; i++)
        status = state_restore(run, run->attempt.slots[i]);
    return status;
}

/* ---- epochs that are late ---- */

bool qetl_epochs_pile_up(const struct qetl_run *run)
{
    struct qetl_run *r = (struct qetl_run *)run;
    return run->env.checkpoints && atomic_load_explicit(&r->attempt.epoch, memory_order_relaxed) >=
                                       UNDER_WAY_MOST + atomic_load(&r->attempt.decided_epoch);
}

static const char *part_word(const struct qetl_op *op)
{
    return op->class == &qetl_op_source      ? "reading"
           : op->class == &qetl_op_gather    ? "gathering"
           : op->class == &qetl_op_decode    ? "decoding"
           : op->class == &qetl_op_transform ? "processing"
           : op->class == &qetl_op_encode    ? "encoding"
                                             : "writing";
}

/* How full the queues around the component are, in one line. */
static void depths_tell(const struct qetl_run *run, const struct qetl_node *node, char *text,
                        size_t size)
{
    size_t n = (size_t)(node - run->pipeline->nodes), at = 0;
    *text = 0;
    for (size_t e = 0; e < run->attempt.n_edges && at < size; e++) {
        const struct qetl_edge_ends *ends = &run->attempt.edge_ends[e];
        if (ends->from != n && ends->to != n)
            continue;
        int written = snprintf(
            text + at, size - at, "; %s to %s: %u of %u", run->pipeline->nodes[ends->from].id,
            run->pipeline->nodes[ends->to].id, qetl_edge_depth(run->attempt.edges[e]),
            qetl_edge_capacity(run->attempt.edges[e]));
        at += written > 0 ? (size_t)written : 0;
    }
}

void qetl_run_alarm(struct qetl_run *run, const struct qetl_op *op, uint64_t epoch)
{
    char depths[400], line[640];
    depths_tell(run, op->node, depths, sizeof depths);
    snprintf(line, sizeof line,
             "epoch %llu has waited longer than checkpoint.timeout for it (%s): what is done so "
             "far counts only with a later epoch%s",
             (unsigned long long)epoch, part_word(op), depths);
    run->env.log(run->env.arg, op->node->id, QETL_LOG_WARN, line);
}
