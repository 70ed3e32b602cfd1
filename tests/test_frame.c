/* SPDX-License-Identifier: Apache-2.0 */
/* Framing: whatever the sizes of reads, records and objects, chunks hold whole records, in order.
 */
#include "run/run_internal.h"
#include "sdk_random.h"
#include "toy_actors.h"
#include "toy_lines.h"
#include "toy_loader.h"

#include <qetl/sdk.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECTS_MOST = 40 };

/* ---- a source that gives a text in random pieces ---- */

struct feed { /* what is given, and how */
    char *text[OBJECTS_MOST];
    int64_t size[OBJECTS_MOST];
    int objects;
    int64_t piece_most;  /* bytes a read; 0: as many as there is room for */
    int idle_in;         /* one answer in so many is IDLE; 0: none */
    bool end_apart;      /* the end of an object comes by itself, without bytes */
    bool no_end;         /* the last object has no end mark; the source just ends */
    bool start_in_start; /* a second object starts within the first */
    uint64_t random;
};

static struct feed feed;

struct reader {
    struct qetl_env env;
    int object;
    int64_t at;
    bool end_due;
    char name[32];
};

static int32_t reader_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct reader *r = self;
    (void)config;
    r->env = (struct qetl_env){host, ctx};
    return QETL_OK;
}

static int32_t reader_describe(void *self, struct qetl_source_info *out)
{
    (void)self;
    out->emits = QETL_EMITS_BYTES;
    return QETL_OK;
}

static int32_t reader_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    (void)self, (void)split, (void)position;
    return QETL_OK;
}

static int32_t object_end(struct reader *r, struct qetl_item *out)
{
    bool last = r->object + 1 == feed.objects;
    out->flags |= last && feed.no_end ? 0 : QETL_ITEM_OBJECT_END;
    r->object++;
    r->at = 0;
    r->end_due = false;
    return QETL_BYTES;
}

static int32_t reader_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct reader *r = self;
    if (r->object == feed.objects)
        return QETL_END;
    if (feed.idle_in && random_below(&feed.random, feed.idle_in) == 0) {
        r->env.host->wake(r->env.ctx);
        return QETL_IDLE;
    }
    snprintf(r->name, sizeof r->name, "%d", r->object);
    out->object = r->name;
    if (r->end_due)
        return object_end(r, out);
    int64_t left = feed.size[r->object] - r->at;
    int64_t most = feed.piece_most ? 1 + random_below(&feed.random, feed.piece_most) : left;
    most = most < demand->max_bytes ? most : demand->max_bytes;
    out->bytes = left < most ? left : most;
    out->flags = r->at == 0 ? QETL_ITEM_OBJECT_START : 0;
    if (feed.start_in_start && r->at)
        out->flags |= QETL_ITEM_OBJECT_START;
    memcpy(demand->space, feed.text[r->object] + r->at, (size_t)out->bytes);
    r->at += out->bytes;
    if (out->bytes < left)
        return QETL_BYTES;
    r->end_due = feed.end_apart;
    return r->end_due ? QETL_BYTES : object_end(r, out);
}

static const struct qetl_source reader_source = {.struct_size = sizeof reader_source,
                                                 .describe = reader_describe,
                                                 .open = reader_open,
                                                 .next = reader_next};
static const struct qetl_component reader = {.struct_size = sizeof reader,
                                             .kind = QETL_SOURCE,
                                             .id = "reader",
                                             .state_size = sizeof(struct reader),
                                             .create = reader_create,
                                             .source = &reader_source};

/* ---- what the decoders saw ---- */

static char *seen[OBJECTS_MOST]; /* bytes of each object, by their offsets; 0: not seen */
static int64_t chunks, longest;
static char oddity[200];

static void watch(const struct qetl_chunk *chunk)
{
    int object = atoi(chunk->object);
    chunks++;
    longest = chunk->size > longest ? chunk->size : longest;
    if (chunk->offset < 0 || chunk->offset + chunk->size > feed.size[object]) {
        snprintf(oddity, sizeof oddity, "a chunk at %lld", (long long)chunk->offset);
        return;
    }
    const char *from = feed.text[object] + chunk->offset;
    if (memcmp(from, chunk->data, (size_t)chunk->size) != 0)
        snprintf(oddity, sizeof oddity, "a chunk at %lld is not what stands there",
                 (long long)chunk->offset);
    if (chunk->offset && from[-1] != '\n')
        snprintf(oddity, sizeof oddity, "a chunk begins within a record");
    if (chunk->offset + chunk->size < feed.size[object] && from[chunk->size - 1] != '\n')
        snprintf(oddity, sizeof oddity, "a chunk ends within a record");
    if (chunk->tail_room < 64)
        snprintf(oddity, sizeof oddity, "no guard");
    for (int64_t i = 0; i < chunk->size; i++) {
        if (seen[object][chunk->offset + i])
            snprintf(oddity, sizeof oddity, "byte %lld twice", (long long)(chunk->offset + i));
        seen[object][chunk->offset + i] = 1;
    }
}

