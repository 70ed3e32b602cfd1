/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine itself costs: a source of ready batches, three transforms that look at a batch
 * and pass it on, a sink that throws it away. CPU time of the process per batch and component,
 * setting up included; every transform and the sink verify the sequence numbers. Usage:
 * bench_engine [BATCHES]
 *
 *   chained   the transforms are stateless: fused into one stage, called directly
 *   rings     they are stateful: each is a stage of its own, behind a ring
 */
#include "toy_loader.h"
#include "toy_pipeline.h"

#include <qetl/sdk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { ROWS = 1024, TRANSFORMS = 3, COMPONENTS = TRANSFORMS + 2, ROUNDS = 7 };

static int64_t batches = 200000;

struct part {
    struct qetl_env env;
    int64_t number;   /* transforms: 0 stateless, 1 stateful */
    int64_t sequence; /* of the next batch */
};

static int32_t part_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    struct part *p = self;
    (void)config;
    p->env = (struct qetl_env){host, ctx};
    p->number = qetl_option_int(p->env, "/number");
    return QETL_OK;
}

/* The batch carries its number in its first row. */
static int32_t sequence_check(struct part *p, const struct ArrowArray *column)
{
    const int64_t *values = column->buffers[1];
    if (values[column->offset] != p->sequence)
        return qetl_fail(p->env, QETL_E_FATAL, NULL, NULL, "batch %lld came instead of %lld",
                         (long long)values[column->offset], (long long)p->sequence);
    p->sequence++;
    return QETL_OK;
}

/* ---- Source ---- */

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    (void)self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = out->rows_expected = -1;
    int32_t status = qetl_schema_init_struct(&out->schema);
    return status ? status : qetl_schema_add(&out->schema, "n", "l");
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    (void)self, (void)split, (void)position;
    return QETL_OK;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct part *p = self;
    (void)demand;
    if (p->sequence == batches)
        return QETL_END;
    int64_t *values = p->env.host->buffer_alloc(p->env.ctx, ROWS * sizeof *values);
    const void *buffers[] = {NULL, values};
    struct ArrowArray column = {0};
    int32_t status =
        values ? qetl_array_make(p->env, ROWS, 0, 2, buffers, 0, NULL, &column) : QETL_E_NO_MEMORY;
    if (!status)
        status = qetl_array_struct(p->env, ROWS, 1, &column, &out->batch);
    if (status)
        return status;
    values[0] = p->sequence++;
    out->flags = QETL_ITEM_CUT;
    return QETL_BATCH;
}

static const struct qetl_source source_table = {.struct_size = sizeof source_table,
                                                .describe = source_describe,
                                                .open = source_open,
                                                .next = source_next};
static const struct qetl_component source = {.struct_size = sizeof source,
                                             .kind = QETL_SOURCE,
                                             .id = "ready",
                                             .state_size = sizeof(struct part),
                                             .create = part_create,
                                             .source = &source_table};

/* ---- Transform ---- */

static int32_t transform_bind(void *self, uint32_t n_inputs,
                              const struct ArrowSchema *const *inputs, struct qetl_binder *binder)
{
    struct part *p = self;
    (void)n_inputs;
    int32_t status = binder->read(binder, 0, 0, QETL_FORM_VALUE);
    if (status < 0)
        return status;
    if (!p->number) {
        status = binder->copy(binder, 0, -1, 0, 0, NULL);
        return status ? status : binder->rows(binder, 0, QETL_ROWS_SUBSET);
    }
    struct ArrowSchema field;
    int64_t from = 0;
    status = qetl_schema_copy(inputs[0]->children[0], &field);
    if (!status)
        status = binder->derive(binder, 0, &field, 1, &from);
    return status ? status : binder->rows(binder, 0, QETL_ROWS_STATEFUL);
}

static int32_t transform_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    struct part *p = self;
    if (event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    /* Replicas of a stateless one see some of the batches each: the sink sees to the order. */
    int32_t status = p->number ? sequence_check(p, event->batch->children[0]) : QETL_OK;
    if (status)
        return status;
    out->rows = event->rows;
    if (p->number) {
        out->batch = *event->batch;
        event->batch->release = NULL;
    }
    return QETL_OUTPUT;
}

static const struct qetl_transform transform_table = {
    .struct_size = sizeof transform_table, .bind = transform_bind, .process = transform_process};
static const struct qetl_component transform = {.struct_size = sizeof transform,
                                                .kind = QETL_TRANSFORM,
                                                .id = "pass",
                                                .state_size = sizeof(struct part),
                                                .create = part_create,
                                                .transform = &transform_table};

/* ---- Sink ---- */

static int64_t arrived;

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_APPEND;
    out->commit = QETL_COMMIT_NONE;
    return QETL_OK;
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    (void)self, (void)stream, (void)schema;
    return QETL_OK;
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    int32_t status = sequence_check(self, write->batch->children[0]);
    write->rows_written = write->rows;
    arrived += !status;
    return status;
}

static const struct qetl_sink sink_table = {.struct_size = sizeof sink_table,
                                            .describe = sink_describe,
                                            .open = sink_open,
                                            .write = sink_write};
static const struct qetl_component sink = {.struct_size = sizeof sink,
                                           .kind = QETL_SINK,
                                           .id = "away",
                                           .state_size = sizeof(struct part),
                                           .create = part_create,
                                           .sink = &sink_table};

/* ---- Measuring ---- */

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Nanoseconds of CPU per batch and component. */
static double measure(int64_t stateful, int workers, enum qetl_driver driver)
{
    struct toy_pipeline toy;
    toy_pipeline_init(&toy);
    toy.options.workers = workers;
    toy.options.driver = driver;
    arrived = 0;
    size_t last = toy_node_add(&toy, "ready", &source, 0);
    for (int i = 0; i <= TRANSFORMS; i++) {
        char id[16];
        snprintf(id, sizeof id, "part%d", i);
        size_t n = toy_node_add(&toy, id, i < TRANSFORMS ? &transform : &sink, stateful);
        toy_node_input(&toy, n, last, NULL);
        last = n;
    }
    double started = cpu_seconds();
    int code = toy_run(&toy);
    double seconds = cpu_seconds() - started;
    if (code || arrived != batches) {
        fprintf(stderr, "bench_engine: exit code %d, %lld batches of %lld: %s\n", code,
                (long long)arrived, (long long)batches, toy_message(&toy));
        exit(1);
    }
    toy_pipeline_free(&toy);
    return seconds * 1e9 / (double)batches / COMPONENTS;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *name, int64_t stateful, int workers, enum qetl_driver driver)
{
    double ns[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        ns[i] = measure(stateful, workers, driver);
    qsort(ns, ROUNDS, sizeof *ns, compare);
    printf("%-8s %d worker%s %s  %7.0f ns CPU per batch and component (%.0f to %.0f)\n", name,
           workers, workers > 1 ? "s" : " ", driver == QETL_DRIVE_PULL ? "pull" : "pool",
           ns[ROUNDS / 2], ns[0], ns[ROUNDS - 1]);
}

int main(int argc, char **argv)
{
    batches = argc > 1 ? atoll(argv[1]) : batches;
    printf("%lld batches of %d rows, %d components, medians of %d\n", (long long)batches, ROWS,
           COMPONENTS, ROUNDS);
    for (int64_t stateful = 0; stateful < 2; stateful++) {
        const char *name = stateful ? "rings" : "chained";
        report(name, stateful, 1, QETL_DRIVE_PULL);
        report(name, stateful, 1, QETL_DRIVE_POOL);
        report(name, stateful, 2, QETL_DRIVE_POOL);
    }
    return 0;
}
