/* SPDX-License-Identifier: Apache-2.0 */
#include "lock_place.h"

#include "disk/refuse.h"
#include "plugin/beneath.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 64 }; /* more than any system follows */

static char *lock_of(const char *pipeline, struct qetl_findings *findings)
{
    char *path;
    if (asprintf(&path, "%s.lock", pipeline) >= 0)
        return path;
    qetl_findings_no_memory(findings);
    return NULL;
}

static bool is_same_file(const char *one, const char *other)
{
    struct stat a, b;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* A file that was removed since it was opened has a name no more. */
static char *real_of(const char *name)
{
    struct stat status;
    char *real = realpath(name, NULL);
    if (real && stat(real, &status) == 0 && S_ISREG(status.st_mode) && is_same_file(name, real))
        return real;
    free(real);
    return NULL;
}

static int refuse_two(const char *pipeline, const char *one, const char *other,
                      struct qetl_findings *findings)
{
    qetl_finding_mend(qetl_refuse(findings, pipeline, NULL, "lock_twice",
                                  "this is a link, and there are two locks: %s, and %s "
                                  "where it leads",
                                  one, other),
                      "keep the one that is meant");
    return -1;
}

/* Where one link leads, from the folder that it is in. NULL with errno; EINVAL: it is none. */
static char *link_follow(const char *name)
{
    char target[PATH_MAX], *next = NULL;
    const char *slash = strrchr(name, '/');
    ssize_t size = readlink(name, target, sizeof target);
    if (size < 0)
        return NULL;
    int prefix = slash && *target != '/' ? (int)(slash - name + 1) : 0;
    return asprintf(&next, "%.*s%.*s", prefix, name, (int)size, target) < 0 ? NULL : next;
}

/* The lock beside `name` joins those of the names before it. */
static int lock_join(const char *pipeline, const char *name, char **path,
                     struct qetl_findings *findings)
{
    char *lock = lock_of(name, findings);
    int bad = lock ? 0 : -1;
    if (!bad && qetl_is_there(lock)) {
        if (!*path) {
            *path = lock;
            return 0;
        }
        if (!is_same_file(*path, lock))
            bad = refuse_two(pipeline, *path, lock, findings);
    }
    free(lock);
    return bad;
}

/* Of a link: beside itself, beside any that it leads to, or where they end; if there is none, it
 * would be there. */
static int linked(const char *pipeline, const char *real, char **path,
                  struct qetl_findings *findings)
{
    char *name = strdup(pipeline), *next;
    int bad = 0;
    for (int i = 0; !bad && name && i < LINKS_MAX && (next = link_follow(name)); i++) {
        bad = lock_join(pipeline, name, path, findings);
        free(name);
        name = next;
    }
    if (!name) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    free(name);
    bad = bad || lock_join(pipeline, real, path, findings);
    if (!bad && !*path)
        bad = !(*path = lock_of(real, findings));
    if (bad) {
        free(*path);
        *path = NULL;
    }
    return bad ? -1 : 0;
}

int qetl_lock_place(const char *pipeline, char **path, struct qetl_findings *findings)
{
    const char *name = strcmp(pipeline, "-") == 0 ? "/dev/stdin" : pipeline;
    struct stat status;
    *path = NULL;
    if (lstat(name, &status) || S_ISREG(status.st_mode)) {
        *path = lock_of(pipeline, findings);
        return *path ? 0 : -1;
    }
    char *real = real_of(name);
    int bad = real ? linked(name, real, path, findings) : 0;
    free(real);
    return bad;
}
