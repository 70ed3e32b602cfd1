/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording's folder as it is written: a base, which stays, and a ring of files, of which the
 * oldest goes when the recording would be larger than it may.
 *
 * Invariant: a frame is written by one call, so that whoever is killed leaves whole frames and at
 *            most one that is not, at a file's end. Folder 0700, files 0600: rows may be private.
 * Ownership: the writer owns its descriptors.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_RECORDING_WRITE_H
#define QETL_CORE_RECORDING_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qetl_recording_writer;

/* The folder must not be there, or be empty. NULL: errno says why (ENOTEMPTY: it holds something).
 */
struct qetl_recording_writer *qetl_recording_create(const char *folder, int64_t most_bytes);
/* 0 or an errno; after one, nothing more is written. base: it belongs to the part that stays. */
int qetl_recording_put(struct qetl_recording_writer *, bool base, const void *frame, size_t size);
uint32_t qetl_recording_dropped(const struct qetl_recording_writer *); /* files of the ring */
int qetl_recording_finish(struct qetl_recording_writer *); /* 0 or an errno; accepts NULL */

#endif
