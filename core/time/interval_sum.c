/* SPDX-License-Identifier: Apache-2.0 */
#include "interval_sum.h"

#include <math.h>

/* a += whole × scale, both in 32 bits as PostgreSQL keeps them. */
static bool add_int32(int64_t *a, int64_t whole, int64_t scale)
{
    if (whole != (int32_t)whole)
        return false;
    *a += whole * scale;
    return *a == (int32_t)*a;
}

static bool add_us(struct expr_interval_sum *sum, int64_t whole, double fraction, int64_t scale)
{
    int64_t us, part;

    if (__builtin_mul_overflow(whole, scale, &us) || __builtin_add_overflow(sum->us, us, &sum->us))
        return false;
    fraction *= (double)scale;
    part = (int64_t)fraction;
    fraction -= (double)part;
    part += (fraction > 0.5) - (fraction < -0.5);
    return !__builtin_add_overflow(sum->us, part, &sum->us);
}

static bool add_days(struct expr_interval_sum *sum, double fraction, int scale)
{
    int64_t days;

    fraction *= scale;
    days = (int64_t)fraction;
    return add_int32(&sum->days, days, 1) && add_us(sum, 0, fraction - (double)days, EXPR_DAY_US);
}

static bool add_years(struct expr_interval_sum *sum, int64_t whole, double fraction, int scale)
{
    return add_int32(&sum->years, whole, scale) &&
           add_int32(&sum->months, (int64_t)rint(fraction * scale * 12), 1);
}

bool qetl_expr_sum_add(struct expr_interval_sum *sum, enum expr_unit unit, int64_t whole,
                       double fraction)
{
    static const int64_t scales[] = {
        [EXPR_UNIT_MICROSECOND] = 1,   [EXPR_UNIT_MILLISECOND] = 1000,
        [EXPR_UNIT_SECOND] = 1000000,  [EXPR_UNIT_MINUTE] = 60000000,
        [EXPR_UNIT_HOUR] = 3600000000, [EXPR_UNIT_DAY] = 1,
        [EXPR_UNIT_WEEK] = 7,          [EXPR_UNIT_MONTH] = 1,
        [EXPR_UNIT_YEAR] = 1,          [EXPR_UNIT_DECADE] = 10,
        [EXPR_UNIT_CENTURY] = 100,     [EXPR_UNIT_MILLENNIUM] = 1000,
    };

    if (unit < EXPR_UNIT_DAY)
        return add_us(sum, whole, fraction, scales[unit]);
    if (unit == EXPR_UNIT_DAY)
        return add_int32(&sum->days, whole, 1) && add_us(sum, 0, fraction, EXPR_DAY_US);
    if (unit == EXPR_UNIT_WEEK)
        return add_int32(&sum->days, whole, 7) && add_days(sum, fraction, 7);
    if (unit == EXPR_UNIT_MONTH)
        return add_int32(&sum->months, whole, 1) && add_days(sum, fraction, 30);
    return add_years(sum, whole, fraction, (int)scales[unit]);
}

bool qetl_expr_sum_finish(const struct expr_interval_sum *sum, struct expr_interval *out)
{
    int64_t months = sum->years * 12 + sum->months;

    if (months != (int32_t)months)
        return false;
    *out = (struct expr_interval){(int32_t)months, (int32_t)sum->days, sum->us};
    return expr_interval_fits(*out);
}
