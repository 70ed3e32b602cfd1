/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What prepare hands out and commit takes: all that is needed to finish or undo, in any process.
 *
 * Invariant: what encode wrote, decode of this and later versions reads; anything else is refused.
 *            Integers are little-endian.
 * Ownership: decode's strings belong to the handle; handle_free frees them.
 * Threads:   none of its own.
 */
#ifndef FILE_SINK_HANDLE_H
#define FILE_SINK_HANDLE_H

#include "record.h"

enum handle_action {
    HANDLE_CREATE = 1, /* staged, and to appear where nothing stands */
    HANDLE_REPLACE,    /* staged, and to take the place of what stands there */
    HANDLE_APPEND,     /* written in place */
    HANDLE_SPECIAL,    /* written in place, and beyond recall */
    HANDLE_RETIRE,     /* of a former run, which wrote more files: to be kept as a backup */
    HANDLE_SWAP,       /* a staged folder, to take the place of what stands there */
    HANDLE_MEMBER      /* a file in such a folder, which comes and goes with it */
};

struct handle {
    int64_t action;
    int64_t rows, bytes;   /* that the run wrote to it, from its beginning */
    int64_t before;        /* length of the file without what this epoch wrote … */
    int64_t length;        /* … and with it */
    int64_t kept;          /* CREATE, REPLACE: nonzero: an earlier epoch's state names the file */
    int64_t device, inode; /* of the staged or appended file, or folder */
    char *given;           /* the path as the user wrote it */
    char *final;
    char *staged; /* "" if written in place */
    char *backup; /* REPLACE, SWAP: where the former file is kept; else "" */
};

/* OK or a failure of the writer's, or NO_MEMORY. */
int32_t handle_encode(const struct handle *, const struct qetl_writer *out);
/* 0, EINVAL (none of ours) or ENOMEM; after a failure it is empty. */
int handle_decode(struct handle *out, const void *data, size_t size);
void handle_free(struct handle *);

/* As a part of something larger. get: after the cursor's error it is empty. */
void handle_put(const struct handle *, struct record *);
void handle_get(struct handle *, struct cursor *);

#endif
