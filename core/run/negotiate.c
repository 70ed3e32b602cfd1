/* SPDX-License-Identifier: Apache-2.0 */
/* What a source of batches may leave out: columns that nobody downstream takes, and rows that
 * those behind it would filter. Whatever it does not answer EXACT to is done again. */
#include "op_source.h"
#include "pushdown.h"

#include <stdlib.h>
#include <string.h>

void qetl_asked_free(struct qetl_asked *asked)
{
    if (!asked)
        return;
    qetl_needed_free(&asked->needed);
    free(asked->columns);
    free(asked->answers);
    free(asked);
}

/* False: no memory. */
static bool asked_make(struct qetl_run *run, const struct qetl_node *node,
                       struct qetl_node_flow *flow)
{
    struct qetl_asked *asked = flow->asked = calloc(1, sizeof *asked);
    if (!asked || qetl_needed_gather(run, node, &asked->needed))
        return false;
    asked->columns = calloc((size_t)flow->n_wants + 1, sizeof *asked->columns);
    asked->answers = calloc(asked->needed.n_predicates + 2, sizeof *asked->answers);
    for (int64_t w = 0; asked->columns && w < flow->n_wants; w++)
        asked->columns[w] = flow->wants[w].column;
    return asked->columns && asked->answers;
}

/* answers: one a predicate; then those to columns and limit. */
static int32_t ask(struct qetl_run *run, const struct qetl_node *node,
                   const struct qetl_node_flow *flow, struct qetl_ctx *instance, int32_t *answers)
{
    const struct qetl_needed *needed = &flow->asked->needed;
    struct qetl_pushdown request = {
        .struct_size = sizeof request,
        .n_columns = flow->n_wants,
        .columns = flow->asked->columns,
        .columns_answer = &answers[needed->n_predicates],
        .n_predicates = (int64_t)needed->n_predicates,
        .predicates = (const char *const *)needed->predicates,
        .predicates_answer = answers,
        .limit = needed->limit,
        .limit_answer = &answers[needed->n_predicates + 1],
    };
    for (size_t i = 0; i < needed->n_predicates + 2; i++)
        answers[i] = QETL_PUSH_NO;
    int32_t status = flow->component->source->negotiate(instance->self, &request);
    return status < 0 ? qetl_run_fail(run, node, instance, "negotiate", status) : QETL_OK;
}

static int32_t no_memory(struct qetl_run *run, const struct qetl_node *node)
{
    return qetl_run_fault(run, node, "out_of_memory", "no memory to set the component up");
}

int32_t qetl_source_negotiate(struct qetl_run *run, const struct qetl_node *node,
                              struct qetl_node_flow *flow)
{
    flow->limited = -1;
    if (!flow->component->source->negotiate)
        return QETL_OK;
    if (!asked_make(run, node, flow))
        return no_memory(run, node);
    const struct qetl_needed *needed = &flow->asked->needed;
    const int32_t *answers = flow->asked->answers;
    int32_t status = ask(run, node, flow, flow->instance, flow->asked->answers);
    if (status)
        return status;
    flow->narrowed = answers[needed->n_predicates] == QETL_PUSH_EXACT;
    flow->limited = answers[needed->n_predicates + 1] == QETL_PUSH_EXACT ? needed->limit : -1;
    qetl_needed_settle(run, needed, answers);
    return QETL_OK;
}

int32_t qetl_source_negotiate_again(struct qetl_run *run, const struct qetl_node *node,
                                    const struct qetl_node_flow *flow, struct qetl_ctx *instance)
{
    if (!flow->asked)
        return QETL_OK;
    size_t n = flow->asked->needed.n_predicates + 2;
    int32_t *answers = calloc(n, sizeof *answers);
    if (!answers)
        return no_memory(run, node);
    int32_t status = ask(run, node, flow, instance, answers);
    if (!status && memcmp(answers, flow->asked->answers, n * sizeof *answers) != 0)
        status = qetl_run_fault(run, node, "negotiate",
                                "one instance of it answers otherwise than another to what it may "
                                "leave out");
    free(answers);
    return status;
}
