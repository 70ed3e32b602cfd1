/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection for reading, and the one state of the database that it sees.
 *
 * Invariant: nothing is written; from database_open on, all reads see the same rows. Ownership: the
 * connection closes in database_close. Threads: one at a time; database_interrupt: any.
 */
#ifndef SQLITE_SOURCE_DATABASE_H
#define SQLITE_SOURCE_DATABASE_H

#include <qetl/sdk.h>
#include <sqlite3.h>

#include <pthread.h>

struct database {
    struct qetl_env env;
    const char *path;
    sqlite3 *db;
    pthread_mutex_t closing; /* who interrupts it finds it open, or not at all */
    int64_t busy_ms, busy_since_ms;
    bool utf8;      /* how its texts are ordered */
    int64_t cookie; /* changes with the schema, and with VACUUM */
};

int32_t database_open(struct database *d);
int32_t database_fault(struct database *d, int code, const char *option, const char *what);
/* Moves sql (NULL: no memory). option: whose mistake it would be. */
int32_t database_prepare(struct database *d, char *sql, sqlite3_stmt **out, const char *option,
                         const char *what);
void database_interrupt(struct database *d);
void database_close(struct database *d);

#endif
