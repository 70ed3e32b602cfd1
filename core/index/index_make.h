/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of a folder of packages, in that folder: any web server can offer it.
 *
 * Invariant: index.json is a whole one at any moment, its releases count up, and a version that was
 *            in one release is the same package in the next, or gone.
 * Ownership: what was made is the caller's.
 * Threads:   none of its own; processes wait for each other.
 */
#ifndef QETL_CORE_INDEX_INDEX_MAKE_H
#define QETL_CORE_INDEX_INDEX_MAKE_H

#include "index.h"

struct index_order {
    const char *folder;
    const char *name; /* NULL: as it was called before */
    int64_t days;     /* until it expires */
    const struct package_secret *secret;
};

/* NULL with findings. */
struct package_index *qetl_index_make(const struct index_order *, struct qetl_findings *);

#endif
