/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: stress_run [runs [seed]]
 *
 * Random pipelines, from one or two sources of batches or bytes over random transforms to several
 * sinks, run in this process by random drivers, workers and budgets, some of them stopped or
 * drained midway, some looked into meanwhile. What must arrive where, in which order, and what must
 * be rejected is foretold row by row. A plain program because Criterion does not run under TSan.
 */
#include "run/observe.h"
#include "run/run_internal.h"
#include "sdk_random.h"
#include "toy_lines.h"
#include "toy_loader.h"
#include "toy_looker.h"
#include "toy_stress.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HANG_SECONDS = 60, RUNS = 300 };

struct oracle { /* what leaves a node */
    struct toy_ids rows[TOY_SOURCES_MOST];
    bool ordered[TOY_SOURCES_MOST]; /* came by one way only */
    bool has_d;
};

struct round {
    struct toy_pipeline toy;
    uint64_t random, seed;
    struct oracle out[TOY_PARTS_MOST][4]; /* per port */
    int64_t rejected;
    int n_sinks;
    bool stops, drains, looks, letters, has_relay;
    char letters_path[64];
    char fault[400];
};

static char folder[] = "/tmp/stress-run-XXXXXX";
static uint64_t current_seed;
static int64_t rows_looked_at;

static void on_hang(int signal)
{
    char text[64];
    int size = snprintf(text, sizeof text, "hangs: seed %llu\n", (unsigned long long)current_seed);
    (void)signal;
    ssize_t ignored = write(STDOUT_FILENO, text, (size_t)size);
    (void)ignored;
    abort();
}

static void complain(struct round *r, const char *what, int64_t a, int64_t b)
{
    if (!*r->fault)
        snprintf(r->fault, sizeof r->fault, "%s: %lld, %lld", what, (long long)a, (long long)b);
}

/* ---- a random graph, and what it must do ---- */

static bool chance(struct round *r, int one_in)
{
    return random_below(&r->random, one_in) == 0;
}

static size_t node_new(struct round *r, const struct qetl_component *component, const char *kind)
{
    char id[32];
    size_t n = r->toy.pipeline.n_nodes;
    snprintf(id, sizeof id, "%s%zu", kind, n);
    toy_parts[n].seed = random_next(&r->random);
    return toy_node_add(&r->toy, id, component, (int64_t)n);
}

static void source_add(struct round *r, int64_t source)
{
    bool text = chance(r, 2);
    size_t n = node_new(r, text ? &toy_stress_text : &toy_stress_source, "source");
    struct toy_part *part = &toy_parts[n];
    struct oracle *out = &r->out[n][0];
    part->source = source;
    part->rows = random_below(&r->random, chance(r, 8) ? 3 : 1500);
    part->text = text;
    if (text)
        toy_node_format(&r->toy, n, &toy_lines, chance(r, 2) ? TOY_LINES_SHORT : 0);
    out->ordered[source] = true;
    for (int64_t i = 0; i < part->rows; i++) {
        if (text && toy_record_fault(part, i))
            r->rejected++;
        else
            toy_ids_add(&out->rows[source], source * TOY_SOURCE_STRIDE + i);
    }
}

/* A random output of an earlier node, sinks not counted: node and port. */
static size_t pick(struct round *r, int *port)
{
    size_t n;
    do
        n = (size_t)random_below(&r->random, (int64_t)r->toy.pipeline.n_nodes);
    while (r->toy.pipeline.nodes[n].kind == QETL_SINK);
    *port = toy_parts[n].ports > 1 ? (int)random_below(&r->random, toy_parts[n].ports) : 0;
    return n;
}

static void join(struct round *r, size_t node, size_t from, int port)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    toy_node_input(&r->toy, node, from, toy_parts[from].ports > 1 ? names[port] : NULL);
}

static void transform_rows(struct round *r, size_t n, const struct oracle *in, bool relays)
{
    const struct toy_part *part = &toy_parts[n];
    for (int s = 0; s < TOY_SOURCES_MOST; s++) {
        for (int p = 0; p < 4; p++)
            r->out[n][p].ordered[s] =
                in->ordered[s] && (!r->out[n][p].rows[s].count || !in->rows[s].count);
        for (int64_t i = 0; i < in->rows[s].count; i++) {
            int64_t id = in->rows[s].ids[i];
            int fate = relays ? 1 : toy_fate(part, id);
            r->rejected += fate < 0;
            for (int k = 0; k < fate; k++)
                toy_ids_add(&r->out[n][relays ? 0 : toy_port(part, id)].rows[s], id);
        }
    }
}

