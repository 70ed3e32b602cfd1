/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libduckdb and a session in it: a database in memory that reads and writes files. Sessions that
 * write share one, for to open it costs more than many a file.
 *
 * Invariant: a session that is open has all calls, uses no extension from outside, and writes no
 *            temporary file.
 * Ownership: session_close ends what session_open began, also after a failure; the library stays.
 * Threads:   one at a time, but session_interrupt; sessions that share may be of many threads.
 */
#ifndef PARQUET_LIBRARY_H
#define PARQUET_LIBRARY_H

#include "duck.h"

#include <stdatomic.h>

struct session {
    struct qetl_env env;
    struct duck duck;
    struct duck_database *database;
    struct duck_connection *connection;
    _Atomic(struct duck_connection *) interruptible; /* that, once there is one */
    _Atomic bool interrupted;
    bool shares;       /* the database with others; it is theirs, too */
    const char *about; /* the file that a failure is told of, or the first of several; or NULL */
    bool several;
    int64_t threads; /* set before it is opened; 0: one */
};

/* By the options /library and /memory_mib. OK or a failure, which was reported. */
int32_t session_open(struct session *, struct qetl_env);
/* As that, in the database that all who call this have in common; each adds its memory_mib. */
int32_t session_share(struct session *, struct qetl_env);
/* What is made once in that database, by whoever comes first. */
int32_t session_once(struct session *, int32_t (*make)(struct session *));
void session_close(struct session *);
void session_interrupt(struct session *); /* [any] */

/* A query whose few rows are all there when it returns; the caller destroys the result. */
int32_t session_query(struct session *, const char *sql, struct duck_result *);
/* What DuckDB says, told as a failure of this option. */
int32_t session_fault(struct session *, const char *option, const char *message);
int32_t session_memory(struct session *);
extern const char session_encrypted[]; /* how to mend that */

#endif
