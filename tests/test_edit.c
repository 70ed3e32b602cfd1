/* SPDX-License-Identifier: Apache-2.0 */
/* Documents whose values were changed: by --set, and by edits at JSON pointers. */
#include "config_fixture.h"

#include "../core/config/document.h"

static struct qetl_findings findings;

static void clear(void)
{
    qetl_findings_free(&findings);
}

static struct qetl_document *parse(const char *text)
{
    clear();
    struct qetl_document *document = qetl_document_parse(text, strlen(text), "a.yaml", &findings);
    fixture_expect_none(&findings);
    cr_assert(document, "%s", text);
    return document;
}

static struct qetl_document *set(const char *text, const char *const *settings, size_t n)
{
    struct qetl_document *document = parse(text);
    struct qetl_document *changed = qetl_document_set(document, settings, n, &findings);
    qetl_document_free(document);
    return changed;
}

static void set_gives(const char *text, const char *setting, const char *json)
{
    struct qetl_document *changed = set(text, &setting, 1);
    json_t *expected = json_loads(json, JSON_DECODE_ANY, NULL);
    fixture_expect_none(&findings);
    char *found = json_dumps(qetl_document_root(changed), JSON_ENCODE_ANY);
    cr_expect(json_equal(qetl_document_root(changed), expected), "%s: %s is not %s", setting, found,
              json);
    free(found);
    json_decref(expected);
    qetl_document_free(changed);
}

static void set_fails(const char *text, const char *setting, const char *code, const char *label)
{
    cr_assert_null(set(text, &setting, 1), "%s", setting);
    const struct qetl_finding *finding = fixture_expect(&findings, code, 0, 0);
    cr_expect_str_eq(finding->file, label);
    cr_expect(finding->suggestion, "%s", finding->message);
}

Test(edit, a_setting_is_a_yaml_scalar_at_a_path, .fini = clear)
{
    set_gives("{a: 1}", "a=2", "{\"a\": 2}");
    set_gives("{a: 1}", "a=", "{\"a\": \"\"}");
    set_gives("{a: 1}", "a= ", "{\"a\": \" \"}");
    set_gives("{a: 1}", "a=null", "{\"a\": null}");
    set_gives("{a: 1}", "a='2'", "{\"a\": \"2\"}");
    set_gives("{a: 1}", "a= true ", "{\"a\": true}");
    set_gives("{a: 1}", "a=x: y #z", "{\"a\": \"x: y #z\"}");
    set_gives("{a: 1}", "a=*.csv", "{\"a\": \"*.csv\"}");
    set_gives("{a: 1}", "a=b=c", "{\"a\": \"b=c\"}");
    set_gives("{a: 1}", "a=[x, {y: 2}]", "{\"a\": [\"x\", {\"y\": 2}]}");
    set_gives("{a: 1}", "b.c.d=2", "{\"a\": 1, \"b\": {\"c\": {\"d\": 2}}}");
    set_gives("{a: [1, 2]}", "a[0]=3", "{\"a\": [3, 2]}");
    set_gives("{a: [1, 2]}", "a[2]=3", "{\"a\": [1, 2, 3]}");
    set_gives("{a: [1, {b: 2}]}", "a.1.c=3", "{\"a\": [1, {\"b\": 2, \"c\": 3}]}");
    set_gives("{a: 1}", "\"a.b=c\"=2", "{\"a\": 1, \"a.b=c\": 2}");
    set_gives("{a: {}}", "a.'it''s/~'=2", "{\"a\": {\"it's/~\": 2}}");
    set_gives("{a: {}}", "a.\"Ünit\"[0]=2", "{\"a\": {\"Ünit\": {\"0\": 2}}}");
}

