/* SPDX-License-Identifier: Apache-2.0 */
/* The host's extensions as a watched plugin gets them, but expressions. */
#include "border_expr.h"
#include "host/host.h"

static const void *real_of(struct qetl_ctx *ctx, const char *id)
{
    return qetl_host_table.get_extension(ctx, id);
}

/* ---- qetl.options/1 ---- */

static struct qetl_crossing asked(struct qetl_ctx *ctx, const char *call, const char *pointer)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), call);
    qetl_cargo_text(&c, "pointer", pointer);
    return c;
}

static int32_t options_kind(struct qetl_ctx *ctx, const char *pointer)
{
    struct qetl_crossing c = asked(ctx, "options.kind", pointer);
    qetl_crossing_begin(&c);
    return (int32_t)qetl_crossing_end_number(&c, qetl_host_options.kind(ctx, pointer));
}

static int64_t options_count(struct qetl_ctx *ctx, const char *pointer)
{
    struct qetl_crossing c = asked(ctx, "options.count", pointer);
    qetl_crossing_begin(&c);
    return qetl_crossing_end_number(&c, qetl_host_options.count(ctx, pointer));
}

/* What an option says stands in create's options, where secrets are masked. */
static const char *answer_text(struct qetl_crossing *c, const char *text)
{
    qetl_crossing_end_number(c, text ? (int64_t)strlen(text) : -1);
    return text;
}

static const char *options_key(struct qetl_ctx *ctx, const char *pointer, int64_t index)
{
    struct qetl_crossing c = asked(ctx, "options.key", pointer);
    qetl_cargo_number(&c, "index", index);
    qetl_crossing_begin(&c);
    return answer_text(&c, qetl_host_options.key(ctx, pointer, index));
}

static const char *options_text(struct qetl_ctx *ctx, const char *pointer)
{
    struct qetl_crossing c = asked(ctx, "options.text", pointer);
    qetl_crossing_begin(&c);
    return answer_text(&c, qetl_host_options.text(ctx, pointer));
}

static int64_t options_integer(struct qetl_ctx *ctx, const char *pointer)
{
    struct qetl_crossing c = asked(ctx, "options.integer", pointer);
    qetl_crossing_begin(&c);
    int64_t number = qetl_host_options.integer(ctx, pointer);
    qetl_crossing_end_void(&c);
    return number;
}

static double options_real(struct qetl_ctx *ctx, const char *pointer)
{
    struct qetl_crossing c = asked(ctx, "options.real", pointer);
    qetl_crossing_begin(&c);
    double number = qetl_host_options.real(ctx, pointer);
    qetl_crossing_end_void(&c);
    return number;
}

static int32_t options_boolean(struct qetl_ctx *ctx, const char *pointer)
{
    struct qetl_crossing c = asked(ctx, "options.boolean", pointer);
    qetl_crossing_begin(&c);
    return (int32_t)qetl_crossing_end_number(&c, qetl_host_options.boolean(ctx, pointer));
}

static const struct qetl_options options = {
    sizeof options, options_kind,    options_count, options_key,
    options_text,   options_integer, options_real,  options_boolean,
};

/* ---- qetl.outputs/1 ---- */

static void outputs_add(struct qetl_ctx *ctx, const char *uri, int64_t rows, int64_t bytes)
{
    const struct qetl_outputs *real = real_of(ctx, QETL_EXT_OUTPUTS);
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "outputs.add");
    qetl_cargo_text(&c, "uri", uri);
    qetl_cargo_number(&c, "rows", rows);
    qetl_cargo_number(&c, "bytes", bytes);
    qetl_crossing_begin(&c);
    real->add(ctx, uri, rows, bytes);
    qetl_crossing_end_void(&c);
}

static const struct qetl_outputs outputs = {sizeof outputs, outputs_add};

/* ---- qetl.poll/1 ---- */

static int32_t poll_watch(struct qetl_ctx *ctx, int fd, uint32_t events)
{
    const struct qetl_poll *real = real_of(ctx, QETL_EXT_POLL);
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "poll.watch");
    qetl_cargo_number(&c, "fd", fd);
    qetl_cargo_number(&c, "events", events);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, real->watch(ctx, fd, events));
}

static const struct qetl_poll polling = {sizeof polling, poll_watch};

/* ---- qetl.run/1 ---- */

static const struct qetl_run_facts *facts_of(struct qetl_ctx *ctx)
{
    return real_of(ctx, QETL_EXT_RUN);
}

static int32_t run_endless(struct qetl_ctx *ctx)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "run.endless");
    qetl_crossing_begin(&c);
    return (int32_t)qetl_crossing_end_number(&c, facts_of(ctx)->endless(ctx));
}

static int32_t run_resumes(struct qetl_ctx *ctx)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "run.resumes");
    qetl_crossing_begin(&c);
    return (int32_t)qetl_crossing_end_number(&c, facts_of(ctx)->resumes(ctx));
}

static int32_t run_checkpoints(struct qetl_ctx *ctx)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "run.checkpoints");
    qetl_crossing_begin(&c);
    return (int32_t)qetl_crossing_end_number(&c, facts_of(ctx)->checkpoints(ctx));
}

static const char *run_owner(struct qetl_ctx *ctx)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "run.owner");
    qetl_crossing_begin(&c);
    const char *owner = facts_of(ctx)->owner(ctx);
    if (owner)
        qetl_cargo_text(&c, "owner", owner);
    qetl_crossing_end_void(&c);
    return owner;
}

static const struct qetl_run_facts run_facts = {sizeof run_facts, run_endless, run_resumes,
                                                run_checkpoints, run_owner};

/* One that is not known here goes to the plugin as it is. */
const void *qetl_border_host_extension(const char *id, const void *real)
{
    if (strcmp(id, QETL_EXT_OPTIONS) == 0)
        return &options;
    if (strcmp(id, QETL_EXT_OUTPUTS) == 0)
        return &outputs;
    if (strcmp(id, QETL_EXT_POLL) == 0)
        return &polling;
    if (strcmp(id, QETL_EXT_RUN) == 0)
        return &run_facts;
    if (strcmp(id, QETL_EXT_EXPR) == 0)
        return &qetl_border_expr;
    return real;
}
