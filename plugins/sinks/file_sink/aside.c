/* SPDX-License-Identifier: Apache-2.0 */
#include "aside.h"

#include "fault.h"
#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ASIDE_NAMES = 1000, ASIDE_BYTES = 65536 };

/* A new file with the mode of the first; -1 with errno. */
static int aside_make(const char *path, mode_t mode, char **name)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    int fd = -1;
    if (!gmtime_r(&now, &utc) || !strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc))
        snprintf(stamp, sizeof stamp, "former");
    errno = EEXIST;
    for (int i = 0; fd < 0 && errno == EEXIST && i < ASIDE_NAMES; i++) {
        free(*name);
        int length = i ? asprintf(name, "%s.%s.cut.%d", path, stamp, i)
                       : asprintf(name, "%s.%s.cut", path, stamp);
        if (length < 0) {
            *name = NULL;
            errno = ENOMEM;
            return -1;
        }
        fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode & 0777);
    }
    return fd;
}

static int piece_write(int fd, const char *data, ssize_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, (size_t)size);
        if (n <= 0)
            return n < 0 ? errno : ENOSPC;
        data += n;
        size -= n;
    }
    return 0;
}

/* Until `to`, or the file's end. 0 or errno. */
static int bytes_copy(int in, int out, int64_t from, int64_t to)
{
    char data[ASIDE_BYTES];
    int error = 0;
    while (!error && from < to) {
        size_t most = to - from < ASIDE_BYTES ? (size_t)(to - from) : ASIDE_BYTES;
        ssize_t n = pread(in, data, most, from);
        if (n <= 0)
            return n < 0 ? errno : 0;
        error = piece_write(out, data, n);
        from += n;
    }
    return error;
}

static int aside_write(int in, const char *path, int64_t from, int64_t to, char **name)
{
    struct stat st;
    if (fstat(in, &st) != 0)
        return errno;
    int out = aside_make(path, st.st_mode, name);
    if (out < 0)
        return errno;
    int error = bytes_copy(in, out, from, to);
    if (!error && fsync(out) != 0)
        error = errno;
    close(out);
    if (!error)
        error = publish_folder_sync(*name);
    if (error)
        unlink(*name);
    return error;
}

int32_t aside_keep(struct qetl_env env, const char *path, const char *given, int64_t from,
                   int64_t to)
{
    char *name = NULL;
    int in = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    int error = in < 0 ? errno : aside_write(in, path, from, to, &name);
    if (in >= 0)
        close(in);
    if (!error)
        qetl_logf(env, QETL_LOG_WARN,
                  "%s: the last %lld bytes were not decided yet: they are cut off and kept in %s, "
                  "for another program may have written of them. Remove it if none has",
                  given, (long long)(to - from), name);
    free(name);
    return error ? fault_report(env, error, given,
                                "what stands behind its decided end cannot be set aside")
                 : QETL_OK;
}
