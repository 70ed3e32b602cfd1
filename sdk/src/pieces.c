/* SPDX-License-Identifier: Apache-2.0 */
#include "pieces.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 4096 };

int32_t qetl_sdk_pieces_write(void *stream, const void *data, uint64_t size)
{
    struct qetl_sdk_pieces *p = stream;
    if (size > p->room - p->size) {
        size_t room = p->room ? p->room : ROOM_FIRST;
        while (room < p->size + size)
            room *= 2;
        uint8_t *grown = realloc(p->data, room);
        if (!grown)
            return QETL_E_NO_MEMORY;
        p->data = grown;
        p->room = room;
    }
    if (size)
        memcpy(p->data + p->size, data, size);
    p->size += size;
    return QETL_OK;
}

int64_t qetl_sdk_pieces_read(void *stream, void *data, uint64_t capacity)
{
    struct qetl_sdk_pieces *p = stream;
    size_t left = p->size - p->at, size = left < capacity ? left : capacity;
    if (size)
        memcpy(data, p->data + p->at, size);
    p->at += size;
    return (int64_t)size;
}
