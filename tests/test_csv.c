/* SPDX-License-Identifier: Apache-2.0 */
/* What csv infers, what its cells are as values, and what it says about those that are none. */
#include "csv_rig.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

static struct rig rig;

static void run(const char *options, uint32_t form, const char *data)
{
    csv_rig_open(&rig, options);
    rig_infer(&rig, data, strlen(data));
    rig_want(&rig, form);
    if (!rig.status)
        rig_run(&rig, data, strlen(data), 0, 1);
}

/* The Arrow formats of the columns, in a row. */
static const char *formats_of(const char *options, const char *data)
{
    static char out[512];
    size_t n = 0;

    csv_rig_open(&rig, options);
    cr_assert_eq(rig_infer(&rig, data, strlen(data)), 0, "%s", qetl_fake_host_message(&rig.fake));
    out[0] = 0;
    for (int64_t i = 0; i < rig.schema.n_children; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", i ? " " : "",
                              rig.schema.children[i]->format);
    csv_rig_close(&rig);
    return out;
}

static const char *names_of(const char *options, const char *data)
{
    static char out[512];
    size_t n = 0;

    csv_rig_open(&rig, options);
    cr_assert_eq(rig_infer(&rig, data, strlen(data)), 0, "%s", qetl_fake_host_message(&rig.fake));
    out[0] = 0;
    for (int64_t i = 0; i < rig.schema.n_children; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", i ? "|" : "",
                              rig.schema.children[i]->name);
    csv_rig_close(&rig);
    return out;
}

Test(csv_infer, a_column_is_a_number_only_if_every_cell_is_plainly_one)
{
    cr_assert_str_eq(
        formats_of(NULL, "a,b,c,d,e,f,g\n1,1.5,007,1e5,NaN, 1,+1\n-2,10.250,1,1,1,1,1\n"),
        "l d:38,3 vu vu vu vu vu");
    cr_assert_str_eq(formats_of(NULL, "a,b,c\n0,-0.5,1.\n,,\n\"12\",\"1.25\",1\n"), "l d:38,2 vu");
    cr_assert_str_eq(formats_of(NULL, "a\n123456789012345678\n"), "l");
    cr_assert_str_eq(formats_of(NULL, "a\n1234567890123456789\n"), "d:38,0");
    cr_assert_str_eq(formats_of(NULL, "a\n12345678901234567890123456789012345678\n"), "d:38,0");
    cr_assert_str_eq(formats_of(NULL, "a\n123456789012345678901234567890123456789\n"), "vu");
    cr_assert_str_eq(formats_of(NULL, "a\n1.5\n1234567890123456789012345678901234567\n"), "d:38,1");
    cr_assert_str_eq(formats_of(NULL, "a\n1.55\n1234567890123456789012345678901234567\n"), "vu");
}

Test(csv_infer, empty_text_is_no_number_and_null_says_nothing)
{
    cr_assert_str_eq(formats_of(NULL, "a,b\n,\"\"\n1,1\n"), "l vu");
    cr_assert_str_eq(formats_of(NULL, "a,b\n,x\n,y\n"), "vu vu");
    cr_assert_str_eq(formats_of("{\"null\": [\"NA\", \"\"]}", "a,b\nNA,\"NA\"\n1,1\n"), "l vu");
    cr_assert_str_eq(formats_of(NULL, "a,b\ntrue,2024-01-01\nfalse,2024-01-02\n"), "vu vu");
}

Test(csv_infer, rows_that_will_be_rejected_have_no_say)
{
    cr_assert_str_eq(formats_of(NULL, "a,b\n1,2\nx\ny,z,w\n \"x\",q\n4,5\n"), "l l");
}

