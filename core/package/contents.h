/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CONTENTS, the first entry of a package: what it is, and the hash of each file in it. Its bytes
 * are what is signed.
 *
 * Invariant: a list that was read has good names in order, no two alike but for case, none of which
 *            is another's folder, with the library and its manifest among them; written again it
 * has the very same bytes. Ownership: the caller frees. Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_CONTENTS_H
#define QETL_CORE_PACKAGE_CONTENTS_H

#include "config/finding.h"

#include <stddef.h>
#include <stdint.h>

enum { QETL_SHA256 = 32, QETL_HASH_TEXT = 2 * QETL_SHA256 + 1 };

struct package_file {
    char *path;
    uint64_t size;
    uint8_t sha256[QETL_SHA256];
};

struct package_contents {
    char *name, *version; /* of the plugin */
    char *platform;       /* "linux-x86_64-glibc" */
    char *libc;           /* the oldest that will do: "2.34" */
    char *abi_min, *abi_max;
    char *library;  /* its path in the package */
    char *manifest; /* beside it */
    struct package_file *files;
    size_t n_files;
};

/* NULL with a finding. */
struct package_contents *qetl_package_contents_read(const void *text, size_t size, const char *file,
                                                    struct qetl_findings *);
void qetl_package_contents_free(struct package_contents *);
/* The text; the caller's. NULL without memory. */
char *qetl_package_contents_write(const struct package_contents *);

/* A hash as 64 small digits, and back: 0, or -1: it is none. */
void qetl_hash_text(const uint8_t sha256[QETL_SHA256], char text[QETL_HASH_TEXT]);
int qetl_hash_read(const char *text, uint8_t sha256[QETL_SHA256]);

/* NULL: there is none. */
const struct package_file *qetl_package_contents_find(const struct package_contents *,
                                                      const char *path);
/* "csv-1.2.0-linux-x86_64-glibc"; the caller's. NULL without memory. */
char *qetl_package_contents_title(const struct package_contents *);
/* "DIR/NAME.so" → "DIR/NAME.qetl.json"; the caller's. NULL without memory. */
char *qetl_package_manifest_of(const char *library);

#endif
