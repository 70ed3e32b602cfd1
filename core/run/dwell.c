/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker that nobody else needs may wait within a source's call, as a program does that reads and
 * does nothing else: then what comes wakes it, and not the poller that would have to wake a worker.
 *
 * So long may a source that has an end, and for whose last item it was waited no longer, while
 * there is a worker for each task that has something to do. Of a source without an end nobody knows
 * when something comes, and what comes shall be passed on by the worker that is awake already.
 */
#include "op_source.h"
#include "run_internal.h"

static const int64_t DWELL_NS = 1000000;

static bool a_worker_is_free(const struct qetl_run *run)
{
    return run->options.driver != QETL_DRIVE_PULL &&
           qetl_bells_ringing(&run->attempt.bells) <= run->options.workers;
}

int64_t qetl_source_dwell(const struct qetl_op *op, int64_t now_ns)
{
    const struct qetl_source_state *s = op->state;
    bool may = s->comes_soon && !op->flow->source.endless &&
               (!op->flow->bytes || qetl_frame_is_empty(op)) && a_worker_is_free(op->run);
    return may ? now_ns + DWELL_NS : now_ns;
}

void qetl_source_note_wait(struct qetl_op *op, bool idle, int64_t called_ns, int64_t now_ns)
{
    struct qetl_source_state *s = op->state;
    if (!s->awaited_ns)
        s->awaited_ns = called_ns;
    if (idle)
        return;
    s->comes_soon = now_ns - s->awaited_ns <= DWELL_NS;
    s->awaited_ns = 0;
}