static void transform_add(struct round *r)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    int port, other_port;
    size_t from = pick(r, &port), other = pick(r, &other_port);
    bool relays = chance(r, 4);
    bool merges = chance(r, 2) && r->out[from][port].has_d == r->out[other][other_port].has_d;
    size_t n =
        node_new(r, relays ? &toy_stress_relay : &toy_stress_transform, relays ? "relay" : "step");
    struct toy_part *part = &toy_parts[n];
    r->has_relay |= relays;
    part->pieces = chance(r, 2);
    part->blocks = chance(r, 3);
    part->filters = !relays && chance(r, 2);
    part->expands = !relays && chance(r, 3);
    part->rejects = !relays && chance(r, 3);
    part->ports = !relays && chance(r, 4) ? 2 + (int)random_below(&r->random, 3) : 0;
    for (int p = 0; p < part->ports; p++)
        toy_node_output(&r->toy, n, names[p]);
    join(r, n, from, port);
    if (merges)
        join(r, n, other, other_port);
    for (int p = 0; p < 4; p++)
        r->out[n][p].has_d = true;
    /* the same rows by two ways: their order is not told */
    bool twice[TOY_SOURCES_MOST];
    for (int s = 0; s < TOY_SOURCES_MOST; s++)
        twice[s] =
            merges && r->out[from][port].rows[s].count && r->out[other][other_port].rows[s].count;
    transform_rows(r, n, &r->out[from][port], relays);
    if (merges)
        transform_rows(r, n, &r->out[other][other_port], relays);
    for (int p = 0; p < 4; p++)
        for (int s = 0; s < TOY_SOURCES_MOST; s++)
            r->out[n][p].ordered[s] =
                r->out[from][port].ordered[s] &&
                (!merges || (r->out[other][other_port].ordered[s] && !twice[s]));
}

static void sink_add(struct round *r)
{
    int port, other_port;
    size_t from = pick(r, &port), other = pick(r, &other_port);
    size_t n = node_new(r, &toy_stress_sink, "sink");
    struct toy_part *part = &toy_parts[n];
    struct oracle *out = &r->out[n][0];
    bool merges = chance(r, 4) && r->out[from][port].has_d == r->out[other][other_port].has_d;
    part->busy = chance(r, 3);
    part->lexical = chance(r, 2);
    part->bytes = chance(r, 3);
    if (part->bytes)
        toy_node_format(&r->toy, n, &toy_lines,
                        random_below(&r->random, 2) | (chance(r, 2) ? TOY_LINES_WRAPPED : 0));
    join(r, n, from, port);
    if (merges)
        join(r, n, other, other_port);
    for (int s = 0; s < TOY_SOURCES_MOST; s++) {
        const struct oracle *a = &r->out[from][port], *b = &r->out[other][other_port];
        for (int64_t i = 0; i < a->rows[s].count; i++)
            toy_ids_add(&out->rows[s], a->rows[s].ids[i]);
        for (int64_t i = 0; merges && i < b->rows[s].count; i++)
            toy_ids_add(&out->rows[s], b->rows[s].ids[i]);
        bool twice = merges && a->rows[s].count && b->rows[s].count;
        out->ordered[s] = a->ordered[s] && (!merges || (b->ordered[s] && !twice));
    }
    r->n_sinks++;
}

static void graph_make(struct round *r)
{
    int sources = 1 + (int)random_below(&r->random, TOY_SOURCES_MOST);
    for (int s = 0; s < sources; s++)
        source_add(r, s);
    for (int64_t t = random_below(&r->random, 7); t > 0; t--)
        transform_add(r);
    for (int64_t s = 1 + random_below(&r->random, 3); s > 0; s--)
        sink_add(r);
}

