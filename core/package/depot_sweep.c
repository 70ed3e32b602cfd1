/* SPDX-License-Identifier: Apache-2.0 */
/* What nobody names any more, or never did, goes. */
#include "depot_list.h"
#include "index_seen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int is_named(const struct depot *depot, const char *digest)
{
    for (size_t i = 0; i < depot->n_entries; i++)
        if (strcmp(depot->entries[i].digest, digest) == 0)
            return 1;
    return 0;
}

static int is_self(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Beneath a descriptor, following no link: what cannot be removed stays for the next time. */
static void remove_all(int folder, const char *name)
{
    if (unlinkat(folder, name, 0) == 0 || (errno != EISDIR && errno != EPERM))
        return;
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));)
        if (!is_self(entry->d_name))
            remove_all(fd, entry->d_name);
    closedir(entries);
    unlinkat(folder, name, AT_REMOVEDIR);
}

/* Half of it must never lie under its name: it leaves by one rename. */
static void content_retire(const struct depot *depot, int content, int unborn, const char *name)
{
    int fd = openat(content, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int is_free = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (is_free && !is_named(depot, name) && renameat(content, name, unborn, name) == 0)
        remove_all(unborn, name);
    if (fd >= 0)
        close(fd);
}

static int is_unfinished_list(const char *name)
{
    return strncmp(name, QETL_DEPOT_LIST ".", sizeof QETL_DEPOT_LIST) == 0 ||
           strncmp(name, QETL_SEEN_FILE ".", sizeof QETL_SEEN_FILE) == 0;
}

/* Lists that were not yet renamed. */
static void lists_remove(const struct depot *depot)
{
    int fd = openat(depot->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *all = fd < 0 ? NULL : fdopendir(fd);
    if (!all && fd >= 0)
        close(fd);
    for (struct dirent *entry; all && (entry = readdir(all));)
        if (is_unfinished_list(entry->d_name))
            unlinkat(depot->folder, entry->d_name, 0);
    if (all)
        closedir(all);
}

void qetl_depot_sweep(const struct depot *depot)
{
    lists_remove(depot);
    int content = openat(depot->folder, "content", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int unborn = openat(depot->folder, "unborn", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *left = unborn < 0 ? NULL : fdopendir(dup(unborn));
    for (struct dirent *entry; left && (entry = readdir(left));)
        if (!is_self(entry->d_name))
            remove_all(unborn, entry->d_name);
    if (left)
        closedir(left);
    DIR *all = content < 0 || unborn < 0 ? NULL : fdopendir(dup(content));
    for (struct dirent *entry; all && (entry = readdir(all));)
        if (!is_self(entry->d_name) && !is_named(depot, entry->d_name))
            content_retire(depot, content, unborn, entry->d_name);
    if (all)
        closedir(all);
    if (content >= 0)
        close(content);
    if (unborn >= 0)
        close(unborn);
}

/* ---- what a sweep would find ---- */

static int is_used(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int used = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    return used;
}

static size_t count_in(const struct depot *depot, const char *name)
{
    int fd = openat(depot->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *all = fd < 0 ? NULL : fdopendir(fd);
    int is_unborn = strcmp(name, "unborn") == 0;
    size_t count = 0;
    if (!all && fd >= 0)
        close(fd);
    for (struct dirent *entry; all && (entry = readdir(all));)
        if (strcmp(name, ".") == 0)
            count += (size_t)is_unfinished_list(entry->d_name);
        else
            count += !is_self(entry->d_name) && !is_used(fd, entry->d_name) &&
                     (is_unborn || !is_named(depot, entry->d_name));
    if (all)
        closedir(all);
    return count;
}

size_t qetl_depot_left_overs(const struct depot *depot)
{
    if (depot->folder < 0)
        return 0;
    int lock = openat(depot->folder, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int at_work = lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
    size_t count =
        at_work ? 0 : count_in(depot, ".") + count_in(depot, "unborn") + count_in(depot, "content");
    if (lock >= 0)
        close(lock);
    return count;
}
