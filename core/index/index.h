/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.json, the list of packages that a folder or a web server offers: a JSON document, and
 * behind it its signature, another one. Each release of it has a number, and an end.
 *
 * Invariant: an index that was read is signed by the key that it names, which may be anybody's; it
 *            has good words, packages in order, none twice; written again it has the same bytes.
 * Ownership: the index owns all of it.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_INDEX_INDEX_H
#define QETL_CORE_INDEX_INDEX_H

#include "package/contents.h"
#include "trust/signature.h"

#include <time.h>

#define QETL_INDEX_FILE "index.json"

/* Of releases: what each reader of JSON tells from the next. */
#define QETL_INDEX_RELEASE_MAX ((UINT64_C(1) << 53) - 1)

enum { QETL_INDEX_TIME = sizeof "2026-11-22T05:30:00Z", QETL_INDEX_NAME_MAX = 64 };

struct index_package {
    struct package_contents is; /* name, version, platform, libc and ABI; no files */
    char *summary;              /* of the plugin */
    char **components;          /* "sink tally" */
    size_t n_components;
    uint64_t size;               /* of the file NAME-VERSION-PLATFORM.qpkg, … */
    uint8_t sha256[QETL_SHA256]; /* … and its bytes' */
    uint8_t digest[QETL_SHA256]; /* of the package: of its list of files */
};

struct package_index {
    char *name;       /* the same in each release */
    uint64_t version; /* of this release: counts up */
    char issued[QETL_INDEX_TIME], expires[QETL_INDEX_TIME];
    struct index_package *packages; /* by name, version, platform */
    size_t n_packages, n_beyond;    /* behind them, in the same order: those beyond the scope … */
    const struct key_file *key; /* … of the key that signed it, where it is trusted; or NULL */
    struct package_signature signature;
    uint8_t digest[QETL_SHA256]; /* of the text that is signed */
};

/* file: how messages call it. NULL with a finding. Whose signature it is, index_open.h judges. */
struct package_index *qetl_index_read(const char *text, size_t size, const char *file,
                                      struct qetl_findings *);
void qetl_index_free(struct package_index *);
/* Signed; the caller's. NULL without memory. The packages have to be in order. */
char *qetl_index_write(struct package_index *, const struct package_secret *);

/* As strcmp, in the order of an index. */
int qetl_index_order(const struct index_package *, const struct index_package *);
int qetl_is_index_name(const char *text);
void qetl_index_time(time_t, char text[QETL_INDEX_TIME]);
/* -1: it is none. */
time_t qetl_index_time_read(const char *text);
void qetl_index_package_clear(struct index_package *);

#endif
