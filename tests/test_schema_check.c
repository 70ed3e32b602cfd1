/* SPDX-License-Identifier: Apache-2.0 */
#include "config_fixture.h"

#include "../core/config/schema_check.h"
#include "../core/config/schema_lint.h"
#include "../core/config/suggest.h"

static struct qetl_findings findings;

/* The value after the check, in one line; NULL if there were errors. */
static char *check(const char *schema_text, const char *yaml)
{
    qetl_findings_free(&findings);
    json_error_t error;
    json_t *schema = json_loads(schema_text, 0, &error);
    cr_assert(schema, "%s: %s", schema_text, error.text);
    struct qetl_document *document = qetl_document_parse(yaml, strlen(yaml), "f.yaml", &findings);
    cr_assert(document, "%s", yaml);
    json_t *value = json_deep_copy(qetl_document_root(document));
    size_t errors = qetl_schema_check(schema, value, document, "", &findings);
    cr_assert_eq(errors, findings.errors);
    char *text = errors ? NULL : json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    json_decref(value);
    json_decref(schema);
    qetl_document_free(document);
    return text;
}

static void good(const char *schema, const char *yaml, const char *filled)
{
    char *text = check(schema, yaml);
    fixture_expect_none(&findings);
    cr_assert_str_eq(text, filled);
    free(text);
}

static const struct qetl_finding *bad(const char *schema, const char *yaml, const char *code,
                                      int line, int column)
{
    free(check(schema, yaml));
    cr_assert_eq(findings.errors, 1, "%s: %zu findings", yaml, findings.errors);
    return fixture_expect(&findings, code, line, column);
}

static void says(const struct qetl_finding *finding, const char *message, const char *mend)
{
    cr_assert(strstr(finding->message, message), "message: %s", finding->message);
    cr_assert(finding->suggestion && strstr(finding->suggestion, mend), "mend: %s",
              finding->suggestion);
}

#define OBJECT(properties) \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" properties "}}"

Test(schema_check, defaults_are_filled_at_every_depth)
{
    static const char schema[] = OBJECT(
        "\"a\":{\"type\":\"integer\",\"default\":5},\"b\":{\"type\":\"object\",\"properties\":"
        "{\"c\":{\"type\":\"boolean\",\"default\":true}}},\"l\":{\"type\":\"array\",\"items\":"
        "{\"type\":\"object\",\"properties\":{\"d\":{\"default\":\"x\"}}}}");
    good(schema, "{}", "{\"a\":5}");
    good(schema, "{a: 1, b: {}, l: [{}, {d: y}]}",
         "{\"a\":1,\"b\":{\"c\":true},\"l\":[{\"d\":\"x\"},{\"d\":\"y\"}]}");
}

Test(schema_check, types_and_how_to_mend_them)
{
    says(bad(OBJECT("\"a\":{\"type\":\"string\"}"), "a: 5\n", "wrong_type", 1, 4), "must be text",
         "a: \"5\"");
    says(bad(OBJECT("\"a\":{\"type\":\"integer\"}"), "a: '5'\n", "wrong_type", 1, 4),
         "must be a whole number", "a: 5");
    says(bad(OBJECT("\"a\":{\"type\":\"integer\"}"), "a: 5.0\n", "wrong_type", 1, 4), "number 5.0",
         "a: 5");
    says(bad(OBJECT("\"a\":{\"type\":\"boolean\"}"), "a: yes\n", "wrong_type", 1, 4),
         "must be true or false", "a: true");
    says(bad(OBJECT("\"a\":{\"type\":\"boolean\"}"), "a: OFF\n", "wrong_type", 1, 4),
         "must be true or false", "a: false");
    says(bad(OBJECT("\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"), "a: x\n",
             "wrong_type", 1, 4),
         "a list of text", "a: [\"x\"]");
    says(bad(OBJECT("\"a\":{\"type\":\"object\",\"examples\":[{\"k\":1}]}"), "a: [1]\n",
             "wrong_type", 1, 4),
         "must be a mapping, found a list", "{\"k\": 1}");
    says(bad(OBJECT("\"a\":{\"type\":[\"string\",\"array\"],\"items\":{\"type\":\"string\"}}"),
             "a: true\n", "wrong_type", 1, 4),
         "must be text or a list of text, found true", "a: \"true\"");
    says(bad(OBJECT("\"a\":{\"type\":\"string\",\"examples\":[\"x.csv\"]}"), "a:\n",
             "missing_value", 1, 3),
         "has no value", "a: x.csv");
    good(OBJECT("\"a\":{\"type\":[\"string\",\"null\"]}"), "a:\n", "{\"a\":null}");
    good(OBJECT("\"a\":{\"type\":\"number\"}"), "a: 5\n", "{\"a\":5}");
}

