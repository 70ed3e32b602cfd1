/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that become a package, in memory.
 *
 * Invariant: parts that were sorted are in the order of a list of files.
 * Ownership: the parts own paths and bytes.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_PARTS_H
#define QETL_CORE_PACKAGE_PARTS_H

#include "archive.h"

#include "config/finding.h"

struct package_parts {
    struct package_part *items;
    size_t count;
    size_t bytes;
};

void qetl_parts_clear(struct package_parts *);
/* bytes are the parts' from now on, in any case. 0, or -1 without memory. */
int qetl_parts_add(struct package_parts *, const char *path, void *bytes, size_t size);
/* All files of a folder, however deep. 0, or -1 with findings. */
int qetl_parts_of_folder(struct package_parts *, const char *folder, struct qetl_findings *);
void qetl_parts_sort(struct package_parts *);
/* NULL: there is none. */
const struct package_part *qetl_parts_find(const struct package_parts *, const char *path);

#endif
