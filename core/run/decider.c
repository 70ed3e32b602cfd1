/* SPDX-License-Identifier: Apache-2.0 */
#include "decider.h"

#include "checkpoint.h"
#include "failpoint.h"
#include "host/call.h"
#include "host/ending.h"
#include "keep.h"
#include "recover.h"
#include "run_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_AGAIN_S = 1 };

/* ---- duties ---- */

static bool acknowledges(const struct qetl_op *op)
{
    return op->class == &qetl_op_source && op->instance->component->source->ack;
}

static void duties_fill(struct qetl_decider *d)
{
    struct qetl_run *run = d->run;
    for (size_t s = 0; s < run->attempt.n_stages; s++)
        for (uint32_t t = 0; t < run->attempt.stages[s].n_tasks; t++) {
            struct qetl_task *task = &run->attempt.stages[s].tasks[t];
            for (size_t i = 0; i < task->n_ops; i++) {
                struct qetl_op *op = task->ops[i];
                bool sink = op->class == &qetl_op_sink;
                if (!sink && !acknowledges(op))
                    continue;
                struct qetl_duty *duty = &d->duties[d->n_duties++];
                *duty = (struct qetl_duty){.op = op, .task = task, .sink = sink};
                duty->decides = sink && op->flow->commit == QETL_COMMIT_ONE_PHASE;
                d->n_deciding += duty->decides;
            }
        }
}

struct qetl_decider *qetl_decider_new(struct qetl_run *run)
{
    struct qetl_decider *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->run = run;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&d->news, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&d->lock, NULL);
    d->duties = calloc(run->pipeline->n_nodes + 1, sizeof *d->duties);
    if (!d->duties) {
        qetl_decider_free(d);
        return NULL;
    }
    duties_fill(d);
    return d;
}

void qetl_decider_free(struct qetl_decider *d)
{
    if (!d)
        return;
    pthread_cond_destroy(&d->news);
    pthread_mutex_destroy(&d->lock);
    for (size_t i = 0; i < d->n_duties; i++)
        free((void *)d->duties[i].upto.data);
    free(d->duties);
    free(d);
}

/* Is anyone but the caller allowed inside the instance? Not while its task lives, if there are
 * other threads. */
static bool is_mine(const struct qetl_decider *d, const struct qetl_duty *duty)
{
    return !d->threaded || duty->over;
}

/* The position is the duty's own, since the base moves on meanwhile. */
static void acknowledge_upto(struct qetl_decider *d, struct qetl_duty *duty)
{
    const struct qetl_handed *handed = qetl_epochs_base(d->run->attempt.epochs, duty->op->slot);
    const struct qetl_stand *stand = handed->stand;
    void *copy = stand && stand->begun ? malloc(stand->position_size + 1) : NULL;
    if (copy && stand->position_size)
        memcpy(copy, stand->position, stand->position_size);
    free((void *)duty->upto.data);
    duty->upto = (struct qetl_blob){copy, copy ? stand->position_size : 0};
}

static int32_t acknowledge(struct qetl_decider *d, struct qetl_duty *duty)
{
    struct qetl_ctx *ctx = duty->op->instance;
    pthread_mutex_lock(&d->lock);
    struct qetl_blob upto = duty->upto;
    duty->upto = (struct qetl_blob){0};
    pthread_mutex_unlock(&d->lock);
    if (!upto.data)
        return QETL_OK;
    qetl_call_enter(ctx, "ack");
    int32_t status = ctx->component->source->ack(ctx->self, upto);
    qetl_call_leave();
    free((void *)upto.data);
    return status < 0 ? qetl_op_fail(duty->op, "ack", status) : QETL_OK;
}

static int32_t duty_act(struct qetl_decider *d, struct qetl_duty *duty)
{
    const struct qetl_op *op = duty->op;
    if (!duty->sink)
        return acknowledge(d, duty);
    const struct qetl_handed *handed = qetl_epochs_base(d->run->attempt.epochs, op->slot);
    struct qetl_epoch epoch = qetl_epoch_of(d->run, op->node, d->number, d->final);
    return qetl_sink_commit(d->run, op->node, op->instance, &epoch, (int64_t)handed->n_handles,
                            handed->handles);
}

static void duty_done(struct qetl_decider *d, struct qetl_duty *duty, int32_t status)
{
    pthread_mutex_lock(&d->lock);
    duty->done = duty->wanted;
    duty->status = status;
    pthread_cond_broadcast(&d->news);
    pthread_mutex_unlock(&d->lock);
}

