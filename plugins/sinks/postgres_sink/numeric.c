/* SPDX-License-Identifier: Apache-2.0 */
#include "numeric.h"

#include <strings.h>

enum { GROUP = 4, BASE = 10000, WHOLE_MAX = 131072, FRACTION_MAX = 16383, EXPONENT_MAX = 200000 };
enum {
    POSITIVE = 0x0000,
    NEGATIVE = 0x4000,
    NAN_SIGN = 0xC000,
    PLUS_INFINITY = 0xD000,
    MINUS_INFINITY = 0xF000
};

static void head_put(struct wire *w, int32_t groups, int32_t weight, int32_t sign, int32_t dscale)
{
    wire_int32(w, 8 + 2 * groups);
    wire_int16(w, (int16_t)groups);
    wire_int16(w, (int16_t)weight);
    wire_int16(w, (int16_t)sign);
    wire_int16(w, (int16_t)dscale);
}

bool numeric_put_small(struct wire *w, qetl_int128 value, int32_t value_scale)
{
    static const int64_t most = INT64_MAX / BASE;
    static const int32_t pads[] = {1, 1000, 100, 10};
    if (value > most || value < -most || value_scale < 0)
        return false;
    int64_t rest = (int64_t)(value < 0 ? -value : value) * pads[value_scale % GROUP];
    int32_t places = (value_scale + GROUP - 1) / GROUP, count = 0;
    int16_t groups[8]; /* the lowest first */
    while (rest && rest % BASE == 0) {
        rest /= BASE;
        places--;
    }
    for (; rest; rest /= BASE)
        groups[count++] = (int16_t)(rest % BASE);
    head_put(w, count, count ? count - 1 - places : 0, value < 0 ? NEGATIVE : POSITIVE,
             value_scale);
    while (count)
        wire_int16(w, groups[--count]);
    return true;
}

bool numeric_fits(qetl_int128 value, int32_t value_scale, int32_t scale)
{
    if (scale < 0 || value_scale <= scale)
        return true;
    for (int32_t left = value_scale - scale; left > 0 && value; left--, value /= 10)
        if (value % 10)
            return false;
    return true;
}

/* ---- Texts ---- */

/* Digits of a text, and where its point stands among them. */
struct digits {
    const char *text;
    int64_t size;  /* of the digits and the point */
    int64_t point; /* how many digits stand before it, the exponent counted in */
    int64_t count; /* of digits */
    bool negative;
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool exponent_read(const char *at, const char *end, int64_t *exponent)
{
    bool negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    if (at == end)
        return false;
    for (*exponent = 0; at < end; at++) {
        if (!is_digit(*at))
            return false;
        if (*exponent < EXPONENT_MAX)
            *exponent = 10 * *exponent + *at - '0';
    }
    *exponent = negative ? -*exponent : *exponent;
    return true;
}

static bool digits_read(const char *text, const char *end, struct digits *d)
{
    const char *at = text, *point = NULL;
    int64_t exponent = 0;
    d->text = at;
    for (; at < end && (is_digit(*at) || (*at == '.' && !point)); at++)
        point = *at == '.' ? at : point;
    d->size = at - d->text;
    d->count = d->size - (point != NULL);
    d->point = point ? point - d->text : d->count;
    if (!d->count)
        return false;
    if (at < end && (*at == 'e' || *at == 'E')) {
        if (!exponent_read(at + 1, end, &exponent))
            return false;
        at = end;
    }
    d->point += exponent;
    return at == end;
}

static char digit_at(const struct digits *d, int64_t i)
{
    const char *point = memchr(d->text, '.', (size_t)d->size);
    return d->text[point && point - d->text <= i ? i + 1 : i];
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Digits [first, last) are what is left without zeros at both ends. */
static void groups_put(struct wire *w, const struct digits *d, int64_t first, int64_t last,
                       int32_t dscale)
{
    const char *dot = memchr(d->text, '.', (size_t)d->size);
    int64_t dot_at = dot ? dot - d->text : d->size;
    int64_t weight = floor_div(d->point - 1 - first, GROUP);
    int64_t lowest = floor_div(d->point - last, GROUP);
    int32_t groups = first < last ? (int32_t)(weight - lowest + 1) : 0;
    head_put(w, groups, groups ? (int32_t)weight : 0, d->negative && groups ? NEGATIVE : POSITIVE,
             dscale);
    for (int64_t g = weight; groups && g >= lowest; g--) {
        int32_t value = 0;
        for (int64_t place = g * GROUP + GROUP - 1; place >= g * GROUP; place--) {
            int64_t i = d->point - 1 - place;
            int32_t digit = i >= first && i < last ? d->text[i >= dot_at ? i + 1 : i] - '0' : 0;
            value = 10 * value + digit;
        }
        wire_int16(w, (int16_t)value);
    }
}

static bool word_is(const char *text, int64_t size, const char *word)
{
    return size == (int64_t)strlen(word) && strncasecmp(text, word, (size_t)size) == 0;
}

static enum numeric_answer special_put(struct wire *w, const char *text, int64_t size,
                                       bool has_sign, bool negative)
{
    bool infinity = word_is(text, size, "infinity") || word_is(text, size, "inf");
    if (!infinity && (has_sign || !word_is(text, size, "nan")))
        return NUMERIC_NO_NUMBER;
    head_put(w, 0, 0, !infinity ? NAN_SIGN : negative ? MINUS_INFINITY : PLUS_INFINITY, 0);
    return NUMERIC_PUT;
}

enum numeric_answer numeric_put_text(struct wire *w, const char *text, int64_t size, int32_t scale)
{
    struct digits d = {0};
    const char *end = text + size;
    while (text < end && is_blank(*text))
        text++;
    while (end > text && is_blank(end[-1]))
        end--;
    bool has_sign = text < end && (*text == '-' || *text == '+');
    d.negative = has_sign && *text == '-';
    text += has_sign;
    if (!digits_read(text, end, &d))
        return special_put(w, text, end - text, has_sign, d.negative);
    int64_t first = 0, last = d.count;
    while (first < last && digit_at(&d, first) == '0')
        first++;
    while (last > first && digit_at(&d, last - 1) == '0')
        last--;
    int64_t dscale = d.count > d.point ? d.count - d.point : 0;
    if (dscale > FRACTION_MAX || (first < last && d.point - first > WHOLE_MAX))
        return NUMERIC_TOO_LONG;
    if (scale >= 0 && first < last && last - d.point > scale)
        return NUMERIC_ROUNDS;
    groups_put(w, &d, first, last, (int32_t)dscale);
    return NUMERIC_PUT;
}
