/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar.h"

#include <string.h>

enum { DAYS_400 = 146097, DAYS_100 = 36524, DAYS_4 = 1461, DAYS_TO_1970 = 719468 };

/* Years are counted from March, so that the leap day is a year's last. */
int64_t qetl_expr_days_from_civil(int64_t year, int month, int day)
{
    int64_t shifted = month > 2 ? year : year - 1;
    int64_t cycle = expr_floor_divide(shifted, 400), in_cycle = shifted - cycle * 400;
    int64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return cycle * DAYS_400 + in_cycle * 365 + in_cycle / 4 - in_cycle / 100 + in_year -
           DAYS_TO_1970;
}

void qetl_expr_civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t shifted = days + DAYS_TO_1970, cycle = expr_floor_divide(shifted, DAYS_400);
    int64_t rest = shifted - cycle * DAYS_400;
    int64_t years = (rest - rest / (DAYS_4 - 1) + rest / DAYS_100 - rest / (DAYS_400 - 1)) / 365;
    int64_t in_year = rest - (365 * years + years / 4 - years / 100);
    int64_t from_march = (5 * in_year + 2) / 153;

    *day = (int)(in_year - (153 * from_march + 2) / 5 + 1);
    *month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = years + cycle * 400 + (*month <= 2);
}

static int print_padded(int64_t value, int width, char *out)
{
    char digits[24];
    int count = 0, size = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value || count < width);
    while (count > 0)
        out[size++] = digits[--count];
    return size;
}

/* The era " BC" is the caller's to put at the end. */
static int print_date(int64_t days, char *out, bool *before_christ)
{
    int64_t year;
    int month, day, size;

    qetl_expr_civil_from_days(days, &year, &month, &day);
    *before_christ = year <= 0;
    size = print_padded(*before_christ ? 1 - year : year, 4, out);
    out[size++] = '-';
    size += print_padded(month, 2, out + size);
    out[size++] = '-';
    return size + print_padded(day, 2, out + size);
}

static int print_time(int64_t us, char *out)
{
    int64_t seconds = us / 1000000, fraction = us % 1000000;
    int size = print_padded(seconds / 3600, 2, out);

    out[size++] = ':';
    size += print_padded(seconds / 60 % 60, 2, out + size);
    out[size++] = ':';
    size += print_padded(seconds % 60, 2, out + size);
    if (!fraction)
        return size;
    out[size++] = '.';
    size += print_padded(fraction, 6, out + size);
    while (out[size - 1] == '0')
        size--;
    return size;
}

int qetl_expr_print_moment(int64_t value, enum expr_type_id type, char *out)
{
    bool before_christ = false;
    int64_t days = value;
    int size = 0;

    if (type == EXPR_TIME)
        return print_time(value, out);
    if (type != EXPR_DATE)
        days = expr_floor_divide(value, EXPR_DAY_US);
    size = print_date(days, out, &before_christ);
    if (type != EXPR_DATE) {
        out[size++] = ' ';
        size += print_time(expr_time_of(value), out + size);
    }
    if (type == EXPR_TIMESTAMPTZ) {
        memcpy(out + size, "+00", 3);
        size += 3;
    }
    if (before_christ) {
        memcpy(out + size, " BC", 3);
        size += 3;
    }
    return size;
}

/* ---- reading ---- */

struct scanner {
    const char *at, *end;
    bool clock; /* a time of day was read */
};

static bool scan_char(struct scanner *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static void scan_blank(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || (*s->at >= '\t' && *s->at <= '\r')))
        s->at++;
}

/* least to most digits. */
static bool scan_number(struct scanner *s, int least, int most, int64_t *out)
{
    int count = 0;

    for (*out = 0; s->at < s->end && count < most && *s->at >= '0' && *s->at <= '9'; count++)
        *out = *out * 10 + (*s->at++ - '0');
    return count >= least && (s->at == s->end || *s->at < '0' || *s->at > '9');
}

