/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pipeline with the plugins of its lock, if there is one beside it: versions that are installed
 * side by side are chosen as it says, and what is otherwise than it says is refused.
 *
 * Invariant: a pipeline that was made has no plugin but those of its lock; nothing was loaded.
 * Ownership: the pipeline is the caller's.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_LOCK_LOCKED_H
#define QETL_CORE_LOCK_LOCKED_H

#include "lock.h"

#include "pipeline/pipeline.h"

/* As qetl_pipeline_new. The registry finds what the lock has and nothing else, until
 * qetl_registry_reset. */
struct qetl_pipeline *qetl_locked_pipeline(const struct qetl_document *,
                                           const struct qetl_registry *, struct qetl_findings *);

/* Whether all that a lock has for this machine is here, as it was locked. 0, or -1 with findings.
 */
int qetl_lock_check(const char *path, const struct qetl_registry *, struct qetl_findings *);

/* What the pipeline uses, as it is now; formats count that its options name. NULL with findings. */
struct lock_plugin *qetl_lock_of(const struct qetl_pipeline *, const struct qetl_registry *,
                                 size_t *count, struct qetl_findings *);

/* One plugin, as it is now: its names stay the manifest's. -1 with a finding. */
int qetl_lock_see(const struct qetl_manifest *, struct lock_plugin *, struct qetl_findings *);
int qetl_lock_same(const struct lock_plugin *, const struct lock_plugin *); /* but for names */

#endif
