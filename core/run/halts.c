/* SPDX-License-Identifier: Apache-2.0 */
/* Which runs can be resumed half-way: of the others, only the last epoch is decided. */
#include "describe.h"
#include "op_source.h"
#include "run_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { PORTS_MOST = 64 /* that fit into what is noted of a transform's ends */ };

static bool is_stateful(const struct qetl_node_flow *flow)
{
    for (uint32_t p = 0; p < flow->binding.n_out; p++)
        if (flow->binding.out[p].rows == QETL_ROWS_STATEFUL)
            return true;
    return false;
}

static const char *reason_of(const struct qetl_node *node, const struct qetl_node_flow *flow)
{
    switch (node->kind) {
    case QETL_SOURCE:
        return flow->source.delivery == QETL_LOSSY ? "what it reads cannot be read again" : NULL;
    case QETL_TRANSFORM:
        if (is_stateful(flow) && !flow->component->save)
            return "what it keeps of its rows cannot be saved";
        return node->n_inputs > PORTS_MOST ? "it has more than 64 inputs" : NULL;
    default:
        if (flow->commit == QETL_COMMIT_TWO_PHASE && !flow->component->save)
            return "what it has staged cannot be gone on with";
        if (flow->wholes_by_epoch)
            return NULL;
        if (flow->wholes_most)
            return "its format writes whole objects, and several at a time";
        return flow->bytes && flow->closed_format && !flow->format->save
                   ? "its format writes one whole, which cannot be left half-way"
                   : NULL;
    }
}

/* The first component that cannot stop half-way. */
static int32_t look(struct qetl_run *run)
{
    for (size_t n = 0; !run->attempt.halts && n < run->pipeline->n_nodes; n++) {
        const struct qetl_node *node = &run->pipeline->nodes[n];
        const char *reason = reason_of(node, &run->attempt.flows[n]);
        if (!reason)
            continue;
        run->attempt.halts = calloc(1, sizeof *run->attempt.halts);
        if (!run->attempt.halts)
            return qetl_run_fault(run, node, "out_of_memory", "no memory to set the run up");
        run->attempt.halts->node = node;
        snprintf(run->attempt.halts->why, sizeof run->attempt.halts->why, "%s", reason);
    }
    return QETL_OK;
}

const struct qetl_node *qetl_run_halts_at(const struct qetl_run *run, const char **why)
{
    *why = run->attempt.halts ? run->attempt.halts->why : NULL;
    return run->attempt.halts ? run->attempt.halts->node : NULL;
}

/* Without a state on disk epochs are of use only where rows are let go, or shown by who decides
 * alone, before the end; what others show is not taken back then. */
static bool is_wanted(const struct qetl_run *run)
{
    bool endless = false, acknowledges = false, decides = false;
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        const struct qetl_node_flow *flow = &run->attempt.flows[n];
        bool sink = run->pipeline->nodes[n].kind == QETL_SINK;
        endless |= flow->source.endless != 0;
        acknowledges |= flow->source.delivery == QETL_ACKABLE;
        decides |= sink && flow->commit == QETL_COMMIT_ONE_PHASE;
    }
    bool wanted = run->store || acknowledges || (endless && decides);
    return wanted && run->options.barrier_ms > 0;
}

/* Who is interrupted in reading without end goes on there the next time; but a transform that has
 * given out what it had is at its end. */
bool qetl_run_goes_on(const struct qetl_run *run)
{
    bool endless = false, at_end = false;
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        endless |= run->attempt.flows[n].source.endless != 0;
        at_end |= is_stateful(&run->attempt.flows[n]);
    }
    return run->store && run->env.checkpoints && endless && !at_end &&
           atomic_load_explicit(&((struct qetl_run *)run)->draining, memory_order_relaxed);
}

int32_t qetl_run_settle_checkpoints(struct qetl_run *run)
{
    int32_t status = look(run);
    run->env.checkpoints = !run->attempt.halts && is_wanted(run);
    return status;
}
