/* SPDX-License-Identifier: Apache-2.0 */
/* EXTRACT, date_part and date_trunc. */
#include "moment.h"

#include <string.h>

enum { WORD_MAX = 10 };

static const struct {
    char name[WORD_MAX + 1];
    enum expr_field field;
} names[] = {
    {"c", EXPR_FIELD_CENTURY},
    {"cent", EXPR_FIELD_CENTURY},
    {"centuries", EXPR_FIELD_CENTURY},
    {"century", EXPR_FIELD_CENTURY},
    {"d", EXPR_FIELD_DAY},
    {"day", EXPR_FIELD_DAY},
    {"days", EXPR_FIELD_DAY},
    {"dec", EXPR_FIELD_DECADE},
    {"decade", EXPR_FIELD_DECADE},
    {"decades", EXPR_FIELD_DECADE},
    {"decs", EXPR_FIELD_DECADE},
    {"dow", EXPR_FIELD_DOW},
    {"doy", EXPR_FIELD_DOY},
    {"epoch", EXPR_FIELD_EPOCH},
    {"h", EXPR_FIELD_HOUR},
    {"hour", EXPR_FIELD_HOUR},
    {"hours", EXPR_FIELD_HOUR},
    {"hr", EXPR_FIELD_HOUR},
    {"hrs", EXPR_FIELD_HOUR},
    {"isodow", EXPR_FIELD_ISODOW},
    {"isoyear", EXPR_FIELD_ISOYEAR},
    {"j", EXPR_FIELD_JULIAN},
    {"jd", EXPR_FIELD_JULIAN},
    {"julian", EXPR_FIELD_JULIAN},
    {"m", EXPR_FIELD_MINUTE},
    {"microsecon", EXPR_FIELD_MICROSECONDS},
    {"mil", EXPR_FIELD_MILLENNIUM},
    {"millennia", EXPR_FIELD_MILLENNIUM},
    {"millennium", EXPR_FIELD_MILLENNIUM},
    {"millisecon", EXPR_FIELD_MILLISECONDS},
    {"mils", EXPR_FIELD_MILLENNIUM},
    {"min", EXPR_FIELD_MINUTE},
    {"mins", EXPR_FIELD_MINUTE},
    {"minute", EXPR_FIELD_MINUTE},
    {"minutes", EXPR_FIELD_MINUTE},
    {"mon", EXPR_FIELD_MONTH},
    {"mons", EXPR_FIELD_MONTH},
    {"month", EXPR_FIELD_MONTH},
    {"months", EXPR_FIELD_MONTH},
    {"ms", EXPR_FIELD_MILLISECONDS},
    {"msec", EXPR_FIELD_MILLISECONDS},
    {"msecond", EXPR_FIELD_MILLISECONDS},
    {"mseconds", EXPR_FIELD_MILLISECONDS},
    {"msecs", EXPR_FIELD_MILLISECONDS},
    {"qtr", EXPR_FIELD_QUARTER},
    {"quarter", EXPR_FIELD_QUARTER},
    {"s", EXPR_FIELD_SECOND},
    {"sec", EXPR_FIELD_SECOND},
    {"second", EXPR_FIELD_SECOND},
    {"seconds", EXPR_FIELD_SECOND},
    {"secs", EXPR_FIELD_SECOND},
    {"timezone", EXPR_FIELD_TIMEZONE},
    {"timezone_h", EXPR_FIELD_TIMEZONE_HOUR},
    {"timezone_m", EXPR_FIELD_TIMEZONE_MINUTE},
    {"us", EXPR_FIELD_MICROSECONDS},
    {"usec", EXPR_FIELD_MICROSECONDS},
    {"usecond", EXPR_FIELD_MICROSECONDS},
    {"useconds", EXPR_FIELD_MICROSECONDS},
    {"usecs", EXPR_FIELD_MICROSECONDS},
    {"w", EXPR_FIELD_WEEK},
    {"week", EXPR_FIELD_WEEK},
    {"weeks", EXPR_FIELD_WEEK},
    {"y", EXPR_FIELD_YEAR},
    {"year", EXPR_FIELD_YEAR},
    {"years", EXPR_FIELD_YEAR},
    {"yr", EXPR_FIELD_YEAR},
    {"yrs", EXPR_FIELD_YEAR},
};

enum expr_field qetl_expr_field_find(struct expr_text name)
{
    char lower[WORD_MAX + 1] = "";

    for (int64_t i = 0; i < name.size && i < WORD_MAX; i++)
        lower[i] =
            name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] + 32) : name.data[i];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i].name, lower))
            return names[i].field;
    return EXPR_FIELD_NONE;
}

int32_t qetl_expr_field_scale(enum expr_field field)
{
    if (field == EXPR_FIELD_SECOND || field == EXPR_FIELD_EPOCH)
        return 6;
    if (field == EXPR_FIELD_MILLISECONDS)
        return 3;
    return field == EXPR_FIELD_JULIAN ? EXPR_JULIAN_SCALE : 0;
}

