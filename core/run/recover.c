/* SPDX-License-Identifier: Apache-2.0 */
#include "recover.h"

#include "checkpoint.h"
#include "decider.h"
#include "failpoint.h"
#include "host/call.h"
#include "run_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct qetl_entry *qetl_record_find(const struct qetl_record *record,
                                          enum qetl_entry_kind kind, const char *component,
                                          uint32_t part)
{
    for (size_t i = 0; i < record->n_entries; i++) {
        const struct qetl_entry *entry = &record->entries[i];
        if (entry->kind == kind && entry->part == part && strcmp(entry->component, component) == 0)
            return entry;
    }
    return NULL;
}

static int64_t number(const json_t *counts, const char *key)
{
    return json_integer_value(json_object_get(counts, key));
}

void qetl_record_counts(const struct qetl_record *record, const char *component,
                        struct qetl_counts *counts, int64_t *batches)
{
    const struct qetl_entry *entry = qetl_record_find(record, QETL_ENTRY_COUNTS, component, 0);
    json_t *from = entry ? json_loadb(entry->data, entry->size, 0, NULL) : NULL;
    *counts = (struct qetl_counts){
        .rows_in = number(from, "rows_in"),
        .rows_out = number(from, "rows_out"),
        .rows_filtered = number(from, "rows_filtered"),
        .rows_rejected = number(from, "rows_rejected"),
        .rows_added = number(from, "rows_added"),
        .rows_reduced = number(from, "rows_reduced"),
        .rows_held = number(from, "rows_held"),
        .bytes_in = number(from, "bytes_in"),
        .bytes_out = number(from, "bytes_out"),
    };
    *batches = number(from, "batches");
    json_decref(from);
}

/* ---- the store ---- */

/* Findings that a call left behind stand already; the run ends with their exit code. */
static int32_t end_by_findings(struct qetl_run *run)
{
    int exit_code = qetl_run_verdict(run->findings);
    qetl_run_end(run, exit_code ? exit_code : QETL_EXIT_FAILED);
    return QETL_E_ENVIRONMENT;
}

static int32_t store_open(struct qetl_run *run)
{
    char *identity = qetl_run_identity(run->pipeline);
    if (!identity)
        return qetl_run_fault(run, NULL, "out_of_memory", "no memory for the run's state");
    struct qetl_store *store = qetl_store_open(run->options.state_folder, run->options.state_name,
                                               identity, run->findings);
    free(identity);
    if (!store)
        return end_by_findings(run);
    pthread_mutex_lock(&run->lock); /* reports say it */
    run->store = store;
    run->generation = qetl_store_generation(store);
    pthread_mutex_unlock(&run->lock);
    run->env.state = qetl_store_path(run->store);
    if (!run->options.full_refresh)
        return QETL_OK;
    int32_t status = qetl_store_clear(run->store);
    return status ? qetl_run_store_failed(run, status) : QETL_OK;
}

static void take_facts(struct qetl_run *run)
{
    const struct qetl_entry *entry =
        qetl_record_find(&run->attempt.recovered, QETL_ENTRY_COUNTS, "", 0);
    json_t *facts = entry ? json_loadb(entry->data, entry->size, 0, NULL) : NULL;
    int64_t now_us = json_integer_value(json_object_get(facts, "now_us"));
    if (now_us)
        run->env.now_us = now_us;
    json_decref(facts);
}

static int32_t remember_sources(struct qetl_run *run)
{
    int32_t status = QETL_OK;
    for (size_t n = 0; !status && n < run->pipeline->n_nodes; n++)
        if (run->pipeline->nodes[n].kind == QETL_SOURCE)
            status = qetl_source_remember(run, n);
    return status;
}

static int32_t begin_behind(struct qetl_run *run)
{
    const struct qetl_record *record = &run->attempt.recovered;
    uint64_t number = record->number;
    run->attempt.first_epoch =
        number > run->attempt.first_epoch ? number : run->attempt.first_epoch;
    atomic_store(&run->attempt.epoch, run->attempt.first_epoch);
    atomic_store(&run->attempt.decided_epoch, run->attempt.first_epoch);
    bool unfinished = qetl_record_is_unfinished(record);
    pthread_mutex_lock(&run->lock); /* reports say it */
    run->attempt.resumes = unfinished && !record->final;
    run->attempt.completes = unfinished && record->final;
    if (run->attempt.resumes && run->attempts == 1)
        run->resumed_from = number;
    pthread_mutex_unlock(&run->lock);
    run->env.resumes = unfinished;
    int32_t status = qetl_run_letters_begin(run, unfinished);
    if (status || !run->attempt.resumes)
        return status;
    take_facts(run);
    return remember_sources(run);
}

