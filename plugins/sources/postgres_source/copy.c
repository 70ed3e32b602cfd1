/* SPDX-License-Identifier: Apache-2.0 */
#include "copy.h"

#include "wire.h"

static const char signature[11] = "PGCOPY\n\377\r\n";
enum { HEADER_MIN = sizeof signature + 8 };

struct cursor {
    const uint8_t *at, *end;
};

static enum copy_answer broken(struct copy *c, const char *why)
{
    c->broken = why;
    return COPY_BROKEN;
}

/* Behind the header, or NULL. */
static const uint8_t *header_skip(struct copy *c, const uint8_t *data, int64_t size)
{
    if (size < HEADER_MIN || memcmp(data, signature, sizeof signature) != 0) {
        broken(c, "it does not begin as a binary COPY");
        return NULL;
    }
    uint32_t flags = (uint32_t)wire_int32(data + sizeof signature);
    int64_t extension = wire_int32(data + sizeof signature + 4);
    if (flags & 0xffff0000U) {
        broken(c, "it has flags that are not known here");
        return NULL;
    }
    if (extension < 0 || extension > size - HEADER_MIN) {
        broken(c, "its header is cut off");
        return NULL;
    }
    return data + HEADER_MIN + extension;
}

bool copy_split(const struct copy *c, const uint8_t *row, int64_t size, struct copy_field *fields)
{
    struct cursor in = {row + 2, row + size};
    for (int32_t i = 0; i < c->n_fields; i++) {
        if (in.end - in.at < 4)
            return false;
        int32_t bytes = wire_int32(in.at);
        in.at += 4;
        if (bytes < -1 || bytes > in.end - in.at)
            return false;
        fields[i] = (struct copy_field){in.at, bytes};
        in.at += bytes < 0 ? 0 : bytes;
    }
    return in.at == in.end;
}

enum copy_answer copy_row(struct copy *c, int32_t n, int32_t *column)
{
    if (n != c->n_fields)
        return broken(c, "a row has another number of columns");
    for (int32_t i = 0; i < c->n_columns; i++) {
        const struct copy_field *f = &c->fields[i];
        switch (column_put(&c->columns[i], c->env, c->rows, f->data, f->size)) {
        case COLUMN_TAKEN:
            continue;
        case COLUMN_NO_VALUE:
            *column = i;
            return COPY_REFUSED;
        case COLUMN_BROKEN:
            *column = i;
            return broken(c, "a value is none of its column's type");
        default:
            return COPY_NO_MEMORY;
        }
    }
    c->rows++;
    return COPY_ROW;
}

enum copy_answer copy_feed(struct copy *c, const uint8_t *data, int64_t size, int32_t *column)
{
    struct cursor in = {data, data + size};
    if (!c->headed) {
        in.at = header_skip(c, data, size);
        if (!in.at)
            return COPY_BROKEN;
        c->headed = true;
    }
    if (in.at == in.end)
        return COPY_NOTHING;
    if (c->ended)
        return broken(c, "it goes on behind its end");
    if (in.end - in.at < 2)
        return broken(c, "a row is cut off");
    int32_t n = wire_int16(in.at);
    if (n == -1) {
        c->ended = true;
        return in.at + 2 == in.end ? COPY_NOTHING : broken(c, "it goes on behind its end");
    }
    if (n == c->n_fields && !copy_split(c, in.at, in.end - in.at, c->fields))
        return broken(c, "a row is cut off");
    return copy_row(c, n, column);
}
