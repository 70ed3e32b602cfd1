/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up: every plugin is made and asked what it is, from the sources to the sinks. */
#include "observe.h"
#include "replaying.h"
#include "samples.h"
#include "setup.h"

int32_t qetl_node_load(struct qetl_run *run, size_t n)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    struct qetl_node_flow *flow = &run->attempt.flows[n];
    const struct qetl_observer *observer = run->options.observer;
    if (flow->component)
        return QETL_OK;
    flow->format_use = &node->format;
    flow->component = node->own;
    if (!flow->component && observer && observer->stand_in)
        flow->component = observer->stand_in(observer->arg, node);
    const struct qetl_replaying *replaying = run->options.replaying;
    if (replaying && node->kind == QETL_SOURCE) {
        flow->component = replaying->source(replaying->arg, node);
        flow->format = replaying->format(replaying->arg, node);
    }
    int32_t status = flow->component ? QETL_OK : qetl_setup_load(run, &node->use, &flow->component);
    return status || flow->format ? status : qetl_setup_load(run, flow->format_use, &flow->format);
}

int32_t qetl_node_make(struct qetl_run *run, size_t n)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    struct qetl_node_flow *flow = &run->attempt.flows[n];
    if (flow->instance)
        return QETL_OK;
    int32_t status = qetl_node_load(run, n);
    if (!status && !(flow->instance = qetl_run_instance(run, node, &node->use, flow->component)))
        status = QETL_E_FATAL;
    return status;
}

static int32_t begin_node(struct qetl_run *run, size_t n)
{
    int32_t status = qetl_node_make(run, n);
    return status ? status
                  : qetl_begin_source(run, &run->pipeline->nodes[n], &run->attempt.flows[n]);
}

static int32_t setup_node(struct qetl_run *run, size_t n)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    struct qetl_node_flow *flow = &run->attempt.flows[n];
    int32_t status = qetl_node_make(run, n);
    if (status)
        return status;
    switch (node->kind) {
    case QETL_SOURCE:
        return qetl_setup_source(run, node, flow);
    case QETL_TRANSFORM:
        return qetl_setup_transform(run, node, flow);
    default:
        return qetl_setup_sink(run, node, flow);
    }
}

/* What a component behind a mistake would say follows from that mistake. */
static bool is_behind(const struct qetl_run *run, size_t n)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    bool behind = run->attempt.flows[n].beyond;
    for (size_t i = 0; i < node->n_inputs; i++)
        behind |= run->attempt.flows[node->inputs[i].component].beyond;
    return behind;
}

/* One of them. False: it failed, and not by a mistake that was gathered. */
static bool one_node(struct qetl_run *run, size_t n, int32_t (*take)(struct qetl_run *, size_t),
                     int32_t *status)
{
    size_t before = run->attempt.n_gathered;
    int32_t one = qetl_run_stopping(run) ? QETL_E_CANCELLED : take(run, n);
    run->attempt.flows[n].beyond = one != QETL_OK;
    *status = *status ? *status : one;
    return !one || run->attempt.n_gathered > before;
}

/* A source may wait for its input, while somebody waits to hear of a mistake. */
static bool begin_sources(struct qetl_run *run, int32_t *status)
{
    bool goes = true;
    for (size_t n = 0; goes && n < run->pipeline->n_nodes; n++) {
        if (run->pipeline->nodes[n].kind != QETL_SOURCE)
            continue;
        run->attempt.flows[n].beyond = run->attempt.n_gathered > 0;
        if (!run->attempt.n_gathered)
            goes = one_node(run, n, begin_node, status);
    }
    return goes && qetl_samples_take(run, status);
}

/* All of them, though one is wrong: each mistake is told in one go. */
static int32_t setup_nodes(struct qetl_run *run)
{
    int32_t status = QETL_OK;
    run->attempt.gathering = true;
    bool goes = begin_sources(run, &status);
    for (size_t n = 0; goes && n < run->pipeline->n_nodes; n++) {
        run->attempt.flows[n].beyond = is_behind(run, n);
        if (!run->attempt.flows[n].beyond)
            goes = one_node(run, n, setup_node, &status);
    }
    run->attempt.gathering = false;
    if (run->attempt.n_gathered)
        qetl_run_end(run, QETL_EXIT_CONFIG);
    return status;
}

int32_t qetl_run_setup(struct qetl_run *run)
{
    size_t n_nodes = run->pipeline->n_nodes;
    int32_t status = run->resolving ? QETL_OK : qetl_run_ask_sinks(run);
    if (run->attempt.completes)
        return status ? status : qetl_run_complete(run);
    if (!status)
        status = setup_nodes(run);
    if (!status)
        status = qetl_run_check_objects(run);
    if (!status)
        status = qetl_run_settle_checkpoints(run);
    if (!status)
        status = qetl_run_check_delivery(run);
    if (status)
        return status;
    if (run->options.observer)
        qetl_flow_want_all(run->pipeline, run->attempt.flows);
    status = qetl_flow_decide_forms(run->pipeline, run->attempt.flows);
    if (status == QETL_E_NO_MEMORY)
        return qetl_setup_no_memory(run, &run->pipeline->nodes[0]);
    if (status)
        return qetl_run_fault(run, &run->pipeline->nodes[0], "unsupported",
                              "a sink accepts no form in which a column can be had");
    if (!run->options.observer)
        qetl_flow_decide_late(run->pipeline, run->attempt.flows);
    for (size_t n = 0; !status && n < n_nodes; n++) {
        const struct qetl_node *node = &run->pipeline->nodes[n];
        if (node->kind == QETL_SOURCE)
            status = qetl_open_source(run, node, &run->attempt.flows[n]);
        else if (node->kind == QETL_SINK)
            status = qetl_open_sink(run, node, &run->attempt.flows[n]);
    }
    return status ? status : qetl_sources_note(run);
}
