/* SPDX-License-Identifier: Apache-2.0 */
#include "toy_actors.h"

#include <qetl/sdk.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct toy_script toy_scripts[TOY_ACTORS_MOST];
static pthread_mutex_t trace_lock = PTHREAD_MUTEX_INITIALIZER;

struct actor {
    struct qetl_env env;
    struct toy_script *script;
    int64_t rows_done, last_id;
    int idle_left;
    atomic_int interrupted;
    int32_t *map;
    char line[64];
};

void toy_actors_reset(void)
{
    for (int i = 0; i < TOY_ACTORS_MOST; i++) {
        free(toy_scripts[i].bytes);
        memset(&toy_scripts[i], 0, sizeof toy_scripts[i]);
        toy_scripts[i].reject_row = toy_scripts[i].abort_handles = toy_scripts[i].commit_handles =
            -1;
        toy_scripts[i].batch_rows = 10;
    }
}

static void trace_add(struct toy_script *script, const char *call)
{
    pthread_mutex_lock(&trace_lock);
    size_t size = strlen(script->trace);
    snprintf(script->trace + size, sizeof script->trace - size, "%s%s", size ? " " : "", call);
    pthread_mutex_unlock(&trace_lock);
}

static int32_t sleep_until_interrupted(struct actor *a)
{
    while (!atomic_load(&a->interrupted))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return QETL_E_CANCELLED;
}

/* What every call does first: notes itself, then fails or sleeps if the script says so. */
static int32_t note(struct actor *a, const char *call)
{
    struct toy_script *s = a->script;
    trace_add(s, call);
    if (s->sleep_in && strcmp(s->sleep_in, call) == 0)
        return sleep_until_interrupted(a);
    if (!s->fail_in || strcmp(s->fail_in, call) != 0)
        return QETL_OK;
    int nth = atomic_fetch_add(&s->calls, 1) + 1, first = s->fail_at ? s->fail_at : 1;
    if (nth < first || (s->fail_times && nth >= first + s->fail_times))
        return QETL_OK;
    if (s->fail_silently)
        return s->fail_with;
    if (s->retry_after_ms) {
        struct qetl_error_info info = {.struct_size = sizeof info,
                                       .code = s->fail_with,
                                       .message = "too many requests",
                                       .retry_after_ms = s->retry_after_ms};
        return a->env.host->error(a->env.ctx, &info);
    }
    return qetl_fail(a->env, s->fail_with, "/number", "give another number", "%s went wrong", call);
}

static int32_t actor_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct actor *a = self;
    (void)config;
    a->env = (struct qetl_env){host, ctx};
    a->script = &toy_scripts[qetl_option_int(a->env, "/number")];
    a->last_id = -1;
    atomic_fetch_add(&a->script->creates, 1);
    host->log(ctx, QETL_LOG_INFO, "created");
    return note(a, "create");
}

static void actor_destroy(void *self)
{
    struct actor *a = self;
    trace_add(a->script, "destroy");
    atomic_fetch_add(&a->script->destroys, 1);
    free(a->map);
}

static int32_t actor_start(void *self)
{
    struct actor *a = self;
    atomic_fetch_add(&a->script->starts, 1);
    return note(a, "start");
}

static int32_t actor_stop(void *self)
{
    struct actor *a = self;
    atomic_fetch_add(&a->script->stops, 1);
    return note(a, "stop");
}

static void actor_interrupt(void *self)
{
    struct actor *a = self;
    if (!a->script)
        return;
    atomic_fetch_add(&a->script->interrupts, 1);
    atomic_store(&a->interrupted, 1);
}

/* ---- sources ---- */

static int32_t schema_make(struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    if (!status)
        status = qetl_schema_add(out, "id", "l");
    return status ? status : qetl_schema_add(out, "text", "vu");
}

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE;
    int32_t status = note(self, "describe");
    return status ? status : schema_make(&out->schema);
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    (void)split, (void)position;
    return note(self, "open");
}

