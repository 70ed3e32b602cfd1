/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include <locale.h>
#include <stdlib.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool number_uint(struct qetl_text text, uint64_t *value)
{
    *value = 0;
    for (int64_t i = 0; i < text.size; i++)
        if (!is_digit(text.data[i]) || __builtin_mul_overflow(*value, (uint64_t)10, value) ||
            __builtin_add_overflow(*value, (uint64_t)(text.data[i] - '0'), value))
            return false;
    return text.size > 0;
}

bool number_int(struct qetl_text text, int64_t *value)
{
    bool negative = text.size && text.data[0] == '-', sign = negative;
    uint64_t magnitude;
    sign |= text.size && text.data[0] == '+';
    struct qetl_text digits = {text.data + sign, text.size - sign};
    if (!number_uint(digits, &magnitude) || magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *value = negative ? (int64_t)-magnitude : (int64_t)magnitude;
    return true;
}

bool number_real(struct qetl_text text, double *value)
{
    char copy[NUMBER_TEXT_MAX], *end;
    if (text.size <= 0 || text.size >= (int64_t)sizeof copy || text.data[0] == ' ' ||
        (text.data[0] >= '\t' && text.data[0] <= '\r') || memchr(text.data, 'x', (size_t)text.size))
        return false;
    memcpy(copy, text.data, (size_t)text.size);
    copy[text.size] = '\0';
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", NULL); /* static in the library: not made */
    if (!plain)
        return false;
    *value = strtod_l(copy, &end, plain);
    freelocale(plain);
    return end == copy + text.size;
}

/* A decimal on its way: digits, of which `scale` stand behind the point. */
struct parts {
    qetl_int128 value;
    int64_t scale;
};

static bool digit_add(struct parts *p, char c)
{
    static const qetl_int128 most = (qetl_int128)1000000000000000000 * 1000000000000000000 * 100;
    if (p->value >= most / 10)
        return false;
    p->value = p->value * 10 + (c - '0');
    return true;
}

/* Zeros at the end of a long fraction say nothing: they are left out as they come. */
static bool fraction_take(struct parts *p, const char **at, const char *end)
{
    for (int64_t zeros = 0; *at < end && is_digit(**at); ++*at) {
        if (**at == '0') {
            zeros++;
            continue;
        }
        for (p->scale += zeros + 1; zeros > 0; zeros--)
            if (!digit_add(p, '0'))
                return false;
        if (!digit_add(p, **at))
            return false;
    }
    return true;
}

static bool exponent_take(struct parts *p, const char **at, const char *end)
{
    int64_t exponent;
    if (*at == end || (**at != 'e' && **at != 'E'))
        return true;
    struct qetl_text rest = {*at + 1, end - *at - 1};
    if (rest.size > 6 || !number_int(rest, &exponent))
        return false;
    p->scale -= exponent;
    *at = end;
    return true;
}

static bool parts_take(struct qetl_text text, struct parts *p)
{
    const char *at = text.data, *end = at + text.size;
    bool negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    const char *first = at;
    for (; at < end && is_digit(*at); at++)
        if (!digit_add(p, *at))
            return false;
    bool digits = at > first;
    if (at < end && *at == '.') {
        digits |= at + 1 < end && is_digit(at[1]);
        at++;
        if (!fraction_take(p, &at, end))
            return false;
    }
    bool whole = digits && exponent_take(p, &at, end) && at == end;
    p->value = negative ? -p->value : p->value;
    return whole;
}

bool number_decimal(struct qetl_text text, int32_t scale, qetl_int128 *value)
{
    struct parts p = {0};
    if (!parts_take(text, &p))
        return false;
    for (; p.value && p.scale > scale; p.scale--) {
        if (p.value % 10)
            return false;
        p.value /= 10;
    }
    for (; p.value && p.scale < scale; p.scale++)
        if (__builtin_mul_overflow(p.value, (qetl_int128)10, &p.value))
            return false;
    *value = p.value;
    return true;
}

static int32_t no_more_room(struct qetl_space *s, int64_t n)
{
    (void)s;
    (void)n;
    return QETL_E_NO_MEMORY;
}

struct qetl_text number_real_text(double value, char room[NUMBER_TEXT_MAX])
{
    const void *values[] = {&value};
    struct ArrowSchema field = {.format = "g"};
    struct qetl_column column = {
        .kind = QETL_KIND_REAL, .layout = 'g', .buffers = values, .length = 1, .schema = &field};
    struct qetl_space space = {(uint8_t *)room, 0, NUMBER_TEXT_MAX, no_more_room};
    qetl_render(&column, 0, &space);
    return (struct qetl_text){room, space.size};
}
