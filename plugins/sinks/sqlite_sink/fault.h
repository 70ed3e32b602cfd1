/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SQLite complains about, as the host's errors.
 *
 * Invariant: a fault's class says whether the open transaction still stands: RETRY_CALL is answered
 * only where nothing was staged. Ownership: nothing is kept. Threads: any.
 */
#ifndef SQLITE_SINK_FAULT_H
#define SQLITE_SINK_FAULT_H

#include <qetl/sdk.h>
#include <sqlite3.h>

/* Reports what the connection (NULL: the code alone) says of its last call; what: "the table orders
 * cannot be read". staged: a transaction with rows was open, so that a busy database costs the
 * epoch. */
int32_t fault_report(struct qetl_env env, sqlite3 *db, int code, const char *path, bool staged,
                     const char *what);
int32_t fault_memory(struct qetl_env env);
const char *fault_name(int code); /* "SQLITE_FULL" */
/* Whether this is about the row at hand alone; then its word for machines, else NULL. */
const char *fault_of_row(int extended);

#endif
