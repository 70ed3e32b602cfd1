/* SPDX-License-Identifier: Apache-2.0 */
#include "companion.h"

#include "sealed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Relative, of parts that are names: no `..`, no `.`, none that is empty. */
static bool stays_inside(const char *path)
{
    for (;;) {
        size_t size = strcspn(path, "/");
        if (size == 0 || (size <= 2 && strncmp(path, "..", size) == 0))
            return false;
        if (!path[size])
            return true;
        path += size + 1;
    }
}

/* ---- of a package ---- */

/* Their paths begin with the library's folder, which is left out of names. */
static const char *name_of(const struct qetl_sealed *sealed, const struct qetl_sealed_file *file)
{
    const char *end = strrchr(sealed->name, '/');
    size_t size = end ? (size_t)(end - sealed->name) + 1 : 0;
    return strncmp(file->path, sealed->name, size) == 0 ? file->path + size : NULL;
}

static int sealed_open(const struct qetl_sealed *sealed, const char *path, int *fd)
{
    for (size_t i = 0; i < sealed->n_files; i++) {
        const char *name = name_of(sealed, &sealed->files[i]);
        if (name && strcmp(name, path) == 0)
            return qetl_sealed_copy(sealed, &sealed->files[i], fd);
    }
    return ENOENT;
}

static int sealed_list(const struct qetl_sealed *sealed, const char *folder,
                       int (*each)(void *arg, const char *name), void *arg)
{
    size_t size = strlen(folder);
    int answer = 0;
    for (size_t i = 0; !answer && i < sealed->n_files; i++) {
        const char *name = name_of(sealed, &sealed->files[i]);
        if (!name || strncmp(name, folder, size) != 0 || (size && name[size] != '/'))
            continue;
        name += size + (size > 0);
        if (!strchr(name, '/'))
            answer = each(arg, name);
    }
    return answer;
}

/* ---- of a folder ---- */

static int folder_open(const struct qetl_manifest *manifest)
{
    const char *end = strrchr(manifest->library_path, '/');
    char *folder = end ? strndup(manifest->library_path, (size_t)(end - manifest->library_path) + 1)
                       : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    return fd;
}

static int plain_open(const struct qetl_manifest *manifest, const char *path, int *fd)
{
    struct stat about;
    int folder = folder_open(manifest);
    *fd = folder < 0 ? -1 : openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error = *fd < 0 || fstat(*fd, &about) ? errno : 0;
    if (!error && !S_ISREG(about.st_mode))
        error = ENOENT;
    if (!error && (about.st_mode & S_IWOTH))
        error = EPERM;
    if (folder >= 0)
        close(folder);
    if (error && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return error == ENOTDIR ? ENOENT : error;
}

static int by_bytes(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*one)->d_name, (*other)->d_name);
}

static int plain_list(const struct qetl_manifest *manifest, const char *folder,
                      int (*each)(void *arg, const char *name), void *arg, int *error)
{
    struct dirent **entries = NULL;
    struct stat about;
    int above = folder_open(manifest), answer = 0;
    int fd =
        above < 0 ? -1 : openat(above, *folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int n = fd < 0 ? -1 : scandirat(fd, ".", &entries, NULL, by_bytes);
    if (n < 0 && errno != ENOENT && errno != ENOTDIR)
        *error = errno;
    for (int i = 0; i < n; i++) {
        if (!answer && !fstatat(fd, entries[i]->d_name, &about, 0) && S_ISREG(about.st_mode))
            answer = each(arg, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (fd >= 0)
        close(fd);
    if (above >= 0)
        close(above);
    return answer;
}

int qetl_companion_open(const struct qetl_manifest *manifest, const char *path, int *fd)
{
    *fd = -1;
    if (!stays_inside(path))
        return EINVAL;
    return manifest->sealed ? sealed_open(manifest->sealed, path, fd)
                            : plain_open(manifest, path, fd);
}

int qetl_companion_list(const struct qetl_manifest *manifest, const char *folder,
                        int (*each)(void *arg, const char *name), void *arg, int *error)
{
    *error = *folder && !stays_inside(folder) ? EINVAL : 0;
    if (*error)
        return 0;
    return manifest->sealed ? sealed_list(manifest->sealed, folder, each, arg)
                            : plain_list(manifest, folder, each, arg, error);
}
