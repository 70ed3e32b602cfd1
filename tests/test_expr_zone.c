/* SPDX-License-Identifier: Apache-2.0 */
#include "../core/time/moment.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct expr_text text_of(const char *text)
{
    return (struct expr_text){text, (int64_t)strlen(text)};
}

static int64_t stamp_of(const char *text)
{
    int64_t value;

    cr_assert_eq(qetl_expr_parse_moment(text_of(text), EXPR_TIMESTAMP, NULL, &value), EXPR_PARSED,
                 "%s", text);
    return value;
}

static struct expr_zone_cursor cursor_of(const char *name)
{
    struct expr_zone_cursor cursor = {.zone = qetl_expr_zone_find(text_of(name))};

    cr_assert(cursor.zone, "%s", name);
    return cursor;
}

/* What the clocks of the zone show at an instant, with the offset. */
static const char *shown(const char *zone, const char *utc)
{
    static char out[EXPR_MOMENT_TEXT_MAX + 16];
    struct expr_zone_cursor cursor = cursor_of(zone);

    out[qetl_expr_print_zoned(stamp_of(utc), &cursor, out)] = '\0';
    return out;
}

/* The instant at which the clocks show a time. */
static const char *instant(const char *zone, const char *local)
{
    static char out[EXPR_MOMENT_TEXT_MAX];
    struct expr_zone_cursor cursor = cursor_of(zone);
    int64_t us = qetl_expr_zone_utc_of(&cursor, stamp_of(local));

    out[qetl_expr_print_moment(us, EXPR_TIMESTAMP, out)] = '\0';
    return out;
}

Test(expr_zone, clocks_follow_history_and_rules)
{
    cr_expect_str_eq(shown("Europe/Berlin", "2024-01-01 00:00:00"), "2024-01-01 01:00:00+01");
    cr_expect_str_eq(shown("Europe/Berlin", "2024-07-01 00:00:00"), "2024-07-01 02:00:00+02");
    cr_expect_str_eq(shown("europe/BERLIN", "1890-01-01 00:00:00"), "1890-01-01 00:53:28+00:53:28");
    cr_expect_str_eq(shown("America/St_Johns", "2024-07-01 00:00:00"), "2024-06-30 21:30:00-02:30");
    cr_expect_str_eq(shown("Australia/Lord_Howe", "2024-01-01 00:00:00"), "2024-01-01 11:00:00+11");
    cr_expect_str_eq(shown("Europe/Berlin", "2500-07-01 00:00:00"), "2500-07-01 02:00:00+02");
    cr_expect_str_eq(shown("Europe/Berlin", "9999-12-31 23:59:59.5"), "10000-01-01 00:59:59.5+01");
    cr_expect_str_eq(shown("America/New_York", "0044-03-15 12:00:00 BC"),
                     "0044-03-15 07:03:58-04:56:02 BC");
}

Test(expr_zone, skipped_and_doubled_times_are_taken_as_postgresql_does)
{
    cr_expect_str_eq(instant("Europe/Berlin", "2024-03-31 02:30:00"), "2024-03-31 01:30:00");
    cr_expect_str_eq(instant("Europe/Berlin", "2024-10-27 02:30:00"), "2024-10-27 01:30:00");
    cr_expect_str_eq(instant("Europe/Berlin", "2024-03-31 01:59:59.999999"),
                     "2024-03-31 00:59:59.999999");
    cr_expect_str_eq(instant("Europe/Berlin", "2024-03-31 03:00:00"), "2024-03-31 01:00:00");
    cr_expect_str_eq(instant("America/New_York", "1883-11-18 12:01:00"), "1883-11-18 17:01:00");
    cr_expect_str_eq(instant("Pacific/Apia", "2011-12-30 12:00:00"), "2011-12-30 22:00:00");
}

Test(expr_zone, rules_count_westward_and_abbreviations_are_fixed)
{
    cr_expect_str_eq(shown("EST5EDT", "2024-07-01 00:00:00"), "2024-06-30 20:00:00-04");
    cr_expect_str_eq(shown("CEST", "2024-01-01 00:00:00"), "2024-01-01 02:00:00+02");
    cr_expect_str_eq(shown("<+0530>-5:30", "2024-01-01 00:00:00"), "2024-01-01 05:30:00+05:30");
    cr_expect_str_eq(shown("+02", "2024-01-01 00:00:00"), "2023-12-31 22:00:00-02");
    cr_expect_str_eq(shown("AAA3BBB,J60/0,300/-1", "2024-02-29 12:00:00"),
                     "2024-02-29 09:00:00-03");
    cr_expect_str_eq(shown("AAA3BBB,J60/0,300/-1", "2024-03-01 12:00:00"),
                     "2024-03-01 10:00:00-02");
}

