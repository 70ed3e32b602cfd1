/* SPDX-License-Identifier: Apache-2.0 */
#include "content_fault.h"

#include "refuse.h"

#include <errno.h>
#include <string.h>

void qetl_content_refuse(const struct depot *depot, const struct depot_entry *entry,
                         const char *path, const char *what, struct qetl_findings *findings)
{
    qetl_finding_mend(qetl_package_refuse(findings, depot->path, NULL, "package_damaged",
                                          "the installed package %s %s is damaged: %s%s%s%s",
                                          entry->name, entry->version, path ? "`" : "",
                                          path ? path : "", path ? "` " : "", what),
                      "install it again, or remove it: qetl plugin remove %s@%s", entry->name,
                      entry->version);
}

static const char *mend_of(int error)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
        return "let this process open more files (ulimit -n), or remove versions that nobody uses";
    case EACCES:
        return "what is installed has to be readable by those that use it: ls -l shows by whom it "
               "is, chmod -R a+rX gives it to all";
    default:
        return "look at the disk, or the server, that it lies on; nothing says that the package "
               "is damaged";
    }
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
        qetl_finding_mend(qetl_package_refuse(findings, depot->path, NULL, "package_unreadable",
                                              "the installed package %s %s cannot be read: %s%s%s",
                                              entry->name, entry->version, path ? path : "",
                                              path ? ": " : "", strerror(error)),
                          "%s", mend_of(error));
}
