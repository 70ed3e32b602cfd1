/* SPDX-License-Identifier: Apache-2.0 */
#include "interval.h"

#include <math.h>
#include <string.h>

/* ---- text ---- */

struct printer {
    char *out;
    int size;
    bool negative; /* what was printed last */
};

static void print_part(struct printer *p, int64_t value, const char *unit)
{
    if (!value)
        return;
    if (p->size)
        p->out[p->size++] = ' ';
    if (p->negative && value > 0)
        p->out[p->size++] = '+';
    p->size += qetl_expr_print_integer(value, p->out + p->size);
    p->out[p->size++] = ' ';
    memcpy(p->out + p->size, unit, strlen(unit));
    p->size += (int)strlen(unit);
    if (value != 1)
        p->out[p->size++] = 's';
    p->negative = value < 0;
}

int qetl_expr_print_interval(struct expr_interval value, char *out)
{
    struct printer p = {.out = out};

    print_part(&p, value.months / 12, "year");
    print_part(&p, value.months % 12, "mon");
    print_part(&p, value.days, "day");
    if (!value.us && p.size)
        return p.size;
    if (p.size)
        out[p.size++] = ' ';
    if (value.us < 0)
        out[p.size++] = '-';
    else if (p.negative)
        out[p.size++] = '+';
    return p.size + qetl_expr_print_clock(value.us < 0 ? -value.us : value.us, out + p.size);
}

/* ---- arithmetic ---- */

bool qetl_expr_interval_add(struct expr_interval a, struct expr_interval b,
                            struct expr_interval *out)
{
    return !__builtin_add_overflow(a.months, b.months, &out->months) &&
           !__builtin_add_overflow(a.days, b.days, &out->days) &&
           !__builtin_add_overflow(a.us, b.us, &out->us) && expr_interval_fits(*out);
}

bool qetl_expr_interval_subtract(struct expr_interval a, struct expr_interval b,
                                 struct expr_interval *out)
{
    return !__builtin_sub_overflow(a.months, b.months, &out->months) &&
           !__builtin_sub_overflow(a.days, b.days, &out->days) &&
           !__builtin_sub_overflow(a.us, b.us, &out->us) && expr_interval_fits(*out);
}

bool qetl_expr_interval_negate(struct expr_interval a, struct expr_interval *out)
{
    return qetl_expr_interval_subtract((struct expr_interval){0}, a, out);
}

/* To the microsecond, as seconds of a double can hold it. */
static double round_us(double value)
{
    return rint(value * 1e6) / 1e6;
}

static bool to_int32(double value, int32_t *out)
{
    if (!(value >= INT32_MIN && value <= INT32_MAX))
        return false;
    *out = (int32_t)value;
    return true;
}

/* months, days and us are the products as computed; their fractions go down. */
static bool cascade(double months, double days, double us, struct expr_interval *out)
{
    double month_days, seconds, day, rest;

    if (!to_int32(months, &out->months) || !to_int32(days, &out->days))
        return false;
    month_days = round_us((months - out->months) * 30);
    day = trunc(month_days);
    seconds = round_us((days - out->days + month_days - day) * 86400);
    if (fabs(seconds) >= 86400) {
        if (__builtin_add_overflow(out->days, (int32_t)(seconds / 86400), &out->days))
            return false;
        seconds -= (int32_t)(seconds / 86400) * 86400;
    }
    if (__builtin_add_overflow(out->days, (int32_t)day, &out->days))
        return false;
    rest = rint(us + seconds * 1e6);
    if (!(fabs(rest) <= (double)EXPR_INTERVAL_US_MAX))
        return false;
    out->us = (int64_t)rest;
    return expr_interval_fits(*out);
}

bool qetl_expr_interval_scale(struct expr_interval a, double factor, struct expr_interval *out)
{
    return cascade(a.months * factor, a.days * factor, (double)a.us * factor, out);
}

bool qetl_expr_interval_divide(struct expr_interval a, double by, struct expr_interval *out)
{
    return cascade(a.months / by, a.days / by, (double)a.us / by, out);
}

bool qetl_expr_interval_justify_hours(struct expr_interval a, struct expr_interval *out)
{
    int64_t days = a.us / EXPR_DAY_US;

    *out = a;
    out->us -= days * EXPR_DAY_US;
    if (__builtin_add_overflow(a.days, days, &out->days))
        return false;
    if (out->days > 0 && out->us < 0) {
        out->us += EXPR_DAY_US;
        out->days--;
    } else if (out->days < 0 && out->us > 0) {
        out->us -= EXPR_DAY_US;
        out->days++;
    }
    return true;
}

bool qetl_expr_interval_justify_days(struct expr_interval a, struct expr_interval *out)
{
    int32_t months = a.days / 30;

    *out = a;
    out->days -= months * 30;
    if (__builtin_add_overflow(a.months, months, &out->months))
        return false;
    if (out->months > 0 && out->days < 0) {
        out->days += 30;
        out->months--;
    } else if (out->months < 0 && out->days > 0) {
        out->days -= 30;
        out->months++;
    }
    return true;
}

bool qetl_expr_interval_justify(struct expr_interval a, struct expr_interval *out)
{
    int64_t days = a.days + a.us / EXPR_DAY_US, us = a.us % EXPR_DAY_US;
    int64_t months = a.months + days / 30;

    days %= 30;
    if (months > 0 && (days < 0 || (days == 0 && us < 0))) {
        days += 30;
        months--;
    } else if (months < 0 && (days > 0 || (days == 0 && us > 0))) {
        days -= 30;
        months++;
    }
    if (days > 0 && us < 0) {
        us += EXPR_DAY_US;
        days--;
    } else if (days < 0 && us > 0) {
        us -= EXPR_DAY_US;
        days++;
    }
    if (months != (int32_t)months)
        return false;
    *out = (struct expr_interval){(int32_t)months, (int32_t)days, us};
    return true;
}
