/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two drivers of the same tasks: a pool of workers, and the caller's own thread. A worker looks
 * for work from the sinks upwards, so that what is under way ends before more is begun, and what
 * was just written is still in the cache.
 */
#include "host/ending.h"
#include "op.h"
#include "run_internal.h"

#include <errno.h>
#include <stdlib.h>

enum { UNITS_IN_A_ROW = 8 };

static enum qetl_task_answer run_task(struct qetl_task *task)
{
    enum qetl_task_answer answer = qetl_task_step(task);
    bool progress = answer == QETL_TASK_PROGRESS;
    for (int i = 1; i < UNITS_IN_A_ROW && answer == QETL_TASK_PROGRESS; i++)
        answer = qetl_task_step(task);
    if (answer == QETL_TASK_FAILED)
        return answer;
    return progress ? QETL_TASK_PROGRESS : answer;
}

static enum qetl_task_answer try_task(struct qetl_task *task)
{
    if (!qetl_task_claim(task))
        return QETL_TASK_IDLE;
    enum qetl_task_answer answer = run_task(task);
    /* What failed is in the middle of something. It stays claimed: another worker may not have seen
     * yet that the attempt is over. */
    if (answer != QETL_TASK_FAILED)
        qetl_task_unclaim(task);
    return answer;
}

/* One look at all whose bells ring: PROGRESS at the first that did something. */
static enum qetl_task_answer look_once(struct qetl_run *run)
{
    const struct qetl_bells *bells = &run->attempt.bells;
    qetl_bells_rouse(run);
    for (size_t w = 0; w < bells->n_words; w++) {
        /* acquire: what they ring for is seen */
        uint32_t ringing = atomic_load_explicit(&bells->words[w], memory_order_acquire);
        for (; ringing; ringing &= ringing - 1) {
            size_t bit = (size_t)__builtin_ctz(ringing);
            enum qetl_task_answer answer = try_task(bells->tasks[w * QETL_BELLS_A_WORD + bit]);
            if (answer != QETL_TASK_IDLE)
                return answer;
        }
    }
    return QETL_TASK_IDLE;
}

static bool over(const struct qetl_run *run)
{
    return qetl_run_stopping(run) ||
           atomic_load_explicit(&((struct qetl_run *)run)->attempt.tasks_open,
                                memory_order_acquire) == 0;
}

/* How long nothing can happen unless someone notifies. */
static int64_t patience_ns(struct qetl_run *run, int64_t until)
{
    int64_t due = atomic_load_explicit(&run->attempt.bells.due_ns, memory_order_relaxed);
    until = due < until ? due : until;
    if (until == INT64_MAX)
        return -1;
    int64_t left = until - qetl_now_ns();
    return left > 0 ? left : 0;
}

/* Without a thread of its own, the watchdog looks between two steps. */
static int64_t look_after(struct qetl_run *run, int64_t look_ns)
{
    int64_t now = qetl_now_ns();
    return now < look_ns ? look_ns : qetl_watchdog_look(run->attempt.watchdog, now);
}

static void work(struct qetl_run *run)
{
    bool looks = run->options.driver == QETL_DRIVE_PULL;
    int64_t look_ns = looks ? 0 : INT64_MAX;
    while (!over(run)) {
        if (looks)
            look_ns = look_after(run, look_ns);
        enum qetl_task_answer answer = look_once(run);
        if (answer == QETL_TASK_FAILED)
            return;
        if (answer == QETL_TASK_PROGRESS)
            continue;
        uint32_t ticket = qetl_parker_prepare(&run->parker);
        if (over(run) || look_once(run) != QETL_TASK_IDLE)
            qetl_parker_cancel(&run->parker);
        else
            qetl_parker_wait(&run->parker, ticket, patience_ns(run, look_ns));
    }
}

void qetl_drive_pull(struct qetl_run *run)
{
    work(run);
}

static void *worker_main(void *run)
{
    void *signal_stack = qetl_ending_thread_begin();
    work(run);
    qetl_ending_thread_end(signal_stack);
    return NULL;
}

int qetl_drive_pool(struct qetl_run *run, int workers)
{
    pthread_t *threads = calloc((size_t)workers, sizeof *threads);
    if (!threads)
        return ENOMEM;
    int started = 0, error = 0;
    while (started < workers && !error) {
        error = pthread_create(&threads[started], NULL, worker_main, run);
        started += !error;
    }
    if (error && !started) {
        free(threads);
        return error;
    }
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return 0;
}
