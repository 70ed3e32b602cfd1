/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with an installed package, in words: that it is damaged is said of what is damaged,
 * and of nothing else.
 *
 * Invariant: each call adds one error, with its mend.
 * Ownership: all is lent for the call.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DEPOT_CONTENT_FAULT_H
#define QETL_CORE_DEPOT_CONTENT_FAULT_H

#include "depot.h"

/* It is damaged. path: of the file; NULL: it is about the package as a whole. */
void qetl_content_refuse(const struct depot *, const struct depot_entry *, const char *path,
                         const char *what, struct qetl_findings *);
/* A file, or the folder, could not be opened or read: `error` as of beneath.h. */
void qetl_content_refuse_error(const struct depot *, const struct depot_entry *, const char *path,
                               int error, struct qetl_findings *);

#endif
