/* SPDX-License-Identifier: Apache-2.0 */
/* Incremental loading begins where the last run of the pipeline said, or goes on with a run that
 * was cut short. */
#include "increment/increment.h"

#include "checkpoint.h"
#include "recover.h"
#include "run_internal.h"

#include <stdlib.h>

static int32_t begin(struct qetl_run *run, const struct qetl_node *node,
                     struct qetl_node_flow *flow)
{
    const struct qetl_record *record = &run->attempt.recovered;
    const char *source = run->pipeline->nodes[node->inputs[0].component].id;
    const struct qetl_entry *mark =
        qetl_record_find(record, QETL_ENTRY_WATERMARK, source, QETL_WATERMARK_VALUE);
    const struct qetl_entry *state =
        qetl_record_find(record, QETL_ENTRY_STATE, node->id, QETL_PART_WHOLE);
    struct qetl_blob saved;
    if (!mark)
        return QETL_OK;
    bool is = state && qetl_state_saved(state->data, state->size, &saved);
    int32_t status = qetl_increment_begin(
        flow->instance->self, &(struct qetl_blob){mark->data, mark->size}, is ? &saved : NULL);
    return status < 0 ? qetl_run_fail(run, node, flow->instance, "begin", status) : QETL_OK;
}

int32_t qetl_run_increment(struct qetl_run *run, const struct qetl_node *node,
                           struct qetl_node_flow *flow)
{
    int32_t status = run->attempt.resumes
                         ? qetl_ctx_restore(run, node, flow->instance, QETL_PART_WHOLE)
                         : begin(run, node, flow);
    char *says = status ? NULL : qetl_increment_says(flow->instance->self);
    if (says && run->env.log && run->store)
        run->env.log(run->env.arg, node->id, QETL_LOG_INFO, says);
    else if (says && run->env.log && !run->resolving && !run->options.observer)
        run->env.log(run->env.arg, node->id, QETL_LOG_WARN,
                     "no state is kept: each run loads everything");
    free(says);
    return status;
}
