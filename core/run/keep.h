/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was decided, for who goes on from it: in the store, or, where nothing outlives the process,
 * in memory, for the next attempt.
 *
 * Invariant: the same steps in the same order, whichever keeps them; of memory, no step but the
 *            first can fail.
 * Ownership: records passed in are lent; those answered are the caller's (qetl_record_free).
 * Threads:   one at a time: who decides, and set-up.
 */
#ifndef QETL_CORE_KEEP_H
#define QETL_CORE_KEEP_H

#include "state/store.h"

struct qetl_run;

struct qetl_decisions {
    struct qetl_record decided, prepared;
};
void qetl_decisions_free(struct qetl_decisions *);

/* As the store's calls of these names; the caller reports what they answer. */
int32_t qetl_keep_prepare(struct qetl_run *, const struct qetl_record *);
int32_t qetl_keep_decide(struct qetl_run *, const struct qetl_record *);
int32_t qetl_keep_settle(struct qetl_run *, uint64_t number, bool decided);
int32_t qetl_keep_committed(struct qetl_run *, uint64_t number);
int32_t qetl_keep_recover(struct qetl_run *, struct qetl_record *decided,
                          struct qetl_record *prepared);

#endif
