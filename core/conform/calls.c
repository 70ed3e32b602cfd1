/* SPDX-License-Identifier: Apache-2.0 */
/* Every call into a plugin, with what it may answer, and the one way to make it. */
#include "bench.h"

#include "host/call.h"

#include <stdio.h>
#include <stdlib.h>

enum { RETRIES = 5, CALLS_LEAST = 24 };

#define BIT(status) (1u << (status))
#define FAILS(status) (1u << -(status))

/* Of any call. */
static const uint32_t general_failures =
    FAILS(QETL_E_FATAL) | FAILS(QETL_E_CONFIG) | FAILS(QETL_E_DATA) | FAILS(QETL_E_AUTH) |
    FAILS(QETL_E_ENVIRONMENT) | FAILS(QETL_E_RETRY_CALL) | FAILS(QETL_E_RETRY_EPOCH) |
    FAILS(QETL_E_THROTTLED) | FAILS(QETL_E_CANCELLED) | FAILS(QETL_E_NO_MEMORY) |
    FAILS(QETL_E_UNSUPPORTED);

/* CALL(name as plugins know it, table, body): self, component and arguments are at hand. */
#define CALL(object, label, expression, ...)                               \
    static int32_t object##_run(struct conform_args *x)                    \
    {                                                                      \
        const struct qetl_component *const c = x->bench->trial->component; \
        (void)c;                                                           \
        return expression;                                                 \
    }                                                                      \
    const struct conform_call conform_##object = {.name = label, .run = object##_run, __VA_ARGS__}

CALL(create, "create", c->create(x->self, &x->bench->host, x->bench->ctx, x->a), .moves = false);
CALL(start, "start", c->start ? c->start(x->self) : QETL_OK, .moves = false);
CALL(stop, "stop", c->stop ? c->stop(x->self) : QETL_OK, .moves = false);
CALL(save, "save", c->save(x->self, x->out, x->a), .moves = true);
CALL(restore, "restore", c->restore(x->self, x->version, x->a), .moves = true);

CALL(describe_source, "describe", c->source->describe(x->self, x->out), .moves = false);
CALL(negotiate, "negotiate", c->source->negotiate(x->self, x->out), .moves = false);
CALL(plan, "plan_splits", c->source->plan_splits(x->self, x->n, x->a), .moves = false);
CALL(open_source, "open", c->source->open(x->self, x->blob, x->a), .moves = true);
CALL(next, "next", c->source->next(x->self, x->a, x->out), .moves = true, .rejects = true,
     .outcomes = BIT(QETL_BATCH) | BIT(QETL_BYTES) | BIT(QETL_IDLE) | BIT(QETL_END) |
                 BIT(QETL_SCHEMA) | BIT(QETL_STREAM_CLOSED));
CALL(ack, "ack", c->source->ack(x->self, x->blob), .moves = true);
CALL(nack, "nack", c->source->nack(x->self, x->blob), .moves = true);

CALL(process, "process", c->transform->process(x->self, x->a, x->out), .moves = true,
     .rejects = true,
     .outcomes = BIT(QETL_NEED_INPUT) | BIT(QETL_OUTPUT) | BIT(QETL_MORE) | BIT(QETL_BLOCKED) |
                 BIT(QETL_END),
     .failures = FAILS(QETL_E_ROW));
CALL(merge, "merge", c->transform->merge(x->self, x->version, x->a), .moves = true);

CALL(describe_sink, "describe", c->sink->describe(x->self, x->out), .moves = false);
CALL(forms_sink, "forms", c->sink->forms(x->self, x->a, x->out), .moves = false);
CALL(open_sink, "open", c->sink->open(x->self, 0, x->a), .moves = true,
     .failures = FAILS(QETL_E_CLOSED));
CALL(write, "write", c->sink->write(x->self, x->out), .moves = true, .rejects = true,
     .outcomes = BIT(QETL_OK) | BIT(QETL_BUSY),
     .failures = FAILS(QETL_E_ROW) | FAILS(QETL_E_CLOSED));
CALL(prepare, "prepare", c->sink->prepare(x->self, x->a, x->b), .moves = true,
     .failures = FAILS(QETL_E_CLOSED) | FAILS(QETL_E_FENCED));
CALL(commit, "commit", c->sink->commit(x->self, x->a, x->n, x->b), .moves = false,
     .failures = FAILS(QETL_E_CLOSED) | FAILS(QETL_E_FENCED) | FAILS(QETL_E_IN_DOUBT));
