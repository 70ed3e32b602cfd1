/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: a thread that prepared, then saw its condition unmet, then waited, returns after any
 *            later notify_all; no wake-up is lost. Returns without cause are allowed.
 * Ownership: the embedder owns the memory; nothing is allocated. It must outlive every call on it,
 *            notifiers' calls included.
 * Threads: any number may prepare, wait and notify at once.
 *
 * An eventcount on a Linux futex. The pattern, always in a loop around the condition:
 *
 *     ticket = qetl_parker_prepare(p);
 *     if (condition())
 *         qetl_parker_cancel(p);
 *     else
 *         qetl_parker_wait(p, ticket, timeout_ns);
 *
 * and on the other side: make the condition true, then notify. Both sides are a store followed by
 * a load of what the other stores (Dekker's pattern), so both need a store-load barrier:
 *
 *     sleeper:  word |= 1 (RMW)      HEAVY   load condition
 *     notifier: store condition      LIGHT   load word
 *
 * Either the sleeper sees the condition or the notifier sees the bit. Where the kernel offers
 * membarrier(PRIVATE_EXPEDITED), HEAVY is that call and LIGHT only stops the compiler: the kernel
 * runs a full barrier in every running thread of the process during the call. If it falls after a
 * notifier's store, the sleeper sees that store; if before, the notifier's load comes after it
 * and sees the bit. Elsewhere both are seq_cst fences. The choice is made once, before the first
 * parker exists, and never changes.
 *
 * notify_one is for interchangeable waiters only. When waiters of one parker wait for different
 * things the one that wakes may be the wrong one: use notify_all.
 */
#ifndef QETL_PARKER_H
#define QETL_PARKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "plant.h"

#define QETL_CACHE_LINE 64

struct qetl_parker {
    /* Bit 0: someone may sleep. The rest counts notifications; 2^31 of them between one thread's
     * prepare and its wait would be taken for none. */
    _Alignas(QETL_CACHE_LINE) _Atomic uint32_t word;
    /* Threads between prepare and their return from wait or cancel. */
    _Atomic uint32_t waiters;
};

/* Set by the first qetl_parker_init, constant afterwards: the heavy barrier is membarrier. */
extern bool qetl_parker_asymmetric;

void qetl_parker_init(struct qetl_parker *p);

/* Announces that the caller may sleep; must be followed by exactly one cancel or wait. */
uint32_t qetl_parker_prepare(struct qetl_parker *p);
void qetl_parker_cancel(struct qetl_parker *p);

/* Returns 0 when woken (perhaps for nothing), 1 when timeout_ns passed; below 0 it never does. */
int qetl_parker_wait(struct qetl_parker *p, uint32_t ticket, int64_t timeout_ns);

/* The slow halves of notify. */
void qetl_parker_wake_one(struct qetl_parker *p);
void qetl_parker_wake_all(struct qetl_parker *p);

/*
 * TSan knows no stand-alone fence. An RMW on the word serves as well: the sleeper's announcement
 * is an RMW on the same word, so one of the two comes second and sees all that preceded the first.
 */
#ifdef __has_feature
#define QETL_HAS_FEATURE(x) __has_feature(x)
#else
#define QETL_HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || QETL_HAS_FEATURE(thread_sanitizer)
#define QETL_PARKER_FENCE(p) ((void)atomic_fetch_add_explicit(&(p)->word, 0, memory_order_acq_rel))
#else
#define QETL_PARKER_FENCE(p) ((void)(p), atomic_thread_fence(memory_order_seq_cst))
#endif

/* LIGHT, then the load of the word: pairs with HEAVY in qetl_parker_prepare. */
static inline bool qetl_parker_may_sleep(struct qetl_parker *p)
{
    if (!QETL_PLANTED(NO_BARRIER)) {
        if (qetl_parker_asymmetric)
            atomic_signal_fence(memory_order_seq_cst);
        else
            QETL_PARKER_FENCE(p);
    }
    return atomic_load_explicit(&p->word, memory_order_relaxed) & 1;
}

static inline void qetl_parker_notify_one(struct qetl_parker *p)
{
    if (qetl_parker_may_sleep(p))
        qetl_parker_wake_one(p);
}

static inline void qetl_parker_notify_all(struct qetl_parker *p)
{
    if (qetl_parker_may_sleep(p))
        qetl_parker_wake_all(p);
}

#endif
