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

int qetl_expr_print_clock(int64_t us, char *out)
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
        return qetl_expr_print_clock(value, out);
    if (type != EXPR_DATE)
        days = expr_floor_divide(value, EXPR_DAY_US);
    size = print_date(days, out, &before_christ);
    if (type != EXPR_DATE) {
        out[size++] = ' ';
        size += qetl_expr_print_clock(expr_time_of(value), out + size);
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
