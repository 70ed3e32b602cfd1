/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An index, fetched and judged; the package that it has of a name; that package, fetched.
 *
 * Invariant: an index that was opened is signed by a key that is trusted with it, is not expired,
 *            no older than was seen, and names no plugin beyond the scope of its key. A package
 * that was fetched is, byte for byte, the one that the index names; who signed it is to be judged
 * as of any other. Ownership: answers are the caller's, but for a choice, which is the index's.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_INDEX_INDEX_OPEN_H
#define QETL_CORE_INDEX_INDEX_OPEN_H

#include "index.h"
#include "index_place.h"

#include "package/package.h"
#include "trust/trust.h"

/* depot: where it is kept which releases were seen, this one too if `keep` says so. NULL with
 * findings. */
struct package_index *qetl_index_open(const char *place, const struct package_trust *,
                                      const char *depot, bool keep, struct qetl_findings *);

bool qetl_index_has(const struct package_index *, const char *name);
/* It lists packages of that name, with which its key is not trusted. */
bool qetl_index_has_beyond(const struct package_index *, const char *name);
/* The newest version in the range (NULL: any) that this machine and this qetl can run; NULL with
 * findings that say why not. */
const struct index_package *qetl_index_choose(const struct package_index *, const char *place,
                                              const char *name, const char *range,
                                              struct qetl_findings *);

struct package *qetl_index_fetch(const char *place, const struct index_package *,
                                 qetl_progress_fn *, void *arg, struct qetl_findings *);

#endif
