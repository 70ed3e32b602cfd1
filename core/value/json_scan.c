/* SPDX-License-Identifier: Apache-2.0 */
#include "json_scan.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static const char *skip_blank(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

/* The place behind the value that begins at `at`. Inside brackets only quotes and brackets matter.
 */
static const char *skip_value(const char *at, const char *end)
{
    int64_t depth = 0;

    if (at < end && *at == '"')
        return skip_string(at, end);
    if (at < end && *at != '{' && *at != '[') {
        while (at < end && !is_blank(*at) && *at != ',' && *at != '}' && *at != ']')
            at++;
        return at;
    }
    while (at < end) {
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at++;
        if (!depth)
            break;
    }
    return at;
}

struct expr_text qetl_expr_json_trim(struct expr_text text)
{
    const char *at = skip_blank(text.data, text.data + text.size), *end = text.data + text.size;

    while (end > at && is_blank(end[-1]))
        end--;
    return (struct expr_text){at, end - at};
}

enum expr_json_kind qetl_expr_json_kind(struct expr_text value)
{
    const char *end = value.data + value.size, *at = skip_blank(value.data, end);

    if (at == end)
        return EXPR_JSON_NONE;
    switch (*at) {
    case '{':
        return EXPR_JSON_OBJECT;
    case '[':
        return EXPR_JSON_ARRAY;
    case '"':
        return EXPR_JSON_STRING;
    case 't':
    case 'f':
        return EXPR_JSON_BOOLEAN;
    case 'n':
        return EXPR_JSON_NULL;
    default:
        return EXPR_JSON_NUMBER;
    }
}

struct expr_json_walk qetl_expr_json_open(struct expr_text value)
{
    const char *end = value.data + value.size, *at = skip_blank(value.data, end);
    struct expr_json_walk walk = {.at = end, .end = end};

    if (at < end && (*at == '{' || *at == '[')) {
        walk.members = *at == '{';
        walk.at = skip_blank(at + 1, end);
    }
    return walk;
}

bool qetl_expr_json_next(struct expr_json_walk *walk, struct expr_text *key,
                         struct expr_text *value)
{
    const char *begin = walk->at, *at;

    if (begin >= walk->end || *begin == '}' || *begin == ']')
        return false;
    if (walk->members) {
        at = skip_string(begin, walk->end);
        if (key)
            *key = (struct expr_text){begin, at - begin};
        begin = skip_blank(skip_blank(at, walk->end) + 1, walk->end); /* behind the colon */
    }
    at = skip_value(begin, walk->end);
    *value = (struct expr_text){begin, at - begin};
    at = skip_blank(at, walk->end);
    if (at < walk->end && *at == ',')
        at = skip_blank(at + 1, walk->end);
    walk->at = at;
    return true;
}

bool qetl_expr_json_member(struct expr_text value, struct expr_text key, struct expr_text *out)
{
    struct expr_json_walk walk = qetl_expr_json_open(value);
    struct expr_text name, member;
    bool found = false;

    while (walk.members && qetl_expr_json_next(&walk, &name, &member))
        if (qetl_expr_json_string_is(name, key)) {
            *out = member;
            found = true;
        }
    return found;
}

int64_t qetl_expr_json_length(struct expr_text array)
{
    struct expr_json_walk walk = qetl_expr_json_open(array);
    struct expr_text value;
    int64_t count = 0;

    while (qetl_expr_json_next(&walk, NULL, &value))
        count++;
    return count;
}

bool qetl_expr_json_element(struct expr_text value, int64_t index, struct expr_text *out)
{
    struct expr_json_walk walk = qetl_expr_json_open(value);

    if (walk.members)
        return false;
    if (index < 0)
        index += qetl_expr_json_length(value);
    while (index >= 0 && qetl_expr_json_next(&walk, NULL, out))
        if (index-- == 0)
            return true;
    return false;
}

/* ---- strings ---- */

struct expr_text qetl_expr_json_inside(struct expr_text string, bool *escaped)
{
    struct expr_text inside = {string.data + 1, string.size - 2};

    *escaped = inside.size > 0 && memchr(inside.data, '\\', (size_t)inside.size);
    return inside;
}

static uint32_t hex_of(const char *at)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        char c = at[i];
        value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

static int utf8_put(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 63));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 63));
        out[2] = (char)(0x80 | (code & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 63));
    out[2] = (char)(0x80 | (code >> 6 & 63));
    out[3] = (char)(0x80 | (code & 63));
    return 4;
}

/* Behind \u: one code point, of a pair if there is one. Half a pair becomes U+FFFD. */
static const char *unicode_read(const char *at, const char *end, uint32_t *code)
{
    *code = hex_of(at);
    at += 4;
    if (*code >= 0xd800 && *code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        uint32_t low = hex_of(at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            *code = 0x10000 + ((*code - 0xd800) << 10 | (low - 0xdc00));
            return at + 6;
        }
    }
    if (*code >= 0xd800 && *code < 0xe000)
        *code = 0xfffd;
    return at;
}

/* One character, escaped or a byte of one; answers the size in out. */
static int letter_read(const char **at, const char *end, char out[4])
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *found;
    uint32_t code;

    if (**at != '\\') {
        out[0] = *(*at)++;
        return 1;
    }
    ++*at;
    if (**at == 'u') {
        *at = unicode_read(*at + 1, end, &code);
        return utf8_put(code, out);
    }
    found = strchr(from, **at);
    out[0] = found ? to[found - from] : **at;
    ++*at;
    return 1;
}

int64_t qetl_expr_json_unescape(struct expr_text inside, char *out)
{
    const char *at = inside.data, *end = at + inside.size;
    char *begin = out, letter[4];

    while (at < end) {
        int size = letter_read(&at, end, letter);
        memcpy(out, letter, (size_t)size);
        out += size;
    }
    return out - begin;
}

int qetl_expr_json_string_order(struct expr_text string, struct expr_text plain)
{
    bool escaped;
    struct expr_text inside = qetl_expr_json_inside(string, &escaped);
    const char *at = inside.data, *end = at + inside.size;
    int64_t done = 0;
    char letter[4];

    while (at < end) {
        int size = letter_read(&at, end, letter);
        int64_t rest = plain.size - done;
        int order =
            rest > 0 ? memcmp(letter, plain.data + done, (size_t)(rest < size ? rest : size)) : 1;
        if (order || rest < size)
            return order ? order : 1;
        done += size;
    }
    return done < plain.size ? -1 : 0;
}

bool qetl_expr_json_string_is(struct expr_text string, struct expr_text plain)
{
    bool escaped;
    struct expr_text inside = qetl_expr_json_inside(string, &escaped);

    if (escaped)
        return !qetl_expr_json_string_order(string, plain);
    return inside.size == plain.size &&
           (!plain.size || !memcmp(inside.data, plain.data, (size_t)plain.size));
}
