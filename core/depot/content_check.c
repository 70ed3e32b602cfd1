/* SPDX-License-Identifier: Apache-2.0 */
#include "content_check.h"

#include "content_fault.h"

#include "package/package_limits.h"
#include "plugin/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 << 10, DEPTH_MAX = QETL_PACKAGE_PATH_MAX };

struct check {
    const struct depot *depot;
    const struct depot_entry *entry;
    const struct package_contents *contents; /* NULL: not yet read */
    struct qetl_findings *findings;
};

/* path NULL: it is about the package as a whole. */
static void tell(const struct check *check, const char *path, const char *what)
{
    qetl_content_refuse(check->depot, check->entry, path, what, check->findings);
}

/* ---- files ---- */

/* What is wrong with it, or NULL. */
static const char *file_judge(int fd, const struct package_file *file)
{
    uint8_t piece[PIECE], digest[QETL_SHA256];
    struct sha256_ctx sha256;
    uint64_t size = 0;
    ssize_t n = 0;
    sha256_init(&sha256);
    while (size <= file->size && (n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno != EINTR)
            return "cannot be read";
        if (n < 0)
            continue;
        sha256_update(&sha256, (size_t)n, piece);
        size += (uint64_t)n;
    }
    sha256_digest(&sha256, sizeof digest, digest);
    return size == file->size && memcmp(digest, file->sha256, sizeof digest) == 0 ? NULL
                                                                                  : "was changed";
}

static void files_check(const struct check *check, int folder)
{
    for (size_t i = 0; i < check->contents->n_files; i++) {
        const struct package_file *file = &check->contents->files[i];
        int fd, error = qetl_beneath_file(folder, file->path, &fd);
        const char *fault = error ? NULL : file_judge(fd, file);
        if (fd >= 0)
            close(fd);
        if (error)
            qetl_content_refuse_error(check->depot, check->entry, file->path, error,
                                      check->findings);
        else if (fault)
            tell(check, file->path, fault);
    }
}

/* ---- what else is there ---- */

static int is_own(const struct check *check, const char *path)
{
    return strcmp(path, QETL_PACKAGE_CONTENTS) == 0 ||
           qetl_package_contents_find(check->contents, path);
}

/* The folder's descriptor is closed. */
static void others_check(const struct check *check, int folder, const char *above, int depth)
{
    struct stat status;
    DIR *all = folder < 0 ? NULL : fdopendir(folder);
    if (!all && folder >= 0)
        close(folder);
    if (!all || depth > DEPTH_MAX) {
        tell(check, *above ? above : ".", "cannot be read");
        if (all)
            closedir(all);
        return;
    }
    if (fstat(folder, &status) || !qetl_is_safe(&status))
        tell(check, *above ? above : ".", "may be changed by others on this machine");
    for (struct dirent *entry; (entry = readdir(all));) {
        char *path = NULL;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (asprintf(&path, "%s%s%s", above, *above ? "/" : "", entry->d_name) < 0) {
            qetl_findings_no_memory(check->findings);
            break;
        }
        int bad = fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW);
        if (!bad && S_ISDIR(status.st_mode))
            others_check(
                check,
                openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
                path, depth + 1);
        else if (!bad && !is_own(check, path))
            tell(check, path, "is none of its files");
        free(path);
    }
    closedir(all);
}

/* ---- the list ---- */

static struct package_contents *list_read(const struct check *check, int folder)
{
    uint8_t digest[QETL_SHA256];
    char hex[QETL_DIGEST_TEXT], *list;
    struct package_contents *contents = NULL;
    size_t size;
    int error =
        qetl_beneath_slurp(folder, QETL_PACKAGE_CONTENTS, QETL_PACKAGE_CONTENTS_MAX, &list, &size);
    if (error) {
        qetl_content_refuse_error(check->depot, check->entry, QETL_PACKAGE_CONTENTS, error,
                                  check->findings);
        return NULL;
    }
    qetl_package_digest(list, size, digest);
    for (int i = 0; i < QETL_SHA256; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    if (strcmp(hex, check->entry->digest) != 0)
        tell(check, NULL, "its list of files was changed");
    else
        contents = qetl_package_contents_read(list, size, check->depot->path, check->findings);
    free(list);
    return contents;
}

static int content_open(const struct check *check)
{
    char path[sizeof "content/" + QETL_DIGEST_TEXT];
    int folder;
    snprintf(path, sizeof path, "content/%s", check->entry->digest);
    int error = qetl_beneath_folder(check->depot->folder, path, &folder);
    if (error)
        qetl_content_refuse_error(check->depot, check->entry, NULL, error, check->findings);
    return folder;
}

int qetl_content_check(const struct depot *depot, const struct depot_entry *entry,
                       struct qetl_findings *findings)
{
    struct check check = {.depot = depot, .entry = entry, .findings = findings};
    size_t before = findings->errors;
    int folder = content_open(&check);
    if (folder < 0)
        return -1;
    struct package_contents *contents = list_read(&check, folder);
    check.contents = contents;
    if (contents) {
        files_check(&check, folder);
        others_check(&check, openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "", 0);
    }
    qetl_package_contents_free(contents);
    close(folder);
    return findings->errors > before ? -1 : 0;
}
