/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much later than its deadline a call answers, by its own doing: what its thread waited for a
 * processor, on a machine that is busy, is not the call's.
 *
 * Invariant: begin and end are on the thread that makes the call, with nothing between them but it.
 * Ownership: the caller's.
 * Threads:   each its own.
 */
#ifndef QETL_CORE_CONFORM_LATENESS_H
#define QETL_CORE_CONFORM_LATENESS_H

#include <stdint.h>

struct conform_lateness {
    int64_t deadline_ns, waited_ns;
};

void conform_lateness_begin(struct conform_lateness *, int64_t deadline_ns);
/* In nanoseconds; 0: it came in time. */
int64_t conform_lateness_end(const struct conform_lateness *);

#endif
