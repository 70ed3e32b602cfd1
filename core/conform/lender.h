/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host buffers on pages of their own, which are shut behind the call that they were lent to.
 *
 * Invariant: a buffer that somebody else owns, too, stays open.
 * Ownership: the bench's; what it shut it opens before it releases the array.
 * Threads:   one.
 */
#ifndef QETL_CORE_CONFORM_LENDER_H
#define QETL_CORE_CONFORM_LENDER_H

#include "bench.h"

/* The real host's table, but for buffers that lie on pages of their own. */
const struct qetl_host *conform_lender_host(void);
void conform_lent_shut(struct conform_bench *, const struct ArrowArray *);
/* A buffer of the bench's, which it gives up: shut where the knobs say so and nobody else owns it.
 */
void conform_lent_buffer(struct conform_bench *, void *buffer);
void conform_lent_open(struct conform_bench *); /* all that were shut */

#endif
