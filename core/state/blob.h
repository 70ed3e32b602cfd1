/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is too large for the database: files beside it, named by their digests.
 *
 * Invariant: a file that bears its name is whole and durable.
 * Ownership: what read answers is the caller's.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_STATE_BLOB_H
#define QETL_CORE_STATE_BLOB_H

#include "folder.h"
#include "record.h"

enum { STATE_INSIDE_MOST = 64 << 10 };

struct state_blobs { /* digests */
    uint8_t (*items)[STATE_DIGEST];
    size_t count;
};

/* 0 or an errno; the name is durable after qetl_state_folder_sync. */
int qetl_state_blob_write(const struct state_folder *, const void *data, size_t size,
                          uint8_t digest[STATE_DIGEST]);
/* 0, ENOMEM, EBADMSG (missing or changed), or another errno. */
int qetl_state_blob_read(const struct state_folder *, const uint8_t digest[STATE_DIGEST],
                         uint64_t size, void **data);
int qetl_state_blobs_add(struct state_blobs *, const uint8_t digest[STATE_DIGEST]);
bool qetl_state_blobs_has(const struct state_blobs *, const uint8_t digest[STATE_DIGEST]);
void qetl_state_blobs_free(struct state_blobs *);
/* Removes the files of all others, as far as it can. */
void qetl_state_blobs_sweep(const struct state_folder *, const struct state_blobs *const *keep,
                            size_t n_keep);

#endif