Test(schema_check, keys)
{
    says(bad(OBJECT("\"delimiter\":{},\"header\":{}"), "x: 1\n", "unknown_key", 1, 1), "`x`",
         "known here: delimiter, header");
    says(bad(OBJECT("\"delimiter\":{},\"header\":{}"), "delimitter: 1\n", "unknown_key", 1, 1),
         "`delimitter`", "did you mean `delimiter`?");
    says(bad("{\"type\":\"object\",\"required\":[\"path\"],\"properties\":{\"path\":{\"type\":"
             "\"string\",\"examples\":[\"a/b.csv\"]}}}",
             "x: 1\n", "missing_key", 1, 1),
         "`path` is missing", "path: a/b.csv");
    good("{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}", "x: a\ny: b\n",
         "{\"x\":\"a\",\"y\":\"b\"}");
    bad("{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}", "x: a\ny: 5\n",
        "wrong_type", 2, 4);
    free(check("{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"path\"],"
               "\"properties\":{\"path\":{}}}",
               "pth: 1\n"));
    cr_assert_eq(findings.errors, 1, "a misspelt key is not missing too");
}

Test(schema_check, bounds)
{
    says(bad(OBJECT(
                 "\"n\":{\"type\":\"integer\",\"minimum\":1,\"x-unit\":\"rows\",\"examples\":[9]}"),
             "n: 0\n", "out_of_range", 1, 4),
         "at least 1 rows", "n: 9");
    bad(OBJECT("\"n\":{\"type\":\"number\",\"maximum\":1.5}"), "n: 1.6\n", "out_of_range", 1, 4);
    good(OBJECT("\"n\":{\"type\":\"number\",\"minimum\":1,\"maximum\":1.5}"), "n: 1.5\n",
         "{\"n\":1.5}");
    bad(OBJECT("\"t\":{\"type\":\"string\",\"minLength\":2}"), "t: ä\n", "wrong_size", 1, 4);
    good(OBJECT("\"t\":{\"type\":\"string\",\"maxLength\":1}"), "t: ä\n", "{\"t\":\"ä\"}");
    bad(OBJECT("\"t\":{\"type\":\"string\",\"maxLength\":1}"), "t: äb\n", "wrong_size", 1, 4);
    bad(OBJECT("\"t\":{\"type\":\"string\",\"pattern\":\"^[a-z]+$\"}"), "t: a1\n", "wrong_form", 1,
        4);
    bad(OBJECT("\"l\":{\"type\":\"array\",\"minItems\":1}"), "l: []\n", "wrong_size", 1, 4);
    bad(OBJECT("\"l\":{\"type\":\"array\",\"maxItems\":1}"), "l: [1, 2]\n", "wrong_size", 1, 4);
    says(bad(OBJECT("\"l\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"), "l: [a, 2]\n",
             "wrong_type", 1, 8),
         "`l[1]` must be text", "\"2\"");
}

Test(schema_check, choices)
{
    says(bad(OBJECT("\"m\":{\"type\":\"string\",\"enum\":[\"error\",\"append\"]}"), "m: apend\n",
             "unknown_value", 1, 4),
         "one of error, append", "did you mean `append`?");
    bad(OBJECT("\"m\":{\"const\":false}"), "m: true\n", "wrong_type", 1, 4);
    good(OBJECT("\"m\":{\"enum\":[\"a\",5]}"), "m: 5\n", "{\"m\":5}");
}

Test(schema_check, alternatives_report_the_nearest)
{
    static const char schema[] = OBJECT(
        "\"m\":{\"oneOf\":[{\"type\":\"string\",\"enum\":[\"all\",\"new\"]},{\"type\":\"object\","
        "\"additionalProperties\":false,\"required\":[\"since\"],\"properties\":{\"since\":"
        "{\"type\":\"string\"},\"step\":{\"type\":\"integer\",\"default\":1}}}]}");
    good(schema, "m: all\n", "{\"m\":\"all\"}");
    good(schema, "m: {since: x}\n", "{\"m\":{\"since\":\"x\",\"step\":1}}");
    bad(schema, "m: none\n", "unknown_value", 1, 4);
    bad(schema, "m: {since: 5}\n", "wrong_type", 1, 12);
    says(bad(schema, "m: [1]\n", "wrong_type", 1, 4), "must be one of all, new or a mapping",
         "m: all");
}

