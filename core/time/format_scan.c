/* SPDX-License-Identifier: Apache-2.0 */
/* to_date and to_timestamp: a text read by a format. */
#include "format.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

enum calendar { CALENDAR_NONE, CALENDAR_GREGORIAN, CALENDAR_ISO };

/* Fields as they were read; 0 is not given. */
struct read {
    const char *at, *end;
    const struct expr_format *format;
    int part;
    bool exact; /* FX */
    int extra;  /* blanks skipped that the format did not ask for */
    enum calendar calendar;
    int64_t hour, minute, second, day_second, millisecond, microsecond;
    bool twelve, pm, before_christ;
    int64_t year, year_digits, century, month, day, weekday, day_of_year, week, month_week, julian;
    int zone_sign;
    int64_t zone_hour, zone_minute;
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
    return c > ' ' && c < 127 && !is_digit(c) && !((c | 32) >= 'a' && (c | 32) <= 'z');
}

static int letter_size(const char *at, const char *end)
{
    int size = at < end;

    while (at + size < end && ((unsigned char)at[size] & 0xc0) == 0x80)
        size++;
    return size;
}

static int skip_blanks(struct read *r)
{
    const char *begin = r->at;

    while (r->at < r->end && is_blank(*r->at))
        r->at++;
    return (int)(r->at - begin);
}

/* Whether the number at hand ends where its digits do: nothing with digits follows it. */
static bool is_open(const struct read *r)
{
    const struct expr_format_part *next = &r->format->parts[r->part + 1];

    if (r->format->parts[r->part].ordinal || r->part + 1 == r->format->count)
        return true;
    if (next->code == EXPR_FORMAT_BLANK || next->code == EXPR_FORMAT_SEPARATOR)
        return true;
    if (next->code == EXPR_FORMAT_LITERAL)
        return !is_digit(*next->text.data);
    switch (next->code) {
    case EXPR_FORMAT_MERIDIEM:
    case EXPR_FORMAT_MERIDIEM_DOTS:
    case EXPR_FORMAT_ERA:
    case EXPR_FORMAT_ERA_DOTS:
    case EXPR_FORMAT_DAY_NAME:
    case EXPR_FORMAT_DAY_SHORT:
    case EXPR_FORMAT_MONTH_NAME:
    case EXPR_FORMAT_MONTH_SHORT:
    case EXPR_FORMAT_ROMAN:
    case EXPR_FORMAT_EXACT:
        return true;
    default:
        return false;
    }
}

/* A number of `most` characters, or of any number of digits where it is open; *digits (may be
 * NULL): how many it had. A field read twice must be the same. */
static enum expr_parsed number_read(struct read *r, int most, int64_t *out, int *digits)
{
    bool open = r->format->parts[r->part].fill || is_open(r), minus = false;
    const char *begin, *first;
    int64_t value = 0;

    skip_blanks(r);
    begin = r->at;
    if (r->at < r->end && (*r->at == '-' || *r->at == '+'))
        minus = *r->at++ == '-';
    first = r->at;
    while (r->at < r->end && is_digit(*r->at) && (open || r->at - begin < most)) {
        value = value * 10 + (*r->at++ - '0');
        if (value > INT_MAX)
            return EXPR_PARSED_RANGE;
    }
    if (r->at == first || (!open && r->at - begin < most))
        return EXPR_PARSED_BAD;
    if (digits)
        *digits = (int)(r->at - begin);
    value = minus ? -value : value;
    if (*out && *out != value)
        return EXPR_PARSED_BAD;
    *out = value;
    return EXPR_PARSED;
}

/* One of n names, in any case; -1: none. part: only the first letters count. */
static int name_read(struct read *r, const char *const *names, int n, size_t part)
{
    for (int i = 0; i < n; i++) {
        size_t size = part ? part : strlen(names[i]);
        if ((size_t)(r->end - r->at) >= size && !strncasecmp(r->at, names[i], size)) {
            r->at += size;
            return i;
        }
    }
    return -1;
}

