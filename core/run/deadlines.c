/* SPDX-License-Identifier: Apache-2.0 */
#include "deadlines.h"

#include "run_internal.h"

#include <stdio.h>

static void end_in_time(struct qetl_run *run)
{
    char message[120];
    snprintf(message, sizeof message, "the run took longer than its timeout, %.10g s",
             (double)run->pipeline->timeout_ns / 1e9);
    qetl_run_fault_as(run, NULL, "timeout", QETL_E_CANCELLED, message);
}

/* An interrupted run that does not come to its end. */
static void end_drain(struct qetl_run *run)
{
    char text[160];
    snprintf(text, sizeof text,
             "interrupted, and not at its end within %.10g s (shutdown): given up; what was not "
             "decided is not written",
             (double)run->pipeline->shutdown_ns / 1e9);
    run->env.log(run->env.arg, "", QETL_LOG_ERROR, text);
    qetl_run_ask_end(run, atomic_load(&run->drain_exit));
}

/* Of one that is to be over so long after it began; 0: there is none. */
static int64_t look(struct qetl_run *run, int64_t began_ns, int64_t most_ns, int64_t now_ns,
                    void (*end)(struct qetl_run *))
{
    if (!began_ns || !most_ns || qetl_run_is_ended(run))
        return INT64_MAX;
    if (now_ns - began_ns < most_ns)
        return began_ns + most_ns;
    end(run);
    return INT64_MAX;
}

int64_t qetl_deadlines_look(struct qetl_run *run, int64_t now_ns)
{
    int64_t began = atomic_load(&run->phase_started_ns[QETL_PHASE_PROCESSING]);
    int64_t drained = atomic_load(&run->drain_since_ns);
    int64_t timeout = look(run, began, run->pipeline->timeout_ns, now_ns, end_in_time);
    int64_t shutdown = look(run, drained, run->pipeline->shutdown_ns, now_ns, end_drain);
    return timeout < shutdown ? timeout : shutdown;
}
