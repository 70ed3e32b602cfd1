/* SPDX-License-Identifier: Apache-2.0 */
#include "moment.h"

#include <string.h>

void qetl_expr_civil_of(int64_t stamp, struct expr_civil *out)
{
    qetl_expr_civil_from_days(expr_floor_divide(stamp, EXPR_DAY_US), &out->year, &out->month,
                              &out->day);
    out->us = expr_time_of(stamp);
}

bool qetl_expr_civil_stamp(const struct expr_civil *civil, int64_t *out)
{
    int64_t days;

    if (civil->year < -4713 || civil->year > 294277)
        return false;
    days = qetl_expr_days_from_civil(civil->year, civil->month, civil->day);
    return !__builtin_mul_overflow(days, EXPR_DAY_US, out) &&
           !__builtin_add_overflow(*out, civil->us, out) && expr_stamp_fits(*out);
}

int qetl_expr_month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

/* ---- steps ---- */

static int64_t to_local(struct expr_zone_cursor *zone, int64_t stamp)
{
    return zone ? qetl_expr_zone_local(zone, stamp) : stamp;
}

static bool from_local(struct expr_zone_cursor *zone, int64_t *stamp)
{
    if (zone)
        *stamp = qetl_expr_zone_utc_of(zone, *stamp);
    return expr_stamp_fits(*stamp);
}

static bool add_months(struct expr_zone_cursor *zone, int64_t *stamp, int32_t months)
{
    struct expr_civil civil;
    int64_t month;
    int last;

    qetl_expr_civil_of(to_local(zone, *stamp), &civil);
    month = civil.year * 12 + civil.month - 1 + months;
    civil.year = expr_floor_divide(month, 12);
    civil.month = (int)(month - civil.year * 12) + 1;
    last = qetl_expr_month_days(civil.year, civil.month);
    if (civil.day > last)
        civil.day = last;
    return qetl_expr_civil_stamp(&civil, stamp) && from_local(zone, stamp);
}

static bool add_days(struct expr_zone_cursor *zone, int64_t *stamp, int32_t days)
{
    int64_t us;

    *stamp = to_local(zone, *stamp);
    return !__builtin_mul_overflow(days, EXPR_DAY_US, &us) &&
           !__builtin_add_overflow(*stamp, us, stamp) && expr_stamp_fits(*stamp) &&
           from_local(zone, stamp);
}

bool qetl_expr_stamp_add(struct expr_zone_cursor *zone, int64_t stamp, struct expr_interval step,
                         int64_t *out)
{
    if (step.months && !add_months(zone, &stamp, step.months))
        return false;
    if (step.days && !add_days(zone, &stamp, step.days))
        return false;
    return !__builtin_add_overflow(stamp, step.us, out) && expr_stamp_fits(*out);
}

bool qetl_expr_stamp_difference(int64_t a, int64_t b, struct expr_interval *out)
{
    struct expr_interval difference = {0};

    return !__builtin_sub_overflow(a, b, &difference.us) &&
           qetl_expr_interval_justify_hours(difference, out);
}

/* The later minus the earlier, field by field; what is missing is borrowed from the next. */
static struct expr_interval age_forward(const struct expr_civil *later,
                                        const struct expr_civil *earlier, int month_days)
{
    int64_t us = later->us - earlier->us, days = later->day - earlier->day;
    int64_t months = (later->year - earlier->year) * 12 + later->month - earlier->month;

    if (us < 0) {
        us += EXPR_DAY_US;
        days--;
    }
    while (days < 0) {
        days += month_days;
        months--;
    }
    return (struct expr_interval){(int32_t)months, (int32_t)days, us};
}

struct expr_interval qetl_expr_age(int64_t a, int64_t b)
{
    struct expr_civil x, y;
    struct expr_interval age;

    qetl_expr_civil_of(a, &x);
    qetl_expr_civil_of(b, &y);
    if (a >= b)
        return age_forward(&x, &y, qetl_expr_month_days(y.year, y.month));
    age = age_forward(&y, &x, qetl_expr_month_days(x.year, x.month));
    return (struct expr_interval){-age.months, -age.days, -age.us};
}

/* ---- text ---- */

int qetl_expr_print_zoned(int64_t value, struct expr_zone_cursor *zone, char *out)
{
    int32_t offset = expr_zone_kind_at(zone, expr_floor_divide(value, 1000000))->offset;
    int32_t rest = offset < 0 ? -offset : offset;
    int size = qetl_expr_print_moment(value + 1000000LL * offset, EXPR_TIMESTAMP, out);
    bool era = size > 3 && !memcmp(out + size - 3, " BC", 3);
    int32_t parts[3] = {rest / 3600, rest / 60 % 60, rest % 60};

    size -= era ? 3 : 0;
    for (int k = 0; k < 3 && (k == 0 || parts[1] || parts[2]) && (k < 2 || parts[2]); k++) {
        out[size++] = k ? ':' : offset < 0 ? '-' : '+';
        out[size++] = (char)('0' + parts[k] / 10);
        out[size++] = (char)('0' + parts[k] % 10);
    }
    if (era) {
        memcpy(out + size, " BC", 3);
        size += 3;
    }
    return size;
}
