/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates and times as text, in the proleptic Gregorian calendar.
 *
 * Invariant: written as PostgreSQL writes them: 2024-01-31, 12:34:56.789, 0044-03-15 BC.
 * Ownership: the caller's buffer.
 * Threads:   any.
 */
#ifndef QETL_SDK_CIVIL_H
#define QETL_SDK_CIVIL_H

#include "internal.h"

enum { QETL_SDK_CIVIL_MAX = 64, QETL_SDK_INTERVAL_MAX = 96 };

/* Values count units of 10^-digits seconds. Each answers the place behind its text. */
char *qetl_sdk_date_write(int64_t days, char out[QETL_SDK_CIVIL_MAX]);
char *qetl_sdk_time_write(int64_t value, int32_t digits, char out[QETL_SDK_CIVIL_MAX]);
char *qetl_sdk_timestamp_write(int64_t value, int32_t digits, bool zoned,
                               char out[QETL_SDK_CIVIL_MAX]);
/* 1 year 2 mons 3 days 04:05:06.7 */
char *qetl_sdk_interval_write(struct qetl_interval value, char out[QETL_SDK_INTERVAL_MAX]);
int64_t qetl_sdk_floor_divide(int64_t value, int64_t by); /* by > 0 */

#endif
