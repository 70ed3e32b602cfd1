/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <stdio.h>

const char *fault_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {SQLITE_ERROR, "SQLITE_ERROR"},       {SQLITE_PERM, "SQLITE_PERM"},
        {SQLITE_ABORT, "SQLITE_ABORT"},       {SQLITE_BUSY, "SQLITE_BUSY"},
        {SQLITE_LOCKED, "SQLITE_LOCKED"},     {SQLITE_NOMEM, "SQLITE_NOMEM"},
        {SQLITE_READONLY, "SQLITE_READONLY"}, {SQLITE_INTERRUPT, "SQLITE_INTERRUPT"},
        {SQLITE_IOERR, "SQLITE_IOERR"},       {SQLITE_CORRUPT, "SQLITE_CORRUPT"},
        {SQLITE_FULL, "SQLITE_FULL"},         {SQLITE_CANTOPEN, "SQLITE_CANTOPEN"},
        {SQLITE_PROTOCOL, "SQLITE_PROTOCOL"}, {SQLITE_SCHEMA, "SQLITE_SCHEMA"},
        {SQLITE_TOOBIG, "SQLITE_TOOBIG"},     {SQLITE_CONSTRAINT, "SQLITE_CONSTRAINT"},
        {SQLITE_MISMATCH, "SQLITE_MISMATCH"}, {SQLITE_MISUSE, "SQLITE_MISUSE"},
        {SQLITE_AUTH, "SQLITE_AUTH"},         {SQLITE_NOTADB, "SQLITE_NOTADB"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == (code & 0xff))
            return names[i].name;
    return "SQLITE";
}

static int32_t fault_class(int code, bool staged)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return staged ? QETL_E_RETRY_EPOCH : QETL_E_RETRY_CALL;
    case SQLITE_INTERRUPT:
        return QETL_E_CANCELLED;
    case SQLITE_NOMEM:
        return QETL_E_NO_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
        return QETL_E_DATA;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return QETL_E_ENVIRONMENT;
    default:
        return QETL_E_FATAL;
    }
}

static const char *fault_mend(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "end the other transaction, or wait longer: busy_timeout_ms; readers do not stand "
               "in "
               "the way of a database with journal_mode: wal";
    case SQLITE_CORRUPT:
        return "look with PRAGMA integrity_check, and restore the file from a copy (sqlite3 "
               ".recover "
               "saves what can be read)";
    case SQLITE_NOTADB:
        return "name a SQLite database, or a file that does not exist yet";
    case SQLITE_FULL:
        return "make room on that file system, or name a path on another one; PRAGMA "
               "max_page_count "
               "limits a database, too";
    case SQLITE_IOERR:
        return "see the system log, and whether the file system is full or was taken away";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return "the file and its folder have to be writable for the user who runs qetl (SQLite "
               "keeps "
               "its journal beside the database)";
    default:
        return NULL;
    }
}

int32_t fault_report(struct qetl_env env, sqlite3 *db, int code, const char *path, bool staged,
                     const char *what)
{
    char line[2048];
    bool says = db && sqlite3_errcode(db) != SQLITE_OK; /* or it did something else since */
    const char *why = says ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    struct qetl_error_info info = {.struct_size = sizeof info,
                                   .code = fault_class(code, staged),
                                   .message = line,
                                   .suggestion = fault_mend(code),
                                   .option = "/path",
                                   .vendor_code = fault_name(code)};
    snprintf(line, sizeof line, "%.600s: %.600s: %.600s", path, what, why);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = '?'; /* a name may hold a newline, a message may not */
    return env.host->error(env.ctx, &info);
}

int32_t fault_memory(struct qetl_env env)
{
    return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "out of memory");
}

const char *fault_of_row(int extended)
{
    switch (extended) {
    case SQLITE_CONSTRAINT_NOTNULL:
        return "not_null";
    case SQLITE_CONSTRAINT_UNIQUE:
        return "unique";
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return "primary_key";
    case SQLITE_CONSTRAINT_CHECK:
        return "check";
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return "foreign_key";
    case SQLITE_CONSTRAINT_TRIGGER:
        return "trigger";
    case SQLITE_CONSTRAINT_DATATYPE:
    case SQLITE_MISMATCH:
        return "bad_type";
    case SQLITE_TOOBIG:
        return "too_big";
    default:
        return (extended & 0xff) == SQLITE_CONSTRAINT ? "constraint" : NULL;
    }
}
