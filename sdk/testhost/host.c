/* SPDX-License-Identifier: Apache-2.0 */
/* What the test host offers to the plugin: errors, logs, rejected rows, wakes and buffers. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WAIT_S = 5, BUFFER_HEAD = 64 };

static struct qetl_rig *test_of(struct qetl_ctx *ctx)
{
    return (struct qetl_rig *)ctx;
}

static const char *status_word(int32_t code)
{
    static const char *const words[] = {"OK",        "FATAL",       "CONFIG",     "DATA",
                                        "AUTH",      "ENVIRONMENT", "RETRY_CALL", "RETRY_EPOCH",
                                        "THROTTLED", "CANCELLED",   "NO_MEMORY",  "UNSUPPORTED",
                                        "CLOSED",    "FENCED",      "IN_DOUBT",   "ROW"};
    return code <= 0 && code >= QETL_E_ROW ? words[-code] : "?";
}

static int32_t host_error(struct qetl_ctx *ctx, const struct qetl_error_info *info)
{
    struct qetl_rig *t = test_of(ctx);
    pthread_mutex_lock(&t->lock);
    text_print(&t->errors, "%s", status_word(info->code));
    if (info->option)
        text_print(&t->errors, " (%s)", info->option);
    text_print(&t->errors, ": %s", info->message ? info->message : "");
    if (info->suggestion)
        text_print(&t->errors, " - %s", info->suggestion);
    text_put(&t->errors, "\n", 1);
    pthread_mutex_unlock(&t->lock);
    return info->code;
}

int32_t test_fail(struct qetl_rig *t, int32_t code, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    struct qetl_error_info info = {.struct_size = sizeof info, .code = code, .message = line};
    return host_error((struct qetl_ctx *)t, &info);
}

int32_t test_broken(struct qetl_rig *t, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fprintf(stderr, "the plugin breaks a rule: %s\n", line);
    t->failed++;
    return test_fail(t, QETL_E_FATAL, "%s", line);
}

int32_t test_done(struct qetl_rig *t, int32_t status)
{
    t->status = status;
    return status;
}

static void host_log(struct qetl_ctx *ctx, int32_t level, const char *message)
{
    static const char *const words[] = {"error", "warn", "info", "debug", "trace"};
    struct qetl_rig *t = test_of(ctx);
    pthread_mutex_lock(&t->lock);
    text_print(&t->logs, "%s: %s\n", level >= 0 && level <= QETL_LOG_TRACE ? words[level] : "?",
               message);
    pthread_mutex_unlock(&t->lock);
}

static void host_reject(struct qetl_ctx *ctx, const struct qetl_reject *reject)
{
    struct qetl_rig *t = test_of(ctx);
    pthread_mutex_lock(&t->lock);
    t->n_rejected++;
    text_print(&t->rejects, "%lld|%lld|%s|", (long long)reject->row, (long long)reject->column,
               reject->code ? reject->code : "");
    text_put_cell(&t->rejects, reject->message ? reject->message : "",
                  reject->message ? strlen(reject->message) : 0);
    if (reject->bytes) {
        text_put(&t->rejects, "|", 1);
        text_put_cell(&t->rejects, (const char *)reject->bytes, (size_t)reject->bytes_size);
    }
    text_put(&t->rejects, "\n", 1);
    pthread_mutex_unlock(&t->lock);
}

static void host_wake(struct qetl_ctx *ctx)
{
    struct qetl_rig *t = test_of(ctx);
    pthread_mutex_lock(&t->lock);
    t->wakes++;
    pthread_cond_signal(&t->woken);
    pthread_mutex_unlock(&t->lock);
}

bool test_wait(struct qetl_rig *t)
{
    struct timespec until;
    int code = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&t->lock);
    while (!t->wakes && !code)
        code = pthread_cond_timedwait(&t->woken, &t->lock, &until);
    bool woken = t->wakes > 0;
    t->wakes -= woken;
    pthread_mutex_unlock(&t->lock);
    return woken;
}

static int32_t host_cancelled(struct qetl_ctx *ctx)
{
    return atomic_load(&test_of(ctx)->cancelled);
}

static void host_request_epoch(struct qetl_ctx *ctx)
{
    host_log(ctx, QETL_LOG_DEBUG, "an epoch is asked for");
}

/* In front of each buffer: whose it is, and how many hold it. */
struct head {
    struct qetl_rig *test;
    atomic_int_fast64_t references;
};
_Static_assert(sizeof(struct head) <= BUFFER_HEAD, "room for the head");

static struct head *head_of(void *buffer)
{
    return (struct head *)((char *)buffer - BUFFER_HEAD);
}

/* Contents are undefined: 0xa5 shows who relies on zeros. */
static void *host_buffer_alloc(struct qetl_ctx *ctx, size_t size)
{
    struct qetl_rig *t = test_of(ctx);
    int64_t left = atomic_load(&t->fail_alloc);
    if (left >= 0 && atomic_fetch_sub(&t->fail_alloc, 1) == 0)
        return NULL;
    size_t whole = (size + BUFFER_HEAD + 63) / 64 * 64;
    struct head *head = size < SIZE_MAX / 2 ? aligned_alloc(64, whole) : NULL;
    if (!head)
        return NULL;
    memset(head, 0xa5, whole);
    head->test = t;
    atomic_init(&head->references, 1);
    atomic_fetch_add(&t->buffers, 1);
    return (char *)head + BUFFER_HEAD;
}

static void host_buffer_retain(void *buffer)
{
    if (buffer)
        atomic_fetch_add(&head_of(buffer)->references, 1);
}

static void host_buffer_free(void *buffer)
{
    struct head *head = buffer ? head_of(buffer) : NULL;
    if (!head || atomic_fetch_sub(&head->references, 1) != 1)
        return;
    atomic_fetch_sub(&head->test->buffers, 1);
    free(head);
}

void test_host_init(struct qetl_rig *t)
{
    pthread_condattr_t clock;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&t->woken, &clock);
    pthread_condattr_destroy(&clock);
    atomic_init(&t->fail_alloc, -1);
    t->host = (struct qetl_host){.struct_size = sizeof t->host,
                                 .abi = QETL_ABI_VERSION,
                                 .error = host_error,
                                 .log = host_log,
                                 .reject = host_reject,
                                 .wake = host_wake,
                                 .cancelled = host_cancelled,
                                 .request_epoch = host_request_epoch,
                                 .buffer_alloc = host_buffer_alloc,
                                 .buffer_retain = host_buffer_retain,
                                 .buffer_free = host_buffer_free,
                                 .get_extension = test_extension};
    t->env = (struct qetl_env){&t->host, (struct qetl_ctx *)t};
    t->max_rows = 1000;
    t->max_bytes = 1 << 16;
}
