/* SPDX-License-Identifier: Apache-2.0 */
#include "index_make.h"

#include "config/slurp.h"
#include "disk/durable.h"
#include "disk/refuse.h"
#include "disk/unwritable.h"
#include "package/package.h"
#include "package/package_files.h"
#include "package/package_limits.h"
#include "package/plugin_check.h"
#include "plugin/manifest.h"

#include <qetl/plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- a package ---- */

static int words_take(struct index_package *to, const struct package_contents *from)
{
    to->is.name = strdup(from->name);
    to->is.version = strdup(from->version);
    to->is.platform = strdup(from->platform);
    to->is.libc = strdup(from->libc);
    to->is.abi_min = strdup(from->abi_min);
    to->is.abi_max = strdup(from->abi_max);
    return to->is.name && to->is.version && to->is.platform && to->is.libc && to->is.abi_min &&
                   to->is.abi_max
               ? 0
               : -1;
}

static int manifest_take(struct index_package *to, const struct qetl_manifest *manifest)
{
    to->summary = strdup(manifest->summary ? manifest->summary : "");
    to->components = calloc(manifest->n_components + 1, sizeof *to->components);
    for (size_t i = 0; to->components && i < manifest->n_components; i++) {
        const struct qetl_manifest_component *component = &manifest->components[i];
        if (asprintf(&to->components[i], "%s %s", qetl_kind_name(component->kind), component->id) <
            0)
            return -1;
        to->n_components++;
    }
    return to->summary && to->components ? 0 : -1;
}

static int package_take(struct index_package *to, const struct package *package,
                        struct qetl_findings *findings)
{
    struct qetl_manifest *manifest = qetl_package_manifest(package, findings);
    if (!manifest)
        return -1;
    to->size = package->size;
    memcpy(to->digest, package->digest, sizeof to->digest);
    qetl_package_digest(package->bytes, package->size, to->sha256);
    int bad = words_take(to, package->contents) || manifest_take(to, manifest);
    qetl_manifest_free(manifest);
    if (bad)
        qetl_findings_no_memory(findings);
    return bad ? -1 : 0;
}

/* Those who install it look for it under this name. */
static int check_name(const struct package *package, const char *path,
                      struct qetl_findings *findings)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char *title = qetl_package_contents_title(package->contents);
    size_t size = title ? strlen(title) : 0;
    int same =
        title && strncmp(name, title, size) == 0 && strcmp(name + size, QETL_PACKAGE_SUFFIX) == 0;
    if (!title)
        qetl_findings_no_memory(findings);
    else if (!same)
        qetl_finding_mend(qetl_refuse(findings, path, NULL, "package_name",
                                      "the file has another name than its package"),
                          "call it %s%s", title, QETL_PACKAGE_SUFFIX);
    free(title);
    return same ? 0 : -1;
}

static int package_add(struct package_index *index, const char *path,
                       struct qetl_findings *findings)
{
    struct package *package = qetl_package_open(path, findings);
    if (!package)
        return -1;
    int bad = qetl_package_plugin_check(package, findings) || check_name(package, path, findings) ||
              package_take(&index->packages[index->n_packages++], package, findings);
    if (!bad && !package->is_signed) {
        struct qetl_finding *finding =
            qetl_finding_add(findings, QETL_WARNING, "unsigned_package",
                             "nobody signed %s %s: those who install it need --allow-unsigned",
                             package->contents->name, package->contents->version);
        qetl_finding_at(finding, path, 0, 0, NULL);
    }
    qetl_package_free(package);
    return bad ? -1 : 0;
}

static int by_order(const void *one, const void *other)
{
    return qetl_index_order(one, other);
}

static int packages_take(struct package_index *index, const char *folder,
                         struct qetl_findings *findings)
{
    struct package_files files;
    if (qetl_package_files_list(&files, folder, findings))
        return -1;
    int bad = 0;
    index->packages = calloc(files.count + 1, sizeof *index->packages);
    if (!index->packages) {
        bad = -1;
        qetl_findings_no_memory(findings);
    } else if (files.count > QETL_INDEX_PACKAGES_MAX) {
        bad = -1;
        qetl_refuse(findings, folder, NULL, "index_size", "an index has %d packages at most",
                    QETL_INDEX_PACKAGES_MAX);
    }
    for (size_t i = 0; !bad && i < files.count; i++)
        bad = package_add(index, files.paths[i], findings);
    qetl_package_files_free(&files);
    if (!bad)
        qsort(index->packages, index->n_packages, sizeof *index->packages, by_order);
    return bad;
}

/* ---- the release before ---- */