bool qetl_expr_field_of(enum expr_field field, enum expr_type_id type)
{
    switch (type) {
    case EXPR_DATE:
        return field >= EXPR_FIELD_DAY && field < EXPR_FIELD_TIMEZONE;
    case EXPR_TIME:
        return (field && field <= EXPR_FIELD_HOUR) || field == EXPR_FIELD_EPOCH;
    case EXPR_INTERVAL:
        return field && field <= EXPR_FIELD_EPOCH && field != EXPR_FIELD_WEEK;
    case EXPR_TIMESTAMP:
        return field && field < EXPR_FIELD_TIMEZONE;
    default:
        return type == EXPR_TIMESTAMPTZ && field;
    }
}

bool qetl_expr_field_truncates(enum expr_field field, enum expr_type_id type)
{
    return field && field <= EXPR_FIELD_MILLENNIUM &&
           (type != EXPR_INTERVAL || field != EXPR_FIELD_WEEK);
}

/* ---- values ---- */

int64_t qetl_expr_iso_monday(int64_t year, int week)
{
    /* The fourth of January lies in the first week. */
    int64_t fourth = qetl_expr_days_from_civil(year, 1, 4);

    return fourth - (expr_weekday(fourth) + 6) % 7 + 7 * (week - 1);
}

void qetl_expr_iso_week(int64_t days, int64_t *year, int *week)
{
    int month, day;

    qetl_expr_civil_from_days(days, year, &month, &day);
    if (days >= qetl_expr_iso_monday(*year + 1, 1))
        ++*year;
    else if (days < qetl_expr_iso_monday(*year, 1))
        --*year;
    *week = (int)((days - qetl_expr_iso_monday(*year, 1)) / 7) + 1;
}

/* There is no year 0: 0 is 1 BC. */
static int64_t year_shown(int64_t year)
{
    return year > 0 ? year : year - 1;
}

/* Centuries and millennia begin with a year 1. */
static int64_t period_of(int64_t year, int64_t size)
{
    return year > 0 ? (year + size - 1) / size : -((size - year) / size);
}

static int64_t decade_of(int64_t year)
{
    return year >= 0 ? year / 10 : -((9 - year) / 10);
}

static int64_t clock_field(int64_t us, enum expr_field field)
{
    switch (field) {
    case EXPR_FIELD_MICROSECONDS:
    case EXPR_FIELD_MILLISECONDS:
    case EXPR_FIELD_SECOND:
        return us % 60000000;
    case EXPR_FIELD_MINUTE:
        return us / 60000000 % 60;
    default:
        return us / 3600000000;
    }
}

static int64_t calendar_field(int64_t days, const struct expr_civil *civil, enum expr_field field)
{
    int64_t year;
    int week;

    qetl_expr_iso_week(days, &year, &week);
    switch (field) {
    case EXPR_FIELD_DAY:
        return civil->day;
    case EXPR_FIELD_WEEK:
        return week;
    case EXPR_FIELD_MONTH:
        return civil->month;
    case EXPR_FIELD_QUARTER:
        return (civil->month - 1) / 3 + 1;
    case EXPR_FIELD_YEAR:
        return year_shown(civil->year);
    case EXPR_FIELD_DECADE:
        return decade_of(civil->year);
    case EXPR_FIELD_CENTURY:
        return period_of(civil->year, 100);
    case EXPR_FIELD_MILLENNIUM:
        return period_of(civil->year, 1000);
    case EXPR_FIELD_ISOYEAR:
        return year_shown(year);
    case EXPR_FIELD_DOW:
        return expr_weekday(days);
    case EXPR_FIELD_ISODOW:
        return (expr_weekday(days) + 6) % 7 + 1;
    default:
        return days - qetl_expr_days_from_civil(civil->year, 1, 1) + 1;
    }
}

int64_t qetl_expr_date_field(int64_t days, enum expr_field field)
{
    struct expr_civil civil = {0};

    qetl_expr_civil_from_days(days, &civil.year, &civil.month, &civil.day);
    return calendar_field(days, &civil, field);
}

expr_int128 qetl_expr_stamp_field(struct expr_zone_cursor *zone, int64_t stamp,
                                  enum expr_field field)
{
    int32_t offset = 0;
    struct expr_civil civil;
    int64_t days;

    if (field == EXPR_FIELD_EPOCH)
        return stamp;
    if (zone)
        offset = expr_zone_kind_at(zone, expr_floor_divide(stamp, 1000000))->offset;
    if (field == EXPR_FIELD_TIMEZONE)
        return offset;
    if (field == EXPR_FIELD_TIMEZONE_HOUR)
        return offset / 3600;
    if (field == EXPR_FIELD_TIMEZONE_MINUTE)
        return offset / 60 % 60;
    stamp += 1000000LL * offset;
    qetl_expr_civil_of(stamp, &civil);
    if (field <= EXPR_FIELD_HOUR)
        return clock_field(civil.us, field);
    days = expr_floor_divide(stamp, EXPR_DAY_US);
    if (field == EXPR_FIELD_JULIAN) {
        expr_int128 fraction;
        qetl_expr_decimal_divide(civil.us, EXPR_DAY_US, EXPR_JULIAN_SCALE, &fraction);
        return (days + EXPR_JULIAN_1970) * qetl_expr_pow10[EXPR_JULIAN_SCALE] + fraction;
    }
    return calendar_field(days, &civil, field);
}

