/* SPDX-License-Identifier: Apache-2.0 */
/* Civil dates by days since 1970-01-01, counted in eras of 400 years. */
#include "rfc3339.h"

#include "bytes.h"

#include <stddef.h>

enum { DAY_SECONDS = 86400, ERA_DAYS = 146097, DAYS_TO_1970 = 719468 };

static const int64_t units[] = {1,      10,      100,      1000,      10000,
                                100000, 1000000, 10000000, 100000000, 1000000000};

/* Years are counted from March, so that a leap day is the last of its year. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t of_days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return era * ERA_DAYS + of_days - DAYS_TO_1970;
}

static void civil_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += DAYS_TO_1970;
    int64_t era = (days >= 0 ? days : days - (ERA_DAYS - 1)) / ERA_DAYS,
            rest = days - era * ERA_DAYS;
    int64_t of_era = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
    int64_t of_year = rest - (365 * of_era + of_era / 4 - of_era / 100);
    int64_t from_march = (5 * of_year + 2) / 153;
    *day = of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march + (from_march < 10 ? 3 : -9);
    *year = of_era + era * 400 + (*month <= 2);
}

/* Exactly n digits at *p. */
static bool digits_read(const uint8_t **p, const uint8_t *end, int n, int64_t *out)
{
    *out = 0;
    if (end - *p < n)
        return false;
    for (int i = 0; i < n; i++, (*p)++) {
        if (!ndjson_is_digit(**p))
            return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

static bool byte_read(const uint8_t **p, const uint8_t *end, uint8_t byte)
{
    if (*p >= end || **p != byte)
        return false;
    (*p)++;
    return true;
}

static int64_t month_days(int64_t year, int64_t month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static bool date_read(const uint8_t **p, const uint8_t *end, int64_t *days)
{
    int64_t year, month, day;
    if (!digits_read(p, end, 4, &year) || !byte_read(p, end, '-') ||
        !digits_read(p, end, 2, &month) || !byte_read(p, end, '-') || !digits_read(p, end, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    *days = days_from_civil(year, month, day);
    return true;
}

/* .123 in units of 10^-digits; what is finer must be zero. */
static bool fraction_read(const uint8_t **p, const uint8_t *end, int32_t digits, int64_t *out)
{
    int32_t n = 0;
    *out = 0;
    if (!byte_read(p, end, '.'))
        return true;
    for (; *p < end && ndjson_is_digit(**p); (*p)++, n++) {
        if (n < digits)
            *out += (**p - '0') * units[digits - n - 1];
        else if (**p != '0')
            return false;
    }
    return n > 0;
}

static bool time_read(const uint8_t **p, const uint8_t *end, int32_t digits, int64_t *value)
{
    int64_t hour, minute, second = 0, fraction = 0;
    if (!digits_read(p, end, 2, &hour) || !byte_read(p, end, ':') ||
        !digits_read(p, end, 2, &minute))
        return false;
    if (byte_read(p, end, ':') &&
        (!digits_read(p, end, 2, &second) || !fraction_read(p, end, digits, &fraction)))
        return false;
    *value = (hour * 3600 + minute * 60 + second) * units[digits] + fraction;
    return hour < 24 && minute < 60 && second < 60;
}

/* Z, +02:00, +0200, +02 or nothing, in seconds. */
static bool offset_read(const uint8_t **p, const uint8_t *end, int64_t *seconds)
{
    int64_t hours, minutes = 0;
    *seconds = 0;
    if (*p == end || byte_read(p, end, 'Z') || byte_read(p, end, 'z'))
        return true;
    bool west = **p == '-';
    if (!byte_read(p, end, '+') && !byte_read(p, end, '-'))
        return false;
    if (!digits_read(p, end, 2, &hours))
        return false;
    bool colon = byte_read(p, end, ':');
    if ((colon || *p < end) && !digits_read(p, end, 2, &minutes))
        return false;
    *seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return hours < 24 && minutes < 60;
}

bool ndjson_date_parse(const uint8_t *data, int64_t size, int64_t *days)
{
    const uint8_t *p = data, *end = data + size;
    return date_read(&p, end, days) && p == end;
}

bool ndjson_time_parse(const uint8_t *data, int64_t size, int32_t digits, int64_t *value)
{
    const uint8_t *p = data, *end = data + size;
    return time_read(&p, end, digits, value) && p == end;
}

bool ndjson_stamp_parse(const uint8_t *data, int64_t size, int32_t digits, int64_t *value)
{
    const uint8_t *p = data, *end = data + size;
    int64_t days, time = 0, offset = 0, seconds;
    if (!date_read(&p, end, &days))
        return false;
    if (p < end) {
        if (!byte_read(&p, end, 'T') && !byte_read(&p, end, 't') && !byte_read(&p, end, ' '))
            return false;
        if (!time_read(&p, end, digits, &time) || !offset_read(&p, end, &offset))
            return false;
    }
    seconds = days * DAY_SECONDS - offset;
    return p == end && !__builtin_mul_overflow(seconds, units[digits], value) &&
           !__builtin_add_overflow(*value, time, value);
}

static char *digits_write(char *out, int64_t value, int n)
{
    for (int i = n - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + n;
}

static char *date_put(char *out, int64_t days)
{
    int64_t year, month, day;
    civil_from_days(days, &year, &month, &day);
    if (year < 0 || year > 9999)
        return NULL;
    out = digits_write(out, year, 4);
    *out++ = '-';
    out = digits_write(out, month, 2);
    *out++ = '-';
    return digits_write(out, day, 2);
}

static char *time_put(char *out, int64_t value, int32_t digits)
{
    int64_t seconds = value / units[digits], fraction = value % units[digits];
    out = digits_write(out, seconds / 3600, 2);
    *out++ = ':';
    out = digits_write(out, seconds / 60 % 60, 2);
    *out++ = ':';
    out = digits_write(out, seconds % 60, 2);
    if (!fraction)
        return out;
    for (; fraction % 10 == 0; fraction /= 10)
        digits--;
    *out++ = '.';
    return digits_write(out, fraction, digits);
}

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

int32_t ndjson_date_write(int64_t days, char out[NDJSON_STAMP_MAX])
{
    char *end = date_put(out, days);
    return end ? (int32_t)(end - out) : -1;
}

int32_t ndjson_time_write(int64_t value, int32_t digits, char out[NDJSON_STAMP_MAX])
{
    if (value < 0 || value >= DAY_SECONDS * units[digits])
        return -1;
    return (int32_t)(time_put(out, value, digits) - out);
}

int32_t ndjson_stamp_write(int64_t value, int32_t digits, bool zoned, char out[NDJSON_STAMP_MAX])
{
    int64_t day = DAY_SECONDS * units[digits], days = floor_divide(value, day);
    char *end = date_put(out, days);
    if (!end)
        return -1;
    *end++ = 'T';
    end = time_put(end, value - days * day, digits);
    if (zoned)
        *end++ = 'Z';
    return (int32_t)(end - out);
}
