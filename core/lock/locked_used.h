/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which plugins a pipeline uses, and what can be said of them before one is loaded.
 *
 * Invariant: each plugin once; components of the host's own are not among them.
 * Ownership: the list is the caller's, what stands in it the registry's.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_LOCK_LOCKED_USED_H
#define QETL_CORE_LOCK_LOCKED_USED_H

#include "pipeline/pipeline.h"

struct locked_used {
    const struct qetl_manifest **plugins; /* to be freed */
    size_t count;
};

/* Formats count that options name. 0, or -1 with a finding; the list is there in any case. */
int qetl_locked_used(const struct qetl_pipeline *, const struct qetl_registry *,
                     struct locked_used *, struct qetl_findings *);

/* Each plugin by all that a run looks at before it loads it. 0, or -1 with findings. */
int qetl_locked_prove(const struct qetl_pipeline *, const struct qetl_registry *,
                      struct qetl_findings *);
/* What is to be said of who signed them, as often as somebody asks; no library is read. */
void qetl_locked_judge(const struct qetl_pipeline *, const struct qetl_registry *,
                       struct qetl_findings *);

#endif