expr_int128 qetl_expr_time_field(int64_t time, enum expr_field field)
{
    return field == EXPR_FIELD_EPOCH ? time : clock_field(time, field);
}

expr_int128 qetl_expr_interval_field(struct expr_interval value, enum expr_field field)
{
    int32_t years = value.months / 12, months = value.months % 12;

    switch (field) {
    case EXPR_FIELD_DAY:
        return value.days;
    case EXPR_FIELD_MONTH:
        return months;
    case EXPR_FIELD_QUARTER:
        return months / 3 + 1;
    case EXPR_FIELD_YEAR:
        return years;
    case EXPR_FIELD_DECADE:
        return years / 10;
    case EXPR_FIELD_CENTURY:
        return years / 100;
    case EXPR_FIELD_MILLENNIUM:
        return years / 1000;
    case EXPR_FIELD_EPOCH: /* a year has 365¼ days */
        return (expr_int128)(1461LL * years + 120LL * months + 4LL * value.days) *
                   (EXPR_DAY_US / 4) +
               value.us;
    default:
        return clock_field(value.us, field);
    }
}

/* ---- truncation ---- */

static void truncate_clock(int64_t *us, enum expr_field field)
{
    static const int64_t units[] = {
        [EXPR_FIELD_MICROSECONDS] = 1,  [EXPR_FIELD_MILLISECONDS] = 1000,
        [EXPR_FIELD_SECOND] = 1000000,  [EXPR_FIELD_MINUTE] = 60000000,
        [EXPR_FIELD_HOUR] = 3600000000,
    };

    *us -= *us % units[field];
}

static void truncate_date(struct expr_civil *civil, enum expr_field field)
{
    civil->us = 0;
    if (field == EXPR_FIELD_DAY)
        return;
    if (field == EXPR_FIELD_WEEK) {
        int64_t days = qetl_expr_days_from_civil(civil->year, civil->month, civil->day);
        qetl_expr_civil_from_days(days - (expr_weekday(days) + 6) % 7, &civil->year, &civil->month,
                                  &civil->day);
        return;
    }
    civil->day = 1;
    if (field == EXPR_FIELD_MONTH)
        return;
    civil->month = field == EXPR_FIELD_QUARTER ? (civil->month - 1) / 3 * 3 + 1 : 1;
    if (field == EXPR_FIELD_DECADE)
        civil->year = decade_of(civil->year) * 10;
    else if (field == EXPR_FIELD_CENTURY || field == EXPR_FIELD_MILLENNIUM) {
        int64_t size = field == EXPR_FIELD_CENTURY ? 100 : 1000;
        int64_t period = period_of(civil->year, size);
        civil->year = period > 0 ? period * size - size + 1 : period * size + 1;
    }
}

bool qetl_expr_stamp_truncate(struct expr_zone_cursor *zone, int64_t stamp, enum expr_field field,
                              int64_t *out)
{
    int64_t local = zone ? qetl_expr_zone_local(zone, stamp) : stamp;
    struct expr_civil civil;

    qetl_expr_civil_of(local, &civil);
    if (field <= EXPR_FIELD_HOUR) {
        int64_t us = civil.us;
        truncate_clock(&us, field);
        /* With the offset that holds at the instant itself. */
        return !__builtin_sub_overflow(stamp, civil.us - us, out) && expr_stamp_fits(*out);
    }
    truncate_date(&civil, field);
    if (!qetl_expr_civil_stamp(&civil, out))
        return false;
    if (zone)
        *out = qetl_expr_zone_utc_of(zone, *out);
    return expr_stamp_fits(*out);
}

bool qetl_expr_interval_truncate(struct expr_interval value, enum expr_field field,
                                 struct expr_interval *out)
{
    static const int32_t months[EXPR_FIELDS] = {
        [EXPR_FIELD_MONTH] = 1,    [EXPR_FIELD_QUARTER] = 3,    [EXPR_FIELD_YEAR] = 12,
        [EXPR_FIELD_DECADE] = 120, [EXPR_FIELD_CENTURY] = 1200, [EXPR_FIELD_MILLENNIUM] = 12000,
    };

    *out = value;
    if (field <= EXPR_FIELD_HOUR) {
        truncate_clock(&out->us, field);
        return true;
    }
    out->us = 0;
    if (field == EXPR_FIELD_DAY)
        return true;
    out->days = 0;
    out->months -= out->months % months[field];
    return true;
}
