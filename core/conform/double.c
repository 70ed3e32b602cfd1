/* SPDX-License-Identifier: Apache-2.0 */
/* The host as the plugin on the bench sees it: the real one behind a door where all is looked at.
 */
#include "bench.h"

#include "host/host.h"
#include "midst.h"

#include <stdio.h>
#include <stdlib.h>

static struct conform_bench *bench_of(const struct qetl_ctx *ctx)
{
    return ctx->env->arg;
}

static void wrong(struct conform_bench *b, enum conform_rule_id rule, const char *what)
{
    conform_break(b->trial->record, rule, "%s: %s", b->doing ? b->doing->name : "outside of a call",
                  what);
}

/* What is [worker] in plugin.h is for the thread that the host has lent to the call. */
static void worker_check(struct conform_bench *b, const char *function)
{
    char what[120];
    if (conform_call_is_here(b))
        return;
    snprintf(what, sizeof what, "%s was called on a thread that the host did not call it on",
             function);
    wrong(b, CONFORM_HOST_CALLS_RULE, what);
}

static bool is_line(const char *text)
{
    return text && *text && !strpbrk(text, "\n\r");
}

/* ---- the table ---- */

static int32_t double_error(struct qetl_ctx *ctx, const struct qetl_error_info *info)
{
    struct conform_bench *b = bench_of(ctx);
    if (info->struct_size < offsetof(struct qetl_error_info, text))
        wrong(b, CONFORM_ERROR_RULE, "qetl_error_info has too small a struct_size");
    if (info->code >= 0 || info->code < QETL_E_ROW)
        wrong(b, CONFORM_ERROR_RULE, "host->error was told a code that is no QETL_E_ status");
    if (!is_line(info->message))
        wrong(b, CONFORM_ERROR_RULE, "host->error was told a message that is not one line");
    if (info->option && *info->option && *info->option != '/')
        wrong(b, CONFORM_ERROR_RULE, "host->error names an option that is no JSON pointer");
    return qetl_host_table.error(ctx, info);
}

static void double_log(struct qetl_ctx *ctx, int32_t level, const char *message)
{
    if (level < QETL_LOG_ERROR || level > QETL_LOG_TRACE)
        wrong(bench_of(ctx), CONFORM_HOST_CALLS_RULE, "host->log was given a level that is none");
    if (!message || strpbrk(message, "\n\r"))
        wrong(bench_of(ctx), CONFORM_HOST_CALLS_RULE, "host->log was given more than one line");
}

static void double_reject(struct qetl_ctx *ctx, const struct qetl_reject *reject)
{
    struct conform_bench *b = bench_of(ctx);
    conform_midst_pass();
    worker_check(b, "host->reject");
    if (!b->doing || !b->doing->rejects)
        wrong(b, CONFORM_HOST_CALLS_RULE, "host->reject was called where no row can be rejected");
    if (!is_line(reject->code) || strcspn(reject->code, " ") != strlen(reject->code))
        wrong(b, CONFORM_HOST_CALLS_RULE, "host->reject was given a code that is no word");
    if (!is_line(reject->message))
        wrong(b, CONFORM_HOST_CALLS_RULE, "host->reject was given a message that is not one line");
    qetl_host_table.reject(ctx, reject);
}

static void *double_alloc(struct qetl_ctx *ctx, size_t size)
{
    struct conform_bench *b = bench_of(ctx);
    const struct conform_knobs *k = &b->knobs;
    int64_t n = ++b->buffers;
    conform_midst_pass();
    if (k->fail_buffer && (n == k->fail_buffer || (k->fail_after && n > k->fail_buffer)))
        return NULL;
    void *buffer = qetl_host_table.buffer_alloc(ctx, size);
    if (buffer)
        memset(buffer, k->unseen ? k->unseen : 0xa5, size); /* undefined, and no zeros */
    return buffer;
}

/* ---- extensions ---- */

