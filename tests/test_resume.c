/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run whose process dies in any call that it makes into its components, and dies again while it
 * recovers, shows in the end what a run shows that nobody killed. The components keep what outlives
 * a process in shared memory; each process is a child.
 */
#include "run/run_internal.h"
#include "toy_loader.h"

#include <qetl/sdk.h>

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 36, BATCH = 4, ROOM = 1024, SINKS = 2, DIED = 99, TRIES = 400 };

enum { NUMBER_ONE_PHASE = 10, NUMBER_SUMS = 20, NUMBER_TOTAL = 30 };

struct disk { /* what a sink keeps */
    int64_t staged[ROOM], n_staged;
    int64_t visible[ROOM], n_visible;
    uint64_t last, generation; /* one phase */
    atomic_bool torn;          /* something came that must not */
};

static struct shared {
    struct disk disks[SINKS];
    int64_t acked, positions;
    atomic_int calls;
    int die_at; /* in which call of this process; 0: in none */
} * shared;

static struct toy_pipeline toy;
static char folder[64];

static void call_made(void)
{
    if (atomic_fetch_add(&shared->calls, 1) + 1 == shared->die_at)
        _exit(DIED);
}

struct actor {
    struct qetl_env env;
    int64_t number, at, rows, tx[ROOM], n_tx, sum, count;
    struct disk *disk;
    int64_t *values;
};

static int32_t actor_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct actor *a = self;
    (void)config;
    a->env = (struct qetl_env){host, ctx};
    a->number = qetl_option_int(a->env, "/number");
    a->disk = &shared->disks[a->number % NUMBER_ONE_PHASE % SINKS];
    call_made();
    return QETL_OK;
}

/* ---- the source: rows 0, 1, 2 …; a position is the next row ---- */

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    (void)self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE;
    int32_t status = qetl_schema_init_struct(&out->schema);
    return status ? status : qetl_schema_add(&out->schema, "v", "l");
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct actor *a = self;
    (void)split;
    call_made();
    if (position)
        memcpy(&a->at, position->data, sizeof a->at);
    return QETL_OK;
}

static int32_t numbers_make(struct actor *a, int64_t n, int64_t first, const int64_t *from,
                            struct ArrowArray *out)
{
    const struct ArrowSchema field = {.format = "l"};
    struct qetl_builder builder;
    struct ArrowArray column;
    int32_t status = qetl_builder_open(&builder, a->env, &field, n);
    for (int64_t i = 0; !status && i < n; i++)
        status = qetl_builder_int(&builder, from ? from[i] : first + i);
    status |= qetl_builder_close(&builder, &column);
    return status ? QETL_E_NO_MEMORY : qetl_array_struct(a->env, n, 1, &column, out);
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct actor *a = self;
    (void)demand;
    call_made();
    int64_t n = ROWS - a->at < BATCH ? ROWS - a->at : BATCH;
    if (!n)
        return QETL_END;
    int32_t status = numbers_make(a, n, a->at, NULL, &out->batch);
    a->at += n;
    out->flags = a->at / BATCH % 2 ? QETL_ITEM_CUT : 0;
    out->position = (struct qetl_blob){&a->at, sizeof a->at};
    a->env.host->request_epoch(a->env.ctx);
    return status ? status : QETL_BATCH;
}

/* Nothing may be let go that is not visible everywhere. */
static int32_t source_ack(void *self, struct qetl_blob position)
{
    int64_t upto;
    (void)self;
    call_made();
    memcpy(&upto, position.data, sizeof upto);
    if (upto < shared->acked)
        atomic_store(&shared->disks[0].torn, true);
    shared->acked = upto;
    shared->positions++;
    return QETL_OK;
}

static const struct qetl_source source = {.struct_size = sizeof source,
                                          .describe = source_describe,
                                          .open = source_open,
                                          .next = source_next,
                                          .ack = source_ack};
static const struct qetl_component counting = {.struct_size = sizeof counting,
                                               .kind = QETL_SOURCE,
                                               .id = "counting",
                                               .state_size = sizeof(struct actor),
                                               .create = actor_create,
                                               .source = &source};

/* ---- transforms: the sum so far, row by row; or one row with the sum at the end ---- */