/* 0, also where there is none, which is NULL; -1 with a finding. */
static int before_read(const char *path, const struct package_secret *secret,
                       struct package_index **before, struct qetl_findings *findings)
{
    struct package_key own;
    char *text = NULL;
    size_t size;
    *before = NULL;
    if (access(path, F_OK) && errno == ENOENT)
        return 0;
    if (qetl_slurp_file(path, QETL_INDEX_BYTES_MAX, &text, &size, findings) == 0)
        *before = qetl_index_read(text, size, path, findings);
    free(text);
    if (!*before)
        return -1;
    qetl_secret_key(secret, &own);
    if (memcmp(own.bytes, (*before)->signature.key.bytes, sizeof own.bytes) == 0)
        return 0;
    qetl_finding_mend(qetl_refuse(findings, path, NULL, "index_other",
                                  "the index that is there was signed by another key: its "
                                  "name and its number may be anybody's"),
                      "sign it with that key; if the key has to be another one, remove the file: "
                      "the index begins anew, and those who use it have to say qetl plugin forget");
    qetl_index_free(*before);
    *before = NULL;
    return -1;
}

/* Whoever has the one would be refused the other. */
static int check_same(const struct package_index *before, const struct package_index *now,
                      const char *path, struct qetl_findings *findings)
{
    for (size_t i = 0; before && i < before->n_packages; i++) {
        const struct index_package *old = &before->packages[i];
        const struct index_package *same =
            bsearch(old, now->packages, now->n_packages, sizeof *now->packages, by_order);
        if (!same || memcmp(same->digest, old->digest, sizeof old->digest) == 0)
            continue;
        qetl_finding_mend(qetl_refuse(findings, path, NULL, "version_reused",
                                      "another package of %s %s was in the index before",
                                      old->is.name, old->is.version),
                          "raise the version of the plugin, and pack it again");
        return -1;
    }
    return 0;
}

static int head_fill(struct package_index *index, const struct package_index *before,
                     const struct index_order *order, struct qetl_findings *findings)
{
    const char *name = order->name ? order->name : before ? before->name : NULL;
    if (!name) {
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "index_name",
                                           "a first index needs a name, which its releases keep"),
                          "qetl plugin index DIR --name NAME --key SECRET");
        return -1;
    }
    if (before && strcmp(name, before->name) != 0) {
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "index_name",
                                           "the index here is `%s`: those who use it would refuse "
                                           "one of another name",
                                           before->name),
                          "for a new index, make a new folder");
        return -1;
    }
    if (before && before->version >= QETL_INDEX_RELEASE_MAX) {
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "index_release",
                                           "the index here is at its last release, %llu",
                                           (unsigned long long)before->version),
                          "make one of another name, in another folder");
        return -1;
    }
    time_t now = time(NULL);
    index->name = strdup(name);
    index->version = before ? before->version + 1 : 1;
    qetl_index_time(now, index->issued);
    qetl_index_time(now + (time_t)order->days * 86400, index->expires);
    if (index->name)
        return 0;
    qetl_findings_no_memory(findings);
    return -1;
}

/* ---- the new one ---- */

static int make(struct package_index *index, const struct index_order *order, const char *path,
                struct qetl_findings *findings)
{
    struct package_index *before;
    char *text = NULL;
    if (before_read(path, order->secret, &before, findings))
        return -1;
    int bad = head_fill(index, before, order, findings) ||
              packages_take(index, order->folder, findings) ||
              check_same(before, index, path, findings);
    qetl_index_free(before);
    if (!bad) {
        text = qetl_index_write(index, order->secret);
        int error = text ? qetl_durable_write(path, text, strlen(text), 0644, true) : ENOMEM;
        bad = error ? -1 : 0;
        if (error)
            qetl_refuse_write(findings, path, error, "the index cannot be written");
    }
    free(text);
    return bad;
}

static int folder_lock(const char *folder, struct qetl_findings *findings)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), status = fd < 0 ? -1 : 0;
    while (fd >= 0 && (status = flock(fd, LOCK_EX)) && errno == EINTR)
        ;
    if (!status)
        return fd;
    qetl_refuse_write(findings, folder, errno, "no index can be made here");
    if (fd >= 0)
        close(fd);
    return -1;
}

struct package_index *qetl_index_make(const struct index_order *order,
                                      struct qetl_findings *findings)
{
    struct package_index *index = calloc(1, sizeof *index);
    char *path = NULL;
    int failed = asprintf(&path, "%s/%s", order->folder, QETL_INDEX_FILE) < 0;
    int lock = index && !failed ? folder_lock(order->folder, findings) : -1;
    int bad = lock < 0 || make(index, order, path, findings);
    if (!index || failed)
        qetl_findings_no_memory(findings);
    if (lock >= 0)
        close(lock);
    if (!failed)
        free(path);
    if (!bad)
        return index;
    qetl_index_free(index);
    return NULL;
}
