/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: of a condition made true and a bell then rung, whoever hushes the bell and then looks
 *            at the condition misses not both: the bell rings still, or the condition is seen.
 * Ownership: the word is the embedder's and outlives every call; 32 bells may share one.
 * Threads: any number may ring, hush and look at once.
 *
 * A bell says which of many that share a parker has something to do, so that a thread that wakes
 * need not ask all of them. Whoever made something true rings, and notifies the parker behind that;
 * the other side hushes, looks whether it is true after all, and if so rings the bell itself.
 * Ringing and hushing are read-modify-writes of one word: one of two comes second, and what was
 * done before the first is seen behind it. So they need no fence of their own.
 */
#ifndef QETL_BELL_H
#define QETL_BELL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "plant.h"

struct qetl_bell {
    _Atomic uint32_t *word; /* NULL: there is none, and ringing it does nothing */
    uint32_t bit;
};

static inline void qetl_bell_ring(const struct qetl_bell *bell)
{
    if (bell->word)
        atomic_fetch_or_explicit(bell->word, bell->bit,
                                 QETL_PLANTED(BELL_RELAXED) ? memory_order_relaxed
                                                            : memory_order_release);
}

static inline void qetl_bell_hush(const struct qetl_bell *bell)
{
    if (bell->word)
        atomic_fetch_and_explicit(bell->word, ~bell->bit, memory_order_acquire);
}

#endif
