/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library as a file, and how it loads.
 *
 * Invariant: examine loads nothing. Ownership: borrows. Threads:   one.
 */
#ifndef QETL_CORE_CONFORM_LIBRARY_H
#define QETL_CORE_CONFORM_LIBRARY_H

#include "plugin/registry.h"
#include "record.h"

struct conform_loading {
    const struct qetl_manifest *manifest;
    struct conform_record *record;
};

void conform_library_examine(const struct qetl_manifest *, struct conform_record *);
/* In a child: arg is a conform_loading. */
void conform_library_load(void *arg);

#endif
