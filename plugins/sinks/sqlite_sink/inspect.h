/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a database came, between runs.
 *
 * Invariant: it is opened for reading only, and nothing is made beside it; no generation is raised.
 * Ownership: none.
 * Threads:   control.
 */
#ifndef SQLITE_SINK_INSPECT_H
#define SQLITE_SINK_INSPECT_H

#include "database.h"

typedef int32_t inspect_tell(void *stream, const struct qetl_inspected *);

/* Opens it so; SQLite's code. */
int inspect_open(const char *path, sqlite3 **db);
int32_t inspect(const struct database *, struct qetl_inspection *about, void *stream,
                inspect_tell *tell);

#endif
