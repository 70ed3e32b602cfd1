/* SPDX-License-Identifier: Apache-2.0 */
#include "../core/time/moment.h"

#include <criterion/criterion.h>
#include <string.h>

static struct expr_text text_of(const char *text)
{
    return (struct expr_text){text, (int64_t)strlen(text)};
}

struct form {
    const char *text, *wanted; /* NULL: bad; "": out of range */
};

static void expect_interval(const struct form *form)
{
    struct expr_interval value;
    char out[EXPR_INTERVAL_TEXT_MAX + 1];
    enum expr_parsed result = qetl_expr_parse_interval(text_of(form->text), &value);
    enum expr_parsed wanted = !form->wanted    ? EXPR_PARSED_BAD
                              : !*form->wanted ? EXPR_PARSED_RANGE
                                               : EXPR_PARSED;

    cr_assert_eq(result, wanted, "%s", form->text);
    if (result != EXPR_PARSED)
        return;
    out[qetl_expr_print_interval(value, out)] = '\0';
    cr_assert_str_eq(out, form->wanted, "%s", form->text);
}

Test(expr_moment, intervals_are_read_and_written)
{
    static const struct form forms[] = {
        {"1 day", "1 day"},
        {"-1-2 +3 -4:05:06", "-1 years -2 mons +3 days -04:05:06"},
        {"P1Y2M3DT4H5M6.5S", "1 year 2 mons 3 days 04:05:06.5"},
        {"P0001-02-03T04:05:06", "1 year 2 mons 3 days 04:05:06"},
        {"P20240102T030405", "2024 years 1 mon 2 days 03:04:05"},
        {"@ 1 min ago", "-00:01:00"},
        {"1.5 months", "1 mon 15 days"},
        {"1.23 years", "1 year 3 mons"},
        {"1.5 weeks", "10 days 12:00:00"},
        {"0", "00:00:00"},
        {"04:05.5", "00:04:05.5"},
        {"3d4h", "3 days 04:00:00"},
        {"1.2 us", "00:00:00.000001"},
        {"1-13", ""},
        {"1:60", ""},
        {"2147483648 months", ""},
        {"2562048 hours", ""},
        {"1 hour 2 hour", NULL},
        {"1e3 s", NULL},
        {"", NULL},
        {"P", NULL},
        {"infinity", NULL},
        {"1 day\x80", NULL},
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        expect_interval(&forms[i]);
}

static void expect_stamp(const struct form *form)
{
    char out[EXPR_MOMENT_TEXT_MAX + 1];
    int64_t value;
    enum expr_parsed result =
        qetl_expr_parse_moment(text_of(form->text), EXPR_TIMESTAMP, NULL, &value);
    enum expr_parsed wanted = !form->wanted    ? EXPR_PARSED_BAD
                              : !*form->wanted ? EXPR_PARSED_RANGE
                                               : EXPR_PARSED;

    cr_assert_eq(result, wanted, "%s", form->text);
    if (result != EXPR_PARSED)
        return;
    out[qetl_expr_print_moment(value, EXPR_TIMESTAMP, out)] = '\0';
    cr_assert_str_eq(out, form->wanted, "%s", form->text);
}

Test(expr_moment, dates_with_words_are_read)
{
    static const struct form forms[] = {
        {"20240229T101112.5", "2024-02-29 10:11:12.5"},
        {"Jan 8, 1999", "1999-01-08 00:00:00"},
        {"8 january 1999 10:00 PM", "1999-01-08 22:00:00"},
        {"08-Jan-1999 12:11 am", "1999-01-08 00:11:00"},
        {"Sat Feb 29 10:11:12 CET 2024", "2024-02-29 10:11:12"},
        {"J2451187", "1999-01-08 00:00:00"},
        {"Mar 15, 0044 BC", "0044-03-15 00:00:00 BC"},
        {"epoch", "1970-01-01 00:00:00"},
        {"31 Feb 2024", ""},
        {"294300-01-01", ""},
        {"2024-02-29 13:00 PM", ""},
        {"1/8/1999", NULL},
        {"99-01-08", NULL},
        {"8 Jan 99", NULL},
        {"Jan 1999", NULL},
        {"today", NULL},
        {"2024-02-29 10:00 Nowhere/Land", NULL},
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        expect_stamp(&forms[i]);
}

Test(expr_moment, steps_keep_to_the_calendar_of_the_zone)
{
    struct expr_zone_cursor berlin = {.zone = qetl_expr_zone_find(text_of("Europe/Berlin"))};
    const int64_t before = 1711753200000000; /* 2024-03-30 00:00 in Berlin */
    int64_t out;

    cr_assert(qetl_expr_stamp_add(&berlin, before, (struct expr_interval){.days = 2}, &out));
    cr_expect_eq(out - before, 47 * 3600000000LL);
    cr_assert(
        qetl_expr_stamp_add(&berlin, before, (struct expr_interval){.us = 2 * EXPR_DAY_US}, &out));
    cr_expect_eq(out - before, 48 * 3600000000LL);
    cr_assert(qetl_expr_stamp_add(NULL, before, (struct expr_interval){.days = 2}, &out));
    cr_expect_eq(out - before, 48 * 3600000000LL);
    cr_expect_not(
        qetl_expr_stamp_add(NULL, before, (struct expr_interval){.months = INT32_MAX}, &out));
    cr_expect_not(
        qetl_expr_stamp_add(NULL, before, (struct expr_interval){.days = INT32_MIN}, &out));
}

Test(expr_moment, sums_of_intervals_stay_in_range)
{
    struct expr_interval most = {INT32_MAX, INT32_MAX, EXPR_INTERVAL_US_MAX}, out;

    cr_expect_not(qetl_expr_interval_add(most, (struct expr_interval){.us = 1}, &out));
    cr_expect_not(qetl_expr_interval_add(most, (struct expr_interval){.days = 1}, &out));
    cr_expect_not(qetl_expr_interval_negate((struct expr_interval){.months = INT32_MIN}, &out));
    cr_expect_not(qetl_expr_interval_scale(most, 2, &out));
    cr_expect_not(qetl_expr_interval_scale(most, 0.0 / 0.0, &out));
    cr_expect_not(qetl_expr_interval_justify(most, &out));
    cr_assert(qetl_expr_interval_justify((struct expr_interval){1, -1, 0}, &out));
    cr_expect(out.months == 0 && out.days == 29);
}

Test(expr_moment, fields_before_year_1_have_no_year_0)
{
    int64_t stamp;

    cr_assert_eq(qetl_expr_parse_moment(text_of("0001-12-31 BC"), EXPR_TIMESTAMP, NULL, &stamp),
                 EXPR_PARSED);
    cr_expect_eq((int64_t)qetl_expr_stamp_field(NULL, stamp, EXPR_FIELD_YEAR), -1);
    cr_expect_eq((int64_t)qetl_expr_stamp_field(NULL, stamp, EXPR_FIELD_CENTURY), -1);
    cr_expect_eq((int64_t)qetl_expr_stamp_field(NULL, stamp, EXPR_FIELD_DOY), 366);
    cr_expect_eq((int64_t)qetl_expr_stamp_field(NULL, stamp, EXPR_FIELD_DECADE), 0);
}
