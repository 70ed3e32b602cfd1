/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The archive of a package, written: the same parts make the same bytes, whoever packs them, and
 * when.
 *
 * Invariant: the parts stand in the order that they were given in.
 * Ownership: the parts are the caller's, and so is what is made of them.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_ARCHIVE_H
#define QETL_CORE_PACKAGE_ARCHIVE_H

#include <stddef.h>

struct package_part {
    const char *path;
    const void *bytes;
    size_t size;
};

/* 0, or -1 without memory. */
int qetl_package_archive(const struct package_part *parts, size_t n_parts, void **packed,
                         size_t *packed_size);

#endif
