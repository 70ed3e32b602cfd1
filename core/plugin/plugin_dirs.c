/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin_dirs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct list {
    char **dirs; /* always ended by NULL, once there is one */
    struct stat *seen;
    size_t count;
};

static int list_has(const struct list *list, const struct stat *status)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->seen[i].st_dev == status->st_dev && list->seen[i].st_ino == status->st_ino)
            return 1;
    return 0;
}

static int list_grow(struct list *list)
{
    char **dirs = reallocarray(list->dirs, list->count + 2, sizeof *dirs);
    if (dirs)
        list->dirs = dirs;
    struct stat *seen = reallocarray(list->seen, list->count + 1, sizeof *seen);
    if (seen)
        list->seen = seen;
    if (dirs)
        dirs[list->count] = NULL;
    return dirs && seen ? 0 : -1;
}

/* Takes dir over. 1: it does not exist; -1 without memory. */
static int list_add(struct list *list, char *dir)
{
    struct stat status = {0};
    int answer = 0, fault = 0;
    if (!dir || list_grow(list))
        answer = -1;
    else if (stat(dir, &status) && ((fault = errno) == ENOENT || fault == ENOTDIR))
        answer = 1;
    else if (fault || !list_has(list, &status)) { /* who reads it tells the fault */
        list->seen[list->count] = status;
        list->dirs[list->count++] = dir;
        list->dirs[list->count] = NULL;
        return 0;
    }
    free(dir);
    return answer;
}

static int add_given(struct list *list, const char *dir, struct qetl_findings *findings)
{
    struct stat status;
    bool file = !stat(dir, &status) && !S_ISDIR(status.st_mode);
    int answer = file ? 1 : list_add(list, strdup(dir));
    if (answer <= 0)
        return answer;
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "missing_plugin_dir",
                         file ? "`%s` is no directory" : "there is no directory `%s`", dir);
    qetl_finding_at(finding, "--plugin-dir", 0, 0, NULL);
    qetl_finding_mend(finding,
                      "check the name; the directory is the one that holds NAME.qetl.json");
    qetl_finding_environment(finding);
    return 0;
}

static int add_path(struct list *list, const char *path)
{
    int answer = 0;
    while (path && answer >= 0 && *path) {
        size_t size = strcspn(path, ":");
        if (size > 0)
            answer = list_add(list, strndup(path, size));
        path += size + (path[size] == ':');
    }
    return answer < 0 ? -1 : 0;
}

char **qetl_plugin_dirs_new(const char *const *given, const char *path, const char *installed,
                            struct qetl_findings *findings)
{
    struct list list = {0};
    int bad = list_grow(&list);
    for (; !bad && given && *given; given++)
        bad = add_given(&list, *given, findings);
    if (!bad)
        bad = add_path(&list, path);
    if (!bad && installed)
        bad = list_add(&list, strdup(installed)) < 0;
    free(list.seen);
    if (!bad)
        return list.dirs;
    qetl_findings_no_memory(findings);
    qetl_plugin_dirs_free(list.dirs);
    return NULL;
}

void qetl_plugin_dirs_free(char **dirs)
{
    for (size_t i = 0; dirs && dirs[i]; i++)
        free(dirs[i]);
    free(dirs);
}
