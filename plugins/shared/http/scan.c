/* SPDX-License-Identifier: Apache-2.0 */
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scan {
    const char *at, *end;
    struct scan_target *targets;
    int n;
    char *names; /* where lists are named, or NULL */
    int64_t names_room;
    bool cut; /* within a text */
};

/* 1: a quote, 2: opens, 3: closes. */
static const uint8_t marks[256] = {['"'] = 1, ['{'] = 2, ['['] = 2, ['}'] = 3, [']'] = 3};

static void blanks(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

/* Behind its closing quote. */
static bool text_skip(struct scan *s)
{
    const char *from = s->at + 1;
    while (from < s->end) {
        const char *quote = memchr(from, '"', (size_t)(s->end - from)), *back = quote;
        if (!quote)
            break;
        while (back > s->at + 1 && back[-1] == '\\')
            back--;
        if ((quote - back) % 2 == 0) {
            s->at = quote + 1;
            return true;
        }
        from = quote + 1;
    }
    s->cut = true;
    return false;
}

static bool scalar_skip(struct scan *s)
{
    const char *from = s->at;
    while (s->at < s->end &&
           ((*s->at >= '0' && *s->at <= '9') || (*s->at >= 'a' && *s->at <= 'z') || *s->at == '-' ||
            *s->at == '+' || *s->at == '.' || *s->at == 'E'))
        s->at++;
    return s->at > from;
}

/* Lists and objects, whatever is in them. */
static bool nest_skip(struct scan *s)
{
    uint8_t stack[SCAN_DEPTH / 8] = {0};
    int depth = 0;
    while (s->at < s->end) {
        uint8_t mark = marks[(uint8_t)*s->at];
        if (mark == 0) {
            s->at++;
        } else if (mark == 1) {
            if (!text_skip(s))
                return false;
        } else if (mark == 2) {
            uint8_t bit = (uint8_t)(1 << (depth % 8));
            if (depth == SCAN_DEPTH)
                return false;
            stack[depth / 8] =
                (uint8_t)(*s->at == '{' ? stack[depth / 8] | bit : stack[depth / 8] & ~bit);
            depth++;
            s->at++;
        } else {
            depth--;
            bool object = stack[depth / 8] >> (depth % 8) & 1;
            if ((*s->at == '}') != object)
                return false;
            s->at++;
            if (!depth)
                return true;
        }
    }
    return false;
}

static bool value_skip(struct scan *s)
{
    blanks(s);
    if (s->at >= s->end)
        return false;
    if (*s->at == '"')
        return text_skip(s);
    return *s->at == '{' || *s->at == '[' ? nest_skip(s) : scalar_skip(s);
}

/* ---- pointers ---- */

/* The pointer's segment at that depth; NULL: it ends before. */
static const char *segment_at(const char *pointer, int depth, size_t *size)
{
    for (const char *at = pointer; *at == '/'; depth--) {
        size_t n = strcspn(at + 1, "/");
        if (!depth) {
            *size = n;
            return at + 1;
        }
        at += n + 1;
    }
    return NULL;
}

bool scan_pointer_good(const char *pointer)
{
    if (*pointer && *pointer != '/')
        return false;
    for (const char *c = strchr(pointer, '~'); c; c = strchr(c + 1, '~'))
        if (c[1] != '0' && c[1] != '1')
            return false;
    return true;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static int32_t unit(const char *at, const char *end)
{
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        if (hex(at[i]) < 0)
            return -1;
        value = value << 4 | hex(at[i]);
    }
    return value;
}

static size_t utf8_put(char *out, uint32_t c)
{
    if (c < 0x80)
        return *out = (char)c, 1;
    if (c < 0x800)
        return out[0] = (char)(0xc0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
    if (c < 0x10000)
        return out[0] = (char)(0xe0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63)),
               out[2] = (char)(0x80 | (c & 63)), 3;
    return out[0] = (char)(0xf0 | c >> 18), out[1] = (char)(0x80 | (c >> 12 & 63)),
           out[2] = (char)(0x80 | (c >> 6 & 63)), out[3] = (char)(0x80 | (c & 63)), 4;
}

/* \uXXXX, and the other half of a pair: behind it. What makes no sense becomes U+FFFD. */
static const char *escape_u(const char *at, const char *end, char *out, size_t *n)
{
    int32_t c = unit(at, end), low;
    at += end - at < 4 ? end - at : 4;
    if (c >= 0xd800 && c < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' &&
        (low = unit(at + 2, end)) >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
    }
    *n += utf8_put(out, c < 0 || (c >= 0xd800 && c < 0xe000) ? 0xfffd : (uint32_t)c);
    return at;
}

/* What stands between two quotes; never longer than its spelling. */
static size_t unescape(const char *at, int64_t size, char *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *end = at + size;
    size_t n = 0;
    while (at < end) {
        if (*at != '\\' || at + 1 == end) {
            out[n++] = *at++;
            continue;
        }
        char c = at[1];
        const char *found = strchr(from, c);
        at += 2;
        if (c == 'u')
            at = escape_u(at, end, out + n, &n);
        else
            out[n++] = found && c ? to[found - from] : c;
    }
    out[n] = 0;
    return n;
}

static bool key_matches(const char *segment, size_t size, const char *key, int64_t key_size)
{
    char plain[260];
    if (memchr(key, '\\', (size_t)key_size)) {
        if (key_size >= (int64_t)sizeof plain)
            return false;
        key_size = (int64_t)unescape(key, key_size, plain);
        key = plain;
    }
    int64_t k = 0;
    for (size_t i = 0; i < size; i++, k++) {
        char c = segment[i];
        if (c == '~' && i + 1 < size)
            c = segment[++i] == '1' ? '/' : '~';
        if (k >= key_size || key[k] != c)
            return false;
    }
    return k == key_size;
}

static bool index_matches(const char *segment, size_t size, int64_t index)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)index);
    return size == (size_t)n && memcmp(segment, digits, size) == 0;
}

