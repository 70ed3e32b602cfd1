/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: stress_pipes [runs [seed]]
 *
 * Random pipelines of the plugins themselves, run in this process: CSV with late columns and rows
 * that are no rows, from a file, a FIFO that somebody types into, or a file that grows; filter,
 * compute, limit, route, union; files as sinks; any mode, driver, workers and sizes; looked into
 * meanwhile; some stopped or asked to end midway. A plain program because Criterion does not run
 * under TSan. QETL_PLUGIN_PATH names the folder of the plugins.
 */
#include "config/document.h"
#include "pipes_model.h"
#include "plugin/registry.h"
#include "run/run.h"
#include "sdk_random.h"
#include "toy_looker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HANG_SECONDS = 30, RUNS = 150 };

static char folder[] = "/tmp/stress-pipes-XXXXXX";
static uint64_t current_seed;
static int64_t rows_looked_at, rows_compared;
static int ends[3]; /* by enum pipes_ask */

struct round {
    struct pipes pipes;
    struct qetl_findings findings;
    struct qetl_document *document;
    struct qetl_pipeline *pipeline;
    struct qetl_run *run;
    struct qetl_run_options options;
    uint64_t random;
    bool stops, asks, looks;
    atomic_bool over;
    int exit_code;
};

static void on_hang(int signal)
{
    char text[64];
    int size = snprintf(text, sizeof text, "hangs: seed %llu\n", (unsigned long long)current_seed);
    (void)signal;
    ssize_t ignored = write(STDOUT_FILENO, text, (size_t)size);
    (void)ignored;
    abort();
}

static void nap(int64_t ns)
{
    nanosleep(&(struct timespec){ns / 1000000000, ns % 1000000000}, NULL);
}

/* Ends the run before its time; one that follows a file ends in no other way, all being read or
 * not. */
static void *ender_main(void *arg)
{
    struct round *r = arg;
    bool follows = r->pipes.via == PIPES_FOLLOW;
    int64_t delay_ns = random_below(&r->random, 8000000);
    if (r->stops || r->asks)
        nap(delay_ns);
    while (follows && !r->stops && !r->asks && !atomic_load(&r->pipes.fed) &&
           !atomic_load(&r->over))
        nap(1000000);
    if (r->stops)
        qetl_run_stop(r->run, QETL_EXIT_SIGINT);
    else if (follows || r->asks)
        qetl_run_interrupt(r->run, QETL_EXIT_SIGINT);
    return NULL;
}

static bool round_prepare(struct round *r, const struct qetl_registry *registry, uint64_t seed)
{
    r->random = current_seed = seed;
    pipes_make(&r->pipes, random_next(&r->random), folder);
    r->stops = random_below(&r->random, 6) == 0;
    r->asks = !r->stops && r->pipes.endless && random_below(&r->random, 3) == 0;
    r->looks = random_below(&r->random, 2) == 0;
    r->options = (struct qetl_run_options){
        .workers = 1 + (int)random_below(&r->random, 6),
        .driver = random_below(&r->random, 4) ? QETL_DRIVE_POOL : QETL_DRIVE_PULL,
        .memory_bytes = random_below(&r->random, 4) ? 0 : 4 << 20,
        .barrier_ms = random_below(&r->random, 2) ? 1 : 1000,
        .validate_full = random_below(&r->random, 8) == 0};
    r->document =
        qetl_document_parse(r->pipes.yaml, strlen(r->pipes.yaml), "stress.yaml", &r->findings);
    if (r->document)
        r->pipeline = qetl_pipeline_new(r->document, registry, &r->findings);
    if (r->pipeline)
        r->run = qetl_run_new(r->pipeline, registry, &r->options, &r->findings);
    return r->run;
}

