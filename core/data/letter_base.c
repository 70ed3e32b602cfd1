/* SPDX-License-Identifier: Apache-2.0 */
/* From which number on the lines of a letter file are not decided, as a small file beside it. */
#include "letter_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *base_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    char *base;
    return asprintf(&base, "%.*s.%s.from", folder, path, path + folder) < 0 ? NULL : base;
}

int64_t qetl_letter_base_read(const char *path)
{
    char *base = base_path(path);
    FILE *in = base ? fopen(base, "re") : NULL;
    long long from = -1;
    if (in && (fscanf(in, "%lld", &from) != 1 || from < 0))
        from = -1; /* torn: it was never durable, and nothing was written behind it */
    if (in)
        fclose(in);
    free(base);
    return from;
}

int qetl_letter_base_write(const char *path, int64_t from)
{
    char *base = base_path(path), text[32];
    int size = snprintf(text, sizeof text, "%lld\n", (long long)from);
    int fd = base ? open(base, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    int error = !base ? ENOMEM : fd < 0 ? errno : 0;
    if (!error && (write(fd, text, (size_t)size) != size || fsync(fd)))
        error = errno ? errno : EIO;
    if (fd >= 0)
        close(fd);
    if (!error)
        error = qetl_letter_folder_sync(base);
    free(base);
    return error;
}

int qetl_letter_base_remove(const char *path)
{
    char *base = base_path(path);
    int error = !base ? ENOMEM : unlink(base) && errno != ENOENT ? errno : 0;
    free(base);
    return error;
}
