/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <stdio.h>

struct fault {
    int code;
    int32_t answer;
    const char *name, *mend;
};

static const struct fault *fault_of(int code)
{
    static const struct fault faults[] = {
        {SQLITE_BUSY, QETL_E_RETRY_CALL, "SQLITE_BUSY",
         "end the transaction that writes, or wait longer: busy_timeout_ms"},
        {SQLITE_LOCKED, QETL_E_RETRY_CALL, "SQLITE_LOCKED", NULL},
        {SQLITE_INTERRUPT, QETL_E_CANCELLED, "SQLITE_INTERRUPT", NULL},
        {SQLITE_NOMEM, QETL_E_NO_MEMORY, "SQLITE_NOMEM", NULL},
        {SQLITE_CORRUPT, QETL_E_DATA, "SQLITE_CORRUPT",
         "look with PRAGMA integrity_check, and restore the file from a copy (sqlite3 .recover "
         "saves "
         "what can be read)"},
        {SQLITE_NOTADB, QETL_E_DATA, "SQLITE_NOTADB", "name a SQLite database"},
        {SQLITE_IOERR, QETL_E_ENVIRONMENT, "SQLITE_IOERR",
         "see the system log, and whether the file system was taken away"},
        {SQLITE_FULL, QETL_E_ENVIRONMENT, "SQLITE_FULL",
         "make room where temporary files go (SQLITE_TMPDIR)"},
        {SQLITE_READONLY, QETL_E_ENVIRONMENT, "SQLITE_READONLY",
         "a write-ahead log that was not closed has to be taken over first: open the database once "
         "as a user who may write there"},
        {SQLITE_CANTOPEN, QETL_E_ENVIRONMENT, "SQLITE_CANTOPEN",
         "the file has to be readable for the user who runs qetl; beside a database in WAL mode, "
         "its "
         "-shm file has to be there, or the folder writable"},
        {SQLITE_PERM, QETL_E_ENVIRONMENT, "SQLITE_PERM", NULL},
        {SQLITE_ERROR, QETL_E_CONFIG, "SQLITE_ERROR",
         "`qetl conns discover sqlite path=FILE` shows the tables and their columns"},
    };
    static const struct fault other = {0, QETL_E_FATAL, "SQLITE", NULL};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (faults[i].code == (code & 0xff))
            return &faults[i];
    return &other;
}

int32_t fault_report(struct qetl_env env, sqlite3 *db, int code, const char *path,
                     const char *option, const char *what)
{
    char line[2048];
    const struct fault *fault = fault_of(code);
    bool sql = fault->answer == QETL_E_CONFIG;
    struct qetl_error_info info = {.struct_size = sizeof info,
                                   .code = fault->answer,
                                   .message = line,
                                   .suggestion = fault->mend,
                                   .option = sql ? option : "/path",
                                   .vendor_code = fault->name};
    snprintf(line, sizeof line, "%.600s: %.600s: %.600s", path, what,
             db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = '?'; /* a name may hold a newline, a message may not */
    return env.host->error(env.ctx, &info);
}

int32_t fault_memory(struct qetl_env env)
{
    return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "out of memory");
}