static struct toy_pipeline toy;

static void begin(void)
{
    toy_actors_reset();
    toy_pipeline_init(&toy);
    memset(&feed, 0, sizeof feed);
    toy.options.driver = QETL_DRIVE_PULL; /* so that the watch needs no lock */
    toy.options.barrier_ms = -1;
    toy_lines_watch = watch;
    *oddity = 0;
    chunks = longest = 0;
    feed.random = 1;
}

static void end(void)
{
    for (int i = 0; i < OBJECTS_MOST; i++) {
        free(feed.text[i]);
        free(seen[i]);
        seen[i] = NULL;
    }
    toy_pipeline_free(&toy);
    toy_actors_reset();
}

TestSuite(frame, .init = begin, .fini = end, .timeout = 120);

/* Rows of random length up to most; the sizes of those that are too long are answered. */
static int64_t object_make(int object, int64_t rows, int64_t most, bool newline)
{
    size_t size = 0;
    int64_t too_long = 0;
    FILE *out = open_memstream(&feed.text[object], &size);
    for (int64_t i = 0; i < rows; i++) {
        int64_t length = random_below(&feed.random, 4) ? random_below(&feed.random, 60)
                                                       : random_below(&feed.random, most);
        int head = fprintf(out, "%lld|", (long long)i);
        for (int64_t k = 0; k < length; k++)
            fputc('a' + (int)(k % 26), out);
        if (i + 1 < rows || newline)
            fputc('\n', out);
        too_long += head + length + (i + 1 < rows || newline) > toy.pipeline.max_record;
    }
    fclose(out);
    feed.size[object] = (int64_t)size;
    seen[object] = calloc(size + 1, 1);
    feed.objects = object + 1;
    return too_long;
}

static int run(int64_t flags)
{
    toy_node_add(&toy, "in", &reader, 0);
    toy_node_format(&toy, 0, &toy_lines, flags);
    toy_node_add(&toy, "out", &toy_actor_sink, 1);
    toy_node_input(&toy, 1, 0, NULL);
    return toy_run(&toy);
}

static void expect_all_seen(int64_t rows, int64_t too_long)
{
    cr_expect_str_eq(oddity, "");
    cr_expect_eq(toy_scripts[1].rows_seen, rows - too_long, "%lld rows of %lld, %lld too long",
                 (long long)toy_scripts[1].rows_seen, (long long)rows, (long long)too_long);
    cr_expect_eq(toy.report.summary.rows_rejected, too_long);
    cr_expect_eq(toy.report.summary.rows_in, rows);
    cr_expect(toy.report.balanced);
    int64_t missing = 0;
    for (int o = 0; o < feed.objects; o++)
        for (int64_t i = 0; i < feed.size[o]; i++)
            missing += !seen[o][i];
    cr_expect_eq(missing == 0, too_long == 0, "%lld bytes were in no chunk", (long long)missing);
}

/* Everything at random, many times over. */
Test(frame, whatever_the_sizes_every_record_arrives_once)
{
    for (uint64_t seed = 1; seed <= 400; seed++) {
        end();
        begin();
        feed.random = seed;
        int64_t rows = 0, too_long = 0;
        static const int64_t mosts[] = {80, 800, 8000, 50000}, pieces[] = {0, 3, 70, 5000, 100000};
        int64_t most = mosts[random_below(&feed.random, 4)];
        toy.pipeline.mode = (enum qetl_mode)(seed % 3);
        toy.pipeline.batch_bytes = 1024 << random_below(&feed.random, 6);
        toy.pipeline.max_record = random_below(&feed.random, 2) ? 1 << 20 : most / 2;
        feed.piece_most = pieces[random_below(&feed.random, most > 5000 ? 3 : 5)];
        feed.piece_most = most > 5000 && feed.piece_most == 3 ? 5000 : feed.piece_most;
        feed.idle_in = (int)random_below(&feed.random, 4);
        feed.idle_in += feed.idle_in == 1;
        feed.end_apart = random_below(&feed.random, 3) == 0;
        feed.no_end = random_below(&feed.random, 3) == 0;
        int objects = 1 + (int)random_below(&feed.random, 6);
        for (int o = 0; o < objects; o++) {
            int64_t n = random_below(&feed.random, 60);
            rows += n;
            too_long += object_make(o, n, most, random_below(&feed.random, 2));
        }
        cr_assert_eq(run(random_below(&feed.random, 2) ? TOY_LINES_SHORT : 0), QETL_EXIT_OK,
                     "seed %llu: %s", (unsigned long long)seed, toy_message(&toy));
        expect_all_seen(rows, too_long);
        cr_assert_str_eq(oddity, "", "seed %llu", (unsigned long long)seed);
        cr_assert_eq(toy_scripts[1].rows_seen, rows - too_long, "seed %llu",
                     (unsigned long long)seed);
    }
}

