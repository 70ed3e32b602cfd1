/* SPDX-License-Identifier: Apache-2.0 */
#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* mkostemp gives 0600: nobody reads it before it has its mode. */
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

int qetl_durable_write(const char *path, const void *bytes, size_t size, mode_t mode, bool replace)
{
    char *folder = folder_of(path), *unborn = NULL;
    int error = !folder || asprintf(&unborn, "%s.XXXXXX", path) < 0 ? ENOMEM : 0;
    int fd = error ? -1 : mkostemp(unborn, O_CLOEXEC);
    if (!error && fd < 0)
        error = errno;
    if (!error) {
        error = fill(fd, bytes, size, mode);
        if (!error && renameat2(AT_FDCWD, unborn, AT_FDCWD, path, replace ? 0 : RENAME_NOREPLACE))
            error = errno;
        if (error)
            unlink(unborn);
    }
    if (!error)
        error = qetl_durable_sync(folder);
    free(unborn);
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
