/* SPDX-License-Identifier: Apache-2.0 */
#include "bells.h"

#include "op.h"
#include "run_internal.h"

#include <stdlib.h>

/* From the sinks upwards: what is under way ends before more is begun. */
static void tasks_list(struct qetl_attempt *a)
{
    for (size_t s = a->n_stages; s-- > 0;)
        for (uint32_t t = 0; t < a->stages[s].n_tasks; t++)
            a->bells.tasks[a->bells.n++] = &a->stages[s].tasks[t];
}

static void bell_hang(struct qetl_task *task, const struct qetl_bell *bell)
{
    task->bell = bell;
    qetl_bell_ring(bell);
    for (size_t i = 0; i < task->n_inputs; i++)
        qetl_edge_hang_bell(task->inputs[i].edge, task->replica, bell);
    if (!task->n_inputs) /* release: instances may have threads of their own by now */
        atomic_store_explicit(&task->root->instance->bell, bell, memory_order_release);
}

int32_t qetl_bells_hang(struct qetl_run *run)
{
    struct qetl_bells *bells = &run->attempt.bells;
    size_t n = 0;
    for (size_t s = 0; s < run->attempt.n_stages; s++)
        n += run->attempt.stages[s].n_tasks;
    bells->n_words = (n + QETL_BELLS_A_WORD - 1) / QETL_BELLS_A_WORD;
    bells->tasks = calloc(n + 1, sizeof *bells->tasks);
    bells->bells = calloc(n + 1, sizeof *bells->bells);
    bells->words = calloc(bells->n_words + 1, sizeof *bells->words);
    atomic_init(&bells->due_ns, INT64_MAX);
    if (!bells->tasks || !bells->bells || !bells->words)
        return QETL_E_NO_MEMORY;
    tasks_list(&run->attempt);
    for (size_t i = 0; i < n; i++) {
        bells->bells[i] = (struct qetl_bell){.word = &bells->words[i / QETL_BELLS_A_WORD],
                                             .bit = UINT32_C(1) << i % QETL_BELLS_A_WORD};
        bell_hang(bells->tasks[i], &bells->bells[i]);
    }
    return QETL_OK;
}

void qetl_bells_free(struct qetl_bells *bells)
{
    free(bells->tasks);
    free(bells->bells);
    free(bells->words);
}

/* Two workers may both do so, and one write down an older count behind a newer: then all are rung
 * for once more. */
static void ring_for_all(struct qetl_bells *bells, uint64_t happened)
{
    for (size_t i = 0; i < bells->n; i++)
        qetl_bell_ring(&bells->bells[i]);
    /* release: who sees this count may rely on their ringing */
    atomic_store_explicit(&bells->happened, happened, memory_order_release);
}

/* The time is forgotten before the tasks' own are read: one that changes its own meanwhile tells it
 * afterwards. */
static void ring_for_due(struct qetl_bells *bells, int64_t now_ns)
{
    int64_t next = INT64_MAX;
    atomic_exchange_explicit(&bells->due_ns, INT64_MAX, memory_order_acq_rel);
    for (size_t i = 0; i < bells->n; i++) {
        int64_t at = atomic_load_explicit(&bells->tasks[i]->idle_until_ns, memory_order_relaxed);
        if (at <= now_ns)
            qetl_bell_ring(&bells->bells[i]);
        else
            next = at < next ? at : next;
    }
    qetl_bells_expect(bells, next);
}

void qetl_bells_rouse(struct qetl_run *run)
{
    struct qetl_bells *bells = &run->attempt.bells;
    uint64_t happened = qetl_run_happened(run);
    if (atomic_load_explicit(&bells->happened, memory_order_acquire) != happened)
        ring_for_all(bells, happened);
    int64_t due_ns = atomic_load_explicit(&bells->due_ns, memory_order_acquire);
    int64_t now_ns = due_ns == INT64_MAX ? 0 : qetl_now_ns();
    if (due_ns <= now_ns)
        ring_for_due(bells, now_ns);
}

int qetl_bells_ringing(const struct qetl_bells *bells)
{
    int n = 0;
    for (size_t w = 0; w < bells->n_words; w++)
        n += __builtin_popcount(atomic_load_explicit(&bells->words[w], memory_order_relaxed));
    return n;
}

void qetl_bells_expect(struct qetl_bells *bells, int64_t until_ns)
{
    if (until_ns == INT64_MAX)
        return;
    /* Written even where it stays as it is: whoever forgets it next sees the task's own time. */
    long long seen = atomic_load_explicit(&bells->due_ns, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&bells->due_ns, &seen,
                                                  until_ns < seen ? until_ns : seen,
                                                  memory_order_acq_rel, memory_order_relaxed))
        ;
}
