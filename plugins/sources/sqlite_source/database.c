/* SPDX-License-Identifier: Apache-2.0 */
#include "database.h"

#include "fault.h"

#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Someone else holds the lock; asked again and again until it answers 0. */
static int wait_for_lock(void *arg, int tries)
{
    struct database *d = arg;
    if (tries == 0)
        d->busy_since_ms = now_ms();
    if (d->env.host->cancelled(d->env.ctx) || now_ms() - d->busy_since_ms >= d->busy_ms)
        return 0;
    int64_t pause_ms = tries < 5 ? 1 << tries : 32;
    nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000}, NULL);
    return 1;
}

static void database_set(struct database *d, sqlite3 *db)
{
    pthread_mutex_lock(&d->closing);
    d->db = db;
    pthread_mutex_unlock(&d->closing);
}

int32_t database_fault(struct database *d, int code, const char *option, const char *what)
{
    return fault_report(d->env, d->db, code, d->path, option, what);
}

int32_t database_prepare(struct database *d, char *sql, sqlite3_stmt **out, const char *option,
                         const char *what)
{
    if (!sql)
        return fault_memory(d->env);
    int code = sqlite3_prepare_v3(d->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    int32_t status = code ? database_fault(d, code, option, what) : QETL_OK;
    sqlite3_free(sql);
    return status;
}

static int32_t facts_read(struct database *d)
{
    static const char fault_text[] = "it cannot be opened";
    sqlite3_stmt *row = NULL;
    int32_t status = database_prepare(
        d,
        sqlite3_mprintf("SELECT schema_version, encoding FROM pragma_schema_version, "
                        "pragma_encoding, (SELECT count(*) FROM sqlite_schema)"),
        &row, "/path", fault_text);
    if (status)
        return status;
    int code = sqlite3_step(row);
    if (code == SQLITE_ROW) {
        d->cookie = sqlite3_column_int64(row, 0);
        d->utf8 = strcmp((const char *)sqlite3_column_text(row, 1), "UTF-8") == 0;
    } else {
        status = database_fault(d, code, "/path", fault_text);
    }
    sqlite3_finalize(row);
    return status;
}

int32_t database_open(struct database *d)
{
    sqlite3 *db = NULL;
    if (access(d->path, F_OK) != 0)
        return qetl_fail(d->env, QETL_E_ENVIRONMENT, "/path",
                         "check the path; a relative one starts at the working folder",
                         "%s: there is no such file", d->path);
    int code = sqlite3_open_v2(
        d->path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    database_set(d, db);
    if (code)
        return database_fault(d, code, "/path", "it cannot be opened");
    d->busy_ms = qetl_option_int(d->env, "/busy_timeout_ms");
    sqlite3_busy_handler(db, wait_for_lock, d);
    /* "x" is a column, never the text x; and a database from elsewhere calls nothing of ours */
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    code = sqlite3_exec(db, "PRAGMA query_only = ON; BEGIN", NULL, NULL, NULL);
    return code ? database_fault(d, code, "/path", "it cannot be read") : facts_read(d);
}

void database_interrupt(struct database *d)
{
    pthread_mutex_lock(&d->closing);
    if (d->db)
        sqlite3_interrupt(d->db);
    pthread_mutex_unlock(&d->closing);
}

void database_close(struct database *d)
{
    pthread_mutex_lock(&d->closing);
    sqlite3_close(d->db);
    d->db = NULL;
    pthread_mutex_unlock(&d->closing);
}
