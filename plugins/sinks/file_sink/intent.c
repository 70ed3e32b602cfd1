/* SPDX-License-Identifier: Apache-2.0 */
#include "intent.h"

#include "aside.h"
#include "fault.h"
#include "publish.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTE_MOST = 65536 };

char *intent_path(const char *final, const char *owner)
{
    const char *slash = strrchr(final, '/');
    return stage_name(final, (size_t)(slash - final), slash + 1, owner, "begun");
}

static int note_put(const char *path, const struct record *r)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno;
    ssize_t n = write(fd, r->data, r->size);
    int error = n < 0 ? errno : n < (ssize_t)r->size ? ENOSPC : 0;
    if (!error && fsync(fd) != 0)
        error = errno;
    close(fd);
    return error ? error : publish_folder_sync(path);
}

int32_t intent_write(struct qetl_env env, const char *path, const struct handle *h)
{
    struct record r = {0};
    handle_put(h, &r);
    if (r.failed) {
        record_free(&r);
        return fault_memory(env);
    }
    int error = note_put(path, &r);
    record_free(&r);
    if (error)
        unlink(path);
    return error ? fault_report(env, error, path, "it cannot be noted how long the file was")
                 : QETL_OK;
}

static bool note_get(const char *path, struct handle *h)
{
    uint8_t data[NOTE_MOST];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, data, sizeof data) : -1;
    if (fd >= 0)
        close(fd);
    return n > 0 && handle_decode(h, data, (size_t)n) == 0;
}

int32_t intent_undo(struct qetl_env env, const char *path, int fd, const char *given)
{
    struct handle h;
    struct stat st;
    int32_t status = QETL_OK;
    if (!note_get(path, &h))
        return QETL_OK; /* none, or torn: then nothing was appended yet */
    if (fstat(fd, &st) == 0 && (int64_t)st.st_ino == h.inode && (int64_t)st.st_dev == h.device &&
        st.st_size > h.length &&
        !(status = aside_keep(env, h.final, given, h.length, st.st_size))) {
        qetl_logf(env, QETL_LOG_WARN,
                  "%s is cut back from %lld bytes to %lld: the run that appended them was killed "
                  "before they counted",
                  given, (long long)st.st_size, (long long)h.length);
        /* durable before the note goes */
        if (ftruncate(fd, h.length) != 0 || fsync(fd) != 0)
            status = fault_report(env, errno, given, "cannot be cut back to its former length");
    }
    handle_free(&h);
    if (status == QETL_OK)
        intent_drop(path);
    return status;
}

void intent_drop(const char *path)
{
    if (path)
        unlink(path); /* what is left over is of an inode and length that are behind it */
}