static enum expr_parsed meridiem_read(struct read *r, bool dots)
{
    static const char *const plain[] = {"AM", "PM"}, *const dotted[] = {"A.M.", "P.M."};
    int which = name_read(r, dots ? dotted : plain, 2, 0);

    r->pm = which == 1;
    r->twelve = true;
    return which < 0 ? EXPR_PARSED_BAD : EXPR_PARSED;
}

static enum expr_parsed era_read(struct read *r, bool dots)
{
    static const char *const plain[] = {"AD", "BC"}, *const dotted[] = {"A.D.", "B.C."};
    int which = name_read(r, dots ? dotted : plain, 2, 0);

    r->before_christ = which == 1;
    return which < 0 ? EXPR_PARSED_BAD : EXPR_PARSED;
}

static enum expr_parsed roman_read(struct read *r)
{
    /* The longest first, as one begins another. */
    static const int8_t order[] = {8, 7, 12, 3, 4, 6, 9, 11, 2, 1, 5, 10};

    for (size_t i = 0; i < sizeof order; i++)
        if (name_read(r, &qetl_expr_roman_months[order[i] - 1], 1, 0) == 0) {
            r->month = order[i];
            return EXPR_PARSED;
        }
    return EXPR_PARSED_BAD;
}

/* 70 to 99 are of the last century, 00 to 69 of this one; likewise with three digits. */
static int64_t full_year(int64_t year)
{
    if (year < 70)
        return year + 2000;
    if (year < 100)
        return year + 1900;
    if (year < 520)
        return year + 2000;
    return year < 1000 ? year + 1000 : year;
}

static enum expr_parsed year_read(struct read *r, int width)
{
    int digits;
    int64_t year = 0;
    enum expr_parsed result = number_read(r, width, &year, &digits);

    if (result != EXPR_PARSED)
        return result;
    if (width < 4 && digits < 4 && year >= 0)
        year = full_year(year);
    if (r->year && r->year != year)
        return EXPR_PARSED_BAD;
    r->year = year;
    r->year_digits = width;
    return EXPR_PARSED;
}

static enum expr_parsed comma_year_read(struct read *r)
{
    int64_t thousands = 0, rest = 0;
    const char *begin;

    skip_blanks(r);
    for (begin = r->at; r->at < r->end && is_digit(*r->at) && thousands < 1000000; r->at++)
        thousands = thousands * 10 + (*r->at - '0');
    if (r->at == begin || r->at == r->end || *r->at++ != ',')
        return EXPR_PARSED_BAD;
    for (begin = r->at; r->at < r->end && is_digit(*r->at) && r->at - begin < 3; r->at++)
        rest = rest * 10 + (*r->at - '0');
    if (r->at == begin)
        return EXPR_PARSED_BAD;
    r->year = thousands * 1000 + rest;
    r->year_digits = 4;
    return EXPR_PARSED;
}

static enum expr_parsed fraction_read(struct read *r, int width, int64_t *out)
{
    int digits = 0;
    enum expr_parsed result = number_read(r, width, out, &digits);

    for (; result == EXPR_PARSED && digits < (out == &r->millisecond ? 3 : 6); digits++)
        *out *= 10;
    return result;
}

static enum expr_parsed zone_hour_read(struct read *r)
{
    if (r->at < r->end && (*r->at == '+' || *r->at == '-' || *r->at == ' '))
        r->zone_sign = *r->at++ == '-' ? -1 : 1;
    else
        r->zone_sign = r->extra > 0 && r->at[-1] == '-' ? -1 : 1;
    return number_read(r, 2, &r->zone_hour, NULL);
}

