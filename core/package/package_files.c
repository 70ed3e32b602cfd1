/* SPDX-License-Identifier: Apache-2.0 */
#include "package_files.h"

#include "package.h"
#include "package_limits.h"
#include "version.h"

#include "disk/refuse.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_package(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name), suffix = strlen(QETL_PACKAGE_SUFFIX);
    return entry->d_name[0] != '.' && size > suffix &&
           strcmp(entry->d_name + size - suffix, QETL_PACKAGE_SUFFIX) == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

void qetl_package_files_free(struct package_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    free(files->paths);
    *files = (struct package_files){0};
}

int qetl_package_files_list(struct package_files *files, const char *folder,
                            struct qetl_findings *findings)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_package, by_bytes), bad = 0;
    *files = (struct package_files){0};
    if (n < 0) {
        qetl_finding_mend_file(qetl_refuse(findings, folder, NULL, "unreadable_folder",
                                           "this folder cannot be read: %s", strerror(errno)),
                               "ls -ld {} shows what it is, and who may read it", folder);
        return -1;
    }
    files->paths = calloc((size_t)n + 1, sizeof *files->paths);
    for (int i = 0; i < n; i++) {
        bad |= !files->paths ||
               asprintf(&files->paths[files->count], "%s/%s", folder, entries[i]->d_name) < 0;
        if (!bad)
            files->count++;
        free(entries[i]);
    }
    free(entries);
    if (!bad && files->paths)
        return 0;
    qetl_findings_no_memory(findings);
    qetl_package_files_free(files);
    return -1;
}

/* ---- in the order of versions ---- */

struct named {
    char *path, *name, *version;
};

static int by_version(const void *one, const void *other)
{
    const struct named *a = one, *b = other;
    int order = strcmp(a->name, b->name);
    order = order ? order : qetl_package_version_compare(a->version, b->version);
    return order ? order : strcmp(a->path, b->path);
}

static int named_read(struct named *named, char *path, struct qetl_findings *findings)
{
    struct package *package = qetl_package_open(path, findings);
    if (!package)
        return -1;
    *named =
        (struct named){path, strdup(package->contents->name), strdup(package->contents->version)};
    qetl_package_free(package);
    if (named->name && named->version)
        return 0;
    qetl_findings_no_memory(findings);
    return -1;
}

int qetl_package_files_order(struct package_files *files, struct qetl_findings *findings)
{
    struct named *named = calloc(files->count + 1, sizeof *named);
    int bad = 0;
    if (!named) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    for (size_t i = 0; !bad && i < files->count; i++)
        bad = named_read(&named[i], files->paths[i], findings);
    if (!bad)
        qsort(named, files->count, sizeof *named, by_version);
    for (size_t i = 0; i < files->count; i++) {
        if (!bad)
            files->paths[i] = named[i].path;
        free(named[i].name);
        free(named[i].version);
    }
    free(named);
    return bad;
}
