/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Computing with dates and times: intervals added, differences, fields, truncation.
 *
 * Invariant: years are astronomical inside (0 is 1 BC); false means out of PostgreSQL's range.
 * Ownership: none.
 * Threads:   any; a cursor by one at a time.
 */
#ifndef QETL_EXPR_MOMENT_H
#define QETL_EXPR_MOMENT_H

#include "interval.h"
#include "zone.h"

struct expr_civil {
    int64_t year;
    int month, day;
    int64_t us; /* of the day */
};

void qetl_expr_civil_of(int64_t stamp, struct expr_civil *out);
bool qetl_expr_civil_stamp(const struct expr_civil *civil, int64_t *out);
int qetl_expr_month_days(int64_t year, int month);
/* Julian day 0 is 4714-11-24 BC. */
#define EXPR_JULIAN_1970 2440588

/* With a cursor, months and days are steps of the zone's calendar and clocks; NULL: of UTC's. */
bool qetl_expr_stamp_add(struct expr_zone_cursor *zone, int64_t stamp, struct expr_interval step,
                         int64_t *out);
/* Days and less. */
bool qetl_expr_stamp_difference(int64_t a, int64_t b, struct expr_interval *out);
/* Years, months and less, as people count an age. */
struct expr_interval qetl_expr_age(int64_t a, int64_t b);

/* ---- fields ---- */

enum expr_field {
    EXPR_FIELD_NONE,
    EXPR_FIELD_MICROSECONDS,
    EXPR_FIELD_MILLISECONDS,
    EXPR_FIELD_SECOND,
    EXPR_FIELD_MINUTE,
    EXPR_FIELD_HOUR,
    EXPR_FIELD_DAY,
    EXPR_FIELD_WEEK,
    EXPR_FIELD_MONTH,
    EXPR_FIELD_QUARTER,
    EXPR_FIELD_YEAR,
    EXPR_FIELD_DECADE,
    EXPR_FIELD_CENTURY,
    EXPR_FIELD_MILLENNIUM,
    EXPR_FIELD_EPOCH,
    EXPR_FIELD_JULIAN,
    EXPR_FIELD_ISOYEAR,
    EXPR_FIELD_DOW,
    EXPR_FIELD_ISODOW,
    EXPR_FIELD_DOY,
    EXPR_FIELD_TIMEZONE,
    EXPR_FIELD_TIMEZONE_HOUR,
    EXPR_FIELD_TIMEZONE_MINUTE,
    EXPR_FIELDS
};

enum { EXPR_JULIAN_SCALE = 20 };

enum expr_field qetl_expr_field_find(struct expr_text name);
/* Digits behind the point that the field's values have. */
int32_t qetl_expr_field_scale(enum expr_field field);
/* Whether values of the type have the field; of what is truncated, whether it can be to it. */
bool qetl_expr_field_of(enum expr_field field, enum expr_type_id type);
bool qetl_expr_field_truncates(enum expr_field field, enum expr_type_id type);

/* The field's value at its scale. A cursor for timestamps with time zone. */
expr_int128 qetl_expr_stamp_field(struct expr_zone_cursor *zone, int64_t stamp,
                                  enum expr_field field);
/* Fields of DAY and above, but for epoch and Julian day. */
int64_t qetl_expr_date_field(int64_t days, enum expr_field field);
expr_int128 qetl_expr_time_field(int64_t time, enum expr_field field);
expr_int128 qetl_expr_interval_field(struct expr_interval value, enum expr_field field);
bool qetl_expr_stamp_truncate(struct expr_zone_cursor *zone, int64_t stamp, enum expr_field field,
                              int64_t *out);
bool qetl_expr_interval_truncate(struct expr_interval value, enum expr_field field,
                                 struct expr_interval *out);
/* The ISO year and week of a date. */
void qetl_expr_iso_week(int64_t days, int64_t *year, int *week);
/* Monday of that week. */
int64_t qetl_expr_iso_monday(int64_t year, int week);

static inline int expr_weekday(int64_t days) /* Sunday is 0 */
{
    return (int)(((days + 4) % 7 + 7) % 7);
}

/* ---- text ---- */

/* As PostgreSQL writes them, with the zone's offset. Not terminated; answers the size. */
int qetl_expr_print_zoned(int64_t value, struct expr_zone_cursor *zone, char *out);
/* The forms whose meaning no setting changes: ISO 8601, and those with a month's name. Without an
 * offset or zone of its own a TIMESTAMPTZ is of that zone (NULL: UTC). */
enum expr_parsed qetl_expr_parse_moment(struct expr_text text, enum expr_type_id type,
                                        struct expr_zone_cursor *zone, int64_t *out);

#endif
