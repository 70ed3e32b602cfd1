/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Components that misbehave on demand, for the scenarios. Option `fault` says how, `at` in which
 * call.
 */
#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct fault {
    struct qetl_env env;
    const char *password; /* is told to whoever listens */
    const char *fault;
    int64_t at, calls, times;
    int64_t rows, rows_done, batch_rows;
    int32_t *map;
    int64_t map_rows;
    atomic_int interrupted;
};

static bool fault_is(const struct fault *f, const char *name)
{
    return strcmp(f->fault, name) == 0;
}

/* Sleeps for a minute unless interrupted; create is not told, it has to ask. */
static int32_t fault_sleep(struct fault *f)
{
    bool ended = false;
    for (int i = 0; i < 6000 && !ended; i++) {
        nanosleep(&(struct timespec){0, 10000000}, NULL);
        ended = atomic_load(&f->interrupted) || f->env.host->cancelled(f->env.ctx);
    }
    return ended ? QETL_E_CANCELLED : QETL_OK;
}

static int32_t fault_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct fault *f = self;
    (void)config;
    f->env = (struct qetl_env){host, ctx};
    f->fault = qetl_option_text(f->env, "/fault");
    f->at = qetl_option_int(f->env, "/at");
    f->times = qetl_option_int(f->env, "/times");
    f->rows = qetl_option_int(f->env, "/rows");
    f->batch_rows = qetl_option_int(f->env, "/batch_rows");
    f->password = qetl_option_text(f->env, "/password");
    if (f->password)
        qetl_logf(f->env, QETL_LOG_WARN, "the password is %s", f->password);
    if (fault_is(f, "sleep_in_create"))
        return fault_sleep(f);
    if (fault_is(f, "deaf_in_create"))
        sleep(60);
    if (fault_is(f, "create"))
        return qetl_fail(f->env, QETL_E_CONFIG, "/fault", "choose another fault",
                         "fault in create");
    return QETL_OK;
}

static int32_t fault_start(void *self)
{
    struct fault *f = self;
    if (fault_is(f, "sleep_in_start"))
        return fault_sleep(f);
    if (fault_is(f, "start"))
        return qetl_fail(f->env, QETL_E_ENVIRONMENT, NULL, NULL, "fault in start%s%s",
                         f->password ? " with " : "", f->password ? f->password : "");
    return QETL_OK;
}

static int32_t fault_stop(void *self)
{
    struct fault *f = self;
    if (fault_is(f, "stop"))
        return qetl_fail(f->env, QETL_E_FATAL, NULL, NULL, "fault in stop");
    return QETL_OK;
}

static void fault_destroy(void *self)
{
    struct fault *f = self;
    free(f->map);
    if (f->fault && fault_is(f, "destroy"))
        abort();
}

static void fault_interrupt(void *self)
{
    struct fault *f = self;
    atomic_store(&f->interrupted, 1);
}

/* What every data call does first. */
static int32_t fault_call(struct fault *f)
{
    f->calls++;
    if (f->calls < f->at)
        return QETL_OK;
    if (fault_is(f, "error"))
        return qetl_fail(f->env, QETL_E_FATAL, NULL, "it was asked for", "fault in call %lld",
                         (long long)f->calls);
    if (fault_is(f, "transient") && f->calls < f->at + f->times)
        return qetl_fail(f->env, QETL_E_RETRY_CALL, NULL, NULL, "the other side is busy");
    if (fault_is(f, "sleep"))
        return fault_sleep(f);
    if (fault_is(f, "slow"))
        nanosleep(&(struct timespec){0, 50000000}, NULL);
    if (fault_is(f, "crash"))
        abort();
    return QETL_OK;
}

/* ---- Source: counts from 0 ---- */

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    struct fault *f = self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = -1;
    out->rows_expected = f->rows;
    int32_t status = qetl_schema_init_struct(&out->schema);
    if (!status)
        status = qetl_schema_add(&out->schema, "n", "l");
    if (!status)
        status = qetl_schema_add(&out->schema, "text", "vu");
    return status;
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct fault *f = self;
    (void)split;
    if (position && position->size == sizeof f->rows_done)
        memcpy(&f->rows_done, position->data, sizeof f->rows_done);
    return QETL_OK;
}

