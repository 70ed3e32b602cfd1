/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last bytes before a place, by which a file is known again.
 *
 * Invariant: bytes[0 .. size) stand right before the place, and size is TAIL_BYTES unless the file
 *            had fewer until there. Ownership: plain data. Threads:   none of its own.
 */
#ifndef FILE_SOURCE_TAIL_H
#define FILE_SOURCE_TAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { TAIL_BYTES = 64 };

struct tail {
    uint8_t bytes[TAIL_BYTES];
    int64_t size;
};

static inline void tail_add(struct tail *tail, const void *data, int64_t size)
{
    int64_t fresh = size < TAIL_BYTES ? size : TAIL_BYTES, kept = TAIL_BYTES - fresh;
    kept = kept < tail->size ? kept : tail->size;
    memmove(tail->bytes, tail->bytes + tail->size - kept, (size_t)kept);
    memcpy(tail->bytes + kept, (const uint8_t *)data + size - fresh, (size_t)fresh);
    tail->size = kept + fresh;
}

static inline bool tail_same(const struct tail *a, const struct tail *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, (size_t)a->size) == 0;
}

#endif
