/* SPDX-License-Identifier: Apache-2.0 */
/* The picture of a run, while it goes on and at its end. */
#include "decider.h"
#include "describe.h"
#include "op.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static double phase_seconds(struct qetl_run *run, enum qetl_phase phase)
{
    int64_t started = atomic_load(&run->phase_started_ns[phase]);
    if (!started)
        return 0;
    int64_t ended = 0;
    for (int next = phase + 1; !ended && next <= QETL_PHASE_OVER; next++)
        ended = atomic_load(&run->phase_started_ns[next]);
    return (double)((ended ? ended : qetl_now_ns()) - started) / 1e9;
}

/* What set-up settles may be read. */
static bool is_set_up(struct qetl_run *run)
{
    return atomic_load(&run->phase) > QETL_PHASE_SETUP;
}

static void report_component(struct qetl_run *run, const struct qetl_node *node,
                             struct qetl_component_report *out)
{
    *out = (struct qetl_component_report){
        .id = node->id, .kind = node->kind, .plugin = node->use.plugin->id};
    int64_t nanoseconds = run->spent_ns[node - run->pipeline->nodes];
    for (size_t i = 0; i < run->attempt.n_instances; i++) {
        const struct qetl_ctx *ctx = run->attempt.instances[i];
        if (ctx->node != node)
            continue;
        qetl_counts_add(&out->counts, &ctx->tally);
        nanoseconds += qetl_tally_get(&ctx->tally.nanoseconds);
        out->batches += qetl_tally_get(&ctx->tally.batches);
        out->replicas += ctx->use == &node->use && !ctx->retired;
    }
    bool between = run->attempts > 1 && !run->attempt.counts &&
                   qetl_record_is_unfinished(&run->attempt.recovered);
    if (between || (is_set_up(run) && run->attempt.completes)) { /* all of it was done before */
        out->counts = (struct qetl_counts){0};
        out->batches = 0;
        int64_t batches;
        struct qetl_counts counts;
        qetl_record_counts(&run->attempt.recovered, node->id, &counts, &batches);
        qetl_counts_sum(&out->counts, &counts);
        out->batches += batches;
    }
    out->seconds = (double)nanoseconds / 1e9;
    struct qetl_patience *patience = &run->patience[node - run->pipeline->nodes];
    int64_t left;
    out->retries = qetl_tally_get(&patience->retries);
    out->epochs_retried = qetl_tally_get(&patience->epochs);
    out->breaker = qetl_breaker_word(qetl_breaker_look(&patience->breaker, qetl_now_ns(), &left));
}

static void report_summary(struct qetl_run_report *out)
{
    out->balanced = 1;
    for (size_t n = 0; n < out->n_components; n++) {
        const struct qetl_component_report *c = &out->components[n];
        out->balanced &= qetl_counts_balance(&c->counts);
        out->summary.rows_filtered += c->counts.rows_filtered;
        out->summary.rows_rejected += c->counts.rows_rejected;
        out->summary.rows_added += c->counts.rows_added;
        out->summary.rows_reduced += c->counts.rows_reduced;
        out->summary.rows_held += c->counts.rows_held;
        if (c->kind == QETL_SOURCE) {
            out->summary.rows_in += c->counts.rows_in;
            out->summary.bytes_in += c->counts.bytes_in;
        } else if (c->kind == QETL_SINK) {
            out->summary.rows_out += c->counts.rows_out;
            out->summary.bytes_out += c->counts.bytes_out;
        }
    }
    out->bytes_done = out->summary.bytes_in;
}

static void report_outputs(struct qetl_run *run, struct qetl_run_report *out)
{
    out->outputs = calloc(run->outputs.n + 1, sizeof *out->outputs);
    for (size_t i = 0; out->outputs && i < run->outputs.n; i++) {
        out->outputs[i] = run->outputs.items[i];
        out->outputs[i].uri = strdup(run->outputs.items[i].uri);
        out->n_outputs++;
    }
}

static void report_expected(struct qetl_run *run, struct qetl_run_report *out)
{
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        if (run->pipeline->nodes[n].kind != QETL_SOURCE)
            continue;
        int64_t expected = run->attempt.flows[n].source.bytes_expected;
        out->bytes_expected =
            expected < 0 || out->bytes_expected < 0 ? -1 : out->bytes_expected + expected;
    }
}

static void report_epochs(struct qetl_run *run, struct qetl_run_report *out)
{
    bool planned = is_set_up(run) && run->attempt.decider;
    out->delivery = planned ? qetl_guarantee_word(qetl_run_delivery(run)) : NULL;
    out->epochs = atomic_load(&run->decided);
    out->resumed_from = run->resumed_from;
    out->was_complete = run->attempt.completes && run->attempts == 1;
    out->epochs_retried = run->attempts - 1;
    out->generation = run->store ? run->generation : 0;
    const char *state = run->store ? qetl_store_path(run->store) : NULL;
    out->state = state ? strdup(state) : NULL;
}

void qetl_run_report(struct qetl_run *run, struct qetl_run_report *out)
{
    memset(out, 0, sizeof *out);
    size_t n_sinks = 0;
    pthread_mutex_lock(&run->lock);
    out->components = calloc(run->pipeline->n_nodes + 1, sizeof *out->components);
    for (size_t n = 0; out->components && n < run->pipeline->n_nodes; n++) {
        report_component(run, &run->pipeline->nodes[n], &out->components[n]);
        n_sinks += run->pipeline->nodes[n].kind == QETL_SINK;
        out->n_components++;
    }
    report_summary(out);
    report_outputs(run, out);
    if (is_set_up(run))
        report_expected(run, out);
    else
        out->bytes_expected = -1;
    report_epochs(run, out);
    out->closed = run->attempt.closed;
    pthread_mutex_unlock(&run->lock);
    out->mode = qetl_mode_word(run->pipeline->mode);
    out->setup_s = phase_seconds(run, QETL_PHASE_SETUP);
    out->processing_s = phase_seconds(run, QETL_PHASE_PROCESSING);
    out->finish_s = phase_seconds(run, QETL_PHASE_FINISH);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    out->peak_rss_bytes = (int64_t)usage.ru_maxrss * 1024;
    out->barriers = n_sinks ? atomic_load(&run->barriers) / (long long)n_sinks : 0;
    const char *letters = qetl_letter_store_path(run->letters);
    out->dead_letters = letters ? strdup(letters) : NULL;
}

void qetl_run_report_free(struct qetl_run_report *report)
{
    for (size_t i = 0; i < report->n_outputs; i++)
        free(report->outputs[i].uri);
    free(report->outputs);
    free(report->components);
    free(report->dead_letters);
    free(report->state);
    memset(report, 0, sizeof *report);
}

int qetl_run_verdict(const struct qetl_findings *findings)
{
    if (!findings->errors)
        return QETL_EXIT_OK;
    return qetl_findings_environment(findings) ? QETL_EXIT_ENVIRONMENT : QETL_EXIT_CONFIG;
}
