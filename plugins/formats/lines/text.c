/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that are no UTF-8 as they stand: of another encoding, or damaged. */
#include "lines.h"

#include <stdlib.h>

static const char substitute[] = "\xef\xbf\xbd";

/* Bytes of the character at data, or 0: what stands there is none. */
static int64_t character_size(const char *data, int64_t size)
{
    uint8_t lead = (uint8_t)*data;
    int64_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return n <= size && qetl_utf8_valid(data, n) ? n : 0;
}

static int64_t byte_convert(const struct lines *l, const char *data, int64_t size, char *out,
                            int64_t *n_out)
{
    if (!l->encoding) {
        int64_t n = character_size(data, size);
        memcpy(out, data, (size_t)n);
        *n_out = n;
        return n;
    }
    *n_out = l->encoding->sizes[(uint8_t)*data];
    memcpy(out, l->encoding->bytes[(uint8_t)*data], (size_t)*n_out);
    return *n_out > 0;
}

int32_t lines_text(struct lines *l, const char *data, int64_t size, struct qetl_text *out)
{
    int64_t needed = size * LINES_ENCODED_MAX + 4, at = 0;
    if (needed > l->text_room) {
        char *grown = realloc(l->text, (size_t)needed);
        if (!grown)
            return QETL_E_NO_MEMORY;
        l->text = grown;
        l->text_room = needed;
    }
    for (int64_t i = 0, n_out; i < size;) {
        int64_t n = byte_convert(l, data + i, size - i, l->text + at, &n_out);
        if (!n && !l->replace)
            return QETL_E_DATA;
        if (!n)
            memcpy(l->text + at, substitute, (size_t)(n_out = sizeof substitute - 1));
        i += n ? n : 1;
        at += n_out;
    }
    *out = (struct qetl_text){l->text, at};
    return QETL_OK;
}