static enum expr_parsed clock_read(struct read *r, const struct expr_format_part *part)
{
    switch (part->code) {
    case EXPR_FORMAT_MERIDIEM:
        return meridiem_read(r, false);
    case EXPR_FORMAT_MERIDIEM_DOTS:
        return meridiem_read(r, true);
    case EXPR_FORMAT_HOUR12:
        r->twelve = true;
        return number_read(r, 2, &r->hour, NULL);
    case EXPR_FORMAT_HOUR24:
        return number_read(r, 2, &r->hour, NULL);
    case EXPR_FORMAT_MINUTE:
        return number_read(r, 2, &r->minute, NULL);
    case EXPR_FORMAT_SECOND:
        return number_read(r, 2, &r->second, NULL);
    case EXPR_FORMAT_DAY_SECOND:
        return number_read(r, 5, &r->day_second, NULL);
    case EXPR_FORMAT_MILLISECOND:
        return fraction_read(r, 3, &r->millisecond);
    case EXPR_FORMAT_MICROSECOND:
        return fraction_read(r, 6, &r->microsecond);
    case EXPR_FORMAT_FRACTION:
        return fraction_read(r, part->width, &r->microsecond);
    case EXPR_FORMAT_ZONE_HOUR:
        return zone_hour_read(r);
    case EXPR_FORMAT_ZONE_MINUTE:
        r->zone_sign = r->zone_sign ? r->zone_sign : 1;
        return number_read(r, 2, &r->zone_minute, NULL);
    default:
        return EXPR_PARSED_BAD;
    }
}

static enum expr_parsed names_read(struct read *r, const struct expr_format_part *part)
{
    int which;

    switch (part->code) {
    case EXPR_FORMAT_MONTH_NAME:
    case EXPR_FORMAT_MONTH_SHORT:
        which =
            name_read(r, qetl_expr_month_names, 12, part->code == EXPR_FORMAT_MONTH_SHORT ? 3 : 0);
        if (which < 0 || (r->month && r->month != which + 1))
            return EXPR_PARSED_BAD;
        r->month = which + 1;
        return EXPR_PARSED;
    default:
        which = name_read(r, qetl_expr_day_names, 7, part->code == EXPR_FORMAT_DAY_SHORT ? 3 : 0);
        if (which < 0 || (r->weekday && r->weekday != which + 1))
            return EXPR_PARSED_BAD;
        r->weekday = which + 1;
        return EXPR_PARSED;
    }
}

static enum expr_parsed calendar_read(struct read *r, const struct expr_format_part *part)
{
    int64_t ignored = 0;
    enum expr_parsed result;

    switch (part->code) {
    case EXPR_FORMAT_ERA:
        return era_read(r, false);
    case EXPR_FORMAT_ERA_DOTS:
        return era_read(r, true);
    case EXPR_FORMAT_CENTURY:
        return number_read(r, 2, &r->century, NULL);
    case EXPR_FORMAT_DAY_OF_YEAR:
    case EXPR_FORMAT_ISO_DAY_OF_YEAR:
        return number_read(r, 3, &r->day_of_year, NULL);
    case EXPR_FORMAT_DAY:
        return number_read(r, 2, &r->day, NULL);
    case EXPR_FORMAT_WEEKDAY:
        return number_read(r, 1, &r->weekday, NULL);
    case EXPR_FORMAT_ISO_WEEKDAY: /* inside, Sunday is 1 */
        result = number_read(r, 1, &r->weekday, NULL);
        if (result == EXPR_PARSED && ++r->weekday > 7)
            r->weekday = 1;
        return result;
    case EXPR_FORMAT_WEEK:
    case EXPR_FORMAT_ISO_WEEK:
        return number_read(r, 2, &r->week, NULL);
    case EXPR_FORMAT_MONTH_WEEK:
        return number_read(r, 1, &r->month_week, NULL);
    case EXPR_FORMAT_YEAR:
    case EXPR_FORMAT_ISO_YEAR:
        return year_read(r, part->width);
    case EXPR_FORMAT_YEAR_COMMA:
        return comma_year_read(r);
    case EXPR_FORMAT_MONTH:
        return number_read(r, 2, &r->month, NULL);
    case EXPR_FORMAT_ROMAN:
        return roman_read(r);
    case EXPR_FORMAT_QUARTER: /* tells no month: read and forgotten */
        return number_read(r, 1, &ignored, NULL);
    default:
        return number_read(r, 7, &r->julian, NULL);
    }
}

