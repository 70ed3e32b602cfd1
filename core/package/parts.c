/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

#include "entry_name.h"
#include "package_limits.h"

#include "config/slurp.h"
#include "disk/refuse.h"
#include "trust/key_file.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void qetl_parts_clear(struct package_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        free((char *)parts->items[i].path);
        free((void *)parts->items[i].bytes);
    }
    free(parts->items);
    *parts = (struct package_parts){0};
}

int qetl_parts_add(struct package_parts *parts, const char *path, void *bytes, size_t size)
{
    struct package_part *items = reallocarray(parts->items, parts->count + 1, sizeof *items);
    char *copy = strdup(path);
    if (items)
        parts->items = items;
    if (!items || !copy) {
        free(copy);
        free(bytes);
        return -1;
    }
    items[parts->count++] = (struct package_part){copy, bytes, size};
    parts->bytes += size;
    return 0;
}

static int by_path(const void *one, const void *other)
{
    return strcmp(((const struct package_part *)one)->path,
                  ((const struct package_part *)other)->path);
}

void qetl_parts_sort(struct package_parts *parts)
{
    if (parts->count)
        qsort(parts->items, parts->count, sizeof *parts->items, by_path);
}

const struct package_part *qetl_parts_find(const struct package_parts *parts, const char *path)
{
    for (size_t i = 0; i < parts->count; i++)
        if (strcmp(parts->items[i].path, path) == 0)
            return &parts->items[i];
    return NULL;
}

static int refuse(const char *path, struct qetl_findings *findings, const char *code,
                  const char *message)
{
    qetl_refuse(findings, path, NULL, code, "%s", message);
    return -1;
}

/* A package is given away. */
static int is_secret(const char *name)
{
    size_t size = strlen(name), end = strlen(QETL_SECRET_SUFFIX);
    return size >= end && strcasecmp(name + size - end, QETL_SECRET_SUFFIX) == 0;
}

static int file_add(struct package_parts *parts, const char *path, const char *name,
                    struct qetl_findings *findings)
{
    char *bytes;
    size_t size;
    const char *fault = qetl_package_name_fault(name);
    if (fault) {
        qetl_finding_mend(qetl_refuse(findings, path, NULL, "package_entry",
                                      "it cannot be packed: its name %s", fault),
                          "rename it, or keep it out of the folder");
        return -1;
    }
    if (is_secret(name)) {
        qetl_finding_mend(qetl_refuse(findings, path, NULL, "package_secret",
                                      "it cannot be packed: it is a key that signs, and "
                                      "everybody would have it"),
                          "keep it out of the folder; qetl plugin pack FOLDER --key SECRET signs");
        return -1;
    }
    if (parts->count >= QETL_PACKAGE_FILES_MAX)
        return refuse(path, findings, "package_bomb", "a package has at most 10000 files");
    int bad = qetl_slurp(path, QETL_PACKAGE_FILE_MAX, &bytes, &size, findings);
    if (!bad && (size > QETL_PACKAGE_FILE_MAX || parts->bytes + size > QETL_PACKAGE_UNPACKED_MAX))
        bad = refuse(path, findings, "package_bomb",
                     "a file of a package has at most 512 MiB, all of them at most 1 GiB");
    if (bad) {
        free(bytes);
        return -1;
    }
    if (qetl_parts_add(parts, name, bytes, size) == 0)
        return 0;
    qetl_findings_no_memory(findings);
    return -1;
}

static int entry_add(struct package_parts *parts, const FTSENT *entry, size_t above,
                     struct qetl_findings *findings)
{
    switch (entry->fts_info) {
    case FTS_D:
    case FTS_DP:
        return 0;
    case FTS_F:
        return file_add(parts, entry->fts_path, entry->fts_path + above, findings);
    case FTS_SL:
    case FTS_SLNONE:
    case FTS_DEFAULT:
        qetl_finding_mend(qetl_refuse(findings, entry->fts_path, NULL, "package_entry",
                                      "it cannot be packed: packages have plain files, no "
                                      "links, devices or FIFOs"),
                          "put the file itself in its place");
        return -1;
    default:
        qetl_finding_mend_file(qetl_refuse(findings, entry->fts_path, NULL, "unreadable_file",
                                           "it cannot be packed: %s", strerror(entry->fts_errno)),
                               "ls -ld {} shows what it is, and who may read it", entry->fts_path);
        return -1;
    }
}

int qetl_parts_of_folder(struct package_parts *parts, const char *folder,
                         struct qetl_findings *findings)
{
    char *root = strdup(folder);
    size_t size = root ? strlen(root) : 0;
    while (size > 1 && root[size - 1] == '/')
        root[--size] = '\0';
    char *const paths[] = {root, NULL};
    FTS *walk = root ? fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
    int bad = walk ? 0 : -1;
    if (bad)
        qetl_findings_no_memory(findings);
    for (FTSENT *entry; !bad && (entry = fts_read(walk));)
        bad = entry_add(parts, entry, size + 1, findings);
    if (walk)
        fts_close(walk);
    free(root);
    qetl_parts_sort(parts);
    return bad ? -1 : 0;
}
