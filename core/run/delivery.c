/* SPDX-License-Identifier: Apache-2.0 */
/* What a run can promise, path by path, and whether that is what its pipeline demands. */
#include "describe.h"
#include "op_source.h"
#include "run_internal.h"

static bool is_one_phase(const struct qetl_run *run, size_t n)
{
    return run->pipeline->nodes[n].kind == QETL_SINK &&
           run->attempt.flows[n].commit == QETL_COMMIT_ONE_PHASE;
}

/* Of several sinks that each decide, one may have decided when another has not. */
static bool has_rivals(const struct qetl_run *run, size_t sink)
{
    size_t deciders = 0;
    for (size_t n = 0; n < run->pipeline->n_nodes; n++)
        deciders += is_one_phase(run, n);
    return is_one_phase(run, sink) && deciders > 1;
}

struct qetl_run_path qetl_run_guarantee(const struct qetl_run *run, size_t source, size_t sink)
{
    struct qetl_run_path path = {.source = source, .sink = sink};
    const struct qetl_path_ends ends = {.given = run->attempt.flows[source].source.delivery,
                                        .taken = run->attempt.flows[sink].sink_delivery,
                                        .endless = run->attempt.flows[source].source.endless,
                                        .kept = run->options.state_folder != NULL,
                                        .rivals = has_rivals(run, sink),
                                        .moves = qetl_source_moves(&run->pipeline->nodes[source])};
    qetl_path_judge(&path, &ends);
    return path;
}

/* ---- the weakest ---- */

struct weakest {
    const struct qetl_run *run;
    struct qetl_run_path path;
};

static int look_at(void *arg, size_t source, size_t sink)
{
    struct weakest *w = arg;
    struct qetl_run_path path = qetl_run_guarantee(w->run, source, sink);
    if (!w->path.why || path.guarantee < w->path.guarantee)
        w->path = path;
    return 0;
}

static struct qetl_run_path weakest_of(const struct qetl_run *run)
{
    struct weakest w = {.run = run, .path.guarantee = QETL_EXACTLY_ONCE};
    qetl_paths_each(run->pipeline, &w, look_at);
    return w.path;
}

enum qetl_guarantee qetl_run_delivery(const struct qetl_run *run)
{
    return weakest_of(run).guarantee;
}

int32_t qetl_run_check_delivery(struct qetl_run *run)
{
    char message[QETL_REFUSAL], mend[QETL_REFUSAL];
    struct qetl_run_path weakest = weakest_of(run);
    if (!qetl_path_refused(run->pipeline, &weakest, message, mend))
        return QETL_OK;
    return qetl_run_refuse(run, &run->pipeline->nodes[weakest.culprit], "delivery", message, mend,
                           NULL);
}
