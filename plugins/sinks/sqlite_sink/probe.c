/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include "fault.h"
#include "inspect.h"
#include "table.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int32_t denied(const struct database *d, const char *path, int error)
{
    return qetl_fail(d->env, QETL_E_ENVIRONMENT, "/path",
                     "the file and its folder have to be writable for the user who runs qetl",
                     "%s: cannot be written: %s", path, strerrordesc_np(error));
}

/* The nearest folder that is there: all below it would be made. */
static int32_t folder_check(const struct database *d)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s", d->path) >= (int)sizeof path)
        return denied(d, d->path, ENAMETOOLONG);
    char *folder = dirname(path);
    while (access(folder, F_OK) != 0 && errno == ENOENT && strcmp(folder, "/") != 0)
        folder = dirname(folder);
    return access(folder, W_OK | X_OK) == 0 ? QETL_OK : denied(d, folder, errno);
}

static int32_t absent_check(const struct database *d, void *stream, probe_tell *tell)
{
    bool deletes = strcmp(qetl_option_text(d->env, "/mode"), "delete") == 0;
    int32_t status = folder_check(d);
    if (status)
        return status;
    if (!d->create || deletes)
        return qetl_fail(d->env, QETL_E_CONFIG, "/path",
                         deletes ? "name the database that has the rows"
                                 : "name a database that exists, or set create: true",
                         "%s: there is no such file", d->path);
    return tell(stream, "there is no database yet, and it can be made");
}

static int32_t table_tell(struct database *d, void *stream, probe_tell *tell)
{
    const char *name = qetl_option_text(d->env, "/table");
    const char *mode = qetl_option_text(d->env, "/mode");
    bool deletes = strcmp(mode, "delete") == 0;
    struct table table = {0};
    char line[600];
    int32_t status = table_read(d, name, &table);
    if (status)
        ;
    else if (table.exists)
        snprintf(line, sizeof line, "table %.400s of %lld column%s (mode: %s)", name,
                 (long long)table.n_columns, table.n_columns == 1 ? "" : "s", mode);
    else if (deletes || !d->create)
        status = qetl_fail(d->env, QETL_E_CONFIG, "/table",
                           deletes ? "name the table that has the rows"
                                   : "create it, or set create: true",
                           "%s: there is no table %s", d->path, name);
    else
        snprintf(line, sizeof line, "there is no table %.400s yet, and it can be made (mode: %s)",
                 name, mode);
    table_free(&table);
    return status ? status : tell(stream, line);
}

int32_t probe(struct database *d, void *stream, probe_tell *tell)
{
    struct stat facts;
    if (stat(d->path, &facts) != 0)
        return errno == ENOENT ? absent_check(d, stream, tell) : denied(d, d->path, errno);
    if (access(d->path, W_OK) != 0)
        return denied(d, d->path, errno);
    int32_t status = folder_check(d); /* where SQLite keeps its journal */
    if (status)
        return status;
    int code = inspect_open(d->path, &d->db);
    if (code)
        status = fault_report(d->env, d->db, code, d->path, false, "it cannot be opened");
    else
        status = table_tell(d, stream, tell);
    sqlite3_close(d->db);
    d->db = NULL;
    return status;
}
