/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight bytes at a time, where no better instructions are at hand.
 *
 * Invariant: byte 0 of the text is the lowest of the word; the views of Arrow are made likewise.
 * Ownership: nothing is owned.
 * Threads:   pure functions.
 */
#ifndef NDJSON_BYTES_H
#define NDJSON_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read with byte 0 lowest");

static inline uint64_t ndjson_load64(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static inline uint32_t ndjson_load32(const uint8_t *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static inline bool ndjson_is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') <= 9;
}

/* The high bit of each byte that is a quote, a backslash or a control character. The lowest one set
 * is exact; above it, a borrow may set more. */
static inline uint64_t ndjson_stops8(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, high = ones << 7;
    uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
    return (((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
            ((word - ones * 0x20) & ~word)) &
           high;
}

#endif