/* Fields of the two calendars do not mix. */
static enum expr_parsed calendar_set(struct read *r, enum expr_format_code code)
{
    enum calendar calendar = CALENDAR_GREGORIAN;

    switch (code) {
    case EXPR_FORMAT_ISO_YEAR:
    case EXPR_FORMAT_ISO_WEEK:
    case EXPR_FORMAT_ISO_WEEKDAY:
    case EXPR_FORMAT_ISO_DAY_OF_YEAR:
        calendar = CALENDAR_ISO;
        break;
    case EXPR_FORMAT_DAY_NAME:
    case EXPR_FORMAT_DAY_SHORT:
    case EXPR_FORMAT_JULIAN:
    case EXPR_FORMAT_ERA:
    case EXPR_FORMAT_ERA_DOTS:
        return EXPR_PARSED;
    default:
        if (code >= EXPR_FORMAT_FRACTION && code <= EXPR_FORMAT_DAY_SECOND)
            return EXPR_PARSED;
        if (code <= EXPR_FORMAT_MERIDIEM_DOTS || code >= EXPR_FORMAT_ZONE)
            return EXPR_PARSED;
    }
    if (r->calendar && r->calendar != calendar)
        return EXPR_PARSED_BAD;
    r->calendar = calendar;
    return EXPR_PARSED;
}

static enum expr_parsed field_read(struct read *r, const struct expr_format_part *part)
{
    enum expr_format_code code = part->code;
    enum expr_parsed result = calendar_set(r, code);

    if (result != EXPR_PARSED)
        return result;
    if (code == EXPR_FORMAT_MONTH_NAME || code == EXPR_FORMAT_MONTH_SHORT ||
        code == EXPR_FORMAT_DAY_NAME || code == EXPR_FORMAT_DAY_SHORT)
        result = names_read(r, part);
    else if (code <= EXPR_FORMAT_MERIDIEM_DOTS ||
             (code >= EXPR_FORMAT_FRACTION && code <= EXPR_FORMAT_DAY_SECOND) ||
             code >= EXPR_FORMAT_ZONE)
        result = clock_read(r, part);
    else
        result = calendar_read(r, part);
    if (result == EXPR_PARSED && part->ordinal && r->end - r->at >= 2)
        r->at += 2;
    return result;
}

/* What is no field: it may stand in the text or not, and need not be the same. */
static void filler_skip(struct read *r, const struct expr_format_part *part)
{
    if (r->exact) {
        r->at += letter_size(r->at, r->end);
    } else if (part->code != EXPR_FORMAT_LITERAL) {
        r->extra--;
        if (r->at < r->end && (is_blank(*r->at) || is_separator(*r->at))) {
            r->at++;
            r->extra++;
        }
    } else if (r->extra > 0) {
        r->extra--;
    } else {
        r->at += letter_size(r->at, r->end);
    }
}

static enum expr_parsed parts_read(struct read *r)
{
    for (; r->part < r->format->count && r->at < r->end; r->part++) {
        const struct expr_format_part *part = &r->format->parts[r->part];
        enum expr_parsed result;
        if (!r->exact && (part->code > EXPR_FORMAT_LITERAL || r->part == 0))
            r->extra += skip_blanks(r);
        if (part->code <= EXPR_FORMAT_SEPARATOR) {
            filler_skip(r, part);
            continue;
        }
        if (part->code == EXPR_FORMAT_EXACT) {
            r->exact = true;
            continue;
        }
        result = field_read(r, part);
        if (result != EXPR_PARSED)
            return result;
        if (!r->exact)
            r->extra = skip_blanks(r);
    }
    return EXPR_PARSED;
}

/* ---- the value ---- */

static bool clock_finish(struct read *r, int64_t *us, bool *bad)
{
    if (r->day_second) {
        r->hour = r->day_second / 3600;
        r->minute = r->day_second / 60 % 60;
        r->second = r->day_second % 60;
    }
    *bad = r->twelve && (r->hour < 1 || r->hour > 12);
    if (r->twelve && r->pm && r->hour < 12)
        r->hour += 12;
    else if (r->twelve && !r->pm && r->hour == 12)
        r->hour = 0;
    *us = ((r->hour * 60 + r->minute) * 60 + r->second) * 1000000 + r->millisecond * 1000 +
          r->microsecond;
    return r->hour >= 0 && r->hour < 24 && r->minute >= 0 && r->minute < 60 && r->second >= 0 &&
           r->second < 60 && r->millisecond >= 0 && r->microsecond >= 0 &&
           r->millisecond * 1000 + r->microsecond < 1000000;
}

