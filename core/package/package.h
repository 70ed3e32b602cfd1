/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A package that was read: from one look at its file on, all is done with what was in it then.
 *
 * Invariant: the archive holds CONTENTS, perhaps a SIGNATURE that fits it, and just the files of
 * the list, in its order, each with the size and the hash that stand there. Nothing of it was
 *            written anywhere, loaded, or is trusted yet.
 * Ownership: the package owns all of it.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_H
#define QETL_CORE_PACKAGE_H

#include "contents.h"

#include "trust/signature.h"

#include <stdbool.h>

struct package {
    char *file; /* how messages call it */
    unsigned char *bytes;
    size_t size;
    char *list; /* CONTENTS, as it stands there */
    size_t list_size;
    uint8_t digest[QETL_SHA256]; /* of the list: which package it is */
    struct package_contents *contents;
    bool is_signed;
    struct package_signature signature;
};

/* NULL with a finding. */
struct package *qetl_package_open(const char *path, struct qetl_findings *);
/* Of bytes that are the package's from now on, in any case. */
struct package *qetl_package_parse(unsigned char *bytes, size_t size, const char *file,
                                   struct qetl_findings *);
void qetl_package_free(struct package *);

/* The bytes of one of its files, the caller's; NULL with a finding. */
unsigned char *qetl_package_extract(const struct package *, const struct package_file *,
                                    struct qetl_findings *);
/* Each of its files in turn, in pieces; begins each with size 0. What a visitor answers but 0 ends
 * it. 0, what the visitor answered, or -1 with a finding. */
typedef int qetl_package_visit_fn(void *arg, const struct package_file *, const void *piece,
                                  size_t size);
int qetl_package_visit(const struct package *, qetl_package_visit_fn *, void *arg,
                       struct qetl_findings *);

void qetl_package_digest(const void *bytes, size_t size, uint8_t digest[QETL_SHA256]);
/* As the depot names it. */
enum { QETL_DIGEST_TEXT = 2 * QETL_SHA256 + 1 };
void qetl_package_digest_text(const struct package *, char text[QETL_DIGEST_TEXT]);

#endif
