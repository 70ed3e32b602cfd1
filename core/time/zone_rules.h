/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When which offset from UTC holds in a zone, from a TZif file (RFC 8536) or a POSIX rule.
 *
 * Invariant: transitions ascend; behind the last one everything repeats every 400 years, or the
 * last offset stays. Ownership: read and posix make, free frees. Threads:   immutable once made.
 */
#ifndef QETL_EXPR_ZONE_RULES_H
#define QETL_EXPR_ZONE_RULES_H

#include "value/type.h"

enum { EXPR_ZONE_NAME_MAX = 16, EXPR_ZONE_KINDS_MAX = 256, EXPR_ZONE_TRANSITIONS_MAX = 20000 };

#define EXPR_ZONE_REPEAT 12622780800LL /* seconds in 400 years */

/* One way to set the clocks: what holds between two transitions. */
struct expr_zone_kind {
    int32_t offset; /* seconds east of UTC */
    bool dst;
    char name[EXPR_ZONE_NAME_MAX]; /* CET, CEST, +0530 */
};

struct expr_zone_change {
    int64_t at; /* seconds since 1970 in UTC */
    uint16_t kind;
};

struct expr_zone {
    struct expr_zone_kind *kinds;
    struct expr_zone_change *changes;
    size_t n_kinds, n_changes, capacity;
    int64_t repeat_from; /* INT64_MAX: nothing repeats */
    bool endless;        /* what repeats also did so before the first transition */
};

/* The part of time around an instant in which one kind holds. */
struct expr_zone_span {
    int64_t from, until; /* until: the first second that is no longer in it */
    const struct expr_zone_kind *kind;
};

/* NULL: not a TZif file, or no memory. */
struct expr_zone *qetl_expr_zone_read(const void *data, size_t size);
/* EST5EDT,M3.2.0,M11.1.0 and <+03>-3: offsets count westward. NULL as above. */
struct expr_zone *qetl_expr_zone_posix(struct expr_text text);
/* One offset for all time. */
struct expr_zone *qetl_expr_zone_fixed(const char *name, int32_t offset, bool dst);
void qetl_expr_zone_free(struct expr_zone *zone);

struct expr_zone_span qetl_expr_zone_span(const struct expr_zone *zone, int64_t seconds);

/* ---- for the two readers ---- */

struct expr_zone *qetl_expr_zone_new(size_t n_kinds);
/* False: no memory, or too many. */
bool qetl_expr_zone_change(struct expr_zone *zone, int64_t at, uint16_t kind);
/* Adds what a rule says about the time behind the zone's last transition. False: no such rule, or
 * no memory. */
bool qetl_expr_zone_extend(struct expr_zone *zone, struct expr_text rule);

#endif