/* Does it, or asks its task to. */
static void duty_give(struct qetl_decider *d, struct qetl_duty *duty)
{
    pthread_mutex_lock(&d->lock);
    duty->wanted = d->number;
    if (!duty->sink)
        acknowledge_upto(d, duty);
    bool mine = is_mine(d, duty);
    if (!mine)
        atomic_store_explicit(&duty->task->owes, true, memory_order_release);
    pthread_mutex_unlock(&d->lock);
    if (mine) {
        duty_done(d, duty, duty_act(d, duty));
        duty->op->idle = false; /* it may have waited for this */
    }
    qetl_bell_ring(duty->task->bell);
}

int32_t qetl_task_serve(struct qetl_task *task)
{
    struct qetl_decider *d = task->stage->run->attempt.decider;
    int32_t status = QETL_OK;
    atomic_store_explicit(&task->owes, false, memory_order_relaxed);
    for (size_t i = 0; !status && i < d->n_duties; i++) {
        struct qetl_duty *duty = &d->duties[i];
        pthread_mutex_lock(&d->lock);
        bool due = duty->task == task && duty->wanted > duty->done;
        pthread_mutex_unlock(&d->lock);
        if (!due)
            continue;
        status = duty_act(d, duty);
        duty->op->idle = false; /* it may have waited for this */
        duty_done(d, duty, status);
    }
    return status;
}

bool qetl_sink_committed(const struct qetl_op *op, uint64_t epoch)
{
    struct qetl_decider *d = op->run->attempt.decider;
    bool done = false;
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->n_duties; i++)
        done |= d->duties[i].op == op && d->duties[i].done >= epoch;
    pthread_mutex_unlock(&d->lock);
    return done;
}

int32_t qetl_task_over(struct qetl_task *task)
{
    struct qetl_run *run = task->stage->run;
    struct qetl_decider *d = run->attempt.decider;
    int32_t status = QETL_OK;
    for (size_t i = 0; !status && i < d->n_duties; i++) {
        struct qetl_duty *duty = &d->duties[i];
        if (duty->task != task)
            continue;
        pthread_mutex_lock(&d->lock);
        bool due = duty->wanted > duty->done;
        duty->over = !due;
        pthread_mutex_unlock(&d->lock);
        if (due) {
            status = qetl_task_serve(task);
            i--; /* and look again: another may have come */
            continue;
        }
        if (duty->sink)
            status = qetl_op_hand_in(duty->op, duty->op->epoch + 1, true, NULL);
    }
    return status ? status : qetl_decider_poke(d);
}

/* ---- a decision ---- */

enum who { WHO_DECIDES, WHO_FOLLOWS };

static bool is_of(const struct qetl_duty *duty, enum who who)
{
    return duty->sink && duty->decides == (who == WHO_DECIDES);
}

/* All have answered; *good: and none failed. False: the run stops before. */
static bool await(struct qetl_decider *d, enum who who, bool *good)
{
    bool answered = true;
    *good = true;
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; answered && i < d->n_duties; i++) {
        const struct qetl_duty *duty = &d->duties[i];
        if (!is_of(duty, who))
            continue;
        while (duty->done < d->number && !d->stop)
            pthread_cond_wait(&d->news, &d->lock);
        answered = duty->done >= d->number;
        *good &= answered && duty->status >= 0;
    }
    pthread_mutex_unlock(&d->lock);
    return answered;
}

/* Sinks that are over have no task of their own any more. */
static int32_t prepare_over(struct qetl_decider *d, uint64_t number, bool final)
{
    int32_t status = QETL_OK;
    for (size_t i = 0; !status && i < d->n_duties; i++) {
        struct qetl_duty *duty = &d->duties[i];
        /* not before its end is part of the base: its rows behind the barrier are not, either */
        struct qetl_handed *handed = qetl_epochs_base(d->run->attempt.epochs, duty->op->slot);
        if (!duty->sink || !handed->ended || (!final && duty->tail_prepared && !duty->decides))
            continue;
        duty->tail_prepared = true;
        status = qetl_sink_checkpoint(duty->op, number, final, false, handed);
    }
    return status;
}

/* What sinks that decide have named is visible. */
static void counts(struct qetl_decider *d)
{
    atomic_fetch_add(&d->run->decided, 1);
    qetl_outputs_keep(d->run);
}

/* The sinks that decide have answered, or will not. */
static int32_t one_phase_settle(struct qetl_decider *d, bool committed)
{
    if (!committed && d->run->store) { /* what it answered may be wrong: who comes next asks it */
        d->unknown = true;
        return QETL_E_CANCELLED;
    }
    QETL_FAILPOINT("settle.before");
    int32_t status = qetl_keep_settle(d->run, d->number, committed);
    QETL_FAILPOINT("settle.after");
    d->stage = committed ? QETL_DECIDES_DECIDED : QETL_DECIDES_NOTHING;
    if (committed)
        counts(d);
    if (!status)
        return committed ? QETL_OK : QETL_E_CANCELLED;
    d->unknown = !committed;
    return qetl_run_store_failed(d->run, status);
}

