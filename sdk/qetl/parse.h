/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values from texts, spelled as qetl_render writes them and as most services do. A whole text or
 * nothing: no blanks around it, no thousands, no rounding.
 *
 * Invariant: what is read is exact, but for doubles, which are the nearest; false leaves *out as it
 *            was.
 * Ownership: nothing is kept.
 * Threads:   pure functions, whatever the locale is.
 */
#ifndef QETL_PARSE_H
#define QETL_PARSE_H

#include <qetl/sdk.h>

#ifdef __cplusplus
extern "C" {
#endif

bool qetl_parse_bool(struct qetl_text text, bool *out);   /* true, false, t, f, in any case; 1, 0 */
bool qetl_parse_int(struct qetl_text text, int64_t *out); /* -12, +12, 007 */
bool qetl_parse_uint(struct qetl_text text, uint64_t *out);
bool qetl_parse_real(struct qetl_text text, double *out); /* 1.5, .5, 1e-3, NaN, -Infinity, inf */
/* 12.5 of scale 2 is 1250; digits behind the scale have to be zeros. Up to 38 digits. */
bool qetl_parse_decimal(struct qetl_text text, int32_t scale, qetl_int128 *out);
/* 2024-02-29, from year 0001 to 9999: days since 1970-01-01. */
bool qetl_parse_date(struct qetl_text text, int64_t *days);
/* 23:59, 23:59:59.25: units of 10^-digits seconds (0, 3, 6, 9); what is finer has to be zero. */
bool qetl_parse_time(struct qetl_text text, int32_t digits, int64_t *out);
/* A date, or a date, then T or a blank, and a time, then Z, +02, +0200, +02:00 or nothing: since
 * 1970-01-01 00:00 UTC. Of one without an offset UTC is meant. */
bool qetl_parse_timestamp(struct qetl_text text, int32_t digits, int64_t *out);

#ifdef __cplusplus
}
#endif

#endif
