/* SPDX-License-Identifier: Apache-2.0 */
#include "json_write.h"

#include <stdlib.h>

enum { EXPONENT_MAX = 16383 };

int64_t qetl_expr_json_quote(struct expr_text text, char *out)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    char *begin = out;

    *out++ = '"';
    for (int64_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        const char *found = c && (c < 0x20 || c == '"' || c == '\\') ? strchr(from, c) : NULL;
        if (found) {
            *out++ = '\\';
            *out++ = to[found - from];
        } else if (c < 0x20) {
            memcpy(out, "\\u00", 4);
            out[4] = hex[c >> 4];
            out[5] = hex[c & 15];
            out += 6;
        } else {
            *out++ = (char)c;
        }
    }
    *out++ = '"';
    return out - begin;
}

static bool room(struct expr_json_writer *w, int64_t size)
{
    int64_t capacity = w->capacity ? w->capacity : 128;
    char *data;

    if (w->capacity - w->size >= size)
        return true;
    while (capacity - w->size < size)
        capacity *= 2;
    data = qetl_expr_arena_alloc(w->arena, (size_t)capacity);
    if (!data)
        return false;
    if (w->size)
        memcpy(data, w->data, (size_t)w->size);
    w->data = data;
    w->capacity = capacity;
    return true;
}

bool qetl_expr_json_put(struct expr_json_writer *w, const char *data, int64_t size)
{
    if (!room(w, size))
        return false;
    if (size)
        memcpy(w->data + w->size, data, (size_t)size);
    w->size += size;
    return true;
}

static bool put_zeros(struct expr_json_writer *w, int64_t count)
{
    if (count <= 0)
        return true;
    if (!room(w, count))
        return false;
    memset(w->data + w->size, '0', (size_t)count);
    w->size += count;
    return true;
}

bool qetl_expr_json_put_string(struct expr_json_writer *w, struct expr_text plain)
{
    if (!room(w, expr_json_quoted_max(plain.size)))
        return false;
    w->size += qetl_expr_json_quote(plain, w->data + w->size);
    return true;
}

/* ---- numbers ---- */

/* n digits, p of them before the point; p may lie before the first or behind the last. */
static bool put_digits(struct expr_json_writer *w, const char *digits, int64_t n, int64_t p)
{
    int64_t first = 0, inside = p < 0 ? 0 : p < n ? p : n;

    while (first < inside && digits[first] == '0' && first + 1 < p)
        first++;
    if (first == inside && p > n)
        return qetl_expr_json_put(w, "0", 1); /* nothing but zeros */
    if (p <= 0 && !qetl_expr_json_put(w, "0", 1))
        return false;
    if (!qetl_expr_json_put(w, digits + first, inside - first) || !put_zeros(w, p - n))
        return false;
    if (n <= p)
        return true;
    return qetl_expr_json_put(w, ".", 1) && put_zeros(w, -p) &&
           qetl_expr_json_put(w, digits + inside, n - inside);
}

static bool all_zeros(const char *digits, int64_t n)
{
    while (n > 0 && digits[n - 1] == '0')
        n--;
    return !n;
}

static bool put_number(struct expr_json_writer *w, struct expr_text number)
{
    const char *at = number.data, *end = at + number.size, *stop;
    bool minus = *at == '-';
    int64_t n = 0, p = -1, shift = 0;
    char *digits = qetl_expr_arena_alloc(w->arena, (size_t)number.size);

    if (!digits)
        return false;
    for (at += minus; at < end && (*at | 32) != 'e'; at++) {
        if (*at == '.')
            p = n;
        else
            digits[n++] = *at;
    }
    p = p < 0 ? n : p;
    for (stop = at < end ? at + 1 : end; stop < end && shift <= EXPONENT_MAX; stop++)
        if (*stop >= '0' && *stop <= '9')
            shift = shift * 10 + (*stop - '0');
    if (at < end && at[1] == '-')
        shift = -shift;
    if (shift > EXPONENT_MAX || shift < -EXPONENT_MAX) {
        w->beyond = true;
        return false;
    }
    if (minus && !all_zeros(digits, n) && !qetl_expr_json_put(w, "-", 1))
        return false;
    if (all_zeros(digits, n) && p + shift > n)
        return qetl_expr_json_put(w, "0", 1);
    return put_digits(w, digits, n, p + shift);
}