static int month_days(int64_t year, int64_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

struct civil {
    int64_t year, month, day;
};

static enum expr_parsed scan_date(struct scanner *s, struct civil *out)
{
    if (!scan_number(s, 4, 7, &out->year) || !scan_char(s, '-') ||
        !scan_number(s, 1, 2, &out->month) || !scan_char(s, '-') ||
        !scan_number(s, 1, 2, &out->day))
        return EXPR_PARSED_BAD;
    if (out->month < 1 || out->month > 12 || out->day < 1)
        return EXPR_PARSED_RANGE;
    return EXPR_PARSED;
}

/* Microseconds of ".123456789", rounded to the nearest. */
static bool scan_fraction(struct scanner *s, int64_t *us)
{
    int64_t unit = 100000;
    bool up = false;

    *us = 0;
    for (int place = 0; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++, place++) {
        *us += unit * (*s->at - '0');
        if (place == 6)
            up = *s->at >= '5';
        unit /= 10;
    }
    *us += up;
    return true;
}

static enum expr_parsed scan_time(struct scanner *s, int64_t *out)
{
    int64_t hour, minute, second = 0, us = 0;

    if (!scan_number(s, 1, 2, &hour) || !scan_char(s, ':') || !scan_number(s, 2, 2, &minute))
        return EXPR_PARSED_BAD;
    if (scan_char(s, ':') && !scan_number(s, 2, 2, &second))
        return EXPR_PARSED_BAD;
    if (scan_char(s, '.'))
        scan_fraction(s, &us);
    *out = ((hour * 60 + minute) * 60 + second) * 1000000 + us;
    if (minute > 59 || second > 60 || hour > 24 || *out > EXPR_DAY_US)
        return EXPR_PARSED_RANGE;
    return EXPR_PARSED;
}

/* Z, UTC, +02, +02:00, +0200, +02:00:30. Without a zone nothing is taken. */
static enum expr_parsed scan_zone(struct scanner *s, int64_t *offset_us)
{
    int64_t hour = 0, minute = 0, second = 0, sign;

    *offset_us = 0;
    if (s->at == s->end || *s->at == 'B')
        return EXPR_PARSED;
    if (scan_char(s, 'Z') || scan_char(s, 'z'))
        return EXPR_PARSED;
    if (s->end - s->at >= 3 && !memcmp(s->at, "UTC", 3)) {
        s->at += 3;
        return EXPR_PARSED;
    }
    sign = *s->at == '-' ? -1 : 1;
    if (!scan_char(s, '+') && !scan_char(s, '-'))
        return EXPR_PARSED_BAD;
    if (!scan_number(s, 1, 4, &hour))
        return EXPR_PARSED_BAD;
    if (hour > 99) {
        minute = hour % 100;
        hour /= 100;
    } else if (scan_char(s, ':') && !scan_number(s, 2, 2, &minute)) {
        return EXPR_PARSED_BAD;
    } else if (scan_char(s, ':') && !scan_number(s, 2, 2, &second)) {
        return EXPR_PARSED_BAD;
    }
    if (hour > 15 || minute > 59 || second > 59)
        return EXPR_PARSED_RANGE;
    *offset_us = sign * ((hour * 60 + minute) * 60 + second) * 1000000;
    return EXPR_PARSED;
}

/* Behind the date: " BC", or nothing. */
static enum expr_parsed civil_finish(struct scanner *s, struct civil *date, int64_t *days)
{
    scan_blank(s);
    if (s->end - s->at == 2 && !memcmp(s->at, "BC", 2)) {
        s->at += 2;
        if (date->year == 0)
            return EXPR_PARSED_RANGE;
        date->year = 1 - date->year;
    } else if (date->year == 0) {
        return EXPR_PARSED_RANGE;
    }
    if (s->at != s->end)
        return EXPR_PARSED_BAD;
    if (date->day > month_days(date->year, date->month))
        return EXPR_PARSED_RANGE;
    *days = qetl_expr_days_from_civil(date->year, (int)date->month, (int)date->day);
    return EXPR_PARSED;
}

static enum expr_parsed scan_clock(struct scanner *s, int64_t *us, int64_t *offset)
{
    enum expr_parsed result = scan_time(s, us);

    s->clock = true;
    if (result != EXPR_PARSED)
        return result;
    scan_blank(s);
    return scan_zone(s, offset);
}

static enum expr_parsed parse_time(struct scanner *s, int64_t *out)
{
    int64_t offset;
    enum expr_parsed result = scan_clock(s, out, &offset);

    if (result != EXPR_PARSED)
        return result;
    scan_blank(s);
    return s->at == s->end ? EXPR_PARSED : EXPR_PARSED_BAD;
}

/* Date, then perhaps a time behind a blank or T. */
static enum expr_parsed parse_stamp(struct scanner *s, int64_t *days, int64_t *us, int64_t *offset)
{
    struct civil date;
    enum expr_parsed result = scan_date(s, &date);

    *us = *offset = 0;
    if (result != EXPR_PARSED)
        return result;
    if (!scan_char(s, 'T') && !scan_char(s, 't'))
        scan_blank(s);
    if (s->at < s->end && *s->at >= '0' && *s->at <= '9') {
        result = scan_clock(s, us, offset);
        if (result != EXPR_PARSED)
            return result;
    }
    return civil_finish(s, &date, days);
}

enum expr_parsed qetl_expr_parse_moment(struct expr_text text, enum expr_type_id type, int64_t *out)
{
    struct scanner s = {.at = text.data, .end = text.data + text.size};
    int64_t days, us, offset;
    enum expr_parsed result;

    scan_blank(&s);
    if (type == EXPR_TIME) {
        struct scanner again = s;
        result = parse_time(&again, out);
        if (result != EXPR_PARSED_BAD)
            return result;
    }
    result = parse_stamp(&s, &days, &us, &offset);
    if (result == EXPR_PARSED && type == EXPR_TIME) {
        *out = us;
        return s.clock ? EXPR_PARSED : EXPR_PARSED_BAD;
    }
    if (result != EXPR_PARSED)
        return result;
    if (type == EXPR_DATE) {
        *out = days;
        return expr_date_fits(days) ? EXPR_PARSED : EXPR_PARSED_RANGE;
    }
    if (__builtin_mul_overflow(days, EXPR_DAY_US, out) || __builtin_add_overflow(*out, us, out))
        return EXPR_PARSED_RANGE;
    if (type == EXPR_TIMESTAMPTZ && __builtin_sub_overflow(*out, offset, out))
        return EXPR_PARSED_RANGE;
    return expr_stamp_fits(*out) ? EXPR_PARSED : EXPR_PARSED_RANGE;
}
