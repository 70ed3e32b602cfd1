/* SPDX-License-Identifier: Apache-2.0 */
/* How a source begins: it is told first what it may leave out. Of what comes as bytes no column is
 * known before, so that there is incremental loading alone to tell of, by what the last run left.
 */
#include "host/host.h"
#include "increment/increment.h"
#include "op_source.h"
#include "readers.h"
#include "run_internal.h"

#include <stdlib.h>

static char *condition(const struct qetl_run *run, const struct qetl_node *node,
                       const struct qetl_node_flow *flow)
{
    const struct qetl_entry *mark = qetl_record_find(&run->attempt.recovered, QETL_ENTRY_WATERMARK,
                                                     node->id, QETL_WATERMARK_VALUE);
    const struct qetl_env env = {&qetl_host_table, flow->instance};
    return mark ? qetl_increment_since(env, node->incremental,
                                       &(struct qetl_blob){mark->data, mark->size})
                : NULL;
}

/* Whatever it answers, its rows are judged again. */
static int32_t tell(struct qetl_run *run, const struct qetl_node *node, struct qetl_node_flow *flow)
{
    int32_t columns_answer = QETL_PUSH_NO, limit_answer = QETL_PUSH_NO, answer = QETL_PUSH_NO;
    char *predicate = condition(run, node, flow);
    const char *const predicates[] = {predicate};
    struct qetl_pushdown request = {
        .struct_size = sizeof request,
        .n_columns = -1,
        .columns_answer = &columns_answer,
        .n_predicates = predicate != NULL,
        .predicates = predicates,
        .predicates_answer = &answer,
        .limit = -1,
        .limit_answer = &limit_answer,
    };
    int32_t status = flow->component->source->negotiate(flow->instance->self, &request);
    free(predicate);
    return status < 0 ? qetl_run_fail(run, node, flow->instance, "negotiate", status) : QETL_OK;
}

int32_t qetl_source_begin(struct qetl_op *op, struct qetl_node_flow *flow)
{
    bool tells = flow->component->source->negotiate && op->node->incremental;
    int32_t status = QETL_OK;
    if (!flow->bytes)
        status = qetl_source_negotiate(op->run, op->node, flow);
    else if (tells)
        status = tell(op->run, op->node, flow);
    if (!status)
        status = qetl_source_open(op);
    return status || flow->bytes ? status : qetl_readers_make(op, flow);
}
