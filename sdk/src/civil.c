/* SPDX-License-Identifier: Apache-2.0 */
/* Dates and times as text. */
#include "civil.h"

struct civil {
    int64_t year; /* astronomical: 0 is 1 BC */
    int32_t month, day;
};

int64_t qetl_sdk_floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/* Years are taken to begin in March, so that the day that comes and goes is a year's last. */
static struct civil civil_of(int64_t days)
{
    enum { DAYS_TO_1970 = 719468, DAYS_400_YEARS = 146097 };
    int64_t cycle = qetl_sdk_floor_divide(days + DAYS_TO_1970, DAYS_400_YEARS);
    int32_t day = (int32_t)(days + DAYS_TO_1970 - cycle * DAYS_400_YEARS);
    int32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    int32_t month = (5 * day + 2) / 153;
    struct civil civil = {.year = cycle * 400 + year + (month >= 10),
                          .month = month < 10 ? month + 3 : month - 9,
                          .day = day - (153 * month + 2) / 5 + 1};
    return civil;
}

static char *number_write(char *at, uint64_t value, int32_t width)
{
    char digits[QETL_SDK_DIGITS_MAX];
    int32_t n = qetl_sdk_digits(value, digits);
    for (int32_t i = n; i < width; i++)
        *at++ = '0';
    memcpy(at, digits, (size_t)n);
    return at + n;
}

static char *pair_write(char *at, int32_t value)
{
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
    return at + 2;
}

static char *civil_write(char *at, struct civil civil)
{
    int64_t year = civil.year > 0 ? civil.year : 1 - civil.year;
    if (year < 10000)
        at = pair_write(pair_write(at, (int32_t)(year / 100)), (int32_t)(year % 100));
    else
        at = number_write(at, (uint64_t)year, 4);
    *at++ = '-';
    at = pair_write(at, civil.month);
    *at++ = '-';
    return pair_write(at, civil.day);
}

static char *era_write(char *at, struct civil civil)
{
    if (civil.year > 0)
        return at;
    memcpy(at, " BC", 3);
    return at + 3;
}

char *qetl_sdk_date_write(int64_t days, char out[QETL_SDK_CIVIL_MAX])
{
    struct civil civil = civil_of(days);
    return era_write(civil_write(out, civil), civil);
}

/* Divisions by constants: several times as fast as one by a variable. */
static uint64_t unit_divide(uint64_t value, int32_t digits)
{
    switch (digits) {
    case 0:
        return value;
    case 3:
        return value / 1000;
    case 6:
        return value / 1000000;
    default:
        return value / 1000000000;
    }
}

static uint64_t unit_of(int32_t digits)
{
    return (uint64_t)qetl_sdk_power10(digits);
}

static char *clock_write(char *at, uint64_t seconds, uint64_t fraction, int32_t digits)
{
    at = seconds < 360000 ? pair_write(at, (int32_t)(seconds / 3600))
                          : number_write(at, seconds / 3600, 2);
    *at++ = ':';
    at = pair_write(at, (int32_t)(seconds / 60 % 60));
    *at++ = ':';
    at = pair_write(at, (int32_t)(seconds % 60));
    if (!fraction)
        return at;
    *at++ = '.';
    at = number_write(at, fraction, digits);
    while (at[-1] == '0')
        at--;
    return at;
}

/* A negative time is no time of day, but is written rather than hidden. */
char *qetl_sdk_time_write(int64_t value, int32_t digits, char out[QETL_SDK_CIVIL_MAX])
{
    char *at = out;
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    uint64_t seconds = unit_divide(magnitude, digits);
    if (value < 0)
        *at++ = '-';
    return clock_write(at, seconds, magnitude - seconds * unit_of(digits), digits);
}

char *qetl_sdk_timestamp_write(int64_t value, int32_t digits, bool zoned,
                               char out[QETL_SDK_CIVIL_MAX])
{
    /* ~(~v / u) is v / u rounded down where v is negative, without overflow. */
    int64_t seconds = value < 0 ? (int64_t)~unit_divide(~(uint64_t)value, digits)
                                : (int64_t)unit_divide((uint64_t)value, digits);
    uint64_t fraction = (uint64_t)value - (uint64_t)seconds * unit_of(digits);
    int64_t days = qetl_sdk_floor_divide(seconds, 86400);
    struct civil civil = civil_of(days);
    char *at = civil_write(out, civil);
    *at++ = ' ';
    at = clock_write(at, (uint64_t)seconds - (uint64_t)days * 86400, fraction, digits);
    if (zoned) {
        memcpy(at, "+00", 3);
        at += 3;
    }
    return era_write(at, civil);
}
