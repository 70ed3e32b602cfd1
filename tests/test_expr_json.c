/* SPDX-License-Identifier: Apache-2.0 */
#include "../core/value/json_path.h"
#include "../core/value/json_write.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct expr_text text_of(const char *text)
{
    return (struct expr_text){text, (int64_t)strlen(text)};
}

Test(expr_json, only_json_is_json)
{
    static const char *const good[] = {"null",        " [ ] ",          "{\"a\":{}}",
                                       "-0",          "1.5e-7",         "\"\\u0000\"",
                                       "\"\\ud800\"", "[1,\"a\",true]", "{\"\":\"\"}"};
    static const char *const bad[] = {
        "",        "nul",   "01",         "1.", "+1",  "[1,]",      "{a:1}",    "{\"a\"}", "\"\t\"",
        "\"\\x\"", "[1] 2", "{\"a\":1,}", "[}", "\"a", "\"\\u12\"", "Infinity", "['a']",   "1e"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(qetl_expr_json_check(text_of(good[i]), false), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(qetl_expr_json_check(text_of(bad[i]), false), "%s", bad[i]);
    cr_expect_not(qetl_expr_json_check(text_of("\"\\u0000\""), true));
    cr_expect_not(qetl_expr_json_check(text_of("\"\\ud800\""), true));
    cr_expect(qetl_expr_json_check(text_of("\"\\ud83d\\ude00\""), true));
}

Test(expr_json, depth_has_a_limit)
{
    char text[2 * (EXPR_JSON_DEPTH_MAX + 1) + 1];

    memset(text, '[', EXPR_JSON_DEPTH_MAX + 1);
    memset(text + EXPR_JSON_DEPTH_MAX + 1, ']', EXPR_JSON_DEPTH_MAX + 1);
    text[sizeof text - 1] = '\0';
    cr_expect_not(qetl_expr_json_check(text_of(text), false));
    text[sizeof text - 2] = '\0';
    cr_expect(qetl_expr_json_check(text_of(text + 1), false));
}

Test(expr_json, parts_are_views_of_the_text)
{
    struct expr_text json = text_of(" {\"a\": [1, {\"b\" : \"x\"}], \"a\\u0062\": 2, \"a\": [7]} ");
    struct expr_text part;

    cr_assert(qetl_expr_json_member(json, text_of("a"), &part));
    cr_expect(part.size == 3 && !memcmp(part.data, "[7]", 3), "the last of a name holds");
    cr_expect(part.data > json.data && part.data < json.data + json.size);
    cr_assert(qetl_expr_json_member(json, text_of("ab"), &part));
    cr_expect_eq(*part.data, '2');
    cr_expect_not(qetl_expr_json_member(json, text_of("b"), &part));
    cr_expect_not(qetl_expr_json_element(json, 0, &part));
    cr_assert(qetl_expr_json_element(text_of("[1,2,3]"), -1, &part));
    cr_expect_eq(*part.data, '3');
    cr_expect_not(qetl_expr_json_element(text_of("[1,2,3]"), -4, &part));
    cr_expect_not(qetl_expr_json_element(text_of("[1,2,3]"), 3, &part));
}

static void expect_canon(const char *text, const char *wanted)
{
    struct expr_arena arena = {0};
    struct expr_json_writer writer = {.arena = &arena};

    cr_assert(qetl_expr_json_canon(&writer, text_of(text)), "%s", text);
    cr_expect(writer.size == (int64_t)strlen(wanted) &&
                  !memcmp(writer.data, wanted, (size_t)writer.size),
              "%s: %.*s, not %s", text, (int)writer.size, writer.data, wanted);
    qetl_expr_arena_free(&arena);
}

Test(expr_json, jsonb_has_one_form)
{
    struct expr_arena arena = {0};
    struct expr_json_writer writer = {.arena = &arena};

    expect_canon("{\"bb\":1,\"a\":[ ],\"bb\":{}}", "{\"a\": [], \"bb\": {}}");
    expect_canon("1e3", "1000");
    expect_canon("-0", "0");
    expect_canon("1.50", "1.50");
    expect_canon("-12.5E-3", "-0.0125");
    expect_canon("0.00", "0.00");
    expect_canon("0e5", "0");
    expect_canon("1.5e1", "15");
    expect_canon("\"\\u00e9\\/\\n\\u0001\"", "\"é/\\n\\u0001\"");
    cr_expect_not(qetl_expr_json_canon(&writer, text_of("1e999999")));
    cr_expect(writer.beyond);
    qetl_expr_arena_free(&arena);
}

static bool count_one(void *arg, struct expr_text value)
{
    (void)value;
    ++*(int *)arg;
    return true;
}

static int found(const char *path, const char *json)
{
    struct expr_arena arena = {0};
    struct expr_path read;
    int count = 0;

    cr_assert(qetl_expr_path_read(&arena, text_of(path), &read), "%s: %s", path, read.problem);
    qetl_expr_path_walk(&read, text_of(json), count_one, &count);
    qetl_expr_arena_free(&arena);
    return count;
}

Test(expr_json, paths_find_what_they_say)
{
    const char *json = "{\"a\":[{\"b\":1},{\"b\":2.0},{\"b\":\"x\"}],\"c\":null}";

    cr_expect_eq(found("$", json), 1);
    cr_expect_eq(found("$.a", json), 1);
    cr_expect_eq(found("$.a.b", json), 3, "lax: of all elements");
    cr_expect_eq(found("$.a[1 to last]", json), 2);
    cr_expect_eq(found("$.a[last - 2].b", json), 1);
    cr_expect_eq(found("$.c[0]", json), 1, "lax: what is no array is one of one element");
    cr_expect_eq(found("$.*", json), 2);
    cr_expect_eq(found("$.a[*] ? (@.b >= 1 && @.b < 2)", json), 1);
    cr_expect_eq(found("$.a ? (@.b == 2)", json), 1);
    cr_expect_eq(found("$.a ? (!(@.b == 1))", json), 1, "unknown stays unknown");
    cr_expect_eq(found("$ ? (exists(@.c) && $.c == null)", json), 1);
    cr_expect_eq(found("$.a ? (\"x\" == @.b || 1 == @.b)", json), 2);
    cr_expect_eq(found("$.\"c\"", json), 1);
    cr_expect_eq(found("$.d", json), 0);
}

Test(expr_json, other_paths_say_why_not)
{
    static const char *const bad[] = {"",
                                      "a",
                                      "$.",
                                      "$[",
                                      "$[a]",
                                      "$ ? (@.a",
                                      "strict $.a",
                                      "$ ? (@ > )",
                                      "$.a b",
                                      "$ ? (@ like_regex \"a\")",
                                      "$ ? (1 == 1)"};
    struct expr_arena arena = {0};
    struct expr_path read;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_not(qetl_expr_path_read(&arena, text_of(bad[i]), &read), "%s", bad[i]);
        cr_expect_not_null(read.problem, "%s", bad[i]);
    }
    qetl_expr_arena_free(&arena);
}
