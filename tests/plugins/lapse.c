/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Components that now and then lose what they had staged (QETL_E_RETRY_EPOCH), or hang in a call.
 * How often a call was made is counted over all instances of the process. The sink keeps rows until
 * it prepares them, in a file of their own, and shows that file once it is committed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <qetl/plugin.h>
#include <qetl/sdk.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_llong made[4], lapsed[4]; /* by kind */

struct lapse {
    struct qetl_env env;
    const char *call, *how, *path;
    int64_t at, times, chance, seed, rows, next, batch_rows, pause_us, map_rows;
    int32_t *map;
    char *kept; /* sink: rows since the last prepare */
    size_t kept_size;
    char staged[1100];
    uint64_t staged_for;
    atomic_int interrupted;
};

static uint64_t mixed(uint64_t z)
{
    z = (z + UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (z ^ (z >> 31)) * UINT64_C(0x94d049bb133111eb) >> 33;
}

/* Until it is interrupted, or for a minute. */
static int32_t hang(struct lapse *l, bool deaf)
{
    for (int i = 0; i < 6000 && (deaf || !atomic_load(&l->interrupted)); i++)
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    return QETL_E_CANCELLED;
}

/* Takes the interrupt for the end of its input. */
static int32_t hang_and_end(struct lapse *l)
{
    hang(l, false);
    return QETL_END;
}

/* The other side wants to be left alone for an hour. */
static int32_t throttled(struct lapse *l)
{
    struct qetl_error_info info = {.struct_size = sizeof info,
                                   .code = QETL_E_THROTTLED,
                                   .message = "too many requests",
                                   .retry_after_ms = 3600000};
    return l->env.host->error(l->env.ctx, &info);
}

static int32_t lapse_in(struct lapse *l, uint32_t kind, const char *call)
{
    if (strcmp(l->call, call) != 0 || getenv("LAPSE_NEVER"))
        return QETL_OK;
    int64_t n = atomic_fetch_add(&made[kind - 1], 1) + 1;
    bool now = l->chance ? mixed((uint64_t)(l->seed * 1000003 + n)) % (uint64_t)l->chance == 0
                         : n >= l->at;
    if (!now || atomic_fetch_add(&lapsed[kind - 1], 1) >= l->times)
        return QETL_OK;
    if (strcmp(l->how, "hangs") == 0 || strcmp(l->how, "deaf") == 0)
        return hang(l, strcmp(l->how, "deaf") == 0);
    if (strcmp(l->how, "ends") == 0)
        return hang_and_end(l);
    if (strcmp(l->how, "throttled") == 0)
        return throttled(l);
    return qetl_fail(l->env, QETL_E_RETRY_EPOCH, NULL, NULL, "the connection is gone");
}

static int32_t lapse_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct lapse *l = self;
    (void)config;
    l->env = (struct qetl_env){host, ctx};
    l->call = qetl_option_text(l->env, "/call");
    l->how = qetl_option_text(l->env, "/how");
    l->path = qetl_option_text(l->env, "/path");
    l->at = qetl_option_int(l->env, "/at");
    l->times = qetl_option_int(l->env, "/times");
    l->chance = qetl_option_int(l->env, "/chance");
    l->seed = qetl_option_int(l->env, "/seed");
    l->rows = qetl_option_int(l->env, "/rows");
    l->batch_rows = qetl_option_int(l->env, "/batch_rows");
    l->pause_us = qetl_option_int(l->env, "/pause_us");
    return QETL_OK;
}

static void lapse_destroy(void *self)
{
    struct lapse *l = self;
    free(l->map);
    free(l->kept);
}

static void lapse_interrupt(void *self)
{
    struct lapse *l = self;
    atomic_store(&l->interrupted, 1);
}

/* ---- source: counts ---- */

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    struct lapse *l = self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = strcmp(l->how, "lossy") == 0 ? QETL_LOSSY : QETL_REPLAYABLE;
    out->bytes_expected = -1;
    out->rows_expected = l->rows;
    int32_t status = qetl_schema_init_struct(&out->schema);
    return status ? status : qetl_schema_add(&out->schema, "n", "l");
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct lapse *l = self;
    (void)split;
    if (position && position->size == sizeof l->next)
        memcpy(&l->next, position->data, sizeof l->next);
    return lapse_in(l, QETL_SOURCE, "open");
}

