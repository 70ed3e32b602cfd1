/* SPDX-License-Identifier: Apache-2.0 */
#include "install.h"

#include "content_write.h"

#include "disk/refuse.h"
#include "disk/unwritable.h"
#include "fetch/download.h"
#include "package/version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The newest of a name; NULL: there is none. */
static struct depot_entry *newest_of(const struct depot *depot, const char *name)
{
    struct depot_entry *newest = NULL;
    for (size_t i = 0; i < depot->n_entries; i++)
        if (strcmp(depot->entries[i].name, name) == 0)
            newest = &depot->entries[i];
    return newest;
}

/* One version is one package. */
static int check_same(const struct depot_entry *entry, const struct package *package,
                      const char *digest, struct qetl_findings *findings)
{
    if (!entry || strcmp(entry->digest, digest) == 0)
        return 0;
    qetl_finding_mend(qetl_refuse(findings, package->file, NULL, "version_reused",
                                  "another package of %s %s is installed", entry->name,
                                  entry->version),
                      "if it was packed anew, have its version raised; else remove the one that is "
                      "installed: qetl plugin remove %s@%s",
                      entry->name, entry->version);
    return -1;
}

int qetl_package_install_check(const struct depot *depot, const struct package *package,
                               struct qetl_findings *findings)
{
    const struct package_contents *contents = package->contents;
    char digest[QETL_DIGEST_TEXT];
    qetl_package_digest_text(package, digest);
    return check_same(qetl_depot_find(depot, contents->name, contents->version), package, digest,
                      findings);
}

static void activate(struct depot *depot, const char *name, const char *version)
{
    for (size_t i = 0; i < depot->n_entries; i++)
        if (strcmp(depot->entries[i].name, name) == 0)
            depot->entries[i].active = strcmp(depot->entries[i].version, version) == 0;
}

/* The whole path of a file; of an address what is no secret. The caller's; NULL without memory. */
static char *origin_of(const char *file)
{
    const char *host = strstr(file, "://");
    char *origin = host ? NULL : realpath(file, NULL);
    if (!host)
        return origin ? origin : strdup(file);
    origin = strndup(file, (size_t)(host - file) + strcspn(host, "?#"));
    if (origin)
        qetl_address_cut(origin);
    return origin;
}

/* What is installed again is there since it was first. */
static int origin_tell(struct depot_entry *entry, const char *file)
{
    char now[32], since[32] = "", *origin = origin_of(file);
    time_t seconds = time(NULL);
    struct tm tm;
    if (entry->since)
        snprintf(since, sizeof since, "%s", entry->since);
    else if (gmtime_r(&seconds, &tm) && strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &tm))
        snprintf(since, sizeof since, "%s", now);
    int bad = !origin || qetl_depot_tell(entry, *since ? since : NULL, origin);
    free(origin);
    return bad ? -1 : 0;
}

static int entry_set(struct depot *depot, const struct package *package, const char *digest,
                     struct qetl_findings *findings)
{
    const struct package_contents *contents = package->contents;
    struct depot_entry *entry = qetl_depot_find(depot, contents->name, contents->version);
    if (!entry && !qetl_depot_add(depot, contents->name, contents->version, digest))
        entry = qetl_depot_find(depot, contents->name, contents->version);
    if (!entry || origin_tell(entry, package->file)) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    qetl_depot_sign(entry, package->is_signed ? &package->signature : NULL);
    activate(depot, contents->name, contents->version);
    return qetl_depot_commit(depot, findings);
}

int qetl_package_install(struct depot *depot, const struct package *package,
                         enum package_installed *installed, struct qetl_findings *findings)
{
    const struct package_contents *contents = package->contents;
    char digest[QETL_DIGEST_TEXT];
    qetl_package_digest_text(package, digest);
    const struct depot_entry *entry = qetl_depot_find(depot, contents->name, contents->version);
    *installed = entry && entry->active ? QETL_INSTALLED_BEFORE : QETL_INSTALLED;
    if (qetl_package_install_check(depot, package, findings) ||
        (depot->list < 0 && qetl_depot_commit(depot, findings))) /* content is never without one */
        return -1;
    int error = qetl_content_write(depot, package, digest, findings);
    if (error > 0)
        qetl_refuse_write(findings, depot->path, error, "%s %s cannot be installed", contents->name,
                          contents->version);
    int bad = error || entry_set(depot, package, digest, findings) ? -1 : 0;
    qetl_depot_sweep(depot); /* what it stands in the place of, or what it has come to */
    return bad;
}

int qetl_package_remove(struct depot *depot, const char *name, const char *version, size_t *count,
                        struct qetl_findings *findings)
{
    *count = 0;
    for (size_t i = depot->n_entries; i-- > 0;) {
        struct depot_entry *entry = &depot->entries[i];
        if (strcmp(entry->name, name) != 0 || (version && strcmp(entry->version, version) != 0))
            continue;
        qetl_depot_drop(depot, entry);
        ++*count;
    }
    if (*count == 0)
        return 0;
    const struct depot_entry *newest = newest_of(depot, name);
    if (newest && !qetl_depot_find(depot, name, NULL))
        activate(depot, name, newest->version);
    if (qetl_depot_commit(depot, findings))
        return -1;
    qetl_depot_sweep(depot);
    return 0;
}