static int32_t sums_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                         struct qetl_binder *b)
{
    const struct actor *a = self;
    struct ArrowSchema field;
    (void)n_inputs, (void)inputs;
    call_made();
    int32_t status = b->read(b, 0, 0, QETL_FORM_VALUE);
    if (status < 0 || qetl_schema_init_field(&field, "v", "l"))
        return QETL_E_NO_MEMORY;
    status = b->derive(b, 0, &field, -1, NULL);
    b->rows(b, 0, QETL_ROWS_STATEFUL);
    if (a->number != NUMBER_TOTAL)
        b->distribution(b, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    return status;
}

static int32_t sums_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct actor *a = self;
    call_made();
    if (event->kind == QETL_EVENT_END && a->number == NUMBER_TOTAL) {
        int32_t status = numbers_make(a, 1, a->sum * 1000 + a->count, NULL, &out->batch);
        out->rows = out->rows_added = 1;
        return status ? status : QETL_OUTPUT;
    }
    if (event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    const struct ArrowArray *column = event->batch->children[0];
    const int64_t *values = (const int64_t *)column->buffers[1] + column->offset;
    free(a->values);
    a->values = malloc(sizeof *values * ((size_t)event->rows + 1));
    for (int64_t i = 0; i < event->rows; i++) {
        a->sum += values[i];
        a->values[i] = a->sum;
    }
    a->count += event->rows;
    out->rows_reduced = event->rows;
    if (a->number == NUMBER_TOTAL)
        return QETL_NEED_INPUT;
    out->rows = out->rows_added = event->rows;
    int32_t status = numbers_make(a, event->rows, 0, a->values, &out->batch);
    return status ? status : QETL_OUTPUT;
}

static int32_t sums_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    const struct actor *a = self;
    const int64_t state[2] = {a->sum, a->count};
    call_made();
    *version = 3;
    return out->write(out->stream, state, sizeof state);
}

static int32_t sums_take(struct actor *a, uint32_t version, const struct qetl_reader *in)
{
    int64_t state[2];
    call_made();
    if (version != 3 || in->read(in->stream, state, sizeof state) != sizeof state)
        return QETL_E_UNSUPPORTED;
    a->sum += state[0];
    a->count += state[1];
    return QETL_OK;
}

static int32_t sums_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    return sums_take(self, version, in);
}

static int32_t sums_merge(void *self, uint32_t version, const struct qetl_reader *in)
{
    return sums_take(self, version, in);
}

static void sums_destroy(void *self)
{
    free(((struct actor *)self)->values);
}

static const struct qetl_transform sums_table = {.struct_size = sizeof sums_table,
                                                 .bind = sums_bind,
                                                 .process = sums_process,
                                                 .merge = sums_merge};
static const struct qetl_component sums = {.struct_size = sizeof sums,
                                           .kind = QETL_TRANSFORM,
                                           .id = "sums",
                                           .state_size = sizeof(struct actor),
                                           .create = actor_create,
                                           .destroy = sums_destroy,
                                           .save = sums_save,
                                           .restore = sums_restore,
                                           .transform = &sums_table};

/* ---- sinks ---- */

static bool is_one_phase(const struct actor *a)
{
    return a->number >= NUMBER_ONE_PHASE;
}

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_TRANSACTIONAL;
    out->commit = is_one_phase(self) ? QETL_COMMIT_ONE_PHASE : QETL_COMMIT_TWO_PHASE;
    return QETL_OK;
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct actor *a = self;
    const struct qetl_run_facts *facts = a->env.host->get_extension(a->env.ctx, QETL_EXT_RUN);
    (void)stream, (void)schema;
    call_made();
    if (!is_one_phase(a) && !facts->resumes(a->env.ctx)) {
        if (a->disk->n_visible > 0)
            atomic_store(&a->disk->torn, true); /* begun anew, though rows were shown */
        a->disk->n_staged = 0;
    }
    return QETL_OK;
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct actor *a = self;
    const struct ArrowArray *column = write->batch->children[0];
    const int64_t *values = (const int64_t *)column->buffers[1] + column->offset;
    call_made();
    for (int64_t i = 0; i < write->rows; i++) {
        if (is_one_phase(a))
            a->tx[a->n_tx++] = values[i];
        else
            a->disk->staged[a->disk->n_staged++] = values[i];
    }
    return QETL_OK;
}

static int32_t sink_prepare(void *self, const struct qetl_epoch *epoch,
                            const struct qetl_writer *handle)
{
    struct actor *a = self;
    call_made();
    if (epoch->number <= a->disk->last)
        atomic_store(&a->disk->torn, true);
    return is_one_phase(a) ? QETL_OK
                           : handle->write(handle->stream, &a->disk->n_staged, sizeof(int64_t));
}

static int32_t sink_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    const struct actor *a = self;
    call_made();
    *version = 1;
    return out->write(out->stream, &a->disk->n_staged, sizeof(int64_t));
}

