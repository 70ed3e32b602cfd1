/* SPDX-License-Identifier: Apache-2.0 */
#include "patience.h"

#include "op.h"
#include "overdue.h"
#include "run_internal.h"

#include <stdio.h>
#include <string.h>

static const int64_t BURST_NS = 50000000; /* what a rate limit lets one make up for */

void qetl_patience_init(struct qetl_patience *p, const struct qetl_limits *limits)
{
    p->limits = limits;
    qetl_breaker_init(&p->breaker, &limits->breaker);
    qetl_rate_init(&p->rows, limits->rows_per_second, BURST_NS);
    qetl_rate_init(&p->bytes, limits->bytes_per_second, BURST_NS);
    qetl_rate_init(&p->calls, limits->calls_per_second, BURST_NS);
}

void qetl_patience_clear(struct qetl_patience *p)
{
    qetl_breaker_clear(&p->breaker);
}

static struct qetl_patience *patience_of(struct qetl_run *run, const struct qetl_node *node)
{
    return &run->patience[node - run->pipeline->nodes];
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool is_transient(int32_t status)
{
    return status == QETL_E_RETRY_CALL || status == QETL_E_THROTTLED;
}

static bool is_limited(const struct qetl_patience *p)
{
    return p->rows.per_second > 0 || p->bytes.per_second > 0 || p->calls.per_second > 0;
}

/* ---- asking ---- */

int64_t qetl_op_rows_at_once(const struct qetl_op *op, int64_t most)
{
    double per_second = patience_of(op->run, op->node)->rows.per_second;
    double burst = per_second * (double)BURST_NS / 1e9;
    if (per_second <= 0 || burst >= (double)most)
        return most;
    return burst > 1 ? (int64_t)burst : 1;
}

bool qetl_op_may_call(struct qetl_op *op)
{
    struct qetl_patience *p = patience_of(op->run, op->node);
    if (!is_limited(p) && !op->retry.failures)
        return true; /* nobody can have opened the breaker but by failing */
    int64_t now = qetl_now_ns();
    int64_t wait = longer(op->retry_at_ns - now, qetl_rate_ask(&p->rows, now));
    wait = longer(wait, qetl_rate_ask(&p->bytes, now));
    wait = longer(wait, qetl_rate_ask(&p->calls, now));
    if (wait <= 0)
        wait = qetl_breaker_ask(&p->breaker, now);
    if (wait <= 0)
        return true;
    qetl_op_set_idle(op, atomic_load(&op->instance->wakes), now + wait);
    return false;
}

/* ---- failing ---- */

static void say(struct qetl_run *run, const struct qetl_ctx *ctx, int level, const char *text)
{
    run->env.log(run->env.arg, ctx->node->id, level, text);
}

/* mend: said where waiting may not help, once until the call succeeds; or NULL. */
static void say_again(struct qetl_run *run, const struct qetl_ctx *ctx, const char *call,
                      const char *how, const struct qetl_error_report *error, const char *mend,
                      int64_t wait_ns, bool opened)
{
    char text[1100], wait[32];
    if (wait_ns < 1000000)
        snprintf(wait, sizeof wait, "less than 1 ms");
    else if (wait_ns < 1000000000)
        snprintf(wait, sizeof wait, "%d ms", (int)(wait_ns / 1000000));
    else
        snprintf(wait, sizeof wait, "%.1f s", (double)wait_ns / 1e9);
    snprintf(text, sizeof text, "%s failed %s: %.500s; again in %s%s%s%.300s", call, how,
             error->message ? error->message : "it gave no reason", wait,
             opened ? ", since it failed so often (breaker open)" : "",
             mend ? "; should that not help: " : "", mend ? mend : "");
    say(run, ctx, QETL_LOG_WARN, text);
}

/* What the plugin told stays, with how often it was tried. */
static void say_given_up(struct qetl_ctx *ctx, const struct qetl_retry *retry)
{
    char more[100];
    double spent = (double)(qetl_now_ns() - retry->since_ns) / 1e9;
    snprintf(more, sizeof more, "given up after %d attempts in %.1f s", retry->failures, spent);
    qetl_instance_amend_error(ctx, more, "`retry: {budget: 1h}` tries for longer");
}

/* How long to wait before it is tried again; -1: it is given up. */
static int64_t fail(struct qetl_run *run, struct qetl_ctx *ctx, struct qetl_retry *retry,
                    const char *call, const char *how)
{
    struct qetl_patience *p = patience_of(run, ctx->node);
    struct qetl_error_report error = qetl_instance_take_error(ctx);
    int64_t now = qetl_now_ns(), after = error.retry_after_ms * 1000000;
    bool opened = qetl_breaker_failed(&p->breaker, now);
    int64_t wait = qetl_retry_failed(retry, &p->limits->retry, now, after > 0 ? after : 0);
    int64_t held; /* by the breaker, whoever opened it */
    qetl_breaker_look(&p->breaker, now, &held);
    if (wait >= 0)
        say_again(run, ctx, call, how, &error, retry->failures == 1 ? error.suggestion : NULL,
                  longer(wait, held), opened);
    else
        qetl_instance_give_error(ctx, &error);
    if (wait < 0 && retry->failures > 1)
        say_given_up(ctx, retry);
    qetl_error_report_free(&error);
    return wait;
}

static int64_t call_failed(struct qetl_run *run, struct qetl_ctx *ctx, struct qetl_retry *retry,
                           const char *call)
{
    int64_t wait = fail(run, ctx, retry, call, "for the moment");
    if (wait >= 0)
        qetl_tally_add(&patience_of(run, ctx->node)->retries, 1);
    return wait;
}

/* Whoever hands batches over finds the row that is refused; the failure is not reported yet. */
static bool bisects(const struct qetl_op *op)
{
    return op->class == &qetl_op_transform || (op->class == &qetl_op_sink && !op->flow->bytes);
}

int32_t qetl_op_answered(struct qetl_op *op, const char *call, int32_t answer, int64_t rows,
                         int64_t bytes)
{
    struct qetl_patience *p = patience_of(op->run, op->node);
    if (qetl_overdue_spoils(op, answer))
        return qetl_op_fail(op, call, answer < 0 ? answer : QETL_E_CANCELLED);
    if (is_transient(answer)) {
        int64_t wait = call_failed(op->run, op->instance, &op->retry, call);
        if (wait < 0)
            return qetl_op_fail(op, call, answer);
        op->retry_at_ns = qetl_now_ns() + wait;
        qetl_op_set_idle(op, atomic_load(&op->instance->wakes), op->retry_at_ns);
        return QETL_IDLE;
    }
    if (answer < 0)
        return answer == QETL_E_ROW && bisects(op) ? answer : qetl_op_fail(op, call, answer);
    op->retry_at_ns = 0;
    if (answer == QETL_IDLE || answer == QETL_BLOCKED || answer == QETL_BUSY) {
        /* it waits: how that ends a later call will tell */
        if (op->retry.failures)
            qetl_breaker_withdrawn(&p->breaker);
        return answer;
    }
    if (op->retry.failures || is_limited(p)) /* it had asked */
        qetl_breaker_succeeded(&p->breaker);
    if (op->retry.failures) {
        qetl_retry_succeeded(&op->retry);
        say(op->run, op->instance, QETL_LOG_INFO, "it goes on");
    }
    if (is_limited(p) && (rows > 0 || bytes > 0)) {
        int64_t now = qetl_now_ns();
        qetl_rate_spend(&p->rows, rows, now);
        qetl_rate_spend(&p->bytes, bytes, now);
        qetl_rate_spend(&p->calls, 1, now);
    }
    return answer;
}

void qetl_op_spend_rows(struct qetl_op *op, int64_t rows)
{
    struct qetl_patience *p = patience_of(op->run, op->node);
    if (p->rows.per_second > 0)
        qetl_rate_spend(&p->rows, rows, qetl_now_ns());
}

int32_t qetl_op_take_rows(struct qetl_op *op, int64_t rows)
{
    int64_t most = op->run->pipeline->max_rows;
    if (!most || atomic_fetch_add(&op->run->attempt.taken, rows) + rows <= most)
        return QETL_OK;
    char message[120];
    snprintf(message, sizeof message, "the sources bring more rows than max_rows (%lld) allows",
             (long long)most);
    return qetl_run_fault(op->run, op->node, "max_rows", message);
}

/* Or until the run is stopped. */
static void wait_until(struct qetl_run *run, int64_t until_ns)
{
    int64_t left = 1;
    while (left > 0 && !qetl_run_stopping(run)) {
        uint32_t ticket = qetl_parker_prepare(&run->parker);
        left = until_ns - qetl_now_ns();
        if (qetl_run_stopping(run) || left <= 0)
            qetl_parker_cancel(&run->parker);
        else
            qetl_parker_wait(&run->parker, ticket, left);
    }
}

bool qetl_run_again(struct qetl_run *run, struct qetl_ctx *ctx, struct qetl_retry *retry,
                    const char *call, int32_t status)
{
    if (!is_transient(status)) {
        if (status >= 0 && retry->failures)
            qetl_breaker_succeeded(&patience_of(run, ctx->node)->breaker);
        return false;
    }
    bool lost = qetl_run_stopping(run) || atomic_load(&ctx->overdue);
    int64_t wait = lost ? -1 : call_failed(run, ctx, retry, call);
    if (wait < 0)
        return false;
    wait_until(run, qetl_now_ns() + wait);
    return !qetl_run_stopping(run);
}

/* ---- epochs ---- */

int64_t qetl_patience_go_back(struct qetl_run *run, struct qetl_ctx *ctx, const char *call)
{
    struct qetl_patience *p = patience_of(run, ctx->node);
    pthread_mutex_lock(&run->lock);
    struct qetl_retry retry = p->epoch;
    pthread_mutex_unlock(&run->lock);
    int64_t wait = fail(run, ctx, &retry, call,
                        "and lost what it had staged, so that its epoch "
                        "is repeated");
    pthread_mutex_lock(&run->lock);
    p->epoch = retry;
    pthread_mutex_unlock(&run->lock);
    if (wait >= 0)
        qetl_tally_add(&p->epochs, 1);
    return wait;
}

int64_t qetl_patience_ask(struct qetl_run *run, const struct qetl_node *node, int64_t now_ns)
{
    struct qetl_patience *p = patience_of(run, node);
    int64_t wait = qetl_breaker_ask(&p->breaker, now_ns);
    if (wait <= 0) /* whose call it is that tells, nobody knows yet */
        qetl_breaker_withdrawn(&p->breaker);
    return wait;
}

void qetl_patience_got_on(struct qetl_run *run, const struct qetl_node *node)
{
    struct qetl_patience *p = patience_of(run, node);
    pthread_mutex_lock(&run->lock);
    bool failed = p->epoch.failures;
    qetl_retry_succeeded(&p->epoch);
    pthread_mutex_unlock(&run->lock);
    if (!failed)
        return;
    qetl_breaker_succeeded(&p->breaker);
    run->env.log(run->env.arg, node->id, QETL_LOG_INFO, "it goes on: an epoch was decided");
}
