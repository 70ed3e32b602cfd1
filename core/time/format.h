/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats of to_char, to_date and to_timestamp: YYYY-MM-DD HH24:MI:SS.
 *
 * Invariant: names of months and days are English, whatever the locale.
 * Ownership: a format lies in the arena it was read into, and points into its text.
 * Threads:   immutable once read.
 */
#ifndef QETL_EXPR_FORMAT_H
#define QETL_EXPR_FORMAT_H

#include "moment.h"
#include "value/arena.h"

enum expr_format_code {
    EXPR_FORMAT_LITERAL,
    EXPR_FORMAT_BLANK,     /* outside quotes */
    EXPR_FORMAT_SEPARATOR, /* punctuation outside quotes */
    EXPR_FORMAT_MERIDIEM,
    EXPR_FORMAT_MERIDIEM_DOTS,
    EXPR_FORMAT_ERA,
    EXPR_FORMAT_ERA_DOTS,
    EXPR_FORMAT_CENTURY,
    EXPR_FORMAT_DAY_NAME,
    EXPR_FORMAT_DAY_SHORT,
    EXPR_FORMAT_MONTH_NAME,
    EXPR_FORMAT_MONTH_SHORT,
    EXPR_FORMAT_DAY_OF_YEAR,
    EXPR_FORMAT_ISO_DAY_OF_YEAR,
    EXPR_FORMAT_DAY,
    EXPR_FORMAT_WEEKDAY,
    EXPR_FORMAT_ISO_WEEKDAY,
    EXPR_FORMAT_FRACTION, /* width: digits */
    EXPR_FORMAT_MILLISECOND,
    EXPR_FORMAT_MICROSECOND,
    EXPR_FORMAT_HOUR12,
    EXPR_FORMAT_HOUR24,
    EXPR_FORMAT_MINUTE,
    EXPR_FORMAT_SECOND,
    EXPR_FORMAT_DAY_SECOND,
    EXPR_FORMAT_WEEK,
    EXPR_FORMAT_ISO_WEEK,
    EXPR_FORMAT_MONTH_WEEK,
    EXPR_FORMAT_YEAR,     /* width: digits */
    EXPR_FORMAT_ISO_YEAR, /* likewise */
    EXPR_FORMAT_YEAR_COMMA,
    EXPR_FORMAT_MONTH,
    EXPR_FORMAT_ROMAN,
    EXPR_FORMAT_QUARTER,
    EXPR_FORMAT_JULIAN,
    EXPR_FORMAT_ZONE,
    EXPR_FORMAT_ZONE_HOUR,
    EXPR_FORMAT_ZONE_MINUTE,
    EXPR_FORMAT_OFFSET,
    EXPR_FORMAT_EXACT /* FX */
};

enum expr_format_case { EXPR_UPPER, EXPR_LOWER, EXPR_CAPITAL };
enum expr_ordinal { EXPR_ORDINAL_NONE, EXPR_ORDINAL_UPPER, EXPR_ORDINAL_LOWER };

struct expr_format_part {
    enum expr_format_code code;
    enum expr_format_case letters;
    enum expr_ordinal ordinal; /* TH */
    int width;
    bool fill;             /* FM: no padding */
    struct expr_text text; /* of a literal */
};

struct expr_format {
    struct expr_format_part *parts;
    int count;
};

/* False: no memory. */
bool qetl_expr_format_read(struct expr_arena *arena, struct expr_text text,
                           struct expr_format *out);
/* January to December, Sunday to Saturday; roman numerals of months. */
extern const char *const qetl_expr_month_names[12], *const qetl_expr_day_names[7],
                                                        *const qetl_expr_roman_months[12];

/* ---- format_write.c ---- */

/* What is written: all that fields can ask for. */
struct expr_shown {
    struct expr_civil civil; /* of intervals: years, months, days as they are */
    int64_t hour;            /* of intervals any */
    int minute, second, microsecond;
    int64_t days; /* since 1970 */
    int64_t day_of_year;
    bool interval, zoned;
    const struct expr_zone_kind *zone;
};

/* A part takes at most this, or its literal's size. */
enum { EXPR_FORMAT_PART_MAX = 40 };
void qetl_expr_shown_stamp(int64_t local, struct expr_shown *out);
void qetl_expr_shown_interval(struct expr_interval value, struct expr_shown *out);
/* Answers the size, or -1: the format has a field that intervals do not have. */
int64_t qetl_expr_format_write(const struct expr_format *format, const struct expr_shown *shown,
                               char *out);
int64_t qetl_expr_format_size(const struct expr_format *format);

/* ---- format_scan.c ---- */

/* A date and time read by a format: local time, and the offset if the format has one. */
struct expr_format_value {
    int64_t days, us; /* since 1970, and of the day */
    bool has_offset;
    int64_t offset_us;
};
enum expr_parsed qetl_expr_format_scan(const struct expr_format *format, struct expr_text text,
                                       struct expr_format_value *out);

#endif
