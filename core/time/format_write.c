/* SPDX-License-Identifier: Apache-2.0 */
/* to_char of dates, times and intervals. */
#include "format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void qetl_expr_shown_stamp(int64_t local, struct expr_shown *out)
{
    *out = (struct expr_shown){0};
    qetl_expr_civil_of(local, &out->civil);
    out->days = expr_floor_divide(local, EXPR_DAY_US);
    out->hour = out->civil.us / 3600000000;
    out->minute = (int)(out->civil.us / 60000000 % 60);
    out->second = (int)(out->civil.us / 1000000 % 60);
    out->microsecond = (int)(out->civil.us % 1000000);
    out->day_of_year = out->days - qetl_expr_days_from_civil(out->civil.year, 1, 1) + 1;
}

void qetl_expr_shown_interval(struct expr_interval value, struct expr_shown *out)
{
    *out = (struct expr_shown){.interval = true};
    out->civil.year = value.months / 12;
    out->civil.month = value.months % 12;
    out->civil.day = value.days;
    out->hour = value.us / 3600000000;
    out->minute = (int)(value.us / 60000000 % 60);
    out->second = (int)(value.us / 1000000 % 60);
    out->microsecond = (int)(value.us % 1000000);
    out->day_of_year = (int64_t)value.months * 30 + value.days;
}

struct pen {
    char *at;
    const struct expr_format_part *part;
};

static void put_ordinal(struct pen *pen, const char *begin)
{
    static const char *const upper[] = {"TH", "ST", "ND", "RD"}, *const lower[] = {"th", "st", "nd",
                                                                                   "rd"};
    char last = pen->at[-1], tens = pen->at - begin > 1 ? pen->at[-2] : '0';
    int which = tens != '1' && last >= '1' && last <= '3' ? last - '0' : 0;

    if (pen->part->ordinal)
        memcpy(pen->at, (pen->part->ordinal == EXPR_ORDINAL_UPPER ? upper : lower)[which], 2);
    pen->at += pen->part->ordinal ? 2 : 0;
}

/* Padded with zeros, a sign apart, unless FM. */
static void put_number(struct pen *pen, int64_t value, int width)
{
    char *begin = pen->at;

    pen->at +=
        sprintf(pen->at, "%0*lld", pen->part->fill ? 0 : width + (value < 0), (long long)value);
    put_ordinal(pen, begin);
}

/* Padded to a width in which a sign has its place. */
static void put_fixed(struct pen *pen, int64_t value, int width)
{
    char *begin = pen->at;

    pen->at += sprintf(pen->at, "%0*lld", pen->part->fill ? 0 : width, (long long)value);
    put_ordinal(pen, begin);
}

/* Without padding whatever the width. */
static void put_plain(struct pen *pen, int64_t value)
{
    put_number(pen, value, 0);
}