/* The year, 0 being 1 BC. */
static int64_t year_finish(const struct read *r)
{
    int64_t year = r->year, century = r->before_christ ? -r->century : r->century;

    if (year && !(century && r->year_digits <= 2)) {
        year = r->before_christ ? -year : year;
        return year < 0 ? year + 1 : year;
    }
    if (year) {
        year %= 100;
        if (!year)
            return century >= 0 ? century * 100 : century * 100 + 1;
        return century < 0 ? (century + 1) * 100 - year + 1 : (century - 1) * 100 + year;
    }
    return century > 0 ? (century - 1) * 100 + 1 : century < 0 ? century * 100 + 1 : 0;
}

/* The day that a week, or the day of a year, tells. False: out of range; *bad: there is no year. */
static bool day_finish(struct read *r, int64_t year, int64_t *days, bool *bad)
{
    int64_t month = r->month ? r->month : 1, day = r->day ? r->day : 1;
    int64_t day_of_year = r->day_of_year;

    if (r->julian) {
        *days = r->julian - EXPR_JULIAN_1970;
        if (!r->month && !r->day && !r->year)
            return true;
    }
    if (r->week && r->calendar == CALENDAR_ISO) {
        *days = qetl_expr_iso_monday(year, (int)r->week) + (r->weekday ? (r->weekday + 5) % 7 : 0);
        return r->week >= 1 && r->week <= 53;
    }
    if (r->week)
        day_of_year = (r->week - 1) * 7 + 1;
    if (r->month_week)
        day = (r->month_week - 1) * 7 + 1;
    if (day_of_year && (month <= 1 || day <= 1)) {
        *bad = !r->year && !r->before_christ;
        *days = (r->calendar == CALENDAR_ISO ? qetl_expr_iso_monday(year, 1)
                                             : qetl_expr_days_from_civil(year, 1, 1)) +
                day_of_year - 1;
        return day_of_year >= 1 && day_of_year <= 365 + (qetl_expr_month_days(year, 2) == 29) +
                                                      (r->calendar == CALENDAR_ISO ? 6 : 0);
    }
    if (month < 1 || month > 12 || day < 1 || day > qetl_expr_month_days(year, (int)month))
        return false;
    *days = qetl_expr_days_from_civil(year, (int)month, (int)day);
    return true;
}

enum expr_parsed qetl_expr_format_scan(const struct expr_format *format, struct expr_text text,
                                       struct expr_format_value *out)
{
    struct read r = {.at = text.data, .end = text.data + text.size, .format = format};
    enum expr_parsed result = parts_read(&r);
    bool clock, bad = false, bad_hour;
    int64_t year, days = 0, us;

    if (result != EXPR_PARSED)
        return result;
    clock = clock_finish(&r, &us, &bad_hour);
    year = year_finish(&r);
    if (bad_hour)
        return EXPR_PARSED_BAD;
    if (year < -4713 || year > 5874898)
        return EXPR_PARSED_RANGE;
    if (!day_finish(&r, year, &days, &bad) || !clock)
        return bad ? EXPR_PARSED_BAD : EXPR_PARSED_RANGE;
    if (bad)
        return EXPR_PARSED_BAD;
    if (r.zone_sign &&
        (r.zone_hour < 0 || r.zone_hour > 15 || r.zone_minute < 0 || r.zone_minute > 59))
        return EXPR_PARSED_RANGE;
    out->has_offset = r.zone_sign != 0;
    out->offset_us = r.zone_sign * (r.zone_hour * 60 + r.zone_minute) * 60000000;
    out->days = days;
    out->us = us;
    return EXPR_PARSED;
}
