/* SPDX-License-Identifier: Apache-2.0 */
/* Cells into columns of a type: as it was inferred, or as the user declared it. */
#include "value.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

/* Text that is a number through and through. */
static bool text_number(const struct xlsx_cell *cell, const char **text,
                        char room[XLSX_SPELLED_MAX])
{
    if (cell->kind == XLSX_TEXT) {
        if (cell->text.size <= 0 || cell->text.size >= XLSX_SPELLED_MAX)
            return false;
        memcpy(room, cell->text.data, (size_t)cell->text.size);
        room[cell->text.size] = 0;
    } else {
        struct qetl_text spelled = xlsx_spell(cell, false, room);
        room[spelled.size] = 0;
    }
    *text = room;
    return room[strspn(room, "+-0123456789.eE")] == 0;
}

static bool has_plain_number(const struct xlsx_cell *cell)
{
    return cell->kind == XLSX_NUMBER && cell->class == XLSX_PLAIN;
}

static int32_t put_integer(struct qetl_builder *b, const struct xlsx_cell *cell, bool is_unsigned)
{
    char room[XLSX_SPELLED_MAX], *end;
    const char *text;
    if ((!has_plain_number(cell) && cell->kind != XLSX_TEXT) || !text_number(cell, &text, room))
        return QETL_E_DATA;
    if (is_unsigned && *text != '-') {
        unsigned long long value = strtoull(text, &end, 10);
        return *end || strlen(text) > 19 ? QETL_E_DATA : qetl_builder_uint(b, value);
    }
    long long value = strtoll(text, &end, 10);
    return *end || strlen(text) > 19 + (*text == '-') ? QETL_E_DATA : qetl_builder_int(b, value);
}

static int32_t put_real(struct qetl_builder *b, const struct xlsx_cell *cell)
{
    char room[XLSX_SPELLED_MAX], *end;
    const char *text;
    if (has_plain_number(cell))
        return qetl_builder_real(b, cell->number);
    if (cell->kind != XLSX_TEXT || !text_number(cell, &text, room))
        return QETL_E_DATA;
    double value = strtod(text, &end);
    return *end ? QETL_E_DATA : qetl_builder_real(b, value);
}

/* Digit by digit: what a double shows is what the user saw. */
static int32_t put_decimal(struct qetl_builder *b, const struct xlsx_cell *cell, int32_t scale)
{
    char room[XLSX_SPELLED_MAX];
    const char *text;
    qetl_int128 value = 0;
    int32_t digits = 0, behind = -1;
    if ((!has_plain_number(cell) && cell->kind != XLSX_TEXT) || !text_number(cell, &text, room))
        return QETL_E_DATA;
    bool minus = *text == '-';
    for (text += minus || *text == '+'; *text; text++) {
        if (*text == '.' && behind < 0) {
            behind = 0;
            continue;
        }
        if (*text < '0' || *text > '9' || ++digits > 38 || (behind >= scale && *text != '0'))
            return QETL_E_DATA;
        if (behind < scale)
            value = value * 10 + (*text - '0');
        behind += behind >= 0 && behind < scale;
    }
    for (behind = behind < 0 ? 0 : behind; behind < scale; behind++) {
        if (++digits > 38)
            return QETL_E_DATA;
        value *= 10;
    }
    return digits ? qetl_builder_decimal(b, minus ? -value : value) : QETL_E_DATA;
}

static int32_t put_bool(struct qetl_builder *b, const struct xlsx_cell *cell)
{
    if (cell->kind == XLSX_BOOL ||
        (has_plain_number(cell) && (cell->number == 0 || cell->number == 1)))
        return qetl_builder_bool(b, cell->number != 0);
    if (cell->kind != XLSX_TEXT)
        return QETL_E_DATA;
    bool yes = cell->text.size == 4 && !strncasecmp(cell->text.data, "true", 4);
    bool no = cell->text.size == 5 && !strncasecmp(cell->text.data, "false", 5);
    return yes || no ? qetl_builder_bool(b, yes) : QETL_E_DATA;
}

static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* n digits; -1 where others stand. */
static int64_t digits_at(const char *text, int n)
{
    int64_t value = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + text[i] - '0';
    }
    return value;
}

