/* SPDX-License-Identifier: Apache-2.0 */
/* How a run ends before its time, what it says about it, and when epochs begin. */
#include "again.h"
#include "config/document.h"
#include "config/excerpt.h"
#include "config/mask.h"
#include "observe.h"
#include "op.h"
#include "overdue.h"
#include "replaying.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

bool qetl_run_stopping(const struct qetl_run *run)
{
    return atomic_load_explicit(&((struct qetl_run *)run)->stopping, memory_order_acquire) != 0;
}

bool qetl_run_goes_back(const struct qetl_run *run)
{
    return atomic_load(&((struct qetl_run *)run)->stopping) == QETL_STOPS_FOR_NEXT;
}

bool qetl_run_is_ended(const struct qetl_run *run)
{
    return atomic_load(&((struct qetl_run *)run)->stopping) > 0;
}

/* Whether the attempt was still going on. */
static bool claim_end(struct qetl_run *run, int exit_code)
{
    int running = 0;
    return atomic_compare_exchange_strong(&run->stopping, &running, exit_code + 1);
}

/* Whether there would have been another attempt. */
static bool claim_next(struct qetl_run *run, int exit_code)
{
    int back = QETL_STOPS_FOR_NEXT;
    return atomic_compare_exchange_strong(&run->stopping, &back, exit_code + 1);
}

/* What follows from the end of an attempt is mended with the next one; not what the run itself is
 * not to go on behind: its time is up, or what is durable nobody knows. */
static bool claim(struct qetl_run *run, int exit_code, int32_t status)
{
    bool ends_run = status == QETL_E_ENVIRONMENT || status == QETL_E_FENCED ||
                    status == QETL_E_IN_DOUBT || status == QETL_E_CANCELLED;
    return claim_end(run, exit_code) || (ends_run && claim_next(run, exit_code));
}

static void interrupt_all(struct qetl_run *run)
{
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; i < run->attempt.n_instances; i++)
        qetl_instance_interrupt(run->attempt.instances[i]);
    pthread_mutex_unlock(&run->lock);
    qetl_parker_notify_all(&run->parker);
}

void qetl_run_end(struct qetl_run *run, int exit_code)
{
    if (claim_end(run, exit_code))
        interrupt_all(run);
}

void qetl_run_end_attempt(struct qetl_run *run)
{
    int running = 0;
    if (atomic_compare_exchange_strong(&run->stopping, &running, QETL_STOPS_FOR_NEXT))
        interrupt_all(run);
}

void qetl_run_ask_end(struct qetl_run *run, int exit_code)
{
    pthread_mutex_lock(&run->lock);
    bool first = claim_next(run, exit_code) || (!run->attempt.decided && claim_end(run, exit_code));
    pthread_mutex_unlock(&run->lock);
    if (first)
        interrupt_all(run);
}

bool qetl_run_decide(struct qetl_run *run)
{
    pthread_mutex_lock(&run->lock);
    run->attempt.decided = !qetl_run_stopping(run);
    pthread_mutex_unlock(&run->lock);
    return run->attempt.decided;
}

int qetl_exit_for(int32_t status)
{
    switch (status) {
    case QETL_E_CONFIG:
        return QETL_EXIT_CONFIG;
    case QETL_E_AUTH:
    case QETL_E_ENVIRONMENT:
    case QETL_E_FENCED:
        return QETL_EXIT_ENVIRONMENT;
    case QETL_E_CLOSED:
        return QETL_EXIT_SIGPIPE;
    default:
        return QETL_EXIT_FAILED;
    }
}

static const char *code_for(int32_t status)
{
    switch (status) {
    case QETL_E_CONFIG:
        return "config";
    case QETL_E_DATA:
        return "data";
    case QETL_E_AUTH:
        return "auth";
    case QETL_E_ENVIRONMENT:
        return "environment";
    case QETL_E_FENCED:
        return "fenced";
    case QETL_E_IN_DOUBT:
        return "in_doubt";
    case QETL_E_NO_MEMORY:
        return "out_of_memory";
    case QETL_E_UNSUPPORTED:
        return "unsupported";
    case QETL_E_RETRY_CALL:
    case QETL_E_RETRY_EPOCH:
    case QETL_E_THROTTLED:
        return "transient";
    default:
        return "failed";
    }
}