Test(csv_infer, the_delimiter_is_found_or_the_comma)
{
    static const struct {
        const char *data, *summary;
    } cases[] = {
        {"a;b\n1,5;2\n", "delimiter ';' (detected), decimal comma (detected), header, 2 columns"},
        {"a;b\n1,500;2\n", "delimiter ';' (detected), header, 2 columns"},
        {"a;b\n1,5;2.5\n", "delimiter ';' (detected), header, 2 columns"},
        {"a\tb\tc\n1\t2\t3\n", "delimiter tab (detected), header, 3 columns"},
        {"a|b\n1|2\n", "delimiter '|' (detected), header, 2 columns"},
        {"a,b;c\n1,2;3\n", "delimiter ',' (detected), header, 2 columns"},
        {"a,b\n1,\"x;y;z\"\n", "delimiter ',' (detected), header, 2 columns"},
        {"a;b\n1;5\" disk\n2;3\" disk\n", "delimiter ';' (detected), header, 2 columns"},
        {"a\n1\n", "delimiter ',', header, 1 column"},
        {"one; two\nno more\nthan prose; here\n", "delimiter ',', header, 1 column"},
        {"", "delimiter ',', header, 0 columns"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        csv_rig_open(&rig, NULL);
        rig_infer(&rig, cases[i].data, strlen(cases[i].data));
        cr_assert_str_eq(rig.summary, cases[i].summary);
        csv_rig_close(&rig);
    }
    csv_rig_open(&rig, "{\"delimiter\": \",\"}");
    rig_infer(&rig, "a;b\n", 4);
    cr_assert_str_eq(rig.summary, "delimiter ',', header, 1 column");
    csv_rig_close(&rig);
    rig_open_as(&rig, "tsv", NULL);
    rig_infer(&rig, "a,b\n", 4);
    cr_assert_str_eq(rig.summary, "delimiter tab, header, 1 column");
    csv_rig_close(&rig);
}

Test(csv_infer, names_are_made_unlike)
{
    cr_assert_str_eq(names_of(NULL, "a,a,a_2,,a,column_4,\n"),
                     "a|a_3|a_2|column_4_2|a_4|column_4|column_7");
    cr_assert_str_eq(names_of("{\"header\": false}", "a,b\n"), "column1|column2");
    cr_assert_str_eq(names_of(NULL, "\"a \"\"b\"\"\",\" c\",d\r\n"), "a \"b\"| c|d");
}

Test(csv_infer, a_header_that_cannot_be_read_is_an_error)
{
    static const char *const headers[] = {"a, \"c\"\n1,2\n", "\"a\"b,c\n", "\"a,b\n", "\xff,b\n"};

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        csv_rig_open(&rig, NULL);
        cr_assert_eq(rig_infer(&rig, headers[i], strlen(headers[i])), QETL_E_DATA);
        cr_assert(strstr(qetl_fake_host_message(&rig.fake), "orders.csv: the header"));
        csv_rig_close(&rig);
    }
}

