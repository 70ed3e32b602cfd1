/* SPDX-License-Identifier: Apache-2.0 */
#include "position.h"

#include <stdlib.h>
#include <string.h>

/* "QR", layout, kind, flags, number, and the text to the end. */
enum { LAYOUT = 1, HEAD = 13, ENDED = 1, TEXT = 2 };

bool position_write(struct position *p, enum pager_kind kind, const struct place *place)
{
    size_t text = place->text ? strlen(place->text) : 0;
    if (p->room < HEAD + text) {
        uint8_t *data = realloc(p->data, 2 * (HEAD + text));
        if (!data)
            return false;
        p->data = data;
        p->room = 2 * (HEAD + text);
    }
    const uint8_t head[5] = {'Q', 'R', LAYOUT, (uint8_t)kind,
                             (uint8_t)((place->ended ? ENDED : 0) | (place->text ? TEXT : 0))};
    memcpy(p->data, head, sizeof head);
    for (int i = 0; i < 8; i++)
        p->data[5 + i] = (uint8_t)((uint64_t)place->number >> (8 * i));
    if (text)
        memcpy(p->data + HEAD, place->text, text);
    p->size = HEAD + text;
    return true;
}

int32_t position_read(struct qetl_blob blob, enum pager_kind kind, struct place *out)
{
    const uint8_t *data = blob.data;
    uint64_t number = 0;
    *out = (struct place){0};
    if (blob.size < HEAD || data[0] != 'Q' || data[1] != 'R' || data[2] != LAYOUT ||
        data[3] != kind || data[4] & ~(ENDED | TEXT))
        return QETL_E_UNSUPPORTED;
    bool text = data[4] & TEXT;
    if ((!text && blob.size > HEAD) || memchr(data + HEAD, 0, blob.size - HEAD))
        return QETL_E_UNSUPPORTED;
    for (int i = 0; i < 8; i++)
        number |= (uint64_t)data[5 + i] << (8 * i);
    out->ended = data[4] & ENDED;
    out->number = (int64_t)number;
    out->text = text ? strndup((const char *)data + HEAD, blob.size - HEAD) : NULL;
    return text && !out->text ? QETL_E_NO_MEMORY : QETL_OK;
}

void position_free(struct position *p)
{
    free(p->data);
    *p = (struct position){0};
}