static void release_nothing(struct ArrowArray *array)
{
    array->release = NULL;
}

static int32_t batch_make(struct actor *a, int64_t rows, struct ArrowArray *out)
{
    const struct ArrowSchema fields[] = {{.format = "l"}, {.format = "vu"}};
    struct qetl_builder builders[2];
    struct ArrowArray columns[2];
    int32_t status = 0;
    for (int c = 0; c < 2; c++)
        status |= qetl_builder_open(&builders[c], a->env, &fields[c], rows);
    for (int64_t i = 0; !status && i < rows; i++) {
        char text[40];
        int size = snprintf(text, sizeof text, "row %lld", (long long)(a->rows_done + i));
        status |= qetl_builder_int(&builders[0], a->rows_done + i);
        if (!a->script->ragged || i + 1 < rows)
            status |= qetl_builder_text(&builders[1], text, size);
    }
    for (int c = 0; c < 2; c++)
        status |= qetl_builder_close(&builders[c], &columns[c]);
    return status ? QETL_E_NO_MEMORY : qetl_array_struct(a->env, rows, 2, columns, out);
}

/* Numbers where no vector load may go, or rows that begin elsewhere. */
static void batch_damage(const char *how, struct ArrowArray *batch)
{
    static _Alignas(16) int64_t numbers[64];
    static const void *buffers[2] = {NULL, numbers + 1};
    if (strcmp(how, "offset") == 0) {
        batch->offset = 1;
        return;
    }
    qetl_array_release(batch->children[0]);
    *batch->children[0] = (struct ArrowArray){
        .length = batch->length, .n_buffers = 2, .buffers = buffers, .release = release_nothing};
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct actor *a = self;
    (void)demand;
    int32_t status = note(a, "next");
    if (status)
        return status;
    if (a->idle_left > 0) {
        a->idle_left--;
        a->env.host->wake(a->env.ctx);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        return QETL_IDLE;
    }
    int64_t left = a->script->rows - a->rows_done;
    int64_t rows = left < a->script->batch_rows ? left : a->script->batch_rows;
    if (!rows)
        return QETL_END;
    a->idle_left = a->script->idle_times;
    status = batch_make(a, rows, &out->batch);
    if (!status && a->script->damage)
        batch_damage(a->script->damage, &out->batch);
    out->flags = (uint32_t)a->script->item_flags;
    a->rows_done += rows;
    return status ? status : QETL_BATCH;
}

static int32_t text_describe(void *self, struct qetl_source_info *out)
{
    const struct actor *a = self;
    out->emits = QETL_EMITS_BYTES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = a->script->rows * 8;
    return note(self, "describe");
}

static int32_t text_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct actor *a = self;
    int32_t status = note(a, "next");
    if (status)
        return status;
    if (a->rows_done == a->script->rows)
        return QETL_END;
    out->flags = a->rows_done ? 0 : QETL_ITEM_OBJECT_START;
    out->object = "memory";
    for (int64_t n = 0; n < a->script->batch_rows && a->rows_done < a->script->rows; n++) {
        char line[64];
        bool bad = n == a->script->reject_row;
        int size = snprintf(line, sizeof line, "%s%lld|row %lld\n", bad ? "x" : "",
                            (long long)a->rows_done, (long long)a->rows_done);
        if (out->bytes + size > demand->max_bytes)
            break;
        memcpy((char *)demand->space + out->bytes, line, (size_t)size);
        out->bytes += size;
        a->rows_done++;
    }
    out->bytes_read = out->bytes;
    out->flags |= a->rows_done == a->script->rows ? QETL_ITEM_OBJECT_END : 0;
    return QETL_BYTES;
}

static const struct qetl_source source = {.struct_size = sizeof source,
                                          .describe = source_describe,
                                          .open = source_open,
                                          .next = source_next};

static const struct qetl_source text = {
    .struct_size = sizeof text, .describe = text_describe, .open = source_open, .next = text_next};

