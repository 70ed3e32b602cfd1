/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a filter drops need not be decoded first: columns that it does not read are fetched behind
 * it, for the rows that it leaves. That is possible where the filter alone reads what is decoded,
 * and stands in the decoder's own stage.
 */
#include "flow.h"

#include <stddef.h>
#include <string.h>

bool qetl_flow_is_stateless(const struct qetl_node *node, const struct qetl_node_flow *flow)
{
    if (node->n_inputs != 1 || flow->binding.distribution != QETL_DISTRIBUTION_ANY)
        return false;
    for (uint32_t p = 0; p < flow->binding.n_out; p++)
        if (flow->binding.out[p].rows == QETL_ROWS_STATEFUL)
            return false;
    return true;
}

static bool reads(const struct qetl_node *node, size_t source)
{
    for (size_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i].component == source)
            return true;
    return false;
}

/* The one reader of a source, if it is a filter; or NULL. */
static const struct qetl_node_flow *filter_behind(const struct qetl_pipeline *pipeline,
                                                  const struct qetl_node_flow *flows, size_t source)
{
    const struct qetl_node_flow *found = NULL;
    for (size_t n = 0; n < pipeline->n_nodes; n++) {
        const struct qetl_node *node = &pipeline->nodes[n];
        if (!reads(node, source))
            continue;
        if (found || node->kind != QETL_TRANSFORM || !qetl_flow_is_stateless(node, &flows[n]))
            return NULL;
        found = &flows[n];
    }
    for (uint32_t p = 0; found && p < found->binding.n_out; p++)
        if (found->binding.out[p].rows != QETL_ROWS_SUBSET)
            return NULL;
    return found;
}

/* It is carried past the filter, and once its rows are known, nothing can fail any more: values are
 * made of cells by decode alone. A column waits in all its forms, or in none. */
static bool can_wait(const struct qetl_node_flow *flow, int64_t column,
                     const struct qetl_in_binding *read)
{
    const struct qetl_port_flow *port = &flow->ports[0];
    for (int64_t r = 0; r < read->n_reads; r++)
        if (read->reads[r].column == column)
            return false;
    return !(port->columns[column].wanted & QETL_FORM_VALUE) ||
           strcmp(port->schema->children[column]->format, "vu") == 0;
}

/* Marks those that can wait, and moves them behind the others. */
static void wants_part(struct qetl_node_flow *flow, const struct qetl_in_binding *read)
{
    int64_t n_early = 0;
    for (int64_t i = 0; i < flow->n_wants; i++) {
        struct qetl_want want = flow->wants[i];
        if (can_wait(flow, want.column, read)) {
            flow->wants[i].flags = QETL_WANT_LATE;
            continue;
        }
        memmove(&flow->wants[n_early + 1], &flow->wants[n_early],
                (size_t)(i - n_early) * sizeof want);
        flow->wants[n_early++] = want;
    }
    flow->n_late = flow->n_wants - n_early;
}

static bool decodes_late(const struct qetl_format *format)
{
    return format->struct_size >= offsetof(struct qetl_format, decode_late) + sizeof(void *) &&
           format->decode_late;
}

void qetl_flow_decide_late(const struct qetl_pipeline *pipeline, struct qetl_node_flow *flows)
{
    for (size_t n = 0; n < pipeline->n_nodes; n++) {
        struct qetl_node_flow *flow = &flows[n];
        if (pipeline->nodes[n].kind != QETL_SOURCE || !flow->bytes || !flow->format ||
            !decodes_late(flow->format->format))
            continue;
        const struct qetl_node_flow *filter = filter_behind(pipeline, flows, n);
        if (filter)
            wants_part(flow, &filter->binding.in[0]);
    }
}
