/* SPDX-License-Identifier: Apache-2.0 */
/* Variables, files of them, secrets, and what hides those. */
#include "config_fixture.h"

#include "../core/config/expand.h"
#include "../core/config/mask.h"

static char e_set[] = "SET=from environment", e_empty[] = "EMPTY=", e_both[] = "BOTH=environment",
            e_number[] = "NUMBER=5", e_secret[] = "TOKEN=canary-in-environment",
            e_like[] = "LIKE=${SET}";
static char *const environment[] = {e_set, e_empty, e_both, e_number, e_secret, e_like, NULL};

static struct qetl_findings findings;
static struct qetl_variables *variables;

static void start(void)
{
    variables = qetl_variables_new(environment);
    cr_assert(variables);
}

static void stop(void)
{
    qetl_findings_free(&findings);
    qetl_variables_free(variables);
}

TestSuite(expand, .init = start, .fini = stop);

static struct qetl_document *expand(const char *name, const char *text)
{
    qetl_findings_free(&findings);
    struct qetl_document *document = qetl_document_parse(text, strlen(text), name, &findings);
    cr_assert(document && findings.count == 0, "%s", text);
    struct qetl_document *whole = qetl_document_expanded(document, variables, &findings);
    qetl_document_free(document);
    cr_assert(whole);
    return whole;
}

static void gives(const char *text, const char *expected)
{
    struct qetl_document *document = expand("a.yaml", text);
    const char *found = json_string_value(json_object_get(qetl_document_root(document), "a"));
    fixture_expect_none(&findings);
    cr_expect_str_eq(found ? found : "no text", expected, "%s: %s", text, found);
    qetl_document_free(document);
}

static const struct qetl_finding *fails(const char *text, const char *code, int line, int column)
{
    qetl_document_free(expand("a.yaml", text));
    return fixture_expect(&findings, code, line, column);
}

Test(expand, a_placeholder_is_text)
{
    gives("a: ${SET}", "from environment");
    gives("a: x${NUMBER}y${NUMBER}", "x5y5");
    gives("a: ${NUMBER}", "5");
    gives("a: ${EMPTY}", "");
    gives("a: ${EMPTY:-x}", "x");
    gives("a: ${NONE:-}", "");
    gives("a: '${NONE:-a: b, {c} :- d}'", "a: b, {c :- d}");
    gives("a: ${LIKE}", "${SET}");
    gives("a: $${SET} $$ $x ${NUMBER}", "${SET} $$ $x 5");
    gives("a: $$${SET}", "$${SET}");
    gives("a: ${NUMBER}$${NUMBER}", "5${NUMBER}");
}

Test(expand, json_and_lists_are_replaced_too_and_keys_are_not)
{
    struct qetl_document *document =
        expand("a.json", "{\"a\": [\"${NUMBER}\", {\"${SET}\": \"${NUMBER}\"}], \"b\": 5}");
    json_t *expected = json_loads("{\"a\": [\"5\", {\"${SET}\": \"5\"}], \"b\": 5}", 0, NULL);
    cr_expect(json_equal(qetl_document_root(document), expected));
    fixture_expect(&findings, "placeholder_in_key", 1, 22);
    cr_expect_eq(findings.errors, 0);
    json_decref(expected);
    qetl_document_free(document);
}

Test(expand, a_mistake_stands_at_its_placeholder)
{
    const struct qetl_finding *finding = fails("a: x ${NONE} y", "undefined_variable", 1, 6);
    cr_expect_str_eq(finding->path, "a");
    fails("a: \"\\u00e9\\\" ${NONE}\"", "undefined_variable", 1, 14);
    fails("a: 'it''s ${NONE}'", "undefined_variable", 1, 11);
    fails("a: one\n  two\n\n  ${NONE}", "undefined_variable", 4, 3);
    fails("a: >-\n  one\n  two ${NONE}\n", "undefined_variable", 3, 7);
    fails("a: |\n  one\n    two ${NONE}\n", "undefined_variable", 3, 9);
    fails("a: &x !!str ${NONE}", "undefined_variable", 1, 13);
    fails("a: ${SET} ${NUMBER} ${NONE}", "undefined_variable", 1, 21);
    fails("a: x ${", "bad_placeholder", 1, 6);
    fails("a: x ${}", "bad_placeholder", 1, 6);
    fails("a: x ${1}", "bad_placeholder", 1, 6);
    fails("a: x ${a b}", "bad_placeholder", 1, 6);
    fails("a: x ${secret:}", "bad_placeholder", 1, 6);
    fails("a: x ${secret:../x}", "bad_placeholder", 1, 6);
    fails("a: x ${NONE:-${SET}}", "bad_placeholder", 1, 6);
    fails("a: x ${secret:NONE}", "undefined_secret", 1, 6);
    finding = fails("a: ${NUMER}", "undefined_variable", 1, 4);
    cr_expect_str_eq(finding->suggestion, "did you mean `${NUMBER}`?");
}

