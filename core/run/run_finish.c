/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run: the ledger is checked, then all sinks' outputs become visible, or none. */
#include "lookout.h"
#include "op.h"
#include "run_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct qetl_epoch final_epoch(const struct qetl_run *run, const struct qetl_node *sink)
{
    return (struct qetl_epoch){.struct_size = sizeof(struct qetl_epoch),
                               .flags = QETL_EPOCH_FINAL,
                               .number = 1,
                               .generation = 1,
                               .pipeline = run->pipeline->name ? run->pipeline->name : "",
                               .component = sink->id};
}

static int32_t handle_add(void *stream, const void *data, size_t size)
{
    struct qetl_prepared *prepared = stream;
    size_t bytes = (prepared->n_handles + 1) * sizeof *prepared->handles;
    struct qetl_blob *handles = realloc(prepared->handles, bytes);
    if (!handles)
        return QETL_E_NO_MEMORY;
    prepared->handles = handles;
    void *copy = malloc(size + 1);
    if (!copy)
        return QETL_E_NO_MEMORY;
    if (size)
        memcpy(copy, data, size);
    handles[prepared->n_handles++] = (struct qetl_blob){copy, size};
    return QETL_OK;
}

int32_t qetl_run_prepare(struct qetl_run *run, struct qetl_op *op)
{
    struct qetl_prepared *prepared = &run->prepared[op->node - run->pipeline->nodes];
    const struct qetl_sink *sink = op->instance->component->sink;
    struct qetl_writer writer = {prepared, handle_add};
    struct qetl_epoch epoch = final_epoch(run, op->node);
    int32_t status = sink->prepare ? sink->prepare(op->instance->self, &epoch, &writer) : QETL_OK;
    if (status < 0)
        return qetl_op_fail(op, "prepare", status);
    prepared->done = true;
    return QETL_OK;
}

/* ---- the ledger ---- */

static void counts_of(const struct qetl_run *run, const struct qetl_node *node,
                      struct qetl_counts *counts)
{
    *counts = (struct qetl_counts){0};
    for (size_t i = 0; i < run->n_instances; i++)
        if (run->instances[i]->node == node)
            qetl_counts_add(counts, &run->instances[i]->tally);
}

/* What a component took in is what those before it gave out. */
static bool edges_balance(const struct qetl_run *run, const struct qetl_node *node, int64_t rows_in)
{
    int64_t given = 0;
    for (size_t i = 0; i < node->n_inputs; i++) {
        const struct qetl_node *from = &run->pipeline->nodes[node->inputs[i].component];
        if (from->n_outputs > 1)
            return true; /* counted over all its ports: checked event by event instead */
        struct qetl_counts counts;
        counts_of(run, from, &counts);
        given += counts.rows_out;
    }
    return !node->n_inputs || given == rows_in;
}

static bool check_ledger(struct qetl_run *run)
{
    bool balanced = true;
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        const struct qetl_node *node = &run->pipeline->nodes[n];
        struct qetl_counts c;
        counts_of(run, node, &c);
        if (qetl_counts_balance(&c) && edges_balance(run, node, c.rows_in))
            continue;
        char message[256];
        snprintf(message, sizeof message,
                 "the ledger does not balance: %lld in + %lld added, but %lld out + %lld filtered "
                 "+ %lld rejected + %lld reduced + %lld held",
                 (long long)c.rows_in, (long long)c.rows_added, (long long)c.rows_out,
                 (long long)c.rows_filtered, (long long)c.rows_rejected, (long long)c.rows_reduced,
                 (long long)c.rows_held);
        qetl_run_fault(run, node, "ledger", message);
        balanced = false;
    }
    return balanced;
}

/* ---- the decision ---- */

static int32_t commit(struct qetl_run *run, size_t n)
{
    struct qetl_ctx *ctx = run->flows[n].instance;
    const struct qetl_prepared *p = &run->prepared[n];
    const struct qetl_sink *sink = ctx->component->sink;
    if (!sink->commit)
        return QETL_OK;
    struct qetl_epoch epoch = final_epoch(run, ctx->node);
    int32_t status = sink->commit(ctx->self, &epoch, (int64_t)p->n_handles, p->handles);
    return status < 0 ? qetl_run_fail(run, ctx->node, ctx, "commit", status) : QETL_OK;
}

static void abandon(struct qetl_run *run, size_t n)
{
    struct qetl_ctx *ctx = run->flows[n].instance;
    const struct qetl_prepared *p = &run->prepared[n];
    if (!ctx || !p->n_handles || !ctx->component->sink->abort)
        return;
    struct qetl_epoch epoch = final_epoch(run, ctx->node);
    ctx->component->sink->abort(ctx->self, &epoch, (int64_t)p->n_handles, p->handles);
}

static bool all_prepared(const struct qetl_run *run)
{
    for (size_t n = 0; n < run->pipeline->n_nodes; n++)
        if (run->pipeline->nodes[n].kind == QETL_SINK && !run->prepared[n].done)
            return false;
    return true;
}

void qetl_run_stop_instances(struct qetl_run *run)
{
    for (size_t i = 0; i < run->n_instances; i++) {
        struct qetl_ctx *ctx = run->instances[i];
        int32_t status = qetl_instance_stop(ctx);
        if (status < 0)
            qetl_run_fail(run, ctx->node, ctx, "stop", status);
    }
}

/* Letters that still wait for a number leave without one. No task runs any more. */
static void trackers_close(struct qetl_run *run)
{
    for (size_t n = 0; run->trackers && n < run->pipeline->n_nodes; n++) {
        qetl_tracker_free(run->trackers[n]);
        run->trackers[n] = NULL;
    }
}

int qetl_run_finish(struct qetl_run *run)
{
    for (size_t n = 0; run->flows && n < run->pipeline->n_nodes; n++)
        qetl_lookouts_end(run->flows[n].lookouts, run->flows[n].n_lookouts);
    trackers_close(run);
    if (!qetl_run_stopping(run) && !all_prepared(run))
        qetl_run_fault(run, NULL, "ledger",
                       "a sink did not come to its end: an error in qetl itself");
    run->closed = qetl_run_decide(run);
    bool good = run->closed && check_ledger(run);
    if (run->letters && qetl_letter_store_close(run->letters, good) && good) {
        qetl_run_fault(run, NULL, "dead_letters", "the dead letters could not be written to disk");
        good = false;
    }
    for (size_t n = 0; run->prepared && n < run->pipeline->n_nodes; n++) {
        if (run->pipeline->nodes[n].kind != QETL_SINK)
            continue;
        if (good && commit(run, n))
            good = false; /* those before are visible; those after are abandoned, and it is said */
        else if (!good)
            abandon(run, n);
    }
    qetl_run_stop_instances(run);
    int stopping = atomic_load(&run->stopping);
    return stopping ? stopping - 1 : QETL_EXIT_OK;
}
