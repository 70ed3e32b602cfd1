/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger's counters of one component inside one replica, and the ledger's equation over them.
 *
 * Invariant: in + held before + added = out + filtered + rejected + reduced + held, at every
 * barrier. Ownership: embedded in its component's instance. Threads:   one writer at a time; read
 * by any (a report may be a few batches behind).
 */
#ifndef QETL_CORE_TALLY_H
#define QETL_CORE_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct qetl_counts {
    int64_t rows_in, rows_out, rows_filtered, rows_rejected, rows_added, rows_reduced, rows_held;
    int64_t bytes_in, bytes_out;
};

struct qetl_tally {
    atomic_llong rows_in, rows_out, rows_filtered, rows_rejected, rows_added, rows_reduced,
        rows_held, bytes_in, bytes_out, batches, nanoseconds;
};

static inline void qetl_tally_add(atomic_llong *counter, int64_t by)
{
    /* one writer: a plain read-modify-write is enough and costs no locked instruction */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

static inline int64_t qetl_tally_get(const atomic_llong *counter)
{
    return atomic_load_explicit((atomic_llong *)counter, memory_order_relaxed);
}

/* Adds a tally to counts. */
void qetl_counts_add(struct qetl_counts *, const struct qetl_tally *);
void qetl_counts_sum(struct qetl_counts *, const struct qetl_counts *);
/* The tally of one that counted nothing yet begins with these. */
void qetl_tally_begin(struct qetl_tally *, const struct qetl_counts *);
bool qetl_counts_balance(const struct qetl_counts *);

#endif
