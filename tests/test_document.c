/* SPDX-License-Identifier: Apache-2.0 */
#include "config_fixture.h"

#include "../core/config/document.h"
#include "../core/config/places.h"
#include "../core/config/units.h"

static struct qetl_findings findings;

static void clear(void)
{
    qetl_findings_free(&findings);
}

static struct qetl_document *parse(const char *name, const char *text)
{
    clear();
    return qetl_document_parse(text, strlen(text), name, &findings);
}

static struct qetl_document *good(const char *name, const char *text)
{
    struct qetl_document *document = parse(name, text);
    fixture_expect_none(&findings);
    cr_assert(document, "%s", text);
    return document;
}

/* The text must be refused, or be read with an error; in both cases with this one. */
static const struct qetl_finding *bad(const char *name, const char *text, const char *code,
                                      int line, int column)
{
    qetl_document_free(parse(name, text));
    cr_assert_gt(findings.errors, 0, "%s", text);
    return fixture_expect(&findings, code, line, column);
}

static void same(const char *name, const char *text, const char *json)
{
    struct qetl_document *document = good(name, text);
    json_t *expected = json_loads(json, JSON_DECODE_ANY, NULL);
    cr_assert(expected, "%s", json);
    char *found = json_dumps(qetl_document_root(document), JSON_ENCODE_ANY);
    cr_assert(json_equal(qetl_document_root(document), expected), "%s: %s is not %s", text, found,
              json);
    free(found);
    json_decref(expected);
    qetl_document_free(document);
}

static void at(const struct qetl_document *document, const char *pointer, int key, int line,
               int column)
{
    struct qetl_place place =
        key ? qetl_document_key_place(document, pointer) : qetl_document_place(document, pointer);
    cr_assert(place.line == line && place.column == column, "%s is at %d:%d, not %d:%d", pointer,
              place.line, place.column, line, column);
}

Test(document, plain_words_follow_the_core_schema)
{
    static const char *const words[][2] = {
        {"no", "\"no\""},
        {"on", "\"on\""},
        {"yes", "\"yes\""},
        {"007", "\"007\""},
        {"+1", "\"+1\""},
        {".5", "\".5\""},
        {"1.", "\"1.\""},
        {"0x10", "\"0x10\""},
        {"0o7", "\"0o7\""},
        {"1_000", "\"1_000\""},
        {".inf", "\".inf\""},
        {".nan", "\".nan\""},
        {"NaN", "\"NaN\""},
        {"12:30:00", "\"12:30:00\""},
        {"2024-01-01", "\"2024-01-01\""},
        {"tRUE", "\"tRUE\""},
        {"true", "true"},
        {"True", "true"},
        {"FALSE", "false"},
        {"null", "null"},
        {"~", "null"},
        {"NULL", "null"},
        {"0", "0"},
        {"-1", "-1"},
        {"42", "42"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775808", "\"9223372036854775808\""},
        {"123456789012345678901234567890", "\"123456789012345678901234567890\""},
        {"1.5", "1.5"},
        {"-0.25", "-0.25"},
        {"1e3", "1000.0"},
        {"0.123456789012345", "0.123456789012345"},
        {"0.1234567890123456", "\"0.1234567890123456\""},
        {"1e999", "\"1e999\""},
        {"1e-999", "\"1e-999\""},
        {"'5'", "\"5\""},
        {"\"true\"", "\"true\""},
        {"!!str 5", "\"5\""},
        {"!!int 5", "5"},
        {"\"\"", "\"\""},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char text[80], json[80];
        snprintf(text, sizeof text, "a: %s\n", words[i][0]);
        snprintf(json, sizeof json, "{\"a\": %s}", words[i][1]);
        same("x.yaml", text, json);
    }
    same("x.yaml", "a:\nb: |\n  1\n", "{\"a\": null, \"b\": \"1\\n\"}");
}