Test(edit, a_setting_that_cannot_be_says_why, .fini = clear)
{
    set_fails("{a: x}", "a.b=1", "path_through_value", "--set a.b=…");
    set_fails("{a: [1]}", "a.x=1", "no_such_place", "--set a.x=…");
    set_fails("{a: [1]}", "a[2]=1", "no_such_place", "--set a[2]=…");
    set_fails("{a: [1]}", "a[4294967296]=1", "no_such_place", "--set a[4294967296]=…");
    set_fails("{a: 1}", "a", "bad_setting", "--set a");
    set_fails("{a: 1}", "=1", "bad_setting", "--set =…");
    set_fails("{a: 1}", "a..b=1", "bad_setting", "--set a..b=…");
    set_fails("{a: 1}", "a.\"b=1", "bad_setting", "--set a.\"b=…");
    set_fails("{a: 1}", "a[x]=1", "bad_setting", "--set a[x]=…");
    set_fails("{a: 1}", "\"a\"b=1", "bad_setting", "--set \"a\"b=…");
    set_fails("{a: 1}", "a=[1", "bad_setting", "--set a=…");
    set_fails("{a: 1}", "a='x' y", "bad_setting", "--set a=…");
    set_fails("{a: 1}", "a=\xff", "bad_setting", "--set a=…");
    set_fails("[1]", "a=1", "no_such_place", "--set a=…");
}

Test(edit, the_last_setting_wins_and_all_mistakes_are_told, .fini = clear)
{
    const char *good_ones[] = {"a=2", "a=3"};
    const char *bad_ones[] = {"a.b=2", "c", "a=3"};
    struct qetl_document *changed = set("{a: 1}", good_ones, 2);
    fixture_expect_none(&findings);
    cr_expect_eq(json_integer_value(json_object_get(qetl_document_root(changed), "a")), 3);
    qetl_document_free(changed);
    cr_expect_null(set("{a: 1}", bad_ones, 3));
    cr_expect_eq(findings.errors, 2);
}

static void stands_at(const struct qetl_document *document, const char *pointer, const char *file,
                      int line, int column)
{
    struct qetl_place place = qetl_document_place(document, pointer);
    cr_expect_str_eq(place.file, file, "%s: %s", pointer, place.file);
    cr_expect(place.line == line && place.column == column, "%s: %d:%d", pointer, place.line,
              place.column);
}

Test(edit, an_edited_value_keeps_its_place_or_brings_one, .fini = clear)
{
    struct qetl_document *document = parse("a: {b: [1, 2], c: 3}\nd: 4\n");
    json_t *value = json_pack("{s:[i], s:i}", "b", 5, "e", 6);
    const struct qetl_edit kept[] = {{"/a", value, {NULL, 0, 0}}, {"/d", NULL, {NULL, 0, 0}}};
    const struct qetl_edit moved[] = {{"/a", value, {"mock.yaml", 7, 8}},
                                      {"/f/g", value, {"x", 0, 0}}};
    struct qetl_document *same_place = qetl_document_edited(document, kept, 2, &findings);
    struct qetl_document *other = qetl_document_edited(same_place, moved, 2, &findings);
    fixture_expect_none(&findings);
    qetl_document_free(document);
    stands_at(same_place, "/a", "a.yaml", 1, 4);
    stands_at(same_place, "/a/b/0", "a.yaml", 1, 9);
    stands_at(same_place, "/a/e", "a.yaml", 1, 4);
    cr_expect_null(json_object_get(qetl_document_root(same_place), "d"));
    qetl_document_free(same_place);
    stands_at(other, "", "a.yaml", 1, 1);
    stands_at(other, "/a/b/0", "mock.yaml", 7, 8);
    stands_at(other, "/a/e", "mock.yaml", 7, 8);
    stands_at(other, "/f", "x", 0, 0);
    stands_at(other, "/f/g/b/0", "x", 0, 0);
    cr_expect_eq(qetl_document_key_place(other, "/a/b").line, 7);
    qetl_document_free(other);
    json_decref(value);
}

Test(edit, an_edit_cannot_nest_without_end, .fini = clear)
{
    char path[QETL_DOCUMENT_DEPTH * 2 + 2] = "";
    for (int i = 0; i < QETL_DOCUMENT_DEPTH; i++)
        strcat(path, "/a");
    struct qetl_document *document = parse("a: {}\n");
    json_t *value = json_object();
    struct qetl_edit edit = {path, value, {"x", 0, 0}};
    cr_expect_null(qetl_document_edited(document, &edit, 1, &findings));
    fixture_expect(&findings, "too_deep", 0, 0);
    clear();
    edit.pointer = path + 2;
    struct qetl_document *deepest = qetl_document_edited(document, &edit, 1, &findings);
    fixture_expect_none(&findings);
    qetl_document_free(deepest);
    qetl_document_free(document);
    json_decref(value);
}
