/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates and times as text: ISO 8601 in, PostgreSQL's ISO style out; the proleptic Gregorian
 * calendar.
 *
 * Invariant: dates are days and timestamps microseconds since 1970-01-01 (UTC), times since
 * midnight; the printed ones are UTC. Ownership: none. Threads:   any.
 */
#ifndef QETL_EXPR_CALENDAR_H
#define QETL_EXPR_CALENDAR_H

#include "value/number.h"

#define EXPR_DAY_US 86400000000LL

/* PostgreSQL's ranges: 4714-11-24 BC up to 5874898-06-03; timestamps up to the end of
 * 294246, as far as 64 bits reach. */
#define EXPR_DATE_MIN (-2440588LL)
#define EXPR_DATE_END 2145042906LL
#define EXPR_STAMP_MIN (-210866803200000000LL)
#define EXPR_STAMP_END 9223371331200000000LL

enum { EXPR_MOMENT_TEXT_MAX = 48 };

static inline bool expr_date_fits(int64_t days)
{
    return days >= EXPR_DATE_MIN && days < EXPR_DATE_END;
}

static inline bool expr_stamp_fits(int64_t us)
{
    return us >= EXPR_STAMP_MIN && us < EXPR_STAMP_END;
}

static inline int64_t expr_floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The time of day of a timestamp; for all of them, also where midnight would not fit. */
static inline int64_t expr_time_of(int64_t us)
{
    int64_t rest = us % EXPR_DAY_US;

    return rest < 0 ? rest + EXPR_DAY_US : rest;
}

int64_t qetl_expr_days_from_civil(int64_t year, int month, int day);
void qetl_expr_civil_from_days(int64_t days, int64_t *year, int *month, int *day);

/* hh:mm:ss and the fraction as far as there is one; answers the size. */
int qetl_expr_print_clock(int64_t us, char *out);
/* type: DATE, TIME, TIMESTAMP or TIMESTAMPTZ. Not terminated; answers the size. */
int qetl_expr_print_moment(int64_t value, enum expr_type_id type, char *out);

#endif
