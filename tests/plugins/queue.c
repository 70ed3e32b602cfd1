/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of epochs need beside ordinary components: a source that gives nothing back once
 * it was acknowledged, as a queue does, and a transform that asks for an epoch behind each few
 * batches.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <qetl/plugin.h>
#include <qetl/sdk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct queue {
    struct qetl_env env;
    const char *path;
    int64_t rows, batch_rows, next, pause_us;
    int64_t every, batches;
};

static int32_t queue_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct queue *q = self;
    (void)config;
    q->env = (struct qetl_env){host, ctx};
    q->path = qetl_option_text(q->env, "/path");
    q->rows = qetl_option_int(q->env, "/rows");
    q->batch_rows = qetl_option_int(q->env, "/batch_rows");
    q->pause_us = qetl_option_int(q->env, "/pause_us");
    q->every = qetl_option_int(q->env, "/every");
    return QETL_OK;
}

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    struct queue *q = self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_ACKABLE;
    out->bytes_expected = -1;
    out->rows_expected = q->rows;
    int32_t status = qetl_schema_init_struct(&out->schema);
    static const char *const names[] = {"id", "k", "v"};
    for (int i = 0; i < 3 && !status; i++)
        status = qetl_schema_add(&out->schema, names[i], "l");
    return status;
}

/* How many rows are gone for good. */
static int64_t gone(const struct queue *q)
{
    char text[32];
    int fd = open(q->path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : pread(fd, text, sizeof text - 1, 0);
    if (fd >= 0)
        close(fd);
    text[size < 0 ? 0 : size] = '\0';
    return strtoll(text, NULL, 10);
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct queue *q = self;
    (void)split;
    q->next = 0;
    if (position && position->size == sizeof q->next)
        memcpy(&q->next, position->data, sizeof q->next);
    if (q->next < gone(q))
        q->next = gone(q);
    return QETL_OK;
}

static int32_t column(struct queue *q, const char *name, int which, int64_t rows,
                      struct ArrowArray *out)
{
    struct ArrowSchema field = {0};
    struct qetl_builder builder = {0};
    int32_t status = qetl_schema_init_field(&field, name, "l");
    if (!status)
        status = qetl_builder_open(&builder, q->env, &field, rows);
    for (int64_t i = q->next; i < q->next + rows && !status; i++)
        status = qetl_builder_int(&builder, which == 0 ? i : which == 1 ? i % 7 : i * 3);
    if (!status)
        status = qetl_builder_close(&builder, out);
    else
        qetl_builder_free(&builder);
    qetl_schema_release(&field);
    return status;
}

static void pause_for(const struct queue *q)
{
    if (q->pause_us)
        nanosleep(&(struct timespec){0, q->pause_us * 1000}, NULL);
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct queue *q = self;
    struct ArrowArray columns[3] = {0};
    if (q->next >= q->rows)
        return QETL_END;
    pause_for(q);
    int64_t rows = q->batch_rows < demand->max_rows ? q->batch_rows : demand->max_rows;
    rows = rows > q->rows - q->next ? q->rows - q->next : rows;
    static const char *const names[] = {"id", "k", "v"};
    int32_t status = QETL_OK;
    for (int i = 0; i < 3 && !status; i++)
        status = column(q, names[i], i, rows, &columns[i]);
    if (!status)
        status = qetl_array_struct(q->env, rows, 3, columns, &out->batch);
    else
        for (int i = 0; i < 3; i++)
            qetl_array_release(&columns[i]);
    if (status)
        return status;
    q->next += rows;
    out->flags = QETL_ITEM_CUT;
    out->position = (struct qetl_blob){&q->next, sizeof q->next};
    return QETL_BATCH;
}

static int32_t ack_write(const struct queue *q, const char *text, int size)
{
    int fd = open(q->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int error = fd < 0 || pwrite(fd, text, (size_t)size, 0) != size || fsync(fd) ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error ? qetl_fail(q->env, QETL_E_ENVIRONMENT, "/path", NULL, "%s: %s", q->path,
                             strerror(error))
                 : QETL_OK;
}

/* All digits are there, however long the number was before. */
static int32_t source_ack(void *self, struct qetl_blob position)
{
    struct queue *q = self;
    int64_t upto = 0;
    char text[32];
    if (position.size == sizeof upto)
        memcpy(&upto, position.data, sizeof upto);
    if (upto <= gone(q))
        return QETL_OK;
    return ack_write(q, text, snprintf(text, sizeof text, "%020" PRId64 "\n", upto));
}

static const struct qetl_source source = {.struct_size = sizeof source,
                                          .describe = source_describe,
                                          .open = source_open,
                                          .next = source_next,
                                          .ack = source_ack};

static int32_t transform_bind(void *self, uint32_t n_inputs,
                              const struct ArrowSchema *const *inputs, struct qetl_binder *binder)
{
    (void)self;
    (void)n_inputs;
    for (int64_t i = 0; i < inputs[0]->n_children; i++) {
        int32_t status = binder->copy(binder, 0, -1, 0, i, NULL);
        if (status)
            return status;
    }
    int32_t status = binder->distribution(binder, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    /* what only passes columns on and keeps all rows would not be called at all */
    return status ? status : binder->rows(binder, 0, QETL_ROWS_SUBSET);
}

static int32_t transform_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    struct queue *q = self;
    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    pause_for(q);
    if (++q->batches % q->every == 0)
        q->env.host->request_epoch(q->env.ctx);
    out->rows = event->rows;
    return QETL_OUTPUT;
}

static const struct qetl_transform transform = {
    .struct_size = sizeof transform, .bind = transform_bind, .process = transform_process};

static const struct qetl_component components[] = {
    {.struct_size = sizeof components[0],
     .kind = QETL_SOURCE,
     .id = "queue",
     .state_size = sizeof(struct queue),
     .create = queue_create,
     .source = &source},
    {.struct_size = sizeof components[0],
     .kind = QETL_TRANSFORM,
     .id = "pulse",
     .state_size = sizeof(struct queue),
     .create = queue_create,
     .transform = &transform},
};

QETL_PLUGIN("queue", "0.1.0", &components[0], &components[1])
