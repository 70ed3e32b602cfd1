/* SPDX-License-Identifier: Apache-2.0 */
#include "watchdog.h"

#include "deadlines.h"
#include "op.h"
#include "run_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LOOKS_A_STALL = 8 }; /* so often it is looked within the time after which it is told */

static const int64_t LOOK_MOST_NS = 1000000000;

struct member { /* of a stage; its operator may lend its place to another instance for a while */
    const struct qetl_ctx *ctx;
    bool source;
};

struct standing { /* of a stage */
    struct member *members;
    size_t n_members;
    int64_t moved;  /* a sum that grows with all that it does */
    int64_t for_ns; /* it has been so, as far as it was looked at */
    bool stands;    /* for too long */
    bool told;
};

struct qetl_watchdog {
    struct qetl_run *run;
    int64_t looked_ns, stall_ns, step_ns;
    struct standing *stages;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t over_changed;
    bool started, over;
};

static bool members_note(struct standing *standing, const struct qetl_stage *stage)
{
    size_t most = 0;
    for (uint32_t t = 0; t < stage->n_tasks; t++)
        most += stage->tasks[t].n_ops;
    standing->members = calloc(most + 1, sizeof *standing->members);
    for (uint32_t t = 0; standing->members && t < stage->n_tasks; t++)
        for (size_t i = 0; i < stage->tasks[t].n_ops; i++) {
            const struct qetl_op *op = stage->tasks[t].ops[i];
            if (op->instance)
                standing->members[standing->n_members++] =
                    (struct member){op->instance, op->class == &qetl_op_source};
        }
    return standing->members;
}

struct qetl_watchdog *qetl_watchdog_new(struct qetl_run *run)
{
    struct qetl_watchdog *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    *w = (struct qetl_watchdog){
        .run = run, .looked_ns = qetl_now_ns(), .stall_ns = run->pipeline->stall_alarm_ns};
    w->step_ns = w->stall_ns / LOOKS_A_STALL;
    w->step_ns = w->stall_ns && w->step_ns < LOOK_MOST_NS ? w->step_ns : LOOK_MOST_NS;
    w->stages = calloc(run->attempt.n_stages + 1, sizeof *w->stages);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->over_changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&w->lock, NULL);
    bool noted = w->stages;
    for (size_t s = 0; noted && s < run->attempt.n_stages; s++)
        noted = members_note(&w->stages[s], &run->attempt.stages[s]);
    if (noted)
        return w;
    qetl_watchdog_free(w);
    return NULL;
}

void qetl_watchdog_free(struct qetl_watchdog *w)
{
    if (!w)
        return;
    pthread_cond_destroy(&w->over_changed);
    pthread_mutex_destroy(&w->lock);
    for (size_t s = 0; w->stages && s < w->run->attempt.n_stages; s++)
        free(w->stages[s].members);
    free(w->stages);
    free(w);
}

/* ---- what has moved ---- */

static int64_t moved(const struct standing *standing)
{
    int64_t sum = 0;
    for (size_t i = 0; i < standing->n_members; i++) {
        const struct qetl_tally *tally = &standing->members[i].ctx->tally;
        sum += qetl_tally_get(&tally->rows_in) + qetl_tally_get(&tally->rows_out) +
               qetl_tally_get(&tally->batches) + qetl_tally_get(&tally->bytes_in) +
               qetl_tally_get(&tally->bytes_out);
    }
    return sum;
}

/* The edge that a stage takes from and whose slots wait longest; NULL: nothing waits. */
static const struct qetl_edge_ends *waiting_at(const struct qetl_run *run,
                                               const struct qetl_stage *stage, uint32_t *depth)
{
    const struct qetl_edge_ends *found = NULL;
    *depth = 0;
    for (size_t i = 0; i < stage->tasks[0].n_inputs; i++)
        for (size_t e = 0; e < run->attempt.n_edges; e++) {
            if (run->attempt.edges[e] != stage->tasks[0].inputs[i].edge)
                continue;
            uint32_t n = qetl_edge_depth(run->attempt.edges[e]);
            if (n > *depth) {
                *depth = n;
                found = &run->attempt.edge_ends[e];
            }
        }
    return found;
}

/* Whoever takes from it stands still, too, and is named instead. */
static bool is_blocked(const struct qetl_stage *stage)
{
    for (size_t i = 0; i < stage->n_outputs; i++)
        if (qetl_edge_blocked_ns(stage->outputs[i], qetl_now_ns()) !=
            qetl_edge_blocked_ns(stage->outputs[i], 0))
            return true;
    return false;
}

