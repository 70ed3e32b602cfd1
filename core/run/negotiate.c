/* SPDX-License-Identifier: Apache-2.0 */
/* What a source of batches may leave out: columns that nobody downstream takes, and rows that
 * those behind it would filter. Whatever it does not answer EXACT to is done again. */
#include "op_source.h"
#include "pushdown.h"

#include <stdlib.h>

static int32_t no_memory(struct qetl_run *run, const struct qetl_node *node)
{
    return qetl_run_fault(run, node, "out_of_memory", "no memory to set the component up");
}

static int32_t ask(struct qetl_run *run, const struct qetl_node *node, struct qetl_node_flow *flow,
                   const int64_t *columns, const struct qetl_needed *needed, int32_t *answers)
{
    int32_t columns_answer = QETL_PUSH_NO, limit_answer = QETL_PUSH_NO;
    struct qetl_pushdown request = {
        .struct_size = sizeof request,
        .n_columns = flow->n_wants,
        .columns = columns,
        .columns_answer = &columns_answer,
        .n_predicates = (int64_t)needed->n_predicates,
        .predicates = (const char *const *)needed->predicates,
        .predicates_answer = answers,
        .limit = needed->limit,
        .limit_answer = &limit_answer,
    };
    int32_t status = flow->component->source->negotiate(flow->instance->self, &request);
    if (status < 0)
        return qetl_run_fail(run, node, flow->instance, "negotiate", status);
    flow->narrowed = columns_answer == QETL_PUSH_EXACT;
    flow->limited = limit_answer == QETL_PUSH_EXACT ? needed->limit : -1;
    qetl_needed_settle(run, needed, answers);
    return QETL_OK;
}

int32_t qetl_source_negotiate(struct qetl_run *run, const struct qetl_node *node,
                              struct qetl_node_flow *flow)
{
    struct qetl_needed needed;
    flow->limited = -1;
    if (!flow->component->source->negotiate)
        return QETL_OK;
    if (qetl_needed_gather(run, node, &needed)) {
        qetl_needed_free(&needed);
        return no_memory(run, node);
    }
    int64_t *columns = calloc((size_t)flow->n_wants + 1, sizeof *columns);
    int32_t *answers = calloc(needed.n_predicates + 1, sizeof *answers);
    for (int64_t w = 0; columns && w < flow->n_wants; w++)
        columns[w] = flow->wants[w].column;
    int32_t status =
        columns && answers ? ask(run, node, flow, columns, &needed, answers) : no_memory(run, node);
    free(columns);
    free(answers);
    qetl_needed_free(&needed);
    return status;
}