/* ---- objects ---- */

struct member {
    struct expr_text key, value; /* the key unescaped */
    int64_t place;               /* among the members as given */
};

/* Text without escapes; a copy in the arena where there were any. */
static bool plain_of(struct expr_json_writer *w, struct expr_text string, struct expr_text *out)
{
    bool escaped;
    char *copy;

    *out = qetl_expr_json_inside(string, &escaped);
    if (!escaped)
        return true;
    copy = qetl_expr_arena_alloc(w->arena, (size_t)out->size);
    if (!copy)
        return false;
    *out = (struct expr_text){copy, qetl_expr_json_unescape(*out, copy)};
    return true;
}

static int key_order(const struct member *a, const struct member *b)
{
    if (a->key.size != b->key.size)
        return a->key.size < b->key.size ? -1 : 1;
    return a->key.size ? memcmp(a->key.data, b->key.data, (size_t)a->key.size) : 0;
}

static int member_order(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    int order = key_order(a, b);

    return order ? order : (a->place > b->place) - (a->place < b->place);
}

static bool members_read(struct expr_json_writer *w, struct expr_text object, struct member **out,
                         int64_t *count)
{
    struct expr_json_walk walk = qetl_expr_json_open(object);
    struct expr_text key;
    int64_t n = qetl_expr_json_length(object);
    struct member *members = qetl_expr_arena_alloc(w->arena, (size_t)n * sizeof *members + 1);

    if (!members)
        return false;
    for (int64_t i = 0; i < n; i++) {
        qetl_expr_json_next(&walk, &key, &members[i].value);
        members[i].place = i;
        if (!plain_of(w, key, &members[i].key))
            return false;
    }
    if (n > 1)
        qsort(members, (size_t)n, sizeof *members, member_order);
    *out = members;
    *count = n;
    return true;
}

static bool put_object(struct expr_json_writer *w, struct expr_text object)
{
    struct member *members;
    int64_t count;
    bool first = true,
         put = members_read(w, object, &members, &count) && qetl_expr_json_put(w, "{", 1);

    for (int64_t i = 0; put && i < count; i++) {
        if (i + 1 < count && !key_order(&members[i], &members[i + 1]))
            continue; /* the last one holds */
        put = (first || qetl_expr_json_put(w, ", ", 2)) &&
              qetl_expr_json_put_string(w, members[i].key) && qetl_expr_json_put(w, ": ", 2) &&
              qetl_expr_json_canon(w, members[i].value);
        first = false;
    }
    return put && qetl_expr_json_put(w, "}", 1);
}

static bool put_array(struct expr_json_writer *w, struct expr_text array)
{
    struct expr_json_walk walk = qetl_expr_json_open(array);
    struct expr_text value;
    bool put = qetl_expr_json_put(w, "[", 1);

    for (bool first = true; put && qetl_expr_json_next(&walk, NULL, &value); first = false)
        put = (first || qetl_expr_json_put(w, ", ", 2)) && qetl_expr_json_canon(w, value);
    return put && qetl_expr_json_put(w, "]", 1);
}

/* As deep as check allows. */
bool qetl_expr_json_canon(struct expr_json_writer *w, struct expr_text value)
{
    struct expr_text plain;

    value = qetl_expr_json_trim(value);
    switch (qetl_expr_json_kind(value)) {
    case EXPR_JSON_OBJECT:
        return put_object(w, value);
    case EXPR_JSON_ARRAY:
        return put_array(w, value);
    case EXPR_JSON_STRING:
        return plain_of(w, value, &plain) && qetl_expr_json_put_string(w, plain);
    case EXPR_JSON_NUMBER:
        return put_number(w, value);
    default:
        return qetl_expr_json_put(w, value.data, value.size);
    }
}
