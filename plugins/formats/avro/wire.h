/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of Avro's binary encoding.
 *
 * Invariant: nothing at or behind end is looked at.
 * Ownership: none.
 * Threads:   any.
 */
#ifndef AVRO_WIRE_H
#define AVRO_WIRE_H

#include <stdbool.h>
#include <stdint.h>

enum avro_wire { AVRO_WIRE_OK, AVRO_WIRE_SHORT, AVRO_WIRE_LONG };
enum { AVRO_VARINT_MAX = 10 };

static inline int64_t avro_unzigzag(uint64_t raw)
{
    return (int64_t)(raw >> 1) ^ -(int64_t)(raw & 1);
}

static inline uint64_t avro_zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

/* A long of 7 bits a byte. LONG: more than 64 bits. */
static inline enum avro_wire avro_varint(const uint8_t **at, const uint8_t *end, int64_t *out)
{
    const uint8_t *p = *at;
    uint64_t raw = 0;
    for (int32_t shift = 0; shift < 64; shift += 7, p++) {
        if (p == end)
            return AVRO_WIRE_SHORT;
        if (shift == 63 && *p > 1)
            return AVRO_WIRE_LONG;
        raw |= (uint64_t)(*p & 0x7f) << shift;
        if (*p < 0x80) {
            *at = p + 1;
            *out = avro_unzigzag(raw);
            return AVRO_WIRE_OK;
        }
    }
    return AVRO_WIRE_LONG;
}

/* Writes at most AVRO_VARINT_MAX bytes; the place behind. */
static inline uint8_t *avro_varint_put(uint8_t *at, int64_t value)
{
    uint64_t raw = avro_zigzag(value);
    for (; raw >= 0x80; raw >>= 7)
        *at++ = (uint8_t)(raw | 0x80);
    *at++ = (uint8_t)raw;
    return at;
}

#endif
