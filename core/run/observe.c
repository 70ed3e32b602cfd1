/* SPDX-License-Identifier: Apache-2.0 */
#include "observe.h"

#include "op.h"
#include "run_internal.h"

#include <stdlib.h>

bool qetl_sight_holds(const struct qetl_sight *sight, int64_t row)
{
    for (size_t i = 0; i < sight->n_rejected; i++)
        if (sight->rejected[i].row == row)
            return false;
    return true;
}

void qetl_run_drain(struct qetl_run *run)
{
    int none = QETL_DRAIN_NONE;
    if (atomic_compare_exchange_strong(&run->draining, &none, QETL_DRAIN_HERE))
        qetl_parker_notify_all(&run->parker);
}

bool qetl_run_cut_short(const struct qetl_run *run)
{
    return atomic_load(&((struct qetl_run *)run)->attempt.cut_short);
}

const struct ArrowSchema *qetl_run_schema(const struct qetl_run *run, size_t node, uint32_t port)
{
    const struct qetl_node_flow *flow = &run->attempt.flows[node];
    return port < flow->n_ports ? flow->ports[port].schema : NULL;
}

bool qetl_run_is_stateful(const struct qetl_run *run, size_t node)
{
    const struct qetl_node_flow *flow = &run->attempt.flows[node];
    bool alone = run->pipeline->nodes[node].n_inputs == 1 &&
                 flow->binding.distribution != QETL_DISTRIBUTION_ANY;
    for (uint32_t p = 0; p < flow->binding.n_out; p++)
        alone |= flow->binding.out[p].rows == QETL_ROWS_STATEFUL;
    return alone;
}

const char *qetl_run_format(const struct qetl_run *run, size_t node)
{
    const struct qetl_plugin_use *use =
        run->attempt.flows ? run->attempt.flows[node].format_use : NULL;
    use = use ? use : &run->pipeline->nodes[node].format;
    return use->plugin ? use->plugin->id : NULL;
}

const char *qetl_run_inferred(const struct qetl_run *run, size_t node, int64_t *sample_bytes)
{
    *sample_bytes = run->attempt.flows[node].sample_bytes;
    return run->attempt.flows[node].inferred;
}

static const char *part_word(enum qetl_edge_part part)
{
    static const char *const words[] = {"read", "gather", "decode", "process", "encode", "write"};
    return words[part];
}

static void report_edge(const struct qetl_run *run, size_t e, struct qetl_edge_report *out)
{
    const struct qetl_edge *edge = run->attempt.edges[e];
    const struct qetl_edge_ends *ends = &run->attempt.edge_ends[e];
    *out = (struct qetl_edge_report){
        .from = run->pipeline->nodes[ends->from].id,
        .to = run->pipeline->nodes[ends->to].id,
        .from_part = part_word(ends->from_part),
        .to_part = part_word(ends->to_part),
        .depth = qetl_edge_depth(edge),
        .capacity = qetl_edge_capacity(edge),
        .producers = qetl_edge_producers(edge),
        .blocked_s = (double)qetl_edge_blocked_ns(edge, qetl_now_ns()) / 1e9,
    };
}

static void edges_report(struct qetl_run *run, struct qetl_flow_report *out)
{
    pthread_mutex_lock(&run->lock);
    size_t n = atomic_load(&run->phase) == QETL_PHASE_PROCESSING ? run->attempt.n_edges : 0;
    out->edges = calloc(n + 1, sizeof *out->edges);
    for (; out->edges && out->n_edges < n; out->n_edges++)
        report_edge(run, out->n_edges, &out->edges[out->n_edges]);
    pthread_mutex_unlock(&run->lock);
}

void qetl_flow_report(struct qetl_run *run, struct qetl_flow_report *out)
{
    static const char *const phases[] = {"setup", "processing", "finish", "over"};
    int phase = atomic_load(&run->phase);
    *out = (struct qetl_flow_report){
        .memory_bytes = qetl_pool_in_use(run->pool),
        .memory_budget_bytes = qetl_pool_budget(run->pool),
        .phase = phases[phase],
    };
    if (phase != QETL_PHASE_PROCESSING) /* before, the plan may be in the making */
        return;
    edges_report(run, out);
}

void qetl_flow_report_free(struct qetl_flow_report *report)
{
    free(report->edges);
    *report = (struct qetl_flow_report){0};
}
