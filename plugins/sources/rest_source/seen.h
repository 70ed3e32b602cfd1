/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was there before, by its digest.
 *
 * Invariant: eight bytes for each; two that differ are taken for the same once in 2^64 / n times.
 * Ownership: owns its table.
 * Threads:   one at a time.
 */
#ifndef REST_SOURCE_SEEN_H
#define REST_SOURCE_SEEN_H

#include <stddef.h>
#include <stdint.h>

struct seen {
    uint64_t *slots; /* 0: free */
    size_t count, room;
};

/* 1: it was there before; 0: it is from now on; -1: no memory. */
int seen_add(struct seen *, const void *data, size_t size);
void seen_free(struct seen *);

#endif
