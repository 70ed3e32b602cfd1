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

/* Bit i: byte i is no digit. */
static inline uint64_t ndjson_nondigits8(const uint8_t *p)
{
    const uint64_t ones = 0x0101010101010101u, low7 = ones * 0x7f;
    uint64_t word = ndjson_load64(p) ^ ones * '0';
    uint64_t high = (((word & low7) + ones * 0x76) | word) & ~low7;
    return (high >> 7) * 0x0102040810204080u >> 56;
}

/* Which of size bytes are no digits, for at most 16 of them, else all; 8 bytes are readable. */
static inline uint32_t ndjson_nondigits_in(const uint8_t *data, int64_t size)
{
    uint32_t first = (uint32_t)ndjson_nondigits8(data);
    if (size <= 8)
        return first & (((uint32_t)1 << size) - 1);
    if (size > 16)
        return ~(uint32_t)0;
    return first | (uint32_t)ndjson_nondigits8(data + size - 8) << (size - 8);
}

#endif
