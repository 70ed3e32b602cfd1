/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A staged file gets its name by one atomic step:
 *   create:   staged -> final, only where nothing stands
 *   replace:  the backup's name is linked to final; staged <-> final; staged, which is the former
 *             file now and has its other name, goes
 * so that after a kill at any point the next call sees by the inodes how far it came.
 */
#include "publish.h"

#include "aside.h"
#include "fault.h"
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKUPS_MOST = 1000 };

enum whose { NOBODYS, OURS, ANOTHERS, A_FOLDER };

static enum whose whose_is(const struct handle *h, const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return NOBODYS;
    if (S_ISDIR(st.st_mode))
        return A_FOLDER;
    return (int64_t)st.st_ino == h->inode && (int64_t)st.st_dev == h->device ? OURS : ANOTHERS;
}

int publish_folder_sync(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash > path ? strndup(path, (size_t)(slash - path)) : strdup("/");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int error = !folder ? ENOMEM : fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    free(folder);
    return error == EINVAL || error == ENOTSUP ? 0 : error;
}

int publish_folders_sync(const char *path)
{
    char *above = strdup(path), *slash;
    int error = above ? publish_folder_sync(path) : ENOMEM;
    while (!error && (slash = strrchr(above, '/')) > above) {
        *slash = '\0';
        error = publish_folder_sync(above);
        error = error == EACCES ? 0 : error; /* nobody who may not look there made one there */
    }
    free(above);
    return error;
}

/* Also where the file system knows no renameat2: a link fails if the name is taken. */
static int move_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return errno;
    if (link(from, to) != 0)
        return errno;
    return unlink(from) != 0 ? errno : 0;
}

static int32_t step_fault(struct qetl_env env, const struct handle *h, int error, const char *what)
{
    char line[512];
    snprintf(line, sizeof line, "%s (the output is whole, in %s)", what, h->staged);
    return fault_report(env, error, h->given, line);
}

static int32_t staged_gone(struct qetl_env env, const struct handle *h)
{
    return qetl_fail(env, QETL_E_IN_DOUBT, "/path",
                     "someone removed or renamed it; if no such file is left, run again",
                     "%s: the finished output is neither there nor in %s", h->given, h->staged);
}

/* ---- create ---- */

static int32_t commit_create(struct qetl_env env, const struct handle *h)
{
    enum whose staged = whose_is(h, h->staged), final = whose_is(h, h->final);
    int error;
    if (final == OURS) { /* a link that was made before a kill leaves the staged name */
        if (staged == OURS)
            unlink(h->staged);
        return QETL_OK;
    }
    if (staged != OURS)
        return staged_gone(env, h);
    error = move_new(h->staged, h->final);
    if (error == EEXIST)
        return target_exists_fault(env, QETL_E_ENVIRONMENT, h->given, "since the run began");
    return error ? step_fault(env, h, error, "it cannot be given its name") : QETL_OK;
}

/* ---- replace ---- */

