/* SPDX-License-Identifier: Apache-2.0 */
#include "overdue.h"

#include "op.h"
#include "run_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const int64_t LOOK_LEAST_NS = 2000000, LOOK_MOST_NS = 1000000000;
static const int64_t GRACE_MOST_NS = 30000000000;

struct qetl_overdue {
    struct qetl_run *run;
    int64_t step_ns;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t over_changed;
    bool over;
};

struct late { /* a call, as it is told */
    const struct qetl_node *node;
    const char *call;
    double seconds;
};

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* How long it may take to heed the interrupt. */
static int64_t grace_ns(int64_t most_ns)
{
    return most_ns < GRACE_MOST_NS ? most_ns : GRACE_MOST_NS;
}

static void interrupt(struct qetl_run *run, struct qetl_ctx *ctx, const struct late *late)
{
    char text[200];
    snprintf(text, sizeof text, "its %s takes longer than call_timeout, %.10g s: interrupted",
             late->call, seconds(ctx->node->limits.call_timeout_ns));
    run->env.log(run->env.arg, ctx->node->id, QETL_LOG_WARN, text);
    qetl_instance_interrupt(ctx);
}

/* Under the run's lock, so that the instance stays. True: it does not heed its interrupt, either.
 */
static bool look_at(struct qetl_run *run, struct qetl_ctx *ctx, int64_t now, struct late *late)
{
    int64_t most = ctx->node->limits.call_timeout_ns;
    int64_t since = atomic_load_explicit(&ctx->since_ns, memory_order_acquire);
    const char *call = atomic_load_explicit(&ctx->doing, memory_order_relaxed);
    if (!since || !call || now - since < most)
        return false;
    *late = (struct late){ctx->node, call, seconds(now - since)};
    if (!atomic_exchange(&ctx->overdue, true))
        interrupt(run, ctx, late);
    return now - since >= most + grace_ns(most);
}

static bool look(struct qetl_run *run, struct late *late)
{
    bool deaf = false;
    int64_t now = qetl_now_ns();
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; !deaf && i < run->attempt.n_instances; i++)
        if (run->attempt.instances[i]->timed)
            deaf = look_at(run, run->attempt.instances[i], now, late);
    pthread_mutex_unlock(&run->lock);
    return deaf;
}

/* Its thread is not ours to end: the program has to end, or waits for it. */
static void give_up(struct qetl_run *run, const struct late *late)
{
    char message[240];
    bool ended = qetl_run_is_ended(run);
    snprintf(message, sizeof message,
             "its %s has lasted for %.3g s, and it does not heed that it was interrupted%s",
             late->call, late->seconds,
             run->store ? "; the next run goes on from what was decided" : "");
    if (ended)
        run->env.log(run->env.arg, late->node->id, QETL_LOG_ERROR, message);
    else
        qetl_run_fault_as(run, late->node, "overdue", QETL_E_CANCELLED, message);
    if (run->stuck)
        run->stuck(run->stuck_arg, atomic_load(&run->stopping) - 1);
}

static void *overdue_main(void *arg)
{
    struct qetl_overdue *o = arg;
    struct late late;
    bool told = false;
    pthread_mutex_lock(&o->lock);
    while (!o->over) {
        int64_t next = qetl_now_ns() + o->step_ns;
        struct timespec until = {next / 1000000000, next % 1000000000};
        pthread_cond_timedwait(&o->over_changed, &o->lock, &until);
        if (o->over || told)
            continue;
        pthread_mutex_unlock(&o->lock);
        told = look(o->run, &late);
        if (told)
            give_up(o->run, &late);
        pthread_mutex_lock(&o->lock);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

/* Four times within the shortest of them. */
static int64_t step_ns(const struct qetl_pipeline *pipeline)
{
    int64_t least = 0;
    for (size_t n = 0; n < pipeline->n_nodes; n++) {
        int64_t one = pipeline->nodes[n].limits.call_timeout_ns;
        least = one && (!least || one < least) ? one : least;
    }
    int64_t step = least / 4;
    return !least                 ? 0
           : step < LOOK_LEAST_NS ? LOOK_LEAST_NS
           : step < LOOK_MOST_NS  ? step
                                  : LOOK_MOST_NS;
}

int32_t qetl_overdue_start(struct qetl_run *run, struct qetl_overdue **out)
{
    int64_t step = step_ns(run->pipeline);
    *out = NULL;
    if (!step)
        return QETL_OK;
    struct qetl_overdue *o = calloc(1, sizeof *o);
    if (!o)
        return qetl_run_fault(run, NULL, "out_of_memory", "no memory to look after calls");
    *o = (struct qetl_overdue){.run = run, .step_ns = step};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&o->over_changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&o->lock, NULL);
    if (!pthread_create(&o->thread, NULL, overdue_main, o)) {
        *out = o;
        return QETL_OK;
    }
    pthread_cond_destroy(&o->over_changed);
    pthread_mutex_destroy(&o->lock);
    free(o);
    return qetl_run_fault(run, NULL, "no_threads", "the system gives no thread to run on");
}

void qetl_overdue_stop(struct qetl_overdue *o)
{
    if (!o)
        return;
    pthread_mutex_lock(&o->lock);
    o->over = true;
    pthread_cond_signal(&o->over_changed);
    pthread_mutex_unlock(&o->lock);
    pthread_join(o->thread, NULL);
    pthread_cond_destroy(&o->over_changed);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

/* ---- what it answers then ---- */

int32_t qetl_overdue_status(struct qetl_ctx *ctx, int32_t status)
{
    char more[100];
    if (!atomic_load(&ctx->overdue))
        return status;
    snprintf(more, sizeof more, "interrupted, since it took longer than call_timeout, %.10g s",
             seconds(ctx->node->limits.call_timeout_ns));
    qetl_instance_amend_error(ctx, more, "raise `call_timeout`, if it may take so long");
    return QETL_E_RETRY_EPOCH;
}

bool qetl_overdue_spoils(const struct qetl_op *op, int32_t answer)
{
    if (!atomic_load_explicit(&op->instance->overdue, memory_order_relaxed))
        return false;
    return answer < 0 || answer == QETL_IDLE || answer == QETL_BUSY || answer == QETL_BLOCKED ||
           (answer == QETL_END && op->class == &qetl_op_source);
}
