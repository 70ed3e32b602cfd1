/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zones by name, and time in them.
 *
 * Invariant: neither TZ nor the locale is ever looked at. A zone once found stays.
 * Ownership: zones belong to the process.
 * Threads:   any; finding takes a lock, the rest does not.
 */
#ifndef QETL_EXPR_ZONE_H
#define QETL_EXPR_ZONE_H

#include "zone_rules.h"

enum { EXPR_ZONE_TEXT_MAX = 128, EXPR_ZONES_MAX = 4096 };

/* An abbreviation (CEST), a name of the tz database in any case (europe/berlin), or a POSIX rule
 * (EST5EDT, <+03>-3: westward). NULL: there is none of that name. */
const struct expr_zone *qetl_expr_zone_find(struct expr_text name);
/* A fixed abbreviation's offset in seconds east of UTC. */
bool qetl_expr_zone_abbreviation(struct expr_text name, int32_t *offset, bool *dst);
const struct expr_zone *qetl_expr_zone_utc(void);

/* What a kernel keeps while it goes through rows: neighbours lie mostly in one span. */
struct expr_zone_cursor {
    const struct expr_zone *zone;
    struct expr_zone_span span;
};

static inline const struct expr_zone_kind *expr_zone_kind_at(struct expr_zone_cursor *c,
                                                             int64_t seconds)
{
    if (!c->span.kind || seconds < c->span.from || seconds >= c->span.until)
        c->span = qetl_expr_zone_span(c->zone, seconds);
    return c->span.kind;
}

/* Microseconds of UTC as the clocks of the zone show them. */
int64_t qetl_expr_zone_local(struct expr_zone_cursor *c, int64_t us);
/* The reverse, as PostgreSQL does it: a time that was skipped is taken with the offset before, one
 * that came twice with the offset behind. */
int64_t qetl_expr_zone_utc_of(struct expr_zone_cursor *c, int64_t local_us);

#endif
