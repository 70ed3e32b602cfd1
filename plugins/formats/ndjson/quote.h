/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a byte that cannot stand in a JSON string is written.
 *
 * Invariant: at most six bytes.
 * Ownership: the caller's buffer.
 * Threads:   pure functions.
 */
#ifndef NDJSON_QUOTE_H
#define NDJSON_QUOTE_H

#include <stdbool.h>
#include <stdint.h>

static inline bool ndjson_quote_stops(uint8_t c)
{
    return c == '"' || c == '\\' || c < 0x20;
}

static inline uint8_t *ndjson_quote_byte(uint8_t *out, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    static const uint8_t letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    *out++ = '\\';
    if (c >= 0x20) {
        *out++ = c;
    } else if (letters[c]) {
        *out++ = letters[c];
    } else {
        *out++ = 'u';
        *out++ = '0';
        *out++ = '0';
        *out++ = (uint8_t)hex[c >> 4];
        *out++ = (uint8_t)hex[c & 15];
    }
    return out;
}

/* Byte by byte: for the last bytes of a buffer. */
static inline uint8_t *ndjson_quote_tail(uint8_t *out, const uint8_t *p, const uint8_t *end)
{
    for (; p < end; p++) {
        if (ndjson_quote_stops(*p))
            out = ndjson_quote_byte(out, *p);
        else
            *out++ = *p;
    }
    return out;
}

#endif