CALL(abort, "abort", c->sink->abort(x->self, x->a, x->n, x->b), .moves = false);
CALL(last_committed, "last_committed", c->sink->last_committed(x->self, x->a, x->out),
     .moves = false, .failures = FAILS(QETL_E_FENCED));

CALL(describe_format, "describe", c->format->describe(x->self, x->out), .moves = false);
CALL(infer, "infer", c->format->infer(x->self, x->a, x->out), .moves = false,
     .outcomes = BIT(QETL_OK) | BIT(QETL_NEED_INPUT) | BIT(QETL_INSTEAD));
CALL(open_decode, "open_decode", c->format->open_decode(x->self, x->a, x->blob, x->n, x->b),
     .moves = false);
CALL(frame, "frame", c->format->frame(x->self, x->out), .moves = true, .rejects = true);
CALL(decode, "decode", c->format->decode(x->self, x->a, x->out), .moves = true, .rejects = true,
     .outcomes = BIT(QETL_OK) | BIT(QETL_MORE) | BIT(QETL_SCHEMA));
CALL(decode_late, "decode_late", c->format->decode_late(x->self, x->n, x->a, x->out),
     .moves = true);
CALL(forms_format, "forms", c->format->forms(x->self, x->a, x->out), .moves = false);
CALL(open_encode, "open_encode", c->format->open_encode(x->self, x->a), .moves = false);
CALL(begin, "begin", c->format->begin(x->self, x->out), .moves = true);
CALL(finish, "finish", c->format->finish(x->self, x->out), .moves = true);
CALL(encode, "encode", c->format->encode(x->self, x->a, x->out), .moves = true, .rejects = true,
     .failures = FAILS(QETL_E_ROW));

/* ---- making one ---- */

struct errand {
    const struct conform_call *call;
    struct conform_args *args;
    int32_t status;
};

/* The bench on which this thread makes a call. */
static _Thread_local const struct conform_bench *called_on;

bool conform_call_is_here(const struct conform_bench *b)
{
    return called_on == b;
}

static void *errand_run(void *arg)
{
    struct errand *e = arg;
    called_on = e->args->bench;
    e->status = e->call->run(e->args);
    called_on = NULL;
    return NULL;
}

void conform_call_begin(struct conform_bench *b, const char *name)
{
    if (b->knobs.relay)
        conform_relay_take(b->knobs.relay, b->knobs.runner);
    conform_record_call(b->trial->record, name);
    atomic_fetch_add(&b->trial->record->steps, 1);
    called_on = b;
}

void conform_call_end(struct conform_bench *b)
{
    called_on = NULL;
    conform_record_call(b->trial->record, "");
    if (b->knobs.relay)
        conform_relay_pass(b->knobs.relay, b->knobs.runner);
}

static int32_t call_make(struct conform_bench *b, const struct conform_call *call,
                         struct conform_args *args)
{
    struct errand errand = {call, args, 0};
    pthread_t thread;
    b->doing = call;
    conform_call_begin(b, call->name);
    qetl_call_enter(b->ctx, call->name);
    if (call->moves && b->knobs.migrate && !pthread_create(&thread, NULL, errand_run, &errand))
        pthread_join(thread, NULL);
    else
        errand_run(&errand);
    qetl_call_leave();
    conform_call_end(b);
    return errand.status;
}

/* The status; FATAL in place of one that means nothing here. */
static int32_t status_check(struct conform_bench *b, const struct conform_call *call,
                            int32_t status)
{
    uint32_t outcomes = call->outcomes ? call->outcomes : BIT(QETL_OK);
    char name[CONFORM_STATUS];
    bool good = status >= 0 ? status < 32 && outcomes & BIT(status)
                            : status > -32 && (general_failures | call->failures) & 1u << -status;
    if (good) {
        conform_hold(b->trial->record, CONFORM_STATUS_RULE);
        return status;
    }
    conform_break(b->trial->record, CONFORM_STATUS_RULE, "%s answered %s, which it may not",
                  call->name, conform_status_name(status, name));
    snprintf(b->error, sizeof b->error, "%s answered %s, which it may not", call->name, name);
    return status < 0 ? status : QETL_E_FATAL;
}

/* What the schema says of a key or an index; NULL: there is no such thing. */
static const json_t *schema_below(const json_t *schema, const char *key)
{
    static const char *const choices[] = {"oneOf", "anyOf"};
    json_t *found = json_object_get(json_object_get(schema, "properties"), key), *one;
    size_t i;
    if (!found && key[strspn(key, "0123456789")] == 0)
        found = json_object_get(schema, "items");
    if (!found && json_is_object(json_object_get(schema, "additionalProperties")))
        found = json_object_get(schema, "additionalProperties");
    for (size_t c = 0; c < 2; c++)
        json_array_foreach (json_object_get(schema, choices[c]), i, one)
            if (!found)
                found = (json_t *)schema_below(one, key);
    return found;
}