static int32_t decide_by_sinks(struct qetl_decider *d, struct qetl_record *record)
{
    struct qetl_run *run = d->run;
    bool good;
    record->stage = QETL_STAGE_PREPARED;
    QETL_FAILPOINT("decide.before");
    int32_t status = qetl_keep_prepare(run, record);
    if (status) {
        d->unknown = status == QETL_E_ENVIRONMENT;
        return qetl_run_store_failed(run, status);
    }
    d->stage = QETL_DECIDES_PREPARED;
    QETL_FAILPOINT("decide.prepared");
    for (size_t i = 0; i < d->n_duties; i++)
        if (is_of(&d->duties[i], WHO_DECIDES))
            duty_give(d, &d->duties[i]);
    qetl_parker_notify_all(&run->parker);
    return await(d, WHO_DECIDES, &good) ? one_phase_settle(d, good) : QETL_E_CANCELLED;
}

static int32_t decide_by_store(struct qetl_decider *d, const struct qetl_record *record)
{
    QETL_FAILPOINT("decide.before");
    int32_t status = qetl_keep_decide(d->run, record);
    QETL_FAILPOINT("decide.after");
    if (!status) {
        d->stage = QETL_DECIDES_DECIDED;
        counts(d);
        return QETL_OK;
    }
    d->unknown = status == QETL_E_ENVIRONMENT;
    return qetl_run_store_failed(d->run, status);
}

/* What was decided becomes visible. */
static int32_t commit_all(struct qetl_decider *d)
{
    struct qetl_run *run = d->run;
    bool good = true;
    QETL_FAILPOINT("commit.before");
    for (size_t i = 0; good && i < d->n_duties; i++) {
        struct qetl_duty *duty = &d->duties[i];
        if (is_of(duty, WHO_FOLLOWS) && duty->done < d->number)
            duty_give(d, duty);
        /* what nobody will know of does not become visible behind a failure */
        good = run->store || !d->final || duty->status >= 0;
    }
    qetl_parker_notify_all(&run->parker);
    if (!good || !await(d, WHO_FOLLOWS, &good) || !good)
        return QETL_E_CANCELLED;
    int32_t status = QETL_OK;
    QETL_FAILPOINT("commit.after");
    if (d->final)
        run->finished = d->number;
    else
        status = qetl_keep_committed(run, d->number);
    if (status)
        return qetl_run_store_failed(run, status);
    d->stage = QETL_DECIDES_NOTHING;
    atomic_store(&run->attempt.decided_epoch, d->number);
    qetl_epochs_settle(run->attempt.epochs);
    qetl_outputs_keep(run);
    qetl_run_got_on(run);
    return QETL_OK;
}

static void acknowledge_all(struct qetl_decider *d)
{
    for (size_t i = 0; i < d->n_duties; i++)
        if (!d->duties[i].sink)
            duty_give(d, &d->duties[i]);
    qetl_parker_notify_all(&d->run->parker);
}

static int32_t decide(struct qetl_decider *d)
{
    struct qetl_record record;
    int32_t status = qetl_record_compose(d->run, d->number, d->final, &record);
    if (status)
        return status;
    status = d->n_deciding ? decide_by_sinks(d, &record) : decide_by_store(d, &record);
    qetl_record_discompose(&record);
    if (!status)
        status = commit_all(d);
    if (!status)
        acknowledge_all(d);
    return status;
}

static bool is_ready(const struct qetl_decider *d)
{
    return qetl_epochs_complete(d->run->attempt.epochs) &&
           !qetl_epochs_over(d->run->attempt.epochs) && !qetl_run_stopping(d->run);
}

/* All that is complete, as one. */
static int32_t decide_next(struct qetl_decider *d)
{
    struct qetl_run *run = d->run;
    uint64_t number = qetl_epochs_complete(run->attempt.epochs);
    if (!is_ready(d))
        return QETL_OK;
    qetl_epochs_merge(run->attempt.epochs, number);
    d->number = number;
    d->final = false;
    int32_t status = prepare_over(d, number, false);
    if (!status)
        status = qetl_run_check_epoch(run);
    return status ? status : decide(d);
}

/* ---- the thread ---- */

static void look_for_debtors(struct qetl_decider *d)
{
    uint64_t epoch;
    int64_t since_ns;
    size_t slot = qetl_epochs_debtor(d->run->attempt.epochs, &epoch, &since_ns);
    int64_t patience_ns = d->run->pipeline->checkpoint_timeout_ms * (int64_t)1000000;
    if (slot == SIZE_MAX || epoch <= d->alarmed || !patience_ns ||
        qetl_now_ns() - since_ns < patience_ns)
        return;
    d->alarmed = epoch;
    qetl_run_alarm(d->run, d->run->attempt.slots[slot], epoch);
}

