/* SPDX-License-Identifier: Apache-2.0 */
#include "slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int grow(char **data, size_t *capacity)
{
    size_t larger = *capacity ? *capacity * 4 : 64 << 10;
    char *grown = realloc(*data, larger);
    if (!grown)
        return ENOMEM;
    *data = grown;
    *capacity = larger;
    return 0;
}

static int read_all(int fd, size_t most, char **data, size_t *size)
{
    size_t capacity = 0;
    for (;;) {
        if (*size == capacity && grow(data, &capacity))
            return ENOMEM;
        ssize_t n = read(fd, *data + *size, capacity - *size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        *size += (size_t)n;
        if (n == 0 || *size > most)
            return 0;
    }
}

static int read_file(const char *path, size_t most, char **data, size_t *size)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, most, data, size);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = read_all(fd, most, data, size);
    close(fd);
    return error;
}

static int read_plain(const char *path, size_t most, char **data, size_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno;
    int error = fstat(fd, &status)         ? errno
                : S_ISDIR(status.st_mode)  ? EISDIR
                : !S_ISREG(status.st_mode) ? ENODATA
                                           : read_all(fd, most, data, size);
    close(fd);
    return error;
}

void qetl_slurp_refuse(const char *path, int error, struct qetl_findings *findings)
{
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "unreadable_file", "cannot read this file: %s",
                         error == ENODATA ? "it is no plain file" : strerror(error));
    qetl_finding_at(finding, path, 0, 0, NULL);
    if (error == ENOENT)
        qetl_finding_mend(finding, "check the name; relative names begin at the current directory");
    else if (error == EISDIR)
        qetl_finding_mend(finding, "name a file in it");
    else if (error == EACCES)
        qetl_finding_mend(finding, "ask for permission to read it (ls -l shows who has it)");
    else if (error == EFBIG)
        qetl_finding_mend(finding, "look what it is: nothing that is read here is so large");
}

int qetl_slurp(const char *path, size_t most, char **data, size_t *size,
               struct qetl_findings *findings)
{
    *data = NULL;
    *size = 0;
    int error = read_file(path, most, data, size);
    if (error)
        qetl_slurp_refuse(path, error, findings);
    return error ? -1 : 0;
}

int qetl_slurp_file(const char *path, size_t most, char **data, size_t *size,
                    struct qetl_findings *findings)
{
    *data = NULL;
    *size = 0;
    int error = read_plain(path, most, data, size);
    if (error)
        qetl_slurp_refuse(path, error, findings);
    return error ? -1 : 0;
}
