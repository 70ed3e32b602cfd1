/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

struct look {
    const struct database *database;
    struct qetl_inspection *about;
    struct qetl_inspect_to to;
};

static bool has_bytes(const char *path, const char *ending)
{
    char *name = sqlite3_mprintf("%s%s", path, ending);
    struct stat st;
    bool has = name && stat(name, &st) == 0 && st.st_size > 0;
    sqlite3_free(name);
    return has;
}

/* As SQLite sees it: one that begins with a zero is over. */
static bool has_journal(const char *path)
{
    char *name = sqlite3_mprintf("%s-journal", path);
    FILE *in = name ? fopen(name, "re") : NULL;
    int first = in ? fgetc(in) : EOF;
    if (in)
        fclose(in);
    sqlite3_free(name);
    return first != EOF && first != 0;
}

/* Where nothing waits beside it, nothing shall be made beside it either. */
int inspect_open(const char *path, sqlite3 **db)
{
    sqlite3_str *uri = sqlite3_str_new(NULL);
    bool alone = !has_bytes(path, "-wal");
    sqlite3_str_appendall(uri, "file:");
    for (const char *c = path; *c; c++)
        if (*c == '%' || *c == '?' || *c == '#')
            sqlite3_str_appendf(uri, "%%%02x", (unsigned char)*c);
        else
            sqlite3_str_append(uri, c, 1);
    sqlite3_str_appendall(uri, alone ? "?immutable=1" : "?mode=ro");
    char *name = sqlite3_str_finish(uri);
    int code = name ? sqlite3_open_v2(name, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL)
                    : SQLITE_NOMEM;
    sqlite3_free(name);
    return code;
}

/* 0 where there is no such table. */
static int epoch_read(const struct look *l, sqlite3 *db, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    *number = 0;
    int code = sqlite3_prepare_v2(db,
                                  "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND "
                                  "name = '_qetl_epochs'",
                                  -1, &statement, NULL);
    if (!code)
        code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    if (code != SQLITE_ROW)
        return code == SQLITE_DONE ? SQLITE_OK : code;
    code = sqlite3_prepare_v2(db,
                              "SELECT epoch FROM _qetl_epochs WHERE pipeline = ?1 AND "
                              "component = ?2",
                              -1, &statement, NULL);
    if (!code) {
        sqlite3_bind_text(statement, 1, l->about->epoch->pipeline, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, l->about->epoch->component, -1, SQLITE_STATIC);
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int32_t inspect(const struct database *d, struct qetl_inspection *about, void *stream,
                inspect_tell *tell)
{
    const struct look l = {d, about, {tell, stream}};
    struct stat st;
    sqlite3 *db = NULL;
    int64_t number = 0;
    about->committed = -1;
    if (stat(d->path, &st) != 0) {
        if (about->epoch->number)
            qetl_inspect_say(
                &l.to, QETL_INSPECT_LOST, false, d->path,
                about->flags & QETL_INSPECT_GOES_ON
                    ? "put it back as it was; or begin anew with `qetl run --full-refresh`"
                    : "if that was meant, nothing; else put it back, or run again",
                "the database is %s", errno == ENOENT ? "gone" : "not to be had");
        return QETL_OK;
    }
    if (has_journal(d->path)) {
        qetl_inspect_say(&l.to, QETL_INSPECT_OPEN, false, d->path,
                         "the next run, or whoever opens it, takes that back",
                         "a transaction on the database was cut short");
        return QETL_OK;
    }
    int code = inspect_open(d->path, &db);
    if (!code)
        code = epoch_read(&l, db, &number);
    if (code)
        qetl_inspect_say(&l.to, QETL_INSPECT_LOST, false, d->path,
                         "look at it with sqlite3 and its .recover; or put a copy back",
                         "the database cannot be read: %s",
                         db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
    else
        about->committed = number;
    sqlite3_close(db);
    return QETL_OK;
}
