/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a text is JSON, in one pass without recursion. */
#include "json_scan.h"

struct check {
    const char *at, *end;
    bool strict;
    int depth;
    uint64_t objects[EXPR_JSON_DEPTH_MAX / 64 + 1]; /* by depth: an object, else an array */
};

static void skip_blank(struct check *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r'))
        c->at++;
}

static bool is_digit(const struct check *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

static bool take(struct check *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_hex(struct check *c, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++, c->at++) {
        int digit;
        if (c->at == c->end)
            return false;
        digit = *c->at >= '0' && *c->at <= '9'   ? *c->at - '0'
                : *c->at >= 'a' && *c->at <= 'f' ? *c->at - 'a' + 10
                : *c->at >= 'A' && *c->at <= 'F' ? *c->at - 'A' + 10
                                                 : -1;
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

static bool take_unicode(struct check *c)
{
    uint32_t first, second;

    if (!take_hex(c, &first))
        return false;
    if (!c->strict)
        return true;
    if (first == 0 || (first >= 0xdc00 && first < 0xe000))
        return false;
    if (first < 0xd800 || first >= 0xe000)
        return true;
    return take(c, '\\') && take(c, 'u') && take_hex(c, &second) && second >= 0xdc00 &&
           second < 0xe000;
}

static bool take_string(struct check *c)
{
    if (!take(c, '"'))
        return false;
    while (c->at < c->end) {
        unsigned char letter = (unsigned char)*c->at++;
        if (letter == '"')
            return true;
        if (letter < 0x20)
            return false;
        if (letter != '\\')
            continue;
        if (c->at == c->end)
            return false;
        letter = (unsigned char)*c->at++;
        if (letter == 'u' ? !take_unicode(c) : !letter || !strchr("\"\\/bfnrt", letter))
            return false;
    }
    return false;
}

static bool take_digits(struct check *c)
{
    if (!is_digit(c))
        return false;
    while (is_digit(c))
        c->at++;
    return true;
}

static bool take_number(struct check *c)
{
    take(c, '-');
    if (take(c, '0') ? is_digit(c) : !take_digits(c))
        return false;
    if (take(c, '.') && !take_digits(c))
        return false;
    if (c->at < c->end && (*c->at | 32) == 'e') {
        c->at++;
        if (!take(c, '+'))
            take(c, '-');
        return take_digits(c);
    }
    return true;
}

static bool take_word(struct check *c, const char *word)
{
    size_t size = strlen(word);

    if ((size_t)(c->end - c->at) < size || memcmp(c->at, word, size) != 0)
        return false;
    c->at += size;
    return true;
}

static bool in_object(const struct check *c)
{
    return c->objects[c->depth >> 6] >> (c->depth & 63) & 1;
}

static bool enter(struct check *c, bool object)
{
    uint64_t bit;

    if (++c->depth > EXPR_JSON_DEPTH_MAX)
        return false;
    bit = 1ULL << (c->depth & 63);
    c->objects[c->depth >> 6] =
        object ? c->objects[c->depth >> 6] | bit : c->objects[c->depth >> 6] & ~bit;
    return true;
}

/* A key and its colon, where the value stands in an object. */
static bool take_key(struct check *c)
{
    if (!in_object(c))
        return true;
    skip_blank(c);
    if (!take_string(c))
        return false;
    skip_blank(c);
    return take(c, ':');
}

/* What begins a value; opened: its first part is to come. */
static bool take_start(struct check *c, bool *opened)
{
    char close;

    *opened = false;
    skip_blank(c);
    if (c->at == c->end)
        return false;
    switch (*c->at) {
    case '{':
    case '[':
        close = *c->at == '{' ? '}' : ']';
        c->at++;
        if (!enter(c, close == '}'))
            return false;
        skip_blank(c);
        if (take(c, close))
            c->depth--;
        else
            *opened = true;
        return !*opened || take_key(c);
    case '"':
        return take_string(c);
    case 't':
        return take_word(c, "true");
    case 'f':
        return take_word(c, "false");
    case 'n':
        return take_word(c, "null");
    default:
        return take_number(c);
    }
}

/* Behind a value: closes what ends there; more: another value is to come. */
static bool take_end(struct check *c, bool *more)
{
    *more = false;
    while (c->depth > 0) {
        skip_blank(c);
        if (take(c, ',')) {
            *more = true;
            return take_key(c);
        }
        if (!take(c, in_object(c) ? '}' : ']'))
            return false;
        c->depth--;
    }
    return true;
}

bool qetl_expr_json_check(struct expr_text text, bool strict)
{
    struct check c = {.at = text.data, .end = text.data + text.size, .strict = strict};
    bool more = true;

    while (more) {
        bool opened;
        if (!take_start(&c, &opened))
            return false;
        if (!opened && !take_end(&c, &more))
            return false;
    }
    skip_blank(&c);
    return c.at == c.end;
}
