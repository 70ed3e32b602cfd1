/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates, times and timestamps: ISO 8601 and as PostgreSQL writes them. 2024-02-29; 23:59 or
 * 23:59:59.25; a date, then T or a space and a time, then Z or an offset (+02, +02:00, +0200,
 * +02:00:30).
 */
#include "values.h"

enum { DAYS_TO_1970 = 719468, SECONDS_A_DAY = 86400 };

struct cursor {
    const uint8_t *at, *end;
};

static bool digits_fixed(struct cursor *c, int n, int64_t *out)
{
    int64_t value = 0;

    if (c->end - c->at < n)
        return false;
    for (int i = 0; i < n; i++) {
        uint8_t digit = (uint8_t)(c->at[i] - '0');

        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    c->at += n;
    *out = value;
    return true;
}

static bool byte_take(struct cursor *c, uint8_t byte)
{
    bool found = c->at < c->end && *c->at == byte;

    c->at += found;
    return found;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01: years are counted from March, so that a leap day comes last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = year - (month <= 2), era = y / 400, of_era = y % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

static bool date_take(struct cursor *c, int64_t *days)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year, month, day, extra;

    if (!digits_fixed(c, 4, &year))
        return false;
    /* Years beyond 9999, as PostgreSQL writes them. */
    for (int i = 0; i < 2 && digits_fixed(c, 1, &extra); i++)
        year = year * 10 + extra;
    if (!byte_take(c, '-') || !digits_fixed(c, 2, &month) || !byte_take(c, '-') ||
        !digits_fixed(c, 2, &day) || year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    if (day > lengths[month - 1] + (month == 2 && is_leap(year)))
        return false;
    *days = days_of(year, month, day);
    return true;
}

/* The fraction in units of 10^-scale seconds. */
static enum csv_code fraction_take(struct cursor *c, int32_t scale, int64_t *out)
{
    enum csv_code code = CSV_FINE;
    int64_t value = 0, digit;
    int n = 0;

    for (; digits_fixed(c, 1, &digit); n++) {
        if (n < scale)
            value = value * 10 + digit;
        else if (digit)
            code = CSV_INEXACT;
    }
    for (int i = n; i < scale; i++)
        value *= 10;
    *out = value;
    return n ? code : CSV_BAD_VALUE;
}

static int64_t units_a_second(int32_t scale)
{
    int64_t units = 1;

    while (scale-- > 0)
        units *= 10;
    return units;
}

/* HH:MM[:SS[.fraction]] in units of 10^-scale seconds. */
static enum csv_code time_take(struct cursor *c, int32_t scale, int64_t *out)
{
    int64_t hour, minute, second = 0, fraction = 0;
    enum csv_code code = CSV_FINE;

    if (!digits_fixed(c, 2, &hour) || !byte_take(c, ':') || !digits_fixed(c, 2, &minute))
        return CSV_BAD_VALUE;
    if (byte_take(c, ':')) {
        if (!digits_fixed(c, 2, &second))
            return CSV_BAD_VALUE;
        if (byte_take(c, '.'))
            code = fraction_take(c, scale, &fraction);
    }
    if (hour > 23 || minute > 59 || second > 59)
        return CSV_BAD_VALUE;
    *out = ((hour * 60 + minute) * 60 + second) * units_a_second(scale) + fraction;
    return code;
}

/* Z, or +HH[[:]MM[[:]SS]]: seconds east of Greenwich. */
static bool offset_take(struct cursor *c, int64_t *seconds)
{
    int64_t parts[3] = {0, 0, 0};
    bool minus = c->at < c->end && *c->at == '-';

    *seconds = 0;
    if (byte_take(c, 'Z') || byte_take(c, 'z'))
        return true;
    if (!minus && !(c->at < c->end && *c->at == '+'))
        return false;
    c->at++;
    for (int i = 0; i < 3 && (i == 0 || c->at < c->end); i++) {
        if (i)
            byte_take(c, ':');
        if (!digits_fixed(c, 2, &parts[i]))
            return false;
    }
    if (parts[0] > 15 || parts[1] > 59 || parts[2] > 59)
        return false;
    *seconds = (parts[0] * 60 + parts[1]) * 60 + parts[2];
    *seconds = minus ? -*seconds : *seconds;
    return true;
}

enum csv_code csv_parse_date(const uint8_t *cell, int64_t size, const struct csv_type *type,
                             void *out)
{
    struct cursor c = {cell, cell + size};
    int64_t days;
    int32_t narrow;

    (void)type;
    if (!date_take(&c, &days) || c.at != c.end)
        return CSV_BAD_VALUE;
    narrow = (int32_t)days;
    memcpy(out, &narrow, sizeof narrow);
    return CSV_FINE;
}

enum csv_code csv_parse_time(const uint8_t *cell, int64_t size, const struct csv_type *type,
                             void *out)
{
    struct cursor c = {cell, cell + size};
    int64_t value;
    int32_t narrow;
    enum csv_code code = time_take(&c, type->scale, &value);

    if (code || c.at != c.end)
        return code ? code : CSV_BAD_VALUE;
    narrow = (int32_t)value;
    if (type->width == 8)
        memcpy(out, &value, sizeof value);
    else
        memcpy(out, &narrow, sizeof narrow);
    return CSV_FINE;
}

enum csv_code csv_parse_timestamp(const uint8_t *cell, int64_t size, const struct csv_type *type,
                                  void *out)
{
    struct cursor c = {cell, cell + size};
    int64_t days, time = 0, offset = 0, value, units = units_a_second(type->scale);
    enum csv_code code = CSV_FINE;

    if (!date_take(&c, &days))
        return CSV_BAD_VALUE;
    if (c.at < c.end) {
        if (!byte_take(&c, 'T') && !byte_take(&c, ' ') && !byte_take(&c, 't'))
            return CSV_BAD_VALUE;
        code = time_take(&c, type->scale, &time);
        if (code == CSV_BAD_VALUE)
            return code;
        if (c.at < c.end && (!type->zoned || !offset_take(&c, &offset)))
            return CSV_BAD_VALUE;
    }
    if (c.at != c.end)
        return CSV_BAD_VALUE;
    if (__builtin_mul_overflow(days * SECONDS_A_DAY - offset, units, &value) ||
        __builtin_add_overflow(value, time, &value))
        return CSV_OUT_OF_RANGE;
    memcpy(out, &value, sizeof value);
    return code;
}