/* ---- what came of it ---- */

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Of a sink of bytes: "ID|TEXT", perhaps "|D", between "<" and ">". */
static void parse_written(struct round *r, struct toy_part *part)
{
    char *at = part->written, expected[200], text[64];
    for (char *end; at && *at && (end = strchr(at, '\n')); at = end + 1) {
        *end = 0;
        if (strcmp(at, "<") == 0 || strcmp(at, ">") == 0)
            continue;
        int64_t id = strtoll(at, NULL, 10);
        if (id < 0 || id / TOY_SOURCE_STRIDE >= TOY_SOURCES_MOST) {
            complain(r, "a line of no row", id, 0);
            return;
        }
        int size = toy_text(id, text);
        int n = snprintf(expected, sizeof expected, "%lld|%.*s", (long long)id, size < 0 ? 0 : size,
                         text);
        if (strncmp(at, expected, (size_t)n) != 0)
            complain(r, "a line differs", id, n);
        if (at[n] == '|' && strtoll(at + n + 1, NULL, 10) != toy_d(id))
            complain(r, "d of a line differs", id, 0);
        toy_ids_add(&part->seen[id / TOY_SOURCE_STRIDE], id);
    }
}

static void check_sink(struct round *r, size_t n, bool whole)
{
    struct toy_part *part = &toy_parts[n];
    if (part->bytes)
        parse_written(r, part);
    for (int s = 0; s < TOY_SOURCES_MOST; s++) {
        struct toy_ids *seen = &part->seen[s], *expected = &r->out[n][0].rows[s];
        if (whole ? seen->count != expected->count : seen->count > expected->count) {
            complain(r, "rows came, and should have", seen->count, expected->count);
            return;
        }
        if (!whole && !r->out[n][0].ordered[s])
            continue;
        if (!r->out[n][0].ordered[s] && seen->count) {
            qsort(seen->ids, (size_t)seen->count, sizeof *seen->ids, by_id);
            qsort(expected->ids, (size_t)expected->count, sizeof *seen->ids, by_id);
        }
        for (int64_t i = 0; i < seen->count; i++)
            if (seen->ids[i] != expected->ids[i])
                complain(r, "another row came than should", seen->ids[i], expected->ids[i]);
    }
}

/* Every letter names the row that it is about. */
static void check_letter(struct round *r, const json_t *letter)
{
    const char *message = json_string_value(json_object_get(letter, "message"));
    const char *original = json_string_value(json_object_get(letter, "original"));
    int64_t row = json_integer_value(json_object_get(letter, "row")), id = -1;
    if (message && sscanf(message, "id %ld", &id) != 1 && original &&
        sscanf(original, "no record %ld", &id) != 1)
        sscanf(original, "%ld|", &id);
    if (id < 0) {
        complain(r, "a letter of no row", row, 0);
        return;
    }
    int64_t ordinal = id % TOY_SOURCE_STRIDE;
    if (toy_parts[id / TOY_SOURCE_STRIDE].text)
        ordinal %= TOY_OBJECT_ROWS;
    bool relayed = r->has_relay && message && strncmp(message, "id ", 3) == 0;
    if (row != ordinal + 1 && !(relayed && row == 0))
        complain(r, "a letter's row, and what it should be", row, ordinal + 1);
}

static void check_letters(struct round *r)
{
    char *line = NULL;
    size_t room = 0;
    int64_t n = 0;
    FILE *file = fopen(r->letters_path, "r");
    while (file && getline(&line, &room, file) > 0) {
        json_t *letter = json_loads(line, 0, NULL);
        check_letter(r, letter);
        json_decref(letter);
        n++;
    }
    free(line);
    if (file)
        fclose(file);
    if (n != r->rejected)
        complain(r, "letters, rejected rows", n, r->rejected);
}

static void check_round(struct round *r, int exit_code)
{
    bool good = exit_code == QETL_EXIT_OK, whole = good && !r->drains;
    if (!good && !(r->stops && exit_code == QETL_EXIT_SIGINT))
        complain(r, toy_message(&r->toy), exit_code, (int64_t)r->toy.findings.errors);
    for (size_t n = 0; n < r->toy.pipeline.n_nodes; n++) {
        if (*toy_parts[n].fault && !*r->fault)
            snprintf(r->fault, sizeof r->fault, "%s: %s", r->toy.pipeline.nodes[n].id,
                     toy_parts[n].fault);
        if (r->toy.pipeline.nodes[n].kind == QETL_SINK)
            check_sink(r, n, whole);
    }
    if (good && (!r->toy.report.balanced || !r->toy.report.closed))
        complain(r, "the ledger does not balance", 0, 0);
    if (!whole)
        return;
    if (r->toy.report.summary.rows_rejected != r->rejected)
        complain(r, "rejected, should be", r->toy.report.summary.rows_rejected, r->rejected);
    if (r->letters)
        check_letters(r);
}

