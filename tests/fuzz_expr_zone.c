/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a TZif file and as a rule; what is accepted answers for every instant, in order. */
#include "../core/time/zone.h"

#include <stdlib.h>

static void walk(struct expr_zone *zone)
{
    struct expr_zone_span span = qetl_expr_zone_span(zone, -100000000000);
    struct expr_zone_cursor cursor = {.zone = zone};

    for (int i = 0; i < 200 && span.until < 100000000000; i++) {
        struct expr_zone_span next = qetl_expr_zone_span(zone, span.until);
        if (next.from != span.until || next.until <= next.from || span.until <= span.from ||
            next.kind < zone->kinds || next.kind >= zone->kinds + zone->n_kinds)
            abort();
        qetl_expr_zone_utc_of(&cursor, span.until * 1000000);
        qetl_expr_zone_local(&cursor, span.until * 1000000 - 1);
        span = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct expr_zone *zone = qetl_expr_zone_read(data, size);

    if (zone)
        walk(zone);
    qetl_expr_zone_free(zone);
    if (size >= EXPR_ZONE_TEXT_MAX)
        return 0;
    zone = qetl_expr_zone_posix((struct expr_text){(const char *)data, (int64_t)size});
    if (zone)
        walk(zone);
    qetl_expr_zone_free(zone);
    return 0;
}
