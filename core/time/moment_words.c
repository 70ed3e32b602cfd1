/* SPDX-License-Identifier: Apache-2.0 */
/* Dates with names in them (8 Jan 1999, Sat Feb 29 10:11:12 2024, 2024-Feb-29 3 PM), 20240229, and
 * times with named zones. What would depend on a setting (1/2/2024, 99-01-08) is not read. */
#include "moment_scan.h"

#include <string.h>
#include <strings.h>

enum { WORD_MAX = 64 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(struct expr_text word, const char *name)
{
    return (int64_t)strlen(name) == word.size && !strncasecmp(word.data, name, (size_t)word.size);
}

int qetl_expr_month_find(struct expr_text word)
{
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};

    if (is_word(word, "sept"))
        return 9;
    for (int i = 0; i < 12; i++)
        if (is_word(word, names[i]) || (word.size == 3 && !strncasecmp(word.data, names[i], 3)))
            return i + 1;
    return 0;
}

static bool is_weekday(struct expr_text word)
{
    static const char *const names[] = {
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sun", "mon",
        "tue",    "tues",   "wed",     "weds",      "thu",      "thur",   "thurs",    "fri", "sat"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_word(word, names[i]))
            return true;
    return false;
}

static struct expr_text word_take(struct expr_moment_scan *s)
{
    const char *begin = s->at;

    while (s->at < s->end && is_letter(*s->at))
        s->at++;
    return (struct expr_text){begin, s->at - begin};
}

/* ---- dates ---- */

static enum expr_parsed days_set(struct expr_moment_scan *s, int64_t days)
{
    if (s->has_date || s->month || s->n_numbers)
        return EXPR_PARSED_BAD;
    s->has_date = s->is_days = true;
    s->days = days;
    return EXPR_PARSED;
}

static enum expr_parsed number_add(struct expr_moment_scan *s, int64_t value, int width)
{
    if (s->n_numbers == 2 || s->has_date || width > 6)
        return EXPR_PARSED_BAD;
    s->numbers[s->n_numbers] = value;
    s->widths[s->n_numbers++] = width;
    return EXPR_PARSED;
}

static enum expr_parsed month_set(struct expr_moment_scan *s, int month)
{
    if (s->month || s->has_date)
        return EXPR_PARSED_BAD;
    s->month = month;
    return EXPR_PARSED;
}

static enum expr_parsed digits_add(struct expr_moment_scan *s)
{
    const char *begin = s->at;
    int64_t value;

    if (!qetl_expr_scan_number(s, 1, 7, &value))
        return EXPR_PARSED_BAD;
    return number_add(s, value, (int)(s->at - begin));
}

/* Parts tied by - or /: 2024/02/29, 29-Feb-2024, Feb-29-2024. */
static enum expr_parsed parts_add(struct expr_moment_scan *s, char delimiter)
{
    enum expr_parsed result = EXPR_PARSED;

    s->is_tied = true;
    while (result == EXPR_PARSED && qetl_expr_scan_char(s, delimiter)) {
        if (s->at < s->end && is_letter(*s->at)) {
            int month = qetl_expr_month_find(word_take(s));
            result = month ? month_set(s, month) : EXPR_PARSED_BAD;
        } else {
            result = digits_add(s);
        }
    }
    return result;
}

/* Year first: year, month and day stand in one order only. */
static enum expr_parsed triple_read(struct expr_moment_scan *s, char delimiter)
{
    if (s->has_date || s->has_clock || s->has_weekday || s->month || s->n_numbers ||
        !qetl_expr_scan_number(s, 3, 6, &s->year) || !qetl_expr_scan_char(s, delimiter) ||
        !qetl_expr_scan_number(s, 1, 2, &s->month) || !qetl_expr_scan_char(s, delimiter) ||
        !qetl_expr_scan_number(s, 1, 2, &s->day))
        return EXPR_PARSED_BAD;
    s->has_date = s->is_tied = true;
    return EXPR_PARSED;
}

static enum expr_parsed eight_read(struct expr_moment_scan *s, int64_t number)
{
    if (s->has_date || s->month || s->n_numbers)
        return EXPR_PARSED_BAD;
    s->has_date = true;
    s->year = number / 10000;
    s->month = number / 100 % 100;
    s->day = number % 100;
    return EXPR_PARSED;
}

/* T101112.5 and T1011 behind a date. */
static enum expr_parsed compact_clock(struct expr_moment_scan *s)
{
    const char *begin = s->at;
    int64_t value, us = 0;

    while (s->at < s->end && is_digit(*s->at))
        s->at++;
    if (s->at < s->end && *s->at == ':') {
        s->at = begin;
        return qetl_expr_scan_clock(s);
    }
    if (s->at - begin != 6 && s->at - begin != 4)
        return EXPR_PARSED_BAD;
    value = 0;
    for (const char *c = begin; c < s->at; c++)
        value = value * 10 + (*c - '0');
    if (s->at - begin == 4)
        value *= 100;
    else if (qetl_expr_scan_char(s, '.'))
        us = qetl_expr_scan_fraction(s);
    return qetl_expr_scan_clock_set(s, value / 10000, value / 100 % 100, value % 100, us);
}