Test(document, keys_are_text)
{
    same("x.yaml", "1: a\ntrue: b\nnull: c\n", "{\"1\": \"a\", \"true\": \"b\", \"null\": \"c\"}");
}

Test(document, yaml_places)
{
    struct qetl_document *d = good("x.yaml", "a: 1\nlist:\n  - x\n  -  {k: vä, l: [1, 2]}\n"
                                             "\"q r\":\n  'b/c': 5\n");
    at(d, "", 0, 1, 1);
    at(d, "/a", 0, 1, 4);
    at(d, "/a", 1, 1, 1);
    at(d, "/list", 1, 2, 1);
    at(d, "/list", 0, 3, 3);
    at(d, "/list/0", 0, 3, 5);
    at(d, "/list/0", 1, 3, 5);
    at(d, "/list/1/k", 0, 4, 10);
    at(d, "/list/1/l/1", 0, 4, 21);
    at(d, "/q r", 1, 5, 1);
    at(d, "/q r/b~1c", 0, 6, 10);
    at(d, "/list/1/k/deeper/still", 0, 4, 10);
    at(d, "/list/7", 0, 3, 3);
    at(d, "/nothing", 0, 1, 1);
    cr_assert_str_eq(qetl_document_place(d, "/a").file, "x.yaml");
    qetl_document_free(d);
}

Test(document, json_places)
{
    struct qetl_document *d =
        good("x.json", "\xef\xbb\xbf{\n\t\"a\": [1,\t\"ä\", {\"b\":null}]}\n");
    at(d, "/a", 1, 2, 2);
    at(d, "/a", 0, 2, 7);
    at(d, "/a/1", 0, 2, 11);
    at(d, "/a/2/b", 1, 2, 17);
    at(d, "/a/2/b", 0, 2, 21);
    qetl_document_free(d);
}

Test(document, json_in_full)
{
    same("x.json",
         "{\"a\":\t\"\\u00e4\\ud83d\\ude00\\n\\/\\\"\", \"b\": [ ], \"c\": {},\r\n"
         "\"d\": -0.5e+1, \"e\": true}",
         "{\"a\": \"ä😀\\n/\\\"\", \"b\": [], \"c\": {}, \"d\": -5.0, \"e\": true}");
    char *text = malloc(200100);
    cr_assert(text);
    size_t size = (size_t)sprintf(text, "{\"");
    memset(text + size, 'k', 100000); /* libyaml takes keys of 1024 bytes at most */
    size += 100000;
    size += (size_t)sprintf(text + size, "\": \"");
    memset(text + size, 'v', 100000);
    strcpy(text + size + 100000, "\"}");
    struct qetl_document *d = good("x.json", text);
    const char *key = json_object_iter_key(json_object_iter((json_t *)qetl_document_root(d)));
    cr_assert_eq(strlen(key), 100000);
    cr_assert_eq(strlen(json_string_value(json_object_get(qetl_document_root(d), key))), 100000);
    qetl_document_free(d);
    free(text);
}

Test(document, json_is_also_yaml)
{
    static const char text[] = "{\"a\": [1, 2.5, 1e3, \"x\", null, true], \"b\": {\"c\": \"007\"}}";
    same("x.yaml", text, text);
    same("x.json", text, text);
}

