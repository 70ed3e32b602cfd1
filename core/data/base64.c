/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

#include <stdlib.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *qetl_base64(const uint8_t *bytes, size_t size)
{
    char *text = malloc((size + 2) / 3 * 4 + 1);
    if (!text)
        return NULL;
    char *out = text;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t triple = (uint32_t)bytes[i] << 16;
        triple |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        triple |= left > 2 ? bytes[i + 2] : 0;
        *out++ = alphabet[triple >> 18];
        *out++ = alphabet[triple >> 12 & 63];
        *out++ = left > 1 ? alphabet[triple >> 6 & 63] : '=';
        *out++ = left > 2 ? alphabet[triple & 63] : '=';
    }
    *out = 0;
    return text;
}
