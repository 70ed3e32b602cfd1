/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { FOLDER_MOST = 84 }; /* leaves room for "/.PID.new" in a socket's address */

static int folder_name(int number, char folder[QETL_CONTROL_PATH])
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    int size;
    if (number == 0 && (!base || *base != '/'))
        return ENOENT;
    if (number == 0)
        size = snprintf(folder, QETL_CONTROL_PATH, "%s/qetl", base);
    else
        size = snprintf(folder, QETL_CONTROL_PATH, "/tmp/qetl-%ld", (long)geteuid());
    return size > FOLDER_MOST ? ENAMETOOLONG : 0;
}

/* Whoever else may write to it could put a socket of his own there. */
int qetl_control_folder(int number, bool make, char folder[QETL_CONTROL_PATH])
{
    struct stat about;
    int error = folder_name(number, folder);
    if (error)
        return error;
    if (make && mkdir(folder, 0700) && errno != EEXIST)
        return errno;
    if (lstat(folder, &about))
        return errno;
    if (!S_ISDIR(about.st_mode))
        return ENOTDIR;
    return about.st_uid == geteuid() && !(about.st_mode & 077) ? 0 : EPERM;
}

void qetl_control_each(const char *folder, void (*each)(void *arg, const char *path), void *arg)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char path[QETL_CONTROL_PATH];
        size_t size = strlen(entry->d_name);
        if (size < 6 || strcmp(entry->d_name + size - 5, ".sock") != 0 || *entry->d_name == '.')
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path)
            each(arg, path);
    }
    if (dir)
        closedir(dir);
}

/* A socket gets its name once it listens: one that refuses has lost its process. */
int qetl_control_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || !connect(fd, (const struct sockaddr *)&address, sizeof address))
        return fd;
    int error = errno;
    close(fd);
    if (error == ECONNREFUSED)
        unlink(path);
    errno = error;
    return -1;
}
