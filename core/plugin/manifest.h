/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One manifest (NAME.qetl.json): read and checked in full before anything relies on it.
 *
 * Invariant: a manifest that was loaded has an id, a version, an ABI range and components whose
 * option schemas are understood word for word. Ownership: the caller frees; components point into
 * it. Threads:   none of its own.
 */
#ifndef QETL_CORE_MANIFEST_H
#define QETL_CORE_MANIFEST_H

#include "registry.h"

#define QETL_MANIFEST_SUFFIX ".qetl.json"

/* NULL with findings that name the file, and where in it. */
struct qetl_manifest *qetl_manifest_load(const char *path, struct qetl_findings *findings);
/* Of a text that was read already; path is how it is called, and what its library lies beside. */
struct qetl_manifest *qetl_manifest_parse(const char *text, size_t size, const char *path,
                                          struct qetl_findings *findings);
void qetl_manifest_free(struct qetl_manifest *manifest);

/* "source", "transform", "sink", "format". */
const char *qetl_kind_name(uint32_t kind);
/* 0 if it is none. */
uint32_t qetl_kind_of(const char *name);

#endif