/* Which option of the schema a pointer asks for is noted; one that does not stand there is told. */
static void option_asked(struct qetl_ctx *ctx, const char *pointer)
{
    struct conform_bench *b = bench_of(ctx);
    struct conform_record *record = b->trial->record;
    const char *name;
    json_t *schema;
    size_t i = 0, size = *pointer == '/' ? strcspn(pointer + 1, "/") : 0;
    record->asked_any = true;
    if (*pointer != '/')
        return;
    json_object_foreach (json_object_get(b->trial->promised->options, "properties"), name, schema) {
        if (strlen(name) == size && strncmp(name, pointer + 1, size) == 0) {
            if (i < CONFORM_OPTIONS)
                record->asked[i] = true;
            return;
        }
        i++;
    }
    conform_break(record, CONFORM_OPTIONS_KNOWN_RULE,
                  "%s: asks for %s, which the manifest's schema does not have",
                  b->doing ? b->doing->name : "a call", pointer);
}

static int32_t options_kind(struct qetl_ctx *ctx, const char *pointer)
{
    option_asked(ctx, pointer);
    return qetl_host_options.kind(ctx, pointer);
}

static int64_t options_count(struct qetl_ctx *ctx, const char *pointer)
{
    option_asked(ctx, pointer);
    return qetl_host_options.count(ctx, pointer);
}

static const char *options_key(struct qetl_ctx *ctx, const char *pointer, int64_t index)
{
    option_asked(ctx, pointer);
    return qetl_host_options.key(ctx, pointer, index);
}

static const char *options_text(struct qetl_ctx *ctx, const char *pointer)
{
    option_asked(ctx, pointer);
    return qetl_host_options.text(ctx, pointer);
}

static int64_t options_integer(struct qetl_ctx *ctx, const char *pointer)
{
    option_asked(ctx, pointer);
    return qetl_host_options.integer(ctx, pointer);
}

static double options_real(struct qetl_ctx *ctx, const char *pointer)
{
    option_asked(ctx, pointer);
    return qetl_host_options.real(ctx, pointer);
}

static int32_t options_boolean(struct qetl_ctx *ctx, const char *pointer)
{
    option_asked(ctx, pointer);
    return qetl_host_options.boolean(ctx, pointer);
}

static const struct qetl_options double_options = {
    sizeof double_options, options_kind,    options_count, options_key,
    options_text,          options_integer, options_real,  options_boolean};

static int32_t double_watch(struct qetl_ctx *ctx, int fd, uint32_t events)
{
    struct conform_bench *b = bench_of(ctx);
    worker_check(b, "qetl.poll/1");
    if (fd < 0)
        wrong(b, CONFORM_HOST_CALLS_RULE, "qetl.poll/1 was given no descriptor");
    else if (events & QETL_POLL_HANGUP)
        return QETL_OK; /* nobody hangs up here */
    else if (b->n_watched < CONFORM_WATCHES)
        b->watched[b->n_watched++] = (struct pollfd){.fd = fd, .events = (short)events};
    else /* more than are looked at: next and write have to ask again in any case */
        qetl_host_table.wake(ctx);
    return QETL_OK;
}

static const struct qetl_poll double_poll = {sizeof double_poll, double_watch};

static const void *double_extension(struct qetl_ctx *ctx, const char *id)
{
    const char *without = bench_of(ctx)->knobs.without;
    if (without && (!*without || strcmp(id, without) == 0))
        return NULL;
    if (strcmp(id, QETL_EXT_OPTIONS) == 0)
        return &double_options;
    if (strcmp(id, QETL_EXT_POLL) == 0)
        return &double_poll;
    return qetl_host_table.get_extension(ctx, id);
}

/* Wake and buffers are the real ones: they are named at load time. */
static void double_wake(struct qetl_ctx *ctx)
{
    qetl_host_table.wake(ctx);
}

static int32_t double_cancelled(struct qetl_ctx *ctx)
{
    return qetl_host_table.cancelled(ctx);
}

static void double_request_epoch(struct qetl_ctx *ctx)
{
    qetl_host_table.request_epoch(ctx);
}

const struct qetl_host conform_host = {
    .struct_size = sizeof(struct qetl_host),
    .abi = QETL_ABI_VERSION,
    .error = double_error,
    .log = double_log,
    .reject = double_reject,
    .wake = double_wake,
    .cancelled = double_cancelled,
    .request_epoch = double_request_epoch,
    .buffer_alloc = double_alloc,
    .buffer_retain = qetl_buffer_retain,
    .buffer_free = qetl_buffer_free,
    .get_extension = double_extension,
};
