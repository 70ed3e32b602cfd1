/* SPDX-License-Identifier: Apache-2.0 */
#include "depot.h"

#include "depot_list.h"

#include "disk/alone.h"
#include "disk/durable.h"
#include "disk/refuse.h"
#include "disk/unwritable.h"
#include "package/version.h"
#include "plugin/beneath.h"
#include "plugin/unreadable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ATTEMPTS = 5 };

static const char cannot[] = "packages cannot be installed here";

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

int qetl_depot_add(struct depot *depot, const char *name, const char *version, const char *digest)
{
    struct depot_entry *entries =
        reallocarray(depot->entries, depot->n_entries + 1, sizeof *entries);
    struct depot_entry entry = {.name = strdup(name), .version = strdup(version)};
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

void qetl_depot_sign(struct depot_entry *entry, const struct package_signature *signature)
{
    entry->is_signed = signature != NULL;
    entry->signature = signature ? *signature : (struct package_signature){0};
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

static int refuse_write(const struct depot *depot, struct qetl_findings *findings, const char *what,
                        int error)
{
    qetl_refuse_write(findings, depot->path, error, "%s", what);
    return -1;
}

int qetl_depot_refuse_read(const struct depot *depot, struct qetl_findings *findings,
                           const char *what, int error)
{
    qetl_finding_mend(qetl_refuse(findings, depot->path, NULL, "cannot_read",
                                  "%s cannot be read: %s", what, strerror(error)),
                      "%s", qetl_unreadable_mend(error));
    return -1;
}

/* Whoever can write there decides what runs. */
void qetl_depot_refuse_unsafe(const struct depot *depot, const char *name,
                              struct qetl_findings *findings)
{
    char *path = NULL;
    if (name && asprintf(&path, "%s/%s", depot->path, name) < 0)
        path = NULL;
    const char *file = path ? path : depot->path;
    qetl_finding_mend_file(qetl_refuse(findings, file, NULL, "unsafe_packages",
                                       "others on this machine may change the packages "
                                       "that are installed here"),
                           "it must belong to you or to root: chmod go-w {}", file);
    free(path);
}

static int depot_begin(struct depot *depot, const char *path, struct qetl_findings *findings)
{
    *depot = (struct depot){.path = strdup(path), .folder = -1, .lock = -1, .list = -1};
    if (depot->path)
        return 0;
    qetl_findings_no_memory(findings);
    return -1;
}

static int check_safe(const struct depot *depot, struct qetl_findings *findings)
{
    struct stat status;
    if (fstat(depot->folder, &status) == 0 && qetl_is_safe(&status))
        return 0;
    qetl_depot_refuse_unsafe(depot, NULL, findings);
    return -1;
}

/* Without, a removal under a run is noticed by what is missing then. */
static void tell_unlocked(const struct depot *depot, int error, struct qetl_findings *findings)
{
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_WARNING, "packages_unlocked",
                         "packages may be removed while they are in use, as the file `%s`, which "
                         "those that read them lock, %s",
                         QETL_SHELF_USERS,
                         error == ENOENT   ? "is missing"
                         : error == EPERM  ? "may be changed by others on this machine"
                         : error == EACCES ? "cannot be read: Permission denied"
                                           : "is no plain file that can be read");
    qetl_finding_at(finding, depot->path, 0, 0, NULL);
    qetl_finding_mend_file(finding,
                           "whoever owns it: qetl plugin install, upgrade or remove makes it anew, "
                           "or chmod 644 {}/" QETL_SHELF_USERS,
                           depot->path);
}

static int shelf_open(struct depot *depot, struct qetl_findings *findings)
{
    int locks, error = qetl_shelf_open(depot->folder, &depot->shelf, &locks);
    if (!error && locks)
        tell_unlocked(depot, locks, findings);
    if (error == EPERM)
        qetl_depot_refuse_unsafe(depot, "content", findings);
    else if (error && error != ENOENT)
        qetl_depot_refuse_read(depot, findings, "the installed packages", error);
    return error && error != ENOENT ? -1 : 0;
}

/* Whoever changes the list looks for locks behind that: so either the list is still the one that
 * was read, or it has to be read again. */
static bool list_is_current(const struct depot *depot)
{
    struct stat own, there;
    if (depot->list < 0)
        return true;
    return fstat(depot->list, &own) == 0 &&
           fstatat(depot->folder, QETL_DEPOT_LIST, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

/* 1: it changed in the meantime. */
static int depot_look(struct depot *depot, const char *path, struct qetl_findings *findings)
{
    if (depot_begin(depot, path, findings))
        return -1;
    depot->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = depot->folder < 0 ? errno : 0;
    if (error && !qetl_is_there(path))
        return 0;
    if (error)
        return qetl_depot_refuse_read(depot, findings, "the installed packages", error);
    if (check_safe(depot, findings) || shelf_open(depot, findings) ||
        qetl_depot_list_read(depot, findings))
        return -1;
    for (size_t i = 0; depot->shelf && i < depot->n_entries; i++)
        qetl_shelf_use(depot->shelf, depot->entries[i].digest);
    return list_is_current(depot) ? 0 : 1;
}

int qetl_depot_look(struct depot *depot, const char *path, struct qetl_findings *findings)
{
    int answer = depot_look(depot, path, findings);
    for (int attempt = 1; answer > 0 && attempt < ATTEMPTS; attempt++) {
        qetl_depot_close(depot);
        answer = depot_look(depot, path, findings);
    }
    return answer < 0 ? -1 : 0;
}

static int users_open(const struct depot *depot, struct stat *status)
{
    int fd = openat(depot->folder, QETL_SHELF_USERS,
                    O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    if (fd >= 0 && fstat(fd, status)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* That others may read it, and no more, is what keeps them from being in each other's way. What is
 * not so, or is no file, is made anew: whoever locked it is not heard any more. */
static int users_make(const struct depot *depot)
{
    struct stat status;
    int fd = users_open(depot, &status);
    if (fd >= 0 && S_ISREG(status.st_mode) && (status.st_mode & 0777) != 0644)
        fchmod(fd, 0644);
    if (fd < 0 || fstat(fd, &status) || !S_ISREG(status.st_mode) || !qetl_is_safe(&status)) {
        if (fd >= 0)
            close(fd);
        if (unlinkat(depot->folder, QETL_SHELF_USERS, 0) && errno != ENOENT)
            return errno;
        fd = users_open(depot, &status);
    }
    if (fd < 0)
        return errno;
    int error = fchmod(fd, 0644) ? errno : 0; /* whatever the umask is */
    close(fd);
    return error;
}

static int folder_make(const struct depot *depot, const char *name)
{
    int fd;
    if (mkdirat(depot->folder, name, 0755) && errno != EEXIST)
        return errno;
    int error = qetl_beneath_folder(depot->folder, name, &fd);
    if (fd >= 0)
        close(fd);
    return error;
}

static int folders_make(const struct depot *depot, struct qetl_findings *findings)
{
    static const char *const names[] = {"content", "unborn"};
    int error = 0;
    for (size_t i = 0; !error && i < sizeof names / sizeof *names; i++) {
        error = folder_make(depot, names[i]);
        if (error == EPERM) {
            qetl_depot_refuse_unsafe(depot, names[i], findings);
            return -1;
        }
    }
    if (!error)
        error = users_make(depot);
    if (!error && fsync(depot->folder))
        error = errno;
    return error ? refuse_write(depot, findings, cannot, error) : 0;
}

static int depot_lock(struct depot *depot, struct qetl_findings *findings)
{
    const struct alone_place place = {depot->folder, depot->path, "lock", "packages",
                                      "packages_locked"};
    depot->lock = qetl_alone_begin(&place, findings);
    return depot->lock < 0 ? -1 : 0;
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
        return refuse_write(depot, findings, cannot, error);
    if (check_safe(depot, findings) || depot_lock(depot, findings))
        return -1;
    if (folders_make(depot, findings) || qetl_depot_list_read(depot, findings))
        return -1;
    qetl_depot_sweep(depot);
    return 0;
}

int qetl_depot_commit(struct depot *depot, struct qetl_findings *findings)
{
    char *text = qetl_depot_list_write(depot);
    if (!text) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    int error =
        qetl_durable_write_in(depot->folder, QETL_DEPOT_LIST, text, strlen(text), 0644, true);
    free(text);
    return error ? refuse_write(depot, findings, "the list of installed packages cannot be written",
                                error)
                 : 0;
}

void qetl_depot_close(struct depot *depot)
{
    const int fds[] = {depot->list, depot->lock, depot->folder};
    for (size_t i = 0; i < depot->n_entries; i++)
        entry_clear(&depot->entries[i]);
    free(depot->entries);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    qetl_shelf_release(depot->shelf);
    free(depot->path);
    *depot = (struct depot)QETL_DEPOT_CLOSED;
}
