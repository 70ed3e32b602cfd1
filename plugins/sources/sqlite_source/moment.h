/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates and times as SQLite and its users write them: ISO 8601, with a space or a T.
 *
 * Invariant: a text is one moment or is refused; nothing is guessed, cut off or rounded. Ownership:
 * nothing is kept. Threads: any.
 */
#ifndef SQLITE_SOURCE_MOMENT_H
#define SQLITE_SOURCE_MOMENT_H

#include <qetl/sdk.h>

/* digits: of the fraction in a unit, 0 3 6 or 9. False: it is none. */
bool moment_date(struct qetl_text text, int64_t *days);
bool moment_time(struct qetl_text text, int32_t digits, int64_t *units);
/* zoned: Z or an offset may follow, and is subtracted; without one it is UTC. */
bool moment_timestamp(struct qetl_text text, int32_t digits, bool zoned, int64_t *units);

#endif
