/* SPDX-License-Identifier: Apache-2.0 */
#include "moment.h"

struct scan {
    const char *at, *end;
    bool before; /* BC stands behind it */
};

static struct scan scan_of(struct qetl_text text)
{
    bool before = text.size > 3 && memcmp(text.data + text.size - 3, " BC", 3) == 0;
    return (struct scan){text.data, text.data + text.size - 3 * before, before};
}

static bool take_char(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

/* Just so many digits. */
static bool take_digits(struct scan *s, int n, int64_t *value)
{
    *value = 0;
    if (s->end - s->at < n)
        return false;
    for (int i = 0; i < n; i++, s->at++) {
        if (*s->at < '0' || *s->at > '9')
            return false;
        *value = *value * 10 + (*s->at - '0');
    }
    return true;
}

static int64_t month_days(int64_t year, int64_t month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Of the proleptic Gregorian calendar, since 1970-01-01. Years begin in March here, and are counted
 * from one far back, so that none is negative. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    enum { DAYS_400_YEARS = 146097, DAYS_TO_1970 = 719468, CYCLES_BACK = 25001 };
    int64_t y = year - (month <= 2) + 400 * CYCLES_BACK, in_cycle = y % 400;
    int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return (y / 400 - CYCLES_BACK) * DAYS_400_YEARS + in_cycle * 365 + in_cycle / 4 -
           in_cycle / 100 + in_year - DAYS_TO_1970;
}

/* A year has four digits, or more of them. */
static bool take_date(struct scan *s, int64_t *days)
{
    int64_t year, month, day, more;
    if (!take_digits(s, 4, &year))
        return false;
    while (year < 1000000 && take_digits(s, 1, &more))
        year = year * 10 + more;
    year = s->before ? 1 - year : year;
    if (!take_char(s, '-') || !take_digits(s, 2, &month) || !take_char(s, '-') ||
        !take_digits(s, 2, &day) || month < 1 || month > 12 || day < 1 ||
        day > month_days(year, month))
        return false;
    *days = days_of(year, month, day);
    return true;
}

/* Digits beyond the unit's have to be zeros. */
static bool take_fraction(struct scan *s, int32_t digits, int64_t *units)
{
    int32_t n = 0;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++, n++) {
        if (n < digits)
            *units = *units * 10 + (*s->at - '0');
        else if (*s->at != '0')
            return false;
    }
    if (n == 0)
        return false;
    for (; n < digits; n++)
        *units *= 10;
    return true;
}

static bool take_time(struct scan *s, int32_t digits, int64_t *units)
{
    int64_t hours, minutes, seconds = 0;
    if (!take_digits(s, 2, &hours) || !take_char(s, ':') || !take_digits(s, 2, &minutes))
        return false;
    if (take_char(s, ':') && !take_digits(s, 2, &seconds))
        return false;
    if (hours > 23 || minutes > 59 || seconds > 59)
        return false;
    *units = (hours * 60 + minutes) * 60 + seconds;
    if (take_char(s, '.'))
        return take_fraction(s, digits, units);
    for (int32_t n = 0; n < digits; n++)
        *units *= 10;
    return true;
}

/* Z, +02, +0200 or +02:00. */
static bool take_zone(struct scan *s, int64_t *seconds)
{
    int64_t hours, minutes = 0;
    *seconds = 0;
    if (s->at == s->end || take_char(s, 'Z') || take_char(s, 'z'))
        return true;
    bool west = *s->at == '-';
    if (!take_char(s, '+') && !take_char(s, '-'))
        return false;
    if (!take_digits(s, 2, &hours))
        return false;
    bool colon = take_char(s, ':');
    if ((colon || s->at < s->end) && !take_digits(s, 2, &minutes))
        return false;
    *seconds = (west ? -60 : 60) * (hours * 60 + minutes);
    return hours < 24 && minutes < 60;
}

bool moment_date(struct qetl_text text, int64_t *days)
{
    struct scan s = scan_of(text);
    return take_date(&s, days) && s.at == s.end && *days >= INT32_MIN && *days <= INT32_MAX;
}

bool moment_time(struct qetl_text text, int32_t digits, int64_t *units)
{
    struct scan s = {text.data, text.data + text.size, false};
    return take_time(&s, digits, units) && s.at == s.end;
}

bool moment_timestamp(struct qetl_text text, int32_t digits, bool zoned, int64_t *units)
{
    struct scan s = scan_of(text);
    int64_t days, time = 0, unit = 1, zone = 0, seconds;
    if (!take_date(&s, &days))
        return false;
    if (s.at < s.end && (!(take_char(&s, ' ') || take_char(&s, 'T') || take_char(&s, 't')) ||
                         !take_time(&s, digits, &time)))
        return false;
    if (zoned && s.at < s.end && *s.at == ' ')
        s.at++;
    if (zoned && !take_zone(&s, &zone))
        return false;
    for (int32_t n = 0; n < digits; n++)
        unit *= 10;
    if (s.at != s.end || __builtin_mul_overflow(days, (int64_t)86400, &seconds) ||
        __builtin_mul_overflow(seconds - zone, unit, units))
        return false;
    return !__builtin_add_overflow(*units, time, units);
}
