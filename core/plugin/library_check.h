/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plugin's library must satisfy before it is opened, and what it answered must afterwards.
 *
 * Invariant: a growable struct's field is read only if it lies within the struct's own size.
 * Ownership: borrows all.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_LIBRARY_CHECK_H
#define QETL_CORE_LIBRARY_CHECK_H

#include "registry.h"

#include <qetl/plugin.h>

/* An error that names the library, the plugin and its version; exit class environment. */
struct qetl_finding *qetl_library_refuse(const struct qetl_manifest *manifest,
                                         struct qetl_findings *findings, const char *code,
                                         const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What stands against its being loaded, as far as can be seen without: "it needs ABI 2.0 …". To be
 * freed; NULL: nothing. */
char *qetl_library_objection(const struct qetl_manifest *manifest);

/* Without loading it: mode, ABI range, and the manifest in the library's note. 0, or -1. */
int qetl_library_examine(const struct qetl_manifest *manifest, struct qetl_findings *findings);

/* The entry's answer: versions, sizes, ids. 0, or -1. */
int qetl_library_check(const struct qetl_manifest *manifest, const struct qetl_plugin *plugin,
                       uint32_t abi, struct qetl_findings *findings);

#endif