/* ---- the walk ---- */

static bool value_walk(struct scan *s, int depth, unsigned live);

/* Of the targets that lead through this value, those that lead through this child. */
static unsigned narrow(const struct scan *s, int depth, unsigned live, const char *key,
                       int64_t size, int64_t index)
{
    unsigned out = 0;
    for (int t = 0; t < s->n; t++) {
        size_t n;
        const char *segment = live >> t & 1 ? segment_at(s->targets[t].pointer, depth, &n) : NULL;
        if (segment &&
            (key ? key_matches(segment, n, key, size) : index_matches(segment, n, index)))
            out |= 1u << t;
    }
    return out;
}

/* Whether any of them leads to a child of this value. */
static bool leads_deeper(const struct scan *s, int depth, unsigned live)
{
    size_t n;
    bool deeper = false;
    for (int t = 0; t < s->n; t++)
        deeper |= live >> t & 1 && segment_at(s->targets[t].pointer, depth, &n);
    return deeper;
}

/* Behind a comma, or at the end; *more tells. */
static bool separator(struct scan *s, char close, bool *more)
{
    blanks(s);
    if (s->at >= s->end || (*s->at != ',' && *s->at != close))
        return false;
    *more = *s->at++ == ',';
    return true;
}

static void list_name(struct scan *s, const char *key, int64_t size)
{
    int64_t used = (int64_t)strlen(s->names);
    if (s->at < s->end && *s->at == '[' && used + size + 4 < s->names_room)
        snprintf(s->names + used, (size_t)(s->names_room - used), "%s/%.*s", used ? ", " : "",
                 (int)size, key);
}

static bool object_walk(struct scan *s, int depth, unsigned live)
{
    bool more;
    s->at++;
    blanks(s);
    if (s->at < s->end && *s->at == '}')
        return s->at++, true;
    do {
        blanks(s);
        const char *key = s->at + 1;
        if (s->at >= s->end || *s->at != '"' || !text_skip(s))
            return false;
        int64_t size = s->at - key - 1;
        blanks(s);
        if (s->at >= s->end || *s->at++ != ':')
            return false;
        blanks(s);
        if (s->names && !depth)
            list_name(s, key, size);
        if (!value_walk(s, depth + 1, narrow(s, depth, live, key, size, 0)))
            return false;
        if (!separator(s, '}', &more))
            return false;
    } while (more);
    return true;
}