Test(document, json_mistakes)
{
    bad("x.json", "", "syntax", 1, 1);
    bad("x.json", "{\"a\": 1,}", "syntax", 1, 9);
    bad("x.json", "{'a': 1}", "syntax", 1, 2);
    bad("x.json", "{\"a\" 1}", "syntax", 1, 6);
    bad("x.json", "{\"a\": 01}", "syntax", 1, 7);
    bad("x.json", "{\"a\": .5}", "syntax", 1, 7);
    bad("x.json", "{\"a\": tru}", "syntax", 1, 7);
    bad("x.json", "{\"a\": \"x\ny\"}", "syntax", 1, 9);
    bad("x.json", "{\"a\": \"\\q\"}", "syntax", 1, 8);
    bad("x.json", "{\"a\": \"\\ud83d\"}", "syntax", 1, 8);
    bad("x.json", "{\"a\": \"\\udc00\"}", "syntax", 1, 8);
    bad("x.json", "{\"a\": \"\\ud83d\\u0041\"}", "syntax", 1, 8);
    bad("x.json", "{\"a\": \"\\ud83d\\uf000\"}", "syntax", 1, 8);
    bad("x.json", "{\"a\": \"b", "syntax", 1, 9);
    bad("x.json", "{\"a\": [1 2]}", "syntax", 1, 10);
    bad("x.json", "{} x", "syntax", 1, 4);
    bad("x.json", "// no\n{}", "syntax", 1, 1);
    bad("x.json", "{\"a\": \"\\u0000\"}", "nul_in_text", 1, 7);
    const struct qetl_finding *f = bad("x.json", "{\"a\": 1,\n \"a\": 2}", "duplicate_key", 2, 2);
    cr_assert(strstr(f->message, "x.json:1:2"), "%s", f->message);
}

Test(document, duplicate_keys_name_both_places)
{
    const struct qetl_finding *f =
        bad("p.yaml", "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4\n", "duplicate_key", 5, 3);
    cr_assert(strstr(f->message, "p.yaml:3:3"), "%s", f->message);
    fixture_expect(&findings, "duplicate_key", 6, 1);
    cr_assert_eq(findings.errors, 2);
}

Test(document, a_duplicate_leaves_the_rest_readable)
{
    struct qetl_document *d = parse("p.yaml", "a: 1\na: 2\nb: 3\n");
    cr_assert(d);
    cr_assert_eq(json_integer_value(json_object_get(qetl_document_root(d), "a")), 1);
    cr_assert_eq(json_integer_value(json_object_get(qetl_document_root(d), "b")), 3);
    at(d, "/a", 0, 1, 4);
    qetl_document_free(d);
}

Test(document, aliases_copy_value_and_places)
{
    struct qetl_document *d =
        good("x.yaml", "a: &one {k: [1, 2]}\nb: *one\nc: &two text\nd: *two\n");
    json_t *expected = json_loads(
        "{\"a\":{\"k\":[1,2]},\"b\":{\"k\":[1,2]},\"c\":\"text\",\"d\":\"text\"}", 0, NULL);
    cr_assert(json_equal(qetl_document_root(d), expected));
    at(d, "/b", 0, 2, 4);
    at(d, "/b/k/1", 0, 1, 17);
    json_decref(expected);
    qetl_document_free(d);
    same("x.yaml", "a: &n 1\nb: &n 2\nc: *n\n", "{\"a\":1,\"b\":2,\"c\":2}");
    bad("x.yaml", "a: *nothing\n", "unknown_alias", 1, 4);
    bad("x.yaml", "a: &n [1, *n]\n", "alias_in_itself", 1, 11);
    bad("x.yaml", "a: &n 1\n*n : 2\n", "bad_key", 2, 1);
}

Test(document, a_billion_laughs_are_refused)
{
    char text[2048] = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; i++)
        sprintf(text + strlen(text),
                "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i,
                i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    bad("x.yaml", text, "too_many_values", 0, 0);
}

Test(document, what_yaml_offers_and_is_refused)
{
    bad("x.yaml", "a: &x {k: 1}\nb:\n  <<: *x\n", "merge_key", 3, 3);
    bad("x.yaml", "a: 1\n---\nb: 2\n", "second_document", 2, 1);
    bad("x.yaml", "a: !ruby/object x\n", "unknown_tag", 1, 4);
    bad("x.yaml", "a: !!binary aGk=\n", "unknown_tag", 1, 4);
    bad("x.yaml", "a: !!int x\n", "wrong_tag", 1, 4);
    bad("x.yaml", "a: !!map [1]\n", "wrong_tag", 1, 4);
    bad("x.yaml", "? [1, 2]\n: x\n", "bad_key", 1, 3);
    bad("x.yaml", "a: \"x\\0y\"\n", "nul_in_text", 1, 4);
    bad("x.yaml", "", "empty_document", 1, 1);
    bad("x.yaml", "# nothing\n", "empty_document", 1, 1);
    same("x.yaml", "'<<': 1\n", "{\"<<\": 1}");
    same("x.yaml", "%YAML 1.2\n---\na: 1\n...\n", "{\"a\": 1}");
}

