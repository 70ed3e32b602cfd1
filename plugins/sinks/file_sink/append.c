/* SPDX-License-Identifier: Apache-2.0 */
#include "append.h"

#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static enum packing packing_of(const uint8_t *head, ssize_t size)
{
    static const struct {
        enum packing packing;
        uint8_t size;
        const char *bytes;
    } heads[] = {{PACKING_GZIP, 3, "\x1f\x8b\x08"},
                 {PACKING_ZSTD, 4, "\x28\xb5\x2f\xfd"},
                 {PACKING_XZ, 6,
                  "\xfd"
                  "7zXZ\0"},
                 {PACKING_BZIP2, 3, "BZh"},
                 {PACKING_LZ4, 4, "\x04\x22\x4d\x18"}};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (size >= heads[i].size && memcmp(head, heads[i].bytes, heads[i].size) == 0)
            return heads[i].packing;
    return PACKING_NONE;
}

static int32_t content_check(struct append *a, struct qetl_env env, const struct target *t,
                             enum packing packing, int fd)
{
    static const char *const names[] = {"no compression", "gzip", "zstd", "xz", "bzip2", "lz4"};
    uint8_t head[8] = {0};
    ssize_t size = pread(fd, head, sizeof head, 0);
    enum packing found = packing_of(head, size);
    bool text = packing == PACKING_NONE && found == PACKING_BZIP2; /* "BZh" may begin a text */
    if (size <= 0)
        return QETL_OK;
    if (found != packing && !text)
        return qetl_fail(env, QETL_E_CONFIG, "/compression",
                         "set compression to what the file has, or name another path",
                         "%s: its content has %s, and what is to be appended has %s", t->given,
                         names[found], names[packing]);
    return append_content(a, env, t->given, packing, fd, true);
}

/* File systems without locks are trusted. */
static int32_t lock_take(struct qetl_env env, const struct target *t, int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return QETL_OK;
    return qetl_fail(env, QETL_E_ENVIRONMENT, "/path", "wait until the other run has ended",
                     "%s: another process is appending to it", t->given);
}

int32_t append_open(struct append *a, struct qetl_env env, const struct target *t,
                    enum packing packing, int *fd)
{
    struct stat st;
    int32_t status;
    bool readable = true;
    *a = (struct append){0};
    *fd = open(t->path, O_RDWR | O_APPEND | O_CLOEXEC);
    if (*fd < 0 && errno == EACCES) {
        readable = false;
        *fd = open(t->path, O_WRONLY | O_APPEND | O_CLOEXEC);
    }
    if (*fd < 0)
        return fault_report(env, errno, t->given, "cannot be opened for appending");
    status = lock_take(env, t, *fd);
    if (status)
        return status;
    if (fstat(*fd, &st) != 0)
        return fault_report(env, errno, t->given, "cannot be examined");
    a->length = st.st_size;
    return readable ? content_check(a, env, t, packing, *fd) : QETL_OK;
}

int32_t append_head(struct append *a, struct qetl_env env, const char *given, enum packing packing,
                    int fd, int64_t length)
{
    *a = (struct append){.length = length};
    return length ? append_content(a, env, given, packing, fd, false) : QETL_OK;
}

int32_t append_check(const struct append *a, struct qetl_env env, const char *given,
                     const void *data, int64_t size)
{
    if (!a->line_open || size == 0 || ((const char *)data)[size - 1] != '\n')
        return QETL_OK;
    return qetl_fail(
        env, QETL_E_ENVIRONMENT, "/path", "end that line first: echo >> FILE",
        "%s: its last line has no newline, so the first record would become a part of it", given);
}