static bool list_walk(struct scan *s, int depth, unsigned live, struct scan_target *list)
{
    bool more, deeper = leads_deeper(s, depth, live);
    s->at++;
    blanks(s);
    if (s->at < s->end && *s->at == ']')
        return s->at++, true;
    do {
        blanks(s);
        list->last = s->at;
        unsigned child = deeper ? narrow(s, depth, live, NULL, 0, list->count) : 0;
        list->count++;
        if (!value_walk(s, depth + 1, child))
            return false;
        list->last_size = s->at - list->last;
        if (!separator(s, ']', &more))
            return false;
    } while (more);
    return true;
}

static enum scan_kind kind_of(char first)
{
    return first == '{'   ? SCAN_OBJECT
           : first == '[' ? SCAN_LIST
           : first == '"' ? SCAN_TEXT
           : first == 't' ? SCAN_TRUE
           : first == 'f' ? SCAN_FALSE
           : first == 'n' ? SCAN_NULL
                          : SCAN_NUMBER;
}

static void found(struct scan *s, int depth, unsigned live, const struct scan_target *what)
{
    for (int t = 0; t < s->n; t++) {
        size_t size;
        if (!(live >> t & 1) || segment_at(s->targets[t].pointer, depth, &size))
            continue;
        const char *pointer = s->targets[t].pointer;
        s->targets[t] = *what;
        s->targets[t].pointer = pointer;
    }
}

/* Of what is asked for, and of a document that is one value; others are looked at by the format. */
static bool scalar_good(const char *at, int64_t size)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == (size_t)size && memcmp(words[i], at, (size_t)size) == 0)
            return true;
    for (int64_t i = 0; i < size; i++)
        if (!(at[i] >= '0' && at[i] <= '9') && !memchr("+-.eE", at[i], 5))
            return false;
    return true;
}

static bool value_walk(struct scan *s, int depth, unsigned live)
{
    blanks(s);
    struct scan_target what = {.at = s->at};
    bool fine = s->at < s->end;
    if (!fine)
        return false;
    if (!live && !(s->names && !depth))
        return value_skip(s);
    what.kind = kind_of(*what.at);
    if (*what.at == '{')
        fine = object_walk(s, depth, live);
    else if (*what.at == '[')
        fine = list_walk(s, depth, live, &what);
    else
        fine = value_skip(s) && (*what.at == '"' || scalar_good(what.at, s->at - what.at));
    what.size = s->at - what.at;
    if (fine && live)
        found(s, depth, live, &what);
    return fine;
}

static bool document_walk(struct scan *s, unsigned live)
{
    const char *from = s->at;
    bool plain = *from != '{' && *from != '[' && *from != '"';
    if (!value_walk(s, 0, live))
        return false;
    if (!plain || scalar_good(from, s->at - from))
        return true;
    s->at = from;
    return false;
}

int64_t scan_mark(const char *data, int64_t size)
{
    return size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool scan_json(const char *data, int64_t size, struct scan_target *targets, int n,
               struct scan_result *result)
{
    struct scan s = {
        .at = data + scan_mark(data, size), .end = data + size, .targets = targets, .n = n};
    bool whole = true;
    unsigned live = 0;
    *result = (struct scan_result){0};
    for (int t = 0; t < n; t++) {
        targets[t] = (struct scan_target){.pointer = targets[t].pointer};
        live |= targets[t].pointer ? 1u << t : 0;
    }
    blanks(&s);
    while (whole && s.at < s.end) {
        whole = document_walk(&s, result->documents ? 0 : live);
        result->documents += whole;
        result->broken_at = s.at - data;
        blanks(&s);
    }
    result->cut = !whole && (s.cut || s.at >= s.end);
    return whole;
}

void scan_lists(const char *data, int64_t size, char *out, int64_t capacity)
{
    struct scan s = {.at = data + scan_mark(data, size),
                     .end = data + size,
                     .names = out,
                     .names_room = capacity};
    *out = 0;
    value_walk(&s, 0, 0);
}

char *scan_text(const struct scan_target *t)
{
    char *out = malloc((size_t)t->size + 1);
    if (out && t->kind == SCAN_TEXT) {
        unescape(t->at + 1, t->size - 2, out);
    } else if (out) {
        memcpy(out, t->at, (size_t)t->size);
        out[t->size] = 0;
    }
    return out;
}