/* The place of an option in the pipeline file; the component's own, where nothing better is known.
 */
static void place_finding(const struct qetl_run *run, struct qetl_finding *finding,
                          const struct qetl_node *node, const struct qetl_ctx *ctx,
                          const struct qetl_error_report *error)
{
    struct qetl_place place = node->use.place;
    const struct qetl_document *document = run->options.document;
    char pointer[512] = "", path[600];
    if (error && error->option)
        snprintf(pointer, sizeof pointer, "%s%s", ctx && ctx->use != &node->use ? "/format" : "",
                 error->option);
    if (*pointer && document)
        place = qetl_pipeline_place(run->pipeline, document, (size_t)(node - run->pipeline->nodes),
                                    pointer);
    snprintf(path, sizeof path, "%s%s", node->path, pointer);
    for (char *c = path; *c; c++)
        *c = *c == '/' ? '.' : *c;
    qetl_finding_at(finding, place.file, place.line, place.column, path);
    if (!error || !error->text || !document) {
        if (document)
            qetl_document_show(document, finding, place);
        return;
    }
    snprintf(path, sizeof path, "/%s%s", node->path, pointer);
    *strchr(path, '.') = '/'; /* ids have none */
    qetl_document_text_at(document, finding, path, (size_t)error->text_begin,
                          (size_t)error->text_end);
    if (finding && !finding->excerpt)
        qetl_finding_excerpt(finding, error->text, strlen(error->text), (size_t)error->text_begin,
                             (size_t)error->text_end);
}

/* While the components are set up, mistakes in the configuration are gathered. */
static bool is_gathered(const struct qetl_run *run, int exit_code)
{
    return run->attempt.gathering && exit_code == QETL_EXIT_CONFIG && !qetl_run_stopping(run);
}

/* Ends the run. The first failure is what went wrong, and its exit code counts; those after it
 * follow from the stop. */
static void report(struct qetl_run *run, const struct qetl_node *node, struct qetl_ctx *ctx,
                   const char *code, int32_t status, const char *message,
                   const struct qetl_error_report *error)
{
    int exit_code = qetl_exit_for(status);
    pthread_mutex_lock(&run->lock);
    bool gathered = is_gathered(run, exit_code);
    bool secret = error && error->text &&
                  qetl_mask_holds(run->pipeline->mask, error->text, (size_t)error->text_begin,
                                  (size_t)error->text_end);
    bool first = !gathered && claim(run, exit_code, ctx ? QETL_E_FATAL : status);
    run->attempt.n_gathered += gathered;
    if (first || gathered) {
        struct qetl_finding *finding =
            node ? qetl_finding_add(run->findings, QETL_ERROR, code, "%s '%s' (%s): %s",
                                    node->kind == QETL_SOURCE      ? "source"
                                    : node->kind == QETL_TRANSFORM ? "transform"
                                                                   : "sink",
                                    node->id, ctx ? ctx->use->plugin->id : node->use.plugin->id,
                                    secret ? QETL_MASK_MESSAGE : message)
                 : qetl_finding_add(run->findings, QETL_ERROR, code, "%s", message);
        if (finding && node)
            place_finding(run, finding, node, ctx, error);
        if (secret || (error && error->suggestion))
            qetl_finding_mend(finding, "%s", secret ? QETL_MASK_MEND : error->suggestion);
        qetl_findings_hide(run->findings, run->pipeline->mask);
    }
    pthread_mutex_unlock(&run->lock);
    if (first)
        interrupt_all(run);
}

