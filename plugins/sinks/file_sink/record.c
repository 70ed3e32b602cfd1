/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

enum { ROOM_FIRST = 512, NUMBER_BYTES = 8, READ_AT_ONCE = 65536 };

static bool room_make(struct record *r, size_t more)
{
    size_t room = r->room ? r->room : ROOM_FIRST;
    if (r->failed || r->room - r->size >= more)
        return !r->failed;
    while (room - r->size < more)
        room *= 2;
    uint8_t *grown = realloc(r->data, room);
    if (!grown) {
        r->failed = true;
        return false;
    }
    r->data = grown;
    r->room = room;
    return true;
}

static void raw_put(struct record *r, const void *data, size_t size)
{
    if (!room_make(r, size) || !size)
        return;
    memcpy(r->data + r->size, data, size);
    r->size += size;
}

void record_number(struct record *r, int64_t value)
{
    uint64_t little = htole64((uint64_t)value);
    raw_put(r, &little, sizeof little);
}

void record_bytes(struct record *r, const void *data, size_t size)
{
    record_number(r, (int64_t)size);
    raw_put(r, data, size);
}

void record_text(struct record *r, const char *text)
{
    record_bytes(r, text, strlen(text));
}

int32_t record_send(struct record *r, const struct qetl_writer *out)
{
    int32_t status = r->failed ? QETL_E_NO_MEMORY : out->write(out->stream, r->data, r->size);
    record_free(r);
    return status;
}

int record_take(struct record *r, const struct qetl_reader *in, size_t most)
{
    int64_t n = 0;
    *r = (struct record){0};
    do {
        r->size += (size_t)n;
        if (!room_make(r, READ_AT_ONCE))
            break;
        n = in->read(in->stream, r->data + r->size, r->room - r->size);
    } while (n > 0 && r->size + (size_t)n <= most);
    int error = r->failed ? ENOMEM : n ? EINVAL : 0;
    if (error)
        record_free(r);
    return error;
}

void record_free(struct record *r)
{
    free(r->data);
    *r = (struct record){0};
}

/* ---- Reading ---- */

int64_t cursor_number(struct cursor *c)
{
    uint64_t little;
    if (!c->error && c->end - c->at < NUMBER_BYTES)
        c->error = EINVAL;
    if (c->error)
        return 0;
    memcpy(&little, c->at, sizeof little);
    c->at += sizeof little;
    return (int64_t)le64toh(little);
}

const uint8_t *cursor_bytes(struct cursor *c, size_t *size)
{
    int64_t length = cursor_number(c);
    if (!c->error && (length < 0 || length > c->end - c->at))
        c->error = EINVAL;
    *size = c->error ? 0 : (size_t)length;
    if (c->error)
        return NULL;
    c->at += length;
    return c->at - length;
}

char *cursor_text(struct cursor *c)
{
    size_t size;
    const uint8_t *bytes = cursor_bytes(c, &size);
    if (!c->error && memchr(bytes, 0, size))
        c->error = EINVAL;
    char *text = c->error ? NULL : strndup((const char *)bytes, size);
    if (!c->error && !text)
        c->error = ENOMEM;
    return text;
}
