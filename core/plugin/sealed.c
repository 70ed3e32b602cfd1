/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed.h"

#include "beneath.h"
#include "registry.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* newer than some headers; kernels that do not know it say EINVAL */
#endif

enum { PIECE = 256 << 10 };

struct qetl_sealed *qetl_sealed_new(void)
{
    struct qetl_sealed *sealed = calloc(1, sizeof *sealed);
    if (sealed)
        sealed->fd = -1;
    return sealed;
}

/* The memory stays: the library may be loaded from it. */
void qetl_sealed_free(struct qetl_sealed *sealed)
{
    if (!sealed)
        return;
    qetl_shelf_release(sealed->shelf);
    qetl_findings_free(&sealed->told);
    for (size_t i = 0; i < sealed->n_files; i++)
        free(sealed->files[i].path);
    free(sealed->files);
    free(sealed->signed_by);
    free(sealed->digest);
    free(sealed->since);
    free(sealed->from);
    free(sealed->package);
    free(sealed->name);
    free(sealed);
}

/* 0 or an errno. A system may have been told that no such memory is ever run. */
static int memory_open(const char *path, int *fd)
{
    char name[128]; /* for those that look on, /proc/PID/maps */
    const char *slash = strrchr(path, '/');
    snprintf(name, sizeof name, "%s", slash ? slash + 1 : path);
    *fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (*fd < 0 && errno == EINVAL)
        *fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return *fd >= 0 ? 0 : errno == EACCES || errno == EPERM || errno == ENOSYS ? ENOTSUP : errno;
}

static int piece_write(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Each byte is hashed as it was read, and written as it was hashed. */
static int copy(const struct qetl_sealed_file *file, int from, int to)
{
    uint8_t *piece = malloc(PIECE), digest[QETL_SEALED_HASH];
    uint64_t total = 0;
    struct sha256_ctx sha256;
    ssize_t n = 0;
    int error = piece ? 0 : ENOMEM;
    sha256_init(&sha256);
    while (!error && total <= file->size && (n = read(from, piece, PIECE)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            error = errno;
            break;
        }
        sha256_update(&sha256, (size_t)n, piece);
        total += (uint64_t)n;
        error = piece_write(to, piece, (size_t)n);
    }
    free(piece);
    sha256_digest(&sha256, sizeof digest, digest);
    if (!error && (total != file->size || memcmp(digest, file->sha256, sizeof digest) != 0))
        error = EBADMSG;
    return error;
}

static int copy_seal(const struct qetl_sealed_file *file, mode_t mode, int from, int fd)
{
    int error = copy(file, from, fd);
    if (!error &&
        (lseek(fd, 0, SEEK_SET) || fchmod(fd, mode) ||
         fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)))
        error = errno;
    return error;
}

static int file_open(const struct qetl_sealed *sealed, const char *name, int *fd)
{
    char *path;
    *fd = -1;
    if (!sealed->shelf || asprintf(&path, "%s/%s", sealed->digest, name) < 0)
        return ENOMEM;
    int error = qetl_beneath_file(sealed->shelf->folder, path, fd);
    free(path);
    return error == ENOENT || error == ENOTDIR || error == ELOOP ? EBADMSG
                                                                 : error; /* it was there */
}

static int seal(const struct qetl_sealed_file *file, mode_t mode, int from, int *fd)
{
    int memory, error = memory_open(file->path, &memory);
    *fd = -1;
    if (!error)
        error = copy_seal(file, mode, from, memory);
    if (!error)
        *fd = memory;
    else if (memory >= 0)
        close(memory);
    return error;
}

static int file_seal(const struct qetl_sealed *sealed, const struct qetl_sealed_file *file,
                     mode_t mode, int *fd)
{
    int from, error = file_open(sealed, file->path, &from);
    *fd = -1;
    if (!error)
        error = seal(file, mode, from, fd);
    if (from >= 0)
        close(from);
    return error;
}

int qetl_sealed_copy(const struct qetl_sealed *sealed, const struct qetl_sealed_file *file, int *fd)
{
    return file_seal(sealed, file, 0400, fd);
}

static bool leads_to(const char *path, int fd)
{
    struct stat own, there;
    return fstat(fd, &own) == 0 && stat(path, &there) == 0 && own.st_dev == there.st_dev &&
           own.st_ino == there.st_ino;
}

/* By the process's number debuggers find it too, /proc/self is each reader's own; where /proc is
 * that of other numbers (in some containers), by self. */
static int path_write(int fd, char path[QETL_SEALED_PATH])
{
    snprintf(path, QETL_SEALED_PATH, "/proc/%d/fd/%d", (int)getpid(), fd);
    if (leads_to(path, fd))
        return 0;
    snprintf(path, QETL_SEALED_PATH, "/proc/self/fd/%d", fd);
    if (leads_to(path, fd))
        return 0;
    close(fd); /* there is no /proc */
    return ENOTSUP;
}

int qetl_sealed_open(struct qetl_sealed *sealed)
{
    struct qetl_sealed_file library = {.path = sealed->name, .size = sealed->size};
    if (sealed->fd >= 0)
        return 0;
    memcpy(library.sha256, sealed->sha256, sizeof library.sha256);
    int fd, error = file_seal(sealed, &library, 0500, &fd);
    if (!error)
        error = path_write(fd, sealed->path);
    if (!error)
        sealed->fd = fd;
    return error;
}

/* No more of it is read than it had when it was opened. */
int qetl_sealed_library(struct qetl_sealed_copy *copy, const char *path,
                        const uint8_t sha256[QETL_SEALED_HASH])
{
    struct stat status;
    char memory_path[QETL_SEALED_PATH];
    int memory = -1, from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error = from < 0 || fstat(from, &status) ? errno : S_ISREG(status.st_mode) ? 0 : EBADMSG;
    if (!error) {
        struct qetl_sealed_file library = {.path = (char *)path, .size = (uint64_t)status.st_size};
        memcpy(library.sha256, sha256, sizeof library.sha256);
        error = seal(&library, 0500, from, &memory);
    }
    if (from >= 0)
        close(from);
    if (!error)
        error = path_write(memory, memory_path);
    if (error)
        return error;
    memcpy(copy->sha256, sha256, sizeof copy->sha256);
    memcpy(copy->path, memory_path, sizeof copy->path);
    return 0;
}

const char *qetl_sealed_image(const struct qetl_manifest *manifest)
{
    return manifest->sealed                          ? manifest->sealed->path
           : manifest->copy && *manifest->copy->path ? manifest->copy->path
                                                     : manifest->library_path;
}