static void report_earlier(struct qetl_run *run, const struct qetl_node *node, struct qetl_ctx *ctx,
                           const struct qetl_error_report *error)
{
    if (!error)
        return;
    report_earlier(run, node, ctx, error->earlier);
    report(run, node, ctx, code_for(error->code), error->code, error->message, error);
}

int32_t qetl_run_fail(struct qetl_run *run, const struct qetl_node *node, struct qetl_ctx *ctx,
                      const char *call, int32_t status)
{
    int32_t answered = status;
    status = qetl_run_stopping(run) ? status : qetl_overdue_status(ctx, status);
    if (status == QETL_E_RETRY_EPOCH && qetl_run_go_back(run, ctx, call))
        return answered;
    struct qetl_error_report error = qetl_instance_take_error(ctx);
    bool quiet = status == QETL_E_CLOSED || (status == QETL_E_CANCELLED && qetl_run_stopping(run));
    char generic[160];
    snprintf(generic, sizeof generic, "%s failed with status %d and gave no reason", call, status);
    if (!quiet)
        report_earlier(run, node, ctx, error.earlier);
    if (!quiet)
        report(run, node, ctx, code_for(status), status, error.message ? error.message : generic,
               &error);
    qetl_error_report_free(&error);
    if (!is_gathered(run, qetl_exit_for(status)))
        qetl_run_end(run, qetl_exit_for(status));
    return status;
}

int32_t qetl_run_fault(struct qetl_run *run, const struct qetl_node *node, const char *code,
                       const char *message)
{
    report(run, node, NULL, code, QETL_E_FATAL, message, NULL);
    return QETL_E_FATAL;
}

int32_t qetl_run_fault_as(struct qetl_run *run, const struct qetl_node *node, const char *code,
                          int32_t status, const char *message)
{
    report(run, node, NULL, code, status, message, NULL);
    return status;
}

int32_t qetl_run_blame(struct qetl_run *run, const struct qetl_node *node, struct qetl_ctx *ctx,
                       const char *code, const char *message, const char *mend)
{
    const struct qetl_error_report error = {.suggestion = (char *)mend};
    report(run, node, ctx, code, QETL_E_FATAL, message, &error);
    return QETL_E_FATAL;
}

int32_t qetl_run_refuse(struct qetl_run *run, const struct qetl_node *node, const char *code,
                        const char *message, const char *mend, const char *option)
{
    const struct qetl_error_report error = {.suggestion = (char *)mend, .option = (char *)option};
    report(run, node, NULL, code, QETL_E_CONFIG, message, &error);
    return QETL_E_CONFIG;
}

int32_t qetl_run_count_rejected(struct qetl_run *run, const struct qetl_node *node, int64_t n,
                                const char *code, const char *reason)
{
    const struct qetl_pipeline *p = run->pipeline;
    int64_t total = atomic_fetch_add(&run->attempt.rejected, n) + n;
    if (!n || (!p->fail_on_error && (p->max_rejected < 0 || total <= p->max_rejected)))
        return QETL_OK;
    char message[600];
    if (p->fail_on_error)
        snprintf(message, sizeof message,
                 "a row was rejected, and on_error is fail: %s: %.400s; its dead letter says where",
                 code, reason);
    else
        snprintf(message, sizeof message,
                 "more rows were rejected than max_rejected (%lld) allows; the last: %s: %.400s; "
                 "the dead letters have them all",
                 (long long)p->max_rejected, code, reason);
    return qetl_run_fault(run, node, "rejected_rows", message);
}

/* Said once, and in the report. */
static void tell_alarm(struct qetl_run *run, int percent)
{
    char message[400];
    snprintf(message, sizeof message, "the dead letters in '%.300s' have reached %d %% of max_size",
             qetl_letter_store_name(run->letters), percent);
    if (run->env.log)
        run->env.log(run->env.arg, "dead_letters", QETL_LOG_WARN, message);
    pthread_mutex_lock(&run->lock);
    qetl_finding_mend(
        qetl_finding_add(run->findings, QETL_WARNING, "dead_letters_alarm", "%s", message),
        "replay or drop some of them: qetl dlq list");
    pthread_mutex_unlock(&run->lock);
}

