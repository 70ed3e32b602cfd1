/* SPDX-License-Identifier: Apache-2.0 */
#include "foreign.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char mend[] = "run it as that user; or as root in a home of its own (sudo -H), or "
                           "with --system for all users";

static bool is_told(const char *folder, const struct qetl_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->items[i].code, "foreign_home") == 0 &&
            strcmp(findings->items[i].file, folder) == 0)
            return true;
    return false;
}

static void tell(const char *folder, uid_t owner, bool is_there, struct qetl_findings *findings)
{
    struct qetl_finding *finding =
        is_there ? qetl_finding_add(findings, QETL_ERROR, "foreign_home",
                                    "you are root, and this folder belongs to the user %u",
                                    (unsigned)owner)
                 : qetl_finding_add(findings, QETL_WARNING, "foreign_home",
                                    "you are root, in a folder of the user %u, who cannot change "
                                    "what you leave there",
                                    (unsigned)owner);
    qetl_finding_at(finding, folder, 0, 0, NULL);
    qetl_finding_mend(finding, "%s", mend);
    if (is_there)
        qetl_finding_environment(finding);
}

int qetl_foreign_check(const char *folder, struct qetl_findings *findings)
{
    struct stat status;
    char *path = geteuid() ? NULL : strdup(folder);
    bool is_there = true;
    int bad = 0;
    while (path && stat(path, &status)) {
        char *slash = strrchr(path, '/');
        is_there = false;
        if (!slash || slash == path) {
            free(path);
            return 0;
        }
        *slash = '\0';
    }
    if (path && status.st_uid) {
        if (!is_told(path, findings))
            tell(path, status.st_uid, is_there, findings);
        bad = is_there ? -1 : 0;
    }
    free(path);
    return bad;
}
