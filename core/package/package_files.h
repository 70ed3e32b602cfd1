/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packages of a folder.
 *
 * Invariant: the folder is the one that was named, whatever letters its name has; what begins with
 *            a dot is passed over.
 * Ownership: the list is the caller's, for qetl_package_files_free.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_FILES_H
#define QETL_CORE_PACKAGE_FILES_H

#include "config/finding.h"

struct package_files {
    char **paths; /* by their bytes */
    size_t count;
};

/* 0, also where there is none; -1 with a finding. */
int qetl_package_files_list(struct package_files *, const char *folder, struct qetl_findings *);
/* From now on by the names of their plugins, then by their versions, whatever the files are called:
 * each is read. 0, or -1 with a finding. */
int qetl_package_files_order(struct package_files *, struct qetl_findings *);
void qetl_package_files_free(struct package_files *);

#endif