static int32_t source_batch(struct fault *f, int64_t rows, struct ArrowArray *out)
{
    struct ArrowSchema field = {0};
    struct ArrowArray columns[2] = {0};
    struct qetl_builder builder = {0};
    int32_t status = qetl_schema_init_field(&field, "n", "l");
    if (!status)
        status = qetl_builder_open(&builder, f->env, &field, rows);
    for (int64_t i = 0; i < rows && !status; i++)
        status = qetl_builder_int(&builder, f->rows_done + i);
    if (!status)
        status = qetl_builder_close(&builder, &columns[0]);
    qetl_schema_release(&field);
    if (!status)
        status = qetl_schema_init_field(&field, "text", "vu");
    if (!status)
        status = qetl_builder_open(&builder, f->env, &field, rows);
    for (int64_t i = 0; i < rows && !status; i++)
        status = qetl_builder_text(&builder, "a text that is longer than twelve", 33);
    if (!status)
        status = qetl_builder_close(&builder, &columns[1]);
    qetl_schema_release(&field);
    if (!status)
        return qetl_array_struct(f->env, rows, 2, columns, out);
    qetl_builder_free(&builder);
    qetl_array_release(&columns[0]);
    qetl_array_release(&columns[1]);
    return status;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct fault *f = self;
    int32_t status = fault_call(f);
    if (status)
        return status;
    if (f->rows_done >= f->rows)
        return QETL_END;
    if (fault_is(f, "never_wakes") && f->calls >= f->at)
        return QETL_IDLE;
    int64_t rows = f->batch_rows < demand->max_rows ? f->batch_rows : demand->max_rows;
    if (fault_is(f, "huge"))
        rows = f->batch_rows;
    if (rows > f->rows - f->rows_done)
        rows = f->rows - f->rows_done;
    status = source_batch(f, rows, &out->batch);
    if (status)
        return status;
    f->rows_done += rows;
    out->flags = QETL_ITEM_CUT;
    out->position = (struct qetl_blob){&f->rows_done, sizeof f->rows_done};
    return QETL_BATCH;
}

static const struct qetl_source source = {
    .struct_size = sizeof source,
    .describe = source_describe,
    .open = source_open,
    .next = source_next,
};

/* A whole batch is refused for one value of its first column; which one is not told. */
static int32_t poison_check(struct fault *f, const struct ArrowArray *batch)
{
    if (!fault_is(f, "poison") || !batch || batch->n_children < 1)
        return QETL_OK;
    const struct ArrowArray *first = batch->children[0];
    const int64_t *values = (const int64_t *)first->buffers[1] + first->offset;
    for (int64_t i = 0; i < first->length; i++)
        if (values[i] % f->times == 0)
            return qetl_fail(f->env, QETL_E_ROW, NULL, NULL, "a value is a multiple of %lld",
                             (long long)f->times);
    return QETL_OK;
}

/* ---- Transform: hands every row on, or does not ---- */

static int32_t transform_bind(void *self, uint32_t n_inputs,
                              const struct ArrowSchema *const *inputs, struct qetl_binder *binder)
{
    struct fault *f = self;
    (void)n_inputs;
    if (fault_is(f, "bind"))
        return qetl_fail(f->env, QETL_E_CONFIG, "/fault", NULL, "fault in bind");
    for (int64_t i = 0; i < inputs[0]->n_children; i++) {
        int32_t status = binder->copy(binder, 0, -1, 0, i, NULL);
        if (status)
            return status;
    }
    if (fault_is(f, "poison") && binder->read(binder, 0, 0, QETL_FORM_VALUE) < 0)
        return QETL_E_UNSUPPORTED;
    return binder->rows(binder, 0, QETL_ROWS_SUBSET);
}

static int32_t map_make(struct fault *f, int64_t rows, int64_t times)
{
    rows *= times;
    if (rows > f->map_rows) {
        int32_t *grown = realloc(f->map, (size_t)rows * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        f->map = grown;
        f->map_rows = rows;
    }
    for (int64_t i = 0; i < rows; i++)
        f->map[i] = (int32_t)(i / times);
    return QETL_OK;
}

static void transform_reject(struct fault *f, int64_t row)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = row,
                                 .column = -1,
                                 .code = "asked_for",
                                 .message = "rejected because it was asked for"};
    f->env.host->reject(f->env.ctx, &reject);
}

