/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library of an installed package: read into memory while it is hashed, sealed there, and
 * loaded from there. What was verified is what runs, whatever becomes of the file.
 *
 * Invariant: `path` names bytes with the hash that was demanded, which nobody can change any more;
 * the descriptor stays open as long as the process lives, as the loader of libc knows the library
 * by its path.
 * Ownership: the manifest owns it; it holds the shelf.
 * Threads:   one control thread at a time.
 */
#ifndef QETL_CORE_SEALED_H
#define QETL_CORE_SEALED_H

#include "shelf.h"

#include "config/finding.h"

#include <stdint.h>

enum { QETL_SEALED_HASH = 32 };

struct qetl_sealed_file { /* one of the package's */
    char *path;
    uint64_t size;
    uint8_t sha256[QETL_SEALED_HASH];
};

struct qetl_sealed {
    struct qetl_shelf *shelf; /* where its files are, under its digest; or NULL */
    char *name;               /* of the library in it */
    uint64_t size;
    uint8_t sha256[QETL_SEALED_HASH], manifest_sha256[QETL_SEALED_HASH];
    char *package;      /* "csv 1.2.0" */
    char *digest;       /* the package's, in hex */
    char *signed_by;    /* the key's name; NULL: nobody, or one that is not trusted */
    char *since, *from; /* when it was installed, and from which file or address; or NULL */
    struct qetl_sealed_file *files; /* all of them, by path */
    size_t n_files;
    int is_system;             /* it is installed for all users */
    struct qetl_findings told; /* of its signature: told when it is loaded; errors refuse it */
    int fd;                    /* -1: not yet opened */
    char path[40];
};

struct qetl_sealed *qetl_sealed_new(void);
void qetl_sealed_free(struct qetl_sealed *);
/* 0, or an errno; EBADMSG: it is not the file that was installed. */
int qetl_sealed_open(struct qetl_sealed *);
/* Any of its files as a sealed copy, at its beginning; the descriptor is the caller's. As above. */
int qetl_sealed_copy(const struct qetl_sealed *, const struct qetl_sealed_file *, int *fd);

#endif
