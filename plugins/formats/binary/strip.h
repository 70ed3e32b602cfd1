/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values of a strip.
 *
 * Invariant: reads stay within the value.
 * Ownership: none.
 * Threads:   pure.
 */
#ifndef QETL_BINARY_STRIP_H
#define QETL_BINARY_STRIP_H

#include <stdint.h>
#include <string.h>

enum { BINARY_VIEW_INLINE = 12 };

static inline uint64_t binary_word(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, 8);
    return word;
}

/* Bytes without the NULs at the end. */
static inline int64_t binary_trimmed(const uint8_t *at, int64_t size)
{
    while (size >= 8 && !binary_word(at + size - 8))
        size -= 8;
    while (size && !at[size - 1])
        size--;
    return size;
}

static inline void binary_view_put(const uint8_t *at, int64_t size, int32_t offset, uint64_t *out)
{
    uint8_t view[16] = {0};
    int32_t head = (int32_t)size;

    memcpy(view, &head, 4);
    if (size <= BINARY_VIEW_INLINE) {
        memcpy(view + 4, at, (size_t)size);
    } else {
        memcpy(view + 4, at, 4);
        memcpy(view + 12, &offset, 4);
    }
    memcpy(out, view, sizeof view);
}

#endif
