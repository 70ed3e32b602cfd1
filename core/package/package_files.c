/* SPDX-License-Identifier: Apache-2.0 */
#include "package_files.h"

#include "limits.h"
#include "refuse.h"

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
        qetl_package_refuse(findings, folder, NULL, "unreadable_folder",
                            "this folder cannot be read: %s", strerror(errno));
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
