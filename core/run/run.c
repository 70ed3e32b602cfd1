/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include "config/mask.h"
#include "decider.h"
#include "failpoint.h"
#include "op.h"
#include "overdue.h"
#include "replaying.h"
#include "run_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_BARRIER_MS = 1000 };

static void ignore_log(void *arg, const char *component, int32_t level, const char *message)
{
    (void)arg, (void)component, (void)level, (void)message;
}

static void pass_log(void *arg, const char *component, int32_t level, const char *message)
{
    const struct qetl_run *run = arg;
    char *shown = strdup(message);
    qetl_mask_text(run->pipeline->mask, shown);
    run->options.log(run->options.log_arg, component, level, shown ? shown : "(out of memory)");
    free(shown);
}

/* It goes on until it is interrupted: by its mode, or since a source says so. */
static bool has_no_end(void *arg)
{
    const struct qetl_run *run = arg;
    bool endless = run->pipeline->mode == QETL_MODE_STREAM;
    for (size_t n = 0; n < run->pipeline->n_nodes; n++)
        endless |= run->attempt.flows[n].source.endless != 0;
    return endless;
}

static void fill_defaults(struct qetl_run *run)
{
    struct qetl_run_options *o = &run->options;
    if (o->workers <= 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        o->workers = processors > 0 ? (int)processors : 1;
    }
    if (o->driver == QETL_DRIVE_PULL)
        o->workers = 1;
    if (o->memory_bytes <= 0)
        o->memory_bytes = run->pipeline->max_memory ? run->pipeline->max_memory : QETL_MEMORY_BYTES;
    if (!o->barrier_ms)
        o->barrier_ms = run->pipeline->checkpoint_every_ms ? (int)run->pipeline->checkpoint_every_ms
                                                           : DEFAULT_BARRIER_MS;
    int64_t quarter = o->memory_bytes / 4;
    run->chunk_bytes = run->pipeline->batch_bytes;
    run->max_record = run->pipeline->max_record < quarter ? run->pipeline->max_record : quarter;
}

static int patience_make(struct qetl_run *run)
{
    size_t n = run->pipeline->n_nodes;
    run->patience = calloc(n + 1, sizeof *run->patience);
    run->spent_ns = calloc(n + 1, sizeof *run->spent_ns);
    run->lookouts = calloc(n + 1, sizeof(struct qetl_lookout *));
    for (size_t i = 0; run->patience && i < n; i++)
        qetl_patience_init(&run->patience[i], &run->pipeline->nodes[i].limits);
    return run->patience && run->lookouts && run->spent_ns ? 0 : -1;
}

static int64_t wall_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct qetl_run *qetl_run_new(const struct qetl_pipeline *pipeline,
                              const struct qetl_registry *registry,
                              const struct qetl_run_options *options,
                              struct qetl_findings *findings)
{
    struct qetl_run *run = aligned_alloc(QETL_CACHE_LINE, (sizeof *run + 63) / 64 * 64);
    if (!run)
        return NULL;
    memset(run, 0, sizeof *run);
    run->pipeline = pipeline;
    run->registry = registry;
    run->attempts = 1;
    run->findings = findings;
    if (options)
        run->options = *options;
    fill_defaults(run);
    pthread_mutex_init(&run->lock, NULL);
    qetl_parker_init(&run->parker);
    run->pool = qetl_pool_new(run->options.memory_bytes);
    const char *letters = pipeline->dead_letters;
    run->letters = qetl_letter_store_new(letters && *letters ? letters : NULL, pipeline->name,
                                         !letters || *letters);
    if (run->letters) {
        qetl_letter_store_hide(run->letters, pipeline->mask);
        qetl_letter_store_limit(run->letters, pipeline->letters.max_bytes, pipeline->letters.alarm);
        if (run->options.replaying && run->options.replaying->mark)
            qetl_letter_store_replay(run->letters, run->options.replaying->mark,
                                     run->options.replaying->file, run->options.replaying->from);
    }
    run->env = (struct qetl_instance_env){
        .pool = run->pool,
        .parker = &run->parker,
        .stopping = &run->stopping,
        .epoch_requests = &run->epoch_requests,
        .log = run->options.log ? pass_log : ignore_log,
        .endless = has_no_end,
        .output = qetl_outputs_note,
        .arg = run,
        .timezone = pipeline->timezone,
        .now_us = run->options.now_us ? run->options.now_us : wall_clock_us(),
    };
    if (run->pool && run->letters && !patience_make(run) && !qetl_attempt_begin(run))
        return run;
    qetl_run_free(run);
    return NULL;
}

/* A run that goes back stays in its processing, as far as time is told. */
static void enter(struct qetl_run *run, enum qetl_phase phase)
{
    long long never = 0, now = qetl_now_ns();
    int later = phase < QETL_PHASE_PROCESSING ? QETL_PHASE_PROCESSING : (int)phase;
    while (++later <= QETL_PHASE_OVER)
        atomic_store(&run->phase_started_ns[later], 0);
    atomic_compare_exchange_strong(&run->phase_started_ns[phase], &never, now);
    atomic_store(&run->phase, phase);
}

