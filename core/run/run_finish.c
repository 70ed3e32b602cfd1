/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run: the ledger is checked, then all sinks' outputs become visible, or none. */
#include "checkpoint.h"
#include "decider.h"
#include "lookout.h"
#include "op.h"
#include "run_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool all_have_all(const struct qetl_run *run)
{
    for (size_t n = 0; n < run->pipeline->n_nodes; n++)
        if (run->pipeline->nodes[n].kind == QETL_SINK && !atomic_load(&run->attempt.has_all[n]))
            return false;
    return true;
}

void qetl_run_stop_instances(struct qetl_run *run)
{
    for (size_t i = 0; i < run->attempt.n_instances; i++) {
        struct qetl_ctx *ctx = run->attempt.instances[i];
        int32_t status = qetl_instance_stop(ctx);
        if (status < 0)
            qetl_run_fail(run, ctx->node, ctx, "stop",
                          status == QETL_E_RETRY_EPOCH ? QETL_E_RETRY_CALL : status);
    }
}

/* Letters that still wait for a number leave without one. No task runs any more. */
static void trackers_close(struct qetl_run *run)
{
    for (size_t n = 0; run->attempt.trackers && n < run->pipeline->n_nodes; n++) {
        qetl_tracker_free(run->attempt.trackers[n]);
        run->attempt.trackers[n] = NULL;
    }
}

/* The last epoch: what the sinks have staged is durable, the account is right, and then it counts.
 */
static void decide_last(struct qetl_run *run)
{
    struct qetl_decider *d = run->attempt.decider;
    if (!qetl_run_stopping(run) && !all_have_all(run))
        qetl_run_fault(run, NULL, "ledger",
                       "a sink did not come to its end: an error in qetl itself");
    bool good = !qetl_run_goes_back(run) && !qetl_decider_settle(d) && !qetl_run_stopping(run) &&
                !qetl_decider_prepare_final(d);
    run->attempt.closed = good && qetl_run_decide(run);
    good = run->attempt.closed && !qetl_run_check_ledger(run) && !qetl_decider_decide_final(d);
    if (qetl_run_goes_back(run)) {
        qetl_decider_go_back(d);
        return;
    }
    if (run->letters && qetl_letter_store_close(run->letters, good) && good)
        qetl_run_fault(run, NULL, "dead_letters", "the dead letters could not be written to disk");
    if (!good)
        qetl_decider_abandon(d);
}

void qetl_attempt_finish(struct qetl_run *run)
{
    trackers_close(run);
    if (run->attempt.decider)
        decide_last(run);
    run->attempt.closed |= run->attempt.completes && !qetl_run_stopping(run);
    qetl_run_stop_instances(run);
    if (!qetl_run_goes_back(run))
        qetl_outputs_keep(run);
}

int qetl_run_finish(struct qetl_run *run)
{
    for (size_t n = 0; n < run->pipeline->n_nodes; n++)
        qetl_lookouts_end(run->lookouts[n], qetl_node_outlets(&run->pipeline->nodes[n]), true);
    if (run->letters) /* what nobody has decided, for people */
        qetl_letter_store_close(run->letters, false);
    int stopping = atomic_load(&run->stopping);
    return stopping ? stopping - 1 : QETL_EXIT_OK;
}
