/* SPDX-License-Identifier: Apache-2.0 */
/* Which file a name or a descriptor stands for, whatever else it is called. */
#include <qetl/sdk.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_identity(const struct stat *st, const char *rest, char *out, size_t size)
{
    snprintf(out, size, "%llx:%llx%s", (unsigned long long)st->st_dev,
             (unsigned long long)st->st_ino, rest);
}

bool qetl_identity_of_descriptor(int fd, char *out, size_t size)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    write_identity(&st, "", out, size);
    return true;
}

/* The nearest folder that exists, and what follows it. Cuts path there. */
static void new_identity(char *path, char *out, size_t size)
{
    struct stat st;
    char rest[4096] = "", longer[4096];
    for (;;) {
        char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        if (*name && strcmp(name, ".") != 0 &&
            (size_t)snprintf(longer, sizeof longer, "/%s%s", name, rest) < sizeof longer)
            strcpy(rest, longer);
        const char *folder = !slash ? "." : slash == path ? "/" : path;
        if (slash)
            *slash = '\0';
        if (!slash || slash == path || stat(folder, &st) == 0) {
            if (stat(folder, &st) == 0)
                write_identity(&st, rest, out, size);
            return;
        }
    }
}

/* What a link that leads to nothing would make: its target, in a new text; NULL: it is no link. */
static char *link_target(const char *path)
{
    char target[4096], *whole;
    ssize_t size = readlink(path, target, sizeof target - 1);
    const char *slash = strrchr(path, '/');
    if (size <= 0)
        return NULL;
    target[size] = '\0';
    int folder = *target == '/' || !slash ? 0 : (int)(slash + 1 - path);
    return asprintf(&whole, "%.*s%s", folder, path, target) < 0 ? NULL : whole;
}

bool qetl_identity_of_path(const char *path, char *out, size_t size)
{
    struct stat st;
    *out = '\0';
    if (stat(path, &st) == 0) {
        if (S_ISREG(st.st_mode))
            write_identity(&st, "", out, size);
        return *out != '\0';
    }
    char *copy = strdup(path), *target;
    for (int links = 0; copy && links < 40 && (target = link_target(copy)); links++) {
        free(copy);
        copy = target;
    }
    if (copy)
        new_identity(copy, out, size);
    free(copy);
    return *out != '\0';
}