/* An instance that is in a call, or waits to be woken by something outside; sources may. */
static const struct qetl_ctx *culprit(const struct standing *standing)
{
    const struct qetl_ctx *waits = NULL;
    for (size_t i = 0; i < standing->n_members; i++) {
        const struct member *member = &standing->members[i];
        if (atomic_load_explicit(&member->ctx->doing, memory_order_relaxed))
            return member->ctx;
        if (!member->source && atomic_load_explicit(&member->ctx->waits, memory_order_relaxed))
            waits = member->ctx;
    }
    return waits;
}

/* Whom no instance of its own holds up waits for another's. */
static bool has_culprit(const struct qetl_watchdog *w)
{
    for (size_t s = 0; s < w->run->attempt.n_stages; s++)
        if (culprit(&w->stages[s]))
            return true;
    return false;
}

static void tell(struct qetl_watchdog *w, size_t s)
{
    struct qetl_run *run = w->run;
    const struct qetl_stage *stage = &run->attempt.stages[s];
    const struct qetl_ctx *ctx = culprit(&w->stages[s]);
    uint32_t depth;
    const struct qetl_edge_ends *ends = waiting_at(run, stage, &depth);
    if (is_blocked(stage) || (!ctx && (!ends || has_culprit(w))))
        return;
    char text[500], what[200] = "it does not take what waits for it", queue[200] = "";
    const char *doing = ctx ? atomic_load_explicit(&ctx->doing, memory_order_relaxed) : NULL;
    const char *waits = ctx ? atomic_load_explicit(&ctx->waits, memory_order_relaxed) : NULL;
    if (doing)
        snprintf(what, sizeof what, "it is in its %s", doing);
    else if (waits)
        snprintf(what, sizeof what, "%s, and nobody has woken it", waits);
    if (ends)
        snprintf(queue, sizeof queue, "; %u in the queue from '%s' to '%s'", depth,
                 run->pipeline->nodes[ends->from].id, run->pipeline->nodes[ends->to].id);
    const struct qetl_node *node = ctx ? ctx->node : stage->tasks[0].ops[0]->node;
    snprintf(text, sizeof text, "has not moved for %.3g s: %s%s", (double)w->stages[s].for_ns / 1e9,
             what, queue);
    run->env.log(run->env.arg, node->id, QETL_LOG_WARN, text);
    w->stages[s].told = true;
}

static bool has_ended(const struct qetl_stage *stage)
{
    bool ended = true;
    for (uint32_t t = 0; t < stage->n_tasks; t++)
        ended &= atomic_load_explicit(&stage->tasks[t].ended, memory_order_acquire);
    return ended;
}

static void look_at(struct qetl_watchdog *w, size_t s, int64_t now_ns)
{
    struct standing *standing = &w->stages[s];
    int64_t sum = moved(standing);
    int64_t passed = now_ns - w->looked_ns;
    if (sum != standing->moved || has_ended(&w->run->attempt.stages[s])) {
        if (standing->told)
            w->run->env.log(w->run->env.arg, w->run->attempt.stages[s].tasks[0].ops[0]->node->id,
                            QETL_LOG_INFO, "moves again");
        standing->moved = sum;
        standing->for_ns = 0;
        standing->told = false;
    } else { /* who comes late to look finds others late, too */
        standing->for_ns += passed < 2 * w->step_ns ? passed : 2 * w->step_ns;
    }
    standing->stands = standing->for_ns >= w->stall_ns;
}

int64_t qetl_watchdog_look(struct qetl_watchdog *w, int64_t now_ns)
{
    int64_t next = now_ns + w->step_ns, ends = qetl_deadlines_look(w->run, now_ns);
    for (size_t s = 0; w->stall_ns && s < w->run->attempt.n_stages; s++)
        look_at(w, s, now_ns);
    for (size_t s = 0; w->stall_ns && s < w->run->attempt.n_stages; s++)
        if (w->stages[s].stands && !w->stages[s].told)
            tell(w, s);
    w->looked_ns = now_ns;
    return ends < next ? ends : next;
}

/* ---- its thread ---- */

static void *watchdog_main(void *arg)
{
    struct qetl_watchdog *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->over) {
        pthread_mutex_unlock(&w->lock);
        int64_t next = qetl_watchdog_look(w, qetl_now_ns());
        pthread_mutex_lock(&w->lock);
        struct timespec until = {next / 1000000000, next % 1000000000};
        if (!w->over)
            pthread_cond_timedwait(&w->over_changed, &w->lock, &until);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

int qetl_watchdog_start(struct qetl_watchdog *w)
{
    int error = pthread_create(&w->thread, NULL, watchdog_main, w);
    w->started = !error;
    return error;
}

void qetl_watchdog_stop(struct qetl_watchdog *w)
{
    if (!w->started)
        return;
    pthread_mutex_lock(&w->lock);
    w->over = true;
    pthread_cond_signal(&w->over_changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    w->started = false;
}