/* HH:MM:SS and up to six digits of a fraction; microseconds, or -1. */
static int64_t clock_read(const char *text, int64_t size)
{
    int64_t h, m, s, us = 0, unit = 100000;
    if (size < 8 || text[2] != ':' || text[5] != ':' || (size > 8 && text[8] != '.') || size > 15)
        return -1;
    h = digits_at(text, 2), m = digits_at(text + 3, 2), s = digits_at(text + 6, 2);
    for (int64_t i = 9; i < size; i++, unit /= 10) {
        int64_t digit = digits_at(text + i, 1);
        if (digit < 0)
            return -1;
        us += digit * unit;
    }
    return h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59
               ? -1
               : ((h * 60 + m) * 60 + s) * 1000000 + us;
}

/* An ISO 8601 date, and a time behind T or a blank; microseconds. */
static bool moment_read(struct qetl_text text, int64_t *out, bool *has_time)
{
    const char *at = text.data;
    *has_time = text.size > 10;
    if (text.size < 10 || at[4] != '-' || at[7] != '-')
        return false;
    int64_t y = digits_at(at, 4), m = digits_at(at + 5, 2), d = digits_at(at + 8, 2), us = 0;
    static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (y < 0 || m < 1 || m > 12 || d < 1)
        return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (d > lengths[m - 1] + (m == 2 && leap))
        return false;
    if (*has_time && at[10] != 'T' && at[10] != ' ')
        return false;
    int64_t size = text.size - 11 - (*has_time && at[text.size - 1] == 'Z');
    if (*has_time && (us = clock_read(at + 11, size)) < 0)
        return false;
    *out = days_of(y, m, d) * XLSX_DAY_MS * 1000 + us;
    return true;
}

static int32_t put_moment(struct qetl_builder *b, const struct xlsx_cell *cell, bool date,
                          bool from_1904)
{
    int64_t us, ms;
    bool has_time;
    if (cell->kind == XLSX_TEXT) {
        if (!moment_read(cell->text, &us, &has_time) ||
            (date && us % (XLSX_DAY_MS * INT64_C(1000))))
            return QETL_E_DATA;
    } else {
        if (cell->kind != XLSX_NUMBER || !xlsx_serial_ms(cell->number, from_1904, &ms) ||
            (date && cell->number != trunc(cell->number)))
            return QETL_E_DATA;
        us = ms * 1000;
    }
    int64_t days = us / (XLSX_DAY_MS * INT64_C(1000));
    return qetl_builder_int(b, date ? days : us);
}

static int32_t put_time(struct qetl_builder *b, const struct xlsx_cell *cell)
{
    int64_t us = -1;
    if (cell->kind == XLSX_TEXT)
        us = clock_read(cell->text.data, cell->text.size);
    else if (cell->kind == XLSX_NUMBER && cell->number >= 0 && cell->number < 1)
        us = llround(cell->number * XLSX_DAY_MS) % XLSX_DAY_MS * 1000;
    return us < 0 ? QETL_E_DATA : qetl_builder_int(b, us);
}

static int32_t put_duration(struct qetl_builder *b, const struct xlsx_cell *cell)
{
    if (cell->kind != XLSX_NUMBER || fabs(cell->number) > 1e5)
        return QETL_E_DATA;
    struct qetl_interval value = {.nanoseconds =
                                      llround(cell->number * XLSX_DAY_MS) * INT64_C(1000000)};
    return qetl_builder_interval(b, value);
}

int32_t xlsx_value_put(struct qetl_builder *b, const struct ArrowSchema *field,
                       const struct xlsx_cell *cell, bool from_1904)
{
    char room[XLSX_SPELLED_MAX];
    const char *format = field->format;
    int32_t precision, scale;
    if (cell->kind == XLSX_EMPTY)
        return qetl_builder_null(b);
    if (!strcmp(format, "vu")) {
        struct qetl_text text = xlsx_spell(cell, from_1904, room);
        return qetl_builder_text(b, text.data, text.size);
    }
    if (!strcmp(format, "b"))
        return put_bool(b, cell);
    if (!format[1] && strchr("csilCSIL", *format))
        return put_integer(b, cell, *format < 'a');
    if (!format[1] && strchr("fg", *format))
        return put_real(b, cell);
    if (qetl_type_decimal(format, &precision, &scale))
        return put_decimal(b, cell, scale);
    if (!strcmp(format, "tin"))
        return put_duration(b, cell);
    if (!strncmp(format, "tt", 2))
        return put_time(b, cell);
    return put_moment(b, cell, format[1] == 'd', from_1904);
}
