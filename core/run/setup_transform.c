/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up of a transform: it is bound to the columns of its inputs. */
#include "setup.h"

#include <stdlib.h>
#include <string.h>

/* A column keeps its spelling if, from whichever input, it is the same decoder's untouched column.
 */
static const char *lexical_of(struct qetl_run *run, const struct qetl_node *node,
                              const struct qetl_binding *binding,
                              const struct qetl_out_column *column)
{
    const char *lexical = NULL;
    for (uint32_t i = 0; column->derived < 0 && i < binding->n_in; i++) {
        const struct qetl_port_flow *in =
            qetl_flow_input(run->attempt.flows, run->pipeline, &node->inputs[i]);
        if (column->from[i] < 0)
            continue;
        const char *from = in->columns[column->from[i]].lexical;
        if (!from || (lexical && strcmp(lexical, from) != 0))
            return NULL;
        lexical = from;
    }
    return lexical;
}

/* Only what a decoder spelled, and nobody changed since, can be read as text. */
static int32_t check_reads(struct qetl_run *run, const struct qetl_node *node,
                           const struct qetl_binding *binding)
{
    for (uint32_t i = 0; i < binding->n_in; i++) {
        const struct qetl_port_flow *in =
            qetl_flow_input(run->attempt.flows, run->pipeline, &node->inputs[i]);
        for (int64_t r = 0; r < binding->in[i].n_reads; r++)
            if (binding->in[i].reads[r].form != QETL_FORM_VALUE &&
                !in->columns[binding->in[i].reads[r].column].lexical)
                return qetl_run_fault(run, node, "unsupported",
                                      "it reads a column as text that has a value only");
    }
    return QETL_OK;
}

int32_t qetl_setup_transform(struct qetl_run *run, const struct qetl_node *node,
                             struct qetl_node_flow *flow)
{
    const struct ArrowSchema **inputs = calloc(node->n_inputs + 1, sizeof *inputs);
    uint32_t n_out = node->n_outputs ? (uint32_t)node->n_outputs : 1;
    int32_t status =
        inputs ? qetl_setup_ports(run, node, flow, n_out) : qetl_setup_no_memory(run, node);
    for (size_t i = 0; !status && i < node->n_inputs; i++)
        inputs[i] = qetl_flow_input(run->attempt.flows, run->pipeline, &node->inputs[i])->schema;
    if (!status) {
        status = qetl_bind(flow->instance, (uint32_t)node->n_inputs, inputs, n_out, &flow->binding);
        if (status < 0)
            qetl_run_fail(run, node, flow->instance, "bind", status);
    }
    if (!status)
        status = check_reads(run, node, &flow->binding);
    for (uint32_t p = 0; !status && p < n_out; p++) {
        const struct qetl_out_binding *out = &flow->binding.out[p];
        status = qetl_setup_port(run, node, &flow->ports[p], &out->schema);
        for (int64_t c = 0; !status && c < out->n_columns; c++)
            flow->ports[p].columns[c].lexical =
                lexical_of(run, node, &flow->binding, &out->columns[c]);
    }
    free(inputs);
    return !status && node->own ? qetl_run_increment(run, node, flow) : status;
}
