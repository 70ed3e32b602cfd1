/* SPDX-License-Identifier: Apache-2.0 */
#include "zone_rules.h"

#include <stdlib.h>
#include <string.h>

struct expr_zone *qetl_expr_zone_new(size_t n_kinds)
{
    struct expr_zone *zone = calloc(1, sizeof *zone);

    if (!zone)
        return NULL;
    /* Two more for those of a rule. */
    zone->kinds = calloc(n_kinds + 2, sizeof *zone->kinds);
    zone->n_kinds = n_kinds;
    zone->repeat_from = INT64_MAX;
    if (zone->kinds)
        return zone;
    free(zone);
    return NULL;
}

void qetl_expr_zone_free(struct expr_zone *zone)
{
    if (!zone)
        return;
    free(zone->kinds);
    free(zone->changes);
    free(zone);
}

struct expr_zone *qetl_expr_zone_fixed(const char *name, int32_t offset, bool dst)
{
    struct expr_zone *zone = qetl_expr_zone_new(1);

    if (zone) {
        zone->kinds->offset = offset;
        zone->kinds->dst = dst;
        strncpy(zone->kinds->name, name, EXPR_ZONE_NAME_MAX - 1);
    }
    return zone;
}

bool qetl_expr_zone_change(struct expr_zone *zone, int64_t at, uint16_t kind)
{
    if (zone->n_changes == zone->capacity) {
        size_t capacity = zone->capacity ? zone->capacity * 2 : 64;
        struct expr_zone_change *changes;
        if (capacity > EXPR_ZONE_TRANSITIONS_MAX)
            return false;
        changes = realloc(zone->changes, capacity * sizeof *changes);
        if (!changes)
            return false;
        zone->changes = changes;
        zone->capacity = capacity;
    }
    zone->changes[zone->n_changes++] = (struct expr_zone_change){at, kind};
    return true;
}

/* The number of transitions that lie at or before the instant. */
static size_t changes_before(const struct expr_zone *zone, int64_t seconds)
{
    size_t low = 0, high = zone->n_changes;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->changes[middle].at <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct expr_zone_span qetl_expr_zone_span(const struct expr_zone *zone, int64_t seconds)
{
    struct expr_zone_span span = {INT64_MIN, INT64_MAX, zone->kinds};
    int64_t shift = 0;
    size_t n;

    if (zone->repeat_from < seconds && seconds - zone->repeat_from >= EXPR_ZONE_REPEAT)
        shift = (seconds - zone->repeat_from) / EXPR_ZONE_REPEAT * EXPR_ZONE_REPEAT;
    if (zone->endless && zone->n_changes && seconds < zone->changes[0].at)
        shift = -((zone->changes[0].at - seconds) / EXPR_ZONE_REPEAT + 1) * EXPR_ZONE_REPEAT;
    n = changes_before(zone, seconds - shift);
    if (n) {
        span.from = zone->changes[n - 1].at + shift;
        span.kind = &zone->kinds[zone->changes[n - 1].kind];
    }
    if (n < zone->n_changes && __builtin_add_overflow(zone->changes[n].at, shift, &span.until))
        span.until = INT64_MAX;
    return span;
}