static int32_t transform_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    struct fault *f = self;
    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    int32_t status = fault_call(f);
    if (!status)
        status = poison_check(f, event->batch);
    if (!status)
        status = map_make(f, event->rows, fault_is(f, "twice") ? 2 : 1);
    if (status)
        return status;
    bool now = f->calls >= f->at;
    if (now && fault_is(f, "no_output"))
        return QETL_NEED_INPUT;
    if (now && fault_is(f, "never_wakes"))
        return QETL_BLOCKED;
    out->rows = event->rows * (fault_is(f, "twice") ? 2 : 1);
    out->row_map = f->map;
    if (now && fault_is(f, "drops") && event->rows > 0) {
        out->rows--;
        out->row_map++;
    }
    if (now && fault_is(f, "bad_map") && event->rows > 0)
        f->map[0] = (int32_t)event->rows + 7;
    if (now && fault_is(f, "reject") && event->rows > 0) {
        transform_reject(f, 0);
        out->rows--;
        out->row_map++;
    }
    return QETL_OUTPUT;
}

static const struct qetl_transform transform = {
    .struct_size = sizeof transform,
    .bind = transform_bind,
    .process = transform_process,
};

/* ---- Sink: swallows rows ---- */

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_IDEMPOTENT;
    out->commit = QETL_COMMIT_NONE;
    return QETL_OK;
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct fault *f = self;
    (void)stream;
    (void)schema;
    if (fault_is(f, "sleep_in_open"))
        return fault_sleep(f);
    if (fault_is(f, "deaf_in_open"))
        sleep(60);
    if (fault_is(f, "open"))
        return qetl_fail(f->env, QETL_E_ENVIRONMENT, NULL, NULL, "fault in open");
    return QETL_OK;
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct fault *f = self;
    int32_t status = fault_call(f);
    if (!status)
        status = poison_check(f, write->batch);
    if (status)
        return status;
    bool now = f->calls >= f->at;
    if (now && fault_is(f, "never_wakes"))
        return QETL_BUSY;
    write->rows_written = write->rows;
    if (now && fault_is(f, "drops") && write->rows > 0)
        write->rows_written--;
    return QETL_OK;
}

static int32_t sink_prepare(void *self, const struct qetl_epoch *epoch,
                            const struct qetl_writer *handle)
{
    struct fault *f = self;
    (void)epoch;
    (void)handle;
    if (fault_is(f, "prepare"))
        return qetl_fail(f->env, QETL_E_FATAL, NULL, NULL, "fault in prepare");
    return QETL_OK;
}

static int32_t sink_commit(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                           const struct qetl_blob *handles)
{
    struct fault *f = self;
    (void)epoch;
    (void)n_handles;
    (void)handles;
    if (fault_is(f, "commit"))
        return qetl_fail(f->env, QETL_E_FATAL, NULL, NULL, "fault in commit");
    return QETL_OK;
}

static const struct qetl_sink sink = {
    .struct_size = sizeof sink,
    .describe = sink_describe,
    .open = sink_open,
    .write = sink_write,
    .prepare = sink_prepare,
    .commit = sink_commit,
};

#define FAULT_COMPONENT(kind_, member)                                                            \
    {                                                                                             \
        .struct_size = sizeof(struct qetl_component), .kind = kind_, .id = "fault",               \
        .state_size = sizeof(struct fault), .create = fault_create, .destroy = fault_destroy,     \
        .start = fault_start, .stop = fault_stop, .interrupt = fault_interrupt, .member = &member \
    }

static const struct qetl_component fault_source = FAULT_COMPONENT(QETL_SOURCE, source);
static const struct qetl_component fault_transform = FAULT_COMPONENT(QETL_TRANSFORM, transform);
static const struct qetl_component fault_sink = FAULT_COMPONENT(QETL_SINK, sink);

QETL_PLUGIN("fault", "0.1.0", &fault_source, &fault_transform, &fault_sink)
