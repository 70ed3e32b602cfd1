/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX rules: CET-1CEST,M3.5.0,M10.5.0/3. */
#include "calendar.h"
#include "zone_rules.h"

#include <string.h>

enum rule_form { RULE_MONTH, RULE_JULIAN, RULE_DAY };

/* A day of the year and the local time on it. */
struct rule {
    enum rule_form form;
    int32_t month, week, day;
    int32_t seconds;
};

struct posix {
    struct expr_zone_kind standard, summer;
    bool has_summer;
    struct rule start, end;
};

struct scan {
    const char *at, *end;
};

static bool take(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool is_digit(const struct scan *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take_number(struct scan *s, int32_t least, int32_t most, int32_t *out)
{
    if (!is_digit(s))
        return false;
    for (*out = 0; is_digit(s); s->at++) {
        *out = *out * 10 + (*s->at - '0');
        if (*out > most)
            return false;
    }
    return *out >= least;
}

/* CET, or anything in angle brackets. PostgreSQL takes an empty name. */
static bool take_name(struct scan *s, char *out)
{
    bool bracket = take(s, '<');
    int size = 0;

    for (; s->at < s->end && (bracket ? *s->at != '>' : is_letter(*s->at)); s->at++) {
        if (size + 1 >= EXPR_ZONE_NAME_MAX)
            return false;
        out[size++] = *s->at;
    }
    out[size] = '\0';
    return !bracket || take(s, '>');
}

/* [+-]hh[:mm[:ss]], up to 167 hours. */
static bool take_offset(struct scan *s, int32_t *out)
{
    int32_t sign = take(s, '-') ? -1 : 1, hours, minutes = 0, seconds = 0;

    if (sign > 0)
        take(s, '+');
    if (!take_number(s, 0, 167, &hours))
        return false;
    if (take(s, ':') && !take_number(s, 0, 59, &minutes))
        return false;
    if (take(s, ':') && !take_number(s, 0, 59, &seconds))
        return false;
    *out = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool take_rule(struct scan *s, struct rule *out)
{
    bool day;

    if (take(s, 'M')) {
        out->form = RULE_MONTH;
        day = take_number(s, 1, 12, &out->month) && take(s, '.') &&
              take_number(s, 1, 5, &out->week) && take(s, '.') && take_number(s, 0, 6, &out->day);
    } else if (take(s, 'J')) {
        out->form = RULE_JULIAN;
        day = take_number(s, 1, 365, &out->day);
    } else {
        out->form = RULE_DAY;
        day = take_number(s, 0, 365, &out->day);
    }
    out->seconds = 7200;
    return day && (!take(s, '/') || take_offset(s, &out->seconds));
}

static bool posix_parse(struct expr_text text, struct posix *out)
{
    static const char american[] = ",M3.2.0,M11.1.0";
    struct scan s = {text.data, text.data + text.size};
    bool named;

    memset(out, 0, sizeof *out);
    if (!take_name(&s, out->standard.name) || !take_offset(&s, &out->standard.offset))
        return false;
    out->standard.offset = -out->standard.offset;
    if (s.at == s.end)
        return true;
    named = take_name(&s, out->summer.name) && out->summer.name[0];
    out->has_summer = out->summer.dst = true;
    out->summer.offset = out->standard.offset + 3600;
    if (!named)
        return false;
    if (s.at < s.end && *s.at != ',') {
        if (!take_offset(&s, &out->summer.offset))
            return false;
        out->summer.offset = -out->summer.offset;
    }
    if (s.at == s.end)
        s = (struct scan){american, american + sizeof american - 1};
    return take(&s, ',') && take_rule(&s, &out->start) && take(&s, ',') &&
           take_rule(&s, &out->end) && s.at == s.end;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The rule's local time in a year, in seconds since 1970 as if that were UTC. */
static int64_t rule_seconds(const struct rule *rule, int64_t year)
{
    int64_t first = qetl_expr_days_from_civil(year, 1, 1), day, next;

    if (rule->form == RULE_JULIAN)
        day = first + rule->day - 1 + (is_leap(year) && rule->day >= 60);
    else if (rule->form == RULE_DAY)
        day = first + rule->day;
    else {
        first = qetl_expr_days_from_civil(year, rule->month, 1);
        next =
            qetl_expr_days_from_civil(rule->month == 12 ? year + 1 : year, rule->month % 12 + 1, 1);
        /* 1970-01-01 was a Thursday, day 4 of a week that begins on Sunday. */
        day = first + ((rule->day - (first + 4)) % 7 + 7) % 7 + 7 * (rule->week - 1);
        while (day >= next)
            day -= 7;
    }
    return day * 86400 + rule->seconds;
}

static bool add_later(struct expr_zone *zone, int64_t at, uint16_t kind)
{
    if (zone->n_changes && at <= zone->changes[zone->n_changes - 1].at)
        return true;
    return qetl_expr_zone_change(zone, at, kind);
}

static int64_t year_of(int64_t seconds)
{
    int64_t year;
    int month, day;

    qetl_expr_civil_from_days(expr_floor_divide(seconds, 86400), &year, &month, &day);
    return year;
}

/* Both transitions of 402 years: enough to repeat 400 from any instant in the first. */
static bool add_years(struct expr_zone *zone, const struct posix *posix, uint16_t standard,
                      uint16_t summer)
{
    int64_t first = zone->n_changes ? year_of(zone->changes[zone->n_changes - 1].at) : 1970;
    bool added = true;

    zone->repeat_from = zone->n_changes ? zone->changes[zone->n_changes - 1].at : 0;
    for (int64_t year = first; year < first + 403 && added; year++) {
        int64_t start = rule_seconds(&posix->start, year) - posix->standard.offset;
        int64_t end = rule_seconds(&posix->end, year) - posix->summer.offset;
        if (start < end)
            added = add_later(zone, start, summer) && add_later(zone, end, standard);
        else
            added = add_later(zone, end, standard) && add_later(zone, start, summer);
    }
    return added;
}

bool qetl_expr_zone_extend(struct expr_zone *zone, struct expr_text rule)
{
    uint16_t standard = (uint16_t)zone->n_kinds, summer = (uint16_t)(standard + 1);
    struct posix posix;

    if (!posix_parse(rule, &posix))
        return false;
    if (zone->n_changes) {
        int64_t year = year_of(zone->changes[zone->n_changes - 1].at);
        if (year < -100000 || year > 100000)
            return false;
    }
    zone->kinds[standard] = posix.standard;
    zone->kinds[summer] = posix.summer;
    zone->n_kinds += 2;
    return !posix.has_summer || add_years(zone, &posix, standard, summer);
}

struct expr_zone *qetl_expr_zone_posix(struct expr_text text)
{
    struct expr_zone *zone = qetl_expr_zone_new(0);

    if (zone && qetl_expr_zone_extend(zone, text)) {
        zone->endless = true;
        return zone;
    }
    qetl_expr_zone_free(zone);
    return NULL;
}
