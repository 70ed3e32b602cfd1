/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

static bool bytes_room(struct bytes *bytes, size_t more)
{
    size_t capacity = bytes->capacity ? bytes->capacity : 256;
    uint8_t *data;
    if (bytes->capacity - bytes->size >= more)
        return true;
    while (capacity - bytes->size < more)
        capacity *= 2;
    data = realloc(bytes->data, capacity);
    if (!data)
        return false;
    bytes->data = data;
    bytes->capacity = capacity;
    return true;
}

bool bytes_put_data(struct bytes *out, const void *data, size_t size)
{
    if (!bytes_room(out, size))
        return false;
    if (size)
        memcpy(out->data + out->size, data, size);
    out->size += size;
    return true;
}

bool bytes_put_number(struct bytes *out, int64_t value)
{
    uint64_t little = htole64((uint64_t)value);
    return bytes_put_data(out, &little, sizeof little);
}

bool bytes_put_name(struct bytes *out, const char *name, size_t size)
{
    return bytes_put_number(out, (int64_t)size) && bytes_put_data(out, name, size);
}

bool cursor_number(struct cursor *in, int64_t *value)
{
    uint64_t little;
    if ((size_t)(in->end - in->at) < sizeof little)
        return false;
    memcpy(&little, in->at, sizeof little);
    *value = (int64_t)le64toh(little);
    in->at += sizeof little;
    return true;
}

bool cursor_tag(struct cursor *in, uint64_t tag)
{
    int64_t value;
    return cursor_number(in, &value) && (uint64_t)value == tag;
}

bool cursor_name(struct cursor *in, const char **name, size_t *size)
{
    int64_t length;
    if (!cursor_number(in, &length) || length < 0 || length > in->end - in->at)
        return false;
    *name = (const char *)in->at;
    *size = (size_t)length;
    in->at += length;
    return true;
}

uint64_t digest_of(const void *data, size_t size)
{
    uint64_t digest = 0xcbf29ce484222325;
    for (const uint8_t *at = data, *end = at + size; at < end; at++)
        digest = (digest ^ *at) * 0x100000001b3;
    return digest;
}
