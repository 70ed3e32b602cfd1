/* SPDX-License-Identifier: Apache-2.0 */
#include "again.h"

#include "deadlines.h"
#include "lookout.h"
#include "op.h"
#include "run_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- whether ---- */

/* What it gave is gone with the attempt. */
static const struct qetl_node *read_once(const struct qetl_run *run)
{
    for (size_t n = 0; n < run->pipeline->n_nodes; n++)
        if (run->attempt.flows[n].source.delivery == QETL_LOSSY)
            return &run->pipeline->nodes[n];
    return NULL;
}

/* Without end and without epochs it shows what it writes, and does not take it back. */
static const struct qetl_node *shows_at_once(const struct qetl_run *run)
{
    if (run->store || run->env.checkpoints || !run->env.endless(run->env.arg))
        return NULL;
    for (size_t n = 0; n < run->pipeline->n_nodes; n++)
        if (run->attempt.flows[n].commit == QETL_COMMIT_TWO_PHASE)
            return &run->pipeline->nodes[n];
    return NULL;
}

static bool refuse(struct qetl_ctx *ctx, const char *why, const char *id, const char *mend)
{
    char more[300];
    snprintf(more, sizeof more, why, id);
    qetl_instance_amend_error(ctx, more, mend);
    return false;
}

static bool is_possible(struct qetl_run *run, struct qetl_ctx *ctx)
{
    const struct qetl_node *lossy = read_once(run), *shows = shows_at_once(run);
    if (run->resolving || run->finished)
        return false;
    if (run->options.observer || run->options.replaying) /* what would come again was used */
        return refuse(ctx, "a preview, test or replay is not repeated%s", "", NULL);
    if (lossy)
        return refuse(ctx,
                      "the epoch cannot be repeated, since what source '%s' has given cannot be "
                      "read again",
                      lossy->id, "put its input into a file first, and read that");
    if (shows)
        return refuse(ctx,
                      "the epoch cannot be repeated, since the run has no end and keeps no state: "
                      "what sink '%s' has shown would come twice",
                      shows->id, "let the run keep a state: a pipeline file, without --no-state");
    return true;
}

bool qetl_run_go_back(struct qetl_run *run, struct qetl_ctx *ctx, const char *call)
{
    if (qetl_run_stopping(run) || atomic_exchange(&run->attempt.goes_back, true))
        return true; /* it follows from the stop, or from the first failure */
    if (!is_possible(run, ctx))
        return false;
    int64_t wait = qetl_patience_go_back(run, ctx, call);
    if (wait < 0)
        return false;
    run->again = (struct qetl_again){.node = ctx->node, .at_ns = qetl_now_ns() + wait};
    qetl_run_end_attempt(run);
    return true;
}

/* ---- between two attempts ---- */

/* A sink that appends has shown what now comes again. */
static void warn_of_doubles(struct qetl_run *run)
{
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        const struct qetl_node *node = &run->pipeline->nodes[n];
        const struct qetl_node_flow *flow = &run->attempt.flows[n];
        struct qetl_counts decided;
        int64_t batches;
        if (node->kind != QETL_SINK || flow->sink_delivery != QETL_APPEND || !flow->instance)
            continue;
        qetl_record_counts(&run->attempt.recovered, node->id, &decided, &batches);
        int64_t rows = qetl_tally_get(&flow->instance->tally.rows_out) - decided.rows_out;
        if (rows <= 0)
            continue;
        char text[160];
        snprintf(text, sizeof text, "%lld rows that it has shown already may come again",
                 (long long)rows);
        run->env.log(run->env.arg, node->id, QETL_LOG_WARN, text);
    }
}

/* The time of those that are gone; their counts are in the record. */
static void toll_take(struct qetl_run *run)
{
    for (size_t i = 0; i < run->attempt.n_instances; i++) {
        const struct qetl_ctx *ctx = run->attempt.instances[i];
        run->spent_ns[ctx->node - run->pipeline->nodes] += qetl_tally_get(&ctx->tally.nanoseconds);
    }
}

static void take_down(struct qetl_run *run)
{
    warn_of_doubles(run);
    pthread_mutex_lock(&run->lock);
    toll_take(run);
    atomic_store(&run->phase, QETL_PHASE_SETUP); /* nobody looks inside from now on */
    pthread_mutex_unlock(&run->lock);
    qetl_attempt_end(run);
    pthread_mutex_lock(&run->lock);
    memset(&run->attempt, 0, sizeof run->attempt);
    pthread_mutex_unlock(&run->lock);
}

/* Until the breaker lets the component's call through, too; or the run is ended meanwhile. */
static void await_turn(struct qetl_run *run)
{
    int64_t at = run->again.at_ns, now = qetl_now_ns();
    while (!qetl_run_stopping(run)) {
        int64_t left = at - now;
        if (left <= 0)
            left = qetl_patience_ask(run, run->again.node, now);
        if (left <= 0)
            return;
        int64_t deadline = qetl_deadlines_look(run, now);
        uint32_t ticket = qetl_parker_prepare(&run->parker);
        if (qetl_run_stopping(run))
            qetl_parker_cancel(&run->parker);
        else
            qetl_parker_wait(&run->parker, ticket, now + left < deadline ? left : deadline - now);
        now = qetl_now_ns();
    }
}

/* What a source is found to be anew may have other columns. */
static void taps_end(struct qetl_run *run)
{
    for (size_t n = 0; n < run->pipeline->n_nodes; n++)
        qetl_lookouts_end(run->lookouts[n], qetl_node_outlets(&run->pipeline->nodes[n]), false);
}

bool qetl_attempt_renew(struct qetl_run *run)
{
    if (!qetl_run_goes_back(run))
        return false;
    take_down(run);
    run->attempts++;
    int back = QETL_STOPS_FOR_NEXT;
    int32_t status = qetl_attempt_begin(run);
    atomic_compare_exchange_strong(&run->stopping, &back, 0); /* unless the run was ended */
    if (status)
        qetl_run_fault(run, NULL, "out_of_memory", "no memory to go back to the last epoch");
    else if (!qetl_run_recall(run))
        await_turn(run);
    if (!qetl_record_is_unfinished(&run->attempt.recovered))
        taps_end(run);
    return !qetl_run_stopping(run);
}

void qetl_run_got_on(struct qetl_run *run)
{
    for (size_t n = 0; run->attempts > 1 && n < run->pipeline->n_nodes; n++)
        qetl_patience_got_on(run, &run->pipeline->nodes[n]);
}