static bool is_same(const char *one, const char *other)
{
    struct stat a, b;
    return lstat(one, &a) == 0 && lstat(other, &b) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

/* A second name for the former file, where it keeps the first. */
static int name_second(const char *from, const char *to)
{
    if (link(from, to) == 0)
        return 0;
    return errno == EEXIST && is_same(from, to) ? 0 : errno;
}

/* One name less for what was given a second one. */
static int name_last(const char *from, const char *to)
{
    if (is_same(from, to))
        return unlink(from) != 0 ? errno : 0;
    return move_new(from, to);
}

/* Gives the former file, which is at `from`, the backup's name or, where another has that, the
 * next; answers 0 and the name, or an error. */
static int backup_name(const struct handle *h, const char *from,
                       int (*give)(const char *from, const char *to), char **name)
{
    int error = EEXIST;
    *name = NULL;
    for (int i = 0; error == EEXIST && i < BACKUPS_MOST; i++) {
        free(*name);
        if ((i ? asprintf(name, "%s.%d", h->backup, i) : asprintf(name, "%s", h->backup)) < 0) {
            *name = NULL;
            return ENOMEM;
        }
        error = give(from, *name);
    }
    return error;
}

/* The former file, now at `from`, has the backup's name and no other. */
static int32_t backup_keep(struct qetl_env env, const struct handle *h, const char *from)
{
    char *name;
    int error = backup_name(h, from, name_last, &name);
    if (!error)
        qetl_logf(env, QETL_LOG_INFO, "%s: the former file is kept as %s", h->given, name);
    free(name);
    return error ? fault_report(env, error, h->given, "the former file cannot be kept as a backup")
                 : QETL_OK;
}

/* Before it loses its name: should this process die, the name that it has then is one that the next
 * run clears away. On a file system without links it has no other. */
static void backup_prepare(const struct handle *h)
{
    char *name;
    backup_name(h, h->final, name_second, &name);
    free(name);
}

/* Where two names cannot be exchanged: the former file leaves first. A kill in between leaves the
 * final name empty for a moment, and both files whole. */
static int32_t replace_in_turn(struct qetl_env env, const struct handle *h)
{
    int32_t status = backup_keep(env, h, h->final);
    return status ? status : commit_create(env, h);
}

static int32_t commit_replace(struct qetl_env env, const struct handle *h)
{
    enum whose staged = whose_is(h, h->staged), final = whose_is(h, h->final);
    if (final == OURS && staged == ANOTHERS)
        return backup_keep(env, h, h->staged);
    if (final == A_FOLDER)
        return step_fault(env, h, EISDIR, "it cannot be given its name");
    if (final != ANOTHERS)
        return commit_create(env, h);
    if (staged != OURS)
        return staged_gone(env, h);
    backup_prepare(h);
    if (renameat2(AT_FDCWD, h->staged, AT_FDCWD, h->final, RENAME_EXCHANGE) == 0)
        return backup_keep(env, h, h->staged);
    if (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP)
        return replace_in_turn(env, h);
    if (errno == ENOENT)
        return commit_create(env, h);
    return step_fault(env, h, errno, "it cannot be given its name");
}

int32_t publish_show(struct qetl_env env, const struct handle *h)
{
    if (h->action == HANDLE_RETIRE)
        return whose_is(h, h->final) == ANOTHERS ? backup_keep(env, h, h->final) : QETL_OK;
    if (h->action != HANDLE_CREATE && h->action != HANDLE_REPLACE)
        return QETL_OK;
    return h->action == HANDLE_CREATE ? commit_create(env, h) : commit_replace(env, h);
}

/* All of it stands there already, unless somebody took it away since. */
static int32_t append_stands(struct qetl_env env, const struct handle *h)
{
    struct stat st;
    if (whose_is(h, h->final) == OURS && stat(h->final, &st) == 0 && st.st_size >= h->length)
        return QETL_OK;
    return qetl_fail(env, QETL_E_IN_DOUBT, "/path",
                     "put the file back as it was; or begin anew with --full-refresh",
                     "%s: what was written to it up to byte %lld is not there any more", h->given,
                     (long long)h->length);
}

int32_t publish_commit(struct qetl_env env, const struct handle *h)
{
    if (h->action == HANDLE_APPEND)
        return append_stands(env, h);
    int32_t status = publish_show(env, h);
    if (status || (h->action != HANDLE_CREATE && h->action != HANDLE_REPLACE))
        return status;
    int error = publish_folder_sync(h->final);
    return error ? fault_report(env, error, h->given, "its folder cannot be made durable (fsync)")
                 : QETL_OK;
}

/* ---- abort ---- */

static int32_t abort_staged(struct qetl_env env, const struct handle *h)
{
    if (h->kept || whose_is(h, h->staged) != OURS)
        return QETL_OK; /* it is gone; and what else has that name is not ours to remove */
    if (unlink(h->staged) != 0 && errno != ENOENT)
        return fault_report(env, errno, h->staged, "the abandoned output cannot be removed");
    return QETL_OK;
}

/* In another process than the one that wrote: how far that came behind the handle is not known. */
static int32_t abort_append(struct qetl_env env, const struct handle *h)
{
    struct stat st;
    if (whose_is(h, h->final) != OURS || stat(h->final, &st) != 0 || st.st_size <= h->before)
        return QETL_OK;
    int32_t status = st.st_size > h->length
                         ? aside_keep(env, h->final, h->given, h->length, st.st_size)
                         : QETL_OK;
    if (status)
        return status;
    if (st.st_size > h->length)
        qetl_logf(env, QETL_LOG_WARN,
                  "%s is cut back from %lld bytes to %lld: what was written behind them was not "
                  "decided yet",
                  h->given, (long long)st.st_size, (long long)h->before);
    if (truncate(h->final, h->before) != 0)
        return fault_report(env, errno, h->given, "cannot be cut back to its former length");
    return QETL_OK;
}

int32_t publish_abort(struct qetl_env env, const struct handle *h)
{
    if (h->action == HANDLE_APPEND)
        return abort_append(env, h);
    return h->action == HANDLE_SPECIAL ? QETL_OK : abort_staged(env, h);
}
