/* SPDX-License-Identifier: Apache-2.0 */
#include "contents_check.h"

#include "entry_name.h"
#include "package_limits.h"
#include "version.h"

#include "disk/refuse.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64, WORD_MAX_BYTES = 48 };

static int is_small(char c)
{
    return c >= 'a' && c <= 'z';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* As the ids of plugins in their manifests. */
int qetl_package_is_name(const char *text)
{
    if (!is_small(*text) || strlen(text) > NAME_MAX_BYTES)
        return 0;
    for (; *text; text++)
        if (!is_small(*text) && !is_digit(*text) && *text != '_' && *text != '-')
            return 0;
    return 1;
}

/* "linux-x86_64-glibc" */
static int is_platform(const char *text)
{
    int hyphens = 0;
    if (!is_small(*text) || strlen(text) > WORD_MAX_BYTES)
        return 0;
    for (; *text; text++) {
        if (!is_small(*text) && !is_digit(*text) && *text != '_' && *text != '-')
            return 0;
        hyphens += *text == '-';
    }
    return hyphens == 2;
}

/* "1.0": numbers of at most four digits. */
static int is_pair(const char *text)
{
    for (int part = 0; part < 2; part++) {
        size_t size = strspn(text, "0123456789");
        if (size == 0 || size > 4 || (part == 0 && text[size] != '.'))
            return 0;
        text += size + (part == 0);
    }
    return !*text;
}

static int refuse(const char *file, struct qetl_findings *findings, const char *what,
                  const char *value)
{
    qetl_refuse(findings, file, QETL_PACKAGE_CONTENTS, "package_contents",
                "its list of files says %s `%.80s`, which is none", what, value);
    return -1;
}

const char *qetl_package_words_fault(const struct package_contents *contents, const char **value)
{
    if (!qetl_package_is_name(*value = contents->name))
        return "the name";
    if (!qetl_package_is_version(*value = contents->version))
        return "the version";
    if (!is_platform(*value = contents->platform))
        return "the platform";
    if (*contents->libc && !is_pair(*value = contents->libc))
        return "the version of libc";
    if (!is_pair(*value = contents->abi_min) || !is_pair(*value = contents->abi_max))
        return "the ABI";
    return NULL;
}

static int check_words(const struct package_contents *contents, const char *file,
                       struct qetl_findings *findings)
{
    const char *value, *fault = qetl_package_words_fault(contents, &value);
    return fault ? refuse(file, findings, fault, value) : 0;
}

static int refuse_name(const char *file, const char *path, struct qetl_findings *findings,
                       const char *message)
{
    qetl_refuse(findings, file, path, "package_entry", "the name `%.200s` in the package %s", path,
                message);
    return -1;
}

static int is_reserved(const char *path)
{
    return qetl_package_name_compare(path, QETL_PACKAGE_CONTENTS) == 0 ||
           qetl_package_name_compare(path, QETL_PACKAGE_SIGNATURE) == 0;
}

static int check_each(const struct package_contents *contents, const char *file,
                      struct qetl_findings *findings)
{
    uint64_t total = 0;
    for (size_t i = 0; i < contents->n_files; i++) {
        const char *path = contents->files[i].path;
        const char *fault = qetl_package_name_fault(path);
        int order = i ? strcmp(contents->files[i - 1].path, path) : -1;
        if (fault)
            return refuse_name(file, path, findings, fault);
        if (is_reserved(path))
            return refuse_name(file, path, findings, "is one of its own");
        if (order == 0)
            return refuse_name(file, path, findings, "stands there twice");
        if (order > 0)
            return refuse_name(file, path, findings, "is not in its order");
        total += contents->files[i].size;
    }
    if (total <= QETL_PACKAGE_UNPACKED_MAX)
        return 0;
    qetl_refuse(findings, file, NULL, "package_bomb", "its files have more than 1 GiB");
    return -1;
}

static int by_folded(const void *one, const void *other)
{
    return qetl_package_name_compare(*(char *const *)one, *(char *const *)other);
}

/* A path that is a folder of another one, where case does not matter either. */
static int is_folder_of(char *const *sorted, size_t count, const char *path)
{
    char folder[QETL_PACKAGE_PATH_MAX + 1];
    const char *key = folder;
    for (size_t size = 0; path[size]; size++) {
        if (path[size] != '/')
            continue;
        memcpy(folder, path, size);
        folder[size] = '\0';
        if (bsearch(&key, sorted, count, sizeof *sorted, by_folded))
            return 1;
    }
    return 0;
}

/* Folders count too: Docs/a and docs/b are in one folder or in two, as the file system likes. */
static int folders_differ(const char *one, const char *other)
{
    size_t size = 0, folder = 0;
    for (; one[size] && other[size]; size++) {
        char both[2][2] = {{one[size]}, {other[size]}};
        if (qetl_package_name_compare(both[0], both[1]) != 0)
            break;
        if (one[size] == '/')
            folder = size;
    }
    return folder && memcmp(one, other, folder) != 0;
}

static int check_collisions(const struct package_contents *contents, const char *file,
                            struct qetl_findings *findings)
{
    char **sorted = malloc(contents->n_files * sizeof *sorted);
    int bad = !sorted;
    if (bad)
        qetl_findings_no_memory(findings);
    for (size_t i = 0; !bad && i < contents->n_files; i++)
        sorted[i] = contents->files[i].path;
    if (!bad)
        qsort(sorted, contents->n_files, sizeof *sorted, by_folded);
    for (size_t i = 0; !bad && i < contents->n_files; i++) {
        const char *other = i ? sorted[i - 1] : NULL;
        if (other && (by_folded(&other, &sorted[i]) == 0 || folders_differ(other, sorted[i])))
            bad = refuse_name(file, sorted[i], findings,
                              "differs from another one in nothing but upper and lower case");
        else if (is_folder_of(sorted, contents->n_files, sorted[i]))
            bad = refuse_name(file, sorted[i], findings, "lies in a folder that is a file");
    }
    free(sorted);
    return bad ? -1 : 0;
}

static int check_library(const struct package_contents *contents, const char *file,
                         struct qetl_findings *findings)
{
    const char *library = contents->library;
    size_t size = strlen(library);
    if (size <= 3 || strcmp(library + size - 3, ".so") != 0 || strchr(library, '/'))
        return refuse(file, findings, "the library", library);
    if (!qetl_package_contents_find(contents, library))
        return refuse(file, findings, "the library", library);
    if (!qetl_package_contents_find(contents, contents->manifest))
        return refuse(file, findings, "the manifest", contents->manifest);
    return 0;
}

int qetl_package_contents_check(const struct package_contents *contents, const char *file,
                                struct qetl_findings *findings)
{
    return check_words(contents, file, findings) || check_each(contents, file, findings) ||
                   check_collisions(contents, file, findings) ||
                   check_library(contents, file, findings)
               ? -1
               : 0;
}
