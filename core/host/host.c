/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include "board.h"
#include "data/dead_letter.h"
#include "expr/expr.h"
#include "instance.h"
#include "poller.h"
#include "ring/bell.h"
#include "ring/parker.h"

#include <stdlib.h>
#include <string.h>

/* A caller's struct may be smaller than ours: what it lacks reads as zero. */
static void copy_sized(void *to, size_t to_size, const void *from, uint32_t from_size)
{
    memset(to, 0, to_size);
    memcpy(to, from, from_size < to_size ? from_size : to_size);
}

static char *copy_text(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* What was told of another option while binding stays; all else gives way to what is told now. */
static void error_make_room(struct qetl_ctx *ctx, const struct qetl_error_info *info)
{
    const struct qetl_error_report *last = &ctx->error;
    bool another = ctx->binding && last->code == QETL_E_CONFIG && info->code == QETL_E_CONFIG &&
                   last->option && info->option && strcmp(last->option, info->option) != 0;
    struct qetl_error_report *earlier = another ? malloc(sizeof *earlier) : NULL;
    if (earlier)
        *earlier = *last;
    else
        qetl_error_report_free(&ctx->error);
    ctx->error = (struct qetl_error_report){.earlier = earlier};
}

static int32_t host_error(struct qetl_ctx *ctx, const struct qetl_error_info *given)
{
    struct qetl_error_info info;
    copy_sized(&info, sizeof info, given, given->struct_size);
    pthread_mutex_lock(&ctx->lock);
    error_make_room(ctx, &info);
    ctx->error.code = info.code;
    ctx->error.message = copy_text(info.message);
    ctx->error.suggestion = copy_text(info.suggestion);
    ctx->error.option = copy_text(info.option);
    ctx->error.vendor_code = copy_text(info.vendor_code);
    ctx->error.retry_after_ms = info.retry_after_ms;
    if (info.text && info.text_begin >= 0 && info.text_begin <= info.text_end &&
        (uint64_t)info.text_end <= strlen(info.text)) {
        ctx->error.text = copy_text(info.text);
        ctx->error.text_begin = info.text_begin;
        ctx->error.text_end = info.text_end;
    }
    pthread_mutex_unlock(&ctx->lock);
    return info.code;
}

static void host_log(struct qetl_ctx *ctx, int32_t level, const char *message)
{
    ctx->env->log(ctx->env->arg, ctx->node->id, level, message);
}

static bool rejected_grow(struct qetl_ctx *ctx)
{
    if (ctx->n_rejected < ctx->rejected_room)
        return true;
    size_t room = ctx->rejected_room ? ctx->rejected_room * 2 : 16;
    struct qetl_rejected *grown = realloc(ctx->rejected, room * sizeof *grown);
    if (!grown)
        return false;
    ctx->rejected = grown;
    ctx->rejected_room = room;
    return true;
}

static void host_reject(struct qetl_ctx *ctx, const struct qetl_reject *given)
{
    struct qetl_reject info;
    copy_sized(&info, sizeof info, given, given->struct_size);
    if (!rejected_grow(ctx)) {
        ctx->reject_failed = true;
        return;
    }
    struct qetl_rejected *r = &ctx->rejected[ctx->n_rejected++];
    *r = (struct qetl_rejected){.row = info.row,
                                .column = info.column,
                                .port = info.port,
                                .bytes_offset = info.bytes_offset,
                                .bytes_cut = info.bytes_cut != 0};
    r->code = copy_text(info.code ? info.code : "rejected");
    r->message = copy_text(info.message ? info.message : "no reason was given");
    if (info.bytes && info.bytes_size >= 0) {
        r->bytes_size = info.bytes_size;
        r->bytes_kept =
            info.bytes_size < QETL_LETTER_BYTES_MAX ? info.bytes_size : QETL_LETTER_BYTES_MAX;
        r->bytes = malloc((size_t)r->bytes_kept + 1);
        if (r->bytes_kept < info.bytes_size)
            qetl_letter_digest(info.bytes, info.bytes_size, r->sha256);
        if (r->bytes)
            memcpy(r->bytes, info.bytes, (size_t)r->bytes_kept);
    }
    if (!r->code || !r->message || (info.bytes && !r->bytes))
        ctx->reject_failed = true;
}

static void host_wake(struct qetl_ctx *ctx)
{
    atomic_fetch_add_explicit(&ctx->wakes, 1, memory_order_release);
    const struct qetl_bell *bell = atomic_load_explicit(&ctx->bell, memory_order_acquire);
    if (bell)
        qetl_bell_ring(bell);
    qetl_parker_notify_all(ctx->env->parker);
}

static int32_t host_cancelled(struct qetl_ctx *ctx)
{
    return atomic_load_explicit(ctx->env->stopping, memory_order_acquire) != 0;
}

static void host_request_epoch(struct qetl_ctx *ctx)
{
    atomic_fetch_add_explicit(ctx->env->epoch_requests, 1, memory_order_relaxed);
    qetl_parker_notify_all(ctx->env->parker);
}

static void *host_buffer_alloc(struct qetl_ctx *ctx, size_t size)
{
    return qetl_pool_alloc(ctx->env->pool, size);
}

static void host_outputs_add(struct qetl_ctx *ctx, const char *uri, int64_t rows, int64_t bytes)
{
    ctx->env->output(ctx->env->arg, uri, rows, bytes);
}

static const struct qetl_outputs host_outputs = {sizeof host_outputs, host_outputs_add};

static int32_t host_poll_watch(struct qetl_ctx *ctx, int fd, uint32_t events)
{
    return qetl_poller_watch(ctx->env->poller, ctx, fd, events);
}

static const struct qetl_poll host_poll = {sizeof host_poll, host_poll_watch};

static int32_t host_run_endless(struct qetl_ctx *ctx)
{
    return ctx->env->endless && ctx->env->endless(ctx->env->arg);
}

static int32_t host_run_resumes(struct qetl_ctx *ctx)
{
    return ctx->env->resumes;
}

static int32_t host_run_checkpoints(struct qetl_ctx *ctx)
{
    return ctx->env->checkpoints;
}

static const char *host_run_owner(struct qetl_ctx *ctx)
{
    if (!ctx->owner && ctx->env->state &&
        asprintf(&ctx->owner, "%s#%s", ctx->env->state, ctx->node->id) < 0)
        ctx->owner = NULL;
    return ctx->owner;
}

static const struct qetl_run_facts host_run = {sizeof host_run, host_run_endless, host_run_resumes,
                                               host_run_checkpoints, host_run_owner};

static const void *host_get_extension(struct qetl_ctx *ctx, const char *id)
{
    if (strcmp(id, QETL_EXT_OPTIONS) == 0)
        return &qetl_host_options;
    if (strcmp(id, QETL_EXT_OUTPUTS) == 0)
        return &host_outputs;
    if (strcmp(id, QETL_EXT_RUN) == 0)
        return &host_run;
    if (strcmp(id, QETL_EXT_POLL) == 0)
        return &host_poll;
    if (strcmp(id, QETL_EXT_EXPR) == 0)
        return qetl_expr_service();
    if (strcmp(id, QETL_EXT_FILES) == 0)
        return &qetl_host_files;
    if (strcmp(id, QETL_EXT_BOARD) == 0)
        return ctx->env->notes ? &qetl_host_board : NULL;
    return NULL;
}

const struct qetl_host qetl_host_table = {
    .struct_size = sizeof(struct qetl_host),
    .abi = QETL_ABI_VERSION,
    .error = host_error,
    .log = host_log,
    .reject = host_reject,
    .wake = host_wake,
    .cancelled = host_cancelled,
    .request_epoch = host_request_epoch,
    .buffer_alloc = host_buffer_alloc,
    .buffer_retain = qetl_buffer_retain,
    .buffer_free = qetl_buffer_free,
    .get_extension = host_get_extension,
};

const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx)
{
    (void)ctx;
    return &qetl_host_table;
}

struct qetl_expr_session qetl_ctx_expr_session(struct qetl_ctx *ctx)
{
    return (struct qetl_expr_session){ctx->env->timezone, ctx->env->now_us};
}
