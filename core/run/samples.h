/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first bytes of all sources that have columns to be found, waited for together.
 *
 * Invariant: each source is asked before any is waited for, and asked again only where it may have
 *            something; so silence costs the others nothing but the time until all are known.
 * Ownership: none.
 * Threads:   [control]
 */
#ifndef QETL_CORE_RUN_SAMPLES_H
#define QETL_CORE_RUN_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qetl_run;
struct qetl_op;

/* Until the columns of all sources that have begun are known. False, and *status: one failed, and
 * not by a mistake that was gathered. Of such mistakes *status is the first, too; who still waited
 * then is beyond. */
bool qetl_samples_take(struct qetl_run *, int32_t *status);

/* Until the source's operator may resume, or the run is stopped. */
void qetl_samples_await(const struct qetl_op *);

#endif
