/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a registry would have, and could not take: installed packages that are damaged, and folders
 * of packages whose list cannot be read. Whoever uses none of it goes on; nothing that stands
 * behind it comes in its place unsaid.
 *
 * Invariant: each has an error that says why.
 * Ownership: the list owns names and findings; NULL is an empty one.
 * Threads:   built by one thread, then read by any.
 */
#ifndef QETL_CORE_MISSING_H
#define QETL_CORE_MISSING_H

#include "registry.h"

#include <stdbool.h>

struct qetl_missing;

void qetl_missing_free(struct qetl_missing *);
/* As qetl_registry_miss. */
int qetl_missing_add(struct qetl_missing **, const char *plugin, const char *version, int hidden,
                     struct qetl_findings *faults);
/* It is the very version of a package that is missing, from another folder: it is left out. */
bool qetl_missing_covers(const struct qetl_missing *, const struct qetl_manifest *);
/* Its name is that of what is missing, or may be: it is found as NAME@VERSION alone. What came with
 * qetl is not hidden by what nobody knows. */
bool qetl_missing_hides(const struct qetl_missing *, const struct qetl_manifest *);
/* As qetl_registry_missed and _tell_missed. */
const struct qetl_finding *qetl_missing_of(const struct qetl_missing *, const char *id);
int qetl_missing_tell(const struct qetl_missing *, const char *but, enum qetl_severity,
                      struct qetl_findings *);

#endif