Test(expand, all_mistakes_are_told_and_the_rest_is_replaced)
{
    struct qetl_document *document = expand("a.yaml", "a: ${A}${B}\nb: ${C}\nc: ${NUMBER}\n");
    cr_expect_eq(findings.errors, 3);
    cr_expect_str_eq(json_string_value(json_object_get(qetl_document_root(document), "c")), "5");
    cr_expect_null(qetl_document_error(document, "/a", QETL_AT_VALUE, &findings, "x", "more"));
    cr_expect_eq(findings.errors, 3, "about a broken text nothing more is said");
    qetl_document_free(document);
}

Test(expand, placeholders_cannot_blow_a_document_up)
{
    enum { VALUE = 1 << 20, TEXTS = 65 };
    char *value = calloc(1, VALUE + 1), *text = NULL;
    size_t size;
    memset(value, 'x', VALUE);
    cr_assert_eq(qetl_variables_put(variables, "BIG", value), 0);
    FILE *out = open_memstream(&text, &size);
    for (int i = 0; i < TEXTS; i++)
        fprintf(out, "t%d: ${BIG}\n", i);
    cr_assert_eq(fclose(out), 0);
    qetl_document_free(expand("a.yaml", text));
    fixture_expect(&findings, "too_large", TEXTS, 6);
    cr_expect_eq(findings.errors, 1);
    free(text);
}

Test(expand, places_inside_go_through_what_was_replaced)
{
    struct qetl_document *document =
        expand("a.yaml", "a: >-\n  x = '${SET}'\n  and ${NUMBER} > $${ z\n");
    const char *text = json_string_value(json_object_get(qetl_document_root(document), "a"));
    cr_assert_str_eq(text, "x = 'from environment' and 5 > ${ z");
    const struct {
        size_t offset;
        int line, column;
    } places[] = {{0, 2, 3},  {5, 2, 8},   {12, 2, 8},  {21, 2, 14}, {22, 2, 15}, {23, 3, 3},
                  {27, 3, 7}, {29, 3, 17}, {31, 3, 20}, {34, 3, 23}, {35, 3, 24}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct qetl_place place = qetl_document_text_place(document, "/a", places[i].offset);
        cr_expect(place.line == places[i].line && place.column == places[i].column,
                  "byte %zu is at %d:%d", places[i].offset, place.line, place.column);
    }
    qetl_document_free(document);
}

/* ---- files of variables ---- */

static int load(const char *text)
{
    qetl_findings_free(&findings);
    return qetl_variables_parse(variables, text, strlen(text), ".env", &findings);
}

static void has(const char *name, const char *expected)
{
    const char *value = qetl_variables_get(variables, name);
    cr_expect(value && strcmp(value, expected) == 0, "%s: %s", name, value);
}

Test(expand, a_file_sets_what_the_environment_does_not)
{
    cr_assert_eq(load("\xef\xbb\xbf# comment\n\n  A=1\r\nexport B = two words # comment\n"
                      "C='# $X \\n'\nD=\"a\\tb\\n\\\"\\\\\\$\\x\" # c\nE=\nF=a#b'\nG='x\ny'\n"
                      "BOTH=file\n\tH=\"x\ny\"\nI=last"),
                 0);
    fixture_expect_none(&findings);
    has("A", "1");
    has("B", "two words");
    has("C", "# $X \\n");
    has("D", "a\tb\n\"\\$\\x");
    has("E", "");
    has("F", "a#b'");
    has("G", "x\ny");
    has("H", "x\ny");
    has("I", "last");
    has("BOTH", "environment");
    cr_assert_eq(load("A=2\n"), 0);
    has("A", "2");
}

Test(expand, every_mistake_of_a_file_is_told)
{
    cr_assert_eq(load("A=1\nexport\n  9x=1\nno equals\n=x\nB=\"q\" z\nC='x\n"), -1);
    fixture_expect(&findings, "bad_env_file", 2, 7);
    fixture_expect(&findings, "bad_env_file", 3, 3);
    fixture_expect(&findings, "bad_env_file", 4, 4);
    fixture_expect(&findings, "bad_env_file", 5, 1);
    fixture_expect(&findings, "bad_env_file", 6, 7);
    fixture_expect(&findings, "bad_env_file", 7, 3);
    cr_expect_eq(findings.errors, 6);
    cr_assert_eq(load("A=1\nA=2\n"), 0);
    fixture_expect(&findings, "duplicate_variable", 2, 1);
    has("A", "2");
    cr_assert_eq(load("A=\xff\n"), -1);
    fixture_expect(&findings, "not_utf8", 0, 0);
}

/* ---- secrets ---- */

