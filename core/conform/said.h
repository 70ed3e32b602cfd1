/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether `describe` answers what the manifest says of the options of a run: `validate` promises by
 * the manifest, and a run keeps what `describe` says.
 *
 * Invariant: what the manifest does not say is not compared, but for a sink that decides for
 * itself: what two of them in one pipeline promise depends on it. Ownership: the caller's. Threads:
 * the bench's.
 */
#ifndef QETL_CORE_CONFORM_SAID_H
#define QETL_CORE_CONFORM_SAID_H

#include "bench.h"

/* False: they contradict each other, and the rule `describe` is broken. */
bool conform_said_of_source(const struct conform_bench *, const struct qetl_source_info *);
bool conform_said_of_sink(const struct conform_bench *, const struct qetl_sink_info *);

#endif
