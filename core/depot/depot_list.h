/* SPDX-License-Identifier: Apache-2.0 */
/*
 * installed.json, the one file that says which packages there are.
 *
 * Invariant: a list that is not understood in full is an error, never an empty one.
 * Ownership: entries are the depot's; the text is the caller's.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DEPOT_DEPOT_LIST_H
#define QETL_CORE_DEPOT_DEPOT_LIST_H

#include "depot.h"

#define QETL_DEPOT_LIST "installed.json"

/* Of a text, into a depot without entries: 0, or -1. */
int qetl_depot_list_parse(struct depot *, const char *text, size_t size);
/* 0, also where there is none yet, and nothing that it could have said; -1 with a finding. */
int qetl_depot_list_read(struct depot *, struct qetl_findings *);
/* NULL without memory. */
char *qetl_depot_list_write(const struct depot *);

#endif