Test(expand, a_secret_comes_from_the_folder_then_from_the_environment)
{
    char *dir = fixture_dir(), why[200];
    free(fixture_write(dir, "TOKEN", "canary-in-folder\n"));
    free(fixture_write(dir, "two-lines", "one\ntwo\n\n"));
    free(fixture_write(dir, "empty", "\n"));
    free(fixture_write(dir, "latin", "caf\xe9"));
    cr_expect_str_eq(qetl_variables_secret(variables, "TOKEN", &findings, why),
                     "canary-in-environment");
    qetl_variables_secrets_dir(variables, dir);
    cr_expect_str_eq(qetl_variables_secret(variables, "TOKEN", &findings, why), "canary-in-folder");
    fixture_expect(&findings, "open_secret", 0, 0);
    cr_expect_str_eq(qetl_variables_secret(variables, "two-lines", &findings, why), "one\ntwo\n");
    cr_expect_str_eq(qetl_variables_secret(variables, "SET", &findings, why), "from environment");
    cr_expect_null(qetl_variables_secret(variables, "empty", &findings, why));
    cr_expect(strstr(why, "empty"), "%s", why);
    cr_expect_null(qetl_variables_secret(variables, "latin", &findings, why));
    cr_expect(strstr(why, "UTF-8"), "%s", why);
    cr_expect_null(qetl_variables_secret(variables, "absent", &findings, why));
    cr_expect_str_empty(why);
    cr_expect_null(qetl_variables_secret(variables, "EMPTY", &findings, why));
    cr_expect(*why);
    fixture_remove(dir);
}

static void hidden(const struct qetl_mask *mask, const char *text, const char *expected)
{
    char *copy = strdup(text);
    qetl_mask_text(mask, copy);
    cr_expect_str_eq(copy, expected, "%s: %s", text, copy);
    free(copy);
}

Test(expand, what_was_a_secret_is_hidden)
{
    struct qetl_document *document = expand("a.yaml", "a: Bearer ${secret:TOKEN}");
    const struct qetl_mask *mask = qetl_document_mask(document);
    fixture_expect_none(&findings);
    hidden(mask, "canary-in-environment", "***");
    hidden(mask, "<canary-in-environment><canary-in-environment>", "<***><***>");
    hidden(mask, "canary-in-environmen", "canary-in-environmen");
    json_t *json = json_pack("{s:[s, {s:s}], s:i}", "x", "a canary-in-environment", "y",
                             "canary-in-environment", "z", 5);
    json_t *expected = json_pack("{s:[s, {s:s}], s:i}", "x", "a ***", "y", "***", "z", 5);
    qetl_mask_json(mask, json);
    cr_expect(json_equal(json, expected));
    json_decref(json);
    json_decref(expected);
    qetl_document_free(document);
}

Test(expand, a_secret_is_hidden_as_json_and_urls_spell_it)
{
    struct qetl_mask *mask = qetl_mask_new();
    cr_assert_eq(qetl_mask_add(mask, "p\"ä/ss w"), 0);
    cr_assert_eq(qetl_mask_add(mask, "first line\nsecond line\n"), 0);
    cr_assert_eq(qetl_mask_add(mask, "second"), 0);
    cr_assert_eq(qetl_mask_add(mask, "abc"), 1);
    hidden(mask, "x p\"ä/ss w y", "x *** y");
    hidden(mask, "x p\\\"ä/ss w y", "x *** y");
    hidden(mask, "x p\\\"\\u00E4/ss w y", "x *** y");
    hidden(mask, "x=p%22%C3%A4%2Fss%20w&y=p%22%c3%a4%2fss%20w", "x=***&y=***");
    hidden(mask, "the second line, second to none; abc", "the ***, *** to none; abc");
    hidden(mask, "a,\"p\"\"ä/ss w\",b", "a,\"***\",b");
    hidden(mask, "what was cut: fir... first... first li\u2026 first",
           "what was cut: fir... ***... ***\u2026 first");
    hidden(mask, "... first line...", "... ***...");
    hidden(mask, "firs", "firs");
    char cut[] = "12 first l", short_cut[] = "12 fir";
    cr_expect_eq(qetl_mask_hide_begun(mask, cut, strlen(cut)), 6);
    cr_expect_arr_eq(cut, "12 ***", 6);
    cr_expect_eq(qetl_mask_hide_begun(mask, short_cut, 6), 6);
    cr_expect(qetl_mask_holds(mask, "x second line", 2, 8));
    cr_expect(qetl_mask_holds(mask, "second second", 7, 13));
    cr_expect_not(qetl_mask_holds(mask, "x second line", 1, 8));
    cr_expect_not(qetl_mask_holds(mask, "x second line", 9, 9));
    cr_expect_not(qetl_mask_holds(NULL, "second", 0, 6));
    hidden(NULL, "second", "second");
    qetl_mask_release(mask);
}
