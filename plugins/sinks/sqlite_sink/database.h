/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection for writing, and its transaction.
 *
 * Invariant: `begun` says whether a transaction is open; what SQLite itself rolled back is noticed
 * with the fault. Ownership: the connection is closed, and what was not committed goes with it, in
 * database_close. Threads: one at a time; database_interrupt: any.
 */
#ifndef SQLITE_SINK_DATABASE_H
#define SQLITE_SINK_DATABASE_H

#include <qetl/sdk.h>
#include <sqlite3.h>

#include <pthread.h>

struct database {
    struct qetl_env env;
    const char *path;
    sqlite3 *db;
    pthread_mutex_t closing; /* who interrupts it finds it open, or not at all */
    bool create;             /* where there is no file yet */
    bool swaps;              /* a table will go, and another come, that others may refer to */
    bool made;               /* the file was not there before */
    bool begun;              /* a transaction is open */
    int64_t busy_ms, busy_since_ms;
};

bool database_exists(const struct database *d);
/* Does nothing where it is open already. Settings are those of the options. */
int32_t database_open(struct database *d);
/* A statement without rows. what: for the message. */
int32_t database_run(struct database *d, const char *sql, const char *what);
/* Moves sql (of sqlite3_str_finish; NULL: no memory). */
int32_t database_run_moved(struct database *d, char *sql, const char *what);
int32_t database_prepare(struct database *d, const char *sql, sqlite3_stmt **out, const char *what);
/* The first column of the first row, or `none` where there is no row. Moves sql. */
int32_t database_number(struct database *d, char *sql, int64_t none, int64_t *out);
/* Reports what SQLite answered last; rolls back what cannot be gone on with. */
int32_t database_fault(struct database *d, int code, const char *what);
/* Takes the lock for writing, if it is not held yet. */
int32_t database_begin(struct database *d);
int32_t database_commit(struct database *d);
void database_rollback(struct database *d);
void database_interrupt(struct database *d);
void database_close(struct database *d);

#endif
