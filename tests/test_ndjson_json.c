/* SPDX-License-Identifier: Apache-2.0 */
/* The format json: which records documents have, and what is said of those that are broken. */
#include "ndjson_rig.h"

#include "../plugins/formats/ndjson/layout.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* Rows as text, then rejects; in blocks of `block` bytes. */
static char *read_at(const char *pointer, const char *data, size_t block)
{
    struct rig rig;
    ndjson_rig_open(&rig, NULL);
    rig.across = true;
    cr_assert_eq(json_path_read(&rig.path, pointer), 0, "%s", pointer);
    rig_infer(&rig, data, strlen(data));
    cr_assert_eq(rig.status, QETL_OK);
    rig_want(&rig, QETL_FORM_LEXICAL);
    rig_run(&rig, data, strlen(data), block, 0);
    cr_assert_eq(rig.status, QETL_OK);
    char *text = rig_take(&rig);
    ndjson_rig_close(&rig);
    return text;
}

struct layout_case {
    const char *pointer, *data, *expected;
};

static void expect_cases(const struct layout_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        EXPECT_TEXT(read_at(cases[i].pointer, cases[i].data, SIZE_MAX), cases[i].expected);
        EXPECT_TEXT(read_at(cases[i].pointer, cases[i].data, 1), cases[i].expected);
    }
}

Test(ndjson_json, records)
{
    static const struct layout_case cases[] = {
        {"", "[]", ""},
        {"", "", ""},
        {"", " \n ", ""},
        {"", "[{\"a\":1},{\"a\":2}]", "=1|\n=2|\n"},
        {"", "\xef\xbb\xbf [ {\"a\" : 1 } , \r\n {\n\"a\"\n:\n2\n}\n]\n", "=1|\n=2|\n"},
        {"", "{\"a\":1}{\"a\":2} {\"a\":3}\n{\"a\":4}", "=1|\n=2|\n=3|\n=4|\n"},
        {"", "[{\"a\":1}][][{\"a\":2}]", "=1|\n=2|\n"},
        {"", "[{\"a\":\"]},{\\\"\"},{\"a\":{\"b\":[1 , 2]}}]",
         "=\"]},{\\\"\"|\n={\"b\":[1 , 2]}|\n"},
        {"/x", "{\"x\":[{\"a\":1}]}", "=1|\n"},
        {"/x/y", "{\"y\":[{\"a\":0}],\"x\":{\"z\":[[\"]\"]],\"y\":[{\"a\":1}]},\"x2\":{}}",
         "=1|\n"},
        {"/x", "{\"x\":{\"a\":1}}{\"x\":[{\"a\":2}]}", "=1|\n=2|\n"},
        {"/1", "[[{\"a\":0}],[{\"a\":1}],[{\"a\":2}]]", "=1|\n"},
        {"/a~1b/~0", "{\"a/b\":{\"~\":[{\"a\":1}]}}", "=1|\n"},
        {"/x", "{\"\\u0078\":[{\"a\":1}]}", "=1|\n"},
        {"/x", "{\"x\":[]}", ""},
    };
    expect_cases(cases, LENGTH(cases));
}

