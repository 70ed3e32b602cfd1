/* SPDX-License-Identifier: Apache-2.0 */
#include "literal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool literal_number(const json_t *tree, char out[LITERAL_MAX])
{
    char *end;
    const char *call = json_string_value(json_object_get(tree, "call"));
    bool negative = call && strcmp(call, "negate") == 0;
    if (negative)
        tree = json_array_get(json_object_get(tree, "args"), 0);
    const char *number = json_string_value(json_object_get(tree, "number"));
    if (!number || strlen(number) + 2 > LITERAL_MAX || !*number ||
        number[strspn(number, "0123456789.eE+-")])
        return false;
    snprintf(out, LITERAL_MAX, "%s%s", negative ? "-" : "", number);
    errno = 0; /* what is too small for a double the server refuses, as what is too large */
    return isfinite(strtod(out, &end)) && !*end && errno != ERANGE;
}

bool literal_decimal(const json_t *tree, char out[LITERAL_MAX])
{
    return literal_number(tree, out) && !out[strspn(out, "-0123456789.")];
}

bool literal_integer(const json_t *tree, char out[LITERAL_MAX])
{
    if (!literal_decimal(tree, out) || strchr(out, '.'))
        return false;
    errno = 0;
    strtoll(out, NULL, 10);
    return errno == 0;
}

/* 0: a digit; all else as it stands. Behind the pattern, or NULL. */
static const char *matches(const char *text, const char *pattern)
{
    for (; *pattern; text++, pattern++)
        if (*pattern == '0' ? *text < '0' || *text > '9' : *text != *pattern)
            return NULL;
    return text;
}

static int two(const char *digits)
{
    return 10 * (digits[0] - '0') + digits[1] - '0';
}

static bool is_day(const char *text)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 100 * two(text) + two(text + 2), month = two(text + 5), day = two(text + 8);
    bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
    return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (leap && month == 2);
}

/* Z, +02, +05:30. */
static bool is_offset(const char *text)
{
    if (strcmp(text, "Z") == 0)
        return true;
    if ((*text != '+' && *text != '-') || !matches(text + 1, "00") || two(text + 1) > 14)
        return false;
    return !text[3] || (matches(text + 3, ":00") && !text[6] && two(text + 4) < 60);
}

/* Without an offset an instant is one of the pipeline's zone, which the server does not know. */
bool literal_moment(const char *text, enum pg_way way)
{
    const char *at = matches(text, "0000-00-00");
    if (!at || !is_day(text))
        return false;
    if (!*at || way == PG_DATE)
        return !*at && way != PG_TIMESTAMPTZ;
    const char *clock = at + 1;
    at = *at == 'T' ? matches(at, "T00:00:00") : matches(at, " 00:00:00");
    if (!at || two(clock) > 23 || two(clock + 3) > 59 || two(clock + 6) > 59)
        return false;
    if (*at == '.') {
        size_t digits = strspn(at + 1, "0123456789");
        at += 1 + digits;
        if (!digits || digits > 6)
            return false;
    }
    return way == PG_TIMESTAMPTZ ? is_offset(at) : !*at;
}
