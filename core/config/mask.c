/* SPDX-License-Identifier: Apache-2.0 */
#include "mask.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SHORTEST = 8 }; /* of a secret of several lines, such lines are hidden alone */

struct qetl_mask {
    atomic_uint references;
    char **texts; /* the longest first */
    size_t count;
};

struct qetl_mask *qetl_mask_new(void)
{
    struct qetl_mask *mask = calloc(1, sizeof *mask);
    if (mask)
        atomic_init(&mask->references, 1);
    return mask;
}

struct qetl_mask *qetl_mask_retain(struct qetl_mask *mask)
{
    if (mask)
        atomic_fetch_add_explicit(&mask->references, 1, memory_order_relaxed);
    return mask;
}

void qetl_mask_release(struct qetl_mask *mask)
{
    if (!mask || atomic_fetch_sub_explicit(&mask->references, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < mask->count; i++) {
        explicit_bzero(mask->texts[i], strlen(mask->texts[i]));
        free(mask->texts[i]);
    }
    free(mask->texts);
    free(mask);
}

/* Takes the text. */
static int text_add(struct qetl_mask *mask, char *text)
{
    char **texts = text ? reallocarray(mask->texts, mask->count + 1, sizeof *texts) : NULL;
    if (texts)
        mask->texts = texts;
    for (size_t i = 0; texts && i < mask->count; i++) {
        if (strcmp(texts[i], text) != 0)
            continue;
        free(text);
        return 0;
    }
    if (!texts) {
        free(text);
        return -1;
    }
    size_t at = mask->count++;
    for (; at > 0 && strlen(texts[at - 1]) < strlen(text); at--)
        texts[at] = texts[at - 1];
    texts[at] = text;
    return 0;
}

/* As it stands in a JSON text, without the quotes. */
static int add_json(struct qetl_mask *mask, const char *secret, size_t flags)
{
    json_t *json = json_string(secret);
    char *text = json ? json_dumps(json, JSON_ENCODE_ANY | flags) : NULL;
    json_decref(json);
    if (!text)
        return -1;
    size_t size = strlen(text);
    memmove(text, text + 1, size - 2);
    text[size - 2] = '\0';
    return text_add(mask, text);
}

static int add_percent(struct qetl_mask *mask, const char *secret, const char *digits)
{
    char *text = malloc(strlen(secret) * 3 + 1), *to = text;
    for (const unsigned char *at = (const unsigned char *)secret; text && *at; at++) {
        int plain = (*at | 32) >= 'a' && (*at | 32) <= 'z';
        if (plain || (*at >= '0' && *at <= '9') || strchr("-._~", *at)) {
            *to++ = (char)*at;
        } else {
            *to++ = '%';
            *to++ = digits[*at >> 4];
            *to++ = digits[*at & 15];
        }
    }
    if (text)
        *to = '\0';
    return text_add(mask, text);
}

static int add_lines(struct qetl_mask *mask, const char *secret)
{
    int bad = 0;
    for (const char *at = secret; *at && strchr(secret, '\n');) {
        size_t size = strcspn(at, "\r\n");
        if (size >= LINE_SHORTEST)
            bad |= text_add(mask, strndup(at, size));
        at += size;
        at += strspn(at, "\r\n");
    }
    return bad;
}

/* As CSV and SQL spell it between quotes. */
static int add_doubled(struct qetl_mask *mask, const char *secret, char quote)
{
    char *text = malloc(strlen(secret) * 2 + 1), *to = text;
    for (const char *at = secret; text && *at; at++) {
        if (*at == quote)
            *to++ = quote;
        *to++ = *at;
    }
    if (text)
        *to = '\0';
    return text_add(mask, text);
}

int qetl_mask_add(struct qetl_mask *mask, const char *secret)
{
    if (strlen(secret) < QETL_MASK_SHORTEST)
        return 1;
    int bad = text_add(mask, strdup(secret));
    bad |= add_json(mask, secret, 0);
    bad |= add_json(mask, secret, JSON_ENSURE_ASCII);
    bad |= add_json(mask, secret, JSON_ESCAPE_SLASH);
    bad |= add_percent(mask, secret, "0123456789ABCDEF");
    bad |= add_percent(mask, secret, "0123456789abcdef");
    bad |= add_doubled(mask, secret, '"');
    bad |= add_doubled(mask, secret, '\'');
    return bad | add_lines(mask, secret);
}

/* The place of the first secret in it, the longest there; NULL: none. */
static char *find_first(const struct qetl_mask *mask, char *bytes, size_t size, size_t *found_size)
{
    char *first = NULL;
    for (size_t i = 0; i < mask->count; i++) {
        size_t length = strlen(mask->texts[i]);
        size_t within = first ? (size_t)(first - bytes) + length - 1 : size;
        char *found = memmem(bytes, within < size ? within : size, mask->texts[i], length);
        if (!found)
            continue;
        first = found;
        *found_size = length;
    }
    return first;
}

/* How many bytes at the end are the beginning of a secret. */
static size_t begun_size(const struct qetl_mask *mask, const char *bytes, size_t size)
{
    size_t best = 0;
    for (size_t i = 0; i < mask->count; i++) {
        size_t begun = strlen(mask->texts[i]) - 1;
        for (begun = begun < size ? begun : size; begun >= QETL_MASK_SHORTEST; begun--)
            if (memcmp(bytes + size - begun, mask->texts[i], begun) == 0)
                break;
        if (begun >= QETL_MASK_SHORTEST && begun > best)
            best = begun;
    }
    return best;
}

/* The first ellipsis in it, of whichever kind; NULL: none. */
static char *find_ellipsis(char *bytes, size_t size)
{
    char *points = memmem(bytes, size, "...", 3);
    char *sign = memmem(bytes, points ? (size_t)(points - bytes) : size, "\u2026", 3);
    return sign ? sign : points;
}

/* What a message cut short may end in. */
static size_t hide_before_ellipses(const struct qetl_mask *mask, char *bytes, size_t size)
{
    const size_t sign = strlen(QETL_MASK_SIGN);
    size_t from = 0;
    for (char *at; (at = find_ellipsis(bytes + from, size - from)); from += 3) {
        from = (size_t)(at - bytes);
        size_t begun = begun_size(mask, bytes, from);
        if (!begun)
            continue;
        memcpy(at - begun, QETL_MASK_SIGN, sign);
        memmove(at - begun + sign, at, size - from);
        from -= begun - sign;
        size -= begun - sign;
    }
    return size;
}

size_t qetl_mask_hide_begun(const struct qetl_mask *mask, char *bytes, size_t size)
{
    size_t begun = mask ? begun_size(mask, bytes, size) : 0;
    if (!begun)
        return size;
    memcpy(bytes + size - begun, QETL_MASK_SIGN, strlen(QETL_MASK_SIGN));
    return size - begun + strlen(QETL_MASK_SIGN);
}

int qetl_mask_holds(const struct qetl_mask *mask, const char *text, size_t begin, size_t end)
{
    for (size_t i = 0; mask && begin < end && i < mask->count; i++) {
        size_t length = strlen(mask->texts[i]);
        for (const char *at = strstr(text, mask->texts[i]); at; at = strstr(at + 1, mask->texts[i]))
            if ((size_t)(at - text) <= begin && end <= (size_t)(at - text) + length)
                return 1;
    }
    return 0;
}

size_t qetl_mask_hide(const struct qetl_mask *mask, char *bytes, size_t size)
{
    const size_t sign = strlen(QETL_MASK_SIGN);
    size_t left = size, length = 0;
    char *at = bytes, *to = bytes;
    if (!mask || mask->count == 0)
        return size;
    for (char *found; (found = find_first(mask, at, left, &length)); at = found + length) {
        size_t before = (size_t)(found - at);
        assert(length >= sign);
        memmove(to, at, before);
        memcpy(to + before, QETL_MASK_SIGN, sign);
        to += before + sign;
        left -= before + length;
    }
    memmove(to, at, left);
    return hide_before_ellipses(mask, bytes, (size_t)(to - bytes) + left);
}

int qetl_mask_is_empty(const struct qetl_mask *mask)
{
    return !mask || mask->count == 0;
}

void qetl_mask_text(const struct qetl_mask *mask, char *text)
{
    if (text)
        text[qetl_mask_hide(mask, text, strlen(text))] = '\0';
}

static void mask_string(const struct qetl_mask *mask, json_t *json)
{
    size_t size = json_string_length(json);
    char *copy = malloc(size + 1);
    if (copy) {
        memcpy(copy, json_string_value(json), size + 1);
        size_t kept = qetl_mask_hide(mask, copy, size);
        if (memcmp(copy, json_string_value(json), kept) != 0 || kept != size)
            if (json_string_setn(json, copy, kept))
                json_string_set(json, QETL_MASK_SIGN); /* a cut through a character, at worst */
    } else {
        memset((char *)json_string_value(json), '*', size); /* in its place: it must not show */
    }
    free(copy);
}

void qetl_mask_json(const struct qetl_mask *mask, json_t *json)
{
    const char *key;
    json_t *value;
    size_t i;
    if (!mask || mask->count == 0)
        return;
    if (json_is_string(json))
        mask_string(mask, json);
    else if (json_is_object(json))
        json_object_foreach (json, key, value)
            qetl_mask_json(mask, value);
    else if (json_is_array(json))
        json_array_foreach (json, i, value)
            qetl_mask_json(mask, value);
}