static void *decider_main(void *arg)
{
    struct qetl_decider *d = arg;
    void *signal_stack = qetl_ending_thread_begin();
    int32_t status = QETL_OK;
    while (status >= 0) {
        pthread_mutex_lock(&d->lock);
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += LOOK_AGAIN_S;
        int waited = 0;
        while (!d->stop && !waited && !is_ready(d))
            waited = pthread_cond_timedwait(&d->news, &d->lock, &until);
        bool stop = d->stop;
        pthread_mutex_unlock(&d->lock);
        if (stop)
            break;
        look_for_debtors(d);
        status = decide_next(d);
    }
    qetl_ending_thread_end(signal_stack);
    return NULL;
}

int qetl_decider_start(struct qetl_decider *d)
{
    d->threaded = true;
    int error = pthread_create(&d->thread, NULL, decider_main, d);
    d->threaded = !error;
    return error;
}

void qetl_decider_stop(struct qetl_decider *d)
{
    if (!d->threaded)
        return;
    pthread_mutex_lock(&d->lock);
    d->stop = true;
    pthread_cond_broadcast(&d->news);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    d->threaded = false;
}

int32_t qetl_decider_poke(struct qetl_decider *d)
{
    if (!d->run->env.checkpoints)
        return QETL_OK;
    if (!d->threaded) {
        look_for_debtors(d);
        return decide_next(d);
    }
    pthread_mutex_lock(&d->lock);
    pthread_cond_broadcast(&d->news);
    pthread_mutex_unlock(&d->lock);
    return QETL_OK;
}

/* ---- the end ---- */

/* Nobody may have waited to hear of it. */
static bool sinks_have_decided(const struct qetl_decider *d)
{
    bool good = true;
    for (size_t i = 0; i < d->n_duties; i++)
        if (is_of(&d->duties[i], WHO_DECIDES))
            good &= d->duties[i].done >= d->number && d->duties[i].status >= 0;
    return good;
}

int32_t qetl_decider_settle(struct qetl_decider *d)
{
    int32_t status = QETL_OK;
    if (d->stage == QETL_DECIDES_PREPARED)
        status = one_phase_settle(d, sinks_have_decided(d));
    if (d->stage == QETL_DECIDES_DECIDED)
        status = commit_all(d);
    return status;
}

int32_t qetl_decider_prepare_final(struct qetl_decider *d)
{
    struct qetl_run *run = d->run;
    d->number = atomic_load(&run->attempt.epoch) + 1;
    d->final = !qetl_run_goes_on(run);
    qetl_epochs_merge(run->attempt.epochs, d->number);
    for (size_t i = 0; i < d->n_duties; i++)
        d->duties[i].tail_prepared = false;
    return prepare_over(d, d->number, d->final);
}

int32_t qetl_decider_decide_final(struct qetl_decider *d)
{
    return decide(d);
}

static void duty_abort(struct qetl_decider *d, struct qetl_duty *duty, uint64_t number)
{
    struct qetl_ctx *ctx = duty->op->instance;
    const struct qetl_handed *handed = qetl_epochs_base(d->run->attempt.epochs, duty->op->slot);
    size_t n = handed->n_handles - duty->spared;
    if (!n || !ctx || !ctx->component->sink->abort || duty->done >= number)
        return;
    struct qetl_epoch epoch = qetl_epoch_of(d->run, duty->op->node, number, true);
    qetl_call_enter(ctx, "abort");
    ctx->component->sink->abort(ctx->self, &epoch, (int64_t)n, handed->handles + duty->spared);
    qetl_call_leave();
}

/* All that is prepared, but for the epoch whose decision is under way, if that is spared. */
static void give_up(struct qetl_decider *d, bool spares)
{
    struct qetl_epochs *epochs = d->run->attempt.epochs;
    uint64_t number = atomic_load(&d->run->attempt.epoch) + 1;
    for (size_t i = 0; i < d->n_duties; i++)
        d->duties[i].spared =
            spares ? qetl_epochs_base(epochs, d->duties[i].op->slot)->n_handles : 0;
    qetl_epochs_merge(epochs, number);
    for (size_t i = 0; i < d->n_duties; i++)
        if (d->duties[i].sink)
            duty_abort(d, &d->duties[i], number);
}

void qetl_decider_go_back(struct qetl_decider *d)
{
    if (!d->unknown && d->stage == QETL_DECIDES_PREPARED && sinks_have_decided(d))
        one_phase_settle(d, true);
    if (!d->unknown)
        give_up(d, d->stage != QETL_DECIDES_NOTHING);
}

void qetl_decider_abandon(struct qetl_decider *d)
{
    bool kept = d->unknown || d->stage == QETL_DECIDES_DECIDED;
    if (!kept || !d->run->store) /* else the next process finds out, or brings it to its end */
        give_up(d, false);
}
