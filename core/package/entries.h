/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a package, one after the other: plain files and nothing else, as `qetl plugin
 * pack` writes them.
 *
 * Invariant: nothing is written. An entry that was answered is a plain file with a good name that
 * is nobody's, without time, links, devices, attributes or other modes than 0644; behind the last
 * one stands nothing. Ownership: bytes are the caller's; names and pieces are valid until the next
 * call. Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_ENTRIES_H
#define QETL_CORE_PACKAGE_ENTRIES_H

#include "config/finding.h"

#include <stddef.h>
#include <stdint.h>

struct package_entries;

struct package_entry {
    const char *path;
    uint64_t size;
};

/* file: how messages call it. NULL with a finding. */
struct package_entries *qetl_package_entries_open(const void *bytes, size_t size, const char *file,
                                                  struct qetl_findings *);
void qetl_package_entries_close(struct package_entries *);
/* 1, 0 behind the last one, or -1 with a finding. */
int qetl_package_entries_next(struct package_entries *, struct package_entry *);
/* A piece of the entry's data: 1, 0 behind its last, or -1 with a finding. */
int qetl_package_entries_data(struct package_entries *, const void **piece, size_t *size);

#endif
