/* SPDX-License-Identifier: Apache-2.0 */
#include "safe_file.h"

#include "refuse.h"

#include "config/slurp.h"
#include "plugin/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* as many as the system follows */

static void refuse_unsafe(const char *path, const char *what, struct qetl_findings *findings)
{
    qetl_finding_mend_file(qetl_refuse(findings, path, NULL, "unsafe_file",
                                       "others on this machine may change %s", what),
                           "it must belong to you or to root: chmod go-w {}", path);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

/* 1: it led on, and *path is where to; 0: it is no link; -1 without memory. */
static int link_follow(char **path, const char *folder)
{
    char target[PATH_MAX], *next = NULL;
    ssize_t size = readlink(*path, target, sizeof target - 1);
    if (size <= 0)
        return 0;
    target[size] = '\0';
    if (*target == '/')
        next = strdup(target);
    else if (asprintf(&next, "%s/%s", folder, target) < 0)
        next = NULL;
    free(*path);
    *path = next;
    return next ? 1 : -1;
}

/* What cannot be had is told by who reads. */
int qetl_safe_folder_check(const char *path, const char *what, struct qetl_findings *findings)
{
    char *at = strdup(path);
    int bad = at ? 0 : -1, leads = 1;
    for (int links = 0; !bad && leads && links <= LINKS_MAX; links++) {
        struct stat status;
        char *folder = folder_of(at);
        if (folder && stat(folder, &status) == 0 && !qetl_is_safe(&status)) {
            refuse_unsafe(folder, what, findings);
            bad = 1;
        } else
            leads = folder ? link_follow(&at, folder) : -1;
        bad = leads < 0 ? -1 : bad;
        free(folder);
    }
    if (bad < 0)
        qetl_findings_no_memory(findings);
    free(at);
    return bad ? -1 : 0;
}

int qetl_safe_slurp(const char *path, size_t most, const char *what, char **bytes, size_t *size,
                    struct qetl_findings *findings)
{
    struct stat status;
    *bytes = NULL;
    *size = 0;
    if (qetl_safe_folder_check(path, what, findings))
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int error = fd < 0 || fstat(fd, &status) ? errno : !S_ISREG(status.st_mode) ? ENODATA : 0;
    bool is_safe = error || qetl_is_safe(&status);
    if (!error && is_safe)
        error = qetl_read_whole(fd, most, bytes, size);
    if (fd >= 0)
        close(fd);
    if (error)
        qetl_slurp_refuse(path, error, findings);
    if (!is_safe)
        refuse_unsafe(path, what, findings);
    return error || !is_safe ? -1 : 0;
}
