/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of many files that are followed only some are open. The others rest: they are known by where they
 * lie and by their inode, and are opened again when they have more.
 */
#include "fault.h"
#include "follow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPEN_MOST = 128 };

static bool is_it(const struct followed *file, const struct stat *st)
{
    return st->st_dev == file->device && st->st_ino == file->inode;
}

void follow_forget(struct follow *f, struct followed *file)
{
    f->n_open -= file->fd >= 0;
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    free(file->path);
    file->path = NULL;
}

/* It was renamed while it rested: another name of its folder has its inode. */
static bool find_renamed(struct followed *file, struct stat *st)
{
    char *slash = strrchr(file->path, '/'); /* paths of the system are absolute */
    bool found = false;
    *slash = 0;
    DIR *folder = opendir(*file->path ? file->path : "/");
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
        char *path;
        if (entry->d_ino != file->inode || asprintf(&path, "%s/%s", file->path, entry->d_name) < 0)
            continue;
        found = stat(path, st) == 0 && is_it(file, st);
        if (found) {
            free(file->path);
            file->path = path;
        } else {
            free(path);
        }
    }
    if (folder)
        closedir(folder);
    if (!found)
        *slash = '/';
    return found;
}

bool follow_stat(struct follow *f, struct followed *file, struct stat *st)
{
    if (file->fd >= 0)
        return fstat(file->fd, st) == 0;
    if (!file->path)
        return false;
    if ((stat(file->path, st) == 0 && is_it(file, st)) || find_renamed(file, st))
        return true;
    qetl_logf(f->env, QETL_LOG_WARN,
              "%s: it is gone from its folder; its first %lld bytes were read, and whether there "
              "was more is not known",
              file->name, (long long)file->position);
    follow_forget(f, file);
    return false;
}

int32_t follow_wake(struct follow *f, struct followed *file)
{
    struct stat st;
    if (file->fd >= 0 || !follow_stat(f, file, &st))
        return QETL_OK;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return QETL_OK; /* just renamed: the next look finds it */
    if (fd < 0)
        return fault_report(f->env, errno, "/path", file->name, "cannot be opened again");
    if (fstat(fd, &st) != 0 || !is_it(file, &st)) {
        close(fd);
        return QETL_OK;
    }
    free(file->path);
    file->path = NULL;
    file->fd = fd;
    f->n_open++;
    return QETL_OK;
}

/* A file without a name cannot be found again: it rests for good, once it is read. */
static void rest(struct follow *f, struct followed *file)
{
    char by_descriptor[40], path[PATH_MAX];
    struct stat st, named;
    snprintf(by_descriptor, sizeof by_descriptor, "/proc/self/fd/%d", file->fd);
    ssize_t n = readlink(by_descriptor, path, sizeof path - 1);
    if (n <= 0 || fstat(file->fd, &st) != 0)
        return;
    path[n] = 0;
    if (*path != '/' || stat(path, &named) != 0 || !is_it(file, &named)) {
        if (st.st_nlink == 0 && st.st_size <= file->position)
            follow_forget(f, file);
        return;
    }
    char *kept = strdup(path);
    if (!kept)
        return; /* it stays open */
    follow_forget(f, file);
    file->path = kept;
}

void follow_rest(struct follow *f, const struct followed *but)
{
    for (int64_t i = 0; f->n_open > OPEN_MOST && i < f->count; i++) {
        struct followed *file = &f->files[f->rest_turn++ % f->count];
        if (file != but && file->fd >= 0 && !file->fifo)
            rest(f, file);
    }
}
