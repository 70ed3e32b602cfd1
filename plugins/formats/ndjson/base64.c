/* SPDX-License-Identifier: Apache-2.0 */
/* Binary as base64 (RFC 4648), padded, without line breaks. */
#include "convert.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int32_t digit_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits, of which the last `padding` are '='. Their spare bits must be zero. */
static bool quad_read(const uint8_t *p, int32_t padding, uint8_t out[3])
{
    int32_t bits = 0;
    for (int i = 0; i < 4; i++) {
        int32_t value = i >= 4 - padding ? 0 : digit_value(p[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | value;
    }
    out[0] = (uint8_t)(bits >> 16);
    out[1] = (uint8_t)(bits >> 8);
    out[2] = (uint8_t)bits;
    return !(padding == 1 && out[2]) && !(padding == 2 && out[1]);
}

int64_t ndjson_base64_decode(const uint8_t *data, int64_t size, uint8_t *out)
{
    int64_t written = 0;
    if (size % 4)
        return -1;
    for (int64_t i = 0; i < size; i += 4) {
        uint8_t bytes[3];
        int32_t padding = 0;
        if (i + 4 == size)
            padding = data[i + 3] != '=' ? 0 : data[i + 2] != '=' ? 1 : 2;
        if (!quad_read(data + i, padding, bytes))
            return -1;
        if (out)
            memcpy(out + written, bytes, (size_t)(3 - padding));
        written += 3 - padding;
    }
    return written;
}

void ndjson_base64_encode(const uint8_t *data, int64_t size, uint8_t *out)
{
    for (; size > 0; data += 3, size -= 3, out += 4) {
        uint32_t bits = (uint32_t)data[0] << 16;
        if (size > 1)
            bits |= (uint32_t)data[1] << 8;
        if (size > 2)
            bits |= data[2];
        out[0] = (uint8_t)alphabet[bits >> 18];
        out[1] = (uint8_t)alphabet[bits >> 12 & 63];
        out[2] = (uint8_t)(size > 1 ? alphabet[bits >> 6 & 63] : '=');
        out[3] = (uint8_t)(size > 2 ? alphabet[bits & 63] : '=');
    }
}
