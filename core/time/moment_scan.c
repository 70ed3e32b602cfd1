/* SPDX-License-Identifier: Apache-2.0 */
/* ISO 8601, and what all forms of dates and times consist of. */
#include "moment_scan.h"

#include <string.h>

bool qetl_expr_scan_char(struct expr_moment_scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

void qetl_expr_scan_blank(struct expr_moment_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || (*s->at >= '\t' && *s->at <= '\r')))
        s->at++;
}

bool qetl_expr_scan_number(struct expr_moment_scan *s, int least, int most, int64_t *out)
{
    int count = 0;

    for (*out = 0; s->at < s->end && count < most && *s->at >= '0' && *s->at <= '9'; count++)
        *out = *out * 10 + (*s->at++ - '0');
    return count >= least && (s->at == s->end || *s->at < '0' || *s->at > '9');
}

int64_t qetl_expr_scan_fraction(struct expr_moment_scan *s)
{
    int64_t unit = 100000, us = 0;
    bool up = false;

    for (int place = 0; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++, place++) {
        us += unit * (*s->at - '0');
        if (place == 6)
            up = *s->at >= '5';
        unit /= 10;
    }
    return us + up;
}

enum expr_parsed qetl_expr_scan_clock_set(struct expr_moment_scan *s, int64_t hour, int64_t minute,
                                          int64_t second, int64_t us)
{
    if (s->has_clock)
        return EXPR_PARSED_BAD;
    s->has_clock = true;
    s->twelve = hour <= 12;
    s->us = ((hour * 60 + minute) * 60 + second) * 1000000 + us;
    return minute > 59 || second > 60 || hour > 24 || s->us > EXPR_DAY_US ? EXPR_PARSED_RANGE
                                                                          : EXPR_PARSED;
}

enum expr_parsed qetl_expr_scan_clock(struct expr_moment_scan *s)
{
    int64_t hour, minute, second = 0, us = 0;

    if (!qetl_expr_scan_number(s, 1, 2, &hour) || !qetl_expr_scan_char(s, ':') ||
        !qetl_expr_scan_number(s, 1, 2, &minute))
        return EXPR_PARSED_BAD;
    if (qetl_expr_scan_char(s, ':') && !qetl_expr_scan_number(s, 1, 2, &second))
        return EXPR_PARSED_BAD;
    if (qetl_expr_scan_char(s, '.'))
        us = qetl_expr_scan_fraction(s);
    return qetl_expr_scan_clock_set(s, hour, minute, second, us);
}

enum expr_parsed qetl_expr_scan_offset(struct expr_moment_scan *s)
{
    int64_t hour = 0, minute = 0, second = 0, sign = *s->at == '-' ? -1 : 1;

    if (s->has_offset)
        return EXPR_PARSED_BAD;
    s->has_offset = true;
    s->at++;
    if (!qetl_expr_scan_number(s, 1, 4, &hour))
        return EXPR_PARSED_BAD;
    if (hour > 99) {
        minute = hour % 100;
        hour /= 100;
    } else if (qetl_expr_scan_char(s, ':') && !qetl_expr_scan_number(s, 2, 2, &minute)) {
        return EXPR_PARSED_BAD;
    } else if (qetl_expr_scan_char(s, ':') && !qetl_expr_scan_number(s, 2, 2, &second)) {
        return EXPR_PARSED_BAD;
    }
    if (hour > 15 || minute > 59 || second > 59)
        return EXPR_PARSED_RANGE;
    s->offset_us = sign * ((hour * 60 + minute) * 60 + second) * 1000000;
    return EXPR_PARSED;
}

/* ---- ISO 8601 ---- */

/* Behind a clock: Z, UTC or an offset. */
static enum expr_parsed iso_zone(struct expr_moment_scan *s)
{
    qetl_expr_scan_blank(s);
    if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
        return qetl_expr_scan_offset(s);
    if (qetl_expr_scan_char(s, 'Z') || qetl_expr_scan_char(s, 'z'))
        s->has_offset = true;
    if (s->end - s->at >= 3 && !memcmp(s->at, "UTC", 3)) {
        s->at += 3;
        s->has_offset = true;
    }
    return EXPR_PARSED;
}

static enum expr_parsed iso_clock(struct expr_moment_scan *s)
{
    enum expr_parsed result = qetl_expr_scan_clock(s);

    return result == EXPR_PARSED ? iso_zone(s) : result;
}

static enum expr_parsed iso_era(struct expr_moment_scan *s)
{
    qetl_expr_scan_blank(s);
    if (s->end - s->at == 2 && !memcmp(s->at, "BC", 2)) {
        s->at += 2;
        s->before_christ = true;
    }
    return s->at == s->end ? EXPR_PARSED : EXPR_PARSED_BAD;
}

