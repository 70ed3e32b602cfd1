/* SPDX-License-Identifier: Apache-2.0 */
#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool qetl_is_safe(const struct stat *status)
{
    return !(status->st_mode & (S_IWGRP | S_IWOTH)) &&
           (status->st_uid == 0 || status->st_uid == geteuid());
}

/* The lowest folder above that has a name. */
static bool is_behind_link(const char *path)
{
    struct stat status;
    char *above = strdup(path), *slash;
    bool is = !above;
    while (above && (slash = strrchr(above, '/')) && slash > above) {
        *slash = '\0';
        if (lstat(above, &status) == 0) {
            is = S_ISLNK(status.st_mode) && stat(above, &status) != 0;
            break;
        }
    }
    free(above);
    return is;
}

/* What is below a file is not there; what is a file itself is, and is no depot. */
bool qetl_is_there(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR))
        return true;
    return errno == ENOENT && is_behind_link(path);
}

/* One part of a name. A FIFO is opened without anybody at its other end, and told apart then. */
static int part_open(int above, const char *part, bool is_folder, int *fd)
{
    struct stat status;
    *fd = openat(above, part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0) /* a socket has no other end */
        return errno == ENXIO ? EBADMSG : errno;
    int error = fstat(*fd, &status)       ? errno
                : is_folder               ? S_ISDIR(status.st_mode) ? 0 : ENOTDIR
                : S_ISREG(status.st_mode) ? 0
                                          : EBADMSG;
    if (!error && !qetl_is_safe(&status))
        error = EPERM;
    if (!error)
        return 0;
    close(*fd);
    *fd = -1;
    return error;
}

static int path_open(int folder, const char *path, bool is_folder, int *fd)
{
    int above = -1, error = 0;
    *fd = -1;
    while (!error) {
        char part[NAME_MAX + 1];
        size_t size = strcspn(path, "/");
        bool is_last = !path[size];
        if (size > NAME_MAX)
            error = ENAMETOOLONG;
        else {
            memcpy(part, path, size);
            part[size] = '\0';
            error = part_open(above < 0 ? folder : above, part, is_last ? is_folder : true, fd);
        }
        if (above >= 0)
            close(above);
        if (is_last)
            return error;
        above = *fd;
        *fd = -1;
        path += size + 1;
    }
    return error;
}

int qetl_beneath_file(int folder, const char *path, int *fd)
{
    return path_open(folder, path, false, fd);
}

int qetl_beneath_folder(int folder, const char *path, int *fd)
{
    return path_open(folder, path, true, fd);
}

static int bytes_read(int fd, char *bytes, size_t size, size_t *got)
{
    for (*got = 0; *got < size;) {
        ssize_t n = read(fd, bytes + *got, size - *got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    bytes[*got] = '\0';
    return 0;
}

int qetl_read_whole(int fd, size_t most, char **bytes, size_t *size)
{
    struct stat status;
    int error = fstat(fd, &status) ? errno : (uint64_t)status.st_size > most ? EFBIG : 0;
    *bytes = error ? NULL : malloc((size_t)status.st_size + 1);
    *size = 0;
    if (!error)
        error = *bytes ? bytes_read(fd, *bytes, (size_t)status.st_size, size) : ENOMEM;
    if (error) {
        free(*bytes);
        *bytes = NULL;
    }
    return error;
}

int qetl_beneath_slurp(int folder, const char *path, size_t most, char **bytes, size_t *size)
{
    int fd, error = qetl_beneath_file(folder, path, &fd);
    *bytes = NULL;
    *size = 0;
    if (!error)
        error = qetl_read_whole(fd, most, bytes, size);
    if (fd >= 0)
        close(fd);
    return error;
}
