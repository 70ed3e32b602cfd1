/* SPDX-License-Identifier: Apache-2.0 */
/* What nobody names any more, or never did, goes. */
#include "depot_list.h"

#include "plugin/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { UNBORN_MAX = 10000 };

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

/* One lies there for each time that it was put in place of a damaged one, at most. */
int qetl_depot_retire(int content, int unborn, const char *digest)
{
    char name[QETL_DEPOT_UNBORN];
    int error = qetl_depot_unborn_name(unborn, digest, name);
    return error ? error : renameat(content, digest, unborn, name) ? errno : 0;
}

int qetl_depot_unborn_name(int unborn, const char *digest, char name[QETL_DEPOT_UNBORN])
{
    struct stat status;
    for (int i = 0; i < UNBORN_MAX; i++) {
        snprintf(name, QETL_DEPOT_UNBORN, "%s.%d", digest, i);
        if (fstatat(unborn, name, &status, AT_SYMLINK_NOFOLLOW))
            return errno == ENOENT ? 0 : errno;
    }
    return EEXIST;
}

static int is_unfinished_list(const char *name)
{
    return strncmp(name, QETL_DEPOT_LIST ".", sizeof QETL_DEPOT_LIST) == 0 ||
           strncmp(name, QETL_DEPOT_SEEN ".", sizeof QETL_DEPOT_SEEN) == 0;
}

/* Each entry of a folder in it; without one that can be read there is none. */
static void each_in(const struct depot *depot, const char *name,
                    void (*each)(void *arg, int folder, const char *entry), void *arg)
{
    int fd;
    DIR *all = qetl_beneath_folder(depot->folder, name, &fd) ? NULL : fdopendir(fd);
    if (!all && fd >= 0)
        close(fd);
    for (struct dirent *entry; all && (entry = readdir(all));)
        if (!is_self(entry->d_name))
            each(arg, fd, entry->d_name);
    if (all)
        closedir(all);
}

/* ---- sweeping ---- */

struct sweep {
    const struct depot *depot;
    int unborn, users;
};

static void list_remove(void *arg, int folder, const char *name)
{
    (void)arg;
    if (is_unfinished_list(name))
        unlinkat(folder, name, 0);
}

static void unborn_remove(void *arg, int folder, const char *name)
{
    (void)arg;
    remove_all(folder, name);
}

/* Half of it must never lie under its name: it leaves by one rename. Who reads the list from now on
 * finds it there no more; who read it before has a lock. */
static void content_sweep(void *arg, int content, const char *digest)
{
    const struct sweep *sweep = arg;
    if (!is_named(sweep->depot, digest) && !qetl_shelf_is_used(sweep->users, digest))
        qetl_depot_retire(content, sweep->unborn, digest);
}

void qetl_depot_sweep(const struct depot *depot)
{
    struct sweep sweep = {.depot = depot};
    each_in(depot, ".", list_remove, NULL);
    if (qetl_beneath_folder(depot->folder, "unborn", &sweep.unborn))
        return;
    qetl_beneath_file(depot->folder, QETL_SHELF_USERS, &sweep.users);
    each_in(depot, "content", content_sweep, &sweep);
    each_in(depot, "unborn", unborn_remove, NULL);
    if (sweep.users >= 0)
        close(sweep.users);
    close(sweep.unborn);
}

/* ---- what a sweep would find ---- */

struct left {
    const struct depot *depot;
    int users;
    size_t count;
};

static void list_count(void *arg, int folder, const char *name)
{
    (void)folder;
    ((struct left *)arg)->count += (size_t)is_unfinished_list(name);
}

static void unborn_count(void *arg, int folder, const char *name)
{
    (void)folder;
    (void)name;
    ((struct left *)arg)->count++;
}

static void content_count(void *arg, int folder, const char *digest)
{
    struct left *left = arg;
    (void)folder;
    left->count += !is_named(left->depot, digest) && !qetl_shelf_is_used(left->users, digest);
}

/* Whoever may not open the lock cannot know. */
static bool is_changing(const struct depot *depot)
{
    int lock = openat(depot->folder, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (lock < 0)
        return errno != ENOENT;
    bool is = flock(lock, LOCK_SH | LOCK_NB) != 0;
    close(lock);
    return is;
}

size_t qetl_depot_left_overs(const struct depot *depot)
{
    struct left left = {.depot = depot};
    if (depot->folder < 0 || is_changing(depot))
        return 0;
    qetl_beneath_file(depot->folder, QETL_SHELF_USERS, &left.users);
    each_in(depot, ".", list_count, &left);
    each_in(depot, "unborn", unborn_count, &left);
    each_in(depot, "content", content_count, &left);
    if (left.users >= 0)
        close(left.users);
    return left.count;
}
