/* SPDX-License-Identifier: Apache-2.0 */
#include "content_fault.h"

#include "disk/refuse.h"
#include "plugin/unreadable.h"

#include <errno.h>
#include <string.h>

void qetl_content_refuse(const struct depot *depot, const struct depot_entry *entry,
                         const char *path, const char *what, struct qetl_findings *findings)
{
    qetl_finding_mend(qetl_refuse(findings, depot->path, NULL, "package_damaged",
                                  "the installed package %s %s is damaged: %s%s%s%s", entry->name,
                                  entry->version, path ? "`" : "", path ? path : "",
                                  path ? "` " : "", what),
                      "install it again, or remove it: qetl plugin remove %s%s@%s",
                      strcmp(depot->path, QETL_PACKAGES_DIR) == 0 ? "--system " : "", entry->name,
                      entry->version);
}

void qetl_content_refuse_error(const struct depot *depot, const struct depot_entry *entry,
                               const char *path, int error, struct qetl_findings *findings)
{
    const char *damage =
        error == ENOENT || error == ENOTDIR  ? path ? "is missing" : "its files are missing"
        : error == ELOOP || error == EBADMSG ? path ? "is no plain file" : "its folder is none"
        : error == EFBIG                     ? "is larger than it was"
        : error == EPERM                     ? path ? "may be changed by others on this machine"
                                                    : "its folder may be changed by others on this machine"
                                             : NULL;
    if (damage)
        qetl_content_refuse(depot, entry, path, damage, findings);
    else
        qetl_finding_mend(qetl_refuse(findings, depot->path, NULL, "package_unreadable",
                                      "the installed package %s %s cannot be read: %s%s%s",
                                      entry->name, entry->version, path ? path : "",
                                      path ? ": " : "", strerror(error)),
                          "%s", qetl_unreadable_mend(error));
}
