/* SPDX-License-Identifier: Apache-2.0 */
#include "recording_write.h"

#include "entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 8, FILE_LEAST = 4096 };

struct qetl_recording_writer {
    int folder, base, file; /* descriptors; file -1: none yet */
    uint32_t first, last;   /* files of the ring that are there; last 0: none */
    int64_t file_bytes, file_most, base_bytes, base_most;
    int64_t sizes[FILES + 1]; /* of the ring's files, by number modulo */
    int64_t ring_bytes, ring_most;
    int error;
};

static int write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return errno ? errno : EIO;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

static int file_create(const struct qetl_recording_writer *w, const char *name, uint32_t number,
                       int *fd)
{
    uint8_t header[QETL_RECORDING_HEADER];
    memcpy(header, QETL_RECORDING_MAGIC, 8);
    for (int i = 0; i < 4; i++) {
        header[8 + i] = (uint8_t)((uint32_t)QETL_RECORDING_VERSION >> (8 * i));
        header[12 + i] = (uint8_t)(number >> (8 * i));
    }
    *fd = openat(w->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    return *fd < 0 ? errno : write_all(*fd, header, sizeof header);
}

static void name_of(uint32_t number, char name[32])
{
    snprintf(name, 32, "%06u" QETL_RECORDING_SUFFIX, number);
}

static int ring_drop(struct qetl_recording_writer *w)
{
    char name[32];
    name_of(w->first, name);
    if (unlinkat(w->folder, name, 0))
        return errno;
    w->ring_bytes -= w->sizes[w->first % (FILES + 1)];
    w->first++;
    return 0;
}

static int ring_next(struct qetl_recording_writer *w)
{
    char name[32];
    int error = 0;
    if (w->file >= 0 && close(w->file))
        error = errno;
    w->file = -1;
    while (!error && w->last >= w->first &&
           (w->last - w->first + 1 >= FILES || w->ring_bytes + w->file_most > w->ring_most))
        error = ring_drop(w);
    name_of(++w->last, name);
    if (!error)
        error = file_create(w, name, w->last, &w->file);
    w->sizes[w->last % (FILES + 1)] = w->file_bytes = QETL_RECORDING_HEADER;
    w->ring_bytes += QETL_RECORDING_HEADER;
    return error;
}

int qetl_recording_put(struct qetl_recording_writer *w, bool base, const void *frame, size_t size)
{
    if (w->error)
        return w->error;
    if (base && w->base_bytes + (int64_t)size <= w->base_most) {
        w->base_bytes += (int64_t)size;
        return w->error = write_all(w->base, frame, size);
    }
    if (w->file < 0 || w->file_bytes + (int64_t)size > w->file_most)
        w->error = ring_next(w);
    if (w->error)
        return w->error;
    w->file_bytes += (int64_t)size;
    w->ring_bytes += (int64_t)size;
    w->sizes[w->last % (FILES + 1)] += (int64_t)size;
    return w->error = write_all(w->file, frame, size);
}

static int folder_is_empty(int folder)
{
    int copy = dup(folder), found = 0;
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir) {
        int error = errno;
        if (copy >= 0)
            close(copy);
        return error;
    }
    for (struct dirent *entry; !found && (entry = readdir(dir));)
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return found ? ENOTEMPTY : 0;
}

static int folder_open(struct qetl_recording_writer *w, const char *path)
{
    if (mkdir(path, 0700) && errno != EEXIST)
        return errno;
    w->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->folder < 0)
        return errno;
    int error = folder_is_empty(w->folder);
    return !error && fchmod(w->folder, 0700) ? errno : error;
}

struct qetl_recording_writer *qetl_recording_create(const char *folder, int64_t most_bytes)
{
    struct qetl_recording_writer *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->folder = w->base = w->file = -1;
    w->first = 1;
    w->base_most = most_bytes / 4;
    w->ring_most = most_bytes - w->base_most;
    w->file_most = w->ring_most / FILES > FILE_LEAST ? w->ring_most / FILES : FILE_LEAST;
    int error = folder_open(w, folder);
    if (!error)
        error = file_create(w, QETL_RECORDING_BASE, 0, &w->base);
    w->base_bytes = QETL_RECORDING_HEADER;
    if (!error)
        return w;
    w->error = error;
    qetl_recording_finish(w);
    errno = error;
    return NULL;
}

uint32_t qetl_recording_dropped(const struct qetl_recording_writer *w)
{
    return w->first - 1;
}

int qetl_recording_finish(struct qetl_recording_writer *w)
{
    if (!w)
        return 0;
    int error = w->error;
    const int fds[] = {w->file, w->base, w->folder};
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0 && close(fds[i]) && !error)
            error = errno;
    free(w);
    return error;
}