static uint64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int32_t qetl_run_recover(struct qetl_run *run)
{
    QETL_FAILPOINT("recover.before");
    run->generation = clock_ms(); /* as a store counts them */
    if (!run->options.state_folder)
        return QETL_OK;
    int32_t status = store_open(run);
    return status ? status : qetl_run_recall(run);
}

int32_t qetl_run_recall(struct qetl_run *run)
{
    struct qetl_record decided = {0}, undecided = {0};
    int32_t status = qetl_keep_recover(run, &decided, &undecided);
    pthread_mutex_lock(&run->lock);
    run->attempt.recovered = decided;
    run->attempt.undecided = undecided;
    pthread_mutex_unlock(&run->lock);
    if (status == QETL_E_NO_MEMORY)
        return qetl_run_fault(run, NULL, "out_of_memory", "no memory for the run's state");
    return status ? end_by_findings(run) : QETL_OK;
}

/* ---- sinks ---- */

struct handles {
    struct qetl_blob *items;
    int64_t n;
};

static int handles_of(const struct qetl_record *record, const struct qetl_node *node,
                      struct handles *out)
{
    *out = (struct handles){.items = calloc(record->n_entries + 1, sizeof *out->items)};
    for (size_t i = 0; out->items && i < record->n_entries; i++) {
        const struct qetl_entry *entry = &record->entries[i];
        if (entry->kind == QETL_ENTRY_HANDLE && strcmp(entry->component, node->id) == 0)
            out->items[out->n++] = (struct qetl_blob){entry->data, entry->size};
    }
    return out->items ? 0 : -1;
}

static int32_t no_memory(struct qetl_run *run, const struct qetl_node *node)
{
    return qetl_run_fault(run, node, "out_of_memory", "no memory to go on with the run");
}

static int32_t commit_again(struct qetl_run *run, const struct qetl_node *node,
                            struct qetl_node_flow *flow)
{
    const struct qetl_record *record = &run->attempt.recovered;
    struct handles handles;
    if (record->stage != QETL_STAGE_DECIDED || flow->commit == QETL_COMMIT_ONE_PHASE)
        return QETL_OK;
    if (handles_of(record, node, &handles))
        return no_memory(run, node);
    struct qetl_epoch epoch = qetl_epoch_of(run, node, record->number, record->final);
    int32_t status = qetl_sink_commit(run, node, flow->instance, &epoch, handles.n, handles.items);
    free(handles.items);
    return status;
}

static int32_t give_up(struct qetl_run *run, const struct qetl_node *node,
                       struct qetl_node_flow *flow)
{
    const struct qetl_record *record = &run->attempt.undecided;
    const struct qetl_sink *sink = flow->component->sink;
    struct handles handles;
    if (record->stage != QETL_STAGE_PREPARED || !sink->abort)
        return QETL_OK;
    if (handles_of(record, node, &handles))
        return no_memory(run, node);
    struct qetl_epoch epoch = qetl_epoch_of(run, node, record->number, record->final);
    qetl_call_enter(flow->instance, "abort");
    int32_t status = sink->abort(flow->instance->self, &epoch, handles.n, handles.items);
    qetl_call_leave();
    free(handles.items);
    return status < 0 ? qetl_run_fail(run, node, flow->instance, "abort", status) : QETL_OK;
}

/* ---- sinks that decide ---- */

static int32_t behind_the_sink(struct qetl_run *run, const struct qetl_node *node, uint64_t number)
{
    char message[400];
    snprintf(message, sizeof message,
             "it has committed epoch %llu already, but the state of the run ends with epoch %llu: "
             "to go on from there would write rows twice; --full-refresh begins anew",
             (unsigned long long)number, (unsigned long long)run->attempt.recovered.number);
    return qetl_run_fault_as(run, node, "in_doubt", QETL_E_IN_DOUBT, message);
}

/* It was set back, or begun anew, since: what it had taken would not come again. */
static int32_t ahead_of_the_sink(struct qetl_run *run, const struct qetl_node *node,
                                 uint64_t number)
{
    char message[400], knows[80] = "knows of no epoch";
    if (number)
        snprintf(knows, sizeof knows, "ends with epoch %llu", (unsigned long long)number);
    snprintf(message, sizeof message,
             "it %s, but the state of the run with epoch %llu: the rows between would be lost; put "
             "it back as it was, or begin anew with --full-refresh",
             knows, (unsigned long long)run->attempt.recovered.number);
    return qetl_run_fault_as(run, node, "in_doubt", QETL_E_IN_DOUBT, message);
}

/* The epoch of which only the sink knows was decided, or was not. */
static int32_t settle(struct qetl_run *run, bool decided)
{
    int32_t status = qetl_keep_settle(run, run->attempt.undecided.number, decided);
    if (status)
        return qetl_run_store_failed(run, status);
    if (!decided)
        return QETL_OK;
    pthread_mutex_lock(&run->lock);
    qetl_record_free(&run->attempt.recovered);
    run->attempt.recovered = run->attempt.undecided;
    run->attempt.recovered.stage = QETL_STAGE_DECIDED;
    run->attempt.undecided = (struct qetl_record){0};
    pthread_mutex_unlock(&run->lock);
    if (run->attempts > 1)
        atomic_fetch_add(&run->decided, 1);
    return QETL_OK;
}

