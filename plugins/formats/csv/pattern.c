/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of dates, as strptime has them: compiled once, then read and written cell by cell. */
#include "locale.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { DIRECTIVE = 0x80 };

static const char months[12][10] = {"January",   "February", "March",    "April",
                                    "May",       "June",     "July",     "August",
                                    "September", "October",  "November", "December"};
static const char weekdays[7][10] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                     "Friday", "Saturday", "Sunday"};

struct moment {
    int year, month, day, hour, minute, second;
    int half;          /* 0: not said, 1: AM, 2: PM */
    char fraction[10]; /* its digits */
    char zone[16];     /* +00:00, or "" */
};

static const char *abbreviation_of(char letter)
{
    switch (letter) {
    case 'T':
        return "%H:%M:%S";
    case 'R':
        return "%H:%M";
    case 'F':
        return "%Y-%m-%d";
    case 'D':
        return "%m/%d/%y";
    default:
        return NULL;
    }
}

bool csv_pattern_compile(const char *text, struct csv_pattern *out, const char **fault)
{
    for (; *text; text++) {
        *fault = text;
        if (out->n == CSV_PATTERN_MAX)
            return false;
        if (*text != '%' || text[1] == '%') {
            text += *text == '%';
            if ((uint8_t)*text >= DIRECTIVE)
                return false;
            out->steps[out->n++] = (uint8_t)*text;
            continue;
        }
        const char *longer = abbreviation_of(*++text);

        if (longer ? !csv_pattern_compile(longer, out, fault)
                   : !*text || !strchr("YymdeHIMSfpbhBaAzZ", *text))
            return false;
        if (longer)
            continue;
        out->steps[out->n++] = (uint8_t)(DIRECTIVE | *text);
        out->date |= strchr("Yymdebh B", *text) != NULL;
        out->time |= strchr("HIMSfp", *text) != NULL;
        out->zone |= *text == 'z';
    }
    *fault = NULL;
    return out->n > 0;
}

/* ---- Reading ---- */

struct place {
    const uint8_t *at, *end;
};

/* Up to most digits, at least one. */
static bool digits_take(struct place *p, int most, int *out)
{
    int n = 0, value = 0;

    while (n < most && p->at < p->end && *p->at >= '0' && *p->at <= '9') {
        value = value * 10 + (*p->at++ - '0');
        n++;
    }
    *out = value;
    return n > 0;
}

/* One of n words, in full or by its first three letters. */
static bool word_take(struct place *p, const char (*words)[10], int n, int *out)
{
    for (int i = 0; i < n; i++) {
        size_t whole = strlen(words[i]), left = (size_t)(p->end - p->at);
        const char *at = (const char *)p->at;
        size_t size = left >= whole && !strncasecmp(at, words[i], whole) ? whole
                      : left >= 3 && !strncasecmp(at, words[i], 3)       ? 3
                                                                         : 0;

        if (!size)
            continue;
        p->at += size;
        *out = i + 1;
        return true;
    }
    return false;
}

static bool half_take(struct place *p, struct moment *m)
{
    if (p->end - p->at < 2 || (p->at[1] | 0x20) != 'm')
        return false;
    m->half = (p->at[0] | 0x20) == 'a' ? 1 : (p->at[0] | 0x20) == 'p' ? 2 : 0;
    p->at += 2;
    return m->half;
}

/* Z, +02, +0200, +02:00 */
static bool zone_take(struct place *p, struct moment *m)
{
    int hours, minutes = 0;
    char sign = p->at < p->end ? (char)*p->at : 0;

    if (!sign)
        return false;
    p->at++;
    if (sign == 'Z' || sign == 'z') {
        strcpy(m->zone, "+00:00");
        return true;
    }
    if ((sign != '+' && sign != '-') || !digits_take(p, 2, &hours))
        return false;
    p->at += p->at < p->end && *p->at == ':';
    if (p->at < p->end && *p->at >= '0' && *p->at <= '9' && !digits_take(p, 2, &minutes))
        return false;
    if (hours > 15 || minutes > 59)
        return false;
    snprintf(m->zone, sizeof m->zone, "%c%02u:%02u", sign, (unsigned)hours % 100U,
             (unsigned)minutes % 100U);
    return true;
}

static bool fraction_take(struct place *p, struct moment *m)
{
    int n = 0;

    while (n < 9 && p->at < p->end && *p->at >= '0' && *p->at <= '9')
        m->fraction[n++] = (char)*p->at++;
    m->fraction[n] = 0;
    return n > 0;
}

static bool year_take(struct place *p, bool is_short, struct moment *m)
{
    const uint8_t *begin = p->at;

    if (!digits_take(p, is_short ? 2 : 4, &m->year) || p->at - begin != (is_short ? 2 : 4))
        return false;
    if (is_short)
        m->year += m->year < 69 ? 2000 : 1900;
    return true;
}

static bool letters_pass(struct place *p)
{
    const uint8_t *begin = p->at;

    while (p->at < p->end && (*p->at | 0x20) >= 'a' && (*p->at | 0x20) <= 'z')
        p->at++;
    return p->at > begin;
}

static bool step_read(uint8_t step, struct place *p, struct moment *m)
{
    int ignored;

    switch (step & 0x7f) {
    case 'Y':
        return year_take(p, false, m);
    case 'y':
        return year_take(p, true, m);
    case 'm':
        return digits_take(p, 2, &m->month);
    case 'e':
        p->at += p->at < p->end && *p->at == ' ';
        return digits_take(p, 2, &m->day);
    case 'd':
        return digits_take(p, 2, &m->day);
    case 'H':
    case 'I':
        return digits_take(p, 2, &m->hour) && ((step & 0x7f) == 'H' || (m->hour && m->hour < 13));
    case 'M':
        return digits_take(p, 2, &m->minute);
    case 'S':
        return digits_take(p, 2, &m->second);
    case 'f':
        return fraction_take(p, m);
    case 'p':
        return half_take(p, m);
    case 'z':
        return zone_take(p, m);
    case 'Z':
        return letters_pass(p);
    case 'a':
    case 'A':
        return word_take(p, weekdays, 7, &ignored);
    default:
        return word_take(p, months, 12, &m->month);
    }
}

