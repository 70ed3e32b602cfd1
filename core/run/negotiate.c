/* SPDX-License-Identifier: Apache-2.0 */
/* What a source of batches may leave out: columns that nobody downstream takes. */
#include "increment/increment.h"
#include "op_source.h"
#include "run_internal.h"

#include <stdlib.h>

/* Of incremental loading, which looks at every row again whatever the source answers. */
static char *predicate_of(const struct qetl_run *run, const struct qetl_node *node)
{
    const struct qetl_node *next = node + 1;
    return node->incremental ? qetl_increment_predicate(
                                   run->attempt.flows[next - run->pipeline->nodes].instance->self)
                             : NULL;
}

static int32_t ask(struct qetl_run *run, const struct qetl_node *node, struct qetl_node_flow *flow,
                   const int64_t *columns)
{
    int32_t columns_answer = QETL_PUSH_NO, limit_answer = QETL_PUSH_NO;
    int32_t predicate_answer = QETL_PUSH_NO;
    char *predicate = predicate_of(run, node);
    const char *const predicates[] = {predicate};
    struct qetl_pushdown request = {
        .struct_size = sizeof request,
        .n_columns = flow->n_wants,
        .columns = columns,
        .columns_answer = &columns_answer,
        .n_predicates = predicate != NULL,
        .predicates = predicates,
        .predicates_answer = &predicate_answer,
        .limit = -1,
        .limit_answer = &limit_answer,
    };
    int32_t status = flow->component->source->negotiate(flow->instance->self, &request);
    free(predicate);
    if (status < 0)
        return qetl_run_fail(run, node, flow->instance, "negotiate", status);
    flow->narrowed = columns_answer == QETL_PUSH_EXACT;
    return QETL_OK;
}

int32_t qetl_source_negotiate(struct qetl_run *run, const struct qetl_node *node,
                              struct qetl_node_flow *flow)
{
    if (!flow->component->source->negotiate)
        return QETL_OK;
    int64_t *columns = calloc((size_t)flow->n_wants + 1, sizeof *columns);
    if (!columns)
        return qetl_run_fault(run, node, "out_of_memory", "no memory to set the component up");
    for (int64_t w = 0; w < flow->n_wants; w++)
        columns[w] = flow->wants[w].column;
    int32_t status = ask(run, node, flow, columns);
    free(columns);
    return status;
}