/* ---- transform: all columns pass ---- */

static void bind_misuse(const char *how, struct qetl_binder *b)
{
    struct ArrowSchema field;
    int64_t far = 99;
    if (strcmp(how, "read") == 0)
        b->read(b, 0, far, QETL_FORM_VALUE);
    else if (strcmp(how, "copy") == 0)
        b->copy(b, 0, -1, 0, far, NULL);
    else if (strcmp(how, "derive") == 0 && !qetl_schema_init_field(&field, "d", "l") &&
             b->derive(b, 7, &field, 0, NULL))
        qetl_schema_release(&field);
}

static int32_t transform_bind(void *self, uint32_t n_inputs,
                              const struct ArrowSchema *const *inputs, struct qetl_binder *b)
{
    struct actor *a = self;
    int32_t status = note(a, "bind");
    uint32_t ports = a->script->outputs > 1 ? (uint32_t)a->script->outputs : 1;
    for (uint32_t p = 0; p < ports && !status; p++) {
        for (int64_t c = 0; c < inputs[0]->n_children && !status; c++) {
            status = b->copy(b, p, -1, 0, c, NULL);
            for (uint32_t i = 1; i < n_inputs && !status; i++)
                status = b->copy(b, p, c, i, c, NULL);
        }
        if (!status)
            status = b->rows(b, p, QETL_ROWS_SUBSET);
    }
    if (!status && a->script->read_form && b->read(b, 0, 0, a->script->read_form) < 0)
        status = QETL_E_UNSUPPORTED;
    if (!status && a->script->misuse)
        bind_misuse(a->script->misuse, b); /* and goes on as if nothing were */
    return status;
}

static void reject(struct actor *a, int64_t row)
{
    struct qetl_reject r = {.struct_size = sizeof r,
                            .row = row,
                            .column = 1,
                            .code = "asked_for",
                            .message = "the script says so"};
    a->env.host->reject(a->env.ctx, &r);
}

/* Refuses the batch for an id that it does not name. */
static int32_t poison_check(struct actor *a, const struct ArrowArray *batch)
{
    const struct ArrowArray *ids = batch && batch->n_children ? batch->children[0] : NULL;
    for (int64_t i = 0; a->script->poison && ids && i < ids->length; i++)
        if (((const int64_t *)ids->buffers[1])[ids->offset + i] % a->script->poison == 0)
            return qetl_fail(a->env, QETL_E_ROW, NULL, NULL, "one of them is refused");
    return QETL_OK;
}

/* Rows come in order. */
static void order_check(struct actor *a, const struct ArrowArray *batch)
{
    const struct ArrowArray *ids = batch && batch->n_children ? batch->children[0] : NULL;
    for (int64_t i = 0; ids && i < ids->length; i++) {
        int64_t id = ((const int64_t *)ids->buffers[1])[ids->offset + i];
        a->script->disordered |= id <= a->last_id;
        a->last_id = id;
    }
}

static int32_t transform_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    struct actor *a = self;
    const struct toy_script *s = a->script;
    int32_t status = note(a, "process");
    if (!status && event->kind == QETL_EVENT_BATCH)
        status = poison_check(a, event->batch);
    if (status || event->kind != QETL_EVENT_BATCH)
        return status;
    free(a->map);
    a->map = malloc(((size_t)event->rows + 1) * sizeof *a->map);
    for (int64_t i = 0; i < event->rows; i++) {
        if (i == s->reject_row)
            reject(a, i);
        else
            a->map[out->rows++] = s->map_to ? s->map_to : (int32_t)i;
    }
    out->rows -= s->lose_rows;
    out->row_map = a->map;
    return QETL_OUTPUT;
}

static const struct qetl_transform transform = {
    .struct_size = sizeof transform, .bind = transform_bind, .process = transform_process};