Test(schema_check, a_secret_is_never_shown)
{
    static const char schema[] = OBJECT(
        "\"a\":{\"type\":\"string\",\"minLength\":30,\"secret\":true},"
        "\"b\":{\"type\":\"integer\",\"secret\":true},\"c\":{\"enum\":[\"x\"],\"secret\":true},"
        "\"d\":{\"anyOf\":[{\"type\":\"integer\"}],\"secret\":true},"
        "\"e\":{\"type\":\"string\",\"pattern\":\"^z$\",\"secret\":true}");
    free(check(schema, "a: hunter2\nb: hunter2\nc: hunter2\nd: hunter2\ne: hunter2\n"));
    cr_assert_eq(findings.errors, 5);
    for (size_t i = 0; i < findings.count; i++) {
        cr_assert_null(strstr(findings.items[i].message, "hunter2"), "%s",
                       findings.items[i].message);
        cr_assert(!findings.items[i].suggestion || !strstr(findings.items[i].suggestion, "hunter2"),
                  "%s", findings.items[i].suggestion);
    }
}

Test(schema_check, all_mistakes_at_once_up_to_a_bound)
{
    static const char schema[] = OBJECT("\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"integer\"}");
    free(check(schema, "a: 1\nb: x\nc: 2\n"));
    cr_assert_eq(findings.errors, 3);
    char yaml[8000] = "";
    for (int i = 0; i < 500; i++)
        sprintf(yaml + strlen(yaml), "k%d: 1\n", i);
    free(check(schema, yaml));
    cr_assert_eq(findings.errors, 101);
    fixture_expect(&findings, "too_many_mistakes", 0, 0);
}

static size_t lint(const char *schema)
{
    qetl_findings_free(&findings);
    struct qetl_document *document =
        qetl_document_parse(schema, strlen(schema), "s.json", &findings);
    cr_assert(document, "%s", schema);
    size_t errors = qetl_schema_lint(qetl_document_root(document), document, "", &findings);
    qetl_document_free(document);
    return errors;
}

Test(schema_check, schemas_are_checked_themselves)
{
    static const char *const bads[] = {
        "{\"typ\":\"string\"}",
        "{\"type\":\"text\"}",
        "{\"type\":[]}",
        "{\"type\":[\"string\",\"text\"]}",
        "{\"minItems\":\"1\"}",
        "{\"pattern\":\"(\"}",
        "{\"pattern\":\"^\\\\d+$\"}",
        "{\"properties\":{\"a\":5}}",
        "{\"items\":{\"typ\":\"string\"}}",
        "{\"additionalProperties\":{\"typ\":1}}",
        "{\"anyOf\":[{\"typ\":1}]}",
        "{\"oneOf\":[5]}",
        "{\"type\":\"object\",\"required\":[\"a\"]}",
        "{\"type\":\"integer\",\"default\":\"x\"}",
        "{\"type\":\"integer\",\"minimum\":5,\"default\":1}",
        "{\"secret\":\"yes\"}",
        "{\"$ref\":\"#/x\"}",
    };
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++)
        cr_assert_eq(lint(bads[i]), 1, "%s", bads[i]);
    cr_assert_eq(lint("{\"type\":\"object\",\"additionalProperties\":true,\"required\":[\"a\"],"
                      "\"properties\":{\"a\":{\"enum\":[1],\"default\":1,\"pattern\":\"^\\\\.$\","
                      "\"secret\":true,\"x-unit\":\"s\",\"format\":\"sql-expression\"}}}"),
                 0);
}

Test(schema_check, suggestions)
{
    static const struct {
        const char *word, *known;
        int near;
    } cases[] = {{"fitler", "filter", 1},
                 {"flter", "filter", 1},
                 {"FILTER", "filter", 1},
                 {"filters", "filter", 1},
                 {"sum", "filter", 0},
                 {"csvv", "csv", 1},
                 {"x", "y", 0},
                 {"", "a", 0},
                 {"pth", "path", 1},
                 {"json", "ndjson", 0},
                 {"delimter", "delimiter", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct qetl_suggest suggest;
        qetl_suggest_init(&suggest, cases[i].word);
        qetl_suggest_offer(&suggest, cases[i].known);
        cr_assert_eq(suggest.best != NULL, cases[i].near, "%s %s", cases[i].word, cases[i].known);
    }
    cr_assert_eq(qetl_suggest_distance("kitten", "sitting"), 3);
    cr_assert_eq(qetl_suggest_distance("ab", "ba"), 1);
    cr_assert_eq(qetl_suggest_distance("", "abc"), 3);
}
