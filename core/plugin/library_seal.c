/* SPDX-License-Identifier: Apache-2.0 */
#include "library_seal.h"

#include "library_check.h"
#include "sealed.h"
#include "unreadable.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static int refuse_memory(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    qetl_finding_mend(qetl_library_refuse(manifest, findings, "cannot_load",
                                          "this machine loads nothing from memory, as is done with "
                                          "what was verified"),
                      "mount /proc; where that is there: sysctl vm.memfd_noexec has to be 0 or 1");
    return -1;
}

/* What has to be said of an installed package, and what was verified of it becomes what is loaded.
 */
static int package_seal(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    struct qetl_sealed *sealed = manifest->sealed;
    size_t errors = sealed->told.errors;
    qetl_findings_move(findings, &sealed->told);
    if (errors)
        return -1;
    int error = qetl_sealed_open(sealed);
    if (!error)
        return 0;
    if (error == ENOTSUP)
        return refuse_memory(manifest, findings);
    bool is_changed = error == EBADMSG || error == EPERM;
    struct qetl_finding *finding = qetl_library_refuse(
        manifest, findings, error == EBADMSG ? "package_changed" : "cannot_load",
        error == EBADMSG ? "its library is not the one that was installed: it was changed, or "
                           "damaged%s"
                         : "its library cannot be read: %s",
        error == EBADMSG ? ""
        : error == EPERM ? "others on this machine may change it"
                         : strerror(error));
    if (is_changed)
        qetl_finding_mend(finding, "install the package again, and look who may write to %s",
                          manifest->library_path);
    else
        qetl_finding_mend(finding, "%s", qetl_unreadable_mend(error));
    return -1;
}

/* For this pipeline the library has to be loaded from the copy of what its lock names, whether or
 * not another pipeline had it loaded from the file before. */
int qetl_library_is_to_be_copied(const struct qetl_manifest *manifest)
{
    const struct qetl_sealed_copy *copy = manifest->copy;
    return manifest->is_locked && !manifest->locked.needs_place &&
           !(*copy->path &&
             memcmp(copy->sha256, manifest->locked.sha256, sizeof copy->sha256) == 0);
}

static void refuse_exchanged(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    qetl_finding_mend(qetl_library_refuse(manifest, findings, "lock_changed",
                                          "its library became another one after it was compared "
                                          "with the lock of the pipeline"),
                      "run it again: somebody installs another qetl at this moment");
}

/* What is loaded where it lies has to be what was hashed, before and behind. */
int qetl_library_check_place(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    struct stat now;
    const struct stat *then = &manifest->locked.status;
    if (!manifest->is_locked || !manifest->locked.needs_place ||
        (stat(manifest->library_path, &now) == 0 && now.st_dev == then->st_dev &&
         now.st_ino == then->st_ino && now.st_size == then->st_size &&
         now.st_ctim.tv_sec == then->st_ctim.tv_sec &&
         now.st_ctim.tv_nsec == then->st_ctim.tv_nsec))
        return 0;
    refuse_exchanged(manifest, findings);
    return -1;
}

/* Between the look at the lock and this, somebody may have put another one in its place. */
static int locked_seal(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    int error =
        qetl_sealed_library(manifest->copy, manifest->library_path, manifest->locked.sha256);
    if (!error)
        return 0;
    if (error == ENOTSUP)
        return refuse_memory(manifest, findings);
    if (error == EBADMSG)
        refuse_exchanged(manifest, findings);
    else
        qetl_finding_mend(qetl_library_refuse(manifest, findings, "cannot_load",
                                              "its library cannot be read: %s", strerror(error)),
                          "%s", qetl_unreadable_mend(error));
    return -1;
}

int qetl_library_seal(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    return manifest->sealed                         ? package_seal(manifest, findings)
           : qetl_library_is_to_be_copied(manifest) ? locked_seal(manifest, findings)
                                                    : 0;
}