static int32_t sink_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct actor *a = self;
    int64_t n;
    call_made();
    if (version != 1 || in->read(in->stream, &n, sizeof n) != sizeof n)
        return QETL_E_UNSUPPORTED;
    if (is_one_phase(a))
        return QETL_OK;
    if (n > a->disk->n_staged || n < a->disk->n_visible)
        atomic_store(&a->disk->torn, true);
    a->disk->n_staged = n;
    return QETL_OK;
}

/* Rows first, then the number: a real one has a transaction for that. */
static int32_t one_phase_commit(struct actor *a, const struct qetl_epoch *epoch)
{
    struct disk *disk = a->disk;
    if (epoch->generation < disk->generation)
        return QETL_E_FENCED;
    memcpy(disk->visible + disk->n_visible, a->tx, sizeof *a->tx * (size_t)a->n_tx);
    disk->n_visible += a->n_tx;
    a->n_tx = 0;
    disk->last = epoch->number;
    return QETL_OK;
}

static int32_t sink_commit(void *self, const struct qetl_epoch *epoch, int64_t n,
                           const struct qetl_blob *handles)
{
    struct actor *a = self;
    struct disk *disk = a->disk;
    call_made();
    if (is_one_phase(a)) {
        int32_t status = one_phase_commit(a, epoch);
        call_made(); /* and dies before anybody heard of it */
        return status;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t upto;
        memcpy(&upto, handles[i].data, sizeof upto);
        if (upto > disk->n_staged)
            atomic_store(&disk->torn, true);
        for (int64_t r = disk->n_visible; r < upto; r++)
            disk->visible[disk->n_visible++] = disk->staged[r];
    }
    disk->last = epoch->number > disk->last ? epoch->number : disk->last;
    return QETL_OK;
}

static int32_t sink_abort(void *self, const struct qetl_epoch *epoch, int64_t n,
                          const struct qetl_blob *handles)
{
    (void)self, (void)epoch, (void)n, (void)handles;
    call_made();
    return QETL_OK;
}

static int32_t sink_last_committed(void *self, const struct qetl_epoch *asked, uint64_t *number)
{
    const struct actor *a = self;
    call_made();
    if (asked->generation < a->disk->generation)
        atomic_store(&a->disk->torn, true);
    a->disk->generation = asked->generation;
    *number = a->disk->last;
    return QETL_OK;
}

static const struct qetl_sink one_phase_table = {.struct_size = sizeof one_phase_table,
                                                 .describe = sink_describe,
                                                 .open = sink_open,
                                                 .write = sink_write,
                                                 .prepare = sink_prepare,
                                                 .commit = sink_commit,
                                                 .abort = sink_abort,
                                                 .last_committed = sink_last_committed};
static const struct qetl_sink two_phase_table = {.struct_size = sizeof two_phase_table,
                                                 .describe = sink_describe,
                                                 .open = sink_open,
                                                 .write = sink_write,
                                                 .prepare = sink_prepare,
                                                 .commit = sink_commit,
                                                 .abort = sink_abort};

#define SINK(name, table)                                                          \
    static const struct qetl_component name = {.struct_size = sizeof name,         \
                                               .kind = QETL_SINK,                  \
                                               .id = #name,                        \
                                               .state_size = sizeof(struct actor), \
                                               .create = actor_create,             \
                                               .save = sink_save,                  \
                                               .restore = sink_restore,            \
                                               .sink = &(table)}
SINK(two_phase, two_phase_table);
SINK(one_phase, one_phase_table);

/* ---- processes ---- */

enum shape { SHAPE_TWO_PHASE, SHAPE_ONE_PHASE, SHAPE_BOTH, SHAPE_SUMS, SHAPE_TOTAL, SHAPES };

static void pipeline_make(enum shape shape)
{
    toy_pipeline_init(&toy);
    toy.options.state_folder = folder;
    toy.options.state_name = "toy";
    toy.pipeline.checkpoint_timeout_ms = 60000;
    size_t from = toy_node_add(&toy, "numbers", &counting, 0);
    if (shape == SHAPE_SUMS || shape == SHAPE_TOTAL) {
        size_t n =
            toy_node_add(&toy, "sums", &sums, shape == SHAPE_SUMS ? NUMBER_SUMS : NUMBER_TOTAL);
        toy_node_input(&toy, n, from, NULL);
        from = n;
    }
    if (shape != SHAPE_ONE_PHASE)
        toy_node_input(&toy, toy_node_add(&toy, "two", &two_phase, 0), from, NULL);
    if (shape == SHAPE_ONE_PHASE || shape == SHAPE_BOTH)
        toy_node_input(&toy, toy_node_add(&toy, "one", &one_phase, NUMBER_ONE_PHASE + 1), from,
                       NULL);
}

