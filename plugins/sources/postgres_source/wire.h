/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as they stand on the wire: the highest byte first. */
#ifndef POSTGRES_SOURCE_WIRE_H
#define POSTGRES_SOURCE_WIRE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline int16_t wire_int16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return (int16_t)be16toh(value);
}

static inline int32_t wire_int32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return (int32_t)be32toh(value);
}

static inline int64_t wire_int64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return (int64_t)be64toh(value);
}

#endif
