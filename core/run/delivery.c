/* SPDX-License-Identifier: Apache-2.0 */
/* What a run can promise, path by path, and whether that is what its pipeline demands. */
#include "describe.h"
#include "op_source.h"
#include "run_internal.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_one_phase(const struct qetl_run *run, size_t n)
{
    return run->pipeline->nodes[n].kind == QETL_SINK &&
           run->flows[n].commit == QETL_COMMIT_ONE_PHASE;
}

/* Of several sinks that each decide, one may have decided when another has not. */
static bool decides_alone(const struct qetl_run *run, size_t sink)
{
    size_t deciders = 0;
    for (size_t n = 0; n < run->pipeline->n_nodes; n++)
        deciders += is_one_phase(run, n);
    return !is_one_phase(run, sink) || deciders == 1;
}

enum qetl_guarantee qetl_run_guarantee(const struct qetl_run *run, size_t source, size_t sink,
                                       size_t *culprit, const char **why)
{
    const struct qetl_source_info *info = &run->flows[source].source;
    uint32_t given = info->delivery, taken = run->flows[sink].sink_delivery;
    enum qetl_guarantee guarantee = qetl_guarantee_of(given, taken);
    bool takes_back = taken == QETL_TRANSACTIONAL || taken == QETL_IDEMPOTENT;
    *culprit = given != QETL_REPLAYABLE ? source : sink;
    *why = given == QETL_LOSSY     ? "what it reads cannot be read again"
           : given == QETL_ACKABLE ? "it may bring again what it was not yet told was kept"
                                   : "what it has written is not taken back";
    if (guarantee != QETL_EXACTLY_ONCE)
        return guarantee;
    if (takes_back && !decides_alone(run, sink)) {
        *why = "it decides for itself what counts, and another sink does so too";
        return QETL_AT_LEAST_ONCE;
    }
    if (info->endless && taken == QETL_TRANSACTIONAL && !run->options.state_folder) {
        *culprit = source;
        *why = "it has no end, and nothing is kept of where a run stood in it";
        return QETL_AT_LEAST_ONCE;
    }
    return guarantee;
}

/* Marks what the source feeds; nodes stand in topological order. */
static void mark_fed(const struct qetl_run *run, size_t source, bool *fed)
{
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        const struct qetl_node *node = &run->pipeline->nodes[n];
        fed[n] = n == source;
        for (size_t i = 0; i < node->n_inputs; i++)
            fed[n] |= fed[node->inputs[i].component];
    }
}

int qetl_run_each_path(const struct qetl_run *run, void *arg,
                       int (*visit)(void *arg, size_t source, size_t sink))
{
    size_t n_nodes = run->pipeline->n_nodes;
    bool *fed = calloc(n_nodes + 1, sizeof *fed);
    int stop = fed ? 0 : -1;
    for (size_t s = 0; !stop && s < n_nodes; s++) {
        if (run->pipeline->nodes[s].kind != QETL_SOURCE)
            continue;
        mark_fed(run, s, fed);
        for (size_t n = 0; !stop && n < n_nodes; n++)
            if (fed[n] && run->pipeline->nodes[n].kind == QETL_SINK)
                stop = visit(arg, s, n);
    }
    free(fed);
    return stop;
}

/* ---- the weakest ---- */

struct weakest {
    const struct qetl_run *run;
    enum qetl_guarantee guarantee;
    size_t source, sink, culprit;
    const char *why;
};

static int look_at(void *arg, size_t source, size_t sink)
{
    struct weakest *w = arg;
    size_t culprit;
    const char *why;
    enum qetl_guarantee guarantee = qetl_run_guarantee(w->run, source, sink, &culprit, &why);
    if (!w->why || guarantee < w->guarantee)
        *w = (struct weakest){w->run, guarantee, source, sink, culprit, why};
    return 0;
}

enum qetl_guarantee qetl_run_delivery(const struct qetl_run *run)
{
    struct weakest w = {.run = run, .guarantee = QETL_EXACTLY_ONCE};
    qetl_run_each_path(run, &w, look_at);
    return w.guarantee;
}

const char *qetl_guarantee_word(enum qetl_guarantee guarantee)
{
    static const char *const words[] = {"best-effort", "at-least-once", "exactly-once"};
    return words[guarantee];
}

int32_t qetl_run_check_delivery(struct qetl_run *run)
{
    struct weakest w = {.run = run, .guarantee = QETL_EXACTLY_ONCE};
    enum qetl_delivery demanded = run->pipeline->delivery;
    char message[400], mend[200];
    if (demanded == QETL_DELIVERY_ANY)
        return QETL_OK;
    enum qetl_guarantee wanted = (enum qetl_guarantee)(demanded - QETL_DELIVERY_BEST_EFFORT);
    qetl_run_each_path(run, &w, look_at);
    if (w.guarantee >= wanted)
        return QETL_OK;
    snprintf(message, sizeof message, "%s is demanded, and rows from '%s' to '%s' come %s: %s",
             qetl_guarantee_word(wanted), run->pipeline->nodes[w.source].id,
             run->pipeline->nodes[w.sink].id, qetl_guarantee_word(w.guarantee), w.why);
    snprintf(mend, sizeof mend, "`delivery: %s`, or another %s", qetl_guarantee_word(w.guarantee),
             w.culprit == w.source ? "source" : "sink");
    return qetl_run_refuse(run, &run->pipeline->nodes[w.culprit], "delivery", message, mend, NULL);
}
