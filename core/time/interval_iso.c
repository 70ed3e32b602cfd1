/* SPDX-License-Identifier: Apache-2.0 */
/* ISO 8601 durations: with letters (P1Y2M3DT4H5M6S) or in the form of a date and a time
 * (P0001-02-03T04:05:06, P00010203T040506). */
#include "interval_sum.h"

#include <math.h>
#include <string.h>

enum { NUMBER_MAX = 40 };

struct iso {
    struct expr_interval_sum sum;
    const char *at, *end;
    bool time;     /* behind T */
    bool lettered; /* a field with a letter was read in this part */
    int digits;    /* of the number at hand, if it has nothing else */
};

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E';
}

static enum expr_parsed take_number(struct iso *s, int64_t *whole, double *fraction)
{
    const char *begin = s->at;
    double value;

    if (s->at < s->end && *s->at == '-')
        s->at++;
    for (s->digits = 0; s->at < s->end && is_number_char(*s->at); s->at++)
        s->digits += *s->at >= '0' && *s->at <= '9';
    if (s->at - begin >= NUMBER_MAX)
        return EXPR_PARSED_RANGE;
    if (memchr(begin, '.', (size_t)(s->at - begin)))
        s->digits = 0;
    if (qetl_expr_parse_real((struct expr_text){begin, s->at - begin}, false, &value) !=
        EXPR_PARSED)
        return EXPR_PARSED_BAD;
    if (!(fabs(value) <= 1e15))
        return EXPR_PARSED_RANGE;
    *whole = (int64_t)value;
    *fraction = value - (double)*whole;
    return EXPR_PARSED;
}

static enum expr_parsed add(struct iso *s, enum expr_unit unit, int64_t whole, double fraction)
{
    return qetl_expr_sum_add(&s->sum, unit, whole, fraction) ? EXPR_PARSED : EXPR_PARSED_RANGE;
}

static enum expr_unit letter_unit(const struct iso *s, char letter)
{
    switch (letter) {
    case 'Y':
        return s->time ? EXPR_UNIT_NONE : EXPR_UNIT_YEAR;
    case 'M':
        return s->time ? EXPR_UNIT_MINUTE : EXPR_UNIT_MONTH;
    case 'W':
        return s->time ? EXPR_UNIT_NONE : EXPR_UNIT_WEEK;
    case 'D':
        return s->time ? EXPR_UNIT_NONE : EXPR_UNIT_DAY;
    case 'H':
        return s->time ? EXPR_UNIT_HOUR : EXPR_UNIT_NONE;
    case 'S':
        return s->time ? EXPR_UNIT_SECOND : EXPR_UNIT_NONE;
    default:
        return EXPR_UNIT_NONE;
    }
}

/* 20240131 and 103000: three fields in one number. */
static enum expr_parsed read_basic(struct iso *s, int64_t number, double fraction)
{
    static const enum expr_unit units[2][3] = {
        {EXPR_UNIT_YEAR, EXPR_UNIT_MONTH, EXPR_UNIT_DAY},
        {EXPR_UNIT_HOUR, EXPR_UNIT_MINUTE, EXPR_UNIT_SECOND}};
    enum expr_parsed result = add(s, units[s->time][0], number / 10000, 0);

    if (result == EXPR_PARSED)
        result = add(s, units[s->time][1], number / 100 % 100, 0);
    if (result == EXPR_PARSED)
        result = add(s, units[s->time][2], number % 100, fraction);
    return result;
}

/* 0001-02-03 and 04:05:06, the first number of which has been read. */
static enum expr_parsed read_extended(struct iso *s, int64_t whole, double fraction)
{
    static const enum expr_unit units[2][3] = {
        {EXPR_UNIT_YEAR, EXPR_UNIT_MONTH, EXPR_UNIT_DAY},
        {EXPR_UNIT_HOUR, EXPR_UNIT_MINUTE, EXPR_UNIT_SECOND}};
    char delimiter = s->time ? ':' : '-';
    enum expr_parsed result = add(s, units[s->time][0], whole, fraction);

    for (int k = 1; k < 3 && result == EXPR_PARSED && s->at < s->end && *s->at == delimiter; k++) {
        s->at++;
        result = take_number(s, &whole, &fraction);
        if (result == EXPR_PARSED)
            result = add(s, units[s->time][k], whole, fraction);
    }
    if (result == EXPR_PARSED && s->at < s->end && (s->time || *s->at != 'T'))
        return EXPR_PARSED_BAD;
    return result;
}

static enum expr_parsed read_part(struct iso *s)
{
    enum expr_unit unit;
    double fraction;
    int64_t whole;
    enum expr_parsed result = take_number(s, &whole, &fraction);

    if (result != EXPR_PARSED)
        return result;
    unit = s->at < s->end ? letter_unit(s, *s->at) : EXPR_UNIT_NONE;
    if (unit != EXPR_UNIT_NONE) {
        s->at++;
        s->lettered = true;
        return add(s, unit, whole, fraction);
    }
    if (s->lettered)
        return EXPR_PARSED_BAD;
    if (s->digits == (s->time ? 6 : 8) && (s->at == s->end || (!s->time && *s->at == 'T')))
        return read_basic(s, whole, fraction);
    return read_extended(s, whole, fraction);
}

enum expr_parsed qetl_expr_parse_iso_interval(struct expr_text text, struct expr_interval *out)
{
    struct iso s = {.at = text.data, .end = text.data + text.size};
    enum expr_parsed result = EXPR_PARSED;

    if (text.size < 2 || *s.at++ != 'P')
        return EXPR_PARSED_BAD;
    while (s.at < s.end && result == EXPR_PARSED) {
        if (*s.at == 'T' && !s.time) {
            s.at++;
            s.time = true;
            s.lettered = false;
        } else {
            result = read_part(&s);
        }
    }
    if (result == EXPR_PARSED && !qetl_expr_sum_finish(&s.sum, out))
        return EXPR_PARSED_RANGE;
    return result;
}
