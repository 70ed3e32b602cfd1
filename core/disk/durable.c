/* SPDX-License-Identifier: Apache-2.0 */
#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ATTEMPTS = 100 };

int qetl_write_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

int qetl_durable_sync(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = fsync(fd) ? errno : 0;
    close(fd);
    return error;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* Of a name that nobody has: 0600, nobody reads it before it has its mode. */
static int unborn_open(int folder, const char *name, char unborn[NAME_MAX + 1], int *fd)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        unsigned char dice[6];
        if (getrandom(dice, sizeof dice, 0) != sizeof dice)
            return errno;
        size_t size = (size_t)snprintf(unborn, NAME_MAX + 1, "%s.", name);
        if (size + sizeof dice > NAME_MAX)
            return ENAMETOOLONG;
        for (size_t i = 0; i < sizeof dice; i++)
            unborn[size + i] = letters[dice[i] % 32];
        unborn[size + sizeof dice] = '\0';
        *fd = openat(folder, unborn, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (*fd >= 0 || errno != EEXIST)
            return *fd < 0 ? errno : 0;
    }
    return EEXIST;
}

static int fill(int fd, const void *bytes, size_t size, mode_t mode)
{
    int error = qetl_write_all(fd, bytes, size);
    if (!error && fchmod(fd, mode))
        error = errno;
    if (!error && fsync(fd))
        error = errno;
    if (close(fd) && !error)
        error = errno;
    return error;
}

/* Where a file system has no rename that spares what is there (NFS), a link does it. */
static int place(int folder, const char *unborn, const char *name, bool replace)
{
    if (renameat2(folder, unborn, folder, name, replace ? 0 : RENAME_NOREPLACE) == 0)
        return 0;
    if (replace || (errno != EINVAL && errno != ENOSYS))
        return errno;
    if (linkat(folder, unborn, folder, name, 0))
        return errno;
    return unlinkat(folder, unborn, 0) ? errno : 0;
}

int qetl_durable_write_in(int folder, const char *name, const void *bytes, size_t size, mode_t mode,
                          bool replace)
{
    char unborn[NAME_MAX + 1];
    int fd = -1, error = unborn_open(folder, name, unborn, &fd);
    if (error)
        return error;
    error = fill(fd, bytes, size, mode);
    if (!error)
        error = place(folder, unborn, name, replace);
    if (error)
        unlinkat(folder, unborn, 0);
    return !error && fsync(folder) ? errno : error;
}

int qetl_durable_write(const char *path, const void *bytes, size_t size, mode_t mode, bool replace)
{
    const char *slash = strrchr(path, '/');
    char *folder = folder_of(path);
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int error = !folder ? ENOMEM : fd < 0 ? errno : 0;
    if (!error)
        error = qetl_durable_write_in(fd, slash ? slash + 1 : path, bytes, size, mode, replace);
    if (fd >= 0)
        close(fd);
    free(folder);
    return error;
}

int qetl_durable_folders(const char *path, mode_t mode)
{
    if (mkdir(path, mode) == 0) {
        char *above = folder_of(path);
        int error = above ? qetl_durable_sync(above) : ENOMEM;
        free(above);
        return error;
    }
    if (errno == EEXIST) {
        struct stat status;
        return stat(path, &status) ? errno : S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
    }
    if (errno != ENOENT)
        return errno;
    char *above = folder_of(path);
    int error = !above                     ? ENOMEM
                : strcmp(above, path) == 0 ? ENOENT
                                           : qetl_durable_folders(above, mode);
    free(above);
    return error ? error : qetl_durable_folders(path, mode);
}
