/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates and times as RFC 3339 spells them, both ways: 2024-01-31, 12:34:56.5, 2024-01-31T12:34:56Z.
 *
 * Invariant: what is parsed is exact; a finer fraction than the unit holds is refused, not cut.
 * Ownership: nothing is owned.
 * Threads:   pure functions.
 */
#ifndef NDJSON_RFC3339_H
#define NDJSON_RFC3339_H

#include <stdbool.h>
#include <stdint.h>

enum { NDJSON_STAMP_MAX = 48 };

/* Units are 10^-digits seconds. A blank may stand for the T. A timestamp without an offset is taken
 * for UTC, and one with an offset is brought to UTC, whether the type has a time zone or not. */
bool ndjson_date_parse(const uint8_t *data, int64_t size, int64_t *days);
bool ndjson_time_parse(const uint8_t *data, int64_t size, int32_t digits, int64_t *value);
bool ndjson_stamp_parse(const uint8_t *data, int64_t size, int32_t digits, int64_t *value);

/* Each answers the size written, or -1: the year does not have four digits. */
int32_t ndjson_date_write(int64_t days, char out[NDJSON_STAMP_MAX]);
int32_t ndjson_time_write(int64_t value, int32_t digits, char out[NDJSON_STAMP_MAX]);
int32_t ndjson_stamp_write(int64_t value, int32_t digits, bool zoned, char out[NDJSON_STAMP_MAX]);

#endif
