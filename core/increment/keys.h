/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which keys were seen with which cursor: a set of digests.
 *
 * Invariant: at most `most` of them; a digest is 128 bits of SHA-256, so that two keys have one
 *            by accident less often than disks lie.
 * Ownership: plain memory, freed by keys_free.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_INCREMENT_KEYS_H
#define QETL_CORE_INCREMENT_KEYS_H

#include <qetl/sdk.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_DIGEST = 16 };

struct key {
    uint8_t digest[KEY_DIGEST];
    qetl_int128 cursor;
    bool used, old; /* old: of an earlier run */
};

struct keys {
    struct key *slots; /* a power of two of them */
    size_t room, count, most;
};

enum keys_answer { KEYS_NEW, KEYS_SEEN, KEYS_FULL, KEYS_NO_MEMORY };

/* Adds it if it was not seen with this cursor. */
enum keys_answer keys_add(struct keys *, const uint8_t digest[KEY_DIGEST], qetl_int128 cursor,
                          bool old);
bool keys_has(const struct keys *, const uint8_t digest[KEY_DIGEST], qetl_int128 cursor);
/* Forgets those that the caller does not keep; false: no memory, and nothing was forgotten. */
bool keys_keep(struct keys *, bool (*keep)(const void *arg, const struct key *), const void *arg);
void keys_free(struct keys *);

#endif
