/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SQLite complains about, as the host's errors.
 *
 * Invariant: nothing is staged by a source, so that a busy database may be asked again. Ownership:
 * nothing is kept. Threads: any.
 */
#ifndef SQLITE_SOURCE_FAULT_H
#define SQLITE_SOURCE_FAULT_H

#include <qetl/sdk.h>
#include <sqlite3.h>

/* what: "the table cannot be read"; option: whose fault a mistake in SQL is. */
int32_t fault_report(struct qetl_env env, sqlite3 *db, int code, const char *path,
                     const char *option, const char *what);
int32_t fault_memory(struct qetl_env env);

#endif
