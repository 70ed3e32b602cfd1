/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intervals: months, days and microseconds, none of which is a fixed number of the others.
 *
 * Invariant: us stays within what nanoseconds of 64 bits hold, as Arrow counts them.
 * Ownership: none.
 * Threads:   any.
 */
#ifndef QETL_EXPR_INTERVAL_H
#define QETL_EXPR_INTERVAL_H

#include "calendar.h"
#include "value/number.h"

enum { EXPR_INTERVAL_TEXT_MAX = 96 };

#define EXPR_INTERVAL_US_MAX (INT64_MAX / 1000)

static inline bool expr_interval_fits(struct expr_interval v)
{
    return v.us >= -EXPR_INTERVAL_US_MAX && v.us <= EXPR_INTERVAL_US_MAX;
}

/* For comparisons a month has 30 days and a day 24 hours. */
static inline expr_int128 expr_interval_span(struct expr_interval v)
{
    return (expr_int128)EXPR_DAY_US * (v.months * 30LL + v.days) + v.us;
}

/* PostgreSQL's style `postgres`: 1 year 2 mons 3 days 04:05:06.789. Not terminated. */
int qetl_expr_print_interval(struct expr_interval value, char *out);
/* That, the verbose and the SQL form, ISO 8601. A number without a unit counts seconds, or `unit`
 * where INTERVAL '…' HOUR names one. */
enum expr_parsed qetl_expr_parse_interval(struct expr_text text, struct expr_interval *out);

/* ---- arithmetic; false: does not fit ---- */

bool qetl_expr_interval_add(struct expr_interval a, struct expr_interval b,
                            struct expr_interval *out);
bool qetl_expr_interval_subtract(struct expr_interval a, struct expr_interval b,
                                 struct expr_interval *out);
bool qetl_expr_interval_negate(struct expr_interval a, struct expr_interval *out);
/* What a fraction of a month or day leaves goes down to the next unit. */
bool qetl_expr_interval_scale(struct expr_interval a, double factor, struct expr_interval *out);
bool qetl_expr_interval_divide(struct expr_interval a, double by, struct expr_interval *out);
/* 24 hours are a day; 30 days a month; both, with one sign. */
bool qetl_expr_interval_justify_hours(struct expr_interval a, struct expr_interval *out);
bool qetl_expr_interval_justify_days(struct expr_interval a, struct expr_interval *out);
bool qetl_expr_interval_justify(struct expr_interval a, struct expr_interval *out);

#endif
