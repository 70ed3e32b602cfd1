/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which release of each index was the newest that this depot saw, in its file seen.json: whoever
 * answers with an older one, or with the index of somebody else, is refused. An index is its name
 * and the key that signs it: nobody else's key has a say in its numbers.
 *
 * Invariant: of an index the number that is kept never becomes less, but by qetl_index_forget.
 * Ownership: nothing changes hands.
 * Threads:   none of its own; processes wait for the depot's lock.
 */
#ifndef QETL_CORE_INDEX_INDEX_SEEN_H
#define QETL_CORE_INDEX_INDEX_SEEN_H

#include "index.h"

#include <stdbool.h>

/* keep: as the newest, before it is used; else it is judged alone. 0, or -1 with a finding. */
int qetl_index_seen(const char *depot, const char *place, const struct package_index *, bool keep,
                    struct qetl_findings *);

/* What was seen at that place, and of the same index elsewhere. How many places in *count. 0, or -1
 * with a finding. */
int qetl_index_forget(const char *depot, const char *place, size_t *count, struct qetl_findings *);

#endif
