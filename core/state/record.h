/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of an epoch as one block of bytes, and back.
 *
 * Invariant: bytes that decode is given may be anything: it answers a record or a code, and reads
 *            nothing beyond them.
 * Ownership: what decode answers belongs to the caller, down to each entry's data.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_STATE_RECORD_H
#define QETL_CORE_STATE_RECORD_H

#include "store.h"

enum { STATE_DIGEST = 32 }; /* SHA-256 */

/* Where an entry's data is, if not among the other bytes: in a file named by its digest. */
struct state_outside {
    bool is;
    uint8_t digest[STATE_DIGEST];
};

/* 0 and *data of that size, or ENOMEM. The data has the same size and digest as was asked for;
 * EBADMSG if nothing like that is there. */
typedef int state_fetch(void *arg, const uint8_t digest[STATE_DIGEST], uint64_t size, void **data);

/* outside: one for each entry, or NULL: none is. 0 or ENOMEM; *bytes is the caller's. */
int qetl_state_encode(const struct qetl_record *, const struct state_outside *outside, void **bytes,
                      size_t *size);
/* Only entries of *out are set. 0, ENOMEM, EBADMSG (these are no entries), or what fetch says. */
int qetl_state_decode(const void *bytes, size_t size, state_fetch *, void *arg,
                      struct qetl_record *out);

#endif
