/* SPDX-License-Identifier: Apache-2.0 */
#include "waiting.h"

#include "op.h"
#include "run_internal.h"

#include <stdio.h>

static const int64_t FIRST_NS = 2000000000, AGAIN_NS = 30000000000;

static void tell(struct qetl_run *run, const struct qetl_ctx *ctx, const char *call, double seconds,
                 bool signals)
{
    char text[400];
    snprintf(text, sizeof text,
             "the run is to end, and has waited for %.0f s for its %s, which was interrupted and "
             "has not returned%s%s",
             seconds, call, signals ? "; another signal ends the program at once" : "",
             ctx->node->limits.call_timeout_ns
                 ? ""
                 : "; the component's option `call_timeout` limits how long a call may take");
    run->env.log(run->env.arg, ctx->node->id, QETL_LOG_WARN, text);
}

static bool tell_all(struct qetl_run *run, double seconds, bool signals)
{
    bool told = false;
    pthread_mutex_lock(&run->lock); /* instances stay */
    for (size_t i = 0; i < run->attempt.n_instances; i++) {
        const struct qetl_ctx *ctx = run->attempt.instances[i];
        const char *call = atomic_load_explicit(&ctx->doing, memory_order_relaxed);
        if (call)
            tell(run, ctx, call, seconds, signals);
        told |= call != NULL;
    }
    pthread_mutex_unlock(&run->lock);
    return told;
}

bool qetl_run_tell_waiting(struct qetl_run *run, struct qetl_waiting *waiting, bool signals)
{
    int64_t now = qetl_now_ns();
    if (!qetl_run_is_ended(run))
        return false;
    if (!waiting->seen_ns)
        waiting->seen_ns = now;
    bool due =
        waiting->told_ns ? now - waiting->told_ns >= AGAIN_NS : now - waiting->seen_ns >= FIRST_NS;
    if (due && tell_all(run, (double)(now - waiting->seen_ns) / 1e9, signals))
        waiting->told_ns = now;
    return waiting->told_ns;
}