Test(ndjson_json, what_is_no_record)
{
    static const struct layout_case cases[] = {
        {"", "[{\"a\":1},5,\"t\",null,[1],{\"a\":2}]",
         "=1|\n=2|\n!not_an_object:5\n!not_an_object:\"t\"\n!not_an_object:null\n"
         "!not_an_object:[1]\n"},
        {"", "[{\"a\":1},{\"a\":2 \"b\"},{\"a\":3}]", "=1|\n=3|\n!bad_json:{\"a\":2 \"b\"}\n"},
        {"", "[{\"a\":1}", "=1|\n!bad_json:\n"},
        {"", "[{\"a\":1},", "=1|\n!bad_json:\n"},
        {"", "[{\"a\":1},{\"a\":", "=1|\n!bad_json:{\"a\":\n"},
        {"", "[{\"a\":1} {\"a\":2}]", "=1|\n=2|\n!bad_json:\n"},
        {"", "[{\"a\":1},,{\"a\":2}]", "=1|\n=2|\n!bad_json:,\n"},
        {"", "[{\"a\":1},]", "=1|\n!bad_json:\n"},
        {"", "[{\"a\":1}:xyz,{\"a\":2}]", "=1|\n=2|\n!bad_json::\n"},
        {"", "[{\"a\":1}]]{\"a\":2}", "=1|\n!bad_json:]\n"},
        {"", "[{\"a\":1},{\"a\":1,\"a\":2}]", "=1|\n!duplicate_key:{\"a\":1,\"a\":2}\n"},
        {"", "[{\"a\":\"x\ny\"},{\"a\":1}]", "=1|\n!bad_json:{\"a\":\"x\ny\"}\n"},
        {"/x", "{\"y\":[{\"a\":1}]}", "!no_records:\n"},
        {"/x", "5", "!no_records:\n"},
        {"/0", "{\"x\":[{\"a\":1}]}", "!no_records:\n"},
        {"/x", "{\"x\":[{\"a\":1}],5}", "=1|\n!bad_json:5\n"},
        {"/x", "{\"x\":[{\"a\":1}]", "=1|\n!bad_json:\n"},
        {"/x", "{\"z\":[[[", "!bad_json:\n"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        EXPECT_TEXT(read_at(cases[i].pointer, cases[i].data, SIZE_MAX), cases[i].expected);
}

Test(ndjson_json, long_records_are_rejected_and_long_others_are_not_seen)
{
    char data[4000] = "{\"skipped\":[\"";
    memset(data + strlen(data), 'x', 900);
    strcat(data, "\"],\"x\":[{\"a\":1},{\"a\":\"");
    memset(data + strlen(data), 'y', 900);
    strcat(data, "\"},{\"a\":2}]}");
    for (size_t block = 1; block < 2000; block = block * 3 + 1) {
        struct rig rig;
        ndjson_rig_open(&rig, NULL);
        rig.across = true;
        rig.max_record = 100;
        json_path_read(&rig.path, "/x");
        rig_infer(&rig, data, strlen(data));
        rig_want(&rig, QETL_FORM_LEXICAL);
        rig_run(&rig, data, strlen(data), block, 0);
        cr_expect_eq(rig.rows, 2, "%zu: %lld", block, (long long)rig.rows);
        cr_assert_eq(rig.rejected, 1);
        cr_expect_str_eq(rig.fake.rejects[0].code, "oversize_record");
        ndjson_rig_close(&rig);
    }
}

Test(ndjson_json, pointers)
{
    static const char *const wrong[] = {"x", "/~", "/~2", "x/y"};
    struct json_path path;
    char deep[80] = "";
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        cr_expect_eq(json_path_read(&path, wrong[i]), -1, "%s", wrong[i]);
        json_path_free(&path);
    }
    for (int i = 0; i < JSON_STEPS_MAX + 1; i++)
        strcat(deep, "/a");
    cr_expect_eq(json_path_read(&path, deep), -2);
    json_path_free(&path);
    cr_assert_eq(json_path_read(&path, "/a~1~0b//00/12/999999999/1000000000"), 0);
    cr_expect_eq(path.n_steps, 6);
    cr_expect_eq(path.steps[0].size, 4);
    cr_expect(!memcmp(path.steps[0].name, "a/~b", 4));
    cr_expect_eq(path.steps[1].size, 0);
    cr_expect_eq(path.steps[2].index, -1);
    cr_expect_eq(path.steps[3].index, 12);
    cr_expect_eq(path.steps[4].index, 999999999);
    cr_expect_eq(path.steps[5].index, -1);
    json_path_free(&path);
}

static char *laid_out(bool pretty, const char *lines)
{
    struct json_layout layout = {.pretty = pretty};
    struct qetl_fake_space space;
    qetl_fake_space_init(&space);
    const char *half = strchr(lines, '\n') + 1;
    const uint8_t *bytes = (const uint8_t *)lines;
    json_layout_put(&layout, bytes, half - lines, &space.space);
    json_layout_put(&layout, bytes + (half - lines), (int64_t)strlen(half), &space.space);
    char *text = strndup((char *)space.space.data, (size_t)space.space.size);
    qetl_fake_space_free(&space);
    return text;
}

Test(ndjson_json, layouts)
{
    static const char lines[] = "{\"a\":[1,{}],\"b\":\"{\\\"\"}\n{}\n{\"c\":[],\"d\": [ [ 2]]}\n";
    EXPECT_TEXT(laid_out(false, lines),
                "\n{\"a\":[1,{}],\"b\":\"{\\\"\"},\n{},\n{\"c\":[],\"d\": [ [ 2]]}");
    EXPECT_TEXT(
        laid_out(true, lines),
        "\n  {\n    \"a\": [\n      1,\n      {}\n    ],\n    \"b\": \"{\\\"\"\n  },\n  {},\n"
        "  {\n    \"c\": [],\n    \"d\": [\n      [\n        2\n      ]\n    ]\n  }");
}