Test(csv_options, what_cannot_be_is_refused_by_name)
{
    static const struct {
        const char *options, *option;
    } cases[] = {
        {"{\"quote\": \";;\"}", "/quote"},
        {"{\"delimiter\": \"\\n\"}", "/delimiter"},
        {"{\"quote\": \"\u00e9\"}", "/quote"},
        {"{\"delimiter\": \"a\\r\"}", "/delimiter"},
        {"{\"delimiter\": \"a\\\\\", \"escape\": \"\\\\\"}", "/delimiter"},
        {"{\"escape\": \"ab\"}", "/escape"},
        {"{\"comment\": \"\\\"\"}", "/comment"},
        {"{\"decimal_mark\": \",\", \"thousands\": \",\"}", "/thousands"},
        {"{\"date_format\": \"%Q\"}", "/date_format"},
        {"{\"formats\": {\"a/b\": \"%\"}}", "/formats/a~1b"},
        {"{\"encoding\": \"shift_jis\", \"delimiter\": \"|\"}", "/encoding"},
        {"{\"encoding\": \"shift_jis\", \"delimiter\": \"\u00bf\"}", "/delimiter"},
        {"{\"quote\": \",\", \"delimiter\": \",\"}", "/quote"},
        {"{\"null\": [\"a,b\"]}", "/null/0"},
        {"{\"null\": [\"\", \"\\\"\"]}", "/null/1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        csv_rig_open(&rig, cases[i].options);
        cr_assert_eq(rig.status, QETL_E_CONFIG, "%s", cases[i].options);
        cr_assert_str_eq(rig.fake.errors[0].option, cases[i].option);
        csv_rig_close(&rig);
    }
    csv_rig_open(&rig, "{\"types\": {\"x/y\": \"bigint\"}}");
    cr_assert_eq(rig_infer(&rig, "a\n1\n", 4), QETL_E_CONFIG);
    cr_assert_str_eq(rig.fake.errors[0].option, "/types/x~1y");
    csv_rig_close(&rig);
    csv_rig_open(&rig, "{\"types\": {\"a\": \"bigit\"}}");
    cr_assert_eq(rig_infer(&rig, "a\n1\n", 4), QETL_E_CONFIG);
    cr_assert(strstr(qetl_fake_host_message(&rig.fake), "bigit"));
    csv_rig_close(&rig);
}

/* ---- Values ---- */

struct value_case {
    const char *type, *cell, *want; /* want NULL: rejected with this code */
    const char *code;
};

static void value_try(const struct value_case *v)
{
    char options[128], data[512], want[256];

    snprintf(options, sizeof options, "{\"types\": {\"a\": \"%s\"}, \"delimiter\": \",\"}",
             v->type);
    snprintf(data, sizeof data, "a,b\n%s,x\n\"%s\",y\n,z\n", v->cell, v->cell);
    run(options, QETL_FORM_VALUE, data);
    cr_assert_eq(rig.status, 0, "%s", qetl_fake_host_message(&rig.fake));
    if (v->want)
        snprintf(want, sizeof want, "[%s][x]\n[%s][y]\n<>[z]\n", v->want, v->want);
    else
        snprintf(want, sizeof want, "<>[z]\n");
    cr_assert_str_eq(rig.text.data, want, "%s of '%s': %s%s", v->type, v->cell, rig.text.data,
                     rig.rejects.data);
    if (!v->want) {
        cr_assert_eq(rig.fake.n_rejects, 2);
        cr_assert_str_eq(rig.fake.rejects[0].code, v->code, "%s of '%s'", v->type, v->cell);
        cr_assert_eq(rig.fake.rejects[0].column, 0);
        cr_assert_eq(rig.fake.rejects[1].row, 1);
    }
    csv_rig_close(&rig);
    /* The same verdict where nothing but the check is asked for. */
    run(options, QETL_FORM_CHECKED, data);
    cr_assert_eq(rig.rejected, v->want ? 0 : 2, "%s of '%s'", v->type, v->cell);
    csv_rig_close(&rig);
    csv_rig_open(&rig, options);
    rig_infer(&rig, data, strlen(data));
    rig_want(&rig, QETL_FORM_LEXICAL);
    cr_assert_eq(rig.component->format->open_decode(rig.decoder, &rig.schema, rig.prologue, 1,
                                                    &(struct qetl_want){1, QETL_FORM_LEXICAL, 0}),
                 0);
    rig.n_wants = 0;
    csv_rig_close(&rig);
}

Test(csv_values, integers)
{
    static const struct value_case cases[] = {
        {"bigint", "0", "0", NULL},
        {"bigint", "-0", "0", NULL},
        {"bigint", "+5", "5", NULL},
        {"bigint", "007", "7", NULL},
        {"bigint", "12345678", "12345678", NULL},
        {"bigint", "123456789", "123456789", NULL},
        {"bigint", "1234567890123456", "1234567890123456", NULL},
        {"bigint", "12345678901234567", "12345678901234567", NULL},
        {"bigint", "9223372036854775807", "9223372036854775807", NULL},
        {"bigint", "-9223372036854775808", "-9223372036854775808", NULL},
        {"bigint", "0000000000000000000000000000042", "42", NULL},
        {"bigint", "9223372036854775808", NULL, "out_of_range"},
        {"bigint", "-9223372036854775809", NULL, "out_of_range"},
        {"bigint", "99999999999999999999999", NULL, "out_of_range"},
        {"bigint", "1.0", NULL, "bad_number"},
        {"bigint", "1e3", NULL, "bad_number"},
        {"bigint", " 1", NULL, "bad_number"},
        {"bigint", "1 ", NULL, "bad_number"},
        {"bigint", "-", NULL, "bad_number"},
        {"bigint", "+-1", NULL, "bad_number"},
        {"bigint", "1234567a", NULL, "bad_number"},
        {"bigint", "12345678a", NULL, "bad_number"},
        {"bigint", "1234567890123456:", NULL, "bad_number"},
        {"bigint", "/", NULL, "bad_number"},
        {"tinyint", "-128", "-128", NULL},
        {"tinyint", "128", NULL, "out_of_range"},
        {"smallint", "32767", "32767", NULL},
        {"smallint", "-32769", NULL, "out_of_range"},
        {"integer", "-2147483648", "-2147483648", NULL},
        {"integer", "2147483648", NULL, "out_of_range"},
        {"bigint unsigned", "18446744073709551615", "18446744073709551615", NULL},
        {"bigint unsigned", "18446744073709551616", NULL, "out_of_range"},
        {"bigint unsigned", "-1", NULL, "out_of_range"},
        {"smallint unsigned", "65535", "65535", NULL},
        {"smallint unsigned", "65536", NULL, "out_of_range"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        value_try(&cases[i]);
}

Test(csv_values, decimals_are_exact)
{
    static const struct value_case cases[] = {
        {"decimal(12,2)", "1", "1.00", NULL},
        {"decimal(12,2)", "-0.5", "-0.50", NULL},
        {"decimal(12,2)", ".5", "0.50", NULL},
        {"decimal(12,2)", "5.", "5.00", NULL},
        {"decimal(12,2)", "1.500", "1.50", NULL},
        {"decimal(12,2)", "1.505", NULL, "inexact"},
        {"decimal(12,2)", "9999999999.99", "9999999999.99", NULL},
        {"decimal(12,2)", "10000000000", NULL, "out_of_range"},
        {"decimal(12,2)", "000000000000000010.01", "10.01", NULL},
        {"decimal(3,0)", "999", "999", NULL},
        {"decimal(3,0)", "1000", NULL, "out_of_range"},
        {"decimal(38,0)", "99999999999999999999999999999999999999",
         "99999999999999999999999999999999999999", NULL},
        {"decimal(38,0)", "-99999999999999999999999999999999999999",
         "-99999999999999999999999999999999999999", NULL},
        {"decimal(38,0)", "100000000000000000000000000000000000000", NULL, "out_of_range"},
        {"decimal(38,38)", "0.00000000000000000000000000000000000001",
         "0.00000000000000000000000000000000000001", NULL},
        {"decimal(18,9)", "123456789.123456789", "123456789.123456789", NULL},
        {"decimal(12,2)", ".", NULL, "bad_number"},
        {"decimal(12,2)", "-", NULL, "bad_number"},
        {"decimal(12,2)", "1.2.3", NULL, "bad_number"},
        {"decimal(12,2)", "1e2", NULL, "bad_number"},
        {"decimal(12,2)", "1x", NULL, "bad_number"},
        {"decimal(12,2)", "12345678901234567890.x", NULL, "bad_number"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        value_try(&cases[i]);
}

Test(csv_values, moments)
{
    static const struct value_case cases[] = {
        {"date", "2024-02-29", "2024-02-29", NULL},
        {"date", "0001-01-01", "0001-01-01", NULL},
        {"date", "1969-12-31", "1969-12-31", NULL},
        {"date", "12345-06-07", "12345-06-07", NULL},
        {"date", "2023-02-29", NULL, "bad_date"},
        {"date", "1900-02-29", NULL, "bad_date"},
        {"date", "2000-02-29", "2000-02-29", NULL},
        {"date", "2024-13-01", NULL, "bad_date"},
        {"date", "2024-00-01", NULL, "bad_date"},
        {"date", "2024-04-31", NULL, "bad_date"},
        {"date", "2024-1-1", NULL, "bad_date"},
        {"date", "0000-01-01", NULL, "bad_date"},
        {"date", "2024-01-01T00:00", NULL, "bad_date"},
        {"date", "x", NULL, "bad_date"},
        {"time", "23:59:59.999999", "23:59:59.999999", NULL},
        {"time", "00:00", "00:00:00", NULL},
        {"time", "24:00", NULL, "bad_time"},
        {"time", "12:60", NULL, "bad_time"},
        {"time", "12:00:60", NULL, "bad_time"},
        {"time", "12:00:00.", NULL, "bad_time"},
        {"time", "12:00:00.1234567", NULL, "inexact"},
        {"time", "12:00:00.1234560", "12:00:00.123456", NULL},
        {"timestamp", "2024-01-02T03:04:05", "2024-01-02 03:04:05", NULL},
        {"timestamp", "2024-01-02 03:04:05.25", "2024-01-02 03:04:05.25", NULL},
        {"timestamp", "2024-01-02", "2024-01-02 00:00:00", NULL},
        {"timestamp", "1900-01-01 00:00", "1900-01-01 00:00:00", NULL},
        {"timestamp", "2024-01-02T03:04:05Z", NULL, "bad_timestamp"},
        {"timestamp", "2024-01-02X03:04:05", NULL, "bad_timestamp"},
        {"timestamp", "2024-01-02T", NULL, "bad_timestamp"},
        {"timestamp with time zone", "2024-01-02T03:04:05+02:00", "2024-01-02 01:04:05+00", NULL},
        {"timestamp with time zone", "2024-01-02T03:04:05-0130", "2024-01-02 04:34:05+00", NULL},
        {"timestamp with time zone", "2024-01-02 03:04:05.5Z", "2024-01-02 03:04:05.5+00", NULL},
        {"timestamp with time zone", "2024-01-02 03:04:05+02", "2024-01-02 01:04:05+00", NULL},
        {"timestamp with time zone", "2024-01-02 03:04:05", "2024-01-02 03:04:05+00", NULL},
        {"timestamp with time zone", "2024-01-02 03:04:05+2", NULL, "bad_timestamp"},
        {"timestamp with time zone", "2024-01-02 03:04:05+99", NULL, "bad_timestamp"},
        {"timestamp(9)", "300000-01-01 00:00", NULL, "out_of_range"},
        {"timestamp(3)", "2024-01-02 03:04:05.125", "2024-01-02 03:04:05.125", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        value_try(&cases[i]);
}

Test(csv_values, booleans_bytes_and_reals)
{
    static const struct value_case cases[] = {
        {"boolean", "true", "true", NULL},
        {"boolean", "FALSE", "false", NULL},
        {"boolean", "t", "true", NULL},
        {"boolean", "0", "false", NULL},
        {"boolean", "Yes", "true", NULL},
        {"boolean", "off", "false", NULL},
        {"boolean", "2", NULL, "bad_boolean"},
        {"boolean", "tru", NULL, "bad_boolean"},
        {"binary", "\\x", "\\5cx", NULL},
        {"binary", "\\x00ff10", "\\5cx00ff10", NULL},
        {"binary", "\\xDEADBEEF00112233445566778899", "\\5cxdeadbeef00112233445566778899", NULL},
        {"binary", "\\x0", NULL, "bad_binary"},
        {"binary", "\\x0g", NULL, "bad_binary"},
        {"binary", "00", NULL, "bad_binary"},
        {"double", "1e5", "100000", NULL},
        {"double", "0.1", "0.1", NULL},
        {"double", "1.7976931348623157e308", "1.7976931348623157e+308", NULL},
        {"double", "1.7976931348623159e308", NULL, "out_of_range"},
        {"double", "1e400", NULL, "out_of_range"},
        {"double", "4.9e-324", "5e-324", NULL},
        {"double", "nan", "NaN", NULL},
        {"double", "-Infinity", "-Infinity", NULL},
        {"double", "0x10", NULL, "bad_number"},
        {"double", "1,5", NULL, "ragged_row"},
        {"double", "1e", NULL, "bad_number"},
        {"double", "e5", NULL, "bad_number"},
        {"double", ".", NULL, "bad_number"},
        {"double", ".e1", NULL, "bad_number"},
        {"real", "16777217", "16777216", NULL},
        {"real", "0.1", "0.1", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!strchr(cases[i].cell, ','))
            value_try(&cases[i]);
}

/* Literals of all lengths and powers: what strtod says, whichever way was taken. */
Test(csv_values, doubles_are_rounded_as_strtod_rounds)
{
    static const struct csv_type type = {.kind = CSV_DOUBLE, .width = 8};
    unsigned seed = 5;

    for (int i = 0; i < 200000; i++) {
        char text[96];
        int digits = 1 + rand_r(&seed) % 25, n = 0;
        double got, want;
        float got_float;

        for (int d = 0; d < digits; d++) {
            text[n++] = (char)('0' + rand_r(&seed) % 10);
            if (rand_r(&seed) % 8 == 0 && !memchr(text, '.', (size_t)n))
                text[n++] = '.';
        }
        n += i % 3 ? sprintf(text + n, "e%d", rand_r(&seed) % 80 - 40) : 0;
        text[n] = 0;
        want = strtod(text, NULL);
        cr_assert_eq(csv_parse_double((uint8_t *)text, n, &type, &got), CSV_FINE, "%s", text);
        cr_assert_eq(memcmp(&got, &want, 8), 0, "%s: %.17g, not %.17g", text, got, want);
        if (csv_parse_float((uint8_t *)text, n, &type, &got_float) == CSV_FINE)
            cr_assert_eq(got_float, strtof(text, NULL), "%s", text);
    }
}

Test(csv_values, an_inferred_type_takes_only_what_inference_takes)
{
    static const char data[] = "a,b\n007,1\n1,01.5\n+1,1\n2,1.\n3,.5\n1,1.25\n4,\"2\"\n";

    csv_rig_open(&rig, NULL);
    rig_infer(&rig, "a,b\n1,2.5\n", 10);
    rig_want(&rig, QETL_FORM_VALUE);
    rig_run(&rig, data, strlen(data), 0, 1);
    cr_assert_str_eq(rig.text.data, "[4][2.0]\n");
    cr_assert_eq(rig.rejected, 6);
    cr_assert(
        strstr(rig.rejects.data, "column 1 (a): \"007\" is no bigint (a type that was inferred;"));
    csv_rig_close(&rig);
}

Test(csv_values, a_declared_type_is_checked_though_nobody_wants_it)
{
    static const char data[] = "a,b\n1,x\nz,y\n3,\"q\"\n";
    struct qetl_want want = {.column = 1, .form = QETL_FORM_LEXICAL};

    csv_rig_open(&rig, "{\"types\": {\"a\": \"bigint\"}}");
    rig_infer(&rig, data, strlen(data));
    rig_want(&rig, QETL_FORM_LEXICAL);
    qetl_schema_release(&rig.delivered);
    cr_assert_eq(qetl_schema_init_struct(&rig.delivered), 0);
    cr_assert_eq(qetl_schema_add(&rig.delivered, "b", "vu"), 0);
    cr_assert_eq(
        rig.component->format->open_decode(rig.decoder, &rig.schema, rig.prologue, 1, &want), 0);
    rig.n_wants = 1;
    rig_run(&rig, data, strlen(data), 0, 1);
    cr_assert_str_eq(rig.text.data, "[x]\n[q]\n");
    cr_assert_str_eq(rig.rejects.data, "8+4 bad_number: column 1 (a): \"z\" is no bigint\n");
    csv_rig_close(&rig);
}

Test(csv_values, the_first_bad_column_is_named_and_rows_stay_in_order)
{
    run("{\"types\": {\"a\": \"date\", \"b\": \"bigint\"}}", QETL_FORM_VALUE,
        "a,b,c\n2024-01-01,1,x\nbad,worse,y\n2024-01-02,bad,z\n2024-01-03,3\n2024-01-04,4,w\n");
    cr_assert_str_eq(rig.text.data, "[2024-01-01][1][x]\n[2024-01-04][4][w]\n");
    cr_assert_str_eq(rig.rejects.data,
                     "21+12 bad_date: column 1 (a): \"bad\" is no date\n"
                     "33+17 bad_number: column 2 (b): \"bad\" is no bigint\n"
                     "50+13 ragged_row: the row has 2 cells where 3 are expected\n");
    csv_rig_close(&rig);
}

Test(csv_values, the_first_bad_column_is_named_though_another_was_read_before)
{
    static const char data[] = "a,b\nx,y\n1,2\n";
    struct qetl_want want = {.column = 1, .form = QETL_FORM_VALUE};

    csv_rig_open(&rig, "{\"types\": {\"a\": \"bigint\", \"b\": \"bigint\"}}");
    rig_infer(&rig, data, strlen(data));
    rig_want(&rig, QETL_FORM_VALUE);
    qetl_schema_release(&rig.delivered);
    cr_assert_eq(qetl_schema_init_struct(&rig.delivered), 0);
    cr_assert_eq(qetl_schema_add(&rig.delivered, "b", "l"), 0);
    cr_assert_eq(
        rig.component->format->open_decode(rig.decoder, &rig.schema, rig.prologue, 1, &want), 0);
    rig.n_wants = 1;
    rig_run(&rig, data, strlen(data), 0, 1);
    cr_assert_str_eq(rig.text.data, "[2]\n");
    cr_assert_eq(rig.fake.rejects[0].column, 0);
    csv_rig_close(&rig);
}

Test(csv_values, the_only_long_cell_may_stand_in_quotes)
{
    run("{\"delimiter\": \",\"}", QETL_FORM_LEXICAL,
        "a,b\n\"longer than twelve\",1\nx,\"and \"\"doubled\"\" quotes\"\n");
    cr_assert_str_eq(rig.text.data, "[longer than twelve][1]\n[x][and \"doubled\" quotes]\n");
    csv_rig_close(&rig);
}

/* The rig validates each batch: the prefix of a long cell's view is that of its text. */
Test(csv_values, texts_of_any_size_are_valid_views)
{
    static char data[1200 * 1300];
    size_t n = (size_t)sprintf(data, "a,b\n");

    for (int size = 0; size < 1200; size++) {
        for (int i = 0; i < size; i++)
            data[n++] = (char)('a' + (size + i) % 26);
        n += (size_t)sprintf(data + n, ",%d\n", size);
    }
    for (int k = 0; k < csv_kernels_count; k++) {
        if (!csv_kernels[k]->usable())
            continue;
        csv_rig_open(&rig, "{\"delimiter\": \",\"}");
        rig.kernel = csv_kernels[k];
        rig_infer(&rig, data, n);
        rig_want(&rig, QETL_FORM_LEXICAL);
        cr_assert_eq(rig_run(&rig, data, n, 0, 1), 0);
        cr_assert_eq(rig.rows, 1200);
        csv_rig_close(&rig);
    }
}

Test(csv_values, without_memory_a_chunk_fails_and_nothing_leaks)
{
    static const char data[] = "a,b,c\n1,\"x\"\"y and more of it\",\\x00\n,bad,\\x1122\n2,,\n";

    for (int64_t allowed = 0; allowed < 40; allowed++)
        for (uint32_t form = 1; form <= 2; form++) {
            csv_rig_open(&rig, "{\"types\": {\"a\": \"boolean\", \"c\": \"binary\"}}");
            rig_infer(&rig, data, strlen(data));
            rig_want(&rig, form);
            /* One for the chunk itself, which the rig allocates. */
            rig.fake.allocs_left = allowed + 1;
            rig_run(&rig, data, strlen(data), 0, 1);
            cr_assert(rig.status == QETL_E_NO_MEMORY || (rig.status == 0 && rig.rows == 2));
            cr_assert(allowed < 30 || rig.status == 0);
            csv_rig_close(&rig);
        }
}

/* ---- Quotes within bare cells ---- */

Test(csv_quotes, a_bare_quote_is_part_of_its_cell)
{
    run(NULL, QETL_FORM_LEXICAL, "a,b\n1,2\n5\" pipe,x\n3,\"y\n\"\n4,z\"\n\"5\",\"\"\"\"\n");
    cr_assert_str_eq(rig.text.data, "[1][2]\n[5\" pipe][x]\n[3][y\\0a]\n[4][z\"]\n[5][\"]\n");
    cr_assert_str_eq(rig.rejects.data, "");
    csv_rig_close(&rig);
}

Test(csv_quotes, a_quote_behind_blanks_costs_its_own_row_alone)
{
    run(NULL, QETL_FORM_LEXICAL, "a,b\n1,2\n5\" pipe, \"x\n3,\"y\n\"\n\t\"4\",\"z\"z\n");
    cr_assert_str_eq(rig.text.data, "[1][2]\n[3][y\\0a]\n");
    cr_assert_str_eq(rig.rejects.data,
                     "8+12 bare_quote: column 2 (b): blanks stand before a quote (byte 10 of the "
                     "row); set trim: unquoted if it opens, or quote: \"\" if it is text\n"
                     "27+10 text_after_quote: column 2 (b): text stands behind the closing quote "
                     "(byte 9 of the row)\n");
    csv_rig_close(&rig);
}
