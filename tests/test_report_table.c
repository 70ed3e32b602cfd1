/* SPDX-License-Identifier: Apache-2.0 */
/* Tables keep to their width, whatever stands in the cells. */
#include "show/display.h"
#include "show/report_table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_table, .timeout = 60);

static char *show(struct qetl_table *table, int indent, int width, int colour)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    cr_assert_eq(qetl_table_print(table, out, indent, width, colour), 0);
    fclose(out);
    qetl_table_free(table);
    return text;
}

static void expect_table(struct qetl_table *table, int width, const char *wanted)
{
    char *text = show(table, 0, width, 0);
    cr_expect_str_eq(text, wanted, "got:\n%s", text);
    free(text);
}

Test(report_table, columns_are_as_wide_as_their_cells)
{
    static const struct qetl_table_column columns[] = {
        {.title = "name"}, {.title = "rows", .right = 1}, {.title = "note"}};
    struct qetl_table *table = qetl_table_new(columns, 3);
    qetl_table_add(table, (const char *[]){"orders", "1,000", NULL});
    qetl_table_put(table, "%s-%d", "part", 7);
    qetl_table_put(table, "%d", 9);
    qetl_table_put(table, "late");
    expect_table(table, 80,
                 "name     rows  note\n"
                 "orders  1,000\n"
                 "part-7      9  late\n");
}

Test(report_table, wide_letters_count_twice_and_marks_not_at_all)
{
    cr_expect_eq(qetl_display_width("日本"), 4);
    cr_expect_eq(qetl_display_width("e\xcc\x81"), 1);
    cr_expect_eq(qetl_display_width("grün"), 4);
    static const struct qetl_table_column columns[] = {{.title = "city", .least = 5},
                                                       {.title = "n", .right = 1}};
    struct qetl_table *table = qetl_table_new(columns, 2);
    qetl_table_add(table, (const char *[]){"東京", "1"});
    qetl_table_add(table, (const char *[]){"Köln", "22"});
    expect_table(table, 80,
                 "city   n\n"
                 "東京   1\n"
                 "Köln  22\n");
    /* A wide letter that would be cut in halves is left out. */
    table = qetl_table_new(columns, 2);
    qetl_table_add(table, (const char *[]){"日本国憲法", "1"});
    expect_table(table, 9,
                 "city    n\n"
                 "日本…   1\n");
}

Test(report_table, nothing_reaches_a_terminal_as_a_command)
{
    static const char hostile[] = "a\033[31mb\tc\nd\r\x7f\xff\xc2\x9b";
    char *text = qetl_display_printable(hostile, sizeof hostile);
    cr_expect_str_eq(text, "a\\x1b[31mb\\tc\\nd\\r\\x7f\\xff\\xc2\\x9b\\x00");
    free(text);
    text = qetl_display_printable("\xe6\x97", 2); /* a letter that ends too early */
    cr_expect_str_eq(text, "\\xe6\\x97");
    free(text);
}

Test(report_table, the_widest_column_gives_way_and_numbers_never)
{
    static const struct qetl_table_column columns[] = {
        {.title = "a"}, {.title = "b"}, {.title = "rows", .right = 1}};
    struct qetl_table *table = qetl_table_new(columns, 3);
    qetl_table_add(table, (const char *[]){"0123456789abcdef", "0123456789", "1,234,567"});
    expect_table(table, 30,
                 "a         b               rows\n"
                 "0123456…  01234567…  1,234,567\n");
}

Test(report_table, a_last_column_that_wraps)
{
    static const struct qetl_table_column columns[] = {{.title = "rule"},
                                                       {.title = "meaning", .wraps = 1}};
    struct qetl_table *table = qetl_table_new(columns, 2);
    qetl_table_add(table, (const char *[]){"order", "rows are taken in no order"});
    qetl_table_add(table, (const char *[]){"x", "averyveryverylongword"});
    expect_table(table, 20,
                 "rule   meaning\n"
                 "order  rows are\n"
                 "       taken in no\n"
                 "       order\n"
                 "x      averyveryvery\n"
                 "       longword\n");
}

Test(report_table, columns_without_room_are_counted)
{
    static const struct qetl_table_column columns[] = {{.title = "aaaaaaaaaa"},
                                                       {.title = "bbbbbbbbbb"},
                                                       {.title = "cccccccccc"},
                                                       {.title = "dddddddddd"}};
    struct qetl_table *table = qetl_table_new(columns, 4);
    qetl_table_add(table, (const char *[]){"1", "2", "3", "4"});
    expect_table(table, 18,
                 "aaaaaaa…  bbbbbbb…\n"
                 "1         2\n"
                 "… 2 more columns\n");
    /* One column alone is cut to the width. */
    table = qetl_table_new(columns, 1);
    qetl_table_add(table, (const char *[]){"1"});
    expect_table(table, 5, "aaaa…\n1\n");
}

Test(report_table, headings_are_bold_where_colours_are)
{
    static const struct qetl_table_column columns[] = {{.title = "a"}};
    struct qetl_table *table = qetl_table_new(columns, 1);
    qetl_table_add(table, (const char *[]){"1"});
    char *text = show(table, 2, 80, 1);
    cr_expect_str_eq(text, "\033[1m  a\033[0m\n  1\n");
    free(text);
}

Test(report_table, no_line_is_wider_than_asked)
{
    static const struct qetl_table_column columns[] = {{.title = "one"},
                                                       {.title = "two", .right = 1},
                                                       {.title = "three"},
                                                       {.title = "four"},
                                                       {.title = "five", .wraps = 1}};
    static const char *const words[] = {"", "x", "日本国憲法", "a word or two", "0123456789"};
    for (int width = 20; width < 90; width++) {
        struct qetl_table *table = qetl_table_new(columns, 5);
        for (size_t i = 0; i < 25; i++)
            qetl_table_put(table, "%s", words[(i * 7 + i / 5) % 5]);
        char *text = show(table, 0, width, 0);
        for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
            *end = 0;
            cr_expect_leq(qetl_display_width(line), width, "%d: %s", width, line);
        }
        free(text);
    }
}
