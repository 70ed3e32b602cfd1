/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as an interval, a date and a time; what is read reads the same from its own text. */
#include "../core/time/moment.h"

#include <stdlib.h>
#include <string.h>

static void check_interval(struct expr_text text)
{
    struct expr_interval value, again;
    char out[EXPR_INTERVAL_TEXT_MAX];

    if (qetl_expr_parse_interval(text, &value) != EXPR_PARSED)
        return;
    text = (struct expr_text){out, qetl_expr_print_interval(value, out)};
    if (text.size > (int64_t)sizeof out || qetl_expr_parse_interval(text, &again) != EXPR_PARSED ||
        memcmp(&value, &again, sizeof value) != 0)
        abort();
}

static void check_moment(struct expr_text text, enum expr_type_id type,
                         struct expr_zone_cursor *zone)
{
    char out[EXPR_MOMENT_TEXT_MAX + 16];
    int64_t value, again;

    if (qetl_expr_parse_moment(text, type, zone, &value) != EXPR_PARSED)
        return;
    /* At either end the clocks of a zone show what is out of range. */
    if (zone && !(expr_stamp_fits(value - EXPR_DAY_US) && expr_stamp_fits(value + EXPR_DAY_US)))
        return;
    text.size = type == EXPR_TIMESTAMPTZ ? qetl_expr_print_zoned(value, zone, out)
                                         : qetl_expr_print_moment(value, type, out);
    text.data = out;
    if (text.size > (int64_t)sizeof out ||
        qetl_expr_parse_moment(text, type, zone, &again) != EXPR_PARSED || again != value)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct expr_text text = {(const char *)data, (int64_t)size};
    struct expr_zone_cursor zone = {
        .zone = qetl_expr_zone_find((struct expr_text){"Europe/Dublin", 13})};

    check_interval(text);
    check_moment(text, EXPR_DATE, NULL);
    check_moment(text, EXPR_TIME, NULL);
    check_moment(text, EXPR_TIMESTAMP, NULL);
    if (zone.zone)
        check_moment(text, EXPR_TIMESTAMPTZ, &zone);
    return 0;
}