void qetl_run_letter(void *arg, struct qetl_letter *letter)
{
    struct qetl_run *run = arg;
    const struct qetl_observer *observer = run->options.observer;
    if (run->options.replaying)
        run->options.replaying->letter(run->options.replaying->arg, letter);
    qetl_letter_hide(letter, run->pipeline->mask);
    if (observer && observer->letter) {
        observer->letter(observer->arg, letter);
        qetl_letter_free(letter);
        return;
    }
    int error = qetl_letter_store_put(run->letters, letter), percent;
    if (!error && qetl_letter_store_alarmed(run->letters, &percent))
        tell_alarm(run, percent);
    if (!error)
        return;
    char message[500];
    snprintf(message, sizeof message, "the dead letters cannot be written to '%s': %s",
             qetl_letter_store_name(run->letters), qetl_letter_store_reason(error));
    qetl_run_fault(run, NULL, "dead_letters", message);
}

uint64_t qetl_run_epoch(struct qetl_run *run)
{
    int64_t now = qetl_now_ns();
    long long due = atomic_load_explicit(&run->attempt.next_barrier_ns, memory_order_relaxed);
    uint32_t asked = atomic_load_explicit(&run->epoch_requests, memory_order_relaxed);
    uint32_t seen = atomic_load_explicit(&run->epoch_requests_seen, memory_order_relaxed);
    bool begin = false;
    if (now >= due)
        begin = atomic_compare_exchange_strong(&run->attempt.next_barrier_ns, &due,
                                               now + run->options.barrier_ms * (int64_t)1000000);
    if (!begin && asked != seen)
        begin = atomic_compare_exchange_strong(&run->epoch_requests_seen, &seen, asked);
    if (begin && !qetl_epochs_pile_up(run)) {
        atomic_fetch_add_explicit(&run->attempt.epoch, 1, memory_order_release);
        qetl_parker_notify_all(&run->parker); /* sources that wait cut it, too */
    }
    return atomic_load_explicit(&run->attempt.epoch, memory_order_relaxed);
}

void qetl_run_barrier_arrived(struct qetl_run *run, uint64_t epoch)
{
    (void)epoch;
    atomic_fetch_add_explicit(&run->barriers, 1, memory_order_relaxed);
}

static bool instance_register(struct qetl_run *run, struct qetl_ctx *ctx)
{
    pthread_mutex_lock(&run->lock);
    struct qetl_ctx **instances =
        realloc(run->attempt.instances, (run->attempt.n_instances + 1) * sizeof(struct qetl_ctx *));
    if (instances) {
        run->attempt.instances = instances;
        instances[run->attempt.n_instances++] = ctx;
    }
    pthread_mutex_unlock(&run->lock);
    return instances != NULL;
}

struct qetl_ctx *qetl_run_instance(struct qetl_run *run, const struct qetl_node *node,
                                   const struct qetl_plugin_use *use,
                                   const struct qetl_component *component)
{
    struct qetl_ctx *ctx = qetl_instance_new(&run->env, node, use, component);
    if (!ctx || !instance_register(run, ctx)) {
        qetl_instance_free(ctx);
        qetl_run_fault(run, node, "out_of_memory", "no memory for an instance");
        return NULL;
    }
    const char *call = "create";
    int32_t status = qetl_instance_create(ctx);
    if (!status && qetl_run_stopping(run))
        return NULL; /* its interrupt came before there was anything to interrupt */
    struct qetl_retry retry = {0};
    if (!status) {
        call = "start";
        do
            status = qetl_instance_start(ctx);
        while (qetl_run_again(run, ctx, &retry, call, status));
    }
    if (!status)
        return ctx;
    qetl_run_fail(run, node, ctx, call, status);
    return NULL;
}
