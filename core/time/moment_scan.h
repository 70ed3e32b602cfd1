/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A date and time while its text is being read, part by part.
 *
 * Invariant: each part is given once; a month by name tells which numbers are day and year.
 * Ownership: none.
 * Threads:   one at a time.
 */
#ifndef QETL_EXPR_MOMENT_SCAN_H
#define QETL_EXPR_MOMENT_SCAN_H

#include "moment.h"

enum expr_meridiem { EXPR_MERIDIEM_NONE, EXPR_AM, EXPR_PM };

struct expr_moment_scan {
    const char *at, *end;
    bool has_date, has_clock, has_offset, has_era, before_christ, is_days, has_weekday;
    bool is_tied;             /* the date is one word */
    int64_t year, month, day; /* of a date; month 0: none yet */
    int64_t days;             /* a date as such: Julian days, epoch */
    int64_t numbers[2];       /* beside a month's name */
    int widths[2], n_numbers;
    int64_t us;  /* of the day */
    bool twelve; /* the hour is one of 1 to 12 */
    int64_t offset_us;
    const struct expr_zone *zone;
};

/* ---- moment_scan.c: what all forms consist of ---- */

bool qetl_expr_scan_char(struct expr_moment_scan *s, char c);
void qetl_expr_scan_blank(struct expr_moment_scan *s);
/* least to most digits. */
bool qetl_expr_scan_number(struct expr_moment_scan *s, int least, int most, int64_t *out);
/* hh:mm[:ss[.f]] */
enum expr_parsed qetl_expr_scan_clock(struct expr_moment_scan *s);
/* Microseconds of ".123456789", rounded to the nearest. */
int64_t qetl_expr_scan_fraction(struct expr_moment_scan *s);
/* +02, +02:00, +0200, +02:00:30. */
enum expr_parsed qetl_expr_scan_offset(struct expr_moment_scan *s);
/* Checks the hour, minute and second, and takes the clock. */
enum expr_parsed qetl_expr_scan_clock_set(struct expr_moment_scan *s, int64_t hour, int64_t minute,
                                          int64_t second, int64_t us);

/* ---- moment_words.c: names of months, zones and the like ---- */

enum expr_parsed qetl_expr_scan_words(struct expr_moment_scan *s);
/* The month that a word names, in full or by three letters; 0: none. */
int qetl_expr_month_find(struct expr_text word);

#endif
