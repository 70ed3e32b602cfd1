/* SPDX-License-Identifier: Apache-2.0 */
#include "database.h"

#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
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

bool database_exists(const struct database *d)
{
    return access(d->path, F_OK) == 0;
}

/* SQLite makes the file's name durable, and not its folder's. */
static int name_sync(const char *folder)
{
    const char *slash = strrchr(folder, '/');
    char *above =
        slash > folder ? strndup(folder, (size_t)(slash - folder)) : strdup(slash ? "/" : ".");
    int fd = above ? open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int error = !above ? ENOMEM : fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    free(above);
    return error == EINVAL || error == ENOTSUP ? 0 : error;
}

static int32_t folders_make(const struct database *d)
{
    char *path = strdup(d->path);
    int error = path ? 0 : ENOMEM;
    for (char *at = path ? path + 1 : NULL; at && *at && !error; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(path, 0777) == 0)
            error = name_sync(path);
        else if (errno != EEXIST && errno != EISDIR && errno != EROFS)
            error = errno;
        *at = '/';
    }
    free(path);
    return error ? qetl_fail(d->env, error == ENOMEM ? QETL_E_NO_MEMORY : QETL_E_ENVIRONMENT,
                             "/path", NULL, "%s: its folder cannot be made: %s", d->path,
                             strerrordesc_np(error))
                 : QETL_OK;
}

static void database_set(struct database *d, sqlite3 *db)
{
    pthread_mutex_lock(&d->closing);
    d->db = db;
    pthread_mutex_unlock(&d->closing);
}

/* A busy database leaves the transaction as it was, with what was staged; but the call that found
 * it may have staged a part. */
int32_t database_fault(struct database *d, int code, const char *what)
{
    bool staged = d->begun;
    int32_t status = fault_report(d->env, d->db, code, d->path, staged, what);
    if (staged)
        database_rollback(d);
    return status;
}

int32_t database_run(struct database *d, const char *sql, const char *what)
{
    int code = sqlite3_exec(d->db, sql, NULL, NULL, NULL);
    return code ? database_fault(d, code, what) : QETL_OK;
}

int32_t database_run_moved(struct database *d, char *sql, const char *what)
{
    int32_t status = sql ? database_run(d, sql, what) : fault_memory(d->env);
    sqlite3_free(sql);
    return status;
}

int32_t database_prepare(struct database *d, const char *sql, sqlite3_stmt **out, const char *what)
{
    int code = sqlite3_prepare_v3(d->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    return code ? database_fault(d, code, what) : QETL_OK;
}

int32_t database_number(struct database *d, char *sql, int64_t none, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    if (!sql)
        return fault_memory(d->env);
    int code = sqlite3_prepare_v2(d->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    *out = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : none;
    int32_t status = code == SQLITE_ROW || code == SQLITE_DONE
                         ? QETL_OK
                         : database_fault(d, code, "the database cannot be read");
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return status;
}

/* ---- Opening ---- */

static int32_t journal_set(struct database *d)
{
    const char *mode = qetl_option_text(d->env, "/journal_mode");
    if (strcmp(mode, "keep") == 0)
        return QETL_OK;
    char sql[64], answer[16] = "";
    sqlite3_stmt *statement = NULL;
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA journal_mode = %s", mode);
    int code = sqlite3_prepare_v2(d->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        sqlite3_snprintf(sizeof answer, answer, "%s", sqlite3_column_text(statement, 0));
    int32_t status = code == SQLITE_ROW
                         ? QETL_OK
                         : database_fault(d, code, "the journal mode cannot be changed");
    sqlite3_finalize(statement);
    if (status || strcmp(answer, mode) == 0)
        return status;
    return qetl_fail(d->env, QETL_E_ENVIRONMENT, "/journal_mode",
                     "leave journal_mode as it is: keep",
                     "%s: the journal mode stays %s: the file system or another connection does "
                     "not allow %s",
                     d->path, answer, mode);
}

static int32_t settings_make(struct database *d)
{
    const char *keys = qetl_option_text(d->env, "/foreign_keys");
    char sql[256];
    sqlite3_snprintf(sizeof sql, sql,
                     "PRAGMA synchronous = %s; PRAGMA cache_size = -%lld; PRAGMA foreign_keys = %d",
                     qetl_option_text(d->env, "/synchronous"),
                     qetl_option_int(d->env, "/cache_mib") * 1024,
                     strcmp(keys, "ignore") != 0 && !d->swaps);
    int32_t status = database_run(d, sql, "the connection cannot be set up");
    /* the file is looked at here for the first time */
    if (!status)
        status = database_run(d, "SELECT count(*) FROM sqlite_schema", "it cannot be opened");
    return status ? status : journal_set(d);
}

static int32_t open_whole(struct database *d)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(d->path, &db, flags | (d->create ? SQLITE_OPEN_CREATE : 0), NULL);
    database_set(d, db);
    if (code)
        return database_fault(d, code, "it cannot be opened");
    if (sqlite3_db_readonly(db, "main") == 1)
        return fault_report(d->env, NULL, SQLITE_READONLY, d->path, false, "it cannot be written");
    sqlite3_busy_handler(db, wait_for_lock, d);
    d->busy_ms = qetl_option_int(d->env, "/busy_timeout_ms");
    return settings_make(d);
}

int32_t database_open(struct database *d)
{
    if (d->db)
        return QETL_OK;
    d->made = !database_exists(d);
    int32_t status = d->made ? folders_make(d) : QETL_OK;
    if (!status)
        status = open_whole(d);
    if (status)
        database_close(d); /* it may be tried again */
    return status;
}

/* ---- The transaction ---- */

int32_t database_begin(struct database *d)
{
    if (d->begun)
        return QETL_OK;
    int32_t status = database_run(d, "BEGIN IMMEDIATE", "no transaction can begin");
    if (status)
        return status;
    d->begun = true;
    return strcmp(qetl_option_text(d->env, "/foreign_keys"), "defer") == 0
               ? database_run(d, "PRAGMA defer_foreign_keys = ON",
                              "foreign keys cannot be deferred")
               : QETL_OK;
}

/* Readers of a database without a write-ahead log may be in the way: the transaction then stands as
 * it was. */
int32_t database_commit(struct database *d)
{
    int code = sqlite3_exec(d->db, "COMMIT", NULL, NULL, NULL);
    if (code == SQLITE_OK) {
        d->begun = d->made = false;
        return QETL_OK;
    }
    if ((code & 0xff) == SQLITE_BUSY && !sqlite3_get_autocommit(d->db))
        return fault_report(d->env, d->db, code, d->path, false, "the epoch cannot be committed");
    return database_fault(d, code, "the epoch cannot be committed");
}

void database_rollback(struct database *d)
{
    if (d->begun && !sqlite3_get_autocommit(d->db))
        sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
    d->begun = false;
}

void database_interrupt(struct database *d)
{
    pthread_mutex_lock(&d->closing);
    if (d->db)
        sqlite3_interrupt(d->db);
    pthread_mutex_unlock(&d->closing);
}

/* A file that came into being for rows that were never committed goes again. */
static void made_remove(const struct database *d)
{
    struct stat facts;
    if (d->made && stat(d->path, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size == 0)
        unlink(d->path);
}

void database_close(struct database *d)
{
    if (!d->db)
        return;
    database_rollback(d);
    made_remove(d);
    pthread_mutex_lock(&d->closing);
    sqlite3_close(d->db);
    d->db = NULL;
    pthread_mutex_unlock(&d->closing);
}