/* More than the sample of a megabyte, so that what was sampled and what comes after must meet. */
Test(frame, the_sample_is_read_like_the_rest)
{
    toy.pipeline.batch_bytes = 256 * 1024;
    object_make(0, 60000, 80, true);
    cr_assert_gt(feed.size[0], 1500000);
    cr_assert_eq(run(0), QETL_EXIT_OK, "%s", toy_message(&toy));
    expect_all_seen(60000, 0);
    cr_expect_geq(chunks, 5);
    cr_expect_leq(longest, 512 * 1024, "a chunk of %lld bytes", (long long)longest);
}

Test(frame, a_record_longer_than_the_sample_arrives)
{
    toy.pipeline.max_record = 16 << 20;
    toy.pipeline.batch_bytes = 4096;
    feed.piece_most = 500000;
    object_make(0, 3, 1, true);
    char *text = malloc(4000000);
    int64_t size = sprintf(text, "0|");
    memset(text + size, 'x', 3000000);
    size += 3000000;
    size += sprintf(text + size, "\n1|short\n2|");
    free(feed.text[0]);
    free(seen[0]);
    feed.text[0] = text;
    feed.size[0] = size;
    seen[0] = calloc((size_t)size, 1);
    cr_assert_eq(run(0), QETL_EXIT_OK, "%s", toy_message(&toy));
    expect_all_seen(3, 0);
}

Test(frame, no_object_at_all_is_no_row)
{
    cr_assert_eq(run(0), QETL_EXIT_OK, "%s", toy_message(&toy));
    cr_expect_eq(toy_scripts[1].rows_seen, 0);
}

Test(frame, an_object_within_another_is_told)
{
    feed.start_in_start = true;
    feed.piece_most = 500;
    object_make(0, 200000, 80, true);
    cr_expect_eq(run(0), QETL_EXIT_FAILED);
    cr_expect_eq(toy.findings.errors, 1);
    cr_expect(strstr(toy_message(&toy), "object"), "%s", toy_message(&toy));
}

/* ---- a framer that breaks its promises ---- */

static int64_t answer_begin, answer_used, answer_rejected;

static int32_t frame_as_told(void *self, struct qetl_frame *io)
{
    (void)self;
    io->begin = answer_begin;
    io->used = answer_used < 0 ? io->size - answer_used : answer_used;
    io->rejected = answer_rejected;
    return QETL_OK;
}

static void expect_refused(int64_t first, int64_t used, int64_t rejected, const char *code)
{
    struct qetl_format format = *toy_lines.format;
    struct qetl_component lines = toy_lines;
    end();
    begin();
    format.frame = frame_as_told;
    lines.format = &format;
    answer_begin = first;
    answer_used = used;
    answer_rejected = rejected;
    object_make(0, 10, 50, true);
    toy_node_add(&toy, "in", &reader, 0);
    toy_node_format(&toy, 0, &lines, 0);
    toy_node_add(&toy, "out", &toy_actor_sink, 1);
    toy_node_input(&toy, 1, 0, NULL);
    cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED);
    cr_assert_eq(toy.findings.errors, 1);
    cr_expect_str_eq(toy.findings.items[0].code, code);
}

Test(frame, ranges_beyond_the_data_are_refused)
{
    expect_refused(0, -1, 0, "bad_frame"); /* a byte more than there is */
    expect_refused(5, 4, 0, "bad_frame");  /* ends before it begins */
    expect_refused(-3, 4, 0, "bad_frame");
    expect_refused(0, 0, 0, "bad_frame"); /* nothing, although the object is at its end */
    expect_refused(0, 4, 2, "ledger");    /* rejected, but not handed back */
}
