/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed.h"

#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
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

static int memory_open(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    return fd < 0 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
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

static int file_seal(const struct qetl_sealed *sealed, const struct qetl_sealed_file *file,
                     mode_t mode, int *fd)
{
    int from, error = file_open(sealed, file->path, &from);
    int memory = error ? -1 : memory_open(file->path);
    *fd = -1;
    if (!error)
        error = memory < 0 ? errno : copy_seal(file, mode, from, memory);
    if (from >= 0)
        close(from);
    if (!error)
        *fd = memory;
    else if (memory >= 0)
        close(memory);
    return error;
}

int qetl_sealed_copy(const struct qetl_sealed *sealed, const struct qetl_sealed_file *file, int *fd)
{
    return file_seal(sealed, file, 0400, fd);
}

/* By the process's number debuggers find it too, /proc/self is each reader's own; where /proc is
 * that of other numbers (in some containers), by self. */
static void path_write(struct qetl_sealed *sealed)
{
    struct stat own, there;
    snprintf(sealed->path, sizeof sealed->path, "/proc/%d/fd/%d", (int)getpid(), sealed->fd);
    if (fstat(sealed->fd, &own) || stat(sealed->path, &there) || own.st_dev != there.st_dev ||
        own.st_ino != there.st_ino)
        snprintf(sealed->path, sizeof sealed->path, "/proc/self/fd/%d", sealed->fd);
}

int qetl_sealed_open(struct qetl_sealed *sealed)
{
    struct qetl_sealed_file library = {.path = sealed->name, .size = sealed->size};
    if (sealed->fd >= 0)
        return 0;
    memcpy(library.sha256, sealed->sha256, sizeof library.sha256);
    int error = file_seal(sealed, &library, 0500, &sealed->fd);
    if (!error)
        path_write(sealed);
    return error;
}