struct asked { /* of all sinks that decide */
    size_t n;
    uint64_t least, most;
    const struct qetl_node *ahead, *behind; /* who said most, and who least */
};

static int32_t ask(struct qetl_run *run, const struct qetl_node *node, struct qetl_node_flow *flow,
                   struct asked *asked)
{
    const struct qetl_sink *sink = flow->component->sink;
    struct qetl_retry retry = {0};
    uint64_t number = 0;
    int32_t status;
    if (flow->commit != QETL_COMMIT_ONE_PHASE)
        return QETL_OK;
    struct qetl_epoch about = qetl_epoch_of(run, node, 0, false);
    do {
        qetl_call_enter(flow->instance, "last_committed");
        status = sink->last_committed(flow->instance->self, &about, &number);
        qetl_call_leave();
    } while (qetl_run_again(run, flow->instance, &retry, "last_committed", status));
    if (status < 0)
        return qetl_run_fail(run, node, flow->instance, "last_committed", status);
    asked->behind = !asked->n || number < asked->least ? node : asked->behind;
    asked->least = !asked->n || number < asked->least ? number : asked->least;
    asked->ahead = number >= asked->most ? node : asked->ahead;
    asked->most = number > asked->most ? number : asked->most;
    asked->n++;
    return QETL_OK;
}

static int32_t take_answers(struct qetl_run *run, const struct asked *asked)
{
    int32_t status = QETL_OK;
    bool several = asked->n > 1; /* one of them may be ahead: its rows come again */
    if (run->attempt.undecided.stage == QETL_STAGE_PREPARED)
        status = settle(run, asked->n && asked->least >= run->attempt.undecided.number);
    bool goes_on = qetl_record_is_unfinished(&run->attempt.recovered);
    if (!status && goes_on && !several && asked->most > run->attempt.recovered.number)
        return behind_the_sink(run, asked->ahead, asked->most);
    if (!status && goes_on && asked->n && asked->least < run->attempt.recovered.number)
        return ahead_of_the_sink(run, asked->behind, asked->least);
    run->attempt.first_epoch =
        asked->most > run->attempt.first_epoch ? asked->most : run->attempt.first_epoch;
    return status;
}

/* Others have nothing to tell, and are left for later. */
static bool is_transactional(const struct qetl_node *node)
{
    const char *delivery = json_string_value(json_object_get(node->use.plugin->json, "delivery"));
    return !delivery || strcmp(delivery, "transactional") == 0;
}

int32_t qetl_run_ask_sinks(struct qetl_run *run)
{
    int32_t status = QETL_OK;
    struct asked asked = {0};
    for (size_t n = 0; !status && n < run->pipeline->n_nodes; n++) {
        const struct qetl_node *node = &run->pipeline->nodes[n];
        if (!run->store || node->kind != QETL_SINK || !is_transactional(node))
            continue;
        status = qetl_node_load(run, n);
        if (status || !run->attempt.flows[n].component->sink->last_committed)
            continue;
        status = qetl_node_make(run, n);
        if (!status)
            status = qetl_sink_describe(run, node, &run->attempt.flows[n]);
        if (!status)
            status = ask(run, node, &run->attempt.flows[n], &asked);
    }
    if (!status)
        status = take_answers(run, &asked);
    return status ? status : begin_behind(run);
}

/* ---- what is left to do ---- */

static int32_t sink_complete(struct qetl_run *run, size_t n)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    int32_t status = qetl_node_make(run, n);
    if (!status)
        status = qetl_sink_describe(run, node, &run->attempt.flows[n]);
    return status ? status : qetl_sink_recover(run, node, &run->attempt.flows[n]);
}

int32_t qetl_run_complete(struct qetl_run *run)
{
    int32_t status = QETL_OK;
    for (size_t n = 0; !status && n < run->pipeline->n_nodes; n++)
        if (run->pipeline->nodes[n].kind == QETL_SINK)
            status = sink_complete(run, n);
    if (status)
        return status;
    run->finished = run->attempt.recovered.number;
    qetl_run_got_on(run);
    return QETL_OK;
}

/* ---- any sink ---- */

int32_t qetl_sink_recover(struct qetl_run *run, const struct qetl_node *node,
                          struct qetl_node_flow *flow)
{
    if (!run->store && run->attempts == 1)
        return QETL_OK;
    QETL_FAILPOINT("recover.commit");
    int32_t status = commit_again(run, node, flow);
    return status ? status : give_up(run, node, flow);
}