static void put_cased(struct pen *pen, const char *text, size_t size, int pad)
{
    for (size_t i = 0; i < size; i++) {
        bool small = pen->part->letters == EXPR_LOWER;
        bool large = pen->part->letters == EXPR_UPPER;
        char c = text[i];
        if (small && c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        else if (large && c >= 'a' && c <= 'z')
            c = (char)(c - 32);
        *pen->at++ = c;
    }
    for (int i = (int)size; i < pad && !pen->part->fill; i++)
        *pen->at++ = ' ';
}

static void put_word(struct pen *pen, const char *text)
{
    put_cased(pen, text, strlen(text), 0);
}

static int64_t shown_year(const struct expr_shown *s, int64_t year)
{
    return s->interval || year > 0 ? year : 1 - year;
}

static int64_t iso_year(const struct expr_shown *s, int *week, int *day_of_year)
{
    int64_t year;

    qetl_expr_iso_week(s->days, &year, week);
    *day_of_year = (int)(s->days - qetl_expr_iso_monday(year, 1)) + 1;
    return year;
}

static void put_year(struct pen *pen, int64_t year)
{
    static const int64_t modulus[] = {1, 10, 100, 1000, INT64_MAX};

    put_number(pen, year % modulus[pen->part->width], pen->part->width);
}

static void put_century(struct pen *pen, const struct expr_shown *s)
{
    int64_t year = s->civil.year, century = year / 100;

    if (!s->interval)
        century = year > 0 ? (year - 1) / 100 + 1 : year / 100 - 1;
    put_number(pen, century, century <= 99 && century >= -99 ? 2 : 0);
}

static void put_offset(struct pen *pen, int32_t offset)
{
    int32_t size = offset < 0 ? -offset : offset;

    pen->at +=
        sprintf(pen->at, "%c%0*d", offset < 0 ? '-' : '+', pen->part->fill ? 0 : 2, size / 3600);
    if (size % 3600)
        pen->at += sprintf(pen->at, ":%02d", size % 3600 / 60);
}

static void put_roman(struct pen *pen, const struct expr_shown *s)
{
    int month = s->civil.month;

    if (!month && !s->civil.year)
        return;
    if (month == 0)
        month = s->civil.year >= 0 ? 12 : 1;
    else if (month < 0)
        month = 13 + month;
    put_cased(pen, qetl_expr_roman_months[month - 1], strlen(qetl_expr_roman_months[month - 1]), 4);
}

static void put_zone(struct pen *pen, const struct expr_shown *s)
{
    int32_t offset = s->zone ? s->zone->offset : 0, size = offset < 0 ? -offset : offset;

    switch (pen->part->code) {
    case EXPR_FORMAT_ZONE:
        if (s->zone)
            put_cased(pen, s->zone->name, strlen(s->zone->name), 0);
        return;
    case EXPR_FORMAT_ZONE_HOUR:
        pen->at += sprintf(pen->at, "%c%02d", offset < 0 ? '-' : '+', size / 3600);
        return;
    case EXPR_FORMAT_ZONE_MINUTE:
        pen->at += sprintf(pen->at, "%02d", size % 3600 / 60);
        return;
    default:
        put_offset(pen, offset);
    }
}

static void put_clock(struct pen *pen, const struct expr_shown *s)
{
    static const int powers[] = {1000000, 100000, 10000, 1000, 100, 10, 1};

    switch (pen->part->code) {
    case EXPR_FORMAT_MERIDIEM:
        put_word(pen, s->hour % 24 >= 12 ? "PM" : "AM");
        return;
    case EXPR_FORMAT_MERIDIEM_DOTS:
        put_word(pen, s->hour % 24 >= 12 ? "P.M." : "A.M.");
        return;
    case EXPR_FORMAT_HOUR12:
        put_fixed(pen, s->hour % 12 == 0 ? 12 : s->hour % 12, s->hour < 0 ? 3 : 2);
        return;
    case EXPR_FORMAT_HOUR24:
        put_number(pen, s->hour, 2);
        return;
    case EXPR_FORMAT_MINUTE:
        put_number(pen, s->minute, 2);
        return;
    case EXPR_FORMAT_SECOND:
        put_number(pen, s->second, 2);
        return;
    case EXPR_FORMAT_DAY_SECOND:
        put_plain(pen, s->hour * 3600 + s->minute * 60 + s->second);
        return;
    default: {
        int width = pen->part->code == EXPR_FORMAT_MILLISECOND   ? 3
                    : pen->part->code == EXPR_FORMAT_MICROSECOND ? 6
                                                                 : pen->part->width;
        char *begin = pen->at;
        pen->at += sprintf(pen->at, "%0*d", width, s->microsecond / powers[width]);
        put_ordinal(pen, begin);
    }
    }
}

static void put_calendar(struct pen *pen, const struct expr_shown *s)
{
    int week, iso_day, weekday = expr_weekday(s->days), month = s->civil.month;
    int64_t iso = iso_year(s, &week, &iso_day), year = shown_year(s, s->civil.year);
    char *begin = pen->at;

    switch (pen->part->code) {
    case EXPR_FORMAT_ERA:
        put_word(pen, s->civil.year <= 0 ? "BC" : "AD");
        return;
    case EXPR_FORMAT_ERA_DOTS:
        put_word(pen, s->civil.year <= 0 ? "B.C." : "A.D.");
        return;
    case EXPR_FORMAT_DAY_NAME:
        put_cased(pen, qetl_expr_day_names[weekday], strlen(qetl_expr_day_names[weekday]), 9);
        return;
    case EXPR_FORMAT_DAY_SHORT:
        put_cased(pen, qetl_expr_day_names[weekday], 3, 0);
        return;
    case EXPR_FORMAT_MONTH_NAME:
        put_cased(pen, qetl_expr_month_names[month - 1], strlen(qetl_expr_month_names[month - 1]),
                  9);
        return;
    case EXPR_FORMAT_MONTH_SHORT:
        put_cased(pen, qetl_expr_month_names[month - 1], 3, 0);
        return;
    case EXPR_FORMAT_DAY_OF_YEAR:
        put_fixed(pen, s->day_of_year, 3);
        return;
    case EXPR_FORMAT_ISO_DAY_OF_YEAR:
        put_number(pen, iso_day, 3);
        return;
    case EXPR_FORMAT_DAY:
        put_fixed(pen, s->civil.day, 2);
        return;
    case EXPR_FORMAT_WEEKDAY:
        put_plain(pen, weekday + 1);
        return;
    case EXPR_FORMAT_ISO_WEEKDAY:
        put_plain(pen, weekday ? weekday : 7);
        return;
    case EXPR_FORMAT_WEEK:
        put_fixed(pen, (s->day_of_year - 1) / 7 + 1, 2);
        return;
    case EXPR_FORMAT_ISO_WEEK:
        put_number(pen, week, 2);
        return;
    case EXPR_FORMAT_MONTH_WEEK:
        put_plain(pen, ((int64_t)s->civil.day - 1) / 7 + 1);
        return;
    case EXPR_FORMAT_YEAR:
        put_year(pen, year);
        return;
    case EXPR_FORMAT_ISO_YEAR:
        put_year(pen, shown_year(s, iso));
        return;
    case EXPR_FORMAT_YEAR_COMMA:
        pen->at +=
            sprintf(pen->at, "%lld,%03lld", (long long)(year / 1000), (long long)(year % 1000));
        put_ordinal(pen, begin);
        return;
    case EXPR_FORMAT_MONTH:
        put_number(pen, month, 2);
        return;
    case EXPR_FORMAT_QUARTER:
        if (month)
            put_plain(pen, (month - 1) / 3 + 1);
        return;
    default:
        put_plain(pen, s->days + EXPR_JULIAN_1970);
    }
}

/* Intervals have no era, no names, no weeks of ISO, no Julian day and no zone. */
static bool of_interval(enum expr_format_code code)
{
    switch (code) {
    case EXPR_FORMAT_ERA:
    case EXPR_FORMAT_ERA_DOTS:
    case EXPR_FORMAT_DAY_NAME:
    case EXPR_FORMAT_DAY_SHORT:
    case EXPR_FORMAT_MONTH_NAME:
    case EXPR_FORMAT_MONTH_SHORT:
    case EXPR_FORMAT_WEEKDAY:
    case EXPR_FORMAT_ISO_WEEKDAY:
    case EXPR_FORMAT_ISO_WEEK:
    case EXPR_FORMAT_ISO_YEAR:
    case EXPR_FORMAT_ISO_DAY_OF_YEAR:
    case EXPR_FORMAT_JULIAN:
    case EXPR_FORMAT_ZONE:
    case EXPR_FORMAT_ZONE_HOUR:
    case EXPR_FORMAT_ZONE_MINUTE:
    case EXPR_FORMAT_OFFSET:
        return false;
    default:
        return true;
    }
}

static void put_part(struct pen *pen, const struct expr_shown *s)
{
    switch (pen->part->code) {
    case EXPR_FORMAT_EXACT:
        return;
    case EXPR_FORMAT_LITERAL:
    case EXPR_FORMAT_BLANK:
    case EXPR_FORMAT_SEPARATOR:
        memcpy(pen->at, pen->part->text.data, (size_t)pen->part->text.size);
        pen->at += pen->part->text.size;
        return;
    case EXPR_FORMAT_CENTURY:
        put_century(pen, s);
        return;
    case EXPR_FORMAT_ROMAN:
        put_roman(pen, s);
        return;
    case EXPR_FORMAT_ZONE:
    case EXPR_FORMAT_ZONE_HOUR:
    case EXPR_FORMAT_ZONE_MINUTE:
    case EXPR_FORMAT_OFFSET:
        put_zone(pen, s);
        return;
    case EXPR_FORMAT_MERIDIEM:
    case EXPR_FORMAT_MERIDIEM_DOTS:
    case EXPR_FORMAT_HOUR12:
    case EXPR_FORMAT_HOUR24:
    case EXPR_FORMAT_MINUTE:
    case EXPR_FORMAT_SECOND:
    case EXPR_FORMAT_DAY_SECOND:
    case EXPR_FORMAT_FRACTION:
    case EXPR_FORMAT_MILLISECOND:
    case EXPR_FORMAT_MICROSECOND:
        put_clock(pen, s);
        return;
    default:
        put_calendar(pen, s);
    }
}

int64_t qetl_expr_format_size(const struct expr_format *format)
{
    int64_t size = 0;

    for (int i = 0; i < format->count; i++)
        size += format->parts[i].text.size ? format->parts[i].text.size : EXPR_FORMAT_PART_MAX;
    return size;
}

int64_t qetl_expr_format_write(const struct expr_format *format, const struct expr_shown *shown,
                               char *out)
{
    struct pen pen = {.at = out};

    for (int i = 0; i < format->count; i++) {
        pen.part = &format->parts[i];
        if (shown->interval && !of_interval(pen.part->code))
            return -1;
        put_part(&pen, shown);
    }
    return pen.at - out;
}
