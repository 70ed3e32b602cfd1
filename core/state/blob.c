/* SPDX-License-Identifier: Apache-2.0 */
#include "blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "blob-"
#define UNFINISHED "unfinished"
enum { NAME_ROOM = sizeof PREFIX + STATE_DIGEST * 2 };

static void name_of(const uint8_t digest[STATE_DIGEST], char name[NAME_ROOM])
{
    strcpy(name, PREFIX);
    for (size_t i = 0; i < STATE_DIGEST; i++)
        sprintf(name + sizeof PREFIX - 1 + i * 2, "%02x", digest[i]);
}

static void digest_of(const void *data, size_t size, uint8_t digest[STATE_DIGEST])
{
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, size, data);
    sha256_digest(&context, STATE_DIGEST, digest);
}

/* ---- writing ---- */

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

int qetl_state_blob_write(const struct state_folder *folder, const void *data, size_t size,
                          uint8_t digest[STATE_DIGEST])
{
    char name[NAME_ROOM];
    int fd =
        openat(folder->fd, UNFINISHED, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno;
    int error = write_all(fd, data, size);
    if (!error && fsync(fd))
        error = errno;
    if (close(fd) && !error)
        error = errno;
    digest_of(data, size, digest);
    name_of(digest, name);
    if (!error && renameat(folder->fd, UNFINISHED, folder->fd, name))
        error = errno;
    return error;
}

/* ---- reading ---- */

static int read_all(int fd, char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = read(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EBADMSG;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

static int read_checked(int fd, const uint8_t digest[STATE_DIGEST], size_t size, void **data)
{
    struct stat about;
    uint8_t found[STATE_DIGEST];
    if (fstat(fd, &about))
        return errno;
    if (!S_ISREG(about.st_mode) || (uint64_t)about.st_size != size)
        return EBADMSG;
    *data = malloc(size + 1);
    if (!*data)
        return ENOMEM;
    int error = read_all(fd, *data, size);
    if (error)
        return error;
    ((char *)*data)[size] = '\0';
    digest_of(*data, size, found);
    return memcmp(found, digest, STATE_DIGEST) == 0 ? 0 : EBADMSG;
}

int qetl_state_blob_read(const struct state_folder *folder, const uint8_t digest[STATE_DIGEST],
                         uint64_t size, void **data)
{
    char name[NAME_ROOM];
    *data = NULL;
    name_of(digest, name);
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? EBADMSG : errno;
    int error = read_checked(fd, digest, (size_t)size, data);
    close(fd);
    if (error) {
        free(*data);
        *data = NULL;
    }
    return error;
}

/* ---- which are needed ---- */

int qetl_state_blobs_add(struct state_blobs *blobs, const uint8_t digest[STATE_DIGEST])
{
    uint8_t(*grown)[STATE_DIGEST] =
        realloc(blobs->items, (blobs->count + 1) * sizeof *blobs->items);
    if (!grown)
        return ENOMEM;
    blobs->items = grown;
    memcpy(grown[blobs->count++], digest, STATE_DIGEST);
    return 0;
}

bool qetl_state_blobs_has(const struct state_blobs *blobs, const uint8_t digest[STATE_DIGEST])
{
    for (size_t i = 0; i < blobs->count; i++)
        if (memcmp(blobs->items[i], digest, STATE_DIGEST) == 0)
            return true;
    return false;
}

void qetl_state_blobs_free(struct state_blobs *blobs)
{
    free(blobs->items);
    *blobs = (struct state_blobs){0};
}

static bool named(const struct state_blobs *blobs, const char *file)
{
    char name[NAME_ROOM];
    for (size_t i = 0; i < blobs->count; i++) {
        name_of(blobs->items[i], name);
        if (strcmp(name, file) == 0)
            return true;
    }
    return false;
}

static bool kept(const char *file, const struct state_blobs *const *keep, size_t n_keep)
{
    for (size_t i = 0; i < n_keep; i++)
        if (named(keep[i], file))
            return true;
    return false;
}

void qetl_state_blobs_sweep(const struct state_folder *folder,
                            const struct state_blobs *const *keep, size_t n_keep)
{
    struct dirent *entry;
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir && fd >= 0)
        close(fd);
    while (dir && (entry = readdir(dir)))
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) == 0 &&
            !kept(entry->d_name, keep, n_keep))
            unlinkat(folder->fd, entry->d_name, 0);
    if (dir)
        closedir(dir);
}