static int decider_start(struct qetl_run *run)
{
    return run->env.checkpoints ? qetl_decider_start(run->attempt.decider) : 0;
}

static void drive(struct qetl_run *run)
{
    int64_t first = run->options.barrier_ms < 0 ? INT64_MAX : qetl_now_ns();
    if (first != INT64_MAX)
        first += run->options.barrier_ms * (int64_t)1000000;
    atomic_store(&run->attempt.next_barrier_ns, first);
    run->attempt.watchdog = qetl_watchdog_new(run);
    if (!run->attempt.watchdog)
        qetl_run_fault(run, NULL, "out_of_memory", "no memory to look after a run");
    else if (run->options.driver == QETL_DRIVE_PULL)
        qetl_drive_pull(run);
    else if (qetl_watchdog_start(run->attempt.watchdog) || decider_start(run) ||
             qetl_drive_pool(run, run->options.workers))
        qetl_run_fault(run, NULL, "no_threads", "the system gives no thread to run on");
    qetl_decider_stop(run->attempt.decider);
    if (run->attempt.watchdog)
        qetl_watchdog_stop(run->attempt.watchdog);
}

static int over(struct qetl_run *run, int exit_code)
{
    enter(run, QETL_PHASE_OVER);
    return exit_code;
}

static int32_t set_up(struct qetl_run *run)
{
    int32_t status = qetl_run_setup(run);
    if (!status && !run->attempt.completes)
        status = qetl_run_plan(run);
    if (!status && !run->attempt.completes)
        status = qetl_run_plan_epochs(run);
    return status;
}

static void attempt(struct qetl_run *run)
{
    enter(run, QETL_PHASE_SETUP);
    int32_t status = set_up(run);
    if (status) {
        qetl_run_end(run, qetl_exit_for(status)); /* where nobody said a code yet */
    } else if (!run->attempt.completes) {
        enter(run, QETL_PHASE_PROCESSING);
        QETL_FAILPOINT("begin");
        drive(run);
    }
    enter(run, QETL_PHASE_FINISH);
    QETL_FAILPOINT("finish");
    qetl_attempt_finish(run);
}

int qetl_run_execute(struct qetl_run *run)
{
    struct qetl_overdue *overdue;
    enter(run, QETL_PHASE_SETUP);
    bool goes = !qetl_overdue_start(run, &overdue) && !qetl_run_recover(run);
    while (goes) {
        attempt(run);
        goes = qetl_attempt_renew(run);
    }
    qetl_overdue_stop(overdue);
    enter(run, QETL_PHASE_FINISH);
    return over(run, qetl_run_finish(run));
}

void qetl_run_when_stuck(struct qetl_run *run, void (*stuck)(void *arg, int exit_code), void *arg)
{
    run->stuck = stuck;
    run->stuck_arg = arg;
}

void qetl_run_stop(struct qetl_run *run, int exit_code)
{
    qetl_run_ask_end(run, exit_code);
}

int qetl_run_interrupt(struct qetl_run *run, int exit_code)
{
    /* before it moves rows there is nothing to commit */
    int none = QETL_DRAIN_NONE;
    pthread_mutex_lock(&run->lock);
    bool endless = atomic_load(&run->phase) == QETL_PHASE_PROCESSING && has_no_end(run);
    pthread_mutex_unlock(&run->lock);
    if (endless && atomic_compare_exchange_strong(&run->draining, &none, QETL_DRAIN_GRACEFUL)) {
        atomic_store(&run->drain_since_ns, qetl_now_ns());
        atomic_store(&run->drain_exit, exit_code);
        qetl_parker_notify_all(&run->parker);
        return 1;
    }
    qetl_run_ask_end(run, exit_code);
    return 0;
}

static void nodes_free(struct qetl_run *run)
{
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        if (run->patience && run->patience[n].limits)
            qetl_patience_clear(&run->patience[n]);
        if (run->lookouts)
            qetl_lookouts_free(run->lookouts[n], qetl_node_outlets(&run->pipeline->nodes[n]));
    }
    free(run->patience);
    free(run->lookouts);
    free(run->spent_ns);
}

/* Who is killed before this finds the run complete; who is killed behind it, that it is over. */
static void note_over(struct qetl_run *run)
{
    char line[640];
    if (!run->store || !run->finished)
        return;
    int32_t status = qetl_store_committed(run->store, run->finished);
    snprintf(
        line, sizeof line,
        "the run is over and its outputs are whole, but its state could not note that%s%s: the "
        "next run will say that it was complete, and do nothing",
        status == QETL_E_NO_MEMORY ? "" : ": ", qetl_store_reason(run->store));
    if (status && status != QETL_E_FENCED)
        run->env.log(run->env.arg, NULL, QETL_LOG_WARN, line);
}

void qetl_run_free(struct qetl_run *run)
{
    if (!run)
        return;
    qetl_attempt_end(run);
    note_over(run);
    qetl_store_close(run->store);
    qetl_decisions_free(&run->kept);
    nodes_free(run);
    qetl_letter_store_free(run->letters);
    qetl_pool_free(run->pool);
    qetl_outputs_free(&run->outputs);
    pthread_mutex_destroy(&run->lock);
    free(run);
}