/* Whether the schema leaves open what there is. */
static bool is_open(const json_t *schema)
{
    return json_is_true(json_object_get(schema, "additionalProperties")) ||
           (!json_object_get(schema, "properties") && !json_object_get(schema, "items") &&
            !json_object_get(schema, "oneOf") && !json_object_get(schema, "anyOf"));
}

static bool option_exists(const struct conform_bench *b, const char *pointer)
{
    const json_t *schema = b->trial->promised->options;
    while (schema && *pointer == '/') {
        char key[128];
        size_t size = strcspn(++pointer, "/");
        snprintf(key, sizeof key, "%.*s", (int)size, pointer);
        const json_t *below = schema_below(schema, key);
        if (!below && is_open(schema) && schema != b->trial->promised->options)
            return true;
        schema = below;
        pointer += size;
    }
    return schema != NULL;
}

/* Some failures say all there is to say. */
static bool is_plain(int32_t status)
{
    return status == QETL_E_NO_MEMORY || status == QETL_E_CANCELLED ||
           status == QETL_E_UNSUPPORTED || status == QETL_E_CLOSED;
}

void conform_error_check(struct conform_bench *b, const char *call, int32_t status)
{
    struct conform_record *record = b->trial->record;
    const struct qetl_error_report *error = &b->ctx->error;
    const char *about = b->about ? b->about : "";
    char name[CONFORM_STATUS], told[CONFORM_STATUS];
    conform_status_name(status, name);
    if (!error->code && !is_plain(status) && !atomic_load(&b->stopping))
        conform_break(record, CONFORM_ERROR_RULE,
                      "%s failed with %s%s and told host->error nothing", call, name, about);
    else if (error->code && error->code != status && !is_plain(status))
        conform_break(record, CONFORM_ERROR_RULE, "%s failed with %s, but told host->error %s",
                      call, name, conform_status_name(error->code, told));
    else if (error->option && !option_exists(b, error->option))
        conform_break(record, CONFORM_ERROR_RULE, "%s blames the option %s, which there is not",
                      call, error->option);
    else
        conform_hold(record, CONFORM_ERROR_RULE);
    b->blamed = error->option != NULL;
    snprintf(b->error, sizeof b->error, "%s failed with %s%s: %s", call, name, about,
             error->message ? error->message : "no reason given");
}

/* Whether it is to be made once more. */
static bool may_repeat(struct conform_bench *b, const struct conform_call *call, int32_t status,
                       int tries)
{
    struct timespec pause = {.tv_nsec = 1000000};
    if (status != QETL_E_RETRY_CALL && status != QETL_E_THROTTLED)
        return false;
    if (status == QETL_E_THROTTLED && b->ctx->error.retry_after_ms <= 0)
        conform_break(b->trial->record, CONFORM_RETRY_RULE,
                      "%s answered THROTTLED and no retry_after_ms", call->name);
    if (tries == RETRIES)
        return false;
    nanosleep(&pause, NULL);
    return true;
}

/* Whether the run is to be given up here. */
static bool is_over(const struct conform_bench *b)
{
    return b->left || (b->knobs.leave_at && b->calls >= b->knobs.leave_at) ||
           (b->knobs.leave_ns && b->calls > CALLS_LEAST && qetl_call_now_ns() > b->knobs.leave_ns);
}

int32_t conform_call(struct conform_bench *b, const struct conform_call *call,
                     struct conform_args args)
{
    bool ends = call == &conform_stop || call == &conform_create;
    int32_t status;
    int tries = 0;
    args.bench = b;
    args.self = b->ctx->self;
    b->calls += !ends;
    if (!ends && is_over(b)) {
        b->left = true;
        return QETL_E_CANCELLED;
    }
    if (!ends && b->knobs.interrupt_at == b->calls)
        conform_interrupt(b);
    do {
        struct qetl_error_report earlier = qetl_instance_take_error(b->ctx);
        qetl_error_report_free(&earlier);
        status = call_make(b, call, &args);
    } while (may_repeat(b, call, status, tries++));
    if (tries > 1 && status >= 0)
        conform_hold(b->trial->record, CONFORM_RETRY_RULE);
    int32_t known = status_check(b, call, status);
    if (status < 0)
        conform_error_check(b, call->name, status);
    conform_rejects_take(b, args.rows, known);
    return known;
}
