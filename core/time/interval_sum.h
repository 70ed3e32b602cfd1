/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interval while it is being read, unit by unit.
 *
 * Invariant: after false, something did not fit and the sum means nothing.
 * Ownership: none.
 * Threads:   one at a time.
 */
#ifndef QETL_EXPR_INTERVAL_SUM_H
#define QETL_EXPR_INTERVAL_SUM_H

#include "interval.h"

enum expr_unit {
    EXPR_UNIT_NONE,
    EXPR_UNIT_MICROSECOND,
    EXPR_UNIT_MILLISECOND,
    EXPR_UNIT_SECOND,
    EXPR_UNIT_MINUTE,
    EXPR_UNIT_HOUR,
    EXPR_UNIT_DAY,
    EXPR_UNIT_WEEK,
    EXPR_UNIT_MONTH,
    EXPR_UNIT_YEAR,
    EXPR_UNIT_DECADE,
    EXPR_UNIT_CENTURY,
    EXPR_UNIT_MILLENNIUM,
    EXPR_UNIT_AGO
};

struct expr_interval_sum {
    int64_t years, months, days, us;
};

/* Adds whole + fraction of the unit; what is left of a month goes to the days, and so on. */
bool qetl_expr_sum_add(struct expr_interval_sum *sum, enum expr_unit unit, int64_t whole,
                       double fraction);
bool qetl_expr_sum_finish(const struct expr_interval_sum *sum, struct expr_interval *out);

/* P1Y2M3DT4H5M6S and P0001-02-03T04:05:06. */
enum expr_parsed qetl_expr_parse_iso_interval(struct expr_text text, struct expr_interval *out);

#endif
