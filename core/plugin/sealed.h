/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library of which it is known what bytes it has, as it is of an installed package, or of one
 * that a lock names: read into memory while it is hashed, sealed there, and loaded from there. What
 * was verified is what runs, whatever becomes of the file.
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

enum { QETL_SEALED_HASH = 32, QETL_SEALED_PATH = 40 };

struct qetl_manifest;

struct qetl_sealed_file { /* one of the package's */
    char *path;
    uint64_t size;
    uint8_t sha256[QETL_SEALED_HASH];
};

struct qetl_sealed_copy { /* of a library that is no package's; its memory stays, too */
    uint8_t sha256[QETL_SEALED_HASH];
    char path[QETL_SEALED_PATH]; /* "": there is none yet */
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
    char path[QETL_SEALED_PATH];
};

struct qetl_sealed *qetl_sealed_new(void);
void qetl_sealed_free(struct qetl_sealed *);
/* 0, or an errno; EBADMSG: it is not the file that was installed; ENOTSUP: this machine loads
 * nothing from memory. */
int qetl_sealed_open(struct qetl_sealed *);
/* Any of its files as a sealed copy, at its beginning; the descriptor is the caller's. As above. */
int qetl_sealed_copy(const struct qetl_sealed *, const struct qetl_sealed_file *, int *fd);
/* A library of a folder: *copy is that of the file at `path` from now on, as above. */
int qetl_sealed_library(struct qetl_sealed_copy *copy, const char *path,
                        const uint8_t sha256[QETL_SEALED_HASH]);
/* The file that is examined and loaded: of what was verified the copy, once there is one. From any
 * thread, also one that was interrupted. */
const char *qetl_sealed_image(const struct qetl_manifest *);

#endif
