/* SPDX-License-Identifier: Apache-2.0 */
#include "attempt.h"

#include "decider.h"
#include "epoch/epochs.h"
#include "host/board.h"
#include "host/poller.h"
#include "op.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

/* As if a write had found it out; but rows that were all written need no reader any more. */
static void output_gone(void *arg, struct qetl_ctx *sink)
{
    struct qetl_run *run = arg;
    if (!atomic_load(&run->attempt.has_all[sink->node - run->pipeline->nodes]))
        qetl_run_ask_end(run, QETL_EXIT_SIGPIPE);
}

int32_t qetl_attempt_begin(struct qetl_run *run)
{
    struct qetl_attempt *a = &run->attempt;
    size_t n = run->pipeline->n_nodes;
    a->poller = qetl_poller_new(output_gone, run);
    a->trackers = calloc(n + 1, sizeof *a->trackers);
    a->flows = calloc(n + 1, sizeof *a->flows);
    a->has_all = calloc(n + 1, sizeof *a->has_all);
    a->remembered = calloc(n + 1, sizeof *a->remembered);
    a->notes = calloc(n + 1, sizeof *a->notes);
    a->board = qetl_notes_new();
    run->env.poller = a->poller;
    run->env.notes = a->board;
    run->env.checkpoints = run->env.resumes = false;
    if (!a->poller || !a->board || !a->trackers || !a->flows || !a->has_all || !a->remembered ||
        !a->notes)
        return QETL_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (run->pipeline->nodes[i].kind != QETL_SOURCE)
            continue;
        a->trackers[i] = qetl_tracker_new(run->pipeline->nodes[i].id, qetl_run_letter, run);
        if (!a->trackers[i])
            return QETL_E_NO_MEMORY;
    }
    return QETL_OK;
}

/* Who reports meanwhile finds them all, or none. */
static void instances_free(struct qetl_run *run)
{
    pthread_mutex_lock(&run->lock);
    struct qetl_ctx **instances = run->attempt.instances;
    size_t n = run->attempt.n_instances;
    run->attempt.instances = NULL;
    run->attempt.n_instances = 0;
    pthread_mutex_unlock(&run->lock);
    while (n > 0)
        qetl_instance_free(instances[--n]);
    free(instances);
}

static void plan_free(struct qetl_attempt *a)
{
    for (size_t s = 0; s < a->n_stages; s++)
        qetl_stage_clear(&a->stages[s]);
    free(a->stages);
    for (size_t e = 0; e < a->n_edges; e++)
        qetl_edge_free(a->edges[e]);
    free(a->edges);
    free(a->edge_ends);
}

static void nodes_free(struct qetl_attempt *a, size_t n_nodes)
{
    for (size_t n = 0; n < n_nodes; n++) {
        if (a->flows)
            json_decref(a->flows[n].instead.options);
        if (a->trackers)
            qetl_tracker_free(a->trackers[n]);
        if (a->remembered)
            qetl_remembered_free(&a->remembered[n]);
        if (a->notes)
            free((void *)a->notes[n].data);
    }
    free(a->flows);
    free(a->trackers);
    free(a->remembered);
    free(a->notes);
    free(a->has_all);
}

/* The poller first: it wakes instances. Then what refers to instances, then those, then what they
 * hold, and the bells that they ring. */
void qetl_attempt_end(struct qetl_run *run)
{
    struct qetl_attempt *a = &run->attempt;
    qetl_watchdog_free(a->watchdog);
    qetl_poller_free(a->poller);
    plan_free(a);
    for (size_t n = 0; a->flows && n < run->pipeline->n_nodes; n++)
        qetl_node_flow_free(&a->flows[n]);
    instances_free(run);
    qetl_bells_free(&a->bells);
    qetl_notes_free(a->board);
    qetl_decider_free(a->decider);
    qetl_epochs_free(a->epochs);
    free(a->slots);
    nodes_free(a, run->pipeline->n_nodes);
    qetl_outputs_free(&a->outputs);
    free(a->halts);
    qetl_record_free(&a->recovered);
    qetl_record_free(&a->undecided);
}
