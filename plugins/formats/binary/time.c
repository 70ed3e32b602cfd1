/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of units since an epoch, and the packed dates of FAT and zip. */
#include "value.h"

enum { DAY_S = 86400 };

/* Eras of 400 years that begin in March, so that a leap day is the last of its year. */
int64_t binary_days_from_civil(int64_t year, int32_t month, int32_t day)
{
    int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int32_t *month, int32_t *day)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

    *day = (int32_t)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int32_t)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
}

bool binary_date_is(int64_t year, int32_t month, int32_t day)
{
    int64_t y;
    int32_t m, d;

    if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    civil_from_days(binary_days_from_civil(year, month, day), &y, &m, &d);
    return d == day; /* else a month has fewer days */
}

static bool dos_read(uint32_t raw, int64_t *out)
{
    int32_t date = (int32_t)(raw >> 16), day = date & 31, month = date >> 5 & 15;
    int32_t second = (int32_t)(raw & 31) * 2, minute = raw >> 5 & 63, hour = raw >> 11 & 31;
    int64_t year = 1980 + (date >> 9);

    if (!binary_date_is(year, month, day) || second > 59 || minute > 59 || hour > 23)
        return false;
    *out = (binary_days_from_civil(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second) *
           1000000;
    return true;
}

bool binary_time_read(const struct binary_field *f, int64_t raw, const uint8_t *fraction,
                      int64_t *out)
{
    const struct binary_time *t = &f->time;
    qetl_int128 ns, ticks;
    int64_t rest;

    if (t->dos)
        return dos_read((uint32_t)raw, out);
    ns = (f->kind == BINARY_SIGNED ? (qetl_int128)raw : (qetl_int128)(uint64_t)raw) * t->unit_ns;
    ns += (qetl_int128)t->epoch_s * 1000000000;
    if (t->fraction_width) {
        rest = (int64_t)binary_load(fraction, t->fraction_width, f->big) * t->fraction_ns;
        if (rest >= t->unit_ns)
            return false; /* nor below zero, as a signed one would be read */
        ns += rest;
    }
    ticks = ns / t->ticks_ns;
    *out = (int64_t)ticks;
    return ticks == *out && ticks * t->ticks_ns == ns &&
           (t->ticks_ns <= 1000 || ticks == (int32_t)ticks);
}

static int32_t dos_write(const struct binary_field *f, qetl_int128 ns, uint8_t *data)
{
    int64_t s = (int64_t)(ns / 1000000000), days = s / DAY_S, year;
    int32_t month, day, of_day = (int32_t)(s % DAY_S);
    uint32_t raw;

    if (ns < 0 || ns > (qetl_int128)INT64_MAX)
        return BINARY_TOO_LARGE;
    civil_from_days(days, &year, &month, &day);
    if (year < 1980 || year > 2107)
        return BINARY_TOO_LARGE;
    if (ns % 2000000000)
        return BINARY_NOT_EXACT;
    raw = (uint32_t)((year - 1980) << 25 | (uint32_t)month << 21 | (uint32_t)day << 16);
    raw |= (uint32_t)(of_day / 3600 << 11 | of_day / 60 % 60 << 5 | of_day % 60 / 2);
    binary_store(data, 4, f->big, raw);
    return BINARY_FINE;
}

int32_t binary_time_write(const struct binary_field *f, qetl_int128 value, uint8_t *data)
{
    const struct binary_time *t = &f->time;
    qetl_int128 ns = t->ticks_ns > 1000 ? value * t->ticks_ns : value, raw, rest;
    int64_t fraction;
    int32_t code;

    if (t->dos)
        return dos_write(f, ns, data);
    ns -= (qetl_int128)t->epoch_s * 1000000000;
    raw = ns / t->unit_ns;
    rest = ns % t->unit_ns;
    if (rest < 0) {
        rest += t->unit_ns;
        raw--;
    }
    if (f->null_is && raw == f->null_value)
        return BINARY_READS_AS_NULL;
    if (t->fraction_width ? rest % t->fraction_ns != 0 : rest != 0)
        return BINARY_NOT_EXACT;
    code = binary_raw_write(f, raw, data);
    if (code || !t->fraction_width)
        return code;
    fraction = (int64_t)(rest / t->fraction_ns);
    if (fraction >> 8 * t->fraction_width)
        return BINARY_TOO_LARGE;
    binary_store(data + f->width, t->fraction_width, f->big, (uint64_t)fraction);
    return BINARY_FINE;
}
