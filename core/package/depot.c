/* SPDX-License-Identifier: Apache-2.0 */
#include "depot.h"

#include "depot_list.h"
#include "durable.h"
#include "refuse.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- entries ---- */

static void entry_clear(struct depot_entry *entry)
{
    free(entry->name);
    free(entry->version);
    free(entry->since);
    free(entry->from);
}

static int entry_compare(const struct depot_entry *entry, const char *name, const char *version)
{
    int order = strcmp(entry->name, name);
    return order ? order : qetl_package_version_compare(entry->version, version);
}

struct depot_entry *qetl_depot_find(const struct depot *depot, const char *name,
                                    const char *version)
{
    for (size_t i = 0; i < depot->n_entries; i++) {
        struct depot_entry *entry = &depot->entries[i];
        if (strcmp(entry->name, name) == 0 &&
            (version ? strcmp(entry->version, version) == 0 : entry->active))
            return entry;
    }
    return NULL;
}

int qetl_depot_add(struct depot *depot, const char *name, const char *version, const char *digest,
                   bool is_unsigned)
{
    struct depot_entry *entries =
        reallocarray(depot->entries, depot->n_entries + 1, sizeof *entries);
    struct depot_entry entry = {
        .name = strdup(name), .version = strdup(version), .is_unsigned = is_unsigned};
    size_t at = 0;
    if (entries)
        depot->entries = entries;
    if (!entries || !entry.name || !entry.version) {
        entry_clear(&entry);
        return -1;
    }
    memcpy(entry.digest, digest, sizeof entry.digest);
    while (at < depot->n_entries && entry_compare(&entries[at], name, version) < 0)
        at++;
    memmove(&entries[at + 1], &entries[at], (depot->n_entries - at) * sizeof *entries);
    entries[at] = entry;
    depot->n_entries++;
    return 0;
}

int qetl_depot_tell(struct depot_entry *entry, const char *since, const char *from)
{
    char *copies[] = {since ? strdup(since) : NULL, from ? strdup(from) : NULL};
    free(entry->since);
    free(entry->from);
    entry->since = copies[0];
    entry->from = copies[1];
    return (since && !copies[0]) || (from && !copies[1]) ? -1 : 0;
}

void qetl_depot_drop(struct depot *depot, struct depot_entry *entry)
{
    size_t at = (size_t)(entry - depot->entries);
    entry_clear(entry);
    depot->n_entries--;
    memmove(entry, entry + 1, (depot->n_entries - at) * sizeof *entry);
}

/* ---- the folder ---- */

static int refuse(const struct depot *depot, struct qetl_findings *findings, const char *what,
                  int error)
{
    qetl_package_refuse(findings, depot->path, NULL, "cannot_write", "%s: %s", what,
                        strerror(error));
    return -1;
}

/* Whoever can write there decides what runs. */
static int check_safe(const struct depot *depot, struct qetl_findings *findings)
{
    struct stat status;
    if (fstat(depot->folder, &status) == 0 && !(status.st_mode & (S_IWGRP | S_IWOTH)) &&
        (status.st_uid == 0 || status.st_uid == geteuid()))
        return 0;
    qetl_finding_mend(qetl_package_refuse(findings, depot->path, NULL, "unsafe_packages",
                                          "others on this machine may change the packages that "
                                          "are installed here"),
                      "it must belong to you or to root: chmod go-w '%s'", depot->path);
    return -1;
}

static int depot_begin(struct depot *depot, const char *path, struct qetl_findings *findings)
{
    *depot = (struct depot){.path = strdup(path), .folder = -1, .lock = -1};
    if (depot->path)
        return 0;
    qetl_findings_no_memory(findings);
    return -1;
}

int qetl_depot_look(struct depot *depot, const char *path, struct qetl_findings *findings)
{
    if (depot_begin(depot, path, findings))
        return -1;
    depot->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (depot->folder < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (depot->folder < 0)
        return refuse(depot, findings, "the installed packages cannot be read", errno);
    return check_safe(depot, findings) || qetl_depot_list_read(depot, findings) ? -1 : 0;
}

static int lock_take(struct depot *depot)
{
    depot->lock = openat(depot->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (depot->lock < 0)
        return errno;
    while (flock(depot->lock, LOCK_EX))
        if (errno != EINTR)
            return errno;
    return 0;
}

static int folders_make(const struct depot *depot)
{
    static const char *const names[] = {"content", "unborn"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mkdirat(depot->folder, names[i], 0755) && errno != EEXIST)
            return errno;
    return fsync(depot->folder) ? errno : 0;
}

int qetl_depot_open(struct depot *depot, const char *path, struct qetl_findings *findings)
{
    if (depot_begin(depot, path, findings))
        return -1;
    int error = qetl_durable_folders(path, 0755);
    if (!error) {
        depot->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        error = depot->folder < 0 ? errno : 0;
    }
    if (error)
        return refuse(depot, findings, "packages cannot be installed here", error);
    if (check_safe(depot, findings))
        return -1;
    error = lock_take(depot);
    if (!error)
        error = folders_make(depot);
    if (error)
        return refuse(depot, findings, "packages cannot be installed here", error);
    if (qetl_depot_list_read(depot, findings))
        return -1;
    qetl_depot_sweep(depot);
    return 0;
}

int qetl_depot_commit(struct depot *depot, struct qetl_findings *findings)
{
    char *text = qetl_depot_list_write(depot), *path = NULL;
    if (!text || asprintf(&path, "%s/%s", depot->path, QETL_DEPOT_LIST) < 0) {
        free(text);
        qetl_findings_no_memory(findings);
        return -1;
    }
    int error = qetl_durable_write(path, text, strlen(text), 0644, true);
    free(path);
    free(text);
    return error
               ? refuse(depot, findings, "the list of installed packages cannot be written", error)
               : 0;
}

void qetl_depot_close(struct depot *depot)
{
    for (size_t i = 0; i < depot->n_entries; i++)
        entry_clear(&depot->entries[i]);
    free(depot->entries);
    if (depot->lock >= 0)
        close(depot->lock);
    if (depot->folder >= 0)
        close(depot->folder);
    free(depot->path);
    *depot = (struct depot){.folder = -1, .lock = -1};
}

/* A shared lock, which whoever would remove it has to wait for. It may be gone by the time that we
 * have it: then it has another name, or none. */
int qetl_depot_content(const struct depot *depot, const char *digest)
{
    char name[sizeof "content/" + QETL_DIGEST_TEXT];
    struct stat own, there;
    snprintf(name, sizeof name, "content/%s", digest);
    int fd = openat(depot->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    int error = flock(fd, LOCK_SH | LOCK_NB) ? errno : 0;
    if (!error && (fstat(fd, &own) || fstatat(depot->folder, name, &there, AT_SYMLINK_NOFOLLOW)))
        error = errno;
    if (!error && (own.st_dev != there.st_dev || own.st_ino != there.st_ino))
        error = ENOENT;
    if (!error)
        return fd;
    close(fd);
    errno = error;
    return -1;
}
