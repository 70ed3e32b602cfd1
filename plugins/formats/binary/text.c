/* SPDX-License-Identifier: Apache-2.0 */
/* Text out of a field. NULs go before the encoding is looked at, as what stands behind one may be
 * anything; spaces go afterwards, as each encoding has its own. */
#include "text.h"

#include <iconv.h>
#include <stdlib.h>
#include <strings.h>

struct binary_converter {
    iconv_t in, out; /* to UTF-8, from UTF-8 */
    int32_t unit;
    char *buffer;
    size_t capacity;
};

static const iconv_t none = (iconv_t)-1;

static int32_t unit_of(const char *encoding)
{
    if (!strncasecmp(encoding, "utf-16", 6) || !strncasecmp(encoding, "ucs-2", 5) ||
        !strncasecmp(encoding, "utf16", 5))
        return 2;
    return !strncasecmp(encoding, "utf-32", 6) || !strncasecmp(encoding, "ucs-4", 5) ? 4 : 1;
}

struct binary_converter *binary_converter_new(const char *encoding)
{
    struct binary_converter *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->unit = unit_of(encoding);
    c->in = iconv_open("UTF-8", encoding);
    c->out = iconv_open(encoding, "UTF-8");
    if (c->in != none && c->out != none)
        return c;
    binary_converter_free(c);
    return NULL;
}

void binary_converter_free(struct binary_converter *c)
{
    if (!c)
        return;
    if (c->in != none)
        iconv_close(c->in);
    if (c->out != none)
        iconv_close(c->out);
    free(c->buffer);
    free(c);
}

int32_t binary_converter_unit(const struct binary_converter *c)
{
    return c ? c->unit : 1;
}

/* bad: what it is where it cannot be converted. */
static int32_t convert(struct binary_converter *c, iconv_t how, struct qetl_text in,
                       struct qetl_text *out, int32_t bad)
{
    size_t needed = (size_t)in.size * 4 + 16, left, rest = (size_t)in.size;
    char *from = (char *)in.data, *to;

    if (c->capacity < needed) {
        char *grown = realloc(c->buffer, needed * 2);

        if (!grown)
            return QETL_E_NO_MEMORY;
        c->buffer = grown;
        c->capacity = needed * 2;
    }
    to = c->buffer;
    left = c->capacity;
    iconv(how, NULL, NULL, NULL, NULL);
    if (iconv(how, &from, &rest, &to, &left) != 0 || rest ||
        iconv(how, NULL, NULL, &to, &left) != 0)
        return bad;
    *out = (struct qetl_text){c->buffer, to - c->buffer};
    return BINARY_FINE;
}

static int32_t utf8_check(struct qetl_text text)
{
    return qetl_utf8_valid(text.data, text.size) ? BINARY_FINE : BINARY_BAD_TEXT;
}

int32_t binary_converter_decode(struct binary_converter *c, struct qetl_text in,
                                struct qetl_text *out)
{
    int32_t code = convert(c, c->in, in, out, BINARY_BAD_TEXT);

    return code ? code : utf8_check(*out);
}

int32_t binary_converter_encode(struct binary_converter *c, struct qetl_text in,
                                struct qetl_text *out)
{
    return convert(c, c->out, in, out, BINARY_NO_LETTER);
}

int64_t binary_text_size(enum binary_trim trim, const uint8_t *data, int64_t size)
{
    bool nul = trim == BINARY_TRIM_NUL || trim == BINARY_TRIM_BOTH;
    bool space = trim == BINARY_TRIM_SPACE || trim == BINARY_TRIM_BOTH;

    if (trim == BINARY_TRIM_C) {
        const uint8_t *end = memchr(data, 0, (size_t)size);

        return end ? end - data : size;
    }
    while (size && ((nul && !data[size - 1]) || (space && data[size - 1] == ' ')))
        size--;
    return size;
}

static bool unit_is_nul(const uint8_t *data, int32_t unit)
{
    for (int32_t i = 0; i < unit; i++)
        if (data[i])
            return false;
    return true;
}

/* NULs of the encoding's own width. */
static int64_t nuls_trim(const struct binary_field *f, const uint8_t *data, int64_t size)
{
    int32_t unit = binary_converter_unit(f->converter);
    int64_t end = size / unit * unit;

    if (f->trim == BINARY_TRIM_C) {
        for (int64_t i = 0; i < end; i += unit)
            if (unit_is_nul(data + i, unit))
                return i;
        return size;
    }
    if (end != size || f->trim == BINARY_TRIM_SPACE || f->trim == BINARY_TRIM_NONE)
        return size;
    while (end && unit_is_nul(data + end - unit, unit))
        end -= unit;
    return end;
}

int32_t binary_text_read(const struct binary_field *f, const uint8_t *data, int64_t size,
                         struct qetl_text *out)
{
    int32_t code;

    if (f->pascal) {
        int64_t said = data[0];

        size = said < size ? said : size - 1;
        data++;
    }
    *out = (struct qetl_text){(const char *)data, size};
    if (f->converter) {
        out->size = nuls_trim(f, data, size);
        code = binary_converter_decode(f->converter, *out, out);
        if (!code && (f->trim == BINARY_TRIM_SPACE || f->trim == BINARY_TRIM_BOTH))
            out->size = binary_text_size(f->trim, (const uint8_t *)out->data, out->size);
        return code;
    }
    out->size = binary_text_size(f->trim, data, size);
    return utf8_check(*out);
}