static int32_t numbers(struct lapse *l, int64_t rows, struct ArrowArray *out)
{
    struct ArrowSchema field = {0};
    struct ArrowArray column = {0};
    struct qetl_builder builder = {0};
    int32_t status = qetl_schema_init_field(&field, "n", "l");
    if (!status)
        status = qetl_builder_open(&builder, l->env, &field, rows);
    for (int64_t i = 0; i < rows && !status; i++)
        status = qetl_builder_int(&builder, l->next + i);
    if (!status)
        status = qetl_builder_close(&builder, &column);
    else
        qetl_builder_free(&builder);
    qetl_schema_release(&field);
    return status ? status : qetl_array_struct(l->env, rows, 1, &column, out);
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct lapse *l = self;
    if (l->pause_us)
        nanosleep(&(struct timespec){0, l->pause_us * 1000}, NULL);
    int32_t status = lapse_in(l, QETL_SOURCE, "next");
    if (status)
        return status;
    if (l->next >= l->rows)
        return QETL_END;
    int64_t rows = l->batch_rows < demand->max_rows ? l->batch_rows : demand->max_rows;
    rows = rows > l->rows - l->next ? l->rows - l->next : rows;
    status = numbers(l, rows, &out->batch);
    if (status)
        return status;
    l->next += rows;
    l->env.host->request_epoch(l->env.ctx);
    out->flags = QETL_ITEM_CUT;
    out->position = (struct qetl_blob){&l->next, sizeof l->next};
    return QETL_BATCH;
}

static const struct qetl_source source = {
    .struct_size = sizeof source,
    .describe = source_describe,
    .open = source_open,
    .next = source_next,
};

/* ---- transform: rejects those that end in 77, and hands the others on ---- */

static int32_t transform_bind(void *self, uint32_t n_inputs,
                              const struct ArrowSchema *const *inputs, struct qetl_binder *binder)
{
    (void)self;
    (void)n_inputs;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < inputs[0]->n_children && !status; i++)
        status = binder->copy(binder, 0, -1, 0, i, NULL);
    if (!status && binder->read(binder, 0, 0, QETL_FORM_VALUE) < 0)
        status = QETL_E_UNSUPPORTED;
    return status ? status : binder->rows(binder, 0, QETL_ROWS_SUBSET);
}

static int32_t map_grow(struct lapse *l, int64_t rows)
{
    if (rows <= l->map_rows)
        return QETL_OK;
    int32_t *grown = realloc(l->map, (size_t)rows * sizeof *grown);
    if (!grown)
        return QETL_E_NO_MEMORY;
    l->map = grown;
    l->map_rows = rows;
    return QETL_OK;
}

static int32_t transform_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    struct lapse *l = self;
    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    int32_t status = lapse_in(l, QETL_TRANSFORM, "process");
    if (!status)
        status = map_grow(l, event->rows);
    if (status)
        return status;
    const struct ArrowArray *first = event->batch->children[0];
    const int64_t *values = (const int64_t *)first->buffers[1] + first->offset;
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .column = -1,
                                 .code = "sevens",
                                 .message = "it ends in two sevens"};
    out->rows = 0;
    out->row_map = l->map;
    for (int64_t i = 0; i < event->rows; i++) {
        reject.row = i;
        if (values[i] % 100 == 77)
            l->env.host->reject(l->env.ctx, &reject);
        else
            l->map[out->rows++] = (int32_t)i;
    }
    return QETL_OUTPUT;
}

static const struct qetl_transform transform = {
    .struct_size = sizeof transform,
    .bind = transform_bind,
    .process = transform_process,
};