static void round_execute(struct round *r)
{
    pthread_t ender;
    pipes_feed_start(&r->pipes);
    struct toy_looker *looker = r->looks ? toy_looker_start(r->run, r->pipeline, r->random) : NULL;
    if (pthread_create(&ender, NULL, ender_main, r))
        abort();
    r->exit_code = qetl_run_execute(r->run);
    atomic_store(&r->over, true);
    pipes_feed_stop(&r->pipes);
    pthread_join(ender, NULL);
    const char *fault = looker ? toy_looker_stop(looker, &rows_looked_at) : NULL;
    if (fault && !*r->pipes.fault)
        snprintf(r->pipes.fault, sizeof r->pipes.fault, "%s", fault);
}

/* A run without end that is asked to ends well with what it had; its outputs show rows as they
 * come, and keep them however it ends. */
static enum pipes_ask what_to_ask(const struct round *r)
{
    bool asked = r->asks || r->pipes.via == PIPES_FOLLOW;
    if (r->exit_code == QETL_EXIT_OK)
        return asked ? PIPES_BEGINNING : PIPES_WHOLE;
    return r->pipes.endless ? PIPES_BEGINNING : PIPES_ABSENT;
}

static void round_check(struct round *r)
{
    struct qetl_run_report report;
    bool may_stop = r->stops || r->asks || r->pipes.via == PIPES_FOLLOW;
    const char *message = r->findings.errors ? r->findings.items[0].message : "";
    if (r->exit_code != QETL_EXIT_OK && !(may_stop && r->exit_code == QETL_EXIT_SIGINT))
        snprintf(r->pipes.fault, sizeof r->pipes.fault, "exit %d: %.400s", r->exit_code, message);
    qetl_run_report(r->run, &report);
    if (r->exit_code == QETL_EXIT_OK && (!report.balanced || !report.closed))
        snprintf(r->pipes.fault, sizeof r->pipes.fault, "the ledger does not balance");
    qetl_run_report_free(&report);
    ends[what_to_ask(r)]++;
    rows_compared += pipes_check(&r->pipes, what_to_ask(r));
}

static bool round_run(const struct qetl_registry *registry, uint64_t seed)
{
    struct round *r = calloc(1, sizeof *r);
    alarm(HANG_SECONDS);
    if (round_prepare(r, registry, seed)) {
        round_execute(r);
        round_check(r);
    } else {
        snprintf(r->pipes.fault, sizeof r->pipes.fault, "no run: %.400s",
                 r->findings.errors ? r->findings.items[0].message : "");
    }
    if (*r->pipes.fault)
        printf("seed %llu: %s\n%s", (unsigned long long)seed, r->pipes.fault, r->pipes.yaml);
    bool good = !*r->pipes.fault;
    pipes_clear(&r->pipes);
    qetl_run_free(r->run);
    qetl_pipeline_free(r->pipeline);
    qetl_document_free(r->document);
    qetl_findings_free(&r->findings);
    free(r);
    return good;
}

int main(int argc, char **argv)
{
    long runs = argc > 1 ? strtol(argv[1], NULL, 10) : RUNS, failed = 0;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) * 1000;
    const char *dirs[] = {getenv("QETL_PLUGIN_PATH"), NULL};
    struct qetl_findings findings = {0};
    signal(SIGALRM, on_hang);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!dirs[0] || !mkdtemp(folder))
        return fprintf(stderr, "QETL_PLUGIN_PATH is not set, or no folder can be made\n"), 2;
    struct qetl_registry *registry = qetl_registry_new(dirs, &findings);
    printf("seed %llu\n", (unsigned long long)seed);
    for (long i = 0; i < runs; i++)
        failed += !round_run(registry, seed + (uint64_t)i);
    qetl_registry_free(registry);
    qetl_findings_free(&findings);
    rmdir(folder);
    printf("%lld rows were compared, %lld looked at; runs: %d whole, %d to where they were asked "
           "to end, %d stopped\n",
           (long long)rows_compared, (long long)rows_looked_at, ends[PIPES_WHOLE],
           ends[PIPES_BEGINNING], ends[PIPES_ABSENT]);
    printf("%ld passed, %ld failed\n", runs - failed, failed);
    return failed != 0;
}
