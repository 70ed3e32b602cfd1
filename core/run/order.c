/* SPDX-License-Identifier: Apache-2.0 */
/* Who wants the rows of a source in its order, so that one instance had better read them all. */
#include "run_internal.h"

#include <qetl/batches.h>
#include <qetl/needs.h>
#include <stdlib.h>

static bool wishes(const struct qetl_node_flow *sink)
{
    const struct qetl_component *component = sink->component;
    const struct qetl_batches *wish =
        component->get_extension ? component->get_extension(sink->instance->self, QETL_EXT_BATCHES)
                                 : NULL;
    return wish && wish->flags & QETL_BATCHES_IN_ORDER;
}

/* What gathers rows gives them an order of its own; of what says which rows it needs, nobody knows
 * how few it leaves, so that reading may be what takes time. */
static bool keeps(const struct qetl_node_flow *transform)
{
    const struct qetl_component *component = transform->component;
    for (uint32_t p = 0; p < transform->binding.n_out; p++)
        if (transform->binding.out[p].rows == QETL_ROWS_STATEFUL)
            return false;
    return !component->get_extension ||
           !component->get_extension(transform->instance->self, QETL_EXT_NEEDS);
}

const struct qetl_node *qetl_order_wanted(const struct qetl_run *run,
                                          const struct qetl_node *source)
{
    const struct qetl_pipeline *pipeline = run->pipeline;
    const struct qetl_node *found = NULL;
    bool *ordered = calloc(pipeline->n_nodes, sizeof *ordered);
    for (size_t n = 0; ordered && !found && n < pipeline->n_nodes; n++) { /* sources first */
        const struct qetl_node *node = &pipeline->nodes[n];
        const struct qetl_node_flow *flow = &run->attempt.flows[n];
        ordered[n] = node == source;
        for (size_t i = 0; i < node->n_inputs; i++)
            ordered[n] |= ordered[node->inputs[i].component];
        if (node->kind == QETL_TRANSFORM)
            ordered[n] = ordered[n] && keeps(flow);
        else if (node->kind == QETL_SINK && ordered[n] && wishes(flow))
            found = node;
    }
    free(ordered);
    return found;
}