/* The exit code of a process that runs the pipeline, and dies in its n-th call. */
static int process(enum shape shape, enum qetl_driver driver, int workers, int die_at)
{
    shared->calls = 0;
    shared->die_at = die_at;
    pid_t pid = fork();
    if (pid == 0) {
        pipeline_make(shape);
        toy.options.driver = driver;
        toy.options.workers = workers;
        toy.options.barrier_ms = 60000;
        int code = toy_run(&toy);
        if (code)
            fprintf(stderr, "%s\n", toy_message(&toy));
        toy_pipeline_free(&toy);
        _exit(code);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void folder_drop(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

static void begin(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    /* in memory, where there is such a place: what a power failure leaves is another test */
    bool quick = access("/dev/shm", W_OK) == 0;
    snprintf(folder, sizeof folder, "%s/test-resume-XXXXXX", quick ? "/dev/shm" : "/tmp");
    cr_assert(mkdtemp(folder));
}

static void end(void)
{
    folder_drop();
    munmap(shared, sizeof *shared);
}

TestSuite(resume, .init = begin, .fini = end, .timeout = 120);

static void expect_rows(enum shape shape, struct disk *disk, const char *what, int die_at)
{
    int64_t sum = 0;
    cr_expect_not(atomic_load(&disk->torn), "%s, dead in call %d", what, die_at);
    if (shape == SHAPE_TOTAL) {
        cr_expect_eq(disk->n_visible, 1, "%s, dead in call %d", what, die_at);
        cr_expect_eq(disk->visible[0], (int64_t)ROWS * (ROWS - 1) / 2 * 1000 + ROWS);
        return;
    }
    cr_expect_eq(disk->n_visible, ROWS, "%s, dead in call %d: %lld rows", what, die_at,
                 (long long)disk->n_visible);
    for (int64_t i = 0; i < ROWS; i++) {
        sum += i;
        cr_expect_eq(disk->visible[i], shape == SHAPE_SUMS ? sum : i,
                     "%s, dead in call %d: row %lld", what, die_at, (long long)i);
    }
}

static void expect_all(enum shape shape, const char *what, int die_at)
{
    if (shape != SHAPE_ONE_PHASE)
        expect_rows(shape, &shared->disks[0], what, die_at);
    if (shape == SHAPE_ONE_PHASE || shape == SHAPE_BOTH)
        expect_rows(shape, &shared->disks[1], what, die_at);
}

/* Dies in every call, and, every other time, once more in an early call of the next process. */
static int die_everywhere(enum shape shape, enum qetl_driver driver, int workers, const char *what,
                          int step)
{
    int deaths = 0;
    for (int die_at = 1; die_at < TRIES; die_at += step) {
        memset(shared, 0, sizeof *shared);
        folder_drop();
        int code = process(shape, driver, workers, die_at);
        bool over = code == 0;
        deaths += code == DIED;
        for (int again = 1; code == DIED && die_at % 2; again++) {
            code = process(shape, driver, workers, (die_at + again * 7) % 40 + 1);
            deaths += code == DIED;
            if (again == 4)
                break;
        }
        if (code == DIED)
            code = process(shape, driver, die_at % 3 ? workers : workers + 1, 0);
        cr_assert_eq(code, 0, "%s, dead in call %d: exit %d", what, die_at, code);
        expect_all(shape, what, die_at);
        if (over)
            break;
    }
    return deaths;
}

Test(resume, whichever_call_it_dies_in_alone)
{
    static const char *const names[] = {"two phases", "one phase", "both", "sums", "total"};
    for (int shape = 0; shape < SHAPES; shape++) {
        int deaths = die_everywhere((enum shape)shape, QETL_DRIVE_PULL, 1, names[shape], 1);
        cr_expect_gt(deaths, 40, "%s: %d", names[shape], deaths);
    }
}

Test(resume, whichever_call_it_dies_in_among_workers)
{
    for (int shape = 0; shape < SHAPES; shape++) {
        int deaths = die_everywhere((enum shape)shape, QETL_DRIVE_POOL, 2, "workers", 1);
        cr_expect_gt(deaths, 15, "%d: %d", shape, deaths);
    }
}

/* What is let go is visible, and it is let go while the run goes on. */
Test(resume, sources_hear_what_is_decided)
{
    cr_expect_eq(process(SHAPE_BOTH, QETL_DRIVE_PULL, 1, 0), 0);
    cr_expect_gt(shared->positions, 2);
    cr_expect_geq(shared->acked, ROWS - 2 * BATCH);
    expect_all(SHAPE_BOTH, "acknowledged", 0);
}