/* ---- a run ---- */

static void options_choose(struct round *r)
{
    struct toy_pipeline *toy = &r->toy;
    static const int barriers[] = {-1, 1, 3, 1000};
    toy->options.workers = 1 + (int)random_below(&r->random, 8);
    toy->options.driver = chance(r, 4) ? QETL_DRIVE_PULL : QETL_DRIVE_POOL;
    toy->options.barrier_ms = barriers[random_below(&r->random, 4)];
    toy->options.memory_bytes = chance(r, 3) ? 64 * 1024 : 0;
    toy->options.validate_full = chance(r, 4);
    toy->pipeline.mode = (enum qetl_mode)random_below(&r->random, 3);
    toy->pipeline.batch_bytes = 1024 << random_below(&r->random, 3);
    toy->pipeline.max_record = 1000;
    r->stops = chance(r, 5);
    r->drains = !r->stops && chance(r, 5);
    r->looks = chance(r, 2);
    r->letters = chance(r, 2);
    snprintf(r->letters_path, sizeof r->letters_path, "%s/letters.ndjson", folder);
    if (r->letters)
        toy->pipeline.dead_letters = r->letters_path;
}

struct stopper {
    struct qetl_run *run;
    int64_t delay_ns;
    bool drains;
};

static void *stopper_main(void *arg)
{
    const struct stopper *stopper = arg;
    nanosleep(&(struct timespec){.tv_nsec = stopper->delay_ns}, NULL);
    if (stopper->drains)
        qetl_run_drain(stopper->run);
    else
        qetl_run_stop(stopper->run, QETL_EXIT_SIGINT);
    return NULL;
}

static int round_execute(struct round *r)
{
    toy_run_new(&r->toy);
    struct stopper stopper = {r->toy.run, random_below(&r->random, 3000000), r->drains};
    pthread_t thread;
    bool stops = (r->stops || r->drains) && !pthread_create(&thread, NULL, stopper_main, &stopper);
    struct toy_looker *looker =
        r->looks ? toy_looker_start(r->toy.run, &r->toy.pipeline, r->seed) : NULL;
    int exit_code = toy_run_execute(&r->toy);
    if (stops)
        pthread_join(thread, NULL);
    const char *fault = looker ? toy_looker_stop(looker, &rows_looked_at) : NULL;
    if (fault)
        complain(r, fault, 0, 0);
    long long barriers = atomic_load(&r->toy.run->barriers);
    /* of one source, each barrier comes to each sink */
    if (!exit_code && r->toy.pipeline.nodes[1].kind != QETL_SOURCE && barriers % r->n_sinks)
        complain(r, "barriers, sinks", barriers, r->n_sinks);
    toy_waker_drain();
    struct qetl_pool *pool = r->toy.run->pool;
    (void)pool;
    toy_run_free(&r->toy);
    return exit_code;
}

static bool round_run(uint64_t seed)
{
    struct round *r = calloc(1, sizeof *r);
    r->random = r->seed = current_seed = seed;
    alarm(HANG_SECONDS);
    toy_pipeline_init(&r->toy);
    graph_make(r);
    options_choose(r);
    check_round(r, round_execute(r));
    if (*r->fault)
        printf("seed %llu: %s\n", (unsigned long long)seed, r->fault);
    bool good = !*r->fault;
    for (size_t n = 0; n < TOY_PARTS_MOST; n++)
        for (int p = 0; p < 4; p++)
            for (int s = 0; s < TOY_SOURCES_MOST; s++)
                free(r->out[n][p].rows[s].ids);
    unlink(r->letters_path);
    toy_pipeline_free(&r->toy);
    toy_stress_reset();
    free(r);
    return good;
}

int main(int argc, char **argv)
{
    long runs = argc > 1 ? strtol(argv[1], NULL, 10) : RUNS, failed = 0;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) * 1000;
    signal(SIGALRM, on_hang);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("seed %llu\n", (unsigned long long)seed);
    if (!mkdtemp(folder))
        return perror(folder), 1;
    toy_waker_start();
    for (long i = 0; i < runs; i++)
        failed += !round_run(seed + (uint64_t)i);
    toy_waker_stop();
    rmdir(folder);
    printf("%lld rows were looked at\n", (long long)rows_looked_at);
    printf("%ld passed, %ld failed\n", runs - failed, failed);
    return failed != 0;
}
