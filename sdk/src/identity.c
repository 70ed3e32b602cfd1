/* SPDX-License-Identifier: Apache-2.0 */
/* Which file a name or a descriptor stands for, whatever else it is called. */
#include <qetl/sdk.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

bool qetl_identity_of_path(const char *path, char *out, size_t size)
{
    struct stat st;
    *out = '\0';
    if (stat(path, &st) == 0) {
        if (S_ISREG(st.st_mode))
            write_identity(&st, "", out, size);
        return *out != '\0';
    }
    char *copy = strdup(path);
    if (copy)
        new_identity(copy, out, size);
    free(copy);
    return *out != '\0';
}
