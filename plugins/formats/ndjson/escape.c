/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes of JSON strings to UTF-8. */
#include "json.h"

static uint8_t *utf8_put(uint8_t *out, uint32_t point)
{
    if (point < 0x80) {
        *out++ = (uint8_t)point;
    } else if (point < 0x800) {
        *out++ = (uint8_t)(0xc0 | point >> 6);
        *out++ = (uint8_t)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *out++ = (uint8_t)(0xe0 | point >> 12);
        *out++ = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        *out++ = (uint8_t)(0x80 | (point & 0x3f));
    } else {
        *out++ = (uint8_t)(0xf0 | point >> 18);
        *out++ = (uint8_t)(0x80 | (point >> 12 & 0x3f));
        *out++ = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        *out++ = (uint8_t)(0x80 | (point & 0x3f));
    }
    return out;
}

/* p stands at the backslash; answers the place behind the escape. */
static const uint8_t *escape_put(const uint8_t *p, uint8_t **out)
{
    static const uint8_t plain[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                       ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    if (p[1] != 'u') {
        *(*out)++ = plain[p[1]];
        return p + 2;
    }
    uint32_t point = (uint32_t)ndjson_hex4(p + 2);
    if (point < 0xd800 || point > 0xdfff) {
        *out = utf8_put(*out, point);
        return p + 6;
    }
    uint32_t low = (uint32_t)ndjson_hex4(p + 8);
    *out = utf8_put(*out, 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00));
    return p + 12;
}

int64_t ndjson_unescape(const uint8_t *data, int64_t size, uint8_t *out)
{
    const uint8_t *p = data, *end = data + size;
    uint8_t *begin = out;
    while (p < end) {
        const uint8_t *slash = memchr(p, '\\', (size_t)(end - p));
        size_t run = (size_t)((slash ? slash : end) - p);
        memcpy(out, p, run);
        out += run;
        p += run;
        if (slash)
            p = escape_put(p, &out);
    }
    return out - begin;
}