Test(expr_zone, names_do_not_lead_elsewhere)
{
    static const char *const names[] = {"",
                                        "Nowhere/Land",
                                        "../../etc/passwd",
                                        "/etc/hosts",
                                        "Europe",
                                        "Europe/",
                                        "Europe//Berlin",
                                        "./UTC",
                                        "Europe/Berlin/x",
                                        "tzdata.zi",
                                        "zone.tab",
                                        "AAA",
                                        "AAA3BBB,M13.1.0,M1.1.0",
                                        "<AAA3"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_expect_null(qetl_expr_zone_find(text_of(names[i])), "%s", names[i]);
    cr_expect_null(qetl_expr_zone_find((struct expr_text){"UTC\0x", 5}));
}

static void *look_up(void *arg)
{
    static const char *const names[] = {"Asia/Tokyo", "asia/tokyo", "Africa/Cairo", "PST8PDT"};
    const struct expr_zone **out = arg;

    for (int i = 0; i < 4; i++)
        out[i] = qetl_expr_zone_find(text_of(names[i]));
    return NULL;
}

Test(expr_zone, a_zone_is_read_once)
{
    const struct expr_zone *found[4][4];
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        cr_assert(!pthread_create(&threads[i], NULL, look_up, found[i]));
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++)
            cr_expect(found[i][k] && found[i][k] == found[0][k]);
    cr_expect(found[0][0] == found[0][1]);
}

/* ---- the file format, byte by byte ---- */

static size_t header_put(uint8_t *out, char version, uint32_t changes, uint32_t kinds,
                         uint32_t names)
{
    uint32_t counts[6] = {0, 0, 0, changes, kinds, names};

    memset(out, 0, 44);
    memcpy(out, "TZif", 4);
    out[4] = (uint8_t)version;
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 4; k++)
            out[20 + 4 * i + k] = (uint8_t)(counts[i] >> (24 - 8 * k));
    return 44;
}

/* One transition at 0, from +01:00 AAA to +02:00 BBB, which is summer time. */
static size_t block_put(uint8_t *out, size_t time_size)
{
    static const uint8_t rest[] = {1, 0, 0,   14,  16,  0, 0,   0,   0,   28, 32,
                                   1, 4, 'A', 'A', 'A', 0, 'B', 'B', 'B', 0};

    memset(out, 0, time_size);
    memcpy(out + time_size, rest, sizeof rest);
    return time_size + sizeof rest;
}

static size_t file_put(uint8_t *out, const char *rule)
{
    size_t size = header_put(out, '2', 1, 2, 8);

    size += block_put(out + size, 4);
    size += header_put(out + size, '2', 1, 2, 8);
    size += block_put(out + size, 8);
    return size + (size_t)sprintf((char *)out + size, "\n%s\n", rule);
}

Test(expr_zone, a_file_is_read_and_its_rule_goes_on)
{
    uint8_t bytes[300];
    size_t size = file_put(bytes, "AAA-1BBB,M3.5.0,M10.5.0/3");
    struct expr_zone *zone = qetl_expr_zone_read(bytes, size);
    struct expr_zone_span span;

    cr_assert(zone);
    span = qetl_expr_zone_span(zone, -1);
    cr_expect_eq(span.kind->offset, 3600);
    cr_expect_eq(span.until, 0);
    span = qetl_expr_zone_span(zone, 0);
    cr_expect_str_eq(span.kind->name, "BBB");
    cr_expect(span.kind->dst && span.kind->offset == 7200);
    for (int64_t years = 0; years < 4000; years += 400) {
        span = qetl_expr_zone_span(zone, 1704067200 + EXPR_ZONE_REPEAT / 400 * years);
        cr_expect_eq(span.kind->offset, 3600, "%lld", (long long)years);
    }
    qetl_expr_zone_free(zone);
    for (size_t cut = 0; cut < size; cut++)
        cr_expect_null(qetl_expr_zone_read(bytes, cut), "%zu", cut);
}

Test(expr_zone, wrong_files_are_refused)
{
    uint8_t bytes[300];
    size_t size = file_put(bytes, "AAA-1BBB,M3.5.0,M10.5.0/3"), second = 44 + 25;

    bytes[second + 44 + 8] = 2; /* a kind that there is not */
    cr_expect_null(qetl_expr_zone_read(bytes, size));
    bytes[second + 44 + 8] = 1;
    bytes[second + 44 + 8 + 12] = 8; /* a name behind the names */
    cr_expect_null(qetl_expr_zone_read(bytes, size));
    bytes[second + 44 + 8 + 12] = 4;
    bytes[second + 31] = 1; /* leap seconds */
    cr_expect_null(qetl_expr_zone_read(bytes, size));
    cr_expect_null(qetl_expr_zone_read(bytes, file_put(bytes, "AAA-1BBB,M3.6.0,M10.5.0")));
    cr_expect_null(qetl_expr_zone_read("TZif", 4));
}
