/* SPDX-License-Identifier: Apache-2.0 */
#include "instance.h"

#include "call.h"
#include "culprit.h"
#include "host.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qetl_ctx *qetl_instance_new(const struct qetl_instance_env *env,
                                   const struct qetl_node *node, const struct qetl_plugin_use *use,
                                   const struct qetl_component *component)
{
    struct qetl_ctx *ctx = calloc(1, sizeof *ctx);
    if (!ctx)
        return NULL;
    pthread_mutex_init(&ctx->lock, NULL);
    ctx->env = env;
    ctx->node = node;
    ctx->use = use;
    ctx->component = component;
    ctx->options = use->options;
    ctx->timed = node->limits.call_timeout_ns > 0;
    ctx->self = calloc(1, component->state_size ? component->state_size : 1);
    ctx->config = json_dumps(use->options, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    qetl_culprit_add(ctx);
    if (ctx->self && ctx->config)
        return ctx;
    qetl_instance_free(ctx);
    return NULL;
}

/* It may come while its thread is in another call. */
static void interrupt(struct qetl_ctx *ctx)
{
    struct qetl_call_note before = qetl_call_note;
    qetl_call_note = (struct qetl_call_note){ctx, "interrupt"};
    if (ctx->component->interrupt)
        ctx->component->interrupt(ctx->self);
    qetl_call_note = before;
}

int32_t qetl_instance_create(struct qetl_ctx *ctx)
{
    assert(!ctx->created);
    ctx->created = true;
    if (!ctx->component->create) {
        atomic_store(&ctx->life, QETL_LIFE_MADE);
        return QETL_OK;
    }
    qetl_call_enter(ctx, "create");
    int32_t status = ctx->component->create(ctx->self, &qetl_host_table, ctx, ctx->config);
    qetl_call_leave();
    int making = QETL_LIFE_MAKING;
    if (!status && !atomic_compare_exchange_strong(&ctx->life, &making, QETL_LIFE_MADE))
        interrupt(ctx); /* asked for while there was nothing to interrupt yet */
    return status;
}

int32_t qetl_instance_start(struct qetl_ctx *ctx)
{
    qetl_call_enter(ctx, "start");
    int32_t status = ctx->component->start ? ctx->component->start(ctx->self) : QETL_OK;
    qetl_call_leave();
    ctx->started = status == QETL_OK;
    return status;
}

int32_t qetl_instance_stop(struct qetl_ctx *ctx)
{
    if (!ctx->started)
        return QETL_OK;
    ctx->started = false;
    qetl_call_enter(ctx, "stop");
    int32_t status = ctx->component->stop ? ctx->component->stop(ctx->self) : QETL_OK;
    qetl_call_leave();
    return status;
}

void qetl_instance_interrupt(struct qetl_ctx *ctx)
{
    int making = QETL_LIFE_MAKING;
    if (atomic_compare_exchange_strong(&ctx->life, &making, QETL_LIFE_INTERRUPTED))
        return;
    if (making == QETL_LIFE_MADE)
        interrupt(ctx);
}

void qetl_instance_free(struct qetl_ctx *ctx)
{
    if (!ctx)
        return;
    qetl_call_enter(ctx, "destroy");
    if (ctx->created && ctx->component->destroy)
        ctx->component->destroy(ctx->self);
    qetl_call_leave();
    qetl_culprit_remove(ctx);
    qetl_instance_drop_rejected(ctx);
    free(ctx->rejected);
    qetl_error_report_free(&ctx->error);
    pthread_mutex_destroy(&ctx->lock);
    free(ctx->self);
    free(ctx->config);
    free(ctx->owner);
    free(ctx);
}

void qetl_instance_forget_rejected(struct qetl_ctx *ctx, size_t from)
{
    for (; ctx->n_rejected > from; ctx->n_rejected--) {
        struct qetl_rejected *last = &ctx->rejected[ctx->n_rejected - 1];
        free(last->code);
        free(last->message);
        free(last->bytes);
    }
}

void qetl_instance_drop_rejected(struct qetl_ctx *ctx)
{
    qetl_instance_forget_rejected(ctx, 0);
}

struct qetl_error_report qetl_instance_take_error(struct qetl_ctx *ctx)
{
    pthread_mutex_lock(&ctx->lock);
    struct qetl_error_report error = ctx->error;
    memset(&ctx->error, 0, sizeof ctx->error);
    pthread_mutex_unlock(&ctx->lock);
    return error;
}

void qetl_instance_give_error(struct qetl_ctx *ctx, struct qetl_error_report *error)
{
    pthread_mutex_lock(&ctx->lock);
    qetl_error_report_free(&ctx->error);
    ctx->error = *error;
    memset(error, 0, sizeof *error);
    pthread_mutex_unlock(&ctx->lock);
}

void qetl_instance_amend_error(struct qetl_ctx *ctx, const char *more, const char *mend)
{
    char *text = NULL;
    pthread_mutex_lock(&ctx->lock);
    struct qetl_error_report *error = &ctx->error;
    if (asprintf(&text, "%s (%s)", error->message ? error->message : "it gave no reason", more) < 0)
        text = NULL;
    if (text) {
        free(error->message);
        error->message = text;
    }
    if (mend && !error->suggestion)
        error->suggestion = strdup(mend);
    pthread_mutex_unlock(&ctx->lock);
}

void qetl_error_report_free(struct qetl_error_report *error)
{
    free(error->message);
    free(error->suggestion);
    free(error->option);
    free(error->vendor_code);
    free(error->text);
    struct qetl_error_report *earlier = error->earlier;
    memset(error, 0, sizeof *error);
    while (earlier) {
        struct qetl_error_report *next = earlier->earlier;
        earlier->earlier = NULL;
        qetl_error_report_free(earlier);
        free(earlier);
        earlier = next;
    }
}

struct qetl_env qetl_instance_sdk_env(struct qetl_ctx *ctx)
{
    return (struct qetl_env){&qetl_host_table, ctx};
}
