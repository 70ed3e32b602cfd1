/* SPDX-License-Identifier: Apache-2.0 */
/* Dates and times from texts. */
#include "internal.h"

#include <qetl/parse.h>

enum { DAY_SECONDS = 86400, DAYS_TO_1970 = 719468 };

static bool digits_take(struct qetl_text *text, int n, int64_t *out)
{
    int64_t value = 0;
    if (text->size < n)
        return false;
    for (int i = 0; i < n; i++) {
        uint8_t digit = (uint8_t)(text->data[i] - '0');
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    text->data += n;
    text->size -= n;
    *out = value;
    return true;
}

static bool byte_take(struct qetl_text *text, char byte)
{
    bool found = text->size && *text->data == byte;
    text->data += found;
    text->size -= found;
    return found;
}

static int64_t month_days(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* Years are counted from March, so that a leap day is the last of its year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = year - (month <= 2), era = y / 400, of_era = y % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

static bool date_take(struct qetl_text *text, int64_t *days)
{
    int64_t year, month, day;
    if (!digits_take(text, 4, &year) || !byte_take(text, '-') || !digits_take(text, 2, &month) ||
        !byte_take(text, '-') || !digits_take(text, 2, &day) || year < 1 || month < 1 ||
        month > 12 || day < 1 || day > month_days(year, month))
        return false;
    *days = days_of(year, month, day);
    return true;
}

static int64_t units_of(int32_t digits)
{
    int64_t units = 1;
    for (; digits > 0; digits--)
        units *= 10;
    return units;
}

static bool fraction_take(struct qetl_text *text, int32_t digits, int64_t *out)
{
    int64_t unit = units_of(digits), digit;
    int n = 0;
    for (; text->size && digits_take(text, 1, &digit); n++) {
        unit /= 10;
        if (!unit && digit)
            return false;
        *out += digit * unit;
    }
    return n > 0;
}

static bool time_take(struct qetl_text *text, int32_t digits, int64_t *out)
{
    int64_t hour, minute, second = 0, fraction = 0;
    if (!digits_take(text, 2, &hour) || !byte_take(text, ':') || !digits_take(text, 2, &minute))
        return false;
    if (byte_take(text, ':') && (!digits_take(text, 2, &second) ||
                                 (byte_take(text, '.') && !fraction_take(text, digits, &fraction))))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *out = (hour * 3600 + minute * 60 + second) * units_of(digits) + fraction;
    return true;
}

static bool offset_take(struct qetl_text *text, int64_t *seconds)
{
    int64_t hours, minutes = 0;
    *seconds = 0;
    if (!text->size || byte_take(text, 'Z') || byte_take(text, 'z'))
        return true;
    bool west = byte_take(text, '-');
    if ((!west && !byte_take(text, '+')) || !digits_take(text, 2, &hours))
        return false;
    bool colon = byte_take(text, ':');
    if ((colon || text->size) && !digits_take(text, 2, &minutes))
        return false;
    *seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return hours < 24 && minutes < 60;
}

bool qetl_parse_date(struct qetl_text text, int64_t *days)
{
    int64_t value;
    if (!date_take(&text, &value) || text.size)
        return false;
    *days = value;
    return true;
}

bool qetl_parse_time(struct qetl_text text, int32_t digits, int64_t *out)
{
    int64_t value;
    if (!time_take(&text, digits, &value) || text.size)
        return false;
    *out = value;
    return true;
}

bool qetl_parse_timestamp(struct qetl_text text, int32_t digits, int64_t *out)
{
    int64_t days, time = 0, offset = 0, value;
    if (!date_take(&text, &days))
        return false;
    if (text.size && (!(byte_take(&text, 'T') || byte_take(&text, 't') || byte_take(&text, ' ')) ||
                      !time_take(&text, digits, &time) || !offset_take(&text, &offset)))
        return false;
    if (text.size ||
        __builtin_mul_overflow(days * DAY_SECONDS - offset, units_of(digits), &value) ||
        __builtin_add_overflow(value, time, &value))
        return false;
    *out = value;
    return true;
}
