/* SPDX-License-Identifier: Apache-2.0 */
/* Text in the encoding of a file, and in UTF-8. */
#include "foreign.h"

#include <errno.h>
#include <stdlib.h>

int32_t csv_bytes_room(struct csv_bytes *b, int64_t n)
{
    int64_t room = (b->size + n) * 2;
    uint8_t *grown;

    if (b->room - b->size >= n)
        return QETL_OK;
    grown = realloc(b->data, (size_t)room);
    if (!grown)
        return QETL_E_NO_MEMORY;
    b->data = grown;
    b->room = room;
    return QETL_OK;
}

int32_t csv_foreign_decode(struct csv_foreign *f, const uint8_t *data, int64_t size,
                           struct csv_bytes *out)
{
    char *in = (char *)data;
    size_t left = (size_t)size;

    out->size = 0;
    if (csv_bytes_room(out, size * 3 + 16))
        return QETL_E_NO_MEMORY;
    iconv(f->from, NULL, NULL, NULL, NULL);
    while (left) {
        if (csv_bytes_room(out, (int64_t)left * 3 + 16))
            return QETL_E_NO_MEMORY;
        char *at = (char *)out->data + out->size;
        size_t room = (size_t)(out->room - out->size) - 8;
        size_t bad = iconv(f->from, &in, &left, &at, &room);

        out->size = (uint8_t *)at - out->data;
        if (bad != (size_t)-1 || errno == E2BIG)
            continue;
        out->data[out->size++] = 0xff;
        size_t over = left < f->width ? left : f->width;

        in += over;
        left -= over;
        iconv(f->from, NULL, NULL, NULL, NULL);
    }
    return QETL_OK;
}

int32_t csv_foreign_encode_text(struct csv_foreign *f, const uint8_t *data, int64_t size,
                                struct csv_bytes *out)
{
    char *in = (char *)data;
    size_t left = (size_t)size;

    iconv(f->into, NULL, NULL, NULL, NULL);
    while (left) {
        if (csv_bytes_room(out, (int64_t)left * 4 + 16))
            return QETL_E_NO_MEMORY;
        char *at = (char *)out->data + out->size;
        size_t room = (size_t)(out->room - out->size);
        size_t bad = iconv(f->into, &in, &left, &at, &room);

        out->size = (uint8_t *)at - out->data;
        if (bad == (size_t)-1 && errno != E2BIG)
            return QETL_E_UNSUPPORTED;
    }
    return QETL_OK;
}
