/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double exact = 9007199254740992.0;

static bool is_whole(double number)
{
    return number == trunc(number) && fabs(number) <= exact;
}

uint32_t xlsx_seen(const struct xlsx_cell *cell)
{
    if (cell->kind == XLSX_BOOL)
        return XLSX_SEEN_BOOL;
    if (cell->kind == XLSX_TEXT)
        return XLSX_SEEN_TEXT;
    if (cell->kind != XLSX_NUMBER)
        return 0;
    switch (cell->class) {
    case XLSX_DURATION:
        return XLSX_SEEN_DURATION;
    case XLSX_TIME:
        return cell->number >= 0 && cell->number < 1 ? XLSX_SEEN_TIME : XLSX_SEEN_STAMP;
    case XLSX_STAMP:
        return XLSX_SEEN_STAMP;
    case XLSX_DATE:
        return is_whole(cell->number) ? XLSX_SEEN_DATE : XLSX_SEEN_STAMP;
    default:
        return is_whole(cell->number) ? XLSX_SEEN_INT : XLSX_SEEN_REAL;
    }
}

const char *xlsx_format_of(uint32_t seen)
{
    switch (seen) {
    case XLSX_SEEN_INT:
        return "l";
    case XLSX_SEEN_REAL:
    case XLSX_SEEN_REAL | XLSX_SEEN_INT:
        return "g";
    case XLSX_SEEN_BOOL:
        return "b";
    case XLSX_SEEN_DATE:
        return "tdD";
    case XLSX_SEEN_TIME:
        return "ttu";
    case XLSX_SEEN_STAMP:
    case XLSX_SEEN_STAMP | XLSX_SEEN_DATE:
        return "tsu:";
    case XLSX_SEEN_DURATION:
        return "tin";
    default:
        return "vu";
    }
}

/* The calendar of 1900 has a 29 February, day 60, that never was; day 0 is a mere time of day. */
bool xlsx_serial_ms(double serial, bool from_1904, int64_t *out)
{
    enum { DAY_0_OF_1900 = -25569, DAY_0_OF_1904 = -24107, LAST = 2958466 };
    if (!(serial >= (from_1904 ? 0 : 1)) || serial >= LAST ||
        (!from_1904 && serial >= 60 && serial < 61))
        return false;
    int64_t day = from_1904 ? DAY_0_OF_1904 : serial < 60 ? DAY_0_OF_1900 + 1 : DAY_0_OF_1900;
    *out = day * XLSX_DAY_MS + llround(serial * XLSX_DAY_MS);
    return true;
}

static void civil(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

static int clock_spell(int64_t ms, char *out, size_t size)
{
    int n = snprintf(out, size, "%02d:%02d:%02d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
                     (int)(ms / 1000 % 60));
    return ms % 1000 ? n + snprintf(out + n, size - (size_t)n, ".%03d", (int)(ms % 1000)) : n;
}

static int stamp_spell(int64_t ms, bool date, char *out, size_t size)
{
    int year, month, day;
    int64_t days = ms >= 0 ? ms / XLSX_DAY_MS : -((XLSX_DAY_MS - 1 - ms) / XLSX_DAY_MS);
    civil(days, &year, &month, &day);
    int n = snprintf(out, size, "%04d-%02d-%02d", year, month, day);
    if (date)
        return n;
    out[n++] = ' ';
    return n + clock_spell(ms - days * XLSX_DAY_MS, out + n, size - (size_t)n);
}

static int number_spell(double number, char *out, size_t size)
{
    int n = 0;
    if (is_whole(number))
        return snprintf(out, size, "%" PRId64, (int64_t)number);
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(out, size, "%.*g", digits, number);
        for (int i = 0; i < n; i++)
            out[i] = out[i] == ',' ? '.' : out[i];
        if (digits == 17 || strtod(out, NULL) == number)
            break;
    }
    return n;
}

struct qetl_text xlsx_spell(const struct xlsx_cell *cell, bool from_1904,
                            char room[XLSX_SPELLED_MAX])
{
    int64_t ms;
    int n;
    uint32_t seen = xlsx_seen(cell);
    if (cell->kind == XLSX_TEXT || cell->kind == XLSX_ERROR)
        return cell->text;
    if (cell->kind == XLSX_EMPTY)
        return (struct qetl_text){"", 0};
    if (cell->kind == XLSX_BOOL)
        n = snprintf(room, XLSX_SPELLED_MAX, "%s", cell->number != 0 ? "true" : "false");
    else if (seen & (XLSX_SEEN_DATE | XLSX_SEEN_STAMP) &&
             xlsx_serial_ms(cell->number, from_1904, &ms))
        n = stamp_spell(ms, seen == XLSX_SEEN_DATE, room, XLSX_SPELLED_MAX);
    else if (seen == XLSX_SEEN_TIME ||
             (seen == XLSX_SEEN_DURATION && cell->number >= 0 && cell->number < 1e6))
        n = clock_spell(llround(cell->number * XLSX_DAY_MS), room, XLSX_SPELLED_MAX);
    else
        n = number_spell(cell->number, room, XLSX_SPELLED_MAX);
    return (struct qetl_text){room, n};
}