Test(document, libyamls_errors_become_helpful)
{
    static const struct {
        const char *text;
        int line, column;
        const char *mend;
    } cases[] = {
        {"a:\n\tb: 1\n", 2, 1, "spaces"},    {"a: b: c\n", 1, 5, "quotes"},
        {"a: @x\n", 1, 4, "quotes"},         {"a: \"x\nb: 1\n", 1, 4, "close"},
        {"a: [1, 2\nb: 1\n", 2, 2, "comma"}, {"a: {x: 1\nb: 1\n", 2, 2, "comma"},
        {"a: 1\n b: 2\n", 2, 3, "column"},   {"a: \"\\q\"\n", 1, 5, "backslash"},
        {"a: 1\nb\nc: 2\n", 2, 1, "colon"},  {"a: 'x\x01'\n", 1, 6, "escape"},
        {"a: - x\n", 1, 4, "below"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct qetl_finding *f =
            bad("x.yaml", cases[i].text, "syntax", cases[i].line, cases[i].column);
        cr_assert(f->suggestion && strstr(f->suggestion, cases[i].mend), "%s: %s", cases[i].text,
                  f->suggestion);
    }
}

Test(document, bytes_that_are_no_text)
{
    bad("x.yaml", "a: x\nb: \xff\n", "not_utf8", 2, 4);
    bad("x.yaml", "a: \xc3", "not_utf8", 1, 4);
    bad("x.yaml", "a: \xed\xa0\x80\n", "not_utf8", 1, 4);
    bad("x.yaml", "a: \xc0\x80\n", "not_utf8", 1, 4);
    bad("x.json", "{\"a\": \"\xf4\x90\x80\x80\"}", "not_utf8", 1, 8);
}

Test(document, depth_and_size_are_bounded)
{
    char text[600] = "";
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    qetl_document_free(good("x.json", text));
    qetl_document_free(good("x.yaml", text));
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    bad("x.json", text, "too_deep", 1, 65);
    bad("x.yaml", text, "too_deep", 1, 65);
    char *large = calloc(1, QETL_DOCUMENT_BYTES + 1);
    cr_assert(large);
    memset(large, ' ', QETL_DOCUMENT_BYTES + 1);
    clear();
    cr_assert_null(qetl_document_parse(large, QETL_DOCUMENT_BYTES + 1, "x.yaml", &findings));
    fixture_expect(&findings, "too_large", 0, 0);
    free(large);
}

Test(document, several_mistakes_at_once)
{
    qetl_document_free(parse("x.yaml", "a: !x 1\na: 2\nb: *c\n<<: 1\n"));
    fixture_expect(&findings, "unknown_tag", 1, 4);
    fixture_expect(&findings, "duplicate_key", 2, 1);
    fixture_expect(&findings, "unknown_alias", 3, 4);
    fixture_expect(&findings, "merge_key", 4, 1);
}

Test(document, files)
{
    char *dir = fixture_dir();
    char *path = fixture_write(dir, "a.yaml", "a: [1,\n");
    clear();
    cr_assert_null(qetl_document_load(path, &findings));
    cr_assert_str_eq(findings.items[0].file, path);
    clear();
    cr_assert_null(qetl_document_load(dir, &findings));
    fixture_expect(&findings, "unreadable_file", 0, 0);
    clear();
    cr_assert_null(qetl_document_load("/nothing/here.yaml", &findings));
    fixture_expect(&findings, "unreadable_file", 0, 0);
    free(path);
    path = fixture_write(dir, "b.json", "{\"a\": \"\\u00e4\"}");
    clear();
    struct qetl_document *d = qetl_document_load(path, &findings);
    cr_assert(d);
    cr_assert_str_eq(json_string_value(json_object_get(qetl_document_root(d), "a")), "ä");
    qetl_document_free(d);
    free(path);
    fixture_remove(dir);
}

Test(document, places_hold_many_entries)
{
    struct qetl_places *places = qetl_places_new();
    qetl_places_root(places, "x");
    for (int i = 0; i < 5000; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        cr_assert_eq(qetl_places_member(places, 0, key, (struct qetl_mark){i + 1, 1}),
                     (uint32_t)i + 1);
    }
    for (int i = 0; i < 5000; i++) {
        char pointer[16];
        snprintf(pointer, sizeof pointer, "/k%d", i);
        cr_assert_eq(qetl_places_find(places, pointer), (uint32_t)i + 1);
    }
    qetl_places_free(places);
}

Test(document, units)
{
    static const struct {
        const char *text;
        int64_t bytes; /* -1: no size */
    } cases[] = {{"0", 0},
                 {"4096", 4096},
                 {"16MiB", 16 << 20},
                 {"16 mib", 16 << 20},
                 {"1K", 1024},
                 {"2kB", 2000},
                 {"1GB", 1000000000},
                 {"3B", 3},
                 {"", -1},
                 {"MiB", -1},
                 {"1.5GiB", -1},
                 {"-1", -1},
                 {"16 Mb x", -1},
                 {"9223372036854775808", -1},
                 {"9007199254740993TiB", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t bytes = -1;
        int status = qetl_units_bytes(cases[i].text, &bytes);
        cr_assert_eq(status, cases[i].bytes < 0 ? -1 : 0, "%s", cases[i].text);
        if (status == 0)
            cr_assert_eq(bytes, cases[i].bytes, "%s", cases[i].text);
    }
}

Test(document, times)
{
    static const struct {
        const char *text;
        int64_t ns; /* -1: no time */
    } cases[] = {{"0", 0},
                 {"0s", 0},
                 {"250ms", 250000000},
                 {"1.5s", 1500000000},
                 {"1h30m", INT64_C(5400000000000)},
                 {"1h0.5s", INT64_C(3600500000000)},
                 {"7d", INT64_C(604800000000000)},
                 {"0.000000001s", 1},
                 {"3us", 3000},
                 {"9223372036854775807ns", INT64_MAX},
                 {"", -1},
                 {"5", -1},
                 {"s", -1},
                 {"-1s", -1},
                 {"1 s", -1},
                 {"1.s", -1},
                 {".5s", -1},
                 {"0.5ns", -1},
                 {"1m1m", -1},
                 {"1s1m", -1},
                 {"1.5m1s", -1},
                 {"1sec", -1},
                 {"1s ", -1},
                 {"9223372036854775808ns", -1},
                 {"106752d", -1},
                 {"106751d99999999999s", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ns = -1;
        int status = qetl_units_ns(cases[i].text, &ns);
        cr_assert_eq(status, cases[i].ns < 0 ? -1 : 0, "%s", cases[i].text);
        if (status == 0)
            cr_assert_eq(ns, cases[i].ns, "%s", cases[i].text);
    }
}

Test(document, findings_are_printed_and_dumped)
{
    char *text = NULL;
    size_t size;
    struct qetl_findings list = {0};
    struct qetl_finding *f = qetl_finding_add(&list, QETL_ERROR, "one", "bad \033[31m%s", "thing");
    qetl_finding_at(f, "p.yaml", 12, 9, "sources.a");
    qetl_finding_mend(f, "do %d", 5);
    qetl_finding_add(&list, QETL_WARNING, "two", "careful");
    cr_assert_eq(list.errors, 1);
    FILE *out = open_memstream(&text, &size);
    qetl_findings_print(&list, out, 0);
    fclose(out);
    cr_assert_str_eq(text,
                     "p.yaml:12:9: error: bad \\x1b[31mthing\n  mend: do 5\nwarning: careful\n");
    free(text);
    json_t *json = qetl_findings_json(&list);
    json_t *expected =
        json_loads("[{\"code\":\"one\",\"severity\":\"error\",\"file\":\"p.yaml\",\"line\":12,"
                   "\"column\":9,\"path\":\"sources.a\",\"message\":\"bad \\u001b[31mthing\","
                   "\"suggestion\":\"do 5\"},{\"code\":\"two\",\"severity\":\"warning\","
                   "\"file\":null,\"line\":null,\"column\":null,\"path\":null,"
                   "\"message\":\"careful\",\"suggestion\":null}]",
                   0, NULL);
    cr_assert(json_equal(json, expected));
    json_decref(json);
    json_decref(expected);
    qetl_findings_free(&list);
}

Test(document, findings_sort_by_place_and_stay_in_order_within)
{
    static const struct {
        const char *code;
        int line, column;
    } in[] = {{"d", 5, 1}, {"a", 1, 9}, {"b", 2, 1}, {"c", 2, 1}, {"e", 5, 2}};
    struct qetl_findings list = {0};
    qetl_finding_add(&list, QETL_ERROR, "z", "x");
    for (size_t i = 0; i < 5; i++)
        qetl_finding_at(qetl_finding_add(&list, QETL_ERROR, in[i].code, "x"), "f", in[i].line,
                        in[i].column, NULL);
    qetl_findings_sort(&list, 0);
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(list.items[i].code[0], "abcdez"[i]);
    qetl_findings_truncate(&list, 2);
    cr_assert(list.count == 2 && list.errors == 2);
    qetl_findings_free(&list);
}

Test(document, the_command_line_is_a_document_too)
{
    struct qetl_oneliner o = {.from = "a.csv",
                              .to = "-",
                              .from_format = "csv",
                              .where = "x > 1",
                              .select = " id,\"Unit, \"\"Price\" ",
                              .limit = -1};
    clear();
    struct qetl_document *d = qetl_document_from_oneliner(&o, &findings);
    fixture_expect_none(&findings);
    json_t *expected = json_loads(
        "{\"sources\":{\"in\":{\"plugin\":\"file\",\"path\":\"a.csv\",\"format\":\"csv\"}},"
        "\"transforms\":{\"where\":{\"plugin\":\"filter\",\"input\":\"in\",\"where\":\"x > 1\"},"
        "\"select\":{\"plugin\":\"select\",\"input\":\"where\",\"columns\":[\"id\",\"Unit, "
        "\\\"Price\"]}},"
        "\"sinks\":{\"out\":{\"plugin\":\"stdout\",\"input\":\"select\"}}}",
        0, NULL);
    cr_assert(json_equal(qetl_document_root(d), expected));
    cr_assert_str_eq(qetl_document_place(d, "/transforms/where/where").file, "--where");
    cr_assert_str_eq(qetl_document_key_place(d, "/sources/in/format").file, "--from-format");
    cr_assert_eq(qetl_document_place(d, "/sources/in/format").line, 0);
    json_decref(expected);
    qetl_document_free(d);
    o = (struct qetl_oneliner){.from = "a.csv", .to = "null:", .limit = 5};
    d = qetl_document_from_oneliner(&o, &findings);
    cr_assert(d);
    qetl_document_free(d);
    o.select = "a,,b";
    cr_assert_null(qetl_document_from_oneliner(&o, &findings));
    fixture_expect(&findings, "bad_column", 0, 0);
    o = (struct qetl_oneliner){.from = "a.csv", .limit = -1};
    cr_assert_null(qetl_document_from_oneliner(&o, &findings));
    fixture_expect(&findings, "missing_option", 0, 0);
}
