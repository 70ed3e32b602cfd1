/* SPDX-License-Identifier: Apache-2.0 */
/* The format ndjson: inferred and declared types, and what fits them. */
#include "../plugins/formats/ndjson/number.h"
#include "../plugins/formats/ndjson/rfc3339.h"
#include "ndjson_rig.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- inference ---- */

static char *inferred(const char *options, const char *data)
{
    struct rig rig;
    ndjson_rig_open(&rig, options);
    rig_infer(&rig, data, strlen(data));
    for (int64_t i = 0; i < rig.schema.n_children; i++) {
        const struct ArrowSchema *field = rig.schema.children[i];
        bool flat = !field->n_children && !qetl_schema_is_json(field);
        char *type = flat ? strdup(field->format) : qetl_type_text(field);
        rig_add(&rig, field->name, strlen(field->name));
        rig_add(&rig, " ", 1);
        rig_add(&rig, type, strlen(type));
        rig_add(&rig, ";", 1);
        free(type);
    }
    char *text = rig_take(&rig);
    ndjson_rig_close(&rig);
    return text;
}

Test(ndjson_types, types_are_inferred)
{
    static const struct {
        const char *data, *expected;
    } cases[] = {
        {"", ""},
        {"{}", ""},
        {"{\"a\":1}\n{\"a\":-20}", "a l;"},
        {"{\"a\":-0}", "a l;"},
        {"{\"a\":999999999999999999}", "a l;"},
        {"{\"a\":1000000000000000000}", "a d:38,0;"},
        {"{\"a\":12345678901234567890123456789012345678}", "a d:38,0;"},
        {"{\"a\":123456789012345678901234567890123456789}", "a json;"},
        {"{\"a\":1.50}\n{\"a\":2}", "a d:38,2;"},
        {"{\"a\":1}\n{\"a\":0.12345}", "a d:38,5;"},
        {"{\"a\":1234567890123456789.0}\n{\"a\":0.12345678901234567890}", "a json;"},
        {"{\"a\":1e5}", "a g;"},
        {"{\"a\":1.5}\n{\"a\":1E-5}\n{\"a\":1}", "a g;"},
        {"{\"a\":1e400}", "a json;"},
        {"{\"a\":true}\n{\"a\":false}", "a b;"},
        {"{\"a\":\"1\"}", "a vu;"},
        {"{\"a\":null}", "a vu;"},
        {"{\"a\":null}\n{\"a\":1}", "a l;"},
        {"{\"a\":1}\n{\"a\":\"1\"}", "a json;"},
        {"{\"a\":true}\n{\"a\":1}", "a json;"},
        {"{\"a\":[]}", "a json[];"},
        {"{\"a\":{\"b\":1}}\n{\"a\":null}", "a struct(b bigint);"},
        {"{\"a\":\"x\"}\n{\"a\":{}}", "a json;"},
        {"{\"b\":1,\"a\":2}\n{\"c\":3,\"a\":4}", "b l;a l;c l;"},
        {"{\"b\":1,\"a\":x}\n{\"c\":3}", "c l;"},
        {"{\"b\":1,\"b\":2}\n[1]\n\n{\"c\":3}", "c l;"},
        {"{\"\\u0061\":1}\n{\"a\":2}\n{\"\":3}", "a l; l;"},
        {"{\"x\\u0000y\":1,\"a\":2}", "a l;"},
        {"{\"a\":\"\xff\"}\n{\"b\":1}", "b l;"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        EXPECT_TEXT(inferred(NULL, cases[i].data), cases[i].expected);
    EXPECT_TEXT(
        inferred("{\"types\":{\"a\":\"decimal(12,2)\",\"z/~\":\"timestamp\",\"j\":\"json\"}}",
                 "{\"a\":1,\"b\":2,\"j\":3}"),
        "a d:12,2;b l;j json;z/~ tsu:;");
}

Test(ndjson_types, many_columns_are_found)
{
    struct rig rig;
    char key[32];
    ndjson_rig_open(&rig, NULL);
    rig_add(&rig, "{", 1);
    for (int i = 0; i < 20000; i++) {
        int n = snprintf(key, sizeof key, "%s\"k%d\":%d", i ? "," : "", i, i);
        rig_add(&rig, key, (size_t)n);
    }
    rig_add(&rig, "}\n", 2);
    size_t size = rig.text_size;
    char *data = rig_take(&rig);
    rig_infer(&rig, data, size);
    cr_assert_eq(rig.schema.n_children, 20000);
    rig_want(&rig, QETL_FORM_LEXICAL);
    rig_run(&rig, data, size, SIZE_MAX, 0);
    cr_expect_eq(rig.rows, 1);
    cr_expect(!strncmp(rig.text, "=0|=1|=2|", 9));
    free(data);
    ndjson_rig_close(&rig);
}

Test(ndjson_types, the_summary_names_what_was_mixed)
{
    struct rig rig;
    const char *data = "{\"a\":1,\"b\":1}\n{\"a\":\"x\"}\nbroken\n";
    ndjson_rig_open(&rig, NULL);
    rig_infer(&rig, data, strlen(data));
    cr_expect_str_eq(
        rig.infer.summary,
        "2 columns from 2 records; 1 lines or values of the sample are no records; 1 with "
        "values of several kinds, kept as JSON (\"a\")");
    ndjson_rig_close(&rig);
}

/* ---- values ---- */

static const struct {
    const char *type, *value, *expected;
} values[] = {
    {"bigint", "5", "=5"},
    {"bigint", "-0", "=0"},
    {"bigint", "\"5\"", "=5"},
    {"bigint", "1.0", "=1"},
    {"bigint", "1e3", "=1000"},
    {"bigint", "1200e-2", "=12"},
    {"bigint", "9223372036854775807", "=9223372036854775807"},
    {"bigint", "-9223372036854775808", "=-9223372036854775808"},
    {"bigint", "9223372036854775808", "bad_number"},
    {"bigint", "1.5", "bad_number"},
    {"bigint", "\"x\"", "bad_number"},
    {"bigint", "\" 5\"", "bad_number"},
    {"bigint", "\"05\"", "bad_number"},
    {"bigint", "true", "bad_number"},
    {"bigint", "[]", "bad_number"},
    {"bigint", "null", "~"},
    {"integer", "2147483647", "=2147483647"},
    {"integer", "2147483648", "bad_number"},
    {"smallint", "-32768", "=-32768"},
    {"smallint", "32768", "bad_number"},
    {"tinyint", "127", "=127"},
    {"tinyint", "-129", "bad_number"},
    {"bigint unsigned", "18446744073709551615", "=18446744073709551615"},
    {"bigint unsigned", "18446744073709551616", "bad_number"},
    {"integer unsigned", "-1", "bad_number"},
    {"integer unsigned", "-0", "=0"},
    {"decimal(12,2)", "10.5", "=10.50"},
    {"decimal(12,2)", "\"10.50\"", "=10.50"},
    {"decimal(12,2)", "-0.005e1", "=-0.05"},
    {"decimal(12,2)", "10.500", "=10.50"},
    {"decimal(12,2)", "10.505", "bad_number"},
    {"decimal(12,2)", "9999999999.99", "=9999999999.99"},
    {"decimal(12,2)", "10000000000", "bad_number"},
    {"decimal(12,2)", "1e9", "=1000000000.00"},
    {"decimal(12,2)", "1e99999999999", "bad_number"},
    {"decimal(12,2)", "0e99999999999", "=0.00"},
    {"decimal(38,0)", "99999999999999999999999999999999999999",
     "=99999999999999999999999999999999999999"},
    {"decimal(38,0)", "100000000000000000000000000000000000000", "bad_number"},
    {"decimal(38,38)", "0.00000000000000000000000000000000000001",
     "=0.00000000000000000000000000000000000001"},
    {"double", "0.1", "=0.1"},
    {"double", "1e22", "=1e+22"},
    {"double", "-0.0", "=-0"},
    {"double", "123456789012345678901234567890", "=1.2345678901234568e+29"},
    {"double", "1e-400", "=0"},
    {"double", "1e400", "bad_number"},
    {"double", "\"1e5\"", "=100000"},
    {"double", "\"NaN\"", "=NaN"},
    {"double", "\"-inf\"", "=-Infinity"},
    {"real", "0.1", "=0.1"},
    {"real", "1e39", "bad_number"},
    {"boolean", "true", "=true"},
    {"boolean", "false", "=false"},
    {"boolean", "\"TRUE\"", "=true"},
    {"boolean", "1", "bad_boolean"},
    {"boolean", "\"yes\"", "bad_boolean"},
    {"text", "\"x\"", "=x"},
    {"text", "5.0", "=5.0"},
    {"text", "true", "=true"},
    {"text", "[1, 2]", "=[1, 2]"},
    {"json", "\"x\"", "=\"x\""},
    {"json", "5.0", "=5.0"},
    {"binary", "\"aGk=\"", "=hi"},
    {"binary", "\"\"", "="},
    {"binary", "\"aGVsbG8gd29ybGQsIGhlbGxv\"", "=hello world, hello"},
    {"binary", "\"\\u0061Gk=\"", "=hi"},
    {"binary", "\"aGk\"", "bad_binary"},
    {"binary", "\"aGl=\"", "bad_binary"},
    {"binary", "\"a===\"", "bad_binary"},
    {"binary", "5", "bad_binary"},
    {"date", "\"2024-02-29\"", "=2024-02-29"},
    {"date", "\"2023-02-29\"", "bad_date"},
    {"date", "\"2024-2-29\"", "bad_date"},
    {"date", "20240229", "bad_date"},
    {"date", "\"1969-12-31\"", "=1969-12-31"},
    {"time", "\"12:34:56.789\"", "=12:34:56.789"},
    {"time", "\"24:00:00\"", "bad_time"},
    {"timestamp", "\"2024-02-29T12:34:56\"", "=2024-02-29 12:34:56"},
    {"timestamp", "\"2024-02-29 12:34:56.123456\"", "=2024-02-29 12:34:56.123456"},
    {"timestamp", "\"2024-02-29T12:34:56.1234567\"", "bad_timestamp"},
    {"timestamp", "\"2024-02-29T12:34:56.1234560\"", "=2024-02-29 12:34:56.123456"},
    {"timestamp", "\"2024-02-29T00:30:00+01:00\"", "=2024-02-28 23:30:00"},
    {"timestamp", "\"2024-02-29\"", "=2024-02-29 00:00:00"},
    {"timestamp", "\"2024-02-29T12:60:00\"", "bad_timestamp"},
    {"timestamp", "\"2024-02-29T12:00:00+25:00\"", "bad_timestamp"},
    {"timestamp", "1709210096", "bad_timestamp"},
    {"timestamp with time zone", "\"2024-02-29T12:34:56Z\"", "=2024-02-29 12:34:56+00"},
    {"timestamp with time zone", "\"1969-12-31T23:59:59.5-00:30\"", "=1970-01-01 00:29:59.5+00"},
};

/* The same is checked whatever is wanted: value, text, or nothing. */
static void try_typed(const char *type, const char *value, const char *expected, uint32_t form)
{
    char options[160], data[400], wanted[600];
    struct rig rig;
    snprintf(options, sizeof options, "{\"types\":{\"a\":\"%s\"}}", type);
    snprintf(data, sizeof data, "{\"a\":null}\n{\"a\":%s}\n", value);
    ndjson_rig_open(&rig, options);
    rig_infer(&rig, "", 0);
    rig_want(&rig, form);
    if (!form)
        rig.n_wants = 0;
    rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
    bool bad = expected[0] != '=' && expected[0] != '~';
    cr_expect_eq(rig.rows, bad ? 1 : 2, "%s as %s", value, type);
    if (bad)
        snprintf(wanted, sizeof wanted, "~|\n!%s:{\"a\":%s}\n", expected, value);
    else
        snprintf(wanted, sizeof wanted, "~|\n%s|\n", expected);
    char *text = rig_take(&rig);
    if (form == QETL_FORM_VALUE && strcmp(type, "text") != 0 && strcmp(type, "json") != 0)
        cr_expect_str_eq(text, wanted, "%s as %s gave\n%s", value, type, text);
    free(text);
    ndjson_rig_close(&rig);
}

Test(ndjson_types, declared_types_bind_in_every_form)
{
    for (size_t i = 0; i < LENGTH(values); i++) {
        try_typed(values[i].type, values[i].value, values[i].expected, QETL_FORM_VALUE);
        try_typed(values[i].type, values[i].value, values[i].expected, QETL_FORM_LEXICAL);
        try_typed(values[i].type, values[i].value, values[i].expected, QETL_FORM_CHECKED);
        try_typed(values[i].type, values[i].value, values[i].expected, 0);
    }
}

Test(ndjson_types, inferred_types_bind_where_they_are_needed)
{
    const char *data =
        "{\"i\":1,\"d\":1.5,\"b\":true,\"t\":\"x\",\"g\":1e5}\n"
        "{\"i\":\"x\"}\n{\"i\":1.5}\n{\"i\":2.0}\n{\"d\":1.55}\n{\"d\":\"1.5\"}\n"
        "{\"b\":1}\n{\"t\":5}\n{\"t\":true}\n{\"g\":\"1\"}\n{\"t\":\"y\"}\n{\"i\":[1]}\n";
    static const char *const strict = "=1|=1.5|=true|=x|=1e5|\n=2.0|~|~|~|~|\n~|~|~|=y|~|\n"
                                      "!bad_number:{\"i\":\"x\"}\n!bad_number:{\"i\":1.5}\n"
                                      "!bad_number:{\"d\":1.55}\n!bad_number:{\"d\":\"1.5\"}\n"
                                      "!bad_boolean:{\"b\":1}\n!not_text:{\"t\":5}\n"
                                      "!not_text:{\"t\":true}\n!bad_number:{\"g\":\"1\"}\n"
                                      "!bad_number:{\"i\":[1]}\n";
    static const char *const lax =
        "=1|=1.5|=true|=x|=1e5|\n=x|~|~|~|~|\n=1.5|~|~|~|~|\n=2.0|~|~|~|~|\n"
        "~|=1.55|~|~|~|\n~|=1.5|~|~|~|\n~|~|=1|~|~|\n~|~|~|=5|~|\n"
        "~|~|~|=true|~|\n~|~|~|~|=1|\n~|~|~|=y|~|\n=[1]|~|~|~|~|\n";
    size_t first = strcspn(data, "\n") + 1;
    for (int form = 0; form < 2; form++)
        for (int k = 0; k < ndjson_kernels_count; k++) {
            struct rig rig;
            ndjson_rig_open(&rig, NULL);
            rig.kernel = kernel_at(k);
            rig_infer(&rig, data, first);
            rig_want(&rig, form ? QETL_FORM_CHECKED : QETL_FORM_LEXICAL);
            rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
            EXPECT_TEXT(rig_take(&rig), form ? strict : lax);
            ndjson_rig_close(&rig);
        }
}

Test(ndjson_types, one_column_may_be_wanted_twice_and_another_not_at_all)
{
    struct rig rig;
    const char *data =
        "{\"a\":1.50,\"b\":\"\\u00e9\",\"c\":true}\n{\"a\":2,\"b\":null,\"c\":false}\n{}\n";
    ndjson_rig_open(&rig, NULL);
    rig_infer(&rig, data, strlen(data));
    rig_want(&rig, QETL_FORM_VALUE);
    rig.wants[0] = (struct qetl_want){2, QETL_FORM_VALUE, 0};
    rig.wants[1] = (struct qetl_want){0, QETL_FORM_CHECKED, 0};
    rig.wants[2] = (struct qetl_want){0, QETL_FORM_VALUE, 0};
    rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
    EXPECT_TEXT(rig_take(&rig), "=true|=1.50|=1.50|\n=false|=2|=2.00|\n~|~|~|\n");
    ndjson_rig_close(&rig);
}

/* ---- numbers and times on their own ---- */

Test(ndjson_types, doubles_are_the_nearest)
{
    uint64_t seed = 7;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        double got;
        int exponent = (int)random_below(&seed, 60) - 40;
        snprintf(text, sizeof text, "%lld.%llde%d", (long long)random_below(&seed, 1000000),
                 (long long)random_below(&seed, 1000000000000), exponent);
        cr_assert(ndjson_number_real((const uint8_t *)text, (int64_t)strlen(text), &got));
        cr_assert_eq(got, strtod(text, NULL), "%s", text);
    }
}

Test(ndjson_types, times_are_written_as_they_were_read)
{
    uint64_t seed = 11;
    char text[NDJSON_STAMP_MAX];
    int64_t value, back;
    for (int i = 0; i < 100000; i++) {
        value = random_below(&seed, 315537897600000000) - 62167219200000000;
        int32_t size = ndjson_stamp_write(value, 6, i & 1, text);
        cr_assert_gt(size, 0);
        cr_assert(ndjson_stamp_parse((const uint8_t *)text, size, 6, &back), "%.*s", size, text);
        cr_assert_eq(back, value);
    }
    cr_expect_eq(ndjson_stamp_write(INT64_MAX, 6, false, text), -1);
    cr_expect(!ndjson_stamp_parse((const uint8_t *)"2300-01-01", 10, 9, &back));
}
