/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Components that do not come back from a call: they end the process, or their thread, or crash, in
 * a call or beside all calls. And a source that answers QETL_BATCH and has nothing, a sink that
 * does not say how many rows it took.
 */
#include <err.h>
#include <pthread.h>
#include <qetl/plugin.h>
#include <qetl/row_transform.h>
#include <qetl/sdk.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct quits { /* what all of them have */
    struct qetl_row row;
    const char *call, *how;
    int64_t rows, next, calls;
};

static int *volatile nowhere;

/* As who cannot start a program would do it. */
static void fork_now(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(127);
    if (child > 0)
        waitpid(child, NULL, 0);
}

/* Deeper and deeper, though the compiler could not tell. */
static volatile int64_t bottom = -1;

static int64_t descend(int64_t depth)
{
    volatile char here[200];
    here[0] = (char)depth;
    return depth == bottom ? 0 : descend(depth + 1) + here[0];
}

static void quit_now(const char *how)
{
    if (strcmp(how, "exit") == 0)
        exit(0);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(0);
    if (strcmp(how, "_exit") == 0)
        _exit(0);
    if (strcmp(how, "_Exit") == 0)
        _Exit(7);
    if (strcmp(how, "errx") == 0)
        errx(0, "it is over");
    if (strcmp(how, "fork") == 0)
        fork_now();
    if (strcmp(how, "pthread_exit") == 0)
        pthread_exit(NULL);
    if (strcmp(how, "fault") == 0)
        *nowhere = 1;
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "recursion") == 0)
        descend(0);
}

static void *thread_main(void *how)
{
    quit_now(how);
    return NULL;
}

/* "thread exit": a thread of its own does it, and the call waits for what will never be. */
static void quit(const struct quits *q, const char *call)
{
    static const char thread[] = "thread ";
    pthread_t other;
    if (!q->call || strcmp(q->call, call) != 0)
        return;
    if (strncmp(q->how, thread, sizeof thread - 1) != 0)
        quit_now(q->how);
    else if (!pthread_create(&other, NULL, thread_main, (void *)(q->how + sizeof thread - 1)))
        pthread_join(other, NULL);
}

/* ---- the life of source and sink ---- */

static int32_t create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                      const char *config)
{
    struct quits *q = self;
    (void)config;
    q->row.env = (struct qetl_env){host, ctx};
    q->call = qetl_option_text(q->row.env, "/call");
    q->how = qetl_option_text(q->row.env, "/how");
    q->rows = qetl_option_int(q->row.env, "/rows");
    quit(q, "create");
    return QETL_OK;
}

static int32_t start(void *self)
{
    quit(self, "start");
    return QETL_OK;
}

static int32_t stop(void *self)
{
    quit(self, "stop");
    return QETL_OK;
}

static void destroy(void *self)
{
    quit(self, "destroy");
}

/* ---- source: counts ---- */

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    quit(self, "describe");
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = out->rows_expected = -1;
    return qetl_schema_parse("n bigint", &out->schema);
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    (void)split;
    (void)position;
    quit(self, "open");
    return QETL_OK;
}

static int32_t numbers(struct quits *q, int64_t rows, struct ArrowArray *out)
{
    struct ArrowSchema field = {0};
    struct ArrowArray column = {0};
    struct qetl_builder builder = {0};
    bool wrong = strcmp(q->how, "texts") == 0;
    int32_t status = qetl_schema_init_field(&field, "n", wrong ? "vu" : "l");
    if (!status)
        status = qetl_builder_open(&builder, q->row.env, &field, rows);
    for (int64_t i = 0; i < rows && !status; i++)
        status =
            wrong ? qetl_builder_text(&builder, "n", 1) : qetl_builder_int(&builder, q->next + i);
    if (!status)
        status = qetl_builder_close(&builder, &column);
    qetl_schema_release(&field);
    return status ? status : qetl_array_struct(q->row.env, rows, 1, &column, out);
}

/* What it does not fill, and what says nothing: no batch, and batches of no rows. */
static bool has_nothing(const struct quits *q)
{
    return q->next > 0 && (strcmp(q->how, "no batch") == 0 || strcmp(q->how, "no rows") == 0);
}

