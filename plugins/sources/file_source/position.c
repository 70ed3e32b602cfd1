/* SPDX-License-Identifier: Apache-2.0 */
#include "position.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t POSITION_TAG = 0x3170736f706c6966; /* "filposp1" */
static const uint64_t SPLIT_TAG = 0x3174696c70736c66;    /* "flsplit1" */

enum { FLAG_ENDED = 1, FLAG_ARCHIVE = 2 };

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

static bool put_data(struct bytes *out, const void *data, size_t size)
{
    if (!bytes_room(out, size))
        return false;
    memcpy(out->data + out->size, data, size);
    out->size += size;
    return true;
}

static bool put_number(struct bytes *out, int64_t value)
{
    uint64_t little = htole64((uint64_t)value);
    return put_data(out, &little, sizeof little);
}

static bool put_name(struct bytes *out, const char *name, size_t size)
{
    return put_number(out, (int64_t)size) && put_data(out, name, size);
}

struct cursor {
    const uint8_t *at, *end;
};

static bool get_number(struct cursor *in, int64_t *value)
{
    uint64_t little;
    if ((size_t)(in->end - in->at) < sizeof little)
        return false;
    memcpy(&little, in->at, sizeof little);
    *value = (int64_t)le64toh(little);
    in->at += sizeof little;
    return true;
}

static bool get_tag(struct cursor *in, uint64_t tag)
{
    int64_t value;
    return get_number(in, &value) && (uint64_t)value == tag;
}

static bool get_name(struct cursor *in, const char **name, size_t *size)
{
    int64_t length;
    if (!get_number(in, &length) || length < 0 || length > in->end - in->at)
        return false;
    *name = (const char *)in->at;
    *size = (size_t)length;
    in->at += length;
    return true;
}

bool position_encode(struct bytes *out, const struct position *p)
{
    int64_t flags = (p->ended ? FLAG_ENDED : 0) | (p->archive ? FLAG_ARCHIVE : 0);
    out->size = 0;
    return put_number(out, (int64_t)POSITION_TAG) && put_number(out, p->file) &&
           put_number(out, p->ordinal) && put_number(out, p->offset) && put_number(out, p->size) &&
           put_number(out, p->mtime_ns) && put_number(out, flags) &&
           put_name(out, p->name, p->name_size);
}

bool position_decode(const void *data, size_t size, struct position *out)
{
    struct cursor in = {data, (const uint8_t *)data + size};
    int64_t flags;
    if (!get_tag(&in, POSITION_TAG) || !get_number(&in, &out->file) ||
        !get_number(&in, &out->ordinal) || !get_number(&in, &out->offset) ||
        !get_number(&in, &out->size) || !get_number(&in, &out->mtime_ns) ||
        !get_number(&in, &flags) || !get_name(&in, &out->name, &out->name_size))
        return false;
    out->ended = flags & FLAG_ENDED;
    out->archive = flags & FLAG_ARCHIVE;
    return out->file >= 0 && out->ordinal >= 0 && out->offset >= 0 && in.at == in.end;
}

bool split_encode(struct bytes *out, const struct names *files)
{
    out->size = 0;
    if (!put_number(out, (int64_t)SPLIT_TAG) || !put_number(out, files->count))
        return false;
    for (int64_t i = 0; i < files->count; i++)
        if (!put_name(out, files->items[i], strlen(files->items[i])))
            return false;
    return true;
}

int split_decode(const void *data, size_t size, struct names *out)
{
    struct cursor in = {data, (const uint8_t *)data + size};
    int64_t count;
    if (!get_tag(&in, SPLIT_TAG) || !get_number(&in, &count))
        return EINVAL;
    for (int64_t i = 0; i < count; i++) {
        const char *name;
        size_t length;
        if (!get_name(&in, &name, &length) || length == 0 || memchr(name, 0, length))
            return EINVAL;
        if (names_take(out, strndup(name, length)))
            return ENOMEM;
    }
    return in.at == in.end ? 0 : EINVAL;
}