/* 2024-01-31[(T| )10:11:12.5[+02]][ BC], or the time alone. */
static enum expr_parsed iso_scan(struct expr_moment_scan *s)
{
    enum expr_parsed result;

    if (!qetl_expr_scan_number(s, 4, 7, &s->year) || !qetl_expr_scan_char(s, '-') ||
        !qetl_expr_scan_number(s, 1, 2, &s->month) || !qetl_expr_scan_char(s, '-') ||
        !qetl_expr_scan_number(s, 1, 2, &s->day))
        return EXPR_PARSED_BAD;
    s->has_date = true;
    if (!qetl_expr_scan_char(s, 'T') && !qetl_expr_scan_char(s, 't'))
        qetl_expr_scan_blank(s);
    if (s->at < s->end && *s->at >= '0' && *s->at <= '9') {
        result = iso_clock(s);
        if (result != EXPR_PARSED)
            return result;
    }
    return iso_era(s);
}

static enum expr_parsed time_scan(struct expr_moment_scan *s)
{
    enum expr_parsed result;

    if (!qetl_expr_scan_char(s, 'T'))
        qetl_expr_scan_char(s, 't');
    result = iso_clock(s);
    qetl_expr_scan_blank(s);
    return result == EXPR_PARSED && s->at != s->end ? EXPR_PARSED_BAD : result;
}

/* ---- the value ---- */

static enum expr_parsed date_finish(struct expr_moment_scan *s)
{
    if (s->is_days)
        return EXPR_PARSED;
    if (s->year == 0 || s->month < 1 || s->month > 12 || s->day < 1)
        return EXPR_PARSED_RANGE;
    if (s->before_christ)
        s->year = 1 - s->year;
    if (s->day > qetl_expr_month_days(s->year, (int)s->month))
        return EXPR_PARSED_RANGE;
    s->days = qetl_expr_days_from_civil(s->year, (int)s->month, (int)s->day);
    return EXPR_PARSED;
}

static enum expr_parsed stamp_finish(const struct expr_moment_scan *s, enum expr_type_id type,
                                     struct expr_zone_cursor *zone, int64_t *out)
{
    struct expr_zone_cursor named = {.zone = s->zone};

    if (__builtin_mul_overflow(s->days, EXPR_DAY_US, out) ||
        __builtin_add_overflow(*out, s->us, out) || !expr_stamp_fits(*out))
        return EXPR_PARSED_RANGE;
    if (type == EXPR_TIMESTAMPTZ && s->has_offset)
        *out -= s->offset_us;
    else if (type == EXPR_TIMESTAMPTZ && (s->zone || zone))
        *out = qetl_expr_zone_utc_of(s->zone ? &named : zone, *out);
    return expr_stamp_fits(*out) ? EXPR_PARSED : EXPR_PARSED_RANGE;
}

static enum expr_parsed scan_finish(struct expr_moment_scan *s, enum expr_type_id type,
                                    struct expr_zone_cursor *zone, int64_t *out)
{
    enum expr_parsed result = s->has_date ? date_finish(s) : EXPR_PARSED;

    if (result != EXPR_PARSED)
        return result;
    if (type == EXPR_TIME) {
        *out = s->us;
        return s->has_clock ? EXPR_PARSED : EXPR_PARSED_BAD;
    }
    if (!s->has_date)
        return EXPR_PARSED_BAD;
    if (type != EXPR_DATE)
        return stamp_finish(s, type, zone, out);
    *out = s->days;
    return expr_date_fits(s->days) ? EXPR_PARSED : EXPR_PARSED_RANGE;
}

enum expr_parsed qetl_expr_parse_moment(struct expr_text text, enum expr_type_id type,
                                        struct expr_zone_cursor *zone, int64_t *out)
{
    struct expr_moment_scan start = {.at = text.data, .end = text.data + text.size}, s;
    enum expr_parsed result = EXPR_PARSED_BAD;

    qetl_expr_scan_blank(&start);
    s = start;
    if (type == EXPR_TIME)
        result = time_scan(&s);
    if (result == EXPR_PARSED_BAD) {
        s = start;
        result = iso_scan(&s);
    }
    if (result == EXPR_PARSED_BAD) {
        s = start;
        result = qetl_expr_scan_words(&s);
        /* A time alone has no day on which a zone could be looked up. */
        if (type == EXPR_TIME && !s.is_tied && (s.has_date || (s.zone && s.zone->n_kinds > 1)))
            result = EXPR_PARSED_BAD;
    }
    return result == EXPR_PARSED ? scan_finish(&s, type, zone, out) : result;
}