/* Five times, before each batch. */
static bool has_none_yet(struct quits *q)
{
    return strcmp(q->how, "a few without") == 0 && ++q->calls % 6 != 0;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct quits *q = self;
    int64_t left = q->rows - q->next, most = demand->max_rows < 100 ? demand->max_rows : 100;
    if (q->next > 0)
        quit(q, "next");
    if (q->next > 0 && strcmp(q->how, "no batch") == 0)
        return QETL_BATCH;
    if (left <= 0)
        return QETL_END;
    int64_t rows = has_nothing(q) || has_none_yet(q) ? 0 : left < most ? left : most;
    int32_t status = numbers(q, rows, &out->batch);
    q->next += rows;
    return status ? status : QETL_BATCH;
}

static const struct qetl_source source = {.struct_size = sizeof source,
                                          .describe = source_describe,
                                          .open = source_open,
                                          .next = source_next};
static const struct qetl_component quits_source = {.struct_size = sizeof quits_source,
                                                   .kind = QETL_SOURCE,
                                                   .id = "quits",
                                                   .state_size = sizeof(struct quits),
                                                   .create = create,
                                                   .destroy = destroy,
                                                   .start = start,
                                                   .stop = stop,
                                                   .source = &source};

/* ---- transform: all rows go on; sink: takes them ---- */

static const struct qetl_option_field options[] = {
    {"/call", QETL_OPTION_TEXT, offsetof(struct quits, call), "none", NULL},
    {"/how", QETL_OPTION_TEXT, offsetof(struct quits, how), "none", NULL},
};

static int32_t pass_bind(void *self, const struct ArrowSchema *input)
{
    struct quits *q = self;
    (void)input;
    quit(q, "bind");
    qetl_row_read_column(&q->row, 0);
    return QETL_ROWS_SUBSET;
}

static int32_t pass_row(void *self)
{
    quit(self, "process");
    return QETL_OK;
}

static const struct qetl_row_transform pass = {
    .options = QETL_TABLE(options), .bind = pass_bind, .row = pass_row};

static int32_t more_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    (void)config;
    return qetl_row_transform_create(self, host, ctx, &pass, "quits", false);
}

static int32_t more_bind(void *self, uint32_t n, const struct ArrowSchema *const *inputs,
                         struct qetl_binder *binder)
{
    return qetl_row_transform_table.bind(self, n, inputs, binder);
}

/* Behind the first batch there is always more of nothing; or a few times before each. */
static int32_t more_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    static const int32_t no_rows[1];
    struct quits *q = self;
    if (event)
        q->calls = 0;
    else
        out->row_map = no_rows;
    if (!event && strcmp(q->how, "a few more") == 0 && q->calls++ == 100)
        return QETL_NEED_INPUT;
    if (!event)
        return QETL_MORE;
    int32_t answer = qetl_row_transform_table.process(self, event, out);
    return answer == QETL_OUTPUT && strstr(q->how, "more") ? QETL_MORE : answer;
}

static const struct qetl_transform more = {
    .struct_size = sizeof more, .bind = more_bind, .process = more_process};
static const struct qetl_component quits_transform = {.struct_size = sizeof quits_transform,
                                                      .kind = QETL_TRANSFORM,
                                                      .id = "quits",
                                                      .state_size = sizeof(struct quits),
                                                      .create = more_create,
                                                      .destroy = qetl_row_transform_destroy,
                                                      .transform = &more};

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
    (void)stream;
    (void)schema;
    quit(self, "open");
    return QETL_OK;
}

/* What it says of the rows that it took: nothing, unless it is told to. */
static int32_t sink_write(void *self, struct qetl_write *what)
{
    struct quits *q = self;
    struct qetl_reject reject = {
        .struct_size = sizeof reject, .column = -1, .code = "asked_for", .message = "it was"};
    if (strcmp(q->how, "exit late") == 0 && ++q->calls == 20 && !getenv("QUITS_NEVER"))
        exit(0);
    quit(q, "write");
    if (strcmp(q->how, "rejects") == 0)
        q->row.env.host->reject(q->row.env.ctx, &reject);
    if (strcmp(q->how, "says none") == 0)
        what->rows_written = 0;
    if (strcmp(q->how, "says more") == 0)
        what->rows_written = what->rows + 1;
    return QETL_OK;
}

static const struct qetl_sink sink = {
    .struct_size = sizeof sink, .describe = sink_describe, .open = sink_open, .write = sink_write};
static const struct qetl_component quits_sink = {.struct_size = sizeof quits_sink,
                                                 .kind = QETL_SINK,
                                                 .id = "quits",
                                                 .state_size = sizeof(struct quits),
                                                 .create = create,
                                                 .destroy = destroy,
                                                 .start = start,
                                                 .stop = stop,
                                                 .sink = &sink};

QETL_PLUGIN("quits", "0.1.0", &quits_source, &quits_transform, &quits_sink)
