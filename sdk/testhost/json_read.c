/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for the test host: from text to a tree. */
#include "json.h"

#include <errno.h>
#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 100 };

struct input {
    const char *at, *end;
    int depth;
};

static struct json *value_read(struct input *in);

static void blanks_skip(struct input *in)
{
    while (in->at < in->end && memchr(" \t\r\n", *in->at, 4))
        in->at++;
}

static bool accept(struct input *in, char c)
{
    blanks_skip(in);
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static bool accept_word(struct input *in, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(in->end - in->at) < size || memcmp(in->at, word, size) != 0)
        return false;
    in->at += size;
    return true;
}

static struct json *value_make(int32_t kind)
{
    struct json *value = memory_need(calloc(1, sizeof *value));
    value->kind = kind;
    return value;
}

static bool hex_read(struct input *in, uint32_t *out)
{
    *out = 0;
    if (in->end - in->at < 4)
        return false;
    for (int i = 0; i < 4; i++, in->at++) {
        const char *digit = *in->at ? strchr("0123456789abcdef", *in->at | 32) : NULL;
        if (!digit)
            return false;
        *out = *out << 4 | (uint32_t)(digit - "0123456789abcdef");
    }
    return true;
}

static void utf8_put(struct text *out, uint32_t c)
{
    char bytes[4];
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    bytes[0] = (char)(size == 1 ? c : (0xf00u >> size & 0xf0u) | c);
    text_put(out, bytes, size);
}

/* \uXXXX, or two of them; what is half a pair, or NUL, is no text here. */
static bool unicode_read(struct input *in, struct text *out)
{
    uint32_t c, low;
    if (!hex_read(in, &c) || !c || (c >= 0xdc00 && c < 0xe000))
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (!accept_word(in, "\\u") || !hex_read(in, &low) || low < 0xdc00 || low >= 0xe000)
            return false;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    utf8_put(out, c);
    return true;
}

static bool escape_read(struct input *in, struct text *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (in->at == in->end)
        return false;
    char c = *in->at++;
    if (c == 'u')
        return unicode_read(in, out);
    const char *found = c ? strchr(from, c) : NULL;
    if (found)
        text_put(out, to + (found - from), 1);
    return found;
}

/* Behind the first quote; NULL: it is no text. */
static char *text_read(struct input *in)
{
    struct text out = {0};
    bool good = true;
    text_put(&out, "", 0);
    while (good && in->at < in->end && *in->at != '"') {
        if (*in->at == '\\') {
            in->at++;
            good = escape_read(in, &out);
        } else {
            good = (unsigned char)*in->at >= ' ';
            if (good)
                text_put(&out, in->at++, 1);
        }
    }
    if (good && in->at < in->end) {
        in->at++;
        return out.data;
    }
    text_free(&out);
    return NULL;
}

/* As JSON writes numbers: no leading zero, no point without digits on both sides. */
static bool number_is_json(const char *text)
{
    text += *text == '-';
    if (*text == '0' ? text[1] >= '0' && text[1] <= '9' : *text < '1' || *text > '9')
        return false;
    text += strspn(text, "0123456789");
    if (*text == '.') {
        size_t digits = strspn(++text, "0123456789");
        text += digits;
        if (!digits)
            return false;
    }
    if (*text == 'e' || *text == 'E') {
        text += text[1] == '+' || text[1] == '-' ? 2 : 1;
        size_t digits = strspn(text, "0123456789");
        text += digits;
        if (!digits)
            return false;
    }
    return !*text;
}

static struct json *number_read(struct input *in)
{
    char copy[400];
    size_t size = 0;
    while (in->at + size < in->end && in->at[size] && strchr("+-.0123456789eE", in->at[size]))
        size++;
    if (!size || size >= sizeof copy)
        return NULL;
    memcpy(copy, in->at, size);
    copy[size] = 0;
    if (!number_is_json(copy))
        return NULL;
    in->at += size;
    struct json *value = value_make(strpbrk(copy, ".eE") ? QETL_OPTION_REAL : QETL_OPTION_INT);
    errno = 0;
    value->integer = value->kind == QETL_OPTION_INT ? strtoll(copy, NULL, 10) : 0;
    if (errno)
        value->kind = QETL_OPTION_REAL;
    value->real = strtod(copy, NULL);
    return value;
}

static bool member_read(struct input *in, struct json *into)
{
    char *key = NULL;
    if (into->kind == QETL_OPTION_OBJECT &&
        (!accept(in, '"') || !(key = text_read(in)) || !accept(in, ':'))) {
        free(key);
        return false;
    }
    struct json *item = value_read(in);
    if (item)
        json_set(into, key, item);
    free(key);
    return item;
}

static struct json *container_read(struct input *in, int32_t kind, char close)
{
    struct json *value = value_make(kind);
    bool good = ++in->depth <= DEPTH_MAX;
    if (good && !accept(in, close)) {
        do
            good = member_read(in, value);
        while (good && accept(in, ','));
        good = good && accept(in, close);
    }
    in->depth--;
    if (good)
        return value;
    json_free(value);
    return NULL;
}

static struct json *word_read(struct input *in)
{
    struct json *value;
    bool truth = accept_word(in, "true");
    if (truth || accept_word(in, "false")) {
        value = value_make(QETL_OPTION_BOOL);
        value->boolean = truth;
        return value;
    }
    return accept_word(in, "null") ? value_make(QETL_OPTION_NULL) : number_read(in);
}

static struct json *value_read(struct input *in)
{
    if (accept(in, '{'))
        return container_read(in, QETL_OPTION_OBJECT, '}');
    if (accept(in, '['))
        return container_read(in, QETL_OPTION_LIST, ']');
    if (!accept(in, '"'))
        return word_read(in);
    char *text = text_read(in);
    if (!text)
        return NULL;
    struct json *value = value_make(QETL_OPTION_TEXT);
    value->text = text;
    return value;
}

struct json *json_read(const char *text, size_t size, size_t *at)
{
    struct input in = {text, text + size, 0};
    struct json *value = value_read(&in);
    blanks_skip(&in);
    *at = (size_t)(in.at - text);
    if (value && in.at == in.end)
        return value;
    json_free(value);
    return NULL;
}
