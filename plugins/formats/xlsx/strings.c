/* SPDX-License-Identifier: Apache-2.0 */
/* The shared strings, which a sheet's cells name by number, so that all must be kept. */
#include "book.h"

#include <stdlib.h>

int32_t xlsx_text_add(struct xlsx_text *t, const char *data, int64_t size)
{
    if (t->size + size > t->room) {
        int64_t room = t->room * 2 > t->size + size ? t->room * 2 : t->size + size + 256;
        char *grown = realloc(t->data, (size_t)room);
        if (!grown)
            return QETL_E_NO_MEMORY;
        t->data = grown;
        t->room = room;
    }
    if (size)
        memcpy(t->data + t->size, data, (size_t)size);
    t->size += size;
    return QETL_OK;
}

static int hex(char c)
{
    const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The code of _xHHHH_ at data, or -1. Halves of surrogate pairs are left as they are spelled. */
static int escape_at(const char *data, int64_t size)
{
    int code = 0;
    if (size < 7 || data[0] != '_' || data[1] != 'x' || data[6] != '_')
        return -1;
    for (int i = 2; i < 6; i++) {
        if (hex(data[i]) < 0)
            return -1;
        code = code * 16 + hex(data[i]);
    }
    return code >= 0xd800 && code < 0xe000 ? -1 : code;
}

static int64_t utf8_put(char *out, int code)
{
    if (code < 0x80)
        return out[0] = (char)code, 1;
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 63));
        return 2;
    }
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 63));
    out[2] = (char)(0x80 | (code & 63));
    return 3;
}

void xlsx_text_unescape(struct xlsx_text *t, int64_t from)
{
    if (t->size - from < 7 || !memmem(t->data + from, (size_t)(t->size - from), "_x", 2))
        return;
    int64_t to = from;
    for (int64_t i = from; i < t->size;) {
        int code = escape_at(t->data + i, t->size - i);
        if (code >= 0) {
            to += utf8_put(t->data + to, code);
            i += 7;
        } else {
            t->data[to++] = t->data[i++];
        }
    }
    t->size = to;
}

struct strings {
    struct xlsx_book *book;
    int phonetic; /* depth inside of what only says how it is pronounced */
    bool in_text;
    int64_t from;
};

static int32_t strings_fail(const struct xlsx_book *b)
{
    return xlsx_package_fail(b->package, QETL_E_DATA, "raise max_strings",
                             "its shared strings take more than max_strings, %lld bytes",
                             (long long)b->strings_max);
}

static int32_t string_end(struct strings *s)
{
    struct xlsx_book *b = s->book;
    if (b->n_strings == b->strings_room) {
        int64_t room = b->strings_room ? b->strings_room * 2 : 1024;
        int64_t *grown = realloc(b->ends, (size_t)room * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        b->ends = grown;
        b->strings_room = room;
    }
    xlsx_text_unescape(&b->heap, s->from);
    b->ends[b->n_strings++] = s->from = b->heap.size;
    if (b->heap.size + b->n_strings * (int64_t)sizeof *b->ends > b->strings_max)
        return strings_fail(b);
    return QETL_OK;
}

static int32_t on_start(void *user, const char *name, const char **attributes)
{
    struct strings *s = user;
    (void)attributes;
    s->phonetic += !strcmp(name, "rPh");
    s->in_text = !s->phonetic && !strcmp(name, "t");
    return QETL_OK;
}

static int32_t on_end(void *user, const char *name)
{
    struct strings *s = user;
    s->in_text = false;
    s->phonetic -= !strcmp(name, "rPh");
    return strcmp(name, "si") ? QETL_OK : string_end(s);
}

static int32_t on_text(void *user, const char *text, int64_t size)
{
    struct strings *s = user;
    if (!s->in_text)
        return QETL_OK;
    return s->book->heap.size > s->book->strings_max ? strings_fail(s->book)
                                                     : xlsx_text_add(&s->book->heap, text, size);
}

int32_t xlsx_strings_read(struct xlsx_book *b)
{
    struct strings s = {.book = b};
    const struct xlsx_handlers on = {on_start, on_end, on_text};
    int32_t status = xlsx_xml_read(b->package, b->strings_at, &on, &s);
    return status == XLSX_MISSING ? QETL_OK : status;
}
