/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes on their way to the server; numbers with the highest byte first.
 *
 * Invariant: after a lack of memory nothing is added, and `failed` says so.
 * Ownership: data is the caller's, until wire_free.
 * Threads:   one at a time.
 */
#ifndef POSTGRES_SINK_WIRE_H
#define POSTGRES_SINK_WIRE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct wire {
    uint8_t *data;
    size_t size, capacity;
    bool failed;
};

/* Room for so many more bytes, all of which may be written; NULL: no memory. */
static inline uint8_t *wire_room(struct wire *w, size_t more)
{
    if (w->capacity - w->size < more) {
        size_t capacity = 2 * w->capacity + more + 4096;
        uint8_t *grown = w->failed ? NULL : realloc(w->data, capacity);
        if (!grown) {
            w->failed = true;
            return NULL;
        }
        w->data = grown;
        w->capacity = capacity;
    }
    return w->data + w->size;
}

static inline void wire_bytes(struct wire *w, const void *data, size_t size)
{
    uint8_t *at = wire_room(w, size);
    if (!at)
        return;
    if (size)
        memcpy(at, data, size);
    w->size += size;
}

static inline void wire_int16(struct wire *w, int16_t value)
{
    uint16_t bytes = htobe16((uint16_t)value);
    wire_bytes(w, &bytes, sizeof bytes);
}

static inline void wire_int32(struct wire *w, int32_t value)
{
    uint32_t bytes = htobe32((uint32_t)value);
    wire_bytes(w, &bytes, sizeof bytes);
}

static inline void wire_int64(struct wire *w, int64_t value)
{
    uint64_t bytes = htobe64((uint64_t)value);
    wire_bytes(w, &bytes, sizeof bytes);
}

/* A number where four bytes are there already. */
static inline void wire_set32(struct wire *w, size_t at, int32_t value)
{
    uint32_t bytes = htobe32((uint32_t)value);
    if (!w->failed)
        memcpy(w->data + at, &bytes, sizeof bytes);
}

static inline void wire_free(struct wire *w)
{
    free(w->data);
    *w = (struct wire){0};
}

#endif