static bool moment_read(const struct csv_pattern *p, const uint8_t *cell, int64_t size,
                        struct moment *m)
{
    struct place at = {cell, cell + size};

    for (int32_t i = 0; i < p->n; i++) {
        if (p->steps[i] & DIRECTIVE) {
            if (!step_read(p->steps[i], &at, m))
                return false;
        } else if (at.at == at.end || *at.at++ != p->steps[i]) {
            return false;
        }
    }
    if (m->half)
        m->hour = m->hour % 12 + (m->half == 2 ? 12 : 0);
    return at.at == at.end && m->month >= 1 && m->month <= 12 && m->day >= 1 && m->hour < 24;
}

int64_t csv_pattern_read(const struct csv_pattern *p, const struct csv_local_type *type,
                         const uint8_t *cell, int64_t size, char *out)
{
    struct moment m = {.year = 1970, .month = 1, .day = 1};
    int n = 0;

    if (!moment_read(p, cell, size, &m))
        return -1;
    if (type->date)
        n += sprintf(out + n, "%04d-%02d-%02d", m.year, m.month, m.day);
    if (type->date && type->time)
        out[n++] = 'T';
    if (type->time)
        n += sprintf(out + n, "%02d:%02d:%02d%s%s%s", m.hour, m.minute, m.second,
                     m.fraction[0] ? "." : "", m.fraction, type->date ? m.zone : "");
    else if (m.hour || m.minute || m.second || strspn(m.fraction, "0") != strlen(m.fraction))
        return -1;
    return n;
}

/* ---- Writing ---- */

/* The day of the week, from 0 for Monday. */
static int weekday_of(const struct moment *m)
{
    int y = m->year - (m->month < 3), shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};

    return (y + y / 4 - y / 100 + y / 400 + shift[m->month - 1] + m->day + 6) % 7;
}

static int step_write(uint8_t step, const struct moment *m, char *out)
{
    int hour = m->hour % 12 ? m->hour % 12 : 12;

    switch (step & 0x7f) {
    case 'Y':
        return sprintf(out, "%04d", m->year);
    case 'y':
        return sprintf(out, "%02d", m->year % 100);
    case 'm':
        return sprintf(out, "%02d", m->month);
    case 'd':
        return sprintf(out, "%02d", m->day);
    case 'e':
        return sprintf(out, "%2d", m->day);
    case 'H':
        return sprintf(out, "%02d", m->hour);
    case 'I':
        return sprintf(out, "%02d", hour);
    case 'M':
        return sprintf(out, "%02d", m->minute);
    case 'S':
        return sprintf(out, "%02d", m->second);
    case 'f':
        return sprintf(out, "%s%.*s", m->fraction, 6 - (int)strnlen(m->fraction, 6), "000000");
    case 'p':
        return sprintf(out, "%s", m->hour < 12 ? "AM" : "PM");
    case 'z':
        return sprintf(out, "%s", m->zone[0] ? m->zone : "+00:00");
    case 'Z':
        return sprintf(out, "UTC");
    case 'a':
        return sprintf(out, "%.3s", weekdays[weekday_of(m)]);
    case 'A':
        return sprintf(out, "%s", weekdays[weekday_of(m)]);
    case 'B':
        return sprintf(out, "%s", months[m->month - 1]);
    default:
        return sprintf(out, "%.3s", months[m->month - 1]);
    }
}

/* SQL's spelling: 2024-01-31, 12:30:00.25, both with a space or T between, an offset behind. */
static bool sql_read(const uint8_t *cell, int64_t size, struct moment *m)
{
    struct place p = {cell, cell + size};

    if (size > 4 && cell[4] == '-') {
        if (!digits_take(&p, 4, &m->year) || p.at == p.end || *p.at++ != '-' ||
            !digits_take(&p, 2, &m->month) || p.at == p.end || *p.at++ != '-' ||
            !digits_take(&p, 2, &m->day))
            return false;
        if (p.at == p.end)
            return m->month >= 1 && m->month <= 12;
        p.at++;
    }
    if (!digits_take(&p, 2, &m->hour) || p.at == p.end || *p.at++ != ':' ||
        !digits_take(&p, 2, &m->minute))
        return false;
    if (p.at < p.end && *p.at == ':' && (p.at++, !digits_take(&p, 2, &m->second)))
        return false;
    if (p.at < p.end && *p.at == '.' && (p.at++, !fraction_take(&p, m)))
        return false;
    if (p.at < p.end && !zone_take(&p, m))
        return false;
    return p.at == p.end && m->month >= 1 && m->month <= 12;
}

int64_t csv_pattern_write(const struct csv_pattern *p, const uint8_t *cell, int64_t size, char *out)
{
    struct moment m = {.year = 1970, .month = 1, .day = 1};
    int64_t n = 0;

    if (!sql_read(cell, size, &m))
        return -1;
    for (int32_t i = 0; i < p->n; i++) {
        if (n > CSV_LOCAL_MAX - 16)
            return -1;
        if (p->steps[i] & DIRECTIVE)
            n += step_write(p->steps[i], &m, out + n);
        else
            out[n++] = (char)p->steps[i];
    }
    return n;
}
