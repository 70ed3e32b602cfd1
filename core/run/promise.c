/* SPDX-License-Identifier: Apache-2.0 */
#include "promise.h"

#include "plugin/said.h"

#include <qetl/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *qetl_guarantee_word(enum qetl_guarantee guarantee)
{
    static const char *const words[] = {"best-effort", "at-least-once", "exactly-once", "unknown"};
    return words[guarantee];
}

/* ---- the rule ---- */

/* A lossy source has given a row once and for all. A sink that appends shows what it was given
 * before a failure, and the repetition gives it again; others take back what was not committed, or
 * do not mind. A source that wants to be told what arrived is never told, and gives all again. */
enum qetl_guarantee qetl_guarantee_of(uint32_t source_delivery, uint32_t sink_delivery)
{
    if (source_delivery == QETL_LOSSY)
        return QETL_BEST_EFFORT;
    if (source_delivery == QETL_REPLAYABLE &&
        (sink_delivery == QETL_TRANSACTIONAL || sink_delivery == QETL_IDEMPOTENT))
        return QETL_EXACTLY_ONCE;
    return QETL_AT_LEAST_ONCE;
}

void qetl_path_judge(struct qetl_run_path *path, const struct qetl_path_ends *ends)
{
    path->source_delivery = ends->given;
    path->sink_delivery = ends->taken;
    path->guarantee = qetl_guarantee_of(ends->given, ends->taken);
    path->culprit = ends->given != QETL_REPLAYABLE ? path->source : path->sink;
    path->why = ends->given == QETL_LOSSY ? "what it reads cannot be read again"
                : ends->given == QETL_ACKABLE
                    ? "it may bring again what it was not yet told was kept"
                    : "what it has written is not taken back";
    if (ends->moves) {
        path->guarantee = QETL_BEST_EFFORT;
        path->culprit = path->source;
        path->why = "rows that are added or removed while it reads move others to pages that were "
                    "read already, or were not yet: some are missed, or come twice";
    }
    if (path->guarantee != QETL_EXACTLY_ONCE)
        return;
    if (ends->rivals) {
        path->guarantee = QETL_AT_LEAST_ONCE;
        path->why = "it decides for itself what counts, and another sink does so too";
    } else if (ends->endless && ends->taken == QETL_TRANSACTIONAL && !ends->kept) {
        path->guarantee = QETL_AT_LEAST_ONCE;
        path->culprit = path->source;
        path->why = "it has no end, and nothing is kept of where a run stood in it";
    }
}

bool qetl_path_refused(const struct qetl_pipeline *pipeline, const struct qetl_run_path *weakest,
                       char message[QETL_REFUSAL], char mend[QETL_REFUSAL])
{
    if (pipeline->delivery == QETL_DELIVERY_ANY)
        return false;
    enum qetl_guarantee wanted =
        (enum qetl_guarantee)(pipeline->delivery - QETL_DELIVERY_BEST_EFFORT);
    if (weakest->guarantee >= wanted)
        return false;
    snprintf(message, QETL_REFUSAL, "%s is demanded, and rows from '%s' to '%s' come %s: %s",
             qetl_guarantee_word(wanted), pipeline->nodes[weakest->source].id,
             pipeline->nodes[weakest->sink].id, qetl_guarantee_word(weakest->guarantee),
             weakest->why);
    snprintf(mend, QETL_REFUSAL, "`delivery: %s`, or another %s",
             qetl_guarantee_word(weakest->guarantee),
             weakest->culprit == weakest->source ? "source" : "sink");
    return true;
}

/* ---- paths ---- */

/* Marks what the source feeds; nodes stand in topological order. */
static void mark_fed(const struct qetl_pipeline *pipeline, size_t source, bool *fed)
{
    for (size_t n = 0; n < pipeline->n_nodes; n++) {
        const struct qetl_node *node = &pipeline->nodes[n];
        fed[n] = n == source;
        for (size_t i = 0; i < node->n_inputs; i++)
            fed[n] |= fed[node->inputs[i].component];
    }
}

int qetl_paths_each(const struct qetl_pipeline *pipeline, void *arg,
                    int (*visit)(void *arg, size_t source, size_t sink))
{
    bool *fed = calloc(pipeline->n_nodes + 1, sizeof *fed);
    int stop = fed ? 0 : -1;
    for (size_t s = 0; !stop && s < pipeline->n_nodes; s++) {
        if (pipeline->nodes[s].kind != QETL_SOURCE)
            continue;
        mark_fed(pipeline, s, fed);
        for (size_t n = 0; !stop && n < pipeline->n_nodes; n++)
            if (fed[n] && pipeline->nodes[n].kind == QETL_SINK)
                stop = visit(arg, s, n);
    }
    free(fed);
    return stop;
}

/* ---- by manifests ---- */

static struct qetl_said said_of(const struct qetl_node *node)
{
    return qetl_said_of(node->kind, node->use.plugin ? node->use.plugin->json : NULL,
                        node->use.options);
}

bool qetl_source_moves(const struct qetl_node *node)
{
    return said_of(node).moves;
}

struct listing {
    const struct qetl_pipeline *pipeline;
    bool kept;
    size_t deciders;
    struct qetl_run_path **paths;
    size_t *n_paths;
};

static int path_add(void *arg, size_t source, size_t sink)
{
    struct listing *l = arg;
    struct qetl_run_path *paths = realloc(*l->paths, (*l->n_paths + 1) * sizeof *paths);
    if (!paths)
        return -1;
    *l->paths = paths;
    struct qetl_said from = said_of(&l->pipeline->nodes[source]),
                     to = said_of(&l->pipeline->nodes[sink]);
    struct qetl_path_ends ends = {.given = from.delivery,
                                  .taken = to.delivery,
                                  .endless = from.endless,
                                  .kept = l->kept,
                                  .moves = from.moves,
                                  .rivals = to.commit == QETL_COMMIT_ONE_PHASE && l->deciders > 1};
    struct qetl_run_path *path = &paths[(*l->n_paths)++];
    *path = (struct qetl_run_path){.source = source, .sink = sink};
    qetl_path_judge(path, &ends);
    if (ends.given && ends.taken)
        return 0;
    path->guarantee = QETL_UNSAID;
    path->culprit = ends.given ? sink : source;
    path->why = "its manifest does not say; qetl run --dry-run asks the plugin";
    return 0;
}

int qetl_promises(const struct qetl_pipeline *pipeline, bool kept, struct qetl_run_path **paths,
                  size_t *n_paths)
{
    struct listing l = {.pipeline = pipeline, .kept = kept, .paths = paths, .n_paths = n_paths};
    *paths = NULL;
    *n_paths = 0;
    for (size_t n = 0; n < pipeline->n_nodes; n++)
        l.deciders += pipeline->nodes[n].kind == QETL_SINK &&
                      said_of(&pipeline->nodes[n]).commit == QETL_COMMIT_ONE_PHASE;
    int failed = qetl_paths_each(pipeline, &l, path_add);
    if (failed) {
        free(*paths);
        *paths = NULL;
        *n_paths = 0;
    }
    return failed;
}
