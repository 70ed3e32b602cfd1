/* SPDX-License-Identifier: Apache-2.0 */
#include "samples.h"

#include "op_source.h"
#include "run_internal.h"
#include "setup.h"

#include <stdlib.h>

/* Of a source without end, of which nothing came while others could begin. */
static const int64_t SILENCE_NS = 1000000000;

struct sample {
    struct qetl_op op;
    struct qetl_node_flow *flow;
    int64_t quiet_until_ns;
    bool taken;
};

struct samples {
    struct qetl_run *run;
    struct sample *items;
    size_t n, n_waiting;
    int64_t silent_at_ns; /* who said nothing until then holds others up; INT64_MAX: nobody does */
    int32_t *status;
};

/* ---- which ---- */

static bool is_sampled(const struct qetl_run *run, size_t n)
{
    const struct qetl_node_flow *flow = &run->attempt.flows[n];
    bool begun = run->pipeline->nodes[n].kind == QETL_SOURCE && !flow->beyond;
    return begun && flow->bytes && !run->attempt.resumes;
}

static bool others_could_begin(const struct samples *s)
{
    const struct qetl_run *run = s->run;
    for (size_t n = 0; n < run->pipeline->n_nodes; n++)
        if (run->pipeline->nodes[n].kind == QETL_SOURCE && !is_sampled(run, n) &&
            !run->attempt.flows[n].beyond)
            return true;
    return s->n_waiting < s->n;
}

static int32_t list_make(struct samples *s)
{
    struct qetl_run *run = s->run;
    s->items = calloc(run->pipeline->n_nodes + 1, sizeof *s->items);
    if (!s->items)
        return qetl_setup_no_memory(run, &run->pipeline->nodes[0]);
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        struct qetl_node_flow *flow = &run->attempt.flows[n];
        if (is_sampled(run, n))
            s->items[s->n++] =
                (struct sample){.op = qetl_setup_op(run, &run->pipeline->nodes[n], flow),
                                .flow = flow,
                                .quiet_until_ns = INT64_MAX};
    }
    s->n_waiting = s->n;
    return QETL_OK;
}

/* ---- reading ---- */

/* Or the run is stopped, or drains where it could end. */
static bool is_woken(const struct qetl_op *op)
{
    uint32_t wakes = atomic_load_explicit(&op->instance->wakes, memory_order_acquire);
    bool drains = atomic_load_explicit(&op->run->draining, memory_order_relaxed);
    return !op->idle || wakes != op->wakes_seen || qetl_run_stopping(op->run) ||
           (drains && !qetl_source_owes_cut(op));
}

static int64_t due_ns(const struct sample *sample)
{
    int64_t until_ns = sample->op.idle_until_ns;
    return sample->quiet_until_ns < until_ns ? sample->quiet_until_ns : until_ns;
}

/* False: all ends here. */
static bool answered(struct samples *s, struct sample *sample, size_t gathered, int32_t status)
{
    if (status == QETL_IDLE)
        return true;
    sample->taken = true;
    s->n_waiting--;
    sample->flow->beyond = status != QETL_OK;
    *s->status = *s->status ? *s->status : status;
    return !status || s->run->attempt.n_gathered > gathered;
}

/* As far as it gets without waiting. */
static bool read_on(struct samples *s, struct sample *sample)
{
    size_t gathered = s->run->attempt.n_gathered;
    int32_t status = qetl_run_stopping(s->run)
                         ? QETL_E_CANCELLED
                         : qetl_setup_sample(&sample->op, sample->flow, &sample->quiet_until_ns);
    return answered(s, sample, gathered, status);
}

static bool is_silent(const struct sample *sample)
{
    const struct qetl_source_state *state = sample->op.state;
    return !sample->taken && sample->flow->source.endless && !state->drawn;
}

static bool begin_unseen(struct samples *s, struct sample *sample)
{
    const struct qetl_instance_env *env = &s->run->env;
    size_t gathered = s->run->attempt.n_gathered;
    int32_t status = qetl_setup_unseen(&sample->op, sample->flow);
    const char *id = sample->op.node->id;
    if (!status)
        env->log(env->arg, id, QETL_LOG_INFO,
                 "nothing has come yet: it begins with the columns that its format declares");
    else if (status == QETL_IDLE)
        env->log(env->arg, id, QETL_LOG_WARN,
                 "nothing has come yet, so that its columns are not known, and the other sources "
                 "wait for its first record; where its format declares the columns, as in types, "
                 "it begins without");
    return answered(s, sample, gathered, status);
}

/* Who waits when a mistake is to be told is not waited for. */
static bool goes_on(const struct samples *s)
{
    return s->n_waiting && !s->run->attempt.n_gathered;
}

static bool read_all(struct samples *s, int64_t now_ns)
{
    bool goes = true;
    bool silence = now_ns >= s->silent_at_ns;
    for (size_t i = 0; goes && goes_on(s) && i < s->n; i++) {
        struct sample *sample = &s->items[i];
        if (!sample->taken && (is_woken(&sample->op) || now_ns >= due_ns(sample)))
            goes = read_on(s, sample);
        if (goes && silence && is_silent(sample))
            goes = begin_unseen(s, sample);
    }
    if (silence)
        s->silent_at_ns = INT64_MAX; /* those that are left have been told of */
    return goes;
}

/* ---- waiting ---- */

static void park(const struct qetl_run *run, uint32_t ticket, bool woken, int64_t until_ns)
{
    struct qetl_parker *parker = (struct qetl_parker *)&run->parker;
    int64_t left = until_ns == INT64_MAX ? -1 : until_ns - qetl_now_ns();
    if (woken || (until_ns != INT64_MAX && left <= 0))
        qetl_parker_cancel(parker);
    else
        qetl_parker_wait(parker, ticket, left);
}

static void await_any(const struct samples *s)
{
    uint32_t ticket = qetl_parker_prepare(&s->run->parker);
    int64_t until_ns = s->silent_at_ns;
    bool woken = false;
    for (size_t i = 0; i < s->n; i++) {
        const struct sample *sample = &s->items[i];
        if (sample->taken)
            continue;
        woken |= is_woken(&sample->op);
        until_ns = due_ns(sample) < until_ns ? due_ns(sample) : until_ns;
    }
    park(s->run, ticket, woken, until_ns);
}

void qetl_samples_await(const struct qetl_op *op)
{
    uint32_t ticket = qetl_parker_prepare(&op->run->parker);
    park(op->run, ticket, is_woken(op), op->idle_until_ns);
}

static bool take(struct samples *s)
{
    bool told = false;
    bool goes = read_all(s, qetl_now_ns());
    while (goes && goes_on(s)) {
        if (!told && others_could_begin(s)) {
            s->silent_at_ns = qetl_now_ns() + SILENCE_NS;
            told = true;
        }
        await_any(s);
        goes = read_all(s, qetl_now_ns());
    }
    for (size_t i = 0; i < s->n; i++)
        if (!s->items[i].taken)
            s->items[i].flow->beyond = true;
    return goes;
}

bool qetl_samples_take(struct qetl_run *run, int32_t *status)
{
    struct samples s = {.run = run, .silent_at_ns = INT64_MAX, .status = status};
    int32_t listed = list_make(&s);
    bool goes = !listed && take(&s);
    *status = *status ? *status : listed;
    free(s.items);
    return goes;
}