/* ---- sink: PATH.NUMBER, a file an epoch ---- */

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_TRANSACTIONAL;
    out->commit = QETL_COMMIT_TWO_PHASE;
    return QETL_OK;
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    (void)stream;
    (void)schema;
    return lapse_in(self, QETL_SINK, "open");
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct lapse *l = self;
    enum { MOST = 24 };
    int32_t status = lapse_in(l, QETL_SINK, "write");
    if (status)
        return status;
    const struct ArrowArray *first = write->batch->children[0];
    const int64_t *values = (const int64_t *)first->buffers[1] + first->offset;
    char *grown = realloc(l->kept, l->kept_size + (size_t)write->rows * MOST + 1);
    if (!grown)
        return QETL_E_NO_MEMORY;
    l->kept = grown;
    for (int64_t i = 0; i < write->rows; i++)
        l->kept_size += (size_t)snprintf(l->kept + l->kept_size, MOST, "%" PRId64 "\n", values[i]);
    write->rows_written = write->rows;
    return QETL_OK;
}

static int32_t staged_write(struct lapse *l)
{
    int fd = open(l->staged, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, l->kept, l->kept_size) == (ssize_t)l->kept_size && !fsync(fd);
    if (fd >= 0)
        close(fd);
    return good ? QETL_OK : qetl_fail(l->env, QETL_E_FATAL, NULL, NULL, "cannot stage");
}

static int32_t sink_prepare(void *self, const struct qetl_epoch *epoch,
                            const struct qetl_writer *handle)
{
    struct lapse *l = self;
    int32_t status = lapse_in(l, QETL_SINK, "prepare");
    if (status || !l->kept_size)
        return status;
    snprintf(l->staged, sizeof l->staged, "%s.%" PRIu64 ".staged", l->path, epoch->number);
    status = staged_write(l);
    l->kept_size = 0;
    return status ? status : handle->write(handle->stream, l->staged, strlen(l->staged));
}

static int32_t sink_commit(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                           const struct qetl_blob *handles)
{
    struct lapse *l = self;
    (void)epoch;
    for (int64_t i = 0; i < n_handles; i++) {
        char staged[1100], shown[1100];
        int32_t status = lapse_in(l, QETL_SINK, "commit");
        if (status)
            return status;
        snprintf(staged, sizeof staged, "%.*s", (int)handles[i].size,
                 (const char *)handles[i].data);
        snprintf(shown, sizeof shown, "%.*s", (int)(strlen(staged) - strlen(".staged")), staged);
        if (rename(staged, shown) && (errno != ENOENT || access(shown, F_OK)))
            return qetl_fail(l->env, QETL_E_IN_DOUBT, NULL, NULL, "%s is gone", staged);
    }
    return QETL_OK;
}

static int32_t sink_abort(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                          const struct qetl_blob *handles)
{
    (void)self;
    (void)epoch;
    for (int64_t i = 0; i < n_handles; i++) {
        char staged[1100];
        snprintf(staged, sizeof staged, "%.*s", (int)handles[i].size,
                 (const char *)handles[i].data);
        unlink(staged);
    }
    return QETL_OK;
}

/* All that it keeps is in its handles. */
static int32_t sink_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    (void)out;
    *version = 1;
    return lapse_in(self, QETL_SINK, "save");
}

static int32_t sink_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    (void)self;
    (void)in;
    return version == 1 ? QETL_OK : QETL_E_UNSUPPORTED;
}

static const struct qetl_sink sink = {
    .struct_size = sizeof sink,
    .describe = sink_describe,
    .open = sink_open,
    .write = sink_write,
    .prepare = sink_prepare,
    .commit = sink_commit,
    .abort = sink_abort,
};

#define LAPSE_COMPONENT                                                                   \
    .struct_size = sizeof(struct qetl_component), .id = "lapse",                          \
    .state_size = sizeof(struct lapse), .create = lapse_create, .destroy = lapse_destroy, \
    .interrupt = lapse_interrupt

static const struct qetl_component lapse_source = {LAPSE_COMPONENT, .kind = QETL_SOURCE,
                                                   .source = &source};
static const struct qetl_component lapse_transform = {LAPSE_COMPONENT, .kind = QETL_TRANSFORM,
                                                      .transform = &transform};
static const struct qetl_component lapse_sink = {LAPSE_COMPONENT, .kind = QETL_SINK, .sink = &sink,
                                                 .save = sink_save, .restore = sink_restore};

QETL_PLUGIN("lapse", "0.1.0", &lapse_source, &lapse_transform, &lapse_sink)
