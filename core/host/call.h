/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which plugin call each thread is in, so that a crash can be laid at the right door (ending.h).
 *
 * Invariant: between enter and leave of one thread the note names the call; calls do not nest, but
 * for the host's own services; the instance's `doing` says the same to other threads. Ownership:
 * borrows the instance and the call's name. Threads:   each its own note.
 */
#ifndef QETL_CORE_CALL_H
#define QETL_CORE_CALL_H

#include "instance.h"

#include <time.h>

struct qetl_call_note {
    struct qetl_ctx *ctx; /* NULL: the thread is in the host */
    const char *name;
};

extern _Thread_local struct qetl_call_note qetl_call_note;

static inline int64_t qetl_call_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline void qetl_call_enter(struct qetl_ctx *ctx, const char *name)
{
    qetl_call_note.ctx = ctx;
    qetl_call_note.name = name;
    atomic_store_explicit(&ctx->doing, name, memory_order_relaxed);
    atomic_store_explicit(&ctx->waits, NULL, memory_order_relaxed);
    if (ctx->timed)
        atomic_store_explicit(&ctx->since_ns, qetl_call_now_ns(), memory_order_release);
}

static inline void qetl_call_leave(void)
{
    if (qetl_call_note.ctx->timed)
        atomic_store_explicit(&qetl_call_note.ctx->since_ns, 0, memory_order_release);
    atomic_store_explicit(&qetl_call_note.ctx->doing, NULL, memory_order_relaxed);
    qetl_call_note.ctx = NULL;
}

#endif
