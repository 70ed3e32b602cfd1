/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores for tests, in a folder of the test's own: pipeline "p".
 *
 * Invariant: between scratch and scratch_end the folder is new, empty and one's own.
 * Ownership: stores are the caller's; texts are valid until the next call.
 * Threads:   one.
 */
#ifndef QETL_STORE_SCRATCH_H
#define QETL_STORE_SCRATCH_H

#include "config/finding.h"
#include "state/store.h"

extern char store_root[64];

void store_scratch(void);
void store_scratch_end(void);
struct qetl_store *store_open(void);
const char *store_path(const char *file);
/* Names of the files, sorted, with blanks between them. */
const char *store_files(void);
int store_count(const char *prefix);
void store_each(const char *prefix, void (*each)(const char *name));
void store_unlink(const char *file);
void store_unlink_matching(const char *prefix);
/* Messages and mends of all. */
const char *findings_text(const struct qetl_findings *);

#endif
