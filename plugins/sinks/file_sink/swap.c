/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   staged -> backup's name, then backup's name <-> final
 * The exchange is the one step that anybody sees. Before it the folder under the backup's name is
 * ours, and goes on from there or is removed; after it, it is the backup.
 */
#include "swap.h"

#include "fault.h"
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKUPS_MOST = 1000, TREE_DESCRIPTORS = 16 };

enum whose { NOBODYS, OURS, ANOTHERS, NO_FOLDER };

static enum whose whose_is(const struct handle *h, const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return NOBODYS;
    if (!S_ISDIR(st.st_mode))
        return NO_FOLDER;
    return (int64_t)st.st_ino == h->inode && (int64_t)st.st_dev == h->device ? OURS : ANOTHERS;
}

/* ---- Trees ---- */

static int any_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    remove(path);
    return 0;
}

static int empty_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)at;
    if (kind == FTW_DP)
        rmdir(path);
    return 0;
}

void swap_tree_remove(const char *path)
{
    nftw(path, any_remove, TREE_DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void swap_empties_remove(const char *path)
{
    nftw(path, empty_remove, TREE_DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* ---- Names ---- */

/* The first of the backup's names that stands for `wanted`: ours, or nobody's. NULL: there is none,
 * or no memory. */
static char *backup_name(const struct handle *h, enum whose wanted)
{
    for (int i = 0; i < BACKUPS_MOST; i++) {
        char *name = NULL;
        int length = i ? asprintf(&name, "%s.%d", h->backup, i) : asprintf(&name, "%s", h->backup);
        enum whose whose = length < 0 ? NO_FOLDER : whose_is(h, name);
        if (length >= 0 && whose == wanted)
            return name;
        if (length >= 0)
            free(name);
        if (length < 0 || whose == NOBODYS)
            return NULL;
    }
    return NULL;
}

static int32_t parents_make(struct qetl_env env, const struct handle *h, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct target t = {.given = h->given, .folder = strndup(path, (size_t)(slash - path))};
    if (!t.folder)
        return fault_memory(env);
    int32_t status = *t.folder ? target_folders(&t, env) : QETL_OK;
    free(t.folder);
    return status;
}

/* Also where the file system knows no renameat2: a folder takes no other's place but an empty
 * one's. */
static int folder_move(const char *from, const char *to)
{
    struct stat st;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return errno;
    if (lstat(to, &st) == 0)
        return EEXIST;
    return rename(from, to) != 0 ? errno : 0;
}

/* ---- Steps ---- */

static int32_t step_fault(struct qetl_env env, const struct handle *h, int error, const char *where)
{
    char line[512];
    snprintf(line, sizeof line, "the folder cannot be replaced (the new one is whole, in %s)",
             where);
    return fault_report(env, error, h->given, line);
}

static int32_t gone_fault(struct qetl_env env, const struct handle *h)
{
    return qetl_fail(env, QETL_E_FATAL, "/path",
                     "someone removed or renamed it; if there is no such folder, run again",
                     "%s: the finished folder is neither there nor in %s", h->given, h->staged);
}

static int32_t first_name(struct qetl_env env, const struct handle *h, const char *from)
{
    int32_t status = parents_make(env, h, h->final);
    int error = status ? 0 : folder_move(from, h->final);
    return error ? step_fault(env, h, error, from) : status;
}

/* Where two names cannot be exchanged. A kill in between leaves the final name empty, and both
 * folders whole. */
static int in_turn(const struct handle *h, const char *backup)
{
    int error = folder_move(backup, h->staged);
    if (!error)
        error = folder_move(h->final, backup);
    return error ? error : folder_move(h->staged, h->final);
}

/* An empty folder is no backup, nor is what was made around it. */
static void backup_tell(struct qetl_env env, const struct handle *h, char *backup)
{
    if (rmdir(backup) != 0) {
        qetl_logf(env, QETL_LOG_INFO, "%s: the former folder is kept as %s", h->given, backup);
        return;
    }
    char *slash = strrchr(backup, '/');
    if (slash > backup) {
        *slash = '\0';
        rmdir(backup);
    }
}

static int32_t exchange(struct qetl_env env, const struct handle *h, char *backup)
{
    int error = 0;
    if (renameat2(AT_FDCWD, backup, AT_FDCWD, h->final, RENAME_EXCHANGE) != 0)
        error = errno;
    if (error == EINVAL || error == ENOSYS || error == ENOTSUP)
        error = in_turn(h, backup);
    if (error)
        return step_fault(env, h, error, whose_is(h, backup) == OURS ? backup : h->staged);
    backup_tell(env, h, backup);
    return QETL_OK;
}

int32_t swap_show(struct qetl_env env, const struct handle *h)
{
    enum whose final = whose_is(h, h->final);
    bool staged = whose_is(h, h->staged) == OURS;
    int32_t status = QETL_OK;
    if (final == OURS)
        return QETL_OK;
    if (final == NO_FOLDER)
        return step_fault(env, h, ENOTDIR, h->staged);
    char *backup = backup_name(h, staged ? NOBODYS : OURS);
    if (!staged && !backup)
        return gone_fault(env, h);
    if (final == NOBODYS) {
        status = first_name(env, h, staged ? h->staged : backup);
    } else if (staged) {
        status = backup ? parents_make(env, h, backup) : step_fault(env, h, EEXIST, h->staged);
        int error = status ? 0 : folder_move(h->staged, backup);
        if (error)
            status = step_fault(env, h, error, h->staged);
    }
    if (status == QETL_OK && final == ANOTHERS)
        status = exchange(env, h, backup);
    free(backup);
    return status;
}

int32_t swap_abort(struct qetl_env env, const struct handle *h)
{
    (void)env;
    if (whose_is(h, h->final) == OURS)
        return QETL_OK; /* it was shown, and the former one is the backup */
    if (whose_is(h, h->staged) == OURS)
        swap_tree_remove(h->staged);
    char *backup = backup_name(h, OURS);
    if (backup)
        swap_tree_remove(backup);
    free(backup);
    return QETL_OK;
}
