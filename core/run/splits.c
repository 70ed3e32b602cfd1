/* SPDX-License-Identifier: Apache-2.0 */
/* What a source's rows are divided into, and which of it each of its readers opens, in turn. */
#include "checkpoint.h"
#include "host/call.h"
#include "op_source.h"
#include "readers.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

enum { SPLITS_WANTED = 64 };

void qetl_splits_drop(struct qetl_source_state *state)
{
    while (state->n_splits)
        free((void *)state->splits[--state->n_splits].data);
}

int32_t qetl_splits_add(void *stream, const void *data, size_t size)
{
    struct qetl_source_state *state = stream;
    struct qetl_blob *splits = realloc(state->splits, (state->n_splits + 1) * sizeof *splits);
    if (!splits)
        return QETL_E_NO_MEMORY;
    state->splits = splits;
    void *copy = malloc(size + 1);
    if (!copy)
        return QETL_E_NO_MEMORY;
    if (size)
        memcpy(copy, data, size);
    splits[state->n_splits++] = (struct qetl_blob){copy, size};
    return QETL_OK;
}

bool qetl_source_has_split(const struct qetl_source_state *state)
{
    return state->next_split < state->n_splits;
}

int32_t qetl_source_open_next(struct qetl_op *op)
{
    struct qetl_source_state *state = op->state;
    struct qetl_ctx *ctx = op->instance;
    const struct qetl_blob *split = &state->splits[state->next_split];
    struct qetl_retry retry = {0};
    int32_t status;
    do {
        qetl_call_enter(ctx, "open");
        status = ctx->component->source->open(ctx->self, *split, NULL);
        qetl_call_leave();
    } while (qetl_run_again(op->run, ctx, &retry, "open", status));
    state->split = (uint32_t)state->next_split;
    state->next_split += state->n_readers;
    return status < 0 ? qetl_op_fail(op, "open", status) : qetl_source_keep_start(op);
}

static int32_t no_memory(struct qetl_op *op)
{
    return qetl_op_fault(op, "out_of_memory", "no memory to set the source up");
}

static const struct qetl_remembered *remembered(const struct qetl_op *op)
{
    return &op->run->attempt.remembered[op->node - op->run->pipeline->nodes];
}

/* As another process has planned them. */
static int32_t plan_again(struct qetl_op *op)
{
    struct qetl_source_state *state = op->state;
    const struct qetl_remembered *was = remembered(op);
    state->n_readers = was->n_stands;
    for (size_t i = 0; i < was->n_splits; i++)
        if (qetl_splits_add(state, was->splits[i].data, was->splits[i].size))
            return no_memory(op);
    return QETL_OK;
}

static int32_t plan(struct qetl_op *op)
{
    struct qetl_source_state *state = op->state;
    struct qetl_ctx *ctx = op->instance;
    const struct qetl_source *source = ctx->component->source;
    struct qetl_writer writer = {state, qetl_splits_add};
    struct qetl_retry retry = {0};
    int64_t wanted = qetl_readers_may(op) ? SPLITS_WANTED : 1;
    int32_t status;
    do {
        qetl_splits_drop(state); /* of an attempt that failed */
        qetl_call_enter(ctx, "plan_splits");
        status = source->plan_splits ? source->plan_splits(ctx->self, wanted, &writer)
                                     : qetl_splits_add(state, "", 0);
        qetl_call_leave();
    } while (qetl_run_again(op->run, ctx, &retry, "plan_splits", status));
    return status < 0 ? qetl_op_fail(op, "plan_splits", status)
                      : qetl_readers_ask(op, wanted, &state->n_readers);
}

int32_t qetl_source_open(struct qetl_op *op)
{
    int32_t status = op->run->attempt.resumes ? plan_again(op) : plan(op);
    return status ? status : qetl_source_open_share(op);
}

int32_t qetl_source_open_share(struct qetl_op *op)
{
    struct qetl_source_state *state = op->state;
    state->next_split = op->reader;
    if (op->run->attempt.resumes)
        return qetl_source_go_on(op, remembered(op)->stands[op->reader]);
    if (qetl_source_has_split(state))
        return qetl_source_open_next(op);
    state->exhausted = true;
    return QETL_OK;
}