/* ---- sink ---- */

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    const struct actor *a = self;
    out->takes = a->script->takes_bytes ? QETL_TAKES_BYTES : QETL_TAKES_BATCHES;
    out->delivery = QETL_TRANSACTIONAL;
    out->commit = QETL_COMMIT_TWO_PHASE;
    return note(self, "describe");
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    (void)stream, (void)schema;
    return note(self, "open");
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct actor *a = self;
    struct toy_script *s = a->script;
    int32_t status = note(a, "write");
    if (!status)
        status = poison_check(a, write->batch);
    if (status)
        return status;
    order_check(a, write->batch);
    if (write->bytes) {
        s->bytes = realloc(s->bytes, (size_t)(s->bytes_size + write->bytes_size) + 1);
        memcpy(s->bytes + s->bytes_size, write->bytes, (size_t)write->bytes_size);
        s->bytes_size += write->bytes_size;
        s->bytes[s->bytes_size] = 0;
    } else if (s->reject_row >= 0 && s->reject_row < write->rows) {
        reject(a, s->reject_row);
        write->rows_written--;
    }
    write->rows_written -= s->lose_rows;
    s->rows_seen += write->rows_written;
    return QETL_OK;
}

static int32_t sink_prepare(void *self, const struct qetl_epoch *epoch,
                            const struct qetl_writer *out)
{
    struct actor *a = self;
    (void)epoch;
    int32_t status = note(a, "prepare");
    for (int i = 0; i < a->script->handles && !status; i++) {
        char handle[16];
        int size = snprintf(handle, sizeof handle, "handle %d", i);
        status = out->write(out->stream, handle, (size_t)size);
    }
    return status;
}

static void handles_check(struct actor *a, int64_t n, const struct qetl_blob *handles)
{
    for (int64_t i = 0; i < n; i++) {
        char handle[16];
        int size = snprintf(handle, sizeof handle, "handle %d", (int)i);
        a->script->handles_torn |=
            handles[i].size != (size_t)size || memcmp(handles[i].data, handle, (size_t)size) != 0;
    }
}

static int32_t sink_commit(void *self, const struct qetl_epoch *epoch, int64_t n,
                           const struct qetl_blob *handles)
{
    struct actor *a = self;
    (void)epoch;
    a->script->commit_handles = n;
    handles_check(a, n, handles);
    const struct qetl_outputs *outputs = a->env.host->get_extension(a->env.ctx, QETL_EXT_OUTPUTS);
    if (a->script->names_output)
        outputs->add(a->env.ctx, "memory:sink", a->script->rows_seen, a->script->bytes_size);
    return note(a, "commit");
}

static int32_t sink_abort(void *self, const struct qetl_epoch *epoch, int64_t n,
                          const struct qetl_blob *handles)
{
    struct actor *a = self;
    (void)epoch;
    a->script->abort_handles = n;
    handles_check(a, n, handles);
    return note(a, "abort");
}

static const struct qetl_sink sink = {.struct_size = sizeof sink,
                                      .describe = sink_describe,
                                      .open = sink_open,
                                      .write = sink_write,
                                      .prepare = sink_prepare,
                                      .commit = sink_commit,
                                      .abort = sink_abort};

#define ACTOR(kind_, id_, member, table)                                                        \
    {                                                                                           \
        .struct_size = sizeof(struct qetl_component), .kind = kind_, .id = id_,                 \
        .state_size = sizeof(struct actor), .create = actor_create, .destroy = actor_destroy,   \
        .start = actor_start, .stop = actor_stop, .interrupt = actor_interrupt, .member = table \
    }

const struct qetl_component toy_actor_source = ACTOR(QETL_SOURCE, "actor", source, &source);
const struct qetl_component toy_actor_text = ACTOR(QETL_SOURCE, "text", source, &text);
const struct qetl_component toy_actor_transform =
    ACTOR(QETL_TRANSFORM, "actor", transform, &transform);
const struct qetl_component toy_actor_sink = ACTOR(QETL_SINK, "actor", sink, &sink);
