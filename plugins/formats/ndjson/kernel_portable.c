/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel of every machine: eight bytes at a time in a plain register. */
#define WALK_TARGET

#include "bytes.h"
#include "quote.h"

static inline bool stands(const uint8_t *p, const uint8_t *run, int32_t size)
{
    return !memcmp(p, run, (size_t)size);
}

static inline const uint8_t *stop_from(const uint8_t *p, const uint8_t *end)
{
    do {
        uint64_t stops = ndjson_stops8(ndjson_load64(p));
        if (stops)
            return p + (__builtin_ctzll(stops) >> 3);
        p += 8;
    } while (p < end);
    return p;
}

static inline uint64_t nondigits(const uint8_t *p)
{
    return ndjson_nondigits8(p) | ndjson_nondigits8(p + 8) << 8 | ndjson_nondigits8(p + 16) << 16 |
           ndjson_nondigits8(p + 24) << 24 | ~(uint64_t)UINT32_MAX;
}

#include "walk.h"

static bool usable(void)
{
    return true;
}

static int64_t lines(const uint8_t *data, int64_t size, bool *ascii)
{
    int64_t n = 0;
    uint8_t high = 0;
    for (int64_t i = 0; i < size; i++) {
        n += data[i] == '\n';
        high |= data[i];
    }
    *ascii = high < 0x80;
    return n;
}

static uint8_t *quote(uint8_t *out, const uint8_t *data, int64_t size, const uint8_t *limit)
{
    const uint8_t *p = data, *end = data + size;
    (void)limit;
    while (end - p >= 8) {
        uint64_t word = ndjson_load64(p), stops = ndjson_stops8(word);
        memcpy(out, &word, sizeof word);
        int64_t plain = stops ? __builtin_ctzll(stops) >> 3 : 8;
        p += plain;
        out += plain;
        if (stops)
            out = ndjson_quote_byte(out, *p++);
    }
    return ndjson_quote_tail(out, p, end);
}

#define nondigits_in ndjson_nondigits_in
#include "rows.h"

const struct ndjson_kernel ndjson_kernel_portable = {"portable", usable, walk_chunk,
                                                     lines,      quote,  rows_put};