static enum expr_parsed number_read(struct expr_moment_scan *s)
{
    const char *begin = s->at, *end = begin;
    struct expr_moment_scan ahead = *s;
    int64_t value = 0;

    while (end < s->end && is_digit(*end) && end - begin < 9)
        value = value * 10 + (*end++ - '0');
    if (end < s->end && *end == ':')
        return qetl_expr_scan_clock(s);
    if (end - begin == 8) {
        s->at = end;
        return eight_read(s, value);
    }
    if (end - begin == 6 && s->has_date && !s->has_clock)
        return compact_clock(s);
    if (end < s->end && (*end == '-' || *end == '/' || *end == '.')) {
        if (triple_read(&ahead, *end) == EXPR_PARSED) {
            *s = ahead;
            return EXPR_PARSED;
        }
        return digits_add(s) == EXPR_PARSED ? parts_add(s, *end) : EXPR_PARSED_BAD;
    }
    return digits_add(s);
}

/* ---- words ---- */

static enum expr_parsed meridiem_set(struct expr_moment_scan *s, bool pm)
{
    int64_t hour = s->us / 3600000000;

    if (!s->has_clock)
        return EXPR_PARSED_BAD;
    if (!s->twelve)
        return EXPR_PARSED_RANGE;
    if (pm && hour < 12)
        s->us += 43200000000;
    else if (!pm && hour == 12)
        s->us -= 43200000000;
    s->twelve = false;
    return EXPR_PARSED;
}

/* A zone's name may hold more than letters. */
static enum expr_parsed zone_read(struct expr_moment_scan *s, const char *begin)
{
    while (s->at < s->end && (is_letter(*s->at) || is_digit(*s->at) || strchr("/_+-", *s->at)) &&
           *s->at)
        s->at++;
    if (s->has_offset || s->zone)
        return EXPR_PARSED_BAD;
    s->zone = qetl_expr_zone_find((struct expr_text){begin, s->at - begin});
    return s->zone ? EXPR_PARSED : EXPR_PARSED_BAD;
}

static enum expr_parsed era_set(struct expr_moment_scan *s, bool before_christ)
{
    if (s->has_era)
        return EXPR_PARSED_BAD;
    s->has_era = true;
    s->before_christ = before_christ;
    return EXPR_PARSED;
}

static enum expr_parsed julian_read(struct expr_moment_scan *s)
{
    int64_t days;

    if (!qetl_expr_scan_number(s, 1, 10, &days))
        return EXPR_PARSED_BAD;
    return days_set(s, days - EXPR_JULIAN_1970);
}

static enum expr_parsed word_read(struct expr_moment_scan *s)
{
    const char *begin = s->at;
    struct expr_text word = word_take(s);
    int month = qetl_expr_month_find(word);
    bool digit = s->at < s->end && is_digit(*s->at);

    if (month) {
        enum expr_parsed result = month_set(s, month);
        bool tied = s->at < s->end && (*s->at == '-' || *s->at == '/');
        return result == EXPR_PARSED && tied ? parts_add(s, *s->at) : result;
    }
    if (digit && is_word(word, "j"))
        return julian_read(s);
    if (digit && is_word(word, "t") && s->has_date)
        return compact_clock(s);
    if (is_weekday(word)) {
        s->has_weekday = true;
        return EXPR_PARSED;
    }
    if (is_word(word, "am") || is_word(word, "pm"))
        return meridiem_set(s, (*word.data | 32) == 'p');
    if (is_word(word, "bc") || is_word(word, "ad"))
        return era_set(s, (*word.data | 32) == 'b');
    if (is_word(word, "epoch")) {
        s->has_offset = true;
        return days_set(s, 0);
    }
    return s->has_clock || s->has_date ? zone_read(s, begin) : EXPR_PARSED_BAD;
}

/* Beside a month's name the longer number is the year. */
static enum expr_parsed numbers_finish(struct expr_moment_scan *s)
{
    bool first = s->widths[0] > 2;

    if (s->has_date || (!s->month && !s->n_numbers))
        return EXPR_PARSED;
    if (!s->month || s->n_numbers != 2 || first == (s->widths[1] > 2))
        return EXPR_PARSED_BAD;
    s->year = s->numbers[!first];
    s->day = s->numbers[first];
    s->has_date = true;
    return EXPR_PARSED;
}

enum expr_parsed qetl_expr_scan_words(struct expr_moment_scan *s)
{
    enum expr_parsed result = EXPR_PARSED;

    while (result == EXPR_PARSED) {
        qetl_expr_scan_blank(s);
        if (s->at == s->end)
            break;
        if (is_digit(*s->at))
            result = number_read(s);
        else if (is_letter(*s->at))
            result = word_read(s);
        else if ((*s->at == '+' || *s->at == '-') && s->has_clock && !s->zone)
            result = qetl_expr_scan_offset(s);
        else if (!qetl_expr_scan_char(s, ','))
            result = EXPR_PARSED_BAD;
    }
    return result == EXPR_PARSED ? numbers_finish(s) : result;
}
